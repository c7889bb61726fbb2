//! The cells of a bundle's tables against its facts.

use serde_json::Value;

use super::{Faults, Files, Sheet, essence, list};
use crate::release::facts_of;

/// Each table whose rows are facts says what the facts say, cell by cell.
pub(super) fn check(files: &Files<'_>, facts: &Value, faults: &mut Faults) {
    let texts: std::collections::BTreeMap<&str, &str> =
        list(facts, "facts").filter_map(|f| Some((f["id"].as_str()?, f["text"].as_str()?))).collect();
    let paths = files.keys().filter_map(|p| p.strip_prefix("data/tables/")?.strip_suffix(".csv"));
    for name in paths {
        let Some((items, columns)) = facts_of(name) else { continue };
        let Some(sheet) = Sheet::of(files, name) else { continue };
        let told = at(facts, items).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if sheet.rows.len() != told.len() {
            faults.add(&sheet.path, format!("it has {} rows, and facts.json {} {items}", sheet.rows.len(), told.len()));
            continue;
        }
        for (heading, path) in columns {
            let Some(column) = sheet.column(heading) else { continue };
            for (n, (row, item)) in (1..).zip(sheet.rows.iter().zip(told)) {
                let cell = row.get(column).unwrap_or_default();
                let text = || texts.get(format!("{items}.{n}.{path}").as_str()).copied();
                if !says(cell, item, path, text) {
                    faults.add(&sheet.path, format!("row {}: {heading} is not {items}.{n}.{path}", n + 1));
                }
            }
        }
    }
    endings(files, facts, faults);
    kinds(files, facts, faults);
}

/// Whether a cell says what the fact at a path below an item is.
fn says<'a>(cell: &str, item: &Value, path: &str, text: impl Fn() -> Option<&'a str>) -> bool {
    let (path, part) = path.split_once('#').unwrap_or((path, ""));
    let Some(value) = at(item, path) else { return cell.is_empty() };
    let value = match part {
        "" => value,
        "from" => &value[0],
        "to" => &value[1],
        part => &value[part],
    };
    match value {
        Value::Null => cell.is_empty(),
        Value::Number(number) => cell.parse() == Ok(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(said) if !part.is_empty() => cell == said,
        _ => text().is_some_and(|text| essence(text) == essence(cell)),
    }
}

/// What stands at a path of names.
fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, name| value.get(name))
}

/// `tls_failures.csv`: one row for each count of its facts.
fn endings(files: &Files<'_>, facts: &Value, faults: &mut Faults) {
    let Some(sheet) = Sheet::of(files, "tls_failures") else { return };
    let (Some(ending), Some(sessions)) = (sheet.column("ending"), sheet.column("sessions")) else { return };
    for row in &sheet.rows {
        let of = |column: usize| row.get(column).unwrap_or_default();
        if of(sessions).parse().ok() != at(&facts["tls_failures"], of(ending)).and_then(Value::as_u64) {
            faults.add(&sheet.path, format!("{} is not tls_failures.{}", of(ending), of(ending)));
        }
    }
}

/// `wave_outcomes.csv`: the kinds of failure of all waves, one after the other.
fn kinds(files: &Files<'_>, facts: &Value, faults: &mut Faults) {
    let Some(sheet) = Sheet::of(files, "wave_outcomes") else { return };
    let told: Vec<&Value> = list(facts, "waves").flat_map(|wave| list(wave, "kinds")).collect();
    if told.len() != sheet.rows.len() {
        faults.add(&sheet.path, "it has not as many rows as the waves of facts.json have kinds of failure");
    }
    let names = [
        ("wave", "wave"),
        ("outcome", "kind"),
        ("sessions", "sessions"),
        ("first", "first"),
        ("peak", "peak"),
        ("last", "last"),
    ];
    for (n, (row, kind)) in (2..).zip(sheet.rows.iter().zip(told)) {
        for (heading, name) in names {
            let cell = sheet.column(heading).and_then(|column| row.get(column)).unwrap_or_default();
            let said = match &kind[name] {
                Value::Number(number) => cell.parse().ok() == number.as_u64(),
                Value::String(text) => essence(cell) == essence(text),
                _ => cell.is_empty(),
            };
            if !said {
                faults.add(&sheet.path, format!("row {n}: {heading} is not what facts.json says of this kind"));
            }
        }
    }
}
