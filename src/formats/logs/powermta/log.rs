//! The log (`pmta.log`) and `pmta trace`: the dialogue of each session.
//!
//! User's guide, `log-commands` and `trace`; lines of 2012 that an operator quotes. A line is
//! a local time without a zone, the slot of the connection (`(out 171)`, before 3.5 `( 20)`,
//! none in a trace), and what happened; **`>>>` is what the receiver said**. A session is
//! `starting QUEUE` to `done QUEUE`, and its slot is used again within the same second.
//!
//! What `pmta resolve --connect` prints has no times; it is a test of one host, and no log, and so
//! is a trace without a message.

use memchr::{memchr, memmem};

use super::dialogue::Dialogue;
use super::host_and_ip;
use super::wording::of_error;
use crate::formats::Head;
use crate::formats::logs::claim::first_lines;
use crate::formats::logs::envelope::{Envelope, Process, Stamped, Writers, local_stamp};
use crate::formats::logs::keyed::Keyed;
use crate::formats::logs::ledger::Fate;
use crate::formats::logs::survey::{Clues, survey};
use crate::formats::logs::text::{Entry, Grammar, TextLog};
use crate::formats::logs::{Ends, LogClock, LogFormat, LogReader, Note, Opening, Sink, Survey};

/// The log, and traces.
pub struct Log;

/// What is said of the log's contents.
const COMMANDS: Note = Note::Seen("commands");
const TLS: Note = Note::Seen("tls");

impl LogFormat for Log {
    fn name(&self) -> &str {
        "powermta-log"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let (mut all, mut stamps, mut slots, mut steps, mut lines) = (0, 0, 0, 0, 0);
        let mut mail = false;
        for line in first_lines(head.bytes) {
            all += 1;
            let Some((slot, text)) = stamped(line).map(|s| slot_of(s.rest())) else { continue };
            stamps += 1;
            let said = said(text);
            if slot.starts_with(b"in") || matches!(said, Said::Other | Said::Unreadable | Said::Error) {
                continue;
            }
            lines += 1;
            slots += usize::from(!slot.is_empty());
            steps += usize::from(!matches!(said, Said::Received(_) | Said::Sent(_)));
            mail |= matches!(said, Said::Sent(command) if command.trim_ascii_start().starts_with(b"MAIL "));
        }
        // A trace has no slots, but it says how its session begins and ends. Where no message is
        // in it, it tells of no attempt: it is a test, and the reader of transcripts takes it.
        // Lines that a text quotes are few among its own.
        (lines >= 2 && (slots >= 2 || (steps >= 2 && mail)) && stamps * 2 > all)
            .then(|| format!("{lines} of its first {all} lines are PowerMTA's notes on SMTP sessions"))
    }

    fn cannot_show(&self) -> Vec<&str> {
        vec![
            "message ids: its sessions cannot be tied to accounting records",
            "who closed a connection, unless an error such as EDISCON is logged",
            "sessions of domains whose logging is off, which is the default",
        ]
    }

    fn not_seen(&self, seen: &dyn Fn(Note) -> bool) -> Vec<String> {
        let mut told = Vec::new();
        if !seen(COMMANDS) {
            told.push("how sessions went: there are no SMTP commands and replies (log-commands is off)".to_owned());
        }
        if !seen(TLS) {
            told.push("TLS handshakes: there are no tls: lines (log-tls is off)".to_owned());
        }
        told
    }

    fn counted_by(&self) -> Vec<&str> {
        vec!["powermta"]
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        survey(head.bytes, &Clues { stamped, host: |_| None, ..Clues::default() })
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        Box::new(TextLog::<Sessions>::new(opening))
    }
}

/// `2019-02-07 22:31:24 `.
fn stamped(line: &[u8]) -> Option<Stamped<'_>> {
    let (stamp, rest) = line.split_at_checked(19)?;
    Some(Stamped::Local(local_stamp(stamp)?, rest.strip_prefix(b" ")?))
}

/// `(out 171)>>> …`: the slot, and what is said of it.
fn slot_of(rest: &[u8]) -> (&[u8], &[u8]) {
    let slot = rest.strip_prefix(b"(").and_then(|r| memchr(b')', r.get(..16).unwrap_or(r)).map(|end| r.split_at(end)));
    let Some((slot, text)) = slot else { return (&[], rest) };
    let slot = slot.trim_ascii();
    let number = slot.strip_prefix(b"out").or_else(|| slot.strip_prefix(b"in")).unwrap_or(slot).trim_ascii();
    if number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
        return (&[], rest);
    }
    let text = text.get(1..).unwrap_or_default();
    (slot, text.strip_prefix(b" ").unwrap_or(text))
}

/// What a line says of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// `starting QUEUE`.
    Starting(&'a [u8]),
    /// `connecting from H (IP) to H (IP)`, before 3.5 `connecting to H (IP)`: the local
    /// address, and the host with its own.
    Connecting(&'a [u8], (&'a [u8], &'a [u8])),
    /// `connected from [IP]:PORT`: the local address.
    Connected(&'a [u8]),
    /// `>>>`: a line from the receiver.
    Received(&'a [u8]),
    /// `<<<`: a line to the receiver.
    Sent(&'a [u8]),
    /// `tls:`.
    Tls(&'a [u8]),
    /// `skipped connecting to H (IP): WHY`.
    Skipped(&'a [u8]),
    /// An error in a form of its own.
    Error,
    /// `closed H (IP) in=… out=…`.
    Closed,
    /// `done QUEUE`.
    Done,
    /// A line that begins like one of these, and is none.
    Unreadable,
    /// Anything else.
    Other,
}

/// Takes the text of a line apart.
pub(super) fn said(text: &[u8]) -> Said<'_> {
    let after = |opening: &[u8]| text.strip_prefix(opening);
    if let Some(line) = after(b">>>").or_else(|| after(b"<<<")) {
        let line = line.strip_prefix(b" ").unwrap_or(line);
        return match text.first() {
            _ if is_dump(line) => Said::Other,
            Some(b'>') => Said::Received(line),
            _ => Said::Sent(line),
        };
    }
    if let Some(queue) = after(b"starting ").filter(|queue| is_queue(queue)) {
        return Said::Starting(queue);
    }
    if let Some(rest) = after(b"connecting from ").or_else(|| after(b"connecting to ").map(|_| text)) {
        return connecting(rest).unwrap_or(Said::Unreadable);
    }
    if let Some(local) = after(b"connected from ") {
        let ip = local.strip_prefix(b"[").and_then(|l| l.split(|b| *b == b']').next());
        let bare = || local.rsplitn(2, |b| *b == b':').last();
        return ip.or_else(bare).map_or(Said::Unreadable, Said::Connected);
    }
    if let Some(words) = after(b"tls:") {
        return Said::Tls(words);
    }
    if let Some(rest) = after(b"skipped connecting to ") {
        let why = memmem::find(rest, b"): ").and_then(|at| rest.get(at + 3..));
        return Said::Skipped(why.unwrap_or(rest));
    }
    if let Some(rest) = after(b"closed ") {
        return if memmem::find(rest, b" in=").is_some() { Said::Closed } else { Said::Unreadable };
    }
    if after(b"done ").is_some_and(is_queue) {
        return Said::Done;
    }
    if of_error(text).is_some() { Said::Error } else { Said::Other }
}

/// `aol.com`, `port25.com/{default}`.
fn is_queue(name: &[u8]) -> bool {
    memchr(b' ', name).is_none() && name.iter().any(|b| matches!(b, b'.' | b'/'))
}

/// `H (IP) to H (IP)`, or `connecting to H (IP)`.
fn connecting(rest: &[u8]) -> Option<Said<'_>> {
    if let Some(to) = rest.strip_prefix(b"connecting to ") {
        return Some(Said::Connecting(&[], host_and_ip(to)?));
    }
    let at = memmem::rfind(rest, b" to ")?;
    let (from, to) = rest.split_at_checked(at)?;
    let local = host_and_ip(from).map_or(&[][..], |(_, ip)| ip);
    Some(Said::Connecting(local, host_and_ip(to.get(4..)?)?))
}

/// `log-data` writes bytes: `rd 53`, `wr 24`, and lines of hex digits after each.
fn is_dump(line: &[u8]) -> bool {
    let count = line.strip_prefix(b"rd ").or_else(|| line.strip_prefix(b"wr "));
    count.is_some_and(|n| !n.is_empty() && n.iter().all(u8::is_ascii_digit))
}

/// The sessions of one log.
struct Sessions {
    sessions: Keyed<Dialogue>,
    seen_commands: bool,
    seen_tls: bool,
}

impl Sessions {
    fn new(resumed: bool) -> Self {
        Self { sessions: Keyed::new(resumed), seen_commands: false, seen_tls: false }
    }
}

impl Grammar for Sessions {
    fn fresh() -> Self {
        Self::new(false)
    }

    fn resumed() -> Self {
        Self::new(true)
    }

    fn open<'a>(line: &'a [u8], clock: &mut LogClock, _: &mut Writers) -> Option<Envelope<'a>> {
        let Stamped::Local(local, rest) = stamped(line)? else { return None };
        let (slot, text) = slot_of(rest);
        let process = Process { whole: slot, pid: slot, ..Process::default() };
        Some(Envelope { at: clock.zone_less(local), host: &[], process, text })
    }

    fn take(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        let slot = entry.envelope.process.whole;
        if slot.starts_with(b"in") {
            return Fate::Irrelevant;
        }
        match said(entry.text()) {
            Said::Other => return Fate::Irrelevant,
            Said::Unreadable => return Fate::Unrecognised,
            Said::Received(_) | Said::Sent(_) if !self.seen_commands => {
                self.seen_commands = true;
                sink.note(COMMANDS, entry.number, 0);
            }
            Said::Tls(_) if !self.seen_tls => {
                self.seen_tls = true;
                sink.note(TLS, entry.number, 0);
            }
            _ => {}
        }
        // A trace is one session without a slot.
        self.sessions.take(if slot.is_empty() { b"trace" } else { slot }, entry, sink);
        Fate::Used
    }

    fn conclude(&mut self, sink: &mut dyn Sink) {
        self.sessions.conclude(sink);
    }

    fn ends(self) -> Vec<(Box<[u8]>, Ends)> {
        self.sessions.ends()
    }
}
