//! `casefile scan`: logs where they lie, into a partial that `build` takes beside logs.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::args::Scan;
use super::build::{case_of, go_on};
use super::carried;
use super::claims::{Claimed, Claims, LogJobs, Unplaced};
use super::exit::Failure;
use super::mapping::{OwnMappings, case_around};
use super::names::Names;
use super::partials::load;
use super::progress::Reading;
use super::threads;
use super::words::{self, shown};
use crate::bundle::publish;
use crate::case::Case;
use crate::formats::Format;
use crate::intake::{Exhibit, IntakeError, sha256_hex};
use crate::scan::partial::{Partial, Placed, ReadLog, Union, UnionError, write};
use crate::scan::{Asked, LogJob, Part, join_edges, read_parts};

pub(super) fn scan(args: &Scan, stop: &'static AtomicBool) -> Result<(), Failure> {
    check(args)?;
    let piped = args.paths.iter().any(|path| is_pipe(path)).then(spool).transpose()?;
    let spooled = piped.as_ref().map(|file| file.path().to_owned());
    let here = |path: &PathBuf| if is_pipe(path) { spooled.clone().unwrap_or_default() } else { path.clone() };
    let paths: Vec<PathBuf> = args.paths.iter().map(here).collect();
    let (folder, mut case, own) = case_for(args, &paths)?;
    args.time.lay(&mut case)?;
    let only = paths.first().map(PathBuf::as_path);
    let pipe = match (&spooled, &args.name) {
        (Some(path), name) => Some((path.as_path(), name.as_deref().unwrap_or("-"))),
        (None, Some(name)) => only.map(|path| (path, name.as_str())),
        (None, None) => None,
    };
    let mut claims = Claims::of(&paths, Names::AsGiven { case: folder.as_deref(), pipe }, &case, &own)?;
    let mut partial = merged(&claims)?;
    partial.lanes = case.lanes.patterns();
    claims.claimed.retain(|found| found.members.is_empty());
    for found in &mut claims.claimed {
        found.stated.node = args.node.clone().or_else(|| found.stated.node.take());
    }
    say_what_is_left(&claims, args.quiet);
    partial.merge(Partial { logs: read_here(args, &claims.claimed, &case, stop)?, ..Partial::default() });
    go_on(stop)?;
    if partial.logs.is_empty() {
        let empty = args.part.zip(pipe.map(|(_, name)| name.to_owned()));
        let (piece, name) = empty.filter(|_| claims.claimed.is_empty()).ok_or_else(|| {
            Failure::Nothing("there is no MTA log among the files; `casefile inspect` tells what each is".to_owned())
        })?;
        partial.logs.push(ReadLog::empty_piece(name, piece));
    }
    if let Some((asked, own)) = case.window.zip(case.overruled).filter(|_| !args.quiet) {
        super::tell(&words::overruled(asked, own));
    }
    save(args, partial)
}

fn is_pipe(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What only one input can be given.
fn check(args: &Scan) -> Result<(), Failure> {
    let one = args.paths.len() == 1 && !args.paths[0].is_dir();
    if !one && (args.part.is_some() || args.name.is_some()) {
        return Err(Failure::Usage("--part and --name are of one file, or of standard input".to_owned()));
    }
    if args.output.as_os_str() == "-" && io::stdout().is_terminal() {
        return Err(Failure::Usage("a partial is no text for a terminal; send it into a file with -o FILE".to_owned()));
    }
    if args.output.exists() && !args.force && args.output.is_file() {
        let output = args.output.display();
        return Err(Failure::Usage(format!("{output} exists; --force replaces it")));
    }
    Ok(())
}

/// Standard input as a file: a log's clock and order are read from several places of it, and
/// some of it may have to be read twice.
fn spool() -> Result<tempfile::NamedTempFile, Failure> {
    let io = |source| Failure::Input(IntakeError::Io { path: PathBuf::from("standard input"), source });
    let mut file = tempfile::Builder::new().prefix(".casefile-").tempfile().map_err(io)?;
    io::copy(&mut io::stdin().lock(), file.as_file_mut()).map_err(io)?;
    file.as_file_mut().flush().map_err(io)?;
    Ok(file)
}

/// The case that the build will use, and its folder.
fn case_for(args: &Scan, paths: &[PathBuf]) -> Result<(Option<PathBuf>, Case, OwnMappings), Failure> {
    if let Some(file) = &args.case {
        let (folder, case) = case_of(file)?;
        let own = OwnMappings::of(&folder, &case)?;
        return Ok((Some(folder), case, own));
    }
    let (case, own) = case_around(paths)?;
    let folder = paths.first().filter(|path| paths.len() == 1 && path.is_dir()).cloned();
    Ok((folder, case, own))
}

/// The logs of the partials among the files.
fn merged(claims: &Claims<'_>) -> Result<Partial, Failure> {
    // The pieces that are missing may come later.
    let conflict = claims.partials.conflict.iter().filter(|e| !matches!(e, UnionError::Missing { .. }));
    let refused: Vec<_> = claims.partials.refused.iter().cloned().chain(conflict.map(ToString::to_string)).collect();
    if !refused.is_empty() {
        return Err(Failure::Partials(refused));
    }
    let mut partial = Partial { made_by: env!("CARGO_PKG_VERSION").to_owned(), ..Partial::default() };
    for file in &claims.partials.files {
        // It was read once for its logs' names; a second time is cheaper than a copy of all.
        let (read, _) = load(&file.source).map_err(|why| Failure::Partials(vec![why]))?;
        if read.made_by != partial.made_by {
            let why = format!("{}: {}", file.source.name, carried::other_version(&read.made_by));
            return Err(Failure::Partials(vec![format!("{why}; give it to build as it is")]));
        }
        partial.merge(read);
    }
    Ok(partial)
}

/// Files that are no logs, and such as were skipped.
fn say_what_is_left(claims: &Claims<'_>, quiet: bool) {
    let kind = |found: &Claimed<'_>| found.format.as_ref().map_or(crate::formats::Kind::Unknown, |(f, _)| f.kind());
    let others = claims.claimed.iter().filter(|found| !matches!(found.format, Some((Format::Log(_), _))));
    let others = others.map(|found| (found.source.name.clone(), carried::no_log(kind(found))));
    let skipped = claims.skipped.iter().map(|s| (s.name.clone(), format!("skipped: {}", s.why)));
    for (name, why) in others.chain(skipped).filter(|_| !quiet) {
        super::tell(&shown(&format!("{name}: {why}")));
    }
}

/// Reads the logs that are here.
fn read_here(
    args: &Scan,
    claimed: &[Claimed<'_>],
    case: &Case,
    stop: &'static AtomicBool,
) -> Result<Vec<ReadLog>, Failure> {
    // The window of case.yaml dates its lines; a partial of all serves every build.
    let asked = if args.time.is_given() { Asked::of(case.window, case.healthy) } else { Asked::default() };
    let LogJobs { jobs, unplaced, .. } = LogJobs::of(claimed, case, &asked);
    for found in claimed {
        let name = &found.source.name;
        if let Some(Unplaced::NewestFirst(why)) = unplaced.get(&found.source.exhibit) {
            return Err(Failure::Nothing(format!("{name}: {}", words::not_turned(name, *why))));
        }
        if args.part.is_some() && found.turns() {
            let why = "its lines stand newest first; pieces of a log must stand oldest first";
            return Err(Failure::Nothing(format!("{name}: {why}")));
        }
    }
    let threads = threads::count(args.threads);
    let reading = Reading::begin(!args.quiet, stop);
    let mut parts = read_parts(&jobs, &case.lanes, threads, reading.progress())?;
    drop(reading);
    if args.no_excerpts {
        join_edges(&jobs, &mut parts, &case.lanes);
    }
    let batch = batch_of(&parts);
    let claim_of = |exhibit: Exhibit| claimed.iter().find(|found| found.source.exhibit == exhibit);
    let logs = jobs.iter().zip(parts).filter_map(|(job, part)| {
        let found = claim_of(job.source.exhibit)?;
        Some(ReadLog { piece: args.part, verbatim: !args.no_excerpts, ..log_of(job, found, part, &batch) })
    });
    Ok(logs.collect())
}

/// What stands for a scan: the files that it read.
fn batch_of(parts: &[Part]) -> String {
    let mut digests: Vec<&str> = parts.iter().map(|part| part.digest().0.as_str()).collect();
    digests.sort_unstable();
    sha256_hex(digests.concat().as_bytes()).chars().take(16).collect()
}

fn log_of(job: &LogJob<'_>, found: &Claimed<'_>, part: Part, batch: &str) -> ReadLog {
    let (sha256, size) = part.digest().clone();
    ReadLog {
        exhibit: job.source.exhibit,
        name: job.source.name.clone(),
        size,
        sha256,
        piece: None,
        format: job.shape.format.name().to_owned(),
        wrapping: job.shape.wrapping,
        why: found.format.as_ref().map(|(_, why)| why.clone()).unwrap_or_default(),
        survey: found.survey.clone(),
        stated_node: found.stated.node.clone(),
        stated_zone: found.stated.zone,
        placed: Placed {
            node: job.node.clone(),
            zone: job.clock.zone,
            begins: job.begins,
            moved_ms: found.stated.moved_ms,
        },
        batch: batch.to_owned(),
        verbatim: true,
        asked: job.asked.clone(),
        part,
    }
}

/// Writes the partial, once nothing in it stands twice.
fn save(args: &Scan, partial: Partial) -> Result<(), Failure> {
    let output = args.output.display().to_string();
    let failed = |source| Failure::Write { path: output.clone(), source };
    let bytes = write(&partial).map_err(failed)?;
    let told = told(&output, &partial, bytes.len());
    // What was written is read back: one of both at a time is enough to hold.
    drop(partial);
    match Union::of(
        vec![crate::scan::partial::read(&bytes).map_err(|e| failed(io::Error::other(e)))?],
        std::slice::from_ref(&output),
    ) {
        // Other pieces may stand in other partials.
        Ok(_) | Err(UnionError::Missing { .. }) => {}
        Err(e) => return Err(Failure::Partials(vec![e.to_string()])),
    }
    if args.output.as_os_str() == "-" {
        io::stdout().lock().write_all(&bytes).map_err(failed)?;
    } else {
        publish(&args.output, &bytes, args.force)?;
    }
    told.iter().filter(|_| !args.quiet).for_each(|said| super::tell(said));
    Ok(())
}

/// What is said of a partial of so many bytes.
fn told(output: &str, partial: &Partial, bytes: usize) -> Vec<String> {
    let lines = partial.logs.iter().map(|log| log.part.lines(log.exhibit)).sum();
    let pieces = partial.logs.iter().filter(|log| log.piece.is_some());
    let names: BTreeSet<&str> = pieces.clone().map(|log| log.name.as_str()).collect();
    let pieces = pieces.count();
    let logs = partial.logs.len() - pieces + names.len();
    let problems = partial.logs.iter().flat_map(|log| log.part.problems().iter().map(move |what| (&log.name, what)));
    let problems = problems.map(|(name, what)| shown(&format!("{name}: {what}")));
    std::iter::once(carried::scanned(output, logs, pieces, lines, bytes)).chain(problems).collect()
}
