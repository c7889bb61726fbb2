//! `sar` as text (sysstat 9 to 12, sar(1)): a line that dates the file, then reports of a
//! header and rows, each with a time of day.
//!
//! A header's time is that of the sample before, so a row's averages cover what lies between.
//! The date stands in the first line alone, in the order of the reader's locale; times are
//! local, in 12 or 24 hours, and name no zone. Japanese and Chinese write `02時30分42秒`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::BufRead;

use super::page::{Page, Since, Went, Writing, read_lines};
use super::stamps::{DateOrder, Told, needs_order, read_clock, read_time, unclear_order};
use super::sysstat::{Report, Taken};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup};
use crate::formats::Head;
use crate::time::Stamp;

/// The reader of `sar` text.
#[derive(Clone, Copy, Debug)]
pub struct Sar;

/// sysstat has some fifty; a damaged file may seem to have more.
const MOST_REPORTS: usize = 500;
const DAY_MS: i64 = 86_400_000;

impl MetricFormat for Sar {
    fn name(&self) -> &'static str {
        "sar"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let mut lines = head.bytes.get(..4096).unwrap_or(head.bytes).split(|b| *b == b'\n');
        let text = |line: &[u8]| in_digits(&String::from_utf8_lossy(line)).into_owned();
        let first = text(lines.by_ref().find(|l| !l.trim_ascii().is_empty())?);
        let (host, _) = title(&first)?;
        let header = text(lines.find(|l| !l.trim_ascii().is_empty())?);
        // mpstat writes the same columns; pidstat, by process, and iostat do not.
        let ours = header_of(&header)?.1.iter().all(|n| n != "UID" && n != "Command");
        ours.then(|| format!("the first line of sar on {host}, then a report by time of day"))
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Days::default())
    }
}

/// A line with its date and clock as other languages write them: `2026年11月28日`, `02時30分42秒`.
fn in_digits(line: &str) -> Cow<'_, str> {
    const MARKS: [(char, &str); 7] =
        [('年', "-"), ('月', "-"), ('日', " "), ('時', ":"), ('时', ":"), ('分', ":"), ('秒', " ")];
    if !line.contains(['時', '时', '年']) {
        return Cow::Borrowed(line);
    }
    Cow::Owned(MARKS.iter().fold(line.to_owned(), |text, (mark, plain)| text.replace(*mark, plain)))
}

/// Host and date of `Linux 6.1.0 (mta1) \t11/24/26 \t_x86_64_\t(2 CPU)`.
fn title(line: &str) -> Option<(String, String)> {
    let mut cells = line.split('\t').map(str::trim);
    let (system, date) = (cells.next()?, cells.next()?);
    let host = system.strip_suffix(')')?.rsplit_once('(')?.1;
    let known = ["Linux ", "SunOS ", "FreeBSD "].iter().any(|s| system.starts_with(s));
    (known && cells.any(|c| c.ends_with(" CPU)"))).then(|| (host.to_owned(), date.to_owned()))
}

/// A time of day at the line's start, and the words after it.
fn clock_and_words(line: &str) -> Option<(i64, Vec<&str>)> {
    let (millis, rest) = read_clock(line)?;
    rest.starts_with([' ', '\t']).then(|| (millis, rest.split_whitespace().collect()))
}

/// The time and the column names of a report's header: words alone, where a row has numbers.
fn header_of(line: &str) -> Option<(i64, Vec<String>)> {
    let (millis, words) = clock_and_words(line)?;
    let name = |w: &&str| w.contains(|c: char| c.is_ascii_alphabetic()) && !w.starts_with(|c: char| c.is_ascii_digit());
    let telling = words.len() > 1 && words.iter().all(name);
    // A comment of the operator's and a restart are words as well.
    let other = ["COM", "LINUX", "LINUX-RESTART"].contains(words.first()?);
    (telling && !other).then(|| (millis, words.iter().map(|w| (*w).to_owned()).collect()))
}

/// Where one report stands in time: a report may be told in full before the next one begins
/// at the file's first minute again, or row by row in turns.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    days: i64,
    last: Option<i64>,
    since: Since,
}

impl Place {
    /// Milliseconds since the file's first midnight. The clock falls by most of a day at
    /// midnight; by an hour where summer time ends.
    fn at(&mut self, millis: i64) -> i64 {
        if self.last.is_some_and(|last| last - millis > DAY_MS / 2) {
            self.days += 1;
        }
        self.last = Some(millis);
        self.days * DAY_MS + millis
    }
}

#[derive(Default)]
struct Days {
    host: String,
    /// Midnight of the file's date, as if it were UTC.
    date: Option<Stamp>,
    report: Report,
    /// The report's header, which tells reports apart.
    key: String,
    places: BTreeMap<String, Place>,
}

impl Writing for Days {
    fn line(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError> {
        let line = &in_digits(line);
        if let Some((host, date)) = title(line) {
            *self = Self { date: Some(date_of(&date, number, page.setup)?), host, ..Self::default() };
            page.clock.rewind();
            page.on_the_node(&self.host);
            return Ok(Went::Irrelevant);
        }
        let Some(date) = self.date else { return Ok(Went::Unrecognised) };
        if let Some((millis, names)) = header_of(line) {
            self.begin(page, date, millis, names);
            return Ok(Went::Irrelevant);
        }
        let Some((millis, words)) = clock_and_words(line) else {
            // `Average:`, in the words of any language, ends a report.
            let average = line.split_whitespace().take(2).any(|w| w.ends_with(':'));
            return Ok(if average { Went::Irrelevant } else { Went::Unrecognised });
        };
        Ok(self.row(page, date, millis, &words).map_or(Went::Unrecognised, Went::used_if))
    }
}

impl Days {
    /// A header: its time is where the first row's interval begins.
    fn begin(&mut self, page: &mut Page<'_>, date: Stamp, millis: i64, names: Vec<String>) {
        let key = names.join(" ");
        if key != self.key {
            page.clock.rewind();
        }
        if self.places.len() > MOST_REPORTS {
            self.places.clear();
        }
        let place = self.places.entry(key.clone()).or_default();
        let local = date.plus_millis(place.at(millis));
        place.since = Since::starting(page.clock.place(Told::Local(local)));
        self.report = Report::of(names, 0);
        self.key = key;
    }

    fn row(&mut self, page: &mut Page<'_>, date: Stamp, millis: i64, words: &[&str]) -> Option<bool> {
        let place = self.places.entry(self.key.clone()).or_default();
        let at = page.clock.place(Told::Local(date.plus_millis(place.at(millis))))?;
        match words {
            ["LINUX" | "LINUX-RESTART", ..] => {
                page.restarted(&self.host, at);
                Some(false)
            }
            ["COM", comment @ ..] => {
                page.comment(&self.host, at, &comment.join(" "));
                Some(false)
            }
            fields if fields.len() == self.report.names.len() => {
                let seconds = place.since.to(at);
                self.report.put(page, fields, Taken { host: &self.host, at, seconds })
            }
            _ => None,
        }
    }
}

/// Midnight of the title's date. Two digits of a year come last, as `%m/%d/%y` and
/// `%d/%m/%y` write them.
fn date_of(date: &str, line: u64, setup: &MetricSetup) -> Result<Stamp, MetricError> {
    let long = match date.rsplit_once(['/', '.']) {
        Some((front, year)) if year.len() == 2 => format!("{front}{}20{year}", &date[front.len()..=front.len()]),
        _ => date.to_owned(),
    };
    let read = |order| match read_time(&long, order) {
        Some(Told::Local(at)) => Some(at),
        _ => None,
    };
    let both = [DateOrder::MonthFirst, DateOrder::DayFirst].map(read);
    match (setup.dates, both) {
        (Some(order), _) if read(order).is_some() => read(order),
        (None, [Some(_), Some(_)]) if needs_order(&long) => return Err(unclear_order(line, date)),
        (_, [one, other]) => one.or(other),
    }
    .ok_or_else(|| MetricError::Unclear {
        line,
        what: format!("`{}` is no date that is understood", date.chars().take(40).collect::<String>()),
        way_out: "export again with `S_TIME_FORMAT=ISO sar …`, or with `sadf -d`".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::super::samples::{cell, format_of, in_zone, minutes, read, sample, series, try_read};
    use super::super::{MetricSeries, Signal};
    use super::*;
    use crate::time::Zone;

    /// The same recording through `sar` and `sadf -d` gives the same cells.
    #[test]
    fn text_and_sadf_agree() {
        let (text, table) = (read(&sample("sar-cpu.txt")), read(&sample("sadf-mixed.csv")));
        for signal in [Signal::CpuPercent, Signal::CpuUserPercent, Signal::CpuSystemPercent, Signal::CpuStealPercent] {
            let (one, other) = (series(&text, signal, ""), series(&table, signal, ""));
            assert_eq!((&one.minutes, &one.node), (&other.minutes, &other.node), "{signal}");
        }
        assert_eq!((text.accounting.used, text.accounting.unrecognised), (12, 0));
        assert!(text.notes.iter().any(|n| n == "2026-11-24T02:36:43Z: mta1 or its collector restarted"));
    }

    /// Metrics trap 25: the locale writes the date, twelve hours and commas; the values are the same.
    #[test]
    fn locales_change_the_writing_only() {
        let plain = read(&sample("sar-cpu.txt"));
        for name in ["sar-12h.txt", "sar-comma.txt", "sar-comments.txt"] {
            let other = read(&sample(name));
            assert_eq!(other.accounting.unrecognised, 0, "{name}: {:?}", other.unrecognised);
            let cpu = |r: &MetricRead| series(r, Signal::CpuPercent, "").minutes.clone();
            assert_eq!(cpu(&other), cpu(&plain), "{name}");
        }
        let twelve = read(&sample("sar-12h.txt"));
        assert_eq!(cell(series(&twelve, Signal::ConnsEstablished, ""), "2026-11-24T02:36Z").samples, 12);
        let comments = read(&sample("sar-comments.txt"));
        assert!(comments.notes.iter().any(|n| n.ends_with("comment of the operator of mta1: incident start")));
    }

    /// One recording in English, French and Japanese.
    #[test]
    fn languages_change_the_writing_only() {
        let of = |name: &str, zone: &str| in_zone(&sample(name), zone);
        let plain = of("sar-language-c.txt", "Europe/Berlin");
        assert_eq!(cell(series(&plain, Signal::CpuPercent, ""), "2026-11-27T17:30Z").samples, 9);
        for name in ["sar-language-fr.txt", "sar-language-ja.txt"] {
            let other = of(name, "Europe/Berlin");
            assert_eq!(format_of(&sample(name)).map(|f| f.name()), Some("sar"), "{name}");
            let told = |r: &MetricRead| -> Vec<_> { r.series.iter().map(|s| (s.signal, s.minutes.clone())).collect() };
            assert_eq!(told(&other), told(&plain), "{name}");
            assert_eq!(other.accounting.unrecognised, 0, "{name}: {:?}", other.unrecognised);
        }
    }

    /// `sar -A`: reports of no signal are understood as such, and no row of theirs is another's.
    #[test]
    fn reports_without_a_signal_are_no_riddle() {
        let got = read(&sample("sar-all-reports.txt"));
        assert_eq!(got.accounting.unrecognised, 0, "{:?}", got.unrecognised);
        assert!(got.accounting.used > 20 && got.accounting.irrelevant > 20, "{:?}", got.accounting);
        let conns = cell(series(&got, Signal::TimeWait, ""), "2026-11-27T12:30Z");
        assert_eq!(conns.samples, 8);
    }

    /// Recorded over midnight, in two reports and over a restart.
    #[test]
    fn midnight_begins_a_new_day_in_each_report() {
        let got = read(&sample("sar-midnight.txt"));
        for signal in [Signal::CpuPercent, Signal::RetransmitsPerS] {
            let days: Vec<_> = series(&got, signal, "").minutes.keys().map(ToString::to_string).collect();
            assert_eq!(days, ["2026-11-23T23:59Z", "2026-11-24T00:00Z"], "{signal}");
        }
        // The row of 00:00:00 is the average of the two seconds before it.
        assert_eq!(cell(series(&got, Signal::CpuPercent, ""), "2026-11-23T23:59Z").samples, 7);
        assert!(got.notes.iter().any(|n| n == "2026-11-24T00:00:03Z: mta1 or its collector restarted"));
    }

    /// Reports that take turns row by row; `Average:` rows are no samples.
    #[test]
    fn live_reports_in_turns() {
        let got = read(&sample("sar-live.txt"));
        let egress = series(&got, Signal::EgressBps, "eth0");
        let of = |s: &MetricSeries| cell(s, "2026-11-24T02:36Z");
        assert_eq!((of(egress).samples, of(egress).max, egress.step_s), (6, 5.99 * 8192.0, 2.0));
        assert_eq!(of(series(&got, Signal::ConnsEstablished, "")).last, 11.0);
        assert!(got.series.iter().all(|s| s.instance != "lo"));
        assert_eq!((got.accounting.unrecognised, got.unrecognised.len()), (0, 0));
    }

    /// Zone and order of the date are told or asked for, never guessed.
    #[test]
    fn zone_and_date_are_asked_for() {
        let assumed = read(&sample("sar-cpu.txt"));
        assert_eq!(assumed.zone.map(|z| z.1).as_deref(), Some("UTC (assumed)"));
        let stated = in_zone(&sample("sar-cpu.txt"), "Europe/Berlin");
        assert_eq!(minutes(series(&stated, Signal::CpuPercent, "")), "01:36");
        // The node's own logs prove its zone; it is taken, and said.
        let log_zones = [("mta1".to_owned(), (Zone::Fixed(3600), "by Gmail's clock in the logs of mta1".to_owned()))];
        let setup = MetricSetup { log_zones: log_zones.into(), ..MetricSetup::default() };
        let inferred = try_read(&sample("sar-cpu.txt"), &setup).expect("readable");
        assert_eq!(minutes(series(&inferred, Signal::CpuPercent, "")), "01:36");
        assert_eq!(inferred.zone.map(|z| z.1).as_deref(), Some("UTC+01:00 (by Gmail's clock in the logs of mta1)"));
        assert!(inferred.notes.iter().any(|n| n.contains("state `zone`")));
        let both = MetricSetup { zone: Some(Zone::UTC), ..setup };
        assert_eq!(
            minutes(series(&try_read(&sample("sar-cpu.txt"), &both).expect("readable"), Signal::CpuPercent, "")),
            "02:36"
        );
        let text = String::from_utf8(sample("sar-cpu.txt")).expect("text").replace("11/24/26", "05/06/26");
        let error = try_read(text.as_bytes(), &MetricSetup::default()).expect_err("unclear").to_string();
        assert!(error.starts_with("line 1: `05/06/26` can be day/month"), "{error}");
        let setup = MetricSetup { dates: Some(DateOrder::DayFirst), ..MetricSetup::default() };
        let got = try_read(text.as_bytes(), &setup).expect("stated");
        assert_eq!(
            series(&got, Signal::CpuPercent, "").minutes.keys().next().map(|m| m.date()).as_deref(),
            Some("2026-06-05")
        );
        assert_eq!(format_of(text.as_bytes()).map(MetricFormat::name), Some("sar"));
    }
}
