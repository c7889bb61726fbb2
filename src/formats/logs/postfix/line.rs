//! One Postfix line: which daemon wrote it, and what kind of statement it is.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use memchr::{memchr, memmem, memrchr};

use super::queue_id;
use crate::formats::logs::envelope::Process;
use crate::formats::logs::handshake::openssl_reason;
use crate::formats::logs::near;

/// Who wrote a line, as far as its reading depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Daemon {
    /// `smtp` and `lmtp`: one program.
    Client,
    /// `error`, also under the name `retry`: refuses without a session.
    Error,
    /// `qmgr`
    QueueManager,
    /// `tlsproxy`: holds the TLS side of connections that are used again.
    TlsProxy,
    /// The envelope cut the name: RFC 5424 by rsyslog ends it at the slash, systemd shows
    /// the unit, forwarding cuts it at 32 characters. What the line says must tell.
    Cut,
    /// Another daemon, or another program.
    Other,
}

/// Which daemon a process is, by its name: what follows the last slash.
pub(super) fn daemon(process: Process<'_>) -> Daemon {
    match process.program {
        _ if process.tag.is_empty() => {
            let is_cut = process.program.starts_with(b"postfix") || memchr(b' ', process.whole).is_some();
            if is_cut { Daemon::Cut } else { Daemon::Other }
        }
        b"smtp" | b"lmtp" => Daemon::Client,
        b"error" | b"retry" => Daemon::Error,
        b"qmgr" | b"oqmgr" => Daemon::QueueManager,
        b"tlsproxy" => Daemon::TlsProxy,
        _ if is_cut(process) => Daemon::Cut,
        _ => Daemon::Other,
    }
}

/// Whether a process is surely one of Postfix's.
pub(super) fn is_postfix(process: Process<'_>) -> bool {
    const OTHERS: &[&[u8]] = &[
        b"cleanup",
        b"smtpd",
        b"bounce",
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
    match daemon(process) {
        Daemon::Cut => false,
        Daemon::Other => !process.tag.is_empty() && OTHERS.contains(&process.program),
        _ => true,
    }
}

/// Whether a name lacks its end, and with it the process id that tells sessions apart.
pub(super) fn is_cut(process: Process<'_>) -> bool {
    process.pid.is_empty()
        || process.whole.len() >= CUT_AT && process.whole.contains(&b'[') && !process.whole.ends_with(b"]")
}

/// Forwarded tags are cut at 32 characters, their colon among them (rsyslog `tools/smfwd.c`).
const CUT_AT: usize = 31;

/// The sending IP in a lane's name: `postfix-239.58.50.50`; empty where there is none.
pub(super) fn ip_in_lane(lane: &[u8]) -> &[u8] {
    let last = lane.rsplit(|b| matches!(b, b'-' | b'/' | b'_')).next().unwrap_or_default();
    // `1.1.1.1` is the shortest that is worth a look.
    let is_ip = |text: &[u8]| std::str::from_utf8(text).is_ok_and(|t| t.parse::<std::net::IpAddr>().is_ok());
    if last.len() >= 7 && is_ip(last) { last } else { &[] }
}

/// The sending lane in a name that was cut: `postfix-out11` as it stands, of a systemd unit
/// its instance (`postfix@-.service` is the default one).
pub(super) fn lane_of_cut(process: Process<'_>) -> &[u8] {
    if !process.tag.is_empty() {
        return process.tag;
    }
    let Some(unit) = process.program.strip_suffix(b".service") else { return process.program };
    match memchr(b'@', unit) {
        Some(at) if unit[at + 1..] == *b"-" => &unit[..at],
        Some(at) => &unit[at + 1..],
        None => unit,
    }
}

/// Whether a line is surely Postfix's though its name was cut: it has the shape of a
/// delivery, or of a message that enters the active queue.
pub(super) fn has_postfix_shape(text: &[u8]) -> bool {
    let Some((_, rest)) = queue_id::split(text) else { return false };
    matches!(statement(text), Statement::Delivery(d) if !d.delays.is_empty())
        || rest.starts_with(b"from=<") && rest.ends_with(b" (queue active)")
}

/// A host with its address, as Postfix writes both: `H[IP]` or `H[IP]:25`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Host<'a> {
    pub(super) name: &'a [u8],
    pub(super) ip: &'a [u8],
}

/// A statement of the SMTP client, or of tlsproxy on its behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statement<'a> {
    /// `QID: to=<…>, relay=…, … status=… (reason)`: the end of a delivery attempt for one recipient.
    Delivery(Delivery<'a>),
    /// `QID: reason`: a try at one MX failed, and the next one follows.
    Failure { queue_id: &'a [u8], reason: &'a [u8] },
    /// `Trusted TLS connection established to H[IP]:25: …`, or `reused`.
    Established(Host<'a>),
    /// `SSL_connect error to H[IP]:25: detail`
    SslError(Host<'a>, &'a [u8]),
    /// `warning: TLS library problem: error:…:reason:…`
    Library(&'a [u8]),
    /// `server certificate verification failed for H[IP]:25: detail`
    Unverified(Host<'a>, &'a [u8]),
    /// A fault of our own TLS, of which a failed handshake follows.
    OwnTlsFault(&'a [u8]),
    /// `connect to H[IP]:25: error`
    Connect(Host<'a>, &'a [u8]),
    /// `TLS handshake failed for service=smtp peer=[IP]:25`, by tlsproxy.
    ProxyFailed(&'a [u8]),
    /// `warning: ciphertext read/write timeout for [IP]:25`, by tlsproxy.
    ProxyTimeout,
    /// `QID: …` that is known to say nothing of an attempt.
    Remark,
    /// Something the analysis does not need.
    Other,
}

/// The fields of a delivery line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Delivery<'a> {
    pub(super) queue_id: &'a [u8],
    pub(super) rcpt_domain: &'a [u8],
    pub(super) relay: Relay<'a>,
    /// `conn_use=N`: not the first message of its connection.
    pub(super) conn_use: bool,
    /// `delays=A/B/C/D`
    pub(super) delays: &'a [u8],
    /// `tls=` of 3.11 and later.
    pub(super) tls: &'a [u8],
    pub(super) status: &'a [u8],
    pub(super) reason: &'a [u8],
}

/// Where a message went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Relay<'a> {
    /// `none`: no session.
    #[default]
    None,
    /// `H[IP]:25`
    Host(Host<'a>),
    /// `local`, a service, or a socket of this machine: not the internet.
    Elsewhere,
}

/// What the SMTP client says in a line's text.
pub(super) fn statement(text: &[u8]) -> Statement<'_> {
    if let Some((queue_id, rest)) = queue_id::split(text) {
        if rest.starts_with(b"to=") {
            return delivery(queue_id, rest).map_or(Statement::Other, Statement::Delivery);
        }
        return if is_failure(rest) {
            Statement::Failure { queue_id, reason: rest }
        } else if is_remark(rest) {
            Statement::Remark
        } else {
            Statement::Other
        };
    }
    about_session(text)
}

fn about_session(text: &[u8]) -> Statement<'_> {
    let known = match text.first() {
        Some(b'S') => text.strip_prefix(b"SSL_connect error to ").and_then(|rest| {
            let (host, detail) = host_and_rest(rest)?;
            Some(Statement::SslError(host, detail))
        }),
        Some(b'w') => text.strip_prefix(b"warning: ").and_then(warning),
        Some(b'c') => text.strip_prefix(b"connect to ").and_then(|rest| {
            let (host, error) = host_and_rest(rest).filter(|(host, _)| !is_socket(host.ip))?;
            Some(Statement::Connect(host, error))
        }),
        Some(b's') => text.strip_prefix(b"server certificate verification failed for ").and_then(|rest| {
            let (host, detail) = host_and_rest(rest)?;
            Some(Statement::Unverified(host, detail))
        }),
        _ => established(text).map(Statement::Established).or_else(|| proxy_failed(text)),
    };
    known.unwrap_or(Statement::Other)
}

fn warning(text: &[u8]) -> Option<Statement<'_>> {
    if let Some(rest) = text.strip_prefix(b"TLS library problem: ") {
        return Some(Statement::Library(openssl_reason(rest)));
    }
    if text.starts_with(b"ciphertext read/write timeout for [") {
        return Some(Statement::ProxyTimeout);
    }
    // `src/tls/tls_proxy_clnt.c`, `src/tls/tls_client.c`.
    let own = memmem::find(text, b"/tlsproxy service").is_some() || text.ends_with(b": aborting TLS session");
    own.then_some(Statement::OwnTlsFault(text))
}

/// `Trusted TLS connection established to H[IP]:25: TLSv1.3 with cipher …`
fn established(text: &[u8]) -> Option<Host<'_>> {
    let word_end = near::find(b' ', text.get(..12)?)?;
    if !matches!(&text[..word_end], b"Trusted" | b"Untrusted" | b"Verified" | b"Anonymous") {
        return None;
    }
    let rest = text[word_end..].strip_prefix(b" TLS connection ")?;
    let rest = rest.strip_prefix(b"established to ").or_else(|| rest.strip_prefix(b"reused to "))?;
    host_and_rest(rest).map(|(host, _)| host)
}

/// `TLS handshake failed for service=smtp peer=[IP]:25`; the service of inbound mail is no
/// attempt of ours.
fn proxy_failed(text: &[u8]) -> Option<Statement<'_>> {
    let rest = text.strip_prefix(b"TLS handshake failed for service=")?;
    let (service, peer) = rest.split_at(memmem::find(rest, b" peer=[")?);
    let ip = &peer[7..];
    let end = memchr(b']', ip)?;
    (service != b"smtpd").then_some(Statement::ProxyFailed(&ip[..end]))
}

/// Texts after a queue id that report a try at one host (`smtp_trouble.c`).
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
        b"SASL ",
        b"client TLS configuration problem",
        b"unexpected server message",
        b"local data error while talking to ",
        b"Sender requested REQUIRETLS, but host ",
        b"Sender requested REQUIRETLS, but TLS ",
        b"Sender requested REQUIRETLS, but no ",
        b"message size ",
        b"message requires SMTPUTF8",
        b"SMTPUTF8 is required",
    ];
    opens_with_one(reason, OPENINGS)
}

/// Texts after a queue id that report none (`smtp_proto.c`, `smtp_chat.c`, `smtp_connect.c`,
/// actions of `smtp_header_checks`).
fn is_remark(text: &[u8]) -> bool {
    const OPENINGS: &[&[u8]] = &[
        b"enabling PIX workarounds: ",
        b"replacing server reply ",
        b"Sender requested REQUIRETLS, but ",
        b"breaking line > ",
        b"replace: ",
        b"prepend: ",
        b"strip: ",
        b"ignore: ",
        b"info: ",
        b"warning: ",
        b"passing <",
    ];
    opens_with_one(text, OPENINGS)
}

/// The first byte rules most of them out, without a call.
fn opens_with_one(text: &[u8], openings: &[&[u8]]) -> bool {
    openings.iter().any(|opening| opening.first() == text.first() && text.starts_with(opening))
}

/// Built once: building takes longer than looking.
static RELAY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(", relay="));

/// Template: `to=<ADDR>[, orig_to=<ADDR>], relay=R[, conn_use=N], delay=D, delays=A/B/C/E[, tls=T], dsn=X.Y.Z, status=S (TEXT)`.
/// Addresses and texts may hold each other's keys, so a relay is taken for one only where
/// the fields that follow it do; logs scrubbed for publication lack the angle brackets.
fn delivery<'a>(queue_id: &'a [u8], text: &'a [u8]) -> Option<Delivery<'a>> {
    let of = |at: usize| {
        let found = fields(&text[at + 2..])?;
        Some(Delivery { queue_id, rcpt_domain: domain_of(&text[3..at]), ..found })
    };
    // Most often it follows the first comma.
    let first = near::find(b',', text).filter(|at| text[*at..].starts_with(b", relay="));
    first.and_then(of).or_else(|| RELAY.find_iter(text).find_map(of))
}

fn fields(text: &[u8]) -> Option<Delivery<'_>> {
    let mut found = Delivery::default();
    let (relay, mut rest) = next_field(text)?;
    found.relay = relay_of(relay.strip_prefix(b"relay=")?);
    let status = loop {
        if let Some(status) = rest.strip_prefix(b" status=") {
            break status;
        }
        let field;
        (field, rest) = next_field(rest)?;
        if field.starts_with(b"delay=") || field.starts_with(b"dsn=") {
            // On every line, and not asked for.
        } else if let Some(delays) = field.strip_prefix(b"delays=") {
            found.delays = delays;
        } else if let Some(tls) = field.strip_prefix(b"tls=") {
            found.tls = tls;
        } else if field.starts_with(b"conn_use=") {
            found.conn_use = true;
        } else if !is_field(field) {
            return None;
        }
    };
    let word_end = near::find(b' ', status).unwrap_or(status.len());
    found.status = &status[..word_end];
    let reason = status[word_end..].trim_ascii();
    let reason = reason.strip_prefix(b"(").unwrap_or(reason);
    // A line that Postfix cut at 2000 bytes has lost its closing parenthesis.
    found.reason = reason.strip_suffix(b")").unwrap_or(reason);
    Some(found)
}

/// What stands before the next comma, and what follows it.
fn next_field(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let comma = near::find(b',', text)?;
    Some((text[..comma].trim_ascii_start(), &text[comma + 1..]))
}

/// Whether a text is a field, of this version or a later one, and not part of an address.
fn is_field(text: &[u8]) -> bool {
    let Some(key) = near::find(b'=', text).map(|at| &text[..at]) else { return false };
    let is_name = !key.is_empty() && key.iter().all(|b| b.is_ascii_lowercase() || *b == b'_');
    is_name && !matches!(key, b"relay" | b"to" | b"orig_to")
}

/// The domain of `<ADDR>` or `<ADDR>, orig_to=<ADDR>`; empty where there is none.
fn domain_of(addresses: &[u8]) -> &[u8] {
    let original = near::find(b',', addresses).and_then(|_| memmem::find(addresses, b">, orig_to=<"));
    let first = original.map_or(addresses, |at| &addresses[..at]);
    let address = first.strip_suffix(b">").unwrap_or(first);
    memrchr(b'@', address).map_or(&[], |at| &address[at + 1..])
}

fn relay_of(relay: &[u8]) -> Relay<'_> {
    match host_of(relay) {
        Some(host) if is_socket(host.ip) => Relay::Elsewhere,
        Some(host) => Relay::Host(host),
        None if relay == b"none" => Relay::None,
        None => Relay::Elsewhere,
    }
}

/// Whether what stands for an address is the path of a socket: `private/dovecot-lmtp`.
pub(super) fn is_socket(ip: &[u8]) -> bool {
    near::find(b'/', ip).is_some()
}

/// `H[IP]` or `H[IP]:25` at the start of a text, and what follows `: ` or a blank.
pub(super) fn host_and_rest(text: &[u8]) -> Option<(Host<'_>, &[u8])> {
    // A bracket that closes before one opens is of something else.
    let close = near::find(b']', text)?;
    let open = near::find(b'[', &text[..close])?;
    let host = Host { name: text[..open].trim_ascii(), ip: &text[open + 1..close] };
    let mut rest = &text[close + 1..];
    if let Some(port) = rest.strip_prefix(b":") {
        let digits = port.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits > 0 {
            rest = &port[digits..];
        }
    }
    Some((host, rest.strip_prefix(b": ").or_else(|| rest.strip_prefix(b" ")).unwrap_or(rest)))
}

/// The name may be missing in logs scrubbed for publication.
fn host_of(text: &[u8]) -> Option<Host<'_>> {
    let open = near::find(b'[', text)?;
    let close = open + near::find(b']', &text[open..])?;
    Some(Host { name: text[..open].trim_ascii(), ip: &text[open + 1..close] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daemons() {
        let of = |name: &str| daemon(Process::of(name.as_bytes()));
        // oss traps 2 and 3: the daemon is what follows the last slash, whatever stands before.
        assert_eq!(of("postfix/smtp[1]"), Daemon::Client);
        assert_eq!(of("postfix-out11/smtp[1]"), Daemon::Client);
        assert_eq!(of("postfix/relay/smtp[1]"), Daemon::Client);
        assert_eq!(of("postfix/smtps/smtpd[1]"), Daemon::Other);
        assert_eq!(of("postfix/submission/smtpd[1]"), Daemon::Other);
        assert_eq!(of("postfix/error[1]"), Daemon::Error);
        assert_eq!(of("rsyslogd"), Daemon::Other);
        assert_eq!(of("smtp[1]"), Daemon::Other);
        // oss traps 4, 5 and 39: names that an envelope cut.
        assert_eq!(of("postfix[137]"), Daemon::Cut);
        assert_eq!(of("postfix@-.service[228]"), Daemon::Cut);
        assert_eq!(of("postfix-2001-db8-77-10-20-30/smt"), Daemon::Cut);
        assert_eq!(of("postfix-239.58.50.50/smtp[12345]"), Daemon::Client);
        assert!(!is_cut(Process::of(b"postfix-239.58.50.50/smtp[12345]")));
        assert!(is_cut(Process::of(b"postfix-239.58.50.50/smtp[123456")));
        assert!(is_postfix(Process::of(b"postfix/anvil[1]")) && !is_postfix(Process::of(b"mail/imap[1]")));
    }

    #[test]
    fn lanes_of_cut_names() {
        let of = |name: &str| String::from_utf8_lossy(lane_of_cut(Process::of(name.as_bytes()))).into_owned();
        assert_eq!(of("postfix-out11"), "postfix-out11");
        assert_eq!(of("postfix@-.service[228]"), "postfix");
        assert_eq!(of("postfix@postfix-out11.service[228]"), "postfix-out11");
        assert_eq!(of("postfix-2001-db8-77-10-20-30/smt"), "postfix-2001-db8-77-10-20-30");
    }

    #[test]
    fn the_sending_ip_in_a_lanes_name() {
        let of = |lane: &str| String::from_utf8_lossy(ip_in_lane(lane.as_bytes())).into_owned();
        assert_eq!(of("postfix-239.58.50.50"), "239.58.50.50");
        assert_eq!(of("out/192.0.2.7"), "192.0.2.7");
        assert_eq!(of("mta_2001:db8::7"), "2001:db8::7");
        assert_eq!([of("postfix"), of("postfix-out11"), of("postfix-1.2.3"), of("")], [""; 4]);
    }

    fn taken(text: &str) -> Delivery<'_> {
        match statement(text.as_bytes()) {
            Statement::Delivery(d) => d,
            other => panic!("not a delivery: {other:?}"),
        }
    }

    const GMAIL: Host<'static> = Host { name: b"alt1.aspmx.l.google.com", ip: b"142.250.153.26" };

    #[test]
    fn a_delivery_line_with_every_optional_field() {
        // oss traps 1 and 47. Shape: log_adhoc.c of 3.12; an address with what breaks naive splits.
        let d = taken(
            r#"4jYS5h5cLNz1WvDt: to=<"a, relay=b>, relay=none, c"@shop.example>, orig_to=<x@y.example>, relay=alt1.aspmx.l.google.com[142.250.153.26]:25, conn_use=2, delay=62, delays=62/0.13/0.02/0.05, tls=may?, dsn=2.0.0, status=sent (250 2.0.0 OK (really), relay=none, status=bounced)"#,
        );
        assert_eq!(d.queue_id, b"4jYS5h5cLNz1WvDt");
        assert_eq!(d.rcpt_domain, b"shop.example");
        assert_eq!(d.relay, Relay::Host(GMAIL));
        assert!(d.conn_use);
        assert_eq!((d.delays, d.tls, d.status), (&b"62/0.13/0.02/0.05"[..], &b"may?"[..], &b"sent"[..]));
        assert_eq!(d.reason, b"250 2.0.0 OK (really), relay=none, status=bounced");
    }

    #[test]
    fn addresses() {
        // oss trap 47: quotes and scrubbing; extensions, SMTPUTF8, address literals.
        let domain = |to: &str| {
            let line =
                format!("8B1DC9F6A5D: to={to}, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (x)");
            String::from_utf8_lossy(taken(&line).rcpt_domain).into_owned()
        };
        assert_eq!(domain("<user+tag@gmail.com>"), "gmail.com");
        assert_eq!(domain("<\"a b, c\"@gmail.com>"), "gmail.com");
        assert_eq!(domain("<\"a@b>\"@gmail.com>"), "gmail.com");
        assert_eq!(domain("<пользователь@пример.рф>"), "пример.рф");
        assert_eq!(domain("<user@[192.0.2.1]>"), "[192.0.2.1]");
        assert_eq!(domain("<>"), "");
        assert_eq!(domain("<user>"), "");
        assert_eq!(domain(""), "");
        assert_eq!(domain("<a@b.example>, orig_to=<c@d.example>"), "b.example");
    }

    #[test]
    fn relays() {
        let relay = |relay: &'static str| {
            let line =
                format!("8B1DC9F6A5D: to=<a@b>, relay={relay}, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (ok)");
            match taken(&line).relay {
                Relay::Host(host) => {
                    format!("{}|{}", String::from_utf8_lossy(host.name), String::from_utf8_lossy(host.ip))
                }
                other => format!("{other:?}"),
            }
        };
        assert_eq!(relay("mx.example[10.77.0.1]:25"), "mx.example|10.77.0.1");
        assert_eq!(relay("mx.example[2a00:1450:400c:c05::1a]:25"), "mx.example|2a00:1450:400c:c05::1a");
        assert_eq!(relay(" […]:25"), "|…");
        assert_eq!(relay("none"), "None");
        assert_eq!(relay("local"), "Elsewhere");
        assert_eq!(relay("dovecot"), "Elsewhere");
        assert_eq!(relay("mta1.example[private/dovecot-lmtp]"), "Elsewhere");
    }

    #[test]
    fn the_other_statements() {
        let host = Host { name: b"mx.example", ip: b"2001:db8::1" };
        let rows = [
            ("SSL_connect error to mx.example[2001:db8::1]:25: -1", Statement::SslError(host, b"-1")),
            (
                "warning: TLS library problem: 3682:error:140740BF:SSL routines:SSL23_CLIENT_HELLO:no protocols available:s23_clnt.c:381:",
                Statement::Library(b"no protocols available"),
            ),
            (
                "warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:../ssl/record/ssl3_record.c:350:",
                Statement::Library(b"wrong version number"),
            ),
            (
                "Untrusted TLS connection established to mx.example[2001:db8::1]:25: TLSv1.3 with cipher X",
                Statement::Established(host),
            ),
            (
                "Trusted TLS connection reused to mx.example[2001:db8::1]:25: TLSv1.3 with cipher X",
                Statement::Established(host),
            ),
            (
                "connect to mx.example[2001:db8::1]:25: Connection timed out",
                Statement::Connect(host, b"Connection timed out"),
            ),
            ("connect to mx.example[private/lmtp]: No such file or directory", Statement::Other),
            (
                "464321D47: Cannot start TLS: handshake failure",
                Statement::Failure { queue_id: b"464321D47", reason: b"Cannot start TLS: handshake failure" },
            ),
            (
                "server certificate verification failed for mx.example[2001:db8::1]:25: num=62:hostname mismatch",
                Statement::Unverified(host, b"num=62:hostname mismatch"),
            ),
            // Recorded, connection reuse.
            (
                "warning: connect to private/tlsproxy service: No such file or directory",
                Statement::OwnTlsFault(b"connect to private/tlsproxy service: No such file or directory"),
            ),
            ("TLS handshake failed for service=smtp peer=[10.77.0.16]:25", Statement::ProxyFailed(b"10.77.0.16")),
            ("TLS handshake failed for service=smtpd peer=[10.77.0.16]:25", Statement::Other),
            ("warning: ciphertext read/write timeout for [10.77.0.18]:25", Statement::ProxyTimeout),
            ("464321D47: enabling PIX workarounds: disable_esmtp delay_dotcrlf for x[10.0.0.1]:25", Statement::Remark),
            ("464321D47: replace: header Subject: x: y", Statement::Remark),
            ("464321D47: something new", Statement::Other),
            ("Host offered STARTTLS: [mx.example]", Statement::Other),
            ("setting up TLS connection to mx.example[2001:db8::1]:25", Statement::Other),
            (
                "warning: host mx.example[10.0.0.1]:25 said: 550 5.7.0 no (in reply to XFORWARD name/address command)",
                Statement::Other,
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(statement(text.as_bytes()), expected, "{text}");
        }
    }
}
