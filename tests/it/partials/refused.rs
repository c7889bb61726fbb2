//! What would count twice, or was read by other rules, is refused with the way out.

use std::fs;
use std::path::Path;

use super::{copied, said, sample, scan_in, scanned};
use crate::cases::{casefile, root};

/// What a build that is refused says.
fn refusal(case: &Path) -> String {
    let out = case.with_extension("out");
    let ran = casefile().args(["build", "-o"]).arg(&out).arg(case).output().expect("runs");
    assert_eq!(ran.status.code(), Some(3), "{}", said(&ran));
    assert!(!out.exists(), "nothing is written");
    said(&ran)
}

#[test]
fn a_file_counts_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = sample("noise", dir.path());
    scanned(&case, &["logs/mail.log.1.gz", "-o", "a.part"], b"");
    // Beside the log itself, under another name.
    fs::rename(case.join("logs/mail.log.1.gz"), case.join("logs/old.gz")).expect("renamed");
    let told = refusal(&case);
    assert!(told.contains("logs/old.gz and logs/mail.log.1.gz (in "), "{told}");
    assert!(told.contains("are the same file (SHA-256 "), "{told}");
    // In two partials.
    scanned(&case, &["logs/old.gz", "logs/mail.log", "-o", "b.part"], b"");
    fs::remove_dir_all(case.join("logs")).expect("gone");
    let told = refusal(&case);
    assert!(told.contains("logs/mail.log.1.gz (in a.part) and logs/old.gz (in b.part) are the same file"), "{told}");
    let ran = scan_in(&case, &["a.part", "b.part", "-o", "ab.part"], b"");
    assert_eq!(ran.status.code(), Some(3));
    assert!(said(&ran).contains("are the same file") && !case.join("ab.part").exists(), "{}", said(&ran));
}

/// Rotations that overlap are read again to count their lines once; a partial cannot be.
#[test]
fn lines_count_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = fs::read(root().join("sample-data/noise/logs/mail.log")).expect("a log");
    let lines: Vec<&[u8]> = log.split_inclusive(|b| *b == b'\n').collect();
    fs::write(dir.path().join("one.log"), lines[..2000].concat()).expect("written");
    fs::write(dir.path().join("two.log"), lines[1500..].concat()).expect("written");
    let case = dir.path().join("case");
    fs::create_dir(&case).expect("a folder");
    scanned(dir.path(), &["one.log", "-o", "case/one.part"], b"");
    scanned(dir.path(), &["two.log", "-o", "case/two.part"], b"");
    let told = refusal(&case);
    assert!(told.contains("hold some of the same lines") && told.contains("scan both logs together"), "{told}");
    // Together they are.
    fs::remove_file(case.join("one.part")).expect("gone");
    scanned(dir.path(), &["one.log", "two.log", "-o", "case/two.part", "--force"], b"");
    let found = super::inspected(&case);
    let problems = found["files"].to_string();
    assert!(problems.contains("500 of its lines stand in S01 too; they were counted once"), "{problems}");
    let ran = casefile().args(["build", "-o"]).arg(dir.path().join("out")).arg(&case).output().expect("runs");
    assert!(ran.status.success(), "{}", said(&ran));
}

#[test]
fn attempts_count_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = root().join("tests/data/logs/powermta");
    let rows = fs::read_to_string(data.join("acct-5.0.csv")).expect("a sample");
    let rows = rows.replace("2017-09-07 11:0", "2019-02-07 22:3").replace("-0400", "-0500");
    fs::write(dir.path().join("acct.csv"), rows.replace("10.50.0.8", "192.0.2.1")).expect("written");
    fs::copy(data.join("pmta.log"), dir.path().join("pmta.log")).expect("copied");
    let together = super::inspected(dir.path());
    let case = dir.path().join("case");
    fs::create_dir(&case).expect("a folder");
    scanned(dir.path(), &["pmta.log", "-o", "case/log.part"], b"");
    scanned(dir.path(), &["acct.csv", "-o", "case/acct.part"], b"");
    let ran = casefile().arg("inspect").arg(&case).output().expect("runs");
    assert_eq!(ran.status.code(), Some(3));
    assert!(said(&ran).contains("tells of attempts that acct.csv"), "{}", said(&ran));
    fs::remove_file(case.join("log.part")).expect("gone");
    scanned(dir.path(), &["acct.csv", "pmta.log", "--force", "-o", "case/acct.part"], b"");
    let parts = super::inspected(&case);
    for n in 0..2 {
        for key in ["outcomes", "records", "problems"] {
            assert_eq!(parts["files"][n][key], together["files"][n][key], "{key}");
        }
    }
}

#[test]
fn the_rules_of_the_scan_are_those_of_the_build() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = sample("throttle", dir.path());
    let yaml = fs::read_to_string(case.join("case.yaml")).expect("case.yaml");
    scanned(&case, &["logs", "--case", "case.yaml", "-o", "all.part"], b"");
    fs::remove_dir_all(case.join("logs")).expect("gone");
    let refused = |change: &dyn Fn(&str) -> String, how: &str| {
        let other = copied(&case, &dir.path().join(how));
        fs::write(other.join("case.yaml"), change(&yaml)).expect("written");
        refusal(&other)
    };
    let told = refused(&|y| y.replace("*.mail.example.net", "*.example.net"), "lanes");
    assert!(told.contains("all.part was made with other lanes than those of case.yaml (it has example-net: *.mail.example.net, the case example-net: *.example.net); scan its logs again"), "{told}");
    let told = refused(&|y| y.replace("node: mta1, zone: UTC", "node: mta7, zone: UTC"), "node");
    assert!(told.contains("was read as of node mta1, and the case says of node mta7"), "{told}");
    let told = refused(&|y| y.replace("node: mta1, zone: UTC", "node: mta1, zone: America/New_York"), "zone");
    assert!(told.contains("in UTC, and the case says beginning"), "{told}");
    let told = refused(&|y| format!("{y}\nclocks: {{apply: {{logs: 60m}}}}\n"), "clock");
    assert!(told.contains("moved by 0 s, and the case says moved by 3600 s"), "{told}");
}

#[test]
fn a_log_of_an_unknown_year_is_told_and_mended() {
    let dir = tempfile::tempdir().expect("a folder");
    let line = "Nov 24 03:12:25 mta2 postfix/smtp[3870]: connect to mx1.mail.example.net[203.0.113.125]:25: Connection refused\n";
    fs::write(dir.path().join("mta2.log"), line.repeat(20)).expect("written");
    let case = dir.path().join("case");
    fs::create_dir(&case).expect("a folder");
    fs::copy(root().join("sample-data/noise/logs/mail.log"), case.join("mta1.log")).expect("copied");
    scanned(dir.path(), &["mta2.log", "-o", "case/mta2.part"], b"");
    let told = refusal(&case);
    assert!(told.contains("mta2.log (in ") && told.contains("was read as of no year"), "{told}");
    fs::write(dir.path().join("dates.yaml"), "window: {from: 2026-11-24T02:00Z, to: 2026-11-24T05:00Z}\n")
        .expect("written");
    scanned(dir.path(), &["mta2.log", "--case", "dates.yaml", "--force", "-o", "case/mta2.part"], b"");
    let ran = casefile().args(["build", "-o"]).arg(dir.path().join("out")).arg(&case).output().expect("runs");
    assert!(ran.status.success(), "{}", said(&ran));
}
