//! Sessions that carry a key of their own: a session id, a message id, a process.
//!
//! Lines of one key are a session, in order. The lines of a session that was open when its
//! file began wait for the end of the file before (see [`super::loose`]): its head. How long
//! the lines of a key can matter to each other is the grammar's reach; a key silent for
//! longer is forgotten, so memory is that of the open sessions.

use rustc_hash::{FxHashMap, FxHashSet};

use super::event::{Event, EventLine, Pulse, Sink};
use super::text::Entry;
use super::{Ends, KeptLine};
use crate::time::{Minute, Stamp};

/// What a line means to the session it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Later lines of the session need this one: it is kept.
    Kept,
    /// The session goes on, and nothing that follows needs this line.
    Passed,
    /// Nothing before this line matters any more; the line itself does.
    Settled,
    /// Of the kept lines only the first so many matter any more, and the line itself does not.
    Back(usize),
    /// Nothing of the session matters any more.
    Closed,
}

/// One session of a log, as far as its lines have been read.
pub(super) trait Session: Default + Send {
    /// How long a session can be silent and go on, in milliseconds.
    const REACH_MS: i64;
    /// Whether a line begins a session, so that nothing before it matters.
    fn opens(entry: &Entry<'_>) -> bool;
    /// Understands a line; `earlier` are the session's kept lines, oldest first.
    fn take(&mut self, entry: &Entry<'_>, earlier: &[KeptLine], sink: &mut dyn Sink) -> Step;
    /// No further line will come: tells what was waiting for one.
    fn conclude(&mut self, _earlier: &[KeptLine], _sink: &mut dyn Sink) {}
}

/// The sessions of a file by key.
pub(super) struct Keyed<S> {
    open: FxHashMap<Box<[u8]>, Slot<S>>,
    /// Heads of sessions that have closed.
    heads: Vec<(Box<[u8]>, Vec<KeptLine>)>,
    /// Keys that closed near the beginning of the file: what they write later is known whole.
    closed: FxHashSet<Box<[u8]>>,
    /// Whether all that came before the first line is known.
    resumed: bool,
    begins: Option<Stamp>,
    lines: u32,
}

struct Slot<S> {
    session: S,
    lines: Vec<KeptLine>,
    head: Vec<KeptLine>,
    /// Whether the session's beginning is known; until then its events wait for the join.
    fixed: bool,
    last: Stamp,
}

/// A session keeps at most so many lines; the first and the latest of them.
const MOST_LINES: usize = 64;

/// Lines between two looks for sessions that fell silent.
const SWEEP: u32 = 8192;

impl<S: Session> Keyed<S> {
    pub(super) fn new(resumed: bool) -> Self {
        Self {
            open: FxHashMap::default(),
            heads: Vec::new(),
            closed: FxHashSet::default(),
            resumed,
            begins: None,
            lines: 0,
        }
    }

    /// Hands a line to its session.
    pub(super) fn take(&mut self, key: &[u8], entry: &Entry<'_>, sink: &mut dyn Sink) {
        let at = entry.envelope.at;
        let begins = *self.begins.get_or_insert(at);
        let near_the_beginning = at.millis() - begins.millis() <= S::REACH_MS;
        self.sweep(at, sink);
        let opens = S::opens(entry);
        if !self.open.contains_key(key) {
            let fixed = self.resumed || opens || !near_the_beginning || self.closed.contains(key);
            let slot = Slot { session: S::default(), lines: Vec::new(), head: Vec::new(), fixed, last: at };
            self.open.insert(key.into(), slot);
        }
        let Some(slot) = self.open.get_mut(key) else { return };
        if opens {
            slot.begin_again(sink);
        }
        let step = slot.take(entry, sink);
        if step == Step::Closed
            && let Some(slot) = self.open.remove(key)
        {
            if near_the_beginning && !self.resumed {
                self.closed.insert(key.into());
            }
            if !slot.head.is_empty() {
                self.heads.push((key.into(), slot.head));
            }
        }
    }

    /// Now and then, forgets sessions that fell silent.
    fn sweep(&mut self, now: Stamp, sink: &mut dyn Sink) {
        self.lines += 1;
        if self.lines < SWEEP {
            return;
        }
        self.lines = 0;
        let heads = &mut self.heads;
        self.open.retain(|key, slot| {
            if now.millis() - slot.last.millis() <= S::REACH_MS {
                return true;
            }
            if slot.fixed {
                slot.session.conclude(&slot.lines, sink);
            }
            let head = std::mem::take(&mut slot.head);
            if !head.is_empty() {
                heads.push((key.clone(), head));
            }
            false
        });
    }

    /// Tells what was waiting, in order of time.
    pub(super) fn conclude(&mut self, sink: &mut dyn Sink) {
        let mut left: Vec<_> = self.open.drain().collect();
        left.sort_by(|a, b| (a.1.last, &a.0).cmp(&(b.1.last, &b.0)));
        for (_, mut slot) in left {
            if slot.fixed {
                slot.session.conclude(&slot.lines, sink);
            }
        }
    }

    /// What the edges of the file left open.
    pub(super) fn ends(self) -> Vec<(Box<[u8]>, Ends)> {
        let closed = self.heads.into_iter().map(|(key, head)| (key, Ends { head, fixed: true, tail: Vec::new() }));
        let open = self.open.into_iter().map(|(key, slot)| {
            let tail = if slot.fixed { slot.lines } else { Vec::new() };
            (key, Ends { head: slot.head, fixed: slot.fixed, tail })
        });
        Ends::merged(closed.chain(open))
    }
}

impl<S: Session> Slot<S> {
    /// A line that begins a session ends the one before it under the same key.
    fn begin_again(&mut self, sink: &mut dyn Sink) {
        if self.fixed && !self.lines.is_empty() {
            self.session.conclude(&self.lines, sink);
        }
        self.session = S::default();
        self.lines.clear();
        self.fixed = true;
    }

    fn take(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Step {
        let at = entry.envelope.at;
        // What came before the file is out of reach by now.
        if !self.fixed && at.millis() - self.last.millis() > S::REACH_MS {
            self.fixed = true;
        }
        self.last = self.last.max(at);
        let step = if self.fixed {
            self.session.take(entry, &self.lines, sink)
        } else {
            self.head.push(entry.keep());
            self.session.take(entry, &self.lines, &mut Deaf)
        };
        if step == Step::Settled {
            self.lines.clear();
            // What came before the file cannot reach past this line.
            self.fixed = true;
        }
        if let Step::Back(lines) = step {
            self.lines.truncate(lines);
        }
        if matches!(step, Step::Kept | Step::Settled) {
            if self.lines.len() >= MOST_LINES {
                self.lines.remove(MOST_LINES / 2);
            }
            self.lines.push(entry.keep());
        }
        step
    }
}

/// The kept lines of a session and the line that decided, for an event to rest on.
pub(super) fn lines_with<'a>(earlier: &'a [KeptLine], entry: &Entry<'a>) -> Vec<EventLine<'a>> {
    let kept = earlier.iter().map(|l| EventLine { exhibit: l.exhibit, number: l.number, text: &l.text });
    kept.chain(std::iter::once(entry.as_line())).collect()
}

/// Hears nothing: for lines whose events wait for the join, or are out already.
pub(super) struct Deaf;

impl Sink for Deaf {
    fn event(&mut self, _: &Event<'_>) {}
    fn heard(&mut self, _: Minute, _: Pulse) {}
    fn unrecognised(&mut self, _: u64, _: &[u8]) {}
}
