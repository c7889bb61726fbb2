//! Pictures, drawn only from a release.
