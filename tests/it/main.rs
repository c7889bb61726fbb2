//! One binary for all integration tests: each file here has the name of what it holds to account.

#![expect(clippy::expect_used, reason = "a test that cannot read its data must stop")]
#![expect(clippy::print_stdout, reason = "a test that skips says so")]

mod behaviours;
mod by_time;
mod canaries;
mod cases;
mod clocks;
mod commands;
mod determinism;
mod doubts;
mod faults;
mod house;
mod intake;
mod laws;
mod limits;
mod logs;
mod many;
mod mappings;
mod measured_logs;
mod metrics;
mod minutes;
mod offsets;
mod overlap;
mod partials;
mod patterns;
mod producers;
mod recordings;
mod reversals;
mod small;
mod snapshots;
mod templates;
mod texts;
mod told_twice;
mod truth;
mod turned;
mod survivors;
mod transcripts;
mod verify;
mod waits;
mod window;
mod wrappings;
