//! Whether a log stands oldest first or newest first, by its stamps.

use serde::{Deserialize, Serialize};

use super::clock::Day;
use crate::time::{Stamp, millis};

/// A stamp, as far as it tells by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Written {
    Day(Day),
    Local(#[serde(with = "millis")] Stamp),
    Moment(#[serde(with = "millis")] Stamp),
}

impl Written {
    /// Whether a line may bear it.
    pub(super) fn is_sound(self) -> bool {
        match self {
            Self::Day(day) => day.month <= 12 && day.day <= 31 && (0..DAY_MS).contains(&day.millis),
            Self::Local(_) | Self::Moment(_) => true,
        }
    }
}

/// How stamps move from line to line. Those of the parts of a file, one after another, are
/// those of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    reach: Option<Reach>,
    /// Lines above the one before them, and below it, in time.
    rises: u32,
    falls: u32,
    /// The farthest that any line stands above an earlier one, and below it; in milliseconds.
    climb: i64,
    drop: i64,
}

/// Milliseconds since some moment; of stamps without a year, in a year of twelve months of
/// 31 days: only the order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reach {
    first: i64,
    last: i64,
    lowest: i64,
    highest: i64,
    has_year: bool,
}

const DAY_MS: i64 = 86_400_000;
const YEAR_MS: i64 = 12 * 31 * DAY_MS;

/// Lines of one log overtake each other by so much, in milliseconds.
const OVERTAKEN_MS: i64 = 120_000;

/// A local clock is put back by so much in autumn.
const HOUR_MS: i64 = 3_600_000;

/// Steps below which more of the file had better be looked at: a busy second fills a head.
const FEW_STEPS: u32 = 16;

impl Order {
    /// Of one stamp.
    pub(super) fn of(stamp: Written) -> Self {
        let (at, has_year) = match stamp {
            Written::Day(day) => (i64::from(day.month * 31 + day.day) * DAY_MS + day.millis, false),
            Written::Local(at) | Written::Moment(at) => (at.millis(), true),
        };
        Self { reach: Some(Reach { first: at, last: at, lowest: at, highest: at, has_year }), ..Self::default() }
    }

    /// Goes on with what follows in the file.
    pub(super) fn then(&mut self, next: Self) {
        let (Some(here), Some(there)) = (self.reach, next.reach) else {
            *self = if self.reach.is_none() { next } else { *self };
            return;
        };
        let there = there.in_the_year_nearest_to(here);
        self.rises += next.rises + u32::from(there.first > here.last);
        self.falls += next.falls + u32::from(there.first < here.last);
        self.climb = self.climb.max(next.climb).max(there.highest - here.lowest);
        self.drop = self.drop.max(next.drop).max(here.highest - there.lowest);
        self.reach = Some(Reach {
            first: here.first,
            last: there.last,
            lowest: here.lowest.min(there.lowest),
            highest: here.highest.max(there.highest),
            has_year: here.has_year,
        });
    }

    /// Whether lines may stand so.
    pub(super) fn is_sound(&self) -> bool {
        const FARTHEST: u64 = 1 << 60;
        let reach = self.reach.map(|r| [r.first, r.last, r.lowest, r.highest]);
        let ways = reach.into_iter().flatten().chain([self.climb, self.drop]);
        ways.into_iter().all(|ms| ms.unsigned_abs() <= FARTHEST) && self.rises.max(self.falls) <= u32::MAX / 2
    }

    /// Whether too few lines differ in time to be sure of more than a few late ones.
    pub(super) const fn is_open(&self) -> bool {
        self.rises + self.falls < FEW_STEPS
    }

    /// Whether the lines stand newest first. Where they are meant to rise, a fall is an
    /// exception: a line that was overtaken, an hour that repeats, a clock put right. Where
    /// writers jostle, it is how far the lines move that tells.
    pub(super) const fn is_newest_first(&self) -> bool {
        let falling = self.falls > self.rises * 8 || self.falls * 2 > self.rises && self.drop > self.climb * 8;
        // The fewer the falls, the farther they must go to be no exception.
        let enough = match self.falls {
            0 => false,
            1 => self.drop > HOUR_MS + OVERTAKEN_MS,
            2 => self.drop > OVERTAKEN_MS,
            _ => true,
        };
        falling && enough
    }
}

impl Reach {
    /// The same lines in the year that brings them nearest to those before: December stands
    /// next to January.
    fn in_the_year_nearest_to(self, before: Self) -> Self {
        if self.has_year {
            return self;
        }
        let by = ((before.last - self.first) as f64 / YEAR_MS as f64).round() as i64 * YEAR_MS;
        let Self { first, last, lowest, highest, has_year } = self;
        Self { first: first + by, last: last + by, lowest: lowest + by, highest: highest + by, has_year }
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::day_of;
    use super::*;

    /// The order of lines at these seconds.
    fn order(seconds: &[i64]) -> Order {
        let mut order = Order::default();
        for second in seconds {
            order.then(Order::of(Written::Local(Stamp::from_seconds(*second))));
        }
        order
    }

    fn is_newest_first(seconds: &[i64]) -> bool {
        order(seconds).is_newest_first()
    }

    #[test]
    fn a_few_late_lines_turn_nothing_round() {
        // Late by seconds, and by an hour; an hour that repeats; a clock that was put right.
        assert!(!is_newest_first(&[100, 101, 99, 102, 98, 103, 97, 104]));
        assert!(!is_newest_first(&[5000, 1000, 5001, 900, 5002, 800, 5003]));
        assert!(!is_newest_first(&[3600, 3700, 100, 200, 300]));
        assert!(!is_newest_first(&[90_000, 100, 101, 102]));
        // Two lines, one of them late; lines of one second; none.
        assert!(!is_newest_first(&[7200, 3650]) && !is_newest_first(&[100, 99, 98]));
        assert!(!is_newest_first(&[7, 7, 7, 7, 7]) && !is_newest_first(&[]));
    }

    #[test]
    fn a_log_that_stands_newest_first_is_known_by_few_lines_and_by_many() {
        assert!(is_newest_first(&[9000, 9000, 9000, 5000]));
        assert!(is_newest_first(&[500, 500, 400, 400, 370]));
        assert!(is_newest_first(&[104, 103, 103, 103, 102, 101]));
        // An hour that repeats, from its end: a single long rise.
        let autumn: Vec<i64> = (0..40).map(|n| 9000 - n * 60).chain((0..40).map(|n| 9000 + 1200 - n * 60)).collect();
        assert!(is_newest_first(&autumn));
    }

    #[test]
    fn writers_that_jostle_are_told_by_how_far_their_lines_move() {
        // Every second line, and every third, three seconds behind: as many steps back as forth.
        for every in [2, 3] {
            let mut seconds: Vec<i64> = (0..200).map(|n| n * 2 - if n % every == 0 { 3 } else { 0 }).collect();
            assert!(order(&seconds).falls > 50 && !is_newest_first(&seconds));
            seconds.reverse();
            assert!(order(&seconds).rises > 50 && is_newest_first(&seconds));
        }
        // A clock that was days ahead until it was put right.
        let wrong: Vec<i64> = (0..9).chain((0..200).map(|n| n * 2 - n % 2 * 3 - 400_000)).collect();
        assert!(order(&wrong).drop > order(&wrong).climb * 8 && !is_newest_first(&wrong[..20]));
    }

    #[test]
    fn the_new_year_is_a_step_of_a_second() {
        let read = |stamps: &[&[u8; 15]]| {
            let mut order = Order::default();
            for day in stamps.iter().filter_map(|stamp| day_of(stamp)) {
                order.then(Order::of(Written::Day(day)));
            }
            order
        };
        let night = [b"Dec 31 23:00:00", b"Dec 31 23:59:59", b"Jan  1 00:00:00", b"Jan  1 01:00:00"];
        let mut turned = night;
        turned.reverse();
        assert!(!read(&night).is_newest_first() && read(&night).drop == 0);
        assert!(read(&turned).is_newest_first() && read(&turned).drop == 2 * HOUR_MS, "{:?}", read(&turned));
    }

    #[test]
    fn parts_of_a_file_are_the_file() {
        let seconds: Vec<i64> = (0..50).map(|n| (n * 37) % 91).collect();
        for cut in 0..seconds.len() {
            let mut parts = order(&seconds[..cut]);
            parts.then(order(&seconds[cut..]));
            assert_eq!(parts, order(&seconds), "{cut}");
        }
    }
}
