//! Text that has passed the redactor: the only evidence text that writers accept.

use std::fmt;

use serde::Serialize;

/// Evidence text after redaction for one audience. Only this room can make one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Redacted(String);

impl Redacted {
    /// Wraps text that the redactor returned. Private to the room.
    pub(in crate::release) const fn new(text: String) -> Self {
        Self(text)
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
