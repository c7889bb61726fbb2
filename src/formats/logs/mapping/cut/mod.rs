//! Blocks of a file to records: nothing is understood here, and nothing is lost.
//!
//! - `json` follows braces and quotes, so that arrays and values without line ends are cut
//!   while they stream.
//! - `lines` joins the lines of one record: quoted line ends of CSV, folded lines of text.
//!
//! Memory is that of one record.

mod json;
mod lines;

pub(super) use json::JsonCutter;
pub(super) use lines::LineCutter;

use super::plan::{Container, List, Plan};

/// A piece of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut<'a> {
    /// Its bytes, without the line end.
    pub(super) text: &'a [u8],
    /// The line it is cited by, 1-based: that of its end, of JSON that of its beginning.
    pub(super) number: u64,
    /// How much of the file it accounts for: its lines, of JSON one for each value.
    pub(super) units: u64,
    pub(super) what: What,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A record, out of this list.
    Record(List),
    /// No record, or one that does not end or is too long.
    Broken,
}

/// Cuts the blocks of one file.
pub(super) enum Cutter {
    Json(JsonCutter),
    Lines(LineCutter),
}

impl Cutter {
    pub(super) fn new(plan: &Plan) -> Self {
        match &plan.container {
            Container::Json(json) => Self::Json(JsonCutter::new(json, plan.longest)),
            Container::Rows(rows) => Self::Lines(LineCutter::of_rows(rows, plan.longest)),
            Container::Lines(lines) => Self::Lines(LineCutter::of_lines(lines, plan.longest)),
        }
    }

    /// Cuts a block; what it does not end is kept.
    pub(super) fn feed(&mut self, block: &[u8], take: &mut dyn FnMut(Cut<'_>)) {
        match self {
            Self::Json(json) => json.feed(block, take),
            Self::Lines(lines) => lines.feed(block, take),
        }
    }

    /// The file has ended.
    pub(super) fn end(&mut self, take: &mut dyn FnMut(Cut<'_>)) {
        match self {
            Self::Json(json) => json.end(take),
            Self::Lines(lines) => lines.end(take),
        }
    }
}

#[cfg(test)]
mod tests;
