//! What reading one log gave, before it is joined with others.

use super::{Elsewhere, FileTally, Repetition, Tally};
use crate::formats::logs::{Done, LooseEnds, Note, Prints, Wanted};
use crate::intake::Exhibit;

/// What reading one log gave: its counts, and what its edges left open.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// The counts.
    pub(super) tally: Tally,
    /// What the edges of its stream gave, where they were joined before.
    pub(super) joined: Tally,
    /// The open edges of its pieces, in order of time; of a log that was read whole there is one.
    pub(super) ends: Vec<LooseEnds>,
    /// A sample of the prints of its lines.
    pub(super) prints: Prints,
    /// The prints that were asked for.
    pub(super) found: Wanted,
    /// SHA-256 and raw size; the first is empty where the log came in pieces.
    pub(super) digest: (String, u64),
    /// What went wrong.
    pub(super) problems: Vec<String>,
    /// What other files count of it.
    pub(super) elsewhere: Elsewhere,
    /// Which of its lines other files hold.
    pub(super) repetition: Option<Repetition>,
}

impl Part {
    pub(super) fn new(tally: Tally, done: Done, digest: (String, u64), problem: Option<String>) -> Self {
        let Done { ends, closed } = done;
        Self {
            tally,
            ends: vec![ends],
            prints: closed.prints,
            found: closed.found,
            digest,
            problems: problem.into_iter().collect(),
            ..Self::default()
        }
    }

    /// SHA-256 (hex) and raw size of the file, as it was read.
    #[must_use]
    pub const fn digest(&self) -> &(String, u64) {
        &self.digest
    }

    /// The lines of a file: those that were read, and those of a time that is not asked for.
    #[must_use]
    pub fn lines(&self, exhibit: Exhibit) -> u64 {
        let outside = |file: &FileTally| file.notes.get(&Note::Outside).map_or(0, |told| told.amount);
        self.tally.files.get(&exhibit).map_or(0, |file| file.accounting.read.saturating_add(outside(file)))
    }

    /// What went wrong.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Keeps the accounting alone: all lines were told by another file.
    pub(super) fn leave_out(&mut self, exhibit: Exhibit) {
        let file = self.tally.files.remove(&exhibit).unwrap_or_default();
        self.tally = Tally::default();
        self.tally.files.insert(exhibit, file.left_out());
        self.ends.clear();
    }

    /// Goes on with the next piece of the same log.
    pub(super) fn go_on(&mut self, next: Self) {
        self.tally.merge(next.tally);
        self.joined.merge(next.joined);
        self.ends.extend(next.ends);
        self.prints.add(next.prints);
        self.digest = (String::new(), self.digest.1.saturating_add(next.digest.1));
        self.problems.extend(next.problems);
    }

    /// Forgets every line as it stood, and what waits for other files: [`super::join_edges`]
    /// has told that before.
    pub(super) fn forget_lines(&mut self) {
        self.ends.clear();
        self.tally.forget_lines();
        self.joined.forget_lines();
    }
}
