//! Recorded logs, and documented shapes that no recording shows.
#![expect(clippy::expect_used, reason = "tests")]

use std::io::Read as _;
use std::path::Path;

use super::Exim;
use crate::formats::Head;
use crate::formats::logs::testing::{
    Told, assert_damage_is_survived, assert_splits_agree, events, read, read_in_blocks,
};
use crate::formats::logs::{LogFormat as _, Note, Opening};
use crate::intake::{Exhibit, lines_of, open};

/// Recorded: one message or more for each behaviour of the receiver. `tests/it/behaviours.rs`
/// compares them with what the receiver recorded.
const VARIANTS: [&str; 4] = ["exim41001-default", "exim496-default", "exim496-all", "exim496-noclear"];

fn recorded(variant: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/behaviours").join(variant).join("mainlog.gz");
    let mut bytes = Vec::new();
    open(&path).expect("a recording").read_to_end(&mut bytes).expect("its bytes");
    bytes
}

/// The same lines as rsyslog writes them: `syslog_pid` and `syslog_timestamp` as they come, long
/// lines cut at 870 characters (log.c, `write_syslog`).
fn in_syslog(log: &[u8], with_date: bool, cut: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines_of(log) {
        let time = String::from_utf8_lossy(&line[11..19]).into_owned();
        let text = if with_date { line } else { &line[20..] };
        // One process for each message.
        let pid = line[20..36].iter().fold(0_u32, |n, b| n.wrapping_mul(7).wrapping_add(u32::from(*b))) % 1000;
        let head = format!("Nov 24 {time} mta1 exim[{pid}]: ");
        let pieces: Vec<&[u8]> = if cut { text.chunks(870).collect() } else { vec![text] };
        for (k, piece) in pieces.iter().enumerate() {
            out.extend_from_slice(head.as_bytes());
            if pieces.len() > 1 {
                out.extend_from_slice(format!("[{}/{}] ", k + 1, pieces.len()).as_bytes());
            }
            out.extend_from_slice(piece);
            out.push(b'\n');
        }
    }
    out
}

/// Sentences without the line, so that envelopes can be compared; the node is left out.
fn sentences(told: &Told) -> Vec<String> {
    let mut sentences: Vec<String> = told
        .events
        .iter()
        .map(|e| e.split_once(' ').map_or(e.as_str(), |(_, rest)| rest).replace("node=mta1", "node="))
        .collect();
    sentences.sort();
    sentences
}

#[test]
fn splits_and_damage() {
    for variant in VARIANTS {
        let log = recorded(variant);
        assert_splits_agree(&Exim, &log);
        assert_eq!(read(&Exim, &[&log]).unrecognised, Vec::<u64>::new(), "{variant}");
    }
    assert_damage_is_survived(&Exim, &recorded("exim41001-default"));
    assert_splits_agree(&Exim, &in_syslog(&recorded("exim496-default"), false, false));
    assert_damage_is_survived(&Exim, &in_syslog(&recorded("exim496-default"), true, true));
}

#[test]
fn syslog_tells_what_the_file_tells() {
    let log = recorded("exim496-default");
    let own = read(&Exim, &[&log]);
    for (with_date, cut) in [(true, false), (false, false), (true, true), (false, true)] {
        let syslog = in_syslog(&log, with_date, cut);
        let told = read(&Exim, &[&syslog]);
        let (told_here, told_there) = (sentences(&told), sentences(&own));
        assert_eq!(told_here.len(), told_there.len());
        for (here, there) in told_here.iter().zip(&told_there) {
            assert_eq!(here, there, "with a date: {with_date}, cut: {cut}");
        }
        assert_eq!(told.unrecognised, Vec::<u64>::new());
        assert!(told.events.iter().all(|e| e.contains(" node=mta1 ")));
        assert_eq!(read_in_blocks(&Exim, &[&syslog], 100).totals, told.totals);
    }
}

#[test]
fn pieces_of_processes_between_each_other_and_over_the_edge_of_a_file() {
    // Shape: log.c, write_syslog; the lines are recorded ones, cut shorter.
    let a = "== user@mail-421.example R=dnslookup T=remote_smtp defer (-45) H=mx.mail-421.example [10.77.0.25]: SMTP error ";
    let b = r"from remote mail server after pipelined MAIL FROM:<news@sender.example> SIZE=1384: 421-4.7.28 Gmail has detected\n421 4.7.28 review. d9 - gsmtp";
    let lines = [
        format!("Nov 24 02:24:55 mta1 exim[7]: [1/2] 2026-11-24 02:24:55 1xVgDH-000047-1B {a}\n"),
        "Nov 24 02:24:55 mta1 exim[8]: [1\\2] 2026-11-24 02:24:55 1xVgDH-000048-1B H=mx [10.0.0.1] F=<a@b.example> rejected after DATA: no\n".to_owned(),
        "Nov 24 02:24:55 mta1 exim[8]: [2/2] Envelope-from: <a@b.example>\n".to_owned(),
        format!("Nov 24 02:24:55 mta1 exim[7]: [2/2] {b}\n"),
    ];
    let expected = r"1 2026-11-24T02:24:55Z deferral by receiver at mail tls=unknown mx=mx.mail-421.example[10.77.0.25] from=|remote_smtp node=mta1 qid=1xVgDH-000047-1B to=mail-421.example weight=1 rcpts=1 lines=1 reply=421-4.7.28 Gmail has detected\n421 4.7.28 review. d9 - gsmtp detail=";
    let whole = read(&Exim, &[lines.concat().as_bytes()]);
    assert_eq!(whole.events, [expected]);
    assert_eq!((whole.accounting.used, whole.accounting.irrelevant), (3, 1));
    for cut in 1..lines.len() {
        let told = read(&Exim, &[lines[..cut].concat().as_bytes(), lines[cut..].concat().as_bytes()]);
        assert_eq!(told.totals, whole.totals, "cut before line {cut}");
        assert_eq!(told.accounting, whole.accounting, "cut before line {cut}");
    }
    // The end never came: what is there is told.
    let cut = read(&Exim, &[lines[0].as_bytes()]);
    assert_eq!(cut.events.len(), 1, "{:?}", cut.events);
    assert!(cut.events[0].contains("unclassified by unknown"), "{:?}", cut.events);
}

#[test]
fn every_behaviour_has_its_decider() {
    // After matrix.md: outcome, decider and stage of the attempts at each receiver.
    let rows = [
        ("ok-tls", "delivered receiver end_of_data established"),
        ("banner-421", "deferral receiver banner unknown"),
        ("banner-554", "rejection receiver banner unknown"),
        ("banner-rst", "remote_close receiver banner unknown"),
        ("banner-hang", "timeout unknown banner unknown"),
        ("ehlo-421", "deferral receiver ehlo unknown"),
        ("ehlo-eof", "remote_close receiver ehlo unknown"),
        ("starttls-421", "deferral receiver starttls none"),
        ("starttls-421-keep", "deferral receiver starttls none"),
        ("starttls-454", "deferral receiver starttls none"),
        ("starttls-eof-cmd", "remote_close receiver starttls none"),
        ("starttls-hang-cmd", "timeout unknown starttls none"),
        ("starttls-220-eof", "remote_close receiver handshake failed"),
        ("starttls-220-rst", "remote_close receiver handshake failed"),
        ("starttls-220-hang", "timeout unknown handshake failed"),
        // oss trap 10
        ("starttls-220-plain421", "plaintext receiver handshake failed"),
        ("starttls-220-alert", "tls_failure receiver handshake failed"),
        ("starttls-220-hello-eof", "remote_close receiver handshake failed"),
        ("tls-ehlo-421", "remote_close receiver unknown unknown"),
        ("tls-ehlo-eof", "remote_close unknown ehlo established"),
        ("mail-421", "deferral receiver mail unknown"),
        ("rcpt-450", "deferral receiver rcpt unknown"),
        ("rcpt-550", "rejection receiver rcpt established"),
        ("data-421", "deferral receiver data unknown"),
        ("dot-421-multi", "deferral receiver end_of_data unknown"),
        ("dot-550-multi", "rejection receiver end_of_data established"),
        ("rcpt-eof", "remote_close receiver rcpt unknown"),
        ("data-eof", "remote_close receiver data unknown"),
        ("dot-eof", "remote_close receiver end_of_data unknown"),
        ("dot-hang", "timeout unknown end_of_data established"),
        ("refused", "connect_failure unknown connect none"),
        ("blackhole", "connect_failure unknown connect none"),
    ];
    let told = read(&Exim, &[&recorded("exim496-noclear")]);
    for (name, expected) in rows {
        let [outcome, by, stage, tls] = expected.split(' ').collect::<Vec<_>>()[..] else { panic!("{expected}") };
        let (at, what) = (format!(" mx=mx.{name}.example["), format!(" {outcome} by {by} at {stage} tls={tls} "));
        let of: Vec<_> = told.events.iter().filter(|e| e.contains(&at)).collect();
        assert!(!of.is_empty() && of.iter().all(|e| e.contains(&what)), "{name}: {of:?}");
    }
    // oss trap 21: where plain text is forbidden, the first MX host's handshake leaves no line.
    assert!(!told.events.iter().any(|e| e.contains("mx1.mx2-tlseof-ok")));
    assert!(
        Exim.cannot_show().iter().any(|s| s.starts_with("a failed handshake with an MX host that was not the last"))
    );
    // oss trap 14: retry hints are no attempts.
    let hints = |e: &&String| e.contains("local by sender") && e.contains("retry time not reached");
    assert_eq!(told.events.iter().filter(hints).count(), 8);
}

#[test]
fn a_child_and_its_parent_are_one_attempt() {
    // oss trap 18. Recorded: 4.96, +all.
    let lines = "\
2026-11-24 02:26:43.400 +0000 [146] 1xVgF1-00002I-19 H=mx.banner-421.example [10.77.0.3]:25: SMTP error from remote mail server after initial connection: 421 4.7.0 Try again later, closing connection. l7-20020a05600c4f0700b00 - gsmtp
2026-11-24 02:26:43.406 +0000 [144] 1xVgF1-00002I-19 == user@banner-421.example R=dnslookup T=remote_smtp defer (0) H=mx.banner-421.example [10.77.0.3]:25 I=[203.0.113.10]:55385 DT=0.000s: SMTP error from remote mail server after initial connection: 421 4.7.0 Try again later, closing connection. l7-20020a05600c4f0700b00 - gsmtp
";
    let event = "02:26:43.400Z deferral by receiver at banner tls=unknown mx=mx.banner-421.example[10.77.0.3] from=203.0.113.10|remote_smtp node= qid=1xVgF1-00002I-19 to=banner-421.example weight=1 rcpts=1 lines=2 reply=421 4.7.0 Try again later, closing connection. l7-20020a05600c4f0700b00 - gsmtp detail=";
    assert_eq!(events(&Exim, lines), [format!("2 2026-11-24T{event}")]);
    // Out of order, as a forwarding syslog may bring them.
    let swapped: String = lines.lines().rev().map(|l| format!("{l}\n")).collect();
    let told = events(&Exim, &swapped);
    assert_eq!(told, [format!("1 2026-11-24T{}", event.replace(".400Z", ".406Z").replace("lines=2", "lines=1"))]);
}

/// One run of a transport has one address of ours; hosts that were tried before the last one
/// are told without it. Recorded: 4.96, +all, and the hint of a second later.
#[test]
fn the_last_line_of_a_run_names_the_address_for_all_its_hosts() {
    let first = "2026-11-26 22:13:44.503 +0000 [21974] 1xWhiq-0004aj-0s H=gmail-smtp-in.l.google.com [198.51.100.26]:25: SMTP error from remote mail server after initial connection: 421 4.7.0 Temporary System Problem.  Try again later (3). 05890255374ae-9eee27f16c2si225834035.683 - gsmtp\n";
    let last = "2026-11-26 22:13:45.248 +0000 [21967] 1xWhiq-0004aj-0s == user@gmail.com R=out T=remote_smtp defer (-45) H=alt1.gmail-smtp-in.l.google.com [198.51.100.27]:25 I=[192.0.2.61]:35929 DT=0.327s: SMTP error from remote mail server after pipelined end of data: 421 4.7.0 Temporary System Problem.  Try again later (3). 2a503f61e9024-0b5723ed016si916755895.943 - gsmtp\n";
    let hint = "2026-11-26 22:13:45.746 +0000 [22119] 1xWhiq-0004aj-0s == user@gmail.com R=out T=remote_smtp defer (-54) DT=0.000s: retry time not reached for any host for 'gmail.com'\n";
    let from = |log: &str| -> Vec<String> {
        let told = events(&Exim, log);
        let of = |e: &String| e.split(' ').find_map(|w| w.strip_prefix("from=")).unwrap_or_default().to_owned();
        told.iter().filter(|e| e.contains(" deferral by receiver at banner ")).map(of).collect()
    };
    assert_eq!(from(&[first, last, hint].concat()), ["192.0.2.61|remote_smtp"]);
    // A run whose last line has no address, and another from elsewhere: nobody knows.
    let nameless = last.replace(" I=[192.0.2.61]:35929", "");
    let elsewhere = last.replace("22:13:45", "22:13:59").replace("192.0.2.61", "192.0.2.62");
    assert_eq!(from(&[first, &nameless, &elsewhere].concat()), ["|remote_smtp"]);
    // Addresses of the other family are chosen apart.
    let v6 = first.replace("[198.51.100.26]", "[2001:db8::26]");
    assert_eq!(from(&[&v6, last].concat()), ["|remote_smtp"]);
    // The next run may have another.
    let (again, later) = (first.replace("22:13:44", "22:18:44"), elsewhere.replace("22:13:59", "22:18:59"));
    assert_eq!(from(&[first, last, &again, &later].concat()), ["192.0.2.61|remote_smtp", "192.0.2.62|remote_smtp"]);
}

#[test]
fn a_close_inside_tls_is_no_tls_failure() {
    // As the lab recorded it; the id is of another line of that recording's form.
    let lines = "\
2026-11-24 03:00:41.100 +0000 [9] 1xVhAB-000026-0U H=mx.close-at-mail.example.net [203.0.113.149] TLS error on connection (recv): The TLS connection was non-properly terminated.
2026-11-24 03:00:41.101 +0000 [9] 1xVhAB-000026-0U H=mx.close-at-mail.example.net [203.0.113.149]:25: Remote host closed connection in response to pipelined end of data
2026-11-24 03:00:41.102 +0000 [9] 1xVhAB-000026-0U H=mx.close-at-mail.example.net [203.0.113.149] TLS error on connection (recv): The specified session has been invalidated for some reason.
2026-11-24 03:00:41.110 +0000 [8] 1xVhAB-000026-0U == x@close-at-mail.example.net R=out T=remote_smtp defer (-18) H=mx.close-at-mail.example.net [203.0.113.149]:25 I=[192.0.2.61]:40000 DT=0.050s: Remote host closed connection in response to pipelined end of data
";
    assert_eq!(
        events(&Exim, lines),
        [
            "4 2026-11-24T03:00:41.101Z remote_close by receiver at unknown tls=established mx=mx.close-at-mail.example.net[203.0.113.149] from=192.0.2.61|remote_smtp node= qid=1xVhAB-000026-0U to=close-at-mail.example.net weight=1 rcpts=1 lines=4 reply= detail=Remote host closed connection in response to pipelined end of data"
        ]
    );
    // The same error at QUIT, before a delivery, means nothing.
    let lines = "\
2026-11-24 03:00:41.100 +0000 [9] 1xVhAB-000026-0U H=mx.a.example [203.0.113.149] TLS error on connection (recv): The TLS connection was non-properly terminated.
2026-11-24 03:00:41.110 +0000 [8] 1xVhAB-000026-0U => x@a.example R=out T=remote_smtp H=mx.a.example [203.0.113.149]:25 X=TLS1.3:X:256 CV=yes C=\"250 OK\"
2026-11-24 03:00:41.111 +0000 [8] 1xVhAB-000026-0U Completed
";
    assert_eq!(
        events(&Exim, lines),
        [
            "2 2026-11-24T03:00:41.110Z delivered by receiver at end_of_data tls=established mx=mx.a.example[203.0.113.149] from=|remote_smtp node= qid=1xVhAB-000026-0U to=a.example weight=1 rcpts=1 lines=1 reply=250 OK detail="
        ]
    );
}

#[test]
fn a_failed_handshake_and_the_attempt_in_clear_are_two() {
    // Recorded: 4.96, +all.
    let lines = "\
2026-11-24 02:26:44.757 +0000 [229] 1xVgF2-00003d-2I TLS session: (gnutls_handshake): The TLS connection was non-properly terminated.: delivering unencrypted to H=mx.starttls-220-eof.example [10.77.0.16] (not in hosts_require_tls)
2026-11-24 02:26:44.808 +0000 [227] 1xVgF2-00003d-2I => user@starttls-220-eof.example F=<news@sender.example> P=<news@sender.example> R=dnslookup T=remote_smtp S=380 H=mx.starttls-220-eof.example [10.77.0.16]:25 I=[203.0.113.10]:44997 L C=\"250 2.0.0 OK  1795487204 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp\" QT=0.107s DT=0.044s
";
    assert_eq!(
        events(&Exim, lines),
        [
            "1 2026-11-24T02:26:44.757Z remote_close by receiver at handshake tls=failed mx=mx.starttls-220-eof.example[10.77.0.16] from=203.0.113.10|remote_smtp node= qid=1xVgF2-00003d-2I to=starttls-220-eof.example weight=1 rcpts=0 lines=1 reply= detail=The TLS connection was non-properly terminated.",
            "2 2026-11-24T02:26:44.808Z delivered by receiver at end_of_data tls=none mx=mx.starttls-220-eof.example[10.77.0.16] from=203.0.113.10|remote_smtp node= qid=1xVgF2-00003d-2I to=starttls-220-eof.example weight=1 rcpts=1 lines=1 reply=250 2.0.0 OK  1795487204 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp detail=",
        ]
    );
    // Of Exim's test suite (2026-era text of 5655): TLS 1.3 refuses us after our handshake.
    let lines = "\
2026-11-24 02:26:44 1xVgF2-00003d-2I H=mx.a.example [10.0.0.1] TLS error on connection (recv): A TLS fatal alert has been received: Certificate is bad
2026-11-24 02:26:44 1xVgF2-00003d-2I == x@a.example R=r T=t defer (-37) H=mx.a.example [10.0.0.1]: TLS session: error on first read
";
    let told = events(&Exim, lines);
    assert!(told[0].starts_with("2 2026-11-24T02:26:44Z tls_failure by receiver at handshake tls=failed"), "{told:?}");
}

/// Line, outcome, weight and recipients of each event.
fn weights(lines: &str) -> Vec<String> {
    let short = |e: &String| {
        let words: Vec<&str> = e.split(' ').collect();
        let of = |name: &str| words.iter().find(|w| w.starts_with(name)).copied().unwrap_or_default();
        format!("{} {} {} {}", words[0], words[2], of("weight="), of("rcpts="))
    };
    events(&Exim, lines).iter().map(short).collect()
}

#[test]
fn recipients_of_one_transaction_are_one_attempt() {
    // Shapes: deliver.c, smtp.c; hosts and replies of the recordings.
    let one = "2026-11-24 03:06:12 1xVgrE-00000000069-1BRN";
    let of = |lines: &[&str]| lines.iter().map(|l| format!("{one} {l}\n")).collect::<String>();
    let here = "R=dnslookup T=remote_smtp H=mx.a.example [10.77.0.1]";
    let deferred = "R=dnslookup T=remote_smtp defer H=mx.a.example [10.77.0.1]";
    let refused = "SMTP error from remote mail server after RCPT TO:<x@a.example>: 450 4.2.1 later";
    // Some refused, some accepted.
    let text = of(&[
        &format!("== c@a.example {deferred}: {refused}"),
        &format!("=> a@a.example {here} C=\"250 OK\""),
        &format!("-> b@a.example {here} C=\"250 OK\""),
        &format!("** d@a.example {here} : SMTP error from remote mail server after RCPT TO:<d@a.example>: 550 no"),
    ]);
    assert_eq!(
        weights(&text),
        [
            "1 deferral weight=1 rcpts=1",
            "2 delivered weight=0 rcpts=1",
            "3 delivered weight=0 rcpts=1",
            "4 rejection weight=0 rcpts=1"
        ]
    );
    // More recipients than fit into one transaction: a second `=>`.
    let text = of(&[
        &format!("=> a@a.example {here} C=\"250 OK 1\""),
        &format!("-> b@a.example {here} C=\"250 OK 1\""),
        &format!("=> c@a.example {here}* C=\"250 OK 2\""),
    ]);
    assert_eq!(
        weights(&text),
        ["1 delivered weight=1 rcpts=1", "2 delivered weight=0 rcpts=1", "3 delivered weight=1 rcpts=1"]
    );
    // Two connections by their port, at one host and in one second.
    let with_port = |address: &str, port: u16| {
        format!(
            "== {address} R=r T=t defer (-44) H=mx.a.example [10.77.0.1]:25 I=[203.0.113.10]:{port} DT=0.000s: {refused}"
        )
    };
    let text = of(&[&with_port("a@a.example", 1000), &with_port("b@a.example", 1000), &with_port("c@a.example", 1001)]);
    assert_eq!(
        weights(&text),
        ["1 deferral weight=1 rcpts=1", "2 deferral weight=0 rcpts=1", "3 deferral weight=1 rcpts=1"]
    );
    // No host was reached for either.
    let text = of(&[
        "H=mx.a.example [10.77.0.1] Connection refused",
        "== a@a.example R=dnslookup T=remote_smtp defer (111): Connection refused",
        "== b@a.example R=dnslookup T=remote_smtp defer (111): Connection refused",
    ]);
    assert_eq!(weights(&text), ["2 connect_failure weight=1 rcpts=1", "3 connect_failure weight=0 rcpts=1"]);
    // Refused recipients at a host that is not the last (the suite's 0365) have a line each.
    let text = of(&[
        "H=mx1.a.example [10.77.0.1] SMTP error from remote mail server after RCPT TO:<a@a.example>: 451 Recipient deferred",
        "H=mx1.a.example [10.77.0.1] SMTP error from remote mail server after RCPT TO:<b@a.example>: 451 Recipient deferred",
        "=> a@a.example R=r T=t H=mx2.a.example [10.77.0.2] C=\"250 OK\"",
        "-> b@a.example R=r T=t H=mx2.a.example [10.77.0.2] C=\"250 OK\"",
        "Completed",
    ]);
    assert_eq!(
        weights(&text),
        [
            "1 deferral weight=1 rcpts=0",
            "2 deferral weight=0 rcpts=0",
            "3 delivered weight=1 rcpts=1",
            "4 delivered weight=0 rcpts=1"
        ]
    );
}

#[test]
fn a_failure_waits_a_minute_for_its_recipient() {
    // Recorded hosts; the times are those of a first host that fails at once and a last that hangs.
    let lines = |second: &str| {
        format!(
            "2026-11-24 03:06:00 1xVgrE-00000000069-1BRN H=mx1.a.example [10.77.1.5] Connection refused\n\
             {second} 1xVgrE-00000000069-1BRN == a@a.example R=r T=out defer (111): Connection refused\n"
        )
    };
    assert_eq!(weights(&lines("2026-11-24 03:07:00")), ["2 connect_failure weight=1 rcpts=1"]);
    let apart = ["1 connect_failure weight=1 rcpts=0", "2 connect_failure weight=1 rcpts=1"];
    assert_eq!(weights(&lines("2026-11-24 03:07:01")), apart);
    assert_splits_agree(&Exim, lines("2026-11-24 03:07:00").as_bytes());
    assert_splits_agree(&Exim, lines("2026-11-24 03:07:01").as_bytes());
}

#[test]
fn a_message_that_left_without_an_outcome_is_said() {
    // oss trap 20. Recorded: 4.100.
    let vanished = |log: &[u8]| -> Vec<u64> {
        let told = read(&Exim, &[log]);
        told.notes.iter().filter(|(note, ..)| *note == Note::Vanished).map(|(_, line, _)| *line).collect()
    };
    let log = recorded("exim41001-default");
    let of_message = |l: &&[u8]| memchr::memmem::find(l, b"1xVgrD-0000000005J-0cr3").is_some();
    let lines: Vec<u8> = lines_of(&log).filter(of_message).flat_map(|l| [l, b"\n"].concat()).collect();
    assert_eq!(lines_of(&lines).count(), 4);
    assert_eq!(vanished(&lines), [4]);
    assert_eq!(read(&Exim, &[&lines]).events, Vec::<String>::new());
    assert_eq!(vanished(&log).len(), 1);
    // Even where its arrival is in the file before.
    let first = memchr::memchr(b'\n', &lines).expect("a line") + 1;
    assert_eq!(vanished(&lines[first..]), [3]);
    // Of Exim's test suite: refused recipients (1166), a cutthrough delivery (5410), a local one.
    for lines in [
        "\
2017-07-30 18:51:05.712 1xVgrD-0000000005J-0cr3 <= sender@source.dom U=root Ci=1235 P=local-bsmtp S=400 for f1@test.ex
2017-07-30 18:51:05.712 1xVgrD-0000000005J-0cr3 peer close after all rcpt responses; converting i/o-error to no-error
2017-07-30 18:51:05.712 1xVgrD-0000000005J-0cr3 ** f1@test.ex R=to_server T=remote_smtp H=127.0.0.1 [127.0.0.1] X=TLS1.2:ke-RSA-AES256-SHA:256 CV=yes : SMTP error from remote mail server after RCPT TO:<f1@test.ex>: 550 we really do not like you
2017-07-30 18:51:05.712 1xVgrD-0000000005J-0cr3 f1@test.ex: error ignored
2017-07-30 18:51:05.712 1xVgrD-0000000005J-0cr3 Completed
",
        "\
2026-11-24 09:44:33 1xVgrD-0000000005J-0cr3 >> userx@domain.com R=all T=smtp H=127.0.0.1 [127.0.0.1] X=TLS1.2:ke-RSA-AES256-SHA:256 CV=no C=\"250 OK id=10HmaY-000000005vi-0000\"
2026-11-24 09:44:33 1xVgrD-0000000005J-0cr3 <= CALLER@myhost.test.ex U=CALLER P=local-esmtp S=400
2026-11-24 09:44:33 1xVgrD-0000000005J-0cr3 Completed
",
        "\
2026-11-24 09:44:33 1xVgrD-0000000005J-0cr3 <= CALLER@myhost.test.ex U=CALLER P=local S=400
2026-11-24 09:44:33 1xVgrD-0000000005J-0cr3 => userx <userx@test.ex> R=localuser T=local_delivery
2026-11-24 09:44:33 1xVgrD-0000000005J-0cr3 Completed
",
    ] {
        assert_eq!(vanished(lines.as_bytes()), Vec::<u64>::new(), "{lines}");
    }
}

#[test]
fn a_storm_of_retry_hints_is_not_remembered() {
    // Recorded: 4.96, the form of its default log_selector with deliver_time.
    let text =
        "== x@gmail.com R=out T=remote_smtp defer (-54) DT=0.000s: retry time not reached for any host for 'gmail.com'";
    let log: String =
        (0..3000).map(|n| format!("2026-11-24 03:06:{:02} 1xVgFa-{n:06}-00 {text}\n", n / 1000)).collect();
    let clock = crate::formats::logs::LogClock::new(crate::time::Zone::UTC, None);
    let mut reader = Exim.reader(Opening::again(Exhibit(1), clock));
    let mut told = Told::default();
    reader.read(log.as_bytes(), &mut told);
    assert_eq!(told.events.len(), 3000);
    assert!(told.events.iter().all(|e| e.contains("local by sender at unknown") && e.contains("weight=1")));
    assert!(reader.finish().ends.by_key.is_empty());
}

#[test]
fn the_zone_and_the_year_are_in_the_ids() {
    let survey = |text: &[u8]| Exim.survey(Head { bytes: text, whole: true });
    let log = recorded("exim41001-default");
    let own = survey(&log);
    assert!(own.dated && !own.zoned && own.node.is_none());
    assert_eq!(own.offset_s, Some(0));
    assert!(survey(&recorded("exim496-all")).zoned);
    // The clock of New York, and no date but syslog's: Gmail's clock is left out.
    let syslog: Vec<u8> = lines_of(&in_syslog(&log, false, false))
        .filter(|l| memchr::memmem::find(l, b" OK ").is_none())
        .flat_map(|l| [b"Nov 23 22", &l[9..], b"\n"].concat())
        .collect();
    let found = survey(&syslog);
    assert_eq!((found.offset_s, found.offset_by_ids), (Some(-5 * 3600), true));
    assert_eq!(found.near.map(|at| at.to_second()), Some("2026-11-24T03:06:07Z".to_owned()));
    assert_eq!(found.node.as_deref(), Some("mta1"));
}

#[test]
fn containers_keep_exims_own_stamp() {
    // Shape: Docker's json-file driver around a recorded line, and around its `==`.
    let line =
        |text: &str| format!("{{\"log\":\"{text}\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-24T03:06:11.5Z\"}}\n");
    let log = [
        line("2026-11-23 22:06:11 1xVgrD-0000000005g-2jN2 H=mx.refused.example [10.77.0.42] Connection refused"),
        line("2026-11-23 22:06:11 1xVgrD-0000000005g-2jN2 == user@refused.example R=dnslookup T=remote_smtp defer (Connection refused)"),
    ]
    .concat();
    let head = Head { bytes: log.as_bytes(), whole: true };
    let formats: &[&'static dyn crate::formats::logs::LogFormat] = crate::formats::logs::LOG_FORMATS;
    let (shape, why) = crate::formats::logs::LogShape::recognise(head, formats.iter().copied()).expect("a log");
    assert_eq!(why, "2 of its first 2 lines are about messages of Exim; in Docker json-file");
    let mut told = Told::default();
    let clock = crate::formats::logs::LogClock::new(crate::time::Zone::UTC, None);
    let mut reader = shape.reader(Opening::again(Exhibit(1), clock.clone()));
    reader.read(log.as_bytes(), &mut told);
    crate::formats::logs::join(shape.format, &clock, vec![reader.finish().ends], &mut told);
    assert_eq!(told.events.len(), 1);
    assert!(told.events[0].starts_with("2 2026-11-24T03:06:11.500Z connect_failure"), "{:?}", told.events);
}

#[test]
fn what_the_selectors_leave_out_is_said() {
    let not_seen = |variant: &str| {
        let told = read(&Exim, &[&recorded(variant)]);
        Exim.not_seen(&|note| told.notes.iter().any(|(seen, ..)| *seen == note)).len()
    };
    assert_eq!(VARIANTS.map(not_seen), [5, 5, 0, 3]);
}

#[test]
fn who_is_recognised() {
    let claims = |text: &str| Exim.recognise(Head { bytes: text.as_bytes(), whole: true }).is_some();
    assert!(claims("2026-11-24 03:06:07 1xVgr9-0000000002A-2Xo9 Completed\n"));
    assert!(claims("Nov 24 03:06:07 mta1 exim4[7]: 1xVgDE-000026-2z => a@b.example R=r T=t H=mx [10.0.0.1]\n"));
    for text in [
        // Of fail2ban's and Exim's test files: arrivals that were turned away, daemons.
        "2013-06-10 10:10:59 H=ufficioestampa.it (srv.ufficioestampa.it) [193.169.56.211] sender verify fail for <user@example.com>: Unrouteable address\n",
        "2026-11-24 03:06:07 Start queue run: pid=1234 -qf\n2026-11-24 03:06:07 cwd=/ 6 args: /usr/sbin/exim4\n",
        "Nov 24 03:46:50 mta1 postfix/smtp[3870]: 10EC11CADB: to=<a@gmail.com>, relay=none, status=deferred (x)\n",
        "2026-11-24 03:06:07,1xVgr9-0000000002A-2Xo9,5\n",
        "# Notes\nThe log says:\n2026-11-24 03:06:07 1xVgr9-0000000002A-2Xo9 Completed\nand no more.\n",
        "",
    ] {
        assert!(!claims(text), "{text}");
    }
}
