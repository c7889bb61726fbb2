//! KumoMTA's `/metrics.json`, sampled over time: one object for each sample, over as many lines
//! as the server or a formatter breaks it into, below a line that dates it.
//!
//! The server breaks lines between those families that it counts itself, and between their
//! values. A family is `{"type":"gauge","value":V}`: V is a number where it has no label, an object by
//! label and value where it has one, a list with the number under `@` where it has several
//! (the project's source, `crates/kumo-prometheus`, and its manual, "HTTP Endpoint API: metrics.json").
//! Families mean what they mean in the text of `/metrics`. A label that is idle is gone, and not zero.

use std::io::BufRead;

use serde_json::{Map, Value};

use super::names::Meanings;
use super::page::{Page, Went, Writing, read_lines};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup};
use crate::formats::Head;

/// The reader of sampled `/metrics.json` pages.
#[derive(Clone, Copy, Debug)]
pub struct KumomtaJson;

impl MetricFormat for KumomtaJson {
    fn name(&self) -> &'static str {
        "kumomta-json"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start = String::from_utf8_lossy(head.bytes.get(..4096).unwrap_or(head.bytes));
        let begins = start.lines().any(|l| l.trim_start().starts_with('{'));
        let start: String = start.split_ascii_whitespace().collect();
        let typed = |t: &str| start.contains(&format!("\"type\":\"{t}\",\"value\":"));
        let ours = begins && ["gauge", "counter", "histogram"].into_iter().any(typed);
        ours.then(|| "families with `type` and `value` of KumoMTA's /metrics.json".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Samples::default())
    }
}

/// A page of more bytes is none.
const LONGEST_PAGE: usize = 64 << 20;

#[derive(Default)]
struct Samples {
    meanings: Meanings,
    open: Object,
}

impl Writing for Samples {
    fn line(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError> {
        if page.dated(line) {
            self.end(page);
            return Ok(Went::Irrelevant);
        }
        if self.open.text.is_empty() && !line.trim_start().starts_with('{') {
            return Ok(Went::Unrecognised);
        }
        let at =
            page.now(number, "a `/metrics.json` page", "(date -u +%FT%TZ; curl -s URL/metrics.json; echo) >> FILE")?;
        // Of a page in several lines the last one stands for all.
        let Some(text) = self.open.add(line) else { return Ok(Went::Irrelevant) };
        let Ok(families) = serde_json::from_str::<Map<String, Value>>(&text) else { return Ok(Went::Unrecognised) };
        let mut used = false;
        for (name, number) in families.iter().flat_map(|(family, said)| numbers(family, said)) {
            if let Some(meaning) = self.meanings.of(&name) {
                used |= page.put_meant(&meaning, &name, at, number, None);
            }
        }
        Ok(Went::used_if(used))
    }

    fn end(&mut self, page: &mut Page<'_>) {
        if !std::mem::take(&mut self.open).text.is_empty() {
            page.say("a `/metrics.json` page is cut off, and was left out".to_owned());
        }
    }
}

/// A page of which lines are still to come.
#[derive(Default)]
struct Object {
    text: String,
    depth: usize,
    in_string: bool,
}

impl Object {
    /// Takes a line; the whole object where it closes it, or what is too long for one.
    fn add(&mut self, line: &str) -> Option<String> {
        let mut escaped = false;
        for byte in line.bytes() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = self.in_string,
                b'"' => self.in_string = !self.in_string,
                b'{' if !self.in_string => self.depth += 1,
                b'}' if !self.in_string => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        self.text.push_str(line);
        self.text.push('\n');
        let whole = self.depth == 0 || self.text.len() > LONGEST_PAGE;
        whole.then(|| std::mem::take(self).text)
    }
}

/// The numbers of a family, under the names that the text of `/metrics` gives them.
fn numbers(family: &str, said: &Value) -> Vec<(String, f64)> {
    let labelled = |labels: &[(&String, &str)]| {
        let labels: Vec<_> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        format!("{family}{{{}}}", labels.join(","))
    };
    let pair = |members: &Map<String, Value>| {
        let labels: Vec<_> = members.iter().filter_map(|(label, value)| Some((label, value.as_str()?))).collect();
        Some((labelled(&labels), members.get("@")?.as_f64()?))
    };
    match said.get("value") {
        Some(Value::Number(n)) => n.as_f64().map(|n| (family.to_owned(), n)).into_iter().collect(),
        Some(Value::Object(label)) => {
            let by_value = |(label, values): (&String, &Value)| {
                let one = |(value, n): (&String, &Value)| Some((labelled(&[(label, value.as_str())]), n.as_f64()?));
                values.as_object().into_iter().flatten().filter_map(one).collect::<Vec<_>>()
            };
            label.iter().flat_map(by_value).collect()
        }
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_object).filter_map(pair).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::super::samples::{cell, read, sample, series, try_read};
    use super::super::{MetricRead, Signal};
    use super::*;

    /// The page of `kumomta-metrics.txt` as the server writes it in JSON tells the same.
    #[test]
    fn both_pages_of_the_server_tell_the_same() {
        let (json, text) = (read(&sample("kumomta-metrics.json")), read(&sample("kumomta-metrics.txt")));
        let told = |got: &MetricRead| -> Vec<_> {
            got.series.iter().map(|s| (s.signal, s.instance.clone(), s.minutes.clone())).collect()
        };
        assert_eq!(told(&json), told(&text));
        assert_eq!(json.accounting.unrecognised, 0);
        let last = cell(series(&json, Signal::SmtpOutConnections, ""), "2026-11-24T14:01Z").last;
        assert_eq!(last, 64.0);
    }

    /// As the server breaks its lines (`crates/kumo-prometheus`: `,\n` between its own families
    /// and their values), and as `jq .` does.
    #[test]
    fn a_page_may_stand_in_many_lines() {
        let text = String::from_utf8(sample("kumomta-metrics.json")).expect("UTF-8");
        let broken = text.replace(",\"", ",\n\"");
        let pretty: String = text.lines().map(pretty).collect();
        let told = |got: &MetricRead| -> Vec<_> { got.series.iter().map(|s| (s.signal, s.minutes.clone())).collect() };
        let whole = read(text.as_bytes());
        for text in [&broken, &pretty] {
            assert!(text.lines().count() > 20);
            assert!(KumomtaJson.recognise(Head { bytes: text.as_bytes(), whole: true }).is_some(), "{text}");
            let got = read(text.as_bytes());
            assert_eq!(told(&got), told(&whole));
            assert_eq!((got.accounting.used, got.accounting.unrecognised), (2, 0));
        }
        // A page that the next time line cuts off.
        let cut = broken.replacen("}}}}", "", 1);
        let got = read(cut.as_bytes());
        assert_eq!(got.notes.iter().filter(|n| n.contains("is cut off")).count(), 1, "{:?}", got.notes);
        assert_eq!(got.accounting.used, 1);
    }

    fn pretty(line: &str) -> String {
        match serde_json::from_str::<Value>(line) {
            Ok(page @ Value::Object(_)) => format!("{page:#}\n"),
            _ => format!("{line}\n"),
        }
    }

    #[test]
    fn labels_are_named_as_in_the_text() {
        let family = |json| numbers("f", &serde_json::from_str(json).expect("JSON"));
        assert_eq!(family(r#"{"type":"gauge","value":2}"#), [("f".to_owned(), 2.0)]);
        assert_eq!(
            family(r#"{"type":"gauge","value":{"queue":{"a.test":3.5}}}"#),
            [("f{queue=\"a.test\"}".to_owned(), 3.5)]
        );
        assert_eq!(
            family(r#"{"type":"counter","value":[{"service":"s","provider":"p","@":4}]}"#),
            [("f{provider=\"p\",service=\"s\"}".to_owned(), 4.0)]
        );
        assert_eq!(family(r#"{"type":"histogram","value":{"count":1,"sum":2,"avg":2,"bucket":[]}}"#), []);
        assert_eq!(family(r#"{"type":"gauge","value":null}"#), []);
    }

    #[test]
    fn a_page_without_a_time_is_refused_with_the_way_out() {
        let page = br#"{"connection_count":{"type":"gauge","value":{"service":{"smtp_client":0}}}}"#;
        let error = try_read(page, &MetricSetup::default()).expect_err("no time");
        assert!(error.to_string().contains("curl -s URL/metrics.json"), "{error}");
    }
}
