//! The four steps together, and what they say.

use serde::Serialize;
use thiserror::Error;

use super::baseline::{Baseline, BaselineSource};
use super::cut::{Stretch, cut, log_likelihood, price};
use super::judge::{Judged, MIN_EXCESS, judge};
use super::lane::{Cell, Lane, MinuteCount};
use super::wave::{Wave, describe};
use crate::time::{Minute, Window};

/// Usable minutes below which nothing is said.
const MIN_USABLE: usize = 5;
/// The failure rate for which the smallest detectable incident is stated.
const STATED_RATE: f64 = 0.1;

/// What is known about a lane, minute by minute. `None` is a minute that was
/// not logged; a logged minute without attempts is a count of zero.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The minutes that `minutes` and `control` cover, from the first on.
    pub window: Window,
    /// The lane itself.
    pub minutes: &'a [Option<MinuteCount>],
    /// Minutes that the user named as healthy, of the same lane at any time; empty if none.
    pub healthy: &'a [Option<MinuteCount>],
    /// Other receivers in the same minutes; empty if none.
    pub control: &'a [Option<MinuteCount>],
}

impl<'a> Evidence<'a> {
    /// The lane alone.
    #[must_use]
    pub const fn new(window: Window, minutes: &'a [Option<MinuteCount>]) -> Self {
        Self { window, minutes, healthy: &[], control: &[] }
    }
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Too few minutes were logged and had attempts.
    #[error("only {usable} minutes have attempts; at least {needed} are needed")]
    TooShort {
        /// Minutes with attempts.
        usable: usize,
        /// Minutes needed.
        needed: usize,
    },
}

/// The smallest incident that would have been found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Detectable {
    /// Failed sessions needed.
    pub failed: u32,
    /// At this failure rate: 10 %, or twice the tolerance where that is more.
    pub rate: f64,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing can be said.
    Refused(Refusal),
    /// No stretch fails.
    NoIncident {
        /// What could have been missed.
        smallest_detectable: Detectable,
    },
    /// At least one wave, in order of time.
    Waves(Vec<Wave>),
}

/// A failing stretch too small to be a wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Spike {
    /// Its minutes.
    pub window: Window,
    /// Sessions attempted in them.
    pub attempts: u64,
    /// Sessions failed in them.
    pub failed: u64,
}

/// Failures that are not the incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Background {
    /// The earliest minute with one.
    pub first: Minute,
    /// Sessions attempted outside waves and spikes.
    pub attempts: u64,
    /// Sessions failed outside waves and spikes.
    pub failed: u64,
}

/// What was found on one lane.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Detection {
    /// The answer.
    pub outcome: Outcome,
    /// What counts as quiet; `None` when refused.
    pub baseline: Option<Baseline>,
    /// The minutes of the lane that it rests on, some of which may lie between the failures of a
    /// wave; none where it rests on others.
    #[serde(skip)]
    pub quiet: Vec<Minute>,
    /// Failing stretches too small to be waves, in order of time.
    pub spikes: Vec<Spike>,
    /// Failures outside waves and spikes, if there are any.
    pub background: Option<Background>,
    /// Minutes that were logged and had attempts.
    pub usable_minutes: usize,
}

impl Detection {
    /// The waves, in order of time; empty when there are none.
    #[must_use]
    pub fn waves(&self) -> &[Wave] {
        match &self.outcome {
            Outcome::Waves(waves) => waves,
            Outcome::Refused(_) | Outcome::NoIncident { .. } => &[],
        }
    }

    /// The minute with most failed sessions of all waves; the earliest on ties. None where a
    /// minute of which only a part is known has more.
    #[must_use]
    pub fn peak(&self) -> Option<Minute> {
        let mut peak: Option<&Wave> = None;
        for wave in self.waves().iter().filter(|w| w.peak.is_some()) {
            if peak.is_none_or(|p| wave.peak_failed > p.peak_failed) {
                peak = Some(wave);
            }
        }
        let most = self.waves().iter().map(|wave| wave.most_failed).max();
        peak.filter(|wave| Some(wave.peak_failed) == most).and_then(|wave| wave.peak)
    }
}

/// Finds, judges and dates the waves of failures on a lane.
///
/// Pure and deterministic. Cost grows with the square of the minutes that have
/// failures; a week of minutes takes less than a second.
#[must_use]
pub fn detect(evidence: &Evidence<'_>) -> Detection {
    let lane = Lane::new(evidence.window, evidence.minutes);
    let refused = Detection {
        outcome: Outcome::Refused(Refusal::TooShort { usable: lane.len(), needed: MIN_USABLE }),
        baseline: None,
        quiet: Vec::new(),
        spikes: Vec::new(),
        background: None,
        usable_minutes: lane.len(),
    };
    if lane.len() < MIN_USABLE {
        return refused;
    }
    match judged_by_best_baseline(&lane, evidence) {
        Some((baseline, judged, quiet)) => Detection { quiet, ..describe_all(&lane, baseline, &judged) },
        None => refused,
    }
}

/// The user's healthy minutes come first, then the lane's own quiet ones. The
/// control steps in only where the lane shows no change and its quietest
/// minutes fail far more than the control's: then it failed all the time.
fn judged_by_best_baseline(lane: &Lane, evidence: &Evidence<'_>) -> Option<(Baseline, Judged, Vec<Minute>)> {
    let judged = |baseline: &Baseline| judge(lane, &cut(lane, baseline.phi), baseline);
    let elsewhere = |minutes: &[Option<MinuteCount>], source| {
        let from = evidence.window.from;
        let window = Window::new(from, from.plus(i32::try_from(minutes.len()).unwrap_or(i32::MAX)));
        Baseline::of(source, &Lane::new(window, minutes))
    };
    if let Some(healthy) = elsewhere(evidence.healthy, BaselineSource::Healthy) {
        let judged = judged(&healthy);
        return Some((healthy, judged, Vec::new()));
    }
    let (mut own, mut quiet) = Baseline::without(BaselineSource::Own, lane, &[])?;
    let mut found = judged(&own);
    let above = |i: &usize| lane.cells.get(*i).is_some_and(|c| c.e() > own.pu * c.n());
    let beside = found.waves.iter().flat_map(|w| w.from.checked_sub(1).into_iter().chain([w.to]));
    let beside: Vec<usize> = beside.filter(above).collect();
    // A fault that ended in the midst of a minute is not what the next one is held against.
    let clear = Baseline::without(BaselineSource::Own, lane, &beside).filter(|_| !beside.is_empty());
    if let Some((clear, rest)) = clear {
        let again = judged(&clear);
        if !again.waves.is_empty() {
            (own, found, quiet) = (clear, again, rest);
        }
    }
    let Some(control) = elsewhere(evidence.control, BaselineSource::Control) else {
        return Some((own, found, quiet));
    };
    if own.far_above(&control) {
        if found.waves.is_empty() && !control.doubtful {
            let found = judged(&control);
            return Some((control, found, Vec::new()));
        }
        own.doubtful = true;
    }
    Some((own, found, quiet))
}

fn describe_all(lane: &Lane, baseline: Baseline, judged: &Judged) -> Detection {
    let inside = |i: usize| judged.waves.iter().chain(&judged.spikes).any(|s| s.from <= i && i < s.to);
    let rest: Vec<Cell> = lane.cells.iter().enumerate().filter(|(i, _)| !inside(*i)).map(|(_, c)| *c).collect();
    let attempts = rest.iter().map(|c| u64::from(c.attempts)).sum();
    let failed = rest.iter().map(|c| u64::from(c.failed)).sum();
    let first = rest.iter().find(|c| c.failed > 0);
    let background = first.map(|c| Background { first: lane.minute(*c), attempts, failed });
    let waves: Vec<Wave> = (0..judged.waves.len())
        .filter_map(|k| {
            let wave = judged.waves.get(k)?;
            let (n, e) = lane.sums(wave.from, wave.to);
            let gain =
                log_likelihood(n, e) + log_likelihood(attempts, failed) - log_likelihood(n + attempts, e + failed);
            describe(lane, &judged.waves, k, &baseline, gain)
        })
        .collect();
    let outcome = if waves.is_empty() {
        Outcome::NoIncident { smallest_detectable: smallest_detectable(lane.len(), &baseline) }
    } else {
        Outcome::Waves(waves)
    };
    let spikes = judged.spikes.iter().filter_map(|s| spike(lane, *s)).collect();
    Detection { outcome, baseline: Some(baseline), quiet: Vec::new(), spikes, background, usable_minutes: lane.len() }
}

fn spike(lane: &Lane, stretch: Stretch) -> Option<Spike> {
    let cells = lane.slice(stretch.from, stretch.to);
    let (attempts, failed) = lane.sums(stretch.from, stretch.to);
    let window = Window::new(lane.minute(*cells.first()?), lane.minute(*cells.last()?).plus(1));
    Some(Spike { window, attempts, failed })
}

/// Failed sessions whose likelihood pays for two cuts, at the stated rate.
fn smallest_detectable(usable: usize, baseline: &Baseline) -> Detectable {
    let rate = STATED_RATE.max(2.0 * baseline.tolerance).min(0.98);
    let p = baseline.p0.min(rate);
    let gain_per_session = rate * (rate / p).ln() + (1.0 - rate) * ((1.0 - rate) / (1.0 - p)).ln();
    let paid = 2.0 * price(usable) * baseline.phi * rate / gain_per_session;
    let excess = MIN_EXCESS * rate / (rate - baseline.pu).max(f64::MIN_POSITIVE);
    // The cast saturates, also where nothing at this rate would show.
    Detectable { failed: paid.max(excess).ceil() as u32, rate }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_smallest_detectable_incident_of_a_six_hour_file() {
        let quiet = Lane::new(Window::new(Minute::new(0), Minute::new(360)), &[Some(MinuteCount::new(1000, 2)); 360]);
        let baseline = Baseline::of(BaselineSource::Own, &quiet).expect("usable");
        // 4 ln 360 = 23.5; per session at 10 %: 0.1 ln(0.1/0.002) + 0.9 ln(0.9/0.998) = 0.298.
        assert_eq!(smallest_detectable(360, &baseline), Detectable { failed: 8, rate: 0.1 });
    }
}
