//! Numbers of a partial that no scan gives are refused: they come from whoever made the file.

use super::PartialError;
use crate::scan::{EgressId, MxId};
use crate::time::millis::Moments as _;
use crate::time::{Minute, Stamp};

/// All counts of a log add up to less: no log has so many lines.
const MOST: u64 = 1 << 44;

/// Looks at each number of one log.
#[derive(Default)]
pub(super) struct Sound {
    total: u64,
    egresses: usize,
    mx_hosts: usize,
}

type Sounds<T> = Result<T, PartialError>;

impl Sound {
    pub(super) const fn new(egresses: usize, mx_hosts: usize) -> Self {
        Self { total: 0, egresses, mx_hosts }
    }

    /// A count.
    pub(super) fn count(&mut self, n: u64) -> Sounds<u64> {
        self.total = self.total.saturating_add(n);
        if self.total > MOST { Err(unsound("a count beyond any log")) } else { Ok(n) }
    }

    pub(super) fn egress(&self, id: u16) -> Sounds<EgressId> {
        if usize::from(id) < self.egresses { Ok(EgressId(id)) } else { Err(unsound("a sender without a name")) }
    }

    pub(super) fn mx(&self, id: u16) -> Sounds<MxId> {
        if usize::from(id) < self.mx_hosts { Ok(MxId(id)) } else { Err(unsound("an MX host without a name")) }
    }
}

pub(super) fn stamp(millis: i64) -> Sounds<Stamp> {
    Stamp::of(millis).ok_or_else(|| unsound("a moment of no log"))
}

/// The number of a line, or how many there are.
pub(super) fn line(number: u64) -> Sounds<u64> {
    if number > MOST { Err(unsound("a line beyond any log")) } else { Ok(number) }
}

pub(super) const fn minute(number: i32) -> Minute {
    Minute::new(number)
}

pub(super) fn unsound(what: &str) -> PartialError {
    PartialError::Unsound(what.to_owned())
}
