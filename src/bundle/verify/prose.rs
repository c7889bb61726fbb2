//! The words of a bundle against its facts: each digit in them is some fact's, and says what it is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::bag::label;
use super::{Faults, Files, Sheet, essence, json, list, text};
use crate::narrative::{Form, Item, unlisted_digits};

const PROSE: &str = "data/prose.json";

/// What facts.json says of one fact.
struct Told<'a> {
    text: &'a str,
    evidence: Vec<&'a str>,
}

/// Each item that prose.json lists stands at its place and says what facts.json says, and no
/// digit stands in the texts that it does not list.
pub(super) fn check(files: &Files<'_>, facts: &Value, faults: &mut Faults) {
    let Some(prose) = json(files, PROSE).filter(|prose| list(prose, "items").next().is_some()) else {
        faults.add(PROSE, "it lists nothing");
        return;
    };
    let known: BTreeMap<&str, Told<'_>> = list(facts, "facts").filter_map(told).collect();
    let mut items: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
    for row in list(&prose, "items") {
        let document = row["document"].as_str().unwrap_or_default();
        match item_of(row) {
            Some(item) => items.entry(document).or_default().push(item),
            None => faults.add(PROSE, "an item that is none"),
        }
    }
    let documents = files.keys().filter(|p| is_prose(p)).map(String::as_str);
    for document in documents.chain(items.keys().copied()).collect::<std::collections::BTreeSet<_>>() {
        let own = text(files, document).unwrap_or_default();
        let listed = items.get(document).map_or(&[][..], Vec::as_slice);
        check_places(document, own, listed, faults);
        for item in listed {
            let says = match known.get(item.fact.as_str()) {
                Some(told) => is_form_of(item, told),
                None => is_of_bundle(files, item, listed),
            };
            if !says {
                faults.add(document, format!("line {}: what it says of {} is not the fact", item.line, item.fact));
            }
        }
        if captions(own).any(|caption| !is_of_chart(files, caption)) {
            faults.add(document, "words below a picture that no chart says of itself");
        }
        if is_prose(document) {
            for unlisted in unlisted_digits(&words_of(document, own), listed) {
                faults.add(document, format!("line {}: a number that no fact stands for", unlisted.line));
            }
        }
    }
}

fn told(fact: &Value) -> Option<(&str, Told<'_>)> {
    let evidence = list(fact, "evidence").filter_map(Value::as_str).collect();
    Some((fact["id"].as_str()?, Told { text: fact["text"].as_str()?, evidence }))
}

/// The texts that people read.
fn is_prose(path: &str) -> bool {
    !path.starts_with("data/excerpts/")
        && !path.starts_with("data/transcripts/")
        && !path.ends_with("manifest-sha256.txt")
        && !matches!(path, "bagit.txt" | "bag-info.txt")
        && (path.ends_with(".md") || path.ends_with(".txt") || path.ends_with(".html"))
}

fn item_of(row: &Value) -> Option<Item> {
    let text = |key: &str| row[key].as_str().map(str::to_owned);
    let place = |key: &str| usize::try_from(row[key].as_u64()?).ok().filter(|n| *n > 0);
    let form = Form::of(row["form"].as_str()?)?;
    Some(Item { line: place("line")?, column: place("column")?, text: text("text")?, fact: text("fact")?, form })
}

/// Places count characters.
fn check_places(document: &str, own: &str, items: &[Item], faults: &mut Faults) {
    let lines: Vec<&str> = own.lines().collect();
    for item in items {
        let first = item.text.lines().next().unwrap_or_default();
        let stands = lines.get(item.line - 1).is_some_and(|line| {
            let from = line.char_indices().nth(item.column - 1).map_or(line.len(), |(at, _)| at);
            line.get(from..).is_some_and(|rest| rest.starts_with(first))
        });
        if !stands {
            faults.add(document, format!("line {}: {} does not stand where prose.json says", item.line, item.fact));
        }
    }
}

/// Whether what is printed is the fact in its form.
fn is_form_of(item: &Item, told: &Told<'_>) -> bool {
    let (said, fact) = (essence(&item.text), essence(told.text));
    let number = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>().parse::<u64>().ok();
    match item.form {
        Form::Value => said == fact,
        Form::Clock => fact.contains(&said),
        Form::Part => begins_with(&fact, &said),
        Form::Rest => number(&item.text) <= number(told.text),
        Form::Position => item.fact.split('.').any(|part| part == item.text),
        Form::Evidence => {
            !said.contains(|c: char| c.is_ascii_digit()) || told.evidence.iter().any(|e| essence(e).contains(&said))
        }
    }
}

/// Whether a fact begins with what is said, whose first letter is large where it begins a sentence.
fn begins_with(fact: &str, said: &str) -> bool {
    let (first, rest) = said.split_at_checked(1).unwrap_or_default();
    fact.get(..first.len()).is_some_and(|own| own.eq_ignore_ascii_case(first)) && fact[first.len()..].starts_with(rest)
}

/// Facts about the bundle itself are in no facts.json: its name and moment, its files and what
/// they show, what it goes without, and lines of its excerpts.
fn is_of_bundle(files: &Files<'_>, item: &Item, listed: &[Item]) -> bool {
    let said = essence(&item.text);
    let info = |name: &str| text(files, "bag-info.txt").and_then(|i| label(i, name)).unwrap_or_default();
    let parts: Vec<&str> = item.fact.split('.').collect();
    match parts.as_slice() {
        ["bundle", "name"] => item.text == info("External-Identifier"),
        ["bundle", "when"] => item.text.starts_with(info("Bagging-Date")),
        ["bundle", "files", _, "path"] => files.contains_key(&item.text),
        ["bundle", "files", n, "about"] => {
            let path = format!("bundle.files.{n}.path");
            let path = listed.iter().find(|other| other.fact == path).map_or("", |other| other.text.as_str());
            is_about(files, path, &said)
        }
        ["bundle", "withheld", n, part @ ("item" | "why")] => {
            let withheld = json(files, "data/redaction.json").unwrap_or_default();
            let entry = n.parse::<usize>().ok().and_then(|n| list(&withheld, "withheld").nth(n.checked_sub(1)?));
            entry.and_then(|entry| entry[*part].as_str()).is_some_and(|text| essence(text) == said)
        }
        ["bundle", "lines", ..] => Sheet::at(files, "data/excerpts/excerpts.csv").is_some_and(|sheet| {
            let cell = |row: &csv::StringRecord, name| sheet.column(name).and_then(|at| row.get(at)).map(str::to_owned);
            sheet.rows.iter().any(|row| {
                let (exhibit, line) = (cell(row, "exhibit").unwrap_or_default(), cell(row, "line").unwrap_or_default());
                item.text == format!("{exhibit}:{line}")
            })
        }),
        _ => false,
    }
}

/// Whether a file, or what lists it, says this of it; of a transcript its row in the table does.
fn is_about(files: &Files<'_>, path: &str, said: &str) -> bool {
    const LISTS: [&str; 3] = ["data/tables/datapackage.json", "data/excerpts/excerpts.csv", "data/facts.json"];
    let drawing = path.strip_suffix(".png").map_or_else(|| path.to_owned(), |name| format!("{name}.svg"));
    let says = |path: &str| text(files, path).is_some_and(|text| essence(text).contains(said));
    let of_test = || {
        let sheet = Sheet::of(files, "transcripts")?;
        let cell = |row: &csv::StringRecord, name| Some(row.get(sheet.column(name)?)?.to_owned());
        let test =
            |row| Some(format!("{} test, {}: {}", cell(row, "tool")?, cell(row, "condition")?, cell(row, "verdict")?));
        Some(sheet.rows.iter().filter_map(test).any(|test| essence(&test) == said))
    };
    says(&drawing) || LISTS.iter().any(|list| says(list)) || of_test() == Some(true)
}

/// The words below the pictures of a page.
fn captions(page: &str) -> impl Iterator<Item = &str> {
    page.split("<figcaption>").skip(1).map(|rest| rest.split("</figcaption>").next().unwrap_or_default())
}

/// Whether some chart describes itself so, or it names the table that a chart was drawn from.
fn is_of_chart(files: &Files<'_>, caption: &str) -> bool {
    let table = caption.strip_prefix("Data: <code>").and_then(|rest| rest.strip_suffix("</code>"));
    if let Some(table) = table {
        return files.contains_key(&format!("data/{table}"));
    }
    let said = essence(caption);
    let charts = files.keys().filter(|path| path.starts_with("data/charts/") && path.ends_with(".svg"));
    charts.into_iter().any(|path| text(files, path).is_some_and(|svg| essence(svg).contains(&said)))
}

/// A page without its tags, styles, pictures and what is written below them, each character in its place.
fn words_of(document: &str, own: &str) -> String {
    if !document.ends_with(".html") {
        return own.to_owned();
    }
    let mut out = String::with_capacity(own.len());
    let mut rest = own;
    while let Some(open) = rest.find('<') {
        let (before, tag) = rest.split_at(open);
        out.push_str(before);
        let whole = ["style", "svg", "script", "figcaption"]
            .into_iter()
            .find(|name| tag.get(1..).is_some_and(|t| t.starts_with(name)));
        let end = match whole {
            Some(name) => tag.find(&format!("</{name}>")).map_or(tag.len(), |at| at + name.len() + 3),
            None => tag.find('>').map_or(tag.len(), |at| at + 1),
        };
        let (hidden, after) = tag.split_at(end);
        out.extend(hidden.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = after;
    }
    out.push_str(rest);
    out
}
