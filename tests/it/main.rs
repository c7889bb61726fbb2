//! One binary for all integration tests: each file here has the name of what it holds to account.

#![expect(clippy::expect_used, reason = "a test that cannot read its data must stop")]

mod cases;
mod house;
mod logs;
mod snapshots;
mod truth;
