//! Which bare words give someone away, and which are the language of logs.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

/// Words of replies, logs and role accounts: removing them everywhere would spoil the
/// evidence and hide nobody. One a line, lower case.
static COMMON: LazyLock<FxHashSet<&str>> = LazyLock::new(|| include_str!("common-words.txt").lines().collect());

/// Whether a word belongs to everyone.
pub(super) fn is_common(word: &str) -> bool {
    COMMON.contains(word.to_ascii_lowercase().as_str())
}

/// Whether a local part, account or node name is told apart from ordinary words wherever it
/// stands: at least six characters, and not made of common words, single letters and few digits.
pub(super) fn is_telling(word: &str) -> bool {
    if word.chars().count() < 6 || !word.chars().any(char::is_alphabetic) {
        return false;
    }
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let mut parts = word.split(|c: char| !c.is_alphabetic()).filter(|part| part.chars().count() > 2).peekable();
    let mixed = digits >= 3 && parts.peek().is_none();
    mixed || parts.any(|part| !is_common(part))
}

#[cfg(test)]
mod tests {
    use super::is_telling;

    #[test]
    fn names_tell_and_roles_do_not() {
        for word in ["alice.b", "alicebrown", "jane_doe", "a1b2c3", "алиса.б", "bob.smith+promo"] {
            assert!(is_telling(word), "{word}");
        }
        for word in [
            "info",
            "postmaster",
            "no-reply",
            "mailer-daemon",
            "gmail-smtp-in",
            "delivery",
            "bob",
            "12345678",
            "news2026",
            "unusual",
            "connection",
        ] {
            assert!(!is_telling(word), "{word}");
        }
    }
}
