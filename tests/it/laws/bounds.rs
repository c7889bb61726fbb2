//! What a reader keeps is bounded, whatever a file holds.

use casefile::formats::logs::{LogClock, LogShape, Opening, Wrapping};
use casefile::intake::Exhibit;
use proptest::prelude::*;

use super::samples::READ;
use super::told::{Told, told};
use super::{config, stretch};

/// Reads one file in blocks as they are given; what it told, and how many lines it keeps for
/// the files beside it.
fn read_in(shape: LogShape<'_>, clock: &LogClock, blocks: &[&[u8]]) -> (Told, usize) {
    let mut told = Told::default();
    let mut reader = shape.reader(Opening::again(Exhibit(1), clock.clone()));
    blocks.iter().for_each(|block| reader.read(block, &mut told));
    reader.end_of_file(&mut told);
    let done = reader.finish();
    told.accounting.add(done.closed.accounting);
    (told, done.ends.by_key.values().map(|ends| ends.head.len() + ends.tail.len()).sum())
}

proptest! {
    #![proptest_config(config(60))]

    // The lines of one session, over and over: what it keeps must not grow with them.
    #[test]
    fn lines_again_and_again_are_kept_in_bounded_number(
        sample in any::<prop::sample::Index>(),
        (from, lines) in (0.0..1.0_f64, 1..6_usize),
    ) {
        const TIMES: usize = 3000;
        let (sample, shape, clock) = sample.get(&READ);
        let some = stretch(&sample.bytes, from, lines);
        // What Postfix defers by itself belongs to no session: each line waits alone.
        prop_assume!(some.ends_with(b"\n") && memchr::memmem::find(some, b"delivery temporarily suspended").is_none());
        let (_, kept) = read_in(*shape, clock, &vec![some; TIMES]);
        // Of each session at most its first 1024 lines wait for the file before, and some go on.
        prop_assert!(kept <= lines * 1600, "{kept} lines of {}: {}", sample.name, String::from_utf8_lossy(some));
    }
}

#[test]
fn a_line_longer_than_any_block_is_one_line() {
    // An export of the journal is no text of lines.
    for (sample, shape, clock) in READ.iter().filter(|(_, s, _)| s.wrapping != Wrapping::JournalExport) {
        let text = stretch(&sample.bytes, 0.0, 200);
        let (before, after) = text.split_at(text.len() - stretch(text, 0.5, 200).len());
        let (long, end) = ([0; 3000], [b"\n", after].concat());
        let whole = [before, &long, &end].concat();
        let (pieces, _) = read_in(*shape, clock, &[before, &long[..1000], &long[1000..], &end]);
        let (in_one, _) = read_in(*shape, clock, &[&whole]);
        assert_eq!(pieces.differences(&in_one), Vec::<String>::new(), "{}", sample.name);
        assert_eq!(in_one.accounting, told(*shape, clock, &[&whole], 1).accounting, "{}", sample.name);
    }
}
