//! The evidence rules that all readers share: clues of a text, ranked, first match wins.
//!
//! Readers only say what they saw. The order here is the order of trust: what
//! ended the test before the network did, then explicit answers, then alerts,
//! then silence, and success last.

use super::{Phase, Verdict};

/// What one piece of the text shows. The order is the rank: the smallest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    /// The tester's options, files or keys ended the test.
    OwnOptions,
    /// The tester's kernel refused.
    OwnMachine,
    /// The name did not resolve.
    NoName,
    /// No connection.
    NoConnection,
    /// A 4xx or 5xx reply to the greeting, EHLO or STARTTLS.
    Refused,
    /// A 4xx or 5xx reply inside TLS.
    RefusedInside,
    /// EHLO without STARTTLS.
    NotOffered,
    /// A fatal alert received.
    Fault,
    /// The tester's own TLS library rejected what it received; an MTA's may take it.
    Rejected,
    /// Bytes that are not TLS.
    NotTls,
    /// Closed or reset before the handshake completed, without an alert.
    Closed,
    /// Nothing came in time.
    Silence,
    /// The tool's words fit a close as well as a fault of TLS, or as silence.
    Undecided,
    /// Closed or reset inside TLS, unasked.
    ClosedInside,
    /// A library error that only echoes another one (OpenSSL 3.5 `record layer failure`).
    Echo,
    /// The handshake stands; trust was not verified.
    Untrusted,
    /// The handshake stands and the certificate was trusted.
    Trusted,
    /// The handshake stands; the tool says nothing of the certificate.
    Encrypted,
}

/// A sign, where the test stood, and the words that show it.
#[derive(Clone, Debug)]
pub(super) struct Clue {
    pub sign: Sign,
    /// Where the text itself places it; else the reader's own reckoning counts.
    pub phase: Option<Phase>,
    pub words: String,
}

/// What a text comes to.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    pub verdict: Verdict,
    pub phase: Phase,
    pub because: String,
}

/// Picks the strongest clue; among equals the first.
///
/// `reached` is how far the test came, used where the clue does not say.
pub(super) fn decide(clues: &[Clue], reached: Phase) -> Decision {
    let Some(clue) = clues.iter().min_by_key(|c| c.sign) else {
        let because = "the text holds no result and no error line".to_owned();
        return Decision { verdict: Verdict::Inconclusive, phase: reached, because };
    };
    let (verdict, sentence) = meaning(clue.sign);
    let phase = clue.phase.unwrap_or(reached);
    Decision { verdict, phase, because: format!("{sentence}: \"{}\"", quoted(&clue.words)) }
}

const fn meaning(sign: Sign) -> (Verdict, &'static str) {
    match sign {
        Sign::OwnOptions => (Verdict::Operator, "the tester's own options or keys ended the test"),
        Sign::OwnMachine => (Verdict::LocalResource, "the tester's own machine refused"),
        Sign::NoName => (Verdict::Dns, "the name did not resolve"),
        Sign::NoConnection => (Verdict::Connect, "no connection came about"),
        Sign::Refused => (Verdict::Downstream, "refused with a reply before TLS"),
        Sign::RefusedInside => (Verdict::Downstream, "TLS stood, then a reply refused"),
        Sign::NotOffered => (Verdict::NotOffered, "STARTTLS was not offered"),
        Sign::Fault => (Verdict::TlsFault, "the handshake was refused by TLS itself"),
        Sign::Rejected => (Verdict::TlsFault, "the tester's own TLS library rejected it; an MTA may judge otherwise"),
        Sign::NotTls => (Verdict::Plaintext, "bytes that are not TLS came where TLS was due"),
        Sign::Closed => (Verdict::Downstream, "closed before the handshake completed, without a TLS alert"),
        Sign::Silence => (Verdict::Timeout, "nothing came in time"),
        Sign::Undecided => (Verdict::Inconclusive, "the tool's words fit more than one ending"),
        Sign::ClosedInside => (Verdict::Downstream, "TLS stood, then the connection was closed unasked"),
        Sign::Echo => (Verdict::TlsFault, "the TLS library gave up"),
        Sign::Untrusted => (Verdict::OkCert, "TLS was spoken, the certificate was not trusted"),
        Sign::Trusted => (Verdict::Ok, "the handshake completed and the certificate was trusted"),
        Sign::Encrypted => (Verdict::Ok, "the handshake completed; nothing is said of the certificate"),
    }
}

/// One line, short enough for a sentence.
fn quoted(words: &str) -> String {
    let mut line: String = words.split_whitespace().collect::<Vec<_>>().join(" ").replace(['`', '"'], "'");
    if let Some((at, _)) = line.char_indices().nth(160) {
        line.truncate(at);
        line.push('…');
    }
    line
}

/// Whether all that is said against a certificate is that the tool's own bundle does not know
/// its issuer. Of a tool that checks unasked this says nothing against the server.
pub(super) fn unknown_issuer(words: &str) -> bool {
    const WORDS: [&str; 3] = [
        "unable to get local issuer certificate",
        "unable to verify the first certificate",
        "all candidates exhausted with no interior errors",
    ];
    WORDS.iter().any(|w| words.contains(w))
}

/// Reads an OpenSSL error: `…error:CODE:library:function:reason:file:line:data`, found anywhere in `text`,
/// because standard output can break into the middle of a line.
pub(super) fn openssl_error(text: &str) -> Option<Clue> {
    // `TLS connect error: error:0A…`: words of a tool's own may end the same way.
    text.match_indices("error:").find_map(|(at, label)| coded_error(text, text.get(at + label.len()..)?))
}

fn coded_error(text: &str, body: &str) -> Option<Clue> {
    let mut parts = body.splitn(7, ':');
    let (code, library, function, reason) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if code.len() < 8 || !code.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    // An empty error queue: the connection ended and the library had nothing to say about it.
    if code.bytes().all(|b| b == b'0') {
        return Some(Clue { sign: Sign::Closed, phase: None, words: text.trim().to_owned() });
    }
    let data = parts.nth(2).unwrap_or_default().trim_end_matches([':', ' ']);
    let (sign, phase) = match library {
        "system library" => system_error(function, reason)?,
        "BIO routines" if function.contains("lookup") || function.contains("gethostbyname") => {
            (Sign::NoName, Some(Phase::Resolve))
        }
        "BIO routines" if reason.contains("no such file") => (Sign::OwnOptions, None),
        "BIO routines" => return None,
        "SSL routines" => (tls_reason(function, reason, data)?, None),
        l if l.starts_with("x509") || l.starts_with("PEM") || l.starts_with("STORE") || l.starts_with("CONF") => {
            (Sign::OwnOptions, None)
        }
        _ => (Sign::Echo, None),
    };
    let words = match (sign, data) {
        (Sign::NoName, data) if !data.is_empty() => data.to_owned(),
        (_, data) if data.starts_with("SSL alert number") => format!("{reason}, {data}"),
        _ => reason.to_owned(),
    };
    Some(Clue { sign, phase, words })
}

/// What the kernel said, by its words: numbers differ between systems.
pub(super) fn system_words(words: &str) -> Option<Sign> {
    const OWN: [&str; 8] = [
        "Too many open files",
        "Cannot assign requested address",
        "Can't assign requested address",
        "No buffer space available",
        "Cannot allocate memory",
        "Address already in use",
        "Operation not permitted",
        "Permission denied",
    ];
    const NO_NAME: [&str; 5] = [
        "name resolution",
        "Name or service not known",
        "nodename nor servname",
        "No address associated",
        "Name service error",
    ];
    const NO_CONNECTION: [&str; 6] = [
        "Connection refused",
        "Connection timed out",
        "Operation timed out",
        "No route to host",
        "unreachable",
        "Host is down",
    ];
    let any = |list: &[&str]| list.iter().any(|w| words.contains(w));
    if any(&OWN) {
        Some(Sign::OwnMachine)
    } else if any(&NO_NAME) || words.contains("not found") {
        Some(Sign::NoName)
    } else if any(&NO_CONNECTION) {
        Some(Sign::NoConnection)
    } else {
        None
    }
}

fn system_error(function: &str, reason: &str) -> Option<(Sign, Option<Phase>)> {
    if function.contains("fopen") || function.contains("file") {
        return Some((Sign::OwnOptions, None));
    }
    if reason.contains("reset") || reason.contains("Broken pipe") {
        return Some((Sign::Closed, None));
    }
    let phase = if function.contains("socket") || function.contains("bind") { Phase::Socket } else { Phase::Connect };
    Some((system_words(reason)?, Some(phase)))
}

/// The reason words of the TLS library; none for its reactions to what happened before.
fn tls_reason(function: &str, reason: &str, data: &str) -> Option<Sign> {
    let alert = data.strip_prefix("SSL alert number ").and_then(|n| n.trim().parse::<u8>().ok());
    Some(match (alert, reason) {
        // close_notify and user_canceled are a polite close, not a disagreement.
        (Some(0 | 90), _) => Sign::Closed,
        (Some(_), _) => Sign::Fault,
        // Without the number, as Perl and curl print them.
        (_, r) if r.contains("alert user cancelled") || r.contains("close notify") => Sign::Closed,
        (_, r) if r.contains("unexpected eof") => Sign::Closed,
        (_, r) if r.contains("wrong version number") || r.contains("http") || r == "unknown protocol" => Sign::NotTls,
        (_, r) if r.contains("certificate verify failed") => Sign::Untrusted,
        (_, r) if r.contains("renegotiation") || function.contains("renegotiate") => Sign::OwnOptions,
        (_, r) if r.contains("no cipher match") => Sign::OwnOptions,
        (_, r) if r.contains("record layer failure") || r == "ssl handshake failure" => Sign::Echo,
        (_, r) if r.contains("shutdown") || r.contains("uninitialized") => return None,
        // An alert whose number the tool does not print: `sslv3 alert …`, `tlsv1 unrecognized name`.
        (_, r) if r.contains("alert") || r.starts_with("tlsv1") => Sign::Fault,
        _ => Sign::Rejected,
    })
}

/// Whether a reply inside TLS is a refusal of the session: any 4xx, or a 5xx of policy.
///
/// Other 5xx answer what the tester typed (an unknown command, an unknown recipient).
pub(super) fn refuses_inside(code: u16, enhanced: Option<&str>) -> bool {
    match code {
        400..=499 | 521 | 554 => true,
        550 | 552 | 553 => enhanced.is_some_and(|e| e.starts_with("5.7.")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of real runs, 1.1.1w and 3.0.22; one of 3.5 as the library words it.
    #[test]
    fn library_errors_by_their_words_not_their_codes() {
        let cases = [
            (
                "40E7123B147F0000:error:0A000126:SSL routines:ssl3_read_n:unexpected eof while reading:../ssl/record/rec_layer_s3.c:318:",
                Sign::Closed,
            ),
            (
                "139748177450304:error:14094410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:../ssl/record/rec_layer_s3.c:1562:SSL alert number 40",
                Sign::Fault,
            ),
            (
                "40B7:error:0A000410:SSL routines:ssl3_read_bytes:ssl/tls alert handshake failure:ssl/record/rec_layer_s3.c:916:SSL alert number 40",
                Sign::Fault,
            ),
            (
                "extension_type=psk_key_exchange_mod4097B187FF7E0000:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../ssl/record/rec_layer_s3.c:1602:SSL alert number 70",
                Sign::Fault,
            ),
            (
                "40276967E87F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl/record/ssl3_record.c:350:",
                Sign::NotTls,
            ),
            (
                "40879172897F0000:error:8000006F:system library:BIO_connect:Connection refused:../crypto/bio/bio_sock2.c:117:calling connect()",
                Sign::NoConnection,
            ),
            (
                "40E0B9037A7F0000:error:80000018:system library:BIO_socket:Too many open files:../crypto/bio/bio_sock2.c:50:calling socket()",
                Sign::OwnMachine,
            ),
            (
                "40C74F00EC7F0000:error:10080002:BIO routines:BIO_lookup_ex:system lib:../crypto/bio/bio_addr.c:746:Temporary failure in name resolution",
                Sign::NoName,
            ),
            (
                "4047EA54ED7F0000:error:0A00010A:SSL routines:can_renegotiate:wrong ssl version:../ssl/ssl_lib.c:2287:",
                Sign::OwnOptions,
            ),
            (
                "40D7DEFC377F0000:error:80000002:system library:BIO_new_file:No such file or directory:../crypto/bio/bss_file.c:67:calling fopen(/nonexistent.pem, r)",
                Sign::OwnOptions,
            ),
            (
                "40178D81BC7F0000:error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed:../ssl/statem/statem_clnt.c:1889:",
                Sign::Untrusted,
            ),
            (
                "warning: TLS library problem: error:0A00018A:SSL routines::dh key too small:../ssl/statem/statem_clnt.c:2092:",
                Sign::Rejected,
            ),
            (
                "00:error:0A000139:SSL routines:ssl3_read_bytes:record layer failure:ssl/record/rec_layer_s3.c:691:",
                Sign::Echo,
            ),
        ];
        for (line, sign) in cases {
            assert_eq!(openssl_error(line).map(|c| c.sign), Some(sign), "{line}");
        }
        for line in [
            "40879172897F0000:error:10000067:BIO routines:BIO_connect:connect error:../crypto/bio/bio_sock2.c:119:",
            "verify error:num=10:certificate has expired",
            "Verification error: certificate has expired",
            "error:",
        ] {
            assert!(openssl_error(line).is_none(), "{line}");
        }
    }

    #[test]
    fn the_strongest_clue_wins_and_is_quoted() {
        let clue = |sign, words: &str| Clue { sign, phase: None, words: words.to_owned() };
        let clues = [clue(Sign::Trusted, "New, TLSv1.3"), clue(Sign::Fault, "alert `40`")];
        let decision = decide(&clues, Phase::ServerFlight);
        assert_eq!((decision.verdict, decision.phase), (Verdict::TlsFault, Phase::ServerFlight));
        assert_eq!(decision.because, "the handshake was refused by TLS itself: \"alert '40'\"");
        assert_eq!(decide(&[], Phase::Unknown).verdict, Verdict::Inconclusive);
    }

    #[test]
    fn replies_to_what_the_tester_typed_are_no_refusal() {
        assert!(refuses_inside(421, None) && refuses_inside(550, Some("5.7.1")) && refuses_inside(554, None));
        assert!(!refuses_inside(550, Some("5.1.1")) && !refuses_inside(502, None) && !refuses_inside(250, None));
    }
}
