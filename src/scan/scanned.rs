//! The parts of all logs as one: their edges joined, their counts added.

use std::collections::BTreeMap;

use super::reading::within;
use super::{Collector, Elsewhere, LogJob, Part, Tally};
use crate::formats::logs::{Closed, LooseEnds, Repeats, join};
use crate::intake::Exhibit;
use crate::smtp::Lanes;

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
        /// Which; none where a partial tells of it.
        repeats: Repeats,
    },
}

/// The edges of one stream's logs with the first of them.
type Stream<'p> = Vec<(&'p LogJob<'p>, Vec<LooseEnds>)>;

impl Scanned {
    /// Joins the edges of all logs, and adds up what they gave.
    pub(super) fn of(jobs: &[LogJob<'_>], parts: Vec<Part>, lanes: &Lanes) -> Self {
        let mut scanned = Self::default();
        let mut streams: BTreeMap<_, Stream<'_>> = BTreeMap::new();
        for (job, part) in jobs.iter().zip(parts) {
            let exhibit = job.source.exhibit;
            scanned.tally.merge(part.tally);
            scanned.tally.merge(part.joined);
            scanned.digests.insert(exhibit, part.digest);
            scanned.problems.extend(part.problems.into_iter().map(|what| ScanProblem { exhibit, what }));
            scanned.repetitions.extend(part.repetition.map(|repetition| (exhibit, repetition)));
            if !part.elsewhere.is_empty() {
                scanned.elsewhere.insert(exhibit, part.elsewhere);
            }
            streams.entry(job.stream()).or_default().push((job, part.ends));
        }
        for stream in streams.into_values() {
            let edges = join_stream(stream, |exhibit| scanned.elsewhere.get(&exhibit), lanes, false);
            scanned.tally.merge(edges);
        }
        scanned
    }
}

/// Joins the edges of these logs among each other, and forgets what might wait for others.
pub fn join_edges(jobs: &[LogJob<'_>], parts: &mut [Part], lanes: &Lanes) {
    let mut streams: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (n, job) in jobs.iter().enumerate() {
        streams.entry(job.stream()).or_default().push(n);
    }
    for files in streams.into_values() {
        let Some(&first) = files.first() else { continue };
        let stream = files.iter().map(|n| (&jobs[*n], std::mem::take(&mut parts[*n].ends))).collect();
        let of = |exhibit| files.iter().find(|n| jobs[**n].source.exhibit == exhibit).map(|n| &parts[*n].elsewhere);
        let edges = join_stream(stream, of, lanes, false);
        parts[first].joined.merge(edges);
    }
    for part in parts {
        part.forget_lines();
    }
}

/// Replays the edges of one stream's files in order of time.
pub(super) fn join_stream<'e>(
    mut stream: Stream<'_>,
    elsewhere: impl Fn(Exhibit) -> Option<&'e Elsewhere>,
    lanes: &Lanes,
    keeps_messages: bool,
) -> Tally {
    // Of a format whose sessions straddle files, the node alone decides what other files
    // count: it is the same for all files of a stream.
    let none = Elsewhere::default();
    let elsewhere = stream.first().and_then(|(job, _)| elsewhere(job.source.exhibit)).unwrap_or(&none);
    stream.sort_by_key(|(job, _)| (job.begins, job.source.exhibit));
    let Some(&(first, _)) = stream.first() else { return Tally::default() };
    let collector = Collector::new(lanes, first.source.exhibit, first.stated_node.clone(), elsewhere);
    let mut collector = collector.keeping_messages(keeps_messages).of_records(first.shape.format.stands_alone());
    let ends = stream.into_iter().flat_map(|(_, ends)| ends).collect();
    within(&first.asked, &mut collector, |sink| join(first.shape.format, &first.clock, ends, sink));
    // The lines were accounted for where they were read.
    collector.into_tally(&Closed::default())
}
