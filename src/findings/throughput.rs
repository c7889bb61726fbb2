//! What Gmail accepted inside the waves, against what the other receivers did.
//!
//! A launch changes the demand, so the lane's own past shows no reduced rate: a surge
//! hides a halving. The measure is Gmail's share against the receivers that did not fail,
//! in blocks of ten minutes, inside the waves and outside them (Welch's t-test on the
//! logarithms). A low share with nothing left to send is no reduced rate either.

use super::contrast::{Contrast, RowVerdict};
use super::waves::statistics::two_sided_t;
use super::{Evidence, Node, Value, number};
use crate::smtp::Lane;
use crate::time::Window;
use crate::timeline::{Counts, MinuteState, Row, Timeline};

/// Minutes of a block, and how many of them a shorter one must have.
const BLOCK: usize = 10;
const LEAST: usize = 5;
/// Blocks needed inside and outside the waves.
const BLOCKS: (usize, usize) = (2, 3);
/// A rate is reduced when the ratio is at most this, and its upper limit below the second.
const REDUCED: (f64, f64) = (0.80, 0.95);

/// What can be said of the rate at which Gmail accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reduced {
    /// Lower than its share, with messages waiting.
    Yes,
    /// Not shown to be lower.
    No,
    /// Lower, but nobody knows whether anything was left to send.
    DemandUnknown,
    /// There is nothing to compare with.
    CannotTell,
}

/// Gmail's share inside the waves as a part of what it was outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ratio {
    ratio: f64,
    limits: (f64, f64),
    /// Messages that Gmail would have accepted at its usual share, beyond those it did.
    missing: f64,
}

/// The rate, judged.
#[derive(Clone, Debug)]
pub(super) struct Throughput {
    pub(super) reduced: Reduced,
    ratio: Option<Ratio>,
    plain: String,
    /// Whether there are minutes inside and outside the waves to compare.
    comparable: bool,
}

/// Measures the rate. `waiting` is whether the queue held messages all through the waves.
pub(super) fn throughput(
    timeline: &Timeline,
    contrast: &Contrast,
    waves: &[Window],
    waiting: Option<bool>,
) -> Throughput {
    let unharmed = contrast.others().filter(|j| j.verdict != RowVerdict::Failing);
    let compared: Vec<_> = unharmed.filter_map(|j| timeline.lanes.iter().find(|r| r.of == j.of)).collect();
    let ratio = timeline.gmail().and_then(|gmail| measure(timeline, gmail, &compared, waves));
    let reduced = match ratio {
        None => Reduced::CannotTell,
        Some(r) if r.ratio > REDUCED.0 || r.limits.1 >= REDUCED.1 => Reduced::No,
        Some(_) if waiting == Some(true) => Reduced::Yes,
        Some(_) => Reduced::DemandUnknown,
    };
    let plain = per_minute(timeline, waves);
    Throughput {
        reduced,
        ratio,
        comparable: plain.is_some(),
        plain: plain.unwrap_or_else(|| {
            "No whole minute lies inside, or none outside the waves: there is nothing to compare with.".to_owned()
        }),
    }
}

/// One block of minutes: logarithm of Gmail's share, and what the others accepted.
struct Block {
    log_share: f64,
    gmail: u64,
    others: u64,
}

fn measure(timeline: &Timeline, gmail: &Row<Lane>, others: &[&Row<Lane>], waves: &[Window]) -> Option<Ratio> {
    let blocks = |in_wave: bool| -> Vec<Block> {
        let runs = stretches(timeline, waves, in_wave);
        let chunks = runs.iter().flat_map(|run| run.chunks(BLOCK)).filter(|c| c.len() >= LEAST);
        chunks.filter_map(|minutes| block(gmail, others, minutes)).collect()
    };
    let (inside, outside) = (blocks(true), blocks(false));
    if inside.len() < BLOCKS.0 || outside.len() < BLOCKS.1 {
        return None;
    }
    let (a, b) = (Sample::of(&inside), Sample::of(&outside));
    let (log_ratio, reach) = a.minus(&b);
    let usual = b.mean.exp();
    let expected: f64 = inside.iter().map(|block| block.others as f64 * usual).sum();
    let accepted: f64 = inside.iter().map(|block| block.gmail as f64).sum();
    Some(Ratio {
        ratio: log_ratio.exp(),
        limits: ((log_ratio - reach).exp(), (log_ratio + reach).exp()),
        missing: (expected - accepted).max(0.0),
    })
}

fn block(gmail: &Row<Lane>, others: &[&Row<Lane>], minutes: &[usize]) -> Option<Block> {
    let accepted =
        |row: &Row<Lane>| minutes.iter().filter_map(|i| row.counts.get(*i).map(|c: Counts| c.delivered())).sum();
    let (gmail, others) = (accepted(gmail), others.iter().map(|row| accepted(row)).sum::<u64>());
    // Blocks in which nobody accepted anything say nothing of a share.
    (others > 0).then(|| Block { log_share: ((gmail as f64 + 0.5) / (others as f64 + 0.5)).ln(), gmail, others })
}

/// Positions of the whole minutes inside (or outside) the waves, in unbroken runs.
fn stretches(timeline: &Timeline, waves: &[Window], in_wave: bool) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = vec![Vec::new()];
    for (i, state) in timeline.states.iter().enumerate() {
        let inside = waves.iter().any(|w| w.contains(timeline.window.at(i)));
        match runs.last_mut() {
            Some(run) if inside == in_wave && *state == MinuteState::Full => run.push(i),
            Some(run) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    runs
}

struct Sample {
    mean: f64,
    /// Variance of the mean.
    variance: f64,
    n: f64,
}

impl Sample {
    fn of(blocks: &[Block]) -> Self {
        let n = blocks.len() as f64;
        let mean = blocks.iter().map(|b| b.log_share).sum::<f64>() / n;
        let squares: f64 = blocks.iter().map(|b| (b.log_share - mean).powi(2)).sum();
        Self { mean, variance: squares / (n - 1.0) / n, n }
    }

    /// The difference of two means and how far its 95 % limits lie from it.
    fn minus(&self, other: &Self) -> (f64, f64) {
        let variance = self.variance + other.variance;
        if variance <= 0.0 {
            return (self.mean - other.mean, 0.0);
        }
        let part = |s: &Self| s.variance.powi(2) / (s.n - 1.0);
        let degrees = variance.powi(2) / (part(self) + part(other));
        (self.mean - other.mean, two_sided_t(0.95, degrees) * variance.sqrt())
    }
}

/// Accepted messages per minute inside and outside the waves, of Gmail and of the others; nothing
/// where one of them has no whole minute.
fn per_minute(timeline: &Timeline, waves: &[Window]) -> Option<String> {
    let per_minute = |rows: &[&Row<Lane>], in_wave: bool| {
        let minutes: Vec<usize> = stretches(timeline, waves, in_wave).concat();
        let accepted: u64 = rows.iter().map(|r| r.sum(|i| minutes.binary_search(&i).is_ok()).delivered()).sum();
        (!minutes.is_empty()).then(|| accepted as f64 / minutes.len() as f64)
    };
    let gmail: Vec<_> = timeline.gmail().into_iter().collect();
    let others: Vec<_> = timeline.lanes.iter().filter(|r| r.of.is_of_others()).collect();
    let (during, quiet) = per_minute(&gmail, true).zip(per_minute(&gmail, false))?;
    let rest = match (per_minute(&others, true), per_minute(&others, false)) {
        (Some(d), Some(q)) if !others.is_empty() => {
            format!("; the other receivers {} and {}", number(d, 0), number(q, 0))
        }
        _ => "; no other receiver is in the logs".to_owned(),
    };
    let wave = if waves.len() == 1 { "wave" } else { "waves" };
    Some(format!(
        "Gmail accepted {} messages per minute inside the {wave} and {} outside{rest}.",
        number(during, 0),
        number(quiet, 0)
    ))
}

impl Throughput {
    pub(super) fn node(&self, found: bool) -> Node {
        let table = || [Evidence::Table("minutes_by_lane", String::new())];
        let percent = |v: f64| Value::Number(v * 100.0, 0, "%".to_owned());
        let of = |value: Option<Value>| Node::fact(value.unwrap_or(Value::Absent), table());
        let reduced = self.ratio.filter(|_| matches!(self.reduced, Reduced::Yes | Reduced::DemandUnknown));
        let sentence = match (found, self.comparable) {
            (false, _) => "No wave was found.".to_owned(),
            (true, false) => self.plain.clone(),
            (true, true) => format!("{} {}", self.plain, self.judged()),
        };
        Node::group([
            ("reduced", Value::Word(self.reduced.word()).into()),
            ("share", of(self.ratio.map(|r| percent(r.ratio)))),
            ("share_low", of(self.ratio.map(|r| percent(r.limits.0)))),
            ("share_high", of(self.ratio.map(|r| percent(r.limits.1)))),
            ("missing", of(reduced.map(|r| Value::Number(r.missing, 0, "messages".to_owned())))),
            ("plain", of(found.then(|| Value::Sentence(self.plain.clone())))),
            ("sentence", of(Some(Value::Sentence(sentence)))),
        ])
    }

    fn judged(&self) -> String {
        let Some(r) = self.ratio else {
            return "Launches change the demand, so this alone does not show a reduced rate.".to_owned();
        };
        let percent = |v: f64| number(v * 100.0, 0);
        let share = format!(
            "Against the receivers that did not fail, Gmail's share in these minutes was {} % of its share in the others ({} to {} %, about nine times in ten)",
            percent(r.ratio),
            percent(r.limits.0),
            percent(r.limits.1)
        );
        match self.reduced {
            Reduced::Yes => {
                format!(
                    "{share}, with messages waiting: a reduced rate, about {} messages fewer.",
                    number(r.missing, 0)
                )
            }
            Reduced::DemandUnknown => {
                format!("{share}: lower; whether messages were waiting is not known, so a reduced rate is not shown.")
            }
            _ => format!("{share}: a reduced rate is not shown."),
        }
    }
}

impl Reduced {
    const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::DemandUnknown => "demand_unknown",
            Self::CannotTell => "cannot_tell",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(shares: &[f64]) -> Vec<Block> {
        shares.iter().map(|s| Block { log_share: s.ln(), gmail: 0, others: 0 }).collect()
    }

    #[test]
    fn a_halved_share_is_told_from_scatter() {
        let (log, reach) = Sample::of(&blocks(&[0.5, 0.52, 0.48])).minus(&Sample::of(&blocks(&[1.0, 1.05, 0.95, 1.0])));
        assert!((log.exp() - 0.5).abs() < 0.01 && (log + reach).exp() < 0.6, "{log} {reach}");
        let (log, reach) = Sample::of(&blocks(&[0.3, 1.2])).minus(&Sample::of(&blocks(&[1.0, 1.05, 0.95])));
        assert!((log + reach).exp() > 0.95, "two blocks far apart prove nothing");
    }

    #[test]
    fn where_nothing_can_be_compared_that_is_all_that_is_said() {
        let said = |comparable| {
            let plain = "There is nothing to compare with.".to_owned();
            let throughput = Throughput { reduced: Reduced::CannotTell, ratio: None, plain, comparable };
            throughput.node(true).value("sentence").map(Value::text).unwrap_or_default()
        };
        assert_eq!(said(false), "There is nothing to compare with.");
        assert!(said(true).contains("Launches change the demand"));
    }
}
