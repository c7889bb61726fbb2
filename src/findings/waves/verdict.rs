//! What a part of the lane (one sending IP, one MX host, another receiver) shows in the same minutes.

use serde::Serialize;

use super::baseline::Baseline;
use super::statistics::clopper_pearson;

/// Whether a part of the traffic takes part in the incident. Never detected
/// again on its own: only compared, within the minutes of the waves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Surely above the tolerance.
    Failing,
    /// Surely below the tolerance.
    Clean,
    /// Neither: too few sessions to say.
    NotEnoughTraffic,
}

impl Baseline {
    /// Compares sessions of a part with the tolerance: the 95 % Clopper–Pearson
    /// interval of its rate, counts shrunk by the burstiness, must lie on one side.
    #[must_use]
    pub fn verdict(&self, attempts: u64, failed: u64) -> Verdict {
        let failed = failed.min(attempts);
        let (lower, upper) = clopper_pearson(failed as f64 / self.phi, attempts as f64 / self.phi, 0.95);
        if lower > self.tolerance {
            Verdict::Failing
        } else if upper < self.tolerance {
            Verdict::Clean
        } else {
            Verdict::NotEnoughTraffic
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::waves::BaselineSource;

    #[test]
    fn clean_needs_power_and_failing_needs_proof() {
        let baseline = Baseline {
            source: BaselineSource::Own,
            minutes: 60,
            sessions: 6000,
            failed: 12,
            p0: 0.002,
            phi: 1.0,
            pu: 0.003,
            tolerance: 0.013,
            weak: false,
            doubtful: false,
        };
        // No failure in n: the upper limit is 1 - 0.025^(1/n), 1.3 % at n = 282.
        assert_eq!(baseline.verdict(275, 0), Verdict::NotEnoughTraffic);
        assert_eq!(baseline.verdict(290, 0), Verdict::Clean);
        assert_eq!(baseline.verdict(100, 13), Verdict::Failing);
        assert_eq!(baseline.verdict(0, 0), Verdict::NotEnoughTraffic);
        let bursty = Baseline { phi: 4.0, ..baseline };
        assert_eq!(bursty.verdict(290, 0), Verdict::NotEnoughTraffic, "bursty minutes count for less");
    }
}
