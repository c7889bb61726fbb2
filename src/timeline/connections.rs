//! Open sessions, estimated: session time in five-second slots, divided by the slot.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{Connections, Timeline};
use crate::scan::{BUSY_SLOTS, EgressId};
use crate::smtp::Lane;
use crate::time::Minute;

type Slots = [u32; BUSY_SLOTS];

/// Session milliseconds by slot, as a tally holds them.
type Busy = FxHashMap<(Minute, Lane, EgressId), Slots>;

/// The largest five-second mean of each minute. Failed tries at other MX hosts
/// state no duration and are left out, so this is a lower estimate under failure.
pub(super) fn estimate(busy: Busy, timeline: &Timeline) -> Connections {
    let rows: BTreeMap<_, _> = timeline.egresses.iter().enumerate().map(|(i, row)| (&row.of, i)).collect();
    // By row and position on the grid: several names may stand for one row.
    let mut placed: Vec<(usize, usize, &Slots)> = Vec::new();
    for ((minute, lane, egress), slots) in &busy {
        let row = timeline.place(*egress).and_then(|place| rows.get(place)).copied();
        if let Some(at) = timeline.window.index(*minute).filter(|_| *lane == Lane::GMAIL) {
            placed.push((row.unwrap_or(usize::MAX), at, slots));
        }
    }
    if placed.is_empty() {
        return Connections::default();
    }
    placed.sort_unstable_by_key(|(row, at, _)| (*row, *at));
    let nothing = vec![None; timeline.window.len()];
    let (mut all, mut by_egress) = (vec![None; nothing.len()], vec![nothing; timeline.egresses.len()]);
    for same in placed.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let (row, at, _) = same[0];
        let mut sum = [0_u64; BUSY_SLOTS];
        same.iter().for_each(|(.., slots)| add(&mut sum, slots));
        add(all[at].get_or_insert([0; BUSY_SLOTS]), &sum);
        if let Some(row) = by_egress.get_mut(row) {
            row[at] = Some(largest(&sum));
        }
    }
    Connections { all: all.iter().map(|slots| slots.as_ref().map(largest)).collect(), by_egress }
}

fn add<N: Copy + Into<u64>>(slots: &mut [u64; BUSY_SLOTS], busy: &[N; BUSY_SLOTS]) {
    for (a, b) in slots.iter_mut().zip(busy) {
        *a += (*b).into();
    }
}

fn largest(slots: &[u64; BUSY_SLOTS]) -> f64 {
    const SLOT_MS: f64 = 60_000.0 / BUSY_SLOTS as f64;
    slots.iter().copied().max().unwrap_or_default() as f64 / SLOT_MS
}
