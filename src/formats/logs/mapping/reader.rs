//! Reads one file as a mapping says: records to events, every line accounted for.

use std::hash::Hasher as _;

use rustc_hash::{FxHashSet, FxHasher};

use super::burst::Bursts;
use super::cut::{Cut, Cutter};
use super::encoding::Decoder;
use super::engine::{Judged, Mapped};
use super::plan::{Container, Part, Plan};
use super::record::{Opened, Opener, Record};
use super::seen::{Seen, Window};
use super::time::{Moment, ZoneRule};
use crate::formats::Accounting;
use crate::formats::logs::ledger::{Fate, Ledger};
use crate::formats::logs::prints::print_of;
use crate::formats::logs::{Done, EventLine, KeptLine, LogClock, LogReader, LooseEnds, Note, Opening, Sequence, Sink};
use crate::smtp::Outcome;
use crate::time::Stamp;

/// A reader of one file.
pub(super) struct MappedLog {
    decoder: Decoder,
    cutter: Cutter,
    opener: Opener,
    book: Book,
}

/// What is done with the records of a file.
struct Book {
    /// A copy of its own, so that threads share no pattern's scratch space.
    plan: Plan,
    ledger: Ledger,
    clock: LogClock,
    bursts: Bursts,
    window: Window,
    seen: Seen,
}

impl MappedLog {
    pub(super) fn new(plan: &Plan, opening: Opening) -> Self {
        let moved_ms = opening.clock.moved_ms;
        let clock = match plan.time.zone {
            ZoneRule::Always(zone) => LogClock::new(zone, opening.clock.near),
            ZoneRule::Ask | ZoneRule::Embedded => opening.clock,
        };
        let ordered = !plan.unordered && opening.sequence != Sequence::NewestFirst;
        Self {
            decoder: Decoder::new(plan.encoding),
            cutter: Cutter::new(plan),
            opener: Opener::new(plan),
            book: Book {
                plan: plan.clone(),
                ledger: Ledger::of_records(opening.exhibit, opening.compare, ordered).moved_by(moved_ms),
                clock,
                bursts: Bursts::default(),
                window: Window::default(),
                seen: Seen::new(plan.reasons.len()),
            },
        }
    }

    /// How many records were left out, by the mapping's reasons.
    pub(super) fn ignored(&self) -> impl Iterator<Item = (&str, u64)> {
        let named = self.book.plan.reasons.iter().map(String::as_str).zip(self.book.seen.ignored.iter().copied());
        named.chain([("told before", self.book.seen.told_before)]).filter(|(_, n)| *n > 0)
    }
}

impl LogReader for MappedLog {
    fn read(&mut self, block: &[u8], sink: &mut dyn Sink) {
        let Self { decoder, cutter, opener, book } = self;
        cutter.feed(&decoder.decode(block), &mut |cut| book.take(opener, &cut, sink));
        book.ledger.flush(sink);
    }

    fn end_of_file(&mut self, sink: &mut dyn Sink) {
        let Self { cutter, opener, book, .. } = self;
        cutter.end(&mut |cut| book.take(opener, &cut, sink));
        book.bursts.tell_all(sink);
        book.ledger.flush(sink);
    }

    // Records stand for themselves: no file leaves anything open.
    fn replay(&mut self, _: &[KeptLine], _: &[KeptLine], _: &mut dyn Sink) {}

    fn finish(self: Box<Self>) -> Done {
        Done { ends: LooseEnds::default(), closed: self.book.ledger.close() }
    }

    fn accounting(&self) -> Accounting {
        self.book.ledger.accounting()
    }
}

impl Book {
    fn take(&mut self, opener: &mut Opener, cut: &Cut<'_>, sink: &mut dyn Sink) {
        self.ledger.number = cut.number.saturating_sub(cut.units);
        for unit in 0..cut.units {
            self.ledger.next();
            if unit + 1 < cut.units {
                self.ledger.settle(Fate::Held, &[], sink);
            }
        }
        let fate = match opener.open(cut, &mut self.clock) {
            Opened::Record(record) => self.record(&record, cut, sink),
            Opened::Noise(at) => self.noise(at, cut.text, Fate::Irrelevant, sink),
            Opened::Unmatched(at) => self.noise(at, cut.text, Fate::Unrecognised, sink),
        };
        self.ledger.settle(fate, cut.text, sink);
    }

    /// What is no record tells at most that the log was running.
    fn noise(&mut self, at: Option<Stamp>, text: &[u8], fate: Fate, sink: &mut dyn Sink) -> Fate {
        match at {
            Some(at) if !self.ledger.place(at, print_of(&[], text), sink) => Fate::Repeated,
            _ => fate,
        }
    }

    fn record(&mut self, record: &Record<'_>, cut: &Cut<'_>, sink: &mut dyn Sink) -> Fate {
        let print = hash_of(&[record.text]);
        let mut fate = None;
        let mut told = FxHashSet::default();
        for (n, element) in record.exploded(&self.plan.explode).enumerate() {
            let at = self.moment(&element);
            let print = print.wrapping_add(n as u64);
            let one = match at {
                Some(at) if !self.ledger.place(at, print, sink) => Fate::Repeated,
                _ => self.element(&element, at, cut, &mut told, sink),
            };
            fate = Some(fate.map_or(one, |before| better(before, one)));
        }
        // A list without elements reports nothing.
        fate.unwrap_or(Fate::Irrelevant)
    }

    fn element(
        &mut self,
        record: &Record<'_>,
        at: Option<Stamp>,
        cut: &Cut<'_>,
        told: &mut FxHashSet<u64>,
        sink: &mut dyn Sink,
    ) -> Fate {
        let (mut mapped, at) = match (self.plan.judge(record), at) {
            (Judged::Ignored(reason), _) => {
                self.seen.ignore(reason);
                return Fate::Irrelevant;
            }
            (Judged::Unknown, _) | (Judged::Attempt(_), None) => return Fate::Unrecognised,
            (Judged::Attempt(mapped), Some(at)) => (mapped, at),
        };
        if !self.plan.dedupe.is_empty() && !self.window.is_new(self.key(&self.plan.dedupe, record, &mapped, at, 0)) {
            self.seen.told_before += 1;
            return Fate::Irrelevant;
        }
        if self.plan.recipients {
            let is_first = told.insert(mapped.transaction());
            if !is_first {
                mapped.weight = 0;
            }
        }
        if self.seen.is_first(mapped.outcome)
            && let Some(word) = note_of(mapped.outcome)
        {
            sink.note(Note::Seen(word), self.ledger.number, 0);
        }
        let text = one_line(&self.plan, record.text);
        let lines = lines_of(&text, cut, &self.ledger);
        let event = mapped.event(at, self.ledger.exhibit, cut.number, record.host, &lines);
        match self.plan.collapse_of(record, &mapped.values) {
            Some(collapse) => {
                let key = self.key(&collapse.per, record, &mapped, at, 1);
                self.bursts.add(key, &event, sink);
            }
            None => sink.event(&event),
        }
        Fate::Used
    }

    fn moment(&mut self, record: &Record<'_>) -> Option<Stamp> {
        if self.plan.time.fields.is_empty() {
            return record.stamp;
        }
        Some(match record.moment(&self.plan.time)? {
            Moment::At(at) => at,
            Moment::Local(local) => self.clock.zone_less(local),
        })
    }

    /// What two records have in common, as a number.
    fn key(&self, parts: &[Part], record: &Record<'_>, mapped: &Mapped<'_>, at: Stamp, seed: u64) -> u64 {
        let mut hash = FxHasher::default();
        hash.write_u64(seed);
        for part in parts {
            match part {
                Part::Value(address) => {
                    let value = self.plan.value_at(address, record, &mapped.values);
                    hash.write(&value);
                    hash.write_usize(value.len());
                }
                Part::Time => hash.write_i64(at.millis()),
                Part::Second => hash.write_i64(at.seconds()),
                Part::Minute => hash.write_i32(at.minute().number()),
            }
        }
        hash.finish()
    }
}

impl Mapped<'_> {
    /// What recipients of one transaction share.
    fn transaction(&self) -> u64 {
        use super::plan::Target;
        let of = |target| self.values.get(target);
        hash_of(&[
            self.outcome.word().as_bytes(),
            &self.reply,
            &self.detail,
            of(Target::RcptDomain),
            of(Target::MxHost),
            of(Target::MxIp),
        ])
    }
}

fn hash_of(parts: &[&[u8]]) -> u64 {
    let mut hash = FxHasher::default();
    for part in parts {
        hash.write(part);
        hash.write_usize(part.len());
    }
    hash.finish()
}

/// Of a record's elements the most telling decides: one that was used, then one that was not
/// understood.
const fn better(a: Fate, b: Fate) -> Fate {
    const fn rank(fate: Fate) -> u8 {
        match fate {
            Fate::Used => 4,
            Fate::Unrecognised | Fate::Unplaced => 3,
            Fate::Irrelevant => 2,
            Fate::Repeated => 1,
            Fate::Held => 0,
        }
    }
    if rank(b) > rank(a) { b } else { a }
}

/// Outcomes whose absence from all files of a source is worth a sentence.
const fn note_of(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Delivered => Some("delivered"),
        Outcome::Deferral => Some("deferral"),
        _ => None,
    }
}

/// JSON over several lines as one, since evidence is cited line by line.
fn one_line<'t>(plan: &Plan, text: &'t [u8]) -> std::borrow::Cow<'t, [u8]> {
    if !matches!(plan.container, Container::Json(_)) || memchr::memchr(b'\n', text).is_none() {
        return text.into();
    }
    let lines: Vec<_> = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).collect();
    lines.join(&b' ').into()
}

/// The lines that a record stands in.
fn lines_of<'t>(text: &'t [u8], cut: &Cut<'_>, ledger: &Ledger) -> Vec<EventLine<'t>> {
    let first = cut.number + 1 - cut.units.min(cut.number + 1);
    let numbered = text.split(|b| *b == b'\n').zip(first..);
    numbered.map(|(text, number)| EventLine { exhibit: ledger.exhibit, number, text }).collect()
}
