//! CSV tables, written only from a release.
