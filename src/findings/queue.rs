//! The queues of the sending nodes, added up: level before, highest, and when they were back.

use std::collections::BTreeMap;

use super::headroom::Senders;
use super::{Evidence, Evident, Node, Value, grouped, number};
use crate::formats::metrics::MetricSeries;
use crate::time::{Minute, Window};

/// All nodes' queues on one grid: only minutes in which each of them was measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    /// Messages at the end of each minute, and at most inside it.
    minutes: BTreeMap<Minute, (f64, f64)>,
    evidence: Vec<Evidence>,
}

impl Queue {
    /// One series for each node, the one with most minutes: two exports of a queue are one queue.
    pub(super) fn of(evident: &Evident<'_>) -> Self {
        let (senders, timeline) = (Senders::of(evident), evident.timeline);
        let mut by_node: BTreeMap<&str, &MetricSeries> = BTreeMap::new();
        let totals = timeline.metrics.iter().filter(|m| m.signal.name() == "queue_depth" && m.instance.is_empty());
        for series in totals.filter(|m| timeline.is_on_time(m) && !senders.are_not(&m.node)) {
            let best = by_node.entry(&series.node).or_insert(series);
            if series.minutes.len() > best.minutes.len() {
                *best = series;
            }
        }
        let mut minutes: BTreeMap<Minute, (f64, f64, usize)> = BTreeMap::new();
        for (minute, cell) in by_node.values().flat_map(|series| series.minutes.iter()) {
            let sum = minutes.entry(*minute).or_default();
            *sum = (sum.0 + cell.last, sum.1 + cell.max, sum.2 + 1);
        }
        let whole = minutes.into_iter().filter(|(_, (.., n))| *n == by_node.len());
        Self {
            minutes: whole.map(|(minute, (last, max, _))| (minute, (last, max))).collect(),
            evidence: by_node.values().map(|s| Evidence::Metric(s.exhibit.clone(), s.column.clone())).collect(),
        }
    }

    /// Whether it grew over a wave: its slope is up (Theil-Sen, the median of all slopes), and
    /// it ended a fifth higher than it began. None where no wave was measured.
    pub(super) fn grew(&self, waves: &[Window]) -> Option<bool> {
        let of_wave = |wave: &Window| {
            let levels: Vec<_> =
                self.minutes.range(wave.from.plus(-1)..wave.to).map(|(m, (last, _))| (*m, *last)).collect();
            let ((_, begin), (_, end)) = (*levels.first()?, *levels.last()?);
            Some(slope(&levels)? > 0.0 && end >= 1.2 * begin)
        };
        waves.iter().filter_map(of_wave).reduce(|a, b| a || b)
    }

    /// Whether messages were waiting in each minute of the waves. None where a minute was not measured.
    pub(super) fn waiting(&self, waves: &[Window]) -> Option<bool> {
        let minutes: Vec<_> = waves.iter().flat_map(|w| w.minutes()).collect();
        let levels: Option<Vec<f64>> = minutes.iter().map(|m| self.minutes.get(m).map(|(_, max)| *max)).collect();
        levels.filter(|levels| !levels.is_empty()).map(|levels| levels.iter().all(|n| *n >= 1.0))
    }

    pub(super) fn node(&self, waves: &[Window], whole: Window) -> Node {
        let seen = self.seen(waves, whole);
        let sentence = match (waves.is_empty(), &seen) {
            (true, _) => "No wave was found.".to_owned(),
            (false, None) if self.minutes.is_empty() => "No queue depth was given.".to_owned(),
            (false, None) => "The queue depth given does not cover these minutes.".to_owned(),
            (false, Some(seen)) => seen.sentence(self.evidence.len()),
        };
        let of = |value: Option<Value>| Node::fact(value.unwrap_or(Value::Absent), self.evidence.iter().cloned());
        let seen = seen.as_ref();
        Node::group([
            ("sentence", of(Some(Value::Sentence(sentence)))),
            ("peak", of(seen.map(|s| Value::Number(s.peak.0, 0, "messages".to_owned())))),
            ("peak_minute", of(seen.map(|s| Value::Minute(s.peak.1)))),
            ("back_to_normal", of(seen.and_then(|s| s.back).map(Value::Minute))),
        ])
    }

    fn seen(&self, waves: &[Window], whole: Window) -> Option<Seen> {
        let (first, last) = (waves.first()?, waves.last()?);
        let mut before: Vec<f64> = self.minutes.range(whole.from..first.from).map(|(_, (level, _))| *level).collect();
        before.sort_by(f64::total_cmp);
        let usual = before.get(before.len() / 2).copied()?;
        let highest = self.minutes.range(first.from..).map(|(m, (_, max))| (*max, *m));
        let peak = highest.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))?;
        // Within ten messages of the usual level, and staying there to the end of the minute.
        let back = |(_, (level, max)): &(&Minute, &(f64, f64))| *level <= usual + 10.0 && *max <= usual + 50.0;
        let back = self.minutes.range(last.from.max(peak.1)..).find(back).map(|(m, _)| *m);
        Some(Seen { usual, peak, back })
    }
}

/// What the queue did around the waves.
struct Seen {
    usual: f64,
    peak: (f64, Minute),
    back: Option<Minute>,
}

impl Seen {
    fn sentence(&self, nodes: usize) -> String {
        let they = if nodes == 1 { "it was" } else { "they were" };
        let end = self.back.map_or_else(
            || format!("{they} not back at that level when the data end"),
            |m| format!("{they} back at that level at {m}"),
        );
        let whose = if nodes == 1 {
            "The queue".to_owned()
        } else {
            format!("The queues of {} nodes together", grouped(nodes as u64))
        };
        format!(
            "{whose} held {} {} before the first wave (median) and at most {} at {}; {end}.",
            number(self.usual, 0),
            if self.usual.round() as u64 == 1 { "message" } else { "messages" },
            number(self.peak.0, 0),
            self.peak.1
        )
    }
}

/// The median of the slopes between all pairs of minutes.
fn slope(levels: &[(Minute, f64)]) -> Option<f64> {
    let pairs = levels.iter().enumerate().flat_map(|(i, a)| levels.iter().skip(i + 1).map(move |b| (a, b)));
    let mut slopes: Vec<f64> = pairs.map(|((m, a), (n, b))| (b - a) / f64::from(n.since(*m))).collect();
    slopes.sort_by(f64::total_cmp);
    slopes.get(slopes.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(levels: &[f64]) -> Queue {
        let minutes = levels.iter().enumerate().map(|(i, v)| (Minute::new(i as i32), (*v, *v))).collect();
        Queue { minutes, evidence: Vec::new() }
    }

    fn wave(from: i32, to: i32) -> [Window; 1] {
        [Window::new(Minute::new(from), Minute::new(to))]
    }

    #[test]
    fn a_queue_grows_by_its_slope_and_its_end() {
        assert_eq!(queue(&[10.0, 10.0, 40.0, 90.0, 120.0]).grew(&wave(1, 5)), Some(true));
        assert_eq!(queue(&[10.0, 10.0, 400.0, 9.0, 8.0]).grew(&wave(1, 5)), Some(false), "a spike that drained");
        assert_eq!(queue(&[10.0]).grew(&wave(5, 9)), None);
    }

    #[test]
    fn messages_wait_only_where_each_minute_was_measured() {
        assert_eq!(queue(&[5.0, 5.0, 1.0]).waiting(&wave(0, 3)), Some(true));
        assert_eq!(queue(&[5.0, 0.0, 1.0]).waiting(&wave(0, 3)), Some(false));
        assert_eq!(queue(&[5.0]).waiting(&wave(0, 3)), None);
    }
}
