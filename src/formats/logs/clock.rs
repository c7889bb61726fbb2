//! A log's clock: local stamps to UTC, with the year and the zone that syslog leaves out.

use serde::{Deserialize, Serialize};

use crate::time::{LocalTime, Stamp, Zone, days_from_civil};

/// How a log's zone is known, in order of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneBasis {
    /// In each stamp.
    Embedded,
    /// The format always writes in it, as its mapping says.
    Mapping,
    /// Stated in case.yaml.
    Stated,
    /// From Gmail's clock in acceptances.
    Gmail,
    /// From the moments inside message ids.
    Ids,
    /// Nothing tells; UTC is assumed.
    Assumed,
}

impl ZoneBasis {
    /// How reports put it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Embedded => "in each stamp",
            Self::Mapping => "as its mapping says",
            Self::Stated => "stated in case.yaml",
            Self::Gmail => "from Gmail's clock in its acceptances",
            Self::Ids => "from the times inside message ids",
            Self::Assumed => "assumed",
        }
    }
}

/// Turns local stamps into moments. Cheap to clone; carries a one-entry cache.
#[derive(Clone, Debug)]
pub struct LogClock {
    /// The zone of stamps that have none.
    pub zone: Zone,
    /// A moment near the log's lines: year-less stamps take the year that brings them nearest to it.
    pub near: Option<Stamp>,
    /// The last stamp without a year, and the blank behind it.
    cached: [u8; 16],
    cached_stamp: Option<Stamp>,
    /// The last moment resolved: tells the two readings of a repeated hour apart.
    latest: Option<Stamp>,
    /// A moment near the first line, for a log that begins in a repeated hour.
    begins_near: Option<Stamp>,
    /// Milliseconds that are added to what its stamps say, as case.yaml has them.
    pub moved_ms: i64,
}

impl LogClock {
    /// A clock for stamps in `zone`, years resolved near a moment.
    #[must_use]
    pub const fn new(zone: Zone, near: Option<Stamp>) -> Self {
        Self { zone, near, cached: [0; 16], cached_stamp: None, latest: None, begins_near: None, moved_ms: 0 }
    }

    /// The same clock for a log that is known to begin near a moment.
    #[must_use]
    pub const fn beginning_near(self, moment: Option<Stamp>) -> Self {
        Self { begins_near: moment, ..self }
    }

    /// The same clock, found wrong by so much.
    #[must_use]
    pub const fn moved_by(self, milliseconds: i64) -> Self {
        Self { moved_ms: milliseconds, ..self }
    }

    /// The last moment resolved.
    pub(super) const fn latest(&self) -> Option<Stamp> {
        self.latest
    }

    /// Goes on where another clock of the same log came.
    pub(super) const fn go_on_from(&mut self, latest: Option<Stamp>) {
        self.latest = latest;
        self.cached = [0; 16];
    }

    /// `Nov 24 03:46:44` (RFC 3164): the moment, or nothing when the text is no
    /// stamp, or when nothing tells the year.
    pub fn year_less(&mut self, stamp: &[u8; 15]) -> Option<Stamp> {
        if *stamp == self.cached[..15] {
            return self.cached_stamp;
        }
        let resolved = self.on_day(day_of(stamp)?);
        self.cached = [b' '; 16];
        self.cached[..15].copy_from_slice(stamp);
        self.cached_stamp = resolved;
        resolved
    }

    /// The moment of a line that begins with the stamp that was read last, as most do, and what
    /// follows it.
    #[inline]
    pub(super) fn again<'a>(&self, line: &'a [u8]) -> Option<(Stamp, &'a [u8])> {
        let (stamp, rest) = line.split_first_chunk::<16>()?;
        (u128::from_le_bytes(*stamp) == u128::from_le_bytes(self.cached)).then_some((self.cached_stamp?, rest))
    }

    /// The moment of a day and time without a year, or nothing when nothing tells the year.
    pub(super) fn on_day(&mut self, day: Day) -> Option<Stamp> {
        let near = self.near?;
        let around = civil_year(near);
        let moment = |year| {
            let local = days_from_civil(year, day.month, day.day) * 86_400_000 + day.millis;
            self.zone_less_unseen(Stamp::from_millis(local))
        };
        let found = (around - 1..=around + 1)
            .filter(|year| valid_date(*year, day.month, day.day))
            .map(moment)
            .min_by_key(|at| at.millis().abs_diff(near.millis()))?;
        self.latest = Some(found);
        Some(found)
    }

    /// A dated local time without a zone.
    pub fn zone_less(&mut self, local: Stamp) -> Stamp {
        let at = self.zone_less_unseen(local);
        self.latest = Some(at);
        at
    }

    /// The hour that happens twice is its later reading once the log has gone past the
    /// earlier one; the hour that never happens takes the offset before it.
    fn zone_less_unseen(&self, local: Stamp) -> Stamp {
        match self.zone.to_utc(local) {
            LocalTime::One(at) => at,
            LocalTime::Twice(earlier, later) => {
                let went_past = |latest: Stamp| latest.millis() - earlier.millis() > TURNED_BACK_MS;
                let distance = |reading: Stamp, at: Stamp| at.millis().abs_diff(reading.millis());
                let is_later = match (self.latest, self.begins_near) {
                    (Some(latest), _) => went_past(latest),
                    (None, Some(near)) => distance(later, near) < distance(earlier, near),
                    (None, None) => false,
                };
                if is_later { later } else { earlier }
            }
            LocalTime::Never => {
                let before = self.zone.offset_at(local.plus_millis(-86_400_000));
                local.plus_millis(-i64::from(before) * 1000)
            }
        }
    }
}

/// A log that goes back by more than this, in milliseconds, has turned its clock back;
/// lines that overtake each other do not reach it.
const TURNED_BACK_MS: i64 = 120_000;

/// A day and a time without a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Day {
    pub(super) month: u32,
    pub(super) day: u32,
    /// Of the day.
    pub(super) millis: i64,
}

/// Reads `Nov  4 03:46:44` or `Nov 04 03:46:44`.
pub(super) fn day_of(t: &[u8; 15]) -> Option<Day> {
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
    (shaped && (1..=31).contains(&day) && h < 24 && m < 60 && s <= 60).then(|| Day {
        month,
        day,
        millis: (h * 3600 + m * 60 + s.min(59)) * 1000,
    })
}

fn valid_date(year: i64, month: u32, day: u32) -> bool {
    crate::time::civil_from_days(days_from_civil(year, month, day)) == (year, month, day)
}

fn civil_year(at: Stamp) -> i64 {
    crate::time::civil_from_days(at.seconds().div_euclid(86_400)).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_rfc3339;

    // oss traps 35 and 36: no year, and days with a blank or a nought before them.
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

    // oss trap 35: an hour that happens twice.
    #[test]
    fn the_hour_that_happens_twice_is_read_in_the_order_of_the_file() {
        let zone = Zone::parse("America/New_York").unwrap_or(Zone::UTC);
        let mut clock = LogClock::new(zone, parse_rfc3339("2026-11-01T12:00Z").ok());
        let mut at = |t: &[u8; 15]| clock.year_less(t).map(Stamp::to_second).unwrap_or_default();
        assert_eq!(at(b"Nov  1 01:30:00"), "2026-11-01T05:30:00Z");
        assert_eq!(at(b"Nov  1 01:59:59"), "2026-11-01T05:59:59Z");
        assert_eq!(at(b"Nov  1 01:00:01"), "2026-11-01T06:00:01Z");
        assert_eq!(at(b"Nov  1 01:30:00"), "2026-11-01T06:30:00Z");
        assert_eq!(at(b"Nov  1 01:59:58"), "2026-11-01T06:59:58Z");
        assert_eq!(at(b"Nov  1 02:00:00"), "2026-11-01T07:00:00Z");
        // Spring: the hour that never happens, as a clock set by hand writes it.
        let mut clock = LogClock::new(zone, parse_rfc3339("2026-03-08T12:00Z").ok());
        assert_eq!(clock.year_less(b"Mar  8 02:30:00").map(Stamp::to_second).as_deref(), Some("2026-03-08T07:30:00Z"));
    }
}
