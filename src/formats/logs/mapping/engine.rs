//! One record to what it says of a delivery attempt: values, then a verdict.
//!
//! Nothing is allocated for a value that stands in the record as it is, and patterns run only
//! where the mapping has them.

use std::borrow::Cow;
use std::net::IpAddr;

use super::plan::{Address, Collapse, Field, Plan, Source, Target, Test, Verdict, When};
use super::record::Record;
use super::shape::{code_of, enhanced_of, number};
use crate::formats::logs::{Event, EventLine};
use crate::intake::Exhibit;
use crate::smtp::{By, Outcome, Stage, TlsUse};
use crate::time::Stamp;

/// The fields of one record.
pub(super) struct Values<'r>([Option<Cow<'r, [u8]>>; Target::SLOTS]);

impl<'r> Values<'r> {
    const fn none() -> Self {
        Self([const { None }; Target::SLOTS])
    }

    /// What a field holds; nothing where it is absent.
    pub(super) fn get(&self, target: Target) -> &[u8] {
        self.0.get(target.slot()).and_then(Option::as_deref).unwrap_or_default()
    }

    fn slot(&self, target: Target) -> Option<&Cow<'r, [u8]>> {
        self.0.get(target.slot())?.as_ref()
    }

    fn set(&mut self, target: Target, value: Option<Cow<'r, [u8]>>) {
        if let Some(slot) = self.0.get_mut(target.slot()) {
            *slot = value;
        }
    }
}

/// What a mapping makes of a record.
pub(super) enum Judged<'r> {
    /// A delivery attempt.
    Attempt(Box<Mapped<'r>>),
    /// Left out, for this one of [`Plan::reasons`].
    Ignored(usize),
    /// Neither kept nor left out.
    Unknown,
}

/// A delivery attempt, as far as its record tells.
pub(super) struct Mapped<'r> {
    pub(super) values: Values<'r>,
    pub(super) outcome: Outcome,
    pub(super) by: By,
    pub(super) stage: Stage,
    pub(super) tls: TlsUse,
    /// The receiver's reply, put together where the record keeps its parts.
    pub(super) reply: Cow<'r, [u8]>,
    /// Which words decided, where it is not the reply.
    pub(super) detail: Cow<'r, [u8]>,
    pub(super) weight: u32,
    pub(super) recipients: u32,
}

impl Plan {
    /// Judges a record.
    pub(super) fn judge<'r>(&self, record: &Record<'r>) -> Judged<'r> {
        let before = self.selects_by_fields.then(|| self.values(record));
        if let Some(judged) = self.select(record, before.as_ref()) {
            return judged;
        }
        let values = before.unwrap_or_else(|| self.values(record));
        let collapsed = self.collapse_of(record, &values).and_then(|c| c.verdict.as_ref());
        let rule = || self.rules.iter().find(|r| r.when.as_ref().is_none_or(|w| self.holds(w, record, Some(&values))));
        let Some(verdict) = collapsed.or_else(|| rule().map(|r| &r.verdict)) else { return Judged::Unknown };
        Judged::Attempt(Box::new(Mapped::new(values, verdict)))
    }

    /// Why a record is no attempt; nothing when it is one.
    fn select<'r>(&self, record: &Record<'r>, values: Option<&Values<'r>>) -> Option<Judged<'r>> {
        if self.keep.as_ref().is_some_and(|keep| self.holds(keep, record, values)) {
            return None;
        }
        let fits = |when: &Option<When>| when.as_ref().is_none_or(|w| self.holds(w, record, values));
        if let Some((_, reason)) = self.ignore.iter().find(|(when, _)| fits(when)) {
            return Some(Judged::Ignored(*reason));
        }
        match (&self.keep, self.ignore.is_empty()) {
            (None, _) => None,
            // The last reason is that of what is not kept.
            (Some(_), true) => Some(Judged::Ignored(self.reasons.len().saturating_sub(1))),
            (Some(_), false) => Some(Judged::Unknown),
        }
    }

    /// The burst that a record belongs to.
    pub(super) fn collapse_of(&self, record: &Record<'_>, values: &Values<'_>) -> Option<&Collapse> {
        self.collapse.iter().find(|c| self.holds(&c.when, record, Some(values)))
    }

    /// Whether a record looks like one of the mapping's source.
    pub(super) fn detects(&self, record: &Record<'_>) -> bool {
        self.detect.as_ref().is_some_and(|detect| {
            let holds = |when: &When| self.holds(when, record, None);
            detect.all.iter().all(holds) && !detect.none.iter().any(holds)
        })
    }

    fn values<'r>(&self, record: &Record<'r>) -> Values<'r> {
        let mut values = Values::none();
        // Groups of a split, found once for all fields that it gives.
        let mut split: Option<(usize, Cow<'r, [u8]>, regex::bytes::CaptureLocations)> = None;
        for field in &self.fields {
            let raw = match &field.source {
                Source::Nothing => None,
                Source::FirstOf(addresses) => addresses.iter().find_map(|a| self.find(a, record, &values)),
                Source::By(on, cases) => self.find(on, record, &values).and_then(|key| {
                    let (_, address) = cases.iter().find(|(case, _)| *case == *key.trim_ascii())?;
                    self.find(address, record, &values)
                }),
                Source::Split(at, group) => {
                    if split.as_ref().is_none_or(|(known, ..)| known != at) {
                        split = self.split(*at, record, &values);
                    }
                    split.as_ref().filter(|(known, ..)| known == at).and_then(|(_, text, groups)| {
                        let (start, end) = groups.get(*group)?;
                        Some(part_of(text, start, end))
                    })
                }
            };
            let value = raw.and_then(|raw| field.shape.apply(raw));
            values.set(field.target, value.or_else(|| field.shape.default.clone().map(Cow::Owned)));
        }
        values.derive();
        values
    }

    fn split<'r>(
        &self,
        at: usize,
        record: &Record<'r>,
        values: &Values<'r>,
    ) -> Option<(usize, Cow<'r, [u8]>, regex::bytes::CaptureLocations)> {
        let (address, pattern) = self.splits.get(at)?;
        let text = self.find(address, record, values)?;
        let mut groups = pattern.capture_locations();
        pattern.captures_read(&mut groups, &text)?;
        Some((at, text, groups))
    }

    fn find<'r>(&self, address: &Address, record: &Record<'r>, values: &Values<'r>) -> Option<Cow<'r, [u8]>> {
        match address {
            Address::Field(target) => values.slot(*target).cloned(),
            _ => record.value(address),
        }
    }

    /// The value at an address, fields included.
    pub(super) fn value_at<'v>(&self, address: &Address, record: &Record<'v>, values: &'v Values<'_>) -> Cow<'v, [u8]> {
        match address {
            Address::Field(target) => Cow::Borrowed(values.get(*target)),
            _ => record.value(address).unwrap_or_default(),
        }
    }

    fn holds(&self, when: &When, record: &Record<'_>, values: Option<&Values<'_>>) -> bool {
        match when {
            When::All(all) => all.iter().all(|w| self.holds(w, record, values)),
            When::Any(any) => any.iter().any(|w| self.holds(w, record, values)),
            When::Not(not) => !self.holds(not, record, values),
            When::Has(Address::Field(target)) => values.is_some_and(|v| !v.get(*target).is_empty()),
            When::Has(address) => record.has(address),
            When::Text(pattern) => pattern.is_match(record.text),
            When::Value(Address::Field(target), test) => {
                values.and_then(|v| v.slot(*target)).is_some_and(|value| test.passes(value))
            }
            When::Value(address, test) => record.value(address).is_some_and(|value| test.passes(&value)),
        }
    }
}

impl Test {
    fn passes(&self, value: &[u8]) -> bool {
        match self {
            Self::OneOf(words) => words.iter().any(|word| **word == *value.trim_ascii()),
            Self::Between(least, most) => number(value).is_some_and(|n| (*least..=*most).contains(&n)),
            Self::Matches(pattern) => pattern.is_match(value),
        }
    }
}

impl Field {
    /// The fields whose absence means that the source cannot show the thing.
    pub(super) fn may_show(&self) -> bool {
        !matches!(self.source, Source::Nothing) || self.shape.default.is_some()
    }
}

impl Values<'_> {
    /// Codes that no field gives are read off the reply.
    fn derive(&mut self) {
        let reply = self.get(Target::Reply);
        let code = code_of(reply).filter(|_| self.slot(Target::Code).is_none()).map(<[u8]>::to_vec);
        let enhanced = enhanced_of(reply).filter(|_| self.slot(Target::Enhanced).is_none()).map(<[u8]>::to_vec);
        if let Some(code) = code {
            self.set(Target::Code, Some(Cow::Owned(code)));
        }
        if let Some(enhanced) = enhanced {
            self.set(Target::Enhanced, Some(Cow::Owned(enhanced)));
        }
    }
}

fn part_of<'r>(text: &Cow<'r, [u8]>, start: usize, end: usize) -> Cow<'r, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(start..end).unwrap_or_default()),
        Cow::Owned(text) => Cow::Owned(text.get(start..end).unwrap_or_default().to_vec()),
    }
}

impl<'r> Mapped<'r> {
    fn new(values: Values<'r>, verdict: &Verdict) -> Self {
        let word = |target| std::str::from_utf8(values.get(target)).unwrap_or_default();
        let stage = Stage::from_word(word(Target::Stage)).filter(|s| *s != Stage::Unknown);
        let tls = TlsUse::from_word(word(Target::Tls)).filter(|t| *t != TlsUse::Unknown);
        let count = |target| number(values.get(target)).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        let answered = matches!(verdict.outcome, Outcome::Delivered | Outcome::Deferral | Outcome::Rejection);
        let text = |target| values.slot(target).cloned();
        let reply = if answered { whole_reply(&values) } else { Cow::default() };
        // Where nobody answered, the words are not a receiver's.
        let words = if answered { None } else { text(Target::Reply) };
        let reason = || (!verdict.reason.is_empty()).then(|| Cow::Owned(verdict.reason.clone()));
        let detail = text(Target::Detail).or(words).or_else(reason).unwrap_or_default();
        Self {
            outcome: verdict.outcome,
            by: verdict.by,
            stage: stage.or(verdict.stage).unwrap_or_else(|| usual_stage(verdict.outcome)),
            tls: tls.or(verdict.tls).unwrap_or(TlsUse::Unknown),
            reply,
            detail,
            weight: count(Target::Weight),
            recipients: count(Target::Recipients),
            values,
        }
    }

    /// The event. Addresses of hosts are told only where they are such.
    pub(super) fn event<'e>(
        &'e self,
        at: Stamp,
        exhibit: Exhibit,
        line: u64,
        node: &'e [u8],
        lines: &'e [EventLine<'e>],
    ) -> Event<'e> {
        let value = |target| self.values.get(target);
        let said_node = value(Target::Node);
        Event {
            outcome: self.outcome,
            by: self.by,
            stage: self.stage,
            tls: self.tls,
            reply: &self.reply,
            detail: &self.detail,
            mx_host: value(Target::MxHost),
            mx_ip: value(Target::MxIp),
            node: if said_node.is_empty() { node } else { said_node },
            tag: value(Target::Tag),
            source_ip: value(Target::SourceIp),
            session: value(Target::Session),
            queue_id: value(Target::QueueId),
            rcpt_domain: value(Target::RcptDomain),
            weight: self.weight,
            recipients: self.recipients,
            lasted_ms: number(value(Target::LastedMs)).and_then(|n| u32::try_from(n).ok()),
            lines,
            ..Event::at(at, exhibit, line)
        }
    }
}

/// Where an outcome falls by its meaning.
const fn usual_stage(outcome: Outcome) -> Stage {
    match outcome {
        Outcome::Delivered => Stage::EndOfData,
        Outcome::ConnectFailure => Stage::Connect,
        _ => Stage::Unknown,
    }
}

/// `451 4.7.652 text`: exports keep the code, the enhanced code and the text of one reply in
/// three places, or lack the code; all that reads replies wants them together.
fn whole_reply<'r>(values: &Values<'r>) -> Cow<'r, [u8]> {
    let text = values.slot(Target::Reply).cloned().unwrap_or_default();
    if code_of(&text).is_some() {
        return text;
    }
    let code = number(values.get(Target::Code)).filter(|code| (200..600).contains(code));
    let code = code.map(|code| code.to_string()).unwrap_or_default();
    let enhanced = values.get(Target::Enhanced);
    let enhanced = if enhanced_of(&text) == Some(enhanced) { b"" } else { enhanced };
    if code.is_empty() && (enhanced.is_empty() || text.is_empty()) {
        return text;
    }
    let parts = [code.as_bytes(), enhanced, &text];
    Cow::Owned(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(&b' '))
}

/// Whether a text is an IP address.
pub(super) fn is_ip(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|t| t.parse::<IpAddr>().is_ok())
}
