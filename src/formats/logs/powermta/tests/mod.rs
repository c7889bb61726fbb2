//! What holds of all three readers; `accounting` and `sessions` hold each record and line to
//! its exact event, and to the traps of the field by number.
#![expect(clippy::expect_used, reason = "tests")]

mod accounting;
mod sessions;

use std::path::{Path, PathBuf};

use super::{Accounting, Log, Queues};
use crate::formats::logs::testing::{assert_damage_is_survived, assert_splits_agree, read, read_in_blocks};
use crate::formats::logs::{LOG_FORMATS, LogFormat, LogShape, Note};
use crate::formats::{Format, Head, recognise};
use crate::intake::head_of;
use crate::smtp::Outcome;

const STOCK: &[u8] = include_bytes!("../../../../../tests/data/logs/powermta/acct-5.0.csv");
const WITH_TLS: &[u8] = include_bytes!("../../../../../tests/data/logs/powermta/acct-tls.csv");
const OF_4_0: &[u8] = include_bytes!("../../../../../tests/data/logs/powermta/acct-4.0.csv");
const JSON: &[u8] = include_bytes!("../../../../../tests/data/logs/powermta/acct.json");
const LOG: &[u8] = include_bytes!("../../../../../tests/data/logs/powermta/pmta.log");
const QUEUES: &[u8] = include_bytes!("../../../../../tests/data/logs/powermta/topqueues.txt");

#[test]
fn every_line_is_accounted_for() {
    for (format, bytes) in [
        (&Accounting as &dyn LogFormat, STOCK),
        (&Accounting, WITH_TLS),
        (&Accounting, OF_4_0),
        (&Accounting, JSON),
        (&Log, LOG),
        (&Queues, QUEUES),
    ] {
        let told = read(format, &[bytes]);
        assert_eq!(told.accounting.unrecognised, 0, "{} {:?}", format.name(), told.unrecognised);
        assert!(told.events.len() >= 15, "{} {}", format.name(), told.events.len());
        assert!(told.notes.iter().all(|(note, ..)| matches!(note, Note::Seen(_))), "{:?}", told.notes);
    }
}

#[test]
fn splits_and_damage() {
    for bytes in [STOCK, OF_4_0, JSON] {
        assert_splits_agree(&Accounting, bytes);
        assert_damage_is_survived(&Accounting, bytes);
    }
    // A file that begins without its header does not know of an empty TLS column.
    let whole = read(&Accounting, &[WITH_TLS]);
    for block in [1, 100, 5000] {
        assert_eq!(read_in_blocks(&Accounting, &[WITH_TLS], block).totals, whole.totals);
    }
    assert_damage_is_survived(&Accounting, WITH_TLS);
    assert_splits_agree(&Log, LOG);
    assert_damage_is_survived(&Log, LOG);
    let whole = read(&Queues, &[QUEUES]);
    for block in [1, 100, 5000] {
        assert_eq!(read_in_blocks(&Queues, &[QUEUES], block).totals, whole.totals);
    }
    assert_damage_is_survived(&Queues, QUEUES);
}

#[test]
fn each_file_is_claimed_by_its_reader_alone() {
    let claims = |bytes: &[u8]| -> Vec<String> {
        let head = Head { bytes, whole: true };
        LOG_FORMATS.iter().filter(|f| f.recognise(head).is_some()).map(|f| f.name().to_owned()).collect()
    };
    for (bytes, name) in [
        (STOCK, "powermta"),
        (WITH_TLS, "powermta"),
        (OF_4_0, "powermta"),
        (JSON, "powermta"),
        (LOG, "powermta-log"),
        (QUEUES, "powermta-queues"),
    ] {
        assert_eq!(claims(bytes), [name]);
        let (format, why) = recognise(Head { bytes, whole: true }).expect("recognised");
        assert!(matches!(format, Format::Log(LogShape { .. })) && format.name() == name, "{name}: {why}");
    }
    // `pmta resolve --connect` has no times: a test of one host, and no log.
    let resolve = ">>> 220 mx.google.com ESMTP u2si198147pgp.592 - gsmtp\n<<< EHLO foo.port25.com\n>>> 250 STARTTLS\n<<< STARTTLS\n>>> 220 2.0.0 Ready to start TLS\nTLSv1.2 connected with 256-bit ECDHE-RSA-AES256-SHA384\nCert: /CN=mx.google.com; issuer=/C=US; verified=no\n";
    assert_eq!(claims(resolve.as_bytes()), Vec::<String>::new());
    for table in
        ["type,name,value\nd,2,3\n", "time,type,rcpt\n1,2,3\n", "type,rcpt,header_x-sp-message-id\nd,a@b.example,1\n"]
    {
        assert_eq!(claims(table.as_bytes()), Vec::<String>::new(), "{table}");
    }
}

#[test]
fn only_accounting_counts_whatever_else_there_is() {
    let counted_by = |names: &[&str]| LOG_FORMATS.iter().filter(|f| names.contains(&f.name())).count();
    assert!(Accounting.counted_by().is_empty());
    assert_eq!((counted_by(&Log.counted_by()), counted_by(&Queues.counted_by())), (1, 2));
    assert_eq!(Queues.cannot_count(&|_| true), [Outcome::Delivered]);
}

/// Every other file of the repository: logs of other MTAs, metrics, transcripts.
#[test]
fn no_other_file_is_claimed() {
    fn files(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }
    let mut all = Vec::new();
    for folder in ["tests/data", "sample-data"] {
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut all);
    }
    let others: Vec<_> = all.iter().filter(|p| p.parent().is_none_or(|f| !f.ends_with("powermta"))).collect();
    assert!(others.len() > 50, "{}", others.len());
    for path in others {
        let Ok((bytes, whole)) = head_of(path, 256 * 1024) else { continue };
        for format in [&Accounting as &dyn LogFormat, &Log, &Queues] {
            assert_eq!(format.recognise(Head { bytes: &bytes, whole }), None, "{}", path.display());
        }
    }
}
