//! Stretches in which a sending IP had no session to Gmail: kept, or gaps that tell nothing.

use std::ops::Range;

use crate::timeline::Counts;

/// Minutes of silence that the drill begins with.
const SILENCE: u64 = 10;
/// Sessions that would have been due in a silence: of so many, all are missing by chance once in 500
/// million times.
const DUE: u64 = 20;

/// What the minutes of one IP hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Silence {
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
pub(super) fn silence(counts: &[Option<Counts>], covered: &[bool], from: usize) -> Silence {
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
