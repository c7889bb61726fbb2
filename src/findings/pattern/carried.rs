//! Messages per connection where a wave began: how many messages went over each connection in
//! the first minute of the wave and the one before it.

use super::Variable;
use super::spread::{centre, interval, range};
use crate::findings::waves::statistics::clopper_pearson;
use crate::findings::{Evidence, Node, Value};
use crate::scan::{Accepted, Tally};
use crate::time::Minute;

/// The messages accepted in two minutes, and the connections opened for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::findings) enum Carried {
    /// So many messages, for so many of which a connection was opened; both are known and not 0.
    Known(u64, u64),
    /// All of so many messages went over connections that stood before.
    NoneOpened(u64),
    /// No message was accepted of which the log tells it.
    NoneAccepted,
    /// No log tells which connection carried a message.
    NotTold,
}

impl Carried {
    pub(super) fn at(tally: &Tally, first: Minute) -> Self {
        if tally.accepted.values().all(|one| one.placed == 0) {
            return Self::NotTold;
        }
        let mut sum = Accepted::default();
        [first.plus(-1), first].iter().filter_map(|m| tally.accepted.get(m)).for_each(|one| sum.merge(one));
        match (sum.placed, sum.opened) {
            (0, _) => Self::NoneAccepted,
            (messages, 0) => Self::NoneOpened(messages),
            (messages, opened) => Self::Known(messages, opened),
        }
    }

    /// Messages over connections.
    const fn ratio(self) -> Option<f64> {
        match self {
            Self::Known(messages, opened) => Some(messages as f64 / opened as f64),
            _ => None,
        }
    }

    /// The 95 % interval: of the share of messages that opened a connection (Clopper-Pearson),
    /// one over its limits.
    fn limits(self) -> Option<(f64, f64)> {
        let Self::Known(messages, opened) = self else { return None };
        let (lower, upper) = clopper_pearson(opened as f64, messages as f64, 0.95);
        (lower > 0.0).then(|| (1.0 / upper, 1.0 / lower))
    }

    /// The facts of a wave, and why they are not known.
    pub(in crate::findings) fn add_to(self, wave: &mut Node, evidence: impl Fn() -> Vec<Evidence>) {
        let number = |v: Option<f64>| {
            let value = v.map_or(Value::Absent, |v| Value::Number(v, 1, "messages per connection".to_owned()));
            Node::fact(value, evidence())
        };
        let count = |n: Option<u64>, unit| Node::fact(n.map_or(Value::Absent, |n| Value::Count(n, unit)), evidence());
        let (messages, opened) = match self {
            Self::Known(messages, opened) => (Some(messages), Some(opened)),
            Self::NoneOpened(messages) => (Some(messages), Some(0)),
            Self::NoneAccepted => (Some(0), None),
            Self::NotTold => (None, None),
        };
        let limits = self.limits();
        wave.insert("messages_per_session", number(self.ratio()));
        wave.insert("messages_per_session_low", number(limits.map(|l| l.0)));
        wave.insert("messages_per_session_high", number(limits.map(|l| l.1)));
        wave.insert("messages_at_onset", count(messages, "messages"));
        wave.insert("connections_opened_at_onset", count(opened, "connections"));
        wave.insert(
            "messages_per_session_unknown",
            Node::maybe(self.why_unknown().map(|t| Value::Sentence(t.to_owned()))),
        );
    }

    const fn why_unknown(self) -> Option<&'static str> {
        match self {
            Self::Known(..) => None,
            Self::NoneOpened(_) => {
                Some("All messages accepted in these minutes went over connections that were opened before.")
            }
            Self::NoneAccepted => {
                Some("No message of which the log tells its connection was accepted in these minutes.")
            }
            Self::NotTold => Some("No log tells which connection carried a message."),
        }
    }
}

/// Messages per connection over all waves at which they are known: no claim of likeness, since
/// most senders have it alike at all times.
pub(super) fn over_waves(carried: &[Carried]) -> Node {
    let values: Vec<f64> = carried.iter().filter_map(|c| c.ratio()).collect();
    let known = !values.is_empty();
    let (low, high) = range(&values);
    let interval = interval(&values);
    // The geometric mean, as of loads.
    let centre = centre(Variable::Connections, &values);
    let number = |v: Option<f64>| {
        let value = v.filter(|_| known).map(|v| Value::Number(v, 1, "messages per connection".to_owned()));
        Node::fact(value.unwrap_or(Value::Absent), [Evidence::Table("waves", String::new())])
    };
    Node::group([
        ("waves", Value::Count(values.len() as u64, "waves").into()),
        ("lowest", number(Some(low))),
        ("highest", number(Some(high))),
        ("centre", number(centre)),
        ("interval_from", number(interval.map(|i| i.0))),
        ("interval_to", number(interval.map(|i| i.1))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(minutes: &[(i32, u64, u64)]) -> Tally {
        let mut tally = Tally::default();
        for (minute, placed, opened) in minutes {
            let one = Accepted { placed: *placed, opened: *opened, ..Accepted::default() };
            tally.accepted.insert(Minute::new(*minute), one);
        }
        tally
    }

    #[test]
    fn two_minutes_up_to_the_onset_count() {
        let tally = tally(&[(8, 900, 9), (9, 30, 10), (10, 10, 10), (20, 5, 0)]);
        assert_eq!(Carried::at(&tally, Minute::new(10)), Carried::Known(40, 20));
        assert_eq!(Carried::at(&tally, Minute::new(20)), Carried::NoneOpened(5));
        assert_eq!(Carried::at(&tally, Minute::new(30)), Carried::NoneAccepted);
        assert_eq!(Carried::at(&Tally::default(), Minute::new(10)), Carried::NotTold);
    }

    #[test]
    fn the_interval_is_that_of_the_share_that_opened_one() {
        let carried = Carried::Known(40, 20);
        assert_eq!(carried.ratio(), Some(2.0));
        // Clopper-Pearson of 20 in 40: 0.3380 to 0.6620.
        let (low, high) = carried.limits().unwrap_or_default();
        assert!((low - 1.5106).abs() < 1e-3 && (high - 2.9586).abs() < 1e-3, "{low} {high}");
        // Each message on its own connection: never less than one.
        assert_eq!(Carried::Known(7, 7).limits().map(|l| l.0), Some(1.0));
    }

    #[test]
    fn what_is_not_known_says_why() {
        for (carried, says) in [
            (Carried::NotTold, "No log tells"),
            (Carried::NoneAccepted, "was accepted in these minutes"),
            (Carried::NoneOpened(5), "opened before"),
        ] {
            let mut wave = Node::group([]);
            carried.add_to(&mut wave, Vec::new);
            assert_eq!(wave.value("messages_per_session"), Some(&Value::Absent));
            let why = wave.value("messages_per_session_unknown").map(Value::text).unwrap_or_default();
            assert!(why.contains(says), "{why}");
        }
    }

    #[test]
    fn over_waves_the_geometric_mean_and_its_interval() {
        let node = over_waves(&[Carried::Known(20, 10), Carried::Known(21, 10), Carried::Known(19, 10)]);
        assert_eq!(node.value("waves"), Some(&Value::Count(3, "waves")));
        let text = |path: &str| node.value(path).map(Value::text).unwrap_or_default();
        assert_eq!((text("lowest"), text("highest"), text("centre")), ("1.9".into(), "2.1".into(), "2.0".to_owned()));
        assert_eq!((text("interval_from"), text("interval_to")), ("1.8".into(), "2.3".to_owned()));
        assert_eq!(over_waves(&[Carried::NotTold]).value("lowest"), Some(&Value::Absent));
    }
}
