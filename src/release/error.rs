//! Why nothing may be released.

use thiserror::Error;

use super::notes::NoteFault;
use super::redactor::Collision;

/// Why nothing may be released.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReleaseError {
    /// Two values would share a token.
    #[error(transparent)]
    Collision(#[from] Collision),
    /// The user's note holds what its reader may not see.
    #[error(transparent)]
    Note(#[from] NoteFault),
}
