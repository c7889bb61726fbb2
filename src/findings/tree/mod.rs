//! The fact tree, assembled: every path that texts, tables and charts can name.

mod case;
mod incident;
mod sources;
mod wave;

use super::authentication::{Answers, Reports};
use super::by_time::ByTime;
use super::causes::{self, Cause};
use super::delays::Delays;
use super::items::{Items, Seen};
use super::pattern;
use super::requirements::{self, Requirement, requirements};
use super::{
    Evidence, Node, Value, advice, clocks, comparison, concern, headroom, mitigation, order, readiness, replies,
    settings, starttls, unseen,
};
use crate::smtp::gmail_replies_date;
use crate::time::Window;

/// Assembles the tree.
pub(super) fn assemble(seen: &Seen<'_>, items: &Items, causes: &[Cause]) -> Node {
    let (evident, timeline) = (seen.evident, seen.evident.timeline);
    let waves = seen.incident.windows();
    let failing = seen.contrast.failing_ips();
    let required = required(seen);
    let mut tree = Node::group([
        ("case", case::case_node(evident.case)),
        ("sender", case::sender(evident.case)),
        ("notes", case::notes(evident.case)),
        ("changes", case::changes(evident.case)),
        ("window", case::window_node(timeline)),
        ("incident", incident::incident_node(seen.incident, timeline)),
        ("waves", wave::waves(seen)),
        ("spikes", incident::spikes(seen.incident)),
        ("ips", seen.contrast.ips_node()),
        ("ips_summary", seen.contrast.ips_summary()),
        ("mx_hosts", seen.contrast.mx_node(timeline)),
        ("lanes", seen.contrast.lanes_node(evident.lanes)),
        ("lanes_together", seen.contrast.lanes_together_node()),
        ("gmail", case::sublanes(timeline, &waves)),
        ("unseen", unseen::sentences(timeline)),
        ("closes", order::closes(timeline, evident.tally)),
        ("tls_failures", tls_failures(seen)),
        ("plaintext_deliveries", seen.order.plaintext_deliveries().into()),
        ("in_clear", seen.order.in_clear(seen.replies)),
        ("replies", Node::List(seen.replies.iter().map(|g| g.node(timeline, &waves, &failing)).collect())),
        ("scopes", replies::scopes(seen.replies)),
        ("limited_domains", replies::limited_domains(timeline, seen.replies)),
        ("doubtful_bounces", replies::doubtful_bounces(timeline, seen.replies, &waves)),
        ("pattern", seen.pattern.node()),
        ("launches", pattern::launches(&evident.case.launches, &seen.pattern.onsets, &waves)),
        ("mitigation", mitigation::mitigation(seen, items)),
        ("throughput", seen.throughput.node(!waves.is_empty())),
        ("delays", delays(seen, &waves)),
        ("queue", seen.queue.node(&waves, timeline.window)),
        (
            "nodes",
            headroom::nodes(seen.headroom, &headroom::Senders::of(evident).nodes, &super::provider_ids(evident.case)),
        ),
        ("nodes_summary", Value::Sentence(headroom::sentence(seen.headroom)).into()),
        ("settings", settings::nodes(evident)),
        ("transcripts", starttls::nodes(evident.tests)),
        ("transcripts_by_node", comparison::by_node(evident.tests, evident.lanes)),
        ("transcripts_summary", starttls::summary(evident.tests, evident.lanes, &waves)),
        ("requirements", Node::List(required.iter().map(Requirement::node).collect())),
        ("requirements_line", Value::Sentence(requirements::line(&required)).into()),
        ("clocks", clocks::clocks(seen)),
        ("coverage", sources::coverage(seen)),
        ("skipped", sources::skipped(seen)),
        ("readiness", readiness::readiness(seen, items, &required)),
        ("asks", advice::asks(seen, items, causes::overall(causes))),
        ("missing", sentences(advice::missing(seen, causes))),
        ("proposals", advice::proposals(seen, items)),
        ("queue_ids", replies::queue_ids(timeline, evident.tally, &waves)),
        ("problems", sentences(evident.problems.to_vec())),
        ("tool", tool()),
    ]);
    verdict(&mut tree, seen, items, causes);
    tree
}

fn required(seen: &Seen<'_>) -> Vec<Requirement> {
    let evident = seen.evident;
    let answers = Answers::of(evident.case, evident.answers);
    let sending = seen.contrast.sending_ips();
    let reports = Reports::of(evident.case, evident.reports);
    let tls_use = case::tls_use(evident.timeline);
    requirements(&evident.case.attest, &answers, &reports, &sending, seen.replies, tls_use, seen.order.total)
}

/// By the order inside sessions; apart, by time alone where logs tell of none.
fn tls_failures(seen: &Seen<'_>) -> Node {
    let (timeline, tally) = (seen.evident.timeline, seen.evident.tally);
    let mut node = seen.order.node(timeline);
    node.insert("by_time", ByTime::of(timeline, tally).node());
    node
}

fn delays(seen: &Seen<'_>, waves: &[Window]) -> Node {
    let is_seen = seen.incident.waves.first().is_some_and(|w| !w.in_progress_at_start);
    Delays::of(seen.evident, waves, is_seen).node()
}

/// The causes weighed, what follows from them, and who should hear of it.
fn verdict(tree: &mut Node, seen: &Seen<'_>, items: &Items, causes: &[Cause]) {
    let found = !seen.incident.waves.is_empty();
    let unknown = incident::cannot_tell(seen.incident, seen.evident.timeline);
    let weighed = if found { causes } else { &[] };
    let (word, sentence) = if found {
        (causes::overall(causes), causes::sentence(causes))
    } else {
        let why = "No incident was found on the Gmail lane, so no cause is weighed.".to_owned();
        ("none", unknown.clone().unwrap_or(why))
    };
    let (level, why) = concern::concern(seen, items, unknown.as_deref());
    tree.insert("causes", Node::List(weighed.iter().map(Cause::node).collect()));
    tree.insert("causes_tested", causes::tested(weighed));
    tree.insert("verdict", Value::Word(word).into());
    tree.insert("verdict_sentence", Value::Sentence(sentence).into());
    tree.insert("concern", Value::Word(level).into());
    tree.insert("concern_sentence", Value::Sentence(why).into());
    tree.insert("ticket", Value::Sentence(concern::ticket(seen, items, unknown.is_some())).into());
}

/// What made the facts: with the same version and tables anybody gets the same.
fn tool() -> Node {
    Node::group([
        ("version", Value::Text(env!("CARGO_PKG_VERSION").to_owned()).into()),
        ("tzdb", Value::Text(chrono_tz::IANA_TZDB_VERSION.to_owned()).into()),
        ("replies_date", Value::Text(gmail_replies_date().to_owned()).into()),
    ])
}

fn text(value: Option<&str>) -> Node {
    Node::maybe(value.filter(|t| !t.is_empty()).map(|t| Value::Text(t.to_owned())))
}

fn stated(value: Option<&str>, key: &str) -> Node {
    let value = value.filter(|t| !t.is_empty()).map(|t| Value::Text(t.to_owned()));
    Node::fact(value.unwrap_or(Value::Absent), [Evidence::Stated(key.to_owned())])
}

fn sentences(texts: Vec<String>) -> Node {
    Node::List(texts.into_iter().map(|t| Value::Sentence(t).into()).collect())
}
