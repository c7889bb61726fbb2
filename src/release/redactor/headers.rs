//! Headers of messages, as logs, checks and transcripts show them.

use std::ops::Range;

use memchr::memmem;

use super::addresses::lossy;
use super::fields::is_distinguished_name;
use super::lines::{Frame, frame};
use super::marks::Mark;
use super::policy::Class;

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
    ("received", Class::Body),
    ("x-originating-ip", Class::Body),
    ("content-disposition", Class::Body),
];

/// Whether a line is a header that further lines may carry on.
pub(super) fn opens_header(line: &[u8]) -> bool {
    let is_dialogue = || frame(line).payload > 0;
    header_name(line, 0).is_some() && !is_dialogue()
}

/// A header at the start of what was said, after `header ` in Postfix's checks, or after
/// the one-letter flag of Exim's rejectlog.
pub(super) fn header(line: &[u8], frame: &Frame) -> Vec<Mark> {
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
    let Some((length, class)) = header_name(line, start) else { return Vec::new() };
    let from = start + length + 1;
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

/// The length of a header's name that begins here, and what its value is.
fn header_name(line: &[u8], start: usize) -> Option<(usize, Class)> {
    let rest = line.get(start..)?;
    let word = rest.get(..rest.iter().take(40).position(|&b| b == b':')?)?;
    let known = HEADERS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word));
    known.map(|(name, class)| (name.len(), *class))
}

/// Display names: what stands before `<` in a list of mailboxes, and comments after an address.
fn names(line: &[u8], span: Range<usize>) -> Vec<Mark> {
    let text = line.get(span.clone()).unwrap_or_default();
    let mut out = Vec::new();
    let mut at = span.start;
    let mut quoted = false;
    // A comma ends a mailbox, but in a quoted name.
    let ends = |b: &u8| {
        quoted ^= *b == b'"';
        b"<>()".contains(b) || (*b == b',' && !quoted)
    };
    for part in text.split(ends) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str, value: &str, class: Class) {
        let marks = header(line.as_bytes(), &frame(line.as_bytes()));
        let all: Vec<_> = marks.iter().map(|m| (&line[m.span.clone()], m.class())).collect();
        assert!(all.contains(&(value, class)), "{line}: {all:?}");
    }

    #[test]
    fn headers_in_their_places() {
        one("Subject: Your order 12", "Your order 12", Class::Subject);
        one(
            "Nov 24 02:47:29 mta1 postfix/cleanup[1]: 8B1D: warning: header Subject: Hi from me from unknown[192.0.2.1]; from=<a@b> to=<c@d>",
            "Hi from me",
            Class::Subject,
        );
        one("To: Alice B <alice@example.com>, \"C, D\" <c@example.com>", "Alice B", Class::PersonName);
        one("To: alice@example.com, \"C, D\" <c@example.com>", "\"C, D\"", Class::PersonName);
        one("F From: Alice B <alice@example.com>", "Alice B", Class::PersonName);
        one("Received: from a.isp.test ([203.0.113.9])", "from a.isp.test ([203.0.113.9])", Class::Body);
    }

    #[test]
    fn what_opens_a_header() {
        assert!(opens_header(b"Subject: x") && opens_header(b"to:"));
        for none in [&b" -> Subject: x"[..], b"C: To: x", b"subject=x", b"2026-11-24T02:43:13.776Z To: x"] {
            assert!(!opens_header(none), "{}", lossy(none));
        }
    }
}
