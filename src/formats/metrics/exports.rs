//! Exports of dashboards and monitoring systems that go through the generic reader, each with
//! a sample in the shape that its producer documents.
#![expect(clippy::expect_used, reason = "tests")]

use super::samples::{assert_cell, cell, in_zone, minutes, read, sample, series, try_read};
use super::{ColumnMap, MetricSetup, Signal};

/// Metrics trap 31: Grafana's five ways of writing one panel.
#[test]
fn grafana() {
    let busy = |name: &str| {
        let got = read(&sample(name));
        assert_eq!(got.zone.map(|z| z.1).as_deref(), Some("UTC (assumed)"), "{name}");
        series_of(&got.series, Signal::CpuPercent)
    };
    let expected = [81.2, 84.0, 95.6, 97.1, 96.8, 88.3];
    for name in ["grafana-eu-decimal-semicolon.csv", "grafana-excel-utf16le-tab.csv", "grafana-old-sep.csv"] {
        assert_eq!(busy(name), expected, "{name}");
    }
    // Units in each cell, and a cell that is empty.
    let got = in_zone(&sample("grafana-formatted-units.csv"), "Europe/Berlin");
    let (one, other) = (series(&got, Signal::EgressBps, "eth0"), series(&got, Signal::EgressBps, "eth1"));
    assert_eq!(
        (cell(one, "2026-11-24T13:00Z").last, cell(other, "2026-11-24T13:00Z").last),
        (812e6, 243.600_000_000_000_02e3)
    );
    assert_eq!(minutes(other), "13:00 13:01 13:03 13:04 13:05");
    // Raw: milliseconds, a counter under its full name, whose every fall is a reset.
    let raw = read(&sample("grafana-raw-epochms-labels.csv"));
    assert_eq!(raw.zone.map(|z| z.1).as_deref(), Some("UTC (seconds since 1970)"));
    let egress = series_of(&raw.series, Signal::EgressBps);
    assert_eq!(egress.first(), Some(&(3_500_000.0 * 8.0 / 60.0)));
}

fn series_of(all: &[super::MetricSeries], signal: Signal) -> Vec<f64> {
    all.iter().find(|s| s.signal == signal).map_or(Vec::new(), |s| s.minutes.values().map(|c| c.last).collect())
}

/// InfluxDB 1 writes nanoseconds or RFC 3339, and one header after the other.
#[test]
fn influxdb_1_and_telegraf() {
    let (one, other) = (read(&sample("influx1-ns.csv")), read(&sample("influx1-rfc3339.csv")));
    assert_eq!(series(&one, Signal::EgressBps, "eth0").minutes, series(&other, Signal::EgressBps, "eth0").minutes);
    assert_cell(cell(series(&one, Signal::EgressBps, "eth0"), "2026-11-24T02:37Z"), 4, [1e6; 4]);
    let several = read(&sample("influx1-several.csv"));
    assert_eq!(several.accounting.unrecognised, 0);
    // `SELECT mean(usage_idle) FROM cpu`: the field is lost, and idle must not become busy.
    assert!(several.series.is_empty() && several.notes.iter().any(|n| n.contains("columns: {cpu: {signal")));
    assert_eq!(several.unmapped.iter().map(|u| u.0.as_str()).collect::<Vec<_>>(), ["cpu", "netstat"]);
    let stated = mapped("influx1-several.csv", "cpu", Signal::CpuIdlePercent, "percent");
    assert_eq!(series_of(&stated.series, Signal::CpuPercent), [11.0, 15.0]);
    let telegraf = read(&sample("telegraf-header-prefix.csv"));
    let egress = series(&telegraf, Signal::EgressBps, "eth0");
    assert_eq!((cell(egress, "2026-11-24T14:00Z").mean, egress.node.as_str()), (1e6, "node1"));
}

fn mapped(name: &str, column: &str, signal: Signal, unit: &str) -> super::MetricRead {
    let map = ColumnMap { column: column.into(), signal, unit: Some(unit.into()) };
    try_read(&sample(name), &MetricSetup { columns: vec![map], ..MetricSetup::default() }).expect("readable")
}

/// Datadog's exporter puts the scope above the values and the metric beside them; Zabbix and
/// VictoriaMetrics name neither signal nor unit: `columns` in case.yaml does.
#[test]
fn datadog_zabbix_and_victoriametrics() {
    let datadog = mapped("datadog-csv-exporter.csv", "device:eth0,host:node1", Signal::EgressBps, "bytes_per_s");
    let egress = series(&datadog, Signal::EgressBps, "eth0");
    assert_cell(cell(egress, "2026-11-24T14:00Z"), 2, [977_248_002.0, 962_496_004.0, 992e6, 992e6]);
    let zabbix = mapped("zabbix-history.csv", "value", Signal::EgressBps, "bit_per_s");
    assert_eq!(minutes(series(&zabbix, Signal::EgressBps, "")), "14:00 14:01 14:02");
    assert!(read(&sample("zabbix-history.csv")).series.is_empty());
    // With a header line in front, names and counters are known.
    let vm = read(&sample("victoriametrics-export.csv"));
    let retransmits = vm.series.iter().find(|s| s.signal == Signal::RetransmitsPerS).expect("retransmits");
    assert_cell(cell(retransmits, "2026-11-24T14:00Z"), 1, [1.0; 4]);
    assert_cell(cell(retransmits, "2026-11-24T14:01Z"), 1, [4.0; 4]);
}

/// New Relic writes begin and end of each bucket.
#[test]
fn new_relic() {
    let got = read(&sample("newrelic-nrql.csv"));
    assert_eq!(minutes(series(&got, Signal::CpuPercent, "")), "14:00 14:01");
}
