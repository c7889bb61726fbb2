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

use super::envelope::{stamped, undated};
use super::survey::{Clues, survey};
use super::text::TextLog;
use super::{LogFormat, LogReader, Opening, Survey};
use crate::formats::Head;
use crate::intake::lines_of;
use session::Client;

/// The Postfix log format.
pub struct Postfix;

/// Lines looked at before giving up on recognising a log.
const LINES_TO_RECOGNISE: usize = 400;

impl LogFormat for Postfix {
    fn name(&self) -> &str {
        "postfix"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let (mut stamps, mut postfix) = (0, 0);
        for line in lines_of(head.bytes).take(LINES_TO_RECOGNISE).filter(|l| stamped(l).is_some()) {
            stamps += 1;
            postfix += usize::from(undated(line).is_some_and(|e| line::is_postfix(e.process)));
        }
        (postfix > 0).then(|| format!("{postfix} of its first {stamps} stamped lines are by Postfix daemons"))
    }

    fn cannot_show(&self) -> Vec<&str> {
        vec![
            "the sending IP of a session: it is mapped from the syslog name or transport",
            "a 421 or 454 in answer to STARTTLS under opportunistic TLS: Postfix goes on in plain text and does not log the reply",
            "whether a refusal before TLS stood in the greeting or in the answer to EHLO",
            "a plain-text reply sent where the TLS handshake was due: only the TLS library's complaint is logged",
        ]
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        survey(head.bytes, &Clues::default())
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        Box::new(TextLog::<Client>::new(opening))
    }
}

#[cfg(test)]
mod tests {
    use super::Postfix;
    use crate::formats::logs::testing::{assert_damage_is_survived, assert_splits_agree, events, read};

    /// Recorded: sixty lines of Postfix 3.7.11, as journalctl 252 printed them.
    const JOURNAL: &[u8] = include_bytes!("../../../../tests/data/logs/journal/short-iso.txt");

    #[test]
    fn splits_and_damage() {
        assert_splits_agree(&Postfix, JOURNAL);
        assert_damage_is_survived(&Postfix, JOURNAL);
        assert_eq!(read(&Postfix, &[JOURNAL]).unrecognised, Vec::<u64>::new());
    }

    #[test]
    fn a_line_that_syslog_repeated_is_three_lines() {
        // Shape: rsyslog runtime/ratelimit.c.
        let line = "Nov 24 03:12:25 mta1 postfix/error[3870]: message repeated 3 times: [ 75DA52437: to=<a@gmail.com>, relay=none, delay=31, delays=31/0/0/0, dsn=4.7.5, status=deferred (delivery temporarily suspended: Cannot start TLS: handshake failure)]\n";
        let zoned = "2026-11-24T03:12:20Z mta1 postfix/qmgr[1]: x\n";
        assert_eq!(events(&Postfix, &format!("{zoned}{line}")).len(), 3);
    }
}
