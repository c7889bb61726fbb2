//! Logs that tell of no sessions: what stood near their TLS failures, named as weaker wherever it
//! is shown, and apart from what sessions show.
//!
//! The records have the shape that Halon's script writes (`postmastery.hsl`): sending IP, MX host
//! and second, and no session.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::cases::{build, entries, zips};

/// A record of the second `at` of the morning.
fn record(at: u32, fields: &str) -> String {
    let time = 1_795_489_200 + at;
    format!(
        "{{\"type\":\"SMTP\",\"hostname\":\"mta1.example.com\",\"messageid\":\"18c190a3:{at}\",\"ts_attempt\":{time}.5,\"recipient_domain\":\"gmail.com\",\"connection_localip\":\"203.0.113.10\",\"connection_remoteip\":\"142.251.2.27\",\"connection_remotemx\":\"gmail-smtp-in.l.google.com\",{fields}}}\n"
    )
}

const TAKEN: &str = r#""status":"delivered","result_code":250,"result_enhanced":"2.0.0","result_reason":"OK - gsmtp","result_state":"EOD""#;
const SHUT: &str = r#""status":"delayed","result_code":421,"result_enhanced":"4.7.28","result_reason":"Gmail has detected an unusual rate of mail originating from your IP address. - gsmtp","result_state":"EHLO""#;
const TLS: &str = r#""status":"delayed","error_temporary":true,"error_message":"TLS handshake failed""#;

/// Half an hour: quiet, then eight minutes in which each second fails in one of four ways.
fn log() -> String {
    let mut log = String::new();
    for at in 0..1800_u32 {
        let in_incident = (600..1080).contains(&at);
        // Every fifth second of the incident, so that the seconds stand apart.
        match (in_incident, at % 5, at / 5 % 4) {
            (false, 0, _) => log += &record(at, TAKEN),
            (true, 0, 0) => write!(log, "{}{}", record(at, SHUT), record(at, TLS)).expect("memory"),
            (true, 0, 1) => write!(log, "{}{}", record(at - 1, SHUT), record(at, TLS)).expect("memory"),
            (true, 0, 2) => log += &record(at, TLS),
            (true, 0, 3) => {
                write!(log, "{}{}{}", record(at, TAKEN), record(at, SHUT), record(at, TLS)).expect("memory")
            }
            _ => {}
        }
    }
    log
}

fn built(log: &str) -> (Value, Vec<(String, String)>) {
    let dir = tempfile::tempdir().expect("a folder");
    let case = dir.path().join("case");
    fs::create_dir_all(&case).expect("a folder");
    fs::write(case.join("halon.ndjson"), log).expect("a log");
    let output = build(&case, dir.path(), |_| {});
    let facts = serde_json::from_slice(&fs::read(output.join("keep/facts.json")).expect("facts")).expect("JSON");
    let mut texts = vec![(
        "postmortem.md".to_owned(),
        fs::read_to_string(output.join("keep/postmortem.md")).expect("the postmortem"),
    )];
    for (zip, bytes) in zips(&output) {
        let reader = if zip.ends_with("-esp.zip") { "esp" } else { "google" };
        for (name, bytes) in entries(&bytes) {
            let name = name.split_once('/').map_or(name.as_str(), |(_, name)| name).to_owned();
            texts.push((format!("{reader} {name}"), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    (facts, texts)
}

#[test]
fn what_stood_near_is_counted_apart_and_called_weaker() {
    let (facts, texts) = built(&log());
    assert_eq!(facts["incident"]["state"], "found");
    let found = &facts["tls_failures"]["by_time"];
    // 96 seconds of the incident, a quarter of each kind.
    let of = |key: &str| found[key].as_u64();
    assert_eq!((of("total"), of("after_421"), of("nothing")), (Some(96), Some(48), Some(24)), "{found}");
    assert_eq!((of("undetermined"), of("after_close")), (Some(24), Some(0)), "{found}");
    assert_eq!(found["downstream"]["part"], 48);
    // What sessions show is none of it.
    let order = &facts["tls_failures"];
    assert_eq!((order["after_421"].as_u64(), order["genuine"].as_u64()), (Some(0), Some(0)), "{order}");
    for text in ["postmortem.md", "esp data/report.md", "google data/report.md", "google data/REPORT.txt"] {
        let (_, text) = texts.iter().find(|(name, _)| name == text).expect("the text");
        assert!(text.contains("weaker than the order inside a session"), "{text}");
        assert!(text.contains("50.0 % (48 of 96)"), "{text}");
    }
    let (_, table) = texts.iter().find(|(name, _)| name == "esp data/tables/tls_failures.csv").expect("the table");
    assert!(table.lines().any(|l| l.starts_with("by_time.after_421,48")), "{table}");
}

/// The order in time swapped: the answers come after the failures, and stand near none of them.
#[test]
fn answers_that_come_later_stand_near_nothing() {
    let mut swapped = String::new();
    for line in log().lines() {
        // Two seconds later than the failure of their second.
        let later = |line: &str| {
            let (head, rest) = line.split_once("\"ts_attempt\":").expect("a time");
            let (time, rest) = rest.split_once('.').expect("a fraction");
            format!("{head}\"ts_attempt\":{}.{rest}", time.parse::<u64>().expect("a second") + 3)
        };
        let line = if line.contains("421") { later(line) } else { line.to_owned() };
        writeln!(swapped, "{line}").expect("memory");
    }
    let (facts, _) = built(&swapped);
    let found = &facts["tls_failures"]["by_time"];
    assert_eq!((found["total"].as_u64(), found["after_421"].as_u64()), (Some(96), Some(0)), "{found}");
    assert_eq!((found["nothing"].as_u64(), found["undetermined"].as_u64()), (Some(72), Some(24)), "{found}");
}

/// A log with sessions has nothing told by time.
#[test]
fn sessions_are_told_by_their_order_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = build(&crate::cases::root().join("sample-data/throttle"), dir.path(), |_| {});
    let facts: Value = serde_json::from_slice(&fs::read(output.join("keep/facts.json")).expect("facts")).expect("JSON");
    assert_eq!(facts["tls_failures"]["by_time"]["total"], Value::Null);
    let report = fs::read_to_string(output.join("keep/postmortem.md")).expect("the postmortem");
    assert!(!report.contains("weaker than the order inside a session"));
}
