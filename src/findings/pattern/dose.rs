//! Dose and response: failures by eighths of load, over all minutes. It shows a direction,
//! and association only.

use super::load::{Loads, Variable};
use crate::findings::contrast::Yardstick;
use crate::findings::{Evidence, Node, Value};
use crate::scan::What;
use crate::timeline::{Counts, Known, Timeline};

/// Eighths; with fewer minutes than two for each, no dose is told.
const PARTS: usize = 8;

/// The minutes of one eighth of load.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Dose {
    /// Smallest and largest load in it.
    pub(super) load: (f64, f64),
    pub(super) minutes: u64,
    pub(super) counts: Counts,
    /// 95 % interval of the failure rate.
    pub(super) interval: (f64, f64),
    /// The failure rate that best fits and never falls as load rises.
    pub(super) rising: f64,
}

/// Dose and response of the Gmail lane; empty where there is too little to tell.
pub(super) fn doses(timeline: &Timeline, loads: &Loads, load: Variable, yardstick: Yardstick) -> Vec<Dose> {
    let Some(gmail) = timeline.gmail() else { return Vec::new() };
    if timeline.known(timeline.window, gmail.total().failed, What::FAILURES) == Known::Nothing {
        return Vec::new();
    }
    let minutes = timeline.window.minutes().zip(gmail.counts.iter()).filter_map(|(minute, counts)| {
        let counts = counts.filter(|c| c.attempts > 0)?;
        Some((loads.at(load, minute)?, counts))
    });
    eighths(minutes.collect(), yardstick)
}

/// Equal loads fall into one eighth, so that anybody can sort the minutes again.
fn eighths(mut minutes: Vec<(f64, Counts)>, yardstick: Yardstick) -> Vec<Dose> {
    if minutes.len() < 2 * PARTS {
        return Vec::new();
    }
    minutes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let borders: Vec<f64> = (1..PARTS)
        .filter_map(|i| minutes.get((minutes.len() * i / PARTS).saturating_sub(1)))
        .map(|(load, _)| *load)
        .collect();
    let mut doses: Vec<Dose> = Vec::new();
    let mut last = None;
    for (load, counts) in minutes {
        let part = borders.iter().filter(|border| **border < load).count();
        if last != Some(part) {
            doses.push(Dose { load: (load, load), ..Dose::default() });
            last = Some(part);
        }
        if let Some(dose) = doses.last_mut() {
            dose.load.1 = load;
            dose.minutes += 1;
            dose.counts.plus(counts);
        }
    }
    let rising = isotonic(&doses.iter().map(|d| (rate(d.counts), d.counts.attempts as f64)).collect::<Vec<_>>());
    for (dose, rising) in doses.iter_mut().zip(rising) {
        dose.interval = yardstick.interval(dose.counts);
        dose.rising = rising;
    }
    doses
}

fn rate(counts: Counts) -> f64 {
    counts.failed as f64 / counts.attempts as f64
}

/// The never falling values nearest to `(value, weight)`: neighbours that fall are pooled
/// (pool adjacent violators).
fn isotonic(values: &[(f64, f64)]) -> Vec<f64> {
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for &(value, weight) in values {
        pools.push((value, weight, 1));
        while let [.., a, b] = pools.as_slice()
            && a.0 > b.0
        {
            let weight = a.1 + b.1;
            let pooled = ((a.0 * a.1 + b.0 * b.1) / weight, weight, a.2 + b.2);
            pools.truncate(pools.len() - 2);
            pools.push(pooled);
        }
    }
    pools.iter().flat_map(|(value, _, n)| std::iter::repeat_n(*value, *n)).collect()
}

/// The eighths as facts.
pub(super) fn node(doses: &[Dose], load: Variable) -> Node {
    let row = |(i, dose): (usize, &Dose)| {
        let table = || [Evidence::Table("dose_response", format!("eighth {}", i + 1))];
        let amount = |v: f64| Node::fact(Value::Number(v, 0, load.name().to_owned()), table());
        let percent = |v: f64| Node::fact(Value::Number(v * 100.0, 2, "%".to_owned()), table());
        Node::group([
            ("number", Value::Count(i as u64 + 1, "").into()),
            ("load", Value::Text(load.name().to_owned()).into()),
            ("from", amount(dose.load.0)),
            ("to", amount(dose.load.1)),
            ("minutes", Node::fact(Value::Count(dose.minutes, "minutes"), table())),
            ("failed_share", Node::fact(Value::Share(dose.counts.failed, dose.counts.attempts, "sessions"), table())),
            ("lower", percent(dose.interval.0)),
            ("upper", percent(dose.interval.1)),
            ("rising", percent(dose.rising)),
        ])
    };
    Node::List(doses.iter().enumerate().map(row).collect())
}

/// The direction, in one sentence.
pub(super) fn sentence(doses: &[Dose], load: Variable) -> Option<String> {
    let (lowest, highest) = doses.first().zip(doses.last()).filter(|_| doses.len() > 1)?;
    let share = |d: &Dose| Value::Share(d.counts.failed, d.counts.attempts, "sessions").text();
    let amount = |v: f64| Value::Number(v, 0, String::new()).text();
    Some(format!(
        "By {}, minutes at {} or less lost {} of their sessions, minutes at {} or more {}: association, not cause.",
        load.name(),
        amount(lowest.load.1),
        share(lowest),
        amount(highest.load.0),
        share(highest)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn falling_neighbours_are_pooled() {
        let of = |values: &[(f64, f64)]| isotonic(values);
        assert_eq!(of(&[(0.1, 1.0), (0.2, 1.0), (0.3, 1.0)]), [0.1, 0.2, 0.3]);
        assert_eq!(of(&[(0.0, 1.0), (4.0, 1.0), (2.0, 3.0), (5.0, 1.0)]), [0.0, 2.5, 2.5, 5.0]);
        assert_eq!(of(&[(3.0, 1.0), (2.0, 1.0), (1.0, 1.0)]), [2.0, 2.0, 2.0]);
        assert!(of(&[]).is_empty());
    }

    #[test]
    fn minutes_fall_into_eighths_of_load_and_equal_loads_stay_together() {
        let yardstick = Yardstick { tolerance: 0.011, phi: 1.0 };
        let counts = |failed| Counts { attempts: 100, failed, ..Counts::default() };
        let minutes: Vec<_> = (0..32).map(|i| (f64::from(i), counts(if i >= 28 { 40 } else { 0 }))).collect();
        let doses = eighths(minutes.clone(), yardstick);
        assert_eq!(doses.len(), 8);
        let last = doses.last().copied().unwrap_or_default();
        assert_eq!((last.load, last.minutes, last.counts.attempts, last.counts.failed), ((28.0, 31.0), 4, 400, 160));
        assert!((last.rising - 0.4).abs() < 1e-12 && last.interval.0 > 0.35 && last.interval.1 < 0.45);
        let said = sentence(&doses, Variable::Connections).unwrap_or_default();
        assert!(said.contains("By open connections, minutes at 3 or less lost 0 % (0 of 400)"), "{said}");
        assert!(said.contains("minutes at 28 or more 40.0 % (160 of 400)"), "{said}");
        let alike: Vec<_> = minutes.iter().map(|(_, c)| (5.0, *c)).collect();
        assert_eq!(eighths(alike, yardstick).len(), 1);
        assert!(eighths(minutes.into_iter().take(15).collect(), yardstick).is_empty());
    }
}
