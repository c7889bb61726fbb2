//! One Postfix line: which daemon wrote it, and what kind of statement it is.

use memchr::{memchr, memmem, memrchr};

use crate::formats::logs::envelope::Process;

/// Whether a process is one of Postfix's daemons.
pub(super) fn is_postfix(process: Process<'_>) -> bool {
    const PROGRAMS: &[&[u8]] = &[
        b"smtp",
        b"lmtp",
        b"qmgr",
        b"cleanup",
        b"smtpd",
        b"bounce",
        b"error",
        b"tlsproxy",
        b"local",
        b"pickup",
        b"master",
        b"anvil",
        b"scache",
        b"discard",
        b"trivial-rewrite",
        b"postfix-script",
        b"virtual",
        b"pipe",
        b"verify",
    ];
    !process.tag.is_empty() && PROGRAMS.contains(&process.program)
}

/// A host with its address, as Postfix writes both: `H[IP]` or `H[IP]:25`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Host<'a> {
    pub(super) name: &'a [u8],
    pub(super) ip: &'a [u8],
}

/// A statement of the SMTP client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statement<'a> {
    /// `QID: to=<…>, relay=…, … status=… (reason)`: the end of a delivery attempt for one recipient.
    Delivery(Delivery<'a>),
    /// `QID: reason`: a try at one MX failed, and the next one follows.
    Failure { queue_id: &'a [u8], reason: &'a [u8] },
    /// `Trusted TLS connection established to H[IP]:25: …`
    Established(Host<'a>),
    /// `SSL_connect error to H[IP]:25: detail`
    SslError(Host<'a>, &'a [u8]),
    /// `warning: TLS library problem: error:…:reason:…`
    Library(&'a [u8]),
    /// `connect to H[IP]:25: error`
    Connect(Host<'a>, &'a [u8]),
    /// Something the analysis does not need.
    Other,
}

/// The fields of a delivery line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Delivery<'a> {
    pub(super) queue_id: &'a [u8],
    pub(super) rcpt_domain: &'a [u8],
    pub(super) relay: Host<'a>,
    /// `relay=none`: no session.
    pub(super) no_relay: bool,
    pub(super) conn_use: bool,
    /// `delays=A/B/C/D`
    pub(super) delays: &'a [u8],
    /// `tls=` of 3.11 and later.
    pub(super) tls: &'a [u8],
    pub(super) status: &'a [u8],
    pub(super) reason: &'a [u8],
}

/// What the SMTP client says in a line's text.
pub(super) fn statement(text: &[u8]) -> Statement<'_> {
    if let Some((queue_id, rest)) = split_queue_id(text) {
        if rest.starts_with(b"to=<") {
            return delivery(queue_id, rest).map_or(Statement::Other, Statement::Delivery);
        }
        return if is_failure(rest) { Statement::Failure { queue_id, reason: rest } } else { Statement::Other };
    }
    if let Some(rest) = text.strip_prefix(b"SSL_connect error to ") {
        return match host_and_rest(rest) {
            Some((host, detail)) => Statement::SslError(host, detail),
            None => Statement::Other,
        };
    }
    if let Some(rest) = text.strip_prefix(b"warning: TLS library problem: ") {
        return Statement::Library(library_reason(rest));
    }
    if let Some(rest) = text.strip_prefix(b"connect to ") {
        return match host_and_rest(rest) {
            Some((host, error)) => Statement::Connect(host, error),
            None => Statement::Other,
        };
    }
    established(text).map_or(Statement::Other, Statement::Established)
}

/// `Trusted TLS connection established to H[IP]:25: TLSv1.3 with cipher …`
fn established(text: &[u8]) -> Option<Host<'_>> {
    let word_end = memchr(b' ', text.get(..12)?)?;
    if !matches!(&text[..word_end], b"Trusted" | b"Untrusted" | b"Verified" | b"Anonymous") {
        return None;
    }
    let rest = text[word_end..].strip_prefix(b" TLS connection ")?;
    let rest = rest.strip_prefix(b"established to ").or_else(|| rest.strip_prefix(b"reused to "))?;
    host_and_rest(rest).map(|(host, _)| host)
}

/// The queue id before `: `, short (upper-case hex) or long (base 52 with a `z`).
fn split_queue_id(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr(b':', text.get(..24).unwrap_or(text))?;
    let id = &text[..colon];
    let long = id.len() >= 12 && id.iter().all(u8::is_ascii_alphanumeric) && id.contains(&b'z');
    let short = id.len() >= 5 && id.iter().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(b));
    (long || short).then_some(())?;
    text[colon..].strip_prefix(b": ").map(|rest| (id, rest))
}

fn is_failure(reason: &[u8]) -> bool {
    const OPENINGS: &[&[u8]] = &[
        b"host ",
        b"lost connection with ",
        b"conversation with ",
        b"Cannot start TLS",
        b"TLS is required",
        b"Server certificate not ",
        b"Protocol error",
        b"connect to ",
    ];
    OPENINGS.iter().any(|o| reason.starts_with(o))
}

/// Template: `to=<ADDR>[, orig_to=<ADDR>], relay=R[, conn_use=N], delay=D, delays=A/B/C/E[, tls=T], dsn=X.Y.Z, status=S (TEXT)`.
/// Addresses may hold commas and brackets; so each key is looked for after the one before it.
fn delivery<'a>(queue_id: &'a [u8], text: &'a [u8]) -> Option<Delivery<'a>> {
    let relay_at = memmem::find(text, b">, relay=").map(|at| at + 1)?;
    let address_end = memmem::find(&text[..relay_at], b">, orig_to=<").unwrap_or(relay_at - 1);
    let address = &text[4..address_end];
    let fields = &text[relay_at + 2..];
    let status_at = memmem::find(fields, b", status=")?;
    let (mut found, reason_part) = (Delivery { queue_id, ..Delivery::default() }, &fields[status_at + 9..]);
    for field in fields[..status_at].split(|b| *b == b',') {
        let field = field.trim_ascii_start();
        if let Some(relay) = field.strip_prefix(b"relay=") {
            found.no_relay = relay == b"none";
            found.relay = host_of(relay).unwrap_or_default();
        } else if let Some(delays) = field.strip_prefix(b"delays=") {
            found.delays = delays;
        } else if let Some(tls) = field.strip_prefix(b"tls=") {
            found.tls = tls;
        } else if field.starts_with(b"conn_use=") {
            found.conn_use = true;
        }
    }
    found.rcpt_domain = memrchr(b'@', address).map_or(&[], |at| &address[at + 1..]);
    let word_end = memchr(b' ', reason_part).unwrap_or(reason_part.len());
    found.status = &reason_part[..word_end];
    let reason = reason_part[word_end..].trim_ascii_start();
    let reason = reason.strip_prefix(b"(").unwrap_or(reason);
    // A line that Postfix cut at 2000 bytes has lost its closing parenthesis.
    found.reason = reason.strip_suffix(b")").unwrap_or(reason);
    Some(found)
}

/// `H[IP]` or `H[IP]:25` at the start of a text, and what follows `: ` or a blank.
pub(super) fn host_and_rest(text: &[u8]) -> Option<(Host<'_>, &[u8])> {
    let close = memchr(b']', text)?;
    let host = host_of(&text[..=close])?;
    let mut rest = &text[close + 1..];
    if let Some(port) = rest.strip_prefix(b":") {
        let digits = port.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > 0 {
            rest = &port[digits..];
        }
    }
    Some((host, rest.strip_prefix(b": ").or_else(|| rest.strip_prefix(b" ")).unwrap_or(rest)))
}

fn host_of(text: &[u8]) -> Option<Host<'_>> {
    let open = memchr(b'[', text)?;
    let close = open + memchr(b']', &text[open..])?;
    (open > 0).then(|| Host { name: &text[..open], ip: &text[open + 1..close] })
}

/// The reason field of an OpenSSL error: `[PID:]error:HEX:LIB:FUNC:REASON:FILE:LINE:…`.
/// Codes changed with OpenSSL 3 and texts did not, so the text is taken.
fn library_reason(text: &[u8]) -> &[u8] {
    let Some(at) = memmem::find(text, b"error:") else { return text };
    text[at..].split(|b| *b == b':').nth(4).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daemons() {
        assert!(is_postfix(Process::of(b"postfix-ip1/smtp[3870]")));
        assert!(is_postfix(Process::of(b"postfix/relay/smtp[1]")));
        assert!(!is_postfix(Process::of(b"rsyslogd")));
        assert!(!is_postfix(Process::of(b"smtp[1]")));
    }

    #[test]
    fn a_delivery_line_with_every_optional_field() {
        // Shape: log_adhoc.c of 3.12; addresses with the characters that break naive splits.
        let text = br#"4jYS5h5cLNz1WvDt: to=<"a, relay=b>, c"@shop.example>, orig_to=<x@y.example>, relay=alt1.aspmx.l.google.com[142.250.153.26]:25, conn_use=2, delay=62, delays=62/0.13/0.02/0.05, tls=may?, dsn=2.0.0, status=sent (250 2.0.0 OK (really))"#;
        let Statement::Delivery(d) = statement(text) else { panic!("not a delivery") };
        assert_eq!(d.queue_id, b"4jYS5h5cLNz1WvDt");
        assert_eq!(d.rcpt_domain, b"shop.example");
        assert_eq!(d.relay, Host { name: b"alt1.aspmx.l.google.com", ip: b"142.250.153.26" });
        assert!(d.conn_use);
        assert_eq!((d.delays, d.tls, d.status), (&b"62/0.13/0.02/0.05"[..], &b"may?"[..], &b"sent"[..]));
        assert_eq!(d.reason, b"250 2.0.0 OK (really)");
    }

    #[test]
    fn the_other_statements() {
        let host = Host { name: b"mx.example", ip: b"2001:db8::1" };
        assert_eq!(statement(b"SSL_connect error to mx.example[2001:db8::1]:25: -1"), Statement::SslError(host, b"-1"));
        assert_eq!(
            statement(b"warning: TLS library problem: 3682:error:140740BF:SSL routines:SSL23_CLIENT_HELLO:no protocols available:s23_clnt.c:381:"),
            Statement::Library(b"no protocols available")
        );
        assert_eq!(
            statement(b"warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:../ssl/record/ssl3_record.c:350:"),
            Statement::Library(b"wrong version number")
        );
        assert_eq!(
            statement(b"Untrusted TLS connection established to mx.example[2001:db8::1]:25: TLSv1.3 with cipher X"),
            Statement::Established(host)
        );
        assert_eq!(
            statement(b"connect to mx.example[2001:db8::1]:25: Connection timed out"),
            Statement::Connect(host, b"Connection timed out")
        );
        assert_eq!(
            statement(b"464321D47: Cannot start TLS: handshake failure"),
            Statement::Failure { queue_id: b"464321D47", reason: b"Cannot start TLS: handshake failure" }
        );
        assert_eq!(statement(b"464321D47: enabling PIX workarounds: disable_esmtp"), Statement::Other);
    }
}
