//! What is kept of a log: the lines of its open sessions, whatever stands in it.

use super::Postfix;
use crate::formats::logs::testing::{Told, assert_splits_agree, events};
use crate::formats::logs::{LogClock, LogFormat as _, Opening};
use crate::intake::Exhibit;
use crate::time::Zone;

/// Reads a file, and counts the lines that it keeps for its neighbours.
fn kept_of(lines: impl Iterator<Item = String>) -> (usize, Told) {
    let mut told = Told::default();
    let mut reader = Postfix.reader(Opening::again(Exhibit(1), LogClock::new(Zone::UTC, None)));
    for line in lines {
        reader.read(line.as_bytes(), &mut told);
    }
    (reader.finish().ends.by_key.values().map(|e| e.head.len() + e.tail.len()).sum(), told)
}

/// A line of one process within a few seconds.
fn by_one(n: u32, text: &str) -> String {
    format!("2026-11-24T03:00:{:02}Z mta1 postfix/smtp[1000]: {text}\n", n / 4000)
}

/// Recorded: what Postfix 3.7 writes of a recipient that a greylist turns away.
fn greylisted(id: u32, user: u32) -> String {
    format!(
        "{id:010X}: to=<u{user}@a.example>, relay=mx.a.example[10.77.0.9]:25, delay=1, delays=0/0/1/0, dsn=4.7.1, status=deferred (host mx.a.example[10.77.0.9] said: 450 4.7.1 Greylisted (in reply to RCPT TO command))"
    )
}

fn sent(id: u32) -> String {
    format!(
        "{id:010X}: to=<u@a.example>, relay=mx.a.example[10.77.0.9]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)"
    )
}

#[test]
fn memory_is_that_of_half_an_hour() {
    // A process for each message, over many hours: the edges hold those of the first and last half hours.
    let (kept, told) = kept_of((0..60_000).map(|n| {
        let (hour, minute, second) = (n / 3600, n / 60 % 60, n % 60);
        format!("2026-11-24T{hour:02}:{minute:02}:{second:02}Z mta1 postfix/smtp[{n}]: {}\n", sent(n))
    }));
    assert!(kept < 30_000, "{kept} of 60,000 lines");
    assert!(told.events.len() > 57_000, "{}", told.events.len());
}

#[test]
fn a_process_that_meets_nothing_but_refusals_keeps_few_lines() {
    // Two deliveries fix its state, as with any other outcome.
    let (kept, told) = kept_of((0..16_000).map(|n| by_one(n, &greylisted(n, n))));
    assert!(kept <= 6, "{kept}");
    assert_eq!(told.events.len(), 16_000 - 2);
    // Those that follow on others.
    let before = [by_one(0, &sent(0xAA)), by_one(0, &sent(0xAB))].into_iter();
    let (kept, told) = kept_of(before.chain((0..16_000).map(|n| by_one(n, &greylisted(n, n)))));
    assert!(kept <= 6, "{kept}");
    assert_eq!(told.events.len(), 16_000 - 1);
}

#[test]
fn a_message_to_very_many_recipients_keeps_few_lines() {
    // One message at the beginning of a file, refused and accepted, in one transaction or many.
    let transactions = |n: u32, text: String| text.replace("/0/1/0", &format!("/0/{}/0", n / 50));
    for (of_one, texts) in [(true, [greylisted(1, 0), sent(1)]), (false, [greylisted(1, 0), sent(1)])] {
        for text in texts {
            let line = |n| if of_one { text.clone() } else { transactions(n, text.clone()) };
            let (kept, told) = kept_of((0..16_000).map(|n| by_one(n, &line(n))));
            assert!(kept <= if of_one { 1100 } else { 60 }, "{kept}: {text}");
            assert!(told.events.len() >= 16_000 - 1100, "{}", told.events.len());
        }
    }
}

#[test]
fn tries_that_never_end_keep_few_lines() {
    let tried = |n| {
        let host = n % 7;
        format!(
            "{:010X}: host mx{host}.a.example[10.77.0.{host}] said: 450 4.7.1 Greylisted (in reply to RCPT TO command)",
            n / 5
        )
    };
    let (kept, _) = kept_of((0..16_000).map(|n| by_one(n, &tried(n))));
    assert!(kept <= 1200, "{kept}");
}

#[test]
fn refusals_across_files_count_as_in_one() {
    let established = |host| {
        format!(
            "Trusted TLS connection established to {host}.a.example[10.77.0.9]:25: TLSv1.3 with cipher X (256/256 bits)"
        )
    };
    let said = |id: u32, host| {
        format!("{id:010X}: host {host}.a.example[10.77.0.9] said: 450 4.7.1 Greylisted (in reply to RCPT TO command)")
    };
    let lost = greylisted(7, 1).replace("said: 450 4.7.1 Greylisted (in reply to", "said: 421 4.7.0 Bye (in reply to");
    let closed = "0000000007: to=<u9@a.example>, relay=mx.a.example[10.77.0.9]:25, delay=1, delays=0/0/1/0, dsn=4.4.2, status=deferred (lost connection with mx.a.example[10.77.0.9] while sending RCPT TO)";
    let lines = [
        greylisted(1, 1),
        greylisted(1, 2),
        sent(1),
        greylisted(2, 1),
        established("mx"),
        greylisted(3, 1),
        greylisted(3, 2),
        greylisted(4, 1),
        established("mx2"),
        said(5, "mx2"),
        greylisted(5, 2).replace("relay=mx.", "relay=mx2.").replace("host mx.", "host mx2."),
        established("mx"),
        sent(5),
        said(6, "mx2"),
        established("mx"),
        greylisted(6, 1),
        lost,
        closed.to_owned(),
        greylisted(8, 1),
        greylisted(9, 1),
    ];
    let text: String = (0..).zip(&lines).map(|(n, line)| by_one(n, line)).collect();
    assert_splits_agree(&Postfix, text.as_bytes());
}

#[test]
fn a_refusal_rests_on_the_lines_of_its_own_session() {
    let established = |ip| {
        format!(
            "Trusted TLS connection established to mx.a.example[10.77.0.{ip}]:25: TLSv1.3 with cipher X (256/256 bits)"
        )
    };
    let at = |ip: &str, line: String| line.replace("10.77.0.9", ip);
    let lines = [established(8), at("10.77.0.8", greylisted(1, 1)), established(9), greylisted(2, 1), greylisted(3, 1)];
    let text: String = (0..).zip(&lines).map(|(n, line)| by_one(n, line)).collect();
    let short = |e: &String| {
        let word = |w: &str| e.split(' ').find(|x| x.starts_with(w)).unwrap_or_default().to_owned();
        [word("tls="), word("lines="), word("weight=")].join(" ")
    };
    assert_eq!(
        events(&Postfix, &text).iter().map(short).collect::<Vec<_>>(),
        [
            "tls=established lines=2 weight=1",
            "tls=established lines=2 weight=1",
            // A connection that is used again logs nothing of its TLS.
            "tls=unknown lines=1 weight=1",
        ]
    );
}
