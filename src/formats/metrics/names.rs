//! What a column's name says it measures: rules over normalised names.
//!
//! Only names that mail people's tables use; short names that mean something in
//! one producer's file alone (`id`, `us`, `r`, `send`) belong to that producer's reader.

use std::collections::BTreeMap;

use super::fold::Sample;
use super::parts::{connections, interface, is_part, join, queue, words};
use super::units::Unit;
use super::{ColumnMap, Signal, SignalKind};

/// What the numbers of one column are.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Meaning {
    /// Canonical.
    pub(super) signal: Signal,
    /// From labels and from lane words, addresses and interfaces in the name.
    pub(super) instance: String,
    /// From a label.
    pub(super) node: Option<String>,
    /// Whether the numbers are running totals.
    pub(super) counter: bool,
    /// Whether the name states a unit, or needs none.
    pub(super) unit_known: bool,
    factor: f64,
    complement: bool,
}

impl Meaning {
    /// The value in the signal's unit; a unit inside the cell wins over the
    /// column's. Nothing when that unit does not fit the signal.
    pub(super) fn value(&self, number: f64, unit: Option<Unit>) -> Option<f64> {
        let factor = match unit {
            Some(unit) => unit.factor_to(self.signal)?,
            None => self.factor,
        };
        let value = number * factor;
        Some(if self.complement { 100.0 - value } else { value })
    }

    /// What a number of it is; a unit inside the cell wins over the column's.
    pub(super) fn sample(&self, unit: Option<Unit>) -> Sample {
        let one = unit.and_then(|u| u.factor_to(self.signal)).unwrap_or(self.factor);
        if self.counter { Sample::Counter(one) } else { Sample::Instant }
    }

    /// The meaning that case.yaml gives a column; nothing when its unit does not fit.
    pub(super) fn stated(map: &ColumnMap) -> Option<Self> {
        let unit = match &map.unit {
            Some(text) => Some(Unit::parse(text)?),
            None => None,
        };
        let mut meaning = Self::written_as(map.signal, 1.0, unit)?;
        meaning.unit_known = true;
        let words = words(&map.column);
        meaning.instance = match map.signal {
            Signal::QueueDepth | Signal::SmtpOutConnections => join(words.iter().filter(|w| is_part(w))),
            _ => interface(&words).unwrap_or_default(),
        };
        Some(meaning)
    }

    /// What labels add: the node, the part measured. Nothing when they say that it is the
    /// receiving side of the MTA, where we ask for the sending side.
    pub(super) fn labelled(mut self, labels: impl IntoIterator<Item = (String, String)>) -> Option<Self> {
        for (key, value) in labels {
            match key.as_str() {
                "service" if value == "esmtp_listener" => return None,
                "service" if value.starts_with("smtp_client") && self.signal == Signal::ConnsEstablished => {
                    self.signal = Signal::SmtpOutConnections;
                    // KumoMTA: `smtp_client` is the sum, `smtp_client:queue` a part of it.
                    self.instance = value.trim_start_matches("smtp_client").trim_start_matches(':').to_owned();
                }
                "host" | "hostname" | "node" | "nodename" => self.node = Some(value),
                "instance" => {
                    let host = value.rsplit_once(':').map_or(value.as_str(), |(host, _)| host).to_owned();
                    self.node.get_or_insert(host);
                }
                "device" | "interface" | "iface" | "cpu" | "queue" | "lane" | "ip" | "domain" | "state" => {
                    self.instance = join([self.instance, value].iter().filter(|w| !w.is_empty()));
                }
                _ => {}
            }
        }
        Some(self)
    }

    /// `as_written` may be one of the other ways of writing; `scale` holds without a unit.
    pub(super) fn written_as(as_written: Signal, scale: f64, unit: Option<Unit>) -> Option<Self> {
        let signal = as_written.canonical();
        let own = match as_written {
            Signal::EgressBytesPerS | Signal::EgressBytesTotal => 8.0,
            _ => 1.0,
        };
        let (factor, counter) = match unit {
            Some(unit) => (unit.factor_to(signal)?, signal.info().kind == SignalKind::Rate && unit.is_total()),
            None => (scale * own, as_written.info().kind == SignalKind::Counter),
        };
        Some(Self {
            signal,
            instance: String::new(),
            node: None,
            counter,
            unit_known: true,
            factor,
            complement: as_written == Signal::CpuIdlePercent,
        })
    }
}

/// One signal's names: `ends` match at the end of a name, at a word's start.
struct Rule {
    signal: Signal,
    ends: &'static [&'static str],
    /// A running total of a signal that is a rate.
    counter: bool,
    /// Words anywhere in the name that refuse it.
    not: &'static [&'static str],
}

const fn rule(signal: Signal, ends: &'static [&'static str]) -> Rule {
    Rule { signal, ends, counter: false, not: &[] }
}

const fn total(signal: Signal, ends: &'static [&'static str]) -> Rule {
    Rule { signal, ends, counter: true, not: &[] }
}

const fn not(rule: Rule, not: &'static [&'static str]) -> Rule {
    Rule { not, ..rule }
}

#[rustfmt::skip]
static RULES: &[Rule] = &[
    rule(Signal::CpuIdlePercent, &["cpu_idle", "usage_idle", "percent_idle", "idle_pct", "idle_percent", "%idle", "idl"]),
    not(rule(Signal::CpuPercent, &["cpu", "cpu_busy", "cpu_used", "cpu_usage", "cpu_util", "cpu_utilization", "cpu_utilisation", "cpu_pct", "cpu_percent", "cpu%", "cpu_load_pct", "cpuutilization", "cpupercent", "process_cpu_usage_normalized"]), &["total_cpu_usage", "limit", "cores"]),
    rule(Signal::CpuUserPercent, &["%usr", "%user", "usage_user", "percent_user", "cpu_user"]),
    rule(Signal::CpuSystemPercent, &["%sys", "%system", "usage_system", "percent_system", "cpu_system", "cpu_sys"]),
    rule(Signal::CpuStealPercent, &["%steal", "steal", "stl", "usage_steal", "percent_steal", "cpu_steal"]),
    rule(Signal::CpuSoftirqPercent, &["%soft", "%softirq", "softirq", "usage_softirq", "percent_softirq", "cpu_softirq"]),
    rule(Signal::Load1, &["ldavg_1", "load1", "load1m", "load1min", "load_1", "load_1m", "load_1min", "load_shortterm", "load_average_1", "load_avg_1", "loadavg_1", "shortterm"]),
    rule(Signal::RunQueue, &["runq_sz", "procs_running", "run_queue"]),
    rule(Signal::EgressBytesPerS, &["txkb/s", "tx_bytes/s", "txbytes/s", "bytes_out/s", "bytes_sent_per_sec", "if_octets_tx", "if_out_octets", "network_bytes_out", "net_out_bytes", "system_net_bytes_sent"]),
    not(rule(Signal::EgressBps, &["egress", "bits_sent", "bits_out", "outbound", "if_out_bits", "if_hc_out_bits", "ifhcoutbits", "bandwidth_out"]), &["queue", "conns", "connections", "messages"]),
    not(rule(Signal::EgressBytesTotal, &["transmit_bytes_total", "tx_bytes_total", "egress_bytes_total", "bytes_sent", "tx_bytes", "ifhcoutoctets", "ifoutoctets"]), &["body"]),
    rule(Signal::LinkUtilPercent, &["%ifutil", "ifutil", "if_util", "if_utilization", "if_utilisation", "if_util_percent", "link_util", "link_utilization", "link_utilisation", "link_util_percent"]),
    rule(Signal::EgressDrops, &["txdrop/s", "egress_drops", "if_dropped_tx"]),
    total(Signal::EgressDrops, &["tx_dropped", "tx_drops", "drop_out", "transmit_drop_total", "qdisc_drop", "qdisc_drops", "qdisc_drops_total"]),
    rule(Signal::PacketLossPercent, &["packet_loss", "packetloss", "packet_loss_percent", "loss_pct", "loss_percent", "loss"]),
    rule(Signal::RetransmitsPerS, &["retrans/s", "retransmits/s", "retrans_rate", "tcp_retrans", "tcp_retransmits", "tcp_retransmissions"]),
    rule(Signal::RetransmitsTotal, &["retrans_segs", "retranssegs", "retransmitted_segments", "segments_retransmitted", "retransmits_total"]),
    rule(Signal::OutSegments, &["oseg/s"]),
    total(Signal::OutSegments, &["out_segs", "outsegs"]),
    rule(Signal::RttMs, &["srtt", "rtt", "rtt_ms", "srtt_ms", "latency_ms"]),
    not(rule(Signal::ConnsEstablished, &["curr_estab", "currestab", "tcp_established", "tcp_connections_established", "estab", "established", "tcp_inuse", "tcpsck"]), &["mptcp", "mpcurrestab", "reset", "resets"]),
    not(rule(Signal::SmtpOutConnections, &["conn_smtpout_cur", "smtp_out_cur", "smtp_out_active", "smtp_out"]), &["esmtp_listener"]),
    rule(Signal::SmtpOutLimit, &["conn_smtpout_max", "smtp_out_max", "max_smtp_out", "smtp_out_limit", "process_limit"]),
    not(rule(Signal::TimeWait, &["time_wait", "timewait", "tcp_tw", "tw"]), &["overflow", "paws", "skipped", "recycled", "killed"]),
    total(Signal::ListenDrops, &["listen_drops", "listendrops", "listen_overflows", "listenoverflows"]),
    total(Signal::SynRetrans, &["tcp_syn_retrans", "syn_retrans", "tcpsynretrans"]),
    not(rule(Signal::OpenFiles, &["file_nr", "filefd_allocated", "open_files", "openfiles", "open_fds", "fd_nr", "fd_count", "nofile_used", "file_handles_used", "fds"]), &["max", "maximum", "limit", "unused", "process_open_fds"]),
    not(rule(Signal::OpenFilesLimit, &["filefd_maximum", "file_handles_max", "open_files_limit", "max_open_files", "fd_limit", "nofile", "nofile_limit"]), &["process_max_fds"]),
    rule(Signal::ConntrackUsed, &["conntrack_entries", "conntrack_count", "conntrack_used"]),
    rule(Signal::ConntrackLimit, &["conntrack_entries_limit", "conntrack_max", "conntrack_limit"]),
    rule(Signal::MtaWorkers, &["smtp_procs", "smtp_processes", "smtp_workers", "smtp_clients", "delivery_agents", "mta_workers", "mta_procs", "mta_processes", "workers_busy"]),
    rule(Signal::MemAvailablePercent, &["mem_available_percent", "mem_avail_percent", "mem_available_pct", "mem_avail_pct", "memory_available_percent", "memory_available_pct", "%memfree"]),
];

/// Names that are no word of the signal alone, but are beside a unit: `tx (MB/s)`, `retrans_per_s`.
#[rustfmt::skip]
static WITH_UNIT: &[Rule] = &[
    rule(Signal::EgressBps, &["tx", "out", "sent", "transmit", "transmitted", "upload"]),
    rule(Signal::RetransmitsPerS, &["retrans", "retransmits", "retransmissions"]),
    rule(Signal::EgressDrops, &["txdrop", "tx_drop"]),
    rule(Signal::OutSegments, &["oseg"]),
    rule(Signal::CpuIdlePercent, &["idle"]),
    rule(Signal::RttMs, &["latency"]),
    rule(Signal::MemAvailablePercent, &["mem_available", "mem_avail", "memory_available", "available_memory"]),
];

impl Rule {
    fn matches(&self, name: &str) -> bool {
        let at_word =
            |end: &&str| name.strip_suffix(*end).is_some_and(|before| before.is_empty() || before.ends_with('_'));
        self.ends.iter().any(at_word) && !self.not.iter().any(|word| name.contains(word))
    }
}

/// What names mean, each looked up once.
#[derive(Default)]
pub(super) struct Meanings(BTreeMap<String, Option<Meaning>>);

impl Meanings {
    /// More names than these are looked up each time.
    const MOST: usize = 20_000;

    /// What the name means, if it says so.
    pub(super) fn of(&mut self, name: &str) -> Option<Meaning> {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let meaning = meaning(name);
        if self.0.len() < Self::MOST {
            self.0.insert(name.to_owned(), meaning.clone());
        }
        meaning
    }
}

/// What the column is, if its name says so.
pub(super) fn meaning(column: &str) -> Option<Meaning> {
    let (name, labels) = split_labels(column);
    let (name, bracketed) = split_bracket(name);
    let found = match bracketed {
        Some(unit) => with_unit(name, unit),
        None => plain(name).or_else(|| {
            let (base, unit) = split_unit(name)?;
            with_unit(base, unit)
        }),
    }?;
    found.labelled(labels)
}

fn plain(name: &str) -> Option<Meaning> {
    let normal = normalise(name);
    if let Some(rule) = RULES.iter().find(|r| r.matches(&normal)) {
        // sysstat's own name: its kB are 1024 bytes.
        let scale = if normal.ends_with("txkb/s") { 1024.0 } else { 1.0 };
        let mut found = Meaning::written_as(rule.signal, scale, None)?;
        found.counter |= rule.counter;
        found.unit_known = rule.signal != Signal::EgressBps || normal.contains("bits");
        found.instance = interface(&words(name)).unwrap_or_default();
        return Some(found);
    }
    queue(name).or_else(|| connections(name))
}

fn with_unit(base: &str, unit: Unit) -> Option<Meaning> {
    let normal = normalise(base);
    let Some(rule) = RULES.iter().chain(WITH_UNIT).find(|r| r.matches(&normal)) else {
        let mut found = queue(base).or_else(|| connections(base))?;
        found.factor = unit.factor_to(found.signal)?;
        return Some(found);
    };
    let mut found = Meaning::written_as(rule.signal, 1.0, Some(unit))?;
    found.instance = interface(&words(base)).unwrap_or_default();
    Some(found)
}

/// Lower case; anything but letters, digits, `%` and `/` becomes one `_`.
pub(super) fn normalise(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '%' || c == '/' {
            out.push(c.to_ascii_lowercase());
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    out.trim_matches('_').to_owned()
}

/// `name{a="b",c="d"}` apart.
fn split_labels(column: &str) -> (&str, Vec<(String, String)>) {
    let Some((name, rest)) = column.trim().strip_suffix('}').and_then(|c| c.split_once('{')) else {
        return (column.trim(), Vec::new());
    };
    let mut labels = Vec::new();
    let mut rest = rest;
    while let Some((key, after)) = rest.split_once("=\"") {
        let Some((value, next)) = after.split_once('"') else { break };
        labels.push((key.trim_matches([',', ' ']).to_owned(), value.to_owned()));
        rest = next;
    }
    (name.trim(), labels)
}

/// `egress (MB/s)`, `rtt [ms]` apart.
fn split_bracket(name: &str) -> (&str, Option<Unit>) {
    let open =
        name.strip_suffix(')').and_then(|n| n.rfind('(')).or_else(|| name.strip_suffix(']').and_then(|n| n.rfind('[')));
    let Some((base, unit)) = open.and_then(|at| Some((name.get(..at)?, Unit::parse(name.get(at..)?)?))) else {
        return (name, None);
    };
    (base, Some(unit))
}

/// `egress_mbps`, `tx_bytes_per_s`, `cpu %` apart; the longest unit wins.
fn split_unit(name: &str) -> Option<(&str, Unit)> {
    let breaks = name.match_indices(['_', ' ']).map(|(at, _)| at).collect::<Vec<_>>();
    breaks.iter().rev().take(3).rev().find_map(|at| {
        let (base, tail) = (name.get(..*at)?, name.get(at + 1..)?);
        let unit = tail.replace(' ', "_");
        // One letter is too little to be a unit without brackets.
        let unit = if unit.starts_with("per_") { format!("_{unit}") } else { unit };
        (unit.len() > 1 || unit == "%").then(|| Unit::parse(&unit)).flatten().map(|unit| (base, unit))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::*;

    /// `signal [instance] factor[ counter]` of a column that must have a meaning.
    fn said(column: &str) -> String {
        let Some(m) = meaning(column) else { return "nothing".to_owned() };
        let one = m.value(1.0, None).expect("no unit in the cell");
        format!("{}[{}] {one}{}", m.signal, m.instance, if m.counter { " counter" } else { "" })
    }

    #[test]
    fn names_of_real_tables() {
        for (column, expected) in [
            ("cpu_pct", "cpu_percent[] 1"),
            ("CPU %", "cpu_percent[] 1"),
            ("CPU busy", "cpu_percent[] 1"),
            ("cpu idle (%)", "cpu_percent[] 99"),
            ("cpu_ratio", "cpu_percent[] 100"),
            ("average(cpuPercent)", "cpu_percent[] 1"),
            ("egress_mbps", "egress_bps[] 1000000"),
            ("eth0 egress", "egress_bps[eth0] 1"),
            ("tx_bytes_per_s", "egress_bps[] 8"),
            ("eth1 tx (MB/s)", "egress_bps[eth1] 8000000"),
            ("txkB/s", "egress_bps[] 8192"),
            ("field_bytes_sent", "egress_bps[] 8 counter"),
            (
                "node_network_transmit_bytes_total{device=\"eth0\", host=\"node1\", instance=\"10.0.0.5:9100\"}",
                "egress_bps[eth0] 8 counter",
            ),
            ("retrans_per_s", "retransmits_per_s[] 1"),
            ("node_netstat_Tcp_RetransSegs", "retransmits_per_s[] 1 counter"),
            ("node_netstat_TcpExt_ListenDrops", "listen_drops[] 1 counter"),
            ("listen_drops_per_s", "listen_drops[] 1"),
            ("open_files", "open_files[] 1"),
            ("open_files_limit", "open_files_limit[] 1"),
            ("load1", "load1[] 1"),
            ("rtt [s]", "rtt_ms[] 1000"),
            ("smtp_out_conns", "smtp_out_connections[] 1"),
        ] {
            assert_eq!(said(column), expected, "{column}");
        }
        assert_eq!(meaning("tx_bytes{host=\"node1\"}").and_then(|m| m.node).as_deref(), Some("node1"));
    }

    /// Metrics traps 34 and 41 of metric names, and words that only look like signals.
    #[test]
    fn false_friends_are_refused() {
        for column in [
            "node_network_transmit_queue_length",
            "txqueuelen",
            "process_open_fds",
            "queue_id",
            "queue_kb",
            "id",
            "deferred",
            "total cpu usage",
            "TCPTimeWaitOverflow",
            "mysql_connections",
            "connection_errors",
            "connection_count{service=\"esmtp_listener\"}",
            "NetworkOut",
            "attempts",
            "cpu_ms",
            "rxkB/s",
        ] {
            assert_eq!(said(column), "nothing", "{column}");
        }
    }

    #[test]
    fn case_yaml_decides_over_guessing() {
        let map = |signal, unit: Option<&str>| ColumnMap { column: "tx".into(), signal, unit: unit.map(str::to_owned) };
        let stated = |signal, unit| Meaning::stated(&map(signal, unit)).map(|m| (m.value(1.0, None), m.counter));
        assert_eq!(stated(Signal::EgressBps, Some("bytes_per_s")), Some((Some(8.0), false)));
        assert_eq!(stated(Signal::EgressBps, Some("bytes")), Some((Some(8.0), true)));
        assert_eq!(stated(Signal::EgressBytesTotal, None), Some((Some(8.0), true)));
        assert_eq!(stated(Signal::CpuIdlePercent, Some("percent")), Some((Some(99.0), false)));
        assert_eq!(stated(Signal::EgressBps, Some("percent")), None);
    }
}
