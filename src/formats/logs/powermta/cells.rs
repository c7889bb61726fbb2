//! The cells of a CSV row (RFC 4180), taken apart without copying.

use std::borrow::Cow;

use memchr::{memchr, memmem};

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
        loop {
            let quoted = row.get(from) == Some(&b'"');
            let cell = if quoted { quoted_cell(row, from) } else { Some(plain_cell(row, from)) };
            let Some(cell) = cell else { return false };
            self.found.push(cell);
            from = cell.next as usize;
            if from > row.len() {
                return true;
            }
        }
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
    let end = row.get(from..).and_then(|rest| memchr(b',', rest)).map_or(row.len(), |n| from + n);
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
