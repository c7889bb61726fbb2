//! Accounting records, exactly; the traps of the field by number.
//!
//! Single records are those that the user's guide (5.0, §11.2) and operators quote.

use super::{JSON, LOG, QUEUES, STOCK, WITH_TLS};
use crate::formats::Head;
use crate::formats::logs::powermta::{Accounting, Log, Queues};
use crate::formats::logs::testing::{Told, events, read, read_in_blocks};
use crate::formats::logs::{LogFormat, Note};

/// The stock header of 5.0.
const HEADER: &str = "type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,dsnDiag,dsnMta,bounceCat,srcType,srcMta,dlvType,dlvSourceIp,dlvDestinationIp,dlvEsmtpAvailable,dlvSize,vmta,jobId,envId,queue,vmtaPool";

/// User's guide §11.2.2 to §11.2.5.
const DELIVERED: &str = r#"d,2019-02-08 21:54:05+0000,2019-02-08 21:54:05+0000,AA-D=1181.com@bounce.bar.com,D@1181.com,,relayed,2.0.0 (success),smtp;250 DATA ok,foo.int.port25.com (10.1.2.3),,api,foo.int.port25.com (127.0.0.1),smtp,10.1.2.3,10.1.2.3,"ENHANCEDSTATUSCODES,8BITMIME,SMTPUTF8",41159,vmta48,JoBID29546016861868,,1181.com/vmta48"#;
const BOUNCED: &str = r#"b,2019-02-08 21:53:41+0000,2019-02-08 21:53:41+0000,CB-A=yahoo.com@bounce.bar.com,A@yahoo.com,,failed,5.7.1 (delivery not authorized),smtp;554 5.7.1 Denied - Spam Suspected - http://www.w357sfhsjhf873.net/services/spamwatch/blocked.php,foo.int.bar.com (10.1.2.3),spam-related,api,foo.int.bar.com (127.0.0.1),smtp,10.1.2.3,10.1.2.3,"ENHANCEDSTATUSCODES,8BITMIME,SMTPUTF8",,vmta18,,,yahoo.rollup/vmta18"#;
const TRANSIENT: &str = r#"t,2019-02-08 21:53:54+0000,2019-02-08 21:53:54+0000,DB.AD.G.AA.AB-DA=yahoo.fr@bounce.bar.com,DA@yahoo.fr,,delayed,4.7.0 (other or undefined security status),smtp;421 4.7.0 mx002.roc2.bluetie.com Error: too many errors,foo.int.bar.com (10.1.2.165),policy-related,api,foo.int.bar.com (127.0.0.1),smtp,10.59.14.69,10.1.2.165,"ENHANCEDSTATUSCODES,8BITMIME,SMTPUTF8",,vmta21,,,yahoo.rollup/vmta21,"#;
const QUEUE: &str = "tq,2019-02-08 21:53:39+0000,4.4.1 (no answer from host),,mx.xn--bcher-kva.de (87.98.150.101),smtp,0.0.0.0,87.98.150.101,vmta29,bücher.de/vmta29";

/// As operators quote them: 4.0 and before (`timeImprinted`), and 4.5.
const GMAIL_4_0: &str = r#"d,2016-04-25 18:36:49+0000,2016-04-25 18:36:49+0000,,bounced@brand.example,user@custom-domain.example,,relayed,2.0.0 (success),smtp;250 2.0.0 OK w6si11268022qka.81 - gsmtp,aspmx.l.google.com (209.85.144.26),,smtp,vmta003.mail.brand.example (10.50.4.244),smtp,10.50.0.83,209.85.144.26,"ENHANCEDSTATUSCODES,PIPELINING,CHUNKING,8BITMIME,SIZE,STARTTLS",12298,vmta003,,,<production-1@brand.example>"#;
const YAHOO: &str = r#"t,2017-09-07 11:50:25-0400,2017-09-07 09:44:47-0400,sender@brand.example,user@yahoo.com,,delayed,4.0.0 (undefined status),smtp;421 4.7.0 [TS01] Messages from 192.0.2.100 temporarily deferred - 4.16.55.2; see http://postmaster.yahoo.com/errors/421-ts01.html,mta7.am0.yahoodns.net (63.250.192.45),other,smtp,brand.example (198.51.100.52),smtp,192.0.2.100,63.250.192.45,"PIPELINING,8BITMIME,SIZE,STARTTLS",4202,mta02-range16,5295466,,yahoo.com/mta02-range16,,,,"#;

const OF_DELIVERED: &str = "2019-02-08T21:54:05Z delivered by receiver at end_of_data tls=unknown mx=foo.int.port25.com[10.1.2.3] from=10.1.2.3|vmta48 node= qid= to=1181.com weight=1 rcpts=1 lines=1 reply=250 DATA ok detail=";
const OF_BOUNCED: &str = "2019-02-08T21:53:41Z rejection by receiver at unknown tls=unknown mx=foo.int.bar.com[10.1.2.3] from=10.1.2.3|vmta18 node= qid= to=yahoo.com weight=1 rcpts=1 lines=1 reply=554 5.7.1 Denied - Spam Suspected - http://www.w357sfhsjhf873.net/services/spamwatch/blocked.php detail=";
const OF_TRANSIENT: &str = "2019-02-08T21:53:54Z deferral by receiver at unknown tls=unknown mx=foo.int.bar.com[10.1.2.165] from=10.59.14.69|vmta21 node= qid= to=yahoo.fr weight=1 rcpts=1 lines=1 reply=421 4.7.0 mx002.roc2.bluetie.com Error: too many errors detail=";
// esp trap 2: no recipient, one connection. esp trap 8: 0.0.0.0 is no address.
const OF_QUEUE: &str = "2019-02-08T21:53:39Z connect_failure by unknown at connect tls=none mx=mx.xn--bcher-kva.de[87.98.150.101] from=|vmta29 node= qid= to=bücher.de weight=1 rcpts=0 lines=1 reply= detail=4.4.1 (no answer from host)";

/// Events of some rows, without their line numbers.
fn of_rows(rows: &[&str]) -> Vec<String> {
    let text: String = rows.iter().map(|row| format!("{row}\r\n")).collect();
    let told = events(&Accounting, &text);
    told.into_iter().map(|e| e.split_once(' ').map_or(e.clone(), |(_, rest)| rest.to_owned())).collect()
}

fn told_of(rows: &[&str]) -> Told {
    let text: String = rows.iter().map(|row| format!("{row}\r\n")).collect();
    read(&Accounting, &[text.as_bytes()])
}

fn seen(told: &Told) -> Vec<&'static str> {
    let names = told.notes.iter().filter_map(|(note, ..)| if let Note::Seen(name) = note { Some(*name) } else { None });
    names.collect()
}

fn uncounted(told: &Told) -> Vec<&'static str> {
    let notes: Vec<Note> = told.notes.iter().map(|(note, ..)| *note).collect();
    Accounting.cannot_count(&|note| notes.contains(&note)).into_iter().map(|outcome| outcome.word()).collect()
}

fn not_seen(told: &Told) -> Vec<String> {
    let notes: Vec<Note> = told.notes.iter().map(|(note, ..)| *note).collect();
    Accounting.not_seen(&|note| notes.contains(&note))
}

#[test]
fn the_records_of_the_guide_with_and_without_their_header() {
    let expected = [OF_DELIVERED, OF_BOUNCED, OF_TRANSIENT, OF_QUEUE];
    let rows = [DELIVERED, BOUNCED, TRANSIENT, QUEUE];
    assert_eq!(of_rows(&rows), expected);
    let with_header: Vec<_> = std::iter::once(HEADER).chain(rows).collect();
    assert_eq!(of_rows(&with_header), expected);
}

#[test]
fn what_operators_quote() {
    assert_eq!(
        of_rows(&[GMAIL_4_0]),
        [
            "2016-04-25T18:36:49Z delivered by receiver at end_of_data tls=unknown mx=aspmx.l.google.com[209.85.144.26] from=10.50.0.83|vmta003 node= qid= to=custom-domain.example weight=1 rcpts=1 lines=1 reply=250 2.0.0 OK w6si11268022qka.81 - gsmtp detail="
        ]
    );
    // esp trap 7: the reply, not the status.
    assert_eq!(
        of_rows(&[YAHOO]),
        [
            "2017-09-07T15:50:25Z deferral by receiver at unknown tls=unknown mx=mta7.am0.yahoodns.net[63.250.192.45] from=192.0.2.100|mta02-range16 node= qid= to=yahoo.com weight=1 rcpts=1 lines=1 reply=421 4.7.0 [TS01] Messages from 192.0.2.100 temporarily deferred - 4.16.55.2; see http://postmaster.yahoo.com/errors/421-ts01.html detail="
        ]
    );
    let json = String::from_utf8_lossy(JSON);
    assert_eq!(
        of_rows(&[json.lines().next().expect("a record")]),
        [
            "2017-09-07T11:00:00Z deferral by receiver at unknown tls=established mx=mx2c1.example.net[198.51.100.149] from=172.20.0.10|w13_mailer_example node= qid= to=example.com weight=1 rcpts=1 lines=1 reply=421 4.1.0 192.0.2.92 Throttled - try again later. Please see https://postmaster.example.net/smtp-error-codes.php#RL000003 detail="
        ]
    );
}

/// esp trap 1: without `t` and `tq` nothing transient can be in the file.
#[test]
fn trap_1_default_records_cannot_show_deferrals() {
    let told = told_of(&[HEADER, DELIVERED, BOUNCED]);
    let always = ["remote_close", "tls_failure", "plaintext", "timeout"];
    assert_eq!(uncounted(&told), [&always[..], &["deferral", "connect_failure"]].concat());
    assert_eq!(uncounted(&told_of(&[TRANSIENT])), [&always[..], &["connect_failure"]].concat());
    assert_eq!(uncounted(&told_of(&[QUEUE])), [&always[..], &["deferral"]].concat());
    assert_eq!(uncounted(&told_of(&[TRANSIENT, QUEUE])), always);
    let sentences = not_seen(&told);
    assert!(sentences.iter().any(|s| s.starts_with("deferrals, 421s, failures of STARTTLS")), "{sentences:?}");
    let sentences = not_seen(&told_of(&[HEADER, DELIVERED, TRANSIENT]));
    assert!(sentences.iter().any(|s| s.starts_with("failed connections")), "{sentences:?}");
    let sentences = not_seen(&told_of(&[QUEUE]));
    assert!(sentences.iter().any(|s| s.starts_with("deferrals of recipients")), "{sentences:?}");
    let sentences = not_seen(&told_of(&[TRANSIENT, QUEUE]));
    assert!(!sentences.iter().any(|s| s.contains("transient")), "{sentences:?}");
}

/// esp trap 2: a recipient's and a queue's failure are two things.
#[test]
fn trap_2_t_and_tq_are_told_apart() {
    let told = told_of(&[TRANSIENT, QUEUE]);
    let get = |what: &str| told.totals.get(what).copied();
    assert_eq!((get("recipients deferral"), get("recipients connect_failure")), (Some(1), Some(0)));
}

/// esp trap 3: `record-fields` reorders, versions add, pipes write headers again, rows are
/// short or long.
#[test]
fn trap_3_columns_move() {
    let reordered = "type,queue,dsnMta,dsnDiag,timeLogged,rcpt,vmta";
    let row =
        "d,1181.com/vmta48,foo.int.port25.com (10.1.2.3),smtp;250 DATA ok,2019-02-08 21:54:05+0000,D@1181.com,vmta48";
    let expected = OF_DELIVERED.replace("from=10.1.2.3|", "from=|");
    assert_eq!(of_rows(&[reordered, row]).concat(), expected);
    // A header in the middle, of another layout; the same again.
    assert_eq!(
        of_rows(&[HEADER, DELIVERED, reordered, row, reordered, row, HEADER, DELIVERED]),
        [OF_DELIVERED, &expected, &expected, OF_DELIVERED]
    );
    // Longer and shorter than the header.
    let long = format!("{DELIVERED},,x,y,z");
    let short = DELIVERED.split(",41159").next().expect("a row");
    assert_eq!(of_rows(&[HEADER, &long]), [OF_DELIVERED]);
    assert_eq!(of_rows(&[HEADER, short]), [OF_DELIVERED.replace("vmta48", "")]);
    // 5.5 adds two columns after timeQueued.
    let of_5_5 = DELIVERED.replacen("21:54:05+0000,AA-", "21:54:05+0000,2019-02-08 21:54:05+0000,0,AA-", 1);
    assert_eq!(of_rows(&[&of_5_5]), [OF_DELIVERED]);
    // The columns that `tq` is documented with, and its cells in the columns of all types.
    let listed = "tq,2019-02-08 21:53:39+0000,bücher.de/vmta29,vmta29,4.4.1 (no answer from host),,mx.xn--bcher-kva.de (87.98.150.101),smtp,0.0.0.0,87.98.150.101";
    assert_eq!(of_rows(&[listed]), [OF_QUEUE]);
    let padded = "tq,2019-02-08 21:53:39+0000,,,,,,4.4.1 (no answer from host),,mx.xn--bcher-kva.de (87.98.150.101),,,,smtp,0.0.0.0,87.98.150.101,,,vmta29,,,bücher.de/vmta29,";
    assert_eq!(of_rows(&[HEADER, padded]), [OF_QUEUE]);
    // No header, and no stock order: nothing is guessed.
    assert_eq!(told_of(&[DELIVERED, row]).unrecognised, [2]);
}

/// esp trap 4: a comma inside quotes ends no cell.
#[test]
fn trap_4_quoted_lists() {
    assert!(of_rows(&[HEADER, DELIVERED])[0].contains("|vmta48 "), "vmta stands after the list of extensions");
}

/// esp trap 5: `iso-times no`, and columns that `record-fields` chose: user's guide §11.2.9.
#[test]
fn trap_5_epoch_times_and_chosen_columns() {
    let rows = [
        "type,timeLogged,orig,rcpt,dlvSourceIp,bounceCat",
        "d,1178807903,orig@port25.com,user1@domain.com,10.0.0.1,",
        "d,1178807905,orig@port25.com,user2@domain.com,10.0.0.1,",
        "b,1178807915,orig@port25.com,user3@domain.com,,policy-related",
    ];
    assert_eq!(
        of_rows(&rows),
        [
            "2007-05-10T14:38:23Z delivered by receiver at end_of_data tls=unknown mx=[] from=10.0.0.1| node= qid= to=domain.com weight=1 rcpts=1 lines=1 reply= detail=",
            "2007-05-10T14:38:25Z delivered by receiver at end_of_data tls=unknown mx=[] from=10.0.0.1| node= qid= to=domain.com weight=1 rcpts=1 lines=1 reply= detail=",
            "2007-05-10T14:38:35Z rejection by receiver at unknown tls=unknown mx=[] from=| node= qid= to=domain.com weight=1 rcpts=1 lines=1 reply= detail=policy-related",
        ]
    );
}

/// esp trap 6: accounting times bear their zone; the log's do not.
#[test]
fn trap_6_one_host_two_clocks() {
    let survey = |format: &dyn LogFormat, bytes| format.survey(Head { bytes, whole: true });
    assert!(survey(&Accounting, STOCK).zoned);
    let log = survey(&Log, LOG);
    // Gmail's clock in the acceptances tells the zone.
    assert_eq!((log.zoned, log.dated, log.offset_s), (false, true, Some(-5 * 3600)));
    assert!(!survey(&Queues, QUEUES).zoned);
    // The hour that happens twice, on the machine's clock: the zone of each row tells.
    let at = |time: &str| DELIVERED.replacen("2019-02-08 21:54:05+0000", time, 1);
    let rows = [at("2017-11-05 01:59:59-0400"), at("2017-11-05 01:00:00-0500")];
    let told = told_of(&[&rows[0], &rows[1]]);
    let times: Vec<_> = told.events.iter().filter_map(|e| e.split(' ').nth(1)).collect();
    assert_eq!(times, ["2017-11-05T05:59:59Z", "2017-11-05T06:00:00Z"]);
    assert!(told.notes.iter().all(|(note, ..)| *note != Note::ClockBack));
}

/// esp trap 8: columns that name the public address are headers of the sender's own; private
/// addresses stay as logged, for case.yaml to map.
#[test]
fn trap_8_private_addresses_stay() {
    assert!(of_rows(&[GMAIL_4_0])[0].contains("from=10.50.0.83|"));
}

/// esp trap 9: the queue is no receiver.
#[test]
fn trap_9_roll_ups_are_no_domains() {
    let row = "tq,2019-02-08 21:53:39+0000,4.4.1 (no answer from host),,gmail-smtp-in.l.google.com (142.251.2.27),smtp,0.0.0.0,142.251.2.27,vmta29,gmail.rollup/vmta29";
    assert!(of_rows(&[row])[0].contains(" to= "), "{:?}", of_rows(&[row]));
}

/// esp trap 10: TLS was offered, the column is there, and it is empty.
#[test]
fn trap_10_the_silent_fallback() {
    let told = read(&Accounting, &[WITH_TLS]);
    let in_clear = told
        .events
        .iter()
        .filter(|e| e.contains("tls=none") && e.ends_with("detail=sent in clear although STARTTLS was offered"));
    assert_eq!(in_clear.count(), 5);
    assert_eq!(told.events.iter().filter(|e| e.contains("tls=established")).count(), 25);
    assert!(seen(&told).contains(&"in clear"));
    // A column that is empty in all records may not be recorded for deliveries at all.
    let text = String::from_utf8_lossy(WITH_TLS).replace("TLSv1.2,ECDHE-RSA-AES256-GCM-SHA384", ",");
    let sentences = not_seen(&read(&Accounting, &[text.as_bytes()]));
    assert!(sentences.iter().any(|s| s.contains("dlvTlsProtocol is empty in every record")), "{sentences:?}");
    // STARTTLS offered and no column: nothing is known.
    assert!(of_rows(&[GMAIL_4_0])[0].contains("tls=unknown"));
    let sentences = not_seen(&told_of(&[GMAIL_4_0]));
    assert!(sentences.iter().any(|s| s.contains("no file has the column dlvTlsProtocol")), "{sentences:?}");
    // Without a header a protocol shows its own column.
    let rows: Vec<&str> = std::str::from_utf8(WITH_TLS).expect("text").lines().skip(2).take(3).collect();
    assert!(of_rows(&rows).iter().all(|e| e.contains("tls=established")));
}

/// esp trap 11: what others did to the replies is said.
#[test]
fn trap_11_replaced_and_redacted_replies() {
    let replaced =
        TRANSIENT.replace("4.7.0 mx002.roc2.bluetie.com Error: too many errors", "4.7.0 service unavailable");
    let says = |told: &Told| not_seen(told).iter().any(|s| s.contains("replace-smtp-421-service-response"));
    assert!(says(&told_of(&[HEADER, &replaced])));
    assert!(!says(&told_of(&[HEADER, &replaced, TRANSIENT])));
    let redacted = TRANSIENT.replace("DA@yahoo.fr", "...@yahoo.fr");
    assert!(not_seen(&told_of(&[&redacted])).iter().any(|s| s.contains("privacy-policy")));
}

/// esp trap 16: what PowerMTA gives up, it gives up late: the sender's own.
#[test]
fn trap_16_bounces_long_after() {
    let expired = BOUNCED
        .replace("5.7.1 (delivery not authorized)", "4.4.7 (delivery time expired)")
        .replace("spam-related", "message-expired")
        .replace("554 5.7.1 Denied", "421 4.7.0 Denied");
    let deleted = BOUNCED
        .replace("smtp;554 5.7.1 Denied", "x-pmta;deleted by administrator")
        .replace("foo.int.bar.com (10.1.2.3)", "");
    for row in [expired, deleted] {
        let told = of_rows(&[HEADER, &row]);
        assert!(told[0].contains(" local by sender at unknown ") && told[0].contains(" reply= "), "{told:?}");
    }
}

/// esp trap 47: replies are carried as they are; whoever shows them neutralises them.
#[test]
fn trap_47_a_reply_is_data() {
    let row = TRANSIENT.replace(
        "smtp;421 4.7.0 mx002.roc2.bluetie.com Error: too many errors",
        "\"smtp;421 4.7.0 =cmd|' /C calc'!A0, \"\"x\"\" **b**\"",
    );
    assert!(of_rows(&[&row])[0].ends_with(r#"reply=421 4.7.0 =cmd|' /C calc'!A0, "x" **b** detail="#));
}

#[test]
fn records_that_are_no_deliveries_are_irrelevant() {
    let inbound = [
        // User's guide §11.2.6 to §11.2.8.
        "r,2010-04-17 16:19:57-0400,test@port25.com,test@port25.com,,smtp,tesFeeder (192.168.25.56),192.168.25.56,192.168.25.11,vmta1,job2,envid1234",
        r#"rb,2010-12-01 14:24:44-0500,bounce@bounce.com,lksjflkj@somedomain.com,,5.1.1 (bad destination mailbox address),"smtp;550 5.1.1 no such local recipient: <lksjflkj@somedomain.com> in ""RCPT TO:<lksjflkj@somedomain.com>""",mail.remotedomain.com (169.3.169.30),my.local.server.com,bad-mailbox,smtp,my.local.server.com (192.168.0.150),"#,
        "f,2010-04-12 11:40:37-0400,arf,AOL SComp,,,,mail1.domain.com,169.63.151.30",
    ];
    let told = told_of(&inbound);
    assert_eq!((told.events.len(), told.accounting.irrelevant, told.accounting.unrecognised), (0, 3, 0));
    let bytes = inbound.join("\r\n");
    assert_eq!(Accounting.recognise(Head { bytes: bytes.as_bytes(), whole: true }), None);
    // Deliveries to a program, a file or nowhere.
    for kind in ["pipe", "file", "discard"] {
        let row = DELIVERED.replace(",smtp,10.1.2.3", &format!(",{kind},10.1.2.3"));
        assert_eq!(told_of(&[&row]).accounting.irrelevant, 1, "{row}");
    }
}

#[test]
fn a_file_with_injection_times_only_is_recognised_and_not_placed() {
    // port25-bouncehandler, README.
    let rows = [
        "type,timeQueued,bounceCat,vmta,orig,rcpt,srcMta,dlvSourceIp,jobId,dsnStatus,dsnMta",
        "b,2016-05-29 01:10:51+0200,bad-domain,vmta-mymta04,mailwizz@example.com,XXX@domain.com,sourcemta.domain.com (0.0.0.0),1.1.1.1,,5.1.2 (bad destination system: no such domain),",
        "b,2016-05-29 01:10:23+0200,bad-mailbox,vmta-mymta03,mailwizz@example.com,YYY@anotherdomain.com,sourcemta.domain.com (0.0.0.0),1.1.1.1,,5.1.1 (bad destination mailbox address),mx1.destindomain.com (2.2.2.2)",
    ];
    let told = told_of(&rows);
    assert_eq!((told.events.len(), told.heard, told.accounting.irrelevant), (0, 0, 3));
    let bytes = rows.join("\n");
    let why = Accounting.recognise(Head { bytes: bytes.as_bytes(), whole: true }).expect("recognised");
    assert!(why.contains("timeQueued only") && why.contains("time of injection"), "{why}");
    assert!(not_seen(&told).iter().any(|s| s.contains("only timeQueued is present")), "{:?}", not_seen(&told));
}

#[test]
fn a_cell_over_several_lines_is_one_record() {
    let header = format!("{HEADER},header_Subject");
    let row = format!("{DELIVERED},,\"two\r\n\r\nlines, and a third\"");
    let text = format!("{header}\r\n{row}\r\n{DELIVERED}\r\n");
    let told = read(&Accounting, &[text.as_bytes()]);
    assert_eq!(told.events[0], format!("4 {}", OF_DELIVERED.replace("lines=1", "lines=3")));
    assert_eq!((told.events.len(), told.accounting.used, told.accounting.unrecognised), (2, 4, 0));
    for block in [1, 300] {
        let blocks = read_in_blocks(&Accounting, &[text.as_bytes()], block);
        assert_eq!((blocks.events, blocks.accounting), (told.events.clone(), told.accounting));
    }
}

#[test]
fn a_stray_quote_costs_its_own_record_alone() {
    let broken = format!("{DELIVERED},,\"never closed");
    let told = told_of(&[HEADER, &broken, "and more of it", DELIVERED, BOUNCED]);
    assert_eq!((told.events.len(), told.accounting.unrecognised), (2, 2));
    assert_eq!(told.unrecognised, [3]);
    // It swallows no more than a bounded number of lines.
    let text = format!("{HEADER}\n{broken}\n{}{DELIVERED}\n", "x\n".repeat(500));
    let told = read(&Accounting, &[text.as_bytes()]);
    assert_eq!((told.events.len(), told.accounting.unrecognised), (1, 501));
    // Nothing follows.
    let told = told_of(&[HEADER, &broken]);
    assert_eq!((told.events.len(), told.accounting.unrecognised), (0, 1));
}

#[test]
fn further_recipients_of_one_transaction_are_no_further_attempts() {
    let told = read(&Accounting, &[STOCK]);
    let of_gmail: Vec<_> = told.events.iter().filter(|e| e.contains(" to=gmail.com ")).collect();
    let weights: Vec<_> = of_gmail.iter().map(|e| e.contains("weight=1 rcpts=1")).collect();
    assert_eq!(weights, [true, false, false]);
    // Replies that every session gets alike tell no transactions apart.
    let other = DELIVERED.replace("D@1181.com", "E@1181.com");
    assert!(of_rows(&[DELIVERED, &other]).iter().all(|e| e.contains("weight=1")));
}

/// A transient that contradicts its type, as made-up samples have it.
#[test]
fn a_delivery_with_a_refusal_is_unclassified() {
    let row = DELIVERED.replace("smtp;250 DATA ok", "smtp;421 4.7.0 later");
    assert!(of_rows(&[&row])[0].contains(" unclassified by unknown "));
}
