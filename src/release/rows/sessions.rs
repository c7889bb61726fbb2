//! Some sessions line by line: in which order things happened inside one.

use super::{Desk, column};
use crate::release::exhibits::Chosen;
use crate::release::{Audience, Cell, Column, ColumnKind, Rows, Table};
use crate::scan::Excerpt;
use crate::timeline::Place;

const HEAD: [Column; 7] = [
    column("session", ColumnKind::Integer, "number of the session in this table"),
    column(
        "shows",
        ColumnKind::Text,
        "wave and minute that it is taken from: the earliest of its outcome and sending IP",
    ),
    column("at", ColumnKind::Time, "when it ended"),
    column("ip", ColumnKind::Text, "sending IP, or what stands for it in the log"),
    column("mx_host", ColumnKind::Text, "MX host"),
    column("outcome", ColumnKind::Text, "what became of it"),
    column("stage", ColumnKind::Text, "how far it had come"),
];
const QUEUE_ID: Column = column("queue_id", ColumnKind::Text, "queue id in the sender's log");
const LINES: [Column; 4] = [
    column("step", ColumnKind::Integer, "place of the line in the session, from 1; the last one decided"),
    column("exhibit", ColumnKind::Text, "file of evidence"),
    column("line", ColumnKind::Integer, "line in that file"),
    column("text", ColumnKind::Text, "the line, redacted"),
];

/// One row for each line of each session that the excerpts quote.
pub(super) fn table(desk: &Desk<'_>) -> Table {
    let shows_queue_id = desk.audience != Audience::Google;
    let mut columns = HEAD.to_vec();
    columns.extend(shows_queue_id.then_some(QUEUE_ID));
    columns.extend(LINES);
    let sessions = desk.chosen.iter().flat_map(|chosen| chosen.excerpts.iter().map(move |excerpt| (chosen, *excerpt)));
    let mut rows = Rows::default();
    for (number, (chosen, excerpt)) in (1..).zip(sessions) {
        let mut head = head(desk, number, chosen, excerpt);
        if shows_queue_id {
            head.push(text(&excerpt.queue_id));
        }
        // In one piece: what a logger cut in two is known by both halves.
        let shown = (desk.write)(&excerpt.text());
        for ((step, line), text) in (1..).zip(&excerpt.lines).zip(shown.lines()) {
            let tail = [
                Cell::Integer(step),
                Cell::Text(line.exhibit.to_string()),
                Cell::Integer(line.number),
                Cell::Text(text.to_string()),
            ];
            rows.push(head.iter().cloned().chain(tail));
        }
    }
    Table {
        name: "sessions",
        title: "A sample of failed sessions, one row for each of their lines in order.".to_owned(),
        columns,
        rows,
    }
}

fn head(desk: &Desk<'_>, number: u64, chosen: &Chosen<'_>, excerpt: &Excerpt) -> Vec<Cell> {
    let place = desk.timeline.place(excerpt.egress).map(Place::label).unwrap_or_default();
    vec![
        Cell::Integer(number),
        Cell::Text(chosen.name.trim_end_matches(".log").to_owned()),
        Cell::Time(excerpt.at),
        text(&(desk.rewrite)(&place)),
        text(&(desk.rewrite)(desk.timeline.mx_name(excerpt.mx))),
        Cell::Text(excerpt.outcome.word().to_owned()),
        Cell::Text(excerpt.stage.word().to_owned()),
    ]
}

fn text(value: &str) -> Cell {
    if value.is_empty() { Cell::Empty } else { Cell::Text(value.to_owned()) }
}
