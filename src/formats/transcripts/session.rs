//! One test, followed through the dialogue: what every tool that prints SMTP lines with their
//! direction has in common (`posttls-finger`, `swaks`, `curl`, PowerMTA, `gnutls-cli -V`).
//!
//! A reader translates its tool's lines into these few words; what they come to is decided
//! here and in `verdict`, the same for all of them.

use super::dialogue::{Replies, echoed_address, reply_code, token};
use super::lines::Line;
use super::secrets::secrets;
use super::shapes::version_of;
use super::stamps::stamp_in_header;
use super::verdict::{Clue, Sign, decide, openssl_error, refuses_inside};
use super::{Clock, Phase, Transcript};

/// What has been seen of one test.
#[derive(Debug)]
pub(super) struct Session {
    /// What is known so far.
    pub t: Transcript,
    /// How far it came.
    pub phase: Phase,
    /// TLS stands.
    pub established: bool,
    /// EHLO was answered in clear, with or without STARTTLS.
    pub answered: bool,
    clues: Vec<Clue>,
    replies: Replies,
    offered: bool,
    asked: bool,
    /// The tester's QUIT, or a 221.
    parted: bool,
    /// The wrapper's clock at this line, in milliseconds, and when STARTTLS was sent.
    now: Option<i64>,
    asked_at: Option<i64>,
}

impl Session {
    pub(super) fn new(tool: &'static str) -> Self {
        Self {
            t: Transcript::new(tool),
            phase: Phase::Unknown,
            established: false,
            answered: false,
            clues: Vec::new(),
            replies: Replies::default(),
            offered: false,
            asked: false,
            parted: false,
            now: None,
            asked_at: None,
        }
    }

    /// Begins with the time that a wrapper's stamp or a header before the tool's first line states,
    /// and with the version that stands there.
    pub(super) fn begin(tool: &'static str, run: &[Line<'_>], is_own: impl Fn(&str) -> bool) -> Self {
        let mut session = Self::new(tool);
        let first = run.iter().position(|l| is_own(&l.text)).unwrap_or(run.len());
        let lead = run.get(..=first).unwrap_or(run);
        session.t.started = lead.iter().find_map(|l| l.stamp.or_else(|| stamp_in_header(&l.text)));
        session.t.version = lead.iter().find_map(|l| version_of(tool, &l.text));
        if session.t.started.is_some() {
            session.t.clock = Clock::Text;
        }
        session
    }

    /// Moves the clock of the wrapper on.
    pub(super) fn at(&mut self, line: &Line<'_>) {
        self.now = line.tick.or(self.now);
    }

    /// A line of the tester's.
    pub(super) fn said(&mut self, line: &str) {
        let verb = line.split_ascii_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" | "LHLO" if !self.established => self.phase = Phase::Ehlo,
            "STARTTLS" => (self.phase, self.asked, self.asked_at) = (Phase::Starttls, true, self.now),
            "QUIT" if self.established => (self.phase, self.parted) = (Phase::Done, true),
            "QUIT" if !self.asked => self.passed_by("QUIT"),
            "MAIL" if !self.established && !self.asked => self.passed_by("MAIL"),
            _ => {}
        }
    }

    /// The tester went on without STARTTLS: there was none, or it did not ask.
    fn passed_by(&mut self, verb: &str) {
        if !self.clues.is_empty() {
            return;
        }
        if self.answered && !self.offered {
            let words = format!("EHLO was answered without STARTTLS, then > {verb}");
            self.clue(Sign::NotOffered, Some(Phase::Ehlo), &words);
        } else if self.offered || verb == "MAIL" {
            let words = format!("{verb} without STARTTLS: TLS was not asked for");
            self.clue(Sign::OwnOptions, Some(Phase::Ehlo), &words);
        }
    }

    /// A line of the receiver's.
    pub(super) fn heard(&mut self, line: &str) {
        let code = reply_code(line);
        if self.phase == Phase::Ehlo && code == Some(250) {
            self.answered = true;
            self.offered |= line.get(4..).is_some_and(|w| w.trim().eq_ignore_ascii_case("STARTTLS"));
        }
        let Some(answer) = self.replies.take(line) else { return };
        self.parted |= answer.code == 221;
        if answer.code < 400 {
            if (self.phase, answer.code) == (Phase::Starttls, 220) {
                self.phase = Phase::ClientHello;
            }
        } else if !self.established {
            // HELO may follow an EHLO refused with 5xx; only the tool's own words say that it was over.
            if self.phase != Phase::Ehlo || answer.code < 500 {
                let phase = if self.phase == Phase::Unknown { Phase::Banner } else { self.phase };
                self.clue(Sign::Refused, Some(phase), line);
            }
        } else if refuses_inside(answer.code, answer.enhanced.as_deref()) {
            self.clue(Sign::RefusedInside, Some(Phase::PostTls), line);
        }
    }

    /// TLS stands. What the tool says of the certificate comes from [`Self::trust`].
    pub(super) fn establish(&mut self, protocol: &str, cipher: &str) {
        (self.established, self.phase) = (true, Phase::Finished);
        let set = |to: &mut Option<String>, value: &str| {
            if !value.is_empty() {
                *to = Some(value.to_owned());
            }
        };
        set(&mut self.t.protocol, protocol);
        set(&mut self.t.cipher, cipher);
        if let (Some(from), Some(to), None) = (self.asked_at, self.now, self.t.handshake_ms) {
            // A buffered block bears one stamp.
            self.t.handshake_ms = u64::try_from(to - from).ok().filter(|ms| *ms > 0);
        }
    }

    /// What the tool said of the certificate.
    pub(super) fn trust(&mut self, trusted: bool, verify: &str, words: &str) {
        self.t.verify = Some(verify.to_owned());
        let phase = (!self.established).then(|| self.phase.max(Phase::ServerFlight));
        self.clue(if trusted { Sign::Trusted } else { Sign::Untrusted }, phase.filter(|_| !trusted), words);
    }

    /// The connection was closed or reset by the other side.
    pub(super) fn lost(&mut self, words: &str) {
        match (self.established, self.parted) {
            (true, true) => {}
            (true, false) => self.clue(Sign::ClosedInside, Some(Phase::PostTls), words),
            (false, _) => self.clue(Sign::Closed, Some(self.phase), words),
        }
    }

    /// Nothing came in time.
    pub(super) fn silent(&mut self, words: &str) {
        let phase = if self.established { Phase::PostTls } else { self.phase };
        self.clue(Sign::Silence, Some(phase), words);
    }

    /// Reads an error of OpenSSL's in a line; whether there was one.
    pub(super) fn library_error(&mut self, text: &str) -> bool {
        let Some(clue) = openssl_error(text) else { return false };
        match clue.sign {
            Sign::Closed => self.lost(&clue.words),
            Sign::Untrusted => self.clue(Sign::Untrusted, Some(Phase::ServerFlight), &clue.words),
            sign => {
                let phase = clue.phase.or(Some(if self.established { Phase::PostTls } else { self.phase }));
                self.clue(sign, phase, &clue.words);
            }
        }
        true
    }

    pub(super) fn clue(&mut self, sign: Sign, phase: Option<Phase>, words: &str) {
        self.clues.push(Clue { sign, phase, words: words.to_owned() });
    }

    /// Whether anything seen so far ended the test; trust alone does not.
    pub(super) fn has_failed(&self) -> bool {
        self.clues.iter().any(|c| c.sign < Sign::Untrusted)
    }

    /// Whether nothing seen so far says how it ended.
    pub(super) const fn is_open(&self) -> bool {
        self.clues.is_empty()
    }

    /// Keeps the target `host[address]` or `host (address)`, whichever parts there are.
    pub(super) fn target(&mut self, host: &str, address: &str) {
        if host.parse::<std::net::IpAddr>().is_ok() {
            self.t.address = Some(host.to_owned());
        } else if !host.is_empty() && !host.contains(' ') {
            self.t.host = Some(host.to_owned());
        }
        if address.parse::<std::net::IpAddr>().is_ok() {
            self.t.address = Some(address.to_owned());
        }
    }

    /// All that the run came to.
    pub(super) fn finish(mut self, run: &[Line<'_>]) -> Transcript {
        if self.established && !self.clues.iter().any(|c| matches!(c.sign, Sign::Trusted | Sign::Untrusted)) {
            let words = format!(
                "{} {}",
                self.t.protocol.as_deref().unwrap_or("TLS"),
                self.t.cipher.as_deref().unwrap_or_default()
            );
            self.clue(Sign::Encrypted, None, words.trim_end());
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
