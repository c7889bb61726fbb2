//! A line kept for its session.

use super::line::{Host, Statement, statement};
use crate::formats::logs::envelope::{Envelope, Process};
use crate::formats::logs::text::Entry;
use crate::formats::logs::{EventLine, KeptLine};
use crate::intake::Exhibit;
use crate::time::Stamp;

/// A line kept beyond its block, taken apart; its buffer can be used again.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    exhibit: Exhibit,
    number: u64,
    at: Stamp,
    line: Vec<u8>,
    host: Place,
    whole: Place,
    tag: Place,
    text: Place,
    says: Says,
}

/// Where a part of a line stands in it.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    from: u32,
    to: u32,
}

/// What the line says, by where its words stand: each further line of a session asks again
/// what those before it told.
#[derive(Clone, Copy, Debug)]
enum Says {
    /// A delivery has many fields, and is seldom asked for them again.
    Delivery,
    Failure {
        queue_id: Place,
        reason: Place,
    },
    Established(Named),
    SslError(Named, Place),
    Library(Place),
    Unverified(Named, Place),
    OwnTlsFault(Place),
    Connect(Named, Place),
    ProxyFailed(Place),
    ProxyTimeout,
    Nothing,
}

/// A host's name and its address.
type Named = (Place, Place);

impl Kept {
    /// Keeps a line that says this.
    pub(super) fn of(entry: &Entry<'_>, said: Statement<'_>) -> Self {
        let none = Place::default();
        let mut kept = Self {
            exhibit: entry.exhibit,
            number: entry.number,
            at: entry.envelope.at,
            line: Vec::new(),
            host: none,
            whole: none,
            tag: none,
            text: none,
            says: Says::Nothing,
        };
        kept.set(entry, said);
        kept
    }

    /// Keeps another line in place of this one.
    pub(super) fn set(&mut self, entry: &Entry<'_>, said: Statement<'_>) {
        let Envelope { at, host, process, text } = entry.envelope;
        (self.exhibit, self.number, self.at) = (entry.exhibit, entry.number, at);
        self.line.clear();
        self.line.extend_from_slice(entry.line);
        let part = |part: &[u8]| Place::of(part, entry.line);
        (self.host, self.whole, self.tag, self.text) = (part(host), part(process.whole), part(process.tag), part(text));
        self.says = Says::of(said, entry.line);
    }

    /// The line as it was read.
    pub(super) fn entry(&self) -> Entry<'_> {
        let process = Process { whole: self.part(self.whole), tag: self.part(self.tag), program: &[], pid: &[] };
        let envelope = Envelope { at: self.at, host: self.part(self.host), process, text: self.text() };
        Entry { exhibit: self.exhibit, number: self.number, line: &self.line, envelope }
    }

    fn part(&self, place: Place) -> &[u8] {
        self.line.get(place.from as usize..place.to as usize).unwrap_or_default()
    }

    fn named(&self, (name, ip): Named) -> Host<'_> {
        Host { name: self.part(name), ip: self.part(ip) }
    }

    /// What the line says.
    pub(super) fn said(&self) -> Statement<'_> {
        match self.says {
            Says::Delivery => statement(self.text()),
            Says::Failure { queue_id, reason } => {
                Statement::Failure { queue_id: self.part(queue_id), reason: self.part(reason) }
            }
            _ => self.evidence(),
        }
    }

    /// What it says of the session and of no message.
    pub(super) fn evidence(&self) -> Statement<'_> {
        match self.says {
            Says::Established(host) => Statement::Established(self.named(host)),
            Says::SslError(host, detail) => Statement::SslError(self.named(host), self.part(detail)),
            Says::Library(reason) => Statement::Library(self.part(reason)),
            Says::Unverified(host, detail) => Statement::Unverified(self.named(host), self.part(detail)),
            Says::OwnTlsFault(text) => Statement::OwnTlsFault(self.part(text)),
            Says::Connect(host, error) => Statement::Connect(self.named(host), self.part(error)),
            Says::ProxyFailed(ip) => Statement::ProxyFailed(self.part(ip)),
            Says::ProxyTimeout => Statement::ProxyTimeout,
            Says::Delivery | Says::Failure { .. } | Says::Nothing => Statement::Other,
        }
    }

    /// Whether it ended the delivery for a recipient.
    pub(super) const fn is_delivery(&self) -> bool {
        matches!(self.says, Says::Delivery)
    }

    /// Whether it only tells of the session, and ends no try.
    pub(super) const fn is_evidence(&self) -> bool {
        !matches!(self.says, Says::Delivery | Says::Failure { .. })
    }

    pub(super) const fn at(&self) -> Stamp {
        self.at
    }

    pub(super) fn text(&self) -> &[u8] {
        self.part(self.text)
    }

    pub(super) fn as_line(&self) -> EventLine<'_> {
        EventLine { exhibit: self.exhibit, number: self.number, text: &self.line }
    }

    pub(super) fn into_line(self) -> KeptLine {
        KeptLine { exhibit: self.exhibit, number: self.number, text: self.line.into_boxed_slice(), at: Some(self.at) }
    }
}

impl Says {
    fn of(said: Statement<'_>, line: &[u8]) -> Self {
        let place = |part: &[u8]| Place::of(part, line);
        let named = |host: Host<'_>| (place(host.name), place(host.ip));
        match said {
            Statement::Delivery(_) => Self::Delivery,
            Statement::Failure { queue_id, reason } => {
                Self::Failure { queue_id: place(queue_id), reason: place(reason) }
            }
            Statement::Established(host) => Self::Established(named(host)),
            Statement::SslError(host, detail) => Self::SslError(named(host), place(detail)),
            Statement::Library(reason) => Self::Library(place(reason)),
            Statement::Unverified(host, detail) => Self::Unverified(named(host), place(detail)),
            Statement::OwnTlsFault(text) => Self::OwnTlsFault(place(text)),
            Statement::Connect(host, error) => Self::Connect(named(host), place(error)),
            Statement::ProxyFailed(ip) => Self::ProxyFailed(place(ip)),
            Statement::ProxyTimeout => Self::ProxyTimeout,
            Statement::Remark | Statement::Other => Self::Nothing,
        }
    }
}

impl Place {
    /// Nowhere when the part is of another line.
    fn of(part: &[u8], line: &[u8]) -> Self {
        let from = (part.as_ptr() as usize).wrapping_sub(line.as_ptr() as usize);
        match from.checked_add(part.len()) {
            Some(to) if to <= line.len() => Self { from: from as u32, to: to as u32 },
            _ => Self::default(),
        }
    }
}
