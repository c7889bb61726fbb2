//! dstat's CSV and its screen, by their columns alone.

use casefile::formats::metrics::Signal;

use super::oracle::{Told, on};
use super::texts::{DAY, one};

/// What dstat means by a column, below its group.
fn column(group: &str, name: &str) -> Option<(Signal, String, bool)> {
    let name = name.rsplit(':').next().unwrap_or(name);
    let whole = String::new();
    Some(match (group, name) {
        (_, "usr") => (Signal::CpuUserPercent, whole, true),
        (_, "sys") => (Signal::CpuSystemPercent, whole, true),
        (_, "idl") => (Signal::CpuPercent, whole, true),
        (_, "stl") => (Signal::CpuStealPercent, whole, true),
        ("net/lo", _) => return None,
        ("net/total", "send") => (Signal::EgressBps, whole, true),
        (net, "send") => (Signal::EgressBps, net.strip_prefix("net/")?.to_owned(), true),
        ("sockets", "tcp") | ("tcp sockets", "act") => (Signal::ConnsEstablished, whole, false),
        ("tcp sockets", "tim") => (Signal::TimeWait, whole, false),
        ("filesystem", "files") => (Signal::OpenFiles, whole, false),
        _ => return None,
    })
}

fn value_of(signal: Signal, number: f64) -> f64 {
    match signal {
        Signal::CpuPercent => 100.0 - number,
        Signal::EgressBps => number * 8.0,
        _ => number,
    }
}

/// `24-11 02:36:28`, or seconds since 1970 with their thousandths.
fn time_of(cell: &str) -> i64 {
    match cell.split_once(' ') {
        Some((_, clock)) => on(DAY, clock),
        None => (cell.parse::<f64>().expect("an epoch") * 1000.0).round() as i64,
    }
}

/// dstat's CSV: a row of groups, a row of names; the first row of numbers is none.
pub(super) fn csv(text: &str) -> Vec<Told> {
    let (mut groups, mut names, mut before): (Vec<String>, Vec<String>, Option<i64>) = Default::default();
    let mut told = Vec::new();
    for line in text.lines() {
        let cells: Vec<String> = line.split(',').map(|c| c.trim_matches('"').to_owned()).collect();
        let first = cells[0].as_str();
        if first == "system"
            || (first == "epoch" && cells[1].starts_with("total ") && !cells[1].contains(':') && cells[2].is_empty())
        {
            let mut group = String::new();
            groups = cells
                .iter()
                .map(|c| {
                    if c.is_empty() {
                        group.clone()
                    } else {
                        group = c.clone();
                        c.clone()
                    }
                })
                .collect();
        } else if first == "time" || first == "epoch" {
            (names, before) = (cells, None);
        } else if first.starts_with(|c: char| c.is_ascii_digit()) {
            let at = time_of(first);
            let Some(began) = before.replace(at) else { continue };
            for (i, cell) in cells.iter().enumerate().skip(1) {
                let Some((signal, instance, average)) = column(&groups[i], &names[i]) else { continue };
                let value = value_of(signal, cell.parse().expect("a number"));
                let seconds = average.then_some((at - began) as f64 / 1000.0);
                told.push(one(signal, &instance, at, seconds, value, 0.0));
            }
        }
    }
    told
}

/// dstat's screen: groups apart by bars, numbers cut to their width, `k` and `M` of 1024.
pub(super) fn screen(text: &str) -> Vec<Told> {
    let mut lines = text.lines();
    let top = lines.next().expect("the groups");
    let names: Vec<Vec<&str>> =
        lines.next().expect("the names").split('|').map(|g| g.split_whitespace().collect()).collect();
    let groups: Vec<String> = top
        .split_whitespace()
        .map(|g| {
            g.trim_matches('-').replace("total-cpu-usage", "total cpu usage").replace("tcp-sockets", "tcp sockets")
        })
        .collect();
    let mut told = Vec::new();
    for line in lines.skip(1) {
        let parts: Vec<&str> = line.split('|').collect();
        let at = on(DAY, parts[0].split_whitespace().nth(1).expect("a time"));
        for ((group, names), part) in groups.iter().zip(&names).zip(&parts).skip(1) {
            for (name, cell) in names.iter().zip(part.split_whitespace()) {
                let Some((signal, instance, average)) = column(group, name) else { continue };
                let unit = |c: char| cell.strip_suffix(c).map(str::to_owned);
                let (number, scale) = match (unit('k'), unit('B')) {
                    (Some(number), _) => (number, 1024.0),
                    (_, number) => (number.unwrap_or_else(|| (*cell).to_owned()), 1.0),
                };
                let value = value_of(signal, number.parse::<f64>().expect("a number") * scale);
                // Half of the last digit printed.
                let slack = if signal == Signal::EgressBps { 8.0 * scale } else { 1.0 } * 0.5 + 1e-9;
                told.push(one(signal, &instance, at, average.then_some(2.0), value, slack));
            }
        }
    }
    told
}
