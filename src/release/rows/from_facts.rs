//! Tables made from the facts alone.

use super::column;
use super::columns::FromFact;
use crate::findings::{Node, Value};
use crate::release::ColumnKind::{self, Integer, Minute as MinuteKind, Number, Text};
use crate::release::{Cell, Rows, Table};

/// One row for each item of a list.
pub(super) fn from_facts(
    name: &'static str,
    title: &str,
    facts: &Node,
    list: &str,
    columns: &'static [FromFact],
) -> Table {
    let rows = facts.at(list).into_iter().flat_map(|items| rows_of(items, columns)).collect();
    Table { name, title: title.to_owned(), columns: columns.iter().map(|c| column(c.0, c.2, c.3)).collect(), rows }
}

fn rows_of(list: &Node, columns: &[FromFact]) -> Vec<Vec<Cell>> {
    let Node::List(items) = list else { return Vec::new() };
    items.iter().map(|item| columns.iter().map(|c| cell_of(item, c.1, c.2)).collect()).collect()
}

fn cell_of(row: &Node, path: &str, kind: ColumnKind) -> Cell {
    let (path, part) = path.split_once('#').map_or((path, ""), |(p, part)| (p, part));
    match (row.value(path), part, kind) {
        (Some(Value::Share(n, _, _)), "part", _) | (Some(Value::Count(n, _) | Value::AtLeast(n, _)), _, Integer) => {
            Cell::Integer(*n)
        }
        (Some(Value::Share(_, n, _)), "whole", _) => Cell::Integer(*n),
        (Some(Value::Between(m, _)), "from", _) | (Some(Value::Between(_, m)), "to", _) => Cell::Minute(*m),
        (Some(Value::Number(v, digits, _)), _, Number) => Cell::Number(*v, *digits),
        (Some(Value::Minute(m)), ..) => Cell::Minute(*m),
        (Some(Value::Second(s)), ..) => Cell::Time(*s),
        (None | Some(Value::Absent), ..) => Cell::Empty,
        (Some(value), ..) => Cell::Text(value.text()),
    }
}

/// What ended the sessions lost at the TLS step.
pub(super) fn tls_failures(facts: &Node) -> Table {
    let kinds = [
        "total",
        "after_421",
        "after_close",
        "plaintext",
        "timeout",
        "genuine",
        "undetermined",
        "possibly_refused_starttls",
        "by_time.total",
        "by_time.after_421",
        "by_time.after_close",
        "by_time.plaintext",
        "by_time.timeout",
        "by_time.nothing",
        "by_time.undetermined",
    ];
    let row = |kind: &&'static str| {
        vec![Cell::Text((*kind).to_owned()), cell_of(facts, &format!("tls_failures.{kind}"), Integer)]
    };
    Table {
        name: "tls_failures",
        title: "Sessions lost from STARTTLS to the end of the handshake, by what ended them; by_time by the second alone, weaker; possibly_refused_starttls is not in the total.".to_owned(),
        columns: vec![column("ending", Text, "what ended them"), column("sessions", Integer, "sessions on the Gmail lane")],
        rows: kinds.iter().map(row).collect(),
    }
}

/// Each kind of failure in each wave.
pub(super) fn kinds(facts: &Node) -> Table {
    const COLUMNS: &[FromFact] = &[
        ("wave", "wave", Integer, "number of the wave"),
        ("outcome", "kind", Text, "what ended the sessions"),
        ("sessions", "sessions", Integer, "sessions of the kind inside the wave"),
        ("first", "first", MinuteKind, "first minute with one"),
        ("peak", "peak", MinuteKind, "minute with most of them"),
        ("last", "last", MinuteKind, "last minute with one"),
    ];
    let waves = match facts.at("waves") {
        Some(Node::List(waves)) => waves.as_slice(),
        _ => &[],
    };
    let rows = waves.iter().filter_map(|w| w.at("kinds")).flat_map(|kinds| rows_of(kinds, COLUMNS)).collect();
    Table {
        name: "wave_outcomes",
        title: "One row for each kind of failure in each wave.".to_owned(),
        columns: COLUMNS.iter().map(|c| column(c.0, c.2, c.3)).collect(),
        rows,
    }
}

/// Each signal of each node: usual, at first error, highest, limit.
pub(super) fn node_signals(facts: &Node) -> Table {
    const PARTS: &[FromFact] = &[
        ("signal", "signal", Text, "what was measured"),
        ("unit", "unit", Text, "unit of the values"),
        ("baseline", "baseline", Number, "median outside the waves"),
        ("at_first", "at_first", Number, "mean of the first minute of the first wave"),
        ("max", "max", Number, "highest inside the waves"),
        ("max_minute", "max_minute", MinuteKind, "minute of that"),
        ("limit", "limit", Number, "stated limit"),
        ("ceiling_hit", "ceiling", Text, "yes, no or unknown"),
        ("label", "label", Text, "what was measured, in words"),
    ];
    let mut rows = Rows::default();
    if let Some(Node::List(nodes)) = facts.at("nodes") {
        for node in nodes {
            let name = node.value("name").map_or(Cell::Empty, |v| Cell::Text(v.text()));
            if let Some(Node::List(signals)) = node.at("signals") {
                rows.extend(signals.iter().map(|s| {
                    std::iter::once(name.clone()).chain(PARTS.iter().map(|p| cell_of(s, p.1, p.2))).collect()
                }));
            }
        }
    }
    let columns =
        std::iter::once(column("node", Text, "sending node")).chain(PARTS.iter().map(|c| column(c.0, c.2, c.3)));
    Table { name: "nodes", title: "One row for each signal of each node.".to_owned(), columns: columns.collect(), rows }
}
