//! Settings of an MTA beside its logs: whose they are, which IP stands behind a name, what is shown.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Deliveries of three nodes as recorded.
const LOGS: [(&str, &str); 2] = [
    (
        "mta1",
        "2026-11-23T22:07:27.127061-05:00 mta1 postfix-ip1/smtp[21299]: 8E9464750: to=<base.r000001.lab@gmail.com>, relay=gmail-smtp-in.l.google.com[198.51.100.26]:25, delay=1.5, delays=0.03/0.06/0.32/1.1, dsn=2.0.0, status=sent (250 2.0.0 OK  1795489647 14ef5ed72014e-90b82285ea7si34901268b.542 - gsmtp)\n",
    ),
    (
        "mta2",
        "2026-11-23T22:07:31.808238-05:00 mta2 postfix-ip2/smtp[21958]: 882C847F6: to=<base.r000000.lab@gmail.com>, relay=gmail-smtp-in.l.google.com[198.51.100.26]:25, delay=1.3, delays=0.07/0.07/0.39/0.78, dsn=2.0.0, status=sent (250 2.0.0 OK  1795489651 a1efb9cb79fb0-d5d2ab88c90si415943775.1113 - gsmtp)\n",
    ),
];

fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/snapshots").join(name);
    fs::read_to_string(path).expect("a sample")
}

/// A case folder with the logs of so many nodes and some files beside them.
fn case(nodes: usize, files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (node, line) in LOGS.iter().take(nodes) {
        fs::write(dir.path().join(format!("{node}.log")), line).expect("a log");
    }
    for (name, text) in files {
        fs::write(dir.path().join(name), text).expect("a file");
    }
    dir
}

fn casefile(args: &[&str], path: &Path) -> (Value, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_casefile")).args(args).arg(path).output().expect("casefile runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let text = String::from_utf8(ran.stdout).expect("text");
    (serde_json::from_str(&text).unwrap_or_default(), text)
}

/// What `inspect --json` says of a file.
fn inspected(dir: &Path, name: &str) -> Value {
    let (said, _) = casefile(&["inspect", "--json"], dir);
    let files = said["files"].as_array().expect("files");
    files.iter().find(|f| f["path"].as_str().is_some_and(|p| p.ends_with(name))).expect("the file").clone()
}

/// Builds and gives facts.json.
fn facts(dir: &Path) -> Value {
    let output = tempfile::tempdir().expect("a folder");
    let out = output.path().join("out");
    casefile(&["build", "--quiet", "-o", out.to_str().expect("a path")], dir);
    serde_json::from_str(&fs::read_to_string(out.join("keep/facts.json")).expect("facts")).expect("JSON")
}

fn ips(facts: &Value) -> Vec<(Value, Value)> {
    let ips = facts["ips"].as_array().expect("ips");
    ips.iter().map(|i| (i["tag"].clone(), i["ip"].clone())).collect()
}

fn pair(tag: &str, ip: &str) -> (Value, Value) {
    (Value::from(tag), Value::from(ip))
}

#[test]
fn settings_name_the_sending_ip_that_no_log_shows() {
    let files = [("main.txt", sample("throttle.postconf-n.txt")), ("master.txt", sample("throttle.master.cf"))];
    let files: Vec<_> = files.iter().map(|(n, t)| (*n, t.as_str())).collect();
    let dir = case(1, &files);
    assert_eq!(ips(&facts(case(1, &[]).path())), [(Value::from("postfix-ip1"), Value::Null)]);
    assert_eq!(ips(&facts(dir.path())), [pair("postfix-ip1", "192.0.2.11")]);
    let master = inspected(dir.path(), "master.txt");
    assert_eq!((&master["kind"], &master["format"]), (&Value::from("snapshot"), &Value::from("postfix-settings")));
    assert_eq!(master["snapshot"]["node"], "mta1");
    let first = &master["snapshot"]["sending_ips"][1];
    assert_eq!(
        (&first["tag"], &first["address"], &first["line"]),
        (&"postfix-ip1".into(), &"192.0.2.11".into(), &27.into())
    );
    let main = inspected(dir.path(), "main.txt");
    let delay =
        main["snapshot"]["settings"].as_array().and_then(|all| all.iter().find(|s| s["name"] == "queue_run_delay"));
    let delay = delay.expect("taken");
    assert_eq!(
        (&delay["value"], &delay["number"], &delay["unit"], &delay["line"]),
        (&"30s".into(), &30.into(), &"seconds".into(), &24.into())
    );
    let (_, text) = casefile(&["inspect"], dir.path());
    assert!(text.contains("postfix-ip1 leaves from 192.0.2.11: bound (line 27)"), "{text}");
    casefile(&["init"], dir.path());
    let written = fs::read_to_string(dir.path().join("case.yaml")).expect("case.yaml");
    assert!(!written.contains("  postfix-ip1:"), "it is known already: {written}");
}

#[test]
fn the_word_of_case_yaml_counts_and_a_contradiction_is_told() {
    let said = |sending_ips: &str, master: &str| {
        let yaml = format!("sending_ips: {sending_ips}\n");
        let dir = case(1, &[("case.yaml", &yaml), ("master.txt", master)]);
        let facts = facts(dir.path());
        let problems: Vec<_> = facts["problems"]
            .as_array()
            .expect("problems")
            .iter()
            .filter_map(|p| p.as_str())
            .map(str::to_owned)
            .collect();
        (ips(&facts), problems.into_iter().filter(|p| p.contains("case.yaml was followed")).collect::<Vec<_>>())
    };
    let master = sample("throttle.master.cf");
    let (found, problems) = said("{postfix-ip1: 192.0.2.99}", &master);
    assert_eq!(found, [pair("postfix-ip1", "192.0.2.99")]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("192.0.2.99") && problems[0].contains("192.0.2.11"), "{problems:?}");
    // They agree; the service's own name serves; a private address is translated.
    assert_eq!(said("{postfix-ip1: 192.0.2.11}", &master), (vec![pair("postfix-ip1", "192.0.2.11")], vec![]));
    let private = master.replace("192.0.2.11", "10.0.0.11");
    assert_eq!(said("{ip1: 192.0.2.11}", &private), (vec![pair("postfix-ip1", "192.0.2.11")], vec![]));
    assert_eq!(said("{10.0.0.11: 192.0.2.12}", &private), (vec![pair("postfix-ip1", "192.0.2.12")], vec![]));
    let (unknown, _) = said("{}", &private);
    assert_eq!(unknown, [(Value::from("postfix-ip1"), Value::Null)], "a private address is no sending IP");
}

#[test]
fn settings_go_to_their_node() {
    let main = sample("throttle.postconf-n.txt");
    let (one, two) = (sample("throttle.master.cf"), sample("throttle.master.cf").replace("192.0.2", "203.0.113"));
    let two = two.replace("postfix-ip1", "postfix-xx");
    let other = main.replace("myhostname = mta1", "myhostname = mta2");
    let owner =
        |file: &Value| (file["snapshot"]["node"].clone(), file["snapshot"]["node_by"].as_str().map(str::to_owned));
    let files = [("a.main", main.as_str()), ("b.main", &other), ("a.master", &one), ("b.master", &two)];
    let dir = case(2, &files);
    let of = |name: &str| owner(&inspected(dir.path(), name));
    assert_eq!(of("a.main"), ("mta1".into(), Some("by its host name".to_owned())));
    assert_eq!(of("b.main"), ("mta2".into(), Some("by its host name".to_owned())));
    // Both have postfix-ip2, which mta2 alone logs; one has postfix-ip1, so it fits both.
    assert_eq!(of("a.master"), (Value::Null, None));
    let problems = inspected(dir.path(), "a.master")["problems"].to_string();
    assert!(problems.contains("nothing tells which node"), "{problems}");
    assert_eq!(
        of("b.master"),
        ("mta2".into(), Some("the only node whose log has the names of its transports".to_owned()))
    );
    assert_eq!(
        ips(&facts(dir.path())),
        [(Value::from("postfix-ip1"), Value::Null), pair("postfix-ip2", "203.0.113.12")]
    );
    let yaml = "sources: [{path: a.master, node: mta1}, {path: b.master, node: mta2}]\n";
    fs::write(dir.path().join("case.yaml"), yaml).expect("case.yaml");
    assert_eq!(ips(&facts(dir.path())), [pair("postfix-ip1", "192.0.2.11"), pair("postfix-ip2", "203.0.113.12")]);
}

/// The ESP reads versions and limits; Google reads nothing of them; secrets are nowhere.
#[test]
fn settings_are_for_the_esp_and_hold_no_secret() {
    let main = sample("throttle.postconf-n.txt")
        + "smtp_sasl_password_maps = static:someuser:hunter2\nmydb_password = hunter2\nhunter2 hunter2\n";
    let versions = sample("postconf-mail_version.txt") + &sample("openssl-3.0.19.version.txt");
    let dir = case(1, &[("main", &main), ("master", &sample("throttle.master.cf")), ("versions", &versions)]);
    let output = tempfile::tempdir().expect("a folder");
    let out = output.path().join("out");
    casefile(&["build", "--quiet", "-o", out.to_str().expect("a path")], dir.path());
    let kept = fs::read_to_string(out.join("keep/facts.json")).expect("facts");
    let settings = &serde_json::from_str::<Value>(&kept).expect("JSON")["settings"];
    assert_eq!(settings[0]["mta"], "Postfix 3.7.11");
    assert_eq!(settings[0]["openssl"], "OpenSSL 3.0.19");
    assert_eq!(settings[0]["transports"][0]["concurrency"], 6);
    let (_, text) = casefile(&["inspect"], dir.path());
    let (_, json) = casefile(&["inspect", "--json"], dir.path());
    let mut all = vec![kept, text, json, fs::read_to_string(out.join("keep/postmortem.md")).expect("postmortem")];
    for entry in fs::read_dir(out.join("send")).expect("send/") {
        let path = entry.expect("an entry").path();
        let is_google = path.to_string_lossy().ends_with("-google.zip");
        let mut archive = zip::ZipArchive::new(fs::File::open(&path).expect("a zip")).expect("a zip");
        let mut whole = String::new();
        for i in 0..archive.len() {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut archive.by_index(i).expect("an entry"), &mut bytes).expect("bytes");
            whole.push_str(&String::from_utf8_lossy(&bytes));
        }
        assert_eq!(whole.contains("Postfix 3.7.11"), !is_google, "{}", path.display());
        assert_eq!(whole.contains("destination_concurrency") || whole.contains("\"concurrency\""), !is_google);
        all.push(whole);
    }
    assert!(all.iter().all(|text| !text.contains("hunter2")), "a secret is shown");
}

/// What DNS answers measure stands in the report with its date, beside what is attested; none
/// of their other texts is anywhere.
#[test]
fn dns_answers_measure_requirements_and_a_contradiction_is_told() {
    let texts = sample("dns/dig.txt-spf.txt")
        + "token.sender.example. 300 IN TXT \"token=hunter2\"\n"
        + &sample("dns/dig.x-ptr.txt").replace("10.2.0.192", "11.2.0.192");
    let forward = sample("dns/dig.txt-spf.txt")
        .replace("sender.example.", "node1.sender.example.")
        .replace("TXT", "A")
        .replace("\"v=spf1 ip4:192.0.2.0/28 include:_spf.esp.example -all\"", "192.0.2.12");
    let yaml = "sender: {domains: [sender.example]}\nattest: {ptr: true, dmarc: pass}\nsending_ips: {postfix-ip1: 192.0.2.11}\n";
    let dir = case(1, &[("case.yaml", yaml), ("dns.txt", &texts), ("forward.txt", &forward)]);
    let facts = facts(dir.path());
    let of = |id: &str| {
        let all = facts["requirements"].as_array().expect("requirements");
        let found = all.iter().find(|r| r["id"] == id).expect("the requirement");
        (
            found["state"].as_str().unwrap_or_default().to_owned(),
            found["detail"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let (state, detail) = of("spf");
    assert!(state == "measured" && detail.contains("of 2026-11-24 02:43 UTC"), "{state}: {detail}");
    let (state, detail) = of("ptr");
    assert!(state == "not met" && detail.contains("does not lead back to it: 192.0.2.11"), "{state}: {detail}");
    assert!(detail.ends_with("the sender attests that it is met, which this contradicts"), "{detail}");
    assert_eq!(of("dmarc"), ("attested".to_owned(), "attested by the sender".to_owned()));
    assert_eq!(of("dkim").0, "unknown");
    let dns = inspected(dir.path(), "dns.txt");
    assert_eq!(dns["format"], "dns-answers");
    assert_eq!(dns["problems"].as_array().map(Vec::len), Some(0), "{dns}");
    let (_, text) = casefile(&["inspect"], dir.path());
    assert!(text.contains("TXT of sender.example: an SPF record (dig, 2026-11-24T02:43:07Z, line 6)"), "{text}");
    assert!(!(text + &facts.to_string()).contains("hunter2"));
}

/// A measured rate of user-reported spam stands above an attested one, and makes ready for Google;
/// no domain that case.yaml does not state leaves.
#[test]
fn postmaster_tools_measure_the_spam_rate() {
    let report = sample("postmaster/trafficStats.v1.json");
    let yaml = "sender: {domains: [sender.example]}\nattest: {spam_rate: {value: 0.05 %, date: 2026-11-02}}\n";
    let spam = |report: &str, yaml: &str| {
        let facts = facts(case(1, &[("case.yaml", yaml), ("postmaster.json", report)]).path());
        let all = facts["requirements"].as_array().expect("requirements").clone();
        let found = all.into_iter().find(|r| r["id"] == "spam_rate").expect("the requirement");
        let checks = facts["readiness"]["google"]["checks"].as_array().expect("checks").clone();
        let check = checks.into_iter().find(|c| c["title"] == "spam rate").expect("the check");
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        (text(&found["state"]), text(&found["detail"]), text(&check["state"]), facts["requirements_line"].to_string())
    };
    let (state, detail, ready, line) = spam(&report, "title: bare\n");
    assert_eq!((state.as_str(), ready.as_str()), ("measured", "pass"), "{detail}");
    assert!(detail.starts_with("0.21 % on 2026-11-23"), "{detail}");
    assert!(line.contains("user-reported spam (0.21 % on 2026-11-23)"), "{line}");
    let (state, detail, ready, _) = spam(&report.replace("0.0021", "0.0031"), yaml);
    assert_eq!((state.as_str(), ready.as_str()), ("not met", "fail"));
    assert!(detail.ends_with("attested 0.05 % on 2026-11-02; which this contradicts"), "{detail}");
    let (state, _, ready, _) = spam("{}", yaml);
    assert_eq!((state.as_str(), ready.as_str()), ("attested", "pass"));

    let dir = case(
        1,
        &[("case.yaml", yaml), ("postmaster.json", &(report.replace("sender.example", "hunter2.example") + &report))],
    );
    let output = tempfile::tempdir().expect("a folder");
    let out = output.path().join("out");
    casefile(&["build", "--quiet", "-o", out.to_str().expect("a path")], dir.path());
    for entry in fs::read_dir(out.join("send")).expect("send/") {
        let mut archive =
            zip::ZipArchive::new(fs::File::open(entry.expect("an entry").path()).expect("a zip")).expect("a zip");
        for i in 0..archive.len() {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut archive.by_index(i).expect("an entry"), &mut bytes).expect("bytes");
            assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"));
        }
    }
    let file = inspected(dir.path(), "postmaster.json");
    assert_eq!((&file["kind"], &file["format"]), (&Value::from("snapshot"), &Value::from("google-postmaster")));
    assert_eq!(file["snapshot"]["reports"].as_array().map(Vec::len), Some(10));
}
