//! What a receiver reports of a sender's requirement, by domain and day.

use serde::Serialize;

use crate::time::Minute;

/// A requirement of Google's on which a report may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Mail passes SPF.
    Spf,
    /// Mail passes DKIM.
    Dkim,
    /// Mail passes DMARC, or its record stands.
    Dmarc,
    /// From: is aligned.
    FromAligned,
    /// Names of the sending IPs lead there and back.
    Ptr,
    /// Mail comes over TLS.
    Tls,
    /// Spam that users report.
    SpamRate,
    /// One-click unsubscribe.
    OneClickUnsubscribe,
    /// Unsubscribes are honoured within 48 hours.
    Unsubscribe48h,
}

impl Topic {
    /// What is told of it, for a person.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Spf => "mail that passed SPF",
            Self::Dkim => "mail that passed DKIM",
            Self::Dmarc => "mail that passed DMARC",
            Self::FromAligned => "alignment of From:",
            Self::Ptr => "forward and reverse DNS",
            Self::Tls => "mail that came over TLS",
            Self::SpamRate => "spam that users reported",
            Self::OneClickUnsubscribe => "one-click unsubscribe",
            Self::Unsubscribe48h => "unsubscribe within 48 h",
        }
    }
}

/// What the report says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// A share of the day's mail, from 0 to 1.
    Share(f64),
    /// The receiver's own verdict: compliant or not.
    Verdict(bool),
}

/// One statement of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    /// On what.
    pub topic: Topic,
    /// Of which domain, in small letters; nothing where the report names none.
    pub domain: Option<String>,
    /// What it says.
    pub figure: Figure,
    /// The day, at its first minute; by the report's own word or case.yaml's.
    pub day: Option<Minute>,
    /// `Google Postmaster Tools`
    pub tool: &'static str,
    /// First and last line of the file that say it.
    pub lines: (u64, u64),
}

impl Reported {
    /// One line for the inspector.
    #[must_use]
    pub fn words(&self) -> String {
        let said = match self.figure {
            Figure::Share(share) => format!("{:.2} %", share * 100.0),
            Figure::Verdict(true) => "compliant".to_owned(),
            Figure::Verdict(false) => "needs work".to_owned(),
        };
        let domain = self.domain.as_deref().unwrap_or("a domain that it does not name");
        let day = self.day.map_or_else(|| "undated".to_owned(), Minute::date);
        format!("{} of {domain}: {said} ({}, {day}, line {})", self.topic.words(), self.tool, self.lines.0)
    }
}
