//! What Gmail answered: grouped by wording, with meaning and scope.

use std::collections::{BTreeMap, BTreeSet};

use super::{Evidence, Node, Value};
use crate::scan::{Excerpt, ReplyExample, ReplyTally, Tally};
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
    span: (Stamp, Stamp),
    ips: BTreeSet<String>,
    mx_hosts: BTreeSet<String>,
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
            examples: Vec::new(),
        });
        group.add(timeline, key.stage, reply);
    }
    let mut groups: Vec<_> = by_form.into_iter().collect();
    groups.sort_by(|(a_key, a), (b_key, b)| b.attempts.cmp(&a.attempts).then(a_key.cmp(b_key)));
    groups.into_iter().map(|(_, group)| group).collect()
}

impl ReplyGroup {
    fn add(&mut self, timeline: &Timeline, stage: Stage, reply: &ReplyTally) {
        self.attempts += reply.attempts;
        *self.stages.entry(stage).or_default() += reply.attempts;
        self.span = (self.span.0.min(reply.span.0), self.span.1.max(reply.span.1));
        self.ips.extend(reply.by_egress.keys().filter_map(|id| timeline.place(*id)).map(crate::timeline::Place::label));
        self.mx_hosts.extend(reply.by_mx.keys().map(|id| timeline.mx_name(*id).to_owned()));
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

    /// Examples inside the waves come first: they are what the reader looks up.
    fn shown(&self, waves: &[Window]) -> Vec<&ReplyExample> {
        let inside = |e: &&ReplyExample| waves.iter().any(|w| w.contains(e.at.minute()));
        let (mut first, rest): (Vec<_>, Vec<_>) = self.examples.iter().partition(inside);
        first.extend(rest);
        first.truncate(2);
        first
    }

    pub(super) fn node(&self, timeline: &Timeline, waves: &[Window]) -> Node {
        let shown = self.shown(waves);
        let text = shown.first().map(|e| crate::smtp::Reply::parse(&e.text)).map_or_else(String::new, |r| r.text);
        let stages: Vec<_> = self.stages.iter().map(|(s, n)| format!("{} {}", s.word(), super::grouped(*n))).collect();
        let evidence = || [Evidence::Table("replies", format!("code {}", self.code.unwrap_or_default()))];
        Node::group([
            ("text", Value::Text(text).into()),
            ("code", Node::maybe(self.code.map(|c| Value::Text(c.to_string())))),
            ("enhanced", Node::maybe(self.enhanced.clone().map(Value::Text))),
            ("row", Value::Text(self.row.to_owned()).into()),
            ("outcome", Value::Word(self.outcome.word()).into()),
            ("category", Value::Word(self.category.word()).into()),
            ("scope", Value::Word(self.scope.word()).into()),
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
            ("examples", Node::List(shown.into_iter().map(|e| example(timeline, e)).collect())),
        ])
    }
}

fn join(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// One occurrence as facts.
fn example(timeline: &Timeline, e: &ReplyExample) -> Node {
    let line = || [Evidence::Lines(e.exhibit, e.number, e.number)];
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

/// Up to five queue ids that an ESP can look up: of each wave the first deferred
/// session of each sending IP, waves in turn.
pub(super) fn queue_ids(timeline: &Timeline, tally: &Tally, waves: &[Window]) -> Node {
    let of_wave = |wave: &Window| -> Vec<&Excerpt> {
        let mut seen = BTreeSet::new();
        let inside = tally
            .excerpts
            .iter()
            .filter(|((minute, outcome, _), _)| wave.contains(*minute) && *outcome == Outcome::Deferral);
        inside
            .map(|(_, e)| e)
            .filter(|e| {
                !e.queue_id.is_empty() && seen.insert(timeline.place(e.egress).map(crate::timeline::Place::label))
            })
            .collect()
    };
    let waves: Vec<_> = waves.iter().map(of_wave).collect();
    let longest = waves.iter().map(Vec::len).max().unwrap_or_default();
    let in_turn = (0..longest).flat_map(|i| waves.iter().filter_map(move |w| w.get(i)));
    let row = |e: &&Excerpt| {
        let mut node = super::example_of(timeline, e);
        let message = e.lines.last().map(|l| String::from_utf8_lossy(&l.text).into_owned()).unwrap_or_default();
        let said = message.split_once(&format!("{}: ", e.queue_id)).map_or(message.as_str(), |(_, said)| said);
        let said = said.find("said: ").or_else(|| said.find("refused ")).map_or(said, |at| &said[at..]);
        node.insert("queue_id", Value::Text(e.queue_id.clone()).into());
        node.insert("text", Value::Text(said.to_owned()).into());
        node
    };
    Node::List(in_turn.take(5).map(row).collect())
}

/// Share of 4xx answers that speak of reputation, content or policy, with its base.
pub(super) fn policy_share(groups: &[ReplyGroup]) -> (u64, u64) {
    share(groups, |category| category == Category::Reputation)
}

/// Share of 4xx answers that speak of Google's own system, with its base.
pub(super) fn system_share(groups: &[ReplyGroup]) -> (u64, u64) {
    share(groups, |category| category == Category::System)
}

/// Share of 4xx answers that put off what came without TLS or was not authenticated, with its
/// base. They name the sender's own lack as their reason, whatever they do to the rate; but those
/// to retries in clear name a consequence (`in_clear`), and are of no weight.
pub(super) fn requirement_share(groups: &[ReplyGroup], lost: u64) -> (u64, u64) {
    let (part, whole) = share(groups, |category| matches!(category, Category::TlsRequired | Category::Authentication));
    let retries = in_clear(groups, lost);
    (part - retries, whole - retries)
}

/// Answers for want of TLS that retries in clear explain: after a handshake was lost, Postfix at
/// level `may` tries again without TLS. At most as many as handshakes were `lost`.
pub(super) fn in_clear(groups: &[ReplyGroup], lost: u64) -> u64 {
    share(groups, |category| category == Category::TlsRequired).0.min(lost)
}

/// Attempts put off by answers of a kind, of all put off by pressure on the lane: a full
/// mailbox says nothing of the lane, however many there are.
fn share(groups: &[ReplyGroup], is_of_kind: impl Fn(Category) -> bool) -> (u64, u64) {
    let pressing = || groups.iter().filter(|g| g.outcome == Outcome::Deferral && g.category.is_pressure());
    let of_kind = pressing().filter(|g| is_of_kind(g.category)).map(|g| g.attempts).sum();
    (of_kind, pressing().map(|g| g.attempts).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::{Reply, meaning_of};

    /// Answers of a wording, so many.
    fn answers(attempts: u64, reply: &str) -> ReplyGroup {
        let (reply, at) = (Reply::parse(reply), Stamp::from_seconds(0));
        let meaning = meaning_of(&reply);
        ReplyGroup {
            outcome: Outcome::Deferral,
            category: meaning.category,
            scope: meaning.scope,
            attempts,
            row: meaning.id,
            code: reply.code,
            enhanced: reply.enhanced,
            stages: BTreeMap::new(),
            span: (at, at),
            ips: BTreeSet::new(),
            mx_hosts: BTreeSet::new(),
            examples: Vec::new(),
        }
    }

    const FULL: &str = "452-4.2.2 The email account that you tried to reach is over quota.";
    const BUSY: &str = "450-4.2.1 The user you are trying to contact is receiving mail too quickly.";
    const SUSPICIOUS: &str =
        "421-4.7.0 This message is suspicious due to the very low reputation of the sending IP address.";
    const IN_CLEAR: &str =
        "421-4.7.29 Your email has been rate limited because this message wasn't sent over a TLS connection.";

    // oss trap 32: thousands of full mailboxes beside the eight answers that matter.
    #[test]
    fn full_mailboxes_outvote_no_word_about_the_lane() {
        let groups = [answers(2996, FULL), answers(2252, BUSY), answers(8, SUSPICIOUS)];
        assert_eq!(policy_share(&groups), (8, 8));
        assert_eq!(system_share(&groups), (0, 8));
        assert!(!groups[0].is_for_google() && !groups[1].is_for_google());
    }

    // oss trap 33: a limit for want of TLS is of the sender's making.
    #[test]
    fn a_limit_for_want_of_tls_is_a_requirement() {
        let groups = [answers(8, SUSPICIOUS), answers(90, IN_CLEAR)];
        assert_eq!(requirement_share(&groups, 0), (90, 98));
        assert_eq!(policy_share(&groups), (8, 98));
    }

    /// transcript trap 23: 4.7.29 after lost handshakes is their consequence, and no lack of the sender's.
    #[test]
    fn a_wave_for_want_of_tls_may_follow_from_lost_handshakes() {
        let groups = [answers(8, SUSPICIOUS), answers(90, IN_CLEAR)];
        assert_eq!((in_clear(&groups, 90), requirement_share(&groups, 90)), (90, (0, 8)));
        // More answers than lost handshakes: the rest came in clear by itself.
        assert_eq!((in_clear(&groups, 20), requirement_share(&groups, 20)), (20, (70, 78)));
    }
}
