//! The pieces of some bytes, one after the other: for what looks at a file before it is read.

use super::cut::{Cut, Cutter};
use super::encoding::Decoder;
use super::plan::Plan;
use super::record::{Opened, Opener};
use crate::formats::logs::LogClock;

/// Opens all pieces of a text. Where the text is not whole, what it does not end is left out.
pub(super) fn walk(plan: &Plan, text: &[u8], whole: bool, clock: &mut LogClock, take: &mut dyn FnMut(Opened<'_>)) {
    let (mut cutter, mut opener) = (Cutter::new(plan), Opener::new(plan));
    let text = Decoder::new(plan.encoding).decode(text);
    let mut open = |cut: Cut<'_>| take(opener.open(&cut, clock));
    let end = if whole { text.len() } else { memchr::memrchr(b'\n', &text).map_or(text.len(), |at| at + 1) };
    cutter.feed(text.get(..end).unwrap_or_default(), &mut open);
    if whole {
        cutter.end(&mut open);
    }
}
