//! Which of the sender's domains the limits name: the first thing that a desk asks of a limit
//! that follows a domain to any IP.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Evidence, Node, Value};
use super::ReplyGroup;
use crate::scan::{LimitedDomain, LimitedDomains};
use crate::smtp::Scope;
use crate::timeline::{Place, Timeline};

/// Rows shown: one for each domain, those of most answers first.
const ROWS: usize = 20;

/// Whether answers of a scope may name a domain of the sender's.
pub(super) const fn names_domains(scope: Scope) -> bool {
    matches!(scope, Scope::DkimDomain | Scope::SpfDomain | Scope::UrlDomain)
}

/// The domains that the answers of each scope name.
pub(super) fn by_scope<'a>(groups: impl Iterator<Item = &'a ReplyGroup>) -> BTreeMap<Scope, LimitedDomains> {
    let mut found: BTreeMap<Scope, LimitedDomains> = BTreeMap::new();
    for group in groups.filter(|group| names_domains(group.scope)) {
        found.entry(group.scope).or_default().merge(group.domains.clone());
    }
    found
}

/// The one that most answers name, and of how many it is.
pub(super) fn most_named(domains: &LimitedDomains) -> (Option<&str>, Value) {
    let most = domains.kept.iter().max_by_key(|(name, of)| (of.attempts(), std::cmp::Reverse(*name)));
    (most.map(|(name, _)| &**name), how_many(domains))
}

/// How many domains are named. Beyond those that are kept by name, answers are counted together.
pub(super) fn how_many(domains: &LimitedDomains) -> Value {
    let kept = domains.kept.len() as u64;
    if domains.others > 0 { Value::AtLeast(kept + 1, "domains") } else { Value::Count(kept, "domains") }
}

/// Answers that name a domain.
pub(super) fn naming(domains: &LimitedDomains) -> u64 {
    domains.others + domains.kept.values().map(LimitedDomain::attempts).sum::<u64>()
}

/// One row for each scope and domain: how many of the answers name it, to which sending IPs,
/// and the earliest of them.
pub(in crate::findings) fn limited_domains(timeline: &Timeline, groups: &[ReplyGroup]) -> Node {
    let all = |scope| super::pressing(groups).filter(|g| g.scope == scope).map(|g| g.attempts).sum::<u64>();
    let found = by_scope(super::pressing(groups));
    let mut rows = Vec::new();
    for (scope, domains) in found {
        let whole = all(scope);
        rows.extend(domains.kept.into_iter().map(|(name, of)| (of.attempts(), scope, name, of, whole)));
    }
    rows.sort_by(|a, b| (b.0, a.1, &a.2).cmp(&(a.0, b.1, &b.2)));
    rows.truncate(ROWS);
    let row = |(n, scope, name, of, whole): (u64, Scope, Box<str>, LimitedDomain, u64)| {
        let ips: BTreeSet<String> =
            of.by_egress.keys().filter_map(|id| timeline.place(*id)).map(Place::label).collect();
        let first = of.first.as_ref();
        let line = || first.map(super::line_of);
        let mut node = Node::group([
            ("scope", Value::Word(scope.word()).into()),
            ("domain", Node::fact(Value::Text(name.to_string()), line())),
            (
                "share",
                Node::fact(Value::Share(n, whole, "answers"), [Evidence::Table("limited_domains", String::new())]),
            ),
            ("ips", Value::Count(ips.len() as u64, "sending IPs").into()),
            ("ips_list", Value::Text(super::join(&ips)).into()),
        ]);
        let example = first.map_or_else(|| Node::group([]), |first| super::example(timeline, first));
        for part in ["at", "ip", "token", "queue_id"] {
            node.insert(part, example.at(part).cloned().unwrap_or_else(|| Value::Absent.into()));
        }
        node
    };
    Node::List(rows.into_iter().map(row).collect())
}

/// Whether half or more of the answers that put mail off are limits on a domain that they name:
/// the domain that most of them name, in words.
pub(in crate::findings) fn mostly_on_a_domain(groups: &[ReplyGroup]) -> Option<String> {
    let all: u64 = super::pressing(groups).map(|g| g.attempts).sum();
    let found = by_scope(super::pressing(groups));
    let named: u64 = found.values().map(naming).sum();
    let (name, n) = found
        .values()
        .flat_map(|domains| &domains.kept)
        .map(|(name, of)| (name, of.attempts()))
        .max_by_key(|(name, n)| (*n, std::cmp::Reverse((*name).clone())))?;
    (named * 2 >= all)
        .then(|| format!("{} of the answers that put mail off name {name}.", Value::Share(n, all, "answers").text()))
}
