//! What every reader keeps while it reads: clock, series, accounting, sentences.
//!
//! A producer's own file says only how its lines are written ([`Writing`]); the loop over
//! the lines, their numbers and their accounting are the same for all.

use std::io::BufRead;

use super::fold::{Fold, LONGEST_INTERVAL_S, Of, Sample};
use super::lines::Lines;
use super::names::Meaning;
use super::rows::is_loopback;
use super::stamps::{Clock, time_line};
use super::units::Unit;
use super::{MetricError, MetricRead, MetricSetup, Signal, Unmapped};
use crate::time::Stamp;

/// How many restarts and operator's comments are quoted.
const MOST_QUOTED: usize = 40;
/// How many different sentences one file may say.
const MOST_NOTES: usize = 100;

/// Where one line, row or record went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Went {
    /// A value was taken from it.
    Used,
    /// Understood, and of no signal.
    Irrelevant,
    /// Not understood.
    Unrecognised,
}

impl Went {
    /// A row that was understood: used when any of its values was.
    pub(super) const fn used_if(any: bool) -> Self {
        if any { Self::Used } else { Self::Irrelevant }
    }
}

/// How one producer writes its lines.
pub(super) trait Writing {
    /// Takes one line.
    fn line(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError>;

    /// After the last line.
    fn end(&mut self, _page: &mut Page<'_>) {}
}

/// Reads a text file line by line.
pub(super) fn read_lines(
    input: &mut dyn BufRead,
    setup: &MetricSetup,
    writing: &mut dyn Writing,
) -> Result<MetricRead, MetricError> {
    let failed = |line| move |source| MetricError::Io { line, source };
    let mut lines = Lines::open(input).map_err(failed(0))?;
    let mut page = Page::new(setup);
    loop {
        let before = lines.number();
        let Some((number, line)) = lines.next_line().map_err(failed(before))? else { break };
        let went = if line.trim().is_empty() { Went::Irrelevant } else { writing.line(&mut page, number, line)? };
        page.count(went, number, line);
    }
    writing.end(&mut page);
    Ok(page.finish())
}

/// One file while it is read.
pub(super) struct Page<'a> {
    pub(super) setup: &'a MetricSetup,
    pub(super) clock: Clock,
    pub(super) fold: Fold,
    pub(super) unmapped: Unmapped,
    /// Time of the present sample, where a line of its own tells it.
    pub(super) at: Option<Stamp>,
    read: MetricRead,
    quoted: usize,
}

impl<'a> Page<'a> {
    pub(super) fn new(setup: &'a MetricSetup) -> Self {
        Self {
            setup,
            clock: Clock::new(None, setup.zone, false),
            fold: Fold::moved_by(setup.moved_ms),
            unmapped: Unmapped::default(),
            at: None,
            read: MetricRead::default(),
            quoted: 0,
        }
    }

    /// Accounts for one line or record.
    pub(super) fn count(&mut self, went: Went, number: u64, line: &str) {
        let accounting = &mut self.read.accounting;
        accounting.read += 1;
        match went {
            Went::Used => accounting.used += 1,
            Went::Irrelevant => accounting.irrelevant += 1,
            Went::Unrecognised => {
                accounting.unrecognised += 1;
                if self.read.unrecognised.len() < 5 {
                    self.read.unrecognised.push((number, line.chars().take(200).collect()));
                }
            }
        }
    }

    /// Says a sentence, once.
    pub(super) fn say(&mut self, sentence: String) {
        if self.read.notes.len() < MOST_NOTES && !self.read.notes.contains(&sentence) {
            self.read.notes.push(sentence);
        }
    }

    /// The file was recorded on the node itself, by its own clock: that of the node's logs, or
    /// of all logs where the file names no node that has any.
    pub(super) fn on_the_node(&mut self, host: &str) {
        let zones = &self.setup.log_zones;
        let named = [host, self.setup.node.as_deref().unwrap_or("")].into_iter().find_map(|n| zones.get(n));
        let common = || zones.values().next().filter(|first| zones.values().all(|z| z.0 == first.0));
        self.clock.infer(named.or_else(common).cloned());
    }

    /// Whether the line is only a time, which dates the samples below it.
    pub(super) fn dated(&mut self, line: &str) -> bool {
        let Some(told) = time_line(line) else { return false };
        self.at = self.clock.place(told);
        true
    }

    /// When the present sample was taken, by the time line above it.
    ///
    /// # Errors
    /// When none stands above: `what` then needs to be recorded with `how`.
    pub(super) fn now(&self, line: u64, what: &str, how: &str) -> Result<Stamp, MetricError> {
        self.at.ok_or_else(|| MetricError::Unclear {
            line,
            what: format!("{what} carries no time, and no line above tells when it was taken"),
            way_out: format!("record samples with `{how}`"),
        })
    }

    /// The source began anew: no counter and no average reaches across this point.
    pub(super) fn restarted(&mut self, host: &str, at: Stamp) {
        self.fold.restart();
        self.quote(format!("{}: {host} or its collector restarted", at.to_second()));
    }

    /// Quotes what a person wrote into the record.
    pub(super) fn comment(&mut self, host: &str, at: Stamp, text: &str) {
        self.quote(format!("{}: comment of the operator of {host}: {text}", at.to_second()));
    }

    fn quote(&mut self, sentence: String) {
        self.quoted += 1;
        if self.quoted <= MOST_QUOTED {
            self.read.notes.push(sentence);
        }
    }

    /// Folds one number, in the signal's canonical unit. `node` is what the file names, if
    /// anything. False when it is no number or none of the signal's.
    pub(super) fn put(&mut self, of: Of<'_>, at: Stamp, value: f64, sample: Sample) -> bool {
        if !value.is_finite() || is_loopback(of.signal, of.instance) {
            return false;
        }
        let node = if of.node.is_empty() { self.setup.node.as_deref().unwrap_or("") } else { of.node };
        self.fold.add(Of { node, ..of }, at, value, sample)
    }

    /// States the limit of a signal, in its unit.
    pub(super) fn limit(&mut self, signal: Signal, instance: &str, limit: f64) {
        let node = self.setup.node.clone().unwrap_or_default();
        self.fold.limit(signal, &node, instance, limit);
    }

    /// Folds one number of a column whose name told its meaning.
    pub(super) fn put_meant(
        &mut self,
        meaning: &Meaning,
        column: &str,
        at: Stamp,
        number: f64,
        unit: Option<Unit>,
    ) -> bool {
        let Some(value) = meaning.value(number, unit) else { return false };
        let node = meaning.node.as_deref().unwrap_or("");
        let sample = meaning.sample(unit);
        self.put(Of { signal: meaning.signal, node, instance: &meaning.instance, column }, at, value, sample)
    }

    /// What the file gave. A link whose use is always 0 is one of unknown speed.
    pub(super) fn finish(mut self) -> MetricRead {
        let folded = self.fold.finish(&self.setup.exhibit);
        let notes = &mut self.read.notes;
        if self.quoted > MOST_QUOTED {
            notes.push(format!("{} more restarts and comments", self.quoted - MOST_QUOTED));
        }
        notes.extend(self.clock.notes());
        let unknown_speed =
            |s: &&super::MetricSeries| s.signal == Signal::LinkUtilPercent && s.minutes.values().all(|c| c.max == 0.0);
        for series in folded.series.iter().filter(unknown_speed) {
            notes.push(format!(
                "{} of {} is always 0: the speed of the link is unknown, left out",
                series.column, series.instance
            ));
        }
        notes.extend(folded.notes);
        self.read.series = folded.series.into_iter().filter(|s| !unknown_speed(&s)).collect();
        self.read.zone = self.clock.zone();
        self.read.unmapped = self.unmapped.list();
        self.read
    }
}

/// The time since the row before: how long a row's averages are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Since {
    last: Option<Stamp>,
    seconds: Option<f64>,
}

impl Since {
    /// Moves to `at`. Several rows of one time share their interval. Nothing for the first
    /// row, for one that goes back, and after more than a day.
    pub(super) fn to(&mut self, at: Stamp) -> Option<f64> {
        if self.last == Some(at) {
            return self.seconds;
        }
        let before = self.last.replace(at);
        let seconds = before.map(|b| at.millis().saturating_sub(b.millis()) as f64 / 1000.0);
        self.seconds = seconds.filter(|s| *s > 0.0 && *s <= LONGEST_INTERVAL_S);
        self.seconds
    }

    /// The next interval begins here.
    pub(super) fn starting(at: Option<Stamp>) -> Self {
        Self { last: at, seconds: None }
    }
}
