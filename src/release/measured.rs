//! What the pictures of metrics and of load were drawn from, as tables.

use super::{Cell, Column, ColumnKind, Rows, Table};
use crate::findings::Incident;
use crate::formats::metrics::MetricSeries;
use crate::scan::What;
use crate::time::Minute;
use crate::timeline::{Counts, Timeline};

const fn column(name: &'static str, kind: ColumnKind, meaning: &'static str) -> Column {
    Column { name, kind, meaning }
}

const MINUTE: Column = column("minute", ColumnKind::Minute, "UTC minute");

/// Signals that a picture shows; the others have their extremes in `nodes`.
const DRAWN: [&str; 6] =
    ["cpu_percent", "egress_bps", "retransmits_per_s", "open_files", "queue_depth", "smtp_out_connections"];

/// The series that a picture shows.
pub(super) fn drawn(timeline: &Timeline) -> impl Iterator<Item = &MetricSeries> {
    timeline.metrics.iter().filter(|m| DRAWN.contains(&m.signal.name()))
}

/// Each drawn signal in each minute, as measured: the pictures of nodes, queue and coverage.
pub(super) fn metrics(timeline: &Timeline, rewrite: &dyn Fn(&str) -> String, shows: &dyn Fn(Minute) -> bool) -> Table {
    let columns = vec![
        MINUTE,
        column("node", ColumnKind::Text, "sending node"),
        column("signal", ColumnKind::Text, "what was measured"),
        column("instance", ColumnKind::Text, "interface, queue or sending IP; empty for the whole node"),
        column("unit", ColumnKind::Text, "unit of the values"),
        column("exhibit", ColumnKind::Text, "file of evidence"),
        column("mean", ColumnKind::Number, "mean of the minute"),
        column("max", ColumnKind::Number, "highest of the minute"),
    ];
    let mut rows = Rows::default();
    for series in drawn(timeline) {
        let text = |t: &str| Cell::Text(rewrite(t));
        let head = [
            text(&series.node),
            Cell::Text(series.signal.name().to_owned()),
            text(&series.instance),
            Cell::Text(series.signal.unit().to_owned()),
            Cell::Text(series.exhibit.clone()),
        ];
        for (minute, cell) in series.minutes.iter().filter(|(m, _)| timeline.window.contains(**m) && shows(**m)) {
            let values = [Cell::Minute(*minute)].into_iter().chain(head.iter().cloned());
            rows.push(values.chain([Cell::Number(cell.mean, 2), Cell::Number(cell.max, 2)]));
        }
    }
    Table {
        name: "metrics_by_minute",
        title: "One row for each minute of each signal that a chart shows.".to_owned(),
        columns,
        rows,
    }
}

/// Load and failures of each minute on the Gmail lane: the dots of the pattern's picture.
pub(super) fn load(timeline: &Timeline, incident: &Incident, connections: Option<&(&str, Vec<Option<f64>>)>) -> Table {
    let columns = vec![
        MINUTE,
        column("wave", ColumnKind::Integer, "number of the wave; empty outside"),
        column("connections", ColumnKind::Number, "open connections to Gmail of the sending IP with most"),
        column("connections_basis", ColumnKind::Text, "measured or estimated from the durations of sessions"),
        column("attempts", ColumnKind::Integer, "sessions attempted"),
        column("failed", ColumnKind::Integer, "sessions failed"),
    ];
    let waves = incident.windows();
    let gmail = timeline.gmail();
    let row = |(at, minute)| {
        let counts: Option<Counts> = gmail.and_then(|row| row.counts.get(at));
        let failed = gmail.zip(counts).and_then(|(row, c)| row.known_at(at, c.failed, What::FAILURES));
        let wave = waves.iter().position(|w| w.contains(minute));
        let open = connections.and_then(|(_, values)| values.get(at).copied().flatten());
        vec![
            Cell::Minute(minute),
            wave.map_or(Cell::Empty, |i| Cell::Integer(i as u64 + 1)),
            open.map_or(Cell::Empty, |open| Cell::Number(open, 1)),
            connections.filter(|_| open.is_some()).map_or(Cell::Empty, |(basis, _)| Cell::Text((*basis).to_owned())),
            counts.map_or(Cell::Empty, |c| Cell::Integer(c.attempts)),
            failed.map_or(Cell::Empty, Cell::Integer),
        ]
    };
    Table {
        name: "load_by_minute",
        title: "One row for each minute: load and failures on the Gmail lane; association, not cause.".to_owned(),
        columns,
        rows: timeline.window.minutes().enumerate().map(row).collect(),
    }
}
