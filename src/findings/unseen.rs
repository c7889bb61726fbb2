//! What the logs of some sending IPs cannot show, where those of others can.

use std::collections::BTreeMap;

use super::{Node, Value};
use crate::scan::What;
use crate::smtp::Outcome;
use crate::timeline::{Known, Timeline};

/// Sending IPs named in one sentence.
const MOST: usize = 12;

/// One sentence for all sending IPs whose logs lack the same counters.
pub(super) fn sentences(timeline: &Timeline) -> Node {
    let mut rows: BTreeMap<Vec<Outcome>, Vec<String>> = BTreeMap::new();
    let is_shown = |outcome: &Outcome| timeline.known(timeline.window, 0, &[*outcome]) != Known::Nothing;
    let shown: Vec<Outcome> = What::FAILURES.iter().copied().filter(is_shown).collect();
    for row in &timeline.egresses {
        let is_hidden = |outcome: &Outcome| row.known(|_| true, 0, &[*outcome]) == Known::Nothing;
        let hidden: Vec<_> = shown.iter().copied().filter(is_hidden).collect();
        if !hidden.is_empty() {
            rows.entry(hidden).or_default().push(row.of.label());
        }
    }
    Node::List(rows.iter().map(|(hidden, labels)| Value::Sentence(sentence(hidden, labels)).into()).collect())
}

fn sentence(hidden: &[Outcome], labels: &[String]) -> String {
    let hidden: Vec<_> = hidden.iter().map(|outcome| words(*outcome)).collect();
    let one = labels.len() == 1;
    let more = labels.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let labels = labels.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    format!(
        "Of sending {} {labels}{more} the logs cannot show {}: there these counts are not known, and sums with them are the least there were.",
        if one { "IP" } else { "IPs" },
        hidden.join(", ")
    )
}

const fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Deferral => "deferrals",
        Outcome::RemoteClose => "remote closes",
        Outcome::TlsFailure => "TLS failures",
        Outcome::Plaintext => "plain text in the handshake",
        Outcome::Timeout => "time-outs",
        Outcome::ConnectFailure => "connections that did not come about",
        other => other.word(),
    }
}
