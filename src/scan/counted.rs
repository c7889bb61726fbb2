//! Tables of counts a minute, as if their sessions had been read from a log.

use std::collections::BTreeMap;

use super::{Axis, CellKey, EgressId, Tally, What};
use crate::formats::minutes::{Counted, MinuteSeries, PARTS};
use crate::intake::Exhibit;
use crate::smtp::{By, Lane, Lanes, Outcome, Stage, Sublane, TlsUse};
use crate::time::Minute;

/// Minutes of a table that were not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// A log covers them.
    pub logged: u64,
    /// Another table of the same node and lane counts them.
    pub elsewhere: u64,
}

impl Tally {
    /// Adds the series of one table. Counts are never added to those of a log of the same
    /// minute, nor to those of an earlier table of the same node and lane.
    pub fn count_minutes(
        &mut self,
        exhibit: Exhibit,
        node: &str,
        series: &[MinuteSeries],
        lanes: &Lanes,
        is_logged: impl Fn(Minute) -> bool,
    ) -> LeftOut {
        let mut left_out = LeftOut::default();
        let mut outcomes: BTreeMap<Outcome, u64> = BTreeMap::new();
        for one in series {
            let lane = lanes.named(&one.lane);
            // A series is whatever the table divides by: an IP, a pool, a node.
            let tag = if one.id.is_empty() { "counts" } else { &one.id };
            let egress = self.names.egress(node.as_bytes(), tag.as_bytes(), b"");
            for (minute, counted) in &one.minutes {
                let Some(counted) = counted else { continue };
                let owner = self.counted.get(&(*minute, node.to_owned(), lane));
                if is_logged(*minute) {
                    left_out.logged += 1;
                } else if owner.is_some_and(|o| *o != exhibit) {
                    left_out.elsewhere += 1;
                } else {
                    self.counted.insert((*minute, node.to_owned(), lane), exhibit);
                    self.count(exhibit, *minute, lane, egress, counted, &mut outcomes);
                }
            }
        }
        self.files.entry(exhibit).or_default().outcomes = outcomes;
        left_out
    }

    fn count(
        &mut self,
        exhibit: Exhibit,
        minute: Minute,
        lane: Lane,
        egress: EgressId,
        counted: &Counted,
        outcomes: &mut BTreeMap<Outcome, u64>,
    ) {
        for (what, n) in kinds(counted) {
            if n > 0 {
                let axis = Axis::Egress(egress);
                *self.cells.entry(CellKey { minute, lane, axis, what }).or_default() += n;
                self.told.insert((axis, lane, exhibit));
                *outcomes.entry(what.outcome).or_default() += n;
            }
        }
    }
}

/// Each session once: one that failed in several ways by what came first.
fn kinds(counted: &Counted) -> Vec<(What, u64)> {
    let mut left = counted.failed;
    let mut kinds: Vec<_> = PARTS
        .iter()
        .zip(counted.parts)
        .map(|((_, outcome), part)| {
            let n = part.min(left);
            left -= n;
            (what(*outcome, true), u64::from(n))
        })
        .collect();
    // The table says that they failed, not how.
    kinds.push((what(Outcome::Unclassified, true), u64::from(left)));
    let sound = counted.attempts.saturating_sub(counted.failed);
    let delivered = counted.delivered.unwrap_or(sound).min(sound);
    kinds.push((what(Outcome::Delivered, false), u64::from(delivered)));
    kinds.push((what(Outcome::Unclassified, false), u64::from(sound - delivered)));
    kinds
}

const fn what(outcome: Outcome, failed: bool) -> What {
    let (by, stage) = match outcome {
        Outcome::Deferral | Outcome::Delivered => (By::Receiver, Stage::Unknown),
        // What came before it in its session is not told: its cause stays undetermined.
        Outcome::TlsFailure => (By::Unknown, Stage::Handshake),
        _ => (By::Unknown, Stage::Unknown),
    };
    What {
        outcome,
        by,
        stage,
        tls: TlsUse::Unknown,
        category: None,
        shut: matches!(outcome, Outcome::Deferral),
        sublane: Sublane::None,
        failed,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;
    use crate::formats::minutes::read;

    const TABLE: &str = "\
minute,lane,attempts,delivered,deferred_421,remote_close,tls_fail,timeout,failed_sessions
2026-11-24T02:58Z,gmail,100,85,6,3,4,1,12
2026-11-24T02:59Z,gmail,100,90,0,0,0,0,7
2026-11-24T02:58Z,Microsoft,50,50,0,0,0,0,0
2026-11-24T02:58Z,nowhere,9,9,0,0,0,0,0
";

    fn counted(tally: &mut Tally, exhibit: u16, node: &str, logged: Option<&str>) -> LeftOut {
        let table = read(TABLE.as_bytes(), None).expect("a table");
        let logged = logged.map(|m| Minute::parse(m).expect("a time"));
        tally.count_minutes(Exhibit(exhibit), node, &table.series, &Lanes::default(), |m| Some(m) == logged)
    }

    fn sum(tally: &Tally, lane: &str, of: impl Fn(What) -> bool) -> u64 {
        let lanes = Lanes::default();
        tally.cells.iter().filter(|(k, _)| lanes.name(k.lane) == lane && of(k.what)).map(|(_, n)| n).sum()
    }

    #[test]
    fn each_session_counts_once_by_what_came_first() {
        let mut tally = Tally::default();
        assert_eq!(counted(&mut tally, 1, "", None), LeftOut::default());
        let of = |outcome| sum(&tally, "gmail", |w| w.outcome == outcome);
        let parts = [Outcome::Deferral, Outcome::RemoteClose, Outcome::Timeout, Outcome::TlsFailure].map(of);
        assert_eq!(parts, [6, 3, 1, 2], "14 failures of 12 sessions: two TLS failures followed something");
        assert_eq!(sum(&tally, "gmail", What::is_failure), 19);
        assert_eq!(sum(&tally, "gmail", |w| w.outcome == Outcome::Unclassified), 7 + 3 + 3);
        assert_eq!(sum(&tally, "gmail", |_| true), 200);
        assert_eq!((sum(&tally, "microsoft", |_| true), sum(&tally, "other", |_| true)), (50, 9));
    }

    #[test]
    fn the_log_wins_and_a_second_table_is_no_addition() {
        let mut tally = Tally::default();
        assert_eq!(counted(&mut tally, 1, "", Some("2026-11-24T02:58Z")), LeftOut { logged: 3, elsewhere: 0 });
        assert_eq!(sum(&tally, "gmail", |_| true), 100);
        assert_eq!(counted(&mut tally, 2, "", Some("2026-11-24T02:58Z")), LeftOut { logged: 3, elsewhere: 1 });
        assert_eq!(sum(&tally, "gmail", |_| true), 100);
        counted(&mut tally, 3, "mta2", None);
        assert_eq!(sum(&tally, "gmail", |_| true), 300, "another node's sessions are others");
    }
}
