//! Counts a minute from elsewhere: a warehouse, a dashboard, a script.
//!
//! A table with one row for each minute of a lane: when, how many sessions were
//! attempted, how many failed. `columns` knows the names, `rows` reads the counts.

mod columns;
mod rows;

use std::collections::BTreeMap;
use std::io::BufRead;

use thiserror::Error;

use super::metrics::lines::{Lines, lines_of};
use super::{Accounting, Head};
use crate::smtp::Outcome;
use crate::time::{Minute, Zone};
use columns::Columns;
use rows::Rows;

/// Its name in outputs, and in `format:` of case.yaml.
pub const NAME: &str = "minutes";

/// The ways to fail that a table may count apart, in the order in which one session
/// fails in several of them: what comes after a 421 or a close is its consequence.
pub const PARTS: [(&str, Outcome); 4] = [
    ("deferred_421", Outcome::Deferral),
    ("remote_close", Outcome::RemoteClose),
    ("timeout", Outcome::Timeout),
    ("tls_fail", Outcome::TlsFailure),
];

/// The lane of a table that names none.
pub const OWN_LANE: &str = "gmail";

/// What a table of counts cannot show, whatever is in it.
pub const CANNOT_SHOW: [&str; 3] = [
    "replies, so neither their scope nor Google's tokens can be cited",
    "the order inside sessions: a TLS failure after a 421 is not told from one of its own",
    "MX hosts",
];

/// What one row says of its minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Sessions attempted.
    pub attempts: u32,
    /// Sessions that failed; never more than were attempted.
    pub failed: u32,
    /// Sessions that delivered, where the table says so; never more than did not fail.
    pub delivered: Option<u32>,
    /// Sessions of each of [`PARTS`], as written: one session may be in several.
    pub parts: [u32; PARTS.len()],
}

/// The minutes of one series and lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinuteSeries {
    /// `series_id`; empty when the table has none.
    pub id: String,
    /// The lane, in lower case.
    pub lane: String,
    /// By minute; nothing where a row says that the minute was not observed.
    pub minutes: BTreeMap<Minute, Option<Counted>>,
    /// The line of its first row.
    pub line: u64,
}

/// A row that could not be read: its minute is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line.
    pub line: u64,
    /// What is wrong, and how to put it right.
    pub what: String,
    /// The line as it stands, its first 200 characters.
    pub text: String,
}

/// What one table gave.
#[derive(Clone, Debug, Default)]
pub struct MinutesRead {
    /// The series, in the order of first appearance.
    pub series: Vec<MinuteSeries>,
    /// Where its lines went.
    pub accounting: Accounting,
    /// The zone used, and how it is known.
    pub zone: Option<(Zone, String)>,
    /// Outcomes of which it counts none apart: that it tells of none is no sign that none happened.
    /// They are among the failed sessions all the same.
    pub cannot_count: Vec<Outcome>,
    /// Sentences for the inspector.
    pub notes: Vec<String>,
    /// The first rows that could not be read.
    pub faults: Vec<Fault>,
}

/// Why a table could not be read at all.
#[derive(Debug, Error)]
pub enum MinutesError {
    /// The bytes could not be read.
    #[error("line {line}: {source}")]
    Io {
        /// The last line that was read.
        line: u64,
        /// What the system said.
        source: std::io::Error,
    },
    /// The header lacks a column, or there is no header.
    #[error("line {line}: {what}; {WAY_OUT}")]
    NoTable {
        /// The line of the header.
        line: u64,
        /// What is missing.
        what: String,
    },
}

const WAY_OUT: &str = "name the columns minute, attempts and failed_sessions (or some of deferred_421, remote_close, tls_fail and timeout); series_id, lane, observed and delivered may stand beside them";

/// Why the file is a table of counts a minute, or nothing.
#[must_use]
pub fn recognise(head: Head<'_>) -> Option<String> {
    let lines = lines_of(head.bytes, head.whole);
    let columns = Columns::find(lines.iter().find(|l| !is_silent(l))?).ok()?;
    Some(format!("a table of counts a minute with the columns {}", columns.names().join(", ")))
}

/// Reads the whole table, streaming. `zone` places times that name none.
///
/// # Errors
/// When the bytes cannot be read, or the header lacks a column.
pub fn read(input: impl BufRead, zone: Option<Zone>) -> Result<MinutesRead, MinutesError> {
    let failed = |line| move |source| MinutesError::Io { line, source };
    let mut lines = Lines::open(input).map_err(failed(0))?;
    let mut rows: Option<Rows> = None;
    let mut silent = 0;
    loop {
        let before = lines.number();
        let Some((number, line)) = lines.next_line().map_err(failed(before))? else { break };
        if is_silent(line) {
            silent += 1;
        } else if let Some(rows) = &mut rows {
            rows.take(number, line);
        } else {
            let columns = Columns::find(line).map_err(|what| MinutesError::NoTable { line: number, what })?;
            rows = Some(Rows::new(columns, zone));
            silent += 1;
        }
    }
    let Some(rows) = rows else {
        return Err(MinutesError::NoTable { line: 1, what: "there is no header".to_owned() });
    };
    let mut read = rows.finish();
    read.accounting.read += silent;
    read.accounting.irrelevant += silent;
    Ok(read)
}

/// Blank lines and comments say nothing.
fn is_silent(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests;
