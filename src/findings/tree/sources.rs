//! The files of evidence: what each covers, where its lines went, and what was skipped.

use super::super::items::Seen;
use super::super::{FileCard, Node, Value};
use super::{sentences, text};

pub(super) fn coverage(seen: &Seen<'_>) -> Node {
    let row = |card: &FileCard| {
        let count = |n| Value::Count(n, "lines").into();
        Node::group([
            ("exhibit", Value::Text(card.exhibit.clone()).into()),
            ("file", Value::Text(card.file.clone()).into()),
            ("kind", Value::Word(card.kind).into()),
            ("format", Value::Text(card.format.clone()).into()),
            ("from", Node::maybe(card.span.map(|(a, _)| Value::Second(a)))),
            ("to", Node::maybe(card.span.map(|(_, b)| Value::Second(b)))),
            ("read", count(card.accounting.read)),
            ("used", count(card.accounting.used)),
            ("irrelevant", count(card.accounting.irrelevant)),
            ("unrecognised", count(card.accounting.unrecognised)),
            ("sha256", text(Some(&card.sha256))),
            ("cannot_show", sentences(card.cannot_show.clone())),
            ("not_understood", sentences(card.not_understood.clone())),
        ])
    };
    Node::List(seen.evident.files.iter().map(row).collect())
}

/// What was not read, and why.
pub(super) fn skipped(seen: &Seen<'_>) -> Node {
    let row = |(name, why): &(String, String)| {
        Node::group([("name", Value::Text(name.clone()).into()), ("why", Value::Sentence(why.clone()).into())])
    };
    Node::List(seen.evident.skipped.iter().map(row).collect())
}
