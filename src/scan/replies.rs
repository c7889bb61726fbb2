//! What receivers of the Gmail lane say, counted by its normal form.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::known::Understood;
use super::tally::EXAMPLES;
use super::{EgressId, MxId, ReplyExample, ReplyKey, ReplyTally};
use crate::formats::logs::Event;
use crate::smtp::{Outcome, Reply, Stage};

/// Counts of the replies of one file.
#[derive(Default)]
pub(super) struct ReplyCounts {
    /// By the number of the normal form.
    by_kind: FxHashMap<(usize, Outcome, Stage), (ReplyKey, ReplyTally)>,
}

impl ReplyCounts {
    /// Counts the reply of an attempt.
    pub(super) fn count(&mut self, event: &Event<'_>, understood: &Understood, egress: EgressId, mx: MxId) {
        let new = || {
            let (outcome, stage) = (event.outcome, event.stage);
            let key = ReplyKey { normal_form: understood.normal_form.to_string(), outcome, stage };
            (key, first(event, understood))
        };
        let (_, tally) = self.by_kind.entry((understood.form, event.outcome, event.stage)).or_insert_with(new);
        let weight = u64::from(event.weight);
        tally.attempts += weight;
        tally.span = (tally.span.0.min(event.at), tally.span.1.max(event.at));
        *tally.by_egress.entry(egress).or_default() += weight;
        *tally.by_mx.entry(mx).or_default() += weight;
        // The earliest are kept: most replies of a log come too late to be written out.
        if tally.examples.len() < EXAMPLES || tally.examples.last().is_some_and(|last| event.at <= last.at) {
            tally.add_examples([example(event, egress, mx)]);
        }
    }

    /// The counts by what they are of.
    pub(super) fn into_tallies(self) -> BTreeMap<ReplyKey, ReplyTally> {
        self.by_kind.into_values().collect()
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
