//! What Google requires of a sender before it helps, and how each item is known.
//!
//! Source: Email sender guidelines FAQ (support.google.com/a/answer/14229414, 2026-06-18).

use super::replies::ReplyGroup;
use super::{Evidence, Node, Value};
use crate::case::{Attest, Gate};
use crate::smtp::Category;

/// How an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The evidence shows replies that say it is not met.
    NotMet,
    /// The logs show it.
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
    evidence: Vec<Evidence>,
}

/// All requirements, in Google's order.
/// `tls` is the number of accepted sessions with TLS, of all accepted.
pub(super) fn requirements(attest: &Attest, replies: &[ReplyGroup], tls_use: (u64, u64)) -> Vec<Requirement> {
    let complaints = |codes: &[&str]| -> u64 {
        let of = |g: &&ReplyGroup| {
            g.category == Category::Authentication && g.enhanced_tail().is_some_and(|tail| codes.contains(&tail))
        };
        replies.iter().filter(of).map(|g| g.attempts).sum()
    };
    let tls: u64 = replies.iter().filter(|g| g.category == Category::TlsRequired).map(|g| g.attempts).sum();
    vec![
        word("spf", "SPF", attest.spf, complaints(&["7.27", "7.24"])),
        word("dkim", "DKIM", attest.dkim, complaints(&["7.30"])),
        word("dmarc", "DMARC", attest.dmarc, complaints(&["7.31", "7.40", "7.26"])),
        flag("from_aligned", "From: aligned", attest.from_aligned, complaints(&["7.32"])),
        flag("ptr", "PTR with forward match", attest.ptr, complaints(&["7.23", "7.25"])),
        tls_of(tls, tls_use),
        spam_rate(attest),
        flag("one_click_unsubscribe", "one-click unsubscribe", attest.one_click_unsubscribe, 0),
        flag("unsubscribe_48h", "unsubscribe within 48 h", attest.unsubscribe_48h, 0),
    ]
}

fn word(id: &'static str, title: &'static str, attested: Option<Gate>, complaints: u64) -> Requirement {
    flag(
        id,
        title,
        attested.and_then(|a| match a {
            Gate::Pass => Some(true),
            Gate::Fail => Some(false),
            Gate::Unknown => None,
        }),
        complaints,
    )
}

fn flag(id: &'static str, title: &'static str, attested: Option<bool>, complaints: u64) -> Requirement {
    let stated = || vec![Evidence::Stated(format!("attest.{id}"))];
    let (state, detail, evidence) = match (complaints, attested) {
        (1.., _) => (
            State::NotMet,
            format!("{} replies say it is not met", super::grouped(complaints)),
            vec![Evidence::Table("replies", id.to_owned())],
        ),
        (0, Some(true)) => (State::Attested, "attested by the sender".to_owned(), stated()),
        (0, Some(false)) => (State::NotMet, "the sender says it is not met".to_owned(), stated()),
        (0, None) => (State::Unknown, "neither measured nor attested".to_owned(), Vec::new()),
    };
    Requirement { id, title, state, detail, evidence }
}

/// TLS is required; the logs show how many accepted sessions had it, where they write TLS lines.
fn tls_of(complaints: u64, (with, all): (u64, u64)) -> Requirement {
    let (id, title) = ("tls", "TLS");
    if complaints > 0 || with == 0 {
        return flag(id, title, None, complaints);
    }
    let detail = format!("{} of accepted sessions show TLS in the log", Value::Share(with, all, "sessions").text());
    Requirement {
        id,
        title,
        state: State::Measured,
        detail,
        evidence: vec![Evidence::Table("minutes_by_lane", "lane gmail".to_owned())],
    }
}

/// User-reported spam: help ends above 0.3 %, and comes back after seven days below.
fn spam_rate(attest: &Attest) -> Requirement {
    let evidence = vec![Evidence::Stated("attest.spam_rate".to_owned())];
    let (id, title) = ("spam_rate", "user-reported spam below 0.3 %");
    match &attest.spam_rate {
        None => Requirement {
            id,
            title,
            state: State::Unknown,
            detail: "neither measured nor attested".to_owned(),
            evidence: Vec::new(),
        },
        Some(rate) => {
            let state = if rate.percent < 0.3 { State::Attested } else { State::NotMet };
            let detail = format!("attested {} % on {}", super::number(rate.percent, 2), rate.day.date());
            Requirement { id, title, state, detail, evidence }
        }
    }
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
        mine.map(|r| {
            if r.id == "spam_rate" && state == State::Attested {
                format!("user-reported spam ({})", r.detail.trim_start_matches("attested "))
            } else {
                r.title.to_owned()
            }
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
