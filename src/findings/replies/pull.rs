//! Queue ids that an ESP can look up.

use std::collections::BTreeSet;

use super::super::{Node, Value, example_of};
use crate::scan::{Excerpt, Tally};
use crate::smtp::Outcome;
use crate::time::Window;
use crate::timeline::{Place, Timeline};

/// Up to five queue ids that an ESP can look up: of each wave the first deferred
/// session of each sending IP, waves in turn.
pub(in crate::findings) fn queue_ids(timeline: &Timeline, tally: &Tally, waves: &[Window]) -> Node {
    let of_wave = |wave: &Window| -> Vec<&Excerpt> {
        let mut seen = BTreeSet::new();
        let inside = tally
            .excerpts
            .iter()
            .filter(|((minute, outcome, _), _)| wave.contains(*minute) && *outcome == Outcome::Deferral);
        inside
            .map(|(_, e)| e)
            .filter(|e| !e.queue_id.is_empty() && seen.insert(timeline.place(e.egress).map(Place::label)))
            .collect()
    };
    let waves: Vec<_> = waves.iter().map(of_wave).collect();
    let longest = waves.iter().map(Vec::len).max().unwrap_or_default();
    let in_turn = (0..longest).flat_map(|i| waves.iter().filter_map(move |w| w.get(i)));
    let row = |e: &&Excerpt| {
        let mut node = example_of(timeline, e);
        let message = e.lines.last().map(|l| String::from_utf8_lossy(&l.text).into_owned()).unwrap_or_default();
        let said = message.split_once(&format!("{}: ", e.queue_id)).map_or(message.as_str(), |(_, said)| said);
        let said = said.find("said: ").or_else(|| said.find("refused ")).map_or(said, |at| &said[at..]);
        node.insert("queue_id", Value::Text(e.queue_id.clone()).into());
        node.insert("text", Value::Text(said.to_owned()).into());
        node
    };
    Node::List(in_turn.take(5).map(row).collect())
}
