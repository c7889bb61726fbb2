//! The tables of minutes, each read once, row by row, and added up: a week of a large sender has many rows.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Files, list};

/// The table that no budget drops.
pub(super) const BY_LANE: &str = "minutes_by_lane";

/// The tables, and the column that says whose a row is.
const TABLES: &[(&str, &str)] = &[(BY_LANE, "lane"), ("minutes_by_ip", "ip"), ("minutes_by_mx", "mx_host")];

/// Counts of one name: inside the waves and outside, each attempts, failed, accepted. Nothing
/// where a minute does not know one, or the sum is more than can be counted.
pub(super) type Cells = [[Option<u64>; 3]; 2];

/// What a name has of which no row tells.
pub(super) const NONE: Cells = [[Some(0); 3]; 2];

/// The tables of a bundle, by name.
pub(super) type Tables = BTreeMap<&'static str, Minutes>;

/// One table, added up.
#[derive(Default)]
pub(super) struct Minutes {
    pub(super) path: String,
    /// By lane, IP or MX host.
    pub(super) totals: BTreeMap<String, Cells>,
    /// How many minutes it has.
    pub(super) minutes: usize,
    /// The rows of the Gmail lane, where lanes are told apart.
    pub(super) gmail: Vec<Row>,
}

/// One row of the Gmail lane.
pub(super) struct Row {
    pub(super) minute: String,
    pub(super) attempts: Option<u64>,
    pub(super) failed: Option<u64>,
    /// Whether all logs were running.
    pub(super) full: bool,
    /// Whether the waves are held against it.
    pub(super) quiet: bool,
}

/// Reads the tables that the bundle has.
pub(super) fn tables(files: &Files<'_>, facts: &Value) -> Tables {
    let waves = spans(facts);
    let read = |(name, key): &(&'static str, &str)| {
        let path = format!("data/tables/{name}.csv");
        let bytes = files.get(&path)?;
        Some((*name, Minutes { path, ..Minutes::of(bytes, key, &waves) }))
    };
    TABLES.iter().filter_map(read).collect()
}

/// The first and the last minute of a wave.
pub(super) fn span(wave: &Value) -> Option<(&str, &str)> {
    Some((wave["first"].as_str()?, wave["last_failure"].as_str()?))
}

/// The first and the last minute of each wave.
pub(super) fn spans(facts: &Value) -> Vec<(&str, &str)> {
    list(facts, "waves").filter_map(span).collect()
}

impl Minutes {
    /// What is no row is told elsewhere.
    fn of(bytes: &[u8], key: &str, waves: &[(&str, &str)]) -> Self {
        let mut reader = csv::Reader::from_reader(bytes);
        let headings = reader.headers().cloned().unwrap_or_default();
        let columns = ["minute", key, "attempts", "failed", "accepted", "coverage", "quiet"]
            .map(|heading| headings.iter().position(|h| h == heading));
        let (mut all, mut record) = (Self::default(), csv::StringRecord::new());
        // The minute of the row before, and whether it lies outside the waves.
        let (mut minute, mut outside) = (String::new(), false);
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => return all,
                // Another row may be one; what cannot be read at all ends there.
                Err(e) if e.is_io_error() => return all,
                Err(_) => continue,
            }
            let [at, name, attempts, failed, accepted, coverage, quiet] =
                columns.map(|column| column.and_then(|column| record.get(column)).unwrap_or_default());
            if minute != at || all.minutes == 0 {
                all.minutes += 1;
                at.clone_into(&mut minute);
                outside = !waves.is_empty() && !waves.iter().any(|(first, last)| (*first..=*last).contains(&at));
            }
            let counts = [attempts, failed, accepted].map(|cell| cell.parse().ok());
            all.add(name, outside, counts);
            if key == "lane" && name == "gmail" {
                let [attempts, failed, _] = counts;
                let (full, quiet) = (coverage == "full", quiet == "yes");
                all.gmail.push(Row { minute: at.to_owned(), attempts, failed, full, quiet });
            }
        }
    }

    fn add(&mut self, name: &str, outside: bool, counts: [Option<u64>; 3]) {
        if !self.totals.contains_key(name) {
            self.totals.insert(name.to_owned(), NONE);
        }
        let Some(cells) = self.totals.get_mut(name) else { return };
        for (cell, count) in cells[usize::from(outside)].iter_mut().zip(counts) {
            *cell = cell.and_then(|sum: u64| sum.checked_add(count?));
        }
    }
}
