//! Undoing compression, one file for each kind: bytes in, bytes out, no file in sight.

mod bzip2;
mod gzip;
mod xz;
mod zstd;

use std::io::Read as _;

use super::raw::Raw;
use super::{Broken, Codec};

/// One kind of compression being undone.
pub(super) trait Undo: Send {
    /// Decodes some bytes; none at the end. What was decoded before a break is given first,
    /// the break when nothing else is left. Neither end nor break is asked for twice.
    fn undo(&mut self, raw: &mut Raw, out: &mut [u8]) -> Result<usize, Broken>;
}

/// What undoes a codec.
pub(super) fn undo(codec: Codec) -> Box<dyn Undo> {
    match codec {
        Codec::Plain => Box::new(Plain),
        Codec::Gzip => Box::new(gzip::Gzip::default()),
        Codec::Zstd => Box::new(zstd::Zstd::default()),
        Codec::Bzip2 => Box::new(bzip2::Bzip2::default()),
        Codec::Xz => Box::new(xz::Xz::default()),
    }
}

/// Nothing to undo.
struct Plain;

impl Undo for Plain {
    fn undo(&mut self, raw: &mut Raw, out: &mut [u8]) -> Result<usize, Broken> {
        // `Raw` keeps its failures to itself.
        Ok(raw.read(out).unwrap_or(0))
    }
}
