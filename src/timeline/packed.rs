//! The counts of a row, minute by minute, in half the memory: a week of 64 sending IPs has 645,000 of them.

use std::collections::BTreeMap;

use super::{Counts, MinuteState};
use crate::scan::What;
use crate::smtp::Outcome;

/// Attempts, failures, and each outcome.
const NUMBERS: usize = 2 + Outcome::ALL.len();

/// What happened in each minute of the grid; none where no log was running.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MinuteCounts {
    known: Vec<bool>,
    small: Vec<[u32; NUMBERS]>,
    /// Minutes with a number that has no room there.
    large: BTreeMap<usize, Counts>,
}

impl MinuteCounts {
    /// None of anything, in minutes in which a log was running.
    pub(super) fn of(states: &[MinuteState]) -> Self {
        Self {
            known: states.iter().map(|state| *state != MinuteState::Unknown).collect(),
            small: vec![[0; NUMBERS]; states.len()],
            large: BTreeMap::new(),
        }
    }

    /// Adds so many attempts of a kind, in a minute in which a log was running.
    pub(super) fn add(&mut self, at: usize, what: What, n: u64) {
        let Some(mut counts) = self.get(at) else { return };
        counts.add(what, n);
        match (packed(counts), self.small.get_mut(at)) {
            (Some(numbers), Some(small)) => *small = numbers,
            _ => {
                self.large.insert(at, counts);
            }
        }
    }

    /// The counts of one minute; none where no log was running, and beyond the grid.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Counts> {
        let small = self.small.get(at).filter(|_| self.known.get(at) == Some(&true))?;
        Some(self.large.get(&at).copied().unwrap_or_else(|| unpacked(small)))
    }

    /// All minutes of the grid, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<Counts>> + '_ {
        (0..self.known.len()).map(|at| self.get(at))
    }

    /// Minutes of the grid.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether the grid has no minutes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

fn packed(counts: Counts) -> Option<[u32; NUMBERS]> {
    let mut numbers = [0; NUMBERS];
    let all = [counts.attempts, counts.failed].into_iter().chain(counts.outcomes);
    for (number, n) in numbers.iter_mut().zip(all) {
        *number = u32::try_from(n).ok()?;
    }
    Some(numbers)
}

fn unpacked(numbers: &[u32; NUMBERS]) -> Counts {
    let [attempts, failed, outcomes @ ..] = numbers.map(u64::from);
    Counts { attempts, failed, outcomes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::{By, Stage, Sublane, TlsUse};

    #[test]
    fn counts_of_any_size_are_kept() {
        let what = What {
            outcome: Outcome::Delivered,
            by: By::Receiver,
            stage: Stage::Data,
            tls: TlsUse::Unknown,
            category: None,
            shut: false,
            sublane: Sublane::None,
            failed: false,
        };
        let mut minutes = MinuteCounts::of(&[MinuteState::Full, MinuteState::Unknown, MinuteState::Incomplete]);
        let most = u64::from(u32::MAX);
        for (at, n) in [(0, 3), (0, most), (0, 2), (1, 7), (2, most), (9, 1)] {
            minutes.add(at, what, n);
        }
        let delivered = |counts: Option<Counts>| counts.map(|c| (c.attempts, c.delivered(), c.failed));
        let expected = [Some((most + 5, most + 5, 0)), None, Some((most, most, 0))];
        assert!(minutes.iter().map(delivered).eq(expected), "{minutes:?}");
        assert_eq!((minutes.get(9), minutes.len(), minutes.large.len()), (None, 3, 1));
    }
}
