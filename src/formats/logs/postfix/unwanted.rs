//! Messages that are no traffic: bounces and address probes.
//!
//! Delivery lines do not name the sender. The queue manager does, each time a message enters
//! the active queue: `QID: from=<>, size=…, nrcpt=1 (queue active)` is a bounce or another
//! notice of an MTA, `from=<double-bounce@…>` a probe of an address (`verify(8)`).

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::kept::Kept;
use super::line::Statement;
use crate::formats::logs::text::Entry;
use crate::time::Stamp;

/// Ids of such messages in the active queue.
#[derive(Default)]
pub(super) struct Unwanted {
    lines: FxHashMap<Box<[u8]>, Kept>,
    /// In the order in which they came, to forget the oldest.
    order: VecDeque<Box<[u8]>>,
}

/// More are not kept: a message leaves the active queue within minutes.
const MOST: usize = 1024;
/// How long a message stays in the active queue, in milliseconds; later lines are about
/// another run, or about another message of the same id (oss trap 45).
const REACH_MS: i64 = 15 * 60_000;

impl Unwanted {
    /// A line of the queue manager about a message.
    pub(super) fn take(&mut self, id: &[u8], rest: &[u8], entry: &Entry<'_>) {
        if let Some(sender) = rest.strip_prefix(b"from=<") {
            if (sender.starts_with(b">") || sender.starts_with(b"double-bounce@")) && rest.ends_with(b"(queue active)")
            {
                if self.order.len() >= MOST
                    && let Some(oldest) = self.order.pop_front()
                {
                    self.lines.remove(&oldest);
                }
                if self.lines.insert(id.into(), Kept::of(entry, Statement::Other)).is_none() {
                    self.order.push_back(id.into());
                }
            } else if !self.lines.is_empty() {
                // oss trap 45: a short id that came back.
                self.forget(id);
            }
        } else if !self.lines.is_empty() && rest == b"removed" {
            self.forget(id);
        }
    }

    fn forget(&mut self, id: &[u8]) {
        if self.lines.remove(id).is_some() {
            self.order.retain(|known| **known != *id);
        }
    }

    /// The line that tells that a message is no traffic.
    pub(super) fn line_of(&self, id: &[u8], at: Stamp) -> Option<&Kept> {
        if self.lines.is_empty() {
            return None;
        }
        self.lines.get(id).filter(|l| at.millis() - l.at().millis() <= REACH_MS)
    }

    /// The lines about messages that may still be under way at the end of the file.
    pub(super) fn into_lines(self, end: Stamp) -> impl Iterator<Item = Kept> {
        self.lines.into_values().filter(move |l| end.millis() - l.at().millis() <= REACH_MS)
    }
}
