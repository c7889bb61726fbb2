//! The recordings' own truth: what the receivers did, minute by minute.

use std::collections::BTreeMap;
use std::path::Path;

use casefile::scan::Axis;
use casefile::smtp::{Lane, Outcome};

use crate::logs::scanned;

pub(crate) fn truth(case: &str) -> serde_json::Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/truth").join(format!("{case}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("the truth")).expect("JSON")
}

fn by_minute(value: &serde_json::Value) -> BTreeMap<String, u64> {
    let map = value.as_object().expect("minutes");
    map.iter().map(|(m, n)| (m.clone(), n.as_u64().expect("a count"))).collect()
}

#[test]
fn accepted_messages_agree_with_the_receivers_to_the_minute() {
    for case in ["throttle", "noise"] {
        let expected = by_minute(&truth(case)["per_minute_accepted"]["gmail"]);
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        for (key, n) in scanned(case, 2).tally.cells {
            if key.lane == Lane::GMAIL && matches!(key.axis, Axis::Egress(_)) && key.what.outcome == Outcome::Delivered
            {
                *found.entry(key.minute.to_string()).or_default() += n;
            }
        }
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn failed_sessions_agree_with_the_receivers_within_one_a_minute() {
    let expected = by_minute(&truth("throttle")["per_minute_faults"]);
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for (key, n) in scanned("throttle", 2).tally.cells {
        if key.lane == Lane::GMAIL && matches!(key.axis, Axis::Egress(_)) && key.what.is_failure() {
            *found.entry(key.minute.to_string()).or_default() += n;
        }
    }
    for minute in expected.keys().chain(found.keys()) {
        let (e, f) = (expected.get(minute).copied().unwrap_or(0), found.get(minute).copied().unwrap_or(0));
        assert!(e.abs_diff(f) <= 1, "{minute}: the receivers' record has {e}, the log {f}");
    }
}
