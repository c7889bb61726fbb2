//! Postfix, the sending side, versions 2.3 to 3.12: `smtp` and `lmtp`, what `error` (`retry`)
//! and `qmgr` defer by themselves, and what `tlsproxy` and `qmgr` say about sessions.
//!
//! Sources: postfix `src/smtp/` (`smtp_proto.c`, `smtp_trouble.c`, `smtp_connect.c`),
//! `src/tls/tls_client.c`, `src/tlsproxy/`, `src/global/log_adhoc.c`, and recordings of 3.7
//! and 3.12.
//!
//! - `queue_id` knows both kinds of queue ids; long ones are dated.
//! - `line` takes one line apart: which daemon, which kind of statement.
//! - `reason` reads the reason of a failure: outcome, stage, who decided.
//! - `verdict` reads a reason in its session, with the lines before it.
//! - `attempt` says of a line that ends a try what it says by itself; `session` ties the
//!   lines of one process to sessions and emits events (`bounds`: what it keeps).
//! - `client` hands each line to its process, and knows what other daemons say about it:
//!   `proxy` of handshakes, `unwanted` of messages that are no traffic.

mod attempt;
#[cfg(test)]
mod bounds;
mod client;
mod kept;
mod line;
mod proxy;
mod queue_id;
mod reason;
mod session;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod traps;
mod unwanted;
mod verdict;

use memchr::memmem;

use super::claim::first_lines;
use super::envelope::{stamped, undated};
use super::survey::{Clues, survey};
use super::text::TextLog;
use super::{LogFormat, LogReader, Note, Opening, Survey};
use crate::formats::Head;
use client::Client;

/// The Postfix log format.
pub struct Postfix;

impl LogFormat for Postfix {
    fn name(&self) -> &str {
        "postfix"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let (mut stamps, mut postfix, mut cut) = (0, 0, 0);
        for line in first_lines(head.bytes).filter(|l| stamped(l).is_some()) {
            stamps += 1;
            let Some(envelope) = undated(line) else { continue };
            if line::is_postfix(envelope.process) {
                postfix += 1;
            } else if line::daemon(envelope.process) == line::Daemon::Cut && line::has_postfix_shape(envelope.text) {
                cut += 1;
            }
        }
        match (postfix, cut) {
            (0, 0) => None,
            (0, _) => {
                Some(format!("{cut} of its first {stamps} stamped lines read as Postfix's, their tags cut short"))
            }
            _ => Some(format!("{postfix} of its first {stamps} stamped lines are by Postfix daemons")),
        }
    }

    fn cannot_show(&self) -> Vec<&str> {
        vec![
            "the sending IP of a session: it is mapped from the syslog name or transport",
            "a 421 or 454 in answer to STARTTLS under opportunistic TLS: Postfix goes on in plain text and does not log the reply",
            "whether a refusal before TLS stood in the greeting or in the answer to EHLO",
            "a plain-text reply sent where the TLS handshake was due: only the TLS library's complaint is logged",
        ]
    }

    fn not_seen(&self, seen: &dyn Fn(Note) -> bool) -> Vec<String> {
        let mut says = Vec::new();
        if !seen(client::ESTABLISHED) && !seen(client::TLS_FIELD) {
            says.push("whether a session was encrypted: no line tells of a TLS connection, as with smtp_tls_loglevel=0, the default before tls= in Postfix 3.11");
        }
        if !seen(client::NAMES) {
            says.push("which daemon wrote a line, and the lane behind the slash of its name: the envelope cut it");
        }
        if !seen(client::QUEUE) {
            says.push("which messages were bounces or address probes: the queue manager's lines are not in the log");
        }
        says.into_iter().map(str::to_owned).collect()
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        survey(head.bytes, &Clues { id_second, ..Clues::default() })
    }

    fn enters_anywhere(&self) -> bool {
        true
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        Box::new(TextLog::<Client>::new(opening))
    }
}

/// The moment inside the long queue id of a line: `host tag[pid]: QID: …`.
fn id_second(rest: &[u8]) -> Option<i64> {
    let at = memmem::find(rest, b"]: ")? + 3;
    queue_id::split(&rest[at..]).and_then(|(id, _)| queue_id::second(id))
}
