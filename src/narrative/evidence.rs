//! The exact lines beside the postmortem: what the rows of its timeline link to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::markdown::Sink;
use super::{Document, POSTMORTEM_FILE};
use crate::release::{ExcerptFile, Release, visible};

/// Where it lies, beside the postmortem.
const FILE: &str = "evidence.md";

/// The lines that a release quotes, a heading for each minute of a wave. Numbers in them are the
/// evidence's own, so none is a fact.
#[must_use]
pub fn evidence(release: &Release) -> Document {
    let files = files(release);
    let mut text = format!(
        "# Exact lines\n\nInternal. Addresses are not redacted here. The timeline in `{POSTMORTEM_FILE}` links to these headings.\n"
    );
    for excerpt in release.excerpts() {
        let _ = write!(text, "\n## {}\n\n{}\n", heading(&excerpt.name), Sink::Markdown.escape(&excerpt.about));
        lines(&mut text, excerpt, &files);
    }
    if release.excerpts().is_empty() {
        text.push_str("\nNo line is quoted.\n");
    }
    Document { path: FILE.to_owned(), text, items: Vec::new() }
}

/// The lines of one minute, those of one file together.
fn lines(text: &mut String, excerpt: &ExcerptFile, files: &BTreeMap<String, String>) {
    for of_file in excerpt.lines.chunk_by(|a, b| a.exhibit == b.exhibit) {
        let Some(first) = of_file.first() else { continue };
        let file = files.get(&first.exhibit).unwrap_or(&first.exhibit);
        let (open, name, close) = Sink::Markdown.code(file);
        let shown: Vec<String> =
            of_file.iter().map(|line| format!("{}: {}", line.number, visible(line.text.as_str()))).collect();
        let fence = "`".repeat(longest_run(&shown).max(2) + 1);
        let _ = write!(text, "\n{open}{name}{close} ({}):\n\n{fence}\n{}\n{fence}\n", first.exhibit, shown.join("\n"));
    }
}

/// The longest run of backticks: a fence has to be longer.
fn longest_run(lines: &[String]) -> usize {
    let runs = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len);
    runs.max().unwrap_or_default()
}

/// Where an excerpt is quoted: `evidence.md#wave-1-first`.
pub(in crate::narrative) fn anchor(excerpt: &str) -> String {
    format!("{FILE}#{}", heading(excerpt))
}

/// Ours, of letters, digits and hyphens alone: a heading is its own anchor.
fn heading(excerpt: &str) -> &str {
    excerpt.trim_end_matches(".log")
}

/// The name of each exhibit's file.
pub(in crate::narrative) fn files(release: &Release) -> BTreeMap<String, String> {
    (1..)
        .map_while(|i| release.facts().at(&format!("coverage.{i}")))
        .filter_map(|row| Some((row.value("exhibit")?.text(), row.value("file")?.text())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::{Audience, Node, Value};
    use crate::time::Stamp;

    #[test]
    fn lines_stand_under_their_anchor_and_nothing_in_them_acts() {
        let hostile = "to=<a@example.com> ``` [x](http://evil.example) \u{1b}[2J";
        let quoted = [("wave-1-first.log", "Wave 1.", "S02", 3217, hostile)];
        let row = [("exhibit", "S02"), ("file", "logs/mta1.log")].map(|(k, v)| (k, Node::from(Value::Text(v.into()))));
        let facts = Node::group([("coverage", Node::List(vec![Node::group(row)]))]);
        let release = Release::for_tests(Audience::Internal, "c", Stamp::from_seconds(0), facts, vec![], &quoted);
        let made = evidence(&release);
        assert_eq!(anchor("wave-1-first.log"), "evidence.md#wave-1-first");
        assert!(made.text.contains("\n## wave-1-first\n"), "{}", made.text);
        let block =
            "`logs/mta1.log` (S02):\n\n````\n3217: to=<a@example.com> ``` [x](http://evil.example) <U+001B>[2J\n````\n";
        assert!(made.text.ends_with(block), "{}", made.text);
    }
}
