//! The table of causes: evidence for, against and missing, and a rule for each verdict.
//!
//! Every item is true, false or not known. A cause is *supported* when all its
//! items *for* are known and right and none against is; *against* when a known item
//! kills it; *possible* when nothing kills it; *unknown* when none of its items is
//! known. What is not known never counts for or against. There is no score.

use std::collections::BTreeSet;

use super::{Node, Value};

/// What is known about the incident, item by item. None is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Items {
    /// All other receivers with enough traffic are clean in the same minutes.
    pub(super) others_clean: Item,
    /// 421 answers and remote closes are most of the failed sessions.
    pub(super) pressure: Item,
    /// The same, but where other receivers close as large a share of sessions: then closes are
    /// what a node at its limit meets everywhere, and no mark of Gmail's.
    pub(super) pressure_apart: Item,
    /// Replies speak of reputation, content or policy.
    pub(super) policy: Item,
    /// Replies speak of Google's own system.
    pub(super) system: Item,
    /// Replies say that a requirement is not met: TLS, or authentication.
    pub(super) unmet: Item,
    /// TLS failures follow a reply or a close.
    pub(super) downstream: Item,
    /// Failures come with load.
    pub(super) load_linked: Item,
    /// Sending IPs with little traffic fail too.
    pub(super) low_volume_fails: Item,
    /// The network was at a limit at onset.
    pub(super) net_ceiling: Item,
    /// CPU, open files or workers were at a limit at onset.
    pub(super) host_ceiling: Item,
    /// Of IPs with like load some fail and some are clean.
    pub(super) ip_split: Item,
    /// Idle STARTTLS tests succeed, inside a wave too.
    pub(super) idle_ok: Item,
    /// Genuine TLS failures are most of the failed sessions.
    pub(super) tls_alert: Item,
    /// The sender's own decisions came first and outnumber the receiver's.
    pub(super) own_throttle: Item,
}

/// One item: what is known, and the sentence that says so with its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Item {
    pub(super) known: Option<bool>,
    pub(super) says: String,
    /// What would decide it, where that is more than the input that the rule names.
    pub(super) lacks: Option<String>,
}

impl Item {
    pub(super) fn new(known: Option<bool>, says: impl Into<String>) -> Self {
        Self { known, says: says.into(), lacks: None }
    }
}

/// A verdict on one cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Supported,
    Possible,
    Against,
    Unknown,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Possible => "possible",
            Self::Against => "against",
            Self::Unknown => "unknown",
        }
    }
}

/// One cause, judged.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) verdict: Verdict,
    supports: Vec<String>,
    against: Vec<String>,
    missing: Vec<String>,
}

/// A demand on an item: which, the value it must have, and what to ask for when it is not known.
struct Need<'a> {
    item: &'a Item,
    wanted: bool,
    ask: &'static str,
}

const fn need<'a>(item: &'a Item, wanted: bool, ask: &'static str) -> Need<'a> {
    Need { item, wanted, ask }
}

const ASK_OTHERS: &str = "logs of the same minutes with at least 150 sessions to other receivers";
const ASK_NETWORK: &str = "egress of the sending nodes in these minutes (sadf -d -- -n DEV) and the limit on it";
const ASK_HOST: &str = "CPU, open files and worker counts of the sending nodes with their limits (sadf -d -- -u -v)";
const ASK_REPLIES: &str = "the receiver's reply texts";
const ASK_LOAD: &str = "minutes with little load in the same log, or a second launch";
const ASK_IPS: &str = "a second sending IP with like load";
const ASK_IDLE: &str = "an idle STARTTLS test from a sending node while the failures last (posttls-finger -c)";
const ASK_TLS: &str = "the TLS library's messages for the failed handshakes (postconf -e smtp_tls_loglevel=1)";
const ASK_QUIET_IP: &str = "a sending IP with little traffic to Gmail in the same minutes";

/// Judges all causes.
pub(super) fn judge(items: &Items) -> Vec<Cause> {
    let i = items;
    let others = || need(&i.others_clean, true, ASK_OTHERS);
    let pressure = || need(&i.pressure, true, ASK_REPLIES);
    // An idle test that succeeds speaks against a fault of the TLS stack; none taken says nothing.
    let reputation_sign = either(&i.policy, &i.ip_split);
    let tls_at_rest = either(
        &Item::new(i.idle_ok.known.map(|ok| !ok), i.idle_ok.says.clone()),
        &Item::new(i.load_linked.known.map(|l| !l), i.load_linked.says.clone()),
    );
    vec![
        cause(
            "google_rate",
            "rate or connection pressure on Google's side",
            &[
                others(),
                pressure(),
                need(&i.load_linked, true, ASK_LOAD),
                need(&i.net_ceiling, false, ASK_NETWORK),
                need(&i.host_ceiling, false, ASK_HOST),
            ],
            &[&i.policy, &i.unmet, &i.tls_alert, &i.ip_split, &i.own_throttle],
        ),
        cause(
            "google_reputation",
            "reputation or policy on Google's side",
            &[others(), pressure(), need(&reputation_sign, true, ASK_IPS)],
            &[&i.unmet, &i.net_ceiling, &i.host_ceiling, &i.tls_alert],
        ),
        cause(
            "google_system",
            "a fault in Google's own systems",
            &[
                others(),
                need(&i.system, true, ASK_REPLIES),
                need(&i.load_linked, false, ASK_LOAD),
                need(&i.low_volume_fails, true, ASK_QUIET_IP),
            ],
            &[&i.net_ceiling, &i.host_ceiling, &i.tls_alert],
        ),
        cause(
            "sender_network",
            "the sender's network at its limit",
            &[need(&i.net_ceiling, true, ASK_NETWORK), need(&i.others_clean, false, ASK_OTHERS)],
            &[&i.pressure_apart, &i.tls_alert],
        ),
        cause(
            "sender_load",
            "the sender's servers at their limit",
            &[need(&i.host_ceiling, true, ASK_HOST), need(&i.others_clean, false, ASK_OTHERS)],
            &[&i.pressure_apart, &i.tls_alert],
        ),
        cause(
            "tls_stack",
            "a fault of the sender's TLS stack",
            &[
                need(&i.tls_alert, true, ASK_TLS),
                need(&i.others_clean, false, ASK_OTHERS),
                need(&i.downstream, false, ASK_TLS),
                need(&tls_at_rest, true, if i.idle_ok.known.is_some() { ASK_LOAD } else { ASK_IDLE }),
            ],
            &[&i.net_ceiling, &i.host_ceiling, &i.idle_ok],
        ),
        cause(
            "sender_throttle",
            "the sender's own throttle",
            &[need(&i.own_throttle, true, "the MTA's own throttling records")],
            &[],
        ),
    ]
}

/// True when either is, false when both are known to be false.
fn either(a: &Item, b: &Item) -> Item {
    match (a.known, b.known) {
        (Some(true), _) => a.clone(),
        (_, Some(true)) => b.clone(),
        (Some(false), Some(false)) => Item::new(Some(false), format!("{} {}", a.says, b.says).trim().to_owned()),
        _ => Item::default(),
    }
}

fn cause(id: &'static str, title: &'static str, needs: &[Need<'_>], kills: &[&Item]) -> Cause {
    let right = |n: &&Need<'_>| n.item.known == Some(n.wanted);
    let wrong = |n: &&Need<'_>| n.item.known == Some(!n.wanted);
    let supports: Vec<_> = needs.iter().filter(right).map(|n| n.item.says.clone()).collect();
    let mut against: Vec<_> = needs.iter().filter(wrong).map(|n| n.item.says.clone()).collect();
    against.extend(kills.iter().filter(|i| i.known == Some(true)).map(|i| i.says.clone()));
    against.dedup();
    let unknown = needs.iter().filter(|n| n.item.known.is_none());
    let missing: Vec<_> = unknown.map(|n| n.item.lacks.clone().unwrap_or_else(|| n.ask.to_owned())).collect();
    let verdict = match (against.is_empty(), missing.is_empty(), supports.is_empty()) {
        (false, _, _) => Verdict::Against,
        (true, true, _) => Verdict::Supported,
        (true, false, false) => Verdict::Possible,
        (true, false, true) => Verdict::Unknown,
    };
    Cause { id, title, verdict, supports, against, missing }
}

/// The overall verdict: the only supported cause, or `inconclusive`.
pub(super) fn overall(causes: &[Cause]) -> &'static str {
    let mut supported = causes.iter().filter(|c| c.verdict == Verdict::Supported);
    match (supported.next(), supported.next()) {
        (Some(only), None) => only.id,
        _ => "inconclusive",
    }
}

/// The sentence of the overall verdict.
pub(super) fn sentence(causes: &[Cause]) -> String {
    let supported: Vec<_> = causes.iter().filter(|c| c.verdict == Verdict::Supported).collect();
    let open = not_excluded(causes);
    match supported.as_slice() {
        [only] => {
            let known = format!("The facts support {} and speak against no part of its rule.", only.title);
            if open.is_empty() { known } else { format!("{known} {open}") }
        }
        [] if open.is_empty() => "No cause is supported by the facts given.".to_owned(),
        [] => format!("Inconclusive. {open}"),
        several => {
            let titles: Vec<_> = several.iter().map(|c| c.title).collect();
            format!(
                "Inconclusive: the facts support more than one cause, {}, and do not rank them.",
                titles.join(" and ")
            )
        }
    }
}

/// The causes that nothing speaks against, and what would decide them; empty when there are none.
fn not_excluded(causes: &[Cause]) -> String {
    let possible: Vec<_> = causes.iter().filter(|c| c.verdict == Verdict::Possible).collect();
    let titles: Vec<_> = possible.iter().map(|c| c.title).collect();
    let missing: BTreeSet<&str> = possible.iter().flat_map(|c| c.missing()).collect();
    let missing: Vec<_> = missing.into_iter().collect();
    match (titles.is_empty(), missing.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!("Not excluded: {}.", titles.join("; ")),
        (false, false) => {
            format!("Not excluded: {}. What would decide it: {}.", titles.join("; "), missing.join("; "))
        }
    }
}

/// The causes that nothing supports, those with one and the same reason together.
pub(super) fn tested(causes: &[Cause]) -> Node {
    let mut rows: Vec<(Verdict, &str, Vec<&str>)> = Vec::new();
    for cause in causes.iter().filter(|c| matches!(c.verdict, Verdict::Against | Verdict::Unknown)) {
        let why = if cause.verdict == Verdict::Against { cause.against.first() } else { cause.missing.first() };
        let why = why.map_or("", String::as_str);
        match rows.iter_mut().find(|(verdict, of, _)| (*verdict, *of) == (cause.verdict, why)) {
            Some((.., titles)) => titles.push(cause.title),
            None => rows.push((cause.verdict, why, vec![cause.title])),
        }
    }
    let row = |(verdict, why, titles): (Verdict, &str, Vec<&str>)| {
        let why = Some(why).filter(|why| !why.is_empty()).map(|why| Value::Sentence(why.to_owned()));
        Node::group([
            ("titles", Value::Text(titles.join("; ")).into()),
            ("verdict", Value::Word(verdict.word()).into()),
            ("why", Node::maybe(why)),
        ])
    };
    Node::List(rows.into_iter().map(row).collect())
}

impl Cause {
    pub(super) fn node(&self) -> Node {
        let list = |texts: &[String]| Node::List(texts.iter().map(|t| Value::Sentence(t.clone()).into()).collect());
        Node::group([
            ("id", Value::Word(self.id).into()),
            ("title", Value::Text(self.title.to_owned()).into()),
            ("verdict", Value::Word(self.verdict.word()).into()),
            ("for", list(&self.supports)),
            ("against", list(&self.against)),
            ("missing", list(&self.missing)),
        ])
    }

    pub(super) fn missing(&self) -> impl Iterator<Item = &str> {
        self.missing.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yes() -> Item {
        Item::new(Some(true), "yes")
    }

    fn no() -> Item {
        Item::new(Some(false), "no")
    }

    fn throttled() -> Items {
        Items {
            others_clean: yes(),
            pressure: yes(),
            pressure_apart: yes(),
            policy: no(),
            system: yes(),
            unmet: no(),
            downstream: yes(),
            load_linked: yes(),
            low_volume_fails: no(),
            net_ceiling: no(),
            host_ceiling: no(),
            ip_split: no(),
            idle_ok: yes(),
            tls_alert: no(),
            own_throttle: no(),
        }
    }

    #[test]
    fn complete_evidence_of_a_throttle_names_it() {
        assert_eq!(overall(&judge(&throttled())), "google_rate");
    }

    #[test]
    fn each_missing_input_is_refused_and_named() {
        for (blank, ask) in [
            (Items { others_clean: Item::default(), ..throttled() }, ASK_OTHERS),
            (Items { net_ceiling: Item::default(), ..throttled() }, ASK_NETWORK),
            (Items { host_ceiling: Item::default(), ..throttled() }, ASK_HOST),
            (Items { load_linked: Item::default(), ..throttled() }, ASK_LOAD),
        ] {
            let causes = judge(&blank);
            assert_eq!(overall(&causes), "inconclusive");
            assert!(sentence(&causes).contains(ask), "{}", sentence(&causes));
        }
    }

    // oss trap 33: the limit follows from the mail without TLS, and not the other way round.
    #[test]
    fn a_limit_for_want_of_tls_is_no_rate_and_no_reputation() {
        for (items, cause) in
            [(throttled(), "google_rate"), (Items { policy: yes(), ..throttled() }, "google_reputation")]
        {
            assert_eq!(overall(&judge(&items)), cause);
            assert_eq!(overall(&judge(&Items { unmet: yes(), ..items })), "inconclusive", "{cause}");
        }
    }

    #[test]
    fn a_tls_fault_everywhere_is_the_tls_stack() {
        let items = Items {
            others_clean: no(),
            pressure: no(),
            pressure_apart: no(),
            downstream: no(),
            load_linked: no(),
            tls_alert: yes(),
            idle_ok: Item::default(),
            ..throttled()
        };
        assert_eq!(overall(&judge(&items)), "tls_stack");
        // An idle test that succeeds speaks against it.
        assert_eq!(overall(&judge(&Items { idle_ok: yes(), ..items })), "inconclusive");
    }

    #[test]
    fn a_saturated_link_that_hurts_all_receivers_is_the_network() {
        let items = Items { others_clean: no(), pressure_apart: no(), net_ceiling: yes(), ..throttled() };
        assert_eq!(overall(&judge(&items)), "sender_network");
    }

    // A node without CPU leaves receivers waiting until they close: Gmail's closes are theirs too.
    #[test]
    fn a_server_at_its_limit_is_named_where_all_receivers_close_alike() {
        let items = Items { others_clean: no(), pressure_apart: no(), host_ceiling: yes(), ..throttled() };
        assert_eq!(overall(&judge(&items)), "sender_load");
        let by_answers = Items { pressure_apart: yes(), ..items };
        assert_eq!(overall(&judge(&by_answers)), "inconclusive", "Gmail answers what the others do not");
    }

    #[test]
    fn causes_with_one_reason_are_told_together() {
        let rows = tested(&judge(&Items { others_clean: no(), pressure: yes(), ..throttled() }));
        let text = |path: &str| rows.value(path).map(Value::text);
        assert_eq!(text("1.titles").map(|titles| titles.split("; ").count()), Some(7), "one reason: {rows:?}");
        assert_eq!((text("1.verdict").as_deref(), text("1.why").as_deref()), (Some("against"), Some("no")));
        assert_eq!(text("2.titles"), None);
    }

    #[test]
    fn nothing_known_concludes_nothing() {
        let causes = judge(&Items::default());
        assert!(causes.iter().all(|c| c.verdict == Verdict::Unknown));
        assert_eq!(overall(&causes), "inconclusive");
    }
}
