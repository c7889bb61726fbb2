//! Postfix's `postqueue -j` sampled over time (postqueue(1), "JSON OBJECT FORMAT"): one object
//! for each message, each sample below a line that dates it.
//!
//! Counted are messages, by queue; a time line with no message below it is an empty queue.
//! Addresses and reasons are not read.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize;

use super::fold::{Of, Sample};
use super::page::{Page, Went, Writing, read_lines};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, Signal};
use crate::formats::Head;
use crate::time::Stamp;

/// The reader of `postqueue -j` samples.
#[derive(Clone, Copy, Debug)]
pub struct Postqueue;

impl MetricFormat for Postqueue {
    fn name(&self) -> &'static str {
        "postqueue"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start = String::from_utf8_lossy(head.bytes.get(..4096).unwrap_or(head.bytes)).into_owned();
        let ours = |l: &str| l.starts_with("{\"queue_name\":") && l.contains("\"queue_id\":");
        start.lines().any(ours).then(|| "`queue_name` and `queue_id` of postqueue -j".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Samples::default())
    }
}

/// The one key that is read.
#[derive(Deserialize)]
struct Message {
    queue_name: Queue,
}

/// A word of a known list, so that a strange file cannot invent thousands of queues.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Queue {
    Maildrop,
    Incoming,
    Active,
    Deferred,
    Hold,
    Corrupt,
}

impl Queue {
    const fn word(self) -> &'static str {
        match self {
            Self::Maildrop => "maildrop",
            Self::Incoming => "incoming",
            Self::Active => "active",
            Self::Deferred => "deferred",
            Self::Hold => "hold",
            Self::Corrupt => "corrupt",
        }
    }
}

#[derive(Default)]
struct Samples {
    counts: BTreeMap<Queue, u64>,
    /// Queues seen so far: absent from a later sample, they are empty.
    seen: BTreeMap<Queue, ()>,
}

impl Writing for Samples {
    fn line(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError> {
        if !line.starts_with('{') {
            let before = page.at;
            if !page.dated(line) {
                return Ok(Went::Unrecognised);
            }
            self.close(page, before);
            return Ok(Went::Irrelevant);
        }
        let Ok(message) = serde_json::from_str::<Message>(line) else { return Ok(Went::Unrecognised) };
        page.now(number, "`postqueue -j`", "while sleep 60; do date -u +%FT%TZ; postqueue -j; done > FILE")?;
        *self.counts.entry(message.queue_name).or_default() += 1;
        self.seen.insert(message.queue_name, ());
        Ok(Went::Used)
    }

    fn end(&mut self, page: &mut Page<'_>) {
        self.close(page, page.at);
    }
}

impl Samples {
    /// Folds the sample that was taken at `at`, if one was.
    fn close(&mut self, page: &mut Page<'_>, at: Option<Stamp>) {
        let counts = std::mem::take(&mut self.counts);
        let Some(at) = at else { return };
        let of = |instance| Of { signal: Signal::QueueDepth, node: "", instance, column: "postqueue -j" };
        page.put(of(""), at, counts.values().sum::<u64>() as f64, Sample::Instant);
        for queue in self.seen.keys() {
            let count = counts.get(queue).copied().unwrap_or(0);
            page.put(of(queue.word()), at, count as f64, Sample::Instant);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::super::samples::{cell, minutes, read, sample, series, try_read};
    use super::*;

    #[test]
    fn messages_by_queue_and_an_empty_queue() {
        let bytes = sample("postqueue-j.txt");
        let got = read(&bytes);
        let depth = |instance| series(&got, Signal::QueueDepth, instance);
        assert_eq!(cell(depth(""), "2026-11-24T02:30Z").last, 3.0);
        assert_eq!(cell(depth("deferred"), "2026-11-24T02:30Z").last, 3.0);
        assert_eq!(
            (cell(depth(""), "2026-11-24T02:31Z").last, minutes(depth("")).as_str()),
            (0.0, "02:30 02:31 02:32")
        );
        assert_eq!(
            (cell(depth("active"), "2026-11-24T02:32Z").last, cell(depth("deferred"), "2026-11-24T02:32Z").last),
            (1.0, 0.0)
        );
        assert_eq!((got.accounting.used, got.accounting.irrelevant), (4, 3));
        let text = String::from_utf8(bytes).expect("text");
        let (_, undated) = text.split_once('\n').expect("a time line");
        assert!(try_read(undated.as_bytes(), &MetricSetup::default()).is_err());
    }

    // oss trap 48: a listing of the queue is the state at one moment, and does not say which.
    #[test]
    fn a_listing_without_a_time_is_refused_with_the_command() {
        let error = try_read(&sample("postqueue-without-times.json"), &MetricSetup::default()).expect_err("no times");
        assert!(error.to_string().contains("do date -u"), "{error}");
    }
}
