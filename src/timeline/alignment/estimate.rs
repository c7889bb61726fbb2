//! By how many minutes one series runs behind another: the correlation at every offset.

use std::collections::BTreeMap;

use crate::time::Minute;

/// Zones lie at most 14 hours east of UTC, so no zone taken for UTC shifts by more minutes. A
/// longer search would meet the same hour of other days.
pub(super) const FARTHEST: i32 = 14 * 60;

/// An offset counts with so many minutes in common,
pub(super) const FEWEST_MINUTES: f64 = 180.0;
/// and with so great a part of the shorter series.
pub(super) const LEAST_OVERLAP: f64 = 0.6;

/// Half of the 61 minutes whose mean is taken off: the day's rise and fall is alike at many
/// offsets, bursts are not.
const HALF_MEAN: i32 = 30;

/// Offsets so near to the best one are the same peak.
const SAME_PEAK: i32 = 5;

/// How two series run together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The offset at which they are most alike, in minutes; positive when the second looks later.
    pub lag: i32,
    /// Pearson's r there.
    pub r: f64,
    /// r without an offset; none where too few minutes are in common.
    pub r_unshifted: Option<f64>,
    /// r of the best offset that is not of the same peak.
    pub r_second: f64,
    /// That offset.
    pub second_lag: i32,
}

impl Estimate {
    /// The same, told of the other series.
    pub(super) const fn turned(self) -> Self {
        Self { lag: -self.lag, second_lag: -self.second_lag, ..self }
    }
}

/// Estimates over all minutes, and over those of the first series on either side of a cut.
pub(super) struct Estimates {
    /// Nothing where the series are too short for two offsets to be compared.
    pub(super) whole: Option<Estimate>,
    /// For each cut: before it, and from it on.
    pub(super) sides: Vec<[Option<Estimate>; 2]>,
}

/// The estimates of two series. Cuts are ordered; a side knows only its own minutes of the first
/// series, and all of the second, for nobody knows where the second has them.
pub(super) fn estimates(first: &BTreeMap<Minute, f64>, second: &BTreeMap<Minute, f64>, cuts: &[Minute]) -> Estimates {
    let (a, b) = (Bursts::of(first), Bursts::of(second));
    let each: Vec<(i32, Vec<Sums>)> = (-FARTHEST..=FARTHEST).map(|lag| (lag, a.against(&b, lag, cuts))).collect();
    let of = |parts: std::ops::Range<usize>, minutes: usize| {
        let fewest = FEWEST_MINUTES.max(LEAST_OVERLAP * minutes.min(b.0.len()) as f64);
        let likeness = |(lag, sums): &(i32, Vec<Sums>)| {
            let sum = sums[parts.clone()].iter().fold(Sums::default(), |sum, part| sum.plus(part));
            Some((*lag, sum.likeness(fewest)?))
        };
        best_of(&each.iter().filter_map(likeness).collect::<Vec<_>>())
    };
    let sides = cuts.iter().enumerate().map(|(i, cut)| {
        let before = a.0.partition_point(|(minute, _)| minute < cut);
        [of(0..i + 1, before), of(i + 1..cuts.len() + 1, a.0.len() - before)]
    });
    Estimates { whole: of(0..cuts.len() + 1, a.0.len()), sides: sides.collect() }
}

/// The offset of the best likeness, and the next best.
fn best_of(each: &[(i32, f64)]) -> Option<Estimate> {
    // Of equal ones the least offset, so that no order decides.
    let best = |of: &mut dyn Iterator<Item = &(i32, f64)>| {
        of.max_by(|x, y| x.1.total_cmp(&y.1).then(y.0.abs().cmp(&x.0.abs()))).copied()
    };
    let (lag, r) = best(&mut each.iter())?;
    let (second_lag, r_second) = best(&mut each.iter().filter(|(l, _)| (l - lag).abs() > SAME_PEAK))?;
    let r_unshifted = each.iter().find(|(l, _)| *l == 0).map(|(_, r)| *r);
    Some(Estimate { lag, r, r_unshifted, r_second, second_lag })
}

/// ln(1 + value) above its running mean, of each known minute, in order: one stray sample of 1970
/// takes no more room than any other.
struct Bursts(Vec<(Minute, f64)>);

impl Bursts {
    fn of(series: &BTreeMap<Minute, f64>) -> Self {
        let logs: Vec<(Minute, f64)> = series.iter().map(|(minute, value)| (*minute, value.max(0.0).ln_1p())).collect();
        let height = |(minute, log): &(Minute, f64)| {
            let from = logs.partition_point(|(m, _)| minute.since(*m) > HALF_MEAN);
            let near = logs[from..].iter().take_while(|(m, _)| m.since(*minute) <= HALF_MEAN);
            let (sum, n) = near.fold((0.0, 0.0), |(sum, n), (_, log)| (sum + log, n + 1.0));
            (*minute, log - sum / n)
        };
        Self(logs.iter().map(height).collect())
    }

    /// Sums over the minutes that both know, this one's minute against the other's so many
    /// minutes later: one for each stretch between the cuts.
    fn against(&self, other: &Self, lag: i32, cuts: &[Minute]) -> Vec<Sums> {
        let mut sums = vec![Sums::default(); cuts.len() + 1];
        let (mut others, mut stretch) = (other.0.as_slice(), 0);
        for (minute, a) in &self.0 {
            while cuts.get(stretch).is_some_and(|cut| cut <= minute) {
                stretch += 1;
            }
            let at = minute.plus(lag);
            while let [(before, _), rest @ ..] = others
                && *before < at
            {
                others = rest;
            }
            let [(same, b), ..] = others else { break };
            if *same == at {
                sums[stretch].add(*a, *b);
            }
        }
        sums
    }
}

/// What Pearson's r is made from.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Sums {
    fn add(&mut self, a: f64, b: f64) {
        let one = Self { n: 1.0, x: a, y: b, xx: a * a, yy: b * b, xy: a * b };
        *self = self.plus(&one);
    }

    fn plus(&self, other: &Self) -> Self {
        Self {
            n: self.n + other.n,
            x: self.x + other.x,
            y: self.y + other.y,
            xx: self.xx + other.xx,
            yy: self.yy + other.yy,
            xy: self.xy + other.xy,
        }
    }

    /// Pearson's r, where so many minutes are known and vary.
    fn likeness(&self, fewest: f64) -> Option<f64> {
        let Self { n, x, y, xx, yy, xy } = *self;
        let spread = ((xx - x * x / n) * (yy - y * y / n)).sqrt();
        (n >= fewest && spread > 1e-9).then(|| (xy - x * y / n) / spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stray_sample_of_1970_takes_no_room_and_changes_nothing() {
        let series = |shift: i32| -> BTreeMap<Minute, f64> {
            (0..400).map(|i| (Minute::new(29_000_000 + i + shift), f64::from((i * i) % 97))).collect()
        };
        let (first, second) = (series(0), series(60));
        let mut stray = second.clone();
        stray.insert(Minute::new(0), 1e9);
        assert_eq!(Bursts::of(&stray).0.len(), 401);
        let estimate = |first, second| estimates(first, second, &[]).whole;
        let sound = estimate(&first, &second);
        assert_eq!(sound.map(|e| e.lag), Some(60));
        assert_eq!(estimate(&first, &stray), sound);
    }

    #[test]
    fn a_side_is_estimated_from_its_own_minutes() {
        let value = |i: i32| f64::from((i * i * i + 7 * i) % 1009);
        let at = |i: i32| Minute::new(29_000_000 + i);
        let first: BTreeMap<_, _> = (0..800).map(|i| (at(i), value(i))).collect();
        let second = (0..800).map(|i| (at(i + if i < 400 { 60 } else { 120 }), value(i))).collect();
        let cuts = [at(200), at(400), at(600)];
        let lags = |found: Estimates| -> Vec<_> { found.sides.iter().map(|s| s.map(|e| e.map(|e| e.lag))).collect() };
        assert_eq!(lags(estimates(&first, &second, &cuts))[1], [Some(60), Some(120)]);
        // What is summed in stretches is what is summed at once.
        let [before, _] = &estimates(&first, &second, &cuts).sides[0];
        let alone = first.range(..at(200)).map(|(m, v)| (*m, *v)).collect();
        let alone = estimates(&alone, &second, &[]).whole;
        assert_eq!(before.map(|e| e.lag), alone.map(|e| e.lag));
        assert!(before.is_some_and(|e| e.lag == 60));
    }
}
