//! `posttls-finger`: the transcript that shows most, because it prints every SMTP
//! line with its direction and tells a lost connection from a library error.

use super::dialogue::{Replies, echoed_address, reply_code, token};
use super::lines::{Line, lines};
use super::secrets::secrets;
use super::stamps::stamp_in_header;
use super::verdict::{Clue, Sign, decide, openssl_error, refuses_inside, system_words};
use super::{Clock, Phase, Transcript, TranscriptFormat};
use crate::formats::Head;

/// The reader of `posttls-finger`.
#[derive(Clone, Copy, Debug)]
pub(super) struct PosttlsFinger;

const TOOL: &str = "posttls-finger";

/// What every line of the tool begins with.
pub(super) const PREFIX: &str = "posttls-finger: ";

impl TranscriptFormat for PosttlsFinger {
    fn name(&self) -> &'static str {
        TOOL
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let all = lines(head.bytes);
        let line = all.iter().find(|l| l.text.starts_with(PREFIX))?;
        Some(format!("line {}: `{}`", line.number, PREFIX.trim_end()))
    }

    fn read(&self, text: &[u8]) -> Vec<Transcript> {
        super::read_all(text, TOOL)
    }
}

/// All runs in lines that are of this tool; at least one for any text.
pub(super) fn read_lines(all: &[Line<'_>]) -> Vec<Transcript> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut seen = Seen::default();
    for (at, line) in all.iter().enumerate() {
        let Some(text) = line.text.strip_prefix(PREFIX) else { continue };
        if seen.is_over(text) {
            out.extend(all.get(start..at).map(read_run));
            (start, seen) = (at, Seen::default());
        }
        seen.note(text);
    }
    out.extend(all.get(start..).map(read_run));
    out
}

/// What a run has had, of the lines that come once.
#[derive(Default)]
struct Seen {
    any: bool,
    connected: bool,
    established: bool,
    failed: bool,
}

impl Seen {
    /// Whether a line opens the next run: another start, another host, a second result.
    fn is_over(&self, text: &str) -> bool {
        let another = text.starts_with("Connected to ") || text.starts_with("Failed to establish session");
        (self.any && text.starts_with("initializing the client-side TLS engine"))
            || (another && (self.connected || self.established || self.failed))
            || (self.established && (is_established(text) || text.contains(": subject_CN=")))
    }

    fn note(&mut self, text: &str) {
        self.any = true;
        self.connected |= text.starts_with("Connected to ");
        self.failed |= text.starts_with("Failed to establish session");
        self.established |= is_established(text);
    }
}

fn is_established(text: &str) -> bool {
    text.contains(" TLS connection established to ")
}

/// What has been seen of one run.
struct Reading {
    t: Transcript,
    clues: Vec<Clue>,
    replies: Replies,
    /// The last thing sent in clear; none before EHLO.
    phase: Phase,
    established: bool,
    /// EHLO was answered in clear, with or without STARTTLS.
    answered: bool,
    offered: bool,
    asked: bool,
    /// `SSL_connect error to …: -1` waits for the library's words.
    library: bool,
    distrust: Option<String>,
    last: String,
}

fn read_run(run: &[Line<'_>]) -> Transcript {
    let mut r = Reading {
        t: Transcript::new(TOOL),
        clues: Vec::new(),
        replies: Replies::default(),
        phase: Phase::Unknown,
        established: false,
        answered: false,
        offered: false,
        asked: false,
        library: false,
        distrust: None,
        last: String::new(),
    };
    r.t.started = run
        .iter()
        .take_while(|l| l.stamp.is_some() || !l.text.starts_with(PREFIX))
        .find_map(|l| l.stamp.or_else(|| stamp_in_header(&l.text)));
    if r.t.started.is_some() {
        r.t.clock = Clock::Text;
    }
    for line in run {
        if let Some(text) = line.text.strip_prefix(PREFIX) {
            r.line(text.trim_end());
        } else if let Some(bind) = line.text.split("smtp_bind_address=").nth(1) {
            r.t.source_ip =
                bind.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).next().map(str::to_owned);
        }
    }
    r.finish(run)
}

impl Reading {
    fn line(&mut self, text: &str) {
        self.last.clear();
        self.last.push_str(text);
        if let Some(heard) = text.strip_prefix("< ") {
            self.heard(heard);
        } else if let Some(said) = text.strip_prefix("> ") {
            self.said(said);
        } else if let Some(target) = text.strip_prefix("Connected to ") {
            self.target(target);
            self.phase = Phase::Banner;
        } else if let Some(target) = text.strip_prefix("setting up TLS connection to ") {
            self.target(target);
            self.phase = Phase::ClientHello;
        } else if is_established(text) {
            self.established(text);
        } else {
            self.certificate(text);
            self.failure(text);
        }
    }

    fn heard(&mut self, line: &str) {
        if self.phase == Phase::Ehlo && reply_code(line) == Some(250) {
            self.answered = true;
            self.offered |= line.get(4..).is_some_and(|w| w.trim().eq_ignore_ascii_case("STARTTLS"));
        }
        let Some(answer) = self.replies.take(line).filter(|a| a.code >= 400) else { return };
        if !self.established {
            // HELO may follow an EHLO refused with 5xx; only the summary line says that it was over.
            if self.phase != Phase::Ehlo || answer.code < 500 {
                self.clue(Sign::Refused, Some(self.phase), line.to_owned());
            }
        } else if refuses_inside(answer.code, answer.enhanced.as_deref()) {
            self.clue(Sign::RefusedInside, Some(Phase::PostTls), line.to_owned());
        }
    }

    fn said(&mut self, line: &str) {
        let verb = line.split(' ').next().unwrap_or_default();
        match verb {
            "EHLO" | "HELO" | "LHLO" if !self.established => self.phase = Phase::Ehlo,
            "STARTTLS" => (self.phase, self.asked) = (Phase::Starttls, true),
            "QUIT" if self.established => self.phase = Phase::Done,
            "QUIT" if self.answered && !self.offered && !self.asked && self.clues.is_empty() => {
                self.clue(
                    Sign::NotOffered,
                    Some(Phase::Ehlo),
                    "EHLO was answered without STARTTLS, then > QUIT".to_owned(),
                );
            }
            _ => {}
        }
    }

    /// `Verified TLS connection established to h[ip]:25: TLSv1.3 with cipher X (256/256 bits) …`
    fn established(&mut self, text: &str) {
        (self.established, self.phase) = (true, Phase::Finished);
        let Some((trust, rest)) = text.split_once(" TLS connection established to ") else { return };
        self.target(rest);
        if let Some((_, session)) = rest.split_once("]:").and_then(|(_, r)| r.split_once(": "))
            && let Some((protocol, cipher)) = session.split_once(" with cipher ")
        {
            self.t.protocol = Some(protocol.to_owned());
            self.t.cipher = cipher.split(' ').next().map(str::to_owned);
        }
        let trust = trust.to_ascii_lowercase();
        let sign = if matches!(trust.as_str(), "verified" | "trusted") { Sign::Trusted } else { Sign::Untrusted };
        self.t.verify = Some(match &self.distrust {
            Some(why) if sign == Sign::Untrusted => format!("{trust} ({why})"),
            _ => trust,
        });
        let words = text.split(" (").next().unwrap_or(text).to_owned();
        self.clue(sign, None, words);
    }

    fn certificate(&mut self, text: &str) {
        if let Some((_, names)) = text.split_once(": subject_CN=") {
            self.target(text);
            let field = |from: &str, until: &[&str]| {
                let end = until.iter().filter_map(|u| from.find(u)).min().unwrap_or(from.len());
                from.get(..end).filter(|v| !v.is_empty()).map(str::to_owned)
            };
            self.t.subject = field(names, &[", issuer"]);
            self.t.issuer = names
                .split_once(", issuer_CN=")
                .or_else(|| names.split_once(", issuer="))
                .and_then(|(_, v)| field(v, &[", fingerprint=", ", cert fingerprint="]));
        } else if text.contains("]:") && text.contains(": depth=") {
            self.phase = Phase::ServerFlight;
            if let (None, Some((_, subject))) = (&self.t.subject, text.split_once(": depth=0 ")) {
                self.t.subject = subject.split_once("subject=").map(|(_, s)| s.to_owned());
            }
        } else if let Some((_, why)) = text.split_once("certificate verification failed for ") {
            self.distrust = why.split_once("]:").and_then(|(_, r)| r.split_once(": ")).map(|(_, w)| w.to_owned());
        }
    }

    fn failure(&mut self, text: &str) {
        let text = text.strip_prefix("fatal: ").unwrap_or(text);
        if let Some(error) = text.strip_prefix("SSL_connect error to ") {
            self.target(error);
            let phase = Some(self.in_handshake());
            match error.split_once("]:").and_then(|(_, r)| r.split_once(": ")).map(|(_, why)| why) {
                Some("-1") => self.library = true,
                Some(why) if why.contains("timed out") => self.clue(Sign::Silence, phase, text.to_owned()),
                _ => self.clue(Sign::Closed, phase, text.to_owned()),
            }
        } else if text.contains("TLS library problem: ") {
            if let Some(clue) = openssl_error(text).filter(|_| self.library || !self.established) {
                self.clues.push(Clue { phase: Some(self.in_handshake()), ..clue });
            }
        } else if text.starts_with("Failed to establish session") || text.starts_with("connect to ") {
            self.no_session(text);
        } else if let Some(stage) = text.strip_prefix("timeout while ") {
            let phase = self.stage(stage);
            self.clue(Sign::Silence, Some(phase), text.to_owned());
        } else if let Some(stage) = text.strip_prefix("lost connection while ") {
            let phase = self.stage(stage);
            let sign = if self.established { Sign::ClosedInside } else { Sign::Closed };
            self.clue(sign, Some(phase), text.to_owned());
        } else if text.contains(" rejected: ") || text.starts_with("SMTP service not available: ") {
            let (sign, phase) =
                if self.established { (Sign::RefusedInside, Phase::PostTls) } else { (Sign::Refused, self.phase) };
            self.clue(sign, Some(phase), text.to_owned());
        } else if text.starts_with("usage:") || self.last.starts_with("fatal: ") {
            let sign = system_words(text).unwrap_or(Sign::OwnOptions);
            self.clue(sign, Some(Phase::Unknown), text.to_owned());
        }
    }

    /// `Failed to establish session to [h]:25 via h: connect to h[ip]:25: Connection refused`
    fn no_session(&mut self, text: &str) {
        let (sign, phase) = match system_words(text) {
            Some(Sign::NoName) => (Sign::NoName, Phase::Resolve),
            Some(Sign::OwnMachine) => (Sign::OwnMachine, Phase::Socket),
            _ => (Sign::NoConnection, Phase::Connect),
        };
        // What failed stands after the names of the destination.
        let words = if let Some((_, target)) = text.split_once("connect to ") {
            self.target(target);
            format!("connect to {target}")
        } else {
            self.t.host = text.split_once(" via ").and_then(|(_, via)| via.split(':').next()).map(str::to_owned);
            text.to_owned()
        };
        self.clue(sign, Some(phase), words);
    }

    /// The phase of a failed handshake; quiet levels do not print what came before.
    fn in_handshake(&self) -> Phase {
        if self.phase == Phase::ServerFlight { Phase::ServerFlight } else { Phase::ClientHello }
    }

    /// Where `while reading server greeting`, `while sending EHLO`, `while sending STARTTLS` stands.
    fn stage(&self, words: &str) -> Phase {
        match () {
            () if self.established => Phase::PostTls,
            () if words.contains("greeting") => Phase::Banner,
            () if words.contains("STARTTLS") => Phase::Starttls,
            () => Phase::Ehlo,
        }
    }

    /// `host[address]:port` at the start of `text`.
    fn target(&mut self, text: &str) {
        let Some((host, rest)) = text.split_once('[') else { return };
        let Some((address, _)) = rest.split_once("]:") else { return };
        if address.parse::<std::net::IpAddr>().is_ok() && !host.contains(' ') {
            self.t.host = Some(host.to_owned()).filter(|h| !h.is_empty());
            self.t.address = Some(address.to_owned());
        }
    }

    fn clue(&mut self, sign: Sign, phase: Option<Phase>, words: String) {
        self.clues.push(Clue { sign, phase, words });
    }

    fn finish(mut self, run: &[Line<'_>]) -> Transcript {
        // The tool says how each wait ended, so a text that stops inside one was stopped from outside.
        let waiting =
            ["Connected to ", "> EHLO", "> STARTTLS", "setting up TLS"].iter().any(|w| self.last.starts_with(w))
                || self.last.contains(": TLS cipher list ");
        if self.clues.is_empty() && waiting && !self.library {
            let words = format!("the text ends after {}", self.last);
            self.clue(Sign::Silence, Some(self.phase), words);
        }
        let decision = decide(&self.clues, self.phase);
        let mut t = self.t;
        (t.verdict, t.phase, t.because) = (decision.verdict, decision.phase, decision.because);
        t.replies = self.replies.into_whole();
        t.token = token(&t.replies);
        t.source_ip = echoed_address(&t.replies).or(t.source_ip);
        t.lines = run.first().zip(run.last()).map_or((0, 0), |(a, b)| (a.number, b.number));
        t.secrets = secrets(run, &[]);
        t
    }
}
