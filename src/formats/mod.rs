//! What each file is, and what its records say: one file for each format.
//!
//! Formats are recognised by content, never by name. Adding one is a file, a
//! line in its registry, a sample and a test.

pub mod logs;
pub mod metrics;
pub mod transcripts;

use serde::Serialize;

/// What kind of evidence a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An MTA's log.
    Log,
    /// Numbers over time: system or queue metrics.
    Metric,
    /// A STARTTLS test.
    Transcript,
    /// Settings or DNS answers at one moment.
    Snapshot,
    /// Per-minute counts from elsewhere.
    Minutes,
    /// A partial result of `casefile scan`.
    Partial,
    /// Nothing we read.
    Unknown,
}

impl Kind {
    /// The word of machine-readable outputs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Metric => "metric",
            Self::Transcript => "transcript",
            Self::Snapshot => "snapshot",
            Self::Minutes => "minutes",
            Self::Partial => "partial",
            Self::Unknown => "unknown",
        }
    }
}

/// The first decompressed bytes of a file, by which it is recognised.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// At most 256 KiB, cut anywhere.
    pub bytes: &'a [u8],
    /// Whether this is the whole file.
    pub whole: bool,
}

/// Where each line (or row, or record) of a file went. The three add up to `read`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Accounting {
    /// Lines read.
    pub read: u64,
    /// Lines that became part of an event or a value.
    pub used: u64,
    /// Lines that are understood and say nothing of deliveries: other daemons, headers, blanks.
    pub irrelevant: u64,
    /// Lines that no reader understood.
    pub unrecognised: u64,
}

impl Accounting {
    /// Adds another file's or part's counts.
    pub fn add(&mut self, other: Self) {
        self.read += other.read;
        self.used += other.used;
        self.irrelevant += other.irrelevant;
        self.unrecognised += other.unrecognised;
    }

    /// Whether every line is accounted for.
    #[must_use]
    pub const fn adds_up(self) -> bool {
        self.read == self.used + self.irrelevant + self.unrecognised
    }
}
