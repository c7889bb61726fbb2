//! The gate on what leaks and on what only looks like it.

use super::*;
use crate::bundle::{Entry, write_zip};
use crate::time::Stamp;

fn hits(gate: &Gate, path: &str, text: &str) -> Vec<String> {
    let entry = Entry::new(path, text.as_bytes()).into_iter().collect::<Vec<_>>();
    let zip = write_zip("c-esp", &entry, Stamp::from_seconds(1_795_492_607)).unwrap_or_default();
    match gate.inspect(&zip) {
        Err(BundleError::Leak(hits)) => hits.iter().map(ToString::to_string).collect(),
        Err(other) => vec![other.to_string()],
        Ok(()) => Vec::new(),
    }
}

#[test]
fn each_kind_of_leak_is_seen_and_its_value_never_told() {
    let gate = Gate {
        forbidden: vec![Forbidden { class: "local part", value: "alice.benson".into(), stands: Stands::Anywhere }],
        allowed: vec!["ops@example.com".into()],
        ..Gate::default()
    };
    for leak in [
        "to alice.benson here",
        "ALICE.BENSON",
        "YWxpY2UuYmVuc29uQGV4YW1wbGUuY29t",
        "eGFsaWNlLmJlbnNvbkA=",
        "eHhhbGljZS5iZW5zb25A",
        "616c6963652e62656e736f6e",
        "someone@gmail.com",
        "\"a b\"@example.net",
        "AUTH PLAIN AGFsaWNl",
        "AUTH LOGIN PLAIN AGFsaWNl",
        "-----BEGIN RSA PRIVATE KEY-----",
        "    Master-Key: 0123456789ABCDEF0123",
        "/home/joe/logs",
        "password=x",
        "AKIAIOSFODNN7EXAMPLE",
    ] {
        let found = hits(&gate, "data/a.txt", leak);
        assert!(!found.is_empty(), "{leak}");
        assert!(found.iter().all(|h| !h.to_lowercase().contains("alice")), "{found:?}");
    }
    assert!(!hits(&gate, "data/a.html", "someone&#64;gmail.com").is_empty());
    assert!(!hits(&gate, "data/a.json", "\"someone\\u0040gmail.com\"").is_empty());
    assert!(!hits(&gate, "data/a.md", "someone\\@gmail.com").is_empty());
    assert_eq!(hits(&gate, "data/a.txt", "one\nto alice.benson"), ["local part in c-esp/data/a.txt, line 2, column 4"]);
}

/// Of runs that are alike and say nothing one is read; of those that say something each is told,
/// wherever it stands and whatever stands beside it.
#[test]
fn a_run_that_stands_twice_is_told_twice() {
    let value = "alice.benson".to_owned();
    let gate =
        Gate { forbidden: vec![Forbidden { class: "local part", value, stands: Stands::Anywhere }], ..Gate::default() };
    let told = |line| format!("local part in c-esp/data/a.txt, line {line}, column 1");
    for leak in ["YWxpY2UuYmVuc29u", "616c6963652e62656e736f6e", "61 6c 69 63 65 2e 62 65 6e 73 6f 6e"] {
        let quiet = "2026-11-24T04:26 c2lsZW50IHRleHQh";
        let found = hits(&gate, "data/a.txt", &format!("{leak}\n{quiet}\n{quiet}\n{leak}\n{quiet}\n"));
        assert!(found.contains(&told(1)) && found.contains(&told(4)), "{leak}: {found:?}");
        assert!(hits(&gate, "data/a.txt", &format!("{quiet}\n{quiet}\n")).is_empty());
    }
}

#[test]
fn what_must_stay_is_not_flagged() {
    let gate = Gate {
        forbidden: vec![Forbidden { class: "local part", value: "alice.b".into(), stands: Stands::Word }],
        allowed: vec!["ops@example.com".into(), "@bounce.example.com".into()],
        ..Gate::default()
    };
    for fine in [
        "root cause",
        "postfix-3.8.6.1",
        "5.7.26",
        "rcpt-7k3q9x2mhd4w@gmail.com",
        "`ops@example.com`",
        "bounce+rcpt-7k3q9x2mhd4w=gmail.com@bounce.example.com",
        "ops@example.com",
        "ffacd0b85a97d-4324eab2651si10575209f8f.183 - gsmtp",
        "trusted_ca::ca",
        "@media print",
        "2026-11-24T03:56Z",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  data/x.csv",
        "AUTH=PLAIN offered",
        "250-AUTH LOGIN PLAIN XOAUTH2",
        "AUTH PLAIN [redacted: secret]",
        "Session-ID: ",
    ] {
        assert_eq!(hits(&gate, "data/a.txt", fine), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn dots_in_the_place_of_a_local_part_are_no_address() {
    let gate = Gate::default();
    assert!(hits(&gate, "data/REPORT.txt", "VERP ...@bounce.sender.example").is_empty());
    assert!(hits(&gate, "data/report.md", "VERP \u{2026}@bounce.sender.example").is_empty());
    assert!(!hits(&gate, "data/REPORT.txt", "VERP ...doe@bounce.sender.example").is_empty());
}

#[test]
fn a_name_beside_a_token_is_no_part_of_it() {
    let gate = Gate::default();
    for leak in [
        "to=<rcpt-7k3q9x2mhd4w+john@gmail.com>",
        "to=<rcpt-7k3q9x2mhd4w+john.smith@gmail.com>",
        "john.rcpt-7k3q9x2mhd4w@gmail.com",
        "x john\u{ff20}gmail.com",
        "7a 71 31 2e 6b 61 6c 40 67 6d 61 69 6c 2e 63 6f 6d",
        "smtp://alice:s3cr3t@mx.example.org",
        "relay_password = s3cr3t",
        "openssl s_client -psk 1a2b3c4d",
        "SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789abcdefg",
        "x exim[1]: [1/2] to jane.doe@gm\nx exim[2]: other\nx exim[1]: [2/2] ail.com",
    ] {
        assert!(!hits(&gate, "data/a.log", leak).is_empty(), "{leak}");
    }
    for fine in [
        "bounce+rcpt-7k3q9x2mhd4w+example.com@bounce.sender.example",
        "bounce+rcpt-7k3q9x2mhd4w=mail.agency@bounce.sender.example",
        "SRS0-customer-domain-1=rcpt-7k3q9x2mhd4w@customer-domain-2",
        "AUTH=rcpt-7k3q9x2mhd4w@customer-domain-1",
        "sasl_sender=\u{2026}@customer-domain-1",
        "smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd",
        "Fingerprint=3A:7C:12:9B:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF",
    ] {
        assert_eq!(hits(&gate, "data/a.log", fine), Vec::<String>::new(), "{fine}");
    }
}
