//! (f) What was measured in the same minutes: queue and connections, and the nodes.

use super::super::{Figure, PanelKind, Series, Tint};
use super::{Panel, Studio, line, of, panel};
use crate::findings::Value;
use crate::formats::metrics::{MetricSeries, Signal};
use crate::time::Minute;

impl Studio<'_> {
    /// (f, first half) Queue and connections.
    pub(super) fn queue(&self) -> Option<Figure> {
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
            .metrics(Signal::QueueDepth)
            .into_iter()
            .filter(|m| m.instance.is_empty() || m.instance == "gmail")
            .collect();
        if !total.is_empty() {
            let name = |m: &MetricSeries| {
                let whose = if m.instance.is_empty() { "all" } else { m.instance.as_str() };
                format!("{whose}, {}", node_name(m))
            };
            panels.push(panel(
                &title(Signal::QueueDepth, "highest of the minute"),
                "messages",
                PanelKind::Lines,
                lines(total, &name, true),
            ));
        }
        let connections: Vec<_> =
            self.metrics(Signal::SmtpOutConnections).into_iter().filter(|m| m.instance.contains("gmail")).collect();
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
        let finding = self.findings.facts.value("queue.sentence").map(Value::text).unwrap_or_default();
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
    pub(super) fn nodes(&self) -> Option<Figure> {
        const SIGNALS: &[(Signal, f64, &str)] = &[
            (Signal::CpuPercent, 1.0, "%"),
            (Signal::EgressBps, 1e-6, "Mbit/s"),
            (Signal::RetransmitsPerS, 1.0, "segments per second"),
            (Signal::OpenFiles, 1.0, "files"),
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
        for (signal, scale, unit) in SIGNALS {
            let whole = |m: &&MetricSeries| m.instance.is_empty() || *signal == Signal::EgressBps;
            let mine: Vec<_> = once_each(self.metrics(*signal)).into_iter().filter(whole).take(6).collect();
            if mine.is_empty() {
                continue;
            }
            let gauge = *signal == Signal::OpenFiles;
            let series = mine.iter().enumerate().map(|(i, m)| {
                let name = format!("{} {}", node_name(m), m.instance).trim_end().to_owned();
                let values = self.on_grid(m, gauge).into_iter().map(|v| v.map(|v| v * scale)).collect();
                line(&(self.rewrite)(&name), Tint::Nth(i as u8), values, i)
            });
            let how = if gauge { "highest of the minute" } else { "mean of the minute" };
            let mut panel = panel(&title(*signal, how), unit, PanelKind::Lines, series.collect());
            self.put_limit(&mut panel, &mine, *signal);
            panels.push(panel);
        }
        let finding = self.findings.facts.value("nodes_summary").map(Value::text).unwrap_or_default();
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
    fn put_limit(&self, panel: &mut Panel, series: &[&MetricSeries], signal: Signal) {
        if signal == Signal::CpuPercent {
            panel.ceiling = Some((100.0, "all cores busy: 100 %".to_owned()));
            return;
        }
        let limits = series.iter().filter_map(|m| self.limit(&m.node, signal.name()));
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
            Some(Value::Number(limit, ..)) => Some(*limit),
            _ => None,
        })
    }

    fn on_grid(&self, series: &MetricSeries, max: bool) -> Vec<Option<f64>> {
        let value = |m: Minute| series.minutes.get(&m).map(|c| if max && !c.coarse { c.max } else { c.mean });
        self.timeline.window.minutes().map(value).collect()
    }

    /// The series of a signal.
    pub(super) fn metrics(&self, signal: Signal) -> Vec<&MetricSeries> {
        self.timeline.metrics.iter().filter(|m| m.signal == signal).collect()
    }
}

/// `CPU use, mean of the minute`.
fn title(signal: Signal, how: &str) -> String {
    let mut rest = signal.label().chars();
    let first = rest.next().map(|c| c.to_ascii_uppercase()).unwrap_or_default();
    format!("{first}{}, {how}", rest.as_str())
}

/// A file need not say which node it is of.
fn node_name(series: &MetricSeries) -> &str {
    if series.node.is_empty() { "node not named" } else { &series.node }
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
