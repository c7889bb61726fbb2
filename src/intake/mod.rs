//! Bytes to records: what is in the folder, how it is opened, what was skipped and why.
//!
//! - `source` lists regular files in a fixed order and names them as exhibits.
//! - `open` undoes compression in the stream and hashes what was read.
//! - `blocks` hands out whole lines from a reused buffer.

mod blocks;
mod error;
mod open;
mod source;

pub use blocks::{BLOCK, for_each_block, lines_of};
pub use error::IntakeError;
pub use open::{Codec, Opened, head_of, open, sha256_hex};
pub use source::{Exhibit, Gathered, Skipped, Source, gather};
