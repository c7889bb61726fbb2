//! Sendmail 8 (8.12 to 8.18), the sending side, as syslog holds it at the default log level.
//!
//! Sources: Sendmail Installation and Operation Guide, §2.1 "The System Log"; sendmail
//! `deliver.c` (`logdelivery`) and `tls.c`; recordings of 8.17.
//!
//! The lines of one process in order are its sessions: TLS lines bear no queue id, and the
//! delivery line that follows ends the attempt. Codes that Sendmail makes up itself look like
//! replies (`454 4.7.0 TLS handshake failed.`, `421 4.4.1 Connection reset by …`) and are not.
//!
//! - `line` takes one line apart.
//! - `process` ties the lines of one process to attempts.

mod line;
mod process;

use super::claim::claim;
use super::envelope;
use super::survey::{Clues, survey};
use super::text::TextLog;
use super::{LogFormat, LogReader, Opening, Survey};
use crate::formats::Head;
use line::{id_second, is_sendmail, queue_id};
use process::Processes;

/// The Sendmail log format.
pub struct Sendmail;

impl LogFormat for Sendmail {
    fn name(&self) -> &str {
        "sendmail"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let is_message = |line: &[u8]| {
            envelope::undated(line).is_some_and(|e| {
                let message = is_sendmail(e.process.program).then(|| queue_id(e.text)).flatten();
                message.is_some_and(|(_, rest)| rest.starts_with(b"to=") || rest.starts_with(b"from="))
            })
        };
        claim(head.bytes, is_message, "about messages of Sendmail")
    }

    fn cannot_show(&self) -> Vec<&str> {
        vec![
            "the sending IP of a session (ClientPortOptions says it)",
            "more than the first line of a reply, and the stage it answered",
            "a failure at an MX host when a later one took the message, but for TLS handshakes",
            "whether the receiver closed a connection in order or reset it: both are called reset",
        ]
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        survey(head.bytes, &Clues { id_second, ..Clues::default() })
    }

    fn enters_anywhere(&self) -> bool {
        true
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        Box::new(TextLog::<Processes>::new(opening))
    }
}

#[cfg(test)]
mod tests;
