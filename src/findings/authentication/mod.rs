//! What DNS answers and Google's reports in the case say of the sender's requirements, each with
//! its date.
//!
//! An answer without a date measures nothing: it may be older than the incident by years.
//! What cannot be told from the answers that are here is said, never guessed.
//!
//! - `records` judges SPF, DMARC and DKIM, `forward` the names of the sending IPs.
//! - `reports` judges what Postmaster Tools says, `spam` its rate of user-reported spam.

mod forward;
mod records;
mod reports;
mod spam;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::Evidence;
use crate::case::Case;
use crate::formats::snapshots::{Answer, Asked, Said};
use crate::intake::Exhibit;
use crate::time::Stamp;

pub use reports::FiledReport;
pub(super) use reports::Reports;
pub(super) use spam::{HELP_ENDS, Spam};

/// What is said of a statement without a date.
const UNDATED: &str = " undated, so it measures nothing; case.yaml: sources: taken";

/// An answer and the file it stands in.
pub type Filed = (Exhibit, Answer);

/// What the answers show of one requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// It is met.
    Met,
    /// It is not.
    NotMet,
    /// These answers cannot tell.
    Open,
}

/// One requirement, as measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) shown: Shown,
    pub(super) detail: String,
    pub(super) evidence: Vec<Evidence>,
}

impl Measured {
    /// What both show together: one that is not met stands above one that is.
    fn and(self, other: Self) -> Self {
        let has = |shown| self.shown == shown || other.shown == shown;
        let shown = match () {
            () if has(Shown::NotMet) => Shown::NotMet,
            () if has(Shown::Met) => Shown::Met,
            () => Shown::Open,
        };
        let mut evidence = self.evidence;
        evidence.extend(other.evidence);
        Self { shown, detail: format!("{}; {}", self.detail, other.detail), evidence }
    }

    /// What is there, together where both are.
    pub(super) fn either(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.and(other)),
            (one, other) => one.or(other),
        }
    }
}

/// Domains that case.yaml states as the sender's.
#[derive(Debug)]
struct Own<'a>(Vec<&'a str>);

impl<'a> Own<'a> {
    fn of(case: &'a Case) -> Self {
        Self(case.sender.domains.iter().chain(&case.redact.own_domains).map(String::as_str).collect())
    }

    /// Whether a name is the sender's: at, below or above a domain of case.yaml; all are where it states none.
    fn has(&self, name: &str) -> bool {
        let domain = domain_of(name);
        let below = |a: &str, b: &str| a == b || a.strip_suffix(b).is_some_and(|rest| rest.ends_with('.'));
        self.0.is_empty() || self.0.iter().any(|own| below(domain, own) || (below(own, domain) && domain.contains('.')))
    }
}

/// The answers, the newest of each question first in rank.
#[derive(Debug)]
pub(super) struct Answers<'a> {
    newest: BTreeMap<(&'a str, Asked), &'a Filed>,
    own: Own<'a>,
}

impl<'a> Answers<'a> {
    pub(super) fn of(case: &'a Case, answers: &'a [Filed]) -> Self {
        let mut newest: BTreeMap<_, &Filed> = BTreeMap::new();
        // One that failed says less than any that did not.
        let rank = |(_, a): &Filed| (a.said != Said::Failed, a.taken);
        for filed in answers {
            let held = newest.entry((filed.1.name.as_str(), filed.1.asked)).or_insert(filed);
            if rank(filed) > rank(held) {
                *held = filed;
            }
        }
        Self { newest, own: Own::of(case) }
    }

    /// The newest answers about texts of the sender's names.
    fn texts(&self, fits: impl Fn(&str) -> bool) -> Vec<&'a Filed> {
        let of = |(name, asked): &(&str, Asked)| *asked == Asked::Txt && fits(name) && self.own.has(name);
        self.newest.iter().filter(|(key, _)| of(key)).map(|(_, filed)| *filed).collect()
    }

    /// Puts what each answer says together: one that is not met stands above those that are.
    fn judge(&self, asked: &[&'a Filed], what: &str, of: impl Fn(&Answer) -> (Shown, String)) -> Option<Measured> {
        if asked.is_empty() {
            return None;
        }
        let domains: BTreeSet<_> = asked.iter().map(|f| domain_of(&f.1.name)).collect();
        if self.own.0.is_empty() && domains.len() > 1 {
            let evidence = lines(asked);
            let detail = format!(
                "{what} answers for {} domains; case.yaml does not say which is the sender's (sender: domains)",
                domains.len()
            );
            return Some(Measured { shown: Shown::Open, detail, evidence });
        }
        // Undated ones are heard only where there are no others.
        let dated: Vec<&Filed> = asked.iter().copied().filter(|f| f.1.taken.is_some()).collect();
        let (undated, asked) = (dated.is_empty(), if dated.is_empty() { asked } else { &dated });
        let evidence = lines(asked);
        let told: Vec<_> = asked.iter().map(|f| of(&f.1)).collect();
        let has = |shown| told.iter().any(|(s, _)| *s == shown);
        let shown = match () {
            () if undated => Shown::Open,
            () if has(Shown::NotMet) => Shown::NotMet,
            () if has(Shown::Met) => Shown::Met,
            () => Shown::Open,
        };
        let said: Vec<_> = told.into_iter().map(|(_, words)| words).collect();
        Some(Measured { shown, detail: format!("{} ({})", said.join("; "), dates(asked)), evidence })
    }
}

/// The domain that a record's name speaks of.
fn domain_of(name: &str) -> &str {
    let after_selector = name.split_once("._domainkey.").map(|(_, domain)| domain);
    after_selector.or_else(|| name.strip_prefix("_dmarc.")).unwrap_or(name)
}

fn lines(filed: &[&Filed]) -> Vec<Evidence> {
    let all: BTreeSet<_> = filed.iter().map(|(e, a)| Evidence::Lines(*e, a.lines.0, a.lines.1)).collect();
    all.into_iter().collect()
}

/// `dig of 2026-11-24 02:43 UTC, S03`
fn dates(filed: &[&Filed]) -> String {
    let of = |(exhibit, answer): &&Filed| {
        let when = answer.taken.map_or_else(
            || UNDATED.to_owned(),
            |at: Stamp| format!(" of {} {} UTC", at.minute().date(), at.minute().clock()),
        );
        (exhibit.to_string(), format!("{}{when}", answer.tool))
    };
    let all: BTreeSet<_> = filed.iter().map(of).collect();
    let told: Vec<_> = all.into_iter().map(|(exhibit, words)| format!("{words}, {exhibit}")).collect();
    told.join("; ")
}
