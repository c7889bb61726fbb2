//! Counts of each minute, by lane, sending IP or MX host.

use std::collections::BTreeSet;

use super::{Desk, Span, column};
use crate::findings::Incident;
use crate::release::{Cell, Column, ColumnKind, Rows, Table};
use crate::scan::What;
use crate::smtp::Outcome;
use crate::time::Minute;
use crate::timeline::{Counts, MinuteState, Row};

pub(super) const MINUTE: Column = column("minute", ColumnKind::Minute, "UTC minute");
const ATTEMPTS: Column = column(
    "attempts",
    ColumnKind::Integer,
    "sessions attempted; counters are empty where no log of the row can show them or none was running, and lower bounds where some cannot",
);
const FAILED: Column = column(
    "failed",
    ColumnKind::Integer,
    "sessions that failed by 4xx answer, close, TLS, plain text, time-out or no connection",
);
const DELIVERED: Column = column("accepted", ColumnKind::Integer, "sessions whose message was accepted");
const COUNTS: &[Column] = &[
    ATTEMPTS,
    FAILED,
    DELIVERED,
    column("deferral", ColumnKind::Integer, "sessions answered 4xx"),
    column("rejection", ColumnKind::Integer, "sessions answered 5xx"),
    column("remote_close", ColumnKind::Integer, "sessions closed by the receiver without a TLS alert"),
    column("tls_failure", ColumnKind::Integer, "sessions ended by a TLS alert or fault"),
    column("plaintext", ColumnKind::Integer, "sessions with plain text where TLS was due"),
    column("timeout", ColumnKind::Integer, "sessions that timed out"),
    column("connect_failure", ColumnKind::Integer, "attempts without a connection"),
    column("local", ColumnKind::Integer, "decisions of the sender; no sessions"),
    column("unclassified", ColumnKind::Integer, "sessions whose ending the log leaves open; failed where it says so"),
];

const SHOWN: [Outcome; 9] = [
    Outcome::Deferral,
    Outcome::Rejection,
    Outcome::RemoteClose,
    Outcome::TlsFailure,
    Outcome::Plaintext,
    Outcome::Timeout,
    Outcome::ConnectFailure,
    Outcome::Local,
    Outcome::Unclassified,
];

/// One row for each minute and row of the grid.
pub(super) fn minutes<K>(
    (name, key, title): (&'static str, &'static str, &str),
    desk: &Desk<'_>,
    rows: &[Row<K>],
    label: &dyn Fn(&K) -> String,
    span: &Span,
) -> Table {
    let timeline = desk.timeline;
    let meaning = match key {
        "lane" => "receiver, by its MX hosts",
        "ip" => "sending IP, or what stands for it in the log",
        _ => "MX host",
    };
    let mut columns = vec![MINUTE, column(key, ColumnKind::Text, meaning)];
    columns.extend_from_slice(COUNTS);
    columns.push(column("coverage", ColumnKind::Text, "full, incomplete (counts are lower bounds), unknown (no log)"));
    let labels: Vec<String> = rows.iter().map(|row| label(&row.of)).collect();
    let mut table = Table { name, title: title.to_owned(), columns, rows: Rows::default() };
    let minutes = timeline.states.iter().enumerate();
    for (i, state) in minutes.filter(|(i, _)| span.contains(timeline.window.at(*i))) {
        for (row, label) in rows.iter().zip(&labels) {
            let counts = row.counts.get(i);
            let head = [Cell::Minute(timeline.window.at(i)), Cell::Text(label.clone())];
            let coverage = Cell::Text(state_word(*state).to_owned());
            table.rows.push(head.into_iter().chain(count_cells(row, i, counts)).chain([coverage]));
        }
    }
    table
}

/// Says of each minute of the lane that waves are dated on in which wave it lies, and whether it
/// is one of the quiet ones that it was held against: some of these lie between failures of a wave.
pub(super) fn mark_quiet(table: &mut Table, incident: &Incident, lane: &str) {
    table.columns.push(column("wave", ColumnKind::Integer, "number of the wave it lies in; empty outside the waves"));
    table.columns.push(column(
        "quiet",
        ColumnKind::Text,
        "yes: one of the quiet minutes that the waves are held against; their sums are the baseline",
    ));
    let quiet: BTreeSet<Minute> = incident.quiet.iter().copied().collect();
    let waves = incident.windows();
    let marked = table.rows.iter().map(|mut row| {
        let (wave, is_quiet) = match row.as_slice() {
            [Cell::Minute(minute), Cell::Text(of), ..] if of == lane => {
                let wave = waves.iter().position(|w| w.contains(*minute)).map(|n| n as u64 + 1);
                (wave, quiet.contains(minute))
            }
            _ => (None, false),
        };
        row.push(wave.map_or(Cell::Empty, Cell::Integer));
        row.push(if is_quiet { Cell::Text("yes".to_owned()) } else { Cell::Empty });
        row
    });
    table.rows = marked.collect();
}

fn count_cells<K>(row: &Row<K>, at: usize, counts: Option<Counts>) -> Vec<Cell> {
    let cell = |n: Option<u64>| n.map_or(Cell::Empty, Cell::Integer);
    let known = |of: fn(&Counts) -> u64, outcomes| counts.and_then(|c| row.known_at(at, of(&c), outcomes));
    let mut cells = vec![
        cell(counts.map(|c| c.attempts)),
        cell(known(|c| c.failed, What::FAILURES)),
        cell(known(Counts::delivered, &[Outcome::Delivered])),
    ];
    cells.extend(SHOWN.iter().map(|o| cell(counts.and_then(|c| row.known_at(at, c.of(*o), &[*o])))));
    cells
}

const fn state_word(state: MinuteState) -> &'static str {
    match state {
        MinuteState::Unknown => "unknown",
        MinuteState::Incomplete => "incomplete",
        MinuteState::Full => "full",
    }
}
