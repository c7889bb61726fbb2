//! The sheet: what goes where, decided once, in points.

use super::ChartError;
use super::axes::{Frame, Scale, clock_ticks};
use super::bins;
use super::marks::{self, Marks};
use super::palette;
use super::scene::{Anchor, Area, Face, Scene, Stroke};
use super::{dots, panels};
use crate::release::{Figure, Panel, PanelKind};

const WIDTH: f64 = 880.0;
const MARGIN: f64 = 16.0;
/// Room for the names of values.
const LEFT: f64 = 62.0;
const TITLE: Face = Face::bold(16.0);
const FINDING: Face = Face::regular(11.5);
const HEADING: Face = Face::bold(11.0);
const SMALL: Face = Face::regular(10.0);
/// Most lines of the finding.
const FINDING_LINES: usize = 4;
/// Height of the axis' names below the last panel.
const AXIS: f64 = 34.0;
const BETWEEN: f64 = 16.0;
/// Most names in a panel's legend.
const NAMES: usize = 12;
/// Height of a row of a strip.
const STRIP_ROW: f64 = 18.0;

/// Lays a figure out.
///
/// # Errors
/// When the embedded fonts are not loaded.
pub(super) fn lay_out(figure: &Figure) -> Result<Scene, ChartError> {
    let mut scene = Scene { width: WIDTH, height: 0.0, shapes: Vec::new() };
    let mut y = MARGIN + 14.0;
    scene.words(&TITLE.cut(&figure.title, WIDTH - 2.0 * MARGIN)?, (MARGIN, y), Anchor::Start, TITLE, palette::TEXT)?;
    for line in FINDING.wrap(&figure.finding, WIDTH - 2.0 * MARGIN, FINDING_LINES)? {
        y += 16.0;
        scene.words(&line, (MARGIN, y), Anchor::Start, FINDING, palette::QUIET)?;
    }
    y += 14.0;
    let across = Area::new(LEFT, 0.0, WIDTH - MARGIN, 0.0);
    let time = Frame { area: across, top: 1.0, span: figure.window.len().max(1) as f64 };
    let marks = Marks::place(figure, &time)?;
    for (at, panel) in figure.panels.iter().enumerate() {
        y = place(&mut scene, figure, panel, (at == 0, at + 1 == figure.panels.len()), &marks, y)?;
    }
    scene.height = y + MARGIN;
    scene.shapes.insert(0, super::scene::Shape::Rect(Area::new(0.0, 0.0, WIDTH, scene.height), palette::PAPER));
    Ok(scene)
}

/// Draws one panel from `y` on; gives where the next begins.
fn place(
    scene: &mut Scene,
    figure: &Figure,
    panel: &Panel,
    (first, last): (bool, bool),
    marks: &Marks<'_>,
    y: f64,
) -> Result<f64, ChartError> {
    let minutes = figure.window.len();
    let is_dots = panel.kind == PanelKind::Dots;
    let size = if panel.kind == PanelKind::Strip || is_dots { 1 } else { bins::column_size(minutes) };
    let mut y = y + 11.0;
    let mut heading =
        if panel.unit.is_empty() { panel.title.clone() } else { format!("{}, {}", panel.title, panel.unit) };
    if let Some(words) = bins::column_words(size) {
        heading = format!("{heading} ({words})");
    }
    scene.words(&HEADING.cut(&heading, WIDTH - LEFT - MARGIN)?, (LEFT, y), Anchor::Start, HEADING, palette::TEXT)?;
    y += 6.0;
    if panel.kind != PanelKind::Strip {
        y = legend(scene, panel, y)?;
    }
    if first && !is_dots {
        y += marks.height();
    }
    let height = height(figure, panel);
    let area = Area::new(LEFT, y + 2.0, WIDTH - MARGIN, y + 2.0 + height);
    if is_dots {
        dots::draw(scene, panel, area, minutes)?;
        return Ok(area.y1 + AXIS + BETWEEN);
    }
    marks.shade(scene, &area);
    let scale = Scale::holding(most(panel, minutes), 4.0);
    let frame = Frame { area, top: scale.top, span: minutes.max(1) as f64 };
    if panel.kind == PanelKind::Strip {
        panels::strip(scene, panel, &frame, minutes)?;
    } else {
        values(scene, &frame, scale)?;
        panels::gaps(scene, panel, &frame, minutes);
        match panel.kind {
            PanelKind::Stacked => panels::stacked(scene, panel, &frame, minutes, size),
            _ => panels::lines(scene, panel, &frame, minutes, size),
        }
        if let Some((limit, label)) = &panel.ceiling
            && limit.is_finite()
        {
            marks::ceiling(scene, &frame, *limit, label)?;
        }
    }
    marks.cross(scene, &area);
    if first {
        marks.label(scene, &area)?;
    }
    clock(scene, figure, &frame, last)?;
    Ok(area.y1 + if last { AXIS } else { BETWEEN })
}

/// Panels are lower the more there are of them.
fn height(figure: &Figure, panel: &Panel) -> f64 {
    match (panel.kind, figure.panels.len()) {
        (PanelKind::Strip, _) => panel.series.len().clamp(1, panels::MOST_ROWS) as f64 * STRIP_ROW,
        (PanelKind::Dots, _) => 280.0,
        (_, 1) => 260.0,
        (_, 2) => 170.0,
        (_, 3 | 4) => 120.0,
        _ => 92.0,
    }
}

/// The highest value shown: of a stack its sum, and the limit's where it is near.
fn most(panel: &Panel, minutes: usize) -> f64 {
    let highest = if panel.kind == PanelKind::Stacked {
        bins::stacked(panel, minutes, 1).iter().flatten().map(|v| v.iter().sum::<f64>()).fold(0.0, f64::max)
    } else {
        panel.series.iter().flat_map(|s| bins::inside(s, minutes)).filter_map(|v| bins::known(*v)).fold(0.0, f64::max)
    };
    // A limit far above the data would flatten them; it is then named in the table alone.
    let limit = panel.ceiling.as_ref().map_or(0.0, |(limit, _)| *limit).min(highest * 20.0);
    highest.max(limit).max(panel.at_least.filter(|v| v.is_finite()).unwrap_or(0.0))
}

/// Lines and names of the value axis.
fn values(scene: &mut Scene, frame: &Frame, scale: Scale) -> Result<(), ChartError> {
    for tick in scale.ticks() {
        let y = frame.y(tick);
        scene.path(vec![(frame.area.x0, y), (frame.area.x1, y)], Stroke::solid(palette::GRID, 1.0));
        scene.words(&scale.name(tick), (frame.area.x0 - 6.0, y + 3.5), Anchor::End, SMALL, palette::QUIET)?;
    }
    Ok(())
}

/// Ticks below a panel; their names below the last one.
fn clock(scene: &mut Scene, figure: &Figure, frame: &Frame, named: bool) -> Result<(), ChartError> {
    let area = frame.area;
    scene.path(vec![(area.x0, area.y1), (area.x1, area.y1)], Stroke::solid(palette::AXIS, 1.0));
    for tick in clock_ticks(figure.window, 13) {
        let x = frame.x(tick.at);
        scene.path(vec![(x, area.y1), (x, area.y1 + 4.0)], Stroke::solid(palette::AXIS, 1.0));
        if named {
            scene.words(&tick.label, (x, area.y1 + 15.0), Anchor::Middle, SMALL, palette::QUIET)?;
            if let Some(day) = tick.day {
                scene.words(&day, (x, area.y1 + 27.0), Anchor::Middle, SMALL, palette::QUIET)?;
            }
        }
    }
    if named {
        let date = format!("{}, UTC", figure.window.from.date());
        scene.words(&date, (MARGIN, area.y1 + 28.0), Anchor::Start, SMALL, palette::QUIET)?;
    }
    Ok(())
}

/// The names of a panel's series, each with a key as it is drawn; gives where the panel may begin.
fn legend(scene: &mut Scene, panel: &Panel, y: f64) -> Result<f64, ChartError> {
    let mut x = LEFT;
    let mut baseline = y + 11.0;
    let right = WIDTH - MARGIN;
    let hidden = panel.series.len().saturating_sub(NAMES);
    for (at, series) in panel.series.iter().take(NAMES).enumerate() {
        let label = SMALL.cut(&series.label, 240.0)?;
        let width = 24.0 + SMALL.width(&label)? + 16.0;
        if x + width > right && x > LEFT {
            (x, baseline) = (LEFT, baseline + 14.0);
        }
        panels::key(scene, panel.kind, series, at, (x, baseline));
        scene.words(&label, (x + 24.0, baseline), Anchor::Start, SMALL, palette::TEXT)?;
        x += width;
    }
    if hidden > 0 {
        let more = format!("and {hidden} more");
        if x + SMALL.width(&more)? > right {
            (x, baseline) = (LEFT, baseline + 14.0);
        }
        scene.words(&more, (x, baseline), Anchor::Start, SMALL, palette::QUIET)?;
    }
    Ok(baseline + 6.0)
}
