//! Facts against the minutes they rest on: what a stranger redoes by hand, redone.

use serde_json::Value;

use super::minutes::{BY_LANE, Minutes, NONE, Row, Tables, span, spans};
use super::{Faults, list};
use crate::time::Minute;

/// Lists of facts, with the label of their items and the table of minutes by which their counts are redone.
const LISTS: &[(&str, &str, &str)] =
    &[("lanes", "lane", BY_LANE), ("ips", "label", "minutes_by_ip"), ("mx_hosts", "host", "minutes_by_mx")];

/// Waves, the incident and the counts of lanes, IPs and MX hosts, from the minutes.
pub(super) fn check(tables: &Tables, facts: &Value, faults: &mut Faults) {
    let Some(lanes) = tables.get(BY_LANE) else {
        faults.add("data/tables/minutes_by_lane.csv", "the table that the minutes of the waves rest on is missing");
        return;
    };
    for (n, wave) in (1..).zip(list(facts, "waves")) {
        check_wave(n, wave, &lanes.gmail, &lanes.path, faults);
    }
    check_incident(facts, faults);
    check_baseline(lanes, facts, faults);
    for (name, label, table) in LISTS {
        if let Some(minutes) = tables.get(table) {
            check_list(facts, (name, label), minutes, faults);
        }
    }
}

/// The minutes and the counts of one wave.
fn check_wave(n: usize, wave: &Value, gmail: &[Row], path: &str, faults: &mut Faults) {
    let Some((first, last)) = span(wave) else { return };
    let inside: Vec<_> = gmail.iter().filter(|row| (first..=last).contains(&row.minute.as_str())).collect();
    for (name, of) in [("attempts", (|row| row.attempts) as fn(&Row) -> Option<u64>), ("failed", |row| row.failed)] {
        let sum = inside.iter().try_fold(0_u64, |sum, row| sum.checked_add(of(row)?));
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
fn check_baseline(lanes: &Minutes, facts: &Value, faults: &mut Faults) {
    let quiet: Vec<&Row> = lanes.gmail.iter().filter(|row| row.quiet).collect();
    let baseline = &facts["incident"]["baseline"];
    if quiet.is_empty() || !baseline["share"].is_object() {
        return;
    }
    let sum = |of: fn(&Row) -> Option<u64>| quiet.iter().try_fold(0_u64, |sum, row| sum.checked_add(of(row)?));
    let sums = [
        ("minutes", Some(quiet.len() as u64), baseline["minutes"].as_u64()),
        ("share", sum(|row| row.failed), baseline["share"]["part"].as_u64()),
        ("share", sum(|row| row.attempts), baseline["share"]["whole"].as_u64()),
    ];
    for (name, sum, said) in sums {
        if sum.is_some() && sum != said {
            faults.add(&lanes.path, format!("its quiet minutes do not add up to incident.baseline.{name}"));
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
fn check_list(facts: &Value, (name, label): (&str, &str), minutes: &Minutes, faults: &mut Faults) {
    // Without a wave they are those of the whole time.
    if spans(facts).is_empty() {
        return;
    }
    let items: Vec<&Value> = list(facts, name).collect();
    for (n, item) in (1..).zip(&items) {
        let Some(key) = item[label].as_str() else { continue };
        // Two places of one name share their rows.
        if items.iter().filter(|other| other[label] == item[label]).count() > 1 {
            continue;
        }
        let [inside, _] = minutes.totals.get(key).unwrap_or(&NONE);
        let said = [
            ("attempts", item["attempts"].as_u64()),
            ("failed_share", item["failed_share"]["part"].as_u64()),
            ("delivered", item["delivered"].as_u64()),
        ];
        for ((count, said), sum) in said.into_iter().zip(inside) {
            if sum.is_some() && said.is_some() && *sum != said {
                faults.add(&minutes.path, format!("its minutes do not add up to {name}.{n}.{count}"));
            }
        }
    }
}
