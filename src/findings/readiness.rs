//! Whether a bundle is ready to be sent, check by check.
//!
//! The list follows what each desk acts on; a failed *must* does not stop the
//! build, it is said on the terminal, in the postmortem and in the receipt.

use super::{Node, Value};

/// One check.
#[derive(Clone, Debug)]
pub(super) struct Check {
    title: &'static str,
    must: bool,
    passed: Option<bool>,
    detail: String,
}

impl Check {
    pub(super) fn must(title: &'static str, passed: Option<bool>, detail: impl Into<String>) -> Self {
        Self { title, must: true, passed, detail: detail.into() }
    }

    pub(super) fn want(title: &'static str, passed: Option<bool>, detail: impl Into<String>) -> Self {
        Self { title, must: false, passed, detail: detail.into() }
    }
}

/// The `readiness.google` or `readiness.esp` part of the tree.
pub(super) fn node(reader: &'static str, checks: &[Check]) -> Node {
    let failed: Vec<_> = checks.iter().filter(|c| c.must && c.passed != Some(true)).collect();
    let sentence = if failed.is_empty() {
        format!("Ready for {reader}.")
    } else {
        let reasons: Vec<_> = failed.iter().map(|c| c.detail.trim_end_matches('.')).collect();
        format!("Not ready for {reader}: {}.", reasons.join("; "))
    };
    let rows = checks.iter().map(|c| {
        let state = match c.passed {
            Some(true) => "pass",
            Some(false) => "fail",
            None => "unknown",
        };
        Node::group([
            ("title", Value::Text(c.title.to_owned()).into()),
            ("need", Value::Word(if c.must { "must" } else { "want" }).into()),
            ("state", Value::Word(state).into()),
            ("detail", Value::Sentence(c.detail.clone()).into()),
        ])
    });
    Node::group([
        ("ready", Value::Flag(failed.is_empty()).into()),
        ("sentence", Value::Sentence(sentence).into()),
        ("checks", Node::List(rows.collect())),
    ])
}
