//! A redacted line is still a line of its format, and tells the same event.

use std::fs;
use std::path::Path;

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

fn events(dir: &Path, text: &str) -> Vec<Value> {
    let log = dir.join("mail.log");
    fs::write(&log, text).expect("written");
    let ran = casefile().arg("events").arg(&log).output().expect("runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said = String::from_utf8(ran.stdout).expect("text");
    said.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect()
}

#[test]
fn a_redacted_log_tells_the_same_events() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut seen: Vec<&str> = Vec::new();
    for (sample, shape, _) in READ.iter() {
        let name = shape.format.name();
        let text = String::from_utf8_lossy(&sample.bytes);
        if seen.contains(&name) || !text.contains(" - gsmtp") {
            continue;
        }
        seen.push(name);
        let lines: Vec<&str> = text.lines().take(400).collect();
        let text = lines.join("\n") + "\n";
        let raw = events(dir.path(), &text);
        assert!(!raw.is_empty(), "{name}");
        for audience in [Audience::Esp, Audience::Google] {
            let mut learner = Learner::new(RedactorConfig {
                own_domains: vec!["sender.example".into()],
                ..RedactorConfig::new(audience, CaseKey::new([7; 32]))
            });
            learner.learn(text.as_bytes());
            let redactor = learner.finish();
            let shown = redactor.rewrite(text.as_bytes(), &mut Counts::default()).expect("no collision");
            // Google's `q-…` are no ids to a reader of logs; turned back, all else must be as it was.
            let ids = redactor.published().into_iter().filter(|(token, _)| token.starts_with("q-"));
            let shown = ids.fold(shown.as_str().to_owned(), |text, (token, id)| text.replace(&token, &id));
            let shown = events(dir.path(), &shown);
            assert_eq!(shown.len(), raw.len(), "{name} for {audience:?}");
            for (a, b) in raw.iter().zip(&shown) {
                for key in KEPT {
                    assert_eq!(a[*key], b[*key], "{name} for {audience:?}: {key} of {a}\n{b}");
                }
                assert_eq!(a["queue_id"], b["queue_id"], "{name} for {audience:?}: {a}\n{b}");
                let hosts = |e: &Value| (e["mx_host"].clone(), e["node"].clone(), e["mx_ip"].clone());
                if audience == Audience::Esp {
                    assert_eq!(hosts(a), hosts(b), "{name}: {a}\n{b}");
                } else if a["lane"] == "gmail" {
                    // The receivers of the recordings stood in private networks.
                    assert_eq!(a["mx_host"], b["mx_host"], "{name}: {a}\n{b}");
                    assert!(a["mx_ip"] == b["mx_ip"] || b["mx_ip"].is_null() || b["mx_ip"] == "private-ip", "{a}\n{b}");
                }
            }
        }
    }
    assert!(seen.len() >= 8, "{seen:?}");
}
