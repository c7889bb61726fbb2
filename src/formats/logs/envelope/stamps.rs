//! The time at the beginning of a line.

use memchr::memchr;

use super::months::month_named;
use crate::formats::logs::LogClock;
use crate::formats::logs::clock::{Day, day_of};
use crate::time::{Stamp, civil_from_days, days_from_civil, parse_rfc3339};

/// A stamp, and what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::formats::logs) enum Stamped<'a> {
    /// RFC 3164 `Nov 24 03:46:44`, as it stands: no year, no zone. The form most logs have.
    YearLess(&'a [u8; 15], &'a [u8]),
    /// The same day and time, spelt in another way.
    Day(Day, &'a [u8]),
    /// Dated, in a zone that is not said.
    Local(Stamp, &'a [u8]),
    /// A moment.
    Zoned(Stamp, &'a [u8]),
    /// A moment at the head of an RFC 5424 line.
    Rfc5424(Stamp, &'a [u8]),
}

impl<'a> Stamped<'a> {
    /// What follows the stamp.
    pub(in crate::formats::logs) const fn rest(self) -> &'a [u8] {
        match self {
            Self::YearLess(_, rest)
            | Self::Day(_, rest)
            | Self::Local(_, rest)
            | Self::Zoned(_, rest)
            | Self::Rfc5424(_, rest) => rest,
        }
    }

    pub(super) const fn is_rfc5424(self) -> bool {
        matches!(self, Self::Rfc5424(..))
    }

    /// A moment at which the stamp may have been written; nothing where no year has its day.
    pub(super) fn in_some_year(self) -> Option<Stamp> {
        match self {
            Self::YearLess(stamp, _) => in_leap_year(day_of(stamp)?),
            Self::Day(day, _) => in_leap_year(day),
            Self::Local(at, _) | Self::Zoned(at, _) | Self::Rfc5424(at, _) => Some(at),
        }
    }

    /// The moment, by the log's clock; nothing when its year is unknown.
    pub(in crate::formats::logs) fn moment(self, clock: &mut LogClock) -> Option<Stamp> {
        match self {
            Self::YearLess(stamp, _) => clock.year_less(stamp),
            Self::Day(day, _) => clock.on_day(day),
            Self::Local(local, _) => Some(clock.zone_less(local)),
            Self::Zoned(at, _) | Self::Rfc5424(at, _) => Some(at),
        }
    }
}

/// The year 2000 has every day that a year can have.
fn in_leap_year(day: Day) -> Option<Stamp> {
    let days = days_from_civil(2000, day.month, day.day);
    (civil_from_days(days) == (2000, day.month, day.day)).then(|| Stamp::from_millis(days * 86_400_000 + day.millis))
}

/// Splits the stamp off a line; nothing when it begins with none.
pub(in crate::formats::logs) fn stamped(line: &[u8]) -> Option<Stamped<'_>> {
    match line.first()? {
        b'A'..=b'Z' => year_less(line).or_else(|| with_weekday(line)),
        b'0'..=b'9' => dated(line)
            .or_else(|| epoch(line))
            .or_else(|| framed(line))
            .or_else(|| templated(line))
            .or_else(|| full(line)),
        b'<' => prioritised(line),
        b'@' => tai64n(line),
        b'a'..=b'z' | 0x80.. => in_another_language(line),
        _ => None,
    }
}

/// `Nov 24 03:46:44 `, `Nov 04`, `Nov  4`; journalctl's short-precise adds `.785752`.
fn year_less(line: &[u8]) -> Option<Stamped<'_>> {
    let (stamp, rest) = line.split_first_chunk::<15>()?;
    match rest.first()? {
        b' ' => Some(Stamped::YearLess(stamp, &rest[1..])),
        b'.' => {
            let day = day_of(stamp)?;
            let (millis, rest) = fraction(&rest[1..])?;
            Some(Stamped::Day(Day { millis: day.millis + millis, ..day }, rest.strip_prefix(b" ")?))
        }
        _ => None,
    }
}

/// RFC 3339 with a zone, its colon left out or not; then a blank.
fn dated(line: &[u8]) -> Option<Stamped<'_>> {
    if line.get(10) != Some(&b'T') {
        return None;
    }
    let end = memchr(b' ', line.get(..48).unwrap_or(line))?;
    let stamp = parse_rfc3339(std::str::from_utf8(&line[..end]).ok()?).ok()?;
    Some(Stamped::Zoned(stamp, &line[end + 1..]))
}

/// What templates of the user's own write: `2026-11-24 02:47:29 `, with or without a fraction after
/// a point or a comma, and a zone, which may stand apart.
fn templated(line: &[u8]) -> Option<Stamped<'_>> {
    let (stamp, rest) = line.split_at_checked(19)?;
    let at = local_stamp(stamp)?;
    let (millis, rest) = match rest.first()? {
        b'.' | b',' => fraction(&rest[1..])?,
        _ => (0, rest),
    };
    let at = at.plus_millis(millis);
    let after = rest.strip_prefix(b" ");
    match after.or(Some(rest)).and_then(offset) {
        Some((offset_ms, rest)) => Some(Stamped::Zoned(at.plus_millis(-offset_ms), rest)),
        None => Some(Stamped::Local(at, after?)),
    }
}

/// `Z `, `+0100 `, `+01:00 `: in milliseconds east of UTC.
fn offset(text: &[u8]) -> Option<(i64, &[u8])> {
    if let Some(rest) = text.strip_prefix(b"Z ") {
        return Some((0, rest));
    }
    let end = memchr(b' ', text.get(..7).unwrap_or(text))?;
    let (hours, minutes) = match &text[..end] {
        [b'+' | b'-', hours @ .., b':', a, b] => (hours, [*a, *b]),
        [b'+' | b'-', hours @ .., a, b] => (hours, [*a, *b]),
        _ => return None,
    };
    let east = (number(hours).filter(|_| hours.len() == 2)? * 60 + number(&minutes)?) * 60_000;
    Some((if text[0] == b'-' { -east } else { east }, &text[end + 1..]))
}

/// syslog-ng's `ts-format(full)`: `2026 Nov 24 02:47:29 `.
fn full(line: &[u8]) -> Option<Stamped<'_>> {
    let year = number(line.get(..4)?)?;
    let (stamp, rest) = line.get(4..)?.strip_prefix(b" ")?.split_first_chunk::<15>()?;
    let day = day_of(stamp)?;
    let days = days_from_civil(year, day.month, day.day);
    Some(Stamped::Local(Stamp::from_millis(days * 86_400_000 + day.millis), rest.strip_prefix(b" ")?))
}

/// journalctl's short-unix: `1795488449.785752 `.
fn epoch(line: &[u8]) -> Option<Stamped<'_>> {
    let (seconds, rest) = (number(line.get(..10)?)?, line.get(10..)?);
    let (millis, rest) = fraction(rest.strip_prefix(b".")?)?;
    Some(Stamped::Zoned(Stamp::from_millis(seconds * 1000 + millis), rest.strip_prefix(b" ")?))
}

/// `74 <22>…`: octet counting of syslog over TCP (RFC 6587 §3.4.1).
fn framed(line: &[u8]) -> Option<Stamped<'_>> {
    let digits = line.iter().take(7).take_while(|b| b.is_ascii_digit()).count();
    let rest = line[digits..].strip_prefix(b" ")?;
    rest.starts_with(b"<").then(|| prioritised(rest))?
}

/// `<22>Nov 24 …` (RFC 3164 §4.1.1), `<22>2026-…`, or `<22>1 2026-…` (RFC 5424 §6).
fn prioritised(line: &[u8]) -> Option<Stamped<'_>> {
    let end = line.iter().take(5).position(|b| *b == b'>')?;
    if end < 2 || !line[1..end].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let rest = &line[end + 1..];
    if let Some(rest) = rest.strip_prefix(b"1 ") {
        return match dated(rest)? {
            Stamped::Zoned(at, rest) => Some(Stamped::Rfc5424(at, rest)),
            _ => None,
        };
    }
    match rest.first()? {
        b'A'..=b'Z' => year_less(rest),
        b'0'..=b'9' => dated(rest),
        _ => None,
    }
}

/// journalctl's short-full: `Tue 2026-11-24 05:47:29 MSK `. Abbreviations of zones are
/// ambiguous, so only UTC is taken at its word.
fn with_weekday(line: &[u8]) -> Option<Stamped<'_>> {
    let (at, rest) = local_after_word(line)?;
    let end = memchr(b' ', rest)?;
    let (zone, rest) = (&rest[..end], &rest[end + 1..]);
    if matches!(zone, b"UTC" | b"GMT") { Some(Stamped::Zoned(at, rest)) } else { Some(Stamped::Local(at, rest)) }
}

/// A word, then `2026-11-24 05:47:29 `.
fn local_after_word(line: &[u8]) -> Option<(Stamp, &[u8])> {
    let word_end = memchr(b' ', line.get(..16).unwrap_or(line))?;
    let (stamp, rest) = line[word_end + 1..].split_at_checked(19)?;
    Some((local_stamp(stamp)?, rest.strip_prefix(b" ")?))
}

/// `2026-11-24 05:47:29` as if it were UTC.
pub(in crate::formats::logs) fn local_stamp(text: &[u8]) -> Option<Stamp> {
    let text = std::str::from_utf8(text).ok()?;
    let mut zoned = [0; 20];
    let bytes = text.as_bytes();
    zoned.get_mut(..bytes.len())?.copy_from_slice(bytes);
    *zoned.get_mut(bytes.len())? = b'Z';
    parse_rfc3339(std::str::from_utf8(zoned.get(..=bytes.len())?).ok()?).ok()
}

/// `@400000006b04faaf29533dd8 `: TAI64N as multilog and svlogd write it, which is
/// 2^62 + 10 + the Unix second (<https://cr.yp.to/libtai/tai64.html>).
fn tai64n(line: &[u8]) -> Option<Stamped<'_>> {
    let (label, rest) = line.get(1..)?.split_at_checked(24)?;
    let label = std::str::from_utf8(label).ok()?;
    let seconds = i64::try_from(u64::from_str_radix(label.get(..16)?, 16).ok()?.checked_sub((1 << 62) + 10)?).ok()?;
    let nanos = i64::from(u32::from_str_radix(label.get(16..)?, 16).ok()?);
    // Beyond any calendar it is no label.
    (seconds < 1 << 40)
        .then(|| Stamp::from_millis(seconds * 1000 + nanos / 1_000_000))
        .and_then(|at| Some(Stamped::Zoned(at, rest.strip_prefix(b" ")?)))
}

/// `nov. 24 03:47:33 `, `ноя 24 03:47:33.123456 `.
fn in_another_language(line: &[u8]) -> Option<Stamped<'_>> {
    let word_end = memchr(b' ', line.get(..16).unwrap_or(line))?;
    let name = std::str::from_utf8(&line[..word_end]).ok()?;
    let Some(month) = month_named(name) else { return with_weekday(line) };
    let mut english = *b"Jan 00 00:00:00";
    english[4..].copy_from_slice(line.get(word_end + 1..word_end + 12)?);
    let day = Day { month, ..day_of(&english)? };
    let rest = &line[word_end + 12..];
    let (millis, rest) = match rest.strip_prefix(b".") {
        Some(rest) => fraction(rest)?,
        None => (0, rest),
    };
    Some(Stamped::Day(Day { millis: day.millis + millis, ..day }, rest.strip_prefix(b" ")?))
}

/// Digits after a decimal point, in milliseconds, and what follows them.
pub(in crate::formats::logs) fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let millis = (0..3).fold(0, |n, i| n * 10 + if i < digits { i64::from(text[i] - b'0') } else { 0 });
    Some((millis, &text[digits..]))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
}
