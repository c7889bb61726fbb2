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
    } else if ["unexpected eof", "non-properly terminated", "reset by peer", "Broken pipe"].into_iter().any(says) {
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
