//! sysstat's `sadf -d`: semicolons, a comment line that names the columns, one
//! row for each time (and each interface or core).
//!
//! Rates are averages of the interval that ends at the stamp; the row says how
//! long it was. Its kB are 1024 bytes.

use std::io::BufRead;

use super::fold::LONGEST_INTERVAL_S;
use super::page::{Page, Went, Writing, read_lines};
use super::stamps::{DateOrder, read_time};
use super::sysstat::{Report, Taken};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup, sadf_items};
use crate::formats::Head;

/// The reader of `sadf -d`.
#[derive(Clone, Copy, Debug)]
pub struct Sadf;

const HEADER: &str = "# hostname;interval;timestamp";
/// Columns before those of the report: host, interval, time.
const LEADING: usize = 3;

impl MetricFormat for Sadf {
    fn name(&self) -> &'static str {
        "sadf"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let start = head.bytes.get(..8192).unwrap_or(head.bytes);
        start
            .split(|b| *b == b'\n')
            .any(|line| line.starts_with(HEADER.as_bytes()))
            .then(|| format!("the comment line `{HEADER};…` of sadf -d"))
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        read_lines(input, setup, &mut Reports { report: None })
    }
}

struct Reports {
    report: Option<Report>,
}

impl Writing for Reports {
    fn line(&mut self, page: &mut Page<'_>, number: u64, line: &str) -> Result<Went, MetricError> {
        if line.starts_with(HEADER) {
            if line.contains("[...]") {
                return Err(MetricError::Unclear {
                    line: number,
                    what: "`sadf -h` puts all reports on one line, where columns cannot be told apart".to_owned(),
                    way_out: "export again with `sadf -d` without `-h`; no key of case.yaml helps".to_owned(),
                });
            }
            let names = line.trim_start_matches("# ").split(';').map(str::to_owned).collect();
            self.report = Some(Report::of(names, LEADING));
            // The next report starts at the day's first row again.
            page.clock.rewind();
            return Ok(Went::Irrelevant);
        }
        Ok(self.row(page, line).map_or(Went::Unrecognised, Went::used_if))
    }
}

impl Reports {
    /// True when a value was used, false when the row says nothing of ours.
    fn row(&self, page: &mut Page<'_>, line: &str) -> Option<bool> {
        let fields: Vec<&str> = line.split(';').collect();
        let [host, interval, time, first, ..] = fields.as_slice() else { return None };
        let told = read_time(time, DateOrder::DayFirst)?;
        if first.starts_with("LINUX-RESTART") {
            let at = page.clock.place(told)?;
            page.restarted(host, at);
            return Some(false);
        }
        if let Some(comment) = first.strip_prefix("COM ") {
            let at = page.clock.place(told)?;
            page.comment(host, at, comment);
            return Some(false);
        }
        let report = self.report.as_ref().filter(|r| r.names.len() == fields.len())?;
        let seconds = interval.parse().ok().filter(|s| *s > 0.0 && *s <= LONGEST_INTERVAL_S)?;
        let at = sadf_items::place(page, told)?;
        report.put(page, &fields, Taken { host, at, seconds: Some(seconds) })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::super::Signal;
    use super::super::samples::{assert_cell, cell, format_of, in_zone, minutes, read, sample, series, try_read};
    use super::*;

    /// The row at 03:57:03 covers two seconds of 03:56 and three of 03:57.
    #[test]
    fn averages_are_shared_between_the_minutes_they_cover() {
        let got = read(&sample("sadf-cpu.csv"));
        let busy = series(&got, Signal::CpuPercent, "");
        assert_eq!((busy.node.as_str(), busy.column.as_str(), busy.step_s), ("mta1", "%idle", 5.0));
        assert_cell(cell(busy, "2026-11-24T03:56Z"), 13, [4.2765, 0.2, 17.1, 6.57]);
        assert_cell(cell(busy, "2026-11-24T03:57Z"), 13, [1.473_166_666_666_664, 0.0, 6.57, 0.99]);
        let ends = [cell(busy, "2026-11-24T03:55Z"), cell(busy, "2026-11-24T03:58Z")];
        assert_cell(ends[0], 2, [5.0 / 7.0, 0.6, 1.0, 1.0]);
        assert_cell(ends[1], 2, [1.24, 0.99, 1.39, 1.39]);
        assert_eq!(busy.minutes.len(), 4);
        assert!(busy.gaps().is_empty() && busy.minutes.values().all(|c| !c.coarse));
        assert_eq!(got.zone.as_ref().map(|z| z.1.as_str()), Some("UTC (in each stamp)"));
        assert_eq!((got.accounting.read, got.accounting.used, got.accounting.irrelevant), (28, 27, 1));
    }

    /// Metrics traps 25 and 33: sysstat's kB are 1024 bytes, and a byte is eight bits.
    #[test]
    fn egress_is_in_bits_of_kibibytes() {
        let got = read(&sample("sadf-net-dev.csv"));
        let egress = series(&got, Signal::EgressBps, "eth0");
        assert_cell(
            cell(egress, "2026-11-24T03:56Z"),
            13,
            [664_782.165_333_333_3, 56_934.4, 2_166_456.32, 1_016_954.88],
        );
        assert_eq!(cell(series(&got, Signal::LinkUtilPercent, "eth0"), "2026-11-24T03:56Z").max, 0.02);
    }

    /// Metrics traps 25 and 34: stacked reports, repeated headers, a restart, and `lo` left out.
    #[test]
    fn stacked_reports_and_restarts() {
        let got = read(&sample("sadf-mixed.csv"));
        assert_cell(
            cell(series(&got, Signal::EgressBps, "eth0"), "2026-11-24T02:36Z"),
            12,
            [47_486.293_333_333_335, 0.0, 402_145.28, 7_946.24],
        );
        assert!(got.series.iter().all(|s| s.instance != "lo"));
        let names: Vec<_> = got.series.iter().filter(|s| s.instance.is_empty()).map(|s| s.signal.name()).collect();
        let expected = [
            "cpu_user_percent",
            "cpu_system_percent",
            "cpu_steal_percent",
            "cpu_percent",
            "open_files",
            "run_queue",
            "load1",
            "out_segments",
            "retransmits_per_s",
        ];
        assert_eq!(names, expected);
        // Metrics trap 25: the speed of a virtual interface is unknown, so its 0 % say nothing.
        assert!(got.series.iter().all(|s| s.signal != Signal::LinkUtilPercent));
        assert!(got.notes.iter().any(|n| n.contains("%ifutil of eth0")));
        assert_eq!(got.accounting.unrecognised, 0);
        let restarts =
            got.notes.iter().filter(|n| n.as_str() == "2026-11-24T02:36:43Z: mta1 or its collector restarted");
        assert_eq!(restarts.count(), 1);
        let commented = read(&sample("sadf-comments.csv"));
        assert!(
            commented.notes.contains(&"2026-11-24T02:36:44Z: comment of the operator of mta1: incident start".into())
        );
    }

    /// Metrics traps 25 and 37: `CPU` is an instance, -1 is the whole, and cores stay apart from it.
    #[test]
    fn cores_are_instances_and_never_added() {
        let got = read(&sample("sadf-cores.csv"));
        let user = |instance| cell(series(&got, Signal::CpuUserPercent, instance), "2026-11-24T02:36Z").max;
        assert_eq!((user(""), user("cpu0"), user("cpu1")), (69.17, 79.6, 71.5));
        assert_eq!(got.series.iter().filter(|s| s.signal == Signal::CpuPercent).count(), 3);
    }

    #[test]
    fn nfs_retransmissions_are_not_those_of_tcp() {
        let got = read(&sample("sadf-nfs-etcp.csv"));
        let retransmits: Vec<_> = got.series.iter().filter(|s| s.signal == Signal::RetransmitsPerS).collect();
        assert_eq!(retransmits.len(), 1);
        assert_eq!(cell(retransmits[0], "2026-11-24T02:36Z").samples, 3);
        assert_eq!((got.accounting.used, got.accounting.irrelevant), (3, 5));
    }

    #[test]
    fn memory_is_a_share_of_the_total_that_the_row_gives() {
        let got = read(&sample("sadf-mem.csv"));
        let available = cell(series(&got, Signal::MemAvailablePercent, ""), "2026-11-24T03:55Z");
        assert_cell(available, 1, [23_870_460.0 * 1.66 / 409_348.0; 4]);
    }

    #[test]
    fn epochs_need_no_zone_and_local_times_do() {
        assert_eq!(minutes(series(&read(&sample("sadf-epoch.csv")), Signal::CpuPercent, "")), "02:36");
        let assumed = read(&sample("sadf-local.csv"));
        assert_eq!(minutes(series(&assumed, Signal::CpuPercent, "")), "21:36");
        assert_eq!(assumed.zone.as_ref().map(|z| z.1.as_str()), Some("UTC (assumed)"));
        assert!(assumed.notes.iter().any(|n| n.contains("`zone`")) && assumed.notes.iter().any(|n| n.contains("-t")));
        let stated = in_zone(&sample("sadf-local.csv"), "America/New_York");
        assert_eq!(minutes(series(&stated, Signal::CpuPercent, "")), "02:36");
    }

    #[test]
    fn horizontal_output_is_refused_with_a_way_out() {
        let error = try_read(&sample("sadf-horizontal.csv"), &MetricSetup::default()).expect_err("refused");
        assert!(error.to_string().starts_with("line 1: `sadf -h`") && error.to_string().contains("without `-h`"));
    }

    /// Metrics trap 38: a ten-minute average fills its minutes, marked coarse; a level only its own.
    #[test]
    fn coarse_rows_are_spread_and_marked() {
        let cpu = "# hostname;interval;timestamp;CPU;%user;%nice;%system;%iowait;%steal;%idle\n\
            mta1;600;2026-11-24 02:10:01 UTC;-1;5.00;0.00;5.00;0.00;0.00;90.00\n\
            mta1;600;2026-11-24 02:20:01 UTC;-1;20.00;0.00;10.00;0.00;0.00;70.00\n\
            mta1;600;2026-11-24 02:50:01 UTC;-1;5.00;0.00;0.00;0.00;0.00;95.00\n";
        let got = read(cpu.as_bytes());
        let busy = series(&got, Signal::CpuPercent, "");
        // 02:10 is one second of the first row and 59 of the second.
        assert_cell(cell(busy, "2026-11-24T02:10Z"), 2, [(10.0 + 59.0 * 30.0) / 60.0, 10.0, 30.0, 30.0]);
        assert_cell(cell(busy, "2026-11-24T02:15Z"), 1, [30.0; 4]);
        assert!(busy.minutes.values().all(|c| c.coarse));
        let gaps: Vec<_> = busy.gaps().iter().map(ToString::to_string).collect();
        assert_eq!(gaps, ["2026-11-24T02:21Z to 2026-11-24T02:39Z"]);
        let files = "# hostname;interval;timestamp;dentunusd;file-nr;inode-nr;pty-nr\n\
            mta1;600;2026-11-24 02:10:01 UTC;1;4000;1;0\n\
            mta1;600;2026-11-24 02:20:01 UTC;1;5000;1;0\n\
            mta1;600;2026-11-24 02:30:01 UTC;1;5100;1;0\n";
        let got = read(files.as_bytes());
        let open = series(&got, Signal::OpenFiles, "");
        assert_eq!((minutes(open).as_str(), open.gaps().len(), open.step_s), ("02:10 02:20 02:30", 0, 600.0));
        assert!(open.minutes.values().all(|c| c.coarse));
    }

    #[test]
    fn damaged_rows_are_counted_and_shown() {
        let text = "# hostname;interval;timestamp;CPU;%user;%nice;%system;%iowait;%steal;%idle\n\
            mta1;5;2026-11-24 03:56:03 UTC;-1;0.60;0.00;0.40;0.00;0.00;99.00\n\
            mta1;5;2026-11-24 03:56:08 UTC;-1;0.60;0.0\n\
            mta1;-7;2026-11-24 03:56:13 UTC;-1;0.60;0.00;0.40;0.00;0.00;99.00\n\nhello\n";
        let got = read(text.as_bytes());
        assert_eq!((got.accounting.used, got.accounting.irrelevant, got.accounting.unrecognised), (1, 2, 3));
        assert_eq!(got.unrecognised.iter().map(|u| u.0).collect::<Vec<_>>(), [3, 4, 6]);
    }

    #[test]
    fn only_sadf_is_taken() {
        assert_eq!(format_of(&sample("sadf-cpu.csv")).map(MetricFormat::name), Some("sadf"));
        assert_eq!(format_of(&sample("queue.csv")).map(MetricFormat::name), Some("generic"));
    }
}
