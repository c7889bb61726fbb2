#![expect(clippy::expect_used, reason = "tests")]

use std::io::Read as _;
use std::path::Path;

use super::Postfix;
use crate::formats::logs::testing::{assert_damage_is_survived, assert_splits_agree, events, read};

/// Recorded: sixty lines of Postfix 3.7.11, as journalctl 252 printed them.
const JOURNAL: &[u8] = include_bytes!("../../../../tests/data/logs/journal/short-iso.txt");

/// A recording of one domain for each receiver behaviour.
fn recording(variant: &str, log: &str) -> Vec<u8> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/behaviours").join(variant);
    let file = std::fs::File::open(home.join(format!("{log}.gz"))).expect("a recording");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect("its bytes");
    bytes
}

#[test]
fn splits_and_damage() {
    assert_splits_agree(&Postfix, JOURNAL);
    assert_damage_is_survived(&Postfix, JOURNAL);
    assert_eq!(read(&Postfix, &[JOURNAL]).unrecognised, Vec::<u64>::new());
}

#[test]
fn recordings_are_understood_and_splits_agree() {
    for (variant, log) in [
        ("postfix312-may", "rfc3164.log"),
        ("postfix312-may", "rfc5424.log"),
        ("postfix3711-encrypt", "rfc3164.log"),
        ("postfix3711-suspended", "rfc3164.log"),
        ("postfix3711-reuse", "rfc3164.log"),
        ("postfix312-reuse", "rfc3164.log"),
        ("postfix312-reuse", "rfc5424.log"),
        ("postfix3711-fallback", "rfc3164.log"),
    ] {
        let text = recording(variant, log);
        assert_eq!(read(&Postfix, &[&text]).unrecognised, Vec::<u64>::new(), "{variant}");
        assert_splits_agree(&Postfix, &text);
    }
    assert_damage_is_survived(&Postfix, &recording("postfix312-reuse", "rfc3164.log"));
}

#[test]
fn a_line_that_syslog_repeated_is_three_lines() {
    // oss trap 38. Shape: rsyslog runtime/ratelimit.c.
    let line = "Nov 24 03:12:25 mta1 postfix/error[3870]: message repeated 3 times: [ 75DA52437: to=<a@gmail.com>, relay=none, delay=31, delays=31/0/0/0, dsn=4.7.5, status=deferred (delivery temporarily suspended: Cannot start TLS: handshake failure)]\n";
    let zoned = "2026-11-24T03:12:20Z mta1 postfix/qmgr[1]: x\n";
    assert_eq!(events(&Postfix, &format!("{zoned}{line}")).len(), 3);
}

/// What follows the time of each event, without the fields that its test does not name:
/// `OUTCOME by BY at STAGE tls=TLS mx=HOST[IP] from=SOURCE|TAG … weight=N … lines=N …`.
fn told(lines: &str) -> Vec<String> {
    let stamped: String = lines.trim().lines().map(|l| format!("2026-11-24T03:12:25Z mta1 {}\n", l.trim())).collect();
    events(&Postfix, &stamped)
}

/// `LINE OUTCOME by BY at STAGE tls=TLS mx=HOST qid=ID to=DOMAIN weight=N`
pub(super) fn brief(lines: &str) -> Vec<String> {
    let brief = |event: String| {
        let at = event.find(' ').expect("a line number");
        let words: Vec<&str> = event[at + 1..].split(' ').skip(1).collect();
        let field = |key: &str| words.iter().find(|w| w.starts_with(key)).copied().unwrap_or_default().to_owned();
        let mx = field("mx=");
        let host = mx.split('[').next().unwrap_or_default();
        let outcome = words[..5].join(" ");
        let number = &event[..at];
        format!("{number} {outcome} {} {host} {} {} {}", field("tls="), field("qid="), field("to="), field("weight="))
    };
    told(lines).into_iter().map(brief).collect()
}

/// One of a told event's fields.
fn field(event: &str, key: &str) -> String {
    let at = event.find(&format!(" {key}=")).expect("the field") + key.len() + 2;
    event[at..].split(' ').next().unwrap_or_default().to_owned()
}

// oss traps 1 to 3, 9 and 30: `tls=`, tags, and what hides behind `status=sent`. Recorded, 3.12;
// the last but one is the line before it on a connection used again (log_adhoc.c).
#[test]
fn the_tls_field_tells_what_the_log_does_not() {
    let lines = "
        postfix-out11/smtp[226]: 4jYSD75hTkz1Wv98: to=<user@ok-tls.example>, relay=mx.ok-tls.example[10.77.0.1]:25, delay=0.16, delays=0.03/0.03/0.06/0.04, tls=may, dsn=2.0.0, status=sent (250 2.0.0 OK  1795489079 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp)
        postfix/relay/smtp[227]: 4jYSD91fL9z1WvGm: to=<user@starttls-454.example>, relay=mx.starttls-454.example[10.77.0.13]:25, delay=0.05, delays=0.01/0/0/0.04, tls=may:none, dsn=2.0.0, status=sent (250 2.0.0 OK  1795489126 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp)
        postfix/smtp[228]: 4jYS5h5cLNz1WvDt: to=<w261@workspace-customer.example>, relay=alt1.aspmx.l.google.com[142.250.153.26]:25, conn_use=2, delay=62, delays=62/0.13/0.02/0.05, tls=may?, dsn=2.0.0, status=sent (250 2.0.0 OK  1795489126 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp)
        postfix/smtp[229]: 4jYSF16C1kz1WvGk: to=<user@starttls-421.example>, relay=mx.starttls-421.example[10.77.0.11]:25, delay=0.01, delays=0.01/0/0.01/0, tls=may:none, dsn=4.4.2, status=deferred (lost connection with mx.starttls-421.example[10.77.0.11] while sending MAIL FROM)
        postfix/smtp[230]: 4jYSDH5RfMz1WvDT: to=<u0@banner-421.example>, relay=mx.banner-421.example[10.77.0.3]:25, delay=0.02, delays=0.01/0/0/0, tls=may?, dsn=4.7.0, status=deferred (host mx.banner-421.example[10.77.0.3] refused to talk to me: 421 4.7.0 Try again later)
        postfix/smtp[232]: 4jYSDH5RfMz1WvDV: to=<u1@banner-421.example>, relay=mx.banner-421.example[10.77.0.3]:25, conn_use=2, delay=0.02, delays=0.01/0/0/0, tls=may?, dsn=4.7.0, status=deferred (host mx.banner-421.example[10.77.0.3] refused to talk to me: 421 4.7.0 Try again later)
        postfix/smtps/smtpd[231]: 4jYSDH5RfMz1WvDU: client=x[10.0.0.1]";
    assert_eq!(
        brief(lines),
        [
            "1 delivered by receiver at end_of_data tls=established mx=mx.ok-tls.example qid=4jYSD75hTkz1Wv98 to=ok-tls.example weight=1",
            "2 delivered by receiver at end_of_data tls=none mx=mx.starttls-454.example qid=4jYSD91fL9z1WvGm to=starttls-454.example weight=1",
            "3 delivered by receiver at end_of_data tls=unknown mx=alt1.aspmx.l.google.com qid=4jYS5h5cLNz1WvDt to=workspace-customer.example weight=1",
            "4 remote_close by receiver at unknown tls=none mx=mx.starttls-421.example qid=4jYSF16C1kz1WvGk to=starttls-421.example weight=1",
            "5 deferral by receiver at unknown tls=none mx=mx.banner-421.example qid=4jYSDH5RfMz1WvDT to=banner-421.example weight=1",
            "6 deferral by receiver at unknown tls=unknown mx=mx.banner-421.example qid=4jYSDH5RfMz1WvDV to=banner-421.example weight=1",
        ]
    );
    let tags: Vec<_> = told(lines).iter().map(|e| field(e, "from")).collect();
    assert_eq!(tags, ["|postfix-out11", "|postfix/relay", "|postfix", "|postfix", "|postfix", "|postfix"]);
}

// oss traps 4 and 5, recorded: RFC 5424 by rsyslog, `journalctl -o with-unit`.
#[test]
fn names_that_the_envelope_cut() {
    let lines = "\
        <22>1 2026-11-24T02:58:04.1+00:00 mta1 postfix 286 - -  SSL_connect error to mx.starttls-220-eof.example[10.77.0.16]:25: lost connection\n\
        <22>1 2026-11-24T02:58:04.2+00:00 mta1 postfix 286 - -  11F4A9F6B19: to=<user@starttls-220-eof.example>, relay=mx.starttls-220-eof.example[10.77.0.16]:25, delay=0.03, delays=0.01/0.01/0.01/0, dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)\n\
        <22>1 2026-11-24T02:58:04.3+00:00 mta1 postfix-out11 288 - -  842159F6BC7: to=<u0@banner-421.example>, relay=none, delay=0.02, delays=0/0/0/0.01, dsn=4.7.0, status=deferred (delivery temporarily suspended: host mx.banner-421.example[10.77.0.3] refused to talk to me: 421 4.7.0 Try again later)\n\
        <22>1 2026-11-24T02:58:04.4+00:00 mta1 postfix 219 - -  842159F6BC8: message-id=<20261124024729.842159F6BC8@mta1.sender.example>\n";
    let told = events(&Postfix, lines);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("remote_close by receiver at handshake") && field(&told[0], "from") == "|postfix");
    assert!(told[1].contains("local by sender") && field(&told[1], "from") == "|postfix-out11");
    let unit = "Tue 2026-11-24 02:47:29 UTC mta1 postfix@-.service[228]: 8B1DC9F6A5D: to=<user@ok-tls.example>, relay=mx.ok-tls.example[10.77.0.1]:25, delay=0.23, delays=0.04/0.08/0.07/0.04, dsn=2.0.0, status=sent (250 2.0.0 OK  1795488449 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp)\n";
    assert!(
        events(&Postfix, unit)[0].contains(
            "delivered by receiver at end_of_data tls=unknown mx=mx.ok-tls.example[10.77.0.1] from=|postfix "
        )
    );
}

// oss trap 39: a name cut at 32 characters has lost its process id, and lines that need it to
// belong together are left alone; what a line says by itself stays.
#[test]
fn a_cut_process_id_ties_no_lines_together() {
    let lines = "
        postfix-203.0.113.201-outbound/s SSL_connect error to mx.a.example[10.77.0.16]:25: lost connection
        postfix-203.0.113.201-outbound/s 11F4A9F6B19: to=<user@b.example>, relay=mx.b.example[10.77.0.17]:25, delay=0.03, delays=0.01/0.01/0.01/0, dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)
        postfix-203.0.113.201-outbound/s 11F4A9F6B18: to=<user@c.example>, relay=mx.c.example[10.77.0.18]:25, delay=0.03, delays=0.01/0.01/0.01/0, dsn=2.0.0, status=sent (250 ok)";
    assert_eq!(
        brief(lines),
        [
            "2 tls_failure by unknown at handshake tls=failed mx=mx.b.example qid=11F4A9F6B19 to=b.example weight=1",
            "3 delivered by receiver at end_of_data tls=unknown mx=mx.c.example qid=11F4A9F6B18 to=c.example weight=1",
        ]
    );
    // Postfix itself cuts messages at 2000 characters: the last line of the reply is lost.
    let cut = format!(
        "postfix/smtp[1]: 11F4A9F6B18: to=<u@c.example>, relay=mx.c.example[10.77.0.18]:25, delay=1, delays=0/0/0/1, dsn=4.7.28, status=deferred (host mx.c.example[10.77.0.18] said: 421-4.7.28 {}",
        "a b c 421-4.7.28 ".repeat(120)
    );
    assert!(told(&cut)[0].contains("deferral by receiver at unknown"), "{:?}", told(&cut));
}

// oss traps 6, 7, 8, 10, 12: lines without host or recipient. Recorded, 3.12 and 3.7.
#[test]
fn earlier_hosts_behind_one_delivery() {
    let lines = "
        postfix/smtp[286]: SSL_connect error to mx1.mx2-tlseof-ok.example[10.77.1.3]:25: -1
        postfix/smtp[286]: warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:../ssl/record/ssl3_record.c:350:
        postfix/smtp[286]: 4jYSDH0w8Mz1WvDL: Cannot start TLS: handshake failure
        postfix/smtp[286]: 4jYSDH0w8Mz1WvDL: host mx2.mx2-tlseof-ok.example[10.77.1.4] refused to talk to me: 421 4.7.0 Try again later
        postfix/smtp[286]: Trusted TLS connection established to mx3.mx2-tlseof-ok.example[10.77.1.5]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
        postfix/smtp[286]: 4jYSDH0w8Mz1WvDL: to=<user@mx2-tlseof-ok.example>, relay=mx3.mx2-tlseof-ok.example[10.77.1.5]:25, delay=0.1, delays=0.01/0/0.05/0.04, dsn=2.0.0, status=sent (250 2.0.0 OK  1795489131 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp)";
    assert_eq!(
        brief(lines),
        [
            "3 plaintext by receiver at handshake tls=failed mx=mx1.mx2-tlseof-ok.example qid=4jYSDH0w8Mz1WvDL to= weight=1",
            "4 deferral by receiver at unknown tls=unknown mx=mx2.mx2-tlseof-ok.example qid=4jYSDH0w8Mz1WvDL to= weight=1",
            "6 delivered by receiver at end_of_data tls=established mx=mx3.mx2-tlseof-ok.example qid=4jYSDH0w8Mz1WvDL to=mx2-tlseof-ok.example weight=1",
        ]
    );
}

// oss trap 11: the same words before and after TLS; only a line of this session tells.
#[test]
fn a_refusal_before_and_after_tls() {
    let refused = |pid: u32, id: &str| {
        format!(
            "postfix/smtp[{pid}]: {id}: to=<u@a.example>, relay=mx.a.example[10.77.0.9]:25, delay=1, delays=0/0/1/0, dsn=4.7.0, status=deferred (host mx.a.example[10.77.0.9] refused to talk to me: 421 4.7.0 Try again later)\n"
        )
    };
    let established = "postfix/smtp[2]: Trusted TLS connection established to mx.a.example[10.77.0.9]:25: TLSv1.3 with cipher X (256/256 bits)\n";
    assert_eq!(
        brief(&format!("{}{established}{}", refused(1, "AAAAAA1"), refused(2, "AAAAAA2"))),
        [
            "1 deferral by receiver at unknown tls=unknown mx=mx.a.example qid=AAAAAA1 to=a.example weight=1",
            "3 deferral by receiver at ehlo tls=established mx=mx.a.example qid=AAAAAA2 to=a.example weight=1",
        ]
    );
}

// oss traps 14, 15, 26, 50: what the sender decided, and the lane of what was not tried.
#[test]
fn own_decisions_and_own_faults() {
    let lines = "
        postfix/error[324]: 842159F6BC7: to=<u0@banner-421.example>, relay=none, delay=0.02, delays=0/0/0/0.01, dsn=4.7.0, status=deferred (delivery temporarily suspended: host mx.banner-421.example[10.77.0.3] refused to talk to me: 421 4.7.0 Try again later)
        postfix/qmgr[221]: 842159F6BC8: to=<u1@b.example>, relay=none, delay=1, delays=0/1/0/0, dsn=4.3.0, status=deferred (mail transport unavailable)
        postfix/smtp[231]: warning: connect to private/tlsproxy service: No such file or directory
        postfix/smtp[231]: 842159F6BC9: to=<user@ok-tls.example>, relay=mx.ok-tls.example[10.77.0.1]:25, delay=2, delays=0.01/0.01/2/0, dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)
        postfix/smtp[231]: 842159F6BCA: to=<user@ok-tls.example>, relay=mx.ok-tls.example[10.77.0.1]:25, delay=2, delays=0.01/0.01/2/0, dsn=4.7.5, status=deferred (client TLS configuration problem)
        postfix/smtp[231]: 842159F6BCB: to=<user@ok-tls.example>, relay=mx.ok-tls.example[10.77.0.1]:25, delay=2, delays=0.01/0.01/2/0, dsn=4.7.5, status=deferred (TLS is required, but our TLS engine is unavailable)
        postfix/smtp[231]: 842159F6BCC: to=<user@b.example>, relay=mx.b.example[10.77.0.1]:25, delay=2, delays=0.01/0.01/2/0, dsn=4.7.1, status=deferred (host mx.b.example[10.77.0.1] refused to talk to me: 554 5.7.1 No SMTP service here)
        postfix/smtp[231]: 842159F6BCD: to=<user@b.example>, relay=mx.b.example[10.77.0.1]:25, delay=2, delays=0.01/0.01/2/0, dsn=4.1.1, status=SOFTBOUNCE (host mx.b.example[10.77.0.1] said: 550 5.1.1 no such user (in reply to RCPT TO command))";
    assert_eq!(
        brief(lines),
        [
            "1 local by sender at unknown tls=unknown mx=mx.banner-421.example qid=842159F6BC7 to=banner-421.example weight=1",
            "2 local by sender at unknown tls=unknown mx= qid=842159F6BC8 to=b.example weight=1",
            "4 local by sender at handshake tls=failed mx=mx.ok-tls.example qid=842159F6BC9 to=ok-tls.example weight=1",
            "5 local by sender at unknown tls=unknown mx=mx.ok-tls.example qid=842159F6BCA to=ok-tls.example weight=1",
            "6 local by sender at starttls tls=none mx=mx.ok-tls.example qid=842159F6BCB to=ok-tls.example weight=1",
            "7 rejection by receiver at unknown tls=unknown mx=mx.b.example qid=842159F6BCC to=b.example weight=1",
            "8 rejection by receiver at rcpt tls=unknown mx=mx.b.example qid=842159F6BCD to=b.example weight=1",
        ]
    );
}

// oss trap 16: what counts is the reply; its own words stay, the MTA's note does not (trap 17).
#[test]
fn replies_as_the_receiver_wrote_them() {
    let lines = "postfix/smtp[1]: AAAAAA1: to=<u@a.example>, relay=mx.a.example[10.77.0.9]:25, delay=1, delays=0/0/1/0, dsn=5.7.26, status=deferred (host mx.a.example[10.77.0.9] said: 550-5.7.26 Unauthenticated email (really) to learn about the 450 4.7.26 DMARC initiative. (in reply to end of DATA command))";
    let told = told(lines);
    assert!(told[0].contains("deferral by receiver at end_of_data"), "{told:?}");
    assert!(
        told[0].contains(
            "reply=550-5.7.26 Unauthenticated email (really) to learn about the 450 4.7.26 DMARC initiative. detail="
        ),
        "{told:?}"
    );
}

// oss traps 27 and 29: how long the session took, not how old the message is.
#[test]
fn a_session_lasts_as_long_as_its_set_up_and_transfer() {
    let lines = "postfix/smtp[1]: AAAAAA1: to=<u@a.example>, relay=mx.a.example[10.77.0.9]:25, delay=4306, delays=4000/0.13/300/6, dsn=4.4.2, status=deferred (conversation with mx.a.example[10.77.0.9] timed out while sending end of data -- message may be sent more than once)";
    let mut told = read(&Postfix, &[format!("2026-11-24T03:12:25Z mta1 {lines}\n").as_bytes()]);
    let cell = told.totals.pop_first().map(|(cell, _)| cell);
    assert!(
        cell.as_ref()
            .is_some_and(|c| c.contains("timeout unknown end_of_data") && c.ends_with("Some(306000) None None")),
        "{cell:?}"
    );
}

// oss traps 13 and 31. Probe: real, modoboa. Others recorded.
#[test]
fn what_is_no_traffic() {
    let lines = "
        postfix/qmgr[221]: 2847EE008E: from=<double-bounce@mta1.example>, size=300, nrcpt=1 (queue active)
        postfix/smtp[2]: 2847EE008E: host mx.first.example[94.23.191.33] refused to talk to me: 421 4.7.0 later
        postfix/smtp[2]: 2847EE008E: to=<info@test2.com>, relay=mail.domain.test[94.23.191.34]:25, delay=6.3, delays=0.04/0.01/6/0.19, dsn=2.1.5, status=deliverable (250 2.1.5 Ok)
        postfix/bounce[320]: 361099F6B9E: sender non-delivery notification: 4DFA19F6B9F
        postfix/qmgr[221]: 4DFA19F6B9F: from=<>, size=2639, nrcpt=1 (queue active)
        postfix/smtp[288]: connect to mta1.sender.example[203.0.113.10]:25: Connection refused
        postfix/smtp[288]: 4DFA19F6B9F: to=<news@sender.example>, relay=none, delay=0, delays=0/0/0/0, dsn=4.4.1, status=deferred (connect to mta1.sender.example[203.0.113.10]:25: Connection refused)
        postfix/qmgr[221]: 74F739F6BA0: from=<>, size=2293, nrcpt=1 (queue active)
        postfix/error[324]: 74F739F6BA0: to=<news@sender.example>, relay=none, delay=0.01, delays=0/0.01/0/0, dsn=4.4.1, status=deferred (delivery temporarily suspended: connect to mta1.sender.example[203.0.113.10]:25: Connection refused)
        postfix/qmgr[221]: 74F739F6BA0: removed
        postfix/discard[18]: 75DA52437: to=<a@bounces.example>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (bounces.example)
        postfix/smtp[19]: 75DA52438: to=<a@bounces.example>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (bounces.example)
        postfix/lmtp[20]: 75DA52439: to=<a@local.example>, relay=mta1.example[private/dovecot-lmtp], delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 ok)
        postfix/lmtp[20]: 75DA52441: to=<a@local.example>, relay=none, delay=0, delays=0/0/0/0, dsn=4.4.1, status=deferred (connect to mta1.example[private/dovecot-lmtp]: No such file or directory)
        postfix/error[20]: 75DA52442: to=<a@local.example>, relay=none, delay=0, delays=0/0/0/0, dsn=4.4.1, status=deferred (delivery temporarily suspended: connect to mta1.example[private/dovecot-lmtp]: No such file or directory)
        postfix/local[21]: 75DA52440: to=<root@mta1.example>, relay=local, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (delivered to mailbox)
        postfix/qmgr[221]: A49D13C34E6: from=<news@sender.example>, status=expired, returned to sender
        postfix/smtp[22]: 74F739F6BA0: to=<user@ok-tls.example>, relay=mx.ok-tls.example[10.77.0.1]:25, delay=2, delays=0.01/0.01/2/0, dsn=2.0.0, status=sent (250 ok)";
    // oss trap 45: the last is a new message under the id of a bounce that was removed.
    assert_eq!(
        brief(lines),
        [
            "18 delivered by receiver at end_of_data tls=unknown mx=mx.ok-tls.example qid=74F739F6BA0 to=ok-tls.example weight=1"
        ]
    );
}

// oss trap 44, recorded (3.12): "established" twice, failures by tlsproxy with the address alone.
#[test]
fn connection_reuse() {
    let lines = "
        postfix/tlsproxy[233]: CONNECT to [10.77.0.1]:25
        postfix/tlsproxy[233]: Trusted TLS connection established to mx.ok-tls.example[10.77.0.1]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
        postfix/smtp[229]: Trusted TLS connection established to mx.ok-tls.example[10.77.0.1]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
        postfix/smtp[229]: 4jYSF01Zltz1WvFV: to=<user@ok-tls.example>, relay=mx.ok-tls.example[10.77.0.1]:25, delay=0.26, delays=0.04/0.03/0.15/0.04, tls=may, dsn=2.0.0, status=sent (250 2.0.0 OK)
        postfix/tlsproxy[233]: TLS handshake failed for service=smtp peer=[10.77.0.16]:25
        postfix/smtp[280]: 4jYSF25FWTz1WvGp: to=<user@starttls-220-eof.example>, relay=mx.starttls-220-eof.example[10.77.0.16]:25, delay=0.02, delays=0.01/0.01/0/0, tls=may?, dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)
        postfix/tlsproxy[233]: warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:../ssl/record/ssl3_record.c:350:
        postfix/tlsproxy[233]: TLS handshake failed for service=smtp peer=[10.77.0.19]:25
        postfix/smtp[290]: 4jYSF31d4Gz1WvGt: Cannot start TLS: handshake failure
        postfix/smtp[290]: 4jYSF31d4Gz1WvGt: to=<user@gmail.com>, relay=mx2.mx2-tlseof-ok.example[10.77.1.4]:25, delay=0.1, delays=0.01/0/0.05/0.04, tls=may, dsn=2.0.0, status=sent (250 2.0.0 OK)
        postfix/smtp[291]: 4jYSF31d4Gz1WvGw: to=<user@starttls-220-hang.example>, relay=mx.starttls-220-hang.example[10.77.0.18]:25, delay=6, delays=0/0/6/0, tls=may?, dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)
        postfix/tlsproxy[233]: warning: ciphertext read/write timeout for [10.77.0.18]:25
        postfix/tlsproxy[233]: TLS handshake failed for service=smtp peer=[10.77.0.18]:25
        postfix/smtp[292]: 4jYSF31d4Gz1WvGv: to=<user@starttls-220-hang.example>, relay=mx.starttls-220-hang.example[10.77.0.18]:25, delay=6, delays=0/0/6/0, tls=may?, dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)
        postfix/smtp[293]: Trusted TLS connection reused to mx.ok-tls.example[10.77.0.1]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
        postfix/smtp[293]: 4jYSF01Zltz1WvFW: to=<user@ok-tls.example>, relay=mx.ok-tls.example[10.77.0.1]:25, conn_use=2, delay=0.26, delays=0.04/0.03/0.15/0.04, tls=may?, dsn=2.0.0, status=sent (250 2.0.0 OK)";
    assert_eq!(
        brief(lines),
        [
            "4 delivered by receiver at end_of_data tls=established mx=mx.ok-tls.example qid=4jYSF01Zltz1WvFV to=ok-tls.example weight=1",
            "6 remote_close by receiver at handshake tls=failed mx=mx.starttls-220-eof.example qid=4jYSF25FWTz1WvGp to=starttls-220-eof.example weight=1",
            // Its host is not in the log, its recipient is on the line that follows.
            "9 plaintext by receiver at handshake tls=failed mx= qid=4jYSF31d4Gz1WvGt to=gmail.com weight=1",
            "10 delivered by receiver at end_of_data tls=established mx=mx2.mx2-tlseof-ok.example qid=4jYSF31d4Gz1WvGt to=gmail.com weight=1",
            // The client gave up before tlsproxy did; what tlsproxy says later is not of the next.
            "11 tls_failure by unknown at handshake tls=failed mx=mx.starttls-220-hang.example qid=4jYSF31d4Gz1WvGw to=starttls-220-hang.example weight=1",
            "14 tls_failure by unknown at handshake tls=failed mx=mx.starttls-220-hang.example qid=4jYSF31d4Gz1WvGv to=starttls-220-hang.example weight=1",
            "16 delivered by receiver at end_of_data tls=established mx=mx.ok-tls.example qid=4jYSF01Zltz1WvFW to=ok-tls.example weight=1",
        ]
    );
}

#[test]
fn several_handshakes_of_tlsproxy_tell_an_address_only_when_they_agree() {
    let lines = "
        postfix/tlsproxy[233]: TLS handshake failed for service=smtp peer=[10.77.0.16]:25
        postfix/tlsproxy[233]: TLS handshake failed for service=smtp peer=[10.77.0.17]:25
        postfix/smtp[290]: 4jYSF31d4Gz1WvGt: Cannot start TLS: handshake failure
        postfix/smtp[290]: 4jYSF31d4Gz1WvGt: to=<user@a.example>, relay=mx2.a.example[10.77.1.4]:25, delay=0.1, delays=0.01/0/0.05/0.04, dsn=2.0.0, status=sent (250 2.0.0 OK)";
    assert!(brief(lines)[0].starts_with("3 tls_failure by unknown at handshake"), "{:?}", brief(lines));
}

// oss trap 42: without a line about TLS nothing is known of it, and the file says so.
#[test]
fn what_was_not_seen_is_said() {
    use crate::formats::logs::{LogFormat as _, Note};
    let line = "2026-11-24T03:12:25Z mta1 postfix/smtp[1]: AAAAAA1: to=<u@a.example>, relay=mx.a.example[10.77.0.9]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)\n";
    let told = read(&Postfix, &[line.as_bytes()]);
    assert!(told.events[0].contains("tls=unknown"));
    let seen: Vec<Note> = told.notes.iter().map(|(note, _, _)| *note).collect();
    let says = Postfix.not_seen(&|note| seen.contains(&note)).join("; ");
    assert!(says.contains("smtp_tls_loglevel=0") && says.contains("bounces") && !says.contains("cut"), "{says}");
    let seen: Vec<Note> = read(&Postfix, &[&recording("postfix3711-may", "rfc3164.log")])
        .notes
        .into_iter()
        .map(|(note, _, _)| note)
        .collect();
    assert_eq!(Postfix.not_seen(&|note| seen.contains(&note)), Vec::<String>::new());
    let cut = recording("postfix3711-may", "rfc5424.log");
    let seen: Vec<Note> = read(&Postfix, &[&cut]).notes.into_iter().map(|(note, _, _)| note).collect();
    assert!(Postfix.not_seen(&|note| seen.contains(&note)).join("; ").contains("the envelope cut it"));
}

// oss trap 43: a resumed session's line is shorter. Recorded, 3.12.
#[test]
fn resumed_sessions_are_sessions() {
    let lines = "
        postfix/smtp[226]: Trusted TLS connection established to mx.ok-tls.example[10.77.0.1]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange x25519
        postfix/smtp[226]: 72A139F6BC4: to=<a@ok-tls.example>, relay=mx.ok-tls.example[10.77.0.1]:25, delay=0.06, delays=0/0/0.01/0.04, dsn=2.0.0, status=sent (250 2.0.0 OK)
        postfix/smtp[226]: 72A139F6BC4: to=<b@ok-tls.example>, relay=mx.ok-tls.example[10.77.0.1]:25, delay=0.06, delays=0/0/0.01/0.04, dsn=2.0.0, status=sent (250 2.0.0 OK)";
    let told = brief(lines);
    assert!(told.iter().all(|e| e.contains("tls=established")), "{told:?}");
    assert!(told[0].ends_with("weight=1") && told[1].ends_with("weight=0"), "{told:?}");
}

// oss trap 46: one process id on two hosts, in two lanes, and again after a long silence.
#[test]
fn a_process_is_its_host_its_name_its_id_and_its_time() {
    let sslerror = "SSL_connect error to mx.a.example[10.77.0.16]:25: Connection reset by peer";
    let failure = |id: &str| {
        format!(
            "{id}: to=<u@b.example>, relay=mx.b.example[10.77.0.17]:25, delay=1, delays=0/0/1/0, dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)"
        )
    };
    let lines = [
        format!("2026-11-24T03:00:00Z mta1 postfix-a/smtp[7]: {sslerror}"),
        format!("2026-11-24T03:00:00Z mta2 postfix-a/smtp[7]: {}", failure("AAAAAA1")),
        format!("2026-11-24T03:00:00Z mta1 postfix-b/smtp[7]: {}", failure("AAAAAA2")),
        format!("2026-11-24T04:00:00Z mta1 postfix-a/smtp[7]: {}", failure("AAAAAA3")),
    ];
    let told = events(&Postfix, &(lines.join("\n") + "\n"));
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(told.iter().all(|e| e.contains("tls_failure by unknown") && e.contains("lines=1 ")), "{told:#?}");
}

#[test]
fn a_transaction_counts_once_with_what_ended_it() {
    let line = |to: &str, rest: &str| {
        format!(
            "postfix/smtp[7]: AAAAAA1: to=<{to}@a.example>, relay=mx.a.example[10.77.0.9]:25, delay=1, delays=0/0/1/{rest}\n"
        )
    };
    let refused = line(
        "a",
        "0.1, dsn=5.1.1, status=bounced (host mx.a.example[10.77.0.9] said: 550 5.1.1 no (in reply to RCPT TO command))",
    );
    let refused_too = refused.replace("to=<a@", "to=<b@");
    let sent = line("c", "0.3, dsn=2.0.0, status=sent (250 ok)");
    let next = "postfix/smtp[7]: AAAAAA2: to=<d@a.example>, relay=mx.a.example[10.77.0.9]:25, delay=1, delays=0/0/2/0, dsn=2.0.0, status=sent (250 ok)\n";
    let weights = |lines: &str| -> Vec<String> {
        brief(lines)
            .iter()
            .map(|e| {
                format!("{} {}", e.split(' ').nth(1).unwrap_or_default(), e.rsplit('=').next().unwrap_or_default())
            })
            .collect()
    };
    assert_eq!(
        weights(&format!("{refused}{refused_too}{sent}{next}")),
        ["rejection 0", "rejection 0", "delivered 1", "delivered 1"]
    );
    assert_eq!(weights(&format!("{refused}{refused_too}{next}")), ["rejection 1", "rejection 0", "delivered 1"]);
    assert_eq!(weights(&format!("{refused}{refused_too}")), ["rejection 1", "rejection 0"]);
    // A 421 to one recipient is the end, and the close behind it is no other.
    let busy = line(
        "b",
        "0.2, dsn=4.7.0, status=deferred (host mx.a.example[10.77.0.9] said: 421 4.7.0 too many (in reply to RCPT TO command))",
    );
    let lost = line(
        "c",
        "0.2, dsn=4.4.2, status=deferred (lost connection with mx.a.example[10.77.0.9] while sending RCPT TO)",
    );
    assert_eq!(weights(&format!("{busy}{lost}{next}")), ["deferral 1", "deferral 0", "delivered 1"]);
    assert_eq!(
        weights(&format!("{refused}{busy}{lost}{next}")),
        ["rejection 0", "deferral 1", "deferral 0", "delivered 1"]
    );
    // After a plain refusal a close is an end of its own.
    assert_eq!(weights(&format!("{refused}{lost}{next}")), ["rejection 0", "remote_close 1", "delivered 1"]);
    // The same on lines of a host that was not the last.
    let passed =
        "postfix/smtp[7]: AAAAAA1: host mx1.a.example[10.77.0.8] said: 450 4.2.1 later (in reply to RCPT TO command)\n";
    assert_eq!(weights(&format!("{passed}{passed}{sent}")), ["deferral 1", "deferral 0", "delivered 1"]);
    let closed = "postfix/smtp[7]: AAAAAA1: lost connection with mx1.a.example[10.77.0.8] while sending RCPT TO\n";
    let said = "postfix/smtp[7]: AAAAAA1: host mx1.a.example[10.77.0.8] said: 421 4.7.0 later (in reply to MAIL FROM command)\n";
    assert_eq!(weights(&format!("{said}{closed}{sent}")), ["deferral 1", "delivered 1"]);
}

// Recorded, 3.7 (`smtp_tls_security_level=may`, after a first deferral).
#[test]
fn a_retry_in_plain_text_has_no_tls() {
    let lines = "
        postfix/smtp[16]: SSL_connect error to mx.a.example[10.77.0.16]:25: lost connection
        postfix/smtp[16]: 39C60BEC4: Cannot start TLS: handshake failure
        postfix/smtp[16]: 39C60BEC4: to=<u@a.example>, relay=mx.a.example[10.77.0.16]:25, delay=47, delays=47/0/0.02/0.05, dsn=2.0.0, status=sent (250 2.0.0 OK)
        postfix/smtp[16]: Trusted TLS connection established to mx.b.example[10.77.0.35]:25: TLSv1.3 with cipher X (256/256 bits)
        postfix/smtp[16]: 39C60BEC5: lost connection with mx.b.example[10.77.0.35] while sending MAIL FROM
        postfix/smtp[16]: 39C60BEC5: to=<u@b.example>, relay=mx.b.example[10.77.0.35]:25, delay=47, delays=47/0/0.02/0.05, dsn=4.4.2, status=deferred (lost connection with mx.b.example[10.77.0.35] while sending MAIL FROM)";
    let tls: Vec<_> = told(lines).iter().map(|e| field(e, "tls")).collect();
    assert_eq!(tls, ["failed", "none", "established", "none"]);
    // Inside TLS, and where STARTTLS is not sent, no refusal of it can hide behind a close.
    assert!(brief(lines)[2..].iter().all(|e| e.contains("remote_close by receiver at mail")), "{:?}", brief(lines));
    assert!(brief(lines).iter().all(|e| e.ends_with("weight=1")), "{:?}", brief(lines));
}

// Recorded, 3.7.11 (level encrypt): the process had just ended a session with another host.
#[test]
fn a_decision_without_a_session_takes_nothing_from_the_one_before() {
    let lines = "
        postfix/smtp[236]: Trusted TLS connection established to mx.a.example[10.77.0.27]:25: TLSv1.3 with cipher X (256/256 bits)
        postfix/smtp[236]: E37D09F67EB: to=<c@a.example>, relay=mx.a.example[10.77.0.27]:25, delay=0.06, delays=0/0/0.01/0.04, dsn=4.2.1, status=deferred (host mx.a.example[10.77.0.27] said: 450 4.2.1 x (in reply to RCPT TO command))
        postfix/smtp[236]: 07B7F9F67F3: to=<x@nullmx.example>, relay=none, delay=0, delays=0/0/0/0, dsn=5.1.0, status=bounced (Domain nullmx.example does not accept mail (nullMX))";
    assert_eq!(
        brief(lines),
        [
            "2 deferral by receiver at rcpt tls=established mx=mx.a.example qid=E37D09F67EB to=a.example weight=1",
            "3 local by sender at unknown tls=unknown mx= qid=07B7F9F67F3 to=nullmx.example weight=1",
        ]
    );
}

// Recorded, 3.7.11 (postfix3711-verify): the handshake itself came about.
#[test]
fn a_certificate_that_does_not_match() {
    let lines = "
        postfix/smtp[16]: server certificate verification failed for mx.a.example[10.77.0.16]:25: num=62:hostname mismatch
        postfix/smtp[16]: Untrusted TLS connection established to mx.a.example[10.77.0.16]:25: TLSv1.3 with cipher X (256/256 bits)
        postfix/smtp[16]: 39C60BEC4: Server certificate not verified
        postfix/smtp[16]: 39C60BEC4: to=<u@a.example>, relay=mx2.a.example[10.77.0.17]:25, delay=47, delays=47/0/0.02/0.05, dsn=2.0.0, status=sent (250 2.0.0 OK)";
    let told = told(lines);
    assert!(
        told[0].contains("tls_failure by sender at handshake tls=established mx=mx.a.example[10.77.0.16]"),
        "{told:?}"
    );
    assert!(told[0].ends_with("detail=num=62:hostname mismatch"), "{told:?}");
}

#[test]
fn the_sending_ip_in_the_name_of_the_lane() {
    // Real, lightmeter.
    let line = "postfix-239.58.50.50/smtp[1]: AAAAAA1: to=<u@a.example>, relay=mx.a.example[10.77.0.9]:25, delay=1, delays=0/0/1/0, dsn=2.0.0, status=sent (250 ok)";
    assert_eq!(field(&told(line)[0], "from"), "239.58.50.50|postfix-239.58.50.50");
}

#[test]
fn unknown_texts_of_an_attempt_count_and_unknown_remarks_are_shown() {
    // oss trap 49: smtp_delivery_status_filter can put any words there.
    let lines = "
        postfix/smtp[1]: AAAAAA1: to=<u@a.example>, relay=mx.a.example[10.77.0.9]:25, delay=1, delays=0/0/1/0, dsn=4.0.0, status=deferred (the moon is full)
        postfix/smtp[1]: AAAAAA1: the sun is high
        postfix/smtp[1]: AAAAAA1: to=<u@a.example>, relay=mx.a.example";
    assert_eq!(
        brief(lines),
        ["1 unclassified by unknown at unknown tls=unknown mx=mx.a.example qid=AAAAAA1 to=a.example weight=1"]
    );
    let stamped: String = lines.trim().lines().map(|l| format!("2026-11-24T03:12:25Z mta1 {}\n", l.trim())).collect();
    assert_eq!(read(&Postfix, &[stamped.as_bytes()]).unrecognised, [2, 3]);
}

#[test]
fn long_ids_prove_year_and_zone() {
    use crate::formats::Head;
    use crate::formats::logs::LogFormat as _;
    // Real, postfix-parser: Mountain Daylight Time, 2015, written without year and zone.
    let line = b"Jul  5 06:52:11 mail postfix/smtp[1]: 3mPVKl0Mhjz7sXv: to=<u@a.example>, relay=mx.a.example[10.77.0.9]:25, delay=0.3, delays=0/0/0.2/0.1, dsn=2.0.0, status=sent (250 ok)\n";
    let survey = Postfix.survey(Head { bytes: line, whole: true });
    assert_eq!((survey.offset_s, survey.offset_by_ids), (Some(-6 * 3600), true));
    assert_eq!(survey.near.map(|at| at.seconds()), Some(1_436_100_731));
}
