//! A large plain file in pieces of whole lines, which are read side by side.
//!
//! The digest goes through a file from its first byte to its last, whoever reads which piece:
//! it is carried along by the piece whose turn it is, and catches up, from what the system still
//! holds in memory, with those that came before their turn.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use memchr::{memchr, memrchr};
use sha2::{Digest as _, Sha256};

use super::open::hex;
use super::{BLOCK, OneWay};

/// How a file begins that is not cut: with what is no part of its first line.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A plain file, cut into pieces.
pub struct Pieces {
    /// Its place is where somebody read last.
    file: Mutex<File>,
    /// Where each piece begins, and where the last ends.
    cuts: Vec<u64>,
    /// Which pieces were read.
    were_read: Vec<AtomicBool>,
    digest: Mutex<Carried>,
}

/// A digest on its way through a file.
struct Carried {
    hash: Sha256,
    /// Bytes that it has gone through.
    bytes: u64,
    /// The piece that is next.
    next: usize,
}

impl Pieces {
    /// Cuts a file into pieces of about so many bytes, at line ends. Nothing of a file that is not larger
    /// than that, cannot be entered in the middle, or cannot be read: why, is told when it is read as a whole.
    #[must_use]
    pub fn of(path: &Path, bytes: u64) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let size = file.metadata().ok()?.len();
        if size <= bytes || bytes == 0 {
            return None;
        }
        let mut head = Vec::new();
        file.by_ref().take(16).read_to_end(&mut head).ok()?;
        if OneWay::of(&head).is_some() || head.starts_with(MARK) {
            return None;
        }
        let cuts = cuts(&mut file, size, size.div_ceil(bytes)).ok()?;
        let were_read = cuts.iter().skip(1).map(|_| AtomicBool::new(false)).collect();
        let digest = Mutex::new(Carried { hash: Sha256::new(), bytes: 0, next: 0 });
        Some(Self { file: Mutex::new(file), cuts, were_read, digest }).filter(|pieces| pieces.count() > 1)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.were_read.len()
    }

    /// A piece, to be read from its beginning to its end.
    #[must_use]
    pub fn piece(&self, n: usize) -> Piece<'_> {
        let turn = self.digest.try_lock().ok().filter(|digest| digest.next == n);
        let hash = turn.as_ref().map(|digest| digest.hash.clone());
        Piece { whole: self, n, rest: self.range(n), turn, hash, read: 0 }
    }

    /// Whole lines that stand at the top of the file, and just before a piece; of each at most
    /// so many bytes, and no line twice.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn lines_before(&self, n: usize, bytes: u64) -> io::Result<[Vec<u8>; 2]> {
        let end = self.range(n).start;
        let (top, start) = (bytes.min(end), end.saturating_sub(bytes).max(bytes.min(end)));
        let mut found = [Vec::new(), Vec::new()];
        for (found, rest) in found.iter_mut().zip([0..top, start..end]) {
            Rest { whole: self, rest }.read_to_end(found)?;
        }
        let [first, last] = &mut found;
        if start > top {
            first.truncate(memrchr(b'\n', first).map_or(0, |at| at + 1));
            last.drain(..memchr(b'\n', last).map_or(last.len(), |at| at + 1));
        } else {
            first.append(last);
        }
        Ok(found)
    }

    /// Takes the digest through the pieces that were read before their turn. Does nothing while
    /// somebody else does.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn catch_up(&self) -> io::Result<()> {
        self.digest.try_lock().map_or(Ok(()), |mut digest| self.go_through(&mut digest))
    }

    /// SHA-256 (hex) and length of all pieces that were read.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn digest(&self) -> io::Result<(String, u64)> {
        let mut digest = self.digest.lock().unwrap_or_else(PoisonError::into_inner);
        self.go_through(&mut digest)?;
        Ok((hex(&digest.hash.clone().finalize()), digest.bytes))
    }

    fn go_through(&self, digest: &mut Carried) -> io::Result<()> {
        let mut buffer = Vec::new();
        while self.were_read.get(digest.next).is_some_and(|read| read.load(Ordering::Acquire)) {
            buffer.resize(BLOCK, 0);
            let mut hash = digest.hash.clone();
            let mut rest = Rest { whole: self, rest: self.range(digest.next) };
            let mut bytes = 0;
            loop {
                let n = rest.read(&mut buffer)?;
                if n == 0 {
                    break;
                }
                hash.update(&buffer[..n]);
                bytes += n as u64;
            }
            digest.go_on(hash, bytes);
        }
        Ok(())
    }

    fn range(&self, n: usize) -> Range<u64> {
        let end = self.cuts.last().copied().unwrap_or_default();
        let at = |n: usize| self.cuts.get(n).copied().unwrap_or(end);
        at(n)..at(n + 1)
    }
}

impl Carried {
    fn go_on(&mut self, hash: Sha256, bytes: u64) {
        self.hash = hash;
        self.bytes += bytes;
        self.next += 1;
    }
}

/// Where so many pieces of one size begin, each at the next line end, and where the last ends.
fn cuts(file: &mut File, size: u64, count: u64) -> io::Result<Vec<u64>> {
    let mut cuts = vec![0];
    let mut buffer = vec![0; 4096];
    for n in 1..count {
        let mut at = (size / count * n).max(cuts.last().copied().unwrap_or_default());
        file.seek(SeekFrom::Start(at))?;
        let end = loop {
            let read = file.read(&mut buffer)?;
            match memchr(b'\n', &buffer[..read]) {
                Some(end) => break at + end as u64 + 1,
                None if read == 0 => break size,
                None => at += read as u64,
            }
        };
        if end >= size {
            break;
        }
        cuts.push(end);
    }
    cuts.push(size);
    cuts.dedup();
    Ok(cuts)
}

/// A piece of a file that is being read.
pub struct Piece<'p> {
    whole: &'p Pieces,
    n: usize,
    rest: Range<u64>,
    /// The digest, where it is this piece's turn to carry it.
    turn: Option<MutexGuard<'p, Carried>>,
    hash: Option<Sha256>,
    read: u64,
}

impl Piece<'_> {
    /// It was read to its end.
    pub fn done(mut self) {
        if let Some((digest, hash)) = self.turn.as_mut().zip(self.hash.take()) {
            digest.go_on(hash, self.read);
        }
        if let Some(was_read) = self.whole.were_read.get(self.n) {
            was_read.store(true, Ordering::Release);
        }
    }
}

impl Read for Piece<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.whole.read_at(&mut self.rest, out)?;
        if let Some(hash) = &mut self.hash {
            hash.update(&out[..n]);
        }
        self.read += n as u64;
        Ok(n)
    }
}

/// A stretch of a file that is looked at again.
struct Rest<'p> {
    whole: &'p Pieces,
    rest: Range<u64>,
}

impl Read for Rest<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.whole.read_at(&mut self.rest, out)
    }
}

impl Pieces {
    /// Reads on in a stretch of the file. A file that was cut short meanwhile ends earlier.
    fn read_at(&self, rest: &mut Range<u64>, out: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(rest.end - rest.start).unwrap_or(usize::MAX).min(out.len());
        let n = {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(rest.start))?;
            file.read(&mut out[..most])?
        };
        rest.start += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::intake::sha256_hex;

    fn written(text: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        file
    }

    fn read(pieces: &Pieces, n: usize) -> Vec<u8> {
        let mut text = Vec::new();
        let mut piece = pieces.piece(n);
        piece.read_to_end(&mut text).expect("read");
        piece.done();
        text
    }

    #[test]
    fn pieces_are_whole_lines_and_all_of_the_file() {
        let text: String = (0..1000).map(|n| format!("line {n}\n")).collect();
        for (text, bytes) in [(text.as_str(), 700), (text.as_str(), 7), (text.trim_end(), 5000), ("\n\n\n\n", 1)] {
            let pieces = Pieces::of(written(text.as_bytes()).path(), bytes).expect("pieces");
            let found: Vec<_> = (0..pieces.count()).map(|n| read(&pieces, n)).collect();
            assert!(found.len() > 1 && found.concat() == text.as_bytes(), "{bytes}: {}", found.len());
            assert!(found[..found.len() - 1].iter().all(|piece| piece.ends_with(b"\n")), "{bytes}");
        }
    }

    #[test]
    fn the_digest_is_that_of_the_file_in_whatever_order_its_pieces_are_read() {
        let text: String = (0..1000).map(|n| format!("line {n}\n")).collect();
        let expected = (sha256_hex(text.as_bytes()), text.len() as u64);
        let file = written(text.as_bytes());
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 0, 1, 3]] {
            let pieces = Pieces::of(file.path(), text.len() as u64 / 4 + 1).expect("pieces");
            assert_eq!(pieces.count(), 4);
            for n in order {
                read(&pieces, n);
                pieces.catch_up().expect("read");
            }
            assert_eq!(pieces.digest().expect("read"), expected, "{order:?}");
        }
    }

    #[test]
    fn the_lines_before_a_piece_are_whole() {
        let text: String = (0..100).map(|n| format!("line {n:02}\n")).collect();
        let pieces = Pieces::of(written(text.as_bytes()).path(), 100).expect("pieces");
        let first = read(&pieces, 0);
        let [top, before] = pieces.lines_before(1, 20).expect("read");
        assert_eq!((&top[..], &before[..]), (&first[..16], &first[first.len() - 16..]));
        for bytes in [60, first.len() as u64, 1 << 20] {
            assert_eq!(pieces.lines_before(1, bytes).expect("read").concat(), first, "{bytes}");
        }
    }

    #[test]
    fn what_cannot_be_entered_is_not_cut() {
        for text in [
            &b"\x1f\x8b\x08\0aaaa\nbbbb\n"[..],
            b"\xff\xfea\0\n\0b\0\n\0",
            b"\xef\xbb\xbfa\nb\nc\n",
            b"one line without an end",
        ] {
            assert!(Pieces::of(written(text).path(), 4).is_none(), "{text:?}");
        }
        assert!(Pieces::of(written(b"a\nb\n").path(), 4).is_none());
        assert!(Pieces::of(Path::new("/nowhere/mail.log"), 4).is_none());
    }
}
