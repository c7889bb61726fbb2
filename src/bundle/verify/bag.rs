//! The bag of a bundle: its names, its manifests, its profile.

use std::collections::BTreeSet;

use super::{Faults, Files, inside, text};
use crate::bundle::bag::sha256;
use crate::bundle::entry::is_valid;

/// Files that stand beside `data/`, all of them.
const ROOT: &[&str] =
    &["README.txt", "report.html", "bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"];

/// Files below `data/` that no bundle goes without.
const DUE: &[&str] = &[
    "data/report.md",
    "data/facts.json",
    "data/prose.json",
    "data/sources.json",
    "data/redaction.json",
    "data/tables/datapackage.json",
    "data/excerpts/excerpts.csv",
];

/// Texts for a web form, which a bundle for Google has, and how many characters each may have.
const TEXTS: &[(&str, usize)] =
    &[("data/REPORT.txt", 4000), ("data/ticket-1500.txt", 1500), ("data/ticket-500.txt", 500)];

/// Folders below `data/`, and what their files end in.
const FOLDERS: &[(&str, &[&str])] = &[
    ("charts/", &["svg", "png"]),
    ("tables/", &["csv", "json"]),
    ("excerpts/", &["log", "csv"]),
    ("transcripts/", &["txt"]),
];

const BAGIT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// Labels that `bag-info.txt` must have.
const LABELS: &[&str] = &[
    "External-Description",
    "External-Identifier",
    "Bag-Group-Identifier",
    "Bag-Count",
    "Bagging-Date",
    "Payload-Oxum",
    "Audience",
    "Redaction-Policy",
    "Bag-Software-Agent",
];

/// The files by their path in the bundle; names that no bundle of ours has are told.
pub(super) fn files<'e>(entries: &[&'e (String, Vec<u8>)], faults: &mut Faults) -> Files<'e> {
    let tops: BTreeSet<_> = entries.iter().map(|(n, _)| n.split('/').next().unwrap_or_default()).collect();
    if tops.len() != 1 {
        faults.add("", "it has not exactly one top folder");
    }
    let mut files = Files::new();
    for (name, bytes) in entries {
        let path = inside(name);
        if !is_valid(path) {
            faults.add(path, "a name that no bundle of ours has");
        }
        let placed = match path.strip_prefix("data/") {
            None => ROOT.contains(&path),
            Some(rest) => is_placed(rest),
        };
        if !placed {
            faults.add(path, "a file that does not belong there");
        }
        if files.insert(path.to_owned(), bytes).is_some() {
            faults.add(path, "it is there twice");
        }
    }
    files
}

/// Whether a path below `data/` is one that a bundle may have.
fn is_placed(path: &str) -> bool {
    let known = |p: &&str| p.strip_prefix("data/") == Some(path);
    let text = TEXTS.iter().map(|(p, _)| p).any(known);
    let foldered = FOLDERS.iter().any(|(folder, kinds)| {
        path.strip_prefix(folder).is_some_and(|name| {
            !name.contains('/') && name.rsplit_once('.').is_some_and(|(_, kind)| kinds.contains(&kind))
        })
    });
    text || foldered || DUE.iter().any(known)
}

/// The manifests, the labels, and that nothing is missing.
pub(super) fn check(files: &Files<'_>, faults: &mut Faults) {
    check_manifest(files, "manifest-sha256.txt", |p| p.starts_with("data/"), faults);
    let tag = |p: &str| !p.starts_with("data/") && p != "tagmanifest-sha256.txt";
    check_manifest(files, "tagmanifest-sha256.txt", tag, faults);
    if text(files, "bagit.txt") != Some(BAGIT) {
        faults.add("bagit.txt", "not the two lines of BagIt 1.0");
    }
    check_info(files, faults);
    for path in ROOT.iter().chain(DUE).filter(|p| !files.contains_key(**p)) {
        faults.add(path, "it is missing");
    }
    if text(files, "bag-info.txt").and_then(|i| label(i, "Audience")) == Some("google") {
        for (path, most) in TEXTS {
            match text(files, path) {
                None => faults.add(path, "it is missing"),
                Some(text) if !text.is_ascii() => faults.add(path, "it is not plain ASCII"),
                Some(text) if text.len() > *most => faults.add(path, format!("it has more than {most} characters")),
                Some(_) => {}
            }
        }
    }
}

/// The value of a label in `bag-info.txt`.
pub(super) fn label<'a>(info: &'a str, label: &str) -> Option<&'a str> {
    info.lines().find_map(|l| l.strip_prefix(label)?.strip_prefix(": "))
}

fn check_info(files: &Files<'_>, faults: &mut Faults) {
    const INFO: &str = "bag-info.txt";
    let Some(info) = text(files, INFO) else { return };
    for name in LABELS {
        if info.lines().filter(|l| l.strip_prefix(name).is_some_and(|rest| rest.starts_with(": "))).count() != 1 {
            faults.add(INFO, format!("it has not exactly one {name}"));
        }
    }
    let of = |name: &str| label(info, name).unwrap_or_default();
    let count = match of("Audience") {
        "esp" => "1 of 2",
        "google" => "2 of 2",
        _ => {
            faults.add(INFO, "Audience is neither esp nor google");
            return;
        }
    };
    if of("Bag-Count") != count {
        faults.add(INFO, "Bag-Count is not the one of this audience");
    }
    if of("External-Identifier") != format!("{}-{}", of("Bag-Group-Identifier"), of("Audience")) {
        faults.add(INFO, "External-Identifier is not the case and its audience");
    }
    let payload = || files.iter().filter(|(p, _)| p.starts_with("data/"));
    let oxum = format!("{}.{}", payload().map(|(_, b)| b.len()).sum::<usize>(), payload().count());
    if of("Payload-Oxum") != oxum {
        faults.add(INFO, "Payload-Oxum does not fit the payload");
    }
}

/// Each listed file is there with its hash, each file it should list is listed once, and no other.
fn check_manifest(files: &Files<'_>, name: &str, covers: impl Fn(&str) -> bool, faults: &mut Faults) {
    let Some(manifest) = text(files, name) else { return };
    let mut listed = BTreeSet::new();
    for line in manifest.lines() {
        let Some((hash, path)) = line.split_once("  ") else {
            faults.add(name, "a line that is no hash and path");
            continue;
        };
        if !covers(path) {
            faults.add(name, format!("it lists {path}, which is not its to list"));
        }
        if !listed.insert(path) {
            faults.add(name, format!("it lists {path} twice"));
        }
        match files.get(path) {
            None => faults.add(path, "listed in the manifest, but not there"),
            Some(bytes) if sha256(bytes) != hash => faults.add(path, "not the bytes that the manifest lists"),
            Some(_) => {}
        }
    }
    for path in files.keys().filter(|p| covers(p) && !listed.contains(p.as_str())) {
        faults.add(path, "there, but not listed in the manifest");
    }
}
