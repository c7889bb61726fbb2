//! Reading a folder: every file recognised, every line accounted for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read as _};
use std::path::PathBuf;

use super::carried;
use super::claims::{Claimed, Claims, LogJobs, Unplaced};
use super::counts;
use super::exit::Failure;
use super::log_file::{blind, of_log};
use super::mapping::OwnMappings;
use super::names::Names;
use super::partials::PartialFile;
use super::settings::{self, Settings};
use super::taken::Taken;
use super::words;
use crate::case::{Case, SourceRule};
use crate::findings::StarttlsTest;
use crate::formats::logs::ZoneBasis;
use crate::formats::metrics::{ColumnMap, DateOrder, MetricFormat, MetricSet, MetricSetup, Signal};
use crate::formats::transcripts::{
    Clock, Condition, Transcript, TranscriptFormat, condition_in_file_name, stamp_in_file_name,
};
use crate::formats::{Accounting, Format, Kind};
use crate::intake::{Exhibit, Skipped, open};
use crate::scan::partial::UnionError;
use crate::scan::{Asked, Progress, Scanned, Tally, scan_with};
use crate::smtp::Outcome;
use crate::time::{Stamp, Zone};

/// A transcript longer than this is no test anyone made.
const LONGEST_TRANSCRIPT: u64 = 8 * 1024 * 1024;

/// One file, read.
#[derive(Clone, Debug, Default)]
pub(super) struct ReadFile {
    pub(super) exhibit: String,
    pub(super) path: String,
    pub(super) name: String,
    pub(super) kind: Option<Kind>,
    pub(super) format: String,
    pub(super) why: String,
    pub(super) zone: String,
    pub(super) span: Option<(Stamp, Stamp)>,
    pub(super) accounting: Accounting,
    pub(super) sha256: String,
    pub(super) cannot_show: Vec<String>,
    pub(super) problems: Vec<String>,
    pub(super) samples: Vec<(u64, String)>,
    /// Logs: attempts by outcome, as `events` tells them.
    pub(super) outcomes: Vec<(Outcome, u64)>,
    /// Logs: outcomes of which these files cannot tell, so that none counted is not none.
    pub(super) cannot_count: Vec<Outcome>,
    /// Logs: lines that are understood and stand at no time.
    pub(super) unplaced: u64,
    /// Transcripts: class of the evidence table, phase reached.
    pub(super) verdict: Option<(&'static str, String)>,
    /// Transcripts: each test in the file.
    pub(super) tests: Vec<Told>,
    /// Metrics: signal, unit, number of minutes.
    pub(super) signals: Vec<(String, String, usize)>,
    /// Columns that are no known signal.
    pub(super) unmapped: Vec<String>,
    /// Snapshots: what was taken.
    pub(super) taken: Option<Taken>,
    /// Logs: the partial that tells of it, where the log itself is not here.
    pub(super) partial: Option<String>,
}

/// What one test of a transcript came to.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// First and last line in the file.
    pub(super) lines: (u64, u64),
    pub(super) verdict: &'static str,
    pub(super) phase: String,
    pub(super) because: String,
    pub(super) taken: Option<Stamp>,
}

impl Told {
    fn of(run: &Transcript) -> Self {
        Self {
            lines: run.lines,
            verdict: run.verdict.word(),
            phase: serde_word(&run.phase),
            because: run.because.clone(),
            taken: run.started,
        }
    }
}

/// Everything read from the named paths.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) files: Vec<ReadFile>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) tally: Tally,
    pub(super) metrics: MetricSet,
    /// Zone of each metrics file, and whether its own times name it.
    pub(super) metric_zones: BTreeMap<String, (Zone, bool)>,
    pub(super) tests: Vec<StarttlsTest>,
    /// The text of each test's file.
    pub(super) transcripts: Vec<Vec<u8>>,
    /// Format of each log.
    pub(super) log_formats: BTreeMap<Exhibit, String>,
    /// Node of each log.
    pub(super) nodes: BTreeMap<Exhibit, String>,
    /// Zone of each log, and how it is known.
    pub(super) zones: BTreeMap<Exhibit, (Zone, ZoneBasis)>,
    /// Clock of each log node: zone, and how it is known.
    pub(super) clocks: BTreeMap<String, (Zone, ZoneBasis)>,
    /// By how many seconds the clock of each log is ahead of Gmail's.
    pub(super) skews: BTreeMap<Exhibit, i64>,
    /// Logs of which no line could be placed, and why.
    pub(super) unplaced: BTreeMap<Exhibit, Unplaced>,
    /// Outcomes that each log cannot count, or leaves to others.
    pub(super) blind: BTreeMap<Exhibit, BTreeSet<Outcome>>,
    /// What the snapshots say, by node.
    pub(super) settings: Settings,
    /// Why partials among the files cannot be added up: a sentence each.
    pub(super) refused: Vec<String>,
}

/// Reads all files below the paths; logs for the time that is asked for.
///
/// # Errors
/// When a named path cannot be read, or partials and logs cannot be counted together. Trouble
/// inside a folder is told per file.
pub(super) fn read(
    paths: &[PathBuf],
    case: &Case,
    own: &OwnMappings,
    asked: &Asked,
    threads: usize,
    progress: &Progress,
) -> Result<Evidence, Failure> {
    let Claims { claimed, skipped, partials, given } = Claims::of(paths, Names::BelowFolders, case, own)?;
    let LogJobs { jobs, nodes, zones, clocks, skews, unplaced, refused } = LogJobs::of(&claimed, case, asked);
    let log_formats = jobs.iter().map(|j| (j.source.exhibit, j.shape.format.name().to_owned())).collect();
    let mut evidence = Evidence { skipped, log_formats, nodes, zones, clocks, skews, unplaced, ..Evidence::default() };
    let conflicts = partials.conflict.iter().chain(&refused).map(ToString::to_string);
    evidence.refused = partials.refused.iter().cloned().chain(conflicts).collect();
    let scanned = scan_with(&jobs, given, &case.lanes, threads, progress)?;
    evidence.refused.extend(same_files(&claimed, &scanned).iter().map(ToString::to_string));
    let mut tables = Vec::new();
    for found in &claimed {
        let mut file = ReadFile {
            exhibit: found.source.exhibit.to_string(),
            path: found.source.path.display().to_string(),
            name: found.source.name.clone(),
            ..ReadFile::default()
        };
        if !found.members.is_empty() {
            file.partial = Some(std::mem::replace(&mut file.path, found.source.name.clone()));
            file.problems.extend((!found.verbatim).then(carried::without_lines));
            file.problems.extend(found.is_in_pieces().then(|| carried::pieces(found.members.len())));
        }
        match &found.format {
            None => file.why = words::unclaimed(found.hint),
            Some((format, why)) => {
                file.kind = Some(format.kind());
                format.name().clone_into(&mut file.format);
                file.why.clone_from(why);
                match format {
                    Format::Log(shape) => of_log(shape.format, found, &mut file, &evidence, &scanned),
                    Format::Metric(f) => of_metric(*f, found, case, &mut file, &mut evidence),
                    Format::Transcript(f) => of_transcript(*f, found, case, &mut file, &mut evidence),
                    Format::Minutes => tables.extend(counts::of_minutes(found, case, &mut file)),
                    Format::Snapshot(f) => settings::of_snapshot(*f, &found.source, case, &mut file),
                    // Partials are told of by the logs in them, and at the end.
                    Format::Partial => {}
                }
            }
        }
        file.problems.extend(words::not_understood(file.accounting, file.unplaced));
        let told = scanned.problems.iter().filter(|p| p.exhibit == found.source.exhibit);
        file.problems.extend(told.map(|p| p.what.clone()));
        evidence.files.push(file);
    }
    evidence.files.extend(partials.files.iter().map(PartialFile::as_read));
    evidence.skipped.sort_by(|a, b| a.name.cmp(&b.name));
    evidence.blind = blind(&jobs, &evidence, &scanned);
    evidence.tally = scanned.tally;
    counts::count(tables, &mut evidence, case);
    settings::lay(&mut evidence, case);
    Ok(evidence)
}

/// Logs that are here and that a partial tells of as well: their lines would count twice, or
/// stand for each other without a word.
fn same_files(claimed: &[Claimed<'_>], scanned: &Scanned) -> Vec<UnionError> {
    let mut here: BTreeMap<&str, &Claimed<'_>> = BTreeMap::new();
    let mut faults = Vec::new();
    for found in claimed.iter().filter(|found| found.members.is_empty()) {
        here.extend(scanned.digests.get(&found.source.exhibit).map(|(sha256, _)| (sha256.as_str(), found)));
    }
    for found in claimed.iter().filter(|found| !found.members.is_empty()) {
        let digest = scanned.digests.get(&found.source.exhibit).map(|(sha256, _)| sha256.as_str());
        if let Some(other) = digest.and_then(|sha256| here.get(sha256)) {
            faults.push(UnionError::SameFile {
                one: other.source.name.clone(),
                other: format!("{} (in {})", found.source.name, found.source.path.display()),
                sha256: digest.unwrap_or_default().to_owned(),
            });
        }
    }
    faults
}

fn of_metric(
    format: &dyn MetricFormat,
    found: &Claimed<'_>,
    case: &Case,
    file: &mut ReadFile,
    evidence: &mut Evidence,
) {
    let rule = case.rule_for(&found.source.name);
    let columns = rule.into_iter().flat_map(|r| &r.columns);
    let setup = MetricSetup {
        node: rule.and_then(|r| r.node.clone()),
        zone: rule.and_then(|r| r.zone),
        log_zones: proved_zones(&evidence.clocks),
        dates: rule.and_then(|r| r.dates.as_deref()).map(|order| match order {
            "day_first" => DateOrder::DayFirst,
            _ => DateOrder::MonthFirst,
        }),
        columns: columns
            .filter_map(|(name, c)| {
                Some(ColumnMap { column: name.clone(), signal: Signal::from_name(&c.signal)?, unit: c.unit.clone() })
            })
            .collect(),
        moved_ms: case.moved_ms("metrics", &found.source.name),
        name: found.source.name.clone(),
        exhibit: found.source.exhibit.to_string(),
    };
    let mut opened = match open(&found.source.path) {
        Ok(opened) => opened,
        Err(e) => return file.problems.push(e.to_string()),
    };
    match format.read(&mut BufReader::with_capacity(1 << 17, &mut opened), &setup) {
        Err(e) => file.problems.push(e.to_string()),
        Ok(read) => {
            file.accounting = read.accounting;
            file.sha256 = opened.digest().0;
            let is_written = read.zone_is_written();
            let zone = read.zone.as_ref().map(|(zone, _)| (file.exhibit.clone(), (*zone, is_written)));
            evidence.metric_zones.extend(zone);
            file.zone = read.zone.map(|(_, how)| how).unwrap_or_default();
            file.span = read.series.iter().filter_map(|s| s.span).reduce(|(a, b), (c, d)| (a.min(c), b.max(d)));
            file.signals =
                read.series.iter().map(|s| (signal_name(s), s.signal.unit().to_owned(), s.minutes.len())).collect();
            file.unmapped = read.unmapped.into_iter().map(|(name, ..)| name).collect();
            file.problems.extend(read.notes);
            file.samples = read.unrecognised;
            evidence.metrics.extend(read.series);
        }
    }
}

/// The zones of node clocks that the logs prove; what is written in stamps says nothing of
/// the clock that other programs of the node show.
fn proved_zones(clocks: &BTreeMap<String, (Zone, ZoneBasis)>) -> BTreeMap<String, (Zone, String)> {
    let proof = |node: &String, (zone, basis): &(Zone, ZoneBasis)| match basis {
        ZoneBasis::Gmail => Some((*zone, format!("by Gmail's clock in the logs of {node}"))),
        ZoneBasis::Ids => Some((*zone, format!("by the times inside message ids in the logs of {node}"))),
        _ => None,
    };
    clocks.iter().filter_map(|(node, clock)| Some((node.clone(), proof(node, clock)?))).collect()
}

fn signal_name(series: &crate::formats::metrics::MetricSeries) -> String {
    if series.instance.is_empty() {
        series.signal.name().to_owned()
    } else {
        format!("{} ({})", series.signal.name(), series.instance)
    }
}

fn of_transcript(
    format: &dyn TranscriptFormat,
    found: &Claimed<'_>,
    case: &Case,
    file: &mut ReadFile,
    evidence: &mut Evidence,
) {
    let mut text = Vec::new();
    let opened = open(&found.source.path).map_err(|e| e.to_string());
    let read = opened.and_then(|o| {
        let mut limited = o.take(LONGEST_TRANSCRIPT);
        limited.read_to_end(&mut text).map_err(|e| e.to_string())
    });
    if let Err(e) = read {
        file.problems.push(e);
        return;
    }
    file.sha256 = crate::intake::sha256_hex(&text);
    let lines = crate::intake::lines_of(&text).count() as u64;
    file.accounting = Accounting { read: lines, used: lines, ..Accounting::default() };
    let rule = case.rule_for(&found.source.name);
    let base = found.source.name.rsplit('/').next().unwrap_or(&found.source.name);
    let runs = format.read(&text);
    // Whatever run is shown, it is shown in the text of the whole file.
    let secrets: Vec<_> = runs.iter().flat_map(|run| run.secrets.clone()).collect();
    for mut run in runs {
        run.secrets.clone_from(&secrets);
        if run.started.is_none() {
            let stated = rule.and_then(|r| r.taken).map(|t| (t, Clock::Stated));
            let named = || stamp_in_file_name(base).map(|t| (t, Clock::FileName));
            if let Some((at, clock)) = stated.or_else(named) {
                (run.started, run.clock) = (Some(at), clock);
            }
        }
        let moved_ms = case.moved_ms("transcripts", &found.source.name);
        run.started = run.started.map(|at| at.plus_millis(moved_ms));
        let (condition, condition_from) = condition_of(rule, base);
        file.verdict.get_or_insert((run.verdict.word(), serde_word(&run.phase)));
        file.tests.push(Told::of(&run));
        file.span = match (file.span, run.started) {
            (Some((a, b)), Some(at)) => Some((a.min(at), b.max(at))),
            (span, at) => span.or(at.map(|at| (at, at))),
        };
        if run.started.is_none() {
            let undated = format!(
                "nothing tells when it was taken; add to case.yaml: sources: - {{path: \"{}\", taken: TIME}}",
                found.source.name
            );
            // A loop's file holds many.
            if !file.problems.contains(&undated) {
                file.problems.push(undated);
            }
        }
        let exhibit = found.source.exhibit.to_string();
        evidence.tests.push(StarttlsTest {
            exhibit,
            file: found.source.name.clone(),
            transcript: run,
            node: rule.and_then(|r| r.node.clone()),
            condition,
            condition_from: condition_from.to_owned(),
        });
        evidence.transcripts.push(text.clone());
    }
}

/// The load of the node: as stated, else by the file's name.
fn condition_of(rule: Option<&SourceRule>, base: &str) -> (Condition, &'static str) {
    let stated = rule.and_then(|r| r.condition.as_deref()).and_then(|c| match c {
        "idle" => Some(Condition::Idle),
        "loaded" => Some(Condition::Loaded),
        "recovered" => Some(Condition::Recovered),
        _ => None,
    });
    match (stated, condition_in_file_name(base)) {
        (Some(condition), _) => (condition, "stated in case.yaml"),
        (None, Some(condition)) => (condition, "by the file's name"),
        (None, None) => (Condition::Unknown, "not stated"),
    }
}

/// The word that serde writes for a plain enum.
fn serde_word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
