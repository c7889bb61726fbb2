//! Values planted into every format, in every form: none comes out, by the word of a script
//! that knows nothing of casefile.

mod forms;
mod plant;
mod whole;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use casefile::release::Audience;
use casefile::release::redactor::{CaseKey, Counts, Learner, RedactorConfig};

use crate::laws::samples::READ;
use forms::FORMS;
use plant::plant;

/// One recording of each format, the first that tells of Gmail's answers.
fn recordings() -> Vec<(&'static str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for (sample, shape, _) in READ.iter() {
        let name = shape.format.name();
        let text = String::from_utf8_lossy(&sample.bytes).into_owned();
        if text.contains(" - gsmtp") && found.iter().all(|(known, _)| *known != name) {
            found.push((name, text));
        }
    }
    found
}

/// Runs the oracle; what it found. None where there is no Python.
fn oracle(dir: &Path, canaries: &[(String, String)], files: &[PathBuf]) -> Option<String> {
    let list = dir.join("canaries.tsv");
    let lines: String = canaries.iter().map(|(name, value)| format!("{name}\t{value}\n")).collect();
    fs::write(&list, lines).expect("the list");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle.py");
    let Ok(ran) = Command::new("python3").arg(script).arg(&list).args(files).output() else {
        println!("skipped: no python3 to run the oracle with");
        return None;
    };
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(
        ran.status.code() == Some(i32::from(!said.contains(" 0 leaks"))),
        "{said}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    Some(said)
}

#[test]
fn the_oracle_finds_each_form() {
    let dir = tempfile::tempdir().expect("a folder");
    let canaries = [("who".to_owned(), "zq0001.kalinka".to_owned())];
    for (name, form) in FORMS {
        let file = dir.path().join("a.log");
        fs::write(&file, format!("x {} y", form("zq0001.kalinka@gmail.com"))).expect("written");
        let Some(said) = oracle(dir.path(), &canaries, &[file]) else { return };
        assert!(!said.contains(" 0 leaks"), "{name}: {said}");
    }
}

#[test]
fn no_line_of_any_format_gives_a_planted_address_away() {
    let recordings = recordings();
    let names: Vec<_> = recordings.iter().map(|(name, _)| *name).collect();
    for due in
        ["postfix", "exim", "sendmail", "opensmtpd", "haraka", "kumomta", "powermta", "powermta-log", "exchange-send"]
    {
        assert!(names.contains(&due), "no recording of {due} among {names:?}");
    }
    let dir = tempfile::tempdir().expect("a folder");
    for audience in [Audience::Esp, Audience::Google] {
        let mut canaries = Vec::new();
        let mut files = Vec::new();
        for (name, text) in &recordings {
            let lines: Vec<&str> = text.lines().filter(|l| l.contains('@') || l.contains("gsmtp")).take(120).collect();
            let planted = plant(&lines.join("\n"));
            let mut learner = Learner::new(RedactorConfig::new(audience, CaseKey::new([7; 32])));
            learner.learn(planted.text.as_bytes());
            let redactor = learner.finish();
            let out = redactor.rewrite(planted.text.as_bytes(), &mut Counts::default()).expect("no collision");
            let file = dir.path().join(format!("{name}.log"));
            fs::write(&file, out.as_str()).expect("written");
            canaries.extend(planted.canaries.into_iter().map(|(what, value)| (format!("{name}: {what}"), value)));
            files.push(file);
        }
        let Some(said) = oracle(dir.path(), &canaries, &files) else { return };
        assert!(said.contains(" 0 leaks"), "{audience:?}: {said}");
    }
}

#[test]
fn no_bundle_of_any_format_gives_a_planted_address_away() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut canaries, mut zips) = (Vec::new(), Vec::new());
    for (name, text) in recordings() {
        let planted = plant(&text);
        let case = dir.path().join(name);
        fs::create_dir_all(&case).expect("a folder");
        fs::write(case.join("mail.log"), &planted.text).expect("a log");
        let out = dir.path().join(format!("{name}-out"));
        let ran = Command::new(env!("CARGO_BIN_EXE_casefile"))
            .args(["build", "--quiet", "-o"])
            .arg(&out)
            .arg(&case)
            .output()
            .expect("runs");
        assert!(ran.status.success(), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
        canaries.extend(planted.canaries.into_iter().map(|(what, value)| (format!("{name}: {what}"), value)));
        zips.extend(fs::read_dir(out.join("send")).expect("send/").map(|e| e.expect("an entry").path()));
    }
    if let Some(said) = oracle(dir.path(), &canaries, &zips) {
        assert!(said.contains(" 0 leaks"), "{said}");
    }
}
