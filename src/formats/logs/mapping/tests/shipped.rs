use super::*;
use crate::formats::logs::LOG_FORMATS;
use crate::formats::metrics::METRIC_FORMATS;
use crate::formats::{Format, recognise};

/// Provenance stands in each file; each example is a documented or recorded record.
#[test]
fn every_mapping_holds_to_its_examples() {
    let mut failed = Vec::new();
    for shipped in SHIPPED {
        match Mapping::read(shipped.text) {
            Ok(mapping) => {
                assert_eq!(mapping.id(), shipped.id);
                assert!(!mapping.provenance().is_empty() && mapping.plan.detect.is_some(), "{}", shipped.id);
            }
            Err(problems) => failed.push(problems.render(shipped.id, false)),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(shipped().len(), SHIPPED.len());
}

/// The examples of a mapping file, as a file of their own.
pub(super) fn examples_of(text: &str) -> Vec<String> {
    let (raw, _) = typed::<RawMapping>(text).expect("a mapping");
    raw.examples.into_iter().flatten().filter_map(|e| e.input).collect()
}

#[test]
fn every_record_is_claimed_by_its_own_mapping_alone() {
    for shipped_one in SHIPPED {
        for example in examples_of(shipped_one.text) {
            let head = Head { bytes: example.as_bytes(), whole: true };
            let claimed: Vec<_> = shipped().iter().filter(|m| m.recognise(head).is_some()).map(Mapping::id).collect();
            // What is left out without looking like the source's records is claimed by none.
            let noise = ["AmazonSns", "\"msys\":{}"].iter().any(|word| example.contains(word));
            if !noise {
                assert_eq!(claimed, [shipped_one.id], "{example}");
            }
            let built_in = LOG_FORMATS.iter().find(|f| f.recognise(head).is_some()).map(|f| f.name());
            assert_eq!(built_in, None, "{example}");
            let metric = METRIC_FORMATS.iter().find(|f| f.recognise(head).is_some()).map(|f| f.name());
            assert_eq!(metric, None, "{example}");
        }
    }
}

/// A plugin of Haraka's names columns as PowerMTA does, and so may whoever exports PowerMTA's.
#[test]
fn accounting_files_of_haraka_and_of_powermta_are_told_apart() {
    let who = |text: &str| {
        let found = recognise(Head { bytes: text.as_bytes(), whole: true });
        found.map(|(format, _)| match format {
            Format::Log(shape) => shape.format.name().to_owned(),
            _ => "no log".to_owned(),
        })
    };
    let haraka = "type,timeLogged,timeQueued,rcpt,srcMta,srcIp,vmta,jobId,dsnStatus,dsnMsg,\r\n\
        d,2026-11-03 10:12:45,2026-11-03 10:12:41,user@gmail.com,mta1.example.com,203.0.113.10, - ,B3D5DE63-94AB-4825-B43F-2FB11E89261B.1.1, - , - ,\r\n\
        b,2026-11-03 10:12:46,2026-11-03 10:12:41,user@gmail.com,mta1.example.com,203.0.113.10, - ,B3D5DE63-94AB-4825-B43F-2FB11E89261B.2.1,5.1.1,550 5.1.1 unknown,\r\n";
    let powermta = "type,timeLogged,timeQueued,rcpt,srcMta,dlvSourceIp,vmta,jobId,dsnStatus,dsnDiag\r\n\
        d,2026-11-03 10:12:45+0000,2026-11-03 10:12:41+0000,user@gmail.com,mta1.example.com (203.0.113.10),203.0.113.10,pool,7,2.0.0 (success),smtp;250 2.0.0 OK\r\n\
        b,2026-11-03 10:12:46+0000,2026-11-03 10:12:41+0000,user@gmail.com,mta1.example.com (203.0.113.10),203.0.113.10,pool,7,5.1.1 (bad destination mailbox address),smtp;550 5.1.1 unknown\r\n";
    let tabs = |text: &str| text.replace(',', "\t");
    let without_header = |text: &str| text.split_once('\n').expect("a header").1.to_owned();
    assert_eq!(who(&tabs(haraka)).as_deref(), Some("haraka-accounting"));
    assert_eq!(who(&without_header(&tabs(haraka))).as_deref(), Some("haraka-accounting"));
    assert_eq!(who(powermta).as_deref(), Some("powermta"));
    // Neither is the other with another separator, which has no reader of its own.
    for text in [haraka, &without_header(haraka), &tabs(powermta), &without_header(&tabs(powermta))] {
        assert_eq!(who(text), None, "{text}");
    }
}

/// Files of everything else in this repository are claimed by no mapping.
#[test]
fn other_files_are_left_alone() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut left = vec![root.join("tests/data"), root.join("sample-data")];
    let mut looked_at = 0;
    while let Some(path) = left.pop() {
        if path.is_dir() {
            if path.file_name().is_some_and(|n| n == "mappings") {
                continue;
            }
            left.extend(std::fs::read_dir(&path).expect("a folder").map(|e| e.expect("an entry").path()));
            continue;
        }
        let Ok((bytes, whole)) = crate::intake::head_of(&path, 256 * 1024) else { continue };
        looked_at += 1;
        if let Some((Format::Log(shape), why)) = recognise(Head { bytes: &bytes, whole }) {
            assert!(shipped().iter().all(|m| m.id() != shape.format.name()), "{}: {why}", path.display());
        }
    }
    assert!(looked_at > 50, "only {looked_at} files");
}
