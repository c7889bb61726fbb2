//! The incident as facts: its minutes, the rule that found them, and one sentence.

use std::collections::BTreeSet;

use super::super::{Evidence, Incident, Node, Value, grouped, waves};
use crate::scan::What;
use crate::time::Minute;
use crate::timeline::{Known, Timeline};

pub(super) fn incident_node(incident: &Incident, timeline: &Timeline) -> Node {
    let minutes = || [Evidence::Table("minutes_by_lane", "lane gmail".to_owned())];
    let waves = || [Evidence::Table("waves", String::new())];
    let minute = |m: Option<Minute>| Node::fact(m.map_or(Value::Absent, Value::Minute), minutes());
    let (first, last, worst) = (incident.waves.first(), incident.waves.last(), incident.worst());
    // Of one minute alone there is nothing to say.
    let wide = |interval: Option<(Minute, Minute)>| {
        let between = interval.filter(|(a, b)| a != b).map(|(a, b)| Value::Between(a, b));
        Node::fact(between.unwrap_or(Value::Absent), waves())
    };
    let (attempts, failed) = incident.waves.iter().fold((0, 0), |(a, f), w| (a + w.attempts, f + w.failed));
    // Where quiet was not seen before it, the first minute is a limit.
    let doubtful = incident.baseline.as_ref().is_some_and(|b| b.doubtful);
    let in_progress = first.is_some_and(|w| w.in_progress_at_start);
    let censored = in_progress || (doubtful && first.is_some());
    let duration = first.zip(last).map(|(f, l)| l.end.since(f.first).max(0) as u64);
    Node::group([
        ("state", Node::fact(Value::Word(if first.is_some() { "found" } else { "none" }), waves())),
        ("lane", Value::Word("gmail").into()),
        ("first_minute", minute(first.filter(|_| !censored).map(|w| w.first))),
        ("first_not_later_than", minute(first.filter(|_| censored).map(|w| w.first))),
        ("peak_minute", minute(worst.and_then(|w| w.peak))),
        ("recovery_minute", minute(last.and_then(|w| w.recovery))),
        ("first_interval", wide(first.filter(|_| !censored).map(|w| w.first_interval))),
        ("recovery_interval", wide(last.filter(|w| w.recovery.is_some()).map(|w| w.recovery_interval))),
        ("last_failure", minute(last.map(|w| w.end.plus(-1)))),
        ("in_progress_at_start", Value::Flag(in_progress).into()),
        ("ongoing_at_end", Value::Flag(last.is_some_and(|w| w.ongoing_at_end)).into()),
        ("waves", Node::fact(Value::Count(incident.waves.len() as u64, "waves"), waves())),
        ("attempts", Node::fact(Value::Count(attempts, "sessions"), minutes())),
        ("failed", Node::fact(Value::Count(failed, "sessions"), minutes())),
        ("failed_share", Node::fact(Value::Share(failed, attempts, "sessions"), minutes())),
        (
            "peak_failed",
            Node::fact(worst.map_or(Value::Absent, |w| Value::Count(w.peak_failed, "sessions")), minutes()),
        ),
        ("outcomes", super::wave::outcomes(timeline, &incident.windows(), &minutes())),
        ("duration", Node::maybe(duration.map(|d| Value::Count(d, "minutes")))),
        ("smallest_detectable", Node::maybe(incident.smallest.map(|n| Value::Count(n, "sessions")))),
        ("cannot_tell", Node::maybe(cannot_tell(incident, timeline).map(Value::Sentence))),
        ("background", background(incident)),
        ("caution", Node::maybe(caution(censored && !in_progress, incident, timeline).map(Value::Sentence))),
        ("baseline", baseline(incident)),
        ("summary", Value::Sentence(summary(incident, timeline)).into()),
    ])
}

fn baseline(incident: &Incident) -> Node {
    let Some(b) = &incident.baseline else {
        let rule = "Too few minutes with traffic to say what is usual.".to_owned();
        return Node::group([
            ("share", Value::Absent.into()),
            ("minutes", Value::Absent.into()),
            ("inside_waves", Value::Absent.into()),
            ("tolerance", Value::Absent.into()),
            ("weak", Value::Flag(true).into()),
            ("source", Value::Word("own").into()),
            ("rule", Value::Sentence(rule).into()),
        ]);
    };
    let share = Value::Share(b.failed, b.sessions, "sessions");
    let tolerance = Value::Number(b.tolerance * 100.0, 2, "%".to_owned());
    let inside = quiet_inside(incident);
    let which = match (b.source, inside) {
        (waves::BaselineSource::Healthy, _) => "minutes named as healthy".to_owned(),
        (waves::BaselineSource::Control, _) => "quiet minutes of the other receivers".to_owned(),
        (waves::BaselineSource::Own, 0) => "quiet minutes".to_owned(),
        (waves::BaselineSource::Own, n) => {
            format!(
                "quiet minutes, {} of which {} between failures of a wave,",
                grouped(n),
                if n == 1 { "lies" } else { "lie" }
            )
        }
    };
    let marked = if incident.quiet.is_empty() { "" } else { " (column quiet of minutes_by_lane.csv)" };
    let rule = format!(
        "In the {} {which} {} of the sessions failed{marked}. A stretch of minutes is a wave when more than {} % of its sessions fail, too many for chance at the usual rate, in at least two minutes; stretches with fewer than five quiet minutes between them are one wave. First is the first minute with a failed session, recovery the minute after the last one.",
        grouped(u64::from(b.minutes)),
        share.text(),
        tolerance.text()
    );
    let minutes = || [Evidence::Table("minutes_by_lane", "lane gmail".to_owned())];
    Node::group([
        ("share", Node::fact(share, minutes())),
        ("minutes", Node::fact(Value::Count(u64::from(b.minutes), "minutes"), minutes())),
        ("inside_waves", Node::fact(Value::Count(inside, "minutes"), minutes())),
        ("tolerance", Node::fact(tolerance, minutes())),
        ("weak", Value::Flag(b.weak).into()),
        ("source", Value::Word(source_word(b.source)).into()),
        ("rule", Value::Sentence(rule).into()),
    ])
}

/// Quiet minutes between the first and the last failure of a wave: there the lane was quiet for
/// less than it takes to end a wave.
fn quiet_inside(incident: &Incident) -> u64 {
    let windows = incident.windows();
    incident.quiet.iter().filter(|m| windows.iter().any(|w| w.contains(**m))).count() as u64
}

const fn source_word(source: waves::BaselineSource) -> &'static str {
    match source {
        waves::BaselineSource::Healthy => "healthy",
        waves::BaselineSource::Own => "own",
        waves::BaselineSource::Control => "control",
    }
}

/// What makes minutes and counts doubtful.
fn caution(doubtful: bool, incident: &Incident, timeline: &Timeline) -> Option<String> {
    let of_waves: BTreeSet<Minute> = incident.windows().iter().flat_map(|w| w.minutes()).collect();
    let lossy = of_waves.iter().filter(|m| timeline.nodes.iter().any(|n| n.lossy.contains(m))).count();
    let losses = (lossy > 0).then(|| {
        format!(
            "The logger dropped lines in {lossy} of the {} minutes of the waves: counts are lower bounds, and no such minute is called a peak.",
            of_waves.len()
        )
    });
    let said: Vec<_> = doubtful.then(|| DOUBTFUL.to_owned()).into_iter().chain(losses).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// Said where the minutes taken as quiet are none beside the other receivers'.
const DOUBTFUL: &str = "The quietest minutes of the Gmail lane fail far more often than healthy minutes do, so the data may begin inside the incident: the first error minute is not later than the one given.";

/// Failures before, between and after the waves, so that nobody takes the first error in the
/// log for the first minute of the incident.
fn background(incident: &Incident) -> Node {
    let minutes = || [Evidence::Table("minutes_by_lane", "lane gmail".to_owned())];
    let sentence = incident.background.filter(|_| !incident.waves.is_empty()).map(|b| {
        format!(
            "Outside {} {} of the sessions failed, from {} on: they are not counted as the incident.",
            if incident.spikes.is_empty() { "the waves" } else { "the waves and spikes" },
            Value::Share(b.failed, b.attempts, "sessions").text(),
            b.first
        )
    });
    Node::fact(sentence.map_or(Value::Absent, Value::Sentence), minutes())
}

/// Why it is not known whether there was an incident.
pub(in crate::findings) fn cannot_tell(incident: &Incident, timeline: &Timeline) -> Option<String> {
    if !incident.waves.is_empty() {
        return None;
    }
    if timeline.gmail().is_none() {
        return Some("The logs hold no session to Gmail: whether there was an incident is not known.".to_owned());
    }
    if timeline.known(timeline.window, 0, What::FAILURES) == Known::Nothing {
        return Some(
            "The logs cannot show failed sessions: whether there was an incident on the Gmail lane is not known."
                .to_owned(),
        );
    }
    let minutes = incident.too_few? as u64;
    Some(format!(
        "The logs hold sessions to Gmail in {} {}, too few to say whether there was an incident: give more of the log.",
        grouped(minutes),
        if minutes == 1 { "minute" } else { "minutes" }
    ))
}

fn summary(incident: &Incident, timeline: &Timeline) -> String {
    let Some((first, last)) = incident.waves.first().zip(incident.waves.last()) else {
        if let Some(why) = cannot_tell(incident, timeline) {
            return why;
        }
        let unseen = incident
            .smallest
            .map(|n| format!(" An incident with fewer than about {} failed sessions would not show.", grouped(n)))
            .unwrap_or_default();
        return format!(
            "No incident was found on the Gmail lane between {} and {}.{unseen}",
            timeline.window.from,
            timeline.window.to.plus(-1)
        );
    };
    let begin = if first.in_progress_at_start {
        format!("was in progress when the data begin; first error minute not later than {}", first.first)
    } else if incident.baseline.as_ref().is_some_and(|b| b.doubtful) {
        format!("first error minute not later than {}", first.first)
    } else {
        format!("first error minute {}", first.first)
    };
    let peak = incident
        .worst()
        .and_then(|w| w.peak)
        .map_or_else(|| "peak minute not known".to_owned(), |p| format!("peak minute {p}"));
    let end = match last.recovery {
        Some(minute) => format!("recovery minute {minute}"),
        None => format!("recovery not shown; last failure {}", last.end.plus(-1)),
    };
    let waves = if incident.waves.len() == 1 {
        "one wave".to_owned()
    } else {
        format!("{} waves", grouped(incident.waves.len() as u64))
    };
    format!("Gmail lane, {waves}: {begin}, {peak}, {end}.")
}

pub(super) fn spikes(incident: &Incident) -> Node {
    let row = |(first, _, failed): &(Minute, Minute, u64)| {
        let minute = || [Evidence::Table("minutes_by_lane", first.to_string())];
        Node::group([
            ("minute", Node::fact(Value::Minute(*first), minute())),
            ("failed", Node::fact(Value::Count(*failed, "sessions"), minute())),
        ])
    };
    Node::List(incident.spikes.iter().map(row).collect())
}
