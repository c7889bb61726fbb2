//! Whether a bundle is ready to be sent, check by check.
//!
//! The list follows what each desk acts on; a failed *must* does not stop the
//! build, it is said on the terminal, in the postmortem and in the receipt.

use super::contrast::RowVerdict;
use super::items::{Items, Seen};
use super::requirements::{Requirement, State};
use super::{Node, Value, mitigation};
use crate::formats::transcripts::Condition;

/// One check.
#[derive(Clone, Debug)]
struct Check {
    title: &'static str,
    must: bool,
    passed: Option<bool>,
    detail: &'static str,
    /// What to do about it while it has not passed.
    todo: &'static str,
}

/// A check that passes or fails, in words for both.
const fn check(title: &'static str, passed: bool, [yes, no]: [&'static str; 2], todo: &'static str) -> Check {
    Check { title, must: true, passed: Some(passed), detail: if passed { yes } else { no }, todo }
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
        drill(seen).wanted(),
        recent().wanted(),
    ];
    let compared = Check {
        title: "other receivers compared",
        passed: items.others_clean.known.map(|_| true),
        detail: match items.others_clean.known {
            Some(true) => "other receivers were clean in the same minutes",
            Some(false) => "other receivers failed in the same minutes",
            None => TOO_FEW_OTHERS,
        },
        ..others_clean(seen, items)
    };
    let esp = [
        incident(seen),
        zones(seen),
        compared,
        metrics,
        loaded,
        token(seen).wanted(),
        both_kinds_of_ips(seen).wanted(),
        twice(seen).wanted(),
    ];
    // Advice before all checks: a request that the evidence speaks against costs goodwill.
    let advice = match items.others_clean.known {
        Some(false) => {
            "Do not write to Google: other receivers failed in the same minutes, so the cause is not Gmail's alone; write to the ESP or host. "
        }
        _ => "",
    };
    Node::group([("google", node("Google", advice, &google)), ("esp", node("the ESP or host", "", &esp))])
}

fn incident(seen: &Seen<'_>) -> Check {
    let found = !seen.incident.waves.is_empty();
    check(
        "an incident on the Gmail lane",
        found,
        ["an incident was found", "no incident was found"],
        "give the logs of the minutes that someone complained of",
    )
}

fn token(seen: &Seen<'_>) -> Check {
    let token = seen.replies.iter().any(|g| g.is_for_google() && g.has_token());
    let words = ["replies with tokens are there", "no reply with a token of Google's is there"];
    check(
        "an exact reply with Google's token",
        token,
        words,
        "log Gmail's replies whole: the token stands at their end",
    )
}

fn zones(seen: &Seen<'_>) -> Check {
    let proven = seen.evident.clocks.iter().all(|(_, _, basis)| basis != "assumed");
    let words = ["the zones of all logs are proven", "the zone of a log is assumed, not proven"];
    check(
        "times in UTC, with a proven zone",
        proven,
        words,
        "state the zone of each log (case.yaml: sources: zone), or log stamps that carry it",
    )
}

fn ips_named(seen: &Seen<'_>) -> Check {
    let mapped = seen.contrast.ips.iter().all(|j| j.of.ip.is_some());
    let words = ["all sending IPs are known", "a sending IP is not known"];
    check(
        "sending IPs named",
        mapped,
        words,
        "map each syslog name or transport to its IP (case.yaml: sending_ips), or give postconf -n and postconf -Mf of each node",
    )
}

fn both_kinds_of_ips(seen: &Seen<'_>) -> Check {
    let some = |v| seen.contrast.ips.iter().any(|j| j.verdict == v);
    let both = some(RowVerdict::Failing) && some(RowVerdict::Clean);
    let words = ["failing and clean sending IPs are there", "there are not both failing and clean sending IPs"];
    check(
        "failing and clean sending IPs",
        both,
        words,
        "give the logs of a sending IP of the same pool that stayed clean, if there is one",
    )
}

fn twice(seen: &Seen<'_>) -> Check {
    let waves = seen.incident.waves.len();
    let no = if waves == 0 { "no wave" } else { "one wave only" };
    check(
        "two or more occurrences",
        waves >= 2,
        ["two or more waves were found", no],
        "add the logs of an earlier occurrence, or wait for the next one",
    )
}

const TOO_FEW_OTHERS: &str =
    "fewer than two other receivers can be compared with: too little traffic, or logs that cannot show failures";

fn others_clean(seen: &Seen<'_>, items: &Items) -> Check {
    let clean = seen.contrast.others().filter(|j| j.verdict == RowVerdict::Clean).count();
    let (passed, detail) = match items.others_clean.known {
        Some(false) => (Some(false), "other receivers failed as well"),
        Some(true) if clean >= 2 => (Some(true), "two or more other receivers were clean in the same minutes"),
        Some(true) if clean == 0 => (Some(true), "the other receivers, taken together, were clean in the same minutes"),
        _ => (None, TOO_FEW_OTHERS),
    };
    let todo = match items.others_clean.known {
        Some(false) => "do not write to Google: write to the ESP or host, about nodes, network and TLS",
        _ => "give logs with at least 150 sessions to each of two other receivers in the same minutes",
    };
    Check { title: "other receivers clean", must: true, passed, detail, todo }
}

fn no_complaint(requirements: &[Requirement]) -> Check {
    let met = requirements.iter().all(|r| r.id == "spam_rate" || r.state != State::NotMet);
    let words = ["no reply says that a requirement is not met", "a sender requirement is not met"];
    check(
        "no reply that a requirement is not met",
        met,
        words,
        "meet it first: Google helps only senders that meet all requirements",
    )
}

fn spam_rate(requirements: &[Requirement]) -> Check {
    let state = requirements.iter().find(|r| r.id == "spam_rate").map(|r| r.state);
    let (passed, detail) = match state {
        Some(State::Attested) => (Some(true), "spam rate attested"),
        Some(State::Measured) => (Some(true), "spam rate measured"),
        Some(State::NotMet) => (Some(false), "spam rate is above what Google accepts"),
        Some(State::Unknown) | None => (None, "spam rate neither measured nor attested"),
    };
    let todo = match state {
        Some(State::NotMet) => "stay below 0.3 % for seven days in a row, then write",
        _ => "add an export of Postmaster Tools, or attest the rate with its date (case.yaml: attest.spam_rate)",
    };
    Check { title: "spam rate", must: true, passed, detail, todo }
}

fn metrics(seen: &Seen<'_>) -> Check {
    let given = !seen.evident.timeline.metrics.is_empty();
    check(
        "metrics of the same minutes",
        given,
        ["metrics were given", "no metrics of the nodes were given"],
        "add what sadf -d or your monitoring kept of these minutes; record once a minute or more often",
    )
}

fn loaded_test(seen: &Seen<'_>) -> Check {
    let loaded = seen.evident.tests.iter().any(|t| t.condition == Condition::Loaded);
    let words = ["loaded tests were given", "no STARTTLS test under load was given"];
    check(
        "a STARTTLS test under load",
        loaded,
        words,
        "run posttls-finger -c from a sending node during the next launch, and keep its output",
    )
}

fn drill(seen: &Seen<'_>) -> Check {
    let passed = mitigation::drill_done(seen);
    Check {
        title: "Google's drill done",
        must: true,
        passed,
        detail: match passed {
            Some(true) => "a sending IP kept silent for ten minutes and came back with one connection",
            Some(false) => "no sending IP kept silent for ten minutes and came back with one connection",
            None => "whether a sending IP paused because it failed, and how it came back, is not shown",
        },
        todo: "keep a failing IP silent towards Gmail for ten minutes, open one connection, then add one at a time",
    }
}

/// Google acts on what goes on; which day it is no file can tell.
const fn recent() -> Check {
    Check {
        title: "still happening within seven days",
        must: true,
        passed: None,
        detail: "no clock is read: the last failing minute tells how long ago it was",
        todo: "write within seven days of the last failing minute, or add newer logs",
    }
}

/// The checks of one reader as facts.
fn node(reader: &'static str, advice: &'static str, checks: &[Check]) -> Node {
    let mut failed: Vec<_> = checks.iter().filter(|c| c.must && c.passed != Some(true)).collect();
    // Without an incident nothing else is a reason.
    if let Some(first) = checks.first().filter(|c| c.passed != Some(true)) {
        failed = vec![first];
    }
    let sentence = if failed.is_empty() {
        format!("{advice}Ready for {reader}.")
    } else {
        let reasons: Vec<_> = failed.iter().map(|c| c.detail).collect();
        format!("{advice}Not ready for {reader}: {}.", reasons.join("; "))
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
            ("todo", Node::maybe((c.passed != Some(true)).then(|| Value::Sentence(c.todo.to_owned())))),
        ])
    });
    Node::group([
        ("ready", Value::Flag(failed.is_empty()).into()),
        ("sentence", Value::Sentence(sentence).into()),
        ("checks", Node::List(rows.collect())),
    ])
}
