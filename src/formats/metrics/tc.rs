//! `tc -s qdisc` sampled over time (iproute2, tc(8)), alone or with `ss -s` in one loop.
//!
//! `Sent` and `dropped` are running totals of a queueing discipline. That at the root counts
//! what those below it do, so only it is taken; the rate of a token bucket (tc-tbf(8)) at the
//! root is the limit of egress.

use std::io::BufRead;

use super::fold::{Of, Sample};
use super::page::{Page, Went, Writing, read_lines};
use super::parts::{interface, words};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, Signal, ss};
use crate::formats::Head;

/// The reader of `tc -s qdisc` samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tc;

impl MetricFormat for Tc {
    fn name(&self) -> &'static str {
        "tc"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        is_tc(head.bytes).then(|| "`qdisc …` and `Sent … (dropped …)` lines of tc -s".to_owned())
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        let file = setup.name.rsplit('/').next().unwrap_or("");
        let of_file = interface(&words(file)).unwrap_or_default();
        read_lines(input, setup, &mut Samples { of_file, root: None, sockets: ss::Samples })
    }
}

/// Whether a text holds samples of `tc -s qdisc`.
pub(super) fn is_tc(text: &[u8]) -> bool {
    let start = String::from_utf8_lossy(text.get(..2048).unwrap_or(text)).into_owned();
    start.lines().any(|l| l.starts_with("qdisc ")) && start.lines().any(|l| sent(l).is_some())
}

/// ` Sent 1062718 bytes 1425 pkt (dropped 981, overlimits 1635 requeues 0)`: bytes, and packets dropped.
fn sent(line: &str) -> Option<(f64, f64)> {
    let (bytes, rest) = line.trim_start().strip_prefix("Sent ")?.split_once(" bytes ")?;
    let dropped = rest.split_once(" pkt (dropped ")?.1.split(',').next()?;
    Some((bytes.parse().ok()?, dropped.parse().ok()?))
}

/// `1500Kbit`, `3Mbit`, `1Gbit`: tc counts rates in powers of ten, in bits per second.
fn rate(word: &str) -> Option<f64> {
    let digits = word.strip_suffix("bit")?;
    let number = |d: &str| d.parse::<f64>().ok();
    match digits.chars().last()? {
        'K' => Some(number(digits.strip_suffix('K')?)? * 1e3),
        'M' => Some(number(digits.strip_suffix('M')?)? * 1e6),
        'G' => Some(number(digits.strip_suffix('G')?)? * 1e9),
        _ => number(digits),
    }
}

struct Samples {
    /// The interface that the file's name tells.
    of_file: String,
    /// The interface of the root that is being told; nothing below it.
    root: Option<String>,
    sockets: ss::Samples,
}

impl Writing for Samples {
    fn line(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError> {
        if let Some(rest) = line.strip_prefix("qdisc ") {
            self.open(page, rest);
            return Ok(Went::Irrelevant);
        }
        let Some((bytes, dropped)) = sent(line) else {
            let known = line.trim_start().starts_with("backlog ") || line.trim_start().starts_with("rate ");
            return if known { Ok(Went::Irrelevant) } else { self.sockets.line(page, number, line) };
        };
        let Some(instance) = &self.root else { return Ok(Went::Irrelevant) };
        let at =
            page.now(number, "`tc -s`", "while sleep 10; do date -u +%FT%TZ; tc -s qdisc show dev eth0; done > FILE")?;
        let of = |signal, column| Of { signal, node: "", instance, column };
        let egress = page.put(of(Signal::EgressBps, "Sent"), at, bytes * 8.0, Sample::Counter(8.0));
        let drops = page.put(of(Signal::EgressDrops, "dropped"), at, dropped, Sample::Counter(1.0));
        Ok(Went::used_if(egress || drops))
    }
}

impl Samples {
    /// `tbf 1: dev eth0 root refcnt 3 rate 1500Kbit burst 3199b lat 30.9ms`
    fn open(&mut self, page: &mut Page<'_>, rest: &str) {
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        let after = |word: &str| words.iter().position(|w| *w == word).and_then(|at| words.get(at + 1)).copied();
        let interface = after("dev").map_or_else(|| self.of_file.clone(), str::to_owned);
        self.root = words.contains(&"root").then_some(interface);
        if let (Some(instance), Some(&"tbf"), Some(limit)) = (&self.root, words.first(), after("rate").and_then(rate)) {
            page.limit(Signal::EgressBps, instance, limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{assert_cell, cell, read, sample, series};
    use super::*;

    /// Recorded under a token bucket of 1.5 Mbit/s, with `ss -s` in the same loop.
    #[test]
    fn the_root_gives_egress_its_limit_and_drops_and_ss_its_sockets() {
        let got = read(&sample("tc-s-qdisc.txt"));
        let egress = series(&got, Signal::EgressBps, "");
        assert_eq!(egress.limit, Some(1_500_000.0));
        let rate = (2_095_422.0 - 1_062_718.0) * 8.0 / 60.0;
        assert_cell(cell(egress, "2026-11-24T03:08Z"), 1, [rate, rate, rate, rate]);
        let drops = (1781.0 - 981.0) / 60.0;
        assert!((cell(series(&got, Signal::EgressDrops, ""), "2026-11-24T03:08Z").mean - drops).abs() < 1e-9);
        assert_eq!(cell(series(&got, Signal::ConnsEstablished, ""), "2026-11-24T03:08Z").last, 12.0);
        assert_eq!(got.accounting.unrecognised, 0);
    }

    #[test]
    fn rates_are_powers_of_ten_and_interfaces_have_their_name() {
        assert_eq!([rate("1500Kbit"), rate("1Gbit"), rate("800bit")], [Some(1.5e6), Some(1e9), Some(800.0)]);
        assert_eq!([rate("1mbps"), rate("bit"), rate("")], [None; 3]);
        let text = "2026-11-24T03:08:17Z\nqdisc fq_codel 0: dev eth1 root refcnt 2 limit 10240p\n Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0) \n backlog 0b 0p requeues 0\n2026-11-24T03:09:17Z\nqdisc fq_codel 0: dev eth1 root refcnt 2 limit 10240p\n Sent 600 bytes 8 pkt (dropped 0, overlimits 0 requeues 0) \n";
        let got = read(text.as_bytes());
        let egress = series(&got, Signal::EgressBps, "eth1");
        assert_eq!((cell(egress, "2026-11-24T03:08Z").mean, egress.limit), (80.0, None));
    }
}
