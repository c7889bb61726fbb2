//! Dates in any order, as strptime(3) reads them: the letters that logs use.

use std::borrow::Cow;

use super::{Moment, millis_of, number};
use crate::time::{Stamp, civil_from_days, days_from_civil};

/// A piece of a strptime form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Piece {
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

pub(super) fn pieces(form: &str) -> Result<Vec<Piece>, Cow<'static, str>> {
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

pub(super) fn strptime(text: &[u8], pieces: &[Piece]) -> Option<Moment> {
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
