//! Every recorded metric sample, read and held to its producer's own words: to the text that
//! the same program wrote of the same recording, where there is one, else to the file's own
//! columns, taken apart by the plainest code that can do it.
//!
//! The samples stand beside the checkout; some of them, under `tests/data`, in it. A sample
//! that no line of the table names fails.

mod collectd;
mod dstat;
mod oracle;
mod sysstat;
mod table;
mod texts;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use casefile::formats::Head;
use casefile::formats::metrics::{Aggregate, METRIC_FORMATS, MetricError, MetricRead, MetricSetup, Signal, SignalKind};
use casefile::time::Zone;

use oracle::{Compared, Told, compare};
use table::{Check, ROWS, Row, TWICE, Twice};

/// The texts of one producer that a file is held to.
type Texts = &'static [(&'static str, fn(&str) -> Vec<Told>)];

/// The folder of recorded samples, where it is at hand.
fn facts() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["../shared/facts", "../../shared/facts"].map(|p| root.join(p)).into_iter().find(|p| p.join("metrics").is_dir())
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The text of a file below `root`, or of one of this repository: `data:…`.
fn text(root: &Path, file: &str) -> String {
    let path = file.strip_prefix("data:").map_or_else(|| root.join(file), |own| data().join(own));
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads with the first reader that takes it: its name, and what it gave.
fn read(name: &str, bytes: &[u8], zone: Option<&str>) -> Option<(&'static str, Result<MetricRead, MetricError>)> {
    let format = METRIC_FORMATS.iter().find(|f| f.recognise(Head { bytes, whole: true }).is_some())?;
    let zone = zone.map(|z| Zone::parse(z).expect("a zone"));
    let setup = MetricSetup { name: name.to_owned(), zone, ..MetricSetup::default() };
    Some((format.name(), format.read(&mut &*bytes, &setup)))
}

/// Holds one file to its line of the table; the number of values compared.
fn hold(root: &Path, file: &str, row: &Row) -> usize {
    let bytes = std::fs::read(root.join(file)).expect("a sample");
    let stated = match row.check {
        Check::Values { zone, .. } => zone,
        _ => None,
    };
    // A queue's listing is dated by a time line above it, as it is to be recorded.
    let bytes = match row.check {
        Check::Listing(..) => [b"2026-11-24T02:30:05Z\n".as_slice(), &bytes].concat(),
        _ => bytes,
    };
    let got = read(file, &bytes, stated);
    match (&row.check, got) {
        (Check::ByHand, _) => 0,
        (Check::Unread(what), got) => {
            assert!(got.is_none(), "{file} is {what}, and taken by {:?}", got.map(|g| g.0));
            0
        }
        (_, None) => panic!("{file} is read by none"),
        (Check::Refused(words), Some((_, Err(MetricError::Unclear { what, way_out, .. })))) => {
            assert!(what.contains(words) && !way_out.is_empty(), "{file}: {what}; {way_out}");
            0
        }
        (Check::Empty(words), Some((_, Ok(read)))) => {
            assert!(read.series.is_empty() && read.accounting.unrecognised == 0, "{file}: {:?}", read.series);
            assert!(words.is_empty() || read.notes.iter().any(|n| n.contains(words)), "{file}: {:?}", read.notes);
            0
        }
        (Check::Values { reader, own, beside, .. }, Some((name, Ok(read)))) => {
            assert_eq!((name, read.accounting.unrecognised), (*reader, 0), "{file}: {:?}", read.unrecognised);
            let own = compare(file, &read, &own(&text(root, file)), Compared::Whole);
            assert!(own > 0, "{file}: no value was read");
            let beside = beside.iter().map(|(other, told)| {
                let truth = told(&text(root, other));
                compare(&format!("{file} beside {other}"), &read, &truth, Compared::Part)
            });
            own + beside.sum::<usize>()
        }
        (Check::Collectd, Some((name, Ok(read)))) => {
            assert_eq!((name, read.accounting.unrecognised), ("collectd", 0), "{file}: {:?}", read.unrecognised);
            compare(file, &read, &collectd::told(file, &text(root, file)), Compared::Whole)
        }
        (Check::Listing(told), Some((_, Ok(read)))) => compare(file, &read, &told(root, file), Compared::Whole),
        (_, Some((name, got))) => panic!("{file}: {name} gave {:?}", got.map(|r| r.notes).map_err(|e| e.to_string())),
    }
}

fn files(folder: &Path, below: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, below, found);
        } else if let Ok(name) = path.strip_prefix(below) {
            found.insert(name.to_string_lossy().into_owned());
        }
    }
}

/// Two texts of the same seconds state the same numbers, stamp by stamp: what a file is held to
/// here is not this suite's reading of it alone.
#[test]
fn texts_of_the_same_seconds_agree() {
    let Some(facts) = facts() else {
        println!("skipped: the recorded samples are not beside this checkout");
        return;
    };
    for Twice { one, other, signals } in TWICE {
        let told = |(file, read): &(&str, fn(&str) -> Vec<Told>)| read(&text(&facts, file));
        let (these, those) = (told(one), told(other));
        let mut compared = 0;
        for this in these.iter().filter(|t| signals.contains(&t.signal)) {
            let same = |t: &&Told| (t.signal, &t.instance, t.at) == (this.signal, &this.instance, this.at);
            let Some(that) = those.iter().find(same) else { continue };
            assert!((this.value - that.value).abs() < 1e-9, "{} and {}: {this:?}, {that:?}", one.0, other.0);
            compared += 1;
        }
        assert!(compared >= 20, "{} and {}: {compared}", one.0, other.0);
    }
}

/// The signals are those of the list: each by its name, what it is, and how a minute is made of
/// it, and no other.
#[test]
fn the_signals_are_those_of_the_list() {
    let Some(facts) = facts() else {
        println!("skipped: the list of signals is not beside this checkout");
        return;
    };
    let list = text(&facts, "metrics/signals.tsv");
    let rows: Vec<Vec<&str>> = list.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').collect()).collect();
    assert_eq!((rows.len(), Signal::ALL.len()), (31, 31));
    for row in rows {
        let [name, unit, kind, aggregate, ..] = row.as_slice() else { panic!("{row:?}") };
        let signal = Signal::from_name(name).unwrap_or_else(|| panic!("{name} is no signal"));
        let info = signal.info();
        // A counter is only ever the way to a rate: its series carries the rate's name.
        let of_counter = *kind == "counter" && signal.canonical() == signal;
        let expected = match *kind {
            "gauge" => SignalKind::Gauge,
            "counter" if !of_counter => SignalKind::Counter,
            _ => SignalKind::Rate,
        };
        assert_eq!((info.name, info.kind), (*name, expected), "{name}");
        // Units differ in a word only: `runnable` tasks, and counted things by the second.
        let told = unit.trim_end_matches("(/s)").replace("runnable", "tasks");
        let per_second = matches!(info.kind, SignalKind::Rate) && !told.contains("/s");
        assert_eq!(info.unit, format!("{told}{}", if per_second { "/s" } else { "" }), "{name}");
        let made = match *aggregate {
            "min" => vec![Aggregate::Min],
            "max" => vec![Aggregate::Max],
            "last" => vec![Aggregate::Last],
            "sum" => vec![Aggregate::Sum],
            "mean+max" => vec![Aggregate::Mean],
            // What was counted in the minute, or how fast.
            "delta" => vec![Aggregate::Sum, Aggregate::Mean],
            other => panic!("{name}: {other}"),
        };
        assert!(made.contains(&info.aggregate), "{name}: {:?}, in the list {aggregate}", info.aggregate);
    }
}

/// A fresh clone holds these: a recording of each producer, beside its text.
#[test]
fn samples_of_the_repository_say_what_their_producers_said() {
    let mut values = 0;
    for row in ROWS.iter().filter(|r| r.home == "data") {
        values += hold(&data(), row.file, row);
    }
    println!("{values} values of the samples in tests/data compared");
    assert!(values > 1_000, "{values}");
}

/// All that was recorded, each file by its line of the table.
#[test]
fn every_recorded_sample_says_what_its_producer_said() {
    let Some(facts) = facts() else {
        println!("skipped: the recorded samples are not beside this checkout");
        return;
    };
    let mut found = BTreeSet::new();
    files(&facts.join("metrics"), &facts, &mut found);
    for name in ["idle-vs-loaded", "transcripts/postfix-log-3.7.11"] {
        let mut all = BTreeSet::new();
        files(&facts.join(name), &facts, &mut all);
        found.extend(all.into_iter().filter(|f| !f.contains("/transcripts/") && !f.ends_with(".log")));
    }
    let (mut values, mut without, mut wrong) = (0, Vec::new(), Vec::new());
    for file in &found {
        let Some(row) = ROWS.iter().find(|r| r.home == "facts" && r.is_of(file)) else {
            without.push(file);
            continue;
        };
        match std::panic::catch_unwind(|| hold(&facts, file, row)) {
            Ok(compared) => values += compared,
            Err(_) => wrong.push(file),
        }
    }
    assert!(wrong.is_empty(), "held to their producers' words, these are read otherwise: {wrong:?}");
    assert!(without.is_empty(), "samples that no line of the table names: {without:?}");
    for row in ROWS.iter().filter(|r| r.home == "facts") {
        assert!(found.iter().any(|f| row.is_of(f)), "{} is no sample any more", row.file);
    }
    println!("{} samples, {values} values compared", found.len());
    assert!(found.len() > 850 && values > 2_200, "{} {values}", found.len());
}
