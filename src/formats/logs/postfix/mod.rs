//! Postfix, the sending side (`smtp`, `lmtp`, `error`), versions 2.3 to 3.12.
//!
//! Sources: postfix `src/smtp/smtp_proto.c`, `smtp_trouble.c`, `src/tls/tls_client.c`,
//! `src/global/log_adhoc.c`, and recordings of 3.7 and 3.12.
//!
//! - `line` takes one line apart: which daemon, which kind of statement.
//! - `reason` reads the reason of a failure: outcome, stage, who decided.
//! - `session` ties the lines of one process to sessions and emits events.

mod line;
mod reason;
mod session;

use super::envelope::{self, Stamped};
use super::{LogClock, LogFormat, LogReader, Survey};
use crate::formats::Head;
use crate::intake::{Exhibit, lines_of};
use crate::smtp::acceptance_second;
use crate::time::Stamp;
use session::Reader;

/// The Postfix log format.
pub struct Postfix;

/// Lines looked at before giving up on recognising a log.
const LINES_TO_RECOGNISE: usize = 400;

impl LogFormat for Postfix {
    fn name(&self) -> &'static str {
        "postfix"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let mut stamped = 0;
        let mut postfix = 0;
        for line in lines_of(head.bytes).take(LINES_TO_RECOGNISE) {
            let Some(Stamped::YearLess(_, rest) | Stamped::Zoned(_, rest)) = envelope::stamped(line) else { continue };
            stamped += 1;
            let message = memchr::memchr(b' ', rest).map_or(rest, |end| &rest[end + 1..]);
            postfix += usize::from(line::daemon_of(message).is_some_and(|d| d.is_postfix()));
        }
        (postfix > 0).then(|| format!("{postfix} of its first {stamped} stamped lines are by Postfix daemons"))
    }

    fn cannot_show(&self) -> &'static [&'static str] {
        &[
            "the sending IP of a session: it is mapped from the syslog name or transport",
            "a 421 or 454 in answer to STARTTLS under opportunistic TLS: Postfix goes on in plain text and does not log the reply",
            "whether a refusal before TLS stood in the greeting or in the answer to EHLO",
            "a plain-text reply sent where the TLS handshake was due: only the TLS library's complaint is logged",
        ]
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        survey(head.bytes)
    }

    fn reader(&self, exhibit: Exhibit, clock: LogClock) -> Box<dyn LogReader + Send> {
        Box::new(Reader::new(exhibit, clock))
    }
}

/// Reads the log's clock off Gmail's: each acceptance carries Google's Unix second.
fn survey(head: &[u8]) -> Survey {
    let mut survey = Survey::default();
    let mut offsets = Vec::new();
    for line in lines_of(head) {
        let Some(stamp) = envelope::stamped(line) else { continue };
        let (local, rest) = match stamp {
            Stamped::Zoned(at, rest) => {
                (survey.zoned, survey.dated) = (true, true);
                survey.near = survey.near.or(Some(at));
                (Some(at), rest)
            }
            Stamped::YearLess(text, rest) => (local_near(text, gmail_second(line)), rest),
        };
        survey.first_local = survey.first_local.or(local);
        survey.node = survey
            .node
            .or_else(|| memchr::memchr(b' ', rest).map(|e| String::from_utf8_lossy(&rest[..e]).into_owned()));
        if let (Some(local), Some(second)) = (local, gmail_second(line)) {
            survey.near = survey.near.or(Some(Stamp::from_seconds(second)));
            offsets.push(local.seconds() - second);
        }
    }
    if !survey.zoned && !offsets.is_empty() {
        offsets.sort_unstable();
        let median = offsets[offsets.len() / 2];
        // A quarter of an hour is the grain of time zones; the rest is skew.
        survey.offset_s = i32::try_from((median + 450).div_euclid(900) * 900).ok();
    }
    survey
}

fn gmail_second(line: &[u8]) -> Option<i64> {
    let at = memchr::memmem::find(line, b"status=sent (250 ")?;
    acceptance_second(&line[at..])
}

/// A year-less local stamp in the year that brings it nearest to a moment.
fn local_near(stamp: &[u8; 15], second: Option<i64>) -> Option<Stamp> {
    LogClock::new(crate::time::Zone::UTC, Some(Stamp::from_seconds(second?))).year_less(stamp)
}
