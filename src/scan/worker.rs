//! Files in parallel; their edges joined once, after the last.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use super::elsewhere::{Counting, Held};
use super::overlap::{Plan, Shared, View, plan};
use super::turns::Formats;
use super::{Collector, Elsewhere, Tally};
use crate::formats::logs::{
    Closed, Compare, Done, LogClock, LogReader, LogShape, LooseEnds, Opening, Prints, Pulse, Repeats, Sequence, Wanted,
    join,
};
use crate::intake::{Broken, Exhibit, IntakeError, Source, Way};
use crate::smtp::Lanes;
use crate::time::{Minute, Stamp};

/// One log file to scan.
pub struct LogJob<'a> {
    /// The file.
    pub source: Source,
    /// Its format, and what its lines are wrapped in.
    pub shape: LogShape<'a>,
    /// Its clock.
    pub clock: LogClock,
    /// The node that case.yaml names for it.
    pub stated_node: Option<String>,
    /// Its node as case.yaml or its own lines name it; empty when neither does. Files of one
    /// format and node are parts of one log.
    pub node: String,
    /// How much its stamps tell; of two files with the same lines the higher is read.
    pub rank: u8,
    /// Its earliest stamp: orders the parts of a stream.
    pub begins: Option<Stamp>,
    /// Whether its lines stand newest first.
    pub newest_first: bool,
}

/// Reads the lines of one file.
type Reader = Box<dyn LogReader + Send>;

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
    /// Files that tell of attempts which other files count.
    pub elsewhere: BTreeMap<Exhibit, Elsewhere>,
    /// Files that hold lines of other files.
    pub repetitions: BTreeMap<Exhibit, Repetition>,
    /// What went wrong.
    pub problems: Vec<ScanProblem>,
}

/// A file that holds lines of others.
#[derive(Clone, Debug)]
pub enum Repetition {
    /// All of them: it was left out.
    Whole {
        /// The file that was read.
        of: Exhibit,
        /// By how many minutes its times are later than that file's.
        later_by: i32,
    },
    /// Some of them: they were counted once.
    Some {
        /// The files that were read before it.
        of: Vec<Exhibit>,
        /// How many lines.
        lines: u64,
        /// Which.
        repeats: Repeats,
    },
}

/// What one file gave.
struct Part {
    tally: Tally,
    done: Done,
    digest: (String, u64),
    problem: Option<String>,
}

/// Scans logs with so many threads. The result is the same for any number.
///
/// # Errors
/// When a file cannot be opened. A file that breaks off gives what it holds, and a problem.
pub fn scan(jobs: &[LogJob<'_>], lanes: &Lanes, threads: usize, progress: &Progress) -> Result<Scanned, IntakeError> {
    let formats = Formats::of(jobs.iter().map(|job| job.shape.format));
    let elsewhere = vec![Elsewhere::default(); jobs.len()];
    let mut work = Work { jobs, formats, lanes, threads, progress, elsewhere };
    let mut parts = work.read_all()?;
    let repetitions = work.leave_out_repeats(&mut parts)?;
    let elsewhere = jobs.iter().zip(&work.elsewhere).filter(|(_, e)| !e.is_empty());
    let elsewhere = elsewhere.map(|(job, e)| (job.source.exhibit, e.clone())).collect();
    let mut scanned = Scanned { elsewhere, repetitions, ..Scanned::default() };
    let mut streams: BTreeMap<_, Vec<(&LogJob<'_>, LooseEnds)>> = BTreeMap::new();
    for (job, part) in jobs.iter().zip(parts) {
        let Some(part) = part else { continue };
        let exhibit = job.source.exhibit;
        scanned.tally.merge(part.tally);
        scanned.digests.insert(exhibit, part.digest);
        scanned.problems.extend(part.problem.map(|what| ScanProblem { exhibit, what }));
        streams.entry(job.stream()).or_default().push((job, part.done.ends));
    }
    let none = Elsewhere::default();
    for parts in streams.into_values() {
        // Of a format whose sessions straddle files, the node alone decides what other files
        // count: it is the same for all files of a stream.
        let of_first = |(job, _): &(&LogJob<'_>, _)| scanned.elsewhere.get(&job.source.exhibit);
        let elsewhere = parts.first().and_then(of_first).unwrap_or(&none);
        let edges = join_stream(parts, elsewhere, lanes, false);
        scanned.tally.merge(edges);
    }
    Ok(scanned)
}

/// The files of a scan, and with what they are read.
struct Work<'a> {
    jobs: &'a [LogJob<'a>],
    formats: Formats<'a>,
    lanes: &'a Lanes,
    threads: usize,
    progress: &'a Progress,
    /// For each file, what others count of its attempts.
    elsewhere: Vec<Elsewhere>,
}

/// One slot a file; nothing for files that were not asked for.
type Parts = Vec<Option<Part>>;

impl LogJob<'_> {
    /// Files of one stream are parts of one log.
    #[must_use]
    pub fn stream(&self) -> (&str, &str) {
        (self.shape.format.name(), &self.node)
    }

    /// Whether it is read from its last line: its lines stand newest first, and what they mean
    /// depends on those before.
    #[must_use]
    pub fn is_turned(&self) -> bool {
        self.newest_first && !self.shape.format.stands_alone()
    }

    /// Opens its file for its reader. `go_on` is as in [`Way::open`].
    ///
    /// # Errors
    /// When the file cannot be opened, or not be counted.
    pub fn open(&self, compare: Compare, go_on: impl FnMut(usize) -> bool) -> Result<(Way, Reader), IntakeError> {
        let way = Way::open(&self.source.path, self.is_turned(), go_on)?;
        let sequence = match &way {
            Way::Backwards(turned) => Sequence::FromTheEnd { lines: turned.lines() },
            Way::Forwards(_) if self.newest_first => Sequence::NewestFirst,
            Way::Forwards(_) => Sequence::OldestFirst,
        };
        let opening = Opening { exhibit: self.source.exhibit, clock: self.clock.clone(), compare, sequence };
        Ok((way, self.shape.reader(opening)))
    }

    /// Whether files of another's format count what this one tells of, where both are of one machine.
    fn may_be_counted_by(&self, other: &Self) -> bool {
        self.shape.format.counted_by().contains(&other.shape.format.name())
    }

    /// Whether the nodes are the same; nothing where one is not named, which may be any.
    fn same_node(&self, other: &Self) -> Option<bool> {
        (!self.node.is_empty() && !other.node.is_empty()).then(|| self.node == other.node)
    }
}

impl Work<'_> {
    /// Reads all files: first those that count, then those which leave counting to them.
    fn read_all(&mut self) -> Result<Parts, IntakeError> {
        let mut waves: BTreeMap<usize, Vec<(usize, Compare)>> = BTreeMap::new();
        for (n, job) in self.jobs.iter().enumerate() {
            let turn = self.formats.turn_of(job.shape.format.name());
            waves.entry(turn).or_default().push((n, Compare::No));
        }
        let mut parts: Parts = self.jobs.iter().map(|_| None).collect();
        let mut held: Vec<Option<Held>> = self.jobs.iter().map(|_| None).collect();
        for mut tasks in waves.into_values() {
            // Whose node does not settle it is read for its messages first.
            let asks = |(n, _): &&(usize, Compare)| self.counting(*n, &held).any(|other| other.is_asked());
            let asked: Vec<_> = tasks.iter().filter(asks).cloned().collect();
            let mut alone = self.read(&asked)?;
            for (n, _) in &tasks {
                let exhibit = self.jobs[*n].source.exhibit;
                let file = alone[*n].as_ref().and_then(|part| part.tally.files.get(&exhibit));
                self.elsewhere[*n] = Elsewhere::of(file.map(|file| &file.messages), self.counting(*n, &held));
            }
            // What nobody else counts was read as it stands.
            tasks.retain(|(n, _)| alone[*n].is_none() || !self.elsewhere[*n].by.is_empty());
            for (n, _) in &tasks {
                alone[*n] = None;
            }
            for ((part, alone), read) in parts.iter_mut().zip(alone).zip(self.read(&tasks)?) {
                *part = part.take().or(alone).or(read);
            }
            self.hold(&mut held, &parts);
        }
        Ok(parts)
    }

    /// What the files hold that were read last and count for others: in their own lines, and
    /// in sessions at their edges.
    fn hold(&self, held: &mut [Option<Held>], parts: &Parts) {
        let counts_for_others = |job: &LogJob<'_>| self.jobs.iter().any(|other| other.may_be_counted_by(job));
        let mut streams: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (n, job) in self.jobs.iter().enumerate() {
            if held[n].is_none() && parts[n].is_some() && counts_for_others(job) {
                streams.entry(job.stream()).or_default().push(n);
            }
        }
        for files in streams.into_values() {
            let ends = |n: &usize| Some((&self.jobs[*n], parts[*n].as_ref()?.done.ends.clone()));
            let edges = join_stream(files.iter().filter_map(ends).collect(), &Elsewhere::default(), self.lanes, true);
            for n in files {
                let exhibit = self.jobs[n].source.exhibit;
                held[n] = parts[n].as_ref().map(|part| Held::of(exhibit, [&part.tally, &edges]));
            }
        }
    }

    /// The files that were read and may count what one tells of.
    fn counting<'p>(&'p self, n: usize, held: &'p [Option<Held>]) -> impl Iterator<Item = Counting<'p>> {
        let job = &self.jobs[n];
        let others = self.jobs.iter().zip(held).filter(|(other, _)| job.may_be_counted_by(other));
        others.filter_map(|(other, held)| {
            let (exhibit, same_node) = (other.source.exhibit, job.same_node(other));
            Some(Counting { exhibit, held: held.as_ref()?, same_node })
        })
    }

    /// Reads some of the files, in parallel.
    fn read(&self, tasks: &[(usize, Compare)]) -> Result<Parts, IntakeError> {
        let next = AtomicUsize::new(0);
        let slots: Vec<Mutex<Option<Result<Part, IntakeError>>>> = self.jobs.iter().map(|_| Mutex::new(None)).collect();
        std::thread::scope(|scope| {
            for _ in 0..self.threads.clamp(1, tasks.len().max(1)) {
                scope.spawn(|| {
                    while let Some((at, compare)) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let part = self.read_one(*at, compare.clone());
                        if let Ok(mut slot) = slots[*at].lock() {
                            *slot = Some(part);
                        }
                    }
                });
            }
        });
        slots.into_iter().map(|slot| slot.into_inner().ok().flatten().transpose()).collect()
    }

    /// Reads one file to its end, or to where it breaks off.
    fn read_one(&self, at: usize, compare: Compare) -> Result<Part, IntakeError> {
        let job = &self.jobs[at];
        let exhibit = job.source.exhibit;
        let go_on = |bytes: usize| {
            self.progress.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
            !self.progress.stop.load(Ordering::Relaxed)
        };
        let (mut way, mut reader) = job.open(compare, go_on)?;
        let mut collector = Collector::new(self.lanes, exhibit, job.stated_node.clone(), &self.elsewhere[at])
            .keeping_messages(self.formats.tell_the_same(job.shape.format.name()));
        let result = way.for_each_block(|block| {
            reader.read(block, &mut collector);
            go_on(block.len())
        });
        let digest = way.digest();
        let problem = match result {
            Err(e) => Some(broke_off(&e, reader.accounting().read, &way)),
            Ok(()) if grew(job, digest.1) => {
                Some("changed its size while it was read; it was used as far as read".to_owned())
            }
            Ok(()) => None,
        };
        reader.end_of_file(&mut collector);
        let done = reader.finish();
        Ok(Part { tally: collector.into_tally(&done.closed), done, digest, problem })
    }

    /// Finds lines that several files hold, and replaces the parts of those that repeat.
    fn leave_out_repeats(&self, parts: &mut Parts) -> Result<BTreeMap<Exhibit, Repetition>, IntakeError> {
        let plans = plan(&self.views(parts));
        let exhibit = |n: usize| self.jobs[n].source.exhibit;
        let mut found = BTreeMap::new();
        for (n, plan) in plans.iter().enumerate() {
            if let (Plan::Leave { of, later_by }, Some(part)) = (plan, &mut parts[n]) {
                part.leave_out(exhibit(n));
                found.insert(exhibit(n), Repetition::Whole { of: exhibit(*of), later_by: *later_by });
            }
        }
        let shared = |plan: &Plan| match plan {
            Plan::Skip(shared) => shared.clone(),
            Plan::Read | Plan::Leave { .. } => Vec::new(),
        };
        let mut wanted: BTreeMap<usize, Wanted> = BTreeMap::new();
        for shared in plans.iter().flat_map(shared).filter(|s| !s.partly.is_empty()) {
            wanted.entry(shared.of).or_default().minutes.extend(shared.partly);
        }
        let asked: Vec<_> = wanted.into_iter().map(|(n, wanted)| (n, Compare::Collect(wanted))).collect();
        let held: Vec<_> = self.read(&asked)?.into_iter().map(|part| part.map(|p| p.done.closed.found)).collect();
        let mut again = Vec::new();
        for (n, plan) in plans.iter().enumerate() {
            let shared = shared(plan);
            if !shared.is_empty() {
                again.push((n, repeats_of(&shared, &held), shared));
            }
        }
        let tasks: Vec<_> = again.iter().map(|(n, repeats, _)| (*n, Compare::Skip(repeats.clone()))).collect();
        let mut read = self.read(&tasks)?;
        for (n, repeats, shared) in again {
            let Some(mut part) = read[n].take() else { continue };
            let lines = part.done.closed.repeated;
            // Equal texts of one second by chance: the file is as it was read first.
            if lines == 0 {
                continue;
            }
            // The file was read before as well: what went wrong is told once.
            part.problem = parts[n].take().and_then(|p| p.problem);
            parts[n] = Some(part);
            let of = shared.iter().map(|s| exhibit(s.of)).collect();
            found.insert(exhibit(n), Repetition::Some { of, lines, repeats });
        }
        Ok(found)
    }

    fn views<'a>(&'a self, parts: &'a Parts) -> Vec<View<'a>> {
        static NOTHING: (BTreeMap<Minute, Pulse>, Prints) = (BTreeMap::new(), Prints::new());
        let view = |(job, part): (&'a LogJob<'_>, &'a Option<Part>)| {
            let heard = part.as_ref().and_then(|p| p.tally.files.get(&job.source.exhibit)).map(|f| &f.heard);
            View {
                format: job.shape.format.name(),
                rank: job.rank,
                begins: job.begins,
                heard: heard.unwrap_or(&NOTHING.0),
                prints: part.as_ref().map_or(&NOTHING.1, |p| &p.done.closed.prints),
            }
        };
        self.jobs.iter().zip(parts).map(view).collect()
    }
}

/// What a file must leave out, by what the files before it hold: of each line as often as
/// the one of them that holds it most often.
fn repeats_of(shared: &[Shared], held: &[Option<Wanted>]) -> Repeats {
    let mut repeats = Repeats::default();
    for shared in shared {
        repeats.minutes.extend(&shared.equal);
        let lines = held.get(shared.of).into_iter().flatten().flat_map(|wanted| &wanted.found);
        let partly = |second: i64| shared.partly.contains(&Stamp::from_seconds(second).minute());
        for ((second, print), n) in lines.filter(|((second, _), _)| partly(*second)) {
            let most = repeats.lines.entry((*second, *print)).or_default();
            *most = (*most).max(*n);
        }
    }
    repeats
}

impl Part {
    /// Keeps the accounting alone: all lines were told by another file.
    fn leave_out(&mut self, exhibit: Exhibit) {
        let file = self.tally.files.remove(&exhibit).unwrap_or_default();
        self.tally = Tally::default();
        self.tally.files.insert(exhibit, file.left_out());
        self.done.ends = LooseEnds::default();
    }
}

/// Why a file gave no more, and how far it was used.
fn broke_off(error: &std::io::Error, lines: u64, way: &Way) -> String {
    match Broken::of(error) {
        Some(Broken::Cut) => format!(
            "the archive breaks off after line {lines}, as one does that is still being written; what came before was used"
        ),
        Some(broken) => format!("{broken}, after line {lines}; what came before was used"),
        None => format!("breaks off {}: {error}; what was read until then was used", way.place(lines)),
    }
}

fn grew(job: &LogJob<'_>, read: u64) -> bool {
    read != job.source.size || std::fs::metadata(&job.source.path).is_ok_and(|m| m.len() != job.source.size)
}

/// Replays the edges of one stream's files in order of time.
fn join_stream(
    mut parts: Vec<(&LogJob<'_>, LooseEnds)>,
    elsewhere: &Elsewhere,
    lanes: &Lanes,
    keeps_messages: bool,
) -> Tally {
    parts.sort_by_key(|(job, _)| (job.begins, job.source.exhibit));
    let Some(&(first, _)) = parts.first() else { return Tally::default() };
    let collector = Collector::new(lanes, first.source.exhibit, first.stated_node.clone(), elsewhere);
    let mut collector = collector.keeping_messages(keeps_messages);
    let ends = parts.into_iter().map(|(_, ends)| ends).collect();
    join(first.shape.format, &first.clock, ends, &mut collector);
    // The lines were accounted for where they were read.
    collector.into_tally(&Closed::default())
}
