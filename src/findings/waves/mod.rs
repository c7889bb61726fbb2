//! First, peak and recovery minutes of the waves of failures on a lane: *cut, judge, date*.
//!
//! ```text
//! lane ─▶ baseline ─▶ cut ─▶ judge ─▶ date ─▶ detection
//! usable   what is    stretches  waves and  edges and
//! minutes  quiet      of a rate  spikes     how sure
//! ```
//!
//! A wave is cut and judged as stretches of one rate, so the foot of a ramp, which fails too
//! little to be judged failing, is left outside; an edge therefore settles where it is at
//! least twenty times likelier than where the cut put it.
//!
//! The defaults were chosen on series with known truth; none moves a date by
//! more than about a point. `examples/score_series.rs` measures them again.

mod baseline;
mod cut;
mod date;
mod detection;
mod judge;
mod lane;
/// Rates and their limits, for every finding that compares two of them.
pub mod statistics;
mod verdict;
mod wave;

pub(super) use baseline::tolerance;
pub use baseline::{Baseline, BaselineSource};
pub use detection::{Background, Detectable, Detection, Evidence, Outcome, Refusal, Spike, detect};
pub use lane::MinuteCount;
pub use verdict::Verdict;
pub use wave::Wave;

#[cfg(test)]
mod tests;
