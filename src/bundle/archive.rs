//! The zip: sorted, one fixed time, plain deflate, no extra fields, no folders.

use std::io::{Cursor, Read as _, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::{BundleError, Entry};
use crate::time::{Stamp, civil_from_days};

/// Entries under one top folder as zip bytes, the same for the same input on any machine.
///
/// Deflate is miniz_oxide's at level 6, whose output does not depend on how it is fed.
/// PNG is stored: it is compressed already.
///
/// # Errors
/// When the writer fails, which in memory it does not.
pub fn write_zip(top: &str, entries: &[Entry], when: Stamp) -> Result<Vec<u8>, BundleError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let time = dos_time(when);
    let mut ordered: Vec<_> = entries.iter().collect();
    ordered.sort_by(|a, b| a.path().as_bytes().cmp(b.path().as_bytes()));
    for entry in ordered {
        let stored = entry.path().ends_with(".png");
        let method = if stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .compression_level(if stored { None } else { Some(6) })
            .last_modified_time(time)
            .unix_permissions(0o644);
        zip.start_file(format!("{top}/{}", entry.path()), options)?;
        zip.write_all(entry.bytes()).map_err(zip::result::ZipError::from)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Reads a zip's files back: path with its top folder, and bytes, in the zip's order.
/// Folders are left out; they hold nothing (`beside` tells their names).
///
/// # Errors
/// When it is no zip, an entry is damaged, or it holds what no list of its entries shows.
pub fn read_zip(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, BundleError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    if archive.offset() != 0 {
        return Err(BundleError::Hidden("bytes before its first entry"));
    }
    if listed(bytes).is_some_and(|n| n != archive.len()) {
        return Err(BundleError::Hidden("two entries of one name"));
    }
    let mut entries = Vec::with_capacity(archive.len());
    for i in 0..archive.len() {
        let mut file = archive.by_index(i)?;
        if file.is_dir() {
            continue;
        }
        let name = file.name()?.into_owned();
        let mut content = Vec::new();
        file.read_to_end(&mut content).map_err(zip::result::ZipError::from)?;
        entries.push((name, content));
    }
    Ok(entries)
}

/// How many entries the zip's end record counts (APPNOTE 4.3.16); it stands last, before a comment.
fn listed(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memmem::rfind(bytes, b"PK\x05\x06")?;
    let count = bytes.get(end + 10..end + 12)?;
    Some(usize::from(u16::from_le_bytes([*count.first()?, *count.last()?])))
}

/// What a zip holds beside its files, line by line: its comment, the names of its folders, and
/// the comments and extra fields of its entries. Ours holds none of it.
pub(super) fn beside(bytes: &[u8]) -> Vec<u8> {
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else { return Vec::new() };
    let mut found = vec![archive.comment().to_vec()];
    for i in 0..archive.len() {
        let Ok(file) = archive.by_index_raw(i) else { continue };
        if file.is_dir() {
            found.push(file.name_raw().to_vec());
        }
        found.push(file.comment().as_bytes().to_vec());
        found.push(file.extra_data().unwrap_or_default().to_vec());
    }
    found.retain(|part| !part.is_empty());
    found.join(&b'\n')
}

/// DOS times know 1980 to 2107 and even seconds.
fn dos_time(when: Stamp) -> DateTime {
    let seconds = when.seconds();
    let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let part = |n: i64| u8::try_from(n).unwrap_or(0);
    let time = u16::try_from(year).ok().and_then(|year| {
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        DateTime::from_date_and_time(
            year,
            month,
            day,
            part(of_day / 3600),
            part(of_day / 60 % 60),
            part(of_day % 60 / 2 * 2),
        )
        .ok()
    });
    time.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::bag::sha256;

    /// The bytes of a small bundle. A change here changes every bundle anyone ever
    /// built: it needs a reason and a line in the change log.
    #[test]
    fn golden_bytes() -> Result<(), BundleError> {
        let text = "first 03:56\n".repeat(2000);
        let entries = [Entry::new("b.txt", text.as_bytes())?, Entry::new("a.png", vec![0_u8; 100])?];
        let zip = write_zip("case-esp", &entries, Stamp::from_seconds(1_795_492_607))?;
        assert_eq!(sha256(&zip), "7ec51a97ccc17a3445a56d4d138ae75357c4a0768b655e3ed2b802dca71bccef");
        let back = read_zip(&zip)?;
        assert_eq!(back.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>(), ["case-esp/a.png", "case-esp/b.txt"]);
        assert!(beside(&zip).is_empty());
        Ok(())
    }

    #[test]
    fn times_outside_the_dos_range_are_clamped_not_refused() {
        for seconds in [0, -1, 4_400_000_000, i64::MAX / 1000] {
            let _ = dos_time(Stamp::from_seconds(seconds));
        }
    }
}
