//! Why a scan gives nothing.

use thiserror::Error;

use crate::intake::IntakeError;

/// Why logs could not be counted together.
#[derive(Debug, Error)]
pub enum ScanError {
    /// A file cannot be read.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// Two logs hold the same lines, and one of them is known by a partial alone.
    #[error(
        "{one} and {other} hold some of the same lines, and a partial cannot be read again to count them once; scan both logs together into one partial (casefile scan LOG LOG -o FILE)"
    )]
    SameLines {
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
    /// A log in a partial tells of attempts that another file counts.
    #[error(
        "{one} tells of attempts that {other} counts, and a partial cannot be read again to leave them out; scan both logs together into one partial (casefile scan LOG LOG -o FILE), or state their nodes if they are of two machines (--node, or sources in case.yaml)"
    )]
    SameAttempts {
        /// The log in the partial.
        one: String,
        /// Who counts.
        other: String,
    },
}
