#![expect(clippy::expect_used, reason = "tests")]

use super::*;

fn table(text: &str) -> MinutesRead {
    read(text.as_bytes(), None).expect("a table")
}

fn minute(text: &str) -> Minute {
    Minute::parse(text).expect("a time")
}

fn counted(attempts: u32, failed: u32) -> Counted {
    Counted { attempts, failed, ..Counted::default() }
}

const FULL: &str = "\
series_id,minute,lane,observed,attempts,delivered,deferred_421,remote_close,tls_fail,timeout,failed_sessions,error_lines,concurrency
a,2026-11-24T02:58Z,gmail,1,100,90,6,3,2,1,10,21,33.8
a,2026-11-24T02:58Z,other,1,50,50,0,0,0,0,0,0,
a,2026-11-24T02:59Z,gmail,0,,,,,,,,,
b,2026-11-24T02:58Z,gmail,1,7,7,0,0,0,0,0,0,1.0
";

#[test]
fn every_column_of_the_full_table() {
    let read = table(FULL);
    assert_eq!(read.accounting, Accounting { read: 5, used: 4, irrelevant: 1, unrecognised: 0 });
    let names: Vec<_> = read.series.iter().map(|s| (s.id.as_str(), s.lane.as_str(), s.line)).collect();
    assert_eq!(names, [("a", "gmail", 2), ("a", "other", 3), ("b", "gmail", 5)]);
    let first = &read.series[0].minutes;
    let told = Counted { attempts: 100, failed: 10, delivered: Some(90), parts: [6, 3, 1, 2] };
    assert_eq!(first[&minute("2026-11-24T02:58Z")], Some(told));
    assert_eq!(first[&minute("2026-11-24T02:59Z")], None, "unknown, not zero");
    assert!(read.notes.is_empty() && read.faults.is_empty());
}

#[test]
fn three_columns_are_enough_in_any_order_and_dialect() {
    for text in [
        "attempts;minute;failed_sessions\r\n10;2026-11-24 02:58:00+00;2\r\n",
        "\u{feff}Minute\tAttempts\tFailed_Sessions\n2026-11-24T02:58Z\t10\t2\n",
        "# from the warehouse\n\n\"minute\",\"attempts\",\"failed_sessions\"\n\"1795489080\",\"10.0\",\"2\"\n",
        "minute|attempts|failed_sessions|note\n2026-11-23T21:58:30-05:00|10|2\n",
    ] {
        let read = table(text);
        assert_eq!(read.series.len(), 1, "{text}");
        let series = &read.series[0];
        assert_eq!((series.id.as_str(), series.lane.as_str()), ("", "gmail"));
        assert_eq!(series.minutes, [(minute("2026-11-24T02:58Z"), Some(counted(10, 2)))].into(), "{text}");
        assert!(read.accounting.adds_up());
    }
}

#[test]
fn parts_stand_for_a_missing_sum() {
    let read = table("minute,attempts,deferred_421,timeout\n2026-11-24T02:58Z,10,2,1\n2026-11-24T02:59Z,10,,\n");
    let minutes = &read.series[0].minutes;
    assert_eq!(minutes[&minute("2026-11-24T02:58Z")].expect("known").failed, 3);
    assert_eq!(read.faults[0].line, 3, "two blanks are not zero");
    assert!(read.notes.iter().any(|n| n.contains("no column failed_sessions")), "{:?}", read.notes);
}

#[test]
fn retries_that_inflate_failures_never_exceed_the_attempts() {
    let read = table("minute,attempts,failed_sessions\n2026-11-24T02:58Z,10,25\n");
    assert_eq!(read.series[0].minutes[&minute("2026-11-24T02:58Z")], Some(counted(10, 10)));
    assert!(read.notes[0].contains("more failed sessions than attempts (first at line 2)"), "{:?}", read.notes);
}

#[test]
fn rows_of_one_minute_add_up_and_this_is_said() {
    let read = table("minute,attempts,failed_sessions\n2026-11-24T02:58:10Z,10,2\n2026-11-24T02:58:40Z,5,1\n");
    assert_eq!(read.series[0].minutes[&minute("2026-11-24T02:58Z")], Some(counted(15, 3)));
    assert!(read.notes[0].contains("added up") && read.notes[0].contains("line 3"), "{:?}", read.notes);
}

#[test]
fn a_faulty_row_is_told_with_its_line_and_the_way_out() {
    let text = "minute,attempts,failed_sessions,observed\n\
        soon,10,2,1\n03/04/2026 10:00,10,2,1\n2026-11-24T02:58Z,ten,2,1\n2026-11-24T02:58Z,-1,2,1\n\
        2026-11-24T02:58Z,,2,1\n2026-11-24T02:58Z,10,2,maybe\n";
    let read = table(text);
    assert_eq!((read.accounting.unrecognised, read.series.len()), (6, 0));
    let told: Vec<_> = read.faults.iter().map(|f| (f.line, f.what.as_str())).collect();
    assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
    for ((_, what), part) in told.iter().zip(["`soon`", "day/month", "`ten`", "`-1`", "attempts is blank"]) {
        assert!(what.contains(part), "{what}");
    }
}

#[test]
fn times_without_a_zone_are_placed_by_the_stated_one_or_this_is_said() {
    let text = "minute,attempts,failed_sessions\n2026-11-24 02:58,10,2\n";
    assert!(table(text).notes[0].contains("assumed"));
    let zone = Zone::parse("America/New_York").expect("a zone");
    let read = read(text.as_bytes(), Some(zone)).expect("a table");
    assert!(read.series[0].minutes.contains_key(&minute("2026-11-24T07:58Z")));
}

#[test]
fn what_the_header_lacks_is_named() {
    let error = |text: &str| read(text.as_bytes(), None).expect_err("no table").to_string();
    let told = error("time,attempts\n2026-11-24T02:58Z,1\n");
    assert!(told.starts_with("line 1: ") && told.contains("no column minute, failed_sessions"), "{told}");
    assert!(told.contains("name the columns minute, attempts and failed_sessions"), "{told}");
    assert!(error("").contains("no header"));
    assert!(error("minute,attempts,attempts,timeout\n").contains("twice"));
    let head = |text: &str| recognise(Head { bytes: text.as_bytes(), whole: true }).is_some();
    assert!(head(FULL) && !head("time,cpu\n2026-11-24T02:58Z,1\n") && !head(""));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_and_add_up(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let mut text = b"minute,attempts,failed_sessions,observed\n".to_vec();
        text.extend(bytes);
        let read = read(text.as_slice(), None).expect("a header");
        assert!(read.accounting.adds_up());
    }
}
