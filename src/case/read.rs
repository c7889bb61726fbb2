//! The text of case.yaml to a [`Case`], or to all that is wrong with it.

use super::check::check;
use super::fit::Fit;
use super::meant::Case;
use super::places::Places;
use super::problem::{Code, Problem, Problems};
use super::raw::RawCase;
use super::schema::schema;
use super::values::{Value, values};

/// The words that later rooms own and case.yaml may use. An empty list is not checked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    /// Names of formats, for `sources[].format`.
    pub formats: &'a [&'a str],
    /// Names of signals, for `sources[].columns.*.signal` and `nodes.*.limits`.
    pub signals: &'a [&'a str],
    /// Conditions of transcripts, for `sources[].condition`.
    pub conditions: &'a [&'a str],
}

/// Larger than any case needs (25,000 sending IPs), small enough to read twice without thought.
const MOST_BYTES: usize = 1024 * 1024;

/// Reads case.yaml. `folder` is the name of its folder, from which the case is
/// named when the file does not name it. An empty text is a bare case.
///
/// A byte order mark and CRLF line ends are tolerated; places count lines and
/// characters as an editor does.
///
/// # Errors
/// All problems of the file at once. Only a text that is no YAML stops at its first.
pub fn read(text: &str, folder: &str, words: &Words<'_>) -> Result<Case, Problems> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    if text.len() > MOST_BYTES {
        let message = format!("the file is larger than {} MiB", MOST_BYTES >> 20);
        let problem = Problem::at("", 0..0, Code::TooLarge, String::new(), message);
        return Err(Problems::new(String::new(), vec![problem]));
    }
    let file = match values(&text) {
        Ok(file) => file,
        Err(error) => {
            let at = error.place.map_or(0, |(line, column)| offset_of(&text, line, column));
            let problem = Problem::at(&text, at..at + 1, Code::Syntax, String::new(), error.message);
            return Err(Problems::new(text, vec![problem]));
        }
    };
    let (case, problems) = understand(&text, &file, folder, words);
    if problems.is_empty() { Ok(case) } else { Err(Problems::new(text, problems)) }
}

fn understand(text: &str, file: &Value, folder: &str, words: &Words<'_>) -> (Case, Vec<Problem>) {
    let schema = schema();
    let places = Places::of(text);
    let (fitting, mut problems) = Fit::new(&schema, text, &places).walk(file);
    let raw = serde_json::from_value::<RawCase>(fitting).unwrap_or_else(|error| {
        // What fits the schema of a type is of that type; were it not so, saying it beats guessing.
        problems.push(Problem::at(text, 0..0, Code::WrongType, String::new(), error.to_string()));
        RawCase::default()
    });
    let (case, more) = check(raw, folder, words, text, &places);
    problems.extend(more);
    (case, problems)
}

/// The byte at a line and column from 1.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or("");
    start + rest.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>()
}
