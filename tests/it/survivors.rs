//! A redacted line is still a line of its format, and tells the same event.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use casefile::formats::logs::LOG_FORMATS;
use casefile::release::Audience;
use casefile::release::redactor::{CaseKey, Counts, Learner, RedactorConfig};
use serde_json::Value;

use crate::cases::casefile;
use crate::laws::samples::READ;

/// What both readers must still see of an event, byte for byte.
const KEPT: &[&str] = &[
    "time",
    "line",
    "outcome",
    "by",
    "stage",
    "code",
    "enhanced",
    "reply_class",
    "scope",
    "token",
    "lane",
    "tls",
    "weight",
];

/// Lines of a sample that are read: all shapes of the smaller ones, the first minutes of others.
const MOST_LINES: usize = 300;

fn events(dir: &Path, text: &str) -> Vec<Value> {
    let log = dir.join("mail.log");
    fs::write(&log, text).expect("written");
    let ran = casefile().arg("events").arg(&log).output().expect("runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said = String::from_utf8(ran.stdout).expect("text");
    let mut told: Vec<Value> = said.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    // Sessions at the edges of a file come in the order of their ids, which are other ones.
    told.sort_by_key(|event| event["line"].as_u64());
    told
}

/// What must be the same in both, and what may be rewritten.
fn assert_same(name: &str, audience: Audience, raw: &[Value], shown: &[Value], published: &BTreeMap<String, String>) {
    let told = |events: &[Value]| events.iter().map(|e| format!("{} {}", e["time"], e["outcome"])).collect::<Vec<_>>();
    assert_eq!(told(raw), told(shown), "{name} for {audience:?}");
    for (a, b) in raw.iter().zip(shown) {
        let place = || format!("{name} for {audience:?}:\n{a}\n{b}");
        for key in KEPT {
            assert_eq!(a[*key], b[*key], "{key}, {}", place());
        }
        let hosts = |e: &Value| (e["mx_host"].clone(), e["node"].clone(), e["mx_ip"].clone());
        if audience == Audience::Esp {
            assert_eq!((hosts(a), &a["queue_id"]), (hosts(b), &b["queue_id"]), "{}", place());
            continue;
        }
        // Google reads ids and nodes under other names.
        let id = b["queue_id"].as_str().unwrap_or_default();
        let back = published.iter().fold(id.to_owned(), |id, (token, value)| id.replace(token, value));
        assert_eq!(a["queue_id"].as_str().unwrap_or_default(), back, "{}", place());
        assert!(id.is_empty() || id.contains("q-"), "{}", place());
        if let Some(node) = a["node"].as_str().filter(|node| !node.is_empty()) {
            assert!(b["node"].as_str().is_some_and(|b| b.starts_with("node-") && b != node), "{}", place());
        }
        // The receivers of the recordings stood in private networks.
        assert!(a["mx_ip"] == b["mx_ip"] || b["mx_ip"].is_null() || b["mx_ip"] == "private-ip", "{}", place());
        if a["lane"] == "gmail" {
            assert_eq!(a["mx_host"], b["mx_host"], "{}", place());
        }
    }
}

#[test]
fn a_redacted_log_tells_the_same_events() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut seen = BTreeMap::new();
    for (sample, shape, _) in READ.iter() {
        let name = shape.format.name();
        // Bundles show records of the journal as syslog lines.
        let bytes = shape.wrapping.unwrapped(&sample.bytes);
        let text = String::from_utf8_lossy(&bytes);
        let text: String = text.lines().take(MOST_LINES).flat_map(|line| [line, "\n"]).collect();
        let raw = events(dir.path(), &text);
        *seen.entry(name).or_insert(0) += raw.len();
        for audience in [Audience::Esp, Audience::Google] {
            let mut learner = Learner::new(RedactorConfig {
                own_domains: vec!["sender.example".into()],
                ..RedactorConfig::new(audience, CaseKey::new([7; 32]))
            });
            learner.learn(text.as_bytes());
            let redactor = learner.finish();
            let shown = redactor.rewrite(text.as_bytes(), &mut Counts::default()).expect("no collision");
            let shown = events(dir.path(), shown.as_str());
            let published: BTreeMap<_, _> = redactor.published().into_iter().collect();
            assert_same(&sample.name, audience, &raw, &shown, &published);
        }
    }
    let formats: Vec<_> = LOG_FORMATS.iter().map(|format| format.name()).collect();
    let told: Vec<_> = formats.iter().filter(|name| seen.get(**name).is_some_and(|n| *n > 0)).collect();
    assert_eq!(told.len(), formats.len(), "{seen:?}");
}
