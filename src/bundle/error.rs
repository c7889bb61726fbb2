//! Why a bundle was not made, not published, or not read.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::Hit;

/// Why a bundle was not made, not published, or not read.
#[derive(Debug, Error)]
pub enum BundleError {
    /// An entry's name breaks the rules of names.
    #[error("`{0}` is no name for a bundle entry")]
    Name(String),
    /// Two entries would be one file on a system that ignores case.
    #[error("two entries are called `{0}`")]
    Twice(String),
    /// The zip could not be written or read.
    #[error("the zip: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// The leak gate found something; nothing was published.
    #[error("the leak gate refused: {} {}", .0.len(), if .0.len() == 1 { "hit" } else { "hits" })]
    Leak(Vec<Hit>),
    /// The leak gate could not look; nothing was published.
    #[error("the leak gate cannot look for so many values: {0}")]
    Gate(String),
    /// The finished bytes do not read back as they were meant.
    #[error("the written bundle does not verify: {0}")]
    ReadBack(String),
    /// What nobody sees who opens it.
    #[error("the zip holds {0}")]
    Hidden(&'static str),
    /// Larger than its budget.
    #[error(
        "{name} would be {size} bytes, over its budget of {budget}; raise budgets in case.yaml or narrow the window"
    )]
    Budget {
        /// The bundle.
        name: String,
        /// Its size in bytes.
        size: u64,
        /// What it may be, in bytes.
        budget: u64,
    },
    /// The disk has too little room; nothing was written.
    #[error("{}: {needed} bytes are needed, and {free} are free; nothing was written", folder.display())]
    Room {
        /// Where it was to go.
        folder: PathBuf,
        /// How many bytes are needed.
        needed: u64,
        /// How many are free.
        free: u64,
    },
    /// The target exists.
    #[error("{} exists; use --force to replace it, which keeps its key", .0.display())]
    Exists(PathBuf),
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// One bundle is in place, and the next could not be put there.
    #[error("{source}; {} was published before and stands", first.display())]
    Half {
        /// What was published.
        first: PathBuf,
        /// Why the next was not.
        source: Box<Self>,
    },
}
