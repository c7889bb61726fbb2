//! What a picture shows, decided before anything is drawn.
//!
//! The charts room draws any [`Figure`]; it chooses no data and hides none.

use crate::time::{Minute, Window};

/// One picture: panels above one another on a common time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// File stem: `outcomes`.
    pub name: String,
    /// Title inside the picture.
    pub title: String,
    /// One sentence that states what the picture shows.
    pub finding: String,
    /// Longer description for those who cannot see it.
    pub description: String,
    /// The table that holds what is drawn: `minutes_by_lane`.
    pub data: &'static str,
    /// The common time axis, UTC.
    pub window: Window,
    /// Stretches shaded in all panels: the waves.
    pub bands: Vec<Band>,
    /// Vertical lines with labels: first, peak, recovery, launches, changes.
    pub marks: Vec<Mark>,
    /// The panels, top to bottom; never empty.
    pub panels: Vec<Panel>,
}

/// A shaded stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// Which minutes.
    pub window: Window,
    /// `wave 1`
    pub label: String,
}

/// A vertical line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where.
    pub minute: Minute,
    /// `first 03:56`
    pub label: String,
    /// What it marks.
    pub kind: MarkKind,
}

/// What a vertical line marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// First error minute of a wave.
    First,
    /// Minute with most failed sessions.
    Peak,
    /// First minute of proven quiet.
    Recovery,
    /// A launch.
    Launch,
    /// A change made by the operator.
    Change,
}

/// One panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Heading above the panel.
    pub title: String,
    /// Unit on the value axis: `sessions per minute`.
    pub unit: String,
    /// How its series are drawn.
    pub kind: PanelKind,
    /// The series; with `Stacked` the first lies at the bottom.
    pub series: Vec<Series>,
    /// A horizontal line: a limit or ceiling, with its label.
    pub ceiling: Option<(f64, String)>,
    /// Smallest value of the axis' upper end, so that paired panels share a scale.
    pub at_least: Option<f64>,
    /// For dots: what the horizontal axis counts, with its unit.
    pub across: String,
}

/// How a panel draws its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PanelKind {
    /// Bars on one another, one for each minute; gaps stay empty.
    Stacked,
    /// Lines; broken at gaps.
    Lines,
    /// One row a series, filled where there is data: coverage.
    Strip,
    /// Dots: each value against the value of `Series::against` in the same minute.
    Dots,
}

/// One series of a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub label: String,
    /// Its colour and shape.
    pub tint: Tint,
    /// One value for each minute of the window; none is a gap.
    pub values: Vec<Option<f64>>,
    /// For dots: the value on the horizontal axis in the same minute.
    pub against: Option<Vec<Option<f64>>>,
    /// How a line is drawn.
    pub line: Line,
}

/// How a line is drawn, so that colour never stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Drawn through.
    Solid,
    /// Long dashes.
    Dashed,
    /// Dots.
    Dotted,
}

/// A colour of the Okabe-Ito set, by what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tint {
    /// Accepted mail: quiet grey-blue.
    Delivered,
    /// 4xx answers.
    Deferral,
    /// 5xx answers.
    Rejection,
    /// Closed by the other side.
    RemoteClose,
    /// Genuine TLS failures.
    TlsFailure,
    /// Plaintext where TLS was due.
    Plaintext,
    /// Time-outs and failed connections.
    Timeout,
    /// The sender's own decisions and the rest.
    Other,
    /// The n-th of several equals (receivers, IPs, nodes); the charts room cycles.
    Nth(u8),
}
