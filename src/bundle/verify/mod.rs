//! Whether a bundle holds what it says, and nothing else.
//!
//! Only from its own words, so that a stranger can ask it: `bag` reads its manifests and its
//! profile, `tables` its CSV against their schemas, `prose` its words against its facts, `cells`
//! its facts against its tables, `sums` and `contrast` against the minutes they rest on, which `minutes`
//! adds up, and `sessions` the lines of sessions against the excerpts.
//! The rules of the gate that need no secret are applied too; with the key of the case and
//! its inputs the desk gives more: the values that must not be there, and the tokens that may.

mod bag;
mod cells;
mod contrast;
mod minutes;
mod prose;
mod sessions;
mod sums;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::archive::{beside, read_zip};
use super::{BundleError, Gate};

/// What a bundle's own words say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Files found.
    pub files: usize,
    /// `esp`, `google`, by `bag-info.txt`.
    pub audience: String,
    /// Tokens that were held against those of the inputs; none where these were not given.
    pub tokens: Option<usize>,
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

/// What only those know who hold the key and the inputs.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// Values that must not be there.
    pub gate: Gate,
    /// All tokens that the inputs give for this reader.
    pub tokens: BTreeSet<String>,
}

type Files<'e> = BTreeMap<String, &'e [u8]>;

/// Collects what is wrong.
#[derive(Default)]
struct Faults(Vec<Fault>);

/// Stands for what a zip holds beside its files, which is none of them.
const BESIDE: &str = "(comment)";

impl Faults {
    fn add(&mut self, entry: &str, what: impl Into<String>) {
        self.0.push(Fault { entry: entry.to_owned(), what: what.into() });
    }

    /// In order, each once.
    fn sorted(mut self) -> Vec<Fault> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}

/// The files of a zip or of an unpacked folder, each with its top folder, in order.
///
/// # Errors
/// When it cannot be read at all.
pub fn bundle_files(path: &Path) -> Result<Vec<(String, Vec<u8>)>, BundleError> {
    let io = |source| BundleError::Io { path: path.to_owned(), source };
    if path.is_dir() {
        let mut entries = Vec::new();
        read_folder(path, "bundle", &mut entries).map_err(io)?;
        entries.sort();
        return Ok(entries);
    }
    let bytes = fs::read(path).map_err(io)?;
    let mut entries = read_zip(&bytes)?;
    let beside = beside(&bytes);
    if !beside.is_empty() {
        // It is no file, and whoever verifies must see it all the same.
        entries.push((BESIDE.to_owned(), beside));
    }
    Ok(entries)
}

fn read_folder(dir: &Path, prefix: &str, entries: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_folder(&entry.path(), &name, entries)?;
        } else {
            entries.push((name, fs::read(entry.path())?));
        }
    }
    Ok(())
}

/// Who a bundle is for, by its own words: `esp`, `google`.
#[must_use]
pub fn audience_of(entries: &[(String, Vec<u8>)]) -> Option<String> {
    let (_, bytes) = entries.iter().find(|(name, _)| name.split_once('/').is_some_and(|(_, f)| f == "bag-info.txt"))?;
    bag::label(std::str::from_utf8(bytes).ok()?, "Audience").map(str::to_owned)
}

/// Verifies files given with their top folder.
#[must_use]
pub fn verify(entries: &[(String, Vec<u8>)], secrets: Option<&Secrets>) -> Verified {
    let (files, mut faults) = consistent(entries);
    check_leaks(entries, &files, secrets, &mut faults);
    let tokens = secrets.map(|s| check_tokens(&files, &s.tokens, &mut faults));
    let faults = faults.sorted();
    Verified { files: files.len(), audience: audience_of(entries).unwrap_or_default(), tokens, faults }
}

/// The first thing in which a bundle does not hold what it says, for those whose own gate,
/// which knows more, has looked through the same bytes.
#[must_use]
pub fn inconsistency(entries: &[(String, Vec<u8>)]) -> Option<Fault> {
    consistent(entries).1.sorted().into_iter().next()
}

/// All checks but those of the gate.
fn consistent(entries: &[(String, Vec<u8>)]) -> (Files<'_>, Faults) {
    let mut faults = Faults::default();
    let own: Vec<_> = entries.iter().filter(|(name, _)| name != BESIDE).collect();
    let files = bag::files(&own, &mut faults);
    bag::check(&files, &mut faults);
    tables::check(&files, &mut faults);
    match json(&files, "data/facts.json").filter(|facts| list(facts, "facts").next().is_some()) {
        Some(facts) => {
            prose::check(&files, &facts, &mut faults);
            cells::check(&files, &facts, &mut faults);
            let minutes = minutes::tables(&files, &facts);
            sums::check(&minutes, &facts, &mut faults);
            contrast::check(&files, &minutes, &facts, &mut faults);
        }
        None => faults.add("data/facts.json", "it is missing or lists nothing"),
    }
    sessions::check(&files, &mut faults);
    (files, faults)
}

/// The gate. A stranger has only the bundle's own word for what its sender allowed; with the
/// inputs at hand they alone say it, and a list that claims more is a fault.
fn check_leaks(entries: &[(String, Vec<u8>)], files: &Files<'_>, secrets: Option<&Secrets>, faults: &mut Faults) {
    let mut gate = secrets.map(|s| s.gate.clone()).unwrap_or_default();
    let listed = json(files, "data/redaction.json").and_then(|r| r["allowed"].as_array().cloned()).unwrap_or_default();
    for claimed in listed.iter().filter_map(|a| a.as_str()) {
        match secrets {
            None => gate.allowed.push(claimed.to_owned()),
            Some(s) if !s.gate.allowed.iter().any(|a| a == claimed) => {
                faults.add("data/redaction.json", "it says that something is allowed which case.yaml does not allow");
            }
            Some(_) => {}
        }
    }
    match gate.hits(entries) {
        Ok(hits) => hits.iter().for_each(|hit| faults.add(inside(&hit.entry), hit.to_string())),
        Err(e) => faults.add("", e.to_string()),
    }
}

/// Each token must be one that the inputs give under the key; how many there are.
fn check_tokens(files: &Files<'_>, given: &BTreeSet<String>, faults: &mut Faults) -> usize {
    let mut seen = BTreeSet::new();
    for (name, bytes) in files.iter().filter(|(name, _)| !name.ends_with(".png")) {
        let text = String::from_utf8_lossy(bytes);
        for token in tokens_in(&text) {
            if !given.contains(token) {
                faults.add(name, format!("{token} is no token that these inputs give under this key"));
            }
            seen.insert(token.to_owned());
        }
    }
    seen.len()
}

/// Everything in a text that has the form of a token: `rcpt-7k3q9x2mhd4w`.
fn tokens_in(text: &str) -> impl Iterator<Item = &str> {
    const CLASSES: &[&str] = &["rcpt", "sndr", "q", "mid", "ip", "host", "val"];
    let of_base32 = |b: u8| b.is_ascii_digit() || (b.is_ascii_lowercase() && !matches!(b, b'i' | b'l' | b'o' | b'u'));
    text.match_indices('-').filter_map(move |(dash, _)| {
        let code = text.get(dash + 1..dash + 13)?;
        let ends = text.get(dash + 13..).is_some_and(|r| !r.starts_with(|c: char| c.is_ascii_alphanumeric()));
        let head = text.get(..dash)?;
        let class = CLASSES.iter().find(|class| {
            head.strip_suffix(**class).is_some_and(|h| !h.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-'))
        })?;
        let mixed = code.bytes().any(|b| b.is_ascii_digit());
        (ends && mixed && code.bytes().all(of_base32)).then(|| text.get(dash - class.len()..dash + 13))?
    })
}

/// A path without its top folder.
fn inside(name: &str) -> &str {
    name.split_once('/').map_or(name, |(_, rest)| rest)
}

fn text<'a>(files: &Files<'a>, name: &str) -> Option<&'a str> {
    files.get(name).and_then(|b| std::str::from_utf8(b).ok())
}

fn json(files: &Files<'_>, name: &str) -> Option<serde_json::Value> {
    serde_json::from_str(text(files, name)?).ok()
}

fn list<'a>(value: &'a serde_json::Value, key: &str) -> impl Iterator<Item = &'a serde_json::Value> {
    value[key].as_array().into_iter().flatten()
}

/// Letters and digits alone: what escaping for Markdown, HTML or plain text leaves of a value.
fn essence(text: &str) -> String {
    let plain = ["&lt;", "&gt;", "&amp;", "&quot;", "&#39;", "&#x27;", "&#x2f;"]
        .iter()
        .fold(text.to_owned(), |t, e| t.replace(e, " "));
    plain.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// A table of the bundle, read.
struct Sheet {
    path: String,
    headings: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Sheet {
    /// The table of a name; none where the bundle has none. What is no row is told elsewhere.
    fn of(files: &Files<'_>, name: &str) -> Option<Self> {
        let path = format!("data/tables/{name}.csv");
        Self::at(files, &path)
    }

    fn at(files: &Files<'_>, path: &str) -> Option<Self> {
        let mut reader = csv::Reader::from_reader(*files.get(path)?);
        let headings = reader.headers().map(|h| h.iter().map(str::to_owned).collect()).unwrap_or_default();
        Some(Self { path: path.to_owned(), headings, rows: reader.records().filter_map(Result::ok).collect() })
    }

    fn column(&self, heading: &str) -> Option<usize> {
        self.headings.iter().position(|h| h == heading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_known_by_their_form() {
        let text = "to=<rcpt-7k3q9x2mhd4w@gmail.com>, bounce+rcpt-000000000000=x q-0123456789ab: 6-abcdefghjkmn data-0123456789ab";
        assert_eq!(tokens_in(text).collect::<Vec<_>>(), ["rcpt-7k3q9x2mhd4w", "rcpt-000000000000", "q-0123456789ab"]);
    }
}
