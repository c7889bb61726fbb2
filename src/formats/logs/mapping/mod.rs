//! Mappings: delivery event logs read as a YAML file says, without code.
//!
//! ```text
//! YAML ─▶ raw ─ check ─▶ plan
//! file ─▶ cut ─▶ record ─▶ engine (values, then a verdict) ─▶ reader ─▶ events
//! ```
//!
//! `raw` is what people type, `check` gives it its meaning with all problems at once, and
//! `plan` is what the rest works by. A mapping has no code: its patterns match in linear time,
//! its records and all that is remembered of them are bounded. `shipped` are the mappings that
//! casefile brings; `trial` holds each mapping to its own examples. `docs/MAPPINGS.md` tells
//! how to write one.

mod burst;
mod check;
mod cut;
mod encoding;
mod engine;
mod json;
mod pattern;
mod plan;
mod raw;
mod reader;
mod record;
mod seen;
mod shape;
mod shipped;
mod survey;
#[cfg(test)]
mod tests;
mod time;
mod trial;
mod walk;

pub use shipped::{SHIPPED, Shipped, shipped};
pub use trial::Trial;

use super::{LogFormat, LogReader, Note, Opening, Survey};
use crate::case::{Code, Path, Problems, typed};
use crate::formats::{Accounting, Head};
use crate::smtp::Outcome;
use plan::Plan;
use raw::RawMapping;

/// A mapping that was read: one more log format.
pub struct Mapping {
    id: String,
    title: String,
    provenance: String,
    cannot_show: Vec<String>,
    cannot_count: Vec<Outcome>,
    counted_by: Vec<String>,
    trials: Vec<Trial>,
    plan: Plan,
}

/// The JSON Schema of mapping files (draft 2020-12) with a description of every key, indented.
#[must_use]
pub fn schema_json() -> String {
    format!("{:#}\n", schemars::schema_for!(RawMapping).to_value())
}

/// Of the records by which a file is recognised so many in five must fit.
const FITTING_IN_FIVE: usize = 4;

impl Mapping {
    /// Reads a mapping file and tries it on its own examples.
    ///
    /// # Errors
    /// All problems of the file at once; an example that does not hold is one.
    pub fn read(text: &str) -> Result<Self, Problems> {
        let (mut raw, mut slips) = typed::<RawMapping>(text)?;
        let examples = std::mem::take(&mut raw.examples);
        let checked = check::check(raw, &examples, &mut slips);
        // Of a mapping with other problems the examples would only repeat them.
        let Some(checked) = checked.filter(|_| slips.is_clean()) else {
            if slips.is_clean() {
                let message = "the mapping does not say how its files are read".to_owned();
                slips.at_key(&Path::default(), Code::MissingKey, message, "see `container`, `time` and `outcome`");
            }
            return Err(slips.problems());
        };
        let trials = trial::examples(&checked.plan, &checked.extras, &examples, &mut slips);
        let check::Checked { id, title, provenance, cannot_show, cannot_count, counted_by, plan, .. } = checked;
        slips.end(Self { id, title, provenance, cannot_show, cannot_count, counted_by, trials, plan })
    }

    /// Its name in outputs.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What its source is, in a few words; its name where it does not say.
    #[must_use]
    pub fn title(&self) -> &str {
        if self.title.is_empty() { &self.id } else { &self.title }
    }

    /// How the shape of its records is known.
    #[must_use]
    pub fn provenance(&self) -> &str {
        &self.provenance
    }

    /// How many of a file's first records fit, and how many were looked at; nothing where the
    /// mapping does not say how to tell.
    #[must_use]
    pub fn fitting(&self, head: Head<'_>) -> Option<(usize, usize)> {
        self.plan.detect.as_ref().map(|_| survey::fitting(&self.plan, head))
    }

    /// What such a file cannot show.
    #[must_use]
    pub fn silent_on(&self) -> &[String] {
        &self.cannot_show
    }

    /// Its examples, with what they say.
    #[must_use]
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// A reader that can also tell what it left out.
    #[must_use]
    pub fn telling_reader(&self, opening: Opening) -> TellingReader {
        TellingReader(Box::new(reader::MappedLog::new(&self.plan, opening)))
    }
}

/// A reader that can also tell what it left out.
pub struct TellingReader(Box<reader::MappedLog>);

impl TellingReader {
    /// Itself, to read with.
    pub fn reader(&mut self) -> &mut dyn LogReader {
        &mut *self.0
    }

    /// Where the records went so far.
    #[must_use]
    pub fn accounting(&self) -> Accounting {
        self.0.accounting()
    }

    /// How many records were left out, by reason.
    #[must_use]
    pub fn ignored(&self) -> Vec<(String, u64)> {
        self.0.ignored().map(|(reason, n)| (reason.to_owned(), n)).collect()
    }
}

impl LogFormat for Mapping {
    fn name(&self) -> &str {
        &self.id
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let (fitting, all) = self.fitting(head)?;
        (fitting > 0 && fitting * 5 >= all * FITTING_IN_FIVE)
            .then(|| format!("{fitting} of its first {all} records fit the mapping `{}`", self.id))
    }

    fn cannot_show(&self) -> Vec<&str> {
        self.cannot_show.iter().map(String::as_str).collect()
    }

    fn not_seen(&self, seen: &dyn Fn(Note) -> bool) -> Vec<String> {
        let rows = [
            ("deferral", "deferrals: these files hold none, which is no sign that none happened"),
            ("delivered", "deliveries: these files hold none, which is no sign that none happened"),
        ];
        let missing = rows.iter().filter(|(word, _)| !seen(Note::Seen(word)));
        let known =
            |sentence: &&str| self.cannot_show.iter().any(|s| s.split(':').next() == sentence.split(':').next());
        missing.map(|(_, sentence)| *sentence).filter(|s| !known(s)).map(str::to_owned).collect()
    }

    fn cannot_count(&self, seen: &dyn Fn(Note) -> bool) -> Vec<Outcome> {
        let missing = [Outcome::Deferral, Outcome::Delivered].into_iter().filter(|o| !seen(Note::Seen(o.word())));
        self.cannot_count.iter().copied().chain(missing).collect()
    }

    fn stands_alone(&self) -> bool {
        true
    }

    fn counted_by(&self) -> Vec<&str> {
        self.counted_by.iter().map(String::as_str).collect()
    }

    fn survey(&self, head: Head<'_>) -> Survey {
        survey::survey(&self.plan, head)
    }

    fn asks_for_zone(&self) -> bool {
        !self.plan.time.fields.is_empty() && self.plan.time.zone == time::ZoneRule::Ask
    }

    fn reader(&self, opening: Opening) -> Box<dyn LogReader + Send> {
        Box::new(reader::MappedLog::new(&self.plan, opening))
    }
}
