//! A ceiling that nobody stated: a metric that stops rising while the load goes on.
//!
//! The metric is fitted against the load on the minutes of less than usual load. Inside the
//! waves its top is flat when many minutes stand within three percent of each other while
//! the load varies, and it falls well short of the fit. Only for values that cover a minute
//! or less: a coarse mean bends without a ceiling.

use std::collections::BTreeMap;

use super::Ceiling;
use crate::formats::metrics::MetricCell;
use crate::time::{Minute, Window};

/// Minutes at the top that make it flat, and without which nothing is said.
const TOP_MINUTES: usize = 5;
const LEAST_MINUTES: usize = 3;
/// A minute is at the top from this part of the 95th percentile on.
const TOP: f64 = 0.97;
/// The most that values at the top may scatter (coefficient of variation).
const SCATTER: f64 = 0.025;
/// The least that the load must vary at the top: its middle 80 %, as a part of its median.
const LOAD_SPREAD: f64 = 0.15;
/// How far the top falls short of the fit: at a ceiling, and surely below one.
const SHORTFALL: (f64, f64) = (0.10, 0.05);
/// Minutes of low load that a line is fitted to.
const FITTED: usize = 5;

/// Whether a metric has a flat top inside the waves, and since when. `load` is the
/// number of sessions attempted, by minute.
pub(super) fn flat_top(
    minutes: &BTreeMap<Minute, MetricCell>,
    load: &BTreeMap<Minute, f64>,
    waves: &[Window],
) -> (Ceiling, Option<Minute>) {
    const UNKNOWN: (Ceiling, Option<Minute>) = (Ceiling::Unknown, None);
    let points: Vec<Point> = minutes
        .iter()
        .filter(|(_, cell)| !cell.coarse)
        .filter_map(|(at, cell)| Some(Point { at: *at, load: *load.get(at)?, value: cell.mean }))
        .collect();
    let inside: Vec<Point> = points.iter().copied().filter(|p| waves.iter().any(|w| w.contains(p.at))).collect();
    let (Some(usual), Some(high)) = (quantile(&inside, 0.5, |p| p.load), quantile(&inside, 0.95, |p| p.value)) else {
        return UNKNOWN;
    };
    let low: Vec<Point> = points.iter().copied().filter(|p| p.load < usual).collect();
    let Some(line) = fit(&low) else { return UNKNOWN };
    let top: Vec<Point> = inside.into_iter().filter(|p| p.value >= TOP * high).collect();
    if top.len() < LEAST_MINUTES {
        return UNKNOWN;
    }
    let expected = mean(&top, |p| line.0 + line.1 * p.load);
    let found = mean(&top, |p| p.value);
    let shortfall = if expected > 0.0 { 1.0 - found / expected } else { 0.0 };
    let scatter = mean(&top, |p| (p.value - found).powi(2)).sqrt() / found;
    let loads = [0.1, 0.5, 0.9].map(|q| quantile(&top, q, |p| p.load).unwrap_or_default());
    let varied = loads[1] > 0.0 && (loads[2] - loads[0]) / loads[1] >= LOAD_SPREAD;
    if top.len() >= TOP_MINUTES && scatter <= SCATTER && varied && shortfall >= SHORTFALL.0 {
        (Ceiling::Hit, top.first().map(|p| p.at))
    } else if shortfall < SHORTFALL.1 {
        (Ceiling::Below, None)
    } else {
        UNKNOWN
    }
}

#[derive(Clone, Copy, Debug)]
struct Point {
    at: Minute,
    load: f64,
    value: f64,
}

fn mean(points: &[Point], of: impl Fn(&Point) -> f64) -> f64 {
    points.iter().map(of).sum::<f64>() / points.len() as f64
}

fn quantile(points: &[Point], part: f64, of: impl Fn(&Point) -> f64) -> Option<f64> {
    let mut values: Vec<f64> = points.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    let at = (part * (values.len().checked_sub(1)?) as f64).round() as usize;
    values.get(at).copied()
}

/// Least squares: where the line begins, and how steeply it rises.
fn fit(points: &[Point]) -> Option<(f64, f64)> {
    if points.len() < FITTED {
        return None;
    }
    let (x, y) = (mean(points, |p| p.load), mean(points, |p| p.value));
    let spread = mean(points, |p| (p.load - x).powi(2));
    let slope = mean(points, |p| (p.load - x) * (p.value - y)) / spread;
    (spread > 0.0 && slope > 0.0).then_some((y - slope * x, slope))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sixty minutes of rising and falling load; the wave covers the middle twenty.
    fn of(value: impl Fn(i32, f64) -> f64) -> Ceiling {
        let load: BTreeMap<Minute, f64> =
            (0..60).map(|i| (Minute::new(i), 1000.0 - f64::from((i - 30).abs()) * 30.0)).collect();
        let cell = |v: f64| MetricCell { samples: 4, mean: v, min: v, max: v, last: v, coarse: false };
        let minutes = load.iter().zip(0..).map(|((m, x), i)| (*m, cell(value(i, *x)))).collect();
        flat_top(&minutes, &load, &[Window::new(Minute::new(20), Minute::new(41))]).0
    }

    #[test]
    fn a_clipped_metric_is_at_its_ceiling_and_a_straight_one_is_below() {
        assert_eq!(of(|_, x| (x * 5.0 + 100.0).min(3900.0)), Ceiling::Hit);
        assert_eq!(of(|_, x| x * 5.0 + 100.0), Ceiling::Below);
    }

    #[test]
    fn what_does_not_follow_the_load_or_scatters_is_not_judged() {
        assert_eq!(of(|_, _| 3700.0), Ceiling::Unknown);
        // Retries raise the load while little is sent: no ceiling.
        assert_eq!(of(|i, x| if x > 700.0 { 2500.0 + f64::from(i % 7) * 60.0 } else { x * 5.0 }), Ceiling::Unknown);
    }

    #[test]
    fn coarse_means_are_not_judged() {
        let cell = MetricCell { samples: 1, mean: 5.0, min: 5.0, max: 5.0, last: 5.0, coarse: true };
        let minutes = (0..60).map(|i| (Minute::new(i), cell)).collect();
        let load = (0..60).map(|i| (Minute::new(i), f64::from(i))).collect();
        assert_eq!(flat_top(&minutes, &load, &[Window::new(Minute::new(20), Minute::new(41))]).0, Ceiling::Unknown);
    }
}
