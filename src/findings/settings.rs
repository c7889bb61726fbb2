//! What the MTA's settings say of the Gmail lane: versions, limits, retry, TLS.
//!
//! A snapshot is of one moment, so nothing here is said of the minutes of the incident.

use std::collections::BTreeMap;

use super::{Evidence, Evident, Node, Value};
use crate::formats::snapshots::{Basis, Cite, Component, Effective, NodeSettings, Transport};
use crate::intake::Exhibit;
use crate::scan::{Axis, EgressId};
use crate::smtp::Lane;

/// The `settings` part of the tree, node by node.
pub(super) fn nodes(evident: &Evident<'_>) -> Node {
    let to_gmail = to_gmail(evident);
    Node::List(evident.settings.iter().map(|s| node(evident, s, &to_gmail)).collect())
}

/// Egresses with sessions to Gmail, by node and name in the log.
fn to_gmail(evident: &Evident<'_>) -> BTreeMap<(String, String), EgressId> {
    let tally = evident.tally;
    let of_gmail = |(axis, lane, _): &(Axis, Lane, Exhibit)| match axis {
        Axis::Egress(id) if *lane == Lane::GMAIL => Some((tally.names.egress_of(*id)?, *id)),
        _ => None,
    };
    // Of several addresses under one name, the first in order: numbers are given as names come.
    let egresses: BTreeMap<_, _> = tally.told.iter().filter_map(of_gmail).collect();
    egresses.into_iter().rev().map(|(egress, id)| ((egress.node.clone(), egress.tag.clone()), id)).collect()
}

fn node(evident: &Evident<'_>, settings: &NodeSettings, to_gmail: &BTreeMap<(String, String), EgressId>) -> Node {
    let version = |component| {
        settings.version(component).map_or_else(
            || Value::Absent.into(),
            |(cite, software)| Node::fact(Value::Text(software.text()), [lines(*cite)]),
        )
    };
    let whole = |name: &str| settings.setting(name).map_or_else(|| Value::Absent.into(), fact);
    let egress = |t: &Transport| to_gmail.get(&(settings.node.clone(), t.tag.clone()?)).copied();
    let transports = settings.transports.iter().filter_map(|t| Some(transport(evident, t, egress(t)?)));
    Node::group([
        ("node", Value::Text(settings.node.clone()).into()),
        ("mta", version(Component::Mta)),
        ("tls_library", version(Component::TlsLibrary)),
        ("openssl", version(Component::Openssl)),
        ("queue_run_delay", whole("queue_run_delay")),
        ("minimal_backoff_time", whole("minimal_backoff_time")),
        ("maximal_backoff_time", whole("maximal_backoff_time")),
        ("tls_level", whole("smtp_tls_security_level")),
        ("transports", Node::List(transports.collect())),
    ])
}

fn transport(evident: &Evident<'_>, transport: &Transport, egress: EgressId) -> Node {
    let limit = |name: &str| transport.limit(name).map_or_else(|| Value::Absent.into(), fact);
    let basis = |name: &str| match transport.limit(name).map(|l| &l.basis) {
        Some(Basis::Stated(_)) => "stated",
        Some(Basis::Default(_)) => "default",
        Some(Basis::Unknown(_)) | None => "unknown",
    };
    let label = evident.timeline.place(egress).map_or(Value::Absent, |p| Value::Text(p.label()));
    Node::group([
        ("name", Node::fact(Value::Text(transport.name.clone()), [lines(transport.cite)])),
        ("ip", label.into()),
        ("concurrency", limit("destination_concurrency_limit")),
        ("concurrency_basis", Value::Word(basis("destination_concurrency_limit")).into()),
        ("initial_concurrency", limit("initial_destination_concurrency")),
        ("rate_delay", limit("destination_rate_delay")),
        ("processes", limit("processes")),
        ("processes_basis", Value::Word(basis("processes")).into()),
        ("tls_level", limit("smtp_tls_security_level")),
    ])
}

/// A setting as a fact; a default rests on no line, and what is unknown is absent.
fn fact(setting: &Effective) -> Node {
    use crate::formats::snapshots::Means;
    let value = match (&setting.basis, setting.means) {
        (Basis::Unknown(_), _) => Value::Absent,
        (_, Means::Count(n, unit)) => Value::Count(n, unit),
        (_, Means::Seconds(n)) => Value::Count(n, "seconds"),
        (_, Means::Flag(yes)) => Value::Flag(yes),
        (_, Means::Address(ip)) => Value::Ip(ip),
        (_, Means::Text) if setting.value.is_empty() => Value::Absent,
        (_, Means::Text) => Value::Text(setting.value.clone()),
    };
    let stated = if let Basis::Stated(cite) = setting.basis { Some(lines(cite)) } else { None };
    Node::fact(value, stated)
}

const fn lines(cite: Cite) -> Evidence {
    Evidence::Lines(cite.exhibit, cite.line, cite.line)
}
