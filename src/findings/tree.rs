//! The fact tree, assembled: every path that texts, tables and charts can name.

use super::authentication::{Answers, Reports};
use super::causes::{self, Cause};
use super::contrast::RowVerdict;
use super::headroom;
use super::items::{Items, Seen};
use super::limits::Limits;
use super::pattern::{self, Onset};
use super::readiness::{self, Check};
use super::requirements::{self, State, requirements};
use super::{
    Evidence, FoundWave, Incident, Node, Value, alignment, grouped, mitigation, number, order, replies, settings,
    starttls,
};
use crate::case::Case;
use crate::scan::What;
use crate::smtp::{Lane, Outcome, Sublane, gmail_replies_date};
use crate::time::Window;
use crate::timeline::Timeline;

/// Stated limits in the canonical unit of each signal.
pub(super) fn limits(case: &Case) -> Limits {
    let mut limits = Limits::new();
    for (node, card) in &case.nodes {
        for (name, quantity) in &card.limits {
            let signal = canonical_limit(name);
            // People state a link in bytes as often as in bits; the signal counts bits.
            let scale = if signal == "egress_bps" && quantity.unit == "B/s" { 8.0 } else { 1.0 };
            limits.insert((node.clone(), signal.to_owned()), quantity.value * scale);
        }
    }
    limits
}

/// The short names that people write for limits.
fn canonical_limit(name: &str) -> &str {
    match name {
        "egress" | "bandwidth" => "egress_bps",
        "workers" => "mta_workers",
        "connections" => "smtp_out_connections",
        "conntrack" => "conntrack_used",
        "cpu" => "cpu_percent",
        other => other,
    }
}

/// Assembles the tree.
pub(super) fn assemble(seen: &Seen<'_>, onsets: &[Onset], items: &Items, causes: &[Cause]) -> Node {
    let evident = seen.evident;
    let timeline = evident.timeline;
    let waves = seen.incident.windows();
    let found = !waves.is_empty();
    let answers = Answers::of(evident.case, evident.answers);
    let sending = seen.contrast.sending_ips();
    let reports = Reports::of(evident.case, evident.reports);
    let requirements = requirements(
        &evident.case.attest,
        &answers,
        &reports,
        &sending,
        seen.replies,
        tls_use(timeline),
        seen.order.total,
    );
    let missing = missing(seen, causes);
    let mut tree = Node::group([
        ("case", case_node(evident.case)),
        ("window", window_node(timeline)),
        ("incident", incident_node(seen.incident, timeline)),
        (
            "waves",
            Node::List(
                seen.incident
                    .waves
                    .iter()
                    .zip(onsets)
                    .enumerate()
                    .map(|(i, (w, o))| wave_node(seen, i, w, o))
                    .collect(),
            ),
        ),
        ("spikes", spikes(seen.incident)),
        ("ips", seen.contrast.ips_node()),
        ("ips_summary", seen.contrast.ips_summary()),
        ("mx_hosts", seen.contrast.mx_node(timeline)),
        ("lanes", seen.contrast.lanes_node(evident.lanes)),
        ("gmail", sublanes(timeline, &waves)),
        ("closes", order::closes(timeline, evident.tally)),
        ("tls_failures", seen.order.node(timeline)),
        ("plaintext_deliveries", seen.order.plaintext_deliveries().into()),
        ("replies", Node::List(seen.replies.iter().map(|g| g.node(timeline, &waves)).collect())),
        ("pattern", seen.pattern.node(controls(seen))),
        ("launches", pattern::launches(&evident.case.launches, onsets, &waves)),
        ("changes", changes(evident.case)),
        ("causes", Node::List(if found { causes.iter().map(Cause::node).collect() } else { Vec::new() })),
    ]);
    tree.insert("verdict", Value::Word(if found { causes::overall(causes) } else { "none" }).into());
    let verdict = if found {
        causes::sentence(causes)
    } else {
        "No incident was found on the Gmail lane, so no cause is weighed.".to_owned()
    };
    tree.insert("verdict_sentence", Value::Sentence(verdict).into());
    let (concern, why) = concern(seen, items);
    tree.insert("concern", Value::Word(concern).into());
    tree.insert("concern_sentence", Value::Sentence(why).into());
    tree.insert("ticket", Value::Sentence(ticket(seen, items)).into());
    tree.insert("mitigation", mitigation::mitigation(timeline, &evident.case.changes, &waves));
    tree.insert("throughput", mitigation::throughput(timeline, &waves));
    tree.insert("queue", mitigation::queue(&timeline.metrics, &waves, timeline.window));
    tree.insert("nodes", headroom::nodes(seen.headroom, &super::provider_ids(evident.case)));
    tree.insert("nodes_summary", Value::Sentence(headroom::sentence(seen.headroom)).into());
    tree.insert("settings", settings::nodes(evident));
    tree.insert("transcripts", starttls::nodes(evident.tests));
    tree.insert("transcripts_by_node", super::comparison::by_node(evident.tests, evident.lanes));
    tree.insert("transcripts_summary", starttls::summary(evident.tests, evident.lanes, &waves));
    tree.insert("requirements", Node::List(requirements.iter().map(requirements::Requirement::node).collect()));
    tree.insert("requirements_line", Value::Sentence(requirements::line(&requirements)).into());
    tree.insert("sender", sender(evident.case));
    tree.insert("clocks", clocks(seen));
    tree.insert("coverage", coverage(seen));
    tree.insert(
        "skipped",
        Node::List(
            evident
                .skipped
                .iter()
                .map(|(n, w)| {
                    Node::group([("name", Value::Text(n.clone()).into()), ("why", Value::Sentence(w.clone()).into())])
                })
                .collect(),
        ),
    );
    tree.insert("readiness", ready(seen, items, &requirements));
    tree.insert("asks", asks(seen, items));
    tree.insert("missing", sentences(missing));
    tree.insert("proposals", proposals(seen, items));
    tree.insert("queue_ids", replies::queue_ids(timeline, evident.tally, &waves));
    tree.insert("problems", sentences(evident.problems.to_vec()));
    tree.insert("notes", notes(evident.case));
    tree.insert(
        "tool",
        Node::group([
            ("version", Value::Text(env!("CARGO_PKG_VERSION").to_owned()).into()),
            ("tzdb", Value::Text(chrono_tz::IANA_TZDB_VERSION.to_owned()).into()),
            ("replies_date", Value::Text(gmail_replies_date().to_owned()).into()),
        ]),
    );
    tree
}

fn text(value: Option<&str>) -> Node {
    Node::maybe(value.filter(|t| !t.is_empty()).map(|t| Value::Text(t.to_owned())))
}

fn stated(value: Option<&str>, key: &str) -> Node {
    let value = value.filter(|t| !t.is_empty()).map(|t| Value::Text(t.to_owned()));
    Node::fact(value.unwrap_or(Value::Absent), [Evidence::Stated(key.to_owned())])
}

fn sentences(texts: Vec<String>) -> Node {
    Node::List(texts.into_iter().map(|t| Value::Sentence(t).into()).collect())
}

fn case_node(case: &Case) -> Node {
    Node::group([("name", Value::Text(case.name.clone()).into()), ("title", text(case.title.as_deref()))])
}

fn sender(case: &Case) -> Node {
    let s = &case.sender;
    Node::group([
        ("organisation", stated(s.organisation.as_deref(), "sender.organisation")),
        ("contact", stated(s.contact.as_deref(), "sender.contact")),
        ("domains", stated(Some(&s.domains.join(", ")), "sender.domains")),
        ("provider", stated(s.provider.as_deref(), "sender.provider")),
        ("provider_case", stated(s.provider_case.as_deref(), "sender.provider_case")),
    ])
}

fn notes(case: &Case) -> Node {
    Node::group([
        ("esp", stated(case.notes.esp.as_deref(), "notes.esp")),
        ("google", stated(case.notes.google.as_deref(), "notes.google")),
    ])
}

fn changes(case: &Case) -> Node {
    let row = |(i, c): (usize, &crate::case::Change)| {
        let stated = || [Evidence::Stated(format!("changes[{i}]"))];
        Node::group([
            ("at", Node::fact(Value::Second(c.at), stated())),
            ("what", Node::fact(Value::Text(c.what.clone()), stated())),
        ])
    };
    Node::List(case.changes.iter().enumerate().map(row).collect())
}

fn window_node(timeline: &Timeline) -> Node {
    let known = timeline.states.iter().filter(|s| **s != crate::timeline::MinuteState::Unknown).count() as u64;
    let table = || [Evidence::Table("coverage", String::new())];
    Node::group([
        ("from", Node::fact(Value::Minute(timeline.window.from), table())),
        ("to", Node::fact(Value::Minute(timeline.window.to.plus(-1)), table())),
        ("minutes", Node::fact(Value::Count(timeline.window.len() as u64, "minutes"), table())),
        ("known", Node::fact(Value::Count(known, "minutes"), table())),
    ])
}

/// Attempts inside the waves (the whole window without one), by the recipient's domain.
fn sublanes(timeline: &Timeline, waves: &[Window]) -> Node {
    let whole = [timeline.window];
    let inside = if waves.is_empty() { &whole[..] } else { waves };
    let of = |sublane| {
        inside.iter().map(|w| timeline.sum(Lane::GMAIL, *w, |w| w.outcome.is_attempt() && w.sublane == sublane)).sum()
    };
    let table = || [Evidence::Table("minutes_by_lane", String::new())];
    Node::group([
        ("consumer", Node::fact(Value::Count(of(Sublane::Consumer), "sessions"), table())),
        ("workspace", Node::fact(Value::Count(of(Sublane::Workspace), "sessions"), table())),
        ("domain_not_logged", Node::fact(Value::Count(of(Sublane::None), "sessions"), table())),
    ])
}

/// Accepted sessions with an established TLS session, of all accepted.
fn tls_use(timeline: &Timeline) -> (u64, u64) {
    let accepted = |with_tls: bool| {
        timeline.sum(Lane::GMAIL, timeline.window, |w| {
            w.outcome == Outcome::Delivered && (!with_tls || w.tls == crate::smtp::TlsUse::Established)
        })
    };
    (accepted(true), accepted(false))
}

fn incident_node(incident: &Incident, timeline: &Timeline) -> Node {
    let minutes = || [Evidence::Table("minutes_by_lane", "lane gmail".to_owned())];
    let waves = || [Evidence::Table("waves", String::new())];
    let minute = |m: Option<crate::time::Minute>| Node::fact(m.map_or(Value::Absent, Value::Minute), minutes());
    let (first, last, worst) = (incident.waves.first(), incident.waves.last(), incident.worst());
    let (attempts, failed) = incident.waves.iter().fold((0, 0), |(a, f), w| (a + w.attempts, f + w.failed));
    let censored = first.is_some_and(|w| w.in_progress_at_start);
    let duration = first.zip(last).map(|(f, l)| l.end.since(f.first).max(0) as u64);
    Node::group([
        ("state", Node::fact(Value::Word(if first.is_some() { "found" } else { "none" }), waves())),
        ("lane", Value::Word("gmail").into()),
        ("first_minute", minute(first.filter(|_| !censored).map(|w| w.first))),
        ("first_not_later_than", minute(first.filter(|_| censored).map(|w| w.first))),
        ("peak_minute", minute(worst.and_then(|w| w.peak))),
        ("recovery_minute", minute(last.and_then(|w| w.recovery))),
        ("last_failure", minute(last.map(|w| w.end.plus(-1)))),
        ("in_progress_at_start", Value::Flag(censored).into()),
        ("ongoing_at_end", Value::Flag(last.is_some_and(|w| w.ongoing_at_end)).into()),
        ("waves", Node::fact(Value::Count(incident.waves.len() as u64, "waves"), waves())),
        ("attempts", Node::fact(Value::Count(attempts, "sessions"), minutes())),
        ("failed", Node::fact(Value::Count(failed, "sessions"), minutes())),
        ("failed_share", Node::fact(Value::Share(failed, attempts, "sessions"), minutes())),
        (
            "peak_failed",
            Node::fact(worst.map_or(Value::Absent, |w| Value::Count(w.peak_failed, "sessions")), minutes()),
        ),
        ("duration", Node::maybe(duration.map(|d| Value::Count(d, "minutes")))),
        ("smallest_detectable", Node::maybe(incident.smallest.map(|n| Value::Count(n, "sessions")))),
        ("cannot_tell", Node::maybe(cannot_tell(incident, timeline).map(Value::Sentence))),
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
            ("tolerance", Value::Absent.into()),
            ("weak", Value::Flag(true).into()),
            ("source", Value::Word("own").into()),
            ("rule", Value::Sentence(rule).into()),
        ]);
    };
    let share = Value::Share(b.failed, b.sessions, "sessions");
    let tolerance = Value::Number(b.tolerance * 100.0, 2, "%".to_owned());
    let rule = format!(
        "In the {} quiet minutes {} of the sessions failed. A stretch of minutes is a wave when more than {} % of its sessions fail, too many for chance at the usual rate, in at least two minutes; stretches with fewer than five quiet minutes between them are one wave. First is the first minute with a failed session, recovery the minute after the last one.",
        grouped(u64::from(b.minutes)),
        share.text(),
        tolerance.text()
    );
    let minutes = || [Evidence::Table("minutes_by_lane", "lane gmail".to_owned())];
    Node::group([
        ("share", Node::fact(share, minutes())),
        ("minutes", Node::fact(Value::Count(u64::from(b.minutes), "minutes"), minutes())),
        ("tolerance", Node::fact(tolerance, minutes())),
        ("weak", Value::Flag(b.weak).into()),
        ("source", Value::Word(source_word(b.source)).into()),
        ("rule", Value::Sentence(rule).into()),
    ])
}

const fn source_word(source: super::waves::BaselineSource) -> &'static str {
    match source {
        super::waves::BaselineSource::Healthy => "healthy",
        super::waves::BaselineSource::Own => "own",
        super::waves::BaselineSource::Control => "control",
    }
}

/// Why it is not known whether there was an incident.
fn cannot_tell(incident: &Incident, timeline: &Timeline) -> Option<String> {
    let blind = incident.waves.is_empty() && timeline.known(0, What::FAILURES).is_none();
    blind.then(|| {
        "The logs cannot show failed sessions: whether there was an incident on the Gmail lane is not known.".to_owned()
    })
}

fn summary(incident: &Incident, timeline: &Timeline) -> String {
    let Some((first, last)) = incident.waves.first().zip(incident.waves.last()) else {
        if timeline.gmail().is_none() {
            return "The logs hold no session to Gmail.".to_owned();
        }
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

fn wave_node(seen: &Seen<'_>, index: usize, wave: &FoundWave, onset: &Onset) -> Node {
    let timeline = seen.evident.timeline;
    let row = || [Evidence::Table("waves", format!("wave {}", index + 1))];
    let minutes = || [Evidence::Table("minutes_by_lane", format!("{} to {}", wave.first, wave.end.plus(-1)))];
    let window = Window::new(wave.first, wave.end);
    let of = |outcome: Outcome| {
        let n = timeline.sum(Lane::GMAIL, window, |w| w.outcome == outcome && w.is_failure());
        Node::fact(timeline.known(n, &[outcome]).map_or(Value::Absent, |n| Value::Count(n, "sessions")), minutes())
    };
    let minute = |m: Option<crate::time::Minute>| Node::fact(m.map_or(Value::Absent, Value::Minute), minutes());
    let between = |(a, b): (crate::time::Minute, crate::time::Minute)| Node::fact(Value::Between(a, b), row());
    let launch = onset.launch.and_then(|(i, s)| Some((pattern::launch_name(seen.evident.case.launches.get(i)?, i), s)));
    Node::group([
        ("number", Value::Count(index as u64 + 1, "").into()),
        ("first", minute(Some(wave.first))),
        ("first_interval", between(wave.first_interval)),
        ("peak", minute(wave.peak)),
        ("recovery", minute(wave.recovery)),
        (
            "recovery_interval",
            if wave.recovery.is_some() { between(wave.recovery_interval) } else { Value::Absent.into() },
        ),
        ("last_failure", minute(Some(wave.end.plus(-1)))),
        ("attempts", Node::fact(Value::Count(wave.attempts, "sessions"), minutes())),
        ("failed", Node::fact(Value::Count(wave.failed, "sessions"), minutes())),
        ("failed_share", Node::fact(Value::Share(wave.failed, wave.attempts, "sessions"), minutes())),
        ("peak_failed", Node::fact(Value::Count(wave.peak_failed, "sessions"), minutes())),
        ("gradual", Value::Flag(wave.gradual).into()),
        ("ongoing_at_end", Value::Flag(wave.ongoing_at_end).into()),
        ("in_progress_at_start", Value::Flag(wave.in_progress_at_start).into()),
        ("launch", Node::maybe(launch.as_ref().map(|(name, _)| Value::Text(name.clone())))),
        ("launch_number", Node::maybe(onset.launch.map(|(i, _)| Value::Count(i as u64 + 1, "")))),
        (
            "minutes_after_launch",
            Node::fact(
                launch.map_or(Value::Absent, |(_, s)| Value::Number(s as f64 / 60.0, 1, "minutes".to_owned())),
                row(),
            ),
        ),
        (
            "connections_at_onset",
            Node::fact(
                onset.connections.map_or(Value::Absent, |(n, _)| Value::Number(n, 0, "connections".to_owned())),
                row(),
            ),
        ),
        ("connections_basis", Value::Word(onset.connections.map_or("unknown", |(_, b)| b.word())).into()),
        (
            "rate_at_onset",
            Node::fact(
                onset.rate.map_or(Value::Absent, |r| Value::Number(r, 0, "sessions per minute".to_owned())),
                row(),
            ),
        ),
        ("messages_per_session", Value::Absent.into()),
        (
            "outcomes",
            Node::group([
                ("deferral", of(Outcome::Deferral)),
                ("remote_close", of(Outcome::RemoteClose)),
                ("tls_failure", of(Outcome::TlsFailure)),
                ("plaintext", of(Outcome::Plaintext)),
                ("timeout", of(Outcome::Timeout)),
                ("connect_failure", of(Outcome::ConnectFailure)),
            ]),
        ),
    ])
}

fn spikes(incident: &Incident) -> Node {
    let row = |(first, _, failed): &(crate::time::Minute, crate::time::Minute, u64)| {
        let minute = || [Evidence::Table("minutes_by_lane", first.to_string())];
        Node::group([
            ("minute", Node::fact(Value::Minute(*first), minute())),
            ("failed", Node::fact(Value::Count(*failed, "sessions"), minute())),
        ])
    };
    Node::List(incident.spikes.iter().map(row).collect())
}

/// The controls printed next to the pattern claim.
fn controls(seen: &Seen<'_>) -> Vec<Node> {
    if seen.incident.waves.is_empty() {
        return Vec::new();
    }
    let control = |what: String, verdict: RowVerdict, table: &'static str| {
        Node::group([
            ("what", Node::fact(Value::Sentence(what), [Evidence::Table(table, String::new())])),
            ("verdict", Value::Word(verdict.word()).into()),
        ])
    };
    let share = |c: crate::timeline::Counts| Value::Share(c.failed, c.attempts, "sessions").text();
    let lanes = seen.contrast.others().map(|j| {
        control(
            format!("{}, same minutes: {} of sessions failed:", seen.evident.lanes.name(j.of), share(j.counts)),
            j.verdict,
            "lanes",
        )
    });
    let clean = seen.contrast.ips.iter().filter(|j| j.verdict != RowVerdict::Failing);
    let ips = clean.map(|j| {
        control(
            format!("sending IP {}, same minutes: {} of sessions failed:", j.of.label(), share(j.counts)),
            j.verdict,
            "ips",
        )
    });
    lanes.chain(ips).collect()
}

fn clocks(seen: &Seen<'_>) -> Node {
    let tally = seen.evident.tally;
    let row = |(node, zone, basis): &(String, String, String)| {
        let mut offsets: Vec<(i32, u64)> = Vec::new();
        for ((egress, seconds), n) in &tally.skew {
            if tally.names.egress_of(*egress).is_some_and(|e| e.node == *node) {
                offsets.push((*seconds, *n));
            }
        }
        let skew = weighted_median(offsets);
        let of = if node.is_empty() { "the logs that name no node" } else { node };
        let sentence = match skew {
            Some(s) if s.abs() <= 5 => format!(
                "Times of {of} are {zone} ({basis}); its acceptances by Gmail carry Google's clock and differ by {s} seconds (median)."
            ),
            Some(s) => format!(
                "Times of {of} are {zone} ({basis}); by Google's clock in its acceptances they are off by {s} seconds (median). Not corrected."
            ),
            None => format!("Times of {of} are {zone} ({basis}); no acceptance by Gmail is there to check them."),
        };
        Node::group([
            ("node", Value::Text(node.clone()).into()),
            ("zone", Value::Text(zone.clone()).into()),
            ("basis", Value::Text(basis.clone()).into()),
            ("skew", Node::maybe(skew.map(|s| Value::Number(f64::from(s), 0, "seconds".to_owned())))),
            ("sentence", Value::Sentence(sentence).into()),
        ])
    };
    let metrics = alignment::rows(&seen.evident.timeline.alignments);
    Node::List(seen.evident.clocks.iter().map(row).chain(metrics).collect())
}

fn weighted_median(mut values: Vec<(i32, u64)>) -> Option<i32> {
    values.sort_unstable();
    let half = values.iter().map(|(_, n)| n).sum::<u64>() / 2;
    let mut seen = 0;
    values
        .into_iter()
        .find(|(_, n)| {
            seen += n;
            seen > half
        })
        .map(|(v, _)| v)
}

fn coverage(seen: &Seen<'_>) -> Node {
    let row = |card: &super::FileCard| {
        let count = |n| Value::Count(n, "lines").into();
        Node::group([
            ("exhibit", Value::Text(card.exhibit.clone()).into()),
            ("file", Value::Text(card.file.clone()).into()),
            ("kind", Value::Word(card.kind).into()),
            ("format", Value::Text(card.format.clone()).into()),
            ("from", Node::maybe(card.span.map(|(a, _)| Value::Second(a)))),
            ("to", Node::maybe(card.span.map(|(_, b)| Value::Second(b)))),
            ("read", count(card.accounting.read)),
            ("used", count(card.accounting.used)),
            ("irrelevant", count(card.accounting.irrelevant)),
            ("unrecognised", count(card.accounting.unrecognised)),
            ("sha256", text(Some(&card.sha256))),
            ("cannot_show", sentences(card.cannot_show.clone())),
            ("not_understood", sentences(card.not_understood.clone())),
        ])
    };
    Node::List(seen.evident.files.iter().map(row).collect())
}

/// What the causes and the readers lack, each once.
fn missing(seen: &Seen<'_>, causes: &[Cause]) -> Vec<String> {
    if seen.incident.waves.is_empty() {
        return Vec::new();
    }
    let mut missing: Vec<String> = causes
        .iter()
        .filter(|c| c.verdict != causes::Verdict::Against)
        .flat_map(Cause::missing)
        .map(str::to_owned)
        .collect();
    if !seen.evident.tests.iter().any(|t| t.condition == crate::formats::transcripts::Condition::Loaded) {
        missing.push("a STARTTLS test taken on a sending node during a launch (posttls-finger -c)".to_owned());
    }
    if seen.contrast.ips.iter().any(|j| j.of.ip.is_none()) {
        missing.push("the sending IP behind each syslog name or transport (case.yaml: sending_ips, or postconf -n and postconf -Mf of each node)".to_owned());
    }
    missing.push("network traces of the failing minutes: none were taken (for next time: mtr -rwz -c 200 to the MX host, from the node and back)".to_owned());
    let mut seen_once = std::collections::BTreeSet::new();
    missing.retain(|m| seen_once.insert(m.clone()));
    missing
}

/// How serious it is, by the first rule that fits.
fn concern(seen: &Seen<'_>, items: &Items) -> (&'static str, String) {
    let failing = seen.contrast.others().filter(|j| j.verdict == RowVerdict::Failing).count();
    if seen.incident.waves.is_empty() {
        return ("low", "Low: single failures only, no wave.".to_owned());
    }
    if failing >= 2 && items.tls_alert.known == Some(true) {
        return (
            "tls_focused",
            "TLS-focused: several receivers fail, with TLS failures in most failed sessions.".to_owned(),
        );
    }
    let growing = mitigation::queue_grew(&seen.evident.timeline.metrics, &seen.incident.windows());
    let pressed = items.pressure.known == Some(true);
    match (pressed, items.others_clean.known, growing) {
        (true, Some(true), Some(true)) => ("investigate", "At least investigate: answers of 421 and remote closes on the Gmail lane alone, with the queue growing. A reduced rate of acceptance is not shown, so more cannot be said.".to_owned()),
        (true, _, None) => ("investigate", "At least investigate; more cannot be excluded without queue data.".to_owned()),
        _ => ("investigate", "Investigate: failures in waves on the Gmail lane.".to_owned()),
    }
}

/// Who should get the ticket.
fn ticket(seen: &Seen<'_>, items: &Items) -> String {
    if seen.incident.waves.is_empty() {
        return "No ticket: there is no incident to report.".to_owned();
    }
    match items.others_clean.known {
        Some(false) => "Write to the ESP or host, not to Google: other receivers fail in the same minutes.".to_owned(),
        Some(true) => "Write to the ESP or host first; a request to Google is supported by the contrast with other receivers.".to_owned(),
        None => "Write to the ESP or host; whether other receivers were clean is not known, so a request to Google would be weak.".to_owned(),
    }
}

fn ready(seen: &Seen<'_>, items: &Items, requirements: &[requirements::Requirement]) -> Node {
    let found = !seen.incident.waves.is_empty();
    let incident = Check::must(
        "an incident on the Gmail lane",
        Some(found),
        if found { "an incident was found" } else { "no incident was found" },
    );
    let token = seen.replies.iter().any(|g| g.is_for_google() && g.has_token());
    let assumed = seen.evident.clocks.iter().any(|(_, _, basis)| basis == "assumed");
    let utc = Check::must(
        "times in UTC, with a proven zone",
        Some(!assumed),
        if assumed { "the zone of a log is assumed, not proven" } else { "the zones of all logs are proven" },
    );
    let ips = |v| seen.contrast.ips.iter().filter(|j| j.verdict == v).count();
    let both = ips(RowVerdict::Failing) > 0 && ips(RowVerdict::Clean) > 0;
    let mapped = seen.contrast.ips.iter().all(|j| j.of.ip.is_some());
    let clean_lanes = seen.contrast.others().filter(|j| j.verdict == RowVerdict::Clean).count();
    let others = match items.others_clean.known {
        Some(false) => (Some(false), "other receivers fail as well: do not write to Google"),
        Some(true) if clean_lanes >= 2 => (Some(true), "two or more other receivers were clean in the same minutes"),
        _ => (None, "fewer than two other receivers have enough traffic to compare with"),
    };
    let spam = requirements.iter().find(|r| r.id == "spam_rate").map(|r| r.state);
    let complaints = requirements.iter().any(|r| r.id != "spam_rate" && r.state == State::NotMet);
    let two = seen.incident.waves.len() >= 2;
    let metrics = !seen.evident.timeline.metrics.is_empty();
    let loaded = seen.evident.tests.iter().any(|t| t.condition == crate::formats::transcripts::Condition::Loaded);
    let google = [
        incident.clone(),
        Check::must(
            "an exact reply with Google's token",
            Some(token),
            if token { "replies with tokens are there" } else { "no reply with a token of Google's is there" },
        ),
        utc.clone(),
        Check::must(
            "sending IPs named",
            Some(mapped),
            if mapped { "all sending IPs are known" } else { "a sending IP is not known (case.yaml: sending_ips)" },
        ),
        Check::must(
            "failing and clean sending IPs",
            Some(both),
            if both {
                "failing and clean sending IPs are there"
            } else {
                "there are not both failing and clean sending IPs"
            },
        ),
        Check::must(
            "two or more occurrences",
            Some(two),
            if two { "two or more waves were found" } else { "one wave only" },
        ),
        Check::must("other receivers clean", others.0, others.1),
        Check::must(
            "no reply that a requirement is not met",
            Some(!complaints),
            if complaints { "a sender requirement is not met" } else { "no reply says that a requirement is not met" },
        ),
        Check::must(
            "spam rate",
            spam.map(|s| matches!(s, State::Measured | State::Attested)),
            match spam {
                Some(State::Measured) => "spam rate measured",
                Some(State::Attested) => "spam rate attested",
                Some(State::NotMet) => "spam rate is above what Google accepts",
                _ => {
                    "spam rate neither measured nor attested (an answer of Postmaster Tools, or case.yaml: attest.spam_rate)"
                }
            },
        ),
        Check::want(
            "metrics of the same minutes",
            Some(metrics),
            if metrics { "metrics were given" } else { "no metrics were given" },
        ),
        Check::want(
            "a STARTTLS test under load",
            Some(loaded),
            if loaded { "loaded tests were given" } else { "no loaded test was given" },
        ),
    ];
    let esp = [
        incident,
        utc,
        Check::must("other receivers compared", items.others_clean.known.map(|_| true), others.1),
        Check::must(
            "metrics of the same minutes",
            Some(metrics),
            if metrics { "metrics were given" } else { "no metrics of the nodes were given" },
        ),
        Check::must(
            "a STARTTLS test under load",
            Some(loaded),
            if loaded { "loaded tests were given" } else { "no STARTTLS test under load was given" },
        ),
        Check::want(
            "failing and clean sending IPs",
            Some(both),
            if both {
                "failing and clean sending IPs are there"
            } else {
                "there are not both failing and clean sending IPs"
            },
        ),
        Check::want(
            "two or more occurrences",
            Some(two),
            if two { "two or more waves were found" } else { "one wave only" },
        ),
    ];
    Node::group([("google", readiness::node("Google", &google)), ("esp", readiness::node("the ESP or host", &esp))])
}

/// What to ask each reader for: only what the evidence lacks or shows.
fn asks(seen: &Seen<'_>, items: &Items) -> Node {
    let failing: Vec<_> =
        seen.contrast.ips.iter().filter(|j| j.verdict == RowVerdict::Failing).map(|j| j.of.label()).collect();
    let mut esp = Vec::new();
    if !seen.incident.waves.is_empty() {
        esp.push("Which of your limits (bandwidth, packets, connections tracked, port 25) apply to these nodes, and did any of their counters rise in the minutes of the waves?".to_owned());
        esp.push(if failing.is_empty() {
            "Which source addresses did these nodes use towards Gmail in these minutes?".to_owned()
        } else {
            format!(
                "Are the addresses {} shared with other senders, and what did those send to Gmail in these minutes?",
                failing.join(", ")
            )
        });
        esp.push(
            "Which concurrency, retry and back-off settings did the MTA apply to Gmail's MX hosts in these minutes?"
                .to_owned(),
        );
        esp.push("For the queue ids listed: what does your own log show of these sessions?".to_owned());
        if items.idle_ok.known.is_none() {
            esp.push("Please run a STARTTLS test to Gmail's MX from each node while it is idle and during a launch (posttls-finger -c).".to_owned());
        }
        esp.push(
            "Is the mapping of nodes to public sending addresses as stated here, without translation on the way?"
                .to_owned(),
        );
    }
    let google = if seen.incident.waves.is_empty() {
        Value::Absent
    } else {
        Value::Sentence("Which signal or quota (IP, DKIM domain, SPF domain, other) was applied to these sessions, and what should we change? Is any part of this a fault on Gmail's side?".to_owned())
    };
    Node::group([("google", google.into()), ("esp", sentences(esp))])
}

/// What to change next; each only where a fact calls for it.
fn proposals(seen: &Seen<'_>, items: &Items) -> Node {
    let mut rows = Vec::new();
    let mut propose = |what: &str, because: String| {
        rows.push(Node::group([
            ("what", Value::Sentence(what.to_owned()).into()),
            ("because", Value::Sentence(because).into()),
        ]));
    };
    if !seen.incident.waves.is_empty() {
        if items.pressure.known == Some(true) && items.others_clean.known == Some(true) {
            propose(
                "Lower the number of concurrent connections per sending IP to Gmail's MX hosts, and lengthen the back-off after temporary replies.",
                items.pressure.says.clone(),
            );
        }
        if seen.pattern.word == "consistent" {
            propose(
                "Stagger launches, so that sending IPs do not reach the same load at once.",
                format!("The pattern is {}.", seen.pattern.word),
            );
        }
        if seen.order.plaintext_deliveries > 0 {
            let n = Value::Count(seen.order.plaintext_deliveries, "messages").text();
            propose(
                "Keep TLS on towards Gmail, and require it there, so that a failed handshake is retried with TLS.",
                format!("{n} messages were accepted in sessions without a TLS line."),
            );
        }
        if items.tls_alert.known == Some(true) {
            propose(
                "Compare the TLS versions and ciphers that the MTA is set to with what Gmail's MX hosts offer, and update the TLS library.",
                items.tls_alert.says.clone(),
            );
        }
        if seen.evident.timeline.metrics.is_empty() {
            propose(
                "Record metrics of the sending nodes once a minute or more often (sysstat, interval of sixty seconds).",
                number(0.0, 0) + " metrics files were given.",
            );
        }
    }
    Node::List(rows)
}
