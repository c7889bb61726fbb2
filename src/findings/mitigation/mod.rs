//! What was done about it, measured: what people stated, Google's drill, connections that fell,
//! and what the MTA did by itself.

mod changes;
mod drill;
mod own;
mod pace;
mod parked;
mod silence;

use super::items::{Items, Seen};
use super::{Evidence, Node, Value};
use drill::Silences;

/// One thing that was done, and where it can be checked.
struct Deed {
    sentence: String,
    evidence: Evidence,
}

/// Whether a sending IP kept silent for ten minutes, came back with one connection and then added
/// one at a time; not known where one kept silent and how it came back is not shown.
pub(super) fn drill_done(seen: &Seen<'_>) -> Option<bool> {
    Silences::of(seen.evident.timeline, &seen.incident.windows()).is_done()
}

/// All of it. Google's drill is asked for only where the other side pressed.
pub(super) fn mitigation(seen: &Seen<'_>, items: &Items) -> Node {
    let timeline = seen.evident.timeline;
    let waves = seen.incident.windows();
    let silences = Silences::of(timeline, &waves);
    let mut deeds = changes::changes(timeline, &seen.evident.case.changes);
    deeds.extend(silences.deeds());
    let failing = seen.contrast.failing_ips();
    deeds.extend(pace::falls(timeline, &seen.incident.waves, &failing, |lower| seen.queue.waiting(&[lower])));
    deeds.extend(parked::parked(timeline, &waves));
    deeds.extend(own::decisions(timeline, &seen.incident.waves));
    deeds.extend(own::retries(timeline, &seen.incident.waves));
    let sentence = match (waves.is_empty(), items.pressure.known) {
        (true, _) => "No wave was found, so there was nothing to act on.",
        (false, Some(false)) => {
            "The failures are not refusals by the receiver, so Google's published drill for rate limits does not apply."
        }
        (false, _) => silences.sentence(),
    };
    let row = |deed: Deed| Node::fact(Value::Sentence(deed.sentence), [deed.evidence]);
    Node::group([
        ("drill_done", Value::Flag(silences.is_done() == Some(true)).into()),
        ("sentence", Value::Sentence(sentence.to_owned()).into()),
        ("items", Node::List(deeds.into_iter().map(row).collect())),
    ])
}
