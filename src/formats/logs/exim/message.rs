//! Lines of one message tied to attempts.
//!
//! The transport process, a child, writes `H=mx [ip]: text` when a host fails it; the delivery
//! process, its parent, then writes `==` or `**` for each recipient with the same text. The
//! two are one attempt. A child's line that no parent's line repeats is the failure of a host
//! that was not the last one tried. Refused recipients and failed handshakes have the
//! parent's line alone; a failed handshake after which the message goes out in clear has the
//! child's.
//!
//! What is known of a message depends on its kept lines and their times alone, so that
//! replaying them at the edge of a file gives the same.

use super::child::{Child, digest_of_host, explained, is_quick, kept_lines, statement};
use super::line::{Host, Said, message_id};
use super::reason::{Reason, reason};
use super::recipient::{Flag, Recipient};
use super::tls::session_failure;
use super::transaction::{Transaction, is_refused_recipient};
use crate::formats::logs::keyed::{Session, Step};
use crate::formats::logs::text::Entry;
use crate::formats::logs::{Event, KeptLine, Note, Sink};
use crate::smtp::{By, Outcome, Stage, TlsUse};
use crate::time::Stamp;

/// A message in the queue.
#[derive(Default)]
pub(super) struct Message {
    /// When it arrived, if the log tells.
    arrived: Option<Stamp>,
    /// Whether the log tells what became of a recipient.
    settled: bool,
    /// The receiver closed before it took the message, and Exim called that no error.
    closed_early: bool,
    /// Failures of hosts that no line about a recipient has explained yet.
    waiting: Vec<Child>,
    /// TLS errors of connections, which explain a failure or mean nothing.
    symptoms: Vec<Child>,
    /// The host that is tried again in clear after a failed handshake.
    in_clear: Option<u64>,
    /// The last transaction told.
    transaction: Option<Transaction>,
    /// `T=` of the recipients told while failures of hosts were waiting.
    transport: Option<Box<[u8]>>,
    /// `I=` of those of them that a host was tried for.
    source_ip: Option<Box<[u8]>>,
    /// The host that refused the last recipient told alone, and when.
    refused_at: Option<(u64, Stamp)>,
}

/// A parent's line comes so soon after its child's, in milliseconds.
const PAIR_MS: i64 = 60_000;
/// A message that waits for more lines than this tells the oldest.
const MOST_WAITING: usize = 16;
/// A message that has kept more lines than this tells what waits, before any are dropped.
const MOST_EARLIER: usize = 48;

impl Session for Message {
    const REACH_MS: i64 = PAIR_MS;

    fn opens(_: &Entry<'_>) -> bool {
        // An arrival does, but for a cutthrough delivery, which is told before it.
        false
    }

    fn take(&mut self, entry: &Entry<'_>, earlier: &[KeptLine], sink: &mut dyn Sink) -> Step {
        self.expire(entry, earlier, sink);
        match statement(entry.text()) {
            // A cutthrough delivery is told before the arrival.
            Said::Arrived if self.settled => self.arrived = Some(entry.envelope.at),
            Said::Arrived => {
                self.conclude(earlier, sink);
                *self = Self { arrived: Some(entry.envelope.at), ..Self::default() };
                return Step::Settled;
            }
            Said::Recipient(told) => return self.recipient(entry, &told, earlier, sink),
            Said::Settled => self.settled = true,
            Said::Failed(host, text) => {
                let child = Child::of(entry, host, &[]);
                let is_late = |t: &mut Transaction| t.takes_late_child(child.at, child.host, text);
                if !self.transaction.as_mut().is_some_and(is_late) {
                    self.wait_for(child);
                }
            }
            Said::InClear(host, _) => {
                self.in_clear = Some(digest_of_host(host));
                self.wait_for(Child::of(entry, host, &[]));
            }
            Said::Symptom(host, error) => {
                self.symptoms.push(Child::of(entry, host, error));
                self.symptoms.drain(..self.symptoms.len().saturating_sub(MOST_WAITING));
            }
            Said::ClosedEarly => (self.closed_early, self.settled) = (true, false),
            Said::Completed => {
                self.conclude(earlier, sink);
                if (self.arrived.is_some() || self.closed_early) && !self.settled {
                    sink.note(Note::Vanished, entry.number, 1);
                }
                return Step::Closed;
            }
            Said::Unreadable | Said::Nothing => return Step::Passed,
        }
        Step::Kept
    }

    fn conclude(&mut self, earlier: &[KeptLine], sink: &mut dyn Sink) {
        for child in std::mem::take(&mut self.waiting) {
            self.tell_alone(&child, None, earlier, sink);
        }
    }
}

impl Message {
    /// Keeps a failure for the line that explains it. The first one is of a new run.
    fn wait_for(&mut self, child: Child) {
        if self.waiting.is_empty() {
            (self.transport, self.source_ip) = (None, None);
        }
        self.waiting.push(child);
    }

    /// Failures that no line can explain any more are told.
    fn expire(&mut self, entry: &Entry<'_>, earlier: &[KeptLine], sink: &mut dyn Sink) {
        let now = entry.envelope.at.millis();
        let full = earlier.len() > MOST_EARLIER;
        let is_over = |c: &Child| full || now - c.at.millis() > PAIR_MS;
        while self.waiting.first().is_some_and(is_over) || self.waiting.len() > MOST_WAITING {
            let child = self.waiting.remove(0);
            self.tell_alone(&child, None, earlier, sink);
        }
    }

    /// What became of a recipient.
    fn recipient(
        &mut self,
        entry: &Entry<'_>,
        told: &Recipient<'_>,
        earlier: &[KeptLine],
        sink: &mut dyn Sink,
    ) -> Step {
        self.settled |= told.flag != Flag::Deferred;
        let child = self.waiting.iter().rposition(|c| c.is_of(told, earlier)).map(|at| self.waiting.remove(at));
        let childs_host = child.as_ref().and_then(|c| match statement(c.text(earlier)) {
            Said::Failed(host, _) => Some(host),
            _ => None,
        });
        let host = told.host.or(childs_host);
        let of_host = host.map_or(0, digest_of_host);
        let fell_back = self.tell_fallen_back(of_host, told, earlier, sink);
        let symptoms = self.symptoms_of(of_host);

        let found = if told.is_delivered() { delivery(told) } else { reason(told.text, told.error, host.is_some()) };
        let quick = told.lasted_ms.is_some_and(|ms| is_quick(i64::from(ms)));
        let found = explained(found, &symptoms, quick);
        let new = Transaction::of(entry, told, &found, of_host, child.is_some());
        let before = self.transaction;
        let goes_on = before.filter(|t| t.goes_on(&new, told.flag));
        let after = goes_on.map_or(new, |t| t.with(&new));
        // What the host does after the attempt in clear may be encrypted again.
        if goes_on.is_none() && !fell_back && before.is_some_and(|t| t.host == of_host) {
            self.in_clear = None;
        }
        let found = self.in_clear(found, of_host);
        self.transaction = Some(after);
        if !self.waiting.is_empty() {
            name(&mut self.transport, told.transport);
            if found.outcome != Outcome::Local {
                name(&mut self.source_ip, told.source_ip);
            }
        }

        // Exim's own decisions are one for each recipient.
        let further = told.flag == Flag::Further || goes_on.is_some() && found.outcome != Outcome::Local;
        let event = recipient_event(entry, &found, told, host.unwrap_or_default());
        let at = child.as_ref().map_or(event.at, |c| c.at.min(event.at));
        let mut lines = Vec::new();
        if !told.is_delivered() {
            lines = kept_lines(&symptoms.iter().chain(&child).collect::<Vec<_>>(), earlier);
        }
        lines.push(entry.as_line());
        sink.event(&Event { at, weight: u32::from(!further), lines: &lines, ..event });

        let is_news = fell_back || child.is_some() || !symptoms.is_empty();
        if is_news || before.is_none_or(|t| t.differs(&after)) { Step::Kept } else { Step::Passed }
    }

    /// A handshake failed and the message went to the same host in clear: an attempt of its
    /// own. The line about the recipient names the transport, and our address, which one run of
    /// a transport keeps for a host (`smtp_deliver` is called again with the same interface).
    fn tell_fallen_back(&mut self, host: u64, told: &Recipient<'_>, earlier: &[KeptLine], sink: &mut dyn Sink) -> bool {
        let is_it = |c: &Child| c.host == host && matches!(statement(c.text(earlier)), Said::InClear(..));
        let Some(at) = self.waiting.iter().position(is_it) else { return false };
        let child = self.waiting.remove(at);
        self.tell_alone(&child, Some(told), earlier, sink);
        true
    }

    fn symptoms_of(&mut self, host: u64) -> Vec<Child> {
        if self.symptoms.is_empty() {
            return Vec::new();
        }
        let (found, left) = std::mem::take(&mut self.symptoms).into_iter().partition(|s| s.host == host);
        self.symptoms = left;
        found
    }

    /// What follows a failed handshake with the same host is not encrypted.
    fn in_clear<'a>(&self, found: Reason<'a>, host: u64) -> Reason<'a> {
        let is_clear = self.in_clear == Some(host) && found.tls == TlsUse::Unknown;
        if is_clear { Reason { tls: TlsUse::None, ..found } } else { found }
    }

    /// Our address in a run of the transport: it is chosen once for each family of addresses
    /// (`smtp_get_interface`).
    fn address_towards(&self, host: Host<'_>) -> &[u8] {
        let is_v6 = |ip: &[u8]| ip.contains(&b':');
        self.source_ip.as_deref().filter(|own| is_v6(own) == is_v6(host.ip)).unwrap_or_default()
    }

    /// Tells a failure that has no recipient: of a host that was not the last one tried, or of
    /// a handshake after which `told` went out in clear.
    fn tell_alone(&mut self, child: &Child, told: Option<&Recipient<'_>>, earlier: &[KeptLine], sink: &mut dyn Sink) {
        let Some(line) = child.line(earlier) else { return };
        let text = child.text(earlier);
        let Some((id, _)) = message_id(text) else { return };
        let (host, found) = match statement(text) {
            Said::Failed(host, failure) => (host, self.in_clear(reason(failure, &[], true), child.host)),
            Said::InClear(host, failure) => {
                (host, session_failure(failure.strip_prefix(b"TLS session: ").unwrap_or(failure)))
            }
            _ => return,
        };
        let symptoms = self.symptoms_of(child.host);
        let (symptoms, later): (Vec<_>, Vec<_>) = symptoms.into_iter().partition(|s| s.is_before(child, earlier));
        self.symptoms.extend(later);
        let quick = self.arrived.is_some_and(|at| is_quick(child.at.millis() - at.millis()));
        let found = explained(found, &symptoms, quick);
        // Each refused recipient has such a line, and all are of one transaction.
        let is_refusal = is_refused_recipient(&found);
        let is_near = |(host, at): (u64, Stamp)| host == child.host && Transaction::is_burst(at, child.at);
        let is_further = is_refusal
            && (self.refused_at.is_some_and(is_near) || self.transaction.is_some_and(|t| t.host == child.host));
        self.refused_at = is_refusal.then_some((child.host, child.at));
        sink.event(&Event {
            outcome: found.outcome,
            by: found.by,
            stage: found.stage,
            tls: found.tls,
            reply: found.reply,
            detail: found.detail,
            mx_host: host.name,
            mx_ip: host.ip,
            node: child.node(&line),
            tag: told.map_or_else(|| self.transport.as_deref().unwrap_or_default(), |t| t.transport),
            source_ip: told.map_or_else(|| self.address_towards(host), |t| t.source_ip),
            rcpt_domain: told.map_or(&[], |t| t.domain),
            session: id,
            queue_id: id,
            weight: u32::from(!is_further),
            recipients: 0,
            lines: &kept_lines(&symptoms.iter().chain([child]).collect::<Vec<_>>(), earlier),
            ..Event::at(child.at, line.exhibit, line.number)
        });
    }
}

/// One transport, with one address of ours, stands for the hosts it tried; of several, nobody
/// knows which it was.
fn name(known: &mut Option<Box<[u8]>>, name: &[u8]) {
    match known {
        None => *known = Some(name.into()),
        Some(known) if **known != *name => *known = Box::default(),
        Some(_) => {}
    }
}

/// `=>`, `->`, `>>`
fn delivery<'a>(told: &Recipient<'a>) -> Reason<'a> {
    // `PS=e`: no STARTTLS among the commands.
    let plain = !told.commands.is_empty() && !told.commands.contains(&b's');
    let tls = if plain { TlsUse::None } else { TlsUse::Unknown };
    let delivered = Reason::new(Outcome::Delivered, By::Receiver, Stage::EndOfData, &[]);
    Reason { tls, reply: told.confirmation, ..delivered }
}

/// An event of a line about a recipient. Our end of the connection names the session best.
pub(super) fn recipient_event<'a>(
    entry: &Entry<'a>,
    found: &Reason<'a>,
    told: &Recipient<'a>,
    host: Host<'a>,
) -> Event<'a> {
    let id = message_id(entry.text()).map_or(&[][..], |(id, _)| id);
    let has_port = !told.interface.is_empty() && !told.interface.ends_with(b"]");
    Event {
        outcome: found.outcome,
        by: found.by,
        stage: found.stage,
        tls: if told.encrypted { TlsUse::Established } else { found.tls },
        reply: found.reply,
        detail: found.detail,
        mx_host: host.name,
        mx_ip: host.ip,
        source_ip: told.source_ip,
        tag: told.transport,
        session: if has_port { told.interface } else { id },
        queue_id: id,
        rcpt_domain: told.domain,
        lasted_ms: told.lasted_ms,
        waited_ms: told.waited_ms,
        opened: told.is_delivered().then_some(!told.reused),
        ..entry.event()
    }
}
