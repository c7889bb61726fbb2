//! Why nothing may be released.

use thiserror::Error;

use super::redactor::Collision;

/// Why nothing may be released.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReleaseError {
    /// Two values would share a token.
    #[error(transparent)]
    Collision(#[from] Collision),
}
