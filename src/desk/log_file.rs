//! What was read of one log: where its lines went, what is odd about it, what it cannot show.

use std::collections::{BTreeMap, BTreeSet};

use super::claims::{Claimed, Unplaced};
use super::evidence::{Evidence, ReadFile};
use super::words;
use crate::formats::logs::{LogFormat, Note, ZoneBasis};
use crate::intake::Exhibit;
use crate::scan::{LogJob, Scanned};
use crate::smtp::Outcome;

pub(super) fn of_log(
    format: &dyn LogFormat,
    found: &Claimed<'_>,
    file: &mut ReadFile,
    evidence: &Evidence,
    scanned: &Scanned,
) {
    let exhibit = found.source.exhibit;
    file.cannot_show = format.cannot_show().into_iter().map(str::to_owned).collect();
    let seen = seen_in(exhibit, evidence, scanned);
    file.cannot_show.extend(format.not_seen(&|note| seen.contains(&note)));
    file.cannot_count = format.cannot_count(&|note| seen.contains(&note));
    if let Some(tally) = scanned.tally.files.get(&exhibit) {
        file.accounting = tally.accounting;
        file.span = tally.span();
        file.outcomes = tally.outcomes.iter().map(|(outcome, n)| (*outcome, *n)).collect();
        file.cannot_count.retain(|outcome| !tally.outcomes.contains_key(outcome));
        file.samples = tally.unrecognised.iter().map(|(n, t)| (*n, String::from_utf8_lossy(t).into_owned())).collect();
        file.problems.extend(tally.notes.iter().filter_map(|(note, told)| words::note(*note, told)));
    }
    if let Some(repetition) = scanned.repetitions.get(&exhibit) {
        file.problems.push(words::repetition(repetition));
    }
    if let Some(elsewhere) = scanned.elsewhere.get(&exhibit) {
        let attempts = scanned.tally.files.get(&exhibit).map_or(0, |f| f.elsewhere);
        file.problems.extend(words::elsewhere(attempts, elsewhere));
    }
    if let Some((sha, _)) = scanned.digests.get(&exhibit) {
        file.sha256.clone_from(sha);
    }
    if let Some((zone, basis)) = evidence.zones.get(&exhibit) {
        file.zone = format!("{zone} ({})", basis.words());
        if *basis == ZoneBasis::Assumed && format.asks_for_zone() {
            file.problems.push(words::zone_asked(&found.source.name));
        }
        let is_told = matches!(basis, ZoneBasis::Gmail | ZoneBasis::Ids);
        let moves = |(from, to)| zone.offset_at(from) != zone.offset_at(to);
        file.problems.extend((is_told && file.span.is_some_and(moves)).then(|| words::edge(*zone, &found.source.name)));
    }
    file.problems.extend(evidence.skews.get(&exhibit).and_then(|skew| words::skew(*skew)));
    place(format, found, file, evidence, scanned);
}

/// Says which lines are understood and stand at no time, and what would place them.
fn place(format: &dyn LogFormat, found: &Claimed<'_>, file: &mut ReadFile, evidence: &Evidence, scanned: &Scanned) {
    let exhibit = found.source.exhibit;
    let is_refused = matches!(evidence.unplaced.get(&exhibit), Some(Unplaced::NewestFirst(_)));
    file.problems.extend((found.turns() && !is_refused).then(words::turned));
    let noted = scanned.tally.files.get(&exhibit).and_then(|tally| tally.notes.get(&Note::Unplaced));
    file.unplaced = noted.map_or(0, |noted| noted.times);
    let why = evidence.unplaced.get(&exhibit);
    if why == Some(&Unplaced::Unstamped) {
        file.unplaced = file.accounting.unrecognised;
        file.samples.clear();
    }
    file.problems.extend(match (why, noted) {
        (Some(Unplaced::NewestFirst(why)), _) => Some(words::not_turned(&found.source.name, *why)),
        (Some(Unplaced::Unstamped), _) => Some(words::unstamped(format.how_to_stamp())),
        (Some(Unplaced::Undated), _) => Some(words::undated()),
        (None, Some(noted)) => Some(words::no_such_day(noted)),
        (None, None) => None,
    });
}

/// What was seen in the files of a format and node, all of them together: what one file lacks
/// another may hold, and what one node's MTA is not set to record another's may be.
fn seen_in(exhibit: Exhibit, evidence: &Evidence, scanned: &Scanned) -> BTreeSet<Note> {
    let stream = |exhibit| (evidence.log_formats.get(exhibit), evidence.nodes.get(exhibit));
    let files = scanned.tally.files.iter().filter(|(other, _)| stream(other) == stream(&exhibit));
    files.flat_map(|(_, file)| file.notes.keys().copied()).collect()
}

/// The outcomes that each log cannot count, or leaves to others.
pub(super) fn blind(
    jobs: &[LogJob<'_>],
    evidence: &Evidence,
    scanned: &Scanned,
) -> BTreeMap<Exhibit, BTreeSet<Outcome>> {
    let of_each = jobs.iter().map(|job| {
        let exhibit = job.source.exhibit;
        let seen = seen_in(exhibit, evidence, scanned);
        let own = job.shape.format.cannot_count(&|note| seen.contains(&note));
        let elsewhere = scanned.elsewhere.get(&exhibit);
        let left = Outcome::ALL.iter().filter(|outcome| elsewhere.is_some_and(|e| e.holds(**outcome)));
        (exhibit, own.iter().chain(left).copied().collect())
    });
    of_each.collect()
}
