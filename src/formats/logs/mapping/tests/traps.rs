//! The numbers are those of the page that collects what trips readers of senders' exports.

use super::*;
use crate::formats::logs::testing::{Told, read};
use crate::formats::logs::{LOG_FORMATS, LogClock, LogFormat as _, Note};
use crate::intake::Exhibit;
use crate::smtp::{Reply, meaning_of};
use crate::time::Zone;

fn mapping(id: &str) -> &'static Mapping {
    shipped().iter().find(|m| m.id() == id).expect("a shipped mapping")
}

/// What a mapping tells of a text, its events as sentences without line numbers.
fn told(id: &str, text: &str) -> (Vec<String>, Accounting, Told) {
    read_with(mapping(id), text)
}

fn read_with(mapping: &Mapping, text: &str) -> (Vec<String>, Accounting, Told) {
    let mut told = Told::default();
    let clock = LogClock::new(Zone::UTC, None);
    let mut reader = mapping.telling_reader(Opening::again(Exhibit(1), clock));
    reader.reader().read(text.as_bytes(), &mut told);
    reader.reader().end_of_file(&mut told);
    let events = told.events.iter().filter_map(|e| Some(e.split_once(' ')?.1.to_owned())).collect();
    (events, reader.accounting(), told)
}

/// The only event of a text.
fn one(id: &str, text: &str) -> String {
    let (events, accounting, _) = told(id, text);
    assert_eq!((events.len(), accounting.unrecognised), (1, 0), "{events:#?}");
    events.into_iter().next().unwrap_or_default()
}

// esp trap 27
#[test]
fn momentum_has_its_separator_in_texts_and_two_lengths_of_stamps() {
    let head = "00/00-25593-CBD987F3@00/00-03736-F4101B54@00/00-04532-A3456B54";
    let text = format!(
        "1064869327@{head}@P@example.fict@0@g@b@5@0@1@10.0.0.1@550 5.1.1 <user@example.fict>: no such user @ here\n"
    );
    assert!(one("momentum-mainlog", &text).contains("reply=550 5.1.1 <user@example.fict>: no such user @ here"));
    let text = format!(
        "1064868656@{head}@R@bob@odd@example.fict@info@postalengine.com@10.0.1.1@201@esmtp@default@default\n1251470342@@@@M\n1251470342@@@@M1\n1064871280@{head}@X@postalengine.com@266@g@b@0@0.393@10.0.0.1\n1064868656123456@{head}@D@example.fict@9@g@b@0@1@10.0.0.1\n"
    );
    let (events, accounting, told) = told("momentum-mainlog", &text);
    assert_eq!((events.len(), accounting.used, accounting.irrelevant), (1, 1, 4));
    assert!(events[0].starts_with("2003-09-29T20:50:56.123Z delivered"), "{events:#?}");
    assert_eq!(told.heard, 5, "heartbeats tell that the log was running");
    // It can imitate Postfix; then it is Postfix's reader that claims it.
    let postfix = "Nov  3 10:12:45 mta1 postfix/smtp[1]: 4A: to=<a@b>, relay=none, status=deferred (x)\n";
    assert!(mapping("momentum-mainlog").recognise(Head { bytes: postfix.as_bytes(), whole: true }).is_none());
}

// esp trap 28
#[test]
fn mailerq_repeats_earlier_attempts_in_each_export() {
    let first = r#"{"state":"intro","result":"error","time":"2016-02-04 13:45:15","from":"1.2.3.4","to":"10.11.12.13","code":451,"description":"later"}"#;
    let second = r#"{"state":"message","result":"accepted","time":"2016-02-04 14:01:25","from":"1.2.3.4","to":"10.11.12.14","code":250,"description":"ok"}"#;
    let text = format!(
        "{{\"recipient\":\"a@example.org\",\"results\":[{first}]}}\n{{\"recipient\":\"a@example.org\",\"results\":[{first},{second}]}}\n{{\"recipient\":\"b@example.org\",\"results\":[{first}]}}\n"
    );
    let (events, accounting, _) = told("mailerq", &text);
    assert_eq!((events.len(), accounting.used), (3, 3), "{events:#?}");
}

// esp trap 29
#[test]
fn what_the_sender_decided_is_no_receivers_verdict() {
    let greenarrow = r#"{"timestamp":1793700765,"channel":"remote","status":"connmaxout","msguid":"1","recipient":"a@gmail.com","message":""}"#;
    assert!(one("greenarrow", greenarrow).contains(" local by sender "));
    let postal = r#"{"event":"MessageHeld","timestamp":1606753101.3,"payload":{"message":{"token":"c","to":"a@example.com"},"status":"Held","details":"held","output":"421 x"},"uuid":"3"}"#;
    assert!(one("postal", postal).contains(" local by sender "));
    let (events, accounting, _) =
        told("sendgrid", r#"{"email":"a@b","timestamp":1513299569,"event":"processed","sg_event_id":"x"}"#);
    assert_eq!((events.len(), accounting.irrelevant), (0, 1));
}

// esp trap 30
#[test]
fn a_delivery_without_tls_is_told_as_such() {
    let postal = r#"{"event":"MessageSent","timestamp":1606753101.9,"payload":{"message":{"token":"a","to":"user@example.com"},"status":"Sent","details":"Message for user@example.com accepted by 198.51.100.25:25 (mx1.example.com)","output":"250 ok","sent_with_ssl":false,"timestamp":1606753101.8},"uuid":"1"}"#;
    assert!(one("postal", postal).contains("delivered by receiver at end_of_data tls=none"));
    // What a log cannot tell of the attempt before, its mapping says.
    for id in ["postal", "zonemta"] {
        assert!(mapping(id).silent_on().iter().any(|s| s.contains("retry in clear text")), "{id}");
    }
}

/// That no reader and no shipped mapping takes a text for its own.
fn assert_claimed_by_none(text: &str) {
    let head = Head { bytes: text.as_bytes(), whole: true };
    assert!(LOG_FORMATS.iter().all(|format| format.recognise(head).is_none()), "{text}");
    assert!(shipped().iter().all(|mapping| mapping.recognise(head).is_none()), "{text}");
}

// esp trap 33: no mapping is shipped for IIS; one of a user's gets the reply whole, commas and
// all, and the day and month right. A command has two lines, and only its answer is one.
#[test]
fn iis_separates_by_commas_that_its_replies_hold_unquoted() {
    // Form: the log file format of IIS; the two names are those that its SMTP service writes.
    let line = |kind: &str, text: &str| {
        format!("142.251.2.27, {kind}, 4/23/2009, 9:47:02, SMTPSVC1, MTA1, -, 47, 0, 114, 0, 0, -, -, {text},\n")
    };
    let command = line("OutboundConnectionCommand", "MAIL, FROM:<news@sender.example>");
    let answer = line("OutboundConnectionResponse", "421 4.7.0 Try again later, closing connection, please - gsmtp");
    let log = format!("{command}{answer}");
    assert_claimed_by_none(&log);
    let example = serde_json::to_string(&answer).expect("JSON");
    let mapping = good(&with(&format!(
        "container: {{kind: lines, lines: {{pattern: '^(?P<ip>\\S+), OutboundConnection(?P<kind>Command|Response), (?P<at>\\S+, \\S+), (?:[^,]*, ){{10}}(?P<reply>.*),$'}}}}\n\
         time: {{field: at, formats: ['strptime:%m/%d/%Y, %H:%M:%S'], zone: ask}}\n\
         select: {{ignore: [{{when: {{field: kind, in: [Command]}}, reason: no answer}}]}}\n\
         fields: {{mx_ip: {{from: ip}}, reply: {{from: reply}}}}\nexamples:\n{}",
        format!("  - {{input: {example}, expect: {{outcome: deferral, time: \"2009-04-23T09:47:02Z\"}}}}\n").repeat(3)
    )));
    let (events, accounting, _) = read_with(&mapping, &log);
    assert_eq!((events.len(), accounting.used, accounting.irrelevant), (1, 1, 1), "{events:#?}");
    assert!(events[0].contains(" mx=[142.251.2.27] "), "{events:#?}");
    assert!(
        events[0].contains("reply=421 4.7.0 Try again later, closing connection, please - gsmtp detail="),
        "{events:#?}"
    );
    assert!(mapping.asks_for_zone(), "its clock is the server's");
}

// esp trap 34: nor for hMailServer. What came in is another's session, lines of the connection
// lack a column, and `[nl]` ends the lines of a reply.
#[test]
fn hmailserver_writes_line_ends_as_nl_and_both_directions_alike() {
    // Form: hMailServer's Logger.cpp.
    let line = |head: &str, text: &str| format!("{head}\t\"2026-11-03 10:12:45.409\"\t\"142.251.2.27\"\t\"{text}\"\n");
    let lines = "RECEIVED: 421-4.7.28 Gmail has detected an unusual rate of mail originating from your IP[nl]421 4.7.28 address [192.0.2.1      15]. To protect our users u2si198147pgp.592 - gsmtp";
    let answer = line("\"SMTPC\"\t4711\t23", lines);
    let inbound = line("\"SMTPD\"\t4711\t24", "RECEIVED: 421 4.7.0 what a client says");
    let sent = line("\"SMTPC\"\t4711\t23", "SENT: QUIT");
    let connection = "\"TCPIP\"\t4711\t\"2026-11-03 10:12:45.409\"\t\"TCPConnection - TLS/SSL handshake failed. Session Id: 23, Remote IP: 142.251.2.27, Error code: 336, Message: 421 x\"\n";
    let log = [&answer, &inbound, &sent, connection].concat();
    assert_claimed_by_none(&log);
    let example = serde_json::to_string(&answer).expect("JSON");
    let mapping = good(&with(&format!(
        "container: {{kind: lines, lines: {{pattern: '^\"SMTPC\"\\t\\d+\\t(?P<session>\\d+)\\t\"(?P<at>[^\"]+)\"\\t\"(?P<ip>[^\"]+)\"\\t\"RECEIVED: (?P<reply>.*)\"$', unmatched: ignore}}}}\n\
         time: {{field: at, formats: ['strptime:%Y-%m-%d %H:%M:%S.%f'], zone: ask}}\n\
         fields: {{mx_ip: {{from: ip}}, reply: {{from: reply}}, session: {{from: session}}}}\nexamples:\n{}",
        format!("  - {{input: {example}, expect: {{outcome: deferral, time: \"2026-11-03T10:12:45.409Z\"}}}}\n")
            .repeat(3)
    )));
    let (events, accounting, _) = read_with(&mapping, &log);
    assert_eq!((events.len(), accounting.used, accounting.irrelevant), (1, 1, 3), "{events:#?}");
    let reply = events[0].split("reply=").nth(1).and_then(|r| r.split(" detail=").next()).expect("a reply");
    assert_eq!(meaning_of(&Reply::parse(reply)).id, "R01", "{reply}");
}

/// What Haraka keeps of a recipient from try to try is in the records of its plugins.
#[test]
fn harakas_own_verdict_and_a_receivers_words_of_another_try_are_no_answer() {
    let row = |kind: &str, status: &str, text: &str| {
        format!(
            "{kind}\t2026-11-03 10:12:45\t2026-11-03 10:12:41\tuser@gmail.com\tmta1\t203.0.113.10\t - \tB3D5DE63-94AB-4825-B43F-2FB11E89261B.1.1\t{status}\t{text}\t64\t\r\n"
        )
    };
    for (kind, status, text, wanted) in [
        ("df", "undefined", "4.7.28 slow down", "deferral by receiver"),
        ("df", "undefined", "undefined", "unclassified by unknown"),
        ("df", "550", "undefined", "unclassified by unknown"),
        ("df", "550", "4.7.28 slow down", "unclassified by unknown"),
        ("b", "550", "450 4.2.1 slow down", "unclassified by unknown"),
        ("b", "550", "550 5.1.1 nobody", "rejection by receiver"),
        ("b", "550", "550 Tried all MXs gmail.com", "unclassified by unknown"),
        ("b", "550", "550 No MX for gmail.com", "local by sender"),
        ("b", "undefined", "421 undefined 4.7.28 slow down", "deferral by receiver"),
        ("b", "undefined", " - ", "unclassified by unknown"),
    ] {
        let told = one("haraka-accounting", &row(kind, status, text));
        assert!(told.contains(wanted) && !told.contains("undefined"), "{kind} {status} {text}: {told}");
    }
    let given_up = one("haraka-accounting", &row("b", "undefined", "421 undefined 4.7.28 slow down"));
    assert!(given_up.contains("reply=421 4.7.28 slow down"), "{given_up}");
    // A header's value goes into the file with its line end.
    let broken = row("df", "undefined\tnews\n", "4.7.28 slow down");
    let (events, accounting, _) = told("haraka-accounting", &broken);
    assert_eq!((events.len(), accounting.used, accounting.unrecognised), (1, 1, 1), "{events:#?}");

    let record = |kind: &str, rest: &str| {
        format!(
            r#"{{"level":"info","time":"2026-11-03T10:12:45.120Z","hostname":"mta1","name":"outbound_logger","type":"{kind}","job_id":"B3D5DE63-94AB-4825-B43F-2FB11E89261B.1.1","recipient":"user@gmail.com",{rest}}}"#
        )
    };
    for (kind, rest, wanted) in [
        // No MX host took the first try; the second was answered.
        (
            "deferred",
            r#""dsn_status":"421","dsn_message":"4.7.28 slow down","dsn_action":"delayed","undelivered_reason":"550 - Tried all MXs gmail.com""#,
            "deferral by receiver",
        ),
        (
            "deferred",
            r#""dsn_status":"450","dsn_message":"slow down","dsn_action":"failed","undelivered_reason":"450 4.2.1 slow down""#,
            "unclassified by unknown",
        ),
        (
            "deferred",
            r#""dsn_status":"421","dsn_message":"4.7.28 slow down","dsn_action":"delayed","undelivered_reason":"450 - DNS lookup failure: gmail.com""#,
            "unclassified by unknown",
        ),
        ("deferred", r#""undelivered_reason":"unknown error""#, "unclassified by unknown"),
        (
            "bounced",
            r#""dsn_status":"550","dsn_message":"5.7.26 unauthenticated","dsn_action":"failed","undelivered_reason":"450 4.2.1 slow down""#,
            "rejection by receiver",
        ),
        (
            "bounced",
            r#""dsn_status":"421","dsn_message":"4.7.28 slow down","dsn_action":"failed","undelivered_reason":"4.7.28 slow down""#,
            "deferral by receiver",
        ),
        (
            "bounced",
            r#""dsn_status":"421","dsn_message":"4.7.28 slow down","dsn_action":"failed","undelivered_reason":"550 - Tried all MXs gmail.com""#,
            "unclassified by unknown",
        ),
        (
            "bounced",
            r#""dsn_status":"5.1.2","dsn_action":"failed","undelivered_reason":"550 - No Such Domain: gmail.com""#,
            "connect_failure by unknown at connect",
        ),
    ] {
        let told = one("haraka-outbound-logger", &record(kind, rest));
        assert!(told.contains(wanted), "{rest}: {told}");
    }
}

// esp trap 35
#[test]
fn a_file_in_descending_order_is_no_clock_that_went_back() {
    let rows: String = (0..50).rev().map(|n| format!("{{\"t\":{},\"c\":421}}\n", 1_793_700_000 + n * 600)).collect();
    let backs = |told: &Told| told.notes.iter().filter(|(note, ..)| *note == Note::ClockBack).count();
    let (.., in_order) = read_with(&good(&with("")), &rows);
    assert_eq!(backs(&in_order), 49);
    let (events, _, reverse) = read_with(&good(&with("order: reverse")), &rows);
    assert_eq!((events.len(), backs(&reverse)), (50, 0));
}

// esp trap 36
#[test]
fn sendgrids_ip_is_the_senders_on_deliveries_and_bounces_alone() {
    let delivered = r#"{"ip":"192.0.2.173","response":"250 ok","sg_event_id":"1","tls":1,"event":"delivered","email":"a@example.com","timestamp":1461095250}"#;
    assert!(one("sendgrid", delivered).contains("from=192.0.2.173|"));
    let deferred = delivered.replace("delivered", "deferred").replace("250 ok", "421 4.7.0 later");
    assert!(
        one("sendgrid", &deferred).contains(" deferral by receiver ") && one("sendgrid", &deferred).contains("from=|")
    );
    // Deferral texts may be SendGrid's own.
    let own = deferred.replace(
        "421 4.7.0 later",
        "Email was deferred due to the following reason(s): [IPs were throttled by recipient server]",
    );
    assert!(one("sendgrid", &own).contains(" local by sender "));
    // An array in one line, an array over lines, and lines are the same.
    let second = delivered.replace("\"1\",", "\"2\",");
    let forms = [
        format!("[{delivered},{second}]"),
        format!("[\n  {delivered},\n  {second}\n]\n"),
        format!("{delivered}\n{second}\n"),
    ];
    let found: Vec<_> = forms.iter().map(|f| told("sendgrid", f).0).collect();
    assert!(found[0].len() == 2 && found.windows(2).all(|w| w[0] == w[1]), "{found:#?}");
}

// esp trap 37
#[test]
fn mailguns_own_codes_are_no_smtp() {
    let record = |code: u32| {
        format!(
            r#"{{"event":"failed","timestamp":1534111899.6,"recipient":"a@example.com","delivery-status":{{"code":{code},"message":"No MX for example.com\nNo MX"}}}}"#
        )
    };
    assert!(one("mailgun", &record(498)).contains(" connect_failure by unknown at connect "));
    for code in [605, 606, 607] {
        let told = one("mailgun", &record(code));
        assert!(
            told.contains(" local by sender ") && told.contains("reply= detail=No MX for example.com No MX"),
            "{told}"
        );
    }
}

// esp trap 38
#[test]
fn ses_wraps_concatenates_and_speaks_of_delays() {
    let delay = r#"{"eventType":"DeliveryDelay","mail":{"timestamp":"2020-06-16T00:15:40.641Z","messageId":"m"},"deliveryDelay":{"timestamp":"2020-06-16T00:25:40.914Z","delayType":"General","delayedRecipients":[{"emailAddress":"a@gmail.com","diagnosticCode":"smtp; 421 4.7.0 x"},{"emailAddress":"b@gmail.com","diagnosticCode":"smtp; 421 4.7.0 x"},{"emailAddress":"c@gmail.com","diagnosticCode":"smtp; 450 4.2.1 y"}]}}"#;
    let (events, accounting, _) = told("ses", &format!("{delay}{delay}"));
    assert_eq!((events.len(), accounting.read, accounting.used), (6, 2, 2));
    // Two recipients of one answer are one attempt; another answer is another attempt.
    let weights: Vec<_> = events.iter().filter_map(|e| e.split("weight=").nth(1)?.split(' ').next()).collect();
    assert_eq!(weights, ["1", "0", "1", "1", "0", "1"]);
    let quoted = serde_json::to_string(delay).expect("JSON");
    let wrapped = [
        format!("{{\"Type\":\"Notification\",\"Message\":{quoted}}}"),
        format!("{{\"Records\":[{{\"EventSource\":\"aws:sns\",\"Sns\":{{\"Message\":{quoted}}}}}]}}"),
        format!("{{\"version\":\"0\",\"source\":\"aws.ses\",\"detail\":{delay}}}"),
    ];
    for text in wrapped {
        assert_eq!(told("ses", &text).0, events[..3], "{text}");
        assert!(mapping("ses").recognise(Head { bytes: text.as_bytes(), whole: true }).is_some(), "{text}");
    }
    let inside = format!("{{\"Type\":\"Notification\",\"Message\":{quoted}}}");
    let twice = format!("{{\"Messages\":[{{\"Body\":{}}}]}}", serde_json::to_string(&inside).expect("JSON"));
    assert_eq!(told("ses", &twice).0, events[..3]);
    assert!(mapping("ses").silent_on().iter().any(|s| s.contains("once for each state of delay")));
}

// esp trap 39
#[test]
fn sparkpost_writes_numbers_as_text_and_scrubs_reasons() {
    let delay = r#"[{"msys":{"message_event":{"type":"delay","event_id":"9","error_code":"421","num_retries":"1","outbound_tls":"1","raw_reason":"421 4.7.0 <a@example.com> later","reason":"421 4.7.0 ...@... later","rcpt_to":"a@example.com","timestamp":"1464825748"}}}]"#;
    let told = one("sparkpost", delay);
    assert!(
        told.contains("deferral by receiver at unknown tls=established")
            && told.contains("reply=421 4.7.0 <a@example.com> later"),
        "{told}"
    );
    // "-1" says that the handshake failed; what became of the attempt, the reply says.
    let failed = delay.replace("\"outbound_tls\":\"1\"", "\"outbound_tls\":\"-1\"");
    assert!(one("sparkpost", &failed).contains("deferral by receiver at unknown tls=failed"));
    let internal = failed.replace("421 4.7.0 <a@example.com> later", "451 4.7.5 [internal] TLS negotiation failed");
    assert!(one("sparkpost", &internal).contains("tls_failure by unknown at handshake tls=failed"));
}

// esp traps 40 and 41: no mapping is shipped for Brevo, Postmark and Mailjet, and the engine
// reads what trips others: the one clock that is UTC, seven digits, and wide numbers.
#[test]
fn the_right_clock_seven_digits_and_wide_numbers_are_read() {
    let brevo = good(&with(
        "time: {field: /ts_epoch, formats: [epoch_ms]}\nfields: {code: {from: /reason, regex: '^(\\d{3})'}, reply: {from: /reason}, queue_id: {from: /message-id}}\noutcome:\n  - {when: {field: code, between: [500, 599]}, set: {outcome: rejection}}\n  - {set: {outcome: deferral}}\nexamples:\n  - {input: '{\"event\":\"deferred\",\"ts\":1520366000,\"ts_epoch\":1520363423000,\"date\":\"2018-03-06 20:10:23\",\"reason\":\"550 RecipientError: 550 5.1.1 x\"}', expect: {outcome: rejection, time: \"2018-03-06T19:10:23Z\"}}\n  - {input: '{\"ts_epoch\":1520363423000,\"reason\":\"421 x\"}', expect: {outcome: deferral}}\n  - {input: '{\"ts_epoch\":1520363423000,\"reason\":\"421 x\"}', expect: {outcome: deferral}}\n",
    ));
    assert_eq!(brevo.trials().len(), 3);
    let mapping = good(&with(
        "time: {field: /at, formats: [rfc3339]}\nfields: {code: {from: /c}, reply: {from: /r}, queue_id: {from: /MessageID}}\nexamples:\n  - {input: '{\"at\":\"2016-04-27T16:28:50.3963933-04:00\",\"MessageID\":12345678901234567,\"c\":421}', expect: {outcome: deferral, time: \"2016-04-27T20:28:50.396Z\", queue_id: \"12345678901234567\"}}\n  - {input: '{\"at\":\"2016-04-27T16:28:50Z\",\"c\":421}', expect: {outcome: deferral}}\n  - {input: '{\"at\":\"2016-04-27T16:28:50Z\",\"c\":421}', expect: {outcome: deferral}}\n",
    ));
    assert_eq!(mapping.trials().len(), 3);
}

// esp trap 42
#[test]
fn form_bodies_are_not_understood_and_not_guessed_at() {
    let body = "mandrill_events=%5B%7B%22event%22%3A%22deferral%22%2C%22ts%22%3A1461095246%7D%5D\n";
    let head = Head { bytes: body.as_bytes(), whole: true };
    assert!(shipped().iter().all(|m| m.recognise(head).is_none()));
    let (events, accounting, _) = read_with(&good(&with("")), body);
    assert_eq!((events.len(), accounting.unrecognised), (0, 1));
}

// esp trap 43
#[test]
fn a_4xx_answer_to_starttls_is_a_deferral() {
    let line = |stage: u32, text: &str| {
        format!(
            "1064869327@00/00-25593-CBD987F3@00/00-03736-F4101B54@00/00-04532-A3456B54@T@gmail.com@0@g@b@{stage}@0@18.53@10.0.0.1@{text}\n"
        )
    };
    let told = |stage, text| one("momentum-mainlog", &line(stage, text));
    assert!(told(15, "454 4.7.0 TLS not available due to local problem").contains("deferral by receiver at starttls"));
    assert!(told(16, "421 4.7.0 Try again later").contains("deferral by receiver at starttls"));
    assert!(
        told(17, "451 4.7.5 [internal] TLS negotiation failed")
            .contains("tls_failure by unknown at handshake tls=failed")
    );
    assert!(
        told(15, "451 4.4.2 [internal] connection closed by remote host")
            .contains("remote_close by receiver at starttls")
    );
    assert!(
        told(10, "451 4.7.6 [internal] STARTTLS required but not advertised").contains("tls_failure by sender at ehlo")
    );
    let mailerq = |result: &str| {
        format!(
            "{{\"recipient\":\"a@gmail.com\",\"results\":[{{\"state\":\"starttls\",\"result\":\"{result}\",\"time\":\"2016-07-20 14:01:25\",\"from\":\"1.2.3.4\",\"code\":454,\"description\":\"TLS not available\"}}]}}"
        )
    };
    assert!(one("mailerq", &mailerq("error")).contains("deferral by receiver at starttls"));
    assert!(one("mailerq", &mailerq("timeout")).contains("timeout by unknown at starttls"));
    assert!(one("mailerq", &mailerq("lost")).contains("remote_close by receiver at starttls"));
}

// esp trap 44
#[test]
fn a_reply_that_talks_of_tls_is_no_failure_of_tls() {
    let words = "Your email has been rate limited because this message wasn't sent over a TLS connection.";
    let mailgun = |code: u32, enhanced: &str| {
        format!(
            r#"{{"event":"failed","timestamp":1665066523.8,"recipient-domain":"gmail.com","delivery-status":{{"tls":false,"code":{code},"enhanced-code":"{enhanced}","message":"{enhanced} {words}"}}}}"#
        )
    };
    assert!(one("mailgun", &mailgun(421, "4.7.29")).contains(" deferral by receiver "));
    assert!(one("mailgun", &mailgun(550, "5.7.29")).contains(" rejection by receiver "));
    let sendgrid = |code: &str| {
        format!(
            r#"{{"event":"deferred","sg_event_id":"x","email":"a@gmail.com","timestamp":1461095250,"response":"{code} {words}"}}"#
        )
    };
    assert!(one("sendgrid", &sendgrid("421-4.7.29")).contains(" deferral by receiver "));
    let zonemta = format!(
        "2026-11-03T10:12:45Z mta1 zone-mta[1]: info S id=1 2a.001 DEFERRED[policy] from=a@b to=a@gmail.com src=203.0.113.10 mx=mx.google.com[142.251.2.27] message-id=<1@x> (421-4.7.29 {words})\n"
    );
    assert!(one("zonemta", &zonemta).contains(" deferral by receiver "));
    let halon = format!(
        r#"{{"type":"SMTP","messageid":"1:1","ts_attempt":1793700765,"status":"delayed","result_code":421,"result_enhanced":"4.7.29","result_reason":"{words}","recipient_domain":"gmail.com"}}"#
    );
    assert!(one("halon", &halon).contains(" deferral by receiver "));
    // An acceptance may say anything.
    let delivered = r#"{"event":"delivered","sg_event_id":"x","email":"a@b.example","timestamp":1461095250,"response":"250 2.0.0 TLS handshake timed out is my name"}"#;
    assert!(one("sendgrid", delivered).contains(" delivered by receiver "));
}

// esp trap 45
#[test]
fn replies_of_several_lines_are_one_reply() {
    let halon = r#"{"type":"SMTP","messageid":"1:1","ts_attempt":1793700765,"status":"delayed","result_code":421,"result_enhanced":"4.7.28","result_reason":"421-4.7.28 Gmail has detected an unusual rate of\n421-4.7.28 unsolicited mail. For more information, review\n421 4.7.28 https://support.google.com/mail x-20020a05si1.2 - gsmtp","recipient_domain":"gmail.com"}"#;
    let told = one("halon", halon);
    let reply = told.split("reply=").nth(1).and_then(|r| r.split(" detail=").next()).expect("a reply");
    let parsed = Reply::parse(reply);
    assert_eq!((parsed.code, parsed.enhanced.as_deref()), (Some(421), Some("4.7.28")));
    assert_eq!(
        parsed.text,
        "Gmail has detected an unusual rate of unsolicited mail. For more information, review https://support.google.com/mail"
    );
    assert_eq!(meaning_of(&parsed).id, meaning_of(&Reply::parse(&reply.replace("421-4.7.28 ", ""))).id);
}

// esp trap 46
#[test]
fn the_token_of_googles_session_stays_in_the_reply() {
    let told = one(
        "sendgrid",
        r#"{"event":"deferred","sg_event_id":"x","email":"a@gmail.com","timestamp":1461095250,"response":"421-4.7.28 Gmail has detected an unusual rate. u2si198147pgp.592 - gsmtp "}"#,
    );
    assert!(told.contains("u2si198147pgp.592 - gsmtp"), "{told}");
    let parsed = Reply::parse(told.split("reply=").nth(1).and_then(|r| r.split(" detail=").next()).expect("a reply"));
    assert_eq!(parsed.token.as_ref().map(|t| t.0.as_str()), Some("u2si198147pgp.592"));
    assert!(!parsed.normal_form().contains("u2si198147pgp"));
}

// esp trap 47
#[test]
fn text_from_outside_stays_text() {
    let evil = r#"{"event":"deferred","sg_event_id":"x","email":"a@gmail.com","timestamp":1461095250,"response":"421 =cmd|' /C calc'!A0 \u0007\u001b[31m | `x` \u202e"}"#;
    let told = one("sendgrid", evil);
    assert!(
        told.contains("reply=421 =cmd|' /C calc'!A0 \u{7}\u{1b}[31m | `x` \u{202e}"),
        "it is quoted as it is; whoever prints it makes it harmless: {told}"
    );
    let sentence = &mapping("sendgrid").trials()[0].told[0];
    assert!(!sentence.is_empty());
    let text = format!("{evil}\n");
    assert_eq!(read(mapping("sendgrid"), &[text.as_bytes()]).accounting.used, 1);
}
