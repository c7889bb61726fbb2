//! Times as metric files write them, and the ladder of zones that places them.

use super::MetricError;
use crate::time::{LocalTime, Stamp, Zone, days_from_civil};

/// Which of day and month comes first in dates such as `05/06/2026`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// 5 June.
    DayFirst,
    /// May 6th.
    MonthFirst,
}

/// What one cell says about the time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::formats) enum Told {
    /// A moment, with the zone written beside it; none for seconds since 1970.
    Moment(Stamp, Option<Zone>),
    /// A wall clock without a zone, as if it were UTC.
    Local(Stamp),
}

/// How a zone is known that the file itself names, over which case.yaml has no say.
pub(super) const WRITTEN: [&str; 3] = ["in each stamp", "seconds since 1970", "in the header"];

/// Zone words that mean one offset wherever mail systems write them.
const ZONE_WORDS: &[(&str, i32)] = &[
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("CET", 3600),
    ("CEST", 7200),
    ("EET", 7200),
    ("EEST", 10_800),
    ("EST", -18_000),
    ("EDT", -14_400),
    ("MST", -25_200),
    ("MDT", -21_600),
    ("PST", -28_800),
    ("PDT", -25_200),
    ("JST", 32_400),
];

/// The zone that a word or an offset means: `UTC`, `CEST`, `+03`, `+0530`.
pub(super) fn zone_of_word(word: &str) -> Option<Zone> {
    if let Some((_, seconds)) = ZONE_WORDS.iter().find(|(known, _)| word.eq_ignore_ascii_case(known)) {
        return Some(Zone::Fixed(*seconds));
    }
    match Zone::parse(word).ok()? {
        Zone::Fixed(seconds) if word.starts_with(['+', '-']) => Some(Zone::Fixed(seconds)),
        _ => None,
    }
}

/// Reads one time cell. `order` decides `05/06/2026` and nothing else.
pub(in crate::formats) fn read_time(cell: &str, order: DateOrder) -> Option<Told> {
    let cell = cell.trim();
    if cell.len() > 40 || !cell.is_ascii() {
        return None;
    }
    if cell.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && let Some(told) = read_number(cell)
    {
        return Some(told);
    }
    let (days, rest) = read_date(cell, order)?;
    let rest = rest.strip_prefix(['T', ' ']).unwrap_or(rest);
    let (millis, zone) = if rest.is_empty() { (0, "") } else { read_clock(rest)? };
    let local = Stamp::from_millis(days * 86_400_000 + millis);
    match zone.trim() {
        "" => Some(Told::Local(local)),
        zone => {
            let Some(Zone::Fixed(seconds)) = zone_of_word(zone) else { return None };
            Some(Told::Moment(local.plus_millis(-i64::from(seconds) * 1000), Some(Zone::Fixed(seconds))))
        }
    }
}

/// A line that is only a time, as loops around a command write it: RFC 3339, seconds since
/// 1970, or what `date` prints (`Tue Nov 24 02:36:26 UTC 2026`), in marks such as `### … ###`.
pub(super) fn time_line(line: &str) -> Option<Told> {
    let line = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '#' | '=' | '*') || c == '-');
    if let Some(told) = read_time(line, DateOrder::DayFirst).filter(|_| !needs_order(line)) {
        return Some(told);
    }
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = line.split_whitespace().collect();
    let (month, day, rest) = match words.as_slice() {
        [_, month, day, rest @ ..] if MONTHS.contains(month) => (month, day, rest),
        [_, day, month, rest @ ..] if MONTHS.contains(month) => (month, day, rest),
        _ => return None,
    };
    let month = MONTHS.iter().position(|m| m == month)? + 1;
    let is_year = |w: &&&str| w.len() == 4 && w.bytes().all(|b| b.is_ascii_digit());
    let year = rest.iter().find(is_year)?;
    let others: Vec<&str> = rest.iter().filter(|w| !is_year(w)).copied().collect();
    read_time(&format!("{year}-{month}-{day} {}", others.join(" ")), DateOrder::DayFirst)
}

/// Whether the cell's date depends on the order of day and month.
pub(in crate::formats) fn needs_order(cell: &str) -> bool {
    let date = |order| read_time(cell, order);
    date(DateOrder::DayFirst) != date(DateOrder::MonthFirst)
}

/// Seconds, milli-, micro- or nanoseconds since 1970 by magnitude; 30,000 to
/// 60,000 with a fraction is a spreadsheet's day number, which has no zone.
fn read_number(cell: &str) -> Option<Told> {
    let value: f64 = cell.parse().ok()?;
    let millis = match value {
        v if (3e4..6e4).contains(&v) && cell.contains('.') => {
            // Day 25,569 of spreadsheets is 1970-01-01; whole seconds, as the fraction is inexact.
            return Some(Told::Local(Stamp::from_seconds(((v - 25_569.0) * 86_400.0).round() as i64)));
        }
        v if (1e9..1e10).contains(&v) => v * 1e3,
        v if (1e12..1e13).contains(&v) => v,
        v if (1e15..1e16).contains(&v) => v / 1e3,
        v if (1e18..1e19).contains(&v) => v / 1e6,
        _ => return None,
    };
    Some(Told::Moment(Stamp::from_millis(millis.round() as i64), None))
}

/// A date at the start of `text`, as days since 1970, and what follows it.
fn read_date(text: &str, order: DateOrder) -> Option<(i64, &str)> {
    let end = text.find(['T', ' ']).unwrap_or(text.len());
    let (date, rest) = (text.get(..end)?, text.get(end..)?);
    let mark = ['-', '/', '.'].into_iter().find(|m| date.contains(*m))?;
    let mut parts = date.split(mark);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let number = |t: &str, most: usize| -> Option<i64> {
        ((1..=most).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse().ok())?
    };
    let (year, month, day) = if a.len() == 4 {
        (number(a, 4)?, number(b, 2)?, number(c, 2)?)
    } else {
        let year = (c.len() == 4).then(|| number(c, 4))??;
        let (a, b) = (number(a, 2)?, number(b, 2)?);
        // Dots stand between days and months only where the day comes first.
        if mark == '.' || order == DateOrder::DayFirst { (year, b, a) } else { (year, a, b) }
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    ((1..=longest).contains(&day) && (1970..=2199).contains(&year))
        .then(|| (days_from_civil(year, month as u32, day as u32), rest))
}

/// `14:00`, `14:00:30.5`, `2:00:00 PM`: milliseconds of the day, and what follows.
pub(super) fn read_clock(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.' || c == ',')).unwrap_or(text.len());
    let (clock, rest) = (text.get(..end)?, text.get(end..)?);
    let mut parts = clock.split(':');
    let two = |t: &str| -> Option<i64> {
        ((1..=2).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse().ok())?
    };
    let (mut hour, minute) = (two(parts.next()?)?, two(parts.next()?)?);
    let (second, fraction) = match parts.next() {
        Some(s) => s.split_once(['.', ',']).unwrap_or((s, "")),
        None => ("0", ""),
    };
    let second = two(second)?;
    if parts.next().is_some() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let after = rest.trim_start();
    let (half, rest) = match after.get(..2) {
        Some(h) if h.eq_ignore_ascii_case("am") => (Some(0), after.get(2..)?),
        Some(h) if h.eq_ignore_ascii_case("pm") => (Some(12), after.get(2..)?),
        _ => (None, rest),
    };
    if let Some(half) = half {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + half;
    }
    // A leap second counts as the second before, as everywhere in this house.
    (hour < 24 && minute < 60 && second <= 60)
        .then(|| (((hour * 60 + minute) * 60 + second.min(59)) * 1000 + millis, rest))
}

/// Places what cells tell on the UTC clock: the zone in the cell, else the one
/// in the header, else the one stated in case.yaml, else that of the
/// node's own logs for what was recorded there, else UTC, assumed.
#[derive(Clone, Debug, Default)]
pub(in crate::formats) struct Clock {
    header: Option<Zone>,
    stated: Option<Zone>,
    inferred: Option<(Zone, String)>,
    last: Option<Stamp>,
    used: Option<(Zone, String)>,
    newest_first: bool,
    twice: u64,
    never: u64,
}

impl Clock {
    /// A clock for rows that run forwards, or backwards when `newest_first`.
    pub(in crate::formats) fn new(header: Option<Zone>, stated: Option<Zone>, newest_first: bool) -> Self {
        Self { header, stated, newest_first, ..Self::default() }
    }

    /// From here on zone-less times are in the zone that the file itself names, if it does.
    pub(super) fn under(&mut self, header: Option<Zone>) {
        self.header = header;
    }

    /// Serves zone-less times that neither the file nor case.yaml places.
    pub(super) fn infer(&mut self, inferred: Option<(Zone, String)>) {
        self.inferred = inferred;
    }

    /// The moment; nothing for an hour that daylight saving skips.
    pub(in crate::formats) fn place(&mut self, told: Told) -> Option<Stamp> {
        let local = match told {
            Told::Moment(at, zone) => {
                self.used.get_or_insert_with(|| {
                    let how = WRITTEN[if zone.is_some() { 0 } else { 1 }];
                    let zone = zone.unwrap_or(Zone::UTC);
                    (zone, format!("{zone} ({how})"))
                });
                return Some(at);
            }
            Told::Local(local) => local,
        };
        let (zone, how) = match (self.header, self.stated, &self.inferred) {
            (Some(zone), ..) => (zone, WRITTEN[2]),
            (None, Some(zone), _) => (zone, "stated in case.yaml"),
            (None, None, Some((zone, proof))) => (*zone, proof.as_str()),
            (None, None, None) => (Zone::UTC, "assumed"),
        };
        self.used.get_or_insert_with(|| (zone, format!("{zone} ({how})")));
        let at = match zone.to_utc(local) {
            LocalTime::One(at) => at,
            LocalTime::Twice(early, late) => {
                self.twice += 1;
                // Rows run in order: once a row would break it, the clock was set back there.
                match self.last {
                    Some(last) if self.newest_first && early <= last && last < late => early,
                    _ if self.newest_first => late,
                    Some(last) if early < last && last <= late => late,
                    _ => early,
                }
            }
            LocalTime::Never => {
                self.never += 1;
                return None;
            }
        };
        self.last = Some(at);
        Some(at)
    }

    /// A new run of rows begins, which may lie before the last one.
    pub(super) fn rewind(&mut self) {
        self.last = None;
    }

    /// The zone used, with how it is known.
    pub(in crate::formats) fn zone(&self) -> Option<(Zone, String)> {
        self.used.clone()
    }

    /// What to say about the clock.
    pub(in crate::formats) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some((_, how)) = self.used.as_ref().filter(|(_, how)| how.ends_with("(assumed)")) {
            notes.push(format!(
                "times carry no zone: {how}; if they are local, state `zone` for this file in case.yaml"
            ));
        }
        let by_logs = self
            .inferred
            .as_ref()
            .filter(|(_, proof)| self.used.as_ref().is_some_and(|(_, how)| how.ends_with(&format!("({proof})"))));
        if let Some((zone, proof)) = by_logs {
            notes.push(format!(
                "times carry no zone: {zone} taken, {proof}; if that is not the zone of this file, state `zone` in case.yaml"
            ));
        }
        if self.twice > 0 {
            notes.push(format!(
                "{} times lie in the hour that happens twice; they were ordered by their neighbours",
                self.twice
            ));
        }
        if self.never > 0 {
            notes.push(format!("{} times lie in an hour that the stated zone skips: is the zone right?", self.never));
        }
        notes
    }
}

/// The refusal for dates that only the user can order.
pub(super) fn unclear_order(line: u64, cell: &str) -> MetricError {
    let cell: String = cell.chars().take(40).collect();
    MetricError::Unclear {
        line,
        what: format!("`{cell}` can be day/month or month/day, and no other row decides"),
        way_out: "write `dates: day_first` or `dates: month_first` for this file under `sources` in case.yaml"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::*;

    fn told(cell: &str) -> String {
        match read_time(cell, DateOrder::DayFirst) {
            None => "no time".to_owned(),
            Some(Told::Moment(at, _)) => at.to_string(),
            Some(Told::Local(at)) => at.to_string().replace('Z', " local"),
        }
    }

    #[test]
    fn all_ways_of_writing_a_time() {
        for (cell, expected) in [
            ("2026-11-24 02:36:28 UTC", "2026-11-24T02:36:28Z"),
            ("2026-11-24T14:00:00+01:00", "2026-11-24T13:00:00Z"),
            ("2026-11-24 14:00 CET", "2026-11-24T13:00:00Z"),
            // A leap second is the second before it.
            ("2016-12-31 23:59:60 UTC", "2016-12-31T23:59:59Z"),
            ("2026-11-24T03:46:48Z", "2026-11-24T03:46:48Z"),
            ("1795487788", "2026-11-24T02:36:28Z"),
            ("1795487788.5", "2026-11-24T02:36:28.500Z"),
            ("1795487788000", "2026-11-24T02:36:28Z"),
            ("1795487788000000000", "2026-11-24T02:36:28Z"),
            ("46350.583333333", "2026-11-24T14:00:00 local"),
            ("2026-11-24 14:00:00", "2026-11-24T14:00:00 local"),
            ("2026/11/24 14:00:00", "2026-11-24T14:00:00 local"),
            ("24.11.2026 14:00:00", "2026-11-24T14:00:00 local"),
            ("05/06/2026 2:07:08 pm", "2026-06-05T14:07:08 local"),
            ("24-11 02:36:26", "no time"),
            ("31.02.2026 10:00", "no time"),
            ("17955281040", "no time"),
            ("2026-11-24 14:00 Mars", "no time"),
            ("", "no time"),
        ] {
            assert_eq!(told(cell), expected, "{cell}");
        }
        assert!(needs_order("05/06/2026") && !needs_order("24.11.2026") && !needs_order("1795487788"));
    }

    /// Autumn in New York: 01:59:30 is followed by 01:00:30, an hour later than it looks.
    #[test]
    fn the_hour_that_happens_twice_is_ordered_by_its_neighbours() {
        let mut clock = Clock::new(None, Some(Zone::parse("America/New_York").expect("a zone")), false);
        let mut place =
            |t: &str| clock.place(read_time(t, DateOrder::DayFirst).expect("a time")).map(|s| s.to_string());
        assert_eq!(place("2026-11-01 01:59:30").as_deref(), Some("2026-11-01T05:59:30Z"));
        assert_eq!(place("2026-11-01 01:00:30").as_deref(), Some("2026-11-01T06:00:30Z"));
        assert_eq!(place("2026-11-01 01:59:30").as_deref(), Some("2026-11-01T06:59:30Z"));
        assert_eq!(place("2026-03-08 02:30:00"), None);
        assert_eq!(clock.zone().map(|z| z.1).as_deref(), Some("America/New_York (stated in case.yaml)"));
        assert_eq!(clock.notes().len(), 2);
    }
}
