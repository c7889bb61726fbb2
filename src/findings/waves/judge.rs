//! Step 3, *judge*: which stretches fail, which of them are one wave, and which are only spikes.

use super::baseline::Baseline;
use super::cut::Stretch;
use super::date;
use super::lane::Lane;

/// Failing stretches with fewer usable quiet minutes between them are one wave.
pub(super) const QUIET_MINUTES: usize = 5;
/// A stretch fails only when its count has a smaller chance than this at the quiet rate.
const ALPHA: f64 = 1e-4;
/// Failed sessions beyond the quiet rate that make a wave.
pub(super) const MIN_EXCESS: f64 = 5.0;
/// Minutes with failures that make a wave.
const MIN_MINUTES: usize = 2;

/// The judged parts of a lane, in order of time; each starts and ends on a failed minute.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Judged {
    pub waves: Vec<Stretch>,
    pub spikes: Vec<Stretch>,
}

/// Sorts the stretches of a cut into waves and spikes.
pub(super) fn judge(lane: &Lane, stretches: &[Stretch], baseline: &Baseline) -> Judged {
    let failing = stretches.iter().filter(|s| is_failing(lane, **s, baseline)).filter_map(|s| trim(lane, *s));
    let runs = join(failing);
    let (waves, spikes): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| is_wave(lane, *run, baseline));
    let waves = join(settled(lane, &waves, baseline));
    let waves = join(waves.into_iter().map(|wave| widen(lane, wave, baseline)));
    let outside = |spike: &Stretch| waves.iter().all(|w| spike.to <= w.from || w.to <= spike.from);
    let spikes = spikes.into_iter().filter(outside).collect();
    Judged { waves, spikes }
}

/// The waves with each edge where it fits best, clear of its neighbours.
fn settled<'a>(lane: &'a Lane, waves: &'a [Stretch], baseline: &'a Baseline) -> impl Iterator<Item = Stretch> + 'a {
    waves.iter().enumerate().map(move |(k, wave)| {
        let floor = k.checked_sub(1).and_then(|j| waves.get(j)).map_or(0, |before| before.to);
        let ceiling = waves.get(k + 1).map_or(lane.len(), |after| after.from);
        let Stretch { mut from, mut to } = date::settle(lane, *wave, floor, ceiling, baseline);
        // Minutes that fail as a whole are no quiet, however much milder than the rest.
        if from > wave.from && is_failing(lane, Stretch { from: wave.from, to: from }, baseline) {
            from = wave.from;
        }
        if to < wave.to && is_failing(lane, Stretch { from: to, to: wave.to }, baseline) {
            to = wave.to;
        }
        trim(lane, Stretch { from, to }).filter(|s| is_wave(lane, *s, baseline)).unwrap_or(*wave)
    })
}

/// Whether a stretch fails more than the baseline allows.
fn is_failing(lane: &Lane, stretch: Stretch, baseline: &Baseline) -> bool {
    let (attempts, failed) = lane.sums(stretch.from, stretch.to);
    let (n, e) = (attempts as f64, failed as f64);
    e > baseline.tolerance * n && baseline.chance(n, e) < ALPHA
}

fn is_wave(lane: &Lane, run: Stretch, baseline: &Baseline) -> bool {
    let (attempts, failed) = lane.sums(run.from, run.to);
    let minutes = lane.slice(run.from, run.to).iter().filter(|c| c.failed > 0).count();
    failed as f64 - baseline.pu * attempts as f64 >= MIN_EXCESS && minutes >= MIN_MINUTES
}

/// Stretches too close to each other become one; they come in order of time.
fn join(stretches: impl Iterator<Item = Stretch>) -> Vec<Stretch> {
    let mut runs: Vec<Stretch> = Vec::new();
    for stretch in stretches {
        match runs.last_mut() {
            Some(run) if stretch.from < run.to + QUIET_MINUTES => run.to = stretch.to.max(run.to),
            _ => runs.push(stretch),
        }
    }
    runs
}

/// Without its leading and trailing minutes that have no failed session.
fn trim(lane: &Lane, stretch: Stretch) -> Option<Stretch> {
    let cells = lane.slice(stretch.from, stretch.to);
    let first = cells.iter().position(|c| c.failed > 0)?;
    let last = cells.iter().rposition(|c| c.failed > 0)?;
    Some(Stretch { from: stretch.from + first, to: stretch.from + last + 1 })
}

/// A wave together with the single failing minutes around it that are too
/// close to stand alone. One late minute cannot pay for two cuts, but beside a
/// wave it needs no such proof: it is judged like any stretch. And with the minutes
/// in the midst of which it began and ended.
fn widen(lane: &Lane, wave: Stretch, baseline: &Baseline) -> Stretch {
    let fails = |i: &usize| is_failing(lane, Stretch { from: *i, to: i + 1 }, baseline);
    let Stretch { mut from, mut to } = wave;
    while let Some(i) = (to..(to + QUIET_MINUTES).min(lane.len())).find(fails) {
        to = i + 1;
    }
    while let Some(i) = (from.saturating_sub(QUIET_MINUTES)..from).rev().find(fails) {
        from = i;
    }
    let (before, after) = date::shared_minutes(lane, Stretch { from, to }, baseline);
    Stretch { from: from - usize::from(before), to: to + usize::from(after) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;
    use crate::findings::waves::{BaselineSource, MinuteCount};
    use crate::time::{Minute, Window};

    fn lane(counts: &[(u32, u32)]) -> Lane {
        let minutes: Vec<_> = counts.iter().map(|&(n, e)| Some(MinuteCount::new(n, e))).collect();
        Lane::new(Window::new(Minute::new(0), Minute::new(counts.len() as i32)), &minutes)
    }

    /// 1 % quiet rate at most, so a stretch must exceed 2 %.
    fn baseline() -> Baseline {
        let mut baseline = Baseline::of(BaselineSource::Own, &lane(&[(100, 0); 30])).expect("usable");
        baseline.pu = 0.01;
        baseline.tolerance = 0.02;
        baseline
    }

    fn stretch(from: usize, to: usize) -> Stretch {
        Stretch { from, to }
    }

    #[test]
    fn a_wave_is_trimmed_to_its_failed_minutes() {
        let lane = lane(&[(100, 0), (100, 0), (100, 20), (100, 30), (100, 0), (100, 0)]);
        let judged = judge(&lane, &[stretch(0, 1), stretch(1, 5), stretch(5, 6)], &baseline());
        assert_eq!(judged.waves, [stretch(2, 4)]);
    }

    #[test]
    fn one_bad_minute_is_a_spike() {
        let lane = lane(&[(100, 0), (100, 60), (100, 0)]);
        let judged = judge(&lane, &[stretch(0, 1), stretch(1, 2), stretch(2, 3)], &baseline());
        assert_eq!(judged, Judged { waves: vec![], spikes: vec![stretch(1, 2)] });
    }

    #[test]
    fn four_quiet_minutes_join_and_five_divide() {
        let mut counts = vec![(100, 20); 2];
        counts.extend([(100, 0); 4]);
        counts.extend([(100, 20); 2]);
        let joined = judge(&lane(&counts), &[stretch(0, 2), stretch(2, 6), stretch(6, 8)], &baseline());
        assert_eq!(joined.waves, [stretch(0, 8)]);
        counts.insert(3, (100, 0));
        let divided = judge(&lane(&counts), &[stretch(0, 2), stretch(2, 7), stretch(7, 9)], &baseline());
        assert_eq!(divided.waves, [stretch(0, 2), stretch(7, 9)]);
    }

    #[test]
    fn a_late_failing_minute_belongs_to_the_wave_before_it() {
        let counts = [(100, 50), (100, 40), (100, 0), (100, 0), (100, 9), (100, 1), (100, 0)];
        let judged = judge(&lane(&counts), &[stretch(0, 2), stretch(2, 7)], &baseline());
        assert_eq!(judged.waves, [stretch(0, 5)], "9 of 100 fails by itself, 1 of 100 does not");
    }

    #[test]
    fn a_rate_within_tolerance_is_quiet_however_sure_it_is() {
        let lane = lane(&[(100_000, 1990); 10]);
        assert_eq!(judge(&lane, &[stretch(0, 10)], &baseline()), Judged::default());
    }
}
