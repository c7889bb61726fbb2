//! Made-up facts with a value in every slot: a user's template is tried on them.

use std::collections::BTreeMap;

use super::slots::{Entry, Kind, Slot, slots};
use crate::release::{Fact, Node, Value};
use crate::time::{Minute, Stamp};

/// Facts with a value in every slot. `nth` chooses among the words that a slot may hold, and
/// between yes and no, so that several specimens walk the branches of a template.
pub(in crate::narrative) fn specimen(nth: usize) -> Node {
    node(&slots(), nth)
}

/// The most words that a slot may hold: so many specimens show each of them.
pub(in crate::narrative) fn how_many() -> usize {
    super::slots::entries().map(|entry| entry.words().len()).max().unwrap_or(1).max(2)
}

fn node(slot: &Slot, nth: usize) -> Node {
    if let Some(item) = &slot.item {
        return Node::List(vec![node(item, nth), node(item, nth + 1)]);
    }
    if slot.parts.is_empty() {
        return slot.entry.map_or_else(|| Value::Absent.into(), |entry| leaf(entry, nth));
    }
    Node::Group(slot.parts.iter().map(|(name, part)| (*name, node(part, nth))).collect::<BTreeMap<_, _>>())
}

fn leaf(entry: Entry, nth: usize) -> Node {
    Node::Leaf(Fact { value: value(entry, nth), evidence: Vec::new() })
}

/// A value of the slot's kind.
pub(in crate::narrative) fn value(entry: Entry, nth: usize) -> Value {
    // 2026-11-24T03:56Z, a minute like any other.
    const AT: Stamp = Stamp::from_seconds(1_795_492_560);
    let minute: Minute = AT.minute();
    match entry.kind() {
        Kind::Count => Value::Count(3, entry.unit()),
        Kind::Number => Value::Number(12.5, 1, entry.unit().to_owned()),
        Kind::Share => Value::Share(3_041, 3_128, "sessions"),
        Kind::Minute => Value::Minute(minute),
        Kind::Second => Value::Second(AT),
        Kind::Between => Value::Between(minute, minute.plus(1)),
        Kind::Ip => Value::Ip(std::net::IpAddr::from([192, 0, 2, 11])),
        Kind::Word => {
            let words = entry.words();
            Value::Word(words.get(nth % words.len().max(1)).copied().unwrap_or("word"))
        }
        Kind::Sentence => Value::Sentence("A sentence made from other facts.".to_owned()),
        Kind::Text => Value::Text("some text".to_owned()),
        Kind::Flag => Value::Flag(nth.is_multiple_of(2)),
    }
}
