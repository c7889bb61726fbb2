//! Events to counts: the sink of one file's reader.

use rustc_hash::FxHashMap;

use super::BUSY_SLOTS;
use super::elsewhere::add_message;
use super::known::{KnownReplies, KnownReply};
use super::replies::ReplyCounts;
use super::tally::SAMPLES;
use super::{Accepted, Axis, CellKey, EgressId, Elsewhere, Excerpt, FileTally, MxId, Noted, Tally, What};
use crate::formats::logs::{Closed, Event, Note, Pulse, Sink};
use crate::intake::Exhibit;
use crate::smtp::{Lane, Lanes, NameSays, Outcome, TlsUse, TokenKind, acceptance_second, google_tail};
use crate::time::{Minute, Stamp};

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
    /// What the names of MX hosts say, so that the patterns are tried once a host.
    hosts: FxHashMap<Box<[u8]>, NameSays>,
    known: KnownReplies,
    replies: ReplyCounts,
}

/// Names of hosts that are remembered: a log may tell of any number.
const MOST_HOSTS: usize = 4096;

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
            hosts: FxHashMap::default(),
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
        self.file.accounting = closed.accounting;
        self.file.repeated = closed.repeated;
        let counted = self.tally.files.remove(&self.exhibit).unwrap_or_default();
        (self.file.outcomes, self.file.elsewhere) = (counted.outcomes, counted.elsewhere);
        self.file.messages = counted.messages;
        for (note, told) in counted.notes {
            self.file.noted(note, told);
        }
        self.tally.files.insert(self.exhibit, self.file);
        self.tally.replies = self.replies.into_tallies();
        self.tally
    }

    /// The lane of an event.
    pub fn lane_of(&mut self, event: &Event<'_>) -> Lane {
        let says = self.hosts.get(event.mx_host).copied().unwrap_or_else(|| {
            let says = self.lanes.read_name(event.mx_host);
            if self.hosts.len() < MOST_HOSTS {
                self.hosts.insert(event.mx_host.into(), says);
            }
            says
        });
        says.identify(event.rcpt_domain, event.reply).0
    }

    /// Counts an attempt along one of the marginals.
    fn count(&mut self, event: &Event<'_>, lane: Lane, axis: Axis, what: What) {
        let key = CellKey { minute: event.at.minute(), lane, axis, what };
        let n = self.tally.cells.entry(key).or_insert_with(|| {
            self.tally.told.insert((axis, lane, event.exhibit));
            0
        });
        *n += u64::from(event.weight);
    }

    /// Of which kind an attempt is, and which reply said so.
    fn what_of(&mut self, event: &Event<'_>, lane: Lane) -> (What, Option<KnownReply>) {
        let answered = matches!(event.outcome, Outcome::Deferral | Outcome::Rejection);
        let known = answered.then(|| self.known.understand(event.reply));
        let understood = known.and_then(|known| self.known.get(known));
        (What::of(event, lane, understood.map(|u| (&u.reply, u.meaning))), known)
    }

    /// Counts what a receiver of the Gmail lane said, and the address that it named.
    fn count_reply(&mut self, event: &Event<'_>, known: KnownReply, egress: EgressId, mx: MxId) {
        let Some(understood) = self.known.get(known) else { return };
        if let Some(ip) = understood.named_ip {
            *self.tally.named_ips.entry((egress, ip)).or_default() += u64::from(event.weight);
        }
        self.replies.count(event, understood, egress, mx);
    }

    /// Keeps the exact lines of a failed attempt of the Gmail lane.
    fn keep_lines(&mut self, event: &Event<'_>, what: What, egress: EgressId) {
        if !what.is_failure() {
            return;
        }
        let known = self.tally.excerpts.get(&(event.at.minute(), event.outcome, event.stage, egress));
        if known.is_none_or(|k| event.at <= k.at) {
            let mx = self.tally.names.mx(event.mx_host);
            if let Some(excerpt) = Excerpt::of(event, egress, mx) {
                self.tally.keep(excerpt);
            }
        }
    }

    /// Spreads the session's duration over five-second slots.
    fn count_busy(&mut self, event: &Event<'_>, lane: Lane, egress: EgressId) {
        let Some(lasted) = event.lasted_ms else { return };
        const SLOT_MS: i64 = 60_000 / BUSY_SLOTS as i64;
        let end = event.at.millis();
        let mut at = end - i64::from(lasted);
        while at < end {
            let slot_end = (at.div_euclid(SLOT_MS) + 1) * SLOT_MS;
            let until = slot_end.min(end);
            let slot = (at.rem_euclid(60_000) / SLOT_MS) as usize;
            let slots = self.tally.busy.entry((Stamp::from_millis(at).minute(), lane, egress)).or_default();
            if let Some(ms) = slots.get_mut(slot) {
                *ms = ms.saturating_add((until - at) as u32);
            }
            at = until;
        }
    }

    fn count_accepted(&mut self, event: &Event<'_>) {
        if Accepted::is_told(event) {
            self.tally.accepted.entry(event.at.minute()).or_default().count(event);
        }
    }

    /// What stands near in time, of records that no session ties.
    fn count_second(&mut self, event: &Event<'_>, what: What, egress: EgressId, mx: MxId) {
        if !self.stands_alone || !event.session.is_empty() || !what.outcome.is_attempt() {
            return;
        }
        let mx = if event.mx_host.is_empty() { self.tally.names.mx(event.mx_ip) } else { mx };
        self.tally.seconds.entry((event.at.minute(), egress, mx)).or_default().count(event, what);
    }

    fn count_skew(&mut self, event: &Event<'_>, egress: EgressId) {
        let Some(second) = acceptance_second(event.reply) else { return };
        let off = (event.at.seconds() - second).clamp(-86_400, 86_400) as i32;
        if (off.abs() - 3600).abs() <= 300 {
            let told = Noted { times: 1, amount: 0, most: 0, first: event.line };
            self.tally.files.entry(event.exhibit).or_default().noted(Note::HourOff, told);
        }
        // Beyond two minutes it is a wrong zone or clock; a coarser count will do.
        let off = if off.abs() > 120 { off / 60 * 60 } else { off };
        *self.tally.skew.entry((egress, off)).or_default() += 1;
    }
}

impl Sink for Collector<'_> {
    fn event(&mut self, event: &Event<'_>) {
        let lane = self.lane_of(event);
        if lane != Lane::GMAIL && google_tail(event.reply) == Some(TokenKind::Relay) {
            self.note(Note::RelayToken, event.line, 0);
        }
        let egress = match &self.node {
            Some(node) => self.tally.names.egress(node.as_bytes(), event.tag, event.source_ip),
            None => self.tally.names.egress(event.node, event.tag, event.source_ip),
        };
        let weight = u64::from(event.weight);
        // An event at the edge of files belongs to the file of its last line.
        let file = self.tally.files.entry(event.exhibit).or_default();
        if self.keeps_messages {
            add_message(&mut file.messages, event);
        }
        if self.elsewhere.counts(event) {
            file.elsewhere += weight;
            self.tally.told.insert((Axis::Egress(egress), lane, event.exhibit));
            if lane == Lane::GMAIL && weight > 0 {
                let (what, _) = self.what_of(event, lane);
                self.keep_lines(event, what, egress);
            }
            return;
        }
        *self.tally.recipients.entry((lane, event.outcome)).or_default() += u64::from(event.recipients);
        if weight == 0 {
            return;
        }
        *file.outcomes.entry(event.outcome).or_default() += weight;
        let (what, known) = self.what_of(event, lane);
        self.count(event, lane, Axis::Egress(egress), what);
        if event.tls == TlsUse::Established {
            *self.tally.established.entry(egress).or_default() += weight;
        }
        self.count_busy(event, lane, egress);
        if lane == Lane::GMAIL {
            let mx = self.tally.names.mx(event.mx_host);
            self.count(event, lane, Axis::Mx(mx), what);
            if let Some(known) = known {
                self.count_reply(event, known, egress, mx);
            } else if event.outcome == Outcome::Delivered {
                self.count_skew(event, egress);
                self.count_accepted(event);
            }
            self.count_second(event, what, egress, mx);
            self.keep_lines(event, what, egress);
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
