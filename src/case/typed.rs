//! A YAML text as a value of some type, and all that is wrong with it: what case.yaml and
//! mapping files share.
//!
//! The type's JSON Schema says which keys there are; what does not fit it is a problem with a
//! place, and the rest is still read. Checks that look at meanings add theirs to the same list.

use std::ops::Range;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::fit::Fit;
use super::path::Path;
use super::places::Places;
use super::problem::{Code, MOST_PROBLEMS, Problem, Problems};
use super::values::values;

/// Larger than any case needs (25,000 sending IPs), small enough to read twice without thought.
const MOST_BYTES: usize = 1024 * 1024;

/// What is wrong with one text, so far.
#[derive(Debug)]
pub struct Slips {
    text: String,
    places: Places,
    list: Vec<Problem>,
}

/// Reads a text as a value of a type, as far as it fits. An empty text is the default.
///
/// A byte order mark and CRLF line ends are tolerated; places count lines and characters as
/// an editor does.
///
/// # Errors
/// When the text is too large or no YAML; that stops at the first problem.
pub fn typed<T: JsonSchema + DeserializeOwned + Default>(text: &str) -> Result<(T, Slips), Problems> {
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
    let schema = schemars::schema_for!(T).to_value();
    let places = Places::of(&text);
    let (fitting, mut list) = Fit::new(&schema, &text, &places).walk(&file);
    let value = serde_json::from_value(fitting).unwrap_or_else(|error| {
        // What fits the schema of a type is of that type; were it not so, saying it beats guessing.
        list.push(Problem::at(&text, 0..0, Code::WrongType, String::new(), error.to_string()));
        T::default()
    });
    Ok((value, Slips { text, places, list }))
}

impl Slips {
    /// Something is wrong with a key.
    pub fn at_key(&mut self, path: &Path, code: Code, message: String, help: &str) {
        self.push(self.places.key(path), path, code, message, help);
    }

    /// Something is wrong with a value.
    pub fn at_value(&mut self, path: &Path, code: Code, message: String, help: &str) {
        self.push(self.places.value(path), path, code, message, help);
    }

    pub(super) fn push(&mut self, span: Range<usize>, path: &Path, code: Code, message: String, help: &str) {
        if self.list.len() < MOST_PROBLEMS {
            self.list.push(Problem::at(&self.text, span, code, path.to_string(), message).help(help));
        }
    }

    pub(super) const fn places(&self) -> &Places {
        &self.places
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.list.is_empty()
    }

    /// All problems of the text, in its order.
    #[must_use]
    pub fn problems(self) -> Problems {
        Problems::new(self.text, self.list)
    }

    /// The value that was made of the text, if nothing is wrong with it.
    ///
    /// # Errors
    /// All problems of the text, in its order.
    pub fn end<T>(self, value: T) -> Result<T, Problems> {
        if self.is_clean() { Ok(value) } else { Err(self.problems()) }
    }
}

/// The byte at a line and column from 1.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or("");
    start + rest.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>()
}
