//! One wave alone: what was seen, and no word of what would happen again.

use super::load::Variable;
use super::onset::Onset;
use super::prose::{Said, VARY, at_onset};
use super::trials::Ground;
use crate::findings::Value;
use crate::findings::contrast::{RowVerdict, Yardstick};
use crate::time::Window;
use crate::timeline::{Counts, Timeline};

/// The one wave whose beginning can be told; others began before the data, or after the same launch.
pub(super) fn said(
    ground: &Ground,
    onsets: &[Onset],
    timeline: &Timeline,
    waves: &[Window],
    yardstick: Yardstick,
) -> Said {
    let Some(onset) = ground.waves().next().and_then(|(_, b)| onsets.iter().find(|o| o.first == b.first)) else {
        return unseen();
    };
    let only = match (onsets.len(), onsets.iter().any(|o| o.launch.is_some())) {
        (1, _) => "One wave only",
        (_, true) => "Only one wave is the first of its launch",
        (_, false) => "Only one wave began inside the data",
    };
    let load = ground.loads.main();
    let launch = onset.launch.map(|(launch, seconds)| {
        let minutes = Value::Number(seconds as f64 / 60.0, 1, String::new()).text();
        format!(" {minutes} minutes after launch {}", launch + 1)
    });
    let began = match (ground.loads.at(load, onset.first), launch) {
        (Some(value), launch) => {
            let launch = launch.map(|l| format!("{l},")).unwrap_or_default();
            let times = times_median(ground, load, value, waves).unwrap_or_default();
            let when = at_onset(load, &[value], &ground.loads);
            let below = below(ground, load, value, timeline, waves, yardstick);
            format!(" Failures began{launch} {when}{times}.{below}")
        }
        (None, Some(launch)) => format!(" Failures began{launch}."),
        (None, None) => String::new(),
    };
    Said {
        sentence: format!("{only}: repetition cannot be shown.{began}"),
        caution: Some(format!("To tell more of what makes failures begin, {VARY} help.")),
        ..Said::default()
    }
}

/// It was going on when the data begin.
fn unseen() -> Said {
    let sentence =
        "One wave only, in progress when the data begin: where it began is not known, and repetition cannot be shown.";
    Said { sentence: sentence.to_owned(), ..Said::default() }
}

fn times_median(ground: &Ground, load: Variable, value: f64, waves: &[Window]) -> Option<String> {
    let is_outside = |minute| !waves.iter().any(|w| w.contains(minute));
    let median = ground.loads.median(load, is_outside).filter(|m| *m > 0.0)?;
    let times = Value::Number(value / median, 1, String::new()).text();
    Some(format!(", {times} times the median outside the wave"))
}

/// Sessions in the minutes outside the waves with less load than the wave began at.
fn below(
    ground: &Ground,
    load: Variable,
    value: f64,
    timeline: &Timeline,
    waves: &[Window],
    yardstick: Yardstick,
) -> String {
    let is_below = |i: usize| {
        let minute = timeline.window.at(i);
        !waves.iter().any(|w| w.contains(minute)) && ground.loads.at(load, minute).is_some_and(|v| v < value)
    };
    let counts: Counts = timeline.gmail().map(|row| row.sum(is_below)).unwrap_or_default();
    if counts.attempts == 0 {
        return String::new();
    }
    let share = Value::Share(counts.failed, counts.attempts, "sessions").text();
    let usual = if yardstick.judge(counts) == RowVerdict::Clean { ", as is usual" } else { "" };
    format!(" Of the sessions below that load, outside the wave, {share} failed{usual}.")
}
