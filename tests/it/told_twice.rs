//! Attempts that two logs of one machine tell of are counted once.
//!
//! The records of Haraka's plugins are written as their sources write them, about the messages
//! of a recorded log of Haraka's: one for each of its `delivered`, `Temp failing` and
//! `bouncing mail` lines, which its hooks come with.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const LOG: &str = include_str!("../data/logs/haraka/default.log");

/// A message that the log says was delivered, put off or given up: date and time, id, the
/// plugins' word, and what was said.
fn told() -> Vec<(String, String, &'static str, String)> {
    let of_line = |line: &str| {
        let (stamp, rest) = line.split_once('Z')?;
        let (_, rest) = rest.split_once("] [")?;
        let (id, text) = rest.split_once("] [outbound] ")?;
        let (kind, said) = if text.starts_with(" delivered ") {
            ("d", String::new())
        } else if text.starts_with("Temp failing ") {
            ("df", text.split_once(" seconds: ")?.1.to_owned())
        } else {
            ("b", text.strip_prefix("bouncing mail: ")?.to_owned())
        };
        Some((stamp.split('.').next()?.replace('T', " "), id.to_owned(), kind, said))
    };
    LOG.lines().filter_map(of_line).collect()
}

/// A file of the plugin accounting-files with the records of one kind.
fn accounting(kind: &str) -> String {
    let row = |(time, id, kind, said): &(String, String, &str, String)| {
        let (status, text) = match (*kind, said.strip_prefix("Upstream error: ")) {
            ("d", _) => (" - ", " - "),
            ("df", Some(reply)) => ("undefined", &reply[4..]),
            ("df", None) => ("550", "undefined"),
            // Haraka's own verdict has three digits.
            _ => (if said.starts_with('5') { "undefined" } else { "550" }, said.as_str()),
        };
        format!(
            "{kind}\t{time}\t{time}\tuser@gmail.com\tmta1.example.com\t203.0.113.10\t - \t{id}\t{status}\t{text}\t64\t\r\n"
        )
    };
    let rows: String = told().iter().filter(|told| told.2 == kind).map(row).collect();
    format!("type\ttimeLogged\ttimeQueued\trcpt\tsrcMta\tsrcIp\tvmta\tjobId\tdsnStatus\tdsnMsg\tdelay\t\r\n{rows}")
}

/// The file of the plugin outbound-logger.
fn logger() -> String {
    let record = |(time, id, kind, said): &(String, String, &str, String)| {
        let time = format!("{}Z", time.replace(' ', "T"));
        let of = |kind: &str, rest: Value| {
            let mut record = serde_json::json!({
                "level": "info", "time": time, "hostname": "ip-10-0-0-5", "name": "outbound_logger", "type": kind,
                "job_id": id, "queue_time": time, "recipient": "user@gmail.com", "from": "news@sender.example",
            });
            for (key, value) in rest.as_object().expect("an object") {
                record[key] = value.clone();
            }
            format!("{record}\n")
        };
        match (*kind, said.strip_prefix("Upstream error: ")) {
            ("d", _) => of("delivered", serde_json::json!({"smtp_response": "OK"})),
            ("df", Some(reply)) => of(
                "deferred",
                serde_json::json!({"dsn_action": "delayed", "dsn_status": &reply[..3], "dsn_message": &reply[4..]}),
            ),
            ("df", None) => of("deferred", serde_json::json!({"dsn_action": "failed"})),
            _ => of("bounced", serde_json::json!({"dsn_action": "failed", "dsn_status": "554", "dsn_message": said})),
        }
    };
    told().iter().map(record).collect()
}

fn casefile(args: &[&str], folder: &Path) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_casefile")).args(args).arg(folder).output().expect("casefile runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("UTF-8")
}

type Outcomes = BTreeMap<String, u64>;

/// What is counted from each file, and what is said of it.
struct Counted(BTreeMap<String, (Outcomes, String)>);

impl Counted {
    /// Reads files with `inspect`; `events` must tell the same.
    fn of(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("written");
        }
        let json: Value = serde_json::from_str(&casefile(&["inspect", "--json"], folder.path())).expect("JSON");
        let mut counted = BTreeMap::new();
        for file in json["files"].as_array().expect("files").iter().filter(|file| file["kind"] == "log") {
            let name = Path::new(file["path"].as_str().expect("a path")).file_name().expect("a name");
            let outcomes: Outcomes = serde_json::from_value(file["outcomes"].clone()).expect("outcomes");
            let said = file["problems"].as_array().expect("problems").iter().filter_map(Value::as_str);
            let said = said.collect::<Vec<_>>().join("\n");
            counted.insert(name.to_string_lossy().into_owned(), (outcomes, said));
        }
        let mut events: BTreeMap<String, Outcomes> = BTreeMap::new();
        for line in casefile(&["events"], folder.path()).lines() {
            let event: Value = serde_json::from_str(line).expect("JSON");
            let of = |key: &str| event[key].as_str().expect("a word").to_owned();
            let name = Path::new(&of("source")).file_name().expect("a name").to_string_lossy().into_owned();
            *events.entry(name).or_default().entry(of("outcome")).or_default() +=
                event["weight"].as_u64().expect("a weight");
        }
        for (name, (outcomes, _)) in &counted {
            assert_eq!(events.remove(name).unwrap_or_default(), *outcomes, "{name}");
        }
        Self(counted)
    }

    fn from(&self, name: &str) -> &Outcomes {
        &self.0[name].0
    }

    fn said(&self, name: &str) -> &str {
        &self.0[name].1
    }
}

/// A case.yaml that names nodes: glob and node.
fn nodes(rules: &[(&str, &str)]) -> String {
    let rules = rules.iter().map(|(path, node)| format!("  - {{path: \"{path}\", node: {node}}}\n"));
    format!("sources:\n{}", rules.collect::<String>())
}

/// The plugin's files as another machine would write them: other ids.
fn of_another(text: &str) -> String {
    told().iter().fold(text.to_owned(), |text, (_, id, ..)| {
        let other: String = id.chars().map(|c| if c == '1' { '2' } else { c }).collect();
        text.replace(id.as_str(), &format!("F{}", &other[1..]))
    })
}

#[test]
fn what_harakas_own_log_tells_is_counted_there_alone() {
    let alone = Counted::of(&[("haraka.log", LOG)]);
    let [d, df, b] = ["d", "df", "b"].map(accounting);
    let plugin = Counted::of(&[("d.tsv", &d), ("df.tsv", &df), ("b.tsv", &b)]);
    assert_eq!(plugin.from("d.tsv").keys().collect::<Vec<_>>(), ["delivered"]);
    assert_eq!(plugin.from("df.tsv").keys().collect::<Vec<_>>(), ["deferral", "unclassified"]);
    assert_eq!(
        plugin.from("b.tsv").keys().collect::<Vec<_>>(),
        ["connect_failure", "local", "rejection", "unclassified"]
    );
    let both = Counted::of(&[("haraka.log", LOG), ("d.tsv", &d), ("df.tsv", &df), ("b.tsv", &b)]);
    assert_eq!(both.from("haraka.log"), alone.from("haraka.log"));
    for name in ["d.tsv", "df.tsv", "b.tsv"] {
        assert_eq!(both.from(name), &Outcomes::new(), "{name}");
        let n: u64 = plugin.from(name).values().sum();
        assert!(both.said(name).contains(&format!("{n} of the attempts that it tells of are counted by")), "{name}");
        // No file names a node: the ids of the messages do.
        assert!(both.said(name).contains("it tells of the same messages as"), "{}", both.said(name));
    }
    let logger = logger();
    let both = Counted::of(&[("haraka.log", LOG), ("outbound.log", &logger)]);
    assert_eq!(both.from("haraka.log"), alone.from("haraka.log"));
    assert_eq!(both.from("outbound.log"), &Outcomes::new());
    // Of the two plugins the one whose times have a zone counts.
    let alone = Counted::of(&[("outbound.log", &logger)]);
    let both = Counted::of(&[("outbound.log", &logger), ("d.tsv", &d), ("df.tsv", &df)]);
    assert_eq!(both.from("outbound.log"), alone.from("outbound.log"));
    assert_eq!((both.from("d.tsv"), both.from("df.tsv")), (&Outcomes::new(), &Outcomes::new()));
}

#[test]
fn of_another_machine_both_logs_count() {
    let (d, other) = (accounting("d"), of_another(&accounting("d")));
    let alone = Counted::of(&[("d.tsv", &other)]);
    assert_eq!(alone.from("d.tsv"), Counted::of(&[("d.tsv", &d)]).from("d.tsv"));
    let apart = Counted::of(&[("haraka.log", LOG), ("d.tsv", &other)]);
    assert_eq!(apart.from("d.tsv"), alone.from("d.tsv"));
    assert!(apart.said("d.tsv").contains("so both were counted, as of two nodes"), "{}", apart.said("d.tsv"));
    // Nodes that differ need no word about it; one node that is named for both decides.
    let two = nodes(&[("haraka.log", "mta1"), ("d.tsv", "mta2")]);
    let apart = Counted::of(&[("case.yaml", &two), ("haraka.log", LOG), ("d.tsv", &other)]);
    assert_eq!(apart.from("d.tsv"), alone.from("d.tsv"));
    assert!(!apart.said("d.tsv").contains("counted"), "{}", apart.said("d.tsv"));
    let one = nodes(&[("haraka.log", "mta1"), ("d.tsv", "mta1")]);
    let same = Counted::of(&[("case.yaml", &one), ("haraka.log", LOG), ("d.tsv", &d)]);
    assert_eq!(same.from("d.tsv"), &Outcomes::new());
}

#[test]
fn what_harakas_own_log_does_not_hold_is_counted_from_the_plugin() {
    // Level NOTICE writes no `Temp failing` and no `bouncing mail`.
    let notice: String = LOG.lines().filter(|line| !line.contains("[INFO]")).map(|line| format!("{line}\n")).collect();
    let (df, b) = (accounting("df"), accounting("b"));
    let alone = Counted::of(&[("df.tsv", &df), ("b.tsv", &b)]);
    let log = Counted::of(&[("haraka.log", &notice)]);
    assert!(!log.from("haraka.log").contains_key("deferral"), "{:?}", log.from("haraka.log"));
    let both = Counted::of(&[("haraka.log", &notice), ("df.tsv", &df), ("b.tsv", &b)]);
    assert_eq!(both.from("haraka.log"), log.from("haraka.log"));
    let deferrals = alone.from("df.tsv")["deferral"];
    assert_eq!(both.from("df.tsv"), &Outcomes::from([("deferral".to_owned(), deferrals)]));
    assert_eq!(both.from("b.tsv"), alone.from("b.tsv"));
    // Minutes that the log does not cover.
    let later: String = df.lines().skip(1).map(|row| row.replace(" 02:", " 05:") + "\n").collect();
    let both = Counted::of(&[("haraka.log", LOG), ("df.tsv", &(df.clone() + &later))]);
    assert_eq!(both.from("df.tsv"), alone.from("df.tsv"));
}

/// MailerQ's documentation: a result, and the send log's line of the same attempt.
#[test]
fn results_of_mailerq_beside_its_send_log() {
    let line = |second: u32| {
        format!(
            "[2018-08-29 07:20:{second:02}] mailfrom:error 2 <info@company.com> <info@gmail.com> [100.20.20.20] [100.30.30.31] [] 421 4.7.28 Too many messages\n"
        )
    };
    let result = |second: u32| {
        format!(
            r#"{{"envelope":"info@company.com","recipient":"info@gmail.com","results":[{{"state":"mailfrom","result":"error","time":"2018-08-29 07:20:{second:02}","mta":"mx.google.com","from":"100.20.20.20","to":"100.30.30.31","code":421,"status":"4.7.28","description":"Too many messages"}}]}}"#
        ) + "\n"
    };
    let (log, results): (String, String) = (0..20).map(|n| (line(n), result(n))).unzip();
    let alone = Counted::of(&[("results.json", &results)]);
    assert_eq!(alone.from("results.json"), &Outcomes::from([("deferral".to_owned(), 20)]));
    let both = Counted::of(&[("send.log", &log), ("results.json", &results)]);
    assert_eq!(both.from("send.log"), alone.from("results.json"));
    assert_eq!(both.from("results.json"), &Outcomes::new());
    assert!(both.said("results.json").contains("since nothing speaks against it"), "{}", both.said("results.json"));
}

/// The records of Halon's two public hooks, about the same attempts.
#[test]
fn two_hooks_of_halon_are_one_log() {
    let transaction = |n: u32, of: &str| format!("18c19{of}{n:02}");
    let postmastery = |n: u32| {
        let id = transaction(n, "0");
        let code = if n.is_multiple_of(2) { 250 } else { 421 };
        format!(
            r#"{{"type":"SMTP","hostname":"mta1.example.com","messageid":"{id}:1","ts_attempt":{}.12,"status":"x","result_code":{code},"result_reason":"- gsmtp","result_state":"MAIL","connection_localip":"203.0.113.10","connection_remotemx":"gmail-smtp-in.l.google.com","recipient_domain":"gmail.com"}}"#,
            1_793_700_765 + n
        ) + "\n"
    };
    let emailconsul = |n: u32, of: &str| {
        let id = transaction(n, of);
        let code = if n.is_multiple_of(2) { 250 } else { 421 };
        format!(
            r#"[{{"type":"delivery","time":{}900,"message":{{"id":{{"transaction":"{id}","queue":1}},"recipientaddress":{{"domain":"gmail.com"}}}},"attempt":{{"result":{{"code":{code},"reason":["- gsmtp"],"state":"MAIL"}},"connection":{{"localip":"203.0.113.10","remotemx":"gmail-smtp-in.l.google.com"}}}}}}]"#,
            1_793_700_765 + n
        ) + "\n"
    };
    let one: String = (0..20).map(postmastery).collect();
    let (same, other): (String, String) = (0..20).map(|n| (emailconsul(n, "0"), emailconsul(n, "1"))).unzip();
    let alone = Counted::of(&[("one.json", &one)]);
    let outcomes = Outcomes::from([("delivered".to_owned(), 10), ("deferral".to_owned(), 10)]);
    assert_eq!(alone.from("one.json"), &outcomes);
    let both = Counted::of(&[("one.json", &one), ("two.json", &same)]);
    assert_eq!((both.from("one.json"), both.from("two.json")), (&Outcomes::new(), &outcomes));
    assert!(both.said("one.json").contains("it tells of the same messages as"), "{}", both.said("one.json"));
    // The transactions of another machine are other ones.
    let both = Counted::of(&[("one.json", &one), ("two.json", &other)]);
    assert_eq!((both.from("one.json"), both.from("two.json")), (&outcomes, &outcomes));
}

/// GreenArrow's documented keys, of the log and of the event.
#[test]
fn greenarrows_events_beside_its_log() {
    let record = |n: u32, head: &str, rcpt: &str, status: &str| {
        let message = if status == "success" { "250 OK" } else { "421 4.7.28 later - gsmtp" };
        format!(
            r#"{{{head}:{},"channel":"remote","status":"{status}","msguid":"1793700760.{n}","{rcpt}":"user@gmail.com","message":"{message}","outmtaid_ip":"203.0.113.23","mx_hostname":"gmail-smtp-in.l.google.com"}}"#,
            1_793_700_765 + n
        ) + "\n"
    };
    let status = |n: u32| if n.is_multiple_of(4) { "deferral" } else { "success" };
    let log: String = (0..20).map(|n| record(n, r#""timestamp""#, "recipient", status(n))).collect();
    let event = r#""event_type":"delivery_attempt","event_time""#;
    let events: String = (0..20).map(|n| record(n, event, "emailaddress", status(n))).collect();
    let both = Counted::of(&[("attempts.json", &log), ("events.json", &events)]);
    let outcomes = Outcomes::from([("delivered".to_owned(), 15), ("deferral".to_owned(), 5)]);
    assert_eq!((both.from("attempts.json"), both.from("events.json")), (&outcomes, &Outcomes::new()));
    assert_eq!(Counted::of(&[("events.json", &events)]).from("events.json"), &outcomes);
}

/// The user's guide: accounting goes to files and pipes, as CSV or JSON, record by record.
#[test]
fn powermtas_records_in_json_are_those_of_its_csv() {
    let csv = include_str!("../data/logs/powermta/acct-5.0.csv");
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let deliveries = reader.records().map(|row| row.expect("a row")).filter(|row| &row[0] == "d");
    let json: String = deliveries
        .map(|row| {
            let object: serde_json::Map<_, _> =
                header.iter().zip(&row).map(|(name, cell)| (name.to_owned(), Value::from(cell))).collect();
            format!("{}\n", Value::from(object))
        })
        .collect();
    let alone = Counted::of(&[("acct.csv", csv)]);
    let both = Counted::of(&[("acct.csv", csv), ("pipe.json", &json)]);
    let sum = |counted: &Counted| counted.0.values().flat_map(|(o, _)| o.values()).sum::<u64>();
    assert_eq!(sum(&both), sum(&alone));
}
