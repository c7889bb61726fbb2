//! Google's published drill: ten minutes of silence, one connection, then one more at a time
//! (support.google.com/a/answer/81126, 2026-03-21).

use super::super::{Evidence, number};
use super::Deed;
use crate::time::{Minute, Window};
use crate::timeline::{MinuteState, Timeline};

/// Minutes of silence that the drill begins with.
const SILENCE: i32 = 10;
/// What counts as one connection: an estimate of five-second means may round up.
const ONE: f64 = 1.05;
/// Minutes looked at after it came back.
const RAMP: usize = 10;

/// One sending IP that fell silent towards Gmail.
pub(super) struct Drill {
    ip: String,
    silence: Window,
    /// Whether it came back with one connection; none where it did not come back, or where
    /// no log states how long sessions lasted.
    one_connection: Option<bool>,
    /// How it went on; none where it did not, or where that is not known.
    ramp: Option<Ramp>,
    came_back: bool,
}

/// How connections grew in the minutes after the first.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ramp {
    /// The most that a minute added to the one before it.
    step: f64,
    /// The highest level.
    highest: f64,
    minutes: usize,
}

impl Ramp {
    /// The levels from the first minute with a session on, ten of them where each is known.
    fn of(levels: &[Option<f64>]) -> Option<Self> {
        let levels: Vec<f64> = levels.iter().take(RAMP).map_while(|level| *level).collect();
        let steps = levels.windows(2).map(|pair| pair[1].ceil() - pair[0].ceil());
        let step = steps.max_by(f64::total_cmp)?.max(0.0);
        let highest = levels.iter().copied().max_by(f64::total_cmp)?;
        Some(Self { step, highest, minutes: levels.len() })
    }

    /// One more at a time.
    fn is_slow(self) -> bool {
        self.step <= 1.0
    }
}

/// The sending IPs that kept silent for ten minutes or more after the first wave began.
pub(super) fn drills(timeline: &Timeline, waves: &[Window]) -> Vec<Drill> {
    let of_row = |row: usize| {
        let (silence, came_back) = silence(timeline, row, waves)?;
        let back = timeline.window.index(silence.to);
        let open = timeline.connections.by_egress.get(row).zip(back).and_then(|(c, i)| c.get(i).copied().flatten());
        let one_connection = open.filter(|_| came_back).map(|n| n <= ONE);
        let levels = timeline.connections.by_egress.get(row).zip(back).and_then(|(c, i)| c.get(i..));
        let ramp = levels.filter(|_| came_back).and_then(Ramp::of);
        Some(Drill { ip: timeline.egresses.get(row)?.of.label(), silence, one_connection, ramp, came_back })
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
    /// Silence, one connection after it, and then one more at a time.
    pub(super) fn is_whole(&self) -> bool {
        self.one_connection == Some(true) && self.ramp.is_some_and(Ramp::is_slow)
    }

    /// Whether the logs show how it came back.
    pub(super) fn is_known(&self) -> bool {
        self.one_connection == Some(false) || self.one_connection.is_some() && self.ramp.is_some()
    }

    pub(super) fn deed(&self) -> Deed {
        let then = match (self.came_back, self.one_connection) {
            (false, _) => "; what followed the logs do not show".to_owned(),
            (true, Some(true)) => format!(", then one connection{}", self.went_on()),
            (true, Some(false)) => ", then more than one connection at once".to_owned(),
            (true, None) => "; with how many connections it came back is not shown".to_owned(),
        };
        let Self { ip, silence, .. } = self;
        Deed {
            sentence: format!("{}: no session from {ip} to Gmail until {}{then}.", silence.from, silence.to),
            evidence: Evidence::Table("minutes_by_ip", ip.clone()),
        }
    }
}

impl Drill {
    /// What followed the one connection.
    fn went_on(&self) -> String {
        let Some(ramp) = self.ramp else { return "; how it went on is not shown".to_owned() };
        let how = if ramp.is_slow() {
            "never more than one more in a minute".to_owned()
        } else {
            format!("up to {} more in a minute", number(ramp.step, 0))
        };
        format!(", then {how}, at most {} within {} minutes (estimated)", number(ramp.highest, 0), ramp.minutes)
    }
}

/// Whether the drill was run.
pub(super) fn sentence(drills: &[Drill]) -> &'static str {
    if drills.is_empty() {
        "No sending IP kept silent towards Gmail for ten minutes or more, so Google's published drill (ten minutes of silence, one connection, then one more at a time) was not run."
    } else if drills.iter().any(Drill::is_whole) {
        "At least one sending IP kept silent towards Gmail for ten minutes or more, came back with one connection and added one at a time, as Google's published drill asks."
    } else {
        "At least one sending IP kept silent towards Gmail for ten minutes or more; one connection after it and then one more at a time, the next steps of Google's published drill, are not shown."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drill(one_connection: Option<bool>, levels: &[f64]) -> Drill {
        let levels: Vec<_> = levels.iter().map(|l| Some(*l)).collect();
        let silence = Window::new(Minute::new(0), Minute::new(12));
        Drill { ip: "192.0.2.11".to_owned(), silence, one_connection, ramp: Ramp::of(&levels), came_back: true }
    }

    #[test]
    fn silence_one_connection_and_one_more_at_a_time_are_the_drill() {
        let whole = drill(Some(true), &[1.0, 1.02, 2.0, 2.9, 2.0, 4.0]);
        assert!(!whole.is_whole(), "from 2 to 4 in a minute");
        let whole = drill(Some(true), &[1.0, 0.8, 2.0, 2.9, 3.0, 4.0]);
        assert!(whole.is_whole() && whole.is_known());
        let said = whole.deed().sentence;
        assert!(said.ends_with("then one connection, then never more than one more in a minute, at most 4 within 6 minutes (estimated)."), "{said}");
        assert!(sentence(&[whole]).contains("added one at a time"));
    }

    #[test]
    fn what_went_on_too_fast_or_unseen_is_not_called_the_drill() {
        let fast = drill(Some(true), &[1.0, 30.0]);
        assert!(!fast.is_whole() && fast.is_known());
        assert!(fast.deed().sentence.contains("then up to 29 more in a minute, at most 30"));
        let unseen = drill(Some(true), &[1.0]);
        assert!(
            !unseen.is_whole() && !unseen.is_known() && unseen.deed().sentence.contains("how it went on is not shown")
        );
        let at_once = drill(Some(false), &[20.0, 20.0]);
        assert!(!at_once.is_whole() && at_once.is_known());
        assert!(sentence(&[unseen, at_once]).contains("are not shown"));
        assert!(sentence(&[]).contains("was not run"));
    }
}
