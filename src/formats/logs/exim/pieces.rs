//! Long lines that Exim cut for syslog: `[1/3] text`, `[2/3] text`, `[3\3] text`.
//!
//! A line of more than 870 characters (`MAX_SYSLOG_LEN`) goes out in pieces, and so does each
//! line of a text of several; a backslash marks a piece that a line feed ended (log.c). Pieces
//! of different processes may lie between each other; those of one process lie in order.

use rustc_hash::FxHashMap;

use crate::formats::logs::text::Entry;
use crate::formats::logs::{Ends, KeptLine};
use crate::intake::Exhibit;
use crate::time::Stamp;

/// The mark before a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) number: u32,
    of: u32,
}

/// Takes the mark off a piece.
pub(super) fn piece(text: &[u8]) -> Option<(Mark, &[u8])> {
    let (number, rest) = leading_number(text.strip_prefix(b"[")?)?;
    let rest = rest.strip_prefix(b"/").or_else(|| rest.strip_prefix(b"\\"))?;
    let (of, rest) = leading_number(rest)?;
    let rest = rest.strip_prefix(b"]")?;
    (1 <= number && number <= of).then_some((Mark { number, of }, rest.strip_prefix(b" ").unwrap_or(rest)))
}

fn leading_number(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let number = text[..digits].iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    (digits > 0 && digits < 4).then_some((number, &text[digits..]))
}

/// A line put together: the head of its first piece, then all texts.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) line: Vec<u8>,
    /// Where the text begins.
    pub(super) text_from: usize,
    /// Where node and process stand.
    pub(super) node: (usize, usize),
    pub(super) process: (usize, usize),
    /// The first piece's file, number and time.
    pub(super) exhibit: Exhibit,
    pub(super) number: u64,
    pub(super) at: Stamp,
}

/// The lines being put together, by node and process.
pub(super) struct Pieces {
    open: FxHashMap<Box<[u8]>, Partial>,
    /// Pieces whose first is in the file before.
    heads: FxHashMap<Box<[u8]>, Vec<KeptLine>>,
    resumed: bool,
}

struct Partial {
    pieces: Vec<KeptLine>,
    joined: Joined,
    next: u32,
    of: u32,
}

/// Exim's buffer for a line is 8 KiB (`LOG_BUFFER_SIZE`), and a rejected header in it.
const LONGEST: usize = 32 << 10;
/// Processes whose pieces are waited for at a time.
const MOST_OPEN: usize = 256;

impl Pieces {
    pub(super) fn new(resumed: bool) -> Self {
        Self { open: FxHashMap::default(), heads: FxHashMap::default(), resumed }
    }

    /// Takes a piece; gives the whole line with the last of them.
    pub(super) fn take(&mut self, entry: &Entry<'_>, mark: Mark, text: &[u8]) -> Option<Joined> {
        let key = entry.node_and_process();
        if mark.number == 1 {
            if self.open.len() < MOST_OPEN || self.open.contains_key(key) {
                self.open.insert(key.into(), Partial::begin(entry, mark, text));
            }
        } else if let Some(partial) = self.open.get_mut(key).filter(|p| p.goes_on(mark, text)) {
            partial.joined.line.extend_from_slice(text);
            partial.pieces.push(entry.keep());
            partial.next += 1;
        } else {
            self.open.remove(key);
            self.keep_head(key, entry);
            return None;
        }
        let is_whole = self.open.get(key).is_some_and(|p| p.next > p.of);
        if is_whole { self.open.remove(key).map(|p| p.joined) } else { None }
    }

    fn keep_head(&mut self, key: &[u8], entry: &Entry<'_>) {
        const MOST_PIECES: usize = 64;
        if self.resumed {
            return;
        }
        if !self.heads.contains_key(key) && self.heads.len() < MOST_OPEN {
            self.heads.insert(key.into(), Vec::new());
        }
        if let Some(head) = self.heads.get_mut(key).filter(|h| h.len() < MOST_PIECES) {
            head.push(entry.keep());
        }
    }

    /// Lines whose last pieces never came, in order.
    pub(super) fn unfinished(&mut self) -> Vec<Joined> {
        let mut left: Vec<_> = self.open.drain().map(|(_, p)| p.joined).collect();
        left.sort_by_key(|j| (j.at, j.number));
        left
    }

    /// What the edges of the file left open.
    pub(super) fn ends(mut self) -> Vec<(Box<[u8]>, Ends)> {
        let mut ends = Vec::new();
        for (key, partial) in self.open {
            let head = self.heads.remove(&key).unwrap_or_default();
            ends.push((key, Ends { head, fixed: true, tail: partial.pieces }));
        }
        ends.extend(self.heads.into_iter().map(|(key, head)| (key, Ends { head, fixed: false, tail: Vec::new() })));
        ends
    }
}

impl Partial {
    fn begin(entry: &Entry<'_>, mark: Mark, text: &[u8]) -> Self {
        let line = entry.line;
        let text_from = line.len() - entry.text().len();
        let range = |part: &[u8]| {
            let at = (part.as_ptr() as usize).checked_sub(line.as_ptr() as usize).filter(|at| *at <= text_from);
            at.map_or((0, 0), |at| (at, (at + part.len()).min(text_from)))
        };
        let joined = Joined {
            line: [&line[..text_from], text].concat(),
            text_from,
            node: range(entry.envelope.host),
            process: range(entry.envelope.process.whole),
            exhibit: entry.exhibit,
            number: entry.number,
            at: entry.envelope.at,
        };
        Self { pieces: vec![entry.keep()], joined, next: 2, of: mark.of }
    }

    fn goes_on(&self, mark: Mark, text: &[u8]) -> bool {
        mark.number == self.next && mark.of == self.of && self.joined.line.len() + text.len() <= LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks() {
        let told = |text: &str| piece(text.as_bytes()).map(|(m, rest)| (m.number, m.of, rest.len()));
        assert_eq!(told("[1/5] abc"), Some((1, 5, 3)));
        assert_eq!(told(r"[5\5] abc"), Some((5, 5, 3)));
        for text in ["[132] 1xVgrj", "[6/5] x", "[0/5] x", "[1/5", "[1/1000] x", "[/5] x", ""] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
