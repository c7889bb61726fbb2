//! Real lines to exact events.

use std::path::{Path, PathBuf};

use casefile::formats::logs::postfix::Postfix;
use casefile::formats::logs::{Event, LogClock, LogFormat as _, LogShape, Opening, Pulse, Sink, Wrapping, join};
use casefile::intake::{Exhibit, gather, head_of};
use casefile::scan::{Asked, LogJob, Progress, Scanned, scan};
use casefile::smtp::{Lanes, Outcome};
use casefile::time::{Minute, Zone, parse_rfc3339};

/// Events as short sentences.
#[derive(Default)]
struct Told(Vec<String>);

impl Sink for Told {
    fn event(&mut self, e: &Event<'_>) {
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let (line, outcome, by, stage, tls) = (e.line, e.outcome, e.by, e.stage, e.tls);
        self.0.push(format!(
            "{line} {outcome} by {by} at {stage} tls={tls} mx={} qid={} weight={} lines={}",
            text(e.mx_host),
            text(e.queue_id),
            e.weight,
            e.lines.len()
        ));
    }
    fn heard(&mut self, _: Minute, _: Pulse) {}
    fn unrecognised(&mut self, number: u64, _: &[u8]) {
        self.0.push(format!("{number} unrecognised"));
    }
}

fn clock() -> LogClock {
    LogClock::new(Zone::UTC, parse_rfc3339("2026-11-24T00:00Z").ok())
}

/// Reads lines as one file, edges joined.
fn told(lines: &str) -> Vec<String> {
    let mut told = Told::default();
    let mut reader = Postfix.reader(Opening::again(Exhibit(1), clock()));
    reader.read(lines.as_bytes(), &mut told);
    let accounting = reader.accounting();
    assert!(accounting.adds_up(), "{accounting:?}");
    join(&Postfix, &clock(), vec![reader.finish().ends], &mut told);
    let number = |told: &String| told.split(' ').next().and_then(|n| n.parse::<u64>().ok());
    told.0.sort_by_key(number);
    told.0
}

/// Lines of Postfix 3.7.11, recorded.
const BEFORE: &str = "Nov 24 03:46:50 mta1 postfix-ip1/smtp[3870]: 10EC11CADB: to=<base.r000001.lab@gmail.com>, relay=gmail-smtp-in.l.google.com[198.51.100.26]:25, delay=1.5, delays=0.01/0.03/0.37/1.1, dsn=2.0.0, status=sent (250 2.0.0 OK  1795492010 8b4a091409ecf-cd6a6536fc6si995264155.853 - gsmtp)\n";

fn after(lines: &str) -> Vec<String> {
    let mut events = told(&format!("{BEFORE}{lines}"));
    assert_eq!(
        events.remove(0),
        "1 delivered by receiver at end_of_data tls=unknown mx=gmail-smtp-in.l.google.com qid=10EC11CADB weight=1 lines=1"
    );
    events
}

#[test]
fn a_handshake_cut_by_the_receiver_is_a_remote_close_with_both_its_lines() {
    let events = after(
        "Nov 24 03:56:44 mta1 postfix-ip1/smtp[3870]: SSL_connect error to alt1.gmail-smtp-in.l.google.com[198.51.100.27]:25: Connection reset by peer\n\
         Nov 24 03:56:44 mta1 postfix-ip1/smtp[3870]: 464321D47: Cannot start TLS: handshake failure\n",
    );
    assert_eq!(
        events,
        [
            "3 remote_close by receiver at handshake tls=failed mx=alt1.gmail-smtp-in.l.google.com qid=464321D47 weight=1 lines=2"
        ]
    );
}

#[test]
fn plain_text_in_the_handshake_is_no_tls_fault() {
    let events = after(
        "Nov 24 03:56:44 mta1 postfix-ip1/smtp[3870]: SSL_connect error to gmail-smtp-in.l.google.com[198.51.100.26]:25: -1\n\
         Nov 24 03:56:44 mta1 postfix-ip1/smtp[3870]: warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:../ssl/record/ssl3_record.c:350:\n\
         Nov 24 03:56:44 mta1 postfix-ip1/smtp[3870]: 464321D47: Cannot start TLS: handshake failure\n",
    );
    assert_eq!(
        events,
        [
            "4 plaintext by receiver at handshake tls=failed mx=gmail-smtp-in.l.google.com qid=464321D47 weight=1 lines=3"
        ]
    );
}

#[test]
fn one_pipelined_421_is_one_session_though_it_is_logged_twice() {
    let events = after(
        "Nov 24 03:56:45 mta1 postfix-ip1/smtp[3870]: Trusted TLS connection established to alt1.gmail-smtp-in.l.google.com[198.51.100.27]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n\
         Nov 24 03:56:45 mta1 postfix-ip1/smtp[3870]: 790EA1BB7: host alt1.gmail-smtp-in.l.google.com[198.51.100.27] said: 421 4.7.0 Temporary System Problem.  Try again later (3). a1b2c3d4-5si1234567.8 - gsmtp (in reply to MAIL FROM command)\n\
         Nov 24 03:56:45 mta1 postfix-ip1/smtp[3870]: 790EA1BB7: lost connection with alt1.gmail-smtp-in.l.google.com[198.51.100.27] while sending RCPT TO\n",
    );
    assert_eq!(
        events,
        [
            "3 deferral by receiver at mail tls=established mx=alt1.gmail-smtp-in.l.google.com qid=790EA1BB7 weight=1 lines=2"
        ]
    );
}

#[test]
fn several_mx_tries_behind_one_status_are_several_sessions() {
    let events = after(
        "Nov 24 03:56:45 mta1 postfix-ip1/smtp[3870]: 790EA1BB7: host gmail-smtp-in.l.google.com[198.51.100.26] refused to talk to me: 421 4.7.0 Temporary System Problem.  Try again later (3). a1b2c3d4-5si1234567.8 - gsmtp\n\
         Nov 24 03:56:45 mta1 postfix-ip1/smtp[3870]: 790EA1BB7: lost connection with alt1.gmail-smtp-in.l.google.com[198.51.100.27] while receiving the initial server greeting\n\
         Nov 24 03:56:46 mta1 postfix-ip1/smtp[3870]: Trusted TLS connection established to alt2.gmail-smtp-in.l.google.com[198.51.100.28]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n\
         Nov 24 03:56:47 mta1 postfix-ip1/smtp[3870]: 790EA1BB7: to=<a@gmail.com>, relay=alt2.gmail-smtp-in.l.google.com[198.51.100.28]:25, delay=2.1, delays=0.1/0/1/1, dsn=2.0.0, status=sent (250 2.0.0 OK  1795492607 x-6si1234567.8 - gsmtp)\n",
    );
    assert_eq!(
        events,
        [
            "2 deferral by receiver at unknown tls=unknown mx=gmail-smtp-in.l.google.com qid=790EA1BB7 weight=1 lines=1",
            "3 remote_close by receiver at banner tls=unknown mx=alt1.gmail-smtp-in.l.google.com qid=790EA1BB7 weight=1 lines=1",
            "5 delivered by receiver at end_of_data tls=established mx=alt2.gmail-smtp-in.l.google.com qid=790EA1BB7 weight=1 lines=1",
        ]
    );
}

#[test]
fn a_421_after_the_handshake_can_only_answer_the_second_ehlo() {
    let events = after(
        "Nov 24 03:56:45 mta1 postfix-ip1/smtp[3870]: Trusted TLS connection established to gmail-smtp-in.l.google.com[198.51.100.26]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n\
         Nov 24 03:56:45 mta1 postfix-ip1/smtp[3870]: 790EA1BB7: host gmail-smtp-in.l.google.com[198.51.100.26] refused to talk to me: 421 4.7.0 Temporary System Problem.  Try again later (3). a1b2c3d4-5si1234567.8 - gsmtp\n",
    );
    assert_eq!(
        events,
        ["3 deferral by receiver at ehlo tls=established mx=gmail-smtp-in.l.google.com qid=790EA1BB7 weight=1 lines=2"]
    );
}

#[test]
fn further_recipients_of_one_transaction_are_no_further_attempts() {
    let line = |rcpt: &str| {
        format!(
            "Nov 24 03:56:45 mta1 postfix-ip1/smtp[3870]: 790EA1BB7: to=<{rcpt}@gmail.com>, relay=gmail-smtp-in.l.google.com[198.51.100.26]:25, delay=2.1, delays=0.1/0/1/1, dsn=2.0.0, status=sent (250 2.0.0 OK  1795492607 x-6si1234567.8 - gsmtp)\n"
        )
    };
    let events = after(&(line("a") + &line("b")));
    let weights: Vec<_> = events.iter().map(|e| e.contains("weight=1")).collect();
    assert_eq!(weights, [true, false]);
}

#[test]
fn a_connect_failure_is_counted_once_with_the_line_that_repeats_it() {
    let events = after(
        "Nov 24 03:12:25 mta1 postfix-ip1/smtp[3870]: connect to mx1.mail.example.net[203.0.113.125]:25: Connection timed out\n\
         Nov 24 03:12:40 mta1 postfix-ip1/smtp[3870]: connect to mx2.mail.example.net[203.0.113.126]:25: Connection timed out\n\
         Nov 24 03:12:40 mta1 postfix-ip1/smtp[3870]: 790EA1BB7: to=<a@example.net>, relay=none, delay=30, delays=0/0/30/0, dsn=4.4.1, status=deferred (connect to mx2.mail.example.net[203.0.113.126]:25: Connection timed out)\n",
    );
    assert_eq!(
        events,
        [
            "2 connect_failure by unknown at connect tls=none mx=mx1.mail.example.net qid= weight=1 lines=1",
            "4 connect_failure by unknown at connect tls=none mx=mx2.mail.example.net qid=790EA1BB7 weight=1 lines=3",
        ]
    );
}

#[test]
fn suspended_delivery_is_the_senders_own_decision() {
    let events = told(
        "Nov 24 03:02:00 mta1 postfix/error[18061]: 75DA52437: to=<a@gmail.com>, relay=none, delay=31, delays=31/0/0/0, dsn=4.7.5, status=deferred (delivery temporarily suspended: Cannot start TLS: handshake failure)\n",
    );
    assert_eq!(events, ["1 local by sender at unknown tls=unknown mx= qid=75DA52437 weight=1 lines=1"]);
}

#[test]
fn other_daemons_are_irrelevant_and_lines_without_a_stamp_are_told() {
    assert_eq!(
        told("Nov 24 03:46:47 mta1 postfix/qmgr[3699]: 10EC11CADB: removed\n\nno stamp here\n"),
        ["3 unrecognised"]
    );
}

fn sample(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data").join(case).join("logs")
}

pub(crate) fn scanned(case: &str, threads: usize) -> Scanned {
    let gathered = gather(&[sample(case)]).expect("the sample");
    let jobs: Vec<LogJob<'_>> = gathered
        .sources
        .into_iter()
        .map(|source| {
            let (bytes, whole) = head_of(&source.path, 256 * 1024).expect("a head");
            let survey = Postfix.survey(casefile::formats::Head { bytes: &bytes, whole });
            let clock = LogClock::new(Zone::UTC, survey.near);
            LogJob {
                shape: LogShape { format: &Postfix, wrapping: Wrapping::None },
                rank: survey.rank(),
                begins: survey.begins(&clock),
                newest_first: survey.is_newest_first(),
                clock,
                stated_node: None,
                node: "mta1".into(),
                source,
                asked: Asked::default(),
            }
        })
        .collect();
    scan(&jobs, &Lanes::default(), threads, &Progress::default()).expect("scanned")
}

#[test]
fn the_count_is_the_same_for_any_number_of_threads() {
    let (one, four) = (scanned("throttle", 1), scanned("throttle", 4));
    let sorted = |s: &Scanned| {
        let mut cells: Vec<_> = s.tally.cells.iter().map(|(k, n)| (*k, *n)).collect();
        cells.sort_unstable();
        cells
    };
    assert_eq!(sorted(&one), sorted(&four));
    assert_eq!(one.tally.files, four.tally.files);
    assert_eq!(one.tally.replies, four.tally.replies);
    assert_eq!(one.tally.excerpts, four.tally.excerpts);
}

#[test]
fn every_line_of_the_samples_is_accounted_for() {
    for case in ["throttle", "noise"] {
        for (exhibit, file) in scanned(case, 2).tally.files {
            assert!(file.accounting.adds_up(), "{case} {exhibit}: {:?}", file.accounting);
            assert_eq!(file.accounting.unrecognised, 0, "{case} {exhibit}: {:?}", file.unrecognised);
        }
    }
}

#[test]
fn rotation_inside_a_wave_loses_no_session() {
    // The uncut log holds 9,766 failed sessions and 4,914 accepted messages on the Gmail lane.
    let tally = scanned("throttle", 2).tally;
    let gmail = |outcome| -> u64 {
        let mine = tally.cells.iter().filter(|(k, _)| {
            k.lane == casefile::smtp::Lane::GMAIL && matches!(k.axis, casefile::scan::Axis::Egress(_))
        });
        mine.filter(|(k, _)| k.what.outcome == outcome).map(|(_, n)| n).sum()
    };
    assert_eq!(gmail(Outcome::Delivered), 4914);
    assert_eq!(gmail(Outcome::RemoteClose), 767 + 394 + 2805 + 154 + 290);
    assert_eq!(gmail(Outcome::Deferral), 506 + 945 + 541 + 3035);
    assert_eq!(gmail(Outcome::Plaintext), 331);
}

/// Recorded lines of one run of Postfix 3.7.11, as journalctl 252 printed them.
fn journal(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/logs/journal").join(name);
    std::fs::read(path).expect("a recording")
}

/// What a reader makes of a file, wrapped or not, in blocks of so many bytes.
fn told_of(bytes: &[u8], block: usize) -> Vec<String> {
    let head = casefile::formats::Head { bytes, whole: true };
    let formats: &[&'static dyn casefile::formats::logs::LogFormat] = casefile::formats::logs::LOG_FORMATS;
    let (shape, _) = LogShape::recognise(head, formats.iter().copied()).expect("a log");
    let survey = shape.survey(head);
    let zone = survey.offset_s.map_or(Zone::UTC, Zone::Fixed);
    let clock = LogClock::new(zone, survey.near);
    let mut told = Told::default();
    let mut reader = shape.reader(Opening::again(Exhibit(1), clock.clone()));
    let mut rest = bytes;
    while !rest.is_empty() {
        let cut =
            rest.iter().skip(block.min(rest.len()) - 1).position(|b| *b == b'\n').map_or(rest.len(), |n| n + block);
        reader.read(&rest[..cut.min(rest.len())], &mut told);
        rest = &rest[cut.min(rest.len())..];
    }
    reader.end_of_file(&mut told);
    assert!(reader.accounting().adds_up());
    join(shape.format, &clock, vec![reader.finish().ends], &mut told);
    // Line numbers and evidence differ by envelope; everything else must not.
    let mut told: Vec<_> =
        told.0.iter().map(|t| t.split_once(' ').map_or(t.clone(), |(_, rest)| rest.to_owned())).collect();
    told.sort();
    told
}

#[test]
fn the_journal_tells_the_same_in_every_form() {
    let plain = told_of(&journal("short-iso.txt"), 1 << 20);
    assert_eq!(plain.len(), 12, "{plain:#?}");
    for form in [
        "json.txt",
        "json-seq.txt",
        "json-sse.txt",
        "json-pretty.txt",
        "export.txt",
        "short-unix.txt",
        "short-full.txt",
        "short-ru_RU.txt",
    ] {
        for block in [1, 777, 1 << 20] {
            assert_eq!(told_of(&journal(form), block), plain, "{form} in blocks of {block}");
        }
    }
}
