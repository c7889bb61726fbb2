//! The gate is independent: with any one rule of the redactor switched off, it refuses what leaks.

#![expect(clippy::expect_used, reason = "tests")]

use super::Gate;
use crate::release::Audience;
use crate::release::redactor::suite::SUITE;
use crate::release::redactor::{CaseKey, Counts, Learner, Redactor, RedactorConfig, Rule};

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
    for (_, text, _) in SUITE {
        learner.learn(text.as_bytes());
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
        for (name, text, _) in SUITE {
            let out = redactor.rewrite(text.as_bytes(), &mut Counts::default()).expect("no collision");
            let hits = gate.hits(&[("c/data/excerpts/a.log".to_owned(), out.as_str().into())]).expect("a gate");
            assert_eq!(hits, [], "{name} for {audience:?}: {out}");
        }
    }
}

#[test]
fn the_raw_text_is_refused() {
    for audience in [Audience::Esp, Audience::Google] {
        let gate = gate(&redactor(audience, None), audience);
        for (name, text, _) in SUITE {
            assert!(refuses(&gate, text), "{name} for {audience:?}");
        }
    }
}

/// What a rule would have taken is in the text, and the gate sees it: by what was learnt, or,
/// where the rule was missing in the learning too, by its form.
#[test]
fn without_any_one_rule_the_gate_refuses() {
    for audience in [Audience::Esp, Audience::Google] {
        for rule in Rule::ALL {
            let mut leaks = 0;
            for redactor in [redactor(audience, None).without(rule), redactor(audience, Some(rule))] {
                let gate = gate(&redactor, audience);
                for (name, text, planted) in SUITE {
                    let out = redactor.rewrite(text.as_bytes(), &mut Counts::default()).expect("no collision");
                    let out = out.as_str();
                    if planted.iter().any(|p| out.to_lowercase().contains(&p.to_lowercase())) {
                        leaks += 1;
                        assert!(refuses(&gate, out), "{name} for {audience:?} without {rule:?}: {out}");
                    }
                }
            }
            assert!(leaks > 0, "without {rule:?} nothing leaks for {audience:?}: what is it for?");
        }
    }
}
