//! Where values and minutes lie, and which of them are named.

use super::scene::Area;
use crate::time::{Minute, Window};

/// A panel's drawing area with its two scales.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Where the data lie.
    pub(super) area: Area,
    /// The upper end of the value axis, which starts at zero; above zero.
    pub(super) top: f64,
    /// Units over the whole width: minutes, or values for dots; above zero.
    pub(super) span: f64,
}

impl Frame {
    /// The place of a position on the horizontal axis.
    pub(super) fn x(&self, at: f64) -> f64 {
        self.area.x0 + self.area.width() * (at / self.span).clamp(0.0, 1.0)
    }

    /// The place of a value on the vertical axis.
    pub(super) fn y(&self, value: f64) -> f64 {
        self.area.y1 - self.area.height() * (value / self.top).clamp(0.0, 1.0)
    }
}

/// An axis from zero with named steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// The upper end, a whole number of steps.
    pub(super) top: f64,
    /// From name to name.
    pub(super) step: f64,
}

impl Scale {
    /// The axis that holds `most` in about `steps` steps of 1, 2 or 5 times a power of ten.
    pub(super) fn holding(most: f64, steps: f64) -> Self {
        if !most.is_finite() || most <= 0.0 {
            return Self { top: 1.0, step: 1.0 };
        }
        let most = most.clamp(1e-9, 1e21);
        let rough = most / steps;
        let power = 10f64.powi(rough.log10().floor() as i32);
        let step = [1.0, 2.0, 5.0, 10.0].map(|f| f * power).into_iter().find(|s| *s >= rough * 0.75);
        let step = step.unwrap_or(10.0 * power);
        Self { top: (most / step - 1e-9).ceil().max(1.0) * step, step }
    }

    /// The named values, from zero up.
    pub(super) fn ticks(self) -> Vec<f64> {
        let count = (self.top / self.step).round() as usize;
        (0..=count.min(50)).map(|n| n as f64 * self.step).collect()
    }

    /// A named value in words: `1,500`, `0.5`, `20 M`.
    pub(super) fn name(self, value: f64) -> String {
        let (by, unit) = match self.top {
            _ if value == 0.0 => return "0".to_owned(),
            top if top >= 1e16 => return format!("{value:e}"),
            top if top >= 1e13 => (1e12, " T"),
            top if top >= 1e10 => (1e9, " G"),
            top if top >= 1e7 => (1e6, " M"),
            _ => (1.0, ""),
        };
        let decimals = (-(self.step / by).log10()).ceil().clamp(0.0, 9.0) as usize;
        let digits = format!("{:.decimals$}", value / by);
        let (whole, part) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
        format!("{}{part}{unit}", grouped(whole))
    }
}

/// Digits with a comma before every third from the end.
fn grouped(digits: &str) -> String {
    let mut all = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            all.push(',');
        }
        all.push(digit);
    }
    all
}

/// A named minute on the time axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// Minutes from the window's start.
    pub(super) at: f64,
    /// `03:56`, or `11-25` when only days are named.
    pub(super) label: String,
    /// `11-25` under the first minute of a day.
    pub(super) day: Option<String>,
}

/// Minutes between named minutes, as clocks are read.
const CLOCK_STEPS: [i64; 15] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14_400];

/// The named minutes of a window, at most `most` of them (at least two).
pub(super) fn clock_ticks(window: Window, most: usize) -> Vec<Tick> {
    let span = window.len().max(1) as i64;
    let most = most.max(2) as i64;
    let days = span / most / 1440 + 1;
    let step = CLOCK_STEPS.into_iter().find(|step| span / step < most).unwrap_or(days * 1440);
    let from = i64::from(window.from.number());
    let mut at = from.div_euclid(step) * step;
    if at < from {
        at += step;
    }
    let mut ticks = Vec::new();
    while at <= from + span {
        let minute = Minute::new(i32::try_from(at).unwrap_or(i32::MAX));
        let day = month_and_day(minute);
        ticks.push(if step >= 1440 {
            Tick { at: (at - from) as f64, label: day, day: None }
        } else {
            let midnight = at.rem_euclid(1440) == 0;
            Tick { at: (at - from) as f64, label: minute.clock(), day: midnight.then_some(day) }
        });
        at += step;
    }
    ticks
}

/// `11-25`
fn month_and_day(minute: Minute) -> String {
    let date = minute.date();
    date.get(date.len().saturating_sub(5)..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;

    fn names(most: f64) -> Vec<String> {
        let scale = Scale::holding(most, 4.0);
        scale.ticks().into_iter().map(|tick| scale.name(tick)).collect()
    }

    #[test]
    fn values_are_named_in_round_steps() {
        assert_eq!(names(1848.0), ["0", "500", "1,000", "1,500", "2,000"]);
        assert_eq!(names(916.0), ["0", "200", "400", "600", "800", "1,000"]);
        assert_eq!(names(0.0), ["0", "1"]);
        assert_eq!(names(0.9), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(names(3.0), ["0", "1", "2", "3"]);
        assert_eq!(names(40e6), ["0", "10 M", "20 M", "30 M", "40 M"]);
        assert_eq!(names(3e17), ["0", "1e17", "2e17", "3e17"]);
        assert_eq!(names(f64::NAN), names(0.0));
        assert_eq!(names(f64::MAX).len(), names(1e21).len());
    }

    fn labels(from: i32, minutes: i32, most: usize) -> Vec<String> {
        let from = Minute::new(from);
        clock_ticks(Window::new(from, from.plus(minutes)), most).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn minutes_are_named_as_clocks_are_read() {
        let start = Minute::parse("2026-11-24T03:46Z").expect("a minute").number();
        assert_eq!(
            labels(start, 53, 13),
            ["03:50", "03:55", "04:00", "04:05", "04:10", "04:15", "04:20", "04:25", "04:30", "04:35"]
        );
        assert_eq!(labels(start, 1, 13), ["03:46", "03:47"]);
        assert_eq!(labels(start, 0, 13), ["03:46", "03:47"]);
        assert_eq!(labels(start, 7 * 1440, 13).len(), 14 / 2);
        assert!(labels(i32::MIN, i32::MAX, 13).len() <= 14);
    }

    #[test]
    fn a_new_day_is_named_below_its_midnight() {
        let from = Minute::parse("2026-11-24T22:00Z").expect("a minute");
        let ticks = clock_ticks(Window::new(from, from.plus(240)), 6);
        let days: Vec<_> = ticks.iter().filter_map(|tick| tick.day.clone()).collect();
        assert_eq!(days, ["11-25"]);
    }
}
