//! Which zone a log's local times are in, by moments that its lines tell beside their stamps.
//!
//! A line with two clocks, the machine's stamp and Gmail's second, shows the offset of local
//! time to UTC and how far the machine's clock is off. The two are told apart by the offsets
//! that zones have: the nearest of them is the zone's, the rest is the clock's.

use chrono_tz::{TZ_VARIANTS, Tz};
use serde::{Deserialize, Serialize};

use crate::time::{Stamp, Zone, millis};

/// A line's local time, as if it were UTC, and the moment that the line tells besides; both
/// in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TwoClocks {
    pub(super) local: i64,
    pub(super) moment: i64,
}

impl TwoClocks {
    pub(super) const fn off(self) -> i64 {
        self.local - self.moment
    }
}

/// A stretch of time in which a log's local times have one offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Its first and last known second, by the machine's own clock in UTC: that is the clock
    /// by which it moves to and from daylight saving time.
    #[serde(with = "millis")]
    pub from: Stamp,
    /// See `from`.
    #[serde(with = "millis")]
    pub to: Stamp,
    /// Seconds east of UTC.
    pub offset_s: i32,
}

impl Stretch {
    /// Whether a zone has its offset then.
    #[must_use]
    pub fn is_of(&self, zone: Zone) -> bool {
        [self.from, self.to].iter().all(|at| zone.offset_at(*at) == self.offset_s)
    }
}

/// Offsets of zones beside whole hours, in minutes (IANA database, rules in force since 2004).
const BROKEN_HOURS: [i64; 14] = [-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 690, 765, 825];

/// How far a clock may be off before nothing can be said of its zone: near half an hour,
/// two zones are equally near.
const MOST_SKEW_S: i64 = 25 * 60;

/// The offset of a zone that is nearest to what a line shows.
pub(super) fn nearest_offset(off: i64) -> Option<i32> {
    let hours = (-12..=14).map(|hour| hour * 3600);
    let broken = BROKEN_HOURS.into_iter().map(|minutes| minutes * 60);
    let nearest = hours.chain(broken).min_by_key(|offset| (off - offset).abs())?;
    i32::try_from(nearest).ok().filter(|_| (off - nearest).abs() <= MOST_SKEW_S)
}

/// The line that shows the median.
pub(super) fn median(told: &[TwoClocks]) -> Option<TwoClocks> {
    let mut sorted = told.to_vec();
    sorted.sort_unstable_by_key(|two| (two.off(), two.moment));
    sorted.get(sorted.len() / 2).copied()
}

/// The stretches that lines show, in order of time.
pub(super) fn stretches(told: &[TwoClocks]) -> Vec<Stretch> {
    let stretch = |two: &TwoClocks| {
        let offset_s = nearest_offset(two.off())?;
        let at = Stamp::from_seconds(two.local - i64::from(offset_s));
        Some((two.moment, Stretch { from: at, to: at, offset_s }))
    };
    let mut each: Vec<_> = told.iter().filter_map(stretch).collect();
    each.sort_by_key(|(moment, _)| *moment);
    let mut found: Vec<Stretch> = Vec::new();
    for (_, one) in each {
        match found.last_mut() {
            Some(last) if last.offset_s == one.offset_s => last.to = last.to.max(one.to),
            _ => found.push(one),
        }
    }
    found
}

/// The zone of a log that shows these stretches: a fixed offset where they have one; else a
/// zone that moves to and from daylight saving time as they do. Nothing when none does.
#[must_use]
pub fn zone_of(stretches: &[Stretch]) -> Option<Zone> {
    let first = stretches.first()?.offset_s;
    if stretches.iter().all(|s| s.offset_s == first) {
        return Some(Zone::Fixed(first));
    }
    let zones = WELL_KNOWN.into_iter().chain(TZ_VARIANTS).map(Zone::Named);
    let mut fitting = zones.filter(|zone| stretches.iter().all(|s| s.is_of(*zone)));
    fitting.next()
}

/// Zones tried first. Many names stand for the same rules, and where acceptances are too far
/// apart to tell two rules apart, more people live by these.
const WELL_KNOWN: [Tz; 15] = [
    Tz::America__New_York,
    Tz::America__Chicago,
    Tz::America__Denver,
    Tz::America__Los_Angeles,
    Tz::America__Anchorage,
    Tz::America__Halifax,
    Tz::America__St_Johns,
    Tz::Europe__London,
    Tz::Europe__Berlin,
    Tz::Europe__Athens,
    Tz::Asia__Jerusalem,
    Tz::Australia__Sydney,
    Tz::Australia__Adelaide,
    Tz::Pacific__Auckland,
    Tz::America__Santiago,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::parse_rfc3339;

    fn stretch(from: &str, to: &str, hours: i32) -> Stretch {
        let at = |text| parse_rfc3339(text).unwrap_or(Stamp::from_seconds(0));
        Stretch { from: at(from), to: at(to), offset_s: hours * 3600 }
    }

    #[test]
    fn every_offset_of_the_database_is_known_and_no_other() {
        let known = |s: i32| nearest_offset(i64::from(s)) == Some(s);
        for month in 0..12 * 23 {
            let at = Stamp::from_seconds(1_086_000_000 + month * 30 * 86_400);
            for tz in TZ_VARIANTS {
                let offset = Zone::Named(tz).offset_at(at);
                // The last to leave an offset that nobody has now: Pyongyang, in May 2018.
                assert!(known(offset) || at.seconds() < 1_530_000_000, "{tz} {offset} {at}");
            }
        }
        assert!(!known(900) && !known(-900));
    }

    #[test]
    fn what_is_no_zone_is_the_clocks() {
        assert_eq!([480, -480, 1200, -18_000 + 480].map(nearest_offset), [0, 0, 0, -18_000].map(Some));
        assert_eq!([19_800 + 60, 20_700 - 60].map(nearest_offset), [19_800, 20_700].map(Some));
        assert_eq!([1799, 15 * 3600, -86_400].map(nearest_offset), [None; 3]);
    }

    #[test]
    fn the_zone_moves_as_the_stretches_do() {
        let spring = [
            stretch("2026-03-08T02:00Z", "2026-03-08T06:59:45Z", -5),
            stretch("2026-03-08T07:00Z", "2026-03-08T11:00Z", -4),
        ];
        assert_eq!(zone_of(&spring), Some(Zone::Named(Tz::America__New_York)));
        assert_eq!(zone_of(&spring[..1]), Some(Zone::Fixed(-5 * 3600)));
        // Two hours earlier: Havana.
        let cuban = [
            stretch("2026-03-08T02:00Z", "2026-03-08T04:59:45Z", -5),
            stretch("2026-03-08T05:00Z", "2026-03-08T11:00Z", -4),
        ];
        assert_eq!(zone_of(&cuban), Some(Zone::Named(Tz::America__Havana)));
        // In the middle of a week no zone moves.
        let never = [
            stretch("2026-03-10T02:00Z", "2026-03-10T06:59:45Z", -5),
            stretch("2026-03-10T07:00Z", "2026-03-10T11:00Z", -4),
        ];
        assert_eq!(zone_of(&never), None);
        assert_eq!(zone_of(&[]), None);
    }
}
