//! What each file turned out to be, and the logs among them as work for the scan.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::mapping::OwnMappings;
use crate::case::{Case, SourceRule};
use crate::formats::logs::{LogClock, Survey, ZoneBasis};
use crate::formats::{Format, Head, by_name, mapped, recognise_with};
use crate::intake::{Exhibit, IntakeError, Skipped, Source, gather, head_of};
use crate::scan::LogJob;
use crate::time::{Stamp, Zone};

/// Bytes by which a file is recognised and its clock read.
const HEAD: usize = 256 * 1024;

/// What a file turned out to be.
pub(super) struct Claimed<'m> {
    pub(super) source: Source,
    pub(super) format: Option<(Format<'m>, String)>,
    survey: Survey,
}

/// The files below the named paths.
pub(super) struct Claims<'m> {
    pub(super) claimed: Vec<Claimed<'m>>,
    pub(super) skipped: Vec<Skipped>,
}

impl<'m> Claims<'m> {
    /// Recognises all files. The case's own mappings are no evidence themselves.
    ///
    /// # Errors
    /// When a named path cannot be read. Trouble inside a folder is listed as skipped.
    pub(super) fn of(paths: &[PathBuf], case: &Case, own: &'m OwnMappings) -> Result<Self, IntakeError> {
        let gathered = gather(paths)?;
        let named_files = paths.iter().all(|p| p.is_file());
        let mut claims = Self { claimed: Vec::new(), skipped: gathered.skipped };
        for source in gathered.sources {
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
        Ok(claims)
    }
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
        Some((Format::Log(shape), _)) => shape.survey(head),
        _ => Survey::default(),
    };
    Ok(Some(Claimed { source: source.clone(), format, survey }))
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
    /// Logs without a year that nothing tells.
    pub(super) undated: Vec<String>,
}

impl<'m> LogJobs<'m> {
    /// Sets each log's clock by what its own lines tell, then by its neighbours.
    pub(super) fn of(claimed: &[Claimed<'m>], case: &Case) -> Self {
        // A year that one log proves serves the others: they are of one incident.
        let near = case.window.map(|w| w.from.start()).or_else(|| claimed.iter().filter_map(|c| c.survey.near).min());
        // Offsets that Gmail's clock gave for one file of a node serve the node's other files.
        let mut offsets: BTreeMap<String, (i32, ZoneBasis)> = BTreeMap::new();
        for found in claimed {
            if let (Some(node), Some(offset)) = (found.node(case), found.survey.offset_s) {
                offsets.entry(node).or_insert((offset, basis_of(&found.survey)));
            }
        }
        let mut work = Self::default();
        for found in claimed {
            work.add(found, case, near, &offsets);
        }
        work
    }

    fn add(
        &mut self,
        found: &Claimed<'m>,
        case: &Case,
        near: Option<Stamp>,
        offsets: &BTreeMap<String, (i32, ZoneBasis)>,
    ) {
        let Some((Format::Log(shape), _)) = &found.format else { return };
        let rule = case.rule_for(&found.source.name);
        let node = found.node(case).unwrap_or_default();
        let (zone, basis) = zone_of(rule, &found.survey, offsets.get(&node).copied());
        let near = found.survey.near.or(near);
        if near.is_none() && !found.survey.dated {
            self.undated.push(found.source.name.clone());
        }
        self.nodes.insert(found.source.exhibit, node.clone());
        self.zones.insert(found.source.exhibit, (zone, basis));
        self.clocks.entry(node.clone()).or_insert((zone, basis));
        let clock = LogClock::new(zone, near);
        self.jobs.push(LogJob {
            source: found.source.clone(),
            shape: *shape,
            rank: found.survey.rank(),
            begins: found.survey.begins(&clock),
            clock,
            stated_node: rule.and_then(|r| r.node.clone()),
            node,
        });
    }
}

impl Claimed<'_> {
    fn node(&self, case: &Case) -> Option<String> {
        case.rule_for(&self.source.name).and_then(|r| r.node.clone()).or_else(|| self.survey.node.clone())
    }
}

/// The zone of a log, by the ladder: in the stamps, stated, from Gmail's clock or dated ids, assumed.
fn zone_of(rule: Option<&SourceRule>, survey: &Survey, neighbour: Option<(i32, ZoneBasis)>) -> (Zone, ZoneBasis) {
    if survey.zoned {
        return (Zone::UTC, ZoneBasis::Embedded);
    }
    if let Some(zone) = survey.always {
        return (zone, ZoneBasis::Mapping);
    }
    if let Some(zone) = rule.and_then(|r| r.zone) {
        return (zone, ZoneBasis::Stated);
    }
    match survey.offset_s.map(|s| (s, basis_of(survey))).or(neighbour) {
        Some((seconds, basis)) => (Zone::Fixed(seconds), basis),
        None => (Zone::UTC, ZoneBasis::Assumed),
    }
}

const fn basis_of(survey: &Survey) -> ZoneBasis {
    if survey.offset_by_ids { ZoneBasis::Ids } else { ZoneBasis::Gmail }
}
