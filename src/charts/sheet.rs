//! What goes where: title, finding, panels above one another, one time axis.

use super::ChartError;
use super::axes::{Frame, Scale, clock_ticks};
use super::legend::{self, Legend};
use super::marks::{self, Marks};
use super::panels::{self, TICK, WIDEST_NAME};
use super::scene::{Anchor, Area, Face, Scene, Stroke};
use super::{bins, dots, palette};
use crate::release::{Figure, Panel, PanelKind};

/// Width of every picture; half of the PNG's pixels.
const WIDTH: f64 = 880.0;
/// Right of the panels.
const RIGHT: f64 = 28.0;
/// Left of the title.
const EDGE: f64 = 24.0;
/// Between panels.
const GAP: f64 = 20.0;
/// Panels together are not taller than this, while each keeps `LEAST`.
const TALLEST: f64 = 2400.0;
const LEAST: f64 = 40.0;

const TITLE: Face = Face::bold(17.0);
const FINDING: Face = Face::regular(12.0);
const HEADING: Face = Face::bold(11.5);
const UNIT: Face = Face::regular(10.5);
/// Points for each name on the time axis.
const NAME_ROOM: f64 = 58.0;

/// A panel with its scales decided.
struct Prepared<'a> {
    panel: &'a Panel,
    scale: Scale,
    across: Option<Scale>,
    height: f64,
    empty: bool,
}

/// Decides every position.
///
/// # Errors
/// When the embedded fonts are not loaded.
pub(super) fn lay_out(figure: &Figure) -> Result<Scene, ChartError> {
    let minutes = figure.window.len();
    let prepared = prepare(figure, minutes);
    let left = names_room(&prepared)?;
    let mut scene = Scene { width: WIDTH, ..Scene::default() };
    // Painted first; its height is known last.
    scene.rect(Area::new(0.0, 0.0, WIDTH, 0.0), palette::PAPER);
    let mut y = head(&mut scene, figure)?;
    let span = minutes.max(1) as f64;
    let across = Frame { area: Area::new(left, 0.0, WIDTH - RIGHT, 0.0), top: 1.0, span };
    let marks = Marks::place(figure, &across)?;
    let mut labelled = false;
    for (at, one) in prepared.iter().enumerate() {
        y = heading(&mut scene, one, minutes, y)?;
        let timed = one.across.is_none();
        let first = timed && !labelled;
        y += if first { marks.height() + 2.0 } else { 0.0 };
        let area = Area::new(left, y, WIDTH - RIGHT, y + one.height);
        let frame = Frame { area, top: one.scale.top, span: one.across.map_or(span, |scale| scale.top) };
        draw_panel(&mut scene, one, &frame, &marks, minutes)?;
        if first {
            marks.label(&mut scene, &area)?;
            labelled = true;
        }
        y = area.y1;
        let next_timed = prepared.get(at + 1).is_some_and(|next| next.across.is_none());
        y += match (timed, next_timed) {
            (true, true) => GAP,
            (true, false) => time_axis(&mut scene, figure, &frame)? + GAP,
            (false, _) => across_axis(&mut scene, &one.panel.across, &area)? + GAP,
        };
    }
    scene.height = (y - 4.0).ceil();
    if let Some(super::scene::Shape::Rect(paper, _)) = scene.shapes.first_mut() {
        paper.y1 = scene.height;
    }
    Ok(scene)
}

fn prepare(figure: &Figure, minutes: usize) -> Vec<Prepared<'_>> {
    let mut all: Vec<Prepared<'_>> = figure.panels.iter().map(|panel| prepare_panel(panel, minutes)).collect();
    let whole: f64 = all.iter().map(|one| one.height).sum();
    if whole > TALLEST {
        all.iter_mut().for_each(|one| one.height = (one.height * TALLEST / whole).max(LEAST));
    }
    all
}

fn prepare_panel(panel: &Panel, minutes: usize) -> Prepared<'_> {
    let size = bins::column_size(minutes);
    let most = match panel.kind {
        PanelKind::Stacked => {
            bins::stacked(panel, minutes, size).into_iter().flatten().map(|column| column.iter().sum()).reduce(f64::max)
        }
        PanelKind::Lines => {
            panel.series.iter().flat_map(|series| bins::highest(series, minutes, size)).flatten().reduce(f64::max)
        }
        PanelKind::Dots => {
            panel.series.iter().flat_map(|series| dots::pairs(series, minutes)).map(|(_, y)| y).reduce(f64::max)
        }
        PanelKind::Strip => (!panel.series.is_empty()).then_some(1.0),
    };
    let limits = [panel.ceiling.as_ref().map(|(value, _)| *value), panel.at_least];
    let top = limits.into_iter().filter_map(bins::known).fold(most.unwrap_or(0.0), f64::max);
    let rows = panel.series.len();
    let height = match panel.kind {
        PanelKind::Stacked => 172.0,
        PanelKind::Lines => 124.0,
        PanelKind::Dots => 200.0,
        PanelKind::Strip => (rows.max(1) as f64 * panels::row_height(rows)).max(22.0),
    };
    let steps = if panel.kind == PanelKind::Lines { 3.0 } else { 4.0 };
    Prepared {
        panel,
        scale: Scale::holding(top, steps),
        across: (panel.kind == PanelKind::Dots).then(|| dots::across(panel, minutes)),
        height,
        empty: most.is_none(),
    }
}

/// How far the panels stand in, so that all names left of them fit.
fn names_room(prepared: &[Prepared<'_>]) -> Result<f64, ChartError> {
    let mut widest = 30.0f64;
    for one in prepared {
        if one.panel.kind == PanelKind::Strip {
            let face = panels::row_face(one.panel.series.len());
            for series in &one.panel.series {
                widest = widest.max(face.width(&face.cut(&series.label, WIDEST_NAME)?)?);
            }
        } else {
            for tick in one.scale.ticks() {
                widest = widest.max(TICK.width(&one.scale.name(tick))?);
            }
        }
    }
    // Six points to the panel, and whole points so that edges stay sharp.
    Ok((widest.min(WIDEST_NAME) + 6.0 + EDGE).ceil())
}

/// Title and finding; gives where the panels begin.
fn head(scene: &mut Scene, figure: &Figure) -> Result<f64, ChartError> {
    let room = WIDTH - EDGE - RIGHT;
    let mut y = 12.0;
    for line in TITLE.wrap(&figure.title, room, 2)? {
        y += 22.0;
        scene.words(&line, (EDGE, y), Anchor::Start, TITLE, palette::TEXT)?;
    }
    y += 4.0;
    for line in FINDING.wrap(&figure.finding, room, 4)? {
        y += 16.5;
        scene.words(&line, (EDGE, y), Anchor::Start, FINDING, palette::QUIET)?;
    }
    Ok(y + 14.0)
}

/// Heading, unit and legend of a panel from `y`; gives where its area may begin.
fn heading(scene: &mut Scene, one: &Prepared<'_>, minutes: usize, y: f64) -> Result<f64, ChartError> {
    let room = WIDTH - EDGE - RIGHT;
    let baseline = y + 14.0;
    let title = HEADING.cut(&one.panel.title, room)?;
    let mut x = scene.words(&title, (EDGE, baseline), Anchor::Start, HEADING, palette::TEXT)?.x1;
    let columns = match one.panel.kind {
        PanelKind::Stacked | PanelKind::Lines => bins::column_words(bins::column_size(minutes)),
        PanelKind::Strip | PanelKind::Dots => None,
    };
    let words: Vec<String> =
        [Some(one.panel.unit.clone()), columns].into_iter().flatten().filter(|words| !words.is_empty()).collect();
    let unit = UNIT.cut(&words.join(" · "), WIDTH - RIGHT - x - 8.0)?;
    if !unit.is_empty() {
        x = scene.words(&unit, (x + 8.0, baseline), Anchor::Start, UNIT, palette::QUIET)?.x1;
    }
    let over_time = matches!(one.panel.kind, PanelKind::Stacked | PanelKind::Lines);
    let gaps = over_time && !one.empty && !bins::missing(one.panel, minutes).is_empty();
    let legend = Legend::of(one.panel, gaps, room)?;
    match legend.single().map(|width| WIDTH - RIGHT - width) {
        Some(start) if start > x + 16.0 => {
            legend.draw(scene, start, baseline)?;
            Ok(baseline + 11.0)
        }
        _ => {
            legend.draw(scene, EDGE, baseline + legend::ROW + 2.0)?;
            Ok(baseline + 11.0 + if legend.height() > 0.0 { legend.height() + 2.0 } else { 0.0 })
        }
    }
}

fn draw_panel(
    scene: &mut Scene,
    one: &Prepared<'_>,
    frame: &Frame,
    marks: &Marks<'_>,
    minutes: usize,
) -> Result<(), ChartError> {
    let (panel, area) = (one.panel, frame.area);
    if one.across.is_none() {
        marks.shade(scene, &area);
    }
    if panel.kind != PanelKind::Strip {
        panels::value_axis(scene, frame, one.scale)?;
    }
    match (panel.kind, one.across) {
        (PanelKind::Dots, Some(across)) => dots::dots(scene, panel, frame, across, minutes)?,
        (PanelKind::Strip | PanelKind::Dots, _) => panels::strip(scene, panel, frame, minutes)?,
        (PanelKind::Stacked, _) => panels::stacked(scene, panel, frame, minutes),
        (PanelKind::Lines, _) => panels::lines(scene, panel, frame, minutes),
    }
    if matches!(panel.kind, PanelKind::Stacked | PanelKind::Lines) && !one.empty {
        panels::missing(scene, panel, frame, minutes);
    }
    if one.across.is_none() {
        marks.cross(scene, &area);
    }
    if one.empty {
        panels::no_data(scene, &area)?;
    }
    if let Some((value, label)) = &panel.ceiling
        && panel.kind != PanelKind::Strip
        && let Some(value) = bins::known(Some(*value))
    {
        marks::ceiling(scene, frame, value, label)?;
    }
    let axis = Stroke::solid(palette::AXIS, 1.0);
    scene.path(vec![(area.x0, area.y1), (area.x1, area.y1)], axis);
    if panel.kind != PanelKind::Strip {
        scene.path(vec![(area.x0, area.y0), (area.x0, area.y1)], axis);
    }
    Ok(())
}

/// Says below the numbers of a horizontal axis what they count; gives the height used.
fn across_axis(scene: &mut Scene, counts: &str, area: &Area) -> Result<f64, ChartError> {
    let words = UNIT.cut(counts, area.width())?;
    if words.is_empty() {
        return Ok(22.0);
    }
    scene.words(&words, (f64::midpoint(area.x0, area.x1), area.y1 + 31.0), Anchor::Middle, UNIT, palette::QUIET)?;
    Ok(38.0)
}

/// Names the minutes below a panel, and the date once; gives the height used.
fn time_axis(scene: &mut Scene, figure: &Figure, frame: &Frame) -> Result<f64, ChartError> {
    let area = frame.area;
    let date = format!("{}, UTC", figure.window.from.date());
    let mut taken = scene.words(&date, (area.x0, area.y1 + 30.0), Anchor::Start, TICK, palette::QUIET)?.x1;
    for tick in clock_ticks(figure.window, (area.width() / NAME_ROOM) as usize) {
        let x = frame.x(tick.at);
        scene.path(vec![(x, area.y1), (x, area.y1 + 4.0)], Stroke::solid(palette::AXIS, 1.0));
        scene.words(&tick.label, (x, area.y1 + 16.0), Anchor::Middle, TICK, palette::QUIET)?;
        if let Some(day) = tick.day {
            let half = TICK.width(&day)? / 2.0;
            if x - half > taken + 8.0 {
                taken = scene.words(&day, (x, area.y1 + 30.0), Anchor::Middle, TICK, palette::QUIET)?.x1;
            }
        }
    }
    Ok(36.0)
}
