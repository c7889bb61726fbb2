//! A BagIt 1.0 bag (RFC 8493) with SHA-256, which a human need not know is one.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::entry::no_clash;
use super::{BundleError, Entry};

/// What `bag-info.txt` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BagInfo {
    /// The case; groups the two bundles.
    pub group: String,
    /// Which of the two: `1 of 2`.
    pub count: &'static str,
    /// Who it is for: `esp`.
    pub audience: &'static str,
    /// One sentence.
    pub description: String,
    /// `2026-11-24`: the end of the evidence, never the clock.
    pub date: String,
    /// Version of casefile.
    pub version: &'static str,
}

/// Adds the bag's own files to the entries: payload under `data/`, tag files beside it.
/// Ordered by path, as the zip is.
///
/// # Errors
/// When two names clash.
pub fn bag(entries: Vec<Entry>, info: &BagInfo) -> Result<Vec<Entry>, BundleError> {
    let mut entries = entries;
    entries.sort_by(|a, b| a.path().cmp(b.path()));
    no_clash(entries.iter().map(Entry::path))?;
    let is_payload = |e: &&Entry| e.path().starts_with("data/");
    let oxum: (u64, usize) =
        entries.iter().filter(is_payload).fold((0, 0), |(b, n), e| (b + e.bytes().len() as u64, n + 1));
    let manifest = manifest_of(entries.iter().filter(is_payload));
    entries.push(Entry::new("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")?);
    entries.push(Entry::new("bag-info.txt", info_of(info, oxum))?);
    entries.push(Entry::new("manifest-sha256.txt", manifest)?);
    let mut tags: Vec<_> = entries.iter().filter(|e| !is_payload(e)).collect();
    tags.sort_by(|a, b| a.path().cmp(b.path()));
    let tag_manifest = manifest_of(tags.into_iter());
    entries.push(Entry::new("tagmanifest-sha256.txt", tag_manifest)?);
    entries.sort_by(|a, b| a.path().cmp(b.path()));
    Ok(entries)
}

/// Two blanks between hash and path, so that `sha256sum -c` reads it too.
fn manifest_of<'a>(entries: impl Iterator<Item = &'a Entry>) -> String {
    entries.fold(String::new(), |mut text, e| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}  {}", sha256(e.bytes()), e.path());
        text
    })
}

/// SHA-256 as lower-case hex.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}

/// Thirty-two bytes of 64 hex digits; nothing when it is something else.
#[must_use]
pub fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(i * 2..i * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn info_of(info: &BagInfo, (bytes, files): (u64, usize)) -> String {
    format!(
        "External-Description: {}\nExternal-Identifier: {}-{}\nBag-Group-Identifier: {}\nBag-Count: {}\nBagging-Date: {}\nPayload-Oxum: {bytes}.{files}\nAudience: {}\nRedaction-Policy: default-deny, see data/redaction.json\nBag-Software-Agent: casefile {}\n",
        info.description, info.group, info.audience, info.group, info.count, info.date, info.audience, info.version
    )
}
