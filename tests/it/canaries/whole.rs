//! A case with every kind of evidence, and a planted value in each place of it that may be told:
//! logs, an export, metrics, settings, answers of DNS, transcripts, case.yaml. Neither bundle has one.

use std::fs;
use std::path::{Path, PathBuf};

use super::oracle;
use crate::cases::{casefile, root, zips};
use crate::small;

/// What nobody outside may see: a name of the place, and the value.
const SECRETS: &[(&str, &str)] = &[
    ("recipient", "zq0001.kalinka"),
    ("owner of a metric", "zq0002.kalinka"),
    ("user of a metric's host", "zq0003.kalinka"),
    ("address in a setting", "zq0004.kalinka"),
    ("login in a setting", "zq0005kalinka"),
    ("password in a setting", "zqPass0006"),
    ("password of a database", "zqPass0007"),
    ("address in a DMARC record", "zq0008.kalinka"),
    ("login of swaks", "zq0009.kalinka"),
    ("password of swaks", "zqPass0010"),
    ("blob of AUTH PLAIN", "enEwMDA5LmthbGlua2"),
    ("session", "5A510011AA"),
    ("resumption PSK", "5A510012BB"),
    ("PSK of a command", "5a510013cc"),
    ("identity of a PSK", "zq0014.kalinka"),
    ("name in a client's certificate", "Zq0015 Kalinka"),
    ("address in a client's certificate", "zq0016.kalinka"),
    ("body of a message", "zq0017 kalinka"),
    ("subject of a message", "zq0018 kalinka"),
    ("change of the case", "zq0019.kalinka"),
    ("variable of a webhook", "Zq0020 Kalinka"),
    ("tag of a webhook", "zq0021-kalinka"),
    ("home of a prompt", "zq0022kalinka"),
    ("bearer token", "zq0023TokenTokenToken"),
    ("account in a URL", "zqPass0024"),
    ("wrapped base64", "zq0025.kalinka"),
    ("login without a domain", "zq0026.kalinka"),
];

/// What an ESP may see, and Google may not.
const FOR_THE_ESP: &[(&str, &str)] = &[
    ("node", "mta1"),
    ("provider's id", "i-0zq0030"),
    ("launch", "Kalinka zq0031"),
    ("ticket of the provider", "4711-zq0032"),
    ("title", "kalinka zq0033"),
    ("host of a metric", "zq0034host"),
    ("private address", "10.77.0.35"),
    ("queue id", "A000301"),
];

const CASE: &str = "case: small\n\
title: kalinka zq0033 in November\n\
sender: {organisation: Example Mailer, contact: ops@sender.example, domains: [sender.example], provider: Cloud, provider_case: 4711-zq0032}\n\
nodes: {mta1: {provider_id: i-0zq0030}}\n\
sending_ips: {postfix-ip1: 192.0.2.11}\n\
launches: [{at: 2026-11-24T04:11:43Z, name: Kalinka zq0031, messages: 600}]\n\
changes: [{at: 2026-11-24T04:20:00Z, what: concurrency lowered by zq0019.kalinka@example.org}]\n\
notes: {esp: 'Each address has a transport of its own.', google: 'All messages are authenticated.'}\n";

const METRICS: &str = "\"Time\",\"node_network_transmit_bytes_total{device=\"\"eth0\"\", host=\"\"zq0034host\"\", instance=\"\"10.77.0.35:9100\"\", owner=\"\"zq0002.kalinka@example.org\"\", job=\"\"zq0003.kalinka@zq0034host\"\"}\"\n";

const DMARC: &str = "\n; <<>> DiG 9.18.49 <<>> _dmarc.sender.example TXT\n;; global options: +cmd\n;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 6606\n;; flags: qr aa rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1\n\n;; QUESTION SECTION:\n;_dmarc.sender.example.\t\tIN\tTXT\n\n;; ANSWER SECTION:\n_dmarc.sender.example.\t300\tIN\tTXT\t\"v=DMARC1; p=quarantine; rua=mailto:zq0008.kalinka@example.org; adkim=s\"\n\n;; Query time: 0 msec\n;; SERVER: 10.77.0.35#53(10.77.0.35) (UDP)\n;; WHEN: Tue Nov 24 02:43:07 UTC 2026\n";

const SWAKS: &str = "zq0022kalinka@mta1:~$ swaks --auth-user zq0009.kalinka --auth-password zqPass0010 --server smtp://zq:zqPass0024@mx.example.test\n\
=== Trying mx.example.test:25...\n\
=== Connected to mx.example.test.\n\
<-  220 mx.example.test ESMTP x9-20020a05test.21 - gsmtp\n \
-> EHLO out.sender.example\n\
<-  250-mx.example.test at your service, [192.0.2.11]\n\
<-  250-AUTH PLAIN LOGIN\n\
<-  250 STARTTLS\n \
-> STARTTLS\n\
<-  220 2.0.0 Ready to start TLS\n\
=== TLS started with cipher TLSv1.3:TLS_AES_256_GCM_SHA384:256\n\
=== TLS local DN=\"/CN=Zq0015 Kalinka/emailAddress=zq0016.kalinka@example.org\"\n\
=== TLS peer DN=\"/CN=mx.example.test\"\n \
~> AUTH PLAIN AHpxMDAwOS5rYWxpbmthAHpxUGFzczAwMTA=\n\
<~  334 UGFzc3dvcmQ6\n \
~> enEwMDA5LmthbGlua2FAZXhhbXBsZS5vcmc=\n\
<~* 535 5.7.8 not accepted for zq0009.kalinka\n \
~> MAIL FROM:<a@sender.example>\n\
<~  250 2.1.0 OK x9-20020a05test.21 - gsmtp\n \
~> RCPT TO:<zq0001.kalinka@gmail.com>\n\
<~  250 2.1.0 OK x9-20020a05test.21 - gsmtp\n \
~> DATA\n\
<~  354 Go ahead x9-20020a05test.21 - gsmtp\n \
~> To: zq0001.kalinka@gmail.com\n \
~> Subject: zq0018 kalinka\n \
~> \n \
~> dear zq0017 kalinka\n \
~> .\n\
<~  421 4.7.0 Try again later, closing connection. x9-20020a05test.21 - gsmtp\n";

const S_CLIENT: &str = "zq0022kalinka@mta1:~$ openssl s_client -starttls smtp -psk 5a510013cc -psk_identity zq0014.kalinka -connect mx.example.test:25\n\
Authorization: Bearer zq0023TokenTokenToken\n\
CONNECTED(00000003)\n---\n\
Certificate chain\n 0 s:CN = mx.example.test\n   i:C = US, O = Example Trust Services, CN = Example Issuing CA WR2\n---\n\
subject=CN = mx.example.test\nissuer=C = US, O = Example Trust Services, CN = Example Issuing CA WR2\n---\n\
Client certificate\nsubject=CN = Zq0015 Kalinka, emailAddress = zq0016.kalinka@example.org\n---\n\
SSL handshake has read 2236 bytes and written 434 bytes\n---\n\
New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384\n\
SSL-Session:\n    Protocol  : TLSv1.3\n    Cipher    : TLS_AES_256_GCM_SHA384\n    Session-ID: 5A510011AA\n    Resumption PSK: 5A510012BB\n    PSK identity: zq0014.kalinka\n    Verify return code: 0 (ok)\n---\n\
250 SMTPUTF8\nmail to zq0025.=\nkalinka@example.org and\nenEwMDI1Lmth\nbGlua2FAZXhhbXBsZS5vcmc=\nDONE\n";

const WEBHOOK: &str = r#"[{"email":"zq0001.kalinka@gmail.com","timestamp":SECONDS,"event":"deferred","response":"421 4.7.28 Gmail has detected an unusual rate of unsolicited mail for <zq0001.kalinka@gmail.com> - gsmtp","attempt":"1","ip":"192.0.2.31","sg_event_id":"RVZ","sg_message_id":"m1","category":["zq0021-kalinka"],"smtp-id":"<zq0001.kalinka@example.org>","first_name":"Zq0020 Kalinka"}]"#;

/// Writes the case.
fn case(dir: &Path) -> PathBuf {
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    write("case.yaml", CASE);
    let log = small::log()
        .replace("jane.doe", "zq0001.kalinka")
        .replace("421-4.7.28 Gmail", "421-4.7.28 orig_to=<zq0026.kalinka> Gmail");
    write("mail.log", &log);
    let minutes: String = (0..30).map(|m| format!("{}000,{}.0\n", 1_795_492_800 + 60 * m, 1_000_000 * m)).collect();
    write("metrics/net.csv", &format!("{METRICS}{minutes}"));
    let settings = fs::read_to_string(root().join("tests/data/snapshots/throttle.postconf-n.txt")).expect("settings");
    let more = "smtp_sasl_password_maps = static:zq0005kalinka:zqPass0006\n2bounce_notice_recipient = zq0004.kalinka@example.org\nvirtual_alias_maps = mysql:user=zq0005kalinka password=zqPass0007\n";
    write("settings/mta1.postconf-n.txt", &format!("{settings}{more}"));
    let exim = fs::read_to_string(root().join("tests/data/snapshots/exim-4.96.bV.txt")).expect("a sample");
    write("settings/exim.bV.txt", &format!("{exim}Configuration file is /home/zq0022kalinka/exim.conf\n"));
    write("dns/dig.txt", DMARC);
    for (name, text) in [("20261124T041300Z_load_swaks.txt", SWAKS), ("20261124T041310Z_load_openssl.txt", S_CLIENT)] {
        write(&format!("transcripts/{name}"), text);
    }
    let rows: String =
        (0..40).map(|k| WEBHOOK.replace("SECONDS", &(1_795_493_520 + k * 6).to_string()) + "\n").collect();
    write("webhook.ndjson", &rows);
    dir.to_owned()
}

#[test]
fn no_kind_of_evidence_gives_a_planted_value_away() {
    let dir = tempfile::tempdir().expect("a folder");
    let (case, out) = (case(&dir.path().join("case")), dir.path().join("out"));
    let told = casefile().args(["inspect", "--json"]).arg(&case).output().expect("runs");
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).expect("JSON");
    let kinds: Vec<_> =
        told["files"].as_array().expect("files").iter().map(|f| f["kind"].as_str().unwrap_or("")).collect();
    for (kind, due) in [("log", 2), ("metric", 1), ("snapshot", 3), ("transcript", 2)] {
        assert_eq!(kinds.iter().filter(|k| **k == kind).count(), due, "{kind} among {kinds:?}");
    }
    let ran = small::build(&case, &out, &[]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let named =
        |list: &[(&str, &str)]| list.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect::<Vec<_>>();
    let mut canaries = named(SECRETS);
    for (name, _) in zips(&out) {
        let zip = out.join("send").join(&name);
        if name.contains("google") {
            canaries.extend(named(FOR_THE_ESP));
        }
        if let Some(said) = oracle(dir.path(), &canaries, &[zip]) {
            assert!(said.contains(" 0 leaks"), "{name}: {said}");
        }
    }
    // The oracle would have seen them: the evidence itself is full of them.
    let raw: Vec<_> =
        ["mail.log", "transcripts/20261124T041300Z_load_swaks.txt", "webhook.ndjson"].map(|f| case.join(f)).into();
    if let Some(said) = oracle(dir.path(), &canaries, &raw) {
        assert!(!said.contains(" 0 leaks"), "{said}");
    }
}

/// An export of each shipped mapping, with a planted value in the place of each address.
#[test]
fn no_record_of_a_shipped_mapping_gives_a_planted_address_away() {
    use casefile::release::Audience;
    use casefile::release::redactor::{CaseKey, Counts, Learner, RedactorConfig};
    let dir = tempfile::tempdir().expect("a folder");
    for audience in [Audience::Esp, Audience::Google] {
        let (mut canaries, mut files) = (Vec::new(), Vec::new());
        for shipped in casefile::formats::logs::mapping::SHIPPED {
            let inputs: serde_json::Value = serde_yaml::from_str(shipped.text).expect("a mapping");
            let inputs = inputs["examples"].as_array().expect("examples").iter();
            let records: Vec<&str> = inputs.filter_map(|e| e["input"].as_str()).collect();
            assert!(!records.is_empty(), "{} has no examples", shipped.id);
            let mut names = std::collections::BTreeMap::new();
            let planted: Vec<String> =
                records.join("\n").lines().map(|line| super::plant::addresses(line, &mut names).0).collect();
            let text = planted.join("\n");
            let mut learner = Learner::new(RedactorConfig::new(audience, CaseKey::new([7; 32])));
            learner.learn(text.as_bytes());
            let out = learner.finish().rewrite(text.as_bytes(), &mut Counts::default()).expect("no collision");
            let file = dir.path().join(format!("{}.txt", shipped.id));
            fs::write(&file, out.as_str()).expect("written");
            let local = |planted: &String| planted.split('@').next().unwrap_or_default().to_owned();
            canaries.extend(names.values().map(|v| (format!("{}: {}", shipped.id, local(v)), local(v))));
            files.push(file);
        }
        assert!(canaries.len() > 20, "{}", canaries.len());
        let Some(said) = oracle(dir.path(), &canaries, &files) else { return };
        assert!(said.contains(" 0 leaks"), "{audience:?}: {said}");
    }
}

/// The user's own words are never rewritten: with an address in them nothing is published, and
/// the message names the note and the class alone.
#[test]
fn an_address_in_a_note_stops_the_build() {
    let dir = tempfile::tempdir().expect("a folder");
    let case = case(&dir.path().join("case"));
    for (note, reader, said) in [
        ("Each address has a transport of its own.", "esp", "(recipient)"),
        ("All messages are authenticated.", "google", "(recipient)"),
    ] {
        let out = dir.path().join(reader);
        fs::write(case.join("case.yaml"), CASE.replace(note, "All is of zq0001.kalinka@gmail.com."))
            .expect("case.yaml");
        let ran = small::build(&case, &out, &[]);
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(5), "{told}");
        assert!(told.contains(&format!("case.yaml: notes.{reader}")) && told.contains(said), "{told}");
        assert!(!told.contains("zq0001"), "{told}");
        assert!(!out.join("send").exists() || zips(&out).is_empty(), "{reader}");
    }
}
