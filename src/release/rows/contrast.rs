//! Affected against unaffected: receivers, sending IPs and MX hosts, inside the waves and outside.

use super::{Desk, column};
use crate::findings::{Node, Value};
use crate::release::{Cell, Column, ColumnKind, Rows, Table};
use crate::scan::What;
use crate::smtp::Outcome;
use crate::timeline::{Counts, Known, Row};

const COLUMNS: [Column; 9] = [
    column("kind", ColumnKind::Text, "receiver, sending_ip or mx_host; the latter two are of the Gmail lane"),
    column("name", ColumnKind::Text, "which; `all failing` and `all clean` are the sums of those"),
    column(
        "verdict",
        ColumnKind::Text,
        "inside the waves: failing, clean, not_enough_traffic, or unknown: its logs cannot show the failures that others had",
    ),
    column("inside_attempts", ColumnKind::Integer, "sessions attempted inside the waves; without a wave all there are"),
    column("inside_failed", ColumnKind::Integer, "of these failed; empty where no log can show it"),
    column("inside_accepted", ColumnKind::Integer, "of these accepted; empty where no log can show it"),
    column("outside_attempts", ColumnKind::Integer, "sessions attempted outside the waves"),
    column("outside_failed", ColumnKind::Integer, "of these failed; empty where no log can show it"),
    column("outside_accepted", ColumnKind::Integer, "of these accepted; empty where no log can show it"),
];

/// Counts of one side, as far as they are known.
#[derive(Clone, Copy, Default)]
struct Side {
    attempts: u64,
    failed: Option<u64>,
    accepted: Option<u64>,
}

impl Side {
    fn of<K>(row: &Row<K>, accept: impl Fn(usize) -> bool) -> Self {
        let counts: Counts = row.sum(&accept);
        let known = |n, outcomes: &[Outcome]| match row.known(&accept, n, outcomes) {
            Known::Nothing => None,
            Known::AtLeast(n) | Known::All(n) => Some(n),
        };
        Self {
            attempts: counts.attempts,
            failed: known(counts.failed, What::FAILURES),
            accepted: known(counts.delivered(), &[Outcome::Delivered]),
        }
    }

    /// The sum; what is not known of one of them is not known of both.
    fn plus(self, other: Self) -> Self {
        let sum = |a: Option<u64>, b: Option<u64>| Some(a? + b?);
        Self {
            attempts: self.attempts + other.attempts,
            failed: sum(self.failed, other.failed),
            accepted: sum(self.accepted, other.accepted),
        }
    }

    fn cells(self) -> [Cell; 3] {
        let cell = |n: Option<u64>| n.map_or(Cell::Empty, Cell::Integer);
        [Cell::Integer(self.attempts), cell(self.failed), cell(self.accepted)]
    }
}

/// One member with both sides.
struct Member {
    name: String,
    verdict: String,
    sides: [Side; 2],
}

/// Gmail against the other receivers, failing sending IPs and MX hosts against the others.
pub(super) fn table(desk: &Desk<'_>) -> Table {
    let timeline = desk.timeline;
    let lanes = members(desk, &timeline.lanes, "lanes", "lane", |lane| desk.lanes.name(*lane).to_owned());
    let ips = members(desk, &timeline.egresses, "ips", "label", |place| (desk.rewrite)(&place.label()));
    let mx_hosts = members(desk, &timeline.mx_hosts, "mx_hosts", "host", |mx| (desk.rewrite)(timeline.mx_name(*mx)));
    let mut rows: Rows = lanes.iter().map(|member| member.cells("receiver")).collect();
    for (kind, members) in [("sending_ip", ips), ("mx_host", mx_hosts)] {
        rows.extend(
            ["failing", "clean"].into_iter().filter_map(|verdict| sum(&members, verdict)).map(|s| s.cells(kind)),
        );
        rows.extend(members.iter().map(|member| member.cells(kind)));
    }
    Table {
        name: "contrast",
        title: "One row for each receiver, sending IP and MX host: sessions inside the waves and outside.".to_owned(),
        columns: COLUMNS.into(),
        rows,
    }
}

/// The rows of the grid, each with what the facts say of it.
fn members<K>(desk: &Desk<'_>, rows: &[Row<K>], list: &str, key: &str, name: impl Fn(&K) -> String) -> Vec<Member> {
    let windows = desk.incident.windows();
    let inside = |at: usize| windows.is_empty() || windows.iter().any(|w| w.contains(desk.timeline.window.at(at)));
    let judged = verdicts(desk.facts, list, key);
    let member = |row: &Row<K>| {
        let name = name(&row.of);
        let verdict = judged.iter().find(|(of, _)| *of == name).map(|(_, verdict)| verdict.clone());
        Member {
            verdict: verdict.unwrap_or_default(),
            name,
            sides: [Side::of(row, inside), Side::of(row, |at| !inside(at))],
        }
    };
    rows.iter().map(member).filter(|member| !member.name.is_empty()).collect()
}

fn verdicts(facts: &Node, list: &str, key: &str) -> Vec<(String, String)> {
    let text = |path: String| facts.value(&path).map(Value::text);
    (1..).map_while(|i| Some((text(format!("{list}.{i}.{key}"))?, text(format!("{list}.{i}.verdict"))?))).collect()
}

/// All members of a verdict together.
fn sum(members: &[Member], verdict: &str) -> Option<Member> {
    let mut mine = members.iter().filter(|member| member.verdict == verdict).map(|member| member.sides);
    let first = mine.next()?;
    let sides = mine.fold(first, |[a, b], [c, d]| [a.plus(c), b.plus(d)]);
    Some(Member { name: format!("all {verdict}"), verdict: verdict.to_owned(), sides })
}

impl Member {
    fn cells(&self, kind: &str) -> Vec<Cell> {
        let verdict = if self.verdict.is_empty() { Cell::Empty } else { Cell::Text(self.verdict.clone()) };
        let [inside, outside] = self.sides;
        let head = [Cell::Text(kind.to_owned()), Cell::Text(self.name.clone()), verdict];
        head.into_iter().chain(inside.cells()).chain(outside.cells()).collect()
    }
}
