//! Attempts counted under the number of their kind.
//!
//! A minute has few kinds of attempts and many attempts. Each costs the look-up of its kind and
//! some additions; the maps of the tally are written when the minute is over, once for each kind
//! that it had.

use rustc_hash::FxHashMap;

use super::{Axis, BUSY_SLOTS, CellKey, EgressId, MxId, Tally, What};
use crate::formats::logs::Event;
use crate::intake::Exhibit;
use crate::smtp::{Lane, TlsUse};
use crate::time::{Minute, Stamp};

/// A kind of attempt in one file: from where, to where, and what became of it.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) exhibit: Exhibit,
    pub(super) lane: Lane,
    pub(super) egress: EgressId,
    /// On the Gmail lane; elsewhere hosts are not told apart.
    pub(super) mx: MxId,
    pub(super) what: What,
}

/// The number of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct KindId(u32);

/// The kinds of attempts that were seen, and their counts.
#[derive(Default)]
pub(super) struct Kinds {
    /// By the kind in two numbers: its fields one by one take ten times as long to hash.
    numbers: FxHashMap<(u64, u64), KindId>,
    counted: Vec<Counted>,
    /// The minute being counted, and the kinds that it had so far.
    minute: Option<Minute>,
    touched: Vec<KindId>,
}

/// What is known of one kind.
struct Counted {
    kind: Kind,
    /// Attempts, and milliseconds of sessions by slot, in the minute being counted.
    attempts: u64,
    busy: [u32; BUSY_SLOTS],
    /// Attempts and recipients of the minutes before.
    total: u64,
    recipients: u64,
    /// The last difference to Gmail's clock, and how often it was seen in a row.
    skew: (i32, u64),
    /// A minute of which an attempt of this moment, or an earlier one, was kept with its lines.
    kept: Option<(Minute, Stamp)>,
}

impl Kinds {
    /// The number of a kind.
    pub(super) fn number(&mut self, kind: Kind) -> KindId {
        let next = KindId(self.counted.len() as u32);
        let number = *self.numbers.entry(kind.packed()).or_insert(next);
        if number == next {
            self.counted.push(Counted {
                kind,
                attempts: 0,
                busy: [0; BUSY_SLOTS],
                total: 0,
                recipients: 0,
                skew: (0, 0),
                kept: None,
            });
        }
        number
    }

    /// The kind of a number.
    pub(super) fn kind(&self, number: KindId) -> Option<Kind> {
        self.counted.get(number.0 as usize).map(|counted| counted.kind)
    }

    /// Counts an attempt.
    pub(super) fn count(&mut self, number: KindId, event: &Event<'_>, tally: &mut Tally) {
        let minute = event.at.minute();
        if self.minute != Some(minute) {
            self.end_minute(tally);
            self.minute = Some(minute);
        }
        let Some(counted) = self.counted.get_mut(number.0 as usize) else { return };
        if counted.attempts == 0 {
            self.touched.push(number);
        }
        counted.attempts += u64::from(event.weight);
        counted.recipients += u64::from(event.recipients);
        counted.add_busy(event, minute, tally);
    }

    /// Counts by how much the log's clock is ahead of Gmail's.
    pub(super) fn count_skew(&mut self, number: KindId, seconds: i32, tally: &mut Tally) {
        let Some(counted) = self.counted.get_mut(number.0 as usize) else { return };
        if counted.skew.0 != seconds {
            counted.end_skew(tally);
            counted.skew.0 = seconds;
        }
        counted.skew.1 += 1;
    }

    /// Whether an attempt of this kind was kept with its lines that an event comes too late for.
    pub(super) fn is_late(&self, number: KindId, event: &Event<'_>) -> bool {
        let kept = self.counted.get(number.0 as usize).and_then(|counted| counted.kept);
        kept.is_some_and(|(minute, at)| event.at > at && event.at.minute() == minute)
    }

    /// An attempt of this moment was kept with its lines.
    pub(super) fn kept(&mut self, number: KindId, at: Stamp) {
        if let Some(counted) = self.counted.get_mut(number.0 as usize) {
            counted.kept = Some((at.minute(), at));
        }
    }

    /// Writes the counts of the minute.
    fn end_minute(&mut self, tally: &mut Tally) {
        let Some(minute) = self.minute else { return };
        for number in self.touched.drain(..) {
            if let Some(counted) = self.counted.get_mut(number.0 as usize) {
                counted.end_minute(minute, tally);
            }
        }
    }

    /// Writes all counts.
    pub(super) fn end(&mut self, tally: &mut Tally) {
        self.end_minute(tally);
        for counted in &mut self.counted {
            counted.end_skew(tally);
            let Kind { exhibit, lane, egress, what, .. } = counted.kind;
            let file = tally.files.entry(exhibit).or_default();
            *file.outcomes.entry(what.outcome).or_default() += counted.total;
            *tally.recipients.entry((lane, what.outcome)).or_default() += counted.recipients;
            if what.tls == TlsUse::Established {
                *tally.established.entry(egress).or_default() += counted.total;
            }
        }
    }
}

impl Kind {
    fn packed(self) -> (u64, u64) {
        let what = self.what;
        let category = what.category.map_or(u8::MAX, |category| category as u8);
        let bytes = [
            what.outcome as u8,
            what.by as u8,
            what.stage as u8,
            what.tls as u8,
            category,
            u8::from(what.shut),
            what.sublane as u8,
            u8::from(what.failed),
        ];
        let [exhibit, egress, mx] = [self.exhibit.0, self.egress.0, self.mx.0].map(u64::from);
        (u64::from_le_bytes(bytes), exhibit | egress << 16 | mx << 32 | u64::from(self.lane.0) << 48)
    }
}

impl Counted {
    /// Spreads the session's duration over five-second slots, on the lane whose open sessions are estimated.
    fn add_busy(&mut self, event: &Event<'_>, minute: Minute, tally: &mut Tally) {
        let Some(lasted) = event.lasted_ms.filter(|_| self.kind.lane == Lane::GMAIL) else { return };
        const SLOT_MS: i64 = MINUTE_MS / BUSY_SLOTS as i64;
        let (begins, end) = (minute.start().millis(), event.at.millis());
        let mut at = end - i64::from(lasted);
        while at < end {
            // Most sessions lie in the minute in which they end.
            let into = at - begins;
            let into = if (0..MINUTE_MS).contains(&into) { into } else { at.rem_euclid(MINUTE_MS) };
            let until = end.min(at - into % SLOT_MS + SLOT_MS);
            let here = Stamp::from_millis(at);
            let slots = if at >= begins {
                &mut self.busy
            } else {
                tally.busy.entry((here.minute(), self.kind.lane, self.kind.egress)).or_default()
            };
            if let Some(ms) = slots.get_mut((into / SLOT_MS) as usize) {
                *ms = ms.saturating_add((until - at) as u32);
            }
            at = until;
        }
    }

    fn end_minute(&mut self, minute: Minute, tally: &mut Tally) {
        let Kind { exhibit, lane, egress, mx, what } = self.kind;
        let axes = [Some(Axis::Egress(egress)), (lane == Lane::GMAIL).then_some(Axis::Mx(mx))];
        for axis in axes.into_iter().flatten() {
            let n = tally.cells.entry(CellKey { minute, lane, axis, what }).or_insert_with(|| {
                tally.told.insert((axis, lane, exhibit));
                0
            });
            *n += self.attempts;
        }
        self.total += std::mem::take(&mut self.attempts);
        let busy = std::mem::take(&mut self.busy);
        if busy != [0; BUSY_SLOTS] {
            let slots = tally.busy.entry((minute, lane, egress)).or_default();
            for (all, ms) in slots.iter_mut().zip(busy) {
                *all = all.saturating_add(ms);
            }
        }
    }

    fn end_skew(&mut self, tally: &mut Tally) {
        let (seconds, times) = std::mem::take(&mut self.skew);
        if times > 0 {
            *tally.skew.entry((self.kind.egress, seconds)).or_default() += times;
        }
    }
}

const MINUTE_MS: i64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::{By, Outcome, Stage, Sublane};

    #[test]
    fn minutes_are_counted_whatever_their_order() {
        let what = What {
            outcome: Outcome::Deferral,
            by: By::Receiver,
            stage: Stage::Mail,
            tls: TlsUse::Established,
            category: None,
            shut: false,
            sublane: Sublane::None,
            failed: false,
        };
        let kind = Kind { exhibit: Exhibit(1), lane: Lane::GMAIL, egress: EgressId(0), mx: MxId(0), what };
        let (mut kinds, mut tally) = (Kinds::default(), Tally::default());
        let number = kinds.number(kind);
        // Second of the end, and how long the session had lasted by then.
        for (second, lasted_ms) in [(61, 3000), (3, 0), (62, 1000), (185, 130_000), (65, 5000)] {
            let at = Stamp::from_seconds(second);
            kinds.count(number, &Event { lasted_ms: Some(lasted_ms), ..Event::at(at, Exhibit(1), 1) }, &mut tally);
        }
        kinds.end(&mut tally);
        let cell =
            |axis, minute| tally.cells.get(&CellKey { minute: Minute::new(minute), lane: kind.lane, axis, what });
        for axis in [Axis::Egress(EgressId(0)), Axis::Mx(MxId(0))] {
            assert_eq!([0, 1, 2, 3].map(|minute| cell(axis, minute).copied()), [Some(1), Some(3), None, Some(1)]);
        }
        let busy = |minute| tally.busy.get(&(Minute::new(minute), kind.lane, kind.egress)).copied().unwrap_or_default();
        let mut first = [0; BUSY_SLOTS];
        // 58 to 61, 61 to 62, 55 to 185 and 60 to 65 seconds.
        first[11] = 2000 + 5000;
        assert_eq!(busy(0), first);
        let mut second = [5000; BUSY_SLOTS];
        second[0] += 1000 + 1000 + 5000;
        assert_eq!((busy(1), busy(2)), (second, [5000; BUSY_SLOTS]));
        assert_eq!(busy(3)[..2], [5000, 0]);
        assert_eq!((tally.established[&EgressId(0)], tally.recipients[&(Lane::GMAIL, Outcome::Deferral)]), (5, 5));
    }
}
