//! Launches as trials: each gave the receiver the same chance to refuse, and ended in a
//! wave or did not. Where no launches are known, surges of load stand for them.

use super::load::{Loads, Variable};
use super::onset::{Onset, REACH_MINUTES};
use crate::case::Launch;
use crate::time::{Minute, Window};

/// One launch, or one surge.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trial {
    /// Its place in case.yaml.
    pub(super) launch: Option<usize>,
    /// From the launch to the next one, an hour at most.
    pub(super) span: Window,
    /// The first wave that followed it.
    pub(super) wave: Option<Begun>,
    /// Whether "no wave followed" can be said of it: the logs cover it, and no other wave overlaps it.
    pub(super) is_judged: bool,
}

/// Where a wave began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Begun {
    pub(super) first: Minute,
    /// Minutes from the launch to the first failed session, to the second where that is known.
    pub(super) after: f64,
}

/// How the trials are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// At least two waves follow launches that case.yaml states, or the only one does.
    Stated,
    /// No launches are stated.
    Unstated,
    /// Launches are stated, but fewer than two waves follow one.
    NotFollowed,
}

/// What a claim of likeness is judged on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ground {
    pub(super) loads: Loads,
    /// In order of time.
    pub(super) trials: Vec<Trial>,
    pub(super) known: Known,
    /// Waves that began inside the data and follow no stated launch.
    pub(super) strays: usize,
    /// At least one other receiver was clean inside the waves, and none failed.
    pub(super) others_clean: bool,
}

/// Quiet minutes that part two surges, as they part two waves.
const QUIET_MINUTES: i32 = 5;

impl Ground {
    /// `waves` are the windows of the waves, one for each onset.
    pub(super) fn new(
        loads: Loads,
        launches: &[Launch],
        onsets: &[Onset],
        waves: &[Window],
        others_clean: bool,
    ) -> Self {
        let by_launch = launched(&loads, launches, onsets, waves);
        let followed = by_launch.iter().filter(|t| t.wave.is_some()).count();
        let comparable = (0..onsets.len()).filter(|i| is_comparable(onsets, *i)).count();
        let (known, trials) = if followed >= 2 || (followed == 1 && comparable == 1) {
            (Known::Stated, by_launch)
        } else if launches.is_empty() {
            (Known::Unstated, surged(&loads, onsets, waves))
        } else {
            (Known::NotFollowed, surged(&loads, onsets, waves))
        };
        let strays = onsets.iter().filter(|o| o.is_seen && o.launch.is_none()).count();
        Self { loads, trials, known, strays, others_clean }
    }

    /// The trials that ended in a wave, with its beginning.
    pub(super) fn waves(&self) -> impl Iterator<Item = (&Trial, Begun)> {
        self.trials.iter().filter_map(|t| Some((t, t.wave?)))
    }

    /// The trials of which it can be said that no wave followed.
    pub(super) fn clean(&self) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(|t| t.wave.is_none() && t.is_judged)
    }

    /// A variable's value in a minute of a trial, on the grid of minutes.
    pub(super) fn value(&self, variable: Variable, trial: &Trial, minute: Minute) -> Option<f64> {
        match variable {
            Variable::Delay => (self.known == Known::Stated).then(|| f64::from(minute.since(trial.span.from))),
            load => self.loads.at(load, minute),
        }
    }

    /// The largest load in a span.
    pub(super) fn most(&self, load: Variable, span: Window) -> Option<f64> {
        span.minutes().filter_map(|m| self.loads.at(load, m)).max_by(f64::total_cmp)
    }
}

fn launched(loads: &Loads, launches: &[Launch], onsets: &[Onset], waves: &[Window]) -> Vec<Trial> {
    let mut order: Vec<usize> = (0..launches.len()).collect();
    order.sort_by_key(|i| launches.get(*i).map(|l| l.at));
    let begins: Vec<(usize, Minute)> =
        order.into_iter().filter_map(|i| Some((i, launches.get(i)?.at.minute()))).collect();
    let trial = |(position, &(launch, from)): (usize, &(usize, Minute))| {
        let next = begins.get(position + 1).map_or(loads.window.to, |(_, minute)| *minute);
        let span = Window::new(from, next.min(from.plus(REACH_MINUTES + 1)).min(loads.window.to));
        let follows = |o: &&Onset| o.launch.is_some_and(|(of, _)| of == launch);
        let wave = onsets.iter().find(follows).and_then(|o| {
            let (_, seconds) = o.launch?;
            Some(Begun { first: o.first, after: seconds as f64 / 60.0 })
        });
        let is_covered = !span.is_empty() && span.minutes().all(|m| loads.known(m));
        Trial { launch: Some(launch), span, wave, is_judged: is_covered && !waves.iter().any(|w| overlap(*w, span)) }
    };
    begins.iter().enumerate().map(trial).collect()
}

/// A wave and the hour before it make a trial, and so does each surge without a wave.
fn surged(loads: &Loads, onsets: &[Onset], waves: &[Window]) -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut free_from = loads.window.from;
    for (i, (onset, wave)) in onsets.iter().zip(waves).enumerate() {
        if is_comparable(onsets, i) {
            let span = Window::new(free_from.max(onset.first.plus(-REACH_MINUTES)), wave.to);
            let wave = Some(Begun { first: onset.first, after: 0.0 });
            trials.push(Trial { launch: None, span, wave, is_judged: false });
        }
        free_from = wave.to;
    }
    let taken: Vec<Window> = trials.iter().map(|t| t.span).chain(waves.iter().copied()).collect();
    let mut surges: Vec<Window> = Vec::new();
    for minute in loads.active(loads.window) {
        match surges.last_mut() {
            Some(last) if minute.since(last.to) < QUIET_MINUTES => last.to = minute.plus(1),
            _ => surges.push(Window::new(minute, minute.plus(1))),
        }
    }
    // What is left of a surge after its wave is no surge of its own.
    surges.retain(|surge| !taken.iter().any(|w| overlap(*w, *surge)));
    trials.extend(surges.into_iter().map(|span| Trial { launch: None, span, wave: None, is_judged: true }));
    trials.sort_by_key(|t| t.span.from);
    trials
}

/// Whether a wave began inside the data, and is the first after its launch.
fn is_comparable(onsets: &[Onset], index: usize) -> bool {
    let launch = |o: &Onset| o.launch.map(|(launch, _)| launch);
    onsets.get(index).is_some_and(|onset| {
        let is_later = launch(onset).is_some() && onsets.iter().take(index).any(|o| launch(o) == launch(onset));
        onset.is_seen && !is_later
    })
}

fn overlap(a: Window, b: Window) -> bool {
    a.from < b.to && b.from < a.to
}
