//! The recordings, and to which format each belongs: by the folder it lies in.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use casefile::formats::Head;
use casefile::formats::logs::{LOG_FORMATS, LogClock, LogFormat, LogShape};
use casefile::intake::open;
use casefile::time::Zone;

/// One log, decompressed.
pub(crate) struct Sample {
    /// Its path below the repository.
    pub(crate) name: String,
    /// The format it belongs to, where that format has a reader.
    pub(crate) format: Option<&'static dyn LogFormat>,
    pub(crate) bytes: Vec<u8>,
}

/// Bytes of a large sample that are looked at.
const MOST: usize = 256 * 1024;

/// All recordings, in a fixed order.
pub(crate) static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let mut samples: Vec<Sample> = Vec::new();
    for path in files("tests/data/behaviours").into_iter().filter(|p| !p.ends_with("truth.jsonl.gz")) {
        // `postfix3711-may`: the MTA, its version, how it was set up.
        let mta = folder_of(&path).trim_end_matches(|c| c != '-').trim_end_matches(|c: char| !c.is_alphabetic());
        samples.push(Sample::of(&path, mta));
    }
    for path in files("tests/data/logs").into_iter().filter(|p| p.extension().is_none_or(|e| e != "md")) {
        let mta = match (folder_of(&path), path.file_name().and_then(|n| n.to_str()).unwrap_or_default()) {
            // journalctl printed the lines of Postfix.
            ("journal", _) => "postfix",
            ("exchange", _) => "exchange-send",
            ("powermta", "pmta.log") => "powermta-log",
            ("powermta", "topqueues.txt") => "powermta-queues",
            (folder, _) => folder,
        };
        samples.push(Sample::of(&path, mta));
    }
    for path in files("sample-data").into_iter().filter(|p| folder_of(p) == "logs") {
        samples.push(Sample::of(&path, "postfix"));
    }
    samples
});

/// The recordings that a reader of ours reads, each with its shape and its clock.
pub(crate) static READ: LazyLock<Vec<(&'static Sample, LogShape<'static>, LogClock)>> = LazyLock::new(|| {
    let read = SAMPLES.iter().filter(|s| s.format.is_some());
    read.filter_map(|sample| {
        let found = shape_and_clock(&sample.bytes);
        assert!(found.is_some() || sample.lacks_its_program(), "{} is claimed by nobody", sample.name);
        found.map(|(shape, clock)| (sample, shape, clock))
    })
    .collect()
});

impl Sample {
    fn of(path: &Path, mta: &str) -> Self {
        let mut bytes = Vec::new();
        open(path).expect("a recording").read_to_end(&mut bytes).expect("its bytes");
        if let Some(cut) = bytes.iter().take(MOST).rposition(|b| *b == b'\n').filter(|_| bytes.len() > MOST) {
            bytes.truncate(cut + 1);
        }
        let format = LOG_FORMATS.iter().find(|f| f.name() == mta);
        let name = path.strip_prefix(root()).unwrap_or(path).display().to_string();
        Self { name, format: format.map(|f| *f as &dyn LogFormat), bytes }
    }

    /// rsyslog cuts the tag at its slash in RFC 5424 lines: `postfix 228` may be any daemon
    /// of Postfix, so a reader may leave such a file alone. No other may claim it.
    pub(crate) fn lacks_its_program(&self) -> bool {
        self.name.contains("rfc5424")
    }
}

/// What a file turns out to be, and its clock by its own lines.
pub(crate) fn shape_and_clock(bytes: &[u8]) -> Option<(LogShape<'static>, LogClock)> {
    let head = Head { bytes, whole: true };
    let formats: &[&'static dyn LogFormat] = LOG_FORMATS;
    let (shape, _) = LogShape::recognise(head, formats.iter().copied())?;
    let survey = shape.survey(head);
    Some((shape, LogClock::new(survey.offset_s.map_or(Zone::UTC, Zone::Fixed), survey.near)))
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder_of(path: &Path) -> &str {
    path.parent().and_then(|p| p.file_name()).and_then(|n| n.to_str()).unwrap_or_default()
}

/// The files below a folder of the repository, in order.
pub(crate) fn files(folder: &str) -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { below(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    below(&root().join(folder), &mut found);
    found.sort();
    found
}
