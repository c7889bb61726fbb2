use super::Postfix;
use crate::formats::logs::testing::{assert_damage_is_survived, assert_splits_agree, events, read};

/// Recorded: sixty lines of Postfix 3.7.11, as journalctl 252 printed them.
const JOURNAL: &[u8] = include_bytes!("../../../../tests/data/logs/journal/short-iso.txt");

#[test]
fn splits_and_damage() {
    assert_splits_agree(&Postfix, JOURNAL);
    assert_damage_is_survived(&Postfix, JOURNAL);
    assert_eq!(read(&Postfix, &[JOURNAL]).unrecognised, Vec::<u64>::new());
}

#[test]
fn a_line_that_syslog_repeated_is_three_lines() {
    // Shape: rsyslog runtime/ratelimit.c.
    let line = "Nov 24 03:12:25 mta1 postfix/error[3870]: message repeated 3 times: [ 75DA52437: to=<a@gmail.com>, relay=none, delay=31, delays=31/0/0/0, dsn=4.7.5, status=deferred (delivery temporarily suspended: Cannot start TLS: handshake failure)]\n";
    let zoned = "2026-11-24T03:12:20Z mta1 postfix/qmgr[1]: x\n";
    assert_eq!(events(&Postfix, &format!("{zoned}{line}")).len(), 3);
}
