//! Whether metrics stand on the clock of the logs: what a node sent, minute by minute, against
//! what its logs say was accepted. Nothing is shifted by it; it is told.

mod estimate;
mod sides;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use estimate::Estimate;
use estimate::{FARTHEST, LEAST_OVERLAP};
use sides::Pair;
pub use sides::{Sides, zone_kept};

use super::{NodeCoverage, coverage};
use crate::formats::metrics::{MetricSeries, Signal};
use crate::scan::{Axis, Tally};
use crate::smtp::Outcome;
use crate::time::{Minute, Window, Zone};

/// How one metric source, for one node, stands to that node's logs.
#[derive(Clone, Debug, PartialEq)]
pub struct Alignment {
    /// The metric's exhibit: `S07`.
    pub exhibit: String,
    /// The node that was measured; empty when unknown.
    pub node: String,
    /// What the two series together say.
    pub verdict: Verdict,
    /// What they say on either side of a change of clocks, where that tells more.
    pub sides: Option<Sides>,
    /// Which minutes they share.
    pub common: Common,
    /// A minute in the middle of the source's, as its times were read.
    pub middle: Minute,
}

impl Alignment {
    /// Whether the source does not stand on the clock of the logs, as far as can be told: what
    /// it says of a minute must then not be held against what the logs say of it.
    #[must_use]
    pub const fn stands_apart(&self) -> bool {
        let by_estimate = match self.sides {
            Some(sides) => sides.before.stands_apart() || sides.after.stands_apart(),
            None => self.verdict.stands_apart(),
        };
        by_estimate || !matches!(self.common, Common::Enough)
    }
}

/// Minutes by which clocks must differ to put one minute's values beside another's.
const CONFUSING: u32 = 2;

/// What may be claimed of the two clocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// They agree to so many minutes: as long as one sample of the metric is.
    Aligned(i32, Estimate),
    /// They differ by so many minutes, as zones do; positive when the metrics look later.
    Zone(i32, Estimate),
    /// They differ by a time that no zones differ by.
    Skew(Estimate),
    /// Nothing may be claimed.
    CannotTell(Why),
}

impl Verdict {
    /// By how many minutes the metrics look later, where that is claimed.
    #[must_use]
    pub const fn offset(self) -> Option<i32> {
        match self {
            Self::Aligned(..) => Some(0),
            Self::Zone(minutes, _) => Some(minutes),
            Self::Skew(e) => Some(e.lag),
            Self::CannotTell(_) => None,
        }
    }

    /// What it rests on.
    #[must_use]
    pub const fn estimate(self) -> Option<Estimate> {
        match self {
            Self::Aligned(_, e) | Self::Zone(_, e) | Self::Skew(e) => Some(e),
            Self::CannotTell(Why::Unlike(e) | Why::Repeating(e) | Why::Unclear(e)) => Some(e),
            Self::CannotTell(Why::NoEgress | Why::NoLog | Why::TooShort) => None,
        }
    }

    const fn stands_apart(self) -> bool {
        match self {
            Self::Zone(..) => true,
            Self::Skew(e) => e.lag.unsigned_abs() >= CONFUSING,
            Self::Aligned(..) | Self::CannotTell(_) => false,
        }
    }
}

/// Why nothing may be claimed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// The source holds nothing of what the node sent.
    NoEgress,
    /// No log is of this node.
    NoLog,
    /// Too few minutes.
    TooShort,
    /// No offset makes the series alike.
    Unlike(Estimate),
    /// Two offsets make them nearly as alike, as with traffic that repeats.
    Repeating(Estimate),
    /// They are alike at an offset, but not so clearly that it may be claimed.
    Unclear(Estimate),
}

/// The minutes that a source and the logs share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Common {
    /// At least the part of the shorter one that an estimate needs.
    Enough,
    /// Fewer.
    Few {
        /// How many.
        minutes: usize,
        /// How many the shorter one has.
        of: usize,
        /// The offset that lays first minute on first and last on last, where zones have it.
        shift: Option<i32>,
    },
    /// None, and they are further apart than zones can bring.
    OtherTime,
}

/// In which zone the times of each source were read; in UTC where none is told.
#[derive(Clone, Debug, Default)]
pub struct SourceZones {
    /// Of each node's logs.
    pub logs: BTreeMap<String, Zone>,
    /// Of each metrics file, by exhibit.
    pub metrics: BTreeMap<String, Zone>,
}

impl SourceZones {
    fn of(&self, exhibit: &str, log: &str) -> Pair {
        let zone = |zones: &BTreeMap<String, Zone>, of: &str| zones.get(of).copied().unwrap_or(Zone::UTC);
        Pair { logs: zone(&self.logs, log), metrics: zone(&self.metrics, exhibit) }
    }
}

/// All metric sources of a case, by exhibit and node.
#[must_use]
pub(super) fn alignments(
    tally: &Tally,
    nodes: &[NodeCoverage],
    metrics: &[MetricSeries],
    zones: &SourceZones,
) -> Vec<Alignment> {
    let mut sources: BTreeMap<(&str, &str), Vec<&MetricSeries>> = BTreeMap::new();
    for series in metrics.iter().filter(|s| !s.minutes.is_empty()) {
        sources.entry((&series.exhibit, &series.node)).or_default().push(series);
    }
    let in_logs: BTreeSet<&str> =
        nodes.iter().map(|n| n.node.as_str()).chain(tally.names.egresses().map(|(_, e)| e.node.as_str())).collect();
    let mut delivered: BTreeMap<&str, BTreeMap<Minute, f64>> = BTreeMap::new();
    let of_source = |((exhibit, node), source): ((&str, &str), Vec<&MetricSeries>)| {
        let minutes: BTreeSet<Minute> = source.iter().flat_map(|s| s.minutes.keys().copied()).collect();
        let middle = minutes.iter().nth(minutes.len() / 2).copied()?;
        let log = log_of(node, &in_logs).map(|log| {
            let delivered = &*delivered.entry(log).or_insert_with(|| delivered_per_minute(tally, nodes, log));
            (delivered, zones.of(exhibit, log))
        });
        let (verdict, sides) = match (egress(&source), log) {
            (None, _) => (Verdict::CannotTell(Why::NoEgress), None),
            (_, None) => (Verdict::CannotTell(Why::NoLog), None),
            (Some((egress, step)), Some((log, zones))) => sides::judge(log, &egress, step, zones),
        };
        let common = log.map_or(Common::Enough, |(log, _)| common(log, &minutes));
        Some(Alignment { exhibit: exhibit.to_owned(), node: node.to_owned(), verdict, sides, common, middle })
    };
    sources.into_iter().filter_map(of_source).collect()
}

/// The logs to hold a node's metrics against: its own, or the only ones where a name is missing.
fn log_of<'a>(node: &str, in_logs: &BTreeSet<&'a str>) -> Option<&'a str> {
    let only = || in_logs.first().filter(|log| in_logs.len() == 1 && (node.is_empty() || log.is_empty()));
    in_logs.get(node).or_else(only).copied()
}

/// Accepted attempts of all lanes in each minute that the logs of a node know.
fn delivered_per_minute(tally: &Tally, nodes: &[NodeCoverage], log: &str) -> BTreeMap<Minute, f64> {
    let is_own = |n: &&NodeCoverage| n.node == log;
    // A node that stands beside others in one log, or in a table of counts alone, has no coverage
    // of its own.
    let own = nodes.iter().any(|n| is_own(&n));
    let heard = nodes.iter().filter(|n| !own || is_own(n)).flat_map(|n| n.window.minutes().filter(|m| n.knows(*m)));
    let mut delivered: BTreeMap<Minute, f64> = heard.map(|m| (m, 0.0)).collect();
    if !own {
        delivered.extend(coverage::counted(tally).into_iter().map(|m| (m, 0.0)));
    }
    let is_here = |egress| tally.names.egress_of(egress).is_some_and(|e| e.node == log);
    for (key, n) in tally.cells.iter().filter(|(key, _)| key.what.outcome == Outcome::Delivered) {
        if let Axis::Egress(egress) = key.axis
            && is_here(egress)
            && let Some(sum) = delivered.get_mut(&key.minute)
        {
            *sum += *n as f64;
        }
    }
    delivered
}

/// What the node sent: as a whole where that is told, else by the interface that sent most, for
/// a bond and its parts would count twice. With it, how many minutes one sample covers.
fn egress(source: &[&MetricSeries]) -> Option<(BTreeMap<Minute, f64>, i32)> {
    let sent = |s: &MetricSeries| s.minutes.values().map(|c| c.mean).sum::<f64>();
    let all = source.iter().filter(|s| s.signal == Signal::EgressBps);
    let best = all.max_by(|x, y| {
        let whole = |s: &MetricSeries| s.instance.is_empty();
        whole(x).cmp(&whole(y)).then(sent(x).total_cmp(&sent(y))).then_with(|| y.instance.cmp(&x.instance))
    })?;
    let step = (best.step_s / 60.0).ceil().clamp(1.0, f64::from(FARTHEST)) as i32;
    Some((best.minutes.iter().map(|(m, c)| (*m, c.mean)).collect(), step))
}

/// What may be claimed. The bounds were set on simulated days, where of 1,440 answers 4 were
/// wrong. Samples of more than a minute tell an offset to half their length only, and none
/// that is no longer than they are.
fn verdict_of(estimate: Option<Estimate>, step: i32) -> Verdict {
    let Some(e) = estimate else { return Verdict::CannotTell(Why::TooShort) };
    let above_second = e.r - e.r_second;
    let faint = e.r < 0.7 || above_second < 0.2 || e.r_unshifted.is_some_and(|r| e.r - r < 0.2);
    if e.r < 0.5 {
        Verdict::CannotTell(Why::Unlike(e))
    } else if above_second < 0.1 {
        Verdict::CannotTell(Why::Repeating(e))
    } else if e.lag.abs() <= 1 {
        Verdict::Aligned(step, e)
    } else if faint || (step > 1 && e.lag.abs() <= step) {
        Verdict::CannotTell(Why::Unclear(e))
    } else if let Some(minutes) = zone_shift(e.lag, (step / 2).clamp(1, 7)) {
        Verdict::Zone(minutes, e)
    } else {
        Verdict::Skew(e)
    }
}

/// The multiple of 15 minutes that is so near: all zones differ by such.
fn zone_shift(lag: i32, within: i32) -> Option<i32> {
    let multiple = (lag + lag.signum() * 7) / 15 * 15;
    (multiple != 0 && multiple.abs() <= FARTHEST && (lag - multiple).abs() <= within).then_some(multiple)
}

fn common(log: &BTreeMap<Minute, f64>, source: &BTreeSet<Minute>) -> Common {
    let minutes = source.iter().filter(|m| log.contains_key(m)).count();
    let of = source.len().min(log.len());
    if minutes as f64 >= LEAST_OVERLAP * of as f64 {
        return Common::Enough;
    }
    let span = |first: Option<&Minute>, last: Option<&Minute>| Some(Window::new(*first?, last?.plus(1)));
    let spans = span(log.keys().next(), log.keys().next_back()).zip(span(source.first(), source.last()));
    let Some((log, source)) = spans else { return Common::Enough };
    if source.from.since(log.to) > FARTHEST || log.from.since(source.to) > FARTHEST {
        return Common::OtherTime;
    }
    // Both edges, so that two exports of different length are not taken for two zones.
    let edge = |a: Minute, b: Minute| zone_shift(a.since(b), 2);
    let shift = edge(source.from, log.from).filter(|shift| edge(source.to, log.to) == Some(*shift));
    Common::Few { minutes, of, shift }
}
