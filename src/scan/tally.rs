//! The counts of a scan. Integers only; merging is addition, or the smallest of two.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use rustc_hash::{FxHashMap, FxHashSet};

use super::elsewhere::{Messages, add_messages};
use super::names::Translation;
use super::{Accepted, Axis, CellKey, EgressId, Excerpt, LimitedDomains, MxId, Names, Seconds};
use crate::formats::Accounting;
use crate::formats::logs::{Note, Pulse};
use crate::intake::Exhibit;
use crate::smtp::{Category, Lane, Outcome, Scope, Stage};
use crate::time::{Minute, Stamp};

/// Slots of five seconds in a minute, in which open sessions are added up.
pub const BUSY_SLOTS: usize = 12;

/// Everything a scan knows.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// The names behind the numbers below.
    pub names: Names,
    /// Attempts by kind.
    pub cells: FxHashMap<CellKey, u64>,
    /// Session milliseconds on the Gmail lane by five-second slot, from the durations that the log
    /// states: divided by 5,000 they estimate the open connections.
    pub busy: FxHashMap<(Minute, Lane, EgressId), [u32; BUSY_SLOTS]>,
    /// Messages that Gmail accepted, by minute, as far as logs tell of their wait and connection.
    pub accepted: FxHashMap<Minute, Accepted>,
    /// Seconds of Gmail's lane in logs without sessions, by minute, egress and MX host.
    pub seconds: FxHashMap<(Minute, EgressId, MxId), Seconds>,
    /// Recipients reported on, by lane: not attempts.
    pub recipients: BTreeMap<(Lane, Outcome), u64>,
    /// Replies of the Gmail lane, by normal form.
    pub replies: BTreeMap<ReplyKey, ReplyTally>,
    /// Failed attempts of the Gmail lane with their exact lines: the earliest of
    /// each minute, outcome, stage and egress.
    pub excerpts: BTreeMap<(Minute, Outcome, Stage, EgressId), Excerpt>,
    /// Established TLS sessions seen in delivered or failed attempts, by egress:
    /// tells whether the log writes them at all.
    pub established: BTreeMap<EgressId, u64>,
    /// Log time minus Gmail's clock, in whole seconds, by egress, with counts.
    pub skew: BTreeMap<(EgressId, i32), u64>,
    /// Addresses that Google names in its limits on a sending IP, by egress: the one place
    /// where many logs show the public address.
    pub named_ips: BTreeMap<(EgressId, IpAddr), u64>,
    /// Minutes of a node and lane that a table counts, and which table.
    pub counted: BTreeMap<(Minute, String, Lane), Exhibit>,
    /// Which files told of which egresses and MX hosts, whether they are counted from there or not.
    pub told: FxHashSet<(Axis, Lane, Exhibit)>,
    /// What is known of each file.
    pub files: BTreeMap<Exhibit, FileTally>,
}

/// One file's share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileTally {
    /// Where its lines went.
    pub accounting: Accounting,
    /// Lines of any kind by minute: the log was running.
    pub heard: BTreeMap<Minute, Pulse>,
    /// Minutes of which the logger says that it dropped lines.
    pub lossy: BTreeSet<Minute>,
    /// Attempts by outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Attempts that it tells of and another file counts.
    pub elsewhere: u64,
    /// Messages by which it is held against files that may tell of the same.
    pub(super) messages: Messages,
    /// What is odd about it.
    pub notes: BTreeMap<Note, Noted>,
    /// Lines left out because another file holds them; they count as irrelevant.
    pub repeated: u64,
    /// First samples of lines that no rule understood, with their numbers.
    pub unrecognised: Vec<(u64, Vec<u8>)>,
    /// First and last minute of a file that was left out, or is of another time than is asked for.
    pub(super) left_out: Option<(Minute, Minute)>,
}

/// How often something odd was noted of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    /// How often.
    pub times: u64,
    /// The sum of the amounts.
    pub amount: u64,
    /// The largest amount.
    pub most: u64,
    /// The first line.
    pub first: u64,
}

impl Noted {
    pub(super) fn merge(&mut self, other: Self) {
        self.times += other.times;
        self.amount = self.amount.saturating_add(other.amount);
        self.most = self.most.max(other.most);
        self.first = self.first.min(other.first);
    }
}

/// Replies are grouped by how they read once addresses and tokens are masked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplyKey {
    /// `421 4.7.28 Gmail has detected … [ADDRESS 15] …`
    pub normal_form: String,
    /// Whether it deferred or rejected.
    pub outcome: Outcome,
    /// At which stage.
    pub stage: Stage,
}

/// One group of replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyTally {
    /// 421, 550.
    pub code: Option<u16>,
    /// 4.7.28.
    pub enhanced: Option<String>,
    /// Row of the list of Gmail's replies; `-` when it is not in the list.
    pub row: &'static str,
    /// What it means.
    pub category: Category,
    /// What its limit is bound to.
    pub scope: Scope,
    /// Attempts by egress, MX host and minute.
    pub attempts: u64,
    /// First and last time.
    pub span: (Stamp, Stamp),
    /// By egress.
    pub by_egress: BTreeMap<EgressId, u64>,
    /// By MX host.
    pub by_mx: BTreeMap<MxId, u64>,
    /// The sender's domains that the limit names.
    pub domains: LimitedDomains,
    /// The earliest examples.
    pub examples: Vec<ReplyExample>,
}

/// One occurrence of a reply, verbatim.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplyExample {
    /// When.
    pub at: Stamp,
    /// The reply as logged, the MTA's own note left out.
    pub text: String,
    /// Google's token; empty when there is none.
    pub token: String,
    /// From where.
    pub egress: EgressId,
    /// To where.
    pub mx: MxId,
    /// The receiver's address as logged.
    pub mx_ip: String,
    /// The file.
    pub exhibit: Exhibit,
    /// The line.
    pub number: u64,
    /// Queue id; empty when there is none.
    pub queue_id: String,
}

/// Examples kept of each reply.
pub(super) const EXAMPLES: usize = 5;

/// Samples of unrecognised lines kept of each file.
pub(super) const SAMPLES: usize = 5;

impl Tally {
    /// Adds another tally. Commutative and associative up to the numbering of names,
    /// which no output shows.
    pub fn merge(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        let to = self.names.adopt(&other.names);
        for (key, n) in other.cells {
            *self.cells.entry(translate(key, &to)).or_default() += n;
        }
        for ((minute, lane, egress), slots) in other.busy {
            let mine = self.busy.entry((minute, lane, to.egress(egress))).or_default();
            for (a, b) in mine.iter_mut().zip(slots) {
                *a = a.saturating_add(b);
            }
        }
        for (minute, accepted) in other.accepted {
            self.accepted.entry(minute).or_default().merge(&accepted);
        }
        for ((minute, egress, mx), seconds) in other.seconds {
            self.seconds.entry((minute, to.egress(egress), to.mx(mx))).or_default().merge(seconds);
        }
        for (key, n) in other.recipients {
            *self.recipients.entry(key).or_default() += n;
        }
        for (key, reply) in other.replies {
            let reply = reply.translated(&to);
            match self.replies.get_mut(&key) {
                Some(mine) => mine.merge(reply),
                None => {
                    self.replies.insert(key, reply);
                }
            }
        }
        for (_, mut excerpt) in other.excerpts {
            (excerpt.egress, excerpt.mx) = (to.egress(excerpt.egress), to.mx(excerpt.mx));
            self.keep(excerpt);
        }
        for (egress, n) in other.established {
            *self.established.entry(to.egress(egress)).or_default() += n;
        }
        for ((egress, seconds), n) in other.skew {
            *self.skew.entry((to.egress(egress), seconds)).or_default() += n;
        }
        for ((egress, ip), n) in other.named_ips {
            *self.named_ips.entry((to.egress(egress), ip)).or_default() += n;
        }
        self.counted.extend(other.counted);
        self.told.extend(other.told.into_iter().map(|(axis, lane, exhibit)| (axis.translated(&to), lane, exhibit)));
        for (exhibit, file) in other.files {
            self.files.entry(exhibit).or_default().merge(file);
        }
    }

    /// Whether nothing was counted. What has no file has names.
    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.files.is_empty() && self.accepted.is_empty() && self.recipients.is_empty()
    }

    /// Says when a file is about of which no line stands in the time that is asked for.
    pub(super) fn of_another_time(&mut self, exhibit: Exhibit, span: Option<(Minute, Minute)>) {
        if let Some(file) = self.files.get_mut(&exhibit).filter(|file| file.heard.is_empty()) {
            file.left_out = span;
        }
    }

    /// Forgets every line as it stood.
    pub(super) fn forget_lines(&mut self) {
        self.excerpts.clear();
        for reply in self.replies.values_mut() {
            reply.examples.clear();
            reply.domains.forget_lines();
        }
        for file in self.files.values_mut() {
            file.unrecognised.clear();
        }
    }

    /// Keeps an excerpt if it is the earliest of its kind; ties by its bytes.
    pub(super) fn keep(&mut self, excerpt: Excerpt) {
        match self.excerpts.entry((excerpt.at.minute(), excerpt.outcome, excerpt.stage, excerpt.egress)) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(excerpt);
            }
            std::collections::btree_map::Entry::Occupied(mut slot) => {
                if (excerpt.at, &excerpt.lines) < (slot.get().at, &slot.get().lines) {
                    slot.insert(excerpt);
                }
            }
        }
    }
}

fn translate(key: CellKey, to: &Translation) -> CellKey {
    CellKey { axis: key.axis.translated(to), ..key }
}

impl Axis {
    fn translated(self, to: &Translation) -> Self {
        match self {
            Self::Egress(id) => Self::Egress(to.egress(id)),
            Self::Mx(id) => Self::Mx(to.mx(id)),
        }
    }
}

impl FileTally {
    /// From the start of its first minute to the last second of its last.
    #[must_use]
    pub fn span(&self) -> Option<(Stamp, Stamp)> {
        let heard = || Some((*self.heard.keys().next()?, *self.heard.keys().next_back()?));
        let (first, last) = heard().or(self.left_out)?;
        Some((first.start(), last.plus(1).start().plus_millis(-1000)))
    }

    /// What is left of a file whose lines another file told.
    pub(super) fn left_out(self) -> Self {
        let read = self.accounting.read;
        Self {
            accounting: Accounting { read, irrelevant: read, ..Accounting::default() },
            left_out: self.heard.keys().next().copied().zip(self.heard.keys().next_back().copied()),
            notes: self.notes,
            repeated: read,
            ..Self::default()
        }
    }

    /// Adds something odd.
    pub(super) fn noted(&mut self, note: Note, told: Noted) {
        self.notes.entry(note).and_modify(|n| n.merge(told)).or_insert(told);
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.accounting.add(other.accounting);
        for (minute, pulse) in other.heard {
            self.heard.entry(minute).or_default().add(pulse);
        }
        self.lossy.extend(other.lossy);
        for (note, told) in other.notes {
            self.noted(note, told);
        }
        add_messages(&mut self.messages, other.messages);
        self.elsewhere += other.elsewhere;
        self.repeated += other.repeated;
        self.unrecognised.extend(other.unrecognised);
        self.unrecognised.sort();
        self.unrecognised.truncate(SAMPLES);
        for (outcome, n) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += n;
        }
        self.left_out = self.left_out.or(other.left_out);
    }
}

impl ReplyTally {
    fn merge(&mut self, other: Self) {
        self.attempts += other.attempts;
        self.span = (self.span.0.min(other.span.0), self.span.1.max(other.span.1));
        for (id, n) in other.by_egress {
            *self.by_egress.entry(id).or_default() += n;
        }
        for (id, n) in other.by_mx {
            *self.by_mx.entry(id).or_default() += n;
        }
        self.domains.merge(other.domains);
        self.add_examples(other.examples);
    }

    /// Keeps the earliest.
    pub(super) fn add_examples(&mut self, examples: impl IntoIterator<Item = ReplyExample>) {
        self.examples.extend(examples);
        self.examples.sort_by(|a, b| a.order().cmp(&b.order()));
        self.examples.truncate(EXAMPLES);
    }

    fn translated(mut self, to: &Translation) -> Self {
        self.by_egress = self.by_egress.into_iter().map(|(id, n)| (to.egress(id), n)).collect();
        self.by_mx = self.by_mx.into_iter().map(|(id, n)| (to.mx(id), n)).collect();
        self.domains = self.domains.translated(to);
        self.examples = self.examples.into_iter().map(|example| example.translated(to)).collect();
        self
    }
}

impl ReplyExample {
    /// By time, text and place: none of them depends on how names are numbered.
    pub(super) fn order(&self) -> (Stamp, &str, Exhibit, u64) {
        (self.at, &self.text, self.exhibit, self.number)
    }

    pub(super) fn translated(self, to: &Translation) -> Self {
        Self { egress: to.egress(self.egress), mx: to.mx(self.mx), ..self }
    }
}
