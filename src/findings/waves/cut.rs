//! Step 2, *cut*: split the lane into stretches of constant failure rate.
//!
//! Exact: of all ways to split, the one with the highest binomial likelihood
//! after each cut has paid its price.

use super::lane::Lane;

/// A run of usable minutes, `[from, to)` in positions of [`Lane::cells`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub from: usize,
    pub to: usize,
}

/// Log-likelihood a cut must gain, before dividing by the dispersion: `2 ln T`.
/// One `ln T` pays for the `T` places a cut could be, the other keeps the
/// chance of a spurious cut near `1/T` for a whole file.
pub(super) fn price(usable: usize) -> f64 {
    2.0 * (usable.max(2) as f64).ln()
}

/// `x ln x`, with its limit at zero.
pub(super) fn x_ln_x(x: f64) -> f64 {
    if x > 0.0 { x * x.ln() } else { 0.0 }
}

/// The highest binomial log-likelihood of `failed` in `attempts` (its coefficient left out).
pub(super) fn log_likelihood(attempts: u64, failed: u64) -> f64 {
    let (m, x) = (attempts as f64, failed as f64);
    x_ln_x(x) + x_ln_x(m - x) - x_ln_x(m)
}

/// The cheapest split at a dispersion of at least 1, by dynamic programming
/// with pruning (PELT: Killick, Fearnhead and Eckley 2012).
///
/// Inside a run of minutes without failures no cut can be best: moving the
/// cut to the end of the run that faces the higher rate never loses. Only the
/// edges of such runs are tried, which is what keeps a quiet week fast.
pub(super) fn cut(lane: &Lane, dispersion: f64) -> Vec<Stretch> {
    struct Place {
        /// Position of a possible cut, before this usable minute.
        at: usize,
        attempts: u64,
        failed: u64,
        cost: f64,
        /// Index of the place where its last stretch begins.
        from: usize,
    }
    let clean = |i: usize| lane.cells.get(i).is_none_or(|c| c.failed == 0);
    let penalty = price(lane.len()) * dispersion;
    let places = (1..=lane.len()).filter(|&i| i == lane.len() || !(clean(i - 1) && clean(i)));
    let mut done = vec![Place { at: 0, attempts: 0, failed: 0, cost: -penalty, from: 0 }];
    let mut live = vec![0_usize];
    let mut costs = Vec::new();
    for at in places {
        let (attempts, failed) = lane.sums(0, at);
        let mut best = (f64::INFINITY, 0);
        costs.clear();
        for &start in &live {
            let Some(place) = done.get(start) else { continue };
            let cost = place.cost - log_likelihood(attempts - place.attempts, failed - place.failed);
            costs.push(cost);
            if cost + penalty < best.0 {
                best = (cost + penalty, start);
            }
        }
        let mut cost_of = costs.iter();
        // A start that is already behind by more than the price can never catch up.
        live.retain(|_| cost_of.next().is_some_and(|&cost| cost <= best.0));
        live.push(done.len());
        done.push(Place { at, attempts, failed, cost: best.0, from: best.1 });
    }
    let mut stretches = Vec::new();
    let mut here = done.len() - 1;
    while let Some(place) = done.get(here).filter(|_| here > 0) {
        let from = done.get(place.from).map_or(0, |p| p.at);
        stretches.push(Stretch { from, to: place.at });
        here = place.from;
    }
    stretches.reverse();
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::waves::MinuteCount;
    use crate::time::{Minute, Window};

    fn lane(counts: &[(u32, u32)]) -> Lane {
        let minutes: Vec<_> = counts.iter().map(|&(n, e)| Some(MinuteCount::new(n, e))).collect();
        Lane::new(Window::new(Minute::new(0), Minute::new(counts.len() as i32)), &minutes)
    }

    fn total(lane: &Lane, stretches: &[Stretch], dispersion: f64) -> f64 {
        let cost: f64 = stretches
            .iter()
            .map(|s| {
                let (attempts, failed) = lane.sums(s.from, s.to);
                -log_likelihood(attempts, failed)
            })
            .sum();
        cost + price(lane.len()) * dispersion * (stretches.len() as f64 - 1.0)
    }

    #[test]
    fn the_likelihood_of_three_in_ten() {
        // 3 ln 0.3 + 7 ln 0.7
        assert!((log_likelihood(10, 3) + 6.108_643_020_548_935).abs() < 1e-12);
        assert!(log_likelihood(10, 0).abs() < 1e-12 && log_likelihood(10, 10).abs() < 1e-12);
    }

    #[test]
    fn one_step_is_one_cut_and_a_constant_rate_none() {
        let mut counts = vec![(100, 1); 12];
        assert_eq!(cut(&lane(&counts), 1.0), [Stretch { from: 0, to: 12 }]);
        counts.extend([(100, 20); 8]);
        assert_eq!(cut(&lane(&counts), 1.0), [Stretch { from: 0, to: 12 }, Stretch { from: 12, to: 20 }]);
        assert_eq!(cut(&lane(&counts), 20.0).len(), 1, "bursty minutes pay more for a cut");
    }

    /// Every split of 12 minutes is tried: 2,048 of them.
    #[test]
    fn no_split_is_cheaper() {
        let mut state = 7_u32;
        for _ in 0..60 {
            let counts: Vec<(u32, u32)> = (0..12)
                .map(|i| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let failed = if (4..8).contains(&i) { (state >> 16) % 12 } else { (state >> 16) % 3 / 2 };
                    (15 + (state >> 24) % 20, failed)
                })
                .collect();
            let lane = lane(&counts);
            let found = total(&lane, &cut(&lane, 1.0), 1.0);
            for mask in 0..2048_u32 {
                let mut edges: Vec<usize> = vec![0];
                edges.extend((1..12).filter(|i| mask & (1 << (i - 1)) != 0));
                edges.push(12);
                let split: Vec<Stretch> = edges.windows(2).map(|w| Stretch { from: w[0], to: w[1] }).collect();
                assert!(found <= total(&lane, &split, 1.0) + 1e-9, "{counts:?}");
            }
        }
    }
}
