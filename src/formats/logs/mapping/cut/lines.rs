//! Lines, and records of several lines.

use memchr::memchr;
use regex::bytes::Regex;

use super::super::plan::{Lines, List, Rows};
use super::{Cut, What};
use crate::intake::Lines as LinesOf;

/// Cuts records that are lines, or a few of them.
pub(in super::super) struct LineCutter {
    joins: Joins,
    longest: usize,
    lines: LinesOf,
    /// The lines read so far.
    number: u64,
    /// Lines of a record that later lines may go on.
    pending: Vec<u8>,
    pending_lines: u64,
}

/// What makes a record of several lines.
enum Joins {
    Nothing,
    /// A value in quotes that has not ended.
    Quotes {
        quote: u8,
        delimiter: u8,
        comment: Vec<u8>,
    },
    /// A line that begins so goes on with the one before.
    Fold(Regex),
}

/// Lines of one record: a quote that never ends takes no more with it.
const MOST_LINES: u64 = 64;

impl LineCutter {
    pub(super) fn of_rows(rows: &Rows, longest: usize) -> Self {
        let joins = match rows.quote {
            Some(quote) => Joins::Quotes { quote, delimiter: rows.delimiter, comment: rows.comment.clone() },
            None => Joins::Nothing,
        };
        Self::new(joins, longest)
    }

    pub(super) fn of_lines(lines: &Lines, longest: usize) -> Self {
        Self::new(lines.fold.clone().map_or(Joins::Nothing, Joins::Fold), longest)
    }

    fn new(joins: Joins, longest: usize) -> Self {
        Self { joins, longest, lines: LinesOf::default(), number: 0, pending: Vec::new(), pending_lines: 0 }
    }

    pub(super) fn feed(&mut self, block: &[u8], take: &mut dyn FnMut(Cut<'_>)) {
        for line in self.lines.of(block) {
            match &self.joins {
                Joins::Nothing => self.tell(line, take),
                Joins::Quotes { quote, delimiter, comment } => {
                    let is_comment = self.pending.is_empty() && !comment.is_empty() && line.starts_with(comment);
                    let plain = self.pending_lines == 0 && (memchr(*quote, line).is_none() || is_comment);
                    if plain {
                        self.tell(line, take);
                        continue;
                    }
                    let (quote, delimiter) = (*quote, *delimiter);
                    self.push(line);
                    if !is_open(&self.pending, delimiter, quote) {
                        self.release(What::Record(List::None), take);
                    } else if self.pending_lines >= MOST_LINES || self.pending.len() > self.longest {
                        self.release(What::Broken, take);
                    }
                }
                Joins::Fold(fold) => {
                    let goes_on = self.pending_lines > 0 && fold.is_match(line);
                    if !goes_on || self.pending_lines >= MOST_LINES {
                        self.release(What::Record(List::None), take);
                    }
                    self.push(line);
                }
            }
        }
    }

    pub(super) fn end(&mut self, take: &mut dyn FnMut(Cut<'_>)) {
        let whole = matches!(self.joins, Joins::Fold(_));
        self.release(if whole { What::Record(List::None) } else { What::Broken }, take);
    }

    fn push(&mut self, line: &[u8]) {
        if self.pending_lines > 0 {
            self.pending.push(b'\n');
        }
        self.pending.extend_from_slice(line);
        self.pending_lines += 1;
    }

    /// A record of one line.
    fn tell(&mut self, line: &[u8], take: &mut dyn FnMut(Cut<'_>)) {
        self.number += 1;
        let what = if line.len() > self.longest { What::Broken } else { What::Record(List::None) };
        take(Cut { text: line, number: self.number, units: 1, what });
    }

    /// The lines that were pending.
    fn release(&mut self, what: What, take: &mut dyn FnMut(Cut<'_>)) {
        if self.pending_lines == 0 {
            return;
        }
        self.number += self.pending_lines;
        let what = if self.pending.len() > self.longest { What::Broken } else { what };
        take(Cut { text: &self.pending, number: self.number, units: self.pending_lines, what });
        self.pending.clear();
        self.pending_lines = 0;
    }
}

/// Whether a row ends inside a quoted value. Quotes count only where a value begins.
fn is_open(row: &[u8], delimiter: u8, quote: u8) -> bool {
    let mut at = 0;
    loop {
        if row.get(at) == Some(&quote) {
            at += 1;
            loop {
                let Some(end) = row.get(at..).and_then(|rest| memchr(quote, rest)) else { return true };
                at += end + 1;
                if row.get(at) != Some(&quote) {
                    break;
                }
                at += 1;
            }
        }
        match row.get(at..).and_then(|rest| memchr(delimiter, rest)) {
            Some(next) => at += next + 1,
            None => return false,
        }
    }
}
