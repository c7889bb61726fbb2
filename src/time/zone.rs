//! Time zones of sources: UTC, a fixed offset, or a named zone with its DST edges.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{Offset as _, TimeZone as _};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::{Minute, Stamp, Window};

/// An hour, by which clocks are set where daylight saving time begins or ends, in seconds.
const HOUR: i32 = 3600;

/// Zones that stand for all that keep the same time, as people name them.
const USUAL: [&str; 12] = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Halifax",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Helsinki",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Pacific/Auckland",
];

/// The zone a source writes its local times in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// A constant offset from UTC in seconds, east positive. Zero is UTC.
    Fixed(i32),
    /// A zone of the IANA database, compiled in (see `chrono_tz::IANA_TZDB_VERSION`).
    Named(Tz),
}

/// What a local time means in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalTime {
    /// Exactly one moment.
    One(Stamp),
    /// The hour that happens twice: the earlier and the later moment.
    Twice(Stamp, Stamp),
    /// The hour that never happens.
    Never,
}

/// Why a zone's name was not accepted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ZoneError {
    /// No such zone; the nearest name, if one is near.
    #[error("no time zone is called `{name}`{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown {
        /// What was given.
        name: String,
        /// The closest known name.
        nearest: Option<String>,
    },
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self::Fixed(0);

    /// Reads `UTC`, `Z`, `+01:00`, `-0500` or an IANA name such as `America/New_York`.
    ///
    /// # Errors
    /// When the name is unknown; the nearest known name is offered.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        let name = name.trim();
        if name.eq_ignore_ascii_case("utc") || name.eq_ignore_ascii_case("z") || name.eq_ignore_ascii_case("gmt") {
            return Ok(Self::UTC);
        }
        if let Some(seconds) = parse_offset(name) {
            return Ok(Self::Fixed(seconds));
        }
        name.parse()
            .map(Self::Named)
            .map_err(|_| ZoneError::Unknown { name: name.to_owned(), nearest: nearest_zone(name) })
    }

    /// The moment of a local wall-clock time, given as if it were UTC.
    #[must_use]
    pub fn to_utc(self, local: Stamp) -> LocalTime {
        match self {
            Self::Fixed(seconds) => LocalTime::One(local.plus_millis(-i64::from(seconds) * 1000)),
            Self::Named(tz) => {
                let Some(naive) = chrono::DateTime::from_timestamp_millis(local.millis()).map(|t| t.naive_utc()) else {
                    return LocalTime::Never;
                };
                let moment = |t: chrono::DateTime<Tz>| Stamp::from_millis(t.timestamp_millis());
                match tz.from_local_datetime(&naive) {
                    chrono::LocalResult::Single(t) => LocalTime::One(moment(t)),
                    chrono::LocalResult::Ambiguous(a, b) => LocalTime::Twice(moment(a), moment(b)),
                    chrono::LocalResult::None => LocalTime::Never,
                }
            }
        }
    }

    /// Seconds east of UTC at a moment.
    #[must_use]
    pub fn offset_at(self, at: Stamp) -> i32 {
        match self {
            Self::Fixed(seconds) => seconds,
            Self::Named(tz) => chrono::DateTime::from_timestamp_millis(at.millis())
                .map_or(0, |t| tz.offset_from_utc_datetime(&t.naive_utc()).fix().local_minus_utc()),
        }
    }

    /// Seconds east of UTC just before a minute, and in it.
    #[must_use]
    pub fn offsets_around(self, minute: Minute) -> (i32, i32) {
        (self.offset_at(minute.plus(-1).start()), self.offset_at(minute.start()))
    }

    /// Whether its clocks are set by an hour as a minute begins.
    #[must_use]
    pub fn moves_at(self, minute: Minute) -> bool {
        let (before, after) = self.offsets_around(minute);
        (after - before).abs() == HOUR
    }

    /// A zone whose clocks are set as a minute begins, from one offset to another; of several
    /// the one that people name most.
    #[must_use]
    pub fn moving(minute: Minute, before: i32, after: i32) -> Option<Self> {
        let moves = |tz: &Tz| Self::Named(*tz).offsets_around(minute) == (before, after) && before != after;
        let usual = USUAL.iter().filter_map(|name| name.parse().ok()).find(|tz| moves(tz));
        usual.or_else(|| chrono_tz::TZ_VARIANTS.iter().copied().find(moves)).map(Self::Named)
    }

    /// Whether many keep its time, so that others are less likely.
    #[must_use]
    pub fn is_usual(self) -> bool {
        matches!(self, Self::Named(tz) if USUAL.contains(&tz.name()))
    }

    /// The minutes inside a window as which begin the clocks of any zone are set by an hour.
    #[must_use]
    pub fn edges(window: Window) -> BTreeSet<Minute> {
        chrono_tz::TZ_VARIANTS.iter().flat_map(|tz| Self::Named(*tz).edges_of_one(window)).collect()
    }

    /// Clocks are set at most once in a day.
    fn edges_of_one(self, window: Window) -> impl Iterator<Item = Minute> {
        const DAY: i32 = 24 * 60;
        let days = (window.to.since(window.from).max(0) + DAY - 1) / DAY;
        let each = (0..days).filter_map(move |day| {
            let from = window.from.plus(day * DAY);
            let (mut early, mut late) = (from, from.plus(DAY).min(window.to));
            let offset = self.offset_at(early.start());
            if offset == self.offset_at(late.start()) {
                return None;
            }
            while late.since(early) > 1 {
                let middle = early.plus(late.since(early) / 2);
                if self.offset_at(middle.start()) == offset { early = middle } else { late = middle }
            }
            Some(late)
        });
        each.filter(move |minute| self.moves_at(*minute) && window.contains(*minute))
    }
}

impl fmt::Display for Zone {
    /// `UTC`, `UTC-05:00` or the IANA name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(0) => f.write_str("UTC"),
            Self::Fixed(s) => {
                let sign = if *s < 0 { '-' } else { '+' };
                write!(f, "UTC{sign}{:02}:{:02}", s.abs() / 3600, s.abs() / 60 % 60)
            }
            Self::Named(tz) => f.write_str(tz.name()),
        }
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn parse_offset(text: &str) -> Option<i32> {
    let text = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text);
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = match digits.len() {
        1 | 2 => (digits.parse().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
        _ => return None,
    };
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn nearest_zone(name: &str) -> Option<String> {
    let wanted = name.to_ascii_lowercase();
    chrono_tz::TZ_VARIANTS
        .iter()
        .map(|tz| {
            let full = tz.name().to_ascii_lowercase();
            let city = full.rsplit('/').next().unwrap_or(&full);
            let score = strsim::jaro_winkler(&wanted, &full).max(strsim::jaro_winkler(&wanted, city));
            (score, tz.name())
        })
        .filter(|(score, _)| *score > 0.85)
        // The score first; on ties the name, so that the answer never depends on table order.
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]

    use super::*;
    use crate::time::parse_rfc3339;

    fn at(text: &str) -> Stamp {
        parse_rfc3339(text).expect("a test time")
    }

    #[test]
    fn both_dst_edges_are_told_apart() {
        let ny = Zone::parse("America/New_York").expect("known");
        assert_eq!(
            ny.to_utc(at("2026-11-01T01:30Z")),
            LocalTime::Twice(at("2026-11-01T05:30Z"), at("2026-11-01T06:30Z"))
        );
        assert_eq!(ny.to_utc(at("2026-03-08T02:30Z")), LocalTime::Never);
        assert_eq!(ny.to_utc(at("2026-11-24T03:00Z")), LocalTime::One(at("2026-11-24T08:00Z")));
    }

    #[test]
    fn the_edges_of_all_zones_in_a_window() {
        let minute = |text: &str| at(text).minute();
        let window = |from: &str, to: &str| Window::new(minute(from), minute(to));
        let europe = Zone::edges(window("2026-10-25T00:30Z", "2026-10-25T02:00Z"));
        assert_eq!(europe, BTreeSet::from([minute("2026-10-25T01:00Z")]));
        let america = Zone::edges(window("2026-11-01T00:00Z", "2026-11-02T00:00Z"));
        for hour in 6..=9 {
            assert!(america.contains(&minute(&format!("2026-11-01T0{hour}:00Z"))), "{america:?}");
        }
        assert_eq!(Zone::edges(window("2026-11-24T00:00Z", "2026-11-27T00:00Z")), BTreeSet::new());
        // The window is half-open.
        assert_eq!(Zone::edges(window("2026-10-25T00:30Z", "2026-10-25T01:00Z")), BTreeSet::new());
    }

    #[test]
    fn a_zone_is_known_by_how_it_moves() {
        let named = |minute: &str, before: i32, after: i32| {
            Zone::moving(at(minute).minute(), before * HOUR, after * HOUR).map(|z| z.to_string())
        };
        assert_eq!(named("2026-11-01T06:00Z", -4, -5).as_deref(), Some("America/New_York"));
        assert_eq!(named("2026-11-01T07:00Z", -5, -6).as_deref(), Some("America/Chicago"));
        assert_eq!(named("2026-03-29T01:00Z", 1, 2).as_deref(), Some("Europe/Berlin"));
        assert_eq!(named("2026-03-29T01:00Z", 0, 1).as_deref(), Some("Europe/London"));
        assert_eq!(named("2026-11-01T06:00Z", -5, -4), None);
        assert_eq!(named("2026-11-24T06:00Z", -5, -5), None);
    }

    #[test]
    fn offsets_and_misspelt_names() {
        assert_eq!(Zone::parse("+05:30"), Ok(Zone::Fixed(19_800)));
        assert_eq!(Zone::parse("-0500"), Ok(Zone::Fixed(-18_000)));
        let error = Zone::parse("Oslo").expect_err("not a zone");
        assert_eq!(error.to_string(), "no time zone is called `Oslo`; did you mean `Europe/Oslo`?");
    }
}
