//! Tables of counts a minute among the evidence: they stand in where no log is.

use std::io::BufReader;

use super::claims::Claimed;
use super::evidence::{Evidence, ReadFile};
use super::words;
use crate::case::Case;
use crate::formats::minutes::{self, MinuteSeries};
use crate::intake::{Exhibit, open};
use crate::scan::What;
use crate::smtp::Outcome;
use crate::timeline::log_coverage;

/// A table that was read, before it is known what the logs cover.
#[derive(Debug)]
pub(super) struct CountedFile {
    exhibit: Exhibit,
    node: String,
    series: Vec<MinuteSeries>,
    cannot_count: Vec<Outcome>,
}

/// Reads one table.
pub(super) fn of_minutes(found: &Claimed<'_>, case: &Case, file: &mut ReadFile) -> Option<CountedFile> {
    let rule = case.rule_for(&found.source.name);
    let mut opened = match open(&found.source.path) {
        Ok(opened) => opened,
        Err(e) => {
            file.problems.push(e.to_string());
            return None;
        }
    };
    let read = match minutes::read(BufReader::with_capacity(1 << 17, &mut opened), rule.and_then(|r| r.zone)) {
        Ok(read) => read,
        Err(e) => {
            file.problems.push(e.to_string());
            return None;
        }
    };
    file.sha256 = opened.digest().0;
    file.accounting = read.accounting;
    file.zone = read.zone.map(|(_, how)| how).unwrap_or_default();
    let known = || read.series.iter().flat_map(|s| s.minutes.keys());
    file.span = known().min().zip(known().max()).map(|(a, b)| (a.start(), b.plus(1).start().plus_millis(-1000)));
    file.cannot_show = minutes::CANNOT_SHOW.map(str::to_owned).to_vec();
    let told = |s: &MinuteSeries| s.minutes.values().flatten().any(|c| c.delivered.is_some());
    if !read.series.iter().any(told) {
        file.cannot_show.push("deliveries: sessions that did not fail count as delivered".to_owned());
    }
    file.cannot_count.clone_from(&read.cannot_count);
    file.problems.extend(read.notes);
    file.problems.extend(read.faults.iter().map(|f| format!("line {}: {}; its minute is unknown", f.line, f.what)));
    file.samples = read.faults.into_iter().map(|f| (f.line, f.text)).collect();
    let node = rule.and_then(|r| r.node.clone()).unwrap_or_default();
    Some(CountedFile { exhibit: found.source.exhibit, node, series: read.series, cannot_count: read.cannot_count })
}

/// Counts the tables' minutes that no log covers, and says of each what was left out.
pub(super) fn count(tables: Vec<CountedFile>, evidence: &mut Evidence, case: &Case) {
    // Coverage before any table is counted: a table is no log.
    let logs = log_coverage(&evidence.tally, &evidence.nodes);
    let shows_failures =
        evidence.blind.values().any(|blind| What::FAILURES.iter().any(|outcome| !blind.contains(outcome)));
    for table in tables {
        let is_logged = |minute| logs.iter().any(|node| node.knows(minute));
        let left_out = evidence.tally.count_minutes(table.exhibit, &table.node, &table.series, &case.lanes, is_logged);
        let counted = evidence.tally.files.get(&table.exhibit).map(|f| f.outcomes.clone()).unwrap_or_default();
        let exhibit = table.exhibit.to_string();
        evidence.blind.insert(table.exhibit, table.cannot_count.into_iter().collect());
        if let Some(file) = evidence.files.iter_mut().find(|f| f.exhibit == exhibit) {
            file.outcomes = counted.into_iter().collect();
            file.problems.extend(words::left_out(left_out, shows_failures));
        }
    }
}
