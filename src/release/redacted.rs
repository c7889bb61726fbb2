//! Text that has passed the redactor: the only evidence text that writers accept.

use std::fmt;

use serde::Serialize;

/// Evidence text after redaction for one audience. Only this room can make one: what was
/// read is a `String` or bytes, and these are another type.
///
/// ```
/// fn shown(text: &casefile::release::Redacted) -> &str {
///     text.as_str()
/// }
/// ```
///
/// ```compile_fail,E0308
/// fn shown(text: &casefile::release::Redacted) -> &str {
///     text.as_str()
/// }
/// let raw = "to=<alice@example.com>".to_owned();
/// shown(&raw);
/// ```
///
/// Nobody outside the room wraps text unread, and nobody fills a file of a release with it:
///
/// ```compile_fail,E0624
/// let raw = "to=<alice@example.com>".to_owned();
/// let text = casefile::release::Redacted::new(raw);
/// ```
///
/// ```compile_fail,E0308
/// let raw = "to=<alice@example.com>".to_owned();
/// let row = casefile::release::ExcerptRow { exhibit: "S01".to_owned(), number: 1, text: raw };
/// ```
///
/// The writers take a [`Release`](super::Release) and nothing else; it cannot be made outside
/// the room, and the facts it was made of are none. Of drawings those go in whose figures it holds:
///
/// ```
/// use casefile::bundle::Drawings;
///
/// fn written(release: &casefile::release::Release, drawings: &Drawings) {
///     let _ = casefile::bundle::contents(release, drawings, "0");
/// }
/// ```
///
/// ```compile_fail,E0308
/// use casefile::bundle::Drawings;
///
/// fn written(facts: &casefile::release::Node, drawings: &Drawings) {
///     let _ = casefile::bundle::contents(facts, drawings, "0");
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Redacted(String);

impl Redacted {
    /// Wraps text that the redactor returned. Private to the room.
    pub(in crate::release) const fn new(text: String) -> Self {
        Self(text)
    }

    /// Its lines.
    pub(in crate::release) fn lines(&self) -> impl Iterator<Item = Self> {
        self.0.split('\n').map(|line| Self(line.to_owned()))
    }

    /// The text, safe for this audience.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
