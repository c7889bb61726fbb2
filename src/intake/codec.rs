//! How a file is compressed, by its first bytes and never by its name.

/// The compressions that are undone in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// None.
    Plain,
    /// gzip (RFC 1952), several members included.
    Gzip,
    /// Zstandard (RFC 8878), several frames included.
    Zstd,
    /// bzip2, several streams included.
    Bzip2,
    /// xz, several streams included.
    Xz,
}

impl Codec {
    /// How many bytes tell.
    pub(super) const TELLING: usize = 6;

    /// The codec of a file that begins so.
    pub(super) const fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // The second is a skippable frame, with which pzstd begins.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            _ => Self::Plain,
        }
    }

    /// `plain`, `gzip`, `zstd`, `bzip2`, `xz`: also the tool that undoes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }
}
