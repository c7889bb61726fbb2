//! What one count is about.

use crate::smtp::{By, Category, Lane, Outcome, Stage, Sublane, TlsUse};
use crate::time::Minute;

use super::{EgressId, MxId};

/// The key of one count: a minute of a lane, along one of two marginals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey {
    /// Which minute.
    pub minute: Minute,
    /// Which lane.
    pub lane: Lane,
    /// Which marginal, and whose.
    pub axis: Axis,
    /// What is counted.
    pub what: What,
}

/// The marginals kept for each minute: by sending IP for all lanes, by MX host
/// for the Gmail lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Axis {
    /// One egress.
    Egress(EgressId),
    /// One MX host.
    Mx(MxId),
}

/// A kind of attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct What {
    /// What became of it.
    pub outcome: Outcome,
    /// Who decided.
    pub by: By,
    /// Where.
    pub stage: Stage,
    /// What is known of its TLS.
    pub tls: TlsUse,
    /// What the reply means; only where there is one.
    pub category: Option<Category>,
    /// Whether the reply was a 421: the receiver closed the service.
    pub shut: bool,
    /// Consumer or Workspace, on the Gmail lane.
    pub sublane: Sublane,
    /// A table of counts says that the session failed; how, it may leave open.
    pub failed: bool,
}

impl What {
    /// Whether the attempt failed by pressure, fault or loss of the connection: the
    /// `e` of all rates. A matter of one mailbox, one message or one recipient's
    /// policy does not count, nor does the sender's own decision.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        match self.outcome {
            Outcome::Deferral => match self.category {
                Some(Category::Unknown) | None => {
                    self.shut || matches!(self.stage, Stage::Banner | Stage::Ehlo | Stage::Starttls | Stage::Mail)
                }
                Some(category) => category.is_pressure(),
            },
            Outcome::RemoteClose => !matches!(self.stage, Stage::Quit),
            Outcome::TlsFailure | Outcome::Plaintext | Outcome::Timeout | Outcome::ConnectFailure => true,
            Outcome::Unclassified => self.failed,
            Outcome::Delivered | Outcome::Rejection | Outcome::Local => false,
        }
    }

    /// Whether the session was lost between STARTTLS and the end of the handshake.
    #[must_use]
    pub const fn is_tls_step(self) -> bool {
        matches!(self.stage, Stage::Starttls | Stage::Handshake)
            && !matches!(self.outcome, Outcome::Delivered | Outcome::Local | Outcome::Unclassified)
    }
}
