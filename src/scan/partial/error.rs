//! Why a partial cannot be used.

use thiserror::Error;

/// Why a file is no partial that can be read.
#[derive(Debug, Error)]
pub enum PartialError {
    /// Its bytes are not those that were written.
    #[error("the partial is cut short or damaged; copy it again, or scan its logs again")]
    Damaged,
    /// A later casefile wrote it.
    #[error("the partial is of form {form}, and this casefile ({}) reads form {} only; use the casefile that wrote it, or scan its logs again with this one", env!("CARGO_PKG_VERSION"), super::container::FORM)]
    Form {
        /// The number of its form.
        form: String,
    },
    /// It holds what no scan writes.
    #[error("the partial holds what no scan writes ({0}); scan its logs again")]
    Unsound(String),
    /// More than can be read.
    #[error("the partial holds more than {} MiB; scan fewer logs into one", .0 >> 20)]
    TooLarge(u64),
}

/// Why partials cannot be used together.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UnionError {
    /// Their lanes are not those of the case.
    #[error(
        "{partial} was made with other lanes than those of case.yaml ({what}); scan its logs again with the same case.yaml (casefile scan --case FILE), or take that change back"
    )]
    Lanes {
        /// The partial.
        partial: String,
        /// What differs.
        what: String,
    },
    /// The same file stands twice in the case.
    #[error(
        "{one} and {other} are the same file (SHA-256 {sha256}), so its lines would count twice; leave one of them out"
    )]
    SameFile {
        /// The one.
        one: String,
        /// The other.
        other: String,
        /// Of both.
        sha256: String,
    },
    /// A piece of a log stands twice in the case.
    #[error(
        "piece {piece} of {log} stands in {one} and in {other}; leave one of them out, or give the logs different names (--name)"
    )]
    SamePiece {
        /// The log.
        log: String,
        /// Which piece.
        piece: u32,
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
    /// A piece of a log is missing.
    #[error(
        "piece {piece} of {log} is missing (there are pieces up to {last}), so neither its line numbers nor its sessions are whole; scan it as well (casefile scan --part {piece} --name {log} -o FILE -)"
    )]
    Missing {
        /// The log.
        log: String,
        /// Which piece.
        piece: u32,
        /// The last that there is.
        last: u32,
    },
    /// A log was placed otherwise than it would be now.
    #[error(
        "{log} (in {partial}) was read as {then}, and the case says {now}; scan it again with this case.yaml (casefile scan --case FILE), or take that out of it"
    )]
    Placed {
        /// The log.
        log: String,
        /// The partial.
        partial: String,
        /// How it was read.
        then: String,
        /// How it would be.
        now: String,
    },
    /// A log was read for a time that does not hold all that is asked for now.
    #[error(
        "{log} (in {partial}) was read for {then} only, and {now} is asked for (a window has an hour around it); scan it again for that time, or ask for no more"
    )]
    Time {
        /// The log.
        log: String,
        /// The partial.
        partial: String,
        /// The time that it was read for.
        then: String,
        /// The time that is asked for.
        now: String,
    },
    /// Nobody here knows its format.
    #[error(
        "{log} (in {partial}) was read as `{format}`, which is neither a format of this casefile nor a mapping of this case; name the mapping in case.yaml (mappings)"
    )]
    Format {
        /// The log.
        log: String,
        /// The partial.
        partial: String,
        /// The name of the format.
        format: String,
    },
}
