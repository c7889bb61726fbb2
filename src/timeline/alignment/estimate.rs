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
const HALF_MEAN: usize = 30;

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

/// ln(1 + value) above its running mean; 0 where nothing is known.
struct Bursts {
    from: Minute,
    height: Vec<f64>,
    /// 1 where the minute is known, else 0.
    known: Vec<f64>,
}

impl Bursts {
    fn of(series: &BTreeMap<Minute, f64>) -> Option<Self> {
        let (from, to) = (*series.first_key_value()?.0, *series.last_key_value()?.0);
        let length = usize::try_from(to.since(from)).ok()? + 1;
        let (mut logs, mut known) = (vec![0.0; length], vec![0.0; length]);
        for (minute, value) in series {
            let at = usize::try_from(minute.since(from)).ok()?;
            (logs[at], known[at]) = (value.max(0.0).ln_1p(), 1.0);
        }
        let height = (0..length).map(|i| {
            let near = i.saturating_sub(HALF_MEAN)..(i + HALF_MEAN + 1).min(length);
            let (sum, n) = (logs[near.clone()].iter().sum::<f64>(), known[near].iter().sum::<f64>());
            if known[i] > 0.0 { logs[i] - sum / n } else { 0.0 }
        });
        Some(Self { from, height: height.collect(), known })
    }

    fn minutes(&self) -> f64 {
        self.known.iter().sum()
    }

    /// Pearson's r over the minutes that both know, this one's minute against the other's so
    /// many minutes later.
    fn likeness(&self, other: &Self, lag: i32, fewest: f64) -> Option<f64> {
        // Position i here is position i + shift there.
        let shift = i64::from(self.from.since(other.from)) + i64::from(lag);
        let (here, there) = (usize::try_from(-shift).unwrap_or(0), usize::try_from(shift).unwrap_or(0));
        let length = self.known.len().saturating_sub(here).min(other.known.len().saturating_sub(there));
        if (length as f64) < fewest {
            return None;
        }
        let (mut n, mut x, mut y, mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for i in 0..length {
            let (ka, kb) = (self.known[here + i], other.known[there + i]);
            let (a, b) = (self.height[here + i] * kb, other.height[there + i] * ka);
            n += ka * kb;
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
