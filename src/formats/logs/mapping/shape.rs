//! What is made of a value on its way into a field.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memrchr};

use super::engine::is_ip;
use super::plan::{Kind, Shape};

impl Shape {
    /// The value in its shape; nothing when it is none of that shape.
    pub(super) fn apply<'r>(&self, raw: Cow<'r, [u8]>) -> Option<Cow<'r, [u8]>> {
        let mut value = trimmed(self.joined(raw));
        if let Some(pattern) = &self.pattern {
            let found = if pattern.captures_len() > 1 {
                // The first group, or what matched where that group took no part.
                let groups = pattern.captures(&value)?;
                groups.get(1).or_else(|| groups.get(0)).map(|m| m.range())
            } else {
                pattern.find(&value).map(|m| m.range())
            };
            let range = found?;
            value = part(value, range.start, range.end);
        }
        if !self.strip.is_empty() {
            let off = |b: &&u8| self.strip.contains(b);
            let start = value.iter().take_while(off).count();
            let end = value.len() - value[start..].iter().rev().take_while(off).count();
            value = part(value, start, end);
        }
        value = trimmed(value);
        if self.lower && value.iter().any(u8::is_ascii_uppercase) {
            value = Cow::Owned(value.to_ascii_lowercase());
        }
        if let Some(map) = &self.map {
            let word = |wanted: &[u8]| map.iter().find(|(from, _)| *from == wanted);
            let (_, word) = word(&value).or_else(|| word(b"*"))?;
            value = Cow::Owned(word.clone());
        }
        value = self.kind.of(value)?;
        let in_range =
            self.range.is_none_or(|(least, most)| number(&value).is_some_and(|n| (least..=most).contains(&n)));
        (in_range && !value.is_empty()).then_some(value)
    }

    /// The lines of a value, put together.
    fn joined<'r>(&self, raw: Cow<'r, [u8]>) -> Cow<'r, [u8]> {
        if memchr2(b'\n', b'\r', &raw).is_none() {
            return raw;
        }
        let lines = raw.split(|b| matches!(b, b'\n' | b'\r')).map(<[u8]>::trim_ascii).filter(|l| !l.is_empty());
        Cow::Owned(lines.collect::<Vec<_>>().join(&self.join[..]))
    }
}

impl Kind {
    fn of(self, value: Cow<'_, [u8]>) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Text => Some(value),
            Self::Int => number(&value).map(|_| value),
            Self::Seconds => milliseconds(&value).map(|ms| Cow::Owned(ms.to_string().into_bytes())),
            Self::Ip => {
                let (start, end) = address_in(&value);
                let found = part(value, start, end);
                is_ip(&found).then_some(found)
            }
            Self::Domain => {
                let start = memrchr(b'@', &value).map_or(0, |at| at + 1);
                let end = value.len();
                let domain = part(value, start, end);
                let end = domain.len() - domain.iter().rev().take_while(|b| matches!(b, b'>' | b'.' | b' ')).count();
                Some(part(domain, 0, end))
            }
            Self::Host => {
                let end = value.strip_suffix(b".").map_or(value.len(), <[u8]>::len);
                Some(part(value, 0, end))
            }
        }
    }
}

/// Where an address stands in `[192.0.2.1]:25`, `192.0.2.1:25`, `[IPv6:2001:db8::1]`.
fn address_in(text: &[u8]) -> (usize, usize) {
    if text.first() == Some(&b'[') {
        let end = memchr(b']', text).unwrap_or(text.len());
        let start = if text[1..].len() >= 5 && text[1..6].eq_ignore_ascii_case(b"IPv6:") { 6 } else { 1 };
        return (start.min(end), end);
    }
    match memchr(b':', text) {
        // One colon is that of a port.
        Some(at) if memrchr(b':', text) == Some(at) => (0, at),
        _ => (0, text.len()),
    }
}

/// A part of a value, without a copy where there was none.
fn part(value: Cow<'_, [u8]>, start: usize, end: usize) -> Cow<'_, [u8]> {
    match value {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(start..end).unwrap_or_default()),
        Cow::Owned(bytes) if start == 0 && end == bytes.len() => Cow::Owned(bytes),
        Cow::Owned(bytes) => Cow::Owned(bytes.get(start..end).unwrap_or_default().to_vec()),
    }
}

fn trimmed(value: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let start = value.len() - value.trim_ascii_start().len();
    let end = value.trim_ascii_end().len().max(start);
    part(value, start, end)
}

/// A whole number, of digits alone.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii();
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    text.iter().try_fold(0_u64, |n, d| d.is_ascii_digit().then(|| n * 10 + u64::from(d - b'0')))
}

fn milliseconds(text: &[u8]) -> Option<u64> {
    let dot = memchr(b'.', text).unwrap_or(text.len());
    let fraction = text.get(dot + 1..).unwrap_or_default();
    let millis = (0..3).try_fold(0, |n, i| match fraction.get(i) {
        Some(d) => d.is_ascii_digit().then(|| n * 10 + u64::from(d - b'0')),
        None => Some(n * 10),
    })?;
    number(&text[..dot])?.checked_mul(1000)?.checked_add(millis)
}

/// The reply code that a text begins with (RFC 5321 §4.2).
pub(super) fn code_of(text: &[u8]) -> Option<&[u8]> {
    let (code, rest) = text.split_at_checked(3)?;
    let ends = matches!(rest.first(), None | Some(b' ' | b'-' | b'\t'));
    (ends && matches!(code[0], b'2'..=b'5') && code.iter().all(u8::is_ascii_digit)).then_some(code)
}

/// The enhanced status code at the beginning of a reply, after its code or without one
/// (RFC 3463 §2).
pub(super) fn enhanced_of(text: &[u8]) -> Option<&[u8]> {
    let rest = if code_of(text).is_some() { text.get(4..)?.trim_ascii_start() } else { text };
    let end = rest.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let status = &rest[..end];
    let mut parts = status.split(|b| *b == b'.');
    let class = parts.next()?;
    let detail = |part: Option<&[u8]>| part.is_some_and(|p| (1..=3).contains(&p.len()));
    let shaped = matches!(class, b"2" | b"4" | b"5") && detail(parts.next()) && detail(parts.next());
    (shaped && parts.next().is_none()).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::logs::mapping::pattern::pattern;

    fn plain() -> Shape {
        Shape {
            join: b" ".to_vec(),
            pattern: None,
            strip: Vec::new(),
            lower: false,
            map: None,
            kind: Kind::Text,
            range: None,
            default: None,
        }
    }

    fn shaped(shape: &Shape, text: &str) -> Option<String> {
        shape.apply(Cow::Borrowed(text.as_bytes())).map(|v| String::from_utf8_lossy(&v).into_owned())
    }

    fn of(kind: Kind, text: &str) -> Option<String> {
        shaped(&Shape { kind, ..plain() }, text)
    }

    #[test]
    fn kinds_keep_what_is_of_their_shape() {
        for text in ["192.0.2.1", "[192.0.2.1]", "192.0.2.1:25", "[192.0.2.1]:25", " 192.0.2.1 "] {
            assert_eq!(of(Kind::Ip, text).as_deref(), Some("192.0.2.1"), "{text}");
        }
        for text in ["2001:db8::1", "[2001:db8::1]:25", "[IPv6:2001:db8::1]"] {
            assert_eq!(of(Kind::Ip, text).as_deref(), Some("2001:db8::1"), "{text}");
        }
        for text in ["mx1.example.com", "[", "0", "192.0.2.300"] {
            assert_eq!(of(Kind::Ip, text), None, "{text}");
        }
        assert_eq!(of(Kind::Domain, "<a@b@Example.com>").as_deref(), Some("Example.com"));
        assert_eq!(of(Kind::Domain, "example.com.").as_deref(), Some("example.com"));
        assert_eq!(of(Kind::Host, "mx1.example.com.").as_deref(), Some("mx1.example.com"));
        assert_eq!(of(Kind::Seconds, "0.75").as_deref(), Some("750"));
        assert_eq!(of(Kind::Seconds, "12").as_deref(), Some("12000"));
        assert_eq!(of(Kind::Seconds, "1.5s"), None);
        assert_eq!(of(Kind::Int, "4x"), None);
    }

    #[test]
    fn steps_are_taken_in_order() {
        // esp trap 45: replies of several lines.
        assert_eq!(shaped(&plain(), "421-4.7.28 a\r\n421 4.7.28 b\n").as_deref(), Some("421-4.7.28 a 421 4.7.28 b"));
        let group = Shape { pattern: pattern(r"^sent \((.*)\)$").ok(), ..plain() };
        assert_eq!(shaped(&group, "sent (250 2.0.0 OK)").as_deref(), Some("250 2.0.0 OK"));
        assert_eq!(shaped(&group, "250 2.0.0 OK"), None);
        let words = Shape { lower: true, map: Some(vec![(b"yes".to_vec(), b"established".to_vec())]), ..plain() };
        assert_eq!(shaped(&words, "YES").as_deref(), Some("established"));
        assert_eq!(shaped(&words, "no"), None);
        let range = Shape { kind: Kind::Int, range: Some((200, 699)), strip: b"()".to_vec(), ..plain() };
        assert_eq!(shaped(&range, "(605)").as_deref(), Some("605"));
        assert_eq!(shaped(&range, "700"), None);
    }

    #[test]
    fn codes_are_read_off_replies() {
        let both = |text: &str| {
            let text = text.as_bytes();
            let show = |part: Option<&[u8]>| part.map_or("-".to_owned(), |p| String::from_utf8_lossy(p).into_owned());
            format!("{} {}", show(code_of(text)), show(enhanced_of(text)))
        };
        assert_eq!(both("421-4.7.28 Gmail has"), "421 4.7.28");
        assert_eq!(both("250 2.0.0 OK"), "250 2.0.0");
        assert_eq!(both("4.7.652 The mail server"), "- 4.7.652");
        assert_eq!(both("451"), "451 -");
        assert_eq!(both("4210 x"), "- -");
        assert_eq!(both("192.0.2.1 is listed"), "- -");
    }
}
