//! Every receiver behaviour of the lab in every MTA: what the log's reader says of each attempt,
//! pinned word by word and held against what the receiver itself recorded.
//!
//! `tests/data/behaviours` holds, for each MTA, the log it wrote and the receiver's own record,
//! of real software against a scripted receiver. `tests/data/told` holds a reviewed table for
//! each: see `table`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use casefile::intake::open;

mod log;
mod receiver;
mod table;

use log::{Told, events};
use receiver::truth;
use table::{Row, reasons, rows, unexcused};

/// Every recording, and the envelopes that its log is held in; the first is looked at closest.
const RECORDINGS: &[(&str, &[&str])] = &[
    ("exim41001-default", &["mainlog"]),
    ("exim496-all", &["mainlog"]),
    ("exim496-default", &["mainlog"]),
    ("exim496-noclear", &["mainlog"]),
    ("haraka316-default", &["haraka.log"]),
    ("haraka316-json", &["haraka.log"]),
    ("opensmtpd680-default", &["rfc3164.log", "iso8601.log"]),
    ("postfix312-may", &["rfc3164.log", "iso8601.log", "rfc5424.log", "forward-pri.log", "tradfwd-pri.log"]),
    ("postfix312-reuse", &["rfc3164.log", "rfc5424.log"]),
    ("postfix3711-encrypt", &["rfc3164.log"]),
    ("postfix3711-fallback", &["rfc3164.log"]),
    ("postfix3711-loglevel2", &["rfc3164.log"]),
    ("postfix3711-may", &["rfc3164.log", "iso8601.log", "rfc5424.log", "forward-pri.log", "tradfwd-pri.log"]),
    ("postfix3711-reuse", &["rfc3164.log"]),
    ("postfix3711-suspended", &["rfc3164.log"]),
    ("sendmail8171-default", &["rfc3164.log", "iso8601.log"]),
];

fn folder(variant: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/behaviours").join(variant)
}

fn bytes(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    open(path).expect("a recording").read_to_end(&mut bytes).expect("its bytes");
    bytes
}

/// An address in the one form that all agree on.
fn address(text: &str) -> String {
    text.parse::<std::net::IpAddr>().map_or_else(|_| text.to_owned(), |ip| ip.to_string())
}

/// The events of a log by scenario, in the order of its lines.
fn told_by_scenario(variant: &str, log: &str, hosts: &BTreeMap<String, String>) -> BTreeMap<String, Vec<Told>> {
    let mut told: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for event in events(variant, log) {
        told.entry(event.scenario(hosts)).or_default().push(event);
    }
    told
}

/// A table's rows by scenario, in its order.
fn rows_by_scenario(variant: &str) -> BTreeMap<String, Vec<Row>> {
    let mut found: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows(variant) {
        found.entry(row.scenario.clone()).or_default().push(row);
    }
    found
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// What a log's reader says is what its table says, event for event, in every envelope.
#[test]
fn logs_tell_what_the_tables_say() {
    let mut faults = Vec::new();
    for (variant, logs) in RECORDINGS {
        let (_, hosts) = truth(variant);
        let expected = rows_by_scenario(variant);
        for log in *logs {
            let told = told_by_scenario(variant, log, &hosts);
            for scenario in expected.keys().chain(told.keys()).collect::<BTreeSet<_>>() {
                let rows = expected.get(scenario).into_iter().flatten().filter(|row| row.log != "-");
                let rows: Vec<_> = rows.map(|row| format!("{}\t{}", row.log, row.weight)).collect();
                let said = told.get(scenario).into_iter().flatten();
                let said: Vec<_> = said.map(|e| format!("{}\t{}", e.words, e.weight)).collect();
                if rows != said {
                    let (rows, said) = (rows.join("\n  "), said.join("\n  "));
                    faults.push(format!("{variant}/{log} {scenario}: table\n  {rows}\n log\n  {said}"));
                }
            }
        }
    }
    assert_none(&faults);
}

/// Everything that the receiver recorded stands in one row of the table, as it was recorded.
#[test]
fn tables_hold_all_that_the_receiver_recorded() {
    let mut faults = Vec::new();
    for (variant, _) in RECORDINGS {
        let (facts, _) = truth(variant);
        let table = rows_by_scenario(variant);
        for scenario in facts.keys().chain(table.keys()).collect::<BTreeSet<_>>() {
            let recorded = facts.get(scenario).into_iter().flatten().enumerate();
            let recorded: Vec<_> = recorded.map(|(n, f)| format!("{}: {}{}", n + 1, f.words(), f.manner())).collect();
            let rows = table.get(scenario).into_iter().flatten();
            let mut rows: Vec<_> = rows.filter_map(|r| Some((r.number?, r.receiver.as_str()))).collect();
            rows.sort_unstable();
            let rows: Vec<_> = rows.into_iter().map(|(n, receiver)| format!("{n}: {receiver}")).collect();
            if rows != recorded {
                let (rows, recorded) = (rows.join("\n  "), recorded.join("\n  "));
                faults.push(format!("{variant} {scenario}: table\n  {rows}\n receiver\n  {recorded}"));
            }
        }
    }
    assert_none(&faults);
}

/// The two sides of a row are the same attempt: the same host, and at the same time.
#[test]
fn rows_are_of_one_attempt() {
    let mut faults = Vec::new();
    for (variant, logs) in RECORDINGS {
        let (facts, hosts) = truth(variant);
        let told = told_by_scenario(variant, logs[0], &hosts);
        for (scenario, rows) in rows_by_scenario(variant) {
            let mut events = told.get(&scenario).into_iter().flatten();
            for row in rows {
                let event = if row.log == "-" { None } else { events.next() };
                let fact = row.number.and_then(|n| facts.get(&scenario)?.get(n - 1));
                let (Some(event), Some(fact)) = (event, fact) else { continue };
                // Stamps may be cut to the second; OpenSMTPD waits longest, until the receiver gives up.
                let is_near = (-1100..=42_000).contains(&(event.at_ms - fact.at_ms));
                if !is_near || !event.ip.is_empty() && event.ip != fact.ip {
                    faults.push(format!("{variant} {row:?}: {event:?} {fact:?}"));
                }
            }
        }
    }
    assert_none(&faults);
}

/// A log says what the receiver recorded, or there is a reason why it cannot.
#[test]
fn differences_have_reasons() {
    let reasons = reasons();
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for (variant, _) in RECORDINGS {
        for row in rows(variant) {
            used.extend(row.why.iter().cloned());
            faults.extend(unexcused(variant, &row, &reasons).into_iter().map(|f| format!("{variant} {row:?}: {f}")));
        }
    }
    faults.extend(reasons.iter().filter(|r| !used.contains(&r.name)).map(|r| format!("{} is not used", r.name)));
    assert_none(&faults);
}

/// No recording is without a table, and no log without a comparison.
#[test]
fn every_recording_is_compared() {
    let home = folder("");
    let names = |path: &Path| -> BTreeSet<String> {
        let entries = std::fs::read_dir(path).expect("a folder");
        entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    };
    let compared = RECORDINGS.iter().map(|(variant, _)| (*variant).to_owned()).collect();
    assert_eq!(names(&home), compared);
    for (variant, logs) in RECORDINGS {
        let mut held: BTreeSet<_> = logs.iter().map(|log| format!("{log}.gz")).collect();
        held.insert("truth.jsonl.gz".to_owned());
        assert_eq!(names(&folder(variant)), held, "{variant}");
    }
}
