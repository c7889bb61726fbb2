//! Step 1, *baseline*: which minutes are quiet, and what failing less than that means.
//!
//! The quiet minutes are found by cutting first: the stretch whose rate is most
//! surely low is the seed, and every stretch that it cannot be told from, or
//! that lies within the tolerance a failing stretch has to exceed, joins it.
//! Stretches beat fixed blocks because a short file around an incident has no
//! ten quiet minutes in a row that start where a block does.

use serde::Serialize;

use super::cut::{Stretch, cut};
use super::lane::{Cell, Lane};
use super::statistics::{inverse_incomplete_beta, upper_tail};
use crate::time::Minute;

/// Minutes the seed has at least, and a twentieth of all: fewer are too easily clean by luck,
/// and the longer the data, the luckier their luckiest stretch.
const SEED_MINUTES: usize = 4;
const SEED_SHARE: usize = 20;
/// A stretch or a minute this unlikely at the quiet rate is not quiet.
const NOT_QUIET: f64 = 1e-3;
/// The dispersion used while the quiet set is still growing.
const GROWING_DISPERSION: (f64, f64) = (2.0, 4.0);
/// Confidence of the upper limit of the rate that stretches are compared with
/// while the set grows: a seed of four minutes knows its rate only roughly.
const GROWING_CONFIDENCE: f64 = 0.8;
/// Rounds after which the quiet set is taken as it is; it settles in three or four.
const ROUNDS: usize = 20;
/// The dispersion that cutting and judging use.
const DISPERSION: (f64, f64) = (1.0, 20.0);
/// Quiet rates below this are not told apart; and above the second one sessions
/// cannot succeed at all, which no formula here needs to know exactly.
const RATE_LIMITS: (f64, f64) = (0.001, 0.999);
/// A baseline of fewer minutes, or fewer sessions, is weak.
const WEAK: (u32, u64) = (20, 200);
/// A quiet rate this many times that of the control, and this much above it, is doubtful.
const DOUBTFUL: (f64, f64) = (5.0, 0.03);
/// Minutes that lose a quarter of their sessions are not health, with or without a control.
const NEVER_HEALTHY: f64 = 0.25;

/// Where the quiet minutes were taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BaselineSource {
    /// Minutes that the user named as healthy.
    Healthy,
    /// The quiet minutes of the lane itself.
    Own,
    /// The quiet minutes of other receivers, because the lane has none of its own.
    Control,
}

/// How the lane behaves when nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Baseline {
    /// Where the quiet minutes come from.
    pub source: BaselineSource,
    /// Quiet minutes.
    pub minutes: u32,
    /// Sessions attempted in them.
    pub sessions: u64,
    /// Sessions of these that failed.
    pub failed: u64,
    /// The quiet failure rate, `(failed + 0.5) / (sessions + 1)`.
    pub p0: f64,
    /// Burstiness: how much more the quiet minutes scatter than coin tosses would; 1 to 20.
    pub phi: f64,
    /// 95 % upper limit of the quiet rate, at least 0.1 %.
    pub pu: f64,
    /// The rate a stretch must exceed to fail: twice `pu`, or one percentage point above it if that is more.
    pub tolerance: f64,
    /// Fewer than 20 quiet minutes or 200 quiet sessions.
    pub weak: bool,
    /// The quiet minutes may already lie inside the incident: their rate is far
    /// above that of the control, or too high to be health. A first minute is
    /// then to be read as "not later than".
    pub doubtful: bool,
}

/// The rate above which a stretch is worth reporting, for a quiet rate `p`.
pub(in crate::findings) fn tolerance(p: f64) -> f64 {
    (2.0 * p).max(p + 0.01)
}

impl Baseline {
    /// From the quiet minutes of `lane`; `None` when it has no usable minute.
    pub(super) fn of(source: BaselineSource, lane: &Lane) -> Option<Self> {
        Some(Self::without(source, lane, &[])?.0)
    }

    /// The same without some usable minutes, by their positions: one in the midst of which a wave
    /// may have begun or ended is no measure of quiet. Beside it the minutes that it rests on.
    pub(super) fn without(source: BaselineSource, lane: &Lane, beside: &[usize]) -> Option<(Self, Vec<Minute>)> {
        let shared: Vec<usize> = beside.iter().filter_map(|i| lane.cells.get(*i)).map(|c| c.at).collect();
        let mut quiet = quiet_minutes(lane);
        quiet.retain(|c| !shared.contains(&c.at));
        if quiet.is_empty() {
            return None;
        }
        let fit = Fit::of(&quiet);
        let phi = fit.phi.clamp(DISPERSION.0, DISPERSION.1);
        let pu = fit.upper(0.95, phi).clamp(RATE_LIMITS.0, RATE_LIMITS.1);
        let minutes = u32::try_from(quiet.len()).unwrap_or(u32::MAX);
        let baseline = Self {
            source,
            minutes,
            sessions: fit.attempts,
            failed: fit.failed,
            p0: fit.p,
            phi,
            pu,
            tolerance: tolerance(pu),
            weak: minutes < WEAK.0 || fit.attempts < WEAK.1,
            doubtful: fit.p > NEVER_HEALTHY,
        };
        Some((baseline, quiet.into_iter().map(|c| lane.minute(c)).collect()))
    }

    /// Whether this one looks like an incident beside the quiet minutes of a control.
    pub(super) fn far_above(&self, control: &Self) -> bool {
        self.p0 > DOUBTFUL.0 * control.p0 && self.p0 > control.p0 + DOUBTFUL.1
    }

    /// The chance of so many failures at the upper quiet rate.
    pub(super) fn chance(&self, attempts: f64, failed: f64) -> f64 {
        upper_tail(failed / self.phi, attempts / self.phi, self.pu)
    }
}

/// A binomial fitted to some minutes.
#[derive(Clone, Copy, Debug)]
struct Fit {
    attempts: u64,
    failed: u64,
    p: f64,
    /// Not clamped.
    phi: f64,
}

impl Fit {
    fn of(cells: &[Cell]) -> Self {
        let attempts = cells.iter().map(|c| u64::from(c.attempts)).sum::<u64>();
        let failed = cells.iter().map(|c| u64::from(c.failed)).sum::<u64>();
        let p = (failed as f64 + 0.5) / (attempts as f64 + 1.0);
        let scatter: f64 = cells.iter().map(|c| (c.e() - c.n() * p).powi(2)).sum();
        let expected: f64 = cells.iter().map(|c| c.n() * p * (1.0 - p)).sum();
        Self { attempts, failed, p, phi: if expected > 0.0 { scatter / expected } else { 1.0 } }
    }

    /// Upper limit of the rate at a confidence, with counts shrunk by a dispersion.
    fn upper(&self, confidence: f64, phi: f64) -> f64 {
        upper_limit(self.attempts, self.failed, confidence, phi)
    }
}

fn upper_limit(attempts: u64, failed: u64, confidence: f64, phi: f64) -> f64 {
    let rest = attempts.saturating_sub(failed) as f64 / phi;
    inverse_incomplete_beta(confidence, failed as f64 / phi + 1.0, rest)
}

/// The minutes that are quiet, in order of time.
fn quiet_minutes(lane: &Lane) -> Vec<Cell> {
    // A partial minute is no measure of quiet, unless there is nothing else.
    let any_whole = lane.cells.iter().any(|c| !c.partial);
    let eligible = |c: &&Cell| !(any_whole && c.partial);
    let stretches = cut(lane, 1.0);
    let mut quiet = seed(lane, &stretches, eligible);
    for _ in 0..ROUNDS {
        let fit = Fit::of(&quiet);
        let phi = fit.phi.clamp(GROWING_DISPERSION.0, GROWING_DISPERSION.1);
        let likely = fit.upper(GROWING_CONFIDENCE, phi);
        let joins = |s: &&Stretch| {
            let (n, e) = lane.sums(s.from, s.to);
            let (n, e) = (n as f64, e as f64);
            e <= tolerance(likely) * n || upper_tail(e / phi, n / phi, likely) > NOT_QUIET
        };
        let fits = |c: &&Cell| upper_tail(c.e() / phi, c.n() / phi, fit.p) > NOT_QUIET;
        let cells = stretches.iter().filter(joins).flat_map(|s| lane.slice(s.from, s.to));
        let next: Vec<Cell> = cells.filter(eligible).filter(fits).copied().collect();
        if next.is_empty() || next == quiet {
            break;
        }
        quiet = next;
    }
    quiet
}

/// The stretches with the lowest upper limit of their rate, until they hold enough minutes.
fn seed(lane: &Lane, stretches: &[Stretch], eligible: impl Fn(&&Cell) -> bool) -> Vec<Cell> {
    let mut order: Vec<(f64, &Stretch)> = stretches
        .iter()
        .map(|s| {
            let (attempts, failed) = lane.sums(s.from, s.to);
            (upper_limit(attempts, failed, 0.95, GROWING_DISPERSION.0), s)
        })
        .collect();
    // Stable, so that of equal stretches the earlier one is taken.
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut cells: Vec<Cell> = Vec::new();
    for (_, stretch) in order {
        if cells.len() >= SEED_MINUTES.max(lane.len() / SEED_SHARE) {
            break;
        }
        cells.extend(lane.slice(stretch.from, stretch.to).iter().filter(&eligible));
    }
    cells.sort_by_key(|c| c.at);
    cells
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;
    use crate::findings::waves::MinuteCount;
    use crate::time::Window;

    fn lane(counts: &[(u32, u32)]) -> Lane {
        let minutes: Vec<_> = counts.iter().map(|&(n, e)| Some(MinuteCount::new(n, e))).collect();
        Lane::new(Window::new(Minute::new(0), Minute::new(counts.len() as i32)), &minutes)
    }

    #[test]
    fn the_quiet_rate_and_its_limits_by_hand() {
        let baseline = Baseline::of(BaselineSource::Own, &lane(&[(100, 0); 30])).expect("usable");
        assert_eq!((baseline.minutes, baseline.sessions, baseline.failed), (30, 3000, 0));
        assert!((baseline.p0 - 0.5 / 3001.0).abs() < 1e-12);
        assert!((baseline.phi - 1.0).abs() < 1e-12, "less scatter than coin tosses counts as coin tosses");
        // No failure in 3000: the limit solves (1 - p)^3000 = 0.05, which is under the floor of 0.1 %.
        assert!((baseline.pu - 0.001).abs() < 1e-12 && (baseline.tolerance - 0.011).abs() < 1e-12);
        assert!(!baseline.weak && !baseline.doubtful);
    }

    #[test]
    fn a_seed_of_few_minutes_grows_over_the_quiet_ones_only() {
        let mut counts = vec![(60, 0), (55, 1), (70, 0), (64, 0), (58, 1), (61, 0)];
        counts.extend([(300, 150); 10]);
        counts.extend([(66, 0), (59, 0), (63, 1), (57, 0)]);
        let baseline = Baseline::of(BaselineSource::Own, &lane(&counts)).expect("usable");
        assert_eq!((baseline.minutes, baseline.failed), (10, 3));
        assert!(baseline.weak, "ten minutes are few, and this is said");
    }

    #[test]
    fn a_lane_that_never_works_is_doubtful() {
        let baseline = Baseline::of(BaselineSource::Own, &lane(&[(50, 30); 20])).expect("usable");
        assert!(baseline.doubtful);
        let all = Baseline::of(BaselineSource::Own, &lane(&[(50, 50); 20])).expect("usable");
        assert!(all.doubtful && all.pu < 1.0);
        assert!(Baseline::of(BaselineSource::Own, &lane(&[])).is_none());
    }

    #[test]
    fn far_above_needs_both_the_factor_and_the_points() {
        let at = |e| Baseline::of(BaselineSource::Own, &lane(&[(1000, e); 20])).expect("usable");
        assert!(at(60).far_above(&at(2)));
        assert!(!at(20).far_above(&at(1)), "only two points above");
        assert!(!at(60).far_above(&at(20)), "only three times as much");
    }
}
