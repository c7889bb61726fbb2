//! Which outcomes the logs behind a row can show, minute by minute: of those that none of
//! them can, none counted is not none.

use std::collections::{BTreeMap, BTreeSet};

use crate::intake::Exhibit;
use crate::scan::{Axis, Tally, What};
use crate::smtp::{Lane, Outcome};
use crate::time::Window;

/// A set of outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Outcomes(u16);

impl Outcomes {
    fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        Self(outcomes.into_iter().fold(0, |bits, outcome| bits | 1 << *outcome as u16))
    }

    const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What is known of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// No log could show any of it.
    Nothing,
    /// Some logs could not show all of it: there may be more.
    AtLeast(u64),
    /// All logs could show it.
    All(u64),
}

/// What one log cannot show: when outcomes are asked for one by one, and when it is all
/// failures together. Tables of counts tell how many failed, and need not tell how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Hidden {
    apart: Outcomes,
    together: Outcomes,
}

impl Hidden {
    const fn of(self, together: bool) -> Outcomes {
        if together { self.together } else { self.apart }
    }

    fn each(self, other: Self, of: impl Fn(u16, u16) -> u16) -> Self {
        let both = |a: Outcomes, b: Outcomes| Outcomes(of(a.0, b.0));
        Self { apart: both(self.apart, other.apart), together: both(self.together, other.together) }
    }
}

/// What the logs behind one row cannot show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// For each minute what none of them can show, and what one of them cannot; empty where
    /// all show everything.
    hidden: Vec<(Hidden, Hidden)>,
}

/// Whether these are all failures, however they came about.
fn is_sum(outcomes: &[Outcome]) -> bool {
    What::FAILURES.iter().all(|outcome| outcomes.contains(outcome))
}

impl Sight {
    /// Whether some log of the minute can show one of the outcomes.
    #[must_use]
    pub fn shows(&self, at: usize, outcomes: &[Outcome]) -> bool {
        let hidden = self.hidden.get(at).map(|(none, _)| *none).unwrap_or_default();
        Outcomes::of(outcomes).without(hidden.of(is_sum(outcomes))) != Outcomes::default()
    }

    /// Whether all logs of the minute can show all of the outcomes.
    #[must_use]
    pub fn shows_all(&self, at: usize, outcomes: &[Outcome]) -> bool {
        !self.hidden.get(at).is_some_and(|(_, some)| some.of(is_sum(outcomes)).meets(Outcomes::of(outcomes)))
    }
}

/// The logs that told of rows, and what each cannot show.
pub(super) struct Sources<'a> {
    /// When each log ran, and what it cannot show; and each table of counts.
    logs: BTreeMap<Exhibit, (Window, Hidden)>,
    window: Window,
    tally: &'a Tally,
}

impl<'a> Sources<'a> {
    pub(super) fn new(tally: &'a Tally, blind: &BTreeMap<Exhibit, BTreeSet<Outcome>>, window: Window) -> Self {
        let log = |(exhibit, outcomes): (&Exhibit, &BTreeSet<Outcome>)| {
            let heard = &tally.files.get(exhibit)?.heard;
            let ran = Window::new(*heard.first_key_value()?.0, heard.last_key_value()?.0.plus(1));
            let hidden = Outcomes::of(outcomes);
            Some((*exhibit, (ran, Hidden { apart: hidden, together: hidden })))
        };
        let mut logs: BTreeMap<_, _> = blind.iter().filter_map(log).collect();
        for ((minute, _, _), exhibit) in &tally.counted {
            let one = Window::new(*minute, minute.plus(1));
            let apart = blind.get(exhibit).map(Outcomes::of).unwrap_or_default();
            let hidden = Hidden { apart, ..Hidden::default() };
            logs.entry(*exhibit).and_modify(|(ran, _)| *ran = ran.union(one)).or_insert((one, hidden));
        }
        Self { logs, window, tally }
    }

    /// What is hidden of each row, by the rows that a test finds for what a log told of.
    pub(super) fn sights<K: Ord>(&self, key_of: impl Fn(Axis, Lane) -> Option<K>) -> BTreeMap<K, Sight> {
        if self.logs.values().all(|(_, hidden)| *hidden == Hidden::default()) {
            return BTreeMap::new();
        }
        let mut told: BTreeMap<K, BTreeMap<Hidden, Vec<Window>>> = BTreeMap::new();
        for (axis, lane, exhibit) in &self.tally.told {
            let Some(key) = key_of(*axis, *lane) else { continue };
            let (window, hidden) = self.logs.get(exhibit).copied().unwrap_or((self.window, Hidden::default()));
            told.entry(key).or_default().entry(hidden).or_default().push(window);
        }
        told.into_iter().map(|(key, logs)| (key, self.sight(logs))).collect()
    }

    fn sight(&self, mut logs: BTreeMap<Hidden, Vec<Window>>) -> Sight {
        for windows in logs.values_mut() {
            *windows = joined(std::mem::take(windows));
        }
        let hidden_in = |minute| {
            let ran = |(hidden, windows): (&Hidden, &Vec<Window>)| {
                windows.iter().any(|w| w.contains(minute)).then_some(*hidden)
            };
            let mut running: Vec<Hidden> = logs.iter().filter_map(ran).collect();
            // A row is told of in minutes at which none of its logs ran by other rows' logs.
            if running.is_empty() {
                running = logs.keys().copied().collect();
            }
            let none = running.iter().copied().reduce(|a, b| a.each(b, |a, b| a & b));
            let some = running.iter().copied().reduce(|a, b| a.each(b, |a, b| a | b));
            (none.unwrap_or_default(), some.unwrap_or_default())
        };
        Sight { hidden: self.window.minutes().map(hidden_in).collect() }
    }
}

/// Windows in order, those that touch made one.
fn joined(mut windows: Vec<Window>) -> Vec<Window> {
    windows.sort_by_key(|w| (w.from, w.to));
    let mut joined: Vec<Window> = Vec::new();
    for window in windows {
        match joined.last_mut().filter(|last| window.from <= last.to) {
            Some(last) => *last = last.union(window),
            None => joined.push(window),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::logs::Pulse;
    use crate::time::Minute;

    #[test]
    fn a_row_is_known_as_far_as_one_of_its_logs_that_ran_can_show() {
        let mut tally = Tally::default();
        let (egress, mx) = (tally.names.egress(b"mta1", b"", b"192.0.2.1"), tally.names.mx(b"mx.example"));
        // One that shows all of its minutes 1 to 2; one of 0 to 3 that shows no closes.
        for (exhibit, minutes) in [(1, 1..3), (2, 0..4)] {
            let file = tally.files.entry(Exhibit(exhibit)).or_default();
            file.heard = minutes.map(|m| (Minute::new(m), Pulse { lines: 1, prints: 0 })).collect();
            tally.told.insert((Axis::Egress(egress), Lane::GMAIL, Exhibit(exhibit)));
        }
        tally.told.insert((Axis::Mx(mx), Lane::GMAIL, Exhibit(2)));
        let blind = BTreeMap::from([
            (Exhibit(1), BTreeSet::new()),
            (Exhibit(2), BTreeSet::from([Outcome::RemoteClose, Outcome::Timeout])),
        ]);
        let window = Window::new(Minute::new(0), Minute::new(5));
        let sights = Sources::new(&tally, &blind, window).sights(|axis, _| Some(matches!(axis, Axis::Mx(_))));
        let of = |row: bool, outcomes: &[Outcome]| -> (Vec<bool>, Vec<bool>) {
            let sight = &sights[&row];
            (0..5).map(|at| (sight.shows(at, outcomes), sight.shows_all(at, outcomes))).unzip()
        };
        let (yes, no) = (vec![true; 5], vec![false; 5]);
        // In minute 4 none of them ran: what holds of either may be.
        assert_eq!(of(false, &[Outcome::RemoteClose]), (vec![false, true, true, false, true], no.clone()));
        assert_eq!(of(false, &[Outcome::RemoteClose, Outcome::Deferral]), (yes.clone(), no.clone()));
        assert_eq!(of(false, &[Outcome::Deferral]), (yes.clone(), yes.clone()));
        assert_eq!(of(true, &[Outcome::RemoteClose]), (no.clone(), no));
        assert_eq!(of(true, &[Outcome::Deferral]), (yes.clone(), yes));
    }

    #[test]
    fn a_table_without_kinds_tells_how_many_failed_and_not_how() {
        let mut tally = Tally::default();
        let egress = tally.names.egress(b"", b"counts", b"");
        tally.told.insert((Axis::Egress(egress), Lane::GMAIL, Exhibit(1)));
        for minute in 0..2 {
            tally.counted.insert((Minute::new(minute), String::new(), Lane::GMAIL), Exhibit(1));
        }
        let kinds: BTreeSet<_> = What::FAILURES.iter().copied().collect();
        let blind = BTreeMap::from([(Exhibit(1), kinds)]);
        let window = Window::new(Minute::new(0), Minute::new(2));
        let sight = Sources::new(&tally, &blind, window).sights(|_, _| Some(())).remove(&()).unwrap_or_default();
        for outcome in What::FAILURES {
            assert!(!sight.shows(1, &[*outcome]) && !sight.shows_all(1, &[*outcome]), "{outcome}");
        }
        assert!(sight.shows(1, What::FAILURES) && sight.shows_all(1, What::FAILURES));
        assert!(sight.shows_all(1, &[Outcome::Delivered]));
    }

    #[test]
    fn where_all_logs_show_all_nothing_is_kept() {
        let mut tally = Tally::default();
        tally.files.entry(Exhibit(1)).or_default().heard = [(Minute::new(1), Pulse::default())].into();
        let blind = BTreeMap::from([(Exhibit(1), BTreeSet::new())]);
        let sources = Sources::new(&tally, &blind, Window::new(Minute::new(0), Minute::new(5)));
        assert_eq!(sources.sights(|_, _| Some(())), BTreeMap::new());
        assert!(Sight::default().shows(3, &[Outcome::Timeout]) && Sight::default().shows_all(3, &[Outcome::Timeout]));
    }
}
