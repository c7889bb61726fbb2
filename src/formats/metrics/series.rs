//! A metric as per-minute cells: mean, maximum and last, gaps kept.

use std::collections::BTreeMap;

use super::Signal;
use crate::time::{Minute, Stamp};

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
    /// What it measures.
    pub signal: Signal,
    /// The node it was measured on; empty when unknown.
    pub node: String,
    /// `eth0`, `gmail`, `192.0.2.11`; empty for the whole node.
    pub instance: String,
    /// The column's own name in the file.
    pub column: String,
    /// The exhibit it came from: `S07`.
    pub exhibit: String,
    /// Median distance of samples, in seconds.
    pub step_s: f64,
    /// The minutes with data; a missing minute is a gap.
    pub minutes: BTreeMap<Minute, MetricCell>,
    /// First and last sample.
    pub span: Option<(Stamp, Stamp)>,
    /// A limit the file itself states for this signal, in its unit.
    pub limit: Option<f64>,
}

/// All metrics of a case.
pub type MetricSet = Vec<MetricSeries>;
