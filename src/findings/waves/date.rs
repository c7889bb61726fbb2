//! Step 4, *date*: how sure the edges of a wave are, and whether the data show them at all.

use super::baseline::Baseline;
use super::cut::Stretch;
use super::judge::QUIET_MINUTES;
use super::lane::{Cell, Lane};
use super::statistics::ln_beta;

/// How far from an edge its interval is looked for, in usable minutes.
const REACH: usize = 30;
/// How far outside an edge evidence for quiet is looked for, in usable minutes.
const LOOK_OUT: usize = 60;
/// Odds for quiet over failing that show an edge.
const ODDS: f64 = 20.0;
/// The same for calm minutes in a row over a lull of the wave; higher, for lulls come in clusters.
const LULL_ODDS: f64 = 100.0;
/// Odds for a minute in which quiet and failure share over a quiet one, beside an edge: low, for
/// nearly every edge lies inside a minute.
const SHARED_ODDS: f64 = 5.0;
/// Shares that are tried.
const PARTS: u32 = 20;
/// Log-likelihood an edge may be worse than the best and still fit: steep and gradual edges.
const SLACK: (f64, f64) = (3.0, 8.0);
/// Minutes at the edge that give its failure rate, and its scatter.
const EDGE_MINUTES: (usize, usize) = (10, 20);
/// Minutes at the edge that show whether it is gradual.
const GRADUAL_MINUTES: usize = 3;

/// One end of a wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    /// About 95 %: the earliest and the latest grid position that fit the data.
    pub interval: (usize, usize),
    /// The outermost wave minutes fail at less than half the height of the wave's upper half.
    pub gradual: bool,
    /// Quiet is shown outside the edge.
    pub shown: bool,
}

/// The start of `wave`; `floor` is the first usable position that belongs to no earlier wave.
pub(super) fn start(lane: &Lane, wave: Stretch, floor: usize, baseline: &Baseline) -> Edge {
    let inside = lane.slice(wave.from, wave.to).to_vec();
    let outside: Vec<Cell> = lane.slice(floor, wave.from).iter().rev().copied().collect();
    let side = Side::new(&inside, &outside, baseline);
    let at = |i: usize| lane.cells.get(i).map(|c| c.at);
    let (outward, inward) = side.fitting();
    // The start may lie in a gap: back to the minute after the last logged one.
    let earliest = wave.from.saturating_sub(outward).checked_sub(1).and_then(at).map_or(0, |before| before + 1);
    let latest = at(wave.from + inward).unwrap_or(earliest).max(earliest);
    Edge { interval: (earliest, latest), gradual: side.is_gradual(), shown: side.is_shown() }
}

/// The end of `wave`, as the first minute after it; `ceiling` is the usable
/// position at which the next wave starts, or their number.
pub(super) fn end(lane: &Lane, wave: Stretch, ceiling: usize, baseline: &Baseline) -> Edge {
    let inside: Vec<Cell> = lane.slice(wave.from, wave.to).iter().rev().copied().collect();
    let outside = lane.slice(wave.to, ceiling);
    let side = Side::new(&inside, outside, baseline);
    let at = |i: usize| lane.cells.get(i).map(|c| c.at);
    let (outward, inward) = side.fitting();
    let earliest = wave.to.saturating_sub(inward).checked_sub(1).and_then(at).map_or(0, |last| last + 1);
    // The end may lie in a gap: on to the next logged minute.
    let latest = at(wave.to + outward).unwrap_or_else(|| lane.window.len()).max(earliest);
    Edge { interval: (earliest, latest), gradual: side.is_gradual(), shown: side.is_shown() }
}

/// `wave` with its edges where they fit best: an edge moves only where another place is
/// at least twenty times likelier. It keeps clear of its
/// neighbours, which end at `floor` and begin at `ceiling`.
pub(super) fn settle(lane: &Lane, wave: Stretch, floor: usize, ceiling: usize, baseline: &Baseline) -> Stretch {
    let inside = lane.slice(wave.from, wave.to).to_vec();
    let outside: Vec<Cell> = lane.slice(floor, wave.from).iter().rev().copied().collect();
    let from = match Side::new(&inside, &outside, baseline).better() {
        Better::Stays => wave.from,
        Better::Outward(n) => wave.from.saturating_sub(n),
        Better::Inward(n) => wave.from + n,
    };
    let wave = Stretch { from, to: wave.to };
    let inside: Vec<Cell> = lane.slice(wave.from, wave.to).iter().rev().copied().collect();
    let to = match Side::new(&inside, lane.slice(wave.to, ceiling), baseline).better() {
        Better::Stays => wave.to,
        Better::Outward(n) => wave.to + n,
        Better::Inward(n) => wave.to.saturating_sub(n),
    };
    Stretch { from: wave.from, to }
}

/// Whether `wave` began in the midst of the minute before it, and ended in the midst of the one
/// after it.
///
/// No fault waits for a full minute, so those two minutes share quiet and failure in any part:
/// they fail too little for the rate of the wave, and often too little to be judged alone. One is
/// the wave's when a mixture, every part as likely as another, is several times likelier than quiet.
pub(super) fn shared_minutes(lane: &Lane, wave: Stretch, baseline: &Baseline) -> (bool, bool) {
    let mut inside = lane.slice(wave.from, wave.to).to_vec();
    let before = wave.from.checked_sub(1).and_then(|i| lane.cells.get(i));
    let before = before.is_some_and(|cell| is_shared(*cell, &inside, baseline));
    inside.reverse();
    let after = lane.cells.get(wave.to).is_some_and(|cell| is_shared(*cell, &inside, baseline));
    (before, after)
}

fn is_shared(cell: Cell, inside: &[Cell], baseline: &Baseline) -> bool {
    let quiet = baseline.pu;
    let above = (rate(head(inside, EDGE_MINUTES.0)).min(0.98) - quiet).max(0.0);
    let likelihood = |p: f64| cell.e() * p.ln() + (cell.n() - cell.e()) * (-p).ln_1p();
    let of_part = |part: u32| likelihood(quiet + above * (f64::from(part) + 0.5) / f64::from(PARTS));
    let gains: Vec<f64> = (0..PARTS).map(|part| of_part(part) - likelihood(quiet)).collect();
    let best = gains.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mean = gains.iter().map(|gain| (gain - best).exp()).sum::<f64>() / f64::from(PARTS);
    cell.failed > 0 && (best + mean.ln()) / baseline.phi >= SHARED_ODDS.ln()
}

/// Where an edge fits better than where it is, in usable minutes.
enum Better {
    Stays,
    Outward(usize),
    Inward(usize),
}

/// The minutes on both sides of an edge, each ordered away from it.
struct Side<'a> {
    inside: &'a [Cell],
    outside: &'a [Cell],
    baseline: &'a Baseline,
    scatter: f64,
}

impl<'a> Side<'a> {
    fn new(inside: &'a [Cell], outside: &'a [Cell], baseline: &'a Baseline) -> Self {
        Self { inside, outside, baseline, scatter: overdispersion(head(inside, EDGE_MINUTES.1)) }
    }

    /// The failure rate just inside the edge.
    fn rate(&self) -> f64 {
        rate(head(self.inside, EDGE_MINUTES.0)).max(self.baseline.tolerance).min(0.98)
    }

    /// How much likelier each place outward and inward is than the edge's own.
    fn gains(&self) -> (Vec<f64>, Vec<f64>) {
        let score = Score::new(self.rate(), self.scatter, self.baseline);
        let running = |cells: &[Cell], sign: f64| -> Vec<f64> {
            let mut sum = 0.0;
            let sums = head(cells, REACH).iter().map(|c| {
                sum += sign * score.of(*c);
                sum
            });
            std::iter::once(0.0).chain(sums).collect()
        };
        let outward = running(self.outside, 1.0);
        // The wave keeps at least its innermost minute.
        let inward = running(head(self.inside, self.inside.len().saturating_sub(1)), -1.0);
        (outward, inward)
    }

    fn better(&self) -> Better {
        let (outward, inward) = self.gains();
        // The nearest of equals.
        let place = |sums: &[f64]| {
            let best = (0, 0.0);
            sums.iter().copied().enumerate().fold(best, |best, (i, s)| if s > best.1 { (i, s) } else { best })
        };
        let ((out, a), (into, b)) = (place(before_quiet(&outward)), place(&inward));
        if a.max(b) < ODDS.ln() {
            Better::Stays
        } else if a >= b {
            Better::Outward(out)
        } else {
            Better::Inward(into)
        }
    }

    /// How many usable minutes outward and inward the edge could lie.
    fn fitting(&self) -> (usize, usize) {
        let (outward, inward) = self.gains();
        let best = outward.iter().chain(&inward).copied().fold(0.0, f64::max);
        let slack = if self.is_gradual() { SLACK.1 } else { SLACK.0 };
        let farthest = |sums: &[f64]| sums.iter().rposition(|s| *s >= best - slack).unwrap_or(0);
        (farthest(&outward), farthest(&inward))
    }

    fn is_gradual(&self) -> bool {
        let mut by_rate = self.inside.to_vec();
        by_rate.sort_by(|x, y| (y.e() * x.n()).total_cmp(&(x.e() * y.n())));
        let upper_half = rate(head(&by_rate, self.inside.len().div_ceil(2)));
        let pu = self.baseline.pu;
        self.inside.len() > GRADUAL_MINUTES && rate(head(self.inside, GRADUAL_MINUTES)) - pu < 0.5 * (upper_half - pu)
    }

    /// Whether the minutes outside are at least twenty times likelier when
    /// quiet. They are held against the rate at the edge or that of the whole
    /// wave, whichever is lower: an edge ends on a failed minute by
    /// construction, so its own rate flatters the contrast.
    fn is_shown(&self) -> bool {
        let still = self.rate().min(rate(self.inside).max(self.baseline.tolerance));
        let score = Score::new(still, self.scatter, self.baseline);
        let mut quiet = 0.0;
        // What comes after quiet was shown, a spike say, does not undo it.
        let is_quiet = head(self.outside, LOOK_OUT).iter().any(|c| {
            quiet -= score.of(*c);
            quiet >= ODDS.ln()
        });
        is_quiet || self.outlasts_lulls()
    }

    /// Whether more calm minutes in a row stand outside than the wave's own lulls would make once
    /// in a hundred times. A wave that comes in bursts scatters so much that the odds of its
    /// minutes tell little; how many of its minutes were calm does. Minutes with less than half
    /// of the attempts at the edge count neither way: retries that have run out are no calm.
    fn outlasts_lulls(&self) -> bool {
        let is_calm = |c: &&Cell| c.e() <= self.baseline.tolerance * c.n();
        let within = self.inside.get(1..).unwrap_or_default();
        let calm = within.iter().filter(is_calm).count();
        let share = (calm as f64 + 1.0) / (within.len() as f64 + 2.0);
        let mut attempts: Vec<f64> = head(self.inside, EDGE_MINUTES.0).iter().map(|c| c.n()).collect();
        attempts.sort_by(f64::total_cmp);
        let usual = attempts.get(attempts.len() / 2).copied().unwrap_or_default();
        let busy = head(self.outside, LOOK_OUT).iter().filter(|c| 2.0 * c.n() >= usual);
        let in_a_row = busy.take_while(is_calm).count();
        in_a_row as f64 * share.ln() <= -LULL_ODDS.ln()
    }
}

/// Log-likelihood ratio of a minute: failing (beta-binomial) over quiet
/// (binomial), divided by the burstiness. The coefficients cancel.
struct Score {
    a: f64,
    b: f64,
    norm: f64,
    quiet: f64,
    phi: f64,
}

impl Score {
    fn new(rate: f64, scatter: f64, baseline: &Baseline) -> Self {
        let rate = rate.min(0.98);
        let size = (1.0 - scatter) / scatter;
        let (a, b) = (rate * size, (1.0 - rate) * size);
        Self { a, b, norm: ln_beta(a, b), quiet: baseline.pu, phi: baseline.phi }
    }

    fn of(&self, cell: Cell) -> f64 {
        let (n, e) = (cell.n(), cell.e());
        let failing = ln_beta(e + self.a, n - e + self.b) - self.norm;
        let quiet = e * self.quiet.ln() + (n - e) * (-self.quiet).ln_1p();
        (failing - quiet) / self.phi
    }
}

/// The sums up to where so many minutes in a row speak for quiet that what follows is no
/// longer this wave.
fn before_quiet(sums: &[f64]) -> &[f64] {
    let is_quiet = |run: &[f64]| run.windows(2).all(|pair| matches!(pair, [a, b] if b < a));
    let end = sums.windows(QUIET_MINUTES + 1).position(is_quiet).map_or(sums.len(), |at| at + 1);
    sums.get(..end).unwrap_or(sums)
}

fn head(cells: &[Cell], count: usize) -> &[Cell] {
    cells.get(..count).unwrap_or(cells)
}

fn rate(cells: &[Cell]) -> f64 {
    let n: f64 = cells.iter().map(|c| c.n()).sum();
    let e: f64 = cells.iter().map(|c| c.e()).sum();
    if n > 0.0 { e / n } else { 0.0 }
}

/// The beta-binomial's intra-minute correlation by the method of moments, 0.0001 to 0.3.
fn overdispersion(cells: &[Cell]) -> f64 {
    let p = rate(cells);
    let (mut excess, mut weight) = (0.0, 0.0);
    for c in cells {
        let variance = c.n() * p * (1.0 - p);
        excess += (c.e() - c.n() * p).powi(2) - variance;
        weight += variance * (c.n() - 1.0);
    }
    if weight > 0.0 { (excess / weight).clamp(1e-4, 0.3) } else { 1e-4 }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;
    use crate::findings::waves::{BaselineSource, MinuteCount};
    use crate::time::{Minute, Window};

    fn lane(minutes: &[Option<(u32, u32)>]) -> Lane {
        let counts: Vec<_> = minutes.iter().map(|m| m.map(|(n, e)| MinuteCount::new(n, e))).collect();
        Lane::new(Window::new(Minute::new(0), Minute::new(minutes.len() as i32)), &counts)
    }

    fn quiet() -> Baseline {
        Baseline::of(BaselineSource::Own, &lane(&[Some((100, 0)); 30])).expect("usable")
    }

    #[test]
    fn a_steep_edge_is_sure_to_the_minute() {
        let mut minutes = vec![Some((100, 0)); 10];
        minutes.extend([Some((100, 30)); 10]);
        minutes.extend([Some((100, 0)); 10]);
        let lane = lane(&minutes);
        let wave = Stretch { from: 10, to: 20 };
        let first = start(&lane, wave, 0, &quiet());
        assert_eq!(first, Edge { interval: (10, 10), gradual: false, shown: true });
        let last = end(&lane, wave, 30, &quiet());
        assert_eq!(last, Edge { interval: (20, 20), gradual: false, shown: true });
    }

    #[test]
    fn an_interval_covers_the_gap_beside_its_edge() {
        let mut minutes = vec![Some((100, 0)); 10];
        minutes.extend([None; 4]);
        minutes.extend([Some((100, 30)); 6]);
        minutes.extend([None; 3]);
        minutes.extend([Some((100, 0)); 10]);
        let lane = lane(&minutes);
        let wave = Stretch { from: 10, to: 16 };
        assert_eq!(start(&lane, wave, 0, &quiet()).interval, (10, 14));
        assert_eq!(end(&lane, wave, 26, &quiet()).interval, (20, 23));
    }

    #[test]
    fn an_edge_at_the_end_of_the_data_is_not_shown() {
        let mut minutes = vec![Some((100, 30)); 6];
        minutes.extend([None; 20]);
        let lane = lane(&minutes);
        let wave = Stretch { from: 0, to: 6 };
        assert!(!start(&lane, wave, 0, &quiet()).shown);
        let last = end(&lane, wave, 6, &quiet());
        assert!(!last.shown, "a gap is no recovery");
        assert_eq!(last.interval, (6, 26));
    }

    #[test]
    fn a_ramp_is_gradual_at_its_foot_only() {
        let mut minutes = vec![Some((200, 0)); 10];
        minutes.extend((1..=20).map(|k| Some((200, 4 * k))));
        minutes.extend([Some((200, 0)); 10]);
        let lane = lane(&minutes);
        let wave = Stretch { from: 10, to: 30 };
        assert!(start(&lane, wave, 0, &quiet()).gradual);
        assert!(!end(&lane, wave, 40, &quiet()).gradual);
    }
}
