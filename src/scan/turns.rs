//! Whose turn it is: logs that count what others tell of are read before those.

use std::collections::BTreeMap;

use crate::formats::logs::mapping::shipped;
use crate::formats::logs::{LOG_FORMATS, LogFormat};

/// The formats of a scan, each with those that may count what it tells of.
pub(super) struct Formats<'a>(BTreeMap<&'a str, Vec<&'a str>>);

impl<'a> Formats<'a> {
    pub(super) fn of(formats: impl Iterator<Item = &'a dyn LogFormat>) -> Self {
        Self(formats.map(|format| (format.name(), format.counted_by())).collect())
    }

    /// How many formats must be read before one. Two that leave counting to each other come
    /// together, and neither does.
    pub(super) fn turn_of(&self, format: &str) -> usize {
        self.turn(format, self.0.len())
    }

    fn turn(&self, format: &str, most: usize) -> usize {
        let Some(most) = most.checked_sub(1) else { return 0 };
        self.before(format).map(|name| 1 + self.turn(name, most)).max().unwrap_or(0)
    }

    /// Whether another format may tell of the same attempts.
    pub(super) fn tell_the_same(&self, format: &str) -> bool {
        self.before(format).next().is_some() || self.0.keys().any(|other| self.before(other).any(|name| name == format))
    }

    /// Whether a format of another scan may tell of the same attempts.
    pub(super) fn may_be_told_elsewhere(format: &dyn LogFormat) -> bool {
        let counts = |other: &dyn LogFormat| other.counted_by().contains(&format.name());
        !format.counted_by().is_empty()
            || LOG_FORMATS.iter().any(|other| counts(*other))
            || shipped().iter().any(|mapping| counts(mapping))
    }

    fn before(&self, format: &str) -> impl Iterator<Item = &'a str> {
        self.0.get(format).into_iter().flatten().copied().filter(|name| self.0.contains_key(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_counts_is_read_before_those_that_leave_it_to_him() {
        let formats = Formats(BTreeMap::from([
            ("log", vec![]),
            ("a", vec!["log", "nowhere"]),
            ("b", vec!["a"]),
            ("c", vec!["log", "b"]),
            ("alone", vec!["nowhere"]),
            ("each", vec!["other"]),
            ("other", vec!["each"]),
        ]));
        assert_eq!(["log", "a", "b", "c", "alone"].map(|name| formats.turn_of(name)), [0, 1, 2, 3, 0]);
        // Two that leave it to each other are read together.
        assert_eq!(formats.turn_of("each"), formats.turn_of("other"));
        assert_eq!(["log", "c", "alone"].map(|name| formats.tell_the_same(name)), [true, true, false]);
    }
}
