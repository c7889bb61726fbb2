//! (c) and (d) Small multiples of the Gmail lane: a panel for each sending IP and for each MX host.

use super::super::Figure;
use super::{Studio, or_empty, outcome_panel};
use crate::scan::What;
use crate::timeline::Row;

/// Panels drawn; the others stand in the table.
const MOST: usize = 8;

/// What a row is called, and what was found of it.
struct Named {
    label: String,
    verdict: Option<String>,
}

/// How the picture of some rows is called, and where all of them stand.
struct Kind {
    name: &'static str,
    title: &'static str,
    what: &'static str,
    table: &'static str,
}

impl Studio<'_> {
    /// (c) One panel for each sending IP, all on one scale.
    pub(super) fn ips(&self) -> Figure {
        let named = self.timeline.egresses.iter().map(|row| {
            let label = row.of.label();
            Named { verdict: self.verdict("ips", "label", &label), label: (self.rewrite)(&label) }
        });
        let kind =
            Kind { name: "sending-ips", title: "Gmail by sending IP, on one scale", what: "Sending IPs", table: "ips" };
        self.members(&self.timeline.egresses, named.collect(), &kind)
    }

    /// (d) One panel for each MX host, all on one scale.
    pub(super) fn mx_hosts(&self) -> Figure {
        let named = self.timeline.mx_hosts.iter().map(|row| {
            let host = self.timeline.mx_name(row.of);
            Named { verdict: self.verdict("mx_hosts", "host", host), label: (self.rewrite)(host) }
        });
        let kind =
            Kind { name: "mx-hosts", title: "Gmail by MX host, on one scale", what: "MX hosts", table: "mx_hosts" };
        self.members(&self.timeline.mx_hosts, named.collect(), &kind)
    }

    /// What was found of a member of a list: `failing`, `clean`, `not enough traffic`, `unknown`.
    pub(super) fn verdict(&self, list: &str, key: &str, name: &str) -> Option<String> {
        let text = |path: String| self.findings.facts.value(&path).map(crate::findings::Value::text);
        let mut members = (1..).map_while(|i| Some((i, text(format!("{list}.{i}.{key}"))?)));
        let (i, _) = members.find(|(_, found)| found == name)?;
        text(format!("{list}.{i}.verdict")).map(|verdict| verdict.replace('_', " "))
    }

    /// A panel for each row on the scale of the highest: failing rows first, then by traffic.
    fn members<K>(&self, rows: &[Row<K>], named: Vec<Named>, kind: &Kind) -> Figure {
        let highest = rows.iter().flat_map(|r| r.counts.iter().flatten()).map(|c| c.attempts).max().unwrap_or_default();
        let all = |row: &Row<K>| row.counts.iter().flatten().map(|c| c.attempts).sum::<u64>();
        let mut rows: Vec<(Named, &Row<K>)> = named.into_iter().zip(rows).collect();
        rows.sort_by_key(|(of, row)| (of.verdict.as_deref() != Some("failing"), std::cmp::Reverse(all(row))));
        let finding = finding(&rows, kind, self.findings.incident.waves.len());
        let panels = rows.iter().take(MOST).map(|(of, row)| {
            let shows_all = (0..row.counts.len()).all(|at| row.sight.shows_all(at, What::FAILURES));
            let hidden = if shows_all { "" } else { " (its logs cannot show all failures)" };
            let verdict = of.verdict.as_deref().map_or_else(String::new, |verdict| format!(": {verdict}"));
            outcome_panel(row, format!("{}{verdict}{hidden}", of.label), Some(highest as f64))
        });
        let description =
            format!("{}: one panel for each, with stacked bars by outcome; all panels share one scale.", kind.what);
        self.figure(kind.name, kind.title.to_owned(), finding, &description, or_empty(panels.collect()))
    }
}

/// How many of the rows fail, and how many do not.
fn finding<K>(rows: &[(Named, &Row<K>)], kind: &Kind, waves: usize) -> String {
    let counted = |verdict: &str| rows.iter().filter(|(of, _)| of.verdict.as_deref() == Some(verdict)).count();
    let said = [
        ("failing", "failing"),
        ("clean", "clean"),
        ("not enough traffic", "with not enough traffic to say"),
        ("unknown", "whose logs cannot show it"),
    ];
    let said: Vec<String> = said
        .iter()
        .filter(|(verdict, _)| counted(verdict) > 0 || *verdict == "failing")
        .map(|(verdict, words)| format!("{} {words}", counted(verdict)))
        .collect();
    let rest = if rows.len() > MOST {
        format!(" {MOST} of {} are drawn; all stand in tables/{}.csv.", rows.len(), kind.table)
    } else {
        String::new()
    };
    let inside = match waves {
        0 => "in these minutes",
        1 => "inside the wave",
        _ => "inside the waves",
    };
    format!("{} {inside}: {}.{rest}", kind.what, said.join(", "))
}
