//! `openssl s_client -starttls smtp`, 1.1.1 to 3.5, in its printed forms: plain, `-brief`,
//! `-state`, `-msg`, `-trace`, `-debug`, standard error or output alone, through a terminal.
//!
//! It never looks at a reply code, so a refusal looks like a TLS error, and it
//! prints `Verify return code: 0 (ok)` for connections that died before TLS.
//! What counts is `New, …`, the error lines, and how many bytes went out.

mod block;

use super::dialogue::{Replies, echoed_address, reply_code, token};
use super::dump::{Dump, dumps};
use super::lines::Line;
use super::runs::{is_command, runs};
use super::secrets::secrets;
use super::shapes::{
    errno, fatal_alert, handshake_bytes, new_session, option, own_words, real_time, version_of, without_port,
};
use super::stamps::{EPOCHS, stamp_in_header};
use super::verdict::{Clue, Sign, decide, openssl_error, refuses_inside};
use super::{Clock, Phase, Tool, Transcript};
use crate::time::Stamp;

/// The reader of `openssl s_client`.
pub(super) const TOOL: Tool = Tool { name: "openssl s_client", own_words, opens, read_lines };

/// Standard error may come first.
fn opens(text: &str) -> bool {
    text.starts_with("depth=")
        || text.strip_prefix("Connecting to ").is_some_and(|a| a.parse::<std::net::IpAddr>().is_ok())
}

/// All runs in lines that are of this tool; at least one for any text.
fn read_lines(all: &[Line<'_>]) -> Vec<Transcript> {
    runs(all).into_iter().filter_map(|r| all.get(r)).map(read_run).collect()
}

/// What has been seen of one run.
struct Reading<'a> {
    t: Transcript,
    clues: Vec<Clue>,
    replies: Replies,
    command: Option<&'a str>,
    connected: bool,
    /// `New, TLSv1…` or its brief form: keys were agreed.
    established: bool,
    /// The result block says that nothing was agreed.
    nothing: bool,
    chain: bool,
    flight: bool,
    hello: bool,
    not_found: bool,
    distrusted: bool,
    /// `DONE` or a 221: the tester ended it.
    parted: bool,
    /// A ticket for another session, which comes when the handshake is complete; the id of this one
    /// may come with the server's first words.
    ticket: bool,
    /// A reply that stands in the text itself: standard error is there, or TLS carried it.
    answered: bool,
}

fn read_run(run: &[Line<'_>]) -> Transcript {
    let dumps = dumps(run);
    let mut r = Reading {
        t: Transcript::new(TOOL.name),
        clues: Vec::new(),
        replies: Replies::default(),
        command: None,
        connected: false,
        established: false,
        nothing: false,
        chain: false,
        flight: false,
        hello: false,
        not_found: false,
        distrusted: false,
        parted: false,
        ticket: false,
        answered: false,
    };
    r.clock(run);
    r.dialogue_of(&dumps);
    for line in run {
        let text = line.text.trim_end();
        r.connection(text);
        r.certificate(text);
        r.result(text);
        r.ending(text);
    }
    r.finish(run, &dumps)
}

/// The option of the tester's own that explains a fault: old versions and single algorithms explain
/// any; a choice among the versions of today only a fault of the version.
fn forced_by(command: &str, clues: &[Clue]) -> Option<&'static str> {
    const ANY: [&str; 8] = ["-tls1", "-tls1_1", "-ssl3", "-cipher", "-ciphersuites", "-groups", "-curves", "-sigalgs"];
    const VERSION: [&str; 8] =
        ["-tls1_2", "-tls1_3", "-no_tls1", "-no_tls1_1", "-no_tls1_2", "-no_tls1_3", "-min_protocol", "-max_protocol"];
    let given = |options: &[&'static str]| {
        options.iter().copied().find(|option| command.split_ascii_whitespace().any(|word| word == *option))
    };
    let mut faults = clues.iter().filter(|c| matches!(c.sign, Sign::Fault | Sign::Rejected)).peekable();
    faults.peek()?;
    let of_version = |c: &Clue| {
        ["protocol version", "unsupported protocol", "no protocols available"].iter().any(|w| c.words.contains(w))
    };
    given(&ANY).or_else(|| if faults.any(of_version) { given(&VERSION) } else { None })
}

impl<'a> Reading<'a> {
    /// When it began: a wrapper's stamp, a header before the first line of the tool, `Start Time:`.
    fn clock(&mut self, run: &'a [Line<'_>]) {
        let first = run.iter().position(|l| own_words(l.text.trim_end()).is_some()).unwrap_or(run.len());
        let header = run.get(..=first).unwrap_or(run).iter().find_map(|l| l.stamp.or_else(|| stamp_in_header(&l.text)));
        let session = || {
            let line = run.iter().find_map(|l| l.text.trim().strip_prefix("Start Time: "))?;
            line.parse().ok().filter(|s| EPOCHS.contains(s)).map(Stamp::from_seconds)
        };
        (self.t.started, self.t.clock) = match (header, session()) {
            (Some(stamp), _) => (Some(stamp), Clock::Text),
            (None, Some(stamp)) => (Some(stamp), Clock::SslSession),
            (None, None) => (None, Clock::Unknown),
        };
        self.t.version = run.get(..first).unwrap_or(run).iter().find_map(|l| version_of(TOOL.name, &l.text));
        self.command = run.iter().map(|l| l.text.as_ref()).find(|t| is_command(t));
        if let Some(command) = self.command {
            self.t.source_ip = option(command, "-bind").map(|b| without_port(b).to_owned());
            let (target, name) = (option(command, "-connect").map(without_port), option(command, "-servername"));
            match target.map(|t| (t, t.parse::<std::net::IpAddr>().is_ok())) {
                Some((target, true)) => {
                    self.t.address = Some(target.to_owned());
                    self.t.host = name.map(str::to_owned);
                }
                Some((target, false)) => self.t.host = Some(target.to_owned()),
                None => {}
            }
        }
    }

    /// SMTP before TLS, which only `-debug` shows.
    fn dialogue_of(&mut self, dumps: &[Dump]) {
        let mut phase = Phase::Banner;
        let mut heard = String::new();
        for dump in dumps {
            if dump.is_tls() {
                self.hear(&mut heard, phase);
                self.hello |= dump.written;
                self.flight |= !dump.written && !dump.is_alert();
                phase = if self.flight { Phase::ServerFlight } else { Phase::ClientHello };
            } else if let Some(text) = dump.plain() {
                if !dump.written {
                    heard.push_str(text);
                    continue;
                }
                self.hear(&mut heard, phase);
                phase = if text.starts_with("STARTTLS") { Phase::Starttls } else { Phase::Ehlo };
            }
        }
        self.hear(&mut heard, phase);
        if !dumps.is_empty() {
            self.t.phase = phase;
        }
    }

    fn hear(&mut self, heard: &mut String, phase: Phase) {
        let mut replies = Replies::default();
        for line in std::mem::take(heard).lines() {
            let refused = replies.take(line).is_some_and(|answer| answer.code >= 400);
            // After ClientHello a reply is one more sign of plain text, which has its own error line.
            if refused && phase < Phase::ClientHello {
                self.clue(Sign::Refused, Some(phase), line);
            }
        }
        self.replies.append(replies);
    }

    fn connection(&mut self, text: &str) {
        if let Some(address) = text.strip_prefix("Connecting to ") {
            self.connected = true;
            self.t.address = Some(address.to_owned());
        } else if text.starts_with("CONNECTED(") || text.starts_with("CONNECTION ESTABLISHED") {
            self.connected = true;
        } else if text.starts_with("Didn't find STARTTLS") {
            self.not_found = true;
        } else if text.starts_with("s_client: ") || text.starts_with("unable to load ") {
            self.clue(Sign::OwnOptions, Some(Phase::Unknown), text);
        } else if text == "RENEGOTIATING" {
            self.clue(Sign::OwnOptions, Some(Phase::PostTls), text);
        }
        let sent = ["SSL_connect:SSLv3/TLS write client hello", ">>> ", "Sent Record", "SSL_connect:before SSL"];
        self.hello |= sent.iter().any(|s| text.starts_with(s));
        let got =
            ["SSL_connect:SSLv3/TLS read server", "SSL_connect:TLSv1.3 read", "Server Temp Key:", "Peer Temp Key:"];
        self.flight |= got.iter().any(|s| text.starts_with(s));
        if let Some(message) = text.strip_prefix("<<< ") {
            self.flight |= message.contains("ServerHello");
        } else if text.trim_start().starts_with("ServerHello, Length=") {
            self.flight = true;
        }
    }

    fn certificate(&mut self, text: &str) {
        let set = |to: &mut Option<String>, value: Option<&str>| {
            if let (None, Some(value)) = (&to, value) {
                *to = Some(value.trim().to_owned());
            }
        };
        let first = |starts: &[&str]| starts.iter().find_map(|s| text.strip_prefix(s));
        set(&mut self.t.subject, first(&["subject=", " 0 s:", "Peer certificate: ", "depth=0 "]));
        if self.t.subject.is_some() {
            set(&mut self.t.issuer, first(&["issuer=", "   i:"]));
        }
        // `0 s:`, `1 s:`, …: one line for each certificate of the chain.
        let place = text.trim_start().split_once(" s:").and_then(|(n, _)| n.parse::<u32>().ok());
        if let Some(place) = place.filter(|p| *p < 100) {
            self.t.certificates = Some(place + 1);
        }
        set(
            &mut self.t.not_after,
            text.trim_start().strip_prefix("v:").and_then(|v| Some(v.split_once("NotAfter: ")?.1)),
        );
        self.chain |= first(&["subject=", " 0 s:", "Peer certificate: ", "depth="]).is_some();
        if let Some((code, words)) = first(&["verify error:num="]).and_then(|e| e.split_once(':')) {
            self.distrusted = true;
            self.t.verify = Some(format!("{code} ({words})"));
        }
        if let Some(code) = text.trim_start().strip_prefix("Verify return code: ") {
            self.distrusted = !code.starts_with("0 ");
            self.t.verify = Some(code.to_owned());
        } else if text == "Verification: OK" && self.t.verify.is_none() {
            self.t.verify = Some("0 (ok)".to_owned());
        } else if text.starts_with("Verification error: ") {
            self.distrusted = true;
        }
    }

    fn result(&mut self, text: &str) {
        if let Some((protocol, cipher)) = new_session(text) {
            if protocol == "(NONE)" {
                self.nothing = true;
            } else {
                self.established = true;
                self.t.protocol = Some(protocol.to_owned());
                self.t.cipher = Some(cipher.to_owned());
            }
        } else if let Some(protocol) = text.strip_prefix("Protocol version: ") {
            self.established = true;
            self.t.protocol = Some(protocol.to_owned());
        } else if let Some(cipher) = text.strip_prefix("Ciphersuite: ") {
            self.t.cipher = Some(cipher.to_owned());
        } else if let Some(bytes) = handshake_bytes(text) {
            self.t.bytes = Some(bytes);
        } else if let Some(time) = text.strip_prefix("real").and_then(real_time) {
            self.t.elapsed_ms = Some(time);
        } else if text.trim_start().starts_with("TLS session ticket:") || text.starts_with("Post-Handshake New") {
            self.ticket = true;
        }
    }

    /// Errors, replies and closes.
    fn ending(&mut self, text: &str) {
        // Standard error alone shows no result block; a chain and then a reply is a session.
        let inside = self.established || (self.chain && !self.nothing);
        if reply_code(text).is_some() {
            self.answered = true;
            let Some(answer) = self.replies.take(text) else { return };
            self.established |= inside && answer.code == 250;
            self.parted |= answer.code == 221;
            if inside && refuses_inside(answer.code, answer.enhanced.as_deref()) {
                self.clue(Sign::RefusedInside, Some(Phase::PostTls), text);
            }
        } else if text == "DONE" {
            self.established |= inside;
            self.parted = true;
        } else if text == "closed" || text == "CONNECTION CLOSED BY SERVER" {
            self.close(text);
        } else if let Some(alert) = fatal_alert(text) {
            self.clue(Sign::Fault, None, alert);
        } else if let Some((step, number)) = errno(text) {
            self.errno(step, number);
        } else if let Some(clue) = openssl_error(text) {
            match clue.sign {
                Sign::Closed => self.close(&clue.words),
                Sign::Untrusted => self.clue(Sign::Untrusted, Some(Phase::ServerFlight), &clue.words),
                // Before there is a result block, an error of the TLS library means that it spoke.
                sign => {
                    self.hello |= text.contains("SSL routines");
                    let inside = self.established.then_some(Phase::PostTls);
                    self.clue(sign, clue.phase.or(inside), &clue.words);
                }
            }
        }
    }

    fn close(&mut self, words: &str) {
        match (self.established, self.parted) {
            (true, true) => {}
            (true, false) => self.clue(Sign::ClosedInside, Some(Phase::PostTls), words),
            (false, _) => {
                self.hello |= words.contains("eof");
                self.clue(Sign::Closed, None, words);
            }
        }
    }

    fn errno(&mut self, step: &str, number: u32) {
        let text = &format!("{step}:errno={number}");
        match (step, number) {
            // The error lines say it in words, which mean the same on every system.
            ("connect", _) if self.clues.iter().any(|c| c.sign <= Sign::NoConnection) => {}
            ("connect", 1 | 12 | 13 | 23 | 24 | 98 | 99 | 105) => {
                self.clue(Sign::OwnMachine, Some(Phase::Connect), text)
            }
            ("connect", _) => self.clue(Sign::NoConnection, Some(Phase::Connect), text),
            ("write" | "read", 12 | 105) => self.clue(Sign::OwnMachine, None, text),
            ("write" | "read", 110 | 60) => self.clue(Sign::Silence, None, text),
            ("write", 0) => {
                self.hello = true;
                self.close(text);
            }
            ("write" | "read", _) => self.close(text),
            _ => {}
        }
    }

    fn clue(&mut self, sign: Sign, phase: Option<Phase>, words: &str) {
        self.clues.push(Clue { sign, phase, words: words.to_owned() });
    }

    fn finish(mut self, run: &[Line<'_>], dumps: &[Dump]) -> Transcript {
        self.weigh(run);
        let reached = self.reached();
        let decision = decide(&self.clues, reached);
        let mut t = self.t;
        (t.verdict, t.phase, t.because) = (decision.verdict, decision.phase, decision.because);
        if !self.chain {
            t.verify = None;
        }
        t.replies = self.replies.into_whole();
        t.token = token(&t.replies);
        t.source_ip = echoed_address(&t.replies).or(t.source_ip);
        t.lines = run.first().zip(run.last()).map_or((0, 0), |(a, b)| (a.number, b.number));
        t.secrets = secrets(run, dumps);
        t
    }

    /// Adds what follows from the whole, and what the tester's own command explains.
    fn weigh(&mut self, run: &[Line<'_>]) {
        if self.not_found && self.clues.iter().any(|c| c.sign == Sign::NotTls) {
            self.clue(Sign::NotOffered, Some(Phase::Ehlo), "Didn't find STARTTLS in server response");
        }
        if let Some(command) = self.command {
            if let Some(forced) = forced_by(command, &self.clues) {
                self.clue(Sign::OwnOptions, None, forced);
            } else if !command.contains("-starttls") && self.clues.iter().any(|c| c.sign == Sign::NotTls) {
                self.clue(Sign::OwnOptions, None, "no -starttls in the command");
            }
        }
        self.reorder();
        if let Some(words) = self.unfinished() {
            self.clue(Sign::Undecided, Some(Phase::ServerFlight), words);
        } else if self.established {
            let trusted = !self.distrusted && self.chain;
            let sign = if trusted { Sign::Trusted } else { Sign::Untrusted };
            let mut words: Vec<String> = Vec::new();
            words.extend(
                self.t
                    .protocol
                    .as_ref()
                    .map(|p| format!("New, {p}, Cipher is {}", self.t.cipher.as_deref().unwrap_or("?"))),
            );
            words.extend(self.t.verify.as_ref().map(|v| format!("Verify return code: {v}")));
            let words = if words.is_empty() { "verify return:1".to_owned() } else { words.join(" … ") };
            self.clue(sign, None, &words);
        } else if self.clues.is_empty()
            && !self.nothing
            && !self.chain
            && !self.flight
            && (self.connected || self.hello)
        {
            // s_client always says how a connection ended, so a text that stops here was stopped from outside.
            let last = run.iter().rev().map(|l| l.text.trim()).find(|t| !t.is_empty()).unwrap_or_default();
            let words = if self.connected { "the text ends after CONNECTED" } else { last };
            self.clue(Sign::Silence, None, words);
        }
    }

    /// The length of the name in EHLO.
    fn name_length(&self) -> u64 {
        self.command.and_then(|c| option(c, "-name")).map_or(16, str::len) as u64
    }

    /// How far it came, by the text and by the bytes written (`W` counts the plain SMTP lines too).
    fn reached(&self) -> Phase {
        let failed = self.clues.iter().any(|c| c.sign < Sign::Untrusted);
        if self.established && !failed {
            return if self.parted { Phase::Done } else { Phase::Finished };
        }
        if self.established || self.flight || self.chain {
            return Phase::ServerFlight;
        }
        if self.t.phase != Phase::Unknown {
            return self.t.phase; // from -debug
        }
        let name = self.name_length();
        match self.t.bytes {
            Some((_, 0)) => Phase::Banner,
            // The EHLO line went out; STARTTLS found the connection gone.
            Some((_, w)) if w <= 7 + name => Phase::Ehlo,
            Some((_, w)) if w <= 17 + name => {
                if self.not_found {
                    Phase::Ehlo
                } else {
                    Phase::Starttls
                }
            }
            Some(_) => Phase::ClientHello,
            None if self.hello => Phase::ClientHello,
            None if self.not_found => Phase::Ehlo,
            None => Phase::Unknown,
        }
    }
}
