//! InfluxDB 2 and 3 annotated CSV (`influx query --raw`, the API's `text/csv`): rows of
//! annotations, a header, then one row for each value; several tables, each with its own.
//!
//! `_time` is RFC 3339 in UTC. `_measurement` and `_field` name the metric, other columns are
//! tags. `aggregateWindow` stamps a window at its end. CSV of InfluxDB 1 goes through the
//! generic reader.

use std::io::BufRead;

use super::cells::{self, Cell};
use super::names::{self, Meaning};
use super::page::{Page, Went, Writing, read_lines};
use super::stamps::{DateOrder, read_time};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup};
use crate::formats::Head;

/// The reader of annotated CSV.
#[derive(Clone, Copy, Debug)]
pub struct Influx;

impl MetricFormat for Influx {
    fn name(&self) -> &'static str {
        "influxdb"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start = String::from_utf8_lossy(head.bytes.get(..4096).unwrap_or(head.bytes)).into_owned();
        let text = start.trim_start_matches('\u{feff}').trim_start();
        let annotated = ["#group,", "#datatype,", "#default,"].iter().any(|a| text.starts_with(a));
        (annotated && text.contains("_time")).then(|| "the annotation rows of InfluxDB's CSV".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Tables::default())
    }
}

#[derive(Default)]
struct Tables {
    header: Vec<String>,
    types: Vec<String>,
    /// The next row that is no annotation is a header.
    annotated: bool,
    /// The series of the row before and what it measures: rows of one series follow each other.
    before: Option<(String, Option<Meaning>)>,
}

impl Writing for Tables {
    fn line(&mut self, page: &mut Page<'_>, _: u64, line: &str) -> Result<Went, MetricError> {
        let mut row = Vec::new();
        cells::split(line, ',', &mut row);
        if line.starts_with('#') {
            if row.first().is_some_and(|c| c == "#datatype") {
                self.types.clone_from(&row);
            }
            self.annotated = true;
            return Ok(Went::Irrelevant);
        }
        if self.annotated || row.iter().any(|c| c == "_time") {
            (self.header, self.annotated, self.before) = (row, false, None);
            page.clock.rewind();
            return Ok(Went::Irrelevant);
        }
        Ok(self.row(page, &row).map_or(Went::Unrecognised, Went::used_if))
    }
}

impl Tables {
    fn row(&mut self, page: &mut Page<'_>, row: &[String]) -> Option<bool> {
        if row.len() != self.header.len() {
            return None;
        }
        let cell = |name: &str| self.header.iter().position(|h| h == name).and_then(|at| row.get(at));
        let at = page.clock.place(read_time(cell("_time")?, DateOrder::DayFirst)?)?;
        let tags: Vec<(String, String)> = self.tags(row);
        let measurement = cell("_measurement").map_or("", String::as_str);
        let values: Vec<(String, &String)> = match (cell("_value"), cell("_field")) {
            (Some(value), Some(field)) => vec![(field.clone(), value)],
            (Some(value), None) => vec![("_value".to_owned(), value)],
            // Pivoted: a column for each field.
            _ => self.fields(row),
        };
        let mut any = false;
        for (field, value) in values {
            let Cell::Number(number, None) = cells::read(value, false) else { continue };
            let key = format!("{measurement} {field} {tags:?}");
            if self.before.as_ref().is_none_or(|(before, _)| *before != key) {
                self.before = Some((key, meaning(page, measurement, &field, &tags)));
            }
            let column = format!("{measurement}.{field}");
            match &self.before {
                Some((_, Some(meaning))) => any |= page.put_meant(meaning, &column, at, number, None),
                _ => page.unmapped.saw(&column, number),
            }
        }
        Some(any)
    }

    fn tags(&self, row: &[String]) -> Vec<(String, String)> {
        let named = self.header.iter().zip(row).enumerate();
        let tag = |(at, (name, value)): (usize, (&String, &String))| {
            let text = self.types.get(at).is_none_or(|t| t == "string");
            let own = name.is_empty() || name.starts_with('_') || matches!(name.as_str(), "result" | "table");
            (text && !own).then(|| (name.clone(), value.clone()))
        };
        named.filter_map(tag).collect()
    }

    fn fields<'r>(&self, row: &'r [String]) -> Vec<(String, &'r String)> {
        let named = self.header.iter().zip(row).enumerate();
        let field = |(at, (name, value)): (usize, (&String, &'r String))| {
            let number = self.types.get(at).is_some_and(|t| matches!(t.as_str(), "double" | "long" | "unsignedLong"));
            (number && !matches!(name.as_str(), "table" | "result")).then(|| (name.clone(), value))
        };
        named.filter_map(field).collect()
    }
}

/// What a field measures, with Telegraf's words for its tags.
fn meaning(page: &Page<'_>, measurement: &str, field: &str, tags: &[(String, String)]) -> Option<Meaning> {
    let column = format!("{measurement}.{field}");
    let stated = page.setup.columns.iter().find(|c| c.column == column || c.column == field).and_then(Meaning::stated);
    let found = stated.or_else(|| names::meaning(&format!("{measurement}_{field}")))?;
    // `cpu-total` is the whole, `cpu0` a core.
    found.labelled(tags.iter().filter(|(_, v)| v != "cpu-total" && v != "all").cloned())
}

#[cfg(test)]
mod tests {
    use super::super::Signal;
    use super::super::samples::{assert_cell, cell, read, sample, series};

    /// Two tables; a counter is differenced, a level is not.
    #[test]
    fn tables_under_their_own_headers() {
        let got = read(&sample("influx2-annotated.csv"));
        let egress = series(&got, Signal::EgressBps, "eth0");
        assert_cell(cell(egress, "2026-11-24T14:01Z"), 1, [1_250_000.0 * 8.0 / 60.0; 4]);
        assert_eq!(
            (egress.node.as_str(), egress.minutes.len(), egress.column.as_str()),
            ("node1", 3, "net.bytes_sent")
        );
        let connections = series(&got, Signal::ConnsEstablished, "");
        assert_eq!((cell(connections, "2026-11-24T14:03Z").last, connections.minutes.len()), (43.0, 4));
        assert_eq!((got.accounting.used, got.accounting.unrecognised, got.accounting.irrelevant), (8, 0, 9));
        assert_eq!(got.zone.map(|z| z.1).as_deref(), Some("UTC (in each stamp)"));
    }

    #[test]
    fn pivoted_tables_have_a_column_for_each_field() {
        let text = "#group,false,false,false,false,false,true,true\n\
            #datatype,string,long,dateTime:RFC3339,double,double,string,string\n#default,_result,,,,,,\n\
            ,result,table,_time,usage_idle,usage_user,_measurement,cpu\n\
            ,,0,2026-11-24T14:00:10Z,90.5,5.25,cpu,cpu-total\n,,0,2026-11-24T14:00:20Z,88.5,,cpu,cpu-total\n";
        let got = read(text.as_bytes());
        let cpu = cell(series(&got, Signal::CpuPercent, ""), "2026-11-24T14:00Z");
        assert_eq!((cpu.min, cpu.max), (9.5, 11.5));
        assert_eq!(cell(series(&got, Signal::CpuUserPercent, ""), "2026-11-24T14:00Z").samples, 1);
    }
}
