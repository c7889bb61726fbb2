//! JSON documents: the small ones whole, and what is said when one breaks off.

use std::io::{BufRead, Read as _};

use serde_json::Value;

use super::MetricError;
use super::page::{Page, Went};

/// A document of a service that limits its own answers is never longer than this.
const LONGEST: u64 = 64 * 1024 * 1024;

/// The document, or nothing when it is no JSON; the page then says where it breaks off.
pub(super) fn whole(input: &mut dyn BufRead, page: &mut Page<'_>) -> Result<Option<Value>, MetricError> {
    let mut text = Vec::new();
    input.take(LONGEST).read_to_end(&mut text).map_err(|source| MetricError::Io { line: 0, source })?;
    let start = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    match serde_json::from_slice(start) {
        Ok(value) => Ok(Some(value)),
        Err(e) => broken(page, e).map(|()| None),
    }
}

/// Counts what breaks off as not understood; what came before is kept.
pub(super) fn broken(page: &mut Page<'_>, error: serde_json::Error) -> Result<(), MetricError> {
    let line = error.line() as u64;
    if error.is_io() {
        return Err(MetricError::Io { line, source: error.into() });
    }
    page.count(Went::Unrecognised, line, &error.to_string());
    page.say(format!("the JSON breaks off: {error}; what came before is kept"));
    Ok(())
}
