//! `casefile inspect`: what each file is, what it covers, what is missing.

use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};

use super::args::Inspect;
use super::evidence::{self, Evidence, ReadFile, Told};
use super::exit::Failure;
use super::mapping::case_around;
use super::progress::Reading;
use super::taken::Taken;
use super::threads;
use super::words;
use crate::formats::Kind;
use crate::scan::Asked;

pub(super) fn inspect(args: &Inspect, stop: &'static AtomicBool) -> Result<String, Failure> {
    let (case, own) = case_around(&args.paths)?;
    let threads = threads::count(None);
    let reading = Reading::begin(!args.json, stop);
    let evidence = evidence::read(&args.paths, &case, &own, &Asked::default(), threads, reading.progress())?;
    drop(reading);
    Ok(if args.json { as_json(&evidence).to_string() } else { as_text(&evidence) })
}

fn as_text(evidence: &Evidence) -> String {
    // What a format cannot show is said once.
    let mut said = std::collections::BTreeMap::new();
    let mut parts = Vec::new();
    for file in &evidence.files {
        let before = said.entry((file.format.as_str(), &file.cannot_show)).or_insert(file.exhibit.as_str());
        parts.push(words::inspected(file, Some(*before).filter(|b| *b != file.exhibit)));
    }
    parts.extend(
        evidence
            .skipped
            .iter()
            .map(|s| format!("--   {}\n     skipped: {}", words::shown(&s.name), words::shown(&s.why))),
    );
    if parts.is_empty() {
        parts.push("nothing to read here".to_owned());
    }
    parts.extend(refused(evidence).map(|why| format!("build refuses these files: {}", words::shown(why))));
    if evidence.files.iter().any(|file| file.kind.is_none()) {
        parts.push(words::tried());
    }
    parts.join("\n")
}

/// Why a build refuses the files together; what is wrong with one of them stands there.
fn refused(evidence: &Evidence) -> impl Iterator<Item = &String> {
    let is_told = |why: &String| evidence.files.iter().any(|file| file.problems.contains(why));
    evidence.refused.iter().filter(move |why| !is_told(why))
}

/// The shape that scripts read; keys are added, never changed.
fn as_json(evidence: &Evidence) -> Value {
    let mut files: Vec<Value> = evidence.files.iter().map(file_json).collect();
    files.extend(evidence.skipped.iter().map(|s| {
        let mut skipped = file_json(&ReadFile { path: s.name.clone(), why: s.why.clone(), ..ReadFile::default() });
        skipped["exhibit"] = Value::Null;
        skipped["skipped"] = Value::Bool(true);
        skipped
    }));
    json!({ "files": files, "refused": evidence.refused })
}

/// `verdict` and `phase` of a file are those of its first test.
fn test_json(test: &Told) -> Value {
    json!({
        "lines": [test.lines.0, test.lines.1],
        "verdict": test.verdict,
        "phase": test.phase,
        "because": test.because,
        "taken": test.taken.map(|at| at.to_second()),
    })
}

fn file_json(file: &ReadFile) -> Value {
    let a = file.accounting;
    let signals: Vec<_> =
        file.signals.iter().map(|(name, unit, points)| json!({"name": name, "unit": unit, "points": points})).collect();
    json!({
        "path": file.path,
        "exhibit": file.exhibit,
        "kind": file.kind.unwrap_or(Kind::Unknown),
        "format": if file.format.is_empty() { None } else { Some(&file.format) },
        "why": file.why,
        "from": file.span.map(|(a, _)| a.to_second()),
        "to": file.span.map(|(_, b)| b.to_second()),
        "zone": if file.zone.is_empty() { None } else { Some(&file.zone) },
        "records": {"read": a.read, "used": a.used, "irrelevant": a.irrelevant, "unrecognised": a.unrecognised, "unplaced": file.unplaced},
        "outcomes": file.outcomes.iter().map(|(o, n)| (o.word(), *n)).collect::<std::collections::BTreeMap<_, _>>(),
        "cannot_count": file.cannot_count,
        "verdict": file.verdict.as_ref().map(|(v, _)| v),
        "phase": file.verdict.as_ref().map(|(_, p)| p),
        "tests": file.tests.iter().map(test_json).collect::<Vec<_>>(),
        "signals": signals,
        "unmapped": file.unmapped,
        "snapshot": file.taken.as_ref().map(Taken::json),
        "partial": file.partial,
        "cannot_show": file.cannot_show,
        "problems": file.problems,
    })
}
