//! Accounting files (`acct-*.csv`): CSV with or without a header, or the same in JSON lines.
//!
//! One record for each recipient (`d`, `b`, `t`) or for each failed attempt of a queue (`tq`).
//! User's guide §11.2. Deliveries by `pipe`, `file` or `discard` go to no receiver.

use super::record::{Kind, zoned};
use super::rows::Rows;
use super::seen::{not_counted, not_seen};
use super::table::{Found, Line, Table};
use crate::formats::Head;
use crate::formats::logs::claim::first_lines;
use crate::formats::logs::envelope::local_stamp;
use crate::formats::logs::records::RecordLog;
use crate::formats::logs::{LogFormat, LogReader, Note, Opening, Survey};
use crate::intake::lines_of;
use crate::smtp::Outcome;

/// Accounting files.
pub struct Accounting;

impl LogFormat for Accounting {
    fn name(&self) -> &str {
        "powermta"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let found = FirstLines::of(head.bytes);
        let records = found.csv + found.json;
        // Records that a text quotes are few among its lines.
        let quoted = !found.begins_with_header && records * 4 < found.lines;
        if quoted || records == 0 && (found.inbound > 0 || !found.begins_with_header) {
            return None;
        }
        Some(if found.untimed {
            "PowerMTA's accounting records, but with timeQueued only, which is the time of injection: none can be placed in a minute"
                .to_owned()
        } else if found.begins_with_header {
            "its header names the columns of PowerMTA's accounting records".to_owned()
        } else if found.json > 0 {
            format!("{} of its first {} lines are PowerMTA's accounting records in JSON", found.json, found.lines)
        } else {
            format!("{} of its first {} lines are PowerMTA's accounting records", found.csv, found.lines)
        })
    }

    fn cannot_show(&self) -> Vec<&str> {
        vec![
            "which command a reply answers",
            "connections: records bear no id of one, nor how long it lasted or how many messages it carried",
            "a TLS handshake that failed: unless require-starttls is on, PowerMTA sends in clear text and logs the delivery",
            "what broke a connection (4.4.2), unless dsnDiag tells: a close, a reset or a time-out; such attempts count as failed and are unclassified",
            "which recipients shared a transaction, unless the reply bears Google's token",
        ]
    }

    fn not_seen(&self, seen: &dyn Fn(Note) -> bool) -> Vec<String> {
        not_seen(seen)
    }

    fn cannot_count(&self, seen: &dyn Fn(Note) -> bool) -> Vec<Outcome> {
        not_counted(seen)
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        let (mut table, mut survey) = (Table::default(), None);
        for line in lines_of(head.bytes) {
            let mut json = None;
            let Line::Record(found) = table.take_apart(line, &mut json) else { continue };
            if let Some(at) = zoned(found.record.time) {
                survey.get_or_insert_with(Survey::of_moments).moment(at);
            } else if let Some(local) = local_stamp(found.record.time) {
                survey.get_or_insert_with(Survey::of_local_times).local_time(local);
            }
        }
        survey.unwrap_or_else(Survey::of_moments)
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn comes_in_pieces(&self) -> bool {
        true
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        let rows = Rows::of(&opening);
        Box::new(RecordLog::new(opening, rows))
    }
}

/// What the first lines of a file are.
#[derive(Default)]
struct FirstLines {
    /// Lines with anything in them.
    lines: usize,
    begins_with_header: bool,
    csv: usize,
    json: usize,
    inbound: usize,
    /// Records without `timeLogged`.
    untimed: bool,
}

impl FirstLines {
    fn of(head: &[u8]) -> Self {
        let (mut table, mut first) = (Table::default(), Self::default());
        for line in first_lines(head) {
            first.lines += 1;
            match table.take_apart(line, &mut None) {
                Line::Header(layout) if first.lines == 1 => first.begins_with_header = layout.is_some(),
                Line::Record(found) => first.take(&found, line),
                Line::Open => first.csv += 1,
                Line::Header(_) | Line::Other => {}
            }
        }
        first
    }

    fn take(&mut self, found: &Found<'_>, line: &[u8]) {
        let record = &found.record;
        let placed = zoned(record.time).is_some() || local_stamp(record.time).is_some();
        match found.kind {
            Kind::Inbound => self.inbound += 1,
            // Without a time it must be one that injection alone dates.
            _ if !placed && (found.timed || record.queued.is_empty()) => {}
            _ => {
                self.untimed |= !found.timed;
                let count = if line.starts_with(b"{") { &mut self.json } else { &mut self.csv };
                *count += 1;
            }
        }
    }
}
