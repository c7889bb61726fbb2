//! Queue ids that an ESP can look up.

use std::collections::BTreeSet;

use super::super::{Node, Value, example_of};
use crate::scan::{Excerpt, Tally, What};
use crate::smtp::Outcome;
use crate::time::Window;
use crate::timeline::{Place, Timeline};

/// Up to five queue ids that an ESP can look up: of each wave the first deferred session of
/// each sending IP, or the first failed one where none was deferred, waves in turn.
pub(in crate::findings) fn queue_ids(timeline: &Timeline, tally: &Tally, waves: &[Window]) -> Node {
    let of_wave = |wave: &Window| -> Vec<&Excerpt> {
        let mut seen = BTreeSet::new();
        let named = |e: &&Excerpt| wave.contains(e.at.minute()) && !e.queue_id.is_empty();
        let mut found: Vec<_> = tally.excerpts.values().filter(named).collect();
        if found.iter().any(|e| e.outcome == Outcome::Deferral) {
            found.retain(|e| e.outcome == Outcome::Deferral);
        } else {
            found.retain(|e| What::FAILURES.contains(&e.outcome));
        }
        found.sort();
        found.retain(|e| seen.insert(timeline.place(e.egress).map(Place::label)));
        found
    };
    let waves: Vec<_> = waves.iter().map(of_wave).collect();
    let longest = waves.iter().map(Vec::len).max().unwrap_or_default();
    let in_turn = (0..longest).flat_map(|i| waves.iter().filter_map(move |w| w.get(i)));
    let row = |e: &&Excerpt| {
        let mut node = example_of(timeline, e);
        let text = if e.reply.is_empty() { Value::Absent } else { Value::Text(e.reply.clone()) };
        node.insert("queue_id", Value::Text(e.queue_id.clone()).into());
        node.insert("text", text.into());
        node
    };
    Node::List(in_turn.take(5).map(row).collect())
}
