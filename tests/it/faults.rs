//! Whatever goes wrong, a bundle is the old one, the new one or none; and what must not leave stays.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cases::{casefile, entries, root, zips};
use crate::small;

fn send(out: &Path) -> Vec<String> {
    let files = fs::read_dir(out.join("send")).into_iter().flatten();
    files.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

fn said(ran: &std::process::Output) -> String {
    String::from_utf8_lossy(&ran.stderr).into_owned()
}

#[test]
fn a_leak_refuses_everything_and_never_tells_the_value() {
    let dir = tempfile::tempdir().expect("a folder");
    let (case, out) = (small::case(&dir.path().join("case")), dir.path().join("out"));
    // The word stands in our own texts, which nobody rewrites.
    small::with(&case, "redact: {deny: [Guidelines, exhibits]}");
    let ran = small::build(&case, &out, &[]);
    assert_eq!(ran.status.code(), Some(5), "{}", said(&ran));
    assert!(said(&ran).contains("denied in small-esp/"), "class, entry, line and column: {}", said(&ran));
    assert!(said(&ran).contains(", line ") && !said(&ran).contains("exhibits"), "{}", said(&ran));
    assert_eq!(send(&out), Vec::<String>::new());
    assert!(!out.join("keep/RECEIPT.json").exists());
    // The key stays, and is no output: the next build needs no --force.
    small::with(&case, "");
    let ran = small::build(&case, &out, &[]);
    assert!(ran.status.success(), "{}", said(&ran));
    let before = zips(&out);
    small::with(&case, "redact: {deny: [exhibits]}");
    assert_eq!(small::build(&case, &out, &["--force"]).status.code(), Some(5));
    assert_eq!(zips(&out), before, "the old bundles stand");
    assert!(out.join("keep/RECEIPT.json").exists());
}

#[test]
fn what_the_user_allows_is_shown_and_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let (case, out) = (small::case(&dir.path().join("case")), dir.path().join("out"));
    small::with(&case, "redact: {allow: [mta1]}");
    let ran = small::build(&case, &out, &[]);
    assert!(ran.status.success(), "{}", said(&ran));
    let (_, google) = zips(&out).into_iter().find(|(n, _)| n.contains("google")).expect("the bundle");
    let files = entries(&google);
    let file = |end: &str| files.iter().find(|(n, _)| n.ends_with(end)).map(|(_, b)| b.clone()).expect("a file");
    let report: Value = serde_json::from_slice(&file("data/redaction.json")).expect("JSON");
    assert_eq!(report["allowed"], serde_json::json!(["mta1", "ops@sender.example"]));
    assert!(String::from_utf8_lossy(&file("wave-1-first.log")).contains(" mta1 postfix-ip1/smtp"));
}

/// A name of letters alone may be any word: `root cause` is no finding.
#[test]
fn a_bare_user_name_is_no_finding() {
    let dir = tempfile::tempdir().expect("a folder");
    let (case, out) = (small::case(&dir.path().join("case")), dir.path().join("out"));
    let log = small::log().replace("jane.doe@", "coverage@").replace("mail for <", "mail of user=evidence for <");
    fs::write(case.join("mail.log"), log).expect("a log");
    let ran = small::build(&case, &out, &[]);
    assert!(ran.status.success(), "{}", said(&ran));
}

#[test]
fn a_file_too_large_for_the_disk_leaves_no_half_bundle() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = small::case(&dir.path().join("case"));
    let build = |limit: &str, out: &Path| {
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_casefile"), "build", "--quiet", "-o"]).arg(out).arg(&case);
        command.output().expect("runs")
    };
    let out = dir.path().join("out");
    let ran = build("16", &out);
    assert_eq!(ran.status.code(), Some(6), "{}", said(&ran));
    assert_eq!(send(&out), Vec::<String>::new(), "neither a bundle nor a part of one");
    assert!(build("unlimited", &out).status.success());
    let before = zips(&out);
    assert!(fs::write(case.join("more.log"), "Nov 24 05:00:00 mta1 postfix/qmgr[1]: x\n").is_ok());
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_casefile"), "build", "--quiet", "--force", "-o"]);
    let ran = command.arg(&out).arg(&case).output().expect("runs");
    assert_eq!(ran.status.code(), Some(6), "{}", said(&ran));
    assert_eq!(zips(&out), before, "the old bundles stand");
}

#[test]
fn a_full_file_system_leaves_no_half_bundle() {
    let dir = tempfile::tempdir().expect("a folder");
    let disk = dir.path().join("disk");
    fs::create_dir_all(&disk).expect("a folder");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&disk).output();
    if !mounted.is_ok_and(|ran| ran.status.success()) {
        println!("skipped: no file system can be mounted here");
        return;
    }
    let case = small::case(&dir.path().join("case"));
    let ran = small::build(&case, &disk.join("out"), &[]);
    let left = send(&disk.join("out"));
    let unmounted = Command::new("umount").arg(&disk).status().expect("umount runs");
    assert!(unmounted.success());
    assert_eq!((ran.status.code(), left), (Some(6), Vec::new()), "{}", said(&ran));
}

/// Whether a process has asked to be told of a signal; where the system does not say, after a while.
fn awaits(pid: u32, number: u32) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        match fs::read_to_string(format!("/proc/{pid}/status")) {
            Ok(status) => {
                let caught = status.lines().find_map(|l| l.strip_prefix("SigCgt:")).unwrap_or_default().trim();
                if u64::from_str_radix(caught, 16).is_ok_and(|mask| mask >> (number - 1) & 1 == 1) {
                    return true;
                }
            }
            Err(_) if begun.elapsed() > Duration::from_millis(500) => return true,
            Err(_) => {}
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}

#[test]
fn signals_end_the_work_and_tell_which_they_were() {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, number, code) in [("INT", 2, 130), ("TERM", 15, 143)] {
        let out = dir.path().join(name);
        let child = casefile()
            .args(["build", "--quiet", "-o"])
            .arg(&out)
            .arg(root().join("sample-data/throttle"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("runs");
        assert!(awaits(child.id(), number), "it never asked for {name}");
        let killed = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status();
        assert!(killed.expect("kill runs").success());
        let ended = child.wait_with_output().expect("ends");
        assert_eq!(ended.status.code(), Some(code), "{name}: {}", said(&ended));
        assert_eq!(send(&out), Vec::<String>::new());
        assert!(!out.join("keep/RECEIPT.json").exists());
    }
}

/// A build that is killed at any moment leaves no bundle, or one that verifies.
#[test]
fn a_build_killed_at_any_moment_leaves_none_or_a_whole_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = small::case(&dir.path().join("case"));
    let begun = Instant::now();
    assert!(small::build(&case, &dir.path().join("whole"), &[]).status.success());
    let whole = begun.elapsed();
    for k in 1..=8_u32 {
        let out = dir.path().join(k.to_string());
        let mut child = casefile().args(["build", "--quiet", "-o"]).arg(&out).arg(&case).spawn().expect("runs");
        // The later moments lie close together: there the files are written.
        std::thread::sleep(whole.mul_f64(1.0 - 0.5_f64.powi(k as i32)));
        let _ = child.kill();
        child.wait().expect("ends");
        for name in send(&out).into_iter().filter(|n| n.ends_with(".zip")) {
            let ran = casefile().arg("verify").arg(out.join("send").join(&name)).output().expect("runs");
            assert!(ran.status.success(), "{k}: {name}: {}", said(&ran));
        }
        if out.join("keep/RECEIPT.json").exists() {
            assert_eq!(send(&out).iter().filter(|n| n.ends_with(".zip")).count(), 2, "a receipt comes last");
        }
    }
}

#[test]
fn what_a_dead_build_left_is_told_and_not_deleted() {
    let dir = tempfile::tempdir().expect("a folder");
    let (case, out) = (small::case(&dir.path().join("case")), dir.path().join("out"));
    fs::create_dir_all(out.join("send")).expect("a folder");
    fs::write(out.join("send/.casefile-abc.part"), "half").expect("written");
    let ran = casefile().args(["build", "--json", "-o"]).arg(&out).arg(&case).output().expect("runs");
    let told: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let problems: Vec<_> = told["problems"].as_array().expect("problems").iter().filter_map(Value::as_str).collect();
    assert!(problems.iter().any(|p| p.contains(".casefile-abc.part was left by a build")), "{problems:?}");
    assert!(out.join("send/.casefile-abc.part").exists());
}

/// A case that gets another name: its old bundles go, as far as the receipt knows them as they are.
#[test]
fn a_case_that_was_renamed_leaves_no_old_bundle() {
    let dir = tempfile::tempdir().expect("a folder");
    let (case, out) = (small::case(&dir.path().join("case")), dir.path().join("out"));
    assert!(small::build(&case, &out, &[]).status.success());
    fs::write(out.join("send/theirs.zip"), "theirs").expect("written");
    fs::write(out.join("send/small-google.zip"), "changed by hand").expect("written");
    let yaml = fs::read_to_string(case.join("case.yaml")).expect("case.yaml");
    fs::write(case.join("case.yaml"), yaml.replace("case: small", "case: renamed")).expect("case.yaml");
    let ran = small::build(&case, &out, &["--json", "--force"]);
    assert!(ran.status.success(), "{}", said(&ran));
    let mut names = send(&out);
    names.sort();
    assert_eq!(names, ["renamed-esp.zip", "renamed-google.zip", "small-google.zip", "theirs.zip"]);
    let told: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    for name in ["small-google.zip", "theirs.zip"] {
        assert!(told["problems"].to_string().contains(&format!("{name} lay there before")), "{told}");
    }
}

#[test]
fn what_goes_over_the_budget_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = small::case(&dir.path().join("case"));
    let out = dir.path().join("whole");
    assert!(small::build(&case, &out, &[]).status.success());
    let size = |out: &Path| zips(out).into_iter().find(|(n, _)| n.contains("esp")).map(|(_, b)| b).expect("a bundle");
    let whole = size(&out);
    small::with(&case, &format!("budgets: {{esp: {}}}", whole.len() - 1));
    let out = dir.path().join("slim");
    assert!(small::build(&case, &out, &[]).status.success());
    let slim = size(&out);
    assert!(slim.len() < whole.len());
    let files = entries(&slim);
    assert!(files.iter().all(|(n, _)| !n.ends_with(".png")), "the PNG twins go first");
    let item = "PNG twins of the charts";
    for end in ["README.txt", "data/redaction.json"] {
        let (_, bytes) = files.iter().find(|(n, _)| n.ends_with(end)).expect("a file");
        assert!(String::from_utf8_lossy(bytes).contains(item), "{end}");
    }
    assert!(fs::read_to_string(out.join("keep/RECEIPT.json")).expect("a receipt").contains(item));
    small::with(&case, "budgets: {esp: 1000}");
    let ran = small::build(&case, &dir.path().join("none"), &[]);
    assert_eq!(ran.status.code(), Some(6));
    assert!(said(&ran).contains("over its budget of 1000"), "{}", said(&ran));
    assert_eq!(send(&dir.path().join("none")), Vec::<String>::new());
}
