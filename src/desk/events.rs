//! `casefile events`: delivery attempts as NDJSON, for the user's own tools.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};

use serde_json::json;

use super::args::Events;
use super::exit::Failure;
use crate::case::Case;
use crate::formats::logs::{Event, LogClock, LooseEnds, Opening, Pulse, Sink, join};
use crate::formats::{Format, Head, recognise};
use crate::intake::{for_each_block, gather, head_of, open};
use crate::smtp::{Lanes, Outcome, Reply, Sublane, meaning_of};
use crate::time::{Minute, Zone};

/// Prints events in the order of files; those at the edges of files come last.
pub(super) fn events(args: &Events, out: impl Write) -> Result<(), Failure> {
    let lanes = Case::bare("case").lanes;
    let mut printer = Printer {
        lanes: &lanes,
        out: BufWriter::new(out),
        source: String::new(),
        names: BTreeMap::new(),
        failed: None,
    };
    let mut streams: BTreeMap<(&'static str, String), Vec<(_, LogClock, LooseEnds)>> = BTreeMap::new();
    for source in gather(&args.paths)?.sources {
        let (bytes, whole) = head_of(&source.path, 256 * 1024)?;
        let head = Head { bytes: &bytes, whole };
        let Some((Format::Log(shape), _)) = recognise(head) else { continue };
        let survey = shape.survey(head);
        let clock = LogClock::new(survey.offset_s.map_or(Zone::UTC, Zone::Fixed), survey.near);
        let mut reader = shape.reader(Opening::again(source.exhibit, clock.clone()));
        printer.source.clone_from(&source.name);
        printer.names.insert(source.exhibit, source.name.clone());
        let read = for_each_block(&mut open(&source.path)?, |block| {
            reader.read(block, &mut printer);
            printer.failed.is_none()
        });
        if let Err(source_error) = read {
            return Err(Failure::Input(crate::intake::IntakeError::Io { path: source.path, source: source_error }));
        }
        reader.end_of_file(&mut printer);
        let stream = (shape.format.name(), survey.node.clone().unwrap_or_default());
        let begins = survey.begins(&clock);
        streams.entry(stream).or_default().push(((begins, shape.format), clock, reader.finish().ends));
    }
    for mut parts in streams.into_values() {
        parts.sort_by_key(|((begins, _), ..)| *begins);
        if let Some(((_, format), clock, _)) = parts.first() {
            let (format, clock) = (*format, clock.clone());
            join(format, &clock, parts.into_iter().map(|(.., ends)| ends).collect(), &mut printer);
        }
    }
    match printer.failed.map_or_else(|| printer.out.flush(), Err) {
        // A closed pipe is the reader's way to say "enough".
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Write { path: "standard output".to_owned(), source: e })
        }
        _ => Ok(()),
    }
}

struct Printer<'a, W: Write> {
    lanes: &'a Lanes,
    out: BufWriter<W>,
    source: String,
    names: BTreeMap<crate::intake::Exhibit, String>,
    failed: Option<std::io::Error>,
}

impl<W: Write> Sink for Printer<'_, W> {
    fn event(&mut self, event: &Event<'_>) {
        if event.weight == 0 || self.failed.is_some() {
            return;
        }
        let text = |b: &[u8]| if b.is_empty() { None } else { Some(String::from_utf8_lossy(b).into_owned()) };
        let answered = matches!(event.outcome, Outcome::Delivered | Outcome::Deferral | Outcome::Rejection);
        let reply = (answered && !event.reply.is_empty()).then(|| Reply::parse(&String::from_utf8_lossy(event.reply)));
        let meaning = reply.as_ref().filter(|_| event.outcome != Outcome::Delivered).map(meaning_of);
        let lane = self.lanes.classify(event.mx_host, event.rcpt_domain, event.reply);
        let source = self.names.get(&event.exhibit).unwrap_or(&self.source);
        let line = json!({
            "time": event.at, "source": source, "line": event.line, "node": text(event.node),
            "outcome": event.outcome, "by": event.by, "stage": event.stage,
            "code": reply.as_ref().and_then(|r| r.code), "enhanced": reply.as_ref().and_then(|r| r.enhanced.clone()),
            "reply": text(event.reply), "reply_class": meaning.map(|m| m.category), "scope": meaning.map(|m| m.scope),
            "token": reply.as_ref().and_then(|r| r.token.as_ref().map(|t| t.0.clone())),
            "lane": self.lanes.name(lane), "sublane": match Sublane::of(lane, event.rcpt_domain) { Sublane::None => None, s => Some(s) },
            "mx_host": text(event.mx_host), "mx_ip": text(event.mx_ip), "source_ip": text(event.source_ip), "tag": text(event.tag),
            "session": text(event.session), "queue_id": text(event.queue_id), "recipient_domain": text(event.rcpt_domain),
            "tls": event.tls, "weight": event.weight,
        });
        if let Err(e) = writeln!(self.out, "{line}") {
            self.failed = Some(e);
        }
    }

    fn heard(&mut self, _: Minute, _: Pulse) {}

    fn unrecognised(&mut self, _: u64, _: &[u8]) {}
}
