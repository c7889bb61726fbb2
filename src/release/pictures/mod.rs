//! Which pictures a reader gets, and what each shows.

mod load;
mod members;

use super::{Audience, Band, Figure, Line, Mark, MarkKind, Panel, PanelKind, Series, Tint};
use crate::case::Case;
use crate::findings::Findings;
use crate::formats::metrics::MetricSeries;
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
        let clean: Vec<_> = self
            .timeline
            .lanes
            .iter()
            .filter(|row| self.verdict("lanes", "lane", self.lanes.name(row.of)).as_deref() == Some("clean"))
            .map(|row| self.lanes.title(row.of))
            .collect();
        let finding = if clean.is_empty() {
            "No other receiver can be called clean in these minutes.".to_owned()
        } else {
            format!("Clean in the same minutes: {}.", clean.join(", "))
        };
        self.figure(
            "receivers",
            "Gmail against other receivers".to_owned(),
            finding,
            "Two panels of lines, one line for each receiver: messages accepted and sessions failed in each minute.",
            panels,
        )
    }

    fn metrics(&self, signal: &str) -> Vec<&MetricSeries> {
        self.timeline.metrics.iter().filter(|m| m.signal.name() == signal).collect()
    }

    /// (f, first half) Queue and connections.
    fn queue(&self) -> Option<Figure> {
        let mut panels = Vec::new();
        let lines = |series: Vec<&MetricSeries>, name: &dyn Fn(&MetricSeries) -> String, max: bool| -> Vec<Series> {
            series
                .into_iter()
                .take(8)
                .enumerate()
                .map(|(i, m)| line(&(self.rewrite)(&name(m)), Tint::Nth(i as u8), self.on_grid(m, max), i))
                .collect()
        };
        let total: Vec<_> = self
            .metrics("queue_depth")
            .into_iter()
            .filter(|m| m.instance.is_empty() || m.instance == "gmail")
            .collect();
        if !total.is_empty() {
            let name = |m: &MetricSeries| {
                if m.instance.is_empty() { format!("all, {}", m.node) } else { format!("{}, {}", m.instance, m.node) }
            };
            panels.push(panel(
                "Messages in the queue, highest of the minute",
                "messages",
                PanelKind::Lines,
                lines(total, &name, true),
            ));
        }
        let connections: Vec<_> =
            self.metrics("smtp_out_connections").into_iter().filter(|m| m.instance.contains("gmail")).collect();
        if !connections.is_empty() {
            let name = |m: &MetricSeries| m.instance.replace("gmail ", "");
            panels.push(panel(
                "Open connections to Gmail, highest of the minute",
                "connections",
                PanelKind::Lines,
                lines(connections, &name, true),
            ));
        } else if !self.timeline.connections.all.is_empty() {
            panels.push(panel(
                "Open sessions to Gmail, estimated from session durations",
                "sessions",
                PanelKind::Lines,
                vec![line("estimated", Tint::Nth(0), self.timeline.connections.all.clone(), 0)],
            ));
        }
        let finding = self.findings.facts.value("queue.sentence").map(crate::findings::Value::text).unwrap_or_default();
        (!panels.is_empty()).then(|| {
            self.figure(
                "queue",
                "Queue and connections".to_owned(),
                (self.rewrite)(&finding),
                "Lines for each minute: the highest queue depth and the highest number of open connections to Gmail.",
                panels,
            )
        })
    }

    /// (f, second half) What the nodes did in the same minutes, failed sessions on top.
    fn nodes(&self) -> Option<Figure> {
        const SIGNALS: &[(&str, &str, f64, &str)] = &[
            ("cpu_percent", "CPU busy, mean of the minute", 1.0, "%"),
            ("egress_bps", "Data sent, mean of the minute", 1e-6, "Mbit/s"),
            ("retransmits_per_s", "TCP segments sent again, mean of the minute", 1.0, "segments per second"),
            ("open_files", "Open files, highest of the minute", 1.0, "files"),
        ];
        let mut panels = Vec::new();
        if let Some(gmail) = self.timeline.gmail() {
            panels.push(panel(
                "Gmail: sessions failed",
                "sessions per minute",
                PanelKind::Lines,
                vec![line("failed", Tint::Deferral, of(gmail, |c| c.failed), 0)],
            ));
        }
        let before = panels.len();
        for (signal, title, scale, unit) in SIGNALS {
            let whole = |m: &&MetricSeries| m.instance.is_empty() || *signal == "egress_bps";
            let mine: Vec<_> = once_each(self.metrics(signal)).into_iter().filter(whole).take(6).collect();
            if mine.is_empty() {
                continue;
            }
            let gauge = *signal == "open_files";
            let series = mine.iter().enumerate().map(|(i, m)| {
                let name = if m.instance.is_empty() { m.node.clone() } else { format!("{} {}", m.node, m.instance) };
                let values = self.on_grid(m, gauge).into_iter().map(|v| v.map(|v| v * scale)).collect();
                line(&(self.rewrite)(&name), Tint::Nth(i as u8), values, i)
            });
            let mut panel = panel(title, unit, PanelKind::Lines, series.collect());
            self.put_limit(&mut panel, &mine, signal);
            panels.push(panel);
        }
        let finding = self.findings.facts.value("nodes_summary").map(crate::findings::Value::text).unwrap_or_default();
        (panels.len() > before).then(|| {
            self.figure(
                "nodes",
                "The sending nodes in the same minutes".to_owned(),
                (self.rewrite)(&finding),
                "Failed sessions to Gmail above, then one panel for each signal of the nodes at the same minutes.",
                panels,
            )
        })
    }

    /// The stated limit as a ceiling; one far above the values is said in words, so that they stay readable.
    fn put_limit(&self, panel: &mut Panel, series: &[&MetricSeries], signal: &str) {
        if signal == "cpu_percent" {
            panel.ceiling = Some((100.0, "all cores busy: 100 %".to_owned()));
            return;
        }
        let limits = series.iter().filter_map(|m| self.limit(&m.node, signal));
        let Some(limit) = limits.min_by(f64::total_cmp) else { return };
        let highest = panel.series.iter().flat_map(|s| s.values.iter().flatten()).copied().fold(0.0, f64::max);
        let said = format!("stated limit {} {}", crate::findings::number(limit, 0), panel.unit);
        if highest * 4.0 >= limit {
            panel.ceiling = Some((limit, said));
        } else {
            panel.title = format!("{}; {said}, beyond this scale", panel.title);
        }
    }

    /// The stated limit of a node's signal, in the unit that tables and panels show.
    fn limit(&self, node: &str, signal: &str) -> Option<f64> {
        let value = |path: String| self.findings.facts.value(&path);
        let node = (1..).map_while(|i| Some((i, value(format!("nodes.{i}.name"))?))).find(|(_, v)| v.text() == node)?.0;
        let base = |i: usize| format!("nodes.{node}.signals.{i}");
        let signals = (1..).map_while(|i| Some((i, value(format!("{}.signal", base(i)))?.text())));
        let mut mine = signals.filter(|(_, name)| name.split(' ').next() == Some(signal));
        mine.find_map(|(i, _)| match value(format!("{}.limit", base(i))) {
            Some(crate::findings::Value::Number(limit, ..)) => Some(*limit),
            _ => None,
        })
    }

    fn on_grid(&self, series: &MetricSeries, max: bool) -> Vec<Option<f64>> {
        let value = |m: Minute| series.minutes.get(&m).map(|c| if max && !c.coarse { c.max } else { c.mean });
        self.timeline.window.minutes().map(value).collect()
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
        let signals = [
            ("cpu_percent", "CPU"),
            ("egress_bps", "data sent"),
            ("queue_depth", "queue"),
            ("smtp_out_connections", "open connections"),
        ];
        for (signal, name) in signals {
            let mine = self.metrics(signal);
            if !mine.is_empty() {
                let covered = self
                    .timeline
                    .window
                    .minutes()
                    .map(|m| mine.iter().any(|s| s.minutes.contains_key(&m)).then_some(1.0))
                    .collect();
                series.push(line(name, Tint::Timeout, covered, 0));
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

/// One series of a node's resource, where several tools measured it: the one with most minutes.
fn once_each(series: Vec<&MetricSeries>) -> Vec<&MetricSeries> {
    let mut kept: Vec<&MetricSeries> = Vec::new();
    for one in series {
        match kept.iter_mut().find(|k| k.node == one.node && k.instance == one.instance) {
            Some(same) if same.minutes.len() < one.minutes.len() => *same = one,
            Some(_) => {}
            None => kept.push(one),
        }
    }
    kept
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
