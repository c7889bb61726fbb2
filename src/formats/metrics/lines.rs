//! Lines of a text file in UTF-8 or UTF-16, one at a time, with bounded memory.

use std::io::{self, BufRead, Cursor, Read as _};

/// A longer line is no row of numbers; its rest is skipped.
const LONGEST_LINE: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16 { big_endian: bool },
}

/// Reads lines without their ends; bytes that are no text become U+FFFD.
pub(in crate::formats) struct Lines<R> {
    input: io::Chain<Cursor<Vec<u8>>, R>,
    encoding: Encoding,
    raw: Vec<u8>,
    text: String,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Looks at the first bytes for a byte-order mark, or for the NULs of a
    /// UTF-16 file without one.
    pub(in crate::formats) fn open(mut input: R) -> io::Result<Self> {
        let mut start = Vec::new();
        input.by_ref().take(64).read_to_end(&mut start)?;
        let nuls = |parity: usize| start.iter().skip(parity).step_by(2).filter(|b| **b == 0).count() * 3 > start.len();
        let (encoding, mark) = match start.as_slice() {
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
            [0xff, 0xfe, ..] => (Encoding::Utf16 { big_endian: false }, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16 { big_endian: true }, 2),
            [_, 0, ..] if nuls(1) && !nuls(0) => (Encoding::Utf16 { big_endian: false }, 0),
            [0, _, ..] if nuls(0) && !nuls(1) => (Encoding::Utf16 { big_endian: true }, 0),
            _ => (Encoding::Utf8, 0),
        };
        start.drain(..mark);
        Ok(Self { input: Cursor::new(start).chain(input), encoding, raw: Vec::new(), text: String::new(), number: 0 })
    }

    /// Number of the line last returned, from 1; 0 before the first.
    pub(in crate::formats) fn number(&self) -> u64 {
        self.number
    }

    /// The next line, or nothing at the end. A line longer than a mebibyte is cut.
    pub(in crate::formats) fn next_line(&mut self) -> io::Result<Option<(u64, &str)>> {
        self.raw.clear();
        let mut any = false;
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            any = true;
            let newline = memchr::memchr(b'\n', chunk);
            let upto = newline.map_or(chunk.len(), |at| at + 1);
            let kept = upto.min(LONGEST_LINE.saturating_sub(self.raw.len()));
            self.raw.extend(chunk.iter().take(kept));
            self.input.consume(upto);
            if newline.is_some() && self.ends_here()? {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.number += 1;
        self.text.clear();
        match self.encoding {
            Encoding::Utf8 => self.text.push_str(&String::from_utf8_lossy(&self.raw)),
            Encoding::Utf16 { big_endian } => {
                let units = self.raw.chunks_exact(2).map(|pair| {
                    let (a, b) =
                        (u16::from(pair.first().copied().unwrap_or(0)), u16::from(pair.get(1).copied().unwrap_or(0)));
                    if big_endian { a << 8 | b } else { b << 8 | a }
                });
                self.text.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
            }
        }
        // Truncated copies end in NULs.
        Ok(Some((self.number, self.text.trim_matches('\0').trim_end_matches(['\n', '\r']))))
    }

    /// Whether the `\n` byte just read is a line's end: in UTF-16 only as one
    /// half of U+000A, whose other half may still be unread.
    fn ends_here(&mut self) -> io::Result<bool> {
        let Encoding::Utf16 { big_endian } = self.encoding else { return Ok(true) };
        if self.raw.len() >= LONGEST_LINE {
            return Ok(true);
        }
        let odd = self.raw.len() % 2 == 1;
        if big_endian {
            return Ok(!odd && self.raw.iter().rev().nth(1) == Some(&0));
        }
        if !odd {
            return Ok(false);
        }
        let high = self.input.fill_buf()?.first().copied();
        if let Some(high) = high {
            self.raw.push(high);
            self.input.consume(1);
        }
        Ok(high.is_none_or(|high| high == 0))
    }
}

/// All lines of a piece of a file; its last one is left out when it may be cut.
pub(in crate::formats) fn lines_of(bytes: &[u8], whole: bool) -> Vec<String> {
    let mut all = Vec::new();
    if let Ok(mut lines) = Lines::open(bytes) {
        while let Ok(Some((_, line))) = lines.next_line() {
            all.push(line.to_owned());
        }
    }
    if !whole {
        all.pop();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_and_utf16_with_and_without_a_mark() {
        let utf16 = |text: &str, big: bool| -> Vec<u8> {
            text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
        };
        // U+0A0A and U+010A hold a newline byte that ends no line.
        let text = "\"Time\"\t\u{a0a}\u{10a}b\r\n2026\t1\n\nlast";
        let expected = ["\"Time\"\t\u{a0a}\u{10a}b", "2026\t1", "", "last"];
        for big in [false, true] {
            assert_eq!(lines_of(&utf16(&format!("\u{feff}{text}"), big), true), expected);
            assert_eq!(lines_of(&utf16(text, big), true), expected);
        }
        assert_eq!(lines_of(format!("\u{feff}{text}").as_bytes(), true), expected);
        assert_eq!(lines_of(b"a\nb\nc", false), ["a", "b"]);
        assert_eq!(lines_of(b"a\xff\n\0\0\0", true), ["a\u{fffd}", ""]);
    }
}
