//! Logs scanned by several processes, built together.

use std::fs;
use std::path::Path;

use super::{assert_same_build, sample, scanned};
use crate::cases::{build, root};

/// Scans groups of logs of a sample case, each by a process of its own, and puts the partials in
/// the place of the logs.
fn built_on_partials(name: &str, groups: &[&[&str]], dir: &Path) -> std::path::PathBuf {
    let case = sample(name, dir);
    for (n, group) in groups.iter().enumerate() {
        let output = format!("parts/node-{n}.part");
        fs::create_dir_all(case.join("parts")).expect("a folder");
        let mut arguments = group.to_vec();
        if case.join("case.yaml").exists() {
            arguments.extend(["--case", "case.yaml"]);
        }
        arguments.extend(["--quiet", "-o", &output]);
        scanned(&case, &arguments, b"");
        for log in *group {
            fs::remove_file(case.join(log)).expect("the log is gone");
        }
    }
    build(&case, &dir.join("of-partials"), |_| {})
}

#[test]
fn a_case_in_partials_is_the_case() {
    let dir = tempfile::tempdir().expect("a folder");
    let logs = build(&root().join("sample-data/throttle"), &dir.path().join("of-logs"), |_| {});
    let each = [&["logs/mail.log"][..], &["logs/mail.log.1.gz", "logs/mail.log.3.gz"], &["logs/mail.log.2.gz"]];
    let partials = built_on_partials("throttle", &each, dir.path());
    assert_same_build(&logs, &partials, false);
}

/// Partials beside logs, and a case without a case.yaml.
#[test]
fn partials_and_logs_are_mixed() {
    let dir = tempfile::tempdir().expect("a folder");
    let logs = build(&root().join("sample-data/noise"), &dir.path().join("of-logs"), |_| {});
    let partials = built_on_partials("noise", &[&["logs/mail.log.1.gz"]], dir.path());
    assert_same_build(&logs, &partials, false);
}

/// A compressed log on standard input is a file of that name.
#[test]
fn a_pipe_is_a_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = sample("noise", dir.path());
    let log = fs::read(case.join("logs/mail.log.2.gz")).expect("a log");
    scanned(&case, &["-", "--name", "logs/mail.log.2.gz", "-o", "piped.part"], &log);
    scanned(&case, &["logs/mail.log.2.gz", "-o", "named.part"], b"");
    assert!(fs::read(case.join("piped.part")).expect("one") == fs::read(case.join("named.part")).expect("other"));
    scanned(&case, &["-", "-o", "unnamed.part"], &log);
    assert_eq!(super::partial(&case.join("unnamed.part")).logs[0].name, "-");
}
