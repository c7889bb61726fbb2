//! Marks of what stands in several lines, cut to the pieces that each line has of it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::addresses::addresses;
use super::encodings::View;
use super::known::Known;
use super::lines::frame;
use super::marks::{Mark, Rule, What, address, encoded, line_marks, words};
use super::records::{Part, records};
use super::seams::{Kind, Seam, seams};
use super::secrets::Dialogue;

/// What the lines of a text have of that which stands in several of them.
#[derive(Default)]
pub(super) struct Across {
    /// By line, from 0; spans count from the start of the text.
    pub marks: BTreeMap<usize, Vec<Mark>>,
    /// Lines that were read as a part of a record, and say nothing by themselves: the record
    /// under its first line, nothing under the others.
    pub whole: BTreeMap<usize, Vec<u8>>,
}

impl Across {
    pub(super) fn of(text: &[u8], lines: &[Range<usize>], known: &Known) -> Self {
        let mut out = Self::default();
        if lines.len() < 2 || known.off == Some(Rule::Cuts) {
            return out;
        }
        for record in records(text, lines) {
            let view = view(text, &record.parts);
            let marks = line_marks(&view.bytes, &frame(&view.bytes), &mut Dialogue::default(), known);
            for mark in marks {
                out.add(mark, &view, &record.parts, false);
            }
            let mut said = view.bytes;
            out.whole.extend(record.parts.iter().map(|part| (part.line, std::mem::take(&mut said))));
        }
        for seam in seams(text, lines) {
            if seam.parts.iter().all(|part| out.whole.contains_key(&part.line)) {
                continue;
            }
            let view = view(text, &seam.parts);
            for mark in marks_at(&seam, &view, known) {
                out.add(mark, &view, &seam.parts, true);
            }
        }
        out
    }

    /// Adds the pieces of a mark: the first one has what it becomes, the others go with it.
    fn add(&mut self, mark: Mark, view: &View, parts: &[Part], crossing: bool) {
        let source = view.source(&mark.span);
        let piece = |part: &Part| {
            let span = part.span.start.max(source.start)..part.span.end.min(source.end);
            (!span.is_empty()).then_some((part.line, span))
        };
        let pieces: Vec<_> = parts.iter().filter_map(piece).collect();
        if crossing && pieces.len() < 2 {
            return;
        }
        for (k, (line, span)) in pieces.into_iter().enumerate() {
            let what = if k == 0 { mark.what.clone() } else { What::Rest(Box::new(mark.what.clone())) };
            self.marks.entry(line).or_default().push(Mark { span, what, via: mark.via });
        }
    }
}

fn view(text: &[u8], parts: &[Part]) -> View {
    View::joined(text, parts.iter().map(|part| (&part.span, part.apart)))
}

/// What may stand across a seam of its kind.
fn marks_at(seam: &Seam, view: &View, known: &Known) -> Vec<Mark> {
    let text = &view.bytes;
    let found = || addresses(text).into_iter();
    match seam.kind {
        Kind::Soft => {
            let mut marks: Vec<_> = found().filter_map(|found| address(text, found, known)).collect();
            marks.extend(encoded(&View::plain(text), known, 0, false));
            marks.extend(words(text, known));
            marks
        }
        Kind::Base64 => encoded(&View::plain(text), known, 0, false).into_iter().filter(|m| m.via.is_some()).collect(),
        Kind::Hard => {
            let met = found().filter(|found| known.is_known(&found.local, &found.domain));
            let mut marks: Vec<_> = met.filter_map(|found| address(text, found, known)).collect();
            marks.extend(words(text, known).into_iter().filter(|mark| mark.span.len() >= 6));
            marks
        }
    }
}
