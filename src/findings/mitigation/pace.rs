//! Open connections of a sending IP that fell, whoever lowered them and whether anybody wrote it
//! down or not.

use std::collections::BTreeSet;

use super::super::Evidence;
use super::Deed;
use crate::findings::{FoundWave, grouped, number};
use crate::time::{Minute, Window};
use crate::timeline::Timeline;

/// Minutes that the lower level lasts, and its part of the highest one.
const LASTS: usize = 5;
const FELL: f64 = 0.5;
/// Highest levels below this are left alone: their half is one connection or two.
const LEAST: f64 = 6.0;

/// A level that was left for at most half of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fall {
    /// The highest level, and its position.
    highest: (f64, usize),
    /// The first of the lower minutes, and the highest level in them.
    lower: (f64, usize),
}

/// Of the sending IPs that fail, where mail went on waiting or nobody knows whether it did: a queue
/// that ran empty lowers the number of connections by itself. `waiting` says whether messages
/// waited all through a time.
pub(super) fn falls(
    timeline: &Timeline,
    waves: &[FoundWave],
    failing: &BTreeSet<String>,
    waiting: impl Fn(Window) -> Option<bool>,
) -> Vec<Deed> {
    let at = |i: usize| timeline.window.at(i);
    let of_row = |(row, open): (usize, &Vec<Option<f64>>)| {
        let of = timeline.egresses.get(row).filter(|row| failing.contains(&row.of.label()))?;
        let sent: Vec<_> = of.counts.iter().map(|c| c.map(|c| c.attempts)).collect();
        let of_wave = |wave: &FoundWave| {
            let (from, to) = (timeline.window.index(wave.first)?, timeline.window.index(wave.end.plus(-1))?);
            let fall = fall(open, &sent, from, to)?;
            let lower = Window::new(at(fall.lower.1), at(fall.lower.1 + LASTS - 1).plus(1));
            Some((fall, lower, waiting(lower))).filter(|(.., waiting)| *waiting != Some(false))
        };
        let (fall, lower, waiting) = waves.iter().find_map(of_wave)?;
        let sessions = sent.iter().skip(fall.lower.1).take(LASTS).flatten().sum();
        Some(told(&of.of.label(), (fall, at(fall.highest.1)), lower, sessions, waiting))
    };
    timeline.connections.by_egress.iter().enumerate().filter_map(of_row).collect()
}

fn told(label: &str, (fall, peak): (Fall, Minute), lower: Window, sessions: u64, waiting: Option<bool>) -> Deed {
    let queue = match waiting {
        Some(_) => "with messages waiting",
        None => "whether messages were waiting is not known",
    };
    Deed {
        sentence: format!(
            "{}: open connections of {label} to Gmail fell to {} at most in five minutes, from {} at {peak} (estimated), with {} sessions in them and {queue}; whether a setting, the MTA itself or the end of a launch lowered them, the log does not tell.",
            lower.from,
            number(fall.lower.0, 0),
            number(fall.highest.0, 0),
            grouped(sessions),
        ),
        evidence: Evidence::Table("minutes_by_ip", label.to_owned()),
    }
}

/// The first five minutes in a row, after the highest level of a wave and beginning inside it,
/// with at most half of that level and sessions in each. A minute whose level is not known is none.
fn fall(open: &[Option<f64>], sent: &[Option<u64>], from: usize, to: usize) -> Option<Fall> {
    let levels = |from: usize, to: usize| open.get(from..to.min(open.len())).unwrap_or_default();
    let highest = levels(from, to + 1).iter().enumerate().filter_map(|(i, level)| Some((((*level)?), from + i)));
    // The earliest of equal ones.
    let highest =
        highest.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))).filter(|(level, _)| *level >= LEAST)?;
    (highest.1 + 1..=to).find_map(|at| {
        let low: Vec<f64> = levels(at, at + LASTS).iter().copied().flatten().collect();
        let busy = sent.get(at..at + LASTS)?.iter().all(|n| n.is_some_and(|n| n > 0));
        let most = low.iter().copied().max_by(f64::total_cmp)?;
        (low.len() == LASTS && busy && most <= FELL * highest.0).then_some(Fall { highest, lower: (most, at) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(levels: &[f64]) -> Vec<Option<f64>> {
        levels.iter().map(|l| Some(*l)).collect()
    }

    #[test]
    fn half_of_the_highest_for_five_minutes_is_a_fall() {
        let levels = open(&[3.0, 40.0, 45.0, 44.0, 30.0, 6.0, 6.0, 5.0, 6.0, 6.0, 6.0]);
        let sent = [Some(60); 11];
        let found = fall(&levels, &sent, 1, 6);
        assert_eq!(found, Some(Fall { highest: (45.0, 2), lower: (6.0, 5) }));
        let said = told(
            "192.0.2.11",
            (found.unwrap_or_else(|| unreachable!()), Minute::new(2)),
            Window::new(Minute::new(5), Minute::new(10)),
            300,
            None,
        );
        assert!(said.sentence.contains("fell to 6 at most in five minutes, from 45 at"), "{}", said.sentence);
        assert!(
            said.sentence.contains("with 300 sessions in them and whether messages were waiting is not known; whether")
        );
    }

    #[test]
    fn a_dip_a_small_number_and_an_idle_lane_are_none() {
        let sent = [Some(60); 8];
        assert_eq!(fall(&open(&[40.0, 45.0, 6.0, 6.0, 6.0, 30.0, 6.0, 6.0]), &sent, 0, 3), None, "a dip");
        assert_eq!(fall(&open(&[4.0, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]), &sent, 0, 3), None, "few to begin with");
        assert_eq!(
            fall(&open(&[40.0, 45.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0]), &[Some(0); 8], 0, 3),
            None,
            "nothing was sent"
        );
        let mut unknown = open(&[40.0, 45.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0]);
        unknown[4] = None;
        assert_eq!(fall(&unknown, &sent, 0, 3), None, "a level that is not known");
    }
}
