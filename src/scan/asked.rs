//! The time that is asked for: what lies outside of it is not counted.

use crate::formats::logs::{Event, Note, Pulse, Sink};
use crate::time::{Minute, Window};

/// Minutes before and after a window that are read with it: sessions begin before their
/// outcome is told, and of a minute at the edge both neighbours must be known. Readers keep
/// what is open for half an hour.
const AROUND: i32 = 60;

/// The time that is asked for. By default all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked(Vec<Window>);

impl Asked {
    /// What a case asks for: its window and its healthy time, each with an hour around it. A
    /// healthy time alone asks for nothing.
    #[must_use]
    pub fn of(window: Option<Window>, healthy: Option<Window>) -> Self {
        let around = |w: Window| Window::new(w.from.plus(-AROUND), w.to.plus(AROUND));
        let Some(window) = window.map(around) else { return Self::default() };
        match healthy.map(around) {
            None => Self(vec![window]),
            Some(other) if window.from.max(other.from) <= window.to.min(other.to) => Self(vec![window.union(other)]),
            Some(other) => Self(vec![window.min(other), window.max(other)]),
        }
    }

    /// These stretches of time, in order and apart from each other; none stand for all.
    #[must_use]
    pub const fn stretches(windows: Vec<Window>) -> Self {
        Self(windows)
    }

    /// Its stretches; none stand for all.
    #[must_use]
    pub fn windows(&self) -> &[Window] {
        &self.0
    }

    /// Whether no limit is set.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a minute is asked for.
    #[must_use]
    pub fn contains(&self, minute: Minute) -> bool {
        self.is_all() || self.0.iter().any(|w| w.contains(minute))
    }

    /// Whether all that the other asks for is asked for.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        let is_inside = |one: &Window| self.0.iter().any(|w| w.from <= one.from && one.to <= w.to);
        self.is_all() || !other.is_all() && other.0.iter().all(is_inside)
    }
}

impl std::fmt::Display for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_all() {
            return f.write_str("all of its time");
        }
        let windows: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&windows.join(" and "))
    }
}

/// Hands on what is told of the time that is asked for.
pub(super) struct Within<'a> {
    pub(super) asked: &'a Asked,
    pub(super) sink: &'a mut dyn Sink,
}

impl Sink for Within<'_> {
    fn event(&mut self, event: &Event<'_>) {
        if self.asked.contains(event.at.minute()) {
            self.sink.event(event);
        }
    }

    fn heard(&mut self, minute: Minute, pulse: Pulse) {
        if self.asked.contains(minute) {
            self.sink.heard(minute, pulse);
        }
    }

    fn lacks(&mut self, minute: Minute) {
        if self.asked.contains(minute) {
            self.sink.lacks(minute);
        }
    }

    fn unrecognised(&mut self, number: u64, text: &[u8]) {
        self.sink.unrecognised(number, text);
    }

    fn note(&mut self, note: Note, number: u64, amount: u64) {
        self.sink.note(note, number, amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: i32, to: i32) -> Window {
        Window::new(Minute::new(from), Minute::new(to))
    }

    #[test]
    fn a_window_is_read_with_the_hour_around_it_and_the_healthy_time() {
        let asked = Asked::of(Some(window(1000, 1010)), None);
        assert_eq!([939, 940, 1069, 1070].map(|m| asked.contains(Minute::new(m))), [false, true, true, false]);
        assert_eq!(Asked::of(None, Some(window(1, 2))), Asked::default());
        assert_eq!(
            Asked::of(Some(window(1000, 1010)), Some(window(100, 110))).windows(),
            [window(40, 170), window(940, 1070)]
        );
        assert_eq!(Asked::of(Some(window(1000, 1010)), Some(window(900, 910))).windows(), [window(840, 1070)]);
    }

    #[test]
    fn more_holds_less() {
        let (all, day, hour) = (Asked::default(), Asked(vec![window(0, 1440)]), Asked(vec![window(60, 120)]));
        assert!(all.holds(&day) && all.holds(&all) && day.holds(&hour) && day.holds(&day));
        assert!(!day.holds(&all) && !hour.holds(&day));
        assert_eq!(all.to_string(), "all of its time");
    }
}
