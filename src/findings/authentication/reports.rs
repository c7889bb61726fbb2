//! What Google's own reports say of a requirement: shares of a day's mail, and verdicts.
//!
//! Google names no share that must pass. More than half of the mail shows that the sender does
//! it, none that it does not; what lies between is told and left open.

use std::collections::BTreeMap;

use super::{Measured, Own, Shown};
use crate::case::Case;
use crate::findings::{Evidence, number};
use crate::formats::snapshots::{Figure, Reported, Topic};
use crate::intake::Exhibit;
use crate::time::Minute;

/// A statement of a report and the file it stands in.
pub type FiledReport = (Exhibit, Reported);

/// Shares of spam by domain and day.
pub(super) type Days<'a> = BTreeMap<Option<&'a str>, BTreeMap<Minute, (f64, &'a FiledReport)>>;

/// The reports on the sender's domains.
#[derive(Debug)]
pub(in crate::findings) struct Reports<'a> {
    all: Vec<&'a FiledReport>,
}

impl<'a> Reports<'a> {
    pub(in crate::findings) fn of(case: &'a Case, all: &'a [FiledReport]) -> Self {
        let own = Own::of(case);
        let mine = |r: &&FiledReport| r.1.domain.as_deref().is_none_or(|d| own.has(d));
        Self { all: all.iter().filter(mine).collect() }
    }

    /// What the newest statements on a topic show, domain by domain.
    pub(in crate::findings) fn measured(&self, topic: Topic) -> Option<Measured> {
        let mut newest: BTreeMap<_, &FiledReport> = BTreeMap::new();
        for filed in self.on(topic) {
            let is_verdict = matches!(filed.1.figure, Figure::Verdict(_));
            let held = newest.entry((filed.1.domain.as_deref(), is_verdict)).or_insert(filed);
            if filed.1.day > held.1.day {
                *held = filed;
            }
        }
        let told = newest.into_values().map(|filed| {
            let (shown, words) = said(&filed.1);
            let day = filed.1.day.map_or(String::new(), |day| format!(" on {}", day.date()));
            one(filed, if filed.1.day.is_some() { shown } else { Shown::Open }, &format!("{words}{day}"), "")
        });
        told.reduce(Measured::and)
    }

    /// Dated shares of user-reported spam, and what else is said of it.
    pub(super) fn spam(&self) -> (Days<'a>, Option<Measured>) {
        let (mut days, mut rest) = (Days::new(), None);
        for filed in self.on(Topic::SpamRate) {
            match (filed.1.figure, filed.1.day) {
                (Figure::Share(share), Some(day)) => {
                    let days = days.entry(filed.1.domain.as_deref()).or_default();
                    let held = days.entry(day).or_insert((share, filed));
                    // Where two reports of one day differ, the worse counts.
                    if share > held.0 {
                        *held = (share, filed);
                    }
                }
                (Figure::Share(share), None) => {
                    let words = format!("{} % of user-reported spam", number(share * 100.0, 2));
                    rest = Measured::either(rest, Some(one(filed, Shown::Open, &words, "")));
                }
                (Figure::Verdict(_), _) => {}
            }
        }
        let verdicts = Self { all: self.on(Topic::SpamRate).filter(|f| is_verdict(f)).collect() };
        (days, Measured::either(rest, verdicts.measured(Topic::SpamRate)))
    }

    fn on(&self, topic: Topic) -> impl Iterator<Item = &'a FiledReport> {
        self.all.iter().copied().filter(move |f| f.1.topic == topic)
    }
}

fn is_verdict(filed: &FiledReport) -> bool {
    matches!(filed.1.figure, Figure::Verdict(_))
}

fn said(report: &Reported) -> (Shown, String) {
    match report.figure {
        Figure::Verdict(true) => (Shown::Met, format!("Google's status of {}: compliant", report.topic.words())),
        Figure::Verdict(false) => (Shown::NotMet, format!("Google's status of {}: needs work", report.topic.words())),
        Figure::Share(share) => {
            let shown = if share > 0.5 {
                Shown::Met
            } else if share > 0.0 {
                Shown::Open
            } else {
                Shown::NotMet
            };
            (shown, format!("{} % of {}", number(share * 100.0, 1), report.topic.words()))
        }
    }
}

/// One statement with its domain, what more is said of it, and its tool and file.
pub(super) fn one(filed: &FiledReport, shown: Shown, words: &str, more: &str) -> Measured {
    let (exhibit, report) = filed;
    let domain = report.domain.as_deref().map_or(String::new(), |d| format!(" for {d}"));
    let undated = if report.day.is_some() { "" } else { super::UNDATED };
    Measured {
        shown,
        detail: format!("{words}{domain}{more} ({}{undated}, {exhibit})", report.tool),
        evidence: vec![Evidence::Lines(*exhibit, report.lines.0, report.lines.1)],
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::super::tests::reported;
    use super::*;

    const TRAFFIC: &str = include_str!("../../../tests/data/snapshots/postmaster/trafficStats.v1.json");
    const STATUS: &str = include_str!("../../../tests/data/snapshots/postmaster/complianceStatus.v2.json");

    fn told(all: &[FiledReport], topic: Topic) -> Option<(Shown, String)> {
        Reports::of(&Case::bare("c"), all).measured(topic).map(|m| (m.shown, m.detail))
    }

    #[test]
    fn shares_of_a_day_are_told_with_it() {
        let all = reported(TRAFFIC);
        let (shown, detail) = told(&all, Topic::Dkim).expect("measured");
        assert_eq!(shown, Shown::Met);
        assert_eq!(
            detail,
            "99.9 % of mail that passed DKIM on 2026-11-23 for sender.example (Google Postmaster Tools, S03)"
        );
        assert_eq!(told(&all, Topic::Tls).map(|t| t.0), Some(Shown::Met));
        assert_eq!(told(&all, Topic::Ptr), None);
        let of = |share: &str| told(&reported(&TRAFFIC.replace("0.999", share)), Topic::Dkim).map(|t| t.0);
        assert_eq!([of("0.5"), of("0.0")], [Some(Shown::Open), Some(Shown::NotMet)]);
    }

    #[test]
    fn a_status_without_a_date_measures_nothing() {
        let mut all = reported(STATUS);
        let (shown, detail) = told(&all, Topic::Ptr).expect("told");
        assert!(shown == Shown::Open && detail.contains("undated"), "{detail}");
        let day = reported(TRAFFIC).first().and_then(|f| f.1.day);
        all.iter_mut().for_each(|f| f.1.day = day);
        assert_eq!(told(&all, Topic::Ptr).map(|t| t.0), Some(Shown::Met));
        let spam = Reports::of(&Case::bare("c"), &all).spam_rate().expect("measured");
        assert_eq!((spam.measured.shown, spam.figure), (Shown::NotMet, None));
    }

    #[test]
    fn domains_of_others_and_older_days_are_not_heard() {
        let mut case = Case::bare("c");
        case.sender.domains = vec!["other.example".to_owned()];
        assert!(Reports::of(&case, &reported(TRAFFIC)).measured(Topic::Dkim).is_none());
        let older = TRAFFIC.replace("20261123", "20261101").replace("0.999", "0.0");
        for both in [format!("{TRAFFIC}\n{older}"), format!("{older}\n{TRAFFIC}")] {
            assert_eq!(told(&reported(&both), Topic::Dkim).map(|t| t.0), Some(Shown::Met));
        }
    }
}
