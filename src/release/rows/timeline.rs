//! Everything that has a time, in the columns that Timesketch reads. Internal: lines are whole.

use std::collections::BTreeMap;

use super::{Desk, column};
use crate::findings::{Evidence, Fact, Node, Value};
use crate::release::{Cell, Column, ColumnKind, Table};
use crate::time::Stamp;
use crate::timeline::Place;

const COLUMNS: [Column; 12] = [
    column("message", ColumnKind::Text, "what happened"),
    column("datetime", ColumnKind::Time, "when; a minute is given by its first second"),
    column("timestamp_desc", ColumnKind::Text, "what the time is of"),
    column("kind", ColumnKind::Text, "wave, launch, change, reply, test, source or session"),
    column("exhibit", ColumnKind::Text, "file of evidence; empty for what is computed or stated"),
    column("file", ColumnKind::Text, "its name in the case folder"),
    column("line", ColumnKind::Integer, "line in that file, from 1"),
    column("ip", ColumnKind::Text, "sending IP"),
    column("mx_host", ColumnKind::Text, "MX host"),
    column("outcome", ColumnKind::Text, "what became of the session"),
    column("stage", ColumnKind::Text, "how far it had come"),
    column("queue_id", ColumnKind::Text, "queue id in the sender's log"),
];

/// One row before its cells.
#[derive(Default)]
struct Event {
    message: String,
    of: &'static str,
    kind: &'static str,
    exhibit: String,
    line: Option<u64>,
    ip: String,
    mx_host: String,
    outcome: &'static str,
    stage: &'static str,
    queue_id: String,
}

/// Times in the facts: the list, the part of an item, what the time is of, its kind, and the
/// parts that say what happened.
const TIMES: [(&str, &str, &str, &str, &[&str]); 11] = [
    ("waves", "first", "First failing minute", "wave", &["number", "failed_share"]),
    ("waves", "peak", "Peak minute", "wave", &["number", "peak_failed"]),
    ("waves", "recovery", "Recovery minute", "wave", &["number"]),
    ("spikes", "minute", "Spike", "wave", &["failed"]),
    ("launches", "at", "Launch", "launch", &["name", "messages"]),
    ("changes", "at", "Change", "change", &["what"]),
    ("replies", "first", "First Reply", "reply", &["text", "attempts"]),
    ("replies", "last", "Last Reply", "reply", &["text", "attempts"]),
    ("transcripts", "at", "Test", "test", &["tool", "condition", "host", "verdict"]),
    ("coverage", "from", "Source Begins", "source", &["file", "format"]),
    ("coverage", "to", "Source Ends", "source", &["file", "format"]),
];

/// Whether a row says something: a transcript begins and ends with its test.
fn is_worth_a_row(list: &str, item: &Node) -> bool {
    list != "coverage" || item.value("from") != item.value("to")
}

/// All rows, in order of time.
pub(super) fn table(desk: &Desk<'_>) -> Table {
    let mut events: Vec<(Stamp, Event)> = Vec::new();
    for (list, part, of, kind, said) in TIMES {
        let Some(Node::List(items)) = desk.facts.at(list) else { continue };
        for item in items.iter().filter(|item| is_worth_a_row(list, item)) {
            if let Some((at, event)) = of_fact(item, part, of, kind, said) {
                events.push((at, event));
            }
        }
    }
    for excerpt in desk.chosen.iter().flat_map(|chosen| &chosen.excerpts) {
        let place = desk.timeline.place(excerpt.egress).map(Place::label).unwrap_or_default();
        for line in &excerpt.lines {
            let event = Event {
                message: (desk.write)(&line.text).to_string(),
                of: "Session Ended",
                kind: "session",
                exhibit: line.exhibit.to_string(),
                line: Some(line.number),
                ip: place.clone(),
                mx_host: desk.timeline.mx_name(excerpt.mx).to_owned(),
                outcome: excerpt.outcome.word(),
                stage: excerpt.stage.word(),
                queue_id: excerpt.queue_id.clone(),
            };
            events.push((excerpt.at, event));
        }
    }
    events.sort_by_key(|(at, _)| *at);
    let files = files(desk.facts);
    let rows = events.into_iter().map(|(at, event)| event.cells(at, &files)).collect();
    let title =
        "One row for each moment: waves, launches, changes, replies, tests, sources, quoted sessions.".to_owned();
    Table { name: "timeline", title, columns: COLUMNS.into(), rows }
}

fn of_fact(
    item: &Node,
    part: &str,
    of: &'static str,
    kind: &'static str,
    said: &[&'static str],
) -> Option<(Stamp, Event)> {
    let Some(Node::Leaf(fact)) = item.at(part) else { return None };
    let at = match &fact.value {
        Value::Minute(minute) => minute.start(),
        Value::Second(at) => *at,
        _ => return None,
    };
    let known = said.iter().filter_map(|name| Some((*name, item.value(name)?)));
    let known = known.filter(|(_, value)| **value != Value::Absent);
    let word = |name: &str| if name == "number" { kind.to_owned() } else { name.replace('_', " ") };
    let parts: Vec<String> = known.map(|(name, value)| format!("{}: {}", word(name), value.text())).collect();
    let (exhibit, line) = place_of(item, fact);
    let message = format!("{of}: {}", parts.join(", "));
    Some((at, Event { message, of, kind, exhibit, line, ..Event::default() }))
}

/// The file and line that show a fact; of a source or a test the file itself.
fn place_of(item: &Node, fact: &Fact) -> (String, Option<u64>) {
    let cited = fact.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Lines(exhibit, from, _) => Some((exhibit.to_string(), Some(*from))),
        _ => None,
    });
    cited.unwrap_or_else(|| (item.value("exhibit").map(Value::text).unwrap_or_default(), None))
}

/// The name of each exhibit's file.
fn files(facts: &Node) -> BTreeMap<String, String> {
    let row = |i: u32| {
        let text = |part: &str| facts.value(&format!("coverage.{i}.{part}")).map(Value::text);
        Some((text("exhibit")?, text("file")?))
    };
    (1..).map_while(row).collect()
}

impl Event {
    fn cells(self, at: Stamp, files: &BTreeMap<String, String>) -> Vec<Cell> {
        let text = |value: &str| if value.is_empty() { Cell::Empty } else { Cell::Text(value.to_owned()) };
        vec![
            Cell::Text(self.message),
            Cell::Time(at),
            text(self.of),
            text(self.kind),
            text(&self.exhibit),
            text(files.get(&self.exhibit).map_or("", String::as_str)),
            self.line.map_or(Cell::Empty, Cell::Integer),
            text(&self.ip),
            text(&self.mx_host),
            text(self.outcome),
            text(self.stage),
            text(&self.queue_id),
        ]
    }
}
