//! One line of OpenSMTPD: which session it belongs to, and what it says.

use memchr::{memchr, memmem, memrchr};

use crate::formats::logs::pseudonym;

/// What a line says of a sending session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// `SESSION mta EVENT …`
    Session(&'a [u8], What<'a>),
    /// `smtp-out: Error on session SESSION: opportunistic TLS failed, downgrading to plain`
    Downgraded(&'a [u8]),
    /// `0000000000000000 mta delivery …`: the queue gives up on a round of routes.
    Queue(Delivery<'a>),
    /// `smtp-out: …`: routes and connectors, no session.
    Route,
    /// A delivery that cannot be taken apart.
    Unreadable,
    /// Not of the sending side.
    Nothing,
}

/// An event of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What<'a> {
    /// `connecting address=smtp://IP:25 host=NAME`
    Connecting {
        ip: &'a [u8],
        name: &'a [u8],
        in_clear: bool,
    },
    Connected,
    /// `tls ciphers=…`
    Tls,
    Delivery(Delivery<'a>),
    /// `error reason=…`
    Error(&'a [u8]),
    /// `disconnected reason=… messages=N`
    Disconnected,
    Other,
}

/// The fields of a delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Delivery<'a> {
    /// The first half of `evpid=`: the message. Its envelopes are its recipients.
    pub(super) message: &'a [u8],
    pub(super) rcpt_domain: &'a [u8],
    /// `source="…"`; empty for `-`.
    pub(super) source: &'a [u8],
    /// `Ok`, `TempFail`, `PermFail`, `Loop`.
    pub(super) result: &'a [u8],
    /// `delay=`: since the message came in.
    pub(super) delay: &'a [u8],
    pub(super) stat: &'a [u8],
}

pub(super) fn said(text: &[u8]) -> Said<'_> {
    if let Some(rest) = text.strip_prefix(b"smtp-out: ") {
        let downgraded = rest.strip_prefix(b"Error on session ").and_then(|rest| {
            let (session, rest) = session_id(rest)?;
            rest.starts_with(b": opportunistic TLS failed, downgrading to plain").then_some(session)
        });
        return downgraded.map_or(Said::Route, Said::Downgraded);
    }
    let Some((session, rest)) = session_id(text) else { return Said::Nothing };
    let Some(event) = rest.strip_prefix(b" mta ") else { return Said::Nothing };
    let what = if let Some(fields) = event.strip_prefix(b"delivery ") {
        match delivery(fields) {
            Some(found) if session == b"0000000000000000" => return Said::Queue(found),
            Some(found) => What::Delivery(found),
            None => return Said::Unreadable,
        }
    } else if let Some(fields) = event.strip_prefix(b"connecting address=") {
        connecting(fields)
    } else if let Some(reason) = event.strip_prefix(b"error reason=") {
        What::Error(reason)
    } else if event == b"connected" {
        What::Connected
    } else if event.starts_with(b"tls ") {
        What::Tls
    } else if event.starts_with(b"disconnected") {
        What::Disconnected
    } else {
        What::Other
    };
    Said::Session(session, what)
}

/// Splits the id of a session off a text: sixteen hexadecimal digits, or what stands for them.
pub(super) fn session_id(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let own = || text.split_at_checked(16).filter(|(id, _)| id.iter().all(u8::is_ascii_hexdigit));
    pseudonym::split(text).or_else(own)
}

/// `smtp+notls://[2001:db8::1]:25 host=NAME`
fn connecting(fields: &[u8]) -> What<'_> {
    let end = memchr(b' ', fields).unwrap_or(fields.len());
    let url = &fields[..end];
    let after_scheme = memmem::find(url, b"://").map_or(url, |at| &url[at + 3..]);
    let ip = memrchr(b':', after_scheme).map_or(after_scheme, |at| &after_scheme[..at]);
    let ip = ip.strip_prefix(b"[").and_then(|i| i.strip_suffix(b"]")).unwrap_or(ip);
    let name = memmem::find(fields, b" host=").map_or(&[][..], |at| &fields[at + 6..]);
    // Without a reverse name the address stands again.
    let name = if name == ip { &[] } else { name };
    What::Connecting { ip, name, in_clear: url.starts_with(b"smtp+notls") }
}

/// `evpid=… from=<…> to=<…> rcpt=<…> source="…" relay="…" delay=… result="…" stat="…"`.
/// Values are not escaped, so each key is looked for after the one before it.
fn delivery(fields: &[u8]) -> Option<Delivery<'_>> {
    let id = fields.strip_prefix(b"evpid=")?;
    let message = pseudonym::split(id).map(|(id, _)| id).or_else(|| id.get(..8))?;
    let to = memmem::find(fields, b" to=<")? + 5;
    let rcpt = to + memmem::find(&fields[to..], b"> rcpt=<")?;
    let address = &fields[to..rcpt];
    let rest = &fields[rcpt..];
    let source = quoted(rest, b" source=\"")?;
    let result = quoted(rest, b" result=\"")?;
    let result_at = memmem::find(rest, b" result=\"")?;
    let delay = rest[..result_at].rsplit(|b| *b == b' ').next().and_then(|word| word.strip_prefix(b"delay="));
    let stat_at = memmem::find(rest, b" stat=\"")? + 7;
    let stat = &rest[stat_at..];
    Some(Delivery {
        message,
        rcpt_domain: memrchr(b'@', address).map_or(&[], |at| &address[at + 1..]),
        source: if source == b"-" { &[] } else { source },
        result,
        delay: delay.unwrap_or_default(),
        stat: stat.strip_suffix(b"\"").unwrap_or(stat),
    })
}

fn quoted<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let rest = &text[memmem::find(text, key)? + key.len()..];
    Some(&rest[..memchr(b'"', rest)?])
}
