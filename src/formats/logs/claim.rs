//! Recognising a log by its first lines.

use crate::intake::lines_of;

/// Lines looked at before giving up on recognising a log.
const MOST: usize = 400;

/// The first lines that hold anything: a journal export, unwrapped, is mostly blank.
pub(super) fn first_lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines_of(head).filter(|l| !l.trim_ascii().is_empty()).take(MOST)
}

/// Claims a log of which any of the first lines is `mine`: `3 of its first lines are WHAT`.
pub(super) fn claim(head: &[u8], mine: impl Fn(&[u8]) -> bool, what: &str) -> Option<String> {
    let found = first_lines(head).filter(|l| mine(l)).count();
    (found > 0).then(|| format!("{found} of its first lines are {what}"))
}

#[cfg(test)]
mod tests {
    use super::claim;

    #[test]
    fn blank_lines_do_not_count() {
        let text = format!("{}mine\n{}mine\n", "\n".repeat(1000), "x\n".repeat(1000));
        let why = claim(text.as_bytes(), |l| l == b"mine", "ours");
        assert_eq!(why.as_deref(), Some("1 of its first lines are ours"));
        assert_eq!(claim(b"", |_| true, "ours"), None);
    }
}
