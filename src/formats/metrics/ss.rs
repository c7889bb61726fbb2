//! `ss -s` sampled over time (iproute2, ss(8)): each sample below a line that dates it.
//!
//! `estab` and `timewait` are levels of the whole node, loopback and inbound included.

use std::io::BufRead;

use super::fold::{Of, Sample};
use super::page::{Page, Went, Writing, read_lines};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, Signal};
use crate::formats::Head;

/// The reader of `ss -s` samples.
#[derive(Clone, Copy, Debug)]
pub struct Ss;

impl MetricFormat for Ss {
    fn name(&self) -> &'static str {
        "ss"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        if super::tc::is_tc(head.bytes) {
            return None;
        }
        let start = String::from_utf8_lossy(head.bytes.get(..2048).unwrap_or(head.bytes)).into_owned();
        start.lines().any(|l| states(l).is_some()).then(|| "`TCP: … (estab …)` lines of ss -s".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Samples)
    }
}

/// `TCP:   88 (estab 2, closed 80, orphaned 0, timewait 0)`: state and number. Older versions
/// write `timewait 3/0`, the second being in IPv6.
fn states(line: &str) -> Option<Vec<(&str, f64)>> {
    let inside = line.trim_start().strip_prefix("TCP:")?.split_once('(')?.1.split_once(')')?.0;
    let found: Option<Vec<_>> = inside.split(',').map(state).collect();
    found.filter(|f| f.first().is_some_and(|(name, _)| *name == "estab"))
}

fn state(part: &str) -> Option<(&str, f64)> {
    let (name, number) = part.trim().split_once(' ')?;
    Some((name, number.split('/').next()?.parse().ok()?))
}

/// What reads them, line by line.
pub(super) struct Samples;

impl Writing for Samples {
    fn line(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError> {
        const OTHERS: [&str; 8] = ["Total:", "Transport", "RAW", "UDP", "TCP", "INET", "FRAG", "*"];
        if page.dated(line) {
            return Ok(Went::Irrelevant);
        }
        let Some(states) = states(line) else {
            let known = line.split_whitespace().next().is_some_and(|w| OTHERS.contains(&w));
            return Ok(if known { Went::Irrelevant } else { Went::Unrecognised });
        };
        let at = page.now(number, "`ss -s`", "while sleep 10; do date -u +%FT%TZ; ss -s; done > FILE")?;
        let mut any = false;
        for (column, value) in states {
            let signal = match column {
                "estab" => Signal::ConnsEstablished,
                "timewait" => Signal::TimeWait,
                _ => continue,
            };
            any |= page.put(Of { signal, node: "", instance: "", column }, at, value, Sample::Instant);
        }
        Ok(Went::used_if(any))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::super::samples::{assert_cell, cell, read, sample, series, try_read};
    use super::*;

    #[test]
    fn samples_under_time_lines() {
        let got = read(&sample("ss-s.txt"));
        let connections = series(&got, Signal::ConnsEstablished, "");
        assert_cell(cell(connections, "2026-11-24T02:36Z"), 6, [16.0 / 6.0 - 2.0 / 6.0, 2.0, 4.0, 4.0]);
        assert_eq!((got.accounting.used, got.accounting.unrecognised, connections.step_s), (6, 0, 2.0));
        assert_eq!(cell(series(&got, Signal::TimeWait, ""), "2026-11-24T02:36Z").last, 0.0);
        assert_eq!(got.zone.map(|z| z.1).as_deref(), Some("UTC (in each stamp)"));
    }

    /// What `date` prints, epochs and marks date a sample as well; without a time it is refused.
    #[test]
    fn times_as_loops_write_them() {
        let body = "Total: 40\nTCP:   88 (estab 2, closed 80, orphaned 0, synrecv 0, timewait 7/0), ports 0\n";
        for time in [
            "Tue Nov 24 02:36:26 UTC 2026",
            "Tue 24 Nov 2026 02:36:26 AM UTC",
            "1795487786",
            "### 2026-11-24T02:36:26Z ###",
        ] {
            let got = read(format!("{time}\n{body}").as_bytes());
            assert_eq!(cell(series(&got, Signal::TimeWait, ""), "2026-11-24T02:36Z").last, 7.0, "{time}");
        }
        let error = try_read(body.as_bytes(), &MetricSetup::default()).expect_err("no time").to_string();
        assert!(error.starts_with("line 2: `ss -s` carries no time") && error.contains("date -u"), "{error}");
    }
}
