//! The file of a partial: a heading that people can read, deflated JSON, and a digest of both.

use std::io::{self, Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::content::Content;
use super::{Partial, PartialError};
use crate::formats::partial::MAGIC;
use crate::intake::sha256_hex;

/// The form that is written and read. It changes with anything that a reader must know.
pub(super) const FORM: u32 = 1;

/// What the second line says to whoever opens one.
const INTERNAL: &str = "internal: holds addresses, names and lines of logs as they stand; must not be sent outside";

/// The same, of one without lines.
const INTERNAL_NAMES: &str = "internal: holds names of nodes, hosts and files; must not be sent outside";

/// Hex digits of a SHA-256 and a line end.
const TAIL: usize = 65;

/// JSON of more bytes is not read.
const MOST: u64 = 2 << 30;

/// A partial as bytes, the same for the same logs.
///
/// # Errors
/// When it cannot be put into words; nothing that a scan gives is such.
pub fn write(partial: &Partial) -> io::Result<Vec<u8>> {
    let heading = if partial.logs.iter().any(|log| log.verbatim) { INTERNAL } else { INTERNAL_NAMES };
    let mut bytes = format!("{MAGIC}{FORM}\n{heading}\n").into_bytes();
    let mut body = DeflateEncoder::new(&mut bytes, Compression::default());
    serde_json::to_writer(io::BufWriter::new(&mut body), &Content::of(partial))?;
    body.try_finish()?;
    drop(body);
    let digest = sha256_hex(&bytes);
    writeln!(bytes, "{digest}")?;
    Ok(bytes)
}

/// Reads a partial.
///
/// # Errors
/// When it is damaged, of another form, or holds what no scan writes.
pub fn read(bytes: &[u8]) -> Result<Partial, PartialError> {
    let (form, rest) = heading(bytes).ok_or(PartialError::Damaged)?;
    if form != FORM.to_string() {
        return Err(PartialError::Form { form: form.chars().take(20).collect() });
    }
    let body = bytes.len().checked_sub(TAIL).ok_or(PartialError::Damaged)?;
    let (told, tail) = bytes.split_at(body);
    if tail != format!("{}\n", sha256_hex(told)).as_bytes() {
        return Err(PartialError::Damaged);
    }
    let rest = rest.get(..rest.len().saturating_sub(TAIL)).unwrap_or_default();
    let mut json = DeflateDecoder::new(rest).take(MOST);
    let content: Result<Content, _> = serde_json::from_reader(io::BufReader::new(&mut json));
    if json.limit() == 0 {
        return Err(PartialError::TooLarge(MOST));
    }
    content.map_err(|e| PartialError::Unsound(e.to_string()))?.partial()
}

/// The form that the first line names, and what stands after the second.
fn heading(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let line_end = |bytes: &[u8]| bytes.iter().take(256).position(|b| *b == b'\n');
    let first = line_end(bytes)?;
    let form = std::str::from_utf8(&bytes[..first]).ok()?.strip_prefix(MAGIC)?;
    let rest = &bytes[first + 1..];
    Some((form, line_end(rest).map_or(&[][..], |second| &rest[second + 1..])))
}
