//! One wave in numbers that a stranger can redo.

use serde::Serialize;

use super::baseline::Baseline;
use super::cut::{Stretch, price};
use super::date;
use super::lane::{Cell, Lane};
use crate::time::Minute;

/// One onset–recovery stretch on the lane.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wave {
    /// The first logged minute with a failed session of the wave. Where
    /// `in_progress_at_start`, the true first minute is unknown and not later than this.
    pub first: Minute,
    /// The whole, complete minute with most failed sessions, the earliest on
    /// ties; `None` when every minute of the wave is partial or incomplete.
    pub peak: Option<Minute>,
    /// The minute after the last failed session; `None` when recovery is not shown.
    pub recovery: Option<Minute>,
    /// The last minute with a failed session.
    pub last: Minute,
    /// About 95 %: the earliest and the latest minute `first` could be.
    pub first_interval: (Minute, Minute),
    /// About 95 %: the earliest and the latest minute `recovery` could be; up to the end of the data when not shown.
    pub recovery_interval: (Minute, Minute),
    /// No quiet is shown before it: already failing when the data begin.
    pub in_progress_at_start: bool,
    /// No quiet is shown after it: recovery not shown when the data end. Only the last wave can be.
    pub ongoing_at_end: bool,
    /// The failures grow or fade slowly: at least one true edge hides in the noise.
    pub gradual: bool,
    /// Sessions attempted from `first` to `last`.
    pub attempts: u64,
    /// Sessions failed from `first` to `last`.
    pub failed: u64,
    /// Failed sessions beyond what the upper quiet rate explains.
    pub excess: f64,
    /// Failed sessions of the peak minute; 0 without a peak.
    pub peak_failed: u32,
    /// Most failed sessions of any minute, those included of which only a part is known.
    pub most_failed: u32,
    /// All whole, complete minutes within two standard deviations of the peak, the peak among them.
    pub near_peak: Vec<Minute>,
    /// The minute with the highest failure rate among those with at least the wave's median of attempts.
    pub highest_rate: Option<Minute>,
    /// Log-likelihood gained by giving these minutes a rate of their own.
    pub gain: f64,
    /// What that gain has to exceed: two cuts, `4 ln T`, times the burstiness.
    pub price: f64,
}

impl Wave {
    /// The minute before which failures began, when they were already there as the data begin.
    #[must_use]
    pub fn first_not_later_than(&self) -> Option<Minute> {
        self.in_progress_at_start.then_some(self.first)
    }
}

/// Puts wave `k` of `waves` into numbers.
pub(super) fn describe(lane: &Lane, waves: &[Stretch], k: usize, baseline: &Baseline, gain: f64) -> Option<Wave> {
    let wave = *waves.get(k)?;
    let before = k.checked_sub(1).and_then(|j| waves.get(j));
    let after = waves.get(k + 1);
    let start = date::start(lane, wave, before.map_or(0, |w| w.to), baseline);
    let end = date::end(lane, wave, after.map_or(lane.len(), |w| w.from), baseline);
    let in_progress_at_start = before.is_none() && !start.shown;
    let ongoing_at_end = after.is_none() && !end.shown;
    let cells = lane.slice(wave.from, wave.to);
    let (attempts, failed) = lane.sums(wave.from, wave.to);
    let (first, last) = (lane.minute(*cells.first()?), lane.minute(*cells.last()?));
    let at = |position| lane.window.at(position);
    let peak = peak(cells);
    let peak_failed = peak.map_or(0, |c| c.failed);
    Some(Wave {
        first,
        peak: peak.map(|c| lane.minute(c)),
        recovery: (!ongoing_at_end).then(|| last.plus(1)),
        last,
        first_interval: (
            if in_progress_at_start { lane.window.from } else { at(start.interval.0) },
            at(start.interval.1),
        ),
        recovery_interval: (at(end.interval.0), if ongoing_at_end { lane.window.to } else { at(end.interval.1) }),
        in_progress_at_start,
        ongoing_at_end,
        gradual: (start.gradual && !in_progress_at_start) || (end.gradual && !ongoing_at_end),
        attempts,
        failed,
        excess: failed as f64 - baseline.pu * attempts as f64,
        peak_failed,
        most_failed: cells.iter().map(|c| c.failed).max().unwrap_or_default(),
        near_peak: near_peak(cells, peak_failed, baseline.phi).map(|c| lane.minute(*c)).collect(),
        highest_rate: highest_rate(cells).map(|c| lane.minute(c)),
        gain,
        price: 2.0 * price(lane.len()) * baseline.phi,
    })
}

fn is_whole(cell: &&Cell) -> bool {
    !cell.partial && !cell.incomplete
}

/// The whole minute with most failures; none where one of which only a part is known has more.
fn peak(cells: &[Cell]) -> Option<Cell> {
    let mut peak: Option<&Cell> = None;
    for cell in cells.iter().filter(is_whole) {
        if peak.is_none_or(|p| cell.failed > p.failed) {
            peak = Some(cell);
        }
    }
    let most = cells.iter().map(|cell| cell.failed).max();
    peak.filter(|p| Some(p.failed) == most).copied()
}

fn near_peak(cells: &[Cell], peak_failed: u32, phi: f64) -> impl Iterator<Item = &Cell> {
    let top = f64::from(peak_failed);
    let least = top - 2.0 * (phi * top).sqrt();
    cells.iter().filter(is_whole).filter(move |c| c.failed > 0 && c.e() >= least)
}

fn highest_rate(cells: &[Cell]) -> Option<Cell> {
    let mut attempts: Vec<u32> = cells.iter().map(|c| c.attempts).collect();
    attempts.sort_unstable();
    let median = *attempts.get(attempts.len() / 2)?;
    let mut highest: Option<&Cell> = None;
    for cell in cells.iter().filter(|c| c.attempts >= median) {
        // Cross-multiplied: exact, and the earliest wins a tie.
        let higher =
            |h: &Cell| u64::from(cell.failed) * u64::from(h.attempts) > u64::from(h.failed) * u64::from(cell.attempts);
        if highest.is_none_or(higher) {
            highest = Some(cell);
        }
    }
    highest.copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(at: usize, attempts: u32, failed: u32) -> Cell {
        Cell { at, attempts, failed, partial: false, incomplete: false }
    }

    #[test]
    fn the_peak_is_the_earliest_largest_whole_minute() {
        let mut cells = [cell(0, 100, 30), cell(1, 100, 50), cell(2, 100, 50), cell(3, 100, 90)];
        cells[3].incomplete = true;
        assert_eq!(peak(&cells).map(|c| c.at), None, "more failed where not all is known");
        cells[3].failed = 50;
        assert_eq!(peak(&cells).map(|c| c.at), Some(1));
        // 50 - 2·sqrt(50) = 35.9
        let near: Vec<usize> = near_peak(&cells, 50, 1.0).map(|c| c.at).collect();
        assert_eq!(near, [1, 2]);
        let bursty: Vec<usize> = near_peak(&cells, 50, 4.0).map(|c| c.at).collect();
        assert_eq!(bursty, [0, 1, 2], "50 - 2·sqrt(200) = 21.7");
        for c in &mut cells {
            c.partial = true;
        }
        assert_eq!(peak(&cells).map(|c| c.at), None);
    }

    #[test]
    fn the_highest_rate_ignores_minutes_of_few_attempts() {
        let cells = [cell(0, 2, 2), cell(1, 100, 50), cell(2, 90, 60)];
        assert_eq!(highest_rate(&cells).map(|c| c.at), Some(2));
    }
}
