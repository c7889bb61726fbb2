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

use super::claim::{claim, first_lines};
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
        if let Some(kind) = first_lines(head.bytes).find_map(|l| l.strip_prefix(b"#Log-type: ")) {
            let is_send = kind.starts_with(b"SMTP Send Protocol Log");
            return is_send.then(|| "its head says SMTP Send Protocol Log".to_owned());
        }
        // A part of a file has no head. The Receive protocol log has the same rows, and what
        // Exchange sends there are replies.
        let sends = |row: Row<'_>| row.event == b'>' && row.data.first().is_some_and(u8::is_ascii_alphabetic);
        let commands = first_lines(head.bytes).any(|l| Row::of(l).is_some_and(sends));
        commands.then(|| claim(head.bytes, |l| Row::of(l).is_some(), "those of a Send protocol log"))?
    }

    fn cannot_show(&self) -> Vec<&str> {
        vec![
            "the name of the MX host before its greeting: failed connections show its address only",
            "why a TLS handshake failed, beyond the name of an error",
            "sessions of connectors whose protocol logging is off",
        ]
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        let mut survey = Survey::of_moments();
        let (mut before, mut rising, mut falling) = (None::<Row<'_>>, 0, 0);
        for row in lines_of(head.bytes).filter_map(Row::of) {
            survey.moment(row.at);
            if let Some(before) = before.filter(|b| (b.at, b.session) == (row.at, row.session)) {
                rising += u32::from(row.place() > before.place());
                falling += u32::from(row.place() < before.place());
            }
            before = Some(row);
        }
        survey.ties_rise = rising > falling;
        survey
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        Box::new(TextLog::<Rows>::new(opening))
    }
}
