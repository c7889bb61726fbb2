//! sysstat's `sadf -p`, the form it writes when none is asked for: one number to a line, apart
//! by tabs: host, interval, time, part, column, number.
//!
//! The lines of one time and part are a row of `sadf -d`; `-` is the whole node.

use std::io::BufRead;

use super::fold::LONGEST_INTERVAL_S;
use super::page::{Page, Went, Writing, read_lines};
use super::stamps::{DateOrder, read_time};
use super::sysstat::{Report, Taken};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, sadf_items};
use crate::formats::Head;

/// The reader of `sadf -p`.
#[derive(Clone, Copy, Debug)]
pub struct SadfPairs;

impl MetricFormat for SadfPairs {
    fn name(&self) -> &'static str {
        "sadf-pairs"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start = String::from_utf8_lossy(head.bytes.get(..4096).unwrap_or(head.bytes)).into_owned();
        let mut lines = start.lines().filter(|l| !l.trim().is_empty());
        let ours = |line: &str| {
            let cells: Vec<&str> = line.split('\t').collect();
            let known = matches!(cells.as_slice(), [_, seconds, time, _, _, number]
                if seconds.parse::<u32>().is_ok() && read_time(time, DateOrder::DayFirst).is_some() && number.parse::<f64>().is_ok());
            known || is_event(&cells)
        };
        (lines.next().is_some_and(ours) && lines.next().is_some_and(ours))
            .then(|| "host, interval, time, part, column and number of sadf -p, apart by tabs".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Pairs::default())
    }
}

fn is_event(cells: &[&str]) -> bool {
    matches!(cells, [_, "-1", _, what, ..] if what.starts_with("LINUX-RESTART") || what.starts_with("COM "))
}

/// The row whose numbers are being read.
#[derive(Default)]
struct Pairs {
    /// Host, interval, time and part.
    of: [String; 4],
    names: Vec<String>,
    numbers: Vec<String>,
}

impl Writing for Pairs {
    fn line(&mut self, page: &mut Page<'_>, _: u64, line: &str) -> Result<Went, MetricError> {
        let cells: Vec<&str> = line.split('\t').collect();
        let went = match cells.as_slice() {
            [host, _, time, what, ..] if is_event(&cells) => {
                let went = self.close(page);
                event(page, host, time, what).and(went)
            }
            [host, seconds, time, part, name, number] => {
                let of = [*host, *seconds, *time, *part];
                let went = if self.of == of && !self.ends_before(name) { Some(false) } else { self.close(page) };
                self.of = of.map(str::to_owned);
                self.names.push((*name).to_owned());
                self.numbers.push((*number).to_owned());
                went
            }
            _ => None,
        };
        Ok(went.map_or(Went::Unrecognised, Went::used_if))
    }

    fn end(&mut self, page: &mut Page<'_>) {
        self.close(page);
    }
}

/// A restart, or what the operator wrote into the record.
fn event(page: &mut Page<'_>, host: &str, time: &str, what: &str) -> Option<bool> {
    let at = page.clock.place(read_time(time, DateOrder::DayFirst)?)?;
    match what.strip_prefix("COM ") {
        Some(comment) => page.comment(host, at, comment),
        None => page.restarted(host, at),
    }
    Some(false)
}

impl Pairs {
    /// Whether a column of this name is of another report: those of NFS and of TCP both have a
    /// `retrans/s`, and in a file of one sample all reports follow each other under one time.
    fn ends_before(&self, name: &str) -> bool {
        matches!(name, "call/s" | "atmptf/s") || self.names.iter().any(|n| n == name)
    }

    /// Folds the row that is complete. True when a value was used; nothing when it is no row.
    fn close(&mut self, page: &mut Page<'_>) -> Option<bool> {
        let Self { of: [host, seconds, time, part], names, numbers } = std::mem::take(self);
        if names.is_empty() {
            return Some(false);
        }
        let told = read_time(&time, DateOrder::DayFirst)?;
        let seconds = seconds.parse().ok().filter(|s| *s > 0.0 && *s <= LONGEST_INTERVAL_S)?;
        let at = sadf_items::place(page, told)?;
        let (kind, instance) = match part.as_str() {
            "-" => (None, ""),
            "all" => (Some("CPU"), "all"),
            core if core.strip_prefix("cpu").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit())) => {
                (Some("CPU"), core.trim_start_matches("cpu"))
            }
            interface => (Some("IFACE"), interface),
        };
        let names = kind.map(str::to_owned).into_iter().chain(names).collect();
        let cells: Vec<&str> = kind.map(|_| instance).into_iter().chain(numbers.iter().map(String::as_str)).collect();
        Report::of(names, 0).put(page, &cells, Taken { host: &host, at, seconds: Some(seconds) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{format_of, read, sample};
    use super::*;

    // What it gives is held to the other forms of the same recording in `sadf_json`.

    #[test]
    fn only_sadf_is_taken() {
        assert_eq!(format_of(&sample("sadf-pairs-whole.txt")).map(MetricFormat::name), Some("sadf-pairs"));
        let other = "mta1\t5\t2026-11-24 02:36:28 UTC\tall\t%user\tmany\n".repeat(2);
        assert!(SadfPairs.recognise(Head { bytes: other.as_bytes(), whole: true }).is_none());
    }

    /// One sample: NFS's `retrans/s` and that of TCP stand under one time.
    #[test]
    fn nfs_retransmissions_are_not_those_of_tcp() {
        let line = |name: &str, number: &str| format!("mta1\t5\t2026-11-24 02:36:28 UTC\t-\t{name}\t{number}\n");
        let columns = [
            ("call/s", "9.00"),
            ("retrans/s", "8.00"),
            ("atmptf/s", "0.00"),
            ("estres/s", "0.00"),
            ("retrans/s", "4.00"),
        ];
        let text: String = columns.iter().map(|(name, number)| line(name, number)).collect();
        let got = read(text.as_bytes());
        let found: Vec<_> = got.series.iter().flat_map(|s| s.minutes.values().map(|c| (c.samples, c.max))).collect();
        assert_eq!(found, [(1, 4.0)]);
    }

    /// A row is folded at its end: the lines of one are all used or none.
    #[test]
    fn the_last_row_counts() {
        let text = "mta1\t5\t2026-11-24 02:36:28 UTC\t-\tretrans/s\t4.00\n\
            mta1\t5\t2026-11-24 02:36:28 UTC\t-\testres/s\t0.00\n";
        let got = read(text.as_bytes());
        assert_eq!((got.series.len(), got.accounting.unrecognised), (1, 0));
        assert_eq!(got.series.first().and_then(|s| s.minutes.values().next()).map(|c| c.max), Some(4.0));
    }
}
