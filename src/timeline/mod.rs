//! Counts and metrics on one per-minute grid.
