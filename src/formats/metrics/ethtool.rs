//! `ethtool -S INTERFACE` sampled over time (ethtool(8)), above all for the allowance counters
//! of Amazon's ENA driver (EC2 user guide, "Monitor network performance for ENA settings").
//!
//! All are running totals since the driver was loaded. The output names no interface: a line
//! of its own, or the file's name, may.

use std::io::BufRead;

use super::fold::{Of, Sample};
use super::page::{Page, Went, Writing, read_lines};
use super::parts::{interface, words};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, Signal};
use crate::formats::Head;

/// The reader of `ethtool -S` samples.
#[derive(Clone, Copy, Debug)]
pub struct Ethtool;

impl MetricFormat for Ethtool {
    fn name(&self) -> &'static str {
        "ethtool"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start = String::from_utf8_lossy(head.bytes.get(..2048).unwrap_or(head.bytes)).into_owned();
        start.lines().any(|l| l.trim() == "NIC statistics:").then(|| "`NIC statistics:` of ethtool -S".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        let file = setup.name.rsplit('/').next().unwrap_or("");
        let interface = interface(&words(file)).unwrap_or_default();
        read_lines(input, setup, &mut Samples { interface })
    }
}

struct Samples {
    interface: String,
}

impl Writing for Samples {
    fn line(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError> {
        if page.dated(line) || line.trim() == "NIC statistics:" {
            return Ok(Went::Irrelevant);
        }
        let Some((name, value)) = line.trim().rsplit_once(": ").or_else(|| line.trim().rsplit_once(':')) else {
            let named = interface(&words(line)).filter(|i| line.trim().trim_end_matches(':') == i);
            let found = named.is_some();
            self.interface = named.unwrap_or_else(|| self.interface.clone());
            return Ok(if found { Went::Irrelevant } else { Went::Unrecognised });
        };
        if value.trim().is_empty() {
            return self.line(page, number, name);
        }
        let Ok(value) = value.trim().parse::<f64>() else { return Ok(Went::Unrecognised) };
        let Some((signal, factor, of)) = meaning(name) else { return Ok(Went::Irrelevant) };
        let at =
            page.now(number, "`ethtool -S`", "while sleep 10; do date -u +%FT%TZ; ethtool -S eth0; done > FILE")?;
        let instance = format!("{} {of}", self.interface);
        let of = Of { signal, node: "", instance: instance.trim(), column: name };
        Ok(Went::used_if(page.put(of, at, value * factor, Sample::Counter(factor))))
    }
}

/// What a counter of the whole interface measures; those of single queues are parts of it.
fn meaning(name: &str) -> Option<(Signal, f64, &'static str)> {
    Some(match name {
        // Packets queued or dropped because a limit of the instance was passed.
        "bw_out_allowance_exceeded" => (Signal::EgressDrops, 1.0, "bw_out_allowance_exceeded"),
        "pps_allowance_exceeded" => (Signal::EgressDrops, 1.0, "pps_allowance_exceeded"),
        "conntrack_allowance_exceeded" => (Signal::EgressDrops, 1.0, "conntrack_allowance_exceeded"),
        "linklocal_allowance_exceeded" => (Signal::EgressDrops, 1.0, "linklocal_allowance_exceeded"),
        "tx_dropped" | "tx_drops" => (Signal::EgressDrops, 1.0, ""),
        "tx_bytes" => (Signal::EgressBps, 8.0, ""),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples::{assert_cell, cell, read, read_named, sample, series};
    use super::*;

    /// Totals are differenced; each allowance stays a series of its own.
    #[test]
    fn allowances_of_ena() {
        let got = read_named(&sample("ethtool-ena.txt"), "metrics/mta1.ethtool.ens5.txt");
        let minute = "2026-11-24T14:00Z";
        let bandwidth = cell(series(&got, Signal::EgressDrops, "ens5 bw_out_allowance_exceeded"), minute);
        assert_cell(bandwidth, 2, [15.0, 0.0, 30.0, 30.0]);
        assert_cell(cell(series(&got, Signal::EgressBps, "ens5"), minute), 2, [1e9, 1e9, 1e9, 1e9]);
        assert!(got.series.iter().all(|s| !s.column.starts_with("queue_")));
        assert_eq!((got.accounting.unrecognised, got.series.len()), (0, 6));
    }

    /// Recorded on a virtio interface: nothing of ours is counted there.
    #[test]
    fn other_drivers_name_little() {
        let got = read(&sample("ethtool-virtio.txt"));
        assert_eq!((got.series.len(), got.accounting.used, got.accounting.unrecognised), (0, 0, 0));
    }
}
