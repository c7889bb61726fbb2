//! Lines on their way out, in order of time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

/// 2026-11-24 03:00:00 UTC, the hour of the recordings, in milliseconds.
pub(super) const START_MS: u64 = 1_795_489_200_000;

/// What was written, as an MTA's own statistics would have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    /// Deliveries by their last line, and how they ended.
    pub(crate) delivered: u64,
    pub(crate) deferred: u64,
    pub(crate) bounced: u64,
}

/// What a line says of a delivery.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tells {
    Nothing,
    Delivered,
    Deferred,
    Bounced,
}

/// Lines that were said and not written: messages overlap.
#[derive(Default)]
pub(super) struct Log {
    waiting: BinaryHeap<Reverse<(u64, u64, Tells, String)>>,
    said: u64,
    pub(super) written: Written,
}

impl Log {
    /// A line of this moment; of one moment, lines stand in the order in which they were said.
    pub(super) fn say(&mut self, at: u64, tells: Tells, line: String) {
        self.waiting.push(Reverse((at, self.said, tells, line)));
        self.said += 1;
    }

    /// Writes what happened until this moment, and stops at so many bytes.
    pub(super) fn write_until(&mut self, at: u64, bytes: u64, out: &mut impl Write) -> io::Result<()> {
        while self.written.bytes < bytes && self.waiting.peek().is_some_and(|Reverse((then, ..))| *then <= at) {
            let Some(Reverse((_, _, tells, line))) = self.waiting.pop() else { break };
            out.write_all(line.as_bytes())?;
            out.write_all(b"\n")?;
            self.written.bytes += line.len() as u64 + 1;
            self.written.lines += 1;
            match tells {
                Tells::Nothing => {}
                Tells::Delivered => self.written.delivered += 1,
                Tells::Deferred => self.written.deferred += 1,
                Tells::Bounced => self.written.bounced += 1,
            }
        }
        Ok(())
    }
}

/// Month, day, hour, minute and second of a moment in November or December 2026.
pub(super) fn civil(at: u64) -> (u64, u64, u64, u64, u64) {
    const MIDNIGHT: u64 = START_MS / 86_400_000;
    let day = 24 + at / 86_400_000 - MIDNIGHT;
    let (month, day) = if day <= 30 { (11, day) } else { (12, day - 30) };
    let second = at / 1000;
    (month, day, second / 3600 % 24, second / 60 % 60, second % 60)
}
