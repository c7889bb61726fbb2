//! The pieces of one file: their edges are joined in order, as they come.
//!
//! What joins them is what joins the files of a stream ([`super::join`]): the tail of one piece
//! and the head of the next are one session's lines. Here nothing waits longer than it must. The
//! head of a piece is told as soon as the tail before it is known, and a process that has been silent for
//! so long that nothing can reach it is told and forgotten, so that memory follows the open
//! sessions and not the pieces. What is left is what the file leaves open: heads that wait for
//! the file before, and the tails of its end.

use std::collections::BTreeMap;

use super::loose::{LONGEST_TAIL, MOST_SHARED, SHARED, in_order};
use super::uniform::InOneForm;
use super::{Ends, KeptLine, LogClock, LogFormat, LooseEnds, Opening, Sink};
use crate::intake::Exhibit;
use crate::time::{Minute, Stamp};

/// No reader waits longer for a line of a process, in milliseconds: Postfix's is the longest.
const REACH_MS: i64 = 30 * 60_000;

/// The edges of a file's pieces, as far as they were joined.
pub struct Stitch<'f> {
    format: &'f dyn LogFormat,
    clock: LogClock,
    exhibit: Exhibit,
    /// Edges of the first pieces: heads that wait for the file before.
    waiting: Vec<LooseEnds>,
    /// What each process said last.
    processes: BTreeMap<Box<[u8]>, State>,
    /// Lines that any process may need.
    shared: Vec<KeptLine>,
    /// Those of them that stand in no edge that waits.
    apart: Vec<KeptLine>,
    begins: Option<Minute>,
    /// Whether nothing that comes now can belong to a session of the file before.
    beyond: bool,
}

/// What is known of a process so far.
enum State {
    /// All that it said waits for the file before.
    Waits,
    /// Lines after which it is known; their events are out.
    Known(Vec<KeptLine>),
}

impl<'f> Stitch<'f> {
    /// Of a file of which no piece is known.
    #[must_use]
    pub fn new(format: &'f dyn LogFormat, clock: LogClock, exhibit: Exhibit) -> Self {
        Self {
            format,
            clock,
            exhibit,
            waiting: Vec::new(),
            processes: BTreeMap::new(),
            shared: Vec::new(),
            apart: Vec::new(),
            begins: None,
            beyond: false,
        }
    }

    /// Goes on with the next piece, which tells of these minutes, and tells what its edges were waiting for.
    pub fn add(&mut self, mut piece: LooseEnds, minutes: Option<(Minute, Minute)>, sink: &mut dyn Sink) {
        let first = minutes.map(|(first, _)| first);
        self.begins = self.begins.or(first);
        let passed = self.begins.zip(first).map(|(begins, first)| first.start().millis() - begins.start().millis());
        // Up to a minute more, for minutes are all that is known.
        self.beyond |= passed.is_some_and(|passed| passed > REACH_MS + 60_000);
        let shared_next = piece.by_key.remove(SHARED).map(|ends| ends.tail).unwrap_or_default();
        let mut waits = LooseEnds::default();
        for (process, ends) in piece.by_key {
            if let Some(left) = self.process(&process, ends, sink) {
                waits.by_key.insert(process, left);
            }
        }
        self.share(shared_next, waits);
        if let Some((_, last)) = minutes.filter(|_| self.beyond) {
            self.forget(last.start(), sink);
        }
    }

    /// Takes the lines of a piece that any process may need, and its edges that wait: the join of
    /// files must find the lines where they stand, before the heads of what comes after.
    fn share(&mut self, lines: Vec<KeptLine>, mut waits: LooseEnds) {
        self.shared.extend(lines.iter().cloned());
        self.shared.drain(..self.shared.len().saturating_sub(MOST_SHARED));
        if self.beyond && waits.by_key.is_empty() {
            self.apart.extend(lines);
            self.apart.drain(..self.apart.len().saturating_sub(MOST_SHARED));
            return;
        }
        for (lines, ends) in
            [(std::mem::take(&mut self.apart), LooseEnds::default()), (lines, std::mem::take(&mut waits))]
        {
            self.waiting.push(sharing(lines, ends));
        }
        self.waiting.retain(|ends| !ends.by_key.is_empty());
    }

    /// Goes on with a process. Gives what must wait for the file before.
    fn process(&mut self, process: &[u8], ends: Ends, sink: &mut dyn Sink) -> Option<Ends> {
        let state = self.processes.get_mut(process);
        if matches!(state, Some(State::Waits)) || state.is_none() && !self.beyond {
            let next = if ends.fixed { State::Known(ends.tail) } else { State::Waits };
            self.processes.insert(process.into(), next);
            return Some(Ends { head: ends.head, fixed: ends.fixed, tail: Vec::new() });
        }
        let mut before = match self.processes.remove(process) {
            Some(State::Known(lines)) => lines,
            _ => Vec::new(),
        };
        self.replay(&before, &ends.head, sink);
        if ends.fixed {
            before = ends.tail;
        } else {
            before.extend(ends.head);
            before.drain(..before.len().saturating_sub(LONGEST_TAIL));
        }
        self.processes.insert(process.into(), State::Known(before));
        None
    }

    fn replay(&self, before: &[KeptLine], head: &[KeptLine], sink: &mut dyn Sink) {
        if head.is_empty() {
            return;
        }
        let sink = &mut InOneForm { sink, moved_ms: self.clock.moved_ms };
        let mut reader = self.format.reader(Opening::again(self.exhibit, self.clock.clone()));
        if self.shared.is_empty() {
            reader.replay(before, head, sink);
        } else {
            reader.replay(&in_order(&[self.exhibit], before, &self.shared), head, sink);
        }
    }

    /// Tells what processes left open that have been silent for too long, and forgets them.
    fn forget(&mut self, now: Stamp, sink: &mut dyn Sink) {
        let sink = &mut InOneForm { sink, moved_ms: self.clock.moved_ms };
        let is_silent = |line: &KeptLine| {
            let at = line.at.map(|at| at.plus_millis(self.clock.moved_ms));
            at.is_some_and(|at| now.millis() - at.millis() > REACH_MS)
        };
        self.processes.retain(|_, state| {
            let State::Known(lines) = state else { return true };
            let silent = lines.last().is_none_or(is_silent);
            if silent && !lines.is_empty() {
                let mut reader = self.format.reader(Opening::again(self.exhibit, self.clock.clone()));
                reader.replay(lines, &[], sink);
                reader.conclude(sink);
            }
            !silent
        });
    }

    /// What the file leaves open, in order.
    #[must_use]
    pub fn finish(self) -> Vec<LooseEnds> {
        let mut found = self.waiting;
        let tail = self.processes.into_iter().filter_map(|(process, state)| match state {
            State::Known(tail) => Some((process, Ends { head: Vec::new(), fixed: true, tail })),
            State::Waits => None,
        });
        found.push(sharing(self.apart, LooseEnds::of(tail.collect())));
        found
    }
}

/// Edges with lines that any process of what comes after may need.
fn sharing(lines: Vec<KeptLine>, mut ends: LooseEnds) -> LooseEnds {
    if !lines.is_empty() {
        ends.by_key.insert(SHARED.into(), Ends { head: Vec::new(), fixed: true, tail: lines });
    }
    ends
}
