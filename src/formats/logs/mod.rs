//! MTA logs: lines to events, in the words of [`crate::smtp`].
//!
//! A reader sees a file in blocks of whole lines. Sessions may straddle files
//! (rotation) and, one day, parts of files; so a reader hands out what it could
//! not finish as [`LooseEnds`], and [`join`] replays those lines once all parts
//! are known.

mod clock;
mod envelope;
mod event;
mod loose;
pub mod postfix;

pub use clock::{LogClock, Survey, ZoneBasis};
pub use event::{Event, EventLine, Sink};
pub use loose::{Ends, KeptLine, LooseEnds, join};

use super::Head;
use crate::intake::Exhibit;

/// One log format.
pub trait LogFormat: Sync {
    /// Its name in outputs: `postfix`.
    fn name(&self) -> &'static str;
    /// Why the file is of this format, or nothing.
    fn recognise(&self, head: Head<'_>) -> Option<String>;
    /// What a log of this format cannot show, in plain sentences.
    fn cannot_show(&self) -> &'static [&'static str];
    /// What the first lines tell about the log's clock.
    fn survey(&self, head: Head<'_>) -> Survey;
    /// A reader for one file (or one part of it).
    fn reader(&self, exhibit: Exhibit, clock: LogClock) -> Box<dyn LogReader + Send>;
}

/// Reads one file, block by block.
pub trait LogReader {
    /// Reads a block of whole lines.
    fn read(&mut self, block: &[u8], sink: &mut dyn Sink);
    /// Replays one process's lines from the edges of files: those `before` only set
    /// the state (their events are out), those of `head` give theirs now.
    fn replay(&mut self, before: &[KeptLine], head: &[KeptLine], sink: &mut dyn Sink);
    /// What the edges of this file left open.
    fn finish(self: Box<Self>) -> LooseEnds;
    /// Where the lines went.
    fn accounting(&self) -> super::Accounting;
}

/// The registry.
pub static LOG_FORMATS: &[&dyn LogFormat] = &[&postfix::Postfix];
