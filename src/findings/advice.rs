//! What is missing, what to ask each reader for, and what to change next.

use super::causes::{self, Cause, Item};
use super::items::{Items, Seen};
use super::{Node, Value, grouped};

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

/// So many addresses are named; the rest stand in the table.
const NAMED: usize = 10;

fn some(addresses: &[String]) -> String {
    match addresses.len().checked_sub(NAMED) {
        None | Some(0) => addresses.join(", "),
        Some(more) => format!("{} and {} more (tables/ips.csv)", addresses[..NAMED].join(", "), grouped(more as u64)),
    }
}

/// What to ask each reader for: only what the evidence lacks or shows.
pub(super) fn asks(seen: &Seen<'_>, items: &Items) -> Node {
    let failing: Vec<_> = seen.contrast.failing_ips().into_iter().collect();
    let mut esp = Vec::new();
    if !seen.incident.waves.is_empty() {
        esp.push("Which of your limits (bandwidth, packets, connections tracked, port 25) apply to these nodes, and did any of their counters rise in the minutes of the waves?".to_owned());
        esp.push(if failing.is_empty() {
            "Which source addresses did these nodes use towards Gmail in these minutes?".to_owned()
        } else {
            let address = if failing.len() == 1 { "Is the address" } else { "Are the addresses" };
            format!(
                "{address} {} shared with other senders, and what did those send to Gmail in these minutes?",
                some(&failing)
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

/// A change to make, and the fact that calls for it.
struct Proposal {
    what: &'static str,
    because: String,
    /// The id of that fact.
    fact: &'static str,
}

/// What to change next; each only where a fact calls for it.
pub(super) fn proposals(seen: &Seen<'_>, items: &Items) -> Node {
    let found = !seen.incident.waves.is_empty();
    let row = |p: Proposal| {
        Node::group([
            ("what", Value::Sentence(p.what.to_owned()).into()),
            ("because", Value::Sentence(p.because).into()),
            ("fact", Value::Text(p.fact.to_owned()).into()),
        ])
    };
    let proposals = called_for(seen, items).into_iter().filter(|_| found);
    Node::List(proposals.map(row).collect())
}

fn called_for(seen: &Seen<'_>, items: &Items) -> Vec<Proposal> {
    let when =
        |known: bool, what, because: &str, fact| known.then(|| Proposal { what, because: because.to_owned(), fact });
    let is = |item: &Item| item.known == Some(true);
    let clear = seen.order.plaintext_deliveries;
    let alike = format!("The pattern is {}.", seen.pattern.word());
    let in_clear = format!(
        "{} {} accepted in sessions without a TLS line.",
        grouped(clear),
        if clear == 1 { "message was" } else { "messages were" }
    );
    let proposals = [
        when(
            is(&items.pressure) && is(&items.others_clean),
            "Lower the number of concurrent connections per sending IP to Gmail's MX hosts, and lengthen the back-off after temporary replies.",
            &items.pressure.says,
            "closes.total",
        ),
        when(
            seen.pattern.is_shown(),
            "Stagger launches, so that sending IPs do not reach the same load at once.",
            &alike,
            "pattern.word",
        ),
        when(
            clear > 0,
            "Keep TLS on towards Gmail, and require it there, so that a failed handshake is retried with TLS.",
            &in_clear,
            "plaintext_deliveries",
        ),
        when(
            is(&items.net_ceiling),
            "Ask the host for the limit on the egress of these nodes, and spread sends over time or over more nodes until it is raised.",
            &items.net_ceiling.says,
            "nodes_summary",
        ),
        when(
            is(&items.host_ceiling),
            "Raise the limit that was reached, or spread sends over time or over more nodes.",
            &items.host_ceiling.says,
            "nodes_summary",
        ),
        when(
            is(&items.tls_alert),
            "Compare the TLS versions and ciphers that the MTA is set to with what the MX hosts offer, and update the TLS library.",
            &items.tls_alert.says,
            "tls_failures.genuine",
        ),
        when(
            seen.evident.timeline.metrics.is_empty(),
            "Record metrics of the sending nodes once a minute or more often (sysstat, interval of sixty seconds).",
            "No metrics of the nodes were given.",
            "nodes_summary",
        ),
    ];
    proposals.into_iter().flatten().collect()
}
