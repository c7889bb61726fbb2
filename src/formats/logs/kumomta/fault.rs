//! What KumoMTA's SMTP client says went wrong: outcome, stage, who decided.
//!
//! The texts are those of `ClientError` in its crate `rfc5321`, the errors of the system's
//! sockets inside them, and the words of its TLS libraries, rustls and OpenSSL.

use super::debug::{Printed, response};
use crate::formats::logs::handshake;
use crate::smtp::{By, Outcome, Stage};

/// What an error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault<'a> {
    pub(super) outcome: Outcome,
    pub(super) by: By,
    pub(super) stage: Stage,
    /// The receiver's reply, where the error holds one.
    pub(super) reply: Option<Printed<'a>>,
}

/// An error without a reply.
pub(super) const fn fault<'a>(outcome: Outcome, by: By, stage: Stage) -> Fault<'a> {
    Fault { outcome, by, stage, reply: None }
}

/// The sender's own decision or fault.
pub(super) const fn own<'a>(stage: Stage) -> Fault<'a> {
    fault(Outcome::Local, By::Sender, stage)
}

/// Reads an error of the SMTP client. `stage` is what the words around it tell; where they
/// tell nothing, the command inside decides.
pub(super) fn of_client<'a>(error: &'a str, stage: Stage) -> Fault<'a> {
    let at = |command: &str| if stage == Stage::Unknown { stage_of(command) } else { stage };
    if let Some(printed) = error.strip_prefix("Command rejected ").and_then(response) {
        let outcome = of_code(printed.code);
        return Fault { reply: Some(printed), ..fault(outcome, By::Receiver, at(printed.command)) };
    }
    if error.starts_with("Timed Out sending message payload data") {
        return fault(Outcome::Timeout, By::Unknown, Stage::Data);
    }
    if error.starts_with("Timed Out ") {
        return fault(Outcome::Timeout, By::Unknown, at(command_of(error)));
    }
    let own_engine = ["No usable DANE TLSA", "Invalid client certificate", "SSL Error: ", "STARTTLS: "];
    if own_engine.iter().any(|o| error.starts_with(o)) {
        return own(Stage::Starttls);
    }
    // `IO error: ` until 2024.11.
    if let Some(inner) = error.strip_prefix("IO error: ") {
        return of_socket(inner, stage);
    }
    let Some(inner) = error.strip_prefix("Error ") else {
        // No UTF-8, no SMTP, too long a line: the receiver's text does not tell why.
        return fault(Outcome::Unclassified, By::Unknown, stage);
    };
    if let Some((inner, command)) = inner.rsplit_once(" reading response to ") {
        return of_socket(inner, at(command));
    }
    if let Some(inner) = inner.strip_suffix(" flushing send buffer") {
        return of_socket(inner, stage);
    }
    match inner.split_once(" writing ") {
        // Only the message itself is written without a command.
        Some((inner, "NONE" | "[]")) => of_socket(inner, Stage::Data),
        Some((inner, command)) => of_socket(inner, at(command)),
        None => of_socket(inner, stage),
    }
}

/// Reads the error of a connection that stood.
fn of_socket<'a>(error: &str, stage: Stage) -> Fault<'a> {
    if is_close(error) {
        return fault(Outcome::RemoteClose, By::Receiver, stage);
    }
    if error.contains("alert") {
        return fault(Outcome::TlsFailure, By::Receiver, stage);
    }
    if error.contains("timed out") {
        return fault(Outcome::Timeout, By::Unknown, stage);
    }
    fault(Outcome::Unclassified, By::Unknown, stage)
}

/// Reads the error of a TLS handshake. A close or a reset without an alert is a remote
/// close; bytes that are not TLS are plain text; an alert is the receiver's decision, and
/// what the own library found wrong is the sender's.
pub(super) fn of_handshake<'a>(error: &str) -> Fault<'a> {
    let says = |word: &&str| error.contains(*word);
    // What rustls complains of, and an alert or an error string of OpenSSL.
    let known = [
        "invalid peer certificate",
        "peer misbehaved",
        "peer is incompatible",
        "received corrupt message",
        "received unexpected",
        "cannot decrypt peer's message",
        "peer sent oversized message",
        "peer sent no certificates",
        "peer doesn't support",
        "alert",
        "error:",
    ];
    let openssl = handshake::fault(handshake::openssl_reason(error.as_bytes()));
    let (outcome, by) = if error.contains("InvalidContentType") {
        (Outcome::Plaintext, By::Receiver)
    } else if is_close(error) {
        (Outcome::RemoteClose, By::Receiver)
    } else if error.contains("deadline has elapsed") {
        (Outcome::Timeout, By::Unknown)
    } else if openssl.0 != Outcome::TlsFailure || known.iter().any(says) {
        openssl
    } else {
        (Outcome::TlsFailure, By::Unknown)
    };
    fault(outcome, by, Stage::Handshake)
}

/// Whether the other side closed or reset the connection, without a TLS alert.
fn is_close(error: &str) -> bool {
    const WORDS: &[&str] = &[
        "Connection closed by peer",
        "Connection reset by peer",
        "Broken pipe",
        "connection abort",
        "tls handshake eof",
        "unexpected eof",
        "unexpected EOF",
        "early eof",
        "peer closed connection without sending TLS close_notify",
    ];
    WORDS.iter().any(|w| error.contains(w))
}

/// What a reply's code makes of the attempt.
pub(super) const fn of_code(code: u16) -> Outcome {
    match code {
        400..500 => Outcome::Deferral,
        500..600 => Outcome::Rejection,
        _ => Outcome::Unclassified,
    }
}

/// The command in `… 5s for response to cmd=X`, `… after 5s writing cmd=X`, and in a debug
/// print until 2025.10: `… for response to Some(X)`, `… writing 5s [X, Y]`.
fn command_of(error: &str) -> &str {
    if let Some((_, command)) = error.split_once(" for response to ") {
        return command;
    }
    let written = error.split_once(" writing ").map_or("", |(_, written)| written);
    written.split_once(" [").map_or(written, |(_, commands)| commands)
}

/// The stage of a command, on the wire (`MAIL FROM:<…>`, `.`) or in a debug print
/// (`Some(Command("RSET\r\n"))`, older ones `Some(MailFrom { … })`).
pub(super) fn stage_of(command: &str) -> Stage {
    let command = command.strip_prefix("cmd=").unwrap_or(command).trim_start_matches(['[', ' ']);
    let command = command.strip_prefix("Some(").unwrap_or(command);
    let command = command.strip_prefix("Command(\"").unwrap_or(command).trim_end();
    let opens = |word: &&str| command.get(..word.len()).is_some_and(|c| c.eq_ignore_ascii_case(word));
    let stages: &[(&[&str], Stage)] = &[
        (&["DataDot"], Stage::EndOfData),
        (&["EHLO", "HELO", "LHLO"], Stage::Ehlo),
        (&["STARTTLS"], Stage::Starttls),
        (&["MAIL"], Stage::Mail),
        (&["RCPT"], Stage::Rcpt),
        (&["DATA"], Stage::Data),
        (&["RSET", "QUIT"], Stage::Quit),
    ];
    if command == "." || command.starts_with(".\\r") || command.starts_with(".\r") {
        return Stage::EndOfData;
    }
    stages.iter().find(|(words, _)| words.iter().any(opens)).map_or(Stage::Unknown, |(_, stage)| *stage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_client() {
        use {By::*, Outcome::*};
        let rows = [
            // Issue texts and rfc5321/src/client.rs.
            ("Error Connection closed by peer reading response to cmd=RSET", (RemoteClose, Receiver, Stage::Quit)),
            ("Error Connection closed by peer reading response to cmd=.", (RemoteClose, Receiver, Stage::EndOfData)),
            (
                "Error Connection reset by peer (os error 104) reading response to cmd=MAIL FROM:<a@b.example>",
                (RemoteClose, Receiver, Stage::Mail),
            ),
            (
                "Error peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/rustls/manual/_03_howto/index.html#unexpected-eof reading response to cmd=DATA",
                (RemoteClose, Receiver, Stage::Data),
            ),
            ("Error Broken pipe (os error 32) flushing send buffer", (RemoteClose, Receiver, Stage::Unknown)),
            (
                "Error Broken pipe (os error 32) writing RSETMAIL FROM:<a@b.example>RCPT TO:<c@d.example>DATA",
                (RemoteClose, Receiver, Stage::Quit),
            ),
            ("Error Broken pipe (os error 32) writing NONE", (RemoteClose, Receiver, Stage::Data)),
            (
                "Error received fatal alert: ProtocolVersion reading response to cmd=EHLO mta1.example",
                (TlsFailure, Receiver, Stage::Ehlo),
            ),
            (
                "Error the socket was closed in response to an earlier issue reading response to cmd=DATA",
                (Unclassified, Unknown, Stage::Data),
            ),
            ("Timed Out waiting 5s for response to cmd=STARTTLS", (Timeout, Unknown, Stage::Starttls)),
            ("Timed Out after 10s writing cmd=.", (Timeout, Unknown, Stage::EndOfData)),
            ("Timed Out sending message payload data", (Timeout, Unknown, Stage::Data)),
            // The same until 2025.10 and until 2024.11.
            ("Error Connection closed by peer reading response to Some(Rset)", (RemoteClose, Receiver, Stage::Quit)),
            ("Error Connection closed by peer reading response to None", (RemoteClose, Receiver, Stage::Unknown)),
            ("Error Broken pipe (os error 32) writing [Rset, Data]", (RemoteClose, Receiver, Stage::Quit)),
            ("Timed Out waiting 60s for response to Some(StartTls)", (Timeout, Unknown, Stage::Starttls)),
            ("Timed Out writing 10s [DataDot]", (Timeout, Unknown, Stage::EndOfData)),
            ("IO error: Connection reset by peer (os error 104)", (RemoteClose, Receiver, Stage::Unknown)),
            ("response is not UTF8", (Unclassified, Unknown, Stage::Unknown)),
            ("Malformed Response: * OK IMAP", (Unclassified, Unknown, Stage::Unknown)),
            ("No usable DANE TLSA records for mx.example.: []", (Local, Sender, Stage::Starttls)),
        ];
        for (text, expected) in rows {
            let f = of_client(text, Stage::Unknown);
            assert_eq!((f.outcome, f.by, f.stage), expected, "{text}");
        }
    }

    #[test]
    fn errors_of_handshakes() {
        use {By::*, Outcome::*};
        let rows = [
            // Issues 356, 67, 235, 64 of kumomta; rustls `Error`; OpenSSL reason strings.
            ("tls handshake eof", (RemoteClose, Receiver)),
            ("Connection reset by peer (os error 104)", (RemoteClose, Receiver)),
            ("error:0A000126:SSL routines:ssl3_read_n:unexpected eof while reading:", (RemoteClose, Receiver)),
            ("received fatal alert: HandshakeFailure", (TlsFailure, Receiver)),
            ("error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:", (TlsFailure, Receiver)),
            ("peer misbehaved: received unadvertised sig scheme RSA_PKCS1_SHA1", (TlsFailure, Sender)),
            ("peer is incompatible: NoCipherSuitesInCommon", (TlsFailure, Sender)),
            ("invalid peer certificate contents: invalid peer certificate: CertNotValidForName", (TlsFailure, Sender)),
            (
                "error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed:",
                (TlsFailure, Sender),
            ),
            ("received corrupt message of type InvalidContentType", (Plaintext, Receiver)),
            ("error:0A00010B:SSL routines:ssl3_get_record:wrong version number:", (Plaintext, Receiver)),
            ("the moon is full", (TlsFailure, Unknown)),
        ];
        for (text, expected) in rows {
            let f = of_handshake(text);
            assert_eq!((f.outcome, f.by), expected, "{text}");
        }
    }

    #[test]
    fn commands_on_the_wire_and_in_debug_prints() {
        for (command, stage) in [
            ("MAIL FROM:<a@b.example>\r\n", Stage::Mail),
            (".\r\n", Stage::EndOfData),
            ("Some(Command(\".\\r\\n\"))", Stage::EndOfData),
            ("Some(DataDot)", Stage::EndOfData),
            ("Some(MailFrom { address: NullSender, parameters: [] })", Stage::Mail),
            ("[Command(\"RSET\\r\\n\"), Command(\"MAIL FROM:<>\\r\\n\")]", Stage::Quit),
            ("Some(Data)", Stage::Data),
            ("StartTls", Stage::Starttls),
            ("NONE", Stage::Unknown),
            ("", Stage::Unknown),
        ] {
            assert_eq!(stage_of(command), stage, "{command}");
        }
    }
}
