//! The tables of a release: what a stranger needs to redo each number by hand.
//!
//! - `sight` says which reader gets which table; one without an entry stays in the house.
//! - `span` says which minutes a table shows, if all were too many.
//! - `minutes` counts by lane, sending IP and MX host; `node_minutes` holds the signals of nodes.
//! - `contrast` sets inside the waves against outside, affected against not.
//! - `sessions` shows some sessions line by line; `timeline` is for Timesketch, and never leaves.
//! - `from_facts` and `columns` make the others from the facts.

mod columns;
mod contrast;
mod from_facts;
mod minutes;
mod node_minutes;
mod sessions;
mod sight;
pub(super) mod span;
mod timeline;

use std::cell::RefCell;

pub use self::columns::facts_of;
use self::columns::{COVERAGE, IPS, LISTS};
use self::from_facts::from_facts;
use self::span::Span;
use super::exhibits::Chosen;
use super::{Audience, Column, ColumnKind, Redacted, Table, Withheld, measured};
use crate::findings::{Incident, Node};
use crate::smtp::{Lane, Lanes};
use crate::timeline::{Place, Timeline};

const fn column(name: &'static str, kind: ColumnKind, meaning: &'static str) -> Column {
    Column { name, kind, meaning }
}

/// Most connections of one sending IP to Gmail in each minute, and how they are known.
pub(super) type Connections = (&'static str, Vec<Option<f64>>);

/// What tables are composed from.
pub(super) struct Desk<'a> {
    pub(super) audience: Audience,
    pub(super) timeline: &'a Timeline,
    pub(super) lanes: &'a Lanes,
    pub(super) incident: &'a Incident,
    pub(super) connections: Option<&'a Connections>,
    /// What this reader may see of the facts.
    pub(super) facts: &'a Node,
    /// Sessions whose exact lines are shown.
    pub(super) chosen: &'a [Chosen<'a>],
    /// Words of ours, with names as this reader may know them.
    pub(super) rewrite: &'a dyn Fn(&str) -> String,
    /// Lines of the evidence, redacted.
    pub(super) write: &'a dyn Fn(&[u8]) -> Redacted,
    /// Minutes that tables leave out.
    pub(super) cut: RefCell<Vec<Withheld>>,
}

impl Desk<'_> {
    /// All tables that the reader may see.
    pub(super) fn tables(&self) -> Vec<Table> {
        let of_grid: [(&str, &dyn Fn() -> Table); 9] = [
            ("minutes_by_lane", &|| self.by_lane()),
            ("minutes_by_ip", &|| self.by_ip()),
            ("minutes_by_mx", &|| self.by_mx()),
            ("minutes_by_node", &|| node_minutes::table(self)),
            ("load_by_minute", &|| measured::load(self.timeline, self.incident, self.connections)),
            ("metrics_by_minute", &|| self.metrics()),
            ("contrast", &|| contrast::table(self)),
            ("sessions", &|| sessions::table(self)),
            ("timeline", &|| timeline::table(self)),
        ];
        let seen = |name: &str| sight::may_see(self.audience, name);
        let mut tables: Vec<Table> = of_grid.iter().filter(|(name, _)| seen(name)).map(|(_, make)| make()).collect();
        tables.extend(self.of_facts().into_iter().filter(|table| seen(table.name)));
        tables
    }

    fn by_lane(&self) -> Table {
        let title = "One row for each minute and lane.";
        let label = |lane: &_| self.lanes.name(*lane).to_owned();
        let rows = &self.timeline.lanes;
        // What all else rests on.
        let mut table = minutes::minutes(("minutes_by_lane", "lane", title), self, rows, &label, &self.whole());
        minutes::mark_quiet(&mut table, self.incident, self.lanes.name(Lane::GMAIL));
        table
    }

    fn by_ip(&self) -> Table {
        let title = "One row for each minute and sending IP of the Gmail lane.";
        let label = |place: &Place| (self.rewrite)(&place.label());
        let rows = &self.timeline.egresses;
        minutes::minutes(("minutes_by_ip", "ip", title), self, rows, &label, &self.span("minutes_by_ip", rows.len()))
    }

    fn by_mx(&self) -> Table {
        let title = "One row for each minute and MX host of the Gmail lane.";
        let label = |host: &_| (self.rewrite)(self.timeline.mx_name(*host));
        let rows = &self.timeline.mx_hosts;
        minutes::minutes(
            ("minutes_by_mx", "mx_host", title),
            self,
            rows,
            &label,
            &self.span("minutes_by_mx", rows.len()),
        )
    }

    fn metrics(&self) -> Table {
        let span = self.span("metrics_by_minute", measured::drawn(self.timeline).count());
        measured::metrics(self.timeline, self.rewrite, &|minute| span.contains(minute))
    }

    /// Google sees no node, and no name of a file.
    fn of_facts(&self) -> Vec<Table> {
        let facts = self.facts;
        let lists = LISTS.iter().map(|(name, title, list, columns)| {
            let columns = match (self.audience, *name) {
                (Audience::Google, "ips") => IPS,
                (Audience::Google, "coverage") => COVERAGE,
                _ => columns,
            };
            from_facts(name, title, facts, list, columns)
        });
        let further = [from_facts::tls_failures(facts), from_facts::kinds(facts), from_facts::node_signals(facts)];
        lists.chain(further).collect()
    }
}
