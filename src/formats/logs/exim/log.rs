//! The lines of a log handed to their messages.

use super::line::{Host, Said, message_id, said};
use super::message::{Message, recipient_event};
use super::pieces::{Joined, Mark, Pieces, piece};
use super::reason::{is_retry_hint, reason};
use super::recipient::{Flag, Recipient};
use super::stamp::{open, own_stamp, without_pid};
use crate::formats::logs::envelope::{Envelope, Process, Stamped, Writers};
use crate::formats::logs::keyed::Keyed;
use crate::formats::logs::ledger::Fate;
use crate::formats::logs::text::{Entry, Grammar};
use crate::formats::logs::{Ends, Event, LogClock, Note, Sink};

/// The messages of one log.
pub(super) struct Messages {
    messages: Keyed<Message>,
    pieces: Pieces,
    /// Node and message id, to look a message up.
    key: Vec<u8>,
    shown: Shown,
}

/// What the log was seen to show; each is told once.
#[derive(Default)]
struct Shown {
    interface: bool,
    encryption: bool,
    duration: bool,
    process: bool,
    millis: bool,
    zone: bool,
}

/// Our end of a connection.
pub(super) const INTERFACE: Note = Note::Seen("exim I=");
/// The cipher of an encrypted delivery.
pub(super) const ENCRYPTION: Note = Note::Seen("exim X=");
/// How long a delivery took.
pub(super) const DURATION: Note = Note::Seen("exim DT=");
/// The process that logged.
pub(super) const PROCESS: Note = Note::Seen("exim pid");
/// Milliseconds.
pub(super) const MILLIS: Note = Note::Seen("exim ms");
/// The zone of the stamps.
pub(super) const ZONE: Note = Note::Seen("exim zone");

impl Grammar for Messages {
    fn fresh() -> Self {
        Self::new(false)
    }

    fn resumed() -> Self {
        Self::new(true)
    }

    fn open<'a>(line: &'a [u8], clock: &mut LogClock, _: &mut Writers) -> Option<Envelope<'a>> {
        open(line, clock)
    }

    fn take(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        match piece(entry.text()) {
            Some((mark, text)) => self.piece(entry, mark, text, sink),
            None => self.line(entry, sink),
        }
    }

    /// Headers in the reject log, and what hangs below a warning.
    fn unstamped(&mut self, line: &[u8]) -> Fate {
        // What is left of a line that lost its beginning is none of these.
        let is_rest = [&b" == "[..], b" => ", b" ** "].iter().any(|flag| memchr::memmem::find(line, flag).is_some())
            && memchr::memmem::find(line, b" T=").is_some();
        if is_rest { Fate::Unrecognised } else { Fate::Irrelevant }
    }

    fn conclude(&mut self, sink: &mut dyn Sink) {
        for joined in self.pieces.unfinished() {
            // A line cut short is told as far as it goes.
            self.whole(&joined, sink);
        }
        self.messages.conclude(sink);
    }

    fn ends(self) -> Vec<(Box<[u8]>, Ends)> {
        let mut ends = self.messages.ends();
        ends.extend(self.pieces.ends());
        ends
    }
}

impl Messages {
    fn new(resumed: bool) -> Self {
        Self { messages: Keyed::new(resumed), pieces: Pieces::new(resumed), key: Vec::new(), shown: Shown::default() }
    }

    fn line(&mut self, entry: &Entry<'_>, sink: &mut dyn Sink) -> Fate {
        let Some((id, rest)) = message_id(entry.text()) else { return Fate::Irrelevant };
        let said = said(rest);
        let fate = fate_of(&said);
        match said {
            Said::Recipient(told) => {
                self.show(entry, &told, sink);
                // Floods of these need no memory of their messages.
                if told.flag == Flag::Deferred && told.host.is_none() && is_retry_hint(told.text) {
                    let found = reason(told.text, told.error, false);
                    let own = entry.as_line();
                    let event = recipient_event(entry, &found, &told, Host::default());
                    sink.event(&Event { lines: &[own], ..event });
                    return fate;
                }
            }
            Said::Nothing | Said::Unreadable => return fate,
            _ => {}
        }
        self.key.clear();
        self.key.extend_from_slice(entry.envelope.host);
        self.key.push(b' ');
        self.key.extend_from_slice(id);
        self.messages.take(&self.key, entry, sink);
        fate
    }

    /// A piece of a long line. Its fate is its own, whatever became of the others.
    fn piece(&mut self, entry: &Entry<'_>, mark: Mark, text: &[u8], sink: &mut dyn Sink) -> Fate {
        let is_exims = entry.envelope.process.program.starts_with(b"exim");
        let fate = match mark.number {
            1 => fate_of_first(text),
            _ if is_exims => Fate::Used,
            // Of a name of the user's choice (syslog_processname), or of another daemon.
            _ => Fate::Irrelevant,
        };
        if let Some(joined) = self.pieces.take(entry, mark, text) {
            self.whole(&joined, sink);
        }
        fate
    }

    /// A line that was put together.
    fn whole(&mut self, joined: &Joined, sink: &mut dyn Sink) {
        let part = |(from, to): (usize, usize)| joined.line.get(from..to).unwrap_or_default();
        let text = joined.line.get(joined.text_from..).unwrap_or_default();
        let process = Process { pid: &[], ..Process::of(part(joined.process)) };
        let envelope = Envelope { at: joined.at, host: part(joined.node), process, text: without_stamp(text) };
        let entry = Entry { exhibit: joined.exhibit, number: joined.number, line: &joined.line, envelope };
        self.line(&entry, sink);
    }

    fn show(&mut self, entry: &Entry<'_>, told: &Recipient<'_>, sink: &mut dyn Sink) {
        let shown = &mut self.shown;
        let mut tell = |known: &mut bool, note: Note, now: bool| {
            if now && !*known {
                *known = true;
                sink.note(note, entry.number, 0);
            }
        };
        tell(&mut shown.interface, INTERFACE, !told.source_ip.is_empty());
        tell(&mut shown.encryption, ENCRYPTION, told.encrypted);
        tell(&mut shown.duration, DURATION, told.lasted_ms.is_some());
        tell(&mut shown.process, PROCESS, !entry.envelope.process.whole.is_empty());
        tell(&mut shown.millis, MILLIS, entry.envelope.at.millis() % 1000 != 0);
        tell(&mut shown.zone, ZONE, has_zone(entry.line));
    }
}

fn without_stamp(text: &[u8]) -> &[u8] {
    without_pid(own_stamp(text).map_or(text, Stamped::rest)).1
}

fn fate_of(said: &Said<'_>) -> Fate {
    match said {
        Said::Recipient(_) | Said::Failed(..) | Said::Symptom(..) | Said::InClear(..) | Said::ClosedEarly => Fate::Used,
        Said::Arrived | Said::Settled | Said::Completed | Said::Nothing => Fate::Irrelevant,
        Said::Unreadable => Fate::Unrecognised,
    }
}

/// A first piece is cut wherever it became too long, so it need not be readable alone.
fn fate_of_first(text: &[u8]) -> Fate {
    match message_id(without_stamp(text)).map(|(_, rest)| fate_of(&said(rest))) {
        Some(Fate::Used | Fate::Unrecognised) => Fate::Used,
        _ => Fate::Irrelevant,
    }
}

/// Whether a line's stamp says its zone: Exim's own, or an ISO stamp of syslog.
fn has_zone(line: &[u8]) -> bool {
    let sign = |at: usize| matches!(line.get(at), Some(b'+' | b'-'));
    line.get(10) == Some(&b'T') || sign(20) || sign(24)
}
