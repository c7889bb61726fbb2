//! What Prometheus answers to `query_range` (HTTP API v1, "Range queries"), and promtool's
//! `query range -o json`, which is its `result` alone. VictoriaMetrics, Thanos and Mimir
//! answer alike.
//!
//! Each point is the value at its stamp; stamps are seconds since 1970, values strings. A
//! missing point is a gap, not null. Counters are named so (`_total`, `…Segs`) and are
//! differenced here; what an expression made of them has no name any more.

use std::fmt;
use std::io::BufRead;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::fold::{Of, Sample};
use super::names::{self, Meaning};
use super::page::{Page, Went};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, Signal, json};
use crate::formats::Head;
use crate::time::Stamp;

/// The reader of `query_range` answers.
#[derive(Clone, Copy, Debug)]
pub struct Prometheus;

impl MetricFormat for Prometheus {
    fn name(&self) -> &'static str {
        "prometheus"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start: String = String::from_utf8_lossy(head.bytes.get(..512).unwrap_or(head.bytes))
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        let answer = start.starts_with("{\"status\":\"")
            && (start.contains("\"resultType\":\"") || start.contains("\"errorType\":\""));
        (answer || start.starts_with("[{\"metric\":{")).then(|| "an answer of Prometheus's HTTP API".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        let mut page = Page::new(setup);
        let mut answer = Answer { page: &mut page, series: 0 };
        let mut json = serde_json::Deserializer::from_reader(input);
        let read = Part(&mut answer).deserialize(&mut json);
        if answer.series == 0 && read.is_ok() {
            page.say("the answer holds no series: a wrong metric name looks like this".to_owned());
        }
        if let Err(error) = read {
            json::broken(&mut page, error)?;
        }
        Ok(page.finish())
    }
}

struct Answer<'p, 's> {
    page: &'p mut Page<'s>,
    series: u64,
}

/// What one series measures.
struct About {
    column: String,
    kind: Kind,
}

enum Kind {
    Meant(Meaning),
    /// Idle seconds of a core, of a node.
    Idle {
        core: String,
        node: String,
    },
    /// Bytes per second that an interface can carry.
    Speed {
        interface: String,
        node: String,
    },
    Unknown,
}

impl Answer<'_, '_> {
    fn about(&mut self, labels: &serde_json::Map<String, Value>) -> About {
        self.series += 1;
        let text = |key: &str| labels.get(key).and_then(Value::as_str).unwrap_or("");
        let pairs = || labels.iter().filter(|(k, _)| *k != "__name__");
        let told: Vec<String> = pairs().map(|(k, v)| format!("{k}={v}")).collect();
        let column = format!("{}{{{}}}", text("__name__"), told.join(", "));
        let stated = self.page.setup.columns.iter().find(|c| c.column == column || c.column == "value");
        let pairs = || pairs().map(|(k, v)| (k.clone(), v.as_str().unwrap_or("").to_owned()));
        // The labels name the node, whatever the name.
        let node = || {
            let host = Meaning::written_as(Signal::Load1, 1.0, None).and_then(|m| m.labelled(pairs()));
            host.and_then(|m| m.node).unwrap_or_default()
        };
        let kind = match (text("__name__"), stated.and_then(Meaning::stated)) {
            (_, Some(stated)) => stated.labelled(pairs()).map_or(Kind::Unknown, Kind::Meant),
            ("node_cpu_seconds_total", None) if text("mode") == "idle" => {
                Kind::Idle { core: format!("cpu{}", text("cpu")), node: node() }
            }
            ("node_network_speed_bytes", None) => Kind::Speed { interface: text("device").to_owned(), node: node() },
            ("", None) => self.by_file_name(pairs()),
            (name, None) => names::meaning(name).and_then(|m| m.labelled(pairs())).map_or(Kind::Unknown, Kind::Meant),
        };
        About { column, kind }
    }

    /// An expression has lost the metric's name; the file's name may hold it.
    fn by_file_name(&mut self, labels: impl Iterator<Item = (String, String)>) -> Kind {
        let setup = self.page.setup;
        let file = setup.name.rsplit('/').next().unwrap_or("");
        let Some((word, mut meaning)) = file.split('.').find_map(|w| Some((w, names::meaning(w)?))) else {
            self.page.say(
                "series of an expression carry no name: add `columns: {value: {signal: …, unit: …}}` for this file \
                 under `sources` in case.yaml, or name the file after the signal"
                    .to_owned(),
            );
            return Kind::Unknown;
        };
        // What carries no name went through a function: it is no running total any more.
        meaning.counter = false;
        self.page.say(format!(
            "series of an expression carry no name: taken as {} by the file's name (`{word}`); say otherwise with \
             `columns: {{value: {{signal: …, unit: …}}}}` in case.yaml",
            meaning.signal
        ));
        meaning.labelled(labels).map_or(Kind::Unknown, Kind::Meant)
    }

    fn point(&mut self, about: &About, time: &Value, value: &Value) {
        let number = |v: &Value| match v {
            Value::Number(n) => n.as_f64(),
            Value::String(s) => s.parse().ok(),
            _ => None,
        };
        let told = number(time).filter(|t| (1e9..1e10).contains(t)).zip(number(value));
        let Some((seconds, value)) = told else {
            return self.page.count(Went::Unrecognised, 1, &format!("[{time},{value}]"));
        };
        let at = Stamp::from_millis((seconds * 1000.0).round() as i64);
        let _ = self.page.clock.place(super::stamps::Told::Moment(at, None));
        let column = about.column.as_str();
        // `NaN` and `+Inf` are no values.
        let used = value.is_finite()
            && match &about.kind {
                Kind::Meant(meaning) => self.page.put_meant(meaning, column, at, value, None),
                Kind::Idle { core, node } => {
                    let of = Of { signal: Signal::CpuPercent, node, instance: core, column };
                    self.page.put(of, at, value, Sample::IdleSeconds)
                }
                Kind::Speed { interface, node } => {
                    self.page.fold.limit(Signal::EgressBps, node, interface, value * 8.0);
                    true
                }
                Kind::Unknown => {
                    self.page.unmapped.saw(column, value);
                    false
                }
            };
        self.page.count(Went::used_if(used), 1, "");
    }
}

/// Any part of the answer: objects and lists are walked, a series' points are streamed.
struct Part<'a, 'p, 's>(&'a mut Answer<'p, 's>);

impl<'de> DeserializeSeed<'de> for Part<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer of Prometheus")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut about = None;
        while let Some(key) = map.next_key::<String>()? {
            match (key.as_str(), &about) {
                ("metric", _) => {
                    let labels: serde_json::Map<String, Value> = map.next_value()?;
                    about = Some(self.0.about(&labels));
                }
                ("values", Some(about)) => map.next_value_seed(Points(&mut *self.0, about))?,
                ("value", Some(_)) => {
                    map.next_value::<IgnoredAny>()?;
                    self.0.page.count(Went::Irrelevant, 1, "");
                    self.0.page.say("one value each, of one moment: export with `query_range`".to_owned());
                }
                ("data" | "result", _) => map.next_value_seed(Part(&mut *self.0))?,
                ("error" | "warnings", _) => {
                    let told: Value = map.next_value()?;
                    self.0.page.say(format!("Prometheus says: {told}"));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Part(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// The points of one series, one at a time.
struct Points<'a, 'p, 's>(&'a mut Answer<'p, 's>, &'a About);

impl<'de> DeserializeSeed<'de> for Points<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Points<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of [time, value]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some((time, value)) = seq.next_element::<(Value, Value)>()? {
            self.0.point(self.1, &time, &value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{assert_cell, cell, minutes, read, read_named, sample, series};
    use super::super::{ColumnMap, MetricCell};
    use super::*;

    fn at(read: &MetricRead, signal: Signal, instance: &str, minute: &str) -> MetricCell {
        cell(series(read, signal, instance), minute)
    }

    /// Metrics trap 30: values are strings, a point is the value at its stamp.
    #[test]
    fn gauges_by_name() {
        let got = read(&sample("prometheus-filefd.json"));
        assert_cell(at(&got, Signal::OpenFiles, "", "2026-11-24T02:37Z"), 4, [1421.75, 1336.0, 1579.0, 1579.0]);
        assert_eq!(series(&got, Signal::OpenFiles, "").node, "node1");
        // Metrics trap 35: the system's table says nothing of one process.
        assert!(got.notes.iter().any(|n| n.contains("of the whole system")), "{:?}", got.notes);
        assert_eq!((got.accounting.used, got.zone.map(|z| z.1).as_deref()), (7, Some("UTC (seconds since 1970)")));
        // promtool prints the list alone.
        let promtool = read(&sample("promtool-range.json"));
        assert_eq!(promtool.series, read(&sample("prometheus-filefd.json")).series);
    }

    /// Counters are differenced, then spread over the minutes between.
    #[test]
    fn counters_by_name_and_their_own_rate() {
        let raw = read(&sample("prometheus-transmit.json"));
        let egress = series(&raw, Signal::EgressBps, "eth0");
        // 170,979 bytes in the 15 s up to 02:36:54, 15,414 in the next 15, of which 6 s lie in 02:36.
        let [first, second] = [170_979.0, 15_414.0].map(|bytes| bytes * 8.0 / 15.0);
        let mean = (first * 15.0 + second * 6.0) / 21.0;
        assert_cell(cell(egress, "2026-11-24T02:36Z"), 2, [mean, second, first, second]);
        assert_eq!((egress.node.as_str(), egress.step_s), ("node1", 15.0));
        assert_eq!(raw.series.iter().filter(|s| s.signal == Signal::EgressBps).count(), 3);
    }

    /// Metrics trap 30: an expression has no name; the file's name or case.yaml gives one.
    #[test]
    fn expressions_are_named_by_file_or_case() {
        let bytes = sample("prometheus-expression.json");
        let nameless = read(&bytes);
        assert!(nameless.series.is_empty() && nameless.notes.iter().any(|n| n.contains("columns: {value")));
        assert_eq!(nameless.unmapped.len(), 3);
        let by_file = read_named(&bytes, "metrics/qr.egress_bps.json");
        let egress = at(&by_file, Signal::EgressBps, "eth0", "2026-11-24T02:37Z");
        assert_eq!((egress.samples, egress.max), (4, 50_106.223_004_319_31));
        let map = ColumnMap { column: "value".into(), signal: Signal::EgressBps, unit: Some("bit_per_s".into()) };
        let setup = MetricSetup { columns: vec![map], ..MetricSetup::default() };
        let stated = Prometheus.read(&mut bytes.as_slice(), &setup);
        assert_eq!(stated.map(|r| r.series).ok(), Some(by_file.series));
    }

    /// Metrics traps 30 and 39: `NaN`, no series, errors and single moments are told apart from zero.
    #[test]
    fn nothing_is_not_zero() {
        let nan = read_named(&sample("prometheus-nan.json"), "retransmit_ratio.egress.json");
        assert_eq!((nan.series.len(), nan.accounting.irrelevant), (0, 7));
        let said = |text: &str, words: &str| {
            let got = read(text.as_bytes());
            assert!(got.series.is_empty() && got.notes.iter().any(|n| n.contains(words)), "{:?}", got.notes);
        };
        said(r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#, "wrong metric name");
        said(r#"{"status":"error","errorType":"bad_data","error":"1:5: parse error"}"#, "parse error");
        let vector = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"node_load1"},"value":[1795487889.797,"0"]}]}}"#;
        said(vector, "query_range");
        let cut = sample("prometheus-filefd.json");
        let got = read(&cut[..cut.len() - 60]);
        assert!(got.accounting.used > 3 && got.accounting.unrecognised == 1);
    }

    /// Metrics traps 37 and 41: cores stay apart, the exporter's own files are nobody's, and an
    /// interface's speed is the limit of its egress.
    #[test]
    fn cores_speeds_and_false_friends() {
        let one = |name: &str, labels: &str, values: [f64; 3]| {
            let points: Vec<_> =
                values.iter().enumerate().map(|(i, v)| format!("[{},\"{v}\"]", 1_795_528_800 + 30 * i)).collect();
            format!(
                r#"{{"metric":{{"__name__":"{name}",{labels}"instance":"mta1:9100"}},"values":[{}]}}"#,
                points.join(",")
            )
        };
        let text = format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{},{},{},{},{}]}}}}"#,
            one("node_cpu_seconds_total", r#""cpu":"0","mode":"idle","#, [100.0, 103.0, 133.0]),
            one("node_network_speed_bytes", r#""device":"eth0","#, [125e6; 3]),
            one("node_network_transmit_bytes_total", r#""device":"eth0","#, [0.0, 3e6, 9e6]),
            one("process_open_fds", "", [9.0; 3]),
            one("node_network_transmit_queue_length", r#""device":"eth0","#, [1000.0; 3]),
        );
        let got = read(text.as_bytes());
        assert_cell(at(&got, Signal::CpuPercent, "cpu0", "2026-11-24T14:00Z"), 2, [45.0, 0.0, 90.0, 0.0]);
        let egress = series(&got, Signal::EgressBps, "eth0");
        assert_eq!((egress.limit, egress.node.as_str(), minutes(egress).as_str()), (Some(1e9), "mta1", "14:00"));
        assert_eq!((got.series.len(), got.unmapped.len()), (2, 2));
    }
}
