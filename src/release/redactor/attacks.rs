//! Lines written to get something past the redactor: a name, what must not come out, the line.
//!
//! The canary is `zq.kalinka@example.org`. In the file `⏎` stands for the end of a line, `␍` for
//! a carriage return before it, `⇥` for a tab. Before a piece that only the redactor can know,
//! since nobody learnt it and it has no form (half of a word, a domain), stands `~`.

#![expect(clippy::expect_used, reason = "tests")]

use super::suite::{READERS, config, leaks};
use super::{Counts, Learner, Redactor};
use crate::release::Audience;

/// One attack.
pub(crate) struct Attack {
    pub name: &'static str,
    pub planted: Vec<String>,
    /// Those of them that no gate could know.
    pub unknown: Vec<String>,
    pub text: String,
}

/// All attacks.
pub(crate) fn attacks() -> Vec<Attack> {
    let plain = |text: &str| text.replace('⏎', "\n").replace('␍', "\r").replace('⇥', "\t");
    let attack = |line: &'static str| {
        let mut parts = line.splitn(3, '\t');
        let mut part = || parts.next().expect("three parts");
        let (name, planted, text) = (part(), part(), part());
        let pieces = || planted.split(" | ").map(plain);
        let unknown = pieces().filter_map(|piece| piece.strip_prefix('~').map(str::to_owned));
        Attack {
            name,
            planted: pieces().map(|piece| piece.trim_start_matches('~').to_owned()).collect(),
            unknown: unknown.collect(),
            text: plain(text),
        }
    };
    include_str!("../../../tests/data/redaction/attacks.tsv").lines().map(attack).collect()
}

fn redactor<'a>(audience: Audience, texts: impl IntoIterator<Item = &'a str>) -> Redactor {
    let mut learner = Learner::new(config(audience));
    for text in texts {
        learner.learn(text.as_bytes());
    }
    learner.finish()
}

fn rewrite(redactor: &Redactor, text: &str) -> String {
    redactor.rewrite(text.as_bytes(), &mut Counts::default()).expect("no collision").as_str().to_owned()
}

/// By itself, and among all others, where more is known of who is who.
#[test]
fn no_attack_gets_through() {
    let attacks = attacks();
    for reader in READERS {
        let among = redactor(reader, attacks.iter().map(|a| a.text.as_str()));
        for attack in &attacks {
            let alone = redactor(reader, [attack.text.as_str()]);
            for (redactor, how) in [(&alone, "alone"), (&among, "among others")] {
                let out = rewrite(redactor, &attack.text);
                let said = format!("{} {how} for {reader:?}: {out}", attack.name);
                for piece in &attack.planted {
                    assert!(!out.to_lowercase().contains(&piece.to_lowercase()), "{piece} of {said}");
                }
                for value in redactor.forbidden() {
                    assert!(!leaks(&out, value), "{value:?} {} of {said}", value.value);
                }
                assert_eq!(rewrite(redactor, &out), out, "twice {said}");
                assert_eq!(out.split('\n').count(), attack.text.split('\n').count(), "{said}");
            }
        }
    }
}

/// What is cut in two is one person all the same.
#[test]
fn pieces_have_the_token_of_the_whole() {
    let whole = "to=<zq.kalinka@example.org>";
    for reader in READERS {
        for name in ["cut: addr", "cut: addr noise", "cut: 3 pieces", "cut: soft 2 breaks", "qp soft", "cut: b64"] {
            let attacks = attacks();
            let attack = attacks.iter().find(|a| a.name == name).expect("in the file");
            let redactor = redactor(reader, [whole, &attack.text]);
            let token = rewrite(&redactor, whole);
            let token = token.trim_start_matches("to=<").split('@').next().expect("a token").to_owned();
            assert!(rewrite(&redactor, &attack.text).contains(&token), "{name} for {reader:?}");
        }
    }
}

/// A token of ours in the evidence hides nothing that stands beside it.
#[test]
fn a_token_is_no_cover() {
    let whole = "to=<zq.kalinka@gmail.com>";
    for reader in READERS {
        let first = redactor(reader, [whole]);
        let token = rewrite(&first, whole).trim_start_matches("to=<").split('@').next().expect("a token").to_owned();
        for text in [format!("to=<{token}+john.smith@gmail.com>"), format!("to=<john.smith-{token}@gmail.com>")] {
            let out = rewrite(&redactor(reader, [whole, &text]), &format!("{whole} {text}"));
            assert!(!out.contains("john"), "{out}");
        }
    }
}

/// Evidence comes through byte for byte, with all the attacks known.
#[test]
fn evidence_survives_among_attacks() {
    let attacks = attacks();
    let lines: Vec<_> = include_str!("../../../tests/data/redaction/survivors.txt").lines().collect();
    for reader in READERS {
        let texts = attacks.iter().map(|a| a.text.as_str()).chain(lines.iter().copied());
        let redactor = redactor(reader, texts);
        let node = rewrite(&redactor, "Nov 24 02:47:29 node9 postfix/smtp[1]: x");
        let node = node.split(' ').nth(3).expect("a node");
        for line in &lines {
            assert_eq!(rewrite(&redactor, line).replace(node, "node9"), *line, "{reader:?}");
        }
    }
}
