//! Each wave as facts.

use std::collections::BTreeMap;

use super::super::items::Seen;
use super::super::pattern::{self, Basis, Onset};
use super::super::{Evidence, FoundWave, Node, Value, number};
use crate::scan::Axis;
use crate::smtp::{Lane, Outcome};
use crate::time::{Minute, Window};
use crate::timeline::{Known, MinuteState, Timeline};

/// The waves in order of time.
pub(super) fn waves(seen: &Seen<'_>) -> Node {
    let dated = seen.incident.waves.iter().zip(&seen.pattern.onsets).enumerate();
    Node::List(dated.map(|(i, (wave, onset))| wave_node(seen, i, wave, onset)).collect())
}

fn wave_node(seen: &Seen<'_>, index: usize, wave: &FoundWave, onset: &Onset) -> Node {
    let timeline = seen.evident.timeline;
    let row = || [Evidence::Table("waves", format!("wave {}", index + 1))];
    let minutes = || [Evidence::Table("minutes_by_lane", format!("{} to {}", wave.first, wave.end.plus(-1)))];
    let window = Window::new(wave.first, wave.end);
    let minute = |m: Option<Minute>| Node::fact(m.map_or(Value::Absent, Value::Minute), minutes());
    let between = |(a, b): (Minute, Minute)| Node::fact(Value::Between(a, b), row());
    let launch = onset.launch.and_then(|(i, s)| Some((pattern::launch_name(seen.evident.case.launches.get(i)?, i), s)));
    let mut node = Node::group([
        ("number", Value::Count(index as u64 + 1, "").into()),
        ("first", minute(Some(wave.first))),
        ("first_interval", between(wave.first_interval)),
        ("peak", minute(wave.peak)),
        ("recovery", minute(wave.recovery)),
        (
            "recovery_interval",
            if wave.recovery.is_some() { between(wave.recovery_interval) } else { Value::Absent.into() },
        ),
        ("last_failure", minute(Some(wave.end.plus(-1)))),
        ("attempts", Node::fact(Value::Count(wave.attempts, "sessions"), minutes())),
        ("failed", Node::fact(Value::Count(wave.failed, "sessions"), minutes())),
        ("failed_share", Node::fact(Value::Share(wave.failed, wave.attempts, "sessions"), minutes())),
        ("peak_failed", Node::fact(Value::Count(wave.peak_failed, "sessions"), minutes())),
        ("gradual", Value::Flag(wave.gradual).into()),
        ("ongoing_at_end", Value::Flag(wave.ongoing_at_end).into()),
        ("in_progress_at_start", Value::Flag(wave.in_progress_at_start).into()),
        ("launch", Node::maybe(launch.as_ref().map(|(name, _)| Value::Text(name.clone())))),
        ("launch_number", Node::maybe(onset.launch.map(|(i, _)| Value::Count(i as u64 + 1, "")))),
        (
            "minutes_after_launch",
            Node::fact(
                launch.map_or(Value::Absent, |(_, s)| Value::Number(s as f64 / 60.0, 1, "minutes".to_owned())),
                row(),
            ),
        ),
        (
            "connections_at_onset",
            Node::fact(
                onset.connections.map_or(Value::Absent, |(n, basis)| {
                    // Measured they are whole; of an estimate of few the fraction counts.
                    let digits = usize::from(basis == Basis::Estimated && n < 10.0);
                    Value::Number(n, digits, "connections".to_owned())
                }),
                row(),
            ),
        ),
        ("connections_basis", Value::Word(onset.connections.map_or("unknown", |(_, b)| b.word())).into()),
        (
            "rate_at_onset",
            Node::fact(
                onset.rate.map_or(Value::Absent, |r| Value::Number(r, 0, "sessions per minute".to_owned())),
                row(),
            ),
        ),
        ("near_peak", Node::fact(Value::Text(listed(&wave.near_peak)), minutes())),
        ("highest_rate", minute(wave.highest_rate)),
        ("why", Node::fact(Value::Sentence(why(wave)), row())),
        ("kinds", kinds(timeline, index, window)),
        ("outcomes", outcomes(timeline, &[window], &minutes())),
    ]);
    onset.carried.add_to(&mut node, || row().to_vec());
    node
}

/// Failed sessions inside some windows, by what ended them, each as far as it is known.
pub(super) fn outcomes(timeline: &Timeline, windows: &[Window], evidence: &[Evidence]) -> Node {
    let of = |outcome: Outcome| {
        let counted = windows.iter().map(|window| {
            let n = timeline.sum(Lane::GMAIL, *window, |w| w.outcome == outcome && w.is_failure());
            timeline.known(*window, n, &[outcome])
        });
        let known = counted.reduce(both).unwrap_or(Known::Nothing);
        Node::fact(Value::known(known, "sessions"), evidence.to_vec())
    };
    Node::group([
        ("deferral", of(Outcome::Deferral)),
        ("remote_close", of(Outcome::RemoteClose)),
        ("tls_failure", of(Outcome::TlsFailure)),
        ("plaintext", of(Outcome::Plaintext)),
        ("timeout", of(Outcome::Timeout)),
        ("connect_failure", of(Outcome::ConnectFailure)),
        ("unclassified", of(Outcome::Unclassified)),
    ])
}

/// Of a sum with an unknown part only the least is known.
const fn both(a: Known, b: Known) -> Known {
    match (a, b) {
        (Known::Nothing, Known::Nothing) => Known::Nothing,
        (Known::All(a), Known::All(b)) => Known::All(a + b),
        (Known::Nothing, Known::All(n) | Known::AtLeast(n)) | (Known::All(n) | Known::AtLeast(n), Known::Nothing) => {
            Known::AtLeast(n)
        }
        (Known::AtLeast(a), Known::AtLeast(b) | Known::All(b)) | (Known::All(a), Known::AtLeast(b)) => {
            Known::AtLeast(a + b)
        }
    }
}

/// Minutes in a row of words.
fn listed(minutes: &[Minute]) -> String {
    minutes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What tells these minutes from the others, in numbers that can be redone.
fn why(wave: &FoundWave) -> String {
    let (gain, price) = wave.gain;
    format!(
        "A failure rate of their own for these minutes gains {} log-likelihood units; {} would have sufficed.",
        number(gain, 0),
        number(price, 0)
    )
}

/// Each kind of failure inside a wave: how many, and its own first, peak and last minute.
/// Nothing is detected again: the wave was found on all of them together.
fn kinds(timeline: &Timeline, index: usize, window: Window) -> Node {
    let mut minutes: BTreeMap<Outcome, BTreeMap<Minute, u64>> = BTreeMap::new();
    for (key, n) in timeline.inside(window) {
        if key.lane == Lane::GMAIL && matches!(key.axis, Axis::Egress(_)) && key.what.is_failure() {
            *minutes.entry(key.what.outcome).or_default().entry(key.minute).or_default() += n;
        }
    }
    let row = |(outcome, counts): (Outcome, BTreeMap<Minute, u64>)| {
        let evidence = || [Evidence::Table("minutes_by_lane", format!("wave {}", index + 1))];
        let whole = counts.iter().filter(|(m, _)| timeline.state(**m) == MinuteState::Full);
        let peak = whole.max_by_key(|(m, n)| (**n, std::cmp::Reverse(**m))).map(|(m, _)| *m);
        let minute = |m: Option<Minute>| Node::fact(m.map_or(Value::Absent, Value::Minute), evidence());
        Node::group([
            ("wave", Value::Count(index as u64 + 1, "").into()),
            ("kind", Value::Word(outcome.word()).into()),
            ("sessions", Node::fact(Value::Count(counts.values().sum(), "sessions"), evidence())),
            ("first", minute(counts.keys().next().copied())),
            ("peak", minute(peak)),
            ("last", minute(counts.keys().next_back().copied())),
        ])
    };
    Node::List(minutes.into_iter().map(row).collect())
}
