//! `TLS session: …`: why a TLS session did not come about, by GnuTLS and by OpenSSL.
//!
//! `(function): text` is written by `tls_error` of tls-gnu.c and tls-openssl.c. GnuTLS's own
//! texts (`gnutls_strerror`) end with a full stop and its names of alerts do not; 4.97 and
//! later write `rxd alert: ` before an alert that came in.

use memchr::memmem;

use super::reason::Reason;
use crate::formats::logs::handshake::{fault, openssl_reason};
use crate::smtp::{By, Outcome, Stage, TlsUse};

/// What follows `TLS session: `.
pub(super) fn session_failure(text: &[u8]) -> Reason<'_> {
    // The handshake was over. A close or a silence is not told apart; an alert has a line of
    // its own before this one.
    if text == b"error on first read" {
        let closed = Reason::new(Outcome::RemoteClose, By::Unknown, Stage::Ehlo, text);
        return Reason { tls: TlsUse::Established, ..closed };
    }
    let (function, error) = parts(text);
    let (outcome, by, detail) = match function {
        // Bytes came before the handshake that were no TLS.
        b"" if error == b"synch error before connect" => (Outcome::Plaintext, By::Receiver, error),
        b"gnutls_handshake" | b"tls lib connect fn" => {
            let (outcome, by) = gnutls_fault(error);
            (outcome, by, error)
        }
        b"SSL_connect" => {
            let reason = openssl_reason(error);
            let (outcome, by) = fault(reason);
            (outcome, by, reason)
        }
        b"" => (Outcome::TlsFailure, By::Unknown, error),
        // A check of ours failed (certificate, its status, ALPN), or our own set-up.
        _ => (Outcome::TlsFailure, By::Sender, if error.is_empty() { function } else { error }),
    };
    Reason { tls: TlsUse::Failed, ..Reason::new(outcome, by, Stage::Handshake, detail) }
}

/// What a symptom says: `(recv): A TLS fatal alert has been received: Certificate is bad`.
pub(super) fn is_alert(symptom: &[u8]) -> bool {
    memmem::find(symptom, b"fatal alert has been received").is_some()
}

/// Whether a symptom is a connection that was closed or reset.
pub(super) fn is_close(symptom: &[u8]) -> bool {
    fault(parts(symptom).1).0 == Outcome::RemoteClose
}

/// `(function): error`, `(function) error` or an error alone.
fn parts(text: &[u8]) -> (&[u8], &[u8]) {
    let Some(inside) = text.strip_prefix(b"(") else { return (&[], text) };
    let Some(close) = memchr::memchr(b')', inside) else { return (&[], text) };
    let error = &inside[close + 1..];
    (&inside[..close], error.strip_prefix(b":").unwrap_or(error).trim_ascii())
}

fn gnutls_fault(error: &[u8]) -> (Outcome, By) {
    let says = |words: &[u8]| memmem::find(error, words).is_some();
    if says(b"pull function") || says(b"push function") || says(b"closed by peer") {
        // The socket failed: a reset.
        (Outcome::RemoteClose, By::Receiver)
    } else if error.starts_with(b"rxd alert: ") || says(b"fatal alert has been received") {
        (Outcome::TlsFailure, By::Receiver)
    } else if says(b"unexpected TLS packet") || says(b"non-properly terminated") || says(b"timed out") {
        fault(error)
    } else if error.ends_with(b".") {
        // An error of the library. Of these two we are the ones who decide; of others, such as
        // "Error decoding the received TLS packet.", it is not said who was at fault.
        let ours = says(b"supported cipher suite") || says(b"not acceptable");
        (Outcome::TlsFailure, if ours { By::Sender } else { By::Unknown })
    } else if error.is_empty() {
        (Outcome::TlsFailure, By::Unknown)
    } else {
        // The name of an alert: "Handshake failed".
        (Outcome::TlsFailure, By::Receiver)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_libraries() {
        let rows = [
            // Recorded: 4.96 and 4.100 with GnuTLS.
            (
                "(gnutls_handshake): The TLS connection was non-properly terminated.",
                "remote_close receiver handshake failed",
            ),
            ("(gnutls_handshake): Error in the pull function.", "remote_close receiver handshake failed"),
            ("(gnutls_handshake): An unexpected TLS packet was received.", "plaintext receiver handshake failed"),
            ("(gnutls_handshake): Error decoding the received TLS packet.", "tls_failure unknown handshake failed"),
            ("(gnutls_handshake): Handshake failed", "tls_failure receiver handshake failed"),
            ("(gnutls_handshake): rxd alert: Handshake failed", "tls_failure receiver handshake failed"),
            ("(gnutls_handshake): timed out", "timeout unknown handshake failed"),
            ("error on first read", "remote_close unknown ehlo established"),
            // Shapes of tls-gnu.c and tls-openssl.c, texts of the libraries.
            (
                "(gnutls_handshake): Could not negotiate a supported cipher suite.",
                "tls_failure sender handshake failed",
            ),
            ("(certificate verification failed): certificate invalid", "tls_failure sender handshake failed"),
            ("(handshake): ALPN required but not negotiated", "tls_failure sender handshake failed"),
            ("(SSL_connect) Server certificate revoked", "tls_failure sender handshake failed"),
            ("(SSL_connect): timed out", "timeout unknown handshake failed"),
            (
                "(SSL_connect): error:0A000126:SSL routines::unexpected eof while reading",
                "remote_close receiver handshake failed",
            ),
            ("(SSL_connect): error:00000000:lib(0):func(0):reason(0)", "remote_close receiver handshake failed"),
            ("(SSL_connect): error:0A00010B:SSL routines::wrong version number", "plaintext receiver handshake failed"),
            (
                "(SSL_connect): error:0A000410:SSL routines::ssl/tls alert handshake failure",
                "tls_failure receiver handshake failed",
            ),
            (
                "(SSL_connect): error:0A000086:SSL routines::certificate verify failed",
                "tls_failure sender handshake failed",
            ),
            ("synch error before connect", "plaintext receiver handshake failed"),
            ("something new", "tls_failure unknown handshake failed"),
        ];
        for (text, expected) in rows {
            let r = session_failure(text.as_bytes());
            assert_eq!(format!("{} {} {} {}", r.outcome, r.by, r.stage, r.tls), expected, "{text}");
        }
        assert!(is_alert(b"(recv): A TLS fatal alert has been received: Certificate is bad"));
        assert!(is_close(b"(recv): The TLS connection was non-properly terminated."));
        assert!(!is_close(b"(recv): Function was interrupted."));
    }
}
