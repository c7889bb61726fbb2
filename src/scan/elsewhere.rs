//! Attempts that another log counts: an accounting file has a record of each, and the log of
//! dialogues beside it tells how the same sessions went.

use std::collections::{BTreeMap, BTreeSet};

use super::FileTally;
use crate::intake::Exhibit;
use crate::smtp::Outcome;
use crate::time::{Minute, Window};

/// What other files count of the attempts that one log tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// The files that count.
    pub by: BTreeSet<Exhibit>,
    /// From when to when they do, by what they hold: accounting files may be set to hold
    /// no deferrals, and then only the other log tells of them.
    windows: BTreeMap<Recorded, Vec<Window>>,
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
    /// What these files count.
    pub(super) fn of<'a>(files: impl Iterator<Item = (Exhibit, &'a FileTally)>) -> Self {
        let mut elsewhere = Self::default();
        for (exhibit, file) in files {
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

    /// Whether an attempt of this outcome and minute is counted there.
    #[must_use]
    pub fn counts(&self, outcome: Outcome, minute: Minute) -> bool {
        self.windows.get(&Recorded::of(outcome)).is_some_and(|windows| windows.iter().any(|w| w.contains(minute)))
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
