//! Rows of delimited values, and the columns that their headers name.

use std::borrow::Cow;

use memchr::memchr;

use super::super::plan::{Header, Rows};
use super::{Body, Opened, Record};

/// Where a value of a row stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    start: u32,
    end: u32,
    /// The quote that stands doubled inside it.
    doubled: Option<u8>,
}

impl Span {
    pub(super) fn value<'r>(&self, row: &'r [u8]) -> Cow<'r, [u8]> {
        let raw = row.get(self.start as usize..self.end as usize).unwrap_or_default();
        let Some(quote) = self.doubled else { return Cow::Borrowed(raw) };
        let mut out = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = memchr(quote, rest) {
            out.extend_from_slice(&rest[..=at]);
            rest = &rest[at + 1..];
            rest = rest.strip_prefix(&[quote]).unwrap_or(rest);
        }
        out.extend_from_slice(rest);
        Cow::Owned(out)
    }
}

/// Opens rows.
pub(super) struct RowOpener {
    rows: Rows,
    /// Names of the columns that are read.
    wanted: Vec<Vec<u8>>,
    widest: usize,
    /// Where each of them stands.
    columns: Vec<Option<usize>>,
    /// How many columns there are, and the name of the first; before any are known, none.
    named: Option<(usize, Vec<u8>)>,
    spans: Vec<Span>,
}

impl RowOpener {
    pub(super) fn new(rows: &Rows, wanted: &[String], widest: usize) -> Self {
        let wanted: Vec<_> = wanted.iter().map(|name| name.as_bytes().to_vec()).collect();
        let mut opener = Self {
            rows: rows.clone(),
            columns: vec![None; wanted.len()],
            wanted,
            widest,
            named: None,
            spans: Vec::new(),
        };
        if rows.header == Header::None {
            opener.name_columns(&rows.columns.iter().map(|c| c.as_bytes().to_vec()).collect::<Vec<_>>());
        }
        opener
    }

    pub(super) fn open<'r>(&'r mut self, row: &'r [u8]) -> Opened<'r> {
        if row.trim_ascii().is_empty() {
            return Opened::Noise(None);
        }
        if !self.rows.comment.is_empty() && row.starts_with(&self.rows.comment) {
            self.comment(row);
            return Opened::Noise(None);
        }
        self.split(row);
        if self.is_header(row) {
            let names: Vec<_> = self.spans.iter().map(|s| s.value(row).trim_ascii().to_vec()).collect();
            self.name_columns(&names);
            return Opened::Noise(None);
        }
        if !self.rows.ragged && self.named.as_ref().is_some_and(|(count, _)| *count > 0 && *count != self.spans.len()) {
            return Opened::Unmatched(None);
        }
        Opened::Record(Record::of(row, Body::Row { row, spans: &self.spans, columns: &self.columns }))
    }

    /// `#Fields: date-time,session-id,…` names the columns, with commas or blanks (W3C
    /// extended log file format; Exchange).
    fn comment(&mut self, row: &[u8]) {
        let text = row.get(self.rows.comment.len()..).unwrap_or_default();
        if self.rows.header != Header::Auto {
            return;
        }
        if let Some(names) = text.strip_prefix(b"Fields:") {
            let names = names.split(|b| *b == self.rows.delimiter || b.is_ascii_whitespace());
            let names: Vec<_> = names.filter(|n| !n.is_empty()).map(<[u8]>::to_vec).collect();
            self.name_columns(&names);
        }
    }

    fn name_columns(&mut self, names: &[Vec<u8>]) {
        let place = |wanted: &Vec<u8>| names.iter().position(|name| name == wanted);
        self.columns = self.wanted.iter().map(place).collect();
        self.named = Some((names.len(), names.first().cloned().unwrap_or_default()));
    }

    /// Whether the row, already split, names columns.
    fn is_header(&mut self, row: &[u8]) -> bool {
        let looks_like_one = |this: &Self| {
            let names = this.spans.iter().filter(|s| this.wanted.iter().any(|w| **w == *s.value(row).trim_ascii()));
            !this.wanted.is_empty() && names.take(2).count() >= this.wanted.len().min(2)
        };
        let first = || self.spans.first().map(|s| s.value(row));
        match (&self.named, self.rows.header) {
            (None, Header::Present) => true,
            (None, _) => {
                let header = looks_like_one(self);
                if !header {
                    self.name_columns(&self.rows.columns.iter().map(|c| c.as_bytes().to_vec()).collect::<Vec<_>>());
                }
                header
            }
            // Only a row that begins like the last header can be one.
            (Some((_, name)), _) => {
                !self.rows.repeated_header_is_data
                    && !name.is_empty()
                    && first().is_some_and(|value| value.trim_ascii() == *name)
                    && looks_like_one(self)
            }
        }
    }

    fn split(&mut self, row: &[u8]) {
        self.spans.clear();
        let most = self.rows.most_fields.unwrap_or(usize::MAX).min(self.widest);
        let mut at = 0;
        while self.spans.len() < most {
            let last = self.rows.most_fields == Some(self.spans.len() + 1);
            let (span, next) = self.next_value(row, at, last);
            self.spans.push(span);
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
    }

    /// The value that begins here, and where the next one does.
    fn next_value(&self, row: &[u8], from: usize, last: bool) -> (Span, Option<usize>) {
        let rest = row.get(from..).unwrap_or_default();
        let span = |start: usize, end: usize, doubled| Span { start: start as u32, end: end as u32, doubled };
        if let Some(quote) = self.rows.quote.filter(|q| rest.first() == Some(q)) {
            let (mut at, mut doubled) = (from + 1, None);
            while let Some(end) = row.get(at..).and_then(|r| memchr(quote, r)).map(|n| at + n) {
                match row.get(end + 1) {
                    Some(next) if *next == quote => (at, doubled) = (end + 2, Some(quote)),
                    // What stands between the quote and the delimiter is part of no value.
                    _ => {
                        let next = row.get(end..).and_then(|r| memchr(self.rows.delimiter, r)).map(|n| end + n + 1);
                        return (span(from + 1, end, doubled), next);
                    }
                }
            }
            return (span(from + 1, row.len(), doubled), None);
        }
        match memchr(self.rows.delimiter, rest).filter(|_| !last) {
            Some(length) => (span(from, from + length, None), Some(from + length + 1)),
            None => (span(from, row.len(), None), None),
        }
    }
}
