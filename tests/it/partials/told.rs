//! Every recorded log tells through a partial what it tells by itself.

use std::fs;
use std::path::{Path, PathBuf};

use super::{inspected, scan_in, scanned};
use crate::cases::root;

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn every_log_is_told_the_same_through_a_partial() {
    let mut logs = 0;
    for file in files(&root().join("tests/data/logs")).into_iter().chain(files(&root().join("sample-data"))) {
        let whole = inspected(&file);
        let whole = &whole["files"][0];
        if whole["kind"] != "log" {
            continue;
        }
        let dir = tempfile::tempdir().expect("a folder");
        let name = file.display().to_string();
        let ran = scan_in(dir.path(), &[&name, "-o", "a.part"], b"");
        if whole["problems"].to_string().contains("it was not read") {
            assert_eq!(ran.status.code(), Some(3), "{name}");
            continue;
        }
        assert!(ran.status.success(), "{name}: {}", super::said(&ran));
        let through = inspected(&dir.path().join("a.part"));
        let through = &through["files"][0];
        logs += 1;
        for key in
            ["format", "why", "from", "to", "zone", "records", "outcomes", "cannot_count", "cannot_show", "problems"]
        {
            assert_eq!(through[key], whole[key], "{key} of {name}");
        }
        assert_eq!(through["path"].as_str(), Some(name.as_str()), "the log stands under its own name");
    }
    assert!(logs > 25, "{logs}");
}

/// Every node keeps its log under the same path.
#[test]
fn logs_of_one_path_are_called_by_their_nodes() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = fs::read_to_string(root().join("sample-data/noise/logs/mail.log")).expect("a log");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    fs::create_dir(dir.path().join("case")).expect("a folder");
    for (node, lines) in [("mta2", &lines[2000..]), ("mta1", &lines[..2000])] {
        fs::create_dir(dir.path().join(node)).expect("a folder");
        fs::write(dir.path().join(node).join("mail.log"), lines.concat()).expect("written");
        let output = format!("../case/{node}.part");
        scanned(&dir.path().join(node), &["mail.log", "--node", node, "-o", &output], b"");
    }
    let found = inspected(&dir.path().join("case"));
    let paths: Vec<_> = found["files"].as_array().expect("files").iter().map(|f| f["path"].clone()).collect();
    assert_eq!(paths[..2], ["mta1:mail.log", "mta2:mail.log"]);
    assert_eq!(found["refused"].as_array().map(Vec::len), Some(0));
}

/// What stands beside logs is said, and left to the build.
#[test]
fn only_logs_are_scanned() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = super::sample("noise", dir.path());
    let ran = scan_in(&case, &[".", "-o", "../a.part"], b"");
    let told = super::said(&ran);
    assert!(told.contains("metrics/mta1.queue.csv: it is no log (metric); put it beside the partial"), "{told}");
    assert!(told.contains("lines of 3 logs; internal, not for sending"), "{told}");
    let ran = scan_in(&case, &["metrics", "-o", "../b.part"], b"");
    assert_eq!(ran.status.code(), Some(3));
    assert!(super::said(&ran).contains("there is no MTA log among the files"));
    scanned(&case, &["logs", "--node", "mta9", "-o", "../c.part"], b"");
    let partial = super::partial(&dir.path().join("c.part"));
    assert!(partial.logs.iter().all(|log| log.placed.node == "mta9"));
}
