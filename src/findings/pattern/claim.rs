//! One claim: that waves began alike in one variable.

use super::chance::chance;
use super::load::{Variable, median};
use super::onset::REACH_MINUTES;
use super::spread::{centre, interval, range, spread};
use super::trials::{Begun, Ground, Known, Trial};
use super::words::{Grounds, Word};
use crate::time::{Minute, Window};

/// A claim with everything it was judged by.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claim {
    pub(super) variable: Variable,
    /// The variable's value at each onset, in order of time.
    pub(super) values: Vec<f64>,
    /// Geometric mean of loads, median of delays.
    pub(super) centre: f64,
    /// 95 % interval of the geometric mean, from three waves on.
    pub(super) interval: Option<(f64, f64)>,
    /// The largest load before any onset, and of clean launches below the lowest onset.
    pub(super) clean_up_to: Option<f64>,
    pub(super) grounds: Grounds,
    pub(super) word: Word,
}

/// So far past the centre a launch must go without a wave to speak against the claim.
const PAST: f64 = 1.25;

/// Minutes within which an onset counts as foretold.
const WITHIN: f64 = 3.0;

impl Claim {
    /// Judges a variable at the onsets that were observed. None where it is not known at each.
    pub(super) fn of(ground: &Ground, variable: Variable) -> Option<Self> {
        let firsts: Vec<Minute> = ground.waves().map(|(_, begun)| begun.first).collect();
        let exact = |(trial, begun): (&Trial, Begun)| match variable {
            Variable::Delay => (ground.known == Known::Stated).then_some(begun.after),
            load => ground.value(load, trial, begun.first),
        };
        let values = ground.waves().map(exact).collect::<Option<Vec<f64>>>()?;
        Self::judge(ground, variable, &firsts, values)
    }

    /// Judges a variable as if the waves had begun in these minutes.
    pub(super) fn supposing(ground: &Ground, variable: Variable, firsts: &[Minute]) -> Option<Self> {
        let values = ground.waves().zip(firsts).map(|((trial, _), first)| ground.value(variable, trial, *first));
        let values = values.collect::<Option<Vec<f64>>>()?;
        Self::judge(ground, variable, firsts, values)
    }

    fn judge(ground: &Ground, variable: Variable, firsts: &[Minute], values: Vec<f64>) -> Option<Self> {
        let centre = centre(variable, &values).filter(|_| variable.is_load_at(values.iter().copied()))?;
        let grounds = Grounds {
            variable,
            waves: values.len(),
            spread: spread(variable, &values),
            chance: chance_of(ground, variable, firsts),
            foretold: foretold(ground, variable, firsts, &values),
            counter_examples: ground.clean().filter(|t| went_past(ground, variable, t, centre)).count(),
            others_clean: ground.others_clean,
            every_wave_launched: ground.known == Known::Stated && ground.strays == 0,
        };
        Some(Self {
            variable,
            centre,
            interval: interval(&values).filter(|_| variable.is_load()),
            clean_up_to: clean_up_to(ground, variable, firsts, range(&values).0),
            word: grounds.word(),
            grounds,
            values,
        })
    }

    /// When the variable reached, or would have reached, the claim's centre in each trial that
    /// ended in a wave; none where it never would.
    pub(super) fn predicted(&self, ground: &Ground) -> Option<Vec<Minute>> {
        ground.waves().map(|(trial, begun)| reaches(ground, self.variable, trial, begun.first, self.centre)).collect()
    }
}

/// When a variable gets to a value in a trial whose wave began in `first`.
///
/// Only the rising side counts: a wave changes the load after it. Where the value was not reached
/// by then, the rise over the minutes before tells when it would have been.
fn reaches(ground: &Ground, variable: Variable, trial: &Trial, first: Minute, value: f64) -> Option<Minute> {
    if variable == Variable::Delay {
        return Some(trial.span.from.plus(value.round() as i32));
    }
    let before = Window::new(trial.span.from, first.plus(1));
    if let Some(minute) = before.minutes().find(|m| ground.value(variable, trial, *m).is_some_and(|v| v >= value)) {
        return Some(minute);
    }
    let at_onset = ground.value(variable, trial, first)?;
    let earlier = ground.value(variable, trial, first.plus(-RISE_MINUTES))?;
    let rise = (at_onset - earlier) / f64::from(RISE_MINUTES);
    let minutes = ((value - at_onset) / rise).ceil();
    (rise > 0.0 && minutes <= f64::from(REACH_MINUTES)).then(|| first.plus(minutes as i32))
}

/// Minutes before an onset that tell how fast the load rose.
const RISE_MINUTES: i32 = 3;

/// The spread on the grid of minutes against that of random active minutes of each launch.
fn chance_of(ground: &Ground, variable: Variable, firsts: &[Minute]) -> Option<f64> {
    let mut observed = Vec::new();
    let mut pools = Vec::new();
    for ((trial, _), first) in ground.waves().zip(firsts) {
        observed.push(ground.value(variable, trial, *first)?);
        let active = ground.loads.active(trial.span).into_iter();
        pools.push(active.filter_map(|m| ground.value(variable, trial, m)).collect());
    }
    chance(variable, spread(variable, &observed), &pools)
}

/// Leave one out: of how many waves the onset lies within three minutes of where the median
/// of the other waves would have it.
fn foretold(ground: &Ground, variable: Variable, firsts: &[Minute], values: &[f64]) -> usize {
    let is_foretold = |(i, ((trial, _), first)): (usize, ((&Trial, Begun), &Minute))| {
        let others = values.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, v)| *v).collect();
        let Some(median) = median(others) else { return false };
        match variable {
            Variable::Delay => values.get(i).is_some_and(|v| (v - median).abs() <= WITHIN),
            load => reaches(ground, load, trial, *first, median)
                .is_some_and(|minute| f64::from(minute.since(*first).abs()) <= WITHIN),
        }
    };
    ground.waves().zip(firsts).enumerate().filter(|wave| is_foretold(*wave)).count()
}

/// A launch without a wave speaks against a load that it went well past, and against a delay
/// that it outlived.
fn went_past(ground: &Ground, variable: Variable, trial: &Trial, centre: f64) -> bool {
    match variable {
        Variable::Delay => trial.launch.is_some() && trial.span.len() as f64 > centre + WITHIN,
        load => ground.most(load, trial.span).is_some_and(|most| most > PAST * centre),
    }
}

fn clean_up_to(ground: &Ground, variable: Variable, firsts: &[Minute], lowest: f64) -> Option<f64> {
    if !variable.is_load() {
        return None;
    }
    let before = ground.waves().zip(firsts).filter_map(|((trial, _), first)| {
        // A wave in the launch's own minute has the minute before the launch to show.
        let span = Window::new(trial.span.from.min(first.plus(-1)), *first);
        ground.most(variable, span)
    });
    let clean = ground.clean().filter_map(|t| ground.most(variable, t.span)).filter(|most| *most < lowest);
    before.chain(clean).max_by(f64::total_cmp)
}
