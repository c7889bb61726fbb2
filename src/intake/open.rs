//! Opening a file: compression undone in the stream, the raw bytes hashed as they pass.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::raw::Raw;
use super::refuse::refuse;
use super::text::Text;
use super::undo::{Undo, undo};
use super::{Broken, Codec, IntakeError};

/// How many decompressed bytes tell what a file is: a tar header.
const TELLING: usize = 512;

/// An opened file: decompressed text to read as UTF-8, and what passed below it.
pub struct Opened {
    /// How it is compressed.
    pub codec: Codec,
    stream: Stream,
    text: Text,
}

impl Read for Opened {
    /// # Errors
    /// When the system refuses, or with a [`Broken`] inside when an archive gives no more.
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.text.read(&mut self.stream, buf)
    }
}

impl Opened {
    pub(super) fn new(path: &Path, raw: impl Read + Send + 'static) -> Result<Self, IntakeError> {
        Self::of(path, Raw::new(raw))
    }

    fn of(path: &Path, mut raw: Raw) -> Result<Self, IntakeError> {
        let codec = Codec::of(raw.peek(Codec::TELLING));
        let mut stream = Stream { undo: undo(codec), raw, head: Vec::new(), given: 0, ended: None };
        stream.look(TELLING).map_err(|source| IntakeError::Io { path: path.to_owned(), source })?;
        refuse(path, codec, &stream.head)?;
        let (text, mark) = Text::of(&stream.head);
        stream.given = mark;
        Ok(Self { codec, stream, text })
    }

    /// SHA-256 (hex) and length of the raw bytes read so far: of the whole file,
    /// once it was read to its end or to where it breaks.
    #[must_use]
    pub fn digest(&self) -> (String, u64) {
        let (hash, bytes) = self.stream.raw.digest();
        (hex(&hash.finalize()), bytes)
    }
}

/// Decompressed bytes, the first of them looked at before they are given.
struct Stream {
    raw: Raw,
    undo: Box<dyn Undo>,
    head: Vec<u8>,
    /// How many bytes of the head were given.
    given: usize,
    ended: Option<Result<(), Broken>>,
}

impl Stream {
    /// Decodes a head to look at. A break comes when all before it was given.
    fn look(&mut self, limit: usize) -> io::Result<()> {
        let mut head = vec![0; limit];
        let mut got = 0;
        while got < limit {
            match self.decode(&mut head[got..]) {
                Ok(0) => break,
                Ok(n) => got += n,
                Err(e) if Broken::of(&e).is_some() => break,
                Err(e) => return Err(e),
            }
        }
        head.truncate(got);
        self.head = head;
        Ok(())
    }

    fn decode(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ended.is_none() {
            let decoded = self.undo.undo(&mut self.raw, out);
            if let Ok(1..) = decoded {
                return Ok(decoded?);
            }
            if let Some(refused) = self.raw.failure() {
                return Err(refused);
            }
            // The digest is that of the whole file, however much of it could be decoded.
            self.raw.drain();
            self.ended = Some(decoded.map(|_| ()));
        }
        self.ended.unwrap_or(Ok(())).map_or_else(|broken| Err(broken.into()), |()| Ok(0))
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let head = &self.head[self.given..];
        if head.is_empty() {
            return self.decode(out);
        }
        let n = head.len().min(out.len());
        out[..n].copy_from_slice(&head[..n]);
        self.given += n;
        Ok(n)
    }
}

/// Opens a file for reading, whatever its name says.
///
/// # Errors
/// When it cannot be read, or is an archive of files, a compression that is not built in
/// or a binary file; the error then names the command that helps. A compressed file that
/// breaks off opens: what it holds can be read.
pub fn open(path: &Path) -> Result<Opened, IntakeError> {
    Opened::new(path, file(path)?)
}

fn file(path: &Path) -> Result<File, IntakeError> {
    File::open(path).map_err(|source| IntakeError::Io { path: path.to_owned(), source })
}

/// The first decompressed bytes of a file, at most `limit`, and whether that is all of it.
///
/// # Errors
/// As [`open`]; a file that breaks off gives what came before, and fails when that is nothing.
pub fn head_of(path: &Path, limit: usize) -> Result<(Vec<u8>, bool), IntakeError> {
    let mut opened = Opened::of(path, Raw::new(file(path)?).unhashed())?;
    let mut head = vec![0; limit];
    let mut got = 0;
    while got < limit {
        match opened.read(&mut head[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => match Broken::of(&source) {
                Some(_) if got > 0 => break,
                Some(broken) => return Err(IntakeError::Broken { path: path.to_owned(), broken }),
                None => return Err(IntakeError::Io { path: path.to_owned(), source }),
            },
        }
    }
    head.truncate(got);
    Ok((head, got < limit))
}

/// SHA-256 of bytes, as lower-case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = write!(text, "{b:02x}");
        text
    })
}
