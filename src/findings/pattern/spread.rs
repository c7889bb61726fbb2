//! How far values lie apart, where they gather, and how well that is known.

use super::load::{Variable, median};
use crate::findings::waves::statistics::two_sided_t;

/// Loads: largest over smallest. Minutes after a launch: largest less smallest.
pub(super) fn spread(variable: Variable, values: &[f64]) -> f64 {
    let (low, high) = range(values);
    match variable {
        Variable::Delay => high - low,
        _ if low > 0.0 => high / low,
        _ => f64::INFINITY,
    }
}

/// Smallest and largest.
pub(super) fn range(values: &[f64]) -> (f64, f64) {
    (values.iter().copied().fold(f64::INFINITY, f64::min), values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// The geometric mean of loads; the median of minutes after launches.
pub(super) fn centre(variable: Variable, values: &[f64]) -> Option<f64> {
    if variable == Variable::Delay {
        return median(values.to_vec());
    }
    Some(mean(&logarithms(values)?)?.exp())
}

/// The 95 % interval of the geometric mean, by t on the logarithms; three values at least.
pub(super) fn interval(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < 3 {
        return None;
    }
    let logs = logarithms(values)?;
    let middle = mean(&logs)?;
    let n = logs.len() as f64;
    let variance = logs.iter().map(|l| (l - middle).powi(2)).sum::<f64>() / (n - 1.0);
    let half = two_sided_t(0.95, n - 1.0) * (variance / n).sqrt();
    Some(((middle - half).exp(), (middle + half).exp()))
}

fn logarithms(values: &[f64]) -> Option<Vec<f64>> {
    values.iter().map(|v| (*v > 0.0).then(|| v.ln())).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_of_loads_are_ratios_and_of_delays_are_minutes() {
        assert!((spread(Variable::Connections, &[200.0, 250.0, 220.0]) - 1.25).abs() < 1e-12);
        assert!((spread(Variable::Delay, &[3.0, 7.5]) - 4.5).abs() < 1e-12);
        assert!(spread(Variable::Rate, &[0.0, 7.5]).is_infinite());
    }

    #[test]
    fn the_geometric_mean_and_its_interval_by_hand() {
        // ln: 5.298, 5.347, 5.247; mean 5.2976, s 0.0500, t(2) 4.3027, half 0.1242.
        let values = [200.0, 210.0, 190.0];
        let mean = centre(Variable::Connections, &values).unwrap_or_default();
        assert!((mean - 199.833).abs() < 0.001, "{mean}");
        let (low, high) = interval(&values).unwrap_or_default();
        assert!((low - 176.4715).abs() < 0.001 && (high - 226.2875).abs() < 0.001, "{low} {high}");
        assert_eq!(interval(&values[..2]), None);
        assert_eq!(centre(Variable::Connections, &[0.0, 3.0]), None);
        assert_eq!(centre(Variable::Delay, &[0.0, 3.0, 9.0]), Some(3.0));
    }
}
