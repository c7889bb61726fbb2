//! A mapping tried on its own examples, and on any text.

use super::engine::{Judged, Mapped};
use super::plan::{Plan, Target};
use super::raw::RawExample;
use super::record::Opened;
use super::time::Moment;
use super::walk::walk;
use crate::case::{Code, Path, Slips, nearest};
use crate::formats::logs::LogClock;
use crate::smtp::{Lanes, acceptance_second};
use crate::time::{Stamp, Zone};

/// One example, tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The first line of its text.
    pub input: String,
    /// What it says, one sentence for each of its events; why it was left out where it has none.
    pub told: Vec<String>,
}

/// What a text gave.
pub(super) enum Found {
    Event { at: Option<Stamp>, parts: Vec<(&'static str, String)>, extras: Vec<String> },
    Ignored(String),
    NotUnderstood,
}

impl Found {
    /// What an example can expect of it, by name.
    fn part(&self, name: &str, extras: &[String]) -> Option<String> {
        match self {
            Self::Ignored(reason) => (name == "ignored").then(|| reason.clone()),
            Self::NotUnderstood => (name == "unrecognised").then(|| "true".to_owned()),
            Self::Event { parts, extras: values, .. } => {
                let own = extras.iter().position(|extra| extra == name).and_then(|at| values.get(at).cloned());
                own.or_else(|| parts.iter().find(|(part, _)| *part == name).map(|(_, value)| value.clone()))
            }
        }
    }

    pub(super) fn sentence(&self) -> String {
        let Self::Event { parts, .. } = self else {
            return match self {
                Self::Ignored(reason) => format!("left out: {reason}"),
                _ => "not understood".to_owned(),
            };
        };
        let part = |name: &str| parts.iter().find(|(p, _)| *p == name).map_or("", |(_, value)| value.as_str());
        let mut words = vec![format!("{} {} by {} at {}", part("time"), part("outcome"), part("by"), part("stage"))];
        let shown = ["tls", "lane", "mx_host", "mx_ip", "source_ip", "tag", "rcpt_domain", "weight", "reply", "detail"];
        let unsaid = |name: &str, value: &str| {
            value.is_empty() || name == "tls" && value == "unknown" || name == "weight" && value == "1"
        };
        words.extend(shown.iter().filter(|n| !unsaid(n, part(n))).map(|name| format!("{name}={}", part(name))));
        words.join(" ")
    }
}

/// Reads a text by a mapping.
pub(super) fn try_on(plan: &Plan, text: &str) -> Vec<Found> {
    let zone = match plan.time.zone {
        super::time::ZoneRule::Always(zone) => zone,
        _ => Zone::UTC,
    };
    let mut clock = LogClock::new(zone, acceptance_second(text.as_bytes()).map(Stamp::from_seconds));
    let mut times = clock.clone();
    let mut found = Vec::new();
    let lanes = Lanes::default();
    walk(plan, text.as_bytes(), true, &mut clock, &mut |opened| {
        let Opened::Record(record) = opened else {
            if matches!(opened, Opened::Unmatched(_)) {
                found.push(Found::NotUnderstood);
            }
            return;
        };
        for element in record.exploded(&plan.explode) {
            found.push(match plan.judge(&element) {
                Judged::Ignored(reason) => Found::Ignored(plan.reasons.get(reason).cloned().unwrap_or_default()),
                Judged::Unknown => Found::NotUnderstood,
                Judged::Attempt(mapped) => {
                    let at = if plan.time.fields.is_empty() {
                        element.stamp
                    } else {
                        element.moment(&plan.time).map(|m| match m {
                            Moment::At(at) => at,
                            Moment::Local(local) => times.zone_less(local),
                        })
                    };
                    event(&mapped, at, &lanes)
                }
            });
        }
    });
    found
}

fn event(mapped: &Mapped<'_>, at: Option<Stamp>, lanes: &Lanes) -> Found {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let value = |target| mapped.values.get(target);
    let lane = lanes.classify(value(Target::MxHost), value(Target::RcptDomain), &mapped.reply);
    let mut parts = vec![
        ("outcome", mapped.outcome.to_string()),
        ("by", mapped.by.to_string()),
        ("stage", mapped.stage.to_string()),
        ("tls", mapped.tls.to_string()),
        ("minute", at.map(|at| at.minute().to_string()).unwrap_or_default()),
        ("time", at.map(|at| at.to_string()).unwrap_or_default()),
        ("lane", lanes.name(lane).to_owned()),
        ("reply", text(&mapped.reply)),
        ("detail", text(&mapped.detail)),
        ("weight", mapped.weight.to_string()),
        ("recipients", mapped.recipients.to_string()),
    ];
    let known: Vec<_> = parts.iter().map(|(name, _)| *name).collect();
    let others = Target::NAMED.iter().filter(|(_, name)| !known.contains(name));
    parts.extend(others.map(|(target, name)| (*name, text(value(*target)))));
    let extras = (0..Target::MOST_EXTRA).map(|n| text(value(Target::Extra(n as u8)))).collect();
    Found::Event { at, parts, extras }
}

/// Names that every event and every record that is none have.
const NAMES: &[&str] = &["minute", "time", "lane", "outcome", "by", "ignored", "unrecognised"];

/// Tries a mapping on its examples; what does not hold is a problem of the example.
pub(super) fn examples(plan: &Plan, extras: &[String], raw: &[Option<RawExample>], slips: &mut Slips) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (n, example) in raw.iter().enumerate().filter_map(|(n, e)| Some((n, e.as_ref()?))) {
        let path = Path::default().key("examples").item(n);
        let Some(input) = &example.input else { continue };
        let found = try_on(plan, input);
        let expect = path.key("expect");
        for (name, wanted) in &example.expect {
            let at = expect.key(name);
            let named = || NAMES.iter().copied().chain(Target::NAMED.iter().map(|(_, name)| *name));
            if !named().any(|known| known == name) && !extras.contains(name) {
                let help = match nearest(name, named()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known: {}", named().collect::<Vec<_>>().join(", ")),
                };
                slips.at_key(&at, Code::UnknownKey, format!("events have no `{name}`"), &help);
                continue;
            }
            let told =
                found.first().map(|f| f.part(name, extras).unwrap_or_else(|| format!("nothing ({})", f.sentence())));
            let told = told.unwrap_or_else(|| "nothing: no record was found".to_owned());
            if told != *wanted && !(told.starts_with("nothing") && wanted.is_empty()) {
                slips.at_value(
                    &at,
                    Code::BadExample,
                    format!("the record says `{told}`"),
                    "correct the mapping, or what is expected of it",
                );
            }
        }
        let events = found.iter().filter(|f| matches!(f, Found::Event { .. })).count() as u64;
        let wanted = example.events.unwrap_or_else(|| {
            u64::from(!example.expect.contains_key("ignored") && !example.expect.contains_key("unrecognised"))
        });
        if events != wanted {
            let message = format!("the example gives {events} events, not {wanted}");
            slips.at_key(&path, Code::BadExample, message, "say how many with `events: N`");
        }
        if let Some(Found::Event { at: None, .. }) = found.first() {
            let message = "the example's event has no time".to_owned();
            slips.at_value(&path.key("input"), Code::BadExample, message, "see `time` of the mapping");
        }
        let input = input.lines().next().unwrap_or_default().to_owned();
        trials.push(Trial { input, told: found.iter().map(Found::sentence).collect() });
    }
    trials
}
