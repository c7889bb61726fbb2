//! What every log reader emits.

use crate::intake::Exhibit;
use crate::smtp::{By, Outcome, Stage, TlsUse};
use crate::time::{Minute, Stamp};

/// One delivery attempt or session event. Borrowed from the reader's buffers.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// When the outcome was logged.
    pub at: Stamp,
    /// The file.
    pub exhibit: Exhibit,
    /// The line that decided, 1-based.
    pub line: u64,
    /// What became of the attempt.
    pub outcome: Outcome,
    /// Who decided.
    pub by: By,
    /// Where in the session.
    pub stage: Stage,
    /// Whether the session failed though nothing tells how: the outcome is `unclassified`.
    pub failed: bool,
    /// What is known of the session's TLS.
    pub tls: TlsUse,
    /// The receiver's reply as logged; empty when there is none.
    pub reply: &'a [u8],
    /// The receiving host's name; empty when the line names none.
    pub mx_host: &'a [u8],
    /// Its address; empty when the line names none.
    pub mx_ip: &'a [u8],
    /// The node that logged.
    pub node: &'a [u8],
    /// What stands for the sending IP in the log: Postfix's syslog name or transport.
    pub tag: &'a [u8],
    /// The sending IP, where the log itself shows it; else empty.
    pub source_ip: &'a [u8],
    /// The session's key as far as the log has one: `postfix-ip1/smtp[3870]`.
    pub session: &'a [u8],
    /// Queue id; empty when the line has none.
    pub queue_id: &'a [u8],
    /// The recipient's domain; empty when the line has none.
    pub rcpt_domain: &'a [u8],
    /// How many attempts the record stands for: 0 for a further recipient of an
    /// attempt already emitted, more than 1 for collapsed bulk records.
    pub weight: u32,
    /// Recipients that the record reports on.
    pub recipients: u32,
    /// How long the session had lasted, in milliseconds, where the log tells.
    pub lasted_ms: Option<u32>,
    /// How long the message had been with the sender, in milliseconds, where the log tells;
    /// asked for of acceptances.
    pub waited_ms: Option<u64>,
    /// Whether the connection was opened for this message, where the log tells; asked for of
    /// acceptances.
    pub opened: Option<bool>,
    /// Which words decided where it is not the reply: `wrong version number`.
    pub detail: &'a [u8],
    /// The lines of the session that this event rests on, in order, the deciding one last.
    pub lines: &'a [EventLine<'a>],
}

impl Event<'_> {
    /// An event of which nothing is known but its time and line: one attempt, one recipient.
    #[must_use]
    pub const fn at(at: Stamp, exhibit: Exhibit, line: u64) -> Self {
        Self {
            at,
            exhibit,
            line,
            outcome: Outcome::Unclassified,
            by: By::Unknown,
            stage: Stage::Unknown,
            failed: false,
            tls: TlsUse::Unknown,
            reply: &[],
            mx_host: &[],
            mx_ip: &[],
            node: &[],
            tag: &[],
            source_ip: &[],
            session: &[],
            queue_id: &[],
            rcpt_domain: &[],
            weight: 1,
            recipients: 1,
            lasted_ms: None,
            waited_ms: None,
            opened: None,
            detail: &[],
            lines: &[],
        }
    }
}

/// One line an event rests on.
#[derive(Clone, Copy, Debug)]
pub struct EventLine<'a> {
    /// The file.
    pub exhibit: Exhibit,
    /// Its number, 1-based.
    pub number: u64,
    /// Its bytes, without the line end.
    pub text: &'a [u8],
}

/// How many lines of a minute a reader heard, and what they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Lines of any kind that carried a time in the minute: the log was running.
    pub lines: u64,
    /// Sum of their prints, wrapping: equal sums of equal numbers are equal lines.
    pub prints: u64,
}

impl Pulse {
    /// Adds other lines of the same minute.
    pub const fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.prints = self.prints.wrapping_add(other.prints);
    }
}

/// Something odd about a file that reports must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Note {
    /// Times went back; the amount is in seconds.
    ClockBack,
    /// The logger says that it dropped lines; the amount is how many, 0 where it does not say.
    LinesLost,
    /// `message repeated N times`: the copies stand at the time of the note.
    Repeated,
    /// A token of Google's relay or submission hosts: no log of MX delivery.
    RelayToken,
    /// A line that is understood and stands at no time: it has no year, or no such day.
    Unplaced,
    /// An acceptance that stands an hour from Gmail's clock in it.
    HourOff,
    /// A message that left the queue with no outcome in the log.
    Vanished,
    /// Lines outside the time that is asked for: the amount is how many. They were counted, not read.
    Outside,
    /// The log holds records of this kind; what is never seen may be what the log cannot show.
    Seen(&'static str),
}

impl Note {
    /// All kinds of records that readers say to have seen.
    const KINDS: &'static [&'static str] = &[
        // Exim.
        "exim I=",
        "exim X=",
        "exim DT=",
        "exim pid",
        "exim ms",
        "exim zone",
        // Postfix.
        "TLS connections established",
        "tls= on delivery lines",
        "names of daemons",
        "lines of the queue manager",
        // PowerMTA.
        "commands",
        "tls",
        "d",
        "b",
        "t",
        "tq",
        "only timeQueued",
        "dlvTlsProtocol",
        "TLS",
        "in clear",
        "421",
        "421 service unavailable",
        "redacted",
        // KumoMTA.
        "TransientFailure",
        "Delivery",
        "Bounce",
        "source_address",
        "event_time",
    ];

    /// The note of a kind of records, from its word.
    #[must_use]
    pub fn seen(word: &str) -> Option<Self> {
        let of_mappings = Outcome::ALL.iter().map(|outcome| outcome.word());
        Self::KINDS.iter().copied().chain(of_mappings).find(|kind| *kind == word).map(Self::Seen)
    }
}

/// Takes what a log reader finds.
pub trait Sink {
    /// An event.
    fn event(&mut self, event: &Event<'_>);
    /// The log was running in this minute.
    fn heard(&mut self, minute: Minute, pulse: Pulse);
    /// The logger says that it dropped lines of this minute.
    fn lacks(&mut self, _minute: Minute) {}
    /// A line that no rule understood.
    fn unrecognised(&mut self, number: u64, text: &[u8]);
    /// Something odd, at this line.
    fn note(&mut self, _note: Note, _number: u64, _amount: u64) {}
}
