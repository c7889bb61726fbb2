//! Templates of the postmortem, as a user meets them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn casefile(args: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO_BIN_EXE_casefile")).current_dir(root).args(args).output().expect("casefile runs")
}

fn told(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr)
}

/// A small case: one log, read as it is.
fn build(folder: &Path, more: &[&str]) -> (Output, PathBuf) {
    let (evidence, output) = (folder.join("evidence"), folder.join("out"));
    std::fs::create_dir_all(&evidence).expect("a folder");
    std::fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/noise/logs/mail.log"),
        evidence.join("mail.log"),
    )
    .expect("copied");
    let paths = [evidence.to_string_lossy().into_owned(), output.to_string_lossy().into_owned()];
    let mut args = vec!["build", "--quiet", &paths[0], "-o", &paths[1]];
    args.extend_from_slice(more);
    (casefile(&args), output)
}

#[test]
fn what_is_listed_can_be_shown_and_checked() {
    let listed = told(&casefile(&["templates", "list"]));
    let names: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(["sre", "pagerduty", "atlassian", "incident-io", "parts/timeline.md"].iter().all(|n| names.contains(n)));
    let folder = tempfile::tempdir().expect("a folder");
    for name in names {
        let shown = casefile(&["templates", "show", name]);
        assert!(shown.status.success() && !shown.stdout.is_empty(), "{name}");
        let file = folder.path().join("mine.md");
        std::fs::write(&file, &shown.stdout).expect("written");
        let checked = casefile(&["templates", "check", &file.to_string_lossy()]);
        assert!(checked.status.success(), "{name}: {}", told(&checked));
    }
    let unknown = casefile(&["templates", "show", "atlasian"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(told(&unknown).contains("did you mean `atlassian`?"), "{}", told(&unknown));
}

#[test]
fn a_build_takes_the_shape_that_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let (ran, output) = build(folder.path(), &["--postmortem", "pagerduty"]);
    assert!(ran.status.success(), "{}", told(&ran));
    let text = std::fs::read_to_string(output.join("keep/postmortem.md")).expect("a postmortem");
    assert!(text.contains("## Overview") && text.contains("TODO(human): "), "{text}");
}

#[test]
fn a_template_of_ones_own_prints_the_facts() {
    let folder = tempfile::tempdir().expect("a folder");
    let mine = folder.path().join("ours.txt");
    std::fs::write(&mine, "{{ case.name }}: {{ incident.state }}\n{{ todo(\"who was told?\") }}\n").expect("written");
    let (ran, output) = build(folder.path(), &["--template", &mine.to_string_lossy()]);
    assert!(ran.status.success(), "{}", told(&ran));
    let text = std::fs::read_to_string(output.join("keep/postmortem.txt")).expect("a postmortem");
    assert_eq!(text, "evidence: none\nTODO(human): who was told?\n");
}

#[test]
fn a_wrong_template_is_told_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let mine = folder.path().join("ours.md");
    std::fs::write(&mine, "# Ours\n{{ case.tittle }}\n").expect("written");
    let (ran, output) = build(folder.path(), &["--template", &mine.to_string_lossy()]);
    assert_eq!(ran.status.code(), Some(2), "{}", told(&ran));
    assert!(told(&ran).contains("template ours.md, line 2: `case.tittle` is undefined"), "{}", told(&ran));
    assert!(!output.exists());
    let both = build(folder.path(), &["--template", "x.md", "--postmortem", "sre"]).0;
    assert_eq!(both.status.code(), Some(2));
    assert_eq!(build(folder.path(), &["--template", "/nowhere/x.md"]).0.status.code(), Some(3));
}
