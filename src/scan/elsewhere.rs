//! Attempts that another log counts: an accounting file has a record of each, and the log of
//! dialogues beside it tells how the same sessions went.

use std::collections::{BTreeMap, BTreeSet};

use super::Tally;
use crate::formats::logs::Event;
use crate::intake::Exhibit;
use crate::smtp::Outcome;
use crate::time::Window;

/// What other files count of the attempts that one log tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// The files that count.
    pub by: BTreeSet<Exhibit>,
    /// From when to when they do, by what they hold: accounting files may be set to hold
    /// no deferrals, and then only the other log tells of them.
    windows: BTreeMap<Recorded, Vec<Window>>,
    /// From where their sessions left: files that name no node may be of two machines.
    ips: BTreeSet<Vec<u8>>,
}

/// What an MTA records, or not, as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Recorded {
    Deliveries,
    Rejections,
    /// What will be tried again.
    Failures,
}

impl Recorded {
    const fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Delivered => Self::Deliveries,
            Outcome::Rejection => Self::Rejections,
            _ => Self::Failures,
        }
    }
}

impl Elsewhere {
    /// What these files count, each with the tally of it alone.
    pub(super) fn of<'a>(files: impl Iterator<Item = (Exhibit, &'a Tally)>) -> Self {
        let mut elsewhere = Self::default();
        for (exhibit, tally) in files {
            let Some(file) = tally.files.get(&exhibit) else { continue };
            let ips = tally.names.egresses().map(|(_, egress)| egress.ip.as_bytes());
            elsewhere.ips.extend(ips.filter(|ip| !ip.is_empty()).map(<[u8]>::to_vec));
            let (Some((&first, _)), Some((&last, _))) = (file.heard.first_key_value(), file.heard.last_key_value())
            else {
                continue;
            };
            let recorded: BTreeSet<_> = file.outcomes.keys().map(|o| Recorded::of(*o)).collect();
            for kind in recorded {
                elsewhere.by.insert(exhibit);
                elsewhere.windows.entry(kind).or_default().push(Window::new(first, last.plus(1)));
            }
        }
        elsewhere
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

    /// Whether nothing is counted elsewhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by.is_empty()
    }
}
