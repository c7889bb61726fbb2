//! Recorded incidents of Postfix: what the reader counts, minute by minute, for each sending
//! IP and each MX, against what the receivers recorded.
//!
//! The recordings are large and stand beside the checkout; without them this prints that it
//! looked at nothing. The receivers' record also holds the STARTTLS tests that ran meanwhile,
//! which no log holds; the list of their runs says at which host and minute.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use casefile::formats::Head;
use casefile::formats::logs::{Event, LOG_FORMATS, LogClock, LogShape, Opening, Pulse, Sink, join};
use casefile::intake::{Exhibit, open};
use casefile::smtp::Outcome;
use casefile::time::{Minute, Zone, parse_rfc3339};
use serde_json::Value;

/// Attempts by minute, sending IP, address of the MX, and outcome.
type Counts = BTreeMap<(Minute, String, String, Outcome), i64>;

/// Where the log and the receivers' record differ by nature.
struct Recording {
    name: &'static str,
    /// Cells that differ: the minute, the sending IP or the MX, what the record and the log
    /// hold, and why.
    exceptions: &'static [(&'static str, &'static str, Outcome, i64, i64, &'static str)],
    /// The path lost packets: neither side sees a time-out as the other does, and the receiver
    /// may have accepted what the sender never heard of.
    lossy_path: bool,
}

const END: &str = "the log ends in this second, the receiver's record a little later";

const RECORDINGS: &[Recording] = &[
    Recording { name: "throttle", exceptions: &[], lossy_path: false },
    Recording { name: "noise", exceptions: &[], lossy_path: false },
    Recording { name: "tls-global", exceptions: &[], lossy_path: false },
    Recording { name: "network-ceiling", exceptions: &[], lossy_path: true },
    Recording {
        name: "ongoing",
        exceptions: &[
            ("2026-11-24T03:22Z", "192.0.2.31", Outcome::Delivered, 18, 17, END),
            ("2026-11-24T03:22Z", "192.0.2.33", Outcome::Delivered, 18, 17, END),
            ("2026-11-24T03:22Z", "198.51.100.26", Outcome::Delivered, 19, 17, END),
        ],
        lossy_path: false,
    },
];

/// The recordings, where they are at hand.
fn lab() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["../shared/lab", "../../shared/lab"].map(|home| root.join(home)).into_iter().find(|home| home.is_dir())
}

fn bytes(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    open(path).expect("a recording").read_to_end(&mut bytes).expect("its bytes");
    bytes
}

fn records(path: &Path) -> Vec<Value> {
    let text = String::from_utf8(bytes(path)).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut files: Vec<_> = entries.map(|e| e.expect("an entry").path()).collect();
    files.sort();
    files
}

/// The addresses that each lane of a node binds, for both families, from its master.cf.
#[derive(Default)]
struct Lanes(BTreeMap<String, (String, String)>);

impl Lanes {
    fn of(master: &str) -> Self {
        let mut lanes = Self::default();
        let mut lane = String::new();
        for option in master.lines().filter_map(|l| l.trim().strip_prefix("-o ")) {
            match option.split_once('=') {
                Some(("syslog_name", name)) => lane = name.to_owned(),
                Some(("smtp_bind_address", ip)) => lanes.0.entry(lane.clone()).or_default().0 = ip.to_owned(),
                Some(("smtp_bind_address6", ip)) => lanes.0.entry(lane.clone()).or_default().1 = ip.to_owned(),
                _ => {}
            }
        }
        lanes
    }

    fn source(&self, lane: &str, mx: &str) -> String {
        let (four, six) = self.0.get(lane).expect("a lane of master.cf");
        if mx.contains(':') { six.clone() } else { four.clone() }
    }
}

/// Counts what a reader tells.
struct Ear {
    lanes: Lanes,
    counts: Counts,
    unrecognised: u64,
}

impl Sink for Ear {
    fn event(&mut self, e: &Event<'_>) {
        if !e.outcome.is_attempt() || e.weight == 0 || e.mx_ip.is_empty() {
            return;
        }
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        let mx = text(e.mx_ip);
        let source = self.lanes.source(&text(e.tag), &mx);
        *self.counts.entry((e.at.minute(), source, mx, e.outcome)).or_default() += i64::from(e.weight);
    }
    fn heard(&mut self, _: Minute, _: Pulse) {}
    fn unrecognised(&mut self, _: u64, _: &[u8]) {
        self.unrecognised += 1;
    }
}

/// What the logs of all nodes tell.
fn told(folder: &Path) -> Counts {
    let mut counts = Counts::new();
    for log in files(&folder.join("logs")) {
        let name = log.file_name().expect("a name").to_string_lossy().into_owned();
        if name.contains(".iso.") {
            continue;
        }
        let node = name.split('.').next().unwrap_or_default();
        let master = bytes(&folder.join("notes").join(format!("{node}.master.cf")));
        let lanes = Lanes::of(&String::from_utf8_lossy(&master));
        let bytes = bytes(&log);
        let head = Head { bytes: &bytes[..bytes.len().min(256 * 1024)], whole: false };
        let (shape, _) = LogShape::recognise(head, LOG_FORMATS.iter().copied()).expect("a log");
        let survey = shape.survey(head);
        let clock = LogClock::new(survey.offset_s.map_or(Zone::UTC, Zone::Fixed), survey.near);
        let mut ear = Ear { lanes, counts, unrecognised: 0 };
        let mut reader = shape.reader(Opening::again(Exhibit(1), clock.clone()));
        reader.read(&bytes, &mut ear);
        reader.end_of_file(&mut ear);
        assert!(reader.accounting().adds_up());
        join(shape.format, &clock, vec![reader.finish().ends], &mut ear);
        assert_eq!(ear.unrecognised, 0, "{name}");
        counts = ear.counts;
    }
    counts
}

/// What the receivers did.
fn recorded(folder: &Path, lossy_path: bool) -> Counts {
    let mut counts = Counts::new();
    for action in records(&folder.join("fakemx-truth.jsonl.gz")) {
        let of = |key: &str| action[key].as_str().unwrap_or_default();
        let (outcome, n) = match of("ev") {
            "session" => (Outcome::Delivered, action["msgs"].as_i64().unwrap_or_default()),
            // With a dead path the receiver sees no TLS fault either.
            "tls_fail" if !lossy_path => (Outcome::TlsFailure, 1),
            "action" => match of("action").split_once('@').expect("an action at a stage") {
                ("plain421", _) => (Outcome::Plaintext, 1),
                // The sender goes on in plain text and does not log the reply: it sees the close.
                (_, "starttls-reply") | ("close" | "rst", _) => (Outcome::RemoteClose, 1),
                ("slow", _) => continue,
                _ => (Outcome::Deferral, 1),
            },
            _ => continue,
        };
        if n > 0 {
            let minute = parse_rfc3339(of("time")).expect("a time").minute();
            let key = (minute, of("client").to_owned(), of("mx_ip").to_owned(), outcome);
            *counts.entry(key).or_default() += n;
        }
    }
    counts
}

/// Messages that were accepted when the sender had gone, or whose acceptance never reached it:
/// it does not know of the delivery, and sends them again.
fn unheard(folder: &Path) -> i64 {
    let record = records(&folder.join("fakemx-truth.jsonl.gz"));
    let is_unheard = |r: &&Value| r["ev"] == "session" && r["stage"] == "eod" && r["end"] != "quit" && r["msgs"] != 0;
    record.iter().filter(is_unheard).count() as i64
}

/// Runs of STARTTLS tests by minute and sending IP, and by minute and MX.
fn tests_run(folder: &Path) -> BTreeMap<(Minute, String), i64> {
    let mut addresses: BTreeMap<String, String> = BTreeMap::new();
    for action in records(&folder.join("fakemx-truth.jsonl.gz")) {
        if let (Some(host), Some(ip)) = (action["mx"].as_str(), action["mx_ip"].as_str()) {
            addresses.insert(host.to_owned(), ip.to_owned());
        }
    }
    let mut runs = BTreeMap::new();
    for run in records(&folder.join("transcripts/index.jsonl")) {
        let begins = parse_rfc3339(run["time"].as_str().expect("a time")).expect("a time");
        let lasted = (run["secs"].as_f64().unwrap_or_default() * 1000.0) as i64;
        let minutes: BTreeSet<Minute> = [begins.minute(), begins.plus_millis(lasted).minute()].into();
        let ends =
            [run["source_ip"].as_str(), addresses.get(run["host"].as_str().unwrap_or_default()).map(String::as_str)];
        for (minute, end) in minutes.into_iter().flat_map(|m| ends.map(|e| (m, e))) {
            *runs.entry((minute, end.unwrap_or_default().to_owned())).or_default() += 1;
        }
    }
    runs
}

/// Outcomes that the receivers record one by one.
const COMPARED: [Outcome; 5] =
    [Outcome::Delivered, Outcome::Deferral, Outcome::RemoteClose, Outcome::TlsFailure, Outcome::Plaintext];

/// Sums by minute and one end of the connection.
fn by_end(counts: &Counts, outcome: Outcome, sending: bool) -> BTreeMap<(Minute, String), i64> {
    let mut sums = BTreeMap::new();
    for ((minute, source, mx, _), n) in counts.iter().filter(|(key, _)| key.3 == outcome) {
        let end = if sending { source } else { mx };
        *sums.entry((*minute, end.clone())).or_default() += n;
    }
    sums
}

#[test]
fn minutes_agree_with_the_receivers_at_both_ends() {
    let Some(lab) = lab() else { return print("skipped: the recordings are not at hand".to_owned()) };
    let mut faults = Vec::new();
    for recording in RECORDINGS {
        let folder = lab.join(recording.name);
        let (told, recorded) = (told(&folder), recorded(&folder, recording.lossy_path));
        let runs = tests_run(&folder);
        for outcome in COMPARED {
            let (mut cells, mut equal, mut listed) = (0, 0, 0);
            for sending in [true, false] {
                let (log, record) = (by_end(&told, outcome, sending), by_end(&recorded, outcome, sending));
                let keys: BTreeSet<_> = log.keys().chain(record.keys()).collect();
                for key in keys {
                    let (ours, theirs) =
                        (log.get(key).copied().unwrap_or_default(), record.get(key).copied().unwrap_or_default());
                    cells += 1;
                    equal += i64::from(ours == theirs);
                    let (minute, end) = key;
                    let is_listed = recording.exceptions.iter().any(|(at, who, what, r, l, _)| {
                        (*at, *who, *what, *r, *l) == (&*minute.to_string(), end, outcome, theirs, ours)
                    });
                    listed += i64::from(is_listed);
                    if !is_listed
                        && !agree(recording, outcome, ours, theirs, runs.get(key).copied().unwrap_or_default())
                    {
                        faults.push(format!(
                            "{} {minute} {end} {outcome}: {theirs} recorded, {ours} told",
                            recording.name
                        ));
                    }
                }
            }
            let total =
                |counts: &Counts| -> i64 { counts.iter().filter(|(k, _)| k.3 == outcome).map(|(_, n)| n).sum() };
            print(format!(
                "{:16} {outcome:13} recorded {:5} told {:5} cells {cells:4} equal {equal:4} listed {listed}",
                recording.name,
                total(&recorded),
                total(&told)
            ));
            let unheard = if recording.lossy_path { unheard(&folder) } else { 0 };
            if outcome == Outcome::Delivered
                && recording.exceptions.is_empty()
                && total(&told) + unheard != total(&recorded)
            {
                faults.push(format!("{}: {} delivered of {}", recording.name, total(&told), total(&recorded)));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Each session of a STARTTLS test may be in the record and is in no log, and a session may
/// end on the other side of a minute's edge. On a lossy path some acceptances are not heard of.
fn agree(recording: &Recording, outcome: Outcome, told: i64, recorded: i64, runs: i64) -> bool {
    match outcome {
        Outcome::Delivered if recording.lossy_path => (-1..=10).contains(&(recorded - told)),
        Outcome::Delivered => told == recorded,
        _ => (-1..=runs + 1).contains(&(recorded - told)),
    }
}

/// A network ceiling: the receivers refused and closed nothing, so the log may hold neither
/// refusals nor closes nor TLS faults, and the healthy node hardly a time-out.
#[test]
fn a_dead_path_is_told_as_time_outs_alone() {
    let Some(lab) = lab() else { return print("skipped: the recordings are not at hand".to_owned()) };
    let mut sums: BTreeMap<(String, Outcome), i64> = BTreeMap::new();
    for ((_, source, _, outcome), n) in told(&lab.join("network-ceiling")) {
        *sums.entry((source, outcome)).or_default() += n;
    }
    let of = |source: &str, outcome| sums.get(&(source.to_owned(), outcome)).copied().unwrap_or_default();
    let limit = "192.0.2.51";
    // 171 of the time-outs are in the handshake; the receivers noticed 348 dead ones, late.
    assert_eq!((of(limit, Outcome::Timeout), of(limit, Outcome::ConnectFailure)), (998, 1843));
    // The shared host was loaded: three time-outs at end of data on the healthy node.
    assert_eq!((of("192.0.2.52", Outcome::Timeout), of("192.0.2.52", Outcome::ConnectFailure)), (3, 0));
    for outcome in
        [Outcome::RemoteClose, Outcome::TlsFailure, Outcome::Plaintext, Outcome::Deferral, Outcome::Unclassified]
    {
        assert_eq!(of(limit, outcome) + of("192.0.2.52", outcome), 0, "{outcome}");
    }
}

#[expect(clippy::print_stderr, reason = "the measured agreement, for whoever runs the tests with --nocapture")]
fn print(line: String) {
    eprintln!("{line}");
}
