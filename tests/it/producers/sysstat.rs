//! sysstat's texts, by their columns alone: `sar`, and the four forms of `sadf`.

use std::collections::BTreeMap;

use casefile::formats::metrics::Signal;

use super::oracle::{Told, on};
use super::texts::{DAY, moved};

/// One row of a report of sysstat: the names of its columns, its cells, when, how long.
fn sysstat(names: &[&str], cells: &[&str], at: i64, seconds: f64, told: &mut Vec<Told>) {
    let cell = |name: &str| names.iter().position(|n| *n == name).and_then(|i| cells.get(i)).copied();
    let number = |name: &str| cell(name).and_then(|c| c.parse::<f64>().ok());
    let part = cell("CPU").or_else(|| cell("IFACE")).unwrap_or("");
    let instance = match part {
        "all" | "-1" => String::new(),
        core if cell("CPU").is_some() => format!("cpu{core}"),
        other => other.to_owned(),
    };
    for name in names {
        let own = part != "lo";
        let (signal, factor, average) = match *name {
            "%user" | "%usr" => (Signal::CpuUserPercent, 1.0, true),
            "%system" | "%sys" => (Signal::CpuSystemPercent, 1.0, true),
            "%steal" => (Signal::CpuStealPercent, 1.0, true),
            "%soft" => (Signal::CpuSoftirqPercent, 1.0, true),
            "%idle" => (Signal::CpuPercent, -1.0, true),
            "txkB/s" if own => (Signal::EgressBps, 8.0 * 1024.0, true),
            "txdrop/s" if own => (Signal::EgressDrops, 1.0, true),
            "%ifutil" if own => (Signal::LinkUtilPercent, 1.0, true),
            "retrans/s" if names.contains(&"atmptf/s") => (Signal::RetransmitsPerS, 1.0, true),
            "oseg/s" => (Signal::OutSegments, 1.0, true),
            "tcpsck" => (Signal::ConnsEstablished, 1.0, false),
            "tcp-tw" => (Signal::TimeWait, 1.0, false),
            "runq-sz" => (Signal::RunQueue, 1.0, false),
            "ldavg-1" => (Signal::Load1, 1.0, false),
            "file-nr" => (Signal::OpenFiles, 1.0, false),
            "kbavail" => (Signal::MemAvailablePercent, 1.0, false),
            _ => continue,
        };
        let Some(read) = number(name) else { continue };
        // The row does not hold the total, but the share of it (with swap, which this node has
        // none of) that is committed.
        let total = || 100.0 * number("kbcommit").zip(number("%commit")).map_or(f64::NAN, |(kb, share)| kb / share);
        let (value, slack) = match signal {
            Signal::CpuPercent => (100.0 - read, 0.0),
            Signal::MemAvailablePercent => (100.0 * read / total(), 0.05),
            _ => (read * factor, 0.0),
        };
        told.push(Told { signal, instance: instance.clone(), at, seconds: average.then_some(seconds), value, slack });
    }
}

/// A link that is never used at all is one of unknown speed: its share says nothing.
fn without_idle_links(mut told: Vec<Told>) -> Vec<Told> {
    let mut used: BTreeMap<String, bool> = BTreeMap::new();
    for one in told.iter().filter(|t| t.signal == Signal::LinkUtilPercent) {
        *used.entry(one.instance.clone()).or_default() |= one.value > 0.0;
    }
    told.retain(|t| t.signal != Signal::LinkUtilPercent || used.get(&t.instance) == Some(&true));
    told
}

/// `sar`: a header with the time at which the first interval begins, rows by time of day.
pub(super) fn sar(text: &str) -> Vec<Told> {
    let (mut names, mut before, mut now): (Vec<&str>, i64, i64) = (Vec::new(), 0, 0);
    let mut told = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [clock, rest @ ..] = words.as_slice() else { continue };
        if clock.len() != 8 || !clock.starts_with(|c: char| c.is_ascii_digit()) || rest.contains(&"LINUX") {
            continue;
        }
        let at = on(DAY, clock);
        if rest.iter().all(|w| w.parse::<f64>().is_err()) {
            (names, before, now) = (rest.to_vec(), at, at);
            continue;
        }
        if at != now {
            (before, now) = (now, at);
        }
        sysstat(&names, rest, at, (at - before) as f64 / 1000.0, &mut told);
    }
    without_idle_links(told)
}

/// The seconds since 1970, or the time with its zone word, of one cell.
fn moment(cell: &str) -> i64 {
    match cell.split_once(' ') {
        Some((day, clock)) => on(day, clock.trim_end_matches(" UTC")),
        None => cell.parse::<i64>().expect("seconds since 1970") * 1000,
    }
}

/// `sadf -d`: semicolons, and how long each interval was.
pub(super) fn sadf(text: &str) -> Vec<Told> {
    let mut names: Vec<&str> = Vec::new();
    let mut told = Vec::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split(';').collect();
        match cells.as_slice() {
            ["# hostname", ..] => names = cells,
            [_, seconds, time, ..] if cells.len() == names.len() => {
                let seconds = seconds.parse().expect("the interval");
                sysstat(&names, &cells, moment(time), seconds, &mut told);
            }
            _ => {}
        }
    }
    without_idle_links(told)
}

/// The same, where the clock was five hours behind.
pub(super) fn sadf_in_new_york(text: &str) -> Vec<Told> {
    moved(sadf(text), 5 * 3_600_000)
}

/// `sar`, where the other file took its date from another zone.
pub(super) fn sar_a_day_early(text: &str) -> Vec<Told> {
    moved(sar(text), -86_400_000)
}

/// The names of one element's fields, in the words of `sar`.
fn in_words_of_sar(kind: &str, field: &str) -> String {
    match (kind, field) {
        ("cpu-load" | "cpu", "cpu" | "number") => "CPU".to_owned(),
        ("cpu-load" | "cpu", share) => format!("%{share}"),
        (_, "iface") => "IFACE".to_owned(),
        ("net-dev", "ifutil-percent") => "%ifutil".to_owned(),
        ("net-dev" | "net-edev" | "net-tcp" | "net-etcp", rate) => format!("{rate}/s"),
        ("memory", "memused-percent") => "%memused".to_owned(),
        ("memory", "commit-percent") => "%commit".to_owned(),
        ("memory", kilobytes) => format!("kb{kilobytes}"),
        (_, same) => same.to_owned(),
    }
}

/// One report of `sadf -j`, or a list of them, or a group of several.
fn json_report(kind: &str, report: &serde_json::Value, at: i64, seconds: f64, told: &mut Vec<Told>) {
    if let Some(list) = report.as_array() {
        list.iter().for_each(|one| json_report(kind, one, at, seconds, told));
    } else if kind == "network" {
        report.as_object().into_iter().flatten().for_each(|(kind, one)| json_report(kind, one, at, seconds, told));
    } else if let Some(fields) = report.as_object() {
        let names: Vec<String> = fields.keys().map(|field| in_words_of_sar(kind, field)).collect();
        let cells: Vec<String> = fields.values().map(|v| v.to_string().trim_matches('"').to_owned()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        sysstat(&names, &cells, at, seconds, told);
    }
}

/// `sadf -j`: samples, each with a time and its reports.
pub(super) fn sadf_json(text: &str) -> Vec<Told> {
    let whole: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let mut told = Vec::new();
    for sample in whole["sysstat"]["hosts"][0]["statistics"].as_array().expect("samples") {
        let stamp = &sample["timestamp"];
        let at = on(stamp["date"].as_str().expect("a date"), stamp["time"].as_str().expect("a time"));
        for (kind, report) in sample.as_object().expect("reports").iter().filter(|(kind, _)| *kind != "timestamp") {
            json_report(kind, report, at, stamp["interval"].as_f64().expect("the interval"), &mut told);
        }
    }
    without_idle_links(told)
}

/// `sadf -x`, read as the XML it is.
pub(super) fn sadf_xml(text: &str) -> Vec<Told> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
    let whole = roxmltree::Document::parse_with_options(text, options).expect("XML");
    let mut told = Vec::new();
    for stamp in whole.descendants().filter(|n| n.tag_name().name() == "timestamp") {
        let field = |name| stamp.attribute(name).expect("a field");
        let (at, seconds) = (on(field("date"), field("time")), field("interval").parse().expect("the interval"));
        for report in stamp.descendants().filter(roxmltree::Node::is_element) {
            let kind = report.tag_name().name();
            let own = |name: &str| in_words_of_sar(kind, name);
            let fields: Vec<(String, &str)> = match kind {
                "memory" => report
                    .children()
                    .filter(roxmltree::Node::is_element)
                    .map(|n| (own(n.tag_name().name()), n.text().unwrap_or("")))
                    .collect(),
                "cpu" | "net-dev" | "net-edev" | "net-tcp" | "net-etcp" | "net-sock" | "queue" | "kernel" => {
                    report.attributes().map(|a| (own(a.name()), a.value())).collect()
                }
                _ => continue,
            };
            let names: Vec<&str> = fields.iter().map(|f| f.0.as_str()).collect();
            let cells: Vec<&str> = fields.iter().map(|f| f.1).collect();
            sysstat(&names, &cells, at, seconds, &mut told);
        }
    }
    without_idle_links(told)
}

/// `sadf -p`: a number to a line; those of one time and part make a row.
pub(super) fn sadf_pairs(text: &str) -> Vec<Told> {
    let mut rows: BTreeMap<(i64, &str), Vec<(&str, &str)>> = BTreeMap::new();
    let (mut seconds, mut of_nfs) = (0.0, false);
    for line in text.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [_, interval, time, part, name, number] = cells.as_slice() else { continue };
        // NFS's report, from its first column to its last, has a `retrans/s` of its own.
        of_nfs |= *name == "call/s";
        if of_nfs {
            of_nfs = *name != "getatt/s";
            continue;
        }
        seconds = interval.parse().expect("the interval");
        rows.entry((moment(time), part)).or_default().push((name, number));
    }
    let mut told = Vec::new();
    for ((at, part), row) in &rows {
        let part = match *part {
            "-" => None,
            "all" => Some(("CPU", "all")),
            core if core.starts_with("cpu") => Some(("CPU", &core[3..])),
            interface => Some(("IFACE", interface)),
        };
        let cells: Vec<(&str, &str)> = part.into_iter().chain(row.iter().copied()).collect();
        let (names, numbers): (Vec<&str>, Vec<&str>) = cells.into_iter().unzip();
        sysstat(&names, &numbers, *at, seconds, &mut told);
    }
    without_idle_links(told)
}
