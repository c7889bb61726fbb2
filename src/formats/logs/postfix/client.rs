//! The SMTP clients of one log: each line to the process that wrote it.

use memchr::memmem;
use rustc_hash::FxHashMap;

use super::kept::Kept;
use super::line::{Daemon, Delivery, Relay, Statement, daemon, ip_in_lane, is_cut, is_socket, lane_of_cut, statement};
use super::proxy::Proxy;
use super::queue_id::split;
use super::reason::reason;
use super::session::{Process, REACH_MS};
use super::unwanted::Unwanted;
use crate::formats::logs::envelope::{Envelope, Process as Writer};
use crate::formats::logs::keyed::Deaf;
use crate::formats::logs::ledger::Fate;
use crate::formats::logs::loose::SHARED;
use crate::formats::logs::text::{Entry, Grammar};
use crate::formats::logs::{Ends, Event, Note, Sink};
use crate::smtp::{By, Outcome};
use crate::time::Stamp;

/// The SMTP clients of one log.
pub(super) struct Client {
    processes: FxHashMap<Box<[u8]>, Process>,
    /// Heads of processes that fell silent, and lines of `error` whose message became
    /// active before the file began.
    heads: Vec<(Box<[u8]>, Ends)>,
    proxy: Proxy,
    unwanted: Unwanted,
    /// Whether all that came before the first line is known.
    resumed: bool,
    begins: Option<Stamp>,
    latest: Option<Stamp>,
    lines: u32,
    seen: Seen,
}

/// What was seen of what a log may not show.
#[derive(Default)]
struct Seen {
    established: bool,
    field: bool,
    names: bool,
    queue: bool,
}

/// `smtp_tls_loglevel` is 1 or more.
pub(super) const ESTABLISHED: Note = Note::Seen("TLS connections established");
/// 3.11 or later.
pub(super) const TLS_FIELD: Note = Note::Seen("tls= on delivery lines");
/// The envelope keeps what stands behind the slash.
pub(super) const NAMES: Note = Note::Seen("names of daemons");
/// The queue manager's lines are in the log.
pub(super) const QUEUE: Note = Note::Seen("lines of the queue manager");

/// Edges of a file that wait for the file before; of more, messages are taken to be traffic.
const MOST_WAITING: usize = 200_000;

/// Lines between two looks for processes that fell silent.
const SWEEP: u32 = 16_384;

impl Grammar for Client {
    fn fresh() -> Self {
        Self {
            processes: FxHashMap::default(),
            heads: Vec::new(),
            proxy: Proxy::default(),
            unwanted: Unwanted::default(),
            resumed: false,
            begins: None,
            latest: None,
            lines: 0,
            seen: Seen::default(),
        }
    }

    fn resumed() -> Self {
        Self { resumed: true, ..Self::fresh() }
    }

    fn take(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        let at = entry.envelope.at;
        self.begins.get_or_insert(at);
        self.latest = self.latest.max(Some(at));
        let daemon = daemon(entry.envelope.process);
        if daemon == Daemon::Other {
            return Fate::Irrelevant;
        }
        self.sweep(at, sink);
        if daemon != Daemon::Cut {
            see(&mut self.seen.names, NAMES, entry, sink);
        }
        match daemon {
            Daemon::Client => self.client(entry, sink),
            Daemon::Error => self.own_decision(entry, sink),
            Daemon::QueueManager => self.queue_manager(entry, sink),
            Daemon::TlsProxy => self.tlsproxy(entry),
            Daemon::Cut => self.cut(entry, sink),
            Daemon::Other => Fate::Irrelevant,
        }
    }

    fn conclude(&mut self, sink: &mut dyn Sink) {
        let mut left: Vec<_> = self.processes.iter_mut().collect();
        left.sort_by(|a, b| a.0.cmp(b.0));
        left.into_iter().for_each(|(_, process)| process.conclude(sink));
    }

    fn ends(self) -> Vec<(Box<[u8]>, Ends)> {
        let mut shared = self.proxy.into_lines();
        if let Some(end) = self.latest {
            shared.extend(self.unwanted.into_lines(end));
        }
        let mut tail: Vec<_> = shared.into_iter().map(Kept::into_line).collect();
        tail.sort_by_key(|line| line.number);
        let shared = (!tail.is_empty()).then(|| (SHARED.into(), Ends { head: Vec::new(), fixed: true, tail }));
        let open = self.processes.into_iter().map(|(key, process)| (key, process.into_ends()));
        Ends::merged(self.heads.into_iter().chain(open).chain(shared))
    }
}

impl Client {
    /// A line of the SMTP client.
    fn client(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        let said = statement(entry.text());
        match said {
            Statement::Remark | Statement::ProxyFailed(_) | Statement::ProxyTimeout => Fate::Irrelevant,
            Statement::Other => fate_of_other(entry.text()),
            _ => self.session(entry, said, sink),
        }
    }

    /// A line that means something to the session of its process.
    fn session(&mut self, entry: &Entry<'_>, said: Statement<'_>, sink: &mut dyn Sink) -> Fate {
        let (at, key) = (entry.envelope.at, entry.node_and_process());
        let (queue_id, failed_at) = match said {
            Statement::Delivery(d) => {
                if !d.tls.is_empty() {
                    see(&mut self.seen.field, TLS_FIELD, entry, sink);
                }
                (d.queue_id, handshake_at(d.reason, d.relay))
            }
            Statement::Failure { queue_id, reason } => (queue_id, handshake_at(reason, Relay::None)),
            // Without its process id a line cannot be tied to others.
            _ if is_cut(entry.envelope.process) => return Fate::Irrelevant,
            Statement::Established(_) => {
                see(&mut self.seen.established, ESTABLISHED, entry, sink);
                (&[][..], None)
            }
            _ => (&[][..], None),
        };
        let because = self.unwanted.line_of(queue_id, at);
        let mut take = |process: &mut Process| {
            if let Some(because) = because {
                process.pass_over(entry, because, said, sink);
                // Which lines are so may be said in another file, so it is no matter of their fate.
                return Fate::Used;
            }
            if let Some(ip) = failed_at
                && !process.knows_cause()
            {
                process.adopt(self.proxy.claim(ip, at));
            }
            process.take(entry, said, sink)
        };
        if let Some(process) = self.processes.get_mut(key) {
            return take(process);
        }
        let is_known = self.resumed || self.begins.is_some_and(|begins| at.millis() - begins.millis() > REACH_MS);
        let process = if is_known { Process::known() } else { Process::default() };
        take(self.processes.entry(key.into()).or_insert(process))
    }

    /// `postfix/error`: the queue manager defers without a session.
    fn own_decision(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        let Statement::Delivery(delivery) = statement(entry.text()) else {
            return fate_of_other(entry.text());
        };
        self.suspended(entry, &delivery, sink)
    }

    fn suspended(&mut self, entry: &Entry<'_>, delivery: &Delivery<'_>, sink: &mut dyn Sink) -> Fate {
        let at = entry.envelope.at;
        let is_known = self.resumed || self.unwanted.line_of(delivery.queue_id, at).is_some();
        if !is_known && self.heads.len() < MOST_WAITING && self.became_active_before(at, delivery.delays) {
            // Whether the message is traffic was said in the file before.
            let head = vec![entry.keep()];
            self.heads.push((entry.node_and_process().into(), Ends { head, fixed: false, tail: Vec::new() }));
            return self.tell_own_decision(entry, delivery, &mut Deaf);
        }
        self.tell_own_decision(entry, delivery, sink)
    }

    fn tell_own_decision(&self, entry: &Entry<'_>, delivery: &Delivery<'_>, sink: &mut dyn Sink) -> Fate {
        let is_probe = matches!(delivery.status, b"deliverable" | b"undeliverable" | b"undeliverable-but-not-cached");
        let host = reason(delivery.reason).host.unwrap_or_default();
        if is_probe || is_socket(host.ip) {
            return Fate::Irrelevant;
        }
        if self.unwanted.line_of(delivery.queue_id, entry.envelope.at).is_some() {
            return Fate::Used;
        }
        let event = entry.event();
        sink.event(&Event {
            outcome: Outcome::Local,
            by: By::Sender,
            mx_host: host.name,
            mx_ip: host.ip,
            source_ip: ip_in_lane(event.tag),
            queue_id: delivery.queue_id,
            rcpt_domain: delivery.rcpt_domain,
            detail: delivery.reason,
            lines: &[entry.as_line()],
            ..event
        });
        Fate::Used
    }

    /// `postfix/qmgr`: says who sent a message, and defers by itself where no service can.
    fn queue_manager(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        see(&mut self.seen.queue, QUEUE, entry, sink);
        let Some((id, rest)) = split(entry.text()) else { return Fate::Irrelevant };
        if rest.starts_with(b"to=") {
            return self.own_decision(entry, sink);
        }
        self.unwanted.take(id, rest, entry);
        Fate::Irrelevant
    }

    fn tlsproxy(&mut self, entry: &Entry<'_>) -> Fate {
        if self.proxy.take(entry, statement(entry.text())) { Fate::Used } else { Fate::Irrelevant }
    }

    /// A line of a daemon whose name was cut: what it says tells which.
    fn cut(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        let process = entry.envelope.process;
        let process = Writer { tag: lane_of_cut(process), ..process };
        let envelope = Envelope { process, ..entry.envelope };
        let entry = &Entry { envelope, ..*entry };
        match statement(entry.text()) {
            Statement::Delivery(d) if d.reason.starts_with(b"delivery temporarily suspended: ") => {
                self.suspended(entry, &d, sink)
            }
            said @ (Statement::ProxyFailed(_) | Statement::ProxyTimeout) => {
                self.proxy.take(entry, said);
                Fate::Used
            }
            said @ Statement::Library(_) => {
                // Of tlsproxy or of the client: the next line of the process tells.
                self.proxy.take(entry, said);
                self.session(entry, said, sink)
            }
            Statement::Other | Statement::Remark => {
                let Some((id, rest)) = split(entry.text()) else { return Fate::Irrelevant };
                if rest.ends_with(b"(queue active)") {
                    see(&mut self.seen.queue, QUEUE, entry, sink);
                }
                self.unwanted.take(id, rest, entry);
                if rest.starts_with(b"to=<") { Fate::Unrecognised } else { Fate::Irrelevant }
            }
            said => {
                self.proxy.is_client(entry);
                self.session(entry, said, sink)
            }
        }
    }

    /// Whether a message became active before the file began: it then was B + C + D of
    /// `delays=` in the queue manager's hands. They are rounded to two digits.
    fn became_active_before(&self, at: Stamp, delays: &[u8]) -> bool {
        let Some(begins) = self.begins else { return false };
        let part = |part: &[u8]| std::str::from_utf8(part).ok().and_then(|p| p.parse::<f64>().ok()).unwrap_or(0.0);
        let active: f64 = delays.split(|b| *b == b'/').skip(1).map(part).sum();
        let active_ms = (active.clamp(0.0, 1e6) * 1100.0) as i64 + 2000;
        at.millis() - active_ms < begins.millis()
    }

    /// Now and then, forgets processes that fell silent.
    fn sweep(&mut self, now: Stamp, sink: &mut dyn Sink) {
        self.lines += 1;
        if self.lines < SWEEP {
            return;
        }
        self.lines = 0;
        let silent = |p: &Process| p.last_heard().is_some_and(|heard| now.millis() - heard.millis() > REACH_MS);
        let mut gone: Vec<Box<[u8]>> =
            self.processes.iter().filter(|(_, p)| silent(p)).map(|(key, _)| key.clone()).collect();
        gone.sort_unstable();
        for key in gone {
            let Some(mut process) = self.processes.remove(&key) else { continue };
            process.conclude_if_known(sink);
            self.heads.extend(process.into_head().map(|ends| (key, ends)));
        }
    }
}

/// Says once that something was seen.
fn see(seen: &mut bool, note: Note, entry: &Entry<'_>, sink: &mut dyn Sink) {
    if !*seen {
        *seen = true;
        sink.note(note, entry.number, 1);
    }
}

/// The address of a handshake that failed; empty where the line names none.
fn handshake_at<'a>(reason: &[u8], relay: Relay<'a>) -> Option<&'a [u8]> {
    reason.starts_with(b"Cannot start TLS").then_some(match relay {
        Relay::Host(host) => host.ip,
        Relay::None | Relay::Elsewhere => &[],
    })
}

/// A delivery line that could not be taken apart, and an unknown text about a message, are
/// worth a sample; other texts are not ours.
fn fate_of_other(text: &[u8]) -> Fate {
    let is_about_a_message = split(text).is_some() || memmem::find(text, b": to=<").is_some();
    if is_about_a_message { Fate::Unrecognised } else { Fate::Irrelevant }
}
