//! The gate is independent: with any one rule of the redactor switched off, it refuses what leaks.

#![expect(clippy::expect_used, reason = "tests")]

use super::Gate;
use crate::release::Audience;
use crate::release::redactor::attacks::{Attack, attacks};
use crate::release::redactor::suite::SUITE;
use crate::release::redactor::{CaseKey, Counts, Learner, Redactor, RedactorConfig, Rule};

/// The leak suite and the attacks.
fn lines() -> Vec<Attack> {
    let of_suite = SUITE.iter().map(|(name, text, planted)| Attack {
        name,
        planted: planted.iter().map(|&p| p.to_owned()).collect(),
        unknown: Vec::new(),
        text: (*text).to_owned(),
    });
    of_suite.chain(attacks()).collect()
}

fn redactor(audience: Audience, off: Option<Rule>) -> Redactor {
    let learner = Learner::new(RedactorConfig {
        own_domains: vec!["sender.example".into()],
        nodes: vec!["mta1".into()],
        ..RedactorConfig::new(audience, CaseKey::new([7; 32]))
    });
    let mut learner = match off {
        Some(rule) => learner.without(rule),
        None => learner,
    };
    for line in lines() {
        learner.learn(line.text.as_bytes());
    }
    learner.finish()
}

fn gate(redactor: &Redactor, audience: Audience) -> Gate {
    Gate::of(audience, redactor.forbidden(), &[])
}

fn refuses(gate: &Gate, text: &str) -> bool {
    !gate.hits(&[("c/data/excerpts/a.log".to_owned(), text.as_bytes().to_vec())]).expect("a gate").is_empty()
}

#[test]
fn what_the_redactor_wrote_passes() {
    for audience in [Audience::Esp, Audience::Google] {
        let redactor = redactor(audience, None);
        let gate = gate(&redactor, audience);
        for Attack { name, text, .. } in lines() {
            let out = redactor.rewrite(text.as_bytes(), &mut Counts::default()).expect("no collision");
            let hits = gate.hits(&[("c/data/excerpts/a.log".to_owned(), out.as_str().into())]).expect("a gate");
            assert_eq!(hits, [], "{name} for {audience:?}: {out}");
        }
    }
}

/// The same where nothing is known but the line itself.
#[test]
fn what_the_redactor_wrote_of_a_line_alone_passes() {
    for audience in [Audience::Esp, Audience::Google] {
        for Attack { name, text, .. } in lines() {
            let mut learner = Learner::new(RedactorConfig::new(audience, CaseKey::new([7; 32])));
            learner.learn(text.as_bytes());
            let redactor = learner.finish();
            let out = redactor.rewrite(text.as_bytes(), &mut Counts::default()).expect("no collision");
            let hits = gate(&redactor, audience).hits(&[("c/data/a.log".to_owned(), out.as_str().into())]);
            assert_eq!(hits.expect("a gate"), [], "{name} for {audience:?}: {out}");
        }
    }
}

#[test]
fn the_raw_text_is_refused() {
    for audience in [Audience::Esp, Audience::Google] {
        let gate = gate(&redactor(audience, None), audience);
        for Attack { name, text, .. } in lines() {
            assert!(refuses(&gate, &text), "{name} for {audience:?}");
        }
    }
}

/// What a rule would have taken is in the text, and the gate sees it: by what was learnt, or,
/// where the rule was missing in the learning too, by its form.
#[test]
fn without_any_one_rule_the_gate_refuses() {
    let mut missed = Vec::new();
    for audience in [Audience::Esp, Audience::Google] {
        for rule in Rule::ALL.into_iter().filter(|rule| *rule != Rule::Members) {
            let mut leaks = 0;
            for redactor in [redactor(audience, None).without(rule), redactor(audience, Some(rule))] {
                let gate = gate(&redactor, audience);
                for Attack { name, text, planted, unknown } in lines() {
                    let out = redactor.rewrite(text.as_bytes(), &mut Counts::default()).expect("no collision");
                    let out = out.as_str();
                    let told = |p: &String| !unknown.contains(p) && out.to_lowercase().contains(&p.to_lowercase());
                    if planted.iter().any(told) {
                        leaks += 1;
                        missed.extend((!refuses(&gate, out)).then(|| format!("{name} without {rule:?}: {out}")));
                    }
                }
            }
            assert!(leaks > 0, "without {rule:?} nothing leaks for {audience:?}: what is it for?");
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
