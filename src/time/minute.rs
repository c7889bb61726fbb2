//! Minutes and half-open windows of minutes: the grid that all sources share.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{ParseTimeError, Stamp, civil_from_days};

/// One UTC minute, counted from 1970-01-01T00:00Z.
///
/// The minute covers the half-open interval `[hh:mm:00, hh:mm:60)`; a leap
/// second therefore belongs to the minute it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(i32);

impl Minute {
    /// The minute with this number since 1970-01-01T00:00Z.
    #[must_use]
    pub const fn new(number: i32) -> Self {
        Self(number)
    }

    /// Its number since 1970-01-01T00:00Z.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0
    }

    /// The minute `by` minutes later (or earlier, when negative). Saturates.
    #[must_use]
    pub const fn plus(self, by: i32) -> Self {
        Self(self.0.saturating_add(by))
    }

    /// Minutes from `earlier` to this one; negative when it is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// Its first moment.
    #[must_use]
    pub const fn start(self) -> Stamp {
        Stamp::from_seconds(self.0 as i64 * 60)
    }

    /// `03:56`: the time of day alone, for axes and tables that state the date once.
    #[must_use]
    pub fn clock(self) -> String {
        let of_day = self.0.rem_euclid(1440);
        format!("{:02}:{:02}", of_day / 60, of_day % 60)
    }

    /// `2026-11-24`.
    #[must_use]
    pub fn date(self) -> String {
        let (y, m, d) = civil_from_days(i64::from(self.0.div_euclid(1440)));
        format!("{y:04}-{m:02}-{d:02}")
    }

    /// Reads `2026-11-24T03:56Z`, or any RFC 3339 time, which is floored to its minute.
    ///
    /// # Errors
    /// When the text is no RFC 3339 time with a zone.
    pub fn parse(text: &str) -> Result<Self, ParseTimeError> {
        Ok(super::parse_rfc3339(text)?.minute())
    }
}

impl fmt::Display for Minute {
    /// `2026-11-24T03:56Z`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{}Z", self.date(), self.clock())
    }
}

impl Serialize for Minute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A half-open range of minutes, `[from, to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Window {
    /// The first minute inside.
    pub from: Minute,
    /// The first minute after.
    pub to: Minute,
}

impl Window {
    /// `[from, to)`; empty when `to` is not after `from`.
    #[must_use]
    pub const fn new(from: Minute, to: Minute) -> Self {
        Self { from, to }
    }

    /// How many minutes it holds.
    #[must_use]
    pub const fn len(self) -> usize {
        let n = self.to.since(self.from);
        if n > 0 { n as usize } else { 0 }
    }

    /// Whether it holds no minute.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether `minute` lies inside.
    #[must_use]
    pub const fn contains(self, minute: Minute) -> bool {
        minute.0 >= self.from.0 && minute.0 < self.to.0
    }

    /// The position of `minute` counted from `from`, when it lies inside.
    #[must_use]
    pub const fn index(self, minute: Minute) -> Option<usize> {
        if self.contains(minute) { Some(minute.since(self.from) as usize) } else { None }
    }

    /// The minute at a position; the inverse of [`Window::index`].
    #[must_use]
    pub const fn at(self, index: usize) -> Minute {
        self.from.plus(index as i32)
    }

    /// All its minutes, in order.
    pub fn minutes(self) -> impl DoubleEndedIterator<Item = Minute> + ExactSizeIterator {
        (0..self.len() as i32).map(move |i| self.from.plus(i))
    }

    /// The smallest window that holds both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self::new(self.from.min(other.from), self.to.max(other.to))
    }
}

impl fmt::Display for Window {
    /// `2026-11-24T03:46Z to 2026-11-24T04:39Z`, both minutes inside.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.from, self.to.plus(-1))
    }
}
