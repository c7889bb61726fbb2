//! One wave alone: what was seen, and no word of what would happen again.

use super::load::Variable;
use super::onset::Onset;
use super::prose::{Said, VARY, at_onset};
use super::trials::Ground;
use crate::findings::Value;
use crate::findings::contrast::{RowVerdict, Yardstick};
use crate::time::Window;
use crate::timeline::{Counts, Timeline};

/// The one wave whose beginning the data show.
pub(super) fn said(
    ground: &Ground,
    onset: &Onset,
    timeline: &Timeline,
    waves: &[Window],
    yardstick: Yardstick,
) -> Said {
    let load = ground.loads.main();
    let launch = onset.launch.map(|(launch, seconds)| {
        let minutes = Value::Number(seconds as f64 / 60.0, 1, String::new()).text();
        format!(" {minutes} minutes after launch {}", launch + 1)
    });
    let mut sentence = "One wave only: repetition cannot be shown.".to_owned();
    match (ground.loads.at(load, onset.first), launch) {
        (Some(value), launch) => {
            let launch = launch.map(|l| format!("{l},")).unwrap_or_default();
            let times = times_median(ground, load, value).unwrap_or_default();
            let when = at_onset(load, &[value], &ground.loads);
            sentence.push_str(&format!(
                " Failures began{launch} {when}{times}.{}",
                below(ground, load, value, timeline, waves, yardstick)
            ));
        }
        (None, Some(launch)) => sentence.push_str(&format!(" Failures began{launch}.")),
        (None, None) => {}
    }
    Said { sentence, caution: Some(format!("Of what makes failures begin, {VARY} tell more.")), ..Said::default() }
}

/// It was going on when the data begin.
pub(super) fn unseen() -> Said {
    let sentence =
        "One wave only, in progress when the data begin: where it began is not known, and repetition cannot be shown.";
    Said { sentence: sentence.to_owned(), ..Said::default() }
}

fn times_median(ground: &Ground, load: Variable, value: f64) -> Option<String> {
    let median = ground.loads.median(load).filter(|m| *m > 0.0)?;
    let times = Value::Number(value / median, 1, String::new()).text();
    Some(format!(", {times} times the median of all minutes"))
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
