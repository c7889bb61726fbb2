//! Samples folded into minutes: the one builder that all readers feed.
//!
//! Memory grows with minutes and series, never with samples.

use std::collections::BTreeMap;

use super::series::COARSE_S;
use super::{MetricCell, MetricSeries, Signal};
use crate::time::{Minute, Stamp};

/// The longest interval one average may cover: a day. Longer ones say nothing of a minute.
pub(super) const LONGEST_INTERVAL_S: f64 = 86_400.0;
/// How many series one file may yield; more means that an instance column is no instance.
const MOST_SERIES: usize = 5_000;

/// Which series a sample belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'a> {
    pub(super) signal: Signal,
    pub(super) node: &'a str,
    pub(super) instance: &'a str,
    pub(super) column: &'a str,
}

/// What one number stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sample {
    /// A level (or a rate whose interval nobody states) at its stamp.
    Instant,
    /// The average of this many seconds, ending at the stamp.
    Average(f64),
    /// A running total, differenced here into an average per second: what one count of it is in
    /// the signal's unit (8 bits for a byte).
    Counter(f64),
    /// A running total of idle seconds of one core, differenced into its busy share.
    IdleSeconds,
}

/// Builds the series of one file.
#[derive(Debug, Default)]
pub(super) struct Fold {
    growing: Vec<Growing>,
    index: BTreeMap<String, usize>,
    key: String,
    too_many: bool,
    /// Limits that the file states beside a signal that has none of its own: an interface's speed.
    limits: BTreeMap<(Signal, String, String), f64>,
    /// Milliseconds that are added to each time.
    moved_ms: i64,
}

/// Series and sentences of one file.
#[derive(Debug)]
pub(super) struct Folded {
    pub(super) series: Vec<MetricSeries>,
    pub(super) notes: Vec<String>,
}

impl Fold {
    /// All times are moved by so many milliseconds before they find their minutes.
    pub(super) fn moved_by(milliseconds: i64) -> Self {
        Self { moved_ms: milliseconds, ..Self::default() }
    }

    /// Takes one finite number, in the signal's canonical unit, at `at`. Samples
    /// may come newest first; inside one series they must not jump about.
    /// False when the file holds too many series to follow.
    pub(super) fn add(&mut self, of: Of<'_>, at: Stamp, value: f64, sample: Sample) -> bool {
        self.key.clear();
        for part in [of.signal.name(), of.node, of.instance, of.column] {
            self.key.push_str(part);
            self.key.push('\0');
        }
        let position = match self.index.get(self.key.as_str()) {
            Some(position) => *position,
            None if self.growing.len() >= MOST_SERIES => {
                self.too_many = true;
                return false;
            }
            None => {
                self.growing.push(Growing::new(of));
                self.index.insert(self.key.clone(), self.growing.len() - 1);
                self.growing.len() - 1
            }
        };
        if let Some(growing) = self.growing.get_mut(position) {
            growing.take(at.plus_millis(self.moved_ms), value, sample);
        }
        true
    }

    /// States the limit of a signal, in its unit: the last one told stands.
    pub(super) fn limit(&mut self, signal: Signal, node: &str, instance: &str, limit: f64) {
        if self.limits.len() < MOST_SERIES && limit.is_finite() && limit > 0.0 {
            self.limits.insert((signal, node.to_owned(), instance.to_owned()), limit);
        }
    }

    /// The source started anew: no counter is differenced across this point.
    pub(super) fn restart(&mut self) {
        for growing in &mut self.growing {
            growing.raw = None;
        }
    }

    /// The finished series, in the order of first appearance, and what to say of them.
    pub(super) fn finish(self, exhibit: &str) -> Folded {
        let mut notes = Vec::new();
        if self.too_many {
            notes.push(format!("more than {MOST_SERIES} different series: the later ones were left out"));
        }
        let mut series: Vec<_> = self.growing.into_iter().filter_map(|g| g.finish(exhibit, &mut notes)).collect();
        let limits: Vec<_> = series
            .iter()
            .map(|s| {
                let told = self.limits.get(&(s.signal, s.node.clone(), s.instance.clone())).copied();
                let beside = || {
                    let limit = s.signal.limited_by()?;
                    let of = |l: &&MetricSeries| (l.signal, &l.node, &l.instance) == (limit, &s.node, &s.instance);
                    series.iter().find(of)?.minutes.last_key_value().map(|(_, cell)| cell.last)
                };
                told.or_else(beside)
            })
            .collect();
        for (series, limit) in series.iter_mut().zip(limits) {
            series.limit = limit;
        }
        // A process dies at its own limit while the system's table is nearly empty.
        for series in series.iter().filter(|s| s.is_of_system()) {
            notes.push(format!(
                "{} counts the open files of the whole system: a process can be at its own limit all the same",
                series.column
            ));
        }
        Folded { series, notes }
    }
}

/// One series while it is read.
#[derive(Debug)]
struct Growing {
    signal: Signal,
    node: String,
    instance: String,
    column: String,
    cells: BTreeMap<Minute, Cell>,
    steps: Steps,
    before: Option<Stamp>,
    span: Option<(Stamp, Stamp)>,
    instants: bool,
    samples: u64,
    /// The counter's last raw value and its time.
    raw: Option<(Stamp, f64)>,
    differences: u64,
    resets: u64,
}

impl Growing {
    fn new(of: Of<'_>) -> Self {
        Self {
            signal: of.signal,
            node: of.node.to_owned(),
            instance: of.instance.to_owned(),
            column: of.column.to_owned(),
            cells: BTreeMap::new(),
            steps: Steps::default(),
            before: None,
            span: None,
            instants: false,
            samples: 0,
            raw: None,
            differences: 0,
            resets: 0,
        }
    }

    fn take(&mut self, at: Stamp, value: f64, sample: Sample) {
        let before = self.before.replace(at);
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
        self.samples += 1;
        match sample {
            Sample::Instant => {
                self.instants = true;
                self.cells.entry(at.minute()).or_default().take(at, value, 1.0, false);
            }
            Sample::Average(seconds) => self.spread(at, value, seconds),
            Sample::Counter(one) => {
                if let Some(raw) = self.raw.replace((at, value)) {
                    self.difference(raw, (at, value), one, false);
                }
            }
            Sample::IdleSeconds => {
                if let Some(raw) = self.raw.replace((at, value)) {
                    self.difference(raw, (at, value), 1.0, true);
                }
            }
        }
        if let Some(before) = before {
            self.steps.add(before, at);
        }
    }

    /// Gives an interval's average to each minute it covers, weighted by the seconds inside.
    fn spread(&mut self, end: Stamp, value: f64, seconds: f64) {
        if !(seconds > 0.0 && seconds <= LONGEST_INTERVAL_S) {
            return;
        }
        let start = end.plus_millis(-((seconds * 1000.0) as i64));
        let mut from = start;
        while from < end {
            let to = from.minute().plus(1).start().min(end);
            if to <= from {
                return; // past the last minute that can be written
            }
            let weight = (to.millis() - from.millis()) as f64;
            self.cells.entry(from.minute()).or_default().take(end, value, weight, seconds > COARSE_S);
            from = to;
        }
    }

    /// `unit` is what one count is; `idle` turns seconds of idling into a busy share.
    fn difference(&mut self, one: (Stamp, f64), other: (Stamp, f64), unit: f64, idle: bool) {
        let median_s = self.steps.median_s();
        let ((t0, v0), (t1, v1)) = if one.0 <= other.0 { (one, other) } else { (other, one) };
        let seconds = (t1.millis().saturating_sub(t0.millis())) as f64 / 1000.0;
        if seconds <= 0.0 || (median_s > 0.0 && seconds > 3.0 * median_s) {
            return;
        }
        self.differences += 1;
        let mut grown = v1 - v0;
        if grown < 0.0 {
            // A 32-bit counter that was nearly full wraps; any other fall is a reset.
            let full = 4_294_967_296.0 * unit;
            if !(0.95 * full..=full).contains(&v0) {
                self.resets += 1;
                return;
            }
            grown += full;
        }
        let rate = grown / seconds;
        self.spread(t1, if idle { (100.0 - 100.0 * rate).clamp(0.0, 100.0) } else { rate }, seconds);
    }

    fn finish(self, exhibit: &str, notes: &mut Vec<String>) -> Option<MetricSeries> {
        let title = match (self.node.as_str(), self.instance.as_str()) {
            ("", "") => self.column.clone(),
            ("", of) | (of, "") => format!("{} ({of})", self.column),
            (node, instance) => format!("{} ({node} {instance})", self.column),
        };
        if self.resets > 0 && self.resets * 20 > self.differences && self.resets > 2 {
            notes.push(format!(
                "{title} is named like a counter but falls in {} of {} steps: left out",
                self.resets, self.differences
            ));
            return None;
        }
        match self.resets {
            0 => {}
            1 => notes.push(format!("{title}: the counter was reset once; that step is left out")),
            n => notes.push(format!("{title}: the counter was reset {n} times; those steps are left out")),
        }
        let step_s = self.steps.median_s();
        let coarse = self.instants && step_s > COARSE_S;
        if coarse {
            notes.push(format!("{title}: one value every {step_s:.0} s, so no value holds for the minutes between"));
        }
        let minutes: BTreeMap<_, _> = self.cells.into_iter().map(|(m, cell)| (m, cell.finish(coarse))).collect();
        let first = minutes.values().next().map_or(0.0, |c| c.min);
        let flat = first != 0.0 && minutes.values().all(|c| c.min == first && c.max == first);
        if flat && self.samples >= 20 && !self.signal.name().ends_with("_limit") {
            notes.push(format!("{title} never changes ({first}): a stuck collector looks like this"));
        }
        (!minutes.is_empty()).then(|| MetricSeries {
            signal: self.signal,
            node: self.node,
            instance: self.instance,
            column: self.column,
            exhibit: exhibit.to_owned(),
            step_s,
            minutes,
            span: self.span,
            limit: None,
        })
    }
}

/// A minute while it is read.
#[derive(Debug, Default)]
struct Cell {
    samples: u32,
    weight: f64,
    sum: f64,
    min: f64,
    max: f64,
    last: (Option<Stamp>, f64),
    coarse: bool,
}

impl Cell {
    fn take(&mut self, at: Stamp, value: f64, weight: f64, coarse: bool) {
        (self.min, self.max) =
            if self.samples == 0 { (value, value) } else { (self.min.min(value), self.max.max(value)) };
        self.samples = self.samples.saturating_add(1);
        self.weight += weight;
        self.sum += value * weight;
        self.coarse |= coarse;
        if self.last.0 <= Some(at) {
            self.last = (Some(at), value);
        }
    }

    fn finish(self, coarse: bool) -> MetricCell {
        MetricCell {
            samples: self.samples,
            // Rounding must not push a mean of equal values outside of them.
            mean: (self.sum / self.weight).clamp(self.min, self.max),
            min: self.min,
            max: self.max,
            last: self.last.1,
            coarse: self.coarse || coarse,
        }
    }
}

/// How far samples lie apart: counts of distances, for the median.
#[derive(Debug, Default)]
struct Steps {
    counts: BTreeMap<i64, u64>,
    total: u64,
}

impl Steps {
    fn add(&mut self, before: Stamp, at: Stamp) {
        let millis = at.millis().saturating_sub(before.millis()).saturating_abs();
        // Tenths of seconds up to ten minutes, whole seconds up to a day: a bounded number of classes.
        let class =
            if millis < 600_000 { (millis + 50) / 100 * 100 } else { ((millis + 500) / 1000 * 1000).min(86_400_000) };
        if class > 0 {
            *self.counts.entry(class).or_default() += 1;
            self.total += 1;
        }
    }

    fn median_s(&self) -> f64 {
        let mut seen = 0;
        for (class, count) in &self.counts {
            seen += count;
            if seen * 2 >= self.total {
                return *class as f64 / 1000.0;
            }
        }
        0.0
    }
}
