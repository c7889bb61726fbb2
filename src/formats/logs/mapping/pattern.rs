//! Patterns of a mapping: linear time, bounded size, ASCII classes, bytes of any encoding.

use regex::bytes::{Regex, RegexBuilder};

/// The longest pattern: what is longer is no pattern that a person reviews.
const LONGEST: usize = 2000;
/// Bytes that a compiled pattern may take.
const MOST_BYTES: usize = 1 << 20;

/// Reads a pattern.
///
/// # Errors
/// Why it is none, in a clause.
pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    if text.len() > LONGEST {
        return Err(format!("a pattern of more than {LONGEST} characters"));
    }
    // ASCII classes: replies of receivers and keywords of MTAs are ASCII, and the tables of
    // Unicode would triple the automata.
    let built =
        RegexBuilder::new(text).unicode(false).size_limit(MOST_BYTES).dfa_size_limit(MOST_BYTES).nest_limit(50).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "a pattern that is too large when compiled".to_owned(),
        // The last line says what is wrong; those above draw a caret, which the problem has.
        other => other.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn what_takes_too_long_is_refused() {
        assert!(pattern(r"(?i)\b(ssl|tls)\b").is_ok());
        assert_eq!(pattern("(a").err().as_deref(), Some("unclosed group"));
        assert!(pattern(r"(a)\1").err().is_some_and(|e| e.contains("backreference")), "{:?}", pattern(r"(a)\1"));
        assert_eq!(pattern("(a{1000}){1000}").err().as_deref(), Some("a pattern that is too large when compiled"));
        assert!(pattern(&"a".repeat(3000)).is_err());
    }
}
