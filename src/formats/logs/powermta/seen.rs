//! What was seen in accounting files, and what they cannot show for lack of it.

use crate::formats::logs::Note;
use crate::smtp::Outcome;

/// A thing worth knowing of a file once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// `d` records.
    Delivered,
    /// `b` records.
    Bounced,
    /// `t` records.
    Transient,
    /// `tq` records.
    Queue,
    /// Records whose only time is that of injection.
    OnlyQueued,
    /// The column `dlvTlsProtocol`.
    TlsColumn,
    /// A protocol in it.
    Tls,
    /// A delivery in clear text though STARTTLS was offered.
    InClear,
    /// A 421 reply as the receiver worded it.
    Worded421,
    /// A 421 reply whose text is `service unavailable`.
    Replaced421,
    /// A recipient that `privacy-policy` redacted.
    Redacted,
}

impl Seen {
    /// The note about it.
    pub(super) const fn note(self) -> Note {
        Note::Seen(match self {
            Self::Delivered => "d",
            Self::Bounced => "b",
            Self::Transient => "t",
            Self::Queue => "tq",
            Self::OnlyQueued => "only timeQueued",
            Self::TlsColumn => "dlvTlsProtocol",
            Self::Tls => "TLS",
            Self::InClear => "in clear",
            Self::Worded421 => "421",
            Self::Replaced421 => "421 service unavailable",
            Self::Redacted => "redacted",
        })
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// What was seen so far in one file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SeenOnce(u16);

impl SeenOnce {
    /// Whether it was seen for the first time.
    pub(super) const fn is_new(&mut self, seen: Seen) -> bool {
        let before = self.0;
        self.0 |= seen.bit();
        self.0 != before
    }
}

/// What files cannot show, by what was seen in none of them.
pub(super) fn not_seen(seen: &dyn Fn(Note) -> bool) -> Vec<String> {
    let seen = |what: Seen| seen(what.note());
    let mut told = Vec::new();
    if seen(Seen::OnlyQueued) {
        told.push(
            "when anything happened: only timeQueued is present, which is the time of injection, so such records are not placed in minutes",
        );
    }
    let any = [Seen::Delivered, Seen::Bounced, Seen::Transient, Seen::Queue].into_iter().any(seen);
    if !any {
        return told.into_iter().map(str::to_owned).collect();
    }
    told.extend(match (seen(Seen::Transient), seen(Seen::Queue)) {
        (false, false) => Some(
            "deferrals, 421s, failures of STARTTLS and of connections: there are no transient records (t, tq), which PowerMTA does not write by default",
        ),
        (true, false) => Some(
            "failed connections, and 421s and failures of STARTTLS before MAIL FROM: there are no transient records of queues (tq)",
        ),
        (false, true) => Some("deferrals of recipients: there are no transient records of recipients (t)"),
        (true, true) => None,
    });
    if !seen(Seen::TlsColumn) {
        told.push("whether sessions used TLS: no file has the column dlvTlsProtocol");
    } else if seen(Seen::InClear) && !seen(Seen::Tls) {
        told.push(
            "whether sessions used TLS: dlvTlsProtocol is empty in every record, so either nothing went over TLS or the column is not recorded",
        );
    }
    if seen(Seen::Replaced421) && !seen(Seen::Worded421) {
        told.push(
            "what receivers said with 421: every such reply reads \"service unavailable\", as replace-smtp-421-service-response makes them",
        );
    }
    if seen(Seen::Redacted) {
        told.push("replies word for word: privacy-policy redacts recipients, also where a reply quotes one");
    }
    told.into_iter().map(str::to_owned).collect()
}

/// The outcomes of which files tell nothing, by what was seen in none of them.
///
/// How a connection ended stands in no documented record: those that broke have the status
/// 4.4.2 alone, and after a failed handshake the message is sent in clear text.
pub(super) fn not_counted(seen: &dyn Fn(Note) -> bool) -> Vec<Outcome> {
    let lacks = |what: Seen| !seen(what.note());
    let mut outcomes = vec![Outcome::RemoteClose, Outcome::TlsFailure, Outcome::Plaintext, Outcome::Timeout];
    if lacks(Seen::Transient) {
        outcomes.push(Outcome::Deferral);
    }
    if lacks(Seen::Queue) {
        outcomes.push(Outcome::ConnectFailure);
    }
    outcomes
}
