#![expect(clippy::expect_used, reason = "tests")]

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::*;
use crate::formats::Head;
use crate::formats::snapshots::{SNAPSHOT_FORMATS, read};
use crate::time::parse_rfc3339;

/// The answers of a text, dated from outside where it has no time.
fn filed(text: &str, outer: Option<&str>) -> Vec<Filed> {
    let head = Head { bytes: text.as_bytes(), whole: true };
    let format = SNAPSHOT_FORMATS.iter().find(|f| f.recognise(head).is_some()).expect("a format");
    let mut snapshot = read(*format, text.as_bytes()).expect("a snapshot");
    snapshot.date(outer.map(|at| parse_rfc3339(at).expect("a time")));
    snapshot.answers.into_iter().map(|a| (Exhibit(3), a)).collect()
}

/// The statements of a report, as they stand in the file S03.
pub(super) fn reported(text: &str) -> Vec<FiledReport> {
    let head = Head { bytes: text.as_bytes(), whole: true };
    let format = SNAPSHOT_FORMATS.iter().find(|f| f.recognise(head).is_some()).expect("a format");
    let snapshot = read(*format, text.as_bytes()).expect("a snapshot");
    snapshot.reports.into_iter().map(|r| (Exhibit(3), r)).collect()
}

/// The recordings of `tests/data/snapshots/dns`, as this room reads no file.
macro_rules! recordings {
    ($($name:literal),*) => { [$(($name, include_str!(concat!("../../../tests/data/snapshots/dns/", $name)))),*] };
}

const RECORDINGS: [(&str, &str); 6] = recordings![
    "dig.txt-spf.txt",
    "dig.txt-dmarc.txt",
    "dig.txt-dkim.txt",
    "dig.twospf.txt",
    "dig.x-ptr.txt",
    "dig.ptr-nxdomain.txt"
];

fn sample(name: &str) -> Vec<Filed> {
    let (_, text) = RECORDINGS.iter().find(|(n, _)| *n == name).expect("a sample");
    filed(text, None)
}

fn case() -> Case {
    let mut case = Case::bare("c");
    case.sender.domains = vec!["sender.example".to_owned(), "twospf.example".to_owned()];
    case
}

const AT: Option<&str> = Some("2026-11-24T02:43:00Z");

fn told(measured: Option<Measured>) -> (Shown, String) {
    measured.map(|m| (m.shown, m.detail)).expect("measured")
}

#[test]
fn recorded_answers_measure_spf_dmarc_and_dkim_with_their_dates_and_exhibits() {
    let case = case();
    let all: Vec<_> =
        ["dig.txt-spf.txt", "dig.txt-dmarc.txt", "dig.txt-dkim.txt"].iter().flat_map(|n| sample(n)).collect();
    let answers = Answers::of(&case, &all);
    let spf = answers.spf().expect("measured");
    assert_eq!(spf.shown, Shown::Met);
    assert!(spf.detail.ends_with("(dig of 2026-11-24 02:43 UTC, S03)"), "{}", spf.detail);
    assert_eq!(spf.evidence, [Evidence::Lines(Exhibit(3), 6, 19)]);
    let (shown, detail) = told(answers.dmarc());
    assert!(shown == Shown::Met && detail.starts_with("p=quarantine at _dmarc.sender.example"), "{detail}");
    let (shown, detail) = told(answers.dkim());
    assert!(shown == Shown::Met && detail.starts_with("a key at s1._domainkey.sender.example"), "{detail}");
    assert_eq!(Answers::of(&case, &[]).spf(), None);
}

#[test]
fn two_spf_records_are_none() {
    let (shown, detail) = told(Answers::of(&case(), &sample("dig.twospf.txt")).spf());
    assert!(shown == Shown::NotMet && detail.starts_with("2 SPF records at twospf.example"), "{detail}");
}

#[test]
fn what_has_no_date_measures_nothing_until_case_yaml_gives_one() {
    let text = "sender.example descriptive text \"v=spf1 -all\"\n";
    let (shown, detail) = told(Answers::of(&case(), &filed(text, None)).spf());
    assert!(shown == Shown::Open && detail.contains("undated"), "{detail}");
    assert_eq!(told(Answers::of(&case(), &filed(text, AT)).spf()).0, Shown::Met);
    // Beside a dated answer an undated one is not heard.
    let both = [filed("sender.example has no TXT record\n", None), sample("dig.txt-spf.txt")].concat();
    assert_eq!(told(Answers::of(&case(), &both).spf()).0, Shown::Met);
}

#[test]
fn the_newest_answer_counts_and_a_failed_one_is_no_answer() {
    let old = filed("sender.example has no TXT record\n", Some("2026-11-01T00:00:00Z"));
    let failed = filed("Host sender.example not found: 2(SERVFAIL)\n", Some("2026-11-25T00:00:00Z"));
    let spf = |all: &[Vec<Filed>]| told(Answers::of(&case(), &all.concat()).spf()).0;
    assert_eq!(spf(&[sample("dig.txt-spf.txt"), old.clone()]), Shown::Met);
    assert_eq!(spf(&[old.clone(), sample("dig.txt-spf.txt")]), Shown::Met);
    assert_eq!(spf(&[failed.clone(), old]), Shown::NotMet);
    assert_eq!(spf(&[failed]), Shown::Open);
}

#[test]
fn absence_is_a_finding_only_where_it_can_be_one() {
    let of = |text: &str| filed(text, AT);
    let dmarc = |text: &str| told(Answers::of(&case(), &of(text)).dmarc()).0;
    assert_eq!(dmarc("Host _dmarc.sender.example not found: 3(NXDOMAIN)\n"), Shown::NotMet);
    // The record of the organisation's domain stands in for a subdomain's.
    assert_eq!(dmarc("Host _dmarc.news.sender.example not found: 3(NXDOMAIN)\n"), Shown::Open);
    assert_eq!(dmarc("_dmarc.sender.example. 300 IN TXT \"v=DMARC1; rua=mailto:a@b.example\"\n"), Shown::NotMet);
    // Which selector is in use, no answer tells; old keys are revoked on purpose.
    let dkim = |text: &str| told(Answers::of(&case(), &of(text)).dkim()).0;
    assert_eq!(dkim("Host s9._domainkey.sender.example not found: 3(NXDOMAIN)\n"), Shown::Open);
    assert_eq!(dkim("s9._domainkey.sender.example. 300 IN TXT \"v=DKIM1; p=\"\n"), Shown::Open);
}

#[test]
fn records_of_others_are_not_the_senders() {
    let text = "sender.example. 300 IN TXT \"v=spf1 -all\"\nother.example. 300 IN TXT \"v=spf1 -all\"\n";
    let answers = filed(text, AT);
    let (shown, detail) = told(Answers::of(&case(), &answers).spf());
    assert!(shown == Shown::Met && !detail.contains("other.example"), "{detail}");
    let bare = Case::bare("c");
    let (shown, detail) = told(Answers::of(&bare, &answers).spf());
    assert!(shown == Shown::Open && detail.contains("sender: domains"), "{detail}");
    assert_eq!(told(Answers::of(&bare, &sample("dig.txt-spf.txt")).spf()).0, Shown::Met);
    let mut third = Case::bare("c");
    third.sender.domains = vec!["third.example".to_owned()];
    assert_eq!(Answers::of(&third, &answers).spf(), None);
}

fn ips(list: &[&str]) -> BTreeSet<IpAddr> {
    list.iter().filter_map(|ip| ip.parse().ok()).collect()
}

#[test]
fn each_sending_ip_of_the_logs_needs_a_name_that_leads_back() {
    let forward = |ip: &str| filed(&format!("node1.sender.example. 300 IN A {ip}\n"), AT);
    let ptr = |more: Vec<Filed>, sending: &[&str], unknown| {
        let all = [sample("dig.x-ptr.txt"), sample("dig.ptr-nxdomain.txt"), more].concat();
        told(Answers::of(&case(), &all).ptr(&ips(sending), unknown))
    };
    let (shown, detail) = ptr(forward("192.0.2.10"), &["192.0.2.10"], 0);
    assert!(shown == Shown::Met && detail.starts_with("1 of 1 sending IPs with PTR"), "{detail}");
    assert_eq!(ptr(forward("192.0.2.77"), &["192.0.2.10"], 0).0, Shown::NotMet);
    let (shown, detail) = ptr(forward("192.0.2.10"), &["192.0.2.10", "192.0.2.99"], 0);
    assert!(shown == Shown::NotMet && detail.contains("no PTR record: 192.0.2.99"), "{detail}");
    // The forward is not here; the PTR is not here; one of the sending IPs is not known.
    for (more, sending, unknown) in [
        (Vec::new(), vec!["192.0.2.10"], 0),
        (forward("192.0.2.10"), vec!["192.0.2.10", "192.0.2.11"], 0),
        (forward("192.0.2.10"), vec!["192.0.2.10"], 1),
    ] {
        assert_eq!(ptr(more, &sending, unknown).0, Shown::Open);
    }
    let case = case();
    let only_texts = sample("dig.txt-spf.txt");
    assert_eq!(Answers::of(&case, &only_texts).ptr(&ips(&["192.0.2.10"]), 0), None);
    // The address of the log counts, not some other one with a good name.
    let all = [sample("dig.x-ptr.txt"), forward("192.0.2.10")].concat();
    assert_eq!(told(Answers::of(&case, &all).ptr(&ips(&["192.0.2.50"]), 0)).0, Shown::Open);
}

#[test]
fn ipv6_addresses_are_matched_by_aaaa() {
    let text = format!(
        "{}. 300 IN PTR n.sender.example.\nn.sender.example. 300 IN A 192.0.2.1\nn.sender.example. 300 IN AAAA 2001:db8::1\n",
        crate::formats::snapshots::reverse_name("2001:db8::1".parse().expect("an address"))
    );
    let all = filed(&text, AT);
    assert_eq!(told(Answers::of(&case(), &all).ptr(&ips(&["2001:db8::1"]), 0)).0, Shown::Met);
}

/// auth trap 42: what checkdmarc could not look up is no finding; that several stand is one.
#[test]
fn what_checkdmarc_found_counts_once_it_has_a_date() {
    const TWO: &str = include_str!("../../../tests/data/snapshots/checkdmarc/twospf.example.json");
    let (shown, detail) = told(Answers::of(&case(), &filed(TWO, None)).spf());
    assert!(shown == Shown::Open && detail.contains("checkdmarc undated"), "{detail}");
    let dated = filed(TWO, AT);
    let (shown, detail) = told(Answers::of(&case(), &dated).spf());
    assert!(shown == Shown::NotMet && detail.starts_with("more than one SPF record at twospf.example"), "{detail}");
    assert_eq!(told(Answers::of(&case(), &dated).dmarc()).0, Shown::NotMet);
    let failed = TWO.replace("The domain has multiple SPF TXT records", "The DNS operation timed out.");
    assert_eq!(told(Answers::of(&case(), &filed(&failed, AT)).spf()).0, Shown::Open);
    let faulty = failed.replace(
        "\"record\": null,\n    \"valid\": false,\n    \"void",
        "\"record\": \"v=spf1 a\",\n    \"valid\": false,\n    \"void",
    );
    let (shown, detail) = told(Answers::of(&case(), &filed(&faulty, AT)).spf());
    assert!(shown == Shown::Open && detail.starts_with("checkdmarc finds a fault"), "{detail}");
}
