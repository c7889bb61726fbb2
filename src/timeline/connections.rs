//! Open sessions, estimated: session time in five-second slots, divided by the slot.

use std::collections::BTreeMap;

use super::{Connections, Timeline};
use crate::scan::{BUSY_SLOTS, Tally};
use crate::smtp::Lane;
use crate::time::Minute;

type Slots = [u64; BUSY_SLOTS];

/// The largest five-second mean of each minute. Failed tries at other MX hosts
/// state no duration and are left out, so this is a lower estimate under failure.
pub(super) fn estimate(tally: &Tally, timeline: &Timeline) -> Connections {
    let mut all: BTreeMap<Minute, Slots> = BTreeMap::new();
    let mut by_egress: Vec<BTreeMap<Minute, Slots>> = vec![BTreeMap::new(); timeline.egresses.len()];
    for ((minute, lane, egress), busy) in &tally.busy {
        if *lane != Lane::GMAIL {
            continue;
        }
        add(all.entry(*minute).or_default(), busy);
        let row = timeline.place(*egress).and_then(|p| timeline.egresses.iter().position(|r| r.of == *p));
        if let Some(own) = row.and_then(|i| by_egress.get_mut(i)) {
            add(own.entry(*minute).or_default(), busy);
        }
    }
    if all.is_empty() {
        return Connections::default();
    }
    let on_grid = |slots: &BTreeMap<Minute, Slots>| timeline.window.minutes().map(|m| largest(slots.get(&m))).collect();
    Connections { all: on_grid(&all), by_egress: by_egress.iter().map(on_grid).collect() }
}

fn add(slots: &mut Slots, busy: &[u32; BUSY_SLOTS]) {
    for (a, b) in slots.iter_mut().zip(busy) {
        *a += u64::from(*b);
    }
}

fn largest(slots: Option<&Slots>) -> Option<f64> {
    const SLOT_MS: f64 = 60_000.0 / BUSY_SLOTS as f64;
    Some(slots?.iter().copied().max().unwrap_or_default() as f64 / SLOT_MS)
}
