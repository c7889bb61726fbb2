//! One session of the log: commands matched with their answers, and how it ended.

use std::collections::VecDeque;

use memchr::{memmem, memrchr};

use super::known_ip;
use super::log::{Said, said};
use super::verdict::SENT_IN_CLEAR;
use super::wording::{is_coded, of_error, queue_parts};
use crate::formats::logs::handshake;
use crate::formats::logs::keyed::{Session, Step, lines_with};
use crate::formats::logs::text::Entry;
use crate::formats::logs::{Event, KeptLine, Sink};
use crate::smtp::{By, Outcome, Stage, TlsUse};

/// What a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Command(Stage),
    /// A command whose answer says nothing of a delivery: RSET, QUIT, AUTH.
    Aside,
}

/// Commands in flight that are remembered; no client pipelines more.
const MOST_AWAITED: usize = 256;

/// One slot, from `starting` to `done`. It may try several hosts.
#[derive(Default)]
pub(super) struct Dialogue {
    /// The domain of the queue, where its name is one.
    queue_domain: Vec<u8>,
    vmta: Vec<u8>,
    connection: Connection,
    begun: bool,
    /// Whether any host was tried.
    tried: bool,
    /// Why the last host was skipped.
    skipped: Vec<u8>,
}

/// One connection of the session.
#[derive(Default)]
struct Connection {
    state: State,
    mx_host: Vec<u8>,
    mx_ip: Vec<u8>,
    source_ip: Vec<u8>,
    /// What the next replies answer, in order: commands are pipelined.
    awaited: VecDeque<Awaited>,
    /// Lines of a reply so far.
    reply: Vec<u8>,
    /// Whether it is known from its beginning.
    whole: bool,
    offers_starttls: bool,
    tls: Option<TlsUse>,
    /// Between the 220 of STARTTLS and the end of the handshake.
    handshaking: bool,
    /// What was said of a handshake that did not complete.
    tls_words: Vec<u8>,
    /// A refusal that the session may survive: of EHLO by HELO, of STARTTLS in clear text.
    pending: Option<(Stage, Vec<u8>)>,
    /// The domain of the transaction's last recipient.
    rcpt_domain: Vec<u8>,
    accepted: u32,
    refused: u32,
    /// The transaction was told of: what more is told of it is no further attempt.
    counted: bool,
    /// The fault that ended the connection was told.
    told: bool,
    /// Kept lines before the first MAIL: they belong to each message's session.
    opening: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    None,
    Connecting,
    Connected,
}

impl Session for Dialogue {
    // PowerMTA waits for ten minutes at most.
    const REACH_MS: i64 = 15 * 60_000;

    fn opens(entry: &Entry<'_>) -> bool {
        matches!(said(entry.text()), Said::Starting(_))
    }

    fn take(&mut self, entry: &Entry<'_>, earlier: &[KeptLine], sink: &mut dyn Sink) -> Step {
        let said = said(entry.text());
        // Without a slot a line is a trace's, or some other part of PowerMTA's.
        if entry.envelope.process.whole.is_empty() && !self.begun && !matches!(said, Said::Starting(_)) {
            return Step::Closed;
        }
        let mut teller = Teller { entry, earlier, sink, queue_domain: &self.queue_domain, vmta: &self.vmta };
        let connection = &mut self.connection;
        match said {
            Said::Starting(queue) => {
                self.begun = true;
                let (domain, vmta) = queue_parts(queue);
                (self.queue_domain, self.vmta) = (domain.to_vec(), vmta.to_vec());
            }
            Said::Connecting(local, (host, ip)) => {
                connection.over(&mut teller);
                self.tried = true;
                *connection = Connection {
                    state: State::Connecting,
                    mx_host: host.to_vec(),
                    mx_ip: ip.to_vec(),
                    source_ip: known_ip(local).to_vec(),
                    awaited: VecDeque::from([Awaited::Command(Stage::Banner)]),
                    whole: true,
                    ..Connection::default()
                };
            }
            Said::Connected(local) => {
                connection.state = State::Connected;
                connection.source_ip = local.to_vec();
            }
            Said::Received(line) => {
                connection.state = State::Connected;
                return connection.received(line, &mut teller);
            }
            Said::Sent(command) => connection.sent(command, earlier.len()),
            Said::Tls(words) => return connection.tls_said(words),
            Said::Skipped(why) => self.skipped = why.to_vec(),
            Said::Error => connection.failed(&mut teller),
            Said::Closed => connection.over(&mut teller),
            Said::Done => {
                connection.over(&mut teller);
                if !self.skipped.is_empty() && !self.tried {
                    let none = Connection::default();
                    teller.tell(&none, Outcome::Local, By::Sender, Stage::Unknown, &[], &self.skipped);
                }
                return Step::Closed;
            }
            Said::Unreadable | Said::Other => return Step::Passed,
        }
        Step::Kept
    }
}

impl Connection {
    fn sent(&mut self, command: &[u8], kept: usize) {
        let word = |w: &[u8]| command.get(..w.len()).is_some_and(|c| c.eq_ignore_ascii_case(w));
        if self.handshaking && self.tls_words.is_empty() {
            // Without `log-tls`: the dialogue goes on, so the handshake completed.
            (self.handshaking, self.tls) = (false, Some(TlsUse::Established));
        }
        let awaited = if word(b"EHLO") || word(b"HELO") {
            self.pending = None;
            Awaited::Command(Stage::Ehlo)
        } else if word(b"STARTTLS") {
            Awaited::Command(Stage::Starttls)
        } else if word(b"MAIL") {
            self.pending = None;
            (self.accepted, self.refused, self.counted) = (0, 0, false);
            self.opening.get_or_insert(kept);
            Awaited::Command(Stage::Mail)
        } else if word(b"RCPT") {
            let address = command.rsplit(|b| *b == b'<').next().and_then(|a| a.split(|b| *b == b'>').next());
            let domain = address.and_then(|a| memrchr(b'@', a).and_then(|at| a.get(at + 1..)));
            self.rcpt_domain = domain.unwrap_or_default().to_vec();
            Awaited::Command(Stage::Rcpt)
        } else if word(b"DATA") {
            Awaited::Command(Stage::Data)
        } else if word(b"BDAT") {
            // Only the last chunk ends the message.
            let last = command.to_ascii_uppercase().ends_with(b"LAST");
            Awaited::Command(if last { Stage::EndOfData } else { Stage::Data })
        } else if command == b"." {
            if self.awaited.back() == Some(&Awaited::Command(Stage::EndOfData)) {
                return;
            }
            Awaited::Command(Stage::EndOfData)
        } else {
            Awaited::Aside
        };
        if self.awaited.len() >= MOST_AWAITED {
            self.awaited.pop_front();
        }
        self.awaited.push_back(awaited);
    }

    fn received(&mut self, line: &[u8], teller: &mut Teller<'_, '_>) -> Step {
        // Lines of a reply have one code; where lines are missing between two replies, the first
        // of them is the answer that counts.
        let is_another = is_coded(&self.reply) && is_coded(line) && self.reply.get(..3) != line.get(..3);
        if !is_another {
            if !self.reply.is_empty() {
                self.reply.push(b' ');
            }
            self.reply.extend_from_slice(line);
        }
        if !is_coded(line) || line.get(3) == Some(&b'-') {
            let of_ehlo = self.awaited.front() == Some(&Awaited::Command(Stage::Ehlo));
            let offers = line.get(4..).is_some_and(|w| w.trim_ascii().eq_ignore_ascii_case(b"STARTTLS"));
            self.offers_starttls |= of_ehlo && offers;
            // What else EHLO offers is no evidence of the outcome.
            return if of_ehlo && line.starts_with(b"2") && !offers { Step::Passed } else { Step::Kept };
        }
        let reply = std::mem::take(&mut self.reply);
        let awaited = self.awaited.pop_front();
        match (if is_another { reply.first() } else { line.first() }, awaited) {
            (Some(b'2'), Some(Awaited::Command(Stage::Ehlo))) => {
                self.offers_starttls |= line.get(4..).is_some_and(|w| w.trim_ascii().eq_ignore_ascii_case(b"STARTTLS"));
            }
            (Some(b'2'), Some(Awaited::Command(Stage::Starttls))) => self.handshaking = true,
            (Some(b'2'), Some(Awaited::Command(Stage::Rcpt))) => self.accepted += 1,
            (Some(b'3'), Some(Awaited::Command(Stage::Data))) => {
                self.awaited.push_front(Awaited::Command(Stage::EndOfData));
            }
            (Some(b'2'), Some(Awaited::Command(Stage::EndOfData))) => {
                teller.tell(self, Outcome::Delivered, By::Receiver, Stage::EndOfData, &reply, &[]);
                self.counted = true;
                return self.back_to_opening();
            }
            (Some(b'4' | b'5'), Some(Awaited::Command(stage))) => self.refuse(stage, reply, teller),
            // An answer that nothing asked for: an idle connection is shut.
            (Some(b'4' | b'5'), None) => self.refuse(Stage::Unknown, reply, teller),
            (_, Some(Awaited::Aside)) => return self.back_to_opening(),
            _ => {}
        }
        Step::Kept
    }

    /// Between two transactions only the opening of the session matters.
    fn back_to_opening(&self) -> Step {
        match self.opening {
            Some(lines) if self.awaited.is_empty() && !self.told => Step::Back(lines),
            _ => Step::Kept,
        }
    }

    fn refuse(&mut self, stage: Stage, reply: Vec<u8>, teller: &mut Teller<'_, '_>) {
        // DATA after nothing but refused recipients is answered for their sake.
        if matches!(stage, Stage::Data | Stage::EndOfData) && self.accepted == 0 && self.refused > 0 {
            return;
        }
        let shut = reply.starts_with(b"421");
        if matches!(stage, Stage::Ehlo | Stage::Starttls) && !shut {
            self.pending = Some((stage, reply));
            return;
        }
        self.refused += u32::from(stage == Stage::Rcpt);
        teller.tell(self, outcome_of(&reply), By::Receiver, stage, &reply, &[]);
        self.counted = true;
        self.told |= shut || stage == Stage::Banner;
    }

    fn tls_said(&mut self, words: &[u8]) -> Step {
        if words.starts_with(b"Cert:") {
            // `verified=no` is what opportunistic TLS always says.
            return Step::Passed;
        }
        if memmem::find(words, b" connected with ").is_some() {
            (self.handshaking, self.tls) = (false, Some(TlsUse::Established));
            // STARTTLS was answered, whether or not its answer was recognised: nothing may be in
            // flight during a handshake (RFC 3207, section 4).
            self.awaited.clear();
            self.reply.clear();
        } else {
            self.tls_words = words.to_vec();
        }
        Step::Kept
    }

    /// An error of PowerMTA's wording.
    fn failed(&mut self, teller: &mut Teller<'_, '_>) {
        let Some(verdict) = of_error(teller.entry.text()) else { return };
        let under_way = self.stage();
        // A connection that breaks between two transactions breaks no attempt.
        let idle = self.state == State::Connected && under_way.is_none() && verdict.reply.is_empty();
        if !idle && (!self.told || self.state == State::None) {
            let stage =
                if verdict.stage == Stage::Unknown { under_way.unwrap_or(Stage::Unknown) } else { verdict.stage };
            if stage == Stage::Handshake {
                self.tls = Some(TlsUse::Failed);
            }
            teller.tell(self, verdict.outcome, verdict.by, stage, verdict.reply, verdict.detail);
        }
        self.told = true;
    }

    /// The connection has ended, or was given up.
    fn over(&mut self, teller: &mut Teller<'_, '_>) {
        let text = teller.entry.text();
        match (self.state, self.told) {
            (State::None, _) | (_, true) => {}
            (State::Connecting, false) => {
                teller.tell(self, Outcome::ConnectFailure, By::Unknown, Stage::Connect, &[], &[]);
            }
            (State::Connected, false) => {
                if let Some((stage, reply)) = self.pending.take() {
                    teller.tell(self, outcome_of(&reply), By::Receiver, stage, &reply, &[]);
                } else if self.handshaking {
                    self.tls = Some(TlsUse::Failed);
                    let words = std::mem::take(&mut self.tls_words);
                    // Which side gave up is not said, unless the words are of the other's doing.
                    let (outcome, by) = handshake::fault(&words);
                    let by = if by == By::Receiver { by } else { By::Unknown };
                    teller.tell(self, outcome, by, Stage::Handshake, &[], &words);
                } else if let Some(stage) = self.stage() {
                    teller.tell(self, Outcome::Unclassified, By::Unknown, stage, &[], text);
                }
            }
        }
        (self.state, self.told) = (State::None, true);
    }

    /// What was under way; nothing between transactions.
    fn stage(&self) -> Option<Stage> {
        match self.awaited.front() {
            _ if self.state == State::Connecting => Some(Stage::Connect),
            _ if self.handshaking => Some(Stage::Handshake),
            Some(Awaited::Command(stage)) => Some(*stage),
            Some(Awaited::Aside) => None,
            None if self.accepted > 0 && !self.counted => Some(Stage::Data),
            None => None,
        }
    }
}

fn outcome_of(reply: &[u8]) -> Outcome {
    if reply.starts_with(b"5") { Outcome::Rejection } else { Outcome::Deferral }
}

/// The line at work, and where events go.
struct Teller<'a, 'b> {
    entry: &'b Entry<'a>,
    earlier: &'b [KeptLine],
    sink: &'b mut dyn Sink,
    queue_domain: &'b [u8],
    vmta: &'b [u8],
}

impl Teller<'_, '_> {
    fn tell(&mut self, connection: &Connection, outcome: Outcome, by: By, stage: Stage, reply: &[u8], detail: &[u8]) {
        let of_message = matches!(stage, Stage::Mail | Stage::Rcpt | Stage::Data | Stage::EndOfData);
        let tls = connection.tls.unwrap_or(match stage {
            Stage::Connect => TlsUse::None,
            _ if of_message && connection.whole => TlsUse::None,
            _ => TlsUse::Unknown,
        });
        let in_clear = outcome == Outcome::Delivered && tls == TlsUse::None && connection.offers_starttls;
        let recipients = match outcome {
            Outcome::Delivered => connection.accepted.max(1),
            _ => u32::from(of_message),
        };
        let lines = lines_with(self.earlier, self.entry);
        self.sink.event(&Event {
            outcome,
            by,
            stage,
            tls,
            reply,
            mx_host: &connection.mx_host,
            mx_ip: &connection.mx_ip,
            source_ip: &connection.source_ip,
            tag: self.vmta,
            rcpt_domain: if connection.rcpt_domain.is_empty() { self.queue_domain } else { &connection.rcpt_domain },
            weight: u32::from(!(of_message && connection.counted)),
            recipients,
            detail: if in_clear { SENT_IN_CLEAR } else { detail },
            lines: &lines,
            ..self.entry.event()
        });
    }
}
