//! A partial that is cut short, damaged, newer or invented is refused in a sentence.

use std::fs;
use std::io::{Read as _, Write as _};

use casefile::intake::sha256_hex;
use casefile::scan::partial::{PartialError, read};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use serde_json::Value;

use super::{inspected, said, scanned};
use crate::cases::{casefile, root};

fn bytes() -> Vec<u8> {
    let dir = tempfile::tempdir().expect("a folder");
    let text = fs::read(root().join("sample-data/throttle/logs/mail.log")).expect("a log");
    let log: Vec<u8> = text.split_inclusive(|b| *b == b'\n').take(300).flatten().copied().collect();
    scanned(dir.path(), &["-", "-o", "x.part"], &log);
    fs::read(dir.path().join("x.part")).expect("a partial")
}

/// Where the deflated content begins.
fn body(bytes: &[u8]) -> usize {
    let mut ends = bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1);
    ends.nth(1).expect("two lines")
}

/// The content of a partial, and a partial of another content.
fn content(bytes: &[u8]) -> Value {
    let mut json = Vec::new();
    DeflateDecoder::new(&bytes[body(bytes)..bytes.len() - 65]).read_to_end(&mut json).expect("deflated");
    serde_json::from_slice(&json).expect("JSON")
}

fn with_content(bytes: &[u8], content: &Value) -> Vec<u8> {
    let mut made = bytes[..body(bytes)].to_vec();
    let mut encoder = DeflateEncoder::new(&mut made, Compression::fast());
    encoder.write_all(content.to_string().as_bytes()).expect("deflated");
    encoder.finish().expect("deflated");
    let digest = sha256_hex(&made);
    writeln!(made, "{digest}").expect("written");
    made
}

#[test]
fn no_byte_can_be_changed_or_left_out() {
    let bytes = bytes();
    for cut in (0..bytes.len()).step_by(97).chain(bytes.len() - 70..bytes.len()) {
        assert!(read(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    for at in (0..bytes.len()).step_by(89).chain(0..150) {
        for bit in [0, 3, 7] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            assert!(read(&damaged).is_err(), "bit {bit} of byte {at}");
        }
    }
    assert!(matches!(read(b"Nov 24 03:12:25 mta1"), Err(PartialError::Damaged)));
}

/// Each number and text of the content in turn, replaced by what no scan writes: an error or a
/// partial, and never a panic.
#[test]
fn whatever_a_partial_says_is_read_or_refused() {
    let whole = bytes();
    let original = content(&whole);
    let mut paths = Vec::new();
    leaves(&original, &mut Vec::new(), &mut paths);
    let strange = [
        Value::from(u64::MAX),
        Value::from(i64::MIN),
        Value::from(i32::MAX),
        Value::from(-1),
        Value::from(""),
        Value::from("\u{0}\u{202e}"),
        Value::Null,
        Value::Array(Vec::new()),
    ];
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(150));
    let choice = (0..paths.len(), 0..strange.len());
    let law = runner.run(&choice, |(path, with)| {
        let mut changed = original.clone();
        *at(&mut changed, &paths[path]) = strange[with].clone();
        if let Ok(partial) = read(&with_content(&whole, &changed)) {
            let mut twice = partial.clone();
            twice.merge(partial);
            prop_assert_eq!(twice.logs.len(), 2);
        }
        Ok(())
    });
    law.expect("no panic");
}

/// The same through the whole build: exit codes, and no panic.
#[test]
fn a_build_on_an_invented_partial_ends_in_a_sentence() {
    let dir = tempfile::tempdir().expect("a folder");
    let whole = bytes();
    let original = content(&whole);
    let mut paths = Vec::new();
    leaves(&original, &mut Vec::new(), &mut paths);
    let file = dir.path().join("x.part");
    for (n, path) in paths.iter().enumerate().step_by(paths.len() / 25 + 1) {
        let mut changed = original.clone();
        let with = [Value::from(i64::MAX), Value::from(-5_i64), Value::from(40_000)][n % 3].clone();
        *at(&mut changed, path) = with;
        fs::write(&file, with_content(&whole, &changed)).expect("written");
        let output = dir.path().join(format!("out-{n}"));
        let ran = casefile().args(["build", "--quiet", "-o"]).arg(output).arg(&file).output().expect("runs");
        assert!(matches!(ran.status.code(), Some(0 | 2 | 3 | 5)), "{path:?}: {}", said(&ran));
        let ran = casefile().arg("inspect").arg(&file).output().expect("runs");
        assert!(matches!(ran.status.code(), Some(0 | 3)), "{path:?}: {}", said(&ran));
    }
}

fn leaves(value: &Value, here: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(all) => all.iter().enumerate().map(|(n, v)| (n.to_string(), v)).collect(),
        Value::Object(all) => all.iter().map(|(key, v)| (key.clone(), v)).collect(),
        _ => return found.push(here.clone()),
    };
    for (key, child) in children {
        here.push(key);
        leaves(child, here, found);
        here.pop();
    }
}

fn at<'v>(value: &'v mut Value, path: &[String]) -> &'v mut Value {
    path.iter().fold(value, |value, key| match value {
        Value::Array(all) => &mut all[key.parse::<usize>().expect("a number")],
        value => &mut value[key],
    })
}

#[test]
fn a_newer_form_says_so() {
    let text = bytes();
    let newer = [b"casefile partial 2\n", &text[b"casefile partial 1\n".len()..]].concat();
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("newer.part"), newer).expect("written");
    fs::write(dir.path().join("cut.part"), &text[..text.len() / 2]).expect("written");
    let ran = casefile().args(["build", "-o"]).arg(dir.path().join("out")).arg(dir.path()).output().expect("runs");
    assert_eq!(ran.status.code(), Some(3));
    let told = said(&ran);
    assert!(told.contains("newer.part: the partial is of form 2, and this casefile"), "{told}");
    assert!(told.contains("cut.part: the partial is cut short or damaged"), "{told}");
    assert!(!dir.path().join("out").exists(), "nothing is written");
    // `inspect` lists both, and what is wrong with each.
    let found = inspected(dir.path());
    let files = found["files"].as_array().expect("files");
    assert!(files.iter().all(|f| f["kind"] == "partial" && f["problems"].as_array().is_some_and(|p| p.len() == 1)));
    assert_eq!(found["refused"].as_array().map(Vec::len), Some(2));
}
