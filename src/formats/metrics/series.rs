//! A metric as per-minute cells: mean, maximum and last, gaps kept.

use std::collections::BTreeMap;

use super::Signal;
use crate::time::{Minute, Stamp, Window};

/// Samples further apart than this many seconds are coarse. A little over a
/// minute, so that a once-a-minute collector may be late by a few milliseconds.
pub(super) const COARSE_S: f64 = 60.5;

/// What the samples of one minute say. Values are in the signal's canonical unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricCell {
    /// Number of samples that touch the minute.
    pub samples: u32,
    /// Their mean (time-weighted where samples are interval averages).
    pub mean: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The last by time.
    pub last: f64,
    /// Whether the minute lies inside a sample coarser than a minute: no maximum may be claimed.
    pub coarse: bool,
}

/// One signal of one node (and instance) over time.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSeries {
    /// What it measures; always [`Signal::canonical`].
    pub signal: Signal,
    /// The node it was measured on; empty when unknown.
    pub node: String,
    /// The part measured, in words apart by blanks: `eth0`, `cpu0`, `deferred`,
    /// `gmail 192.0.2.11`; empty for the whole node. Instances may overlap
    /// (`cpu0` and the whole, a bond and its slaves), so they are never added up.
    pub instance: String,
    /// The column's own name in the file.
    pub column: String,
    /// The exhibit it came from: `S07`.
    pub exhibit: String,
    /// Median distance of samples, in seconds; 0 when there is only one.
    pub step_s: f64,
    /// The minutes with data; a missing minute is a gap.
    pub minutes: BTreeMap<Minute, MetricCell>,
    /// First and last sample.
    pub span: Option<(Stamp, Stamp)>,
    /// A limit the file itself states for this signal, in its unit.
    pub limit: Option<f64>,
}

impl MetricSeries {
    /// Whether it counts the open files of the whole system, not those of a process.
    #[must_use]
    pub fn is_of_system(&self) -> bool {
        const COLUMNS: [&str; 4] = ["file-nr", "filefd_allocated", "filesystem: files", "fhcount/"];
        self.signal == Signal::OpenFiles && COLUMNS.iter().any(|name| self.column.contains(name))
    }

    /// The stretches between first and last minute without data.
    ///
    /// Levels sampled more than a minute apart leave minutes empty by nature:
    /// there a stretch counts only from max(2.5 steps, step + 30 s) between samples.
    /// Coarse averages fill their minutes, so there every empty minute counts.
    #[must_use]
    pub fn gaps(&self) -> Vec<Window> {
        let pairs = || self.minutes.keys().zip(self.minutes.keys().skip(1));
        let adjoining = pairs().filter(|(a, b)| b.since(**a) == 1).count();
        let filled = adjoining * 5 >= self.minutes.len().saturating_sub(1) * 4;
        let allowed =
            if self.step_s > COARSE_S && !filled { (2.5 * self.step_s).max(self.step_s + 30.0) } else { 60.0 };
        pairs()
            .filter(|(a, b)| f64::from(b.since(**a)) * 60.0 > allowed)
            .map(|(a, b)| Window::new(a.plus(1), *b))
            .collect()
    }
}

/// All metrics of a case.
pub type MetricSet = Vec<MetricSeries>;
