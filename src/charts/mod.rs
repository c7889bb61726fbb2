//! Pictures, drawn only from a release.
//!
//! ```text
//! Figure ─▶ sheet (what goes where) ─▶ Scene (shapes) ─▶ paint ─▶ SVG, PNG
//! ```
//!
//! The sheet decides every position once, in points, and the same scene is
//! painted for both formats; so the two pictures of a [`Drawing`] agree. A
//! [`Figure`] of any content draws: no data, gaps only, one minute or weeks,
//! and values that are no numbers all give a picture, never a panic.

mod axes;
mod bins;
mod dots;
mod error;
mod legend;
mod marks;
mod paint;
mod palette;
mod panels;
mod png;
mod scene;
mod sheet;
mod text;

pub use error::ChartError;

use crate::release::Figure;
use paint::Pixels;

/// One figure in both formats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// A self-contained SVG document: text stays text, no script, no reference to anything outside.
    pub svg: String,
    /// The same picture as PNG, 1760 pixels wide, for tickets that take no SVG.
    pub png: Vec<u8>,
}

/// Draws figures, one after the other, on one canvas: to be given new ones by the system takes
/// as long as to paint them.
#[derive(Default)]
pub struct Easel {
    canvas: Pixels,
    halved: Pixels,
}

impl Easel {
    /// Draws a figure. The same figure always gives the same bytes.
    ///
    /// # Errors
    /// When the embedded fonts, a painting backend or the PNG encoder refuse; no
    /// content of the figure is an error.
    pub fn draw(&mut self, figure: &Figure) -> Result<Drawing, ChartError> {
        text::load_fonts()?;
        let scene = sheet::lay_out(figure)?;
        let halved = &mut self.halved;
        halved.height = 0;
        halved.rgb.clear();
        paint::bands(&scene, paint::BAND, &mut self.canvas, |band, width| png::halve(band, width, halved))?;
        Ok(Drawing { svg: paint::svg(&scene, figure)?, png: png::encode(&self.halved)? })
    }
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
