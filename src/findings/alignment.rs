//! What metrics say of their clock, in sentences: one for each source and node.

use super::{Node, Value, number};
use crate::time::Minute;
use crate::timeline::{Alignment, Common, Estimate, Sides, Verdict, Why};

/// Rows of `clocks`. Sources of which the same is to be said share one; where clocks were set
/// meanwhile, each side has its own.
pub(super) fn rows(alignments: &[Alignment]) -> Vec<Node> {
    let mut alike: Vec<(String, &Alignment)> = Vec::new();
    for alignment in alignments {
        let said = |a: &Alignment| (a.node.clone(), a.verdict, a.sides, a.common);
        match alike.iter_mut().find(|(_, first)| said(first) == said(alignment)) {
            Some((exhibits, _)) => *exhibits = format!("{exhibits}, {}", alignment.exhibit),
            None => alike.push((alignment.exhibit.clone(), alignment)),
        }
    }
    alike
        .iter()
        .flat_map(|(exhibits, alignment)| parts(alignment).map(move |part| row(exhibits, alignment, part)))
        .collect()
}

/// One verdict, and of which minutes it is.
#[derive(Clone, Copy)]
struct Part {
    verdict: Verdict,
    /// `before` or `after`, and the minute as which clocks were set.
    side: Option<(&'static str, Minute)>,
    /// By how many minutes the other side differs, where that is told here.
    before: Option<i32>,
}

fn parts(alignment: &Alignment) -> impl Iterator<Item = Part> {
    let both = alignment.sides.map(|sides: Sides| {
        let part = |verdict, side, before| Part { verdict, side: Some((side, sides.edge)), before };
        [part(sides.before, "before", None), part(sides.after, "after", sides.hour_apart().map(|(before, _)| before))]
    });
    let whole = both.is_none().then_some(Part { verdict: alignment.verdict, side: None, before: None });
    both.into_iter().flatten().chain(whole)
}

fn row(source: &str, alignment: &Alignment, part: Part) -> Node {
    let Part { verdict, side, .. } = part;
    let estimate = verdict.estimate();
    let measured = |value: f64, digits, unit: &str| Value::Number(value, digits, unit.to_owned());
    Node::group([
        ("node", Value::Text(alignment.node.clone()).into()),
        ("source", Value::Text(source.to_owned()).into()),
        ("side", Node::maybe(side.map(|(side, _)| Value::Word(side)))),
        ("edge", Node::maybe(side.map(|(_, edge)| Value::Minute(edge)))),
        ("verdict", Value::Word(word(verdict)).into()),
        ("offset", Node::maybe(verdict.offset().map(|m| measured(f64::from(m), 0, "minutes")))),
        ("r", Node::maybe(estimate.map(|e| measured(e.r, 2, "")))),
        ("r_unshifted", Node::maybe(estimate.and_then(|e| e.r_unshifted).map(|r| measured(r, 2, "")))),
        ("r_second", Node::maybe(estimate.map(|e| measured(e.r_second, 2, "")))),
        ("sentence", Value::Sentence(sentence(source, alignment, part)).into()),
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

fn sentence(source: &str, alignment: &Alignment, part: Part) -> String {
    let of = if alignment.node.is_empty() { "their node" } else { &alignment.node };
    let source = match part.side {
        Some((side, edge)) => format!("{source}, {side} clocks were set at {edge},"),
        None => source.to_owned(),
    };
    let because = match part.verdict {
        Verdict::Aligned(step, e) => {
            return format!(
                "Metrics in {source} stand on the clock of the logs of {of}, {}: egress follows accepted messages (r {}; {} at the next best offset).{}",
                if step > 1 { format!("to within {step} minutes") } else { "to the minute".to_owned() },
                number(e.r, 2),
                number(e.r_second, 2),
                other_side(part)
            );
        }
        Verdict::Zone(minutes, e) => {
            return format!(
                "Metrics in {source} look {} than the logs of {of} ({}): probably a time zone. Not corrected.{}",
                apart(minutes),
                confidence(e),
                other_side(part)
            );
        }
        Verdict::Skew(e) => {
            return format!(
                "Metrics in {source} look {} than the logs of {of} ({}): no zone explains that, so one of the clocks is wrong. Not corrected.{}",
                apart(e.lag),
                confidence(e),
                other_side(part)
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

/// What the two sides say together, told with the later one.
fn other_side(part: Part) -> String {
    match part.before {
        Some(before) => format!(
            " Before, they {}: of the two sources, one keeps local time or ignores that clocks were set.",
            looked(before)
        ),
        None => String::new(),
    }
}

/// `looked 60 minutes later`.
fn looked(minutes: i32) -> String {
    if minutes == 0 { "agreed".to_owned() } else { format!("looked {}", apart(minutes)) }
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
