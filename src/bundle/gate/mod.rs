//! The leak gate: independent eyes on the finished bytes.
//!
//! It knows nothing of how the redactor works. It undoes each container's own escaping
//! (`containers`), decodes what may be encoded, two layers deep (`windows`), looks for every
//! value that must not be there (`values`), and for what gives itself away by its form
//! (`detect`, with `addresses` and `secrets`). A hit means that nothing is published; there is no override, only an explicit
//! `allow:` in case.yaml, which `redaction.json` lists.

mod addresses;
mod containers;
mod detect;
mod reading;
mod secrets;
mod values;
mod windows;

#[cfg(test)]
mod mutations;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::BundleError;
use super::archive::{beside, read_zip};
use reading::{Reading, is_joined};
use values::Values;
use windows::{Trust, joined, pieces, windows};

/// Layers of encodings that are undone.
const DEPTH: usize = 2;

/// A value that must not occur.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Forbidden {
    /// What it is: `recipient`.
    pub class: &'static str,
    /// The value.
    pub value: String,
    /// Where it counts.
    pub stands: Stands,
}

impl std::fmt::Debug for Forbidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Forbidden").field("class", &self.class).finish_non_exhaustive()
    }
}

/// Where a value counts as found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stands {
    /// Inside other words too.
    Anywhere,
    /// Where no letter or digit stands beside its ends.
    Word,
    /// As a word; and one of letters alone, which may be any word (`root cause`), only where
    /// names of accounts stand.
    Name,
}

/// Where something was found. Never what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// What was found: `recipient`, `private key`.
    pub class: &'static str,
    /// Which entry; `(names)` for entry names, `(comment)` for what a zip holds beside its files.
    pub entry: String,
    /// Line in the entry, from 1.
    pub line: usize,
    /// Column in the line, from 1, in bytes.
    pub column: usize,
}

impl std::fmt::Display for Hit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}, line {}, column {}", self.class, self.entry, self.line, self.column)
    }
}

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// Values that must not occur in any form.
    pub forbidden: Vec<Forbidden>,
    /// What may stand in plain sight: whole words, addresses, and domains of addresses (`@example.com`).
    pub allowed: Vec<String>,
    /// Addresses of private networks must not occur.
    pub no_private_ips: bool,
}

impl Gate {
    /// Looks through a finished zip.
    ///
    /// # Errors
    /// [`BundleError::Leak`] with every hit; or when the zip cannot be read.
    pub fn inspect(&self, zip: &[u8]) -> Result<(), BundleError> {
        let mut hits = self.hits(&read_zip(zip)?)?;
        let values = self.values()?;
        self.look("(comment)", &Reading::plain(&beside(zip)), &values, &mut hits);
        if hits.is_empty() { Ok(()) } else { Err(BundleError::Leak(hits)) }
    }

    /// Everything found in files and their names, in order.
    ///
    /// # Errors
    /// When there are more values than can be looked for.
    pub fn hits(&self, files: &[(String, Vec<u8>)]) -> Result<Vec<Hit>, BundleError> {
        let values = self.values()?;
        let mut hits = Vec::new();
        for (name, bytes) in files {
            self.look("(names)", &Reading::plain(name.as_bytes()), &values, &mut hits);
            for reading in containers::readings(name, bytes) {
                let mut found = Vec::new();
                self.look(name, &reading, &values, &mut found);
                if let Some(pieces) = pieces(&reading) {
                    self.look(name, &pieces, &values, &mut found);
                }
                if let Some(joined) = joined(&reading) {
                    self.look_for_values(name, &joined, &values, &mut found);
                }
                place(&mut found, bytes);
                hits.extend(found);
            }
        }
        hits.sort();
        hits.dedup();
        Ok(hits)
    }

    fn values(&self) -> Result<Values<'_>, BundleError> {
        Values::new(&self.forbidden).map_err(|e| BundleError::Gate(e.to_string()))
    }

    /// A text, and what its windows say.
    fn look(&self, entry: &str, reading: &Reading, values: &Values<'_>, hits: &mut Vec<Hit>) {
        self.look_at(entry, reading, Trust::Meant, values, hits);
        self.look_through(entry, reading, Trust::Meant, DEPTH, values, hits);
    }

    fn look_at(&self, entry: &str, reading: &Reading, trust: Trust, values: &Values<'_>, hits: &mut Vec<Hit>) {
        let mut hit = |class, span: &Range<usize>| hits.push(at(class, entry, reading.source(span.start)));
        for (span, value) in values.find(&reading.text, trust) {
            if !self.covers(&reading.text, &span) {
                hit(value.class, &span);
            }
        }
        for (class, span) in detect::detect(&reading.text, trust) {
            let allowed = self.covers(&reading.text, &span)
                || (class == detect::ADDRESS && self.is_of_allowed_domain(reading.part(span.clone())));
            if !allowed {
                hit(class, &span);
            }
        }
        if self.no_private_ips && trust == Trust::Meant {
            for (class, span) in detect::private_hosts(&reading.text) {
                if !self.covers(&reading.text, &span) {
                    hit(class, &span);
                }
            }
        }
    }

    fn look_through(
        &self,
        entry: &str,
        reading: &Reading,
        trust: Trust,
        depth: usize,
        values: &Values<'_>,
        hits: &mut Vec<Hit>,
    ) {
        windows(reading, |window, guessed| {
            let trust = if trust == Trust::Guessed { trust } else { guessed };
            let before = hits.len();
            self.look_at(entry, window, trust, values, hits);
            if depth > 1 && (trust == Trust::Meant || is_mostly_text(&window.text)) {
                self.look_through(entry, window, trust, depth - 1, values, hits);
            }
            hits.len() > before
        });
    }

    /// Values alone, in a text whose lines were joined: lines that only follow one another
    /// make addresses of no one.
    fn look_for_values(&self, entry: &str, reading: &Reading, values: &Values<'_>, hits: &mut Vec<Hit>) {
        let only = |reading: &Reading, trust: Trust, hits: &mut Vec<Hit>| {
            let before = hits.len();
            for (span, value) in values.find(&reading.text, trust) {
                if !self.covers(&reading.text, &span) {
                    hits.push(at(value.class, entry, reading.source(span.start)));
                }
            }
            hits.len() > before
        };
        only(reading, Trust::Meant, hits);
        windows(reading, |window, trust| only(window, trust, hits));
    }

    /// Whether a stretch lies inside something that is allowed, written whole.
    fn covers(&self, text: &[u8], span: &Range<usize>) -> bool {
        self.allowed.iter().map(|a| a.trim().as_bytes()).filter(|a| !a.is_empty()).any(|allowed| {
            let from = span.end.saturating_sub(allowed.len());
            (from..=span.start).any(|start| {
                let end = start + allowed.len();
                let whole = !is_joined(text, start) && !is_joined(text, end);
                whole && text.get(start..end).is_some_and(|t| t.eq_ignore_ascii_case(allowed))
            })
        })
    }

    fn is_of_allowed_domain(&self, address: &[u8]) -> bool {
        let of = |allowed: &str| {
            let end = address.len().checked_sub(allowed.len()).filter(|at| *at > 0);
            end.and_then(|at| address.get(at..)).is_some_and(|t| t.eq_ignore_ascii_case(allowed.as_bytes()))
        };
        self.allowed.iter().map(|a| a.trim()).filter(|a| a.starts_with('@')).any(of)
    }
}

/// Whether a decoded run is worth decoding again.
fn is_mostly_text(text: &[u8]) -> bool {
    let shown = text.iter().filter(|b| b.is_ascii_graphic() || **b == b' ').count();
    text.len() >= 8 && shown * 10 >= text.len() * 8
}

/// A hit whose line is still to be counted: its column holds the offset.
fn at(class: &'static str, entry: &str, offset: usize) -> Hit {
    Hit { class, entry: entry.to_owned(), line: 1, column: offset + 1 }
}

/// Line and column of each hit, from its offset.
fn place(hits: &mut [Hit], bytes: &[u8]) {
    for hit in hits {
        let before = bytes.get(..hit.column - 1).unwrap_or(bytes);
        hit.line = memchr::memchr_iter(b'\n', before).count() + 1;
        hit.column -= memchr::memrchr(b'\n', before).map_or(0, |n| n + 1);
    }
}
