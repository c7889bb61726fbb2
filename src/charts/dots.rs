//! Dots: each value against another of the same minute.

use super::ChartError;
use super::axes::{Frame, Scale};
use super::bins;
use super::palette;
use super::scene::{Anchor, Area, Face, Ink, Scene, Stroke};
use crate::release::Panel;

const SMALL: Face = Face::regular(10.0);
const RADIUS: f64 = 3.4;

/// Draws a panel of dots with its own two axes.
///
/// # Errors
/// When the embedded fonts are not loaded.
pub(super) fn draw(scene: &mut Scene, panel: &Panel, area: Area, minutes: usize) -> Result<(), ChartError> {
    let points: Vec<Vec<(f64, f64)>> = panel.series.iter().map(|s| pairs(s, minutes)).collect();
    let most = |pick: fn(&(f64, f64)) -> f64| points.iter().flatten().map(pick).fold(0.0, f64::max);
    let up = Scale::holding(most(|p| p.1).max(panel.at_least.unwrap_or(0.0)), 4.0);
    let across = Scale::holding(most(|p| p.0), 8.0);
    let frame = Frame { area, top: up.top, span: across.top };
    for tick in up.ticks() {
        let y = frame.y(tick);
        scene.path(vec![(area.x0, y), (area.x1, y)], Stroke::solid(palette::GRID, 1.0));
        scene.words(&up.name(tick), (area.x0 - 6.0, y + 3.5), Anchor::End, SMALL, palette::QUIET)?;
    }
    for tick in across.ticks() {
        let x = frame.x(tick);
        scene.path(vec![(x, area.y1), (x, area.y1 + 4.0)], Stroke::solid(palette::AXIS, 1.0));
        scene.words(&across.name(tick), (x, area.y1 + 15.0), Anchor::Middle, SMALL, palette::QUIET)?;
    }
    scene.path(vec![(area.x0, area.y1), (area.x1, area.y1)], Stroke::solid(palette::AXIS, 1.0));
    for (at, (series, points)) in panel.series.iter().zip(&points).enumerate().rev() {
        let ink = Ink { alpha: 0.75, ..palette::stroke(series.tint, series.line).ink };
        for (x, y) in points {
            marker(scene, at, (frame.x(*x), frame.y(*y)), ink);
        }
    }
    Ok(())
}

/// Value pairs of the minutes that have both.
fn pairs(series: &crate::release::Series, minutes: usize) -> Vec<(f64, f64)> {
    let against = series.against.as_deref().unwrap_or_default();
    let both = bins::inside(series, minutes).iter().zip(against);
    both.filter_map(|(y, x)| Some((bins::known(*x)?, bins::known(*y)?))).collect()
}

/// Shapes by turn, so that colour never stands alone.
pub(super) fn marker(scene: &mut Scene, nth: usize, (x, y): (f64, f64), ink: Ink) {
    let r = RADIUS;
    match nth % 4 {
        0 => scene.fill(vec![(x, y - r - 1.0), (x + r + 1.0, y), (x, y + r + 1.0), (x - r - 1.0, y)], ink),
        1 => scene.disc((x, y), r, ink),
        2 => scene.rect(Area::new(x - r, y - r, x + r, y + r), ink),
        _ => scene.fill(vec![(x - r, y + r), (x + r, y + r), (x, y - r)], ink),
    }
}
