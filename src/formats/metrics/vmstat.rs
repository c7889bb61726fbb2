//! `vmstat -t` (procps 3 and 4, vmstat(8)): two header lines, of which the second ends in the
//! zone's name, then a row every so many seconds.
//!
//! Shares are averages since the row before; the first row's are since boot, and left out.
//! `r` is a level. There are no network columns, and no times without `-t`.

use std::io::BufRead;

use super::fold::{Of, Sample};
use super::page::{Page, Since, Went, Writing, read_lines};
use super::stamps::{DateOrder, read_time, zone_of_word};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, Signal};
use crate::formats::Head;
use crate::time::Stamp;

/// The reader of `vmstat -t`.
#[derive(Clone, Copy, Debug)]
pub struct Vmstat;

impl MetricFormat for Vmstat {
    fn name(&self) -> &'static str {
        "vmstat"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start = String::from_utf8_lossy(head.bytes.get(..1024).unwrap_or(head.bytes)).into_owned();
        let mut lines = start.lines().filter(|l| !l.trim().is_empty());
        let (groups, names) = (lines.next()?, lines.next()?);
        // Other languages translate the groups, and some of the names: `mémoire`, `libre`.
        let ours = groups.trim_start_matches('-').starts_with("procs") && groups.contains("---");
        let names: Vec<&str> = names.split_whitespace().collect();
        let kept = ["swpd", "si", "so", "us", "sy", "id", "wa"].iter().all(|n| names.contains(n));
        (ours && names.starts_with(&["r", "b"]) && kept).then(|| "the two header lines of vmstat".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Table::default())
    }
}

#[derive(Default)]
struct Table {
    names: Vec<String>,
    since: Since,
    before: Option<Stamp>,
    step: Option<f64>,
    /// Whether a header came since the last row.
    headed: bool,
}

impl Writing for Table {
    fn line(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError> {
        if line.trim_start_matches('-').starts_with("procs") {
            self.headed = true;
            return Ok(Went::Irrelevant);
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.starts_with(&["r", "b"]) {
            // `timestamp` stands above a zone's name, which is the last title.
            let zone = words.last().filter(|w| w.contains(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()));
            let Some(zone) = zone else { return Err(without_times(number)) };
            page.clock.under(zone_of_word(zone));
            page.on_the_node("");
            self.names = words.iter().map(|w| (*w).to_owned()).collect();
            self.headed = true;
            return Ok(Went::Irrelevant);
        }
        Ok(self.row(page, &words).map_or(Went::Unrecognised, Went::used_if))
    }
}

impl Table {
    fn row(&mut self, page: &mut Page<'_>, words: &[&str]) -> Option<bool> {
        let (date, time) = (words.get(words.len().checked_sub(2)?)?, words.last()?);
        // The two words of the time stand under one title.
        if words.len() != self.names.len() + 1 {
            return None;
        }
        let at = page.clock.place(read_time(&format!("{date} {time}"), DateOrder::DayFirst)?)?;
        let numbers: Vec<f64> = words.iter().take(words.len() - 2).map_while(|w| w.parse().ok()).collect();
        if numbers.len() + 2 != words.len() {
            return None;
        }
        let seconds = self.since.to(at);
        // A header stands between two runs, and once a screen inside one: only then is the step the same.
        let same_run = !self.headed || self.step.zip(seconds).is_some_and(|(a, b)| (a - b).abs() <= 1.0);
        let first = self.before.is_none() || !same_run;
        (self.before, self.headed) = (Some(at), false);
        if first {
            self.step = None;
            page.say("the first row after a start is the average since boot: left out".to_owned());
            return Some(false);
        }
        self.step = seconds;
        let mut any = false;
        for (name, number) in self.names.iter().zip(numbers) {
            let average = seconds.map(Sample::Average);
            let (signal, value, sample) = match name.as_str() {
                "r" => (Signal::RunQueue, number, Some(Sample::Instant)),
                "us" => (Signal::CpuUserPercent, number, average),
                "sy" => (Signal::CpuSystemPercent, number, average),
                "st" => (Signal::CpuStealPercent, number, average),
                "id" => (Signal::CpuPercent, 100.0 - number, average),
                _ => continue,
            };
            let of = Of { signal, node: "", instance: "", column: name };
            any |= sample.is_some_and(|sample| page.put(of, at, value, sample));
        }
        Some(any)
    }
}

fn without_times(line: u64) -> MetricError {
    MetricError::Unclear {
        line,
        what: "vmstat without `-t` writes no times".to_owned(),
        way_out: "record with `vmstat -t -n 10`; no key of case.yaml helps".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::super::samples::{assert_cell, cell, in_zone, minutes, read, sample, series, try_read};
    use super::*;

    /// Metrics trap 27: the first row is since boot, the last title a zone.
    #[test]
    fn rows_are_averages_of_the_time_before() {
        for (name, queue) in [("vmstat-t.txt", 73.0 / 9.0), ("vmstat-t-w.txt", 77.0 / 9.0)] {
            let got = read(&sample(name));
            let minute = "2026-11-24T02:36Z";
            let busy = cell(series(&got, Signal::CpuPercent, ""), minute);
            // `id` is 0 in all but the first row.
            assert_cell(busy, 9, [100.0; 4]);
            let user = [89.0, 96.0, 94.0, 94.0, 93.0, 94.0, 88.0, 86.0, 90.0];
            assert_cell(
                cell(series(&got, Signal::CpuUserPercent, ""), minute),
                9,
                [user.iter().sum::<f64>() / 9.0, 86.0, 96.0, 90.0],
            );
            assert_eq!(cell(series(&got, Signal::CpuStealPercent, ""), minute).max, 1.0);
            let run = cell(series(&got, Signal::RunQueue, ""), minute);
            assert_eq!((run.mean, run.last), (queue, 12.0));
            assert_eq!((got.accounting.used, got.accounting.irrelevant, got.accounting.unrecognised), (9, 3, 0));
            assert_eq!(got.zone.map(|z| z.1).as_deref(), Some("UTC (in the header)"));
        }
    }

    /// A recording in French, held to its own text.
    #[test]
    fn languages_change_the_titles_only() {
        let got = read(&sample("vmstat-language-fr.txt"));
        let text = String::from_utf8(sample("vmstat-language-fr.txt")).expect("text");
        assert!(text.contains("mémoire") && text.contains("horodatage"));
        // `us` is the thirteenth column; the row of 18:31:00 tells of the minute before.
        let rows = text.lines().skip(3).map(|l| l.split_whitespace().collect::<Vec<_>>());
        let of_minute = rows.filter(|w| w[w.len() - 1] <= "18:31:00");
        let user: Vec<f64> = of_minute.map(|w| w[12].parse().expect("a number")).collect();
        let found = cell(series(&got, Signal::CpuUserPercent, ""), "2026-11-27T17:30Z");
        assert_eq!(usize::try_from(found.samples).expect("few"), user.len());
        assert_eq!(found.max, user.iter().copied().fold(0.0, f64::max));
        assert_eq!((got.accounting.unrecognised, got.accounting.used), (0, 11));
        assert_eq!(got.zone.map(|z| z.1).as_deref(), Some("UTC+01:00 (in the header)"));
    }

    #[test]
    fn zones_of_the_title_and_unknown_ones() {
        let text = String::from_utf8(sample("vmstat-t.txt")).expect("text");
        let american = text.replace("                UTC", "                EST");
        assert_eq!(minutes(series(&read(american.as_bytes()), Signal::RunQueue, "")), "07:36");
        let unknown = text.replace("                UTC", "                IST");
        assert_eq!(read(unknown.as_bytes()).zone.map(|z| z.1).as_deref(), Some("UTC (assumed)"));
        assert_eq!(minutes(series(&in_zone(unknown.as_bytes(), "Asia/Kolkata"), Signal::RunQueue, "")), "21:06");
    }

    /// Two runs in one file: the second one's first row is since boot again.
    #[test]
    fn a_second_run_begins_with_averages_since_boot() {
        let text = String::from_utf8(sample("vmstat-t.txt")).expect("text");
        let later = text.replace("02:36:", "02:47:");
        let got = read(format!("{text}{later}").as_bytes());
        assert_eq!((got.accounting.used, got.accounting.irrelevant), (18, 6));
        assert_eq!(minutes(series(&got, Signal::CpuPercent, "")), "02:36 02:47");
        // Inside one run the header comes again with every screen.
        let lines: Vec<&str> = text.lines().collect();
        let screens = [&lines[..6], &lines[..2], &lines[6..]].concat().join("\n");
        assert_eq!(read(screens.as_bytes()).series, read(text.as_bytes()).series);
    }

    #[test]
    fn without_times_it_says_how_to_record() {
        let error = try_read(&sample("vmstat-without-time.txt"), &MetricSetup::default()).expect_err("no times");
        assert!(error.to_string().contains("`vmstat -t -n 10`"), "{error}");
    }
}
