//! Warnings of metrics that stand on another clock than the logs, with the line that mends it.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::Evidence;
use crate::findings::{apart, confidence};
use crate::formats::Kind;
use crate::time::Zone;
use crate::timeline::{Alignment, Common, Verdict};

/// One warning for all sources of which the same is to be said.
pub(super) fn problems(alignments: &[Alignment], evidence: &Evidence) -> Vec<String> {
    let mut same: BTreeMap<(String, Option<String>, bool), BTreeSet<&str>> = BTreeMap::new();
    for alignment in alignments {
        let Some((said, shift)) = said(alignment) else { continue };
        let (zone, is_written) = zone_of(alignment, evidence, shift);
        same.entry((said, zone, is_written)).or_default().insert(&alignment.exhibit);
    }
    let warning = |((said, zone, is_written), exhibits): ((String, Option<String>, bool), BTreeSet<&str>)| {
        let names: Vec<_> = exhibits.iter().copied().collect();
        let way_out = zone.map(|zone| way_out(&rules(&exhibits, evidence, &zone), is_written)).unwrap_or_default();
        format!("Metrics in {} {said}.{way_out}", names.join(", "))
    };
    same.into_iter().map(warning).collect()
}

/// What is to be said of a source, and the minutes by which its zone seems wrong where a zone
/// may be: none of them where it cannot be told.
fn said(alignment: &Alignment) -> Option<(String, Option<Option<i32>>)> {
    let of = if alignment.node.is_empty() { "the logs".to_owned() } else { format!("the logs of {}", alignment.node) };
    match (alignment.verdict, alignment.common) {
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

/// The zone that would bring a source to the logs, `ZONE` where it cannot be told; and whether
/// its own times name one, over which case.yaml has no say.
fn zone_of(alignment: &Alignment, evidence: &Evidence, shift: Option<Option<i32>>) -> (Option<String>, bool) {
    let Some(shift) = shift else { return (None, false) };
    let read = evidence.metric_zones.get(&alignment.exhibit);
    let zone = shift.and_then(|minutes| {
        let read_as = read.map_or(Zone::UTC, |(zone, _)| *zone).offset_at(alignment.middle.start());
        let offset = read_as / 60 + minutes;
        let text = format!("{}{:02}:{:02}", if offset < 0 { '-' } else { '+' }, offset.abs() / 60, offset.abs() % 60);
        Zone::parse(&text).is_ok().then_some(text)
    });
    (Some(zone.unwrap_or_else(|| "ZONE".to_owned())), read.is_some_and(|(_, is_written)| *is_written))
}

fn way_out(rules: &str, is_written: bool) -> String {
    if is_written {
        format!(
            " Their times name their zone themselves, so they were exported wrongly, or the clock is wrong. Export them again; or take the zone out of them and add to case.yaml: sources: {rules}; or, where the clock is wrong, move them: clocks: {{apply: {{metrics: OFFSET}}}}."
        )
    } else {
        format!(" If so, add to case.yaml, before other rules for these files: sources: {rules}.")
    }
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
