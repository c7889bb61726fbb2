//! What a file's first records tell: whether they are of the mapping's source, and their clock.

use super::engine::Judged;
use super::plan::{Plan, Target};
use super::record::Opened;
use super::time::{Moment, ZoneRule};
use super::walk::walk;
use crate::formats::Head;
use crate::formats::logs::offsets::TwoClocks;
use crate::formats::logs::survey::{Clues, survey as survey_of_lines};
use crate::formats::logs::{LogClock, Survey};
use crate::smtp::acceptance_second;
use crate::time::{Stamp, Zone};

/// Records by which a file is recognised.
const RECORDS: usize = 200;

/// How many of a file's first records fit, and how many were looked at.
pub(super) fn fitting(plan: &Plan, head: Head<'_>) -> (usize, usize) {
    let (mut fitting, mut all) = (0, 0);
    // Any year will do.
    let mut clock = LogClock::new(Zone::UTC, Some(Stamp::from_seconds(0)));
    walk(plan, head.bytes, head.whole, &mut clock, &mut |opened| {
        if all >= RECORDS {
            return;
        }
        match opened {
            Opened::Record(record) => {
                all += 1;
                fitting += usize::from(plan.detects(&record));
            }
            Opened::Unmatched(_) => all += 1,
            Opened::Noise(_) => {}
        }
    });
    (fitting, all)
}

/// What the first records tell about the clock.
pub(super) fn survey(plan: &Plan, head: Head<'_>) -> Survey {
    if plan.time.fields.is_empty() {
        return survey_of_lines(head.bytes, &Clues::default());
    }
    let (mut survey, mut earliest) = (Survey::of_local_times(), None::<Stamp>);
    let (mut zoned, mut fine) = (true, false);
    let (mut node, mut by_gmail) = (None, Vec::new());
    let mut clock = LogClock::new(Zone::UTC, None);
    walk(plan, head.bytes, head.whole, &mut clock, &mut |opened| {
        let Opened::Record(record) = opened else { return };
        for element in record.exploded(&plan.explode) {
            let Some(moment) = element.moment(&plan.time) else { continue };
            zoned &= matches!(moment, Moment::At(_));
            let reading = moment.reading();
            fine |= reading.millis() % 1000 != 0;
            if plan.unordered {
                earliest = Some(earliest.map_or(reading, |known| known.min(reading)));
            } else {
                survey.local_time(reading);
            }
            let Judged::Attempt(mapped) = plan.judge(&element) else { continue };
            if let (Moment::Local(local), Some(moment)) = (moment, acceptance_second(&mapped.reply)) {
                by_gmail.push(TwoClocks { local: local.seconds(), moment });
            }
            let name = mapped.values.get(Target::Node);
            if node.is_none() && !name.is_empty() {
                node = Some(String::from_utf8_lossy(name).into_owned());
            }
        }
    });
    if let Some(earliest) = earliest {
        survey.earliest(earliest);
    }
    // The reading of a moment is that of UTC.
    survey.zoned = zoned;
    if let (false, ZoneRule::Always(zone)) = (zoned, plan.time.zone) {
        survey.always = Some(zone);
    } else if !zoned {
        survey.two_clocks(&by_gmail, &[]);
    }
    survey.node = node;
    survey.fine = plan.time.fine.unwrap_or(fine);
    survey
}
