//! Why a delivery failed: outcome, stage, who decided.
//!
//! The texts are those of `check_response` and `smtp_setup_conn` in transports/smtp.c, of
//! dnslookup and of the retry rules. The child's line adds the system's error after a colon,
//! the parent's line has it before the host.

use memchr::memmem;

use super::tls::session_failure;
use crate::smtp::{By, Outcome, Stage, TlsUse};

/// A failure, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason<'a> {
    pub(super) outcome: Outcome,
    pub(super) by: By,
    pub(super) stage: Stage,
    pub(super) tls: TlsUse,
    /// The receiver's reply, as logged.
    pub(super) reply: &'a [u8],
    /// The words that decided, where it is not the reply.
    pub(super) detail: &'a [u8],
}

impl<'a> Reason<'a> {
    pub(super) const fn new(outcome: Outcome, by: By, stage: Stage, detail: &'a [u8]) -> Self {
        Self { outcome, by, stage, tls: TlsUse::Unknown, reply: &[], detail }
    }

    /// Nothing is encrypted before STARTTLS is answered.
    fn before_tls(self) -> Self {
        if self.stage == Stage::Starttls { Self { tls: TlsUse::None, ..self } } else { self }
    }

    const fn local(text: &'a [u8]) -> Self {
        Self::new(Outcome::Local, By::Sender, Stage::Unknown, text)
    }

    const fn no_connection(error: &'a [u8]) -> Self {
        let reason = Self::new(Outcome::ConnectFailure, By::Unknown, Stage::Connect, error);
        Self { tls: TlsUse::None, ..reason }
    }
}

/// Understands the text of a failure, and what the system said. An unknown text of a host
/// is [`Outcome::Unclassified`], never dropped; one without a host is Exim's own decision.
pub(super) fn reason<'a>(text: &'a [u8], error: &'a [u8], of_host: bool) -> Reason<'a> {
    let known = in_session(text).or_else(|| policy(text));
    if let Some(reason) = known {
        return reason;
    }
    // `** … : Connection timed out : SMTP timeout after RCPT TO:<…>`
    if let Some((before, after)) = split_at(text, b": ")
        && is_system_error(before.trim_ascii_end())
        && let Some(reason) = in_session(after)
    {
        return reason;
    }
    let said = if text.is_empty() { error } else { text };
    if is_system_error(said) || is_dns_failure(said) {
        return Reason::no_connection(said);
    }
    if of_host { Reason::new(Outcome::Unclassified, By::Unknown, Stage::Unknown, said) } else { Reason::local(said) }
}

/// What happened between the connection and its end.
fn in_session(text: &[u8]) -> Option<Reason<'_>> {
    if let Some(rest) =
        after_any(text, &[b"SMTP error from remote mail server after ", b"LMTP error after ", b"PRDR error after "])
    {
        return Some(answered(text, rest));
    }
    if let Some(rest) = text.strip_prefix(b"Remote host closed connection in response to ") {
        return Some(closed(text, rest));
    }
    if let Some(rest) = after_any(text, &[b"SMTP timeout after ", b"LMTP timeout after "]) {
        let timeout = Reason::new(Outcome::Timeout, By::Unknown, stage_of(rest), phase_only(text));
        return Some(timeout.before_tls());
    }
    if let Some(rest) = text.strip_prefix(b"Malformed SMTP reply ") {
        let command = split_at(rest, b"in response to ").map_or(&[][..], |(_, command)| command);
        return Some(Reason::new(Outcome::Unclassified, By::Receiver, stage_of(command), phase_only(text)));
    }
    if let Some(rest) = text.strip_prefix(b"TLS session: ") {
        return Some(session_failure(rest));
    }
    if text == b"bad first read from TLS conn" {
        return Some(session_failure(b"error on first read"));
    }
    if text.starts_with(b"smtp send to ") {
        return Some(not_sent(text));
    }
    None
}

/// What Exim decided, mostly without a connection.
fn policy(text: &[u8]) -> Option<Reason<'_>> {
    let reason = match text.strip_prefix(b"a TLS session is required, but ") {
        Some(b"the server did not offer TLS support") => {
            Reason::new(Outcome::TlsFailure, By::Sender, Stage::Ehlo, text)
        }
        // STARTTLS was refused; the reply is not logged, and Exim defers whatever it was.
        Some(_) => Reason::new(Outcome::Deferral, By::Receiver, Stage::Starttls, text),
        None if is_own_decision(text) => return Some(Reason::local(text)),
        None => return None,
    };
    Some(Reason { tls: TlsUse::None, ..reason })
}

/// Whether a recipient was put off because of an older failure: no host was looked for. In an
/// incident most `==` lines are these.
pub(super) fn is_retry_hint(text: &[u8]) -> bool {
    text.starts_with(b"retry time not reached")
}

/// Queue rules, limits and faults of the sender itself; the first echo an older failure.
fn is_own_decision(text: &[u8]) -> bool {
    const OPENINGS: &[&[u8]] = &[
        b"retry time not reached",
        b"Retry time not yet reached",
        b"retry timeout exceeded",
        b"all hosts",
        b"some host address lookups failed and retry time",
        b"connection limit reached",
        b"concurrency limit reached",
        b"no host found for existing SMTP connection",
        b"SMTP delivery explicitly queued",
        b"domain is in queue_domains",
        b"reusing SMTP connection skips previous routing defer",
        b"first-pass only routing",
        b"message has lines too long",
        b"utf8 support required",
        b"DANE error: ",
        b"failed to expand",
        b"transport filter process failed",
        b"TLS support not available",
        b"an MX or SRV record indicated no SMTP service",
        b"remote host address is the local host",
        b"lowest numbered MX record points to local host",
        b"mua_wrapper forced failure",
    ];
    OPENINGS.iter().any(|o| text.starts_with(o)) && !text.starts_with(b"all host address lookups")
}

fn is_dns_failure(text: &[u8]) -> bool {
    const OPENINGS: &[&[u8]] = &[
        b"host lookup did not complete",
        b"all host address lookups",
        b"lookup of host ",
        b"all relevant MX records point to non-existent hosts",
        b"missing MX, or all MXs point to missing A records",
        // Every router declined. Where mail goes out, that is a domain that does not exist.
        b"Unrouteable address",
    ];
    OPENINGS.iter().any(|o| text.starts_with(o))
}

/// strerror(3) of a connection that did not come about, as glibc and the BSDs word it.
fn is_system_error(text: &[u8]) -> bool {
    const ERRORS: &[&[u8]] = &[
        b"Connection refused",
        b"Connection timed out",
        b"Operation timed out",
        b"Connection reset by peer",
        b"No route to host",
        b"Network is unreachable",
        b"Network is down",
        b"Host is down",
        b"Host is unreachable",
        b"Cannot assign requested address",
        b"Can't assign requested address",
        b"Address family not supported by protocol",
        b"Address already in use",
        b"Permission denied",
        b"Operation not permitted",
        b"Protocol not available",
        b"Too many open files",
    ];
    ERRORS.contains(&text)
}

/// `[pipelined ]COMMAND: REPLY`
fn answered<'a>(text: &'a [u8], rest: &'a [u8]) -> Reason<'a> {
    let Some(at) = reply_at(rest) else {
        return Reason::new(Outcome::Unclassified, By::Receiver, stage_of(rest), phase_only(text));
    };
    let reply = &rest[at..];
    let (stage, outcome) = (stage_of(&rest[..at]), outcome_of(reply));
    Reason { reply, ..Reason::new(outcome, By::Receiver, stage, &[]).before_tls() }
}

/// Where the reply begins: after the first colon that a code follows.
fn reply_at(text: &[u8]) -> Option<usize> {
    memmem::find_iter(text, b": ").map(|at| at + 2).find(|at| is_reply(&text[*at..]))
}

fn is_reply(text: &[u8]) -> bool {
    matches!(
        text,
        [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9'] | [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-' | b'\\', ..]
    )
}

/// 4xx defers and 5xx rejects, by the last line of the reply (RFC 5321 §4.2.1); lines are
/// parted by the two characters `\n`.
fn outcome_of(reply: &[u8]) -> Outcome {
    let last = memmem::rfind(reply, b"\\n").map_or(reply, |at| &reply[at + 2..]);
    // A reply that Exim cut may end within a line.
    match if is_reply(last) { last } else { reply } {
        [b'4', ..] => Outcome::Deferral,
        [b'5', ..] => Outcome::Rejection,
        _ => Outcome::Unclassified,
    }
}

/// The receiver closed; or it had answered EHLO with a refusal, and closed at HELO.
fn closed<'a>(text: &'a [u8], command: &'a [u8]) -> Reason<'a> {
    const NOTE: &[u8] = b" (EHLO response was: ";
    if let Some((command, reply)) = split_at(command, NOTE) {
        let reply = reply.strip_suffix(b")").unwrap_or(reply);
        // 500 to 504 say that EHLO is not known, which is no refusal.
        let refused = is_reply(reply) && !reply.starts_with(b"50");
        let outcome = if refused { outcome_of(reply) } else { Outcome::RemoteClose };
        let reply = if refused { reply } else { &[] };
        return Reason { reply, ..Reason::new(outcome, By::Receiver, stage_of(command), &[]) };
    }
    // Exim writes nothing of a 421 that answers STARTTLS, nor of one to EHLO inside TLS: it goes
    // on, and the close is found at MAIL FROM.
    let stage = match stage_of(command) {
        Stage::Mail => Stage::Unknown,
        stage => stage,
    };
    Reason::new(Outcome::RemoteClose, By::Receiver, stage, phase_only(text)).before_tls()
}

/// `smtp send to mx [ip] failed: Broken pipe`
fn not_sent(text: &[u8]) -> Reason<'_> {
    let says = |words: &[u8]| memmem::find(text, words).is_some();
    let (outcome, by) = if says(b"Broken pipe") || says(b"reset by peer") {
        (Outcome::RemoteClose, By::Receiver)
    } else if says(b"timed out") {
        (Outcome::Timeout, By::Unknown)
    } else if says(b"failed to expand") || says(b"Permission denied") {
        (Outcome::Local, By::Sender)
    } else {
        (Outcome::Unclassified, By::Unknown)
    };
    let detail = memmem::find(text, b" failed: ").map_or(text, |at| &text[at + 9..]);
    Reason::new(outcome, by, Stage::Unknown, detail)
}

/// The stage of a command in Exim's words.
///
/// With CHUNKING, Exim reads the answers to pipelined MAIL and RCPT after it has sent the
/// message, and calls them "pipelined end of data" all the same: which one it was is not said.
fn stage_of(command: &[u8]) -> Stage {
    let (pipelined, command) = match command.strip_prefix(b"pipelined ") {
        Some(command) => (true, command),
        None => (false, command),
    };
    let opens = |word: &[u8]| command.starts_with(word);
    if opens(b"initial connection") {
        Stage::Banner
    } else if opens(b"EHLO") || opens(b"HELO") || opens(b"LHLO") {
        Stage::Ehlo
    } else if opens(b"STARTTLS") {
        Stage::Starttls
    } else if opens(b"TLS-on-connect") {
        Stage::Handshake
    } else if opens(b"MAIL FROM") {
        Stage::Mail
    } else if opens(b"RCPT TO") {
        Stage::Rcpt
    } else if opens(b"DATA") {
        Stage::Data
    } else if opens(b"BDAT") {
        if memmem::find(command, b" LAST").is_some() { Stage::EndOfData } else { Stage::Data }
    } else if opens(b"sending data block") && !pipelined {
        Stage::Data
    } else if opens(b"end of data") && !pipelined {
        Stage::EndOfData
    } else if opens(b"RSET") || opens(b"QUIT") {
        Stage::Quit
    } else {
        Stage::Unknown
    }
}

/// A text up to its command: without addresses, sizes and what the system added.
fn phase_only(text: &[u8]) -> &[u8] {
    let ends: [&[u8]; 3] = [b":<", b" (", b": "];
    let end = ends.iter().filter_map(|e| memmem::find(text, e)).min().unwrap_or(text.len());
    &text[..end]
}

fn after_any<'a>(text: &'a [u8], openings: &[&[u8]]) -> Option<&'a [u8]> {
    openings.iter().find_map(|o| text.strip_prefix(*o))
}

fn split_at<'a>(text: &'a [u8], by: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memmem::find(text, by)?;
    Some((&text[..at], &text[at + by.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, error: &str, of_host: bool) -> String {
        let r = reason(text.as_bytes(), error.as_bytes(), of_host);
        let t = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        format!("{} {} {} {} [{}] [{}]", r.outcome, r.by, r.stage, r.tls, t(r.reply), t(r.detail))
    }

    #[test]
    fn what_happens_in_a_session() {
        // Recorded (lab), and of Exim's test suite.
        let rows = [
            (
                "SMTP error from remote mail server after initial connection: 421 4.7.0 Try again later, closing connection. l7 - gsmtp",
                "deferral receiver banner unknown [421 4.7.0 Try again later, closing connection. l7 - gsmtp] []",
            ),
            (
                "SMTP error from remote mail server after initial connection: 554 5.7.1 No SMTP service here",
                "rejection receiver banner unknown [554 5.7.1 No SMTP service here] []",
            ),
            (
                "SMTP error from remote mail server after HELO the.local.host.name: 450 I'm busy",
                "deferral receiver ehlo unknown [450 I'm busy] []",
            ),
            (
                "SMTP error from remote mail server after STARTTLS: 454 4.7.0 TLS not available",
                "deferral receiver starttls none [454 4.7.0 TLS not available] []",
            ),
            (
                r"SMTP error from remote mail server after pipelined MAIL FROM:<news@sender.example> SIZE=1401: 421-4.7.28 Gmail has\n421 4.7.28 review. d9 - gsmtp",
                r"deferral receiver mail unknown [421-4.7.28 Gmail has\n421 4.7.28 review. d9 - gsmtp] []",
            ),
            (
                "SMTP error from remote mail server after RCPT TO:<u@rcpt-450.example>: 450 4.2.1 x",
                "deferral receiver rcpt unknown [450 4.2.1 x] []",
            ),
            (
                "SMTP error from remote mail server after pipelined DATA: 421 4.7.0 (DATA) gsmtp",
                "deferral receiver data unknown [421 4.7.0 (DATA) gsmtp] []",
            ),
            (
                "SMTP error from remote mail server after end of data: 550-no mate\\n550 x",
                "rejection receiver end_of_data unknown [550-no mate\\n550 x] []",
            ),
            (
                "SMTP error from remote mail server after pipelined end of data: 421 4.7.0 x",
                "deferral receiver unknown unknown [421 4.7.0 x] []",
            ),
            ("PRDR error after BDAT 364 LAST: 450 4.2.1 x", "deferral receiver end_of_data unknown [450 4.2.1 x] []"),
            (
                "Remote host closed connection in response to initial connection",
                "remote_close receiver banner unknown [] [Remote host closed connection in response to initial connection]",
            ),
            (
                "Remote host closed connection in response to STARTTLS",
                "remote_close receiver starttls none [] [Remote host closed connection in response to STARTTLS]",
            ),
            (
                "Remote host closed connection in response to MAIL FROM:<news@sender.example>",
                "remote_close receiver unknown unknown [] [Remote host closed connection in response to MAIL FROM]",
            ),
            // Pipelining hides which command it was.
            (
                "Remote host closed connection in response to pipelined end of data",
                "remote_close receiver unknown unknown [] [Remote host closed connection in response to pipelined end of data]",
            ),
            (
                "Remote host closed connection in response to end of data",
                "remote_close receiver end_of_data unknown [] [Remote host closed connection in response to end of data]",
            ),
            (
                "Remote host closed connection in response to HELO mta1.sender.example (EHLO response was: 421 4.7.0 Try again later, closing connection. (EHLO) gsmtp)",
                "deferral receiver ehlo unknown [421 4.7.0 Try again later, closing connection. (EHLO) gsmtp] []",
            ),
            (
                "Remote host closed connection in response to HELO mta1 (EHLO response was: 502 unknown)",
                "remote_close receiver ehlo unknown [] []",
            ),
            (
                "SMTP timeout after end of data (364 bytes written): Connection timed out",
                "timeout unknown end_of_data unknown [] [SMTP timeout after end of data]",
            ),
            (
                "SMTP timeout after pipelined MAIL FROM:<x@y> SIZE=9: Connection timed out",
                "timeout unknown mail unknown [] [SMTP timeout after pipelined MAIL FROM]",
            ),
            (
                "Connection timed out : SMTP timeout after RCPT TO:<x@y>",
                "timeout unknown rcpt unknown [] [SMTP timeout after RCPT TO]",
            ),
            (
                "Malformed SMTP reply (an empty line) in response to pipelined RCPT TO:<x@y>",
                "unclassified receiver rcpt unknown [] [Malformed SMTP reply]",
            ),
            (
                "smtp send to mx [10.0.0.1] failed: Broken pipe",
                "remote_close receiver unknown unknown [] [Broken pipe]",
            ),
            (
                "a TLS session is required, but the server did not offer TLS support",
                "tls_failure sender ehlo none [] [a TLS session is required, but the server did not offer TLS support]",
            ),
            (
                "a TLS session is required, but an attempt to start TLS failed",
                "deferral receiver starttls none [] [a TLS session is required, but an attempt to start TLS failed]",
            ),
            ("the moon is full", "unclassified unknown unknown unknown [] [the moon is full]"),
        ];
        for (text, expected) in rows {
            assert_eq!(told(text, "", true), expected, "{text}");
        }
    }

    #[test]
    fn without_a_session() {
        let rows = [
            (("", "Connection refused"), "connect_failure unknown connect none [] [Connection refused]"),
            (("Connection timed out", ""), "connect_failure unknown connect none [] [Connection timed out]"),
            (
                ("host lookup did not complete", ""),
                "connect_failure unknown connect none [] [host lookup did not complete]",
            ),
            (
                ("retry time not reached for any host for 'gmail.com'", ""),
                "local sender unknown unknown [] [retry time not reached for any host for 'gmail.com']",
            ),
            (
                ("all hosts for 'test.ex' have been failing for a long time (and retry time not reached)", ""),
                "local sender unknown unknown [] [all hosts for 'test.ex' have been failing for a long time (and retry time not reached)]",
            ),
            (("retry timeout exceeded", ""), "local sender unknown unknown [] [retry timeout exceeded]"),
            (("Unrouteable address", ""), "connect_failure unknown connect none [] [Unrouteable address]"),
            (
                ("an MX or SRV record indicated no SMTP service", ""),
                "local sender unknown unknown [] [an MX or SRV record indicated no SMTP service]",
            ),
            (
                ("mailbox is full (MTA-imposed quota exceeded while writing to x)", ""),
                "local sender unknown unknown [] [mailbox is full (MTA-imposed quota exceeded while writing to x)]",
            ),
            (
                ("SMTP timeout after RCPT TO:<x@y>", "Connection timed out"),
                "timeout unknown rcpt unknown [] [SMTP timeout after RCPT TO]",
            ),
        ];
        for ((text, error), expected) in rows {
            assert_eq!(told(text, error, false), expected, "{text}|{error}");
        }
    }
}
