//! What each file is, and what its records say: one file for each format.
//!
//! Formats are recognised by content, never by name. Adding one is a file, a
//! line in its registry, a sample and a test.

mod hint;
pub mod logs;
pub mod metrics;
pub mod minutes;
pub mod partial;
pub mod snapshots;
pub mod transcripts;

use serde::{Deserialize, Serialize};

pub use hint::hint;
use logs::mapping::{Mapping, SHIPPED, shipped};
use logs::{LOG_FORMATS, LogFormat, LogShape, Wrapping};
use metrics::{METRIC_FORMATS, MetricFormat};
use snapshots::{SNAPSHOT_FORMATS, SnapshotFormat};
use transcripts::{TRANSCRIPT_FORMATS, TranscriptFormat};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// A format that claimed a file.
#[derive(Clone, Copy)]
pub enum Format<'a> {
    /// An MTA's log.
    Log(LogShape<'a>),
    /// Metrics.
    Metric(&'static dyn MetricFormat),
    /// A STARTTLS test.
    Transcript(&'static dyn TranscriptFormat),
    /// Settings, versions or answers at one moment.
    Snapshot(&'static dyn SnapshotFormat),
    /// Counts a minute from elsewhere.
    Minutes,
    /// What a scan made of logs.
    Partial,
}

impl<'a> Format<'a> {
    /// What kind of evidence it is.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Log(_) => Kind::Log,
            Self::Metric(_) => Kind::Metric,
            Self::Transcript(_) => Kind::Transcript,
            Self::Snapshot(_) => Kind::Snapshot,
            Self::Minutes => Kind::Minutes,
            Self::Partial => Kind::Partial,
        }
    }

    /// Its name in outputs.
    #[must_use]
    pub fn name(self) -> &'a str {
        match self {
            Self::Log(shape) => shape.format.name(),
            Self::Metric(f) => f.name(),
            Self::Transcript(f) => f.name(),
            Self::Snapshot(f) => f.name(),
            Self::Minutes => minutes::NAME,
            Self::Partial => partial::NAME,
        }
    }
}

/// The format of a file by its first bytes, and why; the most specific kinds are tried
/// first, tables of numbers last. Nothing when no reader claims it.
#[must_use]
pub fn recognise(head: Head<'_>) -> Option<(Format<'static>, String)> {
    recognise_with(head, std::iter::empty())
}

/// The same, with mappings of the user's own. They are tried before those that casefile
/// brings, and both after the readers that are built in.
#[must_use]
pub fn recognise_with<'a>(head: Head<'_>, own: impl Iterator<Item = &'a Mapping>) -> Option<(Format<'a>, String)> {
    let built_in: &[&'static dyn LogFormat] = LOG_FORMATS;
    let log = || LogShape::recognise(head, built_in.iter().copied()).map(|(shape, why)| (Format::Log(shape), why));
    let mapped = || {
        let mappings = own.chain(shipped()).map(|m| m as &dyn LogFormat);
        LogShape::recognise(head, mappings).map(|(shape, why)| (Format::Log(shape), why))
    };
    let transcript = || TRANSCRIPT_FORMATS.iter().find_map(|f| Some((Format::Transcript(*f), f.recognise(head)?)));
    let snapshot = || SNAPSHOT_FORMATS.iter().find_map(|f| Some((Format::Snapshot(*f), f.recognise(head)?)));
    let metric = || METRIC_FORMATS.iter().find_map(|f| Some((Format::Metric(*f), f.recognise(head)?)));
    let counts = || minutes::recognise(head).map(|why| (Format::Minutes, why));
    if let Some(why) = partial::recognise(head) {
        return Some((Format::Partial, why));
    }
    log().or_else(transcript).or_else(snapshot).or_else(mapped).or_else(counts).or_else(metric)
}

/// The format of a name that case.yaml states, for a file that begins so.
#[must_use]
pub fn by_name(name: &str, head: Head<'_>) -> Option<Format<'static>> {
    let wrapping = Wrapping::of(head.bytes);
    let log = LOG_FORMATS.iter().find(|f| f.name() == name).map(|f| Format::Log(LogShape { format: *f, wrapping }));
    let metric = || METRIC_FORMATS.iter().find(|f| f.name() == name).map(|f| Format::Metric(*f));
    let transcript = || TRANSCRIPT_FORMATS.iter().find(|f| f.name() == name).map(|f| Format::Transcript(*f));
    let snapshot = || SNAPSHOT_FORMATS.iter().find(|f| f.name() == name).map(|f| Format::Snapshot(*f));
    let brought = || shipped().iter().find(|f| f.id() == name).map(|f| mapped(f, head));
    let counts = || (name == minutes::NAME).then_some(Format::Minutes);
    log.or_else(metric).or_else(transcript).or_else(snapshot).or_else(counts).or_else(brought)
}

/// A mapping as the format of a file that begins so.
#[must_use]
pub fn mapped<'a>(mapping: &'a Mapping, head: Head<'_>) -> Format<'a> {
    Format::Log(LogShape { format: mapping, wrapping: Wrapping::of(head.bytes) })
}

/// All names that case.yaml may state as a format.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let logs = LOG_FORMATS.iter().map(|f| f.name());
    let others = METRIC_FORMATS.iter().map(|f| f.name()).chain(TRANSCRIPT_FORMATS.iter().map(|f| f.name()));
    let mappings = SHIPPED.iter().map(|m| m.id);
    logs.chain(others).chain(SNAPSHOT_FORMATS.iter().map(|f| f.name())).chain([minutes::NAME]).chain(mappings).collect()
}
