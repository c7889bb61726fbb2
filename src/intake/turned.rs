//! A file from its last line to its first, in bounded memory: for logs that were written
//! newest first.
//!
//! Such a file is read twice: once from its beginning, to hash it and to count its lines, so
//! that the last one has its number before it is read; then from its end, block by block.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use memchr::{memchr, memchr_iter, memrchr};

use super::blocks::{BLOCK, LONGEST_LINE};
use super::open::Opened;
use super::text::Text;
use super::{Codec, IntakeError};

/// Why a file cannot be read from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OneWay {
    /// It is compressed: its end is known only after all that stands before it, and its text
    /// would have to be laid down on a disk that nobody chose for it.
    Compressed(Codec),
    /// It is UTF-16, which becomes UTF-8 in the stream.
    Utf16,
}

impl OneWay {
    /// What keeps a file that begins so from being read from its end.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match Codec::of(head) {
            Codec::Plain => matches!(Text::of(head), (Text::Utf16(_), _)).then_some(Self::Utf16),
            codec => Some(Self::Compressed(codec)),
        }
    }

    /// What keeps this file from being read from its end. Nothing of one that cannot be
    /// read at all: that is told when it is opened.
    #[must_use]
    pub fn of_file(path: &Path) -> Option<Self> {
        let mut head = Vec::new();
        File::open(path).and_then(|file| file.take(Codec::TELLING as u64).read_to_end(&mut head)).ok()?;
        Self::of(&head)
    }
}

/// A plain file that is read from its end.
pub struct Turned {
    file: File,
    /// Where its text begins, after a byte order mark.
    begin: u64,
    /// Where it ended when its lines were counted.
    end: u64,
    lines: u64,
    digest: (String, u64),
    /// Why it could not be counted to its end.
    failure: Option<io::Error>,
}

impl Turned {
    /// Opens a file, hashes it and counts its lines. `go_on` hears how many bytes were read
    /// and stops that early when it returns false; the file is then of no use.
    ///
    /// # Errors
    /// As [`super::open`]. A file that cannot be read to its end is taken to end there, and
    /// says so when its lines were handed out.
    pub fn open(path: &Path, mut go_on: impl FnMut(usize) -> bool) -> Result<Self, IntakeError> {
        let of = |source| IntakeError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(of)?;
        let mut opened = Opened::new(path, file.try_clone().map_err(of)?)?;
        let (mut piece, mut failure) = (vec![0; BLOCK], None);
        let (mut bytes, mut lines, mut last) = (0_u64, 0_u64, b'\n');
        loop {
            match opened.read(&mut piece) {
                Ok(0) => break,
                Ok(n) => {
                    bytes += n as u64;
                    lines += memchr_iter(b'\n', &piece[..n]).count() as u64;
                    last = piece[n - 1];
                    if !go_on(n) {
                        break;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    failure = Some(e);
                    break;
                }
            }
        }
        let digest = opened.digest();
        let end = digest.1;
        let (begin, lines) = (end.saturating_sub(bytes), lines + u64::from(last != b'\n'));
        Ok(Self { file, begin, end, lines, digest, failure })
    }

    /// How many lines it has.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// SHA-256 (hex) and length of the file, as it was counted.
    #[must_use]
    pub fn digest(&self) -> (String, u64) {
        self.digest.clone()
    }

    /// Hands out blocks of whole lines, the last line of the file first. Of a line that is
    /// longer than a block can be, as much as of one that is read forwards. Stops early when
    /// `take` returns false.
    ///
    /// # Errors
    /// When reading fails, or the file has become shorter; all blocks before were handed out.
    pub fn for_each_block(&mut self, mut take: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
        let (mut lines, mut turned) = (Vec::new(), Vec::new());
        let mut end = self.end;
        while end > self.begin {
            end = self.lines_before(end, &mut lines)?;
            turn(&lines, &mut turned);
            if !take(&turned) {
                return Ok(());
            }
        }
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Whole lines that end there, about a block of them; gives where they begin.
    fn lines_before(&mut self, end: u64, lines: &mut Vec<u8>) -> io::Result<u64> {
        // A line of the longest kind, its end, and that of the line before.
        let most = LONGEST_LINE + 2;
        let mut size = BLOCK;
        loop {
            let from = end.saturating_sub(size as u64).max(self.begin);
            self.read(from, end, lines)?;
            if from == self.begin {
                return Ok(from);
            }
            // The last byte ends the last line.
            if let Some(at) = memchr(b'\n', &lines[..lines.len() - 1]) {
                lines.drain(..=at);
                return Ok(from + at as u64 + 1);
            }
            if size == most {
                let begin = self.begin_of_line(from, lines)?;
                self.read(begin, begin + LONGEST_LINE as u64, lines)?;
                return Ok(begin);
            }
            size = (size * 2).min(most);
        }
    }

    /// Where the line begins that stands at a place.
    fn begin_of_line(&mut self, place: u64, piece: &mut Vec<u8>) -> io::Result<u64> {
        let mut end = place;
        while end > self.begin {
            let from = end.saturating_sub(BLOCK as u64).max(self.begin);
            self.read(from, end, piece)?;
            if let Some(at) = memrchr(b'\n', piece) {
                return Ok(from + at as u64 + 1);
            }
            end = from;
        }
        Ok(self.begin)
    }

    fn read(&mut self, from: u64, to: u64, into: &mut Vec<u8>) -> io::Result<()> {
        // Never more than a block, or the longest line.
        into.resize(usize::try_from(to - from).unwrap_or(usize::MAX), 0);
        self.file.seek(SeekFrom::Start(from))?;
        self.file.read_exact(into).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => {
                io::Error::new(e.kind(), "it became shorter while it was read from its end")
            }
            _ => e,
        })
    }
}

/// The same lines, the last first.
fn turn(lines: &[u8], turned: &mut Vec<u8>) {
    turned.clear();
    let mut end = lines.len();
    while end > 0 {
        let begin = memrchr(b'\n', &lines[..end - 1]).map_or(0, |at| at + 1);
        turned.extend_from_slice(&lines[begin..end]);
        if lines[end - 1] != b'\n' {
            turned.push(b'\n');
        }
        end = begin;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::super::{Lines, for_each_block, open, sha256_hex};
    use super::*;

    /// Length and first bytes of each line, as a reader sees them.
    fn shown(line: &[u8]) -> (usize, Vec<u8>) {
        (line.len(), line[..line.len().min(40)].to_vec())
    }

    /// The lines of a file from its end, their number, and the largest block.
    fn backwards(path: &Path) -> (Vec<(usize, Vec<u8>)>, u64, usize) {
        let mut turned = Turned::open(path, |_| true).expect("opened");
        let (mut found, mut lines, mut largest) = (Vec::new(), Lines::default(), 0);
        let read = turned.for_each_block(|block| {
            largest = largest.max(block.len());
            found.extend(lines.of(block).map(shown));
            true
        });
        read.expect("read");
        (found, turned.lines(), largest)
    }

    fn forwards(path: &Path) -> Vec<(usize, Vec<u8>)> {
        let (mut found, mut lines) = (Vec::new(), Lines::default());
        let read = for_each_block(&mut open(path).expect("opened"), |block| {
            found.extend(lines.of(block).map(shown));
            true
        });
        read.expect("read");
        found
    }

    fn file(text: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        file
    }

    #[test]
    fn the_same_lines_come_from_the_end() {
        let many: String = (0..200_000).map(|n| format!("line {n} {}\n", "x".repeat(n % 90))).collect();
        let long = |length: usize| ["first\n", &"y".repeat(length), "\nlast\n"].concat();
        let mut texts = vec![
            "one".to_owned(),
            "one\n".to_owned(),
            "\n".to_owned(),
            "\n\none\r\n\ntwo, and no end".to_owned(),
            "\u{feff}one\ntwo\n".to_owned(),
            many,
        ];
        for about in [BLOCK, 2 * BLOCK, LONGEST_LINE, 3 * LONGEST_LINE] {
            texts.extend((about - 3..about + 4).map(long));
        }
        for text in texts {
            let file = file(text.as_bytes());
            let (mut found, lines, largest) = backwards(file.path());
            found.reverse();
            assert!(found == forwards(file.path()), "{:?}", text.get(..40));
            assert_eq!(lines, found.len() as u64);
            assert!(largest <= LONGEST_LINE + 2, "{largest}");
        }
    }

    #[test]
    fn the_digest_is_that_of_the_file() {
        let text = "\u{feff}one\ntwo\n".as_bytes();
        let turned = Turned::open(file(text).path(), |_| true).expect("opened");
        assert_eq!(turned.digest(), (sha256_hex(text), text.len() as u64));
    }

    #[test]
    fn a_file_that_became_shorter_is_told() {
        let file = file(b"one\ntwo\n");
        let mut turned = Turned::open(file.path(), |_| true).expect("opened");
        std::fs::write(file.path(), "one\n").expect("written");
        assert!(turned.for_each_block(|_| true).is_err());
    }

    #[test]
    fn what_cannot_be_read_from_its_end_says_why() {
        let rows: [(&[u8], _); 5] = [
            (b"Nov 24", None),
            (b"", None),
            (b"\xef\xbb\xbfNov", None),
            (b"\xff\xfeN\0", Some(OneWay::Utf16)),
            (b"\x1f\x8b\x08", Some(OneWay::Compressed(Codec::Gzip))),
        ];
        for (head, why) in rows {
            assert_eq!(OneWay::of_file(file(head).path()), why, "{head:?}");
        }
    }
}
