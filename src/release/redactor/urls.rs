//! URLs and paths: the host of a URL may stay, what follows it names campaigns and people.

use memchr::memmem;

use super::addresses::lossy;
use super::marks::Mark;
use super::policy::Class;

/// The paths and queries of URLs; the host stays. Google's own help pages are part of its replies.
pub(super) fn urls(line: &[u8]) -> Vec<Mark> {
    let mut out = Vec::new();
    for at in memmem::find_iter(line, b"://") {
        let Some(before) = line.get(..at) else { continue };
        let scheme = before.iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
        let name = before.get(at - scheme..).unwrap_or_default().to_ascii_lowercase();
        let web = [&b"http"[..], b"https", b"ftp"].contains(&name.as_slice());
        let rest = line.get(at + 3..).unwrap_or_default();
        // A cell that holds a comma is quoted (RFC 4180), and so is a URL that does.
        let comma = if in_bare_cell(line, at) { b',' } else { b'"' };
        let ends = |b: &u8| b.is_ascii_whitespace() || b"\"'<>\\`|{}".contains(b) || *b == comma;
        let length = rest.iter().take_while(|b| !ends(b)).count();
        let url = lossy(rest.get(..length).unwrap_or_default());
        let url = url.trim_end_matches(['.', ',', ';', ':', ')', ']', '!', '\u{fffd}']);
        out.extend(if web { url_mark(line, at + 3, url) } else { login_mark(line, at + 3, url) });
    }
    out
}

/// Whether a place is in a cell without quotes of a row of PowerMTA's accounting.
fn in_bare_cell(line: &[u8], at: usize) -> bool {
    const TYPES: [&[u8]; 8] = [b"d,", b"b,", b"t,", b"tq,", b"r,", b"f,", b"rb,", b"rs,"];
    let quotes = line.get(..at).unwrap_or_default().iter().filter(|b| **b == b'"').count();
    TYPES.iter().any(|of| line.starts_with(of)) && quotes % 2 == 0
}

fn url_mark(line: &[u8], start: usize, url: &str) -> Option<Mark> {
    let authority = url.find(['/', '?', '#']).unwrap_or(url.len());
    let (host, path) = url.split_at(authority);
    let (host, secret) = host.rsplit_once('@').map_or((host, false), |(_, host)| (host, true));
    let host = host.to_ascii_lowercase();
    let help = host == "support.google.com"
        || (matches!(host.as_str(), "www.google.com" | "google.com")
            && (path.starts_with("/mail/help") || path.starts_with("/mail/answer")));
    let (from, end) = match (secret, path) {
        (true, _) => (0, url.len()),
        (false, "" | "/") => return None,
        (false, _) if help => return None,
        (false, _) => (authority + usize::from(path.starts_with('/')), url.len()),
    };
    let span = start + from..(start + end).min(line.len());
    Some(Mark::value(span.clone(), Class::Url, &lossy(line.get(span)?)))
}

/// The account and its password before a host: `smtp://alice:secret@mx.example`.
fn login_mark(line: &[u8], start: usize, url: &str) -> Option<Mark> {
    let authority = url.get(..url.find(['/', '?', '#']).unwrap_or(url.len()))?;
    let (login, _) = authority.rsplit_once('@')?;
    let span = start..(start + login.len()).min(line.len());
    (!login.starts_with("[redacted")).then(|| Mark::value(span, Class::AuthData, login))
}

/// Paths under these name a person.
const HOMES: &[&str] = &[
    "/home/",
    "/Users/",
    "/var/mail/",
    "/var/vmail/",
    "/var/spool/mail/",
    "/srv/mail/",
    "/srv/vmail/",
    "/vmail/",
    "/mail/",
    "C:\\Users\\",
];

/// Paths that name a person or a mailbox, with the name they give away.
pub(super) fn paths(line: &[u8]) -> Vec<Mark> {
    let mut out = Vec::new();
    for at in memchr::memchr2_iter(b'/', b'C', line) {
        let inside = at
            .checked_sub(1)
            .and_then(|k| line.get(k))
            .is_some_and(|b| b.is_ascii_alphanumeric() || b"/._-~%".contains(b));
        if inside {
            continue;
        }
        let rest = line.get(at..).unwrap_or_default();
        let length = rest.iter().take_while(|b| !b.is_ascii_whitespace() && !b"\"'<>,;()`|=".contains(b)).count();
        let path = lossy(rest.get(..length).unwrap_or_default());
        let path = path.trim_end_matches([':', '.', '/']);
        let homely = HOMES.iter().any(|home| path.starts_with(home) && path.len() > home.len());
        if homely || (path.starts_with('/') && (path.contains("/Maildir") || path.contains("/.maildir"))) {
            out.push(Mark::value(at..(at + path.len()).min(line.len()), Class::FilePath, path));
        }
    }
    out
}

/// The account that a path of [`paths`] is of: below a home, or above a Maildir.
pub(super) fn owner(path: &str) -> Option<&str> {
    let parts: Vec<&str> = path.split(['/', '\\']).filter(|p| !p.is_empty()).collect();
    let mailbox = parts.iter().position(|p| {
        p.eq_ignore_ascii_case("Maildir") || p.eq_ignore_ascii_case(".maildir") || *p == "new" || *p == "cur"
    });
    if let Some(at) = mailbox {
        return at.checked_sub(1).and_then(|k| parts.get(k)).copied();
    }
    match parts.as_slice() {
        ["home" | "Users", name, ..] | ["C:", "Users", name, ..] => Some(name),
        [.., name] if path.contains("mail/") => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(line: &str) -> Vec<(String, Class)> {
        let marks = urls(line.as_bytes()).into_iter().chain(paths(line.as_bytes()));
        marks.map(|m| (line[m.span.clone()].to_owned(), m.class())).collect()
    }

    fn one(line: &str, value: &str, class: Class) {
        assert!(all(line).contains(&(value.to_owned(), class)), "{line}: {:?}", all(line));
    }

    #[test]
    fn urls_keep_their_host() {
        one("see https://track.example.com/c/abc?e=1.", "c/abc?e=1", Class::Url);
        one("https://user:pw@track.example.com/c", "user:pw@track.example.com/c", Class::Url);
        one(
            "t,2017-09-07 11:00:08-0400,x,smtp;421 see http://a.example/errors/421.html,mta7 (192.0.2.1)",
            "errors/421.html",
            Class::Url,
        );
        one("t,2017-09-07 11:00:08-0400,x,\"smtp;421 see http://a.example/c,d?e=f\",mta7", "c,d?e=f", Class::Url);
        for kept in [
            "https://support.google.com/mail/?p=UnsolicitedRateLimitError to",
            "http://www.google.com/mail/help/bulk_mail.html",
            "https://www.rsyslog.com\"",
            "smtp://192.0.2.1:25",
        ] {
            assert_eq!(all(kept), [], "{kept}");
        }
    }

    #[test]
    fn paths_that_name_a_person() {
        one(
            "delivered to maildir /var/mail/vhosts/example.com/alice.b/Maildir/new/1.x",
            "/var/mail/vhosts/example.com/alice.b/Maildir/new/1.x",
            Class::FilePath,
        );
        one("open /home/alice/log.txt: no", "/home/alice/log.txt", Class::FilePath);
        assert_eq!(owner("/var/mail/vhosts/example.com/alice.b/Maildir/new/1.x"), Some("alice.b"));
        assert_eq!(owner("/home/alice/log.txt"), Some("alice"));
        for kept in [
            "/etc/postfix",
            "btree:/var/lib/postfix/smtp_scache",
            "cwd=/var/spool/exim4 4 args: /usr/sbin/exim4 -odi -Mc",
        ] {
            assert_eq!(all(kept), [], "{kept}");
        }
    }
}
