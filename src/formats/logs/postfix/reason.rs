//! The reason of a failed try: outcome, stage, who decided.
//!
//! The forms are those of `src/smtp/smtp_proto.c`, `smtp_connect.c` and
//! `smtp_trouble.c`; the same words stand in a delivery line's parentheses and,
//! after a queue id, on the line of an MX that was not the last one tried.

use memchr::memmem;

use super::line::{Host, host_and_rest};
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
    /// What kind of reason it is, as far as joining lines needs to know.
    pub(super) kind: Kind,
}

/// Which reasons other lines of the session complete or repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `host H said: …`: a close may follow in the same session.
    Said,
    /// `lost connection with H while …`
    Lost,
    /// `Cannot start TLS: …`: the cause stands on the lines before.
    Handshake,
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
        return while_phase(rest, Outcome::RemoteClose, By::Receiver, Kind::Lost);
    }
    if let Some(rest) = text.strip_prefix(b"conversation with ") {
        return while_phase(rest, Outcome::Timeout, By::Unknown, Kind::Plain);
    }
    if text.starts_with(b"Cannot start TLS") {
        return plain(Outcome::TlsFailure, By::Unknown, Stage::Handshake, Kind::Handshake);
    }
    if text.starts_with(b"delivery temporarily suspended") {
        return plain(Outcome::Local, By::Sender, Stage::Unknown, Kind::Plain);
    }
    if let Some(rest) = text.strip_prefix(b"connect to ") {
        let host = host_and_rest(rest).map(|(host, _)| host);
        return Reason { host, ..plain(Outcome::ConnectFailure, By::Unknown, Stage::Connect, Kind::Connect) };
    }
    if let Some(rest) = text.strip_prefix(b"TLS is required, but ") {
        return tls_required(rest);
    }
    if text.starts_with(b"Server certificate not ") {
        return plain(Outcome::TlsFailure, By::Sender, Stage::Handshake, Kind::Plain);
    }
    if text.starts_with(b"Host or domain name not found") || text.starts_with(b"unable to look up host") {
        return plain(Outcome::ConnectFailure, By::Unknown, Stage::Connect, Kind::Plain);
    }
    if is_own_fault(text) {
        return plain(Outcome::Local, By::Sender, Stage::Unknown, Kind::Plain);
    }
    plain(Outcome::Unclassified, By::Unknown, Stage::Unknown, Kind::Plain)
}

const fn plain<'a>(outcome: Outcome, by: By, stage: Stage, kind: Kind) -> Reason<'a> {
    Reason { outcome, by, stage, host: None, reply: &[], kind }
}

/// `H[IP] said: REPLY (in reply to X command)` or `H[IP] refused to talk to me: REPLY`.
fn said_or_refused(rest: &[u8]) -> Reason<'_> {
    let Some((host, rest)) = host_and_rest(rest) else {
        return plain(Outcome::Unclassified, By::Unknown, Stage::Unknown, Kind::Plain);
    };
    if let Some(reply) = rest.strip_prefix(b"said: ") {
        let stage = stage_of_command(reply);
        return Reason { host: Some(host), reply, ..plain(outcome_of(reply), By::Receiver, stage, Kind::Said) };
    }
    if let Some(reply) = rest.strip_prefix(b"refused to talk to me: ") {
        // Greeting, EHLO, or EHLO after TLS: the words do not tell which.
        return Reason {
            host: Some(host),
            reply,
            ..plain(outcome_of(reply), By::Receiver, Stage::Unknown, Kind::Plain)
        };
    }
    plain(Outcome::Unclassified, By::Unknown, Stage::Unknown, Kind::Plain)
}

/// `H[IP] while PHASE` or `H[IP] timed out while PHASE`.
fn while_phase(rest: &[u8], outcome: Outcome, by: By, kind: Kind) -> Reason<'_> {
    let host = host_and_rest(rest).map(|(host, _)| host);
    let phase = memmem::find(rest, b"while ").map_or(&[][..], |at| &rest[at + 6..]);
    Reason { host, ..plain(outcome, by, stage_of_phase(phase), kind) }
}

/// `host H[IP] refused to start TLS: REPLY`, `was not offered by host H[IP]`, or our own engine.
fn tls_required(rest: &[u8]) -> Reason<'_> {
    if let Some(rest) = rest.strip_prefix(b"host ")
        && let Some((host, rest)) = host_and_rest(rest)
    {
        let reply = rest.strip_prefix(b"refused to start TLS: ").unwrap_or(rest);
        return Reason {
            host: Some(host),
            reply,
            ..plain(outcome_of(reply), By::Receiver, Stage::Starttls, Kind::Plain)
        };
    }
    if let Some(rest) = rest.strip_prefix(b"was not offered by host ") {
        let host = host_and_rest(rest).map(|(host, _)| host);
        return Reason { host, ..plain(Outcome::TlsFailure, By::Sender, Stage::Ehlo, Kind::Plain) };
    }
    plain(Outcome::Local, By::Sender, Stage::Starttls, Kind::Plain)
}

/// 4xx defers and 5xx rejects, by the last line of the reply.
fn outcome_of(reply: &[u8]) -> Outcome {
    match Reply::parse(&String::from_utf8_lossy(reply)).code {
        Some(400..500) => Outcome::Deferral,
        Some(500..600) => Outcome::Rejection,
        Some(_) | None => Outcome::Unclassified,
    }
}

fn stage_of_command(reply: &[u8]) -> Stage {
    let Some(at) = memmem::rfind(reply, b"(in reply to ") else { return Stage::Unknown };
    let command = &reply[at + 13..];
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

/// Decisions and faults of the sender itself.
fn is_own_fault(text: &[u8]) -> bool {
    const OPENINGS: &[&[u8]] = &[
        b"mail transport unavailable",
        b"unknown mail transport error",
        b"local data error while talking to ",
        b"message size ",
        b"client TLS configuration problem",
        b"TLS policy lookup",
        b"TLSA lookup error",
        b"MX name ",
        b"mail for ",
        b"queue file write error",
    ];
    OPENINGS.iter().any(|o| text.starts_with(o)) || text.ends_with(b"does not accept mail (nullMX)")
}

/// What a handshake failed of, by the line before it: `SSL_connect error to H: detail`,
/// and the TLS library's reason where the detail is `-1`.
///
/// A close or a reset without an alert is a remote close; bytes that are not TLS are
/// plain text; an alert or our own policy is a TLS failure. Without a reason it is a
/// TLS failure that nobody is known to have decided: undetermined.
pub(super) fn handshake_failure(detail: Option<&[u8]>, library: Option<&[u8]>) -> (Outcome, By) {
    match (detail, library) {
        (Some(b"-1"), Some(reason)) => of_library(reason),
        (Some(d), _)
            if contains(d, b"lost connection") || contains(d, b"reset by peer") || contains(d, b"Broken pipe") =>
        {
            (Outcome::RemoteClose, By::Receiver)
        }
        (Some(d), _) if contains(d, b"timed out") => (Outcome::Timeout, By::Unknown),
        _ => (Outcome::TlsFailure, By::Unknown),
    }
}

fn of_library(reason: &[u8]) -> (Outcome, By) {
    if contains(reason, b"wrong version number")
        || contains(reason, b"unknown protocol")
        || contains(reason, b"http request")
    {
        (Outcome::Plaintext, By::Receiver)
    } else if contains(reason, b"unexpected eof") {
        (Outcome::RemoteClose, By::Receiver)
    } else if contains(reason, b"alert") {
        (Outcome::TlsFailure, By::Receiver)
    } else {
        (Outcome::TlsFailure, By::Sender)
    }
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    memmem::find(text, word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Outcome, By, Stage) {
        let r = reason(text.as_bytes());
        (r.outcome, r.by, r.stage)
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
                "lost connection with mx.example[10.77.0.6] while receiving the initial server greeting",
                (RemoteClose, Receiver, Stage::Banner),
            ),
            (
                "lost connection with mx.example[10.77.0.10] while performing the EHLO handshake",
                (RemoteClose, Receiver, Stage::Ehlo),
            ),
            (
                "conversation with mx.example[10.77.0.15] timed out while receiving the STARTTLS response",
                (Timeout, Unknown, Stage::Starttls),
            ),
            (
                "TLS is required, but host mx.example[10.0.0.1] refused to start TLS: 421 4.7.0 Temporary System Problem.",
                (Deferral, Receiver, Stage::Starttls),
            ),
            ("TLS is required, but was not offered by host mx.example[10.0.0.1]", (TlsFailure, Sender, Stage::Ehlo)),
            ("TLS is required, but our TLS engine is unavailable", (Local, Sender, Stage::Starttls)),
            ("Server certificate not verified", (TlsFailure, Sender, Stage::Handshake)),
            ("connect to mta1.example[203.0.113.10]:25: Connection refused", (ConnectFailure, Unknown, Stage::Connect)),
            (
                "delivery temporarily suspended: host mx.example[10.77.0.3] refused to talk to me: 421 4.7.0 Try",
                (Local, Sender, Stage::Unknown),
            ),
            (
                "Host or domain name not found. Name service error for name=gmail.com type=MX: Host not found, try again",
                (ConnectFailure, Unknown, Stage::Connect),
            ),
            ("mail for example.com loops back to myself", (Local, Sender, Stage::Unknown)),
            ("the moon is full", (Unclassified, Unknown, Stage::Unknown)),
        ];
        for (text, expected) in rows {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn what_a_handshake_failed_of() {
        assert_eq!(handshake_failure(Some(b"lost connection"), None), (Outcome::RemoteClose, By::Receiver));
        assert_eq!(handshake_failure(Some(b"Connection reset by peer"), None), (Outcome::RemoteClose, By::Receiver));
        assert_eq!(handshake_failure(Some(b"Connection timed out"), None), (Outcome::Timeout, By::Unknown));
        assert_eq!(handshake_failure(Some(b"-1"), Some(b"wrong version number")), (Outcome::Plaintext, By::Receiver));
        assert_eq!(
            handshake_failure(Some(b"-1"), Some(b"sslv3 alert handshake failure")),
            (Outcome::TlsFailure, By::Receiver)
        );
        assert_eq!(handshake_failure(Some(b"-1"), Some(b"unsupported protocol")), (Outcome::TlsFailure, By::Sender));
        assert_eq!(handshake_failure(Some(b"-1"), None), (Outcome::TlsFailure, By::Unknown));
        assert_eq!(handshake_failure(None, None), (Outcome::TlsFailure, By::Unknown));
    }
}
