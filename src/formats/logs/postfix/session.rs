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

use super::line::{Daemon, Delivery, Host, Statement, daemon_of, statement};
use super::reason::{Kind, Reason, handshake_failure, reason};
use crate::formats::Accounting;
use crate::formats::logs::envelope;
use crate::formats::logs::{Ends, Event, EventLine, KeptLine, LogClock, LogReader, LooseEnds, Sink};
use crate::intake::{Exhibit, lines_of};
use crate::smtp::{By, Outcome, Stage, TlsUse};
use crate::time::{Minute, Stamp};

/// A session that logs more loose lines than this keeps the latest.
const LONGEST_SESSION: usize = 64;

/// Reads one file (or part of one).
pub(super) struct Reader {
    exhibit: Exhibit,
    clock: LogClock,
    number: u64,
    accounting: Accounting,
    processes: FxHashMap<Box<[u8]>, Process>,
    heard: Option<(Minute, u32)>,
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

/// A line being read.
#[derive(Clone, Copy)]
struct Current<'a> {
    exhibit: Exhibit,
    number: u64,
    line: &'a [u8],
    at: Stamp,
    host: &'a [u8],
    daemon: Daemon<'a>,
}

enum Fate {
    Used,
    Irrelevant,
    Unrecognised,
}

impl Reader {
    pub(super) fn new(exhibit: Exhibit, clock: LogClock) -> Self {
        Self {
            exhibit,
            clock,
            number: 0,
            accounting: Accounting::default(),
            processes: FxHashMap::default(),
            heard: None,
        }
    }

    fn line(&mut self, line: &[u8], sink: &mut dyn Sink) -> Fate {
        let Some(envelope) = envelope::open(line, &mut self.clock) else {
            return if line.trim_ascii().is_empty() { Fate::Irrelevant } else { Fate::Unrecognised };
        };
        self.hear(envelope.at.minute(), sink);
        let Some(daemon) = daemon_of(envelope.message) else { return Fate::Irrelevant };
        let current =
            Current { exhibit: self.exhibit, number: self.number, line, at: envelope.at, host: envelope.host, daemon };
        match daemon.program {
            b"smtp" if !daemon.tag.is_empty() => self.client(current, sink),
            b"error" | b"retry" if !daemon.tag.is_empty() => own_decision(current, sink),
            _ => Fate::Irrelevant,
        }
    }

    /// A line of the SMTP client.
    fn client(&mut self, current: Current<'_>, sink: &mut dyn Sink) -> Fate {
        let said = statement(current.daemon.text);
        if said == Statement::Other {
            return fate_of_other(current.daemon.text);
        }
        // Node and process together, as they stand in the line.
        let key = &current.line[offset_in(current.line, current.host)..text_offset(current.line, current.daemon.text)];
        match self.processes.get_mut(key) {
            Some(process) => process.take(current, said, sink),
            None => self.processes.entry(key.into()).or_default().take(current, said, sink),
        }
        Fate::Used
    }

    /// Counts lines of any kind by minute; runs of one minute are told together.
    fn hear(&mut self, minute: Minute, sink: &mut dyn Sink) {
        match &mut self.heard {
            Some((last, lines)) if *last == minute => *lines += 1,
            heard => {
                if let Some((last, lines)) = heard.replace((minute, 1)) {
                    sink.heard(last, lines);
                }
            }
        }
    }
}

impl LogReader for Reader {
    fn read(&mut self, block: &[u8], sink: &mut dyn Sink) {
        for line in lines_of(block) {
            self.number += 1;
            self.accounting.read += 1;
            match self.line(line, sink) {
                Fate::Used => self.accounting.used += 1,
                Fate::Irrelevant => self.accounting.irrelevant += 1,
                Fate::Unrecognised => {
                    self.accounting.unrecognised += 1;
                    sink.unrecognised(self.number, line);
                }
            }
        }
        if let Some((minute, lines)) = self.heard.take() {
            sink.heard(minute, lines);
        }
    }

    fn replay(&mut self, before: &[KeptLine], head: &[KeptLine], sink: &mut dyn Sink) {
        let mut process = Process { fixed: true, ..Process::default() };
        let silent = before.iter().map(|l| (l, true));
        for (kept, silent) in silent.chain(head.iter().map(|l| (l, false))) {
            let Some(envelope) = envelope::open(&kept.text, &mut self.clock) else { continue };
            let Some(daemon) = daemon_of(envelope.message) else { continue };
            let (exhibit, number, line) = (kept.exhibit, kept.number, &*kept.text);
            let current = Current { exhibit, number, line, at: envelope.at, host: envelope.host, daemon };
            let said = statement(daemon.text);
            if silent {
                process.take(current, said, &mut Deaf);
            } else {
                process.take(current, said, sink);
            }
        }
    }

    fn finish(self: Box<Self>) -> LooseEnds {
        let ends = self.processes.into_iter().map(|(key, process)| (key, process.into_ends()));
        LooseEnds(ends.collect())
    }

    fn accounting(&self) -> Accounting {
        self.accounting
    }
}

/// Hears nothing: for lines whose events are out already.
struct Deaf;

impl Sink for Deaf {
    fn event(&mut self, _: &Event<'_>) {}
    fn heard(&mut self, _: Minute, _: u32) {}
    fn unrecognised(&mut self, _: u64, _: &[u8]) {}
}

impl Process {
    fn take(&mut self, current: Current<'_>, said: Statement<'_>, sink: &mut dyn Sink) {
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
    fn settle(&mut self, current: Current<'_>, delivery: &Delivery<'_>) {
        self.fixed = true;
        self.last.set(current);
        self.transaction = transaction_of(delivery);
        self.loose.clear();
        self.session_from = 0;
    }

    /// A try at one MX failed and another follows.
    fn fail(&self, current: Current<'_>, queue_id: &[u8], reason: &Reason<'_>, sink: &mut dyn Sink) {
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
    fn deliver(&self, current: Current<'_>, delivery: &Delivery<'_>, sink: &mut dyn Sink) {
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
    fn emit_connects(&self, current: Current<'_>, repeated: Option<Host<'_>>, sink: &mut dyn Sink) {
        let open = &self.loose[self.session_from..];
        let is_repeated = |k: &&Kept| matches!(statement(k.text()), Statement::Connect(h, _) if Some(h) == repeated);
        let skip = open.iter().rfind(is_repeated).map(|k| k.number);
        for kept in open.iter().filter(|k| Some(k.number) != skip) {
            let Statement::Connect(host, error) = statement(kept.text()) else { continue };
            let event = Event {
                at: kept.at.unwrap_or(current.at),
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
                ..blank(current)
            };
            sink.event(&event);
        }
    }

    /// An event from an understood reason and the loose lines of the session.
    fn event_of_reason<'a>(&'a self, current: Current<'a>, reason: &Reason<'a>, relay: Host<'a>) -> Event<'a> {
        let open = &self.loose[self.session_from..];
        let established = open.iter().any(|k| matches!(statement(k.text()), Statement::Established(_)));
        let mut event = Event {
            outcome: reason.outcome,
            by: reason.by,
            stage: reason.stage,
            reply: reason.reply,
            ..blank(current)
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

    fn emit(&self, event: Event<'_>, current: Current<'_>, sink: &mut dyn Sink) {
        let own = EventLine { exhibit: current.exhibit, number: current.number, text: current.line };
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
    fn of(current: Current<'_>) -> Self {
        let mut kept = Self::default();
        kept.set(current);
        kept
    }

    fn set(&mut self, current: Current<'_>) {
        self.exhibit = Some(current.exhibit);
        self.number = current.number;
        self.at = Some(current.at);
        self.line.clear();
        self.line.extend_from_slice(current.line);
        self.text_at = text_offset(current.line, current.daemon.text);
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
fn own_decision(current: Current<'_>, sink: &mut dyn Sink) -> Fate {
    let Statement::Delivery(delivery) = statement(current.daemon.text) else {
        return fate_of_other(current.daemon.text);
    };
    let own = EventLine { exhibit: current.exhibit, number: current.number, text: current.line };
    sink.event(&Event {
        outcome: Outcome::Local,
        by: By::Sender,
        queue_id: delivery.queue_id,
        rcpt_domain: delivery.rcpt_domain,
        detail: delivery.reason,
        lines: &[own],
        ..blank(current)
    });
    Fate::Used
}

/// An event of which nothing is known but its line.
fn blank(current: Current<'_>) -> Event<'_> {
    Event {
        at: current.at,
        exhibit: current.exhibit,
        line: current.number,
        outcome: Outcome::Unclassified,
        by: By::Unknown,
        stage: Stage::Unknown,
        tls: TlsUse::Unknown,
        reply: &[],
        mx_host: &[],
        mx_ip: &[],
        node: current.host,
        tag: current.daemon.tag,
        source_ip: &[],
        session: current.daemon.process,
        queue_id: &[],
        rcpt_domain: &[],
        weight: 1,
        recipients: 1,
        lasted_ms: None,
        detail: &[],
        lines: &[],
    }
}

/// A delivery line that could not be taken apart is worth a sample; other texts are not ours.
fn fate_of_other(text: &[u8]) -> Fate {
    if memchr::memmem::find(text, b": to=<").is_some() { Fate::Unrecognised } else { Fate::Irrelevant }
}

fn transaction_of(delivery: &Delivery<'_>) -> u64 {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = rustc_hash::FxHasher::default();
    (delivery.queue_id, delivery.relay.name, delivery.relay.ip, delivery.delays).hash(&mut hasher);
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

/// Where `part` lies inside `line`; both are slices of one buffer.
fn offset_in(line: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize).min(line.len())
}

fn text_offset(line: &[u8], text: &[u8]) -> usize {
    line.len().saturating_sub(text.len())
}
