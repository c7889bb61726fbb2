//! What a release goes without when its bundle is over budget: one thing after another, each told.

use super::rows::span::{far, is_near};
use super::{Cell, Node, Release, Withheld};

/// Examples that stay.
const EXAMPLES: usize = 10;

/// What is given up, in this order; never the narrative, the replies or the manifest.
const STEPS: [fn(&mut Release) -> Vec<String>; 7] = [
    without_png,
    without_node_minutes,
    without_mx_minutes,
    with_few_examples,
    with_ip_minutes_near_waves,
    without_ip_minutes,
    with_two_transcripts,
];

const WHY: &str = "the bundle would be over its budget";

impl Release {
    /// The same release without the next thing that can be given up; none when nothing is left.
    #[must_use]
    pub fn slimmer(&self) -> Option<Self> {
        STEPS.iter().find_map(|step| {
            let mut slim = self.clone();
            let dropped = step(&mut slim);
            let told = dropped.into_iter().map(|item| Withheld { item, why: WHY.to_owned() });
            let before = slim.withheld.len();
            slim.withheld.extend(told);
            (slim.withheld.len() > before).then_some(slim)
        })
    }
}

/// The SVG of each chart holds the same.
fn without_png(release: &mut Release) -> Vec<String> {
    let had = std::mem::replace(&mut release.png, false);
    if had { vec!["PNG twins of the charts, which hold what the SVG charts hold".to_owned()] } else { Vec::new() }
}

/// What charts show of it stands in `metrics_by_minute` too.
fn without_node_minutes(release: &mut Release) -> Vec<String> {
    without_table(release, "minutes_by_node")
}

fn without_mx_minutes(release: &mut Release) -> Vec<String> {
    without_table(release, "minutes_by_mx")
}

/// Most of a day is no wave's.
fn with_ip_minutes_near_waves(release: &mut Release) -> Vec<String> {
    const NAME: &str = "minutes_by_ip";
    let Some(table) = release.tables.iter_mut().find(|table| table.name == NAME) else { return Vec::new() };
    let before = table.rows.len();
    let minute_of = |row: &[Cell]| row.iter().find_map(|cell| if let Cell::Minute(m) = cell { Some(*m) } else { None });
    table.rows.retain(|row| minute_of(row).is_some_and(|minute| is_near(&release.near, minute)));
    if table.rows.len() < before { vec![far(NAME)] } else { Vec::new() }
}

fn without_ip_minutes(release: &mut Release) -> Vec<String> {
    without_table(release, "minutes_by_ip")
}

fn without_table(release: &mut Release, name: &str) -> Vec<String> {
    let before = release.tables.len();
    release.tables.retain(|table| table.name != name);
    if release.tables.len() < before { vec![format!("table {name}.csv")] } else { Vec::new() }
}

/// Ten queue ids, and ten files of exact lines.
fn with_few_examples(release: &mut Release) -> Vec<String> {
    let mut dropped = Vec::new();
    let mut over = 0;
    if let Some(table) = release.tables.iter_mut().find(|table| table.name == "queue_ids") {
        over = table.rows.len().saturating_sub(EXAMPLES);
        table.rows = table.rows.iter().take(EXAMPLES).collect();
    }
    if let Node::Group(parts) = &mut release.facts
        && let Some(Node::List(ids)) = parts.get_mut("queue_ids")
    {
        over = over.max(ids.len().saturating_sub(EXAMPLES));
        ids.truncate(EXAMPLES);
    }
    if over > 0 {
        dropped.push(format!("{over} queue ids beyond the first {EXAMPLES}"));
    }
    let files = release.excerpts.split_off(release.excerpts.len().min(EXAMPLES));
    dropped.extend(files.into_iter().map(|file| format!("excerpts/{}", file.name)));
    dropped
}

/// One idle and one loaded.
fn with_two_transcripts(release: &mut Release) -> Vec<String> {
    let mut dropped = Vec::new();
    let mut kept: Vec<&str> = Vec::new();
    release.transcripts.retain(|file| {
        let kind = ["-idle.txt", "-loaded.txt"].into_iter().find(|end| file.name.ends_with(end));
        let first = kind.filter(|kind| !kept.contains(kind));
        kept.extend(first);
        if first.is_none() {
            dropped.push(format!("transcripts/{}", file.name));
        }
        first.is_some()
    });
    dropped
}

#[cfg(test)]
mod tests {
    use super::super::{Audience, Redacted, Table, TranscriptFile};
    use super::*;
    use crate::time::{Minute, Stamp, Window};

    fn table(name: &'static str, rows: usize) -> Table {
        Table { name, title: String::new(), columns: vec![], rows: vec![vec![Cell::Empty]; rows].into_iter().collect() }
    }

    fn by_minute(name: &'static str, minutes: i32) -> Table {
        let row = |minute| vec![Cell::Minute(Minute::new(minute))];
        Table { rows: (0..minutes).map(row).collect(), ..table(name, 0) }
    }

    #[test]
    fn things_go_in_order_and_each_is_told() {
        let tables = vec![
            table("minutes_by_lane", 3),
            by_minute("minutes_by_ip", 3),
            table("minutes_by_mx", 3),
            table("minutes_by_node", 3),
            table("queue_ids", 12),
        ];
        let lines: Vec<String> = (1..=12).map(|k| format!("wave-{k}-first.log")).collect();
        let lines: Vec<_> = lines.iter().map(|name| (name.as_str(), "", "S01", 1, "x")).collect();
        let mut release =
            Release::for_tests(Audience::Esp, "c", Stamp::from_seconds(0), Node::group([]), tables, &lines);
        release.withheld.clear();
        release.near = vec![Window::new(Minute::new(1), Minute::new(2))];
        let text = |name: &str| TranscriptFile {
            name: name.to_owned(),
            about: String::new(),
            text: Redacted::new(String::new()),
        };
        release.transcripts = ["S1-idle.txt", "S2-idle.txt", "S3-loaded.txt", "S4-recovered.txt"].map(text).into();
        let mut told = Vec::new();
        while let Some(slim) = release.slimmer() {
            told.push(slim.withheld[release.withheld.len()..].iter().map(|w| w.item.clone()).collect::<Vec<_>>());
            release = slim;
        }
        let told: Vec<Vec<&str>> = told.iter().map(|step| step.iter().map(String::as_str).collect()).collect();
        assert_eq!(
            told,
            [
                vec!["PNG twins of the charts, which hold what the SVG charts hold"],
                vec!["table minutes_by_node.csv"],
                vec!["table minutes_by_mx.csv"],
                vec!["2 queue ids beyond the first 10", "excerpts/wave-11-first.log", "excerpts/wave-12-first.log"],
                vec!["minutes of table minutes_by_ip.csv more than an hour from a wave"],
                vec!["table minutes_by_ip.csv"],
                vec!["transcripts/S2-idle.txt", "transcripts/S4-recovered.txt"],
            ]
        );
        assert_eq!(release.tables.iter().map(|t| t.name).collect::<Vec<_>>(), ["minutes_by_lane", "queue_ids"]);
    }
}
