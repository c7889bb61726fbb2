//! What a source cannot show: what the mapping says, and what no field of it can hold.

use super::super::plan::{Plan, Target};
use super::super::raw::RawClaims;
use super::super::shipped::SHIPPED;
use super::Checker;
use crate::case::Path;
use crate::formats::logs::LOG_FORMATS;
use crate::smtp::Outcome;

/// Words of `absent`, and the sentences that reports print.
const ABSENT: &[(&str, &str)] = &[
    ("source_ip", "the sending IP of an attempt"),
    ("mx_host", "the name of the receiving host"),
    ("mx_ip", "the address of the receiving host"),
    ("recipient", "the recipient of an attempt"),
    ("rcpt_domain", "the recipient's domain"),
    ("reply", "the receiver's replies"),
    ("stage", "at which stage of a session an attempt failed"),
    ("tls", "whether a session used TLS"),
    ("tls_failures", "failed TLS handshakes"),
    ("connect_failures", "connections that did not come about"),
    ("deliveries", "deliveries"),
    ("deferrals", "deferrals: that it holds none is no sign that none happened"),
    ("rejections", "rejections"),
    ("attempts", "single attempts: its records are not one for each"),
    ("decider", "whether the receiver or the sender decided"),
    ("connection_order", "the order of events inside a session"),
    ("session", "which attempts shared a connection"),
];

/// The words of `absent` that leave an outcome without a count.
const UNCOUNTED: &[(&str, Outcome)] = &[
    ("tls_failures", Outcome::TlsFailure),
    ("connect_failures", Outcome::ConnectFailure),
    ("deliveries", Outcome::Delivered),
    ("deferrals", Outcome::Deferral),
    ("rejections", Outcome::Rejection),
];

impl Checker<'_> {
    /// The logs that count the same attempts: formats and mappings that casefile brings.
    pub(super) fn counted_by(&mut self, raw: Vec<Option<String>>, own: &str, path: &Path) -> Vec<String> {
        let formats = LOG_FORMATS.iter().map(|format| format.name());
        let words: Vec<_> = formats.chain(SHIPPED.iter().map(|m| m.id)).filter(|name| *name != own).collect();
        self.each(raw, path, |c, word, at| c.word_of(&word, &words, at).then_some(word))
    }

    /// The sentences, and the outcomes of which a count of none says nothing.
    pub(super) fn claims(&mut self, raw: Option<RawClaims>, plan: &Plan, path: &Path) -> (Vec<String>, Vec<Outcome>) {
        let (absent, caveat) = raw.map(|r| (r.absent, r.caveat)).unwrap_or_default();
        let words: Vec<_> = ABSENT.iter().map(|(word, _)| *word).collect();
        let mut said =
            self.each(absent, &path.key("absent"), |c, word, at| c.word_of(&word, &words, at).then_some(word));
        let mapped = |target: Target| plan.fields.iter().any(|f| f.target == target && f.may_show());
        let by_rules = |holds: fn(&super::super::plan::Verdict) -> bool| plan.rules.iter().any(|r| holds(&r.verdict));
        let known = [
            ("source_ip", mapped(Target::SourceIp) || mapped(Target::Tag)),
            ("mx_host", mapped(Target::MxHost)),
            ("rcpt_domain", mapped(Target::RcptDomain)),
            ("reply", mapped(Target::Reply)),
            ("stage", mapped(Target::Stage) || by_rules(|v| v.stage.is_some())),
            ("tls", mapped(Target::Tls) || by_rules(|v| v.tls.is_some())),
            // A mapping reads records one by one.
            ("connection_order", false),
        ];
        said.extend(known.iter().filter(|(_, known)| !known).map(|(word, _)| (*word).to_owned()));
        let sentences = ABSENT.iter().filter(|(word, _)| said.iter().any(|s| s == word)).map(|(_, s)| (*s).to_owned());
        let uncounted = UNCOUNTED.iter().filter(|(word, _)| said.iter().any(|s| s == word)).map(|(_, o)| *o).collect();
        (sentences.chain(caveat.into_iter().flatten()).collect(), uncounted)
    }
}
