//! Queue ids.
//!
//! Source: postfix `src/global/mail_queue.h`. A short id is five hexadecimal digits of
//! microseconds and the inode; it holds no date and comes back. A long one
//! (`enable_long_queue_ids`, since 2.9) is the time in base 52 (six digits of seconds or
//! more, four of microseconds), a `z`, and the inode in base 51.

use memchr::memrchr;

use crate::formats::logs::near;

use crate::formats::logs::pseudonym::is_pseudonym;

/// Digits, then consonants of both cases: no id is a word. Base 51 lacks the last, `z`.
const ALPHABET: &[u8; 52] = b"0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

/// What each byte is worth in base 52; 255 for none.
const VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut digit = 0;
    while digit < ALPHABET.len() {
        values[ALPHABET[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};

/// Digits of the microseconds.
const MICROSECONDS: usize = 4;
/// The `z` stands here or later.
const LEAST_TIME: usize = 6 + MICROSECONDS;
/// An id and its colon are not longer.
const LONGEST: usize = 26;

/// The queue id before `: `, and what follows.
pub(super) fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = near::find(b':', text.get(..LONGEST).unwrap_or(text))?;
    let id = &text[..colon];
    (is_short(id) || separator(id).is_some() || is_pseudonym(id)).then_some(())?;
    text[colon..].strip_prefix(b": ").map(|rest| (id, rest))
}

/// The Unix second at which a message with a long id arrived.
pub(super) fn second(id: &[u8]) -> Option<i64> {
    let seconds = &id[..separator(id)? - MICROSECONDS];
    let digits = seconds.iter().map(|b| i64::from(VALUES[usize::from(*b)]));
    let second = digits.fold(0_i64, |n, digit| n.saturating_mul(52).saturating_add(digit));
    // Long ids came in 2011; a number of another century is no time.
    (1_293_840_000..4_102_444_800).contains(&second).then_some(second)
}

fn is_short(id: &[u8]) -> bool {
    match (id.first_chunk::<8>(), id.last_chunk::<8>()) {
        // Two words that overlap hold all of an id as long as Postfix makes them.
        (Some(first), Some(last)) if id.len() <= 16 => is_hexadecimal(*first) && is_hexadecimal(*last),
        _ => id.len() >= 6 && id.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F')),
    }
}

/// Whether eight bytes are digits or large letters up to `F`.
const fn is_hexadecimal(word: [u8; 8]) -> bool {
    let word = u64::from_le_bytes(word);
    // The highest bit of each byte that is at least so much; of bytes beyond ASCII none counts.
    const fn at_least(word: u64, least: u8) -> u64 {
        word.wrapping_add(EACH * (0x80 - least as u64)) & HIGH
    }
    let digits = at_least(word, b'0') & !at_least(word, b'9' + 1);
    let letters = at_least(word, b'A') & !at_least(word, b'F' + 1);
    word & HIGH == 0 && digits | letters == HIGH
}

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Where the `z` of a long id stands: the last one, as base 51 has none.
fn separator(id: &[u8]) -> Option<usize> {
    let at = memrchr(b'z', id).filter(|at| *at >= LEAST_TIME && at + 1 < id.len())?;
    id.iter().all(|b| VALUES[usize::from(*b)] != u8::MAX).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(text: &str) -> Option<&str> {
        split(text.as_bytes()).and_then(|(id, _)| std::str::from_utf8(id).ok())
    }

    #[test]
    fn both_kinds() {
        assert_eq!(id_of("8B1DC9F6A5D: removed"), Some("8B1DC9F6A5D"));
        // Recorded: ids of digits alone.
        assert_eq!(id_of("07034109: removed"), Some("07034109"));
        assert_eq!(id_of("4jYSD75hTkz1Wv98: to=<a@b>"), Some("4jYSD75hTkz1Wv98"));
        // The time may hold a `z` too.
        assert_eq!(id_of("4jzSD75hTkz1Wv98: x"), Some("4jzSD75hTkz1Wv98"));
        // As a bundle shows it to Google.
        assert_eq!(id_of("q-7k3q9x2mhd4w: removed"), Some("q-7k3q9x2mhd4w"));
    }

    #[test]
    fn what_is_none() {
        // Server side; a word; too early a separator; vowels; no blank; lower-case hex.
        for text in [
            "NOQUEUE: reject",
            "DECADE1",
            "4jYz1WvK: x",
            "4jYSA75hTkz1Wv98: x",
            "8B1DC9F6A5D:x",
            "8b1dc9f6: x",
            "warning: x",
            ": x",
            "",
        ] {
            assert_eq!(id_of(text), None, "{text}");
        }
    }

    #[test]
    fn the_moment_of_arrival_inside_a_long_id() {
        // Recorded, 2026-11-24 02:49:04 UTC; and a public line of 2015, logged six hours west.
        assert_eq!(second(b"4jYS1r2YhQz1WkgZ"), Some(1_795_488_544));
        assert_eq!(second(b"3mPVKl0Mhjz7sXv"), Some(1_436_100_731));
        assert_eq!(second(b"8B1DC9F6A5D"), None);
        assert_eq!(second(b"zzzzzzzzzzzzzzzzz1"), None);
    }

    proptest::proptest! {
        #[test]
        fn short_ids_are_digits_and_large_letters(id in "[0-9A-F]{5,18}[0-9A-Gza-f@/:\u{0}-\u{ff}]{0,2}") {
            let is_plain = id.len() >= 6 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
            proptest::prop_assert_eq!(is_short(id.as_bytes()), is_plain);
        }
    }
}
