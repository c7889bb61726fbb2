//! Scenes to SVG and pixels, both through plotters and at the same whole coordinates.

use plotters::prelude::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{RGBAColor, ShapeStyle, TextStyle};

use super::ChartError;
use super::scene::{Anchor, Ink, Scene, Shape, Stroke, Words};
use super::text::clean;
use crate::release::Figure;

/// Backend units in a point. Backends take whole numbers only, so a point must hold several.
const SCALE: f64 = 4.0;

/// Rows of pixels that are painted at once, an even number: 7 MB, most of which stay near the processor.
pub(super) const BAND: u32 = 512;

/// Rows painted above and below a band, and left out: what reaches over the edge of a canvas is not
/// painted as it is inside.
const MARGIN: u32 = 64;

/// Rows of red, green, blue.
#[derive(Default)]
pub(super) struct Pixels {
    /// Pixels in a row.
    pub(super) width: u32,
    /// Rows.
    pub(super) height: u32,
    /// Three bytes a pixel.
    pub(super) rgb: Vec<u8>,
}

/// How a backend takes text.
#[derive(Clone, Copy)]
struct TextRule {
    /// What it calls the size, per em.
    size_per_em: f64,
    /// Where it puts the baseline below the given position, per em.
    drop_per_em: f64,
}

/// The SVG backend divides sizes by 1.24 and shifts top-anchored text by 0.76 em.
const SVG_TEXT: TextRule = TextRule { size_per_em: 1.24, drop_per_em: 0.76 };
/// The bitmap backend takes ascent plus descent for the size, and puts the baseline at half of it.
const PIXEL_TEXT: TextRule = TextRule { size_per_em: 3408.0 / 2816.0, drop_per_em: 3408.0 / 2816.0 / 2.0 };

const fn units(points: f64) -> i32 {
    (points * SCALE).round() as i32
}

fn size(scene: &Scene) -> (u32, u32) {
    (units(scene.width).max(1) as u32, units(scene.height).max(1) as u32)
}

/// The scene as pixels, four to a point, in bands of so many rows from the top: a chart of 64 sending
/// IPs is 80 MB of them. The canvas may have been used before.
///
/// # Errors
/// When the backend refuses a shape.
pub(super) fn bands(
    scene: &Scene,
    rows: u32,
    canvas: &mut Pixels,
    mut painted: impl FnMut(&[u8], u32),
) -> Result<(), ChartError> {
    let (width, height) = size(scene);
    for first in (0..height).step_by(rows.max(1) as usize) {
        let after = first.saturating_add(rows).min(height);
        let (top, bottom) = (first.saturating_sub(MARGIN), after.saturating_add(MARGIN).min(height));
        (canvas.width, canvas.height) = (width, bottom - top);
        let row = width as usize * 3;
        canvas.rgb.clear();
        canvas.rgb.resize(row * canvas.height as usize, 255);
        let (from, to) = (f64::from(top) / SCALE, f64::from(bottom) / SCALE);
        let meets = |shape: &&Shape| {
            let (above, below) = shape.reach();
            above <= to && below >= from
        };
        let mut backend = BitMapBackend::with_buffer(&mut canvas.rgb, (canvas.width, canvas.height));
        paint(scene.shapes.iter().filter(meets), &mut backend, PIXEL_TEXT, top as i32)?;
        drop(backend);
        let band = row * (first - top) as usize..row * (after - top) as usize;
        painted(canvas.rgb.get(band).unwrap_or_default(), width);
    }
    Ok(())
}

/// The scene as an SVG document that says what it is.
///
/// # Errors
/// When the backend refuses a shape.
pub(super) fn svg(scene: &Scene, figure: &Figure) -> Result<String, ChartError> {
    let (width, height) = size(scene);
    let mut drawn = String::new();
    paint(scene.shapes.iter(), &mut SVGBackend::with_string(&mut drawn, (width, height)), SVG_TEXT, 0)?;
    // The backend's own head states the size in units; ours states it in points, and who may read it how.
    let start = drawn.find("<svg").and_then(|at| drawn.get(at..)).unwrap_or_default();
    let body = start.split_once('>').map_or("", |(_, body)| body);
    let id: String =
        figure.name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-labelledby=\"chart-{id}-title chart-{id}-desc\">\n\
         <title id=\"chart-{id}-title\">{}</title>\n<desc id=\"chart-{id}-desc\">{}</desc>{body}",
        scene.width,
        scene.height,
        escape(&figure.title),
        escape(&format!("{} {}", figure.finding, figure.description)),
    ))
}

/// Text as XML character data.
fn escape(text: &str) -> String {
    clean(text.trim()).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn rgba(ink: Ink) -> RGBAColor {
    let (r, g, b) = ink.rgb;
    RGBAColor(r, g, b, ink.alpha)
}

/// Paints shapes, moved up by so many units.
fn paint<'a, B: DrawingBackend>(
    shapes: impl Iterator<Item = &'a Shape>,
    backend: &mut B,
    rule: TextRule,
    top: i32,
) -> Result<(), ChartError> {
    for shape in shapes {
        paint_shape(shape, backend, rule, top)?;
    }
    backend.present().map_err(refused)
}

fn refused(error: impl std::error::Error) -> ChartError {
    ChartError::Paint(error.to_string())
}

fn paint_shape<B: DrawingBackend>(shape: &Shape, backend: &mut B, rule: TextRule, top: i32) -> Result<(), ChartError> {
    let place = |(x, y): (f64, f64)| (units(x), units(y) - top);
    match shape {
        Shape::Rect(area, ink) => {
            let (from, to) = (place((area.x0, area.y0)), place((area.x1, area.y1)));
            if from.0 < to.0 && from.1 < to.1 {
                backend.draw_rect(from, to, &rgba(*ink), true).map_err(refused)
            } else {
                Ok(())
            }
        }
        Shape::Path(points, stroke) => paint_path(points, *stroke, backend, top),
        Shape::Fill(points, ink) => {
            backend.fill_polygon(points.iter().copied().map(place), &rgba(*ink)).map_err(refused)
        }
        Shape::Disc(centre, radius, ink) => {
            backend.draw_circle(place(*centre), units(*radius).max(1) as u32, &rgba(*ink), true).map_err(refused)
        }
        Shape::Text(words) => paint_words(words, backend, rule, top),
    }
}

fn paint_path<B: DrawingBackend>(
    points: &[(f64, f64)],
    stroke: Stroke,
    backend: &mut B,
    top: i32,
) -> Result<(), ChartError> {
    let style = ShapeStyle { color: rgba(stroke.ink), filled: false, stroke_width: units(stroke.width).max(1) as u32 };
    let pieces = stroke.dash.map_or_else(|| vec![points.to_vec()], |dash| dashes(points, dash));
    for piece in pieces {
        let mut path: Vec<(i32, i32)> = piece.iter().map(|(x, y)| (units(*x), units(*y) - top)).collect();
        // Two equal points have no direction, and the backend would divide by their distance.
        path.dedup();
        if path.len() > 1 {
            backend.draw_path(path, &style).map_err(refused)?;
        }
    }
    Ok(())
}

/// Cuts a line into the pieces that are drawn.
fn dashes(points: &[(f64, f64)], (on, off): (f64, f64)) -> Vec<Vec<(f64, f64)>> {
    let (on, off) = (on.max(0.25), off.max(0.25));
    let mut pieces = Vec::new();
    let mut piece: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    let (mut drawing, mut left) = (true, on);
    for (&from, &to) in points.iter().zip(points.iter().skip(1)) {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let part = done / length;
            let at = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
            if drawing {
                piece.push(at);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![at];
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        left -= length - done;
        if drawing {
            piece.push(to);
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

fn paint_words<B: DrawingBackend>(words: &Words, backend: &mut B, rule: TextRule, up: i32) -> Result<(), ChartError> {
    let h = match words.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let font = words.face.font(SCALE * rule.size_per_em);
    let ink = rgba(words.ink);
    let style = TextStyle::from(font).pos(Pos::new(h, VPos::Top)).color(&ink);
    let top = words.baseline - rule.drop_per_em * words.face.size;
    backend.draw_text(&words.text, &style, (units(words.x), units(top) - up)).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_run_on_around_corners() {
        let bent = [(0.0, 0.0), (3.0, 0.0), (3.0, 5.0)];
        assert_eq!(dashes(&bent, (4.0, 2.0)), [vec![(0.0, 0.0), (3.0, 0.0), (3.0, 1.0)], vec![(3.0, 3.0), (3.0, 5.0)]]);
        assert!(dashes(&[], (4.0, 2.0)).is_empty());
        assert!(dashes(&[(1.0, 1.0)], (4.0, 2.0)).is_empty());
    }

    #[test]
    fn markup_in_names_stays_text() {
        assert_eq!(escape("a<b>&\u{1}c"), "a&lt;b&gt;&amp;&lt;U+0001&gt;c");
    }
}
