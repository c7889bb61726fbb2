//! Partials: what a scan made of logs, carried to where others are added.
//!
//! A partial is a set of logs, each with what reading it gave ([`Part`]); two are
//! merged by taking the logs of both, so any order and grouping gives the same. Edges of
//! sessions stay open until all parts are there.
//!
//! - `container` is the file around the content: a heading that people can read, deflated JSON,
//!   a digest of both.
//! - `content` is what stands in it, `counts`, `files` and `edges` are the tally, what is known
//!   of each file, and the open sessions there; `sound` refuses what no scan writes.
//! - `union` puts the pieces of a log together, and refuses what would count twice.

mod container;
mod content;
mod counts;
mod edges;
mod error;
mod files;
mod sound;
mod union;

use crate::formats::logs::{Survey, Wrapping};
use crate::intake::{Exhibit, sha256_hex};
use crate::time::{Stamp, Zone};

use super::moved::{Places, place};
use super::{Asked, Part};

pub use container::{read, write};
pub use error::{PartialError, UnionError};
pub use union::{Member, Union, UnitedLog};

/// What a scan made of logs.
#[derive(Clone, Debug, Default)]
pub struct Partial {
    /// The version of casefile that wrote it.
    pub made_by: String,
    /// Names and host patterns of the lanes that its sessions were told apart by.
    pub lanes: Vec<(String, Vec<String>)>,
    /// The logs in it.
    pub logs: Vec<ReadLog>,
}

/// One log, or a piece of one, as it was read.
#[derive(Clone, Debug, Default)]
pub struct ReadLog {
    /// Its number inside the partial; evidence cites it by that.
    pub exhibit: Exhibit,
    /// Its path as it was given, or below the folder of the case.
    pub name: String,
    /// Its size in bytes, compressed as it was.
    pub size: u64,
    /// SHA-256 of the same, in hex.
    pub sha256: String,
    /// Which piece of the log it is, where it came in pieces.
    pub piece: Option<u32>,
    /// Name of its format.
    pub format: String,
    /// What its lines are wrapped in.
    pub wrapping: Wrapping,
    /// Why it is of this format.
    pub why: String,
    /// What its lines tell of its clock.
    pub survey: Survey,
    /// The node that was stated.
    pub stated_node: Option<String>,
    /// The zone that was stated.
    pub stated_zone: Option<Zone>,
    /// How it was placed.
    pub placed: Placed,
    /// The scan that read it: logs of the same were compared with each other. Empty for none.
    pub batch: String,
    /// Whether lines of it are kept as they stood.
    pub verbatim: bool,
    /// Of which time it was read.
    pub asked: Asked,
    /// What reading it gave.
    pub part: Part,
}

/// In which time and on which node a log was placed when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its node; empty when nothing names one.
    pub node: String,
    /// The zone of stamps that have none.
    pub zone: Zone,
    /// When it begins; nothing when nothing tells its year.
    pub begins: Option<Stamp>,
    /// Milliseconds that were added to its times.
    pub moved_ms: i64,
}

impl Default for Placed {
    fn default() -> Self {
        Self { node: String::new(), zone: Zone::UTC, begins: None, moved_ms: 0 }
    }
}

impl Partial {
    /// Adds the logs of another, in an order that does not depend on who is added to whom.
    pub fn merge(&mut self, other: Self) {
        let more = u16::try_from(self.logs.len()).unwrap_or(u16::MAX);
        self.logs.extend(other.numbered_from(more).logs);
        self.sort();
    }

    /// Orders the logs by name, and numbers them in that order.
    pub fn sort(&mut self) {
        self.logs.sort_by(|a, b| a.order().cmp(&b.order()));
        let from = self.logs.iter().map(|log| log.exhibit);
        let places = from.zip((1..=u16::MAX).map(|n| (Exhibit(n), 0))).collect();
        for log in &mut self.logs {
            log.move_to(&places);
        }
    }

    fn numbered_from(mut self, first: u16) -> Self {
        let shifted = |log: &ReadLog| (log.exhibit, (Exhibit(log.exhibit.0.saturating_add(first)), 0));
        let places = self.logs.iter().map(shifted).collect();
        for log in &mut self.logs {
            log.move_to(&places);
        }
        self
    }
}

impl ReadLog {
    /// A piece of a log without a line: it is carried so that nobody misses it.
    #[must_use]
    pub fn empty_piece(name: String, piece: u32) -> Self {
        Self { exhibit: Exhibit(1), name, sha256: sha256_hex(b""), piece: Some(piece), ..Self::default() }
    }

    /// Whether it is a piece without a line.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.format.is_empty()
    }

    fn order(&self) -> (&str, &str, Option<u32>, &str) {
        (&self.name, &self.placed.node, self.piece, &self.sha256)
    }

    fn move_to(&mut self, places: &Places) {
        self.exhibit = place(places, self.exhibit, 0).0;
        self.part = std::mem::take(&mut self.part).moved(places);
    }
}
