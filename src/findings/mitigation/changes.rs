//! Changes that people stated, with what was measured around them.

use super::super::pattern::is_gmail_connections;
use super::super::{Evidence, number};
use super::Deed;
use crate::case::Change;
use crate::time::Window;
use crate::timeline::Timeline;

/// Minutes looked at on each side of a change.
const SIDE: i32 = 5;

pub(super) fn changes(timeline: &Timeline, changes: &[Change]) -> Vec<Deed> {
    let deed = |(i, change): (usize, &Change)| Deed {
        sentence: around(timeline, change),
        evidence: Evidence::Stated(format!("changes[{i}]")),
    };
    changes.iter().enumerate().map(deed).collect()
}

/// A stated change, with the most connections in the minutes on each side: measured by a
/// metric, else estimated from the durations that logs state.
fn around(timeline: &Timeline, change: &Change) -> String {
    let minute = change.at.minute();
    let before = Window::new(minute.plus(-SIDE), minute);
    let after = Window::new(minute.plus(1), minute.plus(1 + SIDE));
    let stated = format!("{}: {} (stated).", change.at.to_second(), change.what);
    let sides = |most: fn(&Timeline, Window) -> Option<f64>| most(timeline, before).zip(most(timeline, after));
    let told = sides(measured).map(|s| (s, "measured")).or_else(|| sides(estimated).map(|s| (s, "estimated")));
    let Some(((before, after), basis)) = told else { return stated };
    format!(
        "{stated} Most connections of one sending IP to Gmail: {} in the five minutes before, {} in the five after ({basis}).",
        number(before, 0),
        number(after, 0)
    )
}

fn measured(timeline: &Timeline, window: Window) -> Option<f64> {
    let series = timeline.metrics.iter().filter(|m| is_gmail_connections(m) && timeline.is_on_time(m));
    series.flat_map(|m| m.minutes.range(window.from..window.to)).map(|(_, c)| c.max).max_by(f64::total_cmp)
}

fn estimated(timeline: &Timeline, window: Window) -> Option<f64> {
    let places: Vec<usize> = window.minutes().filter_map(|m| timeline.window.index(m)).collect();
    let rows = timeline.connections.by_egress.iter();
    rows.flat_map(|row| places.iter().filter_map(|i| row.get(*i).copied().flatten())).max_by(f64::total_cmp)
}
