//! Events to counts: the sink of one file's reader.

use super::elsewhere::add_message;
use super::kinds::{Kind, KindId, Kinds};
use super::known::{KnownReplies, KnownReply};
use super::places::Places;
use super::replies::ReplyCounts;
use super::tally::SAMPLES;
use super::{Accepted, Axis, EgressId, Elsewhere, Excerpt, FileTally, MxId, Noted, Tally, What};
use crate::formats::logs::{Closed, Event, Note, Pulse, Sink};
use crate::intake::Exhibit;
use crate::smtp::{Lane, Lanes, Outcome, TokenKind, acceptance_second, google_tail};
use crate::time::Minute;

/// Counts the events of one file.
pub struct Collector<'a> {
    lanes: &'a Lanes,
    exhibit: Exhibit,
    /// The node that case.yaml names for this file, over the log's own host field.
    node: Option<String>,
    /// What other files count.
    elsewhere: &'a Elsewhere,
    /// Whether another format may tell of the same attempts.
    keeps_messages: bool,
    /// Whether each record stands for itself, so that one without a session is tied to no other.
    stands_alone: bool,
    tally: Tally,
    file: FileTally,
    places: Places,
    kinds: Kinds,
    known: KnownReplies,
    replies: ReplyCounts,
}

impl<'a> Collector<'a> {
    /// A collector for one file; attempts that other files count are left to them.
    #[must_use]
    pub fn new(lanes: &'a Lanes, exhibit: Exhibit, node: Option<String>, elsewhere: &'a Elsewhere) -> Self {
        Self {
            lanes,
            exhibit,
            node,
            elsewhere,
            keeps_messages: false,
            stands_alone: false,
            tally: Tally::default(),
            file: FileTally::default(),
            places: Places::default(),
            kinds: Kinds::default(),
            known: KnownReplies::default(),
            replies: ReplyCounts::default(),
        }
    }

    /// Keeps by which messages the file can be held against one that may tell of the same.
    #[must_use]
    pub const fn keeping_messages(mut self, keeps_messages: bool) -> Self {
        self.keeps_messages = keeps_messages;
        self
    }

    /// Keeps what stands near in time of records that no session ties.
    #[must_use]
    pub const fn of_records(mut self, stands_alone: bool) -> Self {
        self.stands_alone = stands_alone;
        self
    }

    /// The counts, with the file's accounting.
    #[must_use]
    pub fn into_tally(mut self, closed: &Closed) -> Tally {
        self.kinds.end(&mut self.tally);
        self.replies.end(&self.kinds, &mut self.tally);
        self.file.accounting = closed.accounting;
        self.file.repeated = closed.repeated;
        let counted = self.tally.files.remove(&self.exhibit).unwrap_or_default();
        (self.file.outcomes, self.file.elsewhere) = (counted.outcomes, counted.elsewhere);
        self.file.messages = counted.messages;
        for (note, told) in counted.notes {
            self.file.noted(note, told);
        }
        self.tally.files.insert(self.exhibit, self.file);
        self.tally
    }

    /// Of which kind an attempt is, and which reply said so.
    fn what_of(&mut self, event: &Event<'_>, lane: Lane) -> (What, Option<KnownReply>) {
        let answered = matches!(event.outcome, Outcome::Deferral | Outcome::Rejection);
        let known = answered.then(|| self.known.understand(event.reply));
        let understood = known.and_then(|known| self.known.get(known));
        (What::of(event, lane, understood.map(|u| (&u.reply, u.meaning))), known)
    }

    /// Keeps the exact lines of a failed attempt of the Gmail lane, the earliest of its kind.
    fn keep_lines(&mut self, event: &Event<'_>, egress: EgressId) {
        let known = self.tally.excerpts.get(&(event.at.minute(), event.outcome, event.stage, egress));
        if known.is_none_or(|known| !known.comes_before(event)) {
            let mx = self.tally.names.mx(event.mx_host);
            if let Some(excerpt) = Excerpt::of(event, egress, mx) {
                self.tally.keep(excerpt);
            }
        }
    }

    /// Counts an attempt of the Gmail lane: what the receiver said, and the lines of failures.
    fn count_gmail(&mut self, event: &Event<'_>, number: KindId, kind: Kind, known: Option<KnownReply>) {
        if let Some((known, understood)) = known.and_then(|known| Some((known, self.known.get(known)?))) {
            self.replies.count(event, known, understood, (number, kind), &mut self.tally);
        } else if event.outcome == Outcome::Delivered {
            self.count_skew(event, number);
            self.count_accepted(event);
        }
        self.count_second(event, kind);
        if kind.what.is_failure() && !self.kinds.is_late(number, event) {
            self.keep_lines(event, kind.egress);
            let kept = self.tally.excerpts.get(&(event.at.minute(), event.outcome, event.stage, kind.egress));
            if let Some(kept) = kept {
                self.kinds.kept(number, kept.at);
            }
        }
    }

    fn count_accepted(&mut self, event: &Event<'_>) {
        if Accepted::is_told(event) {
            self.tally.accepted.entry(event.at.minute()).or_default().count(event);
        }
    }

    /// What stands near in time, of records that no session ties.
    fn count_second(&mut self, event: &Event<'_>, kind: Kind) {
        if !self.stands_alone || !event.session.is_empty() || !kind.what.outcome.is_attempt() {
            return;
        }
        let mx = if event.mx_host.is_empty() { self.tally.names.mx(event.mx_ip) } else { kind.mx };
        self.tally.seconds.entry((event.at.minute(), kind.egress, mx)).or_default().count(event, kind.what);
    }

    fn count_skew(&mut self, event: &Event<'_>, number: KindId) {
        let Some(second) = acceptance_second(event.reply) else { return };
        let off = (event.at.seconds() - second).clamp(-86_400, 86_400) as i32;
        if (off.abs() - 3600).abs() <= 300 {
            let told = Noted { times: 1, amount: 0, most: 0, first: event.line };
            self.tally.files.entry(event.exhibit).or_default().noted(Note::HourOff, told);
        }
        // Beyond two minutes it is a wrong zone or clock; a coarser count will do.
        let off = if off.abs() > 120 { off / 60 * 60 } else { off };
        self.kinds.count_skew(number, off, &mut self.tally);
    }
}

impl Sink for Collector<'_> {
    fn event(&mut self, event: &Event<'_>) {
        let place = self.places.of(event, self.node.as_deref(), self.lanes, &mut self.tally.names);
        let (lane, egress) = (place.says.identify(event.rcpt_domain, event.reply).0, place.egress);
        let mx = if lane == Lane::GMAIL { place.mx(&mut self.tally.names) } else { MxId(0) };
        if lane != Lane::GMAIL && google_tail(event.reply) == Some(TokenKind::Relay) {
            self.note(Note::RelayToken, event.line, 0);
        }
        let weight = u64::from(event.weight);
        // An event at the edge of files belongs to the file of its last line.
        if self.keeps_messages {
            add_message(&mut self.tally.files.entry(event.exhibit).or_default().messages, event);
        }
        if self.elsewhere.counts(event) {
            self.tally.files.entry(event.exhibit).or_default().elsewhere += weight;
            self.tally.told.insert((Axis::Egress(egress), lane, event.exhibit));
            if lane == Lane::GMAIL && weight > 0 && self.what_of(event, lane).0.is_failure() {
                self.keep_lines(event, egress);
            }
            return;
        }
        if weight == 0 {
            self.tally.files.entry(event.exhibit).or_default();
            *self.tally.recipients.entry((lane, event.outcome)).or_default() += u64::from(event.recipients);
            return;
        }
        let (what, known) = self.what_of(event, lane);
        let kind = Kind { exhibit: event.exhibit, lane, egress, mx, what };
        let number = self.kinds.number(kind);
        self.kinds.count(number, event, &mut self.tally);
        if lane == Lane::GMAIL {
            self.count_gmail(event, number, kind, known);
        }
    }

    fn heard(&mut self, minute: Minute, pulse: Pulse) {
        self.file.heard.entry(minute).or_default().add(pulse);
    }

    fn lacks(&mut self, minute: Minute) {
        self.file.lossy.insert(minute);
    }

    fn note(&mut self, note: Note, number: u64, amount: u64) {
        let told = Noted { times: 1, amount, most: amount, first: number };
        self.file.noted(note, told);
    }

    fn unrecognised(&mut self, number: u64, text: &[u8]) {
        if self.file.unrecognised.len() < SAMPLES {
            self.file.unrecognised.push((number, sample(text)));
        }
    }
}

/// What is shown of a line. A disk that lost a write leaves thousands of NULs: one stands for all.
fn sample(text: &[u8]) -> Vec<u8> {
    let runs = text.chunk_by(|a, b| *a == 0 && *b == 0);
    runs.flat_map(|run| if run.first() == Some(&0) { &run[..1] } else { run }).copied().take(LONGEST_SAMPLE).collect()
}

/// Bytes shown of a line that no rule understood.
const LONGEST_SAMPLE: usize = 300;

#[cfg(test)]
mod tests {
    use super::sample;

    #[test]
    fn samples_are_short() {
        assert_eq!(sample(&[&[0; 5000], &b"Nov\0 24"[..], &[0; 9], b"x"].concat()), b"\0Nov\0 24\0x");
        assert_eq!(sample(&[b'x'; 5000]), [b'x'; 300]);
    }
}
