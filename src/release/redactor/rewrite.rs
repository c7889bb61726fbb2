//! The second pass: texts for one reader, every other byte as it was.

use std::ops::Range;

use super::Forbidden;
use super::embedded::{Embedded, embedded, mechanism};
use super::hosts::is_private;
use super::idn::canonical_domain;
use super::known::{DROPPED_LOCAL, Known, canonical_address};
use super::marks::{Mark, What, read};
use super::policy::{Action, Class, action};
use super::report::Counts;
use super::tokens::Collision;
use crate::release::{Audience, Redacted};

/// Rewriting stops when nothing changes any more; a text that does not settle is withheld.
const PASSES: usize = 6;
/// Stands for a line that could not be redacted.
const WITHHELD: &[u8] = b"[line withheld: it could not be redacted]";

/// Rewrites texts for one reader, after everything was learnt.
pub struct Redactor {
    known: Known,
    audience: Audience,
    forbidden: Vec<Forbidden>,
    unmatched_deny: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").field("audience", &self.audience).finish_non_exhaustive()
    }
}

impl Redactor {
    pub(super) const fn new(
        known: Known,
        audience: Audience,
        forbidden: Vec<Forbidden>,
        unmatched_deny: Vec<String>,
    ) -> Self {
        Self { known, audience, forbidden, unmatched_deny }
    }

    /// This redactor without one of its rules.
    #[cfg(test)]
    pub(crate) fn without(mut self, rule: super::marks::Rule) -> Self {
        self.known.off = Some(rule);
        self
    }

    /// Rewrites one text and counts what was taken, by class.
    ///
    /// Bytes outside the redacted spans are unchanged, lines stay lines, and rewriting
    /// the result again changes nothing. Bytes that are no UTF-8 are shown as `\xNN`, as
    /// the last step, since a text for a reader is UTF-8. A line that cannot be redacted is
    /// replaced by a note.
    ///
    /// # Errors
    /// [`Collision`] if two values would share a token: nothing may be published.
    pub fn rewrite(&self, text: &[u8], counts: &mut Counts) -> Result<Redacted, Collision> {
        let settled = self.settle(text.to_vec(), counts)?;
        let shown = readable(&settled);
        // A word may end where a broken byte stood: the shown text must settle as well.
        let shown =
            if shown.as_bytes() == settled { shown } else { readable(&self.settle(shown.into_bytes(), counts)?) };
        Ok(Redacted::new(shown))
    }

    /// A single value whose class is known, for tables and prose; none where this reader
    /// must not see the item at all.
    ///
    /// # Errors
    /// [`Collision`], as for [`Self::rewrite`].
    pub fn value(&self, class: Class, value: &str) -> Result<Option<Redacted>, Collision> {
        if matches!(action(class, self.audience), Action::Withhold | Action::Aggregate) {
            return Ok(None);
        }
        let made = match (class, value.rsplit_once('@')) {
            (Class::Recipient | Class::SenderLocal, Some((local, domain))) => self.address(local, domain, class)?,
            (Class::Recipient | Class::SenderLocal, None) => self.replacement(class, value)?,
            (Class::ConsumerDomain | Class::WorkspaceDomain | Class::CustomerDomain | Class::OwnDomain, _) => {
                Some(self.domain(value))
            }
            _ => self.replacement(class, value)?,
        };
        Ok(Some(Redacted::new(made.unwrap_or_else(|| value.to_owned()))))
    }

    /// All tokens given out so far, with their values, sorted: the lines of `keep/tokens.map`.
    #[must_use]
    pub fn published(&self) -> Vec<(String, String)> {
        self.known.tokens.published()
    }

    /// Everything learnt that must not be in this reader's bundle, sorted: input of the gate.
    #[must_use]
    pub fn forbidden(&self) -> &[Forbidden] {
        &self.forbidden
    }

    /// Words of the deny list that no text held: typing errors, perhaps.
    #[must_use]
    pub fn unmatched_deny(&self) -> &[String] {
        &self.unmatched_deny
    }

    /// Rewrites until nothing changes any more.
    fn settle(&self, mut text: Vec<u8>, counts: &mut Counts) -> Result<Vec<u8>, Collision> {
        for _ in 0..PASSES {
            let next = self.pass(&text, counts)?;
            if next == text {
                return Ok(text);
            }
            text = next;
        }
        // What still changes here changes with every pass: neither form can be trusted.
        let next = self.pass(&text, &mut Counts::default())?;
        let lines = text.split(|&b| b == b'\n').zip(next.split(|&b| b == b'\n'));
        let kept: Vec<&[u8]> = lines.map(|(a, b)| if a == b { a } else { WITHHELD }).collect();
        counts.add(Class::Other);
        Ok(kept.join(&b"\n"[..]))
    }

    fn pass(&self, text: &[u8], counts: &mut Counts) -> Result<Vec<u8>, Collision> {
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        let mut failed = None;
        read(text, &self.known, |marked| match self.line_edits(text, marked.marks, counts) {
            Ok(made) => edits.extend(made),
            Err(collision) => failed = Some(collision),
        });
        if let Some(collision) = failed {
            return Err(collision);
        }
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        for (span, new) in edits {
            out.extend_from_slice(text.get(at..span.start).unwrap_or_default());
            out.extend_from_slice(new.as_bytes());
            at = span.end;
        }
        out.extend_from_slice(text.get(at..).unwrap_or_default());
        Ok(out)
    }

    /// The edits of one line, in order and without overlap. The first mark on a byte wins;
    /// a later one still takes what is left of its span.
    fn line_edits(
        &self,
        text: &[u8],
        marks: Vec<Mark>,
        counts: &mut Counts,
    ) -> Result<Vec<(Range<usize>, String)>, Collision> {
        let mut taken: Vec<(Range<usize>, String)> = Vec::new();
        for mark in marks {
            let Some((class, new)) = self.edit(&mark)? else { continue };
            let pieces = uncovered(&mark.span, &taken);
            let same = text.get(mark.span.clone()) == Some(new.as_bytes());
            if !pieces.is_empty() && !same && !matches!(mark.what, What::Rest(_)) {
                counts.add(class);
            }
            let shown = std::iter::once(new).chain(std::iter::repeat(String::new()));
            taken.extend(pieces.into_iter().zip(shown));
            taken.sort_by_key(|(span, _)| span.start);
        }
        Ok(taken)
    }

    /// What a mark becomes, and the class it counts as; none if it stays.
    fn edit(&self, mark: &Mark) -> Result<Option<(Class, String)>, Collision> {
        let (class, new) = match &mark.what {
            What::Line(class) => {
                let gone = action(*class, self.audience) != Action::Keep;
                return Ok(gone.then(|| (*class, format!("[line removed: {}]", class.word()))));
            }
            What::Rest(of) => {
                let whole = Mark { span: mark.span.clone(), what: (**of).clone(), via: mark.via };
                return Ok(self.edit(&whole)?.map(|(class, _)| (class, String::new())));
            }
            What::Value { value, .. } if mark.via.is_none() && self.known.is_output(value) => return Ok(None),
            What::Value { class, value } => (*class, self.replacement(*class, value)?),
            What::Address { local, domain, .. } => {
                let class = if self.known.is_sender(local, domain) { Class::SenderLocal } else { Class::Recipient };
                (class, self.address(local, domain, class)?)
            }
        };
        let Some(new) = new else { return Ok(None) };
        let Some(kind) = mark.via else { return Ok(Some((class, new))) };
        // A whole blob goes; its marker names the value that was in it.
        let name = new.split('@').next().unwrap_or_default();
        let name = if name == DROPPED_LOCAL {
            class.word()
        } else {
            name.trim_start_matches("[redacted:").trim_end_matches(']')
        };
        Ok(Some((class, format!("[redacted:{kind}:{name}]"))))
    }

    /// What a value of a class becomes; none if it stays.
    fn replacement(&self, class: Class, value: &str) -> Result<Option<String>, Collision> {
        let marker = || format!("[redacted:{}]", class.word());
        Ok(Some(match action(class, self.audience) {
            Action::Keep => return Ok(None),
            Action::Token | Action::TokenKeepDomain => self.known.tokens.token(class, value)?,
            Action::Label => self.known.labels.get(&(class, value.to_owned())).cloned().unwrap_or_else(marker),
            // Without brackets: it stands where parsers want the inside of brackets. Those that
            // we send from are told apart.
            Action::DropValue if class == Class::PrivateIp => {
                let label = self.known.labels.get(&(class, value.to_owned()));
                label.cloned().unwrap_or_else(|| "private-ip".to_owned())
            }
            Action::Aggregate | Action::DropValue | Action::DropLine | Action::Withhold => marker(),
        }))
    }

    fn address(&self, local: &str, domain: &str, class: Class) -> Result<Option<String>, Collision> {
        let shown = self.domain(domain);
        Ok(match action(class, self.audience) {
            Action::Keep => None,
            Action::Token | Action::TokenKeepDomain => Some(format!("{}@{shown}", self.local(local, domain, class)?)),
            _ => Some(format!("{DROPPED_LOCAL}@{shown}")),
        })
    }

    /// A local part as tokens; one that carries a recipient keeps its form.
    fn local(&self, local: &str, domain: &str, class: Class) -> Result<String, Collision> {
        let tokens = &self.known.tokens;
        let met = |a: &str| a.rsplit_once('@').is_some_and(|(l, d)| self.known.is_known(l, d));
        let Some(Embedded { prefix, local: inner, domain: inner_domain, delimiter, domain_first }) =
            embedded(local, &met)
        else {
            return tokens.token(class, &canonical_address(local, domain));
        };
        let name =
            tokens.token(Class::Recipient, &canonical_address(&inner, inner_domain.as_deref().unwrap_or(domain)))?;
        let joint = prefix.chars().find(|c| !c.is_alphanumeric()).map_or_else(String::new, String::from);
        let prefix = match mechanism(&prefix) {
            Some(word) => format!("{word}{joint}"),
            None if prefix.is_empty() => prefix,
            None => format!("{}{joint}", tokens.token(Class::SenderLocal, &prefix)?),
        };
        Ok(match inner_domain.map(|d| self.domain(&d)) {
            None => format!("{prefix}{name}"),
            Some(domain) if domain_first => format!("{prefix}{domain}{delimiter}{name}"),
            Some(domain) => format!("{prefix}{name}{delimiter}{domain}"),
        })
    }

    /// A domain as this reader may see it.
    fn domain(&self, domain: &str) -> String {
        let canonical = canonical_domain(domain);
        let literal = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']')).map(|d| d.trim_start_matches("IPv6:"));
        if let Ok(ip) = literal.unwrap_or(domain).parse::<std::net::IpAddr>() {
            let hidden = is_private(ip) || !self.known.is_kept_ip(ip);
            return if hidden { "private-ip".to_owned() } else { domain.to_owned() };
        }
        if self.known.is_kept_domain(&canonical) {
            return domain.to_owned();
        }
        for class in [Class::WorkspaceDomain, Class::CustomerDomain, Class::Node] {
            if let Some(label) = self.known.labels.get(&(class, canonical.clone())) {
                let kept = action(class, self.audience) == Action::Keep;
                return if kept { domain.to_owned() } else { label.clone() };
            }
        }
        if self.known.outputs.contains(domain) { domain.to_owned() } else { "redacted-domain".to_owned() }
    }
}

/// The parts of a span that no edit has taken.
fn uncovered(span: &Range<usize>, taken: &[(Range<usize>, String)]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut at = span.start;
    for (other, _) in taken.iter().filter(|(other, _)| other.start < span.end && span.start < other.end) {
        if at < other.start {
            out.push(at..other.start);
        }
        at = at.max(other.end);
    }
    if at < span.end {
        out.push(at..span.end);
    }
    out
}

/// UTF-8, with each byte that is none as `\xNN`.
fn readable(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    out
}
