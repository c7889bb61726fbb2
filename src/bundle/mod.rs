//! What leaves the house: entries, manifest, leak gate, zip, publishing, verifying.
//!
//! - `entry` checks names; `bag` makes a BagIt 1.0 bag of the entries.
//! - `archive` writes the zip, byte for byte the same for the same entries.
//! - `gate` reads the finished bytes for leaks. It shares nothing with the redactor.
//! - `asked` tells the gate what the redactor learnt.
//! - `publish` writes aside, re-reads, and renames: the old file or the new one, never half.
//! - `verify` judges a bundle from its own words, also one that others packed again.

mod archive;
mod asked;
mod bag;
mod contents;
mod entry;
mod error;
mod gate;
mod publish;
mod verify;

pub use archive::{read_zip, write_zip};
pub use bag::{BagInfo, bag, hex, unhex};
pub use contents::{ContentsError, Drawings, contents, facts_json, figures};
pub use entry::Entry;
pub use error::BundleError;
pub use gate::{Forbidden, Gate, Hit, Stands};
pub use publish::{ASIDE, Staged, publish, room_for, stage};
pub use verify::{Fault, Secrets, Verified, audience_of, bundle_files, inconsistency, verify};
