//! Where the lines of one file went, and when its log was running: what every reader owes.

use super::daemon::minutes_of_loss;
use super::event::{Note, Pulse, Sink};
use super::prints::{Prints, Repeats, Wanted};
use crate::formats::Accounting;
use crate::intake::Exhibit;
use crate::time::{Minute, Stamp};

/// What became of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It became part of an event.
    Used,
    /// It is understood, and says nothing of deliveries.
    Irrelevant,
    /// No rule understood it.
    Unrecognised,
    /// It is understood, but for its year: it stands at no time, and counts with what was
    /// not understood.
    Unplaced,
    /// It belongs to a record that a later line ends, and shares that line's fate.
    Held,
    /// Another file of the case holds it, and told it.
    Repeated,
}

/// What is done with lines that other files hold too.
#[derive(Clone, Debug, Default)]
pub enum Compare {
    /// Nothing: the file is read for the first time.
    #[default]
    No,
    /// Lines that another file told are left out.
    Skip(Repeats),
    /// Nothing is told but the prints of some minutes.
    Collect(Wanted),
}

/// Numbers the lines of a file and accounts for each.
pub(super) struct Ledger {
    pub(super) exhibit: Exhibit,
    /// The line being read, 1-based.
    pub(super) number: u64,
    accounting: Accounting,
    held: u64,
    repeated: u64,
    run: Option<(Minute, Pulse)>,
    pub(super) latest: Option<Stamp>,
    /// The moment of the line before.
    last: Option<Stamp>,
    /// Whether the file is meant to be in order of time.
    ordered: bool,
    /// Milliseconds that case.yaml adds to the times of the file.
    moved_ms: i64,
    prints: Prints,
    compare: Compare,
}

/// Stamps may go back so far before it is said, in milliseconds: writers of one log
/// overtake each other by that much, and a delivery logged late is no fault of the clock.
const UNORDERED_MS: i64 = 120_000;

impl Ledger {
    pub(super) fn new(exhibit: Exhibit, compare: Compare) -> Self {
        Self {
            exhibit,
            number: 0,
            accounting: Accounting::default(),
            held: 0,
            repeated: 0,
            run: None,
            latest: None,
            last: None,
            ordered: true,
            moved_ms: 0,
            prints: Prints::default(),
            compare,
        }
    }

    /// The ledger of a file of records, which may stand in no order of time.
    pub(super) fn of_records(exhibit: Exhibit, compare: Compare, ordered: bool) -> Self {
        Self { ordered, ..Self::new(exhibit, compare) }
    }

    /// The same, its times moved: when the log ran, and where its lines are compared with other
    /// files', are told by the mended clock, as its events are ([`super::uniform`]).
    pub(super) fn moved_by(self, milliseconds: i64) -> Self {
        Self { moved_ms: milliseconds, ..self }
    }

    /// Begins the next line.
    pub(super) const fn next(&mut self) {
        self.number += 1;
        self.accounting.read += 1;
    }

    /// Places the line in time. False when its reader must not tell it: another file did.
    pub(super) fn place(&mut self, at: Stamp, print: u64, sink: &mut dyn Sink) -> bool {
        let at = at.plus_millis(self.moved_ms);
        let one = Pulse { lines: 1, prints: print };
        match &mut self.run {
            // Most lines have the stamp of the line before.
            Some((_, pulse)) if self.last == Some(at) => pulse.add(one),
            _ => self.move_to(at, one, sink),
        }
        match &mut self.compare {
            Compare::No => {
                self.prints.take(at, print);
                true
            }
            Compare::Skip(repeats) => !repeats.take(at, print),
            Compare::Collect(wanted) => {
                wanted.take(at, print);
                false
            }
        }
    }

    /// A line of another moment than the one before, or the first of a block.
    fn move_to(&mut self, at: Stamp, one: Pulse, sink: &mut dyn Sink) {
        self.last = Some(at);
        let minute = at.minute();
        match &mut self.run {
            Some((last, pulse)) if *last == minute => pulse.add(one),
            run => {
                if let Some((last, pulse)) = run.replace((minute, one)) {
                    sink.heard(last, pulse);
                }
            }
        }
        match self.latest {
            Some(latest) if at < latest && self.ordered => {
                let back = latest.millis() - at.millis();
                if back > UNORDERED_MS {
                    sink.note(Note::ClockBack, self.number, back.unsigned_abs() / 1000);
                    self.latest = Some(at);
                }
            }
            _ => self.latest = Some(at),
        }
    }

    /// The logger says that it dropped lines in so many seconds before.
    pub(super) fn lacks(&self, at: Stamp, seconds: u32, sink: &mut dyn Sink) {
        for minute in minutes_of_loss(at.plus_millis(self.moved_ms), seconds) {
            sink.lacks(minute);
        }
    }

    /// The lines held so far are of a record that never ended, and what it holds is `text`.
    pub(super) fn lost(&mut self, text: &[u8], sink: &mut dyn Sink) {
        let lines = std::mem::take(&mut self.held);
        if lines > 0 {
            self.accounting.unrecognised += lines;
            sink.unrecognised(self.number - 1, text);
        }
    }

    /// Ends the line.
    pub(super) fn settle(&mut self, fate: Fate, text: &[u8], sink: &mut dyn Sink) {
        if fate == Fate::Held {
            self.held += 1;
            return;
        }
        let lines = std::mem::take(&mut self.held) + 1;
        match fate {
            Fate::Used => self.accounting.used += lines,
            Fate::Irrelevant | Fate::Held => self.accounting.irrelevant += lines,
            Fate::Repeated => {
                self.accounting.irrelevant += lines;
                self.repeated += lines;
            }
            Fate::Unplaced => {
                self.accounting.unrecognised += lines;
                sink.note(Note::Unplaced, self.number, lines);
            }
            Fate::Unrecognised => {
                self.accounting.unrecognised += lines;
                sink.unrecognised(self.number, text);
            }
        }
    }

    /// Tells the run of lines heard so far; at the end of each block.
    pub(super) fn flush(&mut self, sink: &mut dyn Sink) {
        if let Some((minute, pulse)) = self.run.take() {
            sink.heard(minute, pulse);
        }
    }

    /// Where the lines went. Lines of a record that never ended were not understood.
    pub(super) const fn accounting(&self) -> Accounting {
        let mut accounting = self.accounting;
        accounting.unrecognised += self.held;
        accounting
    }

    /// What is known of the lines when the file is done.
    pub(super) fn close(self) -> Closed {
        let accounting = self.accounting();
        let found = match self.compare {
            Compare::Collect(wanted) => wanted,
            Compare::No | Compare::Skip(_) => Wanted::default(),
        };
        Closed { accounting, prints: self.prints, repeated: self.repeated, found }
    }
}

/// What a reader knows of a file's lines when it is done.
#[derive(Clone, Debug, Default)]
pub struct Closed {
    /// Where the lines went.
    pub accounting: Accounting,
    /// A sample of their prints.
    pub prints: Prints,
    /// Lines left out because another file told them.
    pub repeated: u64,
    /// The prints asked for by [`Compare::Collect`].
    pub found: Wanted,
}
