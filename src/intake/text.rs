//! Byte order marks: UTF-16 (PowerShell, Exchange and some spreadsheet exports) becomes
//! UTF-8 in the stream, and the mark itself is no part of the first line.

use std::io::{self, Read};

/// UTF-16 bytes transcoded at a time.
const PIECE: usize = 32 * 1024;

/// How a text is written, by its byte order mark.
pub(super) enum Text {
    /// UTF-8, or bytes that claim nothing.
    Bytes,
    /// UTF-16.
    Utf16(Utf16),
}

impl Text {
    /// The text that begins so, and how many bytes its mark takes.
    pub(super) fn of(head: &[u8]) -> (Self, usize) {
        match head {
            [0xef, 0xbb, 0xbf, ..] => (Self::Bytes, 3),
            [0xff, 0xfe, ..] => (Self::Utf16(Utf16::new(u16::from_le_bytes)), 2),
            [0xfe, 0xff, ..] => (Self::Utf16(Utf16::new(u16::from_be_bytes)), 2),
            _ => (Self::Bytes, 0),
        }
    }

    /// Reads as UTF-8.
    pub(super) fn read(&mut self, from: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Bytes => from.read(out),
            Self::Utf16(utf16) => utf16.read(from, out),
        }
    }
}

/// UTF-16 on its way to UTF-8. What is no character becomes U+FFFD.
pub(super) struct Utf16 {
    unit: fn([u8; 2]) -> u16,
    bytes: Box<[u8]>,
    /// A byte that waits at the beginning of `bytes` for its other half.
    odd: bool,
    /// A high surrogate that waits for its other half.
    high: Option<u16>,
    text: Vec<u8>,
    given: usize,
}

impl Utf16 {
    fn new(unit: fn([u8; 2]) -> u16) -> Self {
        let bytes = vec![0; PIECE].into_boxed_slice();
        Self { unit, bytes, odd: false, high: None, text: Vec::new(), given: 0 }
    }

    fn read(&mut self, from: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            self.text.clear();
            self.given = 0;
            let held = usize::from(self.odd);
            let read = from.read(&mut self.bytes[held..])?;
            if read == 0 && !self.odd && self.high.is_none() {
                return Ok(0);
            }
            self.transcode(held + read, read == 0);
        }
        let n = out.len().min(self.text.len() - self.given);
        out[..n].copy_from_slice(&self.text[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }

    /// Transcodes the first `end` bytes; at the end of the file, halves wait no longer.
    fn transcode(&mut self, end: usize, last: bool) {
        let (pairs, rest) = self.bytes[..end].as_chunks::<2>();
        let waiting = if last { None } else { pairs.last().map(|p| (self.unit)(*p)).filter(|u| is_high(*u)) };
        let units = pairs.iter().take(pairs.len() - usize::from(waiting.is_some())).map(|p| (self.unit)(*p));
        // With nothing new, a waiting half goes on waiting.
        let before = if pairs.is_empty() && !last { None } else { self.high.take() };
        let half = (last && !rest.is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        let whole = char::decode_utf16(before.into_iter().chain(units));
        for c in whole.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).chain(half) {
            self.text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        self.high = waiting.or(self.high);
        self.odd = !last && !rest.is_empty();
        if self.odd {
            self.bytes.copy_within(end - 1..end, 0);
        }
    }
}

fn is_high(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::*;

    const LINE: &str = "Time,mta1 — Übertragung 🚀\r\n2026-11-24 02:58:00,1\r\n";

    /// A reader that gives `n` bytes at a time.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(out.len());
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn read(bytes: &[u8], step: usize) -> String {
        let (mut text, mark) = Text::of(bytes);
        let mut from = Drip(&bytes[mark..], step);
        let (mut out, mut piece) = (Vec::new(), [0; 3]);
        loop {
            match text.read(&mut from, &mut piece).expect("reads") {
                0 => return String::from_utf8(out).expect("UTF-8"),
                n => out.extend_from_slice(&piece[..n]),
            }
        }
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
    }

    #[test]
    fn utf16_of_both_orders_becomes_utf8_for_any_read_size() {
        for bytes in [utf16(LINE, u16::to_le_bytes), utf16(LINE, u16::to_be_bytes)] {
            for step in 1..bytes.len() {
                assert_eq!(read(&bytes, step), LINE);
            }
        }
    }

    #[test]
    fn the_mark_of_utf8_is_no_text_and_text_without_a_mark_stays() {
        assert_eq!(read(format!("\u{feff}{LINE}").as_bytes(), 7), LINE);
        assert_eq!(read(LINE.as_bytes(), 7), LINE);
    }

    #[test]
    fn halves_become_replacement_characters() {
        // A high surrogate before a letter, one at the end, and half a unit after it.
        let bytes = [0xff, 0xfe, 0x3d, 0xd8, b'a', 0, 0x3d, 0xd8, b'b'];
        for step in 1..bytes.len() {
            assert_eq!(read(&bytes, step), "\u{fffd}a\u{fffd}\u{fffd}");
        }
    }

    #[test]
    fn a_cut_keeps_what_was_whole() {
        let bytes = utf16(LINE, u16::to_le_bytes);
        for end in 2..bytes.len() {
            let text = read(&bytes[..end], 5);
            assert!(LINE.starts_with(text.trim_end_matches('\u{fffd}')), "{text}");
        }
    }
}
