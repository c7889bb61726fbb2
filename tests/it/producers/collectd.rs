//! collectd's files: one value each, named by their path; once as rates, once as totals.

use casefile::formats::metrics::Signal;

use super::oracle::Told;

/// What the end of a path means: the signal, its factor, and whether it is counted.
const FILES: [(&str, Signal, f64, bool); 15] = [
    ("cpu/percent-idle", Signal::CpuPercent, -1.0, false),
    ("cpu/percent-user", Signal::CpuUserPercent, 1.0, false),
    ("cpu/percent-system", Signal::CpuSystemPercent, 1.0, false),
    ("cpu/percent-steal", Signal::CpuStealPercent, 1.0, false),
    ("cpu/percent-softirq", Signal::CpuSoftirqPercent, 1.0, false),
    ("load/load", Signal::Load1, 1.0, false),
    ("processes/ps_state-running", Signal::RunQueue, 1.0, false),
    ("fhcount/file_handles-used", Signal::OpenFiles, 1.0, false),
    ("fhcount/file_handles-max", Signal::OpenFilesLimit, 1.0, false),
    ("protocols-Tcp/protocol_counter-RetransSegs", Signal::RetransmitsPerS, 1.0, true),
    ("protocols-Tcp/protocol_counter-OutSegs", Signal::OutSegments, 1.0, true),
    ("protocols-Tcp/protocol_counter-CurrEstab", Signal::ConnsEstablished, 1.0, false),
    ("protocols-TcpExt/protocol_counter-TCPSynRetrans", Signal::SynRetrans, 1.0, true),
    ("protocols-TcpExt/protocol_counter-ListenDrops", Signal::ListenDrops, 1.0, true),
    ("tcpconns-25-remote/tcp_connections-ESTABLISHED", Signal::SmtpOutConnections, 1.0, false),
];
const ALL: [(&str, Signal); 2] = [
    ("tcpconns-all/tcp_connections-ESTABLISHED", Signal::ConnsEstablished),
    ("tcpconns-all/tcp_connections-TIME_WAIT", Signal::TimeWait),
];

/// What a file's path says it is: the signal, the part, the factor, whether it is counted.
fn meant(path: &str) -> Option<(Signal, String, f64, bool)> {
    let path = path.strip_suffix("-2026-11-24")?;
    let whole = FILES.iter().copied().chain(ALL.map(|(end, signal)| (end, signal, 1.0, false)));
    for (end, signal, factor, counted) in whole {
        if path.ends_with(&format!("/{end}")) {
            return Some((signal, String::new(), factor, counted));
        }
    }
    let (before, kind) = path.rsplit_once('/')?;
    let (_, interface) = before.rsplit_once("/interface-").filter(|(_, i)| *i != "lo")?;
    match kind {
        "if_octets" => Some((Signal::EgressBps, interface.to_owned(), 8.0, true)),
        "if_dropped" => Some((Signal::EgressDrops, interface.to_owned(), 1.0, true)),
        _ => None,
    }
}

/// The rows of one file: the last column of an interface is what was sent, the first of a load
/// is that of one minute.
pub(super) fn told(path: &str, text: &str) -> Vec<Told> {
    let Some((signal, instance, factor, counted)) = meant(path) else { return Vec::new() };
    let rates = path.contains("csv-rates");
    let mut before: Option<(i64, f64)> = None;
    let mut told = Vec::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let at = (cells[0].parse::<f64>().expect("an epoch") * 1000.0).round() as i64;
        let cell = if signal == Signal::Load1 { cells[1] } else { cells.last().expect("a value") };
        let number = cell.parse::<f64>().expect("a number");
        let began = before.replace((at, number));
        let scaled = |n: f64| if factor < 0.0 { 100.0 - n } else { n * factor };
        let (seconds, value) = match (counted, began) {
            (false, _) if number.is_nan() => continue,
            (false, _) => (None, scaled(number)),
            (true, None) => continue,
            (true, Some((t, n))) => {
                let seconds = (at - t) as f64 / 1000.0;
                (Some(seconds), if rates { scaled(number) } else { scaled(number - n) / seconds })
            }
        };
        told.push(Told { signal, instance: instance.clone(), at, seconds, value, slack: 0.0 });
    }
    told
}
