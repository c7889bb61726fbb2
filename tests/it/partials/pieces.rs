//! One log in pieces, as pipes of an engine that splits it by lines hand them out.

use std::fs;

use super::{assert_same_build, inspected, said, sample, scan_in, scanned};
use crate::cases::{build, casefile, root};

/// Cuts a log at line ends into so many pieces of about a size.
fn cut(log: &[u8], pieces: usize) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut rest = log;
    for left in (1..=pieces).rev() {
        let about = rest.len() / left;
        let end =
            rest[about.min(rest.len())..].iter().position(|b| *b == b'\n').map_or(rest.len(), |at| about + at + 1);
        let (piece, after) = rest.split_at(if left == 1 { rest.len() } else { end });
        found.push(piece);
        rest = after;
    }
    found
}

#[test]
fn a_log_in_pieces_is_the_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let logs = build(&root().join("sample-data/throttle"), &dir.path().join("of-logs"), |_| {});
    let case = sample("throttle", dir.path());
    let log = fs::read(case.join("logs/mail.log")).expect("a log");
    let mut arguments = Vec::new();
    for (n, piece) in cut(&log, 7).into_iter().enumerate() {
        let (number, output) = (n.to_string(), format!("{n}.part"));
        let name = ["-", "--name", "logs/mail.log", "--case", "case.yaml", "--quiet"];
        scanned(&case, &[&name[..], &["--part", &number, "-o", &output]].concat(), piece);
        arguments.push(output);
    }
    // Merged into one, in no order, and in two steps.
    scanned(&case, &["5.part", "0.part", "6.part", "-o", "some.part", "--case", "case.yaml"], b"");
    scanned(
        &case,
        &["2.part", "some.part", "4.part", "1.part", "3.part", "-o", "all.part", "--case", "case.yaml"],
        b"",
    );
    for part in arguments.iter().map(String::as_str).chain(["some.part", "logs/mail.log"]) {
        fs::remove_file(case.join(part)).expect("it is gone");
    }
    let partials = build(&case, &dir.path().join("of-partials"), |_| {});
    assert_same_build(&logs, &partials, true);
    let told = inspected(&case);
    let log = told["files"].as_array().expect("files").iter().find(|f| f["path"] == "logs/mail.log").expect("the log");
    assert!(log["problems"].to_string().contains("read in 7 pieces"), "{log}");
}

/// Cut at every line of a small log: the same attempts, the same numbers of lines.
#[test]
fn any_cut_gives_the_same_attempts() {
    let dir = tempfile::tempdir().expect("a folder");
    let text = fs::read(root().join("sample-data/noise/logs/mail.log")).expect("a log");
    let log: Vec<u8> = text.split_inclusive(|b| *b == b'\n').take(400).flatten().copied().collect();
    // One line alone does not tell its year.
    let case = "window: {from: 2026-11-24T02:00Z, to: 2026-11-24T05:00Z}\n";
    fs::write(dir.path().join("mail.log"), &log).expect("written");
    fs::write(dir.path().join("case.yaml"), case).expect("written");
    let whole = inspected(dir.path());
    let ends: Vec<usize> = log.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1).collect();
    for end in ends.iter().step_by(37) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("case.yaml"), case).expect("written");
        for (number, piece) in [("0", &log[..*end]), ("1", &log[*end..])] {
            let output = format!("{number}.part");
            let arguments = ["-", "--name", "mail.log", "--case", "case.yaml", "--part", number, "-o", &output];
            scanned(folder.path(), &arguments, piece);
        }
        let told = inspected(folder.path());
        assert_eq!(told["refused"].as_array().map(Vec::len), Some(0), "{told}");
        for key in ["records", "outcomes", "from", "to", "zone", "cannot_show", "cannot_count"] {
            assert_eq!(told["files"][0][key], whole["files"][0][key], "{key}, cut at byte {end}");
        }
    }
}

#[test]
fn a_piece_without_a_line_is_there_and_one_that_is_missing_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = fs::read(root().join("sample-data/noise/logs/mail.log")).expect("a log");
    let pieces = cut(&log, 2);
    for (number, piece) in [("1", pieces[0]), ("3", pieces[1])] {
        let output = format!("{number}.part");
        scanned(dir.path(), &["-", "--name", "mail.log", "--part", number, "-o", &output], piece);
    }
    let built = || casefile().args(["build", "-o"]).arg(dir.path().join("out")).arg(dir.path()).output().expect("runs");
    let refused = built();
    assert_eq!(refused.status.code(), Some(3));
    assert!(said(&refused).contains("piece 2 of mail.log is missing (there are pieces up to 3)"), "{}", said(&refused));
    scanned(dir.path(), &["-", "--name", "mail.log", "--part", "2", "-o", "2.part"], b"");
    let ran = built();
    assert!(ran.status.success(), "{}", said(&ran));
}

#[test]
fn a_piece_is_of_one_input() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = sample("noise", dir.path());
    let ran = scan_in(&case, &["logs", "--part", "1", "-o", "x.part"], b"");
    assert_eq!(ran.status.code(), Some(2), "{}", said(&ran));
}
