//! Each wave as facts.

use super::super::items::Seen;
use super::super::pattern::{self, Onset};
use super::super::{Evidence, FoundWave, Node, Value};
use crate::smtp::{Lane, Outcome};
use crate::time::Window;

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
    let of = |outcome: Outcome| {
        let n = timeline.sum(Lane::GMAIL, window, |w| w.outcome == outcome && w.is_failure());
        Node::fact(timeline.known(n, &[outcome]).map_or(Value::Absent, |n| Value::Count(n, "sessions")), minutes())
    };
    let minute = |m: Option<crate::time::Minute>| Node::fact(m.map_or(Value::Absent, Value::Minute), minutes());
    let between = |(a, b): (crate::time::Minute, crate::time::Minute)| Node::fact(Value::Between(a, b), row());
    let launch = onset.launch.and_then(|(i, s)| Some((pattern::launch_name(seen.evident.case.launches.get(i)?, i), s)));
    Node::group([
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
                onset.connections.map_or(Value::Absent, |(n, _)| Value::Number(n, 0, "connections".to_owned())),
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
        ("messages_per_session", Value::Absent.into()),
        (
            "outcomes",
            Node::group([
                ("deferral", of(Outcome::Deferral)),
                ("remote_close", of(Outcome::RemoteClose)),
                ("tls_failure", of(Outcome::TlsFailure)),
                ("plaintext", of(Outcome::Plaintext)),
                ("timeout", of(Outcome::Timeout)),
                ("connect_failure", of(Outcome::ConnectFailure)),
            ]),
        ),
    ])
}
