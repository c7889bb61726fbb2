//! The canonical signals: what a metric measures, in which unit.

/// A canonical signal. (Filled by the metrics readers' author.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(pub &'static str);

/// How the samples inside a minute fold into its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// The mean, with the maximum beside it.
    Mean,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The last.
    Last,
    /// The sum.
    Sum,
}

/// What is known of a signal.
#[derive(Clone, Copy, Debug)]
pub struct SignalInfo {
    /// `egress_bps`
    pub name: &'static str,
    /// `bit/s`
    pub unit: &'static str,
    /// How a minute's value is made.
    pub aggregate: Aggregate,
}
