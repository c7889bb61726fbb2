//! A log's lines inside records of the journal and of container runtimes tell what the bare
//! log tells.
//!
//! The wrappers are built here by their documentation: systemd "Journal Export Formats" and
//! `journalctl(1)`, Docker "JSON File logging driver" (a record for each 16 KiB of a line),
//! Kubernetes CRI logging (`time stream P|F text`).

use std::fmt::Write as _;

use casefile::time::{Stamp, parse_rfc3339};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::samples::{READ, Sample, shape_and_clock};
use super::told::{Told, told};
use super::{config, stretch};
use casefile::formats::logs::{LogClock, LogShape, Wrapping};

/// A line as the journal has it.
struct Said<'a> {
    at: Stamp,
    host: &'a str,
    identifier: &'a str,
    pid: &'a str,
    message: &'a str,
}

impl<'a> Said<'a> {
    /// `2026-11-24T02:47:29.693393+00:00 HOST TAG[PID]: MESSAGE`, as rsyslog writes it.
    fn of(line: &'a str) -> Option<Self> {
        let (stamp, rest) = line.split_once(' ')?;
        let at = parse_rfc3339(stamp).ok()?;
        let (host, rest) = rest.split_once(' ')?;
        let (process, message) = rest.split_once(": ")?;
        let (identifier, pid) = process.split_once('[').map_or((process, ""), |(i, p)| (i, p.trim_end_matches(']')));
        Some(Self { at, host, identifier, pid, message })
    }

    fn micros(&self) -> String {
        (self.at.millis() * 1000).to_string()
    }

    fn json(&self, as_bytes: bool) -> String {
        let message = if as_bytes { json!(self.message.as_bytes()) } else { json!(self.message) };
        let mut record = json!({
            "__CURSOR": "s=1;i=1", "_TRANSPORT": "syslog", "PRIORITY": "6", "MESSAGE": message,
            "SYSLOG_IDENTIFIER": self.identifier, "_HOSTNAME": self.host, "__REALTIME_TIMESTAMP": self.micros(),
        });
        if !self.pid.is_empty() {
            record["SYSLOG_PID"] = Value::from(self.pid);
            record["_PID"] = Value::from(self.pid);
        }
        record.to_string()
    }

    fn export(&self, as_bytes: bool) -> Vec<u8> {
        let mut out = format!("__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP={}\n_HOSTNAME={}\n", self.micros(), self.host);
        // Writing to a String cannot fail.
        let _ = writeln!(out, "SYSLOG_IDENTIFIER={}", self.identifier);
        if !self.pid.is_empty() {
            let _ = writeln!(out, "SYSLOG_PID={}", self.pid);
        }
        let mut out = out.into_bytes();
        if as_bytes {
            out.extend(b"MESSAGE\n");
            out.extend((self.message.len() as u64).to_le_bytes());
        } else {
            out.extend(b"MESSAGE=");
        }
        out.extend(self.message.as_bytes());
        out.extend(b"\n\n");
        out
    }
}

/// A line in pieces: whole, or cut once. Container runtimes cut long lines.
fn pieces(line: &str, cut: bool) -> Vec<&str> {
    let at = line.floor_char_boundary(line.len() / 2);
    if cut && at > 0 { vec![&line[..at], &line[at..]] } else { vec![line] }
}

fn docker(at: Stamp, line: &str, cut: bool) -> String {
    let pieces = pieces(line, cut);
    let end = pieces.len() - 1;
    let record = |(n, piece): (usize, &&str)| {
        let log = if n == end { format!("{piece}\n") } else { (*piece).to_owned() };
        format!("{}\n", json!({"log": log, "stream": "stdout", "time": at.to_string()}))
    };
    pieces.iter().enumerate().map(record).collect()
}

fn cri(at: Stamp, line: &str, cut: bool) -> String {
    let pieces = pieces(line, cut);
    let end = pieces.len() - 1;
    let record = |(n, piece): (usize, &&str)| format!("{at} stdout {} {piece}\n", if n == end { 'F' } else { 'P' });
    pieces.iter().enumerate().map(record).collect()
}

/// Logs of lines with a full stamp, which a daemon wrote through syslog.
fn stamped() -> Vec<&'static (&'static Sample, LogShape<'static>, LogClock)> {
    let by_name = |name: &str| name.ends_with("iso8601.log.gz");
    READ.iter().filter(|(s, shape, _)| shape.wrapping == Wrapping::None && by_name(&s.name)).collect()
}

/// What a file in some wrapping tells, in the shape that it is taken for.
fn of_wrapped(bytes: &[u8], wrapping: Wrapping, block: usize) -> Told {
    let Some((shape, clock)) = shape_and_clock(bytes) else {
        panic!("{wrapping:?} hides the log: {}", String::from_utf8_lossy(bytes))
    };
    assert_eq!(shape.wrapping, wrapping);
    told(shape, &clock, &[bytes], block)
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn a_log_tells_the_same_in_every_wrapping(
        sample in any::<prop::sample::Index>(),
        (from, block, cut) in (0.0..0.5_f64, 1..20_000_usize, any::<bool>()),
    ) {
        let logs = stamped();
        let (sample, shape, clock) = *sample.get(&logs);
        let text = String::from_utf8_lossy(stretch(&sample.bytes, from, 400)).into_owned();
        let lines: Vec<(Said<'_>, &str)> = text.lines().filter_map(|l| Some((Said::of(l)?, l))).collect();
        let bare: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
        let whole = told(*shape, clock, &[bare.as_bytes()], usize::MAX);
        prop_assume!(shape_and_clock(bare.as_bytes()).is_some());
        let json: String = lines.iter().map(|(said, _)| said.json(cut) + "\n").collect();
        let export: Vec<u8> = lines.iter().flat_map(|(said, _)| said.export(cut)).collect();
        let docker: String = lines.iter().map(|(said, line)| docker(said.at, line, cut)).collect();
        let cri: String = lines.iter().map(|(said, line)| cri(said.at, line, cut)).collect();
        let wrapped = [
            (Wrapping::JournalJson, json.as_bytes()),
            (Wrapping::JournalExport, &export),
            (Wrapping::Docker, docker.as_bytes()),
            (Wrapping::Cri, cri.as_bytes()),
        ];
        for (wrapping, bytes) in wrapped {
            let found = of_wrapped(bytes, wrapping, block);
            prop_assert_eq!(found.heard, whole.heard, "{} in {:?}", sample.name, wrapping);
            prop_assert_eq!(found.accounting.used, whole.accounting.used, "{} in {:?}", sample.name, wrapping);
            // The records of a wrapping are other lines, and more of them.
            let differences = Told { accounting: whole.accounting, ..found }.differences(&whole);
            prop_assert_eq!(differences, Vec::<String>::new(), "{} in {:?}", sample.name, wrapping);
        }
    }
}

/// Haraka writes no syslog: under a container runtime, or the journal, its lines stand bare.
#[test]
fn harakas_own_stamp_gives_way_to_the_runtimes() {
    for (sample, shape, clock) in READ.iter().filter(|(s, ..)| s.name.contains("behaviours/haraka")) {
        let text = String::from_utf8_lossy(&sample.bytes).into_owned();
        let lines: Vec<(Stamp, &str)> =
            text.lines().filter_map(|l| Some((parse_rfc3339(l.split_once(' ')?.0).ok()?, l))).collect();
        let bare: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
        let whole = told(*shape, clock, &[bare.as_bytes()], usize::MAX);
        assert!(!whole.totals.is_empty());
        let docker: String = lines.iter().map(|(at, line)| docker(*at, line, false)).collect();
        let cri: String = lines.iter().map(|(at, line)| cri(*at, line, true)).collect();
        assert_eq!(of_wrapped(docker.as_bytes(), Wrapping::Docker, 1000).totals, whole.totals);
        assert_eq!(of_wrapped(cri.as_bytes(), Wrapping::Cri, 1000).totals, whole.totals);
        let said = |(at, line): &(Stamp, &str)| {
            let message = line.split_once(' ').map_or("", |(_, message)| message).to_owned();
            let said = Said { at: *at, host: "mta1", identifier: "haraka", pid: "77", message: &message };
            said.json(false) + "\n"
        };
        let journal: String = lines.iter().map(said).collect();
        assert_eq!(of_wrapped(journal.as_bytes(), Wrapping::JournalJson, 1000).totals, whole.totals);
    }
}
