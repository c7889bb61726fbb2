//! STARTTLS transcripts: one test each, with the verdict its text alone supports.
//!
//! Readers (`s_client` with `shapes`, `posttls_finger`) collect clues; `verdict` ranks them.
//! `lines` and `stamps` take wrappers off, `runs` finds where a run ends, `dump`
//! and `dialogue` recover SMTP, `secrets` marks what must never leave.

mod dialogue;
mod dump;
mod lines;
mod posttls_finger;
mod runs;
mod s_client;
mod secrets;
mod shapes;
mod stamps;
mod transcript;
mod verdict;

pub use stamps::{condition_in_file_name, stamp_in_file_name};
pub use transcript::{Clock, Condition, Phase, Transcript, Verdict};

use super::Head;

/// One transcript format.
pub trait TranscriptFormat: Sync {
    /// The tool's name in outputs: `openssl s_client`.
    fn name(&self) -> &'static str;
    /// Why the file is of this format, or nothing.
    fn recognise(&self, head: Head<'_>) -> Option<String>;
    /// All runs that the file holds, in order, also those of the other tools. Never fails: a text
    /// that shows nothing yields one run with [`Verdict::Inconclusive`].
    fn read(&self, text: &[u8]) -> Vec<Transcript>;
}

/// The registry, most specific first.
pub static TRANSCRIPT_FORMATS: &[&dyn TranscriptFormat] = &[&posttls_finger::PosttlsFinger, &s_client::SClient];

/// Reads a file that may mix tools (a loop that runs both): each stretch goes to its own reader.
///
/// `tool` is what an empty file is taken for.
fn read_all(file: &[u8], tool: &'static str) -> Vec<Transcript> {
    let all = lines::lines(file);
    let mut out = Vec::new();
    let mut start = 0;
    let mut current = None;
    // Headers and blanks before a tool's first line belong to what follows them.
    let mut lead = 0;
    for (at, line) in all.iter().enumerate() {
        let fingers = line.text.starts_with(posttls_finger::PREFIX);
        let header = line.text.trim().is_empty() || stamps::stamp_in_header(&line.text).is_some();
        if header && !fingers {
            continue;
        }
        if current.is_some_and(|c| c != fingers) {
            out.extend(read_stretch(all.get(start..lead).unwrap_or_default(), !fingers));
            start = lead;
        }
        current = Some(fingers);
        lead = at + 1;
    }
    let fingers = current.unwrap_or(tool != s_client::TOOL);
    out.extend(read_stretch(all.get(start..).unwrap_or_default(), fingers));
    if out.is_empty() {
        let because = "the text is empty".to_owned();
        out.push(Transcript { because, ..Transcript::new(tool) });
    }
    out
}

fn read_stretch(stretch: &[lines::Line<'_>], fingers: bool) -> Vec<Transcript> {
    if fingers { posttls_finger::read_lines(stretch) } else { s_client::read_lines(stretch) }
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod samples;
