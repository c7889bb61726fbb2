//! Files in parallel; their edges joined once, after the last.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use super::{Collector, Tally};
use crate::formats::logs::{Done, LogClock, LogShape, LooseEnds, Opening, join};
use crate::intake::{Exhibit, IntakeError, Source, for_each_block, open};
use crate::smtp::Lanes;
use crate::time::Stamp;

/// One log file to scan.
pub struct LogJob<'a> {
    /// The file.
    pub source: Source,
    /// Its format, and what its lines are wrapped in.
    pub shape: LogShape<'a>,
    /// Its clock.
    pub clock: LogClock,
    /// The node that case.yaml names for it.
    pub node: Option<String>,
    /// The stream it belongs to: files of one stream are parts of one log.
    pub stream: String,
    /// Its first stamp: orders the parts of a stream.
    pub begins: Option<Stamp>,
}

/// What a scan reports while it runs, and how it is stopped.
#[derive(Debug, Default)]
pub struct Progress {
    /// Decompressed bytes read so far.
    pub bytes: AtomicU64,
    /// Set to stop early; the result is then incomplete.
    pub stop: AtomicBool,
}

/// Something that went wrong with one file; the scan went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanProblem {
    /// The file.
    pub exhibit: Exhibit,
    /// What happened: a sentence without the file's name.
    pub what: String,
}

/// What a scan gives.
#[derive(Debug, Default)]
pub struct Scanned {
    /// The counts.
    pub tally: Tally,
    /// SHA-256 and raw size of each file, as read.
    pub digests: BTreeMap<Exhibit, (String, u64)>,
    /// What went wrong.
    pub problems: Vec<ScanProblem>,
}

/// What one file gave.
struct Part {
    tally: Tally,
    ends: LooseEnds,
    digest: (String, u64),
    problem: Option<String>,
}

/// Scans logs with so many threads. The result is the same for any number.
///
/// # Errors
/// When a file cannot be opened. A file that breaks off gives what it holds, and a problem.
pub fn scan(jobs: &[LogJob<'_>], lanes: &Lanes, threads: usize, progress: &Progress) -> Result<Scanned, IntakeError> {
    let next = AtomicUsize::new(0);
    let parts: Vec<Mutex<Option<Result<Part, IntakeError>>>> = jobs.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, jobs.len().max(1)) {
            scope.spawn(|| {
                while let Some(at) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < jobs.len()) {
                    let part = read(&jobs[at], lanes, progress);
                    if let Ok(mut slot) = parts[at].lock() {
                        *slot = Some(part);
                    }
                }
            });
        }
    });
    let mut scanned = Scanned::default();
    let mut streams: BTreeMap<&str, Vec<(&LogJob<'_>, LooseEnds)>> = BTreeMap::new();
    for (job, slot) in jobs.iter().zip(parts) {
        let Some(part) = slot.into_inner().ok().flatten() else { continue };
        let part = part?;
        let exhibit = job.source.exhibit;
        scanned.tally.merge(part.tally);
        scanned.digests.insert(exhibit, part.digest);
        scanned.problems.extend(part.problem.map(|what| ScanProblem { exhibit, what }));
        streams.entry(&job.stream).or_default().push((job, part.ends));
    }
    for parts in streams.into_values() {
        scanned.tally.merge(join_stream(parts, lanes));
    }
    Ok(scanned)
}

/// Reads one file to its end, or to where it breaks off.
fn read(job: &LogJob<'_>, lanes: &Lanes, progress: &Progress) -> Result<Part, IntakeError> {
    let mut opened = open(&job.source.path)?;
    let mut reader = job.shape.reader(Opening::again(job.source.exhibit, job.clock.clone()));
    let mut collector = Collector::new(lanes, job.source.exhibit, job.node.clone());
    let result = for_each_block(&mut opened, |block| {
        reader.read(block, &mut collector);
        progress.bytes.fetch_add(block.len() as u64, Ordering::Relaxed);
        !progress.stop.load(Ordering::Relaxed)
    });
    let digest = opened.digest();
    let problem = match result {
        Err(e) => Some(format!("breaks off after line {}: {e}; what came before was used", reader.accounting().read)),
        Ok(()) if grew(job, digest.1) => {
            Some("changed its size while it was read; it was used as far as read".to_owned())
        }
        Ok(()) => None,
    };
    reader.end_of_file(&mut collector);
    let Done { ends, closed } = reader.finish();
    Ok(Part { tally: collector.into_tally(closed.accounting), ends, digest, problem })
}

fn grew(job: &LogJob<'_>, read: u64) -> bool {
    read != job.source.size || std::fs::metadata(&job.source.path).is_ok_and(|m| m.len() != job.source.size)
}

/// Replays the edges of one stream's files in order of time.
fn join_stream(mut parts: Vec<(&LogJob<'_>, LooseEnds)>, lanes: &Lanes) -> Tally {
    parts.sort_by_key(|(job, _)| (job.begins, job.source.exhibit));
    let Some((first, _)) = parts.first() else { return Tally::default() };
    let (format, clock, exhibit, node) =
        (first.shape.format, first.clock.clone(), first.source.exhibit, first.node.clone());
    let mut collector = Collector::new(lanes, exhibit, node);
    join(format, &clock, parts.into_iter().map(|(_, ends)| ends).collect(), &mut collector);
    let mut tally = collector.into_tally(crate::formats::Accounting::default());
    // The lines were accounted for where they were read.
    tally.files.clear();
    tally
}
