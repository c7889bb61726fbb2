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

/// The estimate; nothing where the series are too short for two offsets to be compared.
pub(super) fn estimate(first: &BTreeMap<Minute, f64>, second: &BTreeMap<Minute, f64>) -> Option<Estimate> {
    let (a, b) = (Bursts::of(first)?, Bursts::of(second)?);
    let fewest = FEWEST_MINUTES.max(LEAST_OVERLAP * a.minutes().min(b.minutes()));
    let each: Vec<(i32, f64)> =
        (-FARTHEST..=FARTHEST).filter_map(|lag| Some((lag, a.likeness(&b, lag, fewest)?))).collect();
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
    fn of(series: &BTreeMap<Minute, f64>) -> Option<Self> {
        let logs: Vec<(Minute, f64)> = series.iter().map(|(minute, value)| (*minute, value.max(0.0).ln_1p())).collect();
        logs.first()?;
        let height = |(minute, log): &(Minute, f64)| {
            let from = logs.partition_point(|(m, _)| minute.since(*m) > HALF_MEAN);
            let near = logs[from..].iter().take_while(|(m, _)| m.since(*minute) <= HALF_MEAN);
            let (sum, n) = near.fold((0.0, 0.0), |(sum, n), (_, log)| (sum + log, n + 1.0));
            (*minute, log - sum / n)
        };
        Some(Self(logs.iter().map(height).collect()))
    }

    fn minutes(&self) -> f64 {
        self.0.len() as f64
    }

    /// Pearson's r over the minutes that both know, this one's minute against the other's so
    /// many minutes later.
    fn likeness(&self, other: &Self, lag: i32, fewest: f64) -> Option<f64> {
        let (mut n, mut x, mut y, mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        let mut others = other.0.as_slice();
        for (minute, a) in &self.0 {
            let at = minute.plus(lag);
            while let [(before, _), rest @ ..] = others
                && *before < at
            {
                others = rest;
            }
            let [(same, b), ..] = others else { break };
            if *same != at {
                continue;
            }
            n += 1.0;
            x += a;
            y += b;
            xx += a * a;
            yy += b * b;
            xy += a * b;
        }
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
        assert_eq!(Bursts::of(&stray).map(|b| b.0.len()), Some(401));
        let sound = estimate(&first, &second);
        assert_eq!(sound.map(|e| e.lag), Some(60));
        assert_eq!(estimate(&first, &stray), sound);
    }
}
