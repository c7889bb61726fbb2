//! Laws that hold for every log format, driven by recordings.

mod bounds;
mod damage;
pub(crate) mod samples;
mod told;
mod wrapped;

use casefile::formats::logs::{LOG_FORMATS, LogClock, LogFormat, LogShape, Wrapping};
use casefile::formats::{Head, Kind, recognise};
use casefile::time::{Zone, parse_rfc3339};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use damage::{damage, damaged};
use samples::{READ, SAMPLES, files, shape_and_clock};
use told::told;

/// By default few cases, and always the same; PROPTEST_CASES asks for more, and for others.
fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    let rng_seed = if asked.is_some() { RngSeed::Random } else { RngSeed::Fixed(2026) };
    let cases = asked.unwrap_or(cases);
    ProptestConfig { cases, rng_seed, failure_persistence: None, ..ProptestConfig::default() }
}

/// Formats as the laws go through them.
fn formats() -> impl Iterator<Item = &'static dyn LogFormat> {
    LOG_FORMATS.iter().map(|f| *f as &dyn LogFormat)
}

const WRAPPINGS: [Wrapping; 6] = [
    Wrapping::None,
    Wrapping::JournalJson,
    Wrapping::JournalPretty,
    Wrapping::JournalExport,
    Wrapping::Docker,
    Wrapping::Cri,
];

/// Some lines of a text: from a share of it on, at most so many.
fn stretch(text: &[u8], from: f64, lines: usize) -> &[u8] {
    let ends: Vec<usize> = text.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1).collect();
    let first = (ends.len() as f64 * from) as usize;
    let begin = first.checked_sub(1).map_or(0, |n| ends[n]);
    &text[begin..ends.get(first + lines - 1).copied().unwrap_or(text.len())]
}

/// Whether the weights of a text's events can be believed: no line stands for many attempts,
/// but where it says so itself.
fn assert_weights_are_borne(told: &told::Told) {
    assert!(told.heaviest <= told.accounting.read.max(1) + told.copies, "{told:?}");
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn recordings_however_damaged_are_read_to_the_end(
        sample in any::<prop::sample::Index>(),
        (from, lines, block) in (0.0..1.0_f64, 1..150_usize, 1..20_000_usize),
        damages in vec(damage(), 1..12),
    ) {
        let (sample, shape, clock) = sample.get(&READ);
        let text = damaged(stretch(&sample.bytes, from, lines), &damages);
        let head = Head { bytes: &text, whole: false };
        let _ = recognise(head);
        for format in formats() {
            format.recognise(head);
            format.survey(head);
        }
        let _ = shape.survey(head);
        assert_weights_are_borne(&told(*shape, clock, &[&text], block));
        if let Some((shape, clock)) = shape_and_clock(&text) {
            told(shape, &clock, &[&text], block);
        }
    }

    #[test]
    fn any_bytes_in_any_format_are_accounted_for(
        words in vec(prop_oneof![vec(any::<u8>(), 0..40), any_piece()], 0..40),
        block in 1..500_usize,
    ) {
        let text = words.concat();
        let head = Head { bytes: &text, whole: true };
        let clock = LogClock::new(Zone::UTC, parse_rfc3339("2026-11-24T00:00Z").ok());
        let _ = recognise(head);
        for (format, wrapping) in formats().flat_map(|f| WRAPPINGS.map(|w| (f, w))) {
            let shape = LogShape { format, wrapping };
            let _ = shape.survey(head);
            assert_weights_are_borne(&told(shape, &clock, &[&text], block));
        }
    }

    #[test]
    fn any_split_into_blocks_and_files_counts_the_same(
        sample in any::<prop::sample::Index>(),
        (from, lines, block) in (0.0..1.0_f64, 1..400_usize, 1..20_000_usize),
        (cuts, damages) in (vec(0.0..1.0_f64, 0..4), vec(damage(), 0..4)),
    ) {
        let (sample, shape, clock) = sample.get(&READ);
        // A damaged log is a log: how its files are cut must not matter either.
        let text = &*damaged(stretch(&sample.bytes, from, lines), &damages);
        let whole = told(*shape, clock, &[text], usize::MAX);
        let in_blocks = told(*shape, clock, &[text], block);
        prop_assert_eq!(in_blocks.differences(&whole), Vec::<String>::new(), "{} in blocks of {}", sample.name, block);
        prop_assert_eq!(&in_blocks, &whole, "{} in blocks of {}", sample.name, block);
        // A file that ends inside a record of several lines is damaged, not split; the answer
        // of a command is one file.
        let in_records = matches!(shape.wrapping, Wrapping::JournalPretty | Wrapping::JournalExport);
        if in_records || shape.format.name() == "powermta-queues" {
            return Ok(());
        }
        let mut at: Vec<usize> = cuts.iter().map(|cut| stretch(text, *cut, usize::MAX >> 1)).map(|s| text.len() - s.len()).collect();
        at.extend([0, text.len()]);
        at.sort_unstable();
        // Each file of PowerMTA's has the header of its own.
        let header = if text.starts_with(b"type,") { stretch(text, 0.0, 1) } else { &[] };
        let parts: Vec<Vec<u8>> = at
            .windows(2)
            .map(|w| [if w[0] == 0 { &[][..] } else { header }, &text[w[0]..w[1]]].concat())
            .collect();
        let mut split = told(*shape, clock, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>(), block);
        let headers = if header.is_empty() { 0 } else { at.iter().filter(|at| **at > 0).count() as u64 - 1 };
        split.accounting.read -= headers;
        split.accounting.irrelevant -= headers;
        prop_assert_eq!(split.differences(&whole), Vec::<String>::new(), "{} cut at bytes {:?}", sample.name, at);
    }
}

/// Pieces of lines that readers look for, out of the recordings themselves.
fn any_piece() -> impl Strategy<Value = Vec<u8>> {
    (any::<prop::sample::Index>(), 0.0..1.0_f64, 1..200_usize, any::<bool>()).prop_map(|(sample, at, length, whole)| {
        let bytes = &sample.get(&SAMPLES).bytes;
        let line = stretch(bytes, at, 1);
        if whole { line.to_vec() } else { line[..length.min(line.len())].to_vec() }
    })
}

#[test]
fn every_format_has_a_recording() {
    for format in formats() {
        let mine = READ.iter().filter(|(s, ..)| s.format.is_some_and(|f| f.name() == format.name())).count();
        assert!(mine > 0, "{} has no recording under tests/data/logs/{}", format.name(), format.name());
    }
}

#[test]
fn a_recording_is_claimed_by_its_own_format_alone() {
    for sample in SAMPLES.iter() {
        let wrapping = Wrapping::of(&sample.bytes);
        let bytes = wrapping.unwrapped(&sample.bytes);
        let head = Head { bytes: &bytes, whole: true };
        let claims: Vec<_> = formats().filter(|f| f.recognise(head).is_some()).map(LogFormat::name).collect();
        let own: Vec<_> = sample.format.iter().map(|f| f.name()).collect();
        assert!(claims == own || claims.is_empty() && sample.lacks_its_program(), "{}: {claims:?}", sample.name);
    }
}

// oss trap 48: among it are listings of Postfix's queue, which are the state of one moment, with
// the latest reasons only.
#[test]
fn other_evidence_is_no_log() {
    let kinds = [("metrics", Kind::Metric), ("transcripts", Kind::Transcript), ("snapshots", Kind::Snapshot)];
    for (folder, kind) in kinds {
        for path in files(&format!("tests/data/{folder}")) {
            let bytes = std::fs::read(&path).expect("a sample");
            let head = Head { bytes: &bytes, whole: true };
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            let found = recognise(head).map(|(format, _)| format.kind());
            if let Some(other) = name.strip_prefix("not-") {
                // What a reader of this kind must leave alone; mail logs among it are logs.
                assert!(
                    found != Some(kind) && (found == Some(Kind::Log)) == other.starts_with("mail"),
                    "{name}: {found:?}"
                );
            } else {
                assert_eq!(found, Some(kind), "{name}");
            }
            for format in formats().filter(|_| found != Some(Kind::Log)) {
                assert_eq!(format.recognise(head), None, "{name} is no log of {}", format.name());
            }
        }
    }
}
