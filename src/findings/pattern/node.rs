//! The pattern as facts.

use super::chance::{DRAWS, SEED};
use super::claim::Claim;
use super::spread::range;
use super::{Onset, Pattern, carried, dose};
use crate::case::Launch;
use crate::findings::{Evidence, Node, Value};
use crate::time::Window;

fn waves_table() -> [Evidence; 1] {
    [Evidence::Table("waves", String::new())]
}

impl Pattern {
    pub(in crate::findings) fn node(&self) -> Node {
        let said = |text: Option<&String>| Node::maybe(text.cloned().map(Value::Sentence));
        let alone = match self.named.as_slice() {
            [variable] => Some(Value::Text(variable.name().to_owned())),
            _ => None,
        };
        let tested = self.claims.iter().any(|c| c.grounds.chance.is_some());
        let of_test = |n: u64, unit| Node::maybe(tested.then_some(Value::Count(n, unit)));
        Node::group([
            ("word", Node::fact(Value::Word(self.word), waves_table())),
            ("variable", Node::maybe(alone)),
            ("sentence", Node::fact(Value::Sentence(self.said.sentence.clone()), waves_table())),
            ("chance", said(self.said.chance.as_ref())),
            ("point", said(self.said.point.as_ref())),
            ("short_of_repeatable", said(self.said.short.as_ref())),
            ("caution", said(self.said.caution.as_ref())),
            ("draws", of_test(u64::from(DRAWS), "draws")),
            ("seed", of_test(SEED, "")),
            (
                "candidates",
                Node::List(self.claims.iter().map(|c| candidate(c, self.named.contains(&c.variable))).collect()),
            ),
            ("controls", Node::List(self.controls.iter().map(super::controls::Control::node).collect())),
            ("messages_per_session", carried::over_waves(&self.onsets.iter().map(|o| o.carried).collect::<Vec<_>>())),
            ("dose", dose::node(&self.doses, self.dosed)),
            ("dose_sentence", Node::maybe(dose::sentence(&self.doses, self.dosed).map(Value::Sentence))),
        ])
    }
}

fn candidate(claim: &Claim, is_named: bool) -> Node {
    let variable = claim.variable;
    let amount = |v: f64| Node::fact(Value::Number(v, variable.digits(), variable.name().to_owned()), waves_table());
    let load = |v: Option<f64>| v.map_or_else(|| Value::Absent.into(), amount);
    let (low, high) = range(&claim.values);
    let grounds = &claim.grounds;
    let spread = if variable.is_load() { (2, "times") } else { (1, "minutes") };
    let spread = grounds.spread.is_finite().then(|| Value::Number(grounds.spread, spread.0, spread.1.to_owned()));
    let waves = |n: usize, unit| Node::fact(Value::Count(n as u64, unit), waves_table());
    Node::group([
        ("variable", Value::Text(variable.name().to_owned()).into()),
        ("word", Node::fact(Value::Word(claim.word.text()), waves_table())),
        ("named", Value::Flag(is_named).into()),
        ("waves", waves(grounds.waves, "waves")),
        ("lowest", amount(low)),
        ("highest", amount(high)),
        ("spread", Node::maybe(spread)),
        ("centre", amount(claim.centre)),
        ("interval_from", load(claim.interval.map(|i| i.0))),
        ("interval_to", load(claim.interval.map(|i| i.1))),
        ("clean_up_to", load(claim.clean_up_to)),
        ("chance", Node::maybe(grounds.chance.map(|p| Value::Number(p * 100.0, 2, "%".to_owned())))),
        ("foretold", waves(grounds.foretold, "waves")),
        ("counter_examples", Value::Count(grounds.counter_examples as u64, "launches").into()),
    ])
}

/// A launch's name, or its place in case.yaml.
pub(in crate::findings) fn launch_name(launch: &Launch, index: usize) -> String {
    launch.name.clone().unwrap_or_else(|| format!("launch {}", index + 1))
}

/// Launches with what followed each.
pub(in crate::findings) fn launches(launches: &[Launch], onsets: &[Onset], waves: &[Window]) -> Node {
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
