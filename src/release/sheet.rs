//! Tables of a release: columns with meanings, rows of typed cells.

use super::packed::Rows;
use crate::time::{Minute, Stamp};

/// One table, before it is written as CSV.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// File stem: `minutes_by_lane`.
    pub name: &'static str,
    /// What a row is, in one sentence.
    pub title: String,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The rows; each has as many cells as there are columns.
    pub rows: Rows,
}

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Header cell: `attempts`.
    pub name: &'static str,
    /// What its cells are.
    pub kind: ColumnKind,
    /// Meaning and unit, one sentence.
    pub meaning: &'static str,
}

/// What a column's cells are; becomes the Frictionless field type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number with a fraction.
    Number,
    /// A UTC minute, `2026-11-24T03:56Z`.
    Minute,
    /// A UTC time, RFC 3339.
    Time,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Text that passed the redactor, or words of ours.
    Text(String),
    /// A whole number.
    Integer(u64),
    /// A number, printed with so many digits after the point.
    Number(f64, usize),
    /// A minute.
    Minute(Minute),
    /// A moment.
    Time(Stamp),
    /// No data: never zero.
    Empty,
}
