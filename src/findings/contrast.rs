//! Who failed and who did not, inside the waves: sending IPs, MX hosts, receivers.
//!
//! Nothing is detected twice: each row is held against the lane's own tolerance.
//! With a failure rate's 95 % interval (Clopper-Pearson on counts shrunk by the
//! burstiness phi) wholly above it, a row is failing; wholly below, clean; else
//! there is not enough traffic to say. Another receiver whose own usual rate, outside the waves, is
//! higher is held against that. What a row's logs cannot show is held to have
//! happened to it at the rate at which it did where logs can: a row that would not be
//! clean then is unknown.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::waves::statistics::clopper_pearson;
use super::waves::tolerance;
use super::{Evidence, Node, Value};
use crate::scan::{MxId, What};
use crate::smtp::{Lane, Lanes, Outcome};
use crate::time::Window;
use crate::timeline::{Counts, Known, Place, Row, Timeline};

/// What a row's traffic inside the waves says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowVerdict {
    /// It failed with the lane.
    Failing,
    /// It stayed at the usual rate.
    Clean,
    /// Too few sessions to say.
    NotEnoughTraffic,
    /// Its logs cannot show the failures that others had.
    Unknown,
}

impl RowVerdict {
    /// The word of machine-readable outputs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Clean => "clean",
            Self::NotEnoughTraffic => "not_enough_traffic",
            Self::Unknown => "unknown",
        }
    }
}

/// The yardstick of a lane: what failure rate is still usual, and how bursty failures are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Yardstick {
    pub(super) tolerance: f64,
    pub(super) phi: f64,
}

impl Yardstick {
    /// Judges failed sessions of attempts.
    pub(super) fn judge(self, counts: Counts) -> RowVerdict {
        if counts.attempts == 0 {
            return RowVerdict::NotEnoughTraffic;
        }
        let (lower, upper) = self.interval(counts);
        if lower > self.tolerance {
            RowVerdict::Failing
        } else if upper < self.tolerance {
            RowVerdict::Clean
        } else {
            RowVerdict::NotEnoughTraffic
        }
    }

    /// The same for a receiver of which so many sessions failed outside the waves: what fails there
    /// at any time is no failure with the lane. Too few sessions tell no usual rate.
    fn with_usual(self, outside: Counts) -> Self {
        if outside.attempts < LEAST_USUAL {
            return self;
        }
        let usual = (outside.failed as f64 + 0.5) / (outside.attempts as f64 + 1.0);
        if usual > MOST_USUAL {
            return self;
        }
        Self { tolerance: self.tolerance.max(tolerance(usual)), ..self }
    }

    /// Whether a usual rate would be one still, had those that logs cannot show failed as often
    /// as others did.
    fn is_clean(self, counts: Counts, hidden: f64) -> bool {
        let (_, upper) = self.interval(counts);
        upper + hidden < self.tolerance
    }

    /// The 95 % interval of the failure rate.
    pub(super) fn interval(self, counts: Counts) -> (f64, f64) {
        clopper_pearson(counts.failed as f64 / self.phi, counts.attempts as f64 / self.phi, 0.95)
    }
}

/// Sessions outside the waves that tell a receiver's usual rate.
const LEAST_USUAL: u64 = 50;
/// A receiver that loses more than this at any time is no healthy one.
const MOST_USUAL: f64 = 0.1;

/// One row, judged.
#[derive(Clone, Debug)]
pub(super) struct Judged<K> {
    pub(super) of: K,
    pub(super) counts: Counts,
    pub(super) verdict: RowVerdict,
    /// Whether its logs could show a failed session, had there been one.
    pub(super) shows_failures: bool,
}

impl<K> Judged<K> {
    /// The share that failed; absent where its logs cannot show a failed session.
    pub(super) fn failed_share(&self) -> Value {
        if self.shows_failures {
            Value::Share(self.counts.failed, self.counts.attempts, "sessions")
        } else {
            Value::Absent
        }
    }
}

/// The rows of the three contrasts inside the waves (the whole window without one).
#[derive(Clone, Debug)]
pub(super) struct Contrast {
    pub(super) ips: Vec<Judged<Place>>,
    pub(super) mx_hosts: Vec<Judged<MxId>>,
    pub(super) lanes: Vec<Judged<Lane>>,
    /// The other receivers that are too small to be judged alone, taken together; none where
    /// there are not two of them.
    pub(super) small_others: Option<Judged<usize>>,
}

/// The traffic that a clean sending IP had, beside that of the failing ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carried {
    /// As much as they tried to send.
    Alike,
    /// Less than even they delivered.
    Less,
}

pub(super) fn contrast(timeline: &Timeline, waves: &[Window], yardstick: Yardstick) -> Contrast {
    let judge = Judge { timeline, waves, yardstick, rates: rates(timeline, waves) };
    let lanes: Vec<_> = timeline.lanes.iter().map(|row| judge.lane(row)).collect();
    Contrast {
        ips: judge.rows(&timeline.egresses),
        mx_hosts: judge.rows(&timeline.mx_hosts),
        small_others: judge.small_others(&lanes),
        lanes,
    }
}

/// Whether a minute of the grid counts: those of the waves, all of them without one.
fn is_inside(timeline: &Timeline, waves: &[Window], at: usize) -> bool {
    waves.is_empty() || waves.iter().any(|w| w.contains(timeline.window.at(at)))
}

/// Which share of the Gmail lane's sessions failed in each way, where logs can show it.
fn rates(timeline: &Timeline, waves: &[Window]) -> Vec<(Outcome, f64)> {
    let rate = |outcome: &Outcome| {
        let shown = timeline
            .egresses
            .iter()
            .map(|row| row.sum(|at| is_inside(timeline, waves, at) && row.sight.shows_all(at, &[*outcome])));
        let (failed, attempts) =
            shown.fold((0, 0), |(failed, attempts), c| (failed + c.of(*outcome), attempts + c.attempts));
        (*outcome, if attempts == 0 { 0.0 } else { failed as f64 / attempts as f64 })
    };
    What::FAILURES.iter().map(rate).collect()
}

/// What rows are held against.
struct Judge<'a> {
    timeline: &'a Timeline,
    waves: &'a [Window],
    yardstick: Yardstick,
    rates: Vec<(Outcome, f64)>,
}

impl Judge<'_> {
    fn rows<K: Clone>(&self, rows: &[Row<K>]) -> Vec<Judged<K>> {
        rows.iter().map(|row| self.row(row)).collect()
    }

    fn row<K: Clone>(&self, row: &Row<K>) -> Judged<K> {
        self.against(row, self.yardstick)
    }

    /// A receiver: another one is also held against its own usual rate, since a dead domain or a
    /// full queue of bounces fails at any hour.
    fn lane(&self, row: &Row<Lane>) -> Judged<Lane> {
        if row.of.is_of_others() { self.against(row, self.usual_of(&[row])) } else { self.row(row) }
    }

    /// The yardstick of receivers whose usual rate, outside the waves, may be above the lane's.
    fn usual_of(&self, rows: &[&Row<Lane>]) -> Yardstick {
        let mut outside = Counts::default();
        for row in rows {
            outside.plus(row.sum(|at| !is_inside(self.timeline, self.waves, at)));
        }
        self.yardstick.with_usual(outside)
    }

    fn against<K: Clone>(&self, row: &Row<K>, yardstick: Yardstick) -> Judged<K> {
        let inside = |at: usize| is_inside(self.timeline, self.waves, at);
        let counts = row.sum(inside);
        let shows_failures = row.known(inside, counts.failed, What::FAILURES) != Known::Nothing;
        let verdict = match yardstick.judge(counts) {
            // Without a wave nobody failed with it: such a row is clean or too small to say.
            RowVerdict::Failing if self.waves.is_empty() => RowVerdict::NotEnoughTraffic,
            RowVerdict::Clean if !shows_failures || !yardstick.is_clean(counts, self.hidden(row)) => {
                RowVerdict::Unknown
            }
            verdict => verdict,
        };
        Judged { of: row.of.clone(), counts, verdict, shows_failures }
    }

    /// The share of sessions that failed in the ways that a row's logs cannot show, where logs can.
    fn hidden<K>(&self, row: &Row<K>) -> f64 {
        let is_hidden = |outcome: Outcome| {
            // What is told of all failures together holds this one too.
            let told = |at| row.sight.shows_all(at, &[outcome]) || row.sight.shows_all(at, What::FAILURES);
            let shown = |at: usize| row.counts.get(at).is_none() || told(at);
            !(0..row.counts.len()).filter(|at| is_inside(self.timeline, self.waves, *at)).all(shown)
        };
        self.rates.iter().filter(|(outcome, _)| is_hidden(*outcome)).map(|(_, rate)| rate).sum()
    }

    /// Other receivers that have not enough traffic each, as one: a log of a few minutes holds
    /// few sessions with any of them, and many with all.
    fn small_others(&self, lanes: &[Judged<Lane>]) -> Option<Judged<usize>> {
        let (mut counts, mut hidden, mut of, mut rows) = (Counts::default(), 0.0_f64, 0, Vec::new());
        let is_small =
            |j: &&Judged<Lane>| j.of.is_of_others() && j.verdict == RowVerdict::NotEnoughTraffic && j.shows_failures;
        for small in lanes.iter().filter(is_small).filter(|j| j.counts.attempts > 0) {
            let row = self.timeline.lanes.iter().find(|row| row.of == small.of);
            hidden = hidden.max(row.map_or(0.0, |row| self.hidden(row)));
            rows.extend(row);
            counts.plus(small.counts);
            of += 1;
        }
        let yardstick = self.usual_of(&rows);
        let verdict = match yardstick.judge(counts) {
            RowVerdict::Failing if self.waves.is_empty() => RowVerdict::NotEnoughTraffic,
            RowVerdict::Clean if !yardstick.is_clean(counts, hidden) => RowVerdict::Unknown,
            verdict => verdict,
        };
        (of >= 2).then_some(Judged { of, counts, verdict, shows_failures: true })
    }
}

impl Contrast {
    /// The sending IPs, and how many more stand behind names that nothing resolves.
    pub(super) fn sending_ips(&self) -> (BTreeSet<IpAddr>, usize) {
        let known = self.ips.iter().filter_map(|j| j.of.ip).collect();
        (known, self.ips.iter().filter(|j| j.of.ip.is_none()).count())
    }

    /// The labels of the sending IPs that fail.
    pub(super) fn failing_ips(&self) -> BTreeSet<String> {
        self.ips.iter().filter(|j| j.verdict == RowVerdict::Failing).map(|j| j.of.label()).collect()
    }

    pub(super) fn ips_node(&self) -> Node {
        let row = |j: &Judged<Place>| {
            let mut node = counts_node(j, "ips");
            node.insert("label", Value::Text(j.of.label()).into());
            node.insert("ip", Node::maybe(j.of.ip.map(Value::Ip)));
            node.insert("tag", Value::Text(j.of.tag.clone()).into());
            node.insert("node", Value::Text(j.of.node.clone()).into());
            node
        };
        Node::List(self.ips.iter().map(row).collect())
    }

    pub(super) fn ips_summary(&self) -> Node {
        let count = |verdicts: &[RowVerdict]| {
            let n = self.ips.iter().filter(|j| verdicts.contains(&j.verdict)).count() as u64;
            Node::fact(Value::Count(n, "sending IPs"), [Evidence::Table("ips", String::new())])
        };
        Node::group([
            ("failing", count(&[RowVerdict::Failing])),
            ("clean", count(&[RowVerdict::Clean])),
            ("unknown", count(&[RowVerdict::NotEnoughTraffic, RowVerdict::Unknown])),
        ])
    }

    pub(super) fn mx_node(&self, timeline: &Timeline) -> Node {
        let named = self.mx_hosts.iter().filter(|j| !timeline.mx_name(j.of).is_empty());
        let row = |j: &Judged<MxId>| {
            let mut node = counts_node(j, "mx_hosts");
            node.insert("host", Value::Text(timeline.mx_name(j.of).to_owned()).into());
            node
        };
        Node::List(named.map(row).collect())
    }

    /// What the other receivers show together, where none of them can be judged alone.
    pub(super) fn lanes_together_node(&self) -> Node {
        let said = |small: &Judged<usize>| {
            let clean = if small.verdict == RowVerdict::Clean { "clean" } else { "failing" };
            let share = small.failed_share().text();
            Value::Sentence(format!(
                "The {} other receivers taken together: {clean}, {share} of sessions failed.",
                small.of
            ))
        };
        Node::fact(self.judged_together().map_or(Value::Absent, said), [Evidence::Table("lanes", String::new())])
    }

    pub(super) fn lanes_node(&self, lanes: &Lanes) -> Node {
        let row = |j: &Judged<Lane>| {
            let mut node = counts_node(j, "lanes");
            node.insert("lane", Value::Text(lanes.name(j.of).to_owned()).into());
            node
        };
        Node::List(self.lanes.iter().map(row).collect())
    }

    /// What a clean IP had to carry beside the failing ones; none where that is not known.
    ///
    /// What a failing IP had to carry lies between what it delivered and what it tried:
    /// retries inflate its attempts, and refusals lower its deliveries. So a clean IP is
    /// alike when it delivered four fifths of the failing ones' attempts, unlike when it
    /// delivered less than four fifths of their deliveries, and else not known to be either.
    pub(super) fn carried(&self, clean: Counts) -> Option<Carried> {
        let failing = || self.ips.iter().filter(|j| j.verdict == RowVerdict::Failing).map(|j| j.counts);
        let delivered = middle(failing().map(|c| c.delivered()).collect())?;
        let tried = middle(failing().map(|c| c.attempts).collect())?;
        if clean.delivered() * 5 >= tried * 4 {
            Some(Carried::Alike)
        } else {
            (clean.delivered() * 5 < delivered * 4).then_some(Carried::Less)
        }
    }

    /// Whether the other receivers were clean: none may fail, and at least one must have enough
    /// traffic to be clean, or those that are too small alone must have it together.
    pub(super) fn others_clean(&self) -> Option<bool> {
        let is = |v| self.others().any(|j| j.verdict == v);
        if is(RowVerdict::Failing) {
            Some(false)
        } else if is(RowVerdict::Clean) {
            Some(true)
        } else {
            self.judged_together().map(|small| small.verdict == RowVerdict::Clean)
        }
    }

    /// The small other receivers, where they are judged together because none can be alone.
    pub(super) fn judged_together(&self) -> Option<&Judged<usize>> {
        let alone = self.others().any(|j| matches!(j.verdict, RowVerdict::Failing | RowVerdict::Clean));
        let is_judged = |j: &&Judged<usize>| matches!(j.verdict, RowVerdict::Failing | RowVerdict::Clean);
        self.small_others.as_ref().filter(is_judged).filter(|_| !alone)
    }

    /// Lanes other than Gmail, with their verdicts.
    pub(super) fn others(&self) -> impl Iterator<Item = &Judged<Lane>> {
        self.lanes.iter().filter(|j| j.of.is_of_others())
    }
}

fn middle(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

fn counts_node<K>(judged: &Judged<K>, table: &'static str) -> Node {
    let evidence = || [Evidence::Table(table, String::new())];
    let counts = judged.counts;
    Node::group([
        ("verdict", Node::fact(Value::Word(judged.verdict.word()), evidence())),
        ("attempts", Node::fact(Value::Count(counts.attempts, "sessions"), evidence())),
        ("delivered", Node::fact(Value::Count(counts.delivered(), "sessions"), evidence())),
        ("failed_share", Node::fact(judged.failed_share(), evidence())),
    ])
}
