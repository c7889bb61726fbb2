//! What the commands print, as scripts read it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use casefile::formats::logs::LOG_FORMATS;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn printed(args: &[&str], paths: &[PathBuf]) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_casefile")).args(args).args(paths).output().expect("casefile runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("UTF-8")
}

/// Attempts by file and outcome, as `inspect` counts them.
fn inspected(paths: &[PathBuf]) -> BTreeMap<(String, String), u64> {
    let found: Value = serde_json::from_str(&printed(&["inspect", "--json"], paths)).expect("JSON");
    let files = found["files"].as_array().expect("files").clone();
    let mut counts = BTreeMap::new();
    for file in files.iter().filter(|f| f["kind"] == "log") {
        let name = Path::new(file["path"].as_str().expect("a path")).file_name().expect("a name");
        for (outcome, n) in file["outcomes"].as_object().expect("outcomes") {
            counts.insert((name.to_string_lossy().into_owned(), outcome.clone()), n.as_u64().expect("a count"));
        }
    }
    counts
}

/// The same from `events`.
fn told(paths: &[PathBuf]) -> BTreeMap<(String, String), u64> {
    let mut counts = BTreeMap::new();
    for line in printed(&["events"], paths).lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let source = event["source"].as_str().expect("a source").rsplit('/').next().expect("a name").to_owned();
        let outcome = event["outcome"].as_str().expect("an outcome").to_owned();
        *counts.entry((source, outcome)).or_default() += event["weight"].as_u64().expect("a weight");
    }
    counts
}

/// What lies in a folder, by name.
fn inside(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// Every log that is held as a sample: the files of a folder together, and each of them alone.
fn samples() -> Vec<Vec<PathBuf>> {
    let data = root().join("tests/data");
    let folders = ["sample-data/throttle", "sample-data/noise", "tests/data/mappings/case"].map(|f| root().join(f));
    let mut samples: Vec<Vec<PathBuf>> = folders.into_iter().map(|folder| vec![folder]).collect();
    samples.extend(inside(&data.join("behaviours")).into_iter().map(|recording| vec![recording]));
    samples.push(vec![data.join("mappings/mailgun.ndjson")]);
    for folder in inside(&data.join("logs")) {
        let mut files = inside(&folder);
        files.retain(|file| !file.ends_with("README.md"));
        samples.extend(files.iter().map(|file| vec![file.clone()]));
        if folder.ends_with("powermta") {
            // Accounting without the log of the same sessions.
            files.retain(|file| file.to_string_lossy().contains("/acct"));
        }
        // All envelopes of one log at once: it is told once.
        samples.extend((files.len() > 1).then_some(files));
    }
    samples
}

#[test]
fn events_agrees_with_the_counts_of_inspect() {
    let samples = samples();
    let agree = |paths: &Vec<PathBuf>| {
        let counts = inspected(paths);
        assert!(!counts.is_empty(), "{paths:?}");
        assert_eq!(told(paths), counts, "{paths:?}");
    };
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(paths) = samples.get(next.fetch_add(1, Ordering::Relaxed)) {
                    agree(paths);
                }
            });
        }
    });
}

#[test]
fn every_log_format_has_a_sample_that_events_is_held_to() {
    let alone: Vec<_> = samples().into_iter().skip(2).flatten().collect();
    let found: Value = serde_json::from_str(&printed(&["inspect", "--json"], &alone)).expect("JSON");
    let formats: BTreeSet<_> =
        found["files"].as_array().expect("files").iter().filter_map(|f| f["format"].as_str()).collect();
    for format in LOG_FORMATS {
        assert!(formats.contains(format.name()), "{}", format.name());
    }
}

#[test]
fn both_commands_tell_what_accounting_files_count_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = root().join("tests/data/logs/powermta");
    let rows = std::fs::read_to_string(data.join("acct-5.0.csv")).expect("a sample");
    let rows = rows.replace("2017-09-07 11:0", "2019-02-07 22:3").replace("-0400", "-0500");
    let rows = rows.replace("10.50.0.8", "192.0.2.1");
    std::fs::write(folder.path().join("acct.csv"), rows).expect("written");
    std::fs::copy(data.join("pmta.log"), folder.path().join("pmta.log")).expect("copied");
    let paths = [folder.path().to_owned()];
    let counts = inspected(&paths);
    assert!(counts.keys().all(|(file, _)| file == "acct.csv"), "{counts:?}");
    assert_eq!(told(&paths), counts);
    let text = printed(&["inspect"], &paths);
    let said = "note: 17 of the attempts that it tells of are counted by S01, so they were not counted here";
    assert!(text.contains(said), "{text}");
}

#[test]
fn one_log_in_nine_envelopes_is_read_once() {
    let found = printed(&["inspect", "--json"], &[root().join("tests/data/logs/journal")]);
    let found: Value = serde_json::from_str(&found).expect("JSON");
    let used = |f: &&Value| f["records"]["used"].as_u64().is_some_and(|n| n > 0);
    let files = found["files"].as_array().expect("files");
    assert_eq!(files.len(), 9);
    assert_eq!(files.iter().filter(used).count(), 1, "{found:#}");
    for file in files {
        let r = |key: &str| file["records"][key].as_u64().expect("a count");
        assert_eq!(r("read"), r("used") + r("irrelevant") + r("unrecognised"), "{file:#}");
    }
}

/// Scripts find the same keys for each file, read or not; a zone is printed once.
#[test]
fn files_that_are_skipped_have_the_keys_of_those_that_are_read() {
    let dir = tempfile::tempdir().expect("a folder");
    for from in ["metrics/ss-s.txt", "intake/few.zip"] {
        let from = root().join("tests/data").join(from);
        std::fs::copy(&from, dir.path().join(from.file_name().expect("a name"))).expect("a copy");
    }
    let paths = [dir.path().to_owned()];
    let found: Value = serde_json::from_str(&printed(&["inspect", "--json"], &paths)).expect("JSON");
    let files = found["files"].as_array().expect("files");
    let keys = |file: &Value| -> BTreeSet<String> {
        file.as_object().expect("an object").keys().filter(|k| *k != "skipped").cloned().collect()
    };
    let (skipped, read): (Vec<&Value>, Vec<&Value>) = files.iter().partition(|f| f["skipped"] == true);
    assert_eq!((skipped.len(), read.len()), (1, 1), "{found}");
    assert_eq!(keys(skipped[0]), keys(read[0]));
    assert_eq!(skipped[0]["records"]["read"], 0);
    assert_eq!(read[0]["zone"], "UTC (in each stamp)");
    assert!(printed(&["inspect"], &paths).contains(", times UTC (in each stamp)\n"));
}
