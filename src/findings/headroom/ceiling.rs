//! Whether a resource was at its ceiling, against the limit that is stated.

use std::collections::{BTreeMap, BTreeSet};

use super::{Headroom, Resource, is_same_host};
use crate::formats::metrics::MetricCell;
use crate::time::Minute;

/// Whether a resource hit its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::findings) enum Ceiling {
    /// At least three consecutive minutes at 95 % of the stated limit or more.
    Hit,
    /// The 95th percentile inside the waves lay below 80 % of the stated limit.
    Below,
    /// Between the two, no limit stated, or no data.
    Unknown,
}

/// So many minutes at the limit are a hit.
const HELD: usize = 3;

/// The ceiling test with a stated limit. Of averages over `step` minutes, three of which may have
/// held all that the average tells, so much is told: that they lay at the limit, or far enough below.
pub(super) fn against_limit(inside: &[(Minute, MetricCell)], limit: f64, step: f64) -> (Ceiling, Option<Minute>) {
    if inside.is_empty() || limit <= 0.0 {
        return (Ceiling::Unknown, None);
    }
    let held = inside.windows(HELD).find(|w| w[2].0.since(w[0].0) == 2 && w.iter().all(|(_, c)| is_near(c, limit)));
    if let Some(first) = held {
        return (Ceiling::Hit, first.first().map(|(m, _)| *m));
    }
    let may_hide = (step / HELD as f64).max(1.0);
    let mut values: Vec<_> = inside.iter().map(|(_, c)| if c.coarse { c.mean * may_hide } else { c.max }).collect();
    values.sort_by(f64::total_cmp);
    let at = (values.len() * 95).div_ceil(100).saturating_sub(1);
    let below = values.get(at).is_some_and(|p95| *p95 < 0.8 * limit);
    (if below { Ceiling::Below } else { Ceiling::Unknown }, None)
}

impl Ceiling {
    pub(in crate::findings) const fn word(self) -> &'static str {
        match self {
            Self::Hit => "yes",
            Self::Below => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// The minute from which on a limit was held without a break up to a minute: what was there
/// before the failures may be their cause.
pub(super) fn held_since(minutes: &BTreeMap<Minute, MetricCell>, limit: f64, at: Minute) -> Minute {
    let mut since = at;
    while minutes.get(&since.plus(-1)).is_some_and(|c| is_near(c, limit)) {
        since = since.plus(-1);
    }
    since
}

fn is_near(cell: &MetricCell, limit: f64) -> bool {
    cell.mean >= 0.95 * limit
}

/// What fills up behind a receiver that is slow: at its limit from the first error on, it is a
/// consequence.
const PILES_UP: [&str; 3] = ["mta_workers", "smtp_out_connections", "open_files"];

/// Whether a ceiling was reached too late to be a cause: later than one minute after the first
/// error, or, of what fills up behind a slow receiver, not before it.
pub(super) fn is_consequence(signal: &str, hit_at: Option<Minute>, first: Option<Minute>) -> bool {
    match (hit_at, first) {
        (Some(at), Some(first)) if PILES_UP.contains(&signal) => at >= first,
        (Some(at), Some(first)) => at > first.plus(1),
        _ => false,
    }
}

/// Whether any resource of a kind hit its ceiling in time to be a cause. None where none was
/// measured against a limit on one of the nodes: that node may have been at its own.
pub(in crate::findings) fn ceiling_of(found: &[Headroom], resource: Resource, nodes: &BTreeSet<&str>) -> Option<bool> {
    let mine = || found.iter().filter(|h| h.resource == resource);
    if mine().any(|h| h.ceiling == Ceiling::Hit && !h.is_consequence) {
        return Some(true);
    }
    // A hit that came later is a consequence, not a cause; it counts as not limiting.
    let known = |h: &&Headroom| matches!(h.ceiling, Ceiling::Below | Ceiling::Hit);
    let of_node = |node: &str| {
        let of = |h: &Headroom| h.node.is_empty() && nodes.len() == 1 || is_same_host(&h.node, node);
        mine().filter(known).any(of)
    };
    let each = if nodes.is_empty() { mine().any(|h| known(&h)) } else { nodes.iter().all(|node| of_node(node)) };
    each.then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(v: f64) -> MetricCell {
        MetricCell { samples: 12, mean: v, min: v, max: v, last: v, coarse: false }
    }

    fn minutes(values: &[f64]) -> Vec<(Minute, MetricCell)> {
        values.iter().enumerate().map(|(i, v)| (Minute::new(i as i32), cell(*v))).collect()
    }

    /// metrics trap 36: workers at their limit are normal where the receiver is slow; only those
    /// that were there before the first error limited anything.
    #[test]
    fn workers_that_pile_up_behind_a_stall_limit_nothing() {
        let late = |signal, at| is_consequence(signal, Some(Minute::new(at)), Some(Minute::new(10)));
        assert_eq!([9, 10, 11].map(|at| late("mta_workers", at)), [false, true, true]);
        // A processor does not wait for the receiver.
        assert_eq!([10, 11, 12].map(|at| late("cpu_percent", at)), [false, false, true]);
    }

    #[test]
    fn a_limit_is_held_since_before_the_wave() {
        let minutes: BTreeMap<_, _> = minutes(&[20.0, 97.0, 99.0, 98.0, 96.0]).into_iter().collect();
        assert_eq!(held_since(&minutes, 100.0, Minute::new(3)), Minute::new(1));
        assert_eq!(held_since(&minutes, 200.0, Minute::new(3)), Minute::new(3));
    }

    #[test]
    fn three_minutes_at_the_limit_are_a_hit_and_two_are_not() {
        assert_eq!(
            against_limit(&minutes(&[10.0, 96.0, 99.0, 95.0]), 100.0, 1.0),
            (Ceiling::Hit, Some(Minute::new(1)))
        );
        assert_eq!(against_limit(&minutes(&[10.0, 96.0, 99.0, 50.0]), 100.0, 1.0), (Ceiling::Unknown, None));
        assert_eq!(against_limit(&minutes(&[10.0, 40.0, 70.0]), 100.0, 1.0), (Ceiling::Below, None));
        assert_eq!(against_limit(&[], 100.0, 1.0), (Ceiling::Unknown, None));
    }

    /// metrics trap 38: ten-minute samples cannot deny a spike of three minutes, unless their average
    /// is so low that it could not hold one; and they show a ceiling only where they lie at it.
    #[test]
    fn an_average_excludes_no_shorter_peak() {
        let coarse = |mean: f64| -> Vec<_> {
            minutes(&[mean; 10]).into_iter().map(|(m, c)| (m, MetricCell { coarse: true, ..c })).collect()
        };
        let found = |mean| against_limit(&coarse(mean), 100.0, 10.0).0;
        assert_eq!(
            [96.0, 50.0, 25.0, 20.0].map(found),
            [Ceiling::Hit, Ceiling::Unknown, Ceiling::Unknown, Ceiling::Below]
        );
        assert_eq!(against_limit(&minutes(&[50.0; 10]), 100.0, 1.0).0, Ceiling::Below);
    }
}
