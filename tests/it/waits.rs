//! Delayed messages, and messages per connection where waves begin, against a count of the
//! recorded log that knows nothing of casefile's readers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;

use serde_json::Value;

use crate::cases::{build, root};

/// One accepted message of Gmail's lane: its minute, how long it waited, whether it opened its connection.
struct Taken {
    minute: String,
    waited: f64,
    opened: bool,
}

fn taken() -> Vec<Taken> {
    let mut text = String::new();
    for name in ["mail.log.3.gz", "mail.log.2.gz", "mail.log.1.gz", "mail.log"] {
        let path = root().join("sample-data/throttle/logs").join(name);
        casefile::intake::open(&path).expect("a log").read_to_string(&mut text).expect("text");
    }
    let of_gmail = |line: &&str| line.contains("status=sent") && line.contains("google.com[");
    let read = |line: &str| {
        let minute = format!("2026-11-24T{}Z", line.get(7..12)?);
        let (_, rest) = line.split_once(", delays=")?;
        let waited = rest.split(',').next()?.split('/').map(|part| part.parse::<f64>().unwrap_or(f64::NAN)).sum();
        Some(Taken { minute, waited, opened: !line.contains(", conn_use=") })
    };
    text.lines().filter(of_gmail).filter_map(read).collect()
}

fn facts() -> (Value, BTreeMap<String, String>) {
    let dir = tempfile::tempdir().expect("a folder");
    let output = build(&root().join("sample-data/throttle"), dir.path(), |_| {});
    let facts: Value = serde_json::from_slice(&fs::read(output.join("keep/facts.json")).expect("facts")).expect("JSON");
    let text = |name: &str| fs::read_to_string(output.join("keep").join(name)).expect("a text");
    (facts, BTreeMap::from([("postmortem".to_owned(), text("postmortem.md"))]))
}

#[test]
fn delayed_messages_and_messages_per_connection_are_those_of_the_log() {
    let (facts, texts) = facts();
    let taken = taken();
    let waves = facts["waves"].as_array().expect("waves");
    let minute = |wave: &Value, key: &str| wave[key].as_str().expect("a minute").to_owned();
    let inside =
        |t: &&Taken| waves.iter().any(|w| minute(w, "first") <= t.minute && t.minute <= minute(w, "last_failure"));
    let first = minute(&waves[0], "first");
    let delays = &facts["delays"];
    let usual = delays["usual_within"].as_f64().expect("a limit");
    let before: Vec<&Taken> = taken.iter().filter(|t| t.minute < first).collect();
    let within = before.iter().filter(|t| t.waited <= usual).count();
    assert!(within * 100 >= before.len() * 95, "{within} of {} stay within {usual} s", before.len());
    let share = |id: &str| (delays[id]["part"].as_u64().expect("a part"), delays[id]["whole"].as_u64().expect("all"));
    assert_eq!(share("before"), ((before.len() - within) as u64, before.len() as u64));
    let of_waves: Vec<&Taken> = taken.iter().filter(inside).collect();
    let longer = of_waves.iter().filter(|t| t.waited > usual).count() as u64;
    assert_eq!(share("inside"), (longer, of_waves.len() as u64));
    let after = delays["after"].as_u64().expect("a count");
    assert_eq!(delays["delayed"].as_u64(), Some(longer + after));
    assert!(after <= taken.iter().filter(|t| t.minute >= first && t.waited > usual).count() as u64 - longer);
    assert!(longer > 100, "the launches of this recording had to wait: {delays}");
    assert!(texts["postmortem"].contains(delays["sentence"].as_str().expect("a sentence")));
    // The two minutes up to each onset.
    for wave in waves {
        let onset = minute(wave, "first");
        let stamp = casefile::time::Minute::parse(&onset).expect("a minute");
        let two = [stamp.plus(-1).to_string(), onset];
        let carried: Vec<&Taken> = taken.iter().filter(|t| two.contains(&t.minute)).collect();
        let opened = carried.iter().filter(|t| t.opened).count() as u64;
        assert_eq!(wave["messages_at_onset"].as_u64(), Some(carried.len() as u64));
        assert_eq!(wave["connections_opened_at_onset"].as_u64(), Some(opened).filter(|_| !carried.is_empty()));
        if let Some(ratio) = wave["messages_per_session"].as_f64() {
            assert!((ratio - carried.len() as f64 / opened as f64).abs() <= 0.05, "{wave}");
            let limit = |key: &str| wave[key].as_f64().expect("a limit");
            assert!(limit("messages_per_session_low") <= ratio && ratio <= limit("messages_per_session_high"));
        } else {
            assert!(wave["messages_per_session_unknown"].is_string(), "{wave}");
        }
    }
}

/// PowerMTA's accounting knows no connections: that is said, and not guessed.
#[test]
fn what_a_log_does_not_tell_is_unknown_with_its_reason() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = dir.path().join("case");
    fs::create_dir_all(&case).expect("a folder");
    let mut log =
        "type,timeLogged,rcpt,dsnStatus,dsnDiag,dsnMta,dlvType,dlvSourceIp,dlvDestinationIp,vmta\n".to_owned();
    for minute in 0..40 {
        for second in 0..20 {
            let failed = (20..26).contains(&minute);
            let (kind, status, said) = if failed && second % 2 == 0 {
                (
                    "t",
                    "4.7.0",
                    "smtp;421 4.7.28 Gmail has detected an unusual rate of mail originating from your IP address - gsmtp",
                )
            } else {
                ("d", "2.0.0", "smtp;250 2.0.0 OK - gsmtp")
            };
            writeln!(
                log,
                "{kind},2026-11-24 03:{minute:02}:{second:02}+0000,u{second}@gmail.com,{status},{said},gmail-smtp-in.l.google.com (142.251.2.27),smtp,203.0.113.10,142.251.2.27,v1"
            )
            .expect("memory");
        }
    }
    fs::write(case.join("acct.csv"), log).expect("a log");
    let output = build(&case, dir.path(), |_| {});
    let facts: Value = serde_json::from_slice(&fs::read(output.join("keep/facts.json")).expect("facts")).expect("JSON");
    let wave = &facts["waves"][0];
    assert_eq!(wave["first"], "2026-11-24T03:20Z");
    assert_eq!(wave["messages_per_session"], Value::Null);
    assert_eq!(wave["messages_per_session_unknown"], "No log tells which connection carried a message.");
    assert_eq!(facts["delays"]["delayed"], Value::Null);
    assert_eq!(facts["delays"]["sentence"], "No log tells how long messages had waited when Gmail accepted them.");
}
