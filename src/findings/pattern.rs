//! Whether waves start alike: at the same load, or so long after a launch.

use super::{Evidence, Node, Value};
use crate::case::Launch;
use crate::formats::metrics::MetricSeries;
use crate::time::{Minute, Stamp, Window};
use crate::timeline::Timeline;

/// What was measured where a wave began.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Onset {
    /// The launch before it by its place in case.yaml, and seconds from it to the first failed session.
    pub(super) launch: Option<(usize, i64)>,
    /// Open connections to Gmail of the sending IP that had most of them.
    pub(super) connections: Option<(f64, Basis)>,
    /// Sessions attempted per minute: mean of the minute before and the first minute.
    pub(super) rate: Option<f64>,
}

/// How a connection count is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    Measured,
    Estimated,
}

impl Basis {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Estimated => "estimated",
        }
    }
}

/// A launch can only explain what begins within an hour of it.
const LAUNCH_REACH_S: i64 = 3600;

/// Measures the onset of a wave whose first failed session is known to the second.
pub(super) fn onset(timeline: &Timeline, launches: &[Launch], first: Minute, first_failure: Stamp) -> Onset {
    // The second of a launch and that of a failure may come from two clocks; a
    // failure in the launch's own minute counts as after it.
    let before = launches.iter().enumerate().filter(|(_, l)| l.at.minute() <= first).max_by_key(|(_, l)| l.at);
    let launch = before
        .map(|(i, l)| (i, (first_failure.seconds() - l.at.seconds()).max(0)))
        .filter(|(_, s)| *s <= LAUNCH_REACH_S);
    Onset { launch, connections: connections(timeline, first), rate: rate(timeline, first) }
}

/// From a metric where one counts connections to Gmail by sending IP, else from session durations.
fn connections(timeline: &Timeline, minute: Minute) -> Option<(f64, Basis)> {
    let measured = timeline
        .metrics
        .iter()
        .filter(|m| is_gmail_connections(m))
        .filter_map(|m| m.minutes.get(&minute))
        .map(|c| c.max);
    if let Some(most) = measured.max_by(f64::total_cmp) {
        return Some((most, Basis::Measured));
    }
    let at = timeline.window.index(minute)?;
    let estimated = timeline.connections.by_egress.iter().filter_map(|row| row.get(at).copied().flatten());
    estimated.max_by(f64::total_cmp).map(|n| (n, Basis::Estimated))
}

/// Connections of the Gmail lane, of one IP or of all.
pub(super) fn is_gmail_connections(series: &MetricSeries) -> bool {
    series.signal.name() == "smtp_out_connections" && series.instance.contains("gmail")
}

fn rate(timeline: &Timeline, minute: Minute) -> Option<f64> {
    let gmail = timeline.gmail()?;
    let at = |m: Minute| {
        timeline.window.index(m).and_then(|i| gmail.counts.get(i).copied().flatten()).map(|c| c.attempts as f64)
    };
    let here = at(minute)?;
    Some(at(minute.plus(-1)).map_or(here, |before| (here + before) / 2.0))
}

/// What may be said of repetition, and why.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    pub(super) word: &'static str,
    variable: Option<&'static str>,
    sentence: String,
    caution: String,
}

/// How much the values may differ to count as alike: largest over smallest.
const ALIKE: f64 = 1.5;

/// Minutes by which delays after launches may differ to count as alike.
const ALIKE_MINUTES: f64 = 10.0;

/// Judges repetition. The strongest word given here is "consistent": "repeatable"
/// asks for a test against random onsets, which needs launches that differ.
pub(super) fn judge(onsets: &[Onset], launches: &[Launch]) -> Pattern {
    let none = |word, sentence: String| Pattern { word, variable: None, sentence, caution: String::new() };
    let after_launch: Vec<f64> = onsets.iter().filter_map(|o| o.launch.map(|(_, s)| s as f64 / 60.0)).collect();
    match onsets.len() {
        0 => return none("none", "No wave was found, so there is no pattern to show.".to_owned()),
        1 => return none("single wave", "One wave only: repetition cannot be shown.".to_owned()),
        _ => {}
    }
    let mut followed: Vec<_> = onsets.iter().filter_map(|o| o.launch.map(|(i, _)| i)).collect();
    followed.dedup();
    let without_wave = launches.len().saturating_sub(followed.len());
    let range = |v: &[f64]| (v.iter().copied().fold(f64::MAX, f64::min), v.iter().copied().fold(f64::MIN, f64::max));
    let alike = |v: &[f64]| v.len() == onsets.len() && range(v).0 > 0.0 && range(v).1 / range(v).0 <= ALIKE;
    let connections: Vec<f64> = onsets.iter().filter_map(|o| o.connections.map(|(n, _)| n)).collect();
    let rates: Vec<f64> = onsets.iter().filter_map(|o| o.rate).collect();
    let delays_alike =
        after_launch.len() == onsets.len() && range(&after_launch).1 - range(&after_launch).0 <= ALIKE_MINUTES;
    let mut variables = Vec::new();
    if delays_alike {
        variables.push("minutes after launch");
    }
    if alike(&connections) {
        variables.push("open connections");
    }
    if alike(&rates) {
        variables.push("sessions per minute");
    }
    let count = super::grouped(onsets.len() as u64);
    if variables.is_empty() || without_wave > launches.len() / 4 {
        let sentence = format!("{count} waves; neither load nor time after a launch was alike where they began.");
        return Pattern { word: "not shown", variable: None, sentence, caution: String::new() };
    }
    let sentence = format!("{count} waves began alike in {}.", variables.join(" and in "));
    let mut caution = String::new();
    if variables.len() > 1 {
        caution.push_str("The launches are too alike to tell these apart; a launch with another ramp or other messages per connection would. ");
    }
    if onsets.len() == 2 {
        caution.push_str("With two waves, agreement this close comes about by chance in about one case in six. ");
    }
    caution.push_str("What was observed is this sender's ceiling under these conditions, not a published limit.");
    Pattern {
        word: "consistent",
        variable: variables.first().copied().filter(|_| variables.len() == 1),
        sentence,
        caution,
    }
}

impl Pattern {
    pub(super) fn node(&self, controls: Vec<Node>) -> Node {
        let evidence = || [Evidence::Table("waves", String::new())];
        let text = |t: &str| if t.is_empty() { Value::Absent } else { Value::Sentence(t.to_owned()) };
        Node::group([
            ("word", Node::fact(Value::Word(self.word), evidence())),
            ("variable", Node::maybe(self.variable.map(|v| Value::Text(v.to_owned())))),
            ("sentence", Node::fact(Value::Sentence(self.sentence.clone()), evidence())),
            ("caution", text(&self.caution).into()),
            ("controls", Node::List(controls)),
        ])
    }
}

/// A launch's name, or its place in case.yaml.
pub(super) fn launch_name(launch: &Launch, index: usize) -> String {
    launch.name.clone().unwrap_or_else(|| format!("launch {}", index + 1))
}

/// Launches with what followed each.
pub(super) fn launches(launches: &[Launch], onsets: &[Onset], waves: &[Window]) -> Node {
    let rows = launches.iter().enumerate().map(|(i, launch)| {
        let wave = onsets.iter().position(|o| o.launch.is_some_and(|(of, _)| of == i));
        let seconds = wave.and_then(|w| onsets.get(w)).and_then(|o| o.launch).map(|(_, s)| s);
        let stated = || [Evidence::Stated(format!("launches[{i}]"))];
        Node::group([
            ("name", Node::fact(Value::Text(launch_name(launch, i)), stated())),
            ("at", Node::fact(Value::Second(launch.at), stated())),
            ("messages", Node::fact(launch.messages.map_or(Value::Absent, |m| Value::Count(m, "messages")), stated())),
            ("wave", Node::maybe(wave.filter(|w| *w < waves.len()).map(|w| Value::Count(w as u64 + 1, "")))),
            (
                "minutes_to_first_failure",
                Node::maybe(seconds.map(|s| Value::Number(s as f64 / 60.0, 1, "minutes".to_owned()))),
            ),
        ])
    });
    Node::List(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(n: i64) -> Launch {
        Launch { at: Stamp::from_seconds(n * 900), name: None, messages: None }
    }

    fn at(launch: usize, after_s: i64, connections: f64) -> Onset {
        Onset {
            launch: Some((launch, after_s)),
            connections: Some((connections, Basis::Measured)),
            rate: Some(connections * 10.0),
        }
    }

    #[test]
    fn words_by_number_and_likeness() {
        let launches: Vec<_> = (0..3).map(launch).collect();
        assert_eq!(judge(&[], &launches).word, "none");
        assert_eq!(judge(&[at(0, 1, 16.0)], &launches).word, "single wave");
        let alike = judge(&[at(0, 1, 16.0), at(1, 2, 17.0), at(2, 1, 16.0)], &launches);
        assert_eq!((alike.word, alike.variable), ("consistent", None));
        let apart = judge(&[at(0, 1, 16.0), at(1, 900, 70.0), at(2, 1800, 160.0)], &launches);
        assert_eq!(apart.word, "not shown");
    }

    #[test]
    fn launches_without_a_wave_speak_against_a_pattern() {
        let launches: Vec<_> = (0..6).map(launch).collect();
        assert_eq!(judge(&[at(0, 1, 16.0), at(1, 2, 17.0)], &launches).word, "not shown");
    }
}
