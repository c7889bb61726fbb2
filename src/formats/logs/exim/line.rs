//! One line of Exim's main log, taken apart: the message's id, and what kind of statement
//! follows it. `recipient` reads the lines about a recipient.

use memchr::{memchr, memmem};

use super::recipient::{Recipient, recipient};
use crate::formats::logs::pseudonym;

/// A host with its address, as Exim writes both: `mx.example [192.0.2.1]:25`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Host<'a> {
    pub(super) name: &'a [u8],
    pub(super) ip: &'a [u8],
}

/// What a line says of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// `<=`, `(=`: the message arrived.
    Arrived,
    /// `=>`, `->`, `>>`, `==`, `**` with an address: what became of it.
    Recipient(Recipient<'a>),
    /// Recipients were dealt with without SMTP: on this machine, discarded, given up.
    Settled,
    /// `H=mx [ip]: text`: a transport process failed at a host.
    Failed(Host<'a>, &'a [u8]),
    /// `H=mx [ip] TLS error on connection (recv): text`: a symptom, never an outcome.
    Symptom(Host<'a>, &'a [u8]),
    /// `TLS session: text: delivering unencrypted to H=mx [ip] (not in hosts_require_tls)`.
    InClear(Host<'a>, &'a [u8]),
    /// `peer close after all rcpt responses; converting i/o-error to no-error` (4.96 and later).
    ClosedEarly,
    /// The message left the queue.
    Completed,
    /// A line about a delivery that could not be taken apart.
    Unreadable,
    /// Nothing about sending.
    Nothing,
}

/// Splits the message id off a text: `1xVgDE-000026-2z` to 4.96, `1xVgr9-00000000027-1tcF` since.
pub(super) fn message_id(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (id, rest) = pseudonym::split(text).or_else(|| own_id(text))?;
    if rest.is_empty() { Some((id, rest)) } else { Some((id, rest.strip_prefix(b" ")?)) }
}

fn own_id(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let middle = match text.get(13)? {
        b'-' => 6,
        _ if text.get(18) == Some(&b'-') => 11,
        _ => return None,
    };
    let end = if middle == 6 { 16 } else { 23 };
    let is_dash = |i: usize| i == 6 || i == 7 + middle;
    let (id, rest) = text.split_at_checked(end)?;
    let shaped = id.iter().enumerate().all(|(i, b)| if is_dash(i) { *b == b'-' } else { b.is_ascii_alphanumeric() });
    shaped.then_some((id, rest))
}

/// The Unix second inside a message id: its first six characters, in base 62; in base 36 on
/// systems whose file names have no case (`string_base62_64`, `BASE_62` in exim.h).
pub(super) fn second_of(id: &[u8]) -> Option<i64> {
    let digits = id.get(..6)?;
    let in_base = |base: i64| {
        let value = digits.iter().try_fold(0_i64, |n, b| {
            let digit = match b {
                b'0'..=b'9' => b - b'0',
                b'A'..=b'Z' => b - b'A' + 10,
                b'a'..=b'z' => b - b'a' + 36,
                _ => return None,
            };
            (i64::from(digit) < base).then(|| n * base + i64::from(digit))
        })?;
        // From 2000 to 2100; what is outside is no second.
        (946_684_800..4_102_444_800).contains(&value).then_some(value)
    };
    in_base(62).or_else(|| in_base(36))
}

/// What follows a message id.
pub(super) fn said(rest: &[u8]) -> Said<'_> {
    let (flag, after) = rest.split_at_checked(3).unwrap_or((rest, &[]));
    match flag {
        b"<= " | b"(= " => Said::Arrived,
        b"=> " | b"-> " | b">> " | b"== " | b"** " => recipient(flag, after),
        // `-N`: nothing was sent.
        b"*> " => Said::Settled,
        _ if rest.starts_with(b"H=") => of_host(rest),
        _ if rest.starts_with(b"Completed") => Said::Completed,
        _ if rest.starts_with(b"TLS session") => in_clear(rest).unwrap_or(Said::Nothing),
        _ if rest.starts_with(b"DANE attempt failed; TLS connection to ") => dane(rest).unwrap_or(Said::Nothing),
        _ if rest.starts_with(b"peer close after all rcpt responses") => Said::ClosedEarly,
        _ if ends_delivery(rest) => Said::Settled,
        _ => Said::Nothing,
    }
}

/// Statements after which a message may leave the queue without a delivery.
fn ends_delivery(rest: &[u8]) -> bool {
    const OPENINGS: &[&[u8]] = &[b"removed by ", b"cancelled by ", b"Message removed because ", b"Frozen"];
    OPENINGS.iter().any(|o| rest.starts_with(o)) || memmem::find(rest, b": error ignored").is_some()
}

/// `H=name [ip]:port`, and what follows. An arrival writes the name that the other side gave
/// in brackets before its address, `H=name (helo) [ip]`: that is no host of ours.
pub(super) fn host(text: &[u8]) -> Option<(Host<'_>, &[u8])> {
    let text = text.strip_prefix(b"H=")?;
    let name_end = memchr(b' ', text)?;
    let (name, rest) = (&text[..name_end], &text[name_end + 1..]);
    let rest = rest.strip_prefix(b"DS ").unwrap_or(rest).strip_prefix(b"[")?;
    let close = memchr(b']', rest)?;
    let (ip, mut rest) = (&rest[..close], &rest[close + 1..]);
    if let Some(port) = rest.strip_prefix(b":") {
        let digits = port.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > 0 {
            rest = &port[digits..];
        }
    }
    let name = name.strip_suffix(b".").unwrap_or(name);
    Some((Host { name, ip }, rest))
}

/// `H=mx [ip]: text` and `H=mx [ip] text` of a transport, told from the lines of arrivals.
fn of_host(rest: &[u8]) -> Said<'_> {
    let Some((host, after)) = host(rest) else { return Said::Nothing };
    if let Some(text) = after.strip_prefix(b": ") {
        return Said::Failed(host, text);
    }
    let Some(text) = after.strip_prefix(b" ") else { return Said::Nothing };
    if let Some(error) = text.strip_prefix(b"TLS error on connection ") {
        return Said::Symptom(host, error);
    }
    if is_of_arrival(text) { Said::Nothing } else { Said::Failed(host, text) }
}

/// `F=<…> rejected after DATA`, `X=TLS1.3:… P=esmtps`, `Warning: …`: a message came in.
fn is_of_arrival(text: &[u8]) -> bool {
    let word = &text[..memchr(b' ', text).unwrap_or(text.len())];
    let field = memchr(b'=', word).is_some_and(|at| at > 0 && word[..at].iter().all(u8::is_ascii_alphanumeric));
    let says = |words: &[u8]| memmem::find(text, words).is_some();
    field
        || word == b"Warning:"
        || says(b"rejected")
        || says(b"discarded")
        || says(b"sender verify")
        || says(b"connection from ")
}

/// The handshake failed, and the message goes to the same host in clear.
fn in_clear(rest: &[u8]) -> Option<Said<'_>> {
    let at = memmem::rfind(rest, b": delivering unencrypted to ")?;
    let (host, _) = host(&rest[at + 28..])?;
    Some(Said::InClear(host, &rest[..at]))
}

/// `DANE attempt failed; TLS connection to mx [ip]: text`: the failure itself follows.
fn dane(rest: &[u8]) -> Option<Said<'_>> {
    let at = memmem::find(rest, b" to ")? + 4;
    let named = &rest[at..];
    let open = memmem::find(named, b" [")?;
    let close = open + memchr(b']', &named[open..])?;
    let host = Host { name: &named[..open], ip: &named[open + 2..close] };
    Some(Said::Symptom(host, named.get(close + 3..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_old_and_new_and_their_second() {
        let rows: [(&[u8], i64); 3] = [
            (b"1xVgr9-00000000027-1tcF => x", 1_795_489_567),
            (b"1xVgDE-000026-2z Completed", 1_795_487_092),
            (b"TOZK9C-000026-2Z Completed", 1_795_489_104),
        ];
        for (text, second) in rows {
            let (id, _) = message_id(text).unwrap_or_default();
            assert_eq!(second_of(id), Some(second), "{}", String::from_utf8_lossy(text));
        }
        for text in
            ["Start queue run: pid=1234 -qf", "1xVgr9-00000000027", "1xVgDE-000026-2zz x", "1xVgDE 000026-2z x", ""]
        {
            assert_eq!(message_id(text.as_bytes()), None, "{text}");
        }
        assert_eq!(second_of(b"zzzzzz"), None);
    }

    #[test]
    fn lines_of_hosts_are_told_from_arrivals() {
        let mx = Host { name: b"mx.example", ip: b"10.77.0.42" };
        let rows = [
            ("H=mx.example [10.77.0.42] Connection refused", Said::Failed(mx, b"Connection refused")),
            (
                "H=mx.example DS [10.77.0.42]:25: SMTP timeout after STARTTLS: Connection timed out",
                Said::Failed(mx, b"SMTP timeout after STARTTLS: Connection timed out"),
            ),
            (
                "H=mx.example [10.77.0.42] TLS error on connection (recv): Function was interrupted.",
                Said::Symptom(mx, b"(recv): Function was interrupted."),
            ),
            (
                "TLS session: (gnutls_handshake): timed out: delivering unencrypted to H=mx.example [10.77.0.42] (not in hosts_require_tls)",
                Said::InClear(mx, b"TLS session: (gnutls_handshake): timed out"),
            ),
            (
                "DANE attempt failed; TLS connection to mx.example [10.77.0.42]: (certificate verification failed): certificate invalid",
                Said::Symptom(mx, b"(certificate verification failed): certificate invalid"),
            ),
            // Of Exim's test suite, logs 0346, 4020 and 5840: arrivals.
            ("H=(test) [10.0.0.4] U=root F=<a@b.example> rejected after DATA: there is no valid sender", Said::Nothing),
            ("H=mx.example [10.77.0.42] X=TLS1.2:X:256 F=<> temporarily rejected after DATA", Said::Nothing),
            ("H=mx.example [10.77.0.42] Warning: no", Said::Nothing),
            ("removed by root", Said::Settled),
            ("a@b.example: error ignored", Said::Settled),
            ("no immediate delivery: queued by ACL", Said::Nothing),
            ("Completed QT=0.199s", Said::Completed),
            ("                    ", Said::Nothing),
        ];
        for (text, expected) in rows {
            assert_eq!(said(text.as_bytes()), expected, "{text}");
        }
    }
}
