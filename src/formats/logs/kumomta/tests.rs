//! Records of the documented shapes, and traps.
//!
//! `documented.ndjson` holds the records of KumoMTA's `log_record.md` and
//! `tutorial/checking_logs`. `incident.ndjson` and the rows below are written by hand in
//! that shape; each text of a response is quoted from the source named beside it.

#![expect(clippy::expect_used, reason = "tests")]

use serde_json::{Value, json};

use super::KumoMta;
use crate::formats::logs::testing::{assert_damage_is_survived, assert_splits_agree, events, read};
use crate::formats::logs::{LOG_FORMATS, LogFormat as _, LogShape, Note};
use crate::formats::{Accounting, Head};

const DOCUMENTED: &str = include_str!("../../../../tests/data/logs/kumomta/documented.ndjson");
const INCIDENT: &[u8] = include_bytes!("../../../../tests/data/logs/kumomta/incident.ndjson");

const GMAIL: &str = "source1->(alt1|alt2|alt3|alt4)?.gmail-smtp-in.l.google.com@smtp_client";
const WRAPPER: &str = "KumoMTA internal: failed to connect to any candidate hosts: ";

/// A record of an attempt as `log_disposition` writes it when there was no connection, with
/// some fields changed; `null` takes a field away.
fn row(kind: &str, response: Value, changed: Value) -> String {
    let mut record = json!({
        "type": kind, "id": "1d98", "sender": "n@sender.example", "recipient": "u@gmail.com",
        "queue": "c:t@gmail.com", "site": GMAIL, "size": 1047, "response": response, "peer_address": null,
        "timestamp": 1_795_489_200, "event_time": "2026-11-24T03:00:00.440526026Z", "created": 1_795_489_190,
        "num_attempts": 0, "bounce_classification": "Uncategorized", "egress_pool": "pool0",
        "egress_source": "source1", "source_address": null, "feedback_report": null, "meta": {}, "headers": {},
        "delivery_protocol": "ESMTP", "reception_protocol": "ESMTP",
        "nodeid": "557f3ad4-2c8c-11ee-976e-782d7e12e173", "session_id": "9bcd689e",
    });
    let fields = record.as_object_mut().expect("an object");
    for (field, value) in changed.as_object().expect("an object") {
        match value {
            Value::String(s) if s == "-" => fields.remove(field),
            value => fields.insert(field.clone(), value.clone()),
        };
    }
    format!("{record}\n")
}

/// The same on a connection to Gmail, with TLS.
fn connected(kind: &str, response: Value, changed: Value) -> String {
    let mut all = json!({
        "peer_address": {"name": "gmail-smtp-in.l.google.com.", "addr": "142.251.2.27"},
        "source_address": {"address": "192.0.2.11:53210"}, "tls_cipher": "TLS_AES_256_GCM_SHA384",
    });
    let fields = all.as_object_mut().expect("an object");
    fields.extend(changed.as_object().expect("an object").clone());
    row(kind, response, all)
}

fn told(line: &str) -> String {
    let all = events(&KumoMta, line);
    assert_eq!(all.len(), 1, "{all:?}");
    // The number and the time of the one line are the same in all rows.
    all[0].strip_prefix("1 2026-11-24T03:00:00.440Z ").unwrap_or(&all[0]).to_owned()
}

/// What is told of hosts tried in vain: everything from the outcome to the detail.
fn tried(errors: &str) -> Vec<String> {
    let response =
        json!({"code": 400, "enhanced_code": null, "content": format!("{WRAPPER}{errors}"), "command": null});
    let all = events(&KumoMta, &row("TransientFailure", response, json!({})));
    let constant = " from=|source1 node= qid=1d98 to=gmail.com weight=1";
    all.iter().map(|e| e.replace("1 2026-11-24T03:00:00.440Z ", "").replace(constant, "")).collect()
}

#[test]
fn the_documented_records() {
    // esp traps 19, 23 and 25: the reception and its TLS are inbound; the peer's dot is not
    // part of its name.
    assert_eq!(
        events(&KumoMta, DOCUMENTED),
        [
            "1 2025-09-12T11:08:01.440Z delivered by receiver at end_of_data tls=established mx=gmail-smtp-in.l.google.com[142.251.2.27] from=10.0.0.1|source2 node= qid=1d98076abbbc11ed940250ebf67f93bd to=recipient.example.com weight=1 rcpts=1 lines=1 reply=250 2.0.0 OK ids=8a5475ccbbc611eda12250ebf67f93bd detail="
        ]
    );
    let told = read(&KumoMta, &[DOCUMENTED.as_bytes()]);
    assert_eq!(told.accounting, Accounting { read: 2, used: 1, irrelevant: 1, unrecognised: 0 });
}

#[test]
fn splits_and_damage() {
    assert_splits_agree(&KumoMta, INCIDENT);
    assert_damage_is_survived(&KumoMta, INCIDENT);
    let told = read(&KumoMta, &[INCIDENT]);
    assert_eq!(told.unrecognised, Vec::<u64>::new());
    assert_eq!(told.accounting, Accounting { read: 96, used: 84, irrelevant: 12, unrecognised: 0 });
    // Six rounds: one acceptance, four bounces and deferrals, three hosts tried; eight rows of
    // bulk delay for nine recipients, told as two events, and a message held back.
    let weight = |word: &str| told.events.iter().filter(|e| e.contains(word)).count();
    assert_eq!([weight(" local "), weight(" weight=4 rcpts=5 "), weight(" weight=4 rcpts=4 ")], [18, 6, 6]);
    assert_eq!(told.totals["recipients local"], 60);
    assert_eq!([weight(" delivered "), weight(" deferral "), weight(" remote_close ")], [6, 12, 6]);
    assert_eq!([weight(" timeout "), weight(" connect_failure "), weight(" rejection ")], [6, 6, 6]);
}

#[test]
fn a_log_is_recognised_by_its_records() {
    // esp trap 17: no extension, no name; a live segment ends inside a record.
    let why = |bytes: &[u8]| KumoMta.recognise(Head { bytes, whole: false });
    let formats = || LOG_FORMATS.iter().copied();
    let whole = Head { bytes: &INCIDENT[..50_000], whole: false };
    let (shape, words) = LogShape::recognise(whole, formats()).expect("a log");
    assert_eq!(shape.format.name(), "kumomta");
    assert_eq!(words, "40 of its first 40 JSON lines are KumoMTA log records");
    assert!(why(&DOCUMENTED.as_bytes()[..1500]).is_some());
    let cut = read(&KumoMta, &[&INCIDENT[..50_000]]);
    assert_eq!(cut.unrecognised.len(), 1);
    let survey = KumoMta.survey(whole);
    assert!(survey.zoned && survey.dated && survey.fine);
    assert_eq!(survey.near.map(|at| at.to_string()).as_deref(), Some("2026-11-24T03:00:00Z"));
    // Neither ESP webhooks, nor a policy's own CSV or text, nor a tailer's checkpoint.
    for other in [
        r#"[{"msys":{"message_event":{"type":"delay","bounce_class":"21"}}}]"#,
        r#"{"event":"deferred","response":"Email was deferred","sg_event_id":"b","timestamp":1461200990}"#,
        r#"{"type":"Delivery","id":"1","recipient":"u@gmail.com"}"#,
        "type,id,recipient,code\nDelivery,1d98,u@gmail.com,250\n",
        r#"{"file":"/var/log/kumomta/20250912-110801.440526026","line":17}"#,
    ] {
        assert_eq!(why(other.as_bytes()), None, "{other}");
    }
    let tailed = format!("/var/log/kumomta/20250912-110801.440526026\n{DOCUMENTED}waiting for more files\n");
    assert_eq!(read(&KumoMta, &[tailed.as_bytes()]).accounting.irrelevant, 3);
}

#[test]
fn replies_by_command() {
    let reply = |code: u16, command: &str| {
        let response = json!({"code": code, "enhanced_code": {"class": code / 100, "subject": 7, "detail": 0}, "content": "no", "command": command});
        told(&connected("TransientFailure", response, json!({})))
    };
    for (code, command, words) in [
        (421, "MAIL FROM:<n@sender.example>\r\n", "deferral by receiver at mail"),
        (452, "RCPT TO:<u@gmail.com>\r\n", "deferral by receiver at rcpt"),
        (451, "DATA\r\n", "deferral by receiver at data"),
        (421, ".\r\n", "deferral by receiver at end_of_data"),
        (421, ".", "deferral by receiver at end_of_data"),
        (421, "RSET\r\n", "deferral by receiver at quit"),
        // Too many recipients: a 5xx that is tried again is still the receiver's 5xx.
        (552, "RCPT TO:<u@gmail.com>\r\n", "rejection by receiver at rcpt"),
        (354, "DATA\r\n", "unclassified by receiver at data"),
    ] {
        let expected = format!(
            "{words} tls=established mx=gmail-smtp-in.l.google.com[142.251.2.27] from=192.0.2.11|source1 node= qid=1d98 to=gmail.com weight=1 rcpts=1 lines=1 reply={code} {}.7.0 no detail=",
            code / 100
        );
        assert_eq!(reply(code, command), expected);
    }
    // esp trap 44: an answer that talks about TLS is an answer.
    let policy = json!({"code": 421, "enhanced_code": {"class": 4, "subject": 7, "detail": 29}, "content": "Your email has been rate limited because this message wasn't sent over a TLS connection.", "command": ".\r\n"});
    let words = told(&connected("TransientFailure", policy, json!({"tls_cipher": "-"})));
    assert!(words.starts_with("deferral by receiver at end_of_data tls=none mx="), "{words}");
    assert!(words.contains("reply=421 4.7.29 Your email"), "{words}");
}

#[test]
fn a_rewritten_status_is_the_receivers() {
    // smtp_dispatcher.rs: the hook `smtp_client_rewrite_delivery_status`.
    let response = json!({"code": 451, "enhanced_code": {"class": 5, "subject": 7, "detail": 1}, "content": "blocked (kumomta: status was rewritten from 550 -> 451)", "command": "MAIL FROM:<n@s.example>\r\n"});
    let words = told(&connected("TransientFailure", response, json!({})));
    assert!(
        words.starts_with("rejection by receiver at mail") && words.ends_with("reply=550 5.7.1 blocked detail="),
        "{words}"
    );
}

#[test]
fn a_close_hides_in_code_400() {
    // Issue texts and rfc5321 `ClientError::ReadError`.
    for (error, words) in [
        ("Error Connection closed by peer reading response to cmd=RSET", "remote_close by receiver at quit"),
        ("Error Connection closed by peer reading response to cmd=DATA", "remote_close by receiver at data"),
        (
            "Error Connection reset by peer (os error 104) reading response to cmd=.",
            "remote_close by receiver at end_of_data",
        ),
        ("Timed Out sending message payload data", "timeout by unknown at data"),
        ("response is not UTF8", "unclassified by unknown at unknown"),
    ] {
        let content = format!("KumoMTA internal: failed to send message: {error}");
        let response = json!({"code": 400, "enhanced_code": null, "content": content, "command": null});
        let expected = format!(
            "{words} tls=established mx=gmail-smtp-in.l.google.com[142.251.2.27] from=192.0.2.11|source1 node= qid=1d98 to=gmail.com weight=1 rcpts=1 lines=1 reply= detail={content}"
        );
        assert_eq!(told(&connected("TransientFailure", response, json!({}))), expected);
    }
}

#[test]
fn until_2025_05_a_close_stands_among_errors_of_the_spool() {
    let of = |error: &str| {
        let content = format!("KumoMTA internal: error in deliver_message: {error}");
        let words = told(&row("TransientFailure", json!({"code": 400, "content": content}), json!({})));
        words.split(" tls=").next().unwrap_or_default().to_owned()
    };
    let closed = "Error Connection closed by peer reading response to Some(Rset)";
    assert_eq!(of(closed), "remote_close by receiver at quit");
    assert_eq!(of("IO error: No such file or directory: While open a file"), "local by sender at unknown");
}

#[test]
fn an_own_time_out_is_no_reply() {
    // esp trap 19: 421 4.4.2 is KumoMTA's own verdict. Text: smtp_dispatcher.rs; the older print
    // of a command is that of the `Command` enum before it printed itself.
    let peer = r#"Some(ResolvedAddress { name: "gmail-smtp-in.l.google.com.", addr: 142.251.2.27 })"#;
    for (waited, command, stage) in [
        (
            r#"waiting 60s for response to Some(Command("MAIL FROM:<n@s.example>\r\n"))"#,
            json!("MAIL FROM:<n@s.example>\r\n"),
            "mail",
        ),
        (r#"waiting 300s for response to Some(DataDot)"#, json!(null), "end_of_data"),
        (r#"waiting 60s to write [Command("RSET\r\n"), Command("DATA\r\n")]"#, json!(null), "quit"),
    ] {
        // Unmarked until 2025.05.
        for mark in ["KumoMTA internal: ", ""] {
            let content = format!("{mark}failed to send message to {GMAIL} {peer}: Timed Out {waited}");
            let response = json!({"code": 421, "enhanced_code": {"class": 4, "subject": 4, "detail": 2}, "content": content, "command": command});
            let words = told(&connected("TransientFailure", response, json!({})));
            let expected = format!("timeout by unknown at {stage} tls=established ");
            let detail = format!(" reply= detail={mark}failed to send");
            assert!(words.starts_with(&expected) && words.contains(&detail), "{words}");
        }
    }
}

#[test]
fn a_wrapper_hides_a_421_banner() {
    // esp trap 18: escaped quotes, commas and braces inside the receiver's text, which also
    // tries to open a further error.
    let text = r#"connect to 142.251.2.27:25 and read initial banner: Command rejected Response { code: 421, enhanced_code: Some(EnhancedStatusCode { class: 4, subject: 7, detail: 28 }), content: "say \"hi\", connect to {me}, later\nnow. ffacd0-4si1234567f.1 - gsmtp", command: None }, connect to 142.250.153.27:25 and read initial banner: Command rejected Response { code: 554, enhanced_code: None, content: "no", command: None }"#;
    let rebuilt = "detail=reply rebuilt from a debug print in the record";
    assert_eq!(
        tried(text),
        [
            format!(
                "deferral by receiver at banner tls=unknown mx=gmail-smtp-in.l.google.com[142.251.2.27] rcpts=0 lines=1 reply=421 4.7.28 say \"hi\", connect to {{me}}, later now. ffacd0-4si1234567f.1 - gsmtp {rebuilt}"
            ),
            format!(
                "rejection by receiver at banner tls=unknown mx=gmail-smtp-in.l.google.com[142.250.153.27] rcpts=1 lines=1 reply=554 no {rebuilt}"
            ),
        ]
    );
}

/// A text, and outcome, decider, stage, TLS, host and detail of each host tried in it.
type Shape = (&'static str, &'static [&'static str]);

/// Quoted from issues 356, 64, 67 and 235 of kumomta, a public test that quotes an escom.bg
/// record, smtp_dispatcher.rs, egress_source.rs and the tests `bad_source_address`,
/// `proxy_basic`, `proxy_protocol` and `dane`.
const SHAPES: &[Shape] = &[
    (
        r#"TLS handshake with ResolvedAddress { name: "outlook-com.olc.protection.outlook.com.", addr: 52.101.194.2 }:25 failed: tls handshake eof, TLS handshake with ResolvedAddress { name: "outlook-com.olc.protection.outlook.com.", addr: 52.101.73.13 }:25 failed: received fatal alert: HandshakeFailure"#,
        &[
            "remote_close by receiver at handshake tls=failed mx=outlook-com.olc.protection.outlook.com[52.101.194.2] rcpts=0 lines=1 reply= detail=tls handshake eof",
            "tls_failure by receiver at handshake tls=failed mx=outlook-com.olc.protection.outlook.com[52.101.73.13] rcpts=1 lines=1 reply= detail=received fatal alert: HandshakeFailure",
        ],
    ),
    (
        "TLS handshake failed: invalid peer certificate contents: invalid peer certificate: CertNotValidForName, TLS handshake failed: invalid peer certificate contents: invalid peer certificate: CertNotValidForName",
        &[
            "tls_failure by sender at handshake tls=failed mx=gmail-smtp-in.l.google.com[] rcpts=0 lines=1 reply= detail=invalid peer certificate contents: invalid peer certificate: CertNotValidForName",
            "tls_failure by sender at handshake tls=failed mx=gmail-smtp-in.l.google.com[] rcpts=1 lines=1 reply= detail=invalid peer certificate contents: invalid peer certificate: CertNotValidForName",
        ],
    ),
    (
        r#"TLS handshake failed with ResolvedAddress { name: "ocn-fc-r-01.ocn.ad.jp.", addr: 211.16.12.129 }:25: peer misbehaved: received unadvertised sig scheme RSA_PKCS1_SHA1"#,
        &[
            "tls_failure by sender at handshake tls=failed mx=ocn-fc-r-01.ocn.ad.jp[211.16.12.129] rcpts=1 lines=1 reply= detail=peer misbehaved: received unadvertised sig scheme RSA_PKCS1_SHA1",
        ],
    ),
    (
        "All failures are related to OpportunisticInsecure STARTTLS. Consider setting enable_tls=Disabled for this site. mail.escom.bg./195.24.89.4:25: EHLO after OpportunisticInsecure STARTTLS handshake status: failed: received fatal alert: HandshakeFailure",
        &[
            "tls_failure by receiver at handshake tls=failed mx=mail.escom.bg[195.24.89.4] rcpts=1 lines=1 reply= detail=failed: received fatal alert: HandshakeFailure",
        ],
    ),
    (
        "mail.escom.bg./195.24.89.4:25: EHLO after OpportunisticInsecure STARTTLS handshake status: OK",
        &[
            "unclassified by unknown at ehlo tls=established mx=mail.escom.bg[195.24.89.4] rcpts=1 lines=1 reply= detail=OpportunisticInsecure STARTTLS handshake status: OK",
        ],
    ),
    (
        r#"TLS handshake with ResolvedAddress { name: "mx.example.", addr: 2001:db8::1, is_secure: true }:25 failed: received corrupt message of type InvalidContentType"#,
        &[
            "plaintext by receiver at handshake tls=failed mx=mx.example[2001:db8::1] rcpts=1 lines=1 reply= detail=received corrupt message of type InvalidContentType",
        ],
    ),
    (
        r#"tls policy is Required but STARTTLS is not advertised by ResolvedAddress { name: "mx.example.", addr: 192.0.2.1 }:25"#,
        &[
            r#"tls_failure by sender at ehlo tls=none mx=mx.example[192.0.2.1] rcpts=1 lines=1 reply= detail=tls policy is Required but STARTTLS is not advertised by ResolvedAddress { name: "mx.example.", addr: 192.0.2.1 }:25"#,
        ],
    ),
    (
        r#"ResolvedAddress { name: "mx.example.", addr: 192.0.2.1 }:25: EHLO after STARTTLS: Error Connection closed by peer reading response to cmd=EHLO mta1.example, 192.0.2.2:25: EHLO after banner: Error Connection reset by peer (os error 104) reading response to cmd=EHLO mta1.example"#,
        &[
            "remote_close by receiver at ehlo tls=established mx=mx.example[192.0.2.1] rcpts=0 lines=1 reply= detail=Error Connection closed by peer reading response to cmd=EHLO mta1.example",
            "remote_close by receiver at ehlo tls=unknown mx=gmail-smtp-in.l.google.com[192.0.2.2] rcpts=1 lines=1 reply= detail=Error Connection reset by peer (os error 104) reading response to cmd=EHLO mta1.example",
        ],
    ),
    // esp trap 43: a 4xx answer to STARTTLS is the receiver's decision.
    (
        r#"Command rejected Response { code: 454, enhanced_code: Some(EnhancedStatusCode { class: 4, subject: 7, detail: 0 }), content: "TLS not available", command: Some("STARTTLS\r\n") }, Timed Out waiting 5s for response to cmd=STARTTLS"#,
        &[
            "deferral by receiver at starttls tls=unknown mx=gmail-smtp-in.l.google.com[] rcpts=0 lines=1 reply=454 4.7.0 TLS not available detail=reply rebuilt from a debug print in the record",
            "timeout by unknown at starttls tls=unknown mx=gmail-smtp-in.l.google.com[] rcpts=1 lines=1 reply= detail=Timed Out waiting 5s for response to cmd=STARTTLS",
        ],
    ),
    (
        "connect to 192.0.2.1:25 and read initial banner: failed to connect to 192.0.2.1:25 None: Connection refused (os error 111), connect to [2001:db8::1]:25 and read initial banner: timeout after 60s while connecting to [2001:db8::1]:25 None, connect to 192.0.2.2:25 and read initial banner: reading banner: Timed Out waiting 60s for response to cmd=NONE, connect to 192.0.2.3:25 and read initial banner: reading banner: Error Connection closed by peer reading response to cmd=NONE",
        &[
            "connect_failure by unknown at connect tls=unknown mx=gmail-smtp-in.l.google.com[192.0.2.1] rcpts=0 lines=1 reply= detail=failed to connect to 192.0.2.1:25 None: Connection refused (os error 111)",
            "connect_failure by unknown at connect tls=unknown mx=gmail-smtp-in.l.google.com[2001:db8::1] rcpts=0 lines=1 reply= detail=timeout after 60s while connecting to [2001:db8::1]:25 None",
            "timeout by unknown at banner tls=unknown mx=gmail-smtp-in.l.google.com[192.0.2.2] rcpts=0 lines=1 reply= detail=reading banner: Timed Out waiting 60s for response to cmd=NONE",
            "remote_close by receiver at banner tls=unknown mx=gmail-smtp-in.l.google.com[192.0.2.3] rcpts=1 lines=1 reply= detail=reading banner: Error Connection closed by peer reading response to cmd=NONE",
        ],
    ),
    (
        "All failures are related to having an unplumbed source address. Are the network interfaces provisioned correctly? connect to 127.0.0.1:25 and read initial banner: bind 9.9.9.9 for default failed: Cannot assign requested address (os error 99) while attempting to connect to 127.0.0.1:25 transport=127.0.0.1:25 proto=None",
        &[
            "local by sender at connect tls=unknown mx=gmail-smtp-in.l.google.com[127.0.0.1] rcpts=1 lines=1 reply= detail=bind 9.9.9.9 for default failed: Cannot assign requested address (os error 99) while attempting to connect to 127.0.0.1:25 transport=127.0.0.1:25 proto=None",
        ],
    ),
    (
        "All failures are related to proxy connection issues. Is the proxy infrastructure online and healthy? connect to 127.0.0.1:25 and read initial banner: failed to connect to 255.255.255.255:1 HA { server: 255.255.255.255:1, addresses: IPv4(IPv4 { source_address: 127.0.0.1, source_port: 0, destination_address: 127.0.0.1, destination_port: 25 }), source: 127.0.0.1 }: Network is unreachable (os error 101)",
        &[
            "local by sender at connect tls=unknown mx=gmail-smtp-in.l.google.com[127.0.0.1] rcpts=1 lines=1 reply= detail=failed to connect to 255.255.255.255:1 HA { server: 255.255.255.255:1, addresses: IPv4(IPv4 { source_address: 127.0.0.1, source_port: 0, destination_address: 127.0.0.1, destination_port: 25 }), source: 127.0.0.1 }: Network is unreachable (os error 101)",
        ],
    ),
    (
        "DANE TLSA lookup for mx.dane.example. could not be securely resolved: TLSA lookup for mx.dane.example.:25 returned Server Failure",
        &[
            "local by sender at unknown tls=unknown mx=mx.dane.example[] rcpts=1 lines=1 reply= detail=DANE TLSA lookup for mx.dane.example. could not be securely resolved: TLSA lookup for mx.dane.example.:25 returned Server Failure",
        ],
    ),
    // Until 2024.11.
    (
        r#"connect to ResolvedAddress { name: "mx.example.", addr: 192.0.2.1 } port 25 and read initial banner: Connection refused (os error 111), exceeded timeout of 60s, ResolvedAddress { name: "mx.example.", addr: 192.0.2.2 }:25: EHLO after OpportunisticInsecure STARTTLS handshake status: OK: Command rejected Response { code: 421, enhanced_code: None, content: "busy", command: Some("EHLO mta1.example\r\n") }"#,
        &[
            "connect_failure by unknown at connect tls=unknown mx=mx.example[192.0.2.1] rcpts=0 lines=1 reply= detail=Connection refused (os error 111)",
            "timeout by unknown at unknown tls=unknown mx=gmail-smtp-in.l.google.com[] rcpts=0 lines=1 reply= detail=exceeded timeout of 60s",
            "deferral by receiver at ehlo tls=established mx=mx.example[192.0.2.2] rcpts=1 lines=1 reply=421 busy detail=reply rebuilt from a debug print in the record",
        ],
    ),
    // 2023: `tokio::time::timeout` around the connection and the greeting.
    (
        r#"connect to ResolvedAddress { name: "mx.example.", addr: 192.0.2.1 } port 25 and read initial banner: deadline has elapsed"#,
        &[
            "timeout by unknown at unknown tls=unknown mx=mx.example[192.0.2.1] rcpts=1 lines=1 reply= detail=deadline has elapsed",
        ],
    ),
    (
        "connect to 192.0.2.1:25 and read initial banner: deadline has elapsed",
        &[
            "timeout by unknown at unknown tls=unknown mx=gmail-smtp-in.l.google.com[192.0.2.1] rcpts=1 lines=1 reply= detail=deadline has elapsed",
        ],
    ),
    (
        "the moon is full, and so is the disk",
        &[
            "unclassified by unknown at unknown tls=unknown mx=gmail-smtp-in.l.google.com[] rcpts=1 lines=1 reply= detail=the moon is full, and so is the disk",
        ],
    ),
];

#[test]
fn hosts_tried_in_vain() {
    for (text, expected) in SHAPES {
        assert_eq!(tried(text), *expected, "{text}");
    }
}

#[test]
fn damaged_lists_of_hosts_are_survived() {
    for (text, _) in SHAPES {
        for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
            super::candidates::candidates(&text[..at]).for_each(drop);
            super::candidates::candidates(&format!("{}é\\\"{{{}", &text[..at], &text[at..])).for_each(drop);
        }
    }
}

#[test]
fn starttls_is_misspelt() {
    // esp trap 21. The handshake had completed: what failed is the EHLO after it.
    let plan = ", will re-connect in the clear because opportunistic_tls_reconnect_on_failed_handshake=true";
    let closed = "Error Connection closed by peer reading response to cmd=EHLO mta1.example";
    let resolved = r#"ResolvedAddress { name: "mx.example.", addr: 192.0.2.1 }:25: EHLO after STARTTLS: "#;
    assert_eq!(
        tried(&format!(
            "EHLO after STARTLS failed: {closed}{plan}, EHLO after STARTLS failed {resolved}{closed}{plan}"
        )),
        [
            format!(
                "remote_close by receiver at ehlo tls=established mx=gmail-smtp-in.l.google.com[] rcpts=0 lines=1 reply= detail={closed}{plan}"
            ),
            format!(
                "remote_close by receiver at ehlo tls=established mx=mx.example[192.0.2.1] rcpts=1 lines=1 reply= detail={closed}{plan}"
            ),
        ]
    );
    assert_eq!(
        tried(
            r#"ResolvedAddress { name: "mx.example.", addr: 192.0.2.1 }:25: EHLO after STARTLS failed: Error Connection closed by peer"#
        ),
        [
            "remote_close by receiver at ehlo tls=established mx=mx.example[192.0.2.1] rcpts=1 lines=1 reply= detail=Error Connection closed by peer"
        ]
    );
    // A handshake that failed, and the attempt in plain text after it.
    assert_eq!(
        tried(&format!("TLS handshake failed: received fatal alert: ProtocolVersion{plan}, connect to 192.0.2.1:25 and read initial banner: failed to connect to 192.0.2.1:25 None: Connection refused (os error 111)")),
        [
            format!("tls_failure by receiver at handshake tls=failed mx=gmail-smtp-in.l.google.com[] rcpts=0 lines=1 reply= detail=received fatal alert: ProtocolVersion{plan}"),
            "connect_failure by unknown at connect tls=unknown mx=gmail-smtp-in.l.google.com[192.0.2.1] rcpts=1 lines=1 reply= detail=failed to connect to 192.0.2.1:25 None: Connection refused (os error 111)".to_owned(),
        ]
    );
}

#[test]
fn bulk_delays_are_one_decision() {
    // esp trap 20: no internal prefix, one row for each message. Text: ready_queue.rs.
    let content = "bulk delay of ready queue: too many successive connection failures where there was no answer from any hosts listed in MX";
    let response = json!({"code": 451, "enhanced_code": {"class": 4, "subject": 4, "detail": 1}, "content": content, "command": null});
    let bulk = |changed: Value| {
        let mut all = json!({"delivery_protocol": null, "peer_address": null});
        all.as_object_mut().expect("an object").extend(changed.as_object().expect("an object").clone());
        row("TransientFailure", response.clone(), all)
    };
    let other_site = GMAIL.replace("source1", "source2");
    let log = [
        bulk(json!({})),
        bulk(json!({"recipient": ["a@gmail.com", "b@gmail.com", "c@gmail.com"]})),
        bulk(json!({"site": other_site, "egress_source": "source2"})),
        bulk(json!({})),
        bulk(json!({"event_time": "2026-11-24T03:00:05Z", "timestamp": 1_795_489_205})),
    ];
    let local = "local by sender at unknown tls=unknown mx=gmail-smtp-in.l.google.com[]";
    assert_eq!(
        events(&KumoMta, &log.concat()),
        [
            format!(
                "1 2026-11-24T03:00:00.440Z {local} from=|source1 node= qid= to=gmail.com weight=3 rcpts=5 lines=1 reply= detail={content}"
            ),
            format!(
                "3 2026-11-24T03:00:00.440Z {local} from=|source2 node= qid=1d98 to=gmail.com weight=1 rcpts=1 lines=1 reply= detail={content}"
            ),
            format!(
                "5 2026-11-24T03:00:05Z {local} from=|source1 node= qid=1d98 to=gmail.com weight=1 rcpts=1 lines=1 reply= detail={content}"
            ),
        ]
    );
    assert_splits_agree(&KumoMta, log.concat().as_bytes());
}

#[test]
fn own_decisions_are_local() {
    // queue.rs, ready_queue.rs, spool.rs, smtp_dispatcher.rs, client.rs, admin_bounce_v1.rs.
    let own = |kind: &str, code: u16, content: &str| {
        let words = told(&row(
            kind,
            json!({"code": code, "enhanced_code": null, "content": content, "command": null}),
            json!({}),
        ));
        words.split(" tls=").next().unwrap_or_default().to_owned()
    };
    for (kind, code, content) in [
        ("TransientFailure", 451, "KumoMTA internal: ready queue throttled"),
        ("TransientFailure", 451, "KumoMTA internal: MX consisted solely of hosts on the skip_hosts list"),
        ("TransientFailure", 451, "MX consisted solely of hosts on the skip_hosts list"),
        ("TransientFailure", 451, "KumoMTA internal: scheduled queue is suspended: maintenance"),
        (
            "TransientFailure",
            451,
            "KumoMTA internal: no sources for gmail.com pool=`pool0` are eligible for selection at this time",
        ),
        ("TransientFailure", 451, "KumoMTA internal: gmail.com throttled message rate, delay=5s"),
        ("TransientFailure", 400, "KumoMTA internal: error in deliver_message: IO error: No such file or directory"),
        ("TransientFailure", 400, "KumoMTA internal: retrying failed batch"),
        ("Delayed", 451, "KumoMTA internal: delivery suspended: spool unhealthy: the spool is not accepting writes"),
        ("Delayed", 451, "dispatcher watchdog aborted task; phase=DeliveringMessage"),
        ("Delayed", 400, "Context: Received, MessageRateThrottle. Next due in 1m at 2026-11-24T03:01:00Z"),
        ("Bounce", 556, "Recipient address has a null MX"),
        ("Bounce", 550, "mx.example./192.0.2.1 is on the list of prohibited_hosts {192.0.2.0/24}"),
        (
            "Bounce",
            554,
            "KumoMTA internal: DATA is 8bit, destination does not support 8BITMIME. Conversion via msg:check_fix_conformance during reception is required",
        ),
        ("Bounce", 571, "a policy's own words, with no peer"),
        ("Expiration", 551, "Next delivery time would be 1day 5m after creation, which exceeds max_age=1day"),
        ("AdminBounce", 551, "Administrator bounced with reason: test"),
        (
            "TransientFailure",
            451,
            "failed to resolve queue broken.example.com: MTA-STS enforce policy for broken.example.com permits none of its MX hosts",
        ),
    ] {
        assert_eq!(own(kind, code, content), "local by sender at unknown", "{content}");
    }
    for content in [
        "MX didn't resolve to any hosts",
        "failed to resolve queue gmail.com: MX lookup for gmail.com failed after 5s: timed out",
    ] {
        assert_eq!(own("TransientFailure", 451, content), "connect_failure by unknown at connect", "{content}");
    }
}

#[test]
fn records_about_no_attempt_are_irrelevant() {
    // esp trap 23: Reception and Rejection have the TLS and the peer of the submitter.
    let response = json!({"code": 451, "enhanced_code": null, "content": "no", "command": "RCPT TO:<u@gmail.com>\r\n"});
    let kinds =
        ["Reception", "Rejection", "Feedback", "OOB", "XferOut", "XferIn", "AdminRebind", "DeferredInjectionRebind"];
    let mut log: Vec<String> = kinds.iter().map(|kind| connected(kind, response.clone(), json!({}))).collect();
    // Webhooks, maildirs and messages that only wait for their time.
    log.push(connected("Delivery", response.clone(), json!({"delivery_protocol": "Lua"})));
    log.push(connected("Delivery", response.clone(), json!({"delivery_protocol": "Maildir"})));
    log.push(row(
        "TransientFailure",
        response,
        json!({"delivery_protocol": null, "site": "unspecified->hook@lua:make.webhook"}),
    ));
    let waits = "Context: Received, ScheduledForLater. Next due in 5m at 2026-11-24T03:05:00Z";
    log.push(row("Delayed", json!({"code": 400, "content": waits}), json!({"delivery_protocol": null, "site": ""})));
    let told = read(&KumoMta, &[log.concat().as_bytes()]);
    assert_eq!((told.events.len(), told.accounting.irrelevant, told.accounting.read), (0, 12, 12));
    // A kind that this version does not know, no time, no response, no JSON.
    let others = [
        row("Teleported", json!({"code": 250, "content": ""}), json!({})),
        row("Delivery", json!({"code": 250, "content": ""}), json!({"timestamp": "-", "event_time": "-"})),
        row("Delivery", json!(null), json!({"response": "-"})),
        "Delivery,1d98,u@gmail.com,250\n".to_owned(),
    ];
    assert_eq!(read(&KumoMta, &[others.concat().as_bytes()]).unrecognised, [1, 2, 3, 4]);
}

#[test]
fn a_batch_is_one_transaction() {
    // esp trap 22: since 2025.12.02 a record may name several recipients.
    let response = json!({"code": 250, "enhanced_code": null, "content": "OK", "command": ".\r\n"});
    let words = told(&connected("Delivery", response, json!({"recipient": ["a@shop.example", "b@shop.example"]})));
    assert!(words.contains(" to=shop.example weight=1 rcpts=2 "), "{words}");
}

#[test]
fn tls_by_the_fields_of_the_record() {
    let of = |content: &str, changed: Value| {
        let words = told(&connected("Delivery", json!({"code": 250, "content": content, "command": ".\r\n"}), changed));
        words.split(" mx=").next().unwrap_or_default().rsplit_once(' ').map_or(String::new(), |(_, tls)| tls.to_owned())
    };
    // esp trap 25: rustls and OpenSSL name ciphers differently.
    assert_eq!(of("OK", json!({"tls_cipher": "TLS13_AES_256_GCM_SHA384"})), "tls=established");
    assert_eq!(of("OK", json!({"tls_cipher": "TLS_AES_256_GCM_SHA384"})), "tls=established");
    assert_eq!(of("OK", json!({"tls_cipher": "-"})), "tls=none");
    // Versions before 2023.10 log no TLS at all, and have neither of these fields.
    assert_eq!(of("OK", json!({"tls_cipher": "-", "source_address": "-", "session_id": "-"})), "tls=unknown");
    // esp trap 24: the cipher of an earlier connection stays with the session.
    assert_eq!(of("OK, but will re-connect in the clear", json!({})), "tls=unknown");
    assert!(KumoMta.cannot_show().iter().any(|s| s.starts_with("which connection a record belongs to")));
}

#[test]
fn hosts_sources_and_domains_as_logged() {
    let response = json!({"code": 250, "enhanced_code": null, "content": "OK", "command": ".\r\n"});
    let of = |changed: Value| told(&connected("Delivery", response.clone(), changed));
    let v6 = json!({"peer_address": {"name": "mx.example", "addr": "[2001:db8::1]:2525"}, "source_address": {"address": "[2001:db8::7]:0", "protocol": "haproxy", "server": "192.0.2.99:5000"}});
    assert!(of(v6).contains(" mx=mx.example[2001:db8::1] from=2001:db8::7|source1 "));
    let pool = json!({"egress_source": null, "recipient": null, "queue": "c:t@shop.example!routed.example", "source_address": {"address": "/run/out.sock"}});
    assert!(of(pool).contains(" from=|pool0 node= qid=1d98 to=shop.example "));
    // An exporter's record without a peer is the receiver's answer all the same.
    let cut = json!({"code": 421, "enhanced_code": null, "content": "later", "command": null});
    let words = told(&connected("TransientFailure", cut, json!({"peer_address": "-"})));
    assert!(
        words.starts_with("deferral by receiver at unknown ") && words.contains(" mx=gmail-smtp-in.l.google.com[] "),
        "{words}"
    );
}

#[test]
fn times_to_the_nanosecond_or_to_the_second() {
    // esp trap 26: older builds have whole seconds only.
    let response = json!({"code": 250, "enhanced_code": null, "content": "OK", "command": ".\r\n"});
    let old = connected("Delivery", response, json!({"event_time": "-"}));
    assert!(events(&KumoMta, &old)[0].starts_with("1 2026-11-24T03:00:00Z delivered"));
    assert!(!KumoMta.survey(Head { bytes: old.as_bytes(), whole: true }).fine);
    assert!(KumoMta.cannot_show().iter().any(|s| s.contains("the count of attempts is approximate")));
}

#[test]
fn what_files_lack_is_said() {
    let seen = |log: &[u8]| -> Vec<Note> { read(&KumoMta, &[log]).notes.iter().map(|(note, _, _)| *note).collect() };
    let all = seen(INCIDENT);
    assert_eq!(KumoMta.not_seen(&|note| all.contains(&note)), Vec::<String>::new());
    let some = seen(DOCUMENTED.as_bytes());
    let lacks = KumoMta.not_seen(&|note| some.contains(&note));
    assert_eq!(lacks.len(), 2, "{lacks:?}");
    assert!(lacks[0].contains("they cannot show deferrals"));
}

#[test]
fn replies_keep_what_the_receiver_wrote() {
    // esp traps 45 to 47: several lines stand joined by a blank, the token stays, and so do
    // formula characters and control bytes, which those who print must disarm.
    let content = "=cmd() \u{1b}[31m line two a640c23a62f3a-ab67626ed70si756442266b.465 - gsmtp";
    let response = json!({"code": 421, "enhanced_code": {"class": 4, "subject": 7, "detail": 28}, "content": content, "command": ".\r\n"});
    let words = told(&connected("TransientFailure", response, json!({})));
    assert!(words.ends_with(&format!("reply=421 4.7.28 {content} detail=")), "{words}");
    let reply = crate::smtp::Reply::parse(&format!("421 4.7.28 {content}"));
    assert_eq!(reply.token.map(|t| t.0).as_deref(), Some("a640c23a62f3a-ab67626ed70si756442266b.465"));
}
