//! What the limits were bound to: an IP, a netblock, a domain, or nothing that the reply names.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Evidence, Node, Value};
use super::{ReplyGroup, domains, pressing};
use crate::smtp::Scope;

/// One row for each scope of the answers that put mail off: how many, to which sending IPs, and
/// how many domains they name where they speak of one.
pub(in crate::findings) fn scopes(groups: &[ReplyGroup]) -> Node {
    let all: u64 = pressing(groups).map(|g| g.attempts).sum();
    let mut found: BTreeMap<Scope, (u64, BTreeSet<&str>)> = BTreeMap::new();
    for group in pressing(groups) {
        let row = found.entry(group.scope).or_default();
        row.0 += group.attempts;
        row.1.extend(group.ips.iter().map(String::as_str));
    }
    let named = domains::by_scope(pressing(groups));
    let mut rows: Vec<_> = found.into_iter().collect();
    rows.sort_by_key(|(scope, (n, _))| (std::cmp::Reverse(*n), *scope));
    let evidence = || [Evidence::Table("replies", "outcome deferral".to_owned())];
    let row = |(scope, (n, ips)): (Scope, (u64, BTreeSet<&str>))| {
        let named = named.get(&scope);
        let unnamed = named.map(|named| Value::Count(n.saturating_sub(domains::naming(named)), "answers"));
        Node::group([
            ("scope", Value::Word(scope.word()).into()),
            ("share", Node::fact(Value::Share(n, all, "answers"), evidence())),
            ("ips", Node::fact(Value::Count(ips.len() as u64, "sending IPs"), evidence())),
            ("domains", Node::maybe(named.map(domains::how_many))),
            ("unnamed", Node::maybe(unnamed)),
        ])
    };
    Node::List(rows.into_iter().map(row).collect())
}
