//! The table of contrast against the minutes and the verdicts that it is made of.

use serde_json::Value;

use super::minutes::{BY_LANE, Cells, Minutes, Tables};
use super::{Faults, Files, Sheet, list};

/// A kind of row, the list of facts that judges it, the key of that list, and its table of minutes.
const KINDS: &[(&str, &str, &str, &str)] = &[
    ("receiver", "lanes", "lane", BY_LANE),
    ("sending_ip", "ips", "label", "minutes_by_ip"),
    ("mx_host", "mx_hosts", "host", "minutes_by_mx"),
];
const SIDES: [&str; 2] = ["inside", "outside"];
const COUNTS: [&str; 3] = ["attempts", "failed", "accepted"];

/// One row of the table.
struct Line<'a> {
    name: &'a str,
    verdict: &'a str,
    cells: Cells,
}

/// Each row from the minutes, each sum from its rows, each verdict from the facts.
pub(super) fn check(files: &Files<'_>, tables: &Tables, facts: &Value, faults: &mut Faults) {
    let Some(sheet) = Sheet::of(files, "contrast") else { return };
    let all = tables.get(BY_LANE).map_or(0, |lanes| lanes.minutes);
    for (kind, name, label, table) in KINDS {
        let lines = lines_of(&sheet, kind);
        check_verdicts(&lines, facts, (name, label), &sheet.path, faults);
        check_sums(&lines, kind, &sheet.path, faults);
        if let Some(minutes) = tables.get(table) {
            check_counts(&lines, minutes, minutes.minutes == all, &sheet.path, faults);
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

/// Counts that the minutes give for a name; where a minute does not know one, nothing is redone, and
/// those outside the waves are not where the table leaves minutes out.
fn check_counts(lines: &[Line<'_>], minutes: &Minutes, whole: bool, path: &str, faults: &mut Faults) {
    for line in lines.iter().filter(|line| !is_sum(line)) {
        // Two places of one name share their rows.
        if lines.iter().filter(|other| other.name == line.name).count() > 1 {
            continue;
        }
        let Some(redone) = minutes.totals.get(line.name) else { continue };
        for (side, (redone, said)) in SIDES.iter().zip(redone.iter().zip(&line.cells)).take(if whole { 2 } else { 1 }) {
            for (count, (redone, said)) in COUNTS.iter().zip(redone.iter().zip(said)) {
                if redone.is_some() && said.is_some() && redone != said {
                    faults.add(path, format!("{side}_{count} of {} is not the sum of its minutes", line.name));
                }
            }
        }
    }
}
