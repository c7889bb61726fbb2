//! Warnings of metrics that stand on another clock than the logs, with the line that mends it.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::Evidence;
use crate::findings::{apart, confidence};
use crate::formats::Kind;
use crate::formats::logs::ZoneBasis;
use crate::time::{Minute, Zone};
use crate::timeline::{Alignment, Common, Sides, SourceZones, Verdict, zone_kept};

/// In which zones the sources' times were read.
pub(super) fn zones(evidence: &Evidence) -> SourceZones {
    SourceZones {
        logs: evidence.clocks.iter().map(|(node, (zone, _))| (node.clone(), *zone)).collect(),
        metrics: evidence.metric_zones.iter().map(|(exhibit, (zone, _))| (exhibit.clone(), *zone)).collect(),
    }
}

/// One warning for all sources of which the same is to be said.
pub(super) fn problems(alignments: &[Alignment], evidence: &Evidence) -> Vec<String> {
    let mut same: BTreeMap<Notice, BTreeSet<&str>> = BTreeMap::new();
    for alignment in alignments {
        for notice in notices(alignment, evidence) {
            same.entry(notice).or_default().insert(&alignment.exhibit);
        }
    }
    same.into_iter().map(|(notice, exhibits)| notice.text(&exhibits, evidence)).collect()
}

/// What is to be said of a source.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Notice {
    said: String,
    mend: Mend,
}

/// What case.yaml can do about it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mend {
    /// Nothing, or what was said already tells.
    Told,
    /// A zone for the metrics; and whether their own times name one, over which case.yaml has no
    /// say, and whether one offset would move them all.
    Metrics { zone: String, is_written: bool, by_offset: bool },
    /// A zone for the logs of a node.
    Logs { zone: String, node: String },
}

/// A zone that cannot be told.
const SOME_ZONE: &str = "ZONE";

impl Notice {
    fn text(&self, exhibits: &BTreeSet<&str>, evidence: &Evidence) -> String {
        let names: Vec<_> = exhibits.iter().copied().collect();
        let way_out = match &self.mend {
            Mend::Told => String::new(),
            Mend::Metrics { zone, is_written, by_offset } => {
                way_out(&rules(exhibits, evidence, zone), *is_written, *by_offset)
            }
            Mend::Logs { zone, node } => format!(
                " If it is the logs that do, add to case.yaml, before other rules for these files: sources: {}.",
                rules(&logs_of(node, evidence), evidence, zone)
            ),
        };
        format!("Metrics in {} {}.{way_out}", names.join(", "), self.said)
    }
}

fn logs_of<'a>(node: &str, evidence: &'a Evidence) -> BTreeSet<&'a str> {
    let is_its = |exhibit: &str| evidence.nodes.iter().any(|(e, n)| n == node && e.to_string() == exhibit);
    evidence.files.iter().map(|file| file.exhibit.as_str()).filter(|exhibit| is_its(exhibit)).collect()
}

fn notices(alignment: &Alignment, evidence: &Evidence) -> Vec<Notice> {
    let Some(sides) = alignment.sides else {
        let whole = said(alignment, alignment.verdict, "");
        return whole.map(|said| notice(said, alignment, alignment.middle, evidence)).into_iter().collect();
    };
    if let Some(offsets) = sides.hour_apart() {
        return vec![an_hour_apart(alignment, sides, offsets, evidence)];
    }
    let (edge, mut notices) = (sides.edge, Vec::new());
    for (verdict, side, at) in [(sides.before, "before", edge.plus(-1)), (sides.after, "after", edge)] {
        let when = format!(", {side} clocks were set at {edge},");
        if let Some(said) = said(alignment, verdict, &when) {
            notices.push(notice(said, alignment, at, evidence));
        }
    }
    // What the two share is said once for both sides.
    notices.dedup();
    notices
}

/// A notice whose zone is that of a moment.
fn notice((said, shift): Said, alignment: &Alignment, at: Minute, evidence: &Evidence) -> Notice {
    let mend = match shift {
        None => Mend::Told,
        Some(shift) => {
            let (read_as, is_written) = read(alignment, evidence);
            let zone = shift.and_then(|minutes| offset_text(read_as.offset_at(at.start()) + minutes * 60));
            Mend::Metrics { zone: zone.unwrap_or_else(|| SOME_ZONE.to_owned()), is_written, by_offset: true }
        }
    };
    Notice { said, mend }
}

/// Two sides an hour apart: which zone's clocks explain it, and in which of the two sources.
fn an_hour_apart(alignment: &Alignment, sides: Sides, (before, after): (i32, i32), evidence: &Evidence) -> Notice {
    let (read_as, is_written) = read(alignment, evidence);
    let log = evidence.clocks.get(&alignment.node).or_else(|| evidence.clocks.values().next());
    let (log_zone, log_basis) = log.map_or((Zone::UTC, ZoneBasis::Embedded), |(zone, basis)| (*zone, *basis));
    let logs_may_err = matches!(log_basis, ZoneBasis::Stated | ZoneBasis::Assumed);
    let of_logs = zone_kept(log_zone, sides.edge, (-before, -after)).filter(|_| is_written && logs_may_err);
    let ignored = read_as.moves_at(sides.edge);
    let (why, mend) = if let Some(zone) = of_logs {
        let node = alignment.node.clone();
        (format!("the logs keep the local time of {zone}"), Mend::Logs { zone: zone.to_string(), node })
    } else if let Some(zone) = zone_kept(read_as, sides.edge, (before, after)) {
        let zone = zone.to_string();
        let why = format!("they keep the local time of {zone}, or of a zone that moves as it does");
        (why, Mend::Metrics { zone, is_written, by_offset: false })
    } else if ignored {
        let zone = offset_text(read_as.offset_at(sides.edge.start()) + after * 60);
        let why = format!("they were read as {read_as} and ignore its daylight saving time");
        let zone = zone.unwrap_or_else(|| SOME_ZONE.to_owned());
        (why, Mend::Metrics { zone, is_written, by_offset: false })
    } else {
        let why = "one of the two keeps local time, or ignores that clocks are set".to_owned();
        (why, Mend::Metrics { zone: SOME_ZONE.to_owned(), is_written, by_offset: false })
    };
    let side = |offset: i32, verdict: Verdict| {
        let confidence = verdict.estimate().map(confidence).unwrap_or_default();
        if offset == 0 { format!("agree ({confidence})") } else { format!("look {} ({confidence})", apart(offset)) }
    };
    let said = format!(
        "do not keep one clock with {}: they {} before clocks were set at {} and {} after it; probably {why}; nothing was shifted",
        logs(alignment),
        side(before, sides.before),
        sides.edge,
        side(after, sides.after),
    );
    Notice { said, mend }
}

fn logs(alignment: &Alignment) -> String {
    if alignment.node.is_empty() { "the logs".to_owned() } else { format!("the logs of {}", alignment.node) }
}

/// In which zone a source was read, and whether its own times name it.
fn read(alignment: &Alignment, evidence: &Evidence) -> (Zone, bool) {
    evidence.metric_zones.get(&alignment.exhibit).copied().unwrap_or((Zone::UTC, false))
}

/// `+01:00`, of seconds east of UTC; nothing where no zone lies so far.
fn offset_text(seconds: i32) -> Option<String> {
    let minutes = seconds / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let text = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
    Zone::parse(&text).is_ok().then_some(text)
}

/// A sentence, and the minutes by which the zone seems wrong where a zone may be: none of them
/// where it cannot be told.
type Said = (String, Option<Option<i32>>);

/// What a verdict says of a source, for the time that `when` names.
fn said(alignment: &Alignment, verdict: Verdict, when: &str) -> Option<Said> {
    let of = format!("{}{when}", logs(alignment));
    match (verdict, alignment.common) {
        (Verdict::Zone(minutes, e), _) => {
            let said = format!("look {} than {of} ({}): probably a time zone", apart(minutes), confidence(e));
            Some((said, Some(Some(minutes))))
        }
        (Verdict::Skew(e), _) => Some((
            format!(
                "look {} than {of} ({}): no zone explains that, so one of the clocks is wrong; nothing was shifted. If it is theirs, add to case.yaml: clocks: {{apply: {{metrics: {}m}}}}",
                apart(e.lag),
                confidence(e),
                -e.lag
            ),
            None,
        )),
        (Verdict::Aligned(..), _) | (_, Common::Enough) => None,
        (_, Common::OtherTime) => Some((format!("are of another time than {of}: they have no minute in common"), None)),
        (_, Common::Few { minutes, of: length, shift }) => {
            let how_many = match minutes {
                0 => "no minute".to_owned(),
                _ => format!("few minutes ({minutes} of {length})"),
            };
            let looks = shift.map(|m| format!(" and look {}", apart(m))).unwrap_or_default();
            // Two exports of different length may share few minutes for no fault.
            let sure = if minutes == 0 || shift.is_some() { "probably" } else { "perhaps" };
            Some((format!("have {how_many} in common with {of}{looks}: {sure} a time zone"), Some(shift)))
        }
    }
}

fn way_out(rules: &str, is_written: bool, by_offset: bool) -> String {
    if !is_written {
        return format!(" If so, add to case.yaml, before other rules for these files: sources: {rules}.");
    }
    let moved =
        if by_offset { "; or, where the clock is wrong, move them: clocks: {apply: {metrics: OFFSET}}" } else { "" };
    format!(
        " Their times name their zone themselves, so they were exported wrongly, or the clock is wrong. Export them again; or take the zone out of them and add to case.yaml: sources: {rules}{moved}."
    )
}

/// The rules for these files: one for a whole folder where all its metrics are among them.
fn rules(exhibits: &BTreeSet<&str>, evidence: &Evidence, zone: &str) -> String {
    let folder = |name: &str| name.rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap_or_default();
    let mut paths: BTreeSet<String> = BTreeSet::new();
    for file in evidence.files.iter().filter(|f| exhibits.contains(f.exhibit.as_str())) {
        let of = folder(&file.name);
        let mut others = evidence.files.iter().filter(|f| folder(&f.name) == of);
        let is_whole = others.all(|f| f.kind == Some(Kind::Metric) && exhibits.contains(f.exhibit.as_str()));
        paths.insert(if is_whole && !of.is_empty() { format!("{of}/*") } else { file.name.clone() });
    }
    let rules: Vec<_> = paths.iter().map(|path| format!("- {{path: \"{path}\", zone: \"{zone}\"}}")).collect();
    rules.join(" and ")
}
