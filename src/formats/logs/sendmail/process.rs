//! Lines of one process tied to attempts.

use memchr::memmem;

use super::line::{Delivery, Failed, Said, is_sendmail, name_and_address, said};
use crate::formats::logs::envelope::{self, Envelope};
use crate::formats::logs::keyed::{Keyed, Session, Step, lines_with};
use crate::formats::logs::ledger::Fate;
use crate::formats::logs::spans::clock_seconds;
use crate::formats::logs::text::{Entry, Grammar};
use crate::formats::logs::{Ends, Event, EventLine, KeptLine, Sink};
use crate::smtp::{By, Outcome, Stage, TlsUse};
use crate::time::Stamp;

/// The processes of one log.
pub(super) struct Processes(Keyed<Process>);

impl Grammar for Processes {
    fn fresh() -> Self {
        Self(Keyed::new(false))
    }

    fn resumed() -> Self {
        Self(Keyed::new(true))
    }

    fn take(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        if !is_sendmail(entry.envelope.process.program) {
            return Fate::Irrelevant;
        }
        match said(entry.text()) {
            Said::Nothing => Fate::Irrelevant,
            Said::Unreadable => Fate::Unrecognised,
            _ => {
                self.0.take(entry.node_and_process(), entry, sink);
                Fate::Used
            }
        }
    }

    fn conclude(&mut self, sink: &mut dyn Sink) {
        self.0.conclude(sink);
    }

    fn ends(self) -> Vec<(Box<[u8]>, Ends)> {
        self.0.ends()
    }
}

/// One process: its lines since the last delivery line.
#[derive(Default)]
struct Process {
    /// Queue id and relay of the last delivery line: further recipients repeat them.
    last: Vec<u8>,
    /// Whether lines of a session came since.
    fresh: bool,
    /// When the last of them came.
    at: Option<Stamp>,
}

impl Session for Process {
    // Longer than the default time-outs but one, that of the end of data.
    const REACH_MS: i64 = 10 * 60_000;

    fn opens(_: &Entry<'_>) -> bool {
        false
    }

    fn take(&mut self, entry: &Entry<'_>, earlier: &[KeptLine], sink: &mut dyn Sink) -> Step {
        match said(entry.text()) {
            Said::Delivery(delivery) => {
                if is_smtp(delivery.mailer) {
                    self.deliver(entry, &delivery, &Before::of(earlier), earlier, sink);
                }
                Step::Settled
            }
            Said::Nothing | Said::Unreadable => Step::Passed,
            _ => {
                (self.fresh, self.at) = (true, Some(entry.envelope.at));
                Step::Kept
            }
        }
    }

    /// A handshake failed, and no delivery line came: the log or the process ended.
    fn conclude(&mut self, earlier: &[KeptLine], sink: &mut dyn Sink) {
        let (Some(at), true) = (self.at, self.fresh) else { return };
        for failed in Before::of(earlier).failed {
            let [_, last] = failed.lines;
            let Some(envelope) = envelope::undated(last.text) else { continue };
            let entry = Entry {
                exhibit: last.exhibit,
                number: last.number,
                line: last.text,
                envelope: Envelope { at, ..envelope },
            };
            sink.event(&failed.event(entry.event()));
        }
    }
}

/// Mailers that speak SMTP (cf/m4/proto.m4, MAILER(smtp)); others deliver on this machine.
fn is_smtp(mailer: &[u8]) -> bool {
    matches!(mailer, b"esmtp" | b"smtp" | b"dsmtp" | b"smtp8" | b"relay")
}

/// What the lines before a delivery line say.
#[derive(Default)]
struct Before<'a> {
    established: Vec<&'a [u8]>,
    /// Handshakes that failed: how, and with which host; the lines that say so.
    failed: Vec<Handshake<'a>>,
    timed_out: Option<&'a [u8]>,
}

/// A handshake that failed, and the two lines that say so.
struct Handshake<'a> {
    failed: Failed<'a>,
    host: &'a [u8],
    lines: [EventLine<'a>; 2],
}

impl Handshake<'_> {
    fn event<'e>(&'e self, blank: Event<'e>) -> Event<'e> {
        let (outcome, by) = self.failed.fault();
        let (mx_host, mx_ip) = name_and_address(self.host);
        Event {
            line: self.lines[1].number,
            exhibit: self.lines[1].exhibit,
            outcome,
            by,
            stage: Stage::Handshake,
            tls: TlsUse::Failed,
            mx_host,
            mx_ip,
            recipients: 0,
            detail: self.failed.reason,
            lines: &self.lines,
            ..blank
        }
    }
}

impl<'a> Before<'a> {
    fn of(earlier: &'a [KeptLine]) -> Self {
        let mut before = Self::default();
        let mut failing: Option<(Failed<'_>, EventLine<'_>)> = None;
        for kept in earlier {
            let line = EventLine { exhibit: kept.exhibit, number: kept.number, text: &kept.text };
            match said(text_of(&kept.text)) {
                Said::Established(host) => before.established.push(host),
                Said::Failed(failed) => failing = Some((failed, line)),
                Said::Rejected(host) => {
                    if let Some((failed, first)) = failing.take() {
                        before.failed.push(Handshake { failed, host, lines: [first, line] });
                    }
                }
                Said::TimedOut(phase) => before.timed_out = Some(phase),
                Said::Delivery(_) | Said::Unreadable | Said::Nothing => {}
            }
        }
        before
    }

    /// The handshake whose failure a delivery line tells of: the last with its host.
    fn own_handshake(&self, delivery: &Delivery<'_>) -> Option<usize> {
        let tells = memmem::find(delivery.stat, HANDSHAKE_FAILED).is_some()
            || memmem::find(delivery.reply, HANDSHAKE_FAILED).is_some();
        tells.then(|| self.failed.iter().rposition(|f| f.host == delivery.host)).flatten()
    }
}

/// What Sendmail makes of it: `454 4.7.0 TLS handshake failed.`
const HANDSHAKE_FAILED: &[u8] = b" TLS handshake failed";

/// The text of a line, whatever its envelope.
fn text_of(line: &[u8]) -> &[u8] {
    envelope::undated(line).map_or(&[], |e| e.text)
}

impl Process {
    fn deliver(
        &mut self,
        entry: &Entry<'_>,
        delivery: &Delivery<'_>,
        before: &Before<'_>,
        earlier: &[KeptLine],
        sink: &mut dyn Sink,
    ) {
        let own = before.own_handshake(delivery);
        for (_, failed) in before.failed.iter().enumerate().filter(|(n, _)| Some(*n) != own) {
            // Another host, another address of this one, or this one with TLS was tried first;
            // the process says no more of it.
            sink.event(&Event { queue_id: delivery.id, ..failed.event(entry.event()) });
        }
        let Some(found) = understood(delivery, before) else { return };
        let transaction = [delivery.id, b" ", delivery.host, delivery.ip].concat();
        let further = !self.fresh && self.last == transaction;
        (self.last, self.fresh) = (transaction, false);
        let is_own = |line: &KeptLine| !matches!(said(text_of(&line.text)), Said::Delivery(_));
        let own: Vec<KeptLine> = earlier.iter().filter(|l| is_own(l)).cloned().collect();
        let lines = lines_with(&own, entry);
        sink.event(&Event {
            mx_host: name_and_address(delivery.host).0,
            mx_ip: delivery.ip,
            queue_id: delivery.id,
            rcpt_domain: delivery.rcpt_domain,
            recipients: delivery.recipients,
            weight: u32::from(!further),
            lasted_ms: duration_ms(delivery.xdelay),
            waited_ms: clock_seconds(delivery.delay).map(|seconds| seconds * 1000),
            lines: if found.outcome == Outcome::Delivered { &lines[lines.len() - 1..] } else { &lines },
            ..found.event(entry)
        });
    }
}

/// An outcome, understood.
struct Understood<'a> {
    outcome: Outcome,
    by: By,
    stage: Stage,
    tls: TlsUse,
    reply: &'a [u8],
    detail: &'a [u8],
}

impl<'a> Understood<'a> {
    const fn event(&self, entry: &Entry<'a>) -> Event<'a> {
        Event {
            outcome: self.outcome,
            by: self.by,
            stage: self.stage,
            tls: self.tls,
            reply: self.reply,
            detail: self.detail,
            ..entry.event()
        }
    }
}

/// What became of an attempt; nothing where there was none.
fn understood<'a>(delivery: &Delivery<'a>, before: &Before<'a>) -> Option<Understood<'a>> {
    let tls = if before.established.contains(&delivery.host) { TlsUse::Established } else { TlsUse::Unknown };
    let plain = |outcome, by, stage| Understood { outcome, by, stage, tls, reply: &[], detail: delivery.stat };
    let stat = delivery.stat;
    if let Some(rest) = stat.strip_prefix(b"Sent") {
        let reply = rest.strip_prefix(b" (").and_then(|r| r.strip_suffix(b")")).unwrap_or_default();
        let delivered = plain(Outcome::Delivered, By::Receiver, Stage::EndOfData);
        return Some(Understood { reply, detail: &[], ..delivered });
    }
    let says = |word: &[u8]| memmem::find(stat, word).is_some() || memmem::find(delivery.reply, word).is_some();
    // A receiver may use these words of hosts that it relays to.
    let unanswered = |word: &[u8]| delivery.reply.is_empty() && memmem::find(stat, word).is_some();
    Some(if stat == b"queued" && delivery.dsn == b"4.4.3" {
        // No name server answered (RFC 3463, X.4.3), so the message was queued untried.
        plain(Outcome::ConnectFailure, By::Unknown, Stage::Connect)
    } else if stat == b"queued" || says(b"Local configuration error") {
        plain(Outcome::Local, By::Sender, Stage::Unknown)
    } else if says(HANDSHAKE_FAILED) {
        let failed = before.own_handshake(delivery).and_then(|n| before.failed.get(n));
        let (outcome, by) = failed.map_or((Outcome::TlsFailure, By::Unknown), |f| f.failed.fault());
        let detail = failed.map_or(stat, |f| f.failed.reason);
        Understood { tls: TlsUse::Failed, detail, ..plain(outcome, by, Stage::Handshake) }
    } else if unanswered(b"Connection refused by ")
        || unanswered(b"No route to host")
        || unanswered(b"Network is unreachable")
    {
        plain(Outcome::ConnectFailure, By::Unknown, Stage::Connect)
    } else if says(b"Connection reset by ") {
        plain(Outcome::RemoteClose, By::Receiver, Stage::Unknown)
    } else if says(b"timed out with ") || before.timed_out.is_some() {
        timed_out(before, tls, plain)
    } else if unanswered(b"Host unknown") || unanswered(b"host name lookup failure") {
        plain(Outcome::ConnectFailure, By::Unknown, Stage::Connect)
    } else {
        return Some(answered(delivery, plain));
    })
}

fn timed_out<'a>(
    before: &Before<'a>,
    tls: TlsUse,
    plain: impl Fn(Outcome, By, Stage) -> Understood<'a>,
) -> Understood<'a> {
    let stage = match before.timed_out {
        Some(b"greeting") => Stage::Banner,
        // Sendmail says EHLO of a receiver that hangs at STARTTLS too.
        Some(_) => Stage::Unknown,
        None if tls == TlsUse::Established => Stage::Unknown,
        None => return plain(Outcome::ConnectFailure, By::Unknown, Stage::Connect),
    };
    plain(Outcome::Timeout, By::Unknown, stage)
}

/// By the reply; without one, by what Sendmail made of it.
fn answered<'a>(delivery: &Delivery<'a>, plain: impl Fn(Outcome, By, Stage) -> Understood<'a>) -> Understood<'a> {
    // stat= keeps the dash of a first line, which reply= loses.
    let quoted = delivery.stat.strip_prefix(b"Deferred: ").filter(|r| r.first().is_some_and(u8::is_ascii_digit));
    let reply = quoted.unwrap_or(delivery.reply);
    let outcome = match reply.first() {
        Some(b'4') => Outcome::Deferral,
        Some(b'5') => Outcome::Rejection,
        // Given up without a connection and without an answer.
        _ if delivery.ip.is_empty() && delivery.dsn.starts_with(b"5") => {
            return plain(Outcome::Local, By::Sender, Stage::Unknown);
        }
        // Before 8.16 there is no `reply=`: a refused recipient, and any other final answer, for
        // which rules of the sender have the same word (`smtprcpt`, `statmsg` of smtp.c).
        _ if delivery.stat == b"User unknown" && delivery.dsn.starts_with(b"5") => {
            return plain(Outcome::Rejection, By::Receiver, Stage::Rcpt);
        }
        _ if delivery.stat == b"Service unavailable" && delivery.dsn.starts_with(b"5") => {
            return plain(Outcome::Rejection, By::Unknown, Stage::Unknown);
        }
        // Sendmail's own 4.4.2, bad connection, without a word on who ended it.
        _ if delivery.dsn == b"4.4.2" => return plain(Outcome::RemoteClose, By::Unknown, Stage::Unknown),
        _ => return plain(Outcome::Unclassified, By::Unknown, Stage::Unknown),
    };
    Understood { reply, detail: &[], ..plain(outcome, By::Receiver, Stage::Unknown) }
}

/// `00:00:07` or `1+02:03:04`, in milliseconds.
fn duration_ms(text: &[u8]) -> Option<u32> {
    let seconds = clock_seconds(text)?;
    // Whole seconds: a session of none of them lasted some part of one.
    u32::try_from(seconds * 1000).ok().filter(|_| seconds <= 86_400)
}
