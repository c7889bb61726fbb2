//! What is known of single files, as it stands in a partial.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::PartialError;
use super::edges::Bytes;
use super::sound::{self, Sound, unsound};
use crate::formats::Accounting;
use crate::formats::logs::{Note, Pulse};
use crate::intake::Exhibit;
use crate::scan::elsewhere::Recorded;
use crate::scan::{FileTally, Noted};
use crate::smtp::Outcome;

/// One file's share.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct SavedFile {
    pub(super) exhibit: u16,
    accounting: Accounting,
    /// Minute, lines, sum of their prints.
    heard: Vec<(i32, u64, u64)>,
    /// Minutes of which lines were dropped.
    lossy: Vec<i32>,
    outcomes: Vec<(Outcome, u64)>,
    elsewhere: u64,
    messages: Vec<(i32, Recorded, BTreeSet<u64>)>,
    /// Note, times, amount, most, first line.
    notes: Vec<(SavedNote, u64, u64, u64, u64)>,
    repeated: u64,
    unrecognised: Vec<(u64, Bytes)>,
    left_out: Option<(i32, i32)>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum SavedNote {
    ClockBack,
    LinesLost,
    Repeated,
    RelayToken,
    Unplaced,
    HourOff,
    Vanished,
    Outside,
    Seen(String),
}

impl SavedFile {
    pub(super) fn of((exhibit, file): (&Exhibit, &FileTally)) -> Self {
        let note = |(note, n): (&Note, &Noted)| (SavedNote::of(*note), n.times, n.amount, n.most, n.first);
        Self {
            exhibit: exhibit.0,
            accounting: file.accounting,
            heard: file.heard.iter().map(|(minute, pulse)| (minute.number(), pulse.lines, pulse.prints)).collect(),
            lossy: file.lossy.iter().map(|minute| minute.number()).collect(),
            outcomes: file.outcomes.iter().map(|(outcome, n)| (*outcome, *n)).collect(),
            elsewhere: file.elsewhere,
            messages: file.messages.iter().map(|((m, kind), ids)| (m.number(), *kind, ids.clone())).collect(),
            notes: file.notes.iter().map(note).collect(),
            repeated: file.repeated,
            unrecognised: file.unrecognised.iter().map(|(number, text)| (*number, Bytes::of(text))).collect(),
            left_out: file.left_out.map(|(first, last)| (first.number(), last.number())),
        }
    }

    pub(super) fn file(self, sound: &mut Sound) -> Result<FileTally, PartialError> {
        let Accounting { read, used, irrelevant, unrecognised } = self.accounting;
        for n in [read, used, irrelevant, unrecognised, self.elsewhere, self.repeated] {
            sound.count(n)?;
        }
        let mut heard = BTreeMap::new();
        for (minute, lines, prints) in self.heard {
            heard.insert(sound::minute(minute), Pulse { lines: sound.count(lines)?, prints });
        }
        let mut outcomes = BTreeMap::new();
        for (outcome, n) in self.outcomes {
            outcomes.insert(outcome, sound.count(n)?);
        }
        let mut notes = BTreeMap::new();
        for (note, times, amount, most, first) in self.notes {
            let told = Noted { times: sound.count(times)?, amount, most, first };
            notes.insert(note.note().ok_or_else(|| unsound("a note of no reader"))?, told);
        }
        Ok(FileTally {
            accounting: self.accounting,
            heard,
            lossy: self.lossy.into_iter().map(sound::minute).collect(),
            outcomes,
            elsewhere: self.elsewhere,
            messages: self.messages.into_iter().map(|(m, kind, ids)| ((sound::minute(m), kind), ids)).collect(),
            notes,
            repeated: self.repeated,
            unrecognised: self.unrecognised.into_iter().map(|(number, text)| (number, text.bytes())).collect(),
            left_out: self.left_out.map(|(first, last)| (sound::minute(first), sound::minute(last))),
        })
    }
}

impl SavedNote {
    fn of(note: Note) -> Self {
        match note {
            Note::ClockBack => Self::ClockBack,
            Note::LinesLost => Self::LinesLost,
            Note::Repeated => Self::Repeated,
            Note::RelayToken => Self::RelayToken,
            Note::Unplaced => Self::Unplaced,
            Note::HourOff => Self::HourOff,
            Note::Vanished => Self::Vanished,
            Note::Outside => Self::Outside,
            Note::Seen(word) => Self::Seen(word.to_owned()),
        }
    }

    fn note(self) -> Option<Note> {
        Some(match self {
            Self::ClockBack => Note::ClockBack,
            Self::LinesLost => Note::LinesLost,
            Self::Repeated => Note::Repeated,
            Self::RelayToken => Note::RelayToken,
            Self::Unplaced => Note::Unplaced,
            Self::HourOff => Note::HourOff,
            Self::Vanished => Note::Vanished,
            Self::Outside => Note::Outside,
            Self::Seen(word) => Note::seen(&word)?,
        })
    }
}
