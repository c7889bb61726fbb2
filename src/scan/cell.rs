//! What one count is about.

use serde::{Deserialize, Serialize};

use crate::formats::logs::Event;
use crate::smtp::{By, Category, Lane, Meaning, Outcome, Reply, Stage, Sublane, TlsUse};
use crate::time::Minute;

use super::{EgressId, MxId};

/// The key of one count: a minute of a lane, along one of two marginals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey {
    /// Which minute.
    pub minute: Minute,
    /// Which lane.
    pub lane: Lane,
    /// Which marginal, and whose.
    pub axis: Axis,
    /// What is counted.
    pub what: What,
}

/// The marginals kept for each minute: by sending IP for all lanes, by MX host
/// for the Gmail lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Axis {
    /// One egress.
    Egress(EgressId),
    /// One MX host.
    Mx(MxId),
}

/// A kind of attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct What {
    /// What became of it.
    pub outcome: Outcome,
    /// Who decided.
    pub by: By,
    /// Where.
    pub stage: Stage,
    /// What is known of its TLS.
    pub tls: TlsUse,
    /// What the reply means; only where there is one.
    pub category: Option<Category>,
    /// Whether the reply was a 421: the receiver closed the service.
    pub shut: bool,
    /// Consumer or Workspace, on the Gmail lane.
    pub sublane: Sublane,
    /// The evidence says that the session failed; how, it may leave open.
    pub failed: bool,
}

impl What {
    /// Of which kind an attempt is. `understood` is its reply, where it was deferred or rejected.
    #[must_use]
    pub fn of(event: &Event<'_>, lane: Lane, understood: Option<(&Reply, Meaning)>) -> Self {
        Self {
            outcome: event.outcome,
            by: event.by,
            stage: event.stage,
            tls: event.tls,
            category: understood.map(|(_, meaning)| meaning.category),
            shut: understood.is_some_and(|(reply, _)| reply.code == Some(421)),
            sublane: Sublane::of(lane, event.rcpt_domain),
            failed: event.failed,
        }
    }

    /// The outcomes of attempts that may have failed.
    pub const FAILURES: &'static [Outcome] = &[
        Outcome::Deferral,
        Outcome::RemoteClose,
        Outcome::TlsFailure,
        Outcome::Plaintext,
        Outcome::Timeout,
        Outcome::ConnectFailure,
    ];

    /// Whether the attempt failed by pressure, fault or loss of the connection: the
    /// `e` of all rates. A matter of one mailbox, one message or one recipient's
    /// policy does not count, nor does the sender's own decision.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        match self.outcome {
            Outcome::Deferral => match self.category {
                Some(Category::Unknown) | None => {
                    self.shut || matches!(self.stage, Stage::Banner | Stage::Ehlo | Stage::Starttls | Stage::Mail)
                }
                Some(category) => category.is_pressure(),
            },
            Outcome::RemoteClose => !matches!(self.stage, Stage::Quit),
            Outcome::TlsFailure | Outcome::Plaintext | Outcome::Timeout | Outcome::ConnectFailure => true,
            Outcome::Unclassified => self.failed,
            Outcome::Delivered | Outcome::Rejection | Outcome::Local => false,
        }
    }

    /// Whether the session was lost between STARTTLS and the end of the handshake: a TLS error
    /// was where the log names no stage of it, too.
    #[must_use]
    pub const fn is_tls_step(self) -> bool {
        match self.stage {
            Stage::Starttls | Stage::Handshake => {
                !matches!(self.outcome, Outcome::Delivered | Outcome::Local | Outcome::Unclassified)
            }
            Stage::Unknown => matches!(self.outcome, Outcome::TlsFailure),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::meaning_of;

    /// Whether a deferral at RCPT in these words is a failure.
    fn is_failure(reply: &str) -> bool {
        let reply = Reply::parse(reply);
        What {
            outcome: Outcome::Deferral,
            by: By::Receiver,
            stage: Stage::Rcpt,
            tls: TlsUse::Unknown,
            category: Some(meaning_of(&reply).category),
            shut: reply.code == Some(421),
            sublane: Sublane::None,
            failed: false,
        }
        .is_failure()
    }

    // oss trap 32. Words: Google's list.
    #[test]
    fn a_full_mailbox_is_no_failure_of_the_lane() {
        assert!(!is_failure("452-4.2.2 The recipient's inbox is out of storage space and inactive."));
        assert!(!is_failure("452-4.2.2 The email account that you tried to reach is over quota."));
        assert!(!is_failure("450-4.2.1 The user you are trying to contact is receiving mail too quickly."));
        assert!(!is_failure(
            "450-4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered."
        ));
        assert!(is_failure(
            "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address [192.0.2.1 15]."
        ));
        // Words that nobody listed: a 421 is the end of the session, another 4xx at RCPT is not.
        assert!(is_failure("421 4.7.0 The moon is full") && !is_failure("450 4.2.1 The moon is full"));
    }

    #[test]
    fn failures_are_of_their_outcomes() {
        for outcome in Outcome::ALL {
            let what = What {
                outcome: *outcome,
                by: By::Receiver,
                stage: Stage::Banner,
                tls: TlsUse::Unknown,
                category: None,
                shut: true,
                sublane: Sublane::None,
                failed: false,
            };
            assert_eq!(what.is_failure(), What::FAILURES.contains(outcome), "{outcome}");
            let told = What { failed: true, ..what };
            assert_eq!(told.is_failure(), what.is_failure() || *outcome == Outcome::Unclassified, "{outcome}");
        }
    }
}
