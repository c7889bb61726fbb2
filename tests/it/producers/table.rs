//! Which sample is held to what.

use std::path::Path;

use casefile::formats::metrics::Signal;

use super::Texts;
use super::oracle::Told;
use super::{dstat, sysstat, texts};

/// What a file is held to.
pub(super) enum Check {
    /// Its own columns, and each text of the same recording.
    Values { reader: &'static str, zone: Option<&'static str>, own: fn(&str) -> Vec<Told>, beside: Texts },
    /// Its path and its rows.
    Collectd,
    /// A listing of a queue, which a time line above dates, beside the others of that moment.
    Listing(fn(&Path, &str) -> Vec<Told>),
    /// Its times cannot be placed: it is refused with these words and a way out.
    Refused(&'static str),
    /// It is understood and holds no signal; these words are said.
    Empty(&'static str),
    /// Written by hand after a document: no producer's word. The readers' own tests hold it.
    ByHand,
    /// No reader of metrics takes it, and why.
    Unread(&'static str),
}

/// One line of the table.
pub(super) struct Row {
    /// `facts` beside the checkout, or `data` in it.
    pub(super) home: &'static str,
    /// The file, or a folder that ends with `/`.
    pub(super) file: &'static str,
    pub(super) check: Check,
}

impl Row {
    pub(super) fn is_of(&self, file: &str) -> bool {
        file == self.file || self.file.ends_with('/') && file.starts_with(self.file)
    }
}

type Text = (&'static str, fn(&str) -> Vec<Told>);

/// One recording in two texts.
pub(super) struct Twice {
    pub(super) one: Text,
    pub(super) other: Text,
    pub(super) signals: &'static [Signal],
}

const fn facts(file: &'static str, check: Check) -> Row {
    Row { home: "facts", file, check }
}

const fn data(file: &'static str, check: Check) -> Row {
    Row { home: "data", file, check }
}

const fn values(reader: &'static str, own: fn(&str) -> Vec<Told>, beside: Texts) -> Check {
    Check::Values { reader, zone: None, own, beside }
}

const fn zoned(reader: &'static str, zone: &'static str, own: fn(&str) -> Vec<Told>, beside: Texts) -> Check {
    Check::Values { reader, zone: Some(zone), own, beside }
}

const SAR_U: Texts = &[("metrics/sysstat/sar-f.u.txt", sysstat::sar)];
const SAR_NET: Texts = &[("metrics/sysstat/sar-f.net.txt", sysstat::sar)];

/// The whole of that recording as `sar` prints it.
const WHOLE: Texts = &[("data:metrics/sar-whole.txt", sysstat::sar)];
const U_ALL: Texts = &[("data:metrics/sar-whole-u-all.txt", sysstat::sar)];
const WRITTEN: Texts = &[("metrics/influx/line-protocol.txt", texts::line_protocol)];

pub(super) const ROWS: &[Row] = &[
    // sysstat: one recording, `sa.bin`, as sadf and as sar.
    facts("metrics/sysstat/sadf-d.u.csv", values("sadf", sysstat::sadf, SAR_U)),
    facts("metrics/sysstat/sadf-d.u.default-utc-tzNY.csv", values("sadf", sysstat::sadf, SAR_U)),
    facts("metrics/sysstat/sadf-d-C.u.comments.csv", values("sadf", sysstat::sadf, SAR_U)),
    facts("metrics/sysstat/sadf-d-U.u.epoch.csv", values("sadf", sysstat::sadf, SAR_U)),
    facts("metrics/sysstat/sadf-d-T.u.tzNY.csv", zoned("sadf", "America/New_York", sysstat::sadf_in_new_york, SAR_U)),
    facts(
        "metrics/sysstat/sadf-d-t.u.local-tzNY.csv",
        values("sadf", sysstat::sadf, &[("metrics/sysstat/sar-f.u.txt", sysstat::sar_a_day_early)]),
    ),
    facts("metrics/sysstat/sadf-d.net-DEV.csv", values("sadf", sysstat::sadf, SAR_NET)),
    facts("metrics/sysstat/sadf-d.net-ETCP.csv", values("sadf", sysstat::sadf, SAR_NET)),
    facts("metrics/sysstat/sadf-d.net-EDEV.csv", values("sadf", sysstat::sadf, WHOLE)),
    facts("metrics/sysstat/sadf-d.net-SOCK.csv", values("sadf", sysstat::sadf, WHOLE)),
    facts("metrics/sysstat/sadf-d.net-TCP-ETCP.csv", values("sadf", sysstat::sadf, WHOLE)),
    facts("metrics/sysstat/sadf-d.net-ALL.csv", values("sadf", sysstat::sadf, WHOLE)),
    facts("metrics/sysstat/sadf-d.mixed.csv", values("sadf", sysstat::sadf, WHOLE)),
    facts("metrics/sysstat/sadf-d.P-ALL.csv", values("sadf", sysstat::sadf, WHOLE)),
    facts("metrics/sysstat/sadf-d.u-ALL.csv", values("sadf", sysstat::sadf, U_ALL)),
    facts("metrics/sysstat/sadf-d.q.csv", values("sadf", sysstat::sadf, WHOLE)),
    facts("metrics/sysstat/sadf-d.r.csv", values("sadf", sysstat::sadf, WHOLE)),
    facts("metrics/sysstat/sadf-d.v.csv", values("sadf", sysstat::sadf, WHOLE)),
    facts("metrics/sysstat/sadf-d.w.csv", Check::Empty("")),
    facts("metrics/sysstat/sadf-d.d.csv", Check::Empty("")),
    facts("metrics/sysstat/sadf-dh.u-net.csv", Check::Refused("`sadf -h`")),
    facts("metrics/sysstat/sadf-12.7.5-d.u.csv", values("sadf", sysstat::sadf, &[])),
    facts("metrics/sysstat/sadf-12.7.5-d.mixed.csv", values("sadf", sysstat::sadf, &[])),
    facts(
        "metrics/sysstat/sar-f.u.txt",
        values("sar", sysstat::sar, &[("metrics/sysstat/sadf-d.u.csv", sysstat::sadf)]),
    ),
    facts(
        "metrics/sysstat/sar-f.u.enUS.txt",
        values("sar", sysstat::sar, &[("metrics/sysstat/sadf-d.u.csv", sysstat::sadf)]),
    ),
    facts(
        "metrics/sysstat/sar-f.net.txt",
        values("sar", sysstat::sar, &[("metrics/sysstat/sadf-d.net-ALL.csv", sysstat::sadf)]),
    ),
    facts("metrics/sysstat/sar-live-iso.txt", values("sar", sysstat::sar, &[])),
    facts("metrics/sysstat/sar-live-net.txt", values("sar", sysstat::sar, &[])),
    facts("metrics/sysstat/sar-live-u-C.txt", values("sar", sysstat::sar, &[])),
    facts("metrics/sysstat/sadf-j.json", values("sadf-json", sysstat::sadf_json, WHOLE)),
    facts("metrics/sysstat/sadf-x.xml", values("sadf-xml", sysstat::sadf_xml, WHOLE)),
    facts("metrics/sysstat/sadf-p.u.txt", values("sadf-pairs", sysstat::sadf_pairs, WHOLE)),
    facts("metrics/sysstat/sa.bin", Check::Unread("sysstat's own binary file: `sadf -d` makes text of it")),
    facts("metrics/sysstat/sadf-H.txt", Check::Unread("the header of a binary file")),
    facts("metrics/sysstat/sadf-l.pcp.txt", Check::Unread("a refusal: no PCP compiled in")),
    facts("metrics/sysstat/sadf-r.raw.txt", Check::Unread("a dump of raw counters, for sysstat's own debugging")),
    // dstat, beside its screen.
    facts(
        "metrics/dstat/dstat-legacy.csv",
        values("dstat", dstat::csv, &[("metrics/dstat/dstat-legacy.screen.txt", dstat::screen)]),
    ),
    facts(
        "metrics/dstat/pcp-dstat.csv",
        values("dstat", dstat::csv, &[("metrics/dstat/pcp-dstat.screen.txt", dstat::screen)]),
    ),
    facts("metrics/dstat/dstat-legacy-epoch-nics.csv", values("dstat", dstat::csv, &[])),
    facts("metrics/dstat/dstat-legacy.screen.txt", Check::Unread("the screen, whose numbers are cut to their width")),
    facts("metrics/dstat/pcp-dstat.screen.txt", Check::Unread("the screen, whose numbers are cut to their width")),
    // vmstat.
    facts("metrics/vmstat/vmstat-t-n.txt", values("vmstat", texts::vmstat, &[])),
    facts("metrics/vmstat/vmstat-t-w.txt", values("vmstat", texts::vmstat, &[])),
    facts("metrics/vmstat/vmstat-plain.txt", Check::Refused("vmstat")),
    // nstat, ss and the files they read.
    facts("metrics/nstat/nstat-az-j.jsonl", Check::Refused("nstat")),
    facts("metrics/nstat/nstat-az.txt", Check::Refused("nstat")),
    facts("metrics/nstat/nstat-j-incremental.jsonl", Check::Refused("nstat")),
    facts("metrics/proc/proc-net-loop.txt", Check::Unread("/proc/net/snmp with file names before each line")),
    facts("metrics/ss/ss-s-loop.txt", values("ss", texts::ss, &[])),
    facts("metrics/ss/ss-tin-loop.txt", Check::Unread("one line for each connection: no signal of the node")),
    // Prometheus.
    facts(
        "metrics/prometheus/qr.egress_bps.json",
        values("prometheus", texts::prometheus, &[("metrics/prometheus/promtool.range.txt", texts::promtool)]),
    ),
    facts("metrics/prometheus/qr.filefd.json", values("prometheus", texts::prometheus, &[])),
    facts(
        "metrics/prometheus/promtool.range.json",
        values("prometheus", texts::prometheus, &[("metrics/prometheus/qr.filefd.json", texts::prometheus)]),
    ),
    facts("metrics/prometheus/qr.currestab.json", values("prometheus", texts::prometheus, &[])),
    facts("metrics/prometheus/qr.tx_raw_counter.json", values("prometheus", texts::prometheus, &[])),
    facts("metrics/prometheus/qr.retrans_raw_counter.json", values("prometheus", texts::prometheus, &[])),
    facts("metrics/prometheus/q.matrix_range_selector.json", values("prometheus", texts::prometheus, &[])),
    facts("metrics/prometheus/qr.cpu_busy.json", values("prometheus", texts::prometheus, &[])),
    facts("metrics/prometheus/qr.retrans.json", Check::Empty("no name")),
    facts("metrics/prometheus/qr.nan.json", Check::Empty("no name")),
    facts("metrics/prometheus/qr.empty.json", Check::Empty("wrong metric name")),
    facts("metrics/prometheus/qr.error.json", Check::Empty("parse error")),
    facts("metrics/prometheus/q.vector.json", Check::Empty("query_range")),
    facts("metrics/prometheus/federate.txt", values("exposition", texts::exposition, &[])),
    facts("metrics/prometheus/node_exporter.metrics.txt", Check::Refused("time")),
    facts("metrics/prometheus/promtool.range.txt", Check::Unread("promtool's text: its `-o json` is read")),
    facts("metrics/prometheus/promtool.tsdb_dump.head.txt", Check::Unread("a dump of the data base")),
    facts("metrics/prometheus/promtool.help.txt", Check::Unread("a help text")),
    // InfluxDB 1.
    facts("metrics/influx/influx1-cli-csv.ns.csv", values("generic", texts::influx_csv, WRITTEN)),
    facts("metrics/influx/influx1-cli-csv.rfc3339.csv", values("generic", texts::influx_csv, WRITTEN)),
    facts(
        "metrics/influx/influx1-http.csv",
        values(
            "generic",
            texts::influx_csv,
            &[
                ("metrics/influx/influx1-http.json", texts::influx_json),
                ("metrics/influx/line-protocol.txt", texts::line_protocol_nameless),
            ],
        ),
    ),
    facts("metrics/influx/influx1-cli-csv.groupby.csv", Check::Empty("")),
    facts("metrics/influx/influx1-cli-csv.multi.csv", Check::Empty("a field that is not named")),
    facts("metrics/influx/influx1-http.json", Check::Unread("the CSV of the same answer is read")),
    facts("metrics/influx/line-protocol.txt", Check::Unread("what is written into InfluxDB, not what it answers")),
    // Others.
    facts("metrics/misc/iostat.json", Check::Unread("iostat")),
    facts("metrics/misc/mpstat.json", Check::Unread("mpstat")),
    facts("metrics/signals.tsv", Check::Unread("the list of signals")),
    facts("metrics/synthetic/", Check::ByHand),
    facts("metrics/collectd/", Check::Collectd),
    // One node, idle and loaded, by several programs at the same steps.
    facts("idle-vs-loaded/sadf-d.u.csv", values("sadf", sysstat::sadf, &[])),
    facts("idle-vs-loaded/sadf-d.q.csv", values("sadf", sysstat::sadf, &[])),
    facts("idle-vs-loaded/sadf-d.v.csv", values("sadf", sysstat::sadf, &[])),
    facts("idle-vs-loaded/sadf-d.net-DEV.csv", Check::Empty("")),
    facts("idle-vs-loaded/sadf-d.net-ETCP.csv", values("sadf", sysstat::sadf, &[])),
    facts("idle-vs-loaded/sadf-d.net-SOCK.csv", values("sadf", sysstat::sadf, &[])),
    facts("idle-vs-loaded/sadf-d.net-TCP.csv", values("sadf", sysstat::sadf, &[])),
    facts("idle-vs-loaded/vmstat-t-n.txt", values("vmstat", texts::vmstat, &[])),
    facts("idle-vs-loaded/nstat-j.ts.jsonl", values("nstat", texts::nstat, &[])),
    facts("idle-vs-loaded/ss-s.txt", values("ss", texts::ss, &[])),
    facts("idle-vs-loaded/phases.tsv", Check::Unread("the phases of the test")),
    facts("idle-vs-loaded/README.txt", Check::Unread("what was done")),
    // Postfix: one queue at one moment, by three programs.
    facts("transcripts/postfix-log-3.7.11/qshape-deferred.may.txt", Check::Listing(texts::qshape)),
    facts("transcripts/postfix-log-3.7.11/qshape-deferred.encrypt.txt", Check::Listing(texts::qshape)),
    facts("transcripts/postfix-log-3.7.11/qshape-sender.may.txt", Check::Listing(texts::qshape)),
    facts("transcripts/postfix-log-3.7.11/qshape-sender.encrypt.txt", Check::Listing(texts::qshape)),
    facts("transcripts/postfix-log-3.7.11/postqueue-j.may.jsonl", Check::Listing(texts::postqueue)),
    facts("transcripts/postfix-log-3.7.11/postqueue-j.encrypt.jsonl", Check::Listing(texts::postqueue)),
    facts(
        "transcripts/postfix-log-3.7.11/postqueue-p.may.txt",
        Check::Unread("the listing for people: `postqueue -j` is read"),
    ),
    facts(
        "transcripts/postfix-log-3.7.11/postqueue-p.encrypt.txt",
        Check::Unread("the listing for people: `postqueue -j` is read"),
    ),
    // In this repository.
    data("metrics/sadf-mixed.csv", values("sadf", sysstat::sadf, WHOLE)),
    data("metrics/sadf-whole.csv", values("sadf", sysstat::sadf, WHOLE)),
    data("metrics/sadf-json-whole.json", values("sadf-json", sysstat::sadf_json, WHOLE)),
    data("metrics/sadf-xml-whole.xml", values("sadf-xml", sysstat::sadf_xml, WHOLE)),
    data("metrics/sadf-pairs-whole.txt", values("sadf-pairs", sysstat::sadf_pairs, WHOLE)),
    data("metrics/sadf-comments.csv", values("sadf", sysstat::sadf, WHOLE)),
    data("metrics/sadf-cores.csv", values("sadf", sysstat::sadf, &[])),
    data("metrics/sadf-epoch.csv", values("sadf", sysstat::sadf, &[])),
    data("metrics/sadf-cpu.csv", values("sadf", sysstat::sadf, &[])),
    data("metrics/sadf-net-dev.csv", values("sadf", sysstat::sadf, &[])),
    data("metrics/sar-whole.txt", values("sar", sysstat::sar, &[])),
    data("metrics/sar-whole-u-all.txt", values("sar", sysstat::sar, &[])),
    data("metrics/sar-cpu.txt", values("sar", sysstat::sar, WHOLE)),
    data(
        "metrics/dstat-legacy.csv",
        values("dstat", dstat::csv, &[("data:producers/dstat-legacy.screen.txt", dstat::screen)]),
    ),
    data(
        "metrics/pcp-dstat.csv",
        values("dstat", dstat::csv, &[("data:producers/pcp-dstat.screen.txt", dstat::screen)]),
    ),
    data("metrics/dstat-legacy-epoch-nics.csv", values("dstat", dstat::csv, &[])),
    data("metrics/vmstat-t.txt", values("vmstat", texts::vmstat, &[])),
    data("metrics/vmstat-t-w.txt", values("vmstat", texts::vmstat, &[])),
    data("metrics/nstat-j.jsonl", values("nstat", texts::nstat, &[])),
    data("metrics/ss-s.txt", values("ss", texts::ss, &[])),
    data("metrics/prometheus-filefd.json", values("prometheus", texts::prometheus, &[])),
    data("metrics/prometheus-transmit.json", values("prometheus", texts::prometheus, &[])),
    data(
        "metrics/promtool-range.json",
        values("prometheus", texts::prometheus, &[("data:metrics/prometheus-filefd.json", texts::prometheus)]),
    ),
    data("metrics/prometheus-federate.txt", values("exposition", texts::exposition, &[])),
    data(
        "metrics/influx1-ns.csv",
        values("generic", texts::influx_csv, &[("data:producers/influx1-line-protocol.txt", texts::line_protocol)]),
    ),
    data(
        "metrics/influx1-rfc3339.csv",
        values("generic", texts::influx_csv, &[("data:producers/influx1-line-protocol.txt", texts::line_protocol)]),
    ),
];

/// What two programs, or one program twice, wrote of the same seconds: both texts, and the
/// signals that both have.
pub(super) const TWICE: &[Twice] = &[
    Twice {
        one: ("metrics/sysstat/sadf-12.7.5-d.u.csv", sysstat::sadf),
        other: ("metrics/sysstat/sar-live-iso.txt", sysstat::sar),
        signals: CPU,
    },
    Twice {
        one: ("metrics/vmstat/vmstat-t-n.txt", texts::vmstat),
        other: ("metrics/vmstat/vmstat-t-w.txt", texts::vmstat),
        signals: CPU,
    },
];
const CPU: &[Signal] = &[Signal::CpuPercent, Signal::CpuUserPercent, Signal::CpuSystemPercent, Signal::CpuStealPercent];
