//! What Gmail's replies mean: category and scope, from a dated data file.
//!
//! `gmail-replies.tsv` holds Google's published list (Gmail SMTP errors and
//! codes, support.google.com/a/answer/3726730, as of 2026-06-18, CC BY 4.0), the
//! wordings of its earlier states since 2023, and shapes seen in public logs.

mod rows;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::outcome::words;

pub use rows::{meaning_of, row_id};

words! {
    /// What kind of statement a reply makes; decides which reader it concerns.
    Category {
        /// A rate limit (4.7.28 and its older codes).
        Rate = "rate",
        /// Reputation, content or address policy.
        Reputation = "reputation",
        /// SPF, DKIM, DMARC, alignment, PTR, message format.
        Authentication = "authentication",
        /// The message did not come over TLS (4.7.29).
        TlsRequired = "tls_required",
        /// Google's own fault or congestion.
        System = "system",
        /// The session was refused or guarded (`Try again later, closing connection`).
        Session = "session",
        /// A benign end of session (`Connection expired`); never raises severity.
        Benign = "benign",
        /// The sender stalled (451 4.4.2) or broke the protocol.
        SenderFault = "sender_fault",
        /// One recipient's mailbox: rate, quota, unknown, disabled.
        Mailbox = "mailbox",
        /// A recipient's administrator decided (Workspace policy).
        RecipientPolicy = "recipient_policy",
        /// Account or relay limits: not MX delivery.
        Account = "account",
        /// Size, loop and other properties of one message.
        Message = "message",
        /// Not in the list; shown verbatim.
        Unknown = "unknown",
    }
}

words! {
    /// What the limit in a reply is bound to.
    Scope {
        /// The sending IP address.
        Ip = "ip",
        /// The netblock of the sending IP.
        Netblock = "netblock",
        /// The DKIM signing domain.
        DkimDomain = "dkim_domain",
        /// The envelope-from (SPF) domain.
        SpfDomain = "spf_domain",
        /// A domain in the message's links.
        UrlDomain = "url_domain",
        /// The Message-ID.
        MessageId = "message_id",
        /// No scope is named: Google says to assume IP, DKIM and SPF.
        Unscoped = "unscoped",
        /// The log cut the reply before the scope is named.
        NotShown = "not_shown",
        /// The reply is not about a limit.
        NotApplicable = "none",
    }
}

/// One row of the list, as far as it concerns the analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// Row of the list: `R01`, `S02`; `-` when the reply is in no row, or was cut where it
    /// could still be in several.
    pub id: &'static str,
    /// What kind of statement it makes.
    pub category: Category,
    /// What it is bound to.
    pub scope: Scope,
}

impl Category {
    /// Whether a deferral of this kind is pressure on the lane, as opposed to a
    /// matter of one mailbox, one recipient's policy, or an ordinary end of session.
    #[must_use]
    pub const fn is_pressure(self) -> bool {
        !matches!(
            self,
            Self::Benign | Self::SenderFault | Self::Mailbox | Self::RecipientPolicy | Self::Account | Self::Message
        )
    }
}

/// The date of Google's list that the data file follows.
#[must_use]
pub const fn gmail_replies_date() -> &'static str {
    "2026-06-18"
}
