//! What the nodes' metrics show, as facts and in sentences.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Evidence, Node, Value, grouped};
use super::{Ceiling, Headroom, Resource, is_same_host};

impl Headroom {
    /// For programs: `egress_bps (eth0)`.
    fn name(&self) -> String {
        if self.instance.is_empty() {
            self.signal.name().to_owned()
        } else {
            format!("{} ({})", self.signal.name(), self.instance)
        }
    }

    /// For people: `egress of eth0`.
    fn label(&self) -> String {
        self.signal.label_of(&self.instance)
    }

    /// On which node, and since when.
    fn place(&self) -> String {
        let since = self.hit_at.map(|m| format!(" (since {m})")).unwrap_or_default();
        // A sample without a host name is of some node; which, nobody knows.
        let node = if self.node.is_empty() { "a node that the file does not name" } else { &self.node };
        format!("{node}{since}")
    }

    /// To how many per cent of its limit it came at most, where that is near and yet decides nothing:
    /// it did not stay there.
    fn came_near(&self) -> Option<f64> {
        let is_open = self.ceiling == Ceiling::Unknown && !self.clock_in_doubt && !self.is_of_another_host;
        let (limit, (max, _)) = (self.limit.as_ref().map(|l| l.value).filter(|l| *l > 0.0)?, self.max?);
        (is_open && max >= 0.8 * limit).then_some(100.0 * max / limit)
    }

    fn node(&self) -> Node {
        let evidence = || [Evidence::Metric(self.exhibit.clone(), self.column.clone())];
        // Bits per second read better in units of a million.
        let (scale, unit) = if self.unit == "bit/s" { (1e-6, "Mbit/s") } else { (1.0, self.unit) };
        let on = |v: Option<f64>, evidence: Vec<Evidence>| {
            let v = v.map(|v| v * scale);
            let value =
                v.map(|v| Value::Number(v, if v.abs() < 100.0 && v.fract() != 0.0 { 2 } else { 0 }, unit.to_owned()));
            Node::fact(value.unwrap_or(Value::Absent), evidence)
        };
        let number = |v| on(v, evidence().to_vec());
        // A limit of settings rests on their lines, any other on what the values rest on.
        let stated = self.limit.as_ref().map(|l| l.evidence.clone()).filter(|e| !e.is_empty());
        let limit = on(self.limit.as_ref().map(|l| l.value), stated.unwrap_or_else(|| evidence().to_vec()));
        Node::group([
            ("signal", Value::Text(self.name()).into()),
            ("label", Value::Text(self.label()).into()),
            ("unit", Value::Text(unit.to_owned()).into()),
            ("baseline", number(self.baseline)),
            ("at_first", number(self.at_first)),
            ("max", number(self.max.map(|(v, _)| v))),
            ("max_minute", Node::fact(self.max.map_or(Value::Absent, |(_, m)| Value::Minute(m)), evidence())),
            ("limit", limit),
            ("ceiling_since", Node::fact(self.hit_at.map_or(Value::Absent, Value::Minute), evidence())),
            ("ceiling_basis", Value::Word(if self.by_flat_top { "flat_top" } else { "limit" }).into()),
            ("ceiling", Node::fact(Value::Word(self.ceiling.word()), evidence())),
        ])
    }
}

/// The `nodes` part of the tree: all that logs or metrics name. `ids` gives each node's name
/// at the provider.
pub(in crate::findings) fn nodes(found: &[Headroom], logged: &BTreeSet<&str>, ids: &BTreeMap<String, String>) -> Node {
    let is_measured = |node: &str| found.iter().any(|h| is_same_host(&h.node, node));
    let mut by_node: BTreeMap<&str, Vec<Node>> =
        logged.iter().filter(|node| !is_measured(node)).map(|node| (*node, Vec::new())).collect();
    for headroom in found {
        by_node.entry(&headroom.node).or_default().push(headroom.node());
    }
    let rows = by_node.into_iter().map(|(name, signals)| {
        let name_value =
            if name.is_empty() { Value::Text("unnamed node".to_owned()) } else { Value::Text(name.to_owned()) };
        Node::group([
            ("name", name_value.into()),
            ("provider_id", Node::maybe(ids.get(name).cloned().map(Value::Text))),
            ("signals", Node::List(signals)),
        ])
    });
    Node::List(rows.collect())
}

/// The same for one kind of resource.
pub(in crate::findings) fn sentence_of(found: &[Headroom], resource: Resource) -> String {
    let mine: Vec<_> = found.iter().filter(|h| h.resource == resource).cloned().collect();
    sentence(&mine)
}

/// What came close to its limit and held it too shortly to be said to be at it: with what would
/// tell. None where all that has a limit is decided.
pub(in crate::findings) fn undecided(found: &[Headroom], resource: Resource) -> Option<String> {
    let open = found.iter().filter(|h| h.resource == resource).find_map(|h| Some((h, h.came_near()?)));
    open.map(|(h, percent)| {
        format!(
            "finer values of {} on {}, or the counters of what its limit dropped (inside the waves a value came to {percent:.0} % of the limit, and no three minutes in a row averaged 95 %)",
            h.label(),
            h.place()
        )
    })
}

/// `CPU use on mta1 and mta2; egress of eth0 on mta1 (since 2026-11-24T03:13Z)`.
fn named<'a>(found: impl Iterator<Item = &'a Headroom>) -> String {
    let mut nodes: Vec<(String, Vec<String>)> = Vec::new();
    for one in found {
        let (label, place) = (one.label(), one.place());
        match nodes.iter_mut().find(|(of, _)| *of == label) {
            Some((_, places)) if places.contains(&place) => {}
            Some((_, places)) => places.push(place),
            None => nodes.push((label, vec![place])),
        }
    }
    let said = nodes.iter().map(|(label, places)| format!("{label} on {}", listed(places)));
    said.collect::<Vec<_>>().join("; ")
}

/// Nodes named in one sentence; of more it says how many.
const NAMED: usize = 6;

/// `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        many if many.len() > NAMED => {
            format!("{} and {} more nodes", many[..NAMED].join(", "), grouped((many.len() - NAMED) as u64))
        }
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        few => few.join(", "),
    }
}

/// One sentence on what hit its ceiling, or that nothing did where it was measured.
pub(in crate::findings) fn sentence(found: &[Headroom]) -> String {
    let of = |ceiling: Ceiling, by_flat_top: bool, is_consequence: bool| {
        let mine = found
            .iter()
            .filter(|h| (h.ceiling, h.by_flat_top, h.is_consequence) == (ceiling, by_flat_top, is_consequence));
        named(mine)
    };
    let later = [of(Ceiling::Hit, false, true), of(Ceiling::Hit, true, true)];
    let later: Vec<_> = later.into_iter().filter(|names| !names.is_empty()).collect();
    // What came near is not said to have stayed away, by its name or by "none".
    let near = named(found.iter().filter(|h| h.came_near().is_some()));
    let below = if near.is_empty() {
        "Of the resources with a known limit none reached it in these minutes: "
    } else {
        "Of the others with a known limit none reached it: "
    };
    let kinds = [
        (of(Ceiling::Hit, false, false), "At its limit for three minutes or more: ", "."),
        (
            of(Ceiling::Hit, true, false),
            "Stopped rising while the load went on, as at a limit that nobody stated: ",
            ".",
        ),
        (later.join("; "), "At its limit only with the failures or after them, as a consequence: ", "."),
        (near, "Came to 80 % of its limit or more, and did not stay there for three minutes: ", "."),
        (of(Ceiling::Below, false, false), below, " stayed below 80 % of it."),
        (of(Ceiling::Below, true, false), "Rose with the load in these minutes, with no sign of a limit: ", "."),
    ];
    let hit = kinds.iter().take(2).any(|(names, ..)| !names.is_empty());
    let told = kinds.iter().take(if hit { 3 } else { kinds.len() }).filter(|(names, ..)| !names.is_empty());
    let mut said: Vec<String> = told.map(|(names, before, after)| format!("{before}{names}{after}")).collect();
    if said.is_empty() {
        let why = match (found.is_empty(), found.iter().any(|h| h.limit.is_some())) {
            (true, _) => "No metrics of the nodes were given.",
            (_, false) => "Metrics were given, but no limit to hold them against.",
            (_, true) => "No limit was shown to be reached, or to be far away.",
        };
        said.push(why.to_owned());
    }
    if hit {
        said.push(
            "That a metric rose before the errors, or after them, proves no cause: both follow the load.".to_owned(),
        );
    }
    let averages: BTreeSet<u64> = found.iter().filter_map(|h| h.averages).collect();
    for minutes in averages {
        let names = named(found.iter().filter(|h| h.averages == Some(minutes)));
        said.push(format!("Averages of {minutes} minutes do not exclude a shorter peak at the limit: {names}."));
    }
    let others: BTreeSet<_> = found.iter().filter(|h| h.is_of_another_host).map(|h| h.node.as_str()).collect();
    if !others.is_empty() {
        let others: Vec<_> = others.into_iter().collect();
        said.push(format!("Not weighed, as no log of such a node was given: {}.", others.join(", ")));
    }
    let late: BTreeSet<_> = found.iter().filter(|h| h.clock_in_doubt).map(|h| h.exhibit.as_str()).collect();
    if !late.is_empty() {
        let late: Vec<_> = late.into_iter().collect();
        said.push(format!("Clock not confirmed, so not held against the minutes of the logs: {}.", late.join(", ")));
    }
    said.join(" ")
}
