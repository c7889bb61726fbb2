//! Bytes that stand near.
//!
//! Words, cells and names end within a few bytes. For those a call of a searcher that is made
//! for long texts costs two to three times what looking at eight bytes at a time does.

use memchr::memchr;

/// Bytes after which a text is long after all.
const NEAR: usize = 64;

/// Where a byte first stands in a text. As [`memchr`], and quicker if that is near.
#[inline]
pub(super) fn find(byte: u8, text: &[u8]) -> Option<usize> {
    let mut before = 0;
    let mut rest = text;
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        // The lowest bit found is that of the first such byte, and no other's.
        let differs = u64::from_le_bytes(*word) ^ (ONES * u64::from(byte));
        let found = differs.wrapping_sub(ONES) & !differs & !LOW;
        if found != 0 {
            return Some(before + first(found));
        }
        before += 8;
        rest = after;
        if before == NEAR {
            return memchr(byte, rest).map(|at| before + at);
        }
    }
    rest.iter().position(|b| *b == byte).map(|at| before + at)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// The highest bit of each of eight bytes that is this one.
#[inline]
pub(super) const fn matches(byte: u8, word: [u8; 8]) -> u64 {
    let differs = u64::from_le_bytes(word) ^ (ONES * byte as u64);
    // No byte carries into the next: its low bits give at most 0xfe.
    !(((differs & LOW) + LOW) | differs | LOW)
}

/// Which of eight bytes is the first that was found.
#[inline]
pub(super) const fn first(found: u64) -> usize {
    found.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_byte_is_found_wherever_it_stands() {
        for length in 0..150 {
            for at in 0..length {
                let mut text = vec![b'x'; length];
                text[at..].fill(b'-');
                text[at] = b',';
                assert_eq!(find(b',', &text), Some(at), "{at} of {length}");
            }
            assert_eq!(find(b',', &vec![b'-'; length]), None);
        }
    }

    proptest! {
        #[test]
        fn any_byte_in_any_text(byte in any::<u8>(), text in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(find(byte, &text), memchr(byte, &text));
        }

        #[test]
        fn all_of_eight_bytes(byte in any::<u8>(), mut word in any::<[u8; 8]>(), same in any::<[bool; 8]>()) {
            for (b, same) in word.iter_mut().zip(same) {
                *b = if same { byte } else { *b };
            }
            let bits = word.iter().enumerate().map(|(n, b)| u64::from(*b == byte) << (n * 8 + 7));
            prop_assert_eq!(matches(byte, word), bits.sum::<u64>());
        }
    }
}
