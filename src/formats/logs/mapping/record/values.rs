//! The record inside a JSON value: where the mapping says, through texts that hold JSON.

use super::super::json::{At, ROOT, Tape};
use super::super::plan::{Json, List, Place};
use super::{Body, Opened, Record};

/// Opens JSON values.
pub(super) struct ValueOpener {
    json: Json,
    outer: Tape,
    /// The JSON that stood in a text of the value.
    inner: Tape,
    decoded: Vec<u8>,
}

impl ValueOpener {
    pub(super) fn new(json: &Json) -> Self {
        Self { json: json.clone(), outer: Tape::default(), inner: Tape::default(), decoded: Vec::new() }
    }

    pub(super) fn open<'r>(&'r mut self, piece: &'r [u8], list: List) -> Opened<'r> {
        if !self.outer.read(piece) {
            return Opened::Unmatched(None);
        }
        let mut found = None;
        for place in 0..self.json.places.len() {
            if self.looks_into(place, list) {
                found = self.find(piece, place);
            }
            if found.is_some() {
                break;
            }
        }
        let Some((record, is_decoded)) = found else { return Opened::Unmatched(None) };
        let (text, tape) = if is_decoded { (&*self.decoded, &self.inner) } else { (piece, &self.outer) };
        Opened::Record(Record::of(piece, Body::Json { text, tape, record, element: record }))
    }

    /// Whether a place is in pieces cut out of this list. Elements of an array are looked at
    /// like values where the mapping says nothing of arrays.
    fn looks_into(&self, place: usize, list: List) -> bool {
        let listed = |list: List| move |p: &Place| p.list == list;
        self.json.places.get(place).is_some_and(listed(list))
            || list == List::Root
                && !self.json.places.iter().any(listed(List::Root))
                && self.json.places.get(place).is_some_and(listed(List::None))
    }

    /// The object at a place, and whether it is in `inner`.
    fn find(&mut self, piece: &[u8], place: usize) -> Option<(At, bool)> {
        let steps = &self.json.places.get(place)?.steps;
        let (mut at, mut is_decoded) = (ROOT, false);
        for taken in 0..=steps.len() {
            if taken > 0 {
                let (text, tape) = if is_decoded { (&*self.decoded, &self.inner) } else { (piece, &self.outer) };
                at = tape.step(text, at, &steps[taken - 1])?;
            }
            if self.json.decode.iter().any(|path| *path == steps[..taken]) {
                let (text, tape) = if is_decoded { (&*self.decoded, &self.inner) } else { (piece, &self.outer) };
                if tape.is_object(at) {
                    continue;
                }
                let decoded = tape.value(text, at)?.into_owned();
                if !self.inner.read(&decoded) {
                    return None;
                }
                (self.decoded, at, is_decoded) = (decoded, ROOT, true);
            }
        }
        let tape = if is_decoded { &self.inner } else { &self.outer };
        tape.is_object(at).then_some((at, is_decoded))
    }
}
