//! `casefile events`: delivery attempts as NDJSON, for the user's own tools.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::args::Events;
use super::claims::{Claims, LogJobs, Unplaced};
use super::exit::Failure;
use super::mapping::case_around;
use super::names::Names;
use super::progress::Reading;
use super::threads;
use super::words;
use crate::formats::logs::{Compare, Event, LooseEnds, Pulse, Sink, join};
use crate::intake::Exhibit;
use crate::scan::{Asked, Elsewhere, LogJob, Repetition, Scanned, What, scan};
use crate::smtp::{Lanes, Outcome, Reply, Sublane, meaning_of};
use crate::time::Minute;

/// Prints events in the order of files; those at the edges of files come last. Lines that
/// several files hold, and attempts that accounting files hold, are told once, as the counts of `inspect` and `build` have them.
pub(super) fn events(args: &Events, out: impl Write, stop: &'static AtomicBool) -> Result<(), Failure> {
    let (case, own) = case_around(&args.paths)?;
    let mut claims = Claims::of(&args.paths, Names::BelowFolders, &case, &own)?;
    claims.leave_out_partials();
    let LogJobs { jobs, unplaced, .. } = LogJobs::of(&claims.claimed, &case, &Asked::default());
    for found in &claims.claimed {
        if let Some(Unplaced::NewestFirst(why)) = unplaced.get(&found.source.exhibit) {
            let name = &found.source.name;
            super::tell(&words::shown(&format!("{name}: {}", words::not_turned(name, *why))));
        }
    }
    let Scanned { repetitions, elsewhere, .. } = compared(&jobs, &case.lanes, stop)?;
    let mut printer = Printer {
        lanes: &case.lanes,
        out: BufWriter::new(out),
        files: jobs.iter().map(|j| (j.source.exhibit, (j.source.name.clone(), j.stated_node.clone()))).collect(),
        elsewhere,
        failed: None,
    };
    let mut streams: BTreeMap<_, Vec<(&LogJob<'_>, LooseEnds)>> = BTreeMap::new();
    for job in &jobs {
        let compare = match repetitions.get(&job.source.exhibit) {
            Some(Repetition::Whole { .. }) => continue,
            Some(Repetition::Some { repeats, .. }) => Compare::Skip(repeats.clone()),
            None => Compare::No,
        };
        let ends = read(job, compare, &mut printer)?;
        streams.entry(job.stream()).or_default().push((job, ends));
    }
    for mut parts in streams.into_values() {
        parts.sort_by_key(|(job, _)| (job.begins, job.source.exhibit));
        let Some((job, _)) = parts.first() else { continue };
        let (format, clock) = (job.shape.format, job.clock.clone());
        join(format, &clock, parts.into_iter().map(|(_, ends)| ends).collect(), &mut printer);
    }
    match printer.failed.map_or_else(|| printer.out.flush(), Err) {
        // A closed pipe is the reader's way to say "enough".
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Write { path: "standard output".to_owned(), source: e })
        }
        _ => Ok(()),
    }
}

/// Which lines and attempts the files share; a single file shares none.
fn compared(jobs: &[LogJob<'_>], lanes: &Lanes, stop: &'static AtomicBool) -> Result<Scanned, Failure> {
    if jobs.len() < 2 {
        return Ok(Scanned::default());
    }
    let threads = threads::count(None);
    let reading = Reading::begin(true, stop);
    Ok(scan(jobs, lanes, threads, reading.progress())?)
}

/// Tells one file's events; what its edges leave open is told at the end.
fn read(job: &LogJob<'_>, compare: Compare, printer: &mut Printer<'_, impl Write>) -> Result<LooseEnds, Failure> {
    let (mut way, mut reader) = job.open(compare, |_| true)?;
    let read = way.for_each_block(false, |block| {
        reader.read(block, printer);
        printer.failed.is_none()
    });
    if let Err(e) = read {
        // What came before was told, as it is counted.
        let lines = reader.accounting().read;
        super::tell(&super::words::shown(&format!(
            "casefile: {} breaks off {}: {e}",
            job.source.name,
            way.place(lines)
        )));
    }
    reader.end_of_file(printer);
    Ok(reader.finish().ends)
}

struct Printer<'a, W: Write> {
    lanes: &'a Lanes,
    out: BufWriter<W>,
    /// Name and stated node of each file.
    files: BTreeMap<Exhibit, (String, Option<String>)>,
    /// What other files tell of each.
    elsewhere: BTreeMap<Exhibit, Elsewhere>,
    failed: Option<std::io::Error>,
}

impl<W: Write> Sink for Printer<'_, W> {
    fn event(&mut self, event: &Event<'_>) {
        let elsewhere = self.elsewhere.get(&event.exhibit);
        let is_told_elsewhere = elsewhere.is_some_and(|e| e.counts(event));
        if event.weight == 0 || is_told_elsewhere || self.failed.is_some() {
            return;
        }
        let text = |b: &[u8]| if b.is_empty() { None } else { Some(String::from_utf8_lossy(b).into_owned()) };
        let answered = matches!(event.outcome, Outcome::Delivered | Outcome::Deferral | Outcome::Rejection);
        let reply = (answered && !event.reply.is_empty()).then(|| Reply::parse(&String::from_utf8_lossy(event.reply)));
        let meaning = reply.as_ref().filter(|_| event.outcome != Outcome::Delivered).map(meaning_of);
        let lane = self.lanes.classify(event.mx_host, event.rcpt_domain, event.reply);
        let failed = What::of(event, lane, reply.as_ref().zip(meaning)).is_failure();
        let (source, node) = match self.files.get(&event.exhibit) {
            Some((name, node)) => (name.as_str(), node.clone()),
            None => ("", None),
        };
        let line = json!({
            "time": event.at, "source": source, "line": event.line, "node": node.or_else(|| text(event.node)),
            "outcome": event.outcome, "by": event.by, "stage": event.stage,
            "code": reply.as_ref().and_then(|r| r.code), "enhanced": reply.as_ref().and_then(|r| r.enhanced.clone()),
            "reply": text(event.reply), "reply_class": meaning.map(|m| m.category), "scope": meaning.map(|m| m.scope),
            "token": reply.as_ref().and_then(|r| r.token.as_ref().map(|t| t.0.clone())),
            "lane": self.lanes.name(lane), "sublane": match Sublane::of(lane, event.rcpt_domain) { Sublane::None => None, s => Some(s) },
            "mx_host": text(event.mx_host), "mx_ip": text(event.mx_ip), "source_ip": text(event.source_ip), "tag": text(event.tag),
            "session": text(event.session), "queue_id": text(event.queue_id), "recipient_domain": text(event.rcpt_domain),
            "tls": event.tls, "weight": event.weight, "failed": failed,
        });
        if let Err(e) = writeln!(self.out, "{line}") {
            self.failed = Some(e);
        }
    }

    fn heard(&mut self, _: Minute, _: Pulse) {}

    fn unrecognised(&mut self, _: u64, _: &[u8]) {}
}
