//! `posttls-finger`: the transcript that shows most, because it prints every SMTP
//! line with its direction and tells a lost connection from a library error.

use super::lines::Line;
use super::runs::{is_command, is_date_alone};
use super::session::Session;
use super::shapes::real_time;
use super::verdict::{Sign, openssl_error, system_words};
use super::{Phase, Tool, Transcript};

/// The reader of `posttls-finger`.
pub(super) const TOOL: Tool = Tool { name: "posttls-finger", own_words, opens: |_| false, read_lines };

/// What every line of the tool begins with.
pub(super) const PREFIX: &str = "posttls-finger: ";

fn own_words(text: &str) -> Option<&'static str> {
    text.starts_with(PREFIX).then_some("posttls-finger:")
}

/// All runs in lines that are of this tool; at least one for any text.
fn read_lines(all: &[Line<'_>]) -> Vec<Transcript> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut seen = Seen::default();
    for (at, line) in all.iter().enumerate() {
        let Some(text) = line.text.strip_prefix(PREFIX) else {
            // A date or a command between two lines of the tool stands between two runs.
            if seen.any && (is_date_alone(&line.text) || is_command(&line.text)) {
                let rest = all.get(at..).unwrap_or_default();
                if rest.iter().any(|l| l.text.starts_with(PREFIX)) {
                    out.extend(all.get(start..at).map(read_run));
                    (start, seen) = (at, Seen::default());
                }
            }
            continue;
        };
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
    /// A line that says how it ended, which quiet levels print alone.
    ended: bool,
}

impl Seen {
    /// Whether a line opens the next run: another start, another host, a second result.
    fn is_over(&self, text: &str) -> bool {
        let another = text.starts_with("Connected to ") || text.starts_with("Failed to establish session");
        (self.any && text.starts_with("initializing the client-side TLS engine"))
            || (another && (self.connected || self.established || self.failed))
            || (self.ended && (another || is_ending(text)))
            || ((self.ended || self.established) && is_before_tls(text))
            || ((self.established || self.ended) && (is_established(text) || text.contains(": subject_CN=")))
    }

    fn note(&mut self, text: &str) {
        self.any = true;
        self.connected |= text.starts_with("Connected to ");
        self.failed |= text.starts_with("Failed to establish session");
        self.established |= is_established(text);
        self.ended |= is_ending(text);
    }
}

/// Whether a line says how a run ended.
fn is_ending(text: &str) -> bool {
    let text = text.strip_prefix("fatal: ").unwrap_or(text);
    let said = ["lost connection while ", "timeout while ", "SMTP service not available: ", "SSL_connect error to "];
    said.iter().any(|s| text.starts_with(s)) || text.contains(" rejected: ")
}

/// Whether it ended before TLS: after a session that stands, another run did.
fn is_before_tls(text: &str) -> bool {
    let early = ["SMTP service", "server greeting", "STARTTLS", "SSL_connect error"];
    is_ending(text) && early.iter().any(|s| text.contains(s))
}

fn is_established(text: &str) -> bool {
    text.contains(" TLS connection established to ")
}

/// What has been seen of one run, beside its dialogue.
struct Reading {
    s: Session,
    /// `SSL_connect error to …: -1` waits for the library's words.
    library: bool,
    distrust: Option<String>,
    last: String,
}

fn read_run(run: &[Line<'_>]) -> Transcript {
    let s = Session::begin(TOOL.name, run, |t| t.starts_with(PREFIX));
    let mut r = Reading { s, library: false, distrust: None, last: String::new() };
    for line in run {
        r.s.at(line);
        if let Some(text) = line.text.strip_prefix(PREFIX) {
            r.line(text.trim_end());
        } else if let Some(bind) = line.text.split("smtp_bind_address=").nth(1) {
            let address = bind.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
            r.s.t.source_ip = address.into_iter().next().map(str::to_owned);
        } else if let Some(time) = line.text.trim_end().strip_prefix("real").and_then(real_time) {
            r.s.t.elapsed_ms = Some(time);
        }
    }
    r.finish(run)
}

impl Reading {
    fn line(&mut self, text: &str) {
        self.last.clear();
        self.last.push_str(text);
        if let Some(heard) = text.strip_prefix("< ") {
            self.s.heard(heard);
        } else if let Some(said) = text.strip_prefix("> ") {
            self.s.said(said);
        } else if let Some(target) = text.strip_prefix("Connected to ") {
            self.target(target);
            self.s.phase = Phase::Banner;
        } else if let Some(target) = text.strip_prefix("setting up TLS connection to ") {
            self.target(target);
            self.s.phase = Phase::ClientHello;
        } else if is_established(text) {
            self.established(text);
        } else if text == "SSL_connect:SSL negotiation finished successfully" && !self.s.established {
            // `-L ssl-debug` alone: no line of its own tells of the session.
            self.s.establish("", "");
        } else {
            self.certificate(text);
            self.failure(text);
        }
    }

    /// `Verified TLS connection established to h[ip]:25: TLSv1.3 with cipher X (256/256 bits) …`
    fn established(&mut self, text: &str) {
        let Some((trust, rest)) = text.split_once(" TLS connection established to ") else { return };
        self.target(rest);
        let session = rest.split_once("]:").and_then(|(_, r)| r.split_once(": ")).map_or("", |(_, s)| s);
        let (protocol, cipher) = session.split_once(" with cipher ").unwrap_or_default();
        self.s.establish(protocol, cipher.split(' ').next().unwrap_or_default());
        let trust = trust.to_ascii_lowercase();
        let trusted = matches!(trust.as_str(), "verified" | "trusted");
        let verify = match &self.distrust {
            Some(why) if !trusted => format!("{trust} ({why})"),
            _ => trust,
        };
        self.s.trust(trusted, &verify, text.split(" (").next().unwrap_or(text));
    }

    fn certificate(&mut self, text: &str) {
        if let Some((_, names)) = text.split_once(": subject_CN=") {
            self.target(text);
            let field = |from: &str, until: &[&str]| {
                let end = until.iter().filter_map(|u| from.find(u)).min().unwrap_or(from.len());
                from.get(..end).filter(|v| !v.is_empty()).map(str::to_owned)
            };
            self.s.t.subject = field(names, &[", issuer"]);
            self.s.t.issuer = names
                .split_once(", issuer_CN=")
                .or_else(|| names.split_once(", issuer="))
                .and_then(|(_, v)| field(v, &[", fingerprint=", ", cert fingerprint="]));
        } else if text.contains("]:") && text.contains(": depth=") {
            self.s.phase = Phase::ServerFlight;
            if let (None, Some((_, subject))) = (&self.s.t.subject, text.split_once(": depth=0 ")) {
                self.s.t.subject = subject.split_once("subject=").map(|(_, s)| s.to_owned());
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
                Some(why) if why.contains("timed out") => self.s.clue(Sign::Silence, phase, text),
                _ => self.s.clue(Sign::Closed, phase, text),
            }
        } else if text.contains("TLS library problem: ") {
            // TLS 1.3: the tester's handshake stands before the other side has judged its part.
            let judged = || openssl_error(text).is_some_and(|clue| clue.sign == Sign::Fault);
            if self.library || !self.s.established {
                self.s.phase = self.in_handshake();
                self.s.library_error(text);
            } else if judged() {
                self.s.library_error(text);
            }
        } else if ["Failed to establish session", "connect to ", "Destination address lookup failed: "]
            .iter()
            .any(|s| text.starts_with(s))
        {
            self.no_session(text);
        } else if let Some(stage) = text.strip_prefix("timeout while ") {
            let phase = self.stage(stage);
            self.s.clue(Sign::Silence, Some(phase), text);
        } else if let Some(stage) = text.strip_prefix("lost connection while ") {
            let phase = self.stage(stage);
            let sign = if self.s.established { Sign::ClosedInside } else { Sign::Closed };
            self.s.clue(sign, Some(phase), text);
        } else if text.contains(" rejected: ") || text.starts_with("SMTP service not available: ") {
            let (sign, phase) =
                if self.s.established { (Sign::RefusedInside, Phase::PostTls) } else { (Sign::Refused, self.s.phase) };
            self.s.clue(sign, Some(phase), text);
        } else if text.starts_with("usage:") || self.last.starts_with("fatal: ") {
            let sign = system_words(text).unwrap_or(Sign::OwnOptions);
            self.s.clue(sign, Some(Phase::Unknown), text);
        }
    }

    /// `Failed to establish session to [h]:25 via h: connect to h[ip]:25: Connection refused`
    fn no_session(&mut self, text: &str) {
        let (sign, phase) = match system_words(text) {
            Some(Sign::NoName) => (Sign::NoName, Phase::Resolve),
            Some(Sign::OwnMachine) => (Sign::OwnMachine, Phase::Socket),
            // Only what was accepted can be reset; what is not is refused.
            _ if text.contains("reset by peer") => (Sign::Closed, Phase::Banner),
            _ => (Sign::NoConnection, Phase::Connect),
        };
        // What failed stands after the names of the destination.
        let words = if let Some((_, target)) = text.split_once("connect to ") {
            self.target(target);
            format!("connect to {target}")
        } else {
            let via = text.split_once(" via ").and_then(|(_, via)| via.split(':').next());
            let name = || text.split_once(" for name=").and_then(|(_, name)| name.split(' ').next());
            self.s.t.host = via.or_else(name).map(str::to_owned);
            text.to_owned()
        };
        self.s.clue(sign, Some(phase), &words);
    }

    /// The phase of a failed handshake; quiet levels do not print what came before.
    fn in_handshake(&self) -> Phase {
        if self.s.phase == Phase::ServerFlight { Phase::ServerFlight } else { Phase::ClientHello }
    }

    /// Where `while reading server greeting`, `while sending EHLO`, `while sending STARTTLS` stands.
    fn stage(&self, words: &str) -> Phase {
        match () {
            () if self.s.established => Phase::PostTls,
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
            self.s.t.host = Some(host.to_owned()).filter(|h| !h.is_empty());
            self.s.t.address = Some(address.to_owned());
        }
    }

    fn finish(mut self, run: &[Line<'_>]) -> Transcript {
        // The tool says how each wait ended, so a text that stops inside one was stopped from outside.
        let waiting =
            ["Connected to ", "> EHLO", "> STARTTLS", "setting up TLS"].iter().any(|w| self.last.starts_with(w))
                || self.last.contains(": TLS cipher list ");
        if self.s.is_open() && waiting && !self.library {
            let words = format!("the text ends after {}", self.last);
            self.s.silent(&words);
        }
        self.s.finish(run)
    }
}
