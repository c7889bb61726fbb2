//! Fields whose name says what they hold: `sasl_username=`, `"subject":`, `Message-ID:`; with
//! `headers` and `places`, all that a line tells by where it stands.

use std::ops::Range;

use super::addresses::lossy;
use super::headers::header;
use super::lines::Frame;
use super::marks::Mark;
use super::places::places;
use super::policy::Class;
use super::words::is_common;

/// Fields of envelopes, which hold the bare name of an account where there is no domain:
/// `orig_to=<alice>`, `RCPT TO:<alice>`.
const LOCALS: &[&str] = &["to", "from", "origto", "ctladdr", "saslsender"];

/// Names of fields, lower case without dashes and underscores. `:` counts only after a
/// quoted name (JSON), or for secrets.
const FIELDS: &[(&str, Class)] = &[
    ("saslusername", Class::Login),
    ("to", Class::Login),
    ("from", Class::Login),
    ("origto", Class::Login),
    ("ctladdr", Class::Login),
    ("saslsender", Class::Login),
    ("user", Class::Login),
    ("username", Class::Login),
    ("login", Class::Login),
    ("authid", Class::Login),
    ("authenticated", Class::Login),
    ("password", Class::AuthData),
    ("passwd", Class::AuthData),
    ("pass", Class::AuthData),
    ("pwd", Class::AuthData),
    ("secret", Class::AuthData),
    ("clientsecret", Class::AuthData),
    ("apikey", Class::AuthData),
    ("xapikey", Class::AuthData),
    ("accesstoken", Class::AuthData),
    ("refreshtoken", Class::AuthData),
    ("authtoken", Class::AuthData),
    ("messageid", Class::MessageId),
    ("resentmessageid", Class::MessageId),
    ("id*", Class::MessageId),
    ("id", Class::MessageId),
    ("inreplyto", Class::MessageId),
    ("rfcmessageid", Class::MessageId),
    ("subject", Class::Subject),
    ("headersubject", Class::Subject),
    ("campaign", Class::Campaign),
    ("campaignid", Class::Campaign),
    ("feedbackid", Class::Campaign),
    ("headerfeedbackid", Class::Campaign),
    ("tenant", Class::Customer),
    ("tenantid", Class::Customer),
    ("customer", Class::Customer),
    ("customerid", Class::Customer),
    ("xmessageid", Class::EspMessageId),
    ("sgmessageid", Class::EspMessageId),
    ("queueid", Class::QueueId),
    ("evpid", Class::QueueId),
    ("spoolid", Class::QueueId),
    ("msgid", Class::QueueId),
    ("instanceid", Class::ProviderId),
    ("accountid", Class::ProviderId),
    ("hostname", Class::Node),
    ("helo", Class::ClientHost),
    ("clientip", Class::ClientIp),
    ("clientaddress", Class::ClientIp),
    ("rip", Class::ClientIp),
];

/// Ends of names of fields that hold secrets: `SMTP_PASSWORD=`, `relayhost_password = `.
const SECRETS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "secretkey",
    "accesstoken",
    "authtoken",
    "refreshtoken",
];

/// Accounts that every system has: they name nobody.
const SYSTEM: &[&str] = &[
    "-",
    "root",
    "postfix",
    "exim",
    "debian-exim",
    "mail",
    "mailnull",
    "mailer-daemon",
    "double-bounce",
    "postmaster",
    "daemon",
    "nobody",
    "www-data",
    "smmsp",
    "smmta",
    "unknown",
    "bounce",
];

/// All fields of one line.
pub(super) fn fields(line: &[u8], frame: &Frame) -> Vec<Mark> {
    let mut out = header(line, frame);
    out.extend(places(line));
    out.extend(pairs(line, frame.is_logged()));
    out
}

/// `key=value` and `"key":"value"`.
fn pairs(line: &[u8], logged: bool) -> Vec<Mark> {
    let mut out = Vec::new();
    for at in memchr::memchr2_iter(b'=', b':', line) {
        let Some((class, name, quoted)) = field_before(line, at) else { continue };
        let colon = line.get(at) == Some(&b':');
        let angled = || line.get(at + 1) == Some(&b'<');
        let local = LOCALS.contains(&name.as_str());
        if colon && !quoted && class != Class::AuthData && name != "messageid" && !(local && angled()) {
            continue;
        }
        if local && quoted {
            continue;
        }
        let spaced = colon || class == Class::AuthData;
        let Some(mut span) = value_after(line, at + 1, spaced) else { continue };
        if class == Class::Subject && span.start == at + 1 {
            // A subject without quotes has no end but the line's.
            span.end = line.trim_ascii_end().len();
        }
        let mut value = lossy(line.get(span.clone()).unwrap_or_default());
        if name == "evpid" && value.len() == 16 {
            // OpenSMTPD's envelopes: the id of the message, which they share, and of each alone.
            value = value.chars().take(8).collect();
        }
        // Without angles it may be a word of a sentence, or a number.
        let plain = is_common(&value) || !value.starts_with(char::is_alphabetic) || !logged;
        if local && !angled() && plain {
            continue;
        }
        let class = match name.as_str() {
            // Sendmail's `msgid=<…@…>` is a Message-ID, OpenSMTPD's `msgid=` its own.
            "msgid" if value.contains('@') => Class::MessageId,
            // KumoMTA's spool id of 128 bits.
            "id" if value.len() >= 32 && value.bytes().all(|b| b.is_ascii_hexdigit()) => Class::QueueId,
            _ => class,
        };
        if fits(class, &name, &value) {
            out.push(Mark::value(span, class, &value));
        }
    }
    out
}

/// Whether a value can be what its field's name says.
fn fits(class: Class, name: &str, value: &str) -> bool {
    match class {
        Class::MessageId => value.contains('@') || !name.starts_with("id"),
        Class::QueueId => value.len() >= 6 && !value.contains('@') && value.bytes().any(|b| b.is_ascii_digit()),
        Class::Login => is_account(value),
        Class::ClientHost => value.contains('.') && !value.starts_with('['),
        Class::Node | Class::ClientIp => value.len() >= 2,
        // Certificates have subjects too: `subject=CN = mx.google.com`.
        // So has the middle of an enhanced status code: `{"class":4,"subject":7,"detail":28}`.
        Class::Subject => !is_distinguished_name(value) && !is_number(value),
        Class::AuthData => {
            value.len() >= 2 && !matches!(value, "pass" | "fail" | "none" | "yes" | "no" | "true" | "false")
        }
        _ => !value.is_empty(),
    }
}

/// Whether a value is the name of an account that is somebody's.
pub(super) fn is_account(value: &str) -> bool {
    !value.contains('@') && !SYSTEM.iter().any(|known| known.eq_ignore_ascii_case(value))
}

fn is_number(value: &str) -> bool {
    let digits = value.split([',', '}']).next().unwrap_or_default().trim();
    !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a value is the name of a certificate's holder, `C = US, O = …` or `/C=US/O=…`.
pub(super) fn is_distinguished_name(value: &str) -> bool {
    const ATTRIBUTES: &[&str] = &["C", "CN", "DC", "L", "O", "OU", "ST", "emailAddress", "serialNumber"];
    let first = value.trim_start_matches(['/', ' ']).split('=').next().unwrap_or_default().trim_end();
    value.contains('=') && ATTRIBUTES.contains(&first)
}

/// The class of the name that ends before `at`, and whether it was in quotes.
fn field_before(line: &[u8], at: usize) -> Option<(Class, String, bool)> {
    let before = line.get(..at)?.trim_ascii_end();
    let (before, quoted) = match before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")) {
        Some(inner) => (inner.strip_suffix(b"\\").unwrap_or(inner), true),
        None => (before, false),
    };
    let name = |b: &u8| b.is_ascii_alphanumeric() || b"_-*".contains(b);
    let length = before.iter().rev().take_while(|b| name(b)).count();
    let word = lossy(before.get(before.len() - length..)?).to_ascii_lowercase().replace(['_', '-'], "");
    let listed = FIELDS.iter().find(|(known, _)| *known == word).map(|(_, class)| *class);
    let secret = || SECRETS.iter().any(|end| word.ends_with(end)).then_some(Class::AuthData);
    let class = listed.or_else(secret)?;
    Some((class, word, quoted))
}

/// Whether a name is of a field of [`FIELDS`], which says what it holds.
pub(super) fn is_named(name: &str) -> bool {
    FIELDS.iter().any(|(known, _)| *known == name) || SECRETS.iter().any(|end| name.ends_with(end))
}

/// The name in quotes that ends before `at`, in small letters without dashes and underscores.
pub(super) fn quoted_name_before(line: &[u8], at: usize) -> Option<String> {
    let before = line.get(..at)?.trim_ascii_end().strip_suffix(b"\"")?;
    let before = before.strip_suffix(b"\\").unwrap_or(before);
    let name = before.get(memchr::memrchr(b'"', before)? + 1..)?;
    let plain = name.iter().all(|b| b.is_ascii_alphanumeric() || b"_-.*: /".contains(b));
    (plain && !name.is_empty()).then(|| lossy(name).to_ascii_lowercase().replace(['_', '-'], ""))
}

/// The value from `start`: in quotes, in angles, or up to a delimiter.
pub(super) fn value_after(line: &[u8], start: usize, spaced: bool) -> Option<Range<usize>> {
    let rest = line.get(start..)?;
    let skip = if spaced { rest.iter().take_while(|&&b| b == b' ').count() } else { 0 };
    let from = start + skip;
    let rest = line.get(from..)?;
    let (open, close): (usize, fn(u8) -> bool) = match rest {
        [b'\\', b'"', ..] => (2, |b| b == b'\\'),
        [b'"', ..] => (1, |b| b == b'"'),
        [b'\'', ..] => (1, |b| b == b'\''),
        [b'<', ..] => (1, |b| b == b'>'),
        [b'[' | b'{', ..] => return None,
        _ => (0, |b| b.is_ascii_whitespace() || b",;&)\"'>]}".contains(&b)),
    };
    let inside = rest.get(open..)?;
    let mut end = 0;
    while let Some(&byte) = inside.get(end) {
        if close(byte) {
            break;
        }
        end += if byte == b'\\' && open == 1 { 2 } else { 1 };
    }
    let end = end.min(inside.len());
    (end > 0).then_some(from + open..from + open + end)
}

#[cfg(test)]
mod tests {
    use super::super::lines::frame;
    use super::*;

    fn all(line: &str) -> Vec<(String, Class)> {
        let marks = fields(line.as_bytes(), &frame(line.as_bytes()));
        marks.into_iter().map(|m| (line[m.span.clone()].to_owned(), m.class())).collect()
    }

    fn one(line: &str, value: &str, class: Class) {
        assert!(all(line).contains(&(value.to_owned(), class)), "{line}: {:?}", all(line));
    }

    #[test]
    fn fields_by_name() {
        one("client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=alice.b", "alice.b", Class::Login);
        one(r#"{"subject":"Hi \"you\", all","x":1}"#, r#"Hi \"you\", all"#, Class::Subject);
        one(
            "cleanup[1]: 0FCF81CADA: message-id=<20260101.X@mta1.example>",
            "20260101.X@mta1.example",
            Class::MessageId,
        );
        one("<= a@b id=E1x@mta1.example T=\"x\"", "E1x@mta1.example", Class::MessageId);
        one("A=dovecot_login:alice.b S=1 A=dovecot_login:alice.b", "alice.b", Class::Login);
        one("password=s3cr3tPw!&x=1", "s3cr3tPw!", Class::AuthData);
        one("password: s3cr3tPw!", "s3cr3tPw!", Class::AuthData);
        one(
            r#"{"type":"Delivery","id":"1d98076abbbc11ed940250ebf67f93bd"}"#,
            "1d98076abbbc11ed940250ebf67f93bd",
            Class::QueueId,
        );
        one("mta delivery evpid=f6e94209918f7e7b from=<a@b>", "f6e94209918f7e7b", Class::QueueId);
    }

    #[test]
    fn accounts_without_a_domain() {
        one("8B1D: to=<x@gmail.com>, orig_to=<alice>, relay=none", "alice", Class::Login);
        one("RCPT TO:<alice>", "alice", Class::Login);
        one("Nov 24 02:47:29 mta1 sm-mta[9]: 42N2lT1c000228: to=alice, delay=0", "alice", Class::Login);
        one("SMTP_PASSWORD=s3cr3tPw!", "s3cr3tPw!", Class::AuthData);
        one("relayhost_password = s3cr3tPw!", "s3cr3tPw!", Class::AuthData);
        for line in
            ["from=<>", "to=<root>", "from=12 to=15", "see from=the table", "to=alice in prose", r#"{"to":"alice"}"#]
        {
            assert_eq!(all(line), [], "{line}");
        }
    }

    #[test]
    fn words_of_replies_stay() {
        for line in [
            "535-5.7.8 Username and Password not accepted.",
            "SPF [example.com] with ip: [192.0.2.25] = did not pass",
            "status=sent (250 OK id=1xVgF1-000026-0U)",
            "subject=CN = mx.google.com",
            "        Subject: C = US, O = Google Trust Services, CN = WR2",
            "*  subject: CN=mx.google.com",
            "subject=/C=US/CN=mx.google.com",
            "2019-03-21T13:00:50.900Z,Outbound,08D6,23,192.0.2.1:44287,192.0.2.2:25,>,MAIL FROM:<a@b> SIZE=5120,",
            "uid=0",
            "dkim=pass",
            r#"{"code":421,"enhanced_code":{"class":4,"subject":7,"detail":28},"x":1}"#,
        ] {
            assert_eq!(all(line), [], "{line}");
        }
    }
}
