//! What a minute holds, worked out from samples in the plainest way: by how many milliseconds
//! of the minute an average covers.

use std::collections::BTreeMap;

use casefile::formats::metrics::{MetricRead, Signal};
use casefile::time::Stamp;

/// One number that a file states.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) signal: Signal,
    pub(super) instance: String,
    /// The stamp, in milliseconds since 1970.
    pub(super) at: i64,
    /// Length of the interval that ends there; a level has none.
    pub(super) seconds: Option<f64>,
    pub(super) value: f64,
    /// By how much the printed number may be off.
    pub(super) slack: f64,
}

/// What a series is about: signal and instance.
pub(super) type Key = (Signal, String);

#[derive(Clone, Debug, Default)]
struct Cell {
    samples: u32,
    sum: f64,
    weight: f64,
    min: f64,
    max: f64,
    last: (i64, f64),
    slack: f64,
}

impl Cell {
    fn take(&mut self, told: &Told, weight: f64) {
        let first = self.samples == 0;
        self.min = if first { told.value } else { self.min.min(told.value) };
        self.max = if first { told.value } else { self.max.max(told.value) };
        self.last = if first || told.at >= self.last.0 { (told.at, told.value) } else { self.last };
        self.samples += 1;
        self.sum += told.value * weight;
        self.weight += weight;
        self.slack = self.slack.max(told.slack);
    }
}

type Minutes = BTreeMap<i64, Cell>;

/// Minutes since 1970, by series.
fn minutes(told: &[Told]) -> BTreeMap<Key, Minutes> {
    let mut all: BTreeMap<Key, Minutes> = BTreeMap::new();
    for one in told {
        let cells = all.entry((one.signal, one.instance.clone())).or_default();
        let Some(seconds) = one.seconds else {
            cells.entry(one.at.div_euclid(60_000)).or_default().take(one, 1.0);
            continue;
        };
        let from = one.at - (seconds * 1000.0) as i64;
        for minute in from.div_euclid(60_000)..=one.at.div_euclid(60_000) {
            let covered = one.at.min((minute + 1) * 60_000) - from.max(minute * 60_000);
            if covered > 0 {
                cells.entry(minute).or_default().take(one, covered as f64);
            }
        }
    }
    all
}

/// How a file and its truth are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// All that the truth knows must have been read, and nothing else.
    Whole,
    /// The truth may know of more: it is of a larger file.
    Part,
}

/// Compares each value of each minute of each series; the number of values compared.
pub(super) fn compare(name: &str, read: &MetricRead, told: &[Told], how: Compared) -> usize {
    let truth = minutes(told);
    let mut keys: Vec<Key> = read.series.iter().map(|s| (s.signal, s.instance.clone())).collect();
    keys.sort();
    if how == Compared::Whole {
        assert_eq!(keys, truth.keys().cloned().collect::<Vec<_>>(), "{name}: the series");
    }
    let mut compared = 0;
    for series in &read.series {
        let key = (series.signal, series.instance.clone());
        let known = truth.get(&key).unwrap_or_else(|| panic!("{name}: {key:?} is not in the producer's text"));
        let minutes: Vec<i64> = series.minutes.keys().map(|m| i64::from(m.number())).collect();
        if how == Compared::Whole {
            assert_eq!(minutes, known.keys().copied().collect::<Vec<_>>(), "{name}: the minutes of {key:?}");
        }
        for (minute, cell) in &series.minutes {
            let at = format!("{name}: {key:?} at {minute}");
            let truth = known.get(&i64::from(minute.number())).unwrap_or_else(|| panic!("{at} is not in the text"));
            if how == Compared::Whole {
                assert_eq!(cell.samples, truth.samples, "{at}: samples");
            }
            let pairs = [
                ("mean", cell.mean, truth.sum / truth.weight),
                ("min", cell.min, truth.min),
                ("max", cell.max, truth.max),
                ("last", cell.last, truth.last.1),
            ];
            for (what, got, expected) in pairs {
                let near = (got - expected).abs() <= truth.slack + 1e-9 * expected.abs().max(1.0);
                assert!(near, "{at}: {what} is {got}, by the text {expected} (give or take {})", truth.slack);
                compared += 1;
            }
        }
    }
    compared
}

/// Milliseconds of `02:36:28` on a day.
pub(super) fn on(day: &str, clock: &str) -> i64 {
    casefile::time::parse_rfc3339(&format!("{day}T{clock}Z")).map(Stamp::millis).expect("a time of day")
}
