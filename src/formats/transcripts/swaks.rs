//! `swaks`: every SMTP line with its direction, its own notes behind `===` and `***`.
//!
//! Marks as `ptrans` of the tool's source prints them: ` -> ` and `<-  ` in clear, ` ~> ` and
//! `<~  ` inside TLS, a star where the reply was not the one hoped for. It can die of SIGPIPE
//! when the receiver closes after 220, and then says nothing at all.

use super::lines::Line;
use super::runs::{Border, split};
use super::session::Session;
use super::verdict::{Sign, system_words, unknown_issuer};
use super::{Phase, Tool, Transcript};

/// The reader of `swaks`.
pub(super) const TOOL: Tool = Tool { name: "swaks", own_words, opens, read_lines };

fn own_words(text: &str) -> Option<&'static str> {
    const STARTS: [&str; 5] = [
        "=== Trying ",
        "=== Connected to ",
        "=== TLS started with cipher ",
        "*** Error connecting to ",
        "*** STARTTLS attempted",
    ];
    STARTS
        .into_iter()
        .find(|s| text.starts_with(s))
        .or_else(|| (text == "*** Host did not advertise STARTTLS").then_some("*** Host did not advertise"))
        .or_else(|| (text == "*** Remote host closed connection unexpectedly.").then_some("*** Remote host closed"))
}

fn opens(text: &str) -> bool {
    text.starts_with("*** DEPRECATION WARNING: ")
}

fn read_lines(all: &[Line<'_>]) -> Vec<Transcript> {
    let border = |text: &str| if text.starts_with("=== Trying ") { Border::Start } else { Border::None };
    split(all, border).into_iter().filter_map(|r| all.get(r)).map(read_run).collect()
}

/// Who speaks in a line, and what.
enum Said<'a> {
    Tester(&'a str),
    Receiver(&'a str),
    Note(&'a str),
    Error(&'a str),
    Other,
}

/// Takes a line apart; pasted transcripts may have lost the blanks before and after the marks.
fn said(text: &str) -> Said<'_> {
    let text = text.trim_start();
    let after = |marks: &[&str]| marks.iter().find_map(|m| text.strip_prefix(m)).map(str::trim_start);
    if let Some(line) = after(&["<** ", "<~* ", "<-", "<~"]) {
        Said::Receiver(line)
    } else if let Some(line) = after(&["-> ", "~> ", "**> ", "*~> "]) {
        Said::Tester(line)
    } else if let Some(note) = after(&["=== "]) {
        Said::Note(note)
    } else if let Some(error) = after(&["*** "]) {
        Said::Error(error)
    } else {
        Said::Other
    }
}

fn read_run(run: &[Line<'_>]) -> Transcript {
    let mut s = Session::begin(TOOL.name, run, |t| own_words(t).is_some());
    let mut failed_to = None;
    for line in run {
        s.at(line);
        let text = line.text.trim_end();
        match said(text) {
            Said::Tester(line) => s.said(line),
            Said::Receiver(line) if line.starts_with("Timeout (") => s.silent(line),
            Said::Receiver(line) => s.heard(line),
            Said::Note(note) => self::note(&mut s, note),
            // The reason stands on the next line: `*** \tIO::Socket::INET: connect: Connection refused`.
            Said::Error(error) if error.starts_with("Error connecting") => failed_to = Some(error.to_owned()),
            Said::Error(why) => match failed_to.take() {
                Some(_) => no_connection(&mut s, why),
                None => error(&mut s, why),
            },
            Said::Other => {}
        }
    }
    if let Some(words) = failed_to {
        no_connection(&mut s, &words);
    }
    // It says how each wait ended: a text that stops inside one was stopped from outside, or the
    // tool died when the receiver closed.
    if s.is_open() && !s.established && s.phase != Phase::Unknown {
        let words = "the text ends here: stopped from outside, or by a close of the receiver's";
        if s.phase >= Phase::ClientHello {
            // Recorded with one text: a receiver that is silent, and one that closes after its 220.
            s.clue(Sign::Undecided, Some(s.phase), words);
        } else {
            s.silent(words);
        }
    }
    s.finish(run)
}

/// `=== …`
fn note(s: &mut Session, note: &str) {
    if let Some(target) = note.strip_prefix("Trying ") {
        s.target(target.trim_end_matches('.').rsplit_once(':').map_or("", |(host, _)| host), "");
        s.phase = Phase::Connect;
    } else if note.starts_with("Connected to ") {
        s.phase = Phase::Banner;
    } else if let Some(cipher) = note.strip_prefix("TLS started with cipher ") {
        let mut parts = cipher.split(':');
        s.establish(parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    } else if let Some(subject) = between(note, "TLS peer DN=\"", "\"").or_else(|| between(note, "TLS peer[0]", "]")) {
        s.t.subject = Some(subject.trim_start().trim_start_matches("subject=[").to_owned());
    } else if let (true, Some(until)) = (s.t.not_after.is_none(), between(note, "notAfter=[", "]")) {
        s.t.not_after = Some(until.to_owned());
    } else if let Some(checks) = note.strip_prefix("TLS peer certificate ") {
        // Against the tester's own bundle, whether or not it was asked to verify; it goes on either way.
        let verify = checks.split(" (using ").next().unwrap_or(checks);
        if unknown_issuer(verify) && verify.ends_with("passed host verification") {
            s.t.verify = Some(verify.to_owned());
        } else {
            s.trust(checks.starts_with("passed CA verification, passed host"), verify, note);
        }
    } else if let Some(seconds) = between(note, "response in ", "s") {
        let millis = seconds.parse::<f64>().map_or(0, |s| (s.clamp(0.0, 86_400.0) * 1000.0) as u64);
        s.t.elapsed_ms = Some(s.t.elapsed_ms.unwrap_or(0) + millis);
    }
}

/// `*** …`
fn error(s: &mut Session, error: &str) {
    if error.starts_with("TLS startup failed") {
        if error.contains("certificate verification failed") || error.contains("did not match target host") {
            s.trust(false, error, error);
        } else if !s.library_error(error.trim_end_matches(')')) {
            s.lost(error);
        }
    } else if error.contains("closed connection unexpectedly") {
        s.lost(error);
    } else if error == "Host did not advertise STARTTLS" {
        s.clue(Sign::NotOffered, Some(Phase::Ehlo), error);
    } else if error.trim_end_matches('.').ends_with("xiting") {
        s.clue(Sign::OwnOptions, Some(Phase::Unknown), error);
    }
}

fn no_connection(s: &mut Session, words: &str) {
    let (sign, phase) = match system_words(words) {
        Some(Sign::OwnMachine) => (Sign::OwnMachine, Phase::Socket),
        Some(Sign::NoName) => (Sign::NoName, Phase::Resolve),
        _ if words.contains("Bad hostname") => (Sign::NoName, Phase::Resolve),
        _ if words.contains("reset by peer") => (Sign::Closed, Phase::Banner),
        _ => (Sign::NoConnection, Phase::Connect),
    };
    s.clue(sign, Some(phase), words);
}

/// What stands between two marks.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split(after).next()
}
