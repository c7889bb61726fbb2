//! Postfix's `qshape` sampled over time (qshape(1)): messages in a queue by domain and age,
//! each sample below a line that dates it.
//!
//! Only the first number of a row, the total, is read, and of the domains only those of known
//! receivers. Without a queue's name `qshape` looks at
//! incoming and active; its output does not say at which.

use std::io::BufRead;

use super::fold::{Of, Sample};
use super::page::{Page, Went, Writing, read_lines};
use super::parts::is_part;
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, Signal};
use crate::formats::Head;

/// The reader of `qshape` samples.
#[derive(Clone, Copy, Debug)]
pub struct Qshape;

impl MetricFormat for Qshape {
    fn name(&self) -> &'static str {
        "qshape"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start = String::from_utf8_lossy(head.bytes.get(..2048).unwrap_or(head.bytes)).into_owned();
        start.lines().any(is_header).then(|| "the ages above qshape's table".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Shapes { ages: 0 })
    }
}

/// `T  5 10 20 40 80 160 320 640 1280 1280+`: ages in minutes.
fn is_header(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |w: &&str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_digit());
    matches!(words.as_slice(), ["T", ages @ .., last] if !ages.is_empty() && ages.iter().all(number) && last.strip_suffix('+').is_some_and(|l| number(&l)))
}

struct Shapes {
    /// How many columns stand after the name.
    ages: usize,
}

impl Writing for Shapes {
    fn line(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError> {
        if is_header(line) {
            self.ages = line.split_whitespace().count();
            return Ok(Went::Irrelevant);
        }
        if page.dated(line) {
            return Ok(Went::Irrelevant);
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some((name, numbers)) = words.split_first().filter(|(_, n)| n.len() == self.ages) else {
            return Ok(Went::Unrecognised);
        };
        let Some(total) = numbers.first().and_then(|n| n.parse::<f64>().ok()) else { return Ok(Went::Unrecognised) };
        let at = page.now(number, "`qshape`", "while sleep 60; do date -u +%FT%TZ; qshape deferred; done > FILE")?;
        // Whom else a sender writes to is no metric: of the domains only known receivers are kept.
        let instance = match *name {
            "TOTAL" => "",
            domain if is_part(domain) => domain,
            _ => return Ok(Went::Irrelevant),
        };
        let of = Of { signal: Signal::QueueDepth, node: "", instance, column: "T" };
        Ok(Went::used_if(page.put(of, at, total, Sample::Instant)))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::super::samples::{cell, read, sample, series, try_read};
    use super::*;

    #[test]
    fn totals_and_domains() {
        let bytes = sample("qshape-deferred.txt");
        let got = read(&bytes);
        let at = |instance, minute| cell(series(&got, Signal::QueueDepth, instance), minute).last;
        assert_eq!((at("", "2026-11-24T02:30Z"), at("", "2026-11-24T02:31Z")), (55.0, 54.0));
        // The recording's domains are nobody's receivers.
        assert_eq!((got.series.len(), got.accounting.used, got.accounting.unrecognised), (1, 2, 0));
        let gmail = String::from_utf8(bytes.clone()).expect("text").replace("refused.mx.test", "      gmail.com");
        let got = read(gmail.as_bytes());
        assert_eq!(cell(series(&got, Signal::QueueDepth, "gmail.com"), "2026-11-24T02:30Z").last, 1.0);
        let text = String::from_utf8(bytes).expect("text");
        let (_, undated) = text.split_once('\n').expect("a time line");
        assert!(try_read(undated.as_bytes(), &MetricSetup::default()).is_err());
    }
}
