#![expect(clippy::expect_used, reason = "tests")]

use std::io::Read as _;
use std::path::Path;

use super::Postfix;
use crate::formats::logs::testing::{assert_damage_is_survived, assert_splits_agree, events, read};

/// Recorded: sixty lines of Postfix 3.7.11, as journalctl 252 printed them.
const JOURNAL: &[u8] = include_bytes!("../../../../tests/data/logs/journal/short-iso.txt");

/// A recording of one domain for each receiver behaviour.
fn recording(variant: &str, log: &str) -> Vec<u8> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/behaviours").join(variant);
    let file = std::fs::File::open(home.join(format!("{log}.gz"))).expect("a recording");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect("its bytes");
    bytes
}

#[test]
fn splits_and_damage() {
    assert_splits_agree(&Postfix, JOURNAL);
    assert_damage_is_survived(&Postfix, JOURNAL);
    assert_eq!(read(&Postfix, &[JOURNAL]).unrecognised, Vec::<u64>::new());
}

#[test]
fn recordings_are_understood_and_splits_agree() {
    for (variant, log) in [
        ("postfix312-may", "rfc3164.log"),
        ("postfix312-may", "rfc5424.log"),
        ("postfix3711-encrypt", "rfc3164.log"),
        ("postfix3711-suspended", "rfc3164.log"),
        ("postfix3711-reuse", "rfc3164.log"),
        ("postfix312-reuse", "rfc3164.log"),
        ("postfix312-reuse", "rfc5424.log"),
        ("postfix3711-fallback", "rfc3164.log"),
    ] {
        let text = recording(variant, log);
        assert_eq!(read(&Postfix, &[&text]).unrecognised, Vec::<u64>::new(), "{variant}");
        assert_splits_agree(&Postfix, &text);
    }
    assert_damage_is_survived(&Postfix, &recording("postfix312-reuse", "rfc3164.log"));
}

#[test]
fn a_line_that_syslog_repeated_is_three_lines() {
    // Shape: rsyslog runtime/ratelimit.c.
    let line = "Nov 24 03:12:25 mta1 postfix/error[3870]: message repeated 3 times: [ 75DA52437: to=<a@gmail.com>, relay=none, delay=31, delays=31/0/0/0, dsn=4.7.5, status=deferred (delivery temporarily suspended: Cannot start TLS: handshake failure)]\n";
    let zoned = "2026-11-24T03:12:20Z mta1 postfix/qmgr[1]: x\n";
    assert_eq!(events(&Postfix, &format!("{zoned}{line}")).len(), 3);
}
