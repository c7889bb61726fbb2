//! How serious the incident is, and who should get the ticket.

use super::FoundWave;
use super::contrast::{RowVerdict, Yardstick};
use super::items::{Items, Seen};
use super::throughput::Reduced;
use crate::smtp::{Lane, Outcome};
use crate::time::Window;
use crate::timeline::{Counts, Timeline};

/// A wave belongs to a launch when it begins so long before or after it, in minutes.
const LAUNCH: (i32, i32) = (-5, 60);

/// The level, by the first rule that fits, and the facts that set it. `unknown` is why it is not
/// known whether there was an incident.
pub(super) fn concern(seen: &Seen<'_>, items: &Items, unknown: Option<&str>) -> (&'static str, String) {
    if let Some(why) = unknown {
        return ("unknown", format!("Not known: {why}"));
    }
    if seen.incident.waves.is_empty() {
        return ("low", "Low: no wave was found.".to_owned());
    }
    if let Some(why) = tls_focused(seen, items) {
        return ("tls_focused", why);
    }
    let clustered = Clustered::of(seen, items);
    if clustered.all() {
        return (
            "act_now",
            "Act now: on the Gmail lane alone, answers of 421 and remote closes in the same wave, with the queue growing and Gmail accepting less.".to_owned(),
        );
    }
    let linked = load_linked(seen, items);
    let why = match linked {
        Some(how) => format!("Investigate: failures in waves on the Gmail lane, linked to load ({how})."),
        None => {
            "Investigate: failures in waves on the Gmail lane, not linked to load as far as the data show.".to_owned()
        }
    };
    ("investigate", format!("{why}{}", clustered.open()))
}

/// Two or more other receivers fail, mostly at TLS, and it does not take load.
fn tls_focused(seen: &Seen<'_>, items: &Items) -> Option<String> {
    let timeline = seen.evident.timeline;
    let failing: Vec<_> = seen.contrast.others().filter(|j| j.verdict == RowVerdict::Failing).collect();
    let by_tls = failing.iter().filter(|j| {
        let of = |tls_only: bool| -> u64 {
            let is = |o: Outcome| !tls_only || o == Outcome::TlsFailure;
            seen.incident.windows().iter().map(|w| timeline.sum(j.of, *w, |w| w.is_failure() && is(w.outcome))).sum()
        };
        of(true) * 2 >= of(false)
    });
    let without_load = items.load_linked.known == Some(false) || items.idle_ok.known == Some(false);
    (by_tls.count() >= 2 && without_load).then(|| {
        "TLS-focused: several receivers fail, with TLS failures in half or more of their failed sessions, in idle tests or quiet minutes too.".to_owned()
    })
}

/// The four signs of a clustered incident; each may be unknown.
struct Clustered {
    gmail_only: Option<bool>,
    deferrals_and_closes: bool,
    queue_grew: Option<bool>,
    reduced: Option<bool>,
}

impl Clustered {
    fn of(seen: &Seen<'_>, items: &Items) -> Self {
        let timeline = seen.evident.timeline;
        let yardstick = seen.incident.yardstick();
        Self {
            gmail_only: items.others_clean.known,
            deferrals_and_closes: seen.incident.waves.iter().any(|w| both_in(timeline, w, yardstick)),
            queue_grew: seen.queue.grew(&seen.incident.windows()),
            reduced: match seen.throughput.reduced {
                Reduced::Yes => Some(true),
                Reduced::No => Some(false),
                Reduced::DemandUnknown | Reduced::CannotTell => None,
            },
        }
    }

    fn signs(&self) -> [(Option<bool>, &'static str); 4] {
        [
            (self.gmail_only, "other receivers with enough traffic"),
            (Some(self.deferrals_and_closes), ""),
            (self.queue_grew, "queue data"),
            (self.reduced, "a rate of acceptance that can be compared"),
        ]
    }

    fn all(&self) -> bool {
        self.signs().iter().all(|(known, _)| *known == Some(true))
    }

    /// What keeps the highest level from being excluded: nothing where a sign is known to be absent.
    fn open(&self) -> String {
        if self.signs().iter().any(|(known, _)| *known == Some(false)) {
            return String::new();
        }
        let lacking: Vec<_> = self.signs().iter().filter(|(known, _)| known.is_none()).map(|(_, what)| *what).collect();
        format!(" At least that: more cannot be excluded without {}.", lacking.join(" and "))
    }
}

/// Whether answers of 4xx and remote closes both exceed what is usual in one wave.
fn both_in(timeline: &Timeline, wave: &FoundWave, yardstick: Yardstick) -> bool {
    let window = Window::new(wave.first, wave.end);
    let exceeds = |outcome| {
        let failed = timeline.sum(Lane::GMAIL, window, |w| w.outcome == outcome && w.is_failure());
        let counts = Counts { attempts: wave.attempts, failed, ..Counts::default() };
        yardstick.judge(counts) == RowVerdict::Failing
    };
    exceeds(Outcome::Deferral) && exceeds(Outcome::RemoteClose)
}

/// How the waves hang together with load: a launch near their begin, or a busy minute.
fn load_linked(seen: &Seen<'_>, items: &Items) -> Option<&'static str> {
    let launches = &seen.evident.case.launches;
    let near = |w: &FoundWave| {
        launches.iter().map(|l| w.first.since(l.at.minute())).any(|after| (LAUNCH.0..=LAUNCH.1).contains(&after))
    };
    if seen.incident.waves.iter().any(near) {
        return Some("a launch within the hour before");
    }
    (items.load_linked.known == Some(true))
        .then_some("they begin in busy minutes, and quiet ones stay at the usual rate")
}

/// Who should get the ticket.
pub(super) fn ticket(seen: &Seen<'_>, items: &Items, unknown: bool) -> String {
    if unknown {
        return "No ticket yet: whether there is an incident to report is not known.".to_owned();
    }
    if seen.incident.waves.is_empty() {
        return "No ticket: there is no incident to report.".to_owned();
    }
    match items.others_clean.known {
        Some(false) => "Write to the ESP or host, not to Google: other receivers fail in the same minutes.".to_owned(),
        Some(true) => "Write to the ESP or host first; a request to Google is supported by the contrast with other receivers.".to_owned(),
        None => "Write to the ESP or host; whether other receivers were clean is not known, so a request to Google would be weak.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_level_asks_for_all_four_signs() {
        let of = |gmail_only, deferrals_and_closes, queue_grew, reduced| Clustered {
            gmail_only,
            deferrals_and_closes,
            queue_grew,
            reduced,
        };
        let (yes, no) = (Some(true), Some(false));
        assert!(of(yes, true, yes, yes).all());
        for signs in [of(no, true, yes, yes), of(yes, false, yes, yes), of(yes, true, no, yes), of(yes, true, yes, no)]
        {
            assert!(!signs.all() && signs.open().is_empty(), "a sign that is absent excludes it");
        }
        let unknown = of(yes, true, None, None);
        assert!(!unknown.all());
        assert_eq!(
            unknown.open(),
            " At least that: more cannot be excluded without queue data and a rate of acceptance that can be compared."
        );
    }
}
