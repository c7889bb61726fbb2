//! How a delimited table is laid out: delimiter, header, and what each column is for.

use std::collections::BTreeSet;

use super::cells::{self, Cell};
use super::names::{self, Meaning, normalise};
use super::stamps::{DateOrder, Told, read_clock, read_time};
use super::{ColumnMap, MetricError};
use crate::time::Zone;

/// What a column is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Role {
    /// The time, or its date alone when a [`Role::TimeOfDay`] follows.
    Time,
    /// The time of day, beside a date column.
    TimeOfDay,
    /// The node of the row.
    Node,
    /// A part that is measured: interface, lane, queue.
    Instance,
    /// The signal of the row's value: the table is long.
    Metric,
    /// The value of a long table.
    Value,
    /// The unit of a long table's value.
    UnitOf,
    /// Numbers of a known signal.
    Signal(Meaning),
    /// Numbers of no known signal.
    Unknown,
    /// Nothing to read.
    Aside,
}

/// A table's layout.
#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    pub(super) delimiter: char,
    pub(super) decimal_comma: bool,
    /// Line of the header, from 1.
    pub(super) header_line: u64,
    pub(super) header: Vec<String>,
    pub(super) roles: Vec<Role>,
    /// A zone that the header names: `time (UTC)`.
    pub(super) zone: Option<Zone>,
    /// The orders of day and month that the first rows allow.
    pub(super) orders: Vec<DateOrder>,
    /// Whether a row or case.yaml decided on that order.
    pub(super) decided: bool,
    /// Whether the time's column holds dates and the next one times of day.
    joined: bool,
    /// Whether the rows run backwards in time.
    pub(super) newest_first: bool,
    /// Whether a function's name stands where the field's would: the names of its rows are
    /// groups of fields (`cpu`), and do not tell which of them was measured.
    pub(super) of_a_function: bool,
}

/// In this order: a comma inside a cell is commoner than the others.
const DELIMITERS: [char; 4] = ['\t', ';', '|', ','];
const BOTH_ORDERS: [DateOrder; 2] = [DateOrder::DayFirst, DateOrder::MonthFirst];
/// How many lines may stand before the header.
const PREAMBLE: usize = 30;

impl Layout {
    /// Finds the layout in a file's first lines; nothing when they are no table
    /// of numbers over time.
    pub(super) fn find(lines: &[String]) -> Option<Self> {
        if lines.iter().find(|l| !l.trim().is_empty()).is_some_and(|first| belongs_elsewhere(first)) {
            return None;
        }
        let said = lines.first().and_then(|l| l.trim().strip_prefix("sep=")).and_then(|d| d.chars().next());
        match said {
            Some(delimiter) => Self::with(lines, delimiter),
            None => DELIMITERS.into_iter().find_map(|delimiter| Self::with(lines, delimiter)),
        }
    }

    fn with(lines: &[String], delimiter: char) -> Option<Self> {
        let mut rows = vec![Vec::new(); lines.len()];
        for (line, row) in lines.iter().zip(&mut rows) {
            cells::split(line, delimiter, row);
        }
        let first = (1..rows.len().min(PREAMBLE)).find(|i| {
            let (above, row) = (rows.get(*i - 1), rows.get(*i));
            matches!((above, row), (Some(above), Some(row)) if starts_here(above, row))
        })?;
        let header = rows.get(first - 1)?.clone();
        let next_table = |r: &&Vec<String>| r.len() != header.len() && r.iter().any(|c| is_time_name(c));
        let body: Vec<&Vec<String>> = rows
            .iter()
            .skip(first)
            .take_while(|r| !next_table(r))
            .filter(|r| r.iter().any(|c| !c.is_empty()) && **r != header)
            .collect();
        let fitting: Vec<&Vec<String>> = body.iter().copied().filter(|r| r.len() == header.len()).collect();
        if fitting.len() < 2 || fitting.len() * 10 < body.len() * 9 {
            return None;
        }
        let decimal_comma = cells::decimal_comma(fitting.iter().flat_map(|r| r.iter()), delimiter);
        let mut layout = Self { delimiter, decimal_comma, header_line: first as u64, header, ..Self::default() };
        let time = layout.time_column(&fitting)?;
        layout.assign(time, Some(&fitting))?;
        Some(layout)
    }

    /// The same table continued under another header, by its names alone.
    pub(super) fn under(&self, header: &[String], line: u64) -> Option<Self> {
        let time = header.iter().position(|name| is_time_name(name))?;
        let text = |cell: &String| matches!(cells::read(cell, self.decimal_comma), Cell::Text | Cell::Missing);
        if header.len() < 2 || !header.iter().all(text) {
            return None;
        }
        let mut next = Self { header: header.to_vec(), header_line: line, roles: Vec::new(), ..self.clone() };
        next.assign(time, None)?;
        Some(next)
    }

    /// The column of times: the one called so, else the left-most that runs in order.
    fn time_column(&mut self, rows: &[&Vec<String>]) -> Option<usize> {
        let named = (0..self.header.len()).filter(|c| self.header.get(*c).is_some_and(|n| is_time_name(n)));
        let all = 0..self.header.len();
        for (column, by_name) in named.map(|c| (c, true)).chain(all.map(|c| (c, false))) {
            let joined = joined(column, rows);
            let times = |order: DateOrder| -> Vec<Told> {
                rows.iter().filter_map(|r| read_time(&time_text(r, column, joined), order)).collect()
            };
            // A day above twelve decides: under the other order its row is no date.
            let mut readable: Vec<(DateOrder, Vec<Told>)> = BOTH_ORDERS
                .into_iter()
                .map(|order| (order, times(order)))
                .filter(|(_, times)| times.len() * 20 >= rows.len() * 19 && (by_name || in_order(times)))
                .collect();
            let longest = readable.iter().map(|(_, times)| times.len()).max().unwrap_or(0);
            readable.retain(|(_, times)| times.len() == longest);
            let Some((_, first)) = readable.first() else { continue };
            let all: usize = BOTH_ORDERS.into_iter().map(|order| times(order).len()).min().unwrap_or(0);
            self.decided = all < longest;
            let (up, down) = steps(first);
            self.newest_first = down > up;
            let doubtful = readable.len() > 1 && readable.iter().any(|(_, times)| times != first);
            self.orders = readable.iter().map(|(order, _)| *order).take(if doubtful { 2 } else { 1 }).collect();
            return Some(column);
        }
        None
    }

    /// Gives each column its role. With rows at hand, columns are judged by
    /// their cells too, and a table with free text in it is refused.
    fn assign(&mut self, time: usize, rows: Option<&[&Vec<String>]>) -> Option<()> {
        let joined = match rows {
            Some(rows) => joined(time, rows),
            // Under a new header the layout before it tells.
            None => self.joined,
        };
        self.joined = joined;
        let names: Vec<String> = self.header.iter().map(|n| normalise(n)).collect();
        self.zone = names.get(time).and_then(|n| n.ends_with("_utc").then_some(Zone::UTC));
        let repeats = rows.is_some_and(|rows| {
            rows.iter().zip(rows.iter().skip(1)).any(|(a, b)| time_text(a, time, joined) == time_text(b, time, joined))
        });
        for (column, name) in names.iter().enumerate() {
            let look = match rows {
                Some(rows) => Look::at(rows, column, self.decimal_comma),
                None => Look { numbers: role_of_text(name).is_none(), tag: true, empty: false },
            };
            let raw = self.header.get(column)?;
            let role = match name.as_str() {
                _ if column == time => Role::Time,
                _ if joined && column == time + 1 => Role::TimeOfDay,
                _ if is_time_name(raw)
                    || name.starts_with("end_time")
                    || matches!(name.as_str(), "_start" | "start" | "_stop" | "stop" | "end") =>
                {
                    Role::Aside
                }
                // Beside shares of its time, `cpu` counts cores: -1, 0, 1.
                "cpu"
                    if names.iter().any(|n| matches!(n.as_str(), "%idle" | "%user" | "%usr" | "%sys" | "%system")) =>
                {
                    Role::Instance
                }
                _ if look.numbers => number_role(raw, name),
                _ if look.empty => names::meaning(raw).map_or(Role::Aside, Role::Signal),
                _ => match role_of_text(name) {
                    Some(role) if look.tag => role,
                    _ if !look.tag => return None,
                    // Rows of one time that differ in a word are about different things.
                    _ if repeats => Role::Instance,
                    _ => Role::Aside,
                },
            };
            self.roles.push(role);
        }
        self.of_a_function = is_of_a_function(&names);
        let has = |role: &Role| self.roles.contains(role);
        if has(&Role::Metric) && !has(&Role::Value) {
            // `name,time,bytes_sent`: the measurement's name, with one column for each field.
            self.roles.iter_mut().filter(|r| **r == Role::Metric).for_each(|r| *r = Role::Aside);
        } else if has(&Role::Value) && !has(&Role::Metric) {
            self.roles.iter_mut().filter(|r| **r == Role::Value).for_each(|r| *r = Role::Unknown);
        }
        self.roles.iter().any(|r| matches!(r, Role::Signal(_) | Role::Unknown | Role::Value)).then_some(())
    }

    /// Lets case.yaml's words win over guesses. Returns the names that the header does not have.
    pub(super) fn apply(&mut self, maps: &[ColumnMap]) -> Result<Vec<String>, MetricError> {
        let mut absent = Vec::new();
        for map in maps {
            let meaning = Meaning::stated(map).ok_or_else(|| MetricError::Unclear {
                line: self.header_line,
                what: format!("column `{}` cannot be {} in `{}`", map.column, map.signal, map.unit.as_deref().unwrap_or("")),
                way_out: format!(
                    "write a unit of {} under `sources: columns: {}: unit` in case.yaml, such as `bit_per_s`, `bytes_per_s`, `percent`, `ms` or `n`",
                    map.signal.canonical().unit(),
                    map.column
                ),
            })?;
            let mut known = false;
            for (name, role) in self.header.iter().zip(&mut self.roles) {
                if *name == map.column && *role != Role::Time {
                    *role = Role::Signal(meaning.clone());
                    known = true;
                }
            }
            if !known {
                absent.push(map.column.clone());
            }
        }
        Ok(absent)
    }

    /// The text of a row's time.
    pub(super) fn time_of(&self, row: &[String]) -> Option<String> {
        let column = self.roles.iter().position(|r| *r == Role::Time)?;
        Some(time_text(row, column, self.joined))
    }
}

/// Files of other producers, whose traps the generic rules do not know.
fn belongs_elsewhere(first: &str) -> bool {
    let first = first.trim_start();
    [
        "\"Dstat ",
        "\"pcp-dstat ",
        "#group",
        "#datatype",
        "# hostname;interval",
        "AAA,progname",
        "{",
        "[",
        "<",
        "Full label,",
    ]
    .iter()
    .any(|start| first.starts_with(start))
}

fn time_text(row: &[String], column: usize, joined: bool) -> String {
    let cell = |at: usize| row.get(at).map_or("", String::as_str);
    if joined { format!("{} {}", cell(column), cell(column + 1)) } else { cell(column).to_owned() }
}

/// Whether `row` is the first of a table and `above` its header.
fn starts_here(above: &[String], row: &[String]) -> bool {
    let time = |c: &String| BOTH_ORDERS.iter().any(|o| read_time(c, *o).is_some());
    let text = |c: &String| matches!(cells::read(c, false), Cell::Text | Cell::Missing);
    above.len() == row.len()
        && row.len() > 1
        && row.iter().any(time)
        && above.iter().all(text)
        && !above.iter().any(time)
        && above.iter().filter(|c| c.is_empty()).count() * 2 < above.len()
}

/// How many steps of `times` go forwards and backwards, standing still in neither.
fn steps(times: &[Told]) -> (usize, usize) {
    let at = |t: &Told| match t {
        Told::Moment(at, _) | Told::Local(at) => *at,
    };
    let pairs = || times.iter().zip(times.iter().skip(1));
    (pairs().filter(|(a, b)| at(a) < at(b)).count(), pairs().filter(|(a, b)| at(a) > at(b)).count())
}

/// Whether at least 98 % of the steps go one way or stand still.
fn in_order(times: &[Told]) -> bool {
    let (up, down) = steps(times);
    up.min(down) * 50 < times.len()
}

/// Whether the column holds dates alone, and the next one times of day.
fn joined(column: usize, rows: &[&Vec<String>]) -> bool {
    rows.iter().all(|row| {
        row.get(column).is_some_and(|c| c.len() <= 10 && c.contains(['-', '/', '.']) && !c.contains(':'))
            && row.get(column + 1).is_some_and(|c| read_clock(c).is_some_and(|(_, rest)| rest.len() < 7))
    })
}

fn is_time_name(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "time",
        "timestamp",
        "ts",
        "datetime",
        "date",
        "date_time",
        "epoch",
        "clock",
        "begin_time",
        "zeit",
        "fecha",
        "heure",
        "minute",
        "sampled_at",
        "collected_at",
    ];
    const TAILS: &[&str] = &["utc", "gmt", "s", "ms", "ns", "epoch", "unix", "iso", "local", "z"];
    let name = normalise(name);
    NAMES.contains(&name.as_str())
        || name.rsplit_once('_').is_some_and(|(head, tail)| NAMES.contains(&head) && TAILS.contains(&tail))
}

/// InfluxDB 1 writes `name,time,mean` for `SELECT mean(usage_idle) FROM cpu`.
fn is_of_a_function(names: &[String]) -> bool {
    let measured = match names {
        [name, time, rest @ ..] if name == "name" && time == "time" => rest,
        [name, tags, time, rest @ ..] if name == "name" && tags == "tags" && time == "time" => rest,
        _ => return false,
    };
    matches!(measured, [one] if one == "mean")
}

/// Roles that text columns have by name.
fn role_of_text(name: &str) -> Option<Role> {
    let name = name.strip_prefix("tag_").or_else(|| name.strip_prefix("label_")).unwrap_or(name);
    Some(match name {
        "node" | "host" | "hostname" | "server" | "machine" | "nodename" => Role::Node,
        "device" | "interface" | "iface" | "nic" | "cpu" | "dev" | "instance" | "lane" | "queue" | "queue_name"
        | "ip" | "source_ip" | "state" | "domain" | "part" => Role::Instance,
        "metric" | "metric_name" | "name" | "field" | "signal" | "measurement" | "counter" | "series" | "key"
        | "item" => Role::Metric,
        "unit" | "units" => Role::UnitOf,
        _ => return None,
    })
}

fn number_role(raw: &str, name: &str) -> Role {
    match name {
        "value" | "val" | "mean" | "avg" | "average" => Role::Value,
        _ => names::meaning(raw).map_or(Role::Unknown, Role::Signal),
    }
}

/// What a column's cells look like.
struct Look {
    numbers: bool,
    /// Short words that come again: a tag, not free text.
    tag: bool,
    empty: bool,
}

impl Look {
    fn at(rows: &[&Vec<String>], column: usize, comma: bool) -> Self {
        let (mut numbers, mut texts) = (0, 0);
        let mut different = BTreeSet::new();
        let mut free = false;
        for cell in rows.iter().filter_map(|r| r.get(column)) {
            match cells::read(cell, comma) {
                Cell::Missing => {}
                Cell::Number(..) => numbers += 1,
                Cell::Text => {
                    texts += 1;
                    free |= cell.len() > 64 || cell.contains('@') || cell.contains(": ");
                    different.insert(cell.as_str());
                }
            }
        }
        // Each row its own text is a log, unless the table is short.
        let tag = !free && (different.len() <= 12 || different.len() * 2 <= rows.len());
        Self { numbers: numbers > 0 && numbers >= texts * 9, tag, empty: numbers + texts == 0 }
    }
}
