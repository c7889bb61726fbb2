//! Which pictures a reader gets, and what each shows.

use super::{Audience, Band, Figure, Line, Mark, MarkKind, Panel, PanelKind, Series, Tint};
use crate::case::Case;
use crate::findings::Findings;
use crate::formats::metrics::MetricSeries;
use crate::scan::What;
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
        let clean: Vec<_> = (1..)
            .map_while(|i| self.findings.facts.value(&format!("lanes.{i}.verdict")).map(|v| (i, v.text())))
            .filter(|(_, v)| v == "clean")
            .filter_map(|(i, _)| {
                self.findings.facts.value(&format!("lanes.{i}.lane")).map(crate::findings::Value::text)
            })
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

    /// (c) One panel for each sending IP, all on one scale.
    fn ips(&self) -> Figure {
        const MOST: usize = 8;
        let rows = &self.timeline.egresses;
        let most = rows.iter().flat_map(|r| r.counts.iter().flatten()).map(|c| c.attempts).max().unwrap_or_default();
        let panels = rows.iter().take(MOST).map(|row| {
            let label = (self.rewrite)(&row.of.label());
            let shows_all = (0..row.counts.len()).all(|at| row.sight.shows_all(at, What::FAILURES));
            let hidden = if shows_all { "" } else { " (its logs cannot show all failures)" };
            outcome_panel(row, format!("From {label}{hidden}"), Some(most as f64))
        });
        let count = |v: &str| {
            (1..)
                .map_while(|i| self.findings.facts.value(&format!("ips.{i}.verdict")))
                .filter(|w| w.text() == v)
                .count()
        };
        let rest = if rows.len() > MOST {
            format!(" The first {MOST} of {} are drawn; all are in the table.", rows.len())
        } else {
            String::new()
        };
        let unknown = count("unknown");
        let finding = format!(
            "Sending IPs inside the waves: {} failing, {} clean, {} with not enough traffic to say{}.{rest}",
            count("failing"),
            count("clean"),
            count("not_enough_traffic"),
            if unknown > 0 { format!(", {unknown} whose logs cannot show it") } else { String::new() }
        );
        self.figure(
            "sending-ips",
            "Gmail by sending IP, on one scale".to_owned(),
            finding,
            "One panel for each sending IP with stacked bars by outcome; all panels share one scale.",
            or_empty(panels.collect()),
        )
    }

    /// (e) Load and failures: one dot a minute.
    fn pattern(&self) -> Option<Figure> {
        let gmail = self.timeline.gmail()?;
        let connections = self.connections()?;
        let waves = self.findings.incident.windows();
        let share: Vec<Option<f64>> = gmail
            .counts
            .iter()
            .map(|c| c.filter(|c| c.attempts > 0).map(|c| c.failed as f64 * 100.0 / c.attempts as f64))
            .collect();
        let inside = |wave: bool| -> Vec<Option<f64>> {
            let is = |i: usize| waves.iter().any(|w| w.contains(self.timeline.window.at(i))) == wave;
            share.iter().enumerate().map(|(i, v)| v.filter(|_| is(i))).collect()
        };
        let dots = |label: &str, tint, values| Series {
            label: label.to_owned(),
            tint,
            values,
            against: Some(connections.1.clone()),
            line: Line::Solid,
        };
        let series = vec![
            dots("minutes inside waves", Tint::Deferral, inside(true)),
            dots("other minutes", Tint::Delivered, inside(false)),
        ];
        let finding =
            self.findings.facts.value("pattern.sentence").map(crate::findings::Value::text).unwrap_or_default();
        let panels = vec![panel(
            &format!("Failed sessions against open connections ({})", connections.0),
            "% of sessions failed",
            PanelKind::Dots,
            series,
        )];
        let mut figure = self.figure("pattern", "Load and failures, one dot a minute".to_owned(), finding, "Scatter: for each minute the share of failed sessions against the largest number of open connections of one sending IP to Gmail. It shows association, not cause.", panels);
        (figure.bands, figure.marks) = (Vec::new(), Vec::new());
        Some(figure)
    }

    /// Most connections of one sending IP to Gmail, measured or else estimated.
    fn connections(&self) -> Option<(&'static str, Vec<Option<f64>>)> {
        let measured: Vec<_> =
            self.metrics("smtp_out_connections").into_iter().filter(|m| m.instance.contains("gmail")).collect();
        if !measured.is_empty() {
            let most =
                |m: Minute| measured.iter().filter_map(|s| s.minutes.get(&m)).map(|c| c.max).max_by(f64::total_cmp);
            return Some(("measured, most of one sending IP", self.timeline.window.minutes().map(most).collect()));
        }
        let rows = &self.timeline.connections.by_egress;
        let at = |i: usize| rows.iter().filter_map(|r| r.get(i).copied().flatten()).max_by(f64::total_cmp);
        (!rows.is_empty())
            .then(|| ("estimated, most of one sending IP", (0..self.timeline.window.len()).map(at).collect()))
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
            ("egress_bps", "Bytes sent, mean of the minute", 1e-6, "Mbit/s"),
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
            let mine: Vec<_> = self
                .metrics(signal)
                .into_iter()
                .filter(|m| m.instance.is_empty() || *signal == "egress_bps")
                .take(6)
                .collect();
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
            if *signal == "cpu_percent" {
                panel.ceiling = Some((100.0, "100 %".to_owned()));
            }
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
        for signal in ["cpu_percent", "egress_bps", "queue_depth", "smtp_out_connections"] {
            let mine = self.metrics(signal);
            if !mine.is_empty() {
                let covered = self
                    .timeline
                    .window
                    .minutes()
                    .map(|m| mine.iter().any(|s| s.minutes.contains_key(&m)).then_some(1.0))
                    .collect();
                series.push(line(signal, Tint::Nth(1), covered, 0));
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
    Panel { title: title.to_owned(), unit: unit.to_owned(), kind, series, ceiling: None, at_least: None }
}

/// A figure has at least one panel, if only an empty one.
fn or_empty(panels: Vec<Panel>) -> Vec<Panel> {
    if panels.is_empty() {
        vec![panel("No session to Gmail in the logs", "sessions per minute", PanelKind::Lines, Vec::new())]
    } else {
        panels
    }
}
