//! A limit on a DKIM domain as recorded: OpenSMTPD 6.8 sends for two domains from two addresses, and the
//! receiver takes 90 messages a minute of one of them, on whichever address. Bounces to the senders' own
//! domains, which no host takes, fail at all hours.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cases::{casefile, copy_tree, entries, root, zips};
use crate::small;

/// What the receiver recorded: attempts that it put off, by address.
const PUT_OFF: [(&str, u64); 2] = [("192.0.2.71", 140), ("192.0.2.72", 143)];

const DOMAIN: &str = "bounce1.example.com";

fn case(dir: &Path) -> PathBuf {
    let case = dir.join("case");
    copy_tree(&root().join("tests/cases/dkim-limit"), &case);
    case
}

fn built(case: &Path, out: &Path) -> Value {
    let ran = small::build(case, out, &[]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&fs::read(out.join("keep/facts.json")).expect("facts.json")).expect("JSON")
}

/// All texts of the bundle for a reader.
fn texts(out: &Path, reader: &str) -> Vec<(String, String)> {
    let (_, zip) = zips(out).into_iter().find(|(name, _)| name.ends_with(&format!("{reader}.zip"))).expect("a bundle");
    let text = |(name, bytes): (String, Vec<u8>)| Some((name, String::from_utf8(bytes).ok()?));
    entries(&zip).into_iter().filter_map(text).collect()
}

fn text<'a>(texts: &'a [(String, String)], end: &str) -> &'a str {
    &texts.iter().find(|(name, _)| name.ends_with(end)).expect("a file").1
}

#[test]
fn the_domain_that_is_limited_is_counted_and_named_to_both_readers() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("out");
    let facts = built(&case(dir.path()), &out);
    let all: u64 = PUT_OFF.iter().map(|(_, n)| n).sum();
    let limited = facts["limited_domains"].as_array().expect("a list");
    assert_eq!(limited.len(), 1);
    assert_eq!((&limited[0]["domain"], &limited[0]["scope"]), (&json!(DOMAIN), &json!("dkim_domain")));
    assert_eq!(limited[0]["share"], json!({"part": all, "whole": all, "share": 1.0}));
    assert_eq!(limited[0]["ips_list"], "192.0.2.71, 192.0.2.72");
    assert_eq!((&facts["scopes"][0]["domains"], &facts["scopes"][0]["unnamed"]), (&json!(1), &json!(0)));
    for (ip, put_off) in PUT_OFF {
        let row = facts["ips"].as_array().expect("a list").iter().find(|row| row["ip"] == ip).expect("the address");
        assert_eq!((&row["verdict"], &row["failed_share"]["part"]), (&json!("failing"), &json!(put_off)));
    }
    let called: Vec<_> = facts["proposals"].as_array().expect("a list").iter().map(|p| p["fact"].clone()).collect();
    assert!(
        called.contains(&json!("limited_domains.1.share")) && !called.contains(&json!("incident.outcomes.deferral"))
    );
    let (google, esp) = (texts(&out, "google"), texts(&out, "esp"));
    for name in ["REPORT.txt", "ticket-1500.txt", "ticket-500.txt", "report.md"] {
        let named = format!("DKIM domain {DOMAIN}");
        assert!(text(&google, name).contains(&named), "{name}: {}", text(&google, name));
        assert!(text(&google, name).contains("and what should we change?"), "{name}: {}", text(&google, name));
        assert!(!text(&google, name).contains("Which "), "what the answers say is not asked: {name}");
    }
    assert!(text(&esp, "report.md").contains(&format!("Limited DKIM domain {DOMAIN}: 100 % (283 of 283)")));
    let table = format!("dkim_domain,{DOMAIN},{all},{all},");
    assert!([&google, &esp].iter().all(|texts| text(texts, "limited_domains.csv").contains(&table)));
    // The ESP may look up its own queue id, and Google has none.
    let id = limited[0]["queue_id"].as_str().expect("a queue id");
    assert!(text(&esp, "report.md").contains(id));
    assert!(google.iter().all(|(name, text)| !text.contains(id) || name.ends_with("svg")));
}

#[test]
fn what_fails_at_any_hour_is_no_failing_receiver() {
    let dir = tempfile::tempdir().expect("a folder");
    let facts = built(&case(dir.path()), &dir.path().join("out"));
    let lanes = facts["lanes"].as_array().expect("a list");
    let other = lanes.iter().find(|row| row["lane"] == "other").expect("the small receivers");
    assert_eq!((&other["failed_share"]["part"], &other["verdict"]), (&json!(10), &json!("clean")));
    let said = facts["ticket"].as_str().expect("a sentence");
    assert!(said.contains("a request to Google is supported"), "{said}");
}

#[test]
fn a_domain_on_the_deny_list_is_named_to_nobody() {
    let dir = tempfile::tempdir().expect("a folder");
    let (case, out) = (case(dir.path()), dir.path().join("out"));
    fs::write(case.join("case.yaml"), format!("case: denied\nredact: {{deny: [{DOMAIN}]}}\n")).expect("case.yaml");
    built(&case, &out);
    for reader in ["google", "esp"] {
        for (name, text) in texts(&out, reader) {
            assert!(!text.contains(DOMAIN), "{reader}: {name}");
        }
    }
}

#[test]
fn a_partial_carries_the_domains() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = case(dir.path());
    let whole = built(&case, &dir.path().join("whole"));
    let (logs, part) = (case.join("logs"), case.join("osmtp1.part"));
    let ran = casefile().args(["scan", "--quiet"]).arg(&logs).arg("-o").arg(&part).output().expect("runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    fs::remove_dir_all(&logs).expect("gone");
    let apart = built(&case, &dir.path().join("apart"));
    assert_eq!(apart["limited_domains"], whole["limited_domains"]);
    assert_eq!(apart["scopes"], whole["scopes"]);
}
