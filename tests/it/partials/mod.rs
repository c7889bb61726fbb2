//! Partials of `casefile scan`: what is built on them is what is built on the logs.

mod damage;
mod equal;
mod pieces;
mod private;
mod refused;
mod told;
mod trees;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use casefile::scan::partial::{Partial, read};
use serde_json::Value;

use crate::cases::{casefile, entries, root, zips};

/// Runs `casefile scan` in a folder, with something on standard input.
pub(super) fn scan_in(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = casefile();
    command.arg("scan").args(arguments).current_dir(folder);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("casefile runs");
    // A scan that refuses its arguments reads nothing.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("casefile ends")
}

/// The same, and it succeeds.
pub(super) fn scanned(folder: &Path, arguments: &[&str], input: &[u8]) {
    let ran = scan_in(folder, arguments, input);
    assert!(ran.status.success(), "{arguments:?}: {}", said(&ran));
}

pub(super) fn said(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stderr).into_owned()
}

/// What `inspect --json` says of a folder or file.
pub(super) fn inspected(path: &Path) -> Value {
    let ran = casefile().args(["inspect", "--json"]).arg(path).output().expect("casefile runs");
    assert!(ran.status.success(), "{}", said(&ran));
    serde_json::from_slice(&ran.stdout).expect("JSON")
}

pub(super) fn partial(path: &Path) -> Partial {
    read(&fs::read(path).expect("a partial")).expect("it is read")
}

/// A copy of a folder of evidence.
pub(super) fn copied(from: &Path, to: &Path) -> PathBuf {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copied(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
    to.to_owned()
}

/// Sample data in a fresh place.
pub(super) fn sample(name: &str, dir: &Path) -> PathBuf {
    copied(&root().join("sample-data").join(name), &dir.join(name))
}

/// Files of the bundles that list sources: those of partials stand there besides.
const LISTS: [&str; 7] = [
    "bag-info.txt",
    "data/facts.json",
    "data/sources.json",
    "data/tables/coverage.csv",
    "data/tables/datapackage.json",
    "manifest-sha256.txt",
    "tagmanifest-sha256.txt",
];

/// Holds what was built on partials against what was built on the logs: every entry of both
/// bundles byte for byte, but for lists of the sources; of these everything but the partials.
/// Of a log in pieces nobody has the digest.
pub(super) fn assert_same_build(of_logs: &Path, of_partials: &Path, in_pieces: bool) {
    for ((name, logs), (_, partials)) in zips(of_logs).iter().zip(&zips(of_partials)) {
        let (logs, partials) = (entries(logs), entries(partials));
        assert_eq!(logs.len(), partials.len(), "{name}");
        for ((entry, one), (other_entry, other)) in logs.iter().zip(&partials) {
            assert_eq!(entry, other_entry);
            let is_list = LISTS.iter().any(|list| entry.ends_with(list));
            assert!(is_list || one == other, "{name}: {entry} differs");
        }
        assert!(logs.len() > 20, "{name} holds something");
        let facts = |all: &[(String, Vec<u8>)]| {
            let (_, bytes) = all.iter().find(|(entry, _)| entry.ends_with("data/facts.json")).expect("facts");
            without_partials(serde_json::from_slice(bytes).expect("JSON"), in_pieces)
        };
        assert_same(&facts(&logs), &facts(&partials), name);
    }
    let facts = |output: &Path| {
        let text = fs::read_to_string(output.join("keep/facts.json")).expect("facts.json");
        without_partials(serde_json::from_str(&text).expect("JSON"), in_pieces)
    };
    assert_same(&facts(of_logs), &facts(of_partials), "keep/facts.json");
}

/// Facts without what is said of the partials themselves.
fn without_partials(mut facts: Value, in_pieces: bool) -> Value {
    let Some(all) = facts.as_object_mut() else { return facts };
    let mut partials = Vec::new();
    if let Some(files) = all.get_mut("coverage").and_then(Value::as_array_mut) {
        for (at, file) in files.iter_mut().enumerate() {
            if file["kind"] == "partial" {
                partials.push(format!("coverage.{}.", at + 1));
            }
            if in_pieces && file["kind"] == "log" {
                file["sha256"] = Value::Null;
            }
        }
        files.retain(|file| file["kind"] != "partial");
    }
    let is_said_of_them = |id: &str| {
        partials.iter().any(|partial| id.starts_with(partial))
            || in_pieces && (id.starts_with("problems.") || id.starts_with("coverage.") && id.ends_with(".sha256"))
    };
    if let Some(listed) = all.get_mut("facts").and_then(Value::as_array_mut) {
        listed.retain(|fact| !is_said_of_them(fact["id"].as_str().unwrap_or_default()));
    }
    if in_pieces {
        all.remove("problems");
    }
    facts
}

fn assert_same(one: &Value, other: &Value, what: &str) {
    let (one, other) = (one.as_object().expect("an object"), other.as_object().expect("an object"));
    for (key, value) in one {
        assert!(other.get(key) == Some(value), "{what}: `{key}` differs");
    }
    assert_eq!(one.len(), other.len(), "{what}");
}
