use super::line::{Said, said};
use super::*;
use crate::formats::logs::testing::{assert_damage_is_survived, assert_splits_agree, events, read};

/// Recorded: Sendmail 8.17.1 against one receiver behaviour after another, log level 9.
const RECORDED: &str = include_str!("../../../../tests/data/logs/sendmail/8.17.log");

/// Outcome, decider, stage and TLS of each event at a scenario's hosts, or for its domain.
fn of(scenario: &str) -> Vec<String> {
    let all = events(&Sendmail, RECORDED);
    let is_mine =
        |e: &&String| e.contains(&format!(".{scenario}.example[")) || e.contains(&format!(" to={scenario}.example "));
    all.iter().filter(is_mine).map(|e| e.split(' ').skip(2).take(6).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn each_receiver_behaviour() {
    // What the receiver did stands in the scenario's name; what Sendmail does not say is unknown.
    let rows = [
        ("ok-plain", "delivered by receiver at end_of_data tls=unknown"),
        ("banner-421", "deferral by receiver at unknown tls=unknown"),
        ("banner-554", "rejection by receiver at unknown tls=unknown"),
        ("banner-eof", "remote_close by receiver at unknown tls=unknown"),
        ("banner-rst", "remote_close by receiver at unknown tls=unknown"),
        ("banner-hang", "timeout by unknown at banner tls=unknown"),
        ("ehlo-421", "deferral by receiver at unknown tls=unknown"),
        ("ehlo-eof", "remote_close by receiver at unknown tls=unknown"),
        ("starttls-421", "deferral by receiver at unknown tls=unknown"),
        ("starttls-eof-cmd", "unclassified by unknown at unknown tls=unknown"),
        ("starttls-hang-cmd", "timeout by unknown at unknown tls=unknown"),
        ("starttls-220-eof", "remote_close by receiver at handshake tls=failed"),
        ("starttls-220-rst", "remote_close by receiver at handshake tls=failed"),
        ("starttls-220-hang", "timeout by unknown at handshake tls=failed"),
        ("starttls-220-plain421", "plaintext by receiver at handshake tls=failed"),
        ("starttls-220-alert", "tls_failure by receiver at handshake tls=failed"),
        ("starttls-expired", "delivered by receiver at end_of_data tls=established"),
        ("tls-ehlo-421", "deferral by receiver at unknown tls=established"),
        ("tls-ehlo-eof", "remote_close by receiver at unknown tls=established"),
        ("mail-451", "deferral by receiver at unknown tls=established"),
        ("mail-eof", "remote_close by unknown at unknown tls=established"),
        ("rcpt-550", "rejection by receiver at unknown tls=established"),
        ("rcpt-552", "rejection by receiver at unknown tls=established"),
        // oss trap 15: a 421 that no receiver sent.
        ("rcpt-eof", "remote_close by receiver at unknown tls=established"),
        ("dot-451", "deferral by receiver at unknown tls=established"),
        ("dot-eof", "remote_close by unknown at unknown tls=established"),
        ("dot-hang", "timeout by unknown at unknown tls=established"),
        ("refused", "connect_failure by unknown at connect tls=unknown"),
        ("blackhole", "connect_failure by unknown at connect tls=unknown"),
        ("nxdomain", "connect_failure by unknown at connect tls=unknown"),
        ("servfail", "connect_failure by unknown at connect tls=unknown"),
        ("nullmx", "local by sender at unknown tls=unknown"),
    ];
    for (scenario, expected) in rows {
        let found = of(scenario);
        assert!(!found.is_empty() && found.iter().all(|f| f == expected), "{scenario}: {found:?}");
    }
}

#[test]
fn an_earlier_mx_is_told_only_by_its_handshake() {
    assert_eq!(
        of("mx2-tlseof-ok"),
        ["remote_close by receiver at handshake tls=failed", "delivered by receiver at end_of_data tls=established"]
    );
    assert_eq!(of("mx2-421-ok"), ["delivered by receiver at end_of_data tls=established"]);
}

#[test]
fn several_recipients_are_one_attempt() {
    // oss trap 23: they stand in one line, in several, or both.
    let of_id = |id: &str| -> Vec<String> {
        let mine = events(&Sendmail, RECORDED).into_iter().filter(|e| e.contains(&format!("qid={id} ")));
        mine.map(|e| {
            e.split(' ').filter(|w| w.starts_with("weight") || w.starts_with("rcpts")).collect::<Vec<_>>().join(" ")
        })
        .collect()
    };
    assert_eq!(of_id("6AO2RbFL000352"), ["weight=1 rcpts=3"]);
    assert_eq!(of_id("6AO2RbKq000341"), ["weight=1 rcpts=2", "weight=1 rcpts=1", "weight=0 rcpts=1"]);
}

#[test]
fn replies_addresses_and_the_clock() {
    // oss trap 17: the first line alone, with its dash; oss trap 16: dsn= is no part of it.
    let multi =
        events(&Sendmail, RECORDED).into_iter().find(|e| e.contains("to=dot-421-multi.example")).unwrap_or_default();
    assert!(
        multi.ends_with("reply=421-4.7.28 Gmail has detected an unusual rate of mail originating from your IP detail="),
        "{multi}"
    );
    let v6 = events(&Sendmail, RECORDED).into_iter().find(|e| e.contains("to=v6-ok.example")).unwrap_or_default();
    assert!(v6.contains("mx=mx1.v6-ok.example[2001:db8:77::1]"), "{v6}");
    // Real, 2012 and 2026: the id is in UTC.
    assert_eq!(id_second(b"sm-mta[24670]: qACL1HdZ024655: to=<a@b>"), Some(1_352_754_077));
    assert_eq!(id_second(b"sendmail[155]: 6AO2RW5K000153: to=<a@b>"), Some(1_795_487_252));
    let survey = Sendmail.survey(Head { bytes: RECORDED.as_bytes(), whole: true });
    assert_eq!(survey.offset_s, Some(0));
}

#[test]
fn lines_of_other_versions() {
    // Real lines of 2012 (public logs), stamps of the last three set by their ids: 403 for
    // 454, no reason, no address.
    let lines = "Nov 12 13:01:25 host sm-mta[24670]: qACL1HdZ024655: to=<a@corp.example>, delay=00:00:08, xdelay=00:00:01, mailer=esmtp, pri=1322505, relay=aspmx.l.google.com. [173.194.79.26], dsn=2.0.0, stat=Sent (OK 1352754085 j9si11007854paw.67)\n\
        Nov 12 14:40:09 host sm-mta[17605]: qACMe8E2017601: to=<a@yahoo.com>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=127125, relay=mta6.am0.yahoodns.net., dsn=4.0.0, stat=Deferred\n\
        Nov 12 14:40:10 host sendmail[32283]: STARTTLS=client, error: connect failed=0, SSL_error=5\n\
        Nov 12 14:40:10 host sendmail[32283]: ruleset=tls_server, arg1=SOFTWARE, relay=x.mail.eo.outlook.com, reject=403 4.7.0 TLS handshake failed.\n\
        Nov 12 14:40:10 host sendmail[32283]: qACMe8E2017602: to=<a@x.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=127125, relay=x.mail.eo.outlook.com. [192.0.2.9], dsn=4.0.0, stat=Deferred: 403 4.7.0 TLS handshake failed.\n";
    let found: Vec<_> =
        events(&Sendmail, lines).iter().map(|e| e.split(' ').skip(1).take(7).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        found,
        [
            "2012-11-12T21:01:25Z delivered by receiver at end_of_data tls=unknown",
            "2012-11-12T22:40:09Z unclassified by unknown at unknown tls=unknown",
            "2012-11-12T22:40:10Z remote_close by receiver at handshake tls=failed",
        ]
    );
    assert_eq!(said(b"x"), Said::Nothing);
}

#[test]
fn the_recording_is_understood_and_splits_agree() {
    let told = read(&Sendmail, &[RECORDED.as_bytes()]);
    assert_eq!(told.unrecognised, Vec::<u64>::new());
    assert_splits_agree(&Sendmail, RECORDED.as_bytes());
    assert_damage_is_survived(&Sendmail, RECORDED.as_bytes());
}

/// One delivery line of process 20393 in the shape of the recording, after some others of it.
fn delivery(before: &str, fields: &str) -> Vec<String> {
    let at = "Nov 24 02:27:32 mta1 sendmail[20393]: ";
    let before: String = before.lines().map(|l| format!("{at}{l}\n")).collect();
    let anchor = RECORDED.lines().find(|l| l.contains("stat=Sent (OK  17")).unwrap_or_default();
    let all = events(&Sendmail, &format!("{anchor}\n{before}{at}6AO2RW5K000153: to=<user@other.example>, {fields}\n"));
    let mine = all.iter().filter(|e| e.contains(" to=other.example ") || e.contains("mx=other.example["));
    mine.map(|e| e.split(' ').skip(2).take(6).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_receivers_words_about_hosts_are_its_own() {
    let fields = |xdelay: &str, end: &str| {
        format!("delay=00:00:01, xdelay={xdelay}, mailer=esmtp, pri=1, relay=other.example. [192.0.2.9], {end}")
    };
    let refused = "dsn=5.1.2, reply=550 5.1.2 <user@other.example>: Host unknown, stat=Host unknown";
    assert_eq!(delivery("", &fields("00:00:01", refused)), ["rejection by receiver at unknown tls=unknown"]);
    let unknown = "dsn=5.1.2, stat=Host unknown (Name server: other.example: host not found)";
    assert_eq!(delivery("", &fields("00:00:01", unknown)), ["connect_failure by unknown at connect tls=unknown"]);
    // Any numbers in a duration are read.
    for xdelay in ["1193046:65535:65535", "65535+65535:65535:65535", "99999999999:0:0", "+::", ""] {
        assert_eq!(delivery("", &fields(xdelay, unknown)).len(), 1, "{xdelay}");
    }
}

#[test]
fn who_sent_a_message_is_none_of_its_recipients() {
    let of = |to: &str| {
        let fields = "delay=00:00:08, xdelay=00:00:01, mailer=esmtp, pri=1322505, relay=gmail-smtp-in.l.google.com. [142.250.27.26], dsn=2.0.0, stat=Sent (OK)";
        let line = format!("Nov 24 03:06:08 mta1 sm-mta[24670]: 6AO365hd024655: to={to}, {fields}\n");
        let word = |e: &String, key: &str| e.split(' ').find_map(|w| w.strip_prefix(key).map(str::to_owned));
        events(&Sendmail, &line).iter().filter_map(|e| Some((word(e, "to=")?, word(e, "rcpts=")?))).collect::<Vec<_>>()
    };
    let one = |domain: &str, recipients: &str| vec![(domain.to_owned(), recipients.to_owned())];
    assert_eq!(of("<user@gmail.com>, ctladdr=<news@sender.example> (1000/1000)"), one("gmail.com", "1"));
    assert_eq!(of("user@gmail.com, ctladdr=news (1000/1000)"), one("gmail.com", "1"));
    assert_eq!(of("a@gmail.com,b@gmail.com, ctladdr=news (1000/1000)"), one("gmail.com", "2"));
    assert_eq!(of("<a@gmail.com>,<b@gmail.com>"), one("gmail.com", "2"));
}

#[test]
fn ids_of_messages_end_in_the_process_id() {
    let id = |text: &str| line::queue_id(text.as_bytes()).map(|(id, _)| String::from_utf8_lossy(id).into_owned());
    assert_eq!(id("6AO365hd024655: to=<u@a.example>").as_deref(), Some("6AO365hd024655"));
    assert_eq!(id("6AO365hd4024655: to=<u@a.example>").as_deref(), Some("6AO365hd4024655"));
    for none in ["6AO365hd02465: x", "6AO365hd40246551: x", "6AO365hd02465x: x", "6AO365hd024655:x", "STARTTLS=client"]
    {
        assert_eq!(id(none), None, "{none}");
    }
}

/// Lines of Sendmail before 8.16, which quote no replies.
#[test]
fn a_final_answer_without_its_words() {
    let of = |dsn: &str, stat: &str| {
        delivery(
            "",
            &format!(
                "delay=00:00:08, xdelay=00:00:01, mailer=esmtp, pri=1, relay=other.example. [192.0.2.9], dsn={dsn}, stat={stat}"
            ),
        )
    };
    assert_eq!(of("5.1.1", "User unknown"), ["rejection by receiver at rcpt tls=unknown"]);
    assert_eq!(of("5.0.0", "Service unavailable"), ["rejection by unknown at unknown tls=unknown"]);
    assert_eq!(of("5.6.0", "Data format error"), ["unclassified by unknown at unknown tls=unknown"]);
    assert_eq!(of("4.0.0", "Deferred"), ["unclassified by unknown at unknown tls=unknown"]);
}

#[test]
fn a_stream_that_ended_in_the_handshake_of_an_older_version() {
    // Published lines of an older Sendmail, host names ours.
    let before = "STARTTLS=client, error: connect failed=0, SSL_error=5\n\
        ruleset=tls_server, arg1=SOFTWARE, relay=other.example, reject=403 4.7.0 TLS handshake failed.";
    let fields = "delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=1, relay=other.example. [192.0.2.9], dsn=4.7.0, stat=Deferred: 403 4.7.0 TLS handshake failed.";
    assert_eq!(delivery(before, fields), ["remote_close by receiver at handshake tls=failed"]);
}

/// Recorded lines of a failed handshake, and what became of the message; hosts are Gmail's.
fn after_a_failed_handshake(deliveries: &[&str]) -> Vec<String> {
    let failed = "330]: STARTTLS=client, error: connect failed=-1, reason=unexpected eof while reading, SSL_error=1, errno=32, retry=-1";
    let rejected = "330]: ruleset=tls_server, arg1=SOFTWARE, relay=gmail-smtp-in.l.google.com, reject=454 4.7.0 TLS handshake failed.";
    let lines = deliveries.iter().flat_map(|d| if d.is_empty() { vec![failed, rejected] } else { vec![*d] });
    let text: String = lines.map(|line| format!("Nov 24 02:27:37 mta1 sendmail[{line}\n")).collect();
    events(&Sendmail, &text)
        .iter()
        .map(|e| e.split(' ').filter(|w| !w.starts_with("20")).collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn a_failed_handshake_stands_beside_the_delivery_to_the_same_host() {
    // TLSFallbacktoClear, or one name with several addresses.
    let sent = "330]: 6AO2RbqG000328: to=<user@gmail.com>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30077, relay=gmail-smtp-in.l.google.com. [142.250.27.26], dsn=2.0.0, stat=Sent (OK  1795487257 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp)";
    let deferred = "330]: 6AO2RbqG000328: to=<user@gmail.com>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30077, relay=gmail-smtp-in.l.google.com. [142.250.27.26], dsn=4.0.0, stat=Deferred: 454 4.7.0 TLS handshake failed.";
    let handshake = |line: u32, node: &str| {
        format!(
            "{line} remote_close by receiver at handshake tls=failed mx=gmail-smtp-in.l.google.com[] from=| node=mta1 qid={node} to= weight=1 rcpts=0 lines=2 reply= detail=unexpected eof while reading"
        )
    };
    let delivered = |line: u32| {
        format!(
            "{line} delivered by receiver at end_of_data tls=unknown mx=gmail-smtp-in.l.google.com[142.250.27.26] from=| node=mta1 qid=6AO2RbqG000328 to=gmail.com weight=1 rcpts=1 lines=1 reply=OK  1795487257 ffacd0b85a97d-3a5b1c2f4e1si123 - gsmtp detail="
        )
    };
    assert_eq!(after_a_failed_handshake(&["", sent]), [handshake(2, "6AO2RbqG000328"), delivered(3)]);
    assert_eq!(
        after_a_failed_handshake(&["", "", sent]),
        [handshake(2, "6AO2RbqG000328"), handshake(4, "6AO2RbqG000328"), delivered(5)]
    );
    // The delivery line tells of the last of two; alone, it is the one attempt.
    let told = after_a_failed_handshake(&["", "", deferred]);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], handshake(2, "6AO2RbqG000328"));
    assert!(told[1].starts_with("5 remote_close by receiver at handshake tls=failed"), "{told:?}");
    assert_eq!(after_a_failed_handshake(&["", deferred]).len(), 1);
}

#[test]
fn a_host_that_is_named_by_its_address() {
    let of = |relay: &str| {
        let said = said_of(relay);
        events(&Sendmail, &said)
            .iter()
            .filter_map(|e| e.split(' ').find(|w| w.starts_with("mx=")).map(str::to_owned))
            .collect::<Vec<_>>()
    };
    assert_eq!(of("[192.0.2.1] [192.0.2.1]"), ["mx=[192.0.2.1]"]);
    assert_eq!(of("[192.0.2.1]"), ["mx=[192.0.2.1]"]);
    assert_eq!(of("[IPv6:2001:db8:77::1] [IPv6:2001:db8:77:0:0:0:0:1]"), ["mx=[2001:db8:77::1]"]);
    assert_eq!(of("mx1.v6-ok.example. [IPv6:2001:db8:77:0:0:0:0:1]"), ["mx=mx1.v6-ok.example[2001:db8:77::1]"]);
}

fn said_of(relay: &str) -> String {
    format!(
        "Nov 24 13:01:25 mta1 sendmail[269]: 6AO2RaPZ000269: to=<user@x.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, relay={relay}, dsn=2.0.0, stat=Sent (ok)\n"
    )
}
