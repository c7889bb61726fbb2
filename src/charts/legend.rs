//! Which colour, dash or marker is which series, in as few rows as fit.

use super::ChartError;
use super::scene::{Anchor, Area, Face, Ink, Scene, Stroke};
use super::{dots, palette};
use crate::release::{Panel, PanelKind};

const FACE: Face = Face::regular(10.0);
/// Height of a row.
pub(super) const ROW: f64 = 15.0;
/// Rows before entries are left out.
const MOST_ROWS: usize = 2;
/// Widest name.
const WIDEST: f64 = 200.0;
/// Between entries.
const AIR: f64 = 14.0;

/// The sample before a name.
#[derive(Clone, Copy)]
enum Swatch {
    Square(Ink),
    Line(Stroke),
    Marker(usize, Ink),
    Nothing,
}

impl Swatch {
    const fn width(self) -> f64 {
        match self {
            Self::Square(_) | Self::Marker(..) => 13.0,
            Self::Line(_) => 25.0,
            Self::Nothing => 0.0,
        }
    }

    fn draw(self, scene: &mut Scene, x: f64, baseline: f64) {
        let middle = baseline - 3.5;
        match self {
            Self::Square(ink) => scene.rect(Area::new(x, middle - 4.5, x + 9.0, middle + 4.5), ink),
            Self::Line(stroke) => scene.path(vec![(x, middle), (x + 20.0, middle)], stroke),
            Self::Marker(nth, ink) => dots::marker(scene, nth, (x + 4.5, middle), ink),
            Self::Nothing => {}
        }
    }
}

/// The entries of a panel, in rows.
pub(super) struct Legend {
    rows: Vec<Vec<(Swatch, String, f64)>>,
}

impl Legend {
    /// Sorts the series of a panel into rows of at most `room` points; `gaps` adds what an empty stretch looks like.
    ///
    /// # Errors
    /// When the embedded fonts are not loaded.
    pub(super) fn of(panel: &Panel, gaps: bool, room: f64) -> Result<Self, ChartError> {
        let mut entries: Vec<(Swatch, String)> = Vec::new();
        for (at, series) in panel.series.iter().enumerate() {
            let stroke = palette::stroke(series.tint, series.line);
            let swatch = match panel.kind {
                PanelKind::Stacked => Swatch::Square(palette::colour(series.tint)),
                PanelKind::Lines => Swatch::Line(stroke),
                PanelKind::Dots => Swatch::Marker(at, stroke.ink),
                PanelKind::Strip => continue,
            };
            entries.push((swatch, FACE.cut(&series.label, WIDEST)?));
        }
        if gaps && !entries.is_empty() {
            entries.push((Swatch::Square(palette::MISSING), "no data".to_owned()));
        }
        let mut rows: Vec<Vec<(Swatch, String, f64)>> = Vec::new();
        let mut used = f64::INFINITY;
        let all = entries.len();
        for (at, (swatch, name)) in entries.into_iter().enumerate() {
            let width = swatch.width() + FACE.width(&name)? + AIR;
            // The last row keeps room for the count of those left out.
            let last = rows.len() == MOST_ROWS && at + 1 < all;
            if used + width > if last { room - 60.0 } else { room } {
                if rows.len() == MOST_ROWS {
                    let more = format!("+{} more", all - at);
                    let width = FACE.width(&more)? + AIR;
                    rows.last_mut().into_iter().for_each(|row| row.push((Swatch::Nothing, more.clone(), width)));
                    break;
                }
                rows.push(Vec::new());
                used = 0.0;
            }
            used += width;
            rows.last_mut().into_iter().for_each(|row| row.push((swatch, name.clone(), width)));
        }
        Ok(Self { rows })
    }

    /// The width of the only row; none when there are more rows, or no row.
    pub(super) fn single(&self) -> Option<f64> {
        match self.rows.as_slice() {
            [row] => Some(row.iter().map(|(_, _, width)| width).sum::<f64>() - AIR),
            _ => None,
        }
    }

    /// The height of all rows.
    pub(super) fn height(&self) -> f64 {
        self.rows.len() as f64 * ROW
    }

    /// Draws the rows from `x`, the first on `baseline`.
    ///
    /// # Errors
    /// When the embedded fonts are not loaded.
    pub(super) fn draw(&self, scene: &mut Scene, x: f64, baseline: f64) -> Result<(), ChartError> {
        for (at, row) in self.rows.iter().enumerate() {
            let (mut x, baseline) = (x, baseline + at as f64 * ROW);
            for (swatch, name, width) in row {
                swatch.draw(scene, x, baseline);
                scene.words(name, (x + swatch.width(), baseline), Anchor::Start, FACE, palette::TEXT)?;
                x += width;
            }
        }
        Ok(())
    }
}
