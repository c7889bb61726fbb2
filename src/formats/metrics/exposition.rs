//! Prometheus's text exposition format (`/metrics`, version 0.0.4; `/federate`), sampled over
//! time: node_exporter, KumoMTA's `/metrics`, PowerMTA and Postfix exporters.
//!
//! The page carries no time unless it is federated (milliseconds at the line's end), so each
//! sample stands below a line that dates it. Counters are differenced between samples.

use std::io::BufRead;

use super::names::Meanings;
use super::page::{Page, Went, Writing, read_lines};
use super::stamps::{DateOrder, Told, read_time};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup};
use crate::formats::Head;

/// The reader of sampled `/metrics` pages.
#[derive(Clone, Copy, Debug)]
pub struct Exposition;

impl MetricFormat for Exposition {
    fn name(&self) -> &'static str {
        "exposition"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start = String::from_utf8_lossy(head.bytes.get(..4096).unwrap_or(head.bytes)).into_owned();
        let typed = |l: &str| {
            let words: Vec<&str> = l.split(' ').collect();
            matches!(words.as_slice(), ["#", "TYPE", _, "counter" | "gauge" | "untyped" | "histogram" | "summary"])
        };
        start.lines().any(typed).then(|| "`# TYPE` lines of a Prometheus exporter".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Samples::default())
    }
}

#[derive(Default)]
struct Samples {
    meanings: Meanings,
}

impl Writing for Samples {
    fn line(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError> {
        if line.starts_with('#') && !line.starts_with("##") || page.dated(line) {
            return Ok(Went::Irrelevant);
        }
        // Label values may hold braces; a quote before one ends the labels.
        let (name, rest) = match line.find("\"}") {
            Some(end) => line.split_at(end + 2),
            None => line.split_once(' ').unwrap_or((line, "")),
        };
        let mut words = rest.split_whitespace();
        let Some(value) = words.next().and_then(|w| w.parse::<f64>().ok()) else { return Ok(Went::Unrecognised) };
        let Some(meaning) = self.meanings.of(name) else { return Ok(Went::Irrelevant) };
        let own = words.next().and_then(|w| read_time(w, DateOrder::DayFirst));
        let at = match own {
            Some(Told::Moment(at, _)) => at,
            _ => page.now(number, "a `/metrics` page", "(date -u +%FT%TZ; curl -s URL/metrics) >> FILE")?,
        };
        Ok(Went::used_if(page.put_meant(&meaning, name, at, value, None)))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::super::Signal;
    use super::super::samples::{cell, read, sample, series, try_read};
    use super::*;

    /// KumoMTA's page, as its source writes it (metrics trap 40): the listener is inbound, an
    /// idle queue's lines are gone and not zero.
    #[test]
    fn kumomta_under_time_lines() {
        let got = read(&sample("kumomta-metrics.txt"));
        let at = |signal, instance, minute| cell(series(&got, signal, instance), minute).last;
        assert_eq!(at(Signal::SmtpOutConnections, "", "2026-11-24T14:00Z"), 120.0);
        assert_eq!(at(Signal::SmtpOutConnections, "", "2026-11-24T14:01Z"), 64.0);
        assert_eq!(series(&got, Signal::SmtpOutConnections, "unspecified->gmail.com@smtp_client").minutes.len(), 1);
        assert!(got.series.iter().all(|s| s.signal != Signal::ConnsEstablished));
        assert_eq!(got.accounting.unrecognised, 0);
    }

    /// Metrics trap 30: a page of one moment says when it was taken, or is refused.
    #[test]
    fn federated_pages_carry_their_time_and_others_do_not() {
        let got = read(&sample("prometheus-federate.txt"));
        assert!(got.series.iter().any(|s| s.signal == Signal::OpenFiles && s.node == "node1"), "{:?}", got.series);
        let error =
            try_read(b"# TYPE node_load1 gauge\nnode_load1 0.5\n", &MetricSetup::default()).expect_err("no time");
        assert!(error.to_string().contains("curl -s URL/metrics"), "{error}");
    }
}
