//! What was taken, counted: by class and document. No values, and no lengths.

use std::collections::BTreeMap;

use serde::Serialize;

use super::policy::{Action, Class, action};
use crate::release::Audience;

/// How many values of each class were taken from one document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Counts(BTreeMap<Class, u64>);

impl Counts {
    /// One more of a class.
    pub(super) fn add(&mut self, class: Class) {
        *self.0.entry(class).or_default() += 1;
    }

    /// How many of a class.
    #[must_use]
    pub fn of(&self, class: Class) -> u64 {
        self.0.get(&class).copied().unwrap_or(0)
    }

    /// Adds the counts of another document.
    pub fn merge(&mut self, other: &Self) {
        for (class, count) in &other.0 {
            *self.0.entry(*class).or_default() += count;
        }
    }
}

/// The body of redaction.json: the policy of one reader, and what it took where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RedactionReport {
    /// Whose bundle.
    pub audience: Audience,
    /// What happens to each class.
    pub policy: BTreeMap<&'static str, Action>,
    /// All documents together.
    pub total: Counts,
    /// By document, under its name in the bundle.
    pub documents: BTreeMap<String, Counts>,
    /// How many entries of the user's allow list were in force.
    pub allowed: usize,
}

impl RedactionReport {
    /// An empty report under the policy of one reader.
    #[must_use]
    pub fn new(audience: Audience, allowed: usize) -> Self {
        let policy = Class::ALL.iter().map(|&class| (class.word(), action(class, audience))).collect();
        Self { audience, policy, total: Counts::default(), documents: BTreeMap::new(), allowed }
    }

    /// Adds what was taken from a document.
    pub fn add(&mut self, document: &str, counts: &Counts) {
        self.total.merge(counts);
        self.documents.entry(document.to_owned()).or_default().merge(counts);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn counts_add_up_and_serialise_by_word() {
        let mut counts = Counts::default();
        counts.add(Class::Recipient);
        counts.add(Class::Recipient);
        let mut report = RedactionReport::new(Audience::Google, 1);
        report.add("S01", &counts);
        report.add("S02", &counts);
        assert_eq!((report.total.of(Class::Recipient), report.total.of(Class::Url)), (4, 0));
        let json = serde_json::to_value(&report).expect("serialises");
        assert_eq!(json["documents"]["S01"]["recipient"], 2);
        assert_eq!(json["policy"]["auth"], "drop_value");
    }
}
