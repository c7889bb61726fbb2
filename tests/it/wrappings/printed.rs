//! What is printed of counters that no log can show: nothing, and never 0.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{incident, log_of, postfix, powermta};

fn casefile(args: &[&str], path: &Path) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_casefile")).args(args).arg(path).output().expect("casefile runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("UTF-8")
}

fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a log");
    }
    folder
}

/// The columns of `minutes_by_lane.csv` for Gmail in minutes that a log covers, and the facts.
fn built(folder: &Path) -> (BTreeMap<String, Vec<String>>, Value) {
    let output = tempfile::tempdir().expect("a folder");
    let out = output.path().join("out");
    casefile(&["build", "--quiet", "-o", out.to_str().expect("a path")], folder);
    let zips = fs::read_dir(out.join("send")).expect("send/").map(|e| e.expect("an entry").path());
    let zip = zips.into_iter().find(|p| p.to_string_lossy().contains("esp")).expect("the bundle");
    let mut archive = zip::ZipArchive::new(fs::File::open(zip).expect("a zip")).expect("a zip");
    let mut table = String::new();
    for i in 0..archive.len() {
        let mut entry = archive.by_index(i).expect("an entry");
        if entry.name().is_ok_and(|name| name.ends_with("minutes_by_lane.csv")) {
            entry.read_to_string(&mut table).expect("text");
        }
    }
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in reader.records().map(|row| row.expect("a row")).filter(|row| &row[1] == "gmail" && !row[2].is_empty()) {
        for (name, cell) in header.iter().zip(&row) {
            columns.entry(name.to_owned()).or_default().push(cell.to_owned());
        }
    }
    let facts = fs::read_to_string(out.join("keep/facts.json")).expect("facts");
    (columns, serde_json::from_str(&facts).expect("JSON"))
}

fn sum(column: &[String]) -> u64 {
    column.iter().map(|cell| cell.parse::<u64>().expect("a count")).sum()
}

fn is_empty(column: &[String]) -> bool {
    !column.is_empty() && column.iter().all(String::is_empty)
}

#[test]
fn counters_that_no_log_can_show_are_unknown() {
    let folder = folder(&[("acct.csv", powermta::file(&incident()))]);
    let said = casefile(&["inspect"], folder.path());
    assert!(said.contains("; unknown: remote_close, tls_failure, plaintext, timeout\n"), "{said}");
    let json: Value = serde_json::from_str(&casefile(&["inspect", "--json"], folder.path())).expect("JSON");
    let unknown = &json["files"][0]["cannot_count"];
    assert_eq!(unknown, &serde_json::json!(["remote_close", "tls_failure", "plaintext", "timeout"]));
    let (columns, facts) = built(folder.path());
    for unknown in ["remote_close", "tls_failure", "plaintext", "timeout"] {
        assert!(is_empty(&columns[unknown]), "{unknown}: {:?}", columns[unknown]);
    }
    assert_eq!([&columns["deferral"], &columns["connect_failure"]].map(|c| sum(c) > 0), [true, true]);
    assert!(columns["rejection"].iter().all(|cell| cell == "0"), "{:?}", columns["rejection"]);
    assert_eq!((&facts["tls_failures"]["total"], &facts["closes"]["total"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_counter_that_one_log_can_show_is_known() {
    let sessions = incident();
    let files = [("acct.csv", powermta::file(&sessions)), ("mail.log", log_of(&sessions, postfix::log))];
    let (columns, facts) = built(folder(&files).path());
    for known in ["remote_close", "tls_failure"] {
        assert!(sum(&columns[known]) > 0, "{known}");
    }
    assert_eq!((sum(&columns["plaintext"]), sum(&columns["timeout"])), (0, 0));
    assert!(facts["tls_failures"]["total"].as_u64().is_some_and(|n| n > 0), "{facts:#}");
}

#[test]
fn without_any_counter_of_failures_there_is_no_word_of_an_incident() {
    let (columns, facts) = built(folder(&[("acct.csv", powermta::default_file(&incident()))]).path());
    for unknown in ["failed", "deferral", "connect_failure", "tls_failure"] {
        assert!(is_empty(&columns[unknown]), "{unknown}: {:?}", columns[unknown]);
    }
    assert!(sum(&columns["accepted"]) > 0);
    let said = facts["incident"]["summary"].as_str().expect("a sentence");
    assert!(said.starts_with("The logs cannot show failed sessions"), "{said}");
    assert_eq!(facts["incident"]["cannot_tell"], facts["incident"]["summary"]);
    // Nobody is called clean by what was not seen.
    for row in ["lanes", "ips", "mx_hosts"].iter().flat_map(|rows| facts[rows].as_array().expect("rows")) {
        assert_eq!((&row["verdict"], &row["failed_share"]), (&"not_enough_traffic".into(), &Value::Null), "{row}");
    }
}
