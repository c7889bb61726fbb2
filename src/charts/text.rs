//! The embedded fonts, and texts that are measured before they are placed.
//!
//! Inter (OFL-1.1, see `fonts/OFL.txt`), cut down to what labels need. For each of Regular and SemiBold:
//!
//! ```text
//! pyftsubset Inter-Regular.otf --layout-features='' --output-file=src/charts/fonts/Inter-Regular.otf \
//!   --unicodes=U+0020-007E,U+00A0-00FF,U+2013,U+2014,U+2018,U+2019,U+201C,U+201D,U+2026,U+00B7,U+00D7,U+2265,U+2264,U+2192,U+25B2,U+25BC,U+25CF,U+25C6
//! ```

use std::sync::LazyLock;

use plotters::style::{FontDesc, FontStyle, IntoFont as _, register_font};

use super::ChartError;
use super::scene::{Anchor, Area, Face, Ink, Scene, Shape, Words};
use crate::release::visible;

/// The family as registered and as written into the SVG, where a reader without Inter falls back.
pub(super) const FAMILY: &str = "Inter, Helvetica, Arial, sans-serif";

/// Inter's ascent plus descent, per em: what the rasteriser calls the size.
const LINE_PER_EM: f64 = 3408.0 / 2816.0;
/// Texts are measured at the scale they are painted at.
const MEASURE: f64 = 4.0;

static FONTS: LazyLock<bool> = LazyLock::new(|| {
    register_font(FAMILY, FontStyle::Normal, include_bytes!("fonts/Inter-Regular.otf")).is_ok()
        && register_font(FAMILY, FontStyle::Bold, include_bytes!("fonts/Inter-SemiBold.otf")).is_ok()
});

/// Loads the embedded fonts, once a process.
///
/// # Errors
/// When they are no fonts.
pub(super) fn load_fonts() -> Result<(), ChartError> {
    if *FONTS { Ok(()) } else { Err(ChartError::Font("not an OpenType font".to_owned())) }
}

impl Face {
    /// Regular of this em size.
    pub(super) const fn regular(size: f64) -> Self {
        Self { size, bold: false }
    }

    /// Semi-bold of this em size.
    pub(super) const fn bold(size: f64) -> Self {
        Self { size, bold: true }
    }

    /// The face for a backend: `factor` turns the em size into what that backend calls size.
    pub(super) fn font(self, factor: f64) -> FontDesc<'static> {
        // `FontDesc::style` would keep the face loaded before: the tuple loads the bold one.
        let style = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        (FAMILY, self.size * factor, style).into_font()
    }

    /// How wide a text is, in points.
    ///
    /// # Errors
    /// When the embedded fonts are not loaded.
    pub(super) fn width(self, text: &str) -> Result<f64, ChartError> {
        let ((x0, _), (x1, _)) =
            self.font(LINE_PER_EM * MEASURE).layout_box(text).map_err(|error| ChartError::Font(error.to_string()))?;
        Ok(f64::from(x1 - x0) / MEASURE)
    }

    /// The text, cut with an ellipsis to at most `room` points; empty when nothing fits.
    ///
    /// # Errors
    /// When the embedded fonts are not loaded.
    pub(super) fn cut(self, text: &str, room: f64) -> Result<String, ChartError> {
        let text = clean(text);
        if self.width(&text)? <= room {
            return Ok(text);
        }
        let chars: Vec<char> = text.chars().collect();
        let cut_at = |n: usize| {
            let mut head: String = chars.iter().take(n).collect();
            head.truncate(head.trim_end().len());
            head.push('…');
            head
        };
        // Longest head that fits, by halving: labels may be kilobytes long.
        let (mut fits, mut over) = (0, chars.len());
        while fits + 1 < over {
            let middle = usize::midpoint(fits, over);
            if self.width(&cut_at(middle))? <= room { fits = middle } else { over = middle }
        }
        Ok(if fits == 0 { String::new() } else { cut_at(fits) })
    }

    /// The text in lines of at most `room` points; the last of `most` lines is cut with an ellipsis.
    ///
    /// # Errors
    /// When the embedded fonts are not loaded.
    pub(super) fn wrap(self, text: &str, room: f64, most: usize) -> Result<Vec<String>, ChartError> {
        let text = clean(text);
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&longer)? <= room {
                line = longer;
            } else if lines.len() + 1 >= most {
                let rest = words.fold(longer, |all, next| format!("{all} {next}"));
                line = self.cut(&rest, room)?;
                break;
            } else {
                if !line.is_empty() {
                    lines.push(line);
                }
                line = self.cut(word, room)?;
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        Ok(lines)
    }
}

/// Controls and bidirectional characters are shown; two noncharacters would make the SVG no XML.
pub(super) fn clean(text: &str) -> String {
    visible(text).replace(['\u{FFFE}', '\u{FFFF}'], " ")
}

/// The box of a text, from cap height to descender.
pub(super) fn text_area(width: f64, face: Face, anchor: Anchor, x: f64, baseline: f64) -> Area {
    let x0 = match anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    Area::new(x0, baseline - 0.74 * face.size, x0 + width, baseline + 0.22 * face.size)
}

impl Scene {
    /// Puts one line of text; gives its box.
    ///
    /// # Errors
    /// When the embedded fonts are not loaded.
    pub(super) fn words(
        &mut self,
        text: &str,
        (x, baseline): (f64, f64),
        anchor: Anchor,
        face: Face,
        ink: Ink,
    ) -> Result<Area, ChartError> {
        let text = clean(text);
        let area = text_area(face.width(&text)?, face, anchor, x, baseline);
        if !text.trim().is_empty() {
            self.shapes.push(Shape::Text(Words { text, x, baseline, anchor, face, ink, area }));
        }
        Ok(area)
    }
}
