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
    /// What is known of the session's TLS.
    pub tls: TlsUse,
    /// The receiver's reply as logged; empty when there is none.
    pub reply: &'a [u8],
    /// The receiving host's name; empty when the line names none.
    pub mx_host: &'a [u8],
    /// Its address as logged; empty when the line names none.
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
    /// Which words decided where it is not the reply: `wrong version number`.
    pub detail: &'a [u8],
    /// The lines of the session that this event rests on, in order, the deciding one last.
    pub lines: &'a [EventLine<'a>],
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

/// Takes what a log reader finds.
pub trait Sink {
    /// An event.
    fn event(&mut self, event: &Event<'_>);
    /// So many lines of any kind carried a time in this minute: the log was running.
    fn heard(&mut self, minute: Minute, lines: u32);
    /// A line that no rule understood.
    fn unrecognised(&mut self, number: u64, text: &[u8]);
}
