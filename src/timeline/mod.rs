//! Counts and metrics on one per-minute grid, where no data is not zero.
//!
//! - `coverage` says of each minute whether the logs were running.
//! - `series` holds one lane, sending IP or MX host over the grid, `packed` its counts.
//! - `sight` says which outcomes a row's logs can show.
//! - `connections` estimates open sessions from the durations that logs state.
//! - `alignment` says whether metrics stand on the clock of the logs.

mod alignment;
mod connections;
mod coverage;
mod packed;
mod series;
mod sight;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub use alignment::{Alignment, Common, Estimate, Sides, SourceZones, Verdict, Why, zone_kept};
pub use coverage::{MinuteState, NodeCoverage, of_nodes as log_coverage};
pub use packed::MinuteCounts;
pub use series::{Counts, Place, Row};
pub use sight::{Known, Sight};

use sight::Sources;

use crate::formats::metrics::{MetricSeries, MetricSet};
use crate::intake::Exhibit;
use crate::scan::{Axis, CellKey, EgressId, MxId, Names, Tally, What};
use crate::smtp::{Lane, Lanes, Outcome};
use crate::time::{Minute, Window};

/// The grid of a case.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// All minutes that any log covers.
    pub window: Window,
    /// The Gmail lane's minutes in the time that case.yaml names as healthy, wherever it
    /// lies; empty where none is named or no log covers it.
    pub healthy: Vec<Option<Counts>>,
    /// Other times that some logs are about, days away: they are left out.
    pub left_out: Vec<Window>,
    /// What is known of each minute.
    pub states: Vec<MinuteState>,
    /// Coverage of each node.
    pub nodes: Vec<NodeCoverage>,
    /// Lanes; Gmail first, the others by attempts.
    pub lanes: Vec<Row<Lane>>,
    /// Sending IPs of the Gmail lane, by label.
    pub egresses: Vec<Row<Place>>,
    /// MX hosts of the Gmail lane, by attempts.
    pub mx_hosts: Vec<Row<MxId>>,
    /// Metrics of all nodes.
    pub metrics: MetricSet,
    /// How each metric source stands to the clock of its node's logs.
    pub alignments: Vec<Alignment>,
    /// Estimated open sessions of the Gmail lane: all of them, then by egress row.
    pub connections: Connections,
    cells: Vec<(CellKey, u64)>,
    places: BTreeMap<EgressId, Place>,
    names: Names,
}

/// Open sessions on the Gmail lane, estimated from the durations that logs state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Connections {
    /// The largest five-second mean of each minute, all egresses together; none
    /// where the log states no durations.
    pub all: Vec<Option<f64>>,
    /// The same for each row of [`Timeline::egresses`].
    pub by_egress: Vec<Vec<Option<f64>>>,
}

/// What is known besides the tally.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Node of each log file.
    pub nodes: BTreeMap<Exhibit, String>,
    /// Tag or private address, or a node and one of these (`mta1/postfix-ip1`), to public
    /// sending IP, as case.yaml says.
    pub sending_ips: BTreeMap<String, IpAddr>,
    /// Node and tag to public sending IP, as the MTA's settings say; for what neither
    /// case.yaml nor the log itself tells.
    pub bound_ips: BTreeMap<(String, String), IpAddr>,
    /// Outcomes that each log cannot count.
    pub blind: BTreeMap<Exhibit, BTreeSet<Outcome>>,
    /// The window asked for; none takes all that the logs cover.
    pub window: Option<Window>,
    /// The time that the user named as healthy.
    pub healthy: Option<Window>,
    /// In which zones the sources' times were read.
    pub zones: SourceZones,
}

impl Timeline {
    /// Lays a tally and metrics on the grid. Nothing when no log covers any minute. The counts
    /// that the grid holds then are taken from the tally: of many IPs and days they are most of all.
    #[must_use]
    pub fn new(tally: &mut Tally, metrics: MetricSet, lanes: &Lanes, setup: &Setup) -> Option<Self> {
        let nodes = coverage::of_nodes(tally, &setup.nodes);
        let (main, mut left_out) = coverage::stretches(tally)?;
        let window = match setup.window {
            None => main,
            Some(asked) => {
                let heard = left_out.iter().copied().fold(main, Window::union);
                left_out.clear();
                Window::new(asked.from.max(heard.from), asked.to.min(heard.to))
            }
        };
        if window.is_empty() {
            return None;
        }
        let states = coverage::states(&nodes, &coverage::counted(tally), window);
        let places = series::places(&tally.names, &setup.sending_ips, &setup.bound_ips, &tally.named_ips);
        let alignments = alignment::alignments(tally, &nodes, &metrics, &setup.zones);
        let healthy = setup.healthy.map(|w| healthy(tally, &nodes, w)).unwrap_or_default();
        let mut cells = Vec::with_capacity(tally.cells.len());
        cells.extend(std::mem::take(&mut tally.cells).into_iter().filter(|(key, _)| window.contains(key.minute)));
        cells.sort_unstable_by_key(|(key, _)| *key);
        let mut timeline = Self {
            window,
            healthy,
            left_out,
            states,
            nodes,
            lanes: Vec::new(),
            egresses: Vec::new(),
            mx_hosts: Vec::new(),
            metrics,
            alignments,
            connections: Connections::default(),
            cells,
            places,
            names: tally.names.clone(),
        };
        let sources = Sources::new(tally, &setup.blind, window);
        timeline.lanes = timeline.rows(&sources, |axis, lane| matches!(axis, Axis::Egress(_)).then_some(lane));
        timeline
            .lanes
            .sort_by_key(|r| (r.of != Lane::GMAIL, std::cmp::Reverse(r.total().attempts), lanes.name(r.of).to_owned()));
        timeline.egresses = timeline.rows(&sources, |axis, lane| match axis {
            Axis::Egress(id) if lane == Lane::GMAIL => timeline.places.get(&id).cloned(),
            _ => None,
        });
        timeline.mx_hosts = timeline.rows(&sources, |axis, lane| match axis {
            Axis::Mx(id) if lane == Lane::GMAIL => Some(id),
            _ => None,
        });
        // The sender's own decisions leave from nowhere and go nowhere.
        timeline.egresses.retain(|r| r.total().attempts > 0);
        timeline.mx_hosts.retain(|r| r.total().attempts > 0);
        timeline
            .mx_hosts
            .sort_by_key(|r| (std::cmp::Reverse(r.total().attempts), timeline.names.mx_of(r.of).map(str::to_owned)));
        timeline.connections = connections::estimate(std::mem::take(&mut tally.busy), &timeline);
        Some(timeline)
    }

    /// The Gmail lane; nothing when no session went there.
    #[must_use]
    pub fn gmail(&self) -> Option<&Row<Lane>> {
        self.lanes.first().filter(|r| r.of == Lane::GMAIL)
    }

    /// Whether a metric may be held against the logs minute by minute.
    #[must_use]
    pub fn is_on_time(&self, series: &MetricSeries) -> bool {
        let of = |a: &&Alignment| a.exhibit == series.exhibit && a.node == series.node;
        !self.alignments.iter().filter(of).any(Alignment::stands_apart)
    }

    /// The place of an egress number.
    #[must_use]
    pub fn place(&self, id: EgressId) -> Option<&Place> {
        self.places.get(&id)
    }

    /// The name of an MX host.
    #[must_use]
    pub fn mx_name(&self, id: MxId) -> &str {
        self.names.mx_of(id).unwrap_or_default()
    }

    /// The sum over the egress marginal of a lane's attempts that a test accepts,
    /// inside a window.
    pub fn sum(&self, lane: Lane, window: Window, mut accept: impl FnMut(What) -> bool) -> u64 {
        self.inside(window)
            .filter(|(k, _)| k.lane == lane && matches!(k.axis, Axis::Egress(_)) && accept(k.what))
            .map(|(_, n)| n)
            .sum()
    }

    /// A count of some outcomes of the Gmail lane inside a window, as far as it is known.
    #[must_use]
    pub fn known(&self, window: Window, n: u64, outcomes: &[Outcome]) -> Known {
        let inside = |at| window.contains(self.window.at(at));
        self.gmail().map_or(Known::All(n), |row| row.known(inside, n, outcomes))
    }

    /// All counts inside a window, ordered.
    pub fn inside(&self, window: Window) -> impl Iterator<Item = (CellKey, u64)> + '_ {
        let from = self.cells.partition_point(|(k, _)| k.minute < window.from);
        self.cells[from..].iter().take_while(move |(k, _)| k.minute < window.to).copied()
    }

    /// Whether a minute is covered by all logs, by some, or by none.
    #[must_use]
    pub fn state(&self, minute: Minute) -> MinuteState {
        self.window.index(minute).and_then(|i| self.states.get(i)).copied().unwrap_or(MinuteState::Unknown)
    }

    fn rows<K: Ord + Clone>(&self, sources: &Sources<'_>, key_of: impl Fn(Axis, Lane) -> Option<K>) -> Vec<Row<K>> {
        let mut sights = sources.sights(&key_of);
        let mut found: BTreeMap<K, Row<K>> = BTreeMap::new();
        for (key, n) in &self.cells {
            let Some(of) = key_of(key.axis, key.lane) else { continue };
            let row = found.entry(of.clone()).or_insert_with(|| {
                let sight = sights.remove(&of).unwrap_or_default();
                Row::empty(of, &self.states, sight)
            });
            if let Some(at) = self.window.index(key.minute) {
                row.counts.add(at, key.what, *n);
            }
        }
        found.into_values().collect()
    }
}

/// The Gmail lane in a window that the grid need not cover; nothing where no log does.
fn healthy(tally: &Tally, nodes: &[NodeCoverage], window: Window) -> Vec<Option<Counts>> {
    let states = coverage::states(nodes, &coverage::counted(tally), window);
    let mut row = Row::empty(Lane::GMAIL, &states, Sight::default());
    let of_gmail = |key: &CellKey| key.lane == Lane::GMAIL && matches!(key.axis, Axis::Egress(_));
    for (key, n) in tally.cells.iter().filter(|(key, _)| of_gmail(key)) {
        if let Some(at) = window.index(key.minute) {
            row.counts.add(at, key.what, *n);
        }
    }
    let minutes: Vec<_> = row.counts.iter().collect();
    if minutes.iter().any(Option::is_some) { minutes } else { Vec::new() }
}
