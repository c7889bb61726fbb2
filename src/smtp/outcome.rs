//! What became of a delivery attempt, who decided it, and at which stage.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// All values, in the order tables list them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word used in every machine-readable output.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The value of a word; the inverse of `word`.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.word() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

pub(super) use words;

words! {
    /// What became of one delivery attempt.
    Outcome {
        /// The receiver took responsibility (a 2xx answer to the end of data).
        Delivered = "delivered",
        /// The receiver answered 4xx.
        Deferral = "deferral",
        /// The receiver answered 5xx.
        Rejection = "rejection",
        /// The connection was closed or reset by the other side, without a TLS alert.
        RemoteClose = "remote_close",
        /// A TLS alert, a protocol, cipher or certificate fault, or a TLS error with no detail.
        TlsFailure = "tls_failure",
        /// Bytes that are not TLS arrived where TLS was due.
        Plaintext = "plaintext",
        /// Nothing arrived in time.
        Timeout = "timeout",
        /// No connection came about (refused, unreachable, no answer to SYN, no address).
        ConnectFailure = "connect_failure",
        /// The sender's own decision; no session took place.
        Local = "local",
        /// The record is an attempt but says nothing that we know.
        Unclassified = "unclassified",
    }
}

words! {
    /// Who made the decision that the outcome reports.
    By {
        /// The other side.
        Receiver = "receiver",
        /// The sending MTA.
        Sender = "sender",
        /// The record does not tell.
        Unknown = "unknown",
    }
}

words! {
    /// Where in the SMTP session the outcome fell (RFC 5321 §3, RFC 3207 §4).
    Stage {
        /// Before the connection stood.
        Connect = "connect",
        /// Waiting for, or answered in, the 220 greeting.
        Banner = "banner",
        /// In answer to EHLO or HELO, before or after TLS.
        Ehlo = "ehlo",
        /// In answer to STARTTLS.
        Starttls = "starttls",
        /// Between the 220 of STARTTLS and the end of the TLS handshake.
        Handshake = "handshake",
        /// In answer to MAIL FROM.
        Mail = "mail",
        /// In answer to RCPT TO.
        Rcpt = "rcpt",
        /// In answer to DATA, or while the message was sent.
        Data = "data",
        /// In answer to the end of data.
        EndOfData = "end_of_data",
        /// At RSET or QUIT.
        Quit = "quit",
        /// The record does not tell.
        Unknown = "unknown",
    }
}

words! {
    /// What the record shows of the session's TLS.
    TlsUse {
        /// A handshake completed before the outcome.
        Established = "established",
        /// The session went on, or ended, without TLS.
        None = "none",
        /// The handshake was begun and did not complete.
        Failed = "failed",
        /// The record cannot tell.
        Unknown = "unknown",
    }
}

impl Outcome {
    /// Whether a session (or an attempt at one) took place. The sender's own
    /// decisions are no attempts and never count in a denominator.
    #[must_use]
    pub const fn is_attempt(self) -> bool {
        !matches!(self, Self::Local)
    }
}
