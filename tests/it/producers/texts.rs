//! The producers' own texts, read by their columns alone: nothing here knows how the readers work.

use std::path::Path;

use casefile::formats::metrics::Signal;

use super::oracle::{Told, on};

pub(super) const DAY: &str = "2026-11-24";

pub(super) fn moved(told: Vec<Told>, by: i64) -> Vec<Told> {
    told.into_iter().map(|t| Told { at: t.at + by, ..t }).collect()
}

/// The seconds and milliseconds of a stamp, as a level or an average of the time before it.
pub(super) fn one(signal: Signal, instance: &str, at: i64, seconds: Option<f64>, value: f64, slack: f64) -> Told {
    Told { signal, instance: instance.to_owned(), at, seconds, value, slack }
}

/// `vmstat -t`: the first row counts since boot, but begins the first interval.
pub(super) fn vmstat(text: &str) -> Vec<Told> {
    let (mut names, mut before): (Vec<&str>, Option<i64>) = (Vec::new(), None);
    let mut told = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.first() == Some(&"r") {
            names = words;
            continue;
        }
        let [.., day, clock] = words.as_slice() else { continue };
        if !day.starts_with("20") {
            continue;
        }
        let at = on(day, clock);
        let began = before.replace(at);
        let cell = |name| names.iter().position(|n| *n == name).and_then(|i| words[i].parse::<f64>().ok());
        let Some(began) = began else { continue };
        let seconds = Some((at - began) as f64 / 1000.0);
        for (name, signal) in
            [("us", Signal::CpuUserPercent), ("sy", Signal::CpuSystemPercent), ("st", Signal::CpuStealPercent)]
        {
            told.extend(cell(name).map(|v| one(signal, "", at, seconds, v, 0.0)));
        }
        told.extend(cell("id").map(|v| one(Signal::CpuPercent, "", at, seconds, 100.0 - v, 0.0)));
        told.extend(cell("r").map(|v| one(Signal::RunQueue, "", at, None, v, 0.0)));
    }
    told
}

/// `ss -s` below time lines.
pub(super) fn ss(text: &str) -> Vec<Told> {
    let mut at = 0;
    let mut told = Vec::new();
    for line in text.lines() {
        if let Some((day, clock)) = line.trim().trim_end_matches('Z').split_once('T').filter(|_| line.starts_with("20"))
        {
            at = on(day, clock);
        } else if line.starts_with("TCP:") {
            for (word, signal) in [("estab ", Signal::ConnsEstablished), ("timewait ", Signal::TimeWait)] {
                let number = line.split(word).nth(1).and_then(|t| t.split([',', ')']).next()).expect("a count");
                told.push(one(signal, "", at, None, number.parse().expect("a number"), 0.0));
            }
        }
    }
    told
}

/// `nstat -j` with the time beside it: what was counted since the run before.
pub(super) fn nstat(text: &str) -> Vec<Told> {
    const COUNTED: [(&str, Signal); 4] = [
        ("TcpRetransSegs", Signal::RetransmitsPerS),
        ("TcpOutSegs", Signal::OutSegments),
        ("TcpExtTCPSynRetrans", Signal::SynRetrans),
        ("TcpExtListenDrops", Signal::ListenDrops),
    ];
    let mut before = None;
    let mut told = Vec::new();
    for line in text.lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let (day, clock) = record["ts"].as_str().and_then(|t| t.trim_end_matches('Z').split_once('T')).expect("a time");
        let at = on(day, clock);
        let Some(began) = before.replace(at) else { continue };
        let seconds = (at - began) as f64 / 1000.0;
        for (key, signal) in COUNTED {
            let count = record["nstat"]["kernel"][key].as_f64().unwrap_or(0.0);
            told.push(one(signal, "", at, Some(seconds), count / seconds, 0.0));
        }
    }
    told
}

/// One answer of Prometheus: each series with its points, by the name of its metric.
pub(super) fn prometheus(text: &str) -> Vec<Told> {
    let answer: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let list = if answer.is_array() { &answer } else { &answer["data"]["result"] };
    let mut told = Vec::new();
    for series in list.as_array().expect("series") {
        let label = |key: &str| series["metric"][key].as_str().unwrap_or("");
        let device = label("device");
        let points = series["values"].as_array().expect("points").iter().map(|p| {
            let seconds = p[0].as_f64().expect("seconds");
            ((seconds * 1000.0).round() as i64, p[1].as_str().and_then(|v| v.parse::<f64>().ok()).expect("a value"))
        });
        let points: Vec<_> = points.filter(|(_, v)| v.is_finite()).collect();
        let counted = |signal, factor: f64| {
            points.windows(2).map(move |w| {
                let seconds = (w[1].0 - w[0].0) as f64 / 1000.0;
                one(signal, device, w[1].0, Some(seconds), (w[1].1 - w[0].1) * factor / seconds, 0.0)
            })
        };
        let level = |signal| points.iter().map(move |(at, v)| one(signal, device, *at, None, *v, 0.0));
        match label("__name__") {
            "node_filefd_allocated" => told.extend(level(Signal::OpenFiles)),
            "node_netstat_Tcp_CurrEstab" => told.extend(level(Signal::ConnsEstablished)),
            "node_netstat_Tcp_RetransSegs" => told.extend(counted(Signal::RetransmitsPerS, 1.0)),
            "node_network_transmit_bytes_total" => told.extend(counted(Signal::EgressBps, 8.0)),
            "" if series["metric"].get("device").is_some() => told.extend(level(Signal::EgressBps)),
            // One minus the idle share, in percent; the file's name says so.
            "" => told.extend(level(Signal::CpuPercent)),
            other => panic!("no such metric is known: {other:?}"),
        }
    }
    told
}

/// What promtool prints: a line of labels, then `value @[seconds]`.
pub(super) fn promtool(text: &str) -> Vec<Told> {
    let mut device = String::new();
    let mut told = Vec::new();
    for line in text.lines() {
        if let Some((_, label)) = line.split_once("device=\"") {
            device = label.split('"').next().expect("a device").to_owned();
        } else if let Some((value, at)) = line.split_once(" @[") {
            let at = at.trim_end_matches(']').parse::<i64>().expect("seconds") * 1000;
            told.push(one(Signal::EgressBps, &device, at, None, value.parse().expect("a value"), 0.0));
        }
    }
    told
}

/// A running total, as so many per second between one row and the next.
fn counted(signal: Signal, rows: &[(i64, f64)], instance: &str, factor: f64) -> Vec<Told> {
    let step = |w: &[(i64, f64)]| {
        let seconds = (w[1].0 - w[0].0) as f64 / 1000.0;
        one(signal, instance, w[1].0, Some(seconds), (w[1].1 - w[0].1) * factor / seconds, 0.0)
    };
    rows.windows(2).map(step).collect()
}

/// The number behind `name=`.
fn field(line: &str, name: &str) -> Option<f64> {
    line.split(name).nth(1)?.split(['i', ',', ' ']).next()?.parse().ok()
}

/// InfluxDB's line protocol: what was written into it.
pub(super) fn line_protocol(text: &str) -> Vec<Told> {
    let rows = |name: &str| -> Vec<(i64, f64)> {
        let sent = text.lines().filter(|l| l.starts_with("net,"));
        let at = |l: &str| l.rsplit(' ').next().and_then(|t| t.parse::<i64>().ok()).expect("nanoseconds") / 1_000_000;
        sent.map(|l| (at(l), field(l, name).expect("a field"))).collect()
    };
    let mut told = counted(Signal::EgressBps, &rows("bytes_sent="), "eth0", 8.0);
    told.extend(counted(Signal::EgressDrops, &rows("drop_out="), "eth0", 1.0));
    told
}

/// The same, for an answer that names no interface.
pub(super) fn line_protocol_nameless(text: &str) -> Vec<Told> {
    line_protocol(text).into_iter().map(|t| Told { instance: String::new(), ..t }).collect()
}

/// InfluxDB 1's CSV: a header with `time`, rows of nanoseconds or RFC 3339.
pub(super) fn influx_csv(text: &str) -> Vec<Told> {
    let mut names: Vec<&str> = Vec::new();
    let (mut sent, mut drops, mut instance) = (Vec::new(), Vec::new(), "");
    for line in text.lines() {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.first() == Some(&"name") {
            names = cells;
            continue;
        }
        let cell = |name: &str| names.iter().position(|n| *n == name).and_then(|i| cells.get(i)).copied();
        let at = match cell("time").and_then(|t| t.trim_end_matches('Z').split_once('T')) {
            Some((day, clock)) => on(day, clock),
            None => cell("time").and_then(|t| t.parse::<i64>().ok()).expect("nanoseconds") / 1_000_000,
        };
        instance = cell("interface").unwrap_or("");
        sent.extend(cell("bytes_sent").and_then(|c| c.parse().ok()).map(|v| (at, v)));
        drops.extend(cell("drop_out").and_then(|c| c.parse().ok()).map(|v| (at, v)));
    }
    let mut told = counted(Signal::EgressBps, &sent, instance, 8.0);
    told.extend(counted(Signal::EgressDrops, &drops, instance, 1.0));
    told
}

/// InfluxDB's answer over HTTP, in JSON.
pub(super) fn influx_json(text: &str) -> Vec<Told> {
    let answer: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let rows = answer["results"][0]["series"][0]["values"].as_array().expect("rows").iter().map(|row| {
        let at = row[0].as_str().and_then(|t| t.trim_end_matches('Z').split_once('T')).expect("a time");
        (on(at.0, at.1), row[1].as_f64().expect("bytes"))
    });
    counted(Signal::EgressBps, &rows.collect::<Vec<_>>(), "", 8.0)
}

/// `/federate`: a name, its labels, the value, milliseconds since 1970.
pub(super) fn exposition(text: &str) -> Vec<Told> {
    let mut told = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let (name, rest) = line.split_once('{').expect("labels");
        let cells: Vec<&str> = rest.split_once("} ").expect("a value").1.split(' ').collect();
        let (signal, instance) = match name {
            "node_filefd_allocated" => (Signal::OpenFiles, ""),
            "node_filefd_maximum" => (Signal::OpenFilesLimit, ""),
            "node_netstat_Tcp_CurrEstab" => (Signal::ConnsEstablished, ""),
            _ => continue,
        };
        let at = cells[1].parse().expect("milliseconds");
        told.push(one(signal, instance, at, None, cells[0].parse().expect("a value"), 0.0));
    }
    told
}

/// What `postqueue -p` says at its end, of the same moment as another listing of the queue.
fn requests(root: &Path, file: &str) -> f64 {
    let (folder, name) = file.rsplit_once('/').expect("a folder");
    let level = name.split('.').nth(1).expect("a TLS level");
    let listed = std::fs::read_to_string(root.join(format!("{folder}/postqueue-p.{level}.txt"))).expect("the listing");
    let last = listed.lines().last().expect("a last line");
    // `-- 20 Kbytes in 54 Requests.`
    last.split(' ').nth(4).and_then(|n| n.parse().ok()).expect("a count")
}

/// Messages in the queue, at the moment of the time line.
fn depth(instance: &str, value: f64) -> Told {
    one(Signal::QueueDepth, instance, on(DAY, "02:30:05"), None, value, 0.0)
}

/// qshape counts all messages of the queue at its top.
pub(super) fn qshape(root: &Path, file: &str) -> Vec<Told> {
    vec![depth("", requests(root, file))]
}

/// `postqueue -j` names each message's queue; here all were deferred.
pub(super) fn postqueue(root: &Path, file: &str) -> Vec<Told> {
    let all = requests(root, file);
    vec![depth("", all), depth("deferred", all)]
}
