//! casefile turns the evidence of a mail incident into two bundles that
//! strangers can trust: one for the ESP or host, one for Google.
//!
//! The rooms below stand in the order in which the work happens, and a room
//! uses only rooms listed before it. A test reads this file and fails on an
//! upward import, so the order is the architecture.
//!
//! ```text
//! case ─▶ intake ─▶ formats ─▶ scan ─▶ timeline ─▶ findings ─▶ release ─▶ charts · narrative · tables ─▶ bundle
//! ```

// Ground floor: words that everyone uses.
// Minutes, windows, zones and stamps: one UTC clock.
pub mod time;
// Outcomes, stages, replies and what they mean, lanes.
pub mod smtp;

// First floor: the question.
// What is asked: case.yaml as typed, then as meant, with all problems at once.
pub mod case;

// Second floor: the evidence.
// Bytes to records: sources, decompression, what was skipped and why.
pub mod intake;
// Records to events: one file for each format of logs, metrics, transcripts, snapshots and minutes.
pub mod formats;

// Third floor: counting.
// Events to counts that merge by addition, in any order and any split.
pub mod scan;

// Fourth floor: the grid.
// Counts and metrics on one per-minute grid, where no data is not zero.
pub mod timeline;

// Fifth floor: the meaning.
// First, peak and recovery minutes, session order, causes: facts with their evidence.
pub mod findings;

// Sixth floor: who may see it. Nothing above this line can name an unredacted type.
// What one reader may see: the only door to the floors above.
pub mod release;

// Seventh floor: how it is shown.
// Pictures, drawn only from a release.
pub mod charts;
// Words, rendered only from a release.
pub mod narrative;
// CSV tables, written only from a release.
pub mod tables;

// Eighth floor: what leaves the house.
// Entries, manifest, leak gate, zip, publishing and verifying.
pub mod bundle;

// Roof: where people come in.
// Arguments, commands, every printed sentence, exit codes.
pub mod desk;
