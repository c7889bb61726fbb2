//! A moment in UTC, to the millisecond, and how one is read from RFC 3339 text.

use std::fmt;

use serde::{Serialize, Serializer};
use thiserror::Error;

use super::{Minute, civil_from_days, days_from_civil};

/// Milliseconds since 1970-01-01T00:00:00Z. Finer input is truncated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(i64);

impl Stamp {
    /// From milliseconds since 1970, UTC.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since 1970, UTC. Saturates.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since 1970, UTC.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, UTC; floored.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The minute it lies in; floored, never rounded.
    #[must_use]
    pub const fn minute(self) -> Minute {
        let n = self.0.div_euclid(60_000);
        if n > i32::MAX as i64 {
            Minute::new(i32::MAX)
        } else if n < i32::MIN as i64 {
            Minute::new(i32::MIN)
        } else {
            Minute::new(n as i32)
        }
    }

    /// This moment moved by milliseconds. Saturates.
    #[must_use]
    pub const fn plus_millis(self, by: i64) -> Self {
        Self(self.0.saturating_add(by))
    }

    /// `2026-11-24T03:56:43Z`: cut to the second, as evidence is quoted.
    #[must_use]
    pub fn to_second(self) -> String {
        let s = self.seconds();
        let (y, mo, d) = civil_from_days(s.div_euclid(86_400));
        let t = s.rem_euclid(86_400);
        format!("{y:04}-{mo:02}-{d:02}T{:02}:{:02}:{:02}Z", t / 3600, t / 60 % 60, t % 60)
    }
}

impl fmt::Display for Stamp {
    /// RFC 3339 in UTC; milliseconds only when there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.to_second();
        match self.0.rem_euclid(1000) {
            0 => f.write_str(&text),
            ms => write!(f, "{}.{ms:03}Z", text.trim_end_matches('Z')),
        }
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a text is no moment.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` is not a time like 2026-11-24T03:56Z or 2026-11-24T03:56:43+01:00")]
pub struct ParseTimeError {
    text: String,
}

/// Reads RFC 3339 with a zone: `2026-11-24T03:56Z`, `2026-11-24 03:56:43.120+01:00`.
///
/// Seconds may be left out, as case files write minutes; `:60` counts as the
/// second before (leap second). The zone is required: a time without one is
/// not a moment.
///
/// # Errors
/// When the text has another shape or no zone.
pub fn parse_rfc3339(text: &str) -> Result<Stamp, ParseTimeError> {
    parse(text.trim().as_bytes()).ok_or_else(|| ParseTimeError { text: text.chars().take(60).collect() })
}

fn parse(t: &[u8]) -> Option<Stamp> {
    let number = |from: usize, len: usize| -> Option<i64> {
        let digits = t.get(from..from + len)?;
        digits.iter().try_fold(0, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute) = (number(11, 2)?, number(14, 2)?);
    if t[4] != b'-' || t[7] != b'-' || !matches!(t[10], b'T' | b't' | b' ') || t[13] != b':' {
        return None;
    }
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 {
        return None;
    }
    let mut at = 16;
    let (mut second, mut millis) = (0, 0);
    if t.get(at) == Some(&b':') {
        second = number(at + 1, 2)?.min(59);
        at += 3;
        if t.get(at) == Some(&b'.') {
            let digits = t[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            for k in 0..3 {
                millis = millis * 10 + if k < digits { i64::from(t[at + 1 + k] - b'0') } else { 0 };
            }
            at += 1 + digits;
        }
    }
    let offset = match t.get(at)? {
        b'Z' | b'z' if t.len() == at + 1 => 0,
        sign @ (b'+' | b'-') => {
            let minutes_at = if t.get(at + 3) == Some(&b':') { at + 4 } else { at + 3 };
            if t.len() != minutes_at + 2 {
                return None;
            }
            let seconds = number(at + 1, 2)? * 3600 + number(minutes_at, 2)? * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let days = days_from_civil(year, month as u32, day as u32);
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(Stamp::from_millis(seconds * 1000 + millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_minutes_seconds_fractions_and_zones() {
        let at = |t| parse_rfc3339(t).map(|s| s.to_string());
        assert_eq!(at("2026-11-24T03:56Z").as_deref(), Ok("2026-11-24T03:56:00Z"));
        assert_eq!(at("2026-11-24T03:56:43+01:00").as_deref(), Ok("2026-11-24T02:56:43Z"));
        assert_eq!(at("2026-11-24 03:56:43.123456-0500").as_deref(), Ok("2026-11-24T08:56:43.123Z"));
        assert_eq!(at("2016-12-31T23:59:60Z").as_deref(), Ok("2016-12-31T23:59:59Z"));
    }

    #[test]
    fn refuses_times_without_a_zone_and_nonsense() {
        for text in
            ["2026-11-24T03:56", "2026-13-24T03:56Z", "24/11/2026", "", "2026-11-24T03:56:43.Z", "2026-11-24T03:56Z!"]
        {
            assert!(parse_rfc3339(text).is_err(), "{text}");
        }
    }
}
