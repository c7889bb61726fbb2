//! Laws that hold for all readers: each sample has one reader, and no bytes break any.
#![expect(clippy::expect_used, reason = "tests")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::samples::{sample, try_read};
use super::{METRIC_FORMATS, MetricError, MetricSetup};
use crate::formats::Head;

/// The reader of each sample, by the beginning of its name.
const READERS: &[(&str, &str)] = &[
    ("sadf-json", "sadf-json"),
    ("sadf-xml", "sadf-xml"),
    ("sadf-pairs", "sadf-pairs"),
    ("sadf-", "sadf"),
    ("sar-", "sar"),
    ("vmstat-", "vmstat"),
    ("dstat-", "dstat"),
    ("pcp-dstat", "dstat"),
    ("prometheus-federate", "exposition"),
    ("prometheus-", "prometheus"),
    ("promtool-", "prometheus"),
    ("kumomta-metrics.json", "kumomta-json"),
    ("kumomta-", "exposition"),
    ("cloudwatch-", "cloudwatch"),
    ("influx2-", "influxdb"),
    ("file_handles-", "collectd"),
    ("rates-", "collectd"),
    ("totals-", "collectd"),
    ("tc-", "tc"),
    ("ss-", "ss"),
    ("nstat-", "nstat"),
    ("ethtool-", "ethtool"),
    ("qshape-", "qshape"),
    ("postqueue-", "postqueue"),
    ("mta1.sadf", "sadf"),
    ("mta1.queue", "generic"),
    ("queue.csv", "generic"),
    ("grafana-", "generic"),
    ("influx1-", "generic"),
    ("telegraf-", "generic"),
    ("newrelic-", "generic"),
    ("datadog-", "generic"),
    ("zabbix-", "generic"),
    ("victoriametrics-", "generic"),
];

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Samples of metrics are claimed by no producer's reader but their own, everything else by none.
#[test]
fn every_sample_is_claimed_by_its_own_reader_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut metrics, mut others) = (0, 0);
    for path in ["tests/data", "sample-data"].iter().flat_map(|d| files(&root.join(d))) {
        let bytes = std::fs::read(&path).expect("a file");
        let head = Head { bytes: bytes.get(..256 * 1024).unwrap_or(&bytes), whole: bytes.len() <= 256 * 1024 };
        let claimed: Vec<_> = METRIC_FORMATS.iter().filter(|f| f.recognise(head).is_some()).map(|f| f.name()).collect();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        let is_metric = path.parent().is_some_and(|p| p.ends_with("metrics") || p.ends_with("collectd"));
        if is_metric && !name.starts_with("not-") {
            let own = READERS.iter().find(|(start, _)| name.starts_with(start)).map(|(_, reader)| *reader);
            assert_eq!(claimed.first().copied(), own, "{}", path.display());
            // The reader of last resort may follow, never another producer's.
            assert!(claimed.iter().skip(1).all(|c| *c == "generic"), "{}: {claimed:?}", path.display());
            metrics += 1;
        } else {
            assert!(claimed.is_empty(), "{}: {claimed:?}", path.display());
            others += 1;
        }
    }
    assert!(metrics >= 60 && others >= 100, "{metrics} {others}");
}

/// Every reader is in the list above and has a sample.
#[test]
fn every_reader_has_a_sample() {
    for format in METRIC_FORMATS {
        assert!(READERS.iter().any(|(_, reader)| *reader == format.name()), "{}", format.name());
    }
}

/// Any sample, cut anywhere or with a line doubled, is read or refused with a way out, and
/// every line of it is accounted for.
#[test]
fn damaged_samples_are_read_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/metrics");
    for path in files(&folder) {
        let bytes = std::fs::read(&path).expect("a sample");
        let name = path.display().to_string();
        for tenth in 1..10 {
            let cut = bytes.get(..bytes.len() * tenth / 10).expect("a piece");
            for format in METRIC_FORMATS {
                if format.recognise(Head { bytes: cut, whole: true }).is_none() {
                    continue;
                }
                match format.read(&mut &*cut, &MetricSetup::default()) {
                    Ok(read) => assert!(read.accounting.adds_up(), "{name} {tenth}"),
                    Err(MetricError::Unclear { way_out, .. }) => assert!(!way_out.is_empty(), "{name} {tenth}"),
                    Err(MetricError::Io { source, .. }) => panic!("{name} {tenth}: {source}"),
                }
            }
        }
    }
}

proptest! {
    /// Any bytes behind any sample's first ones: no panic, every line accounted for, means
    /// between their bounds.
    #[test]
    fn any_bytes_behind_a_sample(
        which in 0..15_usize,
        keep in 0..600_usize,
        tail in "([-0-9eE./:, ;\"%TZ\t+(){}\\[\\]a-z#]{0,40}\n){0,12}",
    ) {
        const NAMES: [&str; 15] = [
            "sar-cpu.txt", "vmstat-t.txt", "dstat-legacy.csv", "pcp-dstat.csv", "prometheus-filefd.json",
            "kumomta-metrics.txt", "cloudwatch-console.csv", "cloudwatch-get-metric-data.json",
            "influx2-annotated.csv", "ss-s.txt", "nstat-j.jsonl", "ethtool-ena.txt", "qshape-deferred.txt",
            "postqueue-j.txt", "kumomta-metrics.json",
        ];
        let mut bytes = sample(NAMES[which]);
        bytes.truncate(keep);
        bytes.extend(tail.bytes());
        for format in METRIC_FORMATS {
            if let Ok(read) = format.read(&mut bytes.as_slice(), &MetricSetup::default()) {
                prop_assert!(read.accounting.adds_up());
                let cells = || read.series.iter().flat_map(|s| s.minutes.values());
                prop_assert!(cells().all(|c| c.mean.is_finite() && c.min <= c.mean && c.mean <= c.max));
            }
        }
    }
}

/// What no other reader claims must not be an error of the first one that does.
#[test]
fn samples_are_readable() {
    for name in ["sar-short.txt", "grafana-raw-epochms-labels.csv", "zabbix-history.csv", "influx1-ns.csv"] {
        assert!(try_read(&sample(name), &MetricSetup::default()).is_ok(), "{name}");
    }
}
