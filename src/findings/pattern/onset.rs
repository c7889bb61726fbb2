//! What is measured where a wave began.

use super::carried::Carried;
use super::load::{Basis, Loads, Variable};
use crate::case::Launch;
use crate::time::{Minute, Stamp};

/// One wave's beginning.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::findings) struct Onset {
    /// First minute with a failed session.
    pub(super) first: Minute,
    /// Whether the wave began inside the data.
    pub(super) is_seen: bool,
    /// The launch before it by its place in case.yaml, and seconds from it to the first failed session.
    pub(in crate::findings) launch: Option<(usize, i64)>,
    /// Open connections to Gmail of the sending IP that had most of them.
    pub(in crate::findings) connections: Option<(f64, Basis)>,
    /// Sessions attempted per minute: mean of the minute before and the first minute.
    pub(in crate::findings) rate: Option<f64>,
    /// Messages per connection in the same two minutes.
    pub(in crate::findings) carried: Carried,
}

/// A launch can only explain what begins within an hour of it.
pub(super) const REACH_MINUTES: i32 = 60;

impl Onset {
    /// Measures a wave's beginning; `first_failure` is its first failed session, to the second
    /// where that is known.
    pub(super) fn of(loads: &Loads, launches: &[Launch], first: Minute, first_failure: Stamp, is_seen: bool) -> Self {
        // The second of a launch and that of a failure may come from two clocks; a
        // failure in the launch's own minute counts as after it.
        let before = launches.iter().enumerate().filter(|(_, l)| l.at.minute() <= first).max_by_key(|(_, l)| l.at);
        let launch = before
            .map(|(i, l)| (i, (first_failure.seconds() - l.at.seconds()).max(0)))
            .filter(|(_, s)| is_seen && *s <= i64::from(REACH_MINUTES) * 60);
        let basis = loads.connections.as_ref().map(|(basis, _)| *basis);
        Self {
            first,
            is_seen,
            launch,
            connections: loads.at(Variable::Connections, first).zip(basis),
            rate: loads.at(Variable::Rate, first),
            carried: Carried::NotTold,
        }
    }
}
