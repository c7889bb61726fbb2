//! Words, rendered only from a release.
