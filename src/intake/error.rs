//! Why evidence could not be read.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a file or folder could not be read. Each says the way out where there is one.
#[derive(Debug, Error)]
pub enum IntakeError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An archive that breaks off or is damaged before its first byte of text.
    #[error("{}: {broken}{}", path.display(), broken.before_any_text())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// How.
        broken: Broken,
    },
    /// An archive of several files.
    #[error("{} is a {kind} archive; unpack it first: {command}", path.display())]
    Archive {
        /// Which file.
        path: PathBuf,
        /// `tar`, `zip`, …
        kind: String,
        /// The command that unpacks it.
        command: String,
    },
    /// A compression that is not built in.
    #[error("{} is compressed with {kind}; decompress it first: {command}", path.display())]
    Compression {
        /// Which file.
        path: PathBuf,
        /// `LZ4`, `lzop`, …
        kind: String,
        /// The command that decompresses it.
        command: String,
    },
    /// A binary file of a tool whose text form we read.
    #[error("{} is a binary {kind} file; convert it first: {command}", path.display())]
    Binary {
        /// Which file.
        path: PathBuf,
        /// `sysstat` or `systemd journal`.
        kind: String,
        /// The command that converts it.
        command: String,
    },
    /// More files than exhibit numbers.
    #[error("more than {most} files; name only those of the incident")]
    TooMany {
        /// How many there can be.
        most: usize,
    },
}

/// Why an archive gives no more. Everything that could be decoded before was given.
///
/// Readers meet it inside an [`io::Error`]; [`Broken::of`] finds it there.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Broken {
    /// It ends in the middle: cut short, or still being written.
    #[error("the archive breaks off")]
    Cut,
    /// Its bytes contradict themselves.
    #[error("the archive is damaged at compressed byte {at}")]
    Damaged {
        /// How many compressed bytes stand before the place where it was noticed.
        at: u64,
    },
    /// It is sound, but asks for what is not built in.
    #[error("the archive needs {what} to be read; decompress it first")]
    Needs {
        /// What it asks for.
        what: &'static str,
    },
}

impl Broken {
    /// What an archive that asks for too much memory needs.
    pub(super) const MEMORY: Self = Self::Needs { what: "more than 128 MiB of memory" };

    /// Where it was, said of an archive that gave nothing.
    const fn before_any_text(self) -> &'static str {
        match self {
            Self::Cut | Self::Damaged { .. } => ", before its first byte of text",
            Self::Needs { .. } => "",
        }
    }

    /// The break behind a failed read; nothing where the system refused.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        let kind = match broken {
            Broken::Cut => io::ErrorKind::UnexpectedEof,
            Broken::Damaged { .. } => io::ErrorKind::InvalidData,
            Broken::Needs { .. } => io::ErrorKind::Unsupported,
        };
        Self::new(kind, broken)
    }
}
