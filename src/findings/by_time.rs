//! What stood near each TLS failure in logs that tell of no sessions: by time alone.
//!
//! Records of such logs are tied by the sending IP, the MX host and the second, and by nothing
//! else: the same second and the one before, since stamps of whole seconds may fall on either
//! side of a tick. A failure is set down to what stood there only where that is one kind of
//! ending, at least as often as TLS failed, and no other session of the two ran in those
//! seconds. All else is undetermined. This is weaker than the order inside a session, so it is
//! counted apart and no cause rests on it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Evidence, Node, Value};
use crate::scan::{Ending, Tally};
use crate::timeline::{Place, Timeline};

/// TLS failures of records without a session, whose own words name no fault, by what stood near.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ByTime {
    /// Whether any log is of records without a session.
    told: bool,
    total: u64,
    after_421: u64,
    after_close: u64,
    plaintext: u64,
    timeout: u64,
    nothing: u64,
    undetermined: u64,
}

/// Between whom; none where the records name no sender or no MX host.
type Pair = Option<(Place, String)>;

/// What ended in one second, and whether other sessions did.
#[derive(Clone, Debug, Default)]
struct Moment {
    ended: BTreeMap<Ending, u64>,
    others: bool,
}

impl ByTime {
    /// Of the Gmail lane, over the whole window.
    pub(super) fn of(timeline: &Timeline, tally: &Tally) -> Self {
        let mut found = Self { told: !tally.seconds.is_empty(), ..Self::default() };
        for (pair, moments) in failing(timeline, tally) {
            for (second, moment) in &moments {
                let failed = moment.ended.get(&Ending::Tls).copied().unwrap_or_default();
                if failed == 0 {
                    continue;
                }
                let before = moments.get(&(second - 1));
                let near = if pair.is_none() { Near::Undetermined } else { near(moment, before) };
                found.add(near, failed);
            }
        }
        found
    }

    const fn add(&mut self, near: Near, n: u64) {
        self.total += n;
        match near {
            Near::Nothing => self.nothing += n,
            Near::One(Ending::Answer) => self.after_421 += n,
            Near::One(Ending::Close) => self.after_close += n,
            Near::One(Ending::Plaintext) => self.plaintext += n,
            Near::One(Ending::Timeout) => self.timeout += n,
            Near::One(Ending::Tls) | Near::Undetermined => self.undetermined += n,
        }
    }

    const fn downstream(&self) -> u64 {
        self.after_421 + self.after_close + self.plaintext
    }

    pub(super) fn node(&self) -> Node {
        let table = || [Evidence::Table("tls_failures", "by_time".to_owned())];
        let of = |value: Value| Node::fact(if self.told { value } else { Value::Absent }, table());
        let count = |n| of(Value::Count(n, "sessions"));
        let share =
            if self.total > 0 { Value::Share(self.downstream(), self.total, "sessions") } else { Value::Absent };
        let sentence = (self.total > 0).then(|| Value::Sentence(self.sentence()));
        Node::group([
            ("total", count(self.total)),
            ("after_421", count(self.after_421)),
            ("after_close", count(self.after_close)),
            ("plaintext", count(self.plaintext)),
            ("timeout", count(self.timeout)),
            ("nothing", count(self.nothing)),
            ("undetermined", count(self.undetermined)),
            ("downstream", of(share)),
            ("sentence", of(sentence.unwrap_or(Value::Absent))),
        ])
    }

    fn sentence(&self) -> String {
        let share = |n| Value::Share(n, self.total, "sessions").text();
        let kinds = [
            (self.after_421, "with a 421 or another answer that put the session off"),
            (self.after_close, "with a close or reset"),
            (self.plaintext, "with plain text"),
            (self.timeout, "with a time-out or a failed connection"),
            (self.nothing, "with nothing else"),
            (self.undetermined, "undetermined"),
        ];
        let told: Vec<_> =
            kinds.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{what} {}", share(*n))).collect();
        format!(
            "Some logs tell of no sessions: of the TLS failures in them that name no fault, by time alone (same sending IP and MX host, same second or the one before) these stood {}. This is weaker than the order inside a session and counted apart from it.",
            told.join("; ")
        )
    }
}

/// The seconds of each pair between whom TLS failed.
fn failing(timeline: &Timeline, tally: &Tally) -> BTreeMap<Pair, BTreeMap<i64, Moment>> {
    let pair = |egress, mx| -> Pair {
        let place = timeline.place(egress).filter(|p| p.ip.is_some() || !p.tag.is_empty())?;
        Some((place.clone(), timeline.mx_name(mx).to_owned())).filter(|(_, mx)| !mx.is_empty())
    };
    let inside = || tally.seconds.iter().filter(|((minute, ..), _)| timeline.window.contains(*minute));
    let failed = inside().filter(|(_, s)| s.ended.keys().any(|(_, ending)| *ending == Ending::Tls));
    let pairs: BTreeSet<Pair> = failed.map(|((_, egress, mx), _)| pair(*egress, *mx)).collect();
    let mut found: BTreeMap<Pair, BTreeMap<i64, Moment>> = BTreeMap::new();
    if pairs.is_empty() {
        return found;
    }
    for ((minute, egress, mx), seconds) in inside() {
        let pair = pair(*egress, *mx);
        if !pairs.contains(&pair) {
            continue;
        }
        let moments = found.entry(pair).or_default();
        let from = minute.start().seconds();
        for ((second, ending), n) in &seconds.ended {
            let moment = moments.entry(from + i64::from(*second)).or_default();
            *moment.ended.entry(*ending).or_default() += n;
        }
        for second in (0..60).filter(|s| seconds.others & (1 << s) != 0) {
            moments.entry(from + second).or_default().others = true;
        }
    }
    found
}

/// What stands near the TLS failures of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Near {
    Nothing,
    One(Ending),
    Undetermined,
}

fn near(here: &Moment, before: Option<&Moment>) -> Near {
    let both = || before.into_iter().chain([here]);
    if both().any(|moment| moment.others) {
        return Near::Undetermined;
    }
    let mut ended: BTreeMap<Ending, u64> = BTreeMap::new();
    for (ending, n) in both().flat_map(|moment| &moment.ended) {
        *ended.entry(*ending).or_default() += n;
    }
    let failed = ended.remove(&Ending::Tls).unwrap_or_default();
    let mut kinds = ended.into_iter();
    match (kinds.next(), kinds.next()) {
        (None, _) => Near::Nothing,
        (Some((ending, n)), None) if n >= failed => Near::One(ending),
        _ => Near::Undetermined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(ended: &[(Ending, u64)], others: bool) -> Moment {
        Moment { ended: ended.iter().copied().collect(), others }
    }

    #[test]
    fn one_kind_of_ending_and_no_other_session_says_what_stood_near() {
        let failed = moment(&[(Ending::Tls, 2)], false);
        let answered = |n| moment(&[(Ending::Answer, n)], false);
        assert_eq!(near(&failed, None), Near::Nothing);
        assert_eq!(near(&failed, Some(&answered(2))), Near::One(Ending::Answer));
        let both = moment(&[(Ending::Answer, 2), (Ending::Tls, 2)], false);
        assert_eq!(near(&both, None), Near::One(Ending::Answer));
        // One answer for two failures, two kinds of endings, a session that went well beside them.
        assert_eq!(near(&failed, Some(&answered(1))), Near::Undetermined);
        let closed = moment(&[(Ending::Tls, 1), (Ending::Close, 1)], false);
        assert_eq!(near(&closed, None), Near::One(Ending::Close));
        assert_eq!(near(&closed, Some(&answered(1))), Near::Undetermined);
        assert_eq!(near(&moment(&[(Ending::Tls, 1), (Ending::Close, 1)], true), None), Near::Undetermined);
        // Failures of the second before want their own.
        assert_eq!(near(&both, Some(&moment(&[(Ending::Tls, 1)], false))), Near::Undetermined);
    }

    #[test]
    fn the_sentence_gives_shares_and_says_that_it_is_weaker() {
        let found = ByTime { told: true, total: 4, after_421: 3, undetermined: 1, ..ByTime::default() };
        let said = found.sentence();
        assert!(said.contains("with a 421 or another answer that put the session off 75.0 % (3 of 4)"), "{said}");
        assert!(said.contains("undetermined 25.0 % (1 of 4)") && said.contains("weaker"), "{said}");
        let node = ByTime::default().node();
        assert_eq!(node.value("total"), Some(&Value::Absent));
        assert_eq!(found.node().value("downstream"), Some(&Value::Share(3, 4, "sessions")));
    }
}
