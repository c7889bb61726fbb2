//! The whole corpus of recorded transcripts, where there is one: `CASEFILE_CORPUS` names a
//! directory with `index.tsv` (columns `tool`, `file`, `expected_verdict`).
#![expect(clippy::expect_used, clippy::print_stderr, reason = "tests; a skip must be seen")]

use std::collections::BTreeMap;
use std::path::Path;

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

/// Rows whose expectation says what the server was, which the text cannot show or denies.
const BEYOND_THE_TEXT: [(&str, &str, &str); 6] = [
    ("openssl", "ok.noCA", "prints code 20: the tester had no CA file, so trust was not verified"),
    ("openssl", "ok.starttls_lmtp_wrong", "prints code 20, as above"),
    ("openssl", "cert_selfsigned_in_chain", "prints code 0: its root was in the CA file"),
    ("posttls-finger", "cert_selfsigned_in_chain", "prints `Verified`, as above"),
    ("posttls-finger", "rsa1024", "prints `Verified`, then only `timeout while sending EHLO`"),
    ("posttls-finger", "weak_dh1024", "prints an established session, then only `timeout while sending EHLO`"),
];

#[test]
fn the_corpus_agrees() {
    let Some(corpus) = std::env::var_os("CASEFILE_CORPUS") else {
        eprintln!("skipped: CASEFILE_CORPUS is not set");
        return;
    };
    let corpus = Path::new(&corpus);
    let index = std::fs::read_to_string(corpus.join("index.tsv")).expect("index.tsv");
    let mut rows = index.lines().map(|l| l.split('\t').collect::<Vec<_>>());
    let names = rows.next().expect("a header");
    let column = |name: &str| names.iter().position(|n| *n == name).expect("a column");
    let (tool, case, file, expected) = (column("tool"), column("case"), column("file"), column("expected_verdict"));
    let (mut judged, mut empty, mut beyond, mut misses, mut others) = (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
    for row in rows {
        let bytes = std::fs::read(corpus.join(row[file])).expect("a file of the index");
        let ours = ["openssl", "posttls-finger", "script"].iter().any(|t| row[tool].starts_with(t));
        match read(&bytes) {
            // An empty file is no evidence of anything: nothing may take it.
            taken if bytes.is_empty() => {
                assert!(taken.is_none(), "{} is empty and was taken", row[file]);
                empty += u32::from(ours);
            }
            Some((name, _)) if !ours => panic!("{} was taken by {name}", row[file]),
            None if !ours => others += 1,
            None => panic!("{} was not recognised", row[file]),
            Some((_, runs)) => {
                judged += 1;
                assert_eq!(runs.len(), 1, "{}: {runs:#?}", row[file]);
                // `-trace` also prints signatures and public keys in hex.
                let left = longest_hex_outside(&bytes, &runs[0]);
                assert!(left < 48 || row[case].ends_with(".trace"), "{}: {left} hex digits are left", row[file]);
                let found = runs[0].verdict.word();
                if found == row[expected].trim_end_matches('*') {
                    continue;
                }
                let known = BEYOND_THE_TEXT.iter().find(|(t, c, _)| row[tool] == *t && row[case] == *c);
                let why = known.map_or(runs[0].because.as_str(), |(_, _, why)| why);
                *(if known.is_some() { &mut beyond } else { &mut misses }) += 1;
                eprintln!("{}: expected {}, found {found}: {why}", row[file], row[expected]);
            }
        }
    }
    eprintln!(
        "{judged} judged: {} as expected, {beyond} beyond the text, {misses} missed; {empty} empty; {others} of other tools left alone",
        judged - beyond - misses
    );
    assert!(misses * 100 <= judged, "{misses} of {judged} differ");
}

/// A loop writes one run after another into one file: each must come out as if it stood alone.
#[test]
fn runs_of_a_loop_are_told_apart() {
    let Some(corpus) = std::env::var_os("CASEFILE_CORPUS") else {
        eprintln!("skipped: CASEFILE_CORPUS is not set");
        return;
    };
    let corpus = Path::new(&corpus);
    let index = std::fs::read_to_string(corpus.join("index.tsv")).expect("index.tsv");
    let mut rows = index.lines().map(|l| l.split('\t').collect::<Vec<_>>());
    let names = rows.next().expect("a header");
    let column = |name: &str| names.iter().position(|n| *n == name).expect("a column");
    let (tool, version, case, file) = (column("tool"), column("version"), column("case"), column("file"));
    // One loop has one tool and one set of options. A `-trace` killed in the middle of a line joins the next.
    let mut loops: BTreeMap<[&str; 3], Vec<u8>> = BTreeMap::new();
    let mut alone: BTreeMap<[&str; 3], Vec<(Verdict, Option<Stamp>)>> = BTreeMap::new();
    for row in rows.filter(|r| ["openssl", "posttls-finger"].contains(&r[tool])) {
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
