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
    /// An archive of several files.
    #[error("{} is a {kind} archive; unpack it first: {command}", path.display())]
    Archive {
        /// Which file.
        path: PathBuf,
        /// `tar` or `zip`.
        kind: &'static str,
        /// The command that unpacks it.
        command: String,
    },
    /// A compression that is not built in.
    #[error("{} is compressed with {kind}; decompress it first: {command}", path.display())]
    Compression {
        /// Which file.
        path: PathBuf,
        /// `bzip2` or `xz`.
        kind: &'static str,
        /// The command that decompresses it.
        command: String,
    },
    /// A binary file of a tool whose text form we read.
    #[error("{} is a binary sysstat file; convert it first: sadf -d {} -- -A > {}.csv", path.display(), path.display(), path.display())]
    SysstatBinary {
        /// Which file.
        path: PathBuf,
    },
}
