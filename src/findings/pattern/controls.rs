//! Controls: who had the same chance to fail, and did or did not.

use super::load::Variable;
use super::prose::number;
use super::trials::Ground;
use crate::findings::contrast::{Carried, Contrast, Judged, RowVerdict, Yardstick};
use crate::findings::{Evidence, Node, Value};
use crate::smtp::{Lane, Lanes};
use crate::time::{Minute, Window};
use crate::timeline::{Counts, Place, Timeline};

/// One control, judged.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Control {
    kind: &'static str,
    what: String,
    verdict: RowVerdict,
    table: &'static str,
}

impl Control {
    /// Of minutes of the lane.
    fn new(kind: &'static str, who: &str, counts: Counts, verdict: RowVerdict, table: &'static str) -> Self {
        let share = Value::Share(counts.failed, counts.attempts, "sessions");
        Self { kind, what: said(who, counts, &share), verdict, table }
    }

    /// Of a row that is judged in the waves, whose logs may not show all failures.
    fn of_row<K>(kind: &'static str, who: &str, row: &Judged<K>, table: &'static str) -> Self {
        Self { kind, what: said(who, row.counts, &row.failed_share()), verdict: row.verdict, table }
    }

    pub(super) fn is_clean_launch(&self) -> bool {
        self.kind == "clean_launch" && self.verdict == RowVerdict::Clean
    }

    pub(super) fn node(&self) -> Node {
        Node::group([
            ("kind", Value::Word(self.kind).into()),
            ("what", Node::fact(Value::Sentence(self.what.clone()), [Evidence::Table(self.table, String::new())])),
            ("verdict", Value::Word(self.verdict.word()).into()),
        ])
    }
}

fn said(who: &str, counts: Counts, failed: &Value) -> String {
    match failed {
        _ if counts.attempts == 0 => format!("{who}: no session:"),
        Value::Absent => format!("{who}: failed sessions not known:"),
        share => format!("{who}: {} of sessions failed:", share.text()),
    }
}

/// Other receivers in the same minutes.
pub(super) fn receivers(contrast: &Contrast, lanes: &Lanes) -> Vec<Control> {
    let row = |j: &Judged<Lane>| {
        Control::of_row("other_receiver", &format!("{}, same minutes", lanes.title(j.of)), j, "lanes")
    };
    let together = contrast.judged_together().map(|small| {
        let who = format!("the {} other receivers taken together, same minutes", small.of);
        Control::of_row("other_receiver", &who, small, "lanes")
    });
    contrast.others().map(row).chain(together).collect()
}

/// Own sending IPs that did not fail, and whether they had as much to carry as those that did.
pub(super) fn own_ips(contrast: &Contrast) -> Vec<Control> {
    let row = |j: &Judged<Place>| {
        let load = match contrast.carried(j.counts) {
            Some(Carried::Alike) => "with as much to carry as the failing ones",
            Some(Carried::Less) => "with less to carry than the failing ones",
            None => "with an unknown amount to carry",
        };
        let who = format!("sending IP {}, same minutes, {load}", j.of.label());
        Control::of_row("own_ip", &who, j, "ips")
    };
    contrast.ips.iter().filter(|j| j.verdict != RowVerdict::Failing).map(row).collect()
}

/// What the controls by load are read from.
pub(super) struct ByLoad<'a> {
    pub(super) ground: &'a Ground,
    pub(super) timeline: &'a Timeline,
    pub(super) load: Variable,
    /// The lowest load at an onset.
    pub(super) lowest: f64,
    pub(super) yardstick: Yardstick,
}

impl ByLoad<'_> {
    /// Launches without a wave that stayed below the lowest load at an onset.
    pub(super) fn clean_launches(&self) -> Vec<Control> {
        let below = self.ground.clean().filter_map(|trial| {
            let most = self.ground.most(self.load, trial.span).filter(|most| *most < self.lowest)?;
            Some((trial.launch?, most, counts_in(self.timeline, |m| trial.span.contains(m))))
        });
        let row = |(launch, most, counts): (usize, f64, Counts)| {
            let most = number(self.load, most);
            let who = format!("launch {}, which stayed below, at {most} {} at most", launch + 1, self.load.name());
            Control::new("clean_launch", &who, counts, self.yardstick.judge(counts), "minutes_by_lane")
        };
        below.map(row).collect()
    }

    /// Minutes more than an hour from every wave, with at least the lowest load at an onset.
    pub(super) fn same_load(&self, waves: &[Window]) -> Control {
        let is_far = |m| !waves.iter().any(|w| Window::new(w.from.plus(-HOUR), w.to.plus(HOUR)).contains(m));
        let has_load = |m| self.ground.loads.at(self.load, m).is_some_and(|v| v >= self.lowest);
        let counts = counts_in(self.timeline, |m| is_far(m) && has_load(m));
        let least = number(self.load, self.lowest);
        let who = format!("minutes with {least} or more {}, over an hour from every wave", self.load.name());
        Control::new("same_load", &who, counts, self.yardstick.judge(counts), "minutes_by_lane")
    }
}

/// Minutes that make another hour.
const HOUR: i32 = 60;

fn counts_in(timeline: &Timeline, accept: impl Fn(Minute) -> bool) -> Counts {
    timeline.gmail().map(|row| row.sum(|i| accept(timeline.window.at(i)))).unwrap_or_default()
}
