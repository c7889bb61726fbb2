//! What the sender's MTA did by itself: put mail off, and try again.

use super::super::{Evidence, FoundWave, Value, grouped};
use super::Deed;
use crate::smtp::{Lane, Outcome};
use crate::time::Window;
use crate::timeline::{Counts, Timeline};

/// Attempts this many times those at the begin of a wave are a storm of retries, where Gmail
/// accepts less than at its begin.
const STORM: u64 = 2;

/// Deliveries that the MTA put off without a session: a destination suspended, a throttle of its own.
pub(super) fn decisions(timeline: &Timeline, waves: &[FoundWave]) -> Vec<Deed> {
    let deed = |(i, wave): (usize, &FoundWave)| {
        let own = timeline.sum(Lane::GMAIL, window(wave), |w| w.outcome == Outcome::Local);
        let number = i + 1;
        (own > 0).then(|| Deed {
            sentence: format!(
                "{} to {}: the sender's own MTA put off {} {} to Gmail without a session (destination suspended, or a limit of its own).",
                wave.first,
                wave.end.plus(-1),
                grouped(own),
                if own == 1 { "delivery" } else { "deliveries" }
            ),
            evidence: Evidence::Table("minutes_by_lane", format!("wave {number}, column local")),
        })
    };
    waves.iter().enumerate().filter_map(deed).collect()
}

/// Waves in which the sessions attempted doubled while fewer messages were accepted.
pub(super) fn retries(timeline: &Timeline, waves: &[FoundWave]) -> Vec<Deed> {
    let deed = |wave: &FoundWave| {
        let gmail = timeline.gmail()?;
        let at = |m| timeline.window.index(m).and_then(|i| gmail.counts.get(i));
        let begin = at(wave.first)?;
        let counts = window(wave).minutes().filter_map(|m| at(m).map(|c| (m, c)));
        let is_storm = |c: &Counts| c.attempts >= STORM * begin.attempts && c.delivered() < begin.delivered();
        let (minute, most) =
            counts.filter(|(_, c)| is_storm(c)).max_by_key(|(m, c)| (c.attempts, std::cmp::Reverse(*m)))?;
        let share = Value::Share(most.failed, most.attempts, "sessions").text();
        Some(Deed {
            sentence: format!(
                "{minute}: sessions attempted rose to {} in a minute, from {} in the first minute of the wave, while fewer messages were accepted ({}, after {}); {share} of them failed: retries add to the load.",
                grouped(most.attempts),
                grouped(begin.attempts),
                grouped(most.delivered()),
                grouped(begin.delivered()),
            ),
            evidence: Evidence::Table("minutes_by_lane", minute.to_string()),
        })
    };
    waves.iter().filter_map(deed).collect()
}

const fn window(wave: &FoundWave) -> Window {
    Window::new(wave.first, wave.end)
}
