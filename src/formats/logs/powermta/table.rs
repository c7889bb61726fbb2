//! The lines of an accounting file: headers, rows with and without one, JSON objects.

use super::cells::Cells;
use super::columns::{Column, Layout};
use super::record::{Kind, Record, Values};
use super::same::{self, Recipient};

/// Takes lines apart; remembers the header that was last seen.
#[derive(Debug, Default)]
pub(super) struct Table {
    cells: Cells,
    header: Option<Layout>,
}

/// What a line is.
#[expect(clippy::large_enum_variant, reason = "one at a time, and a box would be an allocation a row")]
pub(super) enum Line<'a> {
    /// A header; what it states holds from here on.
    Header(Option<Layout>),
    /// A record.
    Record(Found<'a>),
    /// A record that goes on in the next line, inside a quoted cell.
    Open,
    /// Nothing that can be taken apart.
    Other,
}

/// A record, taken apart.
pub(super) struct Found<'a> {
    pub(super) kind: Kind,
    pub(super) record: Record<'a>,
    /// Whether a column holds the time of the record.
    pub(super) timed: bool,
    /// The record as it stands.
    pub(super) text: &'a [u8],
    /// Where its recipient stands, if the reply bears Google's token.
    pub(super) recipient: Option<Recipient>,
}

impl Table {
    /// Takes a line apart, or the lines of a record that goes on, joined. The values of a JSON
    /// object are kept in `json`.
    pub(super) fn take_apart<'v, 'a: 'v>(&mut self, text: &'a [u8], json: &'v mut Option<Values<'a>>) -> Line<'v> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        if text.starts_with(b"{") {
            *json = Values::of(text);
            return json.as_ref().and_then(|values| Found::of_json(text, values)).map_or(Line::Other, Line::Record);
        }
        if !self.cells.split(text) {
            return if begins_record(text) { Line::Open } else { Line::Other };
        }
        let word = self.cells.get(text, 0).unwrap_or_default();
        if word == b"type" {
            self.header = Layout::of_header(text, &self.cells);
            return Line::Header(self.header);
        }
        let found = Kind::of(word).and_then(|kind| self.found(kind, text));
        found.map_or(Line::Other, Line::Record)
    }

    /// Another file begins.
    pub(super) fn forget_header(&mut self) {
        self.header = None;
    }

    fn found<'a>(&self, kind: Kind, row: &'a [u8]) -> Option<Found<'a>> {
        let layout = match (kind, self.header) {
            (Kind::Queue, Some(header)) if header.fits_queue(row, &self.cells) => header,
            (Kind::Queue, _) => Layout::of_queue(row, &self.cells)?,
            (_, Some(header)) => header,
            (Kind::Inbound, None) => Layout::of_inbound(),
            (_, None) => Layout::of_message(row, &self.cells)?,
        };
        let record = Record::of_cells(row, &self.cells, &layout);
        let recipient = bears_token(kind, &record).then(|| same::of_row(row, &self.cells, &layout));
        Some(Found { kind, record, timed: layout.at(Column::TimeLogged).is_some(), text: row, recipient })
    }
}

impl<'a> Found<'a> {
    fn of_json(line: &'a [u8], values: &'a Values<'_>) -> Option<Self> {
        let kind = Kind::of(values.r#type.bytes())?;
        let record = values.record();
        let timed = !record.time.is_empty() || record.queued.is_empty();
        let recipient = bears_token(kind, &record).then(|| same::of_json(line));
        Some(Self { kind, record, timed, text: line, recipient })
    }
}

fn bears_token(kind: Kind, record: &Record<'_>) -> bool {
    matches!(kind, Kind::Delivered | Kind::Bounced | Kind::Transient) && record.diag.ends_with(b"- gsmtp")
}

/// Whether a line can only be the first of a record: its type, then a comma.
pub(super) fn begins_record(line: &[u8]) -> bool {
    let word = line.split(|b| *b == b',').next().unwrap_or_default();
    let after = line.get(word.len() + 1..).unwrap_or_default();
    let time = after.len() >= 10 && after.iter().take(4).all(u8::is_ascii_digit);
    word == b"type" && !after.is_empty() || Kind::of(word).is_some() && time
}
