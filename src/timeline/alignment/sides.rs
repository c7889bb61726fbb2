//! The two sides of a change of clocks: a source that keeps local time, or ignores that clocks
//! are set, is off by an hour more on one side than on the other, and one offset over both blurs.

use std::collections::BTreeMap;

use super::estimate::{Estimate, Estimates, FEWEST_MINUTES, estimates};
use super::{Verdict, verdict_of};
use crate::time::{Minute, Window, Zone};

/// What is claimed on either side of a minute as which clocks were set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sides {
    /// The first minute by the new clock.
    pub edge: Minute,
    /// What the minutes before it say.
    pub before: Verdict,
    /// What those from it on say.
    pub after: Verdict,
}

/// Minutes in an hour, by which clocks are set.
const HOUR: i32 = 60;

impl Sides {
    /// The offsets in minutes, where both sides claim one and they lie an hour apart: one of the
    /// two sources does not keep the same clock throughout.
    #[must_use]
    pub fn hour_apart(&self) -> Option<(i32, i32)> {
        let (before, after) = (self.before.offset()?, self.after.offset()?);
        // To the minute, as each offset is.
        ((after - before).abs() - HOUR).abs().le(&1).then_some((before, after))
    }

    /// Whose clocks explain the hour, the likeliest last: nobody's; those of some zone in which
    /// local times were written; those of a zone that many keep; those of the source's own zone,
    /// which it then ignores.
    fn explained(&self, zones: Pair) -> u8 {
        let Some((before, after)) = self.hour_apart() else { return 0 };
        let kept = [(zones.metrics, 1), (zones.logs, -1)]
            .into_iter()
            .filter_map(|(zone, sign)| zone_kept(zone, self.edge, (sign * before, sign * after)));
        let kept = kept.map(|zone| if zone.is_usual() { 2 } else { 1 }).max().unwrap_or(0);
        if zones.ends().any(|zone| zone.moves_at(self.edge)) { 3 } else { kept }
    }

    /// How well both sides are alike, each of its minutes counted.
    fn weight(&self, minutes: (usize, usize)) -> f64 {
        let of = |verdict: Verdict, minutes: usize| verdict.estimate().map_or(0.0, |e| e.r * minutes as f64);
        of(self.before, minutes.0) + of(self.after, minutes.1)
    }
}

/// The zone whose local times were read as those of another, found so many minutes off before
/// an edge and after it; nothing where no zone moves so.
#[must_use]
pub fn zone_kept(read_as: Zone, edge: Minute, (before, after): (i32, i32)) -> Option<Zone> {
    let (read_before, read_after) = read_as.offsets_around(edge);
    Zone::moving(edge, read_before + before * 60, read_after + after * 60)
}

/// The zones in which the times of logs and metrics were read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) logs: Zone,
    pub(super) metrics: Zone,
}

impl Pair {
    fn ends(self) -> impl Iterator<Item = Zone> {
        [self.logs, self.metrics].into_iter()
    }
}

/// The whole, and the sides that tell more: those an hour apart, at the edge of whatever zone
/// explains them best; else those of an edge of a zone that either source was read in.
pub(super) fn judge(
    delivered: &BTreeMap<Minute, f64>,
    egress: &BTreeMap<Minute, f64>,
    step: i32,
    zones: Pair,
) -> (Verdict, Option<Sides>) {
    let by_logs = Cut::of(delivered, egress, false);
    let whole = verdict_of(by_logs.estimates.whole, step);
    // Whichever source is right has the edge where clocks were set; so each is cut in turn.
    let by_metrics = Cut::of(egress, delivered, true);
    let mut all: Vec<(Sides, f64)> = by_logs.sides(step);
    all.extend(by_metrics.sides(step));
    let an_hour_apart = all.iter().filter(|(sides, _)| sides.hour_apart().is_some());
    let best = an_hour_apart
        .min_by(|(x, by_x), (y, by_y)| y.explained(zones).cmp(&x.explained(zones)).then(by_y.total_cmp(by_x)));
    let own = || all.iter().find(|(sides, _)| zones.ends().any(|zone| zone.moves_at(sides.edge)));
    (whole, best.or_else(own).map(|(sides, _)| *sides))
}

/// One series cut at each edge, held against the other one.
struct Cut {
    edges: Vec<Minute>,
    minutes: Vec<(usize, usize)>,
    estimates: Estimates,
    turned: bool,
}

impl Cut {
    fn of(cut: &BTreeMap<Minute, f64>, other: &BTreeMap<Minute, f64>, turned: bool) -> Self {
        let edges = edges(cut);
        // The whole is estimated once.
        let estimates = if turned && edges.is_empty() {
            Estimates { whole: None, sides: Vec::new() }
        } else {
            estimates(cut, other, &edges)
        };
        let minutes = edges.iter().map(|edge| {
            let before = cut.range(..edge).count();
            (before, cut.len() - before)
        });
        Self { minutes: minutes.collect(), estimates, edges, turned }
    }

    fn sides(&self, step: i32) -> Vec<(Sides, f64)> {
        let verdict = |e: Option<Estimate>| verdict_of(if self.turned { e.map(Estimate::turned) } else { e }, step);
        let each = self.edges.iter().zip(&self.minutes).zip(&self.estimates.sides);
        each.map(|((edge, minutes), [before, after])| {
            let sides = Sides { edge: *edge, before: verdict(*before), after: verdict(*after) };
            (sides, sides.weight(*minutes))
        })
        .collect()
    }
}

/// The edges of any zone that leave minutes on both sides: a side too short for a claim of its
/// own is told as one, but not a stray minute.
fn edges(series: &BTreeMap<Minute, f64>) -> Vec<Minute> {
    let few = FEWEST_MINUTES as usize / 6;
    let (first, last) = (series.keys().nth(few), series.keys().nth_back(few));
    let inner = first.zip(last).map(|(first, last)| Window::new(*first, *last));
    inner.map(|inner| Zone::edges(inner).into_iter().collect()).unwrap_or_default()
}
