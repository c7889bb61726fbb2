//! dstat's `--output` CSV, of dstat 0.7 and 0.8 and of PCP's dstat: a preamble that dates the
//! file, a row of groups, a row of names, then a row every so many seconds.
//!
//! Processor and network columns are averages since the row before, bytes per second; sockets,
//! files and load are levels. The first row is since boot (dstat) or short (PCP: groups
//! without a value collapse to one empty cell), and left out. Memory is in bytes in one and
//! KiB in the other, without a total: not read.

use std::io::BufRead;

use super::cells::{self, Cell};
use super::fold::{Of, Sample};
use super::page::{Page, Since, Went, Writing, read_lines};
use super::stamps::{DateOrder, Told, read_clock, read_time, zone_of_word};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, Signal};
use crate::formats::Head;
use crate::time::{Stamp, civil_from_days, days_from_civil};

/// The reader of dstat's CSV.
#[derive(Clone, Copy, Debug)]
pub struct Dstat;

const DAY_MS: i64 = 86_400_000;

impl MetricFormat for Dstat {
    fn name(&self) -> &'static str {
        "dstat"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let starts = |words: &str| head.bytes.starts_with(words.as_bytes());
        match (starts("\"Dstat "), starts("\"pcp-dstat ")) {
            (true, _) => Some("the first line of dstat's CSV".to_owned()),
            (_, true) => Some("the first line of PCP dstat's CSV".to_owned()),
            _ => None,
        }
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Runs::default())
    }
}

/// What one column holds.
struct Column {
    at: usize,
    name: String,
    signal: Signal,
    factor: f64,
    instance: String,
    average: bool,
}

/// The runs of dstat in one file: the same `--output` is appended to.
#[derive(Default)]
struct Runs {
    host: String,
    /// When the run began, local as if it were UTC.
    began: Option<Stamp>,
    groups: Vec<String>,
    names: Vec<String>,
    columns: Vec<Column>,
    since: Since,
    rows: u64,
}

impl Writing for Runs {
    fn line(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError> {
        let mut row = Vec::new();
        cells::split(line, ',', &mut row);
        let after = |title: &str| row.iter().position(|c| c == title).and_then(|at| row.get(at + 1));
        if let Some(host) = after("Host:") {
            *self = Self { host: host.clone(), ..Self::default() };
            page.fold.restart();
            page.clock.rewind();
            page.on_the_node(host);
            return Ok(Went::Irrelevant);
        }
        if let Some(date) = after("Date:") {
            self.dated(page, date);
            return Ok(Went::Irrelevant);
        }
        // Groups stand over several columns; names are never blank.
        if row.iter().any(|c| c == "time" || c == "epoch") && row.iter().all(|c| !c.is_empty()) {
            self.titled(row);
            return Ok(Went::Irrelevant);
        }
        if !line.starts_with('"') {
            return Ok(self.row(page, number, &row)?.map_or(Went::Unrecognised, Went::used_if));
        }
        self.groups = row;
        Ok(Went::Irrelevant)
    }
}

impl Runs {
    /// `24 Nov 2026 02:36:26 UTC`: the only place of year and zone.
    fn dated(&mut self, page: &mut Page<'_>, date: &str) {
        let words: Vec<&str> = date.split_whitespace().collect();
        let [day, month, year, clock, zone @ ..] = words.as_slice() else { return };
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = MONTHS.iter().position(|m| m == month).map(|at| at + 1);
        let told = month.and_then(|m| read_time(&format!("{year}-{m}-{day} {clock}"), DateOrder::DayFirst));
        if let Some(Told::Local(at)) = told {
            self.began = Some(at);
        }
        page.clock.under(zone.first().and_then(|z| zone_of_word(z)));
    }

    /// The row of names; the row of groups was the one before, its titles standing over the
    /// first column of each group.
    fn titled(&mut self, names: Vec<String>) {
        let mut group = "";
        let columns = names.iter().enumerate().filter_map(|(at, name)| {
            if let Some(title) = self.groups.get(at).filter(|g| !g.is_empty()) {
                group = title;
            }
            let leaf = name.rsplit(':').next().unwrap_or(name);
            let (signal, factor, instance, average) = meaning(group, leaf)?;
            Some(Column { at, name: format!("{group}: {leaf}"), signal, factor, instance, average })
        });
        self.columns = columns.collect();
        (self.names, self.rows, self.since) = (names, 0, Since::default());
    }

    fn row(&mut self, page: &mut Page<'_>, number: u64, row: &[String]) -> Result<Option<bool>, MetricError> {
        let time = self.names.iter().position(|n| n == "time" || n == "epoch");
        let Some(cell) = time.and_then(|at| row.get(at)) else { return Ok(None) };
        let Some(told) = self.time(number, cell)? else { return Ok(None) };
        let Some(at) = page.clock.place(told) else { return Ok(None) };
        let seconds = self.since.to(at);
        self.rows += 1;
        if self.rows == 1 {
            page.say("the first row is the average since boot: left out".to_owned());
            return Ok(Some(false));
        }
        if row.len() != self.names.len() {
            return Ok(None);
        }
        let mut any = false;
        for column in &self.columns {
            let Some(Cell::Number(number, None)) = row.get(column.at).map(|c| cells::read(c, false)) else { continue };
            let value = if column.signal == Signal::CpuPercent { 100.0 - number } else { number * column.factor };
            let sample = if column.average { seconds.map(Sample::Average) } else { Some(Sample::Instant) };
            let of = Of { signal: column.signal, node: &self.host, instance: &column.instance, column: &column.name };
            any |= sample.is_some_and(|sample| page.put(of, at, value, sample));
        }
        Ok(Some(any))
    }

    /// Seconds since 1970, or `24-11 02:36:26`: day and month, of the year in which the run began
    /// or of the next one.
    fn time(&self, number: u64, cell: &str) -> Result<Option<Told>, MetricError> {
        if let Some(told) = read_time(cell, DateOrder::DayFirst) {
            return Ok(Some(told));
        }
        let parts = || {
            let (date, clock) = cell.split_once(' ')?;
            let (day, month) = date.split_once('-')?;
            let (day, month): (u32, u32) = (day.parse().ok()?, month.parse().ok()?);
            let ((1..=31, 1..=12), (millis, "")) = ((day, month), read_clock(clock)?) else { return None };
            Some((day, month, millis))
        };
        let Some((day, month, millis)) = parts() else { return Ok(None) };
        let Some(began) = self.began else {
            return Err(MetricError::Unclear {
                line: number,
                what: format!(
                    "`{}` has no year, and no `Date:` stands above it",
                    cell.chars().take(40).collect::<String>()
                ),
                way_out: "keep the first lines of dstat's file; no key of case.yaml helps".to_owned(),
            });
        };
        let (year, ..) = civil_from_days(began.millis().div_euclid(DAY_MS));
        let of = |year| Stamp::from_millis(days_from_civil(year, month, day) * DAY_MS + millis);
        // A day's grace: the row may be told in another zone than the date.
        let at = if of(year) < began.plus_millis(-DAY_MS) { of(year + 1) } else { of(year) };
        Ok(Some(Told::Local(at)))
    }
}

/// Signal, factor, instance, and whether it is an average. Names come again (`used`, `tcp`):
/// only the group tells them apart.
fn meaning(group: &str, leaf: &str) -> Option<(Signal, f64, String, bool)> {
    let whole = String::new();
    if let Some(part) = group.strip_suffix(" cpu usage").or_else(|| group.strip_suffix(" usage")) {
        let instance = if part == "total" { whole } else { part.starts_with("cpu").then(|| part.to_owned())? };
        let signal = match leaf {
            "usr" => Signal::CpuUserPercent,
            "sys" => Signal::CpuSystemPercent,
            "idl" => Signal::CpuPercent,
            "stl" => Signal::CpuStealPercent,
            "siq" => Signal::CpuSoftirqPercent,
            _ => return None,
        };
        return Some((signal, 1.0, instance, true));
    }
    if let Some(interface) = group.strip_prefix("net/").filter(|_| leaf == "send") {
        // dstat's total leaves out lo and what is counted twice (bonds, tunnels).
        let instance = if interface == "total" { whole } else { interface.to_owned() };
        return Some((Signal::EgressBps, 8.0, instance, true));
    }
    let signal = match (group, leaf) {
        ("sockets", "tcp") | ("tcp sockets", "act") => Signal::ConnsEstablished,
        ("tcp sockets", "tim") => Signal::TimeWait,
        ("filesystem", "files") => Signal::OpenFiles,
        ("load avg", "1m") => Signal::Load1,
        ("procs", "run") => Signal::RunQueue,
        _ => return None,
    };
    Some((signal, 1.0, whole, false))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::super::samples::{assert_cell, cell, minutes, read, sample, series, try_read};
    use super::*;

    /// Metrics trap 26: the first row is since boot, the year stands in the preamble, a name
    /// comes twice, and memory is nobody's signal.
    #[test]
    fn dstat_of_2020() {
        let got = read(&sample("dstat-legacy.csv"));
        let minute = "2026-11-24T02:36Z";
        let user = [94.514, 94.724, 93.267, 94.75, 92.768, 94.486, 85.75];
        let mean = user.iter().sum::<f64>() / 7.0;
        assert_cell(cell(series(&got, Signal::CpuUserPercent, ""), minute), 7, [mean, 85.75, 94.75, 85.75]);
        let sent = [0.0, 0.0, 42.0, 0.0, 779.5, 6870.5, 9093.5].map(|b| b * 8.0);
        let egress = series(&got, Signal::EgressBps, "");
        assert_cell(cell(egress, minute), 7, [sent.iter().sum::<f64>() / 7.0, 0.0, 72_748.0, 72_748.0]);
        assert_eq!((egress.node.as_str(), egress.column.as_str()), ("mta1", "net/total: send"));
        assert_eq!(cell(series(&got, Signal::ConnsEstablished, ""), minute).last, 12.0);
        assert_eq!(cell(series(&got, Signal::OpenFiles, ""), minute).last, 1748.0);
        assert_eq!(cell(series(&got, Signal::CpuPercent, ""), minute).min, 100.0);
        assert!(got.series.iter().all(|s| s.signal != Signal::MemAvailablePercent));
        assert_eq!((got.accounting.used, got.accounting.irrelevant, got.accounting.unrecognised), (7, 7, 0));
        assert_eq!(got.zone.map(|z| z.1).as_deref(), Some("UTC (in the header)"));
    }

    /// Metrics trap 26: PCP's first row has 16 cells under 21 names.
    #[test]
    fn dstat_of_pcp() {
        let got = read(&sample("pcp-dstat.csv"));
        let minute = "2026-11-24T02:36Z";
        let sent = [0.0, 0.0, 41.741, 0.0, 742.712, 7220.824, 9242.349, 9774.188].map(|b| b * 8.0);
        assert_cell(
            cell(series(&got, Signal::EgressBps, ""), minute),
            8,
            [sent.iter().sum::<f64>() / 8.0, 0.0, 9774.188 * 8.0, 9774.188 * 8.0],
        );
        assert_eq!(cell(series(&got, Signal::ConnsEstablished, ""), minute).last, 6.0);
        assert_eq!(cell(series(&got, Signal::TimeWait, ""), minute).last, 0.0);
        assert_eq!((got.accounting.used, got.accounting.unrecognised), (8, 0));
    }

    /// Metrics traps 26 and 34: a second run in the file, seconds since 1970, `lo` left out.
    #[test]
    fn a_second_preamble_begins_a_second_run() {
        let got = read(&sample("dstat-legacy-epoch-nics.csv"));
        let parts: Vec<_> = got.series.iter().filter(|s| s.signal == Signal::EgressBps).map(|s| &s.instance).collect();
        assert_eq!(parts, ["eth0", ""]);
        let egress = cell(series(&got, Signal::EgressBps, "eth0"), "2026-11-24T02:36Z");
        assert_eq!((egress.samples, egress.max), (4, 42.0 * 8.0));
        assert_eq!(got.zone.map(|z| z.1).as_deref(), Some("UTC (seconds since 1970)"));
    }

    #[test]
    fn new_year_and_other_zones() {
        let text = "\"Dstat 0.8.0 CSV output\"\n\"Host:\",\"mta1\",,,,\"User:\",\"root\"\n\
            \"Cmdline:\",\"dstat -tl\",,,,\"Date:\",\"31 Dec 2026 23:59:30 CET\"\n\"system\",\"load avg\",,\n\
            \"time\",\"1m\",\"5m\",\"15m\"\n31-12 23:59:30,1,1,1\n31-12 23:59:50,2,1,1\n01-01 00:00:10,3,1,1\n";
        let got = read(text.as_bytes());
        let days: Vec<_> = series(&got, Signal::Load1, "").minutes.keys().map(ToString::to_string).collect();
        assert_eq!(days, ["2026-12-31T22:59Z", "2026-12-31T23:00Z"]);
        let (first, _) = text.split_once("\"Host:\"").expect("a host");
        let cut = format!("{first}{}", text.split_once("CET\"\n").expect("a date").1);
        assert!(try_read(cut.as_bytes(), &MetricSetup::default()).is_err());
        assert_eq!(minutes(series(&got, Signal::Load1, "")), "22:59 23:00");
    }
}
