//! MX hosts that the sender's MTA left out for a while: some park a host that answered 421, which
//! lowers the send rate further.

use super::super::Evidence;
use super::Deed;
use crate::findings::{Value, grouped, number};
use crate::time::{Minute, Window};
use crate::timeline::Timeline;

/// Minutes without a session that make a host parked, and sessions that it would have had.
const LEAST: (usize, f64) = (5, 10.0);

/// A stretch without a session to one host, while the lane went on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    /// Positions in the grid.
    from: usize,
    to: usize,
    /// Sessions of the lane in it.
    lane: u64,
    /// Sessions that the host would have had at its usual share.
    expected: f64,
}

/// Each host that was left out from inside a wave on: its longest such stretch.
pub(super) fn parked(timeline: &Timeline, waves: &[Window]) -> Vec<Deed> {
    let Some(gmail) = timeline.gmail() else { return Vec::new() };
    let lane: Vec<_> = gmail.counts.iter().map(|c| c.map(|c| c.attempts)).collect();
    let inside = |at: usize| waves.iter().any(|w| w.contains(timeline.window.at(at)));
    let deed = |row: &crate::timeline::Row<crate::scan::MxId>| {
        let host: Vec<_> = row.counts.iter().map(|c| c.map(|c| c.attempts)).collect();
        let (usual, all) = (sum(&host, |at| !inside(at)), sum(&lane, |at| !inside(at)));
        let share = (usual > 0 && all > 0).then(|| usual as f64 / all as f64)?;
        let stretch = longest(&lane, &host, share, inside)?;
        let (from, to) = (timeline.window.at(stretch.from), timeline.window.at(stretch.to));
        Some(told(timeline.mx_name(row.of), (from, to), (usual, all), stretch))
    };
    timeline.mx_hosts.iter().filter_map(deed).collect()
}

fn told(host: &str, (from, to): (Minute, Minute), (usual, all): (u64, u64), stretch: Stretch) -> Deed {
    Deed {
        sentence: format!(
            "{from} to {}: no session to {host} in {} minutes, while {} went to Gmail; at its share outside the waves, {}, about {} of them would have gone there: the sender's own MTA left the host out.",
            to.plus(-1),
            grouped((stretch.to - stretch.from) as u64),
            grouped(stretch.lane),
            Value::Share(usual, all, "sessions").text(),
            number(stretch.expected, 0),
        ),
        evidence: Evidence::Table("minutes_by_mx", host.to_owned()),
    }
}

fn sum(counts: &[Option<u64>], accept: impl Fn(usize) -> bool) -> u64 {
    counts.iter().enumerate().filter(|(at, _)| accept(*at)).filter_map(|(_, n)| *n).sum()
}

/// The longest stretch without a session to the host that begins inside a wave and in which, at
/// its usual share, it would have had ten or more: by chance alone once in twenty thousand times.
/// A minute that no log covers ends it.
fn longest(lane: &[Option<u64>], host: &[Option<u64>], share: f64, inside: impl Fn(usize) -> bool) -> Option<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut open: Option<Stretch> = None;
    let ended = |stretch: Stretch| {
        let is_long = stretch.to - stretch.from >= LEAST.0 && stretch.expected >= LEAST.1;
        is_long.then_some(stretch)
    };
    for (at, (lane, host)) in lane.iter().zip(host).enumerate() {
        match (lane, host, &mut open) {
            (Some(n), Some(0), Some(stretch)) => {
                stretch.to = at + 1;
                stretch.lane += n;
                stretch.expected = stretch.lane as f64 * share;
            }
            (Some(n), Some(0), None) if inside(at) => {
                open = Some(Stretch { from: at, to: at + 1, lane: *n, expected: *n as f64 * share });
            }
            _ => found.extend(open.take().and_then(ended)),
        }
    }
    found.extend(open.and_then(ended));
    found.into_iter().max_by_key(|s| (s.to - s.from, std::cmp::Reverse(s.from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANE: [Option<u64>; 12] = [Some(40); 12];

    fn of(host: &[u64]) -> Vec<Option<u64>> {
        host.iter().map(|n| Some(*n)).collect()
    }

    #[test]
    fn a_host_that_gets_nothing_while_the_lane_goes_on_is_parked() {
        let host = of(&[10, 9, 11, 10, 0, 0, 0, 0, 0, 0, 8, 9]);
        let found = longest(&LANE, &host, 0.25, |at| (3..6).contains(&at));
        assert_eq!(found, Some(Stretch { from: 4, to: 10, lane: 240, expected: 60.0 }));
        let told =
            told("mx.example", (Minute::new(4), Minute::new(10)), (40, 160), found.unwrap_or_else(|| unreachable!()));
        assert!(
            told.sentence.contains("no session to mx.example in 6 minutes, while 240 went to Gmail"),
            "{}",
            told.sentence
        );
        assert!(told.sentence.contains("25.0 % (40 of 160), about 60 of them"), "{}", told.sentence);
    }

    #[test]
    fn few_minutes_few_sessions_and_gaps_are_none() {
        let none = |lane: &[Option<u64>], host: &[Option<u64>], share, inside: fn(usize) -> bool| {
            assert_eq!(longest(lane, host, share, inside), None);
        };
        none(&LANE, &of(&[10, 0, 0, 0, 0, 9, 0, 0, 0, 0, 9, 9]), 0.25, |_| true);
        // A host that has a session in a hundred is silent by itself.
        none(&LANE, &of(&[0; 12]), 0.01, |_| true);
        // It was not used before the wave, nor did that begin inside one.
        none(&LANE, &of(&[10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 0.25, |_| false);
        let mut host = of(&[10, 9, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9]);
        host[6] = None;
        none(&LANE, &host, 0.25, |at| at < 4);
    }
}
