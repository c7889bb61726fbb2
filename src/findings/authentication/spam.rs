//! User-reported spam: Google ends its help at 0.3 %, gives it back after seven days below, and
//! asks senders to stay below 0.1 % (support.google.com/a/answer/14229414, 2026-06-18).

use std::collections::BTreeMap;

use super::reports::{FiledReport, Reports, one};
use super::{Measured, Shown};
use crate::findings::number;
use crate::time::Minute;

/// From here on Google does not help.
pub(in crate::findings) const HELP_ENDS: f64 = 0.003;
/// Google asks senders to stay below.
const KEEP_BELOW: f64 = 0.001;
/// So many days in a row must be below.
const WEEK: i32 = 7;

/// The rate, as measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::findings) struct Spam {
    pub(in crate::findings) measured: Measured,
    /// `0.04 % on 2026-11-23`, of the worst domain.
    pub(in crate::findings) figure: Option<String>,
}

impl Reports<'_> {
    /// What the reports show: the newest day of each domain and the week up to it.
    pub(in crate::findings) fn spam_rate(&self) -> Option<Spam> {
        let (domains, verdicts) = self.spam();
        let mut worst: Option<(f64, String)> = None;
        let mut shares: Option<Measured> = None;
        for days in domains.values() {
            let Some((newest, (share, _))) = days.last_key_value() else { continue };
            let figure = format!("{} % on {}", number(share * 100.0, 2), newest.date());
            shares = Measured::either(shares, of_domain(days, &figure));
            if worst.as_ref().is_none_or(|(held, _)| share > held) {
                worst = Some((*share, figure));
            }
        }
        let measured = Measured::either(shares, verdicts)?;
        Some(Spam { measured, figure: worst.map(|(_, figure)| figure) })
    }
}

/// One domain: its newest day, and the worst of the week up to it.
fn of_domain(days: &BTreeMap<Minute, (f64, &FiledReport)>, figure: &str) -> Option<Measured> {
    let (newest, (share, filed)) = days.last_key_value()?;
    let week = days.range(newest.plus((1 - WEEK) * 1440)..);
    let (reported, mut worst) = (week.clone().count(), (newest, share, filed));
    for (day, (share, filed)) in week {
        if share > worst.1 {
            worst = (day, share, filed);
        }
    }
    let (day, most, at) = worst;
    let before = if day == newest {
        String::new()
    } else {
        format!(
            "; at most {} % on {} among the {reported} of the {WEEK} days up to then that are reported",
            number(most * 100.0, 2),
            day.date()
        )
    };
    let (shown, rule) = match (*most, *share) {
        (HELP_ENDS.., ..HELP_ENDS) => (Shown::NotMet, "; help comes back after seven days in a row below 0.3 %"),
        (HELP_ENDS.., _) => (Shown::NotMet, "; Google does not help at 0.3 % and above"),
        (KEEP_BELOW.., _) => (Shown::Met, "; Google asks for less than 0.1 %"),
        _ => (Shown::Met, ""),
    };
    let mut told = one(filed, shown, &format!("{figure} of user-reported spam"), &format!("{before}{rule}"));
    if day != newest {
        told.evidence.extend(one(at, shown, "", "").evidence);
    }
    Some(told)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::super::tests::reported;
    use super::*;
    use crate::case::Case;

    /// What a table of days shows: each line a day and a percentage.
    fn told(rows: &str) -> (Shown, String, Option<String>) {
        let table = format!("date,domain,user-reported spam rate\n{rows}");
        let spam = Reports::of(&Case::bare("c"), &reported(&table)).spam_rate().expect("measured");
        (spam.measured.shown, spam.measured.detail, spam.figure)
    }

    #[test]
    fn the_newest_day_and_the_week_up_to_it_count() {
        let (shown, detail, figure) = told("2026-11-22,a.example,0.04%\n2026-11-23,a.example,0.05%\n");
        assert_eq!((shown, figure.as_deref()), (Shown::Met, Some("0.05 % on 2026-11-23")));
        assert_eq!(detail, "0.05 % on 2026-11-23 of user-reported spam for a.example (Google Postmaster Tools, S03)");
        let (shown, detail, _) = told("2026-11-17,a.example,0.30%\n2026-11-23,a.example,0.05%\n");
        assert_eq!(shown, Shown::NotMet);
        assert!(detail.contains("at most 0.30 % on 2026-11-17 among the 2 of the 7 days"), "{detail}");
        assert!(detail.contains("help comes back after seven days"), "{detail}");
        // Of two reports on one day the worse counts, whichever comes last.
        for rows in [
            "2026-11-23,a.example,0.30%\n2026-11-23,a.example,0.05%\n",
            "2026-11-23,a.example,0.05%\n2026-11-23,a.example,0.30%\n",
        ] {
            assert_eq!(told(rows).0, Shown::NotMet);
        }
        // Eight days ago is no day of the week up to then.
        assert_eq!(told("2026-11-16,a.example,0.30%\n2026-11-23,a.example,0.05%\n").0, Shown::Met);
    }

    #[test]
    fn the_thresholds_are_those_that_google_documents() {
        let of = |percent: &str| {
            let (shown, detail, _) = told(&format!("2026-11-23,a.example,{percent}%\n"));
            (shown, detail.contains("less than 0.1 %"), detail.contains("at 0.3 % and above"))
        };
        assert_eq!(of("0.09"), (Shown::Met, false, false));
        assert_eq!(of("0.1"), (Shown::Met, true, false));
        assert_eq!(of("0.29"), (Shown::Met, true, false));
        assert_eq!(of("0.3"), (Shown::NotMet, false, true));
    }

    #[test]
    fn one_domain_above_is_enough() {
        let (shown, _, figure) = told("2026-11-23,a.example,0.01%\n2026-11-23,b.example,0.5%\n");
        assert_eq!((shown, figure.as_deref()), (Shown::NotMet, Some("0.50 % on 2026-11-23")));
    }
}
