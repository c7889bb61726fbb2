//! `casefile build`: the whole pipeline, on one screen.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::args::Build;
use super::clocks;
use super::evidence::{self, Evidence};
use super::exit::Failure;
use super::mapping::OwnMappings;
use super::progress::Reading;
use super::settings;
use super::store::{Built, Store, refuse_existing};
use super::templates::Chosen;
use super::threads::{self, both, each};
use super::words;
use crate::bundle::{BundleError, ContentsError, Drawings, contents, figures, write_zip};
use crate::case::{self, Case, Words};
use crate::charts::{Drawing, Easel};
use crate::findings::{Evident, FileCard, find};
use crate::formats::logs::mapping::SHIPPED;
use crate::formats::metrics::Signal;
use crate::release::redactor::CaseKey;
use crate::release::{Audience, Release, Source, release};
use crate::scan::Asked;
use crate::timeline::{Setup, Timeline};

pub(super) fn build(args: &Build, stop: &'static AtomicBool) -> Result<Built, Failure> {
    let (folder, mut case) = case_of(&args.path)?;
    args.time.lay(&mut case)?;
    let template = Chosen::of(args)?;
    let output = args.output.clone().unwrap_or_else(|| PathBuf::from(&case.name));
    refuse_existing(&output, args.force)?;
    let mut opened = None;
    let key = || {
        let store = opened.insert(Store::open(&output, args.key.as_deref())?);
        Ok(store.key.clone())
    };
    let threads = threads::count(args.threads);
    let made = releases(folder, &case, threads, !args.quiet && !args.json, stop, key)?;
    let outside = zips(made.outside, &case, threads, stop)?;
    let Some(store) = opened else { return Err(Failure::Interrupted) };
    let postmortem = template.render(&made.internal)?;
    store.write(&outside, (&made.internal, &postmortem), (args.force, threads), stop)
}

/// What each reader may see.
pub(super) struct Made {
    /// Of the ESP, then of Google.
    pub(super) outside: [Release; 2],
    pub(super) internal: Release,
}

/// From a folder of evidence to what each reader may see. The key is asked for once it is
/// known that there is something to show.
pub(super) fn releases(
    folder: PathBuf,
    case: &Case,
    threads: usize,
    shown: bool,
    stop: &'static AtomicBool,
    key: impl FnOnce() -> Result<CaseKey, Failure>,
) -> Result<Made, Failure> {
    let own = OwnMappings::of(&folder, case)?;
    let asked = Asked::of(case.window, case.healthy);
    let reading = Reading::begin(shown, stop);
    let mut evidence = evidence::read(&[folder], case, &own, &asked, threads, reading.progress())?;
    drop(reading);
    go_on(stop)?;
    if !evidence.refused.is_empty() {
        return Err(Failure::Partials(evidence.refused));
    }
    let mut problems = words::problems(&evidence);
    let names: Vec<String> = evidence.files.iter().map(|f| f.name.clone()).collect();
    problems.extend(case.idle_clocks(&names).map(words::idle_clock));
    let setup = Setup {
        nodes: evidence.nodes.clone(),
        sending_ips: case.sending_ips.clone(),
        bound_ips: evidence.settings.sending_ips.clone(),
        blind: evidence.blind.clone(),
        window: case.window,
        healthy: case.healthy,
        zones: clocks::zones(&evidence),
    };
    let metrics = std::mem::take(&mut evidence.metrics);
    let Some(timeline) = Timeline::new(&mut evidence.tally, metrics, &case.lanes, &setup) else {
        return Err(Failure::Nothing(words::nothing(&evidence, case)));
    };
    problems.extend(clocks::problems(&timeline.alignments, &evidence));
    if case.healthy.is_some() && timeline.healthy.is_empty() {
        problems.push(words::NO_HEALTHY_TIME.to_owned());
    }
    problems.extend(case.window.zip(case.overruled).map(|(asked, own)| words::overruled(asked, own)));
    problems.extend(timeline.left_out.iter().map(|w| words::another_time(*w)));
    let cards = cards(&evidence);
    let skipped: Vec<_> = evidence.skipped.iter().map(|s| (s.name.clone(), s.why.clone())).collect();
    let clocks: Vec<_> = evidence
        .clocks
        .iter()
        .map(|(n, (zone, basis))| (n.clone(), zone.to_string(), basis.words().to_owned()))
        .collect();
    let (answers, reports) = (settings::answers(&evidence), settings::reports(&evidence));
    let tests = crate::findings::with_load(&evidence.tests, &timeline);
    let evident = Evident {
        case,
        lanes: &case.lanes,
        tally: &evidence.tally,
        timeline: &timeline,
        tests: &tests,
        settings: &evidence.settings.nodes,
        answers: &answers,
        reports: &reports,
        files: &cards,
        skipped: &skipped,
        problems: &problems,
        clocks: &clocks,
    };
    let findings = find(&evident);
    let source = Source { evident: &evident, findings: &findings, transcripts: &evidence.transcripts, key: &key()? };
    let (esp, (google, internal)) = both(
        threads,
        || release(&source, Audience::Esp),
        || (release(&source, Audience::Google), release(&source, Audience::Internal)),
    );
    go_on(stop)?;
    Ok(Made { outside: [esp?, google?], internal: internal? })
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

/// Ends the work when a signal asked for it.
pub(super) fn go_on(stop: &AtomicBool) -> Result<(), Failure> {
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

/// Above this many bytes an ESP's bundle goes without the PNG twins of its charts, whose SVG holds the same.
const AIM: u64 = 2_000_000;

/// Both releases with their zips.
fn zips(
    releases: [Release; 2],
    case: &Case,
    threads: usize,
    stop: &AtomicBool,
) -> Result<[(Release, Vec<u8>); 2], Failure> {
    let mut figures = figures(&releases);
    // Large ones first, so that no thread is left with one at the end.
    figures.sort_by_key(|figure| std::cmp::Reverse(figure.panels.len()));
    let drawn = each(threads, &figures, Easel::default, Easel::draw);
    let drawn: Vec<Drawing> = drawn.into_iter().collect::<Result<_, _>>().map_err(ContentsError::from)?;
    let drawings = Drawings::of(figures.into_iter().zip(drawn));
    go_on(stop)?;
    let [esp, google] = releases;
    let (esp, google) = both(threads, || zip_of(esp, &drawings, case), || zip_of(google, &drawings, case));
    go_on(stop)?;
    Ok([esp?, google?])
}

/// A release as zip bytes inside its budget, with what it went without for that.
fn zip_of(release: Release, drawings: &Drawings, case: &Case) -> Result<(Release, Vec<u8>), Failure> {
    let budget = if release.audience() == Audience::Google { case.budgets.google } else { case.budgets.esp };
    let mut release = release;
    loop {
        let entries = contents(&release, drawings, env!("CARGO_PKG_VERSION"))?;
        let zip = write_zip(release.name(), &entries, release.when())?;
        let size = zip.len() as u64;
        if size <= if release.has_png() { budget.min(AIM) } else { budget } {
            return Ok((release, zip));
        }
        release = match release.slimmer() {
            Some(slim) => slim,
            None => return Err(BundleError::Budget { name: release.name().to_owned(), size, budget }.into()),
        };
    }
}
