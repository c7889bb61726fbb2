//! What came before each TLS failure: the order inside sessions.
//!
//! A reader of logs ties the lines of a session before it names an outcome, so
//! an outcome at the STARTTLS or handshake stage already is the session's first
//! abnormal event: a 421 in answer to STARTTLS is a deferral, a close without an
//! alert a remote close, bytes that are not TLS plain text, an alert a failure.

use std::collections::BTreeMap;

use super::replies::ReplyGroup;
use super::waves::statistics::clopper_pearson;
use super::{Evidence, Node, Value};
use crate::scan::{Axis, Tally, What};
use crate::smtp::{By, Category, Lane, Outcome, Stage, TlsUse};
use crate::timeline::{Known, Timeline};

/// Sessions lost between STARTTLS and the end of the handshake, by what ended them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionOrder {
    /// All of them.
    pub total: u64,
    /// Answered with 4xx or 5xx at STARTTLS.
    pub after_421: u64,
    /// Closed or reset by the other side without an alert.
    pub after_close: u64,
    /// Bytes that are not TLS.
    pub plaintext: u64,
    /// Nothing arrived in time.
    pub timeout: u64,
    /// An alert, or a protocol, cipher or certificate fault.
    pub genuine: u64,
    /// A TLS error without detail.
    pub undetermined: u64,
    /// Not in the total: sessions closed without TLS, or with no TLS line though the log writes
    /// them, at a stage that the log does not tell. Under opportunistic TLS a refused STARTTLS
    /// looks like this.
    pub possibly_refused_starttls: u64,
    /// Messages accepted without TLS, or with no TLS line though the log writes them.
    pub plaintext_deliveries: u64,
    /// Messages accepted where the log has no TLS line at all: it may write none.
    pub deliveries_untold: u64,
}

impl SessionOrder {
    /// Reads the order off the Gmail lane's counts.
    pub(super) fn of(timeline: &Timeline, tally: &Tally) -> Self {
        let mut order = Self::default();
        for (key, n) in timeline.inside(timeline.window) {
            let Axis::Egress(egress) = key.axis else { continue };
            if key.lane != Lane::GMAIL {
                continue;
            }
            order.add(key.what, n);
            let is_untold = key.what.tls == TlsUse::Unknown && !tally.established.contains_key(&egress);
            if is_untold && key.what.outcome == Outcome::Delivered {
                order.deliveries_untold += n;
            }
            let without_tls = matches!(key.what.tls, TlsUse::None | TlsUse::Unknown) && !is_untold;
            if without_tls {
                match (key.what.outcome, key.what.stage) {
                    (Outcome::RemoteClose, Stage::Unknown) => order.possibly_refused_starttls += n,
                    (Outcome::Delivered, _) => order.plaintext_deliveries += n,
                    _ => {}
                }
            }
        }
        order
    }

    const fn add(&mut self, what: What, n: u64) {
        if !what.is_tls_step() {
            return;
        }
        self.total += n;
        match (what.outcome, what.by) {
            (Outcome::Deferral | Outcome::Rejection, _) => self.after_421 += n,
            (Outcome::RemoteClose, _) => self.after_close += n,
            (Outcome::Plaintext, _) => self.plaintext += n,
            (Outcome::Timeout | Outcome::ConnectFailure, _) => self.timeout += n,
            (Outcome::TlsFailure, By::Unknown) => self.undetermined += n,
            _ => self.genuine += n,
        }
    }

    /// Those that followed a reply, a close, or plain bytes: consequences, not TLS faults.
    #[must_use]
    pub const fn downstream(&self) -> u64 {
        self.after_421 + self.after_close + self.plaintext
    }

    /// Whether most of them were: true when the share's lower 95 % limit is half or more, false when
    /// its upper one is a fifth or less even if all that is undetermined were. Fewer than twenty
    /// say nothing.
    pub(super) fn is_downstream(&self) -> Option<bool> {
        if self.total < 20 {
            return None;
        }
        let interval = |part: u64| clopper_pearson(part as f64, self.total as f64, 0.95);
        let ((lower, _), (_, upper)) = (interval(self.downstream()), interval(self.downstream() + self.undetermined));
        if lower >= 0.5 { Some(true) } else { (upper <= 0.2).then_some(false) }
    }

    /// Messages delivered in clear. That none was seen says nothing where the log tells of no
    /// session whether it was encrypted: Exim's without a cipher (`X=`) on any line, Postfix's
    /// with `smtp_tls_loglevel = 0`.
    pub(super) const fn plaintext_deliveries(&self) -> Value {
        match (self.plaintext_deliveries, self.deliveries_untold) {
            (0, 1..) => Value::Absent,
            (n, _) => Value::Count(n, "messages"),
        }
    }

    /// Mail in clear and Google's limit on mail in clear are one finding: the first brings on the second.
    pub(super) fn in_clear(&self, replies: &[ReplyGroup]) -> Node {
        let limits: Vec<_> = replies.iter().filter(|g| g.category == Category::TlsRequired).collect();
        let answers: u64 = limits.iter().map(|g| g.attempts).sum();
        let (clear, first) = (self.plaintext_deliveries, limits.iter().map(|g| g.span.0).min());
        let sentence = first.filter(|_| answers > 0).map(|first| {
            let before = if clear == 0 && self.deliveries_untold == 0 {
                "the logs show none accepted in clear".to_owned()
            } else if clear > 0 {
                format!("{} {} accepted in clear", super::grouped(clear), if clear == 1 { "message was" } else { "messages were" })
            } else {
                "whether mail was sent in clear the logs do not show".to_owned()
            };
            format!(
                "From {} on Google limited mail that came without TLS ({} {}); {before}. To be mended by requiring TLS towards Gmail.",
                first.to_second(),
                super::grouped(answers),
                if answers == 1 { "answer" } else { "answers" }
            )
        });
        let evidence = [Evidence::Table("replies", "category tls_required".to_owned())];
        Node::fact(sentence.map_or(Value::Absent, Value::Sentence), evidence)
    }

    /// All of them, as far as the logs can show one.
    fn known(&self, timeline: &Timeline) -> Known {
        timeline.known(timeline.window, self.total, &[Outcome::TlsFailure])
    }

    pub(super) fn node(&self, timeline: &Timeline) -> Node {
        let known = self.known(timeline);
        let count = |n| {
            let value = match known {
                Known::Nothing => Value::Absent,
                Known::AtLeast(_) => Value::AtLeast(n, "sessions"),
                Known::All(_) => Value::Count(n, "sessions"),
            };
            Node::fact(value, [Evidence::Table("tls_failures", String::new())])
        };
        let closes = |n| {
            let known = timeline.known(timeline.window, n, &[Outcome::RemoteClose]);
            Node::fact(Value::known(known, "sessions"), [Evidence::Table("tls_failures", String::new())])
        };
        Node::group([
            ("total", count(self.total)),
            ("after_421", count(self.after_421)),
            ("after_close", count(self.after_close)),
            ("plaintext", count(self.plaintext)),
            ("timeout", count(self.timeout)),
            ("genuine", count(self.genuine)),
            ("undetermined", count(self.undetermined)),
            (
                "downstream",
                Node::fact(
                    if known == Known::Nothing {
                        Value::Absent
                    } else {
                        Value::Share(self.downstream(), self.total, "sessions")
                    },
                    [Evidence::Table("tls_failures", String::new())],
                ),
            ),
            ("possibly_refused_starttls", closes(self.possibly_refused_starttls)),
            ("sentence", Value::Sentence(self.sentence(known)).into()),
        ])
    }

    fn sentence(&self, known: Known) -> String {
        if known == Known::Nothing {
            return "The logs cannot show sessions lost between STARTTLS and the end of the TLS handshake.".to_owned();
        }
        if known == Known::AtLeast(0) {
            return "No session was lost between STARTTLS and the end of the TLS handshake as far as the logs show, and some of them cannot show it.".to_owned();
        }
        if self.total == 0 {
            return "No session was lost between STARTTLS and the end of the TLS handshake.".to_owned();
        }
        if self.downstream() * 2 >= self.total {
            "Most sessions lost at the TLS step ended with a reply, a close, a reset or plain text from the receiver and without a TLS alert: these TLS errors are consequences, not TLS faults.".to_owned()
        } else if self.genuine * 2 >= self.total {
            "Most sessions lost at the TLS step ended with a TLS alert or a protocol, cipher or certificate fault."
                .to_owned()
        } else if self.timeout * 2 >= self.total {
            "Most sessions lost at the TLS step timed out: a path or load matter as far as the log shows, not a TLS fault.".to_owned()
        } else {
            "No single ending accounts for half of the sessions lost at the TLS step.".to_owned()
        }
    }
}

/// Remote closes of the Gmail lane by stage, with first examples.
pub(super) fn closes(timeline: &Timeline, tally: &Tally) -> Node {
    let mut by_stage: BTreeMap<Stage, u64> = BTreeMap::new();
    for (key, n) in timeline.inside(timeline.window) {
        if key.lane == Lane::GMAIL && matches!(key.axis, Axis::Egress(_)) && key.what.outcome == Outcome::RemoteClose {
            *by_stage.entry(key.what.stage).or_default() += n;
        }
    }
    let rows = by_stage.iter().map(|(stage, n)| {
        let examples = tally
            .excerpts
            .values()
            .filter(|e| e.outcome == Outcome::RemoteClose && e.stage == *stage)
            .take(2)
            .map(|e| super::example_of(timeline, e))
            .collect();
        Node::group([
            ("stage", Value::Word(stage.word()).into()),
            ("count", Node::fact(Value::Count(*n, "sessions"), [Evidence::Table("closes_by_stage", String::new())])),
            ("examples", Node::List(examples)),
        ])
    });
    let total = timeline.known(timeline.window, by_stage.values().sum(), &[Outcome::RemoteClose]);
    let total = Value::known(total, "sessions");
    let evidence = [Evidence::Table("closes_by_stage", String::new())];
    Node::group([("total", Node::fact(total, evidence)), ("by_stage", Node::List(rows.collect()))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_undetermined_may_have_followed_a_close() {
        let of = |after_close, genuine, undetermined| {
            let total = after_close + genuine + undetermined;
            SessionOrder { total, after_close, genuine, undetermined, ..SessionOrder::default() }.is_downstream()
        };
        assert_eq!(of(90, 5, 5), Some(true));
        assert_eq!(of(1, 99, 0), Some(false));
        assert_eq!(of(0, 40, 60), None, "0 of 100 followed one as far as is known, and 60 may have");
        assert_eq!(of(0, 19, 0), None, "too few");
    }

    #[test]
    fn no_delivery_in_clear_is_known_only_where_the_log_tells_of_tls() {
        let of = |plaintext_deliveries, deliveries_untold| {
            let order = SessionOrder { plaintext_deliveries, deliveries_untold, ..SessionOrder::default() };
            order.plaintext_deliveries()
        };
        assert!(matches!(of(0, 0), Value::Count(0, _)));
        assert!(matches!(of(3, 0), Value::Count(3, _)));
        // Exim without a cipher on any line: each may have been in clear, or none.
        assert!(matches!(of(0, 7), Value::Absent));
        assert!(matches!(of(3, 7), Value::Count(3, _)));
    }
}
