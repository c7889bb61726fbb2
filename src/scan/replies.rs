//! What receivers of the Gmail lane say, counted by its normal form.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::kinds::{Kind, KindId, Kinds};
use super::known::{KnownReply, Understood};
use super::tally::EXAMPLES;
use super::{EgressId, LimitedDomains, MxId, ReplyExample, ReplyKey, ReplyTally, Tally};
use crate::formats::logs::Event;
use crate::smtp::{Named, Outcome, Reply, Stage};

/// Counts of the replies of one file.
#[derive(Default)]
pub(super) struct ReplyCounts {
    groups: Vec<(ReplyKey, ReplyTally)>,
    /// Their places, by the number of the normal form.
    by_form: FxHashMap<(usize, Outcome, Stage), usize>,
    /// How often each kind of attempt was answered with each reply: what else is counted of
    /// them is the same for all of these, and written at the end.
    answers: FxHashMap<(KnownReply, KindId), Answers>,
}

/// Attempts of one kind that were answered alike.
struct Answers {
    group: usize,
    named: Option<Named>,
    attempts: u64,
}

impl ReplyCounts {
    /// Counts the reply of an attempt of a kind.
    pub(super) fn count(
        &mut self,
        event: &Event<'_>,
        known: KnownReply,
        understood: &Understood,
        (number, kind): (KindId, Kind),
        tally: &mut Tally,
    ) {
        let Self { groups, by_form, answers } = self;
        let group = if understood.is_remembered {
            let new = || Answers {
                group: group_of(groups, by_form, event, understood),
                named: understood.named.clone(),
                attempts: 0,
            };
            let answers = answers.entry((known, number)).or_insert_with(new);
            answers.attempts += u64::from(event.weight);
            answers.group
        } else {
            let group = group_of(groups, by_form, event, understood);
            if let Some((_, replies)) = groups.get_mut(group) {
                add(replies, kind, understood.named.as_ref(), u64::from(event.weight), tally);
            }
            group
        };
        let Some((_, replies)) = groups.get_mut(group) else { return };
        replies.span = (replies.span.0.min(event.at), replies.span.1.max(event.at));
        // The earliest are kept: most replies of a log come too late to be written out.
        if replies.examples.len() < EXAMPLES || replies.examples.last().is_some_and(|last| event.at <= last.at) {
            replies.add_examples([example(event, kind.egress, kind.mx)]);
        }
        if let Some(Named::Domain(domain)) = &understood.named {
            replies.domains.look(domain, event.at, || example(event, kind.egress, kind.mx));
        }
    }

    /// Writes all counts.
    pub(super) fn end(mut self, kinds: &Kinds, tally: &mut Tally) {
        for ((_, number), Answers { group, named, attempts }) in self.answers {
            if let (Some((_, replies)), Some(kind)) = (self.groups.get_mut(group), kinds.kind(number)) {
                add(replies, kind, named.as_ref(), attempts, tally);
            }
        }
        tally.replies = self.groups.into_iter().collect();
    }
}

/// The place of the replies of one form, outcome and stage; a new one for the first of them.
fn group_of(
    groups: &mut Vec<(ReplyKey, ReplyTally)>,
    by_form: &mut FxHashMap<(usize, Outcome, Stage), usize>,
    event: &Event<'_>,
    understood: &Understood,
) -> usize {
    let (outcome, stage) = (event.outcome, event.stage);
    *by_form.entry((understood.form, outcome, stage)).or_insert_with(|| {
        let key = ReplyKey { normal_form: understood.normal_form.to_string(), outcome, stage };
        groups.push((key, first(event, understood)));
        groups.len() - 1
    })
}

/// Counts attempts of one kind that were answered alike.
fn add(replies: &mut ReplyTally, kind: Kind, named: Option<&Named>, attempts: u64, tally: &mut Tally) {
    replies.attempts += attempts;
    *replies.by_egress.entry(kind.egress).or_default() += attempts;
    *replies.by_mx.entry(kind.mx).or_default() += attempts;
    match named {
        Some(Named::Ip(ip)) => *tally.named_ips.entry((kind.egress, *ip)).or_default() += attempts,
        Some(Named::Domain(domain)) => replies.domains.count(domain, kind.egress, attempts),
        None => {}
    }
}

/// The tally of replies of one kind, before the first is counted.
fn first(event: &Event<'_>, understood: &Understood) -> ReplyTally {
    ReplyTally {
        code: understood.reply.code,
        enhanced: understood.reply.enhanced.clone(),
        row: understood.meaning.id,
        category: understood.meaning.category,
        scope: understood.meaning.scope,
        attempts: 0,
        span: (event.at, event.at),
        by_egress: BTreeMap::new(),
        by_mx: BTreeMap::new(),
        domains: LimitedDomains::default(),
        examples: Vec::new(),
    }
}

fn example(event: &Event<'_>, egress: EgressId, mx: MxId) -> ReplyExample {
    let text = String::from_utf8_lossy(event.reply);
    ReplyExample {
        at: event.at,
        token: Reply::parse(&text).token.map(|token| token.0).unwrap_or_default(),
        text: without_note(&text).to_owned(),
        egress,
        mx,
        mx_ip: String::from_utf8_lossy(event.mx_ip).into_owned(),
        exhibit: event.exhibit,
        number: event.line,
        queue_id: String::from_utf8_lossy(event.queue_id).into_owned(),
    }
}

/// The reply without Postfix's `(in reply to … command)`.
fn without_note(text: &str) -> &str {
    match text.rfind(" (in reply to ") {
        Some(at) if text.ends_with(')') => text[..at].trim_end(),
        _ => text,
    }
}
