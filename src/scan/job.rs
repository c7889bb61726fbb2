//! One log, and how it is opened.

use super::Asked;
#[cfg(test)]
use crate::formats::logs::Wrapping;
use crate::formats::logs::{Compare, LogClock, LogReader, LogShape, Opening, Sequence};
#[cfg(test)]
use crate::intake::Exhibit;
use crate::intake::{IntakeError, Source, Way};
use crate::time::Stamp;
#[cfg(test)]
use crate::time::{Zone, parse_rfc3339};

/// One log file to scan.
pub struct LogJob<'a> {
    /// The file.
    pub source: Source,
    /// Its format, and what its lines are wrapped in.
    pub shape: LogShape<'a>,
    /// Its clock.
    pub clock: LogClock,
    /// The node that case.yaml names for it.
    pub stated_node: Option<String>,
    /// Its node as case.yaml or its own lines name it; empty when neither does. Files of one
    /// format and node are parts of one log.
    pub node: String,
    /// How much its stamps tell; of two files with the same lines the higher is read.
    pub rank: u8,
    /// Its earliest stamp: orders the parts of a stream.
    pub begins: Option<Stamp>,
    /// Whether its lines stand newest first.
    pub newest_first: bool,
    /// Of which time it is read.
    pub asked: Asked,
}

/// Reads the lines of one file.
type Reader = Box<dyn LogReader + Send>;

impl LogJob<'_> {
    /// Files of one stream are parts of one log.
    #[must_use]
    pub fn stream(&self) -> (&str, &str) {
        (self.shape.format.name(), &self.node)
    }

    /// Whether it is read from its last line: its lines stand newest first, and what they mean
    /// depends on those before.
    #[must_use]
    pub fn is_turned(&self) -> bool {
        self.newest_first && !self.shape.format.stands_alone()
    }

    /// Opens its file for its reader. `go_on` is as in [`Way::open`].
    ///
    /// # Errors
    /// When the file cannot be opened, or not be counted.
    pub fn open(&self, compare: Compare, go_on: impl FnMut(usize) -> bool) -> Result<(Way, Reader), IntakeError> {
        let way = Way::open(&self.source.path, self.is_turned(), go_on)?;
        let sequence = match &way {
            Way::Backwards(turned) => Sequence::FromTheEnd { lines: turned.lines() },
            Way::Forwards(_) if self.newest_first => Sequence::NewestFirst,
            Way::Forwards(_) => Sequence::OldestFirst,
        };
        let opening = Opening { exhibit: self.source.exhibit, clock: self.clock.clone(), compare, sequence };
        Ok((way, self.shape.reader(opening)))
    }

    /// Whether files of another's format count what this one tells of, where both are of one machine.
    pub(super) fn may_be_counted_by(&self, other: &Self) -> bool {
        self.shape.format.counted_by().contains(&other.shape.format.name())
    }

    /// Whether the nodes are the same; nothing where one is not named, which may be any.
    pub(super) fn same_node(&self, other: &Self) -> Option<bool> {
        (!self.node.is_empty() && !other.node.is_empty()).then(|| self.node == other.node)
    }
}

#[cfg(test)]
impl<'a> LogJob<'a> {
    /// A log of mta1 on 24 November 2026, all of it, as tests write one.
    pub(super) fn of_test(file: &std::path::Path, format: &'a dyn crate::formats::logs::LogFormat, zone: Zone) -> Self {
        let size = std::fs::metadata(file).map_or(0, |file| file.len());
        Self {
            source: Source { exhibit: Exhibit(1), path: file.to_owned(), name: "mail.log".to_owned(), size },
            shape: LogShape { format, wrapping: Wrapping::None },
            clock: LogClock::new(zone, parse_rfc3339("2026-11-24T00:00Z").ok()),
            stated_node: None,
            node: "mta1".to_owned(),
            rank: 0,
            begins: None,
            newest_first: false,
            asked: Asked::default(),
        }
    }
}
