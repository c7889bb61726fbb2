//! Answers that may not be what they say: "no such user" while Google's own systems fail.
//!
//! In December 2020 an outage of Google's accounts answered `421 4.3.0` and, for mailboxes that
//! exist, `550 5.1.1` (Google's incident report). A list that drops such addresses loses them.

use super::super::{Evidence, Node, Value, grouped};
use super::ReplyGroup;
use super::shares::system_share;
use crate::smtp::{Lane, Outcome};
use crate::time::Window;
use crate::timeline::Timeline;

/// Said where answers of "no such user" rise in the waves, among faults of Google's systems.
pub(in crate::findings) fn doubtful_bounces(timeline: &Timeline, groups: &[ReplyGroup], waves: &[Window]) -> Node {
    let unknown_user = groups.iter().any(|g| g.outcome == Outcome::Rejection && g.enhanced_tail() == Some("1.1"));
    let (system, all) = system_share(groups);
    let rate = |windows: &[Window]| {
        let of = |accept: fn(Outcome) -> bool| -> u64 {
            windows.iter().map(|w| timeline.sum(Lane::GMAIL, *w, |what| accept(what.outcome))).sum()
        };
        (of(|o| o == Outcome::Rejection), of(Outcome::is_attempt))
    };
    let (inside, tried) = rate(waves);
    let (whole, whole_tried) = rate(&[timeline.window]);
    let (outside, outside_tried) = (whole - inside, whole_tried - tried);
    // Twice the usual share: cross-multiplied, so that nothing is divided by zero.
    let rises =
        u128::from(inside) * u128::from(outside_tried.max(1)) > 2 * u128::from(outside.max(1)) * u128::from(tried);
    let said = unknown_user && system * 2 > all && rises;
    let sentence = said.then(|| {
        format!(
            "{} of the sessions in the waves were answered 5xx, and {} outside, \"no such user\" among them, while Google's own systems failed: such answers have been wrong in a fault of that kind, so keep these addresses until they are tried again.",
            Value::Share(inside, tried, "sessions").text(),
            grouped(outside)
        )
    });
    Node::fact(
        sentence.map_or(Value::Absent, Value::Sentence),
        [Evidence::Table("minutes_by_lane", "lane gmail, column rejection".to_owned())],
    )
}
