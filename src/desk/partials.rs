//! Partials among the files: read, held against the case, and what they tell of as logs.

use std::collections::BTreeMap;
use std::fs;

use super::carried;
use super::claims::{Claimed, Stated};
use super::evidence::ReadFile;
use super::mapping::OwnMappings;
use crate::case::Case;
use crate::formats::logs::mapping::shipped;
use crate::formats::logs::{LOG_FORMATS, LogFormat, LogShape};
use crate::formats::{Format, Kind, partial as form};
use crate::intake::{Exhibit, IntakeError, Source, head_of, open, sha256_hex};
use crate::scan::Given;
use crate::scan::partial::{Partial, PartialError, Placed, Union, UnionError, UnitedLog, read};
use crate::smtp::Lanes;

/// One file that holds a partial.
#[derive(Debug, Default)]
pub(super) struct PartialFile {
    pub(super) source: Source,
    sha256: String,
    made_by: String,
    /// Names of its logs.
    logs: Vec<String>,
    /// Why it cannot be used.
    trouble: Option<String>,
}

/// All partials of a case.
#[derive(Debug, Default)]
pub(super) struct Partials {
    pub(super) files: Vec<PartialFile>,
    union: Union,
    /// For each partial of the union its place among the files.
    used: Vec<usize>,
    /// Why some cannot be read: a sentence each.
    pub(super) refused: Vec<String>,
    /// Why they cannot be added up.
    pub(super) conflict: Option<UnionError>,
}

/// Whether a file is a partial; one that cannot be opened is whatever its reader says.
pub(super) fn is_partial(source: &Source) -> bool {
    head_of(&source.path, form::MAGIC.len()).is_ok_and(|(head, _)| head == form::MAGIC.as_bytes())
}

/// The partial in a file, and the SHA-256 of the file.
pub(super) fn load(source: &Source) -> Result<(Partial, String), String> {
    let mut bytes = Vec::new();
    let told = |e: IntakeError| e.to_string();
    let mut opened = open(&source.path).map_err(told)?;
    std::io::Read::read_to_end(&mut opened, &mut bytes).map_err(|_| PartialError::Damaged.to_string())?;
    Ok((read(&bytes).map_err(|e: PartialError| e.to_string())?, opened.digest().0))
}

impl Partials {
    pub(super) fn of(sources: Vec<Source>, lanes: &Lanes) -> Self {
        let mut found = Self::default();
        let (mut partials, mut names) = (Vec::new(), Vec::new());
        for source in sources {
            let mut file = PartialFile { source, ..PartialFile::default() };
            match load(&file.source) {
                Ok((partial, sha256)) => {
                    file.sha256 = sha256;
                    file.made_by.clone_from(&partial.made_by);
                    file.logs = partial.logs.iter().map(|log| log.name.clone()).collect();
                    if let Some(what) = other_lanes(&partial.lanes, &lanes.patterns()) {
                        let partial = file.source.name.clone();
                        file.trouble = Some(UnionError::Lanes { partial, what }.to_string());
                    } else {
                        found.used.push(found.files.len());
                        names.push(file.source.name.clone());
                        partials.push(partial);
                    }
                }
                Err(why) => {
                    file.sha256 = fs::read(&file.source.path).map(|bytes| sha256_hex(&bytes)).unwrap_or_default();
                    file.trouble = Some(format!("{}: {why}", file.source.name));
                }
            }
            found.refused.extend(file.trouble.clone());
            found.files.push(file);
        }
        match Union::of(partials, &names) {
            Ok(union) => found.union = union,
            Err(e) => found.conflict = Some(e),
        }
        found
    }

    /// The logs in the partials as sources, not yet numbered, in the order of the union.
    pub(super) fn sources(&self) -> Vec<Source> {
        self.union.logs.iter().map(|log| self.source_of(log)).collect()
    }

    fn source_of(&self, log: &UnitedLog) -> Source {
        let file = log.members.first().and_then(|member| self.files.get(*self.used.get(member.partial)?));
        let path = file.map(|file| file.source.path.clone()).unwrap_or_default();
        Source { path, name: log.name.clone(), size: log.size, ..Source::default() }
    }

    /// The logs as claims, and what reading each gave; `sources` are those of before, numbered.
    pub(super) fn claims<'m>(
        &mut self,
        sources: Vec<Source>,
        case: &Case,
        own: &'m OwnMappings,
    ) -> (Vec<Claimed<'m>>, BTreeMap<Exhibit, Given>) {
        let union = std::mem::take(&mut self.union);
        let numbers: Vec<Exhibit> = sources.iter().map(|source| source.exhibit).collect();
        let mut claimed = Vec::new();
        for (log, source) in union.logs.iter().zip(sources) {
            match format_of(&log.format, own) {
                Some(format) => claimed.push(claim(log, format, source, case)),
                None => {
                    let (partial, log, format) =
                        (source.path.display().to_string(), log.name.clone(), log.format.clone());
                    self.refused.push(UnionError::Format { log, partial, format }.to_string());
                }
            }
        }
        (claimed, numbers.iter().copied().zip(union.given(&numbers)).collect())
    }
}

fn format_of<'m>(name: &str, own: &'m OwnMappings) -> Option<&'m dyn LogFormat> {
    let built_in = LOG_FORMATS.iter().find(|format| format.name() == name).map(|format| *format as &dyn LogFormat);
    let mapped = || own.all().chain(shipped()).find(|mapping| mapping.id() == name).map(|m| m as &dyn LogFormat);
    built_in.or_else(mapped)
}

fn claim<'m>(log: &UnitedLog, format: &'m dyn LogFormat, source: Source, case: &Case) -> Claimed<'m> {
    let rule = case.rule_for(&source.name);
    let shape = LogShape { format, wrapping: log.wrapping };
    let stated = Stated {
        node: rule.and_then(|rule| rule.node.clone()).or_else(|| log.stated_node.clone()),
        zone: rule.and_then(|rule| rule.zone).or(log.stated_zone),
        moved_ms: case.moved_ms("logs", &source.name),
    };
    Claimed {
        source,
        format: Some((Format::Log(shape), log.why.clone())),
        hint: None,
        survey: log.survey.clone(),
        stated,
        members: log.members.clone(),
        verbatim: log.verbatim,
    }
}

/// How the lanes of a partial differ from those of the case.
fn other_lanes(theirs: &[(String, Vec<String>)], ours: &[(String, Vec<String>)]) -> Option<String> {
    if theirs == ours {
        return None;
    }
    let beyond = |these: &[(String, Vec<String>)], those: &[(String, Vec<String>)]| -> Vec<String> {
        let lane = |(name, patterns): &(String, Vec<String>)| format!("{name}: {}", patterns.join(" "));
        these.iter().filter(|lane| !those.contains(lane)).map(lane).collect()
    };
    let (there, here) = (beyond(theirs, ours), beyond(ours, theirs));
    Some(match (there.is_empty(), here.is_empty()) {
        (true, true) => "their order differs".to_owned(),
        (true, false) => format!("it lacks {}", here.join(", ")),
        (false, true) => format!("it has {}", there.join(", ")),
        (false, false) => format!("it has {}, the case {}", there.join(", "), here.join(", ")),
    })
}

impl PartialFile {
    /// The partial as one of the files of evidence.
    pub(super) fn as_read(&self) -> ReadFile {
        let mut problems: Vec<String> = self.trouble.iter().cloned().collect();
        if self.trouble.is_none() && self.made_by != env!("CARGO_PKG_VERSION") {
            problems.push(carried::other_version(&self.made_by));
        }
        ReadFile {
            exhibit: self.source.exhibit.to_string(),
            path: self.source.path.display().to_string(),
            name: self.source.name.clone(),
            kind: Some(Kind::Partial),
            format: form::NAME.to_owned(),
            why: carried::partial(&self.logs, &self.made_by),
            sha256: self.sha256.clone(),
            problems,
            ..ReadFile::default()
        }
    }
}

/// What of a log's place differs from what it was when it was read: then, and now.
pub(super) fn moved(then: &Placed, now: &Placed) -> Option<(String, String)> {
    let node = |p: &Placed| if p.node.is_empty() { "of no node".to_owned() } else { format!("of node {}", p.node) };
    let begins = |p: &Placed| match p.begins {
        Some(at) => format!("beginning {} in {}", at.to_second(), p.zone),
        None => "of no year".to_owned(),
    };
    let by = |p: &Placed| format!("moved by {} s", p.moved_ms / 1000);
    let mut told = Vec::new();
    if then.node != now.node {
        told.push((node(then), node(now)));
    }
    let offset = |p: &Placed| p.begins.map(|at| p.zone.offset_at(at));
    if then.begins != now.begins || offset(then) != offset(now) {
        told.push((begins(then), begins(now)));
    }
    if then.moved_ms != now.moved_ms {
        told.push((by(then), by(now)));
    }
    if told.is_empty() {
        return None;
    }
    let (then, now): (Vec<_>, Vec<_>) = told.into_iter().unzip();
    Some((then.join(", "), now.join(", ")))
}
