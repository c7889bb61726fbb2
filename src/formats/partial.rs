//! Partials of `casefile scan`: how one is told from other files. What stands in them is the
//! scan's own (`scan/partial/`).

use super::Head;

/// Its name in outputs.
pub const NAME: &str = "casefile-partial";

/// How a partial begins; the number of its form follows, then a line end.
pub const MAGIC: &str = "casefile partial ";

/// Whether a file is a partial, and why.
#[must_use]
pub fn recognise(head: Head<'_>) -> Option<String> {
    head.bytes.starts_with(MAGIC.as_bytes()).then(|| "it begins as partials of casefile do".to_owned())
}
