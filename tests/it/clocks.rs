//! When a line was written: the zone, the year, the clock and the order of logs that say
//! little of them. Lines of the lab's recordings, at other times where that is the point.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use casefile::intake::open;
use casefile::time::{Stamp, parse_rfc3339};
use serde_json::Value;

pub(crate) const HOUR: i64 = 3600;

/// Lines of a recording of the lab.
pub(crate) fn recorded(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/behaviours").join(path);
    let mut text = String::new();
    open(&path).expect("a recording").read_to_string(&mut text).expect("its lines");
    text
}

/// A folder with files of these names and texts.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

pub(crate) fn printed(args: &[&str], folder: &Path) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_casefile")).args(args).arg(folder).output().expect("casefile runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("UTF-8")
}

/// What `inspect` says of each file, by name.
pub(crate) fn inspected(folder: &Path) -> BTreeMap<String, Value> {
    let found: Value = serde_json::from_str(&printed(&["inspect", "--json"], folder)).expect("JSON");
    let files = found["files"].as_array().expect("files").clone();
    let name = |file: &Value| PathBuf::from(file["path"].as_str().expect("a path")).file_name().map(|n| n.to_owned());
    files.into_iter().filter_map(|file| Some((name(&file)?.to_string_lossy().into_owned(), file))).collect()
}

/// What `inspect` says of one file.
pub(crate) fn alone(text: &str) -> Value {
    inspected(folder(&[("mail.log", text)]).path()).remove("mail.log").expect("the file")
}

pub(crate) fn problems(file: &Value) -> String {
    file["problems"].as_array().expect("problems").iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

/// `Nov 24 03:46:50`.
pub(crate) fn year_less(local: i64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = Stamp::from_seconds(local).to_second();
    let month: usize = text[5..7].parse().expect("a month");
    let day: u32 = text[8..10].parse().expect("a day");
    format!("{} {day:>2} {}", MONTHS[month - 1], &text[11..19])
}

/// A recorded acceptance of Postfix 3.7.11, at each of these moments, by a clock so far east.
pub(crate) fn acceptances(moments: impl Iterator<Item = i64>, east: impl Fn(i64) -> i64) -> String {
    let line = |at: i64| {
        let stamp = year_less(at + east(at));
        format!(
            "{stamp} mta1 postfix-ip1/smtp[{}]: {at:010X}: to=<base.r000001.lab@gmail.com>, relay=gmail-smtp-in.l.google.com[198.51.100.26]:25, delay=1.5, delays=0.01/0.03/0.37/1.1, dsn=2.0.0, status=sent (250 2.0.0 OK  {at} 8b4a091409ecf-cd6a6536fc6si{}.853 - gsmtp)\n",
            // Processes live for a hundred seconds or so.
            3870 + at / 100 % 1000,
            at % 1_000_000_000
        )
    };
    moments.map(line).collect()
}

/// Each acceptance that `events` tells stands at the second of Gmail's clock in it.
pub(crate) fn assert_times_are_gmails(folder: &Path, lines: usize, how: &str) {
    let events = printed(&["events"], folder);
    assert_eq!(events.lines().count(), lines, "{how}");
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let reply = event["reply"].as_str().expect("a reply");
        let told = reply.split_ascii_whitespace().nth(3).expect("a second").parse().expect("a number");
        let time = parse_rfc3339(event["time"].as_str().expect("a time")).expect("a time");
        assert_eq!(time, Stamp::from_seconds(told), "{how}: {line}");
    }
}

/// Both edges of New York's daylight saving time in 2026: the moment, and the offsets in hours
/// before and after.
pub(crate) const EDGES: [(&str, i64, i64); 2] = [("2026-03-08T07:00Z", -5, -4), ("2026-11-01T06:00Z", -4, -5)];

#[test]
fn an_edge_of_daylight_saving_time_in_the_middle_of_a_log_is_found() {
    for (edge, before, after) in EDGES {
        let edge = parse_rfc3339(edge).expect("a time").seconds();
        let east = |at: i64| HOUR * if at < edge { before } else { after };
        // Longer than what is read to recognise it, on both sides of the edge.
        let log = acceptances((edge - 6 * HOUR..edge + 6 * HOUR).step_by(20), east);
        let lines: Vec<&str> = log.lines().collect();
        let whole = folder(&[("mail.log", &log)]);
        assert_times_are_gmails(whole.path(), lines.len(), "whole");
        let told = &inspected(whole.path())["mail.log"];
        assert_eq!(told["zone"], "America/New_York (from Gmail's clock in its acceptances)");
        assert!(problems(told).contains("moves by an hour in the middle"), "{told}");
        // Rotated anywhere: far from the edge, in the hour that repeats, and at the edge.
        let at = |seconds: i64| usize::try_from((6 * HOUR + seconds) / 20).expect("a line");
        for cut in [-5 * HOUR, -HOUR, -HOUR / 2, -60, 0, 60, HOUR / 2, HOUR, 5 * HOUR] {
            let (older, newer) = (lines[..at(cut)].join("\n") + "\n", lines[at(cut)..].join("\n") + "\n");
            let rotated = folder(&[("mail.log", &newer), ("mail.log.1", &older)]);
            assert_times_are_gmails(rotated.path(), lines.len(), &format!("cut {cut} s from the edge"));
        }
    }
}

#[test]
fn a_compressed_log_is_told_by_the_next_one_or_says_that_it_is_wrong() {
    let (edge, before, after) = EDGES[0];
    let edge = parse_rfc3339(edge).expect("a time").seconds();
    let east = |at: i64| HOUR * if at < edge { before } else { after };
    let older = acceptances((edge - 6 * HOUR..edge + HOUR).step_by(20), east);
    let newer = acceptances((edge + HOUR..edge + 2 * HOUR).step_by(20), east);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(older.as_bytes()).expect("compressed");
    let gzip = gzip.finish().expect("compressed");
    let alone = folder(&[]);
    std::fs::write(alone.path().join("mail.log.1.gz"), &gzip).expect("written");
    let told = &inspected(alone.path())["mail.log.1.gz"];
    assert!(
        problems(told).contains("stand an hour from Gmail's clock in them (180 times, first at line 1081)"),
        "{told}"
    );
    let rotated = folder(&[("mail.log", &newer)]);
    std::fs::write(rotated.path().join("mail.log.1.gz"), &gzip).expect("written");
    assert_times_are_gmails(rotated.path(), older.lines().count() + newer.lines().count(), "compressed");
}

#[test]
fn a_log_that_no_zone_explains_says_so() {
    // An hour's jump on a Tuesday: its clock was set, and no zone moves so.
    let edge = parse_rfc3339("2026-03-10T07:00Z").expect("a time").seconds();
    let log =
        acceptances((edge - HOUR..edge + HOUR / 2).step_by(60), |at| if at < edge { -5 * HOUR } else { -4 * HOUR });
    let told = alone(&log);
    assert_eq!(told["zone"], "UTC-05:00 (from Gmail's clock in its acceptances)");
    assert!(
        problems(&told)
            .contains("acceptances in it stand an hour from Gmail's clock in them (30 times, first at line 61)"),
        "{told}"
    );
}

/// Syslog's stamps, moved.
fn moved(log: &str, seconds: i64) -> String {
    let second = |text: &str| -> i64 {
        let parts: Vec<i64> = text.split(':').map(|part| part.parse().expect("a number")).collect();
        parts[0] * HOUR + parts[1] * 60 + parts[2]
    };
    let line = |line: &str| {
        let day = parse_rfc3339("2026-11-24T00:00Z").expect("a time").seconds();
        format!("{}{}\n", year_less(day + second(&line[7..15]) + seconds), &line[15..])
    };
    log.lines().map(line).collect()
}

#[test]
fn a_wrong_clock_is_no_zone() {
    let log = recorded("postfix3711-may/rfc3164.log.gz");
    let minutes = |file: &Value| (file["from"].clone(), file["to"].clone());
    let right = alone(&log);
    assert!(!problems(&right).contains("its clock is"), "{right}");
    for (ahead, said) in [(8, "8 minutes ahead of"), (-7, "7 minutes behind"), (20, "20 minutes ahead of")] {
        let told = alone(&moved(&log, ahead * 60));
        assert_eq!(told["zone"], "UTC (from Gmail's clock in its acceptances)", "{ahead}");
        assert!(problems(&told).contains(&format!("its clock is {said} Gmail's")), "{told}");
        assert_eq!(told["outcomes"], right["outcomes"]);
    }
    // New York's clock, two minutes slow.
    let told = alone(&moved(&log, -5 * HOUR + 24 * HOUR - 120));
    assert_eq!(told["zone"], "UTC (assumed)", "a day and more off is no zone");
    let told = alone(&moved(&log, 5 * HOUR - 120));
    assert_eq!(told["zone"], "UTC+05:00 (from Gmail's clock in its acceptances)");
    assert!(problems(&told).contains("its clock is 120 s behind Gmail's"), "{told}");
    assert_ne!(minutes(&told), minutes(&right), "a skew is said, never applied");
    assert_eq!(told["from"], "2026-11-24T02:45:00Z");
}

/// The lines of Exim's main log that hold one of these words, moved.
fn of_exim(words: &[&str], seconds: i64) -> String {
    let lines = recorded("exim41001-default/mainlog.gz");
    let lines = lines.lines().filter(|l| words.iter().any(|w| l.contains(w)) && !l.contains(" OK "));
    let line = |line: &str| {
        let at = parse_rfc3339(&format!("{}Z", line[..19].replace(' ', "T"))).expect("a stamp").seconds() + seconds;
        let text = Stamp::from_seconds(at).to_second();
        format!("{} {}{}\n", &text[..10], &text[11..19], &line[19..])
    };
    lines.map(line).collect()
}

#[test]
fn the_age_of_a_message_is_no_zone() {
    // Retries alone, at least 25 minutes after their messages came: their ids tell no zone.
    assert_eq!(alone(&of_exim(&[" == "], 25 * 60))["zone"], "UTC (assumed)");
    assert_eq!(alone(&of_exim(&[" == "], HOUR))["zone"], "UTC (assumed)");
    // With the arrivals they do, in any zone.
    let told = alone(&of_exim(&[" == ", " <= "], 5 * HOUR + HOUR / 2));
    assert_eq!(told["zone"], "UTC+05:30 (from the times inside message ids)");
}

#[test]
fn lines_without_a_known_year_are_understood_and_stand_at_no_time() {
    // Without Gmail's acceptances nothing in the recording tells its year.
    let log = recorded("postfix3711-may/rfc3164.log.gz");
    let undated: String = log.lines().filter(|l| !l.contains(" OK ")).map(|l| format!("{l}\n")).collect();
    let told = alone(&undated);
    assert!(problems(&told).contains("understood but could not be placed: nothing tells their year"), "{told}");
    assert!(!problems(&told).contains("not understood"), "{told}");
    let records = &told["records"];
    assert!(records["unplaced"].as_u64() > Some(100) && records["unplaced"] == records["unrecognised"], "{told}");
    let shown = printed(&["inspect"], folder(&[("mail.log", &undated)]).path());
    assert!(shown.contains("0 not understood") && shown.contains("at no time"), "{shown}");
    assert!(!shown.contains("not understood, line"), "{shown}");
    // What it advises helps.
    let window =
        folder(&[("mail.log", &undated), ("case.yaml", "window: {from: 2026-11-24T02:00Z, to: 2026-11-24T04:00Z}\n")]);
    assert_eq!(inspected(window.path())["mail.log"]["from"], "2026-11-24T02:47:00Z");
    // A day that no year near the others has.
    let leap = log.replacen("Nov 24 02:47:26", "Feb 29 02:47:26", 1);
    let told = alone(&leap);
    assert!(
        problems(&told).contains("1 of its lines were understood but could not be placed (first at line 2)"),
        "{told}"
    );
}

#[test]
fn lines_without_a_time_say_how_to_get_one() {
    let log = recorded("haraka316-default/haraka.log.gz");
    let bare: String = log.lines().filter_map(|l| Some(format!("{}\n", l.split_once(' ')?.1))).collect();
    let told = problems(&alone(&bare));
    assert!(told.contains("timestamps=true in Haraka's log.ini") && !told.contains("window"), "{told}");
}
