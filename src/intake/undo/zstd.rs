//! Zstandard (RFC 8878): frames one after another, as log shippers append them.
//!
//! The last frame may be open: the segment KumoMTA is writing, a copy of a live file.

use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::super::raw::Raw;
use super::{Broken, Undo};

/// An empty last block and room for a checksum. The decoder keeps back a window of what it
/// decoded until a frame ends; this ends a frame that does not.
const CLOSING: &[u8] = &[1, 0, 0, 0, 0, 0, 0];

#[derive(Default)]
pub(super) struct Zstd {
    frames: Box<FrameDecoder>,
    place: Place,
}

#[derive(Clone, Copy, Default)]
enum Place {
    #[default]
    Between,
    Inside,
    /// Gives what the decoder keeps back, then the break.
    Broken(Broken),
}

impl Undo for Zstd {
    fn undo(&mut self, raw: &mut Raw, out: &mut [u8]) -> Result<usize, Broken> {
        loop {
            let given = match self.place {
                Place::Between => 0,
                // Reading decoded bytes from memory does not fail.
                Place::Inside | Place::Broken(_) => std::io::Read::read(&mut *self.frames, out).unwrap_or(0),
            };
            if given > 0 {
                return Ok(given);
            }
            match self.place {
                Place::Broken(broken) => return Err(broken),
                Place::Between => {
                    if !self.begin(raw)? {
                        return Ok(0);
                    }
                    self.place = Place::Inside;
                }
                Place::Inside if self.frames.is_finished() => {
                    let intact = self.frames.get_checksum_from_data().is_none_or(|stated| {
                        self.frames.get_calculated_checksum().is_none_or(|calculated| stated == calculated)
                    });
                    self.place = if intact { Place::Between } else { Place::Broken(Broken::Damaged { at: raw.at() }) };
                }
                Place::Inside => self.decode(raw),
            }
        }
    }
}

impl Zstd {
    /// Decodes one block.
    fn decode(&mut self, raw: &mut Raw) {
        let at = raw.at();
        if self.frames.decode_blocks(&mut *raw, BlockDecodingStrategy::UptoBlocks(1)).is_err() {
            self.place = Place::Broken(if raw.is_short() { Broken::Cut } else { Broken::Damaged { at } });
            // Where even this fails, nothing is given that was kept back.
            let _ = self.frames.decode_blocks(CLOSING, BlockDecodingStrategy::UptoBlocks(1));
        }
    }

    /// Reads the header of the next frame that holds data; false at the end of the file.
    fn begin(&mut self, raw: &mut Raw) -> Result<bool, Broken> {
        loop {
            raw.skip_zeros();
            let at = raw.at();
            match *raw.peek(4) {
                [] => return Ok(false),
                [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                    // A skippable frame, as pzstd writes them.
                    raw.consume(4);
                    let length = u32::from_le_bytes(raw.take()?);
                    raw.skip(u64::from(length))?;
                }
                [0x28, 0xb5, 0x2f, 0xfd] => {
                    return match self.frames.reset(&mut *raw) {
                        Ok(()) => Ok(true),
                        Err(FrameDecoderError::WindowSizeTooBig { .. }) => Err(Broken::MEMORY),
                        Err(FrameDecoderError::DictNotProvided { .. }) => Err(Broken::Needs { what: "a dictionary" }),
                        Err(_) if raw.is_short() => Err(Broken::Cut),
                        Err(_) => Err(Broken::Damaged { at }),
                    };
                }
                [_, _, _, _] => return Err(Broken::Damaged { at }),
                _ => return Err(Broken::Cut),
            }
        }
    }
}
