//! The times of records: forms of a mapping, without a guess at their zone.

mod strptime;

use std::borrow::Cow;

use super::plan::Address;
use crate::time::{Stamp, Zone, parse_rfc3339};
use strptime::{Piece, pieces, strptime};

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
