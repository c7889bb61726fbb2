//! The header: which column holds what.

use super::PARTS;
use crate::formats::metrics::cells::split;
use crate::smtp::Outcome;

/// The columns of a table, by position.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) delimiter: char,
    pub(super) series: Option<usize>,
    pub(super) minute: usize,
    pub(super) lane: Option<usize>,
    pub(super) observed: Option<usize>,
    pub(super) attempts: usize,
    pub(super) delivered: Option<usize>,
    pub(super) parts: [Option<usize>; PARTS.len()],
    pub(super) failed: Option<usize>,
    header: Vec<String>,
}

/// What may stand between cells.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

impl Columns {
    /// Finds the columns in a header line, or tells what it lacks.
    pub(super) fn find(line: &str) -> Result<Self, String> {
        let mut header = Vec::new();
        // The delimiter that yields most cells is the one.
        let most = |best: char, d: char| if line.matches(d).count() > line.matches(best).count() { d } else { best };
        let delimiter = DELIMITERS.into_iter().fold(',', most);
        split(line, delimiter, &mut header);
        for cell in &mut header {
            *cell = cell.trim_start_matches('\u{feff}').to_ascii_lowercase();
        }
        let at = |name: &str| header.iter().position(|cell| cell == name);
        let parts = PARTS.map(|(name, _)| at(name));
        let failed = at("failed_sessions");
        let (Some(minute), Some(attempts), true) =
            (at("minute"), at("attempts"), failed.is_some() || parts.iter().any(Option::is_some))
        else {
            let lacks = [
                ("minute", at("minute").is_none()),
                ("attempts", at("attempts").is_none()),
                ("failed_sessions", failed.is_none() && parts.iter().all(Option::is_none)),
            ];
            let lacks: Vec<_> = lacks.into_iter().filter(|(_, lacks)| *lacks).map(|(name, _)| name).collect();
            let found: String = header.join(", ").chars().take(120).collect();
            return Err(format!(
                "this is no table of counts a minute: it has no column {} (found: {found})",
                lacks.join(", ")
            ));
        };
        if let Some(twice) =
            header.iter().enumerate().find(|(i, c)| !c.is_empty() && header.iter().take(*i).any(|o| o == *c))
        {
            return Err(format!("the column `{}` stands in it twice", twice.1));
        }
        let (series, lane, observed, delivered) = (at("series_id"), at("lane"), at("observed"), at("delivered"));
        Ok(Self { delimiter, series, minute, lane, observed, attempts, delivered, parts, failed, header })
    }

    /// The outcomes that no column counts.
    pub(super) fn cannot_count(&self) -> Vec<Outcome> {
        let parts = PARTS.iter().zip(self.parts).filter(|(_, column)| column.is_some());
        let mut counted: Vec<Outcome> = parts.map(|((_, outcome), _)| *outcome).collect();
        // Sessions that did not fail are delivered, and those that nothing tells of unclassified.
        counted.extend([Outcome::Delivered, Outcome::Unclassified]);
        Outcome::ALL.iter().filter(|outcome| !counted.contains(outcome)).copied().collect()
    }

    /// The names of the columns that are read, in the order of the header.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut at: Vec<usize> = [self.series, self.lane, self.observed, self.delivered, self.failed]
            .into_iter()
            .chain(self.parts)
            .flatten()
            .chain([self.minute, self.attempts])
            .collect();
        at.sort_unstable();
        at.into_iter().filter_map(|i| self.header.get(i)).map(String::as_str).collect()
    }
}
