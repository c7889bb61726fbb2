//! A text as it reads after something was undone, with the way back to where it stands.

use std::ops::Range;

/// Bytes, and for each stretch of them where it begins in the entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) text: Vec<u8>,
    /// Pairs of an offset in `text` and one in the entry; between two pairs both go on alike.
    seams: Vec<(usize, usize)>,
}

impl Reading {
    /// The entry's own bytes.
    pub(super) fn plain(text: &[u8]) -> Self {
        Self { text: text.to_vec(), seams: vec![(0, 0)] }
    }

    /// Where in the entry a byte of the text stands.
    pub(super) fn source(&self, at: usize) -> usize {
        let next = self.seams.partition_point(|(out, _)| *out <= at);
        self.seams.get(next.wrapping_sub(1)).map_or(at, |(out, source)| source + (at - out))
    }

    /// Some bytes of the text.
    pub(super) fn part(&self, span: Range<usize>) -> &[u8] {
        self.text.get(span).unwrap_or_default()
    }

    /// A stretch of the text as a reading of its own.
    pub(super) fn window(&self, span: Range<usize>) -> Self {
        let mut out = Self::default();
        out.copy(self, span);
        out
    }

    /// Adds a stretch of another reading as it is.
    pub(super) fn copy(&mut self, from: &Self, span: Range<usize>) {
        let here = self.text.len();
        self.seam(here, from.source(span.start));
        let first = from.seams.partition_point(|(out, _)| *out <= span.start);
        for &(out, source) in from.seams.iter().skip(first).take_while(|(out, _)| *out < span.end) {
            self.seam(here + out - span.start, source);
        }
        self.text.extend_from_slice(from.part(span));
    }

    /// Adds what something at a place of another reading says once it is undone.
    pub(super) fn put(&mut self, said: &[u8], from: &Self, at: usize) {
        self.seam(self.text.len(), from.source(at));
        self.text.extend_from_slice(said);
    }

    /// Becomes what something at a place of another reading says, as `decode` writes it:
    /// each byte stands where that begins.
    pub(super) fn say(&mut self, from: &Self, at: usize, decode: impl FnOnce(&mut Vec<u8>)) {
        self.text.clear();
        self.seams.clear();
        self.seams.push((0, from.source(at)));
        decode(&mut self.text);
    }

    fn seam(&mut self, out: usize, source: usize) {
        if self.seams.is_empty() || self.source(out) != source {
            self.seams.push((out, source));
        }
    }

    /// The text with each thing undone that `step` reads at the start of the bytes it is
    /// given (how many it takes, and what they say); nothing where there is none.
    pub(super) fn undone(&self, leads: &[u8], step: impl Fn(&[u8]) -> Option<(usize, Vec<u8>)>) -> Option<Self> {
        let mut out = Self::default();
        let (mut at, mut kept) = (0, 0);
        while let Some(next) = first_of(leads, self.part(at..self.text.len())) {
            at += next;
            let Some((taken, said)) = step(self.part(at..self.text.len())) else {
                at += 1;
                continue;
            };
            out.copy(self, kept..at);
            out.put(&said, self, at);
            at += taken.max(1);
            kept = at;
        }
        if kept == 0 {
            return None;
        }
        out.copy(self, kept..self.text.len());
        Some(out)
    }
}

/// Where the first of some bytes stands.
fn first_of(leads: &[u8], text: &[u8]) -> Option<usize> {
    match *leads {
        [lead] => memchr::memchr(lead, text),
        [one, other] => memchr::memchr2(one, other, text),
        [one, other, third] => memchr::memchr3(one, other, third, text),
        _ => text.iter().position(|b| leads.contains(b)),
    }
}

/// The character that ends before a place, and the one that begins there.
fn around(text: &[u8], at: usize) -> (Option<char>, Option<char>) {
    let head = text.get(at.saturating_sub(4)..at).unwrap_or_default();
    let tail = text.get(at..text.len().min(at + 4)).unwrap_or_default();
    let before = (1..=head.len()).find_map(|n| one(head.get(head.len() - n..)?));
    let after = (1..=tail.len()).find_map(|n| one(tail.get(..n)?));
    (before, after)
}

/// Whether a letter or digit stands on both sides of a place.
pub(super) fn is_joined(text: &[u8], at: usize) -> bool {
    let (before, after) = around(text, at);
    before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
}

fn one(bytes: &[u8]) -> Option<char> {
    std::str::from_utf8(bytes).ok()?.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_knows_where_it_came_from() {
        let plain = Reading::plain(b"ab%40cd%2Eef");
        let step = |rest: &[u8]| Some((3, vec![if rest[1] == b'4' { b'@' } else { b'.' }]));
        let read = plain.undone(b"%", step).unwrap_or_default();
        assert_eq!(read.text, b"ab@cd.ef");
        assert_eq!((0..8).map(|k| read.source(k)).collect::<Vec<_>>(), [0, 1, 2, 5, 6, 7, 10, 11]);
        let part = read.window(3..8);
        assert_eq!(part.text, b"cd.ef");
        assert_eq!((0..5).map(|k| part.source(k)).collect::<Vec<_>>(), [5, 6, 7, 10, 11]);
        assert_eq!(plain.undone(b"&", step), None);
    }

    #[test]
    fn neighbours_are_characters_not_bytes() {
        let text = "…x я".as_bytes();
        assert_eq!(around(text, 3), (Some('…'), Some('x')));
        assert_eq!(around(text, 5), (Some(' '), Some('я')));
        assert_eq!(around(text, text.len()), (Some('я'), None));
    }
}
