//! Fields whose name says what they hold: `sasl_username=`, `"subject":`, `Message-ID:`
//! and header lines.

use std::ops::Range;

use memchr::memmem;

use super::addresses::lossy;
use super::lines::Frame;
use super::marks::Mark;
use super::policy::Class;

/// Names of fields, lower case without dashes and underscores. `:` counts only after a
/// quoted name (JSON), or for secrets.
const FIELDS: &[(&str, Class)] = &[
    ("saslusername", Class::Login),
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
    ("clientip", Class::ClientIp),
    ("clientaddress", Class::ClientIp),
    ("rip", Class::ClientIp),
];

/// Header lines whose value says who, or what about.
const HEADERS: &[(&str, Class)] = &[
    ("subject", Class::Subject),
    ("thread-topic", Class::Subject),
    ("comments", Class::Subject),
    ("keywords", Class::Subject),
    ("from", Class::PersonName),
    ("to", Class::PersonName),
    ("cc", Class::PersonName),
    ("bcc", Class::PersonName),
    ("reply-to", Class::PersonName),
    ("sender", Class::PersonName),
    ("message-id", Class::MessageId),
    ("resent-message-id", Class::MessageId),
    ("in-reply-to", Class::MessageId),
    ("references", Class::MessageId),
    ("feedback-id", Class::Campaign),
    ("list-id", Class::Campaign),
    ("x-campaign-id", Class::Campaign),
    ("authorization", Class::AuthData),
    ("x-api-key", Class::AuthData),
    ("x-message-id", Class::EspMessageId),
];

/// All fields of one line.
pub(super) fn fields(line: &[u8], frame: &Frame) -> Vec<Mark> {
    let mut out = header(line, frame);
    out.extend(exim_title(line));
    out.extend(exim_login(line));
    out.extend(pairs(line));
    out
}

/// `key=value` and `"key":"value"`.
fn pairs(line: &[u8]) -> Vec<Mark> {
    let mut out = Vec::new();
    for at in memchr::memchr2_iter(b'=', b':', line) {
        let Some((class, name, quoted)) = field_before(line, at) else { continue };
        let colon = line.get(at) == Some(&b':');
        if colon && !quoted && class != Class::AuthData && name != "messageid" {
            continue;
        }
        let Some(mut span) = value_after(line, at + 1, colon) else { continue };
        if class == Class::Subject && span.start == at + 1 {
            // A subject without quotes has no end but the line's.
            span.end = line.trim_ascii_end().len();
        }
        let mut value = lossy(line.get(span.clone()).unwrap_or_default());
        if name == "evpid" && value.len() == 16 {
            // OpenSMTPD's envelopes: the id of the message, which they share, and of each alone.
            value = value.chars().take(8).collect();
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
        Class::Login => {
            !value.contains('@') && !matches!(value, "root" | "postfix" | "exim" | "Debian-exim" | "mail" | "-")
        }
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

fn is_number(value: &str) -> bool {
    let digits = value.split([',', '}']).next().unwrap_or_default().trim();
    !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a value is the name of a certificate's holder, `C = US, O = …` or `/C=US/O=…`.
fn is_distinguished_name(value: &str) -> bool {
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
    let class = FIELDS.iter().find(|(known, _)| *known == word)?.1;
    Some((class, word, quoted))
}

/// The value from `start`: in quotes, in angles, or up to a delimiter.
fn value_after(line: &[u8], start: usize, spaced: bool) -> Option<Range<usize>> {
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

/// A header at the start of what was said, after `header ` in Postfix's checks, or after
/// the one-letter flag of Exim's rejectlog.
fn header(line: &[u8], frame: &Frame) -> Vec<Mark> {
    let said = line.get(frame.payload..).unwrap_or_default();
    let (start, checked) = match memmem::find(line, b"header ") {
        Some(at) if line.get(..at).is_some_and(|b| b.ends_with(b": ")) => (at + 7, true),
        _ if said.get(1) == Some(&b' ') && said.first().is_some_and(u8::is_ascii_uppercase) => {
            (frame.payload + 2, false)
        }
        _ => (frame.payload, false),
    };
    // `MAIL FROM:` and `RCPT TO:` are commands, and what follows them are parameters.
    let before = line.get(..start).unwrap_or_default().trim_ascii_end();
    let word = before.get(before.len().saturating_sub(4)..).unwrap_or_default();
    if word.eq_ignore_ascii_case(b"mail") || word.eq_ignore_ascii_case(b"rcpt") {
        return Vec::new();
    }
    let Some((name, class)) = header_name(line, start) else { return Vec::new() };
    let from = start + name.len() + 1;
    let from = from + line.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_whitespace()).count();
    let mut end = line.trim_ascii_end().len();
    if checked {
        let tail = memmem::rfind(line, b"; from=<").unwrap_or(end);
        end = memmem::rfind(line.get(..tail).unwrap_or_default(), b" from ").unwrap_or(tail);
    }
    if from >= end {
        return Vec::new();
    }
    if class == Class::PersonName {
        return names(line, from..end);
    }
    if class == Class::Subject && is_distinguished_name(&lossy(line.get(from..end).unwrap_or_default())) {
        return Vec::new();
    }
    vec![Mark::value(from..end, class, &lossy(line.get(from..end).unwrap_or_default()))]
}

fn header_name(line: &[u8], start: usize) -> Option<(&'static str, Class)> {
    let rest = line.get(start..)?;
    let word = rest.get(..rest.iter().take(40).position(|&b| b == b':')?)?;
    HEADERS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word)).copied()
}

/// Display names: what stands before `<` in a list of mailboxes, and comments after an address.
fn names(line: &[u8], span: Range<usize>) -> Vec<Mark> {
    let text = line.get(span.clone()).unwrap_or_default();
    let mut out = Vec::new();
    let mut at = span.start;
    for part in text.split(|&b| b == b'<' || b == b'>' || b == b'(' || b == b')') {
        let here = at..at + part.len();
        at = here.end + 1;
        let blank = part.iter().take_while(|b| b.is_ascii_whitespace() || **b == b',').count();
        let name = part.get(blank..).unwrap_or_default().trim_ascii_end();
        if !name.is_empty() && !name.contains(&b'@') {
            let start = here.start + blank;
            out.push(Mark::value(start..start + name.len(), Class::PersonName, &lossy(name)));
        }
    }
    out
}

/// Exim's ` T="subject"`.
fn exim_title(line: &[u8]) -> Option<Mark> {
    let start = memmem::find(line, b" T=\"")? + 4;
    let span = value_after(line, start - 1, false)?;
    Some(Mark::value(span.clone(), Class::Subject, &lossy(line.get(span)?)))
}

/// Exim's ` A=plain_login:alice:…`.
fn exim_login(line: &[u8]) -> Option<Mark> {
    let start = memmem::find(line, b" A=")? + 3;
    let rest = line.get(start..)?;
    let word = rest.get(..rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len()))?;
    let colon = word.iter().position(|&b| b == b':')?;
    let span = start + colon + 1..start + word.len();
    let value = lossy(line.get(span.clone())?);
    (!value.is_empty() && !value.contains('@')).then(|| Mark::value(span, Class::Login, &value))
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
    fn headers_and_titles() {
        one("Subject: Your order 12", "Your order 12", Class::Subject);
        one("subject=Your order 12", "Your order 12", Class::Subject);
        one(r#"1x <= a@b S=1 T="Your \"order\"" from <a@b>"#, r#"Your \"order\""#, Class::Subject);
        one(
            "Nov 24 02:47:29 mta1 postfix/cleanup[1]: 8B1D: warning: header Subject: Hi from me from unknown[192.0.2.1]; from=<a@b> to=<c@d>",
            "Hi from me",
            Class::Subject,
        );
        one("To: Alice B <alice@example.com>, \"C, D\" <c@example.com>", "Alice B", Class::PersonName);
        one("F From: Alice B <alice@example.com>", "Alice B", Class::PersonName);
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
