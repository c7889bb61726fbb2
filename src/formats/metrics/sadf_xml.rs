//! sysstat's `sadf -x`: the samples of each host as elements, one to a line, as the program
//! writes them; what another program laid out anew is not read.
//!
//! The same numbers as in `sadf -d`, under the names of `sadf -j` ([`sadf_items`]); restarts and
//! comments stand behind all samples.

use std::io::BufRead;

use super::fold::LONGEST_INTERVAL_S;
use super::page::{Page, Went, Writing, read_lines};
use super::sysstat::Taken;
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, sadf_items};
use crate::formats::Head;
use crate::time::Stamp;

/// The reader of `sadf -x`.
#[derive(Clone, Copy, Debug)]
pub struct SadfXml;

impl MetricFormat for SadfXml {
    fn name(&self) -> &'static str {
        "sadf-xml"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start = String::from_utf8_lossy(head.bytes.get(..4096).unwrap_or(head.bytes)).into_owned();
        let mut lines = start.lines();
        let ours = lines.next().is_some_and(|l| l.trim_start_matches('\u{feff}').starts_with("<?xml "))
            && lines.any(|l| l.starts_with("<!DOCTYPE sysstat ") || l.trim_end() == "<sysstat");
        ours.then(|| "the document type of sadf -x".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Elements::default())
    }
}

#[derive(Default)]
struct Elements {
    host: String,
    /// When the present sample was taken, and how long its interval was.
    now: Option<(Stamp, Option<f64>)>,
    /// The report of memory, which has a line for each number.
    memory: Option<Vec<(String, String)>>,
}

impl Writing for Elements {
    fn line(&mut self, page: &mut Page<'_>, _: u64, line: &str) -> Result<Went, MetricError> {
        let line = line.trim();
        let went = match (line.strip_prefix("</"), element(line)) {
            (Some("memory>"), _) => self.close_memory(page),
            (Some(_), _) => Some(false),
            (None, Some((name, rest))) => self.take(page, name, rest),
            // The head of the document goes over several lines.
            (None, None) => self.host.is_empty().then_some(false),
        };
        Ok(went.map_or(Went::Unrecognised, Went::used_if))
    }
}

impl Elements {
    /// Takes an element that begins here. True when a value was used; nothing when it is not
    /// understood.
    fn take(&mut self, page: &mut Page<'_>, name: &str, rest: &str) -> Option<bool> {
        let fields = attributes(rest);
        let field = |name: &str| fields.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value);
        let stamp = |page: &mut Page<'_>| sadf_items::stamp(page, field("date"), field("time"), field("utc") == "1");
        match name {
            "host" => {
                page.clock.rewind();
                *self = Self { host: field("nodename").to_owned(), ..Self::default() };
            }
            "timestamp" => {
                let seconds = field("interval").parse().ok().filter(|s| *s > 0.0 && *s <= LONGEST_INTERVAL_S);
                self.now = Some((stamp(page)?, seconds));
            }
            "boot" | "comment" => {
                page.clock.rewind();
                let at = stamp(page)?;
                match name {
                    "boot" => page.restarted(&self.host, at),
                    _ => page.comment(&self.host, at, field("com")),
                }
            }
            "memory" => self.memory = Some(Vec::new()),
            _ => {
                if let (Some(memory), Some(value)) = (&mut self.memory, text_of(name, rest)) {
                    memory.push((name.to_owned(), value.to_owned()));
                } else if sadf_items::is_of_a_signal(name) && !fields.is_empty() {
                    return self.put(page, name, &fields);
                }
            }
        }
        Some(false)
    }

    fn put(&self, page: &mut Page<'_>, kind: &str, fields: &[(String, String)]) -> Option<bool> {
        let (at, seconds) = self.now?;
        sadf_items::put(page, kind, fields, Taken { host: &self.host, at, seconds })
    }

    fn close_memory(&mut self, page: &mut Page<'_>) -> Option<bool> {
        let fields = self.memory.take()?;
        self.put(page, "memory", &fields)
    }
}

/// Name and rest of `<name rest`.
fn element(line: &str) -> Option<(&str, &str)> {
    let inside = line.strip_prefix('<')?;
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '-')?;
    let (name, rest) = inside.split_at(end);
    (!name.is_empty() && line.ends_with('>')).then_some((name, rest))
}

/// `name="value"` of an element.
fn attributes(rest: &str) -> Vec<(String, String)> {
    let mut cells = rest.split('"');
    let mut found = Vec::new();
    while let (Some(name), Some(value)) = (cells.next(), cells.next()) {
        let Some(name) = name.trim().strip_suffix('=') else { break };
        found.push((name.to_owned(), value.to_owned()));
    }
    found
}

/// What stands between `<name>` and `</name>`.
fn text_of<'l>(name: &str, rest: &'l str) -> Option<&'l str> {
    rest.strip_prefix('>')?.strip_suffix('>')?.strip_suffix(name)?.strip_suffix("</")
}

#[cfg(test)]
mod tests {
    use super::super::samples::{format_of, read, sample};
    use super::*;

    // What it gives is held to the other forms of the same recording in `sadf_json`.

    #[test]
    fn only_sadf_is_taken() {
        assert_eq!(format_of(&sample("sadf-xml-whole.xml")).map(MetricFormat::name), Some("sadf-xml"));
        let other = b"<?xml version=\"1.0\"?>\n<feedback>\n</feedback>\n";
        assert!(SadfXml.recognise(Head { bytes: other, whole: true }).is_none());
    }

    /// An element that another program wrote over several lines is said to be none.
    #[test]
    fn what_was_laid_out_anew_is_counted() {
        let text =
            String::from_utf8_lossy(&sample("sadf-xml-whole.xml")).replace(" steal=\"0.50\"", "\nsteal=\"0.50\"");
        let got = read(text.as_bytes());
        assert!(got.accounting.unrecognised > 0 && got.accounting.used > 0, "{:?}", got.accounting);
    }
}
