//! What stands in a partial, as JSON has it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::edges::{Bytes, Edges};
use super::sound::{self, unsound};
use super::{Partial, PartialError, Placed, ReadLog};
use crate::formats::logs::{Prints, Repeats, Survey, Wrapping};
use crate::intake::Exhibit;
use crate::scan::elsewhere::Recorded;
use crate::scan::{Asked, Elsewhere, Kinship, Part, Repetition};
use crate::time::millis::Moments as _;
use crate::time::{Window, Zone};

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Content {
    casefile: String,
    lanes: Vec<(String, Vec<String>)>,
    logs: Vec<SavedLog>,
}

#[derive(Debug, Deserialize, Serialize)]
struct SavedLog {
    exhibit: u16,
    name: String,
    size: u64,
    sha256: String,
    piece: Option<u32>,
    format: String,
    wrapping: Wrapping,
    why: String,
    survey: Survey,
    stated_node: Option<String>,
    stated_zone: Option<Zone>,
    node: String,
    zone: Zone,
    begins: Option<i64>,
    moved_ms: i64,
    batch: String,
    verbatim: bool,
    asked: Vec<(i32, i32)>,
    part: SavedPart,
}

#[derive(Debug, Deserialize, Serialize)]
struct SavedPart {
    counts: Counts,
    joined: Option<Counts>,
    edges: Vec<Edges>,
    prints: Prints,
    problems: Vec<String>,
    counted_by: Vec<(u16, Kinship)>,
    apart: Vec<u16>,
    windows: Vec<(Recorded, Vec<(i32, i32)>)>,
    ips: Vec<Bytes>,
    repetition: Option<SavedRepetition>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum SavedRepetition {
    Whole { of: u16, later_by: i32 },
    Some { of: Vec<u16>, lines: u64 },
}

impl Content {
    pub(super) fn of(partial: &Partial) -> Self {
        Self {
            casefile: partial.made_by.clone(),
            lanes: partial.lanes.clone(),
            logs: partial.logs.iter().map(SavedLog::of).collect(),
        }
    }

    pub(super) fn partial(self) -> Result<Partial, PartialError> {
        let logs: Vec<ReadLog> = self.logs.into_iter().map(SavedLog::log).collect::<Result<_, _>>()?;
        let numbers: BTreeSet<Exhibit> = logs.iter().map(|log| log.exhibit).collect();
        if numbers.len() != logs.len() {
            return Err(unsound("two logs of one number"));
        }
        Ok(Partial { made_by: self.casefile, lanes: self.lanes, logs })
    }
}

/// Times are moved by less than a year.
const MOST_MOVED_MS: u64 = 366 * 86_400_000;

impl SavedLog {
    fn of(log: &ReadLog) -> Self {
        let Placed { node, zone, begins, moved_ms } = &log.placed;
        Self {
            exhibit: log.exhibit.0,
            name: log.name.clone(),
            size: log.size,
            sha256: log.sha256.clone(),
            piece: log.piece,
            format: log.format.clone(),
            wrapping: log.wrapping,
            why: log.why.clone(),
            survey: log.survey.clone(),
            stated_node: log.stated_node.clone(),
            stated_zone: log.stated_zone,
            node: node.clone(),
            zone: *zone,
            begins: begins.number(),
            moved_ms: *moved_ms,
            batch: log.batch.clone(),
            verbatim: log.verbatim,
            asked: log.asked.windows().iter().map(|w| (w.from.number(), w.to.number())).collect(),
            part: SavedPart::of(&log.part),
        }
    }

    fn log(self) -> Result<ReadLog, PartialError> {
        if !self.survey.is_sound() || self.moved_ms.unsigned_abs() > MOST_MOVED_MS {
            return Err(unsound("a clock of no log"));
        }
        let begins = self.begins.map(sound::stamp).transpose()?;
        let mut part = self.part.part()?;
        part.digest = (self.sha256.clone(), self.size);
        Ok(ReadLog {
            exhibit: Exhibit(self.exhibit),
            name: self.name,
            size: self.size,
            sha256: self.sha256,
            piece: self.piece,
            format: self.format,
            wrapping: self.wrapping,
            why: self.why,
            survey: self.survey,
            stated_node: self.stated_node,
            stated_zone: self.stated_zone,
            placed: Placed { node: self.node, zone: self.zone, begins, moved_ms: self.moved_ms },
            batch: self.batch,
            verbatim: self.verbatim,
            asked: Asked::stretches(self.asked.into_iter().map(window).collect()),
            part,
        })
    }
}

fn window((from, to): (i32, i32)) -> Window {
    Window::new(sound::minute(from), sound::minute(to))
}

impl SavedPart {
    fn of(part: &Part) -> Self {
        let Elsewhere { by, apart, windows, ips } = &part.elsewhere;
        let window = |window: &Window| (window.from.number(), window.to.number());
        Self {
            counts: Counts::of(&part.tally),
            joined: (!part.joined.files.is_empty()).then(|| Counts::of(&part.joined)),
            edges: part.ends.iter().map(Edges::of).collect(),
            prints: part.prints.clone(),
            problems: part.problems.clone(),
            counted_by: by.iter().map(|(exhibit, kinship)| (exhibit.0, *kinship)).collect(),
            apart: apart.iter().map(|exhibit| exhibit.0).collect(),
            windows: windows.iter().map(|(kind, windows)| (*kind, windows.iter().map(window).collect())).collect(),
            ips: ips.iter().map(|ip| Bytes::of(ip)).collect(),
            repetition: part.repetition.as_ref().map(SavedRepetition::of),
        }
    }

    fn part(self) -> Result<Part, PartialError> {
        if !self.prints.is_sound() {
            return Err(unsound("a line at no time"));
        }
        let windows = self.windows.into_iter();
        let elsewhere = Elsewhere {
            by: self.counted_by.into_iter().map(|(exhibit, kinship)| (Exhibit(exhibit), kinship)).collect(),
            apart: self.apart.into_iter().map(Exhibit).collect(),
            windows: windows.map(|(kind, windows)| (kind, windows.into_iter().map(window).collect())).collect(),
            ips: self.ips.into_iter().map(Bytes::bytes).collect(),
        };
        Ok(Part {
            tally: self.counts.tally()?,
            joined: self.joined.map(Counts::tally).transpose()?.unwrap_or_default(),
            ends: self.edges.into_iter().map(Edges::ends).collect::<Result<_, _>>()?,
            prints: self.prints,
            problems: self.problems,
            elsewhere,
            repetition: self.repetition.map(SavedRepetition::repetition),
            ..Part::default()
        })
    }
}

impl SavedRepetition {
    fn of(repetition: &Repetition) -> Self {
        match repetition {
            Repetition::Whole { of, later_by } => Self::Whole { of: of.0, later_by: *later_by },
            Repetition::Some { of, lines, .. } => Self::Some { of: of.iter().map(|of| of.0).collect(), lines: *lines },
        }
    }

    fn repetition(self) -> Repetition {
        match self {
            Self::Whole { of, later_by } => Repetition::Whole { of: Exhibit(of), later_by },
            Self::Some { of, lines } => {
                Repetition::Some { of: of.into_iter().map(Exhibit).collect(), lines, repeats: Repeats::default() }
            }
        }
    }
}
