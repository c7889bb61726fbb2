//! gzip (RFC 1952): members one after another, zeros after the last.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::super::raw::Raw;
use super::{Broken, Undo};

const MAGIC: [u8; 2] = [0x1f, 0x8b];

// Flags of a member's header.
const HAS_CRC: u8 = 2;
const HAS_EXTRA: u8 = 4;
const HAS_NAME: u8 = 8;
const HAS_COMMENT: u8 = 16;

pub(super) struct Gzip {
    inflate: Decompress,
    crc: Crc,
    place: Place,
}

#[derive(Clone, Copy)]
enum Place {
    Between,
    Inside,
    Broken(Broken),
}

impl Default for Gzip {
    fn default() -> Self {
        Self { inflate: Decompress::new(false), crc: Crc::new(), place: Place::Between }
    }
}

impl Undo for Gzip {
    fn undo(&mut self, raw: &mut Raw, out: &mut [u8]) -> Result<usize, Broken> {
        loop {
            let given = match self.place {
                Place::Broken(broken) => return Err(broken),
                Place::Between if !begin(raw)? => return Ok(0),
                Place::Between => {
                    self.inflate.reset(false);
                    self.crc.reset();
                    self.place = Place::Inside;
                    0
                }
                Place::Inside => self.inflate(raw, out),
            };
            if given > 0 {
                return Ok(given);
            }
        }
    }
}

impl Gzip {
    /// Inflates a piece; what it gave before a break counts.
    fn inflate(&mut self, raw: &mut Raw, out: &mut [u8]) -> usize {
        let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
        let input = raw.fill();
        let ended = input.is_empty();
        let status = self.inflate.decompress(input, out, FlushDecompress::None);
        raw.consume((self.inflate.total_in() - read) as usize);
        let given = (self.inflate.total_out() - written) as usize;
        self.crc.update(&out[..given]);
        match status {
            Err(_) => self.place = Place::Broken(Broken::Damaged { at: raw.at() }),
            Ok(Status::StreamEnd) => {
                self.place = end(raw, &self.crc).map_or_else(Place::Broken, |()| Place::Between);
            }
            Ok(_) if ended && given == 0 => self.place = Place::Broken(Broken::Cut),
            Ok(_) => {}
        }
        given
    }
}

/// Reads a member's header; false at the end of the file.
fn begin(raw: &mut Raw) -> Result<bool, Broken> {
    raw.skip_zeros();
    let at = raw.at();
    let magic = raw.peek(MAGIC.len());
    if magic.is_empty() {
        return Ok(false);
    }
    if !MAGIC.starts_with(magic) {
        return Err(Broken::Damaged { at });
    }
    let [_, _, method, flags, ..] = raw.take::<10>()?;
    // Deflate is the only method that RFC 1952 knows; the upper flags are reserved.
    if method != 8 || flags & 0xe0 != 0 {
        return Err(Broken::Damaged { at });
    }
    if flags & HAS_EXTRA != 0 {
        let length = u16::from_le_bytes(raw.take()?);
        raw.skip(u64::from(length))?;
    }
    for text in [HAS_NAME, HAS_COMMENT] {
        if flags & text != 0 {
            while raw.take::<1>()? != [0] {}
        }
    }
    if flags & HAS_CRC != 0 {
        raw.skip(2)?;
    }
    Ok(true)
}

/// Reads a member's end: checksum and length of what was given.
fn end(raw: &mut Raw, crc: &Crc) -> Result<(), Broken> {
    let sum = u32::from_le_bytes(raw.take()?);
    let length = u32::from_le_bytes(raw.take()?);
    if sum == crc.sum() && length == crc.amount() { Ok(()) } else { Err(Broken::Damaged { at: raw.at() }) }
}
