//! `casefile detect`: dates the waves of any per-minute counts.

use std::io::BufReader;
use std::path::Path;

use serde_json::{Value, json};

use super::args::Detect;
use super::dated;
use super::exit::Failure;
use super::words;
use crate::findings::waves::{Detection, Evidence, MinuteCount, Outcome, Spike, Wave, detect as date};
use crate::formats::minutes::{self, Counted, MinuteSeries, MinutesError, MinutesRead};
use crate::intake::{IntakeError, open};
use crate::time::{Minute, Window};

/// A longer series is several occasions, or holds a wrong date.
const MOST_DAYS: usize = 31;

/// One series, dated.
pub(super) struct Dated<'a> {
    pub(super) id: &'a str,
    pub(super) lane: &'a str,
    pub(super) window: Window,
    pub(super) found: Detection,
}

pub(super) fn detect(args: &Detect) -> Result<String, Failure> {
    let read = read(&args.file)?;
    for note in &read.notes {
        super::tell(&words::shown(&format!("note: {}: {note}", args.file.display())));
    }
    let dated: Vec<Dated<'_>> =
        read.series.iter().map(|series| of_series(series, &read.series, &args.file)).collect::<Result<_, _>>()?;
    Ok(if args.json {
        json!({ "series": dated.iter().map(series_json).collect::<Vec<_>>() }).to_string()
    } else {
        dated.iter().map(dated::series).collect::<Vec<_>>().join("\n\n")
    })
}

/// Reads the file. A row that cannot be read could be the peak, so nothing is dated around it.
fn read(path: &Path) -> Result<MinutesRead, Failure> {
    let read = minutes::read(BufReader::with_capacity(1 << 17, open(path)?), None).map_err(|e| match e {
        MinutesError::Io { line: 0, source } => Failure::Input(IntakeError::Io { path: path.to_owned(), source }),
        e => Failure::Nothing(format!("{}, {e}", path.display())),
    })?;
    if !read.faults.is_empty() {
        let rows = read.accounting.unrecognised;
        let mut lines: Vec<String> =
            read.faults.iter().map(|f| format!("{}, line {}: {}", path.display(), f.line, f.what)).collect();
        if let Some(more) = rows.checked_sub(lines.len() as u64).filter(|n| *n > 0) {
            lines.push(format!("and {more} more rows"));
        }
        lines.push(
            "nothing was dated; put these rows right, or leave them out where their minutes are unknown".to_owned(),
        );
        return Err(Failure::Rows(lines));
    }
    if read.series.is_empty() {
        return Err(Failure::Nothing(format!("{}: there is no row below the header", path.display())));
    }
    Ok(read)
}

/// Dates one lane; the other lanes of the same series are its control.
fn of_series<'a>(series: &'a MinuteSeries, all: &[MinuteSeries], path: &Path) -> Result<Dated<'a>, Failure> {
    let window = window_of(series, path)?;
    let others: Vec<&MinuteSeries> = all.iter().filter(|s| s.id == series.id && s.lane != series.lane).collect();
    let own: Vec<_> = window.minutes().map(|m| count(&[series], m)).collect();
    let control: Vec<_> =
        if others.is_empty() { Vec::new() } else { window.minutes().map(|m| count(&others, m)).collect() };
    let found = date(&Evidence { control: &control, ..Evidence::new(window, &own) });
    Ok(Dated { id: &series.id, lane: &series.lane, window, found })
}

/// From the first to the last minute that a row tells of.
fn window_of(series: &MinuteSeries, path: &Path) -> Result<Window, Failure> {
    let first = series.minutes.keys().next().copied().unwrap_or(Minute::new(0));
    let last = series.minutes.keys().next_back().copied().unwrap_or(first);
    let window = Window::new(first, last.plus(1));
    if window.len() <= MOST_DAYS * 1440 {
        return Ok(window);
    }
    let name = if series.id.is_empty() { String::new() } else { format!(" {}", series.id) };
    Err(Failure::Nothing(format!(
        "{}, line {}: the series{name} on the lane {} reaches from {first} to {last}, more than {MOST_DAYS} days; split it, or correct the minute that is wrong",
        path.display(),
        series.line,
        series.lane
    )))
}

/// One minute of several lanes together; nothing when none of them was observed.
fn count(series: &[&MinuteSeries], minute: Minute) -> Option<MinuteCount> {
    let known = series.iter().filter_map(|s| s.minutes.get(&minute).copied().flatten());
    known.fold(None, |sum: Option<MinuteCount>, Counted { attempts, failed, .. }| {
        let sum = sum.unwrap_or_default();
        Some(MinuteCount::new(sum.attempts.saturating_add(attempts), sum.failed.saturating_add(failed)))
    })
}

/// The shape that scripts read; keys are added, never changed.
fn series_json(dated: &Dated<'_>) -> Value {
    let found = &dated.found;
    let (refused, smallest) = match &found.outcome {
        Outcome::Refused(why) => (Some(why.to_string()), None),
        Outcome::NoIncident { smallest_detectable } => (None, Some(*smallest_detectable)),
        Outcome::Waves(_) => (None, None),
    };
    json!({
        "id": dated.id,
        "lane": dated.lane,
        "waves": found.waves().iter().map(wave_json).collect::<Vec<_>>(),
        "spikes": found.spikes.iter().map(spike_json).collect::<Vec<_>>(),
        "from": dated.window.from,
        "to": dated.window.to,
        "usable_minutes": found.usable_minutes,
        "baseline": found.baseline,
        "background": found.background,
        "refused": refused,
        "smallest_detectable": smallest,
    })
}

fn wave_json(wave: &Wave) -> Value {
    json!({
        "first": wave.first,
        "peak": wave.peak,
        "recovery": wave.recovery,
        "last": wave.last,
        "first_interval": wave.first_interval,
        "recovery_interval": wave.recovery_interval,
        "in_progress_at_start": wave.in_progress_at_start,
        "ongoing_at_end": wave.ongoing_at_end,
        "gradual": wave.gradual,
        "attempts": wave.attempts,
        "failed": wave.failed,
        "excess": wave.excess,
        "peak_failed": wave.peak_failed,
        "near_peak": wave.near_peak,
        "highest_rate": wave.highest_rate,
        "gain": wave.gain,
        "price": wave.price,
    })
}

fn spike_json(spike: &Spike) -> Value {
    json!({
        "first": spike.window.from,
        "last": spike.window.to.plus(-1),
        "attempts": spike.attempts,
        "failed": spike.failed,
    })
}
