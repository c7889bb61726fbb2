//! Lines of a message's transport processes, kept until a line about a recipient explains
//! what they were part of.

use std::hash::{Hash as _, Hasher as _};

use rustc_hash::FxHasher;

use super::line::{Host, Said, message_id, said};
use super::reason::Reason;
use super::recipient::Recipient;
use super::tls::{is_alert, is_close};
use crate::formats::logs::text::Entry;
use crate::formats::logs::{EventLine, KeptLine};
use crate::intake::Exhibit;
use crate::smtp::{By, Outcome, Stage, TlsUse};
use crate::time::Stamp;

/// A line of a transport process.
pub(super) struct Child {
    exhibit: Exhibit,
    number: u64,
    pub(super) at: Stamp,
    pub(super) host: u64,
    /// Where in the kept line the node stands, and where Exim's text begins.
    node: (usize, usize),
    text_from: usize,
    /// Of a TLS error: what it says of the connection.
    symptom: Symptom,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Symptom {
    Alert,
    Close,
    Other,
}

/// Exim's time-outs are whole seconds, so what was over sooner was none.
pub(super) const fn is_quick(ms: i64) -> bool {
    ms >= 0 && ms < 1000
}

/// What a line of a message says.
pub(super) fn statement(text: &[u8]) -> Said<'_> {
    message_id(text).map_or(Said::Nothing, |(_, rest)| said(rest))
}

/// Never 0, which stands for nothing.
pub(super) fn digest(parts: &[&[u8]]) -> u64 {
    let mut hasher = FxHasher::default();
    parts.hash(&mut hasher);
    hasher.finish().max(1)
}

pub(super) fn digest_of_host(host: Host<'_>) -> u64 {
    digest(&[host.name, host.ip])
}

impl Child {
    /// Keeps a line; `error` is that of a TLS error on the connection.
    pub(super) fn of(entry: &Entry<'_>, host: Host<'_>, error: &[u8]) -> Self {
        let (line, node) = (entry.line, entry.envelope.host);
        let offset = (node.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
        let node_at = if node.is_empty() { 0 } else { offset };
        let symptom = if is_alert(error) {
            Symptom::Alert
        } else if is_close(error) {
            Symptom::Close
        } else {
            Symptom::Other
        };
        Self {
            exhibit: entry.exhibit,
            number: entry.number,
            at: entry.envelope.at,
            host: digest_of_host(host),
            node: (node_at, node_at + node.len()),
            text_from: line.len() - entry.text().len(),
            symptom,
        }
    }

    /// The line itself, among the message's kept lines.
    pub(super) fn line<'a>(&self, earlier: &'a [KeptLine]) -> Option<EventLine<'a>> {
        let is_it = |l: &&KeptLine| (l.exhibit, l.number) == (self.exhibit, self.number);
        earlier.iter().find(is_it).map(|l| EventLine { exhibit: l.exhibit, number: l.number, text: &l.text })
    }

    /// Whether this line was read before another.
    pub(super) fn is_before(&self, other: &Self, earlier: &[KeptLine]) -> bool {
        let place = |c: &Self| earlier.iter().position(|l| (l.exhibit, l.number) == (c.exhibit, c.number));
        place(self) < place(other)
    }

    /// What Exim says in it.
    pub(super) fn text<'a>(&self, earlier: &'a [KeptLine]) -> &'a [u8] {
        self.line(earlier).and_then(|l| l.text.get(self.text_from..)).unwrap_or_default()
    }

    /// The node that logged it.
    pub(super) fn node<'a>(&self, line: &EventLine<'a>) -> &'a [u8] {
        line.text.get(self.node.0..self.node.1).unwrap_or_default()
    }

    /// Whether a parent's line about a recipient repeats this failure. The child adds the
    /// system's error to the text.
    pub(super) fn is_of(&self, told: &Recipient<'_>, earlier: &[KeptLine]) -> bool {
        let Said::Failed(host, text) = statement(self.text(earlier)) else { return false };
        let parent = if told.text.is_empty() { told.error } else { told.text };
        let is_same = match text.strip_prefix(parent) {
            Some(rest) => !parent.is_empty() && (rest.is_empty() || rest.starts_with(b": ")),
            None => false,
        };
        is_same && told.host.is_none_or(|h| h == host)
    }
}

/// A failure in the light of the TLS errors logged for the same host.
pub(super) fn explained<'a>(found: Reason<'a>, symptoms: &[Child], quick: bool) -> Reason<'a> {
    let has = |symptom| symptoms.iter().any(|s| s.symptom == symptom);
    if found.detail == b"error on first read" {
        return if has(Symptom::Alert) {
            // TLS 1.3: what the receiver dislikes of us comes after our side of the handshake.
            let (by, tls) = (By::Receiver, TlsUse::Failed);
            Reason { outcome: Outcome::TlsFailure, by, stage: Stage::Handshake, tls, ..found }
        } else if has(Symptom::Close) || quick {
            Reason { by: By::Receiver, ..found }
        } else {
            found
        };
    }
    // A connection with TLS errors of its own was encrypted.
    if found.tls == TlsUse::Unknown && !symptoms.is_empty() {
        return Reason { tls: TlsUse::Established, ..found };
    }
    found
}

/// Kept lines in the order in which they were read.
pub(super) fn kept_lines<'a>(children: &[&Child], earlier: &'a [KeptLine]) -> Vec<EventLine<'a>> {
    let is_wanted = |l: &&KeptLine| children.iter().any(|c| (c.exhibit, c.number) == (l.exhibit, l.number));
    let wanted = earlier.iter().filter(is_wanted);
    wanted.map(|l| EventLine { exhibit: l.exhibit, number: l.number, text: &l.text }).collect()
}
