//! What is missing, what to ask each reader for, and what to change next.

use super::causes::{self, Cause, Item};
use super::items::{Items, Seen};
use super::{Node, Value, grouped, replies, starttls};
use crate::formats::transcripts::Condition;

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
        missing.push(
            "the sending IP behind each syslog name or transport (postconf -n and postconf -Mf of each node tell it)"
                .to_owned(),
        );
    }
    missing.push(
        "network traces of the failing minutes (for next time: mtr -rwz -c 200 to the MX host, from the node and back)"
            .to_owned(),
    );
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

/// At most so many questions: a desk answers few.
const QUESTIONS: usize = 6;

/// What to ask each reader for: only what the evidence lacks or shows. `verdict` is the overall one.
pub(super) fn asks(seen: &Seen<'_>, items: &Items, verdict: &str) -> Node {
    let found = !seen.incident.waves.is_empty();
    let (whole, short) = google(seen, items);
    let sentence = |text: &str| if found { Value::Sentence(text.to_owned()) } else { Value::Absent };
    let mut esp = if found { esp(seen, items, verdict) } else { Vec::new() };
    esp.truncate(QUESTIONS);
    Node::group([
        ("google", sentence(whole).into()),
        ("google_short", sentence(short).into()),
        ("esp", Node::List(esp.into_iter().map(|t| Value::Sentence(t).into()).collect())),
    ])
}

/// The question to Google, whole and for the shortest cut: what the sessions show decides which.
fn google(seen: &Seen<'_>, items: &Items) -> (&'static str, &'static str) {
    let is = |item: &Item| item.known == Some(true);
    let answered = seen.replies.iter().any(replies::ReplyGroup::is_for_google);
    if items.others_clean.known == Some(false) {
        (
            "Other receivers failed in the same minutes, so nothing here shows a limit of Gmail's. Did Gmail apply any limit to these sessions, or end them itself?",
            "Other receivers failed too. Did Gmail apply any limit to these sessions, or end them itself?",
        )
    } else if is(&items.tls_alert) {
        (
            "These sessions ended with TLS alerts or faults. Did Gmail's MX hosts refuse the handshakes, and which TLS version, cipher or certificate was the reason?",
            "Did Gmail's MX hosts refuse these TLS handshakes, and why?",
        )
    } else if answered && replies::mostly_on_a_domain(seen.replies).is_some() {
        (
            "Most answers name a domain of ours as what the limit is on. What counted against it in these minutes, was anything else limited (an IP, another domain), and what should we change?",
            "What counted against the domain that the limit names, and what should we change?",
        )
    } else if answered {
        (
            "Which signal or quota (IP, DKIM domain, SPF domain, other) was applied to these sessions, and what should we change? Is any part of this a fault on Gmail's side?",
            "Which quota or signal applied to these sessions, and what should we change?",
        )
    } else {
        (
            "Did Gmail end these sessions, for which signal or quota, and what should we change? Is any part of this a fault on Gmail's side?",
            "Did Gmail end these sessions, for which signal, and what should we change?",
        )
    }
}

/// The questions to the ESP or host: the one that the verdict raises first.
fn esp(seen: &Seen<'_>, items: &Items, verdict: &str) -> Vec<String> {
    let mut esp = vec![
        match verdict {
            "sender_network" => "Which limit on egress, packets or tracked connections applies to the nodes at their limit, and what did its counters show in the minutes of the waves?",
            "sender_load" => "Which limit applies to the resource that reached it, and can it be raised on these nodes?",
            "tls_stack" => "Which TLS library, versions, ciphers and certificate store did these nodes use, and what of them changed before the first failing minute?",
            "sender_throttle" => "Which of the MTA's own limits held mail back in these minutes, and which setting sets it?",
            _ => "Which of your limits (bandwidth, packets, connections tracked, port 25) apply to these nodes, and did any of their counters rise in the minutes of the waves?",
        }
        .to_owned(),
    ];
    let failing: Vec<_> = seen.contrast.failing_ips().into_iter().collect();
    esp.push(if failing.is_empty() {
        "Which source addresses did these nodes use towards Gmail in these minutes?".to_owned()
    } else {
        let address = if failing.len() == 1 { "Is the address" } else { "Are the addresses" };
        format!(
            "{address} {} shared with other senders, and what did those send to Gmail in these minutes?",
            some(&failing)
        )
    });
    if items.unmet.known == Some(true) {
        esp.push(
            "Which mail left without TLS or authentication in these minutes, and which setting lets it?".to_owned(),
        );
    }
    if items.pressure.known != Some(false) {
        let concurrency =
            "Which concurrency, retry and back-off settings did the MTA apply to Gmail's MX hosts in these minutes?";
        esp.push(concurrency.to_owned());
    }
    if matches!(replies::queue_ids(seen.evident.timeline, seen.evident.tally, &seen.incident.windows()), Node::List(ids) if !ids.is_empty())
    {
        esp.push("For the queue ids listed: what does your own log show of these sessions?".to_owned());
    }
    let (_, idle_tests) = starttls::successes(seen.evident.tests, seen.evident.lanes, Condition::Idle);
    if idle_tests == 0 || (items.idle_ok.known.is_none() && items.tls_alert.known != Some(false)) {
        esp.push("Please run a STARTTLS test to Gmail's MX from each node while it is idle and during a launch (posttls-finger -c).".to_owned());
    }
    esp.push(
        "Is the mapping of nodes to public sending addresses as stated here, without translation on the way?"
            .to_owned(),
    );
    esp
}

/// A change to make, and the fact that calls for it.
struct Proposal {
    what: &'static str,
    because: String,
    /// The id of that fact.
    fact: &'static str,
    /// What captures next time what was missing.
    command: Option<&'static str>,
}

/// Keeps a day of a node's counters, minute by minute, and writes out those that a report reads.
const RECORD: &str = "sar -o sar.bin 60 1440; sadf -d sar.bin -- -u -v -n DEV -n ETCP";
/// Tests STARTTLS as Postfix does.
const TEST: &str = "posttls-finger -c gmail.com";

/// What to change next; each only where a fact calls for it.
pub(super) fn proposals(seen: &Seen<'_>, items: &Items) -> Node {
    let found = !seen.incident.waves.is_empty();
    let row = |p: Proposal| {
        Node::group([
            ("what", Value::Sentence(p.what.to_owned()).into()),
            ("because", Value::Sentence(p.because).into()),
            ("fact", Value::Text(p.fact.to_owned()).into()),
            ("command", Node::maybe(p.command.map(|command| Value::Text(command.to_owned())))),
        ])
    };
    let proposals = called_for(seen, items).into_iter().filter(|_| found);
    Node::List(proposals.map(row).collect())
}

fn called_for(seen: &Seen<'_>, items: &Items) -> Vec<Proposal> {
    let when = |known: bool, what, because: &str, fact| {
        known.then(|| Proposal { what, because: because.to_owned(), fact, command: None })
    };
    let by = |command, proposal: Option<Proposal>| proposal.map(|p| Proposal { command: Some(command), ..p });
    let limited = replies::mostly_on_a_domain(seen.replies);
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
            is(&items.pressure) && is(&items.others_clean) && limited.is_none(),
            "Lower the number of concurrent connections per sending IP to Gmail's MX hosts, and lengthen the back-off after temporary replies.",
            &items.pressure.says,
            "incident.outcomes.deferral",
        ),
        when(
            limited.is_some(),
            "Lower the rate of mail of the limited domain over all sending IPs together: a limit on a domain follows it to any IP.",
            limited.as_deref().unwrap_or_default(),
            "limited_domains.1.share",
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
            is(&items.downstream) && clear == 0,
            "Keep TLS on towards Gmail: its errors follow from what the receiver did before, and mail in clear meets a limit of its own.",
            &items.downstream.says,
            "tls_failures.downstream",
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
        by(
            RECORD,
            when(
                seen.evident.timeline.metrics.is_empty(),
                "Record metrics of the sending nodes once a minute or more often (sysstat, interval of sixty seconds).",
                "No metrics of the nodes were given.",
                "nodes_summary",
            ),
        ),
        by(
            TEST,
            when(
                starttls::successes(seen.evident.tests, seen.evident.lanes, Condition::Loaded).1 == 0,
                "Test STARTTLS to Gmail's MX from each sending node during the next launch, and keep the output.",
                "No STARTTLS test under load was given.",
                "transcripts_summary.sentence",
            ),
        ),
    ];
    proposals.into_iter().flatten().collect()
}
