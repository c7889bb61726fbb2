//! Facts against the minutes they rest on: what a stranger redoes by hand, redone.

use serde_json::Value;

use super::{Faults, Files, Sheet, list};
use crate::time::Minute;

/// The table that no budget drops.
const MINUTES: &str = "minutes_by_lane";

/// Lists of facts, with the table of minutes and the column by which their counts are redone.
const LISTS: &[(&str, &str, &str, &str)] = &[
    ("lanes", "lane", MINUTES, "lane"),
    ("ips", "label", "minutes_by_ip", "ip"),
    ("mx_hosts", "host", "minutes_by_mx", "mx_host"),
];

/// One row of a table of minutes.
pub(super) struct Row<'a> {
    pub(super) minute: &'a str,
    /// Which lane, IP or MX host.
    pub(super) key: &'a str,
    pub(super) attempts: Option<u64>,
    pub(super) failed: Option<u64>,
    pub(super) accepted: Option<u64>,
    full: bool,
}

/// Waves, the incident and the counts of lanes, IPs and MX hosts, from the minutes.
pub(super) fn check(files: &Files, facts: &Value, faults: &mut Faults) {
    let Some(sheet) = Sheet::of(files, MINUTES) else {
        faults.add("data/tables/minutes_by_lane.csv", "the table that the minutes of the waves rest on is missing");
        return;
    };
    let rows = rows_of(&sheet, "lane");
    let gmail: Vec<&Row<'_>> = rows.iter().filter(|row| row.key == "gmail").collect();
    for (n, wave) in (1..).zip(list(facts, "waves")) {
        check_wave(n, wave, &gmail, &sheet.path, faults);
    }
    check_incident(facts, faults);
    check_baseline(&sheet, facts, faults);
    for (name, label, table, key) in LISTS {
        let Some(sheet) = Sheet::of(files, table) else { continue };
        check_list(facts, (name, label), &rows_of(&sheet, key), &sheet.path, faults);
    }
}

/// The rows of a table of minutes, with the column that says whose they are.
pub(super) fn rows_of<'a>(sheet: &'a Sheet, key: &str) -> Vec<Row<'a>> {
    let columns = ["minute", key, "attempts", "failed", "accepted", "coverage"].map(|name| sheet.column(name));
    let row = |record: &'a csv::StringRecord| {
        let [minute, key, attempts, failed, accepted, coverage] =
            columns.map(|column| column.and_then(|at| record.get(at)).unwrap_or_default());
        let count = |cell: &str| cell.parse().ok();
        let (attempts, failed, accepted) = (count(attempts), count(failed), count(accepted));
        Row { minute, key, attempts, failed, accepted, full: coverage == "full" }
    };
    sheet.rows.iter().map(row).collect()
}

/// The first and the last minute of a wave.
fn span(wave: &Value) -> Option<(&str, &str)> {
    Some((wave["first"].as_str()?, wave["last_failure"].as_str()?))
}

/// The first and the last minute of each wave.
pub(super) fn spans(facts: &Value) -> Vec<(&str, &str)> {
    list(facts, "waves").filter_map(span).collect()
}

/// Whether a minute lies in one of the waves.
pub(super) fn is_in(waves: &[(&str, &str)], minute: &str) -> bool {
    waves.iter().any(|(first, last)| (*first..=*last).contains(&minute))
}

/// The minutes and the counts of one wave.
fn check_wave(n: usize, wave: &Value, gmail: &[&Row<'_>], path: &str, faults: &mut Faults) {
    let Some((first, last)) = span(wave) else { return };
    let inside: Vec<_> = gmail.iter().filter(|row| (first..=last).contains(&row.minute)).collect();
    for (name, of) in [("attempts", (|row| row.attempts) as fn(&Row<'_>) -> Option<u64>), ("failed", |row| row.failed)]
    {
        let sum = inside.iter().map(|row| of(row)).sum::<Option<u64>>();
        if sum.is_some() && sum != wave[name].as_u64() {
            faults.add(path, format!("its {name} of wave {n} do not add up to waves.{n}.{name}"));
        }
    }
    let failed_at = |minute: &str| inside.iter().find(|row| row.minute == minute).and_then(|row| row.failed);
    for (name, minute) in [("first", first), ("last_failure", last)] {
        if failed_at(minute) == Some(0) {
            faults.add(path, format!("no session failed in the minute of waves.{n}.{name}"));
        }
    }
    if let Some(peak) = wave["peak"].as_str() {
        let highest = wave["peak_failed"].as_u64();
        let in_peak = failed_at(peak);
        if in_peak.is_some() && in_peak != highest {
            faults.add(path, format!("the failed sessions of its peak minute are not waves.{n}.peak_failed"));
        }
        if inside.iter().any(|row| row.full && row.failed > highest) {
            faults.add(path, format!("another minute of wave {n} has more failed sessions than waves.{n}.peak"));
        }
    }
    let after = Minute::parse(last).map(|minute| minute.plus(1).to_string()).ok();
    if wave["recovery"].as_str().is_some_and(|recovery| Some(recovery) != after.as_deref()) {
        faults.add(path, format!("waves.{n}.recovery is not the minute after the last failed session"));
    }
}

/// The quiet minutes add up to the baseline, where it rests on minutes of the lane.
fn check_baseline(sheet: &Sheet, facts: &Value, faults: &mut Faults) {
    let Some(quiet) = sheet.column("quiet") else { return };
    let is_quiet: Vec<bool> = sheet.rows.iter().map(|row| row.get(quiet) == Some("yes")).collect();
    let rows: Vec<_> = rows_of(sheet, "lane").into_iter().zip(is_quiet).filter(|(_, quiet)| *quiet).collect();
    let baseline = &facts["incident"]["baseline"];
    if rows.is_empty() || !baseline["share"].is_object() {
        return;
    }
    let sums = [
        ("minutes", Some(rows.len() as u64), baseline["minutes"].as_u64()),
        ("share", rows.iter().map(|(row, _)| row.failed).sum(), baseline["share"]["part"].as_u64()),
        ("share", rows.iter().map(|(row, _)| row.attempts).sum(), baseline["share"]["whole"].as_u64()),
    ];
    for (name, sum, said) in sums {
        if sum.is_some() && sum != said {
            faults.add(&sheet.path, format!("its quiet minutes do not add up to incident.baseline.{name}"));
        }
    }
}

/// The incident begins with its first wave, ends with its last, and has the highest of their peaks.
fn check_incident(facts: &Value, faults: &mut Faults) {
    const FACTS: &str = "data/facts.json";
    let waves: Vec<&Value> = list(facts, "waves").collect();
    let (Some(first), Some(last)) = (waves.first(), waves.last()) else { return };
    let incident = &facts["incident"];
    if incident["first_minute"].is_string() && incident["first_minute"] != first["first"] {
        faults.add(FACTS, "incident.first_minute is not the first minute of the first wave");
    }
    if incident["recovery_minute"].is_string() && incident["recovery_minute"] != last["recovery"] {
        faults.add(FACTS, "incident.recovery_minute is not the recovery of the last wave");
    }
    let highest = waves.iter().filter_map(|wave| wave["peak_failed"].as_u64()).max();
    let is_highest =
        |wave: &&&Value| wave["peak"] == incident["peak_minute"] && wave["peak_failed"].as_u64() == highest;
    if incident["peak_minute"].is_string() && !waves.iter().any(|wave| is_highest(&wave)) {
        faults.add(FACTS, "incident.peak_minute is not the peak of the wave with most failed sessions in one minute");
    }
}

/// The sessions of each item inside the waves. Where a cell is empty, its log could not show all.
fn check_list(facts: &Value, (name, label): (&str, &str), rows: &[Row<'_>], path: &str, faults: &mut Faults) {
    let waves = spans(facts);
    // Without a wave they are those of the whole time.
    if waves.is_empty() {
        return;
    }
    let in_waves = |row: &&Row<'_>| is_in(&waves, row.minute);
    let items: Vec<&Value> = list(facts, name).collect();
    for (n, item) in (1..).zip(&items) {
        let Some(key) = item[label].as_str() else { continue };
        // Two places of one name share their rows.
        if items.iter().filter(|other| other[label] == item[label]).count() > 1 {
            continue;
        }
        let mine = || rows.iter().filter(in_waves).filter(|row| row.key == key);
        let counts = [
            ("attempts", mine().map(|row| row.attempts).sum::<Option<u64>>(), item["attempts"].as_u64()),
            ("failed_share", mine().map(|row| row.failed).sum(), item["failed_share"]["part"].as_u64()),
            ("delivered", mine().map(|row| row.accepted).sum(), item["delivered"].as_u64()),
        ];
        for (count, sum, said) in counts {
            if sum.is_some() && said.is_some() && sum != said {
                faults.add(path, format!("its minutes do not add up to {name}.{n}.{count}"));
            }
        }
    }
}
