//! What a log's first lines tell about its clock.

use serde::{Deserialize, Serialize};

use super::LogClock;
use super::ages::age_told;
use super::clock::day_of;
use super::envelope::{Stamped, stamped};
use super::offsets::{Stretch, TwoClocks, median, nearest_offset, stretches};
use super::order::{Order, Written};
use crate::intake::lines_of;
use crate::smtp::acceptance_second;
use crate::time::{Stamp, Zone, millis};

/// What a log's first lines tell about its clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// The first stamp of the log, as it stands, and the last that was seen.
    first: Option<Written>,
    last: Option<Written>,
    order: Order,
    /// Whether stamps carry their zone.
    pub zoned: bool,
    /// Whether stamps carry their year.
    pub dated: bool,
    /// A moment near the log's lines, from Gmail's clock, a dated id or a zoned stamp: it
    /// fixes the year.
    #[serde(with = "millis")]
    pub near: Option<Stamp>,
    /// Offset of the log's local time to UTC, in seconds east: by Gmail's clock, else by the
    /// moments inside message ids whose age is told. Only offsets that zones have.
    pub offset_s: Option<i32>,
    /// Whether the offset is by message ids, which date the arrival of a message.
    pub offset_by_ids: bool,
    /// The offset over time.
    pub stretches: Vec<Stretch>,
    /// By how many seconds the log's stamps are ahead of Gmail's clock (zone and skew in one),
    /// and at which moment of Gmail's; the median.
    #[serde(with = "millis")]
    pub off_gmail: Option<(i64, Stamp)>,
    /// Whether lines of one moment stand oldest first, where they tell.
    pub ties_rise: bool,
    /// The host that logged, from the first line.
    pub node: Option<String>,
    /// Whether stamps are finer than a second.
    pub fine: bool,
    /// The zone that the format always writes in, where its stamps do not say it.
    pub always: Option<Zone>,
}

impl Survey {
    /// The survey of records with a moment inside.
    pub(super) fn of_moments() -> Self {
        Self { zoned: true, ..Self::of_local_times() }
    }

    /// The survey of records with dated times in a zone that is not said.
    pub(super) fn of_local_times() -> Self {
        Self { dated: true, ..Self::default() }
    }

    /// Takes the moment of the next record.
    pub(super) fn moment(&mut self, at: Stamp) {
        self.near = self.near.or(Some(at));
        self.written(Written::Moment(at));
    }

    /// Takes the time of the next record, in the zone that is not said.
    pub(super) fn local_time(&mut self, at: Stamp) {
        self.near = self.near.or(Some(at));
        self.written(Written::Local(at));
    }

    /// Takes the earliest time of records that stand in no order, in a zone that is not said.
    pub(super) fn earliest(&mut self, at: Stamp) {
        self.near = Some(at);
        self.first = Some(Written::Local(at));
    }

    /// Takes the stamp of the next line.
    fn written(&mut self, stamp: Written) {
        self.order.then(Order::of(stamp));
        self.first = self.first.or(Some(stamp));
        self.last = Some(stamp);
    }

    /// Whether its lines stand newest first.
    #[must_use]
    pub const fn is_newest_first(&self) -> bool {
        self.order.is_newest_first()
    }

    /// Whether too few of the lines seen differ in time to be sure of their order.
    #[must_use]
    pub const fn is_order_open(&self) -> bool {
        self.order.is_open()
    }

    /// Whether any of its first lines carries a time.
    #[must_use]
    pub const fn has_stamps(&self) -> bool {
        self.first.is_some()
    }

    /// Whether its numbers are such as stamps give: it may have been read from a file.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let is_offset = |seconds: i32| seconds.unsigned_abs() <= 86_400;
        let stamps = [self.first, self.last].into_iter().flatten();
        stamps.into_iter().all(Written::is_sound)
            && self.order.is_sound()
            && self.offset_s.is_none_or(is_offset)
            && self.stretches.iter().all(|stretch| is_offset(stretch.offset_s))
    }

    /// Takes in what a further place of the same log tells of its zone and its order. Places
    /// come as they stand in the file.
    pub fn learn(&mut self, place: Self) {
        self.order.then(place.order);
        self.last = place.last.or(self.last);
        let is_better = self.offset_by_ids && place.offset_s.is_some() && !place.offset_by_ids;
        if self.offset_s.is_none() || is_better {
            (self.offset_s, self.offset_by_ids) = (place.offset_s, place.offset_by_ids);
            self.off_gmail = self.off_gmail.or(place.off_gmail);
            self.stretches = place.stretches;
        } else if self.offset_by_ids == place.offset_by_ids {
            self.stretches.extend(place.stretches);
        }
        if !self.dated {
            self.near = self.near.or(place.near);
        }
    }

    /// How much the stamps tell: their zone, their year, fractions of a second.
    #[must_use]
    pub fn rank(&self) -> u8 {
        u8::from(self.zoned) * 4 + u8::from(self.dated) * 2 + u8::from(self.fine)
    }

    /// When the log begins, by its clock; nothing when its year is unknown.
    #[must_use]
    pub fn begins(&self, clock: &LogClock) -> Option<Stamp> {
        match if self.is_newest_first() { self.last? } else { self.first? } {
            Written::Day(day) => clock.clone().on_day(day),
            Written::Local(local) => Some(clock.clone().zone_less(local)),
            Written::Moment(at) => Some(at),
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
        if let Some(written) = written(stamp) {
            survey.written(written);
        }
        if survey.node.is_none() {
            survey.node = (clues.host)(rest).map(|host| String::from_utf8_lossy(host).into_owned());
        }
        let Some(local) = local.map(Stamp::seconds) else { continue };
        survey.near = survey.near.or(gmail.or(id).map(Stamp::from_seconds));
        by_gmail.extend(gmail.map(|moment| TwoClocks { local, moment }));
        let arrival_and_age = id.zip(age_told(rest));
        by_ids.extend(arrival_and_age.map(|(arrival, age)| TwoClocks { local, moment: arrival + age }));
    }
    survey.two_clocks(&by_gmail, &by_ids);
    survey
}

impl Survey {
    /// Takes the zone and the skew from lines that tell a moment besides their stamp.
    pub(super) fn two_clocks(&mut self, by_gmail: &[TwoClocks], by_ids: &[TwoClocks]) {
        let gmail = median(by_gmail);
        self.off_gmail = gmail.map(|two| (two.off(), Stamp::from_seconds(two.moment)));
        if self.zoned {
            return;
        }
        let offset = |two: Option<TwoClocks>| two.and_then(|two| nearest_offset(two.off()));
        // Only Gmail's clock can contradict the machine's: where it does, ids prove nothing.
        self.offset_by_ids = gmail.is_none() && !by_ids.is_empty();
        let told = if self.offset_by_ids { by_ids } else { by_gmail };
        self.offset_s = offset(median(told));
        self.stretches = stretches(told);
    }
}

fn written(stamp: Stamped<'_>) -> Option<Written> {
    Some(match stamp {
        Stamped::YearLess(text, _) => Written::Day(day_of(text)?),
        Stamped::Day(day, _) => Written::Day(day),
        Stamped::Local(local, _) => Written::Local(local),
        Stamped::Zoned(at, _) | Stamped::Rfc5424(at, _) => Written::Moment(at),
    })
}

/// A year-less local stamp in the year that brings it nearest to a moment.
fn local_near(stamp: Stamped<'_>, second: i64) -> Option<Stamp> {
    stamp.moment(&mut LogClock::new(Zone::UTC, Some(Stamp::from_seconds(second))))
}
