//! What the tests of the readers share: recorded samples and short questions about them.
#![expect(clippy::expect_used, reason = "tests")]

use std::path::Path;

use super::{METRIC_FORMATS, MetricCell, MetricError, MetricFormat, MetricRead, MetricSeries, MetricSetup, Signal};
use crate::formats::Head;
use crate::time::{Minute, Zone};

pub(super) fn sample(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/metrics").join(name);
    std::fs::read(path).expect("a recorded sample")
}

pub(super) fn format_of(bytes: &[u8]) -> Option<&'static dyn MetricFormat> {
    METRIC_FORMATS.iter().copied().find(|f| f.recognise(Head { bytes, whole: true }).is_some())
}

/// Reads with the first format of the registry that takes it.
pub(super) fn try_read(mut bytes: &[u8], setup: &MetricSetup) -> Result<MetricRead, MetricError> {
    let read = format_of(bytes).expect("a metric file").read(&mut bytes, setup)?;
    assert!(read.accounting.adds_up(), "{:?}", read.accounting);
    Ok(read)
}

pub(super) fn read(bytes: &[u8]) -> MetricRead {
    try_read(bytes, &MetricSetup::default()).expect("readable")
}

/// Reads a file of this name.
pub(super) fn read_named(bytes: &[u8], name: &str) -> MetricRead {
    let setup = MetricSetup { name: name.to_owned(), ..MetricSetup::default() };
    try_read(bytes, &setup).expect("readable")
}

pub(super) fn in_zone(bytes: &[u8], zone: &str) -> MetricRead {
    let setup = MetricSetup { zone: Some(Zone::parse(zone).expect("a zone")), ..MetricSetup::default() };
    try_read(bytes, &setup).expect("readable")
}

pub(super) fn series<'r>(read: &'r MetricRead, signal: Signal, instance: &str) -> &'r MetricSeries {
    let found = read.series.iter().find(|s| s.signal == signal && s.instance == instance);
    found.unwrap_or_else(|| panic!("no {signal} [{instance}]"))
}

pub(super) fn cell(series: &MetricSeries, minute: &str) -> MetricCell {
    *series.minutes.get(&Minute::parse(minute).expect("a minute")).expect("a minute with data")
}

/// `03:56 03:57`: the minutes with data.
pub(super) fn minutes(series: &MetricSeries) -> String {
    series.minutes.keys().map(|m| m.clock()).collect::<Vec<_>>().join(" ")
}

/// Compares with values worked out apart from this code, to nine digits.
pub(super) fn assert_cell(cell: MetricCell, samples: u32, [mean, min, max, last]: [f64; 4]) {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1.0);
    assert!(
        cell.samples == samples
            && near(cell.mean, mean)
            && near(cell.min, min)
            && near(cell.max, max)
            && near(cell.last, last),
        "{cell:?}"
    );
}
