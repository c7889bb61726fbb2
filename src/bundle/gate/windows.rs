//! Windows: what stretches of a text say when they are decoded, one layer at a time.

use std::collections::BTreeMap;

use super::containers::{entity, utf16_escape};
use super::reading::Reading;

/// Shortest run that is tried as base64 or hex; six bytes are the least that a gate can name.
const SHORTEST: usize = 8;

/// How a window came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// By undoing escapes: what stands there is meant.
    Meant,
    /// By decoding a run that may be anything: it may say something by chance.
    Guessed,
}

/// All windows of a text, one layer deep.
pub(super) fn windows(reading: &Reading, mut each: impl FnMut(Reading, Trust)) {
    let mut start = 0;
    for line in reading.text.split(|b| *b == b'\n') {
        let span = start..start + line.len();
        start = span.end + 1;
        let escaped = memchr::memchr3(b'%', b'=', b'+', line).is_some() || memchr::memchr2(b'\\', b'&', line).is_some();
        if escaped {
            let line = reading.window(span.clone());
            for (lead, step) in ESCAPES {
                if let Some(window) = line.undone(&[*lead], step) {
                    each(window, Trust::Meant);
                }
            }
            if let Some(window) = line.undone(b"=", encoded_word) {
                each(window, Trust::Meant);
            }
        }
        for run in runs(line, |b| b.is_ascii_alphanumeric() || b"+/-_".contains(&b)) {
            for phase in 0..4 {
                let at = span.start + run.start + phase;
                let said = base64(reading.part(at..span.start + run.end));
                each(guessed(reading, &said, at), Trust::Guessed);
            }
        }
        for run in runs(line, |b| b.is_ascii_hexdigit()) {
            for phase in 0..2 {
                let at = span.start + run.start + phase;
                let said = hex(reading.part(at..span.start + run.end));
                each(guessed(reading, &said, at), Trust::Guessed);
            }
        }
        // Bytes in pairs: `7a 71 2e`, `7a:71:2e`.
        for joint in [b' ', b':', b'-'] {
            for run in runs(line, |b| b.is_ascii_hexdigit() || b == joint) {
                let at = span.start + run.start;
                let pairs = reading.part(at..span.start + run.end).split(|b| *b == joint);
                let said: Vec<u8> = pairs.filter(|pair| pair.len() == 2).flat_map(hex).collect();
                if said.len() >= SHORTEST / 2 {
                    each(guessed(reading, &said, at), Trust::Guessed);
                }
            }
        }
    }
}

/// A reading whose every byte stands where its run begins.
fn guessed(from: &Reading, said: &[u8], at: usize) -> Reading {
    let mut out = Reading::default();
    out.put(said, from, at);
    out
}

/// The text without its line ends, where these may cut a run in two: wrapped base64, soft
/// breaks of quoted-printable, folded headers, and what loggers write for a line end.
pub(super) fn joined(reading: &Reading) -> Option<Reading> {
    let blanks =
        |rest: &[u8], from: usize| from + rest.iter().skip(from).take_while(|b| matches!(b, b' ' | b'\t')).count();
    reading.undone(b"\n\r=#", |rest| match rest {
        [b'=', b'\r', b'\n', ..] => Some((3, Vec::new())),
        [b'=', b'\n', ..] => Some((2, Vec::new())),
        [b'\r', b'\n', ..] => Some((blanks(rest, 2), Vec::new())),
        [b'\n', ..] => Some((blanks(rest, 1), Vec::new())),
        [b'#', b'0', b'1', b'2' | b'5', ..] => Some((blanks(rest, 4), Vec::new())),
        _ => None,
    })
}

/// Records that syslog could not take whole, in one piece again: what stands behind `[1/3] `,
/// `[2/3] ` and so on in the lines of one process.
pub(super) fn pieces(reading: &Reading) -> Option<Reading> {
    let mut of: BTreeMap<&[u8], Reading> = BTreeMap::new();
    let mut start = 0;
    for line in reading.text.split(|b| *b == b'\n') {
        let at = start;
        start += line.len() + 1;
        for close in memchr::memmem::find_iter(line, b"] ") {
            let head = line.get(..close).unwrap_or_default();
            let Some(open) = memchr::memrchr(b'[', head) else { continue };
            let mut numbers = head.get(open + 1..).unwrap_or_default().split(|b| matches!(b, b'/' | b'\\'));
            let counts = |n: Option<&[u8]>| n.is_some_and(|n| !n.is_empty() && n.iter().all(u8::is_ascii_digit));
            let first = numbers.next();
            if !counts(first) || !counts(numbers.next()) || numbers.next().is_some() {
                continue;
            }
            let writer = head.get(..open).unwrap_or_default().trim_ascii_end().rsplit(|b| *b == b' ').next();
            let record = of.entry(writer.unwrap_or_default()).or_default();
            if first == Some(b"1") {
                record.put(b"\n", reading, at);
            }
            record.copy(reading, at + close + 2..at + line.len());
            break;
        }
    }
    let mut out = Reading::default();
    for record in of.values() {
        out.copy(record, 0..record.text.len());
    }
    (!out.text.is_empty()).then_some(out)
}

type Step = fn(&[u8]) -> Option<(usize, Vec<u8>)>;

/// URLs (RFC 3986), quoted-printable (RFC 2045), xtext (RFC 3461), backslashes of programs, HTML.
const ESCAPES: &[(u8, Step)] = &[(b'%', byte), (b'=', byte), (b'+', byte), (b'\\', backslash), (b'&', entity)];

fn byte(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    let said = hex(rest.get(1..3)?);
    (said.len() == 1).then_some((3, said))
}

fn backslash(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    let braced = || {
        let end = rest.iter().take(12).position(|b| *b == b'}')?;
        let digits = std::str::from_utf8(rest.get(3..end)?).ok()?;
        let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
        Some((end + 1, c.to_string().into_bytes()))
    };
    match (rest.get(1)?, rest.get(2)) {
        (b'u' | b'x', Some(b'{')) => braced(),
        (b'u', _) => utf16_escape(rest),
        (b'x', _) => byte(rest.get(1..)?).map(|(taken, said)| (taken + 1, said)),
        (b'0'..=b'3', _) => {
            let digits = std::str::from_utf8(rest.get(1..4)?).ok()?;
            Some((4, vec![u8::from_str_radix(digits, 8).ok()?]))
        }
        (mark, _) if mark.is_ascii_punctuation() => Some((2, vec![*mark])),
        _ => None,
    }
}

/// `=?utf-8?B?…?=` and `=?utf-8?Q?…?=` (RFC 2047).
fn encoded_word(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    let mut parts = rest.strip_prefix(b"=?")?.splitn(3, |b| *b == b'?');
    let (charset, kind, tail) = (parts.next()?, parts.next()?, parts.next()?);
    let end = memchr::memmem::find(tail, b"?=")?;
    let word = tail.get(..end)?;
    let said = match kind {
        [b'b' | b'B'] => base64(word),
        [b'q' | b'Q'] => {
            let spaced: Vec<u8> = word.iter().map(|b| if *b == b'_' { b' ' } else { *b }).collect();
            Reading::plain(&spaced).undone(b"=", byte).map_or(spaced, |read| read.text)
        }
        _ => return None,
    };
    Some((2 + charset.len() + 1 + kind.len() + 1 + end + 2, said))
}

fn runs(line: &[u8], member: impl Fn(u8) -> bool) -> Vec<std::ops::Range<usize>> {
    let mut out = Vec::new();
    let mut at = 0;
    for run in line.split(|b| !member(*b)) {
        if run.len() >= SHORTEST {
            out.push(at..at + run.len());
        }
        at += run.len() + 1;
    }
    out
}

/// Base64 in either alphabet (RFC 4648), up to the first byte that is none.
fn base64(run: &[u8]) -> Vec<u8> {
    let digit = |b: &u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let digits: Vec<u8> = run.iter().map_while(digit).collect();
    let mut out = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let bits = group.iter().fold(0_u32, |bits, d| bits << 6 | u32::from(*d)) << (6 * (4 - group.len()));
        let [_, a, b, c] = bits.to_be_bytes();
        out.extend([a, b, c].into_iter().take(group.len() * 3 / 4));
    }
    out
}

fn hex(run: &[u8]) -> Vec<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    run.chunks_exact(2).map_while(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}
