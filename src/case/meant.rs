//! What is meant: a case.yaml that was read, every text with its meaning.

use std::collections::BTreeMap;
use std::net::IpAddr;

use glob::{MatchOptions, Pattern};
use serde::Serialize;

use super::quantity::Quantity;
use crate::smtp::Lanes;
use crate::time::{Minute, Stamp, Window, Zone};

/// What the user said about an incident. Everything but the name may be unsaid.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// Names the output: `[a-z0-9-]+`, at most 64 characters, beginning with a letter or digit.
    pub name: String,
    /// One line that says what happened.
    pub title: Option<String>,
    /// When to look.
    pub window: Option<Window>,
    /// The window of case.yaml, where another was asked for in its place.
    pub overruled: Option<Window>,
    /// When all was well.
    pub healthy: Option<Window>,
    /// Who sends, and through whom.
    pub sender: Sender,
    /// Words about files, in the order of the file; see [`Case::rule_for`].
    pub sources: Vec<SourceRule>,
    /// Sending machines by name.
    pub nodes: BTreeMap<String, Node>,
    /// Syslog tag, transport, binding or private IP to public IP; `mta1/tag` is that of one node.
    pub sending_ips: BTreeMap<String, IpAddr>,
    /// The user's lanes, in the order of the file, before the built-in ones.
    pub lanes: Lanes,
    /// Campaign starts, as listed.
    pub launches: Vec<Launch>,
    /// Changes of configuration or infrastructure, as listed.
    pub changes: Vec<Change>,
    /// Milliseconds to add to the times of a source: of `logs`, `metrics` or `transcripts`, or
    /// of the files that a pattern names, as in `sources`.
    pub clocks: BTreeMap<String, i64>,
    /// What only the sender can vouch for.
    pub attest: Attest,
    /// What is hidden or kept beyond the rules.
    pub redact: Redact,
    /// How large each bundle may be.
    pub budgets: Budgets,
    /// Free text for each reader, as typed.
    pub notes: Notes,
    /// Mapping files by name; paths as typed, relative to the folder.
    pub mappings: BTreeMap<String, String>,
}

impl Case {
    /// The case of a folder without case.yaml, named after the folder.
    #[must_use]
    pub fn bare(folder: &str) -> Self {
        Self { name: name_from(folder), ..Self::default() }
    }

    /// Looks at another window than case.yaml says.
    pub fn look_at(&mut self, window: Window) {
        self.overruled = self.window.replace(window).filter(|own| *own != window);
    }

    /// The first source rule whose glob matches a path relative to the folder, with `/` between its parts.
    #[must_use]
    pub fn rule_for(&self, relative_path: &str) -> Option<&SourceRule> {
        let path = relative_path.strip_prefix("./").unwrap_or(relative_path);
        self.sources.iter().find(|rule| rule.path.matches_with(path, INSIDE_ONE_FOLDER))
    }

    /// Milliseconds to add to the times of a file of a kind: by a pattern that names it, else
    /// by its kind (`logs`, `metrics`, `transcripts`).
    #[must_use]
    pub fn moved_ms(&self, kind: &str, relative_path: &str) -> i64 {
        let named = self.clocks.iter().find(|(source, _)| is_named(source, relative_path));
        named.map(|(_, ms)| *ms).or_else(|| self.clocks.get(kind).copied()).unwrap_or_default()
    }

    /// The sources of `clocks` that are neither a kind nor the pattern of any of these files.
    pub fn idle_clocks<'a>(&'a self, files: &'a [String]) -> impl Iterator<Item = &'a str> {
        let sources = self.clocks.keys().map(String::as_str);
        let is_kind = |source: &&str| ["logs", "metrics", "transcripts"].contains(source);
        sources.filter(move |s| !is_kind(s) && !files.iter().any(|file| is_named(s, file)))
    }
}

/// Whether a pattern of case.yaml names a file.
fn is_named(pattern: &str, relative_path: &str) -> bool {
    let path = relative_path.strip_prefix("./").unwrap_or(relative_path);
    Pattern::new(pattern).is_ok_and(|pattern| pattern.matches_with(path, INSIDE_ONE_FOLDER))
}

/// `*` and `?` stop at `/`, and match names that begin with a dot.
const INSIDE_ONE_FOLDER: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// The longest case name: it becomes part of file names.
pub(super) const LONGEST_NAME: usize = 64;

/// The case name nearest to any text; `case` where nothing is left of it.
pub(super) fn name_from(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.truncate(LONGEST_NAME);
    let name = name.trim_end_matches('-');
    if name.is_empty() { "case".to_owned() } else { name.to_owned() }
}

/// Who sends, and through whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// The name of the organisation.
    pub organisation: Option<String>,
    /// Where the reader answers.
    pub contact: Option<String>,
    /// The sending domains, in small letters.
    pub domains: Vec<String>,
    /// The ESP or host.
    pub provider: Option<String>,
    /// The provider's ticket number.
    pub provider_case: Option<String>,
}

/// A word about the files that a glob matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRule {
    /// Which files: a glob over paths relative to the folder.
    pub path: Pattern,
    /// The machine that wrote them.
    pub node: Option<String>,
    /// The zone of their times.
    pub zone: Option<Zone>,
    /// What comes first in their dates: `day_first` or `month_first`.
    pub dates: Option<String>,
    /// Their format, one of [`super::Words::formats`].
    pub format: Option<String>,
    /// A name in [`Case::mappings`].
    pub mapping: Option<String>,
    /// CSV columns by their heading.
    pub columns: BTreeMap<String, Column>,
    /// What the machine was doing, one of [`super::Words::conditions`].
    pub condition: Option<String>,
    /// When a transcript was taken.
    pub taken: Option<Stamp>,
}

/// What a CSV column measures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// One of [`super::Words::signals`].
    pub signal: String,
    /// The unit as typed.
    pub unit: Option<String>,
}

/// A sending machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// The provider's name for it.
    pub provider_id: Option<String>,
    /// What it can do at most, by signal.
    pub limits: BTreeMap<String, Quantity>,
}

/// A campaign start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// When.
    pub at: Stamp,
    /// What the user calls it.
    pub name: Option<String>,
    /// How many messages it held.
    pub messages: Option<u64>,
}

/// A change of configuration or infrastructure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Stamp,
    /// From what to what.
    pub what: String,
}

/// What the sender says of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gate {
    /// It passes.
    Pass,
    /// It fails.
    Fail,
    /// The sender looked and cannot tell.
    Unknown,
}

/// What only the sender can vouch for; `None` is unsaid. The yes-or-no checks are Google's
/// conditions for help.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attest {
    /// The user-reported spam rate of Postmaster Tools.
    pub spam_rate: Option<SpamRate>,
    /// SPF.
    pub spf: Option<Gate>,
    /// DKIM.
    pub dkim: Option<Gate>,
    /// DMARC.
    pub dmarc: Option<Gate>,
    /// Promotional mail carries one-click unsubscribe (RFC 8058).
    pub one_click_unsubscribe: Option<bool>,
    /// Unsubscribes are honoured within 48 hours.
    pub unsubscribe_48h: Option<bool>,
    /// Sending IPs have a PTR record whose name leads back to them.
    pub ptr: Option<bool>,
    /// From: is aligned with the SPF or DKIM organisational domain.
    pub from_aligned: Option<bool>,
    /// Display names follow Google's rules.
    pub display_name: Option<bool>,
}

/// The user-reported spam rate on a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpamRate {
    /// In percent, 0 to 100.
    pub percent: f64,
    /// The first minute of the day, taken as UTC; print it with [`Minute::date`].
    pub day: Minute,
}

/// What is hidden or kept beyond the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redact {
    /// The sender's own domains, in small letters.
    pub own_domains: Vec<String>,
    /// Words that may be shown; never empty.
    pub allow: Vec<String>,
    /// Words that must never be shown; never empty.
    pub deny: Vec<String>,
    /// Recipient domains at Google Workspace that may be shown, in small letters.
    pub keep_workspace_domains: Vec<String>,
}

/// How large each bundle may be, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// The bundle for the ESP or host; 5 MB unless said.
    pub esp: u64,
    /// The bundle for Google; 1 MB unless said.
    pub google: u64,
}

impl Default for Budgets {
    fn default() -> Self {
        Self { esp: 5_000_000, google: 1_000_000 }
    }
}

/// Free text for each reader, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// For the ESP or host.
    pub esp: Option<String>,
    /// For Google.
    pub google: Option<String>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;
    use crate::case::{Words, read};

    #[test]
    fn a_folder_names_its_case() {
        for (folder, name) in [
            ("throttle", "throttle"),
            ("Gmail 2026_11_03", "gmail-2026-11-03"),
            ("--Ünï--", "n"),
            ("", "case"),
            ("日本", "case"),
            (&"x".repeat(99), &"x".repeat(64)),
        ] {
            assert_eq!(Case::bare(folder).name, name);
        }
    }

    #[test]
    fn the_first_rule_whose_glob_matches_wins() {
        let rules = "sources:\n\
            - {path: './logs/mta1*', node: one}\n\
            - {path: 'logs/**/*.log', node: any}\n\
            - {path: 'm?trics/[a-c]*.csv', node: set}\n\
            - {path: 'plain [1].txt', node: set2}\n";
        let case = read(rules, "x", &Words::default()).expect("valid");
        let node = |path: &str| case.rule_for(path).and_then(|r| r.node.as_deref());
        assert_eq!(node("logs/mta1.log"), Some("one"));
        assert_eq!(node("./logs/mta10"), Some("one"));
        assert_eq!(node("logs/mta1/x.log"), Some("any"), "`*` stays inside one folder");
        assert_eq!(node("logs/a/b/c.log"), Some("any"));
        assert_eq!(node("logs/c.log"), Some("any"), "`**` may be no folder at all");
        assert_eq!(node("metrics/cpu.csv"), Some("set"));
        assert_eq!(node("metrics/disk.csv"), None);
        assert_eq!(node("m/trics/cpu.csv"), None);
        assert_eq!(node("plain 1.txt"), Some("set2"));
        assert_eq!(node("LOGS/mta1.log"), None);
        assert!(Case::bare("x").rule_for("a").is_none());
    }
}
