//! What one reader may see: the only door to the floors above.

mod figure;
mod redacted;

pub use figure::{Band, Figure, Line, Mark, MarkKind, Panel, PanelKind, Series, Tint};
pub use redacted::Redacted;

use serde::Serialize;

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The support desk of the ESP or hosting provider.
    Esp,
    /// Google's sender support.
    Google,
    /// The sender's own team: the postmortem. Never leaves the house.
    Internal,
}

impl Audience {
    /// `esp`, `google`, `internal`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Esp => "esp",
            Self::Google => "google",
            Self::Internal => "internal",
        }
    }
}
