//! The table of contrast against the minutes and the verdicts that it is made of.

use std::collections::BTreeMap;

use serde_json::Value;

use super::sums::{Row, is_in, rows_of, spans};
use super::{Faults, Files, Sheet, list};

/// A kind of row, the list of facts that judges it, the key of that list, its table of minutes, and
/// the column of that table.
const KINDS: &[(&str, &str, &str, &str, &str)] = &[
    ("receiver", "lanes", "lane", "minutes_by_lane", "lane"),
    ("sending_ip", "ips", "label", "minutes_by_ip", "ip"),
    ("mx_host", "mx_hosts", "host", "minutes_by_mx", "mx_host"),
];
const SIDES: [&str; 2] = ["inside", "outside"];
const COUNTS: [&str; 3] = ["attempts", "failed", "accepted"];

/// Counts of one row: inside and outside the waves, each attempts, failed, accepted.
type Cells = [[Option<u64>; 3]; 2];

/// One row of the table.
struct Line<'a> {
    name: &'a str,
    verdict: &'a str,
    cells: Cells,
}

/// Each row from the minutes, each sum from its rows, each verdict from the facts.
pub(super) fn check(files: &Files, facts: &Value, faults: &mut Faults) {
    let Some(sheet) = Sheet::of(files, "contrast") else { return };
    for (kind, name, label, table, column) in KINDS {
        let lines = lines_of(&sheet, kind);
        check_verdicts(&lines, facts, (name, label), &sheet.path, faults);
        check_sums(&lines, kind, &sheet.path, faults);
        if let Some(minutes) = Sheet::of(files, table) {
            check_counts(&lines, &rows_of(&minutes, column), facts, &sheet.path, faults);
        }
    }
}

fn lines_of<'a>(sheet: &'a Sheet, kind: &str) -> Vec<Line<'a>> {
    let text = |record: &'a csv::StringRecord, name: &str| {
        sheet.column(name).and_then(|at| record.get(at)).unwrap_or_default()
    };
    let line = |record: &'a csv::StringRecord| Line {
        name: text(record, "name"),
        verdict: text(record, "verdict"),
        cells: SIDES.map(|side| COUNTS.map(|count| text(record, &format!("{side}_{count}")).parse().ok())),
    };
    sheet.rows.iter().filter(|record| text(record, "kind") == kind).map(line).collect()
}

/// `all failing`, `all clean`: sums of the rows with that verdict.
fn is_sum(line: &Line<'_>) -> bool {
    line.name.strip_prefix("all ").is_some_and(|verdict| verdict == line.verdict)
}

fn check_verdicts(lines: &[Line<'_>], facts: &Value, (name, label): (&str, &str), path: &str, faults: &mut Faults) {
    for line in lines.iter().filter(|line| !is_sum(line) && !line.verdict.is_empty()) {
        let of_name = |item: &&Value| item[label].as_str() == Some(line.name);
        if !list(facts, name).filter(of_name).any(|item| item["verdict"].as_str() == Some(line.verdict)) {
            faults.add(path, format!("the verdict of {} is not the one in {name}", line.name));
        }
    }
}

fn check_sums(lines: &[Line<'_>], kind: &str, path: &str, faults: &mut Faults) {
    for sum in lines.iter().filter(|line| is_sum(line)) {
        let parts: Vec<_> = lines.iter().filter(|line| !is_sum(line) && line.verdict == sum.verdict).collect();
        let added = [0, 1]
            .map(|side| [0, 1, 2].map(|count| parts.iter().map(|part| part.cells[side][count]).sum::<Option<u64>>()));
        if added != sum.cells {
            faults.add(path, format!("`{}` of kind {kind} is not the sum of its rows", sum.name));
        }
    }
}

/// Counts that the minutes give for a name; where a minute does not know one, nothing is redone.
fn check_counts(lines: &[Line<'_>], rows: &[Row<'_>], facts: &Value, path: &str, faults: &mut Faults) {
    let waves = spans(facts);
    let mut of_name: BTreeMap<&str, Cells> = BTreeMap::new();
    for row in rows {
        let side = usize::from(!waves.is_empty() && !is_in(&waves, row.minute));
        let cells = of_name.entry(row.key).or_insert([[Some(0); 3]; 2]);
        for (cell, count) in cells[side].iter_mut().zip([row.attempts, row.failed, row.accepted]) {
            *cell = cell.and_then(|sum| sum.checked_add(count?));
        }
    }
    for line in lines.iter().filter(|line| !is_sum(line)) {
        // Two places of one name share their rows.
        if lines.iter().filter(|other| other.name == line.name).count() > 1 {
            continue;
        }
        let Some(redone) = of_name.get(line.name) else { continue };
        for (side, (redone, said)) in SIDES.iter().zip(redone.iter().zip(&line.cells)) {
            for (count, (redone, said)) in COUNTS.iter().zip(redone.iter().zip(said)) {
                if redone.is_some() && said.is_some() && redone != said {
                    faults.add(path, format!("{side}_{count} of {} is not the sum of its minutes", line.name));
                }
            }
        }
    }
}
