//! What is missing, what to ask each reader for, and what to change next.

use super::causes::{self, Cause};
use super::contrast::RowVerdict;
use super::items::{Items, Seen};
use super::{Node, Value, number};

/// What the causes and the readers lack, each once.
pub(super) fn missing(seen: &Seen<'_>, causes: &[Cause]) -> Vec<String> {
    if seen.incident.waves.is_empty() {
        return Vec::new();
    }
    let mut missing: Vec<String> = causes
        .iter()
        .filter(|c| c.verdict != causes::Verdict::Against)
        .flat_map(Cause::missing)
        .map(str::to_owned)
        .collect();
    if !seen.evident.tests.iter().any(|t| t.condition == crate::formats::transcripts::Condition::Loaded) {
        missing.push("a STARTTLS test taken on a sending node during a launch (posttls-finger -c)".to_owned());
    }
    if seen.contrast.ips.iter().any(|j| j.of.ip.is_none()) {
        missing.push("the sending IP behind each syslog name or transport (case.yaml: sending_ips, or postconf -n and postconf -Mf of each node)".to_owned());
    }
    missing.push("network traces of the failing minutes: none were taken (for next time: mtr -rwz -c 200 to the MX host, from the node and back)".to_owned());
    let mut seen_once = std::collections::BTreeSet::new();
    missing.retain(|m| seen_once.insert(m.clone()));
    missing
}

/// What to ask each reader for: only what the evidence lacks or shows.
pub(super) fn asks(seen: &Seen<'_>, items: &Items) -> Node {
    let failing: Vec<_> =
        seen.contrast.ips.iter().filter(|j| j.verdict == RowVerdict::Failing).map(|j| j.of.label()).collect();
    let mut esp = Vec::new();
    if !seen.incident.waves.is_empty() {
        esp.push("Which of your limits (bandwidth, packets, connections tracked, port 25) apply to these nodes, and did any of their counters rise in the minutes of the waves?".to_owned());
        esp.push(if failing.is_empty() {
            "Which source addresses did these nodes use towards Gmail in these minutes?".to_owned()
        } else {
            format!(
                "Are the addresses {} shared with other senders, and what did those send to Gmail in these minutes?",
                failing.join(", ")
            )
        });
        esp.push(
            "Which concurrency, retry and back-off settings did the MTA apply to Gmail's MX hosts in these minutes?"
                .to_owned(),
        );
        esp.push("For the queue ids listed: what does your own log show of these sessions?".to_owned());
        if items.idle_ok.known.is_none() {
            esp.push("Please run a STARTTLS test to Gmail's MX from each node while it is idle and during a launch (posttls-finger -c).".to_owned());
        }
        esp.push(
            "Is the mapping of nodes to public sending addresses as stated here, without translation on the way?"
                .to_owned(),
        );
    }
    let google = if seen.incident.waves.is_empty() {
        Value::Absent
    } else {
        Value::Sentence("Which signal or quota (IP, DKIM domain, SPF domain, other) was applied to these sessions, and what should we change? Is any part of this a fault on Gmail's side?".to_owned())
    };
    Node::group([
        ("google", google.into()),
        ("esp", Node::List(esp.into_iter().map(|t| Value::Sentence(t).into()).collect())),
    ])
}

/// What to change next; each only where a fact calls for it.
pub(super) fn proposals(seen: &Seen<'_>, items: &Items) -> Node {
    let mut rows = Vec::new();
    let mut propose = |what: &str, because: String| {
        rows.push(Node::group([
            ("what", Value::Sentence(what.to_owned()).into()),
            ("because", Value::Sentence(because).into()),
        ]));
    };
    if !seen.incident.waves.is_empty() {
        if items.pressure.known == Some(true) && items.others_clean.known == Some(true) {
            propose(
                "Lower the number of concurrent connections per sending IP to Gmail's MX hosts, and lengthen the back-off after temporary replies.",
                items.pressure.says.clone(),
            );
        }
        if seen.pattern.is_shown() {
            propose(
                "Stagger launches, so that sending IPs do not reach the same load at once.",
                format!("The pattern is {}.", seen.pattern.word()),
            );
        }
        if seen.order.plaintext_deliveries > 0 {
            let n = Value::Count(seen.order.plaintext_deliveries, "messages").text();
            propose(
                "Keep TLS on towards Gmail, and require it there, so that a failed handshake is retried with TLS.",
                format!("{n} messages were accepted in sessions without a TLS line."),
            );
        }
        if items.tls_alert.known == Some(true) {
            propose(
                "Compare the TLS versions and ciphers that the MTA is set to with what Gmail's MX hosts offer, and update the TLS library.",
                items.tls_alert.says.clone(),
            );
        }
        if seen.evident.timeline.metrics.is_empty() {
            propose(
                "Record metrics of the sending nodes once a minute or more often (sysstat, interval of sixty seconds).",
                number(0.0, 0) + " metrics files were given.",
            );
        }
    }
    Node::List(rows)
}
