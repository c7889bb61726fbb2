//! `--from` and `--to`: a window of logs that hold more.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cases::{build, casefile, root};
use crate::partials::{said, scanned};

const WINDOW: [&str; 4] = ["--from", "2026-11-24T04:11Z", "--to", "2026-11-24T04:25Z"];

/// The second launch of the recorded case.
fn today() -> String {
    use std::io::Read as _;
    let mut opened =
        casefile::intake::open(&root().join("sample-data/throttle/logs/mail.log.1.gz")).expect("the sample");
    let mut text = String::new();
    opened.read_to_string(&mut text).expect("text");
    text.split_inclusive('\n').take(4000).collect()
}

/// The same a day before, by its stamps and by Google's clock.
fn yesterday(today: &str) -> String {
    let mut text = String::new();
    for line in today.replace("Nov 24 ", "Nov 23 ").split_inclusive('\n') {
        match line.split_once("OK  ").and_then(|(before, after)| Some((before, after.split_at_checked(10)?))) {
            Some((before, (second, after))) if second.bytes().all(|b| b.is_ascii_digit()) => {
                let second: u64 = second.parse().expect("digits");
                write!(text, "{before}OK  {}{after}", second - 86_400).expect("a String takes all");
            }
            _ => text.push_str(line),
        }
    }
    text
}

/// A case of one log, and of nothing else.
fn case(dir: &Path, name: &str, log: &str) -> PathBuf {
    let case = dir.join(name).join("case");
    fs::create_dir_all(&case).expect("a folder");
    fs::write(case.join("mail.log"), log).expect("written");
    case
}

/// The facts, without what is said of the file itself; lines are numbered from one of them on.
fn facts(output: &Path, from: u64) -> Value {
    let text = fs::read_to_string(output.join("keep/facts.json")).expect("facts.json");
    let mut facts: Value = serde_json::from_str(&text).expect("JSON");
    let all = facts.as_object_mut().expect("an object");
    all.remove("coverage");
    all.remove("problems");
    let listed = all["facts"].as_array_mut().expect("a list");
    listed.retain(|fact| {
        !["coverage.", "problems."].iter().any(|of| fact["id"].as_str().is_some_and(|id| id.starts_with(of)))
    });
    renumber(&mut facts, from);
    facts
}

fn renumber(value: &mut Value, from: u64) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| renumber(item, from)),
        Value::Object(members) => members.values_mut().for_each(|member| renumber(member, from)),
        Value::String(text) => {
            let numbers = |lines: &str| lines.split('-').map(str::parse).collect::<Result<Vec<u64>, _>>().ok();
            if let Some(numbers) = text.strip_prefix("S01:").and_then(numbers) {
                let moved: Vec<_> = numbers.iter().map(|number| (number - from).to_string()).collect();
                *text = format!("S01:{}", moved.join("-"));
            }
        }
        _ => {}
    }
}

fn assert_same(one: &Value, other: &Value) {
    let (one, other) = (one.as_object().expect("an object"), other.as_object().expect("an object"));
    for (key, value) in one {
        assert!(other.get(key) == Some(value), "`{key}` is {} and {}", value, other[key]);
    }
    assert_eq!(one.len(), other.len());
}

fn coverage(output: &Path) -> Value {
    let text = fs::read_to_string(output.join("keep/facts.json")).expect("facts.json");
    let facts: Value = serde_json::from_str(&text).expect("JSON");
    Value::Array(vec![facts["coverage"][0].clone(), facts["problems"].clone()])
}

#[test]
fn a_window_of_a_longer_log_gives_the_facts_of_the_window() {
    let dir = tempfile::tempdir().expect("a folder");
    let (today, yesterday) = (today(), yesterday(&today()));
    let build = |name: &str, log: &str| {
        let case = case(dir.path(), name, log);
        build(&case, &dir.path().join(name), |command| {
            command.args(WINDOW);
        })
    };
    let alone = build("alone", &today);
    let before = build("before", &[yesterday.as_str(), &today].concat());
    // A clock that goes back a day in the middle of the file.
    let after = build("after", &[today.as_str(), &yesterday].concat());
    let lines = yesterday.lines().count() as u64;
    assert_same(&facts(&alone, 0), &facts(&before, lines));
    assert_same(&facts(&alone, 0), &facts(&after, 0));
    assert!(facts(&alone, 0)["replies"].as_array().is_some_and(|replies| !replies.is_empty()));
    for output in [&before, &after] {
        let told = coverage(output);
        let read = told[0]["read"].as_u64().expect("a number");
        let outside = format!("{} of its lines stand outside the time asked for", 2 * lines - read);
        assert!(read >= lines && read < lines + 2000, "{read} of {lines}");
        assert!(told[1].to_string().contains(&outside), "{told}");
    }
    assert_eq!(coverage(&alone)[1], Value::Array(Vec::new()));
    // The same in a partial.
    let case = case(dir.path(), "part", &[yesterday.as_str(), &today].concat());
    let log = case.join("mail.log");
    let scan = [&["mail.log", "--quiet", "-o", "mail.part"][..], &WINDOW].concat();
    scanned(&case, &scan, b"");
    fs::remove_file(log).expect("the log is gone");
    let run = |arguments: &[&str]| {
        let mut command = casefile();
        command.args(["build", "--quiet", "--force", "-o"]).arg(dir.path().join("of-part")).arg(&case);
        command.args(arguments).output().expect("casefile runs")
    };
    let built = run(&WINDOW);
    assert!(built.status.success(), "{}", said(&built));
    let of_part = facts(&dir.path().join("of-part"), lines);
    assert_eq!(of_part["lanes"], facts(&before, lines)["lanes"]);
    assert_eq!(of_part["replies"], facts(&before, lines)["replies"]);
    // It holds no other time.
    for more in [&[][..], &["--from", "2026-11-24T03:00Z", "--to", "2026-11-24T04:25Z"]] {
        let refused = run(more);
        assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
        assert!(
            said(&refused).contains("was read for 2026-11-24T03:11Z to 2026-11-24T05:24Z only"),
            "{}",
            said(&refused)
        );
    }
}

#[test]
fn options_stand_over_case_yaml_and_say_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let log: String = today().split_inclusive('\n').take(2000).collect();
    let case = case(dir.path(), "small", &log);
    let yaml = case.join("case.yaml");
    let run = |arguments: &[&str]| {
        let mut command = casefile();
        command.args(["build", "--force", "-o"]).arg(dir.path().join("out")).arg(&case).args(arguments);
        command.output().expect("casefile runs")
    };
    fs::write(&yaml, "window: {from: 2026-11-23T00:00Z, to: 2026-11-23T01:00Z}\n").expect("written");
    let elsewhere = run(&[]);
    assert_eq!(elsewhere.status.code(), Some(3), "{}", said(&elsewhere));
    assert!(said(&elsewhere).contains("the logs do not cover the window that is asked for"), "{}", said(&elsewhere));
    let built = run(&["--from", "2026-11-24T05:11:30+01:00", "--to", "2026-11-24 04:14:00Z"]);
    assert!(built.status.success(), "{}", said(&built));
    let told = "--from and --to ask for 2026-11-24T04:11Z to 2026-11-24T04:13Z, so the window of case.yaml, 2026-11-23T00:00Z to 2026-11-23T00:59Z, was not used.";
    assert!(said(&built).contains(told), "{}", said(&built));
    for (arguments, why) in [
        (&["--from", "2026-11-24T04:11Z"][..], "--to"),
        (&["--from", "2026-11-24T04:11", "--to", "2026-11-24T04:12Z"], "add the zone"),
        (&["--from", "2026-11-24T04:11Z", "--to", "2026-11-24T04:11Z"], "`to` is not after `from`"),
        (&["--from", "2026-02-30T04:11Z", "--to", "2026-11-24T04:11Z"], "there is no such day"),
    ] {
        let refused = run(arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(said(&refused).contains(why), "{}", said(&refused));
    }
}
