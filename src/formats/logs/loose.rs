//! What the edges of a file leave open, and how it is joined.
//!
//! For each process or session a reader keeps the lines before the first line
//! that fixes its state, the *head*, and those after the last one, the
//! *tail*. The tail of one file and the head of the next are one session's
//! lines; replaying them in order gives the events that neither file could.

use std::collections::{BTreeMap, BTreeSet};

use super::sequence::Numbered;
use super::uniform::InOneForm;
use super::{LogClock, LogFormat, Opening, Sequence, Sink};
use crate::intake::Exhibit;
use crate::time::Stamp;

/// A verbatim line kept for joining.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLine {
    /// The file.
    pub exhibit: Exhibit,
    /// Its number, 1-based.
    pub number: u64,
    /// Its bytes, without the line end.
    pub text: Box<[u8]>,
    /// When it was written, where its stamp alone does not tell: which of the two readings of
    /// an hour that repeats, only the lines around it say.
    pub at: Option<Stamp>,
}

/// The open edges of one process or session in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Lines up to and including the first that fixes the state.
    pub head: Vec<KeptLine>,
    /// Whether the head ends with a line that fixes the state; else the file
    /// never fixed it, and the head is all there is.
    pub fixed: bool,
    /// The last line that fixed the state, and those after it. Their events are out.
    pub tail: Vec<KeptLine>,
}

impl Ends {
    /// Edges by process, in order of time: one that ended and another of the same name have
    /// the head of the first and the tail of the last.
    pub(super) fn merged(parts: impl Iterator<Item = (Box<[u8]>, Self)>) -> Vec<(Box<[u8]>, Self)> {
        let mut found: BTreeMap<Box<[u8]>, Self> = BTreeMap::new();
        for (key, ends) in parts {
            let whole = found.entry(key).or_default();
            whole.head.extend(ends.head);
            whole.fixed |= ends.fixed;
            whole.tail = ends.tail;
        }
        found.into_iter().collect()
    }
}

/// The open edges of a file, by process or session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LooseEnds {
    /// The edges; their lines are numbered as they came.
    pub by_key: BTreeMap<Box<[u8]>, Ends>,
    /// How they came.
    pub sequence: Sequence,
}

impl LooseEnds {
    pub(super) fn of(by_key: Vec<(Box<[u8]>, Ends)>) -> Self {
        Self { by_key: by_key.into_iter().collect(), ..Self::default() }
    }

    /// The file; nothing when none of its lines was kept.
    fn exhibit(&self) -> Option<Exhibit> {
        self.by_key.values().find_map(|ends| ends.head.iter().chain(&ends.tail).next()).map(|line| line.exhibit)
    }
}

/// The key of lines that may matter to any process of the next files: its tail is replayed
/// among the lines before the head of each.
pub(super) const SHARED: &[u8] = b"";

/// A process that never finishes a delivery keeps at most this many lines.
pub(super) const LONGEST_TAIL: usize = 256;

/// Lines of the last files that any process may need.
pub(super) const MOST_SHARED: usize = 1024;

/// Joins the edges of files of one stream, given in order of time, and emits the
/// events that were waiting.
pub fn join(format: &dyn LogFormat, clock: &LogClock, parts: Vec<LooseEnds>, sink: &mut dyn Sink) {
    let sink = &mut InOneForm { sink, moved_ms: clock.moved_ms };
    let files: Vec<Exhibit> = parts.iter().filter_map(LooseEnds::exhibit).collect();
    let came = parts.iter().filter_map(|part| Some((part.exhibit()?, part.sequence))).collect();
    let mut known: BTreeMap<Box<[u8]>, Vec<KeptLine>> = BTreeMap::new();
    let mut shared = Vec::new();
    let reader = |lines: &[KeptLine]| {
        let of = lines.first()?.exhibit;
        Some((format.reader(Opening::again(of, clock.clone())), of))
    };
    for mut part in parts {
        let shared_next = part.by_key.remove(SHARED).map(|ends| ends.tail).unwrap_or_default();
        for (process, ends) in part.by_key {
            let before = known.entry(process).or_default();
            if let Some((mut reader, of)) = reader(&ends.head) {
                let sink = &mut Numbered { files: &came, of, sink };
                if shared.is_empty() {
                    reader.replay(before, &ends.head, sink);
                } else {
                    reader.replay(&in_order(&files, before, &shared), &ends.head, sink);
                }
            }
            if ends.fixed {
                *before = ends.tail;
            } else {
                before.extend(ends.head);
                before.drain(..before.len().saturating_sub(LONGEST_TAIL));
            }
        }
        shared.extend::<Vec<KeptLine>>(shared_next);
        shared.drain(..shared.len().saturating_sub(MOST_SHARED));
    }
    for lines in known.into_values() {
        if let Some((mut reader, of)) = reader(&lines) {
            let sink = &mut Numbered { files: &came, of, sink };
            reader.replay(&lines, &[], sink);
            reader.conclude(sink);
        }
    }
}

/// Lines of a process and lines for all, in the order in which they came from the files. A
/// line that is both stands once; but a line that its process holds several times is one of
/// several copies.
pub(super) fn in_order(files: &[Exhibit], before: &[KeptLine], shared: &[KeptLine]) -> Vec<KeptLine> {
    let own: BTreeSet<_> = before.iter().map(|l| (l.exhibit, l.number)).collect();
    let others = shared.iter().filter(|l| !own.contains(&(l.exhibit, l.number)));
    let mut lines: Vec<_> = before.iter().chain(others).cloned().collect();
    lines.sort_by_key(|line| (files.iter().position(|file| *file == line.exhibit), line.number));
    lines
}
