//! CloudWatch: what `get-metric-data` and `get-metric-statistics` answer (API reference,
//! 2010-08-01), and the CSV of its console.
//!
//! A stamp is the start of its period. Bytes are sums per period, not per second and not a
//! running total. Answers come newest first or in no order at all, and their period is not in
//! them: it is the smallest distance of two points. Without detailed monitoring it is 300 s.

use std::io::BufRead;

use serde_json::Value;

use super::cells::{self, Cell};
use super::fold::{Of, Sample};
use super::names;
use super::page::{Page, Went, Writing, read_lines};
use super::stamps::{DateOrder, read_time};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, Signal, json};
use crate::formats::Head;
use crate::time::{Stamp, parse_rfc3339};

/// The reader of CloudWatch's answers and CSV.
#[derive(Clone, Copy, Debug)]
pub struct CloudWatch;

impl MetricFormat for CloudWatch {
    fn name(&self) -> &'static str {
        "cloudwatch"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start = String::from_utf8_lossy(head.bytes.get(..4096).unwrap_or(head.bytes)).into_owned();
        let text = start.trim_start_matches('\u{feff}').trim_start();
        if text.starts_with("Full label,") {
            return Some("the label rows of CloudWatch's CSV".to_owned());
        }
        let has = |key: &str| text.contains(&format!("\"{key}\""));
        let data = has("MetricDataResults");
        let statistics = has("Datapoints") && (has("Label") || has("Timestamp"));
        (text.starts_with('{') && (data || statistics)).then(|| "an answer of CloudWatch's API".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        let start = input.fill_buf().map_err(|source| MetricError::Io { line: 0, source })?;
        if !start.trim_ascii_start().starts_with(b"{") {
            return read_lines(input, setup, &mut Console::default());
        }
        let mut page = Page::new(setup);
        if let Some(answer) = json::whole(input, &mut page)? {
            for result in list(&answer, "MetricDataResults") {
                metric_data(&mut page, result);
            }
            if answer.get("Datapoints").is_some() {
                metric_statistics(&mut page, &answer);
            }
        }
        Ok(page.finish())
    }
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn word<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

/// RFC 3339, or the seconds since 1970 that the CLI of version 1 and SDKs print.
fn stamp_of(value: &Value) -> Option<Stamp> {
    match value {
        Value::String(text) => parse_rfc3339(text).ok(),
        Value::Number(n) => n.as_f64().map(|s| Stamp::from_millis((s * 1000.0).round() as i64)),
        _ => None,
    }
}

/// One metric's points and how they were summed up.
struct Metric {
    label: String,
    /// `Average`, `Sum`, …; the answer of `get-metric-data` does not say.
    statistic: Option<String>,
    points: Vec<(Stamp, f64)>,
}

fn metric_data(page: &mut Page<'_>, result: &Value) {
    let (times, values) = (list(result, "Timestamps"), list(result, "Values"));
    let label = match word(result, "Label") {
        "" => word(result, "Id"),
        label => label,
    };
    if word(result, "StatusCode") != "Complete" {
        page.say(format!("`{label}` is {}: points are missing", word(result, "StatusCode")));
    }
    let points = times.iter().zip(values).filter_map(|(t, v)| Some((stamp_of(t)?, v.as_f64()?))).collect();
    lay(page, Metric { label: label.to_owned(), statistic: None, points });
}

fn metric_statistics(page: &mut Page<'_>, answer: &Value) {
    const STATISTICS: [&str; 4] = ["Sum", "Average", "Maximum", "Minimum"];
    let points = list(answer, "Datapoints");
    for statistic in STATISTICS {
        let of = |p: &Value| Some((stamp_of(p.get("Timestamp")?)?, p.get(statistic)?.as_f64()?));
        let points: Vec<_> = points.iter().filter_map(of).collect();
        if !points.is_empty() {
            let statistic = Some(statistic.to_owned());
            lay(page, Metric { label: word(answer, "Label").to_owned(), statistic, points });
        }
    }
}

/// What a metric of CloudWatch measures, and whether its numbers are sums over the period.
fn meaning(metric: &Metric) -> Option<(Signal, f64, bool)> {
    let last = metric.label.split_whitespace().next_back().unwrap_or("");
    let name = metric.label.split_whitespace().find(|w| !w.starts_with("i-")).unwrap_or(last);
    let statistic = metric.statistic.as_deref();
    Some(match name {
        "CPUUtilization" if statistic != Some("Sum") => (Signal::CpuPercent, 1.0, false),
        "NetworkOut" if statistic.is_none_or(|s| s == "Sum") => (Signal::EgressBps, 8.0, true),
        // The CloudWatch agent's ethtool plugin counts these since its last report.
        _ if name.ends_with("_allowance_exceeded") && statistic.is_none_or(|s| s == "Sum") => {
            (Signal::EgressDrops, 1.0, true)
        }
        _ if statistic == Some("Sum") => return None,
        name => {
            let found = names::meaning(name).filter(|m| !m.counter)?;
            let (zero, one) = (found.value(0.0, None)?, found.value(1.0, None)?);
            // An idle share is 100 minus what is asked for.
            if zero != 0.0 { (found.signal, -1.0, false) } else { (found.signal, one, false) }
        }
    })
}

/// Folds the points in the order of time.
fn lay(page: &mut Page<'_>, mut metric: Metric) {
    metric.points.sort_by_key(|point| point.0);
    let steps = metric.points.windows(2).filter_map(|w| Some((w.last()?.0.millis() - w.first()?.0.millis()) / 1000));
    let period = steps.filter(|s| *s > 0).min();
    let found = meaning(&metric);
    let column = match &metric.statistic {
        Some(statistic) => format!("{} {statistic}", metric.label),
        None => metric.label.clone(),
    };
    if let Some((_, _, true)) = found {
        page.say(format!(
            "`{column}` is taken as the sum over its period; the answer states neither it nor the period"
        ));
    }
    let stated = page.setup.columns.iter().any(|c| c.column == metric.label);
    for (at, value) in &metric.points {
        let _ = page.clock.place(super::stamps::Told::Moment(*at, None));
        let used = match (found, period) {
            (Some((signal, factor, sum)), Some(period)) if !stated => {
                put(page, signal, &column, (*at, *value), factor, sum, period)
            }
            _ => mapped(page, &metric.label, *at, *value, period),
        };
        page.count(Went::used_if(used), 1, "");
    }
}

/// One point over its period, which begins at the stamp.
fn put(
    page: &mut Page<'_>,
    signal: Signal,
    column: &str,
    (at, value): (Stamp, f64),
    factor: f64,
    sum: bool,
    period: i64,
) -> bool {
    let seconds = period as f64;
    let value = match (sum, factor < 0.0) {
        (true, _) => value * factor / seconds,
        (false, true) => 100.0 - value,
        (false, false) => value * factor,
    };
    let of = Of { signal, node: "", instance: "", column };
    page.put(of, at.plus_millis(period * 1000), value, Sample::Average(seconds))
}

/// A metric that case.yaml maps by its label: an average unless its unit is a total's.
fn mapped(page: &mut Page<'_>, label: &str, at: Stamp, value: f64, period: Option<i64>) -> bool {
    let map = page.setup.columns.iter().find(|c| c.column == label);
    let Some((meaning, period)) = map.and_then(names::Meaning::stated).zip(period) else {
        page.unmapped.saw(label, value);
        return false;
    };
    let Some(value) = meaning.value(value, None) else { return false };
    put(page, meaning.signal, label, (at, value), 1.0, meaning.counter, period)
}

/// The console's CSV: rows of labels, then a row for each period.
#[derive(Default)]
struct Console {
    labels: Vec<String>,
    statistics: Vec<String>,
    periods: Vec<i64>,
}

impl Writing for Console {
    fn line(&mut self, page: &mut Page<'_>, _: u64, line: &str) -> Result<Went, MetricError> {
        let mut row = Vec::new();
        cells::split(line, ',', &mut row);
        let Some((title, cells)) = row.split_first() else { return Ok(Went::Unrecognised) };
        match title.as_str() {
            "Label" => self.labels = cells.to_vec(),
            "Statistic" => self.statistics = cells.to_vec(),
            "Period" => self.periods = cells.iter().map(|c| c.parse().unwrap_or(0)).collect(),
            "Full label" | "Account, Region" | "Account" | "Region" | "Unit" | "Dimensions" | "Namespace" => {}
            time => {
                let Some(told) = read_time(time, DateOrder::MonthFirst) else { return Ok(Went::Unrecognised) };
                let Some(at) = page.clock.place(told) else { return Ok(Went::Unrecognised) };
                return Ok(Went::used_if(self.row(page, at, cells)));
            }
        }
        Ok(Went::Irrelevant)
    }
}

impl Console {
    fn row(&self, page: &mut Page<'_>, at: Stamp, cells: &[String]) -> bool {
        let mut any = false;
        for (column, cell) in cells.iter().enumerate() {
            let Cell::Number(value, None) = cells::read(cell, false) else { continue };
            let label = self.labels.get(column).cloned().unwrap_or_default();
            let metric = Metric { label, statistic: self.statistics.get(column).cloned(), points: Vec::new() };
            let period = self.periods.get(column).copied().filter(|p| *p > 0);
            let stated = page.setup.columns.iter().any(|c| c.column == metric.label);
            any |= match (meaning(&metric), period) {
                (Some((signal, factor, sum)), Some(period)) if !stated => {
                    put(page, signal, &metric.label, (at, value), factor, sum, period)
                }
                _ => mapped(page, &metric.label, at, value, period),
            };
        }
        any
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::super::samples::{assert_cell, cell, in_zone, minutes, read, sample, series};
    use super::*;

    /// Metrics traps 32 and 33: newest first, sums of bytes per period, stamps at its start.
    #[test]
    fn metric_data_newest_first() {
        let got = read(&sample("cloudwatch-get-metric-data.json"));
        let egress = series(&got, Signal::EgressBps, "");
        assert_eq!(minutes(egress), "14:03 14:04 14:05");
        for (minute, bytes) in [("14:03", 7_498_000_000.0), ("14:04", 7_512_000_000.0), ("14:05", 7_200_000_000.0)] {
            assert_cell(cell(egress, &format!("2026-11-24T{minute}Z")), 1, [bytes * 8.0 / 60.0; 4]);
        }
        assert!(got.notes.iter().any(|n| n.contains("PartialData")));
    }

    #[test]
    fn metric_statistics_in_no_order() {
        let got = read(&sample("cloudwatch-get-metric-statistics.json"));
        let egress = series(&got, Signal::EgressBps, "");
        // Two points two minutes apart: taken as a period of two minutes, and marked so.
        assert_cell(cell(egress, "2026-11-24T14:01Z"), 1, [7_200_000_000.0 * 8.0 / 120.0; 4]);
        assert!(egress.minutes.values().all(|c| c.coarse));
    }

    #[test]
    fn the_consoles_csv() {
        let got = read(&sample("cloudwatch-console.csv"));
        let egress = series(&got, Signal::EgressBps, "");
        assert_cell(cell(egress, "2026-11-24T14:01Z"), 1, [7_498_000_000.0 * 8.0 / 60.0; 4]);
        assert_eq!(got.zone.map(|z| z.1).as_deref(), Some("UTC (assumed)"));
        let local = in_zone(&sample("cloudwatch-console.csv"), "Europe/Berlin");
        assert_eq!(minutes(series(&local, Signal::EgressBps, "")), "13:00 13:01");
    }

    /// Metrics traps 32 and 38: five-minute averages fill their minutes and claim no peak.
    #[test]
    fn processor_shares_of_five_minutes() {
        let text = r#"{"Label":"CPUUtilization","Datapoints":[
            {"Timestamp":"2026-11-24T14:05:00Z","Average":40.0,"Maximum":95.0,"Unit":"Percent"},
            {"Timestamp":"2026-11-24T14:00:00Z","Average":20.0,"Maximum":35.0,"Unit":"Percent"}]}"#;
        let got = read(text.as_bytes());
        let cpu = got.series.iter().find(|s| s.column == "CPUUtilization Average").expect("an average");
        assert_eq!((cpu.minutes.len(), cell(cpu, "2026-11-24T14:09Z").mean), (10, 40.0));
        assert!(cpu.minutes.values().all(|c| c.coarse));
    }
}
