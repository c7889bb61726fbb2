//! A problem of case.yaml: its code, its place, what is wrong, what to write instead.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::{Serialize, Serializer};

/// The kinds of problem. Names are stable: scripts may match them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The text is no YAML.
    Syntax,
    /// The file is larger than any case needs.
    TooLarge,
    /// A key that means nothing here.
    UnknownKey,
    /// A key that was already given.
    DuplicateKey,
    /// A key without which the rest of its mapping means nothing.
    MissingKey,
    /// Text where a list is due, and the like.
    WrongType,
    /// Nothing where something is due.
    EmptyValue,
    /// A value that is none of the known words.
    UnknownWord,
    /// A case name that cannot name files.
    BadName,
    /// No moment with a zone.
    BadTime,
    /// A window that ends before it begins, or has one end only.
    BadWindow,
    /// No day.
    BadDate,
    /// No time zone.
    BadZone,
    /// A path or glob that can match nothing.
    BadPath,
    /// No IP address.
    BadIp,
    /// No domain name.
    BadDomain,
    /// A lane that cannot be.
    BadLane,
    /// No clock offset.
    BadOffset,
    /// No number with a known unit.
    BadQuantity,
    /// No size in bytes.
    BadSize,
    /// No percentage from 0 to 100.
    BadPercent,
    /// No place where a value can stand, in a mapping.
    BadAddress,
    /// No pattern.
    BadPattern,
    /// A condition or a rule that cannot be.
    BadRule,
    /// A record of a mapping that does not mean what it should.
    BadExample,
}

impl Code {
    /// `unknown-key`
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::TooLarge => "too-large",
            Self::UnknownKey => "unknown-key",
            Self::DuplicateKey => "duplicate-key",
            Self::MissingKey => "missing-key",
            Self::WrongType => "wrong-type",
            Self::EmptyValue => "empty-value",
            Self::UnknownWord => "unknown-word",
            Self::BadName => "bad-name",
            Self::BadTime => "bad-time",
            Self::BadWindow => "bad-window",
            Self::BadDate => "bad-date",
            Self::BadZone => "bad-zone",
            Self::BadPath => "bad-path",
            Self::BadIp => "bad-ip",
            Self::BadDomain => "bad-domain",
            Self::BadLane => "bad-lane",
            Self::BadOffset => "bad-offset",
            Self::BadQuantity => "bad-quantity",
            Self::BadSize => "bad-size",
            Self::BadPercent => "bad-percent",
            Self::BadAddress => "bad-address",
            Self::BadPattern => "bad-pattern",
            Self::BadRule => "bad-rule",
            Self::BadExample => "bad-example",
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// How many problems are told: beyond that the file is not a case.yaml with slips.
pub(super) const MOST_PROBLEMS: usize = 1000;

/// One problem and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Its kind.
    pub code: Code,
    /// The key: `window.from`, `sources[1].zone`; empty for the whole file.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong: a fragment without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Bytes of the text that the caret stands under.
    #[serde(skip)]
    pub(super) span: Range<usize>,
}

impl Problem {
    /// A problem at a range of bytes of `text`, which is cut to its first line.
    pub(super) fn at(text: &str, span: Range<usize>, code: Code, path: String, message: String) -> Self {
        let start = text.floor_char_boundary(span.start);
        let (before, after) = text.split_at(start);
        let line_end = start + after.find('\n').unwrap_or(after.len());
        let end = text.floor_char_boundary(span.end).clamp(start, line_end);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = 1 + before.bytes().filter(|b| *b == b'\n').count();
        let column = 1 + before.chars().count() - before.get(..line_start).unwrap_or("").chars().count();
        Self { code, path, line, column, message, help: None, span: start..end }
    }

    /// The same problem with advice.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// All problems of one case.yaml, in the order of the file; never empty, and at most 1,000.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    text: String,
    list: Vec<Problem>,
}

impl Problems {
    /// Problems of `text`, put into its order.
    pub(super) fn new(text: String, mut list: Vec<Problem>) -> Self {
        list.sort_by(|a, b| (a.span.start, a.code, &a.path).cmp(&(b.span.start, b.code, &b.path)));
        list.truncate(MOST_PROBLEMS);
        Self { text, list }
    }

    /// The problems, in the order of the file.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }

    /// One text for all of them, with a caret under each place. `file` is how the reader knows
    /// the file; `colour` adds ANSI escapes.
    #[must_use]
    pub fn render(&self, file: &str, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for problem in &self.list {
            out.push_str(&renderer.render(&[self.report(problem, file)]));
            out.push_str("\n\n");
        }
        out.push_str(&self.summary(file));
        out.push('\n');
        out
    }

    fn report<'a>(&'a self, problem: &'a Problem, file: &'a str) -> Group<'a> {
        // Only the line itself: a snippet of the whole file would be read again for each problem.
        let start = self.text.get(..problem.span.start).and_then(|t| t.rfind('\n')).map_or(0, |at| at + 1);
        let line = self.text.get(start..).and_then(|t| t.lines().next()).unwrap_or("");
        let caret = AnnotationKind::Primary.span(problem.span.start - start..problem.span.end - start);
        let snippet = Snippet::source(line).line_start(problem.line).path(file).annotation(caret);
        let group = Level::ERROR.primary_title(problem.message.as_str()).id(problem.code.as_str()).element(snippet);
        match &problem.help {
            Some(help) => group.element(Level::HELP.message(help.as_str())),
            None => group,
        }
    }

    fn summary(&self, file: &str) -> String {
        match self.list.len() {
            1 => format!("1 problem in {file}"),
            MOST_PROBLEMS => format!("{MOST_PROBLEMS} problems or more in {file}"),
            n => format!("{n} problems in {file}"),
        }
    }
}

impl fmt::Display for Problems {
    /// One line a problem, `3:5: message (help)`, for places that show no caret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.list.iter().enumerate() {
            let gap = if n == 0 { "" } else { "\n" };
            write!(f, "{gap}{}:{}: {}", problem.line, problem.column, problem.message)?;
            if let Some(help) = &problem.help {
                write!(f, " ({help})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
