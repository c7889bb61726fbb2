//! Lines and attempts that several files hold are counted once.

use std::io::Read as _;
use std::path::Path;

use casefile::formats::Head;
use casefile::formats::logs::{LOG_FORMATS, LogClock, LogFormat, LogShape};
use casefile::intake::{gather, head_of, open};
use casefile::scan::{Asked, LogJob, Progress, Repetition, Scanned, scan};
use casefile::smtp::Lanes;
use casefile::time::{Zone, parse_rfc3339};

/// Scans files of these names and contents; those whose names begin with `mta2` are of another node.
pub(crate) fn scanned(files: &[(&str, &[u8])]) -> Scanned {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    }
    let formats: &[&'static dyn LogFormat] = LOG_FORMATS;
    let sources = gather(&[folder.path().to_owned()]).expect("gathered").sources;
    let jobs: Vec<LogJob<'_>> = sources
        .into_iter()
        .map(|source| {
            let (bytes, whole) = head_of(&source.path, 1 << 18).expect("a head");
            let head = Head { bytes: &bytes, whole };
            let (shape, _) = LogShape::recognise(head, formats.iter().copied()).expect("a log");
            let survey = shape.survey(head);
            let near = survey.near.or(parse_rfc3339("2026-11-24T04:00Z").ok());
            let clock = LogClock::new(survey.offset_s.map_or(Zone::UTC, Zone::Fixed), near);
            let (begins, rank) = (survey.begins(&clock), survey.rank());
            let node = if source.name.contains("mta2") { "mta2" } else { "mta1" }.to_owned();
            let newest_first = survey.is_newest_first();
            LogJob {
                source,
                shape,
                clock,
                stated_node: None,
                node,
                rank,
                begins,
                newest_first,
                asked: Asked::default(),
            }
        })
        .collect();
    scan(&jobs, &Lanes::default(), 2, &Progress::default()).expect("scanned")
}

fn cells(scanned: &Scanned) -> Vec<(String, u64)> {
    let names = &scanned.tally.names;
    let mut cells: Vec<_> = scanned
        .tally
        .cells
        .iter()
        .map(|(key, n)| {
            let axis = match key.axis {
                casefile::scan::Axis::Egress(id) => names.egresses().nth(usize::from(id.0)).map(|(_, e)| e.tag.clone()),
                casefile::scan::Axis::Mx(id) => names.mx_of(id).map(str::to_owned),
            };
            (format!("{} {:?} {:?} {:?}", key.minute, key.lane, axis, key.what), *n)
        })
        .collect();
    cells.sort();
    cells
}

/// What the one counts and the other does not.
fn differences(one: &Scanned, other: &Scanned) -> Vec<(String, u64)> {
    let (one, other) = (cells(one), cells(other));
    let only =
        |a: &[(String, u64)], b: &[(String, u64)]| a.iter().filter(|c| !b.contains(c)).cloned().collect::<Vec<_>>();
    [only(&one, &other), only(&other, &one)].concat()
}

/// The recording's lines inside its second wave, uncompressed.
fn recording() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/throttle/logs/mail.log.2.gz");
    let mut text = Vec::new();
    open(&path).expect("the sample").read_to_end(&mut text).expect("read");
    let cut = text.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(9000).map_or(text.len(), |(at, _)| at + 1);
    text.truncate(cut);
    text
}

/// Byte positions of line ends.
fn line_ends(text: &[u8]) -> Vec<usize> {
    text.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1).collect()
}

/// The same lines with a stamp that has a year and a zone, as RSYSLOG_FileFormat writes it.
fn with_zones(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    text.lines().map(|l| format!("2026-11-{}T{}+00:00 {}\n", &l[4..6], &l[7..15], &l[16..])).collect::<String>().into()
}

#[test]
fn rotations_that_overlap_count_each_line_once() {
    let text = recording();
    let ends = line_ends(&text);
    let whole = scanned(&[("a.log", &text)]);
    // Cuts inside minutes and sessions; the second overlaps the first, the third both.
    let cut = |from: usize, to: usize| &text[ends[from]..ends[to]];
    let last = ends.len() - 1;
    let first = &text[..ends[5000]];
    let several = scanned(&[("c.log", first), ("b.log", cut(3333, 7000)), ("a.log", cut(4900, last))]);
    assert_eq!(differences(&several, &whole), []);
    assert_eq!(several.repetitions.len(), 2, "{:?}", several.repetitions.keys());
    for (exhibit, file) in &several.tally.files {
        assert!(file.accounting.adds_up(), "{exhibit}: {:?}", file.accounting);
    }
    let repeated: u64 = several.tally.files.values().map(|f| f.repeated).sum();
    assert_eq!(repeated, (5000 - 3333) + (7000 - 4900));
}

#[test]
fn a_few_lines_that_copytruncate_left_twice() {
    let text = recording();
    let ends = line_ends(&text);
    let whole = scanned(&[("a.log", &text)]);
    let twice = scanned(&[("mail.log.1", &text[..ends[4010]]), ("mail.log", &text[ends[4000]..])]);
    assert_eq!(differences(&twice, &whole), []);
    // Without an overlap nothing is compared away.
    let cut = scanned(&[("mail.log.1", &text[..ends[4000]]), ("mail.log", &text[ends[4000]..])]);
    assert_eq!(differences(&cut, &whole), []);
    assert!(cut.repetitions.is_empty());
}

#[test]
fn of_two_envelopes_the_better_is_read() {
    let text = recording();
    let zoned = with_zones(&text);
    let both = scanned(&[("mail.iso.log", &zoned), ("mail.log", &text)]);
    assert_eq!(differences(&both, &scanned(&[("mail.log", &text)])), []);
    let [(exhibit, Repetition::Whole { of, later_by: 0 })] = both.repetitions.iter().collect::<Vec<_>>()[..] else {
        panic!("{:?}", both.repetitions)
    };
    assert_eq!((exhibit.to_string(), of.to_string()), ("S02".into(), "S01".into()));
    let left_out = both.tally.files[exhibit].accounting;
    assert_eq!((left_out.used, left_out.irrelevant), (0, left_out.read));
}

// oss trap 37: mail.warn holds again what mail.log holds.
#[test]
fn a_filtered_copy_beside_the_whole_is_left_out() {
    let text = recording();
    let warnings: String = String::from_utf8_lossy(&text)
        .lines()
        .filter(|l| l.contains("SSL_connect") || l.contains("warning:"))
        .map(|l| format!("{l}\n"))
        .collect();
    let both = scanned(&[("mail.log", &text), ("mail.warn", warnings.as_bytes())]);
    assert_eq!(differences(&both, &scanned(&[("mail.log", &text)])), []);
    assert_eq!(both.repetitions.len(), 1);
}

// oss trap 37: copies are looked for among files, and never within one.
#[test]
fn lines_alike_within_one_file_are_all_counted() {
    let text = recording();
    let (before, after) = text.split_at(line_ends(&text)[5000]);
    let stamp = String::from_utf8_lossy(&after[..15]);
    let line = format!(
        "{stamp} mta1 postfix-ip1/smtp[9]: connect to gmail-smtp-in.l.google.com[198.51.100.26]:25: Connection refused\n"
    );
    let with = |times: usize| [before, line.repeat(times).as_bytes(), after].concat();
    let refused = |files: &[(&str, &[u8])]| -> u64 {
        let is_refused = |(cell, _): &&(String, u64)| cell.contains("postfix-ip1") && cell.contains("ConnectFailure");
        cells(&scanned(files)).iter().filter(is_refused).map(|(_, n)| n).sum()
    };
    let [without, twice] = [with(0), with(2)];
    assert_eq!(refused(&[("mail.log", &twice)]), refused(&[("mail.log", &without)]) + 2);
    let warnings = line.repeat(2);
    let both: [(&str, &[u8]); 2] = [("mail.log", &twice), ("mail.warn", warnings.as_bytes())];
    assert_eq!(refused(&both), refused(&both[..1]));
}

// oss trap 35: journalctl writes the zone of whoever asks, and does not say which.
#[test]
fn a_copy_in_another_zone_is_the_same_log() {
    let text = recording();
    // As journalctl prints it for a reader in another zone, without saying so.
    let moved: String = String::from_utf8_lossy(&text)
        .lines()
        .map(|l| {
            let hour: u32 = l[7..9].parse().expect("an hour");
            format!("{}{:02}{}\n", &l[..7], hour + 3, &l[9..])
        })
        .filter(|l| !l.contains(" OK  17"))
        .collect();
    let both = scanned(&[("mail.log", &text), ("moved.log", moved.as_bytes())]);
    assert_eq!(differences(&both, &scanned(&[("mail.log", &text)])), []);
    assert!(
        matches!(both.repetitions.values().next(), Some(Repetition::Whole { later_by: 180, .. })),
        "{:?}",
        both.repetitions
    );
}

#[test]
fn the_same_texts_of_another_machine_are_no_repeats() {
    let text = recording();
    let other: String = String::from_utf8_lossy(&text)
        .lines()
        .map(|l| format!("{}\n", l.replace(" mta1 ", " mta2 ").replace('[', "[1")))
        .collect();
    let both = scanned(&[("mta1.log", &text), ("mta2.log", other.as_bytes())]);
    assert!(both.repetitions.is_empty(), "{:?}", both.repetitions);
}

const DIALOGUES: &[u8] = include_bytes!("../data/logs/powermta/pmta.log");
const QUEUES: &[u8] = include_bytes!("../data/logs/powermta/topqueues.txt");

/// PowerMTA's accounting of five minutes, moved to those of its log; the rows of some types.
fn accounting(types: &str) -> Vec<u8> {
    let text = include_str!("../data/logs/powermta/acct-5.0.csv").replace("2017-09-07 11:0", "2019-02-07 22:3");
    // From the addresses of the log, and so of its machine.
    let text = text.replace("10.50.0.8", "192.0.2.1");
    let rows = text.lines().enumerate().filter(|(n, row)| *n == 0 || row.starts_with(|c| types.contains(c)));
    rows.map(|(_, row)| format!("{}\n", row.replace("-0400", "-0500"))).collect::<String>().into()
}

/// What one file counts, and how many of its attempts others count.
fn outcomes(scanned: &Scanned, name: &str) -> (Vec<(&'static str, u64)>, u64) {
    let file = scanned.tally.files.iter().find(|(e, _)| e.to_string() == name).expect("the file").1;
    (file.outcomes.iter().map(|(o, n)| (o.word(), *n)).collect(), file.elsewhere)
}

#[test]
fn dialogues_beside_accounting_are_shown_and_not_counted() {
    let alone = scanned(&[("acct.csv", &accounting("dtb"))]);
    let both = scanned(&[("acct.csv", &accounting("dtb")), ("pmta.log", DIALOGUES)]);
    assert_eq!(differences(&both, &alone), []);
    assert_eq!(both.tally.recipients, alone.tally.recipients);
    assert_eq!(outcomes(&both, "S02"), (vec![], 17));
    assert_eq!(both.elsewhere.values().map(|e| e.by.len()).collect::<Vec<_>>(), [1]);
    assert!(alone.elsewhere.is_empty());
    // How the failed sessions went is evidence still.
    let of_log = |l: &casefile::scan::ExcerptLine| l.exhibit.to_string() == "S02";
    let shown: Vec<_> = both.tally.excerpts.values().filter(|e| e.lines.iter().any(of_log)).collect();
    assert!(!shown.is_empty() && shown.iter().all(|e| e.lines.len() > 1), "{:?}", both.tally.excerpts);
    for (exhibit, file) in &both.tally.files {
        assert!(file.accounting.adds_up() && file.accounting.used > 0, "{exhibit}: {:?}", file.accounting);
    }
}

#[test]
fn what_accounting_does_not_hold_is_counted_by_the_log() {
    // Its default: deliveries and bounces alone.
    let both = scanned(&[("acct.csv", &accounting("db")), ("pmta.log", DIALOGUES)]);
    assert_eq!(outcomes(&both, "S02"), (vec![("deferral", 3), ("remote_close", 1), ("connect_failure", 1)], 12));
    // Accounting of another time, node or sending IP, or none.
    let all = (vec![("delivered", 12), ("deferral", 3), ("remote_close", 1), ("connect_failure", 1)], 0);
    let of_2017 = include_bytes!("../data/logs/powermta/acct-5.0.csv");
    assert_eq!(outcomes(&scanned(&[("acct.csv", of_2017), ("pmta.log", DIALOGUES)]), "S02"), all);
    assert_eq!(outcomes(&scanned(&[("mta2.csv", &accounting("dtb")), ("pmta.log", DIALOGUES)]), "S02"), all);
    let elsewhere = String::from_utf8_lossy(&accounting("dtb")).replace("192.0.2.1", "203.0.113.1").into_bytes();
    assert_eq!(outcomes(&scanned(&[("acct.csv", &elsewhere), ("pmta.log", DIALOGUES)]), "S02"), all);
    assert_eq!(outcomes(&scanned(&[("pmta.log", DIALOGUES)]), "S01"), all);
}

#[test]
fn errors_of_queues_are_counted_where_nothing_else_tells_of_them() {
    let all = vec![("deferral", 10), ("rejection", 5), ("local", 15)];
    assert_eq!(outcomes(&scanned(&[("topqueues.txt", QUEUES)]), "S01"), (all, 0));
    // The log covers three of the minutes that the capture tells of.
    let log = String::from_utf8_lossy(DIALOGUES).replace("2019-02-07 22:3", "2014-09-20 18:0").into_bytes();
    let both = scanned(&[("pmta.log", &log), ("topqueues.txt", QUEUES)]);
    assert_eq!(outcomes(&both, "S02"), (vec![("deferral", 10), ("rejection", 5), ("local", 12)], 3));
}
