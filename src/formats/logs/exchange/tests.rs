//! Documented dialogues to exact events.

use super::Exchange;
use crate::formats::Head;
use crate::formats::logs::LogFormat as _;
use crate::formats::logs::testing::{assert_damage_is_survived, assert_splits_agree, events, read};

const HEAD: &str = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Send Protocol Log\r\n#Date: 2019-03-21T13:01:06.525Z\r\n#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context\r\n";

/// A session's rows, numbered, from `event|data|context`. Shapes: Microsoft's page, and
/// rows of Exchange 2016 that users published (times, names and addresses are ours).
fn session(id: &str, second: u32, rows: &[&str]) -> String {
    let line = |(n, row): (usize, &&str)| {
        let local = if n < 2 { "" } else { "192.168.1.100:44276" };
        let at = format!("2019-03-21T13:00:{:02}.{:03}Z", second + n as u32 / 10, n % 10 * 100);
        format!("{at},Outbound,{id},{n},{local},142.251.2.27:25,{}\r\n", row.replace('|', ","))
    };
    rows.iter().enumerate().map(line).collect()
}

const BEGIN: [&str; 4] = [
    "*|SendRoutingHeaders|Set Session Permissions",
    "*||attempting to connect",
    "+||",
    "<|220 mx.google.com ESMTP a1-20020a17si123456.7 - gsmtp|",
];

fn with(rows: &[&'static str]) -> Vec<&'static str> {
    [&BEGIN[..], rows].concat()
}

fn delivered() -> Vec<&'static str> {
    with(&[
        ">|EHLO mail.sender.example|",
        "<|250  mx.google.com at your service SIZE 157286400 8BITMIME STARTTLS|",
        ">|STARTTLS|",
        "<|220 2.0.0 Ready to start TLS|",
        "*||\"TLS protocol SP_PROT_TLS1_2_CLIENT negotiation succeeded using bulk encryption algorithm CALG_AES_256\"",
        ">|EHLO mail.sender.example|",
        "<|250  mx.google.com at your service SIZE 157286400 8BITMIME|",
        "*|8912|\"sending message with RecordId 8912 and InternetMessageId <1@sender.example>\"",
        ">|MAIL FROM:<news@sender.example> SIZE=5120|",
        ">|RCPT TO:<a@gmail.com>|",
        "<|250 2.1.0 OK a1-20020a17si123456.7 - gsmtp|",
        "<|250 2.1.5 OK a1-20020a17si123456.7 - gsmtp|",
        ">|BDAT 5120 LAST|",
        "<|250 2.0.0 OK  1553173246 a1-20020a17si123456.7 - gsmtp|",
        ">|QUIT|",
        "<|221 2.0.0 closing connection a1-20020a17si123456.7 - gsmtp|",
        "-||Local",
    ])
}

fn short(text: &str) -> Vec<String> {
    let cut = |e: &String| {
        let e = e.split_once(" node=").map_or(e.clone(), |(a, b)| {
            let to = b.split(" to=").nth(1).and_then(|t| t.split(' ').next()).unwrap_or_default();
            let weight = b.split(" weight=").nth(1).and_then(|t| t.split(' ').next()).unwrap_or_default();
            format!("{a} to={to} weight={weight}")
        });
        e.split_once("Z ").map_or(e.clone(), |(_, rest)| rest.to_owned())
    };
    events(&Exchange, &format!("{HEAD}{text}")).iter().map(cut).collect()
}

const FROM: &str = "mx=mx.google.com[142.251.2.27] from=192.168.1.100|";

#[test]
fn a_delivery_over_tls() {
    assert_eq!(
        short(&session("08D6A8D416004F77", 0, &delivered())),
        [format!("delivered by receiver at end_of_data tls=established {FROM} to=gmail.com weight=1")]
    );
}

#[test]
fn refusals_at_each_stage() {
    let at = |rows: &[&'static str]| short(&session("08D6A8D416004F78", 0, &with(rows)));
    let refused = |what: &str| vec![format!("{what} {FROM} to= weight=1")];
    assert_eq!(
        at(&[">|EHLO x|", "<|421 4.7.0 Try again later, closing connection. (EHLO)|", "-||Remote"]),
        refused("deferral by receiver at ehlo tls=unknown")
    );
    // esp trap 43: an answer to STARTTLS is the receiver's decision, not a handshake.
    assert_eq!(
        at(&[
            ">|EHLO x|",
            "<|250 mx.google.com STARTTLS|",
            ">|STARTTLS|",
            "<|454 4.7.0 TLS not available|",
            "-||Remote"
        ]),
        refused("deferral by receiver at starttls tls=unknown")
    );
    let greeting = session(
        "1",
        0,
        &[
            BEGIN[0],
            BEGIN[1],
            BEGIN[2],
            "<|\"421-4.7.0 Try again later,\"|",
            "<|421 4.7.0 closing connection|",
            "-||Remote",
        ],
    );
    let told = read(&Exchange, &[greeting.as_bytes()]);
    assert_eq!(told.events.len(), 1, "{:?}", told.events);
    assert!(
        told.events[0].ends_with("reply=421-4.7.0 Try again later, 421 4.7.0 closing connection detail="),
        "{:?}",
        told.events
    );
}

#[test]
fn what_a_handshake_failed_of() {
    let starttls = [">|EHLO x|", "<|250 mx.google.com STARTTLS|", ">|STARTTLS|", "<|220 2.0.0 Ready to start TLS|"];
    let at = |rows: &[&'static str]| short(&session("2", 0, &with(&[&starttls[..], rows].concat())));
    let failed = |what: &str| vec![format!("{what} at handshake tls=failed {FROM} to= weight=1")];
    assert_eq!(
        at(&["*||TLS negotiation failed with error SocketError", "-||Remote(SocketError)"]),
        failed("remote_close by unknown")
    );
    assert_eq!(
        at(&["*||TLS negotiation failed with error NoCredentials", "-||Local"]),
        failed("tls_failure by sender")
    );
    assert_eq!(at(&["-||Remote(ConnectionReset)"]), failed("remote_close by receiver"));
}

#[test]
fn closes_and_quiet_ends() {
    let mut cut = delivered();
    cut.truncate(16);
    cut.push("-||Remote(ConnectionReset)");
    assert_eq!(
        short(&session("3", 0, &cut)),
        [format!("remote_close by receiver at data tls=established {FROM} to=gmail.com weight=1")]
    );
    // After a delivery an idle connection may end as it likes.
    let mut idle = delivered();
    idle.truncate(18);
    idle.push("-||Remote");
    assert_eq!(short(&session("4", 0, &idle)).len(), 1);
}

#[test]
fn recipients_of_one_transaction_are_one_attempt() {
    let rows = with(&[
        ">|MAIL FROM:<news@sender.example>|",
        ">|RCPT TO:<a@gmail.com>|",
        ">|RCPT TO:<b@gmail.com>|",
        "<|250 2.1.0 OK|",
        "<|550-5.1.1 The email account that you tried to reach does not exist.|",
        "<|550 5.1.1 Please try - gsmtp|",
        "<|450 4.2.1 The user you are trying to contact is receiving mail too quickly - gsmtp|",
        ">|QUIT|",
        "<|221 2.0.0 bye|",
        "-||Local",
    ]);
    let weights: Vec<_> = short(&session("5", 0, &rows)).iter().map(|e| e.chars().last().unwrap_or_default()).collect();
    assert_eq!(weights, ['1', '0']);
}

#[test]
fn a_refused_recipient_counts_unless_the_message_went_on() {
    let mut rows = delivered();
    rows.splice(
        13..,
        [
            ">|RCPT TO:<a@gmail.com>|",
            ">|RCPT TO:<b@gmail.com>|",
            "<|250 2.1.0 OK|",
            "<|550 5.1.1 no such user - gsmtp|",
            "<|250 2.1.5 OK|",
            ">|BDAT 5120 LAST|",
            "<|250 2.0.0 OK  1553173246 a1-20020a17si123456.7 - gsmtp|",
            ">|QUIT|",
            "<|221 2.0.0 bye|",
            "-||Local",
        ],
    );
    let told = short(&session("6", 0, &rows));
    let ends: Vec<_> = told.iter().map(|e| (e.split(' ').next(), e.rsplit(' ').next())).collect();
    assert_eq!(ends, [(Some("rejection"), Some("weight=0")), (Some("delivered"), Some("weight=1"))]);
}

#[test]
fn what_was_pipelined_after_a_refused_sender_is_refused_for_its_sake() {
    let rows = with(&[
        ">|MAIL FROM:<news@sender.example>|",
        ">|RCPT TO:<a@gmail.com>|",
        "<|421 4.7.28 Gmail has detected an unusual rate of mail - gsmtp|",
        "<|503 5.5.1 MAIL first. - gsmtp|",
        "-||Remote",
    ]);
    assert_eq!(short(&session("7", 0, &rows)), [format!("deferral by receiver at mail tls=none {FROM} to= weight=1")]);
}

#[test]
fn an_idle_connection_that_is_shut_is_no_attempt() {
    let mut rows = delivered();
    rows.truncate(18);
    rows.extend(["<|421 4.4.2 Timeout - closing connection. - gsmtp|", "-||Remote"]);
    assert_eq!(short(&session("8", 0, &rows)).len(), 1);
    // Before any message it is an answer to none of our commands, and the session is lost.
    let early = with(&[">|EHLO x|", "<|250 mx.google.com|", "<|421 4.7.0 Try again later - gsmtp|", "-||Remote"]);
    assert_eq!(
        short(&session("9", 0, &early)),
        [format!("deferral by receiver at unknown tls=none {FROM} to= weight=1")]
    );
}

#[test]
fn a_session_of_many_messages_goes_on_in_the_next_file() {
    let mut rows = delivered()[..17].to_vec();
    for _ in 0..40 {
        rows.extend(&delivered()[12..18]);
    }
    // Whole, and one that began before its log did.
    for rows in [&rows[..], &rows[9..]] {
        let text = session("10", 0, rows).replace(",10,0,", ",10,99,");
        let whole = read(&Exchange, &[text.as_bytes()]);
        let last = text.rfind(",<,250 2.1.5 OK").and_then(|at| text[..at].rfind('\n')).map_or(0, |at| at + 1);
        let cut = text.as_bytes().split_at(last);
        assert_eq!(read(&Exchange, &[cut.0, cut.1]).totals, whole.totals);
    }
}

// esp trap 32: sessions stand between each other's rows, and their numbers have gaps.
#[test]
fn each_row_belongs_to_its_session_alone() {
    let refused = with(&[
        ">|EHLO x|",
        "<|250 mx.google.com STARTTLS|",
        ">|STARTTLS|",
        "<|220 2.0.0 Ready to start TLS|",
        "*||TLS negotiation failed with error SocketError",
        "-||Remote(SocketError)",
    ]);
    let (a, b) = (session("A", 0, &delivered()), session("B", 0, &refused));
    let b = b.replace(",B,9,", ",B,12,");
    let mut rows: Vec<&str> = a.lines().collect();
    for (n, row) in b.lines().enumerate() {
        rows.insert(2 * n + 1, row);
    }
    let mixed: String = rows.iter().map(|row| format!("{row}\r\n")).collect();
    assert_eq!(
        short(&mixed),
        [
            format!("remote_close by unknown at handshake tls=failed {FROM} to= weight=1"),
            format!("delivered by receiver at end_of_data tls=established {FROM} to=gmail.com weight=1"),
        ]
    );
}

#[test]
fn sessions_interleave_and_internal_connectors_are_not_deliveries() {
    // esp trap 32: interleaved sessions, an empty local endpoint before the connection, rows
    // older than `#Date`.
    let (a, b) = (session("A", 0, &delivered()), session("B", 0, &delivered()));
    let mixed: String = a.lines().zip(b.lines()).map(|(a, b)| format!("{a}\r\n{b}\r\n")).collect();
    let internal = a.replace(",A,", ",C,").replace("142.251.2.27:25", "10.0.0.2:2525");
    let text = format!("{HEAD}{mixed}{internal}");
    let told = read(&Exchange, &[text.as_bytes()]);
    assert_eq!(told.events.len(), 2);
    assert_eq!(told.unrecognised, Vec::<u64>::new());
    assert!(Exchange.recognise(Head { bytes: text.as_bytes(), whole: true }).is_some());
    assert!(Exchange.recognise(Head { bytes: mixed.as_bytes(), whole: true }).is_some());
    // The other protocol log has the same rows the other way round.
    let receives = |text: &str| text.replace(",<,", ",?,").replace(",>,", ",<,").replace(",?,", ",>,");
    let head = HEAD.replace("SMTP Send", "SMTP Receive");
    for received in [receives(&mixed), format!("{head}{mixed}")] {
        assert_eq!(Exchange.recognise(Head { bytes: received.as_bytes(), whole: true }), None);
    }
    assert_splits_agree(&Exchange, text.as_bytes());
    assert_damage_is_survived(&Exchange, text.as_bytes());
}
