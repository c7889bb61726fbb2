//! What Gmail answered: grouped by wording, with meaning and scope.

mod domains;
mod pull;
mod scopes;
mod shares;
mod suspect;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use domains::{limited_domains, mostly_on_a_domain};
pub(super) use pull::queue_ids;
pub(super) use scopes::scopes;
pub(super) use shares::{in_clear, policy_share, requirement_share, system_share};
pub(super) use suspect::doubtful_bounces;

use super::{Evidence, Node, Value};
use crate::scan::{LimitedDomains, ReplyExample, ReplyTally, Tally};
use crate::smtp::{Category, Outcome, Scope, Stage};
use crate::time::{Stamp, Window};
use crate::timeline::Timeline;

/// One wording, over all stages.
#[derive(Clone, Debug)]
pub(super) struct ReplyGroup {
    pub(super) outcome: Outcome,
    pub(super) category: Category,
    pub(super) scope: Scope,
    pub(super) attempts: u64,
    row: &'static str,
    code: Option<u16>,
    enhanced: Option<String>,
    stages: BTreeMap<Stage, u64>,
    pub(super) span: (Stamp, Stamp),
    ips: BTreeSet<String>,
    mx_hosts: BTreeSet<String>,
    domains: LimitedDomains,
    examples: Vec<ReplyExample>,
}

/// Groups the replies of the Gmail lane; the most frequent first.
pub(super) fn groups(timeline: &Timeline, tally: &Tally) -> Vec<ReplyGroup> {
    let mut by_form: BTreeMap<(&str, Outcome), ReplyGroup> = BTreeMap::new();
    for (key, reply) in &tally.replies {
        let group = by_form.entry((&key.normal_form, key.outcome)).or_insert_with(|| ReplyGroup {
            outcome: key.outcome,
            category: reply.category,
            scope: reply.scope,
            attempts: 0,
            row: reply.row,
            code: reply.code,
            enhanced: reply.enhanced.clone(),
            stages: BTreeMap::new(),
            span: reply.span,
            ips: BTreeSet::new(),
            mx_hosts: BTreeSet::new(),
            domains: LimitedDomains::default(),
            examples: Vec::new(),
        });
        group.add(timeline, key.stage, reply);
    }
    let mut groups: Vec<_> = by_form.into_iter().collect();
    groups.sort_by(|(a_key, a), (b_key, b)| b.attempts.cmp(&a.attempts).then(a_key.cmp(b_key)));
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The answers that put mail off by pressure on the lane.
fn pressing(groups: &[ReplyGroup]) -> impl Iterator<Item = &ReplyGroup> {
    groups.iter().filter(|g| g.outcome == Outcome::Deferral && g.category.is_pressure())
}

impl ReplyGroup {
    fn add(&mut self, timeline: &Timeline, stage: Stage, reply: &ReplyTally) {
        self.attempts += reply.attempts;
        *self.stages.entry(stage).or_default() += reply.attempts;
        self.span = (self.span.0.min(reply.span.0), self.span.1.max(reply.span.1));
        self.ips.extend(reply.by_egress.keys().filter_map(|id| timeline.place(*id)).map(crate::timeline::Place::label));
        self.mx_hosts.extend(reply.by_mx.keys().map(|id| timeline.mx_name(*id).to_owned()));
        self.domains.merge(reply.domains.clone());
        self.examples.extend(reply.examples.iter().cloned());
        self.examples.sort_by_key(|a| (a.at, a.exhibit, a.number));
    }

    fn only_stage(&self) -> Option<Stage> {
        let mut stages = self.stages.keys();
        stages.next().copied().filter(|_| stages.next().is_none())
    }

    /// `7.28` of `4.7.28`: the class differs between pages.
    pub(super) fn enhanced_tail(&self) -> Option<&str> {
        self.enhanced.as_deref()?.split_once('.').map(|(_, tail)| tail)
    }

    /// Whether an example carries a token of Google's.
    pub(super) fn has_token(&self) -> bool {
        self.examples.iter().any(|e| !e.token.is_empty())
    }

    /// Whether it belongs into a request to Google: rate, reputation, session and
    /// system replies do; what a recipient's mailbox or admin decided, a benign end
    /// of session and the sender's own faults do not.
    pub(super) const fn is_for_google(&self) -> bool {
        match self.category {
            Category::Rate | Category::Reputation | Category::System | Category::Session => true,
            Category::Unknown => matches!(self.outcome, Outcome::Deferral),
            _ => false,
        }
    }

    /// Whether it belongs into a report to the ESP or host: what one mailbox, one recipient's
    /// admin or an account for submission was answered does not, nor does a benign end of session.
    const fn is_for_esp(&self) -> bool {
        match self.category {
            Category::Rate
            | Category::Reputation
            | Category::System
            | Category::Session
            | Category::SenderFault
            | Category::Authentication
            | Category::TlsRequired => true,
            Category::Unknown => matches!(self.outcome, Outcome::Deferral | Outcome::Rejection),
            _ => false,
        }
    }

    /// Examples inside the waves come first, and of those the ones to failing IPs: they are
    /// what the reader looks up.
    fn shown(&self, timeline: &Timeline, waves: &[Window], failing: &BTreeSet<String>) -> Vec<&ReplyExample> {
        let outside = |e: &ReplyExample| !waves.iter().any(|w| w.contains(e.at.minute()));
        let unharmed = |e: &ReplyExample| timeline.place(e.egress).is_none_or(|p| !failing.contains(&p.label()));
        let mut shown: Vec<_> = self.examples.iter().collect();
        shown.sort_by_key(|e| (outside(e), unharmed(e)));
        shown.truncate(2);
        shown
    }

    /// Code, enhanced code and words of an example, its token left out.
    fn verbatim(&self, example: Option<&ReplyExample>) -> String {
        let words = example.map(|e| crate::smtp::Reply::parse(&e.text).text);
        let parts = [self.code.map(|c| c.to_string()), self.enhanced.clone(), words];
        parts.into_iter().flatten().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// As facts; `failing` are the labels of the sending IPs that fail.
    pub(super) fn node(&self, timeline: &Timeline, waves: &[Window], failing: &BTreeSet<String>) -> Node {
        let shown = self.shown(timeline, waves, failing);
        let first = shown.first().copied();
        let (domain, domains) = domains::most_named(&self.domains);
        let domain = domain.map(|domain| Value::Text(domain.to_owned()));
        let stages: Vec<_> = self.stages.iter().map(|(s, n)| format!("{} {}", s.word(), super::grouped(*n))).collect();
        let evidence = || [Evidence::Table("replies", format!("code {}", self.code.unwrap_or_default()))];
        Node::group([
            ("text", Node::fact(Value::Text(self.verbatim(first)), first.map(line_of))),
            ("code", Node::maybe(self.code.map(|c| Value::Text(c.to_string())))),
            ("enhanced", Node::maybe(self.enhanced.clone().map(Value::Text))),
            ("row", Value::Text(self.row.to_owned()).into()),
            ("outcome", Value::Word(self.outcome.word()).into()),
            ("category", Value::Word(self.category.word()).into()),
            ("scope", Value::Word(self.scope.word()).into()),
            ("domains", Node::maybe(domain.as_ref().map(|_| domains))),
            ("domain", Node::maybe(domain)),
            // One word where there is one stage; several are listed in `stages`.
            ("stage", Node::maybe(self.only_stage().map(|s| Value::Word(s.word())))),
            ("stages", Value::Text(stages.join(", ")).into()),
            ("attempts", Node::fact(Value::Count(self.attempts, "sessions"), evidence())),
            ("first", Node::fact(Value::Second(self.span.0), evidence())),
            ("last", Node::fact(Value::Second(self.span.1), evidence())),
            ("ips", Node::fact(Value::Count(self.ips.len() as u64, "sending IPs"), evidence())),
            ("ips_list", Value::Text(join(&self.ips)).into()),
            ("mx_hosts", Node::fact(Value::Count(self.mx_hosts.len() as u64, "MX hosts"), evidence())),
            ("mx_list", Value::Text(join(&self.mx_hosts)).into()),
            ("for_google", Value::Flag(self.is_for_google()).into()),
            ("for_esp", Value::Flag(self.is_for_esp()).into()),
            ("examples", Node::List(shown.into_iter().map(|e| example(timeline, e)).collect())),
        ])
    }
}

fn join(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

const fn line_of(e: &ReplyExample) -> Evidence {
    Evidence::Lines(e.exhibit, e.number, e.number)
}

/// One occurrence as facts.
fn example(timeline: &Timeline, e: &ReplyExample) -> Node {
    let line = || [line_of(e)];
    let text = |t: &str| if t.is_empty() { Value::Absent } else { Value::Text(t.to_owned()) };
    let place = timeline.place(e.egress);
    Node::group([
        ("at", Node::fact(Value::Second(e.at), line())),
        ("ip", Node::maybe(place.map(|p| Value::Text(p.label())))),
        ("mx", Node::fact(text(timeline.mx_name(e.mx)), line())),
        ("mx_ip", Node::fact(text(&e.mx_ip), line())),
        ("token", Node::fact(text(&e.token), line())),
        ("text", Node::fact(text(&e.text), line())),
        ("queue_id", Node::fact(text(&e.queue_id), line())),
    ])
}
