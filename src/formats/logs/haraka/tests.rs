use super::line::{Line, line_of};
use super::*;
use crate::formats::logs::testing::{assert_damage_is_survived, assert_splits_agree, events, read};

/// Recorded: Haraka 3.1.6 against one receiver behaviour after another (lines of plugin
/// hooks left out).
const DEFAULT: &str = include_str!("../../../../tests/data/logs/haraka/default.log");
const JSON: &str = include_str!("../../../../tests/data/logs/haraka/json.log");

/// What matters of each event, without times and ids.
fn short(text: &str) -> Vec<String> {
    let words = |e: &String| {
        let kept = e
            .split(' ')
            .skip(2)
            .take(7)
            .chain(e.split(' ').filter(|w| w.starts_with("to=") || w.starts_with("weight=")));
        kept.collect::<Vec<_>>().join(" ")
    };
    let mut all: Vec<_> = events(&Haraka, text).iter().map(words).collect();
    all.sort();
    all
}

#[test]
fn all_formats_tell_the_same() {
    // The two recordings are two runs of the same behaviours; in a run a close may come as
    // a reset.
    let (default, json) = (short(DEFAULT), short(JSON));
    let only = |a: &[String], b: &[String]| a.iter().filter(|e| !b.contains(e)).cloned().collect::<Vec<_>>();
    let reset = "remote_close by receiver at unknown tls=unknown mx=[10.77.1.3] to=mx2-tlseof-ok.example weight=1";
    let closed = "remote_close by receiver at handshake tls=failed mx=[10.77.1.3] to=mx2-tlseof-ok.example weight=1";
    assert_eq!((only(&default, &json), only(&json, &default)), (vec![reset.to_owned()], vec![closed.to_owned()]));
    // logfmt by the documented shape of one line.
    let line = line_of(br#"level=INFO uuid=3A9AF0B4-0000-4000-8000-000000000000.1.1 origin=outbound message="Temp failing 17_x for 1200 seconds: Upstream error: 421 4.7.0 Try again later" "#);
    assert_eq!(
        line.map(|l: Line<'_>| l.message.into_owned()),
        Some(b"Temp failing 17_x for 1200 seconds: Upstream error: 421 4.7.0 Try again later".to_vec())
    );
}

#[test]
fn each_way_to_fail() {
    let of = |ip: &str| -> Vec<String> {
        let mine = events(&Haraka, DEFAULT).into_iter().filter(|e| e.contains(&format!("[{ip}]")));
        mine.map(|e| e.split(' ').skip(2).take(6).collect::<Vec<_>>().join(" ")).collect()
    };
    let rows = [
        ("10.77.0.6", "remote_close by receiver at unknown tls=unknown"),
        ("10.77.0.7", "remote_close by receiver at unknown tls=unknown"),
        ("10.77.0.8", "timeout by unknown at banner tls=unknown"),
        ("10.77.0.15", "timeout by unknown at unknown tls=unknown"),
        ("10.77.0.16", "remote_close by receiver at handshake tls=failed"),
        ("10.77.0.19", "plaintext by receiver at handshake tls=failed"),
        ("10.77.0.20", "tls_failure by receiver at handshake tls=failed"),
        ("10.77.0.24", "remote_close by receiver at unknown tls=established"),
        ("10.77.0.40", "timeout by unknown at end_of_data tls=established"),
        ("10.77.0.42", "connect_failure by unknown at connect tls=unknown"),
    ];
    for (ip, expected) in rows {
        assert_eq!(of(ip), [expected], "{ip}");
    }
}

#[test]
fn a_failure_takes_the_domain_of_its_transaction() {
    // oss trap 24: the line itself has neither domain nor host.
    let all = events(&Haraka, DEFAULT);
    let refused: Vec<_> = all.iter().filter(|e| e.contains(" to=banner-421.example ")).collect();
    assert!(
        refused.iter().any(|e| e.contains("deferral by receiver") && e.contains("reply=421 4.7.0 Try again later")),
        "{refused:#?}"
    );
    // esp trap 31: after "Tried all MXs" nothing is told twice.
    assert_eq!(all.iter().filter(|e| e.contains(" to=mail-eof.example ")).count(), 1);
}

#[test]
fn an_attempt_with_refused_recipients_is_one() {
    let weights = |text: &str| -> Vec<(bool, String)> {
        let told = events(&Haraka, text).into_iter().filter(|e| e.contains("qid=D9A29156") && !e.contains(".1.1 "));
        told.map(|e| (e.contains("weight=1"), e.split(' ').nth(2).unwrap_or_default().to_owned())).collect()
    };
    let deferral = |weighs| (weighs, "deferral".to_owned());
    // Two recipients of one domain, refused: the line that sums it up is the attempt.
    assert_eq!(weights(DEFAULT), [deferral(false), deferral(false), deferral(true)]);
    // One refused, the message delivered to the other, as a split delivery logs it
    // (outbound/hmail.js: `delivered` with rcpts=1/1/0).
    let of = "[D9A29156-5FD8-45ED-BB58-1B7DB04328C2.1.";
    let failing = format!("{of}2] [outbound] Temp failing");
    let split: String = DEFAULT
        .lines()
        .filter(|l| !l.contains("<d@rcpt-450.example> deferred") && !l.contains(&failing))
        .map(|l| l.replace(&format!("{of}1] [outbound]  delivered"), &format!("{of}2] [outbound]  delivered")) + "\n")
        .collect();
    assert_eq!(weights(&split), [deferral(false), (true, "delivered".to_owned())]);
}

#[test]
fn the_recordings_are_understood_and_splits_agree() {
    for text in [DEFAULT, JSON] {
        let told = read(&Haraka, &[text.as_bytes()]);
        assert_eq!(told.unrecognised, Vec::<u64>::new());
        // A third of it will do: the laws are the same for every line.
        let cut = text[..text.len() / 3].rfind('\n').map_or(text, |at| &text[..=at]);
        assert_splits_agree(&Haraka, cut.as_bytes());
        assert_damage_is_survived(&Haraka, cut.as_bytes());
    }
}

#[test]
fn without_times_nothing_can_be_placed_and_around_it_others_may_stand() {
    let line = "[NOTICE] [4AA00EE9-5EF2-424F-B2F8-66459D564FA7.1.1] [outbound]  delivered file=1_x domain=ok.example host=mx.ok.example ip=10.77.0.1 port=25 mode=SMTP tls=N auth=N response=\"OK  1795488195 a-1 - gsmtp\" delay=0.335 fails=0 rcpts=2/0/0\n";
    let why = Haraka.recognise(Head { bytes: line.as_bytes(), whole: true }).unwrap_or_default();
    assert!(why.ends_with("set timestamps=true in log.ini"), "{why}");
    assert_eq!(read(&Haraka, &[line.as_bytes()]).unrecognised, [1]);
    let in_journal = format!("2026-11-24T02:43:15.781Z mta1 haraka[77]: {line}");
    let found = events(&Haraka, &in_journal);
    assert_eq!(
        found.iter().map(|e| e.split(" qid=").next().unwrap_or_default()).collect::<Vec<_>>(),
        [
            "1 2026-11-24T02:43:15.781Z delivered by receiver at end_of_data tls=none mx=mx.ok.example[10.77.0.1] from=| node=mta1"
        ]
    );
    assert!(
        found[0].contains(" rcpts=2 ") && found[0].ends_with("reply=OK  1795488195 a-1 - gsmtp detail="),
        "{found:?}"
    );
}

#[test]
fn a_transaction_of_ever_new_attempts_is_read_in_bounded_time_and_memory() {
    let line = |n: u32| {
        format!(
            "2026-11-24T02:43:15.781Z [INFO] [4AA00EE9-5EF2-424F-B2F8-66459D564FA7.1.{n}] [outbound]  secured verified=false version=TLSv1.3\n"
        )
    };
    let text: String = (1..=20_000).map(line).collect();
    let told = read(&Haraka, &[text.as_bytes()]);
    assert_eq!((told.accounting.used, told.events.len()), (20_000, 0));
}

#[test]
fn giving_up_tells_how_the_last_try_ended() {
    // Text: outbound/hmail.js, `temp_fail`, around the recorded reasons.
    let given_up = |reason: &str| {
        let line = format!(
            "2026-11-24T02:43:15.855Z [INFO] [1373A146-BDC1-40B2-9115-BCFBB98C3219.1.1] [outbound] bouncing mail: Too many failures ({reason})"
        );
        events(&Haraka, &line).iter().map(|e| e.split(' ').nth(2).unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(given_up("Upstream error: 421 4.7.0 Try again later, closing connection. (EHLO) gsmtp"), ["deferral"]);
    assert_eq!(given_up("Tried all MXs"), ["unclassified"]);
    assert_eq!(given_up("DNS lookup failure: Error: queryMx ESERVFAIL gmail.com"), ["connect_failure"]);
}
