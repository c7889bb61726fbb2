//! What a reader remembers of the records before: few things, and of all sizes of files as
//! much.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use crate::smtp::Outcome;

/// What was left out, and which outcomes there were.
pub(super) struct Seen {
    /// Records left out, by reason.
    pub(super) ignored: Vec<u64>,
    /// Records that an earlier one told.
    pub(super) told_before: u64,
    outcomes: [bool; Outcome::ALL.len()],
}

impl Seen {
    pub(super) fn new(reasons: usize) -> Self {
        Self { ignored: vec![0; reasons], told_before: 0, outcomes: [false; Outcome::ALL.len()] }
    }

    pub(super) fn ignore(&mut self, reason: usize) {
        if let Some(count) = self.ignored.get_mut(reason) {
            *count += 1;
        }
    }

    /// Whether no event before had this outcome.
    pub(super) fn is_first(&mut self, outcome: Outcome) -> bool {
        match self.outcomes.get_mut(outcome as usize) {
            Some(seen) => !std::mem::replace(seen, true),
            None => false,
        }
    }
}

/// The latest records, as numbers.
#[derive(Default)]
pub(super) struct Window {
    known: FxHashSet<u64>,
    order: VecDeque<u64>,
}

/// So many records later a repetition is told again.
const WINDOW: usize = 1 << 16;

impl Window {
    /// Whether a record is new.
    pub(super) fn is_new(&mut self, key: u64) -> bool {
        if !self.known.insert(key) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > WINDOW
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}
