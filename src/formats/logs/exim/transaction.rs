//! Which lines about recipients are of one transaction.

use super::child::digest;
use super::reason::Reason;
use super::recipient::{Flag, Recipient};
use crate::formats::logs::text::Entry;
use crate::smtp::{Stage, TlsUse};
use crate::time::Stamp;

/// One transaction. The delivery process tells its recipients one after the other.
#[derive(Clone, Copy)]
pub(super) struct Transaction {
    /// When the first was told.
    at: Stamp,
    /// 0 where no host was reached.
    pub(super) host: u64,
    /// Our end of the connection, and the process that logged, where the log has them.
    interface: Option<u64>,
    process: Option<u64>,
    /// The text that failed all of it; 0 while recipients alone were refused.
    failure: u64,
    accepted: bool,
    /// Whether a child's line may still come: lines overtake each other by milliseconds.
    lacks_child: bool,
}

/// Lines about the recipients of one transaction lie so close, in milliseconds.
const BURST_MS: u64 = 2_000;

impl Transaction {
    pub(super) fn of(entry: &Entry<'_>, told: &Recipient<'_>, found: &Reason<'_>, host: u64, has_child: bool) -> Self {
        let some = |part: &[u8]| (!part.is_empty()).then(|| digest(&[part]));
        let is_failure = !told.is_delivered() && !is_refused_recipient(found);
        let text = if told.text.is_empty() { told.error } else { told.text };
        // A failed lookup is of one domain.
        let failure = if host == 0 && told.error.is_empty() { digest(&[text, told.domain]) } else { digest(&[text]) };
        Self {
            at: entry.envelope.at,
            host,
            interface: some(told.interface),
            process: some(entry.envelope.process.whole),
            failure: if is_failure { failure } else { 0 },
            accepted: told.is_delivered(),
            lacks_child: is_failure && !has_child && found.tls != TlsUse::Failed,
        }
    }

    /// Whether two lines lie as close as those of one transaction.
    pub(super) fn is_burst(one: Stamp, other: Stamp) -> bool {
        one.millis().abs_diff(other.millis()) <= BURST_MS
    }

    fn is_near(&self, at: Stamp) -> bool {
        Self::is_burst(self.at, at)
    }

    /// Whether a line tells a further recipient of this transaction.
    pub(super) fn goes_on(&self, next: &Self, flag: Flag) -> bool {
        let agree = |a: Option<u64>, b: Option<u64>| a.zip(b).is_none_or(|(a, b)| a == b);
        // Further recipients whom no host was reached for name none.
        let is_nowhere = next.host == 0 && next.failure != 0 && next.failure == self.failure;
        if (self.host != next.host && !is_nowhere)
            || !self.is_near(next.at)
            || !agree(self.interface, next.interface)
            || !agree(self.process, next.process)
        {
            return false;
        }
        if next.accepted {
            // The first `=>` may follow refused recipients; a second begins a transaction.
            return flag == Flag::Further || !self.accepted && self.failure == 0;
        }
        // A refused recipient belongs to whatever became of the others; a failure of the whole
        // to the same failure, or to recipients refused before it.
        next.failure == 0 || next.failure == self.failure || self.failure == 0 && !self.accepted
    }

    /// The transaction with what a further line tells of it.
    pub(super) const fn with(self, next: &Self) -> Self {
        let first_failure = self.failure == 0;
        Self {
            failure: if first_failure { next.failure } else { self.failure },
            accepted: self.accepted || next.accepted,
            lacks_child: if first_failure { next.lacks_child } else { self.lacks_child && next.lacks_child },
            ..self
        }
    }

    /// Whether a child's line, come late, is of the failure already told.
    pub(super) fn takes_late_child(&mut self, at: Stamp, host: u64, text: &[u8]) -> bool {
        let without_error = memchr::memmem::rfind(text, b": ").map_or(text, |at| &text[..at]);
        let is_same = || [text, without_error].iter().any(|t| digest(&[t]) == self.failure);
        let takes = self.lacks_child && self.is_near(at) && (self.host == host || self.host == 0) && is_same();
        self.lacks_child &= !takes;
        takes
    }

    /// Whether later lines would find another transaction here.
    pub(super) fn differs(&self, other: &Self) -> bool {
        let state = |t: &Self| (t.at, t.host, t.failure, t.accepted, t.lacks_child);
        state(self) != state(other)
    }
}

/// Whether one recipient was refused, not the transaction.
pub(super) fn is_refused_recipient(found: &Reason<'_>) -> bool {
    found.stage == Stage::Rcpt && !found.reply.is_empty()
}
