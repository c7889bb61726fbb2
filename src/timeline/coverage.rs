//! Which minutes the logs cover: a minute without coverage is unknown, not zero.

use std::collections::{BTreeMap, BTreeSet};

use crate::intake::Exhibit;
use crate::scan::Tally;
use crate::time::{Minute, Window};

/// What is known of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MinuteState {
    /// No log was running: nothing is known.
    Unknown,
    /// A first or last minute of a log, one of which its logger dropped lines, or one that another node's log misses:
    /// counts are lower bounds. It may date a wave, never be its peak.
    Incomplete,
    /// All logs were running all the minute.
    Full,
}

/// One node's log coverage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCoverage {
    /// The node.
    pub node: String,
    /// First and last minute with a line, as a window.
    pub window: Window,
    /// Minutes inside the window in which the log was silent though it never is.
    pub gaps: Vec<Window>,
    /// Minutes of which its logger dropped lines.
    pub lossy: BTreeSet<Minute>,
}

/// Lines per minute from which on a silent minute means that no log was kept: with
/// ten expected, silence by chance has odds below 5 in 100,000 (Poisson).
const BUSY: u64 = 10;

/// Coverage of each node, from the lines heard in its files.
#[must_use]
pub fn of_nodes(tally: &Tally, nodes: &BTreeMap<Exhibit, String>) -> Vec<NodeCoverage> {
    let mut heard: BTreeMap<&str, BTreeMap<Minute, u64>> = BTreeMap::new();
    let mut lossy: BTreeMap<&str, BTreeSet<Minute>> = BTreeMap::new();
    // A table of counts was no log running.
    for (exhibit, file) in tally.files.iter().filter(|(_, file)| !file.heard.is_empty()) {
        let node = nodes.get(exhibit).map_or("", String::as_str);
        let minutes = heard.entry(node).or_default();
        for (minute, pulse) in &file.heard {
            *minutes.entry(*minute).or_default() += pulse.lines;
        }
        lossy.entry(node).or_default().extend(&file.lossy);
    }
    let mut with_losses =
        |coverage: NodeCoverage, node| NodeCoverage { lossy: lossy.remove(node).unwrap_or_default(), ..coverage };
    heard.into_iter().filter_map(|(node, minutes)| Some(with_losses(of_node(node, &minutes)?, node))).collect()
}

fn of_node(node: &str, heard: &BTreeMap<Minute, u64>) -> Option<NodeCoverage> {
    let (first, _) = heard.first_key_value()?;
    let (last, _) = heard.last_key_value()?;
    let mut lines: Vec<_> = heard.values().copied().collect();
    lines.sort_unstable();
    let usual = lines[lines.len() / 2];
    let mut gaps = Vec::new();
    if usual >= BUSY {
        let mut expected = *first;
        for minute in heard.keys() {
            if *minute > expected {
                gaps.push(Window::new(expected, *minute));
            }
            expected = minute.plus(1);
        }
    }
    Some(NodeCoverage {
        node: node.to_owned(),
        window: Window::new(*first, last.plus(1)),
        gaps,
        lossy: BTreeSet::new(),
    })
}

/// Logs that are silent for longer than this are of two occasions, in minutes.
const OTHER_OCCASION: i32 = 3 * 24 * 60;

/// The stretch of time that the logs are about, and those that only a few lines are about:
/// a log of another month among the files would stretch the grid over all the time between.
/// The stretch with the most lines is the one.
pub(super) fn stretches(tally: &Tally) -> Option<(Window, Vec<Window>)> {
    let mut heard: BTreeMap<Minute, u64> = BTreeMap::new();
    for (minute, pulse) in tally.files.values().flat_map(|file| &file.heard) {
        *heard.entry(*minute).or_default() += pulse.lines;
    }
    for (minute, _, _) in tally.counted.keys() {
        *heard.entry(*minute).or_default() += BUSY;
    }
    let mut found: Vec<(u64, Window)> = Vec::new();
    for (minute, lines) in heard {
        let one = Window::new(minute, minute.plus(1));
        match found.last_mut().filter(|(_, w)| minute.since(w.to) <= OTHER_OCCASION) {
            Some((sum, window)) => (*sum, *window) = (*sum + lines, window.union(one)),
            None => found.push((lines, one)),
        }
    }
    // Of equals the latest.
    let (_, main) = found.iter().copied().max_by_key(|(lines, window)| (*lines, window.from))?;
    Some((main, found.into_iter().map(|(_, window)| window).filter(|w| *w != main).collect()))
}

/// The minutes that tables count.
pub(super) fn counted(tally: &Tally) -> BTreeSet<Minute> {
    tally.counted.keys().map(|(minute, _, _)| *minute).collect()
}

/// The state of each minute of a window. What a table counts, it counts as a whole.
pub(super) fn states(nodes: &[NodeCoverage], counted: &BTreeSet<Minute>, window: Window) -> Vec<MinuteState> {
    window
        .minutes()
        .map(|minute| {
            let of_nodes = nodes.iter().map(|n| n.state(minute));
            let (best, worst) =
                of_nodes.fold((MinuteState::Unknown, MinuteState::Full), |(b, w), s| (b.max(s), w.min(s)));
            match (best, worst) {
                (MinuteState::Unknown, _) if counted.contains(&minute) => MinuteState::Full,
                (MinuteState::Unknown, _) => MinuteState::Unknown,
                (MinuteState::Full, MinuteState::Full) => MinuteState::Full,
                _ => MinuteState::Incomplete,
            }
        })
        .collect()
}

impl NodeCoverage {
    /// Whether this node's log was running in the minute, if only for a part of it.
    #[must_use]
    pub fn knows(&self, minute: Minute) -> bool {
        self.state(minute) != MinuteState::Unknown
    }

    /// What this node's log knows of a minute.
    #[must_use]
    pub fn state(&self, minute: Minute) -> MinuteState {
        let silent = |m: Minute| !self.window.contains(m) || self.gaps.iter().any(|g| g.contains(m));
        if silent(minute) {
            MinuteState::Unknown
        } else if silent(minute.plus(-1)) || silent(minute.plus(1)) || self.lossy.contains(&minute) {
            // The log began or ended somewhere inside this minute, or lacks lines of it.
            MinuteState::Incomplete
        } else {
            MinuteState::Full
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(minutes: &[(i32, u64)]) -> NodeCoverage {
        let heard = minutes.iter().map(|(m, n)| (Minute::new(*m), *n)).collect();
        of_node("a", &heard).unwrap_or(NodeCoverage {
            node: String::new(),
            window: Window::new(Minute::new(0), Minute::new(0)),
            gaps: Vec::new(),
            lossy: BTreeSet::new(),
        })
    }

    #[test]
    fn a_line_of_another_year_does_not_stretch_the_grid() {
        use crate::formats::logs::Pulse;
        let mut tally = Tally::default();
        let file = tally.files.entry(Exhibit(1)).or_default();
        for (minute, lines) in [(10, 1), (1_000_000, 40), (1_000_500, 60), (1_400_000, 99)] {
            file.heard.insert(Minute::new(minute), Pulse { lines, prints: 0 });
        }
        let window = |from, to| Window::new(Minute::new(from), Minute::new(to));
        assert_eq!(
            stretches(&tally),
            Some((window(1_000_000, 1_000_501), vec![window(10, 11), window(1_400_000, 1_400_001)]))
        );
    }

    #[test]
    fn silence_of_a_busy_log_is_a_gap_and_of_a_quiet_one_is_not() {
        let busy = node(&[(1, 50), (2, 60), (5, 40), (6, 50)]);
        assert_eq!(busy.gaps, [Window::new(Minute::new(3), Minute::new(5))]);
        assert_eq!(node(&[(1, 2), (2, 1), (5, 3)]).gaps, []);
        let of = |m| busy.state(Minute::new(m));
        use MinuteState::{Full, Incomplete, Unknown};
        assert_eq!(
            [0, 1, 2, 3, 5, 6, 7].map(of),
            [Unknown, Incomplete, Incomplete, Unknown, Incomplete, Incomplete, Unknown]
        );
        assert_eq!(node(&[(1, 50), (2, 60), (3, 40)]).state(Minute::new(2)), Full);
    }
}
