//! The whole corpus of recorded transcripts, where there is one: a directory with `index.tsv` (columns `tool`, `file`, `expected_verdict`).
#![expect(clippy::expect_used, clippy::print_stderr, reason = "tests; a skip must be seen")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{TRANSCRIPT_FORMATS, Transcript, Verdict};
use crate::formats::Head;
use crate::time::Stamp;

/// How one file was read: the format that took it, and its runs.
fn read(bytes: &[u8]) -> Option<(&'static str, Vec<Transcript>)> {
    let head = Head { bytes: &bytes[..bytes.len().min(256 * 1024)], whole: true };
    let format = TRANSCRIPT_FORMATS.iter().find(|f| f.recognise(head).is_some())?;
    Some((format.name(), format.read(bytes)))
}

/// The longest run of hex digits outside the marked ranges: keys, tickets and session ids are such.
fn longest_hex_outside(bytes: &[u8], run: &Transcript) -> usize {
    let mut left = bytes.to_vec();
    for range in &run.secrets {
        left[range.clone()].fill(b'#');
    }
    left.split(|b| !b.is_ascii_hexdigit()).map(<[u8]>::len).max().unwrap_or(0)
}

/// Where the corpus stands: `CASEFILE_CORPUS`, else the project's shared folder beside the repository.
fn corpus() -> Option<PathBuf> {
    let stated = std::env::var_os("CASEFILE_CORPUS").map(PathBuf::from);
    let beside = || {
        ["../shared", "../../shared"].map(|p| Path::new(env!("CARGO_MANIFEST_DIR")).join(p).join("facts/transcripts"))
    };
    let found = stated.or_else(|| beside().into_iter().find(|p| p.join("index.tsv").is_file()));
    if found.is_none() {
        eprintln!("skipped: no corpus is at hand (CASEFILE_CORPUS)");
    }
    found
}

/// Rows whose expectation says what the server was, which the text cannot show or denies.
const BEYOND_THE_TEXT: [(&str, &[&str], &str); 17] = [
    (
        "openssl",
        &["ok.noCA", "ok.starttls_lmtp_wrong"],
        "prints code 20: the tester had no CA file, so trust was not verified",
    ),
    ("openssl", &["cert_selfsigned_in_chain"], "prints code 0: its root was in the CA file"),
    ("posttls-finger", &["cert_selfsigned_in_chain"], "prints `Verified`: its root was in the CA file"),
    (
        "posttls-finger",
        &["rsa1024", "weak_dh1024"],
        "prints an established session, then only `timeout while sending EHLO`",
    ),
    ("curl", &["cert_selfsigned_in_chain"], "prints `SSL certificate verify ok`: its root was in the CA file"),
    (
        "curl",
        &["old_tls10_only", "weak_dh1024"],
        "stops at its own check of the certificate, before the weakness shows",
    ),
    ("curl", &["weak_dh512"], "completes the handshake, then only `Operation timed out`"),
    ("gnutls-cli", &["cert_selfsigned_in_chain", "rsa1024"], "prints `The certificate is trusted`"),
    (
        "gnutls-cli",
        &["old_tls10_alert", "old_tls10_only", "weak_dh1024", "weak_dh512"],
        "its policy accepts what the others refuse",
    ),
    (
        "swaks",
        &[
            "cert_expired",
            "cert_no_intermediate",
            "cert_notyet",
            "cert_selfsigned",
            "cert_selfsigned_in_chain",
            "cert_wrongname",
        ],
        "this version says nothing of the certificate: the text is that of `ok`",
    ),
    (
        "swaks",
        &["stall_after_clienthello"],
        "ends after the 220, as it does where a close after the 220 kills the tool",
    ),
    ("swaks", &["rsa1024"], "prints `TLS started`, then only `Timeout (6 secs) waiting for server response`"),
    ("curl", &["starttls_injected_extra"], "does not accept what came in clear behind the 220, and never began TLS"),
    (
        "gnutls-cli",
        &["sslv3ish_ssl2", "close_mid_cert12", "close_mid_serverflight"],
        "one text for a record that makes no sense and for one that a close cut short",
    ),
    ("testssl", &["ehlo_no_starttls"], "the file is that of `starttls_421`"),
    ("sslyze", &["tls_then_close"], "completes its handshakes and looks no further"),
    (
        "sslyze",
        &["close_after_220", "close_after_clienthello", "alert_handshake_failure"],
        "one text for a close and for an alert",
    ),
];

#[test]
fn the_corpus_agrees() {
    let Some(corpus) = corpus() else { return };
    let index = std::fs::read_to_string(corpus.join("index.tsv")).expect("index.tsv");
    let mut rows = index.lines().map(|l| l.split('\t').collect::<Vec<_>>());
    let names = rows.next().expect("a header");
    let column = |name: &str| names.iter().position(|n| *n == name).expect("a column");
    let (tool, case, file, expected) = (column("tool"), column("case"), column("file"), column("expected_verdict"));
    let (mut judged, mut empty, mut beyond, mut misses) = (0_u32, 0_u32, 0_u32, 0_u32);
    let mut listed: BTreeSet<(&str, &str)> =
        BEYOND_THE_TEXT.iter().flat_map(|(tool, cases, _)| cases.iter().map(|case| (*tool, *case))).collect();
    for row in rows {
        let bytes = std::fs::read(corpus.join(row[file])).expect("a file of the index");
        let Some((_, runs)) = read(&bytes) else {
            // An empty file is no evidence of anything: nothing may take it.
            assert!(bytes.is_empty(), "{} was not recognised", row[file]);
            empty += 1;
            continue;
        };
        assert!(!bytes.is_empty(), "{} is empty and was taken", row[file]);
        judged += 1;
        assert_eq!(runs.len(), 1, "{}: {runs:#?}", row[file]);
        // `-trace` also prints signatures and public keys in hex; scanners print fingerprints.
        let left = longest_hex_outside(&bytes, &runs[0]);
        let public = row[case].ends_with(".trace") || ["gnutls-cli", "sslyze", "testssl"].contains(&row[tool]);
        assert!(left < 48 || public, "{}: {left} hex digits are left", row[file]);
        let found = runs[0].verdict.word();
        if found == row[expected].trim_end_matches('*') {
            continue;
        }
        let known = BEYOND_THE_TEXT.iter().find(|(t, cases, _)| row[tool] == *t && cases.contains(&row[case]));
        let why = known.map_or(runs[0].because.as_str(), |(_, _, why)| why);
        *(if known.is_some() { &mut beyond } else { &mut misses }) += 1;
        listed.remove(&(row[tool], row[case]));
        eprintln!("{}: expected {}, found {found}: {why}", row[file], row[expected]);
    }
    eprintln!(
        "{judged} judged: {} as expected, {beyond} beyond the text, {misses} missed; {empty} empty",
        judged - beyond - misses
    );
    assert_eq!(misses, 0, "of {judged}");
    assert!(listed.is_empty(), "these agree by now: {listed:?}");
}

/// Rows with one text and different expectations: what the list says of them, seen.
#[test]
fn rows_with_one_text_are_not_told_apart() {
    let Some(corpus) = corpus() else { return };
    let text = |folder: &str, case: &str, ending: &str| {
        let text = std::fs::read_to_string(corpus.join(format!("{folder}/{case}.{ending}"))).expect("a transcript");
        // The lab names each host after its case; numbers, serials of reports and names differ by nature.
        let plain: String = text
            .replace(&format!("{}.mx.test", case.replace('_', "-")), "HOST")
            .chars()
            .filter(|c| !c.is_ascii_digit())
            .collect();
        plain.lines().filter(|l| !l.contains("\"uuid\"")).map(|l| format!("{l}\n")).collect::<String>()
    };
    for (folder, ending, case, other) in [
        ("swaks-20201014", "txt", "cert_expired", "ok"),
        ("swaks-20201014", "txt", "cert_no_intermediate", "ok"),
        ("swaks-20201014", "txt", "cert_notyet", "ok"),
        ("swaks-20201014", "txt", "cert_selfsigned_in_chain", "ok"),
        ("gnutls-cli-3.7.9", "txt", "sslv3ish_ssl2", "close_mid_serverflight"),
        ("sslyze-6.3.1", "json", "close_after_220", "alert_handshake_failure"),
        ("sslyze-6.3.1", "json", "close_after_clienthello", "alert_handshake_failure"),
        ("testssl-3.0.8", "json", "ehlo_no_starttls", "starttls_421"),
        ("posttls-finger-3.7.11", "txt", "cert_selfsigned_in_chain", "ok"),
    ] {
        assert_eq!(text(folder, case, ending), text(folder, other, ending), "{folder}: {case}, {other}");
    }
}

/// A loop writes one run after another into one file: each must come out as if it stood alone.
#[test]
fn runs_of_a_loop_are_told_apart() {
    let Some(corpus) = corpus() else { return };
    let index = std::fs::read_to_string(corpus.join("index.tsv")).expect("index.tsv");
    let mut rows = index.lines().map(|l| l.split('\t').collect::<Vec<_>>());
    let names = rows.next().expect("a header");
    let column = |name: &str| names.iter().position(|n| *n == name).expect("a column");
    let (tool, version, case, file) = (column("tool"), column("version"), column("case"), column("file"));
    // One loop has one tool and one set of options. A `-trace` killed in the middle of a line joins the next.
    let mut loops: BTreeMap<[&str; 3], Vec<u8>> = BTreeMap::new();
    let mut alone: BTreeMap<[&str; 3], Vec<(Verdict, Option<Stamp>)>> = BTreeMap::new();
    for row in rows.filter(|r| ["openssl", "posttls-finger", "swaks", "curl", "gnutls-cli"].contains(&r[tool])) {
        let variant = row[case].split_once('.').map_or("", |(_, v)| v);
        let bytes = std::fs::read(corpus.join(row[file])).expect("a file of the index");
        if variant == "trace" || bytes.is_empty() {
            continue;
        }
        let key = [row[tool], row[version], variant];
        let (_, runs) = read(&bytes).expect("a transcript");
        alone.entry(key).or_default().extend(runs.iter().map(|t| (t.verdict, t.started)));
        loops.entry(key).or_default().extend(bytes);
    }
    for (key, bytes) in loops {
        let (_, runs) = read(&bytes).expect("a transcript");
        let together: Vec<_> = runs.iter().map(|t| (t.verdict, t.started)).collect();
        assert_eq!(Some(&together), alone.get(&key), "{key:?}");
    }
}
