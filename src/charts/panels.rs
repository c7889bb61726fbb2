//! What lies inside a panel: columns, lines and rows over time.

use super::ChartError;
use super::axes::{Frame, Scale};
use super::scene::{Anchor, Area, Face, Scene, Stroke};
use super::{bins, palette};
use crate::release::Panel;

/// Names of values, minutes and rows.
pub(super) const TICK: Face = Face::regular(10.0);
/// Widest name of a row.
pub(super) const WIDEST_NAME: f64 = 190.0;
/// Between the columns' segments, so that they part in grey print.
const SEAM: f64 = 0.5;

/// Draws the lines and names of the value axis.
///
/// # Errors
/// When the embedded fonts are not loaded.
pub(super) fn value_axis(scene: &mut Scene, frame: &Frame, scale: Scale) -> Result<(), ChartError> {
    for tick in scale.ticks() {
        let y = frame.y(tick);
        scene.path(vec![(frame.area.x0, y), (frame.area.x1, y)], Stroke::solid(palette::GRID, 0.75));
        scene.words(&scale.name(tick), (frame.area.x0 - 6.0, y + 3.6), Anchor::End, TICK, palette::QUIET)?;
    }
    Ok(())
}

/// Says in the panel's middle that there is nothing to draw.
///
/// # Errors
/// When the embedded fonts are not loaded.
pub(super) fn no_data(scene: &mut Scene, area: &Area) -> Result<(), ChartError> {
    let middle = (f64::midpoint(area.x0, area.x1), f64::midpoint(area.y0, area.y1) + 4.0);
    scene.words("no data", middle, Anchor::Middle, Face::regular(11.0), palette::QUIET)?;
    Ok(())
}

/// A bar on the baseline under minutes in which no series has a value: empty is not zero.
pub(super) fn missing(scene: &mut Scene, panel: &Panel, frame: &Frame, minutes: usize) {
    for (from, to) in bins::missing(panel, minutes) {
        let (x0, x1) = wide(frame.x(from as f64), frame.x(to as f64), frame);
        scene.rect(Area::new(x0, frame.area.y1 - 4.0, x1, frame.area.y1), palette::MISSING);
    }
}

/// Columns on one another, the first series at the bottom.
pub(super) fn stacked(scene: &mut Scene, panel: &Panel, frame: &Frame, minutes: usize) {
    let size = bins::column_size(minutes);
    let width = frame.x(size as f64) - frame.area.x0;
    let air = if width > 6.0 { 1.0 } else { 0.0 };
    for (at, column) in bins::stacked(panel, minutes, size).into_iter().enumerate() {
        let x0 = frame.x((at * size) as f64) + air / 2.0;
        let x1 = frame.x(((at + 1) * size) as f64) - air / 2.0;
        let mut below = 0.0;
        for (value, series) in column.into_iter().flatten().zip(&panel.series) {
            let (y0, y1) = (frame.y(below + value), frame.y(below));
            if value > 0.0 && y1 > y0 {
                // One failed session beside two thousand still leaves a trace.
                let y0 = y0.min(y1 - 0.75).max(frame.area.y0);
                let seam = if y1 - y0 > 4.0 * SEAM && below > 0.0 { SEAM } else { 0.0 };
                scene.rect(Area::new(x0, y0, x1, y1 - seam), palette::colour(series.tint));
            }
            below += value;
        }
    }
}

/// Lines through the middles of minutes, broken at gaps; a value between gaps is a dot.
pub(super) fn lines(scene: &mut Scene, panel: &Panel, frame: &Frame, minutes: usize) {
    let size = bins::column_size(minutes);
    for series in &panel.series {
        let stroke = palette::stroke(series.tint, series.line);
        let values = bins::highest(series, minutes, size);
        let known = values.iter().enumerate().filter(|(_, value)| value.is_some()).map(|(at, _)| at);
        for (from, to) in bins::runs(known) {
            let points: Vec<(f64, f64)> = values
                .iter()
                .enumerate()
                .take(to)
                .skip(from)
                .filter_map(|(at, value)| value.map(|v| (frame.x((at as f64 + 0.5) * size as f64), frame.y(v))))
                .collect();
            match points.as_slice() {
                [only] => scene.disc(*only, 2.0, stroke.ink),
                _ => scene.path(points, stroke),
            }
        }
    }
}

/// The height of a strip's row for this many rows.
pub(super) const fn row_height(rows: usize) -> f64 {
    if rows <= 16 { 17.0 } else { 11.0 }
}

/// The face of a strip's row names for this many rows.
pub(super) const fn row_face(rows: usize) -> Face {
    if rows <= 16 { TICK } else { Face::regular(8.5) }
}

/// One row a series, filled where it has a value. No gap is too short to be seen.
///
/// # Errors
/// When the embedded fonts are not loaded.
pub(super) fn strip(scene: &mut Scene, panel: &Panel, frame: &Frame, minutes: usize) -> Result<(), ChartError> {
    let rows = panel.series.len();
    let (height, face) = (frame.area.height() / rows.max(1) as f64, row_face(rows));
    for (row, series) in panel.series.iter().enumerate() {
        let y = frame.area.y0 + height * row as f64;
        let (y0, y1) = (y + height * 0.17, y + height * 0.83);
        let values = bins::inside(series, minutes);
        let positions = |want: bool| {
            let all = values.iter().enumerate();
            bins::runs(all.filter(move |(_, v)| bins::known(**v).is_some() == want).map(|(at, _)| at))
        };
        for (from, to) in positions(true) {
            let (x0, x1) = wide(frame.x(from as f64), frame.x(to as f64), frame);
            scene.rect(Area::new(x0, y0, x1, y1), palette::stroke(series.tint, series.line).ink);
        }
        for (from, to) in positions(false) {
            let (x0, x1) = wide(frame.x(from as f64), frame.x(to as f64), frame);
            scene.rect(Area::new(x0, y0, x1, y1), palette::PAPER);
        }
        // An unbroken thread shows which row an empty stretch belongs to.
        let middle = f64::midpoint(y0, y1);
        let thread = Stroke::solid(palette::MISSING, 0.5);
        for (from, to) in positions(false).into_iter().chain([(values.len(), minutes)]).filter(|(a, b)| a < b) {
            scene.path(vec![(frame.x(from as f64), middle), (frame.x(to as f64), middle)], thread);
        }
        let name = face.cut(&series.label, WIDEST_NAME)?;
        let at = (frame.area.x0 - 6.0, middle + 0.36 * face.size);
        scene.words(&name, at, Anchor::End, face, palette::TEXT)?;
    }
    Ok(())
}

/// At least a point wide, within the frame.
fn wide(x0: f64, x1: f64, frame: &Frame) -> (f64, f64) {
    if x1 - x0 >= 1.0 {
        return (x0, x1);
    }
    let x0 = x0.min(frame.area.x1 - 1.0);
    (x0, x0 + 1.0)
}
