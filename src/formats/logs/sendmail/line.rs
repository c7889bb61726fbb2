//! One line of Sendmail: what it says of a session.

use memchr::{memchr, memmem, memrchr};

use crate::formats::logs::handshake::fault;
use crate::formats::logs::pseudonym::is_pseudonym;
use crate::smtp::{By, Outcome};
use crate::time::days_from_civil;

/// `sendmail`, `sm-mta`, `sm-mta-out`, `sm-que`.
pub(super) fn is_sendmail(program: &[u8]) -> bool {
    program.starts_with(b"sendmail") || program.starts_with(b"sm-")
}

/// `6AO2RW5K000153: rest`: eight characters and the process id, in six digits or more where the
/// system has such.
pub(super) fn queue_id(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (id, rest) = text.split_at(memchr(b':', text.get(..LONGEST_ID + 1).unwrap_or(text))?);
    let shaped = id.iter().all(u8::is_ascii_alphanumeric) && id.len() >= 14 && id[8..].iter().all(u8::is_ascii_digit);
    (shaped || is_pseudonym(id)).then(|| rest.strip_prefix(b": ").map(|rest| (id, rest)))?
}

/// Process ids have seven digits where `pid_max` is that of 64-bit systems.
const LONGEST_ID: usize = 15;

/// The second inside a queue id: year since 1900 modulo 60, month, day, hour, minute and
/// second in UTC, a character each (`queue.c`, `assign_queueid`).
pub(super) fn id_second(rest_of_line: &[u8]) -> Option<i64> {
    let at = memmem::find(rest_of_line, b"]: ")?;
    let (id, _) = queue_id(&rest_of_line[at + 3..])?;
    let digit = |i: usize| {
        Some(match *id.get(i)? {
            b @ b'0'..=b'9' => i64::from(b - b'0'),
            b @ b'A'..=b'Z' => i64::from(b - b'A') + 10,
            b @ b'a'..=b'x' => i64::from(b - b'a') + 36,
            _ => return None,
        })
    };
    let (year, month, day) = (digit(0)?, digit(1)?, digit(2)?);
    let (hour, minute, second) = (digit(3)?, digit(4)?, digit(5)?);
    // Sixty years are told apart; these are the ones in which logs of today were written.
    let year = if year < 50 { 2020 + year } else { 1960 + year };
    if !(1..=31).contains(&day) || month > 11 || hour > 23 {
        return None;
    }
    let days = days_from_civil(year, month as u32 + 1, day as u32);
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

/// What a line says of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// `STARTTLS=client, relay=H., version=…`
    Established(&'a [u8]),
    /// `STARTTLS=client, error: connect failed=…, reason=R, SSL_error=…, errno=E`
    Failed(Failed<'a>),
    /// `ruleset=tls_server, … relay=H, reject=454 4.7.0 TLS handshake failed.`
    Rejected(&'a [u8]),
    /// `QID: timeout waiting for input from H during client greeting`
    TimedOut(&'a [u8]),
    /// `QID: to=…, … stat=…`
    Delivery(Delivery<'a>),
    /// A delivery line that cannot be taken apart.
    Unreadable,
    Nothing,
}

/// How a handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed<'a> {
    /// What SSL_connect returned.
    pub(super) returned: &'a [u8],
    pub(super) reason: &'a [u8],
    pub(super) ssl_error: &'a [u8],
    pub(super) errno: &'a [u8],
}

impl Failed<'_> {
    pub(super) fn fault(self) -> (Outcome, By) {
        match (self.ssl_error, self.errno) {
            // SSL_ERROR_WANT_READ when time is up; SSL_ERROR_SYSCALL with ECONNRESET or EPIPE.
            (b"2", b"11") => (Outcome::Timeout, By::Unknown),
            (b"5", b"104" | b"54" | b"32") => (Outcome::RemoteClose, By::Receiver),
            // `connect failed=0`, of older versions: an end of the stream that violates the
            // protocol (SSL_get_error(3)).
            (b"5", b"" | b"0") if self.returned == b"0" => (Outcome::RemoteClose, By::Receiver),
            _ => fault(self.reason),
        }
    }
}

/// The fields of a delivery line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Delivery<'a> {
    pub(super) id: &'a [u8],
    pub(super) rcpt_domain: &'a [u8],
    pub(super) recipients: u32,
    pub(super) mailer: &'a [u8],
    pub(super) host: &'a [u8],
    pub(super) ip: &'a [u8],
    pub(super) dsn: &'a [u8],
    pub(super) reply: &'a [u8],
    pub(super) stat: &'a [u8],
    pub(super) xdelay: &'a [u8],
    pub(super) delay: &'a [u8],
}

pub(super) fn said(text: &[u8]) -> Said<'_> {
    if let Some(rest) = text.strip_prefix(b"STARTTLS=client, ") {
        if let Some(error) = rest.strip_prefix(b"error: connect failed") {
            let of = |key: &[u8]| field(error, key).unwrap_or_default();
            return Said::Failed(Failed {
                returned: field(error, b"=").unwrap_or_default(),
                reason: of(b", reason="),
                ssl_error: of(b", SSL_error="),
                errno: of(b", errno="),
            });
        }
        return field(rest, b"relay=").map_or(Said::Nothing, |host| Said::Established(without_dot(host)));
    }
    if text.starts_with(b"ruleset=tls_server") {
        return field(text, b", relay=").map_or(Said::Nothing, |host| Said::Rejected(without_dot(host)));
    }
    let Some((id, rest)) = queue_id(text) else { return Said::Nothing };
    if rest.starts_with(b"to=") {
        return delivery(id, rest).map_or(Said::Unreadable, Said::Delivery);
    }
    match memmem::find(rest, b" during client ") {
        Some(at) if rest.starts_with(b"timeout waiting for input from ") => Said::TimedOut(&rest[at + 15..]),
        _ => Said::Nothing,
    }
}

/// `to=<a>,<b>, ctladdr=<c> (1000/1000), delay=…, xdelay=…, mailer=…, pri=…, relay=H. [IP], dsn=…, reply=…, stat=…`.
/// Addresses and replies hold anything, so each key is looked for after the one before it.
fn delivery<'a>(id: &'a [u8], text: &'a [u8]) -> Option<Delivery<'a>> {
    let delay = memmem::find(text, b", delay=")?;
    let (addresses, fields) = (&text[3..delay], &text[delay..]);
    // Who is told of a failure, where a user of this machine sent the message.
    let addresses = memmem::rfind(addresses, b", ctladdr=").map_or(addresses, |at| &addresses[..at]);
    let stat = memmem::rfind(fields, b", stat=").map(|at| &fields[at + 7..])?;
    let reply_at = memmem::find(fields, b", reply=");
    let reply_end = memmem::rfind(fields, b", stat=")?;
    let before_reply = &fields[..reply_at.unwrap_or(reply_end).min(reply_end)];
    let relay = field(before_reply, b", relay=").unwrap_or_default();
    // A host that is named by its address stands there twice: `[192.0.2.1] [192.0.2.1]`.
    let (host, ip) = match memrchr(b'[', relay) {
        Some(0) => (relay, address_of(relay)),
        Some(at) => (relay[..at].trim_ascii_end(), address_of(&relay[at..])),
        None => (relay, &relay[..0]),
    };
    let last = memrchr(b'@', addresses).map_or(&[][..], |at| &addresses[at + 1..]);
    Some(Delivery {
        id,
        rcpt_domain: last.split(|b| matches!(b, b'>' | b',')).next().unwrap_or_default(),
        recipients: recipients(addresses),
        mailer: field(before_reply, b", mailer=").unwrap_or_default(),
        host: without_dot(host),
        ip,
        dsn: field(before_reply, b", dsn=").unwrap_or_default(),
        reply: reply_at.and_then(|at| fields.get(at + 8..reply_end)).unwrap_or_default(),
        stat,
        xdelay: field(before_reply, b", xdelay=").unwrap_or_default(),
        delay: field(before_reply, b", delay=").unwrap_or_default(),
    })
}

/// `<a@x>,<b@y>`, or `a@x,b@y` as a user gave them on the command line.
fn recipients(addresses: &[u8]) -> u32 {
    let between: &[u8] = if addresses.starts_with(b"<") { b">,<" } else { b"," };
    1 + u32::try_from(memmem::find_iter(addresses, between).count()).unwrap_or_default()
}

/// What stands between a key and the next comma.
fn field<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let rest = &text[memmem::find(text, key)? + key.len()..];
    Some(&rest[..memchr(b',', rest).unwrap_or(rest.len())])
}

/// `[192.0.2.1]`, `[IPv6:2001:db8::1]`: the address between the brackets.
fn address_of(literal: &[u8]) -> &[u8] {
    let ip = literal.strip_prefix(b"[").unwrap_or(literal);
    let ip = ip.strip_suffix(b"]").unwrap_or(ip);
    ip.strip_prefix(b"IPv6:").unwrap_or(ip)
}

/// Name and address of a host as `relay=` names it: an address in brackets is no name.
pub(super) fn name_and_address(host: &[u8]) -> (&[u8], &[u8]) {
    if host.starts_with(b"[") { (&host[..0], address_of(host)) } else { (host, &host[..0]) }
}

fn without_dot(host: &[u8]) -> &[u8] {
    host.strip_suffix(b".").unwrap_or(host)
}
