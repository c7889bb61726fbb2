//! A file on its way in, from its first line or from its last.

use std::io;
use std::path::Path;

use super::ahead::for_each_block_ahead;
use super::{Codec, IntakeError, Opened, Turned, for_each_block, open};

/// An opened file, and the end from which it is read.
pub enum Way {
    /// From its first line on.
    Forwards(Box<Opened>),
    /// From its last line on.
    Backwards(Turned),
}

impl Way {
    /// Opens a file. Before it is read from its end it is counted; `go_on` hears how many
    /// bytes of it, and stops that early when it returns false.
    ///
    /// # Errors
    /// As [`open`] and [`Turned::open`].
    pub fn open(path: &Path, from_its_end: bool, go_on: impl FnMut(usize) -> bool) -> Result<Self, IntakeError> {
        Ok(if from_its_end {
            Self::Backwards(Turned::open(path, go_on)?)
        } else {
            Self::Forwards(Box::new(open(path)?))
        })
    }

    /// Hands out blocks of whole lines; stops early when `take` returns false. Where a thread is `free`,
    /// it undoes the compression of a file meanwhile.
    ///
    /// # Errors
    /// When reading fails; all blocks before were handed out.
    pub fn for_each_block(&mut self, free: bool, take: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
        match self {
            Self::Forwards(opened) if free && opened.codec != Codec::Plain => for_each_block_ahead(&mut **opened, take),
            Self::Forwards(opened) => for_each_block(opened, take),
            Self::Backwards(turned) => turned.for_each_block(take),
        }
    }

    /// Where a file breaks off of which so many lines were read: after one of them, or before
    /// one, where they were read from its end.
    #[must_use]
    pub fn place(&self, read: u64) -> String {
        match self {
            Self::Backwards(turned) if read < turned.lines() => {
                format!("before line {}, read from its end", turned.lines() + 1 - read)
            }
            _ => format!("after line {read}"),
        }
    }

    /// SHA-256 (hex) and length of the raw bytes read so far.
    #[must_use]
    pub fn digest(&self) -> (String, u64) {
        match self {
            Self::Forwards(opened) => opened.digest(),
            Self::Backwards(turned) => turned.digest(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_place_of_a_break_is_named_by_the_lines_of_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mail.log");
        std::fs::write(&path, "3\n2\n1\n").expect("written");
        let place = |from_its_end, read| Way::open(&path, from_its_end, |_| true).expect("opened").place(read);
        assert_eq!(place(false, 2), "after line 2");
        // Two lines were read, the third and the second: what stands above is missing.
        assert_eq!(place(true, 2), "before line 2, read from its end");
        // It could not be counted any further: all that was counted was read.
        assert_eq!(place(true, 3), "after line 3");
    }
}
