//! Logs that stand newest first: read from their last line, they tell what they tell when they
//! stand oldest first, with the numbers that their lines have in the file.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::Path;

use casefile::intake::open;
use casefile::time::parse_rfc3339;
use serde_json::{Value, json};

use super::clocks::{
    EDGES, HOUR, acceptances, alone, assert_times_are_gmails, folder, inspected, printed, problems, recorded,
};
use super::overlap::scanned;

/// Recordings of text logs whose sessions have an order.
const IN_ORDER: [&str; 10] = [
    "postfix3711-may/rfc3164.log.gz",
    "postfix3711-may/iso8601.log.gz",
    "postfix312-may/rfc5424.log.gz",
    "postfix312-reuse/rfc3164.log.gz",
    "exim496-all/mainlog.gz",
    "exim41001-default/mainlog.gz",
    "haraka316-default/haraka.log.gz",
    "haraka316-json/haraka.log.gz",
    "opensmtpd680-default/rfc3164.log.gz",
    "sendmail8171-default/rfc3164.log.gz",
];

/// A file of the tests.
fn sample(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut text = String::new();
    open(&path).expect("a sample").read_to_string(&mut text).expect("its lines");
    text
}

/// The same lines, the last first.
fn turned(log: &str) -> String {
    log.lines().rev().map(|line| format!("{line}\n")).collect()
}

/// What `events` tells, sorted; the lines of these files are counted from the end.
fn events(folder: &Path, from_the_end: &[(&str, &str)]) -> Vec<String> {
    let lines: BTreeMap<_, _> = from_the_end.iter().map(|(name, log)| (*name, log.lines().count() as u64)).collect();
    let mut told = Vec::new();
    for event in printed(&["events"], folder).lines() {
        let mut event: Value = serde_json::from_str(event).expect("JSON");
        let number = event["line"].as_u64().expect("a line");
        if let Some(lines) = lines.get(event["source"].as_str().expect("a source")) {
            event["line"] = (lines + 1 - number).into();
        }
        told.push(event.to_string());
    }
    told.sort();
    told
}

/// What `inspect` says of a file that does not depend on the order of its lines.
fn counted(file: &Value) -> Value {
    let keys = ["format", "from", "to", "zone", "records", "outcomes", "cannot_count", "cannot_show"];
    keys.iter().map(|key| ((*key).to_owned(), file[key].clone())).collect::<serde_json::Map<_, _>>().into()
}

const SAID: &str = "its lines stand newest first, so it was read from its last line to its first";

/// A log tells the same when it is turned round, and says that it was.
fn assert_turned_is_the_same(log: &str, how: &str) {
    let (straight, round) = (folder(&[("mail.log", log)]), turned(log));
    let round = folder(&[("mail.log", &round)]);
    let (right, told) = (&inspected(straight.path())["mail.log"], &inspected(round.path())["mail.log"]);
    assert!(!problems(right).contains("newest first"), "{how}: {right}");
    assert!(problems(told).contains(SAID) && !problems(told).contains("go back"), "{how}: {told}");
    assert_eq!(counted(told), counted(right), "{how}");
    let (expected, found) = (events(straight.path(), &[]), events(round.path(), &[("mail.log", log)]));
    assert!(!expected.is_empty() && found == expected, "{how}: {} events, not {}", found.len(), expected.len());
}

#[test]
fn recordings_tell_the_same_from_either_end() {
    for recording in IN_ORDER {
        assert_turned_is_the_same(&recorded(recording), recording);
    }
    for log in ["powermta/pmta.log", "sendmail/8.17.log", "opensmtpd/6.8.log", "journal/json.txt"] {
        assert_turned_is_the_same(&sample(&format!("tests/data/logs/{log}")), log);
    }
}

#[test]
fn exchange_tells_the_same_with_its_head_at_either_end() {
    let log = sample("tests/data/logs/exchange/documented.log");
    assert_turned_is_the_same(&log, "tac");
    // Rows sorted by an export, below a head that stays where it is.
    let (head, rows): (Vec<&str>, Vec<&str>) = log.lines().partition(|line| line.starts_with('#'));
    let sorted = head.iter().chain(rows.iter().rev()).map(|line| format!("{line}\n")).collect::<String>();
    let told = alone(&sorted);
    assert!(problems(&told).contains(SAID), "{told}");
    assert_eq!(counted(&told), counted(&alone(&log)));
}

#[cfg(unix)]
#[test]
fn rows_that_were_sorted_by_time_alone_are_refused_with_the_sort_that_mends_them() {
    let log = sample("tests/data/logs/exchange/documented.log");
    let (head, rows): (Vec<&str>, Vec<&str>) = log.lines().partition(|line| line.starts_with('#'));
    // Stamps to the second, so that rows of one session share them, as lines of a reply do.
    let mut rows: Vec<String> = rows.iter().map(|row| format!("{}000{}", &row[..20], &row[23..])).collect();
    let text = |rows: &[String]| format!("{}\n{}\n", head.join("\n"), rows.join("\n"));
    let right = alone(&text(&rows));
    rows.sort_by(|a, b| b[..23].cmp(&a[..23]));
    let sorted = folder(&[("mail.log", &text(&rows))]);
    let told = &inspected(sorted.path())["mail.log"];
    assert!(problems(told).contains("was not read") && told["outcomes"] == json!({}), "{told}");
    let command = "sort -s -t, -k1,1 -k3,3 -k4,4n mail.log > sorted-mail.log";
    assert!(problems(told).contains(command), "{told}");
    let ran = std::process::Command::new("sh").args(["-c", command]).current_dir(sorted.path()).status();
    assert!(ran.expect("a shell").success());
    let mended = std::fs::read_to_string(sorted.path().join("sorted-mail.log")).expect("sorted");
    assert_eq!(counted(&alone(&mended)), counted(&right));
}

#[test]
fn a_log_longer_than_what_is_looked_at_begins_at_its_end() {
    let newest = sample("sample-data/throttle/logs/mail.log");
    assert!(newest.len() > 1 << 20);
    assert_turned_is_the_same(&newest, "mail.log");
}

#[test]
fn rotations_are_joined_whichever_way_they_stand() {
    let log = recorded("postfix312-reuse/rfc3164.log.gz");
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    let whole = folder(&[("mail.log", &log)]);
    let outcomes = |folder: &Path| {
        let files = inspected(folder);
        let sum = files.values().flat_map(|file| file["outcomes"].as_object().expect("outcomes").clone());
        sum.fold(BTreeMap::new(), |mut all: BTreeMap<String, u64>, (outcome, n)| {
            *all.entry(outcome).or_default() += n.as_u64().expect("a count");
            all
        })
    };
    let expected = outcomes(whole.path());
    for cut in (1..lines.len()).step_by(lines.len() / 12) {
        let (older, newer) = (lines[..cut].concat(), lines[cut..].concat());
        let straight = folder(&[("mail.log", &newer), ("mail.log.1", &older)]);
        let told = events(straight.path(), &[]);
        for (is_new_turned, is_old_turned) in [(true, true), (true, false), (false, true)] {
            let file = |log: &str, is_turned| if is_turned { turned(log) } else { log.to_owned() };
            let mixed =
                folder(&[("mail.log", &file(&newer, is_new_turned)), ("mail.log.1", &file(&older, is_old_turned))]);
            let mut from_the_end = Vec::new();
            from_the_end.extend(is_new_turned.then_some(("mail.log", newer.as_str())));
            from_the_end.extend(is_old_turned.then_some(("mail.log.1", older.as_str())));
            let how = format!("cut at {cut}, {from_the_end:?}").chars().take(60).collect::<String>();
            assert_eq!(outcomes(mixed.path()), expected, "{how}");
            assert!(events(mixed.path(), &from_the_end) == told, "{how}");
        }
    }
}

#[test]
fn a_copy_that_stands_the_other_way_round_is_counted_once() {
    for recording in ["postfix3711-may/rfc3164.log.gz", "exim496-all/mainlog.gz"] {
        let log = recorded(recording);
        let both = folder(&[("mail.log", &log), ("mail.turned", &turned(&log))]);
        let one = folder(&[("mail.log", &log)]);
        assert_eq!(printed(&["events"], both.path()), printed(&["events"], one.path()), "{recording}");
        let told = &inspected(both.path())["mail.turned"];
        assert!(problems(told).contains("S01") && told["outcomes"] == json!({}), "{told}");
        // And lines that only overlap.
        let lines: Vec<&str> = log.split_inclusive('\n').collect();
        let (older, newer) = (lines[..lines.len() * 2 / 3].concat(), lines[lines.len() / 3..].concat());
        let overlapping = folder(&[("mail.log", &newer), ("mail.log.1", &turned(&older))]);
        let attempts = |folder: &Path| printed(&["events"], folder).lines().count();
        assert_eq!(attempts(overlapping.path()), attempts(one.path()), "{recording}");
    }
}

#[test]
fn edges_of_daylight_saving_time_and_the_new_year_are_read_from_the_end() {
    for (edge, before, after) in EDGES {
        let edge = parse_rfc3339(edge).expect("a time").seconds();
        let east = |at: i64| HOUR * if at < edge { before } else { after };
        for step in [20, 600] {
            let log = acceptances((edge - 6 * HOUR..edge + 6 * HOUR).step_by(step), east);
            let round = folder(&[("mail.log", &turned(&log))]);
            assert_times_are_gmails(round.path(), log.lines().count(), &format!("{edge}, every {step} s"));
            let told = &inspected(round.path())["mail.log"];
            assert!(problems(told).contains(SAID), "{told}");
        }
    }
    let midnight = parse_rfc3339("2027-01-01T00:00Z").expect("a time").seconds();
    let log = acceptances((midnight - HOUR..midnight + HOUR).step_by(60), |_| 0);
    assert_times_are_gmails(folder(&[("mail.log", &turned(&log))]).path(), 120, "new year");
    assert!(!problems(&alone(&log)).contains("newest first"));
}

#[test]
fn late_lines_turn_nothing_round_and_a_few_lines_are_enough() {
    let log = sample("sample-data/throttle/logs/mail.log");
    let mut lines: Vec<&str> = log.lines().collect();
    // Ten lines that a relay held back for minutes.
    let late = lines.drain(10..20).collect::<Vec<_>>();
    lines.extend(late);
    let told = alone(&lines.iter().map(|line| format!("{line}\n")).collect::<String>());
    assert!(!problems(&told).contains("newest first") && problems(&told).contains("go back"), "{told}");
    // The lines of one process: a few sessions.
    let log = recorded("postfix3711-may/iso8601.log.gz");
    let few: String = log.lines().filter(|line| line.contains("smtp[278]")).map(|line| format!("{line}\n")).collect();
    assert!((3..12).contains(&few.lines().count()), "{}", few.lines().count());
    assert_turned_is_the_same(&few, "one process");
}

/// Kept lines stand in their files where they say, also those of sessions that straddle two.
#[test]
fn evidence_is_cited_by_the_lines_of_the_file() {
    let log = sample("sample-data/throttle/logs/mail.log.2.gz");
    let lines: Vec<&str> = log.split_inclusive('\n').take(4000).collect();
    let mut straddling = 0;
    for cut in (1..8).map(|part| lines.len() * part / 8) {
        let (older, newer) = (lines[..cut].concat(), lines[cut..].concat());
        let files = [("mail.log", turned(&newer)), ("mail.log.1", turned(&older))];
        let scanned = scanned(&files.each_ref().map(|(name, log)| (*name, log.as_bytes())));
        let mut all = 0;
        for excerpt in scanned.tally.excerpts.values() {
            for line in &excerpt.lines {
                let file = &files[usize::from(line.exhibit.0) - 1].1;
                let there = file.lines().nth(usize::try_from(line.number).expect("a number") - 1).expect("a line");
                assert_eq!(String::from_utf8_lossy(&line.text), there, "cut at {cut}, line {}", line.number);
                all += 1;
            }
            let first = excerpt.lines.first().map(|line| line.exhibit);
            straddling += usize::from(excerpt.lines.iter().any(|line| Some(line.exhibit) != first));
        }
        assert!(all > 10, "cut at {cut}: {all}");
    }
    assert!(straddling > 0);
}

#[test]
fn what_cannot_be_turned_is_not_read_and_says_the_way_out() {
    let log = recorded("postfix3711-may/rfc3164.log.gz");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(turned(&log).as_bytes()).expect("compressed");
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(turned(&log).encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let export = sample("tests/data/logs/journal/export.txt");
    let records: Vec<&str> = export.split_inclusive("\n\n").collect();
    let export: String = records.iter().rev().map(|record| record.trim_end().to_owned() + "\n\n").collect();
    for (bytes, way_out) in [
        (gzip.finish().expect("compressed"), "gzip -dc mail.log > unpacked-mail.log"),
        (utf16, "iconv -f UTF-16 -t UTF-8 mail.log > utf8-mail.log"),
        (export.into_bytes(), "without -r"),
    ] {
        let refused = folder(&[]);
        std::fs::write(refused.path().join("mail.log"), bytes).expect("written");
        let told = &inspected(refused.path())["mail.log"];
        assert!(problems(told).contains("was not read") && problems(told).contains(way_out), "{told}");
        assert_eq!((&told["outcomes"], &told["format"]), (&json!({}), &json!("postfix")), "{told}");
        assert_eq!(printed(&["events"], refused.path()), "");
    }
}

#[test]
fn records_that_stand_for_themselves_are_read_as_they_stand() {
    let body = |log: &str| {
        let (head, rows) = log.split_once('\n').expect("a head");
        format!("{head}\n{}", turned(rows))
    };
    let powermta = sample("tests/data/logs/powermta/acct-5.0.csv");
    let kumomta = sample("tests/data/logs/kumomta/incident.ndjson");
    let mailgun = sample("tests/data/mappings/mailgun.ndjson");
    for (log, round) in [(&powermta, body(&powermta)), (&kumomta, turned(&kumomta)), (&mailgun, turned(&mailgun))] {
        let (told, right) = (alone(&round), alone(log));
        assert_eq!(counted(&told), counted(&right));
        assert_ne!(right["outcomes"], json!({}));
        assert!(!problems(&told).contains("newest first") && !problems(&told).contains("go back"), "{told}");
    }
}
