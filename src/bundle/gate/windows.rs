//! Windows: what stretches of a text say when they are decoded, one layer at a time.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

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

/// All windows of a text, one layer deep. `each` tells whether it found something in one; of
/// runs that are alike and told nothing (a table has the same minute in many rows) one is read.
pub(super) fn windows(reading: &Reading, mut each: impl FnMut(&Reading, Trust) -> bool) {
    let mut start = 0;
    let mut silent = FxHashSet::default();
    // A text has more runs than lines: what they say is written into one buffer.
    let mut said = Reading::default();
    for line in reading.text.split(|b| *b == b'\n') {
        let span = start..start + line.len();
        start = span.end + 1;
        let escaped = memchr::memchr3(b'%', b'=', b'+', line).is_some() || memchr::memchr2(b'\\', b'&', line).is_some();
        if escaped {
            let line = reading.window(span.clone());
            for (lead, step) in ESCAPES {
                if let Some(window) = line.undone(&[*lead], step) {
                    each(&window, Trust::Meant);
                }
            }
            if let Some(window) = line.undone(b"=", encoded_word) {
                each(&window, Trust::Meant);
            }
        }
        for (members, phases, decode) in ENCODINGS {
            for run in runs(line, *members) {
                let (from, run) = (span.start + run.start, &line[run]);
                if silent.contains(&(*members, run)) {
                    continue;
                }
                let mut told = false;
                for (phase, rest) in (0..*phases).map(|phase| (phase, run.get(phase..).unwrap_or_default())) {
                    said.say(reading, from + phase, |out| decode(rest, out));
                    told |= each(&said, Trust::Guessed);
                }
                if !told {
                    silent.insert((*members, run));
                }
            }
        }
    }
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
        for close in memchr::memchr_iter(b']', line).filter(|close| line.get(close + 1) == Some(&b' ')) {
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

type Decode = fn(&[u8], &mut Vec<u8>);

/// Of which bytes a run is made, at how many of its places it may begin, and how it is read.
const ENCODINGS: &[(u8, usize, Decode)] = &[
    (BASE64, 4, base64),
    (HEX, 2, hex),
    (HEX | BLANK, 1, |run, out| pairs(run, b' ', out)),
    (HEX | COLON, 1, |run, out| pairs(run, b':', out)),
    (HEX | DASH, 1, |run, out| pairs(run, b'-', out)),
];

type Step = fn(&[u8]) -> Option<(usize, Vec<u8>)>;

/// URLs (RFC 3986), quoted-printable (RFC 2045), xtext (RFC 3461), backslashes of programs, HTML.
const ESCAPES: &[(u8, Step)] = &[(b'%', byte), (b'=', byte), (b'+', byte), (b'\\', backslash), (b'&', entity)];

fn byte(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    let mut said = Vec::new();
    hex(rest.get(1..3)?, &mut said);
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
        [b'b' | b'B'] => {
            let mut said = Vec::new();
            base64(word, &mut said);
            said
        }
        [b'q' | b'Q'] => {
            let spaced: Vec<u8> = word.iter().map(|b| if *b == b'_' { b' ' } else { *b }).collect();
            Reading::plain(&spaced).undone(b"=", byte).map_or(spaced, |read| read.text)
        }
        _ => return None,
    };
    Some((2 + charset.len() + 1 + kind.len() + 1 + end + 2, said))
}

/// What a byte can be part of, as bits: the runs of a line are found by one look at each byte.
const BASE64: u8 = 1;
const HEX: u8 = 2;
const BLANK: u8 = 4;
const COLON: u8 = 8;
const DASH: u8 = 16;

const PART_OF: [u8; 256] = {
    let mut table = [0; 256];
    let mut b: u8 = 0;
    while b < 128 {
        let of_base64 = b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
        let joint = match b {
            b' ' => BLANK,
            b':' => COLON,
            b'-' => DASH,
            _ => 0,
        };
        let hex = if b.is_ascii_hexdigit() { HEX } else { 0 };
        table[b as usize] = joint | hex | if of_base64 { BASE64 } else { 0 };
        b += 1;
    }
    table
};

/// The runs of a line, long enough to say something, of bytes that are one of these.
fn runs(line: &[u8], members: u8) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    let mut at = 0;
    line.split(move |b| PART_OF[usize::from(*b)] & members == 0).filter_map(move |run| {
        let start = at;
        at += run.len() + 1;
        (run.len() >= SHORTEST).then_some(start..start + run.len())
    })
}

/// The value of each digit of base64, in either alphabet (RFC 4648); 64 for what is none.
const DIGITS: [u8; 256] = {
    let mut table = [64; 256];
    let mut value: u8 = 0;
    while value < 64 {
        let digit = match value {
            0..26 => b'A' + value,
            26..52 => b'a' + value - 26,
            52..62 => b'0' + value - 52,
            62 => b'+',
            _ => b'/',
        };
        table[digit as usize] = value;
        value += 1;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
};

/// Base64 in either alphabet, up to the first byte that is none.
fn base64(run: &[u8], out: &mut Vec<u8>) {
    for group in run.chunks(4) {
        let digits = || group.iter().map(|b| DIGITS[usize::from(*b)]).take_while(|digit| *digit < 64);
        let count = digits().count();
        let bits = digits().fold(0_u32, |bits, digit| bits << 6 | u32::from(digit)) << (6 * (4 - count));
        let [_, a, b, c] = bits.to_be_bytes();
        out.extend([a, b, c].into_iter().take(count * 3 / 4));
        if count < 4 {
            break;
        }
    }
}

/// Pairs of hexadecimal digits, up to the first that is none.
fn hex(run: &[u8], out: &mut Vec<u8>) {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    out.extend(run.chunks_exact(2).map_while(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)));
}

/// Bytes in pairs of digits, with something between them: `7a 71 2e`, `7a:71:2e`.
fn pairs(run: &[u8], joint: u8, out: &mut Vec<u8>) {
    run.split(|b| *b == joint).filter(|pair| pair.len() == 2).for_each(|pair| hex(pair, out));
}
