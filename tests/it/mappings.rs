//! Mappings from the outside: what the commands print, and a case whose evidence is an export.
//!
//! `tests/data/mappings/case` is the worked example of `docs/MAPPINGS.md` with an hour of rows;
//! `mailgun.ndjson` holds documented records of Mailgun's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mappings")
}

fn casefile(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_casefile")).args(args).output().expect("casefile runs")
}

fn printed(args: &[&str]) -> String {
    let ran = casefile(args);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("UTF-8")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The case, where a test may change it.
fn case(yaml: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("mappings")).expect("a folder");
    for file in ["export.csv", "mappings/our-export.yaml"] {
        fs::copy(data().join("case").join(file), folder.path().join(file)).expect("a copy");
    }
    fs::write(folder.path().join("case.yaml"), yaml).expect("a file");
    folder
}

fn inspected(folder: &Path) -> Value {
    serde_json::from_str(&printed(&["inspect", "--json", text(folder)])).expect("JSON")
}

fn file<'a>(found: &'a Value, name: &str) -> &'a Value {
    let files = found["files"].as_array().expect("files");
    files.iter().find(|f| f["path"].as_str().is_some_and(|p| p.ends_with(name))).expect("the file")
}

#[test]
fn shipped_mappings_are_listed_and_shown() {
    let list = printed(&["mapping", "list"]);
    for shipped in casefile::formats::logs::mapping::SHIPPED {
        assert!(list.lines().any(|l| l.starts_with(shipped.id)), "{list}");
        assert_eq!(printed(&["mapping", "show", shipped.id]).trim_end(), shipped.text.trim_end());
    }
    let wrong = casefile(&["mapping", "show", "mailgunn"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("did you mean `mailgun`?"));
    let schema: Value = serde_json::from_str(&printed(&["mapping", "schema"])).expect("JSON");
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn check_tells_what_examples_and_files_give() {
    let case = data().join("case");
    let told =
        printed(&["mapping", "check", text(&case.join("mappings/our-export.yaml")), text(&case.join("export.csv"))]);
    for wanted in [
        "all 3 examples hold",
        "2026-11-03T05:12:45Z deferral by receiver at unknown tls=established lane=gmail",
        "recognised: 200 of its first 200 records fit `detect`",
        "342 records: 281 used, 61 irrelevant (no attempt 60), 0 not understood",
        "deferral 40",
        "local 1",
    ] {
        assert!(told.contains(wanted), "{wanted}\n{told}");
    }
}

#[test]
fn a_mapping_with_problems_is_refused_with_all_of_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bad.yaml");
    let good = fs::read_to_string(data().join("case/mappings/our-export.yaml")).expect("the mapping");
    let bad = good
        .replace("container: {kind: csv}", "container: {kind: csv, delimter: ';'}")
        .replace("outcome: rejection", "outcome: bounce");
    fs::write(&path, bad).expect("a file");
    let ran = casefile(&["mapping", "check", text(&path)]);
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(2));
    for wanted in ["bad.yaml:5:24", "`delimter` is no key here", "did you mean `rejection`?", "2 problems in"] {
        assert!(said.contains(wanted), "{wanted}\n{said}");
    }
    assert_eq!(casefile(&["mapping", "check", "no-such-file.yaml"]).status.code(), Some(3));
}

#[test]
fn a_source_rule_gives_its_files_to_a_mapping() {
    let yaml = fs::read_to_string(data().join("case/case.yaml")).expect("case.yaml");
    let folder = case(&yaml);
    let found = inspected(folder.path());
    let export = file(&found, "export.csv");
    assert_eq!((&export["kind"], &export["format"]), (&Value::from("log"), &Value::from("our-export")));
    assert_eq!(export["zone"], "America/New_York (stated in case.yaml)");
    let records = &export["records"];
    assert_eq!((&records["read"], &records["used"], &records["unrecognised"]), (&342.into(), &281.into(), &0.into()));
    assert_eq!(file(&found, "our-export.yaml")["why"], "a mapping of the case");
    // 05:20 in New York is 10:20 in UTC.
    let events = printed(&["events", text(folder.path())]);
    let first = events.lines().find(|l| l.contains("\"deferral\"")).expect("a deferral");
    let first: Value = serde_json::from_str(first).expect("JSON");
    assert_eq!(
        (&first["time"], &first["lane"], &first["code"]),
        (&"2026-11-03T10:20:00Z".into(), &"gmail".into(), &421.into())
    );
}

#[test]
fn without_a_rule_a_mapping_recognises_its_files_and_asks_for_the_zone() {
    let folder = case("mappings: {our-export: mappings/our-export.yaml}\n");
    let found = inspected(folder.path());
    let export = file(&found, "export.csv");
    assert_eq!((&export["format"], &export["zone"]), (&Value::from("our-export"), &Value::from("UTC (assumed)")));
    let problems = export["problems"].to_string();
    assert!(problems.contains("its mapping asks for one") && problems.contains("zone: ZONE"), "{problems}");
}

#[test]
fn a_mapping_that_casefile_brings_needs_no_word() {
    let found = inspected(&data().join("mailgun.ndjson"));
    let export = file(&found, "mailgun.ndjson");
    assert_eq!((&export["format"], &export["zone"]), (&Value::from("mailgun"), &Value::from("UTC (in each stamp)")));
    assert_eq!(export["why"], "6 of its first 6 records fit the mapping `mailgun`");
    assert_eq!(export["outcomes"]["deferral"], 2);
    // It can be named, too, where recognition needs help.
    let folder = case("sources: [{path: export.csv, mapping: mailgun}]\n");
    assert_eq!(file(&inspected(folder.path()), "export.csv")["format"], "mailgun");
}

#[test]
fn problems_of_a_cases_mapping_end_the_command() {
    let folder =
        case("mappings: {our-export: mappings/our-export.yaml}\nsources: [{path: export.csv, mapping: our-exprt}]\n");
    let ran = casefile(&["inspect", text(folder.path())]);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(2));
    assert!(said.contains("did you mean `our-export`?"), "{said}");
    fs::write(folder.path().join("case.yaml"), "mappings: {our-export: mappings/our-export.yaml}\n").expect("a file");
    fs::write(folder.path().join("mappings/our-export.yaml"), "casefile_mapping: 1\n").expect("a file");
    let ran = casefile(&["inspect", text(folder.path())]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("our-export.yaml"), "the mapping's own problems are told");
}

#[test]
fn a_case_is_built_from_an_export_alone() {
    let yaml = fs::read_to_string(data().join("case/case.yaml")).expect("case.yaml");
    let folder = case(&yaml);
    let out = folder.path().join("out");
    let built = printed(&["build", "--json", text(folder.path()), "-o", text(&out)]);
    let built: Value = serde_json::from_str(&built).expect("JSON");
    assert_eq!(built["bundles"].as_array().map(Vec::len), Some(2));
    let facts: Value =
        serde_json::from_str(&fs::read_to_string(out.join("keep/facts.json")).expect("facts")).expect("JSON");
    assert_eq!(facts["incident"]["first_minute"], "2026-11-03T10:20Z");
    assert_eq!(facts["incident"]["recovery_minute"], "2026-11-03T10:40Z");
    assert_eq!(facts["ips"][0]["ip"], "192.0.2.7");
}

/// GreenArrow's records name no stage (its documentation, "Delivery Attempt Log"): a TLS error is
/// counted among the lost handshakes all the same, and what came before it is left open.
#[test]
fn a_tls_error_without_a_stage_is_counted_and_undetermined() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = folder.path().join("case");
    fs::create_dir(&case).expect("a folder");
    let row = |second: u32, status: &str, message: &str| {
        format!(
            r#"{{"timestamp":{},"channel":"remote","status":"{status}","is_retry":0,"msguid":"1793700761.{second}","recipient":"user@gmail.com","message":"{message}","outmtaid":"146","outmtaid_ip":"203.0.113.23","mx_hostname":"gmail-smtp-in.l.google.com","mx_ip":"142.251.2.27"}}"#,
            1_793_700_000 + second
        )
    };
    let rows: Vec<_> = (0..60)
        .map(|i| match i % 10 {
            3 => row(i * 10, "deferral", "TLS connect failed: error:0A000152:SSL routines"),
            7 => row(i * 10, "deferral", "Connected to 142.251.2.27 but connection died. (#4.4.2)"),
            _ => row(i * 10, "success", "142.251.2.27 accepted message. Remote host said: 250 2.0.0 OK gsmtp"),
        })
        .collect();
    fs::write(case.join("attempts.json"), rows.join("\n")).expect("written");
    let out = folder.path().join("out");
    printed(&["build", "--quiet", "-o", text(&out), text(&case)]);
    let facts: Value = serde_json::from_slice(&fs::read(out.join("keep/facts.json")).expect("facts")).expect("JSON");
    let tls = &facts["tls_failures"];
    let counts = ["total", "undetermined", "genuine", "after_close"].map(|kind| tls[kind].as_u64());
    assert_eq!(counts, [Some(6), Some(6), Some(0), Some(0)], "{tls}");
}
