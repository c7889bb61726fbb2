//! Pieces of a file to records whose values can be asked for by their addresses.
//!
//! - `rows` knows the columns of CSV and other delimited rows.
//! - `values` finds the records inside JSON values.
//! - Lines are matched here: one pattern, its groups.

mod rows;
mod values;

use std::borrow::Cow;

use regex::bytes::CaptureLocations;

use super::cut::{Cut, What};
use super::json::{At, Tape};
use super::plan::{Address, Container, Lines, Plan, Pointer};
use super::time::{Moment, TimeRule};
use crate::formats::logs::LogClock;
use crate::formats::logs::envelope;
use crate::time::Stamp;
use rows::{RowOpener, Span};
use values::ValueOpener;

/// What a piece turned out to be.
pub(super) enum Opened<'r> {
    Record(Record<'r>),
    /// A header, a comment, a blank line, or a line of something else; with its time, if it
    /// has one.
    Noise(Option<Stamp>),
    /// Nothing that the mapping describes.
    Unmatched(Option<Stamp>),
}

/// One record.
#[derive(Clone, Copy)]
pub(super) struct Record<'r> {
    /// As it stands in the file.
    pub(super) text: &'r [u8],
    /// Stamp and host of its envelope.
    pub(super) stamp: Option<Stamp>,
    pub(super) host: &'r [u8],
    body: Body<'r>,
}

#[derive(Clone, Copy)]
enum Body<'r> {
    Row { row: &'r [u8], spans: &'r [Span], columns: &'r [Option<usize>] },
    Json { text: &'r [u8], tape: &'r Tape, record: At, element: At },
    Line { text: &'r [u8], groups: &'r CaptureLocations },
}

impl<'r> Record<'r> {
    fn of(text: &'r [u8], body: Body<'r>) -> Self {
        Self { text, stamp: None, host: &[], body }
    }

    /// The value at an address that is no field. Empty is as good as absent.
    pub(super) fn value(&self, address: &Address) -> Option<Cow<'r, [u8]>> {
        let found = match (address, self.body) {
            (Address::Column(at), Body::Row { row, spans, columns }) => spans.get((*columns.get(*at)?)?)?.value(row),
            (Address::Position(at), Body::Row { row, spans, .. }) => spans.get(*at)?.value(row),
            (Address::Pointer(pointer), Body::Json { text, tape, .. }) => tape.value(text, self.node(pointer)?)?,
            (Address::Group(at), Body::Line { text, groups }) => {
                let (start, end) = groups.get(*at)?;
                Cow::Borrowed(text.get(start..end)?)
            }
            _ => return None,
        };
        (!found.trim_ascii().is_empty()).then_some(found)
    }

    /// The time, where it stands in the record.
    pub(super) fn moment(&self, time: &TimeRule) -> Option<Moment> {
        let text = time.fields.iter().find_map(|field| self.value(field))?;
        time.moment(&text)
    }

    /// Whether there is something at an address: a value, or members of its own.
    pub(super) fn has(&self, address: &Address) -> bool {
        match (address, self.body) {
            (Address::Pointer(pointer), Body::Json { tape, .. }) => {
                self.node(pointer).is_some_and(|at| tape.is_something(at))
            }
            _ => self.value(address).is_some(),
        }
    }

    fn node(&self, pointer: &Pointer) -> Option<At> {
        let Body::Json { text, tape, record, element } = self.body else { return None };
        tape.walk(text, if pointer.from_record { record } else { element }, &pointer.steps)
    }

    /// Itself for each element of the first of some lists that is there; once where none is.
    pub(super) fn exploded(self, lists: &[Pointer]) -> impl Iterator<Item = Self> + 'r {
        let list = lists.iter().find_map(|l| self.node(l));
        let elements = match (list, self.body) {
            (Some(list), Body::Json { tape, .. }) => Some(tape.elements(list)),
            _ => None,
        };
        let once = elements.is_none().then_some(self);
        once.into_iter().chain(elements.into_iter().flatten().map(move |element| match self.body {
            Body::Json { text, tape, record, .. } => Self { body: Body::Json { text, tape, record, element }, ..self },
            Body::Row { .. } | Body::Line { .. } => self,
        }))
    }
}

/// Opens the pieces of one file, in order.
pub(super) struct Opener {
    kind: Openers,
}

enum Openers {
    Rows(RowOpener),
    Json(Box<ValueOpener>),
    Lines(LineOpener),
}

struct LineOpener {
    lines: Lines,
    groups: CaptureLocations,
}

impl Opener {
    pub(super) fn new(plan: &Plan) -> Self {
        let kind = match &plan.container {
            Container::Rows(rows) => Openers::Rows(RowOpener::new(rows, &plan.columns, plan.widest)),
            Container::Json(json) => Openers::Json(Box::new(ValueOpener::new(json))),
            Container::Lines(lines) => {
                let groups = lines.pattern.capture_locations();
                Openers::Lines(LineOpener { lines: lines.clone(), groups })
            }
        };
        Self { kind }
    }

    /// Opens a piece.
    pub(super) fn open<'r>(&'r mut self, cut: &Cut<'r>, clock: &mut LogClock) -> Opened<'r> {
        let What::Record(list) = cut.what else { return Opened::Unmatched(None) };
        match &mut self.kind {
            Openers::Rows(rows) => rows.open(cut.text),
            Openers::Json(values) => values.open(cut.text, list),
            Openers::Lines(lines) => lines.open(cut.text, clock),
        }
    }
}

impl LineOpener {
    fn open<'r>(&'r mut self, line: &'r [u8], clock: &mut LogClock) -> Opened<'r> {
        if line.trim_ascii().is_empty() {
            return Opened::Noise(None);
        }
        let enveloped = if self.lines.syslog { envelope::open(line, clock) } else { None };
        if self.lines.syslog && enveloped.is_none() {
            return Opened::Unmatched(None);
        }
        let text = enveloped.map_or(line, |e| e.text);
        let (stamp, host) = enveloped.map_or((None, &line[..0]), |e| (Some(e.at), e.host));
        match self.lines.pattern.captures_read(&mut self.groups, text) {
            Some(_) => {
                let body = Body::Line { text, groups: &self.groups };
                Opened::Record(Record { stamp, host, ..Record::of(line, body) })
            }
            None if self.lines.unmatched_is_noise => Opened::Noise(stamp),
            None => Opened::Unmatched(stamp),
        }
    }
}
