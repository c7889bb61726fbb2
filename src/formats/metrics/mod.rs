//! Metrics: numbers over time, each with a canonical signal, a unit and a node.

mod series;
mod signals;

pub use series::{MetricCell, MetricSeries, MetricSet};
pub use signals::{Aggregate, Signal, SignalInfo};

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
    /// Column name → signal and unit, as case.yaml maps them.
    pub columns: Vec<ColumnMap>,
    /// A multiple of the file's exhibit id, set on every series it yields: `S07`.
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
pub static METRIC_FORMATS: &[&dyn MetricFormat] = &[];
