//! Figures for the tests of this room.

use crate::release::{Band, Figure, Line, Mark, MarkKind, Panel, PanelKind, Series, Tint};
use crate::time::{Minute, Window};

pub(super) fn series(label: &str, values: Vec<Option<f64>>) -> Series {
    Series { label: label.to_owned(), tint: Tint::Nth(0), values, against: None, line: Line::Solid }
}

pub(super) fn panel(kind: PanelKind, series: Vec<Series>) -> Panel {
    Panel { title: "Sessions".to_owned(), unit: "per minute".to_owned(), kind, series, ceiling: None, at_least: None }
}

/// A figure of so many minutes with one band and the three marks.
pub(super) fn figure(minutes: i32, panels: Vec<Panel>) -> Figure {
    let from = Minute::new(29_924_866);
    let mark = |at: i32, label: &str, kind| Mark { minute: from.plus(at), label: label.to_owned(), kind };
    Figure {
        name: "sample".to_owned(),
        title: "A title <with> & marks".to_owned(),
        finding: "One sentence that states what it shows.".to_owned(),
        description: "A description.".to_owned(),
        window: Window::new(from, from.plus(minutes)),
        bands: vec![Band {
            window: Window::new(from.plus(minutes / 4), from.plus(minutes / 2)),
            label: "wave 1".to_owned(),
        }],
        marks: vec![
            mark(minutes / 4, "first 03:56", MarkKind::First),
            mark(minutes / 4, "peak 03:56", MarkKind::Peak),
            mark(minutes / 2, "recovery 04:29", MarkKind::Recovery),
            mark(minutes / 4, "launch 1", MarkKind::Launch),
        ],
        panels,
    }
}
