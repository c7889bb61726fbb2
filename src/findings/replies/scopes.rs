//! What the limits were bound to: an IP, a netblock, a domain, or nothing that the reply names.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Evidence, Node, Value};
use super::ReplyGroup;
use crate::smtp::{Outcome, Scope};

/// One row for each scope of the answers that put mail off: how many, and to which sending IPs.
pub(in crate::findings) fn scopes(groups: &[ReplyGroup]) -> Node {
    let pressing = || groups.iter().filter(|g| g.outcome == Outcome::Deferral && g.category.is_pressure());
    let all: u64 = pressing().map(|g| g.attempts).sum();
    let mut found: BTreeMap<Scope, (u64, BTreeSet<&str>)> = BTreeMap::new();
    for group in pressing() {
        let row = found.entry(group.scope).or_default();
        row.0 += group.attempts;
        row.1.extend(group.ips.iter().map(String::as_str));
    }
    let mut rows: Vec<_> = found.into_iter().collect();
    rows.sort_by_key(|(scope, (n, _))| (std::cmp::Reverse(*n), *scope));
    let evidence = || [Evidence::Table("replies", "outcome deferral".to_owned())];
    let row = |(scope, (n, ips)): (Scope, (u64, BTreeSet<&str>))| {
        Node::group([
            ("scope", Value::Word(scope.word()).into()),
            ("share", Node::fact(Value::Share(n, all, "answers"), evidence())),
            ("ips", Node::fact(Value::Count(ips.len() as u64, "sending IPs"), evidence())),
        ])
    };
    Node::List(rows.into_iter().map(row).collect())
}
