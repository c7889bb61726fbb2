//! What logs tell of each acceptance: how long the message had waited, and whether its connection
//! was opened for it.

use super::{Event, LogClock, LogFormat, LogShape, Opening, Pulse, Sink, Wrapping, exchange, exim, haraka, kumomta};
use super::{opensmtpd, postfix, powermta, sendmail};
use crate::formats::Head;
use crate::intake::Exhibit;
use crate::time::{Minute, Zone};

/// Of each acceptance.
#[derive(Default)]
struct Waits(Vec<(Option<u64>, Option<bool>)>);

impl Sink for Waits {
    fn event(&mut self, event: &Event<'_>) {
        if event.outcome == crate::smtp::Outcome::Delivered && event.weight > 0 {
            self.0.push((event.waited_ms, event.opened));
        }
    }
    fn heard(&mut self, _: Minute, _: Pulse) {}
    fn unrecognised(&mut self, _: u64, _: &[u8]) {}
}

fn of(format: &dyn LogFormat, log: &[u8]) -> Vec<(Option<u64>, Option<bool>)> {
    let near = format.survey(Head { bytes: log, whole: true }).near;
    let opening = Opening::again(Exhibit(1), LogClock::new(Zone::UTC, near));
    let mut reader = LogShape { format, wrapping: Wrapping::None }.reader(opening);
    let mut waits = Waits::default();
    reader.read(log, &mut waits);
    reader.end_of_file(&mut waits);
    let done = reader.finish();
    super::join(format, &LogClock::new(Zone::UTC, near), vec![done.ends], &mut waits);
    waits.0
}

// Template of postfix(1): `conn_use=` where a connection carries more than one message.
#[test]
fn postfix_tells_the_wait_and_the_place_in_the_connection() {
    let line = |pid, fields: &str| {
        format!(
            "2026-11-24T03:00:0{pid}+00:00 mta1 postfix/smtp[{pid}]: 8B1DC9F6A5D{pid}: to=<u@gmail.com>, relay=mx.example[10.0.0.1]:25, {fields}, dsn=2.0.0, status=sent (250 2.0.0 OK)\n"
        )
    };
    let log = line(1, "delay=62, delays=61.5/0.13/0.32/0.05")
        + &line(2, "conn_use=2, delay=0.2, delays=0.1/0/0/0.1")
        + &line(3, "delay=0.3");
    assert_eq!(
        of(&postfix::Postfix, log.as_bytes()),
        [(Some(62_000), Some(true)), (Some(200), Some(false)), (None, Some(true))]
    );
}

// Recorded, 4.96 with all selectors; the second line with the asterisk of a connection that stood.
#[test]
fn exim_tells_both_where_its_selectors_do() {
    let line = |id, host: &str, spans: &str| {
        format!(
            "2026-11-24 02:26:43.353 +0000 [227] 1xVgF2-00003d-{id} => u@ok.example R=dnslookup T=remote_smtp H=mx.ok.example [10.77.0.16]{host} C=\"250 2.0.0 OK\"{spans}\n"
        )
    };
    let log = line("2I", ":25", " QT=1m0.107s DT=0.044s") + &line("2J", "*", " QT=2s") + &line("2K", ":25", "");
    assert_eq!(
        of(&exim::Exim, log.as_bytes()),
        [(Some(60_107), Some(true)), (Some(2000), Some(false)), (None, Some(true))]
    );
}

#[test]
fn recorded_and_documented_logs_of_the_others_tell_the_wait() {
    let smtpd = include_bytes!("../../../tests/data/logs/opensmtpd/6.8.log");
    let found = of(&opensmtpd::OpenSmtpd, smtpd);
    assert_eq!(found[..2], [(Some(0), Some(true)), (Some(1000), Some(true))]);
    let default = include_bytes!("../../../tests/data/logs/haraka/default.log");
    assert!(of(&haraka::Haraka, default).contains(&(Some(335), None)));
    let json = br#"{"type":"Delivery","id":"1d98076abbbc11ed940250ebf67f93bd","recipient":"user@gmail.com","queue":"gmail.com","site":"s","response":{"code":250,"enhanced_code":null,"content":"OK","command":"."},"peer_address":{"name":"mx.","addr":"142.251.2.27"},"timestamp":1757675281,"created":1757675221,"session_id":"9bcd689e-23d9-41b7-a015-63a1382f8b57"}"#;
    assert_eq!(of(&kumomta::KumoMta, json), [(Some(60_000), None)]);
    let spelt = String::from_utf8_lossy(json).replace("1757675221", "\"2025-09-12\"");
    assert_eq!(of(&kumomta::KumoMta, spelt.as_bytes()), [(None, None)], "another version's");
    let accounting = "type,timeLogged,timeQueued,rcpt,dsnStatus,dsnDiag,dsnMta,vmta\n\
        d,2017-09-07 11:01:00-0400,2017-09-07 11:00:00-0400,u@gmail.com,2.0.0,smtp;250 OK,mx.example (192.0.2.1),v\n";
    assert_eq!(of(&powermta::Accounting, accounting.as_bytes()), [(Some(60_000), None)]);
    let sent = "Nov 24 02:47:29 mta1 sm-mta[152]: 6AO2RW5K000153: to=<u@gmail.com>, delay=00:01:02, xdelay=00:00:01, mailer=esmtp, pri=1, relay=mx.example. [10.0.0.1], dsn=2.0.0, stat=Sent (OK)\n";
    assert_eq!(of(&sendmail::Sendmail, sent.as_bytes()), [(Some(62_000), None)]);
}

/// Two messages over one connection, by the documented rows of a Send protocol log.
#[test]
fn exchange_tells_which_message_opened_the_session() {
    let rows = [
        ("+", ""),
        ("<", "220 mx.example ESMTP"),
        (">", "EHLO mta1"),
        ("<", "250 mx.example"),
        (">", "MAIL FROM:<a@b.example>"),
        ("<", "250 OK"),
        (">", "RCPT TO:<u@gmail.com>"),
        ("<", "250 OK"),
        (">", "DATA"),
        ("<", "354 Go on"),
        ("<", "250 2.0.0 OK"),
        (">", "MAIL FROM:<a@b.example>"),
        ("<", "250 OK"),
        (">", "RCPT TO:<v@gmail.com>"),
        ("<", "250 OK"),
        (">", "DATA"),
        ("<", "354 Go on"),
        ("<", "250 2.0.0 OK"),
        (">", "QUIT"),
        ("<", "221 bye"),
        ("-", ""),
    ];
    let row = |(n, (event, data)): (usize, &(&str, &str))| {
        format!(
            "2026-11-24T03:00:{n:02}.000Z,Outbound,08DD0C0000000001,{n},10.0.0.5:1000,192.0.2.1:25,{event},{data},\n"
        )
    };
    let log = rows.iter().enumerate().map(row).collect::<Vec<_>>().concat();
    assert_eq!(of(&exchange::Exchange, log.as_bytes()), [(None, Some(true)), (None, Some(false))]);
}
