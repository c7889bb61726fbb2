//! What was done about it, measured, and what the queue and the throughput did.

use super::pattern::is_gmail_connections;
use super::{Evidence, Node, Value, grouped, number};
use crate::case::Change;
use crate::formats::metrics::MetricSeries;
use crate::smtp::Lane;
use crate::time::{Minute, Window};
use crate::timeline::{MinuteState, Row, Timeline};

/// Google's published drill begins with so many minutes of silence
/// (support.google.com/a/answer/81126, 2026-03-21).
const SILENCE: i32 = 10;

/// What was done: stated changes with what was measured around them, and Google's drill.
pub(super) fn mitigation(timeline: &Timeline, changes: &[Change], waves: &[Window]) -> Node {
    let mut items: Vec<Node> = changes
        .iter()
        .enumerate()
        .map(|(i, change)| {
            Node::fact(Value::Sentence(around(timeline, change)), [Evidence::Stated(format!("changes[{i}]"))])
        })
        .collect();
    let silences: Vec<_> =
        timeline.egresses.iter().filter_map(|row| silence(timeline, row, waves).map(|s| (row.of.label(), s))).collect();
    for (ip, window) in &silences {
        let text = format!("{}: no session from {ip} to Gmail until {}.", window.from, window.to);
        items.push(Node::fact(Value::Sentence(text), [Evidence::Table("minutes_by_ip", ip.clone())]));
    }
    let sentence = match (waves.is_empty(), silences.is_empty()) {
        (true, _) => "No wave was found, so there was nothing to act on.".to_owned(),
        (false, true) => "No sending IP kept silent towards Gmail for ten minutes or more, so Google's published drill (ten minutes of silence, one connection, then one more at a time) was not run.".to_owned(),
        (false, false) => "At least one sending IP kept silent towards Gmail for ten minutes or more, as Google's published drill asks.".to_owned(),
    };
    Node::group([
        ("drill_done", Value::Flag(!silences.is_empty()).into()),
        ("sentence", Value::Sentence(sentence).into()),
        ("items", Node::List(items)),
    ])
}

/// A stated change, with the connections measured in the five minutes on each side.
fn around(timeline: &Timeline, change: &Change) -> String {
    let minute = change.at.minute();
    let most = |window: Window| {
        let measured = timeline.metrics.iter().filter(|m| is_gmail_connections(m));
        measured.flat_map(|m| m.minutes.range(window.from..window.to)).map(|(_, c)| c.max).max_by(f64::total_cmp)
    };
    let before = most(Window::new(minute.plus(-5), minute));
    let after = most(Window::new(minute.plus(1), minute.plus(6)));
    match (before, after) {
        (Some(b), Some(a)) => format!(
            "{}: {} (stated). Most connections of one sending IP to Gmail: {} in the five minutes before, {} in the five after (measured).",
            change.at.to_second(),
            change.what,
            number(b, 0),
            number(a, 0)
        ),
        _ => format!("{}: {} (stated).", change.at.to_second(), change.what),
    }
}

/// The first stretch of ten known minutes without a session, after the first wave began,
/// of a sending IP that was in use before.
fn silence<K>(timeline: &Timeline, row: &Row<K>, waves: &[Window]) -> Option<Window> {
    let from = timeline.window.index(waves.first()?.from)?;
    if row.sum(|i| i < from).attempts == 0 {
        return None;
    }
    let mut begun: Option<Minute> = None;
    for i in from..row.counts.len() {
        let minute = timeline.window.at(i);
        let quiet = row.counts[i].is_some_and(|c| c.attempts == 0) && timeline.state(minute) != MinuteState::Unknown;
        match (quiet, begun) {
            (true, None) => begun = Some(minute),
            (false, Some(start)) if minute.since(start) >= SILENCE => return Some(Window::new(start, minute)),
            (false, _) => begun = None,
            _ => {}
        }
    }
    let end = timeline.window.to;
    begun.filter(|start| end.since(*start) >= SILENCE).map(|start| Window::new(start, end))
}

/// What the queue did: level before, highest value, and when it was back.
pub(super) fn queue(metrics: &[MetricSeries], waves: &[Window], whole: Window) -> Node {
    let total = metrics.iter().filter(|m| m.signal.name() == "queue_depth" && m.instance.is_empty());
    let Some((series, first)) = total.max_by_key(|m| m.minutes.len()).zip(waves.first()) else {
        let sentence = if waves.is_empty() { "No wave was found." } else { "No queue depth was given." };
        return Node::group([
            ("sentence", Value::Sentence(sentence.to_owned()).into()),
            ("peak", Value::Absent.into()),
            ("peak_minute", Value::Absent.into()),
            ("back_to_normal", Value::Absent.into()),
        ]);
    };
    let mut before: Vec<f64> = series.minutes.range(whole.from..first.from).map(|(_, c)| c.last).collect();
    before.sort_by(f64::total_cmp);
    let usual = before.get(before.len() / 2).copied();
    let peak = series
        .minutes
        .range(first.from..)
        .map(|(m, c)| (c.max, *m))
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let last = waves.last().map_or(first.from, |w| w.from);
    // Within ten messages of the usual level, and staying there to the end of the minute.
    let back = usual.and_then(|u| {
        series.minutes.range(last..).find(|(_, c)| c.last <= u + 10.0 && c.max <= u + 50.0).map(|(m, _)| *m)
    });
    let evidence = || [Evidence::Metric(series.exhibit.clone(), series.column.clone())];
    let sentence = match (usual, peak) {
        (Some(u), Some((max, minute))) => {
            let end = back.map_or_else(
                || "it was not back at that level when the data end".to_owned(),
                |m| format!("it was back at that level at {m}"),
            );
            format!(
                "The queue held {} messages before the first wave (median) and at most {} at {minute}; {end}.",
                number(u, 0),
                number(max, 0)
            )
        }
        _ => "The queue depth given does not cover these minutes.".to_owned(),
    };
    Node::group([
        ("sentence", Node::fact(Value::Sentence(sentence), evidence())),
        (
            "peak",
            Node::fact(peak.map_or(Value::Absent, |(v, _)| Value::Number(v, 0, "messages".to_owned())), evidence()),
        ),
        ("peak_minute", Node::fact(peak.map_or(Value::Absent, |(_, m)| Value::Minute(m)), evidence())),
        ("back_to_normal", Node::fact(back.map_or(Value::Absent, Value::Minute), evidence())),
    ])
}

/// Whether the queue grew over a wave: it ended its worst minute at twice its level before.
pub(super) fn queue_grew(metrics: &[MetricSeries], waves: &[Window]) -> Option<bool> {
    let series = metrics
        .iter()
        .filter(|m| m.signal.name() == "queue_depth" && m.instance.is_empty())
        .max_by_key(|m| m.minutes.len())?;
    let grew = waves.iter().filter_map(|wave| {
        let before = series.minutes.get(&wave.from.plus(-1))?.last;
        let most = series.minutes.range(wave.from..wave.to).map(|(_, c)| c.max).max_by(f64::total_cmp)?;
        Some(most >= before * 2.0 && most >= before + 20.0)
    });
    grew.reduce(|a, b| a || b)
}

/// Accepted messages per minute, in and outside the waves, of Gmail and of the others.
pub(super) fn throughput(timeline: &Timeline, waves: &[Window]) -> Node {
    let in_wave = |i: usize| waves.iter().any(|w| w.contains(timeline.window.at(i)));
    let full = |i: usize| timeline.states.get(i) == Some(&MinuteState::Full);
    let per_minute = |rows: &[&Row<Lane>], wave: bool| {
        let minutes = (0..timeline.window.len()).filter(|i| full(*i) && in_wave(*i) == wave).count();
        let accepted: u64 = rows.iter().map(|r| r.sum(|i| full(i) && in_wave(i) == wave).delivered()).sum();
        (minutes > 0).then(|| accepted as f64 / minutes as f64)
    };
    let gmail: Vec<_> = timeline.gmail().into_iter().collect();
    let others: Vec<_> = timeline.lanes.iter().filter(|r| r.of != Lane::GMAIL).collect();
    let sentence = match (per_minute(&gmail, true), per_minute(&gmail, false)) {
        (Some(during), Some(quiet)) => {
            let rest = match (per_minute(&others, true), per_minute(&others, false)) {
                (Some(d), Some(q)) if !others.is_empty() => {
                    format!("; the other receivers {} and {}", number(d, 0), number(q, 0))
                }
                _ => "; no other receiver is in the logs".to_owned(),
            };
            format!(
                "Gmail accepted {} messages per minute inside the waves and {} outside{rest}. Launches change the demand, so this alone does not show a reduced rate.",
                number(during, 0),
                number(quiet, 0)
            )
        }
        _ => format!("{} minutes lie outside the waves: there is nothing to compare with.", grouped(0)),
    };
    Node::group([
        ("reduced", Value::Word("cannot_tell").into()),
        ("sentence", Node::fact(Value::Sentence(sentence), [Evidence::Table("minutes_by_lane", String::new())])),
    ])
}
