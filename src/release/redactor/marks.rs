//! What must be looked at in a text, and what it is. Learning and rewriting read
//! through the same eyes, so that nothing is rewritten that was not learnt.

use std::ops::Range;

use super::addresses::{Address, addresses, is_domain_like, lossy};
use super::encodings::{Blob, View, blobs};
use super::fields::fields;
use super::hosts;
use super::known::Known;
use super::lines::{Frame, frame};
use super::policy::Class;
use super::secrets::Dialogue;
use super::urls::{paths, urls};

/// Readings inside readings: `%2540`, base64 of percent.
const DEPTH: usize = 2;

/// What a mark found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A mailbox; whether its place says sender or recipient.
    Address { local: String, domain: String, role: Role },
    /// A value of a class.
    Value { class: Class, value: String },
    /// The whole line.
    Line(Class),
}

/// What the place of an address says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Sender,
    Recipient,
    Unsaid,
}

/// A stretch of a text and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub span: Range<usize>,
    pub what: What,
    /// The blob it was read from, when the whole blob must go.
    pub via: Option<&'static str>,
}

impl Mark {
    pub(super) fn line(span: Range<usize>, class: Class) -> Self {
        Self { span, what: What::Line(class), via: None }
    }

    pub(super) fn value(span: Range<usize>, class: Class, value: &str) -> Self {
        Self { span, what: What::Value { class, value: value.to_owned() }, via: None }
    }

    #[cfg(test)]
    pub(super) fn class(&self) -> Class {
        match self.what {
            What::Address { .. } => Class::Recipient,
            What::Value { class, .. } | What::Line(class) => class,
        }
    }
}

/// One line with its marks, the most certain first; spans count from the start of the text.
pub(super) struct Marked<'a> {
    pub line: &'a [u8],
    pub marks: Vec<Mark>,
}

/// Reads a text line by line.
pub(super) fn read<'a>(text: &'a [u8], known: &Known, mut each: impl FnMut(Marked<'a>)) {
    let mut dialogue = Dialogue::default();
    let mut start = 0;
    for piece in text.split(|&b| b == b'\n') {
        let line = piece.strip_suffix(b"\r").unwrap_or(piece);
        let frame = frame(line);
        let mut marks = line_marks(line, &frame, &mut dialogue, known);
        let allowed = known.allowed(line);
        marks.retain(|mark| !allowed.iter().any(|kept| kept.start <= mark.span.start && mark.span.end <= kept.end));
        for mark in &mut marks {
            mark.span = start + mark.span.start..start + mark.span.end;
        }
        each(Marked { line, marks });
        start += piece.len() + 1;
    }
}

/// The rules by which a line is read, the most certain first. Each alone keeps something
/// from leaving: tests switch one off and see the gate refuse what it would have taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// AUTH dialogues, passwords, keys of sessions, bodies.
    Secrets,
    /// Fields and headers whose name says what they hold.
    Fields,
    /// Paths and queries of URLs.
    Urls,
    /// Paths that name a person.
    Paths,
    /// Addresses that a logger cut in two.
    SplitEnds,
    /// Addresses as they stand.
    Addresses,
    /// Escapes and encodings, two layers deep.
    Encodings,
    /// Known values as bare words.
    Words,
    /// Nodes, clients, private addresses, queue ids.
    Hosts,
}

impl Rule {
    pub(crate) const ALL: [Self; 9] = [
        Self::Secrets,
        Self::Fields,
        Self::Urls,
        Self::Paths,
        Self::SplitEnds,
        Self::Addresses,
        Self::Encodings,
        Self::Words,
        Self::Hosts,
    ];

    fn marks(self, line: &[u8], frame: &Frame, dialogue: &mut Dialogue, known: &Known) -> Vec<Mark> {
        match self {
            Self::Secrets => dialogue.read(line, frame),
            Self::Fields => fields(line, frame),
            Self::Urls => urls(line),
            Self::Paths => paths(line),
            Self::SplitEnds => {
                let ends = known.split_ends(line).into_iter();
                ends.map(|(span, whole)| Mark::value(span, Class::Recipient, &whole)).collect()
            }
            Self::Addresses => addresses(line).into_iter().filter_map(|found| address(line, found, known)).collect(),
            Self::Encodings => encoded(&View::plain(line), known, 0, false),
            Self::Words => words(line, known),
            Self::Hosts => host_marks(line, frame, known),
        }
    }
}

fn line_marks(line: &[u8], frame: &Frame, dialogue: &mut Dialogue, known: &Known) -> Vec<Mark> {
    if line.is_empty() {
        return Vec::new();
    }
    let on = Rule::ALL.into_iter().filter(|rule| known.off != Some(*rule));
    on.flat_map(|rule| rule.marks(line, frame, dialogue, known)).collect()
}

/// Addresses and known words of escapes and blobs, with the source bytes they take. What was
/// itself read from a blob may be noise, and is believed only where it cannot be.
fn encoded(view: &View, known: &Known, depth: usize, noisy: bool) -> Vec<Mark> {
    let mut out = Vec::new();
    if depth >= DEPTH {
        return out;
    }
    for blob in blobs(&view.bytes) {
        out.extend(in_blob(&blob, known, depth + 1).map(|mark| Mark { span: view.source(&blob.span), ..mark }));
    }
    for inner in view.unescaped() {
        let text = &inner.bytes;
        // An escape before the `@` alone was no obstacle: the address was found as written, with
        // less of what precedes it (`id=E1x@…` is no quoted-printable).
        let hidden = |found: &Address| {
            let at = memchr::memrchr(b'@', text.get(found.span.clone()).unwrap_or_default()).unwrap_or(0);
            !inner.in_words || inner.is_escaped(&(found.span.start + at..found.span.end))
        };
        let clean = !noisy || is_clean(text);
        let believed = |found: Address| if noisy { believable(found, clean, known) } else { Some(found) };
        let found = addresses(text).into_iter().filter(hidden).filter_map(believed);
        let found = found.filter_map(|found| address(text, found, known));
        for mark in found.chain(words(text, known).into_iter().filter(|mark| clean || mark.span.len() >= 6)) {
            if inner.is_escaped(&mark.span) {
                out.push(Mark { span: inner.source(&mark.span), ..mark });
            }
        }
        out.extend(encoded(&inner, known, depth + 1, noisy));
    }
    out
}

/// What a blob says that must not be read, if anything.
fn in_blob(blob: &Blob, known: &Known, depth: usize) -> Option<Mark> {
    let hit = blob.readings.iter().find_map(|reading| in_reading(reading, known, depth));
    // Encoded words are subjects and names, whatever they say.
    let any = (blob.kind == "rfc2047").then(|| What::Value { class: Class::Subject, value: String::new() });
    let what = hit.or(any)?;
    Some(Mark { span: 0..0, what, via: Some(blob.kind) })
}

fn in_reading(reading: &[u8], known: &Known, depth: usize) -> Option<What> {
    if let Some((user, secret)) = plain_login(reading) {
        return Some(What::Value { class: Class::AuthData, value: format!("{user}\0{secret}") });
    }
    let clean = is_clean(reading);
    let found = addresses(reading).into_iter().filter_map(|found| believable(found, clean, known)).next();
    if let Some(found) = found {
        return address(reading, found, known).map(|mark| mark.what);
    }
    let inner = encoded(&View::plain(reading), known, depth, true).into_iter().next();
    inner.or_else(|| words(reading, known).into_iter().find(|mark| clean || mark.span.len() >= 6)).map(|mark| mark.what)
}

/// Whether bytes are text through and through, as those of a wrong alignment are not.
fn is_clean(reading: &[u8]) -> bool {
    std::str::from_utf8(reading).is_ok_and(|text| !text.chars().any(char::is_control))
}

/// An address read from a blob, without the noise of a wrong alignment before it. Random
/// bytes hold an `@` now and then: what is not clean text must look like an address in full.
fn believable(mut found: Address, clean: bool, known: &Known) -> Option<Address> {
    if clean && (is_domain_like(&found.domain) || found.local.len() + found.domain.len() >= 9) {
        return Some(found);
    }
    let noise = |c: char| c == '\u{fffd}' || c.is_control();
    found.local = found.local.rsplit(noise).next().unwrap_or_default().to_owned();
    found.domain = found.domain.split(noise).next().unwrap_or_default().trim_end_matches('.').to_owned();
    let plain = found.local.is_ascii() && found.domain.is_ascii() && is_domain_like(&found.domain);
    let whole = !found.local.is_empty() && plain && found.local.len() + found.domain.len() >= 7;
    (whole || known.is_known(&found.local, &found.domain)).then_some(found)
}

/// `\0user\0password` (RFC 4616) or XOAUTH2's `user=…\x01auth=Bearer …`.
pub(super) fn plain_login(reading: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(reading).ok()?;
    let (user, secret) = if let Some((user, bearer)) = text.split_once("\u{1}auth=Bearer ") {
        (user.trim_start_matches("user="), bearer.trim_end_matches('\u{1}'))
    } else {
        let mut parts = text.split('\0');
        let (_, user, secret) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        (user, secret)
    };
    // Shorter ones come about by chance in ids; after AUTH they go whatever they say.
    let shown = |s: &str, least: usize| s.len() >= least && !s.chars().any(char::is_control);
    (shown(user, 2) && shown(secret, 4)).then(|| (user.to_owned(), secret.to_owned()))
}

fn address(text: &[u8], found: Address, known: &Known) -> Option<Mark> {
    if known.is_output(&found.local) {
        return None;
    }
    let role = role(text.get(..found.span.start).unwrap_or_default());
    let local = known.named_in(&found.local, &found.domain).to_owned();
    Some(Mark { span: found.span, what: What::Address { local, domain: found.domain, role }, via: None })
}

/// What stands before an address says whose it is.
fn role(before: &[u8]) -> Role {
    const SENDERS: &[&str] = &[
        "from=",
        "from:",
        " f=",
        " p=",
        "return-path:",
        "sender=",
        "sender\":",
        "from\":",
        " <= ",
        "mailfrom=",
        " -f",
        "sasl_sender=",
    ];
    const RECIPIENTS: &[&str] = &[
        "to=",
        "to:",
        "rcpt=",
        "recipient=",
        "recipient\":",
        "rcpt\":",
        "to\":",
        " => ",
        " -> ",
        " ** ",
        " == ",
        " for",
        ">> ",
    ];
    let tail = before.get(before.len().saturating_sub(24)..).unwrap_or_default();
    let tail = lossy(tail).to_ascii_lowercase();
    let bare = tail.trim_end_matches(['<', '"', '\'', ' ']);
    let ends = |marks: &[&str]| {
        marks.iter().any(|m| bare.ends_with(m.trim_end()) && (m.ends_with([' ', '=', ':']) || tail.len() > bare.len()))
    };
    if ends(SENDERS) {
        Role::Sender
    } else if ends(RECIPIENTS) {
        Role::Recipient
    } else {
        Role::Unsaid
    }
}

fn words(text: &[u8], known: &Known) -> Vec<Mark> {
    known.words(text).into_iter().map(|(span, class, value)| Mark::value(span, class, value)).collect()
}

/// Hosts, IPs and queue ids, by place and as known.
fn host_marks(line: &[u8], frame: &Frame, known: &Known) -> Vec<Mark> {
    let mut out = Vec::new();
    let text = |span: &Range<usize>| lossy(line.get(span.clone()).unwrap_or_default());
    if let Some(host) = frame.host.clone().filter(|h| !known.is_output(&text(h))) {
        let name = text(&host);
        out.push(Mark::value(host, Class::Node, &name));
    }
    out.extend(hosts::queue_ids(line, frame).into_iter().map(|span| {
        let id = text(&span);
        Mark::value(span, Class::QueueId, &id)
    }));
    out.extend(
        hosts::ips(line)
            .into_iter()
            .filter_map(|(span, ip)| Some(Mark::value(span, known.ip_class(ip)?, &ip.to_string()))),
    );
    for span in hosts::names(line) {
        let name = text(&span);
        if let Some((part, class, value)) = known.host(&name, hosts::is_peer_name(line, &span)) {
            out.push(Mark::value(span.start + part.start..span.start + part.end, class, &value));
        }
    }
    out
}
