//! What Google names in the text of a reply: its rule, whose quota was hit, a note in parentheses.

use std::borrow::Cow;
use std::net::IpAddr;

/// `[192.0.2.1      15]`: whose quota was hit, and a number that Google does not document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// An address or a domain; may be empty.
    pub of: String,
    /// The number, verbatim.
    pub number: String,
}

/// A URL that was broken over two lines of the reply: `…/bulk_mail.` and `html`, `…?p=` and a word.
pub(super) fn heal_urls(words: &mut Vec<Cow<'_, str>>) {
    let is_broken = |url: &str, next: &str| {
        let is_url = url.starts_with("http://") || url.starts_with("https://");
        let is_word = next.bytes().all(|b| b.is_ascii_alphanumeric());
        is_url && (url.ends_with('.') && next == "html" || url.ends_with("?p=") && is_word)
    };
    let Some(at) = words.windows(2).position(|pair| matches!(pair, [url, next] if is_broken(url, next))) else {
        return;
    };
    let tail = words.remove(at + 1);
    if let Some(url) = words.get_mut(at) {
        url.to_mut().push_str(&tail);
    }
}

/// The value of `?p=` in a link to Google's pages: `…google.com/mail/?p=NoSuchUser`,
/// `…google.com/a?p=dmarc-alignment`.
pub(super) fn rule_of(word: &str) -> Option<&str> {
    let (_, value) = word.split_once("google.com/").and_then(|(_, path)| path.split_once("?p="))?;
    let end = value.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(value.len());
    (end > 0).then(|| &value[..end])
}

/// The first `[subject number]` of a text whose blanks are single.
pub(super) fn subject_of(text: &str) -> Option<Subject> {
    text.match_indices('[').find_map(|(at, _)| {
        let inside = &text[at + 1..];
        let end = inside.bytes().take(300).position(|b| matches!(b, b']' | b'['))?;
        let (of, number) = inside[..end].rsplit_once(' ')?;
        let is_number = (1..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        let is_name = of.is_empty() || (!of.contains(' ') && of.contains(['.', ':']));
        (is_number && is_name).then(|| Subject { of: of.to_owned(), number: number.to_owned() })
    })
}

/// What stands in parentheses behind `try again later` and `closing connection.`: `10`, `WS`,
/// `EHLO`, or nothing. Google does not document it.
pub(super) fn parenthesis_of(text: &str) -> Option<&str> {
    const BEFORE: [&[u8]; 2] = [b"try again later", b"closing connection"];
    let lower = text.to_ascii_lowercase();
    memchr::memchr_iter(b'(', text.as_bytes()).find_map(|at| {
        let before = lower[..at].trim_end_matches([' ', '.']).as_bytes();
        let end = text.as_bytes()[at..].iter().take(34).position(|b| *b == b')')?;
        BEFORE.iter().any(|words| before.ends_with(words)).then(|| &text[at + 1..at + end])
    })
}

/// An address, with or without a port or brackets.
pub(super) fn is_address(word: &str) -> bool {
    let is_ip = |w: &str| w.parse::<IpAddr>().is_ok();
    let with_port =
        |w: &str| w.rsplit_once(':').is_some_and(|(ip, port)| is_port(port) && ip.contains('.') && is_ip(ip));
    is_ip(word) || with_port(word)
}

fn is_port(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}
