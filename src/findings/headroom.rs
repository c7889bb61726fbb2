//! What the nodes' metrics show in the same minutes: value before, at first error,
//! maximum, limit, and whether a ceiling was hit.

use std::collections::{BTreeMap, BTreeSet};

use super::limits::{Limit, Limits, limit_of};
use super::{Evidence, Evident, Node, Value};
use crate::formats::metrics::{MetricCell, MetricSeries};
use crate::time::{Minute, Window};

/// Whether a resource hit its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ceiling {
    /// At least three consecutive minutes at 95 % of the stated limit or more.
    Hit,
    /// The 95th percentile inside the waves lay below 80 % of the stated limit.
    Below,
    /// Between the two, no limit stated, or no data.
    Unknown,
}

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
    pub(super) signal: String,
    pub(super) resource: Resource,
    pub(super) ceiling: Ceiling,
    /// When the ceiling was first held for three minutes.
    pub(super) hit_at: Option<Minute>,
    /// No log is of its host: it is shown, and no ceiling of a sender.
    is_of_another_host: bool,
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

/// Sums up each shown signal of each node over the waves (or the whole window without one).
pub(super) fn of_nodes(evident: &Evident<'_>, limits: &Limits, waves: &[Window]) -> Vec<Headroom> {
    let timeline = evident.timeline;
    let whole = timeline.metrics.iter().filter(|m| is_whole(m));
    let mut found: Vec<_> = whole.filter_map(|m| of_series(m, evident, limits, waves)).collect();
    // Of a host that no log is of nobody knows whether mail left it: its limits limit nothing.
    let senders = senders(evident);
    for headroom in found.iter_mut().filter(|h| is_another_host(&h.node, &senders)) {
        (headroom.ceiling, headroom.hit_at, headroom.is_of_another_host) = (Ceiling::Unknown, None, true);
    }
    let rank = |s: &str| SHOWN.iter().position(|(name, ..)| *name == s);
    found.sort_by(|a, b| {
        (&a.node, rank(&a.signal), &a.instance, &a.column).cmp(&(&b.node, rank(&b.signal), &b.instance, &b.column))
    });
    // Two exports of one signal of one node say the same; the first stands for both.
    found.dedup_by(|b, a| (&a.node, &a.signal, &a.instance) == (&b.node, &b.signal, &b.instance));
    found
}

/// The nodes that logs or case.yaml name.
pub(super) fn senders<'a>(evident: &Evident<'a>) -> BTreeSet<&'a str> {
    let logged = evident.timeline.nodes.iter().map(|n| n.node.as_str());
    logged.chain(evident.case.nodes.keys().map(String::as_str)).filter(|node| !node.is_empty()).collect()
}

/// Whether metrics are of a host that is none of the nodes, by its first label: one file says
/// `mta1`, the next `mta1.sender.example`.
pub(super) fn is_another_host(host: &str, nodes: &BTreeSet<&str>) -> bool {
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    !host.is_empty() && !nodes.is_empty() && nodes.iter().all(|node| short(node) != short(host))
}

/// A part of a whole (one lane, one IP, one state) has no ceiling of its own; charts show it.
fn is_whole(series: &MetricSeries) -> bool {
    let signal = series.signal.name();
    series.instance.is_empty() || signal.starts_with("egress") || signal == "link_util_percent"
}

fn of_series(series: &MetricSeries, evident: &Evident<'_>, limits: &Limits, waves: &[Window]) -> Option<Headroom> {
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
    let (ceiling, hit_at) = limit.as_ref().map_or((Ceiling::Unknown, None), |l| against_limit(&inside, l.value));
    let clears = limit.as_ref().is_some_and(|l| l.clears);
    let ceiling = if ceiling == Ceiling::Below && !clears { Ceiling::Unknown } else { ceiling };
    Some(Headroom {
        node: series.node.clone(),
        signal: signal.to_owned(),
        resource: *resource,
        ceiling,
        hit_at,
        is_of_another_host: false,
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

/// The ceiling test with a stated limit.
fn against_limit(inside: &[(Minute, MetricCell)], limit: f64) -> (Ceiling, Option<Minute>) {
    if inside.is_empty() || limit <= 0.0 {
        return (Ceiling::Unknown, None);
    }
    let near = |c: &MetricCell| c.mean >= 0.95 * limit;
    let held = inside.windows(3).find(|w| w[2].0.since(w[0].0) == 2 && w.iter().all(|(_, c)| near(c)));
    if let Some(first) = held {
        return (Ceiling::Hit, first.first().map(|(m, _)| *m));
    }
    let mut values: Vec<_> = inside.iter().map(|(_, c)| if c.coarse { c.mean } else { c.max }).collect();
    values.sort_by(f64::total_cmp);
    let at = (values.len() * 95).div_ceil(100).saturating_sub(1);
    let below = values.get(at).is_some_and(|p95| *p95 < 0.8 * limit);
    (if below { Ceiling::Below } else { Ceiling::Unknown }, None)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

impl Headroom {
    fn name(&self) -> String {
        if self.instance.is_empty() { self.signal.clone() } else { format!("{} ({})", self.signal, self.instance) }
    }

    fn node(&self) -> Node {
        let evidence = || [Evidence::Metric(self.exhibit.clone(), self.column.clone())];
        // Bits per second read better in units of a million.
        let (scale, unit) = if self.unit == "bit/s" { (1e-6, "Mbit/s") } else { (1.0, self.unit) };
        let on = |v: Option<f64>, evidence: Vec<Evidence>| {
            let v = v.map(|v| v * scale);
            let value =
                v.map(|v| Value::Number(v, if v.abs() < 100.0 && v.fract() != 0.0 { 2 } else { 0 }, unit.to_owned()));
            Node::fact(value.unwrap_or(Value::Absent), evidence)
        };
        let number = |v| on(v, evidence().to_vec());
        // A limit of settings rests on their lines, any other on what the values rest on.
        let stated = self.limit.as_ref().map(|l| l.evidence.clone()).filter(|e| !e.is_empty());
        let limit = on(self.limit.as_ref().map(|l| l.value), stated.unwrap_or_else(|| evidence().to_vec()));
        Node::group([
            ("signal", Value::Text(self.name()).into()),
            ("unit", Value::Text(unit.to_owned()).into()),
            ("baseline", number(self.baseline)),
            ("at_first", number(self.at_first)),
            ("max", number(self.max.map(|(v, _)| v))),
            ("max_minute", Node::fact(self.max.map_or(Value::Absent, |(_, m)| Value::Minute(m)), evidence())),
            ("limit", limit),
            ("ceiling", Node::fact(Value::Word(self.ceiling.word()), evidence())),
        ])
    }
}

impl Ceiling {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Hit => "yes",
            Self::Below => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// The `nodes` part of the tree. `ids` gives each node's name at the provider.
pub(super) fn nodes(found: &[Headroom], ids: &BTreeMap<String, String>) -> Node {
    let mut by_node: BTreeMap<&str, Vec<Node>> = BTreeMap::new();
    for headroom in found {
        by_node.entry(&headroom.node).or_default().push(headroom.node());
    }
    let rows = by_node.into_iter().map(|(name, signals)| {
        let name_value =
            if name.is_empty() { Value::Text("unnamed node".to_owned()) } else { Value::Text(name.to_owned()) };
        Node::group([
            ("name", name_value.into()),
            ("provider_id", Node::maybe(ids.get(name).cloned().map(Value::Text))),
            ("signals", Node::List(signals)),
        ])
    });
    Node::List(rows.collect())
}

/// The same for one kind of resource.
pub(super) fn sentence_of(found: &[Headroom], resource: Resource) -> String {
    let mine: Vec<_> = found.iter().filter(|h| h.resource == resource).cloned().collect();
    sentence(&mine)
}

/// One sentence on what hit its ceiling, or that nothing did where it was measured.
pub(super) fn sentence(found: &[Headroom]) -> String {
    let names = |c: Ceiling| -> Vec<String> {
        let mut names: Vec<_> =
            found.iter().filter(|h| h.ceiling == c).map(|h| format!("{} on {}", h.name(), h.node)).collect();
        names.dedup();
        names
    };
    let (hit, below) = (names(Ceiling::Hit), names(Ceiling::Below));
    let others: BTreeSet<_> = found.iter().filter(|h| h.is_of_another_host).map(|h| h.node.as_str()).collect();
    let others: Vec<_> = others.into_iter().collect();
    let aside = if others.is_empty() {
        String::new()
    } else {
        format!(" Not weighed, as neither a log nor case.yaml names such a node: {}.", others.join(", "))
    };
    let said = match (hit.as_slice(), below.as_slice()) {
        ([], []) if found.is_empty() => "No metrics of the nodes were given.".to_owned(),
        ([], []) => "Metrics were given, but no limit to hold them against.".to_owned(),
        ([], below) => {
            format!("No resource with a known limit hit it in these minutes: {} stayed below 80 %.", below.join(", "))
        }
        (hit, _) => format!("At its limit for three minutes or more: {}.", hit.join(", ")),
    };
    said + &aside
}

/// What fills up behind a receiver that is slow: at its limit from the first error on, it is a
/// consequence.
const PILES_UP: [&str; 3] = ["mta_workers", "smtp_out_connections", "open_files"];

/// Whether any resource of a kind hit its ceiling no later than one minute after the
/// first error (else it is a consequence). None where none of them was measured
/// against a limit.
pub(super) fn ceiling_of(found: &[Headroom], resource: Resource, first: Option<Minute>) -> Option<bool> {
    let mine = || found.iter().filter(|h| h.resource == resource);
    let in_time = |h: &Headroom| match (h.hit_at, first) {
        (Some(at), Some(first)) if PILES_UP.contains(&h.signal.as_str()) => at < first,
        (Some(at), Some(first)) => at <= first.plus(1),
        (Some(_), None) => true,
        _ => false,
    };
    if mine().any(|h| h.ceiling == Ceiling::Hit && in_time(h)) {
        return Some(true);
    }
    // A hit that came later is a consequence, not a cause; it counts as not limiting.
    let known = |h: &Headroom| matches!(h.ceiling, Ceiling::Below | Ceiling::Hit);
    mine().any(known).then_some(false)
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

    #[test]
    fn a_host_that_no_log_is_of_is_another() {
        let nodes = BTreeSet::from(["mta1", "mta2.sender.example"]);
        for host in ["mta1", "MTA1.sender.example", "mta2", ""] {
            assert!(!is_another_host(host, &nodes), "{host}");
        }
        assert!(is_another_host("vm", &nodes) && is_another_host("mta11", &nodes));
        assert!(!is_another_host("vm", &BTreeSet::new()), "the logs name no node");
    }

    /// metrics trap 36: workers at their limit are normal where the receiver is slow; only those
    /// that were there before the first error limited anything.
    #[test]
    fn workers_that_pile_up_behind_a_stall_limit_nothing() {
        let hit = |signal: &str, at: i32| Headroom {
            node: "mta1".to_owned(),
            signal: signal.to_owned(),
            resource: Resource::Host,
            ceiling: Ceiling::Hit,
            hit_at: Some(Minute::new(at)),
            is_of_another_host: false,
            unit: "n",
            instance: String::new(),
            exhibit: "S01".to_owned(),
            column: signal.to_owned(),
            baseline: None,
            at_first: None,
            max: None,
            limit: None,
        };
        let ceiling = |signal, at| ceiling_of(&[hit(signal, at)], Resource::Host, Some(Minute::new(10)));
        assert_eq!([9, 10, 11].map(|at| ceiling("mta_workers", at)), [Some(true), Some(false), Some(false)]);
        // A processor does not wait for the receiver.
        assert_eq!([10, 11, 12].map(|at| ceiling("cpu_percent", at)), [Some(true), Some(true), Some(false)]);
    }

    #[test]
    fn three_minutes_at_the_limit_are_a_hit_and_two_are_not() {
        assert_eq!(against_limit(&minutes(&[10.0, 96.0, 99.0, 95.0]), 100.0), (Ceiling::Hit, Some(Minute::new(1))));
        assert_eq!(against_limit(&minutes(&[10.0, 96.0, 99.0, 50.0]), 100.0), (Ceiling::Unknown, None));
        assert_eq!(against_limit(&minutes(&[10.0, 40.0, 70.0]), 100.0), (Ceiling::Below, None));
        assert_eq!(against_limit(&[], 100.0), (Ceiling::Unknown, None));
    }
}
