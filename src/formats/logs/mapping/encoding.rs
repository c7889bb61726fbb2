//! Bytes of a file to UTF-8, block by block.

use std::borrow::Cow;

use super::plan::Encoding;

/// Decodes the blocks of one file, in order.
pub(super) struct Decoder {
    encoding: Encoding,
    begun: bool,
    /// The first half of a code unit that the next block ends.
    half: Option<u8>,
    /// The first half of a character beyond the first plane.
    surrogate: Option<u16>,
    /// The line end is out already; its second byte begins the next block.
    line_end: bool,
}

impl Decoder {
    pub(super) const fn new(encoding: Encoding) -> Self {
        Self { encoding, begun: false, half: None, surrogate: None, line_end: false }
    }

    /// The text of a block. UTF-8 stays as it is, with what is wrong in it.
    pub(super) fn decode<'b>(&mut self, block: &'b [u8]) -> Cow<'b, [u8]> {
        let mut block = block;
        if !self.begun {
            self.begun = true;
            if let Some(rest) = block.strip_prefix(b"\xff\xfe") {
                (self.encoding, block) = (Encoding::Utf16Le, rest);
            } else if let Some(rest) = block.strip_prefix(b"\xef\xbb\xbf") {
                (self.encoding, block) = (Encoding::Utf8, rest);
            }
        }
        match self.encoding {
            Encoding::Utf8 => Cow::Borrowed(block),
            Encoding::Latin1 => Cow::Owned(one_byte(block, char::from)),
            Encoding::Windows1251 => Cow::Owned(one_byte(block, cyrillic)),
            Encoding::Utf16Le => Cow::Owned(self.utf16(block)),
        }
    }

    fn utf16(&mut self, block: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(block.len() / 2 + 4);
        let mut bytes = block.iter().copied();
        if std::mem::take(&mut self.line_end) && block.first() == Some(&0) {
            bytes.next();
        }
        while let Some(byte) = self.half.take().or_else(|| bytes.next()) {
            let Some(high) = bytes.next() else {
                // Blocks are cut after the byte of a line end, which is the first half of one.
                if byte == b'\n' {
                    self.line_end = true;
                    out.push(b'\n');
                } else {
                    self.half = Some(byte);
                }
                break;
            };
            self.unit(u16::from_le_bytes([byte, high]), &mut out);
        }
        out
    }

    fn unit(&mut self, unit: u16, out: &mut Vec<u8>) {
        if (0xd800..0xdc00).contains(&unit) {
            self.surrogate = Some(unit);
            return;
        }
        let units = match self.surrogate.take() {
            Some(first) => [first, unit],
            None => [unit, 0],
        };
        let length = if units[0] == unit { 1 } else { 2 };
        for c in char::decode_utf16(units.into_iter().take(length)) {
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

fn one_byte(block: &[u8], letter: impl Fn(u8) -> char) -> Vec<u8> {
    let mut out = Vec::with_capacity(block.len() + block.len() / 8);
    for byte in block {
        if byte.is_ascii() {
            out.push(*byte);
        } else {
            out.extend_from_slice(letter(*byte).encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    out
}

/// The upper half of Windows-1251 up to 0xBF (Unicode mapping table CP1251).
const CYRILLIC: &str = "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\u{fffd}™љ›њќћџ\u{a0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{ad}®Ї°±Ііґµ¶·ё№є»јЅѕї";

fn cyrillic(byte: u8) -> char {
    let plain = || char::from_u32(u32::from(byte) + 0x410 - 0xc0);
    let found = if byte >= 0xc0 { plain() } else { CYRILLIC.chars().nth(usize::from(byte & 0x7f)) };
    found.unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(encoding: Encoding, bytes: &[u8], blocks: &[usize]) -> Vec<String> {
        let mut decoder = Decoder::new(encoding);
        let mut rest = bytes;
        let mut told = Vec::new();
        for size in blocks.iter().copied().chain([usize::MAX]) {
            let (block, after) = rest.split_at(size.min(rest.len()));
            told.push(String::from_utf8_lossy(&decoder.decode(block)).into_owned());
            rest = after;
        }
        told
    }

    #[test]
    fn every_encoding_becomes_utf8() {
        assert_eq!(decoded(Encoding::Utf8, b"\xef\xbb\xbfa\xc3\xa9", &[]), ["aé"]);
        assert_eq!(decoded(Encoding::Latin1, b"a\xe9\n", &[]), ["aé\n"]);
        assert_eq!(decoded(Encoding::Windows1251, b"\xcf\xf0\xe8\xb8\xff\x80\xbf", &[]), ["ПриёяЂї"]);
        let text: Vec<u8> = "\u{feff}a,é\n😀\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(Encoding::Utf8, &text, &[]), ["a,é\n😀\n"]);
        // Blocks end after the byte of a line end: 2 + 6 + 1, then 1 + 4 + 1.
        assert_eq!(decoded(Encoding::Utf8, &text, &[9, 6]), ["a,é\n", "😀\n", ""]);
        assert_eq!(decoded(Encoding::Utf8, &text, &[5, 7]).concat(), "a,é\n😀\n");
    }
}
