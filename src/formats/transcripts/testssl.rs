//! `testssl.sh -t smtp`: what it prints (3.0.8, recorded), `--jsonfile` and `--jsonfile-pretty`:
//! findings, one a line or an object.
//!
//! A server that closes in the handshake appears as one that offers no version of TLS, and one
//! that answers STARTTLS with 421 as "doesn't seem to be a TLS/SSL enabled server": neither is a
//! fault of TLS, and the file says no more. The JSON has no time, only how long it took; what is
//! printed has the tester's local time, which names no zone.

mod text;

use serde_json::Value;

use super::verdict::{Clue, Sign, decide};
use super::{Head, Phase, Transcript, TranscriptFormat};

/// The reader of `testssl.sh`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Testssl;

const TOOL: &str = "testssl.sh";

impl TranscriptFormat for Testssl {
    fn name(&self) -> &'static str {
        TOOL
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let opens = head.bytes.trim_ascii_start().first().is_some_and(|b| matches!(b, b'[' | b'{'));
        let names = ["\"id\"", "\"severity\"", "\"finding\""];
        let all = names.iter().all(|n| memchr::memmem::find(head.bytes, n.as_bytes()).is_some());
        let printed = || text::opens(head.bytes).then(|| "`Start … -->> … <<--` of testssl.sh".to_owned());
        (opens && all).then(|| "its objects are findings: id, severity, finding".to_owned()).or_else(printed)
    }

    fn read(&self, text: &[u8]) -> Vec<Transcript> {
        if text::opens(text) {
            return text::runs(text).into_iter().map(|run| judged(run.version, &run.findings, run.lines)).collect();
        }
        let lines = (1, crate::intake::lines_of(text).count().max(1) as u64);
        let scan = serde_json::from_slice::<Value>(text).unwrap_or_default();
        let mut findings = Vec::new();
        collect(&scan, &mut findings);
        let mut t = judged(scan["version"].as_str().map(str::to_owned), &findings, lines);
        if findings.is_empty() {
            t.because = "the JSON is cut or damaged".to_owned();
        }
        vec![t]
    }
}

fn judged(version: Option<String>, findings: &[Finding], lines: (u64, u64)) -> Transcript {
    let mut t = Transcript { lines, version, ..Transcript::new(TOOL) };
    let clues = clues(&mut t, findings);
    let reached = if t.protocol.is_some() { Phase::Done } else { Phase::Unknown };
    let decision = decide(&clues, reached);
    (t.verdict, t.phase, t.because) = (decision.verdict, decision.phase, decision.because);
    t
}

/// One finding, and where it was found, where the file says so: `host/address`, port.
#[derive(Debug)]
struct Finding {
    id: String,
    place: String,
    finding: String,
}

/// All findings, in order: a list of objects, or objects below headings.
fn collect(value: &Value, found: &mut Vec<Finding>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| collect(v, found)),
        Value::Object(map) => {
            let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
            if let (Some(id), Some(finding)) = (text("id"), text("finding")) {
                found.push(Finding { id, place: text("ip").unwrap_or_default(), finding });
            } else {
                map.values().for_each(|v| collect(v, found));
            }
        }
        _ => {}
    }
}

fn clues(t: &mut Transcript, findings: &[Finding]) -> Vec<Clue> {
    let mut clues = Vec::new();
    let mut clue = |sign, phase, words: &str| clues.push(Clue { sign, phase, words: words.to_owned() });
    let (mut untested, mut enabled) = (false, true);
    for f in findings {
        if let Some((host, address)) = f.place.split_once('/').filter(|(_, a)| !a.is_empty()) {
            t.host.get_or_insert_with(|| host.to_owned());
            t.address.get_or_insert_with(|| address.to_owned());
        }
        match f.id.as_str() {
            "SSLv2" | "SSLv3" | "TLS1" | "TLS1_1" | "TLS1_2" | "TLS1_3" if f.finding.starts_with("offered") => {
                t.protocol =
                    Some(format!("TLSv{}", f.id.trim_start_matches("TLS").replace('_', ".")).replace("TLSvSSL", "SSL"));
            }
            "SSLv2" | "SSLv3" | "TLS1_2" if f.finding.contains("couldn't be tested") => untested = true,
            "optimal_proto" if f.finding.contains("doesn't seem to be a TLS/SSL enabled") => enabled = false,
            "scanProblem" if f.finding.starts_with("Can't connect to") => {
                clue(Sign::NoConnection, Some(Phase::Connect), &f.finding);
            }
            "cert_commonName" => t.subject = Some(f.finding.clone()),
            "cert_caIssuers" => t.issuer = Some(f.finding.clone()),
            "cert_notAfter" => t.not_after = Some(f.finding.clone()),
            "certs_countServer" => t.certificates = f.finding.parse().ok(),
            "cert_trust" | "cert_expirationStatus" => trust(t, f, &mut clue),
            "scanTime" => t.elapsed_ms = f.finding.parse::<u64>().ok().map(|s| s.saturating_mul(1000)),
            _ => {}
        }
    }
    if let Some(protocol) = &t.protocol {
        clue(Sign::Encrypted, None, &format!("{protocol} is offered"));
    } else if !enabled && untested {
        // Its sockets never came past STARTTLS: not offered, refused or closed look the same.
        clue(Sign::Closed, Some(Phase::Starttls), "couldn't be tested, socket problem: it came to no ClientHello");
    } else if !enabled {
        clue(Sign::Closed, Some(Phase::ClientHello), "no version of TLS was answered, and no alert is named");
    }
    clues
}

/// Names and dates; the chain of trust is not taken, since it depends on bundles of the tool's.
fn trust(t: &mut Transcript, f: &Finding, clue: &mut impl FnMut(Sign, Option<Phase>, &str)) {
    let bad = match f.id.as_str() {
        "cert_expirationStatus" => f.finding.starts_with("expired"),
        _ => f.finding.contains("does not match") || f.finding.contains("not match supplied"),
    };
    if bad {
        t.verify = Some(f.finding.clone());
        clue(Sign::Untrusted, None, &f.finding);
    }
}
