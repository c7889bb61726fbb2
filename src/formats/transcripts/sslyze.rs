//! `sslyze --starttls smtp --json_out`: one result for each server, with the time of the scan.
//!
//! It calls a server that closed in the handshake and one that refused it with an alert by the
//! same words, "could not find a TLS version and cipher suite supported by the server", so
//! from them alone neither follows. Replies are quoted without their code.

use serde_json::Value;

use super::verdict::{Clue, Sign, decide, unknown_issuer};
use super::{Clock, Head, Phase, Transcript, TranscriptFormat};
use crate::time::parse_rfc3339;

/// The reader of `sslyze`'s JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sslyze;

const TOOL: &str = "sslyze";

impl TranscriptFormat for Sslyze {
    fn name(&self) -> &'static str {
        TOOL
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let opens = head.bytes.trim_ascii_start().starts_with(b"{");
        let names = ["\"server_scan_results\"", "\"date_scans_started\""];
        let all = names.iter().all(|n| memchr::memmem::find(head.bytes, n.as_bytes()).is_some());
        (opens && all).then(|| format!("its keys are {}", names.join(" and ")))
    }

    fn read(&self, text: &[u8]) -> Vec<Transcript> {
        let lines = crate::intake::lines_of(text).count().max(1) as u64;
        let Ok(scan) = serde_json::from_slice::<Value>(&without_long_numbers(text)) else {
            let because = "the JSON is cut or damaged".to_owned();
            return vec![Transcript { because, lines: (1, lines), ..Transcript::new(TOOL) }];
        };
        let none = Vec::new();
        let results = scan["server_scan_results"].as_array().unwrap_or(&none);
        let mut read: Vec<_> = results.iter().map(|result| of_server(&scan, result)).collect();
        if read.is_empty() {
            let because = "the scan has no result".to_owned();
            read.push(Transcript { because, ..Transcript::new(TOOL) });
        }
        // The file is one JSON value: its lines belong to the first of its servers.
        if let Some(first) = read.first_mut() {
            first.lines = (1, lines);
        }
        read
    }
}

/// Public keys stand in the file as numbers of hundreds of digits, which no reader of JSON takes.
fn without_long_numbers(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let (mut quoted, mut escaped, mut digits) = (false, false, 0_usize);
    for &b in text {
        digits = if !quoted && b.is_ascii_digit() { digits + 1 } else { 0 };
        (quoted, escaped) = match b {
            b'"' if !escaped => (!quoted, false),
            b'\\' if quoted => (quoted, !escaped),
            _ => (quoted, false),
        };
        if digits <= 18 {
            out.push(b);
        }
    }
    out
}

fn of_server(scan: &Value, result: &Value) -> Transcript {
    let mut t = Transcript::new(TOOL);
    let text = |v: &Value| v.as_str().map(str::to_owned);
    t.version = text(&scan["sslyze_version"]);
    t.started = scan["date_scans_started"].as_str().and_then(|s| parse_rfc3339(s).ok());
    let ended = scan["date_scans_completed"].as_str().and_then(|s| parse_rfc3339(s).ok());
    if let Some(started) = t.started {
        t.clock = Clock::Text;
        t.elapsed_ms = ended.and_then(|e| u64::try_from(e.millis() - started.millis()).ok());
    }
    t.host = text(&result["server_location"]["hostname"]);
    t.address = text(&result["server_location"]["ip_address"]);
    let connection = &result["connectivity_result"];
    t.protocol = connection["highest_tls_version_supported"].as_str().map(version);
    t.cipher = text(&connection["cipher_suite_supported"]);
    let clue = if t.protocol.is_some() {
        let certificate = certificate(&mut t, result);
        outdated(&t, &result["scan_result"]).or(certificate)
    } else {
        failure(result)
    };
    let reached = if t.protocol.is_some() { Phase::Done } else { Phase::Unknown };
    let decision = decide(clue.as_slice(), reached);
    (t.verdict, t.phase, t.because) = (decision.verdict, decision.phase, decision.because);
    t
}

/// `TLS_1_3` as other tools write it.
fn version(name: &str) -> String {
    match name.strip_prefix("TLS_").or_else(|| name.strip_prefix("SSL_")) {
        Some(number) if name.starts_with("TLS") => format!("TLSv{}", number.replace('_', ".").trim_end_matches(".0")),
        Some(number) => format!("SSLv{}", number.replace('_', ".").trim_end_matches(".0")),
        None => name.to_owned(),
    }
}

/// A server that was asked for TLS 1.2 and 1.3 and took neither. That it speaks an older version
/// shows that no close stands behind the refusals.
fn outdated(t: &Transcript, scans: &Value) -> Option<Clue> {
    let refused = |scan: &str| scans[scan]["result"]["is_tls_version_supported"] == Value::Bool(false);
    let words = format!("TLS 1.2 and 1.3 are not supported, {} is", t.protocol.as_deref()?);
    let current = ["tls_1_2_cipher_suites", "tls_1_3_cipher_suites"];
    current.into_iter().all(refused).then_some(Clue { sign: Sign::Fault, phase: None, words })
}

/// What the certificate scan found: trust of public bundles is the tester's question, dates and
/// names are the server's.
fn certificate(t: &mut Transcript, result: &Value) -> Option<Clue> {
    let deployment = &result["scan_result"]["certificate_info"]["result"]["certificate_deployments"][0];
    let chain = &deployment["received_certificate_chain"];
    let leaf = &chain[0];
    let text = |v: &Value| v.as_str().map(str::to_owned);
    t.subject = text(&leaf["subject"]["rfc4514_string"]);
    t.issuer = text(&leaf["issuer"]["rfc4514_string"]);
    t.not_after = text(&leaf["not_valid_after"]);
    t.certificates = chain.as_array().and_then(|c| u32::try_from(c.len()).ok());
    let checks = deployment["path_validation_results"].as_array();
    let passed = checks.map(|c| c.iter().any(|v| v["was_validation_successful"] == Value::Bool(true)));
    let words = match passed {
        None => {
            let words = format!("{} {}", t.protocol.as_deref()?, t.cipher.as_deref().unwrap_or_default());
            return Some(Clue { sign: Sign::Encrypted, phase: None, words });
        }
        Some(true) => "a trust store validates the chain".to_owned(),
        Some(false) => {
            let why = checks.and_then(|c| c.iter().find_map(|v| v["validation_error"].as_str()));
            why.unwrap_or("no trust store validates the chain").to_owned()
        }
    };
    t.verify = Some(words.clone());
    let sign = match passed {
        Some(true) => Sign::Trusted,
        // Its stores do not know the issuer, which says nothing against the server.
        _ if unknown_issuer(&words) => Sign::Encrypted,
        _ => Sign::Untrusted,
    };
    Some(Clue { sign, phase: None, words })
}

/// The last line of the trace: `sslyze.errors.NAME: host:25 -> "WORDS".`
fn failure(result: &Value) -> Option<Clue> {
    let trace = result["connectivity_error_trace"].as_str()?;
    let error = trace.get(trace.rfind("sslyze.errors.")? + 14..)?;
    let (name, rest) = error.split_once(':')?;
    let words = rest.split_once("-> \"").map_or(rest, |(_, w)| w).trim_end().trim_end_matches("\".");
    let says = |w: &str| words.contains(w);
    let (sign, phase) = match name {
        "ServerHostnameCouldNotBeResolved" => (Sign::NoName, Phase::Resolve),
        "ServerRejectedConnection" => (Sign::NoConnection, Phase::Connect),
        "ConnectionToServerTimedOut" => (Sign::NoConnection, Phase::Connect),
        "TlsHandshakeTimedOut" => (Sign::Silence, Phase::ClientHello),
        "ServerRejectedOpportunisticTlsNegotiation" if says("timed out") => (Sign::Silence, Phase::Banner),
        "ServerRejectedOpportunisticTlsNegotiation" if says("does not support STARTTLS") => {
            (Sign::NotOffered, Phase::Ehlo)
        }
        "ServerRejectedOpportunisticTlsNegotiation" if says("unexpectedly closed") => (Sign::Closed, Phase::Banner),
        "ServerRejectedOpportunisticTlsNegotiation" if says("STARTTLS rejected") => (Sign::Refused, Phase::Starttls),
        "ServerRejectedOpportunisticTlsNegotiation" if says("EHLO rejected") => (Sign::Refused, Phase::Ehlo),
        "ServerRejectedOpportunisticTlsNegotiation" => (Sign::Refused, Phase::Banner),
        // One text for a close and for an alert.
        "ServerTlsConfigurationNotSupported" | "ServerRejectedTlsHandshake" => (Sign::Undecided, Phase::ClientHello),
        _ => return None,
    };
    Some(Clue { sign, phase: Some(phase), words: words.to_owned() })
}
