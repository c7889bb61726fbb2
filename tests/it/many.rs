//! Many sending IPs over many minutes: tables stay such as can be opened.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use casefile::bundle::verify;

use crate::cases::{entries, zips};
use crate::small;

/// The small case, and before it twelve hours in which three hundred further IPs send one message each.
fn log() -> String {
    let mut out = String::new();
    for minute in 0..720 {
        let (hour, of_hour, ip) = (16 + minute / 60, minute % 60, 2 + minute % 300);
        let day = if hour < 24 { 23 } else { 24 };
        writeln!(
            out,
            "2026-11-{day}T{:02}:{of_hour:02}:09.120000+00:00 mta1 postfix-ip{ip}/smtp[9{ip}]: {:X}: to=<{}>, relay=gmail-smtp-in.l.google.com[198.51.100.26]:25, delay=0.23, delays=0.04/0.08/0.07/0.04, dsn=2.0.0, status=sent (250 2.0.0 OK  {} ffacd0b85a97d-3a5b1c2f4e1si{minute} - gsmtp)",
            hour % 24,
            0x0B00_0000 + minute,
            small::RECIPIENT,
            1_795_449_609 + minute * 60,
        )
        .expect("a String");
    }
    out + &small::log()
}

#[test]
fn a_table_that_no_one_could_open_is_kept_to_the_waves() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = small::case(&dir.path().join("case"));
    fs::write(case.join("mail.log"), log()).expect("a log");
    let out = dir.path().join("out");
    let ran = small::build(&case, &out, &[]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    for (name, zip) in zips(&out) {
        let files = entries(&zip);
        assert_eq!(verify(&files, None).faults, []);
        let text = |end: &str| {
            let (_, bytes) = files.iter().find(|(path, _)| path.ends_with(end)).expect(end);
            String::from_utf8_lossy(bytes).into_owned()
        };
        let minutes = |table: &str| -> BTreeSet<String> {
            text(table).lines().skip(1).filter_map(|row| Some(row.split_once(',')?.0.to_owned())).collect()
        };
        // The wave is from 04:12 to 04:15.
        let by_ip = minutes("tables/minutes_by_ip.csv");
        assert_eq!(
            by_ip.first().zip(by_ip.last()),
            Some((&"2026-11-24T03:12Z".to_owned(), &"2026-11-24T04:29Z".to_owned()))
        );
        assert_eq!(text("tables/minutes_by_ip.csv").lines().count(), 1 + 78 * 301, "{name}");
        assert_eq!(minutes("tables/minutes_by_lane.csv").len(), 750, "what all else rests on is whole");
        let told = "minutes of table minutes_by_ip.csv more than an hour from a wave";
        assert!(text("README.txt").contains(told), "{}", text("README.txt"));
        let redaction: serde_json::Value = serde_json::from_str(&text("redaction.json")).expect("JSON");
        let withheld = redaction["withheld"].as_array().expect("a list");
        assert!(
            withheld.iter().any(|w| w["item"] == told && w["why"] == "all of them would be 225750 rows"),
            "{withheld:#?}"
        );
    }
}
