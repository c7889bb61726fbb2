//! The rows of a table, packed.
//!
//! A week of 64 sending IPs has 645,000 rows of fifteen cells. As cells they would take 450 bytes each; here
//! they take a tenth: a small number is two bytes, and a text that stood before is its number.

use std::collections::BTreeMap;

use super::Cell;
use crate::time::{Minute, Stamp};

/// Rows of cells, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The cells of all rows: what each is, and its value.
    packed: Vec<u8>,
    count: usize,
    /// Texts by their numbers, and the other way.
    texts: Vec<String>,
    numbers: BTreeMap<String, u64>,
}

// What stands before a value.
const EMPTY: u8 = 0;
const TEXT: u8 = 1;
const INTEGER: u8 = 2;
const NUMBER: u8 = 3;
const MINUTE: u8 = 4;
const TIME: u8 = 5;
const END: u8 = 6;

impl Rows {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds a row.
    pub fn push(&mut self, cells: impl IntoIterator<Item = Cell>) {
        for cell in cells {
            self.pack(cell);
        }
        self.packed.push(END);
        self.count += 1;
    }

    /// The rows, one after the other.
    pub fn iter(&self) -> impl Iterator<Item = Vec<Cell>> + '_ {
        let mut unpack = Unpack { left: &self.packed, texts: &self.texts };
        (0..self.count).map(move |_| std::iter::from_fn(|| unpack.cell()).collect())
    }

    /// Leaves out rows.
    pub fn retain(&mut self, mut keeps: impl FnMut(&[Cell]) -> bool) {
        *self = self.iter().filter(|row| keeps(row)).collect();
    }

    fn pack(&mut self, cell: Cell) {
        match cell {
            Cell::Empty => self.packed.push(EMPTY),
            Cell::Text(text) => {
                let number = self.number(text);
                self.pack_number(TEXT, number);
            }
            Cell::Integer(n) => self.pack_number(INTEGER, n),
            Cell::Number(value, digits) => {
                self.pack_number(NUMBER, digits as u64);
                self.packed.extend(value.to_le_bytes());
            }
            Cell::Minute(minute) => {
                self.packed.push(MINUTE);
                self.packed.extend(minute.number().to_le_bytes());
            }
            Cell::Time(at) => {
                self.packed.push(TIME);
                self.packed.extend(at.millis().to_le_bytes());
            }
        }
    }

    fn number(&mut self, text: String) -> u64 {
        if let Some(number) = self.numbers.get(&text) {
            return *number;
        }
        let number = self.texts.len() as u64;
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    /// Seven bits a byte, the lowest first; the last byte has no high bit.
    fn pack_number(&mut self, what: u8, mut n: u64) {
        self.packed.push(what);
        while n >= 0x80 {
            self.packed.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.packed.push(n as u8);
    }
}

impl FromIterator<Vec<Cell>> for Rows {
    fn from_iter<I: IntoIterator<Item = Vec<Cell>>>(rows: I) -> Self {
        let mut packed = Self::default();
        packed.extend(rows);
        packed
    }
}

impl Extend<Vec<Cell>> for Rows {
    fn extend<I: IntoIterator<Item = Vec<Cell>>>(&mut self, rows: I) {
        rows.into_iter().for_each(|row| self.push(row));
    }
}

/// Cells on their way out.
struct Unpack<'a> {
    left: &'a [u8],
    texts: &'a [String],
}

impl Unpack<'_> {
    /// The next cell of the row; nothing at its end.
    fn cell(&mut self) -> Option<Cell> {
        let (what, left) = self.left.split_first()?;
        self.left = left;
        Some(match *what {
            EMPTY => Cell::Empty,
            TEXT => Cell::Text(self.texts.get(self.number()? as usize)?.clone()),
            INTEGER => Cell::Integer(self.number()?),
            NUMBER => {
                let digits = self.number()? as usize;
                Cell::Number(f64::from_le_bytes(self.bytes()?), digits)
            }
            MINUTE => Cell::Minute(Minute::new(i32::from_le_bytes(self.bytes()?))),
            TIME => Cell::Time(Stamp::from_millis(i64::from_le_bytes(self.bytes()?))),
            _ => return None,
        })
    }

    fn number(&mut self) -> Option<u64> {
        let mut n = 0;
        for shift in (0..).step_by(7) {
            let (byte, left) = self.left.split_first()?;
            self.left = left;
            n |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                break;
            }
        }
        Some(n)
    }

    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, left) = self.left.split_first_chunk()?;
        self.left = left;
        Some(*bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_as_they_went_in() {
        let text = |t: &str| Cell::Text(t.to_owned());
        let rows = vec![
            vec![text("192.0.2.11"), Cell::Integer(0), Cell::Empty, Cell::Integer(u64::MAX)],
            vec![],
            vec![text(""), text("192.0.2.11"), Cell::Integer(127), Cell::Integer(128), text("full")],
            vec![Cell::Minute(Minute::new(-5)), Cell::Minute(Minute::new(i32::MAX)), Cell::Number(-0.5, 2)],
            vec![Cell::Time(Stamp::from_millis(-1)), Cell::Number(f64::INFINITY, 300), Cell::Empty],
        ];
        let mut packed: Rows = rows.iter().cloned().collect();
        assert_eq!((packed.iter().collect::<Vec<_>>(), packed.len()), (rows.clone(), 5));
        packed.retain(|row| row.len() != 3);
        assert_eq!(packed.iter().collect::<Vec<_>>(), rows[..3]);
        assert!(!packed.is_empty() && Rows::default().is_empty());
        assert_eq!(Rows::default().iter().count(), 0);
    }

    #[test]
    fn a_row_of_a_minute_is_small() {
        let row = |minute| {
            let head = [Cell::Minute(Minute::new(minute)), Cell::Text("192.0.2.11".to_owned())];
            head.into_iter().chain((0..12).map(Cell::Integer)).chain([Cell::Text("full".to_owned())]).collect()
        };
        let packed: Rows = (0..1000).map(row).collect();
        assert_eq!(packed.packed.len(), 1000 * (5 + 2 + 12 * 2 + 2 + 1));
    }
}
