//! Credentials and keys, by the names under which logs and tools print them.

use super::detect::{Found, find_folded, is_note};

/// `password=x`, `"api_key":"x"`, ``pass `x'``.
pub(super) fn named_secrets(text: &[u8]) -> Vec<Found> {
    const NAMES: &[&str] = &[
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "apikey",
        "api_key",
        "api-key",
        "client_secret",
        "access_token",
        "refresh_token",
        "access_key",
        "password_maps = static:",
    ];
    let mut out = Vec::new();
    for name in NAMES {
        for at in find_folded(text, name.as_bytes()) {
            let after = at + name.len();
            let Some(rest) = text.get(after..) else { continue };
            let closed =
                rest.strip_prefix(b"\\\"").or_else(|| rest.strip_prefix(b"\"")).or_else(|| rest.strip_prefix(b"'"));
            let rest = closed.unwrap_or(rest);
            let blank = rest.iter().take_while(|b| **b == b' ').count();
            let set = rest.get(blank..).unwrap_or_default();
            let Some(value) = set.strip_prefix(b"=").or_else(|| closed?.strip_prefix(b":")) else { continue };
            let shown = value.iter().find(|b| !matches!(b, b' ' | b'"' | b'\'' | b'\\'));
            if shown.is_some_and(|b| b.is_ascii_graphic() && !b",;&}".contains(b)) && !is_note(value) {
                out.push(("password", at..after));
            }
        }
    }
    for option in
        [&b" -psk "[..], b" -ap ", b" --auth-password ", b" --auth-password=", b" -pass pass:", b" -passin pass:"]
    {
        for at in memchr::memmem::find_iter(text, option) {
            let value = text.get(at + option.len()..).unwrap_or_default();
            if value.first().is_some_and(u8::is_ascii_graphic) && !is_note(value) {
                out.push(("password", at..at + option.len()));
            }
        }
    }
    for at in memchr::memmem::find_iter(text, b" pass `") {
        if !is_note(text.get(at + 7..).unwrap_or_default()) {
            out.push(("password", at..at + 7));
        }
    }
    out
}

/// An argument of AUTH, in whatever case; names of mechanisms are an offer and stay.
pub(super) fn auth_arguments(text: &[u8]) -> Vec<Found> {
    let mut out = Vec::new();
    for at in find_folded(text, b"auth ") {
        let line =
            text.get(at + 5..).unwrap_or_default().split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
        let mut words = line.split(|b| *b == b' ').filter(|w| !w.is_empty());
        let named = words.next().is_some_and(is_mechanism);
        let argument = words.find(|word| !is_mechanism(word)).unwrap_or_default();
        let blob = |b: &u8| b.is_ascii_alphanumeric() || b"+/=-_".contains(b);
        if named && argument.iter().take_while(|b| blob(b)).count() >= 4 {
            out.push(("SMTP credential", at..at + 5));
        }
    }
    out
}

/// What a server may offer behind AUTH in its answer to EHLO (IANA, SASL mechanisms).
fn is_mechanism(word: &[u8]) -> bool {
    const NAMES: &[&str] = &[
        "LOGIN",
        "PLAIN",
        "CRAM-MD5",
        "DIGEST-MD5",
        "NTLM",
        "GSSAPI",
        "GSS-SPNEGO",
        "EXTERNAL",
        "ANONYMOUS",
        "XOAUTH2",
        "OAUTHBEARER",
        "PLAIN-CLIENTTOKEN",
        "XOAUTH",
        "SCRAM-SHA-1",
        "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-256",
        "SCRAM-SHA-256-PLUS",
    ];
    NAMES.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word))
}

/// Hex behind the names under which TLS libraries print the secrets of a session.
pub(super) fn session_secrets(text: &[u8]) -> Vec<Found> {
    const NAMES: &[&str] = &[
        "Master-Key:",
        "Resumption PSK:",
        "Session-ID:",
        " PSK:",
        "PSK identity:",
        "Master Secret:",
        "CLIENT_RANDOM ",
        "TRAFFIC_SECRET_0 ",
        "TRAFFIC_SECRET ",
        "EXPORTER_SECRET ",
    ];
    let mut out = Vec::new();
    for name in NAMES {
        for at in find_folded(text, name.as_bytes()) {
            let rest = text.get(at + name.len()..).unwrap_or_default();
            let digits = rest.iter().skip_while(|b| **b == b' ').take_while(|b| b.is_ascii_hexdigit()).count();
            if digits >= 4 {
                out.push(("TLS session secret", at..at + name.len()));
            }
        }
    }
    out
}

/// JSON web tokens, key ids of AWS, keys of SendGrid and Mailgun, bearer tokens.
pub(super) fn bearers(text: &[u8]) -> Vec<Found> {
    let member = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'~' | b'+' | b'/');
    let mut out = Vec::new();
    let mut at = 0;
    let mut last: &[u8] = b"";
    for word in text.split(|b| !member(*b)) {
        let jwt = word.starts_with(b"eyJ") && word.iter().filter(|b| **b == b'.').count() == 2 && word.len() > 40;
        let upper = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        let aws =
            word.len() == 20 && (word.starts_with(b"AKIA") || word.starts_with(b"ASIA")) && word.iter().all(upper);
        let sendgrid = word.starts_with(b"SG.") && word.len() > 40 && word.iter().filter(|b| **b == b'.').count() == 2;
        let small = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let mailgun = word.strip_prefix(b"key-").is_some_and(|key| key.len() == 32 && key.iter().all(small));
        let bearer = last.eq_ignore_ascii_case(b"bearer") && word.len() >= 12;
        if jwt || aws || sendgrid || mailgun || bearer {
            out.push(("credential", at..at + word.len()));
        }
        at += word.len() + 1;
        last = word;
    }
    out
}

/// `smtp://alice:secret@mx.example`: an account and its password before a host.
pub(super) fn logins(text: &[u8]) -> Vec<Found> {
    let mut out = Vec::new();
    for at in memchr::memmem::find_iter(text, b"://") {
        let rest = text.get(at + 3..).unwrap_or_default();
        let host = rest.iter().take_while(|b| b.is_ascii_graphic() && !b"/?#\"'<>[]".contains(b)).count();
        let authority = rest.get(..host).unwrap_or_default();
        if memchr::memrchr(b'@', authority).is_some_and(|end| memchr::memchr(b':', &authority[..end]).is_some()) {
            out.push(("SMTP credential", at..at + 3));
        }
    }
    out
}

/// `\0user\0password` (RFC 4616), or XOAUTH2's `user=…\x01auth=Bearer …`.
pub(super) fn is_login(text: &[u8]) -> bool {
    let mut parts = text.split(|b| *b == 0);
    let (Some(_), Some(user), Some(secret), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return memchr::memchr_iter(1, text)
            .any(|at| text.get(at..).is_some_and(|rest| rest.starts_with(b"\x01auth=Bearer ")));
    };
    let shown = |s: &[u8], least: usize| {
        s.len() >= least && std::str::from_utf8(s).is_ok_and(|s| !s.chars().any(char::is_control))
    };
    shown(user, 2) && shown(secret, 4)
}
