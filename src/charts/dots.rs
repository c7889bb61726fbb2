//! Values against values: shapes that differ without colour.

use std::collections::BTreeSet;

use super::ChartError;
use super::axes::{Frame, Scale};
use super::panels::TICK;
use super::scene::{Anchor, Area, Ink, Scene, Stroke};
use super::{bins, palette};
use crate::release::{Panel, Series};

/// The known pairs of a series: value on the horizontal axis, value.
pub(super) fn pairs(series: &Series, minutes: usize) -> impl Iterator<Item = (f64, f64)> {
    let against = series.against.as_deref().unwrap_or_default();
    bins::inside(series, minutes)
        .iter()
        .zip(against)
        .filter_map(|(value, against)| Some((bins::known(*against)?, bins::known(*value)?)))
}

/// The horizontal axis that holds all pairs of a panel.
pub(super) fn across(panel: &Panel, minutes: usize) -> Scale {
    let all = || panel.series.iter().flat_map(|series| pairs(series, minutes)).map(|(x, _)| x);
    let most = all().fold(0.0, f64::max);
    let scale = Scale::holding(most, 8.0);
    // What is counted in whole numbers has no halves to name.
    let whole = most >= 1.0 && all().all(|x| x.fract() == 0.0);
    if whole && scale.step < 1.0 { Scale { top: most, step: 1.0 } } else { scale }
}

/// Draws the dots with their horizontal axis.
///
/// # Errors
/// When the embedded fonts are not loaded.
pub(super) fn dots(
    scene: &mut Scene,
    panel: &Panel,
    frame: &Frame,
    scale: Scale,
    minutes: usize,
) -> Result<(), ChartError> {
    let area = frame.area;
    for tick in scale.ticks() {
        let x = frame.x(tick);
        scene.path(vec![(x, area.y0), (x, area.y1)], Stroke::solid(palette::GRID, 0.75));
        scene.words(&scale.name(tick), (x, area.y1 + 15.0), Anchor::Middle, TICK, palette::QUIET)?;
    }
    for (at, series) in panel.series.iter().enumerate() {
        let ink = Ink { alpha: 0.8, ..palette::stroke(series.tint, series.line).ink };
        // Pairs that fall on the same half point are drawn once.
        let places: BTreeSet<(i64, i64)> = pairs(series, minutes)
            .map(|(x, y)| ((frame.x(x) * 2.0).round() as i64, (frame.y(y) * 2.0).round() as i64))
            .collect();
        for (x, y) in places {
            marker(scene, at, (x as f64 / 2.0, y as f64 / 2.0), ink);
        }
    }
    Ok(())
}

/// The marker of the n-th series: disc, square, triangle, diamond, cross, then again.
pub(super) fn marker(scene: &mut Scene, nth: usize, (x, y): (f64, f64), ink: Ink) {
    match nth % 5 {
        0 => scene.disc((x, y), 3.0, ink),
        1 => scene.rect(Area::new(x - 2.75, y - 2.75, x + 2.75, y + 2.75), ink),
        2 => scene.fill(vec![(x - 3.5, y + 3.0), (x + 3.5, y + 3.0), (x, y - 3.5)], ink),
        3 => scene.fill(vec![(x - 3.75, y), (x, y - 3.75), (x + 3.75, y), (x, y + 3.75)], ink),
        _ => {
            scene.path(vec![(x - 3.0, y - 3.0), (x + 3.0, y + 3.0)], Stroke::solid(ink, 1.25));
            scene.path(vec![(x - 3.0, y + 3.0), (x + 3.0, y - 3.0)], Stroke::solid(ink, 1.25));
        }
    }
}
