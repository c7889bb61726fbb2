//! Raw to plan: each text gets its meaning, and each that has none is a problem.
//!
//! - `container` says how files are cut, and so what addresses there can be.
//! - `address` reads where a value stands.
//! - `fields` finds an order in which no field needs one that follows.
//! - `rules` reads conditions and verdicts.
//! - `claims` says what the source cannot show.

mod address;
mod claims;
mod container;
mod fields;
mod rules;

use std::collections::BTreeSet;

use super::pattern::pattern;
use super::plan::{Detect, NOT_KEPT, Plan, Target};
use super::raw::{RawExample, RawExploded, RawMapping, RawOrder, RawSelect, RawTime};
use super::time::{Form, TimeRule, ZoneRule};
use crate::case::{Code, Path, Slips, nearest};
use crate::smtp::Outcome;
use crate::time::Zone;

/// What a mapping file says, checked.
pub(super) struct Checked {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) provenance: String,
    pub(super) cannot_show: Vec<String>,
    pub(super) cannot_count: Vec<Outcome>,
    pub(super) counted_by: Vec<String>,
    /// Names of the mapping's own values, by their positions.
    pub(super) extras: Vec<String>,
    pub(super) plan: Plan,
}

/// What every check needs to know, and where it tells what it found.
pub(super) struct Checker<'a> {
    slips: &'a mut Slips,
    kind: Kind,
    /// Names of the columns that were asked for.
    columns: Vec<String>,
    /// Fields that the mapping defines.
    defined: BTreeSet<Target>,
    /// Names of the mapping's own values.
    extras: Vec<String>,
    /// How many patterns were read.
    patterns: usize,
}

/// What addresses there can be.
enum Kind {
    /// Columns by name or position.
    Rows,
    /// Values by position.
    Delimited,
    /// Pointers.
    Json,
    /// Groups of the pattern, by their positions.
    Lines(Vec<Option<String>>),
}

/// Checks a mapping. Nothing when it cannot even be cut into records.
pub(super) fn check(raw: RawMapping, examples: &[Option<RawExample>], slips: &mut Slips) -> Option<Checked> {
    let mut checker = Checker {
        slips,
        kind: Kind::Json,
        columns: Vec::new(),
        defined: BTreeSet::new(),
        extras: Vec::new(),
        patterns: 0,
    };
    checker.examples(examples);
    checker.mapping(raw)
}

/// Patterns that a mapping may hold: each takes memory of its own.
const MOST_PATTERNS: usize = 200;

/// Examples that a mapping must bring.
const FEWEST_EXAMPLES: usize = 3;

impl Checker<'_> {
    fn mapping(&mut self, raw: RawMapping) -> Option<Checked> {
        let top = Path::default();
        let id = self.head(&raw, &top);
        let container_at = top.key("container");
        let container = self.container(raw.container?, &container_at)?;
        self.define(&raw.fields, &raw.split, &top);
        let enveloped = container.syslog;
        let time = self.time(raw.time, enveloped, &top);
        let splits = self.splits(&raw.split, &top.key("split"));
        let fields = self.fields(raw.fields, &splits, &top);
        let detect = raw.detect.map(|d| {
            let at = top.key("detect");
            // Fields are not known when a file is recognised.
            Detect { all: self.whens(d.all, false, &at.key("all")), none: self.whens(d.none, false, &at.key("none")) }
        });
        let (keep, ignore, reasons) = self.select(raw.select, &top.key("select"));
        let selects_by_fields =
            keep.iter().chain(ignore.iter().filter_map(|(w, _)| w.as_ref())).any(rules::uses_fields);
        let rules = self.rules(raw.outcome, &top.key("outcome"));
        let collapse = self.each(raw.collapse, &top.key("collapse"), Self::collapse);
        let dedupe = self.each(raw.dedupe, &top.key("dedupe"), Self::part);
        let explode = self.each(raw.explode, &top.key("explode"), Self::list);
        let limits = raw.limits.unwrap_or_default();
        let plan = Plan {
            container: container.container,
            encoding: container.encoding,
            longest: self.limit(limits.max_record_bytes, 1 << 20, 64 << 20, &top.key("limits").key("max_record_bytes")),
            widest: self.limit(limits.max_columns, 256, 4096, &top.key("limits").key("max_columns")),
            detect: detect.filter(|d| !d.all.is_empty()),
            explode,
            recipients: raw.exploded == Some(RawExploded::Recipients),
            unordered: matches!(raw.order, Some(RawOrder::Reverse | RawOrder::Time)),
            keep,
            ignore,
            selects_by_fields,
            reasons,
            time: time?,
            fields,
            splits: splits.into_iter().map(|split| (split.from, split.pattern)).collect(),
            columns: std::mem::take(&mut self.columns),
            rules,
            collapse,
            dedupe,
        };
        let counted_by = self.counted_by(raw.counted_by, &id, &top.key("counted_by"));
        let (cannot_show, cannot_count) = self.claims(raw.claims, &plan, &top.key("claims"));
        Some(Checked {
            id,
            title: raw.title.unwrap_or_default(),
            provenance: raw.provenance.unwrap_or_default(),
            cannot_show,
            cannot_count,
            counted_by,
            extras: std::mem::take(&mut self.extras),
            plan,
        })
    }

    /// Version and name.
    fn head(&mut self, raw: &RawMapping, top: &Path) -> String {
        if raw.casefile_mapping.is_some_and(|version| version != 1) {
            let message = "this version reads mappings of version 1".to_owned();
            self.slips.at_value(
                &top.key("casefile_mapping"),
                Code::UnknownWord,
                message,
                "write `casefile_mapping: 1`",
            );
        }
        let id = raw.id.clone().unwrap_or_default();
        let letters = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if raw.id.is_some() && (id.is_empty() || !letters || id.starts_with('-') || id.len() > 64) {
            let message = format!("`{id}` cannot name a source: small letters, digits and hyphens, at most 64");
            self.slips.at_value(&top.key("id"), Code::BadName, message, "such as `our-export`");
        }
        let built_in = crate::formats::logs::LOG_FORMATS.iter().any(|format| format.name() == id);
        if built_in || id == "generic" {
            let message = format!("`{id}` is the name of a reader that is built in");
            self.slips.at_value(&top.key("id"), Code::BadName, message, "give your mapping another name");
        }
        id
    }

    /// Whether there are enough of them; what they say is looked at when all else is well.
    fn examples(&mut self, examples: &[Option<RawExample>]) {
        let examples: Vec<_> = examples.iter().flatten().collect();
        let deferrals = examples.iter().any(|e| e.expect.get("outcome").is_some_and(|o| o == "deferral"));
        if examples.len() < FEWEST_EXAMPLES || !deferrals {
            let message = "a mapping brings three real records or more, one of them a deferral".to_owned();
            let help = "`- {input: '…', expect: {outcome: deferral, minute: 2026-11-03T10:12Z}}`";
            self.slips.at_key(&Path::default().key("examples"), Code::MissingKey, message, help);
        }
    }

    /// Each item of a list that was shaped as it should be, with its own path.
    fn each<R, T>(
        &mut self,
        items: Vec<Option<R>>,
        path: &Path,
        mut one: impl FnMut(&mut Self, R, &Path) -> Option<T>,
    ) -> Vec<T> {
        let shaped = items.into_iter().enumerate().filter_map(|(n, item)| item.map(|item| (n, item)));
        shaped.filter_map(|(n, item)| one(self, item, &path.item(n))).collect()
    }

    fn limit(&mut self, value: Option<u64>, usual: usize, most: usize, path: &Path) -> usize {
        let Some(value) = value else { return usual };
        match usize::try_from(value).ok().filter(|v| (1..=most).contains(v)) {
            Some(value) => value,
            None => {
                self.slips.at_value(
                    path,
                    Code::BadQuantity,
                    format!("{value} is not between 1 and {most}"),
                    "leave it out",
                );
                usual
            }
        }
    }

    /// A pattern, or a problem.
    fn pattern(&mut self, text: &str, path: &Path) -> Option<regex::bytes::Regex> {
        self.patterns += 1;
        if self.patterns > MOST_PATTERNS {
            let message = format!("more than {MOST_PATTERNS} patterns");
            self.slips.at_value(path, Code::TooLarge, message, "put alternatives into one: `a|b`");
            return None;
        }
        match pattern(text) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                let help = "patterns match in linear time: no look-around and no back-references";
                self.slips.at_value(path, Code::BadPattern, format!("no pattern: {why}"), help);
                None
            }
        }
    }

    /// A problem with a word of a closed list.
    fn unknown_word<'w>(&mut self, word: &str, known: impl IntoIterator<Item = &'w str> + Clone, path: &Path) {
        let help = match nearest(word, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
        };
        self.slips.at_value(path, Code::UnknownWord, format!("`{word}` is no word here"), &help);
    }

    fn time(&mut self, raw: Option<RawTime>, enveloped: bool, top: &Path) -> Option<TimeRule> {
        let path = top.key("time");
        let Some(raw) = raw else {
            if !enveloped {
                let help = "`time: {field: …, formats: [rfc3339], zone: utc}`";
                self.slips.at_key(top, Code::MissingKey, "`time` is missing".to_owned(), help);
                return None;
            }
            return Some(TimeRule { fields: Vec::new(), forms: Vec::new(), zone: ZoneRule::Ask, fine: None });
        };
        let forms = self.each(raw.formats, &path.key("formats"), |c, name, at| match Form::named(&name) {
            Ok(form) => Some(form),
            Err(why) => {
                let help = "known: epoch_s, epoch_ms, epoch_us, epoch_float, rfc3339, strptime:FORM, auto";
                c.slips.at_value(at, Code::BadTime, format!("`{name}`: {why}"), help);
                None
            }
        });
        let fine = raw.resolution.and_then(|text| self.resolution(&text, &path.key("resolution")));
        let zone = self.zone(raw.zone.as_deref().unwrap_or("embedded"), &path.key("zone"));
        let several = raw.first_of.unwrap_or_default();
        if raw.field.is_none() && several.is_empty() {
            self.slips.at_key(&path, Code::MissingKey, "`field` is missing".to_owned(), "say where the time stands");
        }
        let mut fields = Vec::new();
        if let Some(field) = &raw.field {
            fields.extend(self.address(field, false, &path.key("field")));
        }
        fields.extend(self.each(several, &path.key("first_of"), |c, field, at| c.address(&field, false, at)));
        let forms = if forms.is_empty() { vec![Form::Auto] } else { forms };
        Some(TimeRule { fields, forms, zone, fine })
    }

    fn zone(&mut self, text: &str, path: &Path) -> ZoneRule {
        match text {
            "embedded" => ZoneRule::Embedded,
            "ask" => ZoneRule::Ask,
            name => match Zone::parse(name) {
                Ok(zone) => ZoneRule::Always(zone),
                Err(error) => {
                    let help = "write utc, ask, embedded, or a name such as America/New_York";
                    self.slips.at_value(path, Code::BadZone, error.to_string(), help);
                    ZoneRule::Ask
                }
            },
        }
    }

    /// Whether times are finer than a second.
    fn resolution(&mut self, text: &str, path: &Path) -> Option<bool> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = text[digits.len()..].trim();
        match (digits.trim().parse::<u32>(), unit) {
            (Ok(1..), "s" | "min" | "h") => Some(false),
            (Ok(1..), "ms" | "us" | "ns") => Some(true),
            _ => {
                let message = format!("`{text}` is no length of time");
                self.slips.at_value(path, Code::BadTime, message, "write `1s` or `1ms`");
                None
            }
        }
    }

    #[expect(clippy::type_complexity, reason = "three parts of one plan, taken apart at once")]
    fn select(
        &mut self,
        raw: Option<RawSelect>,
        path: &Path,
    ) -> (Option<super::plan::When>, Vec<(Option<super::plan::When>, usize)>, Vec<String>) {
        let Some(raw) = raw else { return (None, Vec::new(), vec![NOT_KEPT.to_owned()]) };
        let keep = raw.keep.and_then(|keep| self.when(keep, true, &path.key("keep")));
        let mut reasons: Vec<String> = Vec::new();
        let ignore = self.each(raw.ignore, &path.key("ignore"), |c, rule, at| {
            let conditional = rule.when.is_some();
            let when = rule.when.and_then(|w| c.when(w, true, &at.key("when")));
            let reason = rule.reason?;
            let known = reasons.iter().position(|r| *r == reason).unwrap_or_else(|| {
                reasons.push(reason);
                reasons.len() - 1
            });
            // A condition that was no condition must not leave out everything.
            (!conditional || when.is_some()).then_some((when, known))
        });
        reasons.push(NOT_KEPT.to_owned());
        (keep, ignore, reasons)
    }
}
