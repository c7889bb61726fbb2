//! `pmta resolve --connect DOMAIN`: the dialogue of one connection without times.
//!
//! User's guide: `>>>` is what the receiver said, the opposite of most tools. `verified=no` is
//! its usual state, since PowerMTA checks certificates only where it is told to. A trace
//! (`pmta trace`) without a message is such a test, with local times that name no zone; one
//! with a message tells of an attempt, and is a log.

use super::lines::Line;
use super::runs::{Border, split};
use super::session::Session;
use super::verdict::{Sign, system_words};
use super::{Phase, Tool, Transcript};

/// The reader of `pmta resolve --connect`.
pub(super) const TOOL: Tool = Tool { name: "pmta resolve", own_words, opens: |_| false, read_lines };

/// Errors that PowerMTA words as `ECODE connecting to H (IP)`.
fn errno(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once(' ')?;
    let name = name.strip_prefix("WSA").unwrap_or(name);
    (name.len() > 3 && name.starts_with('E') && name.bytes().all(|b| b.is_ascii_uppercase())).then_some((name, rest))
}

fn own_words(text: &str) -> Option<&'static str> {
    let text = unstamped(text);
    let answer = |rest: &str| super::dialogue::reply_code(rest.trim_start()).is_some();
    if text.strip_prefix(">>>").is_some_and(answer) {
        return Some(">>>");
    }
    let verb = text.strip_prefix("<<< ").and_then(|t| t.split(' ').next());
    if matches!(verb, Some("EHLO" | "HELO" | "STARTTLS")) {
        return Some("<<<");
    }
    if text.starts_with("TLSv1") && text.contains(" connected with ") && text.contains("-bit ") {
        return Some("connected with");
    }
    let connecting = errno(text).filter(|(_, rest)| rest.starts_with("connecting to ") && rest.ends_with(')'));
    connecting.map(|_| "connecting to")
}

/// A line without a trace's local time and without `tls:`.
fn unstamped(text: &str) -> &str {
    let stamped = text.get(..20).is_some_and(|s| {
        s.ends_with(' ')
            && s.bytes().take(19).enumerate().all(|(at, b)| match at {
                4 | 7 => b == b'-',
                10 => b == b' ' || b == b'T',
                13 | 16 => b == b':',
                _ => b.is_ascii_digit(),
            })
    });
    let text = if stamped { text.get(20..).unwrap_or_default() } else { text };
    text.strip_prefix("tls:").unwrap_or(text)
}

fn read_lines(all: &[Line<'_>]) -> Vec<Transcript> {
    let border = |text: &str| {
        let text = unstamped(text);
        if text.starts_with("starting ") || text.starts_with("connecting from ") || text.starts_with("connecting to ") {
            Border::Start
        } else if text.starts_with(">>> 220") {
            Border::Again
        } else if text.starts_with("closed ")
            || text.starts_with("done ")
            || text.starts_with(">>> 221")
            || text.starts_with("<<< QUIT")
        {
            Border::End
        } else {
            Border::None
        }
    };
    split(all, border).into_iter().filter_map(|r| all.get(r)).map(read_run).collect()
}

fn read_run(run: &[Line<'_>]) -> Transcript {
    let mut s = Session::begin(TOOL.name, run, |t| own_words(t).is_some());
    for line in run {
        s.at(line);
        let text = unstamped(line.text.trim_end());
        if let Some(heard) = text.strip_prefix(">>>") {
            if s.phase < Phase::Banner || s.phase == Phase::Unknown {
                s.phase = Phase::Banner;
            }
            s.heard(heard.trim_start());
        } else if let Some(said) = text.strip_prefix("<<<") {
            s.said(said.trim_start());
        } else {
            note(&mut s, text);
        }
    }
    if s.is_open() && !s.established && s.phase != Phase::Unknown {
        s.silent("the text ends without a result");
    }
    s.finish(run)
}

fn note(s: &mut Session, text: &str) {
    if let Some((protocol, with)) = text.split_once(" connected with ").filter(|(p, _)| p.starts_with("TLSv")) {
        s.establish(protocol, with.split_once("-bit ").map_or(with, |(_, cipher)| cipher));
    } else if let Some(certificate) = text.strip_prefix("Cert: ") {
        let mut parts = certificate.split("; ");
        s.t.subject = parts.next().map(str::to_owned);
        for part in parts {
            if let Some(issuer) = part.strip_prefix("issuer=") {
                s.t.issuer = Some(issuer.to_owned());
            } else if part.starts_with("verified=") {
                s.trust(part == "verified=yes", part, part);
            }
        }
    } else if let Some(ends) = text.strip_prefix("connecting from ").or_else(|| text.strip_prefix("connecting to ")) {
        let to = ends.rsplit_once(" to ").map_or(ends, |(_, to)| to);
        target(s, to);
        s.phase = Phase::Connect;
    } else if let Some(local) = text.strip_prefix("connected from ") {
        s.t.source_ip = local.split_once(']').map(|(ip, _)| ip.trim_start_matches('[').to_owned());
        s.phase = Phase::Banner;
    } else if let Some(counts) = text.strip_prefix("closed ") {
        let number = |label: &str| counts.split_once(label)?.1.split(' ').next()?.parse().ok();
        s.t.bytes = number("in=").zip(number("out="));
    } else if let Some((name, rest)) = errno(text) {
        failed(s, name, rest, text);
    } else if text.starts_with("Status") && text.contains(" resolving ") {
        s.clue(Sign::NoName, Some(Phase::Resolve), text);
    } else if !s.library_error(text) && text.to_ascii_lowercase().contains("tls") && text.contains("not offered") {
        s.clue(Sign::NotOffered, Some(Phase::Ehlo), text);
    }
}

/// `ETIMEDOUT connecting to H (IP)`, `EDISCON in connection to H (IP)`
fn failed(s: &mut Session, name: &str, rest: &str, text: &str) {
    if let Some(to) = rest.strip_prefix("connecting to ") {
        target(s, to);
        let own = ["EMFILE", "ENFILE", "ENOBUFS", "EADDRNOTAVAIL"].contains(&name)
            || system_words(rest) == Some(Sign::OwnMachine);
        let (sign, phase) = if own { (Sign::OwnMachine, Phase::Socket) } else { (Sign::NoConnection, Phase::Connect) };
        s.clue(sign, Some(phase), text);
    } else if let Some(to) = rest.strip_prefix("in connection to ") {
        target(s, to);
        match name {
            "ETIMEDOUT" => s.silent(text),
            "EDISCON" | "ECONNRESET" | "EPIPE" => s.lost(text),
            _ => {}
        }
    }
}

/// `HOST (IP)`
fn target(s: &mut Session, text: &str) {
    let (host, rest) = text.split_once(" (").unwrap_or((text, ""));
    s.target(host, rest.split(')').next().unwrap_or_default());
}
