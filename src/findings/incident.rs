//! The incident on the Gmail lane: its waves, dated.

use super::contrast::Yardstick;
use super::waves::{self, Background, Baseline, Detection, MinuteCount, Outcome};
use crate::time::{Minute, Window};
use crate::timeline::{Counts, MinuteState, Timeline};

/// One wave.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundWave {
    /// First minute with a failed session.
    pub first: Minute,
    /// Minute with most failed sessions; the earliest of several. None where no
    /// minute of the wave was covered whole.
    pub peak: Option<Minute>,
    /// First minute of proven quiet; none where quiet is not shown.
    pub recovery: Option<Minute>,
    /// The minute after the last failed session.
    pub end: Minute,
    /// About 95 % of first minutes that fit the data.
    pub first_interval: (Minute, Minute),
    /// The same for recovery.
    pub recovery_interval: (Minute, Minute),
    /// It was going on when the data begin.
    pub in_progress_at_start: bool,
    /// It was going on when the data end.
    pub ongoing_at_end: bool,
    /// Its edges rise or fall slowly, so its dates are wide.
    pub gradual: bool,
    /// Sessions attempted inside.
    pub attempts: u64,
    /// Sessions failed inside.
    pub failed: u64,
    /// Failed sessions in the peak minute.
    pub peak_failed: u64,
    /// Most failed sessions of any minute, those included of which only a part is known.
    pub most_failed: u64,
    /// The minutes with about as many failed sessions as the peak, the peak among them.
    pub near_peak: Vec<Minute>,
    /// The minute with the highest share of failed sessions, of those with at least the
    /// usual traffic: another question than the peak, and never an answer to it.
    pub highest_rate: Option<Minute>,
    /// Log-likelihood gained by giving these minutes a rate of their own, and what that
    /// gain has to exceed.
    pub gain: (f64, f64),
}

/// All waves, and what they were measured against.
#[derive(Clone, Debug, Default)]
pub struct Incident {
    /// In order of time.
    pub waves: Vec<FoundWave>,
    /// Stretches of failures too small to be a wave: first minute, last minute, failed sessions.
    pub spikes: Vec<(Minute, Minute, u64)>,
    /// What was usual; none where there was too little data to say.
    pub baseline: Option<Baseline>,
    /// The minutes of the lane that it rests on, some of which may lie inside a wave; none where
    /// it rests on others.
    pub quiet: Vec<Minute>,
    /// The smallest number of failed sessions that would have shown as a wave.
    pub smallest: Option<u64>,
    /// Failures outside waves and spikes: they are not the incident.
    pub background: Option<Background>,
    /// Minutes with traffic, where they are too few to say anything.
    pub too_few: Option<usize>,
}

impl Incident {
    /// The waves as windows.
    #[must_use]
    pub fn windows(&self) -> Vec<Window> {
        self.waves.iter().map(|w| Window::new(w.first, w.end)).collect()
    }

    /// The wave with the minute of most failed sessions; none where a minute of which only a part
    /// is known has more.
    #[must_use]
    pub fn worst(&self) -> Option<&FoundWave> {
        let most = self.waves.iter().map(|w| w.most_failed).max();
        let peaks = self.waves.iter().filter(|w| w.peak.is_some() && Some(w.peak_failed) == most);
        peaks.min_by_key(|w| w.first)
    }

    pub(super) fn yardstick(&self) -> Yardstick {
        // Without a baseline the floor of the detector stands in: twice one per mille, or one point.
        self.baseline
            .as_ref()
            .map_or(Yardstick { tolerance: 0.011, phi: 1.0 }, |b| Yardstick { tolerance: b.tolerance, phi: b.phi })
    }
}

/// Dates the waves of the Gmail lane.
pub(super) fn find(timeline: &Timeline) -> Incident {
    let Some(gmail) = timeline.gmail() else { return Incident::default() };
    let full = |i: usize| timeline.states.get(i) == Some(&MinuteState::Full);
    let minutes = minute_counts(gmail.counts.iter(), full);
    let control = minute_counts(others(timeline).into_iter(), full);
    // What the user calls healthy counts as it was heard.
    let healthy = minute_counts(timeline.healthy.iter().copied(), |_| true);
    let evidence =
        waves::Evidence { control: &control, healthy: &healthy, ..waves::Evidence::new(timeline.window, &minutes) };
    from_detection(waves::detect(&evidence))
}

fn minute_counts(
    counts: impl Iterator<Item = Option<Counts>>,
    is_full: impl Fn(usize) -> bool,
) -> Vec<Option<MinuteCount>> {
    let count = |(i, counts): (usize, Option<Counts>)| {
        let c = counts?;
        let (attempts, failed) = (clamp(c.attempts), clamp(c.failed));
        Some(MinuteCount { attempts, failed, partial: false, incomplete: !is_full(i) })
    };
    counts.enumerate().map(count).collect()
}

/// All other receivers together, minute by minute: what the nodes could do elsewhere.
fn others(timeline: &Timeline) -> Vec<Option<Counts>> {
    let rows: Vec<_> = timeline.lanes.iter().filter(|r| r.of.is_of_others()).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let of_minute = |i: usize| {
        let mut total = Counts::default();
        for row in &rows {
            total.plus(row.counts.get(i)?);
        }
        Some(total)
    };
    (0..timeline.window.len()).map(of_minute).collect()
}

fn clamp(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn from_detection(detection: Detection) -> Incident {
    let wave = |w: &waves::Wave| FoundWave {
        first: w.first,
        peak: w.peak,
        recovery: w.recovery,
        end: w.last.plus(1),
        first_interval: w.first_interval,
        recovery_interval: w.recovery_interval,
        in_progress_at_start: w.in_progress_at_start,
        ongoing_at_end: w.ongoing_at_end,
        gradual: w.gradual,
        attempts: w.attempts,
        failed: w.failed,
        peak_failed: u64::from(w.peak_failed),
        most_failed: u64::from(w.most_failed),
        near_peak: w.near_peak.clone(),
        highest_rate: w.highest_rate,
        gain: (w.gain, w.price),
    };
    Incident {
        waves: detection.waves().iter().map(wave).collect(),
        spikes: detection.spikes.iter().map(|s| (s.window.from, s.window.to.plus(-1), s.failed)).collect(),
        smallest: match &detection.outcome {
            Outcome::NoIncident { smallest_detectable } => Some(u64::from(smallest_detectable.failed)),
            _ => None,
        },
        too_few: match &detection.outcome {
            Outcome::Refused(waves::Refusal::TooShort { usable, .. }) => Some(*usable),
            _ => None,
        },
        background: detection.background,
        baseline: detection.baseline,
        quiet: detection.quiet,
    }
}
