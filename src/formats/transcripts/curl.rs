//! `curl -v smtp://…`: SMTP lines behind `<` and `>`, its own notes behind `*`, and the
//! exit code in the last line, `curl: (35) …`.
//!
//! Where standard error is a file, the progress meter is written over with carriage returns,
//! and notes follow it on the same line. `--trace-ascii` writes the same as dumps (`trace`).

mod trace;

use std::borrow::Cow;

use super::lines::Line;
use super::runs::{Border, split};
use super::secrets::apart;
use super::session::Session;
use super::verdict::{Sign, system_words};
use super::{Phase, Tool, Transcript};

/// The reader of `curl`.
pub(super) const TOOL: Tool = Tool { name: "curl", own_words, opens, read_lines };

/// Ports on which SMTP is spoken; curl prints the same notes for every protocol.
const PORTS: [&str; 4] = ["25", "587", "465", "2525"];

fn own_words(text: &str) -> Option<&'static str> {
    let note = |text: &str| {
        let at = ["port ", ":"].iter().flat_map(|m| text.match_indices(m).map(|(at, m)| at + m.len()));
        let mail = at.filter_map(|at| text.get(at..)).any(|rest| {
            let end = rest.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
            rest.get(..end).is_some_and(|port| PORTS.contains(&port))
        });
        mail.then_some(())
    };
    let shown = &shown(text);
    for start in ["*   Trying ", "* Connected to ", "* Failed to connect to ", "* connect to ", "* Host "] {
        if shown.starts_with(start) {
            return note(shown).map(|()| start);
        }
    }
    // On any other port the dialogue says that it is SMTP.
    if let Some(greeting) = ["> EHLO ", "0000: EHLO "].into_iter().find(|g| shown.starts_with(g)) {
        return Some(greeting);
    }
    let (_, words) = exit_code(text)?;
    let smtp = ["smtp", "STARTTLS", "Remote access denied: "].iter().any(|w| words.contains(w));
    (smtp || note(words).is_some()).then_some("curl: (")
}

/// The head of the progress meter, which is the same for every protocol.
fn opens(text: &str) -> bool {
    text.trim_start().starts_with("% Total    % Received")
}

fn read_lines(all: &[Line<'_>]) -> Vec<Transcript> {
    let border = |text: &str| {
        let shown = shown(text);
        if opens(text) {
            Border::Start
        } else if ["*   Trying ", "* Host ", "* Could not resolve host"].iter().any(|s| shown.starts_with(s)) {
            Border::Again
        } else if exit_code(text).is_some()
            || shown.ends_with(" left intact")
            || shown.starts_with("* Closing connection")
        {
            Border::End
        } else {
            Border::None
        }
    };
    split(all, border).into_iter().filter_map(|r| all.get(r)).map(read_run).collect()
}

/// `curl: (35) …`
fn exit_code(text: &str) -> Option<(u8, &str)> {
    let (code, words) = text.strip_prefix("curl: (")?.split_once(") ")?;
    Some((code.parse().ok()?, words))
}

/// What follows the progress meter, and the number of the connection that `--trace-ids` puts first.
pub(super) fn without_progress(text: &str) -> &str {
    let last = text.rsplit('\r').next().unwrap_or(text);
    let meter =
        last.bytes().take_while(|b| matches!(b, b'0'..=b'9' | b' ' | b'-' | b':' | b'.' | b'k' | b'M' | b'G')).count();
    let shown = if last.get(..meter).is_some_and(|m| m.contains("--:--:--")) { last.get(meter..) } else { None };
    let shown = shown.unwrap_or(last);
    match shown.strip_prefix('[').and_then(|s| s.split_once("] ")) {
        Some((ids, rest)) if ids.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'x') => rest,
        _ => shown,
    }
}

/// A line as `-v` writes it to a file of its own.
fn shown(text: &str) -> Cow<'_, str> {
    trace::as_note(without_progress(text))
}

fn read_run(run: &[Line<'_>]) -> Transcript {
    let mut s = Session::begin(TOOL.name, run, |t| own_words(t).is_some());
    let dialogue = trace::dialogue(run);
    let mut closing = false;
    for (at, line) in run.iter().enumerate() {
        s.at(line);
        let text = line.text.trim_end();
        if let Some((code, words)) = exit_code(text) {
            ended(&mut s, code, words);
        } else if text.starts_with("{\"") {
            measured(&mut s, text);
        } else if text.starts_with("curl: ") {
            s.clue(Sign::OwnOptions, Some(Phase::Unknown), text);
        }
        for spoken in dialogue.iter().filter(|d| d.at == at) {
            if spoken.is_heard() { s.heard(&spoken.text) } else { s.said(&spoken.text) }
        }
        let shown = shown(text);
        match shown.get(..2) {
            Some("< ") => s.heard(shown.get(2..).unwrap_or_default()),
            Some("> ") => s.said(shown.get(2..).unwrap_or_default()),
            // After its own close everything that it notes is a consequence.
            Some("* ") if !closing => note(&mut s, shown.get(2..).unwrap_or_default().trim_start()),
            _ => {}
        }
        let lower = shown.get(..40).unwrap_or(&shown).to_ascii_lowercase();
        closing |= lower.starts_with("* closing connection") || lower.starts_with("* shutting down connection");
    }
    if s.is_open() && !s.established && s.phase != Phase::Unknown {
        s.silent("the text ends without a result");
    }
    let mut t = s.finish(run);
    t.secrets = apart([t.secrets, trace::secrets(&dialogue)].concat());
    t
}

/// `* …`
fn note(s: &mut Session, note: &str) {
    if let Some(address) = note.strip_prefix("Trying ") {
        s.target("", address.trim_end_matches('.').rsplit_once(':').map_or("", |(a, _)| a.trim_matches(['[', ']'])));
        s.phase = Phase::Connect;
    } else if let Some(target) =
        note.strip_prefix("Connected to ").or_else(|| note.strip_prefix("Established connection to "))
    {
        let (host, rest) = target.split_once(" (").unwrap_or((target, ""));
        s.target(host, rest.split([')', ' ']).next().unwrap_or_default());
        s.phase = Phase::Banner;
    } else if note.contains("(OUT), TLS handshake, Client hello") {
        s.phase = Phase::ClientHello;
    } else if note.contains("(IN), TLS handshake, Server hello") {
        s.phase = Phase::ServerFlight;
    } else if let Some(session) = note.strip_prefix("SSL connection using ") {
        let mut parts = session.split(" / ");
        s.establish(parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    } else if note.starts_with("Connection #") && note.ends_with("left intact") {
        s.phase = if s.established { Phase::Done } else { s.phase };
    } else if !certificate(s, note) {
        failure(s, note);
    }
}

/// What is said of the certificate; whether the note was about it.
fn certificate(s: &mut Session, note: &str) -> bool {
    let keep = |to: &mut Option<String>, value: &str| {
        to.get_or_insert_with(|| value.to_owned());
    };
    if let Some(subject) = note.strip_prefix("subject: ") {
        keep(&mut s.t.subject, subject);
    } else if let Some(issuer) = note.strip_prefix("issuer: ") {
        keep(&mut s.t.issuer, issuer);
    } else if let Some(until) = note.strip_prefix("expire date: ") {
        keep(&mut s.t.not_after, until);
    } else if note.starts_with("SSL certificate verify ok") || note.starts_with("SSL certificate verified ") {
        s.trust(true, "ok", note);
    } else if let Some(result) = note.strip_prefix("SSL certificate verify result: ") {
        s.trust(false, result.split(", continuing").next().unwrap_or(result), note);
    } else {
        return untrusted(s, note);
    }
    true
}

/// Its own check of the certificate ended the test.
fn untrusted(s: &mut Session, note: &str) -> bool {
    let why = note.strip_prefix("SSL certificate problem: ").or_else(|| note.strip_prefix("SSL: "));
    let named = note.contains("does not match target host") || note.contains("matches target host name");
    let found = why.filter(|_| named || note.starts_with("SSL certificate")).or_else(|| {
        (note.starts_with("server certificate verification failed") || note.starts_with("SSL peer certificate"))
            .then_some(note)
    });
    if let Some(why) = found {
        s.trust(false, why, note);
    }
    found.is_some()
}

/// How it ended, in the words of the library or of the kernel.
fn failure(s: &mut Session, note: &str) {
    let refused = ["Got unexpected smtp-server response: ", "Remote access denied: ", "STARTTLS denied, code "];
    if let Some(code) = refused.iter().find_map(|r| note.strip_prefix(r)) {
        // The reply stands above; a text without it still has the code.
        if !s.has_failed() && code.starts_with(['4', '5']) {
            s.clue(Sign::Refused, Some(s.phase), note);
        }
    } else if note.starts_with("STARTTLS not supported") {
        s.clue(Sign::NotOffered, Some(Phase::Ehlo), note);
    } else if note.contains("timed out after ")
        || note.contains("connection timeout")
        || note.contains("response timeout")
    {
        match s.phase {
            Phase::Connect | Phase::Unknown if note.starts_with("Resolving") => {
                s.clue(Sign::NoName, Some(Phase::Resolve), note)
            }
            Phase::Connect => s.clue(Sign::NoConnection, Some(Phase::Connect), note),
            _ => s.silent(note),
        }
    } else if note.starts_with("connect to ")
        || note.starts_with("Immediate connect fail")
        || note.starts_with("Failed to connect to ")
    {
        no_connection(s, note);
    } else if note.starts_with("Could not resolve host") || note.starts_with("Couldn't resolve host") {
        s.target(note.rsplit(": ").next().unwrap_or_default(), "");
        s.clue(Sign::NoName, Some(Phase::Resolve), note);
    } else if s.library_error(note) {
    } else if ["response reading failed", "Recv failure", "Send failure"].iter().any(|w| note.starts_with(w))
        || note.contains("SSL_ERROR_SYSCALL")
        || note.contains("SSL_ERROR_ZERO_RETURN")
        || note.contains("reset by peer")
        || note.contains("non-properly terminated")
    {
        s.lost(note);
    } else if let Some(sign @ Sign::OwnMachine) = system_words(note) {
        s.clue(sign, Some(Phase::Socket), note);
    }
}

fn no_connection(s: &mut Session, note: &str) {
    if note.contains("reset by peer") {
        s.phase = Phase::Banner;
        s.lost(note);
        return;
    }
    let host = note.strip_prefix("Failed to connect to ").and_then(|t| t.split(' ').next());
    s.target(host.unwrap_or_default(), "");
    if !s.has_failed() {
        let sign = system_words(note).unwrap_or(Sign::NoConnection);
        s.clue(sign, Some(if sign == Sign::OwnMachine { Phase::Socket } else { Phase::Connect }), note);
    }
}

/// The last line repeats the note that decided; alone, its code is all there is.
fn ended(s: &mut Session, code: u8, words: &str) {
    if s.has_failed() || !s.is_open() && code == 60 {
        return;
    }
    if !certificate(s, words) {
        failure(s, words);
    }
    if s.has_failed() || !s.is_open() {
        return;
    }
    match code {
        6 => s.clue(Sign::NoName, Some(Phase::Resolve), words),
        7 => s.clue(Sign::NoConnection, Some(Phase::Connect), words),
        28 => s.silent(words),
        52 | 55 | 56 => s.lost(words),
        // Bytes in clear behind the 220 to STARTTLS, which curl does not accept (CVE-2021-22947).
        8 if s.phase == Phase::ClientHello => s.clue(Sign::NotTls, Some(Phase::ClientHello), words),
        60 => s.trust(false, words, words),
        1..=4 | 26 | 27 | 43 | 45 | 48 | 53 | 54 | 58 | 59 | 66 | 77 | 82 | 83 => {
            s.clue(Sign::OwnOptions, Some(Phase::Unknown), words);
        }
        _ => {}
    }
}

/// `-w '%{json}'`: seconds from the start to each step.
fn measured(s: &mut Session, text: &str) {
    let Ok(all) = serde_json::from_str::<serde_json::Value>(text) else { return };
    let millis =
        |key: &str| all[key].as_f64().filter(|n| (0.0..86_400.0).contains(n)).map(|n| (n * 1000.0).round() as u64);
    if let (Some(from), Some(to)) = (millis("time_connect"), millis("time_appconnect").filter(|n| *n > 0)) {
        s.t.handshake_ms = Some(to.saturating_sub(from));
    }
    s.t.elapsed_ms = millis("time_total").or(s.t.elapsed_ms);
    if let Some(version) = all["curl_version"].as_str().and_then(|v| v.split(' ').next()) {
        s.t.version = Some(version.trim_start_matches("libcurl/").to_owned());
    }
    if let Some(local) = all["local_ip"].as_str().filter(|ip| !ip.is_empty()) {
        s.t.source_ip.get_or_insert_with(|| local.to_owned());
    }
}
