//! Why a figure could not be drawn.

use thiserror::Error;

/// Why a figure could not be drawn. Never caused by what the figure shows.
#[derive(Debug, Error)]
pub enum ChartError {
    /// An embedded font did not load or did not lay out a text.
    #[error("embedded font: {0}")]
    Font(String),
    /// A painting backend refused a shape.
    #[error("painting: {0}")]
    Paint(String),
    /// The PNG encoder refused the pixels.
    #[error("PNG encoding: {0}")]
    Png(#[from] png::EncodingError),
}
