//! Microsoft Exchange, SMTP Send protocol log (2010 and later): the dialogue of each session.
//!
//! Source: Microsoft, "Protocol logging" (Exchange Server documentation): one CSV row for
//! each line sent (`>`), received (`<`), connection (`+`), disconnection (`-`) and remark
//! (`*`), under a session id; times are UTC. Sessions interleave; their rows stand in order.
//!
//! Rows of connectors inside the organisation (ports 2525, 475, 717 and 465) say nothing of
//! deliveries to receivers.

use std::collections::VecDeque;

use memchr::{memchr, memmem, memrchr};

use super::envelope::{Envelope, Process};
use super::keyed::{Keyed, Session, Step, lines_with};
use super::ledger::Fate;
use super::text::{Entry, Grammar, TextLog};
use super::{Ends, Event, KeptLine, LogClock, LogFormat, LogReader, Opening, Sink, Survey};
use crate::formats::Head;
use crate::intake::lines_of;
use crate::smtp::{By, Outcome, Stage, TlsUse};
use crate::time::{Stamp, parse_rfc3339};

/// The Send protocol log.
pub struct Exchange;

impl LogFormat for Exchange {
    fn name(&self) -> &str {
        "exchange-send"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let says = |line: &[u8]| line.starts_with(b"#Log-type: SMTP Send Protocol Log");
        if lines_of(head.bytes).take(16).any(says) {
            return Some("its head says SMTP Send Protocol Log".to_owned());
        }
        // A part of a file has no head.
        let rows = lines_of(head.bytes).take(40).filter(|l| Row::of(l).is_some()).count();
        let commands = lines_of(head.bytes).take(40).filter_map(Row::of).filter(|r| r.event == b'>').count();
        (rows >= 3 && commands > 0).then(|| format!("{rows} of its first rows are those of a Send protocol log"))
    }

    fn cannot_show(&self) -> Vec<&str> {
        vec![
            "the name of the MX host before its greeting: failed connections show its address only",
            "why a TLS handshake failed, beyond the name of an error",
            "sessions of connectors whose protocol logging is off",
        ]
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        Survey::of_moments(lines_of(head.bytes).find_map(|l| Row::of(l).map(|r| r.at)))
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        Box::new(TextLog::<Rows>::new(opening))
    }
}

/// One row: `date-time,connector-id,session-id,sequence-number,local-endpoint,
/// remote-endpoint,event,data,context`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row<'a> {
    at: Stamp,
    session: &'a [u8],
    sequence: &'a [u8],
    local: &'a [u8],
    remote: &'a [u8],
    event: u8,
    data: &'a [u8],
    context: &'a [u8],
}

impl<'a> Row<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let (time, rest) = cell(line)?;
        let at = parse_rfc3339(std::str::from_utf8(time).ok()?).ok()?;
        let (_connector, rest) = cell(rest)?;
        let (session, rest) = cell(rest)?;
        let (sequence, rest) = cell(rest)?;
        let (local, rest) = cell(rest)?;
        let (remote, rest) = cell(rest)?;
        let (event, rest) = cell(rest)?;
        let (data, context) = cell(rest)?;
        let [event @ (b'+' | b'-' | b'>' | b'<' | b'*')] = *event else { return None };
        let shaped = !session.is_empty() && sequence.iter().all(u8::is_ascii_digit);
        shaped.then_some(Row { at, session, sequence, local, remote, event, data, context: unquoted(context) })
    }

    /// Whether the other side is a server of the same organisation.
    fn is_internal(&self) -> bool {
        let port = memrchr(b':', self.remote).map_or(&[][..], |at| &self.remote[at + 1..]);
        matches!(port, b"2525" | b"475" | b"717" | b"465")
    }
}

/// A cell of a CSV row without its quotes, and what follows its comma.
fn cell(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.first() != Some(&b'"') {
        let end = memchr(b',', text)?;
        return Some((&text[..end], &text[end + 1..]));
    }
    let mut from = 1;
    loop {
        let quote = from + memchr(b'"', text.get(from..)?)?;
        match text.get(quote + 1) {
            Some(b'"') => from = quote + 2,
            Some(b',') => return Some((&text[1..quote], &text[quote + 2..])),
            _ => return None,
        }
    }
}

fn unquoted(cell: &[u8]) -> &[u8] {
    cell.strip_prefix(b"\"").and_then(|c| c.strip_suffix(b"\"")).unwrap_or(cell)
}

/// `192.0.2.7:25` or `[2001:db8::1]:25` without its port.
fn address_of(endpoint: &[u8]) -> &[u8] {
    let address = memrchr(b':', endpoint).map_or(endpoint, |at| &endpoint[..at]);
    address.strip_prefix(b"[").and_then(|a| a.strip_suffix(b"]")).unwrap_or(address)
}

/// The sessions of one log.
struct Rows(Keyed<Dialogue>);

impl Grammar for Rows {
    fn fresh() -> Self {
        Self(Keyed::new(false))
    }

    fn resumed() -> Self {
        Self(Keyed::new(true))
    }

    fn open<'a>(line: &'a [u8], _clock: &mut LogClock) -> Option<Envelope<'a>> {
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
    /// The domain of the transaction's last recipient.
    rcpt_domain: Vec<u8>,
    accepted: u32,
    refused: u32,
    /// A fault of this session was told: a close that follows is its consequence.
    told: bool,
    /// Since when the session has been at work on what comes next.
    since: Option<Stamp>,
}

/// Commands in flight that are remembered; no client pipelines more.
const MOST_AWAITED: usize = 256;

impl Session for Dialogue {
    // The longest time-out of a session is that of the end of data.
    const REACH_MS: i64 = 15 * 60_000;

    fn opens(entry: &Entry<'_>) -> bool {
        Row::of(entry.line).is_some_and(|r| r.sequence == b"0")
    }

    fn take(&mut self, entry: &Entry<'_>, earlier: &[KeptLine], sink: &mut dyn Sink) -> Step {
        let Some(row) = Row::of(entry.line) else { return Step::Passed };
        let mut at_work = Told { entry, earlier, row, sink };
        match row.event {
            b'+' => {
                self.since = Some(row.at);
                self.awaited.push_back(Awaited::Greeting);
            }
            b'>' => self.sent(row.data),
            b'<' => self.received(&mut at_work),
            b'-' => {
                self.closed(&mut at_work);
                return Step::Closed;
            }
            _ => self.remarked(&mut at_work),
        }
        // What recipients are called and what EHLO offers is no evidence of the outcome.
        let is_chatter = row.event == b'>' && row.data.starts_with(b"RCPT") || row.data.starts_with(b"250-");
        if is_chatter { Step::Passed } else { Step::Kept }
    }
}

/// A row being understood, and where its events go.
struct Told<'a, 'b> {
    entry: &'b Entry<'a>,
    earlier: &'b [KeptLine],
    row: Row<'a>,
    sink: &'b mut dyn Sink,
}

impl Dialogue {
    fn sent(&mut self, command: &[u8]) {
        if self.awaited.len() >= MOST_AWAITED {
            self.awaited.pop_front();
        }
        let word = |w: &[u8]| command.len() >= w.len() && command[..w.len()].eq_ignore_ascii_case(w);
        let awaited = if word(b"EHLO") || word(b"HELO") {
            Awaited::Command(Stage::Ehlo)
        } else if word(b"STARTTLS") {
            Awaited::Command(Stage::Starttls)
        } else if word(b"MAIL") {
            (self.accepted, self.refused) = (0, 0);
            Awaited::Command(Stage::Mail)
        } else if word(b"RCPT") {
            let address = command.rsplit(|b| *b == b'<').next().and_then(|a| a.split(|b| *b == b'>').next());
            let domain = address.and_then(|a| memrchr(b'@', a).map(|at| &a[at + 1..]));
            self.rcpt_domain = domain.unwrap_or_default().to_vec();
            Awaited::Command(Stage::Rcpt)
        } else if word(b"DATA") {
            Awaited::Command(Stage::Data)
        } else if word(b"BDAT") {
            // Only the last chunk ends the message.
            let last = command.to_ascii_uppercase().ends_with(b"LAST");
            Awaited::Command(if last { Stage::EndOfData } else { Stage::Data })
        } else {
            Awaited::Aside
        };
        self.awaited.push_back(awaited);
    }

    fn received(&mut self, told: &mut Told<'_, '_>) {
        if !self.reply.is_empty() {
            self.reply.push(b' ');
        }
        self.reply.extend_from_slice(told.row.data);
        if told.row.data.get(3) == Some(&b'-') {
            return;
        }
        let reply = std::mem::take(&mut self.reply);
        let code = told.row.data.first().copied().unwrap_or_default();
        let awaited = self.awaited.pop_front();
        match (code, awaited) {
            (b'2', Some(Awaited::Greeting)) => self.mx_host = greeting_host(&reply),
            (b'2', Some(Awaited::Command(Stage::Starttls))) => self.handshaking = true,
            (b'2', Some(Awaited::Command(Stage::Rcpt))) => self.accepted += 1,
            (b'3', Some(Awaited::Command(Stage::Data))) => {
                self.awaited.push_front(Awaited::Command(Stage::EndOfData));
            }
            (b'2', Some(Awaited::Command(Stage::EndOfData))) => {
                let recipients = self.accepted.max(1);
                self.tell(told, Outcome::Delivered, By::Receiver, Stage::EndOfData, &reply, recipients);
                (self.accepted, self.refused) = (0, 0);
            }
            (b'4' | b'5', Some(Awaited::Greeting)) => self.refuse(told, Stage::Banner, &reply),
            (b'4' | b'5', Some(Awaited::Command(stage))) => self.refuse(told, stage, &reply),
            // An answer that nothing asked for: an idle connection is shut.
            (b'4' | b'5', None) => self.refuse(told, Stage::Unknown, &reply),
            _ => {}
        }
    }

    fn refuse(&mut self, told: &mut Told<'_, '_>, stage: Stage, reply: &[u8]) {
        // DATA after nothing but refused recipients is answered for their sake.
        if matches!(stage, Stage::Data | Stage::EndOfData) && self.accepted == 0 && self.refused > 0 {
            return;
        }
        let outcome = if reply.starts_with(b"5") { Outcome::Rejection } else { Outcome::Deferral };
        self.refused += u32::from(stage == Stage::Rcpt);
        self.tell(told, outcome, By::Receiver, stage, reply, 1);
        // A refusal of one command leaves the session as it was, unless it is shut.
        self.told |= reply.starts_with(b"421") || matches!(stage, Stage::Banner | Stage::Ehlo | Stage::Starttls);
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
            self.tell(told, outcome, by, Stage::Handshake, &[], 1);
        } else if remark.starts_with(b"TLS protocol ") && memmem::find(remark, b"negotiation succeeded").is_some() {
            (self.handshaking, self.tls) = (false, Some(TlsUse::Established));
        } else if remark.starts_with(b"Failed to connect") {
            self.told = true;
            self.tell(told, Outcome::ConnectFailure, By::Unknown, Stage::Connect, &[], 1);
        }
    }

    /// `Local`, `Remote`, `Remote(SocketError)`, `Remote(ConnectionReset)`.
    fn closed(&mut self, told: &mut Told<'_, '_>) {
        if self.told {
            return;
        }
        let remote = told.row.context.starts_with(b"Remote");
        let stage = match self.awaited.front() {
            _ if self.handshaking => Stage::Handshake,
            Some(Awaited::Greeting) => Stage::Banner,
            Some(Awaited::Command(stage)) => *stage,
            Some(Awaited::Aside) => return,
            // Recipients were accepted, and the message was not.
            None if self.accepted > 0 => Stage::Data,
            None => return,
        };
        if stage == Stage::Handshake {
            self.tls = Some(TlsUse::Failed);
        }
        let (outcome, by) =
            if remote { (Outcome::RemoteClose, By::Receiver) } else { (Outcome::Unclassified, By::Sender) };
        self.tell(told, outcome, by, stage, &[], 1);
    }

    fn tell(&mut self, told: &mut Told<'_, '_>, outcome: Outcome, by: By, stage: Stage, reply: &[u8], recipients: u32) {
        let Told { entry, earlier, row, sink } = told;
        let further = stage == Stage::Rcpt && self.accepted + self.refused > 1 && outcome != Outcome::Delivered;
        let lines = lines_with(earlier, entry);
        let tls = self.tls.unwrap_or(match stage {
            Stage::Connect | Stage::Banner | Stage::Ehlo | Stage::Starttls => TlsUse::Unknown,
            _ => TlsUse::None,
        });
        sink.event(&Event {
            outcome,
            by,
            stage,
            tls,
            reply,
            mx_host: &self.mx_host,
            mx_ip: address_of(row.remote),
            source_ip: address_of(row.local),
            session: row.session,
            rcpt_domain: if matches!(stage, Stage::Rcpt | Stage::Data | Stage::EndOfData) {
                &self.rcpt_domain
            } else {
                &[]
            },
            weight: u32::from(!further),
            recipients,
            lasted_ms: self.since.and_then(|since| u32::try_from(row.at.millis() - since.millis()).ok()),
            detail: row.context,
            lines: &lines,
            ..Event::at(row.at, entry.exhibit, entry.number)
        });
        self.since = Some(row.at);
    }
}

/// `220 mx.example ESMTP …`: the host that greets.
fn greeting_host(reply: &[u8]) -> Vec<u8> {
    let name = reply.get(4..).unwrap_or_default().split(|b| *b == b' ').next().unwrap_or_default();
    if memchr(b'.', name).is_some() { name.to_vec() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::Exchange;
    use crate::formats::Head;
    use crate::formats::logs::LogFormat as _;
    use crate::formats::logs::testing::{assert_damage_is_survived, assert_splits_agree, events, read};

    const HEAD: &str = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Send Protocol Log\r\n#Date: 2019-03-21T13:01:06.525Z\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n";

    /// A session's rows, numbered, from `event|data|context`. Shapes: Microsoft's page, and
    /// rows of Exchange 2016 that users published (times, names and addresses are ours).
    fn session(id: &str, second: u32, rows: &[&str]) -> String {
        let line = |(n, row): (usize, &&str)| {
            let local = if n < 2 { "" } else { "192.168.1.100:44276" };
            let at = format!("2019-03-21T13:00:{:02}.{:03}Z", second + n as u32 / 10, n % 10 * 100);
            format!("{at},Outbound,{id},{n},{local},142.251.2.27:25,{}\r\n", row.replace('|', ","))
        };
        rows.iter().enumerate().map(line).collect()
    }

    const BEGIN: [&str; 4] = [
        "*|SendRoutingHeaders|Set Session Permissions",
        "*||attempting to connect",
        "+||",
        "<|220 mx.google.com ESMTP a1-20020a17si123456.7 - gsmtp|",
    ];

    fn with(rows: &[&'static str]) -> Vec<&'static str> {
        [&BEGIN[..], rows].concat()
    }

    fn delivered() -> Vec<&'static str> {
        with(&[
            ">|EHLO mail.sender.example|",
            "<|250  mx.google.com at your service SIZE 157286400 8BITMIME STARTTLS|",
            ">|STARTTLS|",
            "<|220 2.0.0 Ready to start TLS|",
            "*||\"TLS protocol SP_PROT_TLS1_2_CLIENT negotiation succeeded using bulk encryption algorithm CALG_AES_256\"",
            ">|EHLO mail.sender.example|",
            "<|250  mx.google.com at your service SIZE 157286400 8BITMIME|",
            "*|8912|\"sending message with RecordId 8912 and InternetMessageId <1@sender.example>\"",
            ">|MAIL FROM:<news@sender.example> SIZE=5120|",
            ">|RCPT TO:<a@gmail.com>|",
            "<|250 2.1.0 OK a1-20020a17si123456.7 - gsmtp|",
            "<|250 2.1.5 OK a1-20020a17si123456.7 - gsmtp|",
            ">|BDAT 5120 LAST|",
            "<|250 2.0.0 OK  1553173246 a1-20020a17si123456.7 - gsmtp|",
            ">|QUIT|",
            "<|221 2.0.0 closing connection a1-20020a17si123456.7 - gsmtp|",
            "-||Local",
        ])
    }

    fn short(text: &str) -> Vec<String> {
        let cut = |e: &String| {
            let e = e.split_once(" node=").map_or(e.clone(), |(a, b)| {
                let to = b.split(" to=").nth(1).and_then(|t| t.split(' ').next()).unwrap_or_default();
                let weight = b.split(" weight=").nth(1).and_then(|t| t.split(' ').next()).unwrap_or_default();
                format!("{a} to={to} weight={weight}")
            });
            e.split_once("Z ").map_or(e.clone(), |(_, rest)| rest.to_owned())
        };
        events(&Exchange, &format!("{HEAD}{text}")).iter().map(cut).collect()
    }

    const FROM: &str = "mx=mx.google.com[142.251.2.27] from=192.168.1.100|";

    #[test]
    fn a_delivery_over_tls() {
        assert_eq!(
            short(&session("08D6A8D416004F77", 0, &delivered())),
            [format!("delivered by receiver at end_of_data tls=established {FROM} to=gmail.com weight=1")]
        );
    }

    #[test]
    fn refusals_at_each_stage() {
        let at = |rows: &[&'static str]| short(&session("08D6A8D416004F78", 0, &with(rows)));
        let refused = |what: &str| vec![format!("{what} {FROM} to= weight=1")];
        assert_eq!(
            at(&[">|EHLO x|", "<|421 4.7.0 Try again later, closing connection. (EHLO)|", "-||Remote"]),
            refused("deferral by receiver at ehlo tls=unknown")
        );
        // esp trap 43: an answer to STARTTLS is the receiver's decision, not a handshake.
        assert_eq!(
            at(&[
                ">|EHLO x|",
                "<|250 mx.google.com STARTTLS|",
                ">|STARTTLS|",
                "<|454 4.7.0 TLS not available|",
                "-||Remote"
            ]),
            refused("deferral by receiver at starttls tls=unknown")
        );
        let greeting = session(
            "1",
            0,
            &[
                BEGIN[0],
                BEGIN[1],
                BEGIN[2],
                "<|\"421-4.7.0 Try again later,\"|",
                "<|421 4.7.0 closing connection|",
                "-||Remote",
            ],
        );
        let told = read(&Exchange, &[greeting.as_bytes()]);
        assert_eq!(told.events.len(), 1, "{:?}", told.events);
        assert!(
            told.events[0].ends_with("reply=421-4.7.0 Try again later, 421 4.7.0 closing connection detail="),
            "{:?}",
            told.events
        );
    }

    #[test]
    fn what_a_handshake_failed_of() {
        let starttls = [">|EHLO x|", "<|250 mx.google.com STARTTLS|", ">|STARTTLS|", "<|220 2.0.0 Ready to start TLS|"];
        let at = |rows: &[&'static str]| short(&session("2", 0, &with(&[&starttls[..], rows].concat())));
        let failed = |what: &str| vec![format!("{what} at handshake tls=failed {FROM} to= weight=1")];
        assert_eq!(
            at(&["*||TLS negotiation failed with error SocketError", "-||Remote(SocketError)"]),
            failed("remote_close by unknown")
        );
        assert_eq!(
            at(&["*||TLS negotiation failed with error NoCredentials", "-||Local"]),
            failed("tls_failure by sender")
        );
        assert_eq!(at(&["-||Remote(ConnectionReset)"]), failed("remote_close by receiver"));
    }

    #[test]
    fn closes_and_quiet_ends() {
        let mut cut = delivered();
        cut.truncate(16);
        cut.push("-||Remote(ConnectionReset)");
        assert_eq!(
            short(&session("3", 0, &cut)),
            [format!("remote_close by receiver at data tls=established {FROM} to=gmail.com weight=1")]
        );
        // After a delivery an idle connection may end as it likes.
        let mut idle = delivered();
        idle.truncate(18);
        idle.push("-||Remote");
        assert_eq!(short(&session("4", 0, &idle)).len(), 1);
    }

    #[test]
    fn recipients_of_one_transaction_are_one_attempt() {
        let rows = with(&[
            ">|MAIL FROM:<news@sender.example>|",
            ">|RCPT TO:<a@gmail.com>|",
            ">|RCPT TO:<b@gmail.com>|",
            "<|250 2.1.0 OK|",
            "<|550-5.1.1 The email account that you tried to reach does not exist.|",
            "<|550 5.1.1 Please try - gsmtp|",
            "<|450 4.2.1 The user you are trying to contact is receiving mail too quickly - gsmtp|",
            ">|QUIT|",
            "<|221 2.0.0 bye|",
            "-||Local",
        ]);
        let weights: Vec<_> =
            short(&session("5", 0, &rows)).iter().map(|e| e.chars().last().unwrap_or_default()).collect();
        assert_eq!(weights, ['1', '0']);
    }

    #[test]
    fn sessions_interleave_and_internal_connectors_are_not_deliveries() {
        // esp trap 32: interleaved sessions, an empty local endpoint before the connection.
        let (a, b) = (session("A", 0, &delivered()), session("B", 0, &delivered()));
        let mixed: String = a.lines().zip(b.lines()).map(|(a, b)| format!("{a}\r\n{b}\r\n")).collect();
        let internal = a.replace(",A,", ",C,").replace("142.251.2.27:25", "10.0.0.2:2525");
        let text = format!("{HEAD}{mixed}{internal}");
        let told = read(&Exchange, &[text.as_bytes()]);
        assert_eq!(told.events.len(), 2);
        assert_eq!(told.unrecognised, Vec::<u64>::new());
        assert!(Exchange.recognise(Head { bytes: text.as_bytes(), whole: true }).is_some());
        assert!(Exchange.recognise(Head { bytes: mixed.as_bytes(), whole: true }).is_some());
        assert_splits_agree(&Exchange, text.as_bytes());
        assert_damage_is_survived(&Exchange, text.as_bytes());
    }
}
