//! Text inside text: escapes that are read in place, and blobs that are read whole.

use std::ops::Range;

/// A decoded reading of a text, each byte with the source bytes that made it.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub bytes: Vec<u8>,
    origin: Vec<Range<usize>>,
    /// Undone last were escapes whose characters may all stand in a local part (`=2E`, `+2E`, `%2E`).
    pub in_words: bool,
}

impl View {
    /// The text itself.
    pub(super) fn plain(text: &[u8]) -> Self {
        Self { bytes: text.to_vec(), origin: (0..text.len()).map(|k| k..k + 1).collect(), in_words: false }
    }

    /// Stretches of a text as one, each after a blank if it is apart; the blank stands for the
    /// end of the stretch before.
    pub(super) fn joined<'a>(text: &[u8], parts: impl Iterator<Item = (&'a Range<usize>, bool)>) -> Self {
        let mut out = Self { bytes: Vec::new(), origin: Vec::new(), in_words: false };
        for (part, apart) in parts {
            if apart {
                let end = out.origin.last().map_or(part.start, |r| r.end);
                out.bytes.push(b' ');
                out.origin.push(end..end);
            }
            out.bytes.extend_from_slice(text.get(part.clone()).unwrap_or_default());
            out.origin.extend(part.clone().map(|k| k..k + 1));
        }
        out
    }

    /// The source bytes of a stretch of the reading.
    pub(super) fn source(&self, span: &Range<usize>) -> Range<usize> {
        let part = self.origin.get(span.clone()).unwrap_or_default();
        let start = part.first().map_or(0, |r| r.start);
        start..part.last().map_or(start, |r| r.end)
    }

    /// Whether any byte of the stretch was escaped; else the source says the same.
    pub(super) fn is_escaped(&self, span: &Range<usize>) -> bool {
        self.origin.get(span.clone()).unwrap_or_default().iter().any(|r| r.len() > 1)
    }

    /// The readings of this one with one kind of escape undone; only those that change something.
    pub(super) fn unescaped(&self) -> impl Iterator<Item = Self> {
        ESCAPES.iter().filter_map(|(lead, step)| self.apply(*lead, *step))
    }

    fn apply(&self, lead: u8, step: Step) -> Option<Self> {
        let first = memchr::memchr(lead, &self.bytes)?;
        let size = self.bytes.len();
        let mut out = Self {
            bytes: Vec::with_capacity(size),
            origin: Vec::with_capacity(size),
            in_words: b"%=+".contains(&lead),
        };
        let mut at = 0;
        let mut changed = false;
        while let Some(&byte) = self.bytes.get(at) {
            let made = if at >= first && byte == lead { step(self.bytes.get(at..).unwrap_or_default()) } else { None };
            let (taken, bytes) = made.unwrap_or((1, vec![byte]));
            changed |= taken > 1;
            let source = self.source(&(at..at + taken));
            out.origin.extend(std::iter::repeat_n(source, bytes.len()));
            out.bytes.extend(bytes);
            at += taken;
        }
        changed.then_some(out)
    }
}

/// Reads one escape at the start of the bytes: how many it takes, and what it means.
type Step = fn(&[u8]) -> Option<(usize, Vec<u8>)>;

/// Percent (RFC 3986), quoted-printable (RFC 2045), xtext (RFC 3461), backslashes (JSON, RFC 6533), entities (HTML).
const ESCAPES: &[(u8, Step)] = &[(b'%', pair), (b'=', pair), (b'+', pair), (b'\\', backslash), (b'&', entity)];

/// A lead byte and two hex digits; xtext and quoted-printable write upper case only.
fn pair(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    let (&lead, digits) = rest.split_first()?;
    let digits = digits.get(..2)?;
    if lead == b'+' && digits.iter().any(u8::is_ascii_lowercase) {
        return None;
    }
    Some((3, vec![u8::try_from(number(digits, 16)?).ok()?]))
}

fn backslash(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    match rest.get(1)? {
        b'u' => unicode(rest),
        b'x' if rest.get(2) == Some(&b'{') => {
            let end = rest.iter().take(12).position(|&b| b == b'}')?;
            Some((end + 1, utf8(number(rest.get(3..end)?, 16)?)?))
        }
        b'x' => Some((4, vec![u8::try_from(number(rest.get(2..4)?, 16)?).ok()?])),
        b'0'..=b'3' => Some((4, vec![u8::try_from(number(rest.get(1..4)?, 8)?).ok()?])),
        &mark @ (b'"' | b'/' | b'\\' | b'@') => Some((2, vec![mark])),
        b'n' | b'r' | b't' => Some((2, vec![b' '])),
        _ => None,
    }
}

/// `\u0040`, `\u{40}`, and pairs of surrogates.
fn unicode(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    if rest.get(2) == Some(&b'{') {
        let end = rest.iter().take(12).position(|&b| b == b'}')?;
        return Some((end + 1, utf8(number(rest.get(3..end)?, 16)?)?));
    }
    let high = number(rest.get(2..6)?, 16)?;
    if !(0xd800..0xdc00).contains(&high) {
        return Some((6, utf8(high)?));
    }
    let low = number(rest.get(6..).filter(|r| r.starts_with(b"\\u"))?.get(2..6)?, 16)?;
    Some((12, utf8(0x10000 + ((high - 0xd800) << 10) + low.checked_sub(0xdc00)?)?))
}

fn entity(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    const NAMES: &[(&[u8], u8)] = &[
        (b"commat", b'@'),
        (b"amp", b'&'),
        (b"lt", b'<'),
        (b"gt", b'>'),
        (b"quot", b'"'),
        (b"apos", b'\''),
        (b"period", b'.'),
        (b"plus", b'+'),
        (b"equals", b'='),
        (b"lowbar", b'_'),
        (b"percnt", b'%'),
        (b"nbsp", b' '),
    ];
    let end = rest.iter().take(12).position(|&b| b == b';')?;
    let name = rest.get(1..end)?;
    if let Some(&(_, byte)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Some((end + 1, vec![byte]));
    }
    let point = match name.strip_prefix(b"#")? {
        [b'x' | b'X', hex @ ..] => number(hex, 16)?,
        decimal => number(decimal, 10)?,
    };
    Some((end + 1, utf8(point)?))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

fn utf8(point: u32) -> Option<Vec<u8>> {
    char::from_u32(point).map(|c| c.to_string().into_bytes())
}

/// A stretch that may be an encoded blob, with what it may say.
#[derive(Clone, Debug)]
pub(super) struct Blob {
    pub span: Range<usize>,
    /// `base64`, `hex`, `rfc2047`.
    pub kind: &'static str,
    /// Each way to read it: a run may begin with bytes that are not of the blob.
    pub readings: Vec<Vec<u8>>,
}

/// All stretches of a text that can be read as a blob.
pub(super) fn blobs(text: &[u8]) -> Vec<Blob> {
    let mut out = encoded_words(text);
    for span in runs(text, |b| b.is_ascii_alphanumeric() || b"+/-_".contains(&b), 8) {
        let run = text.get(span.clone()).unwrap_or_default();
        let readings = (0..4).map(|phase| base64(run.get(phase..).unwrap_or_default())).collect();
        let padding = text.get(span.end..).unwrap_or_default().iter().take(2).take_while(|&&b| b == b'=').count();
        out.push(Blob { span: span.start..span.end + padding, kind: "base64", readings });
    }
    for span in runs(text, |b| b.is_ascii_hexdigit(), 12) {
        let run = text.get(span.clone()).unwrap_or_default();
        let readings = (0..2).map(|phase| hex(run.get(phase..).unwrap_or_default())).collect();
        out.push(Blob { span, kind: "hex", readings });
    }
    out.extend(pairs(text).into_iter().map(|(span, reading)| Blob { span, kind: "hex", readings: vec![reading] }));
    out
}

/// Hex in pairs, `7a 71 2e` or `7a:71:2e`: fingerprints, and bytes that a program shows.
fn pairs(text: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
    let pair = |at: usize| {
        let word = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let digits = text.get(at..at + 2).filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
        (!word(text.get(at + 2))).then(|| number(digits, 16).and_then(|n| u8::try_from(n).ok())).flatten()
    };
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let start = at;
        let edge = start == 0 || text.get(start - 1).is_some_and(|b| !b.is_ascii_alphanumeric());
        let mut reading = Vec::new();
        while let Some(byte) = pair(at).filter(|_| edge) {
            reading.push(byte);
            at += 2;
            if !text.get(at).is_some_and(|b| b" :-".contains(b)) || pair(at + 1).is_none() {
                break;
            }
            at += 1;
        }
        if reading.len() >= 6 {
            out.push((start..at, reading));
        }
        at = at.max(start + 1);
    }
    out
}

fn runs(text: &[u8], member: impl Fn(u8) -> bool, least: usize) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = None;
    for (at, &byte) in text.iter().chain(std::iter::once(&b'\n')).enumerate() {
        match (member(byte), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                if at - from >= least {
                    out.push(from..at);
                }
                start = None;
            }
            _ => {}
        }
    }
    out
}

/// `=?utf-8?B?…?=` and `=?utf-8?Q?…?=` (RFC 2047).
fn encoded_words(text: &[u8]) -> Vec<Blob> {
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(start) = memchr::memmem::find(text.get(from..).unwrap_or_default(), b"=?").map(|at| from + at) {
        let Some((span, reading)) = encoded_word(text, start) else {
            from = start + 2;
            continue;
        };
        from = span.end;
        out.push(Blob { span, kind: "rfc2047", readings: vec![reading] });
    }
    out
}

fn encoded_word(text: &[u8], start: usize) -> Option<(Range<usize>, Vec<u8>)> {
    let mut marks = memchr::memchr_iter(b'?', text.get(start + 2..)?).map(|at| start + 2 + at);
    let (charset_end, kind_end) = (marks.next()?, marks.next()?);
    let end = marks.find(|&at| text.get(at + 1) == Some(&b'='))?;
    let word = text.get(kind_end + 1..end)?;
    if word.iter().any(u8::is_ascii_whitespace) || charset_end - start > 40 {
        return None;
    }
    let reading = match text.get(charset_end + 1..kind_end)? {
        b"B" | b"b" => base64(word),
        b"Q" | b"q" => {
            let spaced: Vec<u8> = word.iter().map(|&b| if b == b'_' { b' ' } else { b }).collect();
            View::plain(&spaced).apply(b'=', pair).map_or(spaced, |view| view.bytes)
        }
        _ => return None,
    };
    Some((start..end + 2, reading))
}

/// Both alphabets at once; what is left of the last group is dropped.
pub(super) fn base64(run: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(run.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for &byte in run {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => break,
        };
        bits = (bits << 6 | u32::from(value)) & 0xff_ffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    out
}

fn hex(run: &[u8]) -> Vec<u8> {
    let (pairs, _) = run.as_chunks::<2>();
    pairs.iter().filter_map(|digits| number(digits, 16).and_then(|n| u8::try_from(n).ok())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(text: &str) -> Vec<String> {
        View::plain(text.as_bytes()).unescaped().map(|v| String::from_utf8_lossy(&v.bytes).into_owned()).collect()
    }

    #[test]
    fn escapes_are_read_in_place() {
        for (escaped, plain) in [
            ("alice.b%40example.com", "alice.b@example.com"),
            ("alice.b=40example.com", "alice.b@example.com"),
            ("alice.b+2Bpromo+40example.com", "alice.b+promo@example.com"),
            ("alice.b\\u0040example.com", "alice.b@example.com"),
            ("alice.b\\x{40}example.com", "alice.b@example.com"),
            ("alice.b\\x40example.com", "alice.b@example.com"),
            ("alice.b&#64;example&period;com", "alice.b@example.com"),
            ("alice.b&#x40;example.com", "alice.b@example.com"),
            ("\\ud83d\\ude00", "😀"),
        ] {
            assert!(readings(escaped).contains(&plain.to_owned()), "{escaped}: {:?}", readings(escaped));
        }
        assert_eq!(readings("no escapes at all"), Vec::<String>::new());
        assert_eq!(readings("250+xy 100% &x; \\"), Vec::<String>::new());
    }

    #[test]
    fn a_reading_knows_its_source() {
        let text = "x alice%2540b y";
        let twice = View::plain(text.as_bytes()).unescaped().next().and_then(|v| v.unescaped().next());
        let view = twice.unwrap_or_else(|| View::plain(b""));
        assert_eq!(view.bytes, b"x alice@b y");
        assert_eq!(&text[view.source(&(2..9))], "alice%2540b");
        assert!(view.is_escaped(&(2..9)) && !view.is_escaped(&(2..7)));
    }

    #[test]
    fn blobs_are_read_at_every_alignment() {
        for text in [
            "YWxpY2UuYkBleGFtcGxlLmNvbQ==",
            "/uYWxpY2UuYkBleGFtcGxlLmNvbQ",
            "616c6963652e62406578616d706c652e636f6d",
            "=?utf-8?Q?alice.b=40example.com?=",
            "=?utf-8?B?YWxpY2UuYkBleGFtcGxlLmNvbQ==?=",
        ] {
            let hit = blobs(text.as_bytes())
                .into_iter()
                .flat_map(|b| b.readings)
                .any(|r| String::from_utf8_lossy(&r).contains("alice.b@example.com"));
            assert!(hit, "{text}");
        }
    }
}
