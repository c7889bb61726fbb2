//! `nstat` sampled over time (iproute2, nstat(8)): as text, as `-j` below time lines, or as
//! `{"ts": …, "nstat": {…}}`.
//!
//! A run prints what counters grew since the run before, and leaves out those that did not:
//! a missing name is zero. The first run prints totals since boot and is left out. With `-a`
//! all runs print totals; then no counter ever falls.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde_json::Value;

use super::fold::{Fold, Of, Sample};
use super::page::{Page, Since, Went, Writing, read_lines};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, Signal};
use crate::formats::Head;
use crate::time::Stamp;

/// The reader of `nstat` samples.
#[derive(Clone, Copy, Debug)]
pub struct Nstat;

/// `TcpExtListenOverflows` counts the same losses as `ListenDrops` once more.
const KNOWN: [(&str, Signal); 4] = [
    ("TcpRetransSegs", Signal::RetransmitsPerS),
    ("TcpOutSegs", Signal::OutSegments),
    ("TcpExtTCPSynRetrans", Signal::SynRetrans),
    ("TcpExtListenDrops", Signal::ListenDrops),
];

/// The kernel has some four hundred.
const MOST_COUNTERS: usize = 5_000;

impl MetricFormat for Nstat {
    fn name(&self) -> &'static str {
        "nstat"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start = String::from_utf8_lossy(head.bytes.get(..8192).unwrap_or(head.bytes)).into_owned();
        let json = |l: &str| l.starts_with("{\"kernel\":{") || l.contains("\"nstat\":{\"kernel\":{");
        if start.lines().take(3).any(json) {
            return Some("`{\"kernel\":{…}}` of nstat -j".to_owned());
        }
        start.lines().take(3).any(|l| l == "#kernel").then(|| "`#kernel` above nstat's counters".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Runs::default())
    }
}

/// The runs of nstat, read as increments and as totals until it shows which they are.
#[derive(Default)]
struct Runs {
    since: Since,
    totals: Fold,
    /// The text run that is being read, and all counters of the one before.
    open: Option<(Stamp, BTreeMap<String, f64>)>,
    before: BTreeMap<String, f64>,
    runs: u64,
    fell: bool,
}

impl Writing for Runs {
    fn line(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError> {
        if line.starts_with('{') {
            return self.json(page, number, line);
        }
        if line == "#kernel" {
            self.close(page);
            self.open = Some((now(page, number)?, BTreeMap::new()));
            return Ok(Went::Irrelevant);
        }
        if page.dated(line) {
            return Ok(Went::Irrelevant);
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let counter = match words.as_slice() {
            [name, value, _] => value.parse().ok().map(|v: f64| ((*name).to_owned(), v)),
            _ => None,
        };
        match (counter, &mut self.open) {
            (Some((name, value)), Some((_, run))) => {
                let known = KNOWN.iter().any(|(k, _)| *k == name);
                if run.len() < MOST_COUNTERS {
                    run.insert(name, value);
                }
                Ok(Went::used_if(known))
            }
            _ => Ok(Went::Unrecognised),
        }
    }

    fn end(&mut self, page: &mut Page<'_>) {
        self.close(page);
        if self.runs > 2 && !self.fell {
            page.say("no counter ever falls: read as running totals (nstat -a)".to_owned());
            page.fold = std::mem::take(&mut self.totals);
        } else if self.runs > 0 {
            page.say("the first run counts since boot or since an older run: left out".to_owned());
        }
    }
}

fn now(page: &Page<'_>, line: u64) -> Result<Stamp, MetricError> {
    page.now(line, "nstat", "while sleep 10; do date -u +%FT%TZ; nstat -j; done > FILE")
}

impl Runs {
    fn json(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError> {
        let Ok(record) = serde_json::from_str::<Value>(line) else { return Ok(Went::Unrecognised) };
        let time = ["ts", "time", "timestamp", "date"].iter().find_map(|k| record.get(*k));
        if let Some(time) = time {
            let text = time.as_str().map_or_else(|| time.to_string(), str::to_owned);
            if !page.dated(&text) {
                return Ok(Went::Unrecognised);
            }
        }
        let inside = record.get("nstat").unwrap_or(&record);
        let Some(kernel) = inside.get("kernel").and_then(Value::as_object) else { return Ok(Went::Unrecognised) };
        let run = kernel.iter().filter_map(|(k, v)| Some((k.clone(), v.as_f64()?))).collect();
        self.run(page, now(page, number)?, run);
        Ok(Went::Used)
    }

    fn close(&mut self, page: &mut Page<'_>) {
        if let Some((at, run)) = self.open.take() {
            self.run(page, at, run);
        }
    }

    fn run(&mut self, page: &mut Page<'_>, at: Stamp, run: BTreeMap<String, f64>) {
        self.runs += 1;
        self.fell |= self.before.iter().any(|(name, before)| run.get(name).copied().unwrap_or(0.0) < *before);
        let seconds = self.since.to(at);
        let node = page.setup.node.clone().unwrap_or_default();
        for (column, signal) in KNOWN {
            let of = Of { signal, node: &node, instance: "", column };
            let grown = run.get(column).copied();
            if let Some(seconds) = seconds {
                page.put(of, at, grown.unwrap_or(0.0) / seconds, Sample::Average(seconds));
            }
            if let Some(total) = grown {
                self.totals.add(of, at, total, Sample::Counter(1.0));
            }
        }
        self.before = run;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::super::samples::{cell, read, sample, series, try_read};
    use super::*;

    /// Metrics trap 28: increments of runs five seconds apart, against what `sadf -d -n TCP,ETCP`
    /// recorded on the same node in the same minutes.
    #[test]
    fn increments_agree_with_sadf() {
        let (nstat, sadf) = (read(&sample("nstat-j.jsonl")), read(&sample("sadf-tcp-with-nstat.csv")));
        let mut compared = 0;
        for signal in [Signal::RetransmitsPerS, Signal::OutSegments] {
            let (one, other) = (series(&nstat, signal, ""), series(&sadf, signal, ""));
            for (minute, cell) in one.minutes.iter().filter(|(_, c)| c.samples >= 10) {
                let there = other.minutes.get(minute).expect("the minute in sadf");
                // The two loops ran up to a second apart.
                assert!(
                    (cell.mean - there.mean).abs() <= 0.05 * there.mean.max(1.0),
                    "{signal} {minute}: {cell:?} {there:?}"
                );
                compared += 1;
            }
        }
        assert!(compared >= 4, "{compared}");
        assert_eq!(nstat.accounting.unrecognised, 0);
    }

    /// Metrics trap 28: a name that is missing is zero, the first run is left out, no time is refused.
    #[test]
    fn missing_names_are_zero() {
        let text = "2026-11-24T14:00:00Z\n{\"kernel\":{\"TcpRetransSegs\":900,\"TcpOutSegs\":9000}}\n\
            2026-11-24T14:00:20Z\n{\"kernel\":{\"TcpRetransSegs\":40,\"TcpOutSegs\":400}}\n\
            2026-11-24T14:00:40Z\n{\"kernel\":{}}\n";
        let got = read(text.as_bytes());
        let retransmits = cell(series(&got, Signal::RetransmitsPerS, ""), "2026-11-24T14:00Z");
        assert_eq!((retransmits.samples, retransmits.mean, retransmits.min, retransmits.max), (2, 1.0, 0.0, 2.0));
        let error = try_read(b"{\"kernel\":{}}\n", &MetricSetup::default()).expect_err("no time").to_string();
        assert!(error.contains("nstat -j; done"), "{error}");
    }

    #[test]
    fn text_and_totals() {
        let run = |second: u32, total: u32| {
            format!(
                "2026-11-24T14:00:{second:02}Z\n#kernel\nTcpOutSegs   {total}   0.0\nTcpRetransSegs  {}  0.0\n",
                total / 10
            )
        };
        let got = read(format!("{}{}{}", run(0, 1000), run(20, 1400), run(40, 1400)).as_bytes());
        let sent = cell(series(&got, Signal::OutSegments, ""), "2026-11-24T14:00Z");
        assert_eq!((sent.samples, sent.mean, sent.max), (2, 10.0, 20.0));
        assert!(got.notes.iter().any(|n| n.contains("running totals")));
        assert_eq!((got.accounting.used, got.accounting.irrelevant), (6, 6));
    }
}
