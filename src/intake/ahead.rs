//! A file read on a thread of its own, a little ahead of whoever takes its blocks.
//!
//! To undo its compression takes about as long as to read what that gives.

use std::io::{self, Read};
use std::panic::resume_unwind;
use std::sync::mpsc::{channel, sync_channel};
use std::thread;

use super::for_each_block;

/// Blocks that wait to be taken.
const AHEAD: usize = 2;

/// Does as [`for_each_block`]. When `take` ends it early, more may have been read than was handed out.
///
/// # Errors
/// When reading fails; all blocks before were handed out.
pub(super) fn for_each_block_ahead(
    reader: &mut (impl Read + Send),
    mut take: impl FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let (full, blocks) = sync_channel::<Vec<u8>>(AHEAD);
    let (spent, empty) = channel::<Vec<u8>>();
    thread::scope(|scope| {
        let reading = scope.spawn(move || {
            for_each_block(reader, |block| {
                let mut copy = empty.try_recv().unwrap_or_default();
                copy.clear();
                copy.extend_from_slice(block);
                // Refused once nobody takes any more.
                full.send(copy).is_ok()
            })
        });
        for block in &blocks {
            if !take(&block) {
                break;
            }
            // At the end nobody waits for it.
            let _ = spent.send(block);
        }
        drop(blocks);
        reading.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests {
    use super::super::{BLOCK, lines_of};
    use super::*;

    /// Gives some bytes, then fails.
    struct Breaks<'a>(&'a [u8]);

    impl Read for Breaks<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buf)? {
                0 => Err(io::Error::other("a bad block")),
                n => Ok(n),
            }
        }
    }

    #[test]
    fn blocks_come_as_without_a_thread() {
        let text: Vec<u8> = (0..400_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        assert!(text.len() > 8 * BLOCK);
        let (mut found, mut blocks) = (Vec::new(), 0);
        let read = for_each_block_ahead(&mut text.as_slice(), |block| {
            found.extend(lines_of(block).map(<[u8]>::to_vec));
            blocks += 1;
            true
        });
        assert!(read.is_ok() && blocks > 8);
        assert!(found.iter().map(Vec::as_slice).eq(lines_of(&text)));
        let mut taken = 0;
        let stopped = for_each_block_ahead(&mut text.as_slice(), |_| {
            taken += 1;
            taken < 3
        });
        assert!(stopped.is_ok() && taken == 3, "{taken}");
        let mut held = 0;
        let broken = for_each_block_ahead(&mut Breaks(&text), |block| {
            held += block.len();
            true
        });
        assert!(broken.is_err_and(|e| e.to_string() == "a bad block") && held == text.len());
    }
}
