//! Files that hold the same lines: rotations that overlap, copies, one log in two
//! envelopes, a filtered copy beside the whole.
//!
//! A file whose lines another file holds is left out; of two files with the same lines the
//! better envelope is read. Where a file only overlaps the ones before it, lines are
//! compared minute by minute: a minute that is equal line for line is skipped, and in the
//! others each line of the one answers for one equal line of the other. Inside one file no
//! line is a repeat: two equal lines in one second are two events.
//!
//! The comparison reads samples of line prints ([`Prints`]), so its memory is bounded.

use std::collections::{BTreeMap, BTreeSet};

use crate::formats::logs::{Prints, Pulse};
use crate::time::{Minute, Stamp, Window};

/// One file, as far as the comparison looks.
pub(super) struct View<'a> {
    /// Files of one format are compared.
    pub(super) format: &'a str,
    /// How much its stamps tell; higher is better.
    pub(super) rank: u8,
    /// Its first stamp.
    pub(super) begins: Option<Stamp>,
    /// Lines that carried a time, by minute.
    pub(super) heard: &'a BTreeMap<Minute, Pulse>,
    /// A sample of their prints.
    pub(super) prints: &'a Prints,
}

/// What is done with one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// It is read.
    Read,
    /// It is left out: that file (by position) holds its lines, so many minutes earlier.
    Leave { of: usize, later_by: i32 },
    /// It is read without the lines that files before it hold.
    Skip(Vec<Shared>),
}

/// What a file shares with one that is read before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shared {
    /// The other file, by position.
    pub(super) of: usize,
    /// Minutes that both hold line for line.
    pub(super) equal: BTreeSet<Minute>,
    /// Minutes of which both hold some lines.
    pub(super) partly: BTreeSet<Minute>,
}

/// Share of a file's sampled lines that another must hold to stand for it. Envelopes
/// escape a few characters in different ways, so not quite all.
const STANDS_FOR: f64 = 0.97;

/// Share of the sampled lines of common minutes that make an overlap of rotations. Logs of
/// different machines share next to none: process ids and queue ids differ.
const OVERLAPS: f64 = 0.1;

/// Equal lines below which nothing is concluded.
const FEWEST: usize = 3;

/// Compares all files; one plan for each, in their order.
pub(super) fn plan(views: &[View<'_>]) -> Vec<Plan> {
    let mut plans: Vec<Plan> = views.iter().map(|_| Plan::Read).collect();
    // The better file first; of equals the first.
    let lines = |v: &View<'_>| v.heard.values().map(|p| p.lines).sum::<u64>();
    let mut order: Vec<usize> = (0..views.len()).filter(|n| lines(&views[*n]) > 0).collect();
    order.sort_by_key(|n| (std::cmp::Reverse((views[*n].rank, lines(&views[*n]))), *n));
    for (place, &n) in order.iter().enumerate() {
        let better = order[..place].iter().map(|o| (*o, true));
        let worse = order[place + 1..].iter().map(|o| (*o, false));
        let found = better.chain(worse).filter(|(o, _)| plans[*o] == Plan::Read).find_map(|(other, is_better)| {
            let (mine, its, later_by) = share(&views[n], &views[other])?;
            // Of two files with the same lines the worse goes; else the smaller.
            let goes = mine >= STANDS_FOR && (is_better || its < STANDS_FOR);
            goes.then_some(Plan::Leave { of: other, later_by })
        });
        if let Some(leave) = found {
            plans[n] = leave;
        }
    }
    let mut read: Vec<usize> = (0..views.len()).filter(|n| plans[*n] == Plan::Read && lines(&views[*n]) > 0).collect();
    // The file that begins first is read whole, to its end: the next one goes on from there.
    read.sort_by_key(|n| (views[*n].heard.keys().next().copied(), views[*n].begins, *n));
    for (place, &n) in read.iter().enumerate() {
        let shared: Vec<_> = read[..place].iter().filter_map(|o| overlap(&views[n], &views[*o], *o)).collect();
        if !shared.is_empty() {
            plans[n] = Plan::Skip(shared);
        }
    }
    plans
}

fn span(view: &View<'_>) -> Option<Window> {
    Some(Window::new(*view.heard.keys().next()?, view.heard.keys().next_back()?.plus(1)))
}

/// How large a share of the one's lines the other holds, the same for the other, and how
/// many minutes later the one's stand. Nothing when they have next to nothing in common.
fn share(one: &View<'_>, other: &View<'_>) -> Option<(f64, f64, i32)> {
    if one.format != other.format {
        return None;
    }
    // By the minute: two ways to log one line may disagree about its second.
    let by_minute = |prints: Vec<(i64, u64)>| -> Vec<(Minute, u64)> {
        prints.into_iter().map(|(second, print)| (Stamp::from_seconds(second).minute(), print)).collect()
    };
    let (mut mine, mut its) = (by_minute(one.prints.like(other.prints)), by_minute(other.prints.like(one.prints)));
    mine.sort_unstable();
    its.sort_unstable();
    if mine.is_empty() || its.is_empty() {
        return None;
    }
    let by_print: BTreeMap<u64, Minute> = its.iter().map(|(minute, print)| (*print, *minute)).collect();
    // A few lines tell whether it is worth to compare all.
    let step = mine.len().div_ceil(64);
    if !mine.iter().step_by(step).any(|(_, print)| by_print.contains_key(print)) {
        return None;
    }
    let mut shifts: BTreeMap<i32, usize> = BTreeMap::new();
    for (minute, print) in &mine {
        if let Some(its) = by_print.get(print) {
            *shifts.entry(minute.since(*its)).or_default() += 1;
        }
    }
    let (later_by, _) = shifts.into_iter().max_by_key(|(shift, n)| (*n, *shift == 0, -shift.abs()))?;
    for (minute, _) in &mut mine {
        *minute = minute.plus(-later_by);
    }
    let common = common(&mine, &its);
    (common >= FEWEST.min(mine.len()))
        .then(|| (common as f64 / mine.len() as f64, common as f64 / its.len() as f64, later_by))
}

/// How many of the one's sorted prints the other holds too, each once.
fn common<T: Ord>(one: &[T], other: &[T]) -> usize {
    let (mut i, mut k, mut found) = (0, 0, 0);
    while let (Some(a), Some(b)) = (one.get(i), other.get(k)) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => k += 1,
            std::cmp::Ordering::Equal => (i, k, found) = (i + 1, k + 1, found + 1),
        }
    }
    found
}

/// The minutes that a file shares with one that is read before it.
fn overlap(one: &View<'_>, other: &View<'_>, of: usize) -> Option<Shared> {
    let (a, b) = (span(one)?, span(other)?);
    let both = Window::new(a.from.max(b.from), a.to.min(b.to));
    if one.format != other.format || both.is_empty() {
        return None;
    }
    // By the second: in a minute a process says the same thing again and again.
    let inside = |prints: Vec<(i64, u64)>| -> Vec<(i64, u64)> {
        prints.into_iter().filter(|(second, _)| both.contains(Stamp::from_seconds(*second).minute())).collect()
    };
    let (mine, its) = (inside(one.prints.like(other.prints)), inside(other.prints.like(one.prints)));
    let common = common(&mine, &its);
    if common < FEWEST || (common as f64) < OVERLAPS * mine.len().min(its.len()) as f64 {
        return None;
    }
    let mut shared = Shared { of, equal: BTreeSet::new(), partly: BTreeSet::new() };
    for (minute, pulse) in one.heard.range(both.from..both.to) {
        match other.heard.get(minute) {
            Some(its) if its == pulse => shared.equal.insert(*minute),
            Some(_) => shared.partly.insert(*minute),
            None => false,
        };
    }
    Some(shared)
}
