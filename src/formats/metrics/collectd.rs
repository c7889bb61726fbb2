//! collectd's CSV plugin (collectd.conf(5), "Plugin csv"): one file for each value, whose path
//! alone names the metric: `HOST/PLUGIN-INSTANCE/TYPE-INSTANCE-YYYY-MM-DD`.
//!
//! Stamps are seconds since 1970, whatever the date in the name. With `StoreRates true`
//! counters are written as averages since the row before, the first one `nan`; without, as
//! running totals. The file does not say which: totals are whole numbers, rates have six
//! decimals. `if_octets` are bytes.

use std::io::BufRead;

use super::cells::{self, Cell};
use super::fold::{Of, Sample};
use super::page::{Page, Since, Went, Writing, read_lines};
use super::stamps::{DateOrder, read_time};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, Signal};
use crate::formats::Head;

/// The reader of collectd's CSV files.
#[derive(Clone, Copy, Debug)]
pub struct Collectd;

impl MetricFormat for Collectd {
    fn name(&self) -> &'static str {
        "collectd"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start = String::from_utf8_lossy(head.bytes.get(..512).unwrap_or(head.bytes)).into_owned();
        let mut lines = start.lines();
        let names = lines.next()?.strip_prefix("epoch,")?;
        const VALUES: [&str; 5] = ["value", "rx,tx", "shortterm,midterm,longterm", "read,write", "used,free"];
        // A row's stamp has three decimals: tables of other programs under these names do not.
        let stamp = lines.next()?.split(',').next()?;
        let ours = stamp.split_once('.').is_some_and(|(s, f)| s.len() == 10 && f.len() == 3);
        (VALUES.contains(&names) && ours).then(|| format!("collectd's header `epoch,{names}`"))
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Values { of: Metric::of(&setup.name), ..Values::default() })
    }
}

/// What the path says.
#[derive(Clone, Debug, Default)]
struct Metric {
    host: String,
    plugin: String,
    plugin_instance: String,
    kind: String,
    type_instance: String,
}

impl Metric {
    fn of(path: &str) -> Self {
        let mut parts = path.rsplit('/');
        let (file, plugin, host) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        // The date at the end is the collector's local day.
        let undated = file.len().checked_sub(11).and_then(|at| file.get(..at)).unwrap_or(file);
        let apart = |text: &str| {
            let (name, instance) = text.split_once('-').unwrap_or((text, ""));
            (name.to_owned(), instance.to_owned())
        };
        let ((plugin, plugin_instance), (kind, type_instance)) = (apart(plugin), apart(undated));
        Self { host: host.to_owned(), plugin, plugin_instance, kind, type_instance }
    }

    /// Signal, factor and instance of a column; whether it was counted.
    fn signal(&self, column: &str) -> Option<(Signal, f64, String, bool)> {
        let (whole, interface) = (String::new(), self.plugin_instance.clone());
        let of = (self.plugin.as_str(), self.kind.as_str(), self.type_instance.as_str(), column);
        Some(match of {
            ("cpu", "percent" | "cpu", state, "value") if self.kind == "percent" => {
                let core = if interface.is_empty() { whole } else { format!("cpu{interface}") };
                let (signal, factor) = match state {
                    "idle" => (Signal::CpuPercent, -1.0),
                    "user" => (Signal::CpuUserPercent, 1.0),
                    "system" => (Signal::CpuSystemPercent, 1.0),
                    "steal" => (Signal::CpuStealPercent, 1.0),
                    "softirq" => (Signal::CpuSoftirqPercent, 1.0),
                    _ => return None,
                };
                (signal, factor, core, false)
            }
            ("interface", "if_octets", _, "tx") => (Signal::EgressBps, 8.0, interface, true),
            ("interface", "if_dropped", _, "tx") => (Signal::EgressDrops, 1.0, interface, true),
            ("load", "load", _, "shortterm") => (Signal::Load1, 1.0, whole, false),
            ("processes", "ps_state", "running", "value") => (Signal::RunQueue, 1.0, whole, false),
            ("fhcount", "file_handles", "used", "value") => (Signal::OpenFiles, 1.0, whole, false),
            ("fhcount", "file_handles", "max", "value") => (Signal::OpenFilesLimit, 1.0, whole, false),
            ("conntrack", "conntrack", "", "value") => (Signal::ConntrackUsed, 1.0, whole, false),
            ("conntrack", "conntrack", "max", "value") => (Signal::ConntrackLimit, 1.0, whole, false),
            ("protocols", _, "RetransSegs", "value") => (Signal::RetransmitsPerS, 1.0, whole, true),
            ("protocols", _, "OutSegs", "value") => (Signal::OutSegments, 1.0, whole, true),
            ("protocols", _, "TCPSynRetrans", "value") => (Signal::SynRetrans, 1.0, whole, true),
            ("protocols", _, "ListenDrops", "value") => (Signal::ListenDrops, 1.0, whole, true),
            ("protocols", _, "CurrEstab", "value") => (Signal::ConnsEstablished, 1.0, whole, false),
            ("tcpconns", "tcp_connections", state, "value") => return self.connections(state),
            ("memory", "percent", "available", "value") => (Signal::MemAvailablePercent, 1.0, whole, false),
            _ => return None,
        })
    }

    /// `tcpconns-25-remote`: connections to port 25 elsewhere are the MTA's to receivers.
    fn connections(&self, state: &str) -> Option<(Signal, f64, String, bool)> {
        let (outbound, all) = (self.plugin_instance == "25-remote", self.plugin_instance == "all");
        let signal = match state {
            "ESTABLISHED" if outbound => Signal::SmtpOutConnections,
            "ESTABLISHED" if all => Signal::ConnsEstablished,
            "TIME_WAIT" if all => Signal::TimeWait,
            _ => return None,
        };
        Some((signal, 1.0, String::new(), false))
    }
}

#[derive(Default)]
struct Values {
    of: Metric,
    columns: Vec<String>,
    since: Since,
}

impl Writing for Values {
    fn line(&mut self, page: &mut Page<'_>, _: u64, line: &str) -> Result<Went, MetricError> {
        let mut row = Vec::new();
        cells::split(line, ',', &mut row);
        if row.first().is_some_and(|c| c == "epoch") {
            self.columns = row;
            self.since = Since::default();
            return Ok(Went::Irrelevant);
        }
        Ok(self.row(page, &row).map_or(Went::Unrecognised, Went::used_if))
    }
}

impl Values {
    fn row(&mut self, page: &mut Page<'_>, row: &[String]) -> Option<bool> {
        if row.len() != self.columns.len() {
            return None;
        }
        let at = page.clock.place(read_time(row.first()?, DateOrder::DayFirst)?)?;
        let seconds = self.since.to(at);
        let mut any = false;
        for (column, cell) in self.columns.iter().zip(row).skip(1) {
            let Cell::Number(number, None) = cells::read(cell, false) else { continue };
            let Some((signal, factor, instance, counted)) = self.of.signal(column) else {
                page.unmapped.saw(&format!("{} {}", self.of.kind, column), number);
                continue;
            };
            let sample = match (counted, cell.contains('.'), seconds) {
                (false, ..) => Sample::Instant,
                (true, false, _) => Sample::Counter(factor),
                (true, true, Some(seconds)) => Sample::Average(seconds),
                (true, true, None) => continue,
            };
            let value = if factor < 0.0 { 100.0 - number } else { number * factor };
            let name = format!("{}/{} {column}", self.of.plugin, self.of.kind);
            any |= page.put(Of { signal, node: &self.of.host, instance: &instance, column: &name }, at, value, sample);
        }
        Some(any)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{assert_cell, cell, read, read_named, sample, series};
    use super::*;

    const DAY: &str = "metrics/mta1.sender.example";

    /// Metrics trap 29: the name is in the path, octets are bytes, `nan` comes first, and the
    /// same recording as rates and as running totals gives the same bits per second.
    #[test]
    fn rates_and_totals_agree() {
        let path = format!("{DAY}/interface-eth0/if_octets-2026-11-24");
        let rates = read_named(&sample("collectd/rates-if_octets-2026-11-24"), &path);
        let totals = read_named(&sample("collectd/totals-if_octets-2026-11-24"), &path);
        let of = |r: &MetricRead| {
            let egress = series(r, Signal::EgressBps, "eth0");
            assert_eq!(egress.node, "mta1.sender.example");
            cell(egress, "2026-11-24T02:36Z")
        };
        let (one, other) = (of(&rates), of(&totals));
        assert_eq!((one.samples, other.samples), (3, 3));
        // Two collectors some milliseconds apart: 35,140 bytes over 4.984 s by the totals.
        assert!((other.max - 35_140.0 * 8.0 / 4.984).abs() < 1e-6, "{other:?}");
        assert!((one.mean / other.mean - 1.0).abs() < 0.01 && (one.max / other.max - 1.0).abs() < 0.01, "{one:?}");
        assert_eq!((rates.accounting.used, rates.accounting.irrelevant), (3, 2));
    }

    #[test]
    fn levels_and_connections_to_port_25() {
        let files = read_named(
            &sample("collectd/file_handles-used-2026-11-24"),
            &format!("{DAY}/fhcount/file_handles-used-2026-11-24"),
        );
        assert_cell(
            cell(series(&files, Signal::OpenFiles, ""), "2026-11-24T02:36Z"),
            3,
            [4721.0 / 3.0, 1347.0, 1702.0, 1702.0],
        );
        let path = format!("{DAY}/tcpconns-25-remote/tcp_connections-ESTABLISHED-2026-11-24");
        let smtp = read_named(b"epoch,value\n1795487786.085,7.000000\n1795487791.078,9.000000\n", &path);
        assert_eq!(cell(series(&smtp, Signal::SmtpOutConnections, ""), "2026-11-24T02:36Z").max, 9.0);
        // Without its path a file names no metric.
        let lost = read(&sample("collectd/file_handles-used-2026-11-24"));
        assert!(lost.series.is_empty() && lost.unmapped.len() == 1);
    }
}
