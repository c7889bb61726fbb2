//! (e) The picture of the pattern: load against failures, one dot a minute.

use super::super::{Figure, Line, PanelKind, Series, Tint};
use super::{Studio, panel};
use crate::formats::metrics::Signal;
use crate::time::Minute;

/// Waves with dots of their own; later ones share the last.
const TOLD_APART: usize = 4;

/// A load in each minute of the window.
struct Load {
    title: String,
    across: &'static str,
    values: Vec<Option<f64>>,
}

impl Studio<'_> {
    /// The share of failed sessions against open connections and against the message rate, waves told apart.
    pub(super) fn pattern(&self) -> Option<Figure> {
        let gmail = self.timeline.gmail()?;
        let share: Vec<Option<f64>> = gmail
            .counts
            .iter()
            .map(|c| c.filter(|c| c.attempts > 0).map(|c| c.failed as f64 * 100.0 / c.attempts as f64))
            .collect();
        let rate = Load {
            title: "Failed sessions against the rate of sessions".to_owned(),
            across: "sessions to Gmail per minute",
            values: gmail.counts.iter().map(|c| c.map(|c| c.attempts as f64)).collect(),
        };
        let connections = self.connections().map(|(basis, values)| Load {
            title: format!("Failed sessions against open connections ({basis})"),
            across: "open connections of the sending IP with most",
            values,
        });
        let panels = connections.into_iter().chain([rate]).map(|load| {
            let mut panel =
                panel(&load.title, "% of sessions failed", PanelKind::Dots, self.dots(&share, &load.values));
            load.across.clone_into(&mut panel.across);
            panel.at_least = Some(100.0);
            panel
        });
        let panels = panels.collect();
        let finding =
            self.findings.facts.value("pattern.sentence").map(crate::findings::Value::text).unwrap_or_default();
        let mut figure = self.figure(
            "pattern",
            "Load and failures, one dot a minute".to_owned(),
            finding,
            "Scatter: for each minute the share of failed sessions against the largest number of open connections of one sending IP to Gmail, and against the sessions of that minute; the waves are told apart. It shows association, not cause.",
            panels,
        );
        (figure.bands, figure.marks) = (Vec::new(), Vec::new());
        Some(figure)
    }

    /// One series for each wave, and one for the minutes outside.
    fn dots(&self, share: &[Option<f64>], load: &[Option<f64>]) -> Vec<Series> {
        let waves = self.findings.incident.windows();
        let last = waves.len().min(TOLD_APART);
        let of = |minute: Minute| waves.iter().position(|w| w.contains(minute)).map_or(0, |i| (i + 1).min(last));
        let series = |nth: usize| {
            let label = match nth {
                0 => "other minutes".to_owned(),
                _ if nth == TOLD_APART && waves.len() > TOLD_APART => format!("waves {nth} to {}", waves.len()),
                _ => format!("wave {nth}"),
            };
            let mine = |i: usize| of(self.timeline.window.at(i)) == nth;
            Series {
                label,
                tint: if nth == 0 { Tint::Delivered } else { Tint::Nth(nth as u8 - 1) },
                values: share.iter().enumerate().map(|(i, v)| v.filter(|_| mine(i))).collect(),
                against: Some(load.to_vec()),
                line: Line::Solid,
            }
        };
        (0..=last).map(series).collect()
    }
}

impl Studio<'_> {
    /// Most connections of one sending IP to Gmail in each minute, measured or else estimated.
    pub(in crate::release) fn connections(&self) -> Option<(&'static str, Vec<Option<f64>>)> {
        let measured: Vec<_> =
            self.metrics(Signal::SmtpOutConnections).into_iter().filter(|m| m.instance.contains("gmail")).collect();
        if !measured.is_empty() {
            let most =
                |m: Minute| measured.iter().filter_map(|s| s.minutes.get(&m)).map(|c| c.max).max_by(f64::total_cmp);
            return Some(("measured", self.timeline.window.minutes().map(most).collect()));
        }
        let rows = &self.timeline.connections.by_egress;
        let at = |i: usize| rows.iter().filter_map(|r| r.get(i).copied().flatten()).max_by(f64::total_cmp);
        (!rows.is_empty()).then(|| ("estimated", (0..self.timeline.window.len()).map(at).collect()))
    }
}
