//! Google's published drill: ten minutes of silence, one connection, then one more at a time
//! (support.google.com/a/answer/81126, 2026-03-21).

use std::ops::Range;

use super::super::{Evidence, number};
use super::Deed;
use super::silence::{Silence, silence};
use crate::time::Window;
use crate::timeline::{MinuteState, Place, Row, Timeline};

/// Silences that are told one by one.
const SHOWN: usize = 5;
/// What counts as one connection: an estimate of five-second means may round up.
const ONE: f64 = 1.05;
/// Minutes looked at after it came back.
const RAMP: usize = 10;

/// The silences of all sending IPs.
pub(super) struct Silences {
    /// Those that were kept, by the moment at which the IP fell silent.
    kept: Vec<Drill>,
    /// Whether there are others that tell nothing.
    others: bool,
}

impl Silences {
    /// Ten minutes or more after the first wave began.
    pub(super) fn of(timeline: &Timeline, waves: &[Window]) -> Self {
        let mut silences = Self { kept: Vec::new(), others: false };
        let Some(from) = waves.first().and_then(|wave| timeline.window.index(wave.from)) else { return silences };
        let covered: Vec<bool> = timeline.states.iter().map(|state| *state == MinuteState::Full).collect();
        for (row, place) in timeline.egresses.iter().enumerate() {
            match silence(&place.counts.iter().collect::<Vec<_>>(), &covered, from) {
                Silence::Kept(stretch) => silences.kept.push(Drill::of(timeline, (row, place), &stretch)),
                Silence::Gap => silences.others = true,
                Silence::None => {}
            }
        }
        silences.kept.sort_by_key(|drill| drill.silence.from);
        silences
    }

    /// Whether a sending IP kept silent, came back with one connection and added one at a time; nothing where that is not known.
    pub(super) fn is_done(&self) -> Option<bool> {
        let told = !self.kept.is_empty() || !self.others;
        match self.kept.iter().any(Drill::is_whole) {
            true => Some(true),
            false => (told && self.kept.iter().all(Drill::is_known)).then_some(false),
        }
    }

    /// Each silence; of many the first.
    pub(super) fn deeds(&self) -> impl Iterator<Item = Deed> + '_ {
        let more = self.kept.len().saturating_sub(SHOWN);
        let told = (more > 0).then(|| Deed {
            sentence: format!("So did {more} more sending {}, later.", if more == 1 { "IP" } else { "IPs" }),
            evidence: Evidence::Table("minutes_by_ip", String::new()),
        });
        self.kept.iter().take(SHOWN).map(Drill::deed).chain(told)
    }

    /// Whether the drill was run.
    pub(super) fn sentence(&self) -> &'static str {
        if self.kept.iter().any(Drill::is_whole) {
            "At least one sending IP kept silent towards Gmail for ten minutes or more, came back with one connection and added one at a time, as Google's published drill asks."
        } else if !self.kept.is_empty() {
            "At least one sending IP kept silent towards Gmail for ten minutes or more; one connection after it and then one more at a time, the next steps of Google's published drill, are not shown."
        } else if self.others {
            "Where a sending IP had ten minutes or more without a session to Gmail, it had not just failed, or too few sessions were due for the gap to tell of a pause: Google's published drill (ten minutes of silence, one connection, then one more at a time) is not shown to have been run."
        } else {
            "No sending IP kept silent towards Gmail for ten minutes or more, so Google's published drill (ten minutes of silence, one connection, then one more at a time) was not run."
        }
    }
}

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

impl Drill {
    fn of(timeline: &Timeline, (row, place): (usize, &Row<Place>), silence: &Range<usize>) -> Self {
        let came_back = place.counts.get(silence.end).is_some_and(|c| c.attempts > 0);
        let levels =
            timeline.connections.by_egress.get(row).and_then(|open| open.get(silence.end..)).filter(|_| came_back);
        Self {
            ip: place.of.label(),
            silence: Window::new(timeline.window.at(silence.start), timeline.window.at(silence.end)),
            one_connection: levels.and_then(|levels| levels.first().copied().flatten()).map(|n| n <= ONE),
            ramp: levels.and_then(Ramp::of),
            came_back,
        }
    }

    /// Silence, one connection after it, and then one more at a time.
    fn is_whole(&self) -> bool {
        self.one_connection == Some(true) && self.ramp.is_some_and(Ramp::is_slow)
    }

    /// Whether the logs show how it came back.
    fn is_known(&self) -> bool {
        self.one_connection == Some(false) || self.one_connection.is_some() && self.ramp.is_some()
    }

    fn deed(&self) -> Deed {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Minute;

    fn sentence(kept: Vec<Drill>) -> &'static str {
        Silences { kept, others: false }.sentence()
    }

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
        assert!(sentence(vec![whole]).contains("added one at a time"));
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
        assert!(sentence(vec![unseen, at_once]).contains("are not shown"));
        assert!(sentence(vec![]).contains("was not run"));
    }
}
