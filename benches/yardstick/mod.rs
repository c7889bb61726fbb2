//! What others would write in an afternoon: the readers that ours are held against.
//!
//! They count attempts by minute, lane and kind, and know nothing of replies, sessions,
//! receivers or time zones. Both borrow from the line and allocate nothing for it.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;

use casefile::intake::{for_each_block, lines_of};
use serde::Deserialize;

/// Attempts by minute as written, whether they went to Gmail, and kind.
pub(crate) type Counts = HashMap<(Vec<u8>, bool, Vec<u8>), u64>;

/// `2026-11-24 03:00`, of either format.
const MINUTE: usize = 16;

/// PowerMTA's accounting, by the csv crate.
pub(crate) fn csv(path: &Path) -> io::Result<Counts> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path)?;
    let (mut row, mut counts) = (csv::ByteRecord::new(), Counts::new());
    while reader.read_byte_record(&mut row)? {
        let cell = |at| row.get(at).unwrap_or_default();
        add(&mut counts, cell(1), cell(4).ends_with(b"@gmail.com"), cell(0));
    }
    Ok(counts)
}

#[derive(Deserialize)]
struct Record<'a> {
    r#type: &'a str,
    recipient: &'a str,
    event_time: &'a str,
}

/// KumoMTA's records, by serde_json.
pub(crate) fn json(path: &Path) -> io::Result<Counts> {
    let mut counts = Counts::new();
    for_each_block(&mut File::open(path)?, |block| {
        for record in lines_of(block).filter_map(|line| serde_json::from_slice::<Record<'_>>(line).ok()) {
            let is_gmail = record.recipient.ends_with("@gmail.com");
            add(&mut counts, record.event_time.as_bytes(), is_gmail, record.r#type.as_bytes());
        }
        true
    })?;
    Ok(counts)
}

fn add(counts: &mut Counts, time: &[u8], is_gmail: bool, kind: &[u8]) {
    let minute = time.get(..MINUTE).unwrap_or(time);
    *counts.entry((minute.to_vec(), is_gmail, kind.to_vec())).or_default() += 1;
}
