//! STARTTLS tests in a case: their load, their comparison, and what of their text leaves.
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Two tests in one file; the secrets of the second must not leave with the text of the first.
const TWO: &str = "=== Trying gmail-smtp-in.l.google.com:25...\n=== Connected to gmail-smtp-in.l.google.com.\n<** 421 4.7.0 Try again later, closing connection. x9-20020a05test.21 - gsmtp\n*** Remote host closed connection unexpectedly.\n=== Trying gmail-smtp-in.l.google.com:25...\n=== Connected to gmail-smtp-in.l.google.com.\n<-  220 mx.example.test ESMTP x9-20020a05test.21 - gsmtp\n -> EHLO node1.example.com\n<-  250 STARTTLS\n -> STARTTLS\n<-  220 2.0.0 Ready to start TLS\n=== TLS started with cipher TLSv1.3:TLS_AES_256_GCM_SHA384:256\n ~> AUTH PLAIN AG1haWxlcgBodW50ZXIy\n<~* 535 5.7.8 no\n ~> QUIT\n<~  221 bye\n";

#[test]
fn the_load_of_a_test_comes_from_its_minute_and_no_secret_leaves() {
    let dir = tempfile::tempdir().expect("a folder");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/throttle");
    let case = dir.path().join("case");
    for folder in ["logs", "settings", "transcripts"] {
        fs::create_dir_all(case.join(folder)).expect("a folder");
        for entry in fs::read_dir(from.join(folder)).expect("a folder") {
            let entry = entry.expect("an entry");
            // The names say nothing of the load.
            let name = entry.file_name().to_string_lossy().replace("_load_", "_").replace("_idle_", "_");
            fs::copy(entry.path(), case.join(folder).join(name)).expect("a copy");
        }
    }
    fs::write(case.join("transcripts/20261124T035720Z_192.0.2.11.txt"), TWO).expect("a file");
    let stated = "sources:\n  - {path: \"transcripts/20261124T035711Z_*\", condition: idle}\n";
    fs::write(case.join("case.yaml"), stated).expect("a file");
    let out = dir.path().join("out");
    let mut build = Command::new(env!("CARGO_BIN_EXE_casefile"));
    let ran = build.args(["build", "--quiet", "-o"]).arg(&out).arg(&case).output().expect("runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let facts: Value = serde_json::from_slice(&fs::read(out.join("keep/facts.json")).expect("facts")).expect("JSON");

    let tests = facts["transcripts"].as_array().expect("tests");
    let of =
        |second: &str| tests.iter().find(|t| t["at"].as_str().is_some_and(|at| at.ends_with(second))).expect(second);
    for (second, condition, from) in [
        ("03:50:43Z", "idle", "by the load of its minute: the node made "),
        ("03:57:03Z", "loaded", "by the load of its minute: the node made "),
        ("04:36:43Z", "recovered", "by the file's name"),
        // The user's word stands above the load of its minute.
        ("03:57:11Z", "idle", "stated in case.yaml"),
    ] {
        let test = of(second);
        assert_eq!((test["condition"].as_str(), test["node"].as_str()), (Some(condition), Some("mta1")), "{test}");
        assert!(test["condition_from"].as_str().is_some_and(|f| f.starts_with(from)), "{test}");
    }
    let compared = facts["transcripts_by_node"].as_array().expect("rows");
    let s_client =
        compared.iter().find(|r| r["tool"] == "openssl s_client" && r["receiver"] == "gmail").expect("a row");
    let sentence = s_client["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("the receiver refused or closed"), "{sentence}");

    for zip in fs::read_dir(out.join("send")).expect("zips") {
        let file = fs::File::open(zip.expect("a zip").path()).expect("opens");
        let mut zip = zip::ZipArchive::new(file).expect("a zip");
        for at in 0..zip.len() {
            let mut entry = zip.by_index(at).expect("an entry");
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).expect("its bytes");
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("AG1haWxlcgBodW50ZXIy"), "entry {at}");
        }
    }
}

/// A loop writes many tests into one file: each is told, not the first alone.
#[test]
fn inspect_tells_each_test_of_a_file() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/transcripts/openssl-3.0.22-three-in-a-loop.txt");
    let inspect = |options: &[&str]| {
        let ran = Command::new(env!("CARGO_BIN_EXE_casefile")).arg("inspect").args(options).arg(&file).output();
        String::from_utf8(ran.expect("runs").stdout).expect("text")
    };
    let told: Value = serde_json::from_str(&inspect(&["--json"])).expect("JSON");
    let told = &told["files"][0];
    assert_eq!((told["verdict"].as_str(), told["phase"].as_str()), (Some("OK"), Some("done")));
    let tests = told["tests"].as_array().expect("tests");
    let each: Vec<_> = tests.iter().map(|t| (t["verdict"].as_str(), t["phase"].as_str())).collect();
    let good = (Some("OK"), Some("done"));
    assert_eq!(each, [good, (Some("DOWNSTREAM"), Some("client_hello")), good]);
    assert!(tests[1]["because"].as_str().is_some_and(|b| b.contains("unexpected eof")), "{tests:?}");
    assert_eq!(tests[1]["taken"], "2026-11-27T17:09:14Z");
    let lines = tests[1]["lines"].as_array().expect("lines");
    let said = format!("test in lines {} to {}: verdict DOWNSTREAM, phase client_hello", lines[0], lines[1]);
    assert!(inspect(&[]).contains(&said), "{said}");
}
