//! The raw bytes of a file on their way in: buffered, counted, hashed.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::Broken;

/// Compressed bytes read at a time.
const PIECE: usize = 64 * 1024;

/// A file as decoders see it: bytes that end. Whether they end because reading failed
/// is kept for [`Raw::failure`], so that a decoder need not tell the two apart.
pub(super) struct Raw {
    source: Box<dyn Read + Send>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    hash: Sha256,
    /// Whether anybody will ask for the digest.
    hashed: bool,
    read: u64,
    short: bool,
    failure: Option<io::Error>,
}

impl Raw {
    pub(super) fn new(source: impl Read + Send + 'static) -> Self {
        Self {
            source: Box::new(source),
            buffer: vec![0; PIECE].into_boxed_slice(),
            start: 0,
            end: 0,
            hash: Sha256::new(),
            hashed: true,
            read: 0,
            short: false,
            failure: None,
        }
    }

    /// The same, without a digest: nobody asks for that of a head.
    pub(super) fn unhashed(self) -> Self {
        Self { hashed: false, ..self }
    }

    /// The bytes at hand; none only at the end.
    pub(super) fn fill(&mut self) -> &[u8] {
        if self.start == self.end {
            self.more();
        }
        &self.buffer[self.start..self.end]
    }

    /// The next bytes, at most `n` and fewer only at the end; they stay where they are.
    pub(super) fn peek(&mut self, n: usize) -> &[u8] {
        while self.end - self.start < n && self.more() {}
        &self.buffer[self.start..self.end.min(self.start + n)]
    }

    /// Goes past bytes that [`Raw::fill`] or [`Raw::peek`] showed.
    pub(super) fn consume(&mut self, n: usize) {
        self.start = self.end.min(self.start + n);
    }

    /// The next `N` bytes.
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let bytes = *self.peek(N).first_chunk().ok_or(Broken::Cut)?;
        self.consume(N);
        Ok(bytes)
    }

    /// Goes past `n` bytes.
    pub(super) fn skip(&mut self, n: u64) -> Result<(), Broken> {
        let mut left = n;
        while left > 0 {
            let at_hand = self.fill().len();
            if at_hand == 0 {
                return Err(Broken::Cut);
            }
            let step = usize::try_from(left).unwrap_or(usize::MAX).min(at_hand);
            self.consume(step);
            left -= step as u64;
        }
        Ok(())
    }

    /// Goes past zero bytes: tapes, block devices and file systems after a crash pad with them.
    pub(super) fn skip_zeros(&mut self) {
        loop {
            let at_hand = self.fill();
            let zeros = at_hand.iter().take_while(|b| **b == 0).count();
            let all = zeros == at_hand.len();
            self.consume(zeros);
            if zeros == 0 || !all {
                return;
            }
        }
    }

    /// Goes to the end, so that the digest is that of the whole file.
    pub(super) fn drain(&mut self) {
        loop {
            let n = self.fill().len();
            if n == 0 {
                return;
            }
            self.consume(n);
        }
    }

    /// How many bytes were gone past.
    pub(super) fn at(&self) -> u64 {
        self.read - (self.end - self.start) as u64
    }

    /// Whether more bytes were asked for than there are.
    pub(super) fn is_short(&self) -> bool {
        self.short
    }

    /// Why the system gave no more, once.
    pub(super) fn failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// SHA-256 and number of the bytes read so far.
    pub(super) fn digest(&self) -> (Sha256, u64) {
        (self.hash.clone(), self.read)
    }

    /// Reads more behind what is at hand; false at the end.
    fn more(&mut self) -> bool {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let n = self.system_read(self.end);
        if self.hashed {
            self.hash.update(&self.buffer[self.end..self.end + n]);
        }
        self.end += n;
        n > 0
    }

    fn system_read(&mut self, from: usize) -> usize {
        let n = read_some(&mut self.source, &mut self.buffer[from..], &mut self.failure);
        self.read += n as u64;
        self.short |= n == 0;
        n
    }
}

impl Read for Raw {
    /// Never fails: see [`Raw::failure`].
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end && out.len() >= PIECE {
            // Large reads go straight through.
            let n = read_some(&mut self.source, out, &mut self.failure);
            if self.hashed {
                self.hash.update(&out[..n]);
            }
            self.read += n as u64;
            self.short |= n == 0;
            return Ok(n);
        }
        let at_hand = self.fill();
        let n = at_hand.len().min(out.len());
        out[..n].copy_from_slice(&at_hand[..n]);
        self.consume(n);
        Ok(n)
    }
}

fn read_some(source: &mut impl Read, out: &mut [u8], failure: &mut Option<io::Error>) -> usize {
    loop {
        match source.read(out) {
            Ok(n) => return n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                *failure = Some(e);
                return 0;
            }
        }
    }
}
