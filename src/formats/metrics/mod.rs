//! Metrics: numbers over time, each with a canonical signal, a unit and a node.

pub(in crate::formats) mod cells;
mod cloudwatch;
mod collectd;
mod dstat;
mod ethtool;
mod fold;
#[cfg(test)]
mod exports;
mod exposition;
mod generic;
mod influx;
mod json;
mod kumomta;
pub(in crate::formats) mod lines;
mod names;
mod nstat;
mod page;
mod parts;
mod postqueue;
mod prometheus;
mod qshape;
#[cfg(test)]
mod registry;
mod rows;
mod sadf;
mod sadf_items;
mod sadf_json;
mod sadf_pairs;
mod sadf_xml;
mod sar;
#[cfg(test)]
mod samples;
mod series;
mod signals;
mod ss;
pub(in crate::formats) mod stamps;
mod sysstat;
mod table;
mod tc;
mod units;
mod vmstat;

pub use cloudwatch::CloudWatch;
pub use collectd::Collectd;
pub use dstat::Dstat;
pub use ethtool::Ethtool;
pub use exposition::Exposition;
pub use generic::Generic;
pub use influx::Influx;
pub use kumomta::KumomtaJson;
pub use nstat::Nstat;
pub use postqueue::Postqueue;
pub use prometheus::Prometheus;
pub use qshape::Qshape;
pub use sadf::Sadf;
pub use sadf_json::SadfJson;
pub use sadf_pairs::SadfPairs;
pub use sadf_xml::SadfXml;
pub use sar::Sar;
pub use series::{MetricCell, MetricSeries, MetricSet};
pub use signals::{Aggregate, Signal, SignalInfo, SignalKind};
pub use ss::Ss;
pub use stamps::DateOrder;
use tc::Tc;
pub use vmstat::Vmstat;

use std::collections::BTreeMap;
use std::io::BufRead;

use thiserror::Error;

use super::{Accounting, Head};
use crate::time::Zone;

/// What the reader is told about a file from elsewhere (case.yaml, the folder).
#[derive(Clone, Debug, Default)]
pub struct MetricSetup {
    /// The node, when the file does not name one.
    pub node: Option<String>,
    /// The zone of zone-less times, when stated in case.yaml.
    pub zone: Option<Zone>,
    /// Zones of the nodes' own clocks, as their logs prove them, each with the proof in a few
    /// words. They serve what was recorded on a node and names no zone.
    pub log_zones: BTreeMap<String, (Zone, String)>,
    /// Which of day and month comes first in `05/06/2026`, when stated in case.yaml.
    pub dates: Option<DateOrder>,
    /// Column name → signal and unit, as case.yaml maps them.
    pub columns: Vec<ColumnMap>,
    /// Milliseconds to add to its times, as case.yaml says.
    pub moved_ms: i64,
    /// The file's path below the case's folder; some producers name the metric in it alone.
    pub name: String,
    /// The file's exhibit id, set on every series it yields: `S07`.
    pub exhibit: String,
}

/// One column that case.yaml maps by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnMap {
    /// The header cell, exactly.
    pub column: String,
    /// The signal it holds.
    pub signal: Signal,
    /// Its unit as written (`bytes_per_s`, `bit_per_s`, `percent`, …); none keeps the signal's own.
    pub unit: Option<String>,
}

/// What one metric file gave.
#[derive(Clone, Debug, Default)]
pub struct MetricRead {
    /// The series, in the order of first appearance.
    pub series: Vec<MetricSeries>,
    /// Where its rows went.
    pub accounting: Accounting,
    /// The zone used, and how it is known: `UTC (in each stamp)`, `UTC (assumed)`.
    pub zone: Option<(Zone, String)>,
    /// Columns that are no known signal, with their smallest and largest value.
    pub unmapped: Vec<(String, f64, f64)>,
    /// Sentences for the inspector: restarts, dropped first rows, doubtful units.
    pub notes: Vec<String>,
    /// The first rows that no rule understood, with line numbers (at most 5).
    pub unrecognised: Vec<(u64, String)>,
}

impl MetricRead {
    /// Whether the file's own times name their zone.
    #[must_use]
    pub fn zone_is_written(&self) -> bool {
        self.zone.as_ref().is_some_and(|(_, how)| stamps::WRITTEN.iter().any(|w| how.ends_with(&format!("({w})"))))
    }
}

/// Why a metric file could not be read at all.
#[derive(Debug, Error)]
pub enum MetricError {
    /// The bytes could not be read.
    #[error("line {line}: {source}")]
    Io {
        /// Line where reading stopped.
        line: u64,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file's times cannot be placed without the user's word.
    #[error("line {line}: {what}; {way_out}")]
    Unclear {
        /// Line of the first doubtful cell.
        line: u64,
        /// What is unclear.
        what: String,
        /// What to add to case.yaml.
        way_out: String,
    },
}

/// One metrics format.
pub trait MetricFormat: Sync {
    /// Its name in outputs: `sadf`.
    fn name(&self) -> &'static str;
    /// Why the file is of this format, or nothing.
    fn recognise(&self, head: Head<'_>) -> Option<String>;
    /// Reads the whole file, streaming.
    ///
    /// # Errors
    /// When the bytes cannot be read, or times cannot be placed.
    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError>;
}

/// The registry: producers with a fingerprint first, the generic reader last.
pub static METRIC_FORMATS: &[&dyn MetricFormat] = &[
    &Sadf,
    &SadfJson,
    &SadfXml,
    &SadfPairs,
    &Sar,
    &Vmstat,
    &Dstat,
    &Prometheus,
    &Exposition,
    &KumomtaJson,
    &CloudWatch,
    &Influx,
    &Collectd,
    &Tc,
    &Ss,
    &Nstat,
    &Ethtool,
    &Qshape,
    &Postqueue,
    &Generic,
];

/// Columns of no known signal while a file is read: smallest and largest value,
/// in the order of first appearance.
#[derive(Debug, Default)]
struct Unmapped {
    seen: BTreeMap<String, (usize, f64, f64)>,
}

impl Unmapped {
    /// More columns than this are no table that a person could map.
    const MOST: usize = 500;

    fn saw(&mut self, column: &str, value: f64) {
        if let Some((_, least, most)) = self.seen.get_mut(column) {
            (*least, *most) = (least.min(value), most.max(value));
        } else if self.seen.len() < Self::MOST {
            self.seen.insert(column.to_owned(), (self.seen.len(), value, value));
        }
    }

    fn list(self) -> Vec<(String, f64, f64)> {
        let mut all: Vec<_> = self.seen.into_iter().collect();
        all.sort_by_key(|(_, (position, ..))| *position);
        all.into_iter().map(|(column, (_, least, most))| (column, least, most)).collect()
    }
}
