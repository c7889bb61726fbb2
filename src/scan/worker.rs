//! Which files are read, and in which turn; what several of them tell of is told once.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64};

use super::elsewhere::{Counting, Held};
use super::overlap::{Plan, Shared, View, plan};
use super::pieces::PIECE;
use super::scanned::join_stream;
use super::turns::Formats;
use super::{Elsewhere, LogJob, Part, Repetition, ScanError, Scanned};
use crate::formats::logs::{Compare, Prints, Pulse, Repeats, Wanted};
use crate::intake::Exhibit;
use crate::smtp::Lanes;
use crate::time::{Minute, Stamp};

/// What a scan reports while it runs, and how it is stopped.
#[derive(Debug, Default)]
pub struct Progress {
    /// Decompressed bytes read so far.
    pub bytes: AtomicU64,
    /// Set to stop early; the result is then incomplete.
    pub stop: AtomicBool,
}

/// A log that was read elsewhere, and is known by what that gave.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// What it gave.
    pub part: Part,
    /// The scan that read it: the logs of one were compared there. Nothing where several did.
    pub batch: Option<String>,
}

/// Scans logs with so many threads. The result is the same for any number.
///
/// # Errors
/// When a file cannot be opened. A file that breaks off gives what it holds, and a problem.
pub fn scan(jobs: &[LogJob<'_>], lanes: &Lanes, threads: usize, progress: &Progress) -> Result<Scanned, ScanError> {
    scan_with(jobs, BTreeMap::new(), lanes, threads, progress)
}

/// The same, where some of the logs were read elsewhere.
///
/// # Errors
/// As [`scan`]; and when what was read elsewhere would have to be read again.
pub fn scan_with(
    jobs: &[LogJob<'_>],
    given: BTreeMap<Exhibit, Given>,
    lanes: &Lanes,
    threads: usize,
    progress: &Progress,
) -> Result<Scanned, ScanError> {
    let parts = Work::new(jobs, given, lanes, threads, progress).all()?;
    Ok(Scanned::of(jobs, parts, lanes))
}

/// Reads logs for a partial: a part for each, in their order, that others may be added to.
///
/// # Errors
/// As [`scan`].
pub fn read_parts(
    jobs: &[LogJob<'_>],
    lanes: &Lanes,
    threads: usize,
    progress: &Progress,
) -> Result<Vec<Part>, ScanError> {
    let work = Work::new(jobs, BTreeMap::new(), lanes, threads, progress);
    Work { for_others: true, ..work }.all()
}

/// The files of a scan, and with what they are read.
pub(super) struct Work<'a> {
    pub(super) jobs: &'a [LogJob<'a>],
    pub(super) formats: Formats<'a>,
    pub(super) lanes: &'a Lanes,
    pub(super) threads: usize,
    pub(super) progress: &'a Progress,
    /// Larger logs are read in pieces of about so many bytes.
    pub(super) piece: u64,
    /// For each file, what others count of its attempts.
    pub(super) elsewhere: Vec<Elsewhere>,
    /// Whether the result is a partial, which files of other scans may stand beside.
    pub(super) for_others: bool,
    /// What was read elsewhere; taken once.
    pub(super) given: Vec<Option<Mutex<Option<Part>>>>,
    batches: Vec<Option<String>>,
}

/// One slot a file; nothing for files that were not asked for.
pub(super) type Parts = Vec<Option<Part>>;

impl<'a> Work<'a> {
    pub(super) fn new(
        jobs: &'a [LogJob<'a>],
        mut given: BTreeMap<Exhibit, Given>,
        lanes: &'a Lanes,
        threads: usize,
        progress: &'a Progress,
    ) -> Self {
        let of_each = jobs.iter().map(|job| match given.remove(&job.source.exhibit) {
            Some(Given { part, batch }) => (Some(Mutex::new(Some(part))), batch),
            None => (None, None),
        });
        let (given, batches) = of_each.unzip();
        let formats = Formats::of(jobs.iter().map(|job| job.shape.format));
        let elsewhere = vec![Elsewhere::default(); jobs.len()];
        Self { jobs, formats, lanes, threads, progress, piece: PIECE, elsewhere, for_others: false, given, batches }
    }

    /// What all files give, each line and attempt told once.
    pub(super) fn all(mut self) -> Result<Vec<Part>, ScanError> {
        let mut parts = self.read_all()?;
        self.leave_out_repeats(&mut parts)?;
        let mut found: Vec<Part> = parts.into_iter().map(Option::unwrap_or_default).collect();
        for (part, elsewhere) in found.iter_mut().zip(self.elsewhere) {
            // What was read elsewhere knows more of the files that it was read with.
            part.elsewhere.apart.extend(elsewhere.apart.iter().copied());
            if part.elsewhere.by.is_empty() && !elsewhere.by.is_empty() {
                part.elsewhere = elsewhere;
            }
        }
        Ok(found)
    }

    /// Reads all files: first those that count, then those which leave counting to them.
    fn read_all(&mut self) -> Result<Parts, ScanError> {
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
                self.refuse_recount(*n)?;
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

    /// Refuses a log that was read elsewhere, and whose attempts another file counts.
    fn refuse_recount(&self, n: usize) -> Result<(), ScanError> {
        let by = |n: usize| self.elsewhere[n].by.keys().next().copied();
        match by(n).filter(|_| self.given[n].is_some()) {
            Some(by) => {
                let other = self.jobs.iter().position(|job| job.source.exhibit == by);
                Err(ScanError::SameAttempts {
                    one: self.named(n),
                    other: other.map_or(String::new(), |o| self.named(o)),
                })
            }
            None => Ok(()),
        }
    }

    /// A file, and the partial that tells of it.
    fn named(&self, n: usize) -> String {
        let source = &self.jobs[n].source;
        if self.given[n].is_some() {
            format!("{} (in {})", source.name, source.path.display())
        } else {
            source.name.clone()
        }
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
            let ends = |n: &usize| Some((&self.jobs[*n], parts[*n].as_ref()?.ends.clone()));
            let edges = join_stream(files.iter().filter_map(ends).collect(), |_| None, self.lanes, true);
            for n in files {
                let exhibit = self.jobs[n].source.exhibit;
                held[n] = parts[n].as_ref().map(|part| Held::of(exhibit, [&part.tally, &edges]));
            }
        }
    }

    /// The files that were read and may count what one tells of; but for those of the scan that
    /// read it elsewhere, where that was settled.
    fn counting<'p>(&'p self, n: usize, held: &'p [Option<Held>]) -> impl Iterator<Item = Counting<'p>> {
        let job = &self.jobs[n];
        let is_settled = move |other: usize| self.batches[n].is_some() && self.batches[n] == self.batches[other];
        let others = self.jobs.iter().enumerate().zip(held);
        let others = others.filter(move |((at, other), _)| job.may_be_counted_by(other) && !is_settled(*at));
        others.filter_map(|((_, other), held)| {
            let (exhibit, same_node) = (other.source.exhibit, job.same_node(other));
            Some(Counting { exhibit, held: held.as_ref()?, same_node })
        })
    }

    /// Finds lines that several files hold, and replaces the parts of those that repeat.
    fn leave_out_repeats(&self, parts: &mut Parts) -> Result<(), ScanError> {
        let plans = plan(&self.views(parts));
        let exhibit = |n: usize| self.jobs[n].source.exhibit;
        for (n, plan) in plans.iter().enumerate() {
            if let (Plan::Leave { of, later_by }, Some(part)) = (plan, &mut parts[n]) {
                part.leave_out(exhibit(n));
                part.repetition = Some(Repetition::Whole { of: exhibit(*of), later_by: *later_by });
            }
        }
        let shared = |plan: &Plan| match plan {
            Plan::Skip(shared) => shared.clone(),
            Plan::Read | Plan::Leave { .. } => Vec::new(),
        };
        let mut wanted: BTreeMap<usize, Wanted> = BTreeMap::new();
        for (n, plan) in plans.iter().enumerate() {
            for shared in shared(plan) {
                self.refuse_repeats(n, &shared)?;
                if !shared.partly.is_empty() {
                    wanted.entry(shared.of).or_default().minutes.extend(shared.partly);
                }
            }
        }
        let asked: Vec<_> = wanted.into_iter().map(|(n, wanted)| (n, Compare::Collect(wanted))).collect();
        let held: Vec<_> = self.read(&asked)?.into_iter().map(|part| part.map(|p| p.found)).collect();
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
            let lines = part.tally.files.get(&exhibit(n)).map_or(0, |file| file.repeated);
            // Equal texts of one second by chance: the file is as it was read first.
            if lines == 0 {
                continue;
            }
            // The file was read before as well: what went wrong is told once.
            part.problems = parts[n].take().map(|p| p.problems).unwrap_or_default();
            let of = shared.iter().map(|s| exhibit(s.of)).collect();
            part.repetition = Some(Repetition::Some { of, lines, repeats });
            parts[n] = Some(part);
        }
        Ok(())
    }

    /// Refuses to count lines twice where one of two files cannot be read again.
    fn refuse_repeats(&self, n: usize, shared: &Shared) -> Result<(), ScanError> {
        let is_given = |n: usize| self.given[n].is_some();
        if is_given(n) || is_given(shared.of) && !shared.partly.is_empty() {
            return Err(ScanError::SameLines { one: self.named(n), other: self.named(shared.of) });
        }
        Ok(())
    }

    fn views<'v>(&'v self, parts: &'v Parts) -> Vec<View<'v>> {
        static NOTHING: (BTreeMap<Minute, Pulse>, Prints) = (BTreeMap::new(), Prints::new());
        let view = |((job, part), batch): ((&'v LogJob<'_>, &'v Option<Part>), &'v Option<String>)| {
            let heard = part.as_ref().and_then(|p| p.tally.files.get(&job.source.exhibit)).map(|f| &f.heard);
            View {
                format: job.shape.format.name(),
                rank: job.rank,
                begins: job.begins,
                heard: heard.unwrap_or(&NOTHING.0),
                prints: part.as_ref().map_or(&NOTHING.1, |p| &p.prints),
                batch: batch.as_deref(),
            }
        };
        self.jobs.iter().zip(parts).zip(&self.batches).map(view).collect()
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
