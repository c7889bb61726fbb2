//! A line kept for its session.

use std::ops::Range;

use crate::formats::logs::envelope::{Envelope, Process};
use crate::formats::logs::text::Entry;
use crate::formats::logs::{EventLine, KeptLine};
use crate::intake::Exhibit;
use crate::time::Stamp;

/// A line kept beyond its block, taken apart; its buffer can be used again.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    exhibit: Exhibit,
    number: u64,
    at: Stamp,
    line: Vec<u8>,
    host: Range<usize>,
    whole: Range<usize>,
    tag: Range<usize>,
    text: Range<usize>,
}

impl Kept {
    pub(super) fn of(entry: &Entry<'_>) -> Self {
        let none = 0..0;
        let mut kept = Self {
            exhibit: entry.exhibit,
            number: entry.number,
            at: entry.envelope.at,
            line: Vec::new(),
            host: none.clone(),
            whole: none.clone(),
            tag: none.clone(),
            text: none,
        };
        kept.set(entry);
        kept
    }

    /// Keeps another line in place of this one.
    pub(super) fn set(&mut self, entry: &Entry<'_>) {
        let Envelope { at, host, process, text } = entry.envelope;
        (self.exhibit, self.number, self.at) = (entry.exhibit, entry.number, at);
        self.line.clear();
        self.line.extend_from_slice(entry.line);
        let part = |part: &[u8]| place_in(entry.line, part);
        (self.host, self.whole, self.tag, self.text) = (part(host), part(process.whole), part(process.tag), part(text));
    }

    /// The line as it was read.
    pub(super) fn entry(&self) -> Entry<'_> {
        let part = |range: &Range<usize>| self.line.get(range.clone()).unwrap_or_default();
        let process = Process { whole: part(&self.whole), tag: part(&self.tag), program: &[], pid: &[] };
        let envelope = Envelope { at: self.at, host: part(&self.host), process, text: part(&self.text) };
        Entry { exhibit: self.exhibit, number: self.number, line: &self.line, envelope }
    }

    pub(super) const fn at(&self) -> Stamp {
        self.at
    }

    pub(super) fn text(&self) -> &[u8] {
        self.line.get(self.text.clone()).unwrap_or_default()
    }

    pub(super) fn as_line(&self) -> EventLine<'_> {
        EventLine { exhibit: self.exhibit, number: self.number, text: &self.line }
    }

    pub(super) fn into_line(self) -> KeptLine {
        KeptLine { exhibit: self.exhibit, number: self.number, text: self.line.into_boxed_slice(), at: Some(self.at) }
    }
}

/// Where a part of a line stands in it; nowhere when it is of another line.
fn place_in(line: &[u8], part: &[u8]) -> Range<usize> {
    let from = (part.as_ptr() as usize).wrapping_sub(line.as_ptr() as usize);
    match from.checked_add(part.len()) {
        Some(to) if to <= line.len() => from..to,
        _ => 0..0,
    }
}
