//! Cases whose launches are known, from counts a minute to the words of the report.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A launch: at minute `at`, it rises in `ramp` minutes to `peak` sessions a minute.
struct Launch {
    at: usize,
    ramp: usize,
    peak: usize,
}

const fn launch(at: usize, ramp: usize, peak: usize) -> Launch {
    Launch { at, ramp, peak }
}

/// Sessions a minute beside the launches, minutes that a launch lasts, and those that a wave does.
const USUAL: usize = 100;
const LASTS: usize = 40;
const WAVE: usize = 6;

/// Counts of two receivers. From the minute in which the mean of two reaches `point`, Gmail refuses a
/// third of the sessions for a while; `elsewhere` is the share in a thousand that the other one does.
fn table(minutes: usize, launches: &[Launch], point: usize, elsewhere: usize) -> String {
    let mut text = "minute,lane,attempts,failed_sessions\n".to_owned();
    let load = |minute: usize| {
        let of = launches.iter().filter(|l| (l.at..l.at + LASTS).contains(&minute));
        // A number that varies a little, the same in each run.
        USUAL + minute * 7919 % 13 + of.map(|l| (l.peak * (minute - l.at) / l.ramp).min(l.peak)).sum::<usize>()
    };
    let mut failing_until = vec![0; launches.len()];
    for minute in 0..minutes {
        let current = launches.iter().position(|l| (l.at..l.at + LASTS).contains(&minute));
        if let Some(until) = current.and_then(|i| failing_until.get_mut(i))
            && *until == 0
            && minute > 0
            && (load(minute) + load(minute - 1)) / 2 >= point
        {
            *until = minute + WAVE;
        }
        let fails = current.and_then(|i| failing_until.get(i)).is_some_and(|until| minute < *until);
        let failed = if fails { load(minute) / 3 } else { usize::from(minute % 5 == 0) };
        let at = format!("2026-11-24T{:02}:{:02}Z", minute / 60, minute % 60);
        let other = if fails { 300 * elsewhere / 1000 } else { 0 };
        for (lane, attempts, failed) in [("gmail", load(minute), failed), ("microsoft", 300, other)] {
            text.push_str(&[at.as_str(), lane, &attempts.to_string(), &failed.to_string()].join(","));
            text.push('\n');
        }
    }
    text
}

/// The facts of a case with these counts and these launches stated.
fn facts(counts: &str, launches: &[Launch]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let case = folder.path().join("case");
    fs::create_dir(&case).expect("a folder");
    fs::write(case.join("counts.csv"), counts).expect("written");
    let rows: Vec<_> = launches
        .iter()
        .map(|l| format!("  - {{at: 2026-11-24T{:02}:{:02}Z, name: Project Falcon}}\n", l.at / 60, l.at % 60))
        .collect();
    let stated = if rows.is_empty() { String::new() } else { format!("launches:\n{}", rows.concat()) };
    fs::write(case.join("case.yaml"), format!("case: launches\n{stated}")).expect("written");
    let output = folder.path().join("out");
    let mut command = Command::new(env!("CARGO_BIN_EXE_casefile"));
    let ran = command.args(["build", "--quiet", "-o"]).arg(&output).arg(&case).output().expect("casefile runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_str(&fs::read_to_string(kept(&output)).expect("facts.json")).expect("JSON")
}

fn kept(output: &Path) -> std::path::PathBuf {
    output.join("keep/facts.json")
}

fn words(facts: &Value) -> (String, String) {
    let text = |v: &Value| v.as_str().unwrap_or("-").to_owned();
    (text(&facts["pattern"]["word"]), text(&facts["pattern"]["variable"]))
}

fn said(facts: &Value, path: &str) -> String {
    facts["pattern"][path].as_str().unwrap_or_default().to_owned()
}

/// Five launches unlike each other, one of which stays small.
fn unlike() -> [Launch; 5] {
    [launch(60, 8, 1900), launch(180, 36, 1500), launch(300, 20, 1300), launch(420, 20, 500), launch(540, 28, 1700)]
}

#[test]
fn launches_that_fail_at_one_rate_are_repeatable_and_the_small_one_is_a_control() {
    let launches = unlike();
    let found = facts(&table(660, &launches, 900, 0), &launches);
    assert_eq!(words(&found), ("repeatable".to_owned(), "sessions per minute".to_owned()));
    let sentence = said(&found, "sentence");
    assert!(sentence.starts_with("Repeatable: in 4 of 5 launches failures began when 9"), "{sentence}");
    let point = said(&found, "point");
    assert!(point.contains("clean to 8") && point.contains("failing from 9"), "{point}");
    let candidate = &found["pattern"]["candidates"][0];
    assert_eq!((&candidate["foretold"], &candidate["counter_examples"]), (&Value::from(4), &Value::from(0)));
    let controls = found["pattern"]["controls"].as_array().expect("controls");
    let of = |kind: &str| controls.iter().find(|c| c["kind"] == kind).expect("a control");
    assert_eq!(of("clean_launch")["verdict"], "clean");
    assert!(of("clean_launch")["what"].as_str().is_some_and(|w| w.starts_with("launch 4, which stayed below")));
    assert_eq!(of("other_receiver")["verdict"], "clean");
    assert_eq!(of("same_load")["verdict"], "not_enough_traffic");
    let doses = found["pattern"]["dose"].as_array().expect("doses");
    let share = |d: &Value| d["failed_share"]["share"].as_f64().expect("a share");
    assert!(share(&doses[doses.len() - 1]) > share(&doses[0]));
    let all: u64 = doses.iter().filter_map(|d| d["failed_share"]["whole"].as_u64()).sum();
    assert_eq!(
        all,
        table(660, &launches, 900, 0)
            .lines()
            .filter(|l| l.contains(",gmail,"))
            .filter_map(|l| l.split(',').nth(2)?.parse::<u64>().ok())
            .sum::<u64>()
    );
}

#[test]
fn what_fails_elsewhere_too_is_not_repeatable() {
    let launches = unlike();
    let found = facts(&table(660, &launches, 900, 200), &launches);
    assert_eq!(words(&found).0, "consistent");
    let short = said(&found, "short_of_repeatable");
    assert!(short.contains("no other receiver is shown to be clean in the same minutes"), "{short}");
}

#[test]
fn without_launches_the_waves_are_compared_by_load_and_the_report_says_so() {
    let launches = unlike();
    let found = facts(&table(660, &launches, 900, 0), &[]);
    assert_eq!(words(&found), ("consistent".to_owned(), "sessions per minute".to_owned()));
    assert!(said(&found, "sentence").ends_with("no launches are stated, so they are compared by load alone."));
}

#[test]
fn one_wave_is_told_and_nothing_is_made_of_it() {
    let launches = [launch(60, 20, 1500), launch(180, 20, 500)];
    let found = facts(&table(300, &launches, 900, 0), &launches);
    assert_eq!(words(&found).0, "single wave");
    let sentence = said(&found, "sentence");
    assert!(
        sentence.starts_with(
            "One wave only: repetition cannot be shown. Failures began 12.0 minutes after launch 1, when 9"
        ),
        "{sentence}"
    );
    assert!(
        sentence.contains(" times the median outside the wave. Of the sessions below that load, outside the wave, ")
    );
    assert!(sentence.ends_with("failed, as is usual."), "{sentence}");
    for forbidden in ["threshold", "specific", "repeats", "repeated", "Falcon"] {
        assert!(!sentence.contains(forbidden), "{forbidden}: {sentence}");
    }
    assert!(said(&found, "caution").contains("another ramp speed"));
}

#[test]
fn launches_that_are_alike_leave_open_what_counts() {
    let launches = [launch(60, 20, 1500), launch(180, 20, 1500), launch(300, 20, 1500)];
    let found = facts(&table(420, &launches, 900, 0), &launches);
    let (word, variable) = words(&found);
    assert!(word == "repeatable" || word == "consistent", "{word}");
    assert_eq!(variable, "-");
    assert!(said(&found, "sentence").contains("; the launches are too alike to tell which of these counts"));
    assert!(said(&found, "caution").contains("another ramp speed, or with other messages per connection"));
}

/// A log of half an hour: six minutes fail, and each of three other receivers has twenty sessions
/// a minute, of which so many fail in them.
fn beside_small_receivers(failed: usize) -> Value {
    let mut text = "minute,lane,attempts,failed_sessions\n".to_owned();
    for minute in 0..40 {
        let fails = (20..26).contains(&minute);
        let gmail = ("gmail", 100, if fails { 50 } else { 0 });
        let of_six = failed.saturating_sub(minute.max(20) - 20).min(1);
        let others = ["microsoft", "yahoo", "fastmail"].map(|lane| (lane, 20, if fails { of_six } else { 0 }));
        for (lane, attempts, failed) in [gmail].into_iter().chain(others) {
            writeln!(text, "2026-11-24T00:{minute:02}Z,{lane},{attempts},{failed}").expect("memory");
        }
    }
    facts(&text, &[])
}

#[test]
fn receivers_with_little_traffic_each_are_judged_together() {
    let control = |facts: &Value| {
        let rows = facts["pattern"]["controls"].as_array().expect("controls");
        let together = rows.iter().find(|r| r["what"].as_str().is_some_and(|what| what.contains("taken together")));
        together.map(|row| (row["what"].clone(), row["verdict"].clone()))
    };
    let is_compared = |facts: &Value| {
        let rows = facts["readiness"]["esp"]["checks"].as_array().expect("checks");
        let row = rows.iter().find(|r| r["title"] == "other receivers compared").expect("the check");
        row["detail"].as_str().expect("words").to_owned()
    };
    for (failed, verdict, says) in [(0, "clean", "were clean"), (4, "failing", "failed")] {
        let facts = beside_small_receivers(failed);
        let alone = facts["lanes"].as_array().expect("lanes").iter().filter(|l| l["verdict"] == "not_enough_traffic");
        assert_eq!(alone.count(), 3, "{}", facts["lanes"]);
        let (what, found) = control(&facts).expect("one row for all three");
        let share = ["0 % (0 of 360)", "3.3 % (12 of 360)"][usize::from(failed > 0)];
        assert!(what.as_str().is_some_and(|what| what.contains(share)), "{what}");
        assert_eq!(found, verdict);
        assert!(facts["lanes_together"].as_str().is_some_and(|said| said.contains(verdict)), "{facts}");
        assert!(is_compared(&facts).contains(says), "{}", is_compared(&facts));
    }
    // Neither surely usual nor surely more than usual: nothing is said of them.
    let facts = beside_small_receivers(1);
    assert_eq!((control(&facts), &facts["lanes_together"]), (None, &Value::Null));
    assert!(is_compared(&facts).starts_with("fewer than two"), "{}", is_compared(&facts));
}

/// `attempts/failed` of Gmail, minute by minute, beside another receiver that is clean.
fn minutes(counts: &str) -> Value {
    let mut text = "minute,lane,attempts,failed_sessions\n".to_owned();
    for (minute, count) in counts.split_whitespace().enumerate() {
        let (attempts, failed) = count.split_once('/').expect("two counts");
        writeln!(text, "2026-11-24T00:{minute:02}Z,gmail,{attempts},{failed}").expect("memory");
        writeln!(text, "2026-11-24T00:{minute:02}Z,microsoft,300,0").expect("memory");
    }
    facts(&text, &[])
}

/// Lists of one cause, as text.
fn cause(facts: &Value, id: &str) -> (String, String) {
    let causes = facts["causes"].as_array().expect("causes");
    let cause = causes.iter().find(|c| c["id"] == id).expect("weighed");
    (cause["for"].to_string(), cause["missing"].to_string())
}

#[test]
fn a_short_log_shows_that_failures_come_with_load() {
    // A launch of fourteen messages a second from the sixth minute on, as Sendmail logged it.
    let launch = "25/0 46/0 35/0 46/0 53/0 1082/1026 207/68 417/19 204/16 205/35 72/0 18/0";
    let (supports, missing) = cause(&minutes(launch), "google_rate");
    assert!(supports.contains("(no more than 57 sessions") && supports.contains("(0 of 223)"), "{supports}");
    assert!(!missing.contains("minutes with little load"), "{missing}");
    // A steady load has minutes above the others, too: they are not busy for that.
    let steady = "95/0 104/0 97/0 101/0 99/0 103/0 98/0 104/31 105/30 104/35 96/0 100/0 97/0 99/0 98/0 97/0 100/0";
    let (_, missing) = cause(&minutes(steady), "google_rate");
    assert!(missing.contains("minutes with little load"), "{missing}");
}

/// Four hours in which Gmail takes 100 messages a minute and the others 300; of Gmail's a part in ten
/// of `part`, and of the others of `elsewhere`, for forty minutes in which it also refuses. With `waiting`,
/// a queue that held messages all the time.
fn slowed(part: usize, elsewhere: usize, others: bool, waiting: bool) -> Value {
    let mut counts = "minute,lane,attempts,delivered,failed_sessions\n".to_owned();
    let mut queue = "timestamp,node,queue_total\n".to_owned();
    for minute in 0..240 {
        let inside = (100..140).contains(&minute);
        let at = format!("2026-11-24T{:02}:{:02}", minute / 60, minute % 60);
        let vary = minute * 7919 % 7;
        let taken = |usual: usize, part: usize| (usual + vary) * if inside { part } else { 10 } / 10;
        let failed = if inside { 60 } else { 0 };
        let mut row = |lane: &str, delivered: usize, failed: usize| {
            writeln!(counts, "{at}Z,{lane},{},{delivered},{failed}", delivered + failed).expect("memory");
        };
        row("gmail", taken(100, part), failed);
        if others {
            row("microsoft", taken(300, elsewhere), 0);
        }
        for second in (0..60).step_by(10) {
            writeln!(queue, "{at}:{second:02}Z,mta1,40").expect("memory");
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let case = folder.path().join("case");
    fs::create_dir(&case).expect("a folder");
    fs::write(case.join("counts.csv"), counts).expect("written");
    if waiting {
        fs::write(case.join("queue.csv"), queue).expect("written");
    }
    let output = folder.path().join("out");
    let mut command = Command::new(env!("CARGO_BIN_EXE_casefile"));
    let ran = command.args(["build", "--quiet", "-o"]).arg(&output).arg(&case).output().expect("casefile runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let facts: Value = serde_json::from_str(&fs::read_to_string(kept(&output)).expect("facts.json")).expect("JSON");
    facts["throughput"].clone()
}

#[test]
fn a_reduced_rate_is_measured_against_the_others_and_its_loss_added_up() {
    let halved = slowed(4, 10, true, true);
    assert_eq!(halved["reduced"], "yes", "{halved}");
    let share = halved["share"].as_f64().expect("a share");
    assert!((38.0..=42.0).contains(&share), "{share}");
    // Six tenths of about 103 messages, in each of forty minutes.
    let missing = halved["missing"].as_f64().expect("a number");
    assert!((2400.0..=2560.0).contains(&missing), "{missing}");
    // Whether anything was left to send decides, and the others do.
    assert_eq!(slowed(4, 10, true, false)["reduced"], "demand_unknown");
    assert_eq!(slowed(4, 4, true, true)["reduced"], "no", "all receivers got less: the sender sent less");
    assert_eq!(slowed(4, 10, false, true)["reduced"], "cannot_tell");
    assert_eq!(slowed(10, 10, true, true)["reduced"], "no");
}
