//! OpenSMTPD 6.4 to 7.9, the sending side (`mta`), as syslog holds it.
//!
//! Sources: OpenSMTPD `usr.sbin/smtpd/mta_session.c`, `mta.c`; recordings of 6.8 and 7.9.
//!
//! Each line names its session by sixteen hex digits. One session id may cover two
//! connections: after a failed handshake the second goes on in clear. Session zero is the
//! queue speaking, after all routes failed: no session took place.
//!
//! - `line` takes one line apart.
//! - `session` ties the lines of one session to attempts.

mod line;
mod session;

use super::claim::claim;
use super::envelope;
use super::survey::{Clues, survey};
use super::text::TextLog;
use super::{LogFormat, LogReader, Opening, Survey};
use crate::formats::Head;
use line::{Said, said};
use session::Sessions;

/// The OpenSMTPD log format.
pub struct OpenSmtpd;

impl LogFormat for OpenSmtpd {
    fn name(&self) -> &str {
        "opensmtpd"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let is_session = |line: &[u8]| {
            envelope::undated(line).is_some_and(|e| {
                let process = e.process;
                process.program == b"smtpd" && process.tag.is_empty() && !matches!(said(e.text), Said::Nothing)
            })
        };
        claim(head.bytes, is_session, "about sending sessions of OpenSMTPD")
    }

    fn cannot_show(&self) -> Vec<&str> {
        vec![
            "the name of the MX host: its address and the reverse name of that stand for it",
            "a 421 or 454 in answer to STARTTLS under opportunistic TLS",
            "what a handshake failed of before it goes on in clear: a close, a reset, silence, a plain-text reply and a TLS fault are all tls_failure by unknown",
            "the sending IP of a session that ended before a message was tried",
            "the stage of a reply to a message, but for those to the greeting, EHLO and STARTTLS",
        ]
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        survey(head.bytes, &Clues::default())
    }

    fn enters_anywhere(&self) -> bool {
        true
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        Box::new(TextLog::<Sessions>::new(opening))
    }
}

#[cfg(test)]
mod tests;
