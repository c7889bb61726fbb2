//! Lines with the numbers that their files and they themselves have among others: files of
//! several partials, pieces of one file.

use std::collections::BTreeMap;

use super::{Elsewhere, FileTally, Part, Repetition, Tally};
use crate::formats::logs::{KeptLine, LooseEnds};
use crate::intake::Exhibit;

/// The new number of each file, and how many lines of it stand before.
pub(super) type Places = BTreeMap<Exhibit, (Exhibit, u64)>;

/// The new place of a line.
pub(super) fn place(places: &Places, exhibit: Exhibit, line: u64) -> (Exhibit, u64) {
    places.get(&exhibit).map_or((exhibit, line), |(to, before)| (*to, line.saturating_add(*before)))
}

impl Part {
    /// The same with its lines in other places.
    pub(super) fn moved(self, places: &Places) -> Self {
        Self {
            tally: self.tally.moved(places),
            joined: self.joined.moved(places),
            ends: self.ends.into_iter().map(|ends| moved_ends(ends, places)).collect(),
            elsewhere: self.elsewhere.moved(places),
            repetition: self.repetition.map(|repetition| repetition.moved(places)),
            ..self
        }
    }
}

impl Tally {
    fn moved(mut self, places: &Places) -> Self {
        for reply in self.replies.values_mut() {
            for example in reply.examples.iter_mut().chain(reply.domains.examples_mut()) {
                (example.exhibit, example.number) = place(places, example.exhibit, example.number);
            }
        }
        for line in self.excerpts.values_mut().flat_map(|excerpt| &mut excerpt.lines) {
            (line.exhibit, line.number) = place(places, line.exhibit, line.number);
        }
        let told = self.told.drain();
        self.told = told.map(|(axis, lane, exhibit)| (axis, lane, place(places, exhibit, 0).0)).collect();
        let mut files: BTreeMap<Exhibit, FileTally> = BTreeMap::new();
        for (exhibit, mut file) in std::mem::take(&mut self.files) {
            let (to, before) = place(places, exhibit, 0);
            for (number, _) in &mut file.unrecognised {
                *number = number.saturating_add(before);
            }
            for noted in file.notes.values_mut() {
                noted.first = noted.first.saturating_add(before);
            }
            files.entry(to).or_default().merge(file);
        }
        Self { files, ..self }
    }
}

fn moved_ends(mut ends: LooseEnds, places: &Places) -> LooseEnds {
    let lines = ends.by_key.values_mut().flat_map(|ends| ends.head.iter_mut().chain(&mut ends.tail));
    for KeptLine { exhibit, number, .. } in lines {
        (*exhibit, *number) = place(places, *exhibit, *number);
    }
    ends
}

impl Elsewhere {
    fn moved(self, places: &Places) -> Self {
        let to = |exhibit| place(places, exhibit, 0).0;
        Self {
            by: self.by.into_iter().map(|(exhibit, kinship)| (to(exhibit), kinship)).collect(),
            apart: self.apart.into_iter().map(to).collect(),
            ..self
        }
    }
}

impl Repetition {
    fn moved(self, places: &Places) -> Self {
        let to = |exhibit| place(places, exhibit, 0).0;
        match self {
            Self::Whole { of, later_by } => Self::Whole { of: to(of), later_by },
            Self::Some { of, lines, repeats } => Self::Some { of: of.into_iter().map(to).collect(), lines, repeats },
        }
    }
}
