//! The rows of one session, understood.

use std::collections::VecDeque;

use memchr::{memchr, memmem, memrchr};

use super::row::{Row, address_of};
use crate::formats::logs::envelope::{Envelope, Process, Writers};
use crate::formats::logs::event::EventLine;
use crate::formats::logs::keyed::{Keyed, Session, Step};
use crate::formats::logs::ledger::Fate;
use crate::formats::logs::text::{Entry, Grammar};
use crate::formats::logs::{Ends, Event, KeptLine, LogClock, Sink};
use crate::intake::Exhibit;
use crate::smtp::{By, Outcome, Stage, TlsUse};
use crate::time::Stamp;

/// The sessions of one log.
pub(super) struct Rows(Keyed<Dialogue>);

impl Grammar for Rows {
    fn fresh() -> Self {
        Self(Keyed::new(false))
    }

    fn resumed() -> Self {
        Self(Keyed::new(true))
    }

    fn open<'a>(line: &'a [u8], _clock: &mut LogClock, _: &mut Writers) -> Option<Envelope<'a>> {
        let row = Row::of(line)?;
        Some(Envelope {
            at: row.at,
            host: &[],
            process: Process { whole: row.session, ..Process::default() },
            text: line,
        })
    }

    fn take(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        let Some(row) = Row::of(entry.line) else { return Fate::Unrecognised };
        if row.is_internal() {
            return Fate::Irrelevant;
        }
        self.0.take(row.session, entry, sink);
        Fate::Used
    }

    fn unstamped(&mut self, line: &[u8]) -> Fate {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if line.starts_with(b"#") { Fate::Irrelevant } else { Fate::Unrecognised }
    }

    fn conclude(&mut self, sink: &mut dyn Sink) {
        self.0.conclude(sink);
    }

    fn ends(self) -> Vec<(Box<[u8]>, Ends)> {
        self.0.ends()
    }
}

/// What a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Greeting,
    Command(Stage),
    /// A command whose answer says nothing of a delivery: QUIT, RSET, AUTH.
    Aside,
}

/// One session.
#[derive(Default)]
struct Dialogue {
    /// What the next replies answer, in order: commands are pipelined.
    awaited: VecDeque<Awaited>,
    tls: Option<TlsUse>,
    /// Between the 220 of STARTTLS and the end of the handshake.
    handshaking: bool,
    mx_host: Vec<u8>,
    /// Lines of a reply so far.
    reply: Vec<u8>,
    /// How many of the kept rows stand before the first message.
    setup: Option<usize>,
    /// Between MAIL and what ends its transaction.
    in_transaction: bool,
    /// A message was tried before.
    has_tried: bool,
    /// Domains of the transaction's recipients that are not answered yet.
    asked: VecDeque<Vec<u8>>,
    /// The domain of the last recipient that was answered.
    rcpt_domain: Vec<u8>,
    accepted: u32,
    /// The first refused recipient: whether it counts is known when the transaction ends.
    waiting: Option<Refused>,
    /// A fault of this session was told: a close that follows is its consequence.
    told: bool,
    /// Since when the session has been at work on what comes next.
    since: Option<Stamp>,
}

/// A refused recipient.
struct Refused {
    /// Its row.
    exhibit: Exhibit,
    number: u64,
    reply: Vec<u8>,
    rcpt_domain: Vec<u8>,
}

/// Commands in flight that are remembered; no client pipelines more.
const MOST_AWAITED: usize = 1024;

/// Bytes of one reply that are read.
const LONGEST_REPLY: usize = 16 * 1024;

impl Session for Dialogue {
    // The longest time-out of a session is that of the end of data.
    const REACH_MS: i64 = 15 * 60_000;
    // Two rows for each recipient of one message.
    const MOST_LINES: usize = 512;

    fn opens(entry: &Entry<'_>) -> bool {
        Row::of(entry.line).is_some_and(|r| r.sequence == b"0")
    }

    fn take(&mut self, entry: &Entry<'_>, earlier: &[KeptLine], sink: &mut dyn Sink) -> Step {
        let Some(row) = Row::of(entry.line) else { return Step::Passed };
        let mut told = Told { entry: *entry, row, earlier, sink };
        match row.event {
            b'+' => {
                self.since = Some(row.at);
                self.awaited.push_back(Awaited::Greeting);
            }
            b'>' => self.sent(&mut told),
            b'<' => return self.received(&mut told),
            b'-' => {
                self.closed(&mut told);
                return Step::Closed;
            }
            _ => self.remarked(&mut told),
        }
        Step::Kept
    }

    fn conclude(&mut self, earlier: &[KeptLine], sink: &mut dyn Sink) {
        self.tell_waiting(false, earlier, sink);
    }
}

/// A row being understood, and where its events go.
struct Told<'a, 'b> {
    entry: Entry<'a>,
    row: Row<'a>,
    earlier: &'b [KeptLine],
    sink: &'b mut dyn Sink,
}

/// An outcome, understood.
struct Found<'a> {
    outcome: Outcome,
    by: By,
    stage: Stage,
    reply: &'a [u8],
    recipients: u32,
    weight: u32,
    /// Of a delivery, whether no message was tried in the session before.
    opened: Option<bool>,
}

impl<'a> Found<'a> {
    const fn new(outcome: Outcome, by: By, stage: Stage) -> Self {
        Self { outcome, by, stage, reply: &[], recipients: 1, weight: 1, opened: None }
    }

    fn refusal(stage: Stage, reply: &'a [u8]) -> Self {
        let outcome = if reply.starts_with(b"5") { Outcome::Rejection } else { Outcome::Deferral };
        Self { reply, ..Self::new(outcome, By::Receiver, stage) }
    }
}

impl Dialogue {
    fn sent(&mut self, told: &mut Told<'_, '_>) {
        if self.awaited.len() >= MOST_AWAITED {
            self.awaited.pop_front();
        }
        let command = told.row.data;
        let word = |w: &[u8]| command.get(..w.len()).is_some_and(|c| c.eq_ignore_ascii_case(w));
        let awaited = if word(b"EHLO") || word(b"HELO") {
            Awaited::Command(Stage::Ehlo)
        } else if word(b"STARTTLS") {
            Awaited::Command(Stage::Starttls)
        } else if word(b"MAIL") {
            self.end_transaction(false, told);
            self.setup.get_or_insert(told.earlier.len());
            self.in_transaction = true;
            Awaited::Command(Stage::Mail)
        } else if word(b"RCPT") {
            let address = command.rsplit(|b| *b == b'<').next().and_then(|a| a.split(|b| *b == b'>').next());
            let domain = address.and_then(|a| memrchr(b'@', a).map(|at| &a[at + 1..]));
            if self.asked.len() < MOST_AWAITED {
                self.asked.push_back(domain.unwrap_or_default().to_vec());
            }
            Awaited::Command(Stage::Rcpt)
        } else if word(b"DATA") {
            Awaited::Command(Stage::Data)
        } else if word(b"BDAT") {
            // Only the last chunk ends the message.
            let last = command.to_ascii_uppercase().ends_with(b"LAST");
            Awaited::Command(if last { Stage::EndOfData } else { Stage::Data })
        } else {
            if word(b"RSET") || word(b"QUIT") {
                self.end_transaction(false, told);
            }
            Awaited::Aside
        };
        self.awaited.push_back(awaited);
    }

    fn received(&mut self, told: &mut Told<'_, '_>) -> Step {
        let data = told.row.data;
        if self.reply.len() < LONGEST_REPLY {
            if !self.reply.is_empty() {
                self.reply.push(b' ');
            }
            self.reply.extend_from_slice(data);
        }
        if data.get(3) == Some(&b'-') {
            return Step::Kept;
        }
        let reply = std::mem::take(&mut self.reply);
        let code = data.first().copied().unwrap_or_default();
        let awaited = self.awaited.pop_front();
        if awaited == Some(Awaited::Command(Stage::Rcpt)) {
            self.rcpt_domain = self.asked.pop_front().unwrap_or_default();
        }
        match (code, awaited) {
            (b'2', Some(Awaited::Greeting)) => self.mx_host = greeting_host(&reply),
            (b'2', Some(Awaited::Command(Stage::Starttls))) => self.handshaking = true,
            (b'2', Some(Awaited::Command(Stage::Rcpt))) => self.accepted += 1,
            (b'3', Some(Awaited::Command(Stage::Data))) => {
                self.awaited.push_front(Awaited::Command(Stage::EndOfData));
            }
            (b'2', Some(Awaited::Command(Stage::EndOfData))) => {
                let (recipients, opened) = (self.accepted.max(1), Some(!self.has_tried));
                self.end_transaction(true, told);
                let delivered = Found::new(Outcome::Delivered, By::Receiver, Stage::EndOfData);
                self.tell(told, &Found { reply: &reply, recipients, opened, ..delivered });
            }
            (b'4' | b'5', Some(Awaited::Greeting)) => self.refuse(told, Stage::Banner, &reply),
            (b'4' | b'5', Some(Awaited::Command(stage))) => self.refuse(told, stage, &reply),
            // An answer that nothing asked for. After a message an idle connection is shut,
            // and no attempt is lost by it.
            (b'4' | b'5', None) if self.has_tried && !self.in_transaction => self.told = true,
            (b'4' | b'5', None) => self.refuse(told, Stage::Unknown, &reply),
            _ => {}
        }
        // After a join, so stands the end of a transaction of which no more was kept.
        self.has_tried |= awaited.is_none();
        match self.setup {
            Some(setup) if self.awaited.is_empty() && !self.in_transaction => {
                self.since = Some(told.row.at);
                Step::Since(setup)
            }
            _ => Step::Kept,
        }
    }

    fn refuse(&mut self, told: &mut Told<'_, '_>, stage: Stage, reply: &[u8]) {
        let of_message = matches!(stage, Stage::Rcpt | Stage::Data | Stage::EndOfData);
        // What was pipelined after a refused MAIL is refused for its sake.
        if of_message && !self.in_transaction {
            return;
        }
        if stage == Stage::Rcpt {
            if self.waiting.is_none() {
                let Entry { exhibit, number, .. } = told.entry;
                let (reply, rcpt_domain) = (reply.to_vec(), self.rcpt_domain.clone());
                self.waiting = Some(Refused { exhibit, number, reply, rcpt_domain });
            } else {
                self.tell(told, &Found { weight: 0, ..Found::refusal(stage, reply) });
            }
        } else if of_message && self.accepted == 0 && self.waiting.is_some() {
            // DATA after nothing but refused recipients is answered for their sake.
            self.end_transaction(false, told);
        } else {
            let recipients = if of_message { self.accepted.max(1) } else { 1 };
            self.end_transaction(of_message, told);
            self.tell(told, &Found { recipients, ..Found::refusal(stage, reply) });
        }
        // A refusal of one command leaves the session as it was, unless it is shut.
        self.told |= reply.starts_with(b"421") || matches!(stage, Stage::Banner | Stage::Ehlo | Stage::Starttls);
    }

    /// The transaction is over: `went_on` past its recipients, or not.
    fn end_transaction(&mut self, went_on: bool, told: &mut Told<'_, '_>) {
        self.tell_waiting(went_on, told.earlier, told.sink);
        self.has_tried |= self.in_transaction;
        (self.in_transaction, self.accepted) = (false, 0);
    }

    /// The refused recipient that waited: it counts unless its transaction went on.
    fn tell_waiting(&mut self, went_on: bool, earlier: &[KeptLine], sink: &mut dyn Sink) {
        let Some(Refused { exhibit, number, reply, rcpt_domain }) = self.waiting.take() else { return };
        let is_own = |kept: &KeptLine| kept.exhibit == exhibit && kept.number == number;
        let until = earlier.iter().position(is_own).map_or(0, |at| at + 1);
        let Some((own, row)) = earlier[..until].last().and_then(|own| Some((own, Row::of(&own.text)?))) else { return };
        let lines: Vec<_> = evidence(&earlier[..until]).collect();
        let refusal = Found { weight: u32::from(!went_on), ..Found::refusal(Stage::Rcpt, &reply) };
        let event = Event { rcpt_domain: &rcpt_domain, lines: &lines, ..self.event(&row, &refusal) };
        sink.event(&Event { exhibit: own.exhibit, line: own.number, ..event });
    }

    fn remarked(&mut self, told: &mut Told<'_, '_>) {
        let remark = told.row.context;
        if let Some(error) = remark.strip_prefix(b"TLS negotiation failed with error ") {
            (self.handshaking, self.told, self.tls) = (false, true, Some(TlsUse::Failed));
            // A socket error is a connection that broke, whoever broke it; the others name
            // what Windows' TLS library disliked.
            let (outcome, by) = match error {
                b"SocketError" => (Outcome::RemoteClose, By::Unknown),
                b"NoCredentials" | b"UnknownCredentials" => (Outcome::TlsFailure, By::Sender),
                _ => (Outcome::TlsFailure, By::Unknown),
            };
            self.tell(told, &Found::new(outcome, by, Stage::Handshake));
        } else if remark.starts_with(b"TLS protocol ") && memmem::find(remark, b"negotiation succeeded").is_some() {
            (self.handshaking, self.tls) = (false, Some(TlsUse::Established));
        } else if remark.starts_with(b"Failed to connect") {
            self.told = true;
            self.tell(told, &Found::new(Outcome::ConnectFailure, By::Unknown, Stage::Connect));
        }
    }

    /// `Local`, `Remote`, `Remote(SocketError)`, `Remote(ConnectionReset)`.
    fn closed(&mut self, told: &mut Told<'_, '_>) {
        let accepted = self.accepted;
        self.end_transaction(accepted > 0, told);
        if self.told {
            return;
        }
        let stage = match self.awaited.front() {
            _ if self.handshaking => Stage::Handshake,
            Some(Awaited::Greeting) => Stage::Banner,
            Some(Awaited::Command(stage)) => *stage,
            Some(Awaited::Aside) => return,
            // Recipients were accepted, and the message was not.
            None if accepted > 0 => Stage::Data,
            None => return,
        };
        if stage == Stage::Handshake {
            self.tls = Some(TlsUse::Failed);
        }
        let remote = told.row.context.starts_with(b"Remote");
        let (outcome, by) =
            if remote { (Outcome::RemoteClose, By::Receiver) } else { (Outcome::Unclassified, By::Sender) };
        self.tell(told, &Found { recipients: accepted.max(1), ..Found::new(outcome, by, stage) });
    }

    fn tell(&mut self, told: &mut Told<'_, '_>, found: &Found<'_>) {
        let lines: Vec<_> = evidence(told.earlier).chain(std::iter::once(told.entry.as_line())).collect();
        let event = Event { lines: &lines, ..self.event(&told.row, found) };
        told.sink.event(&Event { exhibit: told.entry.exhibit, line: told.entry.number, ..event });
        self.since = Some(told.row.at);
    }

    /// The event of a row; its place in the file is for the caller.
    fn event<'e>(&'e self, row: &Row<'e>, found: &Found<'e>) -> Event<'e> {
        let tls = self.tls.unwrap_or(match found.stage {
            Stage::Connect | Stage::Banner | Stage::Ehlo | Stage::Starttls => TlsUse::Unknown,
            _ => TlsUse::None,
        });
        let of_recipients = matches!(found.stage, Stage::Rcpt | Stage::Data | Stage::EndOfData);
        Event {
            outcome: found.outcome,
            by: found.by,
            stage: found.stage,
            tls,
            reply: found.reply,
            mx_host: &self.mx_host,
            mx_ip: address_of(row.remote),
            source_ip: address_of(row.local),
            session: row.session,
            rcpt_domain: if of_recipients { &self.rcpt_domain } else { &[] },
            weight: found.weight,
            recipients: found.recipients,
            opened: found.opened,
            lasted_ms: self.since.and_then(|since| u32::try_from(row.at.millis() - since.millis()).ok()),
            detail: row.context,
            ..Event::at(row.at, Exhibit(0), 0)
        }
    }
}

/// The kept rows that an event rests on: what recipients are called and what EHLO offers is
/// no evidence of the outcome.
fn evidence(earlier: &[KeptLine]) -> impl Iterator<Item = EventLine<'_>> {
    let is_chatter = |row: Row<'_>| row.event == b'>' && row.data.starts_with(b"RCPT") || row.data.starts_with(b"250-");
    earlier.iter().filter(move |kept| !Row::of(&kept.text).is_some_and(is_chatter)).map(|l| EventLine {
        exhibit: l.exhibit,
        number: l.number,
        text: &l.text,
    })
}

/// `220 mx.example ESMTP …`: the host that greets.
fn greeting_host(reply: &[u8]) -> Vec<u8> {
    let name = reply.get(4..).unwrap_or_default().split(|b| *b == b' ').next().unwrap_or_default();
    if memchr(b'.', name).is_some() { name.to_vec() } else { Vec::new() }
}
