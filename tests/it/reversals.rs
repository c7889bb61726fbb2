//! One recorded incident, each time with one piece of its evidence taken away or turned
//! round: the verdict changes as its rule says, and what is missing is named.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::cases::copy_tree;

/// A line of the log as it becomes; none leaves it out.
type Change<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a reversal does to the case.
#[derive(Default)]
struct Reversal<'a> {
    /// What becomes of the lines of the log.
    line: Option<Change<'a>>,
    /// Hours that are added to the times of the metrics.
    late_metrics: i32,
    /// Folders of the case that are left out.
    without: &'a [&'a str],
    /// Lines of case.yaml that are left out.
    unstated: &'a [&'a str],
    /// A piece of case.yaml, and what stands in its place.
    restated: Option<(&'a str, &'a str)>,
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/throttle")
}

fn log() -> String {
    let mut text = String::new();
    for name in ["mail.log.3.gz", "mail.log.2.gz", "mail.log.1.gz", "mail.log"] {
        let mut file = casefile::intake::open(&sample().join("logs").join(name)).expect("a log");
        std::io::Read::read_to_string(&mut file, &mut text).expect("text");
    }
    text
}

/// Facts of the case after a reversal, by id.
fn facts(reversal: &Reversal<'_>) -> BTreeMap<String, Value> {
    let dir = tempfile::tempdir().expect("a folder");
    let case = dir.path().join("case");
    fs::create_dir_all(case.join("logs")).expect("a folder");
    for folder in ["metrics", "transcripts", "settings"].iter().filter(|f| !reversal.without.contains(f)) {
        fs::create_dir_all(case.join(folder)).expect("a folder");
        for entry in fs::read_dir(sample().join(folder)).expect("a folder") {
            let from = entry.expect("an entry").path();
            let to = case.join(folder).join(from.file_name().expect("a name"));
            let text = fs::read_to_string(&from).expect("text");
            let late = reversal.late_metrics.rem_euclid(24);
            let moved = if *folder == "metrics" { later(&text, late) } else { text };
            fs::write(to, moved).expect("a copy");
        }
    }
    let kept = |line: &&str| !reversal.unstated.iter().any(|part| line.contains(part));
    let (old, new) = reversal.restated.unwrap_or_default();
    let yaml = fs::read_to_string(sample().join("case.yaml")).expect("case.yaml").replacen(old, new, 1);
    fs::write(case.join("case.yaml"), yaml.lines().filter(kept).fold(String::new(), |text, l| text + l + "\n"))
        .expect("case.yaml");
    let mut text = String::new();
    for line in log().lines() {
        if let Some(line) = reversal.line.map_or_else(|| Some(line.to_owned()), |change| change(line)) {
            writeln!(text, "{line}").expect("memory");
        }
    }
    fs::write(case.join("logs/mail.log"), text).expect("a log");
    let output = dir.path().join("out");
    let mut build = Command::new(env!("CARGO_BIN_EXE_casefile"));
    let ran = build.args(["build", "--quiet", "-o"]).arg(&output).arg(&case).output().expect("casefile runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let facts: Value =
        serde_json::from_slice(&fs::read(output.join("keep/facts.json")).expect("facts.json")).expect("JSON");
    let rows = facts["facts"].as_array().expect("a list").iter();
    rows.map(|f| (f["id"].as_str().expect("an id").to_owned(), f["value"].clone())).collect()
}

/// The same metrics so many hours later: the recording's hours are 3 and 4.
fn later(text: &str, hours: i32) -> String {
    let moved = |text: String, hour: i32| {
        let to = |before: &str| format!("2026-11-24{before}{:02}:", hour + hours);
        text.replace(&format!("2026-11-24T{hour:02}:"), &to("T")).replace(&format!("2026-11-24 {hour:02}:"), &to(" "))
    };
    [4, 3].into_iter().fold(text.to_owned(), moved)
}

/// The verdict on one cause.
fn cause<'a>(facts: &'a BTreeMap<String, Value>, id: &str) -> &'a str {
    let of = |i: usize| facts.get(&format!("causes.{i}.id")).and_then(Value::as_str).map(|found| (i, found));
    let (i, _) = (1..).map_while(of).find(|(_, found)| *found == id).expect("the cause is weighed");
    facts[&format!("causes.{i}.verdict")].as_str().expect("a word")
}

fn text<'a>(facts: &'a BTreeMap<String, Value>, id: &str) -> &'a str {
    facts.get(id).and_then(Value::as_str).unwrap_or_default()
}

/// All that is said to be missing.
fn missing(facts: &BTreeMap<String, Value>) -> String {
    facts
        .iter()
        .filter(|(id, _)| id.starts_with("missing."))
        .map(|(_, v)| v.as_str().unwrap_or_default())
        .fold(String::new(), |all, one| all + one + "\n")
}

fn is_gmail(line: &str) -> bool {
    line.contains("google.com")
}

/// Postfix lines of sessions with others than Gmail.
fn is_of_another_lane(line: &str) -> bool {
    line.contains("/smtp[")
        && !is_gmail(line)
        && ["yahoodns", "outlook", "messagingengine", "mail.example.net"].iter().any(|h| line.contains(h))
}

#[test]
fn the_whole_evidence_names_the_cause() {
    let facts = facts(&Reversal::default());
    assert_eq!(text(&facts, "verdict"), "google_rate");
    assert_eq!(facts["waves.3.number"], 3);
}

#[test]
fn without_other_receivers_nothing_is_concluded() {
    let cut = |line: &str| (!is_of_another_lane(line)).then(|| line.to_owned());
    let facts = facts(&Reversal { line: Some(&cut), ..Reversal::default() });
    assert_eq!(text(&facts, "verdict"), "inconclusive");
    assert_eq!(cause(&facts, "google_rate"), "possible");
    assert!(missing(&facts).contains("other receivers"), "{}", missing(&facts));
    assert!(text(&facts, "ticket").contains("weak"));
}

/// One sending IP cannot show that others stayed clean, nor that none did.
#[test]
fn one_sending_ip_says_nothing_of_its_reputation() {
    let of_another_ip = |line: &str| line.contains("postfix-ip2/") || line.contains("postfix-ip3/");
    let cut = |line: &str| (!of_another_ip(line)).then(|| line.to_owned());
    let facts = facts(&Reversal { line: Some(&cut), ..Reversal::default() });
    assert_eq!(cause(&facts, "google_reputation"), "possible");
    assert!(text(&facts, "verdict_sentence").contains("a second sending IP"), "{}", text(&facts, "verdict_sentence"));
}

/// Sessions of which a lossy log kept only `Cannot start TLS` may be Gmail's: no other receiver
/// is said to fail.
#[test]
fn sessions_whose_receiver_no_line_names_are_not_other_receivers() {
    let cut = |line: &str| {
        let of_another_ip = line.contains("postfix-ip2/") || line.contains("postfix-ip3/");
        (!(is_gmail(line) && of_another_ip)).then(|| line.to_owned())
    };
    let facts = facts(&Reversal { line: Some(&cut), ..Reversal::default() });
    assert_eq!(cause(&facts, "google_rate"), "supported", "{}", missing(&facts));
}

#[test]
fn without_metrics_neither_side_is_blamed() {
    let facts = facts(&Reversal { without: &["metrics"], ..Reversal::default() });
    assert_eq!(text(&facts, "verdict"), "inconclusive");
    assert_eq!(cause(&facts, "google_rate"), "possible");
    for lacking in ["egress", "CPU"] {
        assert!(missing(&facts).to_lowercase().contains(&lacking.to_lowercase()), "{lacking}: {}", missing(&facts));
    }
    assert_eq!(text(&facts, "nodes_summary"), "No metrics of the nodes were given.");
}

/// Egress that came near its limit and did not stay there: neither at it nor below it.
#[test]
fn a_limit_that_was_touched_is_neither_reached_nor_far() {
    let facts = facts(&Reversal { restated: Some(("egress: 1 Gbit/s", "egress: 2.4 Mbit/s")), ..Reversal::default() });
    assert_eq!((text(&facts, "verdict"), cause(&facts, "google_rate")), ("inconclusive", "possible"));
    let said = text(&facts, "verdict_sentence");
    assert!(said.contains("finer values of egress of eth0 on mta1") && said.contains("of the limit"), "{said}");
    assert!(!said.contains("and the limit on it"), "it was given: {said}");
    let nodes = text(&facts, "nodes_summary");
    assert!(nodes.starts_with("Came to 80 % of its limit or more, and did not stay there"), "{nodes}");
    assert!(
        nodes.contains("egress of eth0") && nodes.contains("Of the others with a known limit none reached it"),
        "{nodes}"
    );
}

#[test]
fn metrics_of_another_clock_are_held_against_no_minute() {
    let facts = facts(&Reversal { late_metrics: 2, ..Reversal::default() });
    assert_eq!(text(&facts, "verdict"), "inconclusive");
    assert!(text(&facts, "nodes_summary").contains("Clock not confirmed"), "{}", text(&facts, "nodes_summary"));
    assert!(!facts.iter().any(|(id, v)| id.ends_with(".ceiling") && (v == "yes" || v == "no")), "no ceiling is told");
    assert_eq!(text(&facts, "waves.1.first"), "2026-11-24T03:56Z");
}

/// Every second session with another receiver ends as Gmail's did: a 421 in place of its acceptance.
fn fails_elsewhere(line: &str) -> Option<String> {
    let failed = is_of_another_lane(line)
        && line.contains("status=sent")
        && line.len().is_multiple_of(2)
        && line.contains(" 04:");
    let (head, _) = line.split_once("dsn=").filter(|_| failed).unwrap_or((line, ""));
    Some(if failed {
        format!(
            "{head}dsn=4.7.0, status=deferred (host mx.example.net[203.0.113.9] said: 421 4.7.0 Try again later (in reply to MAIL FROM command))"
        )
    } else {
        line.to_owned()
    })
}

#[test]
fn other_receivers_that_fail_too_speak_against_google() {
    let facts = facts(&Reversal { line: Some(&fails_elsewhere), ..Reversal::default() });
    assert_eq!(cause(&facts, "google_rate"), "against");
    assert!(text(&facts, "ticket").contains("not to Google"), "{}", text(&facts, "ticket"));
    assert!(text(&facts, "readiness.google.sentence").starts_with("Do not write to Google: other receivers failed"));
}

#[test]
fn without_answers_of_421_the_closes_still_date_the_waves() {
    let cut = |line: &str| (!(is_gmail(line) && line.contains(" 421"))).then(|| line.to_owned());
    let facts = facts(&Reversal { line: Some(&cut), ..Reversal::default() });
    let waves = |id: &str| text(&facts, id).to_owned();
    assert_eq!(waves("waves.1.first"), "2026-11-24T03:56Z");
    assert_eq!(facts["tls_failures.after_421"], 0);
    // No reply is left to show Google: that is said, and none is invented.
    assert!(text(&facts, "readiness.google.sentence").contains("no reply with a token"));
    assert!(!facts.keys().any(|id| id.starts_with("scopes.")), "no answer, no scope");
}

/// A minute of which lines were dropped is dated by, and is no peak; nor is one with fewer failures.
#[test]
fn a_minute_whose_lines_the_logger_dropped_is_no_peak() {
    let note = |line: &str| {
        let lost = "mta1 rsyslogd: imuxsock[pid: 7807, name: smtp]: 85 messages lost due to rate-limiting (200 allowed within 5 seconds)";
        let (stamp, _) = line.split_at(15);
        Some(if stamp == "Nov 24 04:26:30" { format!("{line}\n{stamp} {lost}") } else { line.to_owned() })
    };
    let facts = facts(&Reversal { line: Some(&note), ..Reversal::default() });
    assert_eq!(text(&facts, "waves.3.first"), "2026-11-24T04:26Z");
    assert_eq!(facts["waves.3.peak"], Value::Null);
    // The peak of the incident is among all waves.
    assert_eq!(facts["incident.peak_minute"], Value::Null);
    assert!(
        text(&facts, "incident.caution").contains("counts are lower bounds"),
        "{}",
        text(&facts, "incident.caution")
    );
}

/// The minute before a burst holds its first seconds, and one whose lines were dropped may hold
/// more than it shows: neither is quiet, and what failed in it does not speak against pressure.
#[test]
fn a_minute_with_the_first_of_a_burst_is_not_quiet() {
    for dropped in [false, true] {
        let shown = std::cell::Cell::new(0);
        let burst = |line: &str| {
            let Some(second) = line.strip_prefix("Nov 24 03:56:").and_then(|l| l.get(..2)) else {
                return Some(line.to_owned());
            };
            let refused = line.contains("refused to talk to me: 421") || line.contains("said: 421");
            if line.contains("status=sent") || (second >= "45" && (!refused || shown.get() >= 60)) {
                return None;
            }
            if second >= "45" {
                shown.set(shown.get() + 1);
            }
            let note = "mta1 rsyslogd: imuxsock[pid: 7807, name: smtp]: 85 messages lost due to rate-limiting (200 allowed within 5 seconds)";
            let is_told = dropped && shown.get() == 1;
            Some(if is_told { format!("{line}\nNov 24 03:56:45 {note}") } else { line.to_owned() })
        };
        let facts = facts(&Reversal { line: Some(&burst), ..Reversal::default() });
        assert_eq!(text(&facts, "waves.1.first"), "2026-11-24T03:56Z");
        assert_eq!(cause(&facts, "google_rate"), "supported", "{dropped}");
    }
}

#[test]
fn one_launch_alone_shows_no_pattern() {
    let cut = |line: &str| (line < "Nov 24 04:11").then(|| line.to_owned());
    let facts = facts(&Reversal { line: Some(&cut), unstated: &["window:"], ..Reversal::default() });
    assert_eq!(text(&facts, "pattern.word"), "single wave");
    assert!(!facts.contains_key("waves.2.number"));
    assert!(text(&facts, "readiness.google.sentence").contains("one wave only"));
}

#[test]
fn faults_in_place_of_closes_are_no_consequences() {
    // The same sessions, ended by an alert and not by a close; and no answer of 421 beside them.
    let turn = |line: &str| {
        if is_gmail(line) && line.contains(" 421") {
            return None;
        }
        let closed = line.contains("SSL_connect error to") && is_gmail(line);
        let (head, _) = line.split_once("SSL_connect").filter(|_| closed).unwrap_or((line, ""));
        let (_, to) = line.split_once("error to ").filter(|_| closed).unwrap_or(("", ""));
        let mx = to.rsplit_once(": ").map_or(to, |(mx, _)| mx);
        Some(if closed {
            format!(
                "{head}SSL_connect error to {mx}: -1\n{head}warning: TLS library problem: error:0A000410:SSL routines::ssl/tls alert handshake failure:../ssl/record/rec_layer_s3.c:1605:SSL alert number 40:"
            )
        } else {
            line.to_owned()
        })
    };
    let facts = facts(&Reversal { line: Some(&turn), ..Reversal::default() });
    let of = |id: &str| facts[id].as_u64().expect("a count");
    assert!(of("tls_failures.genuine") > 1000 && of("tls_failures.genuine") * 2 > of("tls_failures.total"));
    assert_eq!(cause(&facts, "google_rate"), "against");
    assert_eq!(cause(&facts, "tls_stack"), "against", "the other receivers are clean, and idle tests succeed");
    assert_eq!(text(&facts, "verdict"), "inconclusive");
}

/// The same lines of each handshake that was cut, once the close before the alert and once after
/// it: what comes first owns the session, and with the order the finding turns.
#[test]
fn the_order_inside_sessions_decides_what_a_lost_handshake_was() {
    let both_ends = |line: &str, closed_first: bool| {
        let closed = line.contains("SSL_connect error to") && is_gmail(line) && !line.ends_with(": -1");
        if !closed {
            return Some(line.to_owned());
        }
        let (head, _) = line.split_once("SSL_connect").unwrap_or((line, ""));
        let (_, to) = line.split_once("error to ").unwrap_or(("", ""));
        let mx = to.rsplit_once(": ").map_or(to, |(mx, _)| mx);
        let alert = format!(
            "{head}SSL_connect error to {mx}: -1\n{head}warning: TLS library problem: error:0A000410:SSL routines::ssl/tls alert handshake failure:../ssl/record/rec_layer_s3.c:1605:SSL alert number 40:"
        );
        Some(if closed_first { format!("{line}\n{alert}") } else { format!("{alert}\n{line}") })
    };
    let count = |facts: &BTreeMap<String, Value>, id: &str| facts[id].as_u64().expect("a count");
    let as_recorded = facts(&Reversal::default());
    let before = facts(&Reversal { line: Some(&|line| both_ends(line, true)), ..Reversal::default() });
    for id in ["total", "after_421", "after_close", "plaintext", "timeout", "genuine", "undetermined"] {
        let id = format!("tls_failures.{id}");
        assert_eq!(before[&id], as_recorded[&id], "{id}");
    }
    assert_eq!(text(&before, "verdict"), "google_rate");
    let after = facts(&Reversal { line: Some(&|line| both_ends(line, false)), ..Reversal::default() });
    assert_eq!(after["tls_failures.total"], as_recorded["tls_failures.total"]);
    assert_eq!(count(&after, "tls_failures.after_close"), 0);
    assert_eq!(count(&after, "tls_failures.genuine"), count(&as_recorded, "tls_failures.after_close"));
    assert!(text(&after, "tls_failures.sentence").contains("ended with a TLS alert"));
    // The 421s and the other closes are still most of the failed sessions, and the alerts less than
    // half: the rule of the cause stands.
    assert_eq!(text(&after, "verdict"), "google_rate");
    // Where lost handshakes are most of what failed, the order decides what is claimed: of the
    // other failures one in five is left.
    let fifth = |line: &str| line.bytes().map(usize::from).sum::<usize>().is_multiple_of(5);
    let handshakes = |line: &str, closed_first: bool| {
        let other = line.contains(" 421") || (line.contains("lost connection") && !line.contains("SSL_connect"));
        if is_gmail(line) && other && !fifth(line) { None } else { both_ends(line, closed_first) }
    };
    let before = facts(&Reversal { line: Some(&|line| handshakes(line, true)), ..Reversal::default() });
    let after = facts(&Reversal { line: Some(&|line| handshakes(line, false)), ..Reversal::default() });
    assert_eq!(before["tls_failures.total"], after["tls_failures.total"]);
    assert_eq!((cause(&before, "google_rate"), cause(&after, "google_rate")), ("supported", "against"));
    assert_eq!((text(&before, "verdict"), text(&after, "verdict")), ("google_rate", "inconclusive"));
    // The waves are shorter, and hold enough sessions with other receivers only if these are taken together.
    let with_others = |facts: &BTreeMap<String, Value>| text(facts, "pattern.controls.1.verdict").to_owned();
    assert_eq!([&before, &after].map(with_others), ["not_enough_traffic"; 2]);
}

/// A configuration that was pushed at noon: a test that went well before noon says nothing of it.
#[test]
fn an_idle_test_from_before_a_fault_does_not_clear_the_tls_stack() {
    let case_with = |load: &str| {
        let dir = tempfile::tempdir().expect("a folder");
        let case = dir.path().join("case");
        copy_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/tls-fault"), &case);
        let tests = case.join("transcripts");
        for entry in fs::read_dir(&tests).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if name.contains("idle-during-fault") {
                fs::remove_file(&path).expect("removed");
            } else if name.contains("_idle_") {
                // The same test at another time: it stood before the fault, which lasts from 03:00 on.
                let text = fs::read_to_string(&path).expect("text");
                fs::remove_file(&path).expect("removed");
                fs::write(tests.join(name.replace("20261124T0258", load)), text).expect("written");
            }
        }
        let output = dir.path().join("out");
        let mut build = Command::new(env!("CARGO_BIN_EXE_casefile"));
        let ran = build.args(["build", "--quiet", "-o"]).arg(&output).arg(&case).output().expect("casefile runs");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let facts: Value =
            serde_json::from_slice(&fs::read(output.join("keep/facts.json")).expect("facts.json")).expect("JSON");
        let causes = facts["causes"].as_array().expect("causes").clone();
        let cause = causes.into_iter().find(|c| c["id"] == "tls_stack").expect("weighed");
        (cause["verdict"].as_str().expect("a word").to_owned(), cause["against"].to_string())
    };
    let (before, against) = case_with("20261124T0258");
    assert!(before != "against", "{against}");
    let (inside, against) = case_with("20261124T0304");
    assert_eq!(inside, "against");
    assert!(against.contains("idle STARTTLS tests of Gmail's MX succeeded"), "{against}");
}

/// The changes proposed, each with the fact that calls for it and the command beside it.
fn proposals(facts: &BTreeMap<String, Value>) -> Vec<(&str, &str, &str)> {
    let part = |i: usize, name: &str| text(facts, &format!("proposals.{i}.{name}"));
    let all = (1..).take_while(|i| facts.contains_key(&format!("proposals.{i}.what")));
    all.map(|i| (part(i, "what"), part(i, "fact"), part(i, "command"))).collect()
}

#[test]
fn what_to_change_is_called_for_by_a_fact_and_is_never_to_do_without_tls() {
    let whole = facts(&Reversal::default());
    let called: Vec<_> = proposals(&whole).into_iter().map(|(_, fact, _)| fact).collect();
    assert_eq!(called, ["incident.outcomes.deferral", "pattern.word", "plaintext_deliveries"]);
    let bare = facts(&Reversal { without: &["metrics", "transcripts"], ..Reversal::default() });
    let found: Vec<_> = proposals(&bare).into_iter().filter(|(.., command)| !command.is_empty()).collect();
    assert!(found.iter().any(|(_, fact, command)| *fact == "nodes_summary" && command.starts_with("sar -o ")));
    assert!(found.iter().any(|(what, _, command)| what.contains("STARTTLS") && command.starts_with("posttls-finger ")));
    // Other receivers that fail as well call for nothing towards Gmail.
    let elsewhere = facts(&Reversal { line: Some(&fails_elsewhere), ..Reversal::default() });
    assert!(proposals(&elsewhere).iter().all(|(what, ..)| !what.contains("concurrent connections")));
    for facts in [&whole, &bare, &elsewhere] {
        for (what, fact, _) in proposals(facts) {
            assert!(facts.contains_key(fact), "{fact} calls for: {what}");
            let said = what.to_lowercase();
            let gives_up = ["turn tls off", "turn off tls", "disable tls", "without tls", "switch off tls"];
            assert!(!gives_up.iter().any(|words| said.contains(words)), "{what}");
        }
    }
}

/// A node without CPU, as recorded: all receivers close on it, each without an answer. That is no mark
/// of Gmail's, and speaks against no limit of the sender's; what would decide it is named.
#[test]
fn closes_that_all_receivers_show_leave_the_senders_limits_open() {
    let dir = tempfile::tempdir().expect("a folder");
    let (case, output) = (dir.path().join("case"), dir.path().join("out"));
    copy_tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/cpu-exhausted"), &case);
    let mut build = Command::new(env!("CARGO_BIN_EXE_casefile"));
    let ran = build.args(["build", "--quiet", "-o"]).arg(&output).arg(&case).output().expect("casefile runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let facts: Value =
        serde_json::from_slice(&fs::read(output.join("keep/facts.json")).expect("facts.json")).expect("JSON");
    // The receivers' record: faults from 20:11 to 20:14, most of them in 20:12.
    let dates = ["first_minute", "peak_minute", "recovery_minute"].map(|name| facts["incident"][name].as_str());
    assert_eq!(dates, [Some("2026-11-27T20:11Z"), Some("2026-11-27T20:12Z"), Some("2026-11-27T20:15Z")]);
    let causes = facts["causes"].as_array().expect("causes");
    let cause = |id: &str| causes.iter().find(|cause| cause["id"] == id).expect("a cause");
    for (id, verdict) in [("sender_load", "possible"), ("google_rate", "against"), ("tls_stack", "against")] {
        assert_eq!(cause(id)["verdict"], verdict, "{id}");
    }
    let missing = cause("sender_load")["missing"].to_string();
    assert!(missing.contains("finer values of CPU use on mta1"), "{missing}");
    let nodes = facts["nodes_summary"].as_str().unwrap_or_default();
    assert!(nodes.starts_with("Came to 80 % of its limit or more") && nodes.contains("CPU use on mta1"), "{nodes}");
    assert!(facts["ticket"].as_str().is_some_and(|said| said.contains("not to Google")));
}
