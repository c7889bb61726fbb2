//! STARTTLS transcripts: one test each, with the verdict its text alone supports.
//!
//! A reader (`s_client` with `shapes`, `posttls_finger`, `swaks`, `curl`, `gnutls_cli`, `powermta`,
//! `sslyze`, `testssl`) collects clues; `verdict` ranks them. `session` follows the dialogue for
//! all tools that print it, `lines` and `stamps` take wrappers off, `runs` finds where a run
//! ends, `dump` and `dialogue` recover SMTP, `secrets` marks what must never leave.

mod curl;
mod dialogue;
mod dump;
mod gnutls_cli;
mod lines;
mod posttls_finger;
mod powermta;
mod runs;
mod s_client;
mod secrets;
mod session;
mod shapes;
mod sslyze;
mod stamps;
mod swaks;
mod testssl;
mod transcript;
mod verdict;

pub(in crate::formats) use stamps::stamp_in_header;
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
pub static TRANSCRIPT_FORMATS: &[&dyn TranscriptFormat] = &[
    &posttls_finger::TOOL,
    &swaks::TOOL,
    &curl::TOOL,
    &gnutls_cli::TOOL,
    &s_client::TOOL,
    &powermta::TOOL,
    &sslyze::Sslyze,
    &testssl::Testssl,
];

/// A tool whose transcript is lines of text, so that a file may hold runs of several.
#[derive(Debug)]
struct Tool {
    name: &'static str,
    /// The words by which a line is of this tool and of no other.
    own_words: fn(&str) -> Option<&'static str>,
    /// Whether a line of a file with several tools can only begin a run of this one, though
    /// it is no proof of the tool in a file of its own.
    opens: fn(&str) -> bool,
    /// All runs in lines that are of this tool; at least one for any text.
    read_lines: fn(&[lines::Line<'_>]) -> Vec<Transcript>,
}

impl TranscriptFormat for Tool {
    fn name(&self) -> &'static str {
        self.name
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let all = lines::lines(head.bytes);
        let found = all.iter().find_map(|line| Some((line.number, (self.own_words)(line.text.trim_end())?)));
        found.map(|(number, words)| format!("line {number}: `{words}`"))
    }

    fn read(&self, text: &[u8]) -> Vec<Transcript> {
        read_all(text, self)
    }
}

/// The tools that a loop may have run in turn.
static TOOLS: [&Tool; 6] =
    [&posttls_finger::TOOL, &swaks::TOOL, &curl::TOOL, &gnutls_cli::TOOL, &s_client::TOOL, &powermta::TOOL];

/// The tool of which a line certainly is.
fn tool_of(text: &str) -> Option<&'static Tool> {
    let text = text.trim_end();
    TOOLS.into_iter().find(|t| (t.own_words)(text).is_some() || (t.opens)(text))
}

/// Reads a file that may mix tools (a loop that runs both): each stretch goes to its own reader.
///
/// `tool` is what a file without a mark of any tool is taken for.
fn read_all(file: &[u8], tool: &Tool) -> Vec<Transcript> {
    let all = lines::lines(file);
    let mut out = Vec::new();
    let mut start = 0;
    let mut current: Option<&Tool> = None;
    // Headers and blanks before a tool's first line belong to what follows them.
    let mut lead = 0;
    for (at, line) in all.iter().enumerate() {
        let marked = tool_of(&line.text);
        if marked.is_none() && is_header(line) {
            continue;
        }
        if let (Some(of), Some(next)) = (current, marked)
            && of.name != next.name
        {
            out.extend((of.read_lines)(all.get(start..lead).unwrap_or_default()));
            start = lead;
        }
        current = marked.or(current);
        lead = at + 1;
    }
    let last = current.unwrap_or(tool);
    out.extend((last.read_lines)(all.get(start..).unwrap_or_default()));
    if out.is_empty() {
        let because = "the text is empty".to_owned();
        out.push(Transcript { because, ..Transcript::new(tool.name) });
    }
    out
}

/// Blank lines, dates, versions and echoed commands, which precede a run.
fn is_header(line: &lines::Line<'_>) -> bool {
    let version = || TOOLS.iter().any(|t| shapes::version_of(t.name, &line.text).is_some());
    line.text.trim().is_empty()
        || stamps::stamp_in_header(&line.text).is_some()
        || runs::is_command(&line.text)
        || version()
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tools;
#[cfg(test)]
mod traps;
