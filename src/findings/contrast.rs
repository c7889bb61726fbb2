//! Who failed and who did not, inside the waves: sending IPs, MX hosts, receivers.
//!
//! Nothing is detected twice: each row is held against the lane's own tolerance.
//! With a failure rate's 95 % interval (Clopper-Pearson on counts shrunk by the
//! burstiness phi) wholly above it, a row is failing; wholly below, clean; else
//! there is not enough traffic to say.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::waves::statistics::clopper_pearson;
use super::{Evidence, Node, Value};
use crate::scan::{MxId, What};
use crate::smtp::{Lane, Lanes};
use crate::time::Window;
use crate::timeline::{Counts, Place, Row, Timeline};

/// What a row's traffic inside the waves says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowVerdict {
    /// It failed with the lane.
    Failing,
    /// It stayed at the usual rate.
    Clean,
    /// Too few sessions to say.
    NotEnoughTraffic,
}

impl RowVerdict {
    /// The word of machine-readable outputs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Clean => "clean",
            Self::NotEnoughTraffic => "not_enough_traffic",
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

    /// The 95 % interval of the failure rate.
    pub(super) fn interval(self, counts: Counts) -> (f64, f64) {
        clopper_pearson(counts.failed as f64 / self.phi, counts.attempts as f64 / self.phi, 0.95)
    }
}

/// One row, judged.
#[derive(Clone, Debug)]
pub(super) struct Judged<K> {
    pub(super) of: K,
    pub(super) counts: Counts,
    pub(super) verdict: RowVerdict,
    /// Whether the logs could show a failed session, had there been one.
    pub(super) shows_failures: bool,
}

/// The rows of the three contrasts inside the waves (the whole window without one).
#[derive(Clone, Debug)]
pub(super) struct Contrast {
    pub(super) ips: Vec<Judged<Place>>,
    pub(super) mx_hosts: Vec<Judged<MxId>>,
    pub(super) lanes: Vec<Judged<Lane>>,
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
    Contrast {
        ips: rows(timeline, &timeline.egresses, waves, yardstick),
        mx_hosts: rows(timeline, &timeline.mx_hosts, waves, yardstick),
        lanes: rows(timeline, &timeline.lanes, waves, yardstick),
    }
}

fn rows<K: Clone>(timeline: &Timeline, rows: &[Row<K>], waves: &[Window], yardstick: Yardstick) -> Vec<Judged<K>> {
    let inside = |i: usize| waves.is_empty() || waves.iter().any(|w| w.contains(timeline.window.at(i)));
    let judged = rows.iter().map(|row| {
        let counts = row.sum(inside);
        let shows_failures = timeline.known(counts.failed, What::FAILURES).is_some();
        let verdict = match yardstick.judge(counts) {
            // Without a wave nobody failed with it: such a row is clean or too small to say.
            RowVerdict::Failing if waves.is_empty() => RowVerdict::NotEnoughTraffic,
            RowVerdict::Clean if !shows_failures => RowVerdict::NotEnoughTraffic,
            verdict => verdict,
        };
        Judged { of: row.of.clone(), counts, verdict, shows_failures }
    });
    judged.collect()
}

impl Contrast {
    /// The sending IPs, and how many more stand behind names that nothing resolves.
    pub(super) fn sending_ips(&self) -> (BTreeSet<IpAddr>, usize) {
        let known = self.ips.iter().filter_map(|j| j.of.ip).collect();
        (known, self.ips.iter().filter(|j| j.of.ip.is_none()).count())
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
        let count = |v| {
            let n = self.ips.iter().filter(|j| j.verdict == v).count() as u64;
            Node::fact(Value::Count(n, "sending IPs"), [Evidence::Table("ips", String::new())])
        };
        Node::group([
            ("failing", count(RowVerdict::Failing)),
            ("clean", count(RowVerdict::Clean)),
            ("unknown", count(RowVerdict::NotEnoughTraffic)),
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

    /// Whether the other receivers were clean: at least one must have enough traffic to be, and
    /// none may fail.
    pub(super) fn others_clean(&self) -> Option<bool> {
        let is = |v| self.others().any(|j| j.verdict == v);
        if is(RowVerdict::Failing) { Some(false) } else { is(RowVerdict::Clean).then_some(true) }
    }

    /// Lanes other than Gmail, with their verdicts.
    pub(super) fn others(&self) -> impl Iterator<Item = &Judged<Lane>> {
        self.lanes.iter().filter(|j| j.of != Lane::GMAIL)
    }
}

fn middle(mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

fn counts_node<K>(judged: &Judged<K>, table: &'static str) -> Node {
    let evidence = || [Evidence::Table(table, String::new())];
    let counts = judged.counts;
    let failed =
        if judged.shows_failures { Value::Share(counts.failed, counts.attempts, "sessions") } else { Value::Absent };
    Node::group([
        ("verdict", Node::fact(Value::Word(judged.verdict.word()), evidence())),
        ("attempts", Node::fact(Value::Count(counts.attempts, "sessions"), evidence())),
        ("delivered", Node::fact(Value::Count(counts.delivered(), "sessions"), evidence())),
        ("failed_share", Node::fact(failed, evidence())),
    ])
}
