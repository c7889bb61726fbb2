//! Finding thousands of known values in a text, in one pass.

use std::ops::Range;

use rustc_hash::FxHashMap;

/// Shortest value that is searched for: shorter ones are met in their own fields only.
pub(super) const SHORTEST: usize = 3;

/// Values, case ignored in ASCII. The first three bytes tell which lengths are worth a look-up,
/// so that a hundred thousand values of one beginning cost no more than ten.
#[derive(Clone, Debug)]
pub(super) struct Needles<T> {
    /// Longest first.
    lengths: FxHashMap<[u8; SHORTEST], Vec<usize>>,
    values: FxHashMap<Vec<u8>, T>,
}

impl<T> Default for Needles<T> {
    fn default() -> Self {
        Self { lengths: FxHashMap::default(), values: FxHashMap::default() }
    }
}

impl<T> Needles<T> {
    /// Adds a value; too short ones are ignored, and so is a value added before.
    pub(super) fn add(&mut self, value: &[u8], tag: T) {
        let text = value.to_ascii_lowercase();
        let Some(&head) = text.first_chunk() else { return };
        let lengths = self.lengths.entry(head).or_default();
        if let Err(at) = lengths.binary_search_by(|length| text.len().cmp(length)) {
            lengths.insert(at, text.len());
        }
        self.values.entry(text).or_insert(tag);
    }

    /// All values in a text, the longest at each place, none inside a longer word.
    /// A word ends where a letter or digit meets anything else.
    pub(super) fn find(&self, text: &[u8]) -> Vec<(Range<usize>, &T)> {
        let mut out = Vec::new();
        if self.values.is_empty() {
            return out;
        }
        let text = text.to_ascii_lowercase();
        let mut at = 0;
        while let Some(head) = text.get(at..).and_then(<[u8]>::first_chunk) {
            match self.lengths.get(head).and_then(|lengths| self.longest(&text, at, lengths)) {
                Some((end, tag)) => {
                    out.push((at..end, tag));
                    at = end;
                }
                None => at += 1,
            }
        }
        out
    }

    fn longest(&self, text: &[u8], at: usize, lengths: &[usize]) -> Option<(usize, &T)> {
        if !is_edge(text, at) {
            return None;
        }
        let ends = lengths.iter().map(|length| at + length).filter(|&end| end <= text.len() && is_edge(text, end));
        ends.into_iter().find_map(|end| Some((end, self.values.get(text.get(at..end)?)?)))
    }
}

/// Whether a word can begin or end between the byte before `at` and the one there.
pub(super) fn is_edge(text: &[u8], at: usize) -> bool {
    let word = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 0x80);
    let before = at.checked_sub(1).and_then(|k| text.get(k));
    !(word(before) && word(text.get(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole_and_longest_first() {
        let mut needles = Needles::default();
        for (k, value) in ["alice.b", "alice", "s3cr3tPw!", "ab"].iter().enumerate() {
            needles.add(value.as_bytes(), k);
        }
        let text = b"/home/ALICE.B/x alice malice alicex (s3cr3tPw!) ab";
        let found: Vec<_> =
            needles.find(text).into_iter().map(|(r, k)| (String::from_utf8_lossy(&text[r]).into_owned(), *k)).collect();
        assert_eq!(found, [("ALICE.B".into(), 0), ("alice".into(), 1), ("s3cr3tPw!".into(), 2)]);
    }
}
