//! Logs whose lines are records with a time inside: accounting CSV, JSON lines.

use super::event::{Event, Note, Pulse, Sink};
use super::ledger::{Compare, Fate, Ledger};
use super::{Done, Edge, Ends, KeptLine, LogReader, LooseEnds, Opening, Sequence};
use crate::formats::Accounting;
use crate::intake::{Exhibit, Lines};
use crate::time::{Minute, Stamp};

/// What a record's reader may do with what it finds.
pub(super) struct Out<'a> {
    ledger: &'a mut Ledger,
    sink: &'a mut dyn Sink,
}

impl Out<'_> {
    /// The file being read.
    pub(super) const fn exhibit(&self) -> Exhibit {
        self.ledger.exhibit
    }

    /// The line being read, 1-based.
    pub(super) const fn number(&self) -> u64 {
        self.ledger.number
    }

    /// Places the record in time, by the print of its text. False when another file of the
    /// case told it: its fate is then [`Fate::Repeated`].
    pub(super) fn place(&mut self, at: Stamp, print: u64) -> bool {
        self.ledger.place(at, print, self.sink)
    }

    /// Tells an event.
    pub(super) fn event(&mut self, event: &Event<'_>) {
        self.sink.event(event);
    }

    /// The lines held so far are of a record that never ended.
    pub(super) fn lost(&mut self, text: &[u8]) {
        self.ledger.lost(text, self.sink);
    }

    /// Says something odd, at this line.
    pub(super) fn note(&mut self, note: Note, amount: u64) {
        self.sink.note(note, self.ledger.number, amount);
    }
}

/// What one format's records mean.
pub(super) trait Records: Send {
    /// Whether records stand in order of time.
    const ORDERED: bool = true;
    /// Understands a line: a record, or part of one ([`Fate::Held`]).
    fn take(&mut self, line: &[u8], out: &mut Out<'_>) -> Fate;
    /// A line of the edge of a file is read again, after those `before` it.
    /// Formats whose records stand for themselves have none.
    fn replay(&mut self, _before: &[KeptLine], _head: &[KeptLine], _sink: &mut dyn Sink) {}
    /// No further line will come: tells what was waiting for one.
    fn conclude(&mut self, _sink: &mut dyn Sink) {}
    /// The file ends: tells what needs no other file.
    fn end_of_file(&mut self, _out: &mut Out<'_>) {}
    /// How far the lines led, besides the latest time; a reader that begins there goes on from it.
    fn edge(&self) -> Edge {
        Edge::default()
    }
    /// Begins where lines led so far.
    fn go_on_from(&mut self, _edge: &Edge) {}
    /// What the edges of the file left open.
    fn ends(&mut self) -> Vec<(Box<[u8]>, Ends)> {
        Vec::new()
    }
}

/// Takes a line again that was kept at the edge of a file. It was accounted for before, so
/// only its events are told.
pub(super) fn take_again(records: &mut impl Records, line: &KeptLine, sink: &mut dyn Sink) {
    let mut ledger = Ledger::new(line.exhibit, Compare::No);
    ledger.number = line.number;
    records.take(&line.text, &mut Out { ledger: &mut ledger, sink: &mut EventsOf(sink) });
}

struct EventsOf<'a>(&'a mut dyn Sink);

impl Sink for EventsOf<'_> {
    fn event(&mut self, event: &Event<'_>) {
        self.0.event(event);
    }
    fn heard(&mut self, _: Minute, _: Pulse) {}
    fn unrecognised(&mut self, _: u64, _: &[u8]) {}
}

/// Reads a log of records.
pub(super) struct RecordLog<R> {
    lines: Lines,
    ledger: Ledger,
    records: R,
}

impl<R: Records> RecordLog<R> {
    /// The clock of the opening is for `records` to use.
    pub(super) fn new(opening: Opening, records: R) -> Self {
        let Opening { exhibit, compare, sequence, clock } = opening;
        let ordered = R::ORDERED && sequence != Sequence::NewestFirst;
        let ledger = Ledger::of_records(exhibit, compare, ordered).moved_by(clock.moved_ms);
        Self { lines: Lines::default(), ledger, records }
    }
}

impl<R: Records> LogReader for RecordLog<R> {
    fn read(&mut self, block: &[u8], sink: &mut dyn Sink) {
        for line in self.lines.of(block) {
            self.ledger.next();
            let fate = self.records.take(line, &mut Out { ledger: &mut self.ledger, sink });
            self.ledger.settle(fate, line, sink);
        }
        self.ledger.flush(sink);
    }

    fn edge(&self) -> Edge {
        Edge { latest: self.ledger.latest, ..self.records.edge() }
    }

    fn pass(&mut self, lines: u64, edge: Edge) {
        self.ledger.number += lines;
        self.ledger.latest = edge.latest;
        self.records.go_on_from(&edge);
    }

    fn end_of_file(&mut self, sink: &mut dyn Sink) {
        self.records.end_of_file(&mut Out { ledger: &mut self.ledger, sink });
        self.ledger.flush(sink);
    }

    fn replay(&mut self, before: &[KeptLine], head: &[KeptLine], sink: &mut dyn Sink) {
        self.records.replay(before, head, sink);
    }

    fn conclude(&mut self, sink: &mut dyn Sink) {
        self.records.conclude(sink);
    }

    fn finish(mut self: Box<Self>) -> Done {
        Done { ends: LooseEnds::of(self.records.ends()), closed: self.ledger.close() }
    }

    fn accounting(&self) -> Accounting {
        self.ledger.accounting()
    }
}
