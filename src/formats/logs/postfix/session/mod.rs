//! Lines of one process tied to sessions.
//!
//! Postfix logs no session id, and the line that tells why a handshake failed has no queue
//! id, while the one with the queue id may have no host. But one smtp process handles one
//! session at a time, so its lines, in order, are sessions: evidence gathers until a line
//! with a queue id closes a try. A delivery line (`to=<…> … status=…`) ends the delivery:
//! of what came before it only its own evidence matters, to further recipients.
//!
//! - A transaction is one queue id at one host. It counts once, with the outcome that ended
//!   it: recipients refused before others are accepted wait for that end.
//! - A close right after a refusal of the same transaction is part of it.
//! - Two deliveries of a process must stand in a file before what it says later is known
//!   whole; until then its lines are the file's edge (see `loose.rs`).

mod telling;

use super::attempt::{answer_in, attempt_of, event_of, is_refused_recipient, key_of, reason_in, set_up_of};
use super::kept::Kept;
use super::line::{Delivery, Host, Statement};
use super::reason::{Kind, Reason, reason};
use super::verdict::{Evidence, Inherited, Verdict, tls_of_field};
use crate::formats::logs::keyed::Deaf;
use crate::formats::logs::ledger::Fate;
use crate::formats::logs::text::Entry;
use crate::formats::logs::{Ends, Event, KeptLine, Sink};
use crate::time::Stamp;

/// A delivery that logs more lines than this keeps the latest.
const MOST_LINES: usize = 64;

/// Buffers kept to be used again: most deliveries log no more lines.
const MOST_SPARE: usize = 4;

/// Lines of one process that wait for the file before. One that says more before its state is
/// known is of this file.
const LONGEST_HEAD: usize = 1024;

/// How long a process can be silent in a session, in milliseconds: all of its time-outs, one
/// after the other, are 25 minutes. After that the process id belongs to another process.
pub(super) const REACH_MS: i64 = 30 * 60_000;

/// What is known of one smtp process.
#[derive(Default)]
pub(super) struct Process {
    /// Lines whose events wait for the join.
    head: Vec<Kept>,
    /// Whether the state is known: nothing of an earlier file matters any more.
    fixed: bool,
    /// Delivery lines in the head.
    deliveries: u32,
    /// The last delivery line, and the lines of that delivery before it.
    last: Option<Kept>,
    lines_of_last: Vec<Kept>,
    /// Lines since then.
    loose: Vec<Kept>,
    /// Where in `loose` the evidence of the open session begins, and its last try ended.
    session: usize,
    open: usize,
    transaction: Option<Transaction>,
    /// The refused recipient in `loose` that counts, unless its transaction goes on.
    waiting: Option<usize>,
    /// Tries in `loose` that name no host: they wait for the recipient's domain.
    hostless: Vec<usize>,
    heard: Option<Stamp>,
    /// Buffers of lines that are over, to be used again.
    spare: Vec<Kept>,
}

/// One queue id at one host.
struct Transaction {
    key: u64,
    /// `delays=` without the transfer, which grows as replies come in; none where a try
    /// ended on a line that has no delays.
    set_up: Option<u64>,
    /// Whether the receiver's answer ended the try.
    answered: bool,
    verdict: Inherited,
}

impl Process {
    /// A process that began when all that it said is known.
    pub(super) fn known() -> Self {
        Self { fixed: true, ..Self::default() }
    }

    pub(super) fn take(&mut self, current: &Entry<'_>, said: Statement<'_>, sink: &mut dyn Sink) -> Fate {
        self.hear(current, sink);
        if self.fixed {
            return self.step(current, said, sink);
        }
        self.head.push(Kept::of(current, said));
        let begins = if let Statement::Delivery(delivery) = &said { !self.is_further(delivery) } else { false };
        let is_delivery = matches!(said, Statement::Delivery(_));
        let fate = self.step(current, said, &mut Deaf);
        // A refusal that waits is told by what comes, here or after the join, as one.
        self.fixed = begins && self.deliveries > 0 || self.head.len() >= LONGEST_HEAD;
        self.deliveries += u32::from(is_delivery);
        fate
    }

    /// A line about a message that is no traffic.
    pub(super) fn pass_over(&mut self, current: &Entry<'_>, because: &Kept, said: Statement<'_>, sink: &mut dyn Sink) {
        self.hear(current, sink);
        if !self.fixed {
            self.head.push(because.clone());
            self.head.push(Kept::of(current, said));
        }
        let fixed = self.fixed;
        let mut deaf = Deaf;
        self.release(if fixed { sink } else { &mut deaf });
        if matches!(said, Statement::Delivery(_)) {
            self.put_away(current, said);
            self.fixed |= self.deliveries > 0;
            self.deliveries += 1;
        } else {
            self.push(current, said, if fixed { sink } else { &mut deaf });
            (self.session, self.open, self.transaction) = (self.loose.len(), self.loose.len(), None);
        }
        self.fixed |= self.head.len() >= LONGEST_HEAD;
    }

    /// Takes lines of another process as evidence of the session.
    pub(super) fn adopt(&mut self, lines: Vec<Kept>) {
        if !self.fixed {
            self.head.extend(lines.iter().cloned());
        }
        self.loose.extend(lines);
    }

    /// Whether the lines of the session tell why a handshake failed.
    pub(super) fn knows_cause(&self) -> bool {
        Evidence::of(&self.loose[self.session..]).knows_cause()
    }

    pub(super) const fn last_heard(&self) -> Option<Stamp> {
        self.heard
    }

    /// A process that was silent for too long is another one.
    fn hear(&mut self, current: &Entry<'_>, sink: &mut dyn Sink) {
        let at = current.envelope.at;
        if self.heard.is_some_and(|heard| at.millis() - heard.millis() > REACH_MS) {
            if self.fixed {
                self.conclude(sink);
            }
            *self = Self { head: std::mem::take(&mut self.head), fixed: self.fixed, ..Self::default() };
        }
        self.heard = self.heard.max(Some(at));
    }

    fn step(&mut self, current: &Entry<'_>, said: Statement<'_>, sink: &mut dyn Sink) -> Fate {
        match said {
            Statement::Delivery(delivery) => return self.deliver(current, &delivery, sink),
            Statement::Failure { queue_id, reason } => self.fail(current, queue_id, reason, sink),
            _ => {
                self.release(sink);
                self.push(current, said, sink);
            }
        }
        Fate::Used
    }

    fn push(&mut self, current: &Entry<'_>, said: Statement<'_>, sink: &mut dyn Sink) {
        if self.loose.len() >= MOST_LINES {
            self.release(sink);
        }
        if self.loose.len() >= MOST_LINES {
            self.tell_hostless(None, sink);
            let gone = self.open.clamp(1, self.loose.len());
            self.tell_connects_among(&self.loose[self.open..gone.max(self.open)], sink);
            self.loose.drain(..gone);
            self.session = self.session.saturating_sub(gone);
            self.open = 0;
        }
        let kept = match self.spare.pop() {
            Some(mut kept) => {
                kept.set(current, said);
                kept
            }
            None => Kept::of(current, said),
        };
        self.loose.push(kept);
    }

    /// After a delivery line only its own delivery matters.
    fn settle(&mut self, current: &Entry<'_>, said: Statement<'_>) {
        if !self.loose.is_empty() {
            std::mem::swap(&mut self.lines_of_last, &mut self.loose);
            self.spare.extend(self.loose.drain(..).take(MOST_SPARE));
            self.spare.truncate(MOST_SPARE);
        } else if self.transaction.is_none() {
            self.lines_of_last.clear();
        }
        match &mut self.last {
            Some(last) => last.set(current, said),
            None => self.last = Some(Kept::of(current, said)),
        }
        (self.session, self.open, self.waiting) = (0, 0, None);
        self.hostless.clear();
    }

    /// A delivery that is no attempt.
    fn put_away(&mut self, current: &Entry<'_>, said: Statement<'_>) {
        self.transaction = None;
        self.settle(current, said);
    }

    /// What came up to the refusal at this place is over: on a delivery line it was the end of
    /// its delivery, on that of a try the end of its session.
    fn leave_behind(&mut self, at: usize) {
        if self.loose.get(at).is_none_or(|k| !k.is_delivery()) {
            self.session = self.session.max(at + 1);
            return;
        }
        let since = self.loose.split_off(at + 1);
        self.last = self.loose.pop();
        self.lines_of_last = std::mem::replace(&mut self.loose, since);
        (self.session, self.open) = (0, self.open.saturating_sub(at + 1));
        self.hostless.clear();
    }

    /// Whether a delivery line is about a further recipient of the transaction before.
    fn is_further(&self, delivery: &Delivery<'_>) -> bool {
        attempt_of(delivery).is_some_and(|(reason, relay)| {
            let key = key_of(delivery.queue_id, reason.host.unwrap_or(relay));
            self.goes_on(key, Some(set_up_of(delivery.delays)))
        })
    }

    /// Whether a line is about the transaction of the line before.
    fn goes_on(&self, key: u64, set_up: Option<u64>) -> bool {
        let same_set_up = |t: &Transaction| t.set_up.is_none() || set_up.is_none() || t.set_up == set_up;
        self.open == self.loose.len() && self.transaction.as_ref().is_some_and(|t| t.key == key && same_set_up(t))
    }

    /// A try at one MX failed and another follows.
    fn fail(&mut self, current: &Entry<'_>, queue_id: &[u8], text: &[u8], sink: &mut dyn Sink) {
        let said = Statement::Failure { queue_id, reason: text };
        let reason = reason(text);
        let named = || Evidence::of(&self.loose[self.session..]).host();
        let key = key_of(queue_id, reason.host.or_else(named).unwrap_or_default());
        let goes_on = self.goes_on(key, None);
        let is_refused_recipient = is_refused_recipient(&reason);
        if is_refused_recipient && goes_on && self.waiting.is_some() {
            return self.refuse_another(current, said, None, sink);
        }
        let repeats = goes_on && reason.kind == Kind::Lost && self.close_belongs_to_refusal();
        self.end_waiting_if(goes_on, repeats, sink);
        self.tell_connects(None, sink);
        let verdict = Verdict::of(reason, Host::default(), &self.loose, self.session);
        let is_hostless = verdict.host.name.is_empty() && verdict.outcome.is_attempt();
        if !repeats && !is_refused_recipient && !is_hostless {
            let event = Event { queue_id, ..verdict.event(current) };
            self.tell(event, &self.loose[self.session..], current, sink);
        }
        self.transaction = Some(Transaction {
            key: key_of(queue_id, verdict.host),
            set_up: None,
            answered: reason.kind == Kind::Said,
            verdict: verdict.inherited(),
        });
        self.push(current, said, sink);
        let here = self.loose.len() - 1;
        self.open = here + 1;
        if is_refused_recipient {
            self.waiting = Some(here);
        } else {
            self.session = here + 1;
            self.hostless.extend(is_hostless.then_some(here));
        }
    }

    /// The end of an attempt for one recipient.
    fn deliver(&mut self, current: &Entry<'_>, delivery: &Delivery<'_>, sink: &mut dyn Sink) -> Fate {
        let said = Statement::Delivery(*delivery);
        let Some((reason, relay)) = attempt_of(delivery) else {
            self.release(sink);
            self.put_away(current, said);
            return Fate::Irrelevant;
        };
        let key = key_of(delivery.queue_id, reason.host.unwrap_or(relay));
        let set_up = set_up_of(delivery.delays);
        let goes_on = self.goes_on(key, Some(set_up));
        if goes_on && is_refused_recipient(&reason) && self.waiting.is_some() {
            self.refuse_another(current, said, Some(set_up), sink);
            return Fate::Used;
        }
        let repeats = goes_on && reason.kind == Kind::Lost && self.close_belongs_to_refusal();
        // The answer before the close is what became of this recipient too.
        let answer = self.loose.get(self.waiting.unwrap_or(self.open.saturating_sub(1))).filter(|_| repeats).cloned();
        let reason = answer.as_ref().map_or(reason, |line| reason_in(line.said()));
        let is_further =
            goes_on && self.waiting.is_none() && self.transaction.as_ref().is_some_and(|t| t.set_up.is_some());
        self.end_waiting_if(goes_on, repeats, sink);
        self.tell_hostless(Some(delivery), sink);
        let inherited = self.transaction.as_ref().filter(|_| goes_on).map(|t| t.verdict.clone());
        self.tell_connects((reason.kind == Kind::Connect).then_some(reason.host).flatten(), sink);
        let waits = is_refused_recipient(&reason) && !is_further && !repeats;
        let verdict = self.judge(delivery, reason, relay, inherited.as_ref());
        let transaction = Transaction {
            key,
            set_up: Some(set_up),
            answered: reason.kind == Kind::Said,
            verdict: verdict.inherited(),
        };
        if !waits {
            let event = event_of(&verdict, delivery, current);
            let event = Event { weight: u32::from(!is_further && !repeats), ..event };
            self.tell(event, &self.loose[self.session..], current, sink);
        }
        self.transaction = Some(transaction);
        if waits {
            self.push(current, said, sink);
            self.open = self.loose.len();
            self.waiting = Some(self.open - 1);
        } else {
            self.settle(current, said);
        }
        Fate::Used
    }

    /// A verdict on a delivery, by the evidence of its session, or of the recipient before.
    fn judge<'a>(
        &'a self,
        delivery: &Delivery<'_>,
        reason: Reason<'a>,
        relay: Host<'a>,
        inherited: Option<&'a Inherited>,
    ) -> Verdict<'a> {
        let verdict = Verdict::of(reason, relay, &self.loose, self.session);
        let verdict = inherited.map_or(verdict, |first| verdict.inheriting(first));
        verdict.with_field(tls_of_field(delivery.tls), delivery.conn_use)
    }

    /// A further recipient of a transaction was refused, and the first of them waits. A 421
    /// is the end of the session, whatever was refused before.
    fn refuse_another(&mut self, current: &Entry<'_>, said: Statement<'_>, set_up: Option<u64>, sink: &mut dyn Sink) {
        if let Some(transaction) = &mut self.transaction {
            transaction.set_up = transaction.set_up.or(set_up);
        }
        let is_end = |said: Statement<'_>| answer_in(said) == Some(421);
        let before = self.waiting.and_then(|at| self.loose.get(at));
        if is_end(said) && before.is_some_and(|b| !is_end(b.said())) {
            self.end_waiting(true, sink);
            self.push(current, said, sink);
            self.open = self.loose.len();
            self.waiting = Some(self.open - 1);
        } else {
            self.tell_refusal(&Kept::of(current, said), 0, sink);
        }
    }

    /// Whether a close right after an answer belongs to it: a 421 says that the receiver
    /// closes, and after a refused sender nothing is left to close but the session.
    fn close_belongs_to_refusal(&self) -> bool {
        match self.waiting.and_then(|at| self.loose.get(at)) {
            Some(refusal) => answer_in(refusal.said()) == Some(421),
            None => self.transaction.as_ref().is_some_and(|t| t.answered),
        }
    }

    /// A line comes that goes on with the transaction, or does not; or repeats its end.
    fn end_waiting_if(&mut self, goes_on: bool, repeats: bool, sink: &mut dyn Sink) {
        if goes_on {
            self.end_waiting(!repeats, sink);
        } else {
            self.release(sink);
        }
    }

    /// The refusal that waited was the end of its transaction.
    fn release(&mut self, sink: &mut dyn Sink) {
        if let Some(at) = self.waiting {
            self.end_waiting(false, sink);
            self.leave_behind(at);
        }
    }

    /// Tells the refusal that waited; it counts unless its transaction went on.
    fn end_waiting(&mut self, went_on: bool, sink: &mut dyn Sink) {
        if let Some(refusal) = self.waiting.take().and_then(|at| self.loose.get(at)) {
            self.tell_refusal(refusal, u32::from(!went_on), sink);
        }
    }

    /// No further line will come.
    pub(super) fn conclude(&mut self, sink: &mut dyn Sink) {
        self.release(sink);
        self.tell_hostless(None, sink);
        self.tell_connects(None, sink);
        self.open = self.loose.len();
    }

    /// The process is silent for good; what an earlier file must complete stays open.
    pub(super) fn conclude_if_known(&mut self, sink: &mut dyn Sink) {
        if self.fixed {
            self.conclude(sink);
        }
    }

    /// Its lines at the edges of the file.
    pub(super) fn into_ends(self) -> Ends {
        let tail = if self.fixed { self.lines_of_last } else { Vec::new() };
        let since = if self.fixed { self.last.into_iter().chain(self.loose).collect() } else { Vec::new() };
        Ends { head: lines(self.head), fixed: self.fixed, tail: lines(tail.into_iter().chain(since).collect()) }
    }

    /// Its head alone, when nothing that it said can matter to a later line.
    pub(super) fn into_head(self) -> Option<Ends> {
        let head = lines(self.head);
        (!head.is_empty()).then_some(Ends { head, fixed: self.fixed, tail: Vec::new() })
    }
}

fn lines(kept: Vec<Kept>) -> Vec<KeptLine> {
    kept.into_iter().map(Kept::into_line).collect()
}
