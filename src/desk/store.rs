//! The output folder: the key, what leaves, what stays, and the receipt that is written last.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::build::go_on;
use super::earlier::Earlier;
use super::exit::Failure;
use super::threads::both;
use crate::bundle::{ASIDE, BundleError, Gate, facts_json, inconsistency, publish, read_zip, room_for, stage};
use crate::narrative::{self, Document};
use crate::release::redactor::CaseKey;
use crate::release::{Audience, Release, Value};
use crate::tables;
use crate::time::Stamp;

/// What a build gave.
pub(super) struct Built {
    pub(super) case: String,
    pub(super) output: PathBuf,
    pub(super) bundles: Vec<Bundled>,
    pub(super) facts: PathBuf,
    pub(super) summary: Vec<String>,
    pub(super) readiness: serde_json::Value,
    pub(super) ready: bool,
    pub(super) problems: Vec<String>,
}

/// One bundle, published.
pub(super) struct Bundled {
    pub(super) audience: Audience,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Refuses an output folder that holds something, before any work is done for it. A key alone,
/// and what a build left that died, are no output.
pub(super) fn refuse_existing(output: &Path, force: bool) -> Result<(), Failure> {
    let files = |folder: &str| {
        let entries = fs::read_dir(output.join(folder)).into_iter().flatten().filter_map(Result::ok);
        entries
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .filter(|n| !n.starts_with(ASIDE))
            .collect::<Vec<_>>()
    };
    let theirs = files("").into_iter().any(|name| name != "send" && name != "keep");
    let written = !files("send").is_empty() || files("keep").iter().any(|name| name != "case.key");
    if !force && (theirs || written) {
        return Err(Failure::Bundle(BundleError::Exists(output.to_owned())));
    }
    let ours = output.join("keep").exists() || output.join("send").exists();
    if theirs && !ours {
        return Err(Failure::Usage(format!(
            "{} holds files that casefile did not write; choose another output folder with -o",
            output.display()
        )));
    }
    Ok(())
}

/// The output folder: `send/`, `keep/`, and the key.
pub(super) struct Store {
    output: PathBuf,
    pub(super) key: CaseKey,
    /// Files that a build left which died before it could put them in place.
    left: Vec<PathBuf>,
}

impl Store {
    /// Makes the folders and takes the key: the one given, the one kept, or a new one.
    pub(super) fn open(output: &Path, given: Option<&Path>) -> Result<Self, Failure> {
        let mut left = Vec::new();
        for folder in [output.to_owned(), output.join("send"), output.join("keep")] {
            fs::create_dir_all(&folder).map_err(|source| write_failed(&folder, source))?;
            let entries = fs::read_dir(&folder).map_err(|source| write_failed(&folder, source))?;
            let aside = |p: &PathBuf| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(ASIDE));
            left.extend(entries.filter_map(|e| Some(e.ok()?.path())).filter(aside));
        }
        left.sort();
        let kept = output.join("keep/case.key");
        let key = match given {
            Some(path) => read_key(path)?,
            None if kept.exists() => read_key(&kept)?,
            None => new_key()?,
        };
        if kept.exists() && read_key(&kept)? != key {
            return Err(Failure::Usage(format!(
                "{} is another key than the one given: its tokens would change; leave --key out, or choose another output folder with -o",
                kept.display()
            )));
        }
        if !kept.exists() {
            publish(&kept, format!("{}\n", crate::bundle::hex(&key)).as_bytes(), false)?;
        }
        Ok(Self { output: output.to_owned(), key: CaseKey::new(key), left })
    }

    /// Publishes both bundles once both were judged, then what stays, then the receipt.
    pub(super) fn write(
        &self,
        outside: &[(Release, Vec<u8>); 2],
        (internal, postmortem): (&Release, &Document),
        (force, threads): (bool, usize),
        stop: &AtomicBool,
    ) -> Result<Built, Failure> {
        let target = |release: &Release| self.output.join(format!("send/{}.zip", release.name()));
        let mut kept = vec![
            (postmortem.path.as_str(), postmortem.text.clone().into_bytes()),
            ("evidence.md", narrative::evidence(internal).text.into_bytes()),
            ("facts.json", facts_json(internal).into_bytes()),
            ("tokens.map", tokens_of(outside).into_bytes()),
        ];
        kept.extend(timeline_of(internal));
        let sizes = outside.iter().map(|(_, zip)| zip.len()).chain(kept.iter().map(|(_, bytes)| bytes.len()));
        room_for(&self.output, sizes.map(|n| n as u64).sum())?;
        let targets: Vec<_> = outside.iter().map(|(release, _)| target(release)).collect();
        let earlier = Earlier::of(&self.output, &targets);
        let judged = |(release, zip): &(Release, Vec<u8>)| {
            go_on(stop)?;
            Ok::<_, Failure>(stage(&target(release), zip, force, |bytes| judge(release, bytes))?)
        };
        let [esp, google] = outside;
        let (esp, google) = both(threads, || judged(esp), || judged(google));
        let staged = [esp?, google?];
        go_on(stop)?;
        // Without a receipt the output is not complete, whatever else stands there.
        let receipt_path = self.output.join("keep/RECEIPT.json");
        if receipt_path.exists() {
            fs::remove_file(&receipt_path).map_err(|source| write_failed(&receipt_path, source))?;
        }
        let mut before: Option<PathBuf> = None;
        for (staged, (release, _)) in staged.into_iter().zip(outside) {
            staged.place().map_err(|source| match before.take() {
                Some(first) => BundleError::Half { first, source: Box::new(source) },
                None => source,
            })?;
            before = Some(target(release));
        }
        let told = earlier.clear();
        for (name, bytes) in &kept {
            self.keep(name, bytes)?;
        }
        let bundles = outside.iter().map(|(release, zip)| Bundled {
            audience: release.audience(),
            path: target(release),
            bytes: zip.len() as u64,
            sha256: crate::intake::sha256_hex(zip),
        });
        let mut built = self.built(bundles.collect(), internal);
        built.problems.extend(told);
        self.keep("RECEIPT.json", receipt(&built, outside, internal.when()).as_bytes())?;
        Ok(built)
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        Ok(publish(&self.output.join("keep").join(name), bytes, true)?)
    }

    fn built(&self, bundles: Vec<Bundled>, internal: &Release) -> Built {
        let facts = internal.facts();
        let text = |path: &str| facts.value(path).map(Value::text).unwrap_or_default();
        let yes = |path: &str| matches!(facts.value(path), Some(Value::Flag(true)));
        let mut summary = vec![text("incident.summary")];
        if text("incident.state") == "found" {
            summary.push(text("verdict_sentence"));
        }
        summary.push(text("readiness.google.sentence"));
        summary.push(text("readiness.esp.sentence"));
        let left = self
            .left
            .iter()
            .map(|path| format!("{} was left by a build that did not end; it can be deleted", path.display()));
        let told = (1..).map_while(|i| facts.value(&format!("problems.{i}"))).map(Value::text);
        Built {
            case: text("case.name"),
            output: self.output.clone(),
            bundles,
            facts: self.output.join("keep/facts.json"),
            summary,
            readiness: facts.at("readiness").map(|n| serde_json::to_value(n).unwrap_or_default()).unwrap_or_default(),
            ready: yes("readiness.google.ready") && yes("readiness.esp.ready"),
            problems: left.chain(told).collect(),
        }
    }
}

/// What Timesketch reads, and what its columns mean.
fn timeline_of(internal: &Release) -> Vec<(&'static str, Vec<u8>)> {
    let Some(timeline) = internal.tables().iter().find(|table| table.name == "timeline") else { return Vec::new() };
    let csv = tables::csv(timeline);
    let package = tables::datapackage(internal.name(), internal.when(), &[(timeline, &csv)]);
    vec![("timeline.csv", csv), ("datapackage.json", package)]
}

/// The lines of `tokens.map`: all tokens that left, with their values.
fn tokens_of(outside: &[(Release, Vec<u8>)]) -> String {
    let published = outside.iter().flat_map(|(release, _)| release.published());
    published.map(|(token, value)| format!("{token}\t{value}\n")).collect()
}

/// A finished bundle, as it was read back: it holds what it says, and nothing that must not leave.
fn judge(release: &Release, zip: &[u8]) -> Result<(), BundleError> {
    gate(release).inspect(zip)?;
    match inconsistency(&read_zip(zip)?) {
        Some(fault) => Err(BundleError::ReadBack(format!("{}: {}", fault.entry, fault.what))),
        None => Ok(()),
    }
}

/// The gate of a release.
pub(super) fn gate(release: &Release) -> Gate {
    Gate::of(release.audience(), release.forbidden(), release.allowed())
}

fn receipt(built: &Built, outside: &[(Release, Vec<u8>)], when: Stamp) -> String {
    let bundles: Vec<_> = built.bundles.iter().map(|b| json!({"audience": b.audience, "file": b.path.file_name().map(|n| n.to_string_lossy()), "bytes": b.bytes, "sha256": b.sha256})).collect();
    let withheld: Vec<_> = outside
        .iter()
        .flat_map(|(r, _)| r.withheld().iter().map(|w| json!({"audience": r.audience(), "item": w.item, "why": w.why})))
        .collect();
    let receipt = json!({
        "casefile": env!("CARGO_PKG_VERSION"),
        "case": built.case,
        "evidence_ends": when.to_second(),
        "bundles": bundles,
        "readiness": built.readiness,
        "withheld": withheld,
        "problems": built.problems,
    });
    let mut text = serde_json::to_string_pretty(&receipt).unwrap_or_default();
    text.push('\n');
    text
}

fn write_failed(path: &Path, source: std::io::Error) -> Failure {
    Failure::Write { path: path.display().to_string(), source }
}

/// The key in a file: 64 hex digits.
pub(super) fn read_key(path: &Path) -> Result<[u8; 32], Failure> {
    let io = |source| Failure::Input(crate::intake::IntakeError::Io { path: path.to_owned(), source });
    let text = fs::read_to_string(path).map_err(io)?;
    crate::bundle::unhex(text.trim())
        .ok_or_else(|| Failure::Usage(format!("{} is no key: 64 hex digits are due", path.display())))
}

/// A new key from the system's randomness; no key, no tokens.
fn new_key() -> Result<[u8; 32], Failure> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|e| {
        Failure::Usage(format!("the system gives no randomness for a new key ({e}); give one with --key"))
    })?;
    Ok(key)
}
