//! One log, read as a scan reads it, on one thread.

use std::fs::File;
use std::io;
use std::path::Path;

use casefile::formats::Head;
use casefile::formats::logs::{Compare, LOG_FORMATS, LogClock, LogShape, Opening, Sequence, join};
use casefile::intake::{Exhibit, for_each_block, gather, head_of};
use casefile::scan::{Asked, Collector, Elsewhere, LogJob, Tally};
use casefile::smtp::Lanes;
use casefile::time::Zone;

/// How much of a file tells what it is.
const HEAD: usize = 256 * 1024;

/// Recognises a log by its content.
pub(crate) fn recognise(path: &Path) -> Option<LogJob<'static>> {
    let source = gather(&[path.to_owned()]).ok()?.sources.pop()?;
    let (bytes, whole) = head_of(path, HEAD).ok()?;
    let head = Head { bytes: &bytes, whole };
    let (shape, _) = LogShape::recognise(head, LOG_FORMATS.iter().copied())?;
    let survey = shape.survey(head);
    let clock = LogClock::new(Zone::UTC, survey.near);
    Some(LogJob {
        rank: survey.rank(),
        begins: survey.begins(&clock),
        newest_first: survey.is_newest_first(),
        stated_node: None,
        node: String::new(),
        shape,
        source,
        clock,
        asked: Asked::default(),
    })
}

/// Reads a plain log to its end, its sessions joined, and counts it: all of a scan but the
/// digest of the file.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn count(job: &LogJob<'_>) -> io::Result<Tally> {
    let (lanes, none) = (Lanes::default(), Elsewhere::default());
    let exhibit = Exhibit(1);
    let (compare, sequence) = (Compare::No, Sequence::OldestFirst);
    let mut reader = job.shape.reader(Opening { exhibit, clock: job.clock.clone(), compare, sequence });
    let mut collector = Collector::new(&lanes, exhibit, None, &none);
    for_each_block(&mut File::open(&job.source.path)?, |block| {
        reader.read(block, &mut collector);
        true
    })?;
    reader.end_of_file(&mut collector);
    let done = reader.finish();
    join(job.shape.format, &job.clock, vec![done.ends], &mut collector);
    Ok(collector.into_tally(&done.closed))
}
