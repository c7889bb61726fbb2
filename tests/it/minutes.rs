//! Counts a minute from elsewhere: `detect` dates them to the minute, `inspect` knows them,
//! `build` takes them where no log is.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

/// One minute: sessions attempted and failed; nothing where none was logged.
type Row = Option<(u32, u32)>;

fn run(args: &[&str], path: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_casefile")).args(args).arg(path).output().expect("casefile runs")
}

fn stdout(ran: &Output) -> String {
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout.clone()).expect("UTF-8")
}

fn written(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).expect("written");
    path
}

/// A table that begins at 10:00.
fn table(rows: &[Row]) -> String {
    let mut text = "minute,observed,attempts,failed_sessions\n".to_owned();
    for (i, row) in rows.iter().enumerate() {
        let at = format!("2026-11-24T{:02}:{:02}Z", 10 + i / 60, i % 60);
        match row {
            Some((attempts, failed)) => {
                text.push_str(&[&at, ",1,", &attempts.to_string(), ",", &failed.to_string(), "\n"].concat())
            }
            None => text.push_str(&[&at, ",0,,\n"].concat()),
        }
    }
    text
}

fn detected(text: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = run(&["detect", "--json"], &written(&folder, "counts.csv", text));
    serde_json::from_str(&stdout(&ran)).expect("JSON")
}

/// `first peak recovery` of each wave of the only series.
fn dates(rows: &[Row]) -> Vec<String> {
    let found = detected(&table(rows));
    let clock = |v: &Value| v.as_str().map_or_else(|| "-".to_owned(), |t| t[11..16].to_owned());
    let waves = found["series"][0]["waves"].as_array().expect("waves").clone();
    waves.iter().map(|w| ["first", "peak", "recovery"].map(|k| clock(&w[k])).join(" ")).collect()
}

fn of(minutes: usize, attempts: u32, failed: u32) -> Vec<Row> {
    vec![Some((attempts, failed)); minutes]
}

fn quiet(minutes: usize) -> Vec<Row> {
    of(minutes, 500, 1)
}

fn failing(minutes: usize) -> Vec<Row> {
    of(minutes, 500, 150)
}

#[test]
fn the_answer_has_the_promised_shape() {
    let mut rows = [quiet(20), failing(5), quiet(35), of(1, 500, 300), quiet(20)].concat();
    rows[22] = Some((700, 420));
    let found = detected(&table(&rows));
    let series = &found["series"][0];
    assert_eq!((&series["id"], &series["lane"]), (&json!(""), &json!("gmail")));
    let wave = &series["waves"][0];
    for (key, value) in [
        ("first", json!("2026-11-24T10:20Z")),
        ("peak", json!("2026-11-24T10:22Z")),
        ("recovery", json!("2026-11-24T10:25Z")),
        ("first_interval", json!(["2026-11-24T10:20Z", "2026-11-24T10:20Z"])),
        ("recovery_interval", json!(["2026-11-24T10:25Z", "2026-11-24T10:25Z"])),
        ("in_progress_at_start", json!(false)),
        ("ongoing_at_end", json!(false)),
        ("gradual", json!(false)),
    ] {
        assert_eq!(wave[key], value, "{key}");
    }
    let spike = json!({"first": "2026-11-24T11:00Z", "last": "2026-11-24T11:00Z", "attempts": 500, "failed": 300});
    assert_eq!(series["spikes"], json!([spike]));
}

#[test]
fn each_edge_case_to_the_minute() {
    let cases: [(&str, Vec<Row>, &[&str]); 12] = [
        ("one wave", [quiet(20), failing(5), quiet(20)].concat(), &["10:20 10:20 10:25"]),
        ("in progress at start", [failing(5), quiet(20)].concat(), &["10:00 10:00 10:05"]),
        ("ongoing at end", [quiet(20), failing(5)].concat(), &["10:20 10:20 -"]),
        ("a log that stops", [quiet(20), failing(5), vec![None; 30]].concat(), &["10:20 10:20 -"]),
        (
            "gaps at both edges",
            [quiet(20), vec![None; 4], failing(5), vec![None; 4], quiet(20)].concat(),
            &["10:24 10:24 10:29"],
        ),
        ("a single spike", [quiet(20), of(1, 500, 400), quiet(20)].concat(), &[]),
        ("no incident", quiet(40), &[]),
        ("low volume", [of(30, 4, 0), of(6, 4, 3), of(30, 4, 0)].concat(), &["10:30 10:30 10:36"]),
        (
            "two waves five quiet minutes apart",
            [quiet(20), failing(4), quiet(5), failing(4), quiet(20)].concat(),
            &["10:20 10:20 10:24", "10:29 10:29 10:33"],
        ),
        (
            "four quiet minutes make one wave",
            [quiet(20), failing(4), quiet(4), failing(4), quiet(20)].concat(),
            &["10:20 10:20 10:32"],
        ),
        (
            "three waves",
            [quiet(10), failing(3), quiet(10), failing(3), quiet(10), failing(3), quiet(10)].concat(),
            &["10:10 10:10 10:13", "10:23 10:23 10:26", "10:36 10:36 10:39"],
        ),
        ("a surge of retries at the usual rate", [quiet(20), of(10, 10_000, 20), quiet(20)].concat(), &[]),
    ];
    for (name, rows, expected) in cases {
        assert_eq!(dates(&rows), expected, "{name}");
    }
}

#[test]
fn states_intervals_and_ramps_are_said() {
    let wave = |rows: &[Row]| detected(&table(rows))["series"][0]["waves"][0].clone();
    let began = wave(&[failing(5), quiet(20)].concat());
    assert_eq!((&began["in_progress_at_start"], &began["ongoing_at_end"]), (&json!(true), &json!(false)));
    let stops = wave(&[quiet(20), failing(5), vec![None; 30]].concat());
    assert_eq!((&stops["ongoing_at_end"], &stops["recovery"]), (&json!(true), &json!(null)));
    assert_eq!(stops["recovery_interval"][1], json!("2026-11-24T10:55Z"), "up to the end of the data");
    let gap = wave(&[quiet(20), vec![None; 4], failing(5), quiet(20)].concat());
    assert_eq!(gap["first_interval"], json!(["2026-11-24T10:20Z", "2026-11-24T10:24Z"]), "the gap is in it");
    let ramp: Vec<Row> = (1..=20).map(|k| Some((500, 8 * k))).collect();
    let ramp = wave(&[of(20, 500, 0), ramp, of(20, 500, 0)].concat());
    assert_eq!((&ramp["first"], &ramp["gradual"]), (&json!("2026-11-24T10:20Z"), &json!(true)));
}

#[test]
fn other_lanes_are_the_control_of_a_lane_that_never_works() {
    let mut text = "minute,lane,attempts,failed_sessions\n".to_owned();
    for i in 0..40 {
        text.push_str(
            &[
                "2026-11-24T10:",
                &format!("{i:02}"),
                "Z,gmail,500,200\n2026-11-24T10:",
                &format!("{i:02}"),
                "Z,other,500,1\n",
            ]
            .concat(),
        );
    }
    let found = detected(&text);
    let (gmail, other) = (&found["series"][0], &found["series"][1]);
    assert_eq!((&gmail["lane"], &gmail["baseline"]["source"]), (&json!("gmail"), &json!("control")));
    assert_eq!(gmail["waves"][0]["in_progress_at_start"], json!(true));
    assert_eq!((&other["lane"], &other["waves"]), (&json!("other"), &json!([])));
}

#[test]
fn the_text_prints_rule_and_numbers_beside_the_minutes() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = table(&[quiet(20), failing(5), quiet(20)].concat());
    // As any intake: compressed files are read as they are.
    let path = folder.path().join("counts.csv.gz");
    let mut gz = flate2::write::GzEncoder::new(fs::File::create(&path).expect("a file"), flate2::Compression::fast());
    gz.write_all(text.as_bytes()).expect("written");
    gz.finish().expect("closed");
    let text = stdout(&run(&["detect"], &path));
    for part in [
        "first 2026-11-24T10:20Z",
        "peak 2026-11-24T10:20Z (150 failed sessions)",
        "recovery 2026-11-24T10:25Z",
        "750 of 2500 sessions failed (30 %)",
        "rule: in 40 quiet minutes of this lane 40 of 20000 sessions failed (0.20 %",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let none = stdout(&run(&["detect"], &written(&folder, "quiet.csv", &table(&quiet(40)))));
    assert!(none.contains("no incident; one with fewer than about") && none.contains("would not show"), "{none}");
}

#[test]
fn errors_name_file_line_and_way_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |name: &str, text: &str| {
        let ran = run(&["detect", "--json"], &written(&folder, name, text));
        assert_eq!((ran.status.code(), ran.stdout.len()), (Some(3), 0));
        String::from_utf8_lossy(&ran.stderr).into_owned()
    };
    let header = refused("a.csv", "time,errors\n2026-11-24T10:00Z,1\n");
    assert!(header.contains("a.csv, line 1") && header.contains("name the columns minute, attempts"), "{header}");
    let row = refused("b.csv", "minute,attempts,failed_sessions\n2026-11-24T10:00Z,1,0\nnoon,1,0\n");
    assert!(row.contains("b.csv, line 3: minute is `noon`") && row.contains("write it as"), "{row}");
    let long = refused("c.csv", "minute,attempts,failed_sessions\n2020-01-01T00:00Z,1,0\n2026-11-24T10:00Z,1,0\n");
    assert!(long.contains("c.csv, line 2") && long.contains("more than 31 days"), "{long}");
    let ran = run(&["detect"], &folder.path().join("absent.csv"));
    assert_eq!(ran.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("absent.csv"));
}

fn built(folder: &Path) -> (Value, Value) {
    let output = folder.join("out");
    let evidence = folder.join("evidence");
    let ran = run(&["build", "--json", "-o", output.to_str().expect("a path")], &evidence);
    let told = serde_json::from_str(&stdout(&ran)).expect("JSON");
    let facts = fs::read_to_string(output.join("keep/facts.json")).expect("facts.json");
    (told, serde_json::from_str(&facts).expect("JSON"))
}

#[test]
fn a_table_alone_builds_a_case_and_inspect_knows_it() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("evidence")).expect("a folder");
    let mut text =
        "series_id,minute,lane,attempts,delivered,deferred_421,remote_close,tls_fail,timeout,failed_sessions\n"
            .to_owned();
    for i in 0..50 {
        let bad = (20..28).contains(&i);
        let counts = if bad { "500,300,150,40,20,10,200" } else { "500,499,1,0,0,0,1" };
        text.push_str(&["192.0.2.11,2026-11-24T10:", &format!("{i:02}"), "Z,gmail,", counts, "\n"].concat());
        text.push_str(&["192.0.2.11,2026-11-24T10:", &format!("{i:02}"), "Z,microsoft,400,400,0,0,0,0,0\n"].concat());
    }
    let path = folder.path().join("evidence/counts.csv");
    fs::write(&path, text).expect("written");
    let inspected: Value = serde_json::from_str(&stdout(&run(&["inspect", "--json"], &path))).expect("JSON");
    let file = &inspected["files"][0];
    assert_eq!(
        (&file["kind"], &file["format"], &file["records"]["used"]),
        (&json!("minutes"), &json!("minutes"), &json!(100))
    );
    assert_eq!((&file["from"], &file["to"]), (&json!("2026-11-24T10:00:00Z"), &json!("2026-11-24T10:49:59Z")));
    let (_, facts) = built(folder.path());
    let incident = &facts["incident"];
    assert_eq!(
        ["state", "first_minute", "peak_minute", "recovery_minute"].map(|k| incident[k].as_str().unwrap_or_default()),
        ["found", "2026-11-24T10:20Z", "2026-11-24T10:20Z", "2026-11-24T10:28Z"]
    );
    assert_eq!(facts["tls_failures"]["genuine"], json!(0), "a table does not show what came before");
    assert_eq!(facts["ips"][0]["ip"], json!("192.0.2.11"));
}

#[test]
fn a_table_that_tells_no_kinds_leaves_them_unknown() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("evidence")).expect("a folder");
    let rows: Vec<Row> = [of(20, 100, 0), of(5, 100, 60), of(35, 100, 0)].concat();
    let path = folder.path().join("evidence/counts.csv");
    fs::write(&path, table(&rows)).expect("written");
    let inspected: Value = serde_json::from_str(&stdout(&run(&["inspect", "--json"], &path))).expect("JSON");
    let kinds =
        ["deferral", "rejection", "remote_close", "tls_failure", "plaintext", "timeout", "connect_failure", "local"];
    assert_eq!(inspected["files"][0]["cannot_count"], json!(kinds));
    let (_, facts) = built(folder.path());
    let told = facts["waves"][0]["outcomes"].as_object().expect("outcomes").clone();
    assert!(told.iter().all(|(kind, n)| n.is_null() != (kind == "unclassified")), "{told:?}");
    // All of them together it does tell, and they clear nobody and accuse nobody.
    assert_eq!((&facts["waves"][0]["failed"], &facts["ips"][0]["verdict"]), (&json!(300), &json!("failing")));
    let throttle = facts["causes"].as_array().expect("causes").iter().find(|c| c["id"] == "sender_throttle");
    assert_eq!(throttle.expect("a cause")["verdict"], json!("unknown"));
}

#[test]
fn the_log_wins_over_a_table_of_its_minutes_and_the_rest_is_added() {
    let folder = tempfile::tempdir().expect("a folder");
    let evidence = folder.path().join("evidence");
    fs::create_dir(&evidence).expect("a folder");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/throttle");
    let logs = files(&sample).into_iter().filter(|p| p.to_string_lossy().contains("log"));
    for (i, log) in logs.enumerate() {
        let name = log.file_name().expect("a name").to_string_lossy().into_owned();
        fs::copy(&log, evidence.join(format!("{i}-{name}"))).expect("copied");
    }
    let (_, alone) = built(folder.path());
    let (first, peak) = (alone["incident"]["first_minute"].clone(), alone["incident"]["peak_minute"].clone());
    // The same minutes as the log's, all of them failing: they change nothing.
    let mut text = "minute,lane,attempts,failed_sessions\n".to_owned();
    let day = &first.as_str().expect("a minute")[..10];
    for i in 0..30 {
        text.push_str(&[day, "T03:", &format!("{:02}", 56 + i % 4), "Z,gmail,9000,9000\n"].concat());
    }
    fs::write(evidence.join("counts.csv"), text).expect("written");
    fs::remove_dir_all(folder.path().join("out")).expect("removed");
    let (told, beside) = built(folder.path());
    assert_eq!((&beside["incident"]["first_minute"], &beside["incident"]["peak_minute"]), (&first, &peak));
    assert_eq!(beside["waves"], alone["waves"]);
    let problems = told["problems"].to_string();
    assert!(problems.contains("covered by a log"), "{problems}");
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
