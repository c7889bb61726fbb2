//! Metrics among all other kinds of evidence: each sample is a metric and nothing else.

use std::path::Path;

use casefile::formats::{Head, Kind, recognise};

#[test]
fn every_metric_sample_is_recognised_as_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/metrics");
    let mut looked_at = 0;
    for folder in [root.clone(), root.join("collectd")] {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() || path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("not-")) {
                continue;
            }
            let bytes = std::fs::read(&path).expect("a sample");
            let found =
                recognise(Head { bytes: &bytes, whole: true }).map(|(format, _)| (format.kind(), format.name()));
            assert_eq!(found.map(|(kind, _)| kind), Some(Kind::Metric), "{}: {found:?}", path.display());
            looked_at += 1;
        }
    }
    assert!(looked_at > 50, "{looked_at}");
}

/// The page about metrics names every reader.
#[test]
fn every_reader_is_on_its_page() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/METRICS.md")).expect("the page");
    for format in casefile::formats::metrics::METRIC_FORMATS {
        assert!(page.contains(&format!("| `{}` |", format.name())), "{} is not in docs/METRICS.md", format.name());
    }
}
