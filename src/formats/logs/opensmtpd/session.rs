//! Lines of one session tied to attempts.

use memchr::memmem;

use super::line::{Delivery, Said, What, said, session_id};
use crate::formats::logs::handshake::{fault, openssl_reason};
use crate::formats::logs::keyed::{Keyed, Session, Step, lines_with};
use crate::formats::logs::ledger::Fate;
use crate::formats::logs::spans::span_ms;
use crate::formats::logs::text::{Entry, Grammar};
use crate::formats::logs::{Ends, Event, KeptLine, Sink};
use crate::smtp::{By, Outcome, Stage, TlsUse};

/// The sessions of one log.
pub(super) struct Sessions(Keyed<Connection>);

impl Grammar for Sessions {
    fn fresh() -> Self {
        Self(Keyed::new(false))
    }

    fn resumed() -> Self {
        Self(Keyed::new(true))
    }

    fn take(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        if entry.envelope.process.program != b"smtpd" || !entry.envelope.process.tag.is_empty() {
            return Fate::Irrelevant;
        }
        match said(entry.text()) {
            Said::Session(_, What::Other) | Said::Route | Said::Nothing => Fate::Irrelevant,
            Said::Unreadable => Fate::Unrecognised,
            Said::Session(session, _) | Said::Downgraded(session) => {
                self.0.take(session, entry, sink);
                Fate::Used
            }
            Said::Queue(delivery) => {
                let (outcome, by, stage) = without_session(delivery.stat);
                sink.event(&Event {
                    outcome,
                    by,
                    stage,
                    queue_id: delivery.message,
                    rcpt_domain: delivery.rcpt_domain,
                    detail: delivery.stat,
                    session: &[],
                    lines: &[entry.as_line()],
                    ..entry.event()
                });
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

/// One session: a connection, and after a failed handshake a second one in clear.
#[derive(Default)]
struct Connection {
    ip: Vec<u8>,
    name: Vec<u8>,
    connected: bool,
    tls: Option<TlsUse>,
    /// A fault of this connection was told: what follows repeats it.
    told: bool,
    /// The message of the last delivery told.
    message: Vec<u8>,
}

impl Session for Connection {
    // A session waits at most five minutes for a reply (SMTPD_SESSION_TIMEOUT).
    const REACH_MS: i64 = 6 * 60_000;

    fn opens(entry: &Entry<'_>) -> bool {
        matches!(said(entry.text()), Said::Session(_, What::Connecting { in_clear: false, .. }))
    }

    fn take(&mut self, entry: &Entry<'_>, earlier: &[KeptLine], sink: &mut dyn Sink) -> Step {
        match said(entry.text()) {
            Said::Session(_, What::Connecting { ip, name, in_clear }) => {
                *self = Self { ip: ip.to_vec(), name: name.to_vec(), ..Self::default() };
                self.tls = in_clear.then_some(TlsUse::None);
            }
            Said::Session(_, What::Connected) => self.connected = true,
            Said::Session(_, What::Tls) => self.tls = Some(TlsUse::Established),
            Said::Session(_, What::Delivery(delivery)) => self.deliver(entry, &delivery, earlier, sink),
            Said::Session(_, What::Error(reason)) => {
                if !std::mem::replace(&mut self.told, true) {
                    let found = self.error(reason);
                    self.tell(entry, &found, None, earlier, sink);
                }
            }
            Said::Downgraded(_) => {
                let found = Found::new(Outcome::TlsFailure, By::Unknown, Stage::Handshake);
                self.tell(entry, &Found { tls: TlsUse::Failed, ..found }, None, earlier, sink);
                // The attempt in clear is a new one; its lines are its own.
                *self = Self::default();
                return Step::Settled;
            }
            Said::Session(_, What::Disconnected) => return Step::Closed,
            _ => return Step::Passed,
        }
        Step::Kept
    }
}

/// An outcome, understood.
struct Found<'a> {
    outcome: Outcome,
    by: By,
    stage: Stage,
    tls: TlsUse,
    reply: &'a [u8],
    detail: &'a [u8],
}

impl Found<'_> {
    const fn new(outcome: Outcome, by: By, stage: Stage) -> Self {
        Self { outcome, by, stage, tls: TlsUse::Unknown, reply: &[], detail: &[] }
    }
}

impl Connection {
    fn deliver(&mut self, entry: &Entry<'_>, delivery: &Delivery<'_>, earlier: &[KeptLine], sink: &mut dyn Sink) {
        let reply = delivery.stat;
        let found = if delivery.result == b"Ok" {
            Found { reply, ..Found::new(Outcome::Delivered, By::Receiver, Stage::EndOfData) }
        } else if let Some(refused) = refusal(reply, Stage::Unknown) {
            refused
        } else {
            self.error(reply)
        };
        // A close is told once; the messages it cost repeat it. Recipients of one message
        // share its transaction.
        let repeats_error = self.told && found.reply.is_empty();
        let further = self.message == delivery.message;
        let opened = self.message.is_empty();
        let found = Found { tls: self.tls.unwrap_or(found.tls), ..found };
        let weight = u32::from(!further && !repeats_error);
        self.told |= found.outcome != Outcome::Delivered && (found.reply.is_empty() || found.reply.starts_with(b"421"));
        self.message = delivery.message.to_vec();
        self.tell(entry, &found, Some((delivery, weight, opened)), earlier, sink);
    }

    fn tell(
        &self,
        entry: &Entry<'_>,
        found: &Found<'_>,
        delivery: Option<(&Delivery<'_>, u32, bool)>,
        earlier: &[KeptLine],
        sink: &mut dyn Sink,
    ) {
        let lines = lines_with(earlier, entry);
        let opened = delivery.map(|(.., opened)| opened);
        let (delivery, weight) = delivery.map_or((Delivery::default(), 1), |(d, weight, _)| (*d, weight));
        let session = session_id(entry.text()).map_or(&[][..], |(id, _)| id);
        sink.event(&Event {
            outcome: found.outcome,
            by: found.by,
            stage: found.stage,
            tls: found.tls,
            reply: found.reply,
            detail: found.detail,
            mx_host: &self.name,
            mx_ip: &self.ip,
            source_ip: delivery.source,
            session,
            queue_id: delivery.message,
            rcpt_domain: delivery.rcpt_domain,
            weight,
            waited_ms: span_ms(delivery.delay),
            opened,
            recipients: u32::from(!delivery.message.is_empty()),
            lines: if found.outcome == Outcome::Delivered { &lines[lines.len() - 1..] } else { &lines },
            ..entry.event()
        });
    }

    /// Why a session ended: `mta_error` and `mta_io` of mta_session.c.
    fn error<'a>(&self, reason: &'a [u8]) -> Found<'a> {
        let tls = self.tls.unwrap_or(TlsUse::Unknown);
        let plain = |outcome, by, stage| Found { tls, detail: reason, ..Found::new(outcome, by, stage) };
        let rejected = [(&b"BANNER rejected: "[..], Stage::Banner), (b"EHLO rejected: ", Stage::Ehlo)];
        let rejected = rejected
            .into_iter()
            .chain([(&b"HELO rejected: "[..], Stage::Ehlo), (b"STARTTLS rejected: ", Stage::Starttls)]);
        for (words, stage) in rejected {
            if let Some(found) = reason.strip_prefix(words).and_then(|reply| refusal(reply, stage)) {
                return Found { tls, ..found };
            }
        }
        let io = reason.strip_prefix(b"IO Error: ").unwrap_or(reason);
        let cause = io.strip_prefix(b"handshake failed: ");
        if let Some(cause) = cause.or_else(|| io.starts_with(b"error:").then_some(io))
            && tls != TlsUse::Established
        {
            let (outcome, by) = fault(openssl_reason(cause));
            return Found { tls: TlsUse::Failed, ..plain(outcome, by, Stage::Handshake) };
        }
        let says = |words: &[u8]| memmem::find(io, words).is_some();
        if says(b"certificate verification failed") {
            Found { tls: TlsUse::Failed, ..plain(Outcome::TlsFailure, By::Sender, Stage::Handshake) }
        } else if says(b"TLS required but not supported") {
            plain(Outcome::TlsFailure, By::Sender, Stage::Ehlo)
        } else if !self.connected
            && (says(b"refused") || says(b"timeout") || says(b"timed out") || says(b"unreachable") || says(b"No route"))
        {
            plain(Outcome::ConnectFailure, By::Unknown, Stage::Connect)
        } else if says(b"timeout") || says(b"timed out") {
            plain(Outcome::Timeout, By::Unknown, Stage::Unknown)
        } else if says(b"closed unexpectedly")
            || says(b"reset by peer")
            || says(b"unexpected eof")
            || says(b"Broken pipe")
        {
            plain(Outcome::RemoteClose, By::Receiver, Stage::Unknown)
        } else {
            plain(Outcome::Unclassified, By::Unknown, Stage::Unknown)
        }
    }
}

/// Why the queue gave up on a round (`mta_on_mx` of mta.c). A domain that names no host, or says
/// that it takes no mail, was not failed by the DNS.
fn without_session(stat: &[u8]) -> (Outcome, By, Stage) {
    match stat {
        b"Temporary failure in MX lookup" | b"Domain does not exist" => {
            (Outcome::ConnectFailure, By::Unknown, Stage::Connect)
        }
        _ => (Outcome::Local, By::Sender, Stage::Unknown),
    }
}

/// A 4xx or 5xx reply.
fn refusal(reply: &[u8], stage: Stage) -> Option<Found<'_>> {
    let outcome = match reply {
        [b'4', b'0'..=b'9', b'0'..=b'9', ..] => Outcome::Deferral,
        [b'5', b'0'..=b'9', b'0'..=b'9', ..] => Outcome::Rejection,
        _ => return None,
    };
    Some(Found { reply, ..Found::new(outcome, By::Receiver, stage) })
}
