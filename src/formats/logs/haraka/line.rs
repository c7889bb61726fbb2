//! One line of Haraka, in any of its formats.

use std::borrow::Cow;

use memchr::{memchr, memmem};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::formats::logs::envelope::{Stamped, stamped};
use crate::formats::logs::pseudonym;

/// A line taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// `UUID.1.1`
    pub(super) id: Cow<'a, [u8]>,
    pub(super) message: Cow<'a, [u8]>,
    pub(super) delivered: Option<Delivered<'a>>,
    /// Whether the outbound part wrote it; else the part that took the message in.
    pub(super) outbound: bool,
}

/// The fields of `delivered file=…`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Delivered<'a> {
    pub(super) domain: Cow<'a, [u8]>,
    pub(super) host: Cow<'a, [u8]>,
    pub(super) ip: Cow<'a, [u8]>,
    pub(super) tls: bool,
    pub(super) response: Cow<'a, [u8]>,
    /// Seconds since the message came in.
    pub(super) delay: Cow<'a, [u8]>,
    /// Recipients accepted: the first of `rcpts=1/0/0`.
    pub(super) recipients: u32,
}

/// Whether a line, timed or not, is by the outbound part and about a message.
pub(super) fn is_outbound(line: &[u8]) -> bool {
    let at = [&b"] [outbound] "[..], br#""origin":"outbound""#, b" origin=outbound "]
        .into_iter()
        .any(|mark| memmem::find(line, mark).is_some());
    at && line_of(stamp_and_text(line).map_or(line, |(_, text)| text)).is_some()
}

/// The stamp, and the text at its `[`, `{` or `level=`; a syslog daemon or a container
/// runtime may have put a host and a process before it.
pub(super) fn stamp_and_text(line: &[u8]) -> Option<(Stamped<'_>, &[u8])> {
    let stamp = stamped(line)?;
    let rest = stamp.rest();
    let begins = |text: &[u8]| text.starts_with(b"[") || text.starts_with(b"{") || text.starts_with(b"level=");
    if begins(rest) {
        return Some((stamp, rest));
    }
    let text = memmem::find_iter(rest, b": ").take(3).map(|at| &rest[at + 2..]).find(|t| begins(t));
    Some((stamp, text.unwrap_or(rest)))
}

/// Takes the text of a line apart; nothing when it is about no message.
pub(super) fn line_of(text: &[u8]) -> Option<Line<'_>> {
    match text.first()? {
        b'[' => default_line(text),
        b'{' => json_line(text),
        _ => logfmt_line(text),
    }
    .filter(|line| is_transaction(&line.id))
}

/// `UUID.1.1`, also with the UUID rewritten.
fn is_transaction(id: &[u8]) -> bool {
    let rest = pseudonym::split(id).map(|(_, rest)| rest).or_else(|| id.get(36..));
    rest.is_some_and(|rest| rest.starts_with(b"."))
}

/// `[LEVEL] [UUID.1.1] [origin] message`
fn default_line(text: &[u8]) -> Option<Line<'_>> {
    let (_level, rest) = bracketed(text)?;
    let (id, rest) = bracketed(rest)?;
    let (origin, message) = bracketed(rest)?;
    let message = message.trim_ascii_start();
    let outbound = origin == b"outbound";
    (outbound || origin == b"core").then(|| of_text(id, message, outbound))
}

fn bracketed(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = text.strip_prefix(b"[")?;
    let end = memchr(b']', rest)?;
    Some((&rest[..end], rest[end + 1..].strip_prefix(b" ").unwrap_or(&rest[end + 1..])))
}

fn of_text<'a>(id: &'a [u8], message: &'a [u8], outbound: bool) -> Line<'a> {
    let delivered = message.starts_with(b"delivered file=").then(|| {
        let value = |key: &[u8]| Cow::Borrowed(field(message, key));
        Delivered {
            domain: value(b" domain="),
            host: value(b" host="),
            ip: value(b" ip="),
            tls: field(message, b" tls=") == b"Y",
            response: value(b" response="),
            delay: value(b" delay="),
            recipients: accepted(field(message, b" rcpts=")),
        }
    });
    Line { id: Cow::Borrowed(id), message: Cow::Borrowed(message), delivered, outbound }
}

/// A value after a key, in quotes or not.
fn field<'a>(text: &'a [u8], key: &[u8]) -> &'a [u8] {
    let Some(at) = memmem::find(text, key) else { return &[] };
    let rest = &text[at + key.len()..];
    match rest.strip_prefix(b"\"") {
        // A quote ends the value where a blank or nothing follows it.
        Some(rest) => {
            let end = memmem::find(rest, b"\" ").or_else(|| rest.strip_suffix(b"\"").map(<[u8]>::len));
            &rest[..end.unwrap_or(rest.len())]
        }
        None => &rest[..memchr(b' ', rest).unwrap_or(rest.len())],
    }
}

/// `1/0/0`: accepted, deferred, rejected.
fn accepted(rcpts: &[u8]) -> u32 {
    let first = rcpts.split(|b| *b == b'/').next().unwrap_or_default();
    std::str::from_utf8(first).ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    uuid: Cow<'a, str>,
    #[serde(borrow)]
    origin: Cow<'a, str>,
    #[serde(borrow, default)]
    message: Cow<'a, str>,
    #[serde(borrow, default, rename = "delivered file")]
    file: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    domain: Cow<'a, str>,
    #[serde(borrow, default)]
    host: Cow<'a, str>,
    #[serde(borrow, default)]
    ip: Cow<'a, str>,
    #[serde(borrow, default)]
    tls: Cow<'a, str>,
    #[serde(borrow, default)]
    response: Cow<'a, str>,
    #[serde(borrow, default)]
    rcpts: Cow<'a, str>,
    #[serde(default)]
    delay: Delay,
}

/// Seconds: text in some versions, a number in others.
#[derive(Deserialize)]
#[serde(untagged)]
enum Delay {
    Text(String),
    Number(f64),
    Other(IgnoredAny),
}

impl Default for Delay {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl Delay {
    fn seconds(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Number(number) => number.to_string().into_bytes(),
            Self::Other(IgnoredAny) => Vec::new(),
        }
    }
}

fn json_line(text: &[u8]) -> Option<Line<'_>> {
    // Most lines are by other parts; they need not be parsed.
    let of_interest = [&br#""origin":"outbound""#[..], br#""origin":"core""#];
    of_interest.into_iter().find(|mark| memmem::find(text, mark).is_some())?;
    let record: Record<'_> = serde_json::from_slice(text).ok()?;
    let delivered = record.file.is_some().then(|| Delivered {
        domain: into_bytes(record.domain),
        host: into_bytes(record.host),
        ip: into_bytes(record.ip),
        tls: record.tls == "Y",
        recipients: accepted(record.rcpts.as_bytes()),
        delay: Cow::Owned(record.delay.seconds()),
        response: into_bytes(record.response),
    });
    Some(Line {
        id: into_bytes(record.uuid),
        outbound: record.origin == "outbound",
        message: into_bytes(record.message),
        delivered,
    })
}

fn into_bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// `level=INFO uuid=UUID.1.1 origin=outbound message="…"`
fn logfmt_line(text: &[u8]) -> Option<Line<'_>> {
    let origin = field(text, b" origin=");
    let outbound = origin == b"outbound";
    if !outbound && origin != b"core" {
        return None;
    }
    let id = field(text, b" uuid=");
    let whole = memmem::find(text, b"delivered file=").map(|at| &text[at..]);
    Some(of_text(id, whole.unwrap_or_else(|| field(text, b" message=")), outbound))
}
