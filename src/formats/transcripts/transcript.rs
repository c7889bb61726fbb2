//! What is read from one STARTTLS test.

use std::ops::Range;

use serde::Serialize;

use crate::time::Stamp;

/// The verdict that the text alone supports (classes of the evidence table, folded).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// The handshake completed; the certificate was trusted, or the tool does not look at it.
    Ok,
    /// The handshake completed; trust was not verified.
    OkCert,
    /// Refused by a reply or closed by the other side, without a TLS alert.
    Downstream,
    /// An alert, a local TLS policy, or corrupted records.
    TlsFault,
    /// No connection.
    Connect,
    /// Nothing arrived in time.
    Timeout,
    /// Bytes that are not TLS where TLS was due.
    Plaintext,
    /// STARTTLS was not offered.
    NotOffered,
    /// The text cannot tell.
    Inconclusive,
    /// The tester's own options or keys ended the test.
    Operator,
    /// The tester's own machine refused (files, ports, memory).
    LocalResource,
    /// The name did not resolve.
    Dns,
}

impl Verdict {
    /// The word of machine-readable outputs: `OK`, `DOWNSTREAM`, …
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::OkCert => "OK_CERT",
            Self::Downstream => "DOWNSTREAM",
            Self::TlsFault => "TLS_FAULT",
            Self::Connect => "CONNECT",
            Self::Timeout => "TIMEOUT",
            Self::Plaintext => "PLAINTEXT",
            Self::NotOffered => "NOT_OFFERED",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Operator => "OPERATOR",
            Self::LocalResource => "LOCAL_RESOURCE",
            Self::Dns => "DNS",
        }
    }
}

/// How far the test came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Looking the name up.
    Resolve,
    /// Making the socket.
    Socket,
    /// Connecting.
    Connect,
    /// Waiting for the greeting.
    Banner,
    /// In answer to EHLO.
    Ehlo,
    /// In answer to STARTTLS.
    Starttls,
    /// ClientHello sent, nothing of TLS received.
    ClientHello,
    /// Part of the server's flight received.
    ServerFlight,
    /// The handshake completed.
    Finished,
    /// Failed after TLS stood.
    PostTls,
    /// All that was asked was done.
    Done,
    /// The text does not tell.
    Unknown,
}

/// Load of the node when the test was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Little traffic.
    Idle,
    /// During a launch or an incident.
    Loaded,
    /// After the incident.
    Recovered,
    /// Not stated and not derivable.
    Unknown,
}

/// How the start time of a test is known; in order of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Written in the text by the tool or a wrapper.
    Text,
    /// `Start Time:` of an SSL session block (end of the handshake, within two seconds).
    SslSession,
    /// Stated in case.yaml.
    Stated,
    /// A stamp in the file's name.
    FileName,
    /// Not known.
    Unknown,
}

/// One STARTTLS test.
#[derive(Clone, Debug, PartialEq)]
pub struct Transcript {
    /// `openssl s_client`, `posttls-finger`, `swaks`, …
    pub tool: &'static str,
    /// Its version, where the text has it.
    pub version: Option<String>,
    /// When it began, as far as the text tells.
    pub started: Option<Stamp>,
    /// How the start is known.
    pub clock: Clock,
    /// The MX host tested.
    pub host: Option<String>,
    /// Its address.
    pub address: Option<String>,
    /// The source address that the receiver echoed, or that the command bound.
    pub source_ip: Option<String>,
    /// What the text supports.
    pub verdict: Verdict,
    /// How far it came.
    pub phase: Phase,
    /// One sentence: which words of the text decided.
    pub because: String,
    /// `TLSv1.3`
    pub protocol: Option<String>,
    /// `TLS_AES_256_GCM_SHA384`
    pub cipher: Option<String>,
    /// What was said of the certificate; none where none arrived. `s_client`: code and words,
    /// `0 (ok)`; `posttls-finger`: `verified`, `trusted`, `untrusted (certificate has expired)`, `anonymous`.
    pub verify: Option<String>,
    /// Subject of the peer's certificate.
    pub subject: Option<String>,
    /// Issuer of the peer's certificate.
    pub issuer: Option<String>,
    /// Until when that certificate is valid, in the tool's words.
    pub not_after: Option<String>,
    /// How many certificates the peer sent.
    pub certificates: Option<u32>,
    /// `SSL handshake has read R bytes and written W bytes`: these count plain SMTP bytes too.
    pub bytes: Option<(u64, u64)>,
    /// SMTP replies seen, verbatim, in order; the lines of one joined by line feeds. What follows a
    /// 334 is left out. Like `because`, they may name addresses.
    pub replies: Vec<String>,
    /// The token of the banner or of a reply, when it is Google's.
    pub token: Option<String>,
    /// Total time in milliseconds, where the text has one (`real 0m1.220s` of `time`).
    pub elapsed_ms: Option<u64>,
    /// From STARTTLS (`curl -w`: from the connection) to the end of the handshake, in milliseconds,
    /// where a wrapper's or the tool's own clock tells.
    pub handshake_ms: Option<u64>,
    /// Lines of the file this run covers, 1-based, inclusive.
    pub lines: (u64, u64),
    /// Byte ranges of the file that hold session secrets or AUTH data; they must never leave.
    pub secrets: Vec<Range<usize>>,
}

impl Transcript {
    /// A run of which nothing is known yet.
    pub(super) fn new(tool: &'static str) -> Self {
        Self {
            tool,
            version: None,
            started: None,
            clock: Clock::Unknown,
            host: None,
            address: None,
            source_ip: None,
            verdict: Verdict::Inconclusive,
            phase: Phase::Unknown,
            because: String::new(),
            protocol: None,
            cipher: None,
            verify: None,
            subject: None,
            issuer: None,
            not_after: None,
            certificates: None,
            bytes: None,
            replies: Vec::new(),
            token: None,
            elapsed_ms: None,
            handshake_ms: None,
            lines: (0, 0),
            secrets: Vec::new(),
        }
    }

    /// The receiver's greeting, where the text begins with it.
    #[must_use]
    pub fn banner(&self) -> Option<&str> {
        let first = self.replies.first()?;
        (self.phase == Phase::Banner || first.starts_with("220")).then_some(first.as_str())
    }

    /// What idle and loaded tests are compared by: the handshake's time, else the whole test's.
    #[must_use]
    pub fn duration_ms(&self) -> Option<u64> {
        self.handshake_ms.or(self.elapsed_ms)
    }
}
