//! What Google requires of a sender before it helps, and how each item is known.
//!
//! Source: Email sender guidelines FAQ (support.google.com/a/answer/14229414, 2026-06-18).

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::authentication::{Answers, HELP_ENDS, Measured, Reports, Shown, Spam};
use super::replies::{ReplyGroup, in_clear};
use super::{Evidence, Node, Value};
use crate::case::{Attest, Gate};
use crate::formats::snapshots::Topic;
use crate::smtp::Category;

/// How an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Replies, DNS answers or Google's reports show that it is not met, or the sender says so.
    NotMet,
    /// Logs, DNS answers or Google's reports show it.
    Measured,
    /// The user says so, in case.yaml.
    Attested,
    /// Neither measured nor attested.
    Unknown,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::NotMet => "not met",
            Self::Measured => "measured",
            Self::Attested => "attested",
            Self::Unknown => "unknown",
        }
    }
}

/// One requirement, with its state.
#[derive(Clone, Debug)]
pub(super) struct Requirement {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) state: State,
    pub(super) detail: String,
    /// The number that a line about it has room for.
    figure: Option<String>,
    evidence: Vec<Evidence>,
}

/// All requirements, in Google's order.
/// `sending` are the sending IPs of the logs, and how many more are not known;
/// `tls_use` is the number of accepted sessions with TLS, of all accepted.
pub(super) fn requirements(
    attest: &Attest,
    answers: &Answers<'_>,
    reports: &Reports<'_>,
    sending: &(BTreeSet<IpAddr>, usize),
    replies: &[ReplyGroup],
    tls_use: (u64, u64),
    lost_handshakes: u64,
) -> Vec<Requirement> {
    let complaints = |codes: &[&str]| -> u64 {
        let of = |g: &&ReplyGroup| {
            g.category == Category::Authentication && g.enhanced_tail().is_some_and(|tail| codes.contains(&tail))
        };
        replies.iter().filter(of).map(|g| g.attempts).sum()
    };
    let tls: u64 = replies.iter().filter(|g| g.category == Category::TlsRequired).map(|g| g.attempts).sum();
    let retries = in_clear(replies, lost_handshakes);
    let with = |answered, topic| Measured::either(answered, reports.measured(topic));
    let spf = with(answers.spf(), Topic::Spf);
    let dkim = with(answers.dkim(), Topic::Dkim);
    let dmarc = with(answers.dmarc(), Topic::Dmarc);
    let aligned = with(None, Topic::FromAligned);
    let ptr = with(answers.ptr(&sending.0, sending.1), Topic::Ptr);
    let one_click = with(None, Topic::OneClickUnsubscribe);
    let honoured = with(None, Topic::Unsubscribe48h);
    vec![
        gate("spf", "SPF", said(attest.spf), complaints(&["7.27", "7.24"]), spf),
        gate("dkim", "DKIM", said(attest.dkim), complaints(&["7.30"]), dkim),
        gate("dmarc", "DMARC", said(attest.dmarc), complaints(&["7.31", "7.40", "7.26"]), dmarc),
        gate("from_aligned", "From: aligned", attest.from_aligned, complaints(&["7.32"]), aligned),
        gate("ptr", "PTR with forward match", attest.ptr, complaints(&["7.23", "7.25"]), ptr),
        gate("tls", "TLS", None, tls - retries, with(tls_of(tls, retries, tls_use), Topic::Tls)),
        spam_rate(attest, reports.spam_rate()),
        gate("one_click_unsubscribe", "one-click unsubscribe", attest.one_click_unsubscribe, 0, one_click),
        gate("unsubscribe_48h", "unsubscribe within 48 h", attest.unsubscribe_48h, 0, honoured),
    ]
}

const fn said(attested: Option<Gate>) -> Option<bool> {
    match attested {
        Some(Gate::Pass) => Some(true),
        Some(Gate::Fail) => Some(false),
        Some(Gate::Unknown) | None => None,
    }
}

/// Replies stand above what was measured, that above what is attested; where they differ, it is said.
fn gate(
    id: &'static str,
    title: &'static str,
    attested: Option<bool>,
    complaints: u64,
    measured: Option<Measured>,
) -> Requirement {
    let stated = || Evidence::Stated(format!("attest.{id}"));
    let mut parts = Vec::new();
    let mut evidence = Vec::new();
    if complaints > 0 {
        parts.push(format!("{} replies say it is not met", super::grouped(complaints)));
        evidence.push(Evidence::Table("replies", id.to_owned()));
    }
    let shown = measured.as_ref().map(|m| m.shown);
    let state = match (complaints, shown, attested) {
        (1.., ..) | (0, Some(Shown::NotMet), _) | (0, _, Some(false)) => State::NotMet,
        (0, Some(Shown::Met), _) => State::Measured,
        (0, _, Some(true)) => State::Attested,
        (0, _, None) => State::Unknown,
    };
    if let Some(measured) = measured {
        parts.push(measured.detail);
        evidence.extend(measured.evidence);
    }
    match (attested, complaints, shown) {
        (Some(true), 0, None | Some(Shown::Open)) => parts.insert(0, "attested by the sender".to_owned()),
        (Some(true), _, Some(Shown::NotMet)) => {
            parts.push("the sender attests that it is met, which this contradicts".to_owned())
        }
        (Some(true), 0, Some(Shown::Met)) => parts.push("attested by the sender too".to_owned()),
        (Some(false), _, Some(Shown::Met)) => parts.push("the sender says all the same that it is not met".to_owned()),
        (Some(false), 0, _) => parts.insert(0, "the sender says it is not met".to_owned()),
        _ => {}
    }
    if parts.is_empty() {
        parts.push("neither measured nor attested".to_owned());
    }
    // What is attested is no evidence of what replies say.
    if attested.is_some() && (complaints == 0 || shown.is_some()) {
        evidence.push(stated());
    }
    Requirement { id, title, state, detail: parts.join("; "), figure: None, evidence }
}

/// TLS is required; the logs show how many accepted sessions had it, where they write TLS lines.
/// Of the complaints, `retries` came in clear because a handshake before them was lost.
fn tls_of(complaints: u64, retries: u64, (with, all): (u64, u64)) -> Option<Measured> {
    let followed = (retries > 0).then(|| Measured {
        shown: Shown::Open,
        detail: format!(
            "{} replies for want of TLS follow at least as many lost handshakes (retries in clear)",
            super::grouped(retries)
        ),
        evidence: vec![Evidence::Table("replies", "tls".to_owned())],
    });
    if complaints > retries || with == 0 {
        return followed;
    }
    let detail = format!("{} of accepted sessions show TLS in the log", Value::Share(with, all, "sessions").text());
    let evidence = vec![Evidence::Table("minutes_by_lane", "lane gmail".to_owned())];
    Measured::either(Some(Measured { shown: Shown::Met, detail, evidence }), followed)
}

/// User-reported spam: help ends at 0.3 %, and comes back after seven days below.
fn spam_rate(attest: &Attest, measured: Option<Spam>) -> Requirement {
    let attested = attest.spam_rate.as_ref();
    let below = attested.map(|rate| rate.percent < HELP_ENDS * 100.0);
    let told = attested.map(|rate| format!("{} % on {}", super::number(rate.percent, 2), rate.day.date()));
    let (measured, figure) = measured.map_or((None, None), |s| (Some(s.measured), s.figure));
    let shown = measured.as_ref().map(|m| m.shown);
    let state = match (shown, below) {
        (Some(Shown::NotMet), _) => State::NotMet,
        (Some(Shown::Met), _) => State::Measured,
        (_, Some(true)) => State::Attested,
        (_, Some(false)) => State::NotMet,
        (_, None) => State::Unknown,
    };
    let mut parts: Vec<String> = told.iter().map(|told| format!("attested {told}")).collect();
    let mut evidence: Vec<_> = told.iter().map(|_| Evidence::Stated("attest.spam_rate".to_owned())).collect();
    if let Some(measured) = measured {
        let met = measured.shown == Shown::Met;
        parts.insert(0, measured.detail);
        evidence.splice(0..0, measured.evidence);
        if measured.shown != Shown::Open && below.is_some_and(|below| below != met) {
            parts.push("which this contradicts".to_owned());
        }
    }
    if parts.is_empty() {
        parts.push("neither measured nor attested".to_owned());
    }
    let figure = if state == State::Attested { told } else { figure };
    let (id, title) = ("spam_rate", "user-reported spam below 0.3 %");
    Requirement { id, title, state, detail: parts.join("; "), figure, evidence }
}

impl Requirement {
    pub(super) fn node(&self) -> Node {
        Node::group([
            ("id", Value::Word(self.id).into()),
            ("title", Value::Text(self.title.to_owned()).into()),
            ("state", Node::fact(Value::Word(self.state.word()), self.evidence.iter().cloned())),
            ("detail", Node::fact(Value::Sentence(self.detail.clone()), self.evidence.iter().cloned())),
        ])
    }
}

/// One line for a request to Google: what is attested, what is not met, what is not stated.
pub(super) fn line(requirements: &[Requirement]) -> String {
    let of = |state: State| -> Vec<String> {
        let mine = requirements.iter().filter(|r| r.state == state);
        mine.map(|r| match &r.figure {
            Some(figure) if r.id == "spam_rate" => format!("user-reported spam ({figure})"),
            _ => r.title.to_owned(),
        })
        .collect()
    };
    let parts = [
        ("measured", of(State::Measured)),
        ("attested", of(State::Attested)),
        ("not met", of(State::NotMet)),
        ("not stated", of(State::Unknown)),
    ];
    let said: Vec<_> =
        parts.iter().filter(|(_, p)| !p.is_empty()).map(|(w, p)| format!("{w}: {}", p.join(", "))).collect();
    format!("Sender requirements - {}.", said.join("; "))
}
