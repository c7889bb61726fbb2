//! Files in parallel, and the pieces of large ones.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::asked::Within;
use super::pieces::InPieces;
use super::skim::Skim;
use super::turns::Formats;
use super::worker::{Parts, Work};
use super::{Asked, Collector, LogJob, Part, ScanError};
use crate::formats::logs::{Compare, Sink};
use crate::intake::{Broken, Way};

/// A file that is to be read.
struct Task<'w> {
    at: usize,
    compare: &'w Compare,
    /// Where it is read by several threads.
    in_pieces: Option<InPieces<'w>>,
    /// What it gave.
    slot: Mutex<Option<Result<Part, ScanError>>>,
}

impl Task<'_> {
    fn count(&self) -> usize {
        self.in_pieces.as_ref().map_or(1, InPieces::count)
    }
}

impl Work<'_> {
    /// Reads some of the files.
    pub(super) fn read(&self, tasks: &[(usize, Compare)]) -> Result<Parts, ScanError> {
        let tasks: Vec<_> = tasks.iter().map(|(at, compare)| self.task(*at, compare)).collect();
        let turns: Vec<_> = tasks.iter().flat_map(|task| (0..task.count()).map(move |n| (task, n))).collect();
        let next = AtomicUsize::new(0);
        let read = || {
            while let Some((task, n)) = turns.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.turn(task, *n, turns.len() < self.threads);
            }
        };
        std::thread::scope(|scope| {
            // This thread reads too: what it frees serves what comes after the scan, and what another frees may not.
            for _ in 1..self.threads.min(turns.len()) {
                scope.spawn(read);
            }
            read();
        });
        drop(turns);
        let mut parts: Parts = self.jobs.iter().map(|_| None).collect();
        for task in tasks {
            let at = task.at;
            parts[at] = Some(self.done(task)?);
        }
        Ok(parts)
    }

    fn task<'w>(&'w self, at: usize, compare: &'w Compare) -> Task<'w> {
        let may_cut = self.given[at].is_none() && matches!(compare, Compare::No);
        let in_pieces =
            may_cut.then(|| InPieces::of(&self.jobs[at], self.piece, self.threads, self.collector(at))).flatten();
        Task { at, compare, in_pieces, slot: Mutex::new(None) }
    }

    /// What one thread does next: a file, or a piece of one.
    fn turn<'w>(&'w self, task: &Task<'w>, n: usize, free: bool) {
        if let Some(in_pieces) = &task.in_pieces {
            return in_pieces.read(n, &|| self.collector(task.at), &|bytes| self.go_on(bytes));
        }
        let part = match &self.given[task.at] {
            Some(given) => Ok(given.lock().ok().and_then(|mut part| part.take()).unwrap_or_default()),
            None => self.read_whole(task.at, task.compare.clone(), free),
        };
        if let Ok(mut slot) = task.slot.lock() {
            *slot = Some(part);
        }
    }

    fn done(&self, task: Task<'_>) -> Result<Part, ScanError> {
        let Some(in_pieces) = task.in_pieces else {
            return task.slot.into_inner().ok().flatten().unwrap_or_else(|| Ok(Part::default()));
        };
        match in_pieces.finish() {
            Some(mut part) => {
                part.problems.extend(grew(&self.jobs[task.at], part.digest.1));
                Ok(part)
            }
            // What keeps it from being read is told as it is of any file.
            None => self.read_whole(task.at, Compare::No, self.threads > 1),
        }
    }

    /// Reads one file to its end, or to where it breaks off. Whether a thread is free for it says `free`.
    fn read_whole(&self, at: usize, compare: Compare, free: bool) -> Result<Part, ScanError> {
        let job = &self.jobs[at];
        let exhibit = job.source.exhibit;
        let go_on = |bytes: usize| self.go_on(bytes);
        let (mut way, mut reader) = job.open(compare, go_on)?;
        let mut collector = self.collector(at);
        let mut skim = Skim::of(job);
        let result = within(&job.asked, &mut collector, |sink| {
            way.for_each_block(free, |block| {
                match &mut skim {
                    Some(skim) => skim.take(block, &mut *reader, sink),
                    None => reader.read(block, sink),
                }
                go_on(block.len())
            })
        });
        let digest = way.digest();
        let problem = match result {
            Err(e) => Some(broke_off(&e, reader.accounting().read, &way)),
            Ok(()) => grew(job, digest.1),
        };
        let span = within(&job.asked, &mut collector, |sink| {
            let span = skim.and_then(|skim| skim.end(&mut *reader, sink));
            reader.end_of_file(sink);
            span
        });
        let done = reader.finish();
        let mut tally = collector.into_tally(&done.closed);
        tally.of_another_time(exhibit, span);
        Ok(Part::new(tally, done, digest, problem))
    }

    fn collector(&self, at: usize) -> Collector<'_> {
        let job = &self.jobs[at];
        Collector::new(self.lanes, job.source.exhibit, job.stated_node.clone(), &self.elsewhere[at])
            .keeping_messages(self.keeps_messages(job))
            .of_records(job.shape.format.stands_alone())
    }

    fn go_on(&self, bytes: usize) -> bool {
        self.progress.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        !self.progress.stop.load(Ordering::Relaxed)
    }

    fn keeps_messages(&self, job: &LogJob<'_>) -> bool {
        self.formats.tell_the_same(job.shape.format.name())
            || self.for_others && Formats::may_be_told_elsewhere(job.shape.format)
    }
}

/// Hands a sink to some work: that which leaves out what is not asked for, where all is not.
pub(super) fn within<R>(asked: &Asked, sink: &mut dyn Sink, work: impl FnOnce(&mut dyn Sink) -> R) -> R {
    if asked.is_all() { work(sink) } else { work(&mut Within { asked, sink }) }
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

/// What is said of a file that was still being written.
fn grew(job: &LogJob<'_>, read: u64) -> Option<String> {
    let is_other = |size: u64| size != job.source.size;
    let grew = is_other(read) || std::fs::metadata(&job.source.path).is_ok_and(|m| is_other(m.len()));
    grew.then(|| "changed its size while it was read; it was used as far as read".to_owned())
}
