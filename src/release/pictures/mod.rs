//! Which pictures a reader gets, and what each shows.

mod load;
mod members;
mod nodes;

use super::{Audience, Band, Figure, Line, Mark, MarkKind, Panel, PanelKind, Series, Tint};
use crate::case::Case;
use crate::findings::Findings;
use crate::formats::metrics::Signal;
use crate::smtp::{Lane, Lanes, Outcome};
use crate::time::Minute;
use crate::timeline::{Counts, MinuteState, Row, Timeline};

/// What pictures are composed from.
pub(super) struct Studio<'a> {
    pub(super) audience: Audience,
    pub(super) case: &'a Case,
    pub(super) lanes: &'a Lanes,
    pub(super) timeline: &'a Timeline,
    pub(super) findings: &'a Findings,
    pub(super) rewrite: &'a dyn Fn(&str) -> String,
}

impl Studio<'_> {
    /// The pictures for the reader: Google gets what happened, to whom, and whether it repeats.
    pub(super) fn figures(&self) -> Vec<Figure> {
        let mut figures = vec![self.outcomes(), self.ips()];
        figures.extend(self.pattern());
        if self.audience != Audience::Google {
            figures.push(self.receivers());
            figures.push(self.mx_hosts());
            figures.extend(self.queue());
            figures.extend(self.nodes());
            figures.push(self.coverage());
        }
        figures
    }

    fn figure(&self, name: &str, title: String, finding: String, description: &str, panels: Vec<Panel>) -> Figure {
        let waves = self.findings.incident.windows();
        let bands = waves.iter().enumerate().map(|(i, w)| Band { window: *w, label: format!("wave {}", i + 1) });
        Figure {
            name: name.to_owned(),
            title,
            finding,
            description: description.to_owned(),
            data: data_of(name),
            window: self.timeline.window,
            bands: bands.collect(),
            marks: self.marks(),
            panels,
        }
    }

    /// First, peak and recovery of each wave while they are few; of the incident else.
    fn marks(&self) -> Vec<Mark> {
        let incident = &self.findings.incident;
        let mut marks = Vec::new();
        let mark =
            |minute: Minute, word: &str, kind| Mark { minute, label: format!("{word} {}", minute.clock()), kind };
        let first = incident.waves.first().filter(|w| !w.in_progress_at_start);
        marks.extend(first.map(|w| mark(w.first, "first", MarkKind::First)));
        marks.extend(incident.worst().and_then(|w| w.peak).map(|m| mark(m, "peak", MarkKind::Peak)));
        marks.extend(incident.waves.last().and_then(|w| w.recovery).map(|m| mark(m, "recovery", MarkKind::Recovery)));
        for (i, launch) in self.case.launches.iter().enumerate() {
            marks.push(Mark { minute: launch.at.minute(), label: format!("launch {}", i + 1), kind: MarkKind::Launch });
        }
        for change in &self.case.changes {
            marks.push(Mark {
                minute: change.at.minute(),
                label: format!("change {}", change.at.minute().clock()),
                kind: MarkKind::Change,
            });
        }
        marks
    }

    /// (a) Every attempt on the Gmail lane by what became of it.
    fn outcomes(&self) -> Figure {
        let finding = match self.findings.facts.value("incident.summary") {
            Some(value) => value.text(),
            None => String::new(),
        };
        let panels = self
            .timeline
            .gmail()
            .map(|row| outcome_panel(row, "Sessions to Gmail by outcome".to_owned(), None))
            .into_iter()
            .collect();
        self.figure("outcomes", "Gmail: what became of each session".to_owned(), finding, "Stacked bars, one for each minute: sessions accepted, deferred by a 4xx answer, closed by the receiver, failed in TLS, answered in plain text where TLS was due, and timed out.", or_empty(panels))
    }

    /// (b) Accepted messages: Gmail against the others.
    fn receivers(&self) -> Figure {
        let rows = self.timeline.lanes.iter().take(8);
        let series = rows.enumerate().map(|(i, row)| {
            let tint = if row.of == Lane::GMAIL { Tint::Deferral } else { Tint::Nth(i as u8) };
            line(self.lanes.title(row.of), tint, of(row, Counts::delivered), i)
        });
        let failed = self.timeline.lanes.iter().take(8).enumerate().map(|(i, row)| {
            let tint = if row.of == Lane::GMAIL { Tint::Deferral } else { Tint::Nth(i as u8) };
            line(self.lanes.title(row.of), tint, of(row, |c| c.failed), i)
        });
        let panels = vec![
            panel("Messages accepted", "messages per minute", PanelKind::Lines, series.collect()),
            panel("Sessions failed", "sessions per minute", PanelKind::Lines, failed.collect()),
        ];
        let of_verdict = |verdict: &str| -> Vec<&str> {
            let others = self.timeline.lanes.iter().filter(|row| row.of != Lane::GMAIL);
            let mine =
                others.filter(|row| self.verdict("lanes", "lane", self.lanes.name(row.of)).as_deref() == Some(verdict));
            mine.map(|row| self.lanes.title(row.of)).collect()
        };
        let said = [("Failing", of_verdict("failing")), ("Clean", of_verdict("clean"))];
        let said = said.iter().filter(|(_, names)| !names.is_empty());
        let said: Vec<_> =
            said.map(|(word, names)| format!("{word} in the same minutes: {}.", names.join(", "))).collect();
        let finding = if said.is_empty() {
            "No other receiver can be called clean or failing in these minutes.".to_owned()
        } else {
            said.join(" ")
        };
        self.figure(
            "receivers",
            "Gmail against other receivers".to_owned(),
            finding,
            "Two panels of lines, one line for each receiver: messages accepted and sessions failed in each minute.",
            panels,
        )
    }

    /// (g) Which minutes each source covers.
    fn coverage(&self) -> Figure {
        let mut series: Vec<_> = self
            .timeline
            .nodes
            .iter()
            .map(|node| {
                let covered = self
                    .timeline
                    .window
                    .minutes()
                    .map(|m| (node.state(m) != MinuteState::Unknown).then_some(1.0))
                    .collect();
                line(&(self.rewrite)(&format!("log of {}", node.node)), Tint::Delivered, covered, 0)
            })
            .collect();
        for signal in [Signal::CpuPercent, Signal::EgressBps, Signal::QueueDepth, Signal::SmtpOutConnections] {
            let mine = self.metrics(signal);
            if !mine.is_empty() {
                let covered = self
                    .timeline
                    .window
                    .minutes()
                    .map(|m| mine.iter().any(|s| s.minutes.contains_key(&m)).then_some(1.0))
                    .collect();
                series.push(line(signal.label(), Tint::Timeout, covered, 0));
            }
        }
        let known = self.timeline.states.iter().filter(|s| **s != MinuteState::Unknown).count();
        let finding = format!("The logs cover {known} of {} minutes.", self.timeline.states.len());
        self.figure(
            "coverage",
            "What covers which minute".to_owned(),
            finding,
            "One row for each source, filled where it has data.",
            vec![panel("Sources", "", PanelKind::Strip, series)],
        )
    }
}

/// The table behind each picture.
fn data_of(name: &str) -> &'static str {
    match name {
        "sending-ips" => "minutes_by_ip",
        "mx-hosts" => "minutes_by_mx",
        "pattern" => "load_by_minute",
        "queue" | "nodes" => "metrics_by_minute",
        "coverage" => "coverage",
        _ => "minutes_by_lane",
    }
}

/// Outcomes of a row, accepted at the bottom.
fn outcome_panel<K>(row: &Row<K>, title: String, at_least: Option<f64>) -> Panel {
    let series = |label: &str, tint, value: &dyn Fn(&Counts) -> u64| Series {
        label: label.to_owned(),
        tint,
        values: of(row, value),
        against: None,
        line: Line::Solid,
    };
    let all = [
        series("accepted", Tint::Delivered, &Counts::delivered),
        series("4xx answer", Tint::Deferral, &|c| c.of(Outcome::Deferral)),
        series("closed by receiver", Tint::RemoteClose, &|c| c.of(Outcome::RemoteClose)),
        series("plain text in handshake", Tint::Plaintext, &|c| c.of(Outcome::Plaintext)),
        series("TLS failure", Tint::TlsFailure, &|c| c.of(Outcome::TlsFailure)),
        series("timed out or no connection", Tint::Timeout, &|c| {
            c.of(Outcome::Timeout) + c.of(Outcome::ConnectFailure)
        }),
        series("ending not told", Tint::Other, &|c| c.of(Outcome::Unclassified)),
        series("5xx answer", Tint::Rejection, &|c| c.of(Outcome::Rejection)),
    ];
    // A kind that never occurs needs no place in the legend; the first is always shown.
    let shown = all
        .into_iter()
        .enumerate()
        .filter(|(i, s)| *i == 0 || s.values.iter().flatten().any(|v| *v > 0.0))
        .map(|(_, s)| s);
    Panel {
        title,
        unit: "sessions per minute".to_owned(),
        kind: PanelKind::Stacked,
        series: shown.collect(),
        ceiling: None,
        at_least,
        across: String::new(),
    }
}

fn of<K>(row: &Row<K>, value: impl Fn(&Counts) -> u64) -> Vec<Option<f64>> {
    row.counts.iter().map(|c| c.as_ref().map(|c| value(c) as f64)).collect()
}

fn line(label: &str, tint: Tint, values: Vec<Option<f64>>, nth: usize) -> Series {
    let style = [Line::Solid, Line::Dashed, Line::Dotted][nth % 3];
    Series { label: label.to_owned(), tint, values, against: None, line: style }
}

fn panel(title: &str, unit: &str, kind: PanelKind, series: Vec<Series>) -> Panel {
    Panel {
        title: title.to_owned(),
        unit: unit.to_owned(),
        kind,
        series,
        ceiling: None,
        at_least: None,
        across: String::new(),
    }
}

/// A figure has at least one panel, if only an empty one.
fn or_empty(panels: Vec<Panel>) -> Vec<Panel> {
    if panels.is_empty() {
        vec![panel("No session to Gmail in the logs", "sessions per minute", PanelKind::Lines, Vec::new())]
    } else {
        panels
    }
}
