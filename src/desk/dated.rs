//! The sentences of `casefile detect`: minutes, and beside each the rule and its numbers.

use super::detect::Dated;
use super::words::shown;
use crate::findings::waves::{Background, Baseline, BaselineSource, Detection, Outcome, Spike, Wave};
use crate::time::Minute;

/// One series, in sentences.
pub(super) fn series(dated: &Dated<'_>) -> String {
    let Dated { id, lane, window, found } = dated;
    let name = if id.is_empty() { format!("lane {lane}") } else { format!("{id}, lane {lane}") };
    let unknown = window.len().saturating_sub(found.usable_minutes);
    let usable = if unknown == 0 { String::new() } else { format!(", {unknown} of them unknown or without attempts") };
    let mut lines = vec![format!(
        "{}: {} minutes from {} to {}{usable}",
        shown(&name),
        window.len(),
        window.from,
        window.to.plus(-1)
    )];
    match &found.outcome {
        Outcome::Refused(why) => lines.push(format!("  nothing can be said: {why}")),
        Outcome::NoIncident { smallest_detectable: d } => lines.push(format!(
            "  no incident; one with fewer than about {} failed sessions at a failure rate of {} would not show",
            d.failed,
            percent(d.rate)
        )),
        Outcome::Waves(waves) => {
            for (i, wave) in waves.iter().enumerate() {
                lines.extend(of_wave(i + 1, wave));
            }
        }
    }
    lines.extend(found.spikes.iter().map(spike));
    lines.extend(found.baseline.as_ref().map(|b| rule(b, found)));
    lines.extend(found.background.as_ref().filter(|_| !found.waves().is_empty()).map(background));
    lines.join("\n")
}

fn of_wave(number: usize, wave: &Wave) -> Vec<String> {
    let began = if wave.in_progress_at_start {
        format!("already in progress when the data begin; first not later than {}", wave.first)
    } else {
        format!("first {} ({})", wave.first, between(wave.first_interval))
    };
    let peak = wave.peak.map_or_else(
        || "no whole minute to call the peak".to_owned(),
        |p| format!("peak {p} ({} failed sessions)", wave.peak_failed),
    );
    let ended = match wave.recovery {
        Some(recovery) => format!("recovery {recovery} ({})", between(wave.recovery_interval)),
        None => format!("recovery not shown: ongoing when the data end; last failure {}", wave.last),
    };
    let mut lines =
        vec![format!("  wave {number}: {began}"), format!("          {peak}"), format!("          {ended}")];
    if wave.gradual {
        lines.push(
            "          gradual: an edge grows or fades slowly, and its true minute hides in the noise".to_owned(),
        );
    }
    lines.push(format!(
        "          {} of {} sessions failed ({}); a rate of its own gains {:.0} log-likelihood units where {:.0} pay for it",
        wave.failed,
        wave.attempts,
        share(wave.failed, wave.attempts),
        wave.gain,
        wave.price
    ));
    lines
}

fn spike(spike: &Spike) -> String {
    let (from, last) = (spike.window.from, spike.window.to.plus(-1));
    let when = if from == last { from.to_string() } else { format!("{from} to {last}") };
    format!("  spike, no wave: {when}, {} of {} sessions failed", spike.failed, spike.attempts)
}

/// What counts as failing here, in numbers that can be redone.
fn rule(baseline: &Baseline, found: &Detection) -> String {
    let whose = match baseline.source {
        BaselineSource::Healthy => "of the healthy time",
        BaselineSource::Own => "of this lane",
        BaselineSource::Control => "of the other lanes",
    };
    let mut text = format!(
        "  rule: in {} quiet minutes {whose} {} of {} sessions failed ({}, burstiness {:.1}), surely less than {}; a stretch fails above {}, a wave has two failing minutes and five failed sessions beyond the quiet rate, and waves lie five quiet minutes apart",
        baseline.minutes,
        baseline.failed,
        baseline.sessions,
        share(baseline.failed, baseline.sessions),
        baseline.phi,
        percent(baseline.pu),
        percent(baseline.tolerance)
    );
    if baseline.weak {
        text.push_str("\n  weak baseline: fewer than 20 quiet minutes or 200 quiet sessions");
    }
    if baseline.doubtful {
        let first = found.waves().first().map(|w| format!("; take {} as \"not later than\"", w.first));
        text.push_str("\n  doubtful baseline: its quiet minutes may already lie inside an incident");
        text.push_str(&first.unwrap_or_default());
    }
    text
}

fn background(background: &Background) -> String {
    format!(
        "  background failures exist from {} on ({} of {} sessions, {}); they are not counted as the incident",
        background.first,
        background.failed,
        background.attempts,
        share(background.failed, background.attempts)
    )
}

fn between((low, high): (Minute, Minute)) -> String {
    if low == high { "no other minute fits".to_owned() } else { format!("between {low} and {high}, about 95 %") }
}

fn share(part: u64, whole: u64) -> String {
    if whole == 0 { "none".to_owned() } else { percent(part as f64 / whole as f64) }
}

/// Two digits that tell: `0.19 %`, `26 %`.
fn percent(rate: f64) -> String {
    let percent = rate * 100.0;
    if percent < 10.0 { format!("{percent:.2} %") } else { format!("{percent:.0} %") }
}
