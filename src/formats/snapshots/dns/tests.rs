#![expect(clippy::expect_used, reason = "tests")]

use super::super::Snapshot;
use super::super::tests::{sample, taken};
use super::*;
use crate::time::Stamp;

fn read(name: &str) -> Snapshot {
    taken(&sample(&format!("dns/{name}"))).1
}

fn only(name: &str) -> Answer {
    let mut answers = read(name).answers;
    assert_eq!(answers.len(), 1, "{name}: {answers:?}");
    answers.pop().expect("one")
}

#[test]
fn an_answer_of_dig_has_its_question_its_records_its_time_and_its_lines() {
    let spf = only("dig.txt-spf.txt");
    assert_eq!((spf.name.as_str(), spf.asked, spf.tool), ("sender.example", Asked::Txt, "dig"));
    assert_eq!(spf.said, Said::Records(vec![Record::Spf]));
    assert_eq!(spf.taken.map(Stamp::to_second).as_deref(), Some("2026-11-24T02:43:07Z"));
    assert_eq!(spf.lines, (6, 19));
    assert_eq!(only("dig.twospf.txt").said, Said::Records(vec![Record::Spf, Record::Spf]));
    let policy = Some("quarantine");
    assert_eq!(only("dig.txt-dmarc.txt").said, Said::Records(vec![Record::Dmarc { policy }]));
    let name = Record::Name("node1.sender.example".to_owned());
    assert_eq!(only("dig.x-ptr.txt").said, Said::Records(vec![name.clone()]));
    let kdig = only("kdig.txt");
    assert_eq!((kdig.said, kdig.name.as_str()), (Said::Records(vec![name]), "10.2.0.192.in-addr.arpa"));
    assert_eq!(kdig.taken.map(Stamp::to_second).as_deref(), Some("2026-11-24T02:43:08Z"));
}

/// auth trap 42: a key in several strings is one key, however dig lays it out.
#[test]
fn a_key_in_several_strings_is_one_record() {
    let key = Said::Records(vec![Record::Dkim { revoked: false }]);
    assert_eq!(only("dig.txt-dkim.txt").said, key);
    assert_eq!(only("dig.multi-ttlunits.txt").said, key);
    let text = String::from_utf8(sample("dns/dig.txt-dkim.txt")).expect("text");
    let wide = text.replace("TXT\t\"v=", "TXT\t(\n\t\"v=").replace("2M7\"", "2M7\" )");
    let (_, snapshot) = taken(wide.as_bytes());
    assert_eq!(snapshot.accounting.unrecognised, 0);
    assert_eq!(snapshot.answers.first().map(|a| &a.said), Some(&key));
}

/// NOERROR without an answer is not NXDOMAIN, and no answer at all is neither.
#[test]
fn nothing_there_no_name_and_no_answer_are_three_things() {
    assert_eq!(only("dig.nxdomain.txt").said, Said::NoName);
    assert_eq!(only("dig.ptr-nxdomain.txt").said, Said::NoName);
    let text = String::from_utf8(sample("dns/dig.nxdomain.txt")).expect("text");
    let said = |status: &str| taken(text.replace("NXDOMAIN", status).as_bytes()).1.answers.pop().map(|a| a.said);
    assert_eq!(said("NOERROR"), Some(Said::Records(Vec::new())));
    assert_eq!(said("SERVFAIL"), Some(Said::Failed));
    let cut = String::from_utf8(sample("dns/dig.txt-spf.txt")).expect("text").replace("qr aa", "qr aa tc");
    assert_eq!(taken(cut.as_bytes()).1.answers.pop().map(|a| a.said), Some(Said::Failed));
    let timeout = read("dig.timeout.txt");
    assert!(timeout.answers.is_empty() && timeout.notes.iter().all(|n| n.contains("no server answered")));
}

#[test]
fn several_commands_in_a_file_are_several_answers() {
    let names = ["dig.txt-spf.txt", "dig.timeout.txt", "dig.x-ptr.txt", "dig.noall-answer.txt", "host.txt"];
    let text: Vec<u8> = names.iter().flat_map(|n| sample(&format!("dns/{n}"))).collect();
    let (_, snapshot) = taken(&text);
    assert_eq!(snapshot.accounting.unrecognised, 0, "{:?}", snapshot.unrecognised);
    let told: Vec<_> = snapshot.answers.iter().map(|a| (a.tool, a.name.as_str(), a.taken.is_some())).collect();
    assert_eq!(
        told,
        [
            ("dig", "sender.example", true),
            ("dig", "10.2.0.192.in-addr.arpa", true),
            ("dig +noall +answer", "sender.example", false),
            ("dig +noall +answer", "_dmarc.sender.example", false),
            ("dig +noall +answer", "_mta-sts.sender.example", false),
            ("dig +noall +answer", "_smtp._tls.sender.example", false),
            ("host", "sender.example", false),
            ("host", "10.2.0.192.in-addr.arpa", false),
            ("host", "99.2.0.192.in-addr.arpa", false),
        ]
    );
}

/// A reverse zone and a DKIM key often stand under another name; the one asked for counts.
#[test]
fn aliases_lead_back_to_the_name_that_was_asked_for() {
    let rows = "s1._domainkey.a.example. 300 IN CNAME s1.dkim.esp.example.\n\
                s1.dkim.esp.example. 300 IN TXT \"k=rsa; p=MII\"\n";
    let host = "s1._domainkey.a.example is an alias for s1.dkim.esp.example.\n\
                s1.dkim.esp.example descriptive text \"k=rsa; p=MII\"\n";
    for text in [rows, host] {
        let (_, snapshot) = taken(text.as_bytes());
        let answer = snapshot.answers.first().expect("an answer");
        assert_eq!(answer.name, "s1._domainkey.a.example");
        assert_eq!(answer.said, Said::Records(vec![Record::Dkim { revoked: false }]));
    }
}

#[test]
fn other_texts_are_counted_and_not_kept() {
    let text = "a.example. 300 IN TXT \"v=spf1 -all\"\na.example. 300 IN TXT \"token=hunter2\"\n\
                a.example. 300 IN TXT \"v=spf1 mx -all\"\n";
    let (_, snapshot) = taken(text.as_bytes());
    assert_eq!(snapshot.left_out, 1);
    assert_eq!(snapshot.answers.len(), 1);
    assert_eq!(snapshot.answers.first().map(|a| &a.said), Some(&Said::Records(vec![Record::Spf, Record::Spf])));
    assert!(!format!("{snapshot:?}").contains("hunter2"));
}

/// auth trap 42: `dig +short` says neither of what nor when, and its silence says nothing.
#[test]
fn nothing_rests_on_dig_short() {
    for name in ["dig.short-spf.txt", "dig.short-dkim.txt", "dig.x-ptr-short.txt"] {
        let snapshot = read(name);
        assert!(snapshot.answers.is_empty(), "{name}");
        assert!(snapshot.notes.iter().any(|n| n.contains("nothing rests on it")), "{name}");
    }
}

#[test]
fn dig_yaml_says_what_dig_says() {
    let spf = only("dig.yaml.txt");
    assert_eq!((spf.name.as_str(), spf.asked), ("sender.example", Asked::Txt));
    assert_eq!(spf.said, Said::Records(vec![Record::Spf]));
    assert_eq!(spf.taken.map(Stamp::to_second).as_deref(), Some("2026-11-24T02:43:07Z"));
    let text = String::from_utf8(sample("dns/dig.yaml.txt")).expect("text");
    let said = |from: &str, to: &str| taken(text.replace(from, to).as_bytes()).1.answers.pop().map(|a| a.said);
    assert_eq!(said("status: NOERROR", "status: NXDOMAIN"), Some(Said::NoName));
    assert_eq!(said("status: NOERROR", "status: SERVFAIL"), Some(Said::Failed));
    assert_eq!(said("qr aa", "qr aa tc"), Some(Said::Failed));
    // Rows of other sections answer nothing.
    assert_eq!(said("ANSWER_SECTION", "AUTHORITY_SECTION"), Some(Said::Records(Vec::new())));
    let two = text.clone() + &text.replace("sender.example", "other.example");
    assert_eq!(taken(two.as_bytes()).1.answers.len(), 2);
}

#[test]
fn nslookup_names_its_answers_and_gives_no_time() {
    let told: Vec<_> = read("nslookup.txt").answers.into_iter().map(|a| (a.name, a.said, a.taken, a.tool)).collect();
    let name = Record::Name("node1.sender.example".to_owned());
    assert_eq!(
        told,
        [
            ("sender.example".to_owned(), Said::Records(vec![Record::Spf]), None, "nslookup"),
            ("10.2.0.192.in-addr.arpa".to_owned(), Said::Records(vec![name]), None, "nslookup"),
        ]
    );
}

#[test]
fn policies_of_mail_to_the_domain_are_known_as_such() {
    let answers = read("dig.noall-answer.txt").answers;
    let of = |name: &str| answers.iter().find(|a| a.name == name).map(|a| a.said.clone());
    assert_eq!(of("_mta-sts.sender.example"), Some(Said::Records(vec![Record::MtaSts])));
    assert_eq!(of("_smtp._tls.sender.example"), Some(Said::Records(vec![Record::TlsReports])));
}
