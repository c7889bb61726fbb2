//! Stacked bars, lines and strips on the time axis.

use super::ChartError;
use super::axes::Frame;
use super::bins;
use super::dots;
use super::palette;
use super::scene::{Anchor, Area, Face, Scene, Stroke};
use crate::release::{Panel, PanelKind, Series};

const SMALL: Face = Face::regular(10.0);

/// Most rows of a strip.
pub(super) const MOST_ROWS: usize = 24;

/// Marks minutes without data: a hatched foot, so that a gap never looks like zero.
pub(super) fn gaps(scene: &mut Scene, panel: &Panel, frame: &Frame, minutes: usize) {
    for (from, to) in bins::missing(panel, minutes) {
        let (x0, x1, foot) = (frame.x(from as f64), frame.x(to as f64), frame.area.y1);
        scene.rect(Area::new(x0, foot - 4.0, x1, foot), palette::MISSING);
    }
}

/// Bars on one another, one for each column; gaps stay empty.
pub(super) fn stacked(scene: &mut Scene, panel: &Panel, frame: &Frame, minutes: usize, size: usize) {
    for (column, values) in bins::stacked(panel, minutes, size).into_iter().enumerate() {
        let Some(values) = values else { continue };
        let x0 = frame.x((column * size) as f64);
        let x1 = frame.x(((column + 1) * size).min(minutes.max(1)) as f64);
        // A hair of paper between bars while they are wide enough to carry it.
        let air = if x1 - x0 > 4.0 { 0.75 } else { 0.0 };
        let mut below = 0.0;
        for (series, value) in panel.series.iter().zip(values) {
            if value > 0.0 {
                let area = Area::new(x0 + air, frame.y(below + value), (x1 - air).max(x0 + air + 0.5), frame.y(below));
                scene.rect(area, palette::colour(series.tint));
                below += value;
            }
        }
    }
}

/// Lines, broken at gaps; a value between two gaps is a dot.
pub(super) fn lines(scene: &mut Scene, panel: &Panel, frame: &Frame, minutes: usize, size: usize) {
    for series in panel.series.iter().rev() {
        let stroke = palette::stroke(series.tint, series.line);
        let values = bins::highest(series, minutes, size);
        let known = values.iter().enumerate().filter(|(_, v)| v.is_some()).map(|(i, _)| i);
        for (from, to) in bins::runs(known) {
            let points: Vec<_> = (from..to)
                .filter_map(|i| {
                    values.get(i).copied().flatten().map(|v| (frame.x((i as f64 + 0.5) * size as f64), frame.y(v)))
                })
                .collect();
            match points.as_slice() {
                [only] => scene.disc(*only, 2.2, stroke.ink),
                _ => scene.path(points, stroke),
            }
        }
    }
}

/// One row a series, filled where it has data.
///
/// # Errors
/// When the embedded fonts are not loaded.
pub(super) fn strip(scene: &mut Scene, panel: &Panel, frame: &Frame, minutes: usize) -> Result<(), ChartError> {
    let rows = panel.series.len().clamp(1, MOST_ROWS);
    let row = frame.area.height() / rows as f64;
    for (at, series) in panel.series.iter().take(MOST_ROWS).enumerate() {
        let top = frame.area.y0 + at as f64 * row;
        let full = Area::new(frame.area.x0, top + 3.0, frame.area.x1, top + row - 3.0);
        scene.rect(full, palette::MISSING);
        let known = bins::inside(series, minutes)
            .iter()
            .enumerate()
            .filter(|(_, v)| bins::known(**v).is_some())
            .map(|(i, _)| i);
        for (from, to) in bins::runs(known) {
            let area = Area::new(frame.x(from as f64), full.y0, frame.x(to as f64), full.y1);
            scene.rect(area, palette::stroke(series.tint, series.line).ink);
        }
        // Inside the row, on paper, since names are longer than the axis' margin.
        let hidden = panel.series.len().saturating_sub(MOST_ROWS);
        let name = if at + 1 == MOST_ROWS && hidden > 0 {
            format!("{} (and {hidden} more)", series.label)
        } else {
            series.label.clone()
        };
        let label = SMALL.cut(&name, frame.area.width() - 20.0)?;
        let width = SMALL.width(&label)?;
        let baseline = f64::midpoint(full.y0, full.y1) + 3.5;
        scene.rect(Area::new(full.x0 + 4.0, full.y0, full.x0 + 12.0 + width, full.y1), palette::PAPER);
        scene.words(&label, (full.x0 + 8.0, baseline), Anchor::Start, SMALL, palette::TEXT)?;
    }
    Ok(())
}

/// A legend's key, drawn as the series is.
pub(super) fn key(scene: &mut Scene, kind: PanelKind, series: &Series, at: usize, (x, baseline): (f64, f64)) {
    let middle = baseline - 3.5;
    match kind {
        PanelKind::Stacked => {
            scene.rect(Area::new(x + 4.0, baseline - 8.0, x + 18.0, baseline + 1.0), palette::colour(series.tint))
        }
        PanelKind::Dots => dots::marker(scene, at, (x + 11.0, middle), palette::stroke(series.tint, series.line).ink),
        PanelKind::Lines | PanelKind::Strip => {
            let stroke = palette::stroke(series.tint, series.line);
            scene.path(vec![(x, middle), (x + 20.0, middle)], Stroke { width: 2.0, ..stroke });
        }
    }
}
