//! The reports of sysstat, which `sadf -d` and `sar` write with the same column names
//! (sar(1), "kB" being 1024 bytes throughout).

use super::Signal;
use super::cells::{self, Cell};
use super::fold::{Of, Sample};
use super::page::Page;
use super::rows::is_loopback;
use crate::time::Stamp;

/// How one column is read.
#[derive(Clone, Copy, Debug)]
struct Column {
    at: usize,
    signal: Signal,
    factor: f64,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    /// The average since the last row.
    Average,
    /// 100 minus that.
    Complement,
    /// A level when the row was taken.
    Instant,
    /// KiB available, of a total that `kbmemused` and `%memused` (this column) give.
    OfMemory { used: usize, percent: usize },
}

/// One report: the columns that a header line names.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    pub(super) names: Vec<String>,
    /// `CPU` or `IFACE` rows: which column holds the instance.
    instance: Option<usize>,
    columns: Vec<Column>,
}

/// When and where a row was taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken<'r> {
    pub(super) host: &'r str,
    pub(super) at: Stamp,
    /// Length of the interval that ends there; its averages are lost without it.
    pub(super) seconds: Option<f64>,
}

impl Report {
    /// `leading` columns stand before those of the report.
    pub(super) fn of(names: Vec<String>, leading: usize) -> Self {
        let find = |name: &str| names.iter().position(|n| n == name);
        let instance = find("CPU").or_else(|| find("IFACE")).filter(|at| *at == leading);
        let by = |name: &str| instance.is_some() && find(name) == instance;
        let (tcp_errors, memory) = (find("estres/s").is_some(), find("kbmemused").zip(find("%memused")));
        let columns = names.iter().enumerate().skip(leading).filter_map(|(at, name)| {
            use How::{Average, Complement, Instant};
            let (signal, factor, how) = match name.as_str() {
                "%idle" if by("CPU") => (Signal::CpuPercent, 1.0, Complement),
                "%user" | "%usr" if by("CPU") => (Signal::CpuUserPercent, 1.0, Average),
                "%system" | "%sys" if by("CPU") => (Signal::CpuSystemPercent, 1.0, Average),
                "%steal" if by("CPU") => (Signal::CpuStealPercent, 1.0, Average),
                "%soft" if by("CPU") => (Signal::CpuSoftirqPercent, 1.0, Average),
                "txkB/s" if by("IFACE") => (Signal::EgressBps, 8192.0, Average),
                "%ifutil" if by("IFACE") => (Signal::LinkUtilPercent, 1.0, Average),
                "txdrop/s" if by("IFACE") => (Signal::EgressDrops, 1.0, Average),
                // NFS clients have a `retrans/s` of their own.
                "retrans/s" if tcp_errors => (Signal::RetransmitsPerS, 1.0, Average),
                "oseg/s" => (Signal::OutSegments, 1.0, Average),
                "tcpsck" => (Signal::ConnsEstablished, 1.0, Instant),
                "tcp-tw" => (Signal::TimeWait, 1.0, Instant),
                "runq-sz" => (Signal::RunQueue, 1.0, Instant),
                "ldavg-1" => (Signal::Load1, 1.0, Instant),
                "file-nr" => (Signal::OpenFiles, 1.0, Instant),
                "kbavail" => {
                    let (used, percent) = memory?;
                    (Signal::MemAvailablePercent, 1.0, How::OfMemory { used, percent })
                }
                _ => return None,
            };
            Some(Column { at, signal, factor, how })
        });
        Self { columns: columns.collect(), instance, names }
    }

    /// Folds one row's values. True when one was used; nothing when a cell is no number.
    pub(super) fn put(&self, page: &mut Page<'_>, fields: &[&str], taken: Taken<'_>) -> Option<bool> {
        let instance = match self.instance.and_then(|at| fields.get(at)) {
            None | Some(&"-1" | &"all") => String::new(),
            Some(core) if core.bytes().all(|b| b.is_ascii_digit()) => format!("cpu{core}"),
            Some(interface) => (*interface).to_owned(),
        };
        // Some locales print a decimal comma; no separator is one.
        let number = |at: usize| {
            let cell = fields.get(at)?;
            match cells::read(cell, cell.contains(',')) {
                Cell::Number(number, None) => Some(number),
                _ => None,
            }
        };
        let mut any = false;
        for column in self.columns.iter().filter(|c| !is_loopback(c.signal, &instance)) {
            let here = number(column.at)? * column.factor;
            let average = taken.seconds.map(Sample::Average);
            let (value, sample) = match (column.how, average) {
                (How::Average, Some(average)) => (here, average),
                (How::Complement, Some(average)) => ((100.0 - here).clamp(0.0, 100.0), average),
                (How::Average | How::Complement, None) => continue,
                (How::Instant, _) => (here, Sample::Instant),
                (How::OfMemory { used, percent }, _) => {
                    // Rounded to hundredths, so too small a share gives no total.
                    let Some(share) = number(percent).filter(|p| *p >= 0.5) else { continue };
                    page.say(
                        "mem_available_percent is kbavail over the total that kbmemused and %memused give".to_owned(),
                    );
                    ((here * share / number(used)?.max(1.0)).min(100.0), Sample::Instant)
                }
            };
            let name = self.names.get(column.at).map_or("", String::as_str);
            let of = Of { signal: column.signal, node: taken.host, instance: &instance, column: name };
            any |= page.put(of, taken.at, value, sample);
        }
        Some(any)
    }
}
