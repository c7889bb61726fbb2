//! The exit codes: a promise to scripts.

use thiserror::Error;

use crate::bundle::BundleError;
use crate::case::Problems;
use crate::intake::IntakeError;
use crate::release::ReleaseError;

/// Why a command ended without its result.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// The case file has problems; all of them are told.
    #[error("{}", .0.render(.1, false))]
    Case(Problems, String),
    /// Something typed makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A named input could not be read.
    #[error(transparent)]
    Input(#[from] IntakeError),
    /// Named input could be read, and holds nothing to work on.
    #[error("{0}")]
    Nothing(String),
    /// Rows of a named table cannot be read: a line of text for each.
    #[error("{}", .0.join("\n"))]
    Rows(Vec<String>),
    /// Partials cannot be added up: a sentence for each reason.
    #[error("{}", .0.join("\n"))]
    Partials(Vec<String>),
    /// Logs cannot be counted together.
    #[error(transparent)]
    Together(crate::scan::ScanError),
    /// A must-have is missing, and `--require-ready` was given.
    #[error("{0}")]
    NotReady(String),
    /// Two values would share a token.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// The bundle was refused or could not be written.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The words could not be rendered.
    #[error(transparent)]
    Words(#[from] crate::narrative::NarrativeError),
    /// The files of a bundle could not be made.
    #[error(transparent)]
    Contents(#[from] crate::bundle::ContentsError),
    /// A file of the output could not be written.
    #[error("{path}: {source}")]
    Write {
        /// Which.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Stopped by a signal.
    #[error("interrupted; nothing was left half-written")]
    Interrupted,
}

impl From<crate::scan::ScanError> for Failure {
    fn from(error: crate::scan::ScanError) -> Self {
        match error {
            crate::scan::ScanError::Intake(e) => Self::Input(e),
            other => Self::Together(other),
        }
    }
}

impl Failure {
    /// Whether a signal ended the work, so that its number makes the code.
    pub(super) const fn is_interruption(&self) -> bool {
        matches!(self, Self::Interrupted)
    }

    /// 2 usage, case.yaml or output exists · 3 input unreadable · 4 not ready · 5 leak
    /// gate · 6 writing failed · 130 interrupted by SIGINT, 143 by SIGTERM. A bundle that
    /// does not verify is no failure of the command; `verify` then ends with 1.
    pub(super) const fn code(&self) -> u8 {
        match self {
            Self::Case(..) | Self::Usage(_) | Self::Bundle(BundleError::Exists(_)) => 2,
            Self::Input(_) | Self::Nothing(_) | Self::Rows(_) | Self::Partials(_) | Self::Together(_) => 3,
            Self::NotReady(_) => 4,
            Self::Release(_) | Self::Bundle(BundleError::Leak(_) | BundleError::Gate(_)) => 5,
            Self::Interrupted => 130,
            Self::Bundle(_) | Self::Words(_) | Self::Contents(_) | Self::Write { .. } => 6,
        }
    }
}
