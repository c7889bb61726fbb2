//! Exim 4.9x to 4.100, the sending side: its main log, in files, in syslog, under containers.
//!
//! Sources: Exim specification, chapter "Log files"; exim `deliver.c` (`delivery_log`,
//! `deferral_log`, `failure_log`), `transports/smtp.c`, `tls-gnu.c`, `tls-openssl.c`, `log.c`;
//! its test suite's logs; recordings of 4.96 and 4.100.
//!
//! - `stamp` takes Exim's stamp, and what stands before it, off a line.
//! - `pieces` puts lines together that Exim cut for syslog.
//! - `line` and `recipient` take a line apart.
//! - `reason` and `tls` read the text of a failure: outcome, stage, who decided.
//! - `message` ties the lines of one message to attempts, with `child` (lines of transport
//!   processes) and `transaction` (recipients of one); `log` hands them out.

mod child;
mod line;
mod log;
mod message;
mod pieces;
mod reason;
mod recipient;
mod stamp;
mod tls;
mod transaction;

use super::envelope::{Stamped, stamped, undated};
use super::survey::{Clues, survey};
use super::text::TextLog;
use super::{LogFormat, LogReader, Note, Opening, Survey};
use crate::formats::Head;
use crate::intake::lines_of;
use line::{Said, message_id, said, second_of};
use stamp::{own_stamp, without_pid};

/// The Exim log format.
pub struct Exim;

/// Lines about messages after which no more are counted. They may come late: a host that turns
/// much mail away begins its log with that.
const ENOUGH_MESSAGES: usize = 100;

impl LogFormat for Exim {
    fn name(&self) -> &str {
        "exim"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let (mut lines, mut stamps, mut messages) = (0, 0, 0);
        for line in lines_of(head.bytes).filter(|l| !l.trim_ascii().is_empty()) {
            lines += 1;
            let Some(text) = text_of(line) else { continue };
            stamps += 1;
            let said = message_id(text).map(|(_, rest)| said(rest));
            messages += usize::from(said.is_some_and(|s| !matches!(s, Said::Nothing | Said::Unreadable)));
            if messages == ENOUGH_MESSAGES {
                break;
            }
        }
        // A text that quotes such lines is no log.
        (messages > 0 && stamps * 2 >= lines)
            .then(|| format!("{messages} of its first {lines} lines are about messages of Exim"))
    }

    fn cannot_show(&self) -> Vec<&str> {
        vec![
            "a 421 or 454 in answer to STARTTLS where plain text is allowed (tls_tempfail_tryclear): the message goes on in clear, or the connection ends at a later command",
            "the reply that refused STARTTLS where TLS is required: \"an attempt to start TLS failed\" is all",
            "a refusal of EHLO inside TLS: the connection ends at MAIL FROM",
            "a failed handshake with an MX host that was not the last one tried, where plain text is forbidden",
            "which of the pipelined commands failed, where the receiver offers CHUNKING: all are called \"pipelined end of data\"",
            "a plain-text reply sent where the TLS handshake was due: only the TLS library's complaint is logged",
            "the sending IP of a failure at an MX host that was not the last one tried, where no later line of that run has `I=`",
        ]
    }

    fn not_seen(&self, seen: &dyn Fn(Note) -> bool) -> Vec<String> {
        let rows = [
            (
                log::INTERFACE,
                "the sending IP of a session: `+incoming_interface` is not in log_selector; the transport (T=) stands for it",
            ),
            (log::ENCRYPTION, "whether a delivery was encrypted: no line has a cipher (X=)"),
            (log::DURATION, "how long a session lasted: `+deliver_time` is not in log_selector"),
            (log::PROCESS, "which process wrote a line: `+pid` is not in log_selector"),
            (log::MILLIS, "the order of sessions within a second: `+millisec` is not in log_selector"),
            (log::ZONE, "the zone of its times: log_timezone is off"),
        ];
        rows.into_iter().filter(|(note, _)| !seen(*note)).map(|(_, what)| what.to_owned()).collect()
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        // Exim's own files name no host, and syslog's stamp comes first elsewhere.
        let own = lines_of(head.bytes).any(|l| own_stamp(l).is_some());
        if own {
            survey(head.bytes, &Clues { stamped: own_stamp, host: |_| None, id_second })
        } else {
            survey(head.bytes, &Clues { host: host_in_syslog, id_second, ..Clues::default() })
        }
    }

    fn enters_anywhere(&self) -> bool {
        true
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        Box::new(TextLog::<log::Messages>::new(opening))
    }
}

/// Exim's text in a line of any envelope.
fn text_of(line: &[u8]) -> Option<&[u8]> {
    let text = match own_stamp(line) {
        Some(own) => own.rest(),
        None => {
            let outer = stamped(line)?.rest();
            let text = own_stamp(outer).map(Stamped::rest).or_else(|| undated(line).map(|e| e.text))?;
            let text = pieces::piece(text).map_or(text, |(_, text)| text);
            own_stamp(text).map_or(text, Stamped::rest)
        }
    };
    Some(without_pid(text).1)
}

/// The second inside the message id, after a stamp.
fn id_second(rest: &[u8]) -> Option<i64> {
    let of = |text: &[u8]| {
        let text = own_stamp(text).map_or(text, Stamped::rest);
        second_of(message_id(without_pid(text).1)?.0)
    };
    // In syslog host and process stand before it.
    of(rest).or_else(|| {
        let at = memchr::memmem::find(rest.get(..256).unwrap_or(rest), b": ")?;
        let text = &rest[at + 2..];
        of(pieces::piece(text).map_or(text, |(_, text)| text))
    })
}

/// `mta1 exim[132]: …`; a container's line begins with Exim's own stamp.
fn host_in_syslog(rest: &[u8]) -> Option<&[u8]> {
    let end = memchr::memchr(b' ', rest)?;
    (own_stamp(rest).is_none() && !rest[..end].ends_with(b":")).then(|| &rest[..end])
}

#[cfg(test)]
mod tests;
