//! What one file of settings, versions or answers gives.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;

use super::dns::Answer;
use super::mta_sts::StsPolicy;
use super::reported::Reported;
use crate::formats::Accounting;
use crate::time::{Minute, Stamp};

/// Lines that no rule understood, of which a place is kept.
const SAMPLES: usize = 5;

/// Which MTA a setting is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mta {
    /// Postfix.
    Postfix,
    /// Exim.
    Exim,
}

/// One setting, as a file states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Whose.
    pub mta: Mta,
    /// The service or transport that it is for; empty for the MTA as a whole.
    pub service: String,
    /// Its name, in the MTA's own words.
    pub name: String,
    /// Its value as written; empty is a value too.
    pub value: String,
    /// What the value means.
    pub means: Means,
    /// Line of the file.
    pub line: u64,
}

/// What a value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// Words, or a value that refers to others.
    Text,
    /// A number of things, and which.
    Count(u64, &'static str),
    /// A time span.
    Seconds(u64),
    /// Yes or no.
    Flag(bool),
    /// An address.
    Address(IpAddr),
}

impl Means {
    /// The unit of a number.
    #[must_use]
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::Count(_, unit) => Some(unit),
            Self::Seconds(_) => Some("seconds"),
            Self::Text | Self::Flag(_) | Self::Address(_) => None,
        }
    }

    /// The number, where it is one.
    #[must_use]
    pub const fn number(self) -> Option<u64> {
        match self {
            Self::Count(n, _) | Self::Seconds(n) => Some(n),
            Self::Text | Self::Flag(_) | Self::Address(_) => None,
        }
    }
}

/// How many processes a service may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processes {
    /// As many as `default_process_limit` says.
    Default,
    /// So many; 0 is no limit.
    Limit(u64),
    /// Not stated.
    Unknown,
}

/// A service of master.cf, or a transport of Exim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Whose.
    pub mta: Mta,
    /// `ip1`
    pub name: String,
    /// The program: `smtp`; empty where the file does not say.
    pub program: String,
    /// How many at a time.
    pub processes: Processes,
    /// Line of the file.
    pub line: u64,
}

/// What a version is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// The MTA.
    Mta,
    /// The TLS library that the MTA itself says it runs with.
    TlsLibrary,
    /// The `openssl` command of the node, and the library that it loaded.
    Openssl,
}

/// A version that a file states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Software {
    /// What it is.
    pub component: Component,
    /// `Postfix`, `OpenSSL`
    pub name: String,
    /// `3.7.11`; empty where only the name is stated.
    pub version: String,
    /// When it was released or built, as written.
    pub dated: Option<String>,
    /// Line of the file.
    pub line: u64,
}

impl Software {
    /// `OpenSSL 3.0.19`
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} {}", self.name, self.version).trim_end().to_owned()
    }
}

/// What one file gives.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// When it was taken, where its text tells.
    pub taken: Option<Stamp>,
    /// The host, by its own word.
    pub host: Option<String>,
    /// Versions, in order of line.
    pub software: Vec<Software>,
    /// Settings, in order of line.
    pub settings: Vec<Setting>,
    /// Services and transports, in order of line.
    pub services: Vec<Service>,
    /// DNS answers, in order of line.
    pub answers: Vec<Answer>,
    /// What a receiver reports, in order of line.
    pub reports: Vec<Reported>,
    /// MTA-STS policies.
    pub policies: Vec<StsPolicy>,
    /// Settings and records that were not taken, because they are not on the list.
    pub left_out: u64,
    /// Where its lines went.
    pub accounting: Accounting,
    /// Sentences for the inspector.
    pub notes: Vec<String>,
    /// Places of the first lines that no rule understood (at most 5).
    pub unrecognised: Vec<(u64, String)>,
    /// Addresses under names of the user's own, for settings that refer to them.
    pub(super) addresses: BTreeMap<String, IpAddr>,
}

impl Snapshot {
    /// Adds what a later stretch of the same file gives.
    pub(super) fn join(&mut self, later: Self) {
        self.taken = self.taken.or(later.taken);
        self.host = self.host.take().or(later.host);
        self.software.extend(later.software);
        self.settings.extend(later.settings);
        self.services.extend(later.services);
        self.answers.extend(later.answers);
        self.reports.extend(later.reports);
        self.policies.extend(later.policies);
        self.left_out += later.left_out;
        self.accounting.add(later.accounting);
        self.notes.extend(later.notes);
        self.unrecognised.extend(later.unrecognised);
        self.unrecognised.truncate(SAMPLES);
        self.addresses.extend(later.addresses);
    }

    /// Whether it is of a machine; what the DNS says is of none.
    #[must_use]
    pub const fn is_of_node(&self) -> bool {
        let says = !self.software.is_empty() || !self.settings.is_empty() || !self.services.is_empty();
        says || self.host.is_some()
    }

    /// Gives a date from outside to what has none of its own.
    pub fn date(&mut self, outer: Option<Stamp>) {
        self.taken = self.taken.or(outer);
        for answer in &mut self.answers {
            answer.taken = answer.taken.or(outer);
        }
        for report in &mut self.reports {
            report.day = report.day.or(outer.map(Stamp::minute));
        }
    }

    /// The first and the last moment that it is of.
    #[must_use]
    pub fn moments(&self) -> Option<(Stamp, Stamp)> {
        let days = || self.reports.iter().filter_map(|r| r.day).map(Minute::start);
        let all = || self.answers.iter().filter_map(|a| a.taken).chain(days()).chain(self.taken);
        Some((all().min()?, all().max()?))
    }

    /// Counts lines that are part of a value.
    pub(super) const fn used(&mut self, lines: u64) {
        self.accounting.read += lines;
        self.accounting.used += lines;
    }

    /// Counts lines that are understood and say nothing here.
    pub(super) const fn irrelevant(&mut self, lines: u64) {
        self.accounting.read += lines;
        self.accounting.irrelevant += lines;
    }

    /// Counts lines that no rule understood; `shown` stands for the first of them.
    pub(super) fn not_understood(&mut self, line: u64, lines: u64, shown: String) {
        self.accounting.read += lines;
        self.accounting.unrecognised += lines;
        if self.unrecognised.len() < SAMPLES {
            self.unrecognised.push((line, shown));
        }
    }

    /// Whether nothing was taken from the text.
    pub(super) const fn is_empty(&self) -> bool {
        self.software.is_empty() && self.settings.is_empty() && self.services.is_empty() && self.left_out == 0
    }
}
