//! The seconds of logs that tell of no sessions: what stood near a TLS failure there.
//!
//! A record of such a log stands for itself. Only that two of them are of the same sending IP,
//! the same MX host and the same second ties them, which is weaker than a session.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::formats::logs::Event;
use crate::smtp::{By, Outcome};

use super::What;

/// How an attempt ended that may be behind a TLS failure, or that is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// A TLS failure whose own words name no fault.
    Tls,
    /// A 421, or another answer that put off the session and not the message.
    Answer,
    /// A close or a reset by the other side.
    Close,
    /// Bytes that are not TLS.
    Plaintext,
    /// Nothing arrived in time, or no connection came about.
    Timeout,
}

/// One minute between one sender and one MX host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seconds {
    /// The seconds in which attempts ended in any other way, a bit each.
    pub others: u64,
    /// By second, the attempts that ended so.
    pub ended: BTreeMap<(u8, Ending), u64>,
}

impl Ending {
    /// Of an attempt; none where it ended in another way.
    #[must_use]
    pub const fn of(what: What) -> Option<Self> {
        match (what.outcome, what.by) {
            (Outcome::TlsFailure, By::Unknown) => Some(Self::Tls),
            (Outcome::Deferral, _) if what.is_failure() => Some(Self::Answer),
            (Outcome::RemoteClose, _) if what.is_failure() => Some(Self::Close),
            (Outcome::Plaintext, _) => Some(Self::Plaintext),
            (Outcome::Timeout | Outcome::ConnectFailure, _) => Some(Self::Timeout),
            _ => None,
        }
    }
}

impl Seconds {
    /// Adds an attempt.
    pub(super) fn count(&mut self, event: &Event<'_>, what: What) {
        let second = event.at.seconds().rem_euclid(60) as u8;
        match Ending::of(what) {
            Some(ending) => *self.ended.entry((second, ending)).or_default() += u64::from(event.weight),
            None => self.others |= 1 << second,
        }
    }

    /// Adds other counts of the same minute.
    pub(super) fn merge(&mut self, other: Self) {
        self.others |= other.others;
        for (key, n) in other.ended {
            *self.ended.entry(key).or_default() += n;
        }
    }
}
