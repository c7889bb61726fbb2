//! Values that nothing but their place in a line tells: Exim's titles and logins, what a client
//! sent that was no command, the holder of a certificate.

use memchr::memmem;

use super::addresses::lossy;
use super::fields::{is_account, value_after};
use super::marks::Mark;
use super::policy::Class;

/// All of them in a line.
pub(super) fn places(line: &[u8]) -> Vec<Mark> {
    [exim_title(line), exim_login(line), exim_user(line), payload(line), holder(line)].into_iter().flatten().collect()
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

/// Exim's ` U=alice`: who called it, or what RFC 1413 says of a client.
fn exim_user(line: &[u8]) -> Option<Mark> {
    memmem::find(line, b" <= ")?;
    let start = memmem::find(line, b" U=")? + 3;
    let span = value_after(line, start, false)?;
    let value = lossy(line.get(span.clone())?);
    is_account(&value).then(|| Mark::value(span, Class::Login, &value))
}

/// What a client sent that was no command: Postfix prints the beginning of it.
fn payload(line: &[u8]) -> Option<Mark> {
    const LEADS: &[&[u8]] = &[
        b"improper command pipelining after ",
        b"non-SMTP command from ",
        b"NON-SMTP COMMAND from ",
        b"COMMAND PIPELINING from ",
        b"PREGREET ",
    ];
    let lead = LEADS.iter().find_map(|lead| Some(memmem::find(line, lead)? + lead.len()))?;
    // Peers end with a bracket, postscreen's with a port behind it.
    let peer = lead + line.get(lead..)?.iter().position(|&b| b == b']')?;
    let start = peer + memmem::find(line.get(peer..)?, b": ")? + 2;
    let end = line.trim_ascii_end().len();
    let redacted = line.get(start..)?.starts_with(b"[redacted");
    (start < end && !redacted).then(|| Mark::value(start..end, Class::Body, ""))
}

/// The name in a certificate that a person holds, who has an address there as well.
fn holder(line: &[u8]) -> Option<Mark> {
    let folded = line.to_ascii_lowercase();
    memmem::find(&folded, b"emailaddress").or_else(|| memmem::find(&folded, b"email="))?;
    let name = memmem::find(&folded, b"cn=").map(|at| at + 3).or_else(|| Some(memmem::find(&folded, b"cn = ")? + 5))?;
    let rest = line.get(name..)?;
    let length = rest.iter().position(|b| matches!(b, b',' | b'/' | b'+' | b'"')).unwrap_or(rest.len());
    let value = lossy(rest.get(..length)?.trim_ascii_end());
    (!value.is_empty() && !value.contains('@'))
        .then(|| Mark::value(name..name + value.len(), Class::PersonName, &value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str, value: &str, class: Class) {
        let all: Vec<_> =
            places(line.as_bytes()).into_iter().map(|m| (line[m.span.clone()].to_owned(), m.class())).collect();
        assert_eq!(all, [(value.to_owned(), class)], "{line}");
    }

    #[test]
    fn what_places_tell() {
        one(r#"1x <= a@b S=1 T="Your \"order\"" from <a@b>"#, r#"Your \"order\""#, Class::Subject);
        one("x A=dovecot_login:alice.b S=1", "alice.b", Class::Login);
        one("1x <= a@b U=alice.b P=local", "alice.b", Class::Login);
        one("NON-SMTP COMMAND from [203.0.113.9]:4711 after CONNECT: GET /alice", "GET /alice", Class::Body);
        one("improper command pipelining after DATA from unknown[203.0.113.9]: Hi Alice", "Hi Alice", Class::Body);
        one("subject=CN = Alice B, emailAddress = a@b.example", "Alice B", Class::PersonName);
        one("DN=\"/CN=Alice B/emailAddress=a@b.example\"", "Alice B", Class::PersonName);
        for line in [
            "1x <= a@b U=root P=local",
            "subject=CN = mx.google.com",
            "issuer=C = US, CN = WR2",
            "lost connection after DATA from x[192.0.2.1]",
        ] {
            assert_eq!(places(line.as_bytes()), [], "{line}");
        }
    }
}
