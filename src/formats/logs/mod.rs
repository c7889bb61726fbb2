//! MTA logs: lines to events, in the words of [`crate::smtp`].
//!
//! A reader sees a file in blocks of whole lines. Sessions may straddle files
//! (rotation) and pieces of files; so a reader hands out what it could
//! not finish as [`LooseEnds`], and [`join`] replays those lines once all parts
//! are known; those of one file's pieces [`Stitch`] replays as they come.
//!
//! What readers share, from the bottom up: `envelope` takes the stamp and the syslog
//! envelope off a line, `ledger` accounts for it, `prints` finds lines that two files hold,
//! `survey`, `offsets` and `ages` read a log's clock, `order` tells which end of it is the
//! newest and `sequence` numbers the lines of one that is read from its end,
//! `keyed` ties lines to sessions that have a key, `text` and `records` are the frames
//! around the grammar of one MTA, `uniform` writes names and addresses in one form,
//! `edge` is how far a reader came, `pseudonym` knows ids that a bundle rewrote, `claim` tells one
//! log from another; `near` finds the ends of words, `spans` reads how long something took.

mod ages;
mod claim;
mod clock;
mod envelope;
mod daemon;
mod edge;
mod event;
pub mod exchange;
pub mod exim;
mod handshake;
pub mod haraka;
mod keyed;
pub mod kumomta;
mod ledger;
mod loose;
pub mod mapping;
mod near;
mod offsets;
pub mod opensmtpd;
mod order;
pub mod postfix;
pub mod powermta;
mod prints;
mod pseudonym;
mod records;
pub mod sendmail;
mod sequence;
mod spans;
mod stitch;
mod survey;
#[cfg(test)]
mod testing;
mod text;
mod uniform;
#[cfg(test)]
mod waits;

pub use clock::{LogClock, ZoneBasis};
pub use edge::Edge;
pub use envelope::Wrapping;
pub use event::{Event, EventLine, Note, Pulse, Sink};
pub use ledger::{Closed, Compare};
pub use loose::{Ends, KeptLine, LooseEnds, join};
pub use offsets::{Stretch, zone_of};
pub use prints::{Prints, Repeats, Wanted};
pub use sequence::Sequence;
pub use stitch::Stitch;
pub use survey::Survey;

use super::Head;
use crate::intake::Exhibit;
use crate::smtp::Outcome;

/// One log format.
pub trait LogFormat: Send + Sync {
    /// Its name in outputs: `postfix`.
    fn name(&self) -> &str;
    /// Why the file is of this format, or nothing.
    fn recognise(&self, head: Head<'_>) -> Option<String>;
    /// What a log of this format cannot show, in plain sentences.
    fn cannot_show(&self) -> Vec<&str>;
    /// What these files of this format cannot show, by what was seen in none of them.
    fn not_seen(&self, _seen: &dyn Fn(Note) -> bool) -> Vec<String> {
        Vec::new()
    }
    /// The outcomes that these files cannot count, by what was seen in them: that they tell of
    /// none is no sign that none happened.
    fn cannot_count(&self, _seen: &dyn Fn(Note) -> bool) -> Vec<Outcome> {
        Vec::new()
    }
    /// The formats whose files count the attempts that this one tells of, or a sample of
    /// them: where a case holds both, of one machine and time, this one counts nothing of a
    /// kind that those hold.
    fn counted_by(&self) -> Vec<&str> {
        Vec::new()
    }
    /// What the first lines tell about the log's clock.
    fn survey(&self, head: Head<'_>) -> Survey;
    /// Whether each of its records stands for itself, so that they are told the same from
    /// either end.
    fn stands_alone(&self) -> bool {
        false
    }
    /// Whether it can be entered at any line: a line begins with its time, and none says how
    /// those after it are read.
    fn enters_anywhere(&self) -> bool {
        false
    }
    /// Whether a file of it can be read in pieces of whole lines, side by side, each from how far the one before it led.
    fn comes_in_pieces(&self) -> bool {
        self.enters_anywhere()
    }
    /// Whether only the user can know the zone of its times.
    fn asks_for_zone(&self) -> bool {
        false
    }
    /// What to switch on where its lines carry no time, besides an export with stamps.
    fn how_to_stamp(&self) -> &'static str {
        ""
    }
    /// A reader for one file (or one part of it).
    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send>;
}

/// What a reader begins with.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The file.
    pub exhibit: Exhibit,
    /// Its clock.
    pub clock: LogClock,
    /// What is done with lines that other files hold too.
    pub compare: Compare,
    /// In which order its lines come.
    pub sequence: Sequence,
}

impl Opening {
    /// To read a file for the first time, or lines kept of it.
    #[must_use]
    pub const fn again(exhibit: Exhibit, clock: LogClock) -> Self {
        Self { exhibit, clock, compare: Compare::No, sequence: Sequence::OldestFirst }
    }
}

/// Reads one file, block by block.
pub trait LogReader {
    /// Reads a block of whole lines.
    fn read(&mut self, block: &[u8], sink: &mut dyn Sink);
    /// How far it came. Of a format that does not come in pieces, nothing.
    fn edge(&self) -> Edge {
        Edge::default()
    }
    /// Goes on after so many lines that it is not given, which led as far as that.
    fn pass(&mut self, _lines: u64, _edge: Edge) {}
    /// The file has ended: tells what needs no other file.
    fn end_of_file(&mut self, _sink: &mut dyn Sink) {}
    /// Replays one process's lines from the edges of files: those `before` only set
    /// the state (their events are out), those of `head` give theirs now.
    fn replay(&mut self, before: &[KeptLine], head: &[KeptLine], sink: &mut dyn Sink);
    /// No further line will come, in this file or the next: tells what was waiting for one.
    fn conclude(&mut self, _sink: &mut dyn Sink) {}
    /// What the edges of this file left open, and where its lines went.
    fn finish(self: Box<Self>) -> Done;
    /// Where the lines went so far.
    fn accounting(&self) -> super::Accounting;
}

/// What is left when a file was read.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// What its edges left open.
    pub ends: LooseEnds,
    /// Where its lines went, and what they were.
    pub closed: Closed,
}

/// The registry, in the order in which formats are tried.
pub static LOG_FORMATS: &[&dyn LogFormat] = &[
    &exchange::Exchange,
    &exim::Exim,
    &haraka::Haraka,
    &kumomta::KumoMta,
    &opensmtpd::OpenSmtpd,
    &powermta::Accounting,
    &powermta::Log,
    &powermta::Queues,
    &postfix::Postfix,
    &sendmail::Sendmail,
];

/// What a log file turned out to be: a format, and what its lines are wrapped in.
#[derive(Clone, Copy)]
pub struct LogShape<'a> {
    /// The format of its lines.
    pub format: &'a dyn LogFormat,
    /// What they are wrapped in.
    pub wrapping: Wrapping,
}

impl<'a> LogShape<'a> {
    /// The first of some formats that claims a file, and why.
    #[must_use]
    pub fn recognise(head: Head<'_>, formats: impl Iterator<Item = &'a dyn LogFormat>) -> Option<(Self, String)> {
        let wrapping = Wrapping::of(head.bytes);
        let bytes = wrapping.unwrapped(head.bytes);
        let head = Head { bytes: &bytes, ..head };
        let (format, why) = formats.into_iter().find_map(|f| Some((f, f.recognise(head)?)))?;
        let why = if wrapping == Wrapping::None { why } else { format!("{why}; in {}", wrapping.words()) };
        Some((Self { format, wrapping }, why))
    }

    /// What the first lines tell about the log's clock.
    #[must_use]
    pub fn survey(self, head: Head<'_>) -> Survey {
        let bytes = self.wrapping.unwrapped(head.bytes);
        self.format.survey(Head { bytes: &bytes, ..head })
    }

    /// Whether it can be entered at any line.
    #[must_use]
    pub fn enters_anywhere(self) -> bool {
        self.wrapping == Wrapping::None && self.format.enters_anywhere()
    }

    /// Whether a file of it can be read in pieces, side by side.
    #[must_use]
    pub fn comes_in_pieces(self) -> bool {
        self.wrapping == Wrapping::None && self.format.comes_in_pieces()
    }

    /// A reader for one file.
    #[must_use]
    pub fn reader(self, opening: Opening) -> Box<dyn LogReader + Send> {
        let Opening { exhibit, sequence, .. } = opening;
        let moved_ms = opening.clock.moved_ms;
        let mut reader = self.format.reader(opening);
        if self.wrapping != Wrapping::None {
            reader = Box::new(envelope::Unwrapping::new(self.wrapping, reader));
        }
        reader = Box::new(uniform::Uniform { reader, moved_ms });
        match sequence {
            Sequence::OldestFirst | Sequence::NewestFirst => reader,
            Sequence::FromTheEnd { .. } => Box::new(sequence::FromTheEnd::new(reader, exhibit, sequence)),
        }
    }
}
