//! What the readers get of four recorded cases, word for word: a throttle with three waves, a day
//! of noise, a genuine TLS fault, and an incident that is not over when the data end.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cases::{build, entries, root, zips};

/// The cases, and where they lie.
const CASES: [(&str, &str); 4] = [
    ("throttle", "sample-data/throttle"),
    ("noise", "sample-data/noise"),
    ("tls-fault", "tests/cases/tls-fault"),
    ("ongoing", "tests/cases/ongoing"),
];

/// Texts of one reader: what stands in its bundle, by path below the top folder.
fn texts(output: &Path, reader: &str) -> Vec<(String, String)> {
    let ending = format!("-{reader}.zip");
    let (_, zip) = zips(output).into_iter().find(|(name, _)| name.ends_with(&ending)).expect("the bundle");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    entries(&zip)
        .into_iter()
        .filter_map(|(path, bytes)| Some((path.split_once('/')?.1.to_owned(), text(bytes)?)))
        .collect()
}

fn text<'a>(texts: &'a [(String, String)], path: &str) -> &'a str {
    texts.iter().find(|(of, _)| of == path).map(|(_, text)| text.as_str()).expect(path)
}

fn kept(output: &Path, name: &str) -> String {
    fs::read_to_string(output.join("keep").join(name)).expect(name)
}

fn snapshot(name: String, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

fn built(case: &str, path: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    // The folder's name is the case's where no case.yaml names it.
    let output = build(&root().join(path), &dir.path().join(case), |_| {});
    (dir, output)
}

#[test]
fn texts_of_recorded_cases_are_as_reviewed() {
    for (case, path) in CASES {
        let (_dir, output) = built(case, path);
        let (esp, google) = (texts(&output, "esp"), texts(&output, "google"));
        for document in ["README.txt", "data/report.md"] {
            snapshot(format!("{case}-esp-{}", document.replace('/', "-")), text(&esp, document));
        }
        for document in ["data/report.md", "data/REPORT.txt", "data/ticket-1500.txt", "data/ticket-500.txt"] {
            snapshot(format!("{case}-google-{}", document.replace('/', "-")), text(&google, document));
        }
        snapshot(format!("{case}-postmortem.md"), &kept(&output, "postmortem.md"));
        one_page(case, text(&esp, "data/report.md"));
        totals(case, &serde_json::from_str(&kept(&output, "facts.json")).expect("JSON"));
        links(case, &output);
        if case == "tls-fault" {
            tables(&esp, &google, &output);
        }
    }
}

/// A desk reads one page: 90 lines beside the tables.
fn one_page(case: &str, report: &str) {
    let prose = report.lines().filter(|line| !line.is_empty() && !line.starts_with('|')).count();
    assert!(prose <= 90, "{case}: {prose} lines");
    let widest = report.lines().filter(|line| line.starts_with("|--")).map(|line| line.matches("--").count()).max();
    assert!(widest.is_none_or(|columns| columns <= 9), "{case}: a table of {widest:?} columns");
}

/// Each total is the sum of its parts.
fn totals(case: &str, facts: &Value) {
    let n = |value: &Value| value.as_u64().unwrap_or_default();
    let sum = |list: &str, part: &str| -> u64 {
        let items = facts.pointer(list).and_then(Value::as_array).into_iter().flatten();
        items.map(|item| n(item.pointer(part).unwrap_or(&Value::Null))).sum()
    };
    let incident = &facts["incident"];
    assert_eq!(sum("/waves", "/failed"), n(&incident["failed"]), "{case}: waves");
    assert_eq!(sum("/waves", "/attempts"), n(&incident["attempts"]), "{case}: waves");
    assert_eq!(sum("/closes/by_stage", "/count"), n(&facts["closes"]["total"]), "{case}: closes by stage");
    let endings = ["after_421", "after_close", "plaintext", "timeout", "genuine", "undetermined"];
    let lost: u64 = endings.iter().map(|ending| n(&facts["tls_failures"][ending])).sum();
    assert_eq!(lost, n(&facts["tls_failures"]["total"]), "{case}: sessions lost at the TLS step");
    if incident["state"] == "found" {
        let kinds: u64 = incident["outcomes"].as_object().expect("kinds").values().map(n).sum();
        assert_eq!(kinds, n(&incident["failed"]), "{case}: kinds of failure");
        for (kind, total) in incident["outcomes"].as_object().expect("kinds") {
            assert_eq!(sum("/waves", &format!("/outcomes/{kind}")), n(total), "{case}: {kind}");
        }
        assert_eq!(sum("/ips", "/failed_share/part"), n(&incident["failed"]), "{case}: sending IPs");
        assert_eq!(sum("/mx_hosts", "/failed_share/part"), n(&incident["failed"]), "{case}: MX hosts");
        let gmail = ["consumer", "workspace", "domain_not_logged"].iter().map(|part| n(&facts["gmail"][part]));
        assert_eq!(gmail.sum::<u64>(), n(&incident["attempts"]), "{case}: kinds of recipient");
    }
}

/// Each link of the postmortem leads to a heading beside it, under which the line stands.
fn links(case: &str, output: &Path) {
    let (postmortem, evidence) = (kept(output, "postmortem.md"), kept(output, "evidence.md"));
    let waves = postmortem.lines().filter(|line| line.starts_with("| ") && line.contains("| Wave "));
    let mut found = 0;
    for row in waves {
        let (shown, target) = row.split_once("](evidence.md#").expect("a link");
        let line = shown.rsplit_once(':').map(|(_, line)| line).expect("file and line");
        let heading = format!("## {}\n", target.split_once(')').expect("its end").0);
        let quoted = evidence.split_once(&heading).map(|(_, below)| below).expect("the heading");
        let quoted = quoted.split("\n## ").next().unwrap_or_default();
        assert!(quoted.contains(&format!("\n{line}: ")), "{case}: line {line} does not stand under {heading}");
        found += 1;
    }
    assert_eq!(found > 0, case != "noise", "{case}: rows of waves");
}

/// The first rows of tables that no text shows.
fn tables(esp: &[(String, String)], google: &[(String, String)], output: &Path) {
    let head = |text: &str, rows: usize| text.lines().take(rows).map(|line| format!("{line}\n")).collect::<String>();
    for (table, rows) in [("contrast", 40), ("minutes_by_node", 4), ("sessions", 12)] {
        let path = format!("data/tables/{table}.csv");
        snapshot(format!("tls-fault-esp-{table}.csv"), &head(text(esp, &path), rows));
        let to_google = google.iter().find(|(of, _)| *of == path);
        assert_eq!(to_google.is_some(), table != "minutes_by_node", "{table}");
        if let Some((_, text)) = to_google {
            snapshot(format!("tls-fault-google-{table}.csv"), &head(text, rows));
        }
    }
    snapshot("tls-fault-timeline.csv".to_owned(), &head(&kept(output, "timeline.csv"), 20));
    let described: Value = serde_json::from_str(&kept(output, "datapackage.json")).expect("JSON");
    assert_eq!(described["resources"][0]["path"], "timeline.csv");
    for bundle in [esp, google] {
        assert!(!bundle.iter().any(|(path, _)| path.contains("timeline")), "the timeline leaves");
    }
}
