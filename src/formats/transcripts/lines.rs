//! A transcript's lines: their place in the file, and what wrappers put before them.

use std::borrow::Cow;
use std::ops::Range;

use super::stamps;
use crate::time::Stamp;

/// One line, without its line end and without the stamp of a wrapper (`ts`).
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// 1-based line number.
    pub number: u64,
    /// Where the text lies in the file.
    pub place: Range<usize>,
    /// The bytes at `place`.
    pub raw: &'a [u8],
    /// The text without terminal control sequences.
    pub text: Cow<'a, str>,
    /// The wrapper's stamp, when it has a date and a zone.
    pub stamp: Option<Stamp>,
    /// The wrapper's clock in milliseconds, also where it counts from the start or from midnight.
    pub tick: Option<i64>,
}

impl Line<'_> {
    /// The place of what follows `marker` in this line, leading blanks left out.
    pub(super) fn place_after(&self, marker: &str) -> Option<Range<usize>> {
        let after = memchr::memmem::find(self.raw, marker.as_bytes())? + marker.len();
        let rest = self.raw.get(after..)?;
        let blanks = rest.len() - rest.trim_ascii_start().len();
        let start = self.place.start + after + blanks;
        (start < self.place.end).then_some(start..self.place.end)
    }
}

/// Splits at line feeds; carriage returns before them belong to the line end (tty recordings).
pub(super) fn lines(file: &[u8]) -> Vec<Line<'_>> {
    let mut out = Vec::new();
    let mut start = 0;
    for piece in file.split_inclusive(|b| *b == b'\n') {
        let content = piece.strip_suffix(b"\n").unwrap_or(piece);
        let trailing = content.iter().rev().take_while(|b| **b == b'\r').count();
        let whole = content.get(..content.len() - trailing).unwrap_or_default();
        let (skipped, stamp) = stamps::wrapper_prefix(whole);
        let raw = whole.get(skipped..).unwrap_or_default();
        let prefix = whole.get(..skipped).unwrap_or_default();
        // Whole seconds are too coarse to time a handshake with.
        let fine = stamp.filter(|_| prefix.contains(&b'.'));
        let tick = fine.map(Stamp::millis).or_else(|| stamps::tick(prefix));
        out.push(Line {
            number: out.len() as u64 + 1,
            place: start + skipped..start + whole.len(),
            raw,
            text: without_escapes(String::from_utf8_lossy(raw)),
            stamp,
            tick,
        });
        start += piece.len();
    }
    out
}

/// Drops what steers a terminal (`ESC [ … letter`, `ESC ] … BEL`): interactive `script` recordings hold it.
fn without_escapes(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('[') => {
                chars.by_ref().find(|c| ('@'..='~').contains(c));
            }
            Some(']') => {
                chars.by_ref().find(|c| *c == '\u{7}');
            }
            _ => {}
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_point_into_the_file_behind_stamps_and_before_line_ends() {
        let file = b"2026-11-24T02:21:05.982465+0000     Session-ID: AB12\r\r\nDONE";
        let read = lines(file);
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].text, "    Session-ID: AB12");
        assert_eq!(read[0].stamp.map(|s| s.to_string()).as_deref(), Some("2026-11-24T02:21:05.982Z"));
        let place = read[0].place_after("Session-ID:").unwrap_or_default();
        assert_eq!(&file[place], b"AB12");
        assert_eq!((read[1].number, &file[read[1].place.clone()]), (2, &b"DONE"[..]));
        assert_eq!(read[0].place_after("Session-ID-ctx:"), None);
    }

    #[test]
    fn terminal_control_sequences_are_no_text() {
        let read = lines(b"\x1b[?2004h\x1b]0;root@mta1\x07$ openssl s_client\n");
        assert_eq!(read[0].text, "$ openssl s_client");
    }
}
