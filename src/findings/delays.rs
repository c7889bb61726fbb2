//! How long messages waited until Gmail accepted them, against what was usual before.
//!
//! Usual is what nearly all messages stayed within in the minutes before the first wave (or in
//! the time that case.yaml calls healthy): the shortest of fixed limits that at least 95 % of
//! them did not pass. Minutes after a wave are no measure of it, since they deliver what the
//! wave held up. Delayed is what waited longer: inside the waves, and after each of them
//! what must have come in before it ended.

use super::{Evidence, Evident, Node, Value, grouped};
use crate::scan::{Accepted, WAITS};
use crate::time::{Minute, Window};

/// So much of what is usual stays within the limit, in percent.
const USUAL: u64 = 95;

/// With fewer messages their longest wait need not be as long as what 95 of 100 stay within:
/// of 59 none passes it in one case of twenty (0.95^59 = 0.049).
const LEAST: u64 = 59;

/// What is known of delays.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Delays {
    /// Messages by waiting time: before the waves, inside, and after each of what came in before
    /// its end.
    quiet: Accepted,
    inside: Accepted,
    after: Accepted,
    state: State,
    /// `wave`, or `waves` where there are several.
    waves: &'static str,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// No wave: there is nothing to ask.
    #[default]
    NoWave,
    /// No log tells how long messages waited.
    NotTold,
    /// Too few messages tell what was usual.
    NoUsual,
    /// Usual waits are longer than the longest limit.
    NoLimit,
    /// The limit that nearly all stayed within, by its place.
    Known(usize),
}

impl Delays {
    pub(super) fn of(evident: &Evident<'_>, waves: &[Window], is_seen: bool) -> Self {
        let Some(first) = waves.first() else { return Self::default() };
        let accepted = &evident.tally.accepted;
        let window = evident.timeline.window;
        let sum = |accept: &dyn Fn(Minute) -> bool| {
            let mut sum = Accepted::default();
            accepted.iter().filter(|(m, _)| accept(**m)).for_each(|(_, one)| sum.merge(one));
            sum
        };
        let healthy = evident.case.healthy;
        let quiet = match healthy {
            Some(healthy) => sum(&|m| healthy.contains(m)),
            // Where it was going on at the start, nothing before it is quiet.
            None if is_seen => sum(&|m| window.contains(m) && m < first.from),
            None => Accepted::default(),
        };
        let inside = sum(&|m| waves.iter().any(|w| w.contains(m)));
        let mut after = Accepted::default();
        for (minute, one) in accepted.iter().filter(|(m, _)| window.contains(**m)) {
            let is_outside = !waves.iter().any(|w| w.contains(*minute));
            if let Some(wave) = waves.iter().rfind(|w| w.to <= *minute).filter(|_| is_outside) {
                after.merge(&held_up(one, minute.since(wave.to)));
            }
        }
        let state = state(&quiet, accepted.values().any(|a| a.timed() > 0));
        Self { quiet, inside, after, state, waves: if waves.len() == 1 { "wave" } else { "waves" } }
    }

    /// How many of these waited longer than usual.
    fn longer(&self, of: &Accepted) -> Option<u64> {
        match self.state {
            State::Known(limit) => Some(of.waited.iter().skip(limit + 1).sum()),
            _ => None,
        }
    }

    pub(super) fn node(&self) -> Node {
        let table = || [Evidence::Table("waits", String::new())];
        let fact = |value: Option<Value>| Node::fact(value.unwrap_or(Value::Absent), table());
        let limit = match self.state {
            State::Known(at) => WAITS.get(at).copied(),
            _ => None,
        };
        let count = |n: Option<u64>| fact(n.map(|n| Value::Count(n, "messages")));
        let (inside, after) = (self.longer(&self.inside), self.longer(&self.after));
        let quiet = self.longer(&self.quiet).map(|n| Value::Share(n, self.quiet.timed(), "messages"));
        let share = inside.filter(|_| self.inside.timed() > 0);
        Node::group([
            ("usual_within", fact(limit.map(|s| Value::Count(u64::from(s), "seconds")))),
            ("before", fact(quiet)),
            ("inside", fact(share.map(|n| Value::Share(n, self.inside.timed(), "messages")))),
            ("after", count(after)),
            ("delayed", count(inside.zip(after).map(|(a, b)| a + b))),
            ("sentence", fact(self.sentence().map(Value::Sentence))),
            ("waits", self.rows()),
        ])
    }

    /// The counts behind it: by each limit, how many waited no longer and longer than the one before.
    fn rows(&self) -> Node {
        if !matches!(self.state, State::Known(_) | State::NoUsual | State::NoLimit) {
            return Node::List(Vec::new());
        }
        let row = |at: usize| {
            let count = |of: &Accepted| Value::Count(of.waited.get(at).copied().unwrap_or_default(), "messages").into();
            Node::group([
                ("up_to", Node::maybe(WAITS.get(at).map(|s| Value::Count(u64::from(*s), "seconds")))),
                ("before", count(&self.quiet)),
                ("inside", count(&self.inside)),
                ("after", count(&self.after)),
            ])
        };
        Node::List((0..=WAITS.len()).map(row).collect())
    }

    fn sentence(&self) -> Option<String> {
        let at = match self.state {
            State::NoWave => return None,
            State::NotTold => {
                return Some("No log tells how long messages had waited when Gmail accepted them.".to_owned());
            }
            State::NoUsual => {
                return Some(format!(
                    "What wait is usual is not known: of the messages accepted before the first wave {} tell how long they waited, and {LEAST} are needed.",
                    grouped(self.quiet.timed())
                ));
            }
            State::NoLimit => {
                return Some(
                    "Before the first wave more than one message in twenty waited longer than a day: no wait is usual."
                        .to_owned(),
                );
            }
            State::Known(at) => at,
        };
        let share = |of: &Accepted| {
            let longer = self.longer(of).unwrap_or_default();
            (of.timed() > 0).then(|| Value::Share(longer, of.timed(), "messages").text())
        };
        let inside = share(&self.inside).map_or_else(
            || format!("inside the {} none was accepted that tells its wait", self.waves),
            |share| format!("inside the {} {share} of the messages accepted had waited longer", self.waves),
        );
        let after = match self.longer(&self.after).unwrap_or_default() {
            0 => String::new(),
            n => format!(", and {} more after the {}, which had come in before the end", grouped(n), self.waves),
        };
        Some(format!(
            "Usually messages were accepted within {} (longer: {}); {inside}{after}.",
            limit_words(at),
            share(&self.quiet).unwrap_or_default(),
        ))
    }
}

/// Of messages accepted so many minutes after the end of a wave, those that must have come in
/// before it: they waited longer than that minute's own end lies after it.
fn held_up(one: &Accepted, minutes_after: i32) -> Accepted {
    let since = i64::from(minutes_after + 1) * 60;
    let mut held = Accepted::default();
    for (at, n) in one.waited.iter().enumerate() {
        let at_least = at.checked_sub(1).and_then(|below| WAITS.get(below)).map_or(0, |s| i64::from(*s));
        if at_least >= since {
            held.waited[at] = *n;
        }
    }
    held
}

fn state(quiet: &Accepted, told: bool) -> State {
    let all = quiet.timed();
    if !told {
        return State::NotTold;
    }
    if all < LEAST {
        return State::NoUsual;
    }
    let mut within = 0;
    for (at, n) in quiet.waited.iter().enumerate().take(WAITS.len()) {
        within += n;
        if within * 100 >= all * USUAL {
            return State::Known(at);
        }
    }
    State::NoLimit
}

/// `5 seconds`, `2 minutes`, `1 hour`
fn limit_words(at: usize) -> String {
    let seconds = WAITS.get(at).copied().unwrap_or_default();
    let (n, unit) = match seconds {
        s if s % 86_400 == 0 => (s / 86_400, "day"),
        s if s % 3600 == 0 => (s / 3600, "hour"),
        s if s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waited(counts: &[(usize, u64)]) -> Accepted {
        let mut accepted = Accepted::default();
        for (at, n) in counts {
            accepted.waited[*at] = *n;
        }
        accepted
    }

    #[test]
    fn usual_is_what_nineteen_of_twenty_stay_within() {
        assert_eq!(state(&waited(&[(0, 95), (3, 5)]), true), State::Known(0));
        assert_eq!(state(&waited(&[(0, 94), (3, 6)]), true), State::Known(3));
        assert_eq!(state(&waited(&[(0, 58)]), true), State::NoUsual);
        assert_eq!(state(&waited(&[(0, 94), (17, 6)]), true), State::NoLimit);
        assert_eq!(state(&Accepted::default(), false), State::NotTold);
    }

    #[test]
    fn what_waited_longer_is_delayed_and_the_numbers_are_told() {
        let delays = Delays {
            quiet: waited(&[(0, 96), (2, 4)]),
            inside: waited(&[(0, 30), (1, 10), (8, 60)]),
            after: waited(&[(9, 7)]),
            state: State::Known(0),
            waves: "waves",
        };
        let node = delays.node();
        assert_eq!(node.value("usual_within"), Some(&Value::Count(1, "seconds")));
        assert_eq!(node.value("inside"), Some(&Value::Share(70, 100, "messages")));
        assert_eq!(node.value("delayed"), Some(&Value::Count(77, "messages")));
        let said = delays.sentence().unwrap_or_default();
        assert_eq!(
            said,
            "Usually messages were accepted within 1 second (longer: 4.0 % (4 of 100)); inside the waves 70.0 % (70 of 100) of the messages accepted had waited longer, and 7 more after the waves, which had come in before the end."
        );
        let silent = Delays { state: State::NotTold, ..delays };
        assert_eq!(silent.node().value("delayed"), Some(&Value::Absent));
        assert!(silent.sentence().unwrap_or_default().starts_with("No log tells"));
    }

    #[test]
    fn after_a_wave_only_what_must_have_come_in_before_its_end_counts() {
        // Up to 2 minutes, up to 5, up to 10; accepted in the fourth minute after the end.
        let one = waited(&[(7, 1), (8, 10), (9, 100)]);
        assert_eq!(held_up(&one, 3).waited[7..10], [0, 0, 100]);
        assert_eq!(held_up(&one, 0).waited[7..10], [1, 10, 100]);
        assert_eq!(held_up(&one, 1).waited[7..10], [0, 10, 100]);
    }
}
