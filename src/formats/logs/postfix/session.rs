//! Lines of one process tied to sessions.
//!
//! Postfix logs no session id, and the line that tells why a handshake failed
//! has no queue id, while the one with the queue id has no host. But one smtp
//! process handles one session at a time, so its lines, in order, are sessions:
//! loose lines gather until a line with a queue id closes a try.
//!
//! A delivery line (`to=<…> … status=…`) fixes the state of its process: nothing
//! before it matters after it. Lines of a process before the first such line of a
//! file wait in [`LooseEnds`] for the end of the file before.

use rustc_hash::FxHashMap;

use super::line::{Delivery, Host, Statement, statement};
use super::reason::{Kind, Reason, handshake_failure, reason};
use crate::formats::logs::envelope::Process as Writer;
use crate::formats::logs::ledger::Fate;
use crate::formats::logs::text::{Entry, Grammar};
use crate::formats::logs::{Ends, Event, EventLine, KeptLine, Sink};
use crate::intake::Exhibit;
use crate::smtp::{By, Outcome, Stage, TlsUse};
use crate::time::Stamp;

/// A session that logs more loose lines than this keeps the latest.
const LONGEST_SESSION: usize = 64;

/// The SMTP clients of one log.
pub(super) struct Client {
    processes: FxHashMap<Box<[u8]>, Process>,
    /// Whether all that came before the first line is known.
    resumed: bool,
}

/// What is known of one smtp process.
#[derive(Default)]
struct Process {
    /// Lines up to the first that fixes the state; their events wait for the join.
    head: Vec<Kept>,
    /// Whether the state is known.
    fixed: bool,
    /// The last delivery line.
    last: Kept,
    /// A digest of the last delivery's queue id, relay and delays: a further
    /// recipient of the same transaction repeats them.
    transaction: u64,
    /// Lines since then, those of finished tries included (see `session_from`).
    loose: Vec<Kept>,
    /// Where in `loose` the open session begins.
    session_from: usize,
}

/// A line kept for its session; buffers are reused.
#[derive(Clone, Default)]
struct Kept {
    exhibit: Option<Exhibit>,
    number: u64,
    at: Option<Stamp>,
    line: Vec<u8>,
    /// Where the daemon's text begins in `line`.
    text_at: usize,
}

impl Grammar for Client {
    fn fresh() -> Self {
        Self { processes: FxHashMap::default(), resumed: false }
    }

    fn resumed() -> Self {
        Self { processes: FxHashMap::default(), resumed: true }
    }

    fn take(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        let Writer { tag, program, .. } = entry.envelope.process;
        match program {
            b"smtp" if !tag.is_empty() => self.client(entry, sink),
            b"error" | b"retry" if !tag.is_empty() => own_decision(entry, sink),
            _ => Fate::Irrelevant,
        }
    }

    fn ends(self) -> Vec<(Box<[u8]>, Ends)> {
        self.processes.into_iter().map(|(key, process)| (key, process.into_ends())).collect()
    }
}

impl Client {
    /// A line of the SMTP client.
    fn client(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        let said = statement(entry.text());
        if said == Statement::Other {
            return fate_of_other(entry.text());
        }
        let key = entry.node_and_process();
        match self.processes.get_mut(key) {
            Some(process) => process.take(entry, said, sink),
            None => {
                let process = self.processes.entry(key.into()).or_default();
                process.fixed = self.resumed;
                process.take(entry, said, sink);
            }
        }
        Fate::Used
    }
}

impl Process {
    fn take(&mut self, current: &Entry<'_>, said: Statement<'_>, sink: &mut dyn Sink) {
        if !self.fixed {
            self.head.push(Kept::of(current));
            if let Statement::Delivery(delivery) = said {
                self.settle(current, &delivery);
            }
            return;
        }
        match said {
            Statement::Delivery(delivery) => {
                self.deliver(current, &delivery, sink);
                self.settle(current, &delivery);
            }
            Statement::Failure { queue_id, reason: text } => {
                self.fail(current, queue_id, &reason(text), sink);
                // Only this line matters to what follows: a close may repeat it.
                self.loose.clear();
                self.loose.push(Kept::of(current));
                self.session_from = 1;
            }
            _ => {
                if self.loose.len() >= LONGEST_SESSION {
                    self.loose.remove(self.session_from);
                }
                self.loose.push(Kept::of(current));
            }
        }
    }

    /// After a delivery line nothing that came before matters.
    fn settle(&mut self, current: &Entry<'_>, delivery: &Delivery<'_>) {
        self.fixed = true;
        self.last.set(current);
        self.transaction = transaction_of(delivery);
        self.loose.clear();
        self.session_from = 0;
    }

    /// A try at one MX failed and another follows.
    fn fail(&self, current: &Entry<'_>, queue_id: &[u8], reason: &Reason<'_>, sink: &mut dyn Sink) {
        if reason.kind == Kind::Lost && self.repeats_reply(queue_id, reason) {
            return;
        }
        self.emit_connects(current, None, sink);
        let event = self.event_of_reason(current, reason, Host::default());
        self.emit(Event { queue_id, ..event }, current, sink);
    }

    /// A pipelined 421 is logged twice: as the reply, and as the close that followed
    /// it. The reply came first and owns the session.
    fn repeats_reply(&self, queue_id: &[u8], lost: &Reason<'_>) -> bool {
        let Some(before) = self.session_from.checked_sub(1).and_then(|at| self.loose.get(at)) else { return false };
        if self.session_from != self.loose.len() {
            return false;
        }
        let Statement::Failure { queue_id: id, reason: text } = statement(before.text()) else { return false };
        let said = reason(text);
        id == queue_id && said.kind == Kind::Said && said.host == lost.host
    }

    /// The end of an attempt for one recipient.
    fn deliver(&self, current: &Entry<'_>, delivery: &Delivery<'_>, sink: &mut dyn Sink) {
        let understood = match delivery.status {
            b"sent" if delivery.no_relay => return,
            b"sent" => Reason {
                outcome: Outcome::Delivered,
                by: By::Receiver,
                stage: Stage::EndOfData,
                host: Some(delivery.relay),
                reply: delivery.reason,
                kind: Kind::Plain,
            },
            // Address probes are not deliveries.
            b"deliverable" | b"undeliverable" | b"undeliverable-but-not-cached" => return,
            _ => reason(delivery.reason),
        };
        let connect = (understood.kind == Kind::Connect).then_some(understood.host).flatten();
        let repeats_lost = understood.kind == Kind::Lost && self.repeats_reply(delivery.queue_id, &understood);
        let further = self.loose.is_empty() && self.transaction == transaction_of(delivery);
        self.emit_connects(current, connect, sink);
        let event = self.event_of_reason(current, &understood, delivery.relay);
        let event = Event {
            queue_id: delivery.queue_id,
            rcpt_domain: delivery.rcpt_domain,
            weight: u32::from(!further && !repeats_lost),
            lasted_ms: lasted_ms(delivery.delays),
            tls: tls_of_field(delivery.tls).unwrap_or(event.tls),
            ..event
        };
        self.emit(event, current, sink);
    }

    /// Failed connections that no other line repeats. `repeated` is the host whose
    /// failure the closing line repeats; its last mention is left to that line.
    fn emit_connects(&self, current: &Entry<'_>, repeated: Option<Host<'_>>, sink: &mut dyn Sink) {
        let open = &self.loose[self.session_from..];
        let is_repeated = |k: &&Kept| matches!(statement(k.text()), Statement::Connect(h, _) if Some(h) == repeated);
        let skip = open.iter().rfind(is_repeated).map(|k| k.number);
        for kept in open.iter().filter(|k| Some(k.number) != skip) {
            let Statement::Connect(host, error) = statement(kept.text()) else { continue };
            let event = Event {
                at: kept.at.unwrap_or(current.envelope.at),
                exhibit: kept.exhibit.unwrap_or(current.exhibit),
                line: kept.number,
                outcome: Outcome::ConnectFailure,
                by: By::Unknown,
                stage: Stage::Connect,
                tls: TlsUse::None,
                mx_host: host.name,
                mx_ip: host.ip,
                detail: error,
                recipients: 0,
                lines: &[kept.as_line(current.exhibit)],
                ..current.event()
            };
            sink.event(&event);
        }
    }

    /// An event from an understood reason and the loose lines of the session.
    fn event_of_reason<'a>(&'a self, current: &Entry<'a>, reason: &Reason<'a>, relay: Host<'a>) -> Event<'a> {
        let open = &self.loose[self.session_from..];
        let established = open.iter().any(|k| matches!(statement(k.text()), Statement::Established(_)));
        let mut event = Event {
            outcome: reason.outcome,
            by: reason.by,
            stage: reason.stage,
            reply: reason.reply,
            ..current.event()
        };
        let mut host = reason.host.unwrap_or(relay);
        event.tls = if established { TlsUse::Established } else { TlsUse::Unknown };
        if reason.kind == Kind::Handshake {
            let error = open.iter().rev().find_map(|k| match statement(k.text()) {
                Statement::SslError(host, detail) => Some((host, detail)),
                _ => None,
            });
            let library = open.iter().rev().find_map(|k| match statement(k.text()) {
                Statement::Library(reason) => Some(reason),
                _ => None,
            });
            (event.outcome, event.by) = handshake_failure(error.map(|(_, detail)| detail), library);
            event.detail = library.or_else(|| error.map(|(_, detail)| detail)).unwrap_or_default();
            event.tls = TlsUse::Failed;
            host = error.map_or(host, |(named, _)| named);
        } else if established && event.stage == Stage::Unknown && !event.reply.is_empty() {
            // A refusal after the handshake can only answer the second EHLO.
            event.stage = Stage::Ehlo;
        }
        (event.mx_host, event.mx_ip) = (host.name, host.ip);
        event
    }

    fn emit(&self, event: Event<'_>, current: &Entry<'_>, sink: &mut dyn Sink) {
        let own = current.as_line();
        let open = &self.loose[self.session_from..];
        if open.is_empty() || event.outcome == Outcome::Delivered {
            sink.event(&Event { lines: &[own], ..event });
        } else {
            let mut lines: Vec<_> = open.iter().map(|k| k.as_line(current.exhibit)).collect();
            lines.push(own);
            sink.event(&Event { lines: &lines, ..event });
        }
    }

    fn into_ends(self) -> Ends {
        let fixed = self.fixed;
        let tail = if fixed { std::iter::once(self.last).chain(self.loose).collect() } else { Vec::new() };
        let keep = |kept: Vec<Kept>| kept.into_iter().filter_map(Kept::into_line).collect();
        Ends { head: keep(self.head), fixed, tail: keep(tail) }
    }
}

impl Kept {
    fn of(current: &Entry<'_>) -> Self {
        let mut kept = Self::default();
        kept.set(current);
        kept
    }

    fn set(&mut self, current: &Entry<'_>) {
        self.exhibit = Some(current.exhibit);
        self.number = current.number;
        self.at = Some(current.envelope.at);
        self.line.clear();
        self.line.extend_from_slice(current.line);
        self.text_at = text_offset(current.line, current.text());
    }

    fn text(&self) -> &[u8] {
        self.line.get(self.text_at..).unwrap_or_default()
    }

    fn as_line(&self, exhibit: Exhibit) -> EventLine<'_> {
        EventLine { exhibit: self.exhibit.unwrap_or(exhibit), number: self.number, text: &self.line }
    }

    fn into_line(self) -> Option<KeptLine> {
        Some(KeptLine { exhibit: self.exhibit?, number: self.number, text: self.line.into_boxed_slice() })
    }
}

/// `postfix/error`: the queue manager defers without a session.
fn own_decision(current: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
    let Statement::Delivery(delivery) = statement(current.text()) else {
        return fate_of_other(current.text());
    };
    let own = current.as_line();
    sink.event(&Event {
        outcome: Outcome::Local,
        by: By::Sender,
        queue_id: delivery.queue_id,
        rcpt_domain: delivery.rcpt_domain,
        detail: delivery.reason,
        lines: &[own],
        ..current.event()
    });
    Fate::Used
}

/// A delivery line that could not be taken apart is worth a sample; other texts are not ours.
fn fate_of_other(text: &[u8]) -> Fate {
    if memchr::memmem::find(text, b": to=<").is_some() { Fate::Unrecognised } else { Fate::Irrelevant }
}

/// A transaction is one queue id on one session. Its recipients share all of `delays=` but
/// the last part, the transfer, which grows as replies come in.
fn transaction_of(delivery: &Delivery<'_>) -> u64 {
    use std::hash::{Hash as _, Hasher as _};
    let set_up = memchr::memrchr(b'/', delivery.delays).map_or(delivery.delays, |at| &delivery.delays[..at]);
    let mut hasher = rustc_hash::FxHasher::default();
    (delivery.queue_id, delivery.relay.name, delivery.relay.ip, set_up).hash(&mut hasher);
    hasher.finish()
}

/// Connection set-up plus transfer, the last two of `delays=A/B/C/D`, in milliseconds.
fn lasted_ms(delays: &[u8]) -> Option<u32> {
    let mut parts = delays.split(|b| *b == b'/').skip(2);
    let mut part = || std::str::from_utf8(parts.next()?).ok()?.parse::<f64>().ok();
    let seconds = part()? + part()?;
    (0.0..=86_400.0).contains(&seconds).then(|| (seconds * 1000.0).round() as u32)
}

/// The `tls=` field of 3.11 and later.
fn tls_of_field(tls: &[u8]) -> Option<TlsUse> {
    let name = tls.split(|b| *b == b'/').next().unwrap_or(tls);
    match name {
        b"" => None,
        b"none" => Some(TlsUse::None),
        _ if name.ends_with(b":none") => Some(TlsUse::None),
        _ if name.ends_with(b"?") || name.starts_with(b"!") => None,
        _ => Some(TlsUse::Established),
    }
}

fn text_offset(line: &[u8], text: &[u8]) -> usize {
    line.len().saturating_sub(text.len())
}
