//! Haraka 2.8 to 3.1, the outbound side, in its three formats: default, json and logfmt.
//!
//! Sources: Haraka `logger.js`, `outbound/hmail.js`, `docs/Outbound.md`; recordings of 3.1.6.
//!
//! Times are there only with `timestamps=true` in log.ini, or from journald or a container
//! runtime around the log. An attempt is named by the UUID of the connection that the message
//! came in by: `UUID.transaction.n`, one n for each recipient domain. Lines about a failure
//! name neither domain nor MX host; the domain is that of the transaction, where it had one.
//!
//! - `line` takes a line of any format apart.
//! - `attempt` ties the lines of one transaction to attempts.

mod attempt;
mod line;

use super::claim::{claim, first_lines};
use super::survey::{Clues, survey};
use super::text::TextLog;
use super::{LogFormat, LogReader, Opening, Survey};
use crate::formats::Head;
use attempt::Transactions;
use line::{is_outbound, stamp_and_text};

/// The Haraka log format.
pub struct Haraka;

impl LogFormat for Haraka {
    fn name(&self) -> &str {
        "haraka"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let timed = first_lines(head.bytes).any(|l| is_outbound(l) && stamp_and_text(l).is_some());
        let without = if timed { "" } else { ", without a time: set timestamps=true in log.ini" };
        claim(head.bytes, is_outbound, &format!("by Haraka's outbound{without}"))
    }

    fn cannot_show(&self) -> Vec<&str> {
        vec![
            "the sending IP of a session",
            "the MX host of a failure, and its address but for broken connections",
            "the last reply behind \"Tried all MXs\", and the stage that a reply answered",
            "the code of a reply that was accepted, and of all lines of a reply but the first",
        ]
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        survey(head.bytes, &Clues { host: |_| None, ..Clues::default() })
    }

    fn how_to_stamp(&self) -> &'static str {
        "timestamps=true in Haraka's log.ini"
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        Box::new(TextLog::<Transactions>::new(opening))
    }
}

#[cfg(test)]
mod tests;
