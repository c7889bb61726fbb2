//! Addresses that are no token, wherever they stand.

use std::ops::Range;

use super::windows::Trust;

fn is_local(b: u8) -> bool {
    // RFC 5322 allows more, but what stands beside an address in prose and Markdown
    // (backticks, bars, stars) must not hide that it is an allowed one.
    b.is_ascii_alphanumeric() || b >= 0x80 || b"%+-=_.'#!~$&".contains(&b)
}

fn is_domain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b >= 0x80 || matches!(b, b'.' | b'-')
}

pub(super) fn addresses(text: &[u8], trust: Trust) -> Vec<Range<usize>> {
    // The sign in its own, in its full and in its small width; the last two begin alike.
    let sign = |at: usize| match text.get(at..) {
        Some([b'@', ..]) => Some((at, 1)),
        Some([0xef, 0xbc, 0xa0, ..] | [0xef, 0xb9, 0xab, ..]) => Some((at, 3)),
        _ => None,
    };
    let signs = memchr::memchr2_iter(b'@', 0xef, text).filter_map(sign);
    signs.filter_map(|(at, width)| address_around(text, at, width, trust)).collect()
}

/// The address around an `@`: a local part before it and a domain with a dot behind it.
fn address_around(text: &[u8], at: usize, width: usize, trust: Trust) -> Option<Range<usize>> {
    let (before, after) = (text.get(..at)?, text.get(at + width..)?);
    let length = before.iter().rev().take_while(|b| is_local(**b)).count();
    let quoted = || before.strip_suffix(b"\"").and_then(|b| memchr::memrchr(b'"', b));
    let mut start = if length > 0 { at - length } else { quoted()? };
    // What is cut short of its three dots was dropped: `…@sender.example`, `...@` in plain ASCII.
    for dots in ["…", "..."] {
        while text.get(start..at)?.starts_with(dots.as_bytes()) {
            start += dots.len();
        }
        if let Some(name) = text.get(start..at)?.strip_suffix(dots.as_bytes()).and_then(|n| n.strip_suffix(b"=")) {
            start = if std::str::from_utf8(name).is_ok_and(is_field) { at } else { start };
        }
    }
    let domain = after.get(..after.iter().take_while(|b| is_domain(**b)).count())?;
    let tail = domain.iter().rev().take_while(|b| matches!(b, b'.' | b'-')).count();
    let domain = std::str::from_utf8(domain.get(..domain.len() - tail)?).ok()?;
    let end = at + width + domain.len();
    let top = domain.rsplit('.').next()?;
    let dotted = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
    let named = top.chars().any(char::is_alphabetic) && !is_unit(top);
    // What stands before a label is as much of an address as what stood before the domain.
    let labelled = is_label(domain);
    let believed = labelled || trust == Trust::Meant || is_plainly_one(text.get(start..at)?, domain);
    (start < at && ((dotted && named) || labelled) && believed && !is_token(text.get(start..at)?)).then_some(start..end)
}

/// Names of systemd's units have an `@` as well: `postfix@ip1.service`.
fn is_unit(top: &str) -> bool {
    ["service", "socket", "timer", "target", "scope", "slice", "mount"].contains(&top)
}

/// Random bytes hold an `@` between letters now and then; so much of an address they do not.
fn is_plainly_one(local: &[u8], domain: &str) -> bool {
    let top = domain.rsplit('.').next().unwrap_or_default();
    let lettered = top.len() >= 2 && top.bytes().all(|b| b.is_ascii_lowercase());
    let plain = local.is_ascii() && domain.is_ascii();
    (plain && lettered && local.len() >= 2 && domain.len() >= 5 && local.len() + domain.len() >= 9)
        || (!plain && std::str::from_utf8(local).is_ok_and(|l| l.chars().count() >= 2) && domain.chars().count() >= 5)
}

/// Whether a local part is a token (`rcpt-7k3q9x2mhd4w`: a class, then twelve characters of
/// Crockford's base 32), or holds one and beside it nothing but what VERP and SRS put there.
pub(super) fn is_token(local: &[u8]) -> bool {
    let Ok(local) = std::str::from_utf8(local) else { return false };
    let mut rest = String::new();
    let mut tokens = 0;
    let mut at = 0;
    while let Some(tail) = local.get(at..).filter(|t| !t.is_empty()) {
        let taken = CLASSES.iter().find_map(|class| token_length(tail, class));
        match (taken, tail.chars().next()) {
            (Some(length), _) => (tokens, at) = (tokens + 1, at + length),
            (None, Some(c)) => (at, ()) = (at + c.len_utf8(), rest.push(c)),
            (None, None) => break,
        }
    }
    let rest = rest.strip_suffix('=').map_or(rest.as_str(), |name| if is_field(name) { "" } else { name });
    let joints = ['+', '=', '%', '#', '~', '!', '$', '_'];
    let words = rest.split_inclusive(joints).scan(' ', |before, word| {
        let joint = std::mem::replace(before, word.chars().last().unwrap_or(' '));
        Some((joint, word.trim_end_matches(joints)))
    });
    tokens > 0 && words.into_iter().all(|(joint, word)| is_harmless(joint, word))
}

const CLASSES: &[&str] = &["rcpt", "sndr", "mid", "val"];

fn token_length(text: &str, class: &str) -> Option<usize> {
    let of_base32 = |b: u8| b.is_ascii_digit() || (b.is_ascii_lowercase() && !matches!(b, b'i' | b'l' | b'o' | b'u'));
    let code = text.strip_prefix(class)?.strip_prefix('-')?;
    let code = code.get(..12)?;
    code.bytes().all(of_base32).then_some(class.len() + 1 + 12)
}

/// Whether a word is the name of a field before a value: `sasl_username=`, `to=`.
fn is_field(name: &str) -> bool {
    const ENDS: &[&str] = &[
        "to",
        "from",
        "user",
        "username",
        "login",
        "sender",
        "rcpt",
        "recipient",
        "address",
        "addr",
        "mail",
        "email",
        "e",
        "click",
        "auth",
        "origto",
    ];
    let name = name.to_ascii_lowercase();
    ENDS.iter().any(|end| name.strip_suffix(end).is_some_and(|head| head.is_empty() || head.ends_with(['_', '-'])))
}

/// Words of mechanisms, labels of ours, domains: what may stand beside a token in a local part.
fn is_harmless(joint: char, word: &str) -> bool {
    const WORDS: &[&str] = &["", "b", "bounce", "bounces", "return", "verp", "srs0", "srs1", "prvs", "btv1", "bnc"];
    let word = word.trim_matches(['-', '.']).to_ascii_lowercase();
    let bare = WORDS.iter().find_map(|w| word.strip_prefix(w)?.strip_prefix('-')).unwrap_or(&word);
    WORDS.contains(&bare) || is_label(bare) || bare.rsplit_once('.').is_some_and(|(_, top)| is_top(joint, top))
}

/// Whether a dotted word is a domain. Behind a plus a tag may stand as well, which is somebody's
/// name: there its end must be one that domains have and names have not.
fn is_top(joint: char, top: &str) -> bool {
    const COMMON: &[&str] = &["com", "net", "org", "edu", "gov", "info", "biz", "email", "example", "test"];
    let lettered = top.bytes().all(|b| b.is_ascii_alphabetic());
    lettered && (top.len() == 2 || COMMON.contains(&top) || (joint != '+' && top.len() > 2))
}

/// Whether a word is one of the names that stand for domains.
fn is_label(word: &str) -> bool {
    let numbered = |label: &str| word.strip_prefix(label).is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    matches!(word, "redacted-domain" | "private-ip") || numbered("customer-domain-") || numbered("workspace-domain-")
}
