//! Which records tell of further recipients of one transaction.
//!
//! Accounting writes a record for each recipient and no id of the transaction. Records are
//! taken for one transaction when they follow each other, differ in their recipient alone,
//! and bear one of Google's tokens, which are a session's own. Replies without any such mark
//! (`250 DATA ok`) tell no transactions apart, so each of their records counts.

use std::hash::{Hash as _, Hasher as _};
use std::ops::Range;

use memchr::{memchr, memmem};
use rustc_hash::FxHasher;

use super::cells::Cells;
use super::columns::{Column, Layout};

/// A digest of a row without its recipient.
pub(super) fn of_row(row: &[u8], cells: &Cells, layout: &Layout) -> u64 {
    without(
        row,
        [Column::Rcpt, Column::Orcpt]
            .map(|column| layout.at(column).and_then(|at| cells.place(at)).unwrap_or(row.len()..row.len())),
    )
}

/// The same of a JSON record.
pub(super) fn of_json(line: &[u8]) -> u64 {
    without(line, [&b"\"rcpt\""[..], b"\"orcpt\""].map(|key| value_of(line, key)))
}

/// A digest of a text without two stretches of it.
fn without(text: &[u8], mut stretches: [Range<usize>; 2]) -> u64 {
    stretches.sort_by_key(|stretch| stretch.start);
    let mut hasher = FxHasher::default();
    let mut from = 0;
    for stretch in stretches {
        text.get(from..stretch.start).hash(&mut hasher);
        from = stretch.end.max(from);
    }
    text.get(from..).hash(&mut hasher);
    hasher.finish()
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
            of_json(format!(r#"{{"type":"d","rcpt":"{rcpt}","orcpt": "{orcpt}","dsnDiag":"{tail}"}}"#).as_bytes())
        };
        assert_eq!(of("a@gmail.com", "", "x"), of("someone.else@gmail.com", "z", "x"));
        assert_ne!(of("a@gmail.com", "", "x"), of("a@gmail.com", "", "y"));
        assert_ne!(of_json(b"{}"), of_json(b"{ }"));
    }
}
