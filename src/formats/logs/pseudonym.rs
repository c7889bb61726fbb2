//! Ids as a bundle shows them to Google in place of those of the sender's MTA: `q-7k3q9x2mhd4w`.
//!
//! A line of a log is still a line of that log when its ids were rewritten, so every reader takes
//! such a name wherever it takes an id. It is dated by nothing.

/// How long each of them is.
pub(super) const LENGTH: usize = 14;

/// Whether an id is one of them: twelve digits of Crockford's base 32, in small letters.
pub(super) fn is_pseudonym(id: &[u8]) -> bool {
    let digit = |b: &u8| b.is_ascii_digit() || b.is_ascii_lowercase() && !matches!(b, b'i' | b'l' | b'o' | b'u');
    id.len() == LENGTH && id.strip_prefix(b"q-").is_some_and(|digits| digits.iter().all(digit))
}

/// Splits one off the beginning of a text.
pub(super) fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    text.split_at_checked(LENGTH).filter(|(id, _)| is_pseudonym(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_none() {
        assert!(is_pseudonym(b"q-7k3q9x2mhd4w") && is_pseudonym(b"q-000000000000"));
        for text in ["q-7k3q9x2mhd4", "q-7k3q9x2mhd4wx", "q-7K3q9x2mhd4w", "q-7k3q9x2mhd4u", "p-7k3q9x2mhd4w", "q-", ""]
        {
            assert!(!is_pseudonym(text.as_bytes()), "{text}");
        }
        assert_eq!(split(b"q-7k3q9x2mhd4w.1.1"), Some((&b"q-7k3q9x2mhd4w"[..], &b".1.1"[..])));
    }
}
