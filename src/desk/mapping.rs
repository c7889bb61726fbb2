//! `casefile mapping`: mapping files checked, tried and shown; and those of a case, read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::args::{Mapping as Command, MappingCheck};
use super::exit::Failure;
use super::words::shown;
use crate::case::{Case, nearest};
use crate::formats::Head;
use crate::formats::logs::mapping::{Mapping, SHIPPED, schema_json, shipped};
use crate::formats::logs::{Event, LogClock, LogFormat as _, Opening, Pulse, Sink};
use crate::intake::{Exhibit, IntakeError, for_each_block, head_of, open};
use crate::smtp::Outcome;
use crate::time::{Minute, Stamp, Zone};

/// The mappings of a case.yaml.
#[derive(Default)]
pub(super) struct OwnMappings {
    /// By the names that case.yaml gives them, in their order.
    named: Vec<(String, Mapping)>,
    /// Their files, below the folder.
    files: Vec<String>,
}

impl OwnMappings {
    /// Reads the mappings that a case names.
    ///
    /// # Errors
    /// When one of them cannot be read, or has problems.
    pub(super) fn of(folder: &Path, case: &Case) -> Result<Self, Failure> {
        let mut own = Self::default();
        for (name, file) in &case.mappings {
            own.named.push((name.clone(), read(&folder.join(file))?));
            own.files.push(file.trim_start_matches("./").to_owned());
        }
        Ok(own)
    }

    /// The one of a name: the case's, else one that casefile brings.
    pub(super) fn named(&self, name: &str) -> Option<&Mapping> {
        let own = self.named.iter().find(|(own, _)| own == name).map(|(_, mapping)| mapping);
        own.or_else(|| shipped().iter().find(|mapping| mapping.id() == name))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Mapping> {
        self.named.iter().map(|(_, mapping)| mapping)
    }

    pub(super) fn is_file_of_one(&self, name: &str) -> bool {
        self.files.iter().any(|file| file == name)
    }
}

/// The case of a folder with its mappings; files alone have none.
///
/// # Errors
/// When case.yaml or one of its mappings cannot be read, or has problems.
pub(super) fn case_around(paths: &[PathBuf]) -> Result<(Case, OwnMappings), Failure> {
    match paths {
        [only] if only.is_dir() => {
            let (folder, case) = super::build::case_of(only)?;
            let own = OwnMappings::of(&folder, &case)?;
            Ok((case, own))
        }
        _ => Ok((Case::bare("case"), OwnMappings::default())),
    }
}

fn read(path: &Path) -> Result<Mapping, Failure> {
    let io = |source| Failure::Input(IntakeError::Io { path: path.to_owned(), source });
    let text = fs::read_to_string(path).map_err(io)?;
    Mapping::read(&text).map_err(|problems| Failure::Case(problems, path.display().to_string()))
}

pub(super) fn mapping(command: &Command) -> Result<String, Failure> {
    match command {
        Command::Check(args) => check(args),
        Command::List => Ok(list()),
        Command::Show { name } => show(name),
        Command::Schema => Ok(schema_json()),
    }
}

fn list() -> String {
    let widest = SHIPPED.iter().map(|m| m.id.len()).max().unwrap_or_default();
    shipped().iter().map(|m| format!("{:widest$}  {}\n", m.id(), m.title())).collect()
}

fn show(name: &str) -> Result<String, Failure> {
    if let Some(found) = SHIPPED.iter().find(|m| m.id == name) {
        return Ok(found.text.to_owned());
    }
    let names = || SHIPPED.iter().map(|m| m.id);
    let help = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", names().collect::<Vec<_>>().join(", ")),
    };
    Err(Failure::Usage(format!("casefile brings no mapping `{}`; {help}", shown(name))))
}

/// What the examples say, and what files give.
fn check(args: &MappingCheck) -> Result<String, Failure> {
    let mapping = read(&args.file)?;
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}: {}", mapping.id(), shown(mapping.title()));
    for trial in mapping.trials() {
        let _ = writeln!(out, "  {}", cut(&shown(&trial.input)));
        for told in &trial.told {
            let _ = writeln!(out, "    {}", shown(told));
        }
    }
    let _ = writeln!(out, "all {} examples hold", mapping.trials().len());
    for sentence in mapping.silent_on() {
        let _ = writeln!(out, "cannot show: {}", shown(sentence));
    }
    for path in &args.logs {
        out.push_str(&tried(&mapping, path)?);
    }
    Ok(out)
}

/// A record is shown so far.
const SHOWN: usize = 160;

fn cut(text: &str) -> String {
    if text.chars().count() <= SHOWN { text.to_owned() } else { text.chars().take(SHOWN).chain(['…']).collect() }
}

/// What a file gives by a mapping.
fn tried(mapping: &Mapping, path: &Path) -> Result<String, Failure> {
    let (bytes, whole) = head_of(path, 256 * 1024)?;
    let head = Head { bytes: &bytes, whole };
    let survey = mapping.survey(head);
    let zone = survey.always.or(survey.offset_s.map(Zone::Fixed)).unwrap_or(Zone::UTC);
    let mut reader = mapping.telling_reader(Opening::again(Exhibit(1), LogClock::new(zone, survey.near)));
    let mut told = Told::default();
    let read = for_each_block(&mut open(path)?, |block| {
        reader.reader().read(block, &mut told);
        true
    });
    read.map_err(|source| Failure::Input(IntakeError::Io { path: path.to_owned(), source }))?;
    reader.reader().end_of_file(&mut told);
    Ok(told.text(path, mapping, head, &reader))
}

/// Counts what a file gives.
#[derive(Default)]
struct Told {
    outcomes: BTreeMap<Outcome, u64>,
    span: Option<(Stamp, Stamp)>,
    samples: Vec<(u64, String)>,
}

/// Records that were not understood and are shown.
const SAMPLES: usize = 5;

impl Told {
    fn text(
        &self,
        path: &Path,
        mapping: &Mapping,
        head: Head<'_>,
        reader: &crate::formats::logs::mapping::TellingReader,
    ) -> String {
        let accounting = reader.accounting();
        let mut out = format!("{}:\n", path.display());
        match mapping.fitting(head) {
            Some((fitting, all)) => {
                let claim = if mapping.recognise(head).is_some() { "recognised" } else { "not recognised" };
                let _ = writeln!(out, "  {claim}: {fitting} of its first {all} records fit `detect`");
            }
            None => out.push_str("  never recognised by itself: the mapping has no `detect`\n"),
        }
        let ignored: Vec<_> = reader.ignored().iter().map(|(reason, n)| format!("{} {n}", shown(reason))).collect();
        let reasons = if ignored.is_empty() { String::new() } else { format!(" ({})", ignored.join(", ")) };
        let _ = writeln!(
            out,
            "  {} records: {} used, {} irrelevant{reasons}, {} not understood",
            accounting.read, accounting.used, accounting.irrelevant, accounting.unrecognised
        );
        for (number, text) in &self.samples {
            let _ = writeln!(out, "    line {number} not understood: {}", cut(&shown(text)));
        }
        if let Some((from, to)) = self.span {
            let _ = writeln!(out, "  {} to {}", from.to_second(), to.to_second());
        }
        for (outcome, n) in &self.outcomes {
            let _ = writeln!(out, "  {outcome} {n}");
        }
        out
    }
}

impl Sink for Told {
    fn event(&mut self, event: &Event<'_>) {
        *self.outcomes.entry(event.outcome).or_default() += u64::from(event.weight);
        let at = event.at;
        self.span = Some(self.span.map_or((at, at), |(from, to)| (from.min(at), to.max(at))));
    }

    fn heard(&mut self, _: Minute, _: Pulse) {}

    fn unrecognised(&mut self, number: u64, text: &[u8]) {
        if self.samples.len() < SAMPLES {
            let end = text.len().min(4 * SHOWN);
            self.samples.push((number, String::from_utf8_lossy(&text[..end]).into_owned()));
        }
    }
}
