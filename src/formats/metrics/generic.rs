//! Any delimited table of numbers over time: wide (one column a signal) or long
//! (one row a signal), from a dashboard, a spreadsheet or a script.

use std::io::{BufRead, Cursor, Read as _};

use super::lines::{Lines, lines_of};
use super::rows::Rows;
use super::stamps::unclear_order;
use super::table::{Layout, Role};
use super::{MetricError, MetricFormat, MetricRead, MetricSetup};
use crate::formats::Head;

/// The reader of last resort.
#[derive(Clone, Copy, Debug)]
pub struct Generic;

/// How much of a file decides on its layout; the same as a [`Head`] holds.
const HEAD: usize = 256 * 1024;

impl MetricFormat for Generic {
    fn name(&self) -> &'static str {
        "generic"
    }

    fn recognise(&self, head: Head<'_>) -> Option<String> {
        let layout = Layout::find(&lines_of(head.bytes, head.whole))?;
        let time = layout.roles.iter().position(|r| *r == Role::Time).and_then(|c| layout.header.get(c))?;
        let delimiter = match layout.delimiter {
            '\t' => "tabs".to_owned(),
            other => format!("`{other}`"),
        };
        let known = layout.roles.iter().filter(|r| matches!(r, Role::Signal(_))).count();
        let numbers = match (layout.roles.contains(&Role::Value), known) {
            (true, _) => "one signal a row".to_owned(),
            (false, 0) => "no column is a known signal: map them with `columns` in case.yaml".to_owned(),
            (false, 1) => "1 column is a known signal".to_owned(),
            (false, n) => format!("{n} columns are known signals"),
        };
        Some(format!("a table of numbers over time apart by {delimiter}, time in `{time}`, {numbers}"))
    }

    fn read(&self, input: &mut dyn BufRead, setup: &MetricSetup) -> Result<MetricRead, MetricError> {
        let failed = |line| move |source| MetricError::Io { line, source };
        let mut head = Vec::new();
        input.take(HEAD as u64).read_to_end(&mut head).map_err(failed(0))?;
        let mut layout = Layout::find(&lines_of(&head, head.len() < HEAD)).ok_or_else(no_table)?;
        let absent = layout.apply(&setup.columns)?;
        if let Some(order) = setup.dates {
            (layout.orders, layout.decided) = (vec![order], true);
        }
        let mut decided = layout.decided;
        let mut readings: Vec<Rows<'_>> =
            layout.orders.iter().map(|order| Rows::new(layout.clone(), *order, setup)).collect();
        let mut lines = Lines::open(Cursor::new(head).chain(input)).map_err(failed(0))?;
        loop {
            let before = lines.number();
            let Some((number, line)) = lines.next_line().map_err(failed(before))? else { break };
            for reading in &mut readings {
                reading.take(number, line)?;
            }
            // A date that only one order can read decides for the whole file.
            if !decided && readings.iter().any(Rows::is_impossible) && !readings.iter().all(Rows::is_impossible) {
                readings.retain(|reading| !reading.is_impossible());
                decided = true;
            }
        }
        let Some(reading) = readings.into_iter().next() else { return Err(no_table()) };
        if let Some((line, cell)) = reading.doubtful().filter(|_| !decided) {
            return Err(unclear_order(*line, cell));
        }
        let mut read = reading.finish();
        read.notes
            .extend(absent.iter().map(|c| format!("case.yaml maps the column `{c}`, which the file does not have")));
        Ok(read)
    }
}

fn no_table() -> MetricError {
    MetricError::Unclear {
        line: 1,
        what: "no table of numbers over time was found".to_owned(),
        way_out: "give it a header line and a time in each row, or leave it out of `sources` in case.yaml".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use proptest::prelude::*;

    use super::super::samples::{assert_cell, cell, format_of, in_zone, minutes, read, sample, series, try_read};
    use super::super::{ColumnMap, DateOrder, METRIC_FORMATS, Signal};
    use super::*;

    fn utf16(text: &str) -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_queue_table_by_lane_and_address() {
        let got = read(&sample("queue.csv"));
        let at = |signal, instance, minute| cell(series(&got, signal, instance), minute);
        let (m56, m57) = ("2026-11-24T03:56Z", "2026-11-24T03:57Z");
        assert_cell(at(Signal::QueueDepth, "", m56), 12, [865.0 / 12.0, 1.0, 418.0, 418.0]);
        assert_cell(at(Signal::QueueDepth, "gmail", m57), 12, [353.5, 309.0, 368.0, 309.0]);
        assert_cell(at(Signal::SmtpOutConnections, "gmail 192.0.2.11", m56), 12, [64.0 / 12.0, 0.0, 19.0, 16.0]);
        assert_cell(at(Signal::SmtpOutConnections, "gmail 192.0.2.11", m57), 12, [26.0 / 12.0, 0.0, 20.0, 0.0]);
        assert_cell(at(Signal::ConnsEstablished, "", m56), 12, [13.0, 1.0, 47.0, 32.0]);
        assert_cell(at(Signal::OpenFiles, "", m57), 12, [67_654.0 / 12.0, 5462.0, 5838.0, 5462.0]);
        assert_cell(
            at(Signal::Load1, "", m56),
            12,
            [0.208_536_783_854_166_66, 0.148_925_781_25, 0.462_890_625, 0.462_890_625],
        );
        assert!(got.series.iter().all(|s| s.node == "mta1" && s.step_s == 5.0 && s.minutes.len() == 4));
        assert_eq!((got.series.len(), got.unmapped.len(), got.notes.len()), (20, 0, 0));
        assert_eq!((got.accounting.read, got.accounting.used), (28, 27));
        assert_eq!(got.zone.map(|z| z.1).as_deref(), Some("UTC (in each stamp)"));
    }

    #[test]
    fn wide_with_offsets_and_units_in_names() {
        let text = "time,cpu_pct,egress_mbps,retrans_per_s,smtp_out_conns,queue,temperature\n\
            2026-11-24T14:00:00+01:00,81.2,812.0,162,1200,90000,40\n\
            2026-11-24T14:01:00+01:00,84.0,840.0,168,1200,90400,44\n";
        let got = read(text.as_bytes());
        assert_eq!(cell(series(&got, Signal::EgressBps, ""), "2026-11-24T13:01Z").mean, 840e6);
        assert_eq!(cell(series(&got, Signal::SmtpOutConnections, ""), "2026-11-24T13:00Z").max, 1200.0);
        assert_eq!(got.zone.map(|z| z.1).as_deref(), Some("UTC+01:00 (in each stamp)"));
        assert_eq!(got.unmapped, [("temperature".to_owned(), 40.0, 44.0)]);
    }

    #[test]
    fn long_with_a_node_a_signal_and_a_value() {
        let text = "ts;host;metric;value\n1795528800;node1;egress_bps;812000000\n1795528800;node1;cpu;81.2\n\
            1795528830;node1;egress_bps;840000000\n1795528830;node2;cpu;84.0\n1795528860;node1;fans;3\n";
        let got = read(text.as_bytes());
        let egress = series(&got, Signal::EgressBps, "");
        assert_eq!((egress.node.as_str(), egress.column.as_str()), ("node1", "egress_bps"));
        assert_cell(cell(egress, "2026-11-24T14:00Z"), 2, [826e6, 812e6, 840e6, 840e6]);
        assert_eq!(got.series.iter().filter(|s| s.signal == Signal::CpuPercent).count(), 2);
        assert_eq!((got.accounting.used, got.accounting.irrelevant), (4, 2));
        assert_eq!(got.unmapped, [("fans".to_owned(), 3.0, 3.0)]);
    }

    /// Metrics trap 31: units in each cell, decimal commas, `sep=`, UTF-16 with tabs, several frames, labels.
    #[test]
    fn dashboards_exports() {
        let units = "\"Time\",\"eth0 egress\",\"eth1 egress\"\r\n2026-11-24 14:00:00,812.0 Mb/s,243.6 kb/s\r\n\
            2026-11-24 14:01:00,840.0 Mb/s,\r\n2026-11-24 14:02:00,1.2 Gb/s,5 %\r\n\r\n\
            \"Time\",\"CPU busy\"\r\n2026-11-24 14:00:00,81.2%\r\n";
        let got = in_zone(units.as_bytes(), "Europe/Berlin");
        assert_eq!(cell(series(&got, Signal::EgressBps, "eth0"), "2026-11-24T13:02Z").last, 1.2e9);
        assert_eq!(minutes(series(&got, Signal::EgressBps, "eth1")), "13:00");
        assert_eq!(cell(series(&got, Signal::CpuPercent, ""), "2026-11-24T13:00Z").last, 81.2);
        assert!(got.notes.iter().any(|n| n.starts_with("`eth1 egress` has cells with a unit")));
        assert_eq!((got.accounting.used, got.accounting.unrecognised), (4, 0));

        let german = "\"Zeit\";\"CPU %\"\n24.11.2026 14:00:00;81,2\n24.11.2026 14:01:00;84,0\n";
        assert_eq!(cell(series(&read(german.as_bytes()), Signal::CpuPercent, ""), "2026-11-24T14:00Z").last, 81.2);
        let told = "sep=;\n\"Time\";\"CPU busy\"\n2026-11-24 14:00:00;81.2\n2026-11-24 14:01:00;84.0\n";
        assert_eq!(cell(series(&read(told.as_bytes()), Signal::CpuPercent, ""), "2026-11-24T14:01Z").last, 84.0);
        let excel = utf16("\"Time\"\t\"CPU busy\"\r\n2026-11-24 14:00:00\t81.2%\r\n2026-11-24 14:01:00\t84.0%\r\n");
        assert_eq!(cell(series(&read(&excel), Signal::CpuPercent, ""), "2026-11-24T14:01Z").last, 84.0);
    }

    /// Counters are differenced first; resets, restarts and holes are never bridged.
    #[test]
    fn counters_become_rates() {
        let text = "\"Time\",\"node_network_transmit_bytes_total{device=\"\"eth0\"\", host=\"\"node1\"\"}\"\n\
            1795528800000,1000\n1795528830000,4000\n1795528890000,10000\n1795528920000,500\n1795528950000,3500\n\
            1795529550000,9000\n";
        let got = read(text.as_bytes());
        let egress = series(&got, Signal::EgressBps, "eth0");
        assert_eq!(egress.node, "node1");
        // 100 B/s from 14:00:00 to 14:01:30, a reset, 100 B/s from 14:02:00 to 14:02:30, ten minutes' hole.
        assert_eq!(minutes(egress), "14:00 14:01 14:02");
        assert!(egress.minutes.values().all(|c| c.mean == 800.0));
        assert!(got.notes.iter().any(|n| n.contains("reset once")));
        let falling =
            "time,node,tx_bytes\n1795528800,a,9\n1795528860,a,5\n1795528920,a,7\n1795528980,a,3\n1795529040,a,1\n";
        let got = read(falling.as_bytes());
        assert!(got.series.is_empty() && got.notes.iter().any(|n| n.contains("named like a counter")));
    }

    /// A 32-bit counter that was nearly full wraps; one that was not was reset.
    #[test]
    fn counters_of_32_bits_wrap() {
        let table = |full: u64| {
            let rows: [u64; 4] = [full - 60_000, full - 30_000, 0, 30_000];
            let row = |(i, total): (usize, &u64)| format!("{},{total}\n", 1_795_528_800 + 30 * i);
            let rows: String = rows.iter().enumerate().map(row).collect();
            read(format!("time,eth0_tx_bytes\n{rows}").as_bytes())
        };
        let cells = |r: &MetricRead| -> Vec<(u32, f64)> {
            series(r, Signal::EgressBps, "eth0").minutes.values().map(|c| (c.samples, c.max)).collect()
        };
        // A thousand bytes a second, three times, the second of them over the edge.
        assert_eq!(cells(&table(1 << 32)), [(2, 8_000.0), (1, 8_000.0)]);
        let reset = table(1 << 31);
        assert_eq!(cells(&reset), [(1, 8_000.0), (1, 8_000.0)]);
        assert!(reset.notes.iter().any(|n| n.contains("reset once")), "{:?}", reset.notes);
    }

    /// A header that comes again is a collector that began again: no counter reaches across it,
    /// even where it grew.
    #[test]
    fn a_second_header_begins_counters_anew() {
        let got = read(
            b"time,eth0_tx_bytes\n1795528800,1000\n1795528830,31000\ntime,eth0_tx_bytes\n\
              1795528840,900000\n1795528850,910000\n",
        );
        let egress = series(&got, Signal::EgressBps, "eth0");
        let cells: Vec<_> = egress.minutes.values().map(|c| (c.samples, c.max)).collect();
        assert_eq!(cells, [(2, 8_000.0)]);
    }

    /// Metrics trap 39: what is missing is missing, not zero, and no value is carried over.
    #[test]
    fn gaps_stay_gaps() {
        let text = "time,queue\n2026-11-24T14:00:10Z,5\n2026-11-24T14:00:40Z,7\n2026-11-24T14:01:10Z,NaN\n\
            2026-11-24T14:01:40Z,\n2026-11-24T14:04:10Z,0\n2026-11-24T14:04:40Z,2\n";
        let got = read(text.as_bytes());
        let depth = series(&got, Signal::QueueDepth, "");
        assert_eq!(minutes(depth), "14:00 14:04");
        assert_eq!(
            depth.gaps().iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["2026-11-24T14:01Z to 2026-11-24T14:03Z"]
        );
        assert_eq!((got.accounting.used, got.accounting.irrelevant), (4, 3));
    }

    #[test]
    fn coarse_values_hold_for_their_own_minute_only() {
        let text = "time,cpu\n2026-11-24T14:00:00Z,50\n2026-11-24T14:05:00Z,60\n2026-11-24T14:10:00Z,70\n";
        let got = read(text.as_bytes());
        let cpu = series(&got, Signal::CpuPercent, "");
        assert_eq!((minutes(cpu).as_str(), cpu.gaps().len()), ("14:00 14:05 14:10", 0));
        assert!(cpu.minutes.values().all(|c| c.coarse) && got.notes.iter().any(|n| n.contains("every 300 s")));
    }

    /// Metrics trap 32: some services write the newest row first.
    #[test]
    fn newest_first_gives_the_same_minutes() {
        let rows = ["2026-11-24T14:00:00Z,1000", "2026-11-24T14:01:00Z,7000", "2026-11-24T14:02:00Z,8200"];
        let up = read(format!("time,tx_bytes\n{}\n", rows.join("\n")).as_bytes());
        let mut reversed = rows;
        reversed.reverse();
        let down = read(format!("time,tx_bytes\n{}\n", reversed.join("\n")).as_bytes());
        assert_eq!(series(&up, Signal::EgressBps, "").minutes, series(&down, Signal::EgressBps, "").minutes);
        assert_eq!(cell(series(&up, Signal::EgressBps, ""), "2026-11-24T14:00Z").mean, 800.0);
    }

    /// Autumn in New York in both directions: two hours of minutes, none twice.
    #[test]
    fn the_doubled_hour_of_a_stated_zone() {
        let mut rows: Vec<String> = (0..4)
            .flat_map(|hour| (0..60).step_by(10).map(move |m| (hour, m)))
            .map(|(hour, m)| format!("2026-11-01 {:02}:{m:02}:00,{hour}", [0, 1, 1, 2][hour]))
            .collect();
        let text = |rows: &[String]| format!("time,queue\n{}\n", rows.join("\n"));
        let up = in_zone(text(&rows).as_bytes(), "America/New_York");
        let depth = series(&up, Signal::QueueDepth, "");
        assert_eq!(depth.minutes.len(), 24);
        assert_eq!(cell(depth, "2026-11-01T06:00Z").last, 2.0);
        assert_eq!(cell(depth, "2026-11-01T07:00Z").last, 3.0);
        rows.reverse();
        let down = in_zone(text(&rows).as_bytes(), "America/New_York");
        assert_eq!(series(&down, Signal::QueueDepth, "").minutes, depth.minutes);
        assert!(up.notes.iter().any(|n| n.contains("happens twice")));
    }

    #[test]
    fn zones_of_the_header_and_assumed_ones() {
        let named = "timestamp (UTC),queue\n2026-11-24 14:00,1\n2026-11-24 14:01,2\n";
        let got = in_zone(named.as_bytes(), "America/New_York");
        assert_eq!(got.zone.map(|z| z.1).as_deref(), Some("UTC (in the header)"));
        let bare = read(named.replace(" (UTC)", "").as_bytes());
        assert_eq!(bare.zone.map(|z| z.1).as_deref(), Some("UTC (assumed)"));
        let apart = "date,time,queue\n2026-11-24,14:00:00,1\n2026-11-24,14:01:00,2\n";
        assert_eq!(minutes(series(&read(apart.as_bytes()), Signal::QueueDepth, "")), "14:00 14:01");
    }

    #[test]
    fn day_and_month_are_asked_for_when_no_row_tells() {
        let text = |first: &str, second: &str| format!("time,queue\n{first} 14:00,1\n{second} 14:01,2\n");
        let error =
            try_read(text("05/06/2026", "05/06/2026").as_bytes(), &MetricSetup::default()).expect_err("unclear");
        let words = error.to_string();
        assert!(words.starts_with("line 2: `05/06/2026 14:00`") && words.contains("`dates: day_first`"), "{words}");
        let stated = MetricSetup { dates: Some(DateOrder::DayFirst), ..MetricSetup::default() };
        let got = try_read(text("05/06/2026", "05/06/2026").as_bytes(), &stated).expect("stated");
        let day = |read: &MetricRead| read.series.iter().flat_map(|s| s.minutes.keys()).map(|m| m.date()).next();
        assert_eq!(day(&got).as_deref(), Some("2026-06-05"));
        // A later day above twelve decides for all rows, even far behind the first ones.
        let mut long = text("05/06/2026", "05/06/2026");
        long.push_str(&"05/06/2026 14:02,3\n".repeat(20_000));
        long.push_str("05/13/2026 14:02,3\n");
        assert_eq!(day(&read(long.as_bytes())).as_deref(), Some("2026-05-06"));
        assert_eq!(day(&read(text("05/05/2026", "05/05/2026").as_bytes())).as_deref(), Some("2026-05-05"));
    }

    #[test]
    fn words_of_case_yaml_win() {
        let map =
            |column: &str, signal, unit: &str| ColumnMap { column: column.into(), signal, unit: Some(unit.into()) };
        let text = "time,tx,queue\n2026-11-24T14:00:00Z,1000,0.5\n2026-11-24T14:01:00Z,2000,0.6\n";
        let setup = MetricSetup {
            node: Some("mta1".into()),
            columns: vec![
                map("tx", Signal::EgressBps, "bytes_per_s"),
                map("queue", Signal::CpuPercent, "ratio"),
                map("gone", Signal::Load1, "n"),
            ],
            exhibit: "S07".into(),
            ..MetricSetup::default()
        };
        let got = try_read(text.as_bytes(), &setup).expect("readable");
        let egress = series(&got, Signal::EgressBps, "");
        assert_eq!((egress.node.as_str(), egress.exhibit.as_str()), ("mta1", "S07"));
        assert_eq!(cell(egress, "2026-11-24T14:00Z").last, 8000.0);
        assert_eq!(cell(series(&got, Signal::CpuPercent, ""), "2026-11-24T14:00Z").last, 50.0);
        assert!(got.notes.iter().any(|n| n.contains("`gone`")));
        let wrong = MetricSetup { columns: vec![map("tx", Signal::EgressBps, "percent")], ..MetricSetup::default() };
        let words = try_read(text.as_bytes(), &wrong).expect_err("does not fit").to_string();
        assert!(words.contains("columns: tx: unit") && words.contains("bit/s"), "{words}");
    }

    /// Metrics trap 34: a part and its whole, and a bond and its slave, stay series of their own.
    #[test]
    fn instances_are_never_added_and_loopback_is_no_egress() {
        let text = "time,interface,tx_bytes_per_s\n1795528800,bond0,10\n1795528800,eth0,10\n1795528800,lo,99\n\
            1795528860,bond0,10\n1795528860,eth0,10\n1795528860,lo,99\n";
        let got = read(text.as_bytes());
        let parts: Vec<_> = got.series.iter().map(|s| (s.instance.as_str(), s.minutes.len())).collect();
        assert_eq!(parts, [("bond0", 2), ("eth0", 2)]);
        assert_eq!((got.accounting.used, got.accounting.irrelevant), (4, 3));
    }

    #[test]
    fn limits_of_the_same_file_are_attached() {
        let text = "time,open_files,open_files_limit\n1795528800,900,1024\n1795528860,950,1024\n";
        assert_eq!(series(&read(text.as_bytes()), Signal::OpenFiles, "").limit, Some(1024.0));
    }

    #[test]
    fn short_and_strange_rows_are_counted() {
        let mut text = "time,cpu,queue\n".to_owned();
        text.extend((0..30).map(|s| format!("{},50,7\n", 1_795_528_800 + s)));
        text.push_str("1795528900,50\n17955281040,1,2\n1795528901,hello,you\n");
        let got = read(text.as_bytes());
        assert_eq!((got.accounting.used, got.accounting.unrecognised), (30, 3));
        assert_eq!(got.unrecognised.iter().map(|u| u.0).collect::<Vec<_>>(), [32, 33, 34]);
        assert!(got.notes.iter().any(|n| n.contains("queue never changes (7)")));
    }

    #[test]
    fn only_tables_of_numbers_over_time_are_taken() {
        // oss trap 48: a listing of the queue is the state at one moment.
        for name in ["not-mail.log", "not-mail-iso.log", "not-s_client.txt", "not-postqueue.txt"] {
            assert!(format_of(&sample(name)).is_none(), "{name}");
        }
        for text in [
            "",
            "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}\n",
            "At 14:00, the queue grew, and we waited.\nAt 15:00, it shrank, and we slept.\nAt 16:00, all was well, again.\n",
            "type,timeLogged,orig,rcpt,size\nd,2026-11-24 14:00:00+0000,a@example.com,b@gmail.com,7\n\
             d,2026-11-24 14:00:01+0000,a@example.com,c@gmail.com,7\nd,2026-11-24 14:00:02+0000,a@example.com,d@gmail.com,7\n",
            "name,size\nalpha,1\nbeta,2\n",
            "time,text\n2026-11-24T14:00:00Z,hello\n2026-11-24T14:00:01Z,again\n",
            "\"Dstat 0.8.0 CSV output\"\n\"epoch\",\"used\"\n1795528800,1\n1795528801,2\n",
        ] {
            assert!(Generic.recognise(Head { bytes: text.as_bytes(), whole: true }).is_none(), "{text}");
        }
    }

    proptest! {
        /// Any bytes: no panic, and every line is accounted for.
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            for start in [&b""[..], b"time,cpu,queue\n1795528800,5,7\n1795528860,6,8\n",
                b"# hostname;interval;timestamp;IFACE;txkB/s\na;5;1795528800;eth0;5\n"] {
                let mut all = start.to_vec();
                all.extend(&bytes);
                for format in METRIC_FORMATS {
                    let _ = format.recognise(Head { bytes: &all, whole: true });
                    if let Ok(read) = format.read(&mut all.as_slice(), &MetricSetup::default()) {
                        prop_assert!(read.accounting.adds_up());
                    }
                }
            }
        }

        /// Rows built of tables' own characters reach deeper than random bytes.
        #[test]
        fn any_table(body in "([-0-9eE./:, ;\"%TZ\t+]{0,30}\n){0,20}") {
            let text = format!("time;cpu;tx (MB/s)\n2026-11-24 14:00;1;2\n2026-11-24 14:01;3;4\n{body}");
            for format in METRIC_FORMATS {
                if let Ok(read) = format.read(&mut text.as_bytes(), &MetricSetup::default()) {
                    prop_assert!(read.accounting.adds_up());
                    let cells = || read.series.iter().flat_map(|s| s.minutes.values());
                    prop_assert!(cells().all(|c| c.mean.is_finite() && c.min <= c.mean && c.mean <= c.max));
                }
            }
        }
    }
}
