//! Files that are no text yet, by their first bytes, with the command that makes them text.

use std::path::Path;

use super::{Codec, IntakeError};

/// Refuses what is no text: `head` are the first decompressed bytes of a file compressed so.
///
/// # Errors
/// For an archive of files, a compression that is not built in or lies inside another, and
/// binary files of tools whose text form we read.
pub(super) fn refuse(path: &Path, codec: Codec, head: &[u8]) -> Result<(), IntakeError> {
    let (tool, file) = (codec.word(), quoted(path));
    let layer = (codec != Codec::Plain).then(|| format!("{tool} -dc {file} > {file}.raw"));
    let folder = quoted(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")));
    let found = if is_tar(head) {
        // tar undoes each of our codecs by itself.
        Some((Class::Archive, "tar".to_owned(), format!("tar -xf {file} -C {folder}")))
    } else {
        match &layer {
            None => foreign(head, &file, &folder),
            Some(layer) if Codec::of(head) != Codec::Plain => {
                Some((Class::Compression, format!("{} inside {tool}", Codec::of(head).word()), layer.clone()))
            }
            Some(layer) => foreign(head, &format!("{file}.raw"), &folder)
                .map(|(class, kind, command)| (class, kind, format!("{layer} && {command}"))),
        }
    };
    let path = path.to_owned();
    match found {
        None => Ok(()),
        Some((Class::Archive, kind, command)) => Err(IntakeError::Archive { path, kind, command }),
        Some((Class::Compression, kind, command)) => Err(IntakeError::Compression { path, kind, command }),
        Some((Class::Binary, kind, command)) => Err(IntakeError::Binary { path, kind, command }),
    }
}

#[derive(Clone, Copy)]
enum Class {
    Archive,
    Compression,
    Binary,
}

/// What a head says by its magic numbers: its class, its kind, the command.
fn foreign(head: &[u8], file: &str, folder: &str) -> Option<(Class, String, String)> {
    let archive = |kind, command| (Class::Archive, kind, command);
    let compression = |kind, tool| (Class::Compression, kind, format!("{tool} -dc {file} > {file}.log"));
    let binary = |kind, command| (Class::Binary, kind, command);
    let (class, kind, command) = match head {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, ..] => {
            archive("zip", format!("unzip {file} -d {folder}"))
        }
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => archive("7z", format!("7z x {file} -o{folder}")),
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => archive("rar", format!("unrar x {file} {folder}/")),
        [0x04, 0x22, 0x4d, 0x18, ..] | [0x02, 0x21, 0x4c, 0x18, ..] => compression("LZ4", "lz4"),
        [0x89, b'L', b'Z', b'O', 0, b'\r', b'\n', ..] => compression("lzop", "lzop"),
        [b'L', b'Z', b'I', b'P', 1, ..] => compression("lzip", "lzip"),
        // The old form of xz has no magic number, but a length that is rarely known.
        [0x5d, 0, 0, _, _, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ..] => compression("LZMA", "xz"),
        [0x1f, 0x9d, ..] => compression("compress", "gzip"),
        [0xff, 6, 0, 0, b's', b'N', b'a', b'P', b'p', b'Y', ..] => compression("Snappy", "snzip"),
        // systemd's journal-def.h: HEADER_SIGNATURE.
        [b'L', b'P', b'K', b'S', b'H', b'H', b'R', b'H', ..] => {
            binary("systemd journal", format!("journalctl --file {file} -o short-iso-precise > {file}.log"))
        }
        // sysstat's sa.h: SYSSTAT_MAGIC 0xd596, then FORMAT_MAGIC, little-endian.
        [0x96, 0xd5, 0x75 | 0x71 | 0x70, 0x21, ..] => binary("sysstat", format!("sadf -d {file} -- -A > {file}.csv")),
        _ => return None,
    };
    Some((class, kind.to_owned(), command))
}

/// Whether a tar begins so: ustar, pax and GNU say it, the old V7 form is told by its checksum.
fn is_tar(head: &[u8]) -> bool {
    const CHECKSUM: std::ops::Range<usize> = 148..156;
    let Some(header) = head.get(..512) else { return false };
    if header.get(257..262) == Some(b"ustar") {
        return true;
    }
    // The checksum is taken with spaces in its own place.
    let byte = |(at, b): (usize, &u8)| u32::from(if CHECKSUM.contains(&at) { b' ' } else { *b });
    let sum: u32 = header.iter().enumerate().map(byte).sum();
    header.get(CHECKSUM).and_then(octal) == Some(sum)
}

/// An octal number between spaces and zero bytes.
fn octal(field: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    u32::from_str_radix(text, 8).ok()
}

/// A path as a shell takes it: quoted where it has to be.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-+=:,@%".contains(&b)) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::*;

    fn said(path: &str, codec: Codec, head: &[u8]) -> String {
        refuse(Path::new(path), codec, head).expect_err("refused").to_string()
    }

    /// Files made by the tools themselves are refused in `tests/it/intake.rs`; of these
    /// formats there was no tool at hand.
    #[test]
    fn formats_known_by_their_documents_alone() {
        // RAR 5.0 archive format, "RAR 5.0 signature"; the last byte of RAR 4 is 0.
        assert_eq!(
            said("in/l.rar", Codec::Plain, b"Rar!\x1a\x07\x01\x00"),
            "in/l.rar is a rar archive; unpack it first: unrar x in/l.rar in/"
        );
        // Snappy's framing_format.txt: "Stream identifier".
        assert_eq!(
            said("l.sz", Codec::Plain, b"\xff\x06\x00\x00sNaPpY\x01"),
            "l.sz is compressed with Snappy; decompress it first: snzip -dc l.sz > l.sz.log"
        );
    }

    #[test]
    fn the_command_survives_a_shell() {
        assert_eq!(
            said("in/Mike's logs.zip", Codec::Plain, b"PK\x03\x04"),
            r"in/Mike's logs.zip is a zip archive; unpack it first: unzip 'in/Mike'\''s logs.zip' -d in"
        );
        assert_eq!(
            said("-l.zip", Codec::Plain, b"PK\x03\x04"),
            "-l.zip is a zip archive; unpack it first: unzip ./-l.zip -d ."
        );
    }

    #[test]
    fn two_layers_are_undone_one_after_the_other() {
        assert_eq!(
            said("a.gz", Codec::Gzip, b"\xfd7zXZ\0"),
            "a.gz is compressed with xz inside gzip; decompress it first: gzip -dc a.gz > a.gz.raw"
        );
        assert_eq!(
            said("a.gz", Codec::Gzip, b"\x04\x22\x4d\x18"),
            "a.gz is compressed with LZ4; decompress it first: gzip -dc a.gz > a.gz.raw && lz4 -dc a.gz.raw > a.gz.raw.log"
        );
    }

    #[test]
    fn text_and_zeros_are_no_tar() {
        let line = b"Nov 24 04:28:37 mta1 postfix/qmgr[13962]: D83E120BCF: removed\n".repeat(9);
        for head in [&line[..], &[0; 512], &line[..80], b""] {
            assert!(refuse(Path::new("f"), Codec::Plain, head).is_ok());
        }
    }
}
