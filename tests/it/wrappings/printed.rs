//! What is printed of counters that no log can show: nothing, and never 0.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::Happens::{self, Closed, Limited, Nobody, Refused};
use super::{One, incident, log_of, postfix, powermta};

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

/// Cells by column.
type Columns = BTreeMap<String, Vec<String>>;

/// The columns of `minutes_by_lane.csv` for Gmail in minutes that a log covers, and the facts.
fn built(folder: &Path) -> (Columns, Value) {
    let (mut columns, facts, _) = built_with(folder, "minutes_by_lane.csv");
    (columns.remove("gmail").expect("the lane"), facts)
}

/// The columns of a table by its second one, in minutes that a log covers; the facts; the report.
fn built_with(folder: &Path, name: &str) -> (BTreeMap<String, Columns>, Value, String) {
    let output = tempfile::tempdir().expect("a folder");
    let out = output.path().join("out");
    casefile(&["build", "--quiet", "-o", out.to_str().expect("a path")], folder);
    let zips = fs::read_dir(out.join("send")).expect("send/").map(|e| e.expect("an entry").path());
    let zip = zips.into_iter().find(|p| p.to_string_lossy().contains("esp")).expect("the bundle");
    let mut archive = zip::ZipArchive::new(fs::File::open(zip).expect("a zip")).expect("a zip");
    let mut held = |suffix: &str| {
        let mut text = String::new();
        for i in 0..archive.len() {
            let mut entry = archive.by_index(i).expect("an entry");
            if entry.name().is_ok_and(|name| name.ends_with(suffix)) {
                entry.read_to_string(&mut text).expect("text");
            }
        }
        text
    };
    let (table, report) = (held(name), held("data/report.md"));
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let mut columns: BTreeMap<String, Columns> = BTreeMap::new();
    for row in reader.records().map(|row| row.expect("a row")).filter(|row| !row[2].is_empty()) {
        let of = columns.entry(row[1].to_owned()).or_default();
        for (name, cell) in header.iter().zip(&row) {
            of.entry(name.to_owned()).or_default().push(cell.to_owned());
        }
    }
    let facts = fs::read_to_string(out.join("keep/facts.json")).expect("facts");
    (columns, serde_json::from_str(&facts).expect("JSON"), report)
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
    // A connection that stood and broke failed, whatever broke it.
    let of = |whats: &[Happens]| incident().iter().filter(|one| whats.contains(&one.what)).count() as u64;
    assert_eq!(sum(&columns["unclassified"]), of(&[Closed]));
    assert_eq!(sum(&columns["failed"]), of(&[Limited, Refused, Closed, Nobody]));
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
        assert_eq!((&row["verdict"], &row["failed_share"]), (&"unknown".into(), &Value::Null), "{row}");
    }
}

/// The sending IP of the PowerMTA node that stands beside Postfix.
const OTHER: &str = "192.0.2.77";

/// Accounting of a second node, with all its records or those of the default.
fn other_node(file: fn(&[One]) -> String, sessions: &[One]) -> String {
    file(sessions).replace(super::FROM, OTHER)
}

/// A session a second: the incident's kinds for a quarter of an hour, then half an hour without failures.
fn busy_incident() -> Vec<One> {
    let kinds: Vec<_> = incident().iter().map(|one| one.what).filter(|what| *what != Happens::Delivered).collect();
    let what = |n: i64| if (120..1020).contains(&n) { kinds[n as usize % kinds.len()] } else { Happens::Delivered };
    (0..3000).map(|second| One { second, what: what(second) }).collect()
}

/// The fact row of a sending IP.
fn ip<'f>(facts: &'f Value, label: &str) -> &'f Value {
    facts["ips"].as_array().expect("rows").iter().find(|row| row["label"] == label).expect("the IP")
}

#[test]
fn what_one_nodes_log_can_show_is_not_known_of_another() {
    let sessions = busy_incident();
    let files = [
        ("acct.csv", other_node(powermta::file, &sessions)),
        ("mail.log", log_of(&sessions, postfix::log)),
        ("case.yaml", "sources:\n  - {path: acct.csv, node: mta2}\n".to_owned()),
    ];
    let folder = folder(&files);
    let (columns, facts, report) = built_with(folder.path(), "minutes_by_ip.csv");
    let [own, other] = [super::FROM, OTHER].map(|ip| &columns[ip]);
    for outcome in ["remote_close", "tls_failure", "plaintext", "timeout"] {
        assert!(is_empty(&other[outcome]), "{outcome}: {:?}", other[outcome]);
        assert!(own[outcome].iter().all(|cell| !cell.is_empty()), "{outcome}: {:?}", own[outcome]);
    }
    assert!(sum(&own["remote_close"]) > 0 && sum(&other["deferral"]) > 0 && sum(&other["connect_failure"]) > 0);
    assert_eq!(facts["unseen"].as_array().map(Vec::len), Some(1), "{}", facts["unseen"]);
    let said = facts["unseen"][0].as_str().expect("a sentence");
    let expected = "Of sending IP 192.0.2.77 the logs cannot show remote closes, TLS failures, plain text in the handshake, time-outs: ";
    assert!(said.starts_with(expected) && report.contains(said), "{said}");
    // What is summed over both is the least there was.
    let closes = facts["closes"]["total"].as_u64().expect("a count");
    assert_eq!(closes, sum(&own["remote_close"]));
    assert!(report.contains(&format!("Connections closed by Google without a reply: {closes} or more ")), "{report}");
    let lost = facts["tls_failures"]["total"].to_string();
    let lost = format!("Sessions lost between STARTTLS and the end of the handshake: {lost} or more");
    assert!(report.contains(&lost), "{lost}");
    let of = |label: &str| ip(&facts, label)["verdict"].clone();
    assert_eq!((of(super::FROM), of(OTHER)), ("failing".into(), "failing".into()));
}

#[test]
fn nobody_is_clean_by_failures_that_his_log_cannot_show() {
    let crowd = busy_incident();
    let quiet: Vec<One> = crowd.iter().map(|one| One { what: Happens::Delivered, ..*one }).collect();
    let of = |other: (&str, String)| {
        let folder = folder(&[
            other,
            ("mail.log", log_of(&crowd, postfix::log)),
            ("case.yaml", "sources:\n  - {path: \"acct*\", node: mta2}\n".to_owned()),
        ]);
        let (_, facts, _) = built_with(folder.path(), "minutes_by_ip.csv");
        let [own, other] = [super::FROM, OTHER].map(|label| ip(&facts, label).clone());
        assert_eq!(own["verdict"], "failing");
        (other["verdict"].clone(), other["failed_share"].clone())
    };
    // A log of Postfix's that shows all would have shown a failure.
    let postfix = log_of(&quiet, postfix::log).replace(super::FROM, OTHER).replace(" mta1 ", " mta2 ");
    let (verdict, share) = of(("other.log", postfix));
    assert_eq!((verdict, &share["part"]), ("clean".into(), &0.into()));
    // Without records of what failed nothing is known, and with them not all.
    let unknown: Value = "unknown".into();
    assert_eq!(of(("acct.csv", other_node(powermta::default_file, &quiet))), (unknown.clone(), Value::Null));
    let one = |(n, one): (usize, &One)| if n == 0 { One { what: Limited, ..*one } } else { *one };
    let shown: Vec<One> = quiet.iter().enumerate().map(one).collect();
    let (verdict, share) = of(("acct.csv", other_node(powermta::file, &shown)));
    assert_eq!((verdict, share.is_null()), (unknown, false));
}

#[test]
fn no_cause_is_ruled_out_by_failures_that_no_log_can_show() {
    let causes = |name: &str, log: String| {
        let (_, facts) = built(folder(&[(name, log)]).path());
        facts["causes"].as_array().expect("causes").iter().map(|cause| cause["against"].to_string()).collect::<String>()
    };
    // Of Postfix's log the alerts are known: they are few.
    let alerts = "TLS alerts and protocol, cipher or certificate faults make up ";
    let few: Vec<One> = busy_incident().into_iter().filter(|one| one.what != Happens::Alert).collect();
    assert!(causes("mail.log", log_of(&few, postfix::log)).contains(&format!("{alerts}0 % (0 of ")));
    let blind = causes("acct.csv", powermta::file(&few));
    assert!(!blind.is_empty() && !blind.contains(alerts), "{blind}");
}
