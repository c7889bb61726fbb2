//! What a reader tells, as far as the laws compare it.

use std::collections::BTreeMap;

use casefile::formats::Accounting;
use casefile::formats::logs::{Event, LogClock, LogShape, LooseEnds, Note, Opening, Pulse, Sink, join};
use casefile::intake::{Exhibit, lines_of};
use casefile::time::Minute;

/// Sums of everything that is counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Attempts and recipients by minute, outcome, decider, stage, TLS, MX and egress. What
    /// one file collapses into one event of weight 3 two files may tell as 1 and 2.
    pub(super) totals: BTreeMap<String, (u64, u64)>,
    pub(super) accounting: Accounting,
    /// Further copies of a line that the syslog daemon speaks of.
    pub(super) copies: u64,
    /// The largest number of attempts that one event stands for.
    pub(super) heaviest: u64,
    pub(super) heard: u64,
}

impl Sink for Told {
    fn event(&mut self, e: &Event<'_>) {
        let text = String::from_utf8_lossy;
        let cell = format!(
            "{} {} by {} at {} tls={} mx={}[{}] from={}|{}",
            e.at.minute(),
            e.outcome,
            e.by,
            e.stage,
            e.tls,
            text(e.mx_host),
            text(e.mx_ip),
            text(e.source_ip),
            text(e.tag)
        );
        let sum = self.totals.entry(cell).or_default();
        *sum = (sum.0 + u64::from(e.weight), sum.1 + u64::from(e.recipients));
        self.heaviest = self.heaviest.max(u64::from(e.weight));
        assert!(e.lines.last().is_none_or(|l| l.number == e.line), "the deciding line is the last: {e:?}");
    }

    fn heard(&mut self, _: Minute, pulse: Pulse) {
        self.heard += pulse.lines;
    }

    fn unrecognised(&mut self, _: u64, _: &[u8]) {}

    fn note(&mut self, note: Note, _: u64, amount: u64) {
        if note == Note::Repeated {
            self.copies += amount;
        }
    }
}

impl Told {
    /// What the one tells and the other does not.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let only = |one: &Self, other: &Self, side: &str| {
            let rest = one.totals.iter().filter(|(cell, sum)| other.totals.get(*cell) != Some(sum));
            rest.map(|(cell, sum)| format!("{side} {cell}: {sum:?}")).collect::<Vec<_>>()
        };
        let mut found = [only(self, other, "left"), only(other, self, "right")].concat();
        if self.accounting != other.accounting {
            found.push(format!("lines: {:?} and {:?}", self.accounting, other.accounting));
        }
        found
    }
}

/// Reads files of one stream, each in blocks of at least so many bytes, and joins their edges.
pub(super) fn told(shape: LogShape<'_>, clock: &LogClock, files: &[&[u8]], block: usize) -> Told {
    let mut told = Told::default();
    let mut parts: Vec<LooseEnds> = Vec::new();
    for (n, file) in files.iter().enumerate() {
        let exhibit = Exhibit(n as u16 + 1);
        let mut reader = shape.reader(Opening::again(exhibit, clock.clone()));
        let mut rest = *file;
        while !rest.is_empty() {
            let from = block.clamp(1, rest.len()) - 1;
            let cut = rest[from..].iter().position(|b| *b == b'\n').map_or(rest.len(), |at| from + at + 1);
            reader.read(&rest[..cut], &mut told);
            rest = &rest[cut..];
        }
        reader.end_of_file(&mut told);
        assert!(reader.accounting().adds_up(), "{:?}", reader.accounting());
        let done = reader.finish();
        assert!(done.closed.accounting.adds_up(), "{:?}", done.closed.accounting);
        assert_eq!(done.closed.accounting.read, lines_of(file).count() as u64, "lines read, of file {n}");
        told.accounting.add(done.closed.accounting);
        parts.push(done.ends);
    }
    join(shape.format, clock, parts, &mut told);
    told
}
