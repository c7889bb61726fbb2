//! Figures for tests. The throttling figures are recorded: three launches over a limit of 15 connections.
#![expect(clippy::expect_used, reason = "tests")]

use crate::release::{Band, Figure, Line, Mark, MarkKind, Panel, PanelKind, Series, Tint};
use crate::time::{Minute, Window};

/// Failed sessions a minute from 03:46, by outcome.
const DEFERRED: [u32; 53] = [
    0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 914, 176, 759, 60, 267, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 869, 170, 768, 139, 226, 0, 8,
    2, 0, 0, 0, 1, 0, 0, 0, 906, 5, 16, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0,
];
const CLOSED: [u32; 53] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 555, 81, 326, 38, 115, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 506, 71, 322, 64, 106, 0, 5, 2,
    0, 0, 0, 0, 0, 0, 0, 581, 1, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];
const TLS: [u32; 53] = [
    0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 311, 44, 144, 18, 47, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 256, 30, 142, 34, 37, 0, 1, 1, 0,
    0, 1, 0, 0, 0, 0, 293, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];
const PLAINTEXT: [u32; 53] = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 62, 13, 26, 2, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 68, 11, 44, 10, 12, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 68, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];
const ACCEPTED: [u32; 53] = [
    13, 60, 59, 65, 68, 73, 63, 69, 63, 61, 172, 142, 100, 131, 114, 72, 87, 105, 92, 56, 74, 66, 79, 68, 72, 209, 132,
    107, 142, 122, 75, 102, 100, 86, 73, 78, 69, 70, 63, 59, 198, 103, 372, 71, 62, 62, 64, 82, 63, 87, 64, 59, 34,
];
/// Longest queue seen in each minute.
const QUEUE: [u32; 53] = [
    5, 6, 7, 5, 6, 4, 4, 4, 4, 4, 418, 369, 312, 215, 142, 89, 85, 74, 34, 3, 3, 8, 8, 4, 3, 338, 340, 289, 225, 157,
    95, 93, 60, 23, 7, 8, 5, 6, 5, 6, 385, 349, 318, 8, 6, 5, 5, 6, 6, 6, 4, 5, 3,
];
/// Most connections open at once to the receiver from one address.
const OPEN: [u32; 53] = [
    5, 2, 3, 2, 4, 4, 4, 4, 4, 4, 30, 23, 41, 22, 31, 3, 10, 19, 11, 3, 3, 3, 4, 4, 4, 34, 23, 33, 23, 34, 2, 19, 17,
    15, 3, 3, 3, 4, 3, 2, 38, 13, 18, 4, 3, 3, 3, 2, 2, 4, 3, 4, 3,
];

pub(super) fn series(label: &str, values: Vec<Option<f64>>) -> Series {
    Series { label: label.to_owned(), tint: Tint::Nth(0), values, against: None, line: Line::Solid }
}

pub(super) fn panel(kind: PanelKind, series: Vec<Series>) -> Panel {
    let (title, unit) = ("Sessions".to_owned(), "per minute".to_owned());
    Panel { title, unit, kind, series, ceiling: None, at_least: None, across: String::new() }
}

pub(super) fn window(minutes: i32) -> Window {
    let from = at("03:46");
    Window::new(from, from.plus(minutes))
}

pub(super) fn figure(minutes: i32, panels: Vec<Panel>) -> Figure {
    Figure {
        name: "sample".to_owned(),
        title: "A title".to_owned(),
        finding: "One sentence.".to_owned(),
        description: "More words.".to_owned(),
        data: "minutes_by_lane",
        window: window(minutes),
        bands: Vec::new(),
        marks: Vec::new(),
        panels,
    }
}

fn at(clock: &str) -> Minute {
    Minute::parse(&format!("2026-11-24T{clock}Z")).expect("a minute")
}

pub(super) fn mark(clock: &str, label: &str, kind: MarkKind) -> Mark {
    Mark { minute: at(clock), label: label.to_owned(), kind }
}

fn counts(label: &str, tint: Tint, values: &[u32]) -> Series {
    Series { tint, ..series(label, values.iter().map(|v| Some(f64::from(*v))).collect()) }
}

/// The same series without a stretch of minutes.
fn without(mut of: Series, from: usize, to: usize) -> Series {
    of.values.iter_mut().take(to).skip(from).for_each(|value| *value = None);
    of
}

fn waves() -> Vec<Band> {
    [("03:56", "04:04", "wave 1"), ("04:11", "04:19", "wave 2"), ("04:26", "04:29", "wave 3")]
        .map(|(from, to, label)| Band { window: Window::new(at(from), at(to)), label: label.to_owned() })
        .to_vec()
}

fn throttle_marks() -> Vec<Mark> {
    vec![
        mark("03:56", "first 03:56", MarkKind::First),
        mark("04:26", "peak 04:26 (1,848 failed)", MarkKind::Peak),
        mark("04:29", "recovery 04:29", MarkKind::Recovery),
        mark("03:56", "nov-launch-1", MarkKind::Launch),
        mark("04:11", "nov-launch-2", MarkKind::Launch),
        mark("04:26", "nov-launch-3", MarkKind::Launch),
        mark("04:27", "concurrency 45 → 6", MarkKind::Change),
    ]
}

/// Outcomes by minute with waves and all kinds of marks, accepted mail, queue and coverage.
pub(super) fn throttle() -> Figure {
    let outcomes = Panel {
        title: "Failed sessions by outcome".to_owned(),
        ..panel(
            PanelKind::Stacked,
            vec![
                counts("4xx answer", Tint::Deferral, &DEFERRED),
                counts("closed by receiver", Tint::RemoteClose, &CLOSED),
                counts("TLS failed", Tint::TlsFailure, &TLS),
                counts("plaintext answer in TLS", Tint::Plaintext, &PLAINTEXT),
            ],
        )
    };
    let accepted = Panel {
        title: "Accepted by Gmail".to_owned(),
        unit: "sessions per minute".to_owned(),
        ..panel(PanelKind::Lines, vec![counts("accepted", Tint::Nth(0), &ACCEPTED)])
    };
    let queue = Panel {
        title: "Queue".to_owned(),
        unit: "messages, highest in the minute".to_owned(),
        ..panel(
            PanelKind::Lines,
            vec![Series { line: Line::Dashed, ..without(counts("mta1", Tint::Nth(1), &QUEUE), 20, 23) }],
        )
    };
    let coverage = Panel {
        title: "Where data comes from".to_owned(),
        unit: String::new(),
        ..panel(
            PanelKind::Strip,
            vec![
                counts("mta1 mail.log", Tint::Delivered, &QUEUE),
                without(counts("mta1 queue.csv", Tint::Delivered, &QUEUE), 20, 23),
                without(counts("mta1 sar", Tint::Delivered, &QUEUE), 41, 42),
            ],
        )
    };
    Figure {
        name: "outcomes".to_owned(),
        title: "Three launches, three waves of refusals at Gmail".to_owned(),
        finding: "Failed sessions rise from none to 1,842 in the minute of the first launch (03:56) and again with \
                  each launch; after the operator lowers concurrency at 04:27 the third wave ends within two minutes."
            .to_owned(),
        bands: waves(),
        marks: throttle_marks(),
        ..figure(53, vec![outcomes, accepted, queue, coverage])
    }
}

/// Refusals against open connections, with the limit over time above.
pub(super) fn contrast() -> Figure {
    let against: Vec<Option<f64>> = OPEN.iter().map(|v| Some(f64::from(*v))).collect();
    let dots = Panel {
        title: "Refusals need open connections".to_owned(),
        unit: "failed sessions per minute".to_owned(),
        across: "connections open at once".to_owned(),
        ..panel(
            PanelKind::Dots,
            vec![
                Series { against: Some(against.clone()), ..counts("4xx answer", Tint::Deferral, &DEFERRED) },
                Series { against: Some(against.clone()), ..counts("closed", Tint::RemoteClose, &CLOSED) },
                Series { against: Some(against), ..counts("TLS failed", Tint::TlsFailure, &TLS) },
            ],
        )
    };
    let open = Panel {
        title: "Connections open at once".to_owned(),
        unit: "192.0.2.11 to Gmail, highest in the minute".to_owned(),
        ceiling: Some((15.0, "refusals begin above 15".to_owned())),
        ..panel(PanelKind::Lines, vec![counts("192.0.2.11", Tint::Nth(0), &OPEN)])
    };
    Figure {
        name: "onset".to_owned(),
        title: "Refusals start when one address opens more than 15 connections".to_owned(),
        finding: "Refused sessions opened as number 16 to 43 of those their address held at once; the limit is 15."
            .to_owned(),
        bands: waves(),
        ..figure(53, vec![open, dots])
    }
}
