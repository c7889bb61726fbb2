//! The cells of a CSV row (RFC 4180), taken apart without copying.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memmem};

use crate::formats::logs::near;

/// Where the cells of a row lie. Used again for each row.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// Where the next cell begins, for each cell; beyond the row for the last.
    next: Vec<Next>,
}

#[derive(Clone, Copy, Debug)]
struct Next {
    at: u32,
    /// Whether the cell before stands in quotes.
    quoted: bool,
}

impl Cells {
    /// Takes a row apart. False when the row ends inside a quoted cell, which then goes on in
    /// the next line.
    pub(super) fn split(&mut self, row: &[u8]) -> bool {
        self.next.clear();
        let mut from = 0;
        while from <= row.len() {
            from = if row.get(from) != Some(&b'"') {
                self.plain_cells(row, from)
            } else if let Some((next, quoted)) = quoted_cell(row, from) {
                self.push(next, quoted)
            } else {
                return false;
            };
        }
        true
    }

    /// Takes apart what follows, up to the next quoted cell; where that one begins. Cells are
    /// short, so commas are found for eight bytes at once.
    fn plain_cells(&mut self, row: &[u8], start: usize) -> usize {
        let (words, rest) = row.get(start..).unwrap_or_default().as_chunks::<8>();
        let mut at = start;
        for word in words {
            let mut commas = near::matches(b',', *word);
            while commas != 0 {
                let next = self.push(at + near::first(commas) + 1, false);
                if row.get(next) == Some(&b'"') {
                    return next;
                }
                commas &= commas - 1;
            }
            at += 8;
        }
        for byte in rest {
            at += 1;
            if *byte == b',' && row.get(self.push(at, false)) == Some(&b'"') {
                return at;
            }
        }
        self.push(row.len() + 1, false)
    }

    /// Adds a cell by where the next one begins.
    #[inline]
    fn push(&mut self, next: usize, quoted: bool) -> usize {
        self.next.push(Next { at: next as u32, quoted });
        next
    }

    /// Where a cell stands in the row, with its quotes; nothing beyond the end of a short row.
    pub(super) fn place(&self, at: usize) -> Option<Range<usize>> {
        let next = |at: usize| self.next.get(at).map(|next| next.at as usize);
        let from = at.checked_sub(1).map_or(Some(0), next)?;
        Some(from..next(at)? - 1)
    }

    /// How many cells the row has.
    pub(super) const fn count(&self) -> usize {
        self.next.len()
    }

    /// A cell without its quotes, doubled quotes inside as they stand; nothing beyond the
    /// end of a short row.
    #[inline]
    pub(super) fn get<'a>(&self, row: &'a [u8], at: usize) -> Option<&'a [u8]> {
        let quotes = usize::from(self.next.get(at)?.quoted);
        let place = self.place(at)?;
        row.get(place.start + quotes..place.end - quotes)
    }
}

/// Behind the next comma.
fn plain_cell(row: &[u8], from: usize) -> usize {
    row.get(from..).and_then(|rest| near::find(b',', rest)).map_or(row.len(), |n| from + n) + 1
}

/// Where the cell behind a quoted one begins, and whether that was one; nothing when its quote
/// does not close.
fn quoted_cell(row: &[u8], from: usize) -> Option<(usize, bool)> {
    let mut at = from + 1;
    loop {
        let quote = at + memchr(b'"', row.get(at..)?)?;
        match row.get(quote + 1) {
            Some(b'"') => at = quote + 2,
            Some(b',') | None => return Some((quote + 2, true)),
            // No quoted cell after all.
            Some(_) => return Some((plain_cell(row, from), false)),
        }
    }
}

/// A cell's text: quotes inside a quoted cell are doubled.
pub(super) fn text_of(cell: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'"', cell).is_none() {
        return Cow::Borrowed(cell);
    }
    let mut text = Vec::with_capacity(cell.len());
    let mut rest = cell;
    while let Some(at) = memmem::find(rest, b"\"\"") {
        text.extend_from_slice(rest.get(..=at).unwrap_or_default());
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    text.extend_from_slice(rest);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells of a row, joined by `|`; nothing when the row goes on.
    fn cells(row: &str) -> Option<String> {
        let mut cells = Cells::default();
        cells.split(row.as_bytes()).then(|| {
            let texts = (0..cells.count()).filter_map(|n| cells.get(row.as_bytes(), n));
            texts.map(|t| String::from_utf8_lossy(&text_of(t)).into_owned()).collect::<Vec<_>>().join("|")
        })
    }

    #[test]
    fn rows_are_split_at_commas_outside_quotes() {
        let rows = [
            ("", ""),
            ("a", "a"),
            ("a,,c,", "a||c|"),
            // esp trap 4
            (r#"d,"8BITMIME,SIZE,STARTTLS",12298"#, "d|8BITMIME,SIZE,STARTTLS|12298"),
            (r#""a","#, "a|"),
            (r#"x,"",y"#, "x||y"),
            (r#""two inches ""2""",b"#, r#"two inches "2"|b"#),
            (r#"a,said "no",b"#, r#"a|said "no"|b"#),
            (r#""a"b,c"#, r#""a"b|c"#),
            ("b\u{fc}cher.de/v,x", "b\u{fc}cher.de/v|x"),
        ];
        for (row, expected) in rows {
            assert_eq!(cells(row).as_deref(), Some(expected), "{row}");
        }
    }

    #[test]
    fn a_quote_that_does_not_close_leaves_the_row_open() {
        for row in [r#"a,"b"#, r#"a,"b,c"#, r#"""#, r#"a,"b"""#] {
            assert_eq!(cells(row), None, "{row}");
        }
    }
}
