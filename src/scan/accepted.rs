//! Messages that Gmail accepted in a minute: how long they had waited, and how many of them
//! shared a connection. Both as far as logs tell.

use serde::{Deserialize, Serialize};

use crate::formats::logs::Event;

/// Waiting times are told apart by these limits, in seconds; what waited longer than the last
/// stands behind them.
pub const WAITS: [u32; 17] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];

/// What is known of the messages of one minute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// By how long they had been with the sender: up to each of [`WAITS`], and longer.
    pub waited: [u64; WAITS.len() + 1],
    /// Messages of which the log tells whether their connection was opened for them.
    pub placed: u64,
    /// Of these, the ones for which it was: so many connections carried them.
    pub opened: u64,
}

impl Accepted {
    /// Whether the log tells anything of the kind.
    pub(super) const fn is_told(event: &Event<'_>) -> bool {
        event.waited_ms.is_some() || event.opened.is_some()
    }

    /// Adds a message.
    pub(super) fn count(&mut self, event: &Event<'_>) {
        let weight = u64::from(event.weight);
        if let Some(ms) = event.waited_ms {
            let at = WAITS.partition_point(|limit| u64::from(*limit) * 1000 < ms);
            self.waited[at] += weight;
        }
        if let Some(opened) = event.opened {
            self.placed += weight;
            self.opened += if opened { weight } else { 0 };
        }
    }

    /// Adds others.
    pub fn merge(&mut self, other: &Self) {
        for (a, b) in self.waited.iter_mut().zip(other.waited) {
            *a += b;
        }
        self.placed += other.placed;
        self.opened += other.opened;
    }

    /// Messages of which it is told how long they waited.
    #[must_use]
    pub fn timed(&self) -> u64 {
        self.waited.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::Exhibit;
    use crate::time::Stamp;

    #[test]
    fn a_wait_stands_under_the_first_limit_that_it_does_not_pass() {
        let mut accepted = Accepted::default();
        for ms in [0, 1000, 1001, 300_000, 86_400_001] {
            let at = Event::at(Stamp::from_seconds(0), Exhibit(1), 1);
            accepted.count(&Event { waited_ms: Some(ms), opened: Some(ms > 1000), ..at });
        }
        assert_eq!((accepted.waited[0], accepted.waited[1], accepted.waited[8], accepted.waited[17]), (2, 1, 1, 1));
        assert_eq!((accepted.timed(), accepted.placed, accepted.opened), (5, 5, 3));
    }
}
