//! What a partial keeps, and who may read it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;

use flate2::read::DeflateDecoder;

use super::{inspected, said, sample, scan_in, scanned};
use crate::cases::{casefile, root};

fn content(partial: &[u8]) -> String {
    let body = partial.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(1).expect("two lines").0 + 1;
    let mut text = String::new();
    DeflateDecoder::new(&partial[body..partial.len() - 65]).read_to_string(&mut text).expect("text");
    text
}

/// Which of these words stand in a text.
fn matches(words: &[String], text: &str) -> BTreeSet<usize> {
    let all = aho_corasick::AhoCorasick::new(words).expect("words");
    all.find_overlapping_iter(text).map(|found| found.pattern().as_usize()).collect()
}

/// Recipients' local parts and queue ids of a log.
fn secrets(log: &str) -> BTreeSet<String> {
    let local = |line: &str| Some(line.split_once("to=<")?.1.split_once('@')?.0.to_owned());
    let id = |line: &str| Some(line.split_once("]: ")?.1.split_once(": to=")?.0.to_owned());
    log.lines().flat_map(|line| [local(line), id(line)]).flatten().filter(|word| word.len() > 4).collect()
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_it_and_it_says_what_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a folder");
    let case = sample("noise", dir.path());
    scanned(&case, &["logs/mail.log", "-o", "a.part"], b"");
    let mode = fs::metadata(case.join("a.part")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let bytes = fs::read(case.join("a.part")).expect("a partial");
    assert!(bytes.starts_with(b"casefile partial 1\ninternal: holds addresses, names and lines of logs as they stand; must not be sent outside\n"));
    // It stays until it is asked for; a pipe gives the same bytes.
    let again = scan_in(&case, &["logs/mail.log", "-o", "a.part"], b"");
    assert_eq!(again.status.code(), Some(2));
    assert!(said(&again).contains("a.part exists; --force replaces it"));
    let piped = scan_in(&case, &["logs/mail.log", "-o", "-"], b"");
    assert!(piped.status.success() && piped.stdout == bytes);
    assert_eq!(fs::read_dir(&case).expect("a folder").count(), 4, "nothing is left beside it");
}

/// A partial is much smaller than its log, and keeps few lines of it.
#[test]
fn few_lines_are_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = sample("throttle", dir.path());
    scanned(&case, &["logs/mail.log", "--case", "case.yaml", "-o", "a.part"], b"");
    let log = fs::read_to_string(case.join("logs/mail.log")).expect("a log");
    let kept = content(&fs::read(case.join("a.part")).expect("a partial"));
    // Of every thirtieth line.
    let some: Vec<String> = log.lines().step_by(30).map(|line| line.replace('"', "\\\"")).collect();
    let lines = matches(&some, &kept).len();
    assert!(lines > 0 && lines * 10 < some.len(), "{lines} of {}", some.len());
}

#[test]
fn without_excerpts_no_line_is_kept_and_the_reports_say_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = sample("throttle", dir.path());
    let whole = inspected(&case);
    scanned(&case, &["logs", "--case", "case.yaml", "--no-excerpts", "-o", "a.part"], b"");
    let kept = content(&fs::read(case.join("a.part")).expect("a partial"));
    let log = fs::read_to_string(case.join("logs/mail.log")).expect("a log");
    let secrets = secrets(&log);
    assert!(secrets.len() > 500, "the log is full of them");
    let found = matches(&secrets.into_iter().collect::<Vec<_>>(), &kept);
    assert!(found.is_empty(), "{found:?}");
    fs::remove_dir_all(case.join("logs")).expect("gone");
    // The counts are those of the logs, whose edges were joined.
    let parts = inspected(&case);
    for n in 0..4 {
        for key in ["records", "outcomes", "from", "to", "zone", "cannot_show"] {
            assert_eq!(parts["files"][n][key], whole["files"][n][key], "{key} of file {n}");
        }
    }
    let out = dir.path().join("out");
    let ran = casefile().args(["build", "-o"]).arg(&out).arg(&case).output().expect("runs");
    assert!(ran.status.success(), "{}", said(&ran));
    let postmortem = fs::read_to_string(out.join("keep/postmortem.md")).expect("the postmortem");
    assert!(postmortem.contains("no excerpts: it was scanned with --no-excerpts"), "it is said");
    let facts: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("keep/facts.json")).expect("facts")).expect("JSON");
    assert_eq!(facts["incident"]["first_minute"], "2026-11-24T03:56Z");
    for reply in facts["replies"].as_array().expect("replies") {
        assert_eq!(reply["examples"].as_array().map(Vec::len), Some(0), "{reply}");
    }
}

/// The sessions that straddle files of one scan are joined before their lines are forgotten.
#[test]
fn without_excerpts_sessions_are_joined_inside_a_scan() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = fs::read_to_string(root().join("sample-data/throttle/logs/mail.log")).expect("a log");
    let lines: Vec<&str> = text.split_inclusive('\n').take(3000).collect();
    for (n, chunk) in lines.chunks(500).enumerate() {
        fs::write(dir.path().join(format!("{n}.log")), chunk.concat()).expect("written");
    }
    let case = dir.path().join("case");
    fs::create_dir(&case).expect("a folder");
    let sum = |found: &serde_json::Value| -> std::collections::BTreeMap<String, u64> {
        let mut sums = std::collections::BTreeMap::new();
        for file in found["files"].as_array().expect("files") {
            for (outcome, n) in file["outcomes"].as_object().expect("outcomes") {
                *sums.entry(outcome.clone()).or_default() += n.as_u64().expect("a count");
            }
        }
        sums
    };
    let expected = sum(&inspected(dir.path()));
    let logs: Vec<String> = (0..6).map(|n| format!("{n}.log")).collect();
    let mut arguments: Vec<&str> = logs.iter().map(String::as_str).collect();
    arguments.extend(["--no-excerpts", "-o", "case/all.part"]);
    scanned(dir.path(), &arguments, b"");
    assert_eq!(sum(&inspected(&case)), expected);
}
