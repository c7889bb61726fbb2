//! The rows: one minute of one series and lane each.

use std::collections::BTreeMap;

use super::columns::Columns;
use super::{Counted, Fault, MinuteSeries, MinutesRead, OWN_LANE, PARTS};
use crate::formats::metrics::DateOrder;
use crate::formats::metrics::cells::split;
use crate::formats::metrics::stamps::{Clock, needs_order, read_time};
use crate::time::{Minute, Zone};

/// Faults kept of a file.
const FAULTS: usize = 5;

/// How often something odd was seen, and the first line of it.
#[derive(Clone, Copy, Debug, Default)]
struct Seen(u64, u64);

impl Seen {
    const fn at(&mut self, line: u64) {
        if self.0 == 0 {
            self.1 = line;
        }
        self.0 += 1;
    }
}

/// Reads rows into series.
pub(super) struct Rows {
    columns: Columns,
    clock: Clock,
    read: MinutesRead,
    index: BTreeMap<(String, String), usize>,
    cells: Vec<String>,
    /// Rows with more failures than attempts.
    clipped: Seen,
    /// Rows of a minute that an earlier row told.
    again: Seen,
}

impl Rows {
    pub(super) fn new(columns: Columns, zone: Option<Zone>) -> Self {
        Self {
            columns,
            clock: Clock::new(None, zone, false),
            read: MinutesRead::default(),
            index: BTreeMap::new(),
            cells: Vec::new(),
            clipped: Seen::default(),
            again: Seen::default(),
        }
    }

    /// Takes one row; a faulty one leaves its minute unknown.
    pub(super) fn take(&mut self, line: u64, text: &str) {
        let mut cells = std::mem::take(&mut self.cells);
        split(text, self.columns.delimiter, &mut cells);
        let row = Row { columns: &self.columns, cells: &cells };
        let told = minute_of(&row, &mut self.clock).and_then(|minute| Ok((minute, row.counted()?)));
        self.read.accounting.read += 1;
        match told {
            Ok((minute, counted)) => {
                self.read.accounting.used += 1;
                if counted.is_some_and(|(_, too_many)| too_many) {
                    self.clipped.at(line);
                }
                let of = (row.text(self.columns.series).to_owned(), row.lane());
                self.put(line, of, minute, counted.map(|(counted, _)| counted));
            }
            Err(what) => {
                self.read.accounting.unrecognised += 1;
                if self.read.faults.len() < FAULTS {
                    self.read.faults.push(Fault { line, what, text: text.chars().take(200).collect() });
                }
            }
        }
        self.cells = cells;
    }

    fn put(&mut self, line: u64, of: (String, String), minute: Minute, counted: Option<Counted>) {
        let next = self.read.series.len();
        let at = *self.index.entry(of).or_insert_with_key(|(id, lane)| {
            let (id, lane) = (id.clone(), lane.clone());
            self.read.series.push(MinuteSeries { id, lane, minutes: BTreeMap::new(), line });
            next
        });
        let Some(series) = self.read.series.get_mut(at) else { return };
        match series.minutes.get_mut(&minute) {
            None => {
                series.minutes.insert(minute, counted);
            }
            Some(before) => {
                self.again.at(line);
                // What one row knows and another does not is unknown as a whole.
                *before = before.zip(counted).map(|(a, b)| a.plus(b));
            }
        }
    }

    /// The series, and what is odd about them.
    pub(super) fn finish(mut self) -> MinutesRead {
        self.read.zone = self.clock.zone();
        self.read.cannot_count = self.columns.cannot_count();
        self.read.notes = self.clock.notes();
        if let Seen(rows @ 1.., line) = self.clipped {
            self.read.notes.push(format!(
                "{rows} rows have more failed sessions than attempts (first at line {line}): they count as if every attempt failed; are retries counted among the failures only?"
            ));
        }
        if let Seen(rows @ 1.., line) = self.again {
            self.read.notes.push(format!(
                "{rows} rows tell of a minute that an earlier row of the same series and lane told (first at line {line}): their counts were added up; if they are repeats, leave them out"
            ));
        }
        if self.columns.failed.is_none() {
            self.read.notes.push(
                "it has no column failed_sessions: failures are the sum of its parts, in which a session that failed twice stands twice".to_owned(),
            );
        }
        self.read
    }
}

impl Counted {
    fn plus(self, other: Self) -> Self {
        let mut parts = self.parts;
        for (a, b) in parts.iter_mut().zip(other.parts) {
            *a = a.saturating_add(b);
        }
        Self {
            attempts: self.attempts.saturating_add(other.attempts),
            failed: self.failed.saturating_add(other.failed),
            delivered: self.delivered.zip(other.delivered).map(|(a, b)| a.saturating_add(b)),
            parts,
        }
    }
}

/// The cells of one row under their columns.
struct Row<'a> {
    columns: &'a Columns,
    cells: &'a [String],
}

impl Row<'_> {
    fn text(&self, column: Option<usize>) -> &str {
        column.and_then(|i| self.cells.get(i)).map_or("", String::as_str)
    }

    fn lane(&self) -> String {
        match self.text(self.columns.lane) {
            "" => OWN_LANE.to_owned(),
            lane => lane.to_lowercase(),
        }
    }

    /// A count; nothing where the cell is blank.
    fn count(&self, column: Option<usize>, name: &str) -> Result<Option<u32>, String> {
        let cell = self.text(column);
        if is_blank(cell) {
            return Ok(None);
        }
        // Some exports write whole numbers as 12.0.
        let whole = cell
            .split_once('.')
            .map_or(cell, |(whole, rest)| if rest.bytes().all(|b| b == b'0') { whole } else { cell });
        match whole.parse() {
            Ok(n) => Ok(Some(n)),
            Err(_) => Err(format!("{name} is `{}`, which is no whole number from 0 to {}", short(cell), u32::MAX)),
        }
    }

    /// Whether the row says that the minute was not logged.
    fn is_unobserved(&self) -> Result<Option<bool>, String> {
        match self.text(self.columns.observed).to_ascii_lowercase().as_str() {
            cell if is_blank(cell) => Ok(None),
            "1" | "1.0" | "true" | "t" | "yes" => Ok(Some(false)),
            "0" | "0.0" | "false" | "f" | "no" => Ok(Some(true)),
            other => Err(format!(
                "observed is `{}`; write 1 where the minute was logged and 0 where it was not",
                short(other)
            )),
        }
    }

    /// The counts, and whether more sessions failed than were attempted; nothing for a minute that was not observed.
    fn counted(&self) -> Result<Option<(Counted, bool)>, String> {
        let unobserved = self.is_unobserved()?;
        if unobserved == Some(true) {
            return Ok(None);
        }
        let mut parts = [0; PARTS.len()];
        let mut sum = None;
        for ((part, column), (name, _)) in parts.iter_mut().zip(self.columns.parts).zip(PARTS) {
            if let Some(n) = self.count(column, name)? {
                *part = n;
                sum = Some(n.saturating_add(sum.unwrap_or(0)));
            }
        }
        let failed = self.count(self.columns.failed, "failed_sessions")?.or(sum);
        let delivered = self.count(self.columns.delivered, "delivered")?;
        match (self.count(Some(self.columns.attempts), "attempts")?, failed) {
            (Some(attempts), Some(stated)) => {
                let failed = stated.min(attempts);
                let delivered = delivered.map(|d| d.min(attempts - failed));
                Ok(Some((Counted { attempts, failed, delivered, parts }, stated > attempts)))
            }
            (None, None) if unobserved.is_none() => Ok(None),
            (None, _) => Err("attempts is blank; write the count, or 0 under observed where the minute was not logged".to_owned()),
            (Some(0), None) => Ok(Some((Counted::default(), false))),
            (Some(_), None) => Err("failed_sessions is blank; write 0 where no session failed, or leave attempts blank too where the minute was not logged".to_owned()),
        }
    }
}

fn minute_of(row: &Row<'_>, clock: &mut Clock) -> Result<Minute, String> {
    let cell = row.text(Some(row.columns.minute));
    let bad = || format!("minute is `{}`, which is no time; write it as 2026-11-24T02:58Z", short(cell));
    if needs_order(cell) {
        return Err(format!(
            "minute is `{}`, which can be day/month or month/day; write it as 2026-11-24T02:58Z",
            short(cell)
        ));
    }
    let told = read_time(cell, DateOrder::DayFirst).ok_or_else(bad)?;
    clock.place(told).map(|at| at.minute()).ok_or_else(bad)
}

fn is_blank(cell: &str) -> bool {
    matches!(cell, "" | "-") || ["null", "none", "nan", "n/a", "\\n"].iter().any(|w| cell.eq_ignore_ascii_case(w))
}

fn short(cell: &str) -> String {
    cell.chars().take(40).collect()
}
