//! The form that replies of one kind share: what differs by session, host, mailbox and
//! moment is replaced by a word for its kind. Used to group, never to quote.
//!
//! KumoMTA's `normalize_smtp_response` serves the same purpose; the kinds are its kinds
//! (addresses, mailboxes, ids, moments, spans of time), but that Google's number in brackets
//! and its note in parentheses stay, because replies are grouped by them.

use super::Reply;
use super::named::is_address;
use crate::smtp::token::looks_like_id;

/// Puts the form together.
pub(super) fn normal_form(reply: &Reply) -> String {
    let mut out = String::with_capacity(reply.text.len() + 12);
    if let Some(code) = reply.code {
        out.push_str(&code.to_string());
    }
    let mut before = "";
    for word in reply.enhanced.as_deref().into_iter().chain(reply.text.split(' ')) {
        let (open, core, close) = parts(word);
        let kind = kind_of(core);
        // A span of time is several words: `11s 999ms`.
        if kind == Some("DURATION") && before == "DURATION" && open.is_empty() {
            out.push_str(close);
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(open);
        match (kind, core.split_once('=')) {
            (Some(kind), _) => out.push_str(kind),
            (None, _) if open.ends_with('[') && core.contains('.') => out.push_str("DOMAIN"),
            (None, Some((name, value))) if kind_of(value).is_some() => {
                out.push_str(name);
                out.push('=');
                out.push_str(kind_of(value).unwrap_or(value));
            }
            (None, _) => out.push_str(core),
        }
        out.push_str(close);
        before = kind.unwrap_or_default();
    }
    out.truncate(out.trim_end().len());
    out
}

/// A word between the punctuation around it.
fn parts(word: &str) -> (&str, &str, &str) {
    let core = word.trim_start_matches(['(', '[', '<', '{', '"', '\'']);
    let open = &word[..word.len() - core.len()];
    let trimmed = core.trim_end_matches([')', ']', '>', '}', '"', '\'', '.', ',', ';', ':', '!', '?']);
    // An IPv6 address may end in colons.
    let trimmed = if is_address(core) { core } else { trimmed };
    (open, trimmed, &core[trimmed.len()..])
}

/// The word for what a reply's word is, if that differs from reply to reply.
fn kind_of(core: &str) -> Option<&'static str> {
    if core.len() < 2 || core.contains("://") {
        None
    } else if is_address(core) {
        Some("ADDRESS")
    } else if core.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()) {
        Some("MAILBOX")
    } else if is_moment(core) {
        Some("TIME")
    } else if is_duration(core) {
        Some("DURATION")
    } else if core.len() >= 9 && core.bytes().all(|b| b.is_ascii_digit()) {
        Some("NUMBER")
    } else if (core.len() >= 8 && looks_like_id(core)) || is_base64(core) {
        Some("ID")
    } else {
        None
    }
}

/// RFC 3339: `2026-11-24T03:06:07.12Z`.
fn is_moment(word: &str) -> bool {
    let b = word.as_bytes();
    let is_digits = |from: usize, to: usize| b.get(from..to).is_some_and(|d| d.iter().all(u8::is_ascii_digit));
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    marks.iter().all(|(at, mark)| b.get(*at) == Some(mark))
        && matches!(b.get(10), Some(b'T' | b't'))
        && [(0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)].iter().all(|(from, to)| is_digits(*from, *to))
}

/// A number and a unit, or ISO 8601's `P1DT2H`.
fn is_duration(word: &str) -> bool {
    const UNITS: [&str; 10] = ["ns", "us", "ms", "s", "m", "h", "d", "day", "month", "year"];
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_iso = |rest: &str| {
        rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'Y' | b'M' | b'W' | b'D' | b'T' | b'H' | b'S'))
            && rest.starts_with(|c: char| c.is_ascii_digit() || c == 'T')
            && rest.ends_with(|c: char| c.is_ascii_alphabetic())
            && rest.contains(|c: char| c.is_ascii_digit())
    };
    (unit.len() < word.len() && UNITS.contains(&unit)) || word.strip_prefix('P').is_some_and(is_iso)
}

/// Padded base64. Without padding it cannot be told from a word.
fn is_base64(word: &str) -> bool {
    let core = word.trim_end_matches('=');
    (1..=2).contains(&(word.len() - core.len()))
        && word.len() >= 8
        && word.len().is_multiple_of(4)
        && core.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_'))
}
