//! One incident as several MTAs would log it: the same sessions must give the same counters,
//! wherever a log can show them.
//!
//! The lines are composed in the shapes that the recordings in `tests/data/behaviours` show
//! for each behaviour (KumoMTA: in the documented shape), with one incident's times.

use std::collections::BTreeMap;

use casefile::formats::Head;
use casefile::formats::logs::{Event, LOG_FORMATS, LogClock, LogFormat, LogShape, Opening, Pulse, Sink, join};
use casefile::intake::Exhibit;
use casefile::smtp::{Lane, Lanes, Outcome, Reply, meaning_of};
use casefile::time::{Minute, Stamp, Zone};

/// What happens in one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happens {
    Delivered,
    /// 421 4.7.28 in answer to MAIL.
    Limited,
    /// 421 4.7.0 in the greeting.
    Refused,
    /// Closed before the greeting.
    Closed,
    /// Reset in the handshake.
    Reset,
    /// A TLS alert.
    Alert,
    /// Nobody listens.
    Nobody,
}

use Happens::{Alert, Closed, Delivered, Limited, Nobody, Refused, Reset};

/// One session: so many seconds into the incident.
#[derive(Clone, Copy)]
struct One {
    second: i64,
    what: Happens,
}

/// 2026-11-24T03:56:00Z.
const BEGIN: i64 = 1_795_492_560;
const HOST: &str = "gmail-smtp-in.l.google.com";
const IP: &str = "198.51.100.26";
const FROM: &str = "192.0.2.11";
const LIMIT: [&str; 2] = [
    "Gmail has detected an unusual rate of unsolicited mail originating from your IP address [192.0.2.11      15]. To protect our users from spam, mail sent from your IP address has been temporarily rate limited.",
    "review our Bulk Email Senders Guidelines. ffacd0b85a97d-4324eab2651si10575209f8f.183 - gsmtp",
];
const SHUT: &str = "421 4.7.0 Try again later, closing connection. l7-20020a05600c4f0700b00si1234567.8 - gsmtp";

/// Five minutes: healthy, then under pressure, with one of everything.
fn incident() -> Vec<One> {
    let kinds = [Delivered, Limited, Refused, Closed, Reset, Alert, Nobody];
    let of = |n: i64| if n < 120 { Delivered } else { kinds[(n as usize / 7) % kinds.len()] };
    (0..300).step_by(7).map(|second| One { second, what: of(second) }).collect()
}

fn at(one: One) -> Stamp {
    Stamp::from_seconds(BEGIN + one.second)
}

fn accepted(one: One) -> String {
    format!("250 2.0.0 OK  {} ffacd0b85a97d-3a5b1c2f4e1si1234567.8 - gsmtp", BEGIN + one.second)
}

fn postfix(one: One) -> String {
    let head = format!("{} mta1 postfix-192.0.2.11/smtp[{}]: ", at(one).to_second(), 300 + one.second);
    let id = format!("4F{:04}AB", one.second);
    let relay = format!("{HOST}[{IP}]");
    let up = format!(
        "{head}Trusted TLS connection established to {relay}:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n"
    );
    let last = |status: &str, text: String| {
        format!(
            "{head}{id}: to=<u{}@gmail.com>, relay={relay}:25, delay=1, delays=0.1/0/0.2/0.3, dsn=4.7.0, status={status} ({text})\n",
            one.second
        )
    };
    let ssl = |detail: &str| format!("{head}SSL_connect error to {relay}:25: {detail}\n");
    match one.what {
        Delivered => up + &last("sent", accepted(one)),
        Limited => {
            up + &last(
                "deferred",
                format!(
                    "host {relay} said: 421-4.7.28 {} 421 4.7.28 {} (in reply to MAIL FROM command)",
                    LIMIT[0], LIMIT[1]
                ),
            )
        }
        Refused => last("deferred", format!("host {relay} refused to talk to me: {SHUT}")),
        Closed => last("deferred", format!("lost connection with {relay} while receiving the initial server greeting")),
        Reset => ssl("Connection reset by peer") + &last("deferred", "Cannot start TLS: handshake failure".to_owned()),
        Alert => {
            let library = format!(
                "{head}warning: TLS library problem: error:0A000410:SSL routines::sslv3 alert handshake failure:../ssl/record/rec_layer_s3.c:1586:SSL alert number 40:\n"
            );
            ssl("-1") + &library + &last("deferred", "Cannot start TLS: handshake failure".to_owned())
        }
        Nobody => {
            format!("{head}connect to {relay}:25: Connection refused\n")
                + &last("deferred", format!("connect to {relay}:25: Connection refused"))
                    .replace(&format!("relay={relay}:25"), "relay=none")
        }
    }
}

fn exim(one: One) -> String {
    let stamp = at(one).to_second().replace('T', " ").replace('Z', "");
    let id = format!("1xVg{:02}-0000{:02}-2z", one.second / 60 + 10, one.second % 60);
    let head = format!("{stamp} +0000 {id} ");
    let host = format!("H={HOST} [{IP}]");
    let local = format!("I=[{FROM}]:{}", 40_000 + one.second);
    let to = format!("u{}@gmail.com R=dnslookup T=remote_smtp", one.second);
    let both = |code: &str, text: String| {
        format!("{head}{host} {local}: {text}\n{head}== {to} defer ({code}) {host} {local} DT=0.3s: {text}\n")
    };
    match one.what {
        Delivered => format!(
            "{head}=> {to} {host} {local} X=TLS1.3:ECDHE_SECP256R1__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no C=\"{}\" DT=0.3s\n",
            accepted(one)
        ),
        Limited => both(
            "-45",
            format!(
                "SMTP error from remote mail server after MAIL FROM:<news@sender.example> SIZE=1401: 421-4.7.28 {}\\n421 4.7.28 {}",
                LIMIT[0], LIMIT[1]
            ),
        ),
        Refused => both("0", format!("SMTP error from remote mail server after initial connection: {SHUT}")),
        Closed => both("-18", "Remote host closed connection in response to initial connection".to_owned()),
        Reset => format!(
            "{head}== {to} defer (-37) {host} {local} DT=0.3s: TLS session: (gnutls_handshake): Error in the pull function.\n"
        ),
        Alert => format!(
            "{head}== {to} defer (-37) {host} {local} DT=0.3s: TLS session: (gnutls_handshake): rxd alert: Handshake failed\n"
        ),
        Nobody => format!(
            "{head}{host} {local} Connection refused\n{head}== {to} defer (111) {host} {local} DT=0.3s: Connection refused\n"
        ),
    }
}

fn kumomta(one: One) -> String {
    let refused = |text: &str| serde_json::json!({"code": 400, "enhanced_code": null, "command": null, "content": format!("KumoMTA internal: failed to connect to any candidate hosts: {text}")});
    let host = format!("ResolvedAddress {{ name: \"{HOST}.\", addr: {IP} }}:25");
    let status = |code: u16, subject: u16, detail: u16| serde_json::json!({"class": code / 100, "subject": subject, "detail": detail});
    let (kind, response) = match one.what {
        Delivered => (
            "Delivery",
            serde_json::json!({"code": 250, "enhanced_code": status(250, 0, 0), "command": ".", "content": &accepted(one)[10..]}),
        ),
        Limited => (
            "TransientFailure",
            serde_json::json!({"code": 421, "enhanced_code": status(421, 7, 28), "command": "MAIL FROM:<news@sender.example>", "content": LIMIT.join(" ")}),
        ),
        Refused => (
            "TransientFailure",
            refused(&format!(
                "connect to {IP}:25 and read initial banner: Command rejected Response {{ code: 421, enhanced_code: Some(EnhancedStatusCode {{ class: 4, subject: 7, detail: 0 }}), content: \"{}\", command: None }}",
                &SHUT[10..]
            )),
        ),
        Closed => (
            "TransientFailure",
            refused(&format!(
                "connect to {IP}:25 and read initial banner: Error Connection closed by peer reading response to cmd=connect"
            )),
        ),
        Reset => (
            "TransientFailure",
            refused(&format!("TLS handshake with {host} failed: Connection reset by peer (os error 104)")),
        ),
        Alert => (
            "TransientFailure",
            refused(&format!("TLS handshake with {host} failed: received fatal alert: HandshakeFailure")),
        ),
        Nobody => (
            "TransientFailure",
            refused(&format!("connect to {IP}:25 and read initial banner: Connection refused (os error 111)")),
        ),
    };
    let stood = matches!(one.what, Delivered | Limited);
    let mut record = serde_json::json!({
        "type": kind, "id": format!("{:032x}", one.second), "sender": "news@sender.example", "recipient": format!("u{}@gmail.com", one.second),
        "queue": "news:tenant@gmail.com", "site": "source1->(alt1|alt2|alt3|alt4)?.gmail-smtp-in.l.google.com@smtp_client", "size": 1000,
        "response": response, "timestamp": BEGIN + one.second, "created": BEGIN + one.second, "num_attempts": 0, "bounce_classification": "Uncategorized",
        "egress_pool": "pool0", "egress_source": "source1", "source_address": null, "peer_address": null, "feedback_report": null, "meta": {}, "headers": {},
        "delivery_protocol": "ESMTP", "reception_protocol": "ESMTP", "nodeid": "557f3ad4-2c8c-11ee-976e-782d7e12e173",
    });
    if stood {
        record["peer_address"] = serde_json::json!({"name": format!("{HOST}."), "addr": IP});
        record["source_address"] = serde_json::json!({"address": format!("{FROM}:53210")});
        record["tls_cipher"] = "TLS_AES_256_GCM_SHA384".into();
        record["tls_protocol_version"] = "TLSv1.3".into();
        record["session_id"] = "9bcd689e-23d9-41b7-a015-63a1382f8b57".into();
    }
    format!("{record}\n")
}

/// What is counted of the Gmail lane: by minute and outcome, and the classes of replies.
#[derive(Default)]
struct Counted {
    by_minute: BTreeMap<(Minute, Outcome), u64>,
    classes: BTreeMap<String, u64>,
    unrecognised: u64,
}

impl Sink for Counted {
    fn event(&mut self, e: &Event<'_>) {
        assert_eq!(Lanes::default().classify(e.mx_host, e.rcpt_domain, e.reply), Lane::GMAIL, "{e:?}");
        *self.by_minute.entry((e.at.minute(), e.outcome)).or_default() += u64::from(e.weight);
        if e.outcome == Outcome::Deferral {
            let reply = Reply::parse(&String::from_utf8_lossy(e.reply));
            let meaning = meaning_of(&reply);
            *self
                .classes
                .entry(format!("{:?} {:?} {:?} {:?}", reply.code, reply.enhanced, meaning, reply.token))
                .or_default() += 1;
        }
    }
    fn heard(&mut self, _: Minute, _: Pulse) {}
    fn unrecognised(&mut self, _: u64, _: &[u8]) {
        self.unrecognised += 1;
    }
}

fn counted(log: &str) -> Counted {
    let head = Head { bytes: log.as_bytes(), whole: true };
    let formats: &[&'static dyn LogFormat] = LOG_FORMATS;
    let (shape, _) = LogShape::recognise(head, formats.iter().copied()).expect("a log");
    let survey = shape.survey(head);
    let clock = LogClock::new(survey.offset_s.map_or(Zone::UTC, Zone::Fixed), survey.near);
    let mut counted = Counted::default();
    let mut reader = shape.reader(Opening::again(Exhibit(1), clock.clone()));
    reader.read(log.as_bytes(), &mut counted);
    reader.end_of_file(&mut counted);
    join(shape.format, &clock, vec![reader.finish().ends], &mut counted);
    counted
}

#[test]
fn one_incident_gives_the_same_counters_in_every_log() {
    let sessions = incident();
    let log = |write: fn(One) -> String| sessions.iter().map(|one| write(*one)).collect::<String>();
    let mut expected: BTreeMap<(Minute, Outcome), u64> = BTreeMap::new();
    for one in &sessions {
        let outcome = match one.what {
            Delivered => Outcome::Delivered,
            Limited | Refused => Outcome::Deferral,
            Closed | Reset => Outcome::RemoteClose,
            Alert => Outcome::TlsFailure,
            Nobody => Outcome::ConnectFailure,
        };
        *expected.entry((at(*one).minute(), outcome)).or_default() += 1;
    }
    let classes = counted(&log(postfix)).classes;
    assert_eq!(classes.len(), 2, "{classes:#?}");
    for (name, write) in [("postfix", postfix as fn(One) -> String), ("exim", exim), ("kumomta", kumomta)] {
        let found = counted(&log(write));
        assert_eq!(found.unrecognised, 0, "{name}");
        assert_eq!(found.by_minute, expected, "{name}");
        assert_eq!(found.classes, classes, "{name}");
    }
}
