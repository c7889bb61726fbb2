//! What each node did in each minute: one row, a column for each signal.

use std::collections::{BTreeMap, BTreeSet};

use super::minutes::MINUTE;
use super::{Desk, column};
use crate::formats::metrics::{Aggregate, MetricCell, MetricSeries, Signal, SignalKind};
use crate::release::{Cell, Column, ColumnKind, Rows, Table};
use crate::time::Minute;

/// The signals that a series can carry, in the order of their topics: the columns, whatever
/// was measured.
fn signals() -> impl Iterator<Item = Signal> {
    Signal::ALL.into_iter().filter(|signal| signal.canonical() == *signal)
}

/// One row for each minute and node with a metric; an empty cell was not measured.
pub(super) fn table(desk: &Desk<'_>) -> Table {
    let timeline = desk.timeline;
    let mut columns = vec![MINUTE, column("node", ColumnKind::Text, "sending node; empty where the file names none")];
    columns.extend(signals().map(of_signal));
    let nodes: BTreeSet<&str> = timeline.metrics.iter().map(|m| m.node.as_str()).collect();
    let shown: Vec<(String, BTreeMap<Signal, &MetricSeries>)> =
        nodes.into_iter().map(|node| ((desk.rewrite)(node), measured(node, timeline.metrics.iter()))).collect();
    let mut rows = Rows::default();
    let span = desk.span("minutes_by_node", shown.len());
    for minute in timeline.window.minutes().filter(|minute| span.contains(*minute)) {
        for (node, series) in &shown {
            let values: Vec<Cell> = signals().map(|signal| value(series.get(&signal), minute)).collect();
            if values.iter().any(|cell| *cell != Cell::Empty) {
                rows.push([Cell::Minute(minute), Cell::Text(node.clone())].into_iter().chain(values));
            }
        }
    }
    Table {
        name: "minutes_by_node",
        title: "One row for each minute and node: what was measured there, a column for each signal.".to_owned(),
        columns,
        rows,
    }
}

/// The series that stands for each signal of a node: of the whole node where there is one, else
/// of the part that moved most; parts may overlap, so they are never added up.
fn measured<'a>(node: &str, all: impl Iterator<Item = &'a MetricSeries>) -> BTreeMap<Signal, &'a MetricSeries> {
    let rank = |m: &MetricSeries| {
        let moved: f64 = m.minutes.values().map(|cell| cell.mean).sum();
        (m.instance.is_empty(), moved, m.minutes.len())
    };
    let mut kept: BTreeMap<Signal, &MetricSeries> = BTreeMap::new();
    for one in all.filter(|m| m.node == node) {
        match kept.get(&one.signal) {
            Some(other) if rank(other) >= rank(one) => {}
            _ => {
                kept.insert(one.signal, one);
            }
        }
    }
    kept
}

/// The highest of a level, unless the samples are too coarse to claim one; else the mean.
fn value(series: Option<&&MetricSeries>, minute: Minute) -> Cell {
    let of = |series: &&MetricSeries| Some((series.minutes.get(&minute).copied()?, series.signal));
    let shown = |(cell, signal): (MetricCell, Signal)| {
        let highest = takes_highest(signal) && !cell.coarse;
        Cell::Number(if highest { cell.max } else { cell.mean }, 2)
    };
    series.and_then(of).map_or(Cell::Empty, shown)
}

const fn takes_highest(signal: Signal) -> bool {
    matches!((signal.info().kind, signal.info().aggregate), (SignalKind::Gauge, Aggregate::Max | Aggregate::Last))
}

/// A column's meaning names what its header is short for, and the unit.
fn of_signal(signal: Signal) -> Column {
    column(signal.name(), ColumnKind::Number, meaning(signal))
}

macro_rules! meanings {
    ($($signal:ident: $text:literal,)*) => {
        /// What the cells of a signal hold, with its unit.
        const fn meaning(signal: Signal) -> &'static str {
            match signal {
                $(Signal::$signal => $text,)*
                _ => "",
            }
        }
    };
}

meanings! {
    CpuPercent: "CPU use of all cores, highest of the minute, %",
    CpuUserPercent: "CPU use in user code, highest of the minute, %",
    CpuSystemPercent: "CPU use in the kernel, highest of the minute, %",
    CpuStealPercent: "CPU time taken by the hypervisor, highest of the minute, %",
    CpuSoftirqPercent: "CPU use in soft interrupts, highest of the minute, %",
    Load1: "load average of one minute, highest of the minute, tasks",
    RunQueue: "tasks waiting for a core, highest of the minute, tasks",
    EgressBps: "egress of the interface that sent most, mean of the minute, bit/s",
    LinkUtilPercent: "link use, of the nominal speed, highest of the minute, %",
    EgressDrops: "dropped outbound packets, mean of the minute, packets/s",
    PacketLossPercent: "packet loss, highest of the minute, %",
    RetransmitsPerS: "TCP retransmissions, mean of the minute, segments/s",
    OutSegments: "TCP segments sent, mean of the minute, segments/s",
    RttMs: "round-trip time, highest of the minute, ms",
    ConnsEstablished: "established TCP connections, highest of the minute, connections",
    SmtpOutConnections: "open SMTP connections, highest of the minute, connections",
    SmtpOutLimit: "limit of SMTP connections, connections",
    TimeWait: "connections in TIME_WAIT, highest of the minute, connections",
    ListenDrops: "inbound connections dropped, mean of the minute, connections/s",
    SynRetrans: "SYN retransmissions, mean of the minute, segments/s",
    OpenFiles: "open files, highest of the minute, files",
    OpenFilesLimit: "limit of open files, files",
    ConntrackUsed: "tracked connections, highest of the minute, connections",
    ConntrackLimit: "limit of tracked connections, connections",
    MtaWorkers: "delivery processes, highest of the minute, processes",
    QueueDepth: "queue depth, highest of the minute, messages",
    MemAvailablePercent: "available memory, mean of the minute, %",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_has_a_column_that_says_what_it_holds() {
        assert_eq!(signals().count(), 27);
        for signal in signals() {
            let said = meaning(signal);
            assert!(said.starts_with(signal.label()), "{signal}: {said}");
            assert_eq!(takes_highest(signal) && !said.contains("limit"), said.contains("highest"), "{signal}");
        }
    }
}
