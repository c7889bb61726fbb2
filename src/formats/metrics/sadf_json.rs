//! sysstat's `sadf -j`: for each host a list of samples, each a time and its reports.
//!
//! The same numbers as in `sadf -d`, under names of their own ([`sadf_items`]); restarts and
//! comments stand behind all samples. The list is streamed: a day of many cores is large.

use std::fmt;
use std::io::BufRead;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::fold::LONGEST_INTERVAL_S;
use super::page::{Page, Went};
use super::sysstat::Taken;
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, json, sadf_items};
use crate::formats::Head;
use crate::time::Stamp;

/// The reader of `sadf -j`.
#[derive(Clone, Copy, Debug)]
pub struct SadfJson;

impl MetricFormat for SadfJson {
    fn name(&self) -> &'static str {
        "sadf-json"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start: String = String::from_utf8_lossy(head.bytes.get(..4096).unwrap_or(head.bytes))
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect();
        // mpstat and iostat begin alike; their stamps are words, and no interval stands beside.
        let ours = start.starts_with("{\"sysstat\":{") && start.contains("\"timestamp\":{\"date\":\"");
        ours.then(|| "`sysstat` with dated samples of sadf -j".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        let mut page = Page::new(setup);
        let mut reading = Reading { page: &mut page, host: String::new() };
        let mut json = serde_json::Deserializer::from_reader(input);
        if let Err(error) = Part(&mut reading).deserialize(&mut json) {
            json::broken(&mut page, error)?;
        }
        Ok(page.finish())
    }
}

struct Reading<'p, 's> {
    page: &'p mut Page<'s>,
    host: String,
}

impl Reading<'_, '_> {
    /// One sample: its time, and a report under each other key.
    fn sample(&mut self, sample: &Value) {
        let Some((at, seconds)) = sample.get("timestamp").and_then(|stamp| self.stamp(stamp)) else {
            return self.page.count(Went::Unrecognised, 1, &sample.to_string());
        };
        for (kind, report) in sample.as_object().into_iter().flatten().filter(|(kind, _)| *kind != "timestamp") {
            self.report(kind, report, at, seconds);
        }
    }

    /// When a sample was taken, and how long its interval was.
    fn stamp(&mut self, stamp: &Value) -> Option<(Stamp, Option<f64>)> {
        let word = |key: &str| stamp.get(key).and_then(Value::as_str);
        let utc = stamp.get("utc").and_then(Value::as_u64) == Some(1);
        let at = sadf_items::stamp(self.page, word("date")?, word("time")?, utc)?;
        let seconds = stamp.get("interval").and_then(Value::as_f64);
        Some((at, seconds.filter(|s| *s > 0.0 && *s <= LONGEST_INTERVAL_S)))
    }

    /// One report, a list of them, or a group of several (`network`).
    fn report(&mut self, kind: &str, report: &Value, at: Stamp, seconds: Option<f64>) {
        match report {
            Value::Array(several) => several.iter().for_each(|one| self.report(kind, one, at, seconds)),
            Value::Object(members) if members.values().any(|m| m.is_object() || m.is_array()) => {
                members.iter().for_each(|(kind, one)| self.report(kind, one, at, seconds));
            }
            Value::Object(members) => {
                let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
                let fields: Vec<_> = members.iter().map(|(name, value)| (name.clone(), text(value))).collect();
                let went = sadf_items::put(self.page, kind, &fields, Taken { host: &self.host, at, seconds });
                self.page.count(went.map_or(Went::Unrecognised, Went::used_if), 1, &report.to_string());
            }
            _ => {}
        }
    }

    /// A restart of the node, or what its operator wrote into the record.
    fn event(&mut self, event: &Value) {
        for (kind, told) in event.as_object().into_iter().flatten() {
            self.page.clock.rewind();
            let at = self.stamp(told).map(|(at, _)| at);
            match (kind.as_str(), at) {
                ("boot", Some(at)) => self.page.restarted(&self.host, at),
                ("comment", Some(at)) => {
                    self.page.comment(&self.host, at, told.get("com").and_then(Value::as_str).unwrap_or(""));
                }
                _ => {}
            }
        }
    }
}

/// The document: objects and lists are walked, samples are streamed.
struct Part<'a, 'p, 's>(&'a mut Reading<'p, 's>);

impl<'de> DeserializeSeed<'de> for Part<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the hosts of sadf -j")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "sysstat" | "hosts" => map.next_value_seed(Part(&mut *self.0))?,
                "nodename" => {
                    self.0.host = map.next_value()?;
                    self.0.page.clock.rewind();
                }
                "statistics" => map.next_value_seed(Each(&mut *self.0, Reading::sample))?,
                "restarts" | "comments" => map.next_value_seed(Each(&mut *self.0, Reading::event))?,
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
}

/// A list, each element of which is taken as it comes.
struct Each<'a, 'p, 's>(&'a mut Reading<'p, 's>, fn(&mut Reading<'p, 's>, &Value));

impl<'de> DeserializeSeed<'de> for Each<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Each<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of samples")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(element) = seq.next_element::<Value>()? {
            (self.1)(self.0, &element);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{format_of, in_zone, minutes, read, sample, series};
    use super::super::{MetricRead, Signal};
    use super::*;

    /// One recording by `sadf -j`, `-x`, `-p` and `-d`: the same cells, in the same columns.
    #[test]
    fn all_forms_of_sadf_agree() {
        let told = |r: &MetricRead| {
            let mut all: Vec<_> = r
                .series
                .iter()
                .map(|s| {
                    (
                        s.signal,
                        s.instance.clone(),
                        s.node.clone(),
                        s.column.clone(),
                        s.minutes.clone(),
                        s.step_s.to_bits(),
                    )
                })
                .collect();
            all.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
            all
        };
        let table = read(&sample("sadf-whole.csv"));
        assert_eq!((table.series.len(), table.accounting.unrecognised), (26, 0));
        for (name, reader) in [
            ("sadf-json-whole.json", "sadf-json"),
            ("sadf-xml-whole.xml", "sadf-xml"),
            ("sadf-pairs-whole.txt", "sadf-pairs"),
        ] {
            assert_eq!(format_of(&sample(name)).map(MetricFormat::name), Some(reader));
            let other = read(&sample(name));
            assert_eq!(other.accounting.unrecognised, 0, "{name}: {:?}", other.unrecognised);
            assert_eq!(told(&other), told(&table), "{name}");
            assert_eq!(other.zone, table.zone, "{name}");
            for words in [
                "2026-11-24T02:36:43Z: mta1 or its collector restarted",
                "2026-11-24T02:36:44Z: comment of the operator of mta1: incident start",
            ] {
                assert!(other.notes.iter().any(|n| n == words), "{name}: {:?}", other.notes);
            }
        }
    }

    /// `utc` is 0 where `-t` or `-T` wrote another clock: its zone is asked for.
    #[test]
    fn local_times_need_a_zone() {
        let local = String::from_utf8_lossy(&sample("sadf-json-whole.json")).replace("\"utc\": 1", "\"utc\": 0");
        let assumed = read(local.as_bytes());
        assert!(assumed.notes.iter().any(|n| n.starts_with("sadf -t and -T")), "{:?}", assumed.notes);
        let stated = in_zone(local.as_bytes(), "America/New_York");
        assert_eq!(minutes(series(&stated, Signal::CpuPercent, "")), "07:36");
    }

    /// Cut off, what came before is kept.
    #[test]
    fn a_torn_file_keeps_its_samples() {
        let whole = sample("sadf-json-whole.json");
        let got = read(&whole[..whole.len() / 2]);
        assert!(got.accounting.used > 10 && got.accounting.unrecognised == 1, "{:?}", got.accounting);
        assert!(got.notes.iter().any(|n| n.contains("breaks off")));
    }
}
