//! Which domains a receiver names in its limits, counted in bounded memory.
//!
//! Kept are the first so many by name. A domain that is among the first of all was among the first
//! wherever it was met, so its count is whole whatever the order of merging; what is not kept is
//! counted together.

use std::collections::BTreeMap;

use super::names::Translation;
use super::{EgressId, ReplyExample};

/// Domains kept of one wording.
pub(super) const DOMAINS: usize = 500;

/// Domains that the answers of one wording name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitedDomains {
    /// The first of them by name.
    pub kept: BTreeMap<Box<str>, LimitedDomain>,
    /// Attempts whose answers name others.
    pub others: u64,
}

/// One domain that answers name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitedDomain {
    /// Attempts answered so, by egress.
    pub by_egress: BTreeMap<EgressId, u64>,
    /// The earliest of them; none where lines are not kept.
    pub first: Option<ReplyExample>,
}

impl LimitedDomain {
    /// Attempts answered so.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.by_egress.values().sum()
    }

    fn merge(&mut self, other: Self) {
        for (id, n) in other.by_egress {
            *self.by_egress.entry(id).or_default() += n;
        }
        self.keep_earlier(other.first);
    }

    fn keep_earlier(&mut self, other: Option<ReplyExample>) {
        let Some(other) = other else { return };
        if self.first.as_ref().is_none_or(|first| other.order() < first.order()) {
            self.first = Some(other);
        }
    }
}

impl LimitedDomains {
    /// Counts attempts whose answers name a domain.
    pub(super) fn count(&mut self, domain: &str, egress: EgressId, attempts: u64) {
        match self.slot(domain) {
            Some(kept) => *kept.by_egress.entry(egress).or_default() += attempts,
            None => self.others += attempts,
        }
    }

    /// Looks at one of the answers, which is kept if it is the earliest that names the domain.
    pub(super) fn look(&mut self, domain: &str, at: crate::time::Stamp, example: impl FnOnce() -> ReplyExample) {
        if let Some(kept) = self.slot(domain)
            && kept.first.as_ref().is_none_or(|first| at <= first.at)
        {
            kept.keep_earlier(Some(example()));
        }
    }

    /// Adds those of other answers.
    pub fn merge(&mut self, other: Self) {
        self.others += other.others;
        for (domain, counted) in other.kept {
            match self.slot(&domain) {
                Some(kept) => kept.merge(counted),
                None => self.others += counted.attempts(),
            }
        }
    }

    /// The place of a domain; none where it comes after all that are kept.
    fn slot(&mut self, domain: &str) -> Option<&mut LimitedDomain> {
        if !self.kept.contains_key(domain) {
            if self.kept.len() >= DOMAINS {
                if self.kept.last_key_value().is_some_and(|(last, _)| domain > &**last) {
                    return None;
                }
                self.others += self.kept.pop_last().map_or(0, |(_, left)| left.attempts());
            }
            self.kept.insert(domain.into(), LimitedDomain::default());
        }
        self.kept.get_mut(domain)
    }

    pub(super) fn translated(self, to: &Translation) -> Self {
        let translated = |mut domain: LimitedDomain| {
            domain.by_egress = domain.by_egress.into_iter().map(|(id, n)| (to.egress(id), n)).collect();
            domain.first = domain.first.map(|first| first.translated(to));
            domain
        };
        Self { kept: self.kept.into_iter().map(|(name, domain)| (name, translated(domain))).collect(), ..self }
    }

    /// The examples kept.
    pub(super) fn examples_mut(&mut self) -> impl Iterator<Item = &mut ReplyExample> {
        self.kept.values_mut().filter_map(|domain| domain.first.as_mut())
    }

    /// Forgets every line as it stood.
    pub(super) fn forget_lines(&mut self) {
        self.kept.values_mut().for_each(|domain| domain.first = None);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(n: u32) -> String {
        format!("d{n:04}.example.com")
    }

    fn counted(seen: &[(u32, u64)]) -> LimitedDomains {
        let mut domains = LimitedDomains::default();
        for (domain, attempts) in seen {
            domains.count(&named(*domain), EgressId(0), *attempts);
        }
        domains
    }

    #[test]
    fn more_than_are_kept_are_counted_together() {
        let seen: Vec<_> = (0..DOMAINS as u32 + 7).rev().map(|n| (n, 2)).collect();
        let domains = counted(&seen);
        assert_eq!((domains.kept.len(), domains.others), (DOMAINS, 14));
        assert!(domains.kept.contains_key(&*named(0)) && !domains.kept.contains_key(&*named(DOMAINS as u32)));
    }

    proptest! {
        #[test]
        fn any_order_and_split_gives_the_same(
            mut seen in proptest::collection::vec((0..900_u32, 1..5_u64), 0..2500),
            at in 0..2500_usize,
        ) {
            let whole = counted(&seen);
            prop_assert_eq!(whole.kept.values().map(LimitedDomain::attempts).sum::<u64>() + whole.others, seen.iter().map(|(_, n)| n).sum::<u64>());
            let at = at.min(seen.len());
            seen.rotate_left(at);
            let (one, other) = seen.split_at(at);
            let (one, other) = (counted(one), counted(other));
            let (mut there, mut back) = (one.clone(), other.clone());
            there.merge(other);
            back.merge(one);
            prop_assert_eq!(&there, &whole);
            prop_assert_eq!(back, whole);
        }
    }
}
