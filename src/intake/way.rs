//! A file on its way in, from its first line or from its last.

use std::io;
use std::path::Path;

use super::{IntakeError, Opened, Turned, for_each_block, open};

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

    /// Hands out blocks of whole lines; stops early when `take` returns false.
    ///
    /// # Errors
    /// When reading fails; all blocks before were handed out.
    pub fn for_each_block(&mut self, take: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
        match self {
            Self::Forwards(opened) => for_each_block(opened, take),
            Self::Backwards(turned) => turned.for_each_block(take),
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
