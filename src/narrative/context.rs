//! What a template may say: the facts of a release, each knowing its own id.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value as Slotted};

use super::evidence;
use super::markdown::Sink;
use super::prose::{Form, mark};
use super::slots::{Slot, slots};
use crate::release::{Audience, Fact, Node, Release, Value};
use crate::time::Stamp;

/// A fact as templates see it.
#[derive(Debug)]
pub(in crate::narrative) struct Leaf {
    /// Its number among the ids.
    number: usize,
    /// Its place in its list, from 1, when it is an item.
    pub(in crate::narrative) position: Option<usize>,
    /// The fact.
    pub(in crate::narrative) fact: Fact,
}

impl Leaf {
    /// Marks text as coming from this fact.
    pub(in crate::narrative) fn mark(&self, form: Form, text: &str) -> String {
        mark(self.number, form, text)
    }

    /// The fact as prose prints it, inert in its document.
    pub(in crate::narrative) fn print(&self, sink: Sink) -> String {
        self.mark(Form::Value, &sink.escape(&self.fact.value.text()))
    }
}

impl Object for Leaf {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    /// Not known, no, none and nothing are all false.
    fn is_true(self: &Arc<Self>) -> bool {
        match &self.fact.value {
            Value::Absent | Value::Flag(false) | Value::Count(0, _) | Value::AtLeast(0, _) => false,
            Value::Sentence(text) | Value::Text(text) => !text.is_empty(),
            _ => true,
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fact.value.text())
    }
}

/// The top-level names for a template, and the fact ids by number.
pub(in crate::narrative) fn context(release: &Release, files: &[String]) -> (BTreeMap<String, Slotted>, Vec<String>) {
    let mut facts = release.facts().clone();
    facts.insert("bundle", bundle(release, files));
    of_facts(&facts, &lines_of(release))
}

/// The same, of facts that hold the bundle's own, with the line that shows each moment of a wave.
pub(in crate::narrative) fn of_facts(facts: &Node, lines: &Lines) -> (BTreeMap<String, Slotted>, Vec<String>) {
    let mut builder = Builder { ids: Vec::new(), moments: Vec::new(), lines };
    let mut top = builder.group(&slots(), Some(facts), "");
    builder.moments.sort_by_key(|moment| (moment.at.minute(), moment.order, moment.at));
    let timeline: Vec<Slotted> = builder.moments.into_iter().map(|moment| moment.row).collect();
    top.insert("timeline".to_owned(), Slotted::from(timeline));
    (top, builder.ids)
}

/// What the bundle itself holds: its name, its date, its files, what was withheld.
fn bundle(release: &Release, files: &[String]) -> Node {
    let text = |text: &str| Node::from(Value::Text(text.to_owned()));
    let about = |path: &str| {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let known = match folder.rsplit('/').next().unwrap_or(folder) {
            "tables" => release.tables().iter().find(|t| t.name == stem).map(|t| t.title.as_str()),
            // The twin says the same.
            "charts" if path.ends_with(".png") => None,
            "charts" => release.figures().iter().find(|f| f.name == stem).map(|f| f.finding.as_str()),
            "excerpts" => release.excerpts().iter().find(|e| e.name == file).map(|e| e.about.as_str()),
            "transcripts" => release.transcripts().iter().find(|t| t.name == file).map(|t| t.about.as_str()),
            _ => None,
        };
        known.map_or_else(|| Value::Absent.into(), text)
    };
    let withheld = release.withheld().iter().map(|w| Node::group([("item", text(&w.item)), ("why", text(&w.why))]));
    Node::group([
        ("reader", Value::Word(release.audience().word()).into()),
        ("name", text(release.name())),
        ("when", Value::Second(release.when()).into()),
        ("files", Node::List(files.iter().map(|f| Node::group([("path", text(f)), ("about", about(f))])).collect())),
        ("quoted", Value::Flag(!release.excerpts().is_empty()).into()),
        ("withheld", Node::List(withheld.collect())),
    ])
}

/// Where a moment of a wave can be read: (`waves.1`, `first`) → `mail.log:1204`.
pub(in crate::narrative) type Lines = BTreeMap<(String, &'static str), Quoted>;

/// A line that shows a moment, and where it is quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::narrative) struct Quoted {
    /// `mail.log:1204`
    line: String,
    /// `evidence.md#wave-1-first`, beside the postmortem; outsiders have the excerpts instead.
    quote: Option<String>,
}

/// The first quoted line of each moment, by the file's own name where this reader may know it.
fn lines_of(release: &Release) -> Lines {
    let files = if release.audience() == Audience::Internal { evidence::files(release) } else { BTreeMap::new() };
    let mut lines = Lines::new();
    for excerpt in release.excerpts() {
        let Some((wave, part)) =
            excerpt.name.strip_prefix("wave-").and_then(|n| n.strip_suffix(".log")).and_then(|n| n.split_once('-'))
        else {
            continue;
        };
        let what = ["first", "peak", "last"].into_iter().find(|what| *what == part);
        if let (Some(what), Some(line)) = (what, excerpt.lines.first()) {
            let file = files.get(&line.exhibit).unwrap_or(&line.exhibit);
            let quote = (release.audience() == Audience::Internal).then(|| evidence::anchor(&excerpt.name));
            lines.insert((format!("waves.{wave}"), what), Quoted { line: format!("{file}:{}", line.number), quote });
        }
    }
    lines
}

/// A row of the timeline: `{at, what, of, line}`, where `of` is the wave, launch or change.
struct Moment {
    at: Stamp,
    /// Within a minute changes and launches stand before waves, whose times are whole minutes.
    order: usize,
    row: Slotted,
}

/// Lists whose items have times worth a row, and the names of those times.
const MOMENTS: [(&str, &str, &str); 5] = [
    ("changes", "at", "change"),
    ("launches", "at", "launch"),
    ("waves", "first", "first"),
    ("waves", "peak", "peak"),
    ("waves", "recovery", "recovery"),
];

struct Builder<'a> {
    ids: Vec<String>,
    moments: Vec<Moment>,
    lines: &'a Lines,
}

impl Builder<'_> {
    /// A node where the contract expects `slot`; whichever of the two knows more decides its shape.
    fn node(&mut self, slot: &Slot, node: Option<&Node>, path: &str) -> Slotted {
        // An absent group or list is one without values, not a fact in its place.
        let branch = slot.item.is_some() || !slot.parts.is_empty();
        let node = node.filter(|node| !(branch && matches!(node, Node::Leaf(Fact { value: Value::Absent, .. }))));
        match node {
            Some(Node::Leaf(fact)) => self.leaf(fact.clone(), path),
            Some(Node::List(items)) => self.list(slot, items, path),
            Some(Node::Group(_)) => Slotted::from(self.group(slot, node, path)),
            None if slot.item.is_some() => self.list(slot, &[], path),
            None if slot.parts.is_empty() => self.leaf(Fact { value: Value::Absent, evidence: Vec::new() }, path),
            None => Slotted::from(self.group(slot, None, path)),
        }
    }

    fn leaf(&mut self, fact: Fact, path: &str) -> Slotted {
        let number = self.ids.len();
        self.ids.push(path.to_owned());
        let position = path.rsplit('.').next().and_then(|last| last.parse().ok());
        Slotted::from_object(Leaf { number, position, fact })
    }

    fn list(&mut self, slot: &Slot, items: &[Node], path: &str) -> Slotted {
        let free = Slot::default();
        let of = slot.item.as_deref().unwrap_or(&free);
        let mut list = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            let value = self.node(of, Some(item), &format!("{path}.{}", i + 1));
            self.moments(path, i + 1, item, &value);
            list.push(value);
        }
        Slotted::from(list)
    }

    fn group(&mut self, slot: &Slot, node: Option<&Node>, path: &str) -> BTreeMap<String, Slotted> {
        let free = Slot::default();
        let parts = match node {
            Some(Node::Group(parts)) => Some(parts),
            _ => None,
        };
        let mut names: Vec<&str> = slot.parts.keys().copied().collect();
        names.extend(parts.iter().flat_map(|parts| parts.keys()));
        names.sort_unstable();
        names.dedup();
        let mut group = BTreeMap::new();
        for name in names {
            let below = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            let of = slot.parts.get(name).unwrap_or(&free);
            let value = self.node(of, parts.and_then(|parts| parts.get(name)), &below);
            group.insert(name.to_owned(), value);
        }
        group
    }

    fn moments(&mut self, list: &str, number: usize, item: &Node, of: &Slotted) {
        for (order, (_, name, what)) in MOMENTS.iter().enumerate().filter(|(_, (l, _, _))| *l == list) {
            // A peak has a row of its own only when its wave began before the data.
            if what == &"peak" && matches!(item.value("first"), Some(Value::Minute(_))) {
                continue;
            }
            let at = match item.value(name) {
                Some(Value::Minute(minute)) => minute.start(),
                Some(Value::Second(at)) => *at,
                _ => continue,
            };
            let row = [
                ("at", of.get_attr(name).unwrap_or_default()),
                ("what", Slotted::from(*what)),
                ("of", of.clone()),
                ("line", self.quoted(&format!("{list}.{number}"), name, "lines", |q| Some(q.line.clone()))),
                ("quote", self.quoted(&format!("{list}.{number}"), name, "quotes", |q| q.quote.clone())),
            ];
            self.moments.push(Moment { at, order, row: Slotted::from_pairs(row) });
        }
    }

    /// A line that shows a moment, or where it is quoted.
    fn quoted(&mut self, id: &str, name: &str, part: &str, of: impl Fn(&Quoted) -> Option<String>) -> Slotted {
        // A recovery shows by what came before it: the last failed session.
        let parts: &[&'static str] = match name {
            "recovery" => &["last"],
            "peak" => &["peak", "first"],
            _ => &["first"],
        };
        let quoted = parts.iter().find_map(|part| self.lines.get(&(id.to_owned(), *part)));
        let value = quoted.and_then(of).map_or(Value::Absent, Value::Text);
        self.leaf(Fact { value, evidence: Vec::new() }, &format!("bundle.{part}.{id}.{name}"))
    }
}
