//! What the evidence shows: facts, each with what it rests on. No I/O, no clock.
//!
//! [`find`] reads top to bottom as an engineer would: when (waves), who and who
//! not (contrast), in which order (sessions), with which words (replies), alike
//! or not (pattern), why (causes), and what is missing.

mod alignment;
mod authentication;
mod advice;
mod by_time;
mod causes;
mod clocks;
mod comparison;
mod concern;
mod contrast;
mod delays;
mod facts;
mod headroom;
mod incident;
mod items;
mod limits;
mod mitigation;
mod order;
mod pattern;
mod queue;
mod readiness;
mod replies;
mod requirements;
mod settings;
mod starttls;
mod throughput;
mod tree;
mod unseen;
pub mod waves;

use std::collections::BTreeMap;

pub use alignment::{apart, confidence};
pub use authentication::{Filed, FiledReport};
pub use contrast::RowVerdict;
pub use facts::{Evidence, Fact, Node, Value, grouped, number};
pub use incident::{FoundWave, Incident};
pub use order::SessionOrder;
pub use starttls::{StarttlsTest, condition_word, with_load};

use crate::case::Case;
use crate::formats::snapshots::NodeSettings;
use crate::scan::{Excerpt, Tally};
use crate::smtp::Lanes;
use crate::timeline::Timeline;

/// What findings are made from.
#[derive(Clone, Copy, Debug)]
pub struct Evident<'a> {
    /// What is asked.
    pub case: &'a Case,
    /// The lanes' names.
    pub lanes: &'a Lanes,
    /// The counts: replies, exact lines, clocks, accounting.
    pub tally: &'a Tally,
    /// The grid.
    pub timeline: &'a Timeline,
    /// The STARTTLS tests.
    pub tests: &'a [StarttlsTest],
    /// Each file: what it is and what it covers, as shown in reports.
    pub files: &'a [FileCard],
    /// What was skipped: name and reason.
    pub skipped: &'a [(String, String)],
    /// Sentences about what went wrong while reading.
    pub problems: &'a [String],
    /// What the MTAs' settings say, node by node.
    pub settings: &'a [NodeSettings],
    /// What DNS tools answered.
    pub answers: &'a [Filed],
    /// What Google reports of the sender's mail.
    pub reports: &'a [FiledReport],
    /// Clock of each log node, as read: node, zone, basis.
    pub clocks: &'a [(String, String, String)],
}

/// One file of evidence, as reports list it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileCard {
    /// `S01`
    pub exhibit: String,
    /// Name below the case folder.
    pub file: String,
    /// `log`, `metric`, …
    pub kind: &'static str,
    /// `postfix`, `sadf`, …
    pub format: String,
    /// First and last moment covered.
    pub span: Option<(crate::time::Stamp, crate::time::Stamp)>,
    /// Where its lines went.
    pub accounting: crate::formats::Accounting,
    /// SHA-256 of the raw file.
    pub sha256: String,
    /// What a file of this kind cannot show.
    pub cannot_show: Vec<String>,
    /// Samples of its lines that no rule understood, with their numbers.
    pub not_understood: Vec<String>,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The waves on the Gmail lane, typed: what charts and releases are cut by.
    pub incident: Incident,
    /// Everything, as facts.
    pub facts: Node,
}

/// Finds what the evidence shows.
#[must_use]
pub fn find(evident: &Evident<'_>) -> Findings {
    let incident = incident::find(evident.timeline);
    let windows = incident.windows();
    let contrast = contrast::contrast(evident.timeline, &windows, incident.yardstick());
    let order = SessionOrder::of(evident.timeline, evident.tally);
    let replies = replies::groups(evident.timeline, evident.tally);
    let pattern = pattern::find(evident, &incident, &contrast);
    let limits = limits::limits(evident.case);
    let headroom = headroom::of_nodes(evident, &limits, &windows);
    let queue = queue::Queue::of(evident);
    let throughput = throughput::throughput(evident.timeline, &contrast, &windows, queue.waiting(&windows));
    let seen = items::Seen {
        evident,
        incident: &incident,
        contrast: &contrast,
        order: &order,
        replies: &replies,
        headroom: &headroom,
        pattern: &pattern,
        queue: &queue,
        throughput: &throughput,
    };
    let items = items::items(&seen);
    let causes = causes::judge(&items);
    let facts = tree::assemble(&seen, &items, &causes);
    Findings { incident, facts }
}

/// The first failed session of a wave, to the second where a line was kept.
fn first_failure(tally: &Tally, wave: &FoundWave) -> crate::time::Stamp {
    let of_minute = tally.excerpts.iter().filter(|((minute, ..), _)| *minute == wave.first);
    of_minute.map(|(_, e)| e.at).min().unwrap_or_else(|| wave.first.start())
}

/// A kept event as facts: when, from where, to where, and its line.
fn example_of(timeline: &Timeline, excerpt: &Excerpt) -> Node {
    let lines = excerpt.lines.last().map(|l| {
        // Of a file that was read from its end the line that decided is the first.
        let numbers = || excerpt.lines.iter().filter(|f| f.exhibit == l.exhibit).map(|f| f.number);
        Evidence::Lines(l.exhibit, numbers().min().unwrap_or(l.number), numbers().max().unwrap_or(l.number))
    });
    let evidence = || lines.clone();
    let text = |t: &str| if t.is_empty() { Value::Absent } else { Value::Text(t.to_owned()) };
    let line = excerpt.lines.last().map(|l| String::from_utf8_lossy(&l.text).into_owned()).unwrap_or_default();
    Node::group([
        ("at", Node::fact(Value::Second(excerpt.at), evidence())),
        ("ip", Node::maybe(timeline.place(excerpt.egress).map(|p| Value::Text(p.label())))),
        ("mx", Node::fact(text(timeline.mx_name(excerpt.mx)), evidence())),
        ("line", Node::fact(text(&line), evidence())),
    ])
}

/// Names of nodes at their provider.
fn provider_ids(case: &Case) -> BTreeMap<String, String> {
    case.nodes.iter().filter_map(|(name, card)| Some((name.clone(), card.provider_id.clone()?))).collect()
}
