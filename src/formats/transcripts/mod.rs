//! STARTTLS transcripts: one test each, with the verdict its text alone supports.

mod transcript;

pub use transcript::{Clock, Condition, Phase, Transcript, Verdict};

use super::Head;

/// One transcript format.
pub trait TranscriptFormat: Sync {
    /// The tool's name in outputs: `openssl s_client`.
    fn name(&self) -> &'static str;
    /// Why the file is of this format, or nothing.
    fn recognise(&self, head: Head<'_>) -> Option<String>;
    /// All runs that the file holds, in order. Never fails: a text that shows
    /// nothing yields one run with [`Verdict::Inconclusive`].
    fn read(&self, text: &[u8]) -> Vec<Transcript>;
}

/// The registry, most specific first.
pub static TRANSCRIPT_FORMATS: &[&dyn TranscriptFormat] = &[];
