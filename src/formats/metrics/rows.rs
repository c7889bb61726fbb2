//! Rows of a table whose layout is known, one at a time.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::{self, Cell};
use super::fold::{Fold, Of};
use super::names::{self, Meaning};
use super::stamps::{Clock, DateOrder, needs_order, read_time};
use super::table::{Layout, Role};
use super::units::Unit;
use super::{ColumnMap, MetricError, MetricRead, MetricSetup, Signal, Unmapped};
use crate::time::Stamp;

/// How many names of a long table are looked up and kept.
const MOST_METRICS: usize = 2_000;
/// How many measurements without a field are named.
const MOST_NAMELESS: usize = 20;

/// The rows of one table under one order of day and month.
pub(super) struct Rows<'a> {
    layout: Layout,
    order: DateOrder,
    setup: &'a MetricSetup,
    clock: Clock,
    fold: Fold,
    /// What the metric names of a long table mean, found once each.
    metrics: BTreeMap<String, Option<Meaning>>,
    unmapped: Unmapped,
    read: MetricRead,
    /// Columns whose unit was taken on trust.
    assumed: BTreeSet<(String, Signal)>,
    /// Columns with units in their cells that do not fit.
    unfit: BTreeSet<String>,
    /// Measurements of which a function is told without its field.
    nameless: BTreeSet<String>,
    doubtful: Option<(u64, String)>,
    impossible: bool,
}

/// Where one row went.
enum Went {
    Used,
    Irrelevant,
    Unrecognised,
}

/// What a row says beside its numbers.
struct About<'r> {
    at: Stamp,
    node: &'r str,
    instance: String,
}

impl<'a> Rows<'a> {
    pub(super) fn new(layout: Layout, order: DateOrder, setup: &'a MetricSetup) -> Self {
        Self {
            clock: Clock::new(layout.zone, setup.zone, layout.newest_first),
            layout,
            order,
            setup,
            fold: Fold::moved_by(setup.moved_ms),
            metrics: BTreeMap::new(),
            unmapped: Unmapped::default(),
            read: MetricRead::default(),
            assumed: BTreeSet::new(),
            unfit: BTreeSet::new(),
            nameless: BTreeSet::new(),
            doubtful: None,
            impossible: false,
        }
    }

    /// The first date that another order would read otherwise.
    pub(super) fn doubtful(&self) -> Option<&(u64, String)> {
        self.doubtful.as_ref()
    }

    /// Whether a date came that this order cannot read and the other can.
    pub(super) fn is_impossible(&self) -> bool {
        self.impossible
    }

    /// Takes one line of the file, header and preamble included.
    pub(super) fn take(&mut self, number: u64, line: &str) -> Result<(), MetricError> {
        self.read.accounting.read += 1;
        match self.line(number, line)? {
            Went::Used => self.read.accounting.used += 1,
            Went::Irrelevant => self.read.accounting.irrelevant += 1,
            Went::Unrecognised => {
                self.read.accounting.unrecognised += 1;
                if self.read.unrecognised.len() < 5 {
                    self.read.unrecognised.push((number, line.chars().take(200).collect()));
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, number: u64, line: &str) -> Result<Went, MetricError> {
        if number <= self.layout.header_line || line.trim().is_empty() {
            return Ok(Went::Irrelevant);
        }
        let mut row = Vec::new();
        cells::split(line, self.layout.delimiter, &mut row);
        if row == self.layout.header {
            // The source began anew: its counters did too.
            self.fold.restart();
            self.clock.rewind();
            return Ok(Went::Irrelevant);
        }
        while row.len() > self.layout.header.len() && row.last().is_some_and(String::is_empty) {
            row.pop();
        }
        if row.len() == self.layout.header.len()
            && let Some(at) = self.time(number, &row)
        {
            return Ok(self.row(at, &row));
        }
        let Some(mut next) = self.layout.under(&row, number) else { return Ok(Went::Unrecognised) };
        next.apply(&self.setup.columns)?;
        self.layout = next;
        self.fold.restart();
        self.clock.rewind();
        Ok(Went::Irrelevant)
    }

    fn time(&mut self, number: u64, row: &[String]) -> Option<Stamp> {
        let cell = self.layout.time_of(row)?;
        let told = read_time(&cell, self.order);
        if told.is_none() {
            let other = match self.order {
                DateOrder::DayFirst => DateOrder::MonthFirst,
                DateOrder::MonthFirst => DateOrder::DayFirst,
            };
            self.impossible |= read_time(&cell, other).is_some();
        } else if self.doubtful.is_none() && !self.layout.decided && needs_order(&cell) {
            self.doubtful = Some((number, cell));
        }
        self.clock.place(told?)
    }

    fn row(&mut self, at: Stamp, row: &[String]) -> Went {
        let layout = std::mem::take(&mut self.layout);
        let cells = || layout.roles.iter().zip(row);
        let instances = cells().filter(|(role, cell)| **role == Role::Instance && !cell.is_empty());
        let about = About {
            at,
            node: cells().find(|(role, _)| **role == Role::Node).map_or("", |(_, cell)| cell),
            instance: instances.map(|(_, cell)| cell.as_str()).collect::<Vec<_>>().join(" "),
        };
        let metric = cells().find(|(role, _)| **role == Role::Metric).map(|(_, cell)| cell.as_str());
        let unit = cells().find(|(role, _)| **role == Role::UnitOf).and_then(|(_, cell)| Unit::parse(cell));
        let (mut used, mut strange) = (false, false);
        for ((role, cell), column) in cells().zip(&layout.header) {
            if !matches!(role, Role::Signal(_) | Role::Value | Role::Unknown) {
                continue;
            }
            let (number, cell_unit) = match cells::read(cell, layout.decimal_comma) {
                Cell::Number(number, unit) => (number, unit),
                Cell::Missing => continue,
                Cell::Text => {
                    strange = true;
                    continue;
                }
            };
            match (role, metric) {
                (Role::Signal(meaning), _) => used |= self.number(&about, column, meaning, number, cell_unit),
                (Role::Value, Some(metric)) => match self.meaning_of(metric, layout.of_a_function) {
                    Some(meaning) => used |= self.number(&about, metric, &meaning, number, cell_unit.or(unit)),
                    None => self.unmapped.saw(metric, number),
                },
                _ => self.unmapped.saw(column, number),
            }
        }
        self.layout = layout;
        match (used, strange) {
            (true, _) => Went::Used,
            (false, true) => Went::Unrecognised,
            (false, false) => Went::Irrelevant,
        }
    }

    /// Folds one number; false when it is none of the signal's.
    fn number(&mut self, about: &About<'_>, column: &str, meaning: &Meaning, number: f64, unit: Option<Unit>) -> bool {
        let Some(value) = meaning.value(number, unit) else {
            self.unfit.insert(column.to_owned());
            return false;
        };
        if !meaning.unit_known && unit.is_none() && !self.assumed.iter().any(|(known, _)| known == column) {
            self.assumed.insert((column.to_owned(), meaning.signal));
        }
        let instance = match (about.instance.as_str(), meaning.instance.as_str()) {
            (one, "") | ("", one) => one.to_owned(),
            (row, name) => format!("{name} {row}"),
        };
        if is_loopback(meaning.signal, &instance) {
            return false;
        }
        let stated = || self.setup.node.as_deref().unwrap_or("");
        let node = match (about.node, meaning.node.as_deref()) {
            ("", Some(label)) => label,
            ("", None) => stated(),
            (cell, _) => cell,
        };
        let sample = meaning.sample(unit);
        self.fold.add(Of { signal: meaning.signal, node, instance: &instance, column }, about.at, value, sample)
    }

    /// What the rows of this name measure; where they hold a function of some field, only
    /// case.yaml can tell.
    fn meaning_of(&mut self, metric: &str, of_a_function: bool) -> Option<Meaning> {
        let stated =
            || self.setup.columns.iter().find(|map: &&ColumnMap| map.column == metric).and_then(Meaning::stated);
        if of_a_function {
            let stated = stated();
            if stated.is_none() && self.nameless.len() < MOST_NAMELESS {
                self.nameless.insert(metric.to_owned());
            }
            return stated;
        }
        if let Some(known) = self.metrics.get(metric) {
            return known.clone();
        }
        let stated = stated();
        let meaning = stated.or_else(|| names::meaning(metric));
        if self.metrics.len() < MOST_METRICS {
            self.metrics.insert(metric.to_owned(), meaning.clone());
        }
        meaning
    }

    /// What the file gave.
    pub(super) fn finish(mut self) -> MetricRead {
        let folded = self.fold.finish(&self.setup.exhibit);
        let notes = &mut self.read.notes;
        notes.extend(self.clock.notes());
        for (column, signal) in &self.assumed {
            notes.push(format!(
                "`{column}` states no unit: {} assumed; say otherwise with `columns` in case.yaml",
                signal.unit()
            ));
        }
        for column in &self.unfit {
            notes.push(format!("`{column}` has cells with a unit that does not fit its signal; they were left out"));
        }
        for metric in &self.nameless {
            notes.push(format!(
                "`{metric}` holds the mean of a field that is not named: write `columns: {{{metric}: {{signal: …, \
                 unit: …}}}}` for this file under `sources` in case.yaml, or select the field as it is"
            ));
        }
        for series in &folded.series {
            let share = matches!(series.signal, Signal::CpuPercent | Signal::MemAvailablePercent);
            if share && series.minutes.len() > 10 && series.minutes.values().all(|c| c.min >= 0.0 && c.max <= 1.0) {
                notes.push(format!(
                    "`{}` never exceeds 1 %: if it is a ratio, map it with `unit: ratio` under `columns` in case.yaml",
                    series.column
                ));
            }
        }
        notes.extend(folded.notes);
        self.read.series = folded.series;
        self.read.zone = self.clock.zone();
        self.read.unmapped = self.unmapped.list();
        self.read
    }
}

/// What a node sends to itself is no egress.
pub(super) fn is_loopback(signal: Signal, instance: &str) -> bool {
    instance.split(' ').any(|word| word == "lo")
        && matches!(signal, Signal::EgressBps | Signal::EgressDrops | Signal::LinkUtilPercent)
}
