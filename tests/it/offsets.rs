//! Metrics on another clock than the logs: the sample `throttle` with its metrics shifted,
//! which is too short for a claim, and a day of acceptances, which is not.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use casefile::time::{Stamp, parse_rfc3339};
use serde_json::Value;

use crate::clocks::{HOUR, year_less};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sample-data/throttle");

/// The text with each of its times so many seconds later, with or without the zone beside it.
fn shifted(text: &str, seconds: i64, with_zone: bool) -> String {
    const DATE: &str = "2026-11-24";
    let mut pieces = text.split(DATE);
    let mut shifted = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (mark, clock, rest) = (&piece[..1], &piece[1..9], &piece[9..]);
        let at = parse_rfc3339(&format!("{DATE}T{clock}Z")).expect("a time").plus_millis(seconds * 1000).to_second();
        let bare = rest.strip_prefix(" UTC").or_else(|| rest.strip_prefix('Z')).expect("its zone");
        let rest = if with_zone { rest } else { bare };
        write!(shifted, "{}{mark}{}{rest}", &at[..10], &at[11..19]).expect("written");
    }
    shifted
}

/// A copy of the sample, its metrics shifted.
fn sample(seconds: i64, with_zone: bool) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    std::fs::copy(Path::new(SAMPLE).join("case.yaml"), copy.path().join("case.yaml")).expect("copied");
    for part in ["logs", "metrics", "settings"] {
        std::fs::create_dir(copy.path().join(part)).expect("a folder");
        for entry in std::fs::read_dir(Path::new(SAMPLE).join(part)).expect("the sample") {
            let (from, to) = {
                let entry = entry.expect("a file");
                (entry.path(), copy.path().join(part).join(entry.file_name()))
            };
            if part == "metrics" {
                let text = std::fs::read_to_string(from).expect("text");
                std::fs::write(to, shifted(&text, seconds, with_zone)).expect("written");
            } else {
                std::fs::copy(from, to).expect("copied");
            }
        }
    }
    copy
}

/// All that a build finds, `facts.json`.
fn facts(case: &Path) -> Value {
    let out = tempfile::tempdir().expect("a folder");
    let mut build = Command::new(env!("CARGO_BIN_EXE_casefile"));
    build.args(["build", "--quiet", "--json", "-o"]).arg(out.path().join("out")).arg(case);
    let ran = build.output().expect("casefile runs");
    assert!(matches!(ran.status.code(), Some(0..=2)), "{}", String::from_utf8_lossy(&ran.stderr));
    let text = std::fs::read_to_string(out.path().join("out/keep/facts.json")).expect("facts");
    serde_json::from_str(&text).expect("JSON")
}

/// What a build says of the metrics' clock: its warnings, and verdict and sentence of each row.
fn told(case: &Path) -> (Vec<String>, Vec<(String, String)>) {
    let facts = facts(case);
    let words = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let problems = facts["problems"].as_array().expect("problems").iter().map(words);
    let clocks = facts["clocks"].as_array().expect("clocks").iter().filter(|c| c["verdict"].is_string());
    (
        problems.filter(|p| p.starts_with("Metrics in")).collect(),
        clocks.map(|c| (words(&c["verdict"]), words(&c["sentence"]))).collect(),
    )
}

/// Adds a rule before those of the sample.
fn state(case: &Path, rule: &str) {
    let file = case.join("case.yaml");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|_| "sources:\n".to_owned());
    std::fs::write(file, text.replacen("sources:\n", &format!("sources:\n  {rule}\n"), 1)).expect("written");
}

fn assert_cannot_tell(rows: &[(String, String)]) {
    assert_eq!(rows.iter().map(|(verdict, _)| verdict.as_str()).collect::<Vec<_>>(), ["cannot_tell"; 2], "{rows:?}");
}

#[test]
fn a_short_recording_on_the_right_clock_raises_no_alarm_and_claims_nothing() {
    // A minute and a half, too, is within what an hour of minutes leaves open.
    for seconds in [0, 90] {
        let (problems, rows) = told(sample(seconds, true).path());
        assert_eq!(problems, [""; 0], "{seconds}");
        assert_cannot_tell(&rows);
        let egress = rows.iter().find(|(_, said)| said.contains("S09")).expect("the row of net_dev");
        assert!(egress.1.contains("three hours and more"), "{egress:?}");
    }
}

#[test]
fn a_short_recording_in_another_zone_is_told_with_the_line_that_mends_it() {
    let shifts = [
        (3600, "have no minute in common", "60 minutes later", "+01:00"),
        (-1800, "have few minutes (23 of 53) in common", "30 minutes earlier", "-00:30"),
    ];
    for (seconds, common, apart, zone) in shifts {
        let case = sample(seconds, false);
        let rule = format!("- {{path: \"metrics/*\", zone: \"{zone}\"}}");
        let (problems, rows) = told(case.path());
        let [problem] = problems.as_slice() else { panic!("{problems:?}") };
        assert!(problem.contains(common), "{problem}");
        assert!(problem.contains(&format!("and look {apart}: probably a time zone. If so, add")), "{problem}");
        assert!(problem.ends_with(&format!("sources: {rule}.")), "{problem}");
        assert_cannot_tell(&rows);
        state(case.path(), &rule);
        assert_eq!(told(case.path()).0, [""; 0], "{seconds}");
    }
}

#[test]
fn a_zone_in_the_times_themselves_is_not_overruled_by_case_yaml() {
    let (problems, _) = told(sample(3600, true).path());
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(problem.contains("60 minutes later") && problem.contains("take the zone out of them"), "{problem}");
}

/// Adds an offset to the case.
fn apply(case: &Path, source: &str, offset: &str) {
    let file = case.join("case.yaml");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    std::fs::write(file, format!("{text}clocks: {{apply: {{\"{source}\": {offset}}}}}\n")).expect("written");
}

#[test]
fn an_offset_of_case_yaml_moves_metrics_to_the_minutes_they_had() {
    let (right, late) = (sample(0, true), sample(3600, true));
    apply(late.path(), "metrics/*", "-60m");
    assert_eq!(told(late.path()).0, [""; 0]);
    let (right, mended) = (facts(right.path()), facts(late.path()));
    assert_eq!(right["nodes"], mended["nodes"]);
    let said = mended["clocks"].to_string();
    assert!(said.contains("Times of metrics/* were moved by -60 minutes, as case.yaml says."), "{said}");
    // A pattern that names no file moves nothing, and that is told.
    let idle = sample(0, true);
    apply(idle.path(), "metric", "-60m");
    let facts = facts(idle.path());
    assert!(facts["problems"].to_string().contains("`metric` (clocks.apply), which is no file of the case"));
}

#[test]
fn an_offset_of_case_yaml_moves_logs_to_the_seconds_they_had() {
    let case = sample(0, true);
    apply(case.path(), "logs", "-10m");
    let facts = facts(case.path());
    assert_eq!(facts["waves"][0]["first"], "2026-11-24T03:46Z");
    // Its rotations overlap: what two of them hold is counted once by the mended clock, too.
    let failed = |facts: &Value| facts["incident"]["failed"].clone();
    assert_eq!(failed(&facts), 9_761);
    let odd = sample(0, true);
    apply(odd.path(), "logs", "90s");
    assert_eq!(failed(&super::offsets::facts(odd.path())), 9_761);
    let skew = facts["clocks"][0]["skew"].as_f64().expect("a skew");
    assert!((-601.0..=-599.0).contains(&skew), "{skew}");
}

/// A day of acceptances in bursts at no regular times, and what the node sent meanwhile, by a
/// clock that is so many minutes ahead and names no zone.
fn a_day(ahead: i64) -> tempfile::TempDir {
    hours("2026-11-24T00:00Z", 24, |_| ahead)
}

/// Acceptances in each minute of so many hours, in bursts.
fn bursts(hours: i64) -> impl Iterator<Item = (i64, i64)> {
    let (mut random, mut level) = (7_u64, 0);
    (0..hours * 60).map(move |minute| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        level = if (random >> 33) % 40 == 0 { 20 } else { level * 3 / 4 };
        (minute, 1 + level + (random >> 40) as i64 % 3)
    })
}

/// The same for so many hours, by a clock that is ahead as the second has it.
fn hours(from: &str, hours: i64, ahead: impl Fn(i64) -> i64) -> tempfile::TempDir {
    let midnight = parse_rfc3339(from).expect("a time").seconds();
    let (mut log, mut egress) = (String::new(), "timestamp,node,egress_bps\n".to_owned());
    for (minute, accepted) in bursts(hours) {
        for n in 0..accepted {
            let at = midnight + minute * 60 + n;
            let stamp = Stamp::from_seconds(at).to_second();
            let id = at % 1_000_000_000;
            writeln!(log, "{stamp} mta1 postfix/smtp[{}]: {at:010X}: to=<r@gmail.com>, relay=gmail-smtp-in.l.google.com[198.51.100.26]:25, delay=1.5, delays=0.01/0.03/0.37/1.1, dsn=2.0.0, status=sent (250 2.0.0 OK  {at} 8b4a091409ecf-cd6a6536fc6si{id}.853 - gsmtp)", 3870 + minute).expect("written");
        }
        let at = midnight + minute * 60 + 30;
        let by_its_clock = Stamp::from_seconds(at + ahead(at) * 60).to_second();
        writeln!(egress, "{},mta1,{}", by_its_clock[..19].replace('T', " "), 20_000 + accepted * 300_000)
            .expect("written");
    }
    let case = tempfile::tempdir().expect("a folder");
    std::fs::write(case.path().join("mail.log"), log).expect("written");
    std::fs::write(case.path().join("egress.csv"), egress).expect("written");
    case
}

#[test]
fn a_day_claims_a_zone_and_is_aligned_once_it_is_stated() {
    let (problems, rows) = told(a_day(0).path());
    assert_eq!(problems, [""; 0]);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].0, "aligned", "{rows:?}");
    let case = a_day(60);
    let (problems, rows) = told(case.path());
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(problem.contains("look 60 minutes later than the logs of mta1 (egress against accepted messages: r "));
    assert_eq!(rows[0].0, "zone");
    let rule = "- {path: \"egress.csv\", zone: \"+01:00\"}";
    assert!(problem.ends_with(&format!("sources: {rule}.")), "{problem}");
    state(case.path(), rule);
    let (problems, rows) = told(case.path());
    assert_eq!((problems.len(), rows[0].0.as_str()), (0, "aligned"), "{rows:?}");
}

#[test]
fn a_skew_is_told_without_a_zone() {
    let case = a_day(7);
    let (problems, rows) = told(case.path());
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(problem.contains("look 7 minutes later") && problem.contains("nothing was shifted."), "{problem}");
    assert!(problem.ends_with("add to case.yaml: clocks: {apply: {metrics: -7m}}."), "{problem}");
    assert_eq!(rows[0].0, "skew");
    apply(case.path(), "metrics", "-7m");
    let (problems, rows) = told(case.path());
    assert_eq!((problems.len(), rows[0].0.as_str()), (0, "aligned"), "{rows:?}");
}

#[test]
fn local_time_across_the_end_of_daylight_saving_is_told_on_both_sides() {
    let edge = parse_rfc3339("2026-11-01T06:00Z").expect("a time").seconds();
    let case = hours("2026-10-31T16:00Z", 30, |at| if at < edge { -240 } else { -300 });
    let (problems, rows) = told(case.path());
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    for said in [
        "look 240 minutes earlier (egress against accepted messages: r ",
        "before clocks were set at 2026-11-01T06:00Z and look 300 minutes earlier (",
        "probably they keep the local time of America/New_York, or of a zone that moves as it does",
        "nothing was shifted",
    ] {
        assert!(problem.contains(said), "{said}: {problem}");
    }
    let rule = "- {path: \"egress.csv\", zone: \"America/New_York\"}";
    assert!(problem.ends_with(&format!("sources: {rule}.")), "{problem}");
    assert_eq!(rows.iter().map(|r| r.0.as_str()).collect::<Vec<_>>(), ["zone"; 2], "{rows:?}");
    assert!(rows[1].1.ends_with("one keeps local time or ignores that clocks were set."), "{rows:?}");
    // With the offset of summer, the winter's side is wrong.
    state(case.path(), "- {path: \"egress.csv\", zone: \"-04:00\"}");
    let (problems, rows) = told(case.path());
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(problem.contains("they agree (") && problem.contains("and look 60 minutes earlier ("), "{problem}");
    assert!(problem.ends_with(&format!("sources: {rule}.")), "{problem}");
    assert_eq!(rows.iter().map(|r| r.0.as_str()).collect::<Vec<_>>(), ["aligned", "zone"], "{rows:?}");
    // What it advises helps, before other rules: both sides are right.
    state(case.path(), rule);
    let (problems, rows) = told(case.path());
    assert_eq!(problems, [""; 0]);
    assert_eq!(rows.iter().map(|r| r.0.as_str()).collect::<Vec<_>>(), ["aligned"; 2], "{rows:?}");
}

/// The zone of such logs is the user's word, and the metrics have seconds since 1970.
#[test]
fn logs_in_local_time_across_an_edge_are_told_as_the_ones_that_err() {
    let edge = parse_rfc3339("2026-11-01T06:00Z").expect("a time").seconds();
    let from = edge - 14 * HOUR;
    let (mut log, mut egress) = (String::new(), "timestamp,node,egress_bps\n".to_owned());
    for (minute, accepted) in bursts(30) {
        let start = from + minute * 60;
        for n in 0..accepted {
            let at = start + n;
            let stamp = year_less(at - HOUR * if at < edge { 4 } else { 5 });
            writeln!(log, "{stamp} mta1 postfix/smtp[{}]: {at:010X}: to=<r@example.org>, relay=mx.example.org[192.0.2.7]:25, delay=1.5, delays=0.01/0.03/0.37/1.1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4F{n})", 3870 + minute).expect("written");
        }
        writeln!(egress, "{},mta1,{}", start + 30, 20_000 + accepted * 300_000).expect("written");
    }
    let case = tempfile::tempdir().expect("a folder");
    std::fs::write(case.path().join("mail.log"), log).expect("written");
    std::fs::write(case.path().join("egress.csv"), egress).expect("written");
    let asked = "window: {from: 2026-10-31T16:00Z, to: 2026-11-01T22:00Z}\nsources:\n  - {path: \"mail.log\", zone: \"-04:00\"}\n";
    std::fs::write(case.path().join("case.yaml"), asked).expect("written");
    let (problems, rows) = told(case.path());
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(problem.contains("they agree (") && problem.contains("and look 60 minutes later ("), "{problem}");
    assert!(problem.contains("probably the logs keep the local time of America/New_York;"), "{problem}");
    let rule = "- {path: \"mail.log\", zone: \"America/New_York\"}";
    assert!(problem.ends_with(&format!("sources: {rule}.")), "{problem}");
    assert_eq!(rows.iter().map(|r| r.0.as_str()).collect::<Vec<_>>(), ["aligned", "zone"], "{rows:?}");
    state(case.path(), rule);
    let (problems, rows) = told(case.path());
    assert_eq!(problems, [""; 0]);
    assert_eq!(rows.iter().map(|r| r.0.as_str()).collect::<Vec<_>>(), ["aligned"; 2], "{rows:?}");
}
