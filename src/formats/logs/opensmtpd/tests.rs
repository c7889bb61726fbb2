use super::*;
use crate::formats::logs::testing::{assert_damage_is_survived, assert_splits_agree, events, read};

/// Recorded: OpenSMTPD 6.8.0p2 against one receiver behaviour after another.
const RECORDED: &str = include_str!("../../../../tests/data/logs/opensmtpd/6.8.log");

/// One session of 7.9 (recorded reasons) that ends with an error.
fn of_error(scheme: &str, connected: bool, reason: &str) -> String {
    let line = |what: &str| format!("2026-11-24T02:45:32Z mta1 smtpd[136]: b3066964fd39582c mta {what}\n");
    let begun = line(&format!("connecting address={scheme}://10.77.0.3:25 host=mx.example"));
    let connected = if connected { line("connected") } else { String::new() };
    let text = [begun, connected, line(&format!("error reason={reason}"))].concat();
    let all = events(&OpenSmtpd, &text);
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].split(' ').skip(2).take(7).collect::<Vec<_>>().join(" ")
}

#[test]
fn why_sessions_end() {
    let mx = "mx=mx.example[10.77.0.3]";
    let rows = [
        (
            "BANNER rejected: 421 4.7.0 Try again later, closing connection. l7 - gsmtp",
            "deferral by receiver at banner tls=unknown",
        ),
        ("BANNER rejected: 554 5.7.1 No SMTP service here", "rejection by receiver at banner tls=unknown"),
        (
            "EHLO rejected: 421 4.7.0 Try again later, closing connection. (EHLO) gsmtp",
            "deferral by receiver at ehlo tls=unknown",
        ),
        (
            "STARTTLS rejected: 454 4.7.0 TLS not available due to local problem",
            "deferral by receiver at starttls tls=unknown",
        ),
        (
            "IO Error: handshake failed: error:0A000126:SSL routines::unexpected eof while reading",
            "remote_close by receiver at handshake tls=failed",
        ),
        ("IO Error: handshake failed: Connection reset by peer", "remote_close by receiver at handshake tls=failed"),
        (
            "IO Error: handshake failed: error:0A000410:SSL routines::ssl/tls alert handshake failure",
            "tls_failure by receiver at handshake tls=failed",
        ),
        (
            "IO Error: handshake failed: error:0A00010B:SSL routines::wrong version number",
            "plaintext by receiver at handshake tls=failed",
        ),
        (
            "IO Error: certificate verification failed: unable to get local issuer certificate",
            "tls_failure by sender at handshake tls=failed",
        ),
        ("TLS required but not supported by remote host", "tls_failure by sender at ehlo tls=unknown"),
        ("Connection closed unexpectedly", "remote_close by receiver at unknown tls=unknown"),
        ("IO Error: Connection reset by peer", "remote_close by receiver at unknown tls=unknown"),
        ("Connection timeout", "timeout by unknown at unknown tls=unknown"),
        ("the moon is full", "unclassified by unknown at unknown tls=unknown"),
    ];
    for (reason, expected) in rows {
        assert_eq!(of_error("smtp+tls", true, reason), format!("{expected} {mx}"), "{reason}");
    }
    for reason in ["IO Error: Connection refused", "Connection timeout"] {
        assert_eq!(of_error("smtp", false, reason), format!("connect_failure by unknown at connect tls=unknown {mx}"));
    }
    // 6.8 writes the library's words alone.
    assert_eq!(
        of_error("smtp+tls", true, "IO Error: error:0A000126:SSL routines::unexpected eof while reading"),
        format!("remote_close by receiver at handshake tls=failed {mx}")
    );
}

#[test]
fn a_failed_handshake_and_the_delivery_in_clear_are_two_attempts() {
    let all = events(&OpenSmtpd, RECORDED);
    let mine: Vec<_> = all
        .iter()
        .filter(|e| e.contains("[10.77.0.19]"))
        .map(|e| e.split(' ').skip(2).take(6).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        mine,
        ["tls_failure by unknown at handshake tls=failed", "delivered by receiver at end_of_data tls=none"]
    );
}

#[test]
fn one_error_is_one_event_and_the_queue_is_the_senders() {
    let all = events(&OpenSmtpd, RECORDED);
    // Error, then the message that it cost.
    let closed: Vec<_> = all.iter().filter(|e| e.contains("[10.77.0.11]")).collect();
    assert_eq!(closed.len(), 2);
    assert!(closed[0].contains("weight=1 rcpts=0") && closed[1].contains("weight=0 rcpts=1"), "{closed:#?}");
    // oss trap 22: session zero has no receiver's word in it.
    let queue: Vec<_> = all.iter().filter(|e| e.contains(" to=banner-421.example ")).collect();
    assert!(!queue.is_empty() && queue.iter().all(|e| e.contains("local by sender")), "{queue:#?}");
}

#[test]
fn the_recording_is_understood_and_splits_agree() {
    let told = read(&OpenSmtpd, &[RECORDED.as_bytes()]);
    assert_eq!(told.unrecognised, Vec::<u64>::new());
    assert!(told.events.iter().any(|e| e.contains("from=203.0.113.10|")));
    assert_splits_agree(&OpenSmtpd, RECORDED.as_bytes());
    assert_damage_is_survived(&OpenSmtpd, RECORDED.as_bytes());
}

#[test]
fn other_smtpds_are_not_claimed() {
    let postfix = b"Nov 24 02:47:29 mta1 postfix/smtpd[228]: connect from a[1.2.3.4]\n";
    assert_eq!(OpenSmtpd.recognise(Head { bytes: postfix, whole: true }), None);
    assert!(OpenSmtpd.recognise(Head { bytes: RECORDED.as_bytes(), whole: true }).is_some());
}
