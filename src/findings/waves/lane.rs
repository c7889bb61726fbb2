//! The minutes that can be reasoned about: logged, and with at least one attempt.

use serde::Serialize;

use crate::time::{Minute, Window};

/// What one logged minute of a lane holds. A minute that was not logged is `None`
/// in the grid: unknown, which is not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MinuteCount {
    /// Distinct sessions attempted; counted at the session's start.
    pub attempts: u32,
    /// Distinct sessions of these with at least one failure; never more than `attempts`.
    pub failed: u32,
    /// The data cover only a part of the minute: it is never a peak or part of a baseline.
    pub partial: bool,
    /// The log lost lines in this minute: it is never a peak.
    pub incomplete: bool,
}

impl MinuteCount {
    /// A whole minute with these counts.
    #[must_use]
    pub const fn new(attempts: u32, failed: u32) -> Self {
        Self { attempts, failed, partial: false, incomplete: false }
    }
}

/// One usable minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// Its position in the grid.
    pub at: usize,
    pub attempts: u32,
    pub failed: u32,
    pub partial: bool,
    pub incomplete: bool,
}

impl Cell {
    pub(super) fn n(self) -> f64 {
        f64::from(self.attempts)
    }

    pub(super) fn e(self) -> f64 {
        f64::from(self.failed)
    }
}

/// The usable minutes of a lane in order, with running sums.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub window: Window,
    pub cells: Vec<Cell>,
    attempts: Vec<u64>,
    failed: Vec<u64>,
}

impl Lane {
    pub(super) fn new(window: Window, minutes: &[Option<MinuteCount>]) -> Self {
        let cells: Vec<Cell> = minutes
            .iter()
            .take(window.len())
            .enumerate()
            .filter_map(|(at, minute)| minute.filter(|m| m.attempts > 0).map(|m| (at, m)))
            .map(|(at, m)| Cell {
                at,
                attempts: m.attempts,
                failed: m.failed.min(m.attempts),
                partial: m.partial,
                incomplete: m.incomplete,
            })
            .collect();
        let sums = |of: fn(&Cell) -> u32| {
            let mut sum = 0_u64;
            let rest = cells.iter().map(|cell| {
                sum += u64::from(of(cell));
                sum
            });
            std::iter::once(0).chain(rest).collect()
        };
        let (attempts, failed) = (sums(|c| c.attempts), sums(|c| c.failed));
        Self { window, cells, attempts, failed }
    }

    /// How many usable minutes there are.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// `(attempts, failed)` of the usable minutes `from..to`.
    pub(super) fn sums(&self, from: usize, to: usize) -> (u64, u64) {
        let between = |sums: &[u64]| match (sums.get(from), sums.get(to)) {
            (Some(a), Some(b)) => b.saturating_sub(*a),
            _ => 0,
        };
        (between(&self.attempts), between(&self.failed))
    }

    /// The usable minutes `from..to`; empty when the range does not exist.
    pub(super) fn slice(&self, from: usize, to: usize) -> &[Cell] {
        self.cells.get(from..to).unwrap_or_default()
    }

    /// The minute of a usable position.
    pub(super) fn minute(&self, cell: Cell) -> Minute {
        self.window.at(cell.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_idle_minutes_are_left_out_and_sums_are_over_the_rest() {
        let window = Window::new(Minute::new(100), Minute::new(105));
        let minutes =
            [Some(MinuteCount::new(10, 1)), None, Some(MinuteCount::new(0, 0)), Some(MinuteCount::new(5, 9)), None];
        let lane = Lane::new(window, &minutes);
        assert_eq!(lane.len(), 2);
        assert_eq!(lane.sums(0, 2), (15, 6), "failed never exceeds attempts");
        assert_eq!(lane.sums(1, 2), (5, 5));
        assert_eq!(lane.minute(lane.cells[1]), Minute::new(103));
    }
}
