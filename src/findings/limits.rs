//! The limit beside a value: by case.yaml, by the metrics themselves, or by the MTA's settings.

use std::collections::BTreeMap;

use super::Evidence;
use crate::case::Case;
use crate::formats::metrics::MetricSeries;
use crate::formats::snapshots::{Basis, NodeSettings};

/// Limits by node and signal, in the signal's canonical unit, as case.yaml states them.
pub(super) type Limits = BTreeMap<(String, String), f64>;

/// Stated limits in the canonical unit of each signal.
pub(super) fn limits(case: &Case) -> Limits {
    let mut limits = Limits::new();
    for (node, card) in &case.nodes {
        for (name, quantity) in &card.limits {
            let signal = canonical_limit(name);
            // People state a link in bytes as often as in bits; the signal counts bits.
            let scale = if signal == "egress_bps" && quantity.unit == "B/s" { 8.0 } else { 1.0 };
            limits.insert((node.clone(), signal.to_owned()), quantity.value * scale);
        }
    }
    limits
}

/// The short names that people write for limits.
fn canonical_limit(name: &str) -> &str {
    match name {
        "egress" | "bandwidth" => "egress_bps",
        "workers" => "mta_workers",
        "connections" => "smtp_out_connections",
        "conntrack" => "conntrack_used",
        "cpu" => "cpu_percent",
        other => other,
    }
}

/// One limit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Limit {
    /// In the signal's canonical unit.
    pub(super) value: f64,
    /// Whether a value far below it shows that the resource was not short.
    pub(super) clears: bool,
    /// Lines of settings that state it; else it stands in the metrics, in case.yaml, or in nature.
    pub(super) evidence: Vec<Evidence>,
}

impl Limit {
    const fn plain(value: f64, clears: bool) -> Self {
        Self { value, clears, evidence: Vec::new() }
    }
}

/// The limit of a series, by the first of: case.yaml, its own file, the MTA's settings, nature.
pub(super) fn limit_of(
    series: &MetricSeries,
    stated: &Limits,
    settings: &[NodeSettings],
    own: Option<f64>,
) -> Option<Limit> {
    let signal = series.signal.name();
    // A process dies at its own limit while the system's table is nearly empty; and that
    // limit, as it is stated for a node, is none of the table's.
    if series.is_of_system() {
        return series.limit.map(|limit| Limit::plain(limit, false));
    }
    // A link below its own speed shows nothing of a cap that lies below that speed.
    let clears = signal != "link_util_percent";
    let stated = stated.get(&(series.node.clone(), signal.to_owned())).copied();
    let plain = || stated.or(series.limit).map(|limit| Limit::plain(limit, clears));
    let set = || if signal == "mta_workers" { workers(&series.node, settings) } else { None };
    plain().or_else(set).or_else(|| own.map(|limit| Limit::plain(limit, clears)))
}

/// How many delivery processes a node's transports may have at a time, where all of them have
/// a limit (`default_process_limit`, or the seventh column of master.cf).
fn workers(node: &str, settings: &[NodeSettings]) -> Option<Limit> {
    let settings = settings.iter().find(|s| s.node == node)?;
    let (mut sum, mut evidence) = (0_u64, Vec::new());
    for transport in &settings.transports {
        let processes = transport.limit("processes")?;
        // 0 is no limit.
        sum = sum.saturating_add(processes.means.number().filter(|n| *n > 0)?);
        if let Basis::Stated(at) = processes.basis {
            evidence.push(Evidence::Lines(at.exhibit, at.line, at.line));
        }
    }
    evidence.sort();
    evidence.dedup();
    // One of several transports can be at its limit while all together are far from theirs.
    (sum > 0).then_some(Limit { value: sum as f64, clears: settings.transports.len() == 1, evidence })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::metrics::Signal;
    use crate::formats::snapshots::{Cite, Effective, Means, Transport};
    use crate::intake::Exhibit;

    fn series(signal: Signal, column: &str, limit: Option<f64>) -> MetricSeries {
        MetricSeries {
            signal,
            node: "mta1".to_owned(),
            instance: String::new(),
            column: column.to_owned(),
            exhibit: "S01".to_owned(),
            step_s: 10.0,
            minutes: BTreeMap::new(),
            span: None,
            limit,
        }
    }

    fn transport(name: &str, processes: Option<u64>) -> Transport {
        let cite = Cite { exhibit: Exhibit(2), line: 7 };
        let means = processes.map_or(Means::Text, |n| Means::Count(n, "processes"));
        let basis = if processes.is_some() { Basis::Stated(cite) } else { Basis::Unknown("not there".to_owned()) };
        let limits = vec![Effective { name: "processes", value: String::new(), means, basis }];
        Transport { name: name.to_owned(), tag: None, cite, limits }
    }

    fn node(transports: Vec<Transport>) -> [NodeSettings; 1] {
        [NodeSettings { node: "mta1".to_owned(), transports, ..NodeSettings::default() }]
    }

    fn workers_of(settings: &[NodeSettings]) -> Option<(f64, bool)> {
        limit_of(&series(Signal::MtaWorkers, "smtp", None), &Limits::new(), settings, None).map(|l| (l.value, l.clears))
    }

    #[test]
    fn the_processes_of_all_transports_are_the_limit_of_the_workers() {
        assert_eq!(workers_of(&node(vec![transport("smtp", Some(100))])), Some((100.0, true)));
        let two = node(vec![transport("ip1", Some(20)), transport("ip2", Some(30))]);
        assert_eq!(workers_of(&two), Some((50.0, false)));
        let cited = workers("mta1", &two).map(|l| l.evidence);
        assert_eq!(cited, Some(vec![Evidence::Lines(Exhibit(2), 7, 7)]));
        for unknown in [None, Some(0)] {
            assert_eq!(workers_of(&node(vec![transport("ip1", Some(20)), transport("ip2", unknown)])), None);
        }
        assert_eq!(workers_of(&[]), None);
    }

    #[test]
    fn the_word_of_case_yaml_stands_above_the_settings() {
        let stated = Limits::from([(("mta1".to_owned(), "mta_workers".to_owned()), 60.0)]);
        let found = limit_of(
            &series(Signal::MtaWorkers, "smtp", None),
            &stated,
            &node(vec![transport("smtp", Some(100))]),
            None,
        );
        assert_eq!(found, Some(Limit::plain(60.0, true)));
    }

    /// metrics trap 35: neither does a system's table clear a process, nor is it held against
    /// the limit of one.
    #[test]
    fn the_systems_table_of_open_files_is_no_process() {
        let stated = Limits::from([(("mta1".to_owned(), "open_files".to_owned()), 1024.0)]);
        let found = |column, limit| limit_of(&series(Signal::OpenFiles, column, limit), &stated, &[], None);
        assert_eq!(found("file-nr", None), None);
        assert_eq!(found("node_filefd_allocated", Some(9e18)), Some(Limit::plain(9e18, false)));
        assert_eq!(found("open_fds", None), Some(Limit::plain(1024.0, true)));
    }
}
