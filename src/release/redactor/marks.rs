//! What must be looked at in a text, and what it is. Learning and rewriting read
//! through the same eyes, so that nothing is rewritten that was not learnt.

use std::borrow::Cow;
use std::ops::Range;

use super::across::Across;
use super::addresses::{Address, addresses, is_domain_like, lossy};
use super::cells::free;
use super::encodings::{Blob, View, blobs};
use super::fields::fields;
use super::hosts;
use super::json::unnamed;
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
    /// What is left on a further line of something that began above, and goes where it goes.
    Rest(Box<Self>),
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
            What::Rest(_) => Class::Other,
        }
    }
}

/// One line with its marks, the most certain first; spans count from the start of the text.
pub(super) struct Marked<'a> {
    /// What it says: for the first line of a record the whole of it, for the others nothing.
    pub line: Cow<'a, [u8]>,
    pub marks: Vec<Mark>,
}

/// Reads a text line by line, and what stands in several lines in one piece first.
pub(super) fn read<'a>(text: &'a [u8], known: &Known, mut each: impl FnMut(Marked<'a>)) {
    let lines = lines_of(text);
    let mut above = Across::of(text, &lines, known);
    let mut dialogue = Dialogue::default();
    for (k, span) in lines.into_iter().enumerate() {
        let line = text.get(span.clone()).unwrap_or_default();
        let frame = frame(line);
        let record = above.whole.remove(&k);
        let mut own = if record.is_some() {
            continued_marks(line, &frame, &mut dialogue, known)
        } else {
            line_marks(line, &frame, &mut dialogue, known)
        };
        for mark in &mut own {
            mark.span = span.start + mark.span.start..span.start + mark.span.end;
        }
        let mut marks = above.marks.remove(&k).unwrap_or_default();
        marks.extend(own);
        each(Marked { line: record.map_or(Cow::Borrowed(line), Cow::Owned), marks });
    }
}

/// The lines of a text without their ends.
fn lines_of(text: &[u8]) -> Vec<Range<usize>> {
    let mut start = 0;
    let line = |piece: &[u8]| {
        let from = start;
        start += piece.len() + 1;
        from..from + piece.strip_suffix(b"\r").unwrap_or(piece).len()
    };
    text.split(|&b| b == b'\n').map(line).collect()
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
    /// What a logger or the end of a line cut in two.
    Cuts,
    /// Addresses as they stand.
    Addresses,
    /// Escapes and encodings, two layers deep.
    Encodings,
    /// Known values as bare words.
    Words,
    /// Nodes, clients, private addresses, queue ids.
    Hosts,
    /// Members and cells of records that no rule names. What they hold nobody could know, so that
    /// without this rule the gate sees what has a form, and no more.
    Members,
}

impl Rule {
    pub(crate) const ALL: [Self; 10] = [
        Self::Secrets,
        Self::Fields,
        Self::Urls,
        Self::Paths,
        Self::Cuts,
        Self::Addresses,
        Self::Encodings,
        Self::Words,
        Self::Hosts,
        Self::Members,
    ];

    fn marks(self, line: &[u8], frame: &Frame, dialogue: &mut Dialogue, known: &Known) -> Vec<Mark> {
        match self {
            Self::Secrets => dialogue.read(line, frame),
            Self::Fields => fields(line, frame).into_iter().filter(|mark| !known.is_shown_host(mark)).collect(),
            Self::Urls => urls(line),
            Self::Paths => paths(line),
            Self::Cuts => {
                let ends = known.split_ends(line).into_iter();
                ends.map(|(span, whole)| Mark::value(span, Class::Recipient, &whole)).collect()
            }
            Self::Addresses => addresses(line).into_iter().filter_map(|found| address(line, found, known)).collect(),
            Self::Encodings => encoded(&View::plain(line), known, 0, false),
            Self::Words => words(line, known),
            Self::Hosts => host_marks(line, frame, known),
            Self::Members => unnamed(line).into_iter().chain(free(line)).collect(),
        }
    }
}

/// The marks of one line, without those that the user allowed.
pub(super) fn line_marks(line: &[u8], frame: &Frame, dialogue: &mut Dialogue, known: &Known) -> Vec<Mark> {
    if line.is_empty() {
        return Vec::new();
    }
    let on = Rule::ALL.into_iter().filter(|rule| known.off != Some(*rule));
    let marks = on.flat_map(|rule| rule.marks(line, frame, dialogue, known)).collect();
    not_allowed(marks, line, known)
}

/// What a line of a longer record has of its own: its part in a dialogue, and who wrote it.
fn continued_marks(line: &[u8], frame: &Frame, dialogue: &mut Dialogue, known: &Known) -> Vec<Mark> {
    let mut marks = if known.off == Some(Rule::Secrets) { Vec::new() } else { dialogue.read(line, frame) };
    if known.off != Some(Rule::Hosts) {
        marks.extend(writer(line, frame, known));
    }
    not_allowed(marks, line, known)
}

fn not_allowed(mut marks: Vec<Mark>, line: &[u8], known: &Known) -> Vec<Mark> {
    let allowed = known.allowed(line);
    marks.retain(|mark| !allowed.iter().any(|kept| kept.start <= mark.span.start && mark.span.end <= kept.end));
    marks
}

/// Addresses and known words of escapes and blobs, with the source bytes they take. What was
/// itself read from a blob may be noise, and is believed only where it cannot be.
pub(super) fn encoded(view: &View, known: &Known, depth: usize, noisy: bool) -> Vec<Mark> {
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

pub(super) fn address(text: &[u8], found: Address, known: &Known) -> Option<Mark> {
    let before = text.get(..found.span.start).unwrap_or_default();
    if known.is_made(&found.local) || is_login_of_url(before) {
        return None;
    }
    let role = role(before);
    let local = known.named_in(&found.local, &found.domain).to_owned();
    Some(Mark { span: found.span, what: What::Address { local, domain: found.domain, role }, via: None })
}

/// Whether what follows is the password in a URL, and behind its `@` a host: `smtp://alice:`.
fn is_login_of_url(before: &[u8]) -> bool {
    let login = memchr::memmem::rfind(before, b"://").and_then(|at| before.get(at + 3..));
    login.is_some_and(|login| {
        login.ends_with(b":") && !login.iter().any(|b| b.is_ascii_whitespace() || b"/<>\"'".contains(b))
    })
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

pub(super) fn words(text: &[u8], known: &Known) -> Vec<Mark> {
    known.words(text).into_iter().map(|(span, class, value)| Mark::value(span, class, value)).collect()
}

/// The host field of a log line.
fn writer(line: &[u8], frame: &Frame, known: &Known) -> Option<Mark> {
    let host = frame.host.clone()?;
    let name = lossy(line.get(host.clone())?);
    (!known.is_output(&name)).then(|| Mark::value(host, Class::Node, &name))
}

/// Hosts, IPs and queue ids, by place and as known.
fn host_marks(line: &[u8], frame: &Frame, known: &Known) -> Vec<Mark> {
    let mut out = Vec::new();
    let text = |span: &Range<usize>| lossy(line.get(span.clone()).unwrap_or_default());
    out.extend(writer(line, frame, known));
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
