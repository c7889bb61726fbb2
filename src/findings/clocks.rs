//! The clock of each source: as read, and held against Google's own.

use super::items::Seen;
use super::{Evidence, Node, Value, alignment, number};

pub(super) fn clocks(seen: &Seen<'_>) -> Node {
    let (tally, case) = (seen.evident.tally, seen.evident.case);
    let mut logs = seen.evident.files.iter().filter(|card| card.kind == "log");
    let logs_moved = logs.any(|card| case.moved_ms("logs", &card.file) != 0);
    let row = |(node, zone, basis): &(String, String, String)| {
        let mut offsets: Vec<(i32, u64)> = Vec::new();
        for ((egress, seconds), n) in &tally.skew {
            if tally.names.egress_of(*egress).is_some_and(|e| e.node == *node) {
                offsets.push((*seconds, *n));
            }
        }
        let skew = weighted_median(offsets);
        // Strangers read this too, and have no case.yaml.
        let told = if basis == "stated in case.yaml" { "as the sender states" } else { basis.as_str() };
        let unit = if skew.is_some_and(|s| s.abs() == 1) { "second" } else { "seconds" };
        let of = if node.is_empty() { "the logs that name no node" } else { node };
        let sentence = match skew {
            Some(s) if s.abs() <= 5 => format!(
                "Times of {of} are {zone} ({told}); its acceptances by Gmail carry Google's clock and differ by {s} {unit} (median)."
            ),
            Some(s) => format!(
                "Times of {of} are {zone} ({told}); by Google's clock in its acceptances they are off by {s} {unit} (median){}.",
                if logs_moved { ", after what case.yaml moved" } else { ", which is not corrected" }
            ),
            None => format!("Times of {of} are {zone} ({told}); no acceptance by Gmail is there to check them."),
        };
        Node::group([
            ("node", Value::Text(node.clone()).into()),
            ("zone", Value::Text(zone.clone()).into()),
            ("basis", Value::Text(basis.clone()).into()),
            ("skew", Node::maybe(skew.map(|s| Value::Number(f64::from(s), 0, "seconds".to_owned())))),
            ("sentence", Value::Sentence(sentence).into()),
        ])
    };
    let metrics = alignment::rows(&seen.evident.timeline.alignments);
    let files: Vec<String> = seen.evident.files.iter().map(|card| card.file.clone()).collect();
    let idle: Vec<&str> = case.idle_clocks(&files).collect();
    let of_files = case.clocks.iter().filter(|(source, _)| !idle.contains(&source.as_str()));
    let moved = of_files.map(|(source, ms)| moved(source, *ms));
    Node::List(seen.evident.clocks.iter().map(row).chain(metrics).chain(moved).collect())
}

/// What case.yaml moved: nothing is, but by the user's word.
fn moved(source: &str, milliseconds: i64) -> Node {
    let seconds = milliseconds as f64 / 1000.0;
    let whole_minutes = milliseconds % 60_000 == 0;
    let (by, unit) = if whole_minutes { (seconds / 60.0, "minutes") } else { (seconds, "seconds") };
    let sentence = format!("Times of {source} were moved by {} {unit}, as case.yaml says.", number(by, 0));
    Node::group([
        ("source", Value::Text(source.to_owned()).into()),
        ("sentence", Node::fact(Value::Sentence(sentence), [Evidence::Stated(format!("clocks.apply.{source}"))])),
    ])
}

fn weighted_median(mut values: Vec<(i32, u64)>) -> Option<i32> {
    values.sort_unstable();
    let half = values.iter().map(|(_, n)| n).sum::<u64>() / 2;
    let mut seen = 0;
    values
        .into_iter()
        .find(|(_, n)| {
            seen += n;
            seen > half
        })
        .map(|(v, _)| v)
}
