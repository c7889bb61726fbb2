//! Google Postmaster Tools: answers of its API, v1 and v2, and tables of its numbers.
//!
//! Figures are of one domain and one day; which hours a day has, Google does not say. What is
//! absent (too little mail) is unknown, never zero.
//!
//! - `api` reads the JSON, `table` CSV with a day and the rate of user-reported spam.

mod api;
mod table;

use super::{Snapshot, SnapshotError, SnapshotFormat, SnapshotSetup};
use crate::formats::Head;
use crate::time::{Minute, Stamp, days_from_civil};

/// The reader of Postmaster Tools.
#[derive(Clone, Copy, Debug)]
pub(super) struct Postmaster;

/// Its name in reports.
const TOOL: &str = "Google Postmaster Tools";

impl SnapshotFormat for Postmaster {
    fn name(&self) -> &'static str {
        "google-postmaster"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        api::recognise(head).or_else(|| table::recognise(head))
    }

    fn opens(&self, _: &str) -> bool {
        false
    }

    fn read(&self, text: &[u8], setup: &SnapshotSetup) -> Result<Snapshot, SnapshotError> {
        let mut snapshot = Snapshot::default();
        if is_json(text) {
            api::read(text, setup, &mut snapshot);
        } else {
            table::read(text, setup, &mut snapshot);
        }
        if snapshot.reports.is_empty() { Err(SnapshotError::Nothing(self.name())) } else { Ok(snapshot) }
    }
}

fn is_json(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"{") || text.trim_ascii_start().starts_with(b"[")
}

/// The first minute of a day, where there is such a day.
fn day(year: i64, month: u32, day: u32) -> Option<Minute> {
    if !(2000..3000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let number = days_from_civil(year, month, day);
    let is_there = crate::time::civil_from_days(number) == (year, month, day);
    is_there.then(|| Stamp::from_seconds(number * 86_400).minute())
}

/// `20261123`
fn compact_day(text: &str) -> Option<Minute> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    day(text.get(..4)?.parse().ok()?, text.get(4..6)?.parse().ok()?, text.get(6..)?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(compact_day("20261123").map(Minute::date).as_deref(), Some("2026-11-23"));
        for no_day in ["20260229", "20261301", "2026112", "2026-11-", "00001123"] {
            assert_eq!(compact_day(no_day), None, "{no_day}");
        }
    }
}
