//! bzip2: streams one after another, as `pbzip2` and `cat` make them.

use bzip2::{Decompress, Status};

use super::super::raw::Raw;
use super::{Broken, Undo};

#[derive(Default)]
pub(super) struct Bzip2 {
    place: Place,
}

#[derive(Default)]
enum Place {
    #[default]
    Between,
    Inside(Decompress),
    Broken(Broken),
}

impl Undo for Bzip2 {
    fn undo(&mut self, raw: &mut Raw, out: &mut [u8]) -> Result<usize, Broken> {
        loop {
            match &mut self.place {
                Place::Broken(broken) => return Err(*broken),
                Place::Between => {
                    raw.skip_zeros();
                    if raw.fill().is_empty() {
                        return Ok(0);
                    }
                    self.place = Place::Inside(Decompress::new(false));
                }
                Place::Inside(stream) => {
                    let (read, written) = (stream.total_in(), stream.total_out());
                    let input = raw.fill();
                    let ended = input.is_empty();
                    let status = stream.decompress(input, out);
                    raw.consume((stream.total_in() - read) as usize);
                    let given = (stream.total_out() - written) as usize;
                    match status {
                        Err(_) | Ok(Status::MemNeeded) => {
                            self.place = Place::Broken(Broken::Damaged { at: raw.at() });
                        }
                        Ok(Status::StreamEnd) => self.place = Place::Between,
                        Ok(_) if ended && given == 0 => self.place = Place::Broken(Broken::Cut),
                        Ok(_) => {}
                    }
                    if given > 0 {
                        return Ok(given);
                    }
                }
            }
        }
    }
}
