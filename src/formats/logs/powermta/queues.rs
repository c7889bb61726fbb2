//! What `pmta --dom show topqueues --errors` prints: the last errors of each queue.
//!
//! From a capture of PowerMTA 4.0 (ntuttle/MuPmta): one value a line,
//! `queue[0].event[1].text="…"`, times local without a zone. Quotes inside a text are not
//! escaped, so the last one of the line ends it. Only the last five to ten events of a queue
//! are there, so what is counted is a sample.

use memchr::memmem;

use super::wording::{of_words, queue_parts};
use crate::formats::Head;
use crate::formats::logs::envelope::local_stamp;
use crate::formats::logs::ledger::Fate;
use crate::formats::logs::prints::print_of;
use crate::formats::logs::records::{Out, RecordLog, Records};
use crate::formats::logs::{Event, EventLine, KeptLine, LogClock, LogFormat, LogReader, Note, Opening, Survey};
use crate::intake::lines_of;
use crate::smtp::{Outcome, TlsUse};

/// Error events of queues.
pub struct Queues;

/// Lines looked at before giving up on recognising a capture.
const LINES_TO_RECOGNISE: usize = 100;

impl LogFormat for Queues {
    fn name(&self) -> &str {
        "powermta-queues"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let mut lines = lines_of(head.bytes).take(LINES_TO_RECOGNISE).filter_map(Item::of);
        let found = lines.any(|item| matches!(item, Item { event: true, name: b"text", .. }));
        found.then(|| "it holds error events of queues, as pmta --dom show topqueues --errors prints them".to_owned())
    }

    fn cannot_show(&self) -> Vec<&str> {
        vec![
            "more than the last five to ten errors of each queue: counts are samples",
            "deliveries, and recipients",
            "whether sessions used TLS",
        ]
    }

    fn cannot_count(&self, _: &dyn Fn(Note) -> bool) -> Vec<Outcome> {
        vec![Outcome::Delivered]
    }

    fn counted_by(&self) -> Vec<&str> {
        vec!["powermta", "powermta-log"]
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        let times = lines_of(head.bytes).filter_map(Item::of).filter(|item| item.event && item.name == b"time");
        let mut survey = Survey::of_local_times();
        if let Some(earliest) = times.filter_map(|item| local_stamp(item.value)).min() {
            survey.earliest(earliest);
        }
        survey
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        let events = Events { clock: opening.clock.clone(), queue: None, time: None };
        Box::new(RecordLog::new(opening, events))
    }
}

/// `queue[0].name="…"` or `queue[0].event[1].text="…"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Item<'a> {
    /// Whether it is a value of an event.
    event: bool,
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Item<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_prefix(b"queue[")?;
        let rest = after_index(rest)?;
        let (event, rest) = match rest.strip_prefix(b"event[") {
            Some(rest) => (true, after_index(rest)?),
            None => (false, rest),
        };
        let at = memmem::find(rest, b"=\"")?;
        let (name, value) = rest.split_at_checked(at)?;
        Some(Item { event, name, value: value.get(2..)?.strip_suffix(b"\"")? })
    }
}

/// What follows `0].`.
fn after_index(rest: &[u8]) -> Option<&[u8]> {
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 { None } else { rest.get(digits..)?.strip_prefix(b"].") }
}

/// The events of one capture.
struct Events {
    clock: LogClock,
    /// The line that names the queue.
    queue: Option<KeptLine>,
    /// The line that dates the next event.
    time: Option<KeptLine>,
}

impl Records for Events {
    // Of each queue the latest event comes first.
    const ORDERED: bool = false;

    fn take(&mut self, line: &[u8], out: &mut Out<'_>) -> Fate {
        let Some(item) = Item::of(line) else {
            let other = line.is_empty() || memmem::find(line, b"=\"").is_some() && !line.starts_with(b"queue[");
            return if other { Fate::Irrelevant } else { Fate::Unrecognised };
        };
        let keep = || Some(KeptLine { exhibit: out.exhibit(), number: out.number(), text: line.into(), at: None });
        match (item.event, item.name) {
            (false, b"name") => {
                (self.queue, self.time) = (keep(), None);
                Fate::Used
            }
            (true, b"type") => Fate::Held,
            (true, b"time") => {
                self.time = keep();
                Fate::Held
            }
            (true, b"text") => self.tell(item.value, line, out),
            _ => Fate::Irrelevant,
        }
    }
}

impl Events {
    fn tell(&mut self, text: &[u8], line: &[u8], out: &mut Out<'_>) -> Fate {
        let (Some(queue), Some(time)) = (&self.queue, self.time.take()) else { return Fate::Unrecognised };
        let name = Item::of(&queue.text).map_or(&[][..], |item| item.value);
        let local = Item::of(&time.text).and_then(|item| local_stamp(item.value));
        let Some(at) = local.map(|local| self.clock.zone_less(local)) else { return Fate::Unrecognised };
        if !out.place(at, print_of(name, text)) {
            return Fate::Repeated;
        }
        let verdict = of_words(text);
        let (domain, vmta) = queue_parts(name);
        let (mx_host, mx_ip) = verdict.mx.unwrap_or_default();
        let (exhibit, number) = (out.exhibit(), out.number());
        let lines = [
            EventLine { exhibit: queue.exhibit, number: queue.number, text: &queue.text },
            EventLine { exhibit: time.exhibit, number: time.number, text: &time.text },
            EventLine { exhibit, number, text: line },
        ];
        out.event(&Event {
            outcome: verdict.outcome,
            by: verdict.by,
            stage: verdict.stage,
            tls: if verdict.outcome == Outcome::ConnectFailure { TlsUse::None } else { TlsUse::Unknown },
            reply: verdict.reply,
            mx_host,
            mx_ip,
            source_ip: verdict.source_ip,
            tag: vmta,
            rcpt_domain: domain,
            recipients: 0,
            detail: verdict.detail,
            lines: &lines,
            ..Event::at(at, exhibit, number)
        });
        Fate::Used
    }
}
