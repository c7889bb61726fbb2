//! The numbers of a bundle's texts against its facts, and facts against the tables they rest on.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Faults, Files, json, text};

const PROSE: &str = "data/prose.json";

/// The table that no budget drops.
const MINUTES: &str = "data/tables/minutes_by_lane.csv";

/// Each fact that prose.json lists stands at its place and says what facts.json says; counts
/// of waves are redone from the minutes.
pub(super) fn check(files: &Files, faults: &mut Faults) {
    let (Some(prose), Some(facts)) = (json(files, PROSE), json(files, "data/facts.json")) else {
        faults.add(PROSE, "it or facts.json is missing or no JSON");
        return;
    };
    if list(&prose, "items").next().is_none() || list(&facts, "facts").next().is_none() {
        faults.add(PROSE, "it or facts.json lists nothing");
    }
    if !files.contains_key(MINUTES) {
        faults.add(MINUTES, "the table that the minutes of the waves rest on is missing");
    }
    check_places(files, &prose, &facts, faults);
    check_sums(files, &facts, faults);
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

/// Places count characters. Facts about the bundle itself (`bundle.…`) are in no
/// facts.json; parts and clock forms of a fact are checked for their place alone.
fn check_places(files: &Files, prose: &Value, facts: &Value, faults: &mut Faults) {
    let known: BTreeMap<&str, String> =
        list(facts, "facts").filter_map(|f| Some((f["id"].as_str()?, essence(f["text"].as_str()?)))).collect();
    let mut lines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for item in list(prose, "items") {
        let of = |key: &str| item[key].as_str().unwrap_or_default();
        let (document, id, said) = (of("document"), of("fact"), of("text"));
        let place = |key: &str| usize::try_from(item[key].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
        let (line, column) = (place("line"), place("column"));
        let own = lines.entry(document).or_insert_with(|| text(files, document).unwrap_or_default().lines().collect());
        let first = said.lines().next().unwrap_or_default();
        let stands = line.checked_sub(1).and_then(|l| own.get(l)).is_some_and(|l| {
            let from = l.char_indices().nth(column.saturating_sub(1)).map_or(l.len(), |(at, _)| at);
            column > 0 && l.get(from..).is_some_and(|rest| rest.starts_with(first))
        });
        if !stands {
            faults.add(document, format!("line {line}: {id} does not stand where prose.json says"));
        }
        let is_value = of("form") == "value" && !id.starts_with("bundle.");
        if is_value && known.get(id) != Some(&essence(said)) {
            faults.add(document, format!("line {line}: what it says of {id} is not the fact"));
        }
    }
}

/// Letters and digits alone: what escaping for Markdown, HTML or plain text leaves of a value.
fn essence(text: &str) -> String {
    let plain = ["&lt;", "&gt;", "&amp;", "&quot;", "&#39;", "&#x27;", "&#x2f;"]
        .iter()
        .fold(text.to_owned(), |t, e| t.replace(e, " "));
    plain.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Attempts and failures of each wave, summed again from `minutes_by_lane.csv`.
fn check_sums(files: &Files, facts: &Value, faults: &mut Faults) {
    const MINUTES: &str = "data/tables/minutes_by_lane.csv";
    let Some(bytes) = files.get(MINUTES) else { return };
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let columns: Vec<String> = reader.headers().map(|h| h.iter().map(str::to_owned).collect()).unwrap_or_default();
    let column = |name: &str| columns.iter().position(|c| c == name);
    let (Some(minute), Some(lane)) = (column("minute"), column("lane")) else { return };
    let rows: Vec<_> = reader.records().filter_map(Result::ok).filter(|r| r.get(lane) == Some("gmail")).collect();
    for (n, wave) in (1..).zip(list(facts, "waves")) {
        let (Some(first), Some(last)) = (wave["first"].as_str(), wave["last_failure"].as_str()) else { continue };
        let inside = rows.iter().filter(|r| r.get(minute).is_some_and(|m| (first..=last).contains(&m)));
        for name in ["attempts", "failed"] {
            let Some(at) = column(name) else { continue };
            let cells: Option<Vec<u64>> = inside.clone().map(|r| r.get(at)?.parse().ok()).collect();
            let sum = cells.map(|cells| cells.iter().sum::<u64>());
            if sum.is_some() && sum != wave[name].as_u64() {
                faults.add(MINUTES, format!("its {name} of wave {n} do not add up to waves.{n}.{name}"));
            }
        }
    }
}
