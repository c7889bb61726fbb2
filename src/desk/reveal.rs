//! `casefile reveal`: tokens of a bundle back to the values they stand for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::exit::Failure;

/// The tokens of a case with their values, from `keep/tokens.map`.
pub(super) fn map_of(case: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let path = case.join("keep/tokens.map");
    let io = |source| Failure::Input(crate::intake::IntakeError::Io { path: path.clone(), source });
    let map = fs::read_to_string(&path).map_err(io)?;
    Ok(map.lines().filter_map(|l| l.split_once('\t')).map(|(t, v)| (t.to_owned(), v.to_owned())).collect())
}

/// A text with each known token as its value, and every other byte as it came.
pub(super) fn reveal(known: &BTreeMap<String, String>, text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut revealed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !is_part(c)).unwrap_or(from.len()));
        revealed.push_str(before);
        let value = known.get(word).map(String::as_str);
        // In VERP the domain stands behind a joint, and stays: `bounce+TOKEN=gmail.com@…`.
        let is_joined = after.starts_with(['=', '%']);
        let local = value.and_then(|v| v.rsplit_once('@')).map(|(local, _)| local).filter(|_| is_joined);
        revealed.push_str(local.or(value).unwrap_or(word));
        rest = after;
        // The token of an address stands before its domain, which the value has as well.
        if let Some(domain) = after.strip_prefix('@').filter(|_| value.is_some_and(|v| v.contains('@'))) {
            let end = domain.find(|c| !is_part(c) && c != '.').unwrap_or(domain.len());
            rest = domain.get(domain[..end].trim_end_matches('.').len()..).unwrap_or_default();
        }
    }
    revealed.push_str(rest);
    revealed
}
