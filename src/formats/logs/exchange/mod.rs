//! Microsoft Exchange, SMTP Send protocol log (2010 and later): the dialogue of each session.
//!
//! Source: Microsoft, "Protocol logging" (Exchange Server documentation): one CSV row for
//! each line sent (`>`), received (`<`), connection (`+`), disconnection (`-`) and remark
//! (`*`), under a session id; times are UTC. Sessions interleave; their rows stand in order.
//!
//! Rows of connectors inside the organisation (ports 2525, 475, 717 and 465) say nothing of
//! deliveries to receivers.
//!
//! - `row` takes one row apart.
//! - `dialogue` understands the rows of one session.

mod dialogue;
mod row;
#[cfg(test)]
mod tests;

use super::text::TextLog;
use super::{LogFormat, LogReader, Opening, Survey};
use crate::formats::Head;
use crate::intake::lines_of;
use dialogue::Rows;
use row::Row;

/// The Send protocol log.
pub struct Exchange;

impl LogFormat for Exchange {
    fn name(&self) -> &str {
        "exchange-send"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let says = |line: &[u8]| line.starts_with(b"#Log-type: SMTP Send Protocol Log");
        if lines_of(head.bytes).take(16).any(says) {
            return Some("its head says SMTP Send Protocol Log".to_owned());
        }
        // A part of a file has no head.
        let rows = lines_of(head.bytes).take(40).filter(|l| Row::of(l).is_some()).count();
        let commands = lines_of(head.bytes).take(40).filter_map(Row::of).filter(|r| r.event == b'>').count();
        (rows >= 3 && commands > 0).then(|| format!("{rows} of its first rows are those of a Send protocol log"))
    }

    fn cannot_show(&self) -> Vec<&str> {
        vec![
            "the name of the MX host before its greeting: failed connections show its address only",
            "why a TLS handshake failed, beyond the name of an error",
            "sessions of connectors whose protocol logging is off",
        ]
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        Survey::of_moments(lines_of(head.bytes).find_map(|l| Row::of(l).map(|r| r.at)))
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        Box::new(TextLog::<Rows>::new(opening))
    }
}
