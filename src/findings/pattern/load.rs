//! The load on Gmail minute by minute: what may be alike where waves begin.

use crate::formats::metrics::MetricSeries;
use crate::time::{Minute, Window};
use crate::timeline::Timeline;

/// What may decide when failures begin, in the order in which it is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Variable {
    /// Open connections to Gmail of the sending IP that had most of them.
    Connections,
    /// Sessions attempted per minute: mean of the minute and the one before it.
    Rate,
    /// Minutes since the launch.
    Delay,
}

impl Variable {
    pub(super) const ALL: [Self; 3] = [Self::Connections, Self::Rate, Self::Delay];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Connections => "open connections",
            Self::Rate => "sessions per minute",
            Self::Delay => "minutes after launch",
        }
    }

    /// Digits after the point that its values are printed with.
    pub(super) const fn digits(self) -> usize {
        match self {
            Self::Delay => 1,
            Self::Connections | Self::Rate => 0,
        }
    }

    /// Whether values of a load say anything: every session needs a connection, so fewer than two at once
    /// are none.
    pub(super) fn is_load_at(self, values: impl IntoIterator<Item = f64>) -> bool {
        self != Self::Connections || values.into_iter().any(|n| n >= 2.0)
    }

    pub(super) const fn is_load(self) -> bool {
        !matches!(self, Self::Delay)
    }
}

/// How a connection count is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::findings) enum Basis {
    Measured,
    Estimated,
}

impl Basis {
    pub(in crate::findings) const fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Estimated => "estimated",
        }
    }
}

type Series = Vec<Option<f64>>;

/// The loads over the grid; none where nothing is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Loads {
    pub(super) window: Window,
    /// All of one basis, so that the values at two onsets can be compared.
    pub(super) connections: Option<(Basis, Series)>,
    /// Sessions attempted in each minute.
    attempts: Series,
    /// A minute with more attempts is active.
    active_above: Option<f64>,
}

/// A minute is active when its attempts exceed so many times the median minute's.
const ACTIVE: f64 = 1.2;

impl Loads {
    /// The loads of the Gmail lane. Connections are measured where a metric knows them in the
    /// first minute of every wave, else estimated from what the logs say of durations.
    pub(super) fn of(timeline: &Timeline, onsets: &[Minute]) -> Self {
        let window = timeline.window;
        let attempts = match timeline.gmail() {
            Some(gmail) => gmail.counts.iter().map(|c| c.map(|c| c.attempts as f64)).collect(),
            None => vec![None; window.len()],
        };
        let knows = |series: &Series| series.iter().any(Option::is_some);
        let measured = Some(measured(timeline)).filter(knows);
        let estimated = Some(estimated(timeline)).filter(knows);
        let knows_onsets = |s: &Series| onsets.iter().all(|m| value_at(s, window, *m).is_some());
        let connections = match (measured, estimated) {
            (Some(m), Some(e)) if !knows_onsets(&m) && knows_onsets(&e) => Some((Basis::Estimated, e)),
            (Some(m), _) => Some((Basis::Measured, m)),
            (None, e) => e.map(|e| (Basis::Estimated, e)),
        };
        Self::new(window, connections, attempts)
    }

    pub(super) fn new(window: Window, connections: Option<(Basis, Series)>, attempts: Series) -> Self {
        let usual = median(attempts.iter().copied().flatten().collect());
        Self { window, connections, attempts, active_above: usual.map(|n| n * ACTIVE) }
    }

    /// The value of a load in a minute. Delays are no load: they need a launch.
    pub(super) fn at(&self, variable: Variable, minute: Minute) -> Option<f64> {
        match variable {
            Variable::Connections => value_at(&self.connections.as_ref()?.1, self.window, minute),
            Variable::Rate => {
                let here = value_at(&self.attempts, self.window, minute)?;
                let before = value_at(&self.attempts, self.window, minute.plus(-1));
                Some(before.map_or(here, |before| f64::midpoint(before, here)))
            }
            Variable::Delay => None,
        }
    }

    /// The load that the report speaks of where none is singled out.
    pub(super) fn main(&self) -> Variable {
        let open = self.connections.iter().flat_map(|(_, series)| series.iter().copied().flatten());
        if Variable::Connections.is_load_at(open) { Variable::Connections } else { Variable::Rate }
    }

    /// The middle minute's value, of all minutes that are known and accepted.
    pub(super) fn median(&self, variable: Variable, accept: impl Fn(Minute) -> bool) -> Option<f64> {
        let accepted = self.window.minutes().filter(|m| accept(*m));
        median(accepted.filter_map(|m| self.at(variable, m)).collect())
    }

    pub(super) fn known(&self, minute: Minute) -> bool {
        value_at(&self.attempts, self.window, minute).is_some()
    }

    /// The active minutes inside a span.
    pub(super) fn active(&self, span: Window) -> Vec<Minute> {
        let Some(least) = self.active_above else { return Vec::new() };
        let is_active = |m: &Minute| value_at(&self.attempts, self.window, *m).is_some_and(|n| n > least);
        span.minutes().filter(is_active).collect()
    }
}

fn value_at(series: &[Option<f64>], window: Window, minute: Minute) -> Option<f64> {
    window.index(minute).and_then(|i| series.get(i).copied().flatten())
}

/// From metrics that count connections to Gmail. A sample coarser than a minute knows no
/// largest value of one, and metrics on another clock know another minute.
fn measured(timeline: &Timeline) -> Series {
    let usable: Vec<_> =
        timeline.metrics.iter().filter(|m| is_gmail_connections(m) && timeline.is_on_time(m)).collect();
    let most = |minute: Minute| {
        let cells = usable.iter().filter_map(|m| m.minutes.get(&minute)).filter(|c| !c.coarse);
        cells.map(|c| c.max).max_by(f64::total_cmp)
    };
    timeline.window.minutes().map(most).collect()
}

fn estimated(timeline: &Timeline) -> Series {
    let rows = &timeline.connections.by_egress;
    let most = |i: usize| rows.iter().filter_map(|row| row.get(i).copied().flatten()).max_by(f64::total_cmp);
    (0..timeline.window.len()).map(most).collect()
}

/// Connections of the Gmail lane, of one IP or of all.
pub(in crate::findings) fn is_gmail_connections(series: &MetricSeries) -> bool {
    series.signal.name() == "smtp_out_connections" && series.instance.contains("gmail")
}

/// The middle value; of an even number of values, the mean of the two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_the_mean_of_two_minutes_and_active_is_above_the_median() {
        let window = Window::new(Minute::new(0), Minute::new(6));
        let attempts = [Some(10.0), Some(10.0), None, Some(20.0), Some(12.0), Some(13.0)].to_vec();
        let loads = Loads::new(window, None, attempts);
        let rate = |m| loads.at(Variable::Rate, Minute::new(m));
        assert_eq!(
            (rate(0), rate(1), rate(2), rate(3), rate(4)),
            (Some(10.0), Some(10.0), None, Some(20.0), Some(16.0))
        );
        // The median minute has 12 attempts; more than 14.4 is active.
        assert_eq!(loads.active(window), [Minute::new(3)]);
        assert_eq!((loads.main(), loads.at(Variable::Connections, Minute::new(0))), (Variable::Rate, None));
    }

    #[test]
    fn medians_of_odd_even_and_no_values() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }
}
