//! What metrics say of their clock, in sentences: one for each source and node.

use super::{Node, Value, number};
use crate::timeline::{Alignment, Common, Estimate, Verdict, Why};

/// Rows of `clocks`. Sources of which the same is to be said share one.
pub(super) fn rows(alignments: &[Alignment]) -> Vec<Node> {
    let mut alike: Vec<(String, &Alignment)> = Vec::new();
    for alignment in alignments {
        let said = |a: &Alignment| (a.node.clone(), a.verdict, a.common);
        match alike.iter_mut().find(|(_, first)| said(first) == said(alignment)) {
            Some((exhibits, _)) => *exhibits = format!("{exhibits}, {}", alignment.exhibit),
            None => alike.push((alignment.exhibit.clone(), alignment)),
        }
    }
    alike.iter().map(|(exhibits, alignment)| row(exhibits, alignment)).collect()
}

fn row(source: &str, alignment: &Alignment) -> Node {
    let estimate = estimate(alignment.verdict);
    let offset = match alignment.verdict {
        Verdict::Aligned(..) => Some(0),
        Verdict::Zone(minutes, _) => Some(minutes),
        Verdict::Skew(e) => Some(e.lag),
        Verdict::CannotTell(_) => None,
    };
    let measured = |value: f64, digits, unit: &str| Value::Number(value, digits, unit.to_owned());
    Node::group([
        ("node", Value::Text(alignment.node.clone()).into()),
        ("source", Value::Text(source.to_owned()).into()),
        ("verdict", Value::Word(word(alignment.verdict)).into()),
        ("offset", Node::maybe(offset.map(|m| measured(f64::from(m), 0, "minutes")))),
        ("r", Node::maybe(estimate.map(|e| measured(e.r, 2, "")))),
        ("r_unshifted", Node::maybe(estimate.and_then(|e| e.r_unshifted).map(|r| measured(r, 2, "")))),
        ("r_second", Node::maybe(estimate.map(|e| measured(e.r_second, 2, "")))),
        ("sentence", Value::Sentence(sentence(source, alignment)).into()),
    ])
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Aligned(..) => "aligned",
        Verdict::Zone(..) => "zone",
        Verdict::Skew(_) => "skew",
        Verdict::CannotTell(_) => "cannot_tell",
    }
}

const fn estimate(verdict: Verdict) -> Option<Estimate> {
    match verdict {
        Verdict::Aligned(_, e) | Verdict::Zone(_, e) | Verdict::Skew(e) => Some(e),
        Verdict::CannotTell(Why::Unlike(e) | Why::Repeating(e) | Why::Unclear(e)) => Some(e),
        Verdict::CannotTell(Why::NoEgress | Why::NoLog | Why::TooShort) => None,
    }
}

fn sentence(source: &str, alignment: &Alignment) -> String {
    let of = if alignment.node.is_empty() { "their node" } else { &alignment.node };
    let because = match alignment.verdict {
        Verdict::Aligned(step, e) => {
            return format!(
                "Metrics in {source} stand on the clock of the logs of {of}, {}: egress follows accepted messages (r {}; {} at the next best offset).",
                if step > 1 { format!("to within {step} minutes") } else { "to the minute".to_owned() },
                number(e.r, 2),
                number(e.r_second, 2)
            );
        }
        Verdict::Zone(minutes, e) => {
            return format!(
                "Metrics in {source} look {} than the logs of {of} ({}): probably a time zone. Not corrected.",
                apart(minutes),
                confidence(e)
            );
        }
        Verdict::Skew(e) => {
            return format!(
                "Metrics in {source} look {} than the logs of {of} ({}): no zone explains that, so one of the clocks is wrong. Not corrected.",
                apart(e.lag),
                confidence(e)
            );
        }
        Verdict::CannotTell(why) => because(why),
    };
    let few = match alignment.common {
        Common::Enough => String::new(),
        Common::Few { minutes: 0, .. } => " The two have no minute in common.".to_owned(),
        Common::Few { minutes, of, .. } => format!(" The two have {minutes} of {of} minutes in common."),
        Common::OtherTime => " They are of different times.".to_owned(),
    };
    format!("Whether metrics in {source} stand on the clock of the logs of {of} cannot be told: {because}.{few}")
}

fn because(why: Why) -> String {
    match why {
        Why::NoEgress => "they hold no egress, which alone follows accepted messages".to_owned(),
        Why::NoLog => "there is no log of that node".to_owned(),
        Why::TooShort => "for that, three hours and more of both are needed, with traffic that varies".to_owned(),
        Why::Unlike(e) => {
            format!("egress follows accepted messages at no offset (r {} at the best)", number(e.r, 2))
        }
        Why::Repeating(e) => {
            let every = (e.second_lag - e.lag).abs();
            format!("traffic repeats after {every} minutes, so an offset of {every} minutes would not show")
        }
        Why::Unclear(e) => format!("the best offset, {} minutes, does not stand out ({})", e.lag, confidence(e)),
    }
}

/// `60 minutes later`.
#[must_use]
pub fn apart(minutes: i32) -> String {
    format!("{} minutes {}", minutes.abs(), if minutes < 0 { "earlier" } else { "later" })
}

/// What an estimate rests on.
#[must_use]
pub fn confidence(e: Estimate) -> String {
    let unshifted = e.r_unshifted.map(|r| format!("{} unshifted, ", number(r, 2))).unwrap_or_default();
    format!(
        "egress against accepted messages: r {}, {unshifted}{} at the next best offset",
        number(e.r, 2),
        number(e.r_second, 2)
    )
}
