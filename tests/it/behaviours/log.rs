//! What the reader of a log says.

use std::collections::BTreeMap;

use casefile::formats::Head;
use casefile::formats::logs::{Event, LOG_FORMATS, LogClock, LogFormat, LogShape, Opening, Pulse, Sink, join};
use casefile::intake::Exhibit;
use casefile::smtp::Reply;
use casefile::time::{Minute, Zone};

use super::table::Words;
use super::{address, bytes, folder};

/// An event, as far as the comparison looks.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) words: Words,
    pub(super) weight: u32,
    pub(super) at_ms: i64,
    pub(super) line: u64,
    host: String,
    pub(super) ip: String,
    domain: String,
}

impl Told {
    /// The scenario: by the address, the host, the recipient's domain.
    pub(super) fn scenario(&self, hosts: &BTreeMap<String, String>) -> String {
        let named = |name: &str| name.strip_suffix(".example").and_then(|n| n.rsplit('.').next()).map(str::to_owned);
        let by_ip = hosts.get(&self.ip).cloned().or_else(|| deaf(&self.ip).map(str::to_owned));
        by_ip.or_else(|| named(&self.host)).or_else(|| named(&self.domain)).unwrap_or_default()
    }
}

/// The scenario of an address at which nobody listened, so that the receiver never names it.
fn deaf(ip: &str) -> Option<&'static str> {
    match ip {
        "10.77.0.42" => Some("refused"),
        "10.77.0.43" => Some("blackhole"),
        "10.77.1.5" => Some("mx2-refused-mail421"),
        // The sender's own address, where bounces would go.
        "203.0.113.10" => Some("sender"),
        _ => None,
    }
}

#[derive(Default)]
struct Ear {
    events: Vec<Told>,
    unrecognised: Vec<String>,
}

impl Sink for Ear {
    fn event(&mut self, e: &Event<'_>) {
        let text = |b: &[u8]| String::from_utf8_lossy(b).to_ascii_lowercase();
        let code = Reply::parse(&String::from_utf8_lossy(e.reply)).code;
        self.events.push(Told {
            words: Words { outcome: e.outcome, by: e.by, stage: e.stage, tls: e.tls, code },
            weight: e.weight,
            at_ms: e.at.millis(),
            line: e.line,
            host: text(e.mx_host),
            ip: address(&text(e.mx_ip)),
            domain: text(e.rcpt_domain),
        });
    }
    fn heard(&mut self, _: Minute, _: Pulse) {}
    fn unrecognised(&mut self, number: u64, text: &[u8]) {
        self.unrecognised.push(format!("{number}: {}", String::from_utf8_lossy(text)));
    }
}

/// The events of a log, in the order of its lines.
pub(super) fn events(variant: &str, log: &str) -> Vec<Told> {
    let bytes = bytes(&folder(variant).join(format!("{log}.gz")));
    let head = Head { bytes: &bytes, whole: true };
    let formats: &[&'static dyn LogFormat] = LOG_FORMATS;
    let (shape, _) = LogShape::recognise(head, formats.iter().copied()).expect("a log");
    let survey = shape.survey(head);
    let clock = LogClock::new(survey.offset_s.map_or(Zone::UTC, Zone::Fixed), survey.near);
    let mut ear = Ear::default();
    let mut reader = shape.reader(Opening::again(Exhibit(1), clock.clone()));
    reader.read(&bytes, &mut ear);
    reader.end_of_file(&mut ear);
    assert!(reader.accounting().adds_up());
    join(shape.format, &clock, vec![reader.finish().ends], &mut ear);
    assert_eq!(ear.unrecognised, Vec::<String>::new(), "{variant}/{log}");
    ear.events.sort_by_key(|e| e.line);
    ear.events
}
