//! The cells of a CSV row (RFC 4180), taken apart without copying.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memmem};

use crate::formats::logs::near;

/// Where the cells of a row lie. Used again for each row.
#[derive(Debug, Default)]
pub(super) struct Cells {
    found: Vec<Cell>,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    from: u32,
    to: u32,
    /// Where the next cell begins; beyond the row when there is none.
    next: u32,
}

impl Cells {
    /// Takes a row apart. False when the row ends inside a quoted cell, which then goes on in
    /// the next line.
    pub(super) fn split(&mut self, row: &[u8]) -> bool {
        self.found.clear();
        let mut from = 0;
        while from <= row.len() {
            let Some(next) = self.split_from(row, from) else { return false };
            from = next;
        }
        true
    }

    /// Takes apart what follows, up to the next quoted cell and with it; where the cell behind
    /// it begins. Cells are short, so commas are found for eight bytes at once.
    fn split_from(&mut self, row: &[u8], start: usize) -> Option<usize> {
        let mut from = start;
        if row.get(from) == Some(&b'"') {
            return quoted_cell(row, from).map(|cell| self.push(cell));
        }
        let (words, _) = row.get(start..).unwrap_or_default().as_chunks::<8>();
        for (n, word) in words.iter().enumerate() {
            let mut commas = near::matches(b',', *word);
            while commas != 0 {
                let end = start + n * 8 + near::first(commas);
                from = self.push(Cell { from: from as u32, to: end as u32, next: end as u32 + 1 });
                if row.get(from) == Some(&b'"') {
                    return Some(from);
                }
                commas &= commas - 1;
            }
        }
        // The last bytes, and the last cell.
        Some(self.push(plain_cell(row, from)))
    }

    /// Adds a cell; where the next one begins.
    fn push(&mut self, cell: Cell) -> usize {
        self.found.push(cell);
        cell.next as usize
    }

    /// Where a cell stands in the row, with its quotes; nothing beyond the end of a short row.
    pub(super) fn place(&self, at: usize) -> Option<Range<usize>> {
        let end = |at: usize| self.found.get(at).map(|cell| cell.next as usize);
        let from = at.checked_sub(1).map_or(Some(0), end)?;
        Some(from..end(at)? - 1)
    }

    /// How many cells the row has.
    pub(super) const fn count(&self) -> usize {
        self.found.len()
    }

    /// A cell without its quotes, doubled quotes inside as they stand; nothing beyond the
    /// end of a short row.
    pub(super) fn get<'a>(&self, row: &'a [u8], at: usize) -> Option<&'a [u8]> {
        let cell = self.found.get(at)?;
        row.get(cell.from as usize..cell.to as usize)
    }
}

/// Up to the next comma.
fn plain_cell(row: &[u8], from: usize) -> Cell {
    let end = row.get(from..).and_then(|rest| near::find(b',', rest)).map_or(row.len(), |n| from + n);
    Cell { from: from as u32, to: end as u32, next: end as u32 + 1 }
}

/// Up to the quote before the next comma; nothing when there is none.
fn quoted_cell(row: &[u8], from: usize) -> Option<Cell> {
    let mut at = from + 1;
    loop {
        let quote = at + memchr(b'"', row.get(at..)?)?;
        match row.get(quote + 1) {
            Some(b'"') => at = quote + 2,
            Some(b',') | None => {
                return Some(Cell { from: from as u32 + 1, to: quote as u32, next: quote as u32 + 2 });
            }
            // No quoted cell after all.
            Some(_) => return Some(plain_cell(row, from)),
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
