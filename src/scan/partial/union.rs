//! The logs of several partials as one set: pieces put together, nothing twice.

use std::collections::{BTreeMap, BTreeSet};

use super::{Partial, Placed, ReadLog, UnionError};
use crate::formats::logs::{Survey, Wrapping};
use crate::intake::Exhibit;
use crate::scan::moved::Places;
use crate::scan::{Asked, Given, Part};
use crate::time::Zone;

/// One log of some partials, put together from its pieces where it came in pieces.
#[derive(Clone, Debug, Default)]
pub struct UnitedLog {
    /// Its path as it was given.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 in hex; empty where it came in pieces, whose files nobody has.
    pub sha256: String,
    /// Name of its format.
    pub format: String,
    /// What its lines are wrapped in.
    pub wrapping: Wrapping,
    /// Why it is of this format.
    pub why: String,
    /// What its lines tell of its clock.
    pub survey: Survey,
    /// The node that was stated.
    pub stated_node: Option<String>,
    /// The zone that was stated.
    pub stated_zone: Option<Zone>,
    /// Whether lines of it are kept as they stood.
    pub verbatim: bool,
    /// Where it was read: once, or each of its pieces in order.
    pub members: Vec<Member>,
}

/// A log in a partial, or a piece of one.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// Which partial, by position.
    pub partial: usize,
    /// Its number there.
    exhibit: Exhibit,
    /// Which piece of the log it is.
    pub piece: Option<u32>,
    /// Its own clock.
    pub survey: Survey,
    /// How it was placed.
    pub placed: Placed,
    /// Of which time it was read.
    pub asked: Asked,
    batch: String,
    lines: u64,
}

/// The logs of several partials.
#[derive(Debug, Default)]
pub struct Union {
    partials: Vec<Partial>,
    /// The logs, by name.
    pub logs: Vec<UnitedLog>,
}

impl Union {
    /// Puts the logs of partials together; `names` are the partials'.
    ///
    /// # Errors
    /// When a file or a piece stands in them twice, or a piece is missing.
    pub fn of(partials: Vec<Partial>, names: &[String]) -> Result<Self, UnionError> {
        let name = |partial: usize| names.get(partial).cloned().unwrap_or_default();
        let mut seen: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
        let mut pieces: BTreeMap<_, BTreeMap<u32, (usize, &ReadLog)>> = BTreeMap::new();
        let mut empty: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
        let mut logs = Vec::new();
        for (partial, log) in partials.iter().enumerate().flat_map(|(n, p)| p.logs.iter().map(move |log| (n, log))) {
            if let Some(piece) = log.piece.filter(|_| log.is_empty()) {
                empty.entry(&log.name).or_default().insert(piece);
                continue;
            }
            if let Some(piece) = log.piece {
                let of_log = pieces.entry((&log.name, &log.stated_node, &log.format)).or_default();
                if let Some((other, _)) = of_log.insert(piece, (partial, log)) {
                    let (one, other) = (name(other), name(partial));
                    return Err(UnionError::SamePiece { log: log.name.clone(), piece, one, other });
                }
                continue;
            }
            if let Some((one, of)) = seen.insert(&log.sha256, (&log.name, partial)) {
                let told = |log: &str, partial| format!("{log} (in {})", name(partial));
                let (one, other) = (told(one, of), told(&log.name, partial));
                return Err(UnionError::SameFile { one, other, sha256: log.sha256.clone() });
            }
            logs.push(UnitedLog::whole(partial, log));
        }
        for ((log, ..), pieces) in pieces {
            let empty = empty.get(log.as_str()).cloned().unwrap_or_default();
            logs.push(UnitedLog::united(log, pieces, &empty)?);
        }
        logs.sort_by(|a, b| a.order().cmp(&b.order()));
        Ok(Self { partials, logs })
    }

    /// What reading each log gave, once the logs are numbered; in their order.
    #[must_use]
    pub fn given(self, numbers: &[Exhibit]) -> Vec<Given> {
        let mut places: Vec<Places> = self.partials.iter().map(|_| Places::new()).collect();
        for (log, number) in self.logs.iter().zip(numbers) {
            let mut before = 0_u64;
            for member in &log.members {
                if let Some(places) = places.get_mut(member.partial) {
                    places.insert(member.exhibit, (*number, before));
                }
                before = before.saturating_add(member.lines);
            }
        }
        let mut parts: BTreeMap<(usize, Exhibit), Part> = BTreeMap::new();
        for (n, (partial, places)) in self.partials.into_iter().zip(&places).enumerate() {
            let moved = |log: ReadLog| ((n, log.exhibit), log.part.moved(places));
            parts.extend(partial.logs.into_iter().map(moved));
        }
        self.logs.iter().map(|log| log.given(&mut parts)).collect()
    }
}

impl UnitedLog {
    fn whole(partial: usize, log: &ReadLog) -> Self {
        Self {
            name: log.name.clone(),
            size: log.size,
            sha256: log.sha256.clone(),
            format: log.format.clone(),
            wrapping: log.wrapping,
            why: log.why.clone(),
            survey: log.survey.clone(),
            stated_node: log.stated_node.clone(),
            stated_zone: log.stated_zone,
            verbatim: log.verbatim,
            members: vec![Member::of(partial, log)],
        }
    }

    /// A log from its pieces, which begin with number 0 or 1 and leave none out.
    fn united(name: &str, pieces: BTreeMap<u32, (usize, &ReadLog)>, empty: &BTreeSet<u32>) -> Result<Self, UnionError> {
        let is_there = |piece: &u32| pieces.contains_key(piece) || empty.contains(piece);
        let first = u32::from(!is_there(&0));
        let last = pieces.keys().next_back().copied().unwrap_or_default();
        if let Some(piece) = (first..=last).find(|piece| !is_there(piece)) {
            return Err(UnionError::Missing { log: name.to_owned(), piece, last });
        }
        let mut found = pieces.into_values().map(|(partial, log)| Self::whole(partial, log));
        let mut log = found.next().unwrap_or_default();
        for piece in found {
            log.go_on(piece);
        }
        log.sha256.clear();
        Ok(log)
    }

    fn go_on(&mut self, next: Self) {
        self.size = self.size.saturating_add(next.size);
        self.verbatim &= next.verbatim;
        self.stated_node = self.stated_node.take().or(next.stated_node);
        self.stated_zone = self.stated_zone.or(next.stated_zone);
        if self.survey.has_stamps() {
            self.survey.learn(next.survey);
        } else {
            self.survey = next.survey;
        }
        self.members.extend(next.members);
    }

    fn given(&self, parts: &mut BTreeMap<(usize, Exhibit), Part>) -> Given {
        let mut own = self.members.iter().filter_map(|member| parts.remove(&(member.partial, member.exhibit)));
        let mut part = own.next().unwrap_or_default();
        for next in own {
            part.go_on(next);
        }
        let batch = match &self.members[..] {
            [only] if !only.batch.is_empty() => Some(only.batch.clone()),
            _ => None,
        };
        Given { part, batch }
    }

    fn order(&self) -> (&str, &str, &str) {
        (&self.name, self.members.first().map_or("", |member| &member.placed.node), &self.sha256)
    }
}

impl Member {
    fn of(partial: usize, log: &ReadLog) -> Self {
        Self {
            partial,
            exhibit: log.exhibit,
            piece: log.piece,
            survey: log.survey.clone(),
            placed: log.placed.clone(),
            asked: log.asked.clone(),
            batch: log.batch.clone(),
            lines: log.part.lines(log.exhibit),
        }
    }
}
