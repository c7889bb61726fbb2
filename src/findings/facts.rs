//! The one model of what was found: a tree whose leaves are facts.
//!
//! Every text, table and chart renders this tree and nothing else. A fact's id
//! is its path (`waves.1.first`), so nothing is named twice; list items count
//! from 1. Absent facts are leaves too: what is not known is said.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use crate::intake::Exhibit;
use crate::time::{Minute, Stamp};
use crate::timeline::Known;

/// A leaf's value, with its unit in the type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number of things; the unit says which (`sessions`, `minutes`).
    Count(u64, &'static str),
    /// So many of them, and there may be more: some of the logs cannot show them.
    AtLeast(u64, &'static str),
    /// A measured number: value, digits after the point, unit.
    Number(f64, usize, String),
    /// A part of a whole, in things of a unit.
    Share(u64, u64, &'static str),
    /// A UTC minute.
    Minute(Minute),
    /// A UTC second.
    Second(Stamp),
    /// An inclusive range of minutes.
    Between(Minute, Minute),
    /// An IP address.
    Ip(IpAddr),
    /// One of a fixed set of words (`failing`, `supported`, …).
    Word(&'static str),
    /// A sentence of ours, made from other facts.
    Sentence(String),
    /// Text from the evidence or the user: hosts, replies, names.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// Not known, or not applicable.
    Absent,
}

/// Where a fact can be checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Lines of a file, inclusive.
    Lines(Exhibit, u64, u64),
    /// A table of the bundle and what to look for in it.
    Table(&'static str, String),
    /// A key of case.yaml: the user's own word.
    Stated(String),
    /// A column of a metrics file.
    Metric(String, String),
}

/// A node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A fact.
    Leaf(Fact),
    /// Items in order, counted from 1.
    List(Vec<Self>),
    /// Named parts, ordered by name.
    Group(BTreeMap<&'static str, Self>),
}

/// A leaf.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it says.
    pub value: Value,
    /// Where it can be checked.
    pub evidence: Vec<Evidence>,
}

impl Value {
    /// As prose prints it, unit not included: `3,975`, `97.2 % (3,041 of 3,128)`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Count(n, _) => grouped(*n),
            Self::AtLeast(0, _) => "none seen".to_owned(),
            Self::AtLeast(n, _) => format!("{} or more", grouped(*n)),
            Self::Number(value, digits, _) => number(*value, *digits),
            Self::Share(part, whole, _) => {
                format!("{} % ({} of {})", percent(*part, *whole), grouped(*part), grouped(*whole))
            }
            Self::Minute(minute) => minute.to_string(),
            Self::Second(at) => at.to_second(),
            Self::Between(a, b) if a == b => a.to_string(),
            Self::Between(a, b) => format!("{a} to {b}"),
            Self::Ip(ip) => ip.to_string(),
            Self::Word(word) => (*word).to_owned(),
            Self::Sentence(text) | Self::Text(text) => text.clone(),
            Self::Flag(true) => "yes".to_owned(),
            Self::Flag(false) => "no".to_owned(),
            Self::Absent => "not known".to_owned(),
        }
    }

    /// The unit, where there is one.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        match self {
            Self::Count(_, unit) | Self::AtLeast(_, unit) => Some(unit),
            Self::Number(_, _, unit) => Some(unit),
            Self::Share(..) => Some("%"),
            Self::Minute(_) | Self::Between(..) => Some("minute UTC"),
            Self::Second(_) => Some("second UTC"),
            _ => None,
        }
    }

    /// As machines read it.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        use serde_json::{Value as Json, json};
        match self {
            Self::Count(n, _) | Self::AtLeast(n, _) => json!(n),
            Self::Number(value, digits, _) => rounded(*value, *digits),
            Self::Share(part, whole, _) => {
                json!({"part": part, "whole": whole, "share": share(*part, *whole)})
            }
            Self::Minute(minute) => json!(minute.to_string()),
            Self::Second(at) => json!(at.to_second()),
            Self::Between(a, b) => json!([a.to_string(), b.to_string()]),
            Self::Ip(ip) => json!(ip.to_string()),
            Self::Word(word) => json!(word),
            Self::Sentence(text) | Self::Text(text) => json!(text),
            Self::Flag(flag) => json!(flag),
            Self::Absent => Json::Null,
        }
    }
}

impl Value {
    /// A count as far as it is known.
    #[must_use]
    pub const fn known(known: Known, unit: &'static str) -> Self {
        match known {
            Known::Nothing => Self::Absent,
            Known::AtLeast(n) => Self::AtLeast(n, unit),
            Known::All(n) => Self::Count(n, unit),
        }
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self::Leaf(Fact { value, evidence: Vec::new() })
    }
}

impl Node {
    /// A group of named parts.
    #[must_use]
    pub fn group<const N: usize>(parts: [(&'static str, Self); N]) -> Self {
        Self::Group(parts.into_iter().collect())
    }

    /// A leaf with its evidence.
    #[must_use]
    pub fn fact(value: Value, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        Self::Leaf(Fact { value, evidence: evidence.into_iter().collect() })
    }

    /// A leaf, or an absent one.
    #[must_use]
    pub fn maybe(value: Option<Value>) -> Self {
        value.unwrap_or(Value::Absent).into()
    }

    /// Adds or replaces a part of a group; nothing else has parts.
    pub fn insert(&mut self, name: &'static str, node: Self) {
        if let Self::Group(parts) = self {
            parts.insert(name, node);
        }
    }

    /// The node at a path such as `waves.1.first`.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').filter(|p| !p.is_empty()).try_fold(self, |node, step| match node {
            Self::Group(parts) => parts.get(step),
            Self::List(items) => step.parse::<usize>().ok()?.checked_sub(1).and_then(|i| items.get(i)),
            Self::Leaf(_) => None,
        })
    }

    /// The value of the leaf at a path.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<&Value> {
        match self.at(path)? {
            Self::Leaf(fact) => Some(&fact.value),
            _ => None,
        }
    }

    /// All leaves with their ids, in order of the tree.
    #[must_use]
    pub fn leaves(&self) -> Vec<(String, &Fact)> {
        let mut found = Vec::new();
        self.collect(&mut String::new(), &mut found);
        found
    }

    fn collect<'a>(&'a self, path: &mut String, found: &mut Vec<(String, &'a Fact)>) {
        let step = |path: &mut String, name: &str, node: &'a Self, found: &mut Vec<_>| {
            let length = path.len();
            if length > 0 {
                path.push('.');
            }
            path.push_str(name);
            node.collect(path, found);
            path.truncate(length);
        };
        match self {
            Self::Leaf(fact) => found.push((path.clone(), fact)),
            Self::List(items) => {
                for (i, node) in items.iter().enumerate() {
                    step(path, &(i + 1).to_string(), node, found);
                }
            }
            Self::Group(parts) => {
                for (name, node) in parts {
                    step(path, name, node, found);
                }
            }
        }
    }
}

impl std::fmt::Display for Evidence {
    /// `S03:1204-1219`, `tables/replies.csv (row 2)`, `case.yaml: attest.spf`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lines(exhibit, from, to) if from == to => write!(f, "{exhibit}:{from}"),
            Self::Lines(exhibit, from, to) => write!(f, "{exhibit}:{from}-{to}"),
            Self::Table(table, what) if what.is_empty() => write!(f, "tables/{table}.csv"),
            Self::Table(table, what) => write!(f, "tables/{table}.csv ({what})"),
            Self::Stated(key) => write!(f, "case.yaml: {key}"),
            Self::Metric(exhibit, column) => write!(f, "{exhibit}: column {column}"),
        }
    }
}

impl Serialize for Node {
    /// The plain form: values only. [`Node::leaves`] has the facts with their evidence.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Leaf(fact) => fact.value.json().serialize(serializer),
            Self::List(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Self::Group(parts) => {
                let mut map = serializer.serialize_map(Some(parts.len()))?;
                for (name, node) in parts {
                    map.serialize_entry(name, node)?;
                }
                map.end()
            }
        }
    }
}

/// `3975` → `3,975`.
#[must_use]
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with grouped thousands and fixed digits; `-0` is `0`.
#[must_use]
pub fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => ("", rest),
        Some(rest) => ("-", rest),
        None => ("", text.as_str()),
    };
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
    let whole = whole.parse::<u64>().map_or_else(|_| whole.to_owned(), grouped);
    fraction.map_or_else(|| format!("{sign}{whole}"), |f| format!("{sign}{whole}.{f}"))
}

/// One decimal, but never `100.0` or `0.0` for what is not all or nothing.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0".to_owned();
    }
    let value = part as f64 * 100.0 / whole as f64;
    match value {
        _ if part == 0 => "0".to_owned(),
        _ if part == whole => "100".to_owned(),
        v if v < 0.1 => format!("{v:.2}"),
        v if v > 99.9 => format!("{v:.2}"),
        v => format!("{v:.1}"),
    }
}

fn share(part: u64, whole: u64) -> serde_json::Value {
    if whole == 0 { serde_json::Value::Null } else { rounded(part as f64 / whole as f64, 4) }
}

fn rounded(value: f64, digits: usize) -> serde_json::Value {
    format!("{value:.digits$}").parse::<f64>().ok().and_then(serde_json::Number::from_f64).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_paths_and_values_render() {
        let tree = Node::group([
            ("incident", Node::group([("state", Value::Word("found").into())])),
            ("waves", Node::List(vec![Node::group([("failed", Value::Count(3975, "sessions").into())])])),
        ]);
        let ids: Vec<_> = tree.leaves().into_iter().map(|(id, f)| (id, f.value.text())).collect();
        assert_eq!(ids, [("incident.state".into(), "found".into()), ("waves.1.failed".to_owned(), "3,975".to_owned())]);
        assert_eq!(tree.value("waves.1.failed"), Some(&Value::Count(3975, "sessions")));
        assert_eq!(
            serde_json::to_string(&tree).ok().as_deref(),
            Some(r#"{"incident":{"state":"found"},"waves":[{"failed":3975}]}"#)
        );
    }

    #[test]
    fn shares_never_round_to_all_or_nothing() {
        let text = |p, w| Value::Share(p, w, "sessions").text();
        assert_eq!(text(3041, 3128), "97.2 % (3,041 of 3,128)");
        assert_eq!(text(9999, 10_000), "99.99 % (9,999 of 10,000)");
        assert_eq!(text(1, 10_000), "0.01 % (1 of 10,000)");
        assert_eq!(text(0, 7), "0 % (0 of 7)");
        assert_eq!((number(-0.04, 1), number(1_234_567.891, 2)), ("0.0".into(), "1,234,567.89".into()));
    }
}
