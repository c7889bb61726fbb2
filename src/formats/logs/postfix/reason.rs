//! The reason of a failed try: outcome, stage, who decided.
//!
//! The forms are those of `src/smtp/smtp_proto.c`, `smtp_connect.c`, `smtp_addr.c`,
//! `smtp_sasl_glue.c` and `smtp_trouble.c`; the same words stand in a delivery line's
//! parentheses and, after a queue id, on the line of an MX that was not the last one tried.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use memchr::{memchr2, memmem};

use super::line::{Host, host_and_rest};
use crate::formats::logs::handshake::fault;
use crate::smtp::{By, Outcome, Reply, Stage};

/// A reason, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason<'a> {
    pub(super) outcome: Outcome,
    pub(super) by: By,
    pub(super) stage: Stage,
    /// The host that the reason names.
    pub(super) host: Option<Host<'a>>,
    /// The receiver's reply, as logged.
    pub(super) reply: &'a [u8],
    /// The deciding words, where there is no reply.
    pub(super) detail: &'a [u8],
    /// What kind of reason it is, as far as joining lines needs to know.
    pub(super) kind: Kind,
}

/// Which reasons other lines of the session complete or repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `host H said: …`: a close may follow in the same session.
    Said,
    /// `host H refused to talk to me: …`: at the greeting or an EHLO.
    Refused,
    /// `lost connection with H while …`
    Lost,
    /// `Cannot start TLS: …`: the cause stands on the lines before.
    Handshake,
    /// `Server certificate not verified`: the cause stands on the line before.
    Certificate,
    /// `connect to H: …`: repeats a line without queue id.
    Connect,
    /// Complete in itself.
    Plain,
}

/// Understands a reason. An unknown text is [`Outcome::Unclassified`], never dropped.
pub(super) fn reason(text: &[u8]) -> Reason<'_> {
    let text = text.strip_prefix(b"Protocol error: ").unwrap_or(text);
    if let Some(rest) = text.strip_prefix(b"host ") {
        return said_or_refused(rest);
    }
    if let Some(rest) = text.strip_prefix(b"lost connection with ") {
        return while_phase(rest, plain(text, Outcome::RemoteClose, By::Receiver, Stage::Unknown), Kind::Lost);
    }
    if let Some(rest) = text.strip_prefix(b"conversation with ") {
        return while_phase(rest, plain(text, Outcome::Timeout, By::Unknown, Stage::Unknown), Kind::Plain);
    }
    if text.starts_with(b"Cannot start TLS") {
        return of_kind(text, Outcome::TlsFailure, By::Unknown, Stage::Handshake, Kind::Handshake);
    }
    if let Some(rest) = text.strip_prefix(b"delivery temporarily suspended: ") {
        // The queue manager quotes the last reason: its host tells the lane, and nothing else is new.
        return Reason { host: reason(rest).host, ..local(text, Stage::Unknown) };
    }
    if let Some(rest) = text.strip_prefix(b"connect to ") {
        let (host, detail) = host_and_rest(rest).map_or((None, text), |(host, error)| (Some(host), error));
        let failed = of_kind(text, Outcome::ConnectFailure, By::Unknown, Stage::Connect, Kind::Connect);
        return Reason { host, detail, ..failed };
    }
    if let Some(rest) = text.strip_prefix(b"TLS is required, but ") {
        return tls_required(text, rest);
    }
    if let Some(rest) = text.strip_prefix(b"Sender requested REQUIRETLS, but ") {
        return requiretls(text, rest);
    }
    if text.starts_with(b"Server certificate not ") {
        return of_kind(text, Outcome::TlsFailure, By::Sender, Stage::Handshake, Kind::Certificate);
    }
    if let Some(rest) = text.strip_prefix(b"SASL ") {
        return sasl(text, rest);
    }
    if is_dns(text) {
        return plain(text, Outcome::ConnectFailure, By::Unknown, Stage::Connect);
    }
    if let Some(stage) = own_decision(text) {
        return Reason { host: last_named_host(text), ..local(text, stage) };
    }
    plain(text, Outcome::Unclassified, By::Unknown, Stage::Unknown)
}

const fn of_kind(text: &[u8], outcome: Outcome, by: By, stage: Stage, kind: Kind) -> Reason<'_> {
    Reason { outcome, by, stage, host: None, reply: &[], detail: text, kind }
}

const fn plain(text: &[u8], outcome: Outcome, by: By, stage: Stage) -> Reason<'_> {
    of_kind(text, outcome, by, stage, Kind::Plain)
}

/// The sender's own decision.
const fn local(text: &[u8], stage: Stage) -> Reason<'_> {
    plain(text, Outcome::Local, By::Sender, stage)
}

/// The receiver's answer: 4xx defers and 5xx rejects, by the last line of the reply.
fn answered<'a>(host: Host<'a>, reply: &'a [u8], stage: Stage, kind: Kind) -> Reason<'a> {
    let outcome = match code_of(reply) {
        Some(400..500) => Outcome::Deferral,
        Some(500..600) => Outcome::Rejection,
        Some(_) | None => Outcome::Unclassified,
    };
    Reason { outcome, by: By::Receiver, stage, host: Some(host), reply, detail: &[], kind }
}

/// The code of the last line of a reply. A first line with a blank behind its code is the
/// last one (RFC 5321 §4.2.1), as most replies are; and where no other code stands anywhere, it
/// is the first one again. What is left has to be taken apart.
pub(super) fn code_of(reply: &[u8]) -> Option<u16> {
    if let Some(([a, b, c, after @ (b' ' | b'-')], rest)) = reply.split_first_chunk::<4>()
        && is_code(&[*a, *b, *c])
        && (*after == b' ' || !names_another_code(&[*a, *b, *c], rest))
    {
        return Some([a, b, c].into_iter().fold(0, |n, digit| n * 10 + u16::from(digit - b'0')));
    }
    Reply::parse(&String::from_utf8_lossy(reply)).code
}

const fn is_code(text: &[u8]) -> bool {
    matches!(text, [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9'])
}

/// Whether three digits can be taken for another code: they are no part of an address, a status
/// or a longer word. A line end that was written out (`#012`, `\n`) may hide one.
fn names_another_code(code: &[u8], text: &[u8]) -> bool {
    if memchr2(b'#', b'\\', text).is_some() {
        return true;
    }
    let goes_on = |b: &u8| b.is_ascii_alphanumeric() || *b == b'.';
    text.windows(3).enumerate().any(|(at, three)| {
        is_code(three)
            && three != code
            && !text[..at].last().is_some_and(goes_on)
            && !text.get(at + 3).is_some_and(u8::is_ascii_alphanumeric)
    })
}

/// `H[IP] said: REPLY (in reply to X command)` or `H[IP] refused to talk to me: REPLY`.
fn said_or_refused(rest: &[u8]) -> Reason<'_> {
    let Some((host, said)) = host_and_rest(rest) else {
        return plain(rest, Outcome::Unclassified, By::Unknown, Stage::Unknown);
    };
    if let Some(said) = said.strip_prefix(b"said: ") {
        let (reply, command) = split_command(said);
        return answered(host, reply, stage_of_command(command), Kind::Said);
    }
    if let Some(reply) = said.strip_prefix(b"refused to talk to me: ") {
        // Greeting, EHLO, or EHLO after TLS: the words do not tell which.
        return answered(host, reply, Stage::Unknown, Kind::Refused);
    }
    Reason { host: Some(host), ..plain(rest, Outcome::Unclassified, By::Unknown, Stage::Unknown) }
}

/// The reply without Postfix's ` (in reply to X command)`, and X. A line that was cut may
/// have lost the end of it.
fn split_command(said: &[u8]) -> (&[u8], &[u8]) {
    match memmem::rfind(said, b" (in reply to ") {
        Some(at) => (&said[..at], &said[at + 14..]),
        None => (said, &[]),
    }
}

/// Looked for in each lost connection, so built once.
static WHILE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("while "));

/// `H[IP] while PHASE` or `H[IP] timed out while PHASE`.
fn while_phase<'a>(rest: &'a [u8], broken: Reason<'a>, kind: Kind) -> Reason<'a> {
    let host = host_and_rest(rest).map(|(host, _)| host);
    let phase = WHILE.find(rest).map_or(&[][..], |at| &rest[at + 6..]);
    Reason { host, stage: stage_of_phase(phase), detail: phase, kind, ..broken }
}

/// `host H[IP] refused to start TLS: REPLY`, `was not offered by host H[IP]`, or our own engine.
fn tls_required<'a>(text: &'a [u8], rest: &'a [u8]) -> Reason<'a> {
    if let Some((host, reply)) = refused_to_start(rest) {
        return answered(host, reply, Stage::Starttls, Kind::Plain);
    }
    if memmem::find(rest, b"not offered by host ").is_some() {
        let host = last_named_host(rest);
        return Reason { host, ..plain(text, Outcome::TlsFailure, By::Sender, Stage::Ehlo) };
    }
    local(text, Stage::Starttls)
}

fn refused_to_start(rest: &[u8]) -> Option<(Host<'_>, &[u8])> {
    let (host, rest) = host_and_rest(rest.strip_prefix(b"host ")?)?;
    let reply = rest.strip_prefix(b"refused to start TLS: ").or_else(|| rest.strip_prefix(b"refused to "))?;
    Some((host, reply))
}

/// REQUIRETLS (RFC 8689), 3.11 and later: as where TLS is required, and three decisions of
/// the policy alone.
fn requiretls<'a>(text: &'a [u8], rest: &'a [u8]) -> Reason<'a> {
    if rest.starts_with(b"host ") || rest.starts_with(b"TLS service was not offered ") {
        return tls_required(text, rest);
    }
    let host = last_named_host(rest);
    if memmem::find(rest, b"server certificate was found").is_some() {
        return Reason { host, ..plain(text, Outcome::TlsFailure, By::Sender, Stage::Handshake) };
    }
    let no_server = rest.starts_with(b"no server was found");
    Reason { host, ..local(text, if no_server { Stage::Ehlo } else { Stage::Unknown }) }
}

/// Login at a relay host. `AUTH` has no stage of its own: it stands between EHLO and MAIL.
fn sasl<'a>(text: &'a [u8], rest: &'a [u8]) -> Reason<'a> {
    let host = last_named_host(rest);
    match (rest.strip_prefix(b"authentication failed; server "), host) {
        (Some(said), Some(host)) => match memmem::find(said, b" said: ") {
            Some(at) => answered(host, &said[at + 7..], Stage::Unknown, Kind::Plain),
            None => Reason { host: Some(host), ..local(text, Stage::Unknown) },
        },
        // A cached refusal, or mechanisms that do not fit: nothing was said this time.
        _ => Reason { host, ..local(text, Stage::Unknown) },
    }
}

/// The `H[IP]` that follows `server `, `host ` or `was ` in a text.
fn last_named_host(text: &[u8]) -> Option<Host<'_>> {
    let words: [&[u8]; 3] = [b"server ", b"host ", b" was "];
    words.into_iter().find_map(|word| {
        let at = memmem::find_iter(text, word).last()? + word.len();
        let name = text[at..].split(|b| *b == b' ').next()?;
        host_and_rest(name).map(|(host, _)| host).filter(|h| !h.name.is_empty())
    })
}

fn stage_of_command(command: &[u8]) -> Stage {
    let opens = |word: &[u8]| command.starts_with(word);
    if opens(b"MAIL FROM") {
        Stage::Mail
    } else if opens(b"RCPT TO") {
        Stage::Rcpt
    } else if opens(b"end of DATA") {
        Stage::EndOfData
    } else if opens(b"DATA") {
        Stage::Data
    } else if opens(b"EHLO") || opens(b"HELO") || opens(b"LHLO") {
        Stage::Ehlo
    } else if opens(b"RSET") || opens(b"final RSET") || opens(b"QUIT") {
        Stage::Quit
    } else {
        Stage::Unknown
    }
}

/// The phases of `smtp_proto.c`; the words before the first blank that differ decide.
/// `sending XFORWARD …` talks to a filter.
fn stage_of_phase(phase: &[u8]) -> Stage {
    let opens = |word: &[u8]| phase.starts_with(word);
    if opens(b"receiving the initial server greeting") {
        Stage::Banner
    } else if opens(b"performing the ") {
        Stage::Ehlo
    } else if opens(b"receiving the STARTTLS response") {
        Stage::Starttls
    } else if opens(b"sending MAIL FROM") {
        Stage::Mail
    } else if opens(b"sending RCPT TO") {
        Stage::Rcpt
    } else if opens(b"sending DATA command") || opens(b"sending message body") {
        Stage::Data
    } else if opens(b"sending end of data") {
        Stage::EndOfData
    } else if opens(b"sending final RSET") || opens(b"sending RSET") || opens(b"sending QUIT") {
        Stage::Quit
    } else {
        Stage::Unknown
    }
}

/// No address to connect to (`dns_lookup.c`, `smtp_addr.c`).
fn is_dns(text: &[u8]) -> bool {
    text.starts_with(b"Host or domain name not found")
        || text.starts_with(b"unable to look up host")
        || text.ends_with(b": host not found")
        || memmem::find(text, b"Name service error for name=").is_some()
}

/// Decisions and faults of the sender itself, and how far the session had come.
fn own_decision(text: &[u8]) -> Option<Stage> {
    const OPENINGS: &[(&[u8], Stage)] = &[
        (b"mail transport unavailable", Stage::Unknown),
        (b"unknown mail transport error", Stage::Unknown),
        (b"local data error while talking to ", Stage::Unknown),
        (b"message size ", Stage::Ehlo),
        (b"message requires SMTPUTF8", Stage::Ehlo),
        (b"SMTPUTF8 is required", Stage::Ehlo),
        (b"client TLS configuration problem", Stage::Unknown),
        (b"TLS policy lookup", Stage::Unknown),
        (b"TLSA lookup error", Stage::Unknown),
        (b"REQUIRETLS policy configuration error", Stage::Unknown),
        (b"MX name ", Stage::Unknown),
        (b"mail for ", Stage::Unknown),
        (b"unable to find primary relay for ", Stage::Unknown),
        (b"queue file write error", Stage::Unknown),
        (b"unexpected server message", Stage::Mail),
        (b"server unavailable or unable to receive mail", Stage::Unknown),
        (b"all network protocols are disabled", Stage::Unknown),
        (b"network address conversion failed", Stage::Unknown),
        (b"server configuration error", Stage::Unknown),
        (b"Server configuration error", Stage::Unknown),
        (b"Temporary lookup error", Stage::Unknown),
    ];
    let opening = OPENINGS.iter().find(|(opening, _)| text.starts_with(opening)).map(|(_, stage)| *stage);
    opening.or_else(|| text.ends_with(b"does not accept mail (nullMX)").then_some(Stage::Unknown))
}

/// What a handshake failed of, by the lines before it: `SSL_connect error to H: detail`, and
/// the TLS library's reason where the detail is `-1`. Without either it is a TLS failure that
/// nobody is known to have decided: undetermined.
pub(super) fn handshake_failure(detail: Option<&[u8]>, library: Option<&[u8]>) -> (Outcome, By) {
    let known = |outcome: Outcome| matches!(outcome, Outcome::RemoteClose | Outcome::Timeout);
    match (detail, library) {
        (Some(b"-1"), Some(reason)) => fault(reason),
        (Some(b"lost connection"), _) => (Outcome::RemoteClose, By::Receiver),
        // An errno text; those of a broken network say nothing of TLS.
        (Some(errno), _) => Some(fault(errno)).filter(|(o, _)| known(*o)).unwrap_or((Outcome::TlsFailure, By::Unknown)),
        (None, _) => (Outcome::TlsFailure, By::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Outcome, By, Stage) {
        let r = reason(text.as_bytes());
        (r.outcome, r.by, r.stage)
    }

    #[test]
    fn the_code_of_a_reply_is_that_of_its_last_line() {
        let token = "ba366b434cdb4-9029995de50si55657432b.112 - gsmtp";
        for reply in [
            "421 4.7.0 Try again later",
            "421-4.7.28 from your IP address [192.0.2.250      15]. To protect 421-4.7.28 more 421 4.7.28 review T",
            "421-4.7.28 gone 550-5.1.1 no such user 550 5.1.1 T",
            "550-5.7.1 line one 452 4.2.2 full",
            "450-4.2.1 one\\n550\\n",
            "450-4.2.1 one#012550 5.1.1 two",
            "450-one 550",
            "250-ok 251",
            "no code",
            "421-",
            "999-x",
        ] {
            let reply = reply.replace('T', token);
            assert_eq!(code_of(reply.as_bytes()), Reply::parse(&reply).code, "{reply}");
        }
    }

    #[test]
    fn the_catalogue() {
        use {By::*, Outcome::*};
        let rows = [
            (
                "host mx.example[10.77.0.3] refused to talk to me: 421 4.7.0 Try again later, closing connection. l7 - gsmtp",
                (Deferral, Receiver, Stage::Unknown),
            ),
            (
                "host mx.example[10.77.0.5] refused to talk to me: 554 5.7.1 No SMTP service here",
                (Rejection, Receiver, Stage::Unknown),
            ),
            (
                "host mx.example[10.77.0.28] said: 421 4.7.0 Too many recipients. gsmtp (in reply to RCPT TO command)",
                (Deferral, Receiver, Stage::Rcpt),
            ),
            (
                "host mx.example[10.77.0.28] said: 550 5.1.1 no (in reply to end of DATA command)",
                (Rejection, Receiver, Stage::EndOfData),
            ),
            (
                "host mx.example[10.77.0.28] said: 450 4.1.1 no (in reply to RSET probe)",
                (Deferral, Receiver, Stage::Quit),
            ),
            (
                "Protocol error: host mx.example[10.77.0.28] said: 354 go on (in reply to MAIL FROM command)",
                (Unclassified, Receiver, Stage::Mail),
            ),
            (
                "TLS is required, but host mx.example[10.0.0.1] refused to start TLS: 421 4.7.0 Temporary System Problem.",
                (Deferral, Receiver, Stage::Starttls),
            ),
            ("TLS is required, but was not offered by host mx.example[10.0.0.1]", (TlsFailure, Sender, Stage::Ehlo)),
            ("Server certificate not verified", (TlsFailure, Sender, Stage::Handshake)),
            ("Cannot start TLS: handshake failure", (TlsFailure, Unknown, Stage::Handshake)),
            ("connect to mta1.example[203.0.113.10]:25: Connection refused", (ConnectFailure, Unknown, Stage::Connect)),
            (
                "Host or domain name not found. Name service error for name=gmail.com type=MX: Host not found, try again",
                (ConnectFailure, Unknown, Stage::Connect),
            ),
            (
                "unable to look up host nxdomain.example: Name or service not known",
                (ConnectFailure, Unknown, Stage::Connect),
            ),
            ("the moon is full", (Unclassified, Unknown, Stage::Unknown)),
            // oss trap 14
            (
                "delivery temporarily suspended: host mx.example[10.77.0.3] refused to talk to me: 421 4.7.0 Try",
                (Local, Sender, Stage::Unknown),
            ),
            // oss trap 50: words of the TLS class, and the sender's own fault.
            ("TLS is required, but our TLS engine is unavailable", (Local, Sender, Stage::Starttls)),
            ("TLS is required, but unavailable", (Local, Sender, Stage::Starttls)),
            ("client TLS configuration problem", (Local, Sender, Stage::Unknown)),
            ("TLSA lookup error for mx.example:25", (Local, Sender, Stage::Unknown)),
            ("MX name 'mx.example' does not match STS MX pattern for 'example'", (Local, Sender, Stage::Unknown)),
            ("mail for example.com loops back to myself", (Local, Sender, Stage::Unknown)),
            ("Domain nullmx.example does not accept mail (nullMX)", (Local, Sender, Stage::Unknown)),
            ("message size 9 exceeds size limit 8 of server mx.example[10.0.0.1]", (Local, Sender, Stage::Ehlo)),
            // smtp_proto.c of 3.12, RFC 8689
            (
                "Sender requested REQUIRETLS, but host mx.example[10.0.0.1] refused to start TLS: 454 4.7.0 no",
                (Deferral, Receiver, Stage::Starttls),
            ),
            (
                "Sender requested REQUIRETLS, but TLS service was not offered by host mx.example[10.0.0.1]",
                (TlsFailure, Sender, Stage::Ehlo),
            ),
            (
                "Sender requested REQUIRETLS, but no trusted server certificate was found. The last attempted server was mx.example[10.0.0.1]",
                (TlsFailure, Sender, Stage::Handshake),
            ),
            (
                "Sender requested REQUIRETLS, but no server was found that supports REQUIRETLS. The last attempted server was mx.example[10.0.0.1]",
                (Local, Sender, Stage::Ehlo),
            ),
            // smtp_sasl_glue.c
            (
                "SASL authentication failed; server smtp.example[10.0.0.1] said: 535 5.7.8 Error: authentication failed",
                (Rejection, Receiver, Stage::Unknown),
            ),
            (
                "SASL authentication failed; cannot authenticate to server smtp.example[10.0.0.1]: no mechanism available",
                (Local, Sender, Stage::Unknown),
            ),
            (
                "SASL [CACHED] authentication failed; server smtp.example[10.0.0.1] said: 535 no",
                (Local, Sender, Stage::Unknown),
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn every_phase() {
        let rows = [
            ("receiving the initial server greeting", Stage::Banner),
            ("performing the EHLO handshake", Stage::Ehlo),
            ("performing the HELO handshake", Stage::Ehlo),
            ("performing the LHLO handshake", Stage::Ehlo),
            ("receiving the STARTTLS response", Stage::Starttls),
            ("sending XFORWARD name/address", Stage::Unknown),
            ("sending MAIL FROM", Stage::Mail),
            ("sending RCPT TO", Stage::Rcpt),
            ("sending DATA command", Stage::Data),
            ("sending message body", Stage::Data),
            ("sending end of data -- message may be sent more than once", Stage::EndOfData),
            ("sending final RSET", Stage::Quit),
            ("sending RSET probe", Stage::Quit),
            ("sending QUIT", Stage::Quit),
        ];
        for (phase, stage) in rows {
            let lost = format!("lost connection with mx.example[10.77.0.6] while {phase}");
            assert_eq!(of(&lost), (Outcome::RemoteClose, By::Receiver, stage), "{phase}");
            let late = format!("conversation with mx.example[10.77.0.6] timed out while {phase}");
            assert_eq!(of(&late), (Outcome::Timeout, By::Unknown, stage), "{phase}");
        }
    }

    #[test]
    fn hosts_replies_and_words() {
        let told = |text: &str| {
            let r = reason(text.as_bytes());
            let t = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
            format!("{}|{}|{}", t(r.host.unwrap_or_default().name), t(r.reply), t(r.detail))
        };
        assert_eq!(
            told("host mx.example[10.0.0.1] said: 421 4.7.0 (x) (in reply to MAIL FROM command)"),
            "mx.example|421 4.7.0 (x)|"
        );
        assert_eq!(
            told("lost connection with mx.example[10.0.0.1] while sending MAIL FROM"),
            "mx.example||sending MAIL FROM"
        );
        // oss trap 26: the lane of a message that was not tried.
        assert_eq!(
            told("delivery temporarily suspended: lost connection with mx.example[10.0.0.1] while sending MAIL FROM"),
            "mx.example||delivery temporarily suspended: lost connection with mx.example[10.0.0.1] while sending MAIL FROM"
        );
        assert_eq!(told("connect to mx.example[10.0.0.1]:25: Connection refused"), "mx.example||Connection refused");
        assert_eq!(
            told("message size 9 exceeds size limit 8 of server mx.example[10.0.0.1]"),
            "mx.example||message size 9 exceeds size limit 8 of server mx.example[10.0.0.1]"
        );
        // oss trap 39: cut inside the note and inside the reply.
        assert_eq!(told("host mx.example[10.0.0.1] said: 421-4.7.28 a 421-4.7"), "mx.example|421-4.7.28 a 421-4.7|");
        assert_eq!(told("host mx.example[10.0.0.1] said: 421 4.7.28 a (in reply to en"), "mx.example|421 4.7.28 a|");
    }

    #[test]
    fn what_a_handshake_failed_of() {
        let of = |detail: &str, library: Option<&str>| {
            handshake_failure(Some(detail.as_bytes()), library.map(str::as_bytes))
        };
        // oss trap 13: one close, two words.
        assert_eq!(of("lost connection", None), (Outcome::RemoteClose, By::Receiver));
        assert_eq!(of("Connection reset by peer", None), (Outcome::RemoteClose, By::Receiver));
        assert_eq!(of("Connection timed out", None), (Outcome::Timeout, By::Unknown));
        assert_eq!(of("No route to host", None), (Outcome::TlsFailure, By::Unknown));
        // oss trap 10
        assert_eq!(of("-1", Some("wrong version number")), (Outcome::Plaintext, By::Receiver));
        assert_eq!(of("-1", Some("sslv3 alert handshake failure")), (Outcome::TlsFailure, By::Receiver));
        assert_eq!(of("-1", Some("unsupported protocol")), (Outcome::TlsFailure, By::Sender));
        assert_eq!(of("-1", None), (Outcome::TlsFailure, By::Unknown));
        assert_eq!(handshake_failure(None, None), (Outcome::TlsFailure, By::Unknown));
    }
}
