//! Prints of lines: by them, files that hold the same lines are found, whatever stands
//! before the message.
//!
//! A print is a hash of the process id and the message, not of the stamp, the host or the
//! tag, which envelopes write in different ways. It reads at most 64 bytes of the message:
//! prints are compared as multisets per minute, so two lines of one file that share a print
//! do no harm.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::time::{Minute, Stamp};

/// The print of a message. The same on every machine.
#[must_use]
pub(super) fn print_of(pid: &[u8], message: &[u8]) -> u64 {
    let message = message.trim_ascii();
    let mut hash = fold(0x9e37_79b9_7f4a_7c15 ^ message.len() as u64, pid);
    match (message.first_chunk::<32>(), message.last_chunk::<32>()) {
        // Loops whose length is known are none.
        (Some(first), Some(last)) => hash = fold(fold(hash, first), last),
        _ => hash = fold(fold(hash, message), message),
    }
    // Murmur's finaliser: the low bits decide whether a print is sampled.
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

#[inline]
fn fold(mut hash: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    let tail = rest.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
    (hash.rotate_left(5) ^ tail).wrapping_mul(0x517c_c1b7_2722_0a95)
}

/// A sample of a file's prints that any two files take alike: those whose low bits are zero.
/// It holds every print of a small file, and a bounded number of a large one's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prints {
    /// Low bits that are zero in all prints kept.
    bits: u32,
    /// Second and print.
    kept: Vec<(i64, u64)>,
}

/// Prints kept of one file.
const MOST_KEPT: usize = 16_384;

impl Prints {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { bits: 0, kept: Vec::new() }
    }

    /// Takes the print of a line.
    pub fn take(&mut self, at: Stamp, print: u64) {
        if print.trailing_zeros() < self.bits {
            return;
        }
        self.kept.push((at.seconds(), print));
        if self.kept.len() > MOST_KEPT {
            self.thin(self.bits + 1);
        }
    }

    /// Whether its numbers are such as lines give: it may have been read from a file.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        const FARTHEST: u64 = 1_000_000_000_000;
        self.bits <= u64::BITS && self.kept.iter().all(|(second, _)| second.unsigned_abs() <= FARTHEST)
    }

    /// Adds the sample of another part of the same file.
    pub fn add(&mut self, other: Self) {
        self.kept.extend(other.kept);
        self.thin(self.bits.max(other.bits));
        while self.kept.len() > MOST_KEPT && self.bits < u64::BITS {
            self.thin(self.bits + 1);
        }
    }

    fn thin(&mut self, bits: u32) {
        self.bits = self.bits.max(bits);
        self.kept.retain(|(_, print)| print.trailing_zeros() >= self.bits);
    }

    /// Low bits that are zero in all prints of the sample. Of two samples the prints with
    /// the more zero bits can be compared: both files kept all of them.
    #[must_use]
    pub const fn bits(&self) -> u32 {
        self.bits
    }

    /// Second and print of each line of the sample, sorted.
    #[must_use]
    pub fn sorted(&self) -> Vec<(i64, u64)> {
        let mut kept = self.kept.clone();
        kept.sort_unstable();
        kept
    }
}

/// Which lines of a file another file holds already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repeats {
    /// Minutes that both hold line for line.
    pub minutes: BTreeSet<Minute>,
    /// Lines of the other file in the minutes that only overlap, by second and print, with
    /// how often each stands there. The second matters: a process says the same thing
    /// again and again, and the other file may hold it before the overlap.
    pub lines: FxHashMap<(i64, u64), u32>,
}

impl Repeats {
    /// Whether a line is a repeat. Each line of the other file answers for one.
    pub fn take(&mut self, at: Stamp, print: u64) -> bool {
        if self.minutes.contains(&at.minute()) {
            return true;
        }
        match self.lines.get_mut(&(at.seconds(), print)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}

/// Collects the prints of some minutes, all of them.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Which minutes.
    pub minutes: BTreeSet<Minute>,
    /// How often each print stands in each second of them.
    pub found: BTreeMap<(i64, u64), u32>,
}

impl Wanted {
    /// Takes the print of a line.
    pub fn take(&mut self, at: Stamp, print: u64) {
        if self.minutes.contains(&at.minute()) {
            *self.found.entry((at.seconds(), print)).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_depends_on_the_message_alone() {
        let text = b"464321D47: Cannot start TLS: handshake failure";
        assert_eq!(print_of(b"16338", text), print_of(b"16338", b" 464321D47: Cannot start TLS: handshake failure "));
        assert_ne!(print_of(b"16338", text), print_of(b"16339", text));
        assert_ne!(print_of(b"1", b"abc"), print_of(b"1", b"abd"));
        assert_eq!(print_of(b"", b""), print_of(b"", b" "));
    }

    #[test]
    fn samples_of_a_large_and_a_small_file_are_comparable() {
        let print = |n: u32| print_of(b"1", &n.to_le_bytes());
        let (mut large, mut small) = (Prints::default(), Prints::default());
        for n in 0..100_000 {
            large.take(Stamp::from_seconds(i64::from(n) / 17), print(n));
        }
        for n in 5000..9000 {
            small.take(Stamp::from_seconds(i64::from(n) / 17), print(n));
        }
        assert!(large.kept.len() <= MOST_KEPT);
        let bits = large.bits().max(small.bits());
        let of_small: Vec<_> = small.sorted().into_iter().filter(|(_, print)| print.trailing_zeros() >= bits).collect();
        assert!(!of_small.is_empty());
        assert!(of_small.iter().all(|p| large.kept.contains(p)));
    }

    #[test]
    fn each_line_answers_for_one() {
        let at = Stamp::from_seconds(7 * 60);
        let mut repeats = Repeats { minutes: BTreeSet::from([Minute::new(3)]), lines: FxHashMap::default() };
        repeats.lines.insert((at.seconds(), 1), 2);
        assert!(repeats.take(Minute::new(3).start(), 99));
        assert!(!repeats.take(at.plus_millis(1000), 1));
        assert_eq!([1, 1, 1, 2].map(|p| repeats.take(at, p)), [true, true, false, false]);
    }
}
