//! The items that causes are weighed by: each true, false, or not known, with its numbers.

use super::causes::Item;
use super::contrast::{Carried, Contrast, RowVerdict};
use super::headroom::{Headroom, Resource, ceiling_of, sentence_of, undecided};
use super::order::SessionOrder;
use super::pattern::Pattern;
use super::queue::Queue;
use super::replies::{ReplyGroup, in_clear, policy_share, requirement_share, system_share};
use super::throughput::Throughput;
use super::waves::statistics::clopper_pearson;
use super::{Evident, FoundWave, Incident, Value, grouped, starttls};
use crate::formats::transcripts::Condition;
use crate::scan::{Axis, What};
use crate::smtp::{By, Lane, Outcome};
use crate::timeline::{Counts, Known, MinuteState};

pub(super) use super::causes::Items;

/// Everything the items are read from.
pub(super) struct Seen<'a> {
    pub(super) evident: &'a Evident<'a>,
    pub(super) incident: &'a Incident,
    pub(super) contrast: &'a Contrast,
    pub(super) order: &'a SessionOrder,
    pub(super) replies: &'a [ReplyGroup],
    pub(super) headroom: &'a [Headroom],
    pub(super) pattern: &'a Pattern,
    pub(super) queue: &'a Queue,
    pub(super) throughput: &'a Throughput,
}

/// Reads all items. Without a wave there is nothing to weigh.
pub(super) fn items(seen: &Seen<'_>) -> Items {
    if seen.incident.waves.is_empty() {
        return Items::default();
    }
    let failed = Failed::of(seen);
    let logged = seen.evident.timeline.nodes.iter().map(|n| n.node.as_str()).filter(|node| !node.is_empty()).collect();
    let ceiling = |resource| Item {
        known: ceiling_of(seen.headroom, resource, &logged),
        says: sentence_of(seen.headroom, resource),
        lacks: undecided(seen.headroom, resource),
    };
    let pressure = failed.share(failed.pressed, PRESSURE, "421 answers and remote closes make up");
    Items {
        others_clean: others_clean(seen),
        pressure_apart: pressure_apart(seen, &failed, &pressure),
        pressure,
        policy: majority(
            &failed,
            policy_share(seen.replies),
            "of the deferring answers speak of reputation, content or policy.",
        ),
        system: majority(
            &failed,
            system_share(seen.replies),
            "of the deferring answers speak of a fault in Google's own system.",
        ),
        unmet: unmet(seen, &failed),
        downstream: downstream(seen),
        load_linked: load_linked(seen),
        low_volume_fails: low_volume_fails(seen),
        net_ceiling: ceiling(Resource::Network),
        host_ceiling: ceiling(Resource::Host),
        ip_split: ip_split(seen),
        idle_ok: idle_ok(seen),
        tls_alert: failed.share(
            failed.genuine,
            &[Outcome::TlsFailure],
            "TLS alerts and protocol, cipher or certificate faults make up",
        ),
        own_throttle: own_throttle(seen),
    }
}

/// A 421, a close, and plain bytes after STARTTLS, which are a reply that the log does not show.
const PRESSURE: &[Outcome] = &[Outcome::Deferral, Outcome::RemoteClose, Outcome::Plaintext];

/// Failed sessions of the Gmail lane inside the waves, by kind.
struct Failed {
    all: u64,
    pressed: u64,
    genuine: u64,
    /// Of which the log leaves open how they failed: they may be of any kind.
    untold: u64,
    /// Of which a 4xx answer is counted.
    deferred: u64,
    /// Outcomes that some of the lane's logs cannot show.
    hidden: Vec<Outcome>,
    phi: f64,
}

impl Failed {
    fn of(seen: &Seen<'_>) -> Self {
        let mut failed = Self {
            all: 0,
            pressed: 0,
            genuine: 0,
            untold: 0,
            deferred: 0,
            hidden: Vec::new(),
            phi: seen.incident.yardstick().phi,
        };
        let timeline = seen.evident.timeline;
        let is_hidden = |outcome: &Outcome| {
            let windows = seen.incident.windows();
            windows.iter().any(|window| !matches!(timeline.known(*window, 0, &[*outcome]), Known::All(_)))
        };
        failed.hidden = What::FAILURES.iter().copied().filter(is_hidden).collect();
        for window in seen.incident.windows() {
            for (key, n) in timeline.inside(window) {
                let what = key.what;
                if key.lane != Lane::GMAIL || !matches!(key.axis, Axis::Egress(_)) || !what.is_failure() {
                    continue;
                }
                failed.all += n;
                if PRESSURE.contains(&what.outcome) {
                    failed.pressed += n;
                }
                match what.outcome {
                    Outcome::Unclassified => failed.untold += n,
                    Outcome::Deferral => failed.deferred += n,
                    _ => {}
                }
                if what.outcome == Outcome::TlsFailure && what.by != By::Unknown {
                    failed.genuine += n;
                }
            }
        }
        failed
    }

    /// Whether answers would be there to read, had there been any: tables of counts have none, and
    /// some logs tell of failures and not how.
    fn shows_answers(&self) -> bool {
        self.untold == 0 && self.deferred == 0 && !self.hidden.contains(&Outcome::Deferral)
    }

    /// True when the share's lower limit is half or more, false when its upper limit is
    /// a fifth or less, even if all that is left open were of the kind. Of what some of the
    /// logs cannot show it is never false.
    fn share(&self, part: u64, kinds: &[Outcome], what: &str) -> Item {
        if self.all == 0 {
            return Item::default();
        }
        let interval = |part: u64| clopper_pearson(part as f64 / self.phi, self.all as f64 / self.phi, 0.95);
        let ((lower, _), (_, upper)) = (interval(part), interval(part + self.untold));
        let is_hidden = kinds.iter().any(|kind| self.hidden.contains(kind));
        let known = if lower >= 0.5 { Some(true) } else { (upper <= 0.2 && !is_hidden).then_some(false) };
        Item::new(known, format!("{what} {} of the failed sessions.", Value::Share(part, self.all, "sessions").text()))
    }
}

/// Whether closes and answers are Gmail's own: not, where it hardly answered and other receivers
/// together lost half as large a share of their sessions, or more, in the same minutes. A node
/// without CPU or bandwidth is closed upon by all whom it keeps waiting.
fn pressure_apart(seen: &Seen<'_>, failed: &Failed, pressure: &Item) -> Item {
    let answered = failed.share(failed.deferred, &[Outcome::Deferral], "");
    let gmail = seen.contrast.lanes.iter().find(|j| j.of == Lane::GMAIL).map(|j| j.counts).unwrap_or_default();
    let mut others = Counts::default();
    for row in seen.contrast.others().filter(|j| j.verdict != RowVerdict::Unknown) {
        others.plus(row.counts);
    }
    let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
    let alike = 2 * product(others.failed, gmail.attempts) >= product(gmail.failed, others.attempts);
    let elsewhere = seen.contrast.others_clean() == Some(false);
    if pressure.known != Some(true) || !elsewhere || answered.known != Some(false) || !alike {
        return pressure.clone();
    }
    let share = |c: Counts| Value::Share(c.failed, c.attempts, "sessions").text();
    Item::new(
        Some(false),
        format!(
            "Gmail closed sessions without an answer, and the other receivers lost as many in the same minutes ({}, Gmail {}): the closes are no mark of Gmail's.",
            share(others),
            share(gmail)
        ),
    )
}

/// Whether answers name a lack of the sender's; those to retries in clear are no reason.
fn unmet(seen: &Seen<'_>, failed: &Failed) -> Item {
    let lost = seen.order.total;
    let said = majority(
        failed,
        requirement_share(seen.replies, lost),
        "of the deferring answers say that the mail came without TLS or was not authenticated.",
    );
    match in_clear(seen.replies, lost) {
        0 => said,
        n => Item::new(
            said.known,
            format!(
                "{} {} answers for want of TLS are not counted: at least as many handshakes were lost, after which Postfix tries again in clear.",
                said.says,
                super::grouped(n)
            ),
        ),
    }
}

/// Of no answers there is no majority, where the logs would show them.
fn majority(failed: &Failed, (part, whole): (u64, u64), words: &str) -> Item {
    if whole == 0 {
        let says = "There are no deferring answers about the lane.";
        return if failed.shows_answers() { Item::new(Some(false), says) } else { Item::default() };
    }
    Item::new(Some(part * 2 > whole), format!("{} {words}", Value::Share(part, whole, "answers").text()))
}

fn others_clean(seen: &Seen<'_>) -> Item {
    let lanes = seen.evident.lanes;
    let named = |v: RowVerdict| -> String {
        let rows = seen.contrast.others().filter(|r| r.verdict == v);
        let named = rows.map(|r| {
            format!("{} ({})", lanes.title(r.of), Value::Share(r.counts.failed, r.counts.attempts, "sessions").text())
        });
        named.collect::<Vec<_>>().join("; ")
    };
    let known = seen.contrast.others_clean();
    if let Some(small) = seen.contrast.judged_together() {
        let did = if known == Some(true) { "stayed at the usual failure rate" } else { "failed" };
        let share = small.failed_share().text();
        let says = format!(
            "The {} other receivers have too little traffic to be judged one by one; taken together they {did} in the same minutes: {share}.",
            small.of
        );
        return Item::new(known, says);
    }
    let says = match known {
        None if seen.contrast.others().any(|r| r.verdict == RowVerdict::Unknown) => {
            "The logs cannot show whether other receivers were clean in these minutes.".to_owned()
        }
        None => "No other receiver has enough traffic in these minutes.".to_owned(),
        Some(true) => format!(
            "Other receivers stayed at the usual failure rate in the same minutes: {}.",
            named(RowVerdict::Clean)
        ),
        Some(false) => format!("Other receivers failed in the same minutes: {}.", named(RowVerdict::Failing)),
    };
    Item::new(known, says)
}

fn downstream(seen: &Seen<'_>) -> Item {
    let order = seen.order;
    let known = order.is_downstream();
    if known.is_none() {
        return Item::default();
    }
    let share = Value::Share(order.downstream(), order.total, "sessions").text();
    Item::new(
        known,
        format!("{share} of the sessions lost at the TLS step followed a reply, a close, a reset or plain text."),
    )
}

/// Minutes after a busy one in which a quiet minute still says nothing: back-off lowers the
/// load while the other side still refuses (Google's own drill begins with ten silent ones).
const AFTERMATH: usize = 10;

/// Failures come with load: the waves begin in busy minutes, and quiet minutes stay
/// at the usual rate. Load is the number of sessions attempted. A quiet minute in the
/// aftermath of a busy one is quiet because of the failures; one right before a busy one may
/// hold the first seconds of what made that busy; of one that the logs do not hold whole the
/// load is not known. They count for neither. Quiet and busy are told by the minutes outside the
/// waves and their first ones, for after these retries swell the load. A busy minute has at least a
/// quarter more than a quiet one: some of a steady load always lie above the others.
fn load_linked(seen: &Seen<'_>) -> Item {
    let timeline = seen.evident.timeline;
    let Some(gmail) = timeline.gmail() else { return Item::default() };
    let load: Vec<Option<u64>> = gmail.counts.iter().map(|c| c.map(|c| c.attempts)).collect();
    let in_wave = |i: usize| seen.incident.windows().iter().any(|w| w.contains(timeline.window.at(i)));
    let is_swollen = |i: usize| in_wave(i) && seen.incident.waves.iter().all(|w| w.first != timeline.window.at(i));
    let usual = load.iter().enumerate().filter(|(i, _)| !is_swollen(*i)).filter_map(|(_, n)| *n);
    let mut loads: Vec<_> = usual.filter(|n| *n > 0).collect();
    loads.sort_unstable();
    let at = |percent: usize| loads.get(loads.len() * percent / 100).copied();
    let (Some(low), Some(high)) = (at(40), at(60)) else { return Item::default() };
    let busy = high.max(low + low.div_ceil(4));
    let is_beside_busy = |i: usize| {
        let around = i.saturating_sub(AFTERMATH)..(i + 2).min(load.len());
        in_wave(i) && load[around].iter().flatten().any(|n| *n >= busy)
    };
    let is_whole = |i: usize| timeline.states.get(i) == Some(&MinuteState::Full);
    let among = |is_quiet: &dyn Fn(u64) -> bool| {
        let mut quiet = Counts::default();
        for (i, counts) in gmail.counts.iter().enumerate() {
            if let Some(counts) = counts.filter(|c| is_quiet(c.attempts) && is_whole(i) && !is_beside_busy(i)) {
                quiet.plus(counts);
            }
        }
        quiet
    };
    // Of minutes that are all alike none is quiet.
    let quiet = among(&|n| n < low || (n == low && low < high));
    let idle = among(&|n| n < busy);
    let yardstick = seen.incident.yardstick();
    let is_clean = |counts: Counts| counts.attempts > 0 && yardstick.interval(counts).1 < yardstick.tolerance;
    let load_at = |m| timeline.window.index(m).and_then(|i| load.get(i).copied().flatten()).unwrap_or_default();
    // Of a wave that was there when the data begin, no onset is seen.
    let is_busy = |w: &FoundWave| !w.in_progress_at_start && load_at(w.first) + load_at(w.first.plus(-1)) >= 2 * busy;
    let busy_onsets = seen.incident.waves.iter().all(is_busy);
    let fails = quiet.attempts > 0 && yardstick.interval(quiet).0 > yardstick.tolerance;
    // Too few sessions in the quiet minutes: then all that are not busy are asked.
    let (counts, most) = if !fails && !is_clean(quiet) && is_clean(idle) { (idle, busy - 1) } else { (quiet, low) };
    let says = format!(
        "In the quieter minutes (no more than {} sessions, and no busy minute right after or shortly before) {} of the sessions failed.",
        grouped(most),
        Value::Share(counts.failed, counts.attempts, "sessions").text()
    );
    let known = if fails {
        Some(false)
    } else if seen.pattern.is_shown() || (busy_onsets && is_clean(counts)) {
        Some(true)
    } else {
        None
    };
    Item::new(known, says)
}

/// Sending IPs with less than a quarter of the busiest one's sessions: do they fail too?
fn low_volume_fails(seen: &Seen<'_>) -> Item {
    let most = seen.contrast.ips.iter().map(|j| j.counts.attempts).max().unwrap_or_default();
    let small: Vec<_> = seen.contrast.ips.iter().filter(|j| j.counts.attempts * 4 < most).collect();
    let known = if small.iter().any(|j| j.verdict == RowVerdict::Failing) {
        Some(true)
    } else if small.iter().any(|j| j.verdict == RowVerdict::Clean) {
        Some(false)
    } else {
        None
    };
    let says = match known {
        Some(true) => "Sending IPs with little traffic to Gmail fail as well.",
        Some(false) => "Sending IPs with little traffic to Gmail stayed clean.",
        None => "No sending IP with little traffic to Gmail can be judged.",
    };
    Item::new(known, says)
}

/// Some IPs fail and some are clean though both had the same to carry.
fn ip_split(seen: &Seen<'_>) -> Item {
    let of = |v| seen.contrast.ips.iter().filter(move |j| j.verdict == v).map(|j| j.counts);
    let known = of(RowVerdict::Unknown).next().is_none();
    if of(RowVerdict::Failing).next().is_none() {
        return match known {
            true => Item::new(Some(false), "No single sending IP fails."),
            false => Item::new(None, "No single sending IP is known to fail, and the logs of some cannot show it."),
        };
    }
    let clean: Vec<_> = of(RowVerdict::Clean).map(|counts| seen.contrast.carried(counts)).collect();
    if clean.is_empty() && !known {
        return Item::new(None, "No sending IP is known to have stayed clean, and the logs of some cannot show it.");
    }
    if clean.is_empty() && of(RowVerdict::Failing).nth(1).is_none() {
        return Item::new(None, "Only one sending IP had enough traffic to be judged.");
    }
    if clean.is_empty() {
        return Item::new(Some(false), "No sending IP stayed clean.");
    }
    if clean.contains(&Some(Carried::Alike)) {
        return Item::new(
            Some(true),
            "A sending IP stayed clean though it carried as much traffic to Gmail as the failing ones tried to.",
        );
    }
    if clean.iter().all(|c| *c == Some(Carried::Less)) {
        return Item::new(Some(false), "The clean sending IPs carried less traffic to Gmail than the failing ones.");
    }
    Item::new(None, "Whether the clean sending IPs had as much traffic to carry is not known.")
}

/// Idle tests: one that fails shows a fault that needs no load, whenever it was taken. One that
/// succeeds speaks of its own minute: before a fault began, or after it ended, it would have.
fn idle_ok(seen: &Seen<'_>) -> Item {
    let (ok, all) = starttls::successes(seen.evident.tests, seen.evident.lanes, Condition::Idle);
    if all == 0 {
        return Item::default();
    }
    let share = Value::Share(ok, all, "tests").text();
    let says = format!("{share} of the idle STARTTLS tests of Gmail's MX succeeded.");
    if ok < all {
        return Item::new(Some(false), says);
    }
    match starttls::idle_inside(seen.evident.tests, seen.evident.lanes, &seen.incident.windows()) {
        0 => Item::new(None, says),
        n if n == all => Item::new(Some(true), says),
        n => {
            Item::new(Some(true), format!("{says} {n} of them {} inside a wave.", if n == 1 { "was" } else { "were" }))
        }
    }
}

/// The sender's own decisions before the first wave, and more of them than answers.
fn own_throttle(seen: &Seen<'_>) -> Item {
    let timeline = seen.evident.timeline;
    let (mut own, mut receiver) = (0, 0);
    let mut first_own = None;
    for (key, n) in timeline.inside(timeline.window) {
        if key.lane != Lane::GMAIL || !matches!(key.axis, Axis::Egress(_)) {
            continue;
        }
        if key.what.outcome == Outcome::Local {
            own += n;
            first_own = first_own.or(Some(key.minute));
        } else if key.what.is_failure() {
            receiver += n;
        }
    }
    let first = seen.incident.waves.first().map(|w| w.first);
    let came_first = matches!((first_own, first), (Some(o), Some(f)) if o < f);
    if own == 0 && timeline.known(timeline.window, 0, &[Outcome::Local]) == Known::Nothing {
        return Item::new(None, "No log shows what the sender decided itself.");
    }
    let share = Value::Share(own, own + receiver, "records").text();
    // MTAs put mail off after a receiver's answers: then it is a consequence.
    let when = if own > receiver && !came_first { ", none of them before the first wave" } else { "" };
    let says = format!("{share} of the records are the sender's own decisions{when}.");
    Item::new(Some(own > receiver && came_first), says)
}
