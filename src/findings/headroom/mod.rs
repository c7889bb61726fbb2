//! What the nodes' metrics show in the same minutes: value before, at first error,
//! maximum, limit, and whether a ceiling was hit.

mod ceiling;
mod flat_top;
mod senders;
mod words;

use std::collections::BTreeMap;

pub(super) use ceiling::{Ceiling, ceiling_of};
use ceiling::{against_limit, held_since, is_consequence};
use flat_top::flat_top;
pub(super) use senders::Senders;
use senders::is_same_host;
pub(super) use words::{nodes, sentence, sentence_of, undecided};

use super::Evident;
use super::limits::{Limit, Limits, limit_of};
use crate::formats::metrics::{MetricSeries, Signal};
use crate::time::{Minute, Window};
use crate::timeline::{Alignment, MinuteState, Timeline};

/// Which hypothesis a resource bears on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resource {
    Network,
    Host,
    Other,
}

/// One signal of one node, summed up.
#[derive(Clone, Debug)]
pub(super) struct Headroom {
    pub(super) node: String,
    pub(super) signal: Signal,
    pub(super) resource: Resource,
    pub(super) ceiling: Ceiling,
    /// When the ceiling was first held for three minutes.
    pub(super) hit_at: Option<Minute>,
    /// It was reached only with the failures or after them.
    pub(super) is_consequence: bool,
    /// The ceiling was not stated: the metric stopped rising while the load went on.
    by_flat_top: bool,
    /// Its clock is not that of the logs: its minutes are shown, and weighed by nobody.
    clock_in_doubt: bool,
    /// No log is of its host: it is shown, and no ceiling of a sender.
    is_of_another_host: bool,
    /// Of how many minutes its values are averages, which leave open whether it was at its limit.
    averages: Option<u64>,
    unit: &'static str,
    instance: String,
    exhibit: String,
    column: String,
    baseline: Option<f64>,
    at_first: Option<f64>,
    max: Option<(f64, Minute)>,
    limit: Option<Limit>,
}

/// Signals shown, with what they bear on and the limit that needs no statement.
const SHOWN: &[(&str, Resource, Option<f64>)] = &[
    ("cpu_percent", Resource::Host, Some(100.0)),
    ("egress_bps", Resource::Network, None),
    ("link_util_percent", Resource::Network, Some(100.0)),
    ("egress_drops", Resource::Other, None),
    ("retransmits_per_s", Resource::Other, None),
    ("packet_loss_percent", Resource::Other, None),
    ("open_files", Resource::Host, None),
    ("mta_workers", Resource::Host, None),
    ("smtp_out_connections", Resource::Host, None),
    ("conns_established", Resource::Other, None),
    ("conntrack_used", Resource::Network, None),
    ("queue_depth", Resource::Other, None),
    ("time_wait", Resource::Other, None),
    ("load1", Resource::Other, None),
];

/// Signals whose ceiling may show without being stated. Connections and workers are left out:
/// where they stop rising, it is the MTA's own setting.
const FLAT_TOPS: &[&str] = &["egress_bps", "conntrack_used"];

/// Sums up each shown signal of each node over the waves (or the whole window without one).
pub(super) fn of_nodes(evident: &Evident<'_>, limits: &Limits, waves: &[Window]) -> Vec<Headroom> {
    let timeline = evident.timeline;
    let whole = timeline.metrics.iter().filter(|m| is_whole(m));
    let load = load(timeline);
    let mut found: Vec<_> = whole.filter_map(|m| of_series(m, evident, limits, waves, &load)).collect();
    for headroom in &mut found {
        let of = |a: &&Alignment| a.exhibit == headroom.exhibit && a.node == headroom.node;
        if timeline.alignments.iter().filter(of).any(Alignment::stands_apart) {
            (headroom.ceiling, headroom.hit_at, headroom.at_first) = (Ceiling::Unknown, None, None);
            headroom.clock_in_doubt = true;
        }
    }
    // Of a host that no log is of nobody knows whether mail left it: its limits limit nothing.
    let senders = Senders::of(evident);
    for headroom in found.iter_mut().filter(|h| senders.are_not(&h.node)) {
        (headroom.ceiling, headroom.hit_at, headroom.is_of_another_host) = (Ceiling::Unknown, None, true);
    }
    let rank = |s: Signal| SHOWN.iter().position(|(name, ..)| *name == s.name());
    found.sort_by_cached_key(|h| {
        (h.node.clone(), rank(h.signal), h.instance.clone(), h.clock_in_doubt, h.column.clone(), h.exhibit.clone())
    });
    // Two exports of one signal of one node say the same; the first on the logs' clock stands for both.
    found.dedup_by(|b, a| (&a.node, &a.signal, &a.instance) == (&b.node, &b.signal, &b.instance));
    found
}

/// A part of a whole (one lane, one IP, one state) has no ceiling of its own; charts show it.
fn is_whole(series: &MetricSeries) -> bool {
    let signal = series.signal.name();
    series.instance.is_empty() || signal.starts_with("egress") || signal == "link_util_percent"
}

/// Sessions attempted towards all receivers, by minute.
fn load(timeline: &Timeline) -> BTreeMap<Minute, f64> {
    let attempts =
        |i: usize| -> u64 { timeline.lanes.iter().filter_map(|row| row.counts.get(i).map(|c| c.attempts)).sum() };
    let known = (0..timeline.window.len()).filter(|i| timeline.states.get(*i) == Some(&MinuteState::Full));
    known.map(|i| (timeline.window.at(i), attempts(i) as f64)).collect()
}

fn of_series(
    series: &MetricSeries,
    evident: &Evident<'_>,
    limits: &Limits,
    waves: &[Window],
    load: &BTreeMap<Minute, f64>,
) -> Option<Headroom> {
    let whole = evident.timeline.window;
    let signal = series.signal.name();
    let (_, resource, own_limit) = SHOWN.iter().find(|(name, ..)| *name == signal)?;
    let limit = limit_of(series, limits, evident.settings, *own_limit);
    let in_waves =
        |m: &Minute| if waves.is_empty() { whole.contains(*m) } else { waves.iter().any(|w| w.contains(*m)) };
    let inside: Vec<_> = series.minutes.iter().filter(|(m, _)| in_waves(m)).map(|(m, c)| (*m, *c)).collect();
    let quiet: Vec<_> =
        series.minutes.iter().filter(|(m, _)| whole.contains(**m) && !in_waves(m)).map(|(_, c)| c.mean).collect();
    let max = inside.iter().map(|(m, c)| (c.max, *m)).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let at_first = waves.first().and_then(|w| series.minutes.get(&w.from)).map(|c| c.mean);
    let by_flat_top = limit.is_none() && FLAT_TOPS.contains(&signal);
    let (ceiling, hit_at) = match &limit {
        Some(limit) => {
            let (ceiling, at) = against_limit(&inside, limit.value, series.step_s / 60.0);
            (ceiling, at.map(|at| held_since(&series.minutes, limit.value, at)))
        }
        None if by_flat_top => flat_top(&series.minutes, load, waves),
        None => (Ceiling::Unknown, None),
    };
    // Nothing is below its limit in minutes that nobody measured.
    let asked = if waves.is_empty() { whole.len() } else { waves.iter().map(|w| w.len()).sum() };
    let covered = inside.len() * 10 >= asked * 9;
    let clears = covered && limit.as_ref().is_none_or(|l| l.clears);
    let ceiling = if ceiling == Ceiling::Below && !clears { Ceiling::Unknown } else { ceiling };
    Some(Headroom {
        node: series.node.clone(),
        signal: series.signal,
        resource: *resource,
        ceiling,
        hit_at,
        is_consequence: is_consequence(signal, hit_at, waves.first().map(|w| w.from)),
        by_flat_top: by_flat_top && ceiling != Ceiling::Unknown,
        clock_in_doubt: false,
        is_of_another_host: false,
        averages: (ceiling == Ceiling::Unknown && limit.is_some() && inside.iter().any(|(_, c)| c.coarse))
            .then(|| (series.step_s / 60.0).round() as u64),
        unit: series.signal.unit(),
        instance: series.instance.clone(),
        exhibit: series.exhibit.clone(),
        column: series.column.clone(),
        baseline: median(quiet),
        at_first,
        max,
        limit,
    })
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
