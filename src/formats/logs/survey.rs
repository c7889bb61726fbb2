//! What a log's first lines tell about its clock.

use super::LogClock;
use super::clock::{Day, day_of};
use super::envelope::{Stamped, stamped};
use crate::intake::lines_of;
use crate::smtp::acceptance_second;
use crate::time::{Stamp, Zone};

/// What a log's first lines tell about its clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// The first stamp of the log, as it stands.
    first: Option<First>,
    /// Whether stamps carry their zone.
    pub zoned: bool,
    /// Whether stamps carry their year.
    pub dated: bool,
    /// A moment near the log's lines, from Gmail's clock, a dated id or a zoned stamp: it
    /// fixes the year.
    pub near: Option<Stamp>,
    /// Offset of the log's local time to UTC, in seconds east, rounded to a quarter of an
    /// hour: by Gmail's clock, else by the moments inside message ids.
    pub offset_s: Option<i32>,
    /// Whether the offset is by message ids, which date the arrival of a message.
    pub offset_by_ids: bool,
    /// The host that logged, from the first line.
    pub node: Option<String>,
    /// Whether stamps are finer than a second.
    pub fine: bool,
    /// The zone that the format always writes in, where its stamps do not say it.
    pub always: Option<Zone>,
}

/// A stamp, as far as it tells by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Day(Day),
    Local(Stamp),
    Moment(Stamp),
}

impl Survey {
    /// The survey of records with a moment inside, the first of them here.
    #[must_use]
    pub fn of_moments(first: Option<Stamp>) -> Self {
        let first_moment = first.map(First::Moment);
        Self { first: first_moment, zoned: true, dated: true, near: first, ..Self::default() }
    }

    /// The survey of records with dated times in a zone that is not said.
    #[must_use]
    pub fn of_local_times(first: Option<Stamp>) -> Self {
        Self { first: first.map(First::Local), dated: true, near: first, ..Self::default() }
    }

    /// How much the stamps tell: their zone, their year, fractions of a second.
    #[must_use]
    pub fn rank(&self) -> u8 {
        u8::from(self.zoned) * 4 + u8::from(self.dated) * 2 + u8::from(self.fine)
    }

    /// When the log begins, by its clock; nothing when its year is unknown.
    #[must_use]
    pub fn begins(&self, clock: &LogClock) -> Option<Stamp> {
        match self.first? {
            First::Day(day) => clock.clone().on_day(day),
            First::Local(local) => Some(clock.clone().zone_less(local)),
            First::Moment(at) => Some(at),
        }
    }
}

/// Where a format's lines carry moments beside their stamps.
pub(super) struct Clues {
    /// Takes the stamp off a line.
    pub(super) stamped: for<'a> fn(&'a [u8]) -> Option<Stamped<'a>>,
    /// The host that logged, in what follows the stamp.
    pub(super) host: for<'a> fn(&'a [u8]) -> Option<&'a [u8]>,
    /// The Unix second inside a message's id, where the format has such ids. It is that of
    /// the message's arrival, so the stamp of the line is not before it.
    pub(super) id_second: fn(&[u8]) -> Option<i64>,
}

impl Default for Clues {
    /// Syslog lines, without dated ids.
    fn default() -> Self {
        Self { stamped, host: first_word, id_second: |_| None }
    }
}

/// The zone of the Line Islands, fourteen hours east.
const FARTHEST_ZONE_S: i64 = 14 * 3600;

fn first_word(rest: &[u8]) -> Option<&[u8]> {
    memchr::memchr(b' ', rest).map(|end| &rest[..end])
}

/// Reads the clock of a log of stamped lines. Gmail's clock stands in its acceptances.
pub(super) fn survey(head: &[u8], clues: &Clues) -> Survey {
    let mut survey = Survey::default();
    let (mut by_gmail, mut by_ids) = (Vec::new(), Vec::new());
    for line in lines_of(head) {
        let Some(stamp) = (clues.stamped)(line) else { continue };
        let rest = stamp.rest();
        let gmail = acceptance_second(rest);
        let id = (clues.id_second)(rest);
        let local = match stamp {
            Stamped::Zoned(at, _) | Stamped::Rfc5424(at, _) => {
                (survey.zoned, survey.dated) = (true, true);
                survey.near = survey.near.or(Some(at));
                Some(at)
            }
            Stamped::Local(at, _) => {
                survey.dated = true;
                survey.near = survey.near.or(Some(at));
                Some(at)
            }
            Stamped::YearLess(..) | Stamped::Day(..) => gmail.or(id).and_then(|second| local_near(stamp, second)),
        };
        survey.fine |= local.is_some_and(|at| at.millis() % 1000 != 0);
        survey.first = survey.first.or_else(|| first_of(stamp));
        if survey.node.is_none() {
            survey.node = (clues.host)(rest).map(|host| String::from_utf8_lossy(host).into_owned());
        }
        let Some(local) = local else { continue };
        if let Some(second) = gmail {
            survey.near = survey.near.or(Some(Stamp::from_seconds(second)));
            by_gmail.push(local.seconds() - second);
        }
        if let Some(second) = id {
            survey.near = survey.near.or(Some(Stamp::from_seconds(second)));
            by_ids.push(local.seconds() - second);
        }
    }
    if !survey.zoned {
        let of_gmail = off_gmail(by_gmail);
        // A message waits for its delivery, so the freshest id is nearest to its stamp.
        let of_ids = by_ids.iter().min().map(|least| (least + 60).div_euclid(900) * 900);
        survey.offset_by_ids = of_gmail.is_none() && of_ids.is_some();
        survey.offset_s = of_gmail.or(of_ids).and_then(as_zone);
    }
    survey
}

/// How far a clock is off Gmail's, in seconds: the median of what its acceptances tell.
pub(super) fn off_gmail(mut told: Vec<i64>) -> Option<i64> {
    told.sort_unstable();
    // A quarter of an hour is the grain of time zones; the rest is skew.
    told.get(told.len() / 2).map(|median| (median + 450).div_euclid(900) * 900)
}

/// No zone is farther from UTC: such a clock is wrong, and its log says what it says.
pub(super) fn as_zone(offset: i64) -> Option<i32> {
    i32::try_from(offset).ok().filter(|_| offset.abs() <= FARTHEST_ZONE_S)
}

fn first_of(stamp: Stamped<'_>) -> Option<First> {
    Some(match stamp {
        Stamped::YearLess(text, _) => First::Day(day_of(text)?),
        Stamped::Day(day, _) => First::Day(day),
        Stamped::Local(local, _) => First::Local(local),
        Stamped::Zoned(at, _) | Stamped::Rfc5424(at, _) => First::Moment(at),
    })
}

/// A year-less local stamp in the year that brings it nearest to a moment.
fn local_near(stamp: Stamped<'_>, second: i64) -> Option<Stamp> {
    stamp.moment(&mut LogClock::new(Zone::UTC, Some(Stamp::from_seconds(second))))
}
