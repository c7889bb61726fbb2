//! Opening a file: compression undone in the stream, the raw bytes hashed as they pass.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::{Arc, Mutex};

use flate2::read::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use super::IntakeError;

/// How a file is compressed, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    Plain,
    /// gzip (RFC 1952), several members included.
    Gzip,
    /// Zstandard (RFC 8878), several frames included.
    Zstd,
}

impl Codec {
    /// `plain`, `gzip`, `zstd`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// An opened file: decompressed bytes to read, and what passed below them.
pub struct Opened {
    /// How it is compressed.
    pub codec: Codec,
    reader: Box<dyn Read + Send>,
    raw: Arc<Mutex<Raw>>,
}

#[derive(Default)]
struct Raw {
    hash: Sha256,
    bytes: u64,
}

impl Read for Opened {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buf)
    }
}

impl Opened {
    /// SHA-256 (hex) and length of the raw bytes read so far: of the whole file,
    /// once it was read to its end.
    #[must_use]
    pub fn digest(&self) -> (String, u64) {
        self.raw.lock().map_or_else(|_| (String::new(), 0), |raw| (hex(&raw.hash.clone().finalize()), raw.bytes))
    }
}

struct Hashing<R> {
    inner: R,
    raw: Arc<Mutex<Raw>>,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        if let Ok(mut raw) = self.raw.lock() {
            raw.hash.update(&buf[..n]);
            raw.bytes += n as u64;
        }
        Ok(n)
    }
}

/// Opens a file for reading, whatever its name says.
///
/// # Errors
/// When it cannot be read, or is an archive or a compression that is not built in;
/// the error then names the command that helps.
pub fn open(path: &Path) -> Result<Opened, IntakeError> {
    let io = |source| IntakeError::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let mut magic = [0_u8; 265];
    let got = read_full(&mut file, &mut magic).map_err(io)?;
    refuse_archives(path, &magic[..got])?;
    let raw = Arc::new(Mutex::new(Raw::default()));
    let all = io::Cursor::new(magic[..got].to_vec()).chain(file);
    let hashing = Hashing { inner: all, raw: Arc::clone(&raw) };
    let (codec, reader): (_, Box<dyn Read + Send>) = match &magic[..got] {
        [0x1f, 0x8b, ..] => (Codec::Gzip, Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, hashing)))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => (Codec::Zstd, Box::new(Frames::new(hashing))),
        _ => (Codec::Plain, Box::new(hashing)),
    };
    Ok(Opened { codec, reader, raw })
}

/// The first decompressed bytes of a file, at most `limit`, and whether that is all of it.
///
/// # Errors
/// As [`open`]; a file that breaks off gives what came before.
pub fn head_of(path: &Path, limit: usize) -> Result<(Vec<u8>, bool), IntakeError> {
    let mut opened = open(path)?;
    let mut head = vec![0; limit];
    let mut got = 0;
    while got < limit {
        match opened.read(&mut head[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            // A truncated archive still has a head.
            Err(_) if got > 0 => break,
            Err(source) => return Err(IntakeError::Io { path: path.to_owned(), source }),
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = write!(text, "{b:02x}");
        text
    })
}

fn refuse_archives(path: &Path, magic: &[u8]) -> Result<(), IntakeError> {
    let shown = path.display();
    let archive = |kind, command| Err(IntakeError::Archive { path: path.to_owned(), kind, command });
    let compression = |kind, command| Err(IntakeError::Compression { path: path.to_owned(), kind, command });
    match magic {
        [b'P', b'K', 3, 4, ..] => archive("zip", format!("unzip {shown} -d logs/")),
        m if m.get(257..262) == Some(b"ustar") => archive("tar", format!("tar -xf {shown} -C logs/")),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => compression("bzip2", format!("bunzip2 -k {shown}")),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => compression("xz", format!("unxz -k {shown}")),
        // sa_common.h: SYSSTAT_MAGIC 0xd596, little-endian.
        [0x96, 0xd5, 0x75 | 0x71 | 0x70, 0x21, ..] => Err(IntakeError::SysstatBinary { path: path.to_owned() }),
        _ => Ok(()),
    }
}

fn read_full(reader: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buf.len() {
        match reader.read(&mut buf[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(got)
}

/// Zstandard frames one after another, as log shippers append them; an open last
/// frame gives what it holds.
struct Frames<R: Read> {
    state: FrameState<R>,
}

enum FrameState<R: Read> {
    Between(BufReader<R>),
    Inside(Box<ruzstd::decoding::StreamingDecoder<BufReader<R>, ruzstd::decoding::FrameDecoder>>),
    Done,
}

impl<R: Read> Frames<R> {
    fn new(inner: R) -> Self {
        Self { state: FrameState::Between(BufReader::with_capacity(1 << 16, inner)) }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        use std::io::BufRead as _;
        loop {
            match std::mem::replace(&mut self.state, FrameState::Done) {
                FrameState::Done => return Ok(0),
                FrameState::Between(mut reader) => {
                    if reader.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    let decoder = ruzstd::decoding::StreamingDecoder::new(reader)
                        .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e.to_string()))?;
                    self.state = FrameState::Inside(Box::new(decoder));
                }
                FrameState::Inside(mut decoder) => match decoder.read(buf)? {
                    0 => self.state = FrameState::Between(decoder.into_inner()),
                    n => {
                        self.state = FrameState::Inside(decoder);
                        return Ok(n);
                    }
                },
            }
        }
    }
}
