//! Whether a bundle is ready to be sent, check by check.
//!
//! The list follows what each desk acts on; a failed *must* does not stop the
//! build, it is said on the terminal, in the postmortem and in the receipt.

use super::contrast::RowVerdict;
use super::items::{Items, Seen};
use super::requirements::{Requirement, State};
use super::{Node, Value};
use crate::formats::transcripts::Condition;

/// One check.
#[derive(Clone, Debug)]
struct Check {
    title: &'static str,
    must: bool,
    passed: Option<bool>,
    detail: &'static str,
}

/// A check that passes or fails, in words for both.
const fn check(title: &'static str, passed: bool, [yes, no]: [&'static str; 2]) -> Check {
    Check { title, must: true, passed: Some(passed), detail: if passed { yes } else { no } }
}

impl Check {
    /// Good to have; a request stands without it.
    const fn wanted(self) -> Self {
        Self { must: false, ..self }
    }
}

/// Both readers' checks.
pub(super) fn readiness(seen: &Seen<'_>, items: &Items, requirements: &[Requirement]) -> Node {
    let (metrics, loaded) = (metrics(seen), loaded_test(seen));
    let google = [
        incident(seen),
        token(seen),
        zones(seen),
        ips_named(seen),
        both_kinds_of_ips(seen),
        twice(seen),
        others_clean(seen, items),
        no_complaint(requirements),
        spam_rate(requirements),
        metrics.clone().wanted(),
        loaded.clone().wanted(),
    ];
    let compared = Check {
        title: "other receivers compared",
        passed: items.others_clean.known.map(|_| true),
        ..others_clean(seen, items)
    };
    let esp = [
        incident(seen),
        zones(seen),
        compared,
        metrics,
        loaded,
        both_kinds_of_ips(seen).wanted(),
        twice(seen).wanted(),
    ];
    Node::group([("google", node("Google", &google)), ("esp", node("the ESP or host", &esp))])
}

fn incident(seen: &Seen<'_>) -> Check {
    let found = !seen.incident.waves.is_empty();
    check("an incident on the Gmail lane", found, ["an incident was found", "no incident was found"])
}

fn token(seen: &Seen<'_>) -> Check {
    let token = seen.replies.iter().any(|g| g.is_for_google() && g.has_token());
    let words = ["replies with tokens are there", "no reply with a token of Google's is there"];
    check("an exact reply with Google's token", token, words)
}

fn zones(seen: &Seen<'_>) -> Check {
    let proven = seen.evident.clocks.iter().all(|(_, _, basis)| basis != "assumed");
    let words = ["the zones of all logs are proven", "the zone of a log is assumed, not proven"];
    check("times in UTC, with a proven zone", proven, words)
}

fn ips_named(seen: &Seen<'_>) -> Check {
    let mapped = seen.contrast.ips.iter().all(|j| j.of.ip.is_some());
    let words = ["all sending IPs are known", "a sending IP is not known (case.yaml: sending_ips)"];
    check("sending IPs named", mapped, words)
}

fn both_kinds_of_ips(seen: &Seen<'_>) -> Check {
    let some = |v| seen.contrast.ips.iter().any(|j| j.verdict == v);
    let both = some(RowVerdict::Failing) && some(RowVerdict::Clean);
    let words = ["failing and clean sending IPs are there", "there are not both failing and clean sending IPs"];
    check("failing and clean sending IPs", both, words)
}

fn twice(seen: &Seen<'_>) -> Check {
    let waves = seen.incident.waves.len();
    let no = if waves == 0 { "no wave" } else { "one wave only" };
    check("two or more occurrences", waves >= 2, ["two or more waves were found", no])
}

fn others_clean(seen: &Seen<'_>, items: &Items) -> Check {
    let clean = seen.contrast.others().filter(|j| j.verdict == RowVerdict::Clean).count();
    let (passed, detail) = match items.others_clean.known {
        Some(false) => (Some(false), "other receivers fail as well: do not write to Google"),
        Some(true) if clean >= 2 => (Some(true), "two or more other receivers were clean in the same minutes"),
        _ => (
            None,
            "fewer than two other receivers can be compared with: too little traffic, or logs that cannot show failures",
        ),
    };
    Check { title: "other receivers clean", must: true, passed, detail }
}

fn no_complaint(requirements: &[Requirement]) -> Check {
    let met = requirements.iter().all(|r| r.id == "spam_rate" || r.state != State::NotMet);
    let words = ["no reply says that a requirement is not met", "a sender requirement is not met"];
    check("no reply that a requirement is not met", met, words)
}

fn spam_rate(requirements: &[Requirement]) -> Check {
    let state = requirements.iter().find(|r| r.id == "spam_rate").map(|r| r.state);
    let (passed, detail) = match state {
        Some(State::Attested) => (Some(true), "spam rate attested"),
        Some(State::Measured) => (Some(true), "spam rate measured"),
        Some(State::NotMet) => (Some(false), "spam rate is above what Google accepts"),
        Some(State::Unknown) | None => (
            None,
            "spam rate neither measured nor attested (an answer of Postmaster Tools, or case.yaml: attest.spam_rate)",
        ),
    };
    Check { title: "spam rate", must: true, passed, detail }
}

fn metrics(seen: &Seen<'_>) -> Check {
    let given = !seen.evident.timeline.metrics.is_empty();
    check("metrics of the same minutes", given, ["metrics were given", "no metrics of the nodes were given"])
}

fn loaded_test(seen: &Seen<'_>) -> Check {
    let loaded = seen.evident.tests.iter().any(|t| t.condition == Condition::Loaded);
    let words = ["loaded tests were given", "no STARTTLS test under load was given"];
    check("a STARTTLS test under load", loaded, words)
}

/// The checks of one reader as facts.
fn node(reader: &'static str, checks: &[Check]) -> Node {
    let failed: Vec<_> = checks.iter().filter(|c| c.must && c.passed != Some(true)).collect();
    let sentence = if failed.is_empty() {
        format!("Ready for {reader}.")
    } else {
        let reasons: Vec<_> = failed.iter().map(|c| c.detail).collect();
        format!("Not ready for {reader}: {}.", reasons.join("; "))
    };
    let rows = checks.iter().map(|c| {
        let state = match c.passed {
            Some(true) => "pass",
            Some(false) => "fail",
            None => "unknown",
        };
        Node::group([
            ("title", Value::Text(c.title.to_owned()).into()),
            ("need", Value::Word(if c.must { "must" } else { "want" }).into()),
            ("state", Value::Word(state).into()),
            ("detail", Value::Sentence(c.detail.to_owned()).into()),
        ])
    });
    Node::group([
        ("ready", Value::Flag(failed.is_empty()).into()),
        ("sentence", Value::Sentence(sentence).into()),
        ("checks", Node::List(rows.collect())),
    ])
}
