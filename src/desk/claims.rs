//! What each file turned out to be, and the logs among them as work for the scan.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::mapping::OwnMappings;
use super::names::Names;
use super::partials::{Partials, is_partial, moved};
use crate::case::{Case, SourceRule};
use crate::formats::logs::{LogClock, LogShape, Stretch, Survey, ZoneBasis, zone_of};
use crate::formats::{Format, Head, by_name, hint, mapped, recognise_with};
use crate::intake::{Exhibit, IntakeError, OneWay, Skipped, Source, gather, head_of, places_of};
use crate::scan::partial::{Member, Placed, UnionError};
use crate::scan::{Asked, Given, LogJob};
use crate::time::{Stamp, Zone};

/// Bytes by which a file is recognised and its clock read.
const HEAD: usize = 256 * 1024;

/// Further places at which the clock of a log without a zone is read: local time may change
/// in the middle of a file.
const PLACES: u64 = 16;

/// Bytes of each.
const PLACE: usize = 64 * 1024;

/// What a file turned out to be.
pub(super) struct Claimed<'m> {
    pub(super) source: Source,
    pub(super) format: Option<(Format<'m>, String)>,
    /// What helps with a file that no reader claims.
    pub(super) hint: Option<&'static str>,
    pub(super) survey: Survey,
    /// What is stated of it.
    pub(super) stated: Stated,
    /// Where it was read, of a log that partials tell of: once, or each of its pieces.
    pub(super) members: Vec<Member>,
    /// Whether lines of it can be shown.
    pub(super) verbatim: bool,
}

/// What case.yaml, or whoever scanned it, says of a log.
#[derive(Clone, Debug, Default)]
pub(super) struct Stated {
    pub(super) node: Option<String>,
    pub(super) zone: Option<Zone>,
    /// Milliseconds to add to its times.
    pub(super) moved_ms: i64,
}

/// The files below the named paths.
pub(super) struct Claims<'m> {
    pub(super) claimed: Vec<Claimed<'m>>,
    pub(super) skipped: Vec<Skipped>,
    /// Partials among them.
    pub(super) partials: Partials,
    /// What reading the logs gave that partials tell of.
    pub(super) given: BTreeMap<Exhibit, Given>,
}

impl<'m> Claims<'m> {
    /// Recognises all files. The case's own mappings are no evidence themselves.
    ///
    /// # Errors
    /// When a named path cannot be read. Trouble inside a folder is listed as skipped.
    pub(super) fn of(
        paths: &[PathBuf],
        names: Names<'_>,
        case: &Case,
        own: &'m OwnMappings,
    ) -> Result<Self, IntakeError> {
        let mut gathered = gather(paths)?;
        names.give(&mut gathered.sources);
        let named_files = paths.iter().all(|p| p.is_file());
        let (partials, mut here): (Vec<_>, Vec<_>) = gathered.sources.into_iter().partition(is_partial);
        let mut partials = Partials::of(partials, &case.lanes);
        let elsewhere = number_all(&mut here, &mut partials)?;
        let (claimed, given) = partials.claims(elsewhere, case, own);
        let mut claims = Self { claimed, skipped: gathered.skipped, partials, given };
        for source in here {
            if own.is_file_of_one(&source.name) {
                claims.skipped.push(Skipped { name: source.name, why: "a mapping of the case".to_owned() });
                continue;
            }
            match claim(&source, case, own) {
                Ok(Some(found)) => claims.claimed.push(found),
                // Rotation compresses an empty log to a file of 20 bytes.
                Ok(None) => claims.skipped.push(Skipped { name: source.name, why: "empty".to_owned() }),
                Err(e) if named_files => return Err(e),
                Err(e) => claims.skipped.push(Skipped { name: source.name, why: e.to_string() }),
            }
        }
        claims.claimed.sort_by_key(|found| found.source.exhibit);
        tell_nodes_apart(&mut claims.claimed);
        Ok(claims)
    }
}

/// Logs of partials that have one path on several nodes are called by the node as well.
fn tell_nodes_apart(claimed: &mut [Claimed<'_>]) {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for found in claimed.iter() {
        *times.entry(found.source.name.clone()).or_default() += 1;
    }
    for found in claimed.iter_mut().filter(|found| !found.members.is_empty()) {
        let is_shared = times.get(&found.source.name).is_some_and(|n| *n > 1);
        if let Some(node) = found.node().filter(|_| is_shared) {
            found.source.name = format!("{node}:{}", found.source.name);
        }
    }
}

impl Claims<'_> {
    /// Leaves out what partials tell of: they hold counts, and no events.
    pub(super) fn leave_out_partials(&mut self) {
        for file in &self.partials.files {
            super::tell(&super::words::shown(&format!("{}: a partial holds counts, no events", file.source.name)));
        }
        self.claimed.retain(|found| found.members.is_empty());
    }
}

/// Numbers the files that are here and the logs that partials tell of as if all were here; then
/// the partials. Gives those logs in the order of the partials.
fn number_all(here: &mut [Source], partials: &mut Partials) -> Result<Vec<Source>, IntakeError> {
    let mut elsewhere = partials.sources();
    let most = usize::from(u16::MAX);
    if here.len() + elsewhere.len() + partials.files.len() > most {
        return Err(IntakeError::TooMany { most });
    }
    let mut all: Vec<&mut Source> = here.iter_mut().chain(&mut elsewhere).collect();
    // Logs of one name stand in the order of the partials, whatever these are called.
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let files = partials.files.iter_mut().map(|file| &mut file.source);
    for (number, source) in (1..=u16::MAX).zip(all.into_iter().chain(files)) {
        source.exhibit = Exhibit(number);
    }
    Ok(elsewhere)
}

fn claim<'m>(source: &Source, case: &Case, own: &'m OwnMappings) -> Result<Option<Claimed<'m>>, IntakeError> {
    let (bytes, whole) = head_of(&source.path, HEAD)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let head = Head { bytes: &bytes, whole };
    let rule = case.rule_for(&source.name);
    let by_mapping = rule.and_then(|r| r.mapping.as_deref()).and_then(|name| own.named(name)).map(|m| mapped(m, head));
    let stated = by_mapping.or_else(|| rule.and_then(|r| r.format.as_deref()).and_then(|name| by_name(name, head)));
    let format = stated.map(|f| (f, "stated in case.yaml".to_owned())).or_else(|| recognise_with(head, own.all()));
    let survey = match &format {
        Some((Format::Log(shape), _)) => survey_of(*shape, head, source, rule),
        _ => Survey::default(),
    };
    let hint = if format.is_none() { hint(head) } else { None };
    let stated = Stated {
        node: rule.and_then(|r| r.node.clone()),
        zone: rule.and_then(|r| r.zone),
        moved_ms: case.moved_ms("logs", &source.name),
    };
    let (source, members) = (source.clone(), Vec::new());
    Ok(Some(Claimed { source, format, hint, survey, stated, members, verbatim: true }))
}

/// What the head tells of the clock and the order; of a log whose zone only acceptances tell,
/// or whose head is of a few seconds, what several places tell.
fn survey_of(shape: LogShape<'_>, head: Head<'_>, source: &Source, rule: Option<&SourceRule>) -> Survey {
    let mut survey = shape.survey(head);
    let is_known = survey.zoned || survey.always.is_some() || rule.is_some_and(|r| r.zone.is_some());
    let places = if head.whole {
        0
    } else if !is_known || survey.is_order_open() {
        PLACES
    } else {
        // Where it stands newest first, its end is where it begins.
        u64::from(survey.is_newest_first())
    };
    for place in places_of(&source.path, places, PLACE) {
        survey.learn(shape.survey(Head { bytes: &place, whole: false }));
    }
    survey
}

/// The logs among the files, each with its clock.
#[derive(Default)]
pub(super) struct LogJobs<'m> {
    pub(super) jobs: Vec<LogJob<'m>>,
    /// Node of each log.
    pub(super) nodes: BTreeMap<Exhibit, String>,
    /// Zone of each log, and how it is known.
    pub(super) zones: BTreeMap<Exhibit, (Zone, ZoneBasis)>,
    /// The same for each node, by its first log.
    pub(super) clocks: BTreeMap<String, (Zone, ZoneBasis)>,
    /// By how many seconds the clock of each log is ahead of Gmail's, in that zone.
    pub(super) skews: BTreeMap<Exhibit, i64>,
    /// Logs whose lines could not be placed, and why.
    pub(super) unplaced: BTreeMap<Exhibit, Unplaced>,
    /// Logs of partials that were placed otherwise when they were read.
    pub(super) refused: Vec<UnionError>,
}

/// Why none of a log's lines could be placed in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unplaced {
    /// Its stamps have no year, and nothing tells it.
    Undated,
    /// Its lines carry no time.
    Unstamped,
    /// Its lines stand newest first, and it cannot be read from its end.
    NewestFirst(NotTurned),
}

/// Why a log that stands newest first is not read from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotTurned {
    /// The file allows it from its beginning only.
    File(OneWay),
    /// Its records are several lines each: they stand newest first, and their lines may not.
    Records,
    /// Its rows were sorted downwards by time, and those of one moment left as they stood.
    Ties,
}

impl<'m> LogJobs<'m> {
    /// Sets each log's clock by what its own lines tell, then by its neighbours; they are read
    /// for the time that is asked for.
    pub(super) fn of(claimed: &[Claimed<'m>], case: &Case, asked: &Asked) -> Self {
        // A year that one log proves serves the others: they are of one incident.
        let near = case.window.map(|w| w.from.start()).or_else(|| claimed.iter().filter_map(|c| c.survey.near).min());
        let zones = zones_of_nodes(claimed);
        let mut work = Self::default();
        for found in claimed {
            work.add(found, near, &zones);
            work.refused.extend(found.read_for_less(&Asked::of(case.window, case.healthy)));
        }
        for job in &mut work.jobs {
            job.asked.clone_from(asked);
        }
        work
    }

    fn add(&mut self, found: &Claimed<'m>, near: Option<Stamp>, zones: &BTreeMap<String, (Zone, ZoneBasis)>) {
        let Some((Format::Log(shape), _)) = &found.format else { return };
        let node = found.node().unwrap_or_default();
        let (zone, basis) = zone_of_log(found.stated.zone, &found.survey, zones.get(&node).copied());
        let (exhibit, near) = (found.source.exhibit, found.survey.near.or(near));
        let unplaced = unplaced(found, *shape, near);
        self.unplaced.extend(unplaced.map(|why| (exhibit, why)));
        self.nodes.insert(exhibit, node.clone());
        self.zones.insert(exhibit, (zone, basis));
        self.clocks.entry(node.clone()).or_insert((zone, basis));
        let moved_ms = found.stated.moved_ms;
        let skew = found.survey.off_gmail.map(|(off, at)| off - i64::from(zone.offset_at(at)) + moved_ms / 1000);
        self.skews.extend(skew.map(|skew| (exhibit, skew)));
        if matches!(unplaced, Some(Unplaced::NewestFirst(_))) {
            return;
        }
        let earliest = found.survey.stretches.iter().map(|stretch| stretch.from);
        let clock = LogClock::new(zone, near).beginning_near(earliest.min()).moved_by(moved_ms);
        let placed = Placed { node: node.clone(), zone, begins: found.survey.begins(&clock), moved_ms };
        self.refused.extend(found.placed_otherwise(&clock, &placed));
        self.jobs.push(LogJob {
            source: found.source.clone(),
            shape: *shape,
            rank: found.survey.rank(),
            begins: placed.begins,
            newest_first: found.survey.is_newest_first(),
            clock,
            stated_node: found.stated.node.clone(),
            node,
            asked: Asked::default(),
        });
    }
}

impl Claimed<'_> {
    /// Whether it is a log that must be read from its end: it stands newest first, and what
    /// its lines mean depends on those before.
    pub(super) fn turns(&self) -> bool {
        let Some((Format::Log(shape), _)) = &self.format else { return false };
        self.survey.is_newest_first() && !shape.format.stands_alone()
    }

    /// Whether it is a log of which partials tell piece by piece.
    pub(super) fn is_in_pieces(&self) -> bool {
        self.members.first().is_some_and(|member| member.piece.is_some())
    }

    fn node(&self) -> Option<String> {
        self.stated.node.clone().or_else(|| self.survey.node.clone())
    }

    /// Which part of it was read for less than is asked for.
    fn read_for_less(&self, asked: &Asked) -> Option<UnionError> {
        let member = self.members.iter().find(|member| !member.asked.holds(asked))?;
        let (log, partial) = (self.source.name.clone(), self.source.path.display().to_string());
        Some(UnionError::Time { log, partial, then: member.asked.to_string(), now: asked.to_string() })
    }

    /// What differs from how it was placed when it was read. Of the pieces of a log the first
    /// names the node; each begins at its own time.
    fn placed_otherwise(&self, clock: &LogClock, placed: &Placed) -> Option<UnionError> {
        let now = |n: usize, member: &Member| Placed {
            node: if n == 0 { placed.node.clone() } else { member.placed.node.clone() },
            begins: member.survey.begins(clock),
            ..placed.clone()
        };
        let mut members = self.members.iter().enumerate();
        let (member, (then, now)) =
            members.find_map(|(n, member)| Some((member, moved(&member.placed, &now(n, member))?)))?;
        let piece = member.piece.map(|piece| format!(", piece {piece}")).unwrap_or_default();
        let (log, partial) = (format!("{}{piece}", self.source.name), self.source.path.display().to_string());
        Some(UnionError::Placed { log, partial, then, now })
    }
}

/// The zone of each node, by all its logs: what Gmail's clock or dated ids tell of one of them
/// serves the others, and an edge of daylight saving time between two of them moves both.
fn zones_of_nodes(claimed: &[Claimed<'_>]) -> BTreeMap<String, (Zone, ZoneBasis)> {
    let mut told: BTreeMap<String, Vec<&Survey>> = BTreeMap::new();
    for found in claimed.iter().filter(|found| found.survey.offset_s.is_some()) {
        // Logs that name no node may be of any.
        if let Some(node) = found.node() {
            told.entry(node).or_default().push(&found.survey);
        }
    }
    let zone = |surveys: &Vec<&Survey>| {
        let by_gmail = surveys.iter().any(|s| !s.offset_by_ids);
        let best: Vec<&Survey> = surveys.iter().copied().filter(|s| s.offset_by_ids != by_gmail).collect();
        let stretches: Vec<Stretch> = best.iter().flat_map(|s| &s.stretches).copied().collect();
        let first = *best.first()?;
        let zone = zone_of(&stretches).or(first.offset_s.map(Zone::Fixed))?;
        Some((zone, basis_of(first)))
    };
    told.iter().filter_map(|(node, surveys)| Some((node.clone(), zone(surveys)?))).collect()
}

/// The zone of a log, by the ladder: in the stamps, stated, from Gmail's clock or dated ids, assumed.
fn zone_of_log(stated: Option<Zone>, survey: &Survey, of_node: Option<(Zone, ZoneBasis)>) -> (Zone, ZoneBasis) {
    if survey.zoned {
        return (Zone::UTC, ZoneBasis::Embedded);
    }
    if let Some(zone) = survey.always {
        return (zone, ZoneBasis::Mapping);
    }
    if let Some(zone) = stated {
        return (zone, ZoneBasis::Stated);
    }
    // A log may be printed in another zone than the rest of its node, as journalctl does for
    // whoever asks; then its own lines tell more.
    let fits = |zone: Zone| survey.stretches.iter().all(|stretch| stretch.is_of(zone));
    let own = zone_of(&survey.stretches).or(survey.offset_s.map(Zone::Fixed)).map(|zone| (zone, basis_of(survey)));
    of_node.filter(|(zone, _)| fits(*zone)).or(own).unwrap_or((Zone::UTC, ZoneBasis::Assumed))
}

const fn basis_of(survey: &Survey) -> ZoneBasis {
    if survey.offset_by_ids { ZoneBasis::Ids } else { ZoneBasis::Gmail }
}

fn unplaced(found: &Claimed<'_>, shape: LogShape<'_>, near: Option<Stamp>) -> Option<Unplaced> {
    let survey = &found.survey;
    if let Some(why) = found.turns().then(|| not_turned(found, shape)).flatten() {
        Some(Unplaced::NewestFirst(why))
    } else if survey.dated {
        None
    } else if !survey.has_stamps() {
        Some(Unplaced::Unstamped)
    } else {
        near.is_none().then_some(Unplaced::Undated)
    }
}

/// What keeps a log from being read from its end.
fn not_turned(found: &Claimed<'_>, shape: LogShape<'_>) -> Option<NotTurned> {
    // What a partial tells of was read.
    if !found.members.is_empty() {
        return None;
    }
    if found.survey.ties_rise {
        return Some(NotTurned::Ties);
    }
    if shape.wrapping.has_records_of_lines() {
        return Some(NotTurned::Records);
    }
    OneWay::of_file(&found.source.path).map(NotTurned::File)
}
