//! Attempts that another log counts: an accounting file has a record of each, and the log of
//! dialogues beside it tells how the same sessions went.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash as _, Hasher as _};

use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};

use super::Tally;
use crate::formats::logs::Event;
use crate::intake::Exhibit;
use crate::smtp::Outcome;
use crate::time::{Minute, Window};

/// What other files count of the attempts that one log tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// The files that count, and how it is known that they tell of the same machine.
    pub by: BTreeMap<Exhibit, Kinship>,
    /// Files that tell of other messages in the same minutes though no node tells the two
    /// apart: what either holds is counted.
    pub apart: BTreeSet<Exhibit>,
    /// From when to when they do, by what they hold: accounting files may be set to hold
    /// no deferrals, and then only the other log tells of them.
    pub(super) windows: BTreeMap<Recorded, Vec<Window>>,
    /// From where their sessions left: files that name no node may be of two machines.
    pub(super) ips: BTreeSet<Vec<u8>>,
}

/// How it is known that two files tell of one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kinship {
    /// They tell of the same messages in the same minutes.
    Messages,
    /// Their node is the same.
    Node,
    /// Nothing speaks against it: one of them names no node, and they have no ids in common
    /// that could tell.
    Assumed,
}

/// What an MTA records, or not, as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Recorded {
    Deliveries,
    Rejections,
    /// Answers after which it tries again.
    Deferrals,
    /// Sessions that broke or never came about, and the sender's own decisions.
    Breaks,
}

impl Recorded {
    const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Delivered => Self::Deliveries,
            Outcome::Rejection => Self::Rejections,
            Outcome::Deferral => Self::Deferrals,
            _ => Self::Breaks,
        }
    }
}

/// Some messages of each minute and kind, by the smallest digests of their queue ids: of two files
/// that tell of the same attempts both keep the same ones.
pub(super) type Messages = BTreeMap<(Minute, Recorded), BTreeSet<u64>>;

/// Messages kept of a minute and kind: one log may tell of some that the other does not.
const MOST: usize = 8;

/// Adds a message; an event without a queue id tells of none.
pub(super) fn add_message(messages: &mut Messages, event: &Event<'_>) {
    if event.queue_id.is_empty() || event.weight == 0 {
        return;
    }
    let mut hasher = FxHasher::default();
    event.queue_id.hash(&mut hasher);
    keep_least(messages.entry((event.at.minute(), Recorded::of(event.outcome))).or_default(), [hasher.finish()]);
}

/// Adds other messages.
pub(super) fn add_messages(messages: &mut Messages, other: Messages) {
    for (key, digests) in other {
        keep_least(messages.entry(key).or_default(), digests);
    }
}

fn keep_least(kept: &mut BTreeSet<u64>, digests: impl IntoIterator<Item = u64>) {
    for digest in digests {
        kept.insert(digest);
        if kept.len() > MOST {
            kept.pop_last();
        }
    }
}

/// Whether two files tell of the same messages; nothing where no minute and kind has messages
/// of both.
fn share_messages(one: &Messages, other: &Messages) -> Option<bool> {
    let same = |(key, digests): (_, &BTreeSet<u64>)| Some(!digests.is_disjoint(other.get(key)?));
    let mut common = one.iter().filter_map(same).peekable();
    common.peek()?;
    Some(common.any(|same| same))
}

/// What a file holds that may count what another tells of.
#[derive(Default)]
pub(super) struct Held {
    kinds: BTreeSet<Recorded>,
    messages: Messages,
    window: Option<Window>,
    ips: BTreeSet<Vec<u8>>,
}

impl Held {
    /// What a file holds by the tally of its own lines, and by that of the edges of files.
    pub(super) fn of(exhibit: Exhibit, tallies: [&Tally; 2]) -> Self {
        let mut held = Self::default();
        for tally in tallies {
            let ips = tally.names.egresses().map(|(_, egress)| egress.ip.as_bytes());
            held.ips.extend(ips.filter(|ip| !ip.is_empty()).map(<[u8]>::to_vec));
            let Some(file) = tally.files.get(&exhibit) else { continue };
            held.kinds.extend(file.outcomes.keys().map(|outcome| Recorded::of(*outcome)));
            add_messages(&mut held.messages, file.messages.clone());
            let ends = file.heard.first_key_value().zip(file.heard.last_key_value());
            held.window = held.window.or(ends.map(|((first, _), (last, _))| Window::new(*first, last.plus(1))));
        }
        held
    }
}

/// A file that may count what another tells of.
pub(super) struct Counting<'a> {
    pub(super) exhibit: Exhibit,
    pub(super) held: &'a Held,
    /// Whether both files name a node, and the same one.
    pub(super) same_node: Option<bool>,
}

impl Counting<'_> {
    /// Whether its messages must be held against those of the other file.
    pub(super) fn is_asked(&self) -> bool {
        self.same_node != Some(true) && !self.held.messages.is_empty()
    }
}

impl Elsewhere {
    /// What these files count of the attempts that a file tells of. The messages decide, for
    /// their ids are of one machine; without any that both tell of, the nodes do.
    pub(super) fn of<'a>(messages: Option<&Messages>, counting: impl Iterator<Item = Counting<'a>>) -> Self {
        let mut elsewhere = Self::default();
        for Counting { exhibit, held, same_node } in counting {
            let shared = messages.and_then(|messages| share_messages(messages, &held.messages));
            match (shared, same_node) {
                (Some(true), _) => elsewhere.add(exhibit, held, Kinship::Messages),
                (_, Some(true)) => elsewhere.add(exhibit, held, Kinship::Node),
                (_, Some(false)) => {}
                (Some(false), None) => {
                    elsewhere.apart.insert(exhibit);
                }
                (None, None) => elsewhere.add(exhibit, held, Kinship::Assumed),
            }
        }
        elsewhere
    }

    fn add(&mut self, exhibit: Exhibit, held: &Held, kinship: Kinship) {
        self.ips.extend(held.ips.iter().cloned());
        for (kind, window) in held.kinds.iter().zip(std::iter::repeat(held.window).flatten()) {
            self.by.insert(exhibit, kinship);
            self.windows.entry(*kind).or_default().push(window);
        }
    }

    /// Whether an attempt is counted there.
    #[must_use]
    pub fn counts(&self, event: &Event<'_>) -> bool {
        let Some(windows) = self.windows.get(&Recorded::of(event.outcome)) else { return false };
        let same_machine = event.source_ip.is_empty() || self.ips.is_empty() || self.ips.contains(event.source_ip);
        same_machine && windows.iter().any(|window| window.contains(event.at.minute()))
    }

    /// Whether attempts of this outcome are counted there, at some time.
    #[must_use]
    pub fn holds(&self, outcome: Outcome) -> bool {
        self.windows.contains_key(&Recorded::of(outcome))
    }

    /// Whether no other file is of the same machine, or may be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by.is_empty() && self.apart.is_empty()
    }
}
