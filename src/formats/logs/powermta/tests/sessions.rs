//! Sessions of the log, and queue events, exactly; the traps of the field by number.
//!
//! Forms of lines: the user's guide, `trace` and `log-commands`, and lines of 2012 and of
//! before 3.5. Gmail's replies are real ones.

use super::{LOG, QUEUES};
use crate::formats::Head;
use crate::formats::logs::powermta::{Log, Queues};
use crate::formats::logs::testing::{events, read};
use crate::formats::logs::{LogFormat as _, Note};

/// The guide's example of `pmta trace`, its local address shortened.
const TRACE: &str = "2019-02-07 22:31:24 starting port25.com/{default}
2019-02-07 22:31:24 connecting from foo.port25.com (::) to ASPMX.L.GOOGLE.com (2607:f8b0:400e:c07::1a)
2019-02-07 22:31:24 connected from [2600:1a17:a893:9b59::5324]:39339
2019-02-07 22:31:24 >>> 220 mx.google.com ESMTP u2si198147pgp.592 - gsmtp
2019-02-07 22:31:24 <<< EHLO foo.port25.com
2019-02-07 22:31:24 >>> 250-mx.google.com at your service
2019-02-07 22:31:24 >>> 250-SIZE 157286400
2019-02-07 22:31:24 >>> 250-8BITMIME
2019-02-07 22:31:24 >>> 250-STARTTLS
2019-02-07 22:31:24 >>> 250 SMTPUTF8
2019-02-07 22:31:24 <<< STARTTLS
2019-02-07 22:31:24 >>> 220 2.0.0 Ready to start TLS
2019-02-07 22:31:24 tls:TLSv1.2 connected with 128-bit ECDHE-RSA-AES128-GCM-SHA256
2019-02-07 22:31:24 tls:Cert: /C=US/ST=California/L=Mountain View/O=Google LLC/CN=mx.google.com; issuer=/C=US/O=Google Trust Services/CN=Google Internet Authority G3; verified=no
2019-02-07 22:31:24 <<< EHLO foo.port25.com
2019-02-07 22:31:24 >>> 250 SMTPUTF8
2019-02-07 22:31:24 <<< QUIT
2019-02-07 22:31:24 >>> 221 2.0.0 closing connection u2si198147pgp.592 - gsmtp
2019-02-07 22:31:24 closed ASPMX.L.GOOGLE.com (2607:f8b0:400e:c07::1a) in=511 out=68
2019-02-07 22:31:24 done port25.com/{default}
";

/// What a session of slot 171 tells, from its greeting on: events without line and time, and
/// what all of them share.
fn of_session(lines: &[&str]) -> Vec<String> {
    let opening = [
        "starting gmail.com/m1",
        "connecting from out1.example.com (192.0.2.11) to mx.example.net (198.51.100.27)",
        "connected from [192.0.2.11]:39171",
    ];
    of_lines(&[&opening[..], lines].concat())
}

fn of_lines(lines: &[&str]) -> Vec<String> {
    let text: String = lines.iter().map(|line| format!("2012-07-06 10:04:46 (out 171){line}\n")).collect();
    let told = events(&Log, &text);
    let common = " node= qid= ";
    let short = |e: &String| e.splitn(3, ' ').nth(2).unwrap_or_default().replace(common, " ");
    told.iter().map(short).collect()
}

const GREETING: &str = ">>> 220 mx.google.com ESMTP u2si198147pgp.592 - gsmtp";
const EHLO: &[&str] =
    &["<<< EHLO out1.example.com", ">>> 250-mx.google.com at your service", ">>> 250-STARTTLS", ">>> 250 SMTPUTF8"];

fn from(stages: &[&[&'static str]]) -> Vec<&'static str> {
    std::iter::once(GREETING).chain(EHLO.iter().copied()).chain(stages.concat()).collect()
}

const MESSAGE: &[&str] = &[
    "<<< MAIL FROM:<b@example.com>",
    ">>> 250 2.1.0 OK u2si198147pgp.592 - gsmtp",
    "<<< RCPT TO:<r@gmail.com>",
    ">>> 250 2.1.5 OK u2si198147pgp.592 - gsmtp",
    "<<< DATA",
    ">>> 354 Go ahead u2si198147pgp.592 - gsmtp",
    ">>> 250 2.0.0 OK  1549596686 u2si198147pgp.592 - gsmtp",
];

const END: &[&str] = &["closed mx.example.net (198.51.100.27) in=511 out=68", "done gmail.com/m1"];

#[test]
fn a_trace_without_a_message_tells_of_no_attempt() {
    // esp trap 13: `verified=no` is the normal state.
    let told = read(&Log, &[TRACE.as_bytes()]);
    assert_eq!(told.events, Vec::<String>::new());
    assert_eq!((told.accounting.used, told.accounting.unrecognised), (20, 0));
    // It is a test, which the reader of transcripts takes; with a message in it, it is a log.
    let claimed =
        |text: &str| crate::formats::recognise(Head { bytes: text.as_bytes(), whole: true }).map(|(f, _)| f.name());
    assert_eq!(claimed(TRACE), Some("pmta resolve"));
    let message = "2019-02-07 22:31:24 <<< MAIL FROM:<a@sender.example>\n2019-02-07 22:31:24 >>> 250 2.1.0 OK\n2019-02-07 22:31:24 <<< QUIT";
    assert_eq!(claimed(&TRACE.replace("2019-02-07 22:31:24 <<< QUIT", message)), Some("powermta-log"));
}

#[test]
fn a_message_over_tls_and_one_in_clear() {
    let tls: &[&str] = &[
        "<<< STARTTLS",
        ">>> 220 2.0.0 Ready to start TLS",
        "tls:TLSv1.2 connected with 128-bit ECDHE-RSA-AES128-GCM-SHA256",
        "<<< EHLO out1.example.com",
        ">>> 250 SMTPUTF8",
    ];
    let delivered = "delivered by receiver at end_of_data tls=established mx=mx.example.net[198.51.100.27] from=192.0.2.11|m1 to=gmail.com weight=1 rcpts=1 lines=19 reply=250 2.0.0 OK  1549596686 u2si198147pgp.592 - gsmtp detail=";
    assert_eq!(of_session(&from(&[tls, MESSAGE, END])), [delivered]);
    // Without `log-tls` the dialogue that goes on shows that the handshake completed.
    let unlogged: &[&str] = &tls.iter().copied().filter(|l| !l.starts_with("tls:")).collect::<Vec<_>>();
    let (said, bye) = ([GREETING], [EHLO, unlogged, MESSAGE, END].concat());
    assert_eq!(of_session(&[&said[..], &bye].concat()), [delivered.replace("lines=19", "lines=18")]);
    // esp trap 43: 454 answers STARTTLS, and PowerMTA goes on in clear.
    let refused: &[&str] = &["<<< STARTTLS", ">>> 454 4.7.0 TLS not available due to local problem"];
    let told = of_session(&from(&[refused, MESSAGE, END]));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("delivered by receiver at end_of_data tls=none"), "{told:?}");
    assert!(told[0].ends_with("detail=sent in clear although STARTTLS was offered"), "{told:?}");
    // And where it does not.
    assert_eq!(
        of_session(&from(&[refused, &["<<< QUIT"], END])),
        [
            "deferral by receiver at starttls tls=unknown mx=mx.example.net[198.51.100.27] from=192.0.2.11|m1 to=gmail.com weight=1 rcpts=0 lines=11 reply=454 4.7.0 TLS not available due to local problem detail="
        ]
    );
}

#[test]
fn sessions_that_end_before_a_message() {
    let starttls: &[&str] = &["<<< STARTTLS", ">>> 220 2.0.0 Ready to start TLS"];
    let rows: &[(Vec<&str>, &str)] = &[
        (
            [&[">>> 421 4.7.0 Temporary System Problem.  Try again later (WS). i4si571837pdl.11 - gsmtp"], END]
                .concat(),
            "deferral by receiver at banner tls=unknown",
        ),
        ([&[">>> 554 5.7.1 No SMTP service here"], END].concat(), "rejection by receiver at banner tls=unknown"),
        (
            from(&[&["<<< STARTTLS", ">>> 421 4.7.0 Try again later, closing connection."], END]),
            "deferral by receiver at starttls tls=unknown",
        ),
        // Nobody says who closed, or why.
        (from(&[starttls, END]), "tls_failure by unknown at handshake tls=failed"),
        (
            from(&[starttls, &["EDISCON in connection to mx.example.net (198.51.100.27)"], END]),
            "remote_close by receiver at handshake tls=failed",
        ),
        (
            from(&[starttls, &["ETIMEDOUT in connection to mx.example.net (198.51.100.27)"], END]),
            "timeout by unknown at handshake tls=failed",
        ),
        // How PowerMTA words a failed handshake is not public: what OpenSSL calls it is looked for.
        (
            from(&[starttls, &["tls:error:0A00010B:SSL routines::wrong version number"], END]),
            "plaintext by receiver at handshake tls=failed",
        ),
        (from(&[starttls, &["tls:something new"], END]), "tls_failure by unknown at handshake tls=failed"),
        (
            [&["EDISCON in connection to mx.example.net (198.51.100.27)"], END].concat(),
            "remote_close by receiver at banner tls=unknown",
        ),
        (END.to_vec(), "unclassified by unknown at banner tls=unknown"),
        (
            [&[GREETING, "<<< EHLO out1.example.com", ">>> 550 5.7.1 no"], END].concat(),
            "rejection by receiver at ehlo tls=unknown",
        ),
    ];
    for (lines, expected) in rows {
        let told = of_session(lines);
        assert_eq!(told.len(), 1, "{lines:?}: {told:?}");
        assert!(told[0].starts_with(expected), "{lines:?}: {told:?}");
    }
    // EHLO is refused, and HELO is not.
    let helo = [GREETING, "<<< EHLO out1.example.com", ">>> 500 what", "<<< HELO out1.example.com", ">>> 250 mx"];
    let told = of_session(&[&helo[..], MESSAGE, END].concat());
    assert!(told.len() == 1 && told[0].starts_with("delivered by receiver"), "{told:?}");
}

#[test]
fn connections_that_do_not_come_about() {
    let tries = [
        "starting gmail.com/m1",
        "skipped connecting to gmail-smtp-in-v4v6.l.google.com (2001:4860:800a::1b): no compatible source IP configured",
        "connecting from out1.example.com (192.0.2.11) to gmail-smtp-in.l.google.com (142.251.2.27)",
        "ECONNREFUSED connecting to gmail-smtp-in.l.google.com (142.251.2.27)",
        "connecting from out1.example.com (192.0.2.11) to alt4.gmail-smtp-in.l.google.com (173.194.69.27)",
        "done gmail.com/m1",
    ];
    let host = |mx: &str, lines, detail| {
        format!(
            "connect_failure by unknown at connect tls=none mx={mx} from=192.0.2.11|m1 to=gmail.com weight=1 rcpts=0 lines={lines} reply= detail={detail}"
        )
    };
    assert_eq!(
        of_lines(&tries),
        [
            host("gmail-smtp-in.l.google.com[142.251.2.27]", 4, tries[3]),
            host("alt4.gmail-smtp-in.l.google.com[173.194.69.27]", 6, ""),
        ]
    );
    // Nothing but skipped hosts: the sender's own configuration.
    assert_eq!(
        of_lines(&[tries[0], tries[1], tries[5]]),
        [
            "local by sender at unknown tls=unknown mx=[] from=|m1 to=gmail.com weight=1 rcpts=0 lines=3 reply= detail=no compatible source IP configured"
        ]
    );
}

/// esp trap 12: `>>>` is received, and a slot is used again within the second.
#[test]
fn trap_12_what_an_operator_quoted_in_2012() {
    let lines = [
        "<<< MAIL FROM:<b@example.com>",
        "<<< RCPT TO:<full@gmail.com>",
        "<<< DATA",
        ">>> 250 2.1.0 OK gz3si25665961bkc.124",
        ">>> 452-4.2.2 The email account that you tried to reach is over quota. Please direct",
        ">>> 452 4.2.2 the recipient to http://support.google.com/mail/bin/answer.py?answer=6558 gz3si25665961bkc.124",
        ">>> 503 5.5.1 RCPT first. gz3si25665961bkc.124",
        "<<< QUIT",
        "closed alt4.gmail-smtp-in.l.google.com (173.194.69.27) in=515 out=117",
        "done gmail.com/m1",
        "starting gmail.com/m1",
        "connecting from out1.example.com (192.0.2.11) to mx.example.net (198.51.100.27)",
        ">>> 421 4.7.0 Temporary System Problem.  Try again later (WS). i4si571837pdl.11 - gsmtp",
        "closed mx.example.net (198.51.100.27) in=91 out=0",
        "done gmail.com/m1",
    ];
    assert_eq!(
        of_session(&from(&[&lines])),
        [
            // esp traps 45 and 46: lines joined by blanks, the token left in the reply.
            "deferral by receiver at rcpt tls=none mx=mx.example.net[198.51.100.27] from=192.0.2.11|m1 to=gmail.com weight=1 rcpts=1 lines=13 reply=452-4.2.2 The email account that you tried to reach is over quota. Please direct 452 4.2.2 the recipient to http://support.google.com/mail/bin/answer.py?answer=6558 gz3si25665961bkc.124 detail=",
            "deferral by receiver at banner tls=unknown mx=mx.example.net[198.51.100.27] from=192.0.2.11|m1 to=gmail.com weight=1 rcpts=0 lines=3 reply=421 4.7.0 Temporary System Problem.  Try again later (WS). i4si571837pdl.11 - gsmtp detail=",
        ]
    );
}

#[test]
fn one_transaction_is_one_attempt() {
    let lines: &[&str] = &[
        "<<< MAIL FROM:<b@example.com>",
        ">>> 250 2.1.0 OK",
        "<<< RCPT TO:<a@gmail.com>",
        ">>> 550 5.1.1 no such user",
        "<<< RCPT TO:<b@gmail.com>",
        ">>> 550 5.1.1 no such user",
        "<<< RCPT TO:<c@gmail.com>",
        ">>> 250 2.1.5 OK",
        "<<< DATA",
        ">>> 354 Go ahead",
        "<<< .",
        ">>> 250 2.0.0 OK",
        "<<< RSET",
        ">>> 250 2.1.5 Flushed",
        "<<< MAIL FROM:<b@example.com>",
        ">>> 421-4.7.28 Gmail has detected an unusual rate of unsolicited mail.",
        ">>> 421 4.7.28 limited. x-7si1234567.8 - gsmtp",
    ];
    let told = of_session(&from(&[lines, END]));
    let short: Vec<_> = told.iter().map(|e| e.split(" tls").next().unwrap_or_default()).collect();
    assert_eq!(
        short,
        [
            "rejection by receiver at rcpt",
            "rejection by receiver at rcpt",
            "delivered by receiver at end_of_data",
            "deferral by receiver at mail"
        ]
    );
    let weights: Vec<_> = told.iter().map(|e| e.contains("weight=1")).collect();
    assert_eq!(weights, [true, false, false, true]);
}

#[test]
fn the_form_of_before_3_5_and_dumps_of_data() {
    // User's guide, `log-commands` and `log-data`.
    let text = "2003-06-29 15:32:00 ( 20)starting aol.com
2003-06-29 15:32:00 ( 20)connecting to yh.mx.aol.com (205.188.157.1)
2003-06-29 15:32:00 ( 20)>>> rd 53
2003-06-29 15:32:00 ( 20)3232302059536D7470206D7461313334 220 YSmtp mta134
2003-06-29 15:32:00 ( 20)>>> 220-rly-yh01.mx.aol.com ESMTP relay_in.5; Thu, 29 Jun 2003 09:27:58 -0400
2003-06-29 15:32:00 ( 20)>>> 220-America Online (AOL) and its affiliated companies do not
2003-06-29 15:32:00 ( 20)>>> 220 email sent from the internet.
2003-06-29 15:32:00 ( 20)<<< EHLO hazmat.port25.com
2003-06-29 15:32:00 ( 20)>>> 250-rly-yh01.mx.aol.com hazmat.port25.com
2003-06-29 15:32:00 ( 20)>>> 250 HELP
2003-06-29 15:32:00 ( 20)<<< MAIL FROM:<info@port25.com>
2003-06-29 15:32:01 ( 20)>>> 421 domain Service not available - too busy
2003-06-29 15:32:01 ( 20)done aol.com
";
    assert_eq!(
        events(&Log, text),
        [
            "12 2003-06-29T15:32:01Z deferral by receiver at mail tls=none mx=yh.mx.aol.com[205.188.157.1] from=| node= qid= to=aol.com weight=1 rcpts=1 lines=9 reply=421 domain Service not available - too busy detail="
        ]
    );
    assert_eq!(read(&Log, &[text.as_bytes()]).accounting.irrelevant, 2);
}

#[test]
fn what_else_stands_in_the_log() {
    let text = "2019-02-07 22:31:24 (in 3)connected from [10.0.0.5]:51022
2019-02-07 22:31:24 (in 3)>>> 421 what a client says
2019-02-07 22:31:24 starting up
2019-02-07 22:31:24 connecting from a (192.0.2.1) to b (192.0.2.2)
2019-02-07 22:31:24 connecting from a (192.0.2.1) to b (192.0.2.2)
2019-02-07 22:31:24 (out 4)connecting from nowhere
no stamp
";
    let told = read(&Log, &[text.as_bytes()]);
    assert_eq!((told.events, told.unrecognised), (Vec::new(), vec![6, 7]));
    let not_seen = Log.not_seen(&|_| false);
    assert!(not_seen[0].contains("log-commands is off") && not_seen[1].contains("log-tls is off"), "{not_seen:?}");
    assert_eq!(Log.not_seen(&|note| matches!(note, Note::Seen("commands" | "tls"))), Vec::<String>::new());
}

#[test]
fn a_log_of_several_slots() {
    let told = read(&Log, &[LOG]);
    let count = |what: &str| told.events.iter().filter(|e| e.contains(what)).count();
    assert_eq!(count(" delivered by receiver at end_of_data tls=established "), 12);
    assert_eq!(count(" deferral by receiver "), 3);
    assert_eq!(count(" remote_close by receiver at handshake tls=failed "), 1);
    assert_eq!(count(" connect_failure by unknown at connect "), 1);
    // Each message rests on the opening of its session and on its own lines.
    assert!(told.events.iter().all(|e| e.contains("weight=1") && !e.contains(" lines=1 ")));
}

/// esp traps 14 and 15: quotes are not escaped; most of what the view shows is the sender's own.
#[test]
fn traps_14_and_15_queue_events() {
    let text = r#"title="Top 100 queues by number of recipients"
queue[0].name="example.net/v7"
queue[0].rcp="77"
queue[0].event[0].type="error"
queue[0].event[0].time="2014-09-20 18:24:33"
queue[0].event[0].text="connect rate limit reached"
queue[0].event[1].type="error"
queue[0].event[1].time="2014-09-20 18:24:31"
queue[0].event[1].text="skip of MX requested: "421 4.2.1 :  (DYN:T1)  http://postmaster.info.aol.com/errors/421dynt1.html" received from mailin-04.mx.example.net (198.51.100.131) while connected from out7.example.com (192.0.2.7) to mailin-04.mx.example.net (198.51.100.131)"
queue[0].paused="no"
queue[0].mode="backoff"
queue[1].name="gmail.rollup/v8"
queue[1].event[0].type="error"
queue[1].event[0].time="2014-09-20 10:24:33"
queue[1].event[0].text="the moon is "full""
totalRcp="61078""#;
    assert_eq!(
        events(&Queues, text),
        [
            "6 2014-09-20T18:24:33Z local by sender at unknown tls=unknown mx=[] from=|v7 node= qid= to=example.net weight=1 rcpts=0 lines=3 reply= detail=connect rate limit reached",
            "9 2014-09-20T18:24:31Z deferral by receiver at unknown tls=unknown mx=mailin-04.mx.example.net[198.51.100.131] from=192.0.2.7|v7 node= qid= to=example.net weight=1 rcpts=0 lines=3 reply=421 4.2.1 :  (DYN:T1)  http://postmaster.info.aol.com/errors/421dynt1.html detail=",
            r#"15 2014-09-20T10:24:33Z unclassified by unknown at unknown tls=unknown mx=[] from=|v8 node= qid= to= weight=1 rcpts=0 lines=3 reply= detail=the moon is "full""#,
        ]
    );
    assert!(Queues.cannot_show()[0].contains("counts are samples"));
    // The latest event comes first: no clock went back.
    assert_eq!(read(&Queues, &[text.as_bytes()]).notes, []);
    assert_eq!(read(&Queues, &[QUEUES]).totals.get("recipients local").copied(), Some(0));
}

/// The guide prints a shortened dialogue: the last line of EHLO's answer is missing.
#[test]
fn a_handshake_that_completed_never_failed() {
    let shortened: &[&str] = &[
        GREETING,
        "<<< EHLO out1.example.com",
        ">>> 250-STARTTLS",
        "<<< STARTTLS",
        ">>> 220 2.0.0 Ready to start TLS",
        "tls:TLSv1.2 connected with 128-bit ECDHE-RSA-AES128-GCM-SHA256",
        "<<< EHLO out1.example.com",
        ">>> 221 2.0.0 closing connection u2si198147pgp.592 - gsmtp",
    ];
    assert_eq!(of_session(&[shortened, END].concat()), Vec::<String>::new());
    // What is lost then is lost inside TLS.
    let lost = ["EDISCON in connection to mx.example.net (198.51.100.27)"];
    let told = of_session(&[&shortened[..7], &lost, END].concat());
    assert!(told.len() == 1 && told[0].starts_with("remote_close by receiver at ehlo tls=established"), "{told:?}");
}

/// As quoted in 2012, with the second line of the first answer left out.
#[test]
fn an_answer_is_judged_by_its_own_code() {
    let lines = [
        "starting gmail.com/m1",
        ">>> 452-4.2.2 The email account that you tried to reach is over quota. Please direct",
        ">>> 503 5.5.1 RCPT first. gz3si25665961bkc.124",
        "<<< QUIT",
        "closed alt4.gmail-smtp-in.l.google.com (173.194.69.27) in=515 out=117",
        "done gmail.com/m1",
    ];
    assert_eq!(
        of_lines(&lines),
        [
            "deferral by receiver at unknown tls=unknown mx=[] from=|m1 to=gmail.com weight=1 rcpts=0 lines=3 reply=452-4.2.2 The email account that you tried to reach is over quota. Please direct detail="
        ]
    );
}
