//! `casefile build`: the whole pipeline, on one screen.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::args::Build;
use super::clocks;
use super::evidence::{self, Evidence};
use super::exit::Failure;
use super::mapping::OwnMappings;
use super::progress::Reading;
use super::settings;
use super::templates::Chosen;
use super::words;
use crate::bundle::{BundleError, Forbidden, Gate, contents, facts_json, publish, write_zip};
use crate::case::{self, Case, Words};
use crate::findings::{Evident, FileCard, find};
use crate::formats::logs::mapping::SHIPPED;
use crate::formats::metrics::Signal;
use crate::narrative::Document;
use crate::release::redactor::CaseKey;
use crate::release::{Audience, Release, Source, release};
use crate::time::Stamp;
use crate::timeline::{Setup, Timeline};

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

pub(super) fn build(args: &Build, stop: &'static AtomicBool) -> Result<Built, Failure> {
    let (folder, case) = case_of(&args.path)?;
    let own = OwnMappings::of(&folder, &case)?;
    let template = Chosen::of(args)?;
    let output = args.output.clone().unwrap_or_else(|| PathBuf::from(&case.name));
    refuse_existing(&output, args.force)?;
    let threads = args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let reading = Reading::begin(!args.quiet && !args.json, stop);
    let evidence = evidence::read(&[folder], &case, &own, threads, reading.progress())?;
    drop(reading);
    go_on(stop)?;
    let mut problems = words::problems(&evidence);
    let setup = Setup {
        nodes: evidence.nodes.clone(),
        sending_ips: case.sending_ips.clone(),
        bound_ips: evidence.settings.sending_ips.clone(),
        blind: evidence.blind.clone(),
        window: case.window,
        healthy: case.healthy,
    };
    let Some(timeline) = Timeline::new(&evidence.tally, evidence.metrics.clone(), &case.lanes, &setup) else {
        return Err(Failure::Nothing(words::nothing(&evidence, &case)));
    };
    problems.extend(clocks::problems(&timeline.alignments, &evidence));
    if case.healthy.is_some() && timeline.healthy.is_empty() {
        problems.push(words::NO_HEALTHY_TIME.to_owned());
    }
    problems.extend(timeline.left_out.iter().map(|w| words::another_time(*w)));
    let cards = cards(&evidence);
    let skipped: Vec<_> = evidence.skipped.iter().map(|s| (s.name.clone(), s.why.clone())).collect();
    let clocks: Vec<_> = evidence
        .clocks
        .iter()
        .map(|(n, (zone, basis))| (n.clone(), zone.to_string(), basis.words().to_owned()))
        .collect();
    let answers = settings::answers(&evidence);
    let tests = crate::findings::with_load(&evidence.tests, &timeline);
    let evident = Evident {
        case: &case,
        lanes: &case.lanes,
        tally: &evidence.tally,
        timeline: &timeline,
        tests: &tests,
        settings: &evidence.settings.nodes,
        answers: &answers,
        files: &cards,
        skipped: &skipped,
        problems: &problems,
        clocks: &clocks,
    };
    let findings = find(&evident);
    let store = Store::open(&output, args.key.as_deref())?;
    let source = Source { evident: &evident, findings: &findings, transcripts: &evidence.transcripts, key: &store.key };
    let outside = [release(&source, Audience::Esp)?, release(&source, Audience::Google)?];
    let internal = release(&source, Audience::Internal)?;
    let zips = outside.iter().map(|r| zip_of(r, &case)).collect::<Result<Vec<_>, _>>()?;
    let postmortem = template.render(&internal)?;
    go_on(stop)?;
    store.write(&outside, &zips, (&internal, &postmortem), &case, args.force, stop)
}

/// The case and the folder its evidence lies in.
pub(super) fn case_of(path: &Path) -> Result<(PathBuf, Case), Failure> {
    let is_dir = path.is_dir();
    let folder = if is_dir {
        path.to_owned()
    } else {
        path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new(".")).to_owned()
    };
    let name = fs::canonicalize(&folder)
        .ok()
        .and_then(|p| p.file_name().map(|n| n.to_string_lossy().into_owned()))
        .unwrap_or_default();
    let file = if is_dir { folder.join("case.yaml") } else { path.to_owned() };
    if is_dir && !file.exists() {
        return Ok((folder, Case::bare(&name)));
    }
    let io = |source| Failure::Input(crate::intake::IntakeError::Io { path: file.clone(), source });
    let text = fs::read_to_string(&file).map_err(io)?;
    let formats = crate::formats::names();
    let mappings: Vec<&str> = SHIPPED.iter().map(|m| m.id).collect();
    let mut signals: Vec<&str> = Signal::ALL.iter().map(|s| s.name()).collect();
    signals.extend(["egress", "open_files", "workers", "connections", "conntrack", "cpu", "bandwidth", "queue"]);
    let known = Words {
        formats: &formats,
        signals: &signals,
        conditions: &["idle", "loaded", "recovered"],
        mappings: &mappings,
    };
    let case = case::read(&text, &name, &known).map_err(|p| Failure::Case(p, file.display().to_string()))?;
    Ok((folder, case))
}

fn refuse_existing(output: &Path, force: bool) -> Result<(), Failure> {
    let occupied = fs::read_dir(output).is_ok_and(|mut d| d.next().is_some());
    if occupied && !force {
        return Err(Failure::Bundle(BundleError::Exists(output.to_owned())));
    }
    let ours = output.join("keep").exists() || output.join("send").exists();
    if occupied && !ours {
        return Err(Failure::Usage(format!(
            "{} holds files that casefile did not write; choose another output folder with -o",
            output.display()
        )));
    }
    Ok(())
}

fn go_on(stop: &AtomicBool) -> Result<(), Failure> {
    if stop.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
}

fn cards(evidence: &Evidence) -> Vec<FileCard> {
    let card = |f: &evidence::ReadFile| FileCard {
        exhibit: f.exhibit.clone(),
        file: f.name.clone(),
        kind: f.kind.map_or("unknown", crate::formats::Kind::word),
        format: f.format.to_owned(),
        span: f.span,
        accounting: f.accounting,
        sha256: f.sha256.clone(),
        cannot_show: f.cannot_show.clone(),
        not_understood: f.samples.iter().map(|(n, text)| format!("line {n}: {text}")).collect(),
    };
    let mut cards: Vec<_> = evidence.files.iter().map(card).collect();
    // Files of one format cannot show the same things; it is said once.
    let mut said = std::collections::BTreeSet::new();
    for card in &mut cards {
        if !said.insert(card.format.clone()) {
            card.cannot_show.clear();
        }
    }
    cards
}

/// A release as zip bytes, inside its budget.
fn zip_of(release: &Release, case: &Case) -> Result<Vec<u8>, Failure> {
    let entries = contents(release, env!("CARGO_PKG_VERSION"))?;
    let zip = write_zip(release.name(), &entries, release.when())?;
    let budget = if release.audience() == Audience::Google { case.budgets.google } else { case.budgets.esp };
    let size = zip.len() as u64;
    if size <= budget {
        return Ok(zip);
    }
    // The picture's SVG stays; its PNG twin is the first thing to go.
    let slim: Vec<_> = contents(&release.without_png(), env!("CARGO_PKG_VERSION"))?;
    let zip = write_zip(release.name(), &slim, release.when())?;
    if zip.len() as u64 <= budget {
        Ok(zip)
    } else {
        Err(BundleError::Budget { name: release.name().to_owned(), size, budget }.into())
    }
}

/// The output folder: `send/`, `keep/`, and the key.
struct Store {
    output: PathBuf,
    key: CaseKey,
}

impl Store {
    /// Makes the folders and takes the key: the one given, the one kept, or a new one.
    fn open(output: &Path, given: Option<&Path>) -> Result<Self, Failure> {
        for folder in [output.to_owned(), output.join("send"), output.join("keep")] {
            fs::create_dir_all(&folder).map_err(|source| write_failed(&folder, source))?;
        }
        let kept = output.join("keep/case.key");
        let key = match given {
            Some(path) => read_key(path)?,
            None if kept.exists() => read_key(&kept)?,
            None => new_key()?,
        };
        if !kept.exists() {
            private(&kept, format!("{}\n", crate::bundle::hex(&key)).as_bytes())?;
        }
        Ok(Self { output: output.to_owned(), key: CaseKey::new(key) })
    }

    /// Publishes both bundles, then what stays, then the receipt.
    fn write(
        &self,
        outside: &[Release],
        zips: &[Vec<u8>],
        (internal, postmortem): (&Release, &Document),
        case: &Case,
        force: bool,
        stop: &AtomicBool,
    ) -> Result<Built, Failure> {
        let mut bundles = Vec::new();
        for (release, zip) in outside.iter().zip(zips) {
            let path = self.output.join(format!("send/{}.zip", release.name()));
            let gate = gate(release, case);
            publish(&path, zip, force, stop, |bytes| gate.inspect(bytes))?;
            bundles.push(Bundled {
                audience: release.audience(),
                path,
                bytes: zip.len() as u64,
                sha256: crate::intake::sha256_hex(zip),
            });
        }
        self.keep(&postmortem.path, postmortem.text.as_bytes())?;
        self.keep("facts.json", facts_json(internal).as_bytes())?;
        let tokens: String =
            outside.iter().flat_map(Release::published).map(|(token, value)| format!("{token}\t{value}\n")).collect();
        self.keep("tokens.map", tokens.as_bytes())?;
        let built = self.built(bundles, internal);
        self.keep("RECEIPT.json", receipt(&built, outside, internal.when()).as_bytes())?;
        Ok(built)
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        private(&self.output.join("keep").join(name), bytes)
    }

    fn built(&self, bundles: Vec<Bundled>, internal: &Release) -> Built {
        let facts = internal.facts();
        let text = |path: &str| facts.value(path).map(crate::release::Value::text).unwrap_or_default();
        let yes = |path: &str| matches!(facts.value(path), Some(crate::release::Value::Flag(true)));
        let mut summary = vec![text("incident.summary")];
        if text("incident.state") == "found" {
            summary.push(text("verdict_sentence"));
        }
        summary.push(text("readiness.google.sentence"));
        summary.push(text("readiness.esp.sentence"));
        let problems =
            (1..).map_while(|i| facts.value(&format!("problems.{i}"))).map(crate::release::Value::text).collect();
        Built {
            case: text("case.name"),
            output: self.output.clone(),
            bundles,
            facts: self.output.join("keep/facts.json"),
            summary,
            readiness: facts.at("readiness").map(|n| serde_json::to_value(n).unwrap_or_default()).unwrap_or_default(),
            ready: yes("readiness.google.ready") && yes("readiness.esp.ready"),
            problems,
        }
    }
}

/// The gate of a release: what it learnt, and the contacts that may stand in plain sight.
fn gate(release: &Release, case: &Case) -> Gate {
    let forbidden = release.forbidden().iter().map(|f| Forbidden {
        class: f.class.word(),
        value: f.value.clone(),
        whole_word: f.whole_word,
    });
    let allowed = case.redact.allow.iter().cloned().chain(case.sender.contact.clone());
    Gate { forbidden: forbidden.collect(), allowed: allowed.collect() }
}

fn receipt(built: &Built, outside: &[Release], when: Stamp) -> String {
    let bundles: Vec<_> = built.bundles.iter().map(|b| json!({"audience": b.audience, "file": b.path.file_name().map(|n| n.to_string_lossy()), "bytes": b.bytes, "sha256": b.sha256})).collect();
    let withheld: Vec<_> = outside
        .iter()
        .flat_map(|r| r.withheld().iter().map(|w| json!({"audience": r.audience(), "item": w.item, "why": w.why})))
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

/// Writes a file that only its owner reads, aside and then into place.
fn private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |source| write_failed(path, source);
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut aside = tempfile::Builder::new().prefix(".casefile-").tempfile_in(folder).map_err(failed)?;
    aside.write_all(bytes).map_err(failed)?;
    aside.as_file().sync_all().map_err(failed)?;
    aside.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

fn read_key(path: &Path) -> Result<[u8; 32], Failure> {
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
