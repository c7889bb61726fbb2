//! What a TLS library says of a handshake that failed, in the words of every MTA built on it.
//!
//! A close or a reset without an alert is a remote close; bytes that are not TLS are plain
//! text; an alert or our own policy is a TLS failure. The texts are those of OpenSSL's error
//! strings (1.0 to 3.5), whose codes changed between versions, and of GnuTLS.

use memchr::memmem;

use crate::smtp::{By, Outcome};

/// The reason of an error, without its code: `wrong version number`.
pub(super) fn fault(reason: &[u8]) -> (Outcome, By) {
    let says = |word: &str| memmem::find(reason, word.as_bytes()).is_some();
    if ["wrong version number", "unknown protocol", "http request", "unexpected TLS packet"].into_iter().any(says) {
        (Outcome::Plaintext, By::Receiver)
    } else if ["unexpected eof", "non-properly terminated", "reset by peer", "Broken pipe"].into_iter().any(says)
        // OpenSSL had nothing to complain of: the socket failed (SSL_ERROR_SYSCALL).
        || reason == b"reason(0)"
    {
        (Outcome::RemoteClose, By::Receiver)
    } else if says("timed out") {
        (Outcome::Timeout, By::Unknown)
    } else if says("alert") {
        (Outcome::TlsFailure, By::Receiver)
    } else if reason.is_empty() || reason == b"unknown" {
        (Outcome::TlsFailure, By::Unknown)
    } else {
        (Outcome::TlsFailure, By::Sender)
    }
}

/// The reason inside an OpenSSL error string `[PID:]error:HEX:LIB:FUNC:REASON[:FILE:LINE…]`.
/// Codes changed with OpenSSL 3 and texts did not, so the text is taken. Other texts are
/// their own reason.
pub(super) fn openssl_reason(text: &[u8]) -> &[u8] {
    match memmem::find(text, b"error:") {
        Some(at) => text[at..].split(|b| *b == b':').nth(4).unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_every_kind() {
        use {By::*, Outcome::*};
        let rows = [
            // oss trap 10: bytes that are no TLS are often a 421.
            (
                "error:0A00010B:SSL routines::wrong version number:../ssl/record/ssl3_record.c:350:",
                (Plaintext, Receiver),
            ),
            ("80BC:error:1408F10B:SSL routines:ssl3_get_record:wrong version number", (Plaintext, Receiver)),
            ("error:0A000126:SSL routines::unexpected eof while reading", (RemoteClose, Receiver)),
            ("error:00000000:lib(0)::reason(0)", (RemoteClose, Receiver)),
            ("Connection reset by peer", (RemoteClose, Receiver)),
            ("Connection timed out", (Timeout, Unknown)),
            (
                "error:0A000410:SSL routines::sslv3 alert handshake failure:x.c:1:SSL alert number 40:",
                (TlsFailure, Receiver),
            ),
            (
                "3682:error:140740BF:SSL routines:SSL23_CLIENT_HELLO:no protocols available:s23_clnt.c:381:",
                (TlsFailure, Sender),
            ),
            ("error:0A000086:SSL routines::certificate verify failed", (TlsFailure, Sender)),
            ("unknown", (TlsFailure, Unknown)),
            ("", (TlsFailure, Unknown)),
            // A string that was cut is its own reason.
            ("error:0A000126", (TlsFailure, Sender)),
        ];
        for (text, expected) in rows {
            assert_eq!(fault(openssl_reason(text.as_bytes())), expected, "{text}");
        }
    }
}
