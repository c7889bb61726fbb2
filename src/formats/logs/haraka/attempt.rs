//! Lines of one transaction tied to attempts.

use memchr::{memchr, memmem, memrchr};

use super::line::{Delivered, Line, is_outbound, line_of, stamp_and_text};
use crate::formats::logs::LogClock;
use crate::formats::logs::envelope::{Envelope, Process, Writers, open};
use crate::formats::logs::handshake::{fault, openssl_reason};
use crate::formats::logs::keyed::{Keyed, Session, Step, lines_with};
use crate::formats::logs::ledger::Fate;
use crate::formats::logs::spans::decimal_ms;
use crate::formats::logs::text::{Entry, Grammar};
use crate::formats::logs::{Ends, Event, KeptLine, Sink};
use crate::smtp::{By, Outcome, Stage, TlsUse};

/// The transactions of one log.
pub(super) struct Transactions(Keyed<Transaction>);

impl Grammar for Transactions {
    fn fresh() -> Self {
        Self(Keyed::new(false))
    }

    fn resumed() -> Self {
        Self(Keyed::new(true))
    }

    fn open<'a>(line: &'a [u8], clock: &mut LogClock, _: &mut Writers) -> Option<Envelope<'a>> {
        let (stamp, text) = stamp_and_text(line)?;
        let around = if text.len() == stamp.rest().len() { None } else { open(line, clock) };
        let host = around.map_or(&[][..], |e| e.host);
        Some(Envelope { at: stamp.moment(clock)?, host, process: Process::default(), text })
    }

    fn take(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        let Some(line) = line_of(entry.text()) else { return Fate::Irrelevant };
        if !says_something(&line) {
            return Fate::Irrelevant;
        }
        // `UUID.1` of `UUID.1.1`: all domains of a transaction share what is known of it.
        let parts = line.id.splitn(3, |b| *b == b'.').take(2).map(<[u8]>::len).sum::<usize>() + 1;
        let key = line.id.get(..parts).unwrap_or(&line.id);
        self.0.take(key, entry, sink);
        Fate::Used
    }

    fn unstamped(&mut self, line: &[u8]) -> Fate {
        if is_outbound(line) { Fate::Unrecognised } else { Fate::Irrelevant }
    }

    fn conclude(&mut self, sink: &mut dyn Sink) {
        self.0.conclude(sink);
    }

    fn ends(self) -> Vec<(Box<[u8]>, Ends)> {
        self.0.ends()
    }
}

/// Lines that tell of an attempt, or of its recipients.
fn says_something(line: &Line<'_>) -> bool {
    if !line.outbound {
        return line.message.starts_with(b"recipient <");
    }
    const OPENINGS: &[&[u8]] = &[
        b"secured",
        b"Temp failing ",
        b"recipient <",
        b"Ongoing connection failed to ",
        b"Remote end ",
        b"Failed to get socket: ",
        b"bouncing mail: ",
        b"No TLS available",
        b"Host failed TLS verification",
    ];
    line.delivered.is_some() || OPENINGS.iter().any(|o| line.message.starts_with(o))
}

/// What is known of a transaction.
#[derive(Default)]
pub(super) struct Transaction {
    /// Recipient domains, in the order in which they came.
    domains: Vec<Vec<u8>>,
    /// The attempts under way, by the last part of their id.
    attempts: Vec<Attempt>,
    ended: usize,
}

/// One attempt at the MX hosts of one domain.
#[derive(Default)]
struct Attempt {
    n: Vec<u8>,
    tls: bool,
    /// Something was told of it: what sums it up tells nothing new.
    told: bool,
    /// The first answer that refused a recipient: what became of the attempt, unless the
    /// message was delivered to others or the session broke.
    refused: Option<Refused>,
}

/// The answer to a recipient.
struct Refused {
    outcome: Outcome,
    reply: Vec<u8>,
    domain: Vec<u8>,
}

/// Domains of one transaction that are remembered, and attempts under way.
const MOST_DOMAINS: usize = 64;

impl Session for Transaction {
    // Longer than the longest time-out of a session (outbound: 5 minutes for the end of data).
    const REACH_MS: i64 = 6 * 60_000;

    fn opens(_: &Entry<'_>) -> bool {
        false
    }

    fn take(&mut self, entry: &Entry<'_>, earlier: &[KeptLine], sink: &mut dyn Sink) -> Step {
        let Some(line) = line_of(entry.text()) else { return Step::Passed };
        if !line.outbound {
            self.addressed_to(&line.message);
            return Step::Kept;
        }
        let n = line.id.rsplit(|b| *b == b'.').next().unwrap_or_default().to_vec();
        let at = self.attempts.iter().position(|a| a.n == n).unwrap_or(self.attempts.len());
        if at == self.attempts.len() {
            if at >= MOST_DOMAINS {
                self.attempts.remove(0);
            }
            self.attempts.push(Attempt { n, ..Attempt::default() });
        }
        let at = at.min(self.attempts.len().saturating_sub(1));
        let Some(attempt) = self.attempts.get_mut(at) else { return Step::Passed };
        if line.message.starts_with(b"secured") {
            attempt.tls = true;
            return Step::Kept;
        }
        let (found, ends) = attempt.understand(&line);
        let refused = if ends { attempt.refused.take() } else { None };
        if let Some(found) = found {
            let domain = self.domain_of(&line);
            tell(entry, &line, &found, &domain, earlier, sink);
        } else if let Some(refused) = refused {
            tell(entry, &line, &attempt.refusal(&refused), &refused.domain, earlier, sink);
        }
        if ends {
            self.attempts.remove(at);
            self.ended += 1;
            if self.ended >= self.domains.len() {
                return Step::Closed;
            }
        }
        Step::Kept
    }
}

impl Transaction {
    /// `recipient <user@domain> code=OK …` of the part that took the message in.
    fn addressed_to(&mut self, message: &[u8]) {
        let domain = domain_of_recipient(message);
        if !domain.is_empty() && self.domains.len() < MOST_DOMAINS && !self.domains.iter().any(|d| d == domain) {
            self.domains.push(domain.to_vec());
        }
    }

    /// The domain that a line is about: its own, else the transaction's only one.
    fn domain_of(&self, line: &Line<'_>) -> Vec<u8> {
        if let Some(delivered) = &line.delivered {
            return delivered.domain.to_vec();
        }
        if line.message.starts_with(b"recipient <") {
            return domain_of_recipient(&line.message).to_vec();
        }
        match self.domains.as_slice() {
            [only] => only.clone(),
            _ => Vec::new(),
        }
    }
}

/// The domain of `recipient <user@domain> …`.
fn domain_of_recipient(message: &[u8]) -> &[u8] {
    let end = memmem::find(message, b"> ").or_else(|| memrchr(b'>', message)).unwrap_or(message.len());
    memrchr(b'@', &message[..end]).map_or(&[], |at| &message[at + 1..end])
}

/// An outcome, understood.
struct Found<'a> {
    outcome: Outcome,
    by: By,
    stage: Stage,
    tls: TlsUse,
    reply: &'a [u8],
    detail: &'a [u8],
    ip: &'a [u8],
    recipients: u32,
    weight: u32,
}

impl Attempt {
    /// What a line says became of the attempt, and whether it ends it.
    fn understand<'a>(&mut self, line: &'a Line<'_>) -> (Option<Found<'a>>, bool) {
        let message: &'a [u8] = &line.message;
        let tls = self.tls_use();
        let new = |outcome, by, stage| Found {
            outcome,
            by,
            stage,
            tls,
            reply: &[],
            detail: message,
            ip: &[],
            recipients: 0,
            weight: 1,
        };
        if let Some(Delivered { tls, response, ip, recipients, .. }) = &line.delivered {
            let tls = if *tls { TlsUse::Established } else { TlsUse::None };
            let delivered = new(Outcome::Delivered, By::Receiver, Stage::EndOfData);
            return (Some(Found { tls, reply: response, ip, recipients: *recipients, detail: &[], ..delivered }), true);
        }
        if let Some(rest) = message.strip_prefix(b"Ongoing connection failed to ") {
            let (ip, error) = address_and(rest, b" : ");
            let found = broken(error, new);
            self.broke();
            return (Some(Found { ip, detail: error, ..found }), false);
        }
        if let Some(rest) = message.strip_prefix(b"Remote end ") {
            let (ip, _) = address_and(rest, b" ");
            self.broke();
            return (Some(Found { ip, ..new(Outcome::RemoteClose, By::Receiver, Stage::Unknown) }), false);
        }
        if let Some(rest) = message.strip_prefix(b"Failed to get socket: ") {
            let ip = rest.strip_prefix(b"connect ").and_then(|r| r.split(|b| *b == b' ').nth(1)).unwrap_or_default();
            let (ip, _) = address_and(ip, b" ");
            self.told = true;
            return (Some(Found { ip, ..new(Outcome::ConnectFailure, By::Unknown, Stage::Connect) }), false);
        }
        if message.starts_with(b"No TLS available") || message.starts_with(b"Host failed TLS verification") {
            let stage = if message.starts_with(b"No") { Stage::Ehlo } else { Stage::Handshake };
            self.told = true;
            return (Some(new(Outcome::TlsFailure, By::Sender, stage)), false);
        }
        if message.starts_with(b"recipient <") {
            return (self.recipient(message, new), false);
        }
        let told = std::mem::replace(&mut self.told, false);
        let summary = [&b" seconds: "[..], b"bouncing mail: "]
            .into_iter()
            .find_map(|mark| memmem::find(message, mark).map(|at| &message[at + mark.len()..]));
        (summary.and_then(|reason| summed_up(reason, told, new)), true)
    }

    /// `recipient <x> deferred: REPLY`, `rejected: REPLY`.
    fn recipient<'a>(&mut self, message: &'a [u8], new: impl Fn(Outcome, By, Stage) -> Found<'a>) -> Option<Found<'a>> {
        let after = &message[memmem::find(message, b"> ")? + 2..];
        let (outcome, reply) = match after.strip_prefix(b"deferred: ") {
            Some(reply) => (Outcome::Deferral, reply),
            None => (Outcome::Rejection, after.strip_prefix(b"rejected: ")?),
        };
        let domain = domain_of_recipient(message);
        self.refused.get_or_insert_with(|| Refused { outcome, reply: reply.to_vec(), domain: domain.to_vec() });
        self.told = true;
        let found = new(outcome, By::Receiver, Stage::Rcpt);
        Some(Found { reply, detail: &[], recipients: 1, weight: 0, ..found })
    }

    /// An attempt that reached no recipient.
    fn refusal<'a>(&self, refused: &'a Refused) -> Found<'a> {
        Found {
            outcome: refused.outcome,
            by: By::Receiver,
            stage: Stage::Rcpt,
            tls: self.tls_use(),
            reply: &refused.reply,
            detail: &[],
            ip: &[],
            recipients: 0,
            weight: 1,
        }
    }

    /// A session broke, and that was told. The next MX host is a new one.
    fn broke(&mut self) {
        (self.tls, self.told, self.refused) = (false, true, None);
    }

    const fn tls_use(&self) -> TlsUse {
        if self.tls { TlsUse::Established } else { TlsUse::Unknown }
    }
}

/// How a connection broke.
fn broken<'a>(error: &'a [u8], new: impl Fn(Outcome, By, Stage) -> Found<'a>) -> Found<'a> {
    if let Some(state) = error.strip_prefix(b"socket timeout waiting on ") {
        let stage = match state {
            b"connect" => Stage::Banner,
            b"ehlo" | b"helo" => Stage::Ehlo,
            b"mail" => Stage::Mail,
            b"rcpt" => Stage::Rcpt,
            b"data" => Stage::Data,
            b"dot" => Stage::EndOfData,
            // The answer to STARTTLS, or the handshake.
            _ => Stage::Unknown,
        };
        return new(Outcome::Timeout, By::Unknown, stage);
    }
    let says = |words: &[u8]| memmem::find(error, words).is_some();
    if says(b"before secure TLS connection was established") {
        Found { tls: TlsUse::Failed, ..new(Outcome::RemoteClose, By::Receiver, Stage::Handshake) }
    } else if says(b"error:") {
        let (outcome, by) = fault(openssl_reason(error));
        Found { tls: TlsUse::Failed, ..new(outcome, by, Stage::Handshake) }
    } else if says(b"ECONNRESET") || says(b"EPIPE") || says(b"socket hang up") {
        new(Outcome::RemoteClose, By::Receiver, Stage::Unknown)
    } else if says(b"ECONNREFUSED") || says(b"EHOSTUNREACH") || says(b"ENETUNREACH") {
        new(Outcome::ConnectFailure, By::Unknown, Stage::Connect)
    } else if says(b"ETIMEDOUT") {
        new(Outcome::Timeout, By::Unknown, Stage::Unknown)
    } else {
        new(Outcome::Unclassified, By::Unknown, Stage::Unknown)
    }
}

/// What ends a round of tries; nothing where the tries were told already.
fn summed_up<'a>(reason: &'a [u8], told: bool, new: impl Fn(Outcome, By, Stage) -> Found<'a>) -> Option<Found<'a>> {
    // Given up: what it says is the end of the last try.
    let last = reason.strip_prefix(b"Too many failures (").and_then(|r| r.strip_suffix(b")"));
    let reason = last.unwrap_or(reason);
    let reply = reason.strip_prefix(b"Upstream error: ").unwrap_or(reason);
    match reply {
        [b'4', b'0'..=b'9', b'0'..=b'9', ..] => {
            Some(Found { reply, detail: &[], ..new(Outcome::Deferral, By::Receiver, Stage::Unknown) })
        }
        [b'5', b'0'..=b'9', b'0'..=b'9', ..] => {
            Some(Found { reply, detail: &[], ..new(Outcome::Rejection, By::Receiver, Stage::Unknown) })
        }
        _ if told || reason.starts_with(b"Some recipients ") => None,
        _ if reason.starts_with(b"DNS lookup failure") || reason.starts_with(b"Nowhere to deliver") => {
            Some(Found { detail: reason, ..new(Outcome::ConnectFailure, By::Unknown, Stage::Connect) })
        }
        _ if memmem::find(reason, b"NULL MX").is_some() => {
            Some(Found { detail: reason, ..new(Outcome::Local, By::Sender, Stage::Unknown) })
        }
        _ => Some(Found { detail: reason, ..new(Outcome::Unclassified, By::Unknown, Stage::Unknown) }),
    }
}

/// `10.77.0.7:25` without its port, and what follows a separator.
fn address_and<'a>(text: &'a [u8], separator: &[u8]) -> (&'a [u8], &'a [u8]) {
    let end = memmem::find(text, separator).unwrap_or(text.len());
    let endpoint = &text[..end];
    let ip = memrchr(b':', endpoint).map_or(endpoint, |at| &endpoint[..at]);
    let is_address = memchr(b'.', ip).is_some() || memchr(b':', ip).is_some();
    (if is_address { ip } else { &[] }, text.get(end + separator.len()..).unwrap_or_default())
}

fn tell(
    entry: &Entry<'_>,
    line: &Line<'_>,
    found: &Found<'_>,
    domain: &[u8],
    earlier: &[KeptLine],
    sink: &mut dyn Sink,
) {
    // Only the lines of the same attempt bear on it.
    let own: Vec<KeptLine> = earlier.iter().filter(|l| is_of(&l.text, &line.id)).cloned().collect();
    let lines = lines_with(&own, entry);
    let nothing = Delivered::default();
    let delivered = line.delivered.as_ref().unwrap_or(&nothing);
    sink.event(&Event {
        outcome: found.outcome,
        by: found.by,
        stage: found.stage,
        tls: found.tls,
        reply: found.reply,
        detail: found.detail,
        mx_host: &delivered.host,
        mx_ip: found.ip,
        session: &line.id,
        queue_id: &line.id,
        rcpt_domain: domain,
        weight: found.weight,
        waited_ms: decimal_ms(&delivered.delay),
        recipients: found.recipients,
        lines: if found.outcome == Outcome::Delivered { &lines[lines.len() - 1..] } else { &lines },
        ..entry.event()
    });
}

fn is_of(line: &[u8], id: &[u8]) -> bool {
    stamp_and_text(line).and_then(|(_, text)| line_of(text)).is_some_and(|l| *l.id == *id)
}
