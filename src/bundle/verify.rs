//! Whether a bundle holds what it says, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::archive::read_zip;
use super::bag::sha256;
use super::entry::is_valid;
use super::{BundleError, Gate};

/// What a bundle's own words say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Files found.
    pub files: usize,
    /// `esp`, `google`, by `bag-info.txt`.
    pub audience: String,
    /// What is wrong; empty for a valid bundle.
    pub faults: Vec<Fault>,
}

/// Something wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Which entry; empty for the bundle as a whole.
    pub entry: String,
    /// What is wrong with it.
    pub what: String,
}

/// Files that may stand beside `data/`.
const ROOT: &[&str] =
    &["README.txt", "report.html", "bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"];

type Files = BTreeMap<String, Vec<u8>>;

/// Verifies a zip or an unpacked folder.
///
/// # Errors
/// When it cannot be read at all.
pub fn verify_path(path: &Path) -> Result<Verified, BundleError> {
    let io = |source| BundleError::Io { path: path.to_owned(), source };
    if path.is_dir() {
        let mut entries = Vec::new();
        read_folder(path, "bundle", &mut entries).map_err(io)?;
        return Ok(verify_entries(entries));
    }
    let bytes = fs::read(path).map_err(io)?;
    let mut verified = verify_entries(read_zip(&bytes)?);
    // The rules of the gate that need no secret. Without the case file nobody can
    // tell a contact from a leak, so addresses are left to the build's own gate.
    if let Err(BundleError::Leak(hits)) = Gate::default().inspect(&bytes) {
        let hits = hits.into_iter().filter(|h| h.class != "e-mail address");
        verified.faults.extend(hits.map(|h| Fault { entry: h.entry.clone(), what: h.to_string() }));
    }
    verified.faults.sort();
    Ok(verified)
}

fn read_folder(dir: &Path, prefix: &str, entries: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = format!("{prefix}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            read_folder(&path, &name, entries)?;
        } else {
            entries.push((name, fs::read(&path)?));
        }
    }
    Ok(())
}

/// Verifies files given with their top folder.
#[must_use]
pub fn verify_entries(entries: Vec<(String, Vec<u8>)>) -> Verified {
    let mut faults = Vec::new();
    let mut fault = |entry: &str, what: &str| faults.push(Fault { entry: entry.to_owned(), what: what.to_owned() });
    let tops: BTreeSet<_> = entries.iter().map(|(n, _)| n.split('/').next().unwrap_or_default().to_owned()).collect();
    if tops.len() != 1 {
        fault("", "it has not exactly one top folder");
    }
    let mut files = Files::new();
    for (name, bytes) in entries {
        let inside = name.split_once('/').map_or(name.as_str(), |(_, rest)| rest).to_owned();
        if !is_valid(&inside) {
            fault(&inside, "a name that no bundle of ours has");
        }
        if !inside.starts_with("data/") && !ROOT.contains(&inside.as_str()) {
            fault(&inside, "a file that does not belong beside data/");
        }
        if files.insert(inside.clone(), bytes).is_some() {
            fault(&inside, "it is there twice");
        }
    }
    check_manifest(&files, "manifest-sha256.txt", |p| p.starts_with("data/"), &mut faults);
    check_manifest(
        &files,
        "tagmanifest-sha256.txt",
        |p| !p.starts_with("data/") && p != "tagmanifest-sha256.txt",
        &mut faults,
    );
    check_oxum(&files, &mut faults);
    check_tables(&files, &mut faults);
    check_prose(&files, &mut faults);
    faults.sort();
    let audience = info(&files, "Audience").unwrap_or_default();
    Verified { files: files.len(), audience, faults }
}

fn text<'a>(files: &'a Files, name: &str) -> Option<&'a str> {
    files.get(name).and_then(|b| std::str::from_utf8(b).ok())
}

fn info(files: &Files, label: &str) -> Option<String> {
    text(files, "bag-info.txt")?.lines().find_map(|l| l.strip_prefix(label)?.strip_prefix(": ").map(str::to_owned))
}

/// Each listed file is there with its hash, and each file it should list is listed.
fn check_manifest(files: &Files, name: &str, covers: impl Fn(&str) -> bool, faults: &mut Vec<Fault>) {
    let mut fault = |entry: &str, what: &str| faults.push(Fault { entry: entry.to_owned(), what: what.to_owned() });
    let Some(manifest) = text(files, name) else {
        fault(name, "it is missing");
        return;
    };
    let mut listed = BTreeSet::new();
    for line in manifest.lines() {
        let Some((hash, path)) = line.split_once("  ") else {
            fault(name, "a line that is no hash and path");
            continue;
        };
        listed.insert(path);
        match files.get(path) {
            None => fault(path, "listed in the manifest, but not there"),
            Some(bytes) if sha256(bytes) != hash => fault(path, "not the bytes that the manifest lists"),
            Some(_) => {}
        }
    }
    for path in files.keys().filter(|p| covers(p) && !listed.contains(p.as_str())) {
        fault(path, "there, but not listed in the manifest");
    }
}

fn check_oxum(files: &Files, faults: &mut Vec<Fault>) {
    let payload = || files.iter().filter(|(p, _)| p.starts_with("data/"));
    let expected = format!("{}.{}", payload().map(|(_, b)| b.len()).sum::<usize>(), payload().count());
    if info(files, "Payload-Oxum").as_deref() != Some(expected.as_str()) {
        faults
            .push(Fault { entry: "bag-info.txt".to_owned(), what: "Payload-Oxum does not fit the payload".to_owned() });
    }
}

/// Each resource of datapackage.json is there, has its hash, and its header has its fields.
fn check_tables(files: &Files, faults: &mut Vec<Fault>) {
    const PACKAGE: &str = "data/tables/datapackage.json";
    let mut fault = |entry: &str, what: &str| faults.push(Fault { entry: entry.to_owned(), what: what.to_owned() });
    let Some(package) = text(files, PACKAGE).and_then(|t| serde_json::from_str::<serde_json::Value>(t).ok()) else {
        fault(PACKAGE, "missing or no JSON");
        return;
    };
    for resource in package["resources"].as_array().into_iter().flatten() {
        let path = format!("data/tables/{}", resource["path"].as_str().unwrap_or_default());
        let Some(bytes) = files.get(&path) else {
            fault(&path, "listed in datapackage.json, but not there");
            continue;
        };
        if resource["hash"].as_str() != Some(&format!("sha256:{}", sha256(bytes))) {
            fault(&path, "not the bytes that datapackage.json lists");
        }
        let fields = resource["schema"]["fields"].as_array().into_iter().flatten();
        let fields: Vec<_> = fields.filter_map(|f| f["name"].as_str()).collect();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        if reader.headers().map(|h| h.iter().collect::<Vec<_>>() != fields).unwrap_or(true) {
            fault(&path, "its header is not the one that datapackage.json describes");
        }
        if reader.records().any(|r| r.is_err()) {
            fault(&path, "a row with another number of cells");
        }
    }
}

/// Each fact that prose.json lists stands at its place, and says what facts.json says.
///
/// Places count characters. Facts about the bundle itself (`bundle.…`) are in no
/// facts.json; parts and clock forms of a fact are checked for their place alone.
fn check_prose(files: &Files, faults: &mut Vec<Fault>) {
    let json = |name: &str| text(files, name).and_then(|t| serde_json::from_str::<serde_json::Value>(t).ok());
    let mut fault = |entry: &str, what: String| faults.push(Fault { entry: entry.to_owned(), what });
    let (Some(prose), Some(facts)) = (json("data/prose.json"), json("data/facts.json")) else {
        fault("data/prose.json", "it or facts.json is missing or no JSON".to_owned());
        return;
    };
    let list = |v: &serde_json::Value, key: &str| v[key].as_array().cloned().unwrap_or_default();
    let known: BTreeMap<String, String> = list(&facts, "facts")
        .iter()
        .filter_map(|f| Some((f["id"].as_str()?.to_owned(), f["text"].as_str()?.to_owned())))
        .collect();
    let mut lines: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for item in list(&prose, "items") {
        let of = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
        let (document, id, said) = (of("document"), of("fact"), of("text"));
        let place = |key: &str| usize::try_from(item[key].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
        let (line, column) = (place("line"), place("column"));
        let own = lines
            .entry(document.clone())
            .or_insert_with(|| text(files, &document).unwrap_or_default().lines().collect());
        let first = said.lines().next().unwrap_or_default();
        let stands = line.checked_sub(1).and_then(|l| own.get(l)).is_some_and(|l| {
            let rest: String = l.chars().skip(column.saturating_sub(1)).collect();
            column > 0 && rest.starts_with(first)
        });
        if !stands {
            fault(&document, format!("line {line}: {id} does not stand where prose.json says"));
        }
        if of("form") == "value" && !id.starts_with("bundle.") {
            let says_it = known.get(&id).is_some_and(|fact| essence(fact) == essence(&said));
            if !says_it {
                fault(&document, format!("line {line}: what it says of {id} is not the fact"));
            }
        }
    }
}

/// Letters and digits alone: what escaping for Markdown, HTML or plain text leaves of a value.
fn essence(text: &str) -> String {
    let plain = ["&lt;", "&gt;", "&amp;", "&quot;", "&#39;", "&#x27;", "&#x2f;"]
        .iter()
        .fold(text.to_owned(), |t, e| t.replace(e, " "));
    plain.chars().filter(char::is_ascii_alphanumeric).collect()
}
