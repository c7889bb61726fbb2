//! The rows of the list, and which of them a reply is in.
//!
//! Replies match on fragments of their text and on the enhanced code. The text decides, since
//! the codes of one text differ between Google's pages and on the wire (`421 5.7.32`; 4.7.31
//! and 4.7.40) and Google renumbers more often than it rewords; the codes choose among rows
//! that share a text (temporary and permanent forms) and put the listed number first.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::{Category, Meaning, Scope};
use crate::smtp::Reply;

/// What a reply means, by the row that fits it best.
///
/// A reply that the log cut after its first line (Sendmail) is in the rows that go on as it
/// ends; where they differ, so far as they agree.
#[must_use]
pub fn meaning_of(reply: &Reply) -> Meaning {
    let meaning = of_text(reply).or_else(|| reply.rule.as_deref().and_then(of_rule)).unwrap_or(UNKNOWN);
    if reply.is_of_administrator() {
        return Meaning { category: Category::RecipientPolicy, scope: Scope::NotApplicable, ..meaning };
    }
    meaning
}

/// The row of an id that [`meaning_of`] gave; nothing for one that the list does not have.
#[must_use]
pub fn row_id(id: &str) -> Option<&'static str> {
    ROWS.iter().map(|row| row.meaning.id).chain([UNKNOWN.id]).find(|known| *known == id)
}

const UNKNOWN: Meaning = Meaning { id: "-", category: Category::Unknown, scope: Scope::NotApplicable };

fn of_text(reply: &Reply) -> Option<Meaning> {
    let text = normalise(&reply.text);
    let fit_of = |row: &'static Row| row.fit(&text, reply).map(|fit| (fit, row));
    let mut fits = ROWS.iter().filter_map(fit_of);
    let first = fits.next()?;
    let (best, row) = fits.fold(first, |best, other| if other.0 > best.0 { other } else { best });
    if best.whole {
        return Some(row.meaning);
    }
    agreed(ROWS.iter().filter_map(fit_of).filter(|(fit, _)| !fit.whole && fit.codes == best.codes).map(|(_, row)| row))
}

/// The rows whose link Google put into a reply that it worded anew.
fn of_rule(rule: &str) -> Option<Meaning> {
    let meaning = agreed(ROWS.iter().filter(|row| row.rules.contains(&rule)))?;
    Some(Meaning { id: "-", ..meaning })
}

/// What several rows have in common.
fn agreed(mut rows: impl Iterator<Item = &'static Row>) -> Option<Meaning> {
    let first = rows.next()?.meaning;
    Some(rows.fold(first, |common, row| {
        let same_category = row.meaning.category == common.category;
        Meaning {
            id: "-",
            category: if same_category { common.category } else { Category::Unknown },
            scope: if row.meaning.scope == common.scope { common.scope } else { Scope::NotShown },
        }
    }))
}

/// How well a reply fits a row; the greatest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// 4: code and enhanced code are listed; 3: the enhanced code is; 2: its last two parts
    /// are; 1: the class of the code is; 0: none.
    codes: u8,
    /// Whether the whole fragment is in the text, not only the beginning of it at the text's end.
    whole: bool,
    /// How much of the text matched.
    length: usize,
}

/// One row, its fragments spelt out.
pub(super) struct Row {
    pub(super) alternatives: Vec<String>,
    /// Of each alternative, built once: building takes longer than looking.
    finders: Vec<Finder<'static>>,
    pub(super) codes: Vec<u16>,
    pub(super) enhanced: Vec<&'static str>,
    rules: Vec<&'static str>,
    pub(super) meaning: Meaning,
}

pub(super) static ROWS: LazyLock<Vec<Row>> =
    LazyLock::new(|| include_str!("../gmail-replies.tsv").lines().skip(1).filter_map(Row::parse).collect());

impl Row {
    fn parse(line: &'static str) -> Option<Self> {
        let mut cells = line.split('\t');
        let (id, code, enhanced, fragment) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        let (scope, category, _action, rules) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        let category = category_of(category, id);
        let alternatives: Vec<String> = fragment.split(" | ").flat_map(expand).collect();
        Some(Self {
            finders: alternatives.iter().map(|a| Finder::new(a.as_bytes()).into_owned()).collect(),
            alternatives,
            codes: code.split(" | ").filter_map(|c| c.parse().ok()).collect(),
            enhanced: enhanced.split(" | ").collect(),
            rules: rules.split("; ").collect(),
            meaning: Meaning { id, category, scope: scope_of(scope, category) },
        })
    }

    fn fit(&self, text: &str, reply: &Reply) -> Option<Fit> {
        let codes = self.fit_of_codes(reply);
        let found = self.finders.iter().filter(|finder| finder.find(text.as_bytes()).is_some());
        let whole = found.map(|finder| finder.needle().len()).max();
        if let Some(length) = whole {
            return Some(Fit { codes, whole: true, length });
        }
        // Google's replies end in a token: one without may be cut.
        if codes < 2 || reply.token.is_some() {
            return None;
        }
        let length = self.alternatives.iter().filter_map(|a| begun_at_end(text, a)).max()?;
        Some(Fit { codes, whole: false, length })
    }

    fn fit_of_codes(&self, reply: &Reply) -> u8 {
        let is_listed = reply.code.is_some_and(|code| self.codes.contains(&code));
        match reply.enhanced.as_deref() {
            Some(status) if self.enhanced.contains(&status) => 3 + u8::from(is_listed),
            Some(status) if self.enhanced.iter().any(|e| tail(e) == tail(status)) => 2,
            _ => u8::from(reply.code.is_some_and(|code| self.codes.iter().any(|c| c / 100 == code / 100))),
        }
    }
}

/// `4.7.28` → `.7.28`: the class differs between pages.
fn tail(enhanced: &str) -> &str {
    enhanced.get(1..).unwrap_or_default()
}

/// How much of a fragment the text ends with, if it ends at a blank of the fragment.
fn begun_at_end(text: &str, fragment: &str) -> Option<usize> {
    const LEAST: usize = 12;
    let blanks = fragment.match_indices(' ').map(|(at, _)| at).filter(|at| *at >= LEAST);
    blanks.rev().find(|at| text.ends_with(&fragment[..*at]))
}

/// Spells a fragment out: `m?` is "mail" (both words are normalised to it),
/// `{a|b}` one of several, `{a }` with or without.
fn expand(fragment: &str) -> Vec<String> {
    let Some((before, rest)) = fragment.split_once('{') else {
        return vec![fragment.replace("m?", "mail")];
    };
    let Some((choice, after)) = rest.split_once('}') else {
        return vec![fragment.to_owned()];
    };
    let options: Vec<&str> = if choice.contains('|') { choice.split('|').collect() } else { vec![choice, ""] };
    options.iter().flat_map(|o| expand(&format!("{before}{o}{after}"))).collect()
}

/// For matching only: lower case, typographic quotes straight, "email" and "e-mail" as "mail".
fn normalise(text: &str) -> String {
    text.to_lowercase().replace(['\u{2019}', '\u{2018}'], "'").replace("e-mail", "mail").replace("email", "mail")
}

/// Folds the list's finer words; which reader a category concerns decides.
fn category_of(word: &str, id: &str) -> Category {
    match (word, id) {
        // Limits of Google accounts and of the relay: such logs are not of MX delivery.
        ("rate", "R12") | ("system", "S11") | ("account-quota" | "auth-login", _) => Category::Account,
        ("session", "S04") | ("ok", _) => Category::Benign,
        ("rate" | "rate-block", _) => Category::Rate,
        ("system" | "system?" | "system/rate", _) => Category::System,
        ("mailbox-rate" | "mailbox-quota" | "user-unknown" | "user-disabled", _) => Category::Mailbox,
        ("reputation" | "content" | "content/spam" | "policy-ip", _) => Category::Reputation,
        ("auth" | "auth-spf" | "auth-dkim" | "auth-dmarc" | "auth-dns" | "auth-align" | "ptr" | "format", _) => {
            Category::Authentication
        }
        ("tls", _) => Category::TlsRequired,
        ("tls-policy" | "policy-recipient", _) => Category::RecipientPolicy,
        ("session/dos", _) => Category::Session,
        ("session" | "protocol" | "tls-protocol", _) => Category::SenderFault,
        ("size" | "loop", _) => Category::Message,
        _ => Category::Unknown,
    }
}

fn scope_of(word: &str, category: Category) -> Scope {
    match (word, category) {
        ("ip", Category::Rate | Category::Reputation) => Scope::Ip,
        ("netblock", _) => Scope::Netblock,
        ("dkim-domain", _) => Scope::DkimDomain,
        ("spf-domain", _) => Scope::SpfDomain,
        ("url-domain", _) => Scope::UrlDomain,
        ("message-id", _) => Scope::MessageId,
        ("unscoped", _) => Scope::Unscoped,
        _ => Scope::NotApplicable,
    }
}
