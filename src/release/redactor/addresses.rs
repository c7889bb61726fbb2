//! The grammar of mailbox addresses as logs hold them: RFC 5321 and 6531, quoted
//! local parts, address literals, and what trails or precedes an address in a line.

use std::ops::Range;

use memchr::{memchr_iter, memmem};

/// An address in a text. `span` is what must go; it covers at least the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub span: Range<usize>,
    pub local: String,
    pub domain: String,
}

/// Keys that may stand before `=` and a bare address. Any other `word=` is taken
/// as part of the local part: a name must never stay behind for looking like a key.
const KEYS: &[&str] = &[
    "addr",
    "address",
    "auth",
    "cc",
    "e",
    "email",
    "emailaddress",
    "envelope-from",
    "f",
    "from",
    "header.from",
    "id",
    "login",
    "m",
    "mail",
    "mailfrom",
    "message-id",
    "msgid",
    "orcpt",
    "orig_to",
    "p",
    "r",
    "rcpt",
    "rcpt_to",
    "recipient",
    "return-path",
    "sasl_sender",
    "sasl_username",
    "sender",
    "smtp.mailfrom",
    "to",
    "u",
    "user",
    "username",
];

/// All addresses of a text, in order. Linear: runs of local-part characters cannot overlap.
pub(super) fn addresses(text: &[u8]) -> Vec<Address> {
    let mut out: Vec<Address> = Vec::new();
    // Wide and small forms of the sign are as good as itself (Unicode, compatibility).
    let signs = memchr_iter(b'@', text).map(|at| (at, 1));
    let wide =
        ["\u{ff20}", "\u{fe6b}"].into_iter().flat_map(|sign| memmem::find_iter(text, sign).map(|at| (at, sign.len())));
    let mut signs: Vec<_> = signs.chain(wide).collect();
    signs.sort_unstable();
    for found in signs.into_iter().filter_map(|(at, width)| address_at(text, at, width)) {
        // A quoted local part may hold what looks like an address.
        while out.last().is_some_and(|last| last.span.start >= found.span.start) {
            out.pop();
        }
        out.push(found);
    }
    out
}

fn address_at(text: &[u8], at: usize, width: usize) -> Option<Address> {
    let domain = domain_after(text, at + width)?;
    let (start, local) = local_before(text, at)?;
    let domain_text = lossy(text.get(domain.clone())?);
    if is_setting(&local, &domain_text) {
        return None;
    }
    Some(Address { span: start..domain.end, local, domain: domain_text })
}

/// `DEFAULT@SECLEVEL=1`, `+RC4:@STRENGTH`, `postfix@-.service`, KumoMTA's site name
/// `source1->mx.example@smtp_client`: not mailboxes.
fn is_setting(local: &str, domain: &str) -> bool {
    const UNITS: &[&str] = &["service", "socket", "timer", "slice", "target", "mount", "scope"];
    let last = domain.rsplit('.').next().unwrap_or(domain);
    matches!(domain, "SECLEVEL" | "STRENGTH" | "smtp_client") || (UNITS.contains(&last) && !local.contains('.'))
}

/// The domain or address literal that starts at `start`.
fn domain_after(text: &[u8], start: usize) -> Option<Range<usize>> {
    let rest = text.get(start..)?;
    if rest.first() == Some(&b'[') {
        let end = rest.iter().take(64).position(|&b| b == b']')?;
        let inside = rest.get(1..end)?;
        let literal = !inside.is_empty() && inside.iter().all(|b| b.is_ascii_alphanumeric() || b".:-".contains(b));
        return literal.then_some(start..start + end + 1);
    }
    let mut end = 0;
    while let Some(&byte) = rest.get(end) {
        let part = byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) || (byte >= 0x80 && !mark_at(rest, end));
        if !part {
            break;
        }
        end += 1;
    }
    while end > 0 && rest.get(end - 1).is_some_and(|b| b".-_".contains(b)) {
        end -= 1;
    }
    let name = rest.get(..end)?;
    let first = *name.first()?;
    (first.is_ascii_alphanumeric() || first >= 0x80).then_some(())?;
    is_name(name).then_some(start..start + end)
}

/// Whether a run can be a domain: not a version (`4.17`, `v1.2`), unless a whole IPv4 address.
fn is_name(name: &[u8]) -> bool {
    let number = name.strip_prefix(b"v").filter(|rest| !rest.is_empty()).unwrap_or(name);
    !number.iter().all(|b| b.is_ascii_digit() || *b == b'.') || lossy(name).parse::<std::net::Ipv4Addr>().is_ok()
}

/// The start of what must go, and the local part that ends before `at`.
fn local_before(text: &[u8], at: usize) -> Option<(usize, String)> {
    if at > 0 && text.get(at - 1) == Some(&b'"') {
        let start = opening_quote(text, at - 1)?;
        return Some((start, lossy(text.get(start..at)?)));
    }
    let mut start = at;
    while start > 0 && is_local_byte(text, start - 1) {
        start -= 1;
    }
    let run = text.get(start..at)?;
    let enclosed = start > 0 && text.get(start - 1).is_some_and(|b| b"<\"".contains(b));
    let (cut, value) = if enclosed { (0, run) } else { trim(run) };
    (!value.is_empty()).then(|| (start + cut, lossy(value)))
}

/// Takes off what precedes a bare address: quotes, a known key, the path of a request.
/// Returns how many bytes may stay, and the value. What is no known key goes with the address.
fn trim(run: &[u8]) -> (usize, &[u8]) {
    let opening = |b: &u8| b"'`{}|*.~#".contains(b);
    let mut keep = run.iter().take_while(|b| opening(b)).count();
    let mut value = run.get(keep..).unwrap_or_default();
    let mut swallowed = false;
    loop {
        if let Some(slash) = value.iter().rposition(|b| b"/?&".contains(b)) {
            value = value.get(slash + 1..).unwrap_or_default();
            swallowed = true;
        }
        let Some(equals) = value.iter().position(|&b| b == b'=') else { break };
        let key = lossy(value.get(..equals).unwrap_or_default()).to_ascii_lowercase();
        if !KEYS.contains(&key.trim_end_matches('*')) {
            break;
        }
        let rest = value.get(equals + 1..).unwrap_or_default();
        let quotes = rest.iter().take_while(|b| opening(b)).count();
        value = rest.get(quotes..).unwrap_or_default();
        if !swallowed {
            keep = run.len() - value.len();
        }
    }
    (keep, value)
}

/// The opening quote of a quoted local part that closes at `close`.
fn opening_quote(text: &[u8], close: usize) -> Option<usize> {
    let mut at = close;
    while at > 0 && close - at < 256 {
        at -= 1;
        match text.get(at)? {
            b'\n' => return None,
            b'"' => {
                let slashes = text.get(..at)?.iter().rev().take_while(|&&b| b == b'\\').count();
                if slashes % 2 == 1 {
                    continue;
                }
                let before = if at == 0 { b' ' } else { *text.get(at - 1)? };
                return (close - at > 1 && b" \t<(,;:=[>\"".contains(&before)).then_some(at);
            }
            _ => {}
        }
    }
    None
}

fn is_local_byte(text: &[u8], at: usize) -> bool {
    let Some(&byte) = text.get(at) else { return false };
    if byte >= 0x80 {
        return !in_mark(text, at);
    }
    byte.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// Whether the byte belongs to a general punctuation character, a quote or a blank
/// beyond ASCII, which end an address as their ASCII kin do.
fn in_mark(text: &[u8], at: usize) -> bool {
    (0..3).any(|back| at >= back && mark_at(text, at - back) && mark_length(text, at - back) > back)
}

fn mark_at(text: &[u8], at: usize) -> bool {
    mark_length(text, at) > 0
}

fn mark_length(text: &[u8], at: usize) -> usize {
    let byte = |k: usize| text.get(at + k).copied().unwrap_or(0);
    match (byte(0), byte(1)) {
        (0xc2, 0xa0..=0xbf) => 2,
        // What takes no room hides in an address, and ends none.
        (0xe2, 0x80) if (0x8b..=0x8d).contains(&byte(2)) => 0,
        (0xe2, 0x80 | 0x81) | (0xe3, 0x80) if byte(2) >= 0x80 => 3,
        _ => 0,
    }
}

/// A dotted name whose last label is letters, or one of an IDN.
pub(super) fn is_domain_like(text: &str) -> bool {
    let Some((head, last)) = text.rsplit_once('.') else { return false };
    let label = |l: &str| {
        !l.is_empty()
            && !l.starts_with('-')
            && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || !c.is_ascii())
    };
    let letters = last.chars().all(|c| c.is_ascii_alphabetic() || !c.is_ascii());
    head.split('.').all(label) && label(last) && last.chars().count() > 1 && (letters || last.starts_with("xn--"))
}

/// Text of bytes; what is no UTF-8 becomes U+FFFD, in values only, never in what is kept.
pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String)> {
        addresses(text.as_bytes())
            .into_iter()
            .map(|a| (text[a.span].to_owned(), format!("{}@{}", a.local, a.domain)))
            .collect()
    }

    fn one(text: &str) -> (String, String) {
        let all = found(text);
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        all.into_iter().next().unwrap_or_default()
    }

    #[test]
    fn plain_and_odd_addresses() {
        for address in [
            "alice.b@example.com",
            "ALICE.B@EXAMPLE.COM",
            "\"alice b\"@example.com",
            "алиса@пример.рф",
            "o'brien+x@mail.example.co.uk",
            "a@b",
            "x@[192.0.2.1]",
            "x@[IPv6:2001:db8::1]",
            "root@10.0.0.5",
            "bounce+alice.b=example.com@news.example.net",
            "a!b%c@example.com",
            "\"a\\\"b@c\"@example.com",
        ] {
            assert_eq!(one(&format!("to=<{address}>, relay=")).0, address);
            assert_eq!(one(&format!("for {address} ")).1, address);
        }
    }

    #[test]
    fn known_keys_stay_and_other_words_do_not() {
        assert_eq!(one("user=alice@example.com,"), ("alice@example.com".into(), "alice@example.com".into()));
        assert_eq!(one("name=alice@example.com,").0, "name=alice@example.com");
        assert_eq!(
            one("GET /u?email=alice@example.com&x=1"),
            ("/u?email=alice@example.com".into(), "alice@example.com".into())
        );
        assert_eq!(one("user=ab.person@example.com").0, "ab.person@example.com");
        assert_eq!(one("id*=E1x@mta1.example").1, "E1x@mta1.example");
    }

    #[test]
    fn what_surrounds_an_address_stays() {
        assert_eq!(one("write to alice@example.com.").0, "alice@example.com");
        assert_eq!(one("«alice@example.com»").0, "alice@example.com");
        assert_eq!(one("`alice@example.com'").0, "alice@example.com");
        assert_eq!(one("@relay1.example,@relay2.example:alice@example.com").0, "alice@example.com");
        assert_eq!(one(r#"{"rcpt":"alice@example.com","x":1}"#).0, "alice@example.com");
    }

    #[test]
    fn what_is_no_mailbox() {
        for text in [
            "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH",
            "DEFAULT@SECLEVEL=1",
            r#""site":"source1->(alt1|alt2)?.gmail-smtp-in.l.google.com@smtp_client""#,
            "postfix@-.service",
            "postfix@ip1.service",
            "lodash@4.17",
            "pkg@v1.2",
            "@",
            "a@",
            "@b.example",
            "x @ y",
            "at@ ",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn domains_and_versions() {
        for yes in ["example.com", "xn--e1afmkfd.xn--p1ai", "пример.рф", "a.b.example"] {
            assert!(is_domain_like(yes), "{yes}");
        }
        for no in ["example", "3.8.6.1", "a..b", ".com", "x.y", "-a.example"] {
            assert!(!is_domain_like(no), "{no}");
        }
    }
}
