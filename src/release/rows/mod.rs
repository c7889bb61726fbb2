//! The tables of a release: what a stranger needs to redo each number by hand.
//!
//! - `sight` says which reader gets which table; one without an entry stays in the house.
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
mod timeline;

use self::columns::{
    CLOSES, COVERAGE, COVERAGE_WITH_FILE, DOSE, IPS, IPS_WITH_NODE, LANES, MX_HOSTS, QUEUE_IDS, REPLIES, TRANSCRIPTS,
    WAVES,
};
use self::from_facts::from_facts;
use super::exhibits::Chosen;
use super::{Audience, Column, ColumnKind, Redacted, Table, measured};
use crate::findings::{Incident, Node};
use crate::smtp::Lanes;
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
            ("metrics_by_minute", &|| measured::metrics(self.timeline, self.rewrite)),
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
        minutes::minutes("minutes_by_lane", "lane", title, self.timeline, &self.timeline.lanes, &label)
    }

    fn by_ip(&self) -> Table {
        let title = "One row for each minute and sending IP of the Gmail lane.";
        let label = |place: &Place| (self.rewrite)(&place.label());
        minutes::minutes("minutes_by_ip", "ip", title, self.timeline, &self.timeline.egresses, &label)
    }

    fn by_mx(&self) -> Table {
        let title = "One row for each minute and MX host of the Gmail lane.";
        let label = |host: &_| (self.rewrite)(self.timeline.mx_name(*host));
        minutes::minutes("minutes_by_mx", "mx_host", title, self.timeline, &self.timeline.mx_hosts, &label)
    }

    fn of_facts(&self) -> [Table; 13] {
        let facts = self.facts;
        let to_google = self.audience == Audience::Google;
        let table = |name, title, list, columns| from_facts(name, title, facts, list, columns);
        [
            table("waves", "One row for each wave on the Gmail lane.", "waves", WAVES),
            table(
                "ips",
                "One row for each sending IP: its sessions inside the waves.",
                "ips",
                if to_google { IPS } else { IPS_WITH_NODE },
            ),
            table("mx_hosts", "One row for each MX host: its sessions inside the waves.", "mx_hosts", MX_HOSTS),
            table("lanes", "One row for each receiver: its sessions inside the waves.", "lanes", LANES),
            table(
                "closes_by_stage",
                "One row for each stage at which the receiver closed sessions.",
                "closes.by_stage",
                CLOSES,
            ),
            table(
                "dose_response",
                "One row for each eighth of minutes by load on Gmail, with the failures in it: association, not cause.",
                "pattern.dose",
                DOSE,
            ),
            table("replies", "One row for each wording of Gmail's answers.", "replies", REPLIES),
            table("transcripts", "One row for each STARTTLS test.", "transcripts", TRANSCRIPTS),
            table(
                "coverage",
                "One row for each file of evidence, and where its lines went.",
                "coverage",
                if to_google { COVERAGE } else { COVERAGE_WITH_FILE },
            ),
            from_facts::tls_failures(facts),
            from_facts::kinds(facts),
            table("queue_ids", "Sessions to look up.", "queue_ids", QUEUE_IDS),
            from_facts::node_signals(facts),
        ]
    }
}
