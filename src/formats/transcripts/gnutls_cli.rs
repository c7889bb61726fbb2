//! `gnutls-cli --starttls-proto=smtp`: it shows no SMTP unless `-V` is given, and writes its
//! errors before everything else where its output is a file.
//!
//! Its `error receiving '220 ': Timeout` is printed for ten seconds of silence and for a
//! connection closed by the other side alike (`wait_for_text` in its source), so a 421 hides
//! behind it.

use std::ops::Range;

use super::lines::Line;
use super::session::Session;
use super::verdict::{Sign, system_words};
use super::{Phase, Tool, Transcript};

/// The reader of `gnutls-cli`.
pub(super) const TOOL: Tool = Tool { name: "gnutls-cli", own_words, opens: |_| false, read_lines };

/// What it writes to standard error: before its output, when both go to one file.
const ERRORS: [&str; 9] = [
    "*** Fatal error: ",
    "*** Non fatal error: ",
    "*** handshake has failed: ",
    "error receiving '",
    "error sending \"",
    "Could not connect to ",
    "Cannot resolve ",
    "|<",
    "starttls: ",
];

fn own_words(text: &str) -> Option<&'static str> {
    const STARTS: [&str; 10] = [
        "*** Fatal error: ",
        "*** Received alert [",
        "*** PKI verification of server certificate failed",
        "Resolving '",
        "Connecting to '",
        "- Status: The certificate is ",
        "- Description: (TLS",
        "- Handshake was completed",
        "error receiving '2",
        "starttls: ",
    ];
    if let Some(start) = STARTS.into_iter().find(|s| text.starts_with(s)) {
        return Some(start.trim_end());
    }
    // A host name may follow these in other tools' words, a port in quotes or with a blank does not.
    (text.starts_with("Processed ") && text.contains(" CA certificate(s)")).then_some("Processed … CA certificate(s)")
}

fn is_error(text: &str) -> bool {
    ERRORS.iter().any(|e| text.starts_with(e))
}

fn read_lines(all: &[Line<'_>]) -> Vec<Transcript> {
    runs(all).into_iter().filter_map(|r| all.get(r)).map(read_run).collect()
}

/// One run ends where the next is resolved. The errors right before that line are the next
/// run's when the run under way has an end of its own (output to a file), else its own (a terminal).
fn runs(all: &[Line<'_>]) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let (mut start, mut resolved, mut ended) = (0, false, false);
    // Where the errors begin that no output has followed yet.
    let mut errors = None;
    for (at, line) in all.iter().enumerate() {
        let text = line.text.as_ref();
        let opens = text.starts_with("Processed ") || text.starts_with("Resolving '");
        if opens && resolved {
            let end = errors.filter(|_| ended).unwrap_or(at);
            out.push(start..end);
            (start, resolved, ended) = (end, false, end < at);
            errors = None;
        }
        resolved |= text.starts_with("Resolving '");
        if is_error(text) {
            errors.get_or_insert(at);
            // Errors before the first line of output belong to this run.
            ended |= !resolved;
        } else if !text.is_empty() && !opens {
            ended |= text.starts_with("- Peer has closed") || text.starts_with("*** ");
            errors = None;
        }
    }
    out.push(start..all.len());
    out
}

fn read_run(run: &[Line<'_>]) -> Transcript {
    let mut s = Session::begin(TOOL.name, run, |t| own_words(t).is_some());
    // Errors stand before the output they follow, so the output is read first.
    let (errors, output): (Vec<_>, Vec<_>) = run.iter().partition(|l| is_error(&l.text));
    for line in &output {
        s.at(line);
        self::output(&mut s, line.text.trim_end());
    }
    for line in errors {
        s.at(line);
        error(&mut s, line.text.trim_end());
    }
    if s.is_open() && !s.established && output.iter().any(|l| l.text.starts_with("Connecting to '")) {
        // Without -V nothing of the dialogue is printed.
        if s.phase == Phase::Banner && !run.iter().any(|l| l.text.starts_with("starttls: ")) {
            s.phase = Phase::Unknown;
        }
        s.silent("the text ends after Connecting to");
    }
    s.finish(run)
}

fn output(s: &mut Session, text: &str) {
    if let Some(target) = text.strip_prefix("Resolving '") {
        s.target(target.split_once(':').map_or("", |(host, _)| host), "");
        s.phase = Phase::Resolve;
    } else if let Some(target) = text.strip_prefix("Connecting to '") {
        s.target("", target.rsplit_once(':').map_or("", |(address, _)| address));
        s.phase = Phase::Banner;
    } else if let Some(count) = text.strip_prefix("- Got a certificate list of ") {
        s.phase = Phase::ServerFlight;
        s.t.certificates = count.split(' ').next().and_then(|n| n.parse().ok());
    } else if let (None, Some(subject)) = (&s.t.subject, text.strip_prefix(" - subject `")) {
        let quoted = |from: &str, label: &str| Some(from.split_once(label)?.1.split('\'').next()?.to_owned());
        s.t.subject = subject.split("', issuer").next().map(str::to_owned);
        s.t.issuer = quoted(subject, "issuer `");
        s.t.not_after = quoted(subject, "expires `");
    } else if let Some(status) = text.strip_prefix("- Status: ") {
        let status = status.trim();
        s.trust(status == "The certificate is trusted.", status, text.trim());
    } else if let Some(suite) = text.strip_prefix("- Description: ") {
        let parts: Vec<&str> = suite.split(")-(").map(|p| p.trim_matches(['(', ')'])).collect();
        let protocol = parts.first().and_then(|p| p.split('-').next()).unwrap_or_default();
        s.establish(&protocol.replacen("TLS", "TLSv", 1), parts.last().unwrap_or(&""));
    } else if text.starts_with("- Handshake was completed") {
        s.established = true;
        s.phase = Phase::Finished;
    } else if text.starts_with("- Peer has closed the GnuTLS connection") {
        s.phase = Phase::Done;
    } else if let Some(alert) = text.strip_prefix("*** Received alert [") {
        alert_received(s, alert, text);
    } else if text.starts_with("*** Server has terminated the connection") {
        s.lost(text);
    } else if s.established {
        s.heard(text);
    }
}

/// `40]: Handshake failed`. A close and a cancelled handshake are no disagreement.
fn alert_received(s: &mut Session, alert: &str, text: &str) {
    let number: Option<u8> = alert.split(']').next().and_then(|n| n.parse().ok());
    if !s.established {
        s.phase = s.phase.max(Phase::ClientHello);
    }
    match number {
        Some(0 | 90) => s.lost(text),
        _ => s.clue(Sign::Fault, Some(if s.established { Phase::PostTls } else { s.phase }), text),
    }
}

fn error(s: &mut Session, text: &str) {
    if let Some(wait) = text.strip_prefix("error receiving '") {
        receiving(s, wait, text);
    } else if text.starts_with("error sending") {
        s.lost(text);
    } else if text.starts_with("Could not connect to ") {
        match system_words(text) {
            Some(Sign::OwnMachine) => s.clue(Sign::OwnMachine, Some(Phase::Socket), text),
            _ if text.contains("reset by peer") => s.lost(text),
            _ => s.clue(Sign::NoConnection, Some(Phase::Connect), text),
        }
    } else if text.starts_with("Cannot resolve ") {
        s.clue(Sign::NoName, Some(Phase::Resolve), text);
    } else if let Some(sent) = text.strip_prefix("starttls: sending: ") {
        s.said(sent);
    } else if let Some(heard) = text.strip_prefix("starttls: received: ") {
        s.heard(heard);
    } else if text.contains("record packet of unknown type") {
        s.clue(Sign::NotTls, Some(Phase::ClientHello), text);
    } else if let Some((_, reason)) = text.split_once("atal error: ").or_else(|| text.split_once("has failed: ")) {
        fatal(s, reason, text);
    }
}

/// `220 ': Timeout`
fn receiving(s: &mut Session, wait: &str, text: &str) {
    if s.phase <= Phase::Banner || s.phase == Phase::Unknown {
        // The greeting and the answer to STARTTLS are waited for with the same words.
        s.phase = if wait.starts_with("250") { Phase::Ehlo } else { Phase::Unknown };
    }
    if wait.ends_with("Timeout") && s.t.elapsed_ms.is_some_and(|ms| ms >= 10_000) {
        s.silent(text);
    } else if wait.ends_with("Timeout") {
        s.lost(&format!("{text} (printed for a close or a refusal as well)"));
    } else {
        s.lost(text);
    }
}

/// What `gnutls_strerror` says.
fn fatal(s: &mut Session, reason: &str, text: &str) {
    const CLOSES: [&str; 4] = [
        "non-properly terminated",
        "Peer has terminated the connection",
        "Error in the pull function",
        "Error in the push function",
    ];
    let phase = match (s.established, s.phase) {
        (true, _) => Phase::PostTls,
        (false, Phase::ServerFlight) => Phase::ServerFlight,
        _ => Phase::ClientHello,
    };
    if !s.established {
        s.phase = phase;
    }
    if CLOSES.iter().any(|c| reason.contains(c)) {
        s.lost(text);
    } else if reason.contains("Error decoding the received TLS packet") {
        // A record that a close cut short; it says the same of one that makes no sense.
        s.clue(Sign::Undecided, Some(phase), text);
    } else if reason.contains("unexpected TLS packet") {
        s.clue(Sign::NotTls, Some(phase), text);
    } else if reason.contains("Error in the certificate") {
        s.clue(Sign::Untrusted, Some(phase), text);
    } else if reason.contains("timed out") {
        s.silent(text);
    } else if text.starts_with("*** Fatal") || text.starts_with("*** handshake") {
        // `A TLS fatal alert has been received.` is the other side's; the rest is our library's.
        let sign = if reason.contains("alert") { Sign::Fault } else { Sign::Rejected };
        s.clue(sign, Some(phase), text);
    }
}
