//! xz: streams one after another, with padding between them.
//!
//! Of a stream that breaks off, what its last 20 compressed bytes hold is not given: the
//! decoder waits for as many before it decodes a symbol.

use std::io::ErrorKind;

use lzma_rust2::{Action, Status, XzStream};

use super::super::raw::Raw;
use super::{Broken, Undo};

/// A dictionary of 128 MiB (`xz -9` takes 64) and what the decoder needs beside it.
const MOST_KIB: u32 = 129 * 1024;

pub(super) struct Xz {
    streams: XzStream,
    broken: Option<Broken>,
}

impl Default for Xz {
    fn default() -> Self {
        Self { streams: XzStream::new_mem_limit(true, MOST_KIB), broken: None }
    }
}

impl Undo for Xz {
    fn undo(&mut self, raw: &mut Raw, out: &mut [u8]) -> Result<usize, Broken> {
        loop {
            if let Some(broken) = self.broken {
                return Err(broken);
            }
            let (read, written) = (self.streams.total_in(), self.streams.total_out());
            let input = raw.fill();
            let ended = input.is_empty();
            let result = self.streams.process(input, out, if ended { Action::Finish } else { Action::Run });
            let used = (self.streams.total_in() - read) as usize;
            let given = (self.streams.total_out() - written) as usize;
            raw.consume(used);
            match result {
                Ok(step) if step.status == Status::StreamEnd && given == 0 => return Ok(0),
                // Without progress there will be none: a stream that waits for what never comes.
                Ok(_) if given == 0 && used == 0 => self.broken = Some(Broken::Cut),
                Ok(_) => {}
                Err(e) => {
                    self.broken = Some(match e.kind() {
                        ErrorKind::OutOfMemory => Broken::MEMORY,
                        ErrorKind::Unsupported => Broken::Needs { what: "a filter or check that only xz knows" },
                        // Half a header or half a padding is wrong only because it ends.
                        _ if ended => Broken::Cut,
                        _ => Broken::Damaged { at: raw.at() },
                    });
                }
            }
            if given > 0 {
                return Ok(given);
            }
        }
    }
}
