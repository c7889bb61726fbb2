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
    /// The same, but the line itself does matter.
    Since(usize),
    /// Nothing of the session matters any more.
    Closed,
}

/// One session of a log, as far as its lines have been read.
pub(super) trait Session: Default + Send {
    /// How long a session can be silent and go on, in milliseconds.
    const REACH_MS: i64;
    /// A session keeps at most so many lines; the first and the latest of them.
    const MOST_LINES: usize = 64;
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
    /// Edges of sessions that have closed, or fell silent.
    heads: Vec<(Box<[u8]>, Ends)>,
    /// Keys that closed near the beginning of the file: what they write later is known whole.
    closed: FxHashSet<Box<[u8]>>,
    /// Whether all that came before the first line is known.
    resumed: bool,
    begins: Option<Stamp>,
    /// Lines since the last look for sessions that fell silent.
    lines: u32,
    /// Lines and keys kept for the join with the file before.
    waiting: usize,
}

struct Slot<S> {
    session: S,
    lines: Vec<KeptLine>,
    head: Vec<KeptLine>,
    /// Whether the session's beginning is known; until then its events wait for the join.
    fixed: bool,
    last: Stamp,
}

/// Lines of one session that wait for the file before. A session of more is of this file.
const LONGEST_HEAD: usize = 1024;

/// Lines and keys of a file that wait for the file before. Sessions that come up later are
/// taken to begin there: memory must not grow with the log, whatever its stamps say.
const MOST_WAITING: usize = 200_000;

/// Sessions open at once; of more the longest silent are forgotten.
const MOST_OPEN: usize = 200_000;

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
            waiting: 0,
        }
    }

    /// Hands a line to its session.
    pub(super) fn take(&mut self, key: &[u8], entry: &Entry<'_>, sink: &mut dyn Sink) {
        let at = entry.envelope.at;
        let begins = *self.begins.get_or_insert(at);
        let near_the_beginning = at.millis() - begins.millis() <= S::REACH_MS && self.waiting < MOST_WAITING;
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
        self.waiting += usize::from(!slot.fixed);
        let step = slot.take(entry, sink);
        if step == Step::Closed
            && let Some(slot) = self.open.remove(key)
        {
            if near_the_beginning && !self.resumed {
                self.closed.insert(key.into());
                self.waiting += 1;
            }
            if !slot.head.is_empty() {
                self.heads.push((key.into(), Ends { head: slot.head, fixed: true, tail: Vec::new() }));
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
        let is_silent = |slot: &Slot<S>| now.millis() - slot.last.millis() > S::REACH_MS;
        let too_many = self.open.len() > MOST_OPEN;
        let mut oldest: Vec<_> =
            self.open.iter().filter(|(_, s)| too_many || is_silent(s)).map(|(k, s)| (s.last, k.clone())).collect();
        oldest.sort_unstable();
        let silent = self.open.values().filter(|s| is_silent(s)).count();
        let most = if too_many { silent.max(oldest.len() / 2) } else { silent };
        for (_, key) in oldest.into_iter().take(most) {
            let Some(mut slot) = self.open.remove(&key) else { continue };
            if slot.fixed {
                slot.session.conclude(&slot.lines, sink);
            }
            // One that never fixed its state is concluded by the join.
            if !slot.head.is_empty() {
                self.heads.push((key, Ends { head: slot.head, fixed: slot.fixed, tail: Vec::new() }));
            }
        }
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
        let open = self.open.into_iter().map(|(key, slot)| {
            let tail = if slot.fixed { slot.lines } else { Vec::new() };
            (key, Ends { head: slot.head, fixed: slot.fixed, tail })
        });
        Ends::merged(self.heads.into_iter().chain(open))
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
        if !self.fixed && (at.millis() - self.last.millis() > S::REACH_MS || self.head.len() >= LONGEST_HEAD) {
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
        if let Step::Back(lines) | Step::Since(lines) = step {
            self.lines.truncate(lines);
        }
        if matches!(step, Step::Kept | Step::Settled | Step::Since(_)) {
            if self.lines.len() >= S::MOST_LINES {
                self.lines.remove(S::MOST_LINES / 2);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::logs::envelope::{Envelope, Process};
    use crate::intake::Exhibit;

    /// Keeps every line, and tells one event when it is concluded.
    #[derive(Default)]
    struct Patient;

    impl Session for Patient {
        const REACH_MS: i64 = 60_000;

        fn opens(entry: &Entry<'_>) -> bool {
            entry.text() == b"opens"
        }

        fn take(&mut self, entry: &Entry<'_>, _: &[KeptLine], _: &mut dyn Sink) -> Step {
            if entry.text() == b"closes" { Step::Closed } else { Step::Kept }
        }

        fn conclude(&mut self, earlier: &[KeptLine], sink: &mut dyn Sink) {
            let last = earlier.last().map_or(0, |l| l.number);
            sink.event(&Event::at(Stamp::from_millis(0), Exhibit(1), last));
        }
    }

    #[derive(Default)]
    struct Concluded(Vec<u64>);

    impl Sink for Concluded {
        fn event(&mut self, event: &Event<'_>) {
            self.0.push(event.line);
        }
        fn heard(&mut self, _: Minute, _: Pulse) {}
        fn unrecognised(&mut self, _: u64, _: &[u8]) {}
    }

    fn take(keyed: &mut Keyed<Patient>, key: &str, second: i64, number: u64, text: &str, sink: &mut dyn Sink) {
        let (at, text) = (Stamp::from_seconds(second), text.as_bytes());
        let envelope = Envelope { at, host: &[], process: Process::default(), text };
        keyed.take(key.as_bytes(), &Entry { exhibit: Exhibit(1), number, line: text, envelope }, sink);
    }

    #[test]
    fn a_session_without_an_end_keeps_few_lines_for_the_join() {
        let (mut keyed, mut told) = (Keyed::<Patient>::new(false), Concluded::default());
        for number in 1..=5000 {
            take(&mut keyed, "a", 0, number, "x", &mut told);
        }
        let ends = keyed.ends();
        assert_eq!(ends.iter().map(|(_, e)| (e.head.len(), e.fixed)).collect::<Vec<_>>(), [(LONGEST_HEAD, true)]);
        assert!(ends.iter().all(|(_, e)| e.tail.len() <= Patient::MOST_LINES));
    }

    #[test]
    fn sessions_are_forgotten_though_time_stands_still() {
        let (mut keyed, mut told) = (Keyed::<Patient>::new(true), Concluded::default());
        for number in 1..=(MOST_OPEN as u64 + u64::from(SWEEP)) {
            take(&mut keyed, &number.to_string(), 0, number, "x", &mut told);
        }
        assert!(keyed.open.len() <= MOST_OPEN, "{}", keyed.open.len());
        assert!(!told.0.is_empty());
    }

    #[test]
    fn edges_wait_in_bounded_number() {
        let (mut keyed, mut told) = (Keyed::<Patient>::new(false), Concluded::default());
        for number in 1..=(2 * MOST_WAITING as u64) {
            take(&mut keyed, &number.to_string(), 0, number, "closes", &mut told);
        }
        let kept = keyed.closed.len() + keyed.heads.iter().map(|(_, e)| e.head.len()).sum::<usize>();
        assert!(kept <= MOST_WAITING + 2, "{kept}");
    }

    #[test]
    fn sessions_that_fell_silent_are_concluded_in_order_of_time() {
        let (mut keyed, mut told) = (Keyed::<Patient>::new(false), Concluded::default());
        // The first two began before the file; the join concludes them, not the sweep.
        take(&mut keyed, "z", 0, 1, "x", &mut told);
        take(&mut keyed, "y", 0, 2, "x", &mut told);
        for number in 3..30 {
            take(&mut keyed, &format!("{}", 100 - number), number as i64, number, "opens", &mut told);
        }
        for number in 30..=u64::from(SWEEP) {
            take(&mut keyed, "goes on", 1000, number, "opens", &mut told);
        }
        let began: Vec<u64> = told.0.iter().copied().filter(|n| *n < 30).collect();
        assert_eq!(began, (3..30).collect::<Vec<_>>());
        let ends = keyed.ends();
        let silent = ends.iter().filter(|(key, _)| **key == *b"y" || **key == *b"z");
        assert_eq!(silent.map(|(_, e)| (e.head.len(), e.fixed)).collect::<Vec<_>>(), [(1, false), (1, false)]);
    }
}
