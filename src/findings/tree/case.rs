//! What case.yaml states, and the window that the logs cover.

use super::super::{Evidence, Node, Value};
use super::{stated, text};
use crate::case::Case;
use crate::smtp::{Lane, Outcome, Sublane};
use crate::time::Window;
use crate::timeline::Timeline;

pub(super) fn case_node(case: &Case) -> Node {
    Node::group([("name", Value::Text(case.name.clone()).into()), ("title", text(case.title.as_deref()))])
}

pub(super) fn sender(case: &Case) -> Node {
    let s = &case.sender;
    Node::group([
        ("organisation", stated(s.organisation.as_deref(), "sender.organisation")),
        ("contact", stated(s.contact.as_deref(), "sender.contact")),
        ("domains", stated(Some(&s.domains.join(", ")), "sender.domains")),
        ("provider", stated(s.provider.as_deref(), "sender.provider")),
        ("provider_case", stated(s.provider_case.as_deref(), "sender.provider_case")),
    ])
}

pub(super) fn notes(case: &Case) -> Node {
    Node::group([
        ("esp", stated(case.notes.esp.as_deref(), "notes.esp")),
        ("google", stated(case.notes.google.as_deref(), "notes.google")),
    ])
}

pub(super) fn changes(case: &Case) -> Node {
    let row = |(i, c): (usize, &crate::case::Change)| {
        let stated = || [Evidence::Stated(format!("changes[{i}]"))];
        Node::group([
            ("at", Node::fact(Value::Second(c.at), stated())),
            ("what", Node::fact(Value::Text(c.what.clone()), stated())),
        ])
    };
    Node::List(case.changes.iter().enumerate().map(row).collect())
}

pub(super) fn window_node(timeline: &Timeline) -> Node {
    let known = timeline.states.iter().filter(|s| **s != crate::timeline::MinuteState::Unknown).count() as u64;
    let table = || [Evidence::Table("coverage", String::new())];
    Node::group([
        ("from", Node::fact(Value::Minute(timeline.window.from), table())),
        ("to", Node::fact(Value::Minute(timeline.window.to.plus(-1)), table())),
        ("minutes", Node::fact(Value::Count(timeline.window.len() as u64, "minutes"), table())),
        ("known", Node::fact(Value::Count(known, "minutes"), table())),
    ])
}

/// Attempts inside the waves (the whole window without one), by the recipient's domain.
pub(super) fn sublanes(timeline: &Timeline, waves: &[Window]) -> Node {
    let whole = [timeline.window];
    let inside = if waves.is_empty() { &whole[..] } else { waves };
    let of = |sublane| {
        inside.iter().map(|w| timeline.sum(Lane::GMAIL, *w, |w| w.outcome.is_attempt() && w.sublane == sublane)).sum()
    };
    let table = || [Evidence::Table("minutes_by_lane", String::new())];
    Node::group([
        ("consumer", Node::fact(Value::Count(of(Sublane::Consumer), "sessions"), table())),
        ("workspace", Node::fact(Value::Count(of(Sublane::Workspace), "sessions"), table())),
        ("domain_not_logged", Node::fact(Value::Count(of(Sublane::None), "sessions"), table())),
    ])
}

/// Accepted sessions with an established TLS session, of all accepted.
pub(super) fn tls_use(timeline: &Timeline) -> (u64, u64) {
    let accepted = |with_tls: bool| {
        timeline.sum(Lane::GMAIL, timeline.window, |w| {
            w.outcome == Outcome::Delivered && (!with_tls || w.tls == crate::smtp::TlsUse::Established)
        })
    };
    (accepted(true), accepted(false))
}
