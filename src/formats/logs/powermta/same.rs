//! Which records tell of further recipients of one transaction.
//!
//! Accounting writes a record for each recipient and no id of the transaction. Records are
//! taken for one transaction when they follow each other, differ in their recipient alone,
//! and bear one of Google's tokens, which are a session's own. Replies without any such mark
//! (`250 DATA ok`) tell no transactions apart, so each of their records counts.

use std::ops::Range;

use memchr::{memchr, memmem};

use super::cells::Cells;
use super::columns::{Column, Layout};

/// Where the two names of its recipient stand in a record.
pub(super) type Recipient = [Range<usize>; 2];

/// The recipient of a row.
pub(super) fn of_row(row: &[u8], cells: &Cells, layout: &Layout) -> Recipient {
    [Column::Rcpt, Column::Orcpt]
        .map(|column| layout.at(column).and_then(|at| cells.place(at)).unwrap_or(row.len()..row.len()))
}

/// The recipient of a JSON record.
pub(super) fn of_json(line: &[u8]) -> Recipient {
    [&b"\"rcpt\""[..], b"\"orcpt\""].map(|key| value_of(line, key))
}

/// The record before, where its reply bears Google's token.
#[derive(Default)]
pub(super) struct Before {
    text: Vec<u8>,
    recipient: Option<Recipient>,
}

impl Before {
    /// Goes on to a record. Whether it differs from the one before in its recipient alone, and
    /// both bear a token; `recipient` is nothing for one that bears none.
    pub(super) fn goes_on_with(&mut self, text: &[u8], recipient: Option<&Recipient>) -> bool {
        let before = self.recipient.take();
        let Some(recipient) = recipient else { return false };
        let is_same = before.is_some_and(|before| without(&self.text, before) == without(text, recipient.clone()));
        self.text.clear();
        self.text.extend_from_slice(text);
        self.recipient = Some(recipient.clone());
        is_same
    }

    /// What comes next has no record before it.
    pub(super) fn forget(&mut self) {
        self.recipient = None;
    }
}

/// A text without two stretches of it.
fn without(text: &[u8], mut stretches: Recipient) -> [Option<&[u8]>; 3] {
    stretches.sort_by_key(|stretch| stretch.start);
    let [first, second] = stretches;
    let between = first.end.max(second.end);
    [text.get(..first.start), text.get(first.end..second.start), text.get(between..)]
}

/// Where the text after a key stands; at the end when there is none.
fn value_of(line: &[u8], key: &[u8]) -> Range<usize> {
    let found = memmem::find(line, key).map(|at| at + key.len()).and_then(|after| {
        let open = after + memchr(b'"', line.get(after..)?)? + 1;
        let close = open + memchr(b'"', line.get(open..)?)?;
        Some(open..close)
    });
    found.unwrap_or(line.len()..line.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_record_without_its_recipient() {
        let of = |rcpt: &str, orcpt: &str, tail: &str| {
            format!(r#"{{"type":"d","rcpt":"{rcpt}","orcpt": "{orcpt}","dsnDiag":"{tail}"}}"#)
        };
        let are_one = |one: &str, other: &str| {
            let mut before = Before::default();
            assert!(!before.goes_on_with(one.as_bytes(), Some(&of_json(one.as_bytes()))));
            before.goes_on_with(other.as_bytes(), Some(&of_json(other.as_bytes())))
        };
        assert!(are_one(&of("a@gmail.com", "", "x"), &of("someone.else@gmail.com", "z", "x")));
        assert!(!are_one(&of("a@gmail.com", "", "x"), &of("a@gmail.com", "", "y")));
        assert!(!are_one("{}", "{ }"));
    }
}
