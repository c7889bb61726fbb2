//! What one reader may see: the only door to the floors above.

mod figure;
mod redacted;
mod sheet;

pub use crate::findings::{Evidence, Fact, Node, Value};
pub use figure::{Band, Figure, Line, Mark, MarkKind, Panel, PanelKind, Series, Tint};
pub use redacted::Redacted;
pub use sheet::{Cell, Column, ColumnKind, Table};

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

/// Everything one reader may see. Only this room can make one.
#[derive(Clone, Debug)]
pub struct Release {
    audience: Audience,
    name: String,
    when: crate::time::Stamp,
    facts: Node,
    figures: Vec<Figure>,
    tables: Vec<Table>,
    excerpts: Vec<ExcerptFile>,
    transcripts: Vec<TranscriptFile>,
    withheld: Vec<Withheld>,
}

/// Exact lines that belong together, redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcerptFile {
    /// File name in `excerpts/`: `wave-1-first.log`.
    pub name: String,
    /// What the lines show, one sentence.
    pub about: String,
    /// The lines, in order.
    pub lines: Vec<ExcerptRow>,
}

/// One exact line, redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcerptRow {
    /// Its file: `S01`.
    pub exhibit: String,
    /// Its number in the file.
    pub number: u64,
    /// The line.
    pub text: Redacted,
}

/// One STARTTLS transcript, redacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptFile {
    /// File name in `transcripts/`: `S14-loaded.txt`.
    pub name: String,
    /// What it shows, one sentence.
    pub about: String,
    /// The text.
    pub text: Redacted,
}

/// Something left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Withheld {
    /// What.
    pub item: String,
    /// Why.
    pub why: String,
}

impl Release {
    /// Who reads.
    #[must_use]
    pub const fn audience(&self) -> Audience {
        self.audience
    }

    /// The bundle's name: `gmail-2026-11-03-esp`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The moment stamped on everything: the end of the evidence, never the clock.
    #[must_use]
    pub const fn when(&self) -> crate::time::Stamp {
        self.when
    }

    /// The facts this reader may see.
    #[must_use]
    pub const fn facts(&self) -> &Node {
        &self.facts
    }

    /// The pictures.
    #[must_use]
    pub fn figures(&self) -> &[Figure] {
        &self.figures
    }

    /// The tables.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Exact lines.
    #[must_use]
    pub fn excerpts(&self) -> &[ExcerptFile] {
        &self.excerpts
    }

    /// Transcripts.
    #[must_use]
    pub fn transcripts(&self) -> &[TranscriptFile] {
        &self.transcripts
    }

    /// What was left out.
    #[must_use]
    pub fn withheld(&self) -> &[Withheld] {
        &self.withheld
    }
}
