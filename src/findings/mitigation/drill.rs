//! Google's published drill: ten minutes of silence, one connection, then one more at a time
//! (support.google.com/a/answer/81126, 2026-03-21).

use super::super::Evidence;
use super::Deed;
use crate::time::{Minute, Window};
use crate::timeline::{MinuteState, Timeline};

/// Minutes of silence that the drill begins with.
const SILENCE: i32 = 10;
/// What counts as one connection: an estimate of five-second means may round up.
const ONE: f64 = 1.05;

/// One sending IP that fell silent towards Gmail.
pub(super) struct Drill {
    ip: String,
    silence: Window,
    /// Whether it came back with one connection; none where it did not come back, or where
    /// no log states how long sessions lasted.
    one_connection: Option<bool>,
    came_back: bool,
}

/// The sending IPs that kept silent for ten minutes or more after the first wave began.
pub(super) fn drills(timeline: &Timeline, waves: &[Window]) -> Vec<Drill> {
    let of_row = |row: usize| {
        let (silence, came_back) = silence(timeline, row, waves)?;
        let back = timeline.window.index(silence.to);
        let open = timeline.connections.by_egress.get(row).zip(back).and_then(|(c, i)| c.get(i).copied().flatten());
        let one_connection = open.filter(|_| came_back).map(|n| n <= ONE);
        Some(Drill { ip: timeline.egresses.get(row)?.of.label(), silence, one_connection, came_back })
    };
    (0..timeline.egresses.len()).filter_map(of_row).collect()
}

/// The first stretch of ten minutes without a session, after the first wave began, of a sending
/// IP that was in use before, and whether sessions followed. A minute that a log misses is no
/// silent one: the stretch ends there, and what followed is not known.
fn silence(timeline: &Timeline, row: usize, waves: &[Window]) -> Option<(Window, bool)> {
    let row = timeline.egresses.get(row)?;
    let from = timeline.window.index(waves.first()?.from)?;
    if row.sum(|i| i < from).attempts == 0 {
        return None;
    }
    let mut begun: Option<Minute> = None;
    for (i, counts) in row.counts.iter().enumerate().skip(from) {
        let minute = timeline.window.at(i);
        let covered = timeline.state(minute) == MinuteState::Full;
        let is_silent = covered && counts.is_some_and(|c| c.attempts == 0);
        match (is_silent, begun) {
            (true, None) => begun = Some(minute),
            (false, Some(start)) if minute.since(start) >= SILENCE => {
                let sent = counts.is_some_and(|c| c.attempts > 0);
                return Some((Window::new(start, minute), sent));
            }
            (false, _) => begun = None,
            _ => {}
        }
    }
    let end = timeline.window.to;
    begun.filter(|start| end.since(*start) >= SILENCE).map(|start| (Window::new(start, end), false))
}

impl Drill {
    /// Silence, and one connection after it.
    pub(super) fn is_whole(&self) -> bool {
        self.one_connection == Some(true)
    }

    /// Whether the logs show how it came back.
    pub(super) const fn is_known(&self) -> bool {
        self.one_connection.is_some()
    }

    pub(super) fn deed(&self) -> Deed {
        let then = match (self.came_back, self.one_connection) {
            (false, _) => "; what followed the logs do not show",
            (true, Some(true)) => ", then one connection",
            (true, Some(false)) => ", then more than one connection at once",
            (true, None) => "; with how many connections it came back is not shown",
        };
        let Self { ip, silence, .. } = self;
        Deed {
            sentence: format!("{}: no session from {ip} to Gmail until {}{then}.", silence.from, silence.to),
            evidence: Evidence::Table("minutes_by_ip", ip.clone()),
        }
    }
}

/// Whether the drill was run.
pub(super) fn sentence(drills: &[Drill]) -> &'static str {
    if drills.is_empty() {
        "No sending IP kept silent towards Gmail for ten minutes or more, so Google's published drill (ten minutes of silence, one connection, then one more at a time) was not run."
    } else if drills.iter().any(Drill::is_whole) {
        "At least one sending IP kept silent towards Gmail for ten minutes or more and came back with one connection, as Google's published drill asks."
    } else {
        "At least one sending IP kept silent towards Gmail for ten minutes or more; one connection after it, the next step of Google's published drill, is not shown."
    }
}
