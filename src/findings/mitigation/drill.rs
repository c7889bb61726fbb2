//! Google's published drill: ten minutes of silence, one connection, then one more at a time
//! (support.google.com/a/answer/81126, 2026-03-21).

use std::ops::Range;

use super::super::Evidence;
use super::Deed;
use crate::time::Window;
use crate::timeline::{Counts, MinuteState, Place, Row, Timeline};

/// Minutes of silence that the drill begins with.
const SILENCE: u64 = 10;
/// Sessions that would have been due in a silence: of so many, all are missing by chance once in 500
/// million times.
const DUE: u64 = 20;
/// Silences that are told one by one.
const SHOWN: usize = 5;
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

    /// Whether a sending IP kept silent and came back with one connection; nothing where that is not known.
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
            "At least one sending IP kept silent towards Gmail for ten minutes or more and came back with one connection, as Google's published drill asks."
        } else if !self.kept.is_empty() {
            "At least one sending IP kept silent towards Gmail for ten minutes or more; one connection after it, the next step of Google's published drill, is not shown."
        } else if self.others {
            "Where a sending IP had ten minutes or more without a session to Gmail, it had not just failed, or too few sessions were due for the gap to tell of a pause: Google's published drill (ten minutes of silence, one connection, then one more at a time) is not shown to have been run."
        } else {
            "No sending IP kept silent towards Gmail for ten minutes or more, so Google's published drill (ten minutes of silence, one connection, then one more at a time) was not run."
        }
    }
}

/// What the minutes of one IP hold.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Silence {
    /// It stopped because it failed.
    Kept(Range<usize>),
    /// It sent nothing for ten minutes or more, which tells nothing.
    Gap,
    None,
}

/// The first stretch of ten minutes or more without a session, after so many minutes, of a sending IP that
/// was in use before. It was kept where its last sessions failed, and at its rate until then so many would have
/// fallen into the stretch that none is no chance: most IPs of a large sender send now and then. A minute that a
/// log misses is no silent one: the stretch ends there, and what followed is not known.
fn silence(counts: &[Option<Counts>], covered: &[bool], from: usize) -> Silence {
    let attempts = |at: usize| counts.get(at).copied().flatten().map_or(0, |c| c.attempts);
    if (0..from).map(attempts).sum::<u64>() == 0 {
        return Silence::None;
    }
    let mut found = Silence::None;
    let mut known = covered.iter().take(from).filter(|covered| **covered).count() as u64;
    let mut sent: u64 = (0..from).map(attempts).sum();
    let mut last = None;
    let mut begun: Option<usize> = None;
    for at in from..=counts.len() {
        let here = counts.get(at).copied().flatten().filter(|_| covered.get(at) == Some(&true));
        if here.is_some_and(|c| c.attempts == 0) {
            begun = begun.or(Some(at));
            continue;
        }
        if let Some(start) = begun.take() {
            let long = (at - start) as u64;
            let stopped = last.is_some_and(|c: Counts| c.failed > 0);
            if long >= SILENCE {
                if stopped && sent * long >= DUE * known.max(1) {
                    return Silence::Kept(start..at);
                }
                found = Silence::Gap;
            }
            known += long;
        }
        known += u64::from(here.is_some());
        sent += here.map_or(0, |c| c.attempts);
        last = here;
    }
    found
}

impl Drill {
    fn of(timeline: &Timeline, (row, place): (usize, &Row<Place>), silence: &Range<usize>) -> Self {
        let came_back = place.counts.get(silence.end).is_some_and(|c| c.attempts > 0);
        let open = timeline.connections.by_egress.get(row).and_then(|c| c.get(silence.end).copied().flatten());
        Self {
            ip: place.of.label(),
            silence: Window::new(timeline.window.at(silence.start), timeline.window.at(silence.end)),
            one_connection: open.filter(|_| came_back).map(|n| n <= ONE),
            came_back,
        }
    }

    /// Silence, and one connection after it.
    pub(super) fn is_whole(&self) -> bool {
        self.one_connection == Some(true)
    }

    /// Whether the logs show how it came back.
    pub(super) const fn is_known(&self) -> bool {
        self.one_connection.is_some()
    }

    fn deed(&self) -> Deed {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes of an IP: attempts and failures of each; a question mark stands for a minute that no log covers.
    fn silence_in(minutes: &str, from: usize) -> Silence {
        let count = |word: &str| {
            let (attempts, failed) = word.split_once('/').unwrap_or((word, "0"));
            let (attempts, failed) = (attempts.parse().ok()?, failed.parse().unwrap_or_default());
            Some(Counts { attempts, failed, ..Counts::default() })
        };
        let counts: Vec<_> = minutes.split_whitespace().map(count).collect();
        let covered: Vec<_> = counts.iter().map(Option::is_some).collect();
        silence(&counts, &covered, from)
    }

    // esp trap 9: a gap of twelve minutes, and the negative case.
    #[test]
    fn an_ip_that_stops_because_it_fails_is_silent() {
        let twelve = "0 ".repeat(12);
        let stops = format!("4 5 4 5 5/3 4/4 {twelve} 1 1 2 3");
        assert_eq!(silence_in(&stops, 4), Silence::Kept(6..18));
        assert_eq!(silence_in(&format!("4 5 4 5 5/3 4/4 {twelve}"), 4), Silence::Kept(6..18), "and does not come back");
        assert_eq!(silence_in(&format!("4 5 4 5 5/3 4/4 {} 1", "0 ".repeat(9)), 4), Silence::None, "nine minutes");
        assert_eq!(
            silence_in("4 5 4 5 5/3 4/4 9/9 18/18 36/36 70/70 70/70 90/90 90/90 90/90 90/90 9/9", 4),
            Silence::None
        );
        assert_eq!(silence_in(&format!("0 0 0 0 5/3 4/4 {twelve} 1"), 4), Silence::None, "it was not in use before");
        assert_eq!(silence_in(&format!("4 5 4 5 5/3 4/4 0 0 0 0 ? {} 1", "0 ".repeat(9)), 4), Silence::None);
    }

    #[test]
    fn an_ip_that_sends_now_and_then_is_not_silent() {
        let twelve = "0 ".repeat(12);
        // One session in three minutes: in forty such stretches one is empty.
        assert_eq!(silence_in(&format!("1 0 0 1 0 0 1/1 {twelve} 1"), 4), Silence::Gap);
        assert_eq!(
            silence_in(&format!("1 0 0 1 0 0 1/1 {} 1", "0 ".repeat(61)), 4),
            Silence::Kept(7..68),
            "an hour is no chance"
        );
        assert_eq!(silence_in(&format!("4 5 4 5 5/3 4/4 4 4 {twelve} 5"), 4), Silence::Gap, "its launch was over");
    }
}
