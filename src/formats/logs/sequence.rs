//! In which order a file's lines are handed to its reader, and the numbers they have.
//!
//! Sessions have an order, so a log that was written newest first is read from its last line.
//! Its reader counts lines as they come; what it tells of them leaves here with the numbers
//! that they have in the file, counted from its top.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Done, Event, EventLine, KeptLine, LogReader, Note, Pulse, Sink};
use crate::formats::Accounting;
use crate::intake::Exhibit;
use crate::time::Minute;

/// In which order a file's lines come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sequence {
    /// Oldest first, as they stand.
    #[default]
    OldestFirst,
    /// Newest first, as they stand: each of them stands for itself.
    NewestFirst,
    /// From the last of so many, which stand newest first.
    FromTheEnd {
        /// How many lines the file has.
        lines: u64,
    },
}

impl Sequence {
    /// The number of the line that comes as this one, both 1-based.
    #[must_use]
    pub const fn number_of(self, nth: u64) -> u64 {
        match self {
            Self::OldestFirst | Self::NewestFirst => nth,
            Self::FromTheEnd { lines } => (lines + 1).saturating_sub(nth),
        }
    }
}

/// A reader of lines that come from the end of their file.
pub(super) struct FromTheEnd {
    reader: Box<dyn LogReader + Send>,
    exhibit: Exhibit,
    files: BTreeMap<Exhibit, Sequence>,
}

impl FromTheEnd {
    pub(super) fn new(reader: Box<dyn LogReader + Send>, exhibit: Exhibit, sequence: Sequence) -> Self {
        Self { reader, exhibit, files: BTreeMap::from([(exhibit, sequence)]) }
    }
}

impl LogReader for FromTheEnd {
    fn read(&mut self, block: &[u8], sink: &mut dyn Sink) {
        self.reader.read(block, &mut Numbered { files: &self.files, of: self.exhibit, sink });
    }

    fn end_of_file(&mut self, sink: &mut dyn Sink) {
        self.reader.end_of_file(&mut Numbered { files: &self.files, of: self.exhibit, sink });
    }

    fn replay(&mut self, before: &[KeptLine], head: &[KeptLine], sink: &mut dyn Sink) {
        self.reader.replay(before, head, &mut Numbered { files: &self.files, of: self.exhibit, sink });
    }

    fn conclude(&mut self, sink: &mut dyn Sink) {
        self.reader.conclude(&mut Numbered { files: &self.files, of: self.exhibit, sink });
    }

    fn finish(self: Box<Self>) -> Done {
        let mut done = self.reader.finish();
        done.ends.sequence = self.files.into_values().next().unwrap_or_default();
        done
    }

    fn accounting(&self) -> Accounting {
        self.reader.accounting()
    }
}

/// Hands on what is told of lines, with the numbers that they have in their files.
pub(super) struct Numbered<'a> {
    /// How the lines of each file came.
    pub(super) files: &'a BTreeMap<Exhibit, Sequence>,
    /// The file of what is told without one.
    pub(super) of: Exhibit,
    pub(super) sink: &'a mut dyn Sink,
}

impl Numbered<'_> {
    fn number(&self, exhibit: Exhibit, nth: u64) -> u64 {
        self.files.get(&exhibit).copied().unwrap_or_default().number_of(nth)
    }
}

impl Sink for Numbered<'_> {
    fn event(&mut self, event: &Event<'_>) {
        let numbered = event.lines.iter().map(|l| EventLine { number: self.number(l.exhibit, l.number), ..*l });
        let lines: Vec<_> = numbered.collect();
        let line = self.number(event.exhibit, event.line);
        self.sink.event(&Event { line, lines: &lines, ..event.clone() });
    }

    fn heard(&mut self, minute: Minute, pulse: Pulse) {
        self.sink.heard(minute, pulse);
    }

    fn lacks(&mut self, minute: Minute) {
        self.sink.lacks(minute);
    }

    fn unrecognised(&mut self, number: u64, text: &[u8]) {
        self.sink.unrecognised(self.number(self.of, number), text);
    }

    fn note(&mut self, note: Note, number: u64, amount: u64) {
        self.sink.note(note, self.number(self.of, number), amount);
    }
}
