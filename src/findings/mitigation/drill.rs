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

/// The sending IPs that kept silent for ten minutes or more after the first wave began, by the
/// moment at which they fell silent.
pub(super) fn drills(timeline: &Timeline, waves: &[Window]) -> Vec<Drill> {
    let Some(from) = waves.first().and_then(|wave| timeline.window.index(wave.from)) else { return Vec::new() };
    let covered: Vec<bool> = timeline.states.iter().map(|state| *state == MinuteState::Full).collect();
    let of_row = |(row, place): (usize, &Row<Place>)| {
        let silence = silence(&place.counts, &covered, from)?;
        let came_back = place.counts.get(silence.end).copied().flatten().is_some_and(|c| c.attempts > 0);
        let open = timeline.connections.by_egress.get(row).and_then(|c| c.get(silence.end).copied().flatten());
        let one_connection = open.filter(|_| came_back).map(|n| n <= ONE);
        let silence = Window::new(timeline.window.at(silence.start), timeline.window.at(silence.end));
        Some(Drill { ip: place.of.label(), silence, one_connection, came_back })
    };
    let mut drills: Vec<_> = timeline.egresses.iter().enumerate().filter_map(of_row).collect();
    drills.sort_by_key(|drill| drill.silence.from);
    drills
}

/// The first stretch of ten minutes or more without a session, after so many minutes, of a sending IP that
/// was in use before. Its last sessions failed, and at its rate until then so many would have
/// fallen into the stretch that none is no chance: most IPs of a large sender send now and then. A minute that a
/// log misses is no silent one: the stretch ends there, and what followed is not known.
fn silence(counts: &[Option<Counts>], covered: &[bool], from: usize) -> Option<Range<usize>> {
    let attempts = |at: usize| counts.get(at).copied().flatten().map_or(0, |c| c.attempts);
    if (0..from).map(attempts).sum::<u64>() == 0 {
        return None;
    }
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
            if stopped && long >= SILENCE && sent * long >= DUE * known.max(1) {
                return Some(start..at);
            }
            known += long;
        }
        known += u64::from(here.is_some());
        sent += here.map_or(0, |c| c.attempts);
        last = here;
    }
    None
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

/// Each silence; of many the first.
pub(super) fn deeds(drills: &[Drill]) -> impl Iterator<Item = Deed> + '_ {
    let more = drills.len().saturating_sub(SHOWN);
    let told = (more > 0).then(|| Deed {
        sentence: format!("So did {more} more sending {}, later.", if more == 1 { "IP" } else { "IPs" }),
        evidence: Evidence::Table("minutes_by_ip", String::new()),
    });
    drills.iter().take(SHOWN).map(Drill::deed).chain(told)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Minutes of an IP: attempts and failures of each; a question mark stands for a minute that no log covers.
    fn silence_in(minutes: &str, from: usize) -> Option<Range<usize>> {
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
        assert_eq!(silence_in(&stops, 4), Some(6..18));
        assert_eq!(silence_in(&format!("4 5 4 5 5/3 4/4 {twelve}"), 4), Some(6..18), "and does not come back");
        assert_eq!(silence_in(&format!("4 5 4 5 5/3 4/4 {} 1", "0 ".repeat(9)), 4), None, "nine minutes");
        assert_eq!(silence_in("4 5 4 5 5/3 4/4 9/9 18/18 36/36 70/70 70/70 90/90 90/90 90/90 90/90 9/9", 4), None);
        assert_eq!(silence_in(&format!("0 0 0 0 5/3 4/4 {twelve} 1"), 4), None, "it was not in use before");
        assert_eq!(silence_in(&format!("4 5 4 5 5/3 4/4 0 0 0 0 ? {} 1", "0 ".repeat(9)), 4), None);
    }

    #[test]
    fn an_ip_that_sends_now_and_then_is_not_silent() {
        let twelve = "0 ".repeat(12);
        // One session in three minutes: in forty such stretches one is empty.
        assert_eq!(silence_in(&format!("1 0 0 1 0 0 1/1 {twelve} 1"), 4), None);
        assert_eq!(
            silence_in(&format!("1 0 0 1 0 0 1/1 {} 1", "0 ".repeat(61)), 4),
            Some(7..68),
            "an hour is no chance"
        );
        assert_eq!(silence_in(&format!("4 5 4 5 5/3 4/4 4 4 {twelve} 5"), 4), None, "its launch was over");
    }
}
