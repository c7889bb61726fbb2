//! What gives itself away by its form: addresses, credentials, keys, homes, prompts.

use std::ops::Range;

use super::addresses::{addresses, is_token};
use super::secrets::{auth_arguments, bearers, is_login, logins, named_secrets, session_secrets};
use super::values::addresses_of_hosts;
use super::windows::Trust;

/// Something found: what, and where in the text.
pub(super) type Found = (&'static str, Range<usize>);

/// The class of an address that nobody named before.
pub(super) const ADDRESS: &str = "e-mail address";

/// Everything of a text that gives itself away.
pub(super) fn detect(text: &[u8], trust: Trust) -> Vec<Found> {
    let mut out: Vec<Found> = addresses(text, trust).into_iter().map(|span| (ADDRESS, span)).collect();
    if trust == Trust::Meant {
        out.extend(marked(text));
        out.extend(named_secrets(text));
        out.extend(auth_arguments(text));
        out.extend(session_secrets(text));
        out.extend(bearers(text));
        out.extend(logins(text));
        out.extend(prompts(text));
        out.extend(bodies(text));
        out.extend(subjects(text));
        out.extend(urls(text));
        out.extend(names(text));
    } else if is_login(text) {
        out.push(("SMTP credential", 0..text.len()));
    }
    out
}

/// Addresses of private networks, for readers whose policy drops them.
pub(super) fn private_hosts(text: &[u8]) -> impl Iterator<Item = Found> + '_ {
    let is_private = |ip: std::net::IpAddr| match ip {
        std::net::IpAddr::V4(ip) => {
            ip.is_private() || ip.is_link_local() || matches!(ip.octets(), [100, 64..=127, _, _])
        }
        std::net::IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    };
    let alone = |span: &Range<usize>| {
        let word = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        !word(span.start.checked_sub(1).and_then(|k| text.get(k))) && !word(text.get(span.end))
    };
    addresses_of_hosts(text)
        .filter(move |(span, ip)| is_private(*ip) && alone(span))
        .map(|(span, _)| ("private-ip", span))
}

/// Marks that stand for themselves: keys, homes.
fn marked(text: &[u8]) -> Vec<Found> {
    const MARKS: &[(&str, &str)] = &[
        ("PRIVATE KEY-----", "private key"),
        ("/home/", "home path"),
        ("/Users/", "home path"),
        ("C:\\Users\\", "home path"),
        ("/Maildir/", "mailbox path"),
        ("/.maildir/", "mailbox path"),
    ];
    let found = |(mark, class): &(&str, &'static str)| {
        let class = *class;
        let length = mark.len();
        memchr::memmem::find_iter(text, mark).map(|at| (class, at..at + length)).collect::<Vec<_>>()
    };
    MARKS.iter().flat_map(found).collect()
}

/// Whether what follows is a note that something was taken out.
pub(super) fn is_note(rest: &[u8]) -> bool {
    let bare = rest.iter().take_while(|b| matches!(b, b' ' | b'"' | b'\'' | b'`' | b'\\')).count();
    rest.get(bare..)
        .is_some_and(|r| [&b"[redacted"[..], b"[line removed", b"[line withheld"].iter().any(|n| r.starts_with(n)))
}

/// `root@mta1:~# `, `[root@mta1 ~]# `: who sat where.
fn prompts(text: &[u8]) -> Vec<Found> {
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let mut out = Vec::new();
    for at in memchr::memchr_iter(b'@', text) {
        let user = text.get(..at).unwrap_or_default().iter().rev().take_while(|b| word(**b)).count();
        let tail = text.get(at + 1..).unwrap_or_default();
        let host = tail.iter().take_while(|b| word(**b)).count();
        let line = tail.get(host..).unwrap_or_default().split(|b| *b == b'\n').next().unwrap_or_default();
        let opened = text.get(..at - user).is_some_and(|b| b.ends_with(b"["));
        let place = line.strip_prefix(b":").or_else(|| line.strip_prefix(b" ").filter(|_| opened));
        let path = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'#' | b'$' | b'%' | b'>' | b']');
        let prompted = place.is_some_and(|p| {
            let length = p.iter().take_while(|b| path(b)).count();
            let rooted = matches!(p.first(), Some(b'~' | b'/')) || opened;
            let end = p.get(length..).unwrap_or_default();
            let end = if opened { end.strip_prefix(b"]").unwrap_or_default() } else { end };
            rooted && matches!(end.first(), Some(b'#' | b'$' | b'%' | b'>'))
        });
        let named = text.get(at - user..at).is_some_and(|user| !user.is_empty() && !is_token(user));
        if named && host > 0 && prompted {
            out.push(("shell prompt", at - user..at + 1 + host));
        }
    }
    out
}

/// Subjects where logs and messages have them: Exim's `T="…"`, a header, a field of JSON.
fn subjects(text: &[u8]) -> Vec<Found> {
    let mut out = Vec::new();
    for lead in [&b" t=\""[..], b"subject: ", b"subject\":\"", b"subject\": \""] {
        for at in find_folded(text, lead) {
            let rest = text.get(at + lead.len()..).unwrap_or_default();
            let shown = rest.first().is_some_and(|b| b.is_ascii_graphic() && *b != b'"');
            // Certificates have subjects too: `Subject: C = US, CN = mx.google.com`.
            let holder = rest.iter().take(16).any(|b| *b == b'=');
            // The policy in redaction.json says what becomes of them.
            let policy = rest.starts_with(b"drop_value\"");
            // The middle of an enhanced status code is called so, too: `{ class: 4, subject: 7, detail: 28 }`.
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let number = (1..=3).contains(&digits) && rest.get(digits).is_none_or(|b| b",}".contains(b));
            if shown && !holder && !policy && !number && !is_note(rest) {
                out.push(("subject", at..at + lead.len()));
            }
        }
    }
    out
}

/// Names of people before their addresses in headers: `To: Alice Brown <…>`.
fn names(text: &[u8]) -> Vec<Found> {
    const HEADERS: &[&str] = &["from", "to", "cc", "bcc", "reply-to", "sender"];
    let mut out = Vec::new();
    for at in memchr::memchr_iter(b'<', text) {
        let inside = text.get(at + 1..).unwrap_or_default().split(|b| matches!(b, b'>' | b'\n')).next();
        if !inside.is_some_and(|address| address.contains(&b'@')) {
            continue;
        }
        let head = text.get(at.saturating_sub(120)..at).unwrap_or_default();
        let head = head.get(memchr::memrchr(b'\n', head).map_or(0, |n| n + 1)..).unwrap_or_default();
        let Some(colon) = memchr::memmem::rfind(head, b": ") else { continue };
        let label = head.get(..colon).unwrap_or_default();
        let from = label.iter().rposition(|b| !b.is_ascii_alphabetic() && *b != b'-').map_or(0, |k| k + 1);
        let is_header = HEADERS.iter().any(|h| label.get(from..).is_some_and(|l| l.eq_ignore_ascii_case(h.as_bytes())));
        let name = head.get(colon + 2..).unwrap_or_default();
        if is_header && name.iter().any(u8::is_ascii_alphanumeric) && !is_note(name) {
            out.push(("name", at - name.len()..at));
        }
    }
    out
}

/// What stands behind the host of a URL names campaigns and people; Google's help pages, which
/// its replies cite, and the name of SVG do not.
fn urls(text: &[u8]) -> Vec<Found> {
    const FREE: &[&str] = &["support.google.com/", "www.google.com/mail/", "google.com/mail/", "www.w3.org/2000/svg"];
    let mut out = Vec::new();
    for at in memchr::memmem::find_iter(text, b"://") {
        let before = text.get(..at).unwrap_or_default();
        let rest = text.get(at + 3..).unwrap_or_default();
        let scheme = [&b"http"[..], b"https", b"ftp"].into_iter().find(|s| {
            before.len() >= s.len() && before.get(before.len() - s.len()..).is_some_and(|b| b.eq_ignore_ascii_case(s))
        });
        let host = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"-._:[]@%".contains(b)).count();
        let path = rest.get(host..).unwrap_or_default();
        let said = match path {
            [b'/', more @ ..] | [b'?' | b'#', more @ ..] => {
                more.first().is_some_and(|b| b.is_ascii_graphic() && !b"\"'<>)]`,".contains(b)) && !is_note(more)
            }
            _ => false,
        };
        let free = FREE.iter().any(|f| rest.get(..f.len()).is_some_and(|r| r.eq_ignore_ascii_case(f.as_bytes())));
        if scheme.is_some() && host > 0 && said && !free {
            out.push(("url", at..at + 3 + host + 1));
        }
    }
    out
}

/// What follows `354` in a dialogue is a message, line by line until its lone dot.
fn bodies(text: &[u8]) -> Vec<Found> {
    let said = |line: &[u8]| {
        let mark = line.iter().take_while(|b| b"<>-~* \tSC:".contains(b)).count();
        line.get(mark..).unwrap_or_default().trim_ascii_end().to_vec()
    };
    let is_answer = |line: &[u8]| {
        line.get(..3).is_some_and(|c| c.iter().all(u8::is_ascii_digit))
            && matches!(line.get(3), None | Some(b' ' | b'-'))
    };
    // Loggers date their lines; a dialogue has no dates.
    let is_dated = |line: &[u8]| {
        !is_answer(line) && line.get(..8).is_some_and(|d| d.iter().filter(|b| b.is_ascii_digit()).count() >= 3)
    };
    let mut out = Vec::new();
    let (mut at, mut in_body) = (0, false);
    for line in text.split(|b| *b == b'\n') {
        let line_said = said(line);
        let ends = line_said == b"." || is_answer(&line_said) || is_dated(line);
        if in_body && !ends && !line_said.is_empty() && !is_note(&line_said) {
            out.push(("message body", at..at + line.len()));
        }
        in_body = (in_body && !ends) || (line_said.starts_with(b"354 ") && !is_dated(line));
        at += line.len() + 1;
    }
    out
}

/// Each place of a word, whatever the case of its letters.
pub(super) fn find_folded<'a>(text: &'a [u8], word: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let (small, large) =
        (word.first().map_or(0, u8::to_ascii_lowercase), word.first().map_or(0, u8::to_ascii_uppercase));
    memchr::memchr2_iter(small, large, text)
        .filter(move |at| text.get(*at..*at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word)))
}
