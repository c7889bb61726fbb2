//! Files made by the compressors and archivers themselves, whole, joined, cut and damaged.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use casefile::intake::{Broken, Codec, Opened, for_each_block, gather, head_of, open, sha256_hex};

const KUMO: &str = "20261124-042837.440526026";
const COMPRESSED: [&str; 6] = ["mail.log.gz", "mail.log.zst", "mail.log.bz2", "mail.log.xz", "mail.pzstd", KUMO];

fn made(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/intake").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(made(name)).expect("the sample")
}

/// What a file of these bytes gives, and where it breaks.
fn given(raw: &[u8]) -> (Vec<u8>, Option<Broken>) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(raw).expect("bytes");
    let mut opened = open(file.path()).expect("opens");
    let mut text = Vec::new();
    let broken = opened.read_to_end(&mut text).err().map(|e| Broken::of(&e).expect("a break"));
    assert_eq!(opened.digest(), (sha256_hex(raw), raw.len() as u64), "the digest is that of the whole file");
    (text, broken)
}

fn joined(parts: &[&[u8]]) -> (Vec<u8>, Option<Broken>) {
    given(&parts.concat())
}

#[test]
fn every_codec_gives_the_text_and_says_its_name() {
    for (name, codec) in
        COMPRESSED.into_iter().zip([Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz, Codec::Zstd, Codec::Zstd])
    {
        assert_eq!(open(&made(name)).expect("opens").codec, codec, "{name}");
        assert!(given(&bytes(name)).0 == bytes("mail.log"), "{name}");
    }
}

// esp trap 17: the segment that KumoMTA writes is a frame without its end.
#[test]
fn the_frame_that_is_still_written_gives_all_its_blocks() {
    assert!(given(&bytes(KUMO)) == (bytes("mail.log"), Some(Broken::Cut)));
    let (head, whole) = head_of(&made(KUMO), 4096).expect("a head");
    assert_eq!((head.len(), whole), (3926, true));
}

#[test]
fn joined_files_and_padding_are_one_text() {
    let (once, twice) = (bytes("mail.log"), bytes("mail.log").repeat(2));
    for name in ["mail.log.gz", "mail.log.zst", "mail.log.bz2", "mail.log.xz", "mail.pzstd"] {
        let raw = bytes(name);
        assert!(joined(&[&raw, &raw]) == (twice.clone(), None), "{name} twice");
        assert!(joined(&[&raw, &[0; 512]]) == (once.clone(), None), "{name} padded");
        assert!(joined(&[&raw, &[0; 4], &raw]) == (twice.clone(), None), "{name} padded between");
    }
}

#[test]
fn what_follows_that_is_no_archive_is_told_and_costs_nothing() {
    for name in ["mail.log.gz", "mail.log.zst", "mail.log.bz2", "mail.log.xz"] {
        let raw = bytes(name);
        let (text, broken) = joined(&[&raw, b"garbage, and more than a header of it"]);
        assert!(text == bytes("mail.log"), "{name}");
        let Some(Broken::Damaged { at }) = broken else { panic!("{name}: {broken:?}") };
        assert!((raw.len() as u64..raw.len() as u64 + 37).contains(&at), "{name}: {at}");
    }
}

/// Cut at every byte: never a panic, never a byte that is wrong, and more for more.
#[test]
fn a_cut_archive_gives_the_beginning_and_says_that_it_breaks_off() {
    let text = bytes("mail.log").repeat(2);
    for name in COMPRESSED {
        let raw = bytes(name);
        let raw = if name == KUMO { raw } else { raw.repeat(2) };
        let mut before = 0;
        for end in 1..raw.len() {
            let (part, broken) = given(&raw[..end]);
            if end < 6 {
                // Too short to be told from text.
                continue;
            }
            assert!(text.starts_with(&part) && part.len() >= before, "{name} cut at {end}");
            // Between two parts of a file, and behind a skippable frame, nothing is missing.
            let whole = name != KUMO && (end * 2 == raw.len() || (name == "mail.pzstd" && end % (raw.len() / 2) == 12));
            assert_eq!(broken, (!whole).then_some(Broken::Cut), "{name} cut at {end}");
            before = part.len();
        }
        // All but the last flushed block of five lines; of two parts, at least the first.
        assert!(before >= if name == KUMO { 2900 } else { 3926 }, "{name}: {before}");
    }
}

#[test]
fn a_flipped_bit_is_told_and_never_a_panic() {
    let text = bytes("mail.log");
    for name in ["mail.log.gz", "mail.log.zst", "mail.log.bz2", "mail.log.xz"] {
        let raw = bytes(name);
        for at in 10..raw.len() {
            let mut damaged = raw.clone();
            damaged[at] ^= 1 << (at % 8);
            let (got, broken) = given(&damaged);
            assert!(broken.is_some() || got == text, "{name} flipped at {at}: wrong text, and nothing said");
            if let Some(Broken::Damaged { at: told }) = broken {
                assert!(told <= raw.len() as u64, "{name}: {told}");
            }
        }
    }
}

#[test]
fn words_tell_a_cut_from_damage_and_from_a_file_that_is_not_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let said = |name: &str, raw: &[u8]| {
        fs::write(dir.path().join(name), raw).expect("a file");
        let error = head_of(&dir.path().join(name), 512).expect_err("no head").to_string();
        error.replace(&dir.path().display().to_string(), "in")
    };
    let gzip = bytes("mail.log.gz");
    assert_eq!(said("cut.gz", &gzip[..9]), "in/cut.gz: the archive breaks off, before its first byte of text");
    let mut damaged = gzip;
    damaged[10] = 0xff;
    assert_eq!(
        said("bad.gz", &damaged),
        "in/bad.gz: the archive is damaged at compressed byte 11, before its first byte of text"
    );
    // RFC 8878: a frame with a window of 1 GiB (exponent 20), and one with dictionary 5.
    let frame = |rest: &[u8]| [&[0x28, 0xb5, 0x2f, 0xfd][..], rest, &[1, 0, 0]].concat();
    assert_eq!(
        said("long.zst", &frame(&[0, 20 << 3])),
        "in/long.zst: the archive needs more than 128 MiB of memory to be read; decompress it first"
    );
    assert_eq!(
        said("dict.zst", &frame(&[1, 0, 5])),
        "in/dict.zst: the archive needs a dictionary to be read; decompress it first"
    );
    let missing = head_of(Path::new("/no/such/file"), 512).expect_err("no file").to_string();
    assert!(missing.starts_with("/no/such/file: No such file"), "{missing}");
}

#[test]
fn archives_of_files_are_refused_with_the_command_that_unpacks_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let said = |path: &Path| {
        let error = open(path).err().expect("refused").to_string();
        error.replace(&format!("{}/", path.parent().expect("a folder").display()), "in/").replace(" -C in/", " -C in")
    };
    let mut tars: Vec<String> = ["zst", "xz", "bz2"].map(|end| format!("logs.tar.{end}")).to_vec();
    tars.extend(["v7", "ustar", "gnu", "pax"].map(|kind| format!("{kind}.tar.gz")));
    for name in tars {
        let command = format!("tar -xf in/{name} -C");
        assert!(said(&made(&name)).starts_with(&format!("in/{name} is a tar archive; unpack it first: {command}")));
        // And as tar wrote it.
        let plain = dir.path().join(&name);
        let mut decoder = flate2::read::GzDecoder::new(fs::File::open(made(&name)).expect("the sample"));
        let mut tar = Vec::new();
        if decoder.read_to_end(&mut tar).is_ok() {
            fs::write(&plain, tar).expect("a file");
            assert!(said(&plain).contains("is a tar archive"), "{name}");
        }
    }
    assert!(said(&made("few.zip")).starts_with("in/few.zip is a zip archive; unpack it first: unzip in/few.zip -d "));
    assert!(said(&made("few.7z")).starts_with("in/few.7z is a 7z archive; unpack it first: 7z x in/few.7z -o"));
    for (end, kind, tool) in [
        ("lz4", "LZ4", "lz4"),
        ("lzo", "lzop", "lzop"),
        ("lz", "lzip", "lzip"),
        ("lzma", "LZMA", "xz"),
        ("Z", "compress", "gzip"),
    ] {
        let file = format!("in/few.{end}");
        let expected = format!("{file} is compressed with {kind}; decompress it first: {tool} -dc {file} > {file}.log");
        assert_eq!(said(&made(&format!("few.{end}"))), expected);
    }
}

#[test]
fn binary_files_are_refused_with_the_command_that_converts_them() {
    let said = |name: &str| {
        let error = open(&made(name)).err().expect("refused").to_string();
        error.replace(&made("").display().to_string(), "in/")
    };
    assert_eq!(
        said("sa24.xz"),
        "in/sa24.xz is a binary sysstat file; convert it first: \
         xz -dc in/sa24.xz > in/sa24.xz.raw && sadf -d in/sa24.xz.raw -- -A > in/sa24.xz.raw.csv"
    );
    let journal = "in/mail.journal.xz";
    assert_eq!(
        said("mail.journal.xz"),
        format!(
            "{journal} is a binary systemd journal file; convert it first: xz -dc {journal} > {journal}.raw && \
             journalctl --file {journal}.raw -o short-iso-precise > {journal}.raw.log"
        )
    );
}

/// A gibibyte of zeros is 785 bytes of bzip2: what is made of a file must not depend on
/// what it claims to hold.
#[test]
fn a_bomb_streams_through() {
    let zeros = |mut opened: Opened| {
        let (mut sum, mut longest) = (0, 0);
        for_each_block(&mut opened, |block| {
            sum += block.len();
            longest = longest.max(block.len());
            true
        })
        .expect("reads");
        assert!(longest <= 4 << 20, "{longest}");
        sum
    };
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..64 {
        gzip.write_all(&vec![0; 1 << 20]).expect("bytes");
    }
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(&gzip.finish().expect("gzip")).expect("bytes");
    assert_eq!(zeros(open(file.path()).expect("opens")), 64 << 20);
    for name in ["zeros.bz2", "zeros.zst", "zeros.xz"] {
        assert_eq!(zeros(open(&made(name)).expect("opens")), 64 << 20, "{name}");
        assert_eq!(head_of(&made(name), 1000).expect("a head"), (vec![0; 1000], false));
    }
}

/// PowerShell's `>` writes UTF-16 with a byte order mark; so do some exports.
#[test]
fn utf16_is_read_as_text_also_when_compressed() {
    let text = String::from_utf8(bytes("mail.log")).expect("UTF-8");
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert!(given(&utf16) == (text.clone().into_bytes(), None));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&utf16).expect("bytes");
    let gzip = gzip.finish().expect("gzip");
    assert!(given(&gzip) == (text.clone().into_bytes(), None));
    let (part, broken) = given(&gzip[..gzip.len() / 2]);
    assert!(text.as_bytes().starts_with(&part) && part.len() > 500 && broken == Some(Broken::Cut));
}

/// A folder as it comes: what can be read is, what cannot is listed, and no number is lost.
#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_is_listed() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("allowed");
    let dir = tempfile::tempdir().expect("a folder");
    allow(dir.path(), 0o755);
    let case = dir.path().join("case");
    fs::create_dir_all(case.join("closed")).expect("a folder");
    fs::copy(made("mail.log"), case.join("mail.log")).expect("a copy");
    allow(&case.join("closed"), 0);
    let binary = dir.path().join("casefile");
    fs::copy(env!("CARGO_BIN_EXE_casefile"), &binary).expect("a copy");
    let mut command = std::process::Command::new(&binary);
    if fs::metadata(&case).expect("a folder").uid() == 0 {
        // No folder is closed to root.
        command.uid(65534);
    }
    let ran = command.args(["inspect", "--json"]).arg(&case).current_dir(dir.path()).output().expect("runs");
    allow(&case.join("closed"), 0o755);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let why = |name: &str| {
        let files = said["files"].as_array().expect("files");
        files.iter().find(|f| f["path"] == name).and_then(|f| f["why"].as_str()).expect("listed").to_owned()
    };
    assert!(why("closed").starts_with("not readable: Permission denied"), "{}", why("closed"));
}

/// The sentence of a log that breaks off, where the user reads it.
#[test]
fn a_log_that_is_still_written_is_used_and_told() {
    let dir = tempfile::tempdir().expect("a folder");
    fs::copy(made(KUMO), dir.path().join(KUMO)).expect("a copy");
    fs::write(dir.path().join(format!(".{KUMO}")), "{}").expect("a checkpoint");
    let mut empty = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    empty.flush().expect("nothing");
    fs::write(dir.path().join("mail.err.1.gz"), empty.finish().expect("gzip")).expect("a file");
    assert_eq!(gather(&[dir.path().to_owned()]).expect("gathered").sources.len(), 2);
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_casefile"))
        .args(["inspect", "--json"])
        .arg(dir.path())
        .output()
        .expect("runs");
    let said: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let files = said["files"].as_array().expect("files");
    let problems: Vec<_> =
        files.iter().flat_map(|f| f["problems"].as_array().expect("problems")).filter_map(|p| p.as_str()).collect();
    assert_eq!(
        problems,
        ["the archive breaks off after line 20, as one does that is still being written; what came before was used"]
    );
    let skipped: Vec<_> = files.iter().filter(|f| f["skipped"] == true).map(|f| f["why"].clone()).collect();
    assert_eq!(skipped, ["hidden; name it to have it read", "empty"]);
}
