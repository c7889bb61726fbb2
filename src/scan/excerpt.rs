//! Exact lines kept as evidence, chosen by content, so that any split keeps the same.

use crate::formats::logs::Event;
use crate::intake::Exhibit;
use crate::smtp::{Outcome, Stage};
use crate::time::Stamp;

use super::{EgressId, MxId};

/// One event with the exact lines it rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Excerpt {
    /// When. First in the order, so that the earliest is kept.
    pub at: Stamp,
    /// The lines, in order, the deciding one last.
    pub lines: Vec<ExcerptLine>,
    /// What became of the attempt.
    pub outcome: Outcome,
    /// At which stage.
    pub stage: Stage,
    /// From where.
    pub egress: EgressId,
    /// To where.
    pub mx: MxId,
    /// Queue id; empty when there is none.
    pub queue_id: String,
    /// The receiver's reply as logged; empty when there is none.
    pub reply: String,
}

/// One exact line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExcerptLine {
    /// Its bytes, without the line end.
    pub text: Vec<u8>,
    /// The file.
    pub exhibit: Exhibit,
    /// Its number, 1-based.
    pub number: u64,
}

/// Lines kept of one session.
const MOST_LINES: usize = 8;

/// A longer line is not kept as evidence.
const LONGEST_LINE: usize = 4096;

impl Excerpt {
    /// Its lines as one text.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        let lines: Vec<_> = self.lines.iter().map(|line| line.text.as_slice()).collect();
        lines.join(&b'\n')
    }

    /// Whether it stands before an event of its kind, by time and then by its lines.
    pub(super) fn comes_before(&self, event: &Event<'_>) -> bool {
        self.at < event.at
            || self.at == event.at && {
                let own = self.lines.iter().map(|l| (l.text.as_slice(), l.exhibit, l.number));
                own.le(event.lines[kept_from(event)..].iter().map(|l| (l.text, l.exhibit, l.number)))
            }
    }

    /// The lines of an event; nothing when one of them is too long to show.
    pub(super) fn of(event: &Event<'_>, egress: EgressId, mx: MxId) -> Option<Self> {
        if event.lines.is_empty() || event.lines.iter().any(|l| l.text.len() > LONGEST_LINE) {
            return None;
        }
        let keep = |l: &crate::formats::logs::EventLine<'_>| ExcerptLine {
            text: l.text.to_vec(),
            exhibit: l.exhibit,
            number: l.number,
        };
        Some(Self {
            at: event.at,
            lines: event.lines[kept_from(event)..].iter().map(keep).collect(),
            outcome: event.outcome,
            stage: event.stage,
            egress,
            mx,
            queue_id: String::from_utf8_lossy(event.queue_id).into_owned(),
            reply: String::from_utf8_lossy(event.reply).into_owned(),
        })
    }
}

/// Of more lines than are kept, the first that is.
const fn kept_from(event: &Event<'_>) -> usize {
    event.lines.len().saturating_sub(MOST_LINES)
}
