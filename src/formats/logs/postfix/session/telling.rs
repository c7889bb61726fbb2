//! What a process tells of its sessions: events, each with the lines that it rests on.

use super::Process;
use crate::formats::logs::postfix::attempt::{attempt_of, event_of};
use crate::formats::logs::postfix::kept::Kept;
use crate::formats::logs::postfix::line::{Delivery, Host, Statement, ip_in_lane};
use crate::formats::logs::postfix::reason::reason;
use crate::formats::logs::postfix::verdict::Verdict;
use crate::formats::logs::text::Entry;
use crate::formats::logs::{Event, Sink};
use crate::smtp::{By, Outcome, Stage, TlsUse};

impl Process {
    /// A refused recipient, on a delivery line or on that of a try.
    pub(super) fn tell_refusal(&self, refusal: &Kept, weight: u32, sink: &mut dyn Sink) {
        let entry = refusal.entry();
        let evidence = self.loose.get(self.session..).unwrap_or_default();
        let evidence = evidence.split(|k| !k.is_evidence()).next().unwrap_or_default();
        match refusal.said() {
            Statement::Delivery(delivery) => {
                let Some((reason, relay)) = attempt_of(&delivery) else { return };
                let verdict = self.judge(&delivery, reason, relay, None);
                self.tell(Event { weight, ..event_of(&verdict, &delivery, &entry) }, evidence, &entry, sink);
            }
            Statement::Failure { queue_id, reason: text } => {
                let verdict = Verdict::of(reason(text), Host::default(), &self.loose, self.session);
                self.tell(Event { queue_id, weight, ..verdict.event(&entry) }, evidence, &entry, sink);
            }
            _ => {}
        }
    }

    /// Tries that named no host, at the end of their delivery: it names the recipient.
    pub(super) fn tell_hostless(&mut self, end: Option<&Delivery<'_>>, sink: &mut dyn Sink) {
        for at in std::mem::take(&mut self.hostless) {
            let Some(line) = self.loose.get(at) else { continue };
            let Statement::Failure { queue_id, reason: text } = line.said() else { continue };
            let before = &self.loose[..at];
            let from = before.iter().rposition(|k| !k.is_evidence()).map_or(0, |n| n + 1);
            let verdict = Verdict::of(reason(text), Host::default(), before, from);
            let rcpt_domain = end.filter(|d| d.queue_id == queue_id).map_or(&[][..], |d| d.rcpt_domain);
            let entry = line.entry();
            let event = Event { queue_id, rcpt_domain, ..verdict.event(&entry) };
            self.tell(event, &before[from..], &entry, sink);
        }
    }

    /// Failed connections that no other line repeats. `repeated` is the host whose
    /// failure the closing line repeats; its last mention is left to that line.
    pub(super) fn tell_connects(&self, repeated: Option<Host<'_>>, sink: &mut dyn Sink) {
        let open = &self.loose[self.open..];
        let is_repeated = |k: &Kept| repeated.is_some() && connect_of(k).map(|(host, _)| host) == repeated;
        match open.iter().rposition(is_repeated) {
            Some(at) => {
                self.tell_connects_among(&open[..at], sink);
                self.tell_connects_among(&open[at + 1..], sink);
            }
            None => self.tell_connects_among(open, sink),
        }
    }

    pub(super) fn tell_connects_among(&self, lines: &[Kept], sink: &mut dyn Sink) {
        for kept in lines {
            let Some((host, error)) = connect_of(kept) else { continue };
            let entry = kept.entry();
            let event = Event {
                outcome: Outcome::ConnectFailure,
                by: By::Unknown,
                stage: Stage::Connect,
                tls: TlsUse::None,
                mx_host: host.name,
                mx_ip: host.ip,
                detail: error,
                recipients: 0,
                ..entry.event()
            };
            self.tell(event, &[], &entry, sink);
        }
    }

    pub(super) fn tell(&self, event: Event<'_>, evidence: &[Kept], current: &Entry<'_>, sink: &mut dyn Sink) {
        let own = current.as_line();
        let source_ip = ip_in_lane(event.tag);
        match evidence {
            [] => sink.event(&Event { lines: &[own], source_ip, ..event }),
            _ if event.outcome == Outcome::Delivered => sink.event(&Event { lines: &[own], source_ip, ..event }),
            // As most failures have it.
            [one] => sink.event(&Event { lines: &[one.as_line(), own], source_ip, ..event }),
            _ => {
                let lines: Vec<_> = evidence.iter().map(Kept::as_line).chain([own]).collect();
                sink.event(&Event { lines: &lines, source_ip, ..event });
            }
        }
    }
}

/// The host of a failed connection, and the error.
fn connect_of(line: &Kept) -> Option<(Host<'_>, &[u8])> {
    match line.evidence() {
        Statement::Connect(host, error) => Some((host, error)),
        _ => None,
    }
}
