//! How far a reader came: what the lines before one tell of it.

use crate::time::Stamp;

/// What the lines read so far tell of the next: a reader that begins there goes on from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    /// The latest time that was placed, from which a clock goes back.
    pub(super) latest: Option<Stamp>,
    /// The last moment resolved: tells the two readings of a repeated hour apart.
    pub(super) resolved: Option<Stamp>,
    /// The last line, for `last message repeated`.
    pub(super) last: Vec<u8>,
    /// The header of a table, which says what its cells are.
    pub(super) header: Vec<u8>,
    /// Whether a record goes on in the next line.
    pub(super) is_inside: bool,
}

impl Edge {
    /// Whether a reader can begin there: not inside a record.
    #[must_use]
    pub const fn can_be_entered(&self) -> bool {
        !self.is_inside
    }
}
