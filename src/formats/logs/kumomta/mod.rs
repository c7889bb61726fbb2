//! KumoMTA's delivery log: one JSON record a line, in the shapes that its source had between
//! 2023.08 and commit 3ebc1e8 of 2026.08. No recording of an incident was at hand.
//!
//! Sources: KumoMTA's reference page `log_record.md`, its crates `kumo-log-types` (the
//! record), `rfc5321` (the errors of its SMTP client) and `kumod` (`smtp_dispatcher`,
//! `ready_queue`, `queue`: the responses that KumoMTA writes itself), its issues and tests.
//!
//! A record is one transaction, whatever the number of its recipients; where a batch got
//! several answers, there is one record for each. Inbound records, moves between queues and
//! nodes, bounces that came back as mail (`OOB`) and deliveries to webhooks, maildirs and
//! other nodes are no attempts. Records rendered by `per_record` templates, the headers of
//! such files and the tailer's checkpoint files are other formats.
//!
//! - `record` is the record, borrowed from its line; `skim` finds its fields.
//! - `debug` reads the Rust debug prints inside KumoMTA's texts.
//! - `fault` reads the errors of its SMTP client and TLS libraries.
//! - `candidates` takes apart the one text about all hosts that were tried.
//! - `site` names the MX hosts behind a site.
//! - `verdict` tells the receiver's answers from KumoMTA's own.
//! - `reader` makes events.
//!
//! The node's id in a record is a UUID that no other evidence knows, so it names no node;
//! `node` in case.yaml does.

mod candidates;
mod debug;
mod fault;
mod reader;
mod record;
mod site;
mod skim;
#[cfg(test)]
mod tests;
mod verdict;

use super::records::RecordLog;
use super::{LogFormat, LogReader, Note, Opening, Survey};
use crate::formats::Head;
use crate::intake::lines_of;
use reader::Reader;
use record::Record;

/// KumoMTA's JSON log.
pub struct KumoMta;

/// Lines looked at before giving up on recognising a log.
const LINES_TO_RECOGNISE: usize = 40;

impl LogFormat for KumoMta {
    fn name(&self) -> &str {
        "kumomta"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let lines = lines_of(head.bytes).filter(|l| l.starts_with(b"{")).take(LINES_TO_RECOGNISE);
        let (mut objects, mut records) = (0, 0);
        for line in lines {
            objects += 1;
            records += usize::from(Record::of(line).is_some_and(|r| r.is_kumomta()));
        }
        // The last line may be cut.
        let most = records > 0 && records * 2 + 1 >= objects;
        most.then(|| format!("{records} of its first {objects} JSON lines are KumoMTA log records"))
    }

    fn cannot_show(&self) -> Vec<&str> {
        vec![
            "a 421 or a close on an idle connection: KumoMTA connects again and logs neither",
            "a connection that the receiver closed inside a transaction: versions before 2025.01 do not log it",
            "hosts that failed before another host of the same session accepted the connection",
            "the name of a host that could not be reached, and the host that refused STARTTLS: the name shown stands for the site's MX hosts",
            "when each host of a failed session was tried: the record is written after the last",
            "whether a time-out at STARTTLS fell before or inside the TLS handshake",
            "which connection a record belongs to: one session id covers several connections and hosts",
            "whether a connection made again in plain text used TLS: the fields of an earlier connection of the session stay",
            "how often a message was tried before a restart: the count of attempts is approximate",
            "the name of the node: records carry a UUID",
        ]
    }

    fn not_seen(&self, seen: &dyn Fn(Note) -> bool) -> Vec<String> {
        let says: &[(&'static str, &str)] = &[
            (
                "TransientFailure",
                "the KumoMTA files hold no TransientFailure records: they cannot show deferrals or failed connections",
            ),
            ("Delivery", "the KumoMTA files hold no Delivery records: they cannot show what was accepted"),
            ("Bounce", "the KumoMTA files hold no Bounce records: they cannot show rejections"),
            (
                "source_address",
                "the KumoMTA files hold no source addresses (before 2024.09): the sending IP is mapped from the egress source",
            ),
            ("event_time", "the KumoMTA files tell times to the second only (before 2025.10)"),
        ];
        says.iter().filter(|(what, _)| !seen(Note::Seen(what))).map(|(_, text)| (*text).to_owned()).collect()
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        let mut survey = Survey::of_moments();
        for (at, fine) in lines_of(head.bytes).filter_map(|l| Record::of(l).and_then(|r| Some((r.at()?, r.is_fine()))))
        {
            if !survey.has_stamps() {
                survey.fine = fine;
            }
            survey.moment(at);
        }
        survey
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn comes_in_pieces(&self) -> bool {
        true
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        Box::new(RecordLog::new(opening, Reader::default()))
    }
}
