//! The times of records: forms of a mapping, without a guess at their zone.

use std::borrow::Cow;

use super::plan::Address;
use crate::time::{Stamp, Zone, civil_from_days, days_from_civil, parse_rfc3339};

/// Where the time of a record stands, and how it is read.
#[derive(Clone, Debug)]
pub(super) struct TimeRule {
    /// Places, tried in order; none where it is the stamp of the line's envelope.
    pub(super) fields: Vec<Address>,
    /// Tried in order.
    pub(super) forms: Vec<Form>,
    pub(super) zone: ZoneRule,
    /// Whether times are finer than a second, where the mapping says so.
    pub(super) fine: Option<bool>,
}

/// The zone of times that name none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ZoneRule {
    /// There are no such times: one that lacks its zone is none.
    Embedded,
    /// The source always writes in this one.
    Always(Zone),
    /// The user knows.
    Ask,
}

/// A form of times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Whole units since 1970, so many to a second.
    Epoch(i64),
    /// Seconds since 1970 with a fraction.
    EpochFloat,
    /// `2026-11-24T03:56:43.120+01:00`, with a blank for the T or not; its zone may be missing.
    Rfc3339,
    /// As strptime(3) reads it.
    Strptime(Vec<Piece>),
    /// Any of the above, by its looks.
    Auto,
}

/// A time, as far as its text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    At(Stamp),
    /// A wall clock, as if it were UTC.
    Local(Stamp),
}

impl Moment {
    /// The clock's reading, whatever its zone.
    pub(super) const fn reading(self) -> Stamp {
        match self {
            Self::At(at) | Self::Local(at) => at,
        }
    }
}

/// Exports write the beginning of their calendar, or its end, where there is no time: what is
/// not of these years is none.
const EARLIEST: Stamp = Stamp::from_seconds(788_918_400);
const LATEST: Stamp = Stamp::from_seconds(4_102_444_800);

impl TimeRule {
    /// The moment of a text; nothing when none of the forms reads it.
    pub(super) fn moment(&self, text: &[u8]) -> Option<Moment> {
        let text = text.trim_ascii();
        let moment = self.forms.iter().find_map(|form| form.read(text))?;
        let lacks_its_zone = self.zone == ZoneRule::Embedded && matches!(moment, Moment::Local(_));
        let is_plausible = (EARLIEST..LATEST).contains(&moment.reading());
        (!lacks_its_zone && is_plausible).then_some(moment)
    }
}

impl Form {
    /// Reads the name of a form.
    ///
    /// # Errors
    /// Why it is none, in a clause.
    pub(super) fn named(name: &str) -> Result<Self, Cow<'static, str>> {
        Ok(match name {
            "epoch_s" => Self::Epoch(1),
            "epoch_ms" => Self::Epoch(1000),
            "epoch_us" => Self::Epoch(1_000_000),
            "epoch_float" => Self::EpochFloat,
            "rfc3339" => Self::Rfc3339,
            "auto" => Self::Auto,
            _ => {
                let text = name.strip_prefix("strptime:").ok_or("no form of times")?.trim();
                Self::Strptime(pieces(text.trim_matches(['\'', '"']))?)
            }
        })
    }

    fn read(&self, text: &[u8]) -> Option<Moment> {
        match self {
            Self::Epoch(per_second) => epoch(text, *per_second),
            Self::EpochFloat => epoch_float(text),
            Self::Rfc3339 => rfc3339(text),
            Self::Strptime(pieces) => strptime(text, pieces),
            Self::Auto => [1, 1000, 1_000_000]
                .into_iter()
                .find_map(|per_second| epoch(text, per_second))
                .or_else(|| epoch_float(text))
                .or_else(|| rfc3339(text)),
        }
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0_i64, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')))
}

/// A count of units since 1970. Seconds have nine to eleven digits, milliseconds twelve to
/// fourteen, microseconds fifteen to seventeen: so one form is not taken for another.
fn epoch(text: &[u8], per_second: i64) -> Option<Moment> {
    let digits = match per_second {
        1 => 9..=11,
        1000 => 12..=14,
        _ => 15..=17,
    };
    let units = digits.contains(&text.len()).then(|| number(text))??;
    let millis = if per_second == 1 { units * 1000 } else { units / (per_second / 1000) };
    Some(Moment::At(Stamp::from_millis(millis)))
}

/// `1665066523.871657`; read by digits, since a float would round.
fn epoch_float(text: &[u8]) -> Option<Moment> {
    let dot = memchr::memchr(b'.', text).unwrap_or(text.len());
    let (whole, fraction) = text.split_at(dot);
    let Moment::At(at) = epoch(whole, 1)? else { return None };
    let fraction = fraction.get(1..).unwrap_or_default();
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(Moment::At(at.plus_millis(millis_of(fraction))))
}

/// The first three digits of a fraction.
fn millis_of(fraction: &[u8]) -> i64 {
    (0..3).fold(0, |n, i| n * 10 + fraction.get(i).map_or(0, |d| i64::from(d - b'0')))
}

fn rfc3339(text: &[u8]) -> Option<Moment> {
    let text = std::str::from_utf8(text).ok()?;
    // Dates that begin otherwise would only cost the error's text.
    if text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    if let Ok(at) = parse_rfc3339(text) {
        return Some(Moment::At(at));
    }
    let mut zoned = [0; 48];
    zoned.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
    *zoned.get_mut(text.len())? = b'Z';
    let zoned = std::str::from_utf8(zoned.get(..=text.len())?).ok()?;
    parse_rfc3339(zoned).ok().map(Moment::Local)
}

/// A piece of a strptime form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Byte(u8),
    /// Any blanks, or none.
    Blank,
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    Hour,
    TwelveHour,
    HalfDay,
    Minute,
    Second,
    Fraction,
    Zone,
    WeekdayName,
    EpochSecond,
}

fn pieces(form: &str) -> Result<Vec<Piece>, Cow<'static, str>> {
    let mut found = Vec::new();
    let mut rest = form.chars();
    while let Some(c) = rest.next() {
        if c == '%' {
            match rest.next() {
                Some('T') => found.extend([Piece::Hour, colon(), Piece::Minute, colon(), Piece::Second]),
                Some('F') => found.extend([Piece::Year, dash(), Piece::Month, dash(), Piece::Day]),
                Some(letter) => found.push(piece(letter).ok_or_else(|| {
                    format!("`%{letter}` is none of the letters that are read: Y y m b d e H I p M S f z a s T F")
                })?),
                None => return Err("a form that ends in `%`".into()),
            }
        } else if c.is_whitespace() {
            found.push(Piece::Blank);
        } else {
            found.extend(c.to_string().bytes().map(Piece::Byte));
        }
    }
    let has = |wanted: &[Piece]| found.iter().any(|piece| wanted.contains(piece));
    let dated = has(&[Piece::Year, Piece::ShortYear]) && has(&[Piece::Month, Piece::MonthName]) && has(&[Piece::Day]);
    let timed = has(&[Piece::Hour, Piece::TwelveHour]) && has(&[Piece::Minute]);
    if dated && timed || has(&[Piece::EpochSecond]) {
        Ok(found)
    } else {
        Err("a form without year, month, day, hour and minute".into())
    }
}

const fn colon() -> Piece {
    Piece::Byte(b':')
}

const fn dash() -> Piece {
    Piece::Byte(b'-')
}

const fn piece(letter: char) -> Option<Piece> {
    Some(match letter {
        'Y' => Piece::Year,
        'y' => Piece::ShortYear,
        'm' => Piece::Month,
        'b' | 'B' | 'h' => Piece::MonthName,
        'd' | 'e' => Piece::Day,
        'H' | 'k' => Piece::Hour,
        'I' | 'l' => Piece::TwelveHour,
        'p' => Piece::HalfDay,
        'M' => Piece::Minute,
        'S' => Piece::Second,
        'f' => Piece::Fraction,
        'z' | 'Z' => Piece::Zone,
        'a' | 'A' => Piece::WeekdayName,
        's' => Piece::EpochSecond,
        '%' => Piece::Byte(b'%'),
        _ => return None,
    })
}

const MONTHS: [&[u8]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

#[derive(Default)]
struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    millis: i64,
    offset: Option<i64>,
    epoch: Option<i64>,
}

fn strptime(text: &[u8], pieces: &[Piece]) -> Option<Moment> {
    let mut rest = text;
    let mut parts = Parts::default();
    for piece in pieces {
        take(*piece, &mut rest, &mut parts)?;
    }
    if !rest.is_empty() {
        return None;
    }
    if let Some(second) = parts.epoch {
        return Some(Moment::At(Stamp::from_millis(second * 1000 + parts.millis)));
    }
    let hour = match parts.afternoon {
        Some(afternoon) => parts.hour % 12 + if afternoon { 12 } else { 0 },
        None => parts.hour,
    };
    let (month, day) = (u32::try_from(parts.month).ok()?, u32::try_from(parts.day).ok()?);
    if !(1..=12).contains(&month) || hour > 23 || parts.minute > 59 || parts.second > 60 {
        return None;
    }
    let days = days_from_civil(parts.year, month, day);
    if civil_from_days(days) != (parts.year, month, day) {
        return None;
    }
    let second = days * 86_400 + hour * 3600 + parts.minute * 60 + parts.second.min(59);
    let at = Stamp::from_millis(second * 1000 + parts.millis);
    Some(match parts.offset {
        Some(east) => Moment::At(at.plus_millis(-east * 1000)),
        None => Moment::Local(at),
    })
}

fn take(piece: Piece, rest: &mut &[u8], parts: &mut Parts) -> Option<()> {
    match piece {
        Piece::Byte(byte) => *rest = rest.strip_prefix(&[byte])?,
        Piece::Blank => *rest = rest.trim_ascii_start(),
        Piece::Year => parts.year = digits(rest, 4)?,
        Piece::ShortYear => parts.year = 2000 + digits(rest, 2)?,
        Piece::Month => parts.month = digits(rest, 2)?,
        Piece::MonthName => {
            let name = word(rest)?.to_ascii_lowercase();
            parts.month = MONTHS.iter().position(|m| name.starts_with(m)).map(|n| n as i64 + 1)?;
        }
        Piece::Day => {
            *rest = rest.trim_ascii_start();
            parts.day = digits(rest, 2)?;
        }
        Piece::Hour | Piece::TwelveHour => {
            *rest = rest.trim_ascii_start();
            parts.hour = digits(rest, 2)?;
        }
        Piece::HalfDay => {
            let name = word(rest)?;
            parts.afternoon = Some(match name.first()?.to_ascii_lowercase() {
                b'a' => false,
                b'p' => true,
                _ => return None,
            });
        }
        Piece::Minute => parts.minute = digits(rest, 2)?,
        Piece::Second => parts.second = digits(rest, 2)?,
        Piece::Fraction => {
            let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let (fraction, after) = rest.split_at(count);
            (parts.millis, *rest) = (millis_of(fraction), after);
        }
        Piece::Zone => parts.offset = Some(offset(rest)?),
        Piece::WeekdayName => drop(word(rest)?),
        Piece::EpochSecond => parts.epoch = Some(digits(rest, 11)?),
    }
    Some(())
}

/// At least one digit, at most so many.
fn digits(rest: &mut &[u8], most: usize) -> Option<i64> {
    let count = rest.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
    let (found, after) = rest.split_at(count);
    *rest = after;
    number(found)
}

fn word<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let count = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let (found, after) = rest.split_at(count);
    *rest = after;
    (count > 0).then_some(found)
}

/// `Z`, `UTC`, `GMT`, `+hh`, `+hhmm` or `+hh:mm`, in seconds east. Other abbreviations are
/// ambiguous.
fn offset(rest: &mut &[u8]) -> Option<i64> {
    let sign = match rest.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return matches!(word(rest)?, b"Z" | b"z" | b"UTC" | b"GMT").then_some(0),
    };
    *rest = &rest[1..];
    let hours = digits(rest, 2)?;
    *rest = rest.strip_prefix(b":").unwrap_or(rest);
    let minutes = digits(rest, 2).unwrap_or(0);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str, text: &str) -> String {
        let form = Form::named(form).unwrap_or(Form::Auto);
        match form.read(text.as_bytes()) {
            Some(Moment::At(at)) => at.to_string(),
            Some(Moment::Local(at)) => format!("local {}", at.to_string().trim_end_matches('Z')),
            None => "none".to_owned(),
        }
    }

    #[test]
    fn every_form_reads_its_own() {
        assert_eq!(read("epoch_s", "1461095248"), "2016-04-19T19:47:28Z");
        assert_eq!(read("epoch_ms", "1520363423000"), "2018-03-06T19:10:23Z");
        assert_eq!(read("epoch_float", "1665066523.871657"), "2022-10-06T14:28:43.871Z");
        assert_eq!(read("epoch_float", "1665066523"), "2022-10-06T14:28:43Z");
        // esp trap 27: Momentum's microseconds have sixteen digits, and are not seconds.
        assert_eq!(read("epoch_us", "1064868656123456"), "2003-09-29T20:50:56.123Z");
        assert_eq!(read("epoch_us", "1064868656"), "none");
        assert_eq!(read("epoch_s", "1064868656123456"), "none");
        // esp trap 41: seven digits of a fraction, as Postmark writes them.
        assert_eq!(read("rfc3339", "2016-04-27T16:28:50.3963933-04:00"), "2016-04-27T20:28:50.396Z");
        // esp trap 5: an offset without a colon.
        assert_eq!(read("rfc3339", "2019-02-08 21:54:05+0000"), "2019-02-08T21:54:05Z");
        assert_eq!(read("rfc3339", "2016-02-04 13:45:15"), "local 2016-02-04T13:45:15");
        assert_eq!(read("rfc3339", "2016-02-04T13:45:15.25"), "local 2016-02-04T13:45:15.250");
        assert_eq!(read("auto", "1520363423000"), "2018-03-06T19:10:23Z");
        assert_eq!(read("auto", "1606753101.961181"), "2020-11-30T16:18:21.961Z");
        assert_eq!(read("auto", "2020-06-16T00:25:40.914Z"), "2020-06-16T00:25:40.914Z");
        for text in ["", "x", "12", "-1461095248", "1.5e9", "2016-02-04", "99999999999999999999"] {
            assert_eq!(read("auto", text), "none", "{text}");
        }
    }

    #[test]
    fn strptime_reads_dates_of_all_orders() {
        assert_eq!(read("strptime:'%Y-%m-%d %H:%M:%S%z'", "2019-02-08 21:54:05+0000"), "2019-02-08T21:54:05Z");
        assert_eq!(read("strptime:%m/%d/%Y, %I:%M:%S %p", "4/23/2009, 9:47:02 PM"), "local 2009-04-23T21:47:02");
        assert_eq!(read("strptime:%d/%b/%Y:%T %z", "23/Apr/2009:09:47:02 -0430"), "2009-04-23T14:17:02Z");
        assert_eq!(read("strptime:%a, %e %b %Y %H:%M:%S %Z", "Thu,  1 Jan 2026 00:00:00 GMT"), "2026-01-01T00:00:00Z");
        assert_eq!(read("strptime:%F %T.%f", "2015-03-06 15:41:56.409"), "local 2015-03-06T15:41:56.409");
        assert_eq!(read("strptime:%F %T", "2015-02-30 15:41:56"), "none");
        assert_eq!(read("strptime:%F %T", "2015-02-28 15:41:56 x"), "none");
        assert_eq!(read("strptime:%F %T %Z", "2015-02-28 15:41:56 EST"), "none");
    }

    #[test]
    fn forms_that_date_nothing_are_refused() {
        for form in ["strptime:%H:%M:%S", "strptime:%b %d %H:%M", "strptime:%Q", "strptime:%", "iso"] {
            assert!(Form::named(form).is_err(), "{form}");
        }
    }
}
