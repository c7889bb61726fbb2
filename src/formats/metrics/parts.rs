//! The part of a node that a column's name tells: an interface, a queue, a lane, an address.

use std::net::IpAddr;

use super::Signal;
use super::names::Meaning;

const LANE_WORDS: &[&str] = &[
    "gmail",
    "google",
    "workspace",
    "microsoft",
    "outlook",
    "hotmail",
    "office365",
    "yahoo",
    "aol",
    "apple",
    "icloud",
    "comcast",
    "proofpoint",
    "mimecast",
    "gmx",
    "orange",
    "other",
    "others",
];
const QUEUE_STATES: &[&str] =
    &["deferred", "active", "incoming", "hold", "corrupt", "maildrop", "ready", "scheduled", "bounce", "delivery"];
const MTA_WORDS: &[&str] =
    &["postfix", "exim", "pmta", "powermta", "kumo", "haraka", "sendmail", "mta", "mail", "smtp"];

pub(super) fn words(name: &str) -> Vec<String> {
    name.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | ':')))
        .map(str::to_lowercase)
        // `mta.queue.length` is three words; an address or a receiver's domain is one.
        .flat_map(|w| if is_lane_word(&w) { vec![w] } else { w.split('.').map(str::to_owned).collect() })
        .filter(|w| !w.is_empty())
        .collect()
}

/// Whether a word alone names a lane, an address or a queue.
pub(super) fn is_part(word: &str) -> bool {
    is_lane_word(word) || QUEUE_STATES.contains(&word)
}

fn is_lane_word(word: &str) -> bool {
    LANE_WORDS.contains(&word)
        || word.parse::<IpAddr>().is_ok()
        || LANE_WORDS.contains(&word.split('.').next().unwrap_or(""))
}

pub(super) fn join<'a>(words: impl Iterator<Item = &'a String>) -> String {
    words.map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// `eth0`, `ens5`, `bond0`, `lo` among the words.
pub(super) fn interface(words: &[String]) -> Option<String> {
    const KINDS: &[&str] = &[
        "eth", "ens", "eno", "enp", "em", "bond", "team", "wlan", "veth", "docker", "br", "ifb", "tun", "tap", "wg",
        "vlan",
    ];
    let is_interface = |w: &&str| {
        *w == "lo"
            || KINDS
                .iter()
                .any(|k| w.strip_prefix(k).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
    };
    // `device:eth0` is how Datadog writes a tag.
    words.iter().flat_map(|w| w.split(':')).find(is_interface).map(str::to_owned)
}

/// The words around a head word: before it only known ones may stand, after it
/// any but refused ones.
fn around(words: &[String], heads: &[&str], before: &[&[&str]], refused: &[&str]) -> Option<Vec<String>> {
    let at = words.iter().position(|w| heads.contains(&w.as_str()))?;
    let (ahead, after) = (words.get(..at)?, words.get(at + 1..)?);
    let known = |w: &String| is_lane_word(w) || before.iter().any(|list| list.contains(&w.as_str()));
    (ahead.iter().all(known) && !words.iter().any(|w| refused.contains(&w.as_str())))
        .then(|| ahead.iter().chain(after).cloned().collect())
}

/// `queue_total`, `queue_gmail_bounce1`, `postfix queue deferred`, `mailq`.
pub(super) fn queue(name: &str) -> Option<Meaning> {
    const REFUSED: &[&str] = &[
        "id",
        "ids",
        "name",
        "time",
        "age",
        "oldest",
        "latency",
        "delay",
        "wait",
        "limit",
        "max",
        "maximum",
        "kb",
        "kbytes",
        "bytes",
        "size_bytes",
        "dom",
        "domains",
        "rate",
        "per",
        "s",
        "error",
        "errors",
        "drops",
        "dropped",
        "manager",
    ];
    const SAID_BY_SIGNAL: &[&str] = &[
        "depth",
        "size",
        "length",
        "len",
        "total",
        "all",
        "count",
        "msgs",
        "messages",
        "message",
        "rcp",
        "rcpts",
        "recipients",
        "cur",
        "current",
    ];
    let rest = around(
        &words(name),
        &["queue", "queued", "mailq", "postqueue"],
        &[QUEUE_STATES, MTA_WORDS, SAID_BY_SIGNAL],
        REFUSED,
    )?;
    let mut found = Meaning::written_as(Signal::QueueDepth, 1.0, None)?;
    found.instance =
        join(rest.iter().filter(|w| !SAID_BY_SIGNAL.contains(&w.as_str()) && !MTA_WORDS.contains(&w.as_str())));
    Some(found)
}

/// `conn_gmail_192.0.2.11`, `outbound_connections`, `conn_est`, `conn_syn_sent`.
///
/// Connections of a lane, an address, the SMTP client or a state other than
/// established are the MTA's; established ones without more are the node's.
pub(super) fn connections(name: &str) -> Option<Meaning> {
    const REFUSED: &[&str] = &[
        "reset", "resets", "error", "errors", "fail", "failed", "failures", "timeout", "timeouts", "refused",
        "rejected", "dropped", "drops", "lost", "aborted", "accepted", "rate", "time", "latency", "duration", "limit",
        "max", "maximum", "per", "s", "id", "inbound", "in", "listener", "smtpd", "server", "pool", "new", "opened",
    ];
    const SMTP: &[&str] = &["smtp", "out", "outbound", "smtpout", "client"];
    const SAID_BY_SIGNAL: &[&str] = &["total", "all", "count", "current", "cur", "active", "open", "tcp", "to"];
    const ESTABLISHED: &[&str] = &["est", "estab", "established"];
    let all = words(name);
    let rest = around(
        &all,
        &["conn", "conns", "connection", "connections"],
        &[MTA_WORDS, SMTP, SAID_BY_SIGNAL, ESTABLISHED],
        REFUSED,
    )?;
    let said = [MTA_WORDS, SMTP, SAID_BY_SIGNAL, ESTABLISHED];
    let left = join(rest.iter().filter(|w| !said.iter().any(|list| list.contains(&w.as_str()))));
    let smtp = !left.is_empty() || all.iter().any(|w| SMTP.contains(&w.as_str()));
    let mut found =
        Meaning::written_as(if smtp { Signal::SmtpOutConnections } else { Signal::ConnsEstablished }, 1.0, None)?;
    found.instance = left.replace("syn sent", "syn_sent").replace("syn recv", "syn_recv");
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::names::meaning;

    #[test]
    fn queues_and_connections_keep_lane_words_and_addresses() {
        for (column, expected) in [
            ("queue", "queue_depth[]"),
            ("queue_total", "queue_depth[]"),
            ("queue_deferred", "queue_depth[deferred]"),
            ("queue_gmail", "queue_depth[gmail]"),
            ("queue_gmail_bounce1", "queue_depth[gmail bounce1]"),
            ("postfix deferred queue", "queue_depth[deferred]"),
            ("mta.queue.length", "queue_depth[]"),
            ("conn_gmail_192.0.2.11", "smtp_out_connections[gmail 192.0.2.11]"),
            ("conn_other_2001:db8::7", "smtp_out_connections[other 2001:db8::7]"),
            ("gmail connections", "smtp_out_connections[gmail]"),
            ("conn_est", "conns_established[]"),
            ("conn_syn_sent", "smtp_out_connections[syn_sent]"),
            ("conn_closing", "smtp_out_connections[closing]"),
            ("outbound_connections", "smtp_out_connections[]"),
        ] {
            let said = meaning(column).map(|m| format!("{}[{}]", m.signal, m.instance));
            assert_eq!(said.as_deref(), Some(expected), "{column}");
        }
    }
}
