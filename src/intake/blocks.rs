//! Whole lines from a reused buffer: no allocation per line, memory as the block.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr};

/// Bytes read at a time: half of a common second-level cache.
pub const BLOCK: usize = 512 * 1024;

/// A line longer than this is handed out in pieces, so that it need not fit into memory;
/// [`Lines`] makes one line of them again.
pub(super) const LONGEST_LINE: usize = 4 * 1024 * 1024;

/// Reads to the end and hands out blocks that end at a line end (the last one
/// may not, nor one that is a piece of a very long line). Stops early when `take` returns false.
///
/// # Errors
/// When reading fails; all blocks before were handed out, and with them the
/// bytes of a last, broken line.
pub fn for_each_block(reader: &mut impl Read, mut take: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut buffer = vec![0; BLOCK];
    let mut held = 0;
    loop {
        if held == buffer.len() {
            if buffer.len() >= LONGEST_LINE {
                if !take(&buffer[..held]) {
                    return Ok(());
                }
                held = 0;
            } else {
                buffer.resize(buffer.len() * 2, 0);
            }
        }
        let read = match reader.read(&mut buffer[held..]) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            other => other,
        };
        match read {
            Ok(0) | Err(_) => {
                if held > 0 {
                    take(&buffer[..held]);
                }
                return read.map(|_| ());
            }
            Ok(n) => {
                let end = held + n;
                // Only the new bytes can hold the last line end.
                let Some(at) = memrchr(b'\n', &buffer[held..end]) else {
                    held = end;
                    continue;
                };
                let cut = held + at + 1;
                if !take(&buffer[..cut]) {
                    return Ok(());
                }
                buffer.copy_within(cut..end, 0);
                held = end - cut;
            }
        }
    }
}

/// The lines of a block, without their line ends (`\n`, `\r\n`).
pub fn lines_of(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    let ends = memchr_iter(b'\n', block).chain((!block.is_empty() && !block.ends_with(b"\n")).then_some(block.len()));
    ends.map(move |end| {
        let line = &block[start..end];
        start = end + 1;
        line.strip_suffix(b"\r").unwrap_or(line)
    })
}

/// The lines of the blocks of one file, in order. A line that is longer than a block can be is
/// one line: of its pieces the first is it, and the rest is left out.
#[derive(Debug, Default)]
pub struct Lines {
    /// The block before ended inside a line.
    inside: bool,
}

impl Lines {
    /// The lines that begin in the next block.
    pub fn of<'a>(&mut self, block: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let begins = match memchr(b'\n', block) {
            _ if !self.inside => 0,
            Some(end) => end + 1,
            None => block.len(),
        };
        self.inside = if block.is_empty() { self.inside } else { !block.ends_with(b"\n") };
        lines_of(&block[begins..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that gives `n` bytes at a time.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(buf.len());
            buf[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[test]
    fn lines_are_the_same_for_any_read_size() {
        let text = b"one\r\ntwo\n\nfour without end";
        for size in 1..=text.len() {
            let mut lines = Vec::new();
            let read = for_each_block(&mut Drip(text, size), |block| {
                lines.extend(lines_of(block).map(<[u8]>::to_vec));
                true
            });
            assert!(read.is_ok());
            assert_eq!(lines, [&b"one"[..], b"two", b"", b"four without end"]);
        }
    }

    #[test]
    fn a_line_longer_than_the_block_is_one_line() {
        let long = vec![b'x'; BLOCK + 17];
        let mut text = long.clone();
        text.extend(b"\nnext\n");
        let mut lines = Vec::new();
        let read = for_each_block(&mut Drip(&text, 100_000), |block| {
            lines.extend(lines_of(block).map(<[u8]>::len));
            true
        });
        assert!(read.is_ok());
        assert_eq!(lines, [long.len(), 4]);
    }

    #[test]
    fn a_line_longer_than_any_block_is_one_line_in_bounded_memory() {
        for length in [LONGEST_LINE - 1, LONGEST_LINE, LONGEST_LINE + 1, 3 * LONGEST_LINE + 17] {
            for end in ["\nnext\n", "\n\n", "\n", ""] {
                let text = [&vec![0; length], b"".as_slice(), end.as_bytes()].concat();
                let (mut lines, mut found, mut largest) = (Lines::default(), Vec::new(), 0);
                let read = for_each_block(&mut Drip(&text, 300_000), |block| {
                    largest = largest.max(block.len());
                    found.extend(lines.of(block).map(|line| line.len().min(LONGEST_LINE - 1)));
                    true
                });
                assert!(read.is_ok() && largest <= LONGEST_LINE + BLOCK, "{largest}");
                let expected: Vec<_> = lines_of(&text).map(|line| line.len().min(LONGEST_LINE - 1)).collect();
                assert_eq!(found, expected, "{length} and {end:?}");
            }
        }
    }
}
