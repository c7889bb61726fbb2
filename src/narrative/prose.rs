//! Which printed word comes from which fact.
//!
//! While a text is rendered, each printed fact stands between private marks.
//! Afterwards the marks are taken out and their places written down, so that
//! `prose.json` can say for each number which fact it is, and so that a number
//! that is no fact is found.

use serde::de::value::{Error, StrDeserializer};
use serde::{Deserialize, Serialize};

use super::Document;

// Noncharacters: Unicode reserves them for such use inside a program, and
// `visible` shows them instead of passing them, so no evidence can forge a mark.
const OPEN: char = '\u{fdd0}';
const BODY: char = '\u{fdd1}';
const CLOSE: char = '\u{fdd2}';

/// How a printed fact relates to its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The value as prose prints it.
    Value,
    /// The hour and minute of a time: `03:56`.
    Clock,
    /// Where the fact can be checked: `[S01:120-140]`.
    Evidence,
    /// The beginning of a text too long for its place.
    Part,
    /// What is left of a count after those listed: `and 54 more`.
    Rest,
    /// The place of an item in its list.
    Position,
}

impl Form {
    const ALL: [(char, Self); 6] = [
        ('v', Self::Value),
        ('c', Self::Clock),
        ('e', Self::Evidence),
        ('p', Self::Part),
        ('r', Self::Rest),
        ('n', Self::Position),
    ];

    /// The form of a word in prose.json.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::deserialize(StrDeserializer::<Error>::new(word)).ok()
    }
}

/// One printed fact and its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Item {
    /// Line in the document, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The characters that stand there, escapes of the format included.
    pub text: String,
    /// The id of the fact. Ids under `bundle.` name contents of the bundle itself.
    pub fact: String,
    /// How the text relates to the fact's value.
    pub form: Form,
}

/// Text between the marks of the fact with this number.
pub(in crate::narrative) fn mark(fact: usize, form: Form, text: &str) -> String {
    let letter = Form::ALL.iter().find(|(_, f)| *f == form).map_or('v', |(c, _)| *c);
    format!("{OPEN}{fact}{letter}{BODY}{text}{CLOSE}")
}

/// Takes the marks out and writes their places down. `ids` are the facts by number.
pub(in crate::narrative) fn unmark(marked: &str, ids: &[String]) -> (String, Vec<Item>) {
    let mut text = String::with_capacity(marked.len());
    let mut items = Vec::new();
    let (mut line, mut column) = (1, 1);
    let mut open: Option<(usize, usize, usize, &String, Form)> = None;
    let mut chars = marked.chars();
    while let Some(c) = chars.next() {
        match c {
            OPEN => {
                let head: String = chars.by_ref().take_while(|&c| c != BODY).collect();
                open = named(&head, ids).map(|(id, form)| (line, column, text.len(), id, form));
            }
            CLOSE => {
                if let Some((line, column, from, fact, form)) = open.take()
                    && let Some(text) = text.get(from..)
                    && !text.is_empty()
                {
                    items.push(Item { line, column, text: text.to_owned(), fact: fact.clone(), form });
                }
            }
            BODY => {}
            _ => {
                text.push(c);
                (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
        }
    }
    (text, items)
}

fn named<'a>(head: &str, ids: &'a [String]) -> Option<(&'a String, Form)> {
    let letter = head.chars().next_back()?;
    let form = Form::ALL.iter().find(|(c, _)| *c == letter)?.1;
    let number = head.strip_suffix(letter)?.parse::<usize>().ok()?;
    Some((ids.get(number)?, form))
}

/// How many characters a marked text has once its marks are gone.
pub(in crate::narrative) fn printed_length(marked: &str) -> usize {
    let mut inside = false;
    marked
        .chars()
        .filter(|&c| {
            match c {
                OPEN => inside = true,
                BODY => {
                    inside = false;
                    return false;
                }
                CLOSE => return false,
                _ => {}
            }
            !inside
        })
        .count()
}

/// Words with digits that our templates may print although they are no facts:
/// names of codes, standards and files. Nothing that is counted stands here.
const FIXED_WORDS: [&str; 4] = ["421", "SHA-256", "sha256sum", "manifest-sha256.txt"];

/// How wide our intervals are: a word about all of them, and no fact of one.
const FIXED_PHRASE: &str = "about 95 %";

/// A number in prose that no fact stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlisted {
    /// Line, from 1.
    pub line: usize,
    /// The word that holds the digits.
    pub word: String,
}

/// Numbers of a text that are neither a fact's rendering nor a fixed word such as `421`.
///
/// Empty for everything our own templates print; a user's template may hold
/// numbers of its own, which this finds.
#[must_use]
pub fn unlisted_digits(text: &str, items: &[Item]) -> Vec<Unlisted> {
    let mut found = Vec::new();
    let mut rows: Vec<Vec<char>> = text.lines().map(|row| row.chars().collect()).collect();
    for item in items {
        for (below, part) in item.text.split('\n').enumerate() {
            let from = if below == 0 { item.column.saturating_sub(1) } else { 0 };
            let row = rows.get_mut((item.line + below).saturating_sub(1));
            if let Some(covered) = row.and_then(|row| row.get_mut(from..from + part.chars().count())) {
                covered.fill(' ');
            }
        }
    }
    for (i, row) in rows.into_iter().enumerate() {
        let rest = row.into_iter().collect::<String>().replace(FIXED_PHRASE, "");
        for word in rest.split_whitespace().filter(|word| word.bytes().any(|b| b.is_ascii_digit())) {
            let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            if !FIXED_WORDS.contains(&bare) {
                found.push(Unlisted { line: i + 1, word: word.to_owned() });
            }
        }
    }
    found
}

/// `prose.json`: each printed fact with its document and place, in reading order.
#[must_use]
pub fn prose_json(documents: &[Document]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Row<'a> {
        document: &'a str,
        #[serde(flatten)]
        item: &'a Item,
    }
    #[derive(Serialize)]
    struct Prose<'a> {
        items: Vec<Row<'a>>,
    }
    let rows: Vec<Row<'_>> = documents
        .iter()
        .flat_map(|document| document.items.iter().map(|item| Row { document: &document.path, item }))
        .collect();
    // Strings and numbers cannot fail to serialise.
    let mut bytes = serde_json::to_vec_pretty(&Prose { items: rows }).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_places() {
        let ids = ["a".to_owned(), "waves.1.failed".to_owned()];
        let marked = format!("one\ntwo {} sessions, 12 more, 421", mark(1, Form::Value, "3,975"));
        let (text, items) = unmark(&marked, &ids);
        assert_eq!(text, "one\ntwo 3,975 sessions, 12 more, 421");
        assert_eq!(printed_length(&marked), text.chars().count());
        let item =
            Item { line: 2, column: 5, text: "3,975".to_owned(), fact: "waves.1.failed".to_owned(), form: Form::Value };
        assert_eq!(items, [item]);
        assert_eq!(unlisted_digits(&text, &items), [Unlisted { line: 2, word: "12".to_owned() }]);
    }

    #[test]
    fn broken_marks_do_no_harm() {
        let (text, items) = unmark("a\u{fdd0}9z\u{fdd1}b\u{fdd2}c\u{fdd2}\u{fdd1}\u{fdd0}7", &[]);
        assert_eq!((text.as_str(), items.len()), ("abc", 0));
    }
}
