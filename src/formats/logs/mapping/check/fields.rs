//! Fields and splits, in an order in which none needs one that follows.

use std::collections::{BTreeMap, BTreeSet};

use regex::bytes::Regex;

use super::super::plan::{Address, Field, Kind as ValueKind, Shape, Source, Target};
use super::super::raw::{RawField, RawSplit, RawType};
use super::Checker;
use crate::case::{Code, Path};
use crate::smtp::{Stage, TlsUse};

/// A value that one pattern takes apart.
pub(super) struct Split {
    pub(super) from: Address,
    pub(super) pattern: Regex,
    /// Its groups that are fields, with their positions.
    groups: Vec<(Target, usize)>,
}

impl Checker<'_> {
    /// Learns which fields there are, so that others may name them.
    pub(super) fn define(&mut self, fields: &BTreeMap<String, RawField>, splits: &[Option<RawSplit>], top: &Path) {
        for name in fields.keys() {
            self.define_one(name, &top.key("fields").key(name));
        }
        for (n, split) in splits.iter().enumerate().take(super::MOST_PATTERNS) {
            let Some(pattern) = split.as_ref().and_then(|s| s.regex.as_deref()) else { continue };
            // A pattern that is none is told when the split is read.
            let Ok(pattern) = super::pattern(pattern) else { continue };
            let path = top.key("split").item(n).key("regex");
            for name in pattern.capture_names().flatten() {
                // Group names hold no dots.
                let name = match Target::named(name) {
                    Some(_) => name.to_owned(),
                    None => format!("extra.{name}"),
                };
                if fields.contains_key(&name) {
                    let message = format!("`{name}` is given twice: by this group and under `fields`");
                    self.slips.at_value(&path, Code::DuplicateKey, message, "keep one of them");
                }
                self.define_one(&name, &path);
            }
        }
    }

    fn define_one(&mut self, name: &str, path: &Path) {
        if let Some(target) = self.target(name) {
            self.defined.insert(target);
        } else if name.starts_with("extra.") && name.len() > 6 {
            if self.extras.len() >= Target::MOST_EXTRA {
                let message = format!("more than {} values of the mapping's own", Target::MOST_EXTRA);
                self.slips.at_key(path, Code::TooLarge, message, "leave out those that no rule looks at");
                return;
            }
            self.defined.insert(Target::Extra(self.extras.len() as u8));
            self.extras.push(name.to_owned());
        } else {
            let known = Target::NAMED.iter().map(|(_, name)| *name);
            let help = match crate::case::nearest(name, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    format!("a value of your own is `extra.{name}`; known: {}", known.collect::<Vec<_>>().join(", "))
                }
            };
            self.slips.at_key(path, Code::UnknownKey, format!("`{name}` is no field"), &help);
        }
    }

    pub(super) fn splits(&mut self, raw: &[Option<RawSplit>], path: &Path) -> Vec<Split> {
        let mut found = Vec::new();
        for (n, split) in raw.iter().enumerate().filter_map(|(n, split)| Some((n, split.as_ref()?))) {
            let at = path.item(n);
            let (Some(from), Some(regex)) = (&split.from, &split.regex) else { continue };
            let from = self.address(from, true, &at.key("from"));
            let pattern = self.pattern(regex, &at.key("regex"));
            let (Some(from), Some(pattern)) = (from, pattern) else { continue };
            let names = pattern.capture_names().enumerate().filter_map(|(n, name)| Some((n, name?)));
            let target = |name: &str| self.target(name).or_else(|| self.target(&format!("extra.{name}")));
            let groups: Vec<_> = names.filter_map(|(n, name)| Some((target(name)?, n))).collect();
            if groups.is_empty() {
                let message = "the pattern has no named group".to_owned();
                self.slips.at_value(
                    &at.key("regex"),
                    Code::BadPattern,
                    message,
                    "name them after fields: `(?P<mx_host>\\S+)`",
                );
            }
            found.push(Split { from, pattern, groups });
        }
        found
    }

    pub(super) fn fields(&mut self, raw: BTreeMap<String, RawField>, splits: &[Split], top: &Path) -> Vec<Field> {
        let mut found: Vec<(Field, Path)> = Vec::new();
        for (name, field) in raw {
            let path = top.key("fields").key(&name);
            if let Some(target) = self.target(&name).filter(|target| self.defined.contains(target))
                && let Some(field) = self.field(target, field, &path)
            {
                found.push((field, path));
            }
        }
        for (n, split) in splits.iter().enumerate() {
            let fields = split.groups.iter().map(|(target, group)| {
                let shape = self.shape(*target, RawField::default(), top);
                Field { target: *target, source: Source::Split(n, *group), shape }
            });
            let path = top.key("split").item(n);
            let fields: Vec<_> = fields.map(|field| (field, path.clone())).collect();
            found.extend(fields);
        }
        self.ordered(found, splits)
    }

    fn field(&mut self, target: Target, raw: RawField, path: &Path) -> Option<Field> {
        let given = [raw.from.is_some(), raw.first_of.is_some(), raw.by.is_some()];
        if given.iter().filter(|g| **g).count() > 1 {
            let message = "one of `from`, `first_of` and `by` says where a value stands".to_owned();
            self.slips.at_key(path, Code::BadAddress, message, "keep one of them");
            return None;
        }
        let source = if let Some(from) = &raw.from {
            if from.is_empty() {
                Source::Nothing
            } else {
                Source::FirstOf(vec![self.other(target, from, &path.key("from"))?])
            }
        } else if let Some(several) = &raw.first_of {
            let several = several.clone();
            let at = path.key("first_of");
            Source::FirstOf(self.each(several, &at, |c, text, at| c.other(target, &text, at)))
        } else if let Some(by) = &raw.by {
            let at = path.key("by");
            let Some(on) = by.get("field") else {
                let help = "`by: {field: '#4', D: '#11', T: '#12'}`";
                self.slips.at_key(&at, Code::MissingKey, "`field` is missing".to_owned(), help);
                return None;
            };
            let on = self.other(target, on, &at.key("field"))?;
            let cases = by.iter().filter(|(case, _)| *case != "field");
            let cases = cases
                .filter_map(|(case, text)| Some((case.as_bytes().to_vec(), self.other(target, text, &at.key(case))?)));
            Source::By(on, cases.collect())
        } else {
            Source::Nothing
        };
        let shape = self.shape(target, raw, path);
        Some(Field { target, source, shape })
    }

    /// An address in a field: its own name is not itself, but a column of that name.
    fn other(&mut self, target: Target, text: &str, path: &Path) -> Option<Address> {
        let own = self.target(text) == Some(target);
        self.address(text, !own, path)
    }

    fn shape(&mut self, target: Target, raw: RawField, path: &Path) -> Shape {
        let pattern = raw.regex.and_then(|text| self.pattern(&text, &path.key("regex")));
        let words: Option<&[&str]> = match target {
            Target::Stage => Some(&STAGES),
            Target::Tls => Some(&TLS),
            _ => None,
        };
        if let Some(words) = words {
            for (from, to) in raw.map.iter().flatten() {
                self.word_of(to, words, &path.key("map").key(from));
            }
            if let Some(default) = &raw.default {
                self.word_of(default, words, &path.key("default"));
            }
        }
        let range = raw.range.and_then(|range| self.range(&range, &path.key("range")));
        let bytes = |text: String| text.into_bytes();
        Shape {
            join: raw.join.map_or_else(|| b" ".to_vec(), bytes),
            pattern,
            strip: raw.strip.map(bytes).unwrap_or_default(),
            lower: raw.lower.unwrap_or_default(),
            map: raw.map.map(|m| m.into_iter().map(|(from, to)| (bytes(from), bytes(to))).collect()),
            kind: raw.kind.map_or_else(|| usual_kind(target), kind),
            range,
            default: raw.default.filter(|d| !d.is_empty()).map(bytes),
        }
    }

    /// A word of ours, or a problem with the nearest one.
    pub(super) fn word_of(&mut self, word: &str, known: &[&str], path: &Path) -> bool {
        let fits = known.contains(&word);
        if !fits {
            match SYNONYMS.iter().find(|(theirs, ours)| *theirs == word && known.contains(ours)) {
                Some((_, ours)) => {
                    let message = format!("`{word}` is no word here");
                    self.slips.at_value(path, Code::UnknownWord, message, &format!("did you mean `{ours}`?"));
                }
                None => self.unknown_word(word, known.iter().copied(), path),
            }
        }
        fits
    }

    /// Two numbers, the second not the smaller.
    pub(super) fn range(&mut self, range: &[Option<u64>], path: &Path) -> Option<(u64, u64)> {
        match *range {
            [Some(least), Some(most)] if least <= most => Some((least, most)),
            _ => {
                let message = "a range is two numbers, the larger one last".to_owned();
                self.slips.at_value(path, Code::BadQuantity, message, "such as `[400, 499]`");
                None
            }
        }
    }

    /// The fields, each after those it needs.
    fn ordered(&mut self, mut left: Vec<(Field, Path)>, splits: &[Split]) -> Vec<Field> {
        let mut known: BTreeSet<Target> = BTreeSet::new();
        let mut ordered: Vec<Field> = Vec::new();
        while !left.is_empty() {
            let given: BTreeSet<Target> = left.iter().map(|(field, _)| field.target).collect();
            // What no field gives will never be known, and is waited for by none.
            let ready = |(field, _): &(Field, Path)| {
                needs(field, splits).iter().all(|t| known.contains(t) || !given.contains(t))
            };
            let (now, later): (Vec<_>, Vec<_>) = left.into_iter().partition(ready);
            if now.is_empty() {
                for (_, path) in &later {
                    let message = "this field needs another that needs this one".to_owned();
                    self.slips.at_key(path, Code::BadAddress, message, "read one of them from the record itself");
                }
                break;
            }
            for (field, _) in now {
                known.insert(field.target);
                ordered.push(field);
            }
            left = later;
        }
        ordered
    }
}

/// The fields that a field is made of.
fn needs(field: &Field, splits: &[Split]) -> Vec<Target> {
    let addresses: Vec<&Address> = match &field.source {
        Source::Nothing => Vec::new(),
        Source::FirstOf(several) => several.iter().collect(),
        Source::By(on, cases) => std::iter::once(on).chain(cases.iter().map(|(_, address)| address)).collect(),
        Source::Split(at, _) => splits.get(*at).map(|split| &split.from).into_iter().collect(),
    };
    addresses.into_iter().filter_map(|a| if let Address::Field(t) = a { Some(*t) } else { None }).collect()
}

const fn usual_kind(target: Target) -> ValueKind {
    match target {
        Target::RcptDomain => ValueKind::Domain,
        Target::SourceIp | Target::MxIp => ValueKind::Ip,
        Target::MxHost => ValueKind::Host,
        Target::Code | Target::Attempt | Target::Weight | Target::Recipients | Target::LastedMs => ValueKind::Int,
        _ => ValueKind::Text,
    }
}

const fn kind(raw: RawType) -> ValueKind {
    match raw {
        RawType::Text => ValueKind::Text,
        RawType::Int => ValueKind::Int,
        RawType::Ip => ValueKind::Ip,
        RawType::Seconds => ValueKind::Seconds,
    }
}

macro_rules! words_of {
    ($name:ident, $of:ident) => {
        /// All its words.
        pub(super) const $name: [&str; $of::ALL.len()] = {
            let mut words = [""; $of::ALL.len()];
            let mut n = 0;
            while n < words.len() {
                words[n] = $of::ALL[n].word();
                n += 1;
            }
            words
        };
    };
}
pub(super) use words_of;

words_of!(STAGES, Stage);
words_of!(TLS, TlsUse);

/// Words that others use for ours.
const SYNONYMS: &[(&str, &str)] = &[
    ("bounce", "rejection"),
    ("bounced", "rejection"),
    ("hard_bounce", "rejection"),
    ("soft_bounce", "deferral"),
    ("sent", "delivered"),
    ("delivery", "delivered"),
    ("local_policy", "local"),
    ("local_throttle", "local"),
    ("used", "established"),
    ("not_used", "none"),
    ("not_offered", "none"),
    ("dns", "connect"),
    ("rset", "quit"),
];
