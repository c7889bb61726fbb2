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
use std::ops::Range;

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
    /// The scan that read it elsewhere: the files of one were compared there.
    pub(super) batch: Option<&'a str>,
}

impl View<'_> {
    fn was_compared_with(&self, other: &Self) -> bool {
        self.batch.is_some() && self.batch == other.batch
    }
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

/// One file's sample, in the orders in which it is looked at: files are compared each with
/// each, so a comparison that finds nothing must cost next to nothing.
struct Sample<'a> {
    view: &'a View<'a>,
    /// Second and print of each line, sorted.
    by_time: Vec<(i64, u64)>,
    /// The prints alone, sorted.
    by_print: Vec<u64>,
}

impl<'a> Sample<'a> {
    fn of(view: &'a View<'a>) -> Self {
        let by_time = view.prints.sorted();
        let mut by_print: Vec<u64> = by_time.iter().map(|(_, print)| *print).collect();
        by_print.sort_unstable();
        Self { view, by_time, by_print }
    }

    /// The prints of which another file's sample would hold as many, inside some seconds.
    fn like<'s>(&'s self, other: &Self, seconds: Range<i64>) -> impl Iterator<Item = (i64, u64)> + 's {
        let bits = self.view.prints.bits().max(other.view.prints.bits());
        let from = self.by_time.partition_point(|(second, _)| *second < seconds.start);
        let to = self.by_time.partition_point(|(second, _)| *second < seconds.end).max(from);
        self.by_time[from..to].iter().copied().filter(move |(_, print)| print.trailing_zeros() >= bits)
    }

    /// By the minute: two ways to log one line may disagree about its second.
    fn by_minute(&self, other: &Self) -> Vec<(Minute, u64)> {
        let minutes = self.like(other, ALWAYS).map(|(second, print)| (Stamp::from_seconds(second).minute(), print));
        let mut minutes: Vec<_> = minutes.collect();
        minutes.sort_unstable();
        minutes
    }

    /// Whether it is worth to compare all: some of a few lines are in the other file too.
    fn resembles(&self, other: &Self) -> bool {
        let step = self.like(other, ALWAYS).count().div_ceil(64).max(1);
        self.like(other, ALWAYS).step_by(step).any(|(_, print)| other.by_print.binary_search(&print).is_ok())
    }
}

const ALWAYS: Range<i64> = i64::MIN..i64::MAX;

/// Compares all files; one plan for each, in their order.
pub(super) fn plan(views: &[View<'_>]) -> Vec<Plan> {
    let samples: Vec<Sample<'_>> = views.iter().map(Sample::of).collect();
    let mut plans: Vec<Plan> = views.iter().map(|_| Plan::Read).collect();
    // The better file first; of equals the first.
    let lines = |v: &View<'_>| v.heard.values().map(|p| p.lines).sum::<u64>();
    let mut order: Vec<usize> = (0..views.len()).filter(|n| lines(&views[*n]) > 0).collect();
    order.sort_by_key(|n| (std::cmp::Reverse((views[*n].rank, lines(&views[*n]))), *n));
    for (place, &n) in order.iter().enumerate() {
        let better = order[..place].iter().map(|o| (*o, true));
        let worse = order[place + 1..].iter().map(|o| (*o, false));
        let found = better.chain(worse).filter(|(o, _)| plans[*o] == Plan::Read).find_map(|(other, is_better)| {
            let (mine, its, later_by) = share(&samples[n], &samples[other])?;
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
        let shared: Vec<_> = read[..place].iter().filter_map(|o| overlap(&samples[n], &samples[*o], *o)).collect();
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
fn share(one: &Sample<'_>, other: &Sample<'_>) -> Option<(f64, f64, i32)> {
    if one.view.format != other.view.format || one.view.was_compared_with(other.view) || !one.resembles(other) {
        return None;
    }
    let (mut mine, its) = (one.by_minute(other), other.by_minute(one));
    if mine.is_empty() || its.is_empty() {
        return None;
    }
    let by_print: BTreeMap<u64, Minute> = its.iter().map(|(minute, print)| (*print, *minute)).collect();
    let mut shifts: BTreeMap<i32, usize> = BTreeMap::new();
    for (minute, print) in &mine {
        if let Some(its) = by_print.get(print) {
            // So that it can be turned round.
            *shifts.entry(minute.since(*its).max(-i32::MAX)).or_default() += 1;
        }
    }
    let (later_by, _) = shifts.into_iter().max_by_key(|(shift, n)| (*n, *shift == 0, -shift.abs()))?;
    for (minute, _) in &mut mine {
        *minute = minute.plus(-later_by);
    }
    let common = common(mine.iter(), its.iter());
    (common >= FEWEST.min(mine.len()))
        .then(|| (common as f64 / mine.len() as f64, common as f64 / its.len() as f64, later_by))
}

/// How many of the one's sorted prints the other holds too, each once.
fn common<T: Ord>(one: impl Iterator<Item = T>, other: impl Iterator<Item = T>) -> usize {
    let (mut one, mut other, mut found) = (one.peekable(), other.peekable(), 0);
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        let order = a.cmp(b);
        found += usize::from(order.is_eq());
        if order.is_le() {
            one.next();
        }
        if order.is_ge() {
            other.next();
        }
    }
    found
}

/// The minutes that a file shares with one that is read before it.
fn overlap(one: &Sample<'_>, other: &Sample<'_>, of: usize) -> Option<Shared> {
    let (a, b) = (span(one.view)?, span(other.view)?);
    let both = Window::new(a.from.max(b.from), a.to.min(b.to));
    if one.view.format != other.view.format || one.view.was_compared_with(other.view) || both.is_empty() {
        return None;
    }
    // By the second: in a minute a process says the same thing again and again.
    let seconds = both.from.start().seconds()..both.to.start().seconds();
    let (mine, its) = (one.like(other, seconds.clone()), other.like(one, seconds.clone()));
    let common = common(mine, its);
    let fewer = one.like(other, seconds.clone()).count().min(other.like(one, seconds).count());
    if common < FEWEST || (common as f64) < OVERLAPS * fewer as f64 {
        return None;
    }
    let mut shared = Shared { of, equal: BTreeSet::new(), partly: BTreeSet::new() };
    for (minute, pulse) in one.view.heard.range(both.from..both.to) {
        match other.view.heard.get(minute) {
            Some(its) if its == pulse => shared.equal.insert(*minute),
            Some(_) => shared.partly.insert(*minute),
            None => false,
        };
    }
    Some(shared)
}
