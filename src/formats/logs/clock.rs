//! A log's clock: local stamps to UTC, with the year and the zone that syslog leaves out.

use crate::time::{LocalTime, Stamp, Zone, days_from_civil};

/// How a log's zone is known, in order of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneBasis {
    /// In each stamp.
    Embedded,
    /// Stated in case.yaml.
    Stated,
    /// From Gmail's clock in acceptances.
    Gmail,
    /// Nothing tells; UTC is assumed.
    Assumed,
}

impl ZoneBasis {
    /// How reports put it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Embedded => "in each stamp",
            Self::Stated => "stated in case.yaml",
            Self::Gmail => "from Gmail's clock in its acceptances",
            Self::Assumed => "assumed",
        }
    }
}

/// What a log's first lines tell about its clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// First stamp of the log, local, as if it were UTC; its year is unknown for
    /// year-less logs and then 1970.
    pub first_local: Option<Stamp>,
    /// Whether stamps carry their zone.
    pub zoned: bool,
    /// Whether stamps carry their year.
    pub dated: bool,
    /// A moment near the log's lines, from Gmail's clock or a zoned stamp: it fixes the year.
    pub near: Option<Stamp>,
    /// Offset of the log's local time to UTC by Gmail's clock, in seconds east,
    /// rounded to a quarter of an hour.
    pub offset_s: Option<i32>,
    /// The host that logged, from the first line.
    pub node: Option<String>,
}

/// Turns local stamps into moments. Cheap to clone; carries a one-entry cache.
#[derive(Clone, Debug)]
pub struct LogClock {
    /// The zone of stamps that have none.
    pub zone: Zone,
    /// A moment near the log's lines: year-less stamps take the year that brings them nearest to it.
    pub near: Option<Stamp>,
    cached: [u8; 15],
    cached_stamp: Option<Stamp>,
}

impl LogClock {
    /// A clock for stamps in `zone`, years resolved near a moment.
    #[must_use]
    pub const fn new(zone: Zone, near: Option<Stamp>) -> Self {
        Self { zone, near, cached: [0; 15], cached_stamp: None }
    }

    /// `Nov 24 03:46:44` (RFC 3164): the moment, or nothing when the text is no
    /// stamp, or when nothing tells the year.
    pub fn year_less(&mut self, stamp: &[u8; 15]) -> Option<Stamp> {
        if *stamp == self.cached {
            return self.cached_stamp;
        }
        let (month, day, second) = month_day_second(stamp)?;
        let resolved = self.near.and_then(|near| {
            let around = civil_year(near);
            (around - 1..=around + 1)
                .filter(|year| valid_date(*year, month, day))
                .map(|year| to_utc(self.zone, Stamp::from_seconds(days_from_civil(year, month, day) * 86_400 + second)))
                .min_by_key(|at| at.millis().abs_diff(near.millis()))
        });
        self.cached = *stamp;
        self.cached_stamp = resolved;
        resolved
    }

    /// A dated local time without a zone.
    #[must_use]
    pub fn zone_less(&self, local: Stamp) -> Stamp {
        to_utc(self.zone, local)
    }
}

/// Month, day and second of the day of `Nov  4 03:46:44` or `Nov 04 03:46:44`.
pub(super) fn month_day_second(t: &[u8; 15]) -> Option<(u32, u32, i64)> {
    let month = match &t[..3] {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    };
    let digit = |i: usize| t[i].is_ascii_digit().then(|| u32::from(t[i] - b'0'));
    let tens = if t[4] == b' ' { 0 } else { digit(4)? };
    let day = tens * 10 + digit(5)?;
    let two = |i: usize| Some(i64::from(digit(i)? * 10 + digit(i + 1)?));
    let (h, m, s) = (two(7)?, two(10)?, two(13)?);
    let shaped = t[3] == b' ' && t[6] == b' ' && t[9] == b':' && t[12] == b':';
    (shaped && (1..=31).contains(&day) && h < 24 && m < 60 && s <= 60)
        .then(|| (month, day, h * 3600 + m * 60 + s.min(59)))
}

fn valid_date(year: i64, month: u32, day: u32) -> bool {
    crate::time::civil_from_days(days_from_civil(year, month, day)) == (year, month, day)
}

fn civil_year(at: Stamp) -> i64 {
    crate::time::civil_from_days(at.seconds().div_euclid(86_400)).0
}

/// The repeated hour takes its earlier reading and the skipped hour the offset
/// before it: both are an hour a year, and the reader's notes say so.
fn to_utc(zone: Zone, local: Stamp) -> Stamp {
    match zone.to_utc(local) {
        LocalTime::One(at) | LocalTime::Twice(at, _) => at,
        LocalTime::Never => {
            let before = zone.offset_at(local.plus_millis(-86_400_000));
            local.plus_millis(-i64::from(before) * 1000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_rfc3339;

    #[test]
    fn new_years_lines_take_the_year_next_to_the_anchor() {
        let near = parse_rfc3339("2027-01-01T00:10Z").ok();
        let mut clock = LogClock::new(Zone::UTC, near);
        assert_eq!(clock.year_less(b"Dec 31 23:59:59").map(Stamp::to_second).as_deref(), Some("2026-12-31T23:59:59Z"));
        assert_eq!(clock.year_less(b"Jan  1 00:00:00").map(Stamp::to_second).as_deref(), Some("2027-01-01T00:00:00Z"));
        assert_eq!(clock.year_less(b"Jan 01 00:00:01").map(Stamp::to_second).as_deref(), Some("2027-01-01T00:00:01Z"));
    }

    #[test]
    fn leap_days_only_in_leap_years_and_no_year_without_an_anchor() {
        let mut clock = LogClock::new(Zone::UTC, parse_rfc3339("2027-03-01T00:00Z").ok());
        assert_eq!(clock.year_less(b"Feb 29 12:00:00").map(Stamp::to_second), Some("2028-02-29T12:00:00Z".into()));
        assert_eq!(LogClock::new(Zone::UTC, None).year_less(b"Feb 28 12:00:00"), None);
        assert_eq!(clock.year_less(b"Foo 28 12:00:00"), None);
    }
}
