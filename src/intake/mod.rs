//! Bytes to records: what is in the folder, how it is opened, what was skipped and why.
//!
//! - `source` lists regular files in a fixed order and names them as exhibits; `walk` goes
//!   through the folders.
//! - `open` undoes compression in the stream and hashes what was read: `raw` bytes, told
//!   apart by `codec`, undone by `undo`, turned away by `refuse` where they are no text,
//!   and given as UTF-8 by `text`.
//! - `blocks` hands out whole lines from a reused buffer, `ahead` from a thread of its own.
//! - `places` looks into the middle of a file, `pieces` cuts one at line ends.
//! - `turned` reads a file from its last line to its first; `way` hides which of the two it is.

mod ahead;
mod blocks;
mod codec;
mod error;
mod open;
mod pieces;
mod places;
mod raw;
mod refuse;
mod source;
mod text;
mod turned;
mod undo;
mod walk;
mod way;

pub use blocks::{BLOCK, Lines, for_each_block, lines_of};
pub use codec::Codec;
pub use error::{Broken, IntakeError};
pub use open::{Opened, head_of, open, sha256_hex};
pub use pieces::{Piece, Pieces};
pub use places::places_of;
pub use source::{Exhibit, Gathered, Skipped, Source, gather};
pub use turned::{OneWay, Turned};
pub use way::Way;
