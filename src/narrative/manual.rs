//! `docs/TEMPLATES.md` and `docs/facts.schema.json`, written from the list of slots.
//!
//! Both are committed, and the tests here fail when they are stale; with `WRITE_DOCS=1` in the
//! environment the tests write them anew.
#![expect(clippy::expect_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::slots::{Entry, Kind, Slot, entries, slots};
use super::specimen;
use crate::release::{Node, Value};

const HEAD: &str = include_str!("manual.md");

/// The manual: how a template is written, then every slot.
fn manual(sample: &Node) -> String {
    let mut page = String::from(HEAD);
    let mut group = "";
    for entry in entries() {
        let own = entry.path.split(['.', '[']).next().unwrap_or_default();
        if own != group {
            group = own;
            let _ = write!(page, "\n### {own}\n\n| Slot | Meaning | Type | Unit | Example |\n|---|---|---|---|---|\n");
        }
        let (kind, rest) = entry.what().split_once([' ', ',', ':']).unwrap_or((entry.what(), ""));
        let meaning = [entry.meaning(), rest.trim()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
        let meaning = if meaning.is_empty() { kind.to_owned() } else { meaning.join("; ") };
        let (shown, unit) = example(entry, sample);
        let _ = writeln!(page, "| `{}` | {} | {kind} | {unit} | {shown} |", entry.path, cell(&meaning));
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The slot's first value in the sample, with its unit; a made-up one of its kind where the sample has none.
fn example(entry: Entry, sample: &Node) -> (String, String) {
    let first = entry.path.replace("[]", ".1");
    let known = sample.value(&first).filter(|value| **value != Value::Absent).cloned();
    let value = known.unwrap_or_else(|| specimen::value(entry, 0));
    let text: String = value.text().chars().take(60).collect();
    let unit = value.unit().filter(|unit| !unit.is_empty()).unwrap_or("-").to_owned();
    (format!("`{}`", text.replace('`', "'").replace('|', "\\|")), unit)
}

/// The JSON Schema of facts.json. Keys may be added, so others than these are allowed.
fn schema() -> Json {
    let mut tree = of(&slots());
    let properties = tree["properties"].as_object_mut().expect("properties");
    properties.remove("bundle");
    properties.insert("facts".to_owned(), facts());
    tree["type"] = json!("object");
    tree["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    tree["title"] = json!("casefile facts.json");
    tree["description"] = json!(
        "What was found, as plain values, and in `facts` the same one by one with text, unit and evidence. A reader's file holds what that reader may see."
    );
    tree["required"] =
        json!(["facts", "incident", "window", "waves", "ips", "lanes", "tls_failures", "pattern", "coverage", "tool"]);
    tree
}

fn facts() -> Json {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["id", "value", "text", "unit", "evidence"],
            "properties": {
                "id": {"type": "string", "description": "its path, items counted from 1: waves.1.first"},
                "value": {},
                "text": {"type": "string", "description": "as prose prints it"},
                "unit": {"type": ["string", "null"]},
                "evidence": {"type": "array", "items": {"type": "string"}}
            }
        }
    })
}

fn of(slot: &Slot) -> Json {
    if let Some(item) = &slot.item {
        return json!({"type": ["array", "null"], "items": of(item)});
    }
    if slot.parts.is_empty() {
        return slot.entry.map_or_else(|| json!({}), leaf);
    }
    let parts: BTreeMap<_, _> = slot.parts.iter().map(|(name, part)| (*name, of(part))).collect();
    json!({"type": ["object", "null"], "properties": parts})
}

fn leaf(entry: Entry) -> Json {
    let minute = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z$";
    let mut schema = match entry.kind() {
        Kind::Count => json!({"type": ["integer", "null"], "minimum": 0}),
        Kind::Number => json!({"type": ["number", "null"]}),
        Kind::Share => json!({"type": ["object", "null"], "required": ["part", "whole", "share"]}),
        Kind::Minute => json!({"type": ["string", "null"], "pattern": minute}),
        Kind::Second => json!({"type": ["string", "null"], "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"}),
        Kind::Between => {
            json!({"type": ["array", "null"], "items": {"type": "string", "pattern": minute}, "minItems": 2, "maxItems": 2})
        }
        Kind::Flag => json!({"type": ["boolean", "null"]}),
        Kind::Ip | Kind::Word | Kind::Sentence | Kind::Text => json!({"type": ["string", "null"]}),
    };
    schema["description"] = json!(entry.about);
    schema
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::fixtures;
    use super::*;

    /// Compares with the committed file, or writes it.
    fn held(path: &str, text: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        if std::env::var_os("WRITE_DOCS").is_some() {
            std::fs::write(&path, text).expect("written");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == text, "{} is stale: run the tests once with WRITE_DOCS=1", path.display());
    }

    #[test]
    fn the_manual_of_templates_is_not_stale() {
        held("docs/TEMPLATES.md", &manual(&fixtures::throttle()));
    }

    #[test]
    fn the_schema_of_facts_is_not_stale() {
        held("docs/facts.schema.json", &format!("{}\n", serde_json::to_string_pretty(&schema()).expect("JSON")));
    }

    /// The list says of each value what it is: a fact of the sample is of its slot's kind.
    #[test]
    fn the_sample_holds_what_the_list_says() {
        for (id, fact) in fixtures::throttle().leaves() {
            let path: String = id.split('.').fold(String::new(), |path, step| match step.parse::<usize>() {
                Ok(_) => format!("{path}[]"),
                Err(_) if path.is_empty() => step.to_owned(),
                Err(_) => format!("{path}.{step}"),
            });
            let Some(entry) = entries().find(|entry| entry.path == path) else { continue };
            let fits = match &fact.value {
                Value::Absent => true,
                Value::Count(..) | Value::AtLeast(..) => entry.kind() == Kind::Count,
                Value::Number(..) => entry.kind() == Kind::Number,
                Value::Share(..) => entry.kind() == Kind::Share,
                Value::Minute(_) => entry.kind() == Kind::Minute,
                Value::Second(_) => entry.kind() == Kind::Second,
                Value::Between(..) => entry.kind() == Kind::Between,
                Value::Flag(_) => entry.kind() == Kind::Flag,
                Value::Ip(_) | Value::Word(_) | Value::Sentence(_) | Value::Text(_) => {
                    matches!(entry.kind(), Kind::Ip | Kind::Word | Kind::Sentence | Kind::Text)
                }
            };
            assert!(fits, "{path}: {:?} is no {:?}", fact.value, entry.kind());
        }
    }
}
