//! One binary for all integration tests: each file here has the name of what it holds to account.

#![expect(clippy::expect_used, reason = "a test that cannot read its data must stop")]

mod behaviours;
mod cases;
mod clocks;
mod commands;
mod house;
mod intake;
mod laws;
mod logs;
mod mappings;
mod measured_logs;
mod metrics;
mod minutes;
mod offsets;
mod overlap;
mod recordings;
mod reversals;
mod snapshots;
mod told_twice;
mod truth;
mod turned;
mod transcripts;
mod wrappings;
